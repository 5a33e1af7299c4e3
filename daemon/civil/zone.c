#include "civil/zone.h"

#include "base/check.h"
#include "model/day.h"

#include <string.h>
#include <unicode/ucal.h>

enum {
    MINUTE_MS = 60 * 1000,
    NAME_UNITS_MAX = ZONE_NAME_BYTES_MAX + 1,
    /* No zone ever had more than a few transitions within the two days that a day's start is looked for. */
    STEPS_MAX = 16,
};

/* Around the instants zones answer for there is room for the largest offset and a day each way, so that ICU
 * is never asked about the far ends of its own range. */
#define REACH_MS (4LL * DAY_MS)

/* a / b rounded towards minus infinity. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

void zones_init(struct zones *zones)
{
    memset(zones, 0, sizeof(*zones));
}

void zones_fini(struct zones *zones)
{
    for (size_t i = 0; i < zones->count; i++) {
        ucal_close(zones->zones[i].calendar);
    }
    zones_init(zones);
}

/* IANA names are ASCII; ICU also takes things that are none ("GMT+3", "EST5EDT", "PST"). */
static bool name_to_units(const char *name, UChar ret_units[NAME_UNITS_MAX], int32_t *ret_count)
{
    const size_t size = strnlen(name, ZONE_NAME_BYTES_MAX + 1);
    if (size == 0 || size > ZONE_NAME_BYTES_MAX ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+/") != size) {
        return false;
    }
    if (strcmp(name, "UTC") != 0 && (strchr(name, '/') == NULL || strcmp(name, "Etc/Unknown") == 0)) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        ret_units[i] = (UChar)name[i];
    }
    *ret_count = (int32_t)size;
    return true;
}

static int open_zone(const char *name, struct zone *zone)
{
    UChar units[NAME_UNITS_MAX];
    UChar canonical[128];
    int32_t count;
    UBool is_system = 0;
    UErrorCode status = U_ZERO_ERROR;
    if (!name_to_units(name, units, &count)) {
        return ERR_NOT_FOUND;
    }
    (void)ucal_getCanonicalTimeZoneID(units, count, canonical, sizeof(canonical) / sizeof(canonical[0]),
                                      &is_system, &status);
    if (U_FAILURE(status) || !is_system) {
        return ERR_NOT_FOUND;
    }
    UCalendar *calendar = ucal_open(units, count, "en", UCAL_GREGORIAN, &status);
    if (U_FAILURE(status)) {
        ucal_close(calendar);
        return ERR_NOMEM;
    }
    memset(zone, 0, sizeof(*zone));
    memcpy(zone->name, name, (size_t)count);
    zone->calendar = calendar;
    return 0;
}

int zones_open(struct zones *zones, const char *name, struct zone **ret_zone)
{
    for (size_t i = 0; i < zones->count; i++) {
        if (strcmp(zones->zones[i].name, name) == 0) {
            *ret_zone = &zones->zones[i];
            return 0;
        }
    }
    struct zone zone;
    const int result = open_zone(name, &zone);
    if (result < 0) {
        return result;
    }
    if (zones->count == ZONES_MAX) {
        ucal_close(zone.calendar);
        return ERR_TOO_LARGE;
    }
    struct zone *place = &zones->zones[zones->count++];
    *place = zone;
    *ret_zone = place;
    return 0;
}

/* ICU's times are whole milliseconds held in a type that is exact far beyond our range. */
static int ask_period(struct zone *zone, int64_t instant_ms, struct zone_period *ret_period)
{
    UErrorCode status = U_ZERO_ERROR;
    UDate transition;
    ucal_setMillis(zone->calendar, (UDate)instant_ms, &status);
    struct zone_period period = {
        .from_ms = INT64_MIN,
        .until_ms = INT64_MAX,
        .offset_ms = (int64_t)ucal_get(zone->calendar, UCAL_ZONE_OFFSET, &status) +
                     ucal_get(zone->calendar, UCAL_DST_OFFSET, &status),
    };
    if (ucal_getTimeZoneTransitionDate(zone->calendar, UCAL_TZ_TRANSITION_PREVIOUS_INCLUSIVE, &transition,
                                       &status)) {
        period.from_ms = (int64_t)transition;
    }
    if (ucal_getTimeZoneTransitionDate(zone->calendar, UCAL_TZ_TRANSITION_NEXT, &transition, &status)) {
        period.until_ms = (int64_t)transition;
    }
    if (U_FAILURE(status)) {
        return ERR_NOMEM;
    }
    CHECK(period.from_ms <= instant_ms);
    CHECK(instant_ms < period.until_ms);
    *ret_period = period;
    return 0;
}

static int find_period(struct zone *zone, int64_t instant_ms, struct zone_period *ret_period)
{
    for (uint32_t i = 0; i < zone->period_count; i++) {
        const struct zone_period *period = &zone->periods[i];
        if (period->from_ms <= instant_ms && instant_ms < period->until_ms) {
            *ret_period = *period;
            return 0;
        }
    }
    const int result = ask_period(zone, instant_ms, ret_period);
    if (result == 0) {
        zone->periods[zone->period_next] = *ret_period;
        zone->period_next = (zone->period_next + 1) % ZONE_PERIODS_MAX;
        zone->period_count += zone->period_count < ZONE_PERIODS_MAX ? 1 : 0;
    }
    return result;
}

/* The first instant at which the clock on the wall shows `wall_ms` (as if it were UTC) or later. */
static int first_at_wall(struct zone *zone, int64_t wall_ms, int64_t *ret_ms)
{
    /* No clock is a day or more ahead of UTC or behind it, so the answer lies in this period or a later one.
     */
    int64_t from_ms = wall_ms - DAY_MS;
    for (int step = 0; step < STEPS_MAX; step++) {
        struct zone_period period;
        const int result = find_period(zone, from_ms, &period);
        if (result < 0) {
            return result;
        }
        const int64_t candidate = wall_ms - period.offset_ms;
        const int64_t at_ms = candidate > from_ms ? candidate : from_ms;
        if (at_ms < period.until_ms) {
            *ret_ms = at_ms;
            return 0;
        }
        from_ms = period.until_ms;
    }
    return ERR_RANGE;
}

int civil_day_start(struct zone *zone, int32_t day, int32_t day_starts_minutes, int64_t *ret_ms)
{
    int64_t at_ms;
    CHECK(day_starts_minutes >= 0);
    CHECK(day_starts_minutes <= DAY_STARTS_MAX);
    const int64_t wall_ms = (int64_t)day * DAY_MS + (int64_t)day_starts_minutes * MINUTE_MS;
    if (wall_ms < ZONE_INSTANT_MIN - REACH_MS || wall_ms > ZONE_INSTANT_MAX + REACH_MS) {
        return ERR_RANGE;
    }
    const int result = first_at_wall(zone, wall_ms, &at_ms);
    if (result < 0) {
        return result;
    }
    if (at_ms < ZONE_INSTANT_MIN || at_ms > ZONE_INSTANT_MAX) {
        return ERR_RANGE;
    }
    *ret_ms = at_ms;
    return 0;
}

/* Where the clocks change around a day's start, the wall may show a time before it again, or never show it:
 * then the instant at which the day starts decides, so that days follow each other without going back. */
static int settle_day(struct zone *zone, int64_t instant_ms, int64_t starts_ms, int32_t *day)
{
    for (int step = 0; step < STEPS_MAX; step++) {
        int64_t start_ms;
        int64_t end_ms;
        int result = first_at_wall(zone, (int64_t)*day * DAY_MS + starts_ms, &start_ms);
        if (result < 0) {
            return result;
        }
        result = first_at_wall(zone, ((int64_t)*day + 1) * DAY_MS + starts_ms, &end_ms);
        if (result < 0) {
            return result;
        }
        if (instant_ms < start_ms) {
            *day -= 1;
        } else if (instant_ms >= end_ms) {
            *day += 1;
        } else {
            return 0;
        }
    }
    return ERR_RANGE;
}

int civil_from_instant(struct zone *zone, int64_t instant_ms, int32_t day_starts_minutes,
                       struct civil_time *ret_time)
{
    struct zone_period period;
    CHECK(day_starts_minutes >= 0);
    CHECK(day_starts_minutes <= DAY_STARTS_MAX);
    if (instant_ms < ZONE_INSTANT_MIN || instant_ms > ZONE_INSTANT_MAX) {
        return ERR_RANGE;
    }
    int result = find_period(zone, instant_ms, &period);
    if (result < 0) {
        return result;
    }
    const int64_t starts_ms = (int64_t)day_starts_minutes * MINUTE_MS;
    const int64_t wall_ms = instant_ms + period.offset_ms;
    const int64_t calendar_day = floor_div(wall_ms, DAY_MS);
    int32_t day = (int32_t)floor_div(wall_ms - starts_ms, DAY_MS);
    /* The first comparison cannot overflow: periods end at transitions of the last centuries or not at all.
     */
    const bool near_change = (period.from_ms != INT64_MIN && instant_ms - period.from_ms < 2LL * DAY_MS) ||
                             (period.until_ms != INT64_MAX && period.until_ms - instant_ms < 2LL * DAY_MS);
    if (near_change) {
        result = settle_day(zone, instant_ms, starts_ms, &day);
        if (result < 0) {
            return result;
        }
    }
    *ret_time = (struct civil_time){
        .day = day,
        .calendar_day = (int32_t)calendar_day,
        .minute = (int32_t)((wall_ms - calendar_day * DAY_MS) / MINUTE_MS),
        .offset_minutes = (int32_t)(period.offset_ms / MINUTE_MS),
        .weekday = (uint8_t)day_weekday(day),
    };
    return 0;
}
