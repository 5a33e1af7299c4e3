/* Booked events that others are about, as they were decided. */
#include "service/ledger_internal.h"

#include <string.h>

int ledger_past(struct ledger *ledger, uint64_t position, struct engine_past *ret_past)
{
    struct arena *arena = &ledger->scratch;
    struct event_row row;
    struct event *event = arena_alloc(arena, 1, sizeof(*event));
    struct context *context = arena_alloc(arena, 1, sizeof(*context));
    struct outcome *outcome = arena_alloc(arena, 1, sizeof(*outcome));
    if (event == NULL || context == NULL || outcome == NULL) {
        return ERR_TOO_LARGE;
    }
    int result = store_event_read(ledger->options.store, position, arena, &row);
    if (result < 0) {
        return result;
    }
    context_clear(context);
    result = wire_body_unpack(row.body, arena, event, NULL);
    result = result < 0 ? result : wire_context_unpack(row.context, arena, context);
    result = result < 0 ? result : wire_outcome_unpack(row.outcome, arena, outcome);
    const struct principal_row *principal = ledger_principal(ledger, row.principal);
    result = result < 0 ? result : ledger_unwrap(ledger, event, &principal);
    if (result < 0 || principal == NULL) {
        return result == ERR_TOO_LARGE ? result : ERR_CORRUPT;
    }
    context->booked_at = row.booked_at;
    if (context->household != 0) {
        household_disown(context->household, outcome->member, outcome);
    }
    /* What is decided again may ask for a voucher more; nobody ever sees its code. */
    memset(context->random + context->random_size, 0, sizeof(context->random) - context->random_size);
    context->random_size = sizeof(context->random);
    const struct receipt *receipt = event->kind == EVENT_PURCHASE ? &event->purchase.receipt : NULL;
    *ret_past = (struct engine_past){
        .position = position,
        .decided = position,
        .programme = ledger_programme_version(ledger, outcome->programme_version),
        .place = {.store = receipt != NULL && receipt->store != NULL ? receipt->store : principal->store,
                  .till = receipt != NULL && receipt->till != NULL ? receipt->till : principal->label},
        .event = event,
        .context = context,
        .outcome = outcome,
    };
    return 0;
}
