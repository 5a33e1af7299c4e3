#include "engine/engine.h"

#include "base/checked.h"

/* Sums the lots by whether they are pending; false where a lot is not as it must be. */
static bool sum_lots(const struct member_state *state, int64_t *ret_open, int64_t *ret_pending,
                     int64_t *ret_reserved)
{
    int64_t sums[2] = {0, 0};
    int64_t reserved = 0;
    for (size_t i = 0; i < state->lots_count; i++) {
        const struct lot *lot = &state->lots[i];
        int64_t *sum = &sums[lot->due != 0];
        if (lot->left <= 0 || lot->left > lot->amount || lot->reserved < 0 ||
            lot->reserved > (lot->due != 0 ? 0 : lot->left) || checked_add(*sum, lot->left, sum) != 0 ||
            checked_add(reserved, lot->reserved, &reserved) != 0) {
            return false;
        }
        const struct origin *before = i > 0 ? &state->lots[i - 1].origin : NULL;
        if (before != NULL &&
            (before->position > lot->origin.position ||
             (before->position == lot->origin.position && before->index >= lot->origin.index))) {
            return false;
        }
    }
    *ret_open = sums[0];
    *ret_pending = sums[1];
    *ret_reserved = reserved;
    return true;
}

static bool metric_days_hold(const struct member_state *state)
{
    for (size_t i = 0; i < state->metric_days_count; i++) {
        const struct metric_day *day = &state->metric_days[i];
        const struct metric_day *before = i > 0 ? day - 1 : NULL;
        if (day->amount == 0 ||
            (before != NULL &&
             (before->metric > day->metric || (before->metric == day->metric && before->day >= day->day)))) {
            return false;
        }
    }
    return true;
}

static bool stamps_hold(const struct member_state *state)
{
    for (size_t i = 1; i < state->stamps_count; i++) {
        if (state->stamps[i - 1].card >= state->stamps[i].card) {
            return false;
        }
    }
    return true;
}

bool engine_state_holds(const struct member_state *state)
{
    int64_t open;
    int64_t pending;
    int64_t in_lots;
    int64_t held;
    const int64_t available = state->balances[MEMBER_AVAILABLE];
    const int64_t reserved = state->balances[MEMBER_RESERVED];
    if (!sum_lots(state, &open, &pending, &in_lots) || !metric_days_hold(state) || !stamps_hold(state)) {
        return false;
    }
    /* While points are owed, available is the deficit and all that is in open lots is reserved. */
    if (checked_add(available > 0 ? available : 0, reserved, &held) != 0) {
        return false;
    }
    return held == open && pending == state->balances[MEMBER_PENDING] && reserved == in_lots;
}
