/* Sealed data opens with its key, its association and every byte unchanged, and in no other way. */
#include "crypto/crypto.h"
#include "crypto/seal.h"

#include "lib/testing.h"

#include <string.h>

static const struct world world = {.random = crypto_world_random};
static const uint8_t key[KEY_BYTES] = {1, 2, 3};
static const struct bytes associated = {(const uint8_t *)"member 7", 8};
static const struct bytes plain = {(const uint8_t *)"Kadri, 12 May", 13};

static void what_was_sealed_opens_again(void **state)
{
    (void)state;
    uint8_t sealed[64];
    uint8_t again[64];
    uint8_t opened[64];
    size_t size;
    assert_int_equal(seal_close(&world, key, associated, plain, sealed, sizeof(sealed), &size), 0);
    assert_int_equal(size, plain.size + SEAL_OVERHEAD_BYTES);
    assert_int_equal(seal_close(&world, key, associated, plain, again, sizeof(again), &size), 0);
    assert_memory_not_equal(sealed, again, size);
    assert_int_equal(seal_open(key, associated, (struct bytes){sealed, size}, opened, sizeof(opened), &size),
                     0);
    assert_int_equal(size, plain.size);
    assert_memory_equal(opened, plain.data, plain.size);
}

static void nothing_can_be_sealed_too(void **state)
{
    (void)state;
    uint8_t sealed[SEAL_OVERHEAD_BYTES];
    uint8_t opened[1];
    size_t size;
    const struct bytes nothing = {NULL, 0};
    assert_int_equal(seal_close(&world, key, nothing, nothing, sealed, sizeof(sealed), &size), 0);
    assert_int_equal(seal_open(key, nothing, (struct bytes){sealed, size}, opened, 0, &size), 0);
    assert_int_equal(size, 0);
}

static void every_changed_bit_is_seen(void **state)
{
    (void)state;
    uint8_t sealed[64];
    uint8_t opened[64];
    size_t size;
    size_t opened_size;
    assert_int_equal(seal_close(&world, key, associated, plain, sealed, sizeof(sealed), &size), 0);
    const struct bytes whole = {sealed, size};
    for (size_t bit = 0; bit < 8 * size; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(seal_open(key, associated, whole, opened, sizeof(opened), &opened_size),
                         ERR_CORRUPT);
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(
            seal_open(key, associated, (struct bytes){sealed, cut}, opened, sizeof(opened), &opened_size),
            ERR_CORRUPT);
    }
    const struct bytes other = {(const uint8_t *)"member 8", 8};
    const uint8_t other_key[KEY_BYTES] = {1, 2, 4};
    assert_int_equal(seal_open(key, other, whole, opened, sizeof(opened), &opened_size), ERR_CORRUPT);
    assert_int_equal(seal_open(other_key, associated, whole, opened, sizeof(opened), &opened_size),
                     ERR_CORRUPT);
    assert_int_equal(seal_open(key, associated, whole, opened, sizeof(opened), &opened_size), 0);
}

static void no_byte_is_written_beyond_the_room(void **state)
{
    (void)state;
    uint8_t sealed[64];
    uint8_t opened[64];
    size_t size = 7;
    assert_int_equal(
        seal_close(&world, key, associated, plain, sealed, plain.size + SEAL_OVERHEAD_BYTES - 1, &size),
        ERR_TOO_LARGE);
    assert_int_equal(seal_close(&world, key, associated, plain, sealed, 1, &size), ERR_TOO_LARGE);
    assert_int_equal(size, 7);
    assert_int_equal(
        seal_close(&world, key, associated, plain, sealed, plain.size + SEAL_OVERHEAD_BYTES, &size), 0);
    assert_int_equal(seal_open(key, associated, (struct bytes){sealed, size}, opened, plain.size - 1, &size),
                     ERR_TOO_LARGE);
}

static void a_passphrase_gives_one_key_for_each_salt(void **state)
{
    (void)state;
    const struct bytes passphrase = {(const uint8_t *)"correct horse", 13};
    const struct bytes other = {(const uint8_t *)"correct horsf", 13};
    uint8_t salt[SEAL_SALT_BYTES] = {5};
    uint8_t a[KEY_BYTES];
    uint8_t b[KEY_BYTES];
    assert_int_equal(seal_key_from_passphrase(passphrase, salt, 1, 8, a), 0);
    assert_int_equal(seal_key_from_passphrase(passphrase, salt, 1, 8, b), 0);
    assert_memory_equal(a, b, KEY_BYTES);
    assert_int_equal(seal_key_from_passphrase(other, salt, 1, 8, b), 0);
    assert_memory_not_equal(a, b, KEY_BYTES);
    assert_int_equal(seal_key_from_passphrase(passphrase, salt, 2, 8, b), 0);
    assert_memory_not_equal(a, b, KEY_BYTES);
    salt[0] = 6;
    assert_int_equal(seal_key_from_passphrase(passphrase, salt, 1, 8, b), 0);
    assert_memory_not_equal(a, b, KEY_BYTES);
    assert_int_equal(seal_key_from_passphrase(passphrase, salt, 0, 8, b), ERR_RANGE);
    assert_int_equal(seal_key_from_passphrase(passphrase, salt, SEAL_PASSES_MAX + 1, 8, b), ERR_RANGE);
    assert_int_equal(seal_key_from_passphrase(passphrase, salt, 1, 7, b), ERR_RANGE);
    assert_int_equal(seal_key_from_passphrase(passphrase, salt, 1, SEAL_MEMORY_KIB_MAX + 1, b), ERR_RANGE);
}

static void keys_for_two_purposes_differ(void **state)
{
    (void)state;
    uint8_t a[KEY_BYTES];
    uint8_t b[KEY_BYTES];
    seal_key_derive(key, (struct bytes){(const uint8_t *)"cards", 5}, a);
    seal_key_derive(key, (struct bytes){(const uint8_t *)"profiles", 8}, b);
    assert_memory_not_equal(a, b, KEY_BYTES);
    seal_key_derive(key, (struct bytes){(const uint8_t *)"cards", 5}, b);
    assert_memory_equal(a, b, KEY_BYTES);
}

static void secret_memory_is_had_and_given_back(void **state)
{
    (void)state;
    uint8_t *secret = crypto_secret_new(64);
    assert_non_null(secret);
    memset(secret, 1, 64);
    assert_true(crypto_equal(secret, secret + 32, 32));
    secret[63] = 2;
    assert_false(crypto_equal(secret, secret + 32, 32));
    crypto_erase(secret, 64);
    assert_int_equal(secret[63], 0);
    crypto_secret_free(secret);
    crypto_secret_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_opens_again),
        cmocka_unit_test(nothing_can_be_sealed_too),
        cmocka_unit_test(every_changed_bit_is_seen),
        cmocka_unit_test(no_byte_is_written_beyond_the_room),
        cmocka_unit_test(a_passphrase_gives_one_key_for_each_salt),
        cmocka_unit_test(keys_for_two_purposes_differ),
        cmocka_unit_test(secret_memory_is_had_and_given_back),
    };
    return crypto_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
