/* What can be said of the parts of a programme, one sentence a facet: from it come the differences between
 * two versions. A key that matters to members has a facet. Not for other floors. */
#ifndef LOYALTY_PROGRAMME_FACETS_H
#define LOYALTY_PROGRAMME_FACETS_H

#include "programme/words.h"

#include <stddef.h>

struct facet {
    const char *label;
    void (*say)(struct words *words, const void *item);
    const char *none; /* what saying nothing means */
    const char *note; /* what else members should know of a change; NULL: nothing */
};

struct facets {
    const char *what; /* "rule" */
    const struct facet *items;
    size_t count;
    const char *gone; /* of lists: what it means that an item is no more; NULL: no more than that */
};

/* The lists of a programme; their items begin with their id. */
enum part {
    PART_STORES,
    PART_RULES,
    PART_CAMPAIGNS,
    PART_MILESTONES,
    PART_CARDS,
    PART_LEVELS,
    PART_REWARDS,
    PARTS
};
extern const struct facets part_facets[PARTS];

/* What is there once: facets of a struct programme. */
enum { SECTIONS_SAID = 9 };
extern const struct facets section_facets[SECTIONS_SAID];

#define FACETS(array) (array), sizeof(array) / sizeof((array)[0])

/* The head of a function of facets, whose `item` is a `type`. */
#define SAYS(name, type)                                                                                     \
    static void name##_of(struct words *words, const type *item);                                            \
    static void name(struct words *words, const void *item)                                                  \
    {                                                                                                        \
        name##_of(words, item);                                                                              \
    }                                                                                                        \
    static void name##_of(struct words *words, const type *item)

#define SAY(...) text_add(&words->text, __VA_ARGS__)

#endif
