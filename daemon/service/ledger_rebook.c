/* What facts claimed and could not have, for the back office, and facts that were refused: how they are
 * booked after all. */
#include "service/ledger_internal.h"

#include "base/check.h"

#include <string.h>

/* What a till only states to have happened. */
static bool is_fact(enum event_kind kind)
{
    return kind == EVENT_PURCHASE || kind == EVENT_GOODS_RETURN || kind == EVENT_VOID_RECEIPT ||
           kind == EVENT_DAY_CLOSE;
}

bool ledger_is_lost(const struct ledger *ledger, const struct draft *draft)
{
    if (draft->principal == 0 || ledger->principals[draft->principal].role != ROLE_TERMINAL ||
        (draft->event != NULL && !is_fact(draft->event->kind))) {
        return false;
    }
    /* All else the till was told while it could do otherwise. */
    const enum outcome_code code = ledger->decision->outcome.code;
    return code == CODE_MALFORMED || code == CODE_CLOCK || code == CODE_DUPLICATE_RECEIPT ||
           code == CODE_UNKNOWN_STORE || code == CODE_QUARANTINED || code == CODE_LIMIT_EXCEEDED ||
           code == CODE_RETIRED;
}

int ledger_unwrap(struct ledger *ledger, struct event *event, const struct principal_row **ret_principal)
{
    struct event_row row;
    if (event->kind != EVENT_REBOOK) {
        return 0;
    }
    const struct bytes body = event->rebook.body;
    int result = store_event_read(ledger->options.store, event->rebook.position, &ledger->scratch, &row);
    if (result < 0) {
        return result;
    }
    result = wire_body_unpack(body.size > 0 ? body : row.body, &ledger->scratch, event, NULL);
    *ret_principal = ledger_principal(ledger, row.principal);
    return result < 0 || *ret_principal == NULL || !is_fact(event->kind) ? ERR_FORMAT : 0;
}

/* Whether an event that is refused stands at that position, and when it was. */
static int find_refused(struct ledger *ledger, uint64_t position, int64_t *ret_booked_at)
{
    struct event_row row;
    enum outcome_code code;
    const int result = position > ledger->head.position
                           ? ERR_NOT_FOUND
                           : store_event_read(ledger->options.store, position, &ledger->scratch, &row);
    if (result < 0) {
        return result;
    }
    *ret_booked_at = row.booked_at;
    if (row.principal == 0 || ledger->principals[row.principal].role != ROLE_TERMINAL) {
        return ERR_NOT_FOUND;
    }
    if (wire_outcome_code(row.outcome, &code) < 0) {
        return ERR_CORRUPT;
    }
    return code == CODE_ACCEPTED ? ERR_NOT_FOUND : 0;
}

/* Within what the till could have said when it was refused. */
static bool was_in_bounds(const struct ledger *ledger, int64_t occurred_at, int64_t refused_at)
{
    const struct programme *programme = ledger_programme_newest(ledger);
    const int64_t ahead_minutes = programme == NULL ? 5 : programme->clock_ahead_minutes;
    const int64_t behind_days = programme == NULL ? 30 : programme->max_offline_days;
    return !ledger->head.live || (occurred_at <= refused_at + ahead_minutes * 60 * 1000 &&
                                  occurred_at >= refused_at - behind_days * 24 * 60 * 60 * 1000);
}

int ledger_decide_rebook(struct ledger *ledger, struct draft *draft)
{
    struct event *stated = arena_alloc(&ledger->scratch, 1, sizeof(*stated));
    const struct principal_row *till = NULL;
    int64_t refused_at = 0;
    if (stated == NULL) {
        return ERR_TOO_LARGE;
    }
    int result = find_refused(ledger, draft->event->rebook.position, &refused_at);
    if (result < 0) {
        ledger_refuse(ledger, CODE_NOT_REFUSED);
        return result == ERR_NOT_FOUND ? 0 : result;
    }
    *stated = *draft->event;
    result = ledger_unwrap(ledger, stated, &till);
    if (result < 0 || till == NULL || !role_may_sign(till->role, stated->kind)) {
        ledger_refuse(ledger, draft->event->rebook.body.size > 0 ? CODE_MALFORMED : CODE_NOT_REFUSED);
        return result == ERR_IO || result == ERR_CORRUPT ? result : 0;
    }
    if (!was_in_bounds(ledger, stated->occurred_at, refused_at)) {
        ledger_refuse(ledger, CODE_CLOCK);
        return 0;
    }
    const struct event *const rebook = draft->event;
    draft->event = stated;
    draft->programme = ledger_programme_at(ledger, stated->occurred_at);
    result = stated->kind == EVENT_PURCHASE ? ledger_decide_member(ledger, draft, till)
                                            : ledger_decide_about(ledger, draft, till);
    draft->event = rebook;
    draft->stated = stated;
    return result;
}

/* Fills what the event says of itself. What cannot be read says nothing. */
static int show_exception(struct ledger *ledger, const struct exception_row *row, struct exception_view *view)
{
    struct arena *arena = &ledger->scratch;
    struct event_row event_row;
    struct event *event = arena_alloc(arena, 1, sizeof(*event));
    int result = event == NULL ? ERR_TOO_LARGE
                               : store_event_read(ledger->options.store, row->position, arena, &event_row);
    const struct principal_row *principal = result < 0 ? NULL : ledger_principal(ledger, event_row.principal);
    if (principal == NULL) {
        return result < 0 ? result : ERR_CORRUPT;
    }
    *view = (struct exception_view){
        .position = row->position,
        .index = row->index,
        .kind = row->kind,
        .amount = row->amount,
        .resolved_by = row->resolved_by,
        .principal = event_row.principal,
        .booked_at = event_row.booked_at,
        .store = principal->store[0] == '\0' ? NULL : principal->store,
        .till = principal->label,
    };
    decision_clear(ledger->decision);
    if (wire_outcome_unpack(event_row.outcome, arena, &ledger->decision->outcome) == 0) {
        view->member = ledger->decision->outcome.member;
    }
    if (wire_body_unpack(event_row.body, arena, event, NULL) < 0) {
        return 0;
    }
    view->event_kind = (uint32_t)event->kind;
    view->occurred_at = event->occurred_at;
    if (ledger_unwrap(ledger, event, &principal) < 0) {
        return 0;
    }
    const struct receipt *receipt = event->kind == EVENT_PURCHASE       ? &event->purchase.receipt
                                    : event->kind == EVENT_GOODS_RETURN ? &event->goods_return.receipt
                                    : event->kind == EVENT_VOID_RECEIPT ? &event->void_receipt.receipt
                                    : event->kind == EVENT_DAY_CLOSE    ? &event->day_close.day
                                                                        : NULL;
    if (receipt != NULL) {
        struct receipt_key key;
        ledger_receipt_key(receipt, principal, &key);
        view->store = key.store;
        view->till = key.till;
        view->has_receipt = true;
        view->business_date = key.business_date;
        view->number = key.number;
    }
    return 0;
}

/* An event is at most 1 MiB and its texts short: what of it is not shown is given back. */
static int copy_texts(struct ledger *ledger, size_t mark, struct exception_view *view)
{
    char store[ID_BYTES_MAX + 1] = "";
    char till[TILL_LABEL_BYTES_MAX + 1] = "";
    char number[RECEIPT_NUMBER_BYTES_MAX + 1] = "";
    const char **const texts[] = {&view->store, &view->till, &view->number};
    char *const copies[] = {store, till, number};
    const size_t sizes[] = {sizeof(store), sizeof(till), sizeof(number)};
    for (size_t i = 0; i < 3; i++) {
        if (*texts[i] != NULL) {
            const size_t size = strnlen(*texts[i], sizes[i] - 1);
            memcpy(copies[i], *texts[i], size);
        }
    }
    arena_rewind(&ledger->scratch, mark);
    for (size_t i = 0; i < 3; i++) {
        if (*texts[i] != NULL) {
            *texts[i] = arena_copy(&ledger->scratch, copies[i], strlen(copies[i]));
            if (*texts[i] == NULL) {
                return ERR_TOO_LARGE;
            }
        }
    }
    return 0;
}

int ledger_exceptions(struct ledger *ledger, const struct ledger_job *job, struct reply *reply)
{
    const struct request *request = job->request;
    struct exception_row rows[EXCEPTIONS_PAGE_MAX + 1];
    struct exception_view *views = arena_alloc(&ledger->scratch, EXCEPTIONS_PAGE_MAX, sizeof(*views));
    size_t count = 0;
    int result = views == NULL
                     ? ERR_TOO_LARGE
                     : store_exceptions(ledger->options.store, request->get_exceptions.after,
                                        request->get_exceptions.all, rows, EXCEPTIONS_PAGE_MAX + 1, &count);
    const bool more = count > EXCEPTIONS_PAGE_MAX;
    static_assert((int)EXCEPTIONS_MAX < (int)EXCEPTIONS_PAGE_MAX, "those of an event fit a page");
    /* A page ends with an event: the next one begins behind it. */
    const uint64_t next = more ? rows[EXCEPTIONS_PAGE_MAX].position : 0;
    while (more && (count > EXCEPTIONS_PAGE_MAX || rows[count - 1].position == next)) {
        count--;
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        const size_t mark = ledger->scratch.used;
        result = show_exception(ledger, &rows[i], &views[i]);
        result = result == 0 ? copy_texts(ledger, mark, &views[i]) : result;
    }
    if (result == 0) {
        reply->kind = REPLY_EXCEPTIONS;
        reply->exceptions.items = views;
        reply->exceptions.count = count;
        reply->exceptions.more = more;
    }
    return result == ERR_NOT_FOUND ? ERR_CORRUPT : result;
}
