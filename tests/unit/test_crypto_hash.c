/* BLAKE2b-256, its keyed form, the chain of the log and the hashes of cards. Expected values come from an
 * implementation of BLAKE2b in another language. */
#include "crypto/card.h"
#include "crypto/chain.h"
#include "crypto/crypto.h"
#include "crypto/hash.h"

#include "lib/testing.h"

#include <string.h>

static void assert_hash(const uint8_t hash[HASH_BYTES], const char *expected)
{
    char text[2 * HASH_BYTES + 1];
    hex_encode(hash, HASH_BYTES, text);
    assert_string_equal(text, expected);
}

static void known_hashes(void **state)
{
    (void)state;
    uint8_t hash[HASH_BYTES];
    hash_bytes(NULL, 0, hash);
    assert_hash(hash, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    hash_bytes("abc", 3, hash);
    assert_hash(hash, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    const uint8_t key[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    hash_keyed((struct bytes){key, sizeof(key)}, "abc", 3, hash);
    assert_hash(hash, "3fd8fd31501cdbe942607b204368e3dc4ebce5744de1a955a6025f5c9848bb20");
}

static void a_hash_in_parts_is_the_hash_of_the_whole(void **state)
{
    (void)state;
    uint8_t data[1000];
    uint8_t whole[HASH_BYTES];
    uint8_t parts[HASH_BYTES];
    struct hash hash;
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 7);
    }
    hash_bytes(data, sizeof(data), whole);
    for (size_t cut = 0; cut <= sizeof(data); cut += 125) {
        hash_init(&hash);
        hash_add(&hash, data, cut);
        hash_add(&hash, data + cut, sizeof(data) - cut);
        hash_end(&hash, parts);
        assert_memory_equal(whole, parts, HASH_BYTES);
    }
}

static void a_hash_may_go_on_in_two_directions(void **state)
{
    (void)state;
    struct hash left;
    uint8_t expected[HASH_BYTES];
    uint8_t got[HASH_BYTES];
    const uint8_t key[KEY_BYTES] = {9};
    hash_init_keyed(&left, (struct bytes){key, sizeof(key)});
    hash_add(&left, "ab", 2);
    struct hash right = left;
    hash_add(&left, "c", 1);
    hash_end(&left, got);
    hash_keyed((struct bytes){key, sizeof(key)}, "abc", 3, expected);
    assert_memory_equal(got, expected, HASH_BYTES);
    hash_add(&right, "d", 1);
    hash_end(&right, got);
    hash_keyed((struct bytes){key, sizeof(key)}, "abd", 3, expected);
    assert_memory_equal(got, expected, HASH_BYTES);
}

static struct bytes text_bytes(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static struct chain_leaf example_leaf(void)
{
    return (struct chain_leaf){
        .position = 2,
        .booked_at = -5,
        .principal = 7,
        .key_no = 1,
        .sequence = 0x0102030405060708,
        .body = text_bytes("body"),
        .authenticator = text_bytes("authenticator"),
        .context = text_bytes("context"),
        .outcome = text_bytes("outcome"),
    };
}

static void the_chain_is_what_its_definition_says(void **state)
{
    (void)state;
    uint8_t genesis[HASH_BYTES];
    uint8_t leaf_hash[HASH_BYTES];
    uint8_t link[HASH_BYTES];
    const struct chain_leaf leaf = example_leaf();
    crypto_genesis(text_bytes("genesis"), genesis);
    assert_hash(genesis, "d4e07b5b5551d31512d6152fdee95ff7537ef60b939e4df0f6c63ea5e5cffbf4");
    crypto_leaf(&leaf, leaf_hash);
    assert_hash(leaf_hash, "eeff088ed28b0536fb334868b81cf6a68aec100622b300bf4e74d01fa15a23e4");
    crypto_link(genesis, leaf_hash, link);
    assert_hash(link, "7db0353a101b2b55ba7a5fc090d5ea46b8c8ebea7cff01be3150ca089fea56eb");
    crypto_link(genesis, leaf_hash, genesis); /* in place */
    assert_memory_equal(genesis, link, HASH_BYTES);
}

static void every_part_of_an_event_is_in_its_leaf(void **state)
{
    (void)state;
    struct chain_leaf leaves[11];
    uint8_t hashes[11][HASH_BYTES];
    for (size_t i = 0; i < 11; i++) {
        leaves[i] = example_leaf();
    }
    leaves[1].position++;
    leaves[2].booked_at++;
    leaves[3].principal++;
    leaves[4].key_no++;
    leaves[5].sequence++;
    leaves[6].body = text_bytes("bodY");
    leaves[7].authenticator = text_bytes("authenticatoR");
    leaves[8].context = text_bytes("contexT");
    leaves[9].outcome = text_bytes("outcomE");
    leaves[10].context = text_bytes("contextoutcome");
    leaves[10].outcome = text_bytes("");
    for (size_t i = 0; i < 11; i++) {
        crypto_leaf(&leaves[i], hashes[i]);
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(hashes[i], hashes[j], HASH_BYTES);
        }
    }
}

static void a_batch_authenticator_names_its_event(void **state)
{
    (void)state;
    uint8_t signature[SIGNATURE_BYTES];
    uint8_t authenticator[CHAIN_BATCH_AUTHENTICATOR_BYTES];
    memset(signature, 0xab, sizeof(signature));
    crypto_batch_authenticator(signature, 3, 256, authenticator);
    assert_memory_equal(authenticator, signature, SIGNATURE_BYTES);
    assert_memory_equal(authenticator + SIGNATURE_BYTES, "\0\0\0\3\0\0\1\0", 8);
}

struct card_case {
    const char *typed;
    int result;
    const char *card;
};

static void cards_are_written_in_one_way(void **state)
{
    (void)state;
    static const struct card_case cases[] = {
        {"37251234567", 0, "37251234567"},
        {" 372 (5) 123-45.67\t", 0, "37251234567"},
        {"abC-9z", 0, "ABC9Z"},
        {"+372 5123", 0, "+3725123"},
        {"t\xc3\xa4ht", 0, "T\xc3\xa4HT"},
        {"", ERR_FORMAT, NULL},
        {" -.() ", ERR_FORMAT, NULL},
        {"12\x01", ERR_FORMAT, NULL},
        {"12\x7f", ERR_FORMAT, NULL},
        {"caf\xe9", ERR_FORMAT, NULL},
        {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 0,
         "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"},
        {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0", ERR_TOO_LARGE, NULL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct card_number card = {.text = "untouched"};
        assert_int_equal(card_normalise(cases[i].typed, strlen(cases[i].typed), &card), cases[i].result);
        assert_string_equal(card.text, cases[i].card != NULL ? cases[i].card : "untouched");
    }
    struct card_number card;
    assert_int_equal(card_normalise("12\0"
                                    "34",
                                    5, &card),
                     ERR_FORMAT);
}

static void a_commitment_hides_the_card_under_its_salt(void **state)
{
    (void)state;
    struct card_number card;
    struct card_number other;
    uint8_t salt[CARD_SALT_BYTES] = {1};
    uint8_t lookup_key[KEY_BYTES] = {2};
    uint8_t a[HASH_BYTES];
    uint8_t b[HASH_BYTES];
    assert_int_equal(card_normalise("372 5123", 8, &card), 0);
    assert_int_equal(card_normalise("372 5124", 8, &other), 0);
    crypto_card_commitment(salt, &card, a);
    assert_hash(a, "64bdbf97995e97d7e9fdcf20315c6a678f1784c094fb79832710c7818fd11727");
    crypto_card_commitment(salt, &other, b);
    assert_memory_not_equal(a, b, HASH_BYTES);
    salt[15] = 1;
    crypto_card_commitment(salt, &card, b);
    assert_memory_not_equal(a, b, HASH_BYTES);
    crypto_card_lookup(lookup_key, &card, b);
    assert_hash(b, "836ed6c74f228c93847cb96cef591eec8e1fc2bd27edc37c1b6d7cbb100069b1");
}

static void short_key(void *argument)
{
    uint8_t hash[HASH_BYTES];
    hash_keyed((struct bytes){argument, HASH_KEY_BYTES_MIN - 1}, NULL, 0, hash);
}

static void a_key_too_short_is_a_bug_of_ours(void **state)
{
    (void)state;
    uint8_t key[HASH_KEY_BYTES_MIN] = {0};
    assert_true(testing_aborts(short_key, key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_hashes),
        cmocka_unit_test(a_hash_in_parts_is_the_hash_of_the_whole),
        cmocka_unit_test(a_hash_may_go_on_in_two_directions),
        cmocka_unit_test(the_chain_is_what_its_definition_says),
        cmocka_unit_test(every_part_of_an_event_is_in_its_leaf),
        cmocka_unit_test(a_batch_authenticator_names_its_event),
        cmocka_unit_test(cards_are_written_in_one_way),
        cmocka_unit_test(a_commitment_hides_the_card_under_its_salt),
        cmocka_unit_test(a_key_too_short_is_a_bug_of_ours),
    };
    return crypto_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
