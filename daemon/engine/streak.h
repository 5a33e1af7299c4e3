/* Streaks: milestones of windows in a row, of days, weeks, months or quarters, in each of which the metric
 * reached its value. What makes a run up is used up: windows of a run that was reached belong to no other.
 * Which was, a counter of the milestone remembers by the last window of the run; one that is reached once in
 * a life has none. */
#ifndef LOYALTY_ENGINE_STREAK_H
#define LOYALTY_ENGINE_STREAK_H

#include "model/member_state.h"
#include "model/programme.h"

#include <stdbool.h>
#include <stdint.h>

/* Windows in a row directly before and after one, each full and none used up. */
struct streak {
    int32_t before; /* less than the milestone asks for, like `after` */
    int32_t after;
};

/* What stands beside the window that holds `day`, where an event of the day may fill that. All 0 where it is
 * full or used up already. */
void streak_beside(const struct programme *programme, const struct milestone *milestone, uint32_t counter,
                   const struct member_state *state, int32_t day, struct streak *ret_streak);

/* The first day of the window that ends the run when the window of `day` is filled; `before` as above. */
int32_t streak_ended(const struct programme *programme, const struct milestone *milestone, int32_t day,
                     int64_t before);

/* Whether two members together have a run by `day` that neither has alone; writes the first day of the window
 * that ends it. */
bool streak_joined(const struct programme *programme, const struct milestone *milestone, uint32_t counter,
                   const struct member_state *one, const struct member_state *other, int32_t day,
                   int32_t *ret_ended);

/* The last day of the last window for which a run that ended with that of `ended` matters. */
int32_t streak_matters_until(const struct programme *programme, const struct milestone *milestone,
                             int32_t ended);

#endif
