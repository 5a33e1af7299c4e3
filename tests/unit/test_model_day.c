/* Days as numbers: the calendar, ends of periods, months that are too short, and ISO dates. */
#include "model/day.h"

#include "lib/testing.h"

#include <string.h>

static void every_day_is_its_date_and_back(void **state)
{
    (void)state;
    if (testing_is_slow()) {
        skip();
    }
    int32_t day = DAY_MIN;
    int32_t weekday = WEEKDAY_MONDAY;
    for (int32_t year = 1; year <= 9999; year++) {
        for (int32_t month = 1; month <= 12; month++) {
            for (int32_t d = 1; day_is_date(year, month, d); d++) {
                const struct date date = date_from_day(day);
                if (day_from_date(year, month, d) != day || date.year != year || date.month != month ||
                    date.day != d || (int32_t)day_weekday(day) != weekday) {
                    fail_msg("%d-%d-%d is not day %d", year, month, d, day);
                }
                day++;
                weekday = weekday == WEEKDAY_SUNDAY ? WEEKDAY_MONDAY : weekday + 1;
            }
        }
    }
    assert_int_equal(day - 1, DAY_MAX);
}

static void known_days_have_their_numbers(void **state)
{
    (void)state;
    assert_int_equal(day_from_date(1970, 1, 1), 0);
    assert_int_equal(day_from_date(2000, 2, 29), 11016);
    assert_int_equal(day_from_date(2026, 12, 1), 20788);
    assert_int_equal(day_weekday(day_from_date(2026, 12, 1)), WEEKDAY_TUESDAY);
    assert_int_equal(day_weekday(0), WEEKDAY_THURSDAY);
}

static void dates_the_calendar_does_not_have(void **state)
{
    (void)state;
    assert_false(day_is_date(2026, 2, 29));
    assert_true(day_is_date(2024, 2, 29));
    assert_false(day_is_date(1900, 2, 29));
    assert_true(day_is_date(2000, 2, 29));
    assert_false(day_is_date(2026, 4, 31));
    assert_false(day_is_date(2026, 13, 1));
    assert_false(day_is_date(2026, 0, 1));
    assert_false(day_is_date(2026, 1, 0));
    assert_false(day_is_date(0, 1, 1));
    assert_false(day_is_date(10000, 1, 1));
}

struct month_case {
    const char *from;
    int64_t months;
    const char *to;
};

static int32_t parsed(const char *text)
{
    int32_t day = 0;
    assert_int_equal(day_parse(text, strlen(text), &day), 0);
    return day;
}

static void months_are_added_to_the_last_day_at_most(void **state)
{
    (void)state;
    static const struct month_case cases[] = {
        {"2026-01-31", 1, "2026-02-28"},         {"2024-01-31", 1, "2024-02-29"},
        {"2026-01-31", 2, "2026-03-31"},         {"2026-12-15", 1, "2027-01-15"},
        {"2026-03-31", -1, "2026-02-28"},        {"2024-02-29", 12, "2025-02-28"},
        {"2024-02-29", 48, "2028-02-29"},        {"2020-07-06", 12, "2021-07-06"},
        {"2026-01-01", -1, "2025-12-01"},        {"2026-05-05", 0, "2026-05-05"},
        {"9999-11-30", 1, "9999-12-30"},         {"9999-12-30", 1, "9999-12-31"},
        {"0001-01-15", -1, "0001-01-01"},        {"2026-01-01", INT64_MAX, "9999-12-31"},
        {"2026-01-01", INT64_MIN, "0001-01-01"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char text[DAY_TEXT_BYTES];
        day_format(day_add_months(parsed(cases[i].from), cases[i].months), text);
        assert_string_equal(text, cases[i].to);
    }
    assert_int_equal(day_add_years(parsed("2024-02-29"), 1), parsed("2025-02-28"));
    assert_int_equal(day_add_years(parsed("2024-02-29"), INT64_MAX), DAY_MAX);
}

static void days_stay_within_the_calendar(void **state)
{
    (void)state;
    assert_int_equal(day_add(0, 30), 30);
    assert_int_equal(day_add(DAY_MAX, 1), DAY_MAX);
    assert_int_equal(day_add(DAY_MIN, -1), DAY_MIN);
    assert_int_equal(day_add(5, INT64_MAX), DAY_MAX);
    assert_int_equal(day_add(-5, INT64_MIN), DAY_MIN);
}

static void periods_start_and_end(void **state)
{
    (void)state;
    const int32_t day = parsed("2024-02-10"); /* a Saturday */
    assert_int_equal(day_start_of_week(day), parsed("2024-02-05"));
    assert_int_equal(day_start_of_week(parsed("2024-02-05")), parsed("2024-02-05"));
    assert_int_equal(day_start_of_month(day), parsed("2024-02-01"));
    assert_int_equal(day_start_of_quarter(day), parsed("2024-01-01"));
    assert_int_equal(day_start_of_year(day), parsed("2024-01-01"));
    assert_int_equal(day_end_of_month(day), parsed("2024-02-29"));
    assert_int_equal(day_end_of_quarter(day), parsed("2024-03-31"));
    assert_int_equal(day_end_of_quarter(parsed("2024-04-01")), parsed("2024-06-30"));
    assert_int_equal(day_end_of_quarter(parsed("2024-12-31")), parsed("2024-12-31"));
    assert_int_equal(day_end_of_year(day), parsed("2024-12-31"));
    assert_int_equal(day_start_of_week(DAY_MIN), DAY_MIN);
}

static void iso_dates_are_read_strictly(void **state)
{
    (void)state;
    static const char *const malformed[] = {"",           "2026-1-01",   "2026-01-1",  "26-01-01",
                                            "2026/01/01", "2026-01-01 ", " 2026-01-1", "2026-01-0x",
                                            "+026-01-01", "20260101"};
    int32_t day = 77;
    for (size_t i = 0; i < ARRAY_COUNT(malformed); i++) {
        assert_int_equal(day_parse(malformed[i], strlen(malformed[i]), &day), ERR_FORMAT);
    }
    assert_int_equal(day_parse("2026-02-29", 10, &day), ERR_RANGE);
    assert_int_equal(day_parse("0000-01-01", 10, &day), ERR_RANGE);
    assert_int_equal(day, 77);
    assert_int_equal(day_parse("2026-12-01T08:00", 10, &day), 0);
    assert_int_equal(day, 20788);
}

static void day_beyond_the_calendar(void *argument)
{
    (void)day_weekday(*(const int32_t *)argument);
}

static void a_day_beyond_the_calendar_is_a_bug_of_ours(void **state)
{
    (void)state;
    int32_t day = DAY_MAX + 1;
    assert_true(testing_aborts(day_beyond_the_calendar, &day));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_is_its_date_and_back),
        cmocka_unit_test(known_days_have_their_numbers),
        cmocka_unit_test(dates_the_calendar_does_not_have),
        cmocka_unit_test(months_are_added_to_the_last_day_at_most),
        cmocka_unit_test(days_stay_within_the_calendar),
        cmocka_unit_test(periods_start_and_end),
        cmocka_unit_test(iso_dates_are_read_strictly),
        cmocka_unit_test(a_day_beyond_the_calendar_is_a_bug_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
