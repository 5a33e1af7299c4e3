/* Booking one signed event: is it the next of its principal, what does it say, what follows from it. */
#include "service/ledger_internal.h"

#include "base/check.h"

#include <string.h>

void ledger_refuse(struct ledger *ledger, enum outcome_code code)
{
    decision_refuse(ledger->decision, code);
    /* Offered and not taken: the next voucher's code must not stand in the log. */
    ledger->context.random_size = 0;
}

void ledger_set_aside(struct ledger *ledger)
{
    decision_clear(ledger->decision);
    context_clear(&ledger->context);
    ledger_refuse(ledger, CODE_QUARANTINED);
}

/* Whether the signer's clock is within the programme's tolerance. While history loads any past is, but no
 * future: time moves with what is booked and would wait for it. */
static bool clock_in_bounds(const struct ledger *ledger, const struct draft *draft)
{
    const struct programme *programme = ledger_programme_newest(ledger);
    const int64_t ahead_minutes = programme == NULL ? 5 : programme->clock_ahead_minutes;
    const int64_t behind_days = programme == NULL ? 30 : programme->max_offline_days;
    const int64_t occurred_at = draft->event->occurred_at;
    if (ledger->head.live) {
        return occurred_at <= draft->booked_at + ahead_minutes * 60 * 1000 &&
               occurred_at >= draft->booked_at - behind_days * 24 * 60 * 60 * 1000;
    }
    if (draft->recorded != NULL) {
        return !draft->recorded_clock;
    }
    const struct world *world = ledger->options.world;
    return occurred_at <= world->wall_ms(world->context) + CLOCK_AHEAD_MS_LOADING;
}

/* Why the event is not even looked at; CODE_ACCEPTED: it is. */
static enum outcome_code refusal_of_signer(const struct ledger *ledger, const struct draft *draft,
                                           const struct principal_row *principal)
{
    if (draft->event == NULL) {
        return CODE_MALFORMED;
    }
    if (!role_may_sign(principal->role, draft->event->kind)) {
        return CODE_NOT_ALLOWED;
    }
    if (principal->retired_at != 0 && draft->event->occurred_at > principal->retired_at) {
        return CODE_RETIRED;
    }
    return clock_in_bounds(ledger, draft) ? CODE_ACCEPTED : CODE_CLOCK;
}

int ledger_decide(struct ledger *ledger, struct draft *draft, const struct principal_row *principal)
{
    decision_clear(ledger->decision);
    context_clear(&ledger->context);
    const struct programme *newest = ledger_programme_newest(ledger);
    ledger->decision->outcome.programme_version = newest == NULL ? 0 : newest->version;
    const enum outcome_code code = refusal_of_signer(ledger, draft, principal);
    if (code != CODE_ACCEPTED) {
        ledger_refuse(ledger, code);
        return 0;
    }
    CHECK(draft->event != NULL); /* else it is malformed */
    int result = 0;
    switch (draft->event->kind) {
    case EVENT_PURCHASE:
    case EVENT_ENROLMENT:
    case EVENT_ACTIVITY:
    case EVENT_ADJUSTMENT:
    case EVENT_TRANSFER:
    case EVENT_MERGE:
    case EVENT_HOUSEHOLD:
    case EVENT_CARD_LINKED:
    case EVENT_ERASED:
    case EVENT_RESERVE:
    case EVENT_RELEASE:
        result = ledger_decide_member(ledger, draft, principal);
        break;
    case EVENT_GOODS_RETURN:
    case EVENT_VOID_RECEIPT:
    case EVENT_CLAIM:
    case EVENT_UNCLAIM:
    case EVENT_DAY_CLOSE:
        result = ledger_decide_about(ledger, draft, principal);
        break;
    case EVENT_INVITE:
    case EVENT_REVOKE:
    case EVENT_PROGRAMME_CHANGE:
    case EVENT_GO_LIVE:
    case EVENT_KEY_ROTATED:
    case EVENT_RETIRED:
    case EVENT_RESOLVE:
        result = ledger_decide_operator(ledger, draft);
        break;
    case EVENT_REBOOK:
        result = ledger_decide_rebook(ledger, draft);
        break;
    case EVENT_GENESIS:
    case EVENT_PRINCIPAL_ADDED:
    case EVENT_ENGINE_REVISION:
    case EVENT_RESUMED:
    case EVENT_TICK:
        CHECK(false); /* role_may_sign allows them to nobody */
        break;
    }
    if (result == ERR_TOO_LARGE || result == ERR_OVERFLOW || result == ERR_RANGE) {
        ledger_refuse(ledger, CODE_LIMIT_EXCEEDED);
        result = 0;
    }
    if (ledger->decision->outcome.code != CODE_ACCEPTED && ledger->context.member == 0) {
        ledger->decision->outcome.member = 0; /* whom it would have enrolled is nobody */
    }
    return result;
}

/* After a crash: notes the event durably before it is decided, and sets it aside when it was the cause too
 * often. Returns 1 to decide it, 0 when it is to be quarantined. */
static int note_event(struct ledger *ledger, uint32_t principal, uint64_t sequence)
{
    struct quarantine_note note;
    int result = store_note_read(ledger->options.store, principal, &note);
    if (result < 0 && result != ERR_NOT_FOUND) {
        return result;
    }
    const bool same = result == 0 && note.sequence == sequence;
    if (same && note.ends >= QUARANTINE_ENDS) {
        return 0;
    }
    if (!same) {
        note = (struct quarantine_note){.principal = principal, .sequence = sequence};
    }
    result = store_note_write(ledger->options.store, &note);
    return result < 0 ? result : 1;
}

/* A card that a version of the programme has made complete is completed before the event that touches its
 * member: by a tick in front of it. Not within a batch, whose events stand side by side, nor in history,
 * whose time the till tells. */
static int decide_next(struct ledger *ledger, struct draft *draft, const struct principal_row *principal)
{
    ledger->completes = 0;
    int result = ledger_decide(ledger, draft, principal);
    if (result < 0 || ledger->completes == 0 || !ledger->head.live || draft->batch.count > 0) {
        return result;
    }
    const uint32_t member = ledger->completes;
    result = ledger_book_tick(ledger, draft->booked_at, &member, 1);
    return result < 0 ? result : ledger_decide(ledger, draft, principal);
}

/* Decides and writes the next event of its principal. */
static int book_next(struct ledger *ledger, struct draft *draft, const struct principal_row *principal)
{
    CHECK(ledger != NULL);
    /* A batch was noted as a whole (ledger_batch.c). */
    const bool careful = ledger->careful_left > 0 && draft->batch.count == 0;
    int result = careful ? note_event(ledger, draft->principal, draft->sequence) : 1;
    if (result < 0) {
        return result;
    }
    if (result == 0) {
        ledger_set_aside(ledger);
        ledger->metrics.events_quarantined++;
        result = 0;
    } else {
        result = decide_next(ledger, draft, principal);
    }
    if (result == 0) {
        result = ledger_begin(ledger);
    }
    if (result == 0) {
        result = ledger_write(ledger, draft);
    }
    if (result == 0 && careful) {
        ledger->careful_left--;
        result = store_note_clear(ledger->options.store, draft->principal);
    }
    return result;
}

static int reply_booked(struct ledger *ledger, const struct booked *booked, struct reply *reply)
{
    reply->kind = REPLY_BOOKED;
    memset(&reply->booked, 0, sizeof(reply->booked));
    return wire_booked_pack(booked, &ledger->scratch, &reply->booked.booked);
}

/* Adds the rendering of the outcome in ledger->decision for a customer of this locale. `event` NULL: it could
 * not be read. */
static int add_rendering(struct ledger *ledger, const struct event *event, const char *locale,
                         struct reply *reply)
{
    const struct outcome *outcome = &ledger->decision->outcome;
    const struct programme *programme = ledger_programme_version(ledger, outcome->programme_version);
    if (programme == NULL || locale == NULL) {
        return 0;
    }
    const struct member_view *view = NULL;
    if (outcome->member != 0) {
        uint32_t household;
        int result = ledger_read_member(ledger, outcome->member, 0, &household);
        if (result == 0) {
            result = render_member(programme, ledger->numbers, ledger->state, ledger->context.booked_day,
                                   &ledger->scratch, &view);
        }
        if (result < 0) {
            return result == ERR_TOO_LARGE ? 0 : result;
        }
    }
    const struct rendered rendered = {
        .programme = programme,
        .numbers = ledger->numbers,
        .outcome = outcome,
        .level_before = ledger->context.level,
        .view = view,
        .credits = event != NULL && (event->kind == EVENT_PURCHASE || event->kind == EVENT_ACTIVITY),
        .daemon_key = ledger->options.daemon_key,
        .programme_id = ledger->programme_id,
    };
    const int result =
        render_outcome(&ledger->renderer, &rendered, locale, &ledger->scratch, &reply->booked.rendering);
    return result == ERR_TOO_LARGE ? 0 : result;
}

/* A retry: the stored bytes, or a conflict. */
int ledger_answer_stored(struct ledger *ledger, const struct request_book *book, struct reply *reply)
{
    struct event_row row;
    int result =
        store_event_find(ledger->options.store, book->principal, book->sequence, &ledger->scratch, &row);
    if (result < 0) {
        return result == ERR_NOT_FOUND ? ERR_CORRUPT : result;
    }
    if (!bytes_equal(row.body, book->body)) {
        ledger->metrics.events_conflicting++;
        ledger_fail(ledger, reply, FAILURE_CONFLICT,
                    "this sequence is booked with another body: two tills use one key");
        reply->failure.has_expected_sequence = true;
        reply->failure.expected_sequence = ledger->principals[book->principal].next_sequence;
        return 0;
    }
    ledger->metrics.events_repeated++;
    struct booked booked = {.sequence = row.sequence,
                            .position = row.position,
                            .booked_at = row.booked_at,
                            .outcome = row.outcome};
    memcpy(booked.chain, row.chain, HASH_BYTES);
    result = reply_booked(ledger, &booked, reply);
    if (result < 0) {
        return result;
    }
    reply->booked.repeated = true;
    if (book->locale != NULL) {
        decision_clear(ledger->decision);
        context_clear(&ledger->context);
        result = wire_outcome_unpack(row.outcome, &ledger->scratch, &ledger->decision->outcome);
        if (result == 0) {
            result = wire_context_unpack(row.context, &ledger->scratch, &ledger->context);
        }
        const bool read = wire_body_unpack(row.body, &ledger->scratch, &ledger->event, NULL) == 0;
        if (result == 0) {
            result = add_rendering(ledger, read ? &ledger->event : NULL, book->locale, reply);
        }
    }
    return result;
}

int ledger_book_event(struct ledger *ledger, const struct request_book *book, struct event_batch *batch,
                      struct reply *reply, struct ledger_result *result)
{
    const char *field;
    const int unpacked = wire_body_unpack(book->body, &ledger->scratch, &ledger->event, &field);
    struct draft draft = {
        .principal = book->principal,
        .sequence = book->sequence,
        .body = book->body,
        .signature = book->signature,
        .event = unpacked == 0 ? &ledger->event : NULL,
        .opening = &book->opening,
    };
    if (batch != NULL) {
        draft.batch = *batch;
    }
    draft.booked_at = ledger_booked_at(ledger, draft.event);
    draft.programme = draft.event == NULL ? NULL : ledger_programme_at(ledger, draft.event->occurred_at);
    int status = book_next(ledger, &draft, ledger_principal(ledger, book->principal));
    if (status < 0) {
        return status;
    }
    if (batch != NULL) {
        *batch = draft.batch;
    }
    struct booked booked = {.sequence = draft.sequence,
                            .position = draft.position,
                            .booked_at = draft.booked_at,
                            .outcome = draft.outcome};
    memcpy(booked.chain, draft.chain, HASH_BYTES);
    status = reply_booked(ledger, &booked, reply);
    if (status < 0) {
        return status;
    }
    const struct outcome *outcome = &ledger->decision->outcome;
    if (outcome->code == CODE_ACCEPTED && draft.event != NULL && draft.event->kind == EVENT_REVOKE) {
        result->note = LEDGER_REVOKED;
        result->principal = ledger->principals[draft.event->revoke.principal];
    } else if (outcome->code == CODE_ACCEPTED && draft.event != NULL &&
               draft.event->kind == EVENT_KEY_ROTATED) {
        result->note = LEDGER_REKEYED;
        result->principal = ledger->principals[draft.principal];
    }
    return book->locale == NULL ? 0 : add_rendering(ledger, draft.event, book->locale, reply);
}

bool ledger_may_book(struct ledger *ledger, const struct ledger_job *job, uint32_t principal,
                     struct reply *reply, struct ledger_result *result)
{
    const struct principal_row *row = ledger_principal(ledger, principal);
    if (row == NULL || principal == 0 || principal != job->principal) {
        ledger_fail(ledger, reply, FAILURE_FORBIDDEN,
                    "a connection books the events of its own principal only");
        return false;
    }
    if (row->revoked) {
        ledger_fail(ledger, reply, FAILURE_REVOKED,
                    "this principal was revoked: enrol again with a new invite");
        result->note = LEDGER_CLOSE;
        return false;
    }
    return true;
}

bool ledger_may_follow(struct ledger *ledger, const struct ledger_job *job, uint32_t principal,
                       uint64_t sequence, struct reply *reply)
{
    const struct principal_row *row = ledger_principal(ledger, principal);
    if (sequence > row->next_sequence) {
        ledger->metrics.events_ahead++;
        ledger_fail(ledger, reply, FAILURE_AHEAD,
                    "events of a principal are booked in the order of their sequence");
        reply->failure.has_expected_sequence = true;
        reply->failure.expected_sequence = row->next_sequence;
        return false;
    }
    if (job->key_no != 0 && job->key_no != row->key_no) {
        ledger_fail(
            ledger, reply, FAILURE_BAD_SIGNATURE,
            "the principal has another key since: sign what comes behind the change with the new one");
        return false;
    }
    if (ledger_clock_behind_ms(ledger) > 0) {
        ledger_fail(ledger, reply, FAILURE_RETRY, "the daemon's clock is behind its log: set the clock");
        return false;
    }
    return true;
}

int ledger_book(struct ledger *ledger, const struct ledger_job *job, struct reply *reply,
                struct ledger_result *result)
{
    const struct request_book *book = &job->request->book;
    if (!ledger_may_book(ledger, job, book->principal, reply, result)) {
        return 0;
    }
    if (book->sequence == 0) {
        ledger_fail(ledger, reply, FAILURE_INVALID, "sequences start at 1");
        return 0;
    }
    if (book->sequence < ledger_principal(ledger, book->principal)->next_sequence) {
        return ledger_answer_stored(ledger, book, reply);
    }
    if (!ledger_may_follow(ledger, job, book->principal, book->sequence, reply)) {
        return 0;
    }
    return ledger_book_event(ledger, book, NULL, reply, result);
}
