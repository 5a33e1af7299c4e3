#include "model/member_state.h"

#include "model/programme.h"

#include <string.h>

void member_state_clear(struct member_state *state, uint32_t member)
{
    state->member = member;
    for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
        state->balances[i] = 0;
    }
    state->level = 0;
    state->level_until = DAY_NEVER;
    state->level_day = 0;
    state->held_level = 0;
    state->held_until = 0;
    state->floor_level = 0;
    state->floor_until = 0;
    state->enrolled = 0;
    state->purchases = 0;
    state->last_purchase = 0;
    state->last_position = 0;
    state->merged = 0;
    state->household = 0;
    state->joined = 0;
    state->shared_day = 0;
    state->lots_count = 0;
    state->stamps_count = 0;
    state->metric_days_count = 0;
    state->vouchers_count = 0;
    state->reservations_count = 0;
    state->counters_count = 0;
    state->levels_count = 0;
    state->items_count = 0;
}

void member_state_copy(struct member_state *to, const struct member_state *from)
{
    memcpy(to, from, offsetof(struct member_state, stamps));
    memcpy(to->stamps, from->stamps, from->stamps_count * sizeof(from->stamps[0]));
    memcpy(to->vouchers, from->vouchers, from->vouchers_count * sizeof(from->vouchers[0]));
    memcpy(to->reservations, from->reservations, from->reservations_count * sizeof(from->reservations[0]));
    memcpy(to->metric_days, from->metric_days, from->metric_days_count * sizeof(from->metric_days[0]));
    memcpy(to->counters, from->counters, from->counters_count * sizeof(from->counters[0]));
    memcpy(to->levels, from->levels, from->levels_count * sizeof(from->levels[0]));
    memcpy(to->items, from->items, from->items_count * sizeof(from->items[0]));
    memcpy(to->lots, from->lots, from->lots_count * sizeof(from->lots[0]));
}

const struct stamps *member_state_stamps(const struct member_state *state, uint32_t card)
{
    for (size_t i = 0; i < state->stamps_count; i++) {
        if (state->stamps[i].card == card) {
            return &state->stamps[i];
        }
    }
    return NULL;
}

uint32_t member_state_level_on(const struct member_state *state, int32_t day)
{
    uint32_t level = 0;
    for (size_t i = 0; i < state->levels_count && state->levels[i].since <= day; i++) {
        level = state->levels[i].level;
    }
    return level;
}

int64_t member_state_counter(const struct member_state *state, uint32_t limit, int32_t period)
{
    for (size_t i = 0; i < state->counters_count; i++) {
        if (state->counters[i].limit == limit && state->counters[i].period == period) {
            return state->counters[i].used;
        }
    }
    return 0;
}

int64_t member_state_metric(const struct member_state *state, uint32_t metric, int32_t first, int32_t last)
{
    int64_t sum = 0;
    for (size_t i = 0; i < state->metric_days_count; i++) {
        const struct metric_day *day = &state->metric_days[i];
        if (day->metric == metric && day->day >= first && day->day <= last &&
            __builtin_add_overflow(sum, day->amount, &sum)) {
            return INT64_MAX;
        }
    }
    return sum;
}
