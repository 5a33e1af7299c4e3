#include "client/amount.h"

#include "base/check.h"
#include "base/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int amount_digits(const char *currency, int *ret_digits)
{
    /* All others have two. */
    static const struct {
        const char *codes;
        int digits;
    } table[] = {
        {"BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ", 0},
        {"BHD IQD JOD KWD LYD OMR TND ", 3},
        {"CLF UYW ", -1},
    };
    if (strlen(currency) != 3 || strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3) {
        return ERR_FORMAT;
    }
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        for (const char *code = table[i].codes; *code != '\0'; code += 4) {
            if (strncmp(code, currency, 3) == 0) {
                if (table[i].digits < 0) {
                    return ERR_UNSUPPORTED;
                }
                *ret_digits = table[i].digits;
                return 0;
            }
        }
    }
    *ret_digits = 2;
    return 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal number with `least` to `most_decimals` decimals behind a point, or none and no point, in units of
 * 10^-most_decimals. */
static int decimal_parse(const char *text, size_t size, int least, int most_decimals, int64_t most,
                         int64_t *ret_value, int *ret_decimals)
{
    const bool negative = size > 0 && text[0] == '-';
    size_t i = negative ? 1 : 0;
    int64_t value = 0;
    int decimals = -1; /* -1: before the point */
    if (i >= size || !is_digit(text[i]) || (text[i] == '0' && i + 1 < size && text[i + 1] != '.')) {
        return ERR_FORMAT;
    }
    for (; i < size; i++) {
        if (text[i] == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (!is_digit(text[i]) || decimals == most_decimals) {
            return ERR_FORMAT;
        }
        decimals += decimals >= 0 ? 1 : 0;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, text[i] - '0', &value)) {
            return ERR_RANGE;
        }
    }
    if (decimals >= 0 && (decimals < least || decimals == 0)) {
        return ERR_FORMAT;
    }
    for (int d = decimals < 0 ? 0 : decimals; d < most_decimals; d++) {
        if (__builtin_mul_overflow(value, 10, &value)) {
            return ERR_RANGE;
        }
    }
    if (value > most) {
        return ERR_RANGE;
    }
    *ret_value = negative ? -value : value;
    *ret_decimals = decimals < 0 ? 0 : decimals;
    return 0;
}

int amount_parse(const char *text, size_t size, int digits, int64_t most, int64_t *ret_amount)
{
    CHECK(digits >= 0);
    CHECK(digits <= 3);
    int decimals = 0;
    return decimal_parse(text, size, digits, digits, most, ret_amount, &decimals);
}

int quantity_parse(const char *text, size_t size, int64_t *ret_quantity, bool *ret_decimal)
{
    int decimals = 0;
    const int error = decimal_parse(text, size, 1, 3, QUANTITY_MAX, ret_quantity, &decimals);
    if (error == 0) {
        *ret_decimal = decimals > 0;
    }
    return error;
}

int number_parse(const char *text, uint64_t most, uint64_t *ret_number)
{
    uint64_t value = 0;
    if (*text == '\0') {
        return ERR_FORMAT;
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (!is_digit(*c)) {
            return ERR_FORMAT;
        }
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*c - '0'), &value)) {
            return ERR_RANGE;
        }
    }
    if (value > most) {
        return ERR_RANGE;
    }
    *ret_number = value;
    return 0;
}

void amount_format(int64_t amount, int digits, char ret_text[AMOUNT_TEXT_BYTES])
{
    static const uint64_t scales[] = {1, 10, 100, 1000};
    CHECK(digits >= 0);
    CHECK(digits <= 3);
    const uint64_t magnitude = amount < 0 ? -(uint64_t)amount : (uint64_t)amount;
    const char *sign = amount < 0 ? "-" : "";
    if (digits == 0) {
        (void)snprintf(ret_text, AMOUNT_TEXT_BYTES, "%s%" PRIu64, sign, magnitude);
    } else {
        (void)snprintf(ret_text, AMOUNT_TEXT_BYTES, "%s%" PRIu64 ".%0*" PRIu64, sign,
                       magnitude / scales[digits], digits, magnitude % scales[digits]);
    }
}

void quantity_format(int64_t quantity, char ret_text[AMOUNT_TEXT_BYTES])
{
    amount_format(quantity, 3, ret_text);
    size_t size = strlen(ret_text);
    while (ret_text[size - 1] == '0') {
        size--;
    }
    if (ret_text[size - 1] == '.') {
        size--;
    }
    ret_text[size] = '\0';
}
