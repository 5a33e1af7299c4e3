/* What tills and operators do next, drawn. */
#ifndef LOYALTY_TESTS_MODEL_DRAW_H
#define LOYALTY_TESTS_MODEL_DRAW_H

#include "model/model.h"

enum { TILL_A = 2, TILL_B = 3, OPERATOR = 1 };

struct drawing {
    uint32_t awaited; /* a receipt that was returned before it came; 0: none */
    uint32_t awaited_till;
    int32_t awaited_day;
};

void draw_rules(struct rules *ret_rules);

/* How much later the next event is, in ms. */
int64_t draw_time(void);

/* The next event. */
void draw_op(struct model *model, struct drawing *drawing, struct op *ret_op);

#endif
