/* Civil times: known instants, clocks that skip an hour or show it twice, and business days without gap or
 * overlap. */
#include "civil/zone.h"
#include "model/day.h"

#include "lib/testing.h"

#include <string.h>

#define HOUR_MS (60LL * 60 * 1000)
#define MINUTE_MS (60LL * 1000)

static struct zones zones;

static int open_zones(void **state)
{
    (void)state;
    zones_init(&zones);
    return 0;
}

static int close_zones(void **state)
{
    (void)state;
    zones_fini(&zones);
    return 0;
}

static struct zone *zone_of(const char *name)
{
    struct zone *zone = NULL;
    assert_int_equal(zones_open(&zones, name, &zone), 0);
    return zone;
}

/* "2026-12-01 06:00" UTC. */
static int64_t instant(const char *text)
{
    int32_t day = 0;
    assert_int_equal(strlen(text), 16);
    assert_int_equal(day_parse(text, 10, &day), 0);
    const int hour = (text[11] - '0') * 10 + (text[12] - '0');
    const int minute = (text[14] - '0') * 10 + (text[15] - '0');
    return (int64_t)day * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS;
}

static int32_t day_of(const char *text)
{
    int32_t day = 0;
    assert_int_equal(day_parse(text, strlen(text), &day), 0);
    return day;
}

struct civil_case {
    const char *zone;
    const char *utc;
    int32_t day_starts;
    const char *day;
    const char *calendar_day;
    int32_t minute;
    int32_t offset;
    int weekday;
};

static void known_instants(void **state)
{
    (void)state;
    static const struct civil_case cases[] = {
        {"Europe/Tallinn", "2026-12-01 06:00", 240, "2026-12-01", "2026-12-01", 480, 120, 2},
        /* 23:50 and 00:20 of a bar whose day starts at 04:00 */
        {"Europe/Tallinn", "2026-12-01 21:50", 240, "2026-12-01", "2026-12-01", 1430, 120, 2},
        {"Europe/Tallinn", "2026-12-01 22:20", 240, "2026-12-01", "2026-12-02", 20, 120, 2},
        {"Europe/Tallinn", "2026-12-02 01:59", 240, "2026-12-01", "2026-12-02", 239, 120, 2},
        {"Europe/Tallinn", "2026-12-02 02:00", 240, "2026-12-02", "2026-12-02", 240, 120, 3},
        {"Europe/Tallinn", "2026-07-01 21:00", 0, "2026-07-02", "2026-07-02", 0, 180, 4},
        {"America/New_York", "2026-01-01 04:59", 0, "2025-12-31", "2025-12-31", 1439, -300, 3},
        {"Asia/Kathmandu", "2026-01-01 18:15", 0, "2026-01-02", "2026-01-02", 0, 345, 5},
        {"Pacific/Kiritimati", "2026-01-01 10:00", 0, "2026-01-02", "2026-01-02", 0, 840, 5},
        {"Pacific/Apia", "2011-12-30 09:59", 0, "2011-12-29", "2011-12-29", 1439, -600, 4},
        {"Pacific/Apia", "2011-12-30 10:00", 0, "2011-12-31", "2011-12-31", 0, 840, 6},
        {"UTC", "1969-12-31 23:59", 0, "1969-12-31", "1969-12-31", 1439, 0, 3},
        {"UTC", "2024-02-29 12:00", 0, "2024-02-29", "2024-02-29", 720, 0, 4},
        /* the clocks go back from 04:00 to 03:00; the day has started at the first 03:30 */
        {"Europe/Tallinn", "2026-10-25 00:29", 210, "2026-10-24", "2026-10-25", 209, 180, 6},
        {"Europe/Tallinn", "2026-10-25 00:30", 210, "2026-10-25", "2026-10-25", 210, 180, 7},
        {"Europe/Tallinn", "2026-10-25 01:00", 210, "2026-10-25", "2026-10-25", 180, 120, 7},
        /* at one past midnight they went back to 23:01: the day had started already */
        {"America/St_Johns", "2006-10-29 02:31", 0, "2006-10-29", "2006-10-28", 1381, -210, 7},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct civil_time time;
        print_message("%s %s\n", cases[i].zone, cases[i].utc);
        assert_int_equal(
            civil_from_instant(zone_of(cases[i].zone), instant(cases[i].utc), cases[i].day_starts, &time), 0);
        assert_int_equal(time.day, day_of(cases[i].day));
        assert_int_equal(time.calendar_day, day_of(cases[i].calendar_day));
        assert_int_equal(time.minute, cases[i].minute);
        assert_int_equal(time.offset_minutes, cases[i].offset);
        assert_int_equal(time.weekday, cases[i].weekday);
    }
}

struct start_case {
    const char *zone;
    const char *day;
    int32_t day_starts;
    const char *utc;
};

static void known_day_starts(void **state)
{
    (void)state;
    static const struct start_case cases[] = {
        {"Europe/Tallinn", "2026-12-01", 0, "2026-11-30 22:00"},
        {"Europe/Tallinn", "2026-12-01", 240, "2026-12-01 02:00"},
        {"Europe/Tallinn", "2026-03-29", 180, "2026-03-29 01:00"}, /* the gap 03:00 to 04:00 */
        {"Europe/Tallinn", "2026-03-29", 210, "2026-03-29 01:00"},
        {"Europe/Tallinn", "2026-03-29", 240, "2026-03-29 01:00"},
        {"Europe/Tallinn", "2026-03-29", 241, "2026-03-29 01:01"},
        {"Europe/Tallinn", "2026-10-25", 180, "2026-10-25 00:00"}, /* 03:00 to 04:00 twice: the first */
        {"Europe/Tallinn", "2026-10-25", 210, "2026-10-25 00:30"},
        {"Europe/Tallinn", "2026-10-25", 240, "2026-10-25 02:00"},
        {"America/Havana", "2026-03-08", 0, "2026-03-08 05:00"}, /* no midnight: 01:00 follows 23:59 */
        {"America/Havana", "2026-11-01", 0, "2026-11-01 04:00"}, /* two midnights */
        {"Australia/Lord_Howe", "2026-04-05", 105, "2026-04-04 14:45"},
        {"Pacific/Apia", "2011-12-30", 0, "2011-12-30 10:00"}, /* a day that never was */
        {"Pacific/Apia", "2011-12-31", 0, "2011-12-30 10:00"},
        {"UTC", "1970-01-01", 0, "1970-01-01 00:00"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        int64_t start;
        print_message("%s %s\n", cases[i].zone, cases[i].day);
        assert_int_equal(
            civil_day_start(zone_of(cases[i].zone), day_of(cases[i].day), cases[i].day_starts, &start), 0);
        assert_int_equal(start, instant(cases[i].utc));
    }
}

static const char *const many_zones[] = {
    "Europe/Tallinn",      "America/New_York",
    "America/Havana",      "America/St_Johns",
    "Asia/Beirut",         "Africa/Casablanca",
    "America/Asuncion",    "Asia/Tehran",
    "Australia/Lord_Howe", "Pacific/Apia",
    "Antarctica/Troll",    "America/Sao_Paulo",
    "Asia/Kathmandu",      "UTC",
};

/* Every half hour of years with changes of all kinds lies in exactly one business day, and days never go
 * back. */
static void business_days_follow_each_other(void **state)
{
    (void)state;
    static const int32_t starts[] = {0, 1, 150, 240, 1439};
    const int64_t step = testing_is_slow() ? 7 * HOUR_MS / 2 : HOUR_MS / 2;
    static const char *const years[][2] = {{"2005-12-01 00:15", "2007-01-31 00:00"},
                                           {"2011-12-01 00:15", "2013-01-31 00:00"},
                                           {"2026-01-01 00:15", "2027-01-31 00:00"}};
    for (size_t i = 0; i < ARRAY_COUNT(many_zones) * ARRAY_COUNT(starts) * ARRAY_COUNT(years); i++) {
        struct zone *zone = zone_of(many_zones[i % ARRAY_COUNT(many_zones)]);
        const size_t rest = i / ARRAY_COUNT(many_zones);
        const int32_t day_starts = starts[rest % ARRAY_COUNT(starts)];
        const char *const *year = years[rest / ARRAY_COUNT(starts)];
        int64_t from = INT64_MIN;
        int64_t until = INT64_MIN;
        int32_t day = INT32_MIN;
        for (int64_t at = instant(year[0]); at < instant(year[1]); at += step) {
            struct civil_time time;
            assert_int_equal(civil_from_instant(zone, at, day_starts, &time), 0);
            if (time.day != day) {
                const bool follows = time.day > day && at >= until;
                assert_int_equal(civil_day_start(zone, time.day, day_starts, &from), 0);
                assert_int_equal(civil_day_start(zone, time.day + 1, day_starts, &until), 0);
                if (!follows || at < from) {
                    fail_msg("%s: day %d at %lld", zone->name, time.day, (long long)at);
                }
                day = time.day;
            }
            if (at >= until || time.weekday != (uint8_t)day_weekday(day)) {
                fail_msg("%s: day %d at %lld", zone->name, time.day, (long long)at);
            }
        }
    }
}

/* What is remembered gives the same answers as asking again. */
static void remembered_periods_answer_as_icu_does(void **state)
{
    (void)state;
    uint64_t random = 42;
    for (int i = 0; i < (testing_is_slow() ? 300 : 3000); i++) {
        struct zones fresh;
        struct zone *asked_anew;
        struct civil_time a;
        struct civil_time b;
        random = random * 6364136223846793005u + 1442695040888963407u;
        const char *name = many_zones[(random >> 33) % ARRAY_COUNT(many_zones)];
        const int64_t at =
            instant("1975-01-01 00:00") + (int64_t)((random >> 20) % (70u * 365 * 24 * 60)) * MINUTE_MS;
        zones_init(&fresh);
        assert_int_equal(zones_open(&fresh, name, &asked_anew), 0);
        assert_int_equal(civil_from_instant(zone_of(name), at, 240, &a), 0);
        assert_int_equal(civil_from_instant(asked_anew, at, 240, &b), 0);
        zones_fini(&fresh);
        assert_int_equal(a.day, b.day);
        assert_int_equal(a.calendar_day, b.calendar_day);
        assert_int_equal(a.minute, b.minute);
        assert_int_equal(a.offset_minutes, b.offset_minutes);
    }
}

static void names_that_are_no_zones(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",       "Europe/Talinn", "europe/tallinn",  "GMT+3",
        "PST",    "EST5EDT",       "Etc/Unknown",     "Europe/Tallinn ",
        "../UTC", "UTC\n",         "Europe/\xc3\xa4", "Europe/Tallinn/Europe/Tallinn/Europe/Tallinn",
    };
    struct zone *zone = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        if (zones_open(&zones, names[i], &zone) != ERR_NOT_FOUND) {
            fail_msg("opened: %s", names[i]);
        }
    }
    assert_null(zone);
}

static void a_zone_is_opened_once(void **state)
{
    (void)state;
    assert_ptr_equal(zone_of("Europe/Riga"), zone_of("Europe/Riga"));
    assert_ptr_not_equal(zone_of("Europe/Riga"), zone_of("Europe/Vilnius"));
}

static void instants_out_of_range_are_told(void **state)
{
    (void)state;
    struct civil_time time;
    int64_t start = 5;
    struct zone *zone = zone_of("Europe/Tallinn");
    assert_int_equal(civil_from_instant(zone, ZONE_INSTANT_MIN - 1, 0, &time), ERR_RANGE);
    assert_int_equal(civil_from_instant(zone, ZONE_INSTANT_MAX + 1, 0, &time), ERR_RANGE);
    assert_int_equal(civil_from_instant(zone, INT64_MIN, 0, &time), ERR_RANGE);
    assert_int_equal(civil_from_instant(zone, INT64_MAX, 1439, &time), ERR_RANGE);
    assert_int_equal(civil_day_start(zone, INT32_MAX, 0, &start), ERR_RANGE);
    assert_int_equal(civil_day_start(zone, INT32_MIN, 0, &start), ERR_RANGE);
    assert_int_equal(civil_day_start(zone, DAY_MAX, 1439, &start), ERR_RANGE);
    assert_int_equal(start, 5);
    for (size_t i = 0; i < ARRAY_COUNT(many_zones); i++) {
        assert_int_equal(civil_from_instant(zone_of(many_zones[i]), ZONE_INSTANT_MIN, 1439, &time), 0);
        assert_int_equal(civil_from_instant(zone_of(many_zones[i]), ZONE_INSTANT_MAX, 0, &time), 0);
        assert_true(time.day <= DAY_MAX);
    }
}

static void day_starts_after_the_day(void *argument)
{
    struct civil_time time;
    (void)!civil_from_instant(argument, 0, DAY_STARTS_MAX + 1, &time);
}

static void a_day_starts_within_the_day(void **state)
{
    (void)state;
    assert_true(testing_aborts(day_starts_after_the_day, zone_of("UTC")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_instants),
        cmocka_unit_test(known_day_starts),
        cmocka_unit_test(business_days_follow_each_other),
        cmocka_unit_test(remembered_periods_answer_as_icu_does),
        cmocka_unit_test(names_that_are_no_zones),
        cmocka_unit_test(a_zone_is_opened_once),
        cmocka_unit_test(instants_out_of_range_are_told),
        cmocka_unit_test(a_day_starts_within_the_day),
    };
    return cmocka_run_group_tests(tests, open_zones, close_zones);
}
