/* Ed25519: the published hard cases, the exact bytes each kind of message signs, and what a changed bit does.
 */
#include "crypto/crypto.h"
#include "crypto/sign.h"

#include "lib/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct world world = {.random = crypto_world_random};
static const uint8_t programme_id[PROGRAMME_ID_BYTES] = "0123456789abcdef";
static const uint8_t other_programme[PROGRAMME_ID_BYTES] = "0123456789abcdeF";

static struct bytes literal(const char *text, size_t size)
{
    return (struct bytes){(const uint8_t *)text, size};
}
#define LITERAL(text) literal(text, sizeof(text) - 1)

static struct key_pair example_pair(void)
{
    static const uint8_t seed[KEY_BYTES] = {1, 2, 3};
    struct key_pair pair;
    key_pair_from_seed(seed, &pair);
    return pair;
}

/* RFC 8032, 7.1, test 2. */
static void a_known_signature(void **state)
{
    (void)state;
    uint8_t seed[KEY_BYTES];
    uint8_t expected[SIGNATURE_BYTES];
    uint8_t signature[SIGNATURE_BYTES];
    struct key_pair pair;
    assert_int_equal(
        hex_decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", seed, KEY_BYTES), 0);
    assert_int_equal(hex_decode("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                                "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
                                expected, SIGNATURE_BYTES),
                     0);
    key_pair_from_seed(seed, &pair);
    sign_bytes(&pair, LITERAL("\x72"), signature);
    assert_memory_equal(signature, expected, SIGNATURE_BYTES);
    assert_memory_equal(pair.secret, seed, KEY_BYTES);
}

static void a_made_pair_signs_and_is_erased(void **state)
{
    (void)state;
    static const struct key_pair nothing;
    struct key_pair a;
    struct key_pair b;
    uint8_t signature[SIGNATURE_BYTES];
    key_pair_make(&world, &a);
    key_pair_make(&world, &b);
    assert_memory_not_equal(a.public_key, b.public_key, KEY_BYTES);
    sign_bytes(&a, LITERAL("x"), signature);
    assert_int_equal(sign_bytes_check(a.public_key, LITERAL("x"), signature), 0);
    assert_int_equal(sign_bytes_check(b.public_key, LITERAL("x"), signature), ERR_SIGNATURE);
    key_pair_fini(&a);
    assert_memory_equal(&a, &nothing, sizeof(a));
}

/* --- published hard cases --- */

enum { VECTOR_BYTES_MAX = 2048 };

struct vector {
    char key[2 * KEY_BYTES + 1];
    char message[2 * VECTOR_BYTES_MAX + 1];
    char signature[2 * VECTOR_BYTES_MAX + 1];
};

static void check_vector(const struct vector *vector, bool valid)
{
    static uint8_t message[VECTOR_BYTES_MAX];
    uint8_t key[KEY_BYTES];
    uint8_t signature[SIGNATURE_BYTES];
    const size_t message_size = strlen(vector->message) / 2;
    assert_int_equal(hex_decode(vector->key, key, sizeof(key)), 0);
    assert_int_equal(hex_decode(vector->message, message, message_size), 0);
    if (hex_decode(vector->signature, signature, sizeof(signature)) < 0) {
        assert_false(valid); /* of another length: refused before it gets here */
        return;
    }
    const int result = sign_bytes_check(key, (struct bytes){message, message_size}, signature);
    if ((result == 0) != valid) {
        fail_msg("message %s signature %s", vector->message, vector->signature);
    }
}

/* Takes the next `"name": "value"` off the text; false at its end. */
static bool next_pair(char **at, const char **ret_name, const char **ret_value)
{
    for (;;) {
        char *name = strchr(*at, '"');
        char *name_end = name != NULL ? strchr(name + 1, '"') : NULL;
        if (name_end == NULL) {
            return false;
        }
        char *value = name_end + 1 + strspn(name_end + 1, ": ");
        char *value_end = value > name_end + 1 && *value == '"' ? strchr(value + 1, '"') : NULL;
        *at = value_end != NULL ? value_end + 1 : name_end + 1;
        if (value_end != NULL) {
            *name_end = '\0';
            *value_end = '\0';
            *ret_name = name + 1;
            *ret_value = value + 1;
            return true;
        }
    }
}

static void keep(char *to, size_t room, const char *value)
{
    assert_true(strlen(value) < room);
    memcpy(to, value, strlen(value) + 1);
}

static void published_hard_cases(void **state)
{
    (void)state;
    static char text[1024 * 1024];
    static struct vector vector;
    FILE *file = fopen(LOYALTY_SOURCE "/../shared/data/ed25519/ed25519_test.json", "rb");
    if (file == NULL) {
        print_message("skipped: ../shared/data/ed25519/ed25519_test.json is not there\n");
        skip();
    }
    const size_t size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[size] = '\0';
    char *at = text;
    const char *name;
    const char *value;
    int valid = 0;
    int invalid = 0;
    while (next_pair(&at, &name, &value)) {
        if (strcmp(name, "pk") == 0) {
            keep(vector.key, sizeof(vector.key), value);
        } else if (strcmp(name, "msg") == 0) {
            keep(vector.message, sizeof(vector.message), value);
        } else if (strcmp(name, "sig") == 0) {
            keep(vector.signature, sizeof(vector.signature), value);
        } else if (strcmp(name, "result") == 0) {
            const bool is_valid = strcmp(value, "valid") == 0;
            check_vector(&vector, is_valid);
            valid += is_valid ? 1 : 0;
            invalid += is_valid ? 0 : 1;
        }
    }
    assert_int_equal(valid, 88);
    assert_int_equal(invalid, 63);
}

/* --- what is signed --- */

static void an_event_signs_exactly_these_bytes(void **state)
{
    (void)state;
    const struct key_pair pair = example_pair();
    const struct sign_event event = {programme_id, 7, 258, LITERAL("body")};
    uint8_t scratch[SIGN_EVENT_PREFIX_BYTES + 4];
    uint8_t signature[SIGNATURE_BYTES];
    assert_int_equal(sign_event(&pair, &event, scratch, sizeof(scratch), signature), 0);
    assert_int_equal(sign_bytes_check(pair.public_key,
                                      LITERAL("loyaltyd event v1\0"
                                              "0123456789abcdef"
                                              "\0\0\0\7"
                                              "\0\0\0\0\0\0\1\2"
                                              "body"),
                                      signature),
                     0);
    assert_int_equal(sign_event_check(pair.public_key, &event, scratch, sizeof(scratch), signature), 0);
}

static void any_change_of_an_event_breaks_its_signature(void **state)
{
    (void)state;
    const struct key_pair pair = example_pair();
    const struct sign_event event = {programme_id, 7, 258, LITERAL("body")};
    uint8_t scratch[256];
    uint8_t signature[SIGNATURE_BYTES];
    assert_int_equal(sign_event(&pair, &event, scratch, sizeof(scratch), signature), 0);
    struct sign_event changed[5] = {event, event, event, event, event};
    changed[0].programme_id = other_programme;
    changed[1].principal = 8;
    changed[2].sequence = 259;
    changed[3].body = LITERAL("bodY");
    changed[4].body = LITERAL("bod");
    for (size_t i = 0; i < ARRAY_COUNT(changed); i++) {
        assert_int_equal(sign_event_check(pair.public_key, &changed[i], scratch, sizeof(scratch), signature),
                         ERR_SIGNATURE);
    }
    for (size_t bit = 0; bit < 8 * SIGNATURE_BYTES; bit++) {
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(sign_event_check(pair.public_key, &event, scratch, sizeof(scratch), signature),
                         ERR_SIGNATURE);
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void a_scratch_too_small_is_told(void **state)
{
    (void)state;
    const struct key_pair pair = example_pair();
    const struct sign_event event = {programme_id, 7, 258, LITERAL("body")};
    uint8_t scratch[SIGN_EVENT_PREFIX_BYTES + 4];
    uint8_t signature[SIGNATURE_BYTES] = {0};
    assert_int_equal(sign_event(&pair, &event, scratch, sizeof(scratch) - 1, signature), ERR_TOO_LARGE);
    assert_int_equal(sign_event_check(pair.public_key, &event, scratch, 3, signature), ERR_TOO_LARGE);
}

static void a_batch_signs_exactly_these_bytes(void **state)
{
    (void)state;
    const struct key_pair pair = example_pair();
    static uint8_t hashes[BATCH_EVENTS_MAX][HASH_BYTES];
    struct sign_batch batch = {programme_id, 7, 258, 2, (const uint8_t(*)[HASH_BYTES])hashes};
    uint8_t signature[SIGNATURE_BYTES];
    memset(hashes[0], 'a', HASH_BYTES);
    memset(hashes[1], 'b', HASH_BYTES);
    sign_batch(&pair, &batch, signature);
    assert_int_equal(sign_bytes_check(pair.public_key,
                                      LITERAL("loyaltyd batch v1\0"
                                              "0123456789abcdef"
                                              "\0\0\0\7"
                                              "\0\0\0\0\0\0\1\2"
                                              "\0\0\0\2"
                                              "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                              "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"),
                                      signature),
                     0);
    assert_int_equal(sign_batch_check(pair.public_key, &batch, signature), 0);
    batch.count = 1;
    assert_int_equal(sign_batch_check(pair.public_key, &batch, signature), ERR_SIGNATURE);
    batch.count = BATCH_EVENTS_MAX;
    sign_batch(&pair, &batch, signature);
    assert_int_equal(sign_batch_check(pair.public_key, &batch, signature), 0);
    hashes[BATCH_EVENTS_MAX - 1][31] = 1;
    assert_int_equal(sign_batch_check(pair.public_key, &batch, signature), ERR_SIGNATURE);
}

static void an_authentication_signs_exactly_these_bytes(void **state)
{
    (void)state;
    const struct key_pair pair = example_pair();
    static const uint8_t challenge[] = "cccccccccccccccccccccccccccccccc";
    struct sign_auth auth = {programme_id, 9, challenge, LITERAL("")};
    uint8_t signature[SIGNATURE_BYTES];
    sign_auth(&pair, &auth, signature);
    assert_int_equal(sign_bytes_check(pair.public_key,
                                      LITERAL("loyaltyd auth v1\0"
                                              "0123456789abcdef"
                                              "\0\0\0\11"
                                              "cccccccccccccccccccccccccccccccc"),
                                      signature),
                     0);
    auth.channel_binding = LITERAL("dddddddddddddddddddddddddddddddd");
    assert_int_equal(sign_auth_check(pair.public_key, &auth, signature), ERR_SIGNATURE);
    sign_auth(&pair, &auth, signature);
    assert_int_equal(sign_auth_check(pair.public_key, &auth, signature), 0);
    assert_int_equal(sign_bytes_check(pair.public_key,
                                      LITERAL("loyaltyd auth v1\0"
                                              "0123456789abcdef"
                                              "\0\0\0\11"
                                              "cccccccccccccccccccccccccccccccc"
                                              "dddddddddddddddddddddddddddddddd"),
                                      signature),
                     0);
}

/* Puts `key` where the text says KKKK..., as the messages about keys hold it. */
static struct bytes with_key(const char *text, size_t size, const uint8_t *key, uint8_t *buffer)
{
    memcpy(buffer, text, size);
    uint8_t *at = memchr(buffer, 'K', size);
    assert_non_null(at);
    memcpy(at, key, KEY_BYTES);
    return (struct bytes){buffer, size};
}

static void an_enrolment_signs_exactly_these_bytes(void **state)
{
    (void)state;
    const struct key_pair pair = example_pair();
    static const char text[] = "loyaltyd enrol v1\0"
                               "0123456789abcdef"
                               "KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK"
                               "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh";
    uint8_t code_hash[HASH_BYTES];
    uint8_t buffer[sizeof(text)];
    uint8_t signature[SIGNATURE_BYTES];
    memset(code_hash, 'h', sizeof(code_hash));
    sign_enrol(&pair, programme_id, code_hash, signature);
    assert_int_equal(sign_bytes_check(pair.public_key,
                                      with_key(text, sizeof(text) - 1, pair.public_key, buffer), signature),
                     0);
    assert_int_equal(sign_enrol_check(pair.public_key, programme_id, code_hash, signature), 0);
    assert_int_equal(sign_enrol_check(pair.public_key, other_programme, code_hash, signature), ERR_SIGNATURE);
    code_hash[0] ^= 1;
    assert_int_equal(sign_enrol_check(pair.public_key, programme_id, code_hash, signature), ERR_SIGNATURE);
}

static void a_rotation_signs_exactly_these_bytes(void **state)
{
    (void)state;
    const struct key_pair pair = example_pair();
    static const char text[] = "loyaltyd rotate v1\0"
                               "0123456789abcdef"
                               "\0\0\0\11"
                               "KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK";
    uint8_t buffer[sizeof(text)];
    uint8_t signature[SIGNATURE_BYTES];
    sign_rotate(&pair, programme_id, 9, signature);
    assert_int_equal(sign_bytes_check(pair.public_key,
                                      with_key(text, sizeof(text) - 1, pair.public_key, buffer), signature),
                     0);
    assert_int_equal(sign_rotate_check(pair.public_key, programme_id, 9, signature), 0);
    assert_int_equal(sign_rotate_check(pair.public_key, programme_id, 8, signature), ERR_SIGNATURE);
}

static void a_voucher_signs_exactly_these_bytes(void **state)
{
    (void)state;
    const struct key_pair pair = example_pair();
    static uint8_t large[SIGN_VOUCHER_BYTES_MAX + 1];
    uint8_t signature[SIGNATURE_BYTES];
    assert_int_equal(sign_voucher(&pair, programme_id, LITERAL("token"), signature), 0);
    assert_int_equal(sign_bytes_check(pair.public_key,
                                      LITERAL("loyaltyd voucher v1\0"
                                              "0123456789abcdef"
                                              "token"),
                                      signature),
                     0);
    assert_int_equal(sign_voucher_check(pair.public_key, programme_id, LITERAL("token"), signature), 0);
    assert_int_equal(sign_voucher_check(pair.public_key, programme_id, LITERAL("tokeN"), signature),
                     ERR_SIGNATURE);
    const struct bytes largest = {large, SIGN_VOUCHER_BYTES_MAX};
    const struct bytes too_large = {large, SIGN_VOUCHER_BYTES_MAX + 1};
    assert_int_equal(sign_voucher(&pair, programme_id, largest, signature), 0);
    assert_int_equal(sign_voucher_check(pair.public_key, programme_id, largest, signature), 0);
    assert_int_equal(sign_voucher(&pair, programme_id, too_large, signature), ERR_TOO_LARGE);
    assert_int_equal(sign_voucher_check(pair.public_key, programme_id, too_large, signature), ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_signature),
        cmocka_unit_test(a_made_pair_signs_and_is_erased),
        cmocka_unit_test(published_hard_cases),
        cmocka_unit_test(an_event_signs_exactly_these_bytes),
        cmocka_unit_test(any_change_of_an_event_breaks_its_signature),
        cmocka_unit_test(a_scratch_too_small_is_told),
        cmocka_unit_test(a_batch_signs_exactly_these_bytes),
        cmocka_unit_test(an_authentication_signs_exactly_these_bytes),
        cmocka_unit_test(an_enrolment_signs_exactly_these_bytes),
        cmocka_unit_test(a_rotation_signs_exactly_these_bytes),
        cmocka_unit_test(a_voucher_signs_exactly_these_bytes),
    };
    return crypto_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
