/* Scalars are what their text says and nothing that resembles it. */
#include "yaml/read.h"

#include "lib/testing.h"
#include "model/day.h"

#include <string.h>

static uint8_t memory[64 * 1024];
static struct arena arena;
static struct yaml_errors errors;

/* The value of `v` in the line "v: <text>". */
static const struct yaml_node *value(const char *text)
{
    char line[512] = "v: ";
    const struct yaml_node *root = NULL;
    assert_true(strlen(text) + 5 < sizeof(line));
    strcat(strcat(line, text), "\n");
    arena_init(&arena, memory, sizeof(memory));
    yaml_errors_init(&errors);
    assert_int_equal(yaml_parse(line, strlen(line), &arena, &errors, &root), 0);
    return yaml_get(root, "v");
}

static void assert_told(const char *says)
{
    assert_int_equal(errors.error_count, 1);
    assert_string_equal(errors.items[0].path, "v");
    assert_int_equal(errors.items[0].place.line, 1);
    assert_in_range(errors.items[0].place.column, 3, 4); /* nothing stands right behind the colon */
    if (strstr(errors.items[0].text, says) == NULL) {
        fail_msg("'%s' is not in '%s'", says, errors.items[0].text);
    }
}

static void whole_numbers(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0", "1", "42", "-1", "\"7\"", "9223372036854775807", "-9223372036854775808", "-0"};
    static const int64_t values[] = {0, 1, 42, -1, 7, INT64_MAX, INT64_MIN, 0};
    static const char *const bad[] = {
        "010",
        "00",
        "-01",
        "1e3",
        "1E3",
        "10x",
        "0x10",
        "0o7",
        "+1",
        "1_000",
        "1,000",
        "\" 1\"",
        "\"1 \"",
        "1.5",
        "1.",
        "1.0",
        ".5",
        "\"-\"",
        "--1",
        "1 000",
        "\"\"",
        "",
        "~",
        "null",
        "yes",
        ".inf",
        "1:30",
        "\xd9\xa1",
        "[1]",
        "{a: 1}",
        "\"1\\n\"",
        "one",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999999",
        "1/2",
        "'1''2'",
    };
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
        int64_t number = 77;
        assert_int_equal(yaml_read_integer(&errors, value(good[i]), INT64_MIN, INT64_MAX, &number), 0);
        assert_int_equal(number, values[i]);
    }
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        int64_t number = 77;
        if (yaml_read_integer(&errors, value(bad[i]), INT64_MIN, INT64_MAX, &number) != ERR_FORMAT) {
            fail_msg("read: %s", bad[i]);
        }
        assert_int_equal(number, 77);
        assert_told("expected a whole number, found");
    }
}

static void bounds_are_part_of_a_number(void **state)
{
    (void)state;
    int64_t number;
    assert_int_equal(yaml_read_integer(&errors, value("10"), 0, 10, &number), 0);
    assert_int_equal(yaml_read_integer(&errors, value("0"), 0, 10, &number), 0);
    assert_int_equal(yaml_read_integer(&errors, value("11"), 0, 10, &number), ERR_FORMAT);
    assert_told("expected a whole number from 0 to 10, found '11'");
    assert_int_equal(yaml_read_integer(&errors, value("-1"), 0, INT64_MAX, &number), ERR_FORMAT);
    assert_told("expected a whole number of at least 0, found '-1'");
    assert_int_equal(yaml_read_integer(&errors, value("1"), INT64_MIN, -5, &number), ERR_FORMAT);
    assert_told("expected a whole number of at most -5, found '1'");
    assert_int_equal(yaml_read_decimal(&errors, value("1000.01"), 2, 1, 100000, &number), ERR_FORMAT);
    assert_told("expected a number from 0.01 to 1000 with at most 2 decimals, found '1000.01'");
    assert_int_equal(yaml_read_integer(&errors, value(""), 0, 1, &number), ERR_FORMAT);
    assert_told("found nothing");
    assert_int_equal(yaml_read_integer(&errors, value("[1]"), 0, 1, &number), ERR_FORMAT);
    assert_told("found a list");
}

struct decimal_case {
    const char *text;
    int digits;
    bool good;
    int64_t number;
};

static void decimals(void **state)
{
    (void)state;
    static const struct decimal_case cases[] = {
        {"1.5", 3, true, 1500},
        {"2", 3, true, 2000},
        {"0.001", 3, true, 1},
        {"-0.5", 1, true, -5},
        {"1.00", 2, true, 100},
        {"12.6", 2, true, 1260},
        {"92233720368547758.07", 2, true, INT64_MAX},
        {"-92233720368547758.08", 2, true, INT64_MIN},
        {"5", 0, true, 5},
        {"1.2345", 3, false, 0},
        {"1.000", 2, false, 0},
        {"92233720368547758.08", 2, false, 0},
        {"92233720368547759", 2, false, 0},
        {"-92233720368547758.09", 2, false, 0},
        {"9223372036854775807", 1, false, 0},
        {"1.", 2, false, 0},
        {".5", 2, false, 0},
        {"-.5", 2, false, 0},
        {"01.5", 2, false, 0},
        {"00.5", 2, false, 0},
        {"1.5.0", 3, false, 0},
        {"1,5", 2, false, 0},
        {"1.5e1", 3, false, 0},
        {"1.-5", 3, false, 0},
        {"1.5 ", 3, true, 1500}, /* YAML takes the blank behind a plain scalar away */
        {"\"1.5 \"", 3, false, 0},
        {"5.0", 0, false, 0},
        {"\xe2\x82\xac"
         "5",
         2, false, 0},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        int64_t number = 77;
        const int result =
            yaml_read_decimal(&errors, value(cases[i].text), cases[i].digits, INT64_MIN, INT64_MAX, &number);
        if (result != (cases[i].good ? 0 : ERR_FORMAT) || number != (cases[i].good ? cases[i].number : 77)) {
            fail_msg("%s: %d %lld", cases[i].text, result, (long long)number);
        }
    }
}

static void yes_and_no(void **state)
{
    (void)state;
    static const char *const bad[] = {"Yes", "NO", "on",   "off",     "y", "n",
                                      "1",   "0",  "True", "\" no\"", "",  "[no]"};
    bool answer = false;
    assert_int_equal(yaml_read_boolean(&errors, value("yes"), &answer), 0);
    assert_true(answer);
    assert_int_equal(yaml_read_boolean(&errors, value("no"), &answer), 0);
    assert_false(answer);
    assert_int_equal(yaml_read_boolean(&errors, value("true"), &answer), 0);
    assert_true(answer);
    assert_int_equal(yaml_read_boolean(&errors, value("\"false\""), &answer), 0);
    assert_false(answer);
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        assert_int_equal(yaml_read_boolean(&errors, value(bad[i]), &answer), ERR_FORMAT);
        assert_told("expected yes or no, found");
    }
}

static void dates_and_times(void **state)
{
    (void)state;
    static const char *const bad_dates[] = {"2026-02-29", "2026-2-1", "26-02-01", "2026-12-01T00:00",
                                            "today",      "",         "[]"};
    static const char *const bad_times[] = {"6:00",  "24:00", "23:60", "0600", "06:00:00",
                                            "06.00", "-6:00", "6:000", "",     "[]"};
    int32_t number;
    assert_int_equal(yaml_read_date(&errors, value("2026-12-01"), &number), 0);
    assert_int_equal(number, 20788);
    for (size_t i = 0; i < ARRAY_COUNT(bad_dates); i++) {
        assert_int_equal(yaml_read_date(&errors, value(bad_dates[i]), &number), ERR_FORMAT);
        assert_told("expected a date such as");
    }
    assert_int_equal(yaml_read_time(&errors, value("\"06:30\""), false, &number), 0);
    assert_int_equal(number, 390);
    assert_int_equal(yaml_read_time(&errors, value("23:59"), false, &number), 0);
    assert_int_equal(number, 1439);
    assert_int_equal(yaml_read_time(&errors, value("24:00"), true, &number), 0);
    assert_int_equal(number, 1440);
    assert_int_equal(yaml_read_time(&errors, value("24:01"), true, &number), ERR_FORMAT);
    for (size_t i = 0; i < ARRAY_COUNT(bad_times); i++) {
        assert_int_equal(yaml_read_time(&errors, value(bad_times[i]), false, &number), ERR_FORMAT);
        assert_told("expected a time of day from");
    }
}

static void identifiers_and_texts(void **state)
{
    (void)state;
    static const char *const bad_ids[] = {"two words", "caf\xc3\xa9", "\"\"", "abcdefghi", "[a]", "a/b"};
    const char *text = NULL;
    assert_int_equal(yaml_read_id(&errors, value("no"), 8, &text), 0);
    assert_string_equal(text, "no");
    assert_int_equal(yaml_read_id(&errors, value("4102"), 8, &text), 0);
    assert_string_equal(text, "4102");
    for (size_t i = 0; i < ARRAY_COUNT(bad_ids); i++) {
        assert_int_equal(yaml_read_id(&errors, value(bad_ids[i]), 8, &text), ERR_FORMAT);
        assert_told("expected a name of 1 to 8 letters");
    }
    assert_int_equal(yaml_read_text(&errors, value("\xd0\x9a\xd0\xbb\xd1\x83\xd0\xb1"), 1, 8, &text), 0);
    assert_int_equal(yaml_read_text(&errors, value("\xd0\x9a\xd0\xbb\xd1\x83\xd0\xb1"), 1, 7, &text),
                     ERR_FORMAT);
    assert_told("expected a text of 1 to 7 bytes, found 8");
    assert_int_equal(yaml_read_text(&errors, value("\"\""), 0, 7, &text), 0);
    assert_string_equal(text, "");
    assert_int_equal(yaml_read_text(&errors, value("\"\""), 1, 7, &text), ERR_FORMAT);
    assert_int_equal(yaml_read_text(&errors, value("\"a\\nb\""), 1, 7, &text), 0);
    assert_int_equal(yaml_read_text(&errors, value("\"a\\eb\""), 1, 7, &text), ERR_FORMAT);
    assert_told("control characters");
    assert_int_equal(yaml_read_text(&errors, value("{a: b}"), 1, 7, &text), ERR_FORMAT);
    assert_told("expected a text, found a mapping");
}

static void names_of_a_list(void **state)
{
    (void)state;
    static const char *const names[] = {"sum", "best", "first", NULL};
    unsigned index = 77;
    assert_int_equal(yaml_read_name(&errors, value("first"), names, &index), 0);
    assert_int_equal(index, 2);
    assert_int_equal(yaml_read_name(&errors, value("frist"), names, &index), ERR_FORMAT);
    assert_told("expected 'first' perhaps, found 'frist'");
    assert_int_equal(yaml_read_name(&errors, value("Best"), names, &index), ERR_FORMAT);
    assert_told("'best'");
    assert_int_equal(yaml_read_name(&errors, value("multiply"), names, &index), ERR_FORMAT);
    assert_told("expected one of sum, best, first; found 'multiply'");
    assert_int_equal(yaml_read_name(&errors, value("[sum]"), names, &index), ERR_FORMAT);
    assert_told("found a list");
    assert_int_equal(index, 2);
}

static void unknown_keys_are_told_with_what_was_meant(void **state)
{
    (void)state;
    static const char *const keys[] = {"limits", "when", "unless", "only", NULL};
    assert_int_equal(yaml_check_keys(&errors, value("{limits: 1, only: 2}"), keys), 0);
    assert_int_equal(yaml_check_keys(&errors, value("{when: 1, limts: 1, zzzzzz: 2}"), keys), ERR_FORMAT);
    assert_int_equal(errors.error_count, 2);
    assert_string_equal(errors.items[0].text, "unknown key 'limts'; did you mean 'limits'?");
    assert_string_equal(errors.items[0].path, "v.limts");
    assert_int_equal(errors.items[0].place.column, 14);
    assert_string_equal(errors.items[1].text, "unknown key 'zzzzzz'; known here: limits, when, unless, only");
    assert_int_equal(yaml_check_keys(&errors, value("[when]"), keys), ERR_FORMAT);
    assert_told("expected keys with values, found a list");
}

static void lists_have_their_lengths(void **state)
{
    (void)state;
    assert_int_equal(yaml_check_list(&errors, value("[1, 2]"), 1, 2), 0);
    assert_int_equal(yaml_check_list(&errors, value("[1, 2, 3]"), 1, 2), ERR_FORMAT);
    assert_told("expected a list of 1 to 2 items, found 3");
    assert_int_equal(yaml_check_list(&errors, value("[]"), 1, 2), ERR_FORMAT);
    assert_int_equal(yaml_check_list(&errors, value("1"), 1, 2), ERR_FORMAT);
    assert_told("expected a list, found '1'");
}

static void long_and_odd_values_are_shown_short(void **state)
{
    (void)state;
    int64_t number;
    char text[400] = "\"";
    for (int i = 0; i < 40; i++) {
        strcat(text, "\xc3\xa4\xe2\x82\xac");
    }
    strcat(text, "\"");
    assert_int_equal(yaml_read_integer(&errors, value(text), 0, 1, &number), ERR_FORMAT);
    assert_told("\xc3\xa4\xe2\x82\xac...'");
    assert_int_equal(yaml_read_integer(&errors, value("\"a\\e[31m\\nb\""), 0, 1, &number), ERR_FORMAT);
    assert_told("found 'a?[31m?b'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(bounds_are_part_of_a_number),
        cmocka_unit_test(decimals),
        cmocka_unit_test(yes_and_no),
        cmocka_unit_test(dates_and_times),
        cmocka_unit_test(identifiers_and_texts),
        cmocka_unit_test(names_of_a_list),
        cmocka_unit_test(unknown_keys_are_told_with_what_was_meant),
        cmocka_unit_test(lists_have_their_lengths),
        cmocka_unit_test(long_and_odd_values_are_shown_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
