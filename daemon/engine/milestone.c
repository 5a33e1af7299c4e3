#include "engine/milestone.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/calendar.h"
#include "engine/streak.h"
#include "model/day.h"

uint32_t milestone_counter(const struct programme *programme, const struct milestone *milestone)
{
    const struct window *window = &programme->measures[milestone->goal.measure].window;
    enum limit_per per = LIMIT_EVER;
    switch (milestone->repeat) {
    case MILESTONE_ONCE:
        break;
    case MILESTONE_EACH_WINDOW:
        per = window->kind == WINDOW_DAY             ? LIMIT_DAY
              : window->kind == WINDOW_WEEK          ? LIMIT_WEEK
              : window->kind == WINDOW_MONTH         ? LIMIT_MONTH
              : window->kind == WINDOW_CALENDAR_YEAR ? LIMIT_YEAR
                                                     : LIMIT_EVER;
        if (window->kind == WINDOW_ROLLING) {
            return 0; /* each window that is filled anew is one */
        }
        break;
    case MILESTONE_EACH_CROSSING:
        if (milestone->in_a_row == 0) {
            return 0;
        }
        break;
    }
    /* Where a household shares its metrics it has the windows in a row together. */
    const bool together = milestone->in_a_row > 0 && programme->households.tier;
    return limit_number(OWNER_MILESTONE, milestone->number, LIMIT_TIMES, per,
                        together ? LIMIT_HOUSEHOLD : LIMIT_MEMBER);
}

uint32_t milestone_run_counter(const struct programme *programme, const struct milestone *milestone)
{
    const bool again = milestone->in_a_row > 0 && milestone->repeat == MILESTONE_EACH_CROSSING;
    return again ? milestone_counter(programme, milestone) : 0;
}

const struct milestone *milestone_of_run(const struct programme *programme, uint32_t counter)
{
    for (size_t i = 0; i < programme->milestones_count; i++) {
        if (counter != 0 && milestone_run_counter(programme, &programme->milestones[i]) == counter) {
            return &programme->milestones[i];
        }
    }
    return NULL;
}

int32_t milestone_period(const struct programme *programme, const struct milestone *milestone,
                         int32_t enrolled, int32_t day)
{
    const struct window *window = &programme->measures[milestone->goal.measure].window;
    const bool windows = milestone->repeat == MILESTONE_EACH_WINDOW && window->kind != WINDOW_LIFETIME &&
                         window->kind != WINDOW_ROLLING;
    return windows ? window_range(window, enrolled, day).first : DAY_MIN;
}

static bool was_given(const struct context *context, uint32_t counter)
{
    for (size_t i = 0; i < context->limits_count; i++) {
        if (counter != 0 && context->limits[i].limit == counter) {
            return true;
        }
    }
    return false;
}

/* What somebody has of everything that counts as held. */
static int64_t held_in(const int64_t *balances)
{
    int64_t sum = 0;
    for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
        if (checked_add(sum, balances[i], &sum) != 0) {
            return INT64_MAX;
        }
    }
    return sum;
}

/* Whether somebody reaches a milestone, and the period of the counter that remembers it. */
struct reaching {
    bool reached;
    int32_t period;
};

/* Of one of windows in a row the event's was the last that was missing. */
static int complete_run(const struct sale *sale, const struct milestone *milestone, struct reaching *reaching)
{
    if (milestone->in_a_row == 0 || !reaching->reached) {
        return 0;
    }
    const struct context_metric beside = context_metric(sale->context, 1 + milestone->run);
    if (beside.value < 0 || beside.value >= milestone->in_a_row || beside.now < 0 ||
        beside.now >= milestone->in_a_row) {
        return ERR_CORRUPT;
    }
    reaching->reached = beside.value + 1 + beside.now >= milestone->in_a_row;
    if (reaching->reached && milestone->repeat == MILESTONE_EACH_CROSSING) {
        reaching->period = streak_ended(sale->programme, milestone, sale->context->member_day, beside.value);
    }
    return 0;
}

static int reach(const struct sale *sale, const struct milestone *milestone, const struct metric_values *gain,
                 int64_t held, struct reaching *reaching)
{
    const uint32_t metric = 1 + milestone->goal.measure;
    const bool balance = sale->programme->measures[milestone->goal.measure].kind == MEASURE_BALANCE;
    const int64_t before =
        balance ? held_in(sale->context->balances) : context_metric(sale->context, metric).fullest;
    int64_t after = held;
    const int err = balance ? 0 : checked_add(before, gain->of[metric], &after);
    reaching->reached = before < milestone->goal.value && milestone->goal.value <= after &&
                        !was_given(sale->context, milestone_counter(sale->programme, milestone));
    return err != 0 ? err : complete_run(sale, milestone, reaching);
}

static int count(const struct sale *sale, const struct milestone *milestone, int32_t period,
                 struct outcome *outcome)
{
    const uint32_t counter = milestone_counter(sale->programme, milestone);
    return counter == 0 ? 0 : outcome_count(outcome, sale->member, counter, period, 1);
}

/* Of one metric the one that asks for more; of runs of windows that are full alike, the longer one. */
static bool is_higher(const struct milestone *milestone, const struct milestone *than)
{
    if (milestone->goal.measure != than->goal.measure ||
        (milestone->in_a_row == 0) != (than->in_a_row == 0)) {
        return false;
    }
    return milestone->in_a_row == 0
               ? milestone->goal.value > than->goal.value
               : milestone->goal.value == than->goal.value && milestone->in_a_row > than->in_a_row;
}

/* Of several of one metric perhaps only the highest. */
static int give_reached(const struct reaching *reaching, struct awards *awards)
{
    const struct sale *sale = awards->sale;
    const struct programme *programme = sale->programme;
    int err = 0;
    for (size_t i = 0; i < programme->milestones_count && err == 0; i++) {
        const struct milestone *milestone = &programme->milestones[i];
        bool silent = !reaching[i].reached;
        for (size_t k = 0; k < programme->milestones_count && programme->milestones_highest; k++) {
            silent = silent || (reaching[k].reached && is_higher(&programme->milestones[k], milestone));
        }
        err = reaching[i].reached ? count(sale, milestone, reaching[i].period, awards->outcome) : 0;
        if (err == 0 && !silent) {
            err = award_give(awards, &milestone->award, SOURCE_OF(SOURCE_MILESTONE, milestone->number), 1);
        }
    }
    return err;
}

/* Whether only the sum of two reaches it, and neither was given it. */
static int join(const struct sale *sale, const struct milestone *milestone,
                const struct metric_values *others, struct reaching *reaching)
{
    const struct member_state *to = sale->context->holdings;
    const struct member_state *from = sale->context->other;
    const uint32_t metric = 1 + milestone->goal.measure;
    const bool balance = sale->programme->measures[milestone->goal.measure].kind == MEASURE_BALANCE;
    const int64_t one = balance ? held_in(to->balances) : context_metric(sale->context, metric).value;
    const int64_t other = balance ? held_in(from->balances) : others->of[metric];
    const uint32_t counter = milestone_counter(sale->programme, milestone);
    const int32_t day = sale->context->member_day;
    int64_t sum;
    const int err = checked_add(one, other, &sum);
    const bool had =
        counter != 0 &&
        (member_state_counter(to, counter, milestone_period(sale->programme, milestone, to->enrolled, day)) >
             0 ||
         member_state_counter(from, counter,
                              milestone_period(sale->programme, milestone, from->enrolled, day)) > 0);
    if (milestone->in_a_row > 0) {
        int32_t ended;
        reaching->reached =
            !had && streak_joined(sale->programme, milestone,
                                  milestone_run_counter(sale->programme, milestone), to, from, day, &ended);
        if (reaching->reached && milestone->repeat == MILESTONE_EACH_CROSSING) {
            reaching->period = ended;
        }
        return 0;
    }
    reaching->reached = err == 0 && one < milestone->goal.value && other < milestone->goal.value &&
                        milestone->goal.value <= sum && !had;
    return err;
}

/* `others`: of who is merged; NULL: nobody is. */
static int give(const struct metric_values *gain, int64_t held, const struct metric_values *others,
                struct awards *awards)
{
    const struct sale *sale = awards->sale;
    const struct programme *programme = sale->programme;
    struct reaching reaching[MILESTONES_MAX];
    CHECK((gain == NULL) != (others == NULL));
    CHECK(programme->milestones_count <= MILESTONES_MAX);
    int err = 0;
    for (size_t i = 0; i < programme->milestones_count && err == 0; i++) {
        const struct milestone *milestone = &programme->milestones[i];
        reaching[i].period = milestone_period(programme, milestone, context_enrolled(sale->context),
                                              sale->context->member_day);
        err = others != NULL ? join(sale, milestone, others, &reaching[i])
                             : reach(sale, milestone, gain, held, &reaching[i]);
    }
    return err != 0 ? err : give_reached(reaching, awards);
}

int milestones_give(const struct metric_values *gain, int64_t held, struct awards *awards)
{
    return give(gain, held, NULL, awards);
}

int milestones_join(const struct metric_values *others, struct awards *awards)
{
    return give(NULL, 0, others, awards);
}
