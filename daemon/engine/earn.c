#include "engine/earn.h"

#include "base/check.h"
#include "engine/limit.h"
#include "engine/multiplier.h"

static_assert(POINTS_MAX <= INT64_MAX / (4 * RULES_MAX), "the sum of all rules' points cannot overflow");

static void add_entry(struct earned *earned, const struct entry *entry)
{
    if (entry->amount > 0 || entry->qualifying > 0) {
        CHECK(earned->count < sizeof(earned->entries) / sizeof(earned->entries[0]));
        earned->entries[earned->count++] = *entry;
    }
}

static void add_gift(const struct programme *programme, struct earned *earned, size_t i)
{
    const struct rule *rule = &programme->rules[i];
    const int64_t given = earned->gifts[i].given;
    const struct entry entry = {
        .rule = (int32_t)i,
        .card = rule->card,
        .amount = rule->qualifies != QUALIFIES_ONLY || rule->card >= 0 ? given : 0,
        .qualifying = rule->qualifies != QUALIFIES_NO && rule->card < 0 ? given : 0,
    };
    add_entry(earned, &entry);
}

/* Takes `excess` from the amounts of the entries from `first` on that `takes` says, from the last one on. */
static void shorten(struct earned *earned, size_t first, int32_t card, int32_t campaign,
                    const struct programme *programme, int64_t excess)
{
    for (size_t i = earned->count; i > first && excess > 0; i--) {
        struct entry *entry = &earned->entries[i - 1];
        const int32_t its = entry->rule >= 0 ? programme->rules[entry->rule].campaign : -1;
        if (entry->card != card || (campaign >= 0 && its != campaign)) {
            continue;
        }
        const int64_t taken = entry->amount < excess ? entry->amount : excess;
        excess -= taken;
        entry->amount -= taken;
        entry->qualifying =
            entry->amount < entry->qualifying && taken > 0 ? entry->amount : entry->qualifying;
    }
}

static int64_t sum_of(const struct earned *earned, size_t first, int32_t card)
{
    int64_t sum = 0;
    for (size_t i = first; i < earned->count; i++) {
        sum += earned->entries[i].card == card ? earned->entries[i].amount : 0;
    }
    return sum;
}

/* What the multipliers add, behind the base entries from `first` on. */
static int add_multiplied(const struct sale *sale, int32_t card, size_t first, struct earned *earned)
{
    struct multipliers multipliers;
    const int64_t basis = sum_of(earned, first, card);
    const int err = multipliers_apply(sale, card, earned->gifts, &multipliers);
    if (err != 0) {
        return err;
    }
    int64_t less = 0;
    for (size_t i = 0; i < multipliers.count; i++) {
        const struct multiplier *item = &multipliers.items[i];
        const struct entry entry = {
            .rule = item->rule,
            .card = card,
            .amount = item->part > 0 ? item->part : 0,
            .qualifying = card < 0 && item->qualifying > 0 ? item->qualifying : 0,
        };
        add_entry(earned, &entry);
        less += item->part < 0 ? -item->part : 0;
        if (item->rule < 0) {
            earned->level_basis = basis;
            earned->level_part = item->part;
        } else {
            struct gift *gift = &earned->gifts[item->rule];
            gift->basis = basis;
            gift->asked = item->asked;
            gift->given = item->part;
            gift->reason = basis == 0 ? TRACE_NO_POINTS : item->reason;
        }
    }
    shorten(earned, first, card, -1, sale->programme, less);
    return 0;
}

static int earn_kind(const struct sale *sale, int32_t card, struct earned *earned)
{
    const struct programme *programme = sale->programme;
    const size_t first = earned->count;
    rules_combine(programme, card, earned->gifts);
    for (size_t i = 0; i < programme->rules_count; i++) {
        if (rule_is_base(&programme->rules[i], card)) {
            add_gift(programme, earned, i);
        }
    }
    const int err = add_multiplied(sale, card, first, earned);
    for (size_t i = 0; i < programme->rules_count && err == 0; i++) {
        const struct rule *rule = &programme->rules[i];
        if (rule->card == card && rule->bonus && rule->kind != RULE_MULTIPLY && rule->kind != RULE_GIVES) {
            add_gift(programme, earned, i);
        }
    }
    return err;
}

/* The points of a campaign, or of the whole purchase where it is -1. */
static int64_t points_of(const struct programme *programme, const struct earned *earned, int32_t campaign)
{
    int64_t sum = 0;
    for (size_t i = 0; i < earned->count; i++) {
        const struct entry *entry = &earned->entries[i];
        const int32_t its = entry->rule >= 0 ? programme->rules[entry->rule].campaign : -1;
        sum += entry->card < 0 && (campaign < 0 || its == campaign) ? entry->amount : 0;
    }
    return sum;
}

static void cut_points(const struct sale *sale, const struct limits *limits, int32_t campaign,
                       struct earned *earned)
{
    const struct programme *programme = sale->programme;
    const int64_t asked = points_of(programme, earned, campaign);
    enum trace_reason reason = TRACE_APPLIED;
    const int64_t left = limits_leave(limits, sale, asked, &reason);
    earned->bounds[campaign >= 0 ? (size_t)campaign : programme->campaigns_count] =
        (struct bound){asked, left, reason};
    if (left == asked) {
        return;
    }
    shorten(earned, 0, -1, campaign, programme, asked - left);
    for (size_t i = 0; i < earned->count; i++) {
        const struct entry *entry = &earned->entries[i];
        struct gift *gift = entry->rule >= 0 ? &earned->gifts[entry->rule] : NULL;
        if (gift != NULL && entry->card < 0 && entry->amount < gift->given &&
            programme->rules[entry->rule].qualifies != QUALIFIES_ONLY) {
            gift->given = entry->amount;
            gift->reason = reason;
        }
    }
}

int earn(const struct sale *sale, struct earned *ret_earned)
{
    const struct programme *programme = sale->programme;
    CHECK(programme->rules_count <= RULES_MAX);
    ret_earned->count = 0;
    ret_earned->level_basis = 0;
    ret_earned->level_part = 0;
    int err = 0;
    for (size_t i = 0; i < programme->rules_count && err == 0; i++) {
        err = rule_gift(sale, i, ret_earned->gifts);
    }
    for (int32_t card = -1; card < (int32_t)programme->cards_count && err == 0; card++) {
        err = earn_kind(sale, card, ret_earned);
        if (card < 0 && err == 0) {
            for (size_t i = 0; i < programme->campaigns_count; i++) {
                cut_points(sale, &programme->campaigns[i].limits, (int32_t)i, ret_earned);
            }
            cut_points(sale, &programme->limits, -1, ret_earned);
        }
    }
    return err == 0 && earned_points(ret_earned) > POINTS_MAX ? ERR_OVERFLOW : err;
}

int64_t earned_points(const struct earned *earned)
{
    return sum_of(earned, 0, -1);
}

int64_t earned_qualifying(const struct earned *earned)
{
    int64_t sum = 0;
    for (size_t i = 0; i < earned->count; i++) {
        sum += earned->entries[i].qualifying;
    }
    return sum;
}

/* Whether the rule gave something, and how much of what its limits count. */
static int64_t gave(const struct programme *programme, const struct earned *earned, size_t rule)
{
    int64_t sum = programme->rules[rule].kind == RULE_GIVES ? earned->gifts[rule].given : 0;
    for (size_t i = 0; i < earned->count; i++) {
        const struct entry *entry = &earned->entries[i];
        if (entry->rule == (int32_t)rule) {
            const bool only = entry->card < 0 && programme->rules[rule].qualifies == QUALIFIES_ONLY;
            sum += only ? entry->qualifying : entry->amount;
        }
    }
    return sum;
}

int earned_count(const struct sale *sale, const struct earned *earned, struct outcome *outcome)
{
    const struct programme *programme = sale->programme;
    bool campaigns[CAMPAIGNS_MAX] = {false};
    CHECK(programme->campaigns_count <= CAMPAIGNS_MAX);
    int err = 0;
    for (size_t i = 0; i < programme->rules_count && err == 0; i++) {
        const struct rule *rule = &programme->rules[i];
        if (rule->limits.count == 0 && rule->campaign < 0) {
            continue;
        }
        const int64_t given = gave(programme, earned, i);
        if (rule->campaign >= 0 && given > 0) {
            campaigns[rule->campaign] = true;
        }
        err = limits_count(&rule->limits, sale, given, false, outcome);
    }
    for (size_t i = 0; i < programme->campaigns_count && err == 0; i++) {
        err = limits_count(&programme->campaigns[i].limits, sale, points_of(programme, earned, (int32_t)i),
                           campaigns[i], outcome);
    }
    return err != 0
               ? err
               : limits_count(&programme->limits, sale, points_of(programme, earned, -1), false, outcome);
}
