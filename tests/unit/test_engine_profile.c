/* Birthdays: how far before and after one a day lies, over the ends of years and in years without the day. */
#include "lib/testing.h"

#include "engine/engine.h"
#include "model/day.h"

#include <stdlib.h>

static bool asked(int32_t month, int32_t day, const char *today, int32_t before, int32_t after)
{
    static struct context context;
    struct rule rule = {.when = {.has_birthday = true,
                                 .birthday_before = before,
                                 .birthday_after = after,
                                 .birthday_question = 9}};
    const struct programme programme = {.rules = &rule, .rules_count = 1, .questions = 9};
    const struct profile profile = {.birth_month = month, .birth_day = day};
    context_clear(&context);
    assert_int_equal(day_parse(today, 10, &context.member_day), 0);
    engine_answers(&programme, &profile, &context);
    assert_int_equal(context.answers_size, context_answer(&context, 9) ? 2 : 0);
    return context_answer(&context, 9);
}

static void the_window_spans_the_end_of_a_year(void **state)
{
    (void)state;
    assert_true(asked(1, 2, "2026-12-30", 3, 7));
    assert_false(asked(1, 2, "2026-12-29", 3, 7));
    assert_true(asked(1, 2, "2027-01-09", 3, 7));
    assert_false(asked(1, 2, "2027-01-10", 3, 7));
    assert_true(asked(12, 30, "2027-01-06", 3, 7));
    assert_false(asked(12, 30, "2027-01-07", 3, 7));
}

static void no_days_mean_the_day_itself(void **state)
{
    (void)state;
    assert_true(asked(5, 17, "2026-05-17", 0, 0));
    assert_false(asked(5, 17, "2026-05-16", 0, 0));
    assert_false(asked(5, 17, "2026-05-18", 0, 0));
    assert_false(asked(0, 0, "2026-05-18", 182, 182));
}

static void the_29th_of_february_is_the_28th_in_other_years(void **state)
{
    (void)state;
    assert_true(asked(2, 29, "2026-02-28", 0, 0));
    assert_false(asked(2, 29, "2026-03-01", 0, 0));
    assert_true(asked(2, 29, "2028-02-29", 0, 0));
    assert_false(asked(2, 29, "2028-02-28", 0, 0));
}

static void the_calendar_ends_without_harm(void **state)
{
    (void)state;
    assert_true(asked(1, 1, "0001-01-01", 0, 0));
    assert_true(asked(12, 31, "9999-12-31", 182, 182));
    assert_false(asked(7, 1, "9999-12-31", 1, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_window_spans_the_end_of_a_year),
        cmocka_unit_test(no_days_mean_the_day_itself),
        cmocka_unit_test(the_29th_of_february_is_the_28th_in_other_years),
        cmocka_unit_test(the_calendar_ends_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
