/* Limits: how much room they leave, and what of a gift fits. */
#ifndef LOYALTY_ENGINE_LIMIT_H
#define LOYALTY_ENGINE_LIMIT_H

#include "base/error.h"
#include "engine/sale.h"
#include "model/decision.h"
#include "model/programme.h"

#include <stdint.h>

/* What one limit leaves of `asked` (at least 0), seen by itself: all, the room, or nothing. */
int64_t limit_leaves(const struct limit *limit, const struct sale *sale, int64_t asked);

/* What the limits leave of `asked`, one after the other from narrow to wide. Where they leave less,
 * `*ret_reason` becomes TRACE_LIMIT, or TRACE_ENDED when a stock for all is gone; else it stays. */
int64_t limits_leave(const struct limits *limits, const struct sale *sale, int64_t asked,
                     enum trace_reason *ret_reason);

/* Whether limits of `times` leave room for one more: what has no amount is given or not. */
bool limits_open(const struct limits *limits, const struct sale *sale, enum trace_reason *ret_reason);

/* Adds a COUNTER effect for each limit that counts over time: `given` was given (0: nothing was, and only
 * `any` says that something without an amount was). ERR_TOO_LARGE. */
int limits_count(const struct limits *limits, const struct sale *sale, int64_t given, bool any,
                 struct outcome *outcome) MUST_CHECK;

/* The first day of the period an event counts in; DAY_MIN for ever. `day` is the business day of whom the
 * limit is for. */
int32_t limit_period(const struct limit *limit, const struct context *context);

/* The same of a day that is known. */
int32_t limit_period_on(const struct limit *limit, int32_t day);

/* Whether its counter is kept with the member; else beside the members. */
bool limit_is_members(const struct limit *limit);

/* Whether it has a counter at all: limits a purchase and of balances have none. */
bool limit_has_counter(const struct limit *limit);

/* Who in a programme has limits: owner 0 .. limits_owners() - 1, in the order of the context. */
size_t limits_owners(const struct programme *programme);
const struct limits *limits_of(const struct programme *programme, size_t owner);

#endif
