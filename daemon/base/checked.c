#include "base/checked.h"

#include "base/check.h"

int checked_add(int64_t a, int64_t b, int64_t *ret_sum)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) {
        return ERR_OVERFLOW;
    }
    *ret_sum = sum;
    return 0;
}

int checked_sub(int64_t a, int64_t b, int64_t *ret_difference)
{
    int64_t difference;
    if (__builtin_sub_overflow(a, b, &difference)) {
        return ERR_OVERFLOW;
    }
    *ret_difference = difference;
    return 0;
}

int checked_mul(int64_t a, int64_t b, int64_t *ret_product)
{
    int64_t product;
    if (__builtin_mul_overflow(a, b, &product)) {
        return ERR_OVERFLOW;
    }
    *ret_product = product;
    return 0;
}

int checked_mul_div(int64_t a, int64_t b, int64_t divisor, enum rounding rounding, int64_t *ret_quotient)
{
    CHECK(divisor > 0);
    __extension__ typedef __int128 wide;
    const wide product = (wide)a * b;
    wide quotient = product / divisor;
    wide rest = product % divisor;
    if (rest < 0) {
        quotient -= 1;
        rest += divisor;
    }
    switch (rounding) {
    case ROUND_FLOOR:
        break;
    case ROUND_HALF_UP:
        quotient += 2 * rest >= divisor;
        break;
    case ROUND_CEIL:
        quotient += rest > 0;
        break;
    }
    if (quotient > INT64_MAX || quotient < INT64_MIN) {
        return ERR_OVERFLOW;
    }
    *ret_quotient = (int64_t)quotient;
    return 0;
}
