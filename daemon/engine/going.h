/* A booked purchase on its way from one state to another: what of it is back, and what it gives its member
 * before and after (RULES 11), with what adjustments that name it moved already (RULES 17). */
#ifndef LOYALTY_ENGINE_GOING_H
#define LOYALTY_ENGINE_GOING_H

#include "base/checked.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/gains.h"
#include "engine/remains.h"

#include <stdint.h>

struct going {
    const struct purchase *purchase; /* as it was bought */
    struct purchase paid;            /* that, with what was redeemed among its tenders */
    struct tender tenders[TENDERS_MAX + 2];
    struct returned before;
    struct returned after;
    struct remains left_before;
    struct remains left_after;
    struct gains given;  /* by the event that decided the purchase */
    struct gains stood;  /* what stood of it before */
    struct gains stands; /* and stands after */
};

/* What of it is back by its facts, before and (so far) after. `past` and `going` stay where they are until
 * the decision is made. ERR_OVERFLOW, ERR_CORRUPT. */
int going_begin(const struct engine_past *past, const struct context *context,
                struct going *going) MUST_CHECK;

/* Fills what was given, and what of it stood and stands by the rules, once both remains are there. Errors as
 * of gains_again. */
int going_weigh(const struct engine_past *past, struct going *going, struct decision *decision) MUST_CHECK;

/* Of `whole`, the part that has been returned: by amount, by quantity where the amount is 0. ERR_OVERFLOW. */
int going_returned(const struct going *going, int64_t whole, enum rounding rounding,
                   int64_t *ret_part) MUST_CHECK;

/* What the policy leaves of `given` points with what is left, of which the rest of the basket would earn
 * `rest`. ERR_OVERFLOW. */
int going_rest(const struct return_policy *policy, const struct going *going, int64_t given, int64_t rest,
               int64_t *ret_rest) MUST_CHECK;

/* Moves stamps and vouchers that adjustments took or gave from what stands by the rules of `left`.
 * ERR_CORRUPT. */
int going_move_by_hand(const struct context *context, const struct remains *left, const struct gains *given,
                       struct gains *gains) MUST_CHECK;

/* What stands of `given` of which the rules leave `standing`, when adjustments took `taken` (below 0: gave so
 * many more) of it: what they took never comes again with a return, what they gave stays with the rest. */
int64_t going_left(int64_t given, int64_t standing, int64_t taken);

#endif
