#include "engine/engine.h"
#include "engine/near_miss.h"
#include "engine/points.h"
#include "engine/rule.h"
#include "engine/sale.h"
#include "engine/stamps.h"
#include "engine/tiers.h"

#include "base/check.h"

static void add_exception(struct outcome *outcome, enum exception_kind kind, int64_t amount)
{
    CHECK(outcome->exceptions_count < EXCEPTIONS_MAX);
    outcome->exceptions[outcome->exceptions_count++] = (struct exception){.kind = kind, .amount = amount};
}

static bool claims_anything(const struct purchase *purchase)
{
    return purchase->free_units_count > 0 || purchase->redemptions_count > 0 ||
           purchase->pay_with_points != NULL;
}

/* What the till has given away already and the member has no claim to: left out, and said so. */
static void leave_claims_out(const struct purchase *purchase, struct outcome *outcome)
{
    if (purchase->redemptions_count > 0) {
        add_exception(outcome, EXCEPTION_REDEMPTION_LEFT_OUT, (int64_t)purchase->redemptions_count);
    }
    int64_t units = 0;
    for (size_t i = 0; i < purchase->free_units_count; i++) {
        units += purchase->free_units[i].units;
    }
    if (purchase->free_units_count > 0) {
        add_exception(outcome, EXCEPTION_FREE_UNITS_LEFT_OUT, units);
    }
    if (purchase->pay_with_points != NULL) {
        add_exception(outcome, EXCEPTION_POINTS_LEFT_OUT, purchase->pay_with_points->points);
    }
}

static int enrol(uint32_t member, struct outcome *outcome)
{
    outcome->member = member;
    return outcome_add(outcome, EFFECT_ENROL, member) == NULL ? ERR_TOO_LARGE : 0;
}

/* Whose purchase it is: outcome->member, 0 for nobody's. */
static int find_member(const struct programme *programme, const struct purchase *purchase,
                       const struct context *context, struct outcome *outcome)
{
    outcome->member = context->member;
    if (context->member != 0 || purchase->card.size == 0) {
        return 0;
    }
    if (context->new_member == 0) {
        add_exception(outcome, EXCEPTION_CARD_NOT_OPENED, 0);
        return 0;
    }
    if (!programme->auto_enrol) {
        add_exception(outcome, EXCEPTION_UNKNOWN_CARD, 0);
        return 0;
    }
    return enrol(context->new_member, outcome);
}

static struct balances balances_before(const struct context *context)
{
    struct balances balances = {.level = context->level, .level_until = context->level_until};
    for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
        balances.accounts[i] = context->balances[i];
    }
    return balances;
}

/* Every rule by itself, then the combination of those that give the same. */
static int collect_gifts(const struct sale *sale, struct gift gifts[RULES_MAX])
{
    const struct programme *programme = sale->programme;
    CHECK(programme->rules_count <= RULES_MAX);
    for (size_t i = 0; i < programme->rules_count; i++) {
        const int err = rule_gift(&programme->rules[i], sale, &gifts[i]);
        if (err != 0) {
            return err;
        }
    }
    rules_combine(programme, -1, gifts);
    for (size_t card = 0; card < programme->cards_count; card++) {
        rules_combine(programme, (int32_t)card, gifts);
    }
    return 0;
}

static void trace_rules(const struct programme *programme, const struct gift *gifts,
                        struct decision *decision)
{
    for (size_t i = 0; i < programme->rules_count; i++) {
        CHECK(decision->trace_count < TRACE_LINES_MAX);
        decision->trace[decision->trace_count++] = (struct trace_line){
            .kind = TRACE_RULE,
            .number = programme->rules[i].number,
            .reason = gifts[i].reason,
            .basis = gifts[i].basis,
            .given = gifts[i].given,
            .lacking = gifts[i].lacking,
        };
    }
}

static int add_metric(const struct sale *sale, int64_t qualifying, struct outcome *outcome)
{
    if (qualifying == 0) {
        return 0;
    }
    struct effect *effect = outcome_add(outcome, EFFECT_METRIC, sale->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->metric.metric = METRIC_QUALIFYING;
    effect->metric.day = sale->context->member_day;
    effect->metric.amount = qualifying;
    return 0;
}

static int add_visit(const struct sale *sale, struct outcome *outcome)
{
    struct effect *effect = outcome_add(outcome, EFFECT_VISIT, sale->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->visit.day = sale->context->member_day;
    return 0;
}

/* What the member gets, in the order of RULES 0. */
static int give(const struct sale *sale, const struct gift *gifts, struct decision *decision)
{
    struct outcome *outcome = &decision->outcome;
    struct balances balances = balances_before(sale->context);
    struct stamps after[CARDS_MAX];
    int64_t qualifying = 0;
    int err = points_credit(sale, gifts, &balances, decision, &qualifying);
    err = err != 0 ? err : add_metric(sale, qualifying, outcome);
    err = err != 0
              ? err
              : tiers_reach(sale->programme, sale->context, sale->member, qualifying, &balances, decision);
    err = err != 0 ? err : stamps_give(sale, gifts, decision, after);
    err = err != 0 ? err : add_visit(sale, outcome);
    if (err == 0) {
        near_misses_find(sale, gifts, after, tiers_standing(&sale->programme->tiers, balances.level),
                         balances.qualifying, outcome);
        outcome->balances = balances;
        outcome->has_balances = true;
    }
    return err;
}

static int decide_purchase(const struct programme *programme, const struct engine_place *place,
                           const struct purchase *purchase, const struct context *context,
                           struct decision *decision)
{
    if (claims_anything(purchase) && !purchase->redeem_done) {
        decision_refuse(decision, CODE_CANNOT_REDEEM);
        return 0;
    }
    leave_claims_out(purchase, &decision->outcome);
    int err = find_member(programme, purchase, context, &decision->outcome);
    if (err != 0) {
        return err;
    }
    struct sale sale;
    sale.programme = programme;
    sale.purchase = purchase;
    sale.context = context;
    sale.store = purchase->receipt.store != NULL ? purchase->receipt.store : place->store;
    sale.till = purchase->receipt.till != NULL ? purchase->receipt.till : place->till;
    sale.member = decision->outcome.member;
    sale.level = tiers_standing(&programme->tiers, context->level);
    err = basket_measure(programme, purchase, &sale.basket);
    struct gift gifts[RULES_MAX];
    err = err != 0 ? err : collect_gifts(&sale, gifts);
    if (err != 0) {
        return err;
    }
    trace_rules(programme, gifts, decision);
    return sale.member != 0 ? give(&sale, gifts, decision) : 0;
}

static int decide_enrolment(const struct programme *programme, const struct context *context,
                            struct decision *decision)
{
    struct outcome *outcome = &decision->outcome;
    if (context->member != 0 || context->new_member == 0) {
        decision_refuse(decision, context->member != 0 ? CODE_MEMBER_EXISTS : CODE_CARD_MISSING);
        return 0;
    }
    struct balances balances = balances_before(context);
    int err = enrol(context->new_member, outcome);
    err = err != 0 ? err : tiers_reach(programme, context, outcome->member, 0, &balances, decision);
    if (err == 0) {
        outcome->balances = balances;
        outcome->has_balances = true;
    }
    return err;
}

int engine_decide(const struct programme *programme, const struct engine_place *place,
                  const struct event *event, const struct context *context, struct decision *decision)
{
    CHECK(event->kind == EVENT_PURCHASE || event->kind == EVENT_ENROLMENT);
    decision->outcome.programme_version = programme->version;
    decision->outcome.member = context->member;
    return event->kind == EVENT_PURCHASE
               ? decide_purchase(programme, place, &event->purchase, context, decision)
               : decide_enrolment(programme, context, decision);
}
