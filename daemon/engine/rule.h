/* One rule on one purchase: what it gives, or why not. */
#ifndef LOYALTY_ENGINE_RULE_H
#define LOYALTY_ENGINE_RULE_H

#include "base/error.h"
#include "engine/sale.h"
#include "model/decision.h"
#include "model/programme.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a rule gives before others have their say. */
struct gift {
    enum trace_reason reason; /* TRACE_APPLIED when it gives anything, TRACE_LIMIT when a limit cut that */
    int64_t basis;            /* what it looked at: minor units, thousandths of units, lines or visits */
    int64_t needed;           /* with TRACE_MIN_*: the amount that is asked for */
    int64_t lacking;          /* and what is missing of it */
    int64_t asked;            /* rounded, before limits */
    int64_t exact;            /* before rounding, in thousandths; 0 where that is `asked` */
    int64_t given;            /* points, stamps of the rule's card, or 1 for an award; at least 0 */
};

/* Whether it is one of the base rules that give points (card -1) or stamps of a card (an index). */
bool rule_is_base(const struct rule *rule, int32_t card);

/* The basket as the rule looks at it: the sale's, or one of its own basis, measured into `room`. */
int rule_basket(const struct rule *rule, const struct sale *sale, struct basket *room,
                const struct basket **ret_basket) MUST_CHECK;

/* Fills gifts[index]: what the rule gives after its own limits. Of a multiply rule only whether its
 * conditions hold. Rules before it are filled already: what they stamp of a set is not stamped twice.
 * ERR_OVERFLOW when it would give more than POINTS_MAX. */
int rule_gift(const struct sale *sale, size_t index, struct gift *gifts) MUST_CHECK;

/* Lets the base rules of one kind settle who gives: those that give stamps of card `card` (an index), or
 * points where it is -1. The exclusive one of the highest priority stands alone; behind a rule that gave and
 * says stop nothing is read; `best` keeps the largest (of equals, the first in the file), `first` the first
 * that gives anything. The others give nothing, and their reasons say so. */
void rules_combine(const struct programme *programme, int32_t card, struct gift *gifts);

#endif
