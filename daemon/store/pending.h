/* What the open transaction has still to write: rows that several calls, or several events of a batch,
 * change. They are kept here and written once, at the latest before the commit, so that it is one statement a
 * row, not one a change.
 *
 * Right across a rollback because nothing here outlives the transaction but the ends of principals, and those
 * carry the generation they were read in, which every rollback ends. Whoever reads one of these rows flushes
 * it first or reads it from here. */
#ifndef LOYALTY_STORE_PENDING_H
#define LOYALTY_STORE_PENDING_H

#include "base/error.h"
#include "base/limits.h"
#include "model/account.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* Where a principal's events end. */
struct pending_tail {
    uint64_t next_sequence;
    uint64_t last_position; /* 0: no event yet */
    uint32_t generation;    /* it is known when this is the pending's own */
    bool dirty;
};

struct pending {
    int64_t accounts[PROGRAMME_ACCOUNTS]; /* to add */
    bool head_dirty;
    uint32_t generation; /* from 1 */
    size_t dirty_count;
    uint32_t dirty[BATCH_EVENTS_MAX]; /* principals whose tails are */
    struct pending_tail tails[PRINCIPALS_MAX + 1];
};

/* `pending` is zeroed memory. */
void pending_init(struct pending *pending);

/* Writes all there is, members and till days included. */
int pending_flush(struct store *store) MUST_CHECK;

/* The end of a principal's events; ERR_NOT_FOUND: no such principal. */
int pending_tail(struct store *store, uint32_t principal, const struct pending_tail **ret_tail) MUST_CHECK;

/* Moves it to this event. */
int pending_tail_move(struct store *store, uint32_t principal, uint64_t sequence,
                      uint64_t position) MUST_CHECK;

/* Forgets everything; called when the transaction is rolled back. */
void pending_drop(struct pending *pending);

#endif
