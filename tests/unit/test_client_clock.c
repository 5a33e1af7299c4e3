/* Times as people and programs write them. */
#include "lib/testing.h"

#include "client/clock.h"
#include "model/day.h"

#include <stdlib.h>
#include <time.h>

static void an_instant_is_the_same_in_every_zone_it_is_written_in(void **state)
{
    static const char *const texts[] = {"2026-12-01T06:05:00Z", "2026-12-01T08:05:00+02:00",
                                        "2026-12-01t00:35:00-05:30", "2026-12-01 06:05:00z",
                                        "2026-12-01T06:05:00.000Z"};
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        int64_t instant = 0;
        int32_t day = 0;
        assert_int_equal(instant_parse(texts[i], &instant, &day), 0);
        assert_int_equal(instant, 1796105100000);
        assert_int_equal(day, 20788);
    }
}

static void the_day_is_the_one_that_was_written(void **state)
{
    int64_t instant = 0;
    int32_t day = 0;
    (void)state;
    assert_int_equal(instant_parse("2026-12-01T00:30:00+02:00", &instant, &day), 0);
    assert_int_equal(day, 20788);
    assert_int_equal(instant / DAY_MS, 20787);
    assert_int_equal(instant_parse("2026-12-01T00:30:00+02:00", &instant, NULL), 0);
}

static void decimals_of_a_second_are_milliseconds(void **state)
{
    int64_t instant = 0;
    (void)state;
    assert_int_equal(instant_parse("1970-01-01T00:00:00.1Z", &instant, NULL), 0);
    assert_int_equal(instant, 100);
    assert_int_equal(instant_parse("1970-01-01T00:00:01.234567Z", &instant, NULL), 0);
    assert_int_equal(instant, 1234);
}

static void other_texts_are_not_instants(void **state)
{
    static const char *const wrong[] = {
        "",
        "2026-12-01",
        "2026-12-01T06:05:00",
        "2026-12-01T06:05Z",
        "2026-12-01T24:00:00Z",
        "2026-12-01T06:60:00Z",
        "2026-12-01T06:05:00+2:00",
        "2026-12-01T06:05:00.Z",
        "2026-12-01T06:05:00Zx",
        "2026-13-01T06:05:00Z",
        "2026-02-29T06:05:00Z",
        "1969-12-31T23:59:59Z",
        "26-12-01T06:05:00Z",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        int64_t instant = -1;
        assert_true(instant_parse(wrong[i], &instant, NULL) < 0);
        assert_int_equal(instant, -1);
    }
}

static void a_time_of_the_day_is_of_this_machines_zone(void **state)
{
    int64_t instant = 0;
    (void)state;
    assert_int_equal(setenv("TZ", "EET-2", 1), 0);
    tzset();
    assert_int_equal(instant_parse_local("08:05", 20788, &instant), 0);
    assert_int_equal(instant, 1796105100000);
    assert_int_equal(instant_parse_local("08:05:07", 20788, &instant), 0);
    assert_int_equal(instant, 1796105107000);
    assert_int_equal(clock_local_day(1796105100000), 20788);
    assert_int_equal(clock_local_day(20788LL * DAY_MS - 2 * 60 * 60 * 1000), 20788);
    assert_int_equal(clock_local_day(20788LL * DAY_MS - 2 * 60 * 60 * 1000 - 1), 20787);
    assert_int_equal(instant_parse_local("8:05", 20788, &instant), ERR_FORMAT);
    assert_int_equal(instant_parse_local("24:00", 20788, &instant), ERR_FORMAT);
    assert_int_equal(instant_parse_local("08:05x", 20788, &instant), ERR_FORMAT);
    char text[INSTANT_TEXT_BYTES];
    instant_format_local(1796105100000, text);
    assert_string_equal(text, "2026-12-01 08:05:00");
}

static void what_is_written_reads_back(void **state)
{
    static const int64_t instants[] = {0, 1, 999, 1796105100000, 253402300799999};
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(instants); i++) {
        char text[INSTANT_TEXT_BYTES];
        int64_t instant = -1;
        instant_format(instants[i], text);
        assert_int_equal(instant_parse(text, &instant, NULL), 0);
        assert_int_equal(instant, instants[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instant_is_the_same_in_every_zone_it_is_written_in),
        cmocka_unit_test(the_day_is_the_one_that_was_written),
        cmocka_unit_test(decimals_of_a_second_are_milliseconds),
        cmocka_unit_test(other_texts_are_not_instants),
        cmocka_unit_test(a_time_of_the_day_is_of_this_machines_zone),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
