/* What was imported from till journals: which receipt became which event. Kept for ever, so that a journal
 * played again years later books nothing twice. */
#ifndef LOYALTY_CLIENT_OUTBOX_IMPORT_H
#define LOYALTY_CLIENT_OUTBOX_IMPORT_H

#include "base/arena.h"
#include "client/outbox_event.h"

struct outbox_import {
    uint64_t sequence;          /* of its event */
    uint8_t digest[HASH_BYTES]; /* of what the receipt held */
    bool kept;                  /* the event is still in the outbox, */
    struct bytes booked;        /* with its answer; empty: it waits */
};

/* Remembers, in the transaction that adds the event, that the receipt (named as in outbox_draft) became it.
 * ERR_EXISTS. */
int outbox_import_add(struct outbox *outbox, const char *receipt, uint64_t sequence,
                      const uint8_t digest[HASH_BYTES]) MUST_CHECK;

/* ERR_NOT_FOUND: never imported. `booked` lives in the arena: ERR_NOMEM when it has no room. */
int outbox_import_find(struct outbox *outbox, const char *receipt, struct arena *arena,
                       struct outbox_import *ret_import) MUST_CHECK;

#endif
