#include "service/ledger_internal.h"

#include "base/check.h"
#include "crypto/card.h"
#include "crypto/chain.h"
#include "crypto/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct programme *ledger_programme_newest(const struct ledger *ledger)
{
    return ledger->versions_count == 0 ? NULL : ledger->versions[ledger->versions_count - 1].programme;
}

const struct programme *ledger_programme_version(const struct ledger *ledger, uint32_t version)
{
    for (size_t i = 0; i < ledger->versions_count; i++) {
        if (ledger->versions[i].programme->version == version) {
            return ledger->versions[i].programme;
        }
    }
    return NULL;
}

const struct programme *ledger_programme_at(struct ledger *ledger, int64_t occurred_at)
{
    const struct programme *newest = ledger_programme_newest(ledger);
    struct zone *zone;
    struct civil_time time;
    if (newest == NULL || zones_open(&ledger->zones, newest->zone, &zone) != 0 ||
        civil_from_instant(zone, occurred_at, newest->day_starts, &time) != 0) {
        return newest;
    }
    for (size_t i = ledger->versions_count; i > 1; i--) {
        const struct programme *programme = ledger->versions[i - 1].programme;
        if (programme->effective <= time.day) {
            return programme;
        }
    }
    return ledger->versions[0].programme;
}

struct principal_row *ledger_principal(struct ledger *ledger, uint32_t principal)
{
    return principal < ledger->principals_count ? &ledger->principals[principal] : NULL;
}

const uint8_t *ledger_programme_id(const struct ledger *ledger)
{
    return ledger->programme_id;
}

int64_t ledger_clock_behind_ms(const struct ledger *ledger)
{
    const struct world *world = ledger->options.world;
    const int64_t behind = ledger->head.booked_at - world->wall_ms(world->context);
    return ledger->head.live && behind > CLOCK_BEHIND_MS_MAX ? behind - CLOCK_BEHIND_MS_MAX : 0;
}

int64_t ledger_now(const struct ledger *ledger)
{
    const struct world *world = ledger->options.world;
    const int64_t now = world->wall_ms(world->context);
    return now > ledger->head.booked_at ? now : ledger->head.booked_at;
}

int64_t ledger_booked_at(const struct ledger *ledger, const struct event *event)
{
    const int64_t last = ledger->head.booked_at;
    if (ledger->head.live || (event != NULL && event->kind == EVENT_GO_LIVE)) {
        return ledger_now(ledger);
    }
    /* While history loads only what terminals state moves time: an operator of today must not end the past.
     * Nor does what lies in the future; it is refused (clock_in_bounds). */
    const bool states_time = event != NULL && role_may_sign(ROLE_TERMINAL, event->kind);
    const struct world *world = ledger->options.world;
    return states_time && event->occurred_at > last &&
                   event->occurred_at <= world->wall_ms(world->context) + CLOCK_AHEAD_MS_LOADING
               ? event->occurred_at
               : last;
}

static int load_principal(struct ledger *ledger, const struct principal_row *row)
{
    if (row->principal != ledger->principals_count || row->principal >= PRINCIPALS_MAX) {
        return ERR_CORRUPT;
    }
    ledger->principals[ledger->principals_count++] = *row;
    return 0;
}

struct principal_loading {
    struct ledger *ledger;
    int result;
};

static void on_principal(void *context, const struct principal_row *row)
{
    struct principal_loading *loading = context;
    if (loading->result == 0) {
        loading->result = load_principal(loading->ledger, row);
    }
}

static int load_version(struct ledger *ledger, const struct programme_row *row, struct numbers *numbers)
{
    if (ledger->versions_count == ledger->versions_room) {
        const size_t room = ledger->versions_room == 0 ? 16 : 2 * ledger->versions_room;
        struct version *versions = realloc(ledger->versions, room * sizeof(*versions));
        if (versions == NULL) {
            return ERR_NOMEM;
        }
        ledger->versions = versions;
        ledger->versions_room = room;
    }
    uint8_t *memory = malloc(PROGRAMME_ARENA_BYTES);
    if (memory == NULL) {
        return ERR_NOMEM;
    }
    struct arena arena;
    arena_init(&arena, memory, PROGRAMME_ARENA_BYTES);
    struct findings *findings = arena_alloc(&ledger->scratch, 1, sizeof(*findings));
    const struct programme *programme;
    int result =
        findings == NULL ? ERR_NOMEM : programme_load(row->yaml, &arena, numbers, &programme, findings);
    if (result == 0) {
        ledger->versions[ledger->versions_count++] =
            (struct version){.memory = memory, .programme = programme, .position = row->position};
    } else {
        free(memory);
    }
    return result;
}

static int on_programme(void *context, const struct programme_row *row)
{
    struct ledger *ledger = context;
    const size_t used = ledger->scratch.used;
    const int result = load_version(ledger, row, ledger->numbers);
    arena_rewind(&ledger->scratch, used);
    /* It loaded when it was booked. */
    return result == ERR_FORMAT ? ERR_CORRUPT : result;
}

static void forget_versions(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->versions_count; i++) {
        free(ledger->versions[i].memory);
    }
    ledger->versions_count = 0;
}

int ledger_load(struct ledger *ledger)
{
    int result = store_head(ledger->options.store, &ledger->head);
    if (result < 0) {
        return result;
    }
    forget_versions(ledger);
    ledger->numbers->count = 0;
    memset(ledger->numbers->last, 0, sizeof(ledger->numbers->last));
    result = store_programmes(ledger->options.store, on_programme, ledger);
    if (result < 0) {
        return result;
    }
    ledger->principals_count = 0;
    struct principal_loading loading = {.ledger = ledger};
    result = store_principals(ledger->options.store, on_principal, &loading);
    return result < 0 ? result : loading.result;
}

void ledger_take_genesis(struct ledger *ledger, const struct event *genesis, struct bytes body)
{
    uint8_t hash[HASH_BYTES];
    crypto_genesis(body, hash);
    memcpy(ledger->programme_id, hash, PROGRAMME_ID_BYTES);
    snprintf(ledger->currency, sizeof(ledger->currency), "%s", genesis->genesis.currency);
    if (ledger->head.position == 0) {
        memcpy(ledger->head.chain, hash, HASH_BYTES);
    }
}

/* Reads genesis and holds it against our key. */
static int check_genesis(struct ledger *ledger, char *text, size_t text_size)
{
    struct event_row row;
    int result = store_event_read(ledger->options.store, 1, &ledger->scratch, &row);
    if (result < 0) {
        snprintf(text, text_size, "the log is empty: create it with `loyaltyd init`");
        return result == ERR_NOT_FOUND ? ERR_MISMATCH : result;
    }
    result = wire_body_unpack(row.body, &ledger->scratch, &ledger->event, NULL);
    if (result < 0 || ledger->event.kind != EVENT_GENESIS) {
        snprintf(text, text_size, "position 1 of the log is not a genesis event");
        return ERR_CORRUPT;
    }
    if (ledger->event.genesis.format != 1) {
        snprintf(text, text_size, "the log has format %u, this version knows 1 only",
                 ledger->event.genesis.format);
        return ERR_MISMATCH;
    }
    if (memcmp(ledger->event.genesis.daemon_key.data, ledger->options.daemon_key->public_key, KEY_BYTES) !=
        0) {
        snprintf(text, text_size,
                 "the log was written under another daemon key: this data directory mixes two programmes; "
                 "put back the daemon.key or the log that belongs here");
        return ERR_MISMATCH;
    }
    ledger_take_genesis(ledger, &ledger->event, row.body);
    arena_reset(&ledger->scratch);
    return 0;
}

/* A card nobody can have, for it is not in the form cards are brought into: it tells whether the key that
 * finds members is the one they were entered under. */
static void lookup_check_hash(const struct ledger *ledger, uint8_t ret_hash[HASH_BYTES])
{
    static const struct card_number nobody = {.text = "loyaltyd lookup check", .size = 21};
    crypto_card_lookup(ledger->options.lookup_key, &nobody, ret_hash);
}

static int check_lookup_key(struct ledger *ledger, char *text, size_t text_size)
{
    uint8_t hash[HASH_BYTES];
    uint32_t member;
    lookup_check_hash(ledger, hash);
    const int result = store_card_find(ledger->options.store, hash, &member);
    if (result == ERR_NOT_FOUND) {
        snprintf(text, text_size,
                 "lookup.key is not the key this log's cards were entered under: every customer would be a "
                 "new one; put "
                 "back the lookup.key that belongs here");
        return ERR_MISMATCH;
    }
    return result;
}

int ledger_begin(struct ledger *ledger)
{
    if (ledger->in_transaction) {
        return 0;
    }
    const int result = store_begin(ledger->options.store);
    ledger->in_transaction = result == 0;
    return result;
}

/* Books that this engine decides from here on. */
static int book_revision(struct ledger *ledger)
{
    struct event *event = &ledger->event;
    *event = (struct event){.occurred_at = ledger_now(ledger),
                            .kind = EVENT_ENGINE_REVISION,
                            .engine_revision = {.revision = ENGINE_REVISION, .version = LOYALTY_VERSION}};
    struct draft draft;
    int result = ledger_daemon_draft(ledger, event, &draft);
    if (result < 0) {
        return result;
    }
    result = ledger_decide_daemon(ledger, event);
    if (result == 0) {
        result = ledger_begin(ledger);
    }
    if (result == 0) {
        result = ledger_write(ledger, &draft);
    }
    if (result == 0) {
        ledger->in_transaction = false;
        result = store_commit(ledger->options.store);
    }
    return result;
}

/* A crash while an event stood noted counts against it. */
static int count_unclean_end(struct ledger *ledger)
{
    struct quarantine_note note;
    const int result = store_note_read(ledger->options.store, &note);
    if (result == ERR_NOT_FOUND) {
        return 0;
    }
    if (result < 0) {
        return result;
    }
    note.ends++;
    return store_note_write(ledger->options.store, &note);
}

int ledger_allocate(const struct ledger_options *options, struct ledger **ret_ledger)
{
    struct ledger *ledger = calloc(1, sizeof(*ledger));
    if (ledger == NULL) {
        return ERR_NOMEM;
    }
    ledger->options = *options;
    ledger->started_at = options->world->wall_ms(options->world->context);
    zones_init(&ledger->zones);
    renderer_init(&ledger->renderer);
    ledger->random_used = LEDGER_RANDOM_BYTES;
    ledger->numbers = calloc(1, sizeof(*ledger->numbers));
    ledger->numbers_draft = calloc(1, sizeof(*ledger->numbers_draft));
    ledger->principals = calloc(PRINCIPALS_MAX, sizeof(*ledger->principals));
    ledger->state = malloc(sizeof(*ledger->state));
    ledger->decision = malloc(sizeof(*ledger->decision));
    uint8_t *scratch = malloc(LEDGER_SCRATCH_BYTES);
    arena_init(&ledger->scratch, scratch, scratch == NULL ? 0 : LEDGER_SCRATCH_BYTES);
    if (ledger->numbers == NULL || ledger->numbers_draft == NULL || ledger->principals == NULL ||
        ledger->state == NULL || ledger->decision == NULL || scratch == NULL) {
        ledger_free(ledger);
        return ERR_NOMEM;
    }
    *ret_ledger = ledger;
    return 0;
}

int ledger_new(const struct ledger_options *options, struct ledger **ret_ledger, char *ret_text,
               size_t text_size)
{
    struct ledger *ledger;
    snprintf(ret_text, text_size, "%s", "");
    int result = ledger_allocate(options, &ledger);
    if (result < 0) {
        return result;
    }
    result = check_genesis(ledger, ret_text, text_size);
    if (result == 0) {
        result = check_lookup_key(ledger, ret_text, text_size);
    }
    if (result == 0) {
        result = ledger_load(ledger);
    }
    if (result == 0 && ledger->head.engine_revision > ENGINE_REVISION) {
        snprintf(ret_text, text_size,
                 "the log was decided by engine revision %u, this version has %d: upgrade loyaltyd",
                 ledger->head.engine_revision, ENGINE_REVISION);
        result = ERR_MISMATCH;
    }
    if (result == 0 && ledger->head.engine_revision < ENGINE_REVISION) {
        result = book_revision(ledger);
    }
    if (result == 0 && options->careful) {
        ledger->careful_left = CAREFUL_EVENTS;
        result = count_unclean_end(ledger);
    }
    if (result < 0) {
        ledger_free(ledger);
        return result;
    }
    *ret_ledger = ledger;
    return 0;
}

void ledger_free(struct ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    store_backup_end(ledger->backup);
    if (ledger->in_transaction) {
        store_rollback(ledger->options.store);
    }
    forget_versions(ledger);
    free(ledger->versions);
    zones_fini(&ledger->zones);
    renderer_fini(&ledger->renderer);
    free(ledger->numbers);
    free(ledger->numbers_draft);
    free(ledger->principals);
    free(ledger->state);
    free(ledger->decision);
    free(ledger->scratch.memory);
    free(ledger);
}

static int create(struct ledger *ledger, const uint8_t *operator_key, const char *currency)
{
    const struct ledger_options *options = &ledger->options;
    int result = store_head(options->store, &ledger->head);
    if (result < 0) {
        return result;
    }
    if (ledger->head.position > 0) {
        return ERR_EXISTS;
    }
    uint8_t random[HASH_BYTES];
    options->world->random(options->world->context, random, sizeof(random));
    const struct event event = {
        .occurred_at = ledger_now(ledger),
        .kind = EVENT_GENESIS,
        .genesis = {.format = 1,
                    .daemon_key = {options->daemon_key->public_key, KEY_BYTES},
                    .operator_key = {operator_key, KEY_BYTES},
                    .currency = currency,
                    .random = {random, sizeof(random)}},
    };
    struct bytes body;
    result = wire_body_pack(&event, &ledger->scratch, &body);
    if (result < 0) {
        return result;
    }
    ledger_take_genesis(ledger, &event, body);
    struct draft draft;
    result = ledger_daemon_draft(ledger, &event, &draft);
    if (result < 0) {
        return result;
    }
    result = ledger_decide_daemon(ledger, &event);
    if (result < 0) {
        return result;
    }
    result = ledger_begin(ledger);
    if (result < 0) {
        return result;
    }
    uint8_t epoch[EPOCH_BYTES];
    options->world->random(options->world->context, epoch, sizeof(epoch));
    result = store_set_epoch(options->store, epoch);
    if (result == 0) {
        uint8_t hash[HASH_BYTES];
        lookup_check_hash(ledger, hash);
        result = store_card_write(options->store, hash, 0);
    }
    if (result == 0) {
        result = ledger_write(ledger, &draft);
    }
    if (result == 0) {
        ledger->in_transaction = false;
        result = store_commit(options->store);
    }
    return result;
}

int ledger_create(const struct ledger_options *options, const uint8_t operator_key[KEY_BYTES],
                  const char *currency, uint8_t ret_programme_id[PROGRAMME_ID_BYTES])
{
    struct ledger *ledger;
    int result = ledger_allocate(options, &ledger);
    if (result < 0) {
        return result;
    }
    result = create(ledger, operator_key, currency);
    if (result == 0) {
        memcpy(ret_programme_id, ledger->programme_id, PROGRAMME_ID_BYTES);
    }
    ledger_free(ledger);
    return result;
}

int ledger_principals(struct ledger *ledger, void (*each)(void *context, const struct principal_row *row),
                      void *context)
{
    for (size_t i = 0; i < ledger->principals_count; i++) {
        each(context, &ledger->principals[i]);
    }
    return 0;
}

void ledger_fail(struct ledger *ledger, struct reply *reply, enum failure_code code, const char *text)
{
    const struct world *world = ledger->options.world;
    reply->kind = REPLY_FAILURE;
    memset(&reply->failure, 0, sizeof(reply->failure));
    reply->failure.code = code;
    reply->failure.text = text;
    reply->failure.now = world->wall_ms(world->context);
}

static int run_job(struct ledger *ledger, const struct ledger_job *job, struct arena *memory,
                   struct ledger_result *result)
{
    struct reply reply = {.id = job->request->id};
    *result = (struct ledger_result){.tag = job->tag};
    arena_reset(&ledger->scratch);
    int status = 0;
    switch (job->request->kind) {
    case REQUEST_BOOK:
        status = ledger_book(ledger, job, &reply, result);
        break;
    case REQUEST_ENROL:
        status = ledger_enrol(ledger, job, &reply, result);
        break;
    case REQUEST_AUTHENTICATE:
    case REQUEST_GET_MEMBER:
    case REQUEST_GET_EVENT:
    case REQUEST_GET_STATUS:
    case REQUEST_GET_PRINCIPALS:
    case REQUEST_GET_PROGRAMME:
    case REQUEST_CHECK_PROGRAMME:
    case REQUEST_BACKUP:
        status = ledger_query(ledger, job, &reply, result);
        break;
    case REQUEST_HELLO:
        ledger_fail(ledger, &reply, FAILURE_INVALID, "a connection says hello once, as its first message");
        break;
    }
    if (status < 0) {
        return status;
    }
    status = wire_reply_pack(&reply, memory, &result->reply);
    if (status == ERR_TOO_LARGE) {
        ledger_fail(ledger, &reply, FAILURE_TOO_LARGE, "the answer is larger than a frame");
        status = wire_reply_pack(&reply, memory, &result->reply);
    }
    return status;
}

/* Nothing of the batch was written: every job is told to come again, and what is cached is read anew. */
static int answer_retry(struct ledger *ledger, const struct ledger_job *jobs, size_t count,
                        struct arena *memory, struct ledger_result *results)
{
    arena_reset(memory);
    for (size_t i = 0; i < count; i++) {
        struct reply reply = {.id = jobs[i].request->id};
        ledger_fail(ledger, &reply, FAILURE_RETRY,
                    "the daemon's disk is full: nothing was booked, send again later");
        results[i] = (struct ledger_result){.tag = jobs[i].tag};
        const int result = wire_reply_pack(&reply, memory, &results[i].reply);
        if (result < 0) {
            return result;
        }
    }
    return ledger_load(ledger);
}

int ledger_run(struct ledger *ledger, const struct ledger_job *jobs, size_t count, struct arena *memory,
               struct ledger_result *ret_results, size_t *ret_done)
{
    CHECK(count > 0);
    const size_t most = ledger->careful_left > 0 ? 1 : BATCH_EVENTS_MAX;
    size_t done = 0;
    int result = 0;
    arena_reset(memory);
    while (result == 0 && done < count && done < most &&
           memory->size - memory->used >= LEDGER_REPLY_BYTES_MAX) {
        if (jobs[done].request->kind == REQUEST_BACKUP && ledger->in_transaction) {
            break; /* pages are copied between transactions: it is the first of the next batch */
        }
        result = run_job(ledger, &jobs[done], memory, &ret_results[done]);
        done++;
    }
    CHECK(done > 0);
    if (ledger->in_transaction) {
        ledger->in_transaction = false;
        if (result == 0) {
            result = store_commit(ledger->options.store);
            ledger->metrics.batches_committed += result == 0;
        } else {
            store_rollback(ledger->options.store);
        }
    }
    if (result == ERR_FULL) {
        result = answer_retry(ledger, jobs, done, memory, ret_results);
    }
    if (result < 0) {
        return result;
    }
    bool checkpointed;
    result = store_checkpoint(ledger->options.store, false, &checkpointed);
    if (result < 0 && result != ERR_FULL) {
        return result;
    }
    *ret_done = done;
    return 0;
}

int ledger_idle(struct ledger *ledger)
{
    bool done = false;
    const int result = store_checkpoint(ledger->options.store, true, &done);
    ledger->metrics.checkpoints += done;
    return result == ERR_FULL ? 0 : result;
}
