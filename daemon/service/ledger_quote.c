/* What booking a basket now would do. The same functions decide it as when it is booked; nothing is written.
 */
#include "service/ledger_internal.h"

#include <string.h>

#define QUOTE_AHEAD_MS (366 * INT64_C(86400000)) /* how far ahead a quote may look */

/* Codes that were drawn for it are nobody's. */
static void forget_codes(struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->effects_count; i++) {
        if (outcome->effects[i].kind == EFFECT_VOUCHER) {
            memset(outcome->effects[i].voucher.code, 0, VOUCHER_CODE_BYTES);
        }
    }
}

static int render(struct ledger *ledger, const char *locale, struct reply *reply)
{
    const struct outcome *outcome = &ledger->decision->outcome;
    const struct programme *programme = ledger_programme_version(ledger, outcome->programme_version);
    if (programme == NULL || locale == NULL) {
        return 0;
    }
    const struct member_view *view = NULL;
    int result = 0;
    if (outcome->member != 0 && outcome->code == CODE_ACCEPTED) {
        result = render_member(programme, ledger->numbers, ledger->state, ledger->context.booked_day,
                               &ledger->scratch, &view);
    }
    const struct rendered rendered = {
        .programme = programme,
        .numbers = ledger->numbers,
        .outcome = outcome,
        .level_before = ledger->context.level,
        .view = view,
        .offers = reply->quoted.offers,
        .offers_count = reply->quoted.offers_count,
        .credits = true,
    };
    result = result != 0 ? result
                         : render_outcome(&ledger->renderer, &rendered, locale, &ledger->scratch,
                                          &reply->quoted.rendering);
    return result == ERR_TOO_LARGE ? 0 : result;
}

static int reply_quoted(struct ledger *ledger, const struct draft *draft, const char *locale,
                        struct reply *reply)
{
    forget_codes(&ledger->decision->outcome);
    int result = wire_outcome_pack(&ledger->decision->outcome, &ledger->scratch, &reply->quoted.outcome);
    if (result == 0 && draft->programme != NULL) {
        result = render_trace(draft->programme, ledger->decision, &ledger->scratch, &reply->quoted.trace,
                              &reply->quoted.trace_count);
    }
    if (result == 0 && draft->programme != NULL) {
        result = render_steps(draft->programme, ledger->decision, &ledger->scratch, &reply->quoted.steps,
                              &reply->quoted.steps_count);
    }
    return result != 0 ? result : render(ledger, locale, reply);
}

/* A basket of a day to come is looked at as if it were that day and nothing were booked before: so a shop
 * sees on Sunday what Tuesday gives. What is ahead by no more than a clock may be is of now. */
static int64_t quoted_at(const struct ledger *ledger, const struct event *event)
{
    enum { MINUTE_MS = 60 * 1000 };
    const struct programme *newest = ledger_programme_newest(ledger);
    const int64_t now = ledger_booked_at(ledger, event);
    const int64_t ahead = newest != NULL ? (int64_t)newest->clock_ahead_minutes * MINUTE_MS : 0;
    const int64_t then = event->occurred_at;
    return ledger->head.live && then > now + ahead && then <= now + QUOTE_AHEAD_MS ? then : now;
}

int ledger_quote(struct ledger *ledger, const struct ledger_job *job, struct reply *reply)
{
    const struct request *request = job->request;
    const struct principal_row *principal = ledger_principal(ledger, job->principal);
    if (principal == NULL || principal->revoked) {
        ledger_fail(ledger, reply, FAILURE_REVOKED,
                    "this principal was revoked: enrol again with a new invite");
        return 0;
    }
    if (wire_body_unpack(request->quote.body, &ledger->scratch, &ledger->event, NULL) != 0 ||
        !ledger_explains(ledger->event.kind)) {
        ledger_fail(ledger, reply, FAILURE_INVALID,
                    "only a purchase or an activity within its ranges has a quote");
        return 0;
    }
    struct draft draft = {
        .principal = job->principal,
        .sequence = principal->next_sequence,
        .body = request->quote.body,
        .event = &ledger->event,
        .opening = &request->quote.opening,
    };
    draft.booked_at = quoted_at(ledger, draft.event);
    draft.programme = ledger_programme_at(ledger, draft.event->occurred_at);
    reply->kind = REPLY_QUOTED;
    memset(&reply->quoted, 0, sizeof(reply->quoted));
    int result = 0;
    if (draft.event->kind == EVENT_PURCHASE && draft.programme != NULL) {
        result = ledger_offers(ledger, &draft, principal, &reply->quoted.offers, &reply->quoted.offers_count);
    }
    result = result != 0 ? result : ledger_decide(ledger, &draft, principal);
    return result != 0 ? result : reply_quoted(ledger, &draft, request->quote.locale, reply);
}
