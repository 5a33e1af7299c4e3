/* Text from outside: what counts as UTF-8 and as an identifier, and a writer that never overruns. */
#include "base/text.h"

#include "lib/testing.h"

#include <stdlib.h>
#include <string.h>

struct sequence {
    const char *bytes;
    size_t size;
    const char *what;
};
#define BYTES(literal) literal, sizeof(literal) - 1

static void valid_sequences_are_utf8(void **state)
{
    (void)state;
    static const struct sequence cases[] = {
        {BYTES(""), "nothing"},
        {BYTES("\x01"), "the first after NUL"},
        {BYTES("\x7f"), "the last of one byte"},
        {BYTES("\xc2\x80"), "the first of two"},
        {BYTES("\xdf\xbf"), "the last of two"},
        {BYTES("\xe0\xa0\x80"), "the first of three"},
        {BYTES("\xed\x9f\xbf"), "the last before the surrogates"},
        {BYTES("\xee\x80\x80"), "the first after the surrogates"},
        {BYTES("\xef\xbf\xbf"), "the last of three"},
        {BYTES("\xf0\x90\x80\x80"), "the first of four"},
        {BYTES("\xf4\x8f\xbf\xbf"), "the last of all"},
        {BYTES("Caf\xc3\xa9 \xe2\x82\xac 3,20 \xf0\x9f\x8d\x9e"), "a line of a receipt"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        if (!text_is_utf8(cases[i].bytes, cases[i].size)) {
            fail_msg("refused: %s", cases[i].what);
        }
    }
}

static void invalid_sequences_are_not(void **state)
{
    (void)state;
    static const struct sequence cases[] = {
        {BYTES("\0"), "NUL"},
        {BYTES("a\0b"), "NUL inside"},
        {BYTES("\x80"), "a continuation alone"},
        {BYTES("\xbf"), "the last continuation alone"},
        {BYTES("\xc0\x80"), "NUL in two bytes"},
        {BYTES("\xc1\xbf"), "overlong, two bytes"},
        {BYTES("\xc2"), "cut after one of two"},
        {BYTES("\xc2\x7f"), "second byte too low"},
        {BYTES("\xc2\xc0"), "second byte too high"},
        {BYTES("\xe0\x9f\xbf"), "overlong, three bytes"},
        {BYTES("\xe0\xa0"), "cut after two of three"},
        {BYTES("\xe1\x80\x7f"), "third byte too low"},
        {BYTES("\xe1\x80\xc0"), "third byte too high"},
        {BYTES("\xed\xa0\x80"), "the first surrogate"},
        {BYTES("\xed\xbf\xbf"), "the last surrogate"},
        {BYTES("\xf0\x8f\xbf\xbf"), "overlong, four bytes"},
        {BYTES("\xf0\x90\x80"), "cut after three of four"},
        {BYTES("\xf1\x80\x80\x7f"), "fourth byte too low"},
        {BYTES("\xf4\x90\x80\x80"), "beyond the last character"},
        {BYTES("\xf5\x80\x80\x80"), "a lead byte of none"},
        {BYTES("\xff"), "no lead byte at all"},
        {BYTES("Caf\xe9"), "Latin-1"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        /* In memory of exactly that size, so that a sanitizer sees a read beyond it. */
        char *exact = malloc(cases[i].size);
        assert_non_null(exact);
        memcpy(exact, cases[i].bytes, cases[i].size);
        const bool accepted = text_is_utf8(exact, cases[i].size);
        free(exact);
        if (accepted) {
            fail_msg("accepted: %s", cases[i].what);
        }
    }
}

static void identifiers_are_short_and_plain(void **state)
{
    (void)state;
    assert_true(text_is_id("a", 1));
    assert_true(text_is_id("Store-7_till.2", 32));
    assert_true(text_is_id("abcdefgh", 8));
    assert_false(text_is_id("abcdefghi", 8));
    assert_false(text_is_id("", 8));
    assert_false(text_is_id("two words", 32));
    assert_false(text_is_id("a/b", 32));
    assert_false(text_is_id("a:b", 32));
    assert_false(text_is_id("caf\xc3\xa9", 32));
    assert_false(text_is_id("line\n", 32));
}

static void what_fits_is_written_whole(void **state)
{
    (void)state;
    char data[8];
    struct text text;
    text_init(&text, data, sizeof(data));
    assert_string_equal(data, "");
    text_add(&text, "%d", 12);
    text_add(&text, "%s", "+345");
    assert_string_equal(data, "12+345");
    text_add(&text, "6");
    assert_string_equal(data, "12+3456");
    assert_int_equal(text.used, 7);
    assert_false(text.cut);
}

static void what_does_not_fit_is_cut_and_says_so(void **state)
{
    (void)state;
    char data[9];
    memset(data, '#', sizeof(data));
    struct text text;
    text_init(&text, data, 8);
    text_add(&text, "%s", "12345678");
    assert_string_equal(data, "1234567");
    assert_true(text.cut);
    assert_int_equal(text.used, 7);
    text_add(&text, "%s", "more");
    text_add(&text, "%s", "");
    assert_string_equal(data, "1234567");
    assert_true(text.cut);
    assert_int_equal(text.used, 7);
    assert_int_equal(data[8], '#');
}

static void one_byte_holds_the_empty_text(void **state)
{
    (void)state;
    char data[1];
    struct text text;
    text_init(&text, data, sizeof(data));
    text_add(&text, "%s", "");
    assert_false(text.cut);
    text_add(&text, "%s", "x");
    assert_true(text.cut);
    assert_string_equal(data, "");
}

static void init_without_room(void *argument)
{
    struct text text;
    text_init(&text, argument, 0);
}

static void a_text_without_room_for_its_nul_is_a_bug_of_ours(void **state)
{
    (void)state;
    char data[1];
    assert_true(testing_aborts(init_without_room, data));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_sequences_are_utf8),
        cmocka_unit_test(invalid_sequences_are_not),
        cmocka_unit_test(identifiers_are_short_and_plain),
        cmocka_unit_test(what_fits_is_written_whole),
        cmocka_unit_test(what_does_not_fit_is_cut_and_says_so),
        cmocka_unit_test(one_byte_holds_the_empty_text),
        cmocka_unit_test(a_text_without_room_for_its_nul_is_a_bug_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
