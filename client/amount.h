/* Amounts, quantities and whole numbers, read strictly and written plainly. Money is in minor units,
 * quantities in thousandths; nothing passes through floating point. */
#ifndef LOYALTY_CLIENT_AMOUNT_H
#define LOYALTY_CLIENT_AMOUNT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AMOUNT_TEXT_BYTES = 48 };

/* The decimals of a currency by ISO 4217, 0 to 3: what a till must know to read "12.60". ERR_FORMAT: not
 * three capitals; ERR_UNSUPPORTED: a finer unit than thousandths. */
int amount_digits(const char *currency, int *ret_digits) MUST_CHECK;

/* Reads -?(0|[1-9][0-9]*)(.[0-9]{digits})?: a decimal point, and then all decimals of the unit or none at
 * all. ERR_FORMAT for anything else, ERR_RANGE beyond +-most. */
int amount_parse(const char *text, size_t size, int digits, int64_t most, int64_t *ret_amount) MUST_CHECK;

/* Reads a quantity such as "2" or "1.25" (up to three decimals) into thousandths; `ret_decimal` says whether
 * it had a decimal point, as weighed goods have. ERR_FORMAT, ERR_RANGE. */
int quantity_parse(const char *text, size_t size, int64_t *ret_quantity, bool *ret_decimal) MUST_CHECK;

/* Reads a whole number without sign. ERR_FORMAT, ERR_RANGE beyond `most`. */
int number_parse(const char *text, uint64_t most, uint64_t *ret_number) MUST_CHECK;

/* Fills `ret_text` with a number of 10^-digits units, such as "-12.60". */
void amount_format(int64_t amount, int digits, char ret_text[AMOUNT_TEXT_BYTES]);

/* Fills `ret_text` with thousandths without needless decimals: "2", "1.25". */
void quantity_format(int64_t quantity, char ret_text[AMOUNT_TEXT_BYTES]);

#endif
