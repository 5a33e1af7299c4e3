#include "engine/multiplier_internal.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/order.h"
#include "engine/selector.h"

static int64_t greatest_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

bool work_counts(const struct work *work, size_t i, int of)
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

int work_factor(const struct work *work, uint64_t takers, size_t count, int of, wide *ret_factor)
{
    const struct multipliers *all = work->multipliers;
    wide factor = work->divisor;
    size_t best = all->count;
    for (size_t i = 0; i < all->count; i++) {
        const int64_t own = all->items[i].factor;
        const bool taken = (takers >> i & 1) != 0 && work_counts(work, i, of);
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
    if (rule->kind == RULE_VISIT || rule->kind == RULE_ACTIVITY) {
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

int work_share(struct work *work, int32_t card, const struct gift *gifts)
{
    const struct programme *programme = work->sale->programme;
    group_lines(work);
    int err = find_divisor(work);
    for (size_t i = 0; i < work->groups_count && err == 0; i++) {
        struct group *group = &work->groups[i];
        err = work_factor(work, group->takers, work->multipliers->count, 0, &group->factor);
    }
    for (size_t i = 0; i < programme->rules_count && err == 0; i++) {
        const struct rule *rule = &programme->rules[i];
        if (rule_is_base(rule, card) && gifts[i].given > 0) {
            err = share_gift(work, rule, gifts[i].given);
        }
    }
    return err;
}
