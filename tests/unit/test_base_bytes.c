/* Borrowed bytes, hex and big-endian integers. */
#include "base/bytes.h"

#include "lib/testing.h"

#include <string.h>

static void bytes_are_equal_by_what_they_hold(void **state)
{
    (void)state;
    const uint8_t one[] = {1, 2, 3};
    const uint8_t other[] = {1, 2, 3, 4};
    assert_true(bytes_equal((struct bytes){one, 3}, (struct bytes){other, 3}));
    assert_false(bytes_equal((struct bytes){one, 3}, (struct bytes){other, 4}));
    assert_false(bytes_equal((struct bytes){one, 3}, (struct bytes){other + 1, 3}));
    assert_true(bytes_equal((struct bytes){NULL, 0}, (struct bytes){one, 0}));
    assert_false(bytes_equal((struct bytes){NULL, 0}, (struct bytes){one, 1}));
}

static void every_byte_survives_hex(void **state)
{
    (void)state;
    uint8_t data[256];
    uint8_t back[256];
    char text[2 * 256 + 1];
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)i;
    }
    hex_encode(data, sizeof(data), text);
    assert_int_equal(strlen(text), 512);
    assert_memory_equal(text, "000102", 6);
    assert_string_equal(text + 506, "fdfeff");
    assert_int_equal(hex_decode(text, back, sizeof(back)), 0);
    assert_memory_equal(back, data, sizeof(data));
}

static void no_bytes_are_the_empty_text(void **state)
{
    (void)state;
    char text[1] = {'x'};
    uint8_t nothing;
    hex_encode(NULL, 0, text);
    assert_string_equal(text, "");
    assert_int_equal(hex_decode("", &nothing, 0), 0);
}

static void hex_is_read_in_either_case(void **state)
{
    (void)state;
    uint8_t data[3];
    assert_int_equal(hex_decode("aBcDeF", data, 3), 0);
    assert_memory_equal(data, "\xab\xcd\xef", 3);
}

static void anything_but_exactly_the_digits_is_malformed(void **state)
{
    (void)state;
    static const char *const cases[] = {"",         "00",       "0011223",  "001122334", "0011223g",
                                        " 0112233", "0x112233", "00/12233", "00:12233",  "00@12233",
                                        "00G12233", "00`12233", "001122-3"};
    uint8_t data[4] = {9, 9, 9, 9};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        if (hex_decode(cases[i], data, sizeof(data)) != ERR_FORMAT) {
            fail_msg("accepted '%s'", cases[i]);
        }
        assert_memory_equal(data, "\x09\x09\x09\x09", 4);
    }
}

static void integers_are_big_endian(void **state)
{
    (void)state;
    uint8_t data[8];
    put_u32_be(data, 0x01020304u);
    assert_memory_equal(data, "\x01\x02\x03\x04", 4);
    assert_int_equal(get_u32_be(data), 0x01020304u);
    put_u64_be(data, UINT64_C(0x0102030405060708));
    assert_memory_equal(data, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
    assert_int_equal(get_u64_be(data), UINT64_C(0x0102030405060708));
}

static void integers_keep_their_ends(void **state)
{
    (void)state;
    uint8_t data[8];
    put_u32_be(data, UINT32_MAX);
    assert_int_equal(get_u32_be(data), UINT32_MAX);
    put_u64_be(data, UINT64_MAX);
    assert_true(get_u64_be(data) == UINT64_MAX);
    put_u64_be(data, UINT64_C(1) << 63);
    assert_memory_equal(data, "\x80\0\0\0\0\0\0\0", 8);
    assert_true(get_u64_be(data) == UINT64_C(1) << 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_equal_by_what_they_hold),
        cmocka_unit_test(every_byte_survives_hex),
        cmocka_unit_test(no_bytes_are_the_empty_text),
        cmocka_unit_test(hex_is_read_in_either_case),
        cmocka_unit_test(anything_but_exactly_the_digits_is_malformed),
        cmocka_unit_test(integers_are_big_endian),
        cmocka_unit_test(integers_keep_their_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
