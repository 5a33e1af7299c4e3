#include "engine/multiplier_internal.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/limit.h"

static int64_t divide(wide sum, wide divisor, const struct programme *programme)
{
    wide quotient = sum / divisor;
    const wide rest = sum % divisor;
    switch (programme->rounding) {
    case ROUNDING_FLOOR:
        break;
    case ROUNDING_HALF_UP:
        quotient += rest >= divisor - rest;
        break;
    case ROUNDING_CEIL:
        quotient += rest > 0;
        break;
    }
    return quotient > POINTS_MAX ? INT64_MAX : (int64_t)quotient;
}

/* What the first `count` multipliers make of all groups, rounded. */
static int total_after(const struct work *work, size_t count, int of, int64_t *ret_total)
{
    wide sum = 0;
    for (size_t i = 0; i < work->groups_count; i++) {
        const struct group *group = &work->groups[i];
        wide factor;
        if (group->points[of] == 0) {
            continue;
        }
        const int err = work_factor(work, group->takers, count, of, &factor);
        if (err != 0 || __builtin_mul_overflow(factor, (wide)group->points[of], &factor) ||
            __builtin_add_overflow(sum, factor, &sum)) {
            return ERR_OVERFLOW;
        }
    }
    *ret_total = divide(sum, work->divisor, work->sale->programme);
    return *ret_total > POINTS_MAX ? ERR_OVERFLOW : 0;
}

/* What each multiplier adds as things stand. */
static int find_parts(const struct work *work, int of, int64_t parts[MULTIPLIERS_MAX + 1])
{
    int64_t before;
    int err = total_after(work, 0, of, &before);
    for (size_t i = 0; i < work->multipliers->count && err == 0; i++) {
        int64_t after;
        err = total_after(work, i + 1, of, &after);
        parts[i] = err == 0 ? after - before : 0;
        before = err == 0 ? after : before;
    }
    return err;
}

static int64_t room_of(const struct work *work, size_t i, int64_t part)
{
    const int32_t rule = work->multipliers->items[i].rule;
    enum trace_reason reason = TRACE_APPLIED;
    return rule >= 0 && part > 0 ? limits_leave(&work->rules[rule].limits, work->sale, part, &reason) : part;
}

/* All parts together where each were cut to its room. */
static int sum_in_rooms(const struct work *work, int64_t *ret_sum)
{
    int64_t parts[MULTIPLIERS_MAX + 1] = {0};
    const int err = find_parts(work, 0, parts);
    int64_t sum = 0;
    for (size_t i = 0; i < work->multipliers->count && err == 0; i++) {
        sum += work->states[i] == CUT ? work->flat[i] : room_of(work, i, parts[i]);
    }
    *ret_sum = sum;
    return err;
}

/* A multiplier that wanted more than its room. Among the best, it keeps its place only where that still gives
 * more than the next one would. */
static int cut(struct work *work, size_t i, int64_t room)
{
    work->states[i] = CUT;
    work->flat[i] = room;
    if (work->sale->programme->multipliers != MULTIPLIERS_BEST) {
        return 0;
    }
    int64_t with;
    int64_t without;
    int err = sum_in_rooms(work, &with);
    work->states[i] = OUT;
    err = err != 0 ? err : sum_in_rooms(work, &without);
    if (err == 0 && room > 0 && with >= without) {
        work->states[i] = CUT;
    } else {
        work->flat[i] = 0;
    }
    return err;
}

static int cut_to_limits(struct work *work)
{
    struct multipliers *all = work->multipliers;
    int64_t parts[MULTIPLIERS_MAX + 1] = {0};
    for (size_t again = 0; again <= all->count; again++) {
        int err = find_parts(work, 0, parts);
        size_t i = 0;
        while (err == 0 && i < all->count &&
               (work->states[i] != IN_FULL || room_of(work, i, parts[i]) == parts[i])) {
            i++;
        }
        if (err != 0 || i == all->count) {
            for (size_t k = 0; k < all->count; k++) {
                struct multiplier *item = &all->items[k];
                item->part = work->states[k] == IN_FULL ? parts[k] : work->flat[k];
                item->asked = work->states[k] == IN_FULL ? parts[k] : item->asked;
            }
            return err;
        }
        all->items[i].asked = parts[i];
        (void)limits_leave(&work->rules[all->items[i].rule].limits, work->sale, parts[i],
                           &all->items[i].reason);
        err = cut(work, i, room_of(work, i, parts[i]));
        if (err != 0) {
            return err;
        }
    }
    CHECK(!"each turn cuts one");
    return ERR_UNSUPPORTED;
}

/* The qualifying share of each part. */
static int find_qualifying(struct work *work)
{
    struct multipliers *all = work->multipliers;
    int64_t parts[MULTIPLIERS_MAX + 1] = {0};
    int64_t uncut[MULTIPLIERS_MAX + 1] = {0};
    enum state states[MULTIPLIERS_MAX + 1] = {IN_FULL};
    int err = find_parts(work, 1, parts);
    for (size_t i = 0; i < all->count; i++) {
        states[i] = work->states[i];
        work->states[i] = IN_FULL;
    }
    err = err != 0 ? err : find_parts(work, 1, uncut);
    for (size_t i = 0; i < all->count && err == 0; i++) {
        const int64_t flat = uncut[i] < work->flat[i] ? uncut[i] : work->flat[i];
        all->items[i].qualifying = states[i] == IN_FULL ? parts[i] : flat;
        /* Of what does nothing but qualify this is what its limits count. */
        if (!work_counts(work, i, 0)) {
            all->items[i].qualifying = room_of(work, i, parts[i]);
        }
    }
    return err;
}

/* The multipliers that hold. */
static int collect(const struct sale *sale, int32_t card, const struct gift *gifts,
                   struct multipliers *multipliers)
{
    const struct programme *programme = sale->programme;
    multipliers->count = 0;
    for (size_t i = 0; i < programme->rules_count; i++) {
        const struct rule *rule = &programme->rules[i];
        if (rule->kind != RULE_MULTIPLY || rule->card != card || gifts[i].reason != TRACE_APPLIED) {
            continue;
        }
        if (multipliers->count == MULTIPLIERS_MAX) {
            return ERR_TOO_LARGE;
        }
        multipliers->items[multipliers->count++] =
            (struct multiplier){.rule = (int32_t)i, .factor = rule->factor};
    }
    const int64_t level = sale->level >= 0 ? programme->tiers.levels[sale->level].multiplier : 1000;
    if (card < 0 && level != 1000) {
        multipliers->items[multipliers->count++] = (struct multiplier){.rule = -1, .factor = level};
    }
    return 0;
}

int multipliers_apply(const struct sale *sale, int32_t card, const struct gift *gifts,
                      struct multipliers *ret_multipliers)
{
    struct work work;
    work.sale = sale;
    work.multipliers = ret_multipliers;
    work.rules = sale->programme->rules;
    int err = collect(sale, card, gifts, ret_multipliers);
    if (err != 0 || ret_multipliers->count == 0) {
        return err;
    }
    for (size_t i = 0; i <= MULTIPLIERS_MAX; i++) {
        work.states[i] = IN_FULL;
        work.flat[i] = 0;
    }
    for (size_t i = 0; i < ret_multipliers->count; i++) {
        ret_multipliers->items[i].reason = TRACE_APPLIED;
    }
    err = work_share(&work, card, gifts);
    err = err != 0 ? err : cut_to_limits(&work);
    for (size_t i = 0; i < ret_multipliers->count && err == 0; i++) {
        struct multiplier *item = &ret_multipliers->items[i];
        if (work.states[i] == OUT) {
            item->reason = TRACE_NOT_BEST;
        } else if (item->part == 0 && item->reason == TRACE_APPLIED) {
            item->reason = TRACE_NOTHING;
        }
    }
    return err != 0 ? err : find_qualifying(&work);
}
