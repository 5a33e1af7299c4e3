#include "engine/tiers.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/calendar.h"

int tiers_index(const struct tiers *tiers, uint32_t number)
{
    for (size_t i = 0; i < tiers->count; i++) {
        if (tiers->levels[i].number == number) {
            return (int)i;
        }
    }
    return -1;
}

int tiers_reached(const struct tiers *tiers, int64_t metric)
{
    int reached = -1;
    for (size_t i = 0; i < tiers->count && tiers->levels[i].qualifying <= metric; i++) {
        reached = (int)i;
    }
    return reached;
}

int tiers_standing(const struct tiers *tiers, uint32_t number)
{
    const int index = tiers_index(tiers, number);
    return index >= 0 || tiers->count == 0 || tiers->levels[0].qualifying > 0 ? index : 0;
}

int32_t tiers_until(const struct tiers *tiers, int index, int32_t day)
{
    CHECK(index >= 0);
    CHECK((size_t)index < tiers->count);
    return index == 0 ? DAY_NEVER : term_end(&tiers->valid, day);
}

static int add_level(struct outcome *outcome, uint32_t member, uint32_t number, int32_t until)
{
    struct effect *effect = outcome_add(outcome, EFFECT_LEVEL, member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->level.level = number;
    effect->level.until = until;
    return 0;
}

struct context_metric tiers_metric(const struct context *context)
{
    for (size_t i = 0; i < context->metrics_count; i++) {
        if (context->metrics[i].metric == METRIC_QUALIFYING) {
            return context->metrics[i];
        }
    }
    return (struct context_metric){.metric = METRIC_QUALIFYING};
}

static void trace_tier(const struct tiers *tiers, uint32_t number, int64_t metric, bool changed,
                       struct decision *decision)
{
    const int level = tiers_standing(tiers, number);
    const struct level *next = level + 1 < (int)tiers->count ? &tiers->levels[level + 1] : NULL;
    CHECK(decision->trace_count < TRACE_LINES_MAX);
    decision->trace[decision->trace_count++] = (struct trace_line){
        .kind = TRACE_TIER,
        .number = number,
        .reason = changed ? TRACE_APPLIED : TRACE_NOTHING,
        .basis = metric,
        .lacking = next != NULL && next->qualifying > metric ? next->qualifying - metric : 0,
    };
}

/* Where the member stands after the event: the index of the level, and until when; `until` is left as it is
 * where nothing changes. */
static int reach(const struct tiers *tiers, const struct context *context, int64_t metric, bool gained,
                 int32_t *until)
{
    const int level = tiers_index(tiers, context->level);
    const int reached = tiers_reached(tiers, metric);
    if (reached < 0 || reached < level || (level >= 0 && !gained)) {
        return level;
    }
    const int32_t reached_until = tiers_until(tiers, reached, context->member_day);
    if (reached_until < context->booked_day) {
        if (level < 0) {
            *until = DAY_NEVER;
        }
        return level < 0 ? 0 : level;
    }
    if (reached > level || reached_until > *until) {
        *until = reached_until;
    }
    return reached;
}

int tiers_reach(const struct programme *programme, const struct context *context, uint32_t member,
                int64_t qualifying, struct balances *balances, struct decision *decision)
{
    const struct tiers *tiers = &programme->tiers;
    if (tiers->count == 0) {
        return 0;
    }
    const struct context_metric before = tiers_metric(context);
    const struct day_range now = window_range(&tiers->window, context->booked_day);
    const bool counts_now = context->member_day >= now.first && context->member_day <= now.last;
    int64_t metric;
    int err = checked_add(before.value, qualifying, &metric);
    err = err != 0 ? err : checked_add(before.now, counts_now ? qualifying : 0, &balances->qualifying);
    if (err != 0) {
        return err;
    }
    int32_t until = context->level_until;
    const int level = reach(tiers, context, metric, qualifying > 0, &until);
    const uint32_t number = level >= 0 ? tiers->levels[level].number : context->level;
    const bool changed = number != context->level || until != context->level_until;
    if (changed) {
        err = add_level(&decision->outcome, member, number, until);
    }
    balances->level = number;
    balances->level_until = until;
    trace_tier(tiers, number, metric, changed, decision);
    return err;
}

/* The level held after a review at the end of `day`. */
static int review(const struct programme *programme, const struct member_state *state, int level, int32_t day)
{
    const struct tiers *tiers = &programme->tiers;
    const struct day_range range = window_range(&tiers->window, day);
    const int64_t metric = member_state_metric(state, METRIC_QUALIFYING, range.first, range.last);
    const int reached = tiers_reached(tiers, metric);
    if (reached >= level) {
        return level;
    }
    return tiers->downgrade_one ? level - 1 : reached > 0 ? reached : 0;
}

int tiers_review(const struct programme *programme, const struct member_state *state, int32_t booked_day,
                 struct outcome *outcome)
{
    const struct tiers *tiers = &programme->tiers;
    int level = tiers_index(tiers, state->level);
    int32_t until = state->level_until;
    int32_t booked_until = until;
    while (level > 0 && until < booked_day) {
        const int next = review(programme, state, level, until);
        /* A term that does not move on (0 days) lasts the next day, so that every review comes to an end. */
        const int32_t next_until = tiers_until(tiers, next, until);
        until = next_until > until ? next_until : until + 1;
        if (next != level) {
            const int err = add_level(outcome, state->member, tiers->levels[next].number, until);
            if (err != 0) {
                return err;
            }
            booked_until = until;
        }
        level = next;
    }
    return until == booked_until ? 0 : add_level(outcome, state->member, tiers->levels[level].number, until);
}
