/* Tiers: the levels a metric reaches, until when they last, and how they fall. */
#ifndef LOYALTY_ENGINE_TIERS_H
#define LOYALTY_ENGINE_TIERS_H

#include "base/error.h"
#include "model/context.h"
#include "model/decision.h"
#include "model/member_state.h"
#include "model/programme.h"

#include <stdint.h>

/* The index of the level with this number, or -1. */
int tiers_index(const struct tiers *tiers, uint32_t number);

/* The index of the highest level the metric reaches, or -1. */
int tiers_reached(const struct tiers *tiers, int64_t metric);

/* The level a member stands at whose recorded level is `number`: that, or where there is none (a member from
 * before there were tiers, or of a level that is gone) the lowest if it asks for nothing. -1: none. */
int tiers_standing(const struct tiers *tiers, uint32_t number);

/* The last day of the level at `index` when it is reached on `day`. The lowest lasts for ever. */
int32_t tiers_until(const struct tiers *tiers, int index, int32_t day);

/* A metric's value before the event as the context has it, all 0 where it has none. */
struct context_metric tiers_metric(const struct context *context);

/* Adds the LEVEL effect of an event of context->member_day by which the member (`member`, of the context's
 * level) gains `qualifying` points: up at once to what the metric reaches, or the same level for another term
 * from this day where that ends later. Points of 0 change nothing for who has a level. What would be over by
 * booked_day already is not given. Changes balances->level, level_until and qualifying; traces. ERR_OVERFLOW,
 * ERR_TOO_LARGE. */
int tiers_reach(const struct programme *programme, const struct context *context, uint32_t member,
                int64_t qualifying, struct balances *balances, struct decision *decision) MUST_CHECK;

/* Adds what the reviews of the member's level due by `booked_day` decide. At the end of its last day a level
 * is kept for another term where the metric of the window of that day still reaches it; else the member falls
 * to what the metric reaches, or one level where the programme says so, never below what it reaches. What it
 * falls to lasts a term from that last day. One LEVEL effect for each fall, one for a term that was only
 * extended. ERR_TOO_LARGE. */
int tiers_review(const struct programme *programme, const struct member_state *state, int32_t booked_day,
                 struct outcome *outcome) MUST_CHECK;

#endif
