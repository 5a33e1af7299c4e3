#include "engine/tiers.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/calendar.h"
#include "engine/metric.h"

int tiers_index(const struct tiers *tiers, uint32_t number)
{
    for (size_t i = 0; i < tiers->count; i++) {
        if (tiers->levels[i].number == number) {
            return (int)i;
        }
    }
    return -1;
}

static bool reaches(const struct tiers *tiers, const struct level_metrics *metrics,
                    const struct metric_values *values)
{
    size_t asked = metrics->has_qualifying;
    size_t reached = metrics->has_qualifying && values->of[0] >= metrics->qualifying;
    for (size_t i = 0; i < metrics->goals_count; i++) {
        const struct goal *goal = &metrics->goals[i];
        asked++;
        reached += values->of[1 + goal->measure] >= goal->value;
    }
    return asked == 0 || (tiers->match_all ? reached == asked : reached > 0);
}

int tiers_reached(const struct tiers *tiers, const struct metric_values *values)
{
    int reached = -1;
    for (size_t i = 0; i < tiers->count; i++) {
        if (reaches(tiers, &tiers->levels[i].reach, values)) {
            reached = (int)i;
        }
    }
    return reached;
}

bool tiers_keeps(const struct tiers *tiers, int index, const struct metric_values *values)
{
    CHECK(index >= 0);
    CHECK((size_t)index < tiers->count);
    const struct level *level = &tiers->levels[index];
    return level->has_keep && reaches(tiers, &level->keep, values);
}

int tiers_kept(const struct tiers *tiers, const struct metric_values *values, int level)
{
    const int reached = tiers_reached(tiers, values);
    int kept = level;
    while (kept > reached && !tiers_keeps(tiers, kept, values)) {
        kept--;
    }
    return kept > reached ? kept : reached;
}

int tiers_standing(const struct tiers *tiers, uint32_t number)
{
    const int index = tiers_index(tiers, number);
    return index >= 0 || tiers->count == 0 || tiers->levels[0].reach.qualifying > 0 ? index : 0;
}

int32_t tiers_until(const struct tiers *tiers, int index, int32_t day)
{
    CHECK(index >= 0);
    CHECK((size_t)index < tiers->count);
    return index == 0 || tiers->falls_at_once ? DAY_NEVER : term_end(&tiers->valid, day);
}

/* `day` and what earlier windows gave go with the level. */
struct level_change {
    uint32_t number;
    int32_t since;
    int32_t until;
    int32_t day;
    uint32_t held;
    int32_t held_until;
};

static int add_level(struct outcome *outcome, uint32_t member, const struct level_change *change)
{
    struct effect *effect = outcome_add(outcome, EFFECT_LEVEL, member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->level.level = change->number;
    effect->level.since = change->since;
    effect->level.until = change->until;
    effect->level.day = change->day;
    effect->level.held = change->held;
    effect->level.held_until = change->held_until;
    return 0;
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
        .lacking = next != NULL && next->reach.qualifying > metric ? next->reach.qualifying - metric : 0,
    };
}

static int32_t grace_end(const struct tiers *tiers, int32_t until)
{
    return tiers->grace.unit == TERM_NEVER || until == DAY_NEVER ? until : term_end(&tiers->grace, until);
}

/* The level at `reached` from `day` on, where that is higher than the standing or lasts longer. */
static void stand_at(const struct tiers *tiers, int reached, int32_t day, struct standing *standing)
{
    const int32_t until = tiers_until(tiers, reached, day);
    if (reached > standing->level || (reached == standing->level && until > standing->until)) {
        standing->level = reached;
        standing->until = until;
        standing->day = day;
    }
}

/* Fills level and until of who gained something, or nothing. `now`: what today's windows reach. */
static void reach(const struct tiers *tiers, const struct context *context,
                  const struct metric_values *values, int now, bool gained, struct standing *standing)
{
    const int reached = tiers_kept(tiers, values, tiers_index(tiers, context->decided_level));
    const bool late = context->member_day < context->booked_day;
    standing->level = tiers_index(tiers, context->level);
    standing->until = context->level_until;
    standing->day = context->member_day;
    standing->is_kept = reached > tiers_reached(tiers, values);
    if (gained || (!late && reached > standing->level)) {
        if (reached >= 0 &&
            grace_end(tiers, tiers_until(tiers, reached, context->member_day)) >= context->booked_day) {
            stand_at(tiers, reached, context->member_day, standing);
        }
        /* What would be over by now, and is reached today, is reached today. */
        if (now > standing->level) {
            stand_at(tiers, now, context->booked_day, standing);
            standing->is_kept = false;
        }
    }
    if (standing->level < 0 && reached >= 0) {
        standing->level = 0;
        standing->until = DAY_NEVER;
    }
}

/* Whether a window that holds the event's day holds `booked_day`, too. */
static bool counts_now(const struct window *window, const struct context *context)
{
    const struct day_range now = window_range(window, context_enrolled(context), context->booked_day);
    return context->member_day >= now.first && context->member_day <= now.last;
}

bool tiers_counts_now(const struct programme *programme, const struct context *context)
{
    return counts_now(&programme->tiers.window, context);
}

/* A metric over the fullest window that holds the event's day, and over that of today, afterwards. */
static int metric_after(const struct programme *programme, const struct context *context, size_t metric,
                        int64_t gain, struct metric_values *ret_values, struct metric_values *ret_now)
{
    const struct context_metric before = context_metric(context, (uint32_t)metric);
    const struct window *window =
        metric == 0 ? &programme->tiers.window : &programme->measures[metric - 1].window;
    const bool counts = gain != 0 && counts_now(window, context);
    const int err = checked_add(before.fullest, gain, &ret_values->of[metric]);
    return err != 0 ? err : checked_add(before.now, counts ? gain : 0, &ret_now->of[metric]);
}

static bool asks(const struct level_metrics *metrics, size_t metric)
{
    bool found = metric == 0 && metrics->has_qualifying;
    for (size_t i = 0; i < metrics->goals_count; i++) {
        found = found || metrics->goals[i].measure + 1 == metric;
    }
    return found;
}

/* Whether any level is reached or kept by the metric: others are of milestones and conditions. */
static bool counts_for_levels(const struct tiers *tiers, size_t metric)
{
    for (size_t i = 0; i < tiers->count; i++) {
        if (asks(&tiers->levels[i].reach, metric) || asks(&tiers->levels[i].keep, metric)) {
            return true;
        }
    }
    return false;
}

int tiers_stand(const struct programme *programme, const struct context *context,
                const struct metric_values *gain, struct standing *ret_standing)
{
    const struct tiers *tiers = &programme->tiers;
    struct metric_values values;
    struct metric_values today;
    bool gained = false;
    int err = 0;
    for (size_t i = 0; i <= programme->measures_count && err == 0; i++) {
        err = metric_after(programme, context, i, gain->of[i], &values, &today);
        gained = gained || (gain->of[i] > 0 && counts_for_levels(tiers, i));
    }
    if (err != 0) {
        return err;
    }
    /* What falls at once is never had by a window that has moved on. */
    const bool moved_on = tiers->falls_at_once && context->member_day < context->booked_day;
    ret_standing->metric = values.of[0];
    ret_standing->qualifying = tiers->count > 0 ? today.of[0] : 0;
    reach(tiers, context, moved_on ? &today : &values, tiers_reached(tiers, &today), gained, ret_standing);
    return 0;
}

/* A level reached or renewed by this event. What an earlier window gave stays behind it, in case that what
 * was reached in this one is returned. */
static struct level_change level_reached(const struct programme *programme, const struct context *context,
                                         uint32_t number, const struct standing *standing)
{
    struct level_change change = {.number = number,
                                  .since = context->booked_day,
                                  .until = standing->until,
                                  .day = standing->day,
                                  .held = context->held_level,
                                  .held_until = context->held_until};
    const struct day_range window =
        window_range(&programme->tiers.window, context_enrolled(context), standing->day);
    if (context->level_day < window.first && context->level_until != DAY_NEVER &&
        context->level_until >= context->booked_day) {
        change.held = context->level;
        change.held_until = context->level_until;
    } else if (change.held_until < context->booked_day) {
        change.held = 0;
        change.held_until = 0;
    }
    return change;
}

int tiers_set(const struct programme *programme, const struct context *context, uint32_t member,
              const struct standing *standing, struct balances *balances, struct decision *decision)
{
    const struct tiers *tiers = &programme->tiers;
    if (tiers->count == 0) {
        return 0;
    }
    const uint32_t number = standing->level >= 0 ? tiers->levels[standing->level].number : context->level;
    const bool changed = number != context->level || standing->until != context->level_until;
    const struct level_change change = level_reached(programme, context, number, standing);
    const int err = changed ? add_level(&decision->outcome, member, &change) : 0;
    balances->level = number;
    balances->level_until = standing->until;
    balances->qualifying = standing->qualifying;
    trace_tier(tiers, number, standing->metric, changed, decision);
    return err;
}

int tiers_floor(const struct programme *programme, const struct context *context, uint32_t member, int index,
                int32_t until, struct balances *balances, struct outcome *outcome)
{
    const struct tiers *tiers = &programme->tiers;
    const uint32_t number = tiers->levels[index].number;
    struct effect *effect = outcome_add(outcome, EFFECT_FLOOR, member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->floor.level = number;
    effect->floor.until = until;
    const int level = tiers_standing(tiers, balances->level);
    if (level > index || (level == index && balances->level_until >= until)) {
        return 0;
    }
    const bool never = level < 0 || (level == 0 && tiers->levels[0].reach.qualifying == 0);
    const struct level_change change = {.number = number,
                                        .since = context->booked_day,
                                        .until = tiers->falls_at_once ? DAY_NEVER : until,
                                        .day = context->level_day,
                                        .held = never ? 0 : balances->level,
                                        .held_until = never ? 0 : balances->level_until};
    balances->level = number;
    balances->level_until = change.until;
    return add_level(outcome, member, &change);
}

/* Of two floors the higher one, or of one level the later. */
static int join_floor(const struct tiers *tiers, const struct context *context, uint32_t member,
                      const struct member_state *other, struct outcome *outcome)
{
    const int own = context->floor_level != 0 ? tiers_index(tiers, context->floor_level) : -1;
    const int theirs = other->floor_level != 0 ? tiers_index(tiers, other->floor_level) : -1;
    if (theirs < 0 || theirs < own || (theirs == own && other->floor_until <= context->floor_until)) {
        return 0;
    }
    struct effect *effect = outcome_add(outcome, EFFECT_FLOOR, member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->floor.level = other->floor_level;
    effect->floor.until = other->floor_until;
    return 0;
}

int tiers_join(const struct programme *programme, const struct context *context, uint32_t member,
               const struct member_state *other, struct balances *balances, struct outcome *outcome)
{
    const struct tiers *tiers = &programme->tiers;
    const int own = tiers_standing(tiers, balances->level);
    const int theirs = tiers_index(tiers, other->level);
    const int err = join_floor(tiers, context, member, other, outcome);
    if (err != 0 || theirs < 0 || theirs < own ||
        (theirs == own && other->level_until <= balances->level_until)) {
        return err;
    }
    const bool never = own <= 0 || theirs == own;
    const struct level_change change = {.number = other->level,
                                        .since = context->booked_day,
                                        .until = other->level_until,
                                        .day = other->level_day,
                                        .held = never ? other->held_level : balances->level,
                                        .held_until = never ? other->held_until : balances->level_until};
    balances->level = change.number;
    balances->level_until = change.until;
    return add_level(outcome, member, &change);
}

/* What the member's metrics over the windows of `day` reach, or keep of the level he has. */
static int kept_on(const struct programme *programme, const struct member_state *state, int32_t day,
                   int level)
{
    struct metric_values values;
    metrics_on(programme, state, day, &values);
    return tiers_kept(&programme->tiers, &values, level);
}

/* The index of the level given by hand that holds on `day`, or -1. */
static int floor_on(const struct tiers *tiers, const struct member_state *state, int32_t day)
{
    return state->floor_level != 0 && day <= state->floor_until ? tiers_index(tiers, state->floor_level) : -1;
}

static int highest(int a, int b)
{
    return a > b ? a : b;
}

/* Levels that fall as soon as the metrics do: what is in a window only leaves it as days pass, and what was
 * given by hand ends on its day. */
static int held_on(const struct programme *programme, const struct member_state *state, int32_t day,
                   int level)
{
    return highest(kept_on(programme, state, day, level), floor_on(&programme->tiers, state, day));
}

static int review_at_once(const struct programme *programme, const struct member_state *state,
                          int32_t booked_day, struct outcome *outcome)
{
    const struct tiers *tiers = &programme->tiers;
    int level = tiers_index(tiers, state->level);
    int32_t from = state->levels_count > 0 ? state->levels[state->levels_count - 1].since : booked_day;
    while (level > 0 && from < booked_day && held_on(programme, state, booked_day, level) < level) {
        int32_t low = from + 1; /* the first day on which the level is not held lies in low..high */
        int32_t high = booked_day;
        while (low < high) {
            const int32_t middle = low + (high - low) / 2;
            if (held_on(programme, state, middle, level) < level) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        level = highest(held_on(programme, state, low, level), 0);
        from = low;
        const struct level_change change = {
            .number = tiers->levels[level].number, .since = low, .until = DAY_NEVER, .day = low};
        const int err = add_level(outcome, state->member, &change);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

/* What is left of a level whose term ended on change->until. */
static int review(const struct programme *programme, const struct member_state *state, int level,
                  struct level_change *change)
{
    const struct tiers *tiers = &programme->tiers;
    const int32_t day = change->until;
    const bool by_hand = state->floor_level == change->number && state->floor_until == day;
    const int kept = kept_on(programme, state, day, level);
    int next = kept >= level ? level : tiers->downgrade_one && !by_hand ? level - 1 : highest(kept, 0);
    change->since = day_after(grace_end(tiers, day));
    /* A term that does not move on (0 days) lasts the next day, so that every review comes to an end. */
    const int32_t until = tiers_until(tiers, next, day);
    change->until = until > day ? until : day + 1;
    const int held = change->held_until > day ? tiers_index(tiers, change->held) : -1;
    if (held > next) {
        next = held;
        change->until = change->held_until;
    }
    const int floor = floor_on(tiers, state, day_after(day));
    if (floor > next) {
        next = floor;
        change->until = state->floor_until;
    }
    change->number = tiers->levels[next].number;
    change->day = day;
    if (change->held_until <= change->until) {
        change->held = 0;
        change->held_until = 0;
    }
    return next;
}

static int end_floor(const struct member_state *state, int32_t booked_day, struct outcome *outcome)
{
    if (state->floor_level == 0 || state->floor_until >= booked_day) {
        return 0;
    }
    /* All 0: there is none any more. */
    return outcome_add(outcome, EFFECT_FLOOR, state->member) == NULL ? ERR_TOO_LARGE : 0;
}

int tiers_review(const struct programme *programme, const struct member_state *state, int32_t booked_day,
                 struct outcome *outcome)
{
    const struct tiers *tiers = &programme->tiers;
    if (tiers->falls_at_once) {
        const int err = review_at_once(programme, state, booked_day, outcome);
        return err != 0 ? err : end_floor(state, booked_day, outcome);
    }
    int level = tiers_index(tiers, state->level);
    struct level_change change = {.number = state->level,
                                  .since = booked_day,
                                  .until = state->level_until,
                                  .day = state->level_day,
                                  .held = state->held_level,
                                  .held_until = state->held_until};
    int32_t booked_until = change.until;
    int err = 0;
    while (level > 0 && grace_end(tiers, change.until) < booked_day && err == 0) {
        const int next = review(programme, state, level, &change);
        if (next != level) {
            err = add_level(outcome, state->member, &change);
            booked_until = change.until;
        }
        level = next;
    }
    if (err == 0 && change.until != booked_until) {
        err = add_level(outcome, state->member, &change);
    }
    return err != 0 ? err : end_floor(state, booked_day, outcome);
}
