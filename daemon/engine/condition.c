#include "engine/condition.h"

#include "engine/selector.h"
#include "model/day.h"

enum answer { NOT_ASKED, HOLDS, FAILS };

static enum answer answer(bool holds)
{
    return holds ? HOLDS : FAILS;
}

static enum answer ask_dates(const struct condition *condition, const struct sale *sale)
{
    if (!condition->has_from && !condition->has_to) {
        return NOT_ASKED;
    }
    const int32_t day = sale->context->day;
    return answer((!condition->has_from || day >= condition->from) &&
                  (!condition->has_to || day <= condition->to));
}

static enum answer ask_weekday(const struct condition *condition, const struct sale *sale)
{
    if (condition->weekdays == 0) {
        return NOT_ASKED;
    }
    const int from_monday = (int)day_weekday(sale->context->day) - 1;
    return answer((condition->weekdays >> from_monday & 1) != 0);
}

static enum answer ask_hours(const struct condition *condition, const struct sale *sale)
{
    const int32_t minute = sale->context->minute;
    for (size_t i = 0; i < condition->hours_count; i++) {
        const struct hours *hours = &condition->hours[i];
        const bool started = minute >= hours->from;
        const bool before_end = minute < hours->to;
        if (hours->from <= hours->to ? started && before_end : started || before_end) {
            return HOLDS;
        }
    }
    return condition->hours_count > 0 ? FAILS : NOT_ASKED;
}

static enum answer ask_list(const struct id_list *list, const char *id)
{
    return list->count == 0 ? NOT_ASKED : answer(id != NULL && id_list_has(list, id));
}

static enum answer ask_store(const struct condition *condition, const struct sale *sale)
{
    return ask_list(&condition->stores, sale->store);
}

static enum answer ask_terminal(const struct condition *condition, const struct sale *sale)
{
    return ask_list(&condition->terminals, sale->till);
}

static enum answer ask_codes(const struct condition *condition, const struct sale *sale)
{
    for (size_t i = 0; i < sale->purchase->codes_count; i++) {
        if (id_list_has(&condition->codes, sale->purchase->codes[i])) {
            return HOLDS;
        }
    }
    return condition->codes.count > 0 ? FAILS : NOT_ASKED;
}

static enum answer ask_level(const struct condition *condition, const struct sale *sale)
{
    for (size_t i = 0; i < condition->levels_count && sale->level >= 0; i++) {
        if (condition->levels[i] == sale->programme->tiers.levels[sale->level].number) {
            return HOLDS;
        }
    }
    return condition->levels_count > 0 ? FAILS : NOT_ASKED;
}

static enum answer ask_first_purchase(const struct condition *condition, const struct sale *sale)
{
    return condition->first_purchase ? answer(sale->context->purchases == 0) : NOT_ASKED;
}

static enum answer ask_tenders(const struct condition *condition, const struct sale *sale)
{
    for (size_t i = 0; i < sale->purchase->tenders_count; i++) {
        if ((condition->tenders >> sale->purchase->tenders[i].kind & 1) != 0) {
            return HOLDS;
        }
    }
    return condition->tenders != 0 ? FAILS : NOT_ASKED;
}

static enum answer ask_days_since(const struct condition *condition, const struct sale *sale)
{
    const struct context *context = sale->context;
    return condition->has_days_since_purchase
               ? answer(context->purchases > 0 && (int64_t)context->member_day - context->last_purchase >=
                                                      condition->days_since_purchase)
               : NOT_ASKED;
}

static enum answer ask_days_joined(const struct condition *condition, const struct sale *sale)
{
    const struct context *context = sale->context;
    return condition->has_days_since_joining
               ? answer((int64_t)context->member_day - context_enrolled(context) >=
                        condition->days_since_joining)
               : NOT_ASKED;
}

static enum answer ask_metrics(const struct condition *condition, const struct sale *sale)
{
    for (size_t i = 0; i < condition->metrics_count; i++) {
        const struct goal *goal = &condition->metrics[i];
        if (context_metric(sale->context, goal->measure + 1).value < goal->value) {
            return FAILS;
        }
    }
    return condition->metrics_count > 0 ? HOLDS : NOT_ASKED;
}

static enum answer ask_profile(uint32_t question, const struct sale *sale)
{
    return question != 0 ? answer(context_answer(sale->context, question)) : NOT_ASKED;
}

static enum answer ask_segments(const struct condition *condition, const struct sale *sale)
{
    return ask_profile(condition->segments_question, sale);
}

static enum answer ask_birthday(const struct condition *condition, const struct sale *sale)
{
    return ask_profile(condition->birthday_question, sale);
}

/* What is asked about time, place, codes and the member, in the order the trace names it. */
static const struct {
    enum trace_reason reason;
    enum answer (*ask)(const struct condition *condition, const struct sale *sale);
} circumstances[] = {
    {TRACE_DATES, ask_dates},
    {TRACE_WEEKDAY, ask_weekday},
    {TRACE_HOURS, ask_hours},
    {TRACE_STORE, ask_store},
    {TRACE_TERMINAL, ask_terminal},
    {TRACE_CODE, ask_codes},
    {TRACE_LEVEL, ask_level},
    {TRACE_FIRST_PURCHASE, ask_first_purchase},
    {TRACE_TENDER, ask_tenders},
    {TRACE_DAYS_SINCE, ask_days_since},
    {TRACE_DAYS_JOINED, ask_days_joined},
    {TRACE_METRIC, ask_metrics},
    {TRACE_SEGMENT, ask_segments},
    {TRACE_BIRTHDAY, ask_birthday},
};

enum { CIRCUMSTANCES = sizeof(circumstances) / sizeof(circumstances[0]) };

enum trace_reason condition_circumstances(const struct condition *when, const struct sale *sale)
{
    for (size_t i = 0; i < CIRCUMSTANCES; i++) {
        if (circumstances[i].ask(when, sale) == FAILS) {
            return circumstances[i].reason;
        }
    }
    return TRACE_APPLIED;
}

enum trace_reason condition_amounts(const struct condition *when, const struct sale *sale,
                                    const struct share *share, struct shortfall *ret_shortfall)
{
    if (when->has_min_quantity && share->quantity < when->min_quantity) {
        *ret_shortfall = (struct shortfall){when->min_quantity, when->min_quantity - share->quantity};
        return TRACE_MIN_QUANTITY;
    }
    const int64_t spend = when->has_min_spend ? when->min_spend - share->amount : 0;
    const int64_t basket = when->has_min_basket ? when->min_basket - sale->basket.total : 0;
    if (spend <= 0 && basket <= 0) {
        return TRACE_APPLIED;
    }
    /* What is spent on the rule's goods fills the basket too: the larger gap closes both. */
    if (spend >= basket) {
        *ret_shortfall = (struct shortfall){when->min_spend, spend};
        return TRACE_MIN_SPEND;
    }
    *ret_shortfall = (struct shortfall){when->min_basket, basket};
    return TRACE_MIN_BASKET;
}

bool condition_any(const struct condition *unless, const struct sale *sale, const struct share *share)
{
    for (size_t i = 0; i < CIRCUMSTANCES; i++) {
        if (circumstances[i].ask(unless, sale) == HOLDS) {
            return true;
        }
    }
    return (unless->has_min_quantity && share->quantity >= unless->min_quantity) ||
           (unless->has_min_spend && share->amount >= unless->min_spend) ||
           (unless->has_min_basket && sale->basket.total >= unless->min_basket);
}
