/* Milestones: metrics that this purchase made somebody reach. */
#ifndef LOYALTY_ENGINE_MILESTONE_H
#define LOYALTY_ENGINE_MILESTONE_H

#include "base/error.h"
#include "engine/award.h"
#include "engine/metric.h"

#include <stdint.h>

/* The number of the counter that remembers a milestone given; 0: none is needed. */
uint32_t milestone_counter(const struct programme *programme, const struct milestone *milestone);

/* The same of one whose counter says which runs of windows were reached; 0 for all others. */
uint32_t milestone_run_counter(const struct programme *programme, const struct milestone *milestone);

/* The milestone of this version that such a counter belongs to, or NULL. */
const struct milestone *milestone_of_run(const struct programme *programme, uint32_t counter);

/* The first day of the window the milestone is given once in, of a member enrolled on `enrolled`; DAY_MIN for
 * ever. */
int32_t milestone_period(const struct programme *programme, const struct milestone *milestone,
                         int32_t enrolled, int32_t day);

/* Gives what the milestones give that are reached by `gain`, in the order of the programme, and counts them.
 * `held` is what the member holds in all accounts after the points of the rules. ERR_TOO_LARGE, ERR_OVERFLOW,
 * ERR_CORRUPT. */
int milestones_give(const struct metric_values *gain, int64_t held, struct awards *awards) MUST_CHECK;

/* Of two members who become one: what the milestones give that neither reached and their sum does. `others`
 * is what context->other's metrics come to over the member's windows. Errors as above. */
int milestones_join(const struct metric_values *others, struct awards *awards) MUST_CHECK;

#endif
