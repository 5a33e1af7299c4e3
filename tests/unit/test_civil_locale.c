/* Languages: tags, the best of those on offer, plural forms, numbers and amounts. */
#include "civil/locale.h"

#include "lib/testing.h"

#include <string.h>

static struct locales locales;

static int open_locales(void **state)
{
    (void)state;
    locales_init(&locales);
    return 0;
}

static int close_locales(void **state)
{
    (void)state;
    locales_fini(&locales);
    return 0;
}

static struct locale *locale_of(const char *tag)
{
    struct locale *locale = NULL;
    assert_int_equal(locales_open(&locales, tag, &locale), 0);
    return locale;
}

struct tag_case {
    const char *text;
    int result;
    const char *tag;
};

static void tags_have_one_form(void **state)
{
    (void)state;
    static const struct tag_case cases[] = {
        {"et", 0, "et"},
        {"ET-ee", 0, "et-EE"},
        {"zh-hant-tw", 0, "zh-Hant-TW"},
        {"en-GB", 0, "en-GB"},
        {"", ERR_FORMAT, NULL},
        {"e", ERR_FORMAT, NULL},
        {"en-", ERR_FORMAT, NULL},
        {"en GB", ERR_FORMAT, NULL},
        {"estonian-language", ERR_NOT_FOUND, NULL},
        {"qqz", ERR_NOT_FOUND, NULL},
        {"../en", ERR_FORMAT, NULL},
        {"sl-rozaj-biske-1994", ERR_TOO_LARGE, NULL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char tag[LOCALE_BYTES_MAX + 1] = "untouched";
        print_message("%s\n", cases[i].text);
        assert_int_equal(locale_normalise(cases[i].text, tag), cases[i].result);
        assert_string_equal(tag, cases[i].result == 0 ? cases[i].tag : "untouched");
    }
}

static void the_nearest_language_is_chosen(void **state)
{
    (void)state;
    static const char *const shop[] = {"et", "en", "ru"};
    static const char *const world[] = {"en-US", "en-GB", "zh-Hans", "zh-Hant", "pt-BR", "sr-Latn"};
    assert_int_equal(locale_choose(shop, 3, "ru"), 2);
    assert_int_equal(locale_choose(shop, 3, "en-AU"), 1);
    assert_int_equal(locale_choose(shop, 3, "fi"), 0);
    assert_int_equal(locale_choose(shop, 3, NULL), 0);
    assert_int_equal(locale_choose(shop, 3, ""), 0);
    assert_int_equal(locale_choose(shop, 3, "not a tag"), 0);
    assert_int_equal(locale_choose(world, 6, "en-GB"), 1);
    assert_int_equal(locale_choose(world, 6, "en-AU"), 0);
    assert_int_equal(locale_choose(world, 6, "zh-TW"), 3);
    assert_int_equal(locale_choose(world, 6, "zh-HK"), 3);
    assert_int_equal(locale_choose(world, 6, "zh"), 2);
    assert_int_equal(locale_choose(world, 6, "pt-PT"), 4);
    assert_int_equal(locale_choose(world, 6, "sr"), 5);
}

struct plural_case {
    const char *tag;
    int64_t value;
    int digits;
    enum plural plural;
};

static void numbers_take_their_plural_form(void **state)
{
    (void)state;
    static const struct plural_case cases[] = {
        {"et", 1, 0, PLURAL_ONE},          {"et", 2, 0, PLURAL_OTHER},   {"et", 10, 1, PLURAL_OTHER},
        {"ru", 1, 0, PLURAL_ONE},          {"ru", 3, 0, PLURAL_FEW},     {"ru", 5, 0, PLURAL_MANY},
        {"ru", 21, 0, PLURAL_ONE},         {"ru", 11, 0, PLURAL_MANY},   {"ru", 15, 1, PLURAL_OTHER},
        {"ar", 0, 0, PLURAL_ZERO},         {"ar", 2, 0, PLURAL_TWO},     {"ja", 1, 0, PLURAL_OTHER},
        {"en", -1, 0, PLURAL_ONE},         {"en", 100, 2, PLURAL_OTHER}, {"fr", 150, 2, PLURAL_ONE},
        {"ru", INT64_MIN, 0, PLURAL_MANY},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        enum plural plural;
        print_message("%s %lld\n", cases[i].tag, (long long)cases[i].value);
        assert_int_equal(locale_plural(locale_of(cases[i].tag), cases[i].value, cases[i].digits, &plural), 0);
        assert_int_equal(plural, cases[i].plural);
    }
}

#define NBSP "\xc2\xa0"

static void numbers_are_written_as_the_locale_does(void **state)
{
    (void)state;
    char text[LOCALE_NUMBER_BYTES];
    assert_int_equal(locale_number(locale_of("en"), 1234567, 2, text, sizeof(text)), 0);
    assert_string_equal(text, "12,345.67");
    assert_int_equal(locale_number(locale_of("et"), 1234567, 2, text, sizeof(text)), 0);
    assert_string_equal(text, "12" NBSP "345,67");
    assert_int_equal(locale_number(locale_of("en"), -5, 3, text, sizeof(text)), 0);
    assert_string_equal(text, "-0.005");
    /* More than floating point could hold. */
    assert_int_equal(locale_number(locale_of("en"), INT64_MIN, 0, text, sizeof(text)), 0);
    assert_string_equal(text, "-9,223,372,036,854,775,808");
    assert_int_equal(locale_number(locale_of("en"), INT64_MAX, 1, text, sizeof(text)), 0);
    assert_string_equal(text, "922,337,203,685,477,580.7");
}

static void amounts_carry_their_currency(void **state)
{
    (void)state;
    char text[LOCALE_NUMBER_BYTES];
    assert_int_equal(locale_money(locale_of("en"), 260, 2, "EUR", text, sizeof(text)), 0);
    assert_string_equal(text, "\xe2\x82\xac"
                              "2.60");
    assert_int_equal(locale_money(locale_of("et"), 260, 2, "EUR", text, sizeof(text)), 0);
    assert_string_equal(text, "2,60" NBSP "\xe2\x82\xac");
    assert_int_equal(locale_money(locale_of("en"), 995, 0, "JPY", text, sizeof(text)), 0);
    assert_string_equal(text, "\xc2\xa5"
                              "995");
    /* ISO's two digits, although price tags have none. */
    assert_int_equal(locale_money(locale_of("en"), 12345, 2, "RSD", text, sizeof(text)), 0);
    assert_string_equal(text, "RSD" NBSP "123.45");
}

static void a_text_that_does_not_fit_is_not_begun(void **state)
{
    (void)state;
    char text[10] = "untouched";
    assert_int_equal(locale_number(locale_of("en"), 1234567, 2, text, 9), ERR_TOO_LARGE);
    assert_string_equal(text, "untouched");
    assert_int_equal(locale_number(locale_of("en"), 1234567, 2, text, 0), ERR_TOO_LARGE);
    assert_int_equal(locale_number(locale_of("en"), 1234567, 2, text, 10), 0);
    assert_string_equal(text, "12,345.67");
}

static void locales_are_opened_once_and_bounded(void **state)
{
    (void)state;
    static struct locales few;
    static const char *const tags[] = {"en", "et", "lv", "lt", "fi", "sv", "no", "da",
                                       "de", "nl", "fr", "es", "pt", "it", "pl", "cs"};
    struct locale *locale;
    locales_init(&few);
    assert_int_equal(ARRAY_COUNT(tags), LOCALES_MAX);
    for (size_t i = 0; i < ARRAY_COUNT(tags); i++) {
        assert_int_equal(locales_open(&few, tags[i], &locale), 0);
    }
    assert_int_equal(locales_open(&few, "EN", &locale), 0);
    assert_string_equal(locale->tag, "en");
    assert_int_equal(locales_open(&few, "ru", &locale), ERR_TOO_LARGE);
    assert_int_equal(locales_open(&few, "xq-", &locale), ERR_FORMAT);
    locales_fini(&few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_have_one_form),
        cmocka_unit_test(the_nearest_language_is_chosen),
        cmocka_unit_test(numbers_take_their_plural_form),
        cmocka_unit_test(numbers_are_written_as_the_locale_does),
        cmocka_unit_test(amounts_carry_their_currency),
        cmocka_unit_test(a_text_that_does_not_fit_is_not_begun),
        cmocka_unit_test(locales_are_opened_once_and_bounded),
    };
    return cmocka_run_group_tests(tests, open_locales, close_locales);
}
