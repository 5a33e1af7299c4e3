/* A programme from its YAML text: parsed, checked, numbered. docs/programme.md is the language; a programme
 * that loads can be decided under. */
#ifndef LOYALTY_PROGRAMME_LOAD_H
#define LOYALTY_PROGRAMME_LOAD_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "model/numbers.h"
#include "model/programme.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    FINDINGS_MAX = 20,
    /* Room for the largest programme (a third) and, while it is read, for its document. A small one touches a
     * few hundred KiB of it, and all but tens of them only while it is read. */
    PROGRAMME_ARENA_BYTES = 12 * 1024 * 1024
};

/* What is wrong or questionable, where, and what was expected. */
struct finding {
    bool warning; /* questionable but legal */
    int line;     /* from 1; 0: the file as a whole */
    int column;
    char path[128]; /* such as rules[2].spend.per */
    char text[256];
};

struct findings {
    size_t count; /* at most FINDINGS_MAX, by line; further ones are dropped, warnings first */
    struct finding items[FINDINGS_MAX];
};

/* Reads `yaml` into `arena` (PROGRAMME_ARENA_BYTES hold any valid programme) and numbers its ids: those
 * `numbers` knows keep theirs, new ones are added to it, in each kind in the order of the file. On failure
 * `numbers` is unchanged and the arena's room is given back. Returns ERR_FORMAT, ERR_TOO_LARGE (the file, or
 * all numbers are given) or ERR_NOMEM, each with at least one finding that is no warning. `ret_findings` is
 * filled in any case; warnings may be there on success too. The programme borrows nothing but the arena. Not
 * thread-safe against other users of the arena or numbers. */
int programme_load(struct bytes yaml, struct arena *arena, struct numbers *numbers,
                   const struct programme **ret_programme, struct findings *ret_findings) MUST_CHECK;

/* Whether `next` may follow `current` (NULL: it is the first) in a log with this currency: same id and
 * currency, a higher version, the same points decimals. Adds findings and returns ERR_FORMAT if not. */
int programme_follows(const struct programme *current, const struct programme *next, const char *currency,
                      struct findings *findings) MUST_CHECK;

#endif
