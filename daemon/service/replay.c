#include "service/replay.h"

#include "service/ledger_internal.h"

#include "base/check.h"
#include "crypto/chain.h"
#include "crypto/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct replay {
    struct ledger *ledger;
    struct replay_options options;
    uint64_t folded;
    struct replay_difference *difference; /* of the event at work */
    /* The batch that has begun and is not whole; its signature is checked with its last event. */
    struct event_batch batch; /* count 0: none */
    uint32_t batch_principal;
    uint8_t batch_signature[SIGNATURE_BYTES];
    uint8_t hashes[BATCH_EVENTS_MAX][HASH_BYTES]; /* of the bodies of its events */
};

int replay_new(const struct replay_options *options, struct replay **ret_replay)
{
    struct replay *replay = calloc(1, sizeof(*replay));
    if (replay == NULL) {
        return ERR_NOMEM;
    }
    replay->options = *options;
    const struct ledger_options ledger = {.store = options->store, .world = options->world};
    int result = ledger_allocate(&ledger, &replay->ledger);
    if (result == 0) {
        result = store_head(options->store, &replay->ledger->head);
    }
    if (result == 0 && replay->ledger->head.position > 0) {
        result = ERR_EXISTS;
    }
    if (result < 0) {
        replay_free(replay);
        return result;
    }
    *ret_replay = replay;
    return 0;
}

void replay_free(struct replay *replay)
{
    if (replay != NULL) {
        ledger_free(replay->ledger);
        free(replay);
    }
}

uint64_t replay_folded(const struct replay *replay)
{
    return replay->folded;
}

const uint8_t *replay_programme_id(const struct replay *replay)
{
    return replay->ledger->programme_id;
}

static int __attribute__((format(printf, 3, 4)))
differs(struct replay *replay, const char *part, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    replay->difference->part = part;
    vsnprintf(replay->difference->text, sizeof(replay->difference->text), format, arguments);
    va_end(arguments);
    return ERR_CORRUPT;
}

void replay_signature_wrong(const struct replay_signature *signature,
                            struct replay_difference *ret_difference)
{
    *ret_difference = (struct replay_difference){.position = signature->position, .part = "signature"};
    if (signature->first_position == 0) {
        snprintf(ret_difference->text, sizeof(ret_difference->text),
                 "the signature is not that of principal %u over this body", signature->principal);
    } else {
        snprintf(ret_difference->text, sizeof(ret_difference->text),
                 "the signature is not that of principal %u over the batch from position %llu on",
                 signature->principal, (unsigned long long)signature->first_position);
    }
}

static int check(struct replay *replay, const struct replay_signature *signature)
{
    if (replay->options.check != NULL) {
        return replay->options.check(replay->options.check_context, signature);
    }
    if (sign_bytes_check(signature->key, signature->message, signature->signature) < 0) {
        replay_signature_wrong(signature, replay->difference);
        return ERR_CORRUPT;
    }
    return 0;
}

/* Position 1 brings the keys everything else is checked against. */
static int take_genesis(struct replay *replay, const struct event_row *row)
{
    struct ledger *ledger = replay->ledger;
    if (row->position != 1) {
        return differs(replay, "body", "the log does not begin at position 1");
    }
    if (wire_body_unpack(row->body, &ledger->scratch, &ledger->event, NULL) < 0 ||
        ledger->event.kind != EVENT_GENESIS) {
        return differs(replay, "body", "position 1 is not a genesis event");
    }
    ledger_take_genesis(ledger, &ledger->event, row->body);
    return 0;
}

/* The first event of a batch that was new: those before it are in the log already. */
static int begin_batch(struct replay *replay, const struct event_row *row)
{
    struct ledger *ledger = replay->ledger;
    const struct event_batch *batch = &row->batch;
    if (batch->first_position != row->position || batch->count > BATCH_EVENTS_MAX ||
        row->sequence < batch->first_sequence || row->sequence - batch->first_sequence >= batch->count ||
        row->signature.size != SIGNATURE_BYTES) {
        return differs(replay, "signature", "the event does not fit the batch it is said to be of");
    }
    replay->batch = *batch;
    replay->batch_principal = row->principal;
    memcpy(replay->batch_signature, row->signature.data, SIGNATURE_BYTES);
    const uint64_t before = row->sequence - batch->first_sequence;
    for (uint64_t i = 0; i < before && !replay->options.skip_signatures; i++) {
        struct event_row earlier;
        const size_t used = ledger->scratch.used;
        const int result = store_event_find(ledger->options.store, row->principal, batch->first_sequence + i,
                                            &ledger->scratch, &earlier);
        if (result < 0) {
            return result == ERR_NOT_FOUND ? ERR_CORRUPT : result;
        }
        hash_bytes(earlier.body.data, earlier.body.size, replay->hashes[i]);
        arena_rewind(&ledger->scratch, used);
    }
    return 0;
}

static int check_batch_signature(struct replay *replay, const struct event_row *row)
{
    struct ledger *ledger = replay->ledger;
    const struct sign_batch batch = {.programme_id = ledger->programme_id,
                                     .principal = row->principal,
                                     .first_sequence = row->batch.first_sequence,
                                     .count = row->batch.count,
                                     .body_hashes = (const uint8_t(*)[HASH_BYTES])replay->hashes};
    struct replay_signature signature = {.position = row->position,
                                         .first_position = row->batch.first_position,
                                         .principal = row->principal,
                                         .key = ledger->principals[row->principal].key,
                                         .signature = row->signature.data};
    uint8_t *scratch = arena_alloc(&ledger->scratch, 1, SIGN_BATCH_BYTES_MAX);
    if (scratch == NULL) {
        return ERR_NOMEM;
    }
    const int result = sign_batch_bytes(&batch, scratch, SIGN_BATCH_BYTES_MAX, &signature.message);
    return result < 0 ? result : check(replay, &signature);
}

/* Follows the batches: each is whole, at consecutive positions, and signed once. */
static int check_batch(struct replay *replay, const struct event_row *row)
{
    struct event_batch *batch = &replay->batch;
    if (batch->count > 0) {
        if (row->batch.count != batch->count || row->batch.first_position != batch->first_position ||
            row->batch.first_sequence != batch->first_sequence || row->principal != replay->batch_principal ||
            row->signature.size != SIGNATURE_BYTES ||
            memcmp(row->signature.data, replay->batch_signature, SIGNATURE_BYTES) != 0) {
            return differs(replay, "signature", "the batch from position %llu on is not whole",
                           (unsigned long long)batch->first_position);
        }
    } else if (row->batch.count > 0) {
        const int result = begin_batch(replay, row);
        if (result < 0) {
            return result;
        }
    } else {
        return 0;
    }
    const uint64_t index = row->sequence - batch->first_sequence;
    hash_bytes(row->body.data, row->body.size, replay->hashes[index]);
    if (index + 1 < batch->count) {
        return 0;
    }
    batch->count = 0;
    return replay->options.skip_signatures ? 0 : check_batch_signature(replay, row);
}

static int check_signature(struct replay *replay, const struct event_row *row)
{
    if (row->batch.count > 0) {
        return 0; /* check_batch */
    }
    struct ledger *ledger = replay->ledger;
    struct replay_signature signature = {
        .position = row->position,
        .principal = row->principal,
        .key = row->position == 1 ? ledger->event.genesis.daemon_key.data
                                  : ledger->principals[row->principal].key,
        .signature = row->signature.data,
    };
    const size_t room = SIGN_EVENT_PREFIX_BYTES + row->body.size;
    uint8_t *signed_bytes = arena_alloc(&ledger->scratch, 1, room);
    if (signed_bytes == NULL) {
        return ERR_NOMEM;
    }
    const struct sign_event message = {.programme_id = ledger->programme_id,
                                       .principal = row->principal,
                                       .sequence = row->sequence,
                                       .body = row->body};
    if (row->signature.size != SIGNATURE_BYTES) {
        replay_signature_wrong(&signature, replay->difference);
        return ERR_CORRUPT;
    }
    const int result = sign_event_bytes(&message, signed_bytes, room, &signature.message);
    return result < 0 ? result : check(replay, &signature);
}

/* What the columns say of themselves: place, signer, time. */
static int check_columns(struct replay *replay, const struct event_row *row)
{
    const struct ledger *ledger = replay->ledger;
    if (row->position != ledger->head.position + 1) {
        return differs(replay, "sequence", "position %llu follows position %llu",
                       (unsigned long long)row->position, (unsigned long long)ledger->head.position);
    }
    if (row->booked_at < ledger->head.booked_at) {
        return differs(replay, "booked_at", "booked before the event in front of it");
    }
    if (row->position == 1) {
        return row->principal == 0 && row->sequence == 1
                   ? 0
                   : differs(replay, "sequence", "genesis is the daemon's first event");
    }
    const struct principal_row *principal = ledger_principal(replay->ledger, row->principal);
    if (principal == NULL || principal->revoked) {
        return differs(replay, "sequence", "principal %u may not book here", row->principal);
    }
    if (row->sequence != principal->next_sequence || row->key_no != principal->key_no) {
        return differs(replay, "sequence", "principal %u books %llu under key %u; %llu under key %u was next",
                       row->principal, (unsigned long long)row->sequence, row->key_no,
                       (unsigned long long)principal->next_sequence, principal->key_no);
    }
    return 0;
}

static int check_chain(struct replay *replay, const struct event_row *row)
{
    uint8_t chain[HASH_BYTES];
    ledger_chain(replay->ledger, row, chain);
    if (memcmp(chain, row->chain, HASH_BYTES) != 0) {
        return differs(replay, "chain", "the columns of this event do not give its chain hash");
    }
    return 0;
}

/* The decision made again from the recorded facts. */
static int decide_again(struct replay *replay, struct draft *draft)
{
    struct ledger *ledger = replay->ledger;
    const struct event *event = draft->event;
    int result;
    if (draft->principal == 0) {
        result = event == NULL                  ? ERR_FORMAT
                 : event->kind == EVENT_RESUMED ? ledger_decide_resumed(ledger, draft)
                 : event->kind == EVENT_TICK    ? ledger_decide_tick(ledger, draft)
                                                : ledger_decide_daemon(ledger, event);
        ledger->arrived_count = 0; /* they are rows of the log */
    } else {
        draft->programme = event == NULL ? NULL : ledger_programme_at(ledger, event->occurred_at);
        result = ledger_decide(ledger, draft, &ledger->principals[draft->principal]);
    }
    if (result == ERR_FORMAT || result == ERR_CORRUPT) {
        return differs(replay, "outcome", "the event does not fit the log it is in");
    }
    return result;
}

static int compare(struct replay *replay, const struct event_row *row)
{
    struct ledger *ledger = replay->ledger;
    struct bytes context = {0};
    struct bytes outcome = {0};
    int result = wire_context_pack(&ledger->context, &ledger->scratch, &context);
    if (result == 0) {
        result = wire_outcome_pack(&ledger->decision->outcome, &ledger->scratch, &outcome);
    }
    if (result < 0) {
        return result;
    }
    if (!bytes_equal(context, row->context)) {
        return differs(replay, "context",
                       "recorded are %zu bytes that say something else than the %zu bytes of the replay",
                       row->context.size, context.size);
    }
    if (!bytes_equal(outcome, row->outcome)) {
        return differs(replay, "outcome",
                       "recorded are %zu bytes that say something else than the %zu bytes of the replay",
                       row->outcome.size, outcome.size);
    }
    return 0;
}

/* Fills ledger->decision: decided again and compared, or as recorded where deciding again is not asked for.
 */
static int decide_or_fold(struct replay *replay, const struct event_row *row, struct draft *draft)
{
    struct ledger *ledger = replay->ledger;
    struct outcome *recorded = &ledger->decision->outcome;
    decision_clear(ledger->decision);
    int result = wire_context_unpack(row->context, &ledger->scratch, &ledger->past);
    if (result == 0) {
        result = wire_outcome_unpack(row->outcome, &ledger->scratch, recorded);
    }
    if (result < 0) {
        return differs(replay, "outcome", "the recorded context or outcome cannot be read");
    }
    const bool decided_by_engine =
        draft->event != NULL && (event_is_members(draft->event->kind) || draft->event->kind == EVENT_RESUMED);
    if (recorded->code == CODE_QUARANTINED) {
        ledger_set_aside(ledger); /* that it was is a fact; all it can have is the refusal */
        return compare(replay, row);
    }
    if (decided_by_engine && ledger->head.engine_revision != ENGINE_REVISION) {
        replay->folded++;
        ledger->context = ledger->past;
        return 0;
    }
    result = decide_again(replay, draft);
    return result < 0 ? result : compare(replay, row);
}

static int replay_row(struct replay *replay, const struct event_row *row)
{
    struct ledger *ledger = replay->ledger;
    int result = ledger->head.position == 0 ? take_genesis(replay, row) : 0;
    if (result == 0) {
        result = check_columns(replay, row);
    }
    if (result == 0) {
        result = check_batch(replay, row);
    }
    if (result == 0) {
        result = check_chain(replay, row);
    }
    if (result == 0 && !replay->options.skip_signatures) {
        result = check_signature(replay, row);
    }
    if (result < 0) {
        return result;
    }
    const int unpacked = wire_body_unpack(row->body, &ledger->scratch, &ledger->event, NULL);
    struct draft draft = {
        .principal = row->principal,
        .sequence = row->sequence,
        .body = row->body,
        .signature = row->signature,
        .batch = row->batch,
        .booked_at = row->booked_at,
        .event = unpacked == 0 ? &ledger->event : NULL,
        .recorded = &ledger->past,
        .proved = row,
    };
    enum outcome_code code;
    if (wire_outcome_code(row->outcome, &code) < 0) {
        return differs(replay, "outcome", "the recorded outcome cannot be read");
    }
    draft.recorded_clock = code == CODE_CLOCK;
    const bool states_time =
        !ledger->head.live && !(draft.event != NULL && draft.event->kind == EVENT_GO_LIVE);
    const int64_t booked_at =
        draft.recorded_clock ? ledger->head.booked_at : ledger_booked_at(ledger, draft.event);
    if (states_time && booked_at != row->booked_at) {
        return differs(replay, "booked_at", "while history loads an event is booked at the time it states");
    }
    result = decide_or_fold(replay, row, &draft);
    if (result == 0) {
        result = ledger_begin(ledger);
    }
    return result < 0 ? result : ledger_write(ledger, &draft);
}

int replay_event(struct replay *replay, const struct event_row *row, struct replay_difference *ret_difference)
{
    struct replay_difference difference = {.position = row->position, .part = ""};
    replay->difference = &difference;
    arena_reset(&replay->ledger->scratch);
    const int result = replay_row(replay, row);
    replay->difference = NULL;
    if (result == ERR_CORRUPT && difference.part[0] != '\0') {
        *ret_difference = difference;
    }
    return result;
}

int replay_commit(struct replay *replay)
{
    if (!replay->ledger->in_transaction) {
        return 0;
    }
    replay->ledger->in_transaction = false;
    return store_commit(replay->ledger->options.store);
}

int replay_finish(struct replay *replay, struct replay_difference *ret_difference)
{
    if (replay->batch.count > 0) {
        *ret_difference = (struct replay_difference){.position = replay->ledger->head.position,
                                                     .part = "signature",
                                                     .text = "the log ends within a batch"};
        return ERR_CORRUPT;
    }
    return replay_commit(replay);
}
