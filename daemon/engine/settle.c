#include "engine/calendar.h"
#include "engine/engine.h"
#include "engine/milestone.h"
#include "engine/order.h"
#include "engine/purse.h"
#include "engine/reserve.h"
#include "engine/set.h"
#include "engine/streak.h"
#include "engine/tiers.h"

#include "base/check.h"
#include "base/checked.h"
#include "model/day.h"

#include <string.h>

static_assert(2 * LOTS_MAX <= UINT16_MAX, "what falls due is indexed by 16 bits");
enum { DUE_MAX = 2 * LOTS_MAX };
static_assert((int)DUE_MAX <= (int)CONTEXT_DAY_STARTS_MAX, "each of them may have a day");

/* What falls due: lot i becomes available (2 i) or is over (2 i + 1). */
struct dues {
    const struct programme *programme;
    const struct member_state *state;
    size_t count;
    uint16_t items[DUE_MAX];
};

static int32_t due_day(const struct dues *dues, uint16_t item)
{
    const struct lot *lot = &dues->state->lots[item / 2];
    return item % 2 == 0 ? lot->due : day_after(lot_until(dues->programme, dues->state, lot));
}

static int compare_dues(const void *context, uint16_t a, uint16_t b)
{
    const struct dues *dues = context;
    const int32_t day_a = due_day(dues, a);
    const int32_t day_b = due_day(dues, b);
    if (day_a != day_b) {
        return day_a < day_b ? -1 : 1;
    }
    return a % 2 != b % 2 ? a % 2 - b % 2 : (a > b) - (a < b);
}

/* What falls due by booked_day, by day; of one day what becomes available first; then by origin. */
static void find_dues(const struct programme *programme, const struct member_state *state, int32_t booked_day,
                      struct dues *ret_dues)
{
    ret_dues->programme = programme;
    ret_dues->state = state;
    ret_dues->count = 0;
    CHECK(state->lots_count <= LOTS_MAX);
    for (size_t i = 0; i < state->lots_count; i++) {
        const struct lot *lot = &state->lots[i];
        if (lot->due != 0 && lot->due <= booked_day) {
            ret_dues->items[ret_dues->count++] = (uint16_t)(2 * i);
        }
        if (lot_until(programme, state, lot) < booked_day) {
            ret_dues->items[ret_dues->count++] = (uint16_t)(2 * i + 1);
        }
    }
    order_sort(ret_dues->items, ret_dues->count, compare_dues, ret_dues);
}

int engine_due(const struct programme *programme, const struct member_state *state, int32_t booked_day,
               int32_t *ret_days, size_t days_max, size_t *ret_count)
{
    struct dues dues;
    size_t count = 0;
    find_dues(programme, state, booked_day, &dues);
    for (size_t i = 0; i < dues.count; i++) {
        const int32_t day = due_day(&dues, dues.items[i]);
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

/* The member's points as the settlement goes through what falls due. */
struct settling {
    const struct context *context;
    struct purse purse;
    bool pending[LOTS_MAX];
    bool over[LOTS_MAX]; /* what is free of it is expired; what a reservation frees later expires with it */
};

static int add_move(struct settling *settling, size_t lot, enum member_account from, uint64_t to, bool pays,
                    int64_t amount, int64_t at)
{
    struct purse *purse = &settling->purse;
    struct effect *effect = outcome_add(purse->outcome, EFFECT_MOVE, 0);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->move.debit = account_of_member(purse->holdings->member, from);
    effect->move.credit = to;
    effect->move.amount = amount;
    effect->move.has_lot = true;
    effect->move.pays = pays;
    effect->move.lot = purse->holdings->lots[lot].origin;
    effect->move.effective_at = at;
    purse->accounts[from] -= amount;
    return 0;
}

/* Points become available: what is owed is paid from them first, the rest stays in the lot. */
static int release(struct settling *settling, size_t lot, int64_t at)
{
    struct purse *purse = &settling->purse;
    int64_t *available = &purse->accounts[MEMBER_AVAILABLE];
    const uint64_t to = account_of_member(purse->holdings->member, MEMBER_AVAILABLE);
    const int64_t owed = *available < 0 ? -*available : 0;
    const int64_t paid = purse->left[lot] < owed ? purse->left[lot] : owed;
    const int64_t rest = purse->left[lot] - paid;
    int err = paid > 0 ? add_move(settling, lot, MEMBER_PENDING, to, true, paid, at) : 0;
    err = err == 0 && rest > 0 ? add_move(settling, lot, MEMBER_PENDING, to, false, rest, at) : err;
    err = err != 0 ? err : checked_add(*available, purse->left[lot], available);
    purse->left[lot] = rest;
    settling->pending[lot] = false;
    return err;
}

/* Lots that are over lose what is available of them. What a reservation holds stays in the lot until the
 * reservation ends, and what is owed is none of the lots'. */
static int expire(struct settling *settling, size_t lot, int64_t at)
{
    struct purse *purse = &settling->purse;
    const enum member_account account = settling->pending[lot] ? MEMBER_PENDING : MEMBER_AVAILABLE;
    const int64_t amount = purse->left[lot] - purse->reserved[lot];
    settling->over[lot] = true;
    if (amount <= 0) {
        return 0;
    }
    purse->left[lot] -= amount;
    return add_move(settling, lot, account, account_of_programme(PROGRAMME_EXPIRED), false, amount, at);
}

/* A reservation nobody committed in time. */
static int time_out(struct settling *settling, const struct reservation *reservation)
{
    struct purse *purse = &settling->purse;
    int err = purse_release(purse, reservation->points, reservation->until);
    err = err != 0 ? err
                   : reservation_end(purse, reservation, RESERVATION_TIMED_OUT, reservation->units,
                                     settling->context->booked_day);
    for (size_t i = 0; i < purse->holdings->lots_count && err == 0; i++) {
        err = settling->over[i] ? expire(settling, i, reservation->until) : 0;
    }
    return err;
}

/* The reservation that times out next, at `by` or before: of one instant the older one first. NULL: none. */
static const struct reservation *next_time_out(const struct member_state *state, int64_t by,
                                               const bool *ended)
{
    const struct reservation *next = NULL;
    for (size_t i = 0; i < state->reservations_count; i++) {
        const struct reservation *reservation = &state->reservations[i];
        const bool due = reservation->until != 0 && reservation->until <= by && !ended[i];
        next = due && (next == NULL || reservation->until < next->until) ? reservation : next;
    }
    return next;
}

static int time_out_until(struct settling *settling, int64_t by, bool *ended)
{
    const struct member_state *state = settling->purse.holdings;
    const struct reservation *next = next_time_out(state, by, ended);
    int err = 0;
    while (next != NULL && err == 0) {
        err = time_out(settling, next);
        ended[next - state->reservations] = true;
        next = next_time_out(state, by, ended);
    }
    return err;
}

/* Reservations and lots, by time; at one instant reservations first. */
static int settle_points(const struct programme *programme, const struct member_state *state,
                         const struct context *context, struct outcome *outcome)
{
    struct dues dues;
    bool ended[RESERVATIONS_MAX] = {false};
    find_dues(programme, state, context->booked_day, &dues);
    if (dues.count == 0 && next_time_out(state, context->booked_at, ended) == NULL) {
        return 0;
    }
    struct settling settling;
    settling.context = context;
    purse_open(&settling.purse, programme, state, outcome);
    for (size_t i = 0; i < state->lots_count; i++) {
        settling.pending[i] = state->lots[i].due != 0;
        settling.over[i] = false;
    }
    for (size_t i = 0; i < dues.count; i++) {
        const size_t lot = dues.items[i] / 2;
        int64_t at = 0;
        int err = day_start(context, due_day(&dues, dues.items[i]), &at);
        err = err != 0 ? err : time_out_until(&settling, at, ended);
        if (err == 0 && settling.purse.left[lot] > 0) {
            err = dues.items[i] % 2 == 0 ? release(&settling, lot, at) : expire(&settling, lot, at);
        }
        if (err != 0) {
            return err;
        }
    }
    return time_out_until(&settling, context->booked_at, ended);
}

/* Vouchers that are over; those that a reservation still holds stay until it ends. */
static int settle_vouchers(const struct member_state *state, const struct context *context,
                           struct outcome *outcome)
{
    for (size_t i = 0; i < state->vouchers_count; i++) {
        const struct held_voucher *voucher = &state->vouchers[i];
        const struct reservation *by =
            voucher->reservation != 0 ? reservation_find(state, voucher->reservation) : NULL;
        const bool held = by != NULL && (by->until == 0 || by->until > context->booked_at);
        if (voucher->until >= context->booked_day || held) {
            continue;
        }
        struct effect *effect = outcome_add(outcome, EFFECT_VOUCHER_END, state->member);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->voucher_end.voucher = voucher->origin;
        memcpy(effect->voucher_end.code, voucher->code, VOUCHER_CODE_BYTES);
        effect->voucher_end.end = VOUCHER_EXPIRED;
    }
    return 0;
}

/* Stamps that lasted a term from the first one on the card. */
static int settle_stamps(const struct programme *programme, const struct member_state *state,
                         int32_t booked_day, struct outcome *outcome)
{
    for (size_t i = 0; i < state->stamps_count; i++) {
        const struct stamps *stamps = &state->stamps[i];
        const struct stamp_card *card = programme_card(programme, stamps->card);
        if (card == NULL || stamps->count <= 0 || term_end(&card->expiry, stamps->since) >= booked_day) {
            continue;
        }
        struct effect *effect = outcome_add(outcome, EFFECT_STAMPS, state->member);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->stamps.card = stamps->card;
        effect->stamps.given = -stamps->count;
        const int err = set_empty(state, stamps->card, outcome);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

/* The last day of the period a counter counts in, as its number says; of one of runs of windows, the last on
 * which it matters. */
static int32_t period_end(const struct programme *programme, const struct counter *counter)
{
    if (occasion_counted(counter->limit)) {
        return day_add(counter->period, OCCASION_APART_DAYS_MIN);
    }
    const struct milestone *of_run = milestone_of_run(programme, counter->limit);
    if (of_run != NULL) {
        return streak_matters_until(programme, of_run, counter->period);
    }
    switch ((enum limit_per)(counter->limit >> 3 & 7)) {
    case LIMIT_DAY:
        return counter->period;
    case LIMIT_WEEK:
        return day_add(counter->period, 6);
    case LIMIT_MONTH:
        return day_end_of_month(counter->period);
    case LIMIT_YEAR:
        return day_end_of_year(counter->period);
    case LIMIT_PURCHASE:
    case LIMIT_EVER:
    case LIMIT_BALANCE:
        break;
    }
    return DAY_NEVER;
}

/* Counters of periods that no event can fall into any more. */
static int settle_counters(const struct programme *programme, const struct member_state *state,
                           int32_t booked_day, struct outcome *outcome)
{
    const int32_t first = day_add(booked_day, -(int64_t)programme->max_offline_days - 2);
    int err = 0;
    for (size_t i = 0; i < state->counters_count && err == 0; i++) {
        const struct counter *counter = &state->counters[i];
        if (counter->period == DAY_MIN || counter->period == DAY_NEVER ||
            period_end(programme, counter) >= first) {
            continue;
        }
        err = outcome_count(outcome, state->member, counter->limit, counter->period, -counter->used);
    }
    return err;
}

/* The first day whose metrics are kept one by one: a year before any window that a purchase arriving now
 * could ask for, so that a window may become longer, and a whole year at a time. */
static int32_t days_kept_from(const struct programme *programme, int32_t enrolled, int32_t booked_day)
{
    const int32_t latest = day_add(booked_day, -(int64_t)programme->max_offline_days);
    int32_t first = day_add(latest, -366);
    if (programme->tiers.count > 0 && programme->tiers.window.kind != WINDOW_LIFETIME) {
        const int32_t window_first = window_range(&programme->tiers.window, enrolled, latest).first;
        first = window_first < first ? window_first : first;
    }
    for (size_t i = 0; i < programme->measures_count; i++) {
        const struct window *window = &programme->measures[i].window;
        const int32_t window_first = window_range(window, enrolled, latest).first;
        first = window->kind != WINDOW_LIFETIME && window_first < first ? window_first : first;
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
    if (state->member == 0 || state->merged != 0) {
        return 0;
    }
    const int32_t booked_day = context->booked_day;
    int err = settle_points(programme, state, context, outcome);
    err = err != 0 ? err : settle_vouchers(state, context, outcome);
    err = err != 0 ? err : settle_stamps(programme, state, booked_day, outcome);
    err = err != 0 ? err : tiers_review(programme, state, booked_day, outcome);
    err = err != 0
              ? err
              : settle_metric_days(state, days_kept_from(programme, state->enrolled, booked_day), outcome);
    return err != 0 ? err : settle_counters(programme, state, booked_day, outcome);
}

bool engine_fell_due(const struct effect *effects, size_t effects_count)
{
    for (size_t i = 0; i < effects_count; i++) {
        if (effects[i].kind != EFFECT_METRIC && effects[i].kind != EFFECT_COUNTER) {
            return true;
        }
    }
    return false;
}
