/* Strict readers of YAML values: what a field may hold and nothing else, so `010`, `1e3` and ` 1` are no
 * numbers, and `no` is a text where a text is wanted.
 *
 * Each returns 0, or ERR_FORMAT with what was expected noted in `errors`; `node` is not NULL.
 */
#ifndef LOYALTY_YAML_READ_H
#define LOYALTY_YAML_READ_H

#include "yaml/document.h"

enum { YAML_DIGITS_MAX = 9 /* decimals a reader can be asked for */ };

/* All keys of a mapping are in the NULL-terminated list; each other key is an error that names the nearest
 * known one. Also refuses what is no mapping. */
int yaml_check_keys(struct yaml_errors *errors, const struct yaml_node *mapping,
                    const char *const *keys) MUST_CHECK;
int yaml_check_list(struct yaml_errors *errors, const struct yaml_node *node, size_t count_min,
                    size_t count_max) MUST_CHECK;

/* `-?(0|[1-9][0-9]*)`, min..max, both included. */
int yaml_read_integer(struct yaml_errors *errors, const struct yaml_node *node, int64_t min, int64_t max,
                      int64_t *ret_value) MUST_CHECK;
/* `-?(0|[1-9][0-9]*)(\.[0-9]{1,digits})?` in units of 10^-digits: "1.5" with 3 digits is 1500. min and max
 * are in these units; digits 0..YAML_DIGITS_MAX. */
int yaml_read_decimal(struct yaml_errors *errors, const struct yaml_node *node, int digits, int64_t min,
                      int64_t max, int64_t *ret_value) MUST_CHECK;
/* `yes`, `no`, `true` or `false`, in small letters. */
int yaml_read_boolean(struct yaml_errors *errors, const struct yaml_node *node, bool *ret_value) MUST_CHECK;
/* `YYYY-MM-DD`, as a day of model/day.h. */
int yaml_read_date(struct yaml_errors *errors, const struct yaml_node *node, int32_t *ret_day) MUST_CHECK;
/* `HH:MM`, 00:00 to 24:00 where `midnight_ends` (24:00 is 1440), else to 23:59; minutes after midnight. */
int yaml_read_time(struct yaml_errors *errors, const struct yaml_node *node, bool midnight_ends,
                   int32_t *ret_minute) MUST_CHECK;
/* An identifier (base/text.h: letters, digits, '_', '-', '.'), 1..size_max bytes; points into the document.
 */
int yaml_read_id(struct yaml_errors *errors, const struct yaml_node *node, size_t size_max,
                 const char **ret_text) MUST_CHECK;
/* UTF-8 without control characters but line feeds, of size_min..size_max bytes; points into the document. */
int yaml_read_text(struct yaml_errors *errors, const struct yaml_node *node, size_t size_min, size_t size_max,
                   const char **ret_text) MUST_CHECK;
/* The place in the NULL-terminated list `names` of the scalar's text; a wrong one is told the names. */
int yaml_read_name(struct yaml_errors *errors, const struct yaml_node *node, const char *const *names,
                   unsigned *ret_index) MUST_CHECK;

#endif
