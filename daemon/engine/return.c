#include "engine/return.h"

#include "base/checked.h"
#include "engine/going.h"
#include "engine/takeback.h"
#include "engine/tiers.h"

/* Of points, or of qualifying points. */
struct amounts {
    int64_t given;    /* by the event that decided the purchase */
    int64_t adjusted; /* of them taken by adjustments that name it; below 0: given on top */
    int64_t stood;    /* of all that before this event */
    int64_t rest;     /* the rest of the basket would earn so many */
    int64_t part;     /* the returned part alone would */
};

struct taking {
    int64_t points; /* that go from what stood */
    int64_t counts; /* that adjustments took of it and that are taken by this return now */
};

/* What goes of one of them. Where each part pays for itself, what an adjustment took before counts as paid.
 */
static int take(const struct return_policy *policy, const struct going *going, const struct amounts *amounts,
                struct taking *ret_taking)
{
    const bool nothing = going->left_after.nothing;
    int64_t left = 0;
    int64_t counts = 0;
    int err = 0;
    switch (policy->points) {
    case RETURN_RECOMPUTE:
    case RETURN_PRORATE:
        err = nothing ? 0 : going_rest(policy, going, amounts->given, amounts->rest, &left);
        left = nothing ? 0 : going_left(amounts->given, left, amounts->adjusted);
        break;
    case RETURN_FLOOR_OF_REFUND:
        counts = nothing || amounts->adjusted <= 0 ? 0 : least(amounts->adjusted, amounts->part);
        left = nothing ? 0 : amounts->stood - least(amounts->stood, amounts->part - counts);
        break;
    case RETURN_KEEP:
        left = amounts->stood;
        break;
    case RETURN_WHEN_WHOLE:
        left = nothing ? 0 : amounts->stood;
        break;
    }
    ret_taking->points = amounts->stood - left;
    ret_taking->counts = counts;
    return err;
}

struct takings {
    struct taking points;
    struct taking qualifying;
};

static int find_takings(const struct return_policy *policy, const struct context *context,
                        const struct engine_past *past, const struct going *going, struct decision *decision,
                        struct takings *ret_takings)
{
    const struct receipt_fact taken = context_fact(context, FACT_TAKEN, 0);
    const struct receipt_fact adjusted = context_fact(context, FACT_ADJUSTED, 0);
    struct gains part;
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
    const struct amounts points = {.given = going->given.points,
                                   .adjusted = adjusted.amount,
                                   .stood = going->given.points - adjusted.amount - taken.amount,
                                   .rest = going->stands.points,
                                   .part = part.points};
    const struct amounts qualifying = {.given = going->given.qualifying,
                                       .adjusted = adjusted.quantity,
                                       .stood = going->given.qualifying - adjusted.quantity - taken.quantity,
                                       .rest = going->stands.qualifying,
                                       .part = part.qualifying};
    err = err != 0 ? err : take(policy, going, &points, &ret_takings->points);
    return err != 0 ? err : take(policy, going, &qualifying, &ret_takings->qualifying);
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
        err = going_returned(going, spent, ROUND_FLOOR, &due);
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

/* What of the receipt's points is taken from here on, by returns and by adjustments. */
static int add_taken_facts(struct takeback *takeback, const struct takings *takings, int64_t spent)
{
    const struct taking *points = &takings->points;
    const struct taking *qualifying = &takings->qualifying;
    const struct receipt_fact taken = {.kind = FACT_TAKEN,
                                       .quantity = qualifying->points + qualifying->counts,
                                       .amount = points->points + points->counts};
    const struct receipt_fact adjusted = {
        .kind = FACT_ADJUSTED, .quantity = -qualifying->counts, .amount = -points->counts};
    const struct receipt_fact back = {.kind = FACT_GIVEN_BACK, .amount = spent};
    int err = takeback_fact(takeback, false, &taken);
    err = err != 0 ? err : takeback_fact(takeback, false, &adjusted);
    return err != 0 ? err : takeback_fact(takeback, false, &back);
}

/* What a milestone gave is undone with the rest only where that is decided again; else when nothing is left.
 */
static int undo_milestones(struct takeback *takeback, const struct going *going)
{
    const bool by_rest = takeback->programme->returns.points == RETURN_RECOMPUTE;
    if (!by_rest && !going->left_after.nothing) {
        return 0;
    }
    return takeback_milestones(takeback, by_rest ? &going->stood : &going->given, &going->stands);
}

/* Everything of the member's that goes with the goods. */
static int take_back(struct takeback *takeback, struct going *going)
{
    const struct return_policy *policy = takeback->policy;
    const struct context *context = takeback->context;
    const struct engine_past *past = takeback->past;
    struct balances balances = balances_before(context);
    struct takings takings;
    int64_t spent = 0;
    int err = going_weigh(past, going, takeback->decision);
    err = err != 0 ? err : going_move_by_hand(context, &going->left_before, &going->given, &going->stood);
    err = err != 0 ? err : going_move_by_hand(context, &going->left_after, &going->given, &going->stands);
    err = err != 0 ? err : find_takings(policy, context, past, going, takeback->decision, &takings);
    err = err != 0 ? err : find_spent(policy, context, past, going, &spent);
    err = err != 0 ? err : takeback_points(takeback, takings.points.points, spent);
    err = err != 0 ? err : add_taken_facts(takeback, &takings, spent);
    if (err != 0) {
        return err;
    }
    going->stood.qualifying = takings.qualifying.points;
    going->stands.qualifying = 0;
    err = takeback_metrics(takeback, &going->stood, &going->stands, &balances);
    err = err != 0 ? err : takeback_stamps(takeback, &going->stood, &going->stands);
    err = err != 0 ? err : takeback_vouchers(takeback, &going->stood, &going->stands);
    err = err != 0 ? err : undo_milestones(takeback, going);
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
    int err = going_begin(past, context, &going);
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
    int err = going_begin(past, context, &going);
    err = err != 0 ? err : returned_add(going.purchase, &whole, &going.after, &excess);
    const struct receipt_fact voided = {.kind = FACT_VOIDED, .quantity = 1};
    if (err == 0 && !unclaims) {
        err = takeback_fact(&takeback, true, &voided);
    }
    return err != 0 ? err : book(&takeback, &going, !unclaims);
}
