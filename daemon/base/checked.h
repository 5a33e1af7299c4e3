/* Checked arithmetic on points and money. `ret_` is written only on success.
 * Every function returns 0 or ERR_OVERFLOW. */
#ifndef LOYALTY_BASE_CHECKED_H
#define LOYALTY_BASE_CHECKED_H

#include "base/error.h"

#include <stdint.h>

int checked_add(int64_t a, int64_t b, int64_t *ret_sum) MUST_CHECK;
int checked_sub(int64_t a, int64_t b, int64_t *ret_difference) MUST_CHECK;
int checked_mul(int64_t a, int64_t b, int64_t *ret_product) MUST_CHECK;

enum rounding { ROUND_FLOOR, ROUND_HALF_UP, ROUND_CEIL };

/* a * b / divisor, the product held in 128 bits; divisor > 0. Floor and ceil go towards minus and plus
 * infinity, half up rounds a half towards plus infinity. */
int checked_mul_div(int64_t a, int64_t b, int64_t divisor, enum rounding rounding,
                    int64_t *ret_quotient) MUST_CHECK;

/* The smaller of two. */
static inline int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
