/* What was found to be redeemed leaves the member. */
#include "engine/redeem_internal.h"

#include "engine/limit.h"
#include "engine/reserve.h"

#include "base/check.h"
#include "base/checked.h"

#include <string.h>

static void add_use(struct redeeming *redeeming, const struct use *use)
{
    struct outcome *outcome = redeeming->outcome;
    CHECK(outcome->uses_count < USES_MAX);
    outcome->uses[outcome->uses_count++] = *use;
}

static void add_claim_use(struct redeeming *redeeming, const struct claim *claim)
{
    add_use(redeeming, &(struct use){.redemption = claim->index,
                                     .reward = claim->reward_number,
                                     .units = (uint32_t)claim->units,
                                     .points = claim->points,
                                     .value = claim->value});
}

static uint32_t source_of(const struct claim *claim)
{
    return SOURCE_OF(SOURCE_REWARD, claim->reward_number);
}

/* Spends what there is and owes the rest, which is said. */
static int spend_or_owe(struct redeeming *redeeming, int64_t points, uint32_t source)
{
    struct purse *purse = &redeeming->purse;
    int64_t spent = 0;
    int err = purse_spend(purse, points, PROGRAMME_REDEEMED, source, &spent);
    if (err == 0 && spent < points) {
        err = purse_owe(purse, points - spent, PROGRAMME_REDEEMED, source);
        outcome_except(redeeming->outcome, EXCEPTION_POINTS_SHORT, points - spent);
    }
    return err;
}

/* What was reserved is spent as far as it was used; the rest is free at once. */
static int commit(struct redeeming *redeeming, const struct claim *claim, int64_t used, uint32_t source)
{
    struct purse *purse = &redeeming->purse;
    const struct reservation *reservation = claim->reservation;
    const int32_t day = redeeming->sale->context->booked_day;
    int64_t spent = 0;
    int err = purse_spend_reserved(purse, used, PROGRAMME_REDEEMED, source, &spent);
    if (err == 0 && spent != used) {
        err = ERR_CORRUPT;
    }
    err = err != 0 ? err : purse_release(purse, reservation->points - used, 0);
    const int64_t unused = claim->reward != NULL ? reservation->units - claim->units : 0;
    return err != 0 ? err : reservation_end(purse, reservation, RESERVATION_COMMITTED, unused, day);
}

static int take_claim(struct redeeming *redeeming, const struct claim *claim)
{
    int err = 0;
    if (claim->voucher != NULL) {
        err = voucher_end(redeeming->outcome, redeeming->sale->member, claim->voucher, VOUCHER_REDEEMED);
    }
    if (err == 0 && claim->reservation != NULL) {
        err = commit(redeeming, claim, claim->points, source_of(claim));
    } else if (err == 0 && claim->voucher == NULL) {
        err = spend_or_owe(redeeming, claim->points, source_of(claim));
    }
    if (err == 0 && claim->late) {
        err = reservation_mark(redeeming->outcome,
                               redeeming->sale->purchase->redemptions[claim->index].reservation,
                               RESERVATION_COMMITTED);
    }
    add_claim_use(redeeming, claim);
    return err;
}

/* Points paid: those that were reserved for it first. */
static int take_paying(struct redeeming *redeeming)
{
    struct paying *paying = &redeeming->paying;
    int64_t left = paying->points;
    int err = 0;
    for (size_t i = 0; i < redeeming->claims_count && err == 0; i++) {
        const struct claim *claim = &redeeming->claims[i];
        if (claim->reward_number != 0) {
            continue;
        }
        if (claim->reservation != NULL) {
            const int64_t used = least(left, claim->reserved);
            err = commit(redeeming, claim, used, 0);
            left -= used;
        } else {
            err = reservation_mark(redeeming->outcome,
                                   redeeming->sale->purchase->redemptions[claim->index].reservation,
                                   RESERVATION_COMMITTED);
        }
    }
    if (err == 0 && !paying->earned && left > 0) {
        err = spend_or_owe(redeeming, left, 0);
    }
    return err;
}

static void add_paying_use(struct redeeming *redeeming)
{
    const struct paying *paying = &redeeming->paying;
    if (paying->points > 0) {
        add_use(redeeming,
                &(struct use){.redemption = USE_POINTS, .points = paying->points, .value = paying->value});
    }
}

/* What limits count of rewards that were bought. */
static int count_rewards(struct redeeming *redeeming)
{
    const struct programme *programme = redeeming->sale->programme;
    int err = 0;
    for (size_t i = 0; i < programme->rewards_count && err == 0; i++) {
        const struct reward *reward = &programme->rewards[i];
        const int64_t units = reward->limits.count > 0 ? redeem_units_bought(redeeming, reward) : 0;
        if (units > 0) {
            err = limits_count(&reward->limits, redeeming->sale, units, true, redeeming->outcome);
        }
    }
    return err;
}

int redeem_take(struct redeeming *redeeming, int64_t *accounts)
{
    int err = 0;
    if (redeeming->sale->member == 0) {
        return 0;
    }
    for (size_t i = 0; i < redeeming->claims_count && err == 0; i++) {
        const struct claim *claim = &redeeming->claims[i];
        err = claim->earned || claim->reward_number == 0 ? 0 : take_claim(redeeming, claim);
    }
    err = err != 0 ? err : take_paying(redeeming);
    err = err != 0 ? err : count_rewards(redeeming);
    if (!redeeming->paying.earned) {
        add_paying_use(redeeming);
    }
    memcpy(accounts, redeeming->purse.accounts, sizeof(redeeming->purse.accounts));
    return err;
}

/* Of the new lots that hold available points, the one that ends first; NULL: none does. */
static struct credit_lot *next_new(struct credit *credit)
{
    struct credit_lot *next = NULL;
    for (size_t i = 0; i < credit->count; i++) {
        struct credit_lot *lot = &credit->lots[i];
        if (lot->account == MEMBER_AVAILABLE && lot->holds > 0 && (next == NULL || lot->ends < next->ends)) {
            next = lot;
        }
    }
    return next;
}

/* In the order of spending: before each new lot those that end before it, and at last the rest. */
static int spend_earned(struct redeeming *redeeming, struct credit *credit, int64_t points, uint32_t source)
{
    struct purse *purse = &redeeming->purse;
    int64_t left = points;
    int err = 0;
    for (struct credit_lot *lot = next_new(credit); lot != NULL && left > 0 && err == 0;
         lot = next_new(credit)) {
        int64_t spent = 0;
        err = purse_spend_until(purse, lot->ends, left, PROGRAMME_REDEEMED, source, &spent);
        left -= spent;
        const int64_t fresh = least(lot->holds, left);
        const uint32_t index = (uint32_t)(lot - credit->lots);
        err = err != 0 ? err : purse_spend_new(purse, index, fresh, PROGRAMME_REDEEMED, source);
        lot->holds -= fresh;
        left -= fresh;
    }
    return err != 0 ? err : spend_or_owe(redeeming, left, source);
}

int redeem_take_earned(struct redeeming *redeeming, struct credit *credit, int64_t *accounts)
{
    struct purse *purse = &redeeming->purse;
    struct paying *paying = &redeeming->paying;
    const bool done = redeeming->sale->purchase->redeem_done;
    int err = 0;
    if (redeeming->sale->member == 0) {
        return 0;
    }
    memcpy(purse->accounts, accounts, sizeof(purse->accounts));
    for (size_t i = 0; i < redeeming->claims_count && err == 0; i++) {
        const struct claim *claim = &redeeming->claims[i];
        if (!claim->earned) {
            continue;
        }
        if (claim->points > purse_available(purse) && !done) {
            redeeming->code = CODE_POINTS_SHORT;
            return 0;
        }
        err = spend_earned(redeeming, credit, claim->points, source_of(claim));
        add_claim_use(redeeming, claim);
    }
    if (err == 0 && paying->earned && redeeming->code == CODE_ACCEPTED) {
        const struct paying_policy *policy = &redeeming->sale->programme->paying;
        const int64_t held = least(paying->held, paying->points);
        redeeming->bill.total += paying->value;
        redeem_find_points(redeeming, held + purse_available(purse), true);
        if (redeeming->code != CODE_ACCEPTED) {
            return 0;
        }
        paying->value = paying->points / policy->points * policy->worth;
        err = spend_earned(redeeming, credit, paying->points - held, 0);
        add_paying_use(redeeming);
    }
    memcpy(accounts, purse->accounts, sizeof(purse->accounts));
    return err;
}
