/* Tokens of vouchers. */
#include "lib/testing.h"

#include "crypto/crypto.h"
#include "crypto/voucher.h"

#include <string.h>

static const uint8_t programme[PROGRAMME_ID_BYTES] = {7};

static struct key_pair pair_of(uint8_t seed)
{
    struct key_pair pair;
    uint8_t bytes[KEY_BYTES];
    memset(bytes, seed, sizeof(bytes));
    key_pair_from_seed(bytes, &pair);
    return pair;
}

static void a_token_says_what_was_issued_to_whoever_has_the_public_key(void **state)
{
    const struct key_pair daemon = pair_of(1);
    const struct voucher_token token = {
        .code = {1, 2, 3}, .since = -5, .until = INT32_MAX, .reward = "free_lunch"};
    struct voucher_token back;
    char text[VOUCHER_TOKEN_TEXT_BYTES];
    char again[VOUCHER_TOKEN_TEXT_BYTES];
    (void)state;
    assert_int_equal(voucher_token_make(&daemon, programme, &token, text), 0);
    assert_int_equal(voucher_token_make(&daemon, programme, &token, again), 0);
    assert_string_equal(text, again);
    assert_int_equal(voucher_token_read(daemon.public_key, programme, text, &back), 0);
    assert_memory_equal(back.code, token.code, VOUCHER_CODE_BYTES);
    assert_int_equal(back.since, -5);
    assert_int_equal(back.until, INT32_MAX);
    assert_string_equal(back.reward, "free_lunch");
}

static void a_token_that_was_changed_or_is_anothers_is_none(void **state)
{
    static const uint8_t other_programme[PROGRAMME_ID_BYTES] = {8};
    const struct key_pair daemon = pair_of(1);
    const struct key_pair other = pair_of(2);
    const struct voucher_token token = {.code = {1, 2, 3}, .until = 20000, .reward = "cake"};
    struct voucher_token back;
    char text[VOUCHER_TOKEN_TEXT_BYTES];
    (void)state;
    assert_int_equal(voucher_token_make(&daemon, programme, &token, text), 0);
    assert_true(voucher_token_read(other.public_key, programme, text, &back) < 0);
    assert_true(voucher_token_read(daemon.public_key, other_programme, text, &back) < 0);
    for (size_t i = 0; text[i] != '\0'; i++) {
        const char was = text[i];
        text[i] = was == 'A' ? 'B' : 'A';
        assert_true(voucher_token_read(daemon.public_key, programme, text, &back) < 0);
        text[i] = was;
    }
    for (size_t size = strlen(text); size > 0; size--) {
        text[size - 1] = '\0';
        assert_true(voucher_token_read(daemon.public_key, programme, text, &back) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_says_what_was_issued_to_whoever_has_the_public_key),
        cmocka_unit_test(a_token_that_was_changed_or_is_anothers_is_none),
    };
    assert_int_equal(crypto_init(), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
