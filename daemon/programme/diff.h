/* What changes for members between two versions of a programme, in words. */
#ifndef LOYALTY_PROGRAMME_DIFF_H
#define LOYALTY_PROGRAMME_DIFF_H

#include "base/arena.h"
#include "base/error.h"
#include "model/numbers.h"
#include "model/programme.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    /* Scratch for the longest sentence two programmes can differ by; what is longer is cut. */
    PROGRAMME_DIFF_BYTES = 1024 * 1024
};

/* One difference. Texts are gone when the function it is given to returns. */
struct difference {
    enum difference_kind { DIFFERENCE_NEW, DIFFERENCE_GONE, DIFFERENCE_CHANGED } kind;
    const char *what; /* "rule bread_tuesday", "points", "returns" */
    const char *text; /* "factor: 3 (before: 2)" */
};

typedef void programme_difference(void *context, const struct difference *difference);

/* Calls `report` for each difference, in the order of the programme reference; what is the same says nothing.
 * Both programmes were loaded with `numbers`. Borrows all; `scratch` has PROGRAMME_DIFF_BYTES left, which it
 * has again afterwards. `ret_count` is how many there were. ERR_NOMEM: less room. */
int programme_diff(const struct programme *before, const struct programme *after,
                   const struct numbers *numbers, struct arena *scratch, programme_difference *report,
                   void *context, size_t *ret_count) MUST_CHECK;

#endif
