/* Languages of customers: which text to take, which plural form, how a number or an amount is written.
 * Numbers travel as integers with a number of decimals; none passes through floating point.
 * A `struct locales` and what is in it are used from one thread at a time. */
#ifndef LOYALTY_CIVIL_LOCALE_H
#define LOYALTY_CIVIL_LOCALE_H

#include "base/error.h"
#include "base/limits.h"
#include "model/plural.h"

#include <stddef.h>
#include <stdint.h>

enum {
    LOCALE_DIGITS_MAX = 3,    /* decimals of a number or an amount */
    LOCALE_NUMBER_BYTES = 96, /* room for any number or amount written in any locale, NUL included */
};

struct locale {
    char tag[LOCALE_BYTES_MAX + 1]; /* normalised */
    void *plural_rules;             /* ICU's, made at the first need */
    void *numbers[LOCALE_DIGITS_MAX + 1];
    void *money;
    char money_currency[4]; /* what `money` writes */
    int money_digits;
};

struct locales {
    struct locale locales[LOCALES_MAX];
    size_t count;
};

void locales_init(struct locales *locales);
void locales_fini(struct locales *locales);

/* Brings a BCP 47 language tag into its usual form ("ET-ee" becomes "et-EE"). ERR_FORMAT when it is none,
 * ERR_NOT_FOUND when ICU does not know its language, ERR_TOO_LARGE when it is longer than LOCALE_BYTES_MAX.
 */
int locale_normalise(const char *text, char ret_tag[LOCALE_BYTES_MAX + 1]) MUST_CHECK;

/* The place in `available` (normalised tags, `count` >= 1) of the one that serves a reader of `wanted` best:
 * the same language, then the same script, then the same region; the first of equals; 0, the merchant's first
 * language, when nothing fits or `wanted` is NULL, empty or no tag. */
size_t locale_choose(const char *const *available, size_t count, const char *wanted);

/* The locale of a normalised tag, opened once and kept until locales_fini. ERR_FORMAT and ERR_NOT_FOUND as
 * above; ERR_TOO_LARGE for more than LOCALES_MAX of them. */
int locales_open(struct locales *locales, const char *tag, struct locale **ret_locale) MUST_CHECK;

/* In all below: `value` counts units of 10^-digits, digits 0..LOCALE_DIGITS_MAX (1250 with 2 digits
 * is 12.50). ERR_NOMEM. */

/* The plural form that goes with a number written with all its decimals ("1 star", "1.0 stars"). */
int locale_plural(struct locale *locale, int64_t value, int digits, enum plural *ret_plural) MUST_CHECK;

/* Fills `ret_text`, NUL-terminated UTF-8; ERR_TOO_LARGE when `size` is too small (LOCALE_NUMBER_BYTES is
 * not). */
int locale_number(struct locale *locale, int64_t value, int digits, char *ret_text, size_t size) MUST_CHECK;

/* The same with the currency's sign, where the locale puts it. `currency` passed currency_digits. */
int locale_money(struct locale *locale, int64_t value, int digits, const char *currency, char *ret_text,
                 size_t size) MUST_CHECK;

#endif
