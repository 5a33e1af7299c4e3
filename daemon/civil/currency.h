/* ISO 4217 currencies. Any thread. */
#ifndef LOYALTY_CIVIL_CURRENCY_H
#define LOYALTY_CIVIL_CURRENCY_H

#include "base/error.h"

enum {
    CURRENCY_CODE_BYTES = 3,
    CURRENCY_DIGITS_MAX = 3,
};

/* The number of decimals of a currency's minor unit by ISO 4217, 0..CURRENCY_DIGITS_MAX. The code is three
 * capital letters, NUL-terminated. ERR_FORMAT for another shape, ERR_NOT_FOUND when it is no currency of
 * today, ERR_UNSUPPORTED for one with a finer unit (such as UYW) or none (gold, test codes). */
int currency_digits(const char *code, int *ret_digits) MUST_CHECK;

#endif
