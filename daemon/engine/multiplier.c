#include "engine/multiplier.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/limit.h"
#include "engine/order.h"
#include "engine/selector.h"

static_assert(MULTIPLIERS_MAX + 1 <= 64, "a set of multipliers is 64 bits");
enum { GROUPS_MAX = LINES_MAX + 1 };

__extension__ typedef __int128 wide;

/* What became of a multiplier. */
enum state {
    IN_FULL, /* its factor counts */
    CUT,     /* a limit cut it: it adds `flat` */
    OUT      /* another one took its place */
};

/* Lines that the same multipliers take. */
struct group {
    uint64_t takers;   /* bit of each multiplier */
    int64_t points[2]; /* to spend, and qualifying */
    int64_t weight;    /* of its lines for the rule at hand */
    int64_t rest;      /* of the sharing */
    wide factor;       /* of all its multipliers, over the common divisor: breaks ties */
};

struct work {
    const struct sale *sale;
    struct multipliers *multipliers;
    const struct rule *rules;
    enum state states[MULTIPLIERS_MAX + 1];
    int64_t flat[MULTIPLIERS_MAX + 1];
    wide divisor;
    size_t groups_count;
    struct group groups[GROUPS_MAX];
    uint16_t group_of[LINES_MAX]; /* of the purchase's lines */
};

static int64_t greatest_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Whether the multiplier counts for points to spend (0), or for qualifying ones (1). */
static bool counts(const struct work *work, size_t i, int of)
{
    const int32_t rule = work->multipliers->items[i].rule;
    const enum qualifies qualifies = rule >= 0 ? work->rules[rule].qualifies : QUALIFIES_YES;
    return qualifies == QUALIFIES_YES || (qualifies == QUALIFIES_ONLY) == (of == 1);
}

static const struct selector *selector_of(const struct work *work, size_t i)
{
    static const struct selector open = {.has_only = false};
    const int32_t rule = work->multipliers->items[i].rule;
    return rule >= 0 ? &work->rules[rule].selector : &open;
}

static size_t find_group(struct work *work, uint64_t takers)
{
    size_t i = 0;
    while (i < work->groups_count && work->groups[i].takers != takers) {
        i++;
    }
    if (i == work->groups_count) {
        CHECK(work->groups_count < GROUPS_MAX);
        work->groups[work->groups_count++] = (struct group){.takers = takers};
    }
    return i;
}

static void group_lines(struct work *work)
{
    uint64_t open = 0;
    for (size_t i = 0; i < work->multipliers->count; i++) {
        open |= (uint64_t)selector_is_open(selector_of(work, i)) << i;
    }
    /* The first group holds what belongs to no line. */
    work->groups_count = 0;
    (void)find_group(work, open);
    const struct purchase *purchase = work->sale->purchase;
    for (size_t line = 0; line < purchase->lines_count; line++) {
        uint64_t takers = 0;
        for (size_t i = 0; i < work->multipliers->count; i++) {
            takers |= (uint64_t)selector_takes(selector_of(work, i), &purchase->lines[line]) << i;
        }
        work->group_of[line] = (uint16_t)find_group(work, takers);
    }
}

/* The factor of a group after the first `count` multipliers, over the common divisor. */
static int factor_of(const struct work *work, uint64_t takers, size_t count, int of, wide *ret_factor)
{
    const struct multipliers *all = work->multipliers;
    wide factor = work->divisor;
    size_t best = all->count;
    for (size_t i = 0; i < all->count; i++) {
        const int64_t own = all->items[i].factor;
        const bool taken = (takers >> i & 1) != 0 && counts(work, i, of);
        switch (work->sale->programme->multipliers) {
        case MULTIPLIERS_MULTIPLY:
            if (taken && i < count && work->states[i] == IN_FULL &&
                __builtin_mul_overflow(factor, (wide)own, &factor)) {
                return ERR_OVERFLOW;
            }
            factor = taken && i < count && work->states[i] == IN_FULL ? factor / 1000 : factor;
            break;
        case MULTIPLIERS_ADD:
            factor += taken && i < count && work->states[i] == IN_FULL ? (wide)own - 1000 : 0;
            break;
        case MULTIPLIERS_BEST:
            if (taken && work->states[i] != OUT && (best == all->count || own > all->items[best].factor)) {
                best = i;
            }
            break;
        }
    }
    if (best < count && work->states[best] == IN_FULL) {
        factor = all->items[best].factor;
    }
    *ret_factor = factor > 0 ? factor : 0;
    return 0;
}

/* A divisor under which every product of factors is a whole number. */
static int find_divisor(struct work *work)
{
    work->divisor = 1000;
    if (work->sale->programme->multipliers != MULTIPLIERS_MULTIPLY) {
        return 0;
    }
    work->divisor = 1;
    for (size_t i = 0; i < work->multipliers->count; i++) {
        const int64_t factor = work->multipliers->items[i].factor;
        const int64_t part = 1000 / greatest_divisor(factor, 1000);
        if (__builtin_mul_overflow(work->divisor, (wide)part, &work->divisor)) {
            return ERR_OVERFLOW;
        }
    }
    return 0;
}

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
        const int err = factor_of(work, group->takers, count, of, &factor);
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
    int64_t parts[MULTIPLIERS_MAX + 1];
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
    enum state states[MULTIPLIERS_MAX + 1];
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
        if (!counts(work, i, 0)) {
            all->items[i].qualifying = room_of(work, i, parts[i]);
        }
    }
    return err;
}

static int compare_groups(const void *context, uint16_t a, uint16_t b)
{
    const struct work *work = context;
    const struct group *left = &work->groups[a];
    const struct group *right = &work->groups[b];
    if (left->rest != right->rest) {
        return left->rest > right->rest ? -1 : 1;
    }
    if (left->factor != right->factor) {
        return left->factor > right->factor ? -1 : 1;
    }
    return (left->takers > right->takers) - (left->takers < right->takers);
}

/* What each group's lines put into the rule; returns the sum, 0 where lines say nothing. */
static int64_t weigh(struct work *work, const struct rule *rule, const struct basket *basket)
{
    for (size_t i = 0; i < work->groups_count; i++) {
        work->groups[i].weight = 0;
    }
    if (rule->kind == RULE_VISIT) {
        return 0;
    }
    for (size_t i = 0; i < basket->count; i++) {
        const struct line *line = &basket->lines[basket->index[i]];
        if (selector_takes(&rule->selector, line)) {
            const int64_t units = line_units(line);
            work->groups[work->group_of[basket->index[i]]].weight +=
                rule->kind == RULE_SPEND     ? basket->amount[i]
                : rule->item_per == PER_LINE ? (units > 0) - (units < 0)
                                             : units;
        }
    }
    int64_t sum = 0;
    for (size_t i = 0; i < work->groups_count; i++) {
        struct group *group = &work->groups[i];
        group->weight = group->weight > 0 ? group->weight : 0;
        sum += group->weight;
    }
    return sum;
}

static int share_gift(struct work *work, const struct rule *rule, int64_t given)
{
    struct basket own;
    const struct basket *basket;
    uint16_t order[GROUPS_MAX];
    int err = rule_basket(rule, work->sale, &own, &basket);
    if (err != 0) {
        return err;
    }
    const int64_t weights = weigh(work, rule, basket);
    int64_t shares[GROUPS_MAX] = {0};
    int64_t left = given;
    for (size_t i = 0; i < work->groups_count && weights > 0; i++) {
        struct group *group = &work->groups[i];
        err = checked_mul_div(given, group->weight, weights, ROUND_FLOOR, &shares[i]);
        if (err != 0) {
            return err;
        }
        left -= shares[i];
        group->rest =
            (int64_t)((uint64_t)given * (uint64_t)group->weight - (uint64_t)shares[i] * (uint64_t)weights);
        order[i] = (uint16_t)i;
    }
    if (weights == 0) {
        shares[0] = given;
        left = 0;
    } else {
        order_sort(order, work->groups_count, compare_groups, work);
    }
    for (size_t i = 0; i < work->groups_count && left > 0; i++, left--) {
        shares[order[i]]++;
    }
    for (size_t i = 0; i < work->groups_count; i++) {
        work->groups[i].points[0] += rule->qualifies != QUALIFIES_ONLY ? shares[i] : 0;
        work->groups[i].points[1] += rule->qualifies != QUALIFIES_NO ? shares[i] : 0;
    }
    return 0;
}

static int share_gifts(struct work *work, int32_t card, const struct gift *gifts)
{
    const struct programme *programme = work->sale->programme;
    group_lines(work);
    int err = find_divisor(work);
    for (size_t i = 0; i < work->groups_count && err == 0; i++) {
        struct group *group = &work->groups[i];
        err = factor_of(work, group->takers, work->multipliers->count, 0, &group->factor);
    }
    for (size_t i = 0; i < programme->rules_count && err == 0; i++) {
        const struct rule *rule = &programme->rules[i];
        if (rule_is_base(rule, card) && gifts[i].given > 0) {
            err = share_gift(work, rule, gifts[i].given);
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
    for (size_t i = 0; i < ret_multipliers->count; i++) {
        work.states[i] = IN_FULL;
        work.flat[i] = 0;
        ret_multipliers->items[i].reason = TRACE_APPLIED;
    }
    err = share_gifts(&work, card, gifts);
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
