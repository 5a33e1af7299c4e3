/* One rule on one purchase: what it gives, or why not. */
#ifndef LOYALTY_ENGINE_RULE_H
#define LOYALTY_ENGINE_RULE_H

#include "base/error.h"
#include "engine/sale.h"
#include "model/decision.h"
#include "model/programme.h"

#include <stddef.h>
#include <stdint.h>

/* What a rule gives before others have their say. */
struct gift {
    enum trace_reason reason; /* TRACE_APPLIED when it gives anything */
    int64_t basis;            /* what it looked at: minor units, thousandths of units, lines or visits */
    int64_t asked;            /* with TRACE_MIN_*: the amount that is asked for */
    int64_t lacking;          /* and what is missing of it */
    int64_t given;            /* points, or stamps of the rule's card; at least 0 */
};

/* ERR_OVERFLOW when it would give more than POINTS_MAX. */
int rule_gift(const struct rule *rule, const struct sale *sale, struct gift *ret_gift) MUST_CHECK;

/* Lets the programme's combination choose among the gifts of the base rules of one kind, those that give
 * stamps of card `card` (an index), or points where it is -1: `best` keeps the largest (of equals, the first
 * in the file), `first` the first that gives anything. The others give nothing, TRACE_NOT_BEST. */
void rules_combine(const struct programme *programme, int32_t card, struct gift *gifts);

#endif
