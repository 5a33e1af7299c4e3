/* Amounts as a cashier keys them in: read exactly or not at all. */
#include "lib/testing.h"

#include "client/amount.h"

#include <string.h>

static int parse(const char *text, int digits, int64_t *ret_amount)
{
    return amount_parse(text, strlen(text), digits, 1000000000000, ret_amount);
}

static void amounts_have_all_decimals_of_the_currency_or_none(void **state)
{
    static const struct {
        const char *text;
        int digits;
        int64_t amount;
    } right[] = {
        {"0", 2, 0},        {"0.00", 2, 0},    {"12.60", 2, 1260},
        {"12", 2, 1200},    {"-0.10", 2, -10}, {"995", 0, 995},
        {"1.250", 3, 1250}, {"-3", 3, -3000},  {"10000000000.00", 2, 1000000000000},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(right); i++) {
        int64_t amount = -1;
        assert_int_equal(parse(right[i].text, right[i].digits, &amount), 0);
        assert_int_equal(amount, right[i].amount);
    }
}

static void anything_else_is_not_an_amount(void **state)
{
    static const struct {
        const char *text;
        int digits;
    } wrong[] = {
        {"", 2},     {"-", 2},     {".50", 2},   {"1.", 2},    {"1.5", 2},      {"1.500", 2}, {"01.00", 2},
        {"1,50", 2}, {" 1.50", 2}, {"1.50 ", 2}, {"+1.50", 2}, {"1e3", 2},      {"0x10", 2},  {"1.50.1", 2},
        {"1.0", 0},  {"--1", 2},   {"1.5a", 2},  {"1.50", 3},  {"\xd9\xa1", 2},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        int64_t amount = -1;
        assert_int_equal(parse(wrong[i].text, wrong[i].digits, &amount), ERR_FORMAT);
        assert_int_equal(amount, -1);
    }
}

static void amounts_have_a_range(void **state)
{
    int64_t amount = 0;
    (void)state;
    assert_int_equal(parse("10000000000.01", 2, &amount), ERR_RANGE);
    assert_int_equal(parse("-10000000000.01", 2, &amount), ERR_RANGE);
    assert_int_equal(parse("99999999999999999999999999", 2, &amount), ERR_RANGE);
    assert_int_equal(parse("9223372036854775807", 2, &amount), ERR_RANGE);
}

static void a_text_need_not_end_in_nul(void **state)
{
    int64_t amount = 0;
    (void)state;
    assert_int_equal(amount_parse("12.609", 5, 2, 1000000, &amount), 0);
    assert_int_equal(amount, 1260);
}

static void quantities_are_thousandths_and_know_whether_they_were_weighed(void **state)
{
    static const struct {
        const char *text;
        int64_t quantity;
        bool decimal;
    } right[] = {{"1", 1000, false},
                 {"0.455", 455, true},
                 {"1.2", 1200, true},
                 {"-2", -2000, false},
                 {"3.000", 3000, true}};
    static const char *const wrong[] = {"1.2345", "1.", "", ".5", "01", "1,5"};
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(right); i++) {
        int64_t quantity = 0;
        bool decimal = !right[i].decimal;
        assert_int_equal(quantity_parse(right[i].text, strlen(right[i].text), &quantity, &decimal), 0);
        assert_int_equal(quantity, right[i].quantity);
        assert_int_equal(decimal, right[i].decimal);
    }
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        int64_t quantity = 0;
        bool decimal = false;
        assert_int_equal(quantity_parse(wrong[i], strlen(wrong[i]), &quantity, &decimal), ERR_FORMAT);
    }
}

static void whole_numbers_have_no_sign_and_a_range(void **state)
{
    uint64_t number = 7;
    (void)state;
    assert_int_equal(number_parse("0", 10, &number), 0);
    assert_int_equal(number, 0);
    assert_int_equal(number_parse("18446744073709551615", UINT64_MAX, &number), 0);
    assert_true(number == UINT64_MAX);
    assert_int_equal(number_parse("18446744073709551616", UINT64_MAX, &number), ERR_RANGE);
    assert_int_equal(number_parse("11", 10, &number), ERR_RANGE);
    assert_int_equal(number_parse("", 10, &number), ERR_FORMAT);
    assert_int_equal(number_parse("-1", 10, &number), ERR_FORMAT);
    assert_int_equal(number_parse("1 ", 10, &number), ERR_FORMAT);
}

static void what_is_written_reads_back(void **state)
{
    static const int64_t amounts[] = {0, 1, -1, 99, 100, -100, 1260, 1000000000000, -1000000000000};
    (void)state;
    for (int digits = 0; digits <= 3; digits++) {
        for (size_t i = 0; i < ARRAY_COUNT(amounts); i++) {
            char text[AMOUNT_TEXT_BYTES];
            int64_t amount = 0;
            amount_format(amounts[i], digits, text);
            assert_int_equal(parse(text, digits, &amount), 0);
            assert_int_equal(amount, amounts[i]);
        }
    }
    char text[AMOUNT_TEXT_BYTES];
    amount_format(-1260, 2, text);
    assert_string_equal(text, "-12.60");
    quantity_format(2000, text);
    assert_string_equal(text, "2");
    quantity_format(1250, text);
    assert_string_equal(text, "1.25");
    quantity_format(0, text);
    assert_string_equal(text, "0");
}

static void currencies_have_their_decimals(void **state)
{
    int digits = -1;
    (void)state;
    assert_int_equal(amount_digits("EUR", &digits), 0);
    assert_int_equal(digits, 2);
    assert_int_equal(amount_digits("JPY", &digits), 0);
    assert_int_equal(digits, 0);
    assert_int_equal(amount_digits("KWD", &digits), 0);
    assert_int_equal(digits, 3);
    assert_int_equal(amount_digits("CLF", &digits), ERR_UNSUPPORTED);
    assert_int_equal(amount_digits("eur", &digits), ERR_FORMAT);
    assert_int_equal(amount_digits("", &digits), ERR_FORMAT);
    assert_int_equal(amount_digits("EURO", &digits), ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_have_all_decimals_of_the_currency_or_none),
        cmocka_unit_test(anything_else_is_not_an_amount),
        cmocka_unit_test(amounts_have_a_range),
        cmocka_unit_test(a_text_need_not_end_in_nul),
        cmocka_unit_test(quantities_are_thousandths_and_know_whether_they_were_weighed),
        cmocka_unit_test(whole_numbers_have_no_sign_and_a_range),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(currencies_have_their_decimals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
