#include "client/clock.h"

#include "base/check.h"
#include "crypto/crypto.h"
#include "model/day.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    CHECK(clock_gettime(id, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void clock_sleep_ms(int64_t duration_ms)
{
    if (duration_ms > 0) {
        const struct timespec rest = {.tv_sec = duration_ms / 1000,
                                      .tv_nsec = (duration_ms % 1000) * 1000000};
        /* A signal may cut it short: whoever sleeps looks at the clock again. */
        (void)nanosleep(&rest, NULL);
    }
}

static int64_t world_wall_ms(void *context)
{
    (void)context;
    return clock_wall_ms();
}

static int64_t world_monotonic_ms(void *context)
{
    (void)context;
    return clock_monotonic_ms();
}

const struct world client_world = {
    .wall_ms = world_wall_ms, .monotonic_ms = world_monotonic_ms, .random = crypto_world_random};

int32_t clock_local_day(int64_t instant_ms)
{
    const time_t seconds = (time_t)(instant_ms / 1000);
    struct tm local;
    if (localtime_r(&seconds, &local) == NULL) {
        return (int32_t)(instant_ms / DAY_MS);
    }
    return day_from_date(local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
}

/* Reads exactly `digits` digits at *cursor, at most `most`, and moves it on. */
static bool take_number(const char **cursor, int digits, int most, int *ret_number)
{
    int number = 0;
    for (int i = 0; i < digits; i++) {
        const char c = (*cursor)[i];
        if (c < '0' || c > '9') {
            return false;
        }
        number = number * 10 + (c - '0');
    }
    *cursor += digits;
    *ret_number = number;
    return number <= most;
}

static bool take_char(const char **cursor, char wanted)
{
    if (**cursor != wanted) {
        return false;
    }
    (*cursor)++;
    return true;
}

/* Up to three decimals of a second behind a point; none is 0. */
static bool take_milliseconds(const char **cursor, int *ret_milliseconds)
{
    int value = 0;
    int scale = 100;
    if (take_char(cursor, '.')) {
        if (**cursor < '0' || **cursor > '9') {
            return false;
        }
        for (; **cursor >= '0' && **cursor <= '9'; (*cursor)++) {
            value += (**cursor - '0') * scale;
            scale /= 10;
        }
    }
    *ret_milliseconds = value;
    return true;
}

static bool take_offset(const char **cursor, int *ret_minutes)
{
    if (take_char(cursor, 'Z') || take_char(cursor, 'z')) {
        *ret_minutes = 0;
        return true;
    }
    const int sign = **cursor == '-' ? -1 : 1;
    int hours = 0;
    int minutes = 0;
    if (!take_char(cursor, '+') && !take_char(cursor, '-')) {
        return false;
    }
    if (!take_number(cursor, 2, 23, &hours) || !take_char(cursor, ':') ||
        !take_number(cursor, 2, 59, &minutes)) {
        return false;
    }
    *ret_minutes = sign * (hours * 60 + minutes);
    return true;
}

int instant_parse(const char *text, int64_t *ret_instant_ms, int32_t *ret_day)
{
    enum { DATE_BYTES = 10 };
    int32_t day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int milliseconds = 0;
    int offset = 0;
    if (strnlen(text, DATE_BYTES) < DATE_BYTES) {
        return ERR_FORMAT;
    }
    const int error = day_parse(text, DATE_BYTES, &day);
    if (error != 0) {
        return error;
    }
    const char *cursor = text + DATE_BYTES;
    if (!take_char(&cursor, 'T') && !take_char(&cursor, 't') && !take_char(&cursor, ' ')) {
        return ERR_FORMAT;
    }
    if (!take_number(&cursor, 2, 23, &hour) || !take_char(&cursor, ':') ||
        !take_number(&cursor, 2, 59, &minute) || !take_char(&cursor, ':') ||
        !take_number(&cursor, 2, 59, &second) || !take_milliseconds(&cursor, &milliseconds) ||
        !take_offset(&cursor, &offset) || *cursor != '\0') {
        return ERR_FORMAT;
    }
    const int64_t seconds = (int64_t)(hour * 60 + minute - offset) * 60 + second;
    const int64_t instant = (int64_t)day * DAY_MS + seconds * 1000 + milliseconds;
    if (instant < 0) {
        return ERR_RANGE;
    }
    *ret_instant_ms = instant;
    if (ret_day != NULL) {
        *ret_day = day;
    }
    return 0;
}

int instant_parse_local(const char *text, int32_t day, int64_t *ret_instant_ms)
{
    const char *cursor = text;
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (!take_number(&cursor, 2, 23, &hour) || !take_char(&cursor, ':') ||
        !take_number(&cursor, 2, 59, &minute)) {
        return ERR_FORMAT;
    }
    if (*cursor != '\0' &&
        (!take_char(&cursor, ':') || !take_number(&cursor, 2, 59, &second) || *cursor != '\0')) {
        return ERR_FORMAT;
    }
    const struct date date = date_from_day(day);
    struct tm local = {.tm_year = date.year - 1900,
                       .tm_mon = date.month - 1,
                       .tm_mday = date.day,
                       .tm_hour = hour,
                       .tm_min = minute,
                       .tm_sec = second,
                       .tm_isdst = -1};
    const time_t seconds = mktime(&local);
    if (seconds < 0) {
        return ERR_RANGE;
    }
    *ret_instant_ms = (int64_t)seconds * 1000;
    return 0;
}

void instant_format_local(int64_t instant_ms, char ret_text[INSTANT_TEXT_BYTES])
{
    const time_t seconds = (time_t)(instant_ms / 1000);
    struct tm local;
    if (localtime_r(&seconds, &local) == NULL ||
        strftime(ret_text, INSTANT_TEXT_BYTES, "%Y-%m-%d %H:%M:%S", &local) == 0) {
        (void)snprintf(ret_text, INSTANT_TEXT_BYTES, "%" PRId64 " ms", instant_ms);
    }
}

void instant_format(int64_t instant_ms, char ret_text[INSTANT_TEXT_BYTES])
{
    const time_t seconds = (time_t)(instant_ms / 1000);
    struct tm utc;
    char start[INSTANT_TEXT_BYTES];
    if (instant_ms < 0 || gmtime_r(&seconds, &utc) == NULL ||
        strftime(start, sizeof(start), "%Y-%m-%dT%H:%M:%S", &utc) == 0) {
        (void)snprintf(ret_text, INSTANT_TEXT_BYTES, "%" PRId64, instant_ms);
        return;
    }
    (void)snprintf(ret_text, INSTANT_TEXT_BYTES, "%.20s.%03dZ", start, (int)(instant_ms % 1000));
}
