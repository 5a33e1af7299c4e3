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

void context_clear(struct context *context)
{
    context->day = 0;
    context->minute = 0;
    context->offset = 0;
    context->member_day = 0;
    context->booked_day = 0;
    context->member = 0;
    context->new_member = 0;
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
}
