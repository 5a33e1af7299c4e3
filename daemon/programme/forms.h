/* The forms that mean the same wherever they stand in a programme, each written once: texts, selector,
 * condition, term. A section takes one by a row in its table; a new key of a form is a new row in forms.c. */
#ifndef LOYALTY_PROGRAMME_FORMS_H
#define LOYALTY_PROGRAMME_FORMS_H

#include "programme/loader.h"

extern const struct yaml_table selection_table; /* struct selection */
extern const struct yaml_table condition_table; /* struct condition */

/* Functions of YAML_CUSTOM rows, by what their field is. */
yaml_read_function read_texts;         /* struct texts: of customers, one a language */
yaml_read_function read_counted_texts; /* struct texts: with plural forms */
yaml_read_function read_term;          /* struct term */
yaml_read_function read_fund_from;     /* enum fund_from: policies.c */
yaml_read_function read_metrics;       /* struct condition, whose metrics are filled: measures.c */
yaml_read_function read_zone;          /* const char *: an IANA name */

/* Under `expiry`: after a term from the purchase, or after a time without one. */
struct expiry_keys {
    struct term after;
    struct term inactivity;
};
extern const struct yaml_table expiry_table;

#define NAME_ROW(structure, member) YAML_KEY(structure, member, "name", YAML_CUSTOM, .read = read_texts)
#define TERM_ROW(structure, member, key_) YAML_KEY(structure, member, key_, YAML_CUSTOM, .read = read_term)
#define ZONE_ROW(structure, member, ...)                                                                     \
    YAML_KEY(structure, member, "zone", YAML_CUSTOM, .read = read_zone, __VA_ARGS__)
#define CONDITION_ROW(structure, member, key_)                                                               \
    YAML_KEY(structure, member, key_, YAML_STRUCT, .table = &condition_table)
#define FUND_FROM_ROW(structure, member)                                                                     \
    YAML_KEY(structure, member, "fund_from", YAML_CUSTOM, .read = read_fund_from)
/* NOLINTBEGIN(bugprone-macro-parentheses): initialisers, not expressions */
#define SELECTOR_ROWS(structure, member)                                                                     \
    YAML_KEY(structure, member.only, "only", YAML_STRUCT, .table = &selection_table,                         \
             YAML_PRESENT(structure, member.has_only)),                                                      \
        YAML_KEY(structure, member.except, "except", YAML_STRUCT, .table = &selection_table)
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
