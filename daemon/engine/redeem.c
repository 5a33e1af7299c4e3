#include "engine/redeem_internal.h"

#include "engine/limit.h"
#include "engine/reserve.h"

#include "base/check.h"
#include "base/checked.h"

#include <string.h>

enum { SHARE_WHOLE = 100 * 1000 }; /* thousandths of a percent */

bool redeems(const struct purchase *purchase)
{
    return purchase->redemptions_count > 0 || purchase->pay_with_points != NULL;
}

/* What a refusal is called where the purchase is booked all the same. */
static enum exception_kind exception_of(enum outcome_code code)
{
    static const struct {
        enum outcome_code code;
        enum exception_kind kind;
    } kinds[] = {
        {CODE_VOUCHER_UNKNOWN, EXCEPTION_VOUCHER_UNKNOWN},
        {CODE_VOUCHER_USED, EXCEPTION_VOUCHER_USED_BEFORE},
        {CODE_VOUCHER_EXPIRED, EXCEPTION_VOUCHER_EXPIRED},
        {CODE_VOUCHER_CANCELLED, EXCEPTION_VOUCHER_CANCELLED},
        {CODE_RESERVATION_UNKNOWN, EXCEPTION_RESERVATION_GONE},
        {CODE_RESERVATION_ENDED, EXCEPTION_RESERVATION_GONE},
        {CODE_REWARD_UNKNOWN, EXCEPTION_REWARD_UNKNOWN},
        {CODE_NOT_FOR_SALE, EXCEPTION_REWARD_UNKNOWN},
        {CODE_LIMIT, EXCEPTION_REWARD_LIMIT},
        {CODE_CONDITIONS, EXCEPTION_REWARD_CONDITIONS},
        {CODE_NOTHING_TO_PAY, EXCEPTION_NOTHING_TO_PAY},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].code == code) {
            return kinds[i].kind;
        }
    }
    return EXCEPTION_REDEMPTION_LEFT_OUT;
}

/* Refuses the purchase, or leaves the redemption out. */
static void turn_down(struct redeeming *redeeming, size_t index, enum outcome_code code)
{
    if (!redeeming->sale->purchase->redeem_done) {
        redeeming->code = code;
    } else {
        outcome_except(redeeming->outcome, exception_of(code), (int64_t)index);
    }
}

/* --- what a redemption names --- */

static bool is_claimed(const struct redeeming *redeeming, const struct held_voucher *voucher,
                       const struct reservation *reservation)
{
    for (size_t i = 0; i < redeeming->claims_count; i++) {
        const struct claim *claim = &redeeming->claims[i];
        if ((voucher != NULL && claim->voucher == voucher) ||
            (reservation != NULL && claim->reservation == reservation)) {
            return true;
        }
    }
    return false;
}

static enum outcome_code name_voucher(const struct redeeming *redeeming, struct bytes code,
                                      struct claim *claim)
{
    const struct context *context = redeeming->sale->context;
    const struct member_state *holdings = redeeming->purse.holdings;
    const struct held_voucher *voucher = holdings != NULL ? voucher_find(holdings, code) : NULL;
    if (voucher == NULL) {
        return claim->index < context->vouchers_count ? voucher_refusal(context->vouchers[claim->index])
                                                      : CODE_VOUCHER_UNKNOWN;
    }
    if (is_claimed(redeeming, voucher, NULL)) {
        return CODE_VOUCHER_USED;
    }
    if (voucher->reservation != 0) {
        /* Its reservation is the member's own: what was done with the voucher ends it. */
        claim->reservation = reservation_find(holdings, voucher->reservation);
        if (!redeeming->sale->purchase->redeem_done || is_claimed(redeeming, NULL, claim->reservation)) {
            return CODE_VOUCHER_RESERVED;
        }
    }
    if (context->member_day < voucher->since || context->member_day > voucher->until) {
        return CODE_VOUCHER_EXPIRED;
    }
    claim->voucher = voucher;
    claim->reward_number = voucher->reward;
    claim->units = 1;
    return CODE_ACCEPTED;
}

/* What a reservation said that is not there any more. */
static enum outcome_code name_gone(const struct redeeming *redeeming, uint64_t position, struct claim *claim)
{
    const struct engine_past *past = redeeming->past;
    const struct context *context = redeeming->sale->context;
    if (past == NULL || context->about != position) {
        return CODE_RESERVATION_UNKNOWN;
    }
    if (context_fact(context, FACT_ENDED, RESERVATION_COMMITTED).quantity != 0 ||
        context_fact(context, FACT_ENDED, RESERVATION_RELEASED).quantity != 0) {
        return CODE_RESERVATION_ENDED;
    }
    for (size_t i = 0; i < redeeming->claims_count; i++) {
        if (redeeming->claims[i].late) {
            return CODE_RESERVATION_ENDED; /* this one, once more */
        }
    }
    claim->late = true;
    if (past->event->reserve.voucher.size != 0) {
        return name_voucher(redeeming, past->event->reserve.voucher, claim);
    }
    for (size_t i = 0; i < past->outcome->effects_count; i++) {
        const struct effect *effect = &past->outcome->effects[i];
        if (effect->kind == EFFECT_RESERVATION) {
            claim->reward_number = effect->reservation.reward;
            claim->reserved = effect->reservation.points;
            claim->units_reserved = effect->reservation.units;
        }
    }
    return CODE_ACCEPTED;
}

static enum outcome_code name_reservation(const struct redeeming *redeeming, uint64_t position,
                                          struct claim *claim)
{
    const struct member_state *holdings = redeeming->purse.holdings;
    const struct reservation *reservation = holdings != NULL ? reservation_find(holdings, position) : NULL;
    if (reservation == NULL) {
        return name_gone(redeeming, position, claim);
    }
    if (is_claimed(redeeming, NULL, reservation)) {
        return CODE_RESERVATION_ENDED;
    }
    claim->reservation = reservation;
    claim->reward_number = reservation->reward;
    claim->reserved = reservation->points;
    claim->units_reserved = reservation->units;
    claim->voucher = reservation_voucher(holdings, reservation);
    return CODE_ACCEPTED;
}

/* --- what it is worth, and what it costs --- */

int64_t redeem_units_bought(const struct redeeming *redeeming, const struct reward *reward)
{
    int64_t units = 0;
    for (size_t i = 0; i < redeeming->claims_count; i++) {
        const struct claim *claim = &redeeming->claims[i];
        const bool bought = claim->voucher == NULL && claim->reservation == NULL;
        units += claim->reward == reward && bought ? claim->units : 0;
    }
    return units;
}

static enum outcome_code may_be_used(const struct redeeming *redeeming, const struct claim *claim)
{
    const struct sale *sale = redeeming->sale;
    const struct reward *reward = claim->reward;
    const bool promised = claim->reservation != NULL || claim->late;
    if ((!promised && !reward_circumstances(reward, sale)) || !reward_basket(reward, sale)) {
        return CODE_CONDITIONS;
    }
    if (claim->voucher != NULL || claim->reservation != NULL) {
        return CODE_ACCEPTED;
    }
    enum trace_reason reason = TRACE_APPLIED;
    const int64_t units = redeem_units_bought(redeeming, reward) + claim->units;
    return limits_leave(&reward->limits, sale, units, &reason) < units ? CODE_LIMIT : CODE_ACCEPTED;
}

static int pay_bill(struct bill *bill, const struct reward *reward, struct claim *claim)
{
    int64_t amount = 0;
    int err = 0;
    switch (reward->kind) {
    case REWARD_FREE_ITEM:
        return bill_free(bill, &reward->selector, claim->units, reward->max_value, &claim->value,
                         &claim->units);
    case REWARD_AMOUNT_OFF:
        err = checked_mul(reward->value, claim->units, &amount);
        claim->value = err == 0 ? bill_take(bill, &reward->selector, amount) : 0;
        return err;
    case REWARD_PERCENT_OFF:
        if (reward->cheapest > 0) {
            int64_t units = 0;
            err = checked_mul(reward->cheapest, claim->units, &units);
            err = err != 0 ? err
                           : bill_share_cheapest(bill, &reward->selector, reward->value, reward->max_value,
                                                 units, &claim->value, &units);
            claim->units = (units + reward->cheapest - 1) / reward->cheapest;
            return err;
        }
        claim->units = 1;
        return bill_share(bill, &reward->selector, reward->value, reward->max_value, &claim->value);
    case REWARD_GIFT:
        break;
    }
    return 0;
}

/* The part of a reservation's price for the units that were used of it. */
static int price_part(const struct claim *claim, int64_t *ret_points)
{
    const int64_t group = claim->reward->cost_units;
    const int64_t groups = (claim->units + group - 1) / group;
    const int64_t all = (claim->units_reserved + group - 1) / group;
    return checked_mul_div(claim->reserved, least(groups, all), all, ROUND_CEIL, ret_points);
}

static int price(struct redeeming *redeeming, struct claim *claim)
{
    int err = 0;
    if (claim->voucher != NULL) {
        return 0;
    }
    if (claim->reservation != NULL || claim->late) {
        err = price_part(claim, &claim->points);
    } else {
        err = reward_cost(claim->reward, claim->units, &claim->points);
        claim->earned = claim->reward->fund_from == FUND_BALANCE_AND_THIS_PURCHASE;
    }
    if (err != 0 || claim->reservation != NULL || claim->earned) {
        return err;
    }
    const int64_t found = least(claim->points, redeeming->free);
    claim->missing = claim->points - found;
    redeeming->free -= found;
    if (claim->missing > 0 && !redeeming->sale->purchase->redeem_done) {
        redeeming->code = CODE_POINTS_SHORT;
    }
    return 0;
}

/* Whether a price is beyond somebody who has just joined: who has nothing runs up no debt. */
static bool is_beyond(const struct redeeming *redeeming, const struct reward *reward)
{
    return redeeming->purse.holdings == NULL && reward->cost > 0 && reward->fund_from == FUND_BALANCE;
}

static int plan_reward(struct redeeming *redeeming, struct claim *claim)
{
    claim->reward = programme_reward(redeeming->sale->programme, claim->reward_number);
    enum outcome_code code = claim->reward == NULL ? CODE_REWARD_UNKNOWN : may_be_used(redeeming, claim);
    int err = code == CODE_ACCEPTED ? pay_bill(&redeeming->bill, claim->reward, claim) : 0;
    if (err == 0 && code == CODE_ACCEPTED && claim->value == 0 && claim->reward->kind != REWARD_GIFT) {
        code = CODE_NOTHING_TO_PAY;
    }
    if (code == CODE_ACCEPTED && err == 0 && is_beyond(redeeming, claim->reward)) {
        code = redeeming->sale->purchase->redeem_done ? CODE_CANNOT_REDEEM : CODE_POINTS_SHORT;
    }
    if (code == CODE_ACCEPTED && err == 0) {
        err = price(redeeming, claim);
        redeeming->claims[redeeming->claims_count++] = *claim;
    } else if (err == 0) {
        turn_down(redeeming, claim->index, code);
    }
    return err;
}

static int plan_redemption(struct redeeming *redeeming, size_t index)
{
    const struct redemption *redemption = &redeeming->sale->purchase->redemptions[index];
    struct claim claim = {.index = (uint32_t)index, .units = redemption->units};
    enum outcome_code code = CODE_ACCEPTED;
    if (redemption->voucher.size != 0) {
        code = name_voucher(redeeming, redemption->voucher, &claim);
    } else if (redemption->reservation != 0) {
        code = name_reservation(redeeming, redemption->reservation, &claim);
        claim.units = claim.voucher != NULL ? 1 : least(claim.units, claim.units_reserved);
    } else {
        const struct reward *reward = programme_reward_named(redeeming->sale->programme, redemption->reward);
        code = reward == NULL ? CODE_REWARD_UNKNOWN : reward->has_cost ? CODE_ACCEPTED : CODE_NOT_FOR_SALE;
        claim.reward_number = reward != NULL ? reward->number : 0;
    }
    if (code != CODE_ACCEPTED) {
        turn_down(redeeming, index, code);
        return 0;
    }
    if (claim.reward_number != 0) {
        return plan_reward(redeeming, &claim);
    }
    redeeming->paying.asked = true;
    redeeming->paying.wanted += claim.reserved;
    redeeming->paying.held += claim.reservation != NULL ? claim.reserved : 0;
    redeeming->claims[redeeming->claims_count++] = claim;
    return 0;
}

/* --- points that pay --- */

/* Whether points as a tender lower what any rule looks at. */
static bool points_excluded(const struct programme *programme)
{
    const unsigned bit = 1U << TENDER_POINTS;
    bool excluded = (programme->basis.tenders_excluded & bit) != 0;
    for (size_t i = 0; i < programme->rules_count; i++) {
        const struct rule *rule = &programme->rules[i];
        excluded = excluded || (rule->has_basis && (rule->basis.tenders_excluded & bit) != 0);
    }
    return excluded;
}

/* Points are left out, or the purchase is refused. */
static void turn_paying_down(struct redeeming *redeeming, enum outcome_code code)
{
    struct paying *paying = &redeeming->paying;
    if (!redeeming->sale->purchase->redeem_done) {
        redeeming->code = code;
    } else {
        outcome_except(redeeming->outcome, EXCEPTION_POINTS_LEFT_OUT, paying->wanted);
    }
    paying->points = 0;
    paying->missing = 0;
}

void redeem_find_points(struct redeeming *redeeming, int64_t funds, bool final)
{
    const struct paying_policy *policy = &redeeming->sale->programme->paying;
    struct paying *paying = &redeeming->paying;
    int64_t share = 0;
    const int64_t payable = bill_due(&redeeming->bill, &policy->selector);
    if (checked_mul_div(payable, policy->max_share, SHARE_WHOLE, ROUND_FLOOR, &share) != 0) {
        share = 0;
    }
    const int64_t due = least(share, payable) / policy->worth;
    const int64_t asked = (paying->all ? funds : paying->wanted) / policy->points;
    /* Cannot overflow: neither more than there are points, nor than is due. */
    int64_t points = least(asked, due) * policy->points;
    points = policy->maximum > 0 ? least(points, policy->maximum - policy->maximum % policy->points) : points;
    if (!paying->all && (points == 0 || points < policy->minimum)) {
        turn_paying_down(redeeming, points < policy->minimum ? CODE_BELOW_MINIMUM : CODE_NOTHING_TO_PAY);
        return;
    }
    if (final && points > funds && policy->clamp) {
        points = funds - funds % policy->points;
    }
    if ((paying->all || policy->clamp) && points < policy->minimum) {
        points = 0;
    }
    paying->points = points;
    paying->missing = final && points > funds ? points - funds : 0;
    if (paying->missing > 0 && !redeeming->sale->purchase->redeem_done) {
        redeeming->code = CODE_POINTS_SHORT;
    }
}

static void plan_paying(struct redeeming *redeeming)
{
    const struct purchase *purchase = redeeming->sale->purchase;
    const struct programme *programme = redeeming->sale->programme;
    const struct paying_policy *policy = &programme->paying;
    struct paying *paying = &redeeming->paying;
    if (purchase->pay_with_points != NULL) {
        paying->asked = true;
        paying->wanted = purchase->pay_with_points->points;
        paying->all = paying->wanted == 0;
    }
    if (!paying->asked) {
        return;
    }
    if (policy->points == 0) {
        turn_paying_down(redeeming, CODE_NOT_FOR_SALE);
        return;
    }
    if (!paying_allowed(policy, redeeming->sale)) {
        if (!paying->all) {
            turn_paying_down(redeeming, CODE_CONDITIONS);
        }
        return;
    }
    paying->earned = policy->fund_from == FUND_BALANCE_AND_THIS_PURCHASE;
    if (redeeming->purse.holdings == NULL && !paying->earned && !paying->all) {
        turn_paying_down(redeeming, CODE_POINTS_SHORT);
        return;
    }
    paying->decides = paying->earned && paying->all && paying->held == 0 && !points_excluded(programme);
    if (paying->decides) {
        return;
    }
    /* Where it is not all, what the customer asked for fixes the basis, and is found or not when it is
     * earned. */
    const bool final = !paying->earned || paying->all;
    redeem_find_points(redeeming, paying->held + redeeming->free, final);
    paying->earned = paying->earned && !final;
    paying->value = paying->points / policy->points * policy->worth;
    redeeming->bill.total -= paying->value;
}

/* --- the plan --- */

/* Ours stand behind the till's own. */
static void add_tender(struct purchase *purchase, struct tender *tenders, enum tender_kind kind,
                       int64_t amount)
{
    if (amount > 0) {
        tenders[purchase->tenders_count++] = (struct tender){.kind = kind, .amount = amount};
    }
}

static void pay_with(const struct purchase *purchase, int64_t rewards, int64_t points, struct tender *tenders,
                     struct purchase *ret_purchase)
{
    CHECK(purchase->tenders_count <= TENDERS_MAX);
    for (size_t i = 0; i < purchase->tenders_count; i++) {
        tenders[i] = purchase->tenders[i];
    }
    *ret_purchase = *purchase;
    ret_purchase->tenders = tenders;
    add_tender(ret_purchase, tenders, TENDER_VOUCHER, rewards);
    add_tender(ret_purchase, tenders, TENDER_POINTS, points);
}

void redeem_paid(const struct engine_past *past, struct tender *tenders, struct purchase *ret_purchase)
{
    int64_t rewards = 0;
    int64_t points = 0;
    for (size_t i = 0; i < past->outcome->uses_count; i++) {
        const struct use *use = &past->outcome->uses[i];
        *(use->redemption == USE_POINTS ? &points : &rewards) += use->value;
    }
    pay_with(&past->event->purchase, rewards, points, tenders, ret_purchase);
}

static void make_tenders(struct redeeming *redeeming)
{
    const struct purchase *purchase = redeeming->sale->purchase;
    int64_t rewards = 0;
    for (size_t i = 0; i < redeeming->claims_count; i++) {
        rewards += redeeming->claims[i].value;
    }
    pay_with(purchase, rewards, redeeming->paying.value, redeeming->tenders, &redeeming->paid);
    if (redeeming->claims_count > 0 && redeeming->bill.frees) {
        bill_take_units(&redeeming->bill, purchase, redeeming->lines);
        redeeming->paid.lines = redeeming->lines;
    }
}

/* Nobody's purchase redeems nothing. */
static void plan_nothing(struct redeeming *redeeming)
{
    const struct sale *sale = redeeming->sale;
    const struct purchase *purchase = sale->purchase;
    for (size_t i = 0; i < purchase->redemptions_count && redeeming->code == CODE_ACCEPTED; i++) {
        const struct redemption *redemption = &purchase->redemptions[i];
        const bool voucher = redemption->voucher.size != 0 && i < sale->context->vouchers_count;
        turn_down(redeeming, i,
                  voucher                        ? voucher_refusal(sale->context->vouchers[i])
                  : redemption->reservation != 0 ? CODE_RESERVATION_UNKNOWN
                                                 : CODE_UNKNOWN_MEMBER);
    }
    const struct pay_with_points *pay = purchase->pay_with_points;
    if (pay != NULL && pay->points > 0 && redeeming->code == CODE_ACCEPTED) {
        redeeming->paying.wanted = pay->points;
        turn_paying_down(redeeming, CODE_UNKNOWN_MEMBER);
    }
}

int redeem_plan(const struct sale *sale, const struct engine_past *past, struct outcome *outcome,
                struct redeeming *redeeming)
{
    const struct purchase *purchase = sale->purchase;
    CHECK(purchase->redemptions_count <= REDEMPTIONS_MAX);
    redeeming->sale = sale;
    redeeming->past = past;
    redeeming->outcome = outcome;
    redeeming->code = CODE_ACCEPTED;
    redeeming->claims_count = 0;
    redeeming->paying = (struct paying){.asked = false};
    const struct member_state *holdings = sale->context->holdings;
    if (holdings == NULL && sale->member == 0) {
        plan_nothing(redeeming);
        make_tenders(redeeming);
        return 0;
    }
    if (holdings != NULL) {
        purse_open(&redeeming->purse, sale->programme, holdings, outcome);
    } else {
        purse_open_new(&redeeming->purse, sale->programme, sale->member, outcome);
    }
    redeeming->free = purse_available(&redeeming->purse);
    int err = bill_make(sale->programme, purchase, &redeeming->bill);
    for (size_t i = 0; i < purchase->redemptions_count && err == 0 && redeeming->code == CODE_ACCEPTED; i++) {
        err = plan_redemption(redeeming, i);
    }
    if (err == 0 && redeeming->code == CODE_ACCEPTED) {
        plan_paying(redeeming);
        make_tenders(redeeming);
    }
    return err;
}
