#include "model/decision.h"

#include "base/check.h"
#include "model/context.h"

const char *outcome_code_text(enum outcome_code code)
{
    switch (code) {
#define X(name, number, text)                                                                                \
    case CODE_##name:                                                                                        \
        return text;
#include "model/refusal.def"
#undef X
    }
    return "unknown code";
}

const char *outcome_code_name(enum outcome_code code)
{
    switch (code) {
#define X(name, number, text)                                                                                \
    case CODE_##name:                                                                                        \
        return #name;
#include "model/refusal.def"
#undef X
    }
    return "UNKNOWN";
}

const char *exception_text(enum exception_kind kind)
{
    switch (kind) {
    case EXCEPTION_UNKNOWN_CARD:
        return "the card is unknown: booked without a member";
    case EXCEPTION_CARD_NOT_OPENED:
        return "the card was not sent with the event, or is not the one signed: booked without a member";
    case EXCEPTION_REDEMPTION_LEFT_OUT:
        return "redemptions that could not be honoured";
    case EXCEPTION_FREE_UNITS_LEFT_OUT:
        return "units the till gave free that were not due";
    case EXCEPTION_POINTS_LEFT_OUT:
        return "points that could not be used to pay";
    case EXCEPTION_UNKNOWN_RECEIPT:
        return "no such purchase is booked: nothing was taken back";
    case EXCEPTION_PARKED:
        return "the purchase has not arrived yet: the return waits for it";
    case EXCEPTION_WITHOUT_RECEIPT:
        return "returned without a receipt: nothing was taken back";
    case EXCEPTION_VOIDED_RECEIPT:
        return "the purchase is void already: nothing was taken back";
    case EXCEPTION_DAY_CLOSED:
        return "the till's day is over: the purchase was not voided";
    case EXCEPTION_QUANTITY_NOT_RETURNED:
        return "more goods than were bought, or are still there, were to be returned";
    case EXCEPTION_AMOUNT_NOT_RETURNED:
        return "more money than was paid, or is still there, was to be returned";
    case EXCEPTION_POINTS_NOT_TAKEN:
        return "points that could not be taken back";
    case EXCEPTION_VOUCHER_USED:
        return "vouchers that were to be taken back and are used";
    case EXCEPTION_POINTS_SHORT:
        return "points were missing and are owed now";
    case EXCEPTION_VOUCHER_UNKNOWN:
        return "a voucher the member does not have was used: left out";
    case EXCEPTION_VOUCHER_USED_BEFORE:
        return "a voucher was used that had been used before: left out";
    case EXCEPTION_VOUCHER_EXPIRED:
        return "a voucher was used that is over, or not valid yet: left out";
    case EXCEPTION_VOUCHER_CANCELLED:
        return "a voucher was used that had been cancelled: left out";
    case EXCEPTION_RESERVATION_GONE:
        return "a reservation that was not there any more was committed: left out";
    case EXCEPTION_REWARD_UNKNOWN:
        return "a reward that is not sold for points was used: left out";
    case EXCEPTION_REWARD_LIMIT:
        return "a limit of the reward left no room: left out";
    case EXCEPTION_REWARD_CONDITIONS:
        return "the conditions of the reward did not hold: left out";
    case EXCEPTION_NOTHING_TO_PAY:
        return "nothing in the basket could be paid by it: left out";
    case EXCEPTION_REFUSED:
        return "what happened at the till was refused";
    }
    return "unknown exception";
}

const char *trace_reason_text(enum trace_reason reason)
{
    switch (reason) {
    case TRACE_APPLIED:
        return "applied";
    case TRACE_NO_MEMBER:
        return "no member: nothing to give to";
    case TRACE_NO_LINES:
        return "no such goods in the basket";
    case TRACE_MIN_SPEND:
        return "too little spent on these goods";
    case TRACE_MIN_QUANTITY:
        return "too few of these goods";
    case TRACE_MIN_BASKET:
        return "basket too small";
    case TRACE_DATES:
        return "not in its dates";
    case TRACE_WEEKDAY:
        return "not on this weekday";
    case TRACE_HOURS:
        return "not at this hour";
    case TRACE_STORE:
        return "not in this store";
    case TRACE_TERMINAL:
        return "not at this till";
    case TRACE_CODE:
        return "code not given";
    case TRACE_LEVEL:
        return "not at this level";
    case TRACE_FIRST_PURCHASE:
        return "not the first purchase";
    case TRACE_UNLESS:
        return "excluded by its `unless`";
    case TRACE_NOTHING:
        return "less than one step";
    case TRACE_NOT_BEST:
        return "another rule took its place";
    case TRACE_TENDER:
        return "not paid that way";
    case TRACE_DAYS_SINCE:
        return "too few days since the last purchase";
    case TRACE_DAYS_JOINED:
        return "too few days since the customer joined";
    case TRACE_METRIC:
        return "a metric is not reached";
    case TRACE_SEGMENT:
        return "not in its segments";
    case TRACE_BIRTHDAY:
        return "not at the birthday";
    case TRACE_CAMPAIGN:
        return "its campaign does not run";
    case TRACE_LIMIT:
        return "cut by a limit";
    case TRACE_ENDED:
        return "the stock is gone: it has ended";
    case TRACE_EXCLUSIVE:
        return "an exclusive rule stands alone";
    case TRACE_STOPPED:
        return "a rule before it stops the rest";
    case TRACE_NOT_TODAY:
        return "not the first receipt of the day";
    case TRACE_NO_POINTS:
        return "nothing to multiply";
    case TRACE_EVENT:
        return "not for this kind of event";
    }
    return "unknown reason";
}

void decision_clear(struct decision *decision)
{
    struct outcome *outcome = &decision->outcome;
    outcome->code = CODE_ACCEPTED;
    outcome->programme_version = 0;
    outcome->member = 0;
    outcome->has_balances = false;
    outcome->balances = (struct balances){.level_until = DAY_NEVER};
    outcome->near_misses_count = 0;
    outcome->exceptions_count = 0;
    outcome->uses_count = 0;
    outcome->effects_count = 0;
    decision->trace_count = 0;
}

void decision_refuse(struct decision *decision, enum outcome_code code)
{
    struct outcome *outcome = &decision->outcome;
    const uint32_t version = outcome->programme_version;
    const uint32_t member = outcome->member;
    decision_clear(decision);
    outcome->code = code;
    outcome->programme_version = version;
    outcome->member = member;
}

struct effect *outcome_add(struct outcome *outcome, enum effect_kind kind, uint32_t member)
{
    if (outcome->effects_count == EFFECTS_MAX) {
        return NULL;
    }
    struct effect *effect = &outcome->effects[outcome->effects_count++];
    *effect = (struct effect){.kind = kind, .member = member};
    return effect;
}

int outcome_count(struct outcome *outcome, uint32_t member, uint32_t limit, int32_t period, int64_t amount)
{
    struct effect *effect = outcome_add(outcome, EFFECT_COUNTER, member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->counter.limit = limit;
    effect->counter.period = period;
    effect->counter.amount = amount;
    return 0;
}

void outcome_except(struct outcome *outcome, enum exception_kind kind, int64_t amount)
{
    CHECK(outcome->exceptions_count < EXCEPTIONS_MAX);
    outcome->exceptions[outcome->exceptions_count++] = (struct exception){.kind = kind, .amount = amount};
}

struct balances balances_before(const struct context *context)
{
    struct balances balances = {.level = context->level,
                                .level_until = context->level_until,
                                .qualifying = context_metric(context, 0).now};
    for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
        balances.accounts[i] = context->balances[i];
    }
    return balances;
}
