/* Booking one signed event: is it the next of its principal, what does it say, what follows from it. */
#include "service/ledger_internal.h"

#include "base/check.h"
#include "crypto/card.h"
#include "crypto/crypto.h"

#include <string.h>

/* The most days that can fall due in one event: one for each open lot and a tier review. */
enum { DUE_DAYS_MAX = CONTEXT_DAY_STARTS_MAX };

static void book_refusal(struct ledger *ledger, enum outcome_code code)
{
    decision_refuse(ledger->decision, code);
    /* Offered and not taken: the next voucher's code must not stand in the log. */
    ledger->context.random_size = 0;
}

/* A receipt as the event names it, or as the terminal's own where it does not. */
static void receipt_of(const struct event *event, const struct principal_row *principal,
                       struct receipt_key *ret_key)
{
    const struct receipt *receipt = &event->purchase.receipt;
    *ret_key = (struct receipt_key){
        .store = receipt->store != NULL ? receipt->store : principal->store,
        .business_date = receipt->business_date,
        .till = receipt->till != NULL ? receipt->till : principal->label,
        .number = receipt->number,
    };
}

/* Opens the card commitment: sets card_opened and card_hash when the opening fits. */
static void open_card(const struct ledger *ledger, struct draft *draft)
{
    const struct bytes commitment = event_card(draft->event);
    struct card_number card;
    if (commitment.size != HASH_BYTES || draft->opening == NULL ||
        draft->opening->salt.size != CARD_SALT_BYTES || draft->opening->card == NULL ||
        card_normalise(draft->opening->card, strlen(draft->opening->card), &card) < 0) {
        return;
    }
    uint8_t opened[HASH_BYTES];
    crypto_card_commitment(draft->opening->salt.data, &card, opened);
    if (memcmp(opened, commitment.data, HASH_BYTES) == 0) {
        crypto_card_lookup(ledger->options.lookup_key, &card, draft->card_hash);
        draft->card_opened = true;
    }
}

/* Finds the member of the opened card; fills the context's member or new_member. */
static int find_member(struct ledger *ledger, struct draft *draft)
{
    struct context *context = &ledger->context;
    if (draft->recorded != NULL) {
        context->member = draft->recorded->member;
        context->new_member = draft->recorded->new_member;
        draft->card_opened = context->member != 0 || context->new_member != 0;
        /* A card is told from another only by what the log does not hold; the number it got must be the next.
         */
        return context->new_member == 0 || context->new_member == ledger->head.next_member ? 0 : ERR_FORMAT;
    }
    open_card(ledger, draft);
    if (!draft->card_opened) {
        return 0;
    }
    const int result = store_card_find(ledger->options.store, draft->card_hash, &context->member);
    if (result == ERR_NOT_FOUND) {
        context->new_member = ledger->head.next_member;
        return 0;
    }
    return result;
}

/* Civil times of the event: in the store's zone what its conditions see, in the programme's what counts for
 * members. */
static int place_in_time(struct ledger *ledger, const struct draft *draft, const struct store_place *store)
{
    struct context *context = &ledger->context;
    const struct programme *programme = draft->programme;
    struct zone *zone;
    struct civil_time time;
    if (draft->recorded != NULL) {
        /* Zones change their rules; what was true when it was booked stays so. */
        context->day = draft->recorded->day;
        context->minute = draft->recorded->minute;
        context->offset = draft->recorded->offset;
        context->member_day = draft->recorded->member_day;
        context->booked_day = draft->recorded->booked_day;
        return 0;
    }
    int result = zones_open(&ledger->zones, store->zone, &zone);
    if (result == 0) {
        result = civil_from_instant(zone, draft->event->occurred_at, store->day_starts, &time);
    }
    if (result < 0) {
        return result;
    }
    context->day = time.day;
    context->minute = time.minute;
    context->offset = time.offset_minutes;
    result = zones_open(&ledger->zones, programme->zone, &zone);
    if (result == 0) {
        result = civil_from_instant(zone, draft->event->occurred_at, programme->day_starts, &time);
    }
    if (result < 0) {
        return result;
    }
    context->member_day = time.day;
    result = civil_from_instant(zone, draft->booked_at, programme->day_starts, &time);
    if (result == 0) {
        context->booked_day = time.day;
    }
    return result;
}

/* The instants at which the days start on which something falls due. */
static int find_day_starts(struct ledger *ledger, const struct draft *draft)
{
    struct context *context = &ledger->context;
    const struct programme *programme = draft->programme;
    int32_t *days = arena_alloc(&ledger->scratch, DUE_DAYS_MAX, sizeof(*days));
    if (days == NULL) {
        return ERR_TOO_LARGE;
    }
    size_t count;
    int result = engine_due(programme, ledger->state, context->booked_day, days, DUE_DAYS_MAX, &count);
    if (result < 0 || count == 0) {
        return result;
    }
    if (draft->recorded != NULL) {
        memcpy(context->day_starts, draft->recorded->day_starts, count * sizeof(context->day_starts[0]));
        context->day_starts_count = count;
        return count == draft->recorded->day_starts_count ? 0 : ERR_FORMAT;
    }
    struct zone *zone;
    result = zones_open(&ledger->zones, programme->zone, &zone);
    for (size_t i = 0; i < count && result == 0; i++) {
        context->day_starts[i].day = days[i];
        result = civil_day_start(zone, days[i], programme->day_starts, &context->day_starts[i].at);
    }
    context->day_starts_count = count;
    return result;
}

/* What fell due before this event: its effects into the outcome, and into the state. */
static int settle(struct ledger *ledger, const struct draft *draft)
{
    const struct context *context = &ledger->context;
    struct outcome *outcome = &ledger->decision->outcome;
    const uint64_t previous = ledger->state->last_position;
    int result = find_day_starts(ledger, draft);
    if (result == 0) {
        result = engine_settle(draft->programme, ledger->state, context, outcome);
    }
    for (size_t i = 0; i < outcome->effects_count && result == 0; i++) {
        result = engine_apply(ledger->state, ledger->head.position + 1, &outcome->effects[i]);
    }
    /* What falls due with an event is part of it: the member's last event is still the one before. */
    ledger->state->last_position = previous;
    return result;
}

/* Folds what was decided behind the settlement into the state: what does not fit a member, such as one open
 * lot too many, is found here, before anything is written. */
static int fold_decision(struct ledger *ledger, size_t settled)
{
    const struct outcome *outcome = &ledger->decision->outcome;
    int result = 0;
    for (size_t i = settled; i < outcome->effects_count && result == 0; i++) {
        result = engine_apply(ledger->state, ledger->head.position + 1, &outcome->effects[i]);
    }
    return result;
}

/* Random bytes for voucher codes are drawn in bulk; a decision takes from the front what it needs. */
static void offer_random(struct ledger *ledger, const struct draft *draft)
{
    struct context *context = &ledger->context;
    if (draft->recorded != NULL) {
        /* All of it, used or not: a decision that came to a limit was offered more than is recorded. */
        memset(context->random, 0, sizeof(context->random));
        memcpy(context->random, draft->recorded->random, draft->recorded->random_size);
        context->random_size = sizeof(context->random);
        return;
    }
    if (LEDGER_RANDOM_BYTES - ledger->random_used < sizeof(context->random)) {
        const struct world *world = ledger->options.world;
        world->random(world->context, ledger->random, sizeof(ledger->random));
        ledger->random_used = 0;
    }
    memcpy(context->random, &ledger->random[ledger->random_used], sizeof(context->random));
    context->random_size = sizeof(context->random);
}

static void take_random(struct ledger *ledger, const struct draft *draft)
{
    const struct outcome *outcome = &ledger->decision->outcome;
    size_t vouchers = 0;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        vouchers += outcome->effects[i].kind == EFFECT_VOUCHER;
    }
    const size_t used = vouchers * VOUCHER_CODE_BYTES;
    CHECK(used <= ledger->context.random_size);
    if (draft->recorded != NULL) {
        ledger->context.random_size = used;
        return;
    }
    crypto_erase(&ledger->random[ledger->random_used], used);
    ledger->random_used += used;
    ledger->context.random_size = used;
}

/* Purchases and enrolments: everything of a member's. */
static int decide_member_event(struct ledger *ledger, struct draft *draft,
                               const struct principal_row *principal)
{
    struct context *context = &ledger->context;
    const struct event *event = draft->event;
    const char *store_id = principal->store;
    if (event->kind == EVENT_PURCHASE) {
        receipt_of(event, principal, &draft->receipt);
        store_id = draft->receipt.store;
    }
    const struct store_place *store =
        draft->programme == NULL ? NULL : programme_store(draft->programme, store_id);
    if (store == NULL) {
        book_refusal(ledger, CODE_UNKNOWN_STORE);
        return 0;
    }
    uint64_t position;
    int result = event->kind == EVENT_PURCHASE
                     ? store_receipt_find(ledger->options.store, &draft->receipt, &position)
                     : ERR_NOT_FOUND;
    if (result == 0) {
        book_refusal(ledger, CODE_DUPLICATE_RECEIPT);
        return 0;
    }
    if (result != ERR_NOT_FOUND) {
        return result;
    }
    result = find_member(ledger, draft);
    if (result == 0) {
        result = place_in_time(ledger, draft, store);
    }
    if (result < 0) {
        return result;
    }
    if (context->member == 0) {
        member_state_clear(ledger->state, 0);
    } else {
        result = store_member_read(ledger->options.store, context->member, ledger->state);
        if (result < 0) {
            return result;
        }
    }
    ledger->decision->outcome.programme_version = draft->programme->version;
    result = settle(ledger, draft);
    if (result < 0) {
        return result;
    }
    offer_random(ledger, draft);
    engine_observe(draft->programme, event, ledger->state, context);
    const struct engine_place place = {
        .store = store_id, .till = draft->receipt.till != NULL ? draft->receipt.till : principal->label};
    const size_t settled = ledger->decision->outcome.effects_count;
    result = engine_decide(draft->programme, &place, event, context, ledger->decision);
    if (result == 0) {
        result = fold_decision(ledger, settled);
    }
    if (result == 0) {
        take_random(ledger, draft);
    }
    return result;
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

int ledger_decide(struct ledger *ledger, struct draft *draft, const struct principal_row *principal)
{
    decision_clear(ledger->decision);
    context_clear(&ledger->context);
    const struct programme *newest = ledger_programme_newest(ledger);
    ledger->decision->outcome.programme_version = newest == NULL ? 0 : newest->version;
    if (draft->event == NULL) {
        book_refusal(ledger, CODE_MALFORMED);
        return 0;
    }
    if (!role_may_sign(principal->role, draft->event->kind)) {
        book_refusal(ledger, CODE_NOT_ALLOWED);
        return 0;
    }
    if (!clock_in_bounds(ledger, draft)) {
        book_refusal(ledger, CODE_CLOCK);
        return 0;
    }
    int result = 0;
    switch (draft->event->kind) {
    case EVENT_PURCHASE:
    case EVENT_ENROLMENT:
        result = decide_member_event(ledger, draft, principal);
        break;
    case EVENT_INVITE:
    case EVENT_REVOKE:
    case EVENT_PROGRAMME_CHANGE:
    case EVENT_GO_LIVE:
        result = ledger_decide_operator(ledger, draft);
        break;
    case EVENT_GENESIS:
    case EVENT_PRINCIPAL_ADDED:
    case EVENT_ENGINE_REVISION:
        CHECK(false); /* role_may_sign allows them to nobody */
        break;
    }
    if (result == ERR_TOO_LARGE || result == ERR_OVERFLOW || result == ERR_RANGE) {
        book_refusal(ledger, CODE_LIMIT_EXCEEDED);
        result = 0;
    }
    return result;
}

/* After a crash: notes the event durably before it is decided, and sets it aside when it was the cause too
 * often. Returns 1 to decide it, 0 when it is to be quarantined. */
static int note_event(struct ledger *ledger, uint32_t principal, uint64_t sequence)
{
    struct quarantine_note note;
    int result = store_note_read(ledger->options.store, &note);
    if (result < 0 && result != ERR_NOT_FOUND) {
        return result;
    }
    const bool same = result == 0 && note.principal == principal && note.sequence == sequence;
    if (same && note.ends >= QUARANTINE_ENDS) {
        return 0;
    }
    if (!same) {
        note = (struct quarantine_note){.principal = principal, .sequence = sequence};
        result = store_note_write(ledger->options.store, &note);
    }
    return result < 0 ? result : 1;
}

/* Decides and writes the next event of its principal. */
static int book_next(struct ledger *ledger, struct draft *draft, const struct principal_row *principal)
{
    const bool careful = ledger->careful_left > 0;
    int result = careful ? note_event(ledger, draft->principal, draft->sequence) : 1;
    if (result < 0) {
        return result;
    }
    if (result == 0) {
        decision_clear(ledger->decision);
        context_clear(&ledger->context);
        book_refusal(ledger, CODE_QUARANTINED);
        ledger->metrics.events_quarantined++;
        result = 0;
    } else {
        result = ledger_decide(ledger, draft, principal);
    }
    if (result == 0) {
        result = ledger_begin(ledger);
    }
    if (result == 0) {
        result = ledger_write(ledger, draft);
    }
    if (result == 0 && careful) {
        ledger->careful_left--;
        result = store_note_clear(ledger->options.store);
    }
    return result;
}

static int reply_booked(struct ledger *ledger, const struct booked *booked, struct reply *reply)
{
    reply->kind = REPLY_BOOKED;
    memset(&reply->booked, 0, sizeof(reply->booked));
    return wire_booked_pack(booked, &ledger->scratch, &reply->booked.booked);
}

/* Adds the rendering of the outcome in ledger->decision for a customer of this locale. */
static int add_rendering(struct ledger *ledger, const char *locale, struct reply *reply)
{
    const struct outcome *outcome = &ledger->decision->outcome;
    const struct programme *programme = ledger_programme_version(ledger, outcome->programme_version);
    if (programme == NULL || locale == NULL) {
        return 0;
    }
    const struct member_view *view = NULL;
    if (outcome->member != 0) {
        int result = store_member_read(ledger->options.store, outcome->member, ledger->state);
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
    };
    const int result =
        render_outcome(&ledger->renderer, &rendered, locale, &ledger->scratch, &reply->booked.rendering);
    return result == ERR_TOO_LARGE ? 0 : result;
}

/* A retry: the stored bytes, or a conflict. */
static int answer_stored(struct ledger *ledger, const struct request_book *book, struct reply *reply)
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
        if (result == 0) {
            result = add_rendering(ledger, book->locale, reply);
        }
    }
    return result;
}

static int book_event(struct ledger *ledger, const struct request_book *book, struct principal_row *principal,
                      struct reply *reply, struct ledger_result *ret_result)
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
    draft.booked_at = ledger_booked_at(ledger, draft.event);
    draft.programme = draft.event == NULL ? NULL : ledger_programme_at(ledger, draft.event->occurred_at);
    int result = book_next(ledger, &draft, principal);
    if (result < 0) {
        return result;
    }
    struct booked booked = {.sequence = draft.sequence,
                            .position = draft.position,
                            .booked_at = draft.booked_at,
                            .outcome = draft.outcome};
    memcpy(booked.chain, draft.chain, HASH_BYTES);
    result = reply_booked(ledger, &booked, reply);
    if (result < 0) {
        return result;
    }
    const struct outcome *outcome = &ledger->decision->outcome;
    if (outcome->code == CODE_ACCEPTED && draft.event != NULL && draft.event->kind == EVENT_REVOKE) {
        ret_result->note = LEDGER_REVOKED;
        ret_result->principal = ledger->principals[draft.event->revoke.principal];
    }
    return book->locale == NULL ? 0 : add_rendering(ledger, book->locale, reply);
}

int ledger_book(struct ledger *ledger, const struct ledger_job *job, struct reply *reply,
                struct ledger_result *result)
{
    const struct request_book *book = &job->request->book;
    struct principal_row *principal = ledger_principal(ledger, book->principal);
    if (principal == NULL || book->principal == 0 || book->principal != job->principal) {
        ledger_fail(ledger, reply, FAILURE_FORBIDDEN,
                    "a connection books the events of its own principal only");
        return 0;
    }
    if (principal->revoked) {
        ledger_fail(ledger, reply, FAILURE_REVOKED,
                    "this principal was revoked: enrol again with a new invite");
        result->note = LEDGER_CLOSE;
        return 0;
    }
    if (book->sequence == 0) {
        ledger_fail(ledger, reply, FAILURE_INVALID, "sequences start at 1");
        return 0;
    }
    if (book->sequence < principal->next_sequence) {
        return answer_stored(ledger, book, reply);
    }
    if (book->sequence > principal->next_sequence) {
        ledger->metrics.events_ahead++;
        ledger_fail(ledger, reply, FAILURE_AHEAD,
                    "events of a principal are booked in the order of their sequence");
        reply->failure.has_expected_sequence = true;
        reply->failure.expected_sequence = principal->next_sequence;
        return 0;
    }
    if (ledger_clock_behind_ms(ledger) > 0) {
        ledger_fail(ledger, reply, FAILURE_RETRY, "the daemon's clock is behind its log: set the clock");
        return 0;
    }
    return book_event(ledger, book, principal, reply, result);
}
