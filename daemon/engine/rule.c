#include "engine/rule.h"

#include "base/checked.h"
#include "engine/condition.h"
#include "engine/selector.h"

/* Why the rule does not get as far as its arithmetic, or TRACE_APPLIED. */
static enum trace_reason rule_hindrance(const struct rule *rule, const struct sale *sale,
                                        const struct share *share, struct shortfall *shortfall)
{
    if (sale->member == 0) {
        return TRACE_NO_MEMBER;
    }
    const enum trace_reason reason = condition_circumstances(&rule->when, sale);
    if (reason != TRACE_APPLIED) {
        return reason;
    }
    if (condition_any(&rule->unless, sale, share)) {
        return TRACE_UNLESS;
    }
    /* A visit is of the shop, not of its goods, unless the rule names some. */
    if (share->lines == 0 && !(rule->kind == RULE_VISIT && selector_is_open(&rule->selector))) {
        return TRACE_NO_LINES;
    }
    return condition_amounts(&rule->when, sale, share, shortfall);
}

static int spend_points(const struct rule *rule, int64_t basis, int64_t *ret_points)
{
    switch (rule->steps) {
    case STEPS_EXACT:
        return checked_mul_div(basis, rule->give, rule->per, ROUND_FLOOR, ret_points);
    case STEPS_WHOLE:
        break;
    }
    return checked_mul(rule->give, basis / rule->per, ret_points);
}

static int64_t rule_basis(const struct rule *rule, const struct share *share)
{
    switch (rule->kind) {
    case RULE_SPEND:
        return share->amount;
    case RULE_ITEM:
        return rule->item_per == PER_LINE ? share->goods : share->quantity;
    case RULE_VISIT:
        break;
    }
    return 1;
}

static int rule_points(const struct rule *rule, int64_t basis, int64_t *ret_points)
{
    switch (rule->kind) {
    case RULE_SPEND:
        return spend_points(rule, basis, ret_points);
    case RULE_ITEM:
        return checked_mul(rule->give, rule->item_per == PER_LINE ? basis : basis / 1000, ret_points);
    case RULE_VISIT:
        break;
    }
    *ret_points = rule->give;
    return 0;
}

int rule_gift(const struct rule *rule, const struct sale *sale, struct gift *ret_gift)
{
    struct share share;
    struct shortfall shortfall = {0};
    int64_t points = 0;
    basket_select(&sale->basket, &rule->selector, &share);
    const int64_t basis = rule_basis(rule, &share);
    enum trace_reason reason = rule_hindrance(rule, sale, &share, &shortfall);
    if (reason == TRACE_APPLIED) {
        const int err = rule_points(rule, basis, &points);
        if (err != 0) {
            return err;
        }
        if (points > POINTS_MAX) {
            return ERR_OVERFLOW;
        }
        if (points <= 0) {
            reason = TRACE_NOTHING;
            points = 0;
        }
    }
    *ret_gift = (struct gift){
        .reason = reason,
        .basis = basis,
        .asked = shortfall.asked,
        .lacking = shortfall.lacking,
        .given = points,
    };
    return 0;
}

/* The index of the gift that stands alone, or the number of rules when none gives anything. */
static size_t winner(const struct programme *programme, int32_t card, const struct gift *gifts)
{
    size_t found = programme->rules_count;
    for (size_t i = 0; i < programme->rules_count; i++) {
        if (programme->rules[i].card != card || gifts[i].given == 0) {
            continue;
        }
        if (found == programme->rules_count || gifts[i].given > gifts[found].given) {
            found = i;
        }
        if (programme->combine == COMBINE_FIRST) {
            break;
        }
    }
    return found;
}

void rules_combine(const struct programme *programme, int32_t card, struct gift *gifts)
{
    if (programme->combine == COMBINE_SUM) {
        return;
    }
    const size_t kept = winner(programme, card, gifts);
    for (size_t i = 0; i < programme->rules_count; i++) {
        if (programme->rules[i].card == card && gifts[i].given > 0 && i != kept) {
            gifts[i].given = 0;
            gifts[i].reason = TRACE_NOT_BEST;
        }
    }
}
