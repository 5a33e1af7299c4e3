#include "engine/adjust.h"

#include "engine/adjust_receipt.h"
#include "engine/award.h"
#include "engine/calendar.h"
#include "engine/give.h"
#include "engine/order.h"
#include "engine/points.h"
#include "engine/purse.h"
#include "engine/reserve.h"
#include "engine/stamps.h"
#include "engine/tiers.h"

#include "base/checked.h"

#include <string.h>

/* One adjustment under way. */
struct adjusting {
    const struct adjustment *adjustment;
    struct sale sale; /* of nothing: who, when and under which programme */
    struct balances balances;
    struct credit credit;
    const struct held_voucher *cancelled; /* NULL: none */
    struct adjusted_receipt *receipt;     /* NULL: it names none */
    struct decision *decision;
};

static int take_points(struct adjusting *adjusting, int64_t points)
{
    struct purse purse;
    int64_t spent;
    const struct sale *sale = &adjusting->sale;
    purse_open(&purse, sale->programme, sale->context->holdings, &adjusting->decision->outcome);
    if (points > purse_available(&purse) && !adjusting->adjustment->may_owe) {
        decision_refuse(adjusting->decision, CODE_POINTS_SHORT);
        return 0;
    }
    int err = purse_spend(&purse, points, PROGRAMME_ADJUSTED, 0, &spent);
    err = err != 0 ? err : purse_owe(&purse, points - spent, PROGRAMME_ADJUSTED, 0);
    memcpy(adjusting->balances.accounts, purse.accounts, sizeof(purse.accounts));
    return err;
}

/* What is taken goes first: what is owed then is paid by what is given. */
static int adjust_points(struct adjusting *adjusting)
{
    const int64_t points = adjusting->adjustment->points;
    struct outcome *outcome = &adjusting->decision->outcome;
    int64_t given = points > 0 ? points : 0;
    int err = 0;
    if (adjusting->receipt != NULL) {
        err = adjusted_points(adjusting->receipt, &adjusting->balances, &given);
    } else if (points < 0) {
        err = take_points(adjusting, -points);
    }
    if (err != 0 || outcome->code != CODE_ACCEPTED) {
        return err;
    }
    credit_begin(&adjusting->credit, &adjusting->sale, adjusting->balances.accounts, outcome);
    credit_by_hand(&adjusting->credit, adjusting->adjustment->until);
    return given > 0 ? credit_add(&adjusting->credit, given, 0) : 0;
}

/* Qualifying points count on the day of the adjustment; what they reach is reached at once. */
static int adjust_qualifying(struct adjusting *adjusting)
{
    const struct sale *sale = &adjusting->sale;
    struct metric_values gain = {.of = {adjusting->adjustment->qualifying}};
    struct standing standing;
    if (adjusting->receipt != NULL) {
        return adjusted_qualifying(adjusting->receipt, &adjusting->balances);
    }
    int err = metrics_record(sale, adjusting->adjustment->qualifying, &gain, &adjusting->decision->outcome);
    err = err != 0 ? err : tiers_stand(sale->programme, sale->context, &gain, &standing);
    return err != 0 ? err
                    : tiers_set(sale->programme, sale->context, sale->member, &standing, &adjusting->balances,
                                adjusting->decision);
}

static bool names_what_there_is(const struct programme *programme, const struct adjustment *adjustment)
{
    return (adjustment->card == NULL || programme_card_named(programme, adjustment->card) != NULL) &&
           (adjustment->reward == NULL || programme_reward_named(programme, adjustment->reward) != NULL) &&
           (adjustment->level == NULL || programme_level_named(programme, adjustment->level) != NULL);
}

/* The voucher to be cancelled, or why it cannot be. */
static enum outcome_code name_cancelled(const struct adjustment *adjustment, const struct context *context,
                                        const struct held_voucher **ret_voucher)
{
    const struct held_voucher *voucher = voucher_find(context->holdings, adjustment->voucher);
    *ret_voucher = voucher;
    if (voucher == NULL) {
        return context->vouchers_count == 1 ? voucher_refusal(context->vouchers[0]) : CODE_VOUCHER_UNKNOWN;
    }
    return voucher->reservation != 0 ? CODE_VOUCHER_RESERVED : CODE_ACCEPTED;
}

static int adjust_stamps_and_voucher(struct adjusting *adjusting)
{
    const struct adjustment *adjustment = adjusting->adjustment;
    const struct sale *sale = &adjusting->sale;
    const struct programme *programme = sale->programme;
    struct outcome *outcome = &adjusting->decision->outcome;
    struct awards awards = {
        .sale = sale, .outcome = outcome, .credit = &adjusting->credit, .balances = &adjusting->balances};
    int err = 0;
    if (adjustment->card != NULL) {
        const struct stamp_card *card = programme_card_named(programme, adjustment->card);
        uint32_t completed = 0;
        err = adjusting->receipt != NULL && adjustment->stamps < 0
                  ? adjusted_stamps(adjusting->receipt, card->number)
                  : stamps_adjust(sale, (size_t)(card - programme->cards), adjustment->stamps, outcome,
                                  &completed);
        err = err != 0 ? err
                       : award_give(&awards, &card->award, SOURCE_OF(SOURCE_CARD, card->number), completed);
    }
    if (err == 0 && adjustment->reward != NULL) {
        const struct reward *reward = programme_reward_named(programme, adjustment->reward);
        const struct award award = {.reward = (int32_t)(reward - programme->rewards)};
        err = award_give(&awards, &award, 0, 1);
    }
    return err;
}

static int adjust_level(struct adjusting *adjusting)
{
    const struct adjustment *adjustment = adjusting->adjustment;
    const struct sale *sale = &adjusting->sale;
    if (adjustment->level == NULL) {
        return 0;
    }
    const struct level *level = programme_level_named(sale->programme, adjustment->level);
    return tiers_floor(sale->programme, sale->context, sale->member,
                       (int)(level - sale->programme->tiers.levels),
                       adjustment->level_until < 0 ? DAY_NEVER : adjustment->level_until,
                       &adjusting->balances, &adjusting->decision->outcome);
}

/* Whether what it names is there; else it is refused. */
static bool admit(struct adjusting *adjusting, const struct programme *programme,
                  const struct context *context)
{
    const struct adjustment *adjustment = adjusting->adjustment;
    enum outcome_code code = names_what_there_is(programme, adjustment) ? CODE_ACCEPTED : CODE_UNKNOWN_ID;
    if (code == CODE_ACCEPTED && adjustment->voucher.size != 0) {
        code = name_cancelled(adjustment, context, &adjusting->cancelled);
    }
    if (code != CODE_ACCEPTED) {
        decision_refuse(adjusting->decision, code);
    }
    return code == CODE_ACCEPTED;
}

static int adjust_all(struct adjusting *adjusting)
{
    const struct adjustment *adjustment = adjusting->adjustment;
    const struct context *context = adjusting->sale.context;
    struct decision *decision = adjusting->decision;
    int err = adjust_points(adjusting);
    if (err != 0 || decision->outcome.code != CODE_ACCEPTED) {
        return err;
    }
    err = adjust_qualifying(adjusting);
    err = err != 0 ? err : adjust_level(adjusting);
    err = err != 0 ? err : adjust_stamps_and_voucher(adjusting);
    if (err == 0 && adjusting->cancelled != NULL) {
        err = voucher_end(&decision->outcome, context->member, adjusting->cancelled, VOUCHER_CANCELLED);
    }
    err = err != 0 ? err : credit_end(&adjusting->credit);
    if (err == 0 && adjusting->receipt != NULL) {
        const struct stamp_card *card =
            adjustment->card != NULL ? programme_card_named(adjusting->sale.programme, adjustment->card)
                                     : NULL;
        err = adjusted_facts(adjusting->receipt, card != NULL ? card->number : 0, adjusting->cancelled);
    }
    decision->outcome.balances = adjusting->balances;
    decision->outcome.has_balances = true;
    return err;
}

int adjustment_decide(const struct programme *programme, const struct adjustment *adjustment,
                      const struct context *context, const struct engine_past *past,
                      struct decision *decision)
{
    static const struct purchase nothing;
    static const struct engine_place nowhere = {.store = "", .till = ""};
    struct adjusted_receipt receipt;
    struct adjusting adjusting = {.adjustment = adjustment, .decision = decision};
    if (context->holdings == NULL) {
        return ERR_CORRUPT;
    }
    if (!admit(&adjusting, programme, context)) {
        return 0;
    }
    const struct giving giving = {.programme = programme,
                                  .place = &nowhere,
                                  .purchase = &nothing,
                                  .context = context,
                                  .member = context->member};
    adjusting.balances = balances_before(context);
    int err = 0;
    if (adjustment->has_receipt) {
        adjusting.receipt = &receipt;
        err = adjusted_open(&receipt, programme, adjustment, adjusting.cancelled, context, past, decision);
    }
    err = err != 0 || decision->outcome.code != CODE_ACCEPTED ? err : sale_open(&adjusting.sale, &giving, "");
    return err != 0 || decision->outcome.code != CODE_ACCEPTED ? err : adjust_all(&adjusting);
}

/* The oldest purchase first, then by position, which is the order of the array. */
static int compare_age(const void *context, uint16_t a, uint16_t b)
{
    const struct lot *lots = ((const struct member_state *)context)->lots;
    if (lots[a].since != lots[b].since) {
        return lots[a].since < lots[b].since ? -1 : 1;
    }
    return (a > b) - (a < b);
}

/* A transfer under way. */
struct transferring {
    const struct programme *programme;
    const struct context *context;
    struct outcome *outcome;
    int64_t owed;  /* by the receiver, still */
    uint32_t lots; /* opened so far */
};

static struct effect *add_transfer(struct transferring *transferring, const struct lot *lot, int64_t amount)
{
    struct effect *effect = outcome_add(transferring->outcome, EFFECT_MOVE, 0);
    if (effect != NULL) {
        effect->move.debit = account_of_member(transferring->context->member, MEMBER_AVAILABLE);
        effect->move.credit = account_of_member(transferring->context->other->member, MEMBER_AVAILABLE);
        effect->move.amount = amount;
        effect->move.has_lot = true;
        effect->move.lot = lot->origin;
    }
    return effect;
}

static bool has_lot(const struct member_state *state, const struct origin *origin)
{
    for (size_t i = 0; i < state->lots_count; i++) {
        if (state->lots[i].origin.position == origin->position &&
            state->lots[i].origin.index == origin->index) {
            return true;
        }
    }
    return false;
}

/* The receiver's lot that the rest of a lot arrives in: of the same name, or a new one of this day. */
static int open_receiving(struct transferring *transferring, const struct lot *lot)
{
    const struct programme *programme = transferring->programme;
    const struct context *context = transferring->context;
    const bool reset = programme->moving.reset_expiry;
    if (!reset && has_lot(context->other, &lot->origin)) {
        return 0;
    }
    struct effect *effect = outcome_add(transferring->outcome, EFFECT_LOT, context->other->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->lot.position = reset ? 0 : lot->origin.position;
    effect->lot.index = reset ? transferring->lots : lot->origin.index;
    effect->lot.since = reset ? context->member_day : lot->since;
    effect->lot.until = !reset                      ? lot->until
                        : programme->has_inactivity ? DAY_ACTIVE
                                                    : term_end(&programme->expiry, context->member_day);
    return 0;
}

static int transfer_part(struct transferring *transferring, const struct lot *lot, int64_t amount)
{
    const int64_t paid = amount < transferring->owed ? amount : transferring->owed;
    if (paid > 0) {
        struct effect *effect = add_transfer(transferring, lot, paid);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->move.pays = true;
        transferring->owed -= paid;
    }
    if (amount == paid) {
        return 0;
    }
    const int err = open_receiving(transferring, lot);
    struct effect *effect = err == 0 ? add_transfer(transferring, lot, amount - paid) : NULL;
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    if (transferring->programme->moving.reset_expiry) {
        effect->move.has_to = true;
        effect->move.to = transferring->lots++;
    }
    return 0;
}

/* Whether a limit on what a member holds lets so many points arrive. */
static bool may_receive(const struct programme *programme, const struct member_state *receiver,
                        int64_t points)
{
    int64_t held = points;
    for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
        if (checked_add(held, receiver->balances[i], &held) != 0) {
            return false;
        }
    }
    for (size_t i = 0; i < programme->limits.count; i++) {
        const struct limit *limit = &programme->limits.items[i];
        if (limit->per == LIMIT_BALANCE && held > limit->max) {
            return false;
        }
    }
    return true;
}

static bool is_in_household(const struct member_state *member)
{
    return member->household != 0 && member->household != member->member;
}

int transfer_decide(const struct programme *programme, int64_t points, const struct context *context,
                    struct decision *decision)
{
    const struct member_state *giver = context->holdings;
    const struct member_state *receiver = context->other;
    if (giver == NULL || receiver == NULL) {
        return ERR_CORRUPT;
    }
    if (is_in_household(giver) || is_in_household(receiver)) {
        decision_refuse(decision, CODE_HOUSEHOLD); /* its points are the household's */
        return 0;
    }
    if (!programme->moving.transfer || giver->member == receiver->member ||
        !may_receive(programme, receiver, points)) {
        decision_refuse(decision, CODE_TRANSFER_REFUSED);
        return 0;
    }
    if (points > giver->balances[MEMBER_AVAILABLE]) {
        decision_refuse(decision, CODE_POINTS_SHORT);
        return 0;
    }
    uint16_t order[LOTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < giver->lots_count; i++) {
        if (giver->lots[i].due == 0) {
            order[count++] = (uint16_t)i;
        }
    }
    order_sort(order, count, compare_age, giver);
    const int64_t available = receiver->balances[MEMBER_AVAILABLE];
    struct transferring transferring = {.programme = programme,
                                        .context = context,
                                        .outcome = &decision->outcome,
                                        .owed = available < 0 ? -available : 0};
    int64_t rest = points;
    int err = 0;
    for (size_t i = 0; i < count && rest > 0 && err == 0; i++) {
        const struct lot *lot = &giver->lots[order[i]];
        const int64_t open = lot->left - lot->reserved;
        const int64_t part = open < rest ? open : rest;
        err = part > 0 ? transfer_part(&transferring, lot, part) : 0;
        rest -= part;
    }
    if (err != 0 || rest != 0) {
        return err != 0 ? err : ERR_CORRUPT;
    }
    decision->outcome.balances = balances_before(context);
    decision->outcome.balances.accounts[MEMBER_AVAILABLE] -= points;
    decision->outcome.has_balances = true;
    return 0;
}
