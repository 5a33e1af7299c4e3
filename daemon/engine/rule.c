#include "engine/rule.h"

#include "base/checked.h"
#include "engine/condition.h"
#include "engine/limit.h"
#include "engine/selector.h"
#include "engine/set.h"

#include <string.h>

/* A purchase as it lies in what a rule counts: from `before` to `reached`. */
struct stretch {
    int64_t before;
    int64_t reached;
};

bool rule_is_base(const struct rule *rule, int32_t card)
{
    return rule->card == card && !rule->bonus && rule->kind != RULE_MULTIPLY && rule->kind != RULE_GIVES;
}

int rule_basket(const struct rule *rule, const struct sale *sale, struct basket *room,
                const struct basket **ret_basket)
{
    *ret_basket = rule->has_basis ? room : &sale->basket;
    return rule->has_basis ? basket_measure(sale->programme, &rule->basis, sale->purchase, room) : 0;
}

/* Whether a rule's conditions ask for goods: a visit is of the shop, a factor or a gift goes with anything,
 * unless they name goods. */
static bool needs_lines(const struct rule *rule)
{
    return rule->kind == RULE_SPEND || rule->kind == RULE_ITEM || !selector_is_open(&rule->selector);
}

static enum trace_reason campaign_hindrance(const struct rule *rule, const struct sale *sale,
                                            const struct share *share, struct shortfall *shortfall)
{
    if (rule->campaign < 0) {
        return TRACE_APPLIED;
    }
    const struct campaign *campaign = &sale->programme->campaigns[rule->campaign];
    if (condition_circumstances(&campaign->when, sale) != TRACE_APPLIED ||
        condition_any(&campaign->unless, sale, share)) {
        return TRACE_CAMPAIGN;
    }
    enum trace_reason reason = condition_amounts(&campaign->when, sale, share, shortfall);
    (void)(reason == TRACE_APPLIED && limits_open(&campaign->limits, sale, &reason));
    return reason;
}

/* Whether the rule is of purchases, of this activity, or of this occasion. Factors go with what members do.
 */
static enum trace_reason event_hindrance(const struct rule *rule, const struct sale *sale)
{
    if (sale->occasions != 0 || rule->occasion != OCCASION_NONE) {
        return (sale->occasions & OCCASION_BIT(rule->occasion)) != 0 ? TRACE_APPLIED : TRACE_EVENT;
    }
    const bool activity = sale->activity != NULL;
    if (rule->kind != RULE_MULTIPLY && (rule->kind == RULE_ACTIVITY) != activity) {
        return TRACE_EVENT;
    }
    return rule->kind == RULE_ACTIVITY && strcmp(rule->activity, sale->activity) != 0 ? TRACE_CODE
                                                                                      : TRACE_APPLIED;
}

static struct stretch stretch_of(const struct rule *rule, const struct sale *sale, int64_t amount)
{
    int64_t before = rule->has_measure ? context_metric(sale->context, rule->measure + 1).value : 0;
    before = before > AMOUNT_MAX ? AMOUNT_MAX : before > 0 ? before : 0;
    return (struct stretch){before, before + amount};
}

/* What of the amount lies between the rule's two. */
static int64_t part_of(const struct rule *rule, const struct sale *sale, int64_t amount)
{
    if (rule->from == 0 && rule->to == 0) {
        return amount;
    }
    const struct stretch all = stretch_of(rule, sale, amount);
    const int64_t first = all.before > rule->from ? all.before : rule->from;
    const int64_t last = rule->to > 0 && rule->to < all.reached ? rule->to : all.reached;
    return last > first ? last - first : 0;
}

/* Whether the purchase comes to where the rule's part of it begins. */
static enum trace_reason part_hindrance(const struct rule *rule, const struct sale *sale,
                                        const struct share *share, struct shortfall *shortfall)
{
    const struct stretch all = stretch_of(rule, sale, share->amount);
    if (rule->kind != RULE_SPEND || rule->from == 0 || all.reached > rule->from) {
        return TRACE_APPLIED;
    }
    const int64_t gives = rule->from + rule_first_step(rule);
    *shortfall = (struct shortfall){gives - all.before, gives - all.reached};
    return TRACE_MIN_SPEND;
}

/* Why the rule does not get as far as its arithmetic, or TRACE_APPLIED. */
static enum trace_reason rule_hindrance(const struct rule *rule, const struct sale *sale,
                                        const struct share *share, struct shortfall *shortfall)
{
    if (sale->member == 0) {
        return TRACE_NO_MEMBER;
    }
    enum trace_reason reason = event_hindrance(rule, sale);
    reason = reason == TRACE_APPLIED ? condition_circumstances(&rule->when, sale) : reason;
    if (reason != TRACE_APPLIED) {
        return reason;
    }
    if (condition_any(&rule->unless, sale, share)) {
        return TRACE_UNLESS;
    }
    if (share->lines == 0 && needs_lines(rule)) {
        return TRACE_NO_LINES;
    }
    if (rule->kind == RULE_VISIT && sale->programme->visits_by_day && sale->context->visits_today > 0) {
        return TRACE_NOT_TODAY;
    }
    reason = campaign_hindrance(rule, sale, share, shortfall);
    reason = reason == TRACE_APPLIED ? condition_amounts(&rule->when, sale, share, shortfall) : reason;
    (void)(reason == TRACE_APPLIED && limits_open(&rule->limits, sale, &reason));
    return reason == TRACE_APPLIED ? part_hindrance(rule, sale, share, shortfall) : reason;
}

static int amount_points(const struct rule *rule, int64_t basis, int64_t *ret_points)
{
    switch (rule->steps) {
    case STEPS_EXACT:
        return checked_mul_div(basis, rule->give, rule->per, ROUND_FLOOR, ret_points);
    case STEPS_WHOLE:
        break;
    }
    return checked_mul(rule->give, basis / rule->per, ret_points);
}

/* What rounding takes away, for the trace: 0 where it takes nothing. */
static int64_t before_rounding(const struct rule *rule, int64_t basis, int64_t points)
{
    int64_t exact = 0;
    int64_t rounded = 0;
    if (!rule_is_per_amount(rule) || points < 0 || basis <= 0 ||
        checked_mul_div(basis, 1000 * rule->give, rule->per, ROUND_FLOOR, &exact) != 0 ||
        checked_mul(points, 1000, &rounded) != 0) {
        return 0;
    }
    return exact != rounded ? exact : 0;
}

static int64_t rule_basis(const struct rule *rule, const struct sale *sale, const struct share *share)
{
    switch (rule->kind) {
    case RULE_SPEND:
        return part_of(rule, sale, share->amount);
    case RULE_ACTIVITY:
        return rule_is_per_amount(rule) ? part_of(rule, sale, sale->amount) : 1;
    case RULE_ITEM:
        return rule->item_per == PER_LINE ? share->goods : share->quantity;
    case RULE_VISIT:
    case RULE_MULTIPLY:
    case RULE_GIVES:
    case RULE_OCCASION:
        break;
    }
    return 1;
}

static int rule_points(const struct rule *rule, int64_t basis, int64_t *ret_points)
{
    switch (rule->kind) {
    case RULE_SPEND:
        return amount_points(rule, basis, ret_points);
    case RULE_ITEM:
        return checked_mul(rule->give,
                           (rule->item_per == PER_LINE ? basis : basis / 1000) /
                               (rule->every > 0 ? rule->every : 1),
                           ret_points);
    case RULE_ACTIVITY:
        if (rule_is_per_amount(rule)) {
            return amount_points(rule, basis, ret_points);
        }
        *ret_points = rule->give;
        return 0;
    case RULE_VISIT:
    case RULE_OCCASION:
        *ret_points = rule->give;
        return 0;
    case RULE_GIVES:
    case RULE_MULTIPLY:
        break;
    }
    *ret_points = 1;
    return 0;
}

/* Whether it counts articles or labels that are new to its card. */
static bool stamps_a_set(const struct rule *rule, const struct programme *programme)
{
    return rule->kind == RULE_ITEM && rule->card >= 0 &&
           programme->cards[rule->card].distinct != DISTINCT_NOT;
}

int rule_gift(const struct sale *sale, size_t index, struct gift *gifts)
{
    const struct rule *rule = &sale->programme->rules[index];
    struct gift *ret_gift = &gifts[index];
    struct basket own;
    const struct basket *basket;
    struct share share;
    struct shortfall shortfall = {0};
    int64_t points = 0;
    int64_t exact = 0;
    int err = rule_basket(rule, sale, &own, &basket);
    if (err != 0) {
        return err;
    }
    basket_select(basket, &rule->selector, &share);
    int64_t basis = rule_basis(rule, sale, &share);
    if (stamps_a_set(rule, sale->programme)) {
        basis = set_new(sale, basket, index, gifts) * (rule->item_per == PER_LINE ? 1 : 1000);
    }
    enum trace_reason reason = rule_hindrance(rule, sale, &share, &shortfall);
    if (reason == TRACE_APPLIED) {
        err = rule_points(rule, basis, &points);
        if (err != 0) {
            return err;
        }
        if (points > POINTS_MAX) {
            return ERR_OVERFLOW;
        }
        exact = before_rounding(rule, basis, points);
        if (points <= 0) {
            reason = TRACE_NOTHING;
            points = 0;
        }
    }
    *ret_gift = (struct gift){
        .reason = reason,
        .basis = basis,
        .needed = shortfall.asked,
        .lacking = shortfall.lacking,
        .asked = points,
        .exact = exact,
        .given = rule->kind == RULE_MULTIPLY ? 0 : points,
    };
    if (rule->kind != RULE_MULTIPLY) {
        ret_gift->given = limits_leave(&rule->limits, sale, points, &ret_gift->reason);
    }
    return 0;
}

static void silence(struct gift *gift, enum trace_reason reason)
{
    if (gift->given > 0) {
        gift->given = 0;
        gift->reason = reason;
    }
}

/* The index of the rule that is kept alone, or the number of rules when none gives anything. */
static size_t winner(const struct programme *programme, int32_t card, const struct gift *gifts)
{
    size_t found = programme->rules_count;
    for (size_t i = 0; i < programme->rules_count; i++) {
        if (!rule_is_base(&programme->rules[i], card) || gifts[i].given == 0) {
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

static size_t exclusive_winner(const struct programme *programme, int32_t card, const struct gift *gifts)
{
    size_t found = programme->rules_count;
    for (size_t i = 0; i < programme->rules_count; i++) {
        const struct rule *rule = &programme->rules[i];
        if (rule_is_base(rule, card) && rule->exclusive && gifts[i].given > 0 &&
            (found == programme->rules_count || rule->priority > programme->rules[found].priority)) {
            found = i;
        }
    }
    return found;
}

void rules_combine(const struct programme *programme, int32_t card, struct gift *gifts)
{
    const size_t none = programme->rules_count;
    const size_t exclusive = exclusive_winner(programme, card, gifts);
    const size_t kept = exclusive != none                   ? exclusive
                        : programme->combine != COMBINE_SUM ? winner(programme, card, gifts)
                                                            : none;
    bool stopped = false;
    for (size_t i = 0; i < programme->rules_count; i++) {
        const struct rule *rule = &programme->rules[i];
        if (!rule_is_base(rule, card)) {
            continue;
        }
        if (kept != none && i != kept) {
            silence(&gifts[i], exclusive != none ? TRACE_EXCLUSIVE : TRACE_NOT_BEST);
        } else if (stopped) {
            silence(&gifts[i], TRACE_STOPPED);
        }
        stopped = stopped || (rule->stop && gifts[i].given > 0);
    }
}
