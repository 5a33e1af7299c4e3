/* Clocks of the machine, dates and times as people write them. */
#ifndef LOYALTY_CLIENT_CLOCK_H
#define LOYALTY_CLIENT_CLOCK_H

#include "base/error.h"
#include "base/world.h"

#include <stdint.h>

enum { INSTANT_TEXT_BYTES = 32 };

/* The real world: system clocks and libsodium's randomness (crypto_init first). */
extern const struct world client_world;

int64_t clock_wall_ms(void);      /* milliseconds since 1970 UTC */
int64_t clock_monotonic_ms(void); /* never falls */
void clock_sleep_ms(int64_t duration_ms);

/* An instant as people of this machine's zone read it: the day (model/day.h) it belongs to. */
int32_t clock_local_day(int64_t instant_ms);

/* Reads RFC 3339, such as "2026-12-01T08:05:00+02:00" or "...Z", the year 1970 to 9999, with up to three
 * decimals of a second. `ret_day` (may be NULL) gets the date as written. ERR_FORMAT, ERR_RANGE. */
int instant_parse(const char *text, int64_t *ret_instant_ms, int32_t *ret_day) MUST_CHECK;

/* "HH:MM" or "HH:MM:SS" of a day in this machine's zone. ERR_FORMAT, ERR_RANGE. */
int instant_parse_local(const char *text, int32_t day, int64_t *ret_instant_ms) MUST_CHECK;

/* Fills `ret_text` with "2026-12-01 08:05:00" in this machine's zone, or with "2026-12-01T06:05:00.123Z". */
void instant_format_local(int64_t instant_ms, char ret_text[INSTANT_TEXT_BYTES]);
void instant_format(int64_t instant_ms, char ret_text[INSTANT_TEXT_BYTES]);

#endif
