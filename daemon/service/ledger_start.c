/* How a ledger begins: created, or read from its store and held against its keys. */
#include "service/ledger_internal.h"

#include "base/check.h"
#include "crypto/card.h"
#include "crypto/chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int on_programme(void *context, const struct programme_row *row)
{
    struct ledger *ledger = context;
    const size_t used = ledger->scratch.used;
    struct findings *findings = arena_alloc(&ledger->scratch, 1, sizeof(*findings));
    struct version version;
    int result = findings == NULL ? ERR_NOMEM : version_load(row->yaml, ledger->numbers, findings, &version);
    arena_rewind(&ledger->scratch, used);
    if (result == 0) {
        version.position = row->position;
        result = versions_add(&ledger->versions, version);
    }
    /* It loaded when it was booked. */
    return result == ERR_FORMAT ? ERR_CORRUPT : result;
}

int ledger_load(struct ledger *ledger)
{
    int result = store_head(ledger->options.store, &ledger->head);
    if (result < 0) {
        return result;
    }
    versions_clear(&ledger->versions);
    ledger->numbers->count = 0;
    memset(ledger->numbers->last, 0, sizeof(ledger->numbers->last));
    result = store_programmes(ledger->options.store, on_programme, ledger);
    if (result < 0) {
        return result;
    }
    ledger->arrived_count = 0;
    ledger_tick_reset(ledger);
    result = store_parked_count(ledger->options.store, &ledger->parked_count);
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
    ledger->ticking.time_outs = calloc(TIME_OUTS_MAX, sizeof(*ledger->ticking.time_outs));
    ledger->state = malloc(sizeof(*ledger->state));
    ledger->other = malloc(sizeof(*ledger->other));
    ledger->household = malloc(sizeof(*ledger->household));
    ledger->decision = malloc(sizeof(*ledger->decision));
    uint8_t *scratch = malloc(LEDGER_SCRATCH_BYTES);
    arena_init(&ledger->scratch, scratch, scratch == NULL ? 0 : LEDGER_SCRATCH_BYTES);
    if (ledger->numbers == NULL || ledger->numbers_draft == NULL || ledger->principals == NULL ||
        ledger->state == NULL || ledger->other == NULL || ledger->household == NULL ||
        ledger->decision == NULL || scratch == NULL || ledger->ticking.time_outs == NULL) {
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
    if (result == 0) {
        result = store_note_end(options->store, options->careful);
    }
    if (result == 0 && options->careful) {
        ledger->careful_left = CAREFUL_EVENTS;
        ledger->erased = true; /* perhaps it ended between an erasure and the truncation behind it */
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
    versions_fini(&ledger->versions);
    zones_fini(&ledger->zones);
    renderer_fini(&ledger->renderer);
    free(ledger->numbers);
    free(ledger->numbers_draft);
    free(ledger->principals);
    free(ledger->ticking.time_outs);
    free(ledger->state);
    free(ledger->other);
    free(ledger->household);
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
