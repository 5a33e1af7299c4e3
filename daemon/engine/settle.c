#include "engine/calendar.h"
#include "engine/engine.h"
#include "engine/order.h"
#include "engine/tiers.h"

#include "base/check.h"
#include "base/checked.h"
#include "model/day.h"

static_assert(LOTS_MAX <= UINT16_MAX, "lots are indexed by 16 bits");

static int compare_lots(const void *context, uint16_t a, uint16_t b)
{
    const struct member_state *state = context;
    const int32_t until_a = state->lots[a].until;
    const int32_t until_b = state->lots[b].until;
    return until_a != until_b ? (until_a > until_b) - (until_a < until_b) : (a > b) - (a < b);
}

/* The lots that are over by booked_day, by their last day, then their origin. */
static size_t lots_over(const struct member_state *state, int32_t booked_day, uint16_t order[LOTS_MAX])
{
    size_t count = 0;
    CHECK(state->lots_count <= LOTS_MAX);
    for (size_t i = 0; i < state->lots_count; i++) {
        if (state->lots[i].until < booked_day) {
            order[count++] = (uint16_t)i;
        }
    }
    order_sort(order, count, compare_lots, state);
    return count;
}

int engine_due(const struct programme *programme, const struct member_state *state, int32_t booked_day,
               int32_t *ret_days, size_t days_max, size_t *ret_count)
{
    uint16_t order[LOTS_MAX];
    size_t count = 0;
    (void)programme;
    const size_t over = lots_over(state, booked_day, order);
    for (size_t i = 0; i < over; i++) {
        const int32_t day = state->lots[order[i]].until + 1;
        if (count > 0 && ret_days[count - 1] == day) {
            continue;
        }
        if (count == days_max) {
            return ERR_TOO_LARGE;
        }
        ret_days[count++] = day;
    }
    *ret_count = count;
    return 0;
}

/* The instant a day starts in the programme's zone, from the context. */
static int day_start(const struct context *context, int32_t day, int64_t *ret_at)
{
    size_t low = 0;
    size_t high = context->day_starts_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (context->day_starts[middle].day < day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == context->day_starts_count || context->day_starts[low].day != day) {
        return ERR_CORRUPT;
    }
    *ret_at = context->day_starts[low].at;
    return 0;
}

/* Lots that are over lose what is available of them. What a reservation holds stays in the lot until the
 * reservation ends, and what is owed is none of the lots'. */
static int settle_expiry(const struct member_state *state, const struct context *context,
                         struct outcome *outcome)
{
    uint16_t order[LOTS_MAX];
    const size_t over = lots_over(state, context->booked_day, order);
    int64_t left[MEMBER_ACCOUNTS] = {state->balances[MEMBER_AVAILABLE], state->balances[MEMBER_PENDING], 0};
    for (size_t i = 0; i < over; i++) {
        const struct lot *lot = &state->lots[order[i]];
        const enum member_account account = lot->due != 0 ? MEMBER_PENDING : MEMBER_AVAILABLE;
        const int64_t amount = lot->left < left[account] ? lot->left : left[account];
        if (amount <= 0) {
            continue;
        }
        int64_t at;
        const int err = day_start(context, lot->until + 1, &at);
        if (err != 0) {
            return err;
        }
        struct effect *effect = outcome_add(outcome, EFFECT_MOVE, 0);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->move.debit = account_of_member(state->member, account);
        effect->move.credit = account_of_programme(PROGRAMME_EXPIRED);
        effect->move.amount = amount;
        effect->move.has_lot = true;
        effect->move.lot = lot->origin;
        effect->move.effective_at = at;
        left[account] -= amount;
    }
    return 0;
}

/* The first day whose metrics are kept one by one: a year before any window that a purchase arriving now
 * could ask for, so that a window may become longer, and a whole year at a time. */
static int32_t days_kept_from(const struct programme *programme, int32_t booked_day)
{
    const int32_t latest = day_add(booked_day, -(int64_t)programme->max_offline_days);
    int32_t first = day_add(latest, -366);
    if (programme->tiers.count > 0 && programme->tiers.window.kind != WINDOW_LIFETIME) {
        const int32_t window_first = window_range(&programme->tiers.window, latest).first;
        first = window_first < first ? window_first : first;
    }
    return day_start_of_year(first);
}

static int add_metric(struct outcome *outcome, uint32_t member, uint32_t metric, int32_t day, int64_t amount)
{
    struct effect *effect = outcome_add(outcome, EFFECT_METRIC, member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->metric.metric = metric;
    effect->metric.day = day;
    effect->metric.amount = amount;
    return 0;
}

/* Days before `kept_from` are added up on DAY_MIN, each metric by itself. */
static int settle_metric_days(const struct member_state *state, int32_t kept_from, struct outcome *outcome)
{
    int64_t moved = 0;
    for (size_t i = 0; i < state->metric_days_count; i++) {
        const struct metric_day *day = &state->metric_days[i];
        int err = 0;
        if (day->day > DAY_MIN && day->day < kept_from) {
            err = checked_add(moved, day->amount, &moved);
            err = err != 0 ? err : add_metric(outcome, state->member, day->metric, day->day, -day->amount);
        }
        const bool last = i + 1 == state->metric_days_count || day[1].metric != day->metric;
        if (err == 0 && last && moved != 0) {
            err = add_metric(outcome, state->member, day->metric, DAY_MIN, moved);
        }
        if (err != 0) {
            return err;
        }
        moved = last ? 0 : moved;
    }
    return 0;
}

int engine_settle(const struct programme *programme, const struct member_state *state,
                  const struct context *context, struct outcome *outcome)
{
    if (state->member == 0) {
        return 0;
    }
    int err = settle_expiry(state, context, outcome);
    err = err != 0 ? err : tiers_review(programme, state, context->booked_day, outcome);
    return err != 0 ? err
                    : settle_metric_days(state, days_kept_from(programme, context->booked_day), outcome);
}
