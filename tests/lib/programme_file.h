/* Programme files as short texts, and what they are told. Every text begins with the five lines of HEAD, so
 * that line 6 is the first of its own. */
#ifndef LOYALTY_TESTS_LIB_PROGRAMME_FILE_H
#define LOYALTY_TESTS_LIB_PROGRAMME_FILE_H

#include "base/arena.h"
#include "model/numbers.h"
#include "programme/load.h"

#include "lib/testing.h"

#define HEAD                                                                                                 \
    "programme: p\n"                                                                                         \
    "version: 1\n"                                                                                           \
    "currency: EUR\n"                                                                                        \
    "zone: Europe/Tallinn\n"                                                                                 \
    "stores: [{id: old}, {id: new}]\n"
#define POINTS "points: {name: [{locale: en, one: star, other: stars}]}\n"
#define SPEND "{id: r, spend: {give: 1, per: 1.00}}"
#define RULES "rules: [" SPEND "]\n"
#define CARD "stamp_cards: [{id: c, required: 9, gives: {reward: w}}]\n"
#define REWARD "rewards: [{id: w, kind: gift}]\n"
#define STAMPS "rules: [{id: s, card: c, visit: {give: 1}}]\n"
#define UNIT_STAMPS                                                                                          \
    "rules: [{id: s, card: c, item: {give: 1}, only: {labels: [x]}}]\n" /* as sets need them */
#define PLAIN STAMPS CARD REWARD /* three lines that ask for no points */
#define RULE(text) HEAD POINTS "rules:\n  - {id: r, " text "}\n"
#define SPEND_RULE(text) RULE("spend: {give: 1, per: 1.00}, " text)
#define LEVELS "tiers: {window: lifetime, levels: [{id: base}, {id: gold, qualifying: 100}]}\n"

/* The one finding of a file. */
struct programme_finding {
    const char *yaml;
    int line;
    const char *path;
    const char *text; /* part of what is said */
};

struct programme_file {
    struct arena arena;
    struct numbers numbers;
    struct findings findings;
    const struct programme *programme;
};

/* Of a cmocka group or test: *state is a struct programme_file. */
int programme_file_setup(void **state);
int programme_file_teardown(void **state);

/* Loads into the emptied arena; returns what programme_load returns. */
int programme_file_load(struct programme_file *file, const char *yaml);

/* The programme of a file without findings. */
const struct programme *programme_file_good(struct programme_file *file, const char *yaml);

/* Each file has exactly the one finding: a warning, or an error that leaves no trace. */
void programme_file_check(void **state, const struct programme_finding *cases, size_t count, bool warning);

#define CHECK_ERRORS(state, cases) programme_file_check((state), (cases), ARRAY_COUNT(cases), false)
#define CHECK_WARNINGS(state, cases) programme_file_check((state), (cases), ARRAY_COUNT(cases), true)

#endif
