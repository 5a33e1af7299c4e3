#include "yaml/read.h"

#include "base/check.h"
#include "base/text.h"
#include "model/day.h"

#include <string.h>

enum {
    FOUND_BYTES = 48,
    FOUND_TEXT_BYTES_MAX = 36, /* of a wrong value's text that is shown */
    WORD_BYTES_MAX = 32,       /* longer ones get no suggestion */
    BOUND_BYTES = 32,
};

/* --- what errors say --- */

/* Fills `ret_found` with what a message says after "found": the value itself where it is short. */
static const char *found(const struct yaml_node *node, char ret_found[FOUND_BYTES])
{
    struct text text;
    text_init(&text, ret_found, FOUND_BYTES);
    if (node->kind != YAML_KIND_SCALAR) {
        text_add(&text, "%s", node->kind == YAML_KIND_LIST ? "a list" : "a mapping");
    } else if (node->size == 0) {
        text_add(&text, "nothing");
    } else {
        size_t size = node->size < FOUND_TEXT_BYTES_MAX ? node->size : FOUND_TEXT_BYTES_MAX;
        while (size < node->size && size > 0 && ((unsigned char)node->text[size] & 0xc0) == 0x80) {
            size--;
        }
        text_add(&text, "'");
        for (size_t i = 0; i < size; i++) {
            const unsigned char c = (unsigned char)node->text[i];
            text_add(&text, "%c", c < 0x20 || c == 0x7f ? '?' : c);
        }
        text_add(&text, "%s'", size < node->size ? "..." : "");
    }
    return ret_found;
}

static int expected(struct yaml_errors *errors, const struct yaml_node *node, const char *what)
{
    char buffer[FOUND_BYTES];
    return yaml_error(errors, node, "expected %s, found %s", what, found(node, buffer));
}

/* The number of letters to change, add or take away to make `a` of `b`; both up to WORD_BYTES_MAX bytes. */
static size_t word_distance(const char *a, const char *b)
{
    size_t row[WORD_BYTES_MAX + 1];
    const size_t a_size = strlen(a);
    const size_t b_size = strlen(b);
    for (size_t j = 0; j <= b_size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            const size_t above = row[j];
            const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            const size_t step = (above < row[j - 1] ? above : row[j - 1]) + 1;
            row[j] = change < step ? change : step;
            diagonal = above;
        }
    }
    return row[b_size];
}

/* The word of the list that `word` was probably meant to be, or NULL. */
static const char *nearest(const char *word, const char *const *words)
{
    const char *best = NULL;
    const size_t size = strnlen(word, WORD_BYTES_MAX + 1);
    size_t best_distance = size / 3 + 2; /* a third of the letters and one may be wrong */
    if (size > WORD_BYTES_MAX) {
        return NULL;
    }
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strnlen(words[i], WORD_BYTES_MAX + 1) > WORD_BYTES_MAX) {
            continue;
        }
        const size_t distance = word_distance(word, words[i]);
        if (distance < best_distance && distance < size) {
            best = words[i];
            best_distance = distance;
        }
    }
    return best;
}

static void add_words(struct text *text, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        text_add(text, "%s%s", i > 0 ? ", " : "", words[i]);
    }
}

/* --- shapes --- */

static int unknown_key(struct yaml_errors *errors, const struct yaml_node *child, const char *const *keys)
{
    const char *meant = nearest(child->key, keys);
    if (meant != NULL) {
        return yaml_error_at_key(errors, child, "unknown key '%s'; did you mean '%s'?", child->key, meant);
    }
    char data[YAML_TEXT_BYTES];
    struct text text;
    text_init(&text, data, sizeof(data));
    add_words(&text, keys);
    return yaml_error_at_key(errors, child, "unknown key '%s'; known here: %s", child->key, data);
}

int yaml_check_keys(struct yaml_errors *errors, const struct yaml_node *mapping, const char *const *keys)
{
    int result = 0;
    if (mapping->kind != YAML_KIND_MAPPING) {
        return expected(errors, mapping, "keys with values");
    }
    for (const struct yaml_node *child = mapping->first; child != NULL; child = child->next) {
        size_t i = 0;
        while (keys[i] != NULL && strcmp(keys[i], child->key) != 0) {
            i++;
        }
        if (keys[i] == NULL) {
            result = unknown_key(errors, child, keys);
        }
    }
    return result;
}

int yaml_check_list(struct yaml_errors *errors, const struct yaml_node *node, size_t count_min,
                    size_t count_max)
{
    if (node->kind != YAML_KIND_LIST) {
        return expected(errors, node, "a list");
    }
    if (node->size < count_min || node->size > count_max) {
        return yaml_error(errors, node, "expected a list of %zu to %zu items, found %u", count_min, count_max,
                          node->size);
    }
    return 0;
}

/* --- numbers --- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads the whole of a scalar as a decimal, scaled by 10^digits. */
static int parse_decimal(const struct yaml_node *node, int digits, int64_t *ret_value)
{
    if (node->kind != YAML_KIND_SCALAR) {
        return ERR_FORMAT;
    }
    const char *at = node->text;
    int64_t value = 0;
    int fraction = -1; /* digits behind the point; -1 before it */
    const bool negative = *at == '-';
    at += negative ? 1 : 0;
    if (!is_digit(*at) || (*at == '0' && is_digit(at[1]))) {
        return ERR_FORMAT;
    }
    for (; *at != '\0'; at++) {
        if (*at == '.' && fraction < 0 && digits > 0) {
            fraction = 0;
            continue;
        }
        if (!is_digit(*at) || fraction == digits) {
            return ERR_FORMAT;
        }
        fraction += fraction >= 0 ? 1 : 0;
        /* Built below zero, where int64 reaches one further. */
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, *at - '0', &value)) {
            return ERR_OVERFLOW;
        }
    }
    if (fraction == 0) {
        return ERR_FORMAT; /* "1." */
    }
    for (int i = fraction < 0 ? 0 : fraction; i < digits; i++) {
        if (__builtin_mul_overflow(value, 10, &value)) {
            return ERR_OVERFLOW;
        }
    }
    if (!negative && __builtin_sub_overflow(0, value, &value)) {
        return ERR_OVERFLOW;
    }
    *ret_value = value;
    return 0;
}

/* A bound as people would write it: 100050 with 2 digits is "1000.50". */
static const char *bound_text(int64_t value, int digits, char ret_text[BOUND_BYTES])
{
    struct text text;
    uint64_t scale = 1;
    const uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    for (int i = 0; i < digits; i++) {
        scale *= 10;
    }
    text_init(&text, ret_text, BOUND_BYTES);
    text_add(&text, "%s%llu", value < 0 ? "-" : "", (unsigned long long)(magnitude / scale));
    if (magnitude % scale != 0) {
        text_add(&text, ".%0*llu", digits, (unsigned long long)(magnitude % scale));
    }
    return ret_text;
}

int yaml_read_decimal(struct yaml_errors *errors, const struct yaml_node *node, int digits, int64_t min,
                      int64_t max, int64_t *ret_value)
{
    char data[YAML_TEXT_BYTES];
    char low[BOUND_BYTES];
    char high[BOUND_BYTES];
    struct text text;
    int64_t value;
    CHECK(digits >= 0);
    CHECK(digits <= YAML_DIGITS_MAX);
    CHECK(min <= max);
    if (parse_decimal(node, digits, &value) == 0 && value >= min && value <= max) {
        *ret_value = value;
        return 0;
    }
    text_init(&text, data, sizeof(data));
    text_add(&text, "a %snumber", digits == 0 ? "whole " : "");
    if (min != INT64_MIN) {
        text_add(&text, " %s %s", max != INT64_MAX ? "from" : "of at least", bound_text(min, digits, low));
    }
    if (max != INT64_MAX) {
        text_add(&text, " %s %s", min != INT64_MIN ? "to" : "of at most", bound_text(max, digits, high));
    }
    if (digits > 0) {
        text_add(&text, " with at most %d decimal%s", digits, digits == 1 ? "" : "s");
    }
    return expected(errors, node, data);
}

int yaml_read_integer(struct yaml_errors *errors, const struct yaml_node *node, int64_t min, int64_t max,
                      int64_t *ret_value)
{
    return yaml_read_decimal(errors, node, 0, min, max, ret_value);
}

/* --- other scalars --- */

int yaml_read_boolean(struct yaml_errors *errors, const struct yaml_node *node, bool *ret_value)
{
    if (yaml_is_text(node, "yes") || yaml_is_text(node, "true")) {
        *ret_value = true;
        return 0;
    }
    if (yaml_is_text(node, "no") || yaml_is_text(node, "false")) {
        *ret_value = false;
        return 0;
    }
    return expected(errors, node, "yes or no");
}

int yaml_read_date(struct yaml_errors *errors, const struct yaml_node *node, int32_t *ret_day)
{
    if (node->kind != YAML_KIND_SCALAR || day_parse(node->text, node->size, ret_day) < 0) {
        return expected(errors, node, "a date such as 2026-12-31");
    }
    return 0;
}

int yaml_read_time(struct yaml_errors *errors, const struct yaml_node *node, bool midnight_ends,
                   int32_t *ret_minute)
{
    const char *text = node->kind == YAML_KIND_SCALAR && node->size == 5 ? node->text : "     ";
    if (is_digit(text[0]) && is_digit(text[1]) && text[2] == ':' && is_digit(text[3]) && is_digit(text[4])) {
        const int32_t hour = (text[0] - '0') * 10 + (text[1] - '0');
        const int32_t minute = (text[3] - '0') * 10 + (text[4] - '0');
        const int32_t total = hour * 60 + minute;
        if (minute < 60 && total <= (midnight_ends ? 1440 : 1439)) {
            *ret_minute = total;
            return 0;
        }
    }
    return expected(errors, node,
                    midnight_ends ? "a time of day from \"00:00\" to \"24:00\""
                                  : "a time of day from \"00:00\" to \"23:59\"");
}

int yaml_read_id(struct yaml_errors *errors, const struct yaml_node *node, size_t size_max,
                 const char **ret_text)
{
    char buffer[FOUND_BYTES];
    if (node->kind != YAML_KIND_SCALAR || !text_is_id(node->text, size_max)) {
        return yaml_error(errors, node,
                          "expected a name of 1 to %zu letters (a-z), digits, '_', '-' and '.', found %s",
                          size_max, found(node, buffer));
    }
    *ret_text = node->text;
    return 0;
}

int yaml_read_text(struct yaml_errors *errors, const struct yaml_node *node, size_t size_min, size_t size_max,
                   const char **ret_text)
{
    if (node->kind != YAML_KIND_SCALAR) {
        return expected(errors, node, "a text");
    }
    for (size_t i = 0; i < node->size; i++) {
        const unsigned char c = (unsigned char)node->text[i];
        if ((c < 0x20 && c != '\n') || c == 0x7f) {
            return expected(errors, node, "a text without control characters");
        }
    }
    if (node->size < size_min || node->size > size_max) {
        return yaml_error(errors, node, "expected a text of %zu to %zu bytes, found %u", size_min, size_max,
                          node->size);
    }
    *ret_text = node->text;
    return 0;
}

int yaml_read_name(struct yaml_errors *errors, const struct yaml_node *node, const char *const *names,
                   unsigned *ret_index)
{
    for (unsigned i = 0; names[i] != NULL; i++) {
        if (yaml_is_text(node, names[i])) {
            *ret_index = i;
            return 0;
        }
    }
    char list[YAML_TEXT_BYTES];
    char data[FOUND_BYTES];
    struct text text;
    const char *meant = node->kind == YAML_KIND_SCALAR ? nearest(node->text, names) : NULL;
    if (meant != NULL) {
        return yaml_error(errors, node, "expected '%s' perhaps, found %s", meant, found(node, data));
    }
    text_init(&text, list, sizeof(list));
    add_words(&text, names);
    return yaml_error(errors, node, "expected one of %s; found %s", list, found(node, data));
}
