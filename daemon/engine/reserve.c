#include "engine/reserve.h"

#include "base/checked.h"
#include "engine/condition.h"
#include "engine/limit.h"
#include "model/day.h"

#include <string.h>

int reward_cost(const struct reward *reward, int64_t units, int64_t *ret_points)
{
    const int64_t groups = (units + reward->cost_units - 1) / reward->cost_units;
    const int err = checked_mul(groups, reward->cost, ret_points);
    return err == 0 && *ret_points > POINTS_MAX ? ERR_OVERFLOW : err;
}

/* The part of a condition that needs no basket. */
static struct condition circumstances_of(const struct condition *condition)
{
    struct condition part = *condition;
    part.has_min_spend = false;
    part.has_min_quantity = false;
    part.has_min_basket = false;
    part.codes.count = 0;
    part.tenders = 0;
    return part;
}

/* The part that does. */
static struct condition basket_of(const struct condition *condition)
{
    return (struct condition){
        .has_min_spend = condition->has_min_spend,
        .min_spend = condition->min_spend,
        .has_min_quantity = condition->has_min_quantity,
        .min_quantity = condition->min_quantity,
        .has_min_basket = condition->has_min_basket,
        .min_basket = condition->min_basket,
        .codes = condition->codes,
        .tenders = condition->tenders,
    };
}

bool reward_circumstances(const struct reward *reward, const struct sale *sale)
{
    const struct condition when = circumstances_of(&reward->when);
    const struct condition unless = circumstances_of(&reward->unless);
    const struct share nothing = {0};
    return condition_circumstances(&when, sale) == TRACE_APPLIED && !condition_any(&unless, sale, &nothing);
}

bool paying_allowed(const struct paying_policy *paying, const struct sale *sale)
{
    struct share share;
    struct shortfall shortfall;
    basket_select(&sale->basket, &paying->selector, &share);
    return condition_circumstances(&paying->when, sale) == TRACE_APPLIED &&
           condition_amounts(&paying->when, sale, &share, &shortfall) == TRACE_APPLIED &&
           !condition_any(&paying->unless, sale, &share);
}

bool reward_basket(const struct reward *reward, const struct sale *sale)
{
    const struct condition when = basket_of(&reward->when);
    const struct condition unless = basket_of(&reward->unless);
    struct share share;
    struct shortfall shortfall;
    basket_select(&sale->basket, &reward->selector, &share);
    return condition_circumstances(&when, sale) == TRACE_APPLIED &&
           condition_amounts(&when, sale, &share, &shortfall) == TRACE_APPLIED &&
           !condition_any(&unless, sale, &share);
}

const struct held_voucher *reservation_voucher(const struct member_state *holdings,
                                               const struct reservation *reservation)
{
    for (size_t i = 0; i < holdings->vouchers_count; i++) {
        if (holdings->vouchers[i].reservation == reservation->position) {
            return &holdings->vouchers[i];
        }
    }
    return NULL;
}

const struct reservation *reservation_find(const struct member_state *holdings, uint64_t position)
{
    for (size_t i = 0; i < holdings->reservations_count; i++) {
        if (holdings->reservations[i].position == position) {
            return &holdings->reservations[i];
        }
    }
    return NULL;
}

/* What the limits of a reward that was not taken after all had counted. Those of a till or a store are not
 * among them, nor of a member of a household its own: which it was says the event that reserved, so the
 * ledger gives back theirs. */
static int uncount(struct purse *purse, const struct reward *reward, const struct reservation *reservation,
                   int64_t unused, int32_t booked_day)
{
    const int32_t first = day_add(booked_day, -(int64_t)purse->programme->max_offline_days - 1);
    for (size_t i = 0; i < reward->limits.count; i++) {
        const struct limit *limit = &reward->limits.items[i];
        const bool of_place = limit->whose == LIMIT_TERMINAL || limit->whose == LIMIT_STORE;
        const bool of_one_of_many = limit->whose == LIMIT_MEMBER && purse->holdings->household != 0;
        const int32_t period = limit_period_on(limit, reservation->day);
        const bool asked_for = period == DAY_MIN || reservation->day >= first;
        const int64_t amount = limit->of == LIMIT_TIMES ? unused == reservation->units : unused;
        if (amount == 0 || !limit_has_counter(limit) || of_place || of_one_of_many || !asked_for) {
            continue;
        }
        const uint32_t member = limit_is_members(limit) ? purse->holdings->member : 0;
        struct effect *effect = outcome_add(purse->outcome, EFFECT_COUNTER, member);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->counter.limit = limit->number;
        effect->counter.period = period;
        effect->counter.scope = limit_is_members(limit) ? NULL : "";
        effect->counter.amount = -amount;
    }
    return 0;
}

static int free_voucher(struct purse *purse, const struct held_voucher *voucher)
{
    struct effect *effect = outcome_add(purse->outcome, EFFECT_VOUCHER_HOLD, purse->holdings->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->voucher_hold.voucher = voucher->origin;
    return 0;
}

int reservation_mark(struct outcome *outcome, uint64_t reservation, enum reservation_end end)
{
    struct effect *effect = outcome_add(outcome, EFFECT_RECEIPT, 0);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->receipt.position = reservation;
    effect->receipt.fact = (struct receipt_fact){.kind = FACT_ENDED, .index = (uint32_t)end, .quantity = 1};
    return 0;
}

int reservation_end(struct purse *purse, const struct reservation *reservation, enum reservation_end end,
                    int64_t unused, int32_t booked_day)
{
    const struct held_voucher *voucher = reservation_voucher(purse->holdings, reservation);
    const struct reward *reward =
        reservation->reward != 0 ? programme_reward(purse->programme, reservation->reward) : NULL;
    int err = voucher != NULL && end != RESERVATION_COMMITTED ? free_voucher(purse, voucher) : 0;
    struct effect *effect =
        err == 0 ? outcome_add(purse->outcome, EFFECT_RESERVATION_END, purse->holdings->member) : NULL;
    if (effect == NULL) {
        return err != 0 ? err : ERR_TOO_LARGE;
    }
    effect->reservation_end.reservation = reservation->position;
    effect->reservation_end.end = end;
    if (end != RESERVATION_TIMED_OUT) {
        err = reservation_mark(purse->outcome, reservation->position, end);
    }
    const bool sold = voucher == NULL && reward != NULL;
    return err != 0 || !sold || unused <= 0 ? err : uncount(purse, reward, reservation, unused, booked_day);
}

const struct held_voucher *voucher_find(const struct member_state *holdings, struct bytes code)
{
    for (size_t i = 0; i < holdings->vouchers_count; i++) {
        if (bytes_equal((struct bytes){holdings->vouchers[i].code, VOUCHER_CODE_BYTES}, code)) {
            return &holdings->vouchers[i];
        }
    }
    return NULL;
}

int voucher_end(struct outcome *outcome, uint32_t member, const struct held_voucher *voucher,
                enum voucher_end end)
{
    struct effect *effect = outcome_add(outcome, EFFECT_VOUCHER_END, member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->voucher_end.voucher = voucher->origin;
    memcpy(effect->voucher_end.code, voucher->code, VOUCHER_CODE_BYTES);
    effect->voucher_end.end = end;
    return 0;
}

enum outcome_code voucher_refusal(enum voucher_standing standing)
{
    switch (standing) {
    case VOUCHER_WAS_REDEEMED:
        return CODE_VOUCHER_USED;
    case VOUCHER_WAS_EXPIRED:
        return CODE_VOUCHER_EXPIRED;
    case VOUCHER_WAS_CANCELLED:
        return CODE_VOUCHER_CANCELLED;
    case VOUCHER_NOT_NAMED:
    case VOUCHER_OPEN:
    case VOUCHER_NOT_THERE:
        break;
    }
    return CODE_VOUCHER_UNKNOWN;
}

/* What is to be held, once it is found that it can be. */
struct holding_plan {
    int64_t points;
    const struct reward *reward;
    uint32_t reward_number;
    uint32_t units;
    const struct held_voucher *voucher;
};

static enum outcome_code plan_voucher(const struct sale *sale, const struct reserve *reserve,
                                      struct holding_plan *plan)
{
    const struct context *context = sale->context;
    const struct member_state *holdings = context->holdings;
    const int32_t day = context->booked_day;
    plan->voucher = voucher_find(holdings, reserve->voucher);
    if (plan->voucher == NULL) {
        return context->vouchers_count == 1 ? voucher_refusal(context->vouchers[0]) : CODE_VOUCHER_UNKNOWN;
    }
    if (plan->voucher->reservation != 0) {
        return CODE_VOUCHER_RESERVED;
    }
    if (day < plan->voucher->since || day > plan->voucher->until) {
        return CODE_VOUCHER_EXPIRED;
    }
    plan->reward = programme_reward(sale->programme, plan->voucher->reward);
    plan->reward_number = plan->voucher->reward;
    plan->units = 1;
    return plan->reward == NULL || reward_circumstances(plan->reward, sale) ? CODE_ACCEPTED : CODE_CONDITIONS;
}

static int plan_reward(const struct sale *sale, const struct reserve *reserve, int64_t available,
                       struct holding_plan *plan, enum outcome_code *ret_code)
{
    const struct programme *programme = sale->programme;
    enum trace_reason reason = TRACE_APPLIED;
    plan->reward = programme_reward_named(programme, reserve->reward);
    plan->units = reserve->units;
    if (plan->reward == NULL || !plan->reward->has_cost) {
        *ret_code = plan->reward == NULL ? CODE_REWARD_UNKNOWN : CODE_NOT_FOR_SALE;
        return 0;
    }
    plan->reward_number = plan->reward->number;
    const int err = reward_cost(plan->reward, reserve->units, &plan->points);
    if (err != 0) {
        return err;
    }
    *ret_code = !reward_circumstances(plan->reward, sale) ? CODE_CONDITIONS
                : limits_leave(&plan->reward->limits, sale, reserve->units, &reason) < reserve->units
                    ? CODE_LIMIT
                : plan->points > available ? CODE_POINTS_SHORT
                                           : CODE_ACCEPTED;
    return 0;
}

static enum outcome_code plan_points(const struct sale *sale, const struct reserve *reserve,
                                     int64_t available, struct holding_plan *plan)
{
    const struct paying_policy *paying = &sale->programme->paying;
    if (paying->points == 0) {
        return CODE_NOT_FOR_SALE;
    }
    const int64_t asked = reserve->amount != 0 ? reserve->amount : available;
    const int64_t whole = asked - asked % paying->points;
    plan->points = whole <= available || !paying->clamp ? whole : available - available % paying->points;
    if (plan->points > available) {
        return CODE_POINTS_SHORT;
    }
    if (plan->points == 0 || plan->points < paying->minimum) {
        return plan->points < whole || reserve->amount == 0 ? CODE_POINTS_SHORT : CODE_BELOW_MINIMUM;
    }
    return CODE_ACCEPTED;
}

/* When it is over; false when nothing may be held so long. */
static bool over_at(const struct sale *sale, const struct reserve *reserve, int64_t *ret_until)
{
    const struct reservation_policy *policy = &sale->programme->reservations;
    const int64_t minutes =
        reserve->has_timeout ? (int64_t)reserve->timeout_minutes : policy->timeout_minutes;
    *ret_until = minutes == 0 ? 0 : sale->context->booked_at + minutes * 60 * 1000;
    return !reserve->has_timeout || policy->longest_minutes == 0 ||
           (minutes != 0 && minutes <= policy->longest_minutes);
}

static int hold(struct purse *purse, const struct sale *sale, const struct holding_plan *plan, int64_t until)
{
    struct outcome *outcome = purse->outcome;
    struct effect *effect = outcome_add(outcome, EFFECT_RESERVATION, sale->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->reservation.points = plan->points;
    effect->reservation.reward = plan->reward_number;
    effect->reservation.units = plan->units;
    effect->reservation.day = sale->context->member_day;
    effect->reservation.until = until;
    if (plan->voucher != NULL) {
        effect = outcome_add(outcome, EFFECT_VOUCHER_HOLD, sale->member);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->voucher_hold.voucher = plan->voucher->origin;
        effect->voucher_hold.reservation = RESERVED_HERE;
        return 0;
    }
    int64_t reserved;
    const int err = purse_reserve(purse, plan->points, &reserved);
    if (err != 0) {
        return err;
    }
    if (reserved != plan->points) {
        return ERR_CORRUPT;
    }
    return plan->reward != NULL ? limits_count(&plan->reward->limits, sale, plan->units, true, outcome) : 0;
}

static void balances_after(const struct context *context, const struct purse *purse, struct outcome *outcome)
{
    outcome->balances = balances_before(context);
    memcpy(outcome->balances.accounts, purse->accounts, sizeof(purse->accounts));
    outcome->has_balances = true;
}

int decide_reserve(struct sale *sale, const struct event *event, struct decision *decision)
{
    const struct reserve *reserve = &event->reserve;
    struct holding_plan plan = {.points = 0};
    struct purse purse;
    int64_t until;
    enum outcome_code code = CODE_ACCEPTED;
    int err = 0;
    if (sale->context->member == 0 || sale->context->holdings == NULL) {
        decision_refuse(decision, sale->context->new_member == 0 ? CODE_CARD_MISSING : CODE_UNKNOWN_MEMBER);
        return 0;
    }
    purse_open(&purse, sale->programme, sale->context->holdings, &decision->outcome);
    const int64_t available = purse_available(&purse);
    if (!over_at(sale, reserve, &until)) {
        code = CODE_TOO_LONG;
    } else if (reserve->voucher.size != 0) {
        code = plan_voucher(sale, reserve, &plan);
    } else if (reserve->reward != NULL) {
        err = plan_reward(sale, reserve, available, &plan, &code);
    } else {
        code = plan_points(sale, reserve, available, &plan);
    }
    if (err != 0 || code != CODE_ACCEPTED) {
        if (err == 0) {
            decision_refuse(decision, code);
        }
        return err;
    }
    err = hold(&purse, sale, &plan, until);
    balances_after(sale->context, &purse, &decision->outcome);
    return err;
}

int decide_release(const struct programme *programme, const struct event *event,
                   const struct context *context, struct decision *decision)
{
    struct outcome *outcome = &decision->outcome;
    const struct reservation *reservation =
        context->holdings != NULL ? reservation_find(context->holdings, event->release.reservation) : NULL;
    if (reservation == NULL) {
        decision_refuse(decision, context->about != 0 ? CODE_RESERVATION_ENDED : CODE_RESERVATION_UNKNOWN);
        return 0;
    }
    struct purse purse;
    purse_open(&purse, programme, context->holdings, outcome);
    int err = purse_release(&purse, reservation->points, 0);
    err = err != 0 ? err
                   : reservation_end(&purse, reservation, RESERVATION_RELEASED, reservation->units,
                                     context->booked_day);
    balances_after(context, &purse, outcome);
    return err;
}
