/* Near misses: what almost happened, for the receipt.
 *
 * Candidates stand in three groups: what this basket lacks for a rule, stamps for a reward, qualifying points
 * for a level. Within a group the one that lacks least comes first (of equals the lower reason, then the
 * lower number). Of the three places the groups take turns in that order: the best of each, then the second
 * of each. */
#ifndef LOYALTY_ENGINE_NEAR_MISS_H
#define LOYALTY_ENGINE_NEAR_MISS_H

#include "engine/rule.h"
#include "engine/sale.h"
#include "model/decision.h"
#include "model/member_state.h"

/* Adds the near misses of a purchase to the outcome, at most NEAR_MISSES_MAX.
 *  - a rule that gave nothing only because the basket is too small, when at least half of what it asks for is
 *    there;
 *  - a stamp card of `after` (one entry a card of the programme) that has stamps or debts, or got some;
 *  - the level above `level` (an index, -1: none), from `qualifying` points. */
void near_misses_find(const struct sale *sale, const struct gift *gifts, const struct stamps *after,
                      int level, int64_t qualifying, struct outcome *outcome);

#endif
