#include "engine/limit.h"

#include "base/check.h"
#include "model/day.h"

static int64_t used(const struct limit *limit, const struct context *context)
{
    for (size_t i = 0; i < context->limits_count; i++) {
        if (context->limits[i].limit == limit->number) {
            return context->limits[i].used;
        }
    }
    return 0;
}

static int64_t room(const struct limit *limit, const struct sale *sale)
{
    const struct context *context = sale->context;
    int64_t taken = 0;
    if (limit->per == LIMIT_BALANCE) {
        for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
            if (__builtin_add_overflow(taken, context->balances[i], &taken)) {
                return 0;
            }
        }
    } else if (limit->per != LIMIT_PURCHASE) {
        taken = used(limit, context);
    }
    int64_t left;
    if (__builtin_sub_overflow(limit->max, taken, &left)) {
        return INT64_MAX; /* owed more than can be said */
    }
    return left > 0 ? left : 0;
}

int64_t limit_leaves(const struct limit *limit, const struct sale *sale, int64_t asked)
{
    const int64_t left = bindings_hold(sale->bindings, limit) ? room(limit, sale) : INT64_MAX;
    if (limit->of == LIMIT_TIMES ? left > 0 : asked <= left) {
        return asked;
    }
    bindings_note(sale->bindings, limit);
    return limit->of == LIMIT_TIMES || limit->reject ? 0 : left;
}

static bool is_stock(const struct limit *limit)
{
    return limit->per == LIMIT_EVER && limit->whose == LIMIT_ALL;
}

int64_t limits_leave(const struct limits *limits, const struct sale *sale, int64_t asked,
                     enum trace_reason *ret_reason)
{
    int64_t left = asked;
    for (size_t i = 0; i < limits->count && left > 0; i++) {
        const struct limit *limit = &limits->items[i];
        const int64_t after = limit_leaves(limit, sale, left);
        if (after < left) {
            *ret_reason = is_stock(limit) && room(limit, sale) == 0 ? TRACE_ENDED : TRACE_LIMIT;
        }
        left = after;
    }
    return left;
}

bool limits_open(const struct limits *limits, const struct sale *sale, enum trace_reason *ret_reason)
{
    for (size_t i = 0; i < limits->count; i++) {
        const struct limit *limit = &limits->items[i];
        if (limit->of == LIMIT_TIMES && bindings_hold(sale->bindings, limit) && room(limit, sale) == 0) {
            bindings_note(sale->bindings, limit);
            *ret_reason = is_stock(limit) ? TRACE_ENDED : TRACE_LIMIT;
            return false;
        }
    }
    return true;
}

bool limit_has_counter(const struct limit *limit)
{
    return limit->per != LIMIT_PURCHASE && limit->per != LIMIT_BALANCE;
}

bool limit_is_members(const struct limit *limit)
{
    /* A household is its one member. */
    return limit->whose == LIMIT_MEMBER || limit->whose == LIMIT_HOUSEHOLD;
}

int32_t limit_period(const struct limit *limit, const struct context *context)
{
    const bool of_place = limit->whose == LIMIT_TERMINAL || limit->whose == LIMIT_STORE;
    return limit_period_on(limit, of_place ? context->day : context->member_day);
}

int32_t limit_period_on(const struct limit *limit, int32_t day)
{
    switch (limit->per) {
    case LIMIT_DAY:
        return day;
    case LIMIT_WEEK:
        return day_start_of_week(day);
    case LIMIT_MONTH:
        return day_start_of_month(day);
    case LIMIT_YEAR:
        return day_start_of_year(day);
    case LIMIT_PURCHASE:
    case LIMIT_EVER:
    case LIMIT_BALANCE:
        break;
    }
    return DAY_MIN;
}

static const char *scope_of(const struct limit *limit, const struct sale *sale)
{
    switch (limit->whose) {
    case LIMIT_MEMBER:
    case LIMIT_HOUSEHOLD:
        return NULL;
    case LIMIT_TERMINAL:
        return sale->till;
    case LIMIT_STORE:
        return sale->store;
    case LIMIT_ALL:
        break;
    }
    return "";
}

int limits_count(const struct limits *limits, const struct sale *sale, int64_t given, bool any,
                 struct outcome *outcome)
{
    CHECK(given >= 0);
    for (size_t i = 0; i < limits->count; i++) {
        const struct limit *limit = &limits->items[i];
        const int64_t amount = limit->of == LIMIT_TIMES ? (given > 0 || any) : given;
        if (amount == 0 || !limit_has_counter(limit)) {
            continue;
        }
        struct effect *effect =
            outcome_add(outcome, EFFECT_COUNTER, limit_is_members(limit) ? sale->member : 0);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->counter.limit = limit->number;
        effect->counter.period = limit_period(limit, sale->context);
        effect->counter.scope = scope_of(limit, sale);
        effect->counter.store = limit->whose == LIMIT_TERMINAL ? sale->store : NULL;
        effect->counter.amount = amount;
    }
    return 0;
}

size_t limits_owners(const struct programme *programme)
{
    return programme->rules_count + programme->campaigns_count + 1;
}

const struct limits *limits_of(const struct programme *programme, size_t owner)
{
    if (owner < programme->rules_count) {
        return &programme->rules[owner].limits;
    }
    owner -= programme->rules_count;
    return owner < programme->campaigns_count ? &programme->campaigns[owner].limits : &programme->limits;
}
