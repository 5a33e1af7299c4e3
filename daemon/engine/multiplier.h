/* Multipliers: what they add to the points, or the stamps of one card, that the base rules gave (RULES 4).
 *
 * The points of a rule are shared among the groups of lines that the same multipliers take, by what the lines
 * put into the rule; points that belong to no line are a group of their own, which multipliers without a
 * selector take. The sum over the groups is rounded once. */
#ifndef LOYALTY_ENGINE_MULTIPLIER_H
#define LOYALTY_ENGINE_MULTIPLIER_H

#include "base/error.h"
#include "engine/rule.h"
#include "engine/sale.h"

#include <stddef.h>
#include <stdint.h>

/* One multiplier that holds. */
struct multiplier {
    int32_t rule;   /* index; -1: the level's */
    int64_t factor; /* thousandths */
    int64_t asked;  /* what it would add */
    int64_t part;   /* what it adds after its limits; below 0: takes */
    int64_t qualifying;
    enum trace_reason reason; /* APPLIED, or why it adds less or nothing */
};

struct multipliers {
    size_t count; /* in file order, the level's last */
    struct multiplier items[MULTIPLIERS_MAX + 1];
};

/* The multipliers of points (card -1) or of one card that hold, and what each makes of the gifts of the base
 * rules, which have been combined. Gifts of multiply rules say whether their conditions hold. ERR_OVERFLOW,
 * ERR_TOO_LARGE. */
int multipliers_apply(const struct sale *sale, int32_t card, const struct gift *gifts,
                      struct multipliers *ret_multipliers) MUST_CHECK;

#endif
