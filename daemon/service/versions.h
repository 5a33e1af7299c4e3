/* The versions of the programme, loaded for good: effects and late events refer to them for ever. One thread.
 */
#ifndef LOYALTY_SERVICE_VERSIONS_H
#define LOYALTY_SERVICE_VERSIONS_H

#include "base/bytes.h"
#include "base/error.h"
#include "model/numbers.h"
#include "model/programme.h"
#include "programme/load.h"

#include <stddef.h>
#include <stdint.h>

struct version {
    uint8_t *memory; /* of its arena, owned */
    const struct programme *programme;
    uint64_t position; /* of the event that booked it */
};

/* Zeroed memory is an empty list. */
struct versions {
    struct version *items; /* ascending */
    size_t count;
    size_t room;
};

/* Loads a programme into memory of its own. Errors and findings as programme_load. */
int version_load(struct bytes yaml, struct numbers *numbers, struct findings *ret_findings,
                 struct version *ret_version) MUST_CHECK;

/* Accepts zeroed memory. */
void version_fini(struct version *version);

/* Takes the version, which is newer than all others; also when it fails (ERR_NOMEM). */
int versions_add(struct versions *versions, struct version version) MUST_CHECK;

void versions_clear(struct versions *versions);
void versions_fini(struct versions *versions);

/* NULL when there is none. */
const struct version *versions_newest(const struct versions *versions);
const struct version *versions_find(const struct versions *versions, uint32_t version);

/* The one in force on a day: the newest whose first day it is or was; before all of them the oldest. */
const struct version *versions_on(const struct versions *versions, int32_t day);

#endif
