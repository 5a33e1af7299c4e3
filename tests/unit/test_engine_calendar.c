#include "engine/calendar.h"

#include "lib/testing.h"

#include "model/day.h"

static int32_t day(const char *text)
{
    int32_t found = 0;
    assert_int_equal(day_parse(text, DAY_TEXT_BYTES - 1, &found), 0);
    return found;
}

static void the_last_valid_day_is_the_start_plus_the_term_rounded(void **state)
{
    static const struct {
        const char *start;
        struct term term;
        const char *end;
    } rows[] = {
        {"2020-07-06", {TERM_MONTHS, 12, TERM_END_OF_MONTH}, "2021-07-31"},
        {"2027-01-31", {TERM_MONTHS, 1, TERM_EXACT}, "2027-02-28"},
        {"2028-01-31", {TERM_MONTHS, 1, TERM_EXACT}, "2028-02-29"},
        {"2028-02-29", {TERM_YEARS, 1, TERM_EXACT}, "2029-02-28"},
        {"2026-03-01", {TERM_MONTHS, 12, TERM_EXACT}, "2027-03-01"},
        {"2026-05-10", {TERM_YEARS, 1, TERM_END_OF_YEAR}, "2027-12-31"},
        {"2026-11-15", {TERM_DAYS, 46, TERM_END_OF_QUARTER}, "2026-12-31"},
        {"2026-11-15", {TERM_DAYS, 47, TERM_END_OF_QUARTER}, "2027-03-31"},
        {"2026-11-15", {TERM_DAYS, 0, TERM_EXACT}, "2026-11-15"},
        {"2026-11-15", {TERM_DAYS, 0, TERM_END_OF_MONTH}, "2026-11-30"},
        {"2026-11-15", {TERM_MONTHS, 0, TERM_EXACT}, "2026-11-15"},
        {"9990-11-15", {TERM_YEARS, 36500, TERM_EXACT}, "9999-12-31"},
        {"9990-11-15", {TERM_DAYS, 36500, TERM_END_OF_YEAR}, "9999-12-31"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        assert_int_equal(term_end(&rows[i].term, day(rows[i].start)), day(rows[i].end));
    }
    const struct term never = {TERM_NEVER, 0, TERM_END_OF_MONTH};
    assert_int_equal(term_end(&never, day("2026-01-01")), DAY_NEVER);
}

static void a_window_holds_its_day(void **state)
{
    static const struct {
        struct window window;
        const char *day;
        const char *first;
        const char *last;
    } rows[] = {
        {{WINDOW_LIFETIME, 0}, "2026-05-10", "0001-01-01", "9999-12-31"},
        {{WINDOW_CALENDAR_YEAR, 0}, "2026-05-10", "2026-01-01", "2026-12-31"},
        {{WINDOW_ANNIVERSARY_YEAR, 0}, "2024-02-29", "2024-02-29", "2025-02-27"},
        {{WINDOW_ANNIVERSARY_YEAR, 0}, "2025-02-27", "2024-02-29", "2025-02-27"},
        {{WINDOW_ANNIVERSARY_YEAR, 0}, "2025-02-28", "2025-02-28", "2026-02-27"},
        {{WINDOW_ANNIVERSARY_YEAR, 0}, "2028-02-28", "2027-02-28", "2028-02-28"},
        {{WINDOW_ANNIVERSARY_YEAR, 0}, "2028-02-29", "2028-02-29", "2029-02-27"},
        {{WINDOW_MONTH, 0}, "2028-02-10", "2028-02-01", "2028-02-29"},
        {{WINDOW_ROLLING, 1}, "2026-05-10", "2026-05-10", "2026-05-10"},
        {{WINDOW_ROLLING, 365}, "2026-05-10", "2025-05-11", "2026-05-10"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct day_range range = window_range(&rows[i].window, day("2024-02-29"), day(rows[i].day));
        assert_int_equal(range.first, day(rows[i].first));
        assert_int_equal(range.last, day(rows[i].last));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_valid_day_is_the_start_plus_the_term_rounded),
        cmocka_unit_test(a_window_holds_its_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
