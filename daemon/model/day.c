#include "model/day.h"

#include "base/check.h"

/* Years are counted from 1 March within cycles of 400, so that the leap day is the last of its year and every
 * month's start is a linear expression of its number. */
enum {
    CYCLE_YEARS = 400,
    CYCLE_DAYS = 146097,
    EPOCH_SHIFT = 719468, /* days from 0000-03-01 to 1970-01-01 */
};

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % CYCLE_YEARS == 0);
}

static int32_t month_days(int32_t year, int32_t month)
{
    static const int32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

static void check_day(int32_t day)
{
    CHECK(day >= DAY_MIN);
    CHECK(day <= DAY_MAX);
}

bool day_is_date(int32_t year, int32_t month, int32_t day)
{
    return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
           day <= month_days(year, month);
}

int32_t day_from_date(int32_t year, int32_t month, int32_t day)
{
    CHECK(day_is_date(year, month, day));
    const int32_t shifted_year = month > 2 ? year : year - 1;
    const int32_t shifted_month = month > 2 ? month - 3 : month + 9; /* March is 0 */
    const int32_t cycle = shifted_year / CYCLE_YEARS;
    const int32_t year_of_cycle = shifted_year % CYCLE_YEARS;
    const int32_t day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    const int32_t day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    return cycle * CYCLE_DAYS + day_of_cycle - EPOCH_SHIFT;
}

struct date date_from_day(int32_t day)
{
    check_day(day);
    const int32_t shifted = day + EPOCH_SHIFT; /* positive from year 1 on */
    const int32_t cycle = shifted / CYCLE_DAYS;
    const int32_t day_of_cycle = shifted % CYCLE_DAYS;
    const int32_t year_of_cycle =
        (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 - day_of_cycle / 146096) / 365;
    const int32_t day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    const int32_t shifted_month = (5 * day_of_year + 2) / 153;
    const int32_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    return (struct date){
        .year = cycle * CYCLE_YEARS + year_of_cycle + (month <= 2 ? 1 : 0),
        .month = month,
        .day = day_of_year - (153 * shifted_month + 2) / 5 + 1,
    };
}

enum weekday day_weekday(int32_t day)
{
    check_day(day);
    const int32_t from_monday = (day - DAY_MIN) % 7; /* 0001-01-01 was a Monday */
    return (enum weekday)(from_monday + 1);
}

int32_t day_add(int32_t day, int64_t days)
{
    check_day(day);
    int64_t sum;
    if (__builtin_add_overflow((int64_t)day, days, &sum)) {
        sum = days > 0 ? DAY_MAX : DAY_MIN;
    }
    return sum > DAY_MAX ? DAY_MAX : sum < DAY_MIN ? DAY_MIN : (int32_t)sum;
}

int32_t day_add_months(int32_t day, int64_t months)
{
    const struct date date = date_from_day(day);
    const int64_t first = 12; /* January of year 1, in months of year 0 */
    const int64_t last = 9999 * 12 + 11;
    int64_t month;
    if (__builtin_add_overflow((int64_t)date.year * 12 + date.month - 1, months, &month)) {
        return months > 0 ? DAY_MAX : DAY_MIN;
    }
    if (month < first || month > last) {
        return month < first ? DAY_MIN : DAY_MAX;
    }
    const int32_t new_year = (int32_t)(month / 12);
    const int32_t new_month = (int32_t)(month % 12) + 1;
    const int32_t longest = month_days(new_year, new_month);
    return day_from_date(new_year, new_month, date.day < longest ? date.day : longest);
}

int32_t day_add_years(int32_t day, int64_t years)
{
    int64_t months;
    if (__builtin_mul_overflow(years, 12, &months)) {
        return years > 0 ? DAY_MAX : DAY_MIN;
    }
    return day_add_months(day, months);
}

int32_t day_start_of_week(int32_t day)
{
    return day - ((int32_t)day_weekday(day) - 1);
}

int32_t day_start_of_month(int32_t day)
{
    return day - (date_from_day(day).day - 1);
}

int32_t day_start_of_quarter(int32_t day)
{
    const struct date date = date_from_day(day);
    return day_from_date(date.year, (date.month - 1) / 3 * 3 + 1, 1);
}

int32_t day_start_of_year(int32_t day)
{
    return day_from_date(date_from_day(day).year, 1, 1);
}

int32_t day_end_of_month(int32_t day)
{
    const struct date date = date_from_day(day);
    return day + month_days(date.year, date.month) - date.day;
}

int32_t day_end_of_quarter(int32_t day)
{
    const struct date date = date_from_day(day);
    const int32_t month = (date.month - 1) / 3 * 3 + 3;
    return day_from_date(date.year, month, month_days(date.year, month));
}

int32_t day_end_of_year(int32_t day)
{
    return day_from_date(date_from_day(day).year, 12, 31);
}

/* `count` digits as a number, or -1. */
static int32_t digits_read(const char *text, size_t count)
{
    int32_t value = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

int day_parse(const char *text, size_t size, int32_t *ret_day)
{
    CHECK(text != NULL || size == 0);
    if (size != DAY_TEXT_BYTES - 1 || text[4] != '-' || text[7] != '-') {
        return ERR_FORMAT;
    }
    const int32_t year = digits_read(text, 4);
    const int32_t month = digits_read(text + 5, 2);
    const int32_t day = digits_read(text + 8, 2);
    if (year < 0 || month < 0 || day < 0) {
        return ERR_FORMAT;
    }
    if (!day_is_date(year, month, day)) {
        return ERR_RANGE;
    }
    *ret_day = day_from_date(year, month, day);
    return 0;
}

static void digits_write(int32_t value, size_t count, char *to)
{
    for (size_t i = count; i-- > 0;) {
        to[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

void day_format(int32_t day, char ret_text[DAY_TEXT_BYTES])
{
    const struct date date = date_from_day(day);
    digits_write(date.year, 4, ret_text);
    ret_text[4] = '-';
    digits_write(date.month, 2, ret_text + 5);
    ret_text[7] = '-';
    digits_write(date.day, 2, ret_text + 8);
    ret_text[10] = '\0';
}
