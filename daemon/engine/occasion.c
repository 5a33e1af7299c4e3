#include "engine/occasion.h"

#include "engine/engine.h"

#include "model/day.h"

int occasion_note(enum occasion occasion, uint32_t member, int32_t day, struct outcome *outcome)
{
    return outcome_count(outcome, member, occasion_counter(occasion), day, 1);
}

/* Versions without a gap: what was a rule's on one day and is another's on the next goes on. */
int32_t engine_occasion_since(enum occasion occasion, int32_t day, engine_version_on *version_on,
                              const void *versions)
{
    int32_t since = DAY_NEVER;
    const struct programme *programme = version_on(versions, day);
    while (programme != NULL && (programme->occasions & OCCASION_BIT(occasion)) != 0) {
        since = programme->effective;
        /* Before all versions the oldest is in force. */
        const struct programme *before = version_on(versions, day_add(since, -1));
        programme = before != NULL && before->effective < since ? before : NULL;
    }
    return since;
}

static int32_t later(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t joined_on(const struct member_state *state)
{
    return state->joined != 0 ? state->joined : state->enrolled;
}

int32_t engine_occasion_from(const struct member_state *state, enum occasion occasion, int32_t since,
                             int32_t booked_day)
{
    const bool is_household = state->household == state->member;
    if (state->member == 0 || state->merged != 0 || is_household) {
        return DAY_NEVER;
    }
    const uint32_t counter = occasion_counter(occasion);
    int32_t from = later(later(day_add(booked_day, -OCCASION_LATE_DAYS_MAX), since), joined_on(state));
    for (size_t i = 0; i < state->counters_count; i++) {
        if (state->counters[i].limit == counter) {
            const int32_t day = state->counters[i].period;
            from = later(from, day == DAY_NEVER ? day : day_add(day, OCCASION_APART_DAYS_MIN));
        }
    }
    return from;
}

bool engine_anniversary(const struct member_state *state, int32_t first, int32_t last)
{
    const int32_t joined = joined_on(state);
    const int32_t joined_year = date_from_day(joined).year;
    for (int32_t year = date_from_day(first).year; year <= date_from_day(last).year; year++) {
        const int32_t day = day_add_years(joined, (int64_t)year - joined_year);
        if (year > joined_year && day >= first && day <= last) {
            return true;
        }
    }
    return false;
}
