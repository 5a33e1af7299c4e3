/* The members that the open transaction is about, as it sees them: two, since some events are about two. One
 * is read once, changed here by as many effects and events as there are, and written once: when a third one
 * comes, or at the latest before the commit.
 *
 * Right across a rollback because nothing here outlives a transaction; what was read before it began is good
 * in it, as nobody else writes. Whoever reads the table by SQL flushes first. */
#ifndef LOYALTY_STORE_MEMBER_CACHE_H
#define LOYALTY_STORE_MEMBER_CACHE_H

#include "base/error.h"
#include "model/member_state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum { MEMBERS_KEPT = 2 };

struct member_kept {
    uint32_t member; /* 0: none */
    bool changed;    /* since it was read or written */
    bool added;      /* it has no row yet */
    struct member_state *state;
};

struct member_cache {
    struct member_kept kept[MEMBERS_KEPT];
    size_t latest; /* the one that was asked for last */
    struct member_memory *memory;
};

/* `cache` is zeroed memory. ERR_NOMEM. */
int member_cache_init(struct member_cache *cache) MUST_CHECK;
void member_cache_fini(struct member_cache *cache);

/* The member, read where that is needed: good until the next but one is asked for. ERR_NOT_FOUND: there is
 * none of this number. */
int member_cache_find(struct store *store, uint32_t member, struct member_kept **ret_kept) MUST_CHECK;

/* A member that is new, inside a transaction: nothing is said of it yet. */
int member_cache_add(struct store *store, uint32_t member, struct member_kept **ret_kept) MUST_CHECK;

/* Writes what changed. */
int member_cache_flush(struct store *store) MUST_CHECK;

/* Forgets everything; called when the transaction has ended. */
void member_cache_drop(struct member_cache *cache);

#endif
