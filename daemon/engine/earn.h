/* What a purchase earns by the rules, before anything of it is credited: base rules, combination,
 * multipliers, bonus rules, limits of campaigns and of the programme (RULES 0), for points and for the stamps
 * of each card. */
#ifndef LOYALTY_ENGINE_EARN_H
#define LOYALTY_ENGINE_EARN_H

#include "base/error.h"
#include "engine/rule.h"
#include "engine/sale.h"
#include "model/decision.h"

#include <stddef.h>
#include <stdint.h>

/* What one rule, or the level's multiplier, earns. */
struct entry {
    int32_t rule;       /* index; -1: the level's multiplier */
    int32_t card;       /* index; -1: points */
    int64_t amount;     /* points to spend, or stamps; at least 0 */
    int64_t qualifying; /* points towards levels */
};

/* What limits of a campaign, or of the programme, left of the points under them. */
struct bound {
    int64_t asked;
    int64_t given;
    enum trace_reason reason;
};

struct earned {
    struct gift gifts[RULES_MAX]; /* one a rule of the programme, as they ended */
    size_t count;
    struct entry entries[RULES_MAX + 1];    /* base rules, multipliers, bonus rules; each in file order */
    struct bound bounds[CAMPAIGNS_MAX + 1]; /* of each campaign, the programme's last */
    int64_t level_basis;                    /* points that the level's multiplier looked at */
    int64_t level_part;                     /* and what it added; below 0: took */
};

/* A part below 0 of a multiplier shortens the entries before it, from the last one on. ERR_OVERFLOW,
 * ERR_TOO_LARGE. */
int earn(const struct sale *sale, struct earned *ret_earned) MUST_CHECK;

/* Sums over the entries of points. */
int64_t earned_points(const struct earned *earned);
int64_t earned_qualifying(const struct earned *earned);

/* Adds the COUNTER effects of all limits that counted something. ERR_TOO_LARGE. */
int earned_count(const struct sale *sale, const struct earned *earned, struct outcome *outcome) MUST_CHECK;

#endif
