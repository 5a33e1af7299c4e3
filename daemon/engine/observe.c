#include "engine/calendar.h"
#include "engine/engine.h"
#include "engine/limit.h"
#include "engine/metric.h"
#include "engine/milestone.h"
#include "engine/streak.h"

#include "base/check.h"
#include "model/holding.h"

#include <string.h>

int64_t engine_qualifying(const struct programme *programme, const struct member_state *state, int32_t day)
{
    if (programme->tiers.count == 0) {
        return 0;
    }
    const struct day_range range = window_range(&programme->tiers.window, state->enrolled, day);
    return member_state_metric(state, METRIC_QUALIFYING, range.first, range.last);
}

/* Of the windows that hold the event's day and ended by booked_day, what the fullest counted. Only a rolling
 * window has several; it is fullest at the end of a day on which something was counted, or of the event's. */
static int64_t fullest_window(const struct window *window, uint32_t metric, const struct member_state *state,
                              const struct context *context, int64_t value)
{
    int64_t most = value;
    if (window->kind != WINDOW_ROLLING || context->member_day >= context->booked_day) {
        return most;
    }
    for (size_t i = 0; i < state->metric_days_count; i++) {
        const struct metric_day *counted = &state->metric_days[i];
        if (counted->metric == metric && counted->day > context->member_day &&
            counted->day <= context->booked_day && counted->day - context->member_day < window->days) {
            const struct day_range range = window_range(window, state->enrolled, counted->day);
            const int64_t sum = member_state_metric(state, metric, range.first, range.last);
            most = sum > most ? sum : most;
        }
    }
    return most;
}

static void observe_metric(struct context *context, const struct context_metric *metric)
{
    if (metric->value != 0 || metric->now != 0 || metric->fullest != 0) {
        CHECK(context->metrics_count < CONTEXT_METRICS_MAX);
        context->metrics[context->metrics_count++] = *metric;
    }
}

/* What stands beside the event's window, for the milestone whose run it is. */
static void observe_run(const struct programme *programme, const struct member_state *state, uint32_t run,
                        struct context *context)
{
    for (size_t i = 0; i < programme->milestones_count; i++) {
        const struct milestone *milestone = &programme->milestones[i];
        if (milestone->in_a_row > 0 && milestone->run == run) {
            struct streak beside;
            streak_beside(programme, milestone, milestone_run_counter(programme, milestone), state,
                          context->member_day, &beside);
            const struct context_metric metric = {
                .metric = run + 1, .value = beside.before, .now = beside.after, .fullest = beside.before};
            observe_metric(context, &metric);
        }
    }
}

static void observe_metrics(const struct programme *programme, const struct member_state *state,
                            struct context *context)
{
    struct metric_values values;
    struct metric_values now;
    metrics_on(programme, state, context->member_day, &values);
    if (context->member_day == context->booked_day) {
        now = values;
    } else {
        metrics_on(programme, state, context->booked_day, &now);
    }
    context->metrics_count = 0;
    for (size_t i = 0; i <= programme->measures_count; i++) {
        const struct measure *measure = i > 0 ? &programme->measures[i - 1] : NULL;
        if (measure != NULL && measure->kind == MEASURE_RUN) {
            observe_run(programme, state, (uint32_t)i - 1, context);
            continue;
        }
        struct context_metric metric = {
            .metric = (uint32_t)i, .value = values.of[i], .now = now.of[i], .fullest = values.of[i]};
        if (measure != NULL || programme->tiers.count > 0) {
            metric.fullest = fullest_window(measure != NULL ? &measure->window : &programme->tiers.window,
                                            measure != NULL ? measure->metric : METRIC_QUALIFYING, state,
                                            context, values.of[i]);
        }
        observe_metric(context, &metric);
    }
    if (programme->visits_by_day) {
        const int64_t visits =
            member_state_metric(state, METRIC_VISITS, context->member_day, context->member_day);
        context->visits_today = visits > 0 && visits <= UINT32_MAX ? (uint32_t)visits : 0;
    }
}

static void observe_counter(struct context *context, uint32_t limit, int64_t used)
{
    if (used != 0) {
        CHECK(context->limits_count < COUNTERS_MAX);
        context->limits[context->limits_count++] = (struct context_limit){.limit = limit, .used = used};
    }
}

static int64_t shared_used(const struct shared_counter *shared, size_t count, uint32_t limit)
{
    for (size_t i = 0; i < count; i++) {
        if (shared[i].limit == limit) {
            return shared[i].used;
        }
    }
    return 0;
}

/* Whether the limits of a reward may be asked: the event buys it, or commits a reservation, which may be of
 * any. */
static bool asks_reward(const struct event *event, const struct reward *reward)
{
    if (event->kind == EVENT_RESERVE) {
        return event->reserve.reward != NULL && strcmp(event->reserve.reward, reward->id) == 0;
    }
    for (size_t i = 0; event->kind == EVENT_PURCHASE && i < event->purchase.redemptions_count; i++) {
        const struct redemption *redemption = &event->purchase.redemptions[i];
        if (redemption->reservation != 0 ||
            (redemption->reward != NULL && strcmp(redemption->reward, reward->id) == 0)) {
            return true;
        }
    }
    return false;
}

/* The limits the event asks, one owner after the other; false behind the last. What earns nothing asks those
 * of rewards only. */
static bool next_limits(const struct programme *programme, const struct event *event, size_t *owner,
                        const struct limits **ret_limits)
{
    const size_t owners = limits_owners(programme);
    *owner = *owner == 0 && event->kind == EVENT_RESERVE ? owners : *owner;
    while (*owner < owners + programme->rewards_count) {
        const size_t at = (*owner)++;
        if (at < owners) {
            *ret_limits = limits_of(programme, at);
            return true;
        }
        const struct reward *reward = &programme->rewards[at - owners];
        if (reward->limits.count > 0 && asks_reward(event, reward)) {
            *ret_limits = &reward->limits;
            return true;
        }
    }
    return false;
}

static void observe_limits(const struct programme *programme, const struct event *event,
                           const struct member_state *state, const struct shared_counter *shared,
                           size_t shared_count, struct context *context)
{
    const struct limits *limits;
    for (size_t owner = 0; next_limits(programme, event, &owner, &limits);) {
        for (size_t i = 0; i < limits->count; i++) {
            const struct limit *limit = &limits->items[i];
            if (!limit_has_counter(limit)) {
                continue;
            }
            const int64_t used = limit_is_members(limit) ? member_state_counter(state, limit->number,
                                                                                limit_period(limit, context))
                                                         : shared_used(shared, shared_count, limit->number);
            observe_counter(context, limit->number, used);
        }
    }
    for (size_t i = 0; i < programme->milestones_count && event->kind != EVENT_RESERVE; i++) {
        const struct milestone *milestone = &programme->milestones[i];
        const uint32_t counter = milestone_counter(programme, milestone);
        if (counter != 0) {
            observe_counter(context, counter,
                            member_state_counter(state, counter,
                                                 milestone_period(programme, milestone, state->enrolled,
                                                                  context->member_day)));
        }
    }
}

/* Where it happened: a purchase may say so itself. */
static struct engine_place place_of(const struct event *event, const struct engine_place *place)
{
    struct engine_place at = *place;
    if (event->kind == EVENT_PURCHASE) {
        const struct receipt *receipt = &event->purchase.receipt;
        at.store = receipt->store != NULL ? receipt->store : at.store;
        at.till = receipt->till != NULL ? receipt->till : at.till;
    }
    return at;
}

static bool is_taken_from(enum holding_kind kind)
{
    switch (kind) {
    case HOLDING_MEMBER:
    case HOLDING_LOT:
    case HOLDING_BALANCE:
    case HOLDING_STAMPS:
    case HOLDING_VOUCHER:
    case HOLDING_CODE:
    case HOLDING_RESERVED:
    case HOLDING_RESERVATION:
    case HOLDING_ITEM:
    case HOLDING_HOUSEHOLD:
        return true;
    case HOLDING_METRIC:
    case HOLDING_LEVEL:
    case HOLDING_LEVEL_DAY:
    case HOLDING_LIMIT:
    case HOLDING_HELD:
    case HOLDING_FLOOR:
    case HOLDING_MERGED:
    case HOLDING_KINDS:
        break;
    }
    return false;
}

void engine_holdings(const struct member_state *state, bool all, struct member_state *ret_holdings)
{
    struct holding_cursor cursor = {0};
    struct holding_row row;
    member_state_clear(ret_holdings, state->member);
    while (holding_next(state, &cursor, &row)) {
        if (all || is_taken_from(row.kind)) {
            CHECK(holding_add(ret_holdings, &row));
        }
    }
}

int engine_counters(const struct programme *programme, const struct engine_place *place,
                    const struct event *event, const struct context *context,
                    struct shared_counter *ret_counters, size_t counters_max, size_t *ret_count)
{
    size_t count = 0;
    *ret_count = 0;
    if (event->kind != EVENT_PURCHASE && event->kind != EVENT_ACTIVITY && event->kind != EVENT_RESERVE &&
        context->occasions == 0) {
        return 0;
    }
    const struct engine_place at = place_of(event, place);
    const struct limits *limits;
    for (size_t owner = 0; next_limits(programme, event, &owner, &limits);) {
        for (size_t i = 0; i < limits->count; i++) {
            const struct limit *limit = &limits->items[i];
            if (!limit_has_counter(limit) || limit_is_members(limit)) {
                continue;
            }
            if (count == counters_max) {
                return ERR_TOO_LARGE;
            }
            ret_counters[count++] = (struct shared_counter){
                .limit = limit->number,
                .period = limit_period(limit, context),
                .store = limit->whose == LIMIT_TERMINAL ? at.store : "",
                .scope = limit->whose == LIMIT_TERMINAL ? at.till
                         : limit->whose == LIMIT_STORE  ? at.store
                                                        : "",
            };
        }
    }
    *ret_count = count;
    return 0;
}

/* Stamps of the programme's own cards, those a member has or had any of. */
static void observe_stamps(const struct programme *programme, const struct member_state *state,
                           struct context *context)
{
    context->stamps_count = 0;
    for (size_t i = 0; i < state->stamps_count; i++) {
        const struct stamps *stamps = &state->stamps[i];
        if (programme_card(programme, stamps->card) != NULL) {
            CHECK(context->stamps_count < CARDS_MAX);
            context->stamps[context->stamps_count++] = *stamps;
        }
    }
}

/* What stands in the programme's sets. */
static void observe_items(const struct programme *programme, const struct member_state *state,
                          struct context *context)
{
    for (size_t i = 0; i < state->items_count; i++) {
        const struct stamp_card *card = programme_card(programme, state->items[i].card);
        if (card != NULL && card->distinct != DISTINCT_NOT) {
            context->items[context->items_count++] = state->items[i];
        }
    }
}

void engine_observe(const struct programme *programme, const struct event *event,
                    const struct member_state *state, const struct shared_counter *shared,
                    size_t shared_count, struct context *context)
{
    context->previous = state->last_position;
    for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
        context->balances[i] = state->balances[i];
    }
    context->level = state->level;
    context->level_until = state->level_until;
    context->level_day = state->level_day;
    context->held_level = state->held_level;
    context->held_until = state->held_until;
    context->floor_level = state->floor_level;
    context->floor_until = state->floor_until;
    context->enrolled = state->enrolled;
    context->purchases = state->purchases;
    context->last_purchase = state->last_purchase;
    context->visits_today = 0;
    observe_metrics(programme, state, context);
    context->decided_level = context->member_day < context->booked_day
                                 ? member_state_level_on(state, context->member_day)
                                 : state->level;
    context->stamps_count = 0;
    context->limits_count = 0;
    context->items_count = 0;
    if (event->kind == EVENT_ADJUSTMENT || event->kind == EVENT_MERGE || event->kind == EVENT_HOUSEHOLD) {
        observe_stamps(programme, state, context);
    }
    if (event->kind == EVENT_TICK) {
        observe_stamps(programme, state, context);
        observe_items(programme, state, context);
        if (context->occasions != 0) {
            observe_limits(programme, event, state, shared, shared_count, context);
        }
    }
    if (event->kind == EVENT_PURCHASE || event->kind == EVENT_ACTIVITY) {
        observe_limits(programme, event, state, shared, shared_count, context);
        observe_stamps(programme, state, context);
        observe_items(programme, state, context);
    } else if (event->kind == EVENT_RESERVE) {
        observe_limits(programme, event, state, shared, shared_count, context);
    }
}
