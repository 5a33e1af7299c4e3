/* Valid programmes and purchases of every shape, drawn from the bytes of an input. */
#ifndef LOYALTY_TESTS_FUZZ_SHAPE_H
#define LOYALTY_TESTS_FUZZ_SHAPE_H

#include "fuzz/draw.h"

#include "base/text.h"
#include "model/event.h"

enum { SHAPE_LINES_MAX = 12, SHAPE_TEXT_BYTES = 32 * 1024 };

/* Adds the text of a programme with the stores `shop` and `web`. Almost every one loads. */
void shape_programme(struct draw *draw, struct text *text);

/* A purchase, an activity or an enrolment with all it points to. */
struct shape_event {
    struct event event;
    struct line lines[SHAPE_LINES_MAX];
    struct free_units free_units[2];
    struct redemption redemptions[2];
    struct pay_with_points pay_with_points;
    struct return_part parts[2];
};

/* Within the ranges of a body. Fills in place: the event points into `ret_event`. */
void shape_event(struct draw *draw, struct shape_event *ret_event);

/* The same of an event about the purchase `bought` (NULL: one nobody knows): a return or a void; or about one
 * of `members`, or two of them: a transfer, a merge, a household, a card that is linked, an erasure. */
void shape_event_about(struct draw *draw, const struct purchase *bought, uint32_t members,
                       struct shape_event *ret_event);

#endif
