#include "civil/locale.h"

#include "base/check.h"
#include "base/text.h"

#include <string.h>
#include <unicode/uloc.h>
#include <unicode/unumberformatter.h>
#include <unicode/upluralrules.h>
#include <unicode/ustring.h>

enum {
    LOCALE_ID_BYTES = 64, /* ICU's form of a tag of LOCALE_BYTES_MAX, with likely subtags */
    DECIMAL_BYTES = 24,   /* a sign, 19 digits, a point and a NUL */
    SKELETON_UNITS = 48,
    KEYWORD_UNITS = 8,
};

void locales_init(struct locales *locales)
{
    memset(locales, 0, sizeof(*locales));
}

void locales_fini(struct locales *locales)
{
    for (size_t i = 0; i < locales->count; i++) {
        struct locale *locale = &locales->locales[i];
        uplrules_close(locale->plural_rules);
        for (size_t digits = 0; digits <= LOCALE_DIGITS_MAX; digits++) {
            unumf_close(locale->numbers[digits]);
        }
        unumf_close(locale->money);
    }
    locales_init(locales);
}

/* ICU's name of a well-formed tag. */
static int tag_to_id(const char *tag, char ret_id[LOCALE_ID_BYTES])
{
    int32_t parsed = 0;
    UErrorCode status = U_ZERO_ERROR;
    const size_t size = strnlen(tag, LOCALE_ID_BYTES);
    if (size == 0 || size == LOCALE_ID_BYTES) {
        return ERR_FORMAT;
    }
    (void)uloc_forLanguageTag(tag, ret_id, LOCALE_ID_BYTES, &parsed, &status);
    if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING || (size_t)parsed != size) {
        return ERR_FORMAT;
    }
    return 0;
}

int locale_normalise(const char *text, char ret_tag[LOCALE_BYTES_MAX + 1])
{
    char id[LOCALE_ID_BYTES];
    char tag[LOCALE_ID_BYTES];
    UErrorCode status = U_ZERO_ERROR;
    const int result = tag_to_id(text, id);
    if (result < 0) {
        return result;
    }
    if (uloc_getISO3Language(id)[0] == '\0') {
        return ERR_NOT_FOUND;
    }
    const int32_t size = uloc_toLanguageTag(id, tag, sizeof(tag), 1, &status);
    if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING) {
        return ERR_FORMAT;
    }
    if (size > LOCALE_BYTES_MAX) {
        return ERR_TOO_LARGE;
    }
    memcpy(ret_tag, tag, (size_t)size + 1);
    return 0;
}

/* Language, script and region, with what is likely where the tag is silent: "zh-TW" is Chinese, traditional.
 */
struct subtags {
    char language[ULOC_LANG_CAPACITY];
    char script[ULOC_SCRIPT_CAPACITY];
    char region[ULOC_COUNTRY_CAPACITY];
};

static int find_subtags(const char *tag, struct subtags *ret_subtags)
{
    char id[LOCALE_ID_BYTES];
    char full[LOCALE_ID_BYTES];
    UErrorCode status = U_ZERO_ERROR;
    const int result = tag_to_id(tag, id);
    if (result < 0) {
        return result;
    }
    (void)uloc_addLikelySubtags(id, full, sizeof(full), &status);
    (void)uloc_getLanguage(full, ret_subtags->language, ULOC_LANG_CAPACITY, &status);
    (void)uloc_getScript(full, ret_subtags->script, ULOC_SCRIPT_CAPACITY, &status);
    (void)uloc_getCountry(full, ret_subtags->region, ULOC_COUNTRY_CAPACITY, &status);
    return U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING ? ERR_FORMAT : 0;
}

size_t locale_choose(const char *const *available, size_t count, const char *wanted)
{
    struct subtags want;
    size_t best = 0;
    int best_score = 0;
    CHECK(count >= 1);
    if (wanted == NULL || find_subtags(wanted, &want) < 0) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct subtags have;
        if (find_subtags(available[i], &have) < 0 || strcmp(have.language, want.language) != 0) {
            continue;
        }
        const int score = 4 + (strcmp(have.script, want.script) == 0 ? 2 : 0) +
                          (strcmp(have.region, want.region) == 0 ? 1 : 0);
        if (score > best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

int locales_open(struct locales *locales, const char *tag, struct locale **ret_locale)
{
    char normalised[LOCALE_BYTES_MAX + 1];
    const int result = locale_normalise(tag, normalised);
    if (result < 0) {
        return result;
    }
    for (size_t i = 0; i < locales->count; i++) {
        if (strcmp(locales->locales[i].tag, normalised) == 0) {
            *ret_locale = &locales->locales[i];
            return 0;
        }
    }
    if (locales->count == LOCALES_MAX) {
        return ERR_TOO_LARGE;
    }
    struct locale *locale = &locales->locales[locales->count++];
    memcpy(locale->tag, normalised, sizeof(normalised));
    *ret_locale = locale;
    return 0;
}

static int open_formatter(const char *tag, const char *skeleton, UNumberFormatter **ret_formatter)
{
    char id[LOCALE_ID_BYTES];
    UChar units[SKELETON_UNITS];
    UErrorCode status = U_ZERO_ERROR;
    const int32_t size = (int32_t)strlen(skeleton);
    CHECK(size < SKELETON_UNITS);
    u_charsToUChars(skeleton, units, size);
    const int result = tag_to_id(tag, id);
    if (result < 0) {
        return result;
    }
    UNumberFormatter *formatter = unumf_openForSkeletonAndLocale(units, size, id, &status);
    if (U_FAILURE(status)) {
        unumf_close(formatter);
        return ERR_NOMEM;
    }
    *ret_formatter = formatter;
    return 0;
}

/* All decimals are written, no more and no fewer. */
static const char *precision(int digits)
{
    static const char *const texts[LOCALE_DIGITS_MAX + 1] = {"precision-integer", ".0", ".00", ".000"};
    CHECK(digits >= 0);
    CHECK(digits <= LOCALE_DIGITS_MAX);
    return texts[digits];
}

static int number_formatter(struct locale *locale, int digits, UNumberFormatter **ret_formatter)
{
    const char *skeleton = precision(digits);
    if (locale->numbers[digits] == NULL) {
        UNumberFormatter *formatter;
        const int result = open_formatter(locale->tag, skeleton, &formatter);
        if (result < 0) {
            return result;
        }
        locale->numbers[digits] = formatter;
    }
    *ret_formatter = locale->numbers[digits];
    return 0;
}

static int money_formatter(struct locale *locale, int digits, const char *currency,
                           UNumberFormatter **ret_formatter)
{
    char skeleton[SKELETON_UNITS];
    struct text text;
    CHECK(strlen(currency) < sizeof(locale->money_currency));
    if (locale->money == NULL || strcmp(locale->money_currency, currency) != 0 ||
        locale->money_digits != digits) {
        UNumberFormatter *formatter;
        text_init(&text, skeleton, sizeof(skeleton));
        text_add(&text, "currency/%s %s", currency, precision(digits));
        const int result = open_formatter(locale->tag, skeleton, &formatter);
        if (result < 0) {
            return result;
        }
        unumf_close(locale->money);
        locale->money = formatter;
        locale->money_digits = digits;
        memcpy(locale->money_currency, currency, strlen(currency) + 1);
    }
    *ret_formatter = locale->money;
    return 0;
}

/* "-12.50" of -1250 with 2 digits. */
static void decimal_text(int64_t value, int digits, char ret_text[DECIMAL_BYTES])
{
    struct text text;
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    uint64_t scale = 1;
    for (int i = 0; i < digits; i++) {
        scale *= 10;
    }
    text_init(&text, ret_text, DECIMAL_BYTES);
    text_add(&text, "%s%llu", value < 0 ? "-" : "", (unsigned long long)(magnitude / scale));
    if (digits > 0) {
        text_add(&text, ".%0*llu", digits, (unsigned long long)(magnitude % scale));
    }
    CHECK(!text.cut);
}

/* The caller closes `ret_formatted`. */
static int format(const UNumberFormatter *formatter, int64_t value, int digits,
                  UFormattedNumber **ret_formatted)
{
    char decimal[DECIMAL_BYTES];
    UErrorCode status = U_ZERO_ERROR;
    decimal_text(value, digits, decimal);
    UFormattedNumber *formatted = unumf_openResult(&status);
    unumf_formatDecimal(formatter, decimal, -1, formatted, &status);
    if (U_FAILURE(status)) {
        unumf_closeResult(formatted);
        return ERR_NOMEM;
    }
    *ret_formatted = formatted;
    return 0;
}

static int format_text(const UNumberFormatter *formatter, int64_t value, int digits, char *ret_text,
                       size_t size)
{
    UFormattedNumber *formatted;
    UChar units[LOCALE_NUMBER_BYTES];
    int32_t bytes = 0;
    UErrorCode status = U_ZERO_ERROR;
    const int result = format(formatter, value, digits, &formatted);
    if (result < 0) {
        return result;
    }
    const int32_t count = unumf_resultToString(formatted, units, LOCALE_NUMBER_BYTES, &status);
    unumf_closeResult(formatted);
    /* The size is asked for first, so that a text that does not fit leaves the caller's memory as it was. */
    if (!U_FAILURE(status)) {
        (void)u_strToUTF8(NULL, 0, &bytes, units, count, &status);
    }
    if (status != U_BUFFER_OVERFLOW_ERROR || (size_t)bytes >= size) {
        return ERR_TOO_LARGE;
    }
    status = U_ZERO_ERROR;
    (void)u_strToUTF8(ret_text, bytes + 1, NULL, units, count, &status);
    CHECK(U_SUCCESS(status));
    return 0;
}

static enum plural plural_of_keyword(const UChar *keyword, int32_t count)
{
    static const char *const keys[] = {
#define X(name, key) key,
        PLURAL_TABLE(X)
#undef X
    };
    char text[KEYWORD_UNITS + 1];
    CHECK(count <= KEYWORD_UNITS);
    u_UCharsToChars(keyword, text, count);
    text[count] = '\0';
    for (unsigned i = 0; i < PLURAL_COUNT; i++) {
        if (strcmp(text, keys[i]) == 0) {
            return (enum plural)i;
        }
    }
    return PLURAL_OTHER;
}

static int open_plural_rules(struct locale *locale)
{
    char id[LOCALE_ID_BYTES];
    UErrorCode status = U_ZERO_ERROR;
    if (locale->plural_rules != NULL) {
        return 0;
    }
    const int result = tag_to_id(locale->tag, id);
    if (result < 0) {
        return result;
    }
    UPluralRules *rules = uplrules_openForType(id, UPLURAL_TYPE_CARDINAL, &status);
    if (U_FAILURE(status)) {
        uplrules_close(rules);
        return ERR_NOMEM;
    }
    locale->plural_rules = rules;
    return 0;
}

int locale_plural(struct locale *locale, int64_t value, int digits, enum plural *ret_plural)
{
    UNumberFormatter *formatter;
    UFormattedNumber *formatted;
    UChar keyword[KEYWORD_UNITS];
    UErrorCode status = U_ZERO_ERROR;
    int result = open_plural_rules(locale);
    if (result == 0) {
        result = number_formatter(locale, digits, &formatter);
    }
    if (result == 0) {
        result = format(formatter, value, digits, &formatted);
    }
    if (result < 0) {
        return result;
    }
    const int32_t count =
        uplrules_selectFormatted(locale->plural_rules, formatted, keyword, KEYWORD_UNITS, &status);
    unumf_closeResult(formatted);
    if (U_FAILURE(status)) {
        return ERR_NOMEM;
    }
    *ret_plural = plural_of_keyword(keyword, count);
    return 0;
}

int locale_number(struct locale *locale, int64_t value, int digits, char *ret_text, size_t size)
{
    UNumberFormatter *formatter;
    const int result = number_formatter(locale, digits, &formatter);
    return result < 0 ? result : format_text(formatter, value, digits, ret_text, size);
}

int locale_money(struct locale *locale, int64_t value, int digits, const char *currency, char *ret_text,
                 size_t size)
{
    UNumberFormatter *formatter;
    const int result = money_formatter(locale, digits, currency, &formatter);
    return result < 0 ? result : format_text(formatter, value, digits, ret_text, size);
}
