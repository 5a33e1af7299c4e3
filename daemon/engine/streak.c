#include "engine/streak.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/calendar.h"
#include "model/day.h"

/* The milestone's window that holds a day. None of those in a row depends on when somebody joined. */
static struct day_range window_of(const struct programme *programme, const struct milestone *milestone,
                                  int32_t day)
{
    CHECK(milestone->in_a_row > 1);
    return window_range(&programme->measures[milestone->goal.measure].window, 0, day);
}

static int64_t sum_in(const struct programme *programme, const struct milestone *milestone,
                      const struct member_state *state, const struct day_range *window)
{
    return member_state_metric(state, programme->measures[milestone->goal.measure].metric, window->first,
                               window->last);
}

static bool is_ended_by(const struct member_state *state, uint32_t counter, const struct day_range *window)
{
    return counter != 0 && member_state_counter(state, counter, window->first) > 0;
}

void streak_beside(const struct programme *programme, const struct milestone *milestone, uint32_t counter,
                   const struct member_state *state, int32_t day, struct streak *ret_streak)
{
    const struct day_range own = window_of(programme, milestone, day);
    *ret_streak = (struct streak){0};
    if (sum_in(programme, milestone, state, &own) >= milestone->goal.value ||
        is_ended_by(state, counter, &own)) {
        return;
    }
    struct streak beside = {0};
    struct day_range window = own;
    bool open = true;
    /* A run that ends up to twice as far ahead has used up windows that are looked at. */
    for (int32_t i = 1; i < 2 * milestone->in_a_row; i++) {
        window = window_of(programme, milestone, day_after(window.last));
        if (is_ended_by(state, counter, &window)) {
            const int32_t unused = i - milestone->in_a_row;
            if (unused < 0) {
                return;
            }
            beside.after = beside.after < unused ? beside.after : unused;
            break;
        }
        open = open && i < milestone->in_a_row &&
               sum_in(programme, milestone, state, &window) >= milestone->goal.value;
        beside.after += open;
    }
    window = own;
    for (int32_t i = 1; i < milestone->in_a_row; i++) {
        window = window_of(programme, milestone, day_add(window.first, -1));
        if (is_ended_by(state, counter, &window) ||
            sum_in(programme, milestone, state, &window) < milestone->goal.value) {
            break;
        }
        beside.before++;
    }
    *ret_streak = beside;
}

/* The window so many after that of `day`. */
static struct day_range windows_later(const struct programme *programme, const struct milestone *milestone,
                                      int32_t day, int64_t count)
{
    struct day_range window = window_of(programme, milestone, day);
    for (int64_t i = 0; i < count; i++) {
        window = window_of(programme, milestone, day_after(window.last));
    }
    return window;
}

int32_t streak_ended(const struct programme *programme, const struct milestone *milestone, int32_t day,
                     int64_t before)
{
    CHECK(before >= 0);
    CHECK(before < milestone->in_a_row);
    return windows_later(programme, milestone, day, milestone->in_a_row - 1 - before).first;
}

int32_t streak_matters_until(const struct programme *programme, const struct milestone *milestone,
                             int32_t ended)
{
    return windows_later(programme, milestone, ended, milestone->in_a_row - 1).last;
}

/* The windows that a run of two members may have, the last of them that of `day`; those that an earlier run
 * of either used up are empty for both. */
enum { JOINED_MAX = 2 * IN_A_ROW_MAX };
struct joined_windows {
    size_t count;
    struct day_range windows[JOINED_MAX];
    bool used[JOINED_MAX];
};

static void join_windows(const struct programme *programme, const struct milestone *milestone,
                         uint32_t counter, const struct member_state *one, const struct member_state *other,
                         int32_t day, struct joined_windows *ret_joined)
{
    CHECK(milestone->in_a_row <= IN_A_ROW_MAX);
    struct day_range window = window_of(programme, milestone, day);
    int32_t used = 0;
    ret_joined->count = 2 * (size_t)milestone->in_a_row;
    for (size_t i = ret_joined->count; i-- > 0;) {
        const bool ended = is_ended_by(one, counter, &window) || is_ended_by(other, counter, &window);
        used = ended ? milestone->in_a_row : used;
        ret_joined->windows[i] = window;
        ret_joined->used[i] = used > 0;
        used -= used > 0;
        window = window_of(programme, milestone, day_add(window.first, -1));
    }
}

bool streak_joined(const struct programme *programme, const struct milestone *milestone, uint32_t counter,
                   const struct member_state *one, const struct member_state *other, int32_t day,
                   int32_t *ret_ended)
{
    const int64_t value = milestone->goal.value;
    struct joined_windows joined;
    join_windows(programme, milestone, counter, one, other, day, &joined);
    int32_t of_one = 0;
    int32_t of_other = 0;
    int32_t of_both = 0;
    for (size_t i = 0; i < joined.count; i++) {
        const int64_t a = joined.used[i] ? 0 : sum_in(programme, milestone, one, &joined.windows[i]);
        const int64_t b = joined.used[i] ? 0 : sum_in(programme, milestone, other, &joined.windows[i]);
        of_one = a >= value ? of_one + 1 : 0;
        of_other = b >= value ? of_other + 1 : 0;
        int64_t sum;
        const bool is_full = checked_add(a, b, &sum) == 0 ? sum >= value : a > 0;
        of_both = is_full ? of_both + 1 : 0;
        if (of_both >= milestone->in_a_row && of_one < milestone->in_a_row &&
            of_other < milestone->in_a_row) {
            *ret_ended = joined.windows[i].first;
            return true;
        }
    }
    return false;
}
