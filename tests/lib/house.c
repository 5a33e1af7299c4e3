#include "lib/house.h"

#include "crypto/card.h"
#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "service/replay.h"
#include "store/compare.h"
#include "wire/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCRATCH_BYTES = 4 * 1024 * 1024 };

static int64_t clock_now(void *context)
{
    return ((struct house *)context)->now;
}

static void count_random(void *context, void *data, size_t size)
{
    struct house *house = context;
    uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(house->random_next++ * 37 + i);
    }
}

static struct ledger_options options_of(struct house *house)
{
    return (struct ledger_options){.store = house->temporary.store,
                                   .world = &house->world,
                                   .daemon_key = &house->daemon_key,
                                   .lookup_key = house->lookup_key,
                                   .careful = house->careful};
}

static void start(struct house *house)
{
    char text[256];
    const struct ledger_options options = options_of(house);
    const int result = ledger_new(&options, &house->ledger, text, sizeof(text));
    if (result != 0) {
        fail_msg("the ledger does not start: %s: %s", error_text(result), text);
    }
}

void house_open(struct house *house, const char *yaml, bool loading)
{
    memset(house, 0, sizeof(*house));
    assert_int_equal(crypto_init(), 0);
    house->now = 1764547200000; /* 2025-12-01T00:00:00Z */
    house->world = (struct world){clock_now, clock_now, count_random, house};
    temporary_open(&house->temporary);
    uint8_t seed[KEY_BYTES];
    memset(seed, 1, sizeof(seed));
    key_pair_from_seed(seed, &house->daemon_key);
    memset(house->lookup_key, 9, KEY_BYTES);
    for (uint8_t i = 1; i < HOUSE_PRINCIPALS; i++) {
        memset(seed, i + 1, sizeof(seed));
        key_pair_from_seed(seed, &house->keys[i]);
        house->sequences[i] = 1;
    }
    arena_init(&house->memory, malloc(LEDGER_MEMORY_BYTES), LEDGER_MEMORY_BYTES);
    arena_init(&house->scratch, malloc(SCRATCH_BYTES), SCRATCH_BYTES);
    house->decision = malloc(sizeof(*house->decision));
    const struct ledger_options options = options_of(house);
    assert_int_equal(ledger_create(&options, house->keys[HOUSE_ADMIN].public_key, "EUR", house->programme_id),
                     0);
    start(house);
    struct event change = {.occurred_at = house->now,
                           .kind = EVENT_PROGRAMME_CHANGE,
                           .programme_change.yaml = {(const uint8_t *)yaml, strlen(yaml)}};
    house_book(house, HOUSE_ADMIN, &change, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    if (!loading) {
        struct event live = {.occurred_at = house->now, .kind = EVENT_GO_LIVE};
        house_book(house, HOUSE_ADMIN, &live, NULL);
        assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    }
}

void house_close(struct house *house)
{
    ledger_free(house->ledger);
    free(house->memory.memory);
    free(house->scratch.memory);
    free(house->decision);
    temporary_remove(&house->temporary);
}

void house_restart(struct house *house)
{
    ledger_free(house->ledger);
    house->ledger = NULL;
    temporary_reopen(&house->temporary);
    start(house);
}

void house_ask(struct house *house, uint32_t principal, const struct request *request)
{
    house_ask_with(house, principal, 0, request);
}

void house_ask_with(struct house *house, uint32_t principal, uint32_t key_no, const struct request *request)
{
    const struct ledger_job job = {.request = request, .tag = 77, .principal = principal, .key_no = key_no};
    size_t done;
    assert_int_equal(ledger_run(house->ledger, &job, 1, &house->memory, &house->result, &done), 0);
    assert_int_equal(done, 1);
    assert_int_equal(house->result.tag, 77);
    struct bytes frame;
    assert_int_equal(frame_parse(house->result.reply, FRAME_OPERATOR_BYTES_MAX, &frame), 1);
    assert_int_equal(wire_reply_unpack(frame, &house->scratch, &house->reply), 0);
}

void house_seal(struct event *event, uint64_t sequence, const char *card, struct arena *arena,
                struct request_book *book)
{
    if (card != NULL) {
        struct card_number number;
        uint8_t *salt = arena_alloc(arena, 1, CARD_SALT_BYTES);
        uint8_t *commitment = arena_alloc(arena, 1, HASH_BYTES);
        assert_non_null(commitment);
        memset(salt, (int)sequence, CARD_SALT_BYTES);
        assert_int_equal(card_normalise(card, strlen(card), &number), 0);
        crypto_card_commitment(salt, &number, commitment);
        const struct bytes bytes = {commitment, HASH_BYTES};
        *(event->kind == EVENT_PURCHASE       ? &event->purchase.card
          : event->kind == EVENT_GOODS_RETURN ? &event->goods_return.card
          : event->kind == EVENT_RESERVE      ? &event->reserve.card
          : event->kind == EVENT_CARD_LINKED  ? &event->card_linked.card
          : event->kind == EVENT_CLAIM        ? &event->claim.card
                                              : &event->enrolment.card) = bytes;
        book->opening.salt = (struct bytes){salt, CARD_SALT_BYTES};
        book->opening.card = arena_copy(arena, card, strlen(card));
    }
    assert_int_equal(wire_body_pack(event, arena, &book->body), 0);
}

struct request house_sign(struct house *house, uint32_t principal, uint64_t sequence, struct event *event,
                          const char *card, struct arena *arena)
{
    struct request request = {
        .id = 5,
        .kind = REQUEST_BOOK,
        .book = {.principal = principal, .sequence = sequence, .locale = house->locale}};
    house_seal(event, sequence, card, arena, &request.book);
    const size_t room = SIGN_EVENT_PREFIX_BYTES + request.book.body.size;
    uint8_t *signed_bytes = arena_alloc(arena, 1, room);
    uint8_t *signature = arena_alloc(arena, 1, SIGNATURE_BYTES);
    const struct sign_event message = {house->programme_id, principal, sequence, request.book.body};
    assert_int_equal(sign_event(&house->keys[principal], &message, signed_bytes, room, signature), 0);
    request.book.signature = (struct bytes){signature, SIGNATURE_BYTES};
    return request;
}

void house_book_as(struct house *house, uint32_t principal, uint64_t sequence, struct event *event,
                   const char *card)
{
    arena_reset(&house->scratch);
    const struct request request = house_sign(house, principal, sequence, event, card, &house->scratch);
    house_ask(house, principal, &request);
    if (house->reply.kind == REPLY_BOOKED) {
        house->booked_bytes = house->reply.booked.booked;
        assert_int_equal(wire_booked_unpack(house->booked_bytes, &house->scratch, &house->booked), 0);
        decision_clear(house->decision);
        assert_int_equal(
            wire_outcome_unpack(house->booked.outcome, &house->scratch, &house->decision->outcome), 0);
    }
}

void house_book(struct house *house, uint32_t principal, struct event *event, const char *card)
{
    house_book_as(house, principal, house->sequences[principal], event, card);
    house->sequences[principal] += house->reply.kind == REPLY_BOOKED;
}

uint32_t house_terminal(struct house *house, const char *store, const char *label)
{
    return house_principal(house, ROLE_TERMINAL, store, label);
}

uint32_t house_principal(struct house *house, enum role role, const char *store, const char *label)
{
    char code[32];
    uint8_t hash[HASH_BYTES];
    snprintf(code, sizeof(code), "ABCD-EFGH-JK%02u", (unsigned)house->random_next % 100);
    house->random_next++;
    assert_int_equal(invite_code_hash(code, hash), 0);
    struct event invite = {.occurred_at = house->now,
                           .kind = EVENT_INVITE,
                           .invite = {.code_hash = {hash, HASH_BYTES},
                                      .role = role,
                                      .store = store,
                                      .label = label,
                                      .expires_at = house->now + 3600 * 1000}};
    house_book(house, HOUSE_ADMIN, &invite, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    uint32_t next = 2;
    while (next < HOUSE_PRINCIPALS && house->sequences[next] > 1) {
        next++;
    }
    assert_true(next < HOUSE_PRINCIPALS);
    uint8_t proof[SIGNATURE_BYTES];
    sign_enrol(&house->keys[next], house->programme_id, hash, proof);
    const struct request request = {.id = 6,
                                    .kind = REQUEST_ENROL,
                                    .enrol = {.code = code,
                                              .key = {house->keys[next].public_key, KEY_BYTES},
                                              .proof = {proof, SIGNATURE_BYTES}}};
    house_ask(house, 0, &request);
    assert_int_equal(house->reply.kind, REPLY_ENROLLED);
    assert_int_equal(house->result.note, LEDGER_ADDED);
    return house->reply.enrolled.principal;
}

struct event house_purchase(struct house *house, const char *number, const char *category, int64_t gross)
{
    static struct line line;
    line = (struct line){.sku = "1001", .category = category, .quantity = 1000, .gross = gross};
    return (struct event){
        .occurred_at = house->now,
        .kind = EVENT_PURCHASE,
        .purchase = {.receipt = {.business_date = (int32_t)(house->now / 86400000), .number = number},
                     .lines = &line,
                     .lines_count = 1}};
}

/* Books every event of the house's log again into a store of its own. */
static int replay_log(struct house *house, struct replay_difference *difference,
                      struct store_difference *row_difference)
{
    struct temporary copy;
    temporary_open(&copy);
    const struct replay_options options = {.store = copy.store, .world = &house->world};
    struct replay *replay;
    assert_int_equal(replay_new(&options, &replay), 0);
    struct store_head head;
    assert_int_equal(store_head(house->temporary.store, &head), 0);
    int result = 0;
    for (uint64_t position = 1; position <= head.position && result == 0; position++) {
        struct event_row row;
        arena_reset(&house->scratch);
        assert_int_equal(store_event_read(house->temporary.store, position, &house->scratch, &row), 0);
        result = replay_event(replay, &row, difference);
    }
    if (result == 0) {
        result = replay_finish(replay, difference);
    }
    if (result == 0) {
        result = store_compare(house->temporary.store, copy.store, row_difference);
    }
    replay_free(replay);
    temporary_remove(&copy);
    return result;
}

int house_replay_differs(struct house *house, struct replay_difference *ret_difference)
{
    struct store_difference row = {.text = ""};
    return replay_log(house, ret_difference, &row);
}

void house_replay(struct house *house)
{
    struct replay_difference difference = {.text = ""};
    struct store_difference row = {.text = ""};
    const int result = replay_log(house, &difference, &row);
    if (result != 0) {
        fail_msg("%s: position %llu %s: %s / %s", error_text(result), (unsigned long long)difference.position,
                 difference.part == NULL ? "" : difference.part, difference.text, row.text);
    }
}
