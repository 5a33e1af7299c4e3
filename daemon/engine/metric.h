/* Metrics: what a purchase adds to them, and what they come to over windows. */
#ifndef LOYALTY_ENGINE_METRIC_H
#define LOYALTY_ENGINE_METRIC_H

#include "base/error.h"
#include "engine/sale.h"
#include "model/decision.h"
#include "model/member_state.h"

#include <stdint.h>

/* One value a metric of the context: [0] qualifying points over the tiers' window, [1 + i] measure i. */
struct metric_values {
    int64_t of[CONTEXT_METRICS_MAX];
};

/* What the purchase adds to each, `qualifying` points among it. ERR_OVERFLOW, ERR_TOO_LARGE. */
int metrics_gain(const struct sale *sale, int64_t qualifying, struct metric_values *ret_gain) MUST_CHECK;

/* Adds the METRIC effects of a purchase: one for each metric the programme asks for that changes. */
int metrics_record(const struct sale *sale, int64_t qualifying, const struct metric_values *gain,
                   struct outcome *outcome) MUST_CHECK;

/* Values over the windows that hold `day`, from a member's state; 0 for a run of windows. */
void metrics_on(const struct programme *programme, const struct member_state *state, int32_t day,
                struct metric_values *ret_values);

/* The same over windows of somebody enrolled on another day. */
void metrics_between(const struct programme *programme, const struct member_state *state, int32_t enrolled,
                     int32_t day, struct metric_values *ret_values);

#endif
