/* Time zones: instants to civil times and business days to instants. The only place that knows of summer
 * time. A `struct zones` and the zones in it are used from one thread at a time. */
#ifndef LOYALTY_CIVIL_ZONE_H
#define LOYALTY_CIVIL_ZONE_H

#include "base/error.h"
#include "model/civil_time.h"

#include <stddef.h>
#include <stdint.h>

enum {
    ZONE_NAME_BYTES_MAX = 40,
    ZONES_MAX = 128,       /* different zones one process opens */
    ZONE_PERIODS_MAX = 4,  /* stretches of constant offset remembered for each zone */
    DAY_STARTS_MAX = 1439, /* minutes after midnight */
};

/* Instants zones answer for: 1900-01-01 to 9999-12-30, UTC. */
#define ZONE_INSTANT_MIN (-2208988800000LL)
#define ZONE_INSTANT_MAX 253402214399999LL

/* A stretch of time with one offset: from <= instant < until. */
struct zone_period {
    int64_t from_ms;
    int64_t until_ms;
    int64_t offset_ms; /* what the clock on the wall is ahead of UTC */
};

struct zone {
    char name[ZONE_NAME_BYTES_MAX + 1]; /* as it was asked for */
    void *calendar;                     /* ICU's */
    struct zone_period periods[ZONE_PERIODS_MAX];
    uint32_t period_count;
    uint32_t period_next; /* the one to be replaced next */
};

struct zones {
    struct zone zones[ZONES_MAX];
    size_t count;
};

void zones_init(struct zones *zones);
void zones_fini(struct zones *zones);

/* The zone of an IANA name ("Europe/Tallinn", "UTC"), opened once and kept until zones_fini; the pointer
 * stays valid until then. ERR_NOT_FOUND for any other name, ERR_TOO_LARGE for more than ZONES_MAX zones,
 * ERR_NOMEM. */
int zones_open(struct zones *zones, const char *name, struct zone **ret_zone) MUST_CHECK;

/* What people of the zone call an instant (ms UTC). A business day d holds the instants from
 * civil_day_start(d) until civil_day_start(d + 1), whatever the clocks do; day_starts_minutes is
 * 0..DAY_STARTS_MAX. An offset with seconds (before 1973) is cut to minutes in `offset_minutes` only.
 * ERR_RANGE for an instant outside ZONE_INSTANT_MIN..MAX. Repeated calls within one period do no ICU work. */
int civil_from_instant(struct zone *zone, int64_t instant_ms, int32_t day_starts_minutes,
                       struct civil_time *ret_time) MUST_CHECK;

/* The first instant at which the clock on the wall shows day_starts of that day or later: a time that the
 * clock skips is the end of the gap, one that comes twice is the first of the two. ERR_RANGE for a day whose
 * start lies outside ZONE_INSTANT_MIN..MAX. */
int civil_day_start(struct zone *zone, int32_t day, int32_t day_starts_minutes, int64_t *ret_ms) MUST_CHECK;

#endif
