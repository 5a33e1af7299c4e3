/* Tiers: the levels a metric reaches, until when they last, and how they fall. */
#ifndef LOYALTY_ENGINE_TIERS_H
#define LOYALTY_ENGINE_TIERS_H

#include "base/error.h"
#include "engine/metric.h"
#include "model/context.h"
#include "model/decision.h"
#include "model/member_state.h"
#include "model/programme.h"

#include <stdbool.h>
#include <stdint.h>

/* The index of the level with this number, or -1. */
int tiers_index(const struct tiers *tiers, uint32_t number);

/* The index of the highest level the metrics reach, or -1. */
int tiers_reached(const struct tiers *tiers, const struct metric_values *values);

/* Whether the metrics are what keeps the level at `index`, where that is easier than to reach it. */
bool tiers_keeps(const struct tiers *tiers, int index, const struct metric_values *values);

/* The index of the highest level of somebody who is at `level` (an index, or -1): what the metrics reach, or
 * up to his own what they keep. -1: none. */
int tiers_kept(const struct tiers *tiers, const struct metric_values *values, int level);

/* The level a member stands at whose recorded level is `number`: that, or where there is none (a member from
 * before there were tiers, or of a level that is gone) the lowest if it asks for nothing. -1: none. */
int tiers_standing(const struct tiers *tiers, uint32_t number);

/* The last day of the level at `index` when it is reached on `day`. The lowest lasts for ever. */
int32_t tiers_until(const struct tiers *tiers, int index, int32_t day);

/* Whether what counts on the event's day counts over the window of today. */
bool tiers_counts_now(const struct programme *programme, const struct context *context);

/* Where a member stands after a purchase. */
struct standing {
    int level;          /* index, -1: none */
    int32_t until;      /* its last day */
    bool is_kept;       /* the metrics keep it, or give it back, and do not reach it */
    int32_t day;        /* on which it was reached, where this event changes any of it */
    int64_t metric;     /* qualifying points over the fullest window of the event's day, afterwards */
    int64_t qualifying; /* and over the window of today */
};

/* What an event of context->member_day makes of the member's level (context->level) when it adds `gain`: up
 * at once to what the metrics reach, or the same level for another term from this day where that ends later
 * and the metrics reach or keep it. Late, what they keep is the level of then (context->decided_level), which
 * comes back where it was lost since. Nothing gained of what levels ask for extends nothing, and late it
 * gives back nothing that was lost since: what reached the level was there at its review. What would be lost
 * by booked_day already is not given, but what today's windows reach is reached today; where levels fall at
 * once nothing else counts. ERR_OVERFLOW. */
int tiers_stand(const struct programme *programme, const struct context *context,
                const struct metric_values *gain, struct standing *ret_standing) MUST_CHECK;

/* Adds the LEVEL effect where the standing is another than before; changes balances->level, level_until and
 * qualifying; traces. ERR_TOO_LARGE. */
int tiers_set(const struct programme *programme, const struct context *context, uint32_t member,
              const struct standing *standing, struct balances *balances,
              struct decision *decision) MUST_CHECK;

/* The level at `index` holds until a day by hand: a FLOOR, and the level itself where the member stands lower
 * or for a shorter time. What the member had stays behind it. ERR_TOO_LARGE. */
int tiers_floor(const struct programme *programme, const struct context *context, uint32_t member, int index,
                int32_t until, struct balances *balances, struct outcome *outcome) MUST_CHECK;

/* The level another member has is this one's where it is higher than balances->level, or the same for longer;
 * likewise what was given by hand. ERR_TOO_LARGE. */
int tiers_join(const struct programme *programme, const struct context *context, uint32_t member,
               const struct member_state *other, struct balances *balances,
               struct outcome *outcome) MUST_CHECK;

/* Adds what the reviews of the member's level due by `booked_day` decide. At the review, when the term and
 * the grace are over, a level is kept for another term where the metrics over the window of its last day
 * reach or keep it; else the member falls to what they reach or keep, or one level where the programme says
 * so, never below that. What it falls to lasts a term from that last day. Where levels fall at once the
 * first day on which the metrics do neither is the one. One LEVEL effect for each fall, one for a term
 * that was only extended. ERR_TOO_LARGE. */
int tiers_review(const struct programme *programme, const struct member_state *state, int32_t booked_day,
                 struct outcome *outcome) MUST_CHECK;

#endif
