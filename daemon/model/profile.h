/* What is known of the person behind a member's number. Never in the log: a context holds one
 * bit for each question a programme asks of it. */
#ifndef LOYALTY_MODEL_PROFILE_H
#define LOYALTY_MODEL_PROFILE_H

#include "base/limits.h"

#include <stddef.h>
#include <stdint.h>

/* The fields are those of loyalty.Profile in proto/loyalty/wire.proto. */
struct profile {
    const char *name; /* NULL: not known; so are the other texts */
    const char *phone;
    const char *mail;
    int32_t birth_month; /* 1 to 12; 0: the birthday is not known */
    int32_t birth_day;   /* 1 to 31, a day of that month */
    int32_t birth_year;  /* 0: not told */
    const char *locale;
    const char *const *segments; /* ids */
    size_t segments_count;
    const char *const *consents; /* ids */
    size_t consents_count;
};

#endif
