/* What the parts of the store share: the connection, its prepared statements, and what the open transaction
 * has still to write. Not for other floors. */
#ifndef LOYALTY_STORE_CONNECTION_H
#define LOYALTY_STORE_CONNECTION_H

#include "store/member_cache.h"
#include "store/pending.h"
#include "store/statement.h"
#include "store/store.h"
#include "store/till.h"

#include <sqlite3.h>

enum { STORE_MAGIC = 0x53544f52 };

struct store {
    uint32_t magic;
    bool failed;  /* input/output or damage: only store_close is left */
    bool writing; /* between store_begin and its end */
    bool spoilt;  /* a statement of this transaction failed: it can only be rolled back */
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    struct store_head head;      /* as the open transaction sees it */
    struct store_head committed; /* as the last commit left it */
    struct pending pending;
    struct member_cache members;
    struct till_cache tills;
    uint32_t wal_frames;           /* in the WAL since it was last emptied */
    uint32_t wal_frames_last;      /* of the last commit */
    uint64_t wal_frames_committed; /* since opening */
};

/* The ERR_* of an SQLite result code; 0 for SQLITE_OK, SQLITE_ROW and SQLITE_DONE. Marks the store failed
 * where nothing may be tried again and spoilt inside a transaction; a code that only a bug of ours can cause
 * is a failed CHECK. */
int connection_error(struct store *store, int code) MUST_CHECK;

/* Marks the store failed because what it read cannot be; returns ERR_CORRUPT. */
int connection_corrupt(struct store *store) MUST_CHECK;

/* Whether the store may be used, and the open transaction go on: else the error to return. */
int connection_usable(const struct store *store) MUST_CHECK;

#endif
