/* The test vectors of tests/golden/vectors.json: bodies, what is signed, signatures, frames, hashes and
 * records, made from fixed keys. They are the protocol's promise to other implementations and to every log
 * there is: code that no longer makes exactly these bytes is wrong. tests/system/test_golden.py checks them
 * with none of ours.
 *
 * With --write it prints the file, for when a vector is added. */
#include "wire/body.h"
#include "wire/frame.h"
#include "wire/message.h"

#include "lib/testing.h"

#include "crypto/card.h"
#include "crypto/chain.h"
#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "crypto/invite.h"
#include "crypto/sign.h"
#include "model/programme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTORS LOYALTY_SOURCE "/tests/golden/vectors.json"

enum { TEXT_BYTES = 256 * 1024, TERMINAL = 7, OPERATOR = 1 };

static const int64_t occurred_at = 1709289000000; /* 2024-03-01T10:30:00Z */

static char text[TEXT_BYTES];
static size_t text_size;

static uint8_t arena_memory[64 * 1024];
static struct arena arena;

static uint8_t programme_id[PROGRAMME_ID_BYTES];
static struct key_pair daemon_pair;
static struct key_pair operator_pair;
static struct key_pair terminal_pair;

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void add(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(text + text_size, sizeof(text) - text_size, format, arguments);
    va_end(arguments);
    assert_true(size >= 0 && (size_t)size < sizeof(text) - text_size);
    text_size += (size_t)size;
}

/* A member of the object being written; the last one has no comma behind it. */
static void add_hex(const char *indent, const char *name, const void *data, size_t size, const char *end)
{
    static char hex[128 * 1024];
    assert_true(2 * size < sizeof(hex));
    hex_encode(data, size, hex);
    add("%s\"%s\": \"%s\"%s\n", indent, name, hex, end);
}

static void add_bytes(const char *name, struct bytes bytes, const char *end)
{
    add_hex("      ", name, bytes.data, bytes.size, end);
}

static void make_pair(uint8_t first, struct key_pair *ret_pair)
{
    uint8_t seed[KEY_BYTES];
    for (size_t i = 0; i < sizeof(seed); i++) {
        seed[i] = (uint8_t)(first + i);
    }
    key_pair_from_seed(seed, ret_pair);
}

static void add_pair(const char *name, uint32_t principal, const struct key_pair *pair, const char *end)
{
    add("    \"%s\": {\n      \"principal\": %u,\n", name, principal);
    add_hex("      ", "seed", pair->secret, KEY_BYTES, ",");
    add_hex("      ", "public_key", pair->public_key, KEY_BYTES, "");
    add("    }%s\n", end);
}

/* Bytes put together by hand, to be signed beside the functions that do. */
struct joined {
    uint8_t data[8 * 1024];
    size_t size;
};

static void join(struct joined *joined, const void *data, size_t size)
{
    assert_true(size <= sizeof(joined->data) - joined->size);
    if (size > 0) {
        memcpy(joined->data + joined->size, data, size);
    }
    joined->size += size;
}

static void join_u32(struct joined *joined, uint32_t value)
{
    uint8_t bytes[4];
    put_u32_be(bytes, value);
    join(joined, bytes, sizeof(bytes));
}

static void join_u64(struct joined *joined, uint64_t value)
{
    uint8_t bytes[8];
    put_u64_be(bytes, value);
    join(joined, bytes, sizeof(bytes));
}

/* Fills a signature of the bytes and holds it against the one that the project's function made. */
static void expect_signed(const struct key_pair *pair, const struct joined *joined,
                          const uint8_t signature[SIGNATURE_BYTES])
{
    uint8_t plain[SIGNATURE_BYTES];
    sign_bytes(pair, (struct bytes){joined->data, joined->size}, plain);
    assert_memory_equal(plain, signature, SIGNATURE_BYTES);
}

static struct bytes pack_request(const struct request *request)
{
    struct bytes frame;
    assert_int_equal(wire_request_pack(request, &arena, &frame), 0);
    return frame;
}

struct vector {
    const char *name;
    uint32_t principal;
    const struct key_pair *pair;
    uint64_t sequence;
    struct opening opening;
};

/* What the purchase's leaf is made of later. */
static struct bytes purchase_body;
static uint8_t purchase_signature[SIGNATURE_BYTES];

static void add_event(const struct vector *vector, const struct event *event, const char *end)
{
    struct bytes body;
    assert_int_equal(wire_body_pack(event, &arena, &body), 0);
    struct event back;
    assert_int_equal(wire_body_unpack(body, &arena, &back, NULL), 0);
    uint8_t scratch[8 * 1024];
    uint8_t signature[SIGNATURE_BYTES];
    const struct sign_event to_sign = {.programme_id = programme_id,
                                       .principal = vector->principal,
                                       .sequence = vector->sequence,
                                       .body = body};
    assert_int_equal(sign_event(vector->pair, &to_sign, scratch, sizeof(scratch), signature), 0);
    struct joined joined = {.size = 0};
    join(&joined, "loyaltyd event v1", sizeof("loyaltyd event v1"));
    join(&joined, programme_id, sizeof(programme_id));
    join_u32(&joined, vector->principal);
    join_u64(&joined, vector->sequence);
    join(&joined, body.data, body.size);
    expect_signed(vector->pair, &joined, signature);
    const struct request request = {.id = 1,
                                    .kind = REQUEST_BOOK,
                                    .book = {.principal = vector->principal,
                                             .sequence = vector->sequence,
                                             .body = body,
                                             .signature = {signature, sizeof(signature)},
                                             .opening = vector->opening}};
    add("    \"%s\": {\n      \"principal\": %u,\n      \"sequence\": %llu,\n", vector->name,
        vector->principal, (unsigned long long)vector->sequence);
    add_bytes("body", body, ",");
    add_bytes("signed", (struct bytes){joined.data, joined.size}, ",");
    add_bytes("signature", (struct bytes){signature, sizeof(signature)}, ",");
    add_bytes("frame", pack_request(&request), "");
    add("    }%s\n", end);
    if (strcmp(vector->name, "purchase") == 0) {
        purchase_body = body;
        memcpy(purchase_signature, signature, sizeof(purchase_signature));
    }
}

static const char card_text[] = "372 (5) 123-45.67";
static uint8_t card_salt[CARD_SALT_BYTES];
static uint8_t card_commitment[HASH_BYTES];

static void add_card(void)
{
    struct card_number card;
    memset(card_salt, 0xa0, sizeof(card_salt));
    assert_int_equal(card_normalise(card_text, strlen(card_text), &card), 0);
    crypto_card_commitment(card_salt, &card, card_commitment);
    add("  \"card\": {\n    \"as_read\": \"%s\",\n    \"normalised\": \"%s\",\n", card_text, card.text);
    add_hex("    ", "salt", card_salt, sizeof(card_salt), ",");
    add_hex("    ", "commitment", card_commitment, sizeof(card_commitment), "");
    add("  },\n");
}

static void add_purchase(void)
{
    static const char *const labels[] = {"organic", "local"};
    static const struct line lines[] = {
        {.sku = "4740001", .category = "lunch", .quantity = QUANTITY_DEFAULT, .gross = 890, .tax = 161},
        {.sku = "4740002",
         .category = "fruit",
         .labels = labels,
         .labels_count = 2,
         .quantity = 1250,
         .gross = 374,
         .discount = 25,
         .tax = 67,
         .weighed = true},
        {.sku = "deposit", .quantity = -2000, .gross = -20},
    };
    static const struct tender tenders[] = {{.kind = TENDER_CASH, .amount = 244},
                                            {.kind = TENDER_CARD, .amount = 1000, .label = "debit"}};
    static const char *const codes[] = {"SPRING24"};
    const struct event event = {
        .occurred_at = occurred_at,
        .clock_correction = -1500,
        .kind = EVENT_PURCHASE,
        .purchase = {.receipt = {.business_date = 19783, .number = "000123"},
                     .card = {card_commitment, sizeof(card_commitment)},
                     .lines = lines,
                     .lines_count = ARRAY_COUNT(lines),
                     .cash_rounding = -1,
                     .tenders = tenders,
                     .tenders_count = ARRAY_COUNT(tenders),
                     .codes = codes,
                     .codes_count = ARRAY_COUNT(codes)},
    };
    const struct vector vector = {
        "purchase", TERMINAL, &terminal_pair, 42, {{card_salt, sizeof(card_salt)}, card_text}};
    add_event(&vector, &event, ",");
}

static void add_redeeming_purchase(void)
{
    static const struct line line = {.sku = "lunch", .quantity = 2000, .gross = 1780};
    static const struct free_units free_units = {.card = "lunches", .line = 0, .units = 1, .charged = true};
    static const uint8_t code[VOUCHER_CODE_BYTES] = {0xc0, 0xde};
    static const struct redemption redemptions[] = {
        {.voucher = {code, sizeof(code)}, .units = 1},
        {.reward = "coffee", .units = 2},
        {.reservation = 4711, .units = 1},
    };
    static const struct pay_with_points pay = {.points = 0};
    const struct event event = {
        .occurred_at = occurred_at,
        .kind = EVENT_PURCHASE,
        .purchase = {.receipt = {.store = "harbour",
                                 .business_date = 19783,
                                 .till = "till-2",
                                 .number = "7/\xc3\xb5"},
                     .lines = &line,
                     .lines_count = 1,
                     .basket_discount = 100,
                     .tip = 50,
                     .free_units = &free_units,
                     .free_units_count = 1,
                     .redemptions = redemptions,
                     .redemptions_count = ARRAY_COUNT(redemptions),
                     .pay_with_points = &pay,
                     .redeem_done = true},
    };
    const struct vector vector = {"redeeming_purchase", TERMINAL, &terminal_pair, 43, {{0}, NULL}};
    add_event(&vector, &event, ",");
}

static const char invite_code[] = "K7qf-2m9t-xw4c";
static uint8_t invite_hash[HASH_BYTES];

static void add_events(void)
{
    static const char yaml[] = "programme: caf\xc3\xa9\n";
    const struct event enrolment = {.occurred_at = occurred_at,
                                    .kind = EVENT_ENROLMENT,
                                    .enrolment = {.card = {card_commitment, sizeof(card_commitment)}}};
    const struct event activity = {
        .occurred_at = occurred_at,
        .kind = EVENT_ACTIVITY,
        .activity = {.card = {card_commitment, sizeof(card_commitment)}, .code = "survey"}};
    const struct event ride = {
        .occurred_at = occurred_at,
        .kind = EVENT_ACTIVITY,
        .activity = {.card = {card_commitment, sizeof(card_commitment)}, .code = "cycled", .amount = 1250}};
    const struct event reserve = {.occurred_at = occurred_at,
                                  .kind = EVENT_RESERVE,
                                  .reserve = {.card = {card_commitment, sizeof(card_commitment)},
                                              .reward = "lunch",
                                              .units = 2,
                                              .has_timeout = true,
                                              .timeout_minutes = 30}};
    const struct event release = {
        .occurred_at = occurred_at, .kind = EVENT_RELEASE, .release = {.reservation = 4711}};
    const struct event invite = {.occurred_at = occurred_at,
                                 .kind = EVENT_INVITE,
                                 .invite = {.code_hash = {invite_hash, sizeof(invite_hash)},
                                            .role = ROLE_TERMINAL,
                                            .store = "harbour",
                                            .label = "till-2",
                                            .expires_at = occurred_at + 3600000}};
    const struct event change = {.occurred_at = occurred_at,
                                 .kind = EVENT_PROGRAMME_CHANGE,
                                 .programme_change = {.yaml = {(const uint8_t *)yaml, sizeof(yaml) - 1}}};
    const struct event revoke = {.occurred_at = occurred_at,
                                 .kind = EVENT_REVOKE,
                                 .revoke = {.principal = TERMINAL, .reason = "stolen"}};
    const struct event go_live = {.occurred_at = occurred_at, .kind = EVENT_GO_LIVE};
    static const uint8_t cancelled[VOUCHER_CODE_BYTES] = {0xc0, 0xde};
    const struct event adjustment = {
        .occurred_at = occurred_at,
        .kind = EVENT_ADJUSTMENT,
        .adjustment = {
            .member = 12,
            .reason = "spilt",
            .points = -30,
            .may_owe = true,
            .until = -1,
            .qualifying = -30,
            .card = "lunches",
            .stamps = -1,
            .level_until = -1,
            .voucher = {cancelled, sizeof(cancelled)},
            .has_receipt = true,
            .receipt = {.store = "harbour", .business_date = 19783, .till = "till-2", .number = "000123"}}};
    assert_int_equal(invite_code_hash(invite_code, invite_hash), 0);
    add("  \"events\": {\n");
    add_purchase();
    add_redeeming_purchase();
    const struct opening opening = {{card_salt, sizeof(card_salt)}, card_text};
    add_event(&(struct vector){"enrolment", TERMINAL, &terminal_pair, 44, opening}, &enrolment, ",");
    add_event(&(struct vector){"invite", OPERATOR, &operator_pair, 1, {{0}, NULL}}, &invite, ",");
    add_event(&(struct vector){"programme_change", OPERATOR, &operator_pair, 2, {{0}, NULL}}, &change, ",");
    add_event(&(struct vector){"go_live", OPERATOR, &operator_pair, 3, {{0}, NULL}}, &go_live, ",");
    add_event(&(struct vector){"revoke", OPERATOR, &operator_pair, 4, {{0}, NULL}}, &revoke, ",");
    add_event(&(struct vector){"activity", TERMINAL, &terminal_pair, 45, opening}, &activity, ",");
    add_event(&(struct vector){"reserve", TERMINAL, &terminal_pair, 46, opening}, &reserve, ",");
    add_event(&(struct vector){"release", TERMINAL, &terminal_pair, 47, {{0}, NULL}}, &release, ",");
    add_event(&(struct vector){"measured_activity", TERMINAL, &terminal_pair, 48, opening}, &ride, ",");
    add_event(&(struct vector){"adjustment", OPERATOR, &operator_pair, 5, {{0}, NULL}}, &adjustment, "");
    add("  },\n");
}

static void add_genesis(void)
{
    uint8_t random[GENESIS_RANDOM_BYTES];
    uint8_t hash[HASH_BYTES];
    memset(random, 0x5a, sizeof(random));
    const struct event event = {.occurred_at = occurred_at,
                                .kind = EVENT_GENESIS,
                                .genesis = {.format = GENESIS_FORMAT,
                                            .daemon_key = {daemon_pair.public_key, KEY_BYTES},
                                            .operator_key = {operator_pair.public_key, KEY_BYTES},
                                            .currency = "EUR",
                                            .random = {random, sizeof(random)}}};
    struct bytes body;
    assert_int_equal(wire_body_pack(&event, &arena, &body), 0);
    crypto_genesis(body, hash);
    add("  \"genesis\": {\n");
    add_hex("    ", "body", body.data, body.size, ",");
    add_hex("    ", "hash", hash, sizeof(hash), "");
    add("  },\n");
}

static void add_handshake(void)
{
    uint8_t challenge[SIGN_CHALLENGE_BYTES];
    uint8_t channel[SIGN_CHANNEL_BYTES];
    memset(challenge, 0xc4, sizeof(challenge));
    memset(channel, 0xb1, sizeof(channel));
    add("  \"authenticate\": {\n    \"principal\": %u,\n", TERMINAL);
    add_hex("    ", "challenge", challenge, sizeof(challenge), ",");
    add_hex("    ", "channel_binding", channel, sizeof(channel), ",");
    for (unsigned tls = 0; tls < 2; tls++) {
        uint8_t signature[SIGNATURE_BYTES];
        const struct bytes binding = {channel, tls == 0 ? 0 : sizeof(channel)};
        const struct sign_auth auth = {.programme_id = programme_id,
                                       .principal = TERMINAL,
                                       .challenge = challenge,
                                       .channel_binding = binding};
        sign_auth(&terminal_pair, &auth, signature);
        struct joined joined = {.size = 0};
        join(&joined, "loyaltyd auth v1", sizeof("loyaltyd auth v1"));
        join(&joined, programme_id, sizeof(programme_id));
        join_u32(&joined, TERMINAL);
        join(&joined, challenge, sizeof(challenge));
        join(&joined, binding.data, binding.size);
        expect_signed(&terminal_pair, &joined, signature);
        const struct request request = {
            .id = 2,
            .kind = REQUEST_AUTHENTICATE,
            .authenticate = {.principal = TERMINAL, .signature = {signature, sizeof(signature)}}};
        add("    \"%s\": {\n", tls == 0 ? "plain" : "tls");
        add_bytes("signed", (struct bytes){joined.data, joined.size}, ",");
        add_bytes("signature", (struct bytes){signature, sizeof(signature)}, ",");
        add_bytes("frame", pack_request(&request), "");
        add("    }%s\n", tls == 0 ? "," : "");
    }
    add("  },\n");
}

static void add_enrol(void)
{
    uint8_t proof[SIGNATURE_BYTES];
    sign_enrol(&terminal_pair, programme_id, invite_hash, proof);
    struct joined joined = {.size = 0};
    join(&joined, "loyaltyd enrol v1", sizeof("loyaltyd enrol v1"));
    join(&joined, programme_id, sizeof(programme_id));
    join(&joined, terminal_pair.public_key, KEY_BYTES);
    join(&joined, invite_hash, sizeof(invite_hash));
    expect_signed(&terminal_pair, &joined, proof);
    const struct request request = {.id = 3,
                                    .kind = REQUEST_ENROL,
                                    .enrol = {.code = invite_code,
                                              .key = {terminal_pair.public_key, KEY_BYTES},
                                              .proof = {proof, sizeof(proof)}}};
    add("  \"enrol\": {\n    \"code\": \"%s\",\n    \"normalised\": \"K7QF2M9TXW4C\",\n", invite_code);
    add_hex("    ", "code_hash", invite_hash, sizeof(invite_hash), ",");
    add_hex("    ", "signed", joined.data, joined.size, ",");
    add_hex("    ", "proof", proof, sizeof(proof), ",");
    const struct bytes frame = pack_request(&request);
    add_hex("    ", "frame", frame.data, frame.size, "");
    add("  },\n");
}

/* Too large for the stack. */
static struct outcome outcome;
static struct context context;

static void make_records(void)
{
    context_clear(&context);
    context.day = 19783;
    context.minute = 12 * 60 + 30;
    context.offset = 120;
    context.member_day = 19783;
    context.booked_day = 19784;
    context.member = 12;
    context.previous = 900;
    context.balances[MEMBER_AVAILABLE] = -40;
    context.balances[MEMBER_PENDING] = 15;
    context.level = 2;
    context.decided_level = 2;
    context.level_until = 20088;
    context.purchases = 9;
    context.last_purchase = 19770;
    context.metrics_count = 1;
    context.metrics[0] = (struct context_metric){.metric = 0, .value = 940, .now = 940, .fullest = 940};
    context.stamps_count = 1;
    context.stamps[0] = (struct stamps){.card = 1, .count = 8, .since = 19700};
    context.random_size = VOUCHER_CODE_BYTES;
    memset(context.random, 0xee, VOUCHER_CODE_BYTES);
    context.day_starts_count = 1;
    context.day_starts[0] = (struct day_start){.day = 19784, .at = 1709330400000};
    const uint64_t available = account_of_member(12, MEMBER_AVAILABLE);
    const struct effect effects[] = {
        {.kind = EFFECT_LOT, .member = 12, .lot = {.index = 0, .since = 19783, .until = 20148}},
        {.kind = EFFECT_MOVE,
         .member = 12,
         .move = {.debit = account_of_programme(PROGRAMME_ISSUED),
                  .credit = available,
                  .amount = 24,
                  .has_lot = true,
                  .rule = 1}},
        {.kind = EFFECT_MOVE,
         .member = 12,
         .move = {.debit = available,
                  .credit = account_of_programme(PROGRAMME_EXPIRED),
                  .amount = 5,
                  .has_lot = true,
                  .lot = {.position = 17, .index = 1},
                  .effective_at = 1709330400000}},
        {.kind = EFFECT_METRIC, .member = 12, .metric = {.metric = 0, .day = 19783, .amount = 24}},
        {.kind = EFFECT_LEVEL, .member = 12, .level = {.level = 2, .until = DAY_NEVER}},
        {.kind = EFFECT_STAMPS,
         .member = 12,
         .stamps = {.card = 1, .given = 1, .completed = 1, .count = 0, .since = 19783, .rule = 2}},
        {.kind = EFFECT_VOUCHER,
         .member = 12,
         .voucher = {.reward = 1, .card = 1, .since = 19783, .until = DAY_NEVER}},
        {.kind = EFFECT_VISIT, .member = 12, .visit = {.day = 19783}},
    };
    memset(&outcome, 0, offsetof(struct outcome, effects));
    outcome.programme_version = 3;
    outcome.member = 12;
    outcome.has_balances = true;
    outcome.balances =
        (struct balances){.accounts = {-21, 15, 0}, .level = 2, .level_until = DAY_NEVER, .qualifying = 964};
    outcome.near_misses_count = 1;
    outcome.near_misses[0] = (struct near_miss){.reason = NEAR_NEXT_LEVEL, .number = 3, .lacking = 36};
    outcome.exceptions_count = 1;
    outcome.exceptions[0] = (struct exception){.kind = EXCEPTION_FREE_UNITS_LEFT_OUT, .amount = 1};
    outcome.effects_count = ARRAY_COUNT(effects);
    memcpy(outcome.effects, effects, sizeof(effects));
    memset(outcome.effects[6].voucher.code, 0xee, VOUCHER_CODE_BYTES);
}

static void add_record(void)
{
    make_records();
    struct bytes context_bytes;
    struct bytes outcome_bytes;
    assert_int_equal(wire_context_pack(&context, &arena, &context_bytes), 0);
    assert_int_equal(wire_outcome_pack(&outcome, &arena, &outcome_bytes), 0);
    const struct chain_leaf leaf = {.position = 1000,
                                    .booked_at = occurred_at + 250,
                                    .principal = TERMINAL,
                                    .key_no = 1,
                                    .sequence = 42,
                                    .body = purchase_body,
                                    .authenticator = {purchase_signature, sizeof(purchase_signature)},
                                    .context = context_bytes,
                                    .outcome = outcome_bytes};
    uint8_t previous[HASH_BYTES];
    uint8_t leaf_hash[HASH_BYTES];
    struct booked booked = {.sequence = leaf.sequence,
                            .position = leaf.position,
                            .booked_at = leaf.booked_at,
                            .outcome = outcome_bytes};
    memset(previous, 0x77, sizeof(previous));
    crypto_leaf(&leaf, leaf_hash);
    crypto_link(previous, leaf_hash, booked.chain);
    struct bytes booked_bytes;
    struct bytes frame;
    assert_int_equal(wire_booked_pack(&booked, &arena, &booked_bytes), 0);
    const struct reply reply = {
        .id = 1, .kind = REPLY_BOOKED, .booked = {.booked = booked_bytes, .repeated = true}};
    assert_int_equal(wire_reply_pack(&reply, &arena, &frame), 0);
    add("  \"record_of_the_purchase\": {\n    \"position\": 1000,\n    \"booked_at\": %lld,\n    \"key_no\": "
        "1,\n",
        (long long)leaf.booked_at);
    add_hex("    ", "context", context_bytes.data, context_bytes.size, ",");
    add_hex("    ", "outcome", outcome_bytes.data, outcome_bytes.size, ",");
    add_hex("    ", "previous", previous, sizeof(previous), ",");
    add_hex("    ", "leaf", leaf_hash, sizeof(leaf_hash), ",");
    add_hex("    ", "chain", booked.chain, sizeof(booked.chain), ",");
    add_hex("    ", "booked", booked_bytes.data, booked_bytes.size, ",");
    add_hex("    ", "frame", frame.data, frame.size, "");
    add("  }\n");
}

static void make_vectors(void)
{
    assert_int_equal(crypto_init(), 0);
    arena_init(&arena, arena_memory, sizeof(arena_memory));
    for (size_t i = 0; i < sizeof(programme_id); i++) {
        programme_id[i] = (uint8_t)i;
    }
    make_pair(0x01, &terminal_pair);
    make_pair(0x21, &operator_pair);
    make_pair(0x41, &daemon_pair);
    text_size = 0;
    add("{\n");
    add_hex("  ", "programme_id", programme_id, sizeof(programme_id), ",");
    add("  \"keys\": {\n");
    add_pair("daemon", 0, &daemon_pair, ",");
    add_pair("operator", OPERATOR, &operator_pair, ",");
    add_pair("terminal", TERMINAL, &terminal_pair, "");
    add("  },\n");
    add_card();
    add_genesis();
    add_events();
    add_handshake();
    add_enrol();
    add_record();
    add("}\n");
}

static void the_code_still_makes_exactly_the_published_bytes(void **state)
{
    (void)state;
    static char published[TEXT_BYTES];
    FILE *file = fopen(VECTORS, "rb");
    assert_non_null(file);
    const size_t size = fread(published, 1, sizeof(published) - 1, file);
    assert_int_equal(fclose(file), 0);
    published[size] = '\0';
    make_vectors();
    /* Line by line, so that the vector that differs is the one that is told. */
    const char *a = text;
    const char *b = published;
    while (*a != '\0' || *b != '\0') {
        char ours[16 * 1024];
        char theirs[16 * 1024];
        (void)snprintf(ours, sizeof(ours), "%.*s", (int)strcspn(a, "\n"), a);
        (void)snprintf(theirs, sizeof(theirs), "%.*s", (int)strcspn(b, "\n"), b);
        assert_string_equal(ours, theirs);
        a += strcspn(a, "\n") + (a[strcspn(a, "\n")] != '\0' ? 1 : 0);
        b += strcspn(b, "\n") + (b[strcspn(b, "\n")] != '\0' ? 1 : 0);
    }
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "--write") == 0) {
        make_vectors();
        return fwrite(text, 1, text_size, stdout) == text_size ? 0 : 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_code_still_makes_exactly_the_published_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
