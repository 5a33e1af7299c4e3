/* Currencies: ISO's digits, and nothing that is no currency of today. */
#include "civil/currency.h"

#include "lib/testing.h"

#include <stdio.h>
#include <string.h>

static int digits_of(const char *code)
{
    int digits = -1;
    return currency_digits(code, &digits) == 0 ? digits : -1;
}

static void known_currencies(void **state)
{
    (void)state;
    assert_int_equal(digits_of("EUR"), 2);
    assert_int_equal(digits_of("JPY"), 0);
    assert_int_equal(digits_of("KWD"), 3);
    assert_int_equal(digits_of("RSD"), 2);
    assert_int_equal(digits_of("AED"), 2);
    assert_int_equal(digits_of("ZWG"), 2);
    assert_int_equal(digits_of("BIF"), 0);
}

static void what_is_no_currency(void **state)
{
    (void)state;
    static const char *const malformed[] = {"", "E", "EU", "EURO", "eur", "Eur", "EU ", " EU", "E1R", "D A"};
    static const char *const unknown[] = {"ABC", "DEM", "EEK", "HRK", "EDA", "ZZZ"};
    static const char *const unsupported[] = {"UYW", "CLF", "XAU", "XTS", "XXX"};
    int digits = 77;
    for (size_t i = 0; i < ARRAY_COUNT(malformed); i++) {
        assert_int_equal(currency_digits(malformed[i], &digits), ERR_FORMAT);
    }
    for (size_t i = 0; i < ARRAY_COUNT(unknown); i++) {
        assert_int_equal(currency_digits(unknown[i], &digits), ERR_NOT_FOUND);
    }
    for (size_t i = 0; i < ARRAY_COUNT(unsupported); i++) {
        assert_int_equal(currency_digits(unsupported[i], &digits), ERR_UNSUPPORTED);
    }
    assert_int_equal(digits, 77);
}

/* Lines "code,numeric,minor_unit". */
static void every_currency_of_iso_4217(void **state)
{
    (void)state;
    char line[128];
    int count = 0;
    FILE *file = fopen(LOYALTY_SOURCE "/../shared/data/iso4217/minor_units.csv", "r");
    if (file == NULL) {
        print_message("skipped: ../shared/data/iso4217/minor_units.csv is not there\n");
        skip();
    }
    assert_non_null(fgets(line, sizeof(line), file));
    while (fgets(line, sizeof(line), file) != NULL) {
        const char *unit = strrchr(line, ',') + 1;
        const bool supported = *unit >= '0' && *unit <= '0' + CURRENCY_DIGITS_MAX;
        int digits = -1;
        line[3] = '\0';
        print_message("%s\n", line);
        assert_int_equal(currency_digits(line, &digits), supported ? 0 : ERR_UNSUPPORTED);
        assert_int_equal(digits, supported ? *unit - '0' : -1);
        count++;
    }
    (void)fclose(file);
    assert_int_equal(count, 178);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_currencies),
        cmocka_unit_test(what_is_no_currency),
        cmocka_unit_test(every_currency_of_iso_4217),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
