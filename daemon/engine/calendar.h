/* Terms and windows on day numbers (model/day.h): how long something is valid, and over which days a metric
 * is summed. Any thread. */
#ifndef LOYALTY_ENGINE_CALENDAR_H
#define LOYALTY_ENGINE_CALENDAR_H

#include "model/programme.h"

#include <stdint.h>

/* The last valid day of what starts on `day`: start + term, then rounded up to the end of its month, quarter
 * or year. A term of 0 is that day only; TERM_NEVER gives DAY_NEVER. What would end after the calendar does
 * ends on DAY_MAX. */
int32_t term_end(const struct term *term, int32_t day);

/* The day after; the end of the calendar and DAY_NEVER stay. */
int32_t day_after(int32_t day);

struct day_range {
    int32_t first; /* both included */
    int32_t last;
};

/* The window that holds `day`, of a member enrolled on `enrolled`; of a rolling one, the window whose last
 * day it is. */
struct day_range window_range(const struct window *window, int32_t enrolled, int32_t day);

#endif
