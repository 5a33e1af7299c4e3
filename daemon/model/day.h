/* Days of the proleptic Gregorian calendar as plain numbers: 0 is 1970-01-01, which was a Thursday.
 * Pure integer arithmetic for the years 1 to 9999, without zones: those are `civil`'s. Any thread. */
#ifndef LOYALTY_MODEL_DAY_H
#define LOYALTY_MODEL_DAY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DAY_MIN = -719162,   /* 0001-01-01 */
    DAY_MAX = 2932896,   /* 9999-12-31 */
    DAY_TEXT_BYTES = 11, /* "YYYY-MM-DD" and a NUL */
    DAY_MS = 24 * 60 * 60 * 1000,
};

/* Days of the week as ISO 8601 counts them. */
enum weekday {
    WEEKDAY_MONDAY = 1,
    WEEKDAY_TUESDAY,
    WEEKDAY_WEDNESDAY,
    WEEKDAY_THURSDAY,
    WEEKDAY_FRIDAY,
    WEEKDAY_SATURDAY,
    WEEKDAY_SUNDAY
};

struct date {
    int32_t year;  /* 1..9999 */
    int32_t month; /* 1..12 */
    int32_t day;   /* 1..31 */
};

/* Whether the calendar has this date, in the years 1 to 9999. */
bool day_is_date(int32_t year, int32_t month, int32_t day);

/* The number of a date that day_is_date. */
int32_t day_from_date(int32_t year, int32_t month, int32_t day);

/* For all functions below a `day` is DAY_MIN..DAY_MAX, and so is their answer: what would lie beyond is
 * DAY_MIN or DAY_MAX itself. */
struct date date_from_day(int32_t day);
enum weekday day_weekday(int32_t day);

int32_t day_add(int32_t day, int64_t days);
/* The same day of the month, or the month's last day where it is shorter: 31 January + 1 = 28 or 29 February.
 */
int32_t day_add_months(int32_t day, int64_t months);
/* As 12 months each. */
int32_t day_add_years(int32_t day, int64_t years);

int32_t day_start_of_week(int32_t day); /* its Monday */
int32_t day_start_of_month(int32_t day);
int32_t day_start_of_quarter(int32_t day);
int32_t day_start_of_year(int32_t day);

/* The last day of the month, quarter or year that holds `day`. */
int32_t day_end_of_month(int32_t day);
int32_t day_end_of_quarter(int32_t day);
int32_t day_end_of_year(int32_t day);

/* Reads exactly "YYYY-MM-DD" (`size` bytes, no NUL needed). ERR_FORMAT for another shape, ERR_RANGE for a
 * date the calendar does not have. */
int day_parse(const char *text, size_t size, int32_t *ret_day) MUST_CHECK;

/* Fills `ret_text` with "YYYY-MM-DD". */
void day_format(int32_t day, char ret_text[DAY_TEXT_BYTES]);

#endif
