#include "engine/adjust_receipt.h"

#include "base/checked.h"
#include "engine/calendar.h"
#include "engine/tiers.h"

/* What stands of points or qualifying points, of stamps or vouchers of one kind. */
static int64_t standing(const struct adjusted_receipt *receipt, enum receipt_fact_kind kind, uint32_t index)
{
    const struct context *context = receipt->takeback.context;
    const struct going *going = &receipt->going;
    if (kind == FACT_ADJUSTED_STAMPS) {
        return gains_stamps(&going->stood, index);
    }
    if (kind == FACT_ADJUSTED_VOUCHERS) {
        return gains_vouchers(&going->stood, index);
    }
    return going->given.points - context_fact(context, FACT_ADJUSTED, 0).amount -
           context_fact(context, FACT_TAKEN, 0).amount;
}

static int64_t standing_qualifying(const struct adjusted_receipt *receipt)
{
    const struct context *context = receipt->takeback.context;
    return receipt->going.given.qualifying - context_fact(context, FACT_ADJUSTED, 0).quantity -
           context_fact(context, FACT_TAKEN, 0).quantity;
}

/* Whether so much of it stands. */
static bool holds(const struct adjusted_receipt *receipt, const struct held_voucher *cancelled)
{
    const struct adjustment *adjustment = receipt->adjustment;
    const struct takeback *takeback = &receipt->takeback;
    if (context_fact(takeback->context, FACT_VOIDED, 0).quantity > 0 || receipt->going.left_after.nothing) {
        return false;
    }
    const struct stamp_card *card =
        adjustment->card != NULL ? programme_card_named(takeback->programme, adjustment->card) : NULL;
    const bool own =
        cancelled == NULL || (cancelled->card == 0 && cancelled->origin.position == takeback->past->decided &&
                              standing(receipt, FACT_ADJUSTED_VOUCHERS, cancelled->reward) > 0);
    return own && (adjustment->points >= 0 || -adjustment->points <= standing(receipt, FACT_ADJUSTED, 0)) &&
           (adjustment->qualifying >= 0 || -adjustment->qualifying <= standing_qualifying(receipt)) &&
           (card == NULL || adjustment->stamps >= 0 ||
            -adjustment->stamps <= standing(receipt, FACT_ADJUSTED_STAMPS, card->number));
}

int adjusted_open(struct adjusted_receipt *receipt, const struct programme *programme,
                  const struct adjustment *adjustment, const struct held_voucher *cancelled,
                  const struct context *context, const struct engine_past *past, struct decision *decision)
{
    struct going *going = &receipt->going;
    if (past == NULL) {
        decision_refuse(decision, CODE_UNKNOWN_RECEIPT);
        return 0;
    }
    receipt->adjustment = adjustment;
    takeback_open(&receipt->takeback, programme, &programme->returns, context, past, decision);
    receipt->takeback.lots = 1; /* the first is that of what the adjustment gives otherwise */
    int err = going_begin(past, context, going);
    err = err != 0 ? err : remains_make(going->purchase, &going->after, &going->left_after);
    err = err != 0 ? err : going_weigh(past, going, decision);
    err = err != 0 ? err : going_move_by_hand(context, &going->left_before, &going->given, &going->stood);
    if (err == 0 && !holds(receipt, cancelled)) {
        decision_refuse(decision, CODE_NOT_ON_RECEIPT);
    }
    return err;
}

/* What of the purchase's own lots is pending and free. */
static int64_t pending_own(const struct takeback *takeback)
{
    const struct member_state *holdings = takeback->purse.holdings;
    const struct outcome *past = takeback->past->outcome;
    int64_t sum = 0;
    for (size_t i = 0; i < holdings->lots_count; i++) {
        const struct lot *lot = &holdings->lots[i];
        for (size_t k = 0; k < past->effects_count && lot->due != 0; k++) {
            const struct effect *effect = &past->effects[k];
            const bool own = effect->kind == EFFECT_LOT && effect->lot.position == 0 &&
                             effect->member == past->member && effect->lot.index == lot->origin.index &&
                             lot->origin.position == takeback->past->decided;
            sum += own ? lot->left - lot->reserved : 0;
        }
    }
    return sum;
}

static int take_points(struct adjusted_receipt *receipt, int64_t points)
{
    struct takeback *takeback = &receipt->takeback;
    struct purse *purse = &takeback->purse;
    int64_t own = 0;
    int64_t spent = 0;
    if (points > purse_available(purse) + pending_own(takeback) && !receipt->adjustment->may_owe) {
        decision_refuse(takeback->decision, CODE_POINTS_SHORT);
        return 0;
    }
    int err = takeback_spend_own(takeback, points, PROGRAMME_ADJUSTED, &own);
    err = err != 0 ? err : purse_spend(purse, points - own, PROGRAMME_ADJUSTED, 0, &spent);
    return err != 0 ? err : purse_owe(purse, points - own - spent, PROGRAMME_ADJUSTED, 0);
}

int adjusted_points(struct adjusted_receipt *receipt, struct balances *balances, int64_t *ret_elsewhere)
{
    const struct adjustment *adjustment = receipt->adjustment;
    const bool elsewhere = adjustment->points > 0 && adjustment->until >= 0;
    int err = 0;
    if (adjustment->points < 0) {
        err = take_points(receipt, -adjustment->points);
    } else if (adjustment->points > 0 && !elsewhere) {
        err = takeback_give(&receipt->takeback, adjustment->points, PROGRAMME_ADJUSTED);
    }
    for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
        balances->accounts[i] = receipt->takeback.purse.accounts[i];
    }
    *ret_elsewhere = elsewhere ? adjustment->points : 0;
    return err;
}

int adjusted_qualifying(struct adjusted_receipt *receipt, struct balances *balances)
{
    struct takeback *takeback = &receipt->takeback;
    const struct programme *programme = takeback->programme;
    const struct context *context = takeback->context;
    const int64_t given = receipt->adjustment->qualifying;
    struct gains before;
    struct gains after;
    gains_clear(&before);
    gains_clear(&after);
    before.qualifying = given < 0 ? -given : 0;
    after.qualifying = given > 0 ? given : 0;
    int err = given != 0 ? takeback_metrics(takeback, &before, &after, balances) : 0;
    const struct day_range now =
        window_range(&programme->tiers.window, takeback->purse.holdings->enrolled, context->booked_day);
    const int32_t day = takeback->past->context->member_day;
    if (err != 0 || given <= 0 || programme->tiers.count == 0 || day < now.first || day > now.last) {
        return err;
    }
    const struct metric_values gain = {.of = {given}};
    struct standing standing;
    err = tiers_stand(programme, context, &gain, &standing);
    return err != 0 ? err
                    : tiers_set(programme, context, context->member, &standing, balances, takeback->decision);
}

int adjusted_stamps(struct adjusted_receipt *receipt, uint32_t card)
{
    struct gains before;
    struct gains after;
    gains_clear(&before);
    gains_clear(&after);
    const int err = gains_put_stamps(&before, card, -receipt->adjustment->stamps);
    return err != 0 ? err : takeback_stamps(&receipt->takeback, &before, &after);
}

/* What adjustments took in all (below 0: gave), when `stands` of it is left beside the `rest` that the rules
 * leave: a return that goes on takes what is then too much, and gives nothing of it again. */
static int64_t taken_in_all(int64_t given, int64_t rest, int64_t stands)
{
    return stands >= rest ? rest - stands : given - stands;
}

static int add_points_fact(struct adjusted_receipt *receipt)
{
    struct takeback *takeback = &receipt->takeback;
    const struct adjustment *adjustment = receipt->adjustment;
    const struct going *going = &receipt->going;
    const struct receipt_fact before = context_fact(takeback->context, FACT_ADJUSTED, 0);
    struct receipt_fact adjusted = {
        .kind = FACT_ADJUSTED, .quantity = -adjustment->qualifying, .amount = -adjustment->points};
    int err = 0;
    /* Where each returned part pays for itself nothing is ever given again. */
    if (takeback->policy->points != RETURN_FLOOR_OF_REFUND) {
        const struct return_policy *policy = takeback->policy;
        int64_t rest = 0;
        err = going_rest(policy, going, going->given.points, going->stands.points, &rest);
        const int64_t points = standing(receipt, FACT_ADJUSTED, 0) + adjustment->points;
        adjusted.amount = taken_in_all(going->given.points, rest, points) - before.amount;
        err = err != 0 ? err
                       : going_rest(policy, going, going->given.qualifying, going->stands.qualifying, &rest);
        const int64_t qualifying = standing_qualifying(receipt) + adjustment->qualifying;
        adjusted.quantity = taken_in_all(going->given.qualifying, rest, qualifying) - before.quantity;
    }
    const struct receipt_fact returned = {.kind = FACT_TAKEN,
                                          .quantity = -adjustment->qualifying - adjusted.quantity,
                                          .amount = -adjustment->points - adjusted.amount};
    err = err != 0 ? err : takeback_fact(takeback, false, &adjusted);
    return err != 0 ? err : takeback_fact(takeback, false, &returned);
}

/* Of stamps or vouchers, `more` of which are there from here on. */
static int add_fact(struct adjusted_receipt *receipt, enum receipt_fact_kind kind, uint32_t index,
                    int64_t more)
{
    struct takeback *takeback = &receipt->takeback;
    const struct going *going = &receipt->going;
    const bool stamps = kind == FACT_ADJUSTED_STAMPS;
    const int64_t given = stamps ? gains_stamps(&going->given, index) : gains_vouchers(&going->given, index);
    const int64_t rest = stamps ? gains_stamps(&going->stands, index) : gains_vouchers(&going->stands, index);
    const int64_t stands = standing(receipt, kind, index) + more;
    const struct receipt_fact fact = {.kind = kind,
                                      .index = index,
                                      .quantity = taken_in_all(given, rest, stands) -
                                                  context_fact(takeback->context, kind, index).quantity};
    return takeback_fact(takeback, false, &fact);
}

int adjusted_facts(struct adjusted_receipt *receipt, uint32_t card, const struct held_voucher *cancelled)
{
    int err = add_points_fact(receipt);
    if (err == 0 && receipt->adjustment->card != NULL) {
        err = add_fact(receipt, FACT_ADJUSTED_STAMPS, card, receipt->adjustment->stamps);
    }
    return err == 0 && cancelled != NULL ? add_fact(receipt, FACT_ADJUSTED_VOUCHERS, cancelled->reward, -1)
                                         : err;
}
