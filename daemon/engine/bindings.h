/* Which limits a decision came to: what is decided again for a return is bound by those that bound then, at
 * the figure of then, and by no others (RULES 11). */
#ifndef LOYALTY_ENGINE_BINDINGS_H
#define LOYALTY_ENGINE_BINDINGS_H

#include "base/limits.h"
#include "model/programme.h"

#include <stdbool.h>
#include <stddef.h>

enum { BINDINGS_MAX = 2 * COUNTERS_MAX };

struct bindings {
    enum bindings_use {
        BINDINGS_RECORD, /* every limit holds; those that leave less than was asked are noted */
        BINDINGS_REPLAY  /* only those that are noted hold */
    } use;
    size_t count;
    const struct limit *limits[BINDINGS_MAX]; /* of the programme at hand */
};

/* Whether the limit holds; a decision without bindings (NULL) is held by all. */
bool bindings_hold(const struct bindings *bindings, const struct limit *limit);

/* The limit left less than was asked. */
void bindings_note(struct bindings *bindings, const struct limit *limit);

#endif
