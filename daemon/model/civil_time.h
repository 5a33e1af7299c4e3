/* An instant as people of a place read it. Computed once, at the border (civil/zone.h), recorded in the
 * context and passed to the engine as data. */
#ifndef LOYALTY_MODEL_CIVIL_TIME_H
#define LOYALTY_MODEL_CIVIL_TIME_H

#include <stdint.h>

struct civil_time {
    int32_t day;          /* the business day, as model/day.h counts: it starts at the place's `day_starts` */
    int32_t calendar_day; /* the date the calendar on the wall shows; `day` or the day after it */
    int32_t minute;       /* of the clock on the wall, 0..1439 */
    int32_t offset_minutes; /* what that clock is ahead of UTC, -1440..1440 */
    uint8_t weekday;        /* of the business day: 1 Monday .. 7 Sunday */
};

#endif
