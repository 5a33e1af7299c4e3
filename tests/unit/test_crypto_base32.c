/* Codes people type: every code comes back, slips of the finger are seen, slips of the eye forgiven. */
#include "crypto/base32.h"
#include "crypto/crypto.h"

#include "lib/testing.h"

#include <string.h>

static int decode(const char *text, uint8_t *ret_code)
{
    return base32_decode(text, strlen(text), ret_code);
}

static void known_codes(void **state)
{
    (void)state;
    uint8_t code[VOUCHER_CODE_BYTES] = {0};
    char text[BASE32_TEXT_BYTES];
    base32_encode(code, text);
    assert_string_equal(text, "000000000000000000000000000");
    code[15] = 36;
    base32_encode(code, text);
    assert_string_equal(text, "00000000000000000000000014U");
    memset(code, 0xff, sizeof(code));
    base32_encode(code, text);
    assert_string_equal(text, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ*");
    for (uint8_t i = 0; i < VOUCHER_CODE_BYTES; i++) {
        code[i] = (uint8_t)(0x11 * i);
    }
    base32_encode(code, text);
    assert_string_equal(text, "0024H36H2NCSVRH6DAQF6DVVQZW");
}

static void groups_are_easier_to_read_and_the_same_code(void **state)
{
    (void)state;
    char text[BASE32_GROUPED_BYTES];
    base32_group("0024H36H2NCSVRH6DAQF6DVVQZW", text);
    assert_string_equal(text, "0024-H36H-2NCS-VRH6-DAQF-6DVV-QZW");
    assert_int_equal(strlen(text), BASE32_GROUPED_BYTES - 1);
    uint8_t code[VOUCHER_CODE_BYTES];
    assert_int_equal(decode(text, code), 0);
    base32_group("?", text);
    assert_string_equal(text, "?");
    base32_group("", text);
    assert_string_equal(text, "");
    base32_group("0123456789012345678901234567890123456789", text);
    assert_int_equal(strlen(text), BASE32_GROUPED_BYTES - 1);
}

static void every_code_comes_back(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        uint8_t code[VOUCHER_CODE_BYTES];
        uint8_t again[VOUCHER_CODE_BYTES];
        char text[BASE32_TEXT_BYTES];
        crypto_world_random(NULL, code, sizeof(code));
        base32_encode(code, text);
        assert_int_equal(strlen(text), BASE32_TEXT_BYTES - 1);
        assert_int_equal(decode(text, again), 0);
        assert_memory_equal(code, again, sizeof(code));
    }
}

static void slips_of_the_eye_are_forgiven(void **state)
{
    (void)state;
    uint8_t code[VOUCHER_CODE_BYTES];
    uint8_t expected[VOUCHER_CODE_BYTES];
    for (uint8_t i = 0; i < VOUCHER_CODE_BYTES; i++) {
        expected[i] = (uint8_t)(0x11 * i);
    }
    static const char *const typed[] = {
        "0024H36H2NCSVRH6DAQF6DVVQZW", "0024h36h2ncsvrh6daqf6dvvqzw", "0024H-36H2N-CSVRH-6DAQF-6DVVQ-ZW",
        "OO24H36H2NCSVRH6DAQF6DVVQZW", "oo24H36H2NCSVRH6DAQF6DVVQZW", "0024 H36H 2NCS VRH6 DAQF 6DVV QZW",
        "0024H36H2NCSVRH6DAQF6DVVQZW"};
    for (size_t i = 0; i < ARRAY_COUNT(typed); i++) {
        assert_int_equal(decode(typed[i], code), 0);
        assert_memory_equal(code, expected, sizeof(code));
    }
}

static void a_wrong_symbol_or_two_swapped_are_seen(void **state)
{
    (void)state;
    static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t code[VOUCHER_CODE_BYTES];
    char good[BASE32_TEXT_BYTES];
    for (uint8_t i = 0; i < VOUCHER_CODE_BYTES; i++) {
        code[i] = (uint8_t)(0x1d * (i + 1));
    }
    base32_encode(code, good);
    for (size_t at = 0; at < BASE32_SYMBOLS + 1; at++) {
        for (size_t i = 0; i < 32; i++) {
            char bad[BASE32_TEXT_BYTES];
            memcpy(bad, good, sizeof(bad));
            bad[at] = symbols[i];
            if (bad[at] != good[at]) {
                const int result = decode(bad, code);
                assert_int_equal(result, at == 0 && i >= 8 ? ERR_RANGE : ERR_CORRUPT);
            }
        }
    }
    for (size_t at = 1; at + 1 < BASE32_SYMBOLS; at++) {
        char bad[BASE32_TEXT_BYTES];
        memcpy(bad, good, sizeof(bad));
        bad[at] = good[at + 1];
        bad[at + 1] = good[at];
        assert_int_equal(decode(bad, code), bad[at] == good[at] ? 0 : ERR_CORRUPT);
    }
}

static void what_is_no_code_is_refused(void **state)
{
    (void)state;
    uint8_t code[VOUCHER_CODE_BYTES] = {9};
    assert_int_equal(decode("", code), ERR_FORMAT);
    assert_int_equal(decode("00000000000000000000000000", code), ERR_FORMAT);
    assert_int_equal(decode("0000000000000000000000000000", code), ERR_FORMAT);
    assert_int_equal(decode("00000000000000000000000000!", code), ERR_FORMAT);
    assert_int_equal(decode("0000000U0000000000000000000", code), ERR_FORMAT);
    assert_int_equal(decode("800000000000000000000000000", code), ERR_RANGE);
    assert_int_equal(base32_decode("0000000000000\0"
                                   "0000000000000",
                                   27, code),
                     ERR_FORMAT);
    assert_int_equal(decode("0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0------------", code),
                     ERR_TOO_LARGE);
    assert_int_equal(code[0], 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_codes),
        cmocka_unit_test(groups_are_easier_to_read_and_the_same_code),
        cmocka_unit_test(every_code_comes_back),
        cmocka_unit_test(slips_of_the_eye_are_forgiven),
        cmocka_unit_test(a_wrong_symbol_or_two_swapped_are_seen),
        cmocka_unit_test(what_is_no_code_is_refused),
    };
    return crypto_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
