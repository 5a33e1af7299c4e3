#include "model/context.h"

#include "model/programme.h"

struct context_metric context_metric(const struct context *context, uint32_t metric)
{
    for (size_t i = 0; i < context->metrics_count; i++) {
        if (context->metrics[i].metric == metric) {
            return context->metrics[i];
        }
    }
    return (struct context_metric){.metric = metric};
}

bool context_answer(const struct context *context, uint32_t question)
{
    const uint32_t bit = question - 1;
    return question != 0 && bit / 8 < context->answers_size &&
           (context->answers[bit / 8] >> bit % 8 & 1) != 0;
}

struct receipt_fact context_fact(const struct context *context, enum receipt_fact_kind kind, uint32_t index)
{
    for (size_t i = 0; i < context->facts_count; i++) {
        if (context->facts[i].kind == kind && context->facts[i].index == index) {
            return context->facts[i];
        }
    }
    return (struct receipt_fact){.kind = kind, .index = index};
}

int32_t context_enrolled(const struct context *context)
{
    return context->member != 0 ? context->enrolled : context->member_day;
}

void context_clear(struct context *context)
{
    context->day = 0;
    context->minute = 0;
    context->offset = 0;
    context->member_day = 0;
    context->booked_day = 0;
    context->member = 0;
    context->new_member = 0;
    context->household = 0;
    context->random_size = 0;
    context->day_starts_count = 0;
    context->previous = 0;
    for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
        context->balances[i] = 0;
    }
    context->level = 0;
    context->level_until = DAY_NEVER;
    context->purchases = 0;
    context->last_purchase = 0;
    context->metrics_count = 0;
    context->stamps_count = 0;
    context->decided_level = 0;
    context->visits_today = 0;
    context->limits_count = 0;
    context->booked_at = 0;
    context->level_day = 0;
    context->held_level = 0;
    context->held_until = 0;
    context->floor_level = 0;
    context->floor_until = 0;
    context->enrolled = 0;
    context->holdings = NULL;
    context->other = NULL;
    context->about = 0;
    context->facts = NULL;
    context->facts_count = 0;
    context->items_count = 0;
    context->card = CONTEXT_CARD_FREE;
    context->answers_size = 0;
    context->occasions = 0;
    context->vouchers_count = 0;
    context->settled_count = 0;
}
