/* One-time codes: what a person types is the code that was printed. */
#include "lib/testing.h"

#include "base/bytes.h"
#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "crypto/invite.h"

#include <string.h>

static void check_same(const char *typed, const char *normal)
{
    uint8_t expected[HASH_BYTES];
    uint8_t hash[HASH_BYTES];
    hash_bytes(normal, strlen(normal), expected);
    assert_int_equal(invite_code_hash(typed, hash), 0);
    assert_memory_equal(hash, expected, HASH_BYTES);
}

static void the_hash_is_of_the_normalised_code(void **state)
{
    (void)state;
    check_same("K7QF2M9TXW4C", "K7QF2M9TXW4C");
    check_same("K7QF-2M9T-XW4C", "K7QF2M9TXW4C");
    check_same("k7qf 2m9t xw4c", "K7QF2M9TXW4C");
    check_same("--K7QF2M9T--XW4C  ", "K7QF2M9TXW4C");
}

static void letters_that_look_like_digits_are_digits(void **state)
{
    (void)state;
    check_same("ooooOOOO0000", "000000000000");
    check_same("iIlL1111IiLl", "111111111111");
}

static void what_cannot_be_a_code_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "K7QF2M9TXW4",  /* 11 symbols */
        "K7QF2M9TXW4U", /* no such symbol */
        "K7QF2M9TXW4C!",
        "K7QF_2M9T_XW4C",
        "K7QF2M9TXW4\xc3\xa4",
        "00000000000000000000000000000000000000000000000000000000000000000", /* 65 symbols */
    };
    uint8_t hash[HASH_BYTES];
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        assert_int_equal(invite_code_hash(wrong[i], hash), ERR_FORMAT);
    }
    check_same("0000000000000000000000000000000000000000000000000000000000000000",
               "0000000000000000000000000000000000000000000000000000000000000000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_of_the_normalised_code),
        cmocka_unit_test(letters_that_look_like_digits_are_digits),
        cmocka_unit_test(what_cannot_be_a_code_is_refused),
    };
    return crypto_init() != 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
