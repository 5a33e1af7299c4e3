#include "engine/calendar.h"

#include "base/check.h"
#include "model/day.h"

static int32_t term_add(const struct term *term, int32_t day)
{
    switch (term->unit) {
    case TERM_DAYS:
        return day_add(day, term->count);
    case TERM_MONTHS:
        return day_add_months(day, term->count);
    case TERM_YEARS:
        return day_add_years(day, term->count);
    case TERM_NEVER:
        break;
    }
    return DAY_NEVER;
}

int32_t term_end(const struct term *term, int32_t day)
{
    CHECK(term->count >= 0);
    const int32_t end = term_add(term, day);
    if (end == DAY_NEVER) {
        return end;
    }
    switch (term->round) {
    case TERM_EXACT:
        break;
    case TERM_END_OF_MONTH:
        return day_end_of_month(end);
    case TERM_END_OF_QUARTER:
        return day_end_of_quarter(end);
    case TERM_END_OF_YEAR:
        return day_end_of_year(end);
    }
    return end;
}

int32_t day_after(int32_t day)
{
    return day >= DAY_MAX ? day : day + 1;
}

/* The day so many years after the first: 29 February is 28 February of other years. */
static int32_t anniversary(int32_t enrolled, int32_t years)
{
    const struct term term = {.unit = TERM_YEARS, .count = years};
    return term_end(&term, enrolled);
}

/* The year that began on an anniversary. What came before the enrolment has a window of its own. */
static struct day_range anniversary_year(int32_t enrolled, int32_t day)
{
    if (day < enrolled) {
        return (struct day_range){DAY_MIN, enrolled - 1};
    }
    int32_t years = (int32_t)(((int64_t)day - enrolled) / 366);
    while (anniversary(enrolled, years + 1) <= day && anniversary(enrolled, years + 1) < DAY_MAX) {
        years++;
    }
    const int32_t next = anniversary(enrolled, years + 1);
    return (struct day_range){anniversary(enrolled, years), next < DAY_MAX ? next - 1 : DAY_MAX};
}

struct day_range window_range(const struct window *window, int32_t enrolled, int32_t day)
{
    switch (window->kind) {
    case WINDOW_LIFETIME:
        break;
    case WINDOW_CALENDAR_YEAR:
        return (struct day_range){day_start_of_year(day), day_end_of_year(day)};
    case WINDOW_DAY:
        return (struct day_range){day, day};
    case WINDOW_WEEK:
        return (struct day_range){day_start_of_week(day), day_add(day_start_of_week(day), 6)};
    case WINDOW_QUARTER:
        return (struct day_range){day_start_of_quarter(day), day_end_of_quarter(day)};
    case WINDOW_MONTH:
        return (struct day_range){day_start_of_month(day), day_end_of_month(day)};
    case WINDOW_ROLLING:
        CHECK(window->days > 0);
        return (struct day_range){day_add(day, 1 - (int64_t)window->days), day};
    case WINDOW_ANNIVERSARY_YEAR:
        return anniversary_year(enrolled, day);
    }
    return (struct day_range){DAY_MIN, DAY_MAX};
}
