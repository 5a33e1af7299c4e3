/* The outbox of a till: one SQLite file that remembers who the till is and keeps every event it signed, from
 * before it is sent until some days after it was acknowledged. What was added and committed is on the disk
 * (journal_mode=WAL, synchronous=FULL). One process at a time: the file is locked while it is open.
 * One thread. */
#ifndef LOYALTY_CLIENT_OUTBOX_H
#define LOYALTY_CLIENT_OUTBOX_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum outbox_statement {
#define X(name, text) OUTBOX_##name,
#include "client/outbox.def"
#undef X
    OUTBOX_STATEMENTS
};

struct sqlite3;
struct sqlite3_stmt;

struct outbox {
    struct sqlite3 *db;
    struct sqlite3_stmt *statements[OUTBOX_STATEMENTS];
};

/* What the outbox remembers beside events. Numbers are int64, texts end in NUL, bytes have one size. */
#define OUTBOX_URL "url"                     /* text: where the daemon is */
#define OUTBOX_CA "ca"                       /* text: the file of the authority that vouches for it */
#define OUTBOX_PROGRAMME_ID "programme_id"   /* PROGRAMME_ID_BYTES */
#define OUTBOX_DAEMON_KEY "daemon_key"       /* KEY_BYTES */
#define OUTBOX_PRINCIPAL "principal"         /* number */
#define OUTBOX_STORE "store"                 /* text */
#define OUTBOX_LABEL "label"                 /* text */
#define OUTBOX_CURRENCY "currency"           /* text */
#define OUTBOX_RETENTION "retention_days"    /* number */
#define OUTBOX_CODE_HASH "code_hash"         /* HASH_BYTES: of the invite this till was enrolled with */
#define OUTBOX_NEXT_SEQUENCE "next_sequence" /* number: of the next event */
#define OUTBOX_ROTATION "rotation"           /* number: of the last event that changes the till's key */
#define OUTBOX_EPOCH "epoch"                 /* EPOCH_BYTES: of the daemon's log */
#define OUTBOX_LAST_POSITION "last_position" /* number: the last position seen booked */
#define OUTBOX_LAST_CHAIN "last_chain"       /* HASH_BYTES: and its chain hash */
#define OUTBOX_CLOCK_OFFSET "clock_offset"   /* number: ms the daemon's clock is ahead of ours */

/* Opens or creates the file. ERR_LOCKED: another process has it open; ERR_UNSUPPORTED: written by a newer
 * version; ERR_CORRUPT, ERR_FULL, ERR_PERMISSION, ERR_NOT_FOUND (no such folder), ERR_NOMEM, ERR_IO. */
int outbox_open(struct outbox *outbox, const char *path) MUST_CHECK;

/* Accepts a zeroed outbox. */
void outbox_close(struct outbox *outbox);

/* Transactions. Without one every change is one of its own. Commit returns when the disk has it; after an
 * error of anything in between the only way is outbox_rollback. */
int outbox_begin(struct outbox *outbox) MUST_CHECK;
int outbox_commit(struct outbox *outbox) MUST_CHECK;
void outbox_rollback(struct outbox *outbox);

/* Settings. The getters give ERR_NOT_FOUND when there is none, ERR_CORRUPT when it has another size than
 * asked for (text: does not fit in `size` with its NUL). */
int outbox_set_text(struct outbox *outbox, const char *name, const char *text) MUST_CHECK;
int outbox_set_number(struct outbox *outbox, const char *name, int64_t number) MUST_CHECK;
int outbox_set_bytes(struct outbox *outbox, const char *name, const uint8_t *data, size_t size) MUST_CHECK;
int outbox_unset(struct outbox *outbox, const char *name) MUST_CHECK;
int outbox_text(struct outbox *outbox, const char *name, char *ret_text, size_t size) MUST_CHECK;
int outbox_number(struct outbox *outbox, const char *name, int64_t *ret_number) MUST_CHECK;
int outbox_bytes(struct outbox *outbox, const char *name, uint8_t *ret_data, size_t size) MUST_CHECK;

/* For outbox_event.c: steps a statement whose parameters are bound; 1: a row is there, 0: done. Reset it with
 * outbox_reset when its row has been read. */
int outbox_step(struct outbox *outbox, enum outbox_statement statement) MUST_CHECK;
void outbox_reset(struct outbox *outbox, enum outbox_statement statement);
/* The same for a statement without rows, reset included. */
int outbox_run(struct outbox *outbox, enum outbox_statement statement) MUST_CHECK;

#endif
