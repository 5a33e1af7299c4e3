/* A ledger and a model side by side. */
#ifndef LOYALTY_TESTS_MODEL_RUN_H
#define LOYALTY_TESTS_MODEL_RUN_H

#include "lib/house.h"
#include "model/draw.h"

enum { WORLD_OPERATIONS = 2500, CODES_ROOM = 8192, PROGRAMME_BYTES = 2048 };

struct run {
    struct house house; /* first: it is the context of its random bytes */
    struct model model;
    struct drawing drawing;
    uint64_t random;
    struct member_state state; /* read for a comparison */
    struct outcome quoted;     /* the last quote's */
    size_t codes_count;
    struct {
        uint64_t position;
        uint32_t index;
        uint8_t code[VOUCHER_CODE_BYTES];
    } codes[CODES_ROOM]; /* of the vouchers issued */
    size_t said_count;
    struct said {
        struct op op;
        int64_t now;
        uint64_t position;
        struct expected expected;
    } said[WORLD_OPERATIONS];
};

/* An event with everything it points to. */
struct told {
    struct event event;
    struct line lines[LINES_ROOM];
    struct redemption uses[USES_ROOM];
    struct return_part part;
    struct pay_with_points pay;
    char number[24];
    char original[24];
    const char *card; /* NULL: none */
    char card_text[16];
};

void tell_programme(const struct rules *rules, char ret_text[PROGRAMME_BYTES]);

/* Fills what is to be booked for an op that was drawn and not yet decided by the model. */
void tell(const struct run *run, const struct op *op, struct told *ret_told);

#endif
