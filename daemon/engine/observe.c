#include "engine/calendar.h"
#include "engine/engine.h"

#include "base/check.h"

int64_t engine_qualifying(const struct programme *programme, const struct member_state *state, int32_t day)
{
    if (programme->tiers.count == 0) {
        return 0;
    }
    const struct day_range range = window_range(&programme->tiers.window, day);
    return member_state_metric(state, METRIC_QUALIFYING, range.first, range.last);
}

/* Of the windows that hold the event's day and ended by booked_day, what the fullest counted. Only a rolling
 * window has several; it is fullest at the end of a day on which something was counted, or of the event's. */
static int64_t fullest_window(const struct programme *programme, const struct member_state *state,
                              const struct context *context)
{
    const struct window *window = &programme->tiers.window;
    int64_t most = engine_qualifying(programme, state, context->member_day);
    if (window->kind != WINDOW_ROLLING) {
        return most;
    }
    for (size_t i = 0; i < state->metric_days_count; i++) {
        const struct metric_day *counted = &state->metric_days[i];
        if (counted->metric == METRIC_QUALIFYING && counted->day > context->member_day &&
            counted->day <= context->booked_day && counted->day - context->member_day < window->days) {
            const int64_t value = engine_qualifying(programme, state, counted->day);
            most = value > most ? value : most;
        }
    }
    return most;
}

static void observe_metrics(const struct programme *programme, const struct member_state *state,
                            struct context *context)
{
    context->metrics_count = 0;
    const int64_t value = fullest_window(programme, state, context);
    const int64_t now = engine_qualifying(programme, state, context->booked_day);
    if (value != 0 || now != 0) {
        context->metrics[context->metrics_count++] =
            (struct context_metric){.metric = METRIC_QUALIFYING, .value = value, .now = now};
    }
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

void engine_observe(const struct programme *programme, const struct event *event,
                    const struct member_state *state, struct context *context)
{
    context->previous = state->last_position;
    for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
        context->balances[i] = state->balances[i];
    }
    context->level = state->level;
    context->level_until = state->level_until;
    context->purchases = state->purchases;
    context->last_purchase = state->last_purchase;
    observe_metrics(programme, state, context);
    context->stamps_count = 0;
    if (event->kind == EVENT_PURCHASE) {
        observe_stamps(programme, state, context);
    }
}
