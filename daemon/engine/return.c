#include "engine/return.h"

#include "base/checked.h"
#include "engine/give.h"
#include "engine/redeem.h"
#include "engine/remains.h"
#include "engine/takeback.h"
#include "engine/tiers.h"

/* What of a receipt goes from one state to another. */
struct going {
    const struct purchase *purchase; /* as it was bought */
    struct purchase paid;            /* that, with what was redeemed among its tenders */
    struct tender tenders[TENDERS_MAX + 2];
    struct returned before;
    struct returned after;
    struct remains left_before;
    struct remains left_after;
    struct gains given;  /* by the event that decided the purchase */
    struct gains stood;  /* what stood of it before */
    struct gains stands; /* and stands after */
};

static bool is_untouched(const struct going *going)
{
    for (size_t i = 0; i < going->purchase->lines_count; i++) {
        if (going->before.quantity[i] != 0 || going->before.money[i] != 0) {
            return false;
        }
    }
    return !going->before.whole;
}

/* What the rest of the basket gives: at most what was given. */
static int gains_of_rest(const struct engine_past *past, const struct remains *remains,
                         const struct gains *given, struct bindings *bindings, struct decision *decision,
                         struct gains *ret_gains)
{
    gains_clear(ret_gains);
    if (remains->nothing) {
        return 0;
    }
    const int err = gains_again(past, &remains->purchase, bindings, decision, ret_gains);
    for (size_t i = 0; i < ret_gains->cards_count && err == 0; i++) {
        const int64_t most = gains_stamps(given, ret_gains->cards[i].card);
        ret_gains->cards[i].stamps = ret_gains->cards[i].stamps < most ? ret_gains->cards[i].stamps : most;
    }
    return err;
}

/* Decides the purchase again as it was, for the limits that bound; then what was left of it and is left now.
 */
static int weigh(const struct engine_past *past, struct going *going, struct decision *decision)
{
    struct bindings bindings;
    struct gains again;
    bindings.use = BINDINGS_RECORD;
    bindings.count = 0;
    int err = gains_recorded(past, &going->given);
    err = err != 0 ? err : gains_again(past, going->purchase, &bindings, decision, &again);
    bindings.use = BINDINGS_REPLAY;
    if (err == 0 && is_untouched(going)) {
        going->stood = going->given;
    } else if (err == 0) {
        err = gains_of_rest(past, &going->left_before, &going->given, &bindings, decision, &going->stood);
    }
    return err != 0
               ? err
               : gains_of_rest(past, &going->left_after, &going->given, &bindings, decision, &going->stands);
}

/* Of `whole`, the part that has been returned: by amount, by quantity where the amount is 0. */
static int returned_part(const struct going *going, int64_t whole, enum rounding rounding, int64_t *ret_part)
{
    struct remains all;
    static const struct returned none;
    const int err = remains_make(going->purchase, &none, &all);
    if (err != 0 || going->left_after.nothing) {
        *ret_part = going->left_after.nothing ? whole : 0;
        return err;
    }
    if (all.due > 0) {
        return checked_mul_div(whole, all.due - going->left_after.due, all.due, rounding, ret_part);
    }
    *ret_part = 0;
    return all.quantity > 0 ? checked_mul_div(whole, all.quantity - going->left_after.quantity, all.quantity,
                                              rounding, ret_part)
                            : 0;
}

/* What of `earned` stays with the member, of which `kept` stands: `rest` is what the rest of the basket would
 * earn, `part` what the returned part alone would. */
static int keep(const struct return_policy *policy, const struct going *going, int64_t earned, int64_t kept,
                int64_t rest, int64_t part, int64_t *ret_kept)
{
    int64_t gone = 0;
    int err = 0;
    *ret_kept = kept;
    if (going->left_after.nothing && policy->points != RETURN_KEEP) {
        *ret_kept = 0;
        return 0;
    }
    switch (policy->points) {
    case RETURN_RECOMPUTE:
        *ret_kept = least(earned, rest);
        break;
    case RETURN_PRORATE:
        err = returned_part(going, earned, ROUND_HALF_UP, &gone);
        *ret_kept = earned - gone;
        break;
    case RETURN_FLOOR_OF_REFUND:
        *ret_kept = kept - least(kept, part);
        break;
    case RETURN_KEEP:
        break;
    }
    return err;
}

struct taking {
    int64_t points;
    int64_t qualifying;
};

static int find_taking(const struct return_policy *policy, const struct context *context,
                       const struct engine_past *past, const struct going *going, struct decision *decision,
                       struct taking *ret_taking)
{
    const struct receipt_fact taken = context_fact(context, FACT_TAKEN, 0);
    const int64_t adjusted = context_fact(context, FACT_ADJUSTED, 0).amount;
    const int64_t earned = going->given.points - least(adjusted, going->given.points);
    struct gains part;
    int64_t points;
    int64_t qualifying;
    int err = 0;
    gains_clear(&part);
    if (policy->points == RETURN_FLOOR_OF_REFUND && !going->left_after.nothing) {
        struct bindings none;
        struct remains gone;
        none.use = BINDINGS_REPLAY;
        none.count = 0;
        err = remains_part(going->purchase, &going->before, &going->after, &gone);
        err = err != 0 ? err : gains_again(past, &gone.purchase, &none, decision, &part);
    }
    err = err != 0 ? err
                   : keep(policy, going, earned, earned - taken.amount, going->stands.points, part.points,
                          &points);
    err = err != 0 ? err
                   : keep(policy, going, going->given.qualifying, going->given.qualifying - taken.quantity,
                          going->stands.qualifying, part.qualifying, &qualifying);
    if (err == 0) {
        ret_taking->points = earned - taken.amount - points;
        ret_taking->qualifying = going->given.qualifying - taken.quantity - qualifying;
    }
    return err;
}

/* How many of the points spent on the purchase come back now. */
static int find_spent(const struct return_policy *policy, const struct context *context,
                      const struct engine_past *past, const struct going *going, int64_t *ret_spent)
{
    const int64_t back = context_fact(context, FACT_GIVEN_BACK, 0).amount;
    const int64_t spent = takeback_spent(past);
    int64_t due = 0;
    int err = 0;
    switch (policy->spent) {
    case SPENT_PRORATE:
        err = returned_part(going, spent, ROUND_FLOOR, &due);
        break;
    case SPENT_WHEN_WHOLE:
        due = going->left_after.nothing ? spent : 0;
        break;
    case SPENT_KEEP:
        break;
    }
    *ret_spent = due > back ? due - back : 0;
    return err;
}

static int add_line_facts(struct takeback *takeback, const struct going *going)
{
    int err = 0;
    for (size_t i = 0; i < going->purchase->lines_count && err == 0; i++) {
        const struct receipt_fact fact = {.kind = FACT_LINE,
                                          .index = (uint32_t)i,
                                          .quantity = going->after.quantity[i] - going->before.quantity[i],
                                          .amount = going->after.money[i] - going->before.money[i]};
        err = takeback_fact(takeback, true, &fact);
    }
    return err;
}

/* Nothing of the member's goes. */
static void keep_balances(const struct context *context, struct outcome *outcome)
{
    outcome->balances = balances_before(context);
    outcome->has_balances = outcome->member != 0;
}

static void close_balances(const struct takeback *takeback, struct balances *balances)
{
    for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
        balances->accounts[i] = takeback->purse.accounts[i];
    }
    takeback->decision->outcome.balances = *balances;
    takeback->decision->outcome.has_balances = true;
}

/* Everything of the member's that goes with the goods. */
static int take_back(struct takeback *takeback, struct going *going)
{
    const struct return_policy *policy = takeback->policy;
    const struct context *context = takeback->context;
    const struct engine_past *past = takeback->past;
    struct balances balances = balances_before(context);
    struct taking taking;
    int64_t spent = 0;
    int err = weigh(past, going, takeback->decision);
    err = err != 0 ? err : find_taking(policy, context, past, going, takeback->decision, &taking);
    err = err != 0 ? err : find_spent(policy, context, past, going, &spent);
    err = err != 0 ? err : takeback_points(takeback, taking.points, spent);
    if (err != 0) {
        return err;
    }
    const struct receipt_fact taken = {
        .kind = FACT_TAKEN, .quantity = taking.qualifying, .amount = taking.points};
    const struct receipt_fact back = {.kind = FACT_GIVEN_BACK, .amount = spent};
    err = takeback_fact(takeback, false, &taken);
    err = err != 0 ? err : takeback_fact(takeback, false, &back);
    going->stood.qualifying = taking.qualifying;
    going->stands.qualifying = 0;
    err = err != 0 ? err : takeback_metrics(takeback, &going->stood, &going->stands, &balances);
    err = err != 0 ? err : takeback_stamps(takeback, &going->stood, &going->stands);
    err = err != 0 ? err : takeback_vouchers(takeback, &going->stood, &going->stands);
    if (err == 0 && going->left_after.nothing && !going->left_before.nothing) {
        err = takeback_visit(takeback);
    }
    if (err == 0 && policy->spent != SPENT_KEEP) {
        err = takeback_redeemed(takeback,
                                going->purchase->lines_count > 0 ? &going->left_before.purchase : NULL,
                                &going->left_after.purchase, going->left_after.nothing);
    }
    close_balances(takeback, &balances);
    return err;
}

static int begin(const struct engine_past *past, const struct context *context, struct going *going)
{
    redeem_paid(past, going->tenders, &going->paid);
    going->purchase = &going->paid;
    int err = returned_read(going->purchase, context, &going->before);
    if (err == 0) {
        going->after = going->before;
        err = remains_make(going->purchase, &going->before, &going->left_before);
    }
    return err;
}

/* Of a purchase that sold nothing, such as an empty one, no line says that it is back. */
static int add_back_fact(struct takeback *takeback, const struct going *going)
{
    static const struct receipt_fact back = {.kind = FACT_VOIDED, .index = FACT_VOIDED_BACK, .quantity = 1};
    struct returned by_lines = going->after;
    struct remains left;
    by_lines.whole = false;
    const int err = remains_make(going->purchase, &by_lines, &left);
    const bool said = left.nothing || going->before.whole || !going->after.whole;
    return err != 0 || said ? err : takeback_fact(takeback, true, &back);
}

/* Books what goes: facts of the lines, and what the member loses and gets back. */
static int book(struct takeback *takeback, struct going *going, bool goods)
{
    int err = remains_make(going->purchase, &going->after, &going->left_after);
    err = err != 0 || !goods ? err : add_line_facts(takeback, going);
    err = err != 0 || !goods ? err : add_back_fact(takeback, going);
    if (err != 0 || takeback->past->outcome->member == 0) {
        return err;
    }
    err = take_back(takeback, going);
    if (err == 0 && takeback->used > 0) {
        outcome_except(&takeback->decision->outcome, EXCEPTION_VOUCHER_USED, takeback->used);
    }
    return err;
}

/* Goods that come back without a receipt the log knows. */
static int return_loose(const struct programme *programme, const struct engine_place *place,
                        const struct goods_return *goods, const struct context *context,
                        struct decision *decision)
{
    struct outcome *outcome = &decision->outcome;
    const bool by_amount =
        programme->returns.without_receipt == WITHOUT_RECEIPT_BY_AMOUNT && goods->amount > 0;
    if (programme->returns.without_receipt == WITHOUT_RECEIPT_REFUSE && !goods->done) {
        decision_refuse(decision, CODE_UNKNOWN_RECEIPT);
        return 0;
    }
    if (!by_amount || outcome->member == 0) {
        outcome_except(outcome, EXCEPTION_WITHOUT_RECEIPT, goods->amount);
        keep_balances(context, outcome);
        return 0;
    }
    const struct line line = {.quantity = QUANTITY_DEFAULT, .gross = goods->amount};
    const struct event event = {.kind = EVENT_PURCHASE,
                                .purchase = {.receipt = goods->receipt, .lines = &line, .lines_count = 1}};
    /* As if it were bought now: the decision reads the context of this event and the outcome's member. */
    const struct engine_past now = {
        .programme = programme, .place = *place, .event = &event, .context = context, .outcome = outcome};
    struct takeback takeback;
    struct bindings none;
    struct gains gains;
    struct balances balances = balances_before(context);
    none.use = BINDINGS_REPLAY;
    none.count = 0;
    takeback_open(&takeback, programme, &programme->returns, context, NULL, decision);
    int err = gains_again(&now, &event.purchase, &none, decision, &gains);
    err = err != 0 ? err : takeback_loose(&takeback, gains.points);
    close_balances(&takeback, &balances);
    return err;
}

static void nobody(struct takeback *takeback, const struct programme *programme,
                   const struct return_policy *policy, const struct context *context,
                   const struct engine_past *past, struct decision *decision)
{
    takeback->programme = programme;
    takeback->policy = policy;
    takeback->context = context;
    takeback->past = past;
    takeback->decision = decision;
    takeback->first = decision->outcome.effects_count;
    takeback->shortfall = 0;
    takeback->used = 0;
}

static void start_taking(struct takeback *takeback, const struct programme *programme,
                         const struct return_policy *policy, const struct context *context,
                         const struct engine_past *past, struct decision *decision)
{
    if (past->outcome->member == 0) {
        nobody(takeback, programme, policy, context, past, decision);
    } else {
        takeback_open(takeback, programme, policy, context, past, decision);
    }
}

int return_decide(const struct programme *programme, const struct engine_place *place,
                  const struct goods_return *goods, const struct context *context,
                  const struct engine_past *past, struct decision *decision)
{
    struct outcome *outcome = &decision->outcome;
    struct takeback takeback;
    struct going going;
    struct excess excess;
    if (!goods->has_original) {
        return return_loose(programme, place, goods, context, decision);
    }
    if (past == NULL) {
        /* Parked until its purchase arrives; the ledger knows it by the receipt. */
        if (programme->returns.refuse_unknown_receipt && !goods->done) {
            decision_refuse(decision, CODE_UNKNOWN_RECEIPT);
        } else if (programme->returns.refuse_unknown_receipt) {
            outcome_except(outcome, EXCEPTION_UNKNOWN_RECEIPT, goods->amount);
        } else {
            outcome_except(outcome, EXCEPTION_PARKED, goods->amount);
        }
        return 0;
    }
    outcome->member = context->member; /* to whom what it gave belongs by now */
    start_taking(&takeback, programme, &programme->returns, context, past, decision);
    int err = begin(past, context, &going);
    if (err == 0 && context_fact(context, FACT_VOIDED, 0).quantity > 0) {
        outcome_except(outcome, EXCEPTION_VOIDED_RECEIPT, goods->amount);
        keep_balances(context, outcome);
        return 0;
    }
    err = err != 0 ? err : returned_add(going.purchase, goods, &going.after, &excess);
    err = err != 0 ? err : book(&takeback, &going, true);
    if (err != 0) {
        return err;
    }
    if (takeback.shortfall > 0 && !goods->done) {
        decision_refuse(decision, CODE_POINTS_SPENT);
        return 0;
    }
    if (takeback.shortfall > 0) {
        outcome_except(outcome, EXCEPTION_POINTS_NOT_TAKEN, takeback.shortfall);
    }
    if (excess.quantity > 0) {
        outcome_except(outcome, EXCEPTION_QUANTITY_NOT_RETURNED, excess.quantity);
    }
    if (excess.amount > 0) {
        outcome_except(outcome, EXCEPTION_AMOUNT_NOT_RETURNED, excess.amount);
    }
    return 0;
}

int void_decide(const struct programme *programme, const struct event *event, const struct context *context,
                const struct engine_past *past, struct decision *decision)
{
    /* Exact whatever the policies say of returns. */
    struct return_policy policy = programme->returns;
    struct takeback takeback;
    struct going going;
    policy.points = RETURN_RECOMPUTE;
    policy.spent = SPENT_PRORATE;
    policy.negative = NEGATIVE_ALLOW;
    policy.tier_at_review = false;
    const bool unclaims = event->kind == EVENT_UNCLAIM;
    const bool required = unclaims || !event->void_receipt.done;
    const bool closed = context_fact(context, FACT_CLOSED, 0).quantity > 0;
    if (past == NULL || context_fact(context, FACT_VOIDED, 0).quantity > 0 || closed) {
        const enum outcome_code code = past == NULL ? CODE_UNKNOWN_RECEIPT
                                       : closed     ? CODE_DAY_CLOSED
                                                    : CODE_ALREADY_DONE;
        if (required) {
            decision_refuse(decision, code);
        } else {
            outcome_except(&decision->outcome,
                           past == NULL ? EXCEPTION_UNKNOWN_RECEIPT
                           : closed     ? EXCEPTION_DAY_CLOSED
                                        : EXCEPTION_VOIDED_RECEIPT,
                           0);
            keep_balances(context, &decision->outcome);
        }
        return 0;
    }
    decision->outcome.member = context->member;
    start_taking(&takeback, programme, &policy, context, past, decision);
    static const struct goods_return whole = {.whole = true};
    struct excess excess;
    int err = begin(past, context, &going);
    err = err != 0 ? err : returned_add(going.purchase, &whole, &going.after, &excess);
    const struct receipt_fact voided = {.kind = FACT_VOIDED, .quantity = 1};
    if (err == 0 && !unclaims) {
        err = takeback_fact(&takeback, true, &voided);
    }
    return err != 0 ? err : book(&takeback, &going, !unclaims);
}
