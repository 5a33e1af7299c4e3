/* One programme being read: what the parts of this floor share. Not for other floors.
 *
 * load.c takes the file apart into sections; each section (head.c, rules.c, rewards.c, tiers.c) binds its
 * mappings by a table and adds what only it knows; the forms that mean the same everywhere are in forms.h.
 * References are looked up in the document itself, so that a store with a mistake in it is still a store. */
#ifndef LOYALTY_PROGRAMME_LOADER_H
#define LOYALTY_PROGRAMME_LOADER_H

#include "base/limits.h"
#include "civil/locale.h"
#include "civil/zone.h"
#include "model/numbers.h"
#include "model/programme.h"
#include "yaml/bind.h"

#include <stdbool.h>
#include <stddef.h>

/* Lists whose items have ids. */
enum section {
    SECTION_STORES,
    SECTION_RULES,
    SECTION_LEVELS,
    SECTION_CARDS,
    SECTION_REWARDS,
    SECTION_CAMPAIGNS,
    SECTION_MILESTONES,
    SECTIONS
};

struct loader {
    struct yaml_binder binder; /* its context is the loader */
    struct yaml_errors errors;
    struct programme *programme; /* being filled, in the binder's arena */
    struct numbers *numbers;
    const struct yaml_node *root;
    const struct yaml_node *sections[SECTIONS];      /* NULL: not in the file */
    char locales[LOCALES_MAX][LOCALE_BYTES_MAX + 1]; /* the file's `locales` */
    size_t locales_count;                            /* 0: any will do */
    struct zones zones;
    struct locales languages;
    struct measure measures[MEASURES_MAX]; /* of the programme, as they are met */
    size_t measures_count;
    size_t counters_count; /* limits and milestones */
    int failure;           /* the first code that says more than "the file is wrong"; 0: none */
};

/* Whether `result` is 0. A code other than ERR_FORMAT (which stands in `errors` by itself) is remembered. */
bool loader_ok(struct loader *loader, int result);

/* The node; or, where there is none, a mapping with nothing in it: binding it gives the defaults of a table.
 */
const struct yaml_node *loader_or_nothing(const struct yaml_node *node);

/* Notes that the arena is full and returns ERR_NOMEM. */
int loader_full(struct loader *loader, const struct yaml_node *node) MUST_CHECK;

/* A copy of a text in the programme's arena. ERR_NOMEM, noted. */
int loader_copy(struct loader *loader, const struct yaml_node *node, const char *text,
                const char **ret_copy) MUST_CHECK;

/* Fills one zeroed item of a list from its node. */
typedef void loader_read_item(struct loader *loader, const struct yaml_node *node, void *ret_item);

/* The array of a list of 1..max items, each of `item_bytes` bytes, or NULL with the error noted. */
void *loader_list(struct loader *loader, const struct yaml_node *list, size_t max, size_t item_bytes,
                  loader_read_item *read, size_t *ret_count) MUST_CHECK;

/* The node of the item with this id, or NULL. */
const struct yaml_node *loader_find(const struct loader *loader, enum section section, const char *id);

/* Reads an id that must be one of the section's; `ret_index` is its place in the list. */
int loader_reference(struct loader *loader, const struct yaml_node *node, enum section section,
                     const char **ret_id, uint32_t *ret_index) MUST_CHECK;

/* Notes every id of the section that another item had before. */
void loader_check_ids(struct loader *loader, enum section section);

/* The number of an id, a new one if it has none; 0 with the error noted when there are no more. */
uint32_t loader_number(struct loader *loader, const struct yaml_node *node, enum number_kind kind,
                       const char *id);

#endif
