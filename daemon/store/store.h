/* The store: one SQLite file a programme, one connection, exclusively locked. Rows in and rows out; no
 * decision is made here. Everything but opening runs on the store thread (or the simulator's only one).
 *
 * Reads see what the open transaction wrote. Inside a transaction only infrastructure can fail; then the
 * whole transaction is rolled back with store_rollback and nothing of it may be answered. After ERR_IO or
 * ERR_CORRUPT the store must not be used for anything but store_close: an fsync that failed is never tried
 * again.
 *
 * Tables and why they are shaped so: store/schema.c and docs/architecture.md. */
#ifndef LOYALTY_STORE_STORE_H
#define LOYALTY_STORE_STORE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "model/effect.h"
#include "model/member_state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store; /* opaque, heap: opened in main, in tests and in the simulator only */

struct store_options {
    const char *path; /* of the database file */
    const char *vfs;  /* SQLite VFS name; NULL: the default */
    bool create;  /* make a new one (ERR_EXISTS when there is a file); else open (ERR_NOT_FOUND when none) */
    bool scratch; /* nobody relies on what is in it: nothing is synced, nor logged before it is written */
};

/* For programs that use stores from one thread at a time, first of all: SQLite locks nothing any more.
 * Nothing happens when a store was open already. */
void store_one_thread(void);

/* Opens with every pragma set and read back, checks application id and schema version. ERR_LOCKED: another
 * process has it open; ERR_MISMATCH: not a loyaltyd database or of a newer schema; ERR_CORRUPT, ERR_IO,
 * ERR_FULL. `ret_detail` (may be NULL) gets a static or SQLite-owned text that says more. */
int store_open(const struct store_options *options, struct store **ret_store,
               const char **ret_detail) MUST_CHECK;

/* Checkpoints (TRUNCATE) unless the store failed, and closes. Accepts NULL. */
void store_close(struct store *store);

/* BEGIN IMMEDIATE; COMMIT with synchronous=FULL: when it returns 0 the transaction is on disk. A failed
 * commit is rolled back. store_commit CHECKs that no statement is busy. */
int store_begin(struct store *store) MUST_CHECK;
int store_commit(struct store *store) MUST_CHECK;
void store_rollback(struct store *store);

/* Moves pages of the WAL into the database. Call between transactions: after each with idle=false (does
 * nothing below 4,000 frames), when the queue is empty with idle=true (does nothing below 200, after large
 * commits nothing below 1,000). `ret_done` tells whether it did anything. */
int store_checkpoint(struct store *store, bool idle, bool *ret_done) MUST_CHECK;

/* Gives the memory of the page cache back, between transactions: after something that read far more than is
 * needed again soon. */
void store_shrink(struct store *store);

/* Moves all of the WAL into the database and makes its file empty, between transactions: what was deleted is
 * in neither after it. */
int store_truncate(struct store *store) MUST_CHECK;

/* The end of the log and what else must be known at the start; within a transaction as it stands there. */
struct store_head {
    uint64_t position;          /* 0: an empty log */
    int64_t booked_at;          /* of the last event */
    uint8_t chain[HASH_BYTES];  /* h(position) */
    uint8_t epoch[EPOCH_BYTES]; /* of this copy of the log */
    uint32_t next_member;       /* the number the next member gets, from 1 */
    uint32_t next_principal;    /* from 1 */
    uint32_t engine_revision;   /* 0: none booked */
    bool live;                  /* GoLive is booked */
    int64_t live_at;            /* ms UTC: when; 0: not yet */
};
int store_head(struct store *store, struct store_head *ret_head) MUST_CHECK;

/* Sets the epoch of a new store. */
int store_set_epoch(struct store *store, const uint8_t epoch[EPOCH_BYTES]) MUST_CHECK;

/* The batch an event was signed in: it is event `sequence - first_sequence` of it. */
struct event_batch {
    uint32_t count;          /* events of the batch; 0: the event was signed alone */
    uint64_t first_sequence; /* of the batch as it was signed */
    uint64_t first_position; /* of the first of its events that was new */
};

/* A receipt: booked once, ever. store and till are never NULL here. */
struct receipt_key {
    const char *store;
    int32_t business_date;
    const char *till;
    const char *number;
};

/* One booked event. Pointers are borrowed on writing and live in `arena` on reading. */
struct event_row {
    uint64_t position;
    uint32_t principal;
    uint32_t key_no; /* of the principal, from 1 */
    uint64_t sequence;
    int64_t booked_at;
    struct bytes body;
    struct bytes signature; /* its own, or that of its batch */
    struct bytes context;
    struct bytes outcome;
    uint8_t chain[HASH_BYTES];
    struct event_batch batch;
    const struct receipt_key *receipt; /* NULL: it takes none; not read */
};

/* Writes the event at the position after the last one, of a principal that is there, at its next sequence;
 * all else is a failed CHECK. Sets the principal's next sequence. The first event of a batch writes the
 * batch, and those behind it must be all of it, in the same transaction. Its receipt must not be booked. */
int store_event_write(struct store *store, const struct event_row *row) MUST_CHECK;

/* ERR_NOT_FOUND when there is none. */
int store_event_read(struct store *store, uint64_t position, struct arena *arena,
                     struct event_row *ret_row) MUST_CHECK;
int store_event_find(struct store *store, uint32_t principal, uint64_t sequence, struct arena *arena,
                     struct event_row *ret_row) MUST_CHECK;

/* Calls back for each event from `first` to `last`, in order, until it returns something else than 0, which
 * is returned then; the row and all of it live until it returns. Several times as fast as one by one.
 * Positions that are not there are passed over. `arena` is for the signature of a batch and must not be used
 * meanwhile; nor may the store be written to or this be called within. */
typedef int store_event_each(void *context, const struct event_row *row);
int store_events(struct store *store, uint64_t first, uint64_t last, struct arena *arena,
                 store_event_each *each, void *context) MUST_CHECK;

/* h(position); position 0 is not stored. ERR_NOT_FOUND. */
int store_chain_read(struct store *store, uint64_t position, uint8_t ret_chain[HASH_BYTES]) MUST_CHECK;

/* Writes exactly what the effects say: entries, members, vouchers, principals, invites, programme versions,
 * head, and makes the event the last one of every member in them. Once for an event, with all its effects;
 * before or after store_event_write. `booked_at` dates entries without an effective time; `yaml` is the text
 * of a programme change, empty otherwise. */
struct store_applied {
    uint64_t position;
    int64_t booked_at;
    struct bytes yaml;
};
int store_apply(struct store *store, const struct store_applied *event, const struct effect *effects,
                size_t effects_count) MUST_CHECK;

/* The member's last event becomes this one, whether it has effects or not. */
int store_member_touch(struct store *store, uint32_t member, uint64_t position) MUST_CHECK;

/* What a limit that is no member's has counted; 0 where nothing yet. */
struct counter_key {
    uint32_t limit;
    int32_t period;
    const char *store; /* of a till; else "" */
    const char *scope; /* a till, a store, or "" */
};
int store_counter_read(struct store *store, const struct counter_key *key, int64_t *ret_used) MUST_CHECK;

/* All holdings of a member. ERR_NOT_FOUND: no such member. */
int store_member_read(struct store *store, uint32_t member, struct member_state *ret_state) MUST_CHECK;

/* The member it was merged into. ERR_NOT_FOUND: it was not. */
int store_member_merged(struct store *store, uint32_t member, uint32_t *ret_into) MUST_CHECK;

/* The event that has taken the receipt. ERR_NOT_FOUND. */
int store_receipt_find(struct store *store, const struct receipt_key *key, uint64_t *ret_position) MUST_CHECK;

/* What has become of the purchase booked at `position`, by kind and index. RECEIPT_FACTS_MAX are enough;
 * ERR_TOO_LARGE. */
int store_receipt_facts(struct store *store, uint64_t position, struct receipt_fact *ret_facts,
                        size_t facts_max, size_t *ret_count) MUST_CHECK;

/* A voucher by its code. ERR_NOT_FOUND. */
struct voucher_row {
    uint32_t member;
    struct origin origin;
    int end; /* 0: issued or reserved; else enum voucher_end */
};
int store_voucher_find(struct store *store, const uint8_t code[VOUCHER_CODE_BYTES],
                       struct voucher_row *ret_row) MUST_CHECK;

/* What a till sold on a business date, for its Z-report: adds one receipt. */
struct till_day {
    struct receipt_key key; /* number unused */
    int64_t gross;          /* minor units */
    int64_t points;
};
int store_till_day_add(struct store *store, const struct till_day *day) MUST_CHECK;

/* The till's day is over since the event at `position`; a second close changes nothing. */
int store_till_day_close(struct store *store, const struct receipt_key *key, uint64_t position) MUST_CHECK;
int store_till_day_closed(struct store *store, const struct receipt_key *key, bool *ret_closed) MUST_CHECK;

/* Cards, by the hash only the daemon can compute. Not part of the log and not derived from it. */
int store_card_find(struct store *store, const uint8_t hash[HASH_BYTES],
                    uint32_t *ret_member) MUST_CHECK; /* ERR_NOT_FOUND */
int store_card_write(struct store *store, const uint8_t hash[HASH_BYTES], uint32_t member) MUST_CHECK;
/* Of a member's card that was shown at `position`. */
int store_opening_write(struct store *store, uint64_t position, uint32_t member,
                        const uint8_t salt[CARD_SALT_BYTES]) MUST_CHECK;

/* What is known of a member, sealed. Not part of the log and not derived from it. */
int store_profile_read(struct store *store, uint32_t member, struct arena *arena,
                       struct bytes *ret_sealed) MUST_CHECK; /* ERR_NOT_FOUND */
int store_profile_write(struct store *store, uint32_t member, struct bytes sealed) MUST_CHECK;
int store_profile_erase(struct store *store, uint32_t member) MUST_CHECK;

/* Cards and openings of a member are another's. Reads both tables through, as store_member_erase. */
int store_member_move(struct store *store, uint32_t from, uint32_t to) MUST_CHECK;

/* Deletes profile, cards and openings of a member. Reads the last two tables through: about a second for ten
 * million openings. Whoever calls it truncates the WAL once that is committed. */
int store_member_erase(struct store *store, uint32_t member) MUST_CHECK;

/* Exceptions of an event, for the back office's list. */
int store_exception_write(struct store *store, uint64_t position, uint32_t index, uint32_t kind,
                          int64_t amount) MUST_CHECK;

/* Marks one as resolved by the event at `by`. ERR_NOT_FOUND: there is none, or it is resolved already. */
int store_exception_resolve(struct store *store, uint64_t position, uint32_t index, uint64_t by) MUST_CHECK;

/* Those behind an event, open or all, by position and index: at most `rows_max`. */
struct exception_row {
    uint64_t position;
    uint32_t index;
    uint32_t kind;
    int64_t amount;
    uint64_t resolved_by; /* 0: open */
};
int store_exceptions(struct store *store, uint64_t after, bool all, struct exception_row *ret_rows,
                     size_t rows_max, size_t *ret_count) MUST_CHECK;

/* Returns that wait for the purchase of a receipt. The last ends the waiting of the return at `position`, and
 * resolves its exceptions, by the event at `by`. */
int store_parked_add(struct store *store, const struct receipt_key *key, uint64_t position) MUST_CHECK;
int store_parked_find(struct store *store, const struct receipt_key *key, uint64_t *ret_positions,
                      size_t positions_max, size_t *ret_count) MUST_CHECK;
int store_parked_count(struct store *store, uint64_t *ret_count) MUST_CHECK;
int store_parked_end(struct store *store, const struct receipt_key *key, uint64_t position,
                     uint64_t by) MUST_CHECK;

/* Principals with their current key and the one before it. Principal 0, the daemon, is there from the start:
 * key_no is 0 and the key zeroed until an effect gives it one. */
struct principal_row {
    uint32_t principal;
    enum role role;
    char store[ID_BYTES_MAX + 1]; /* empty: none */
    char label[TILL_LABEL_BYTES_MAX + 1];
    uint8_t key[KEY_BYTES];
    uint32_t key_no;
    uint8_t previous_key[KEY_BYTES]; /* number key_no - 1; zeroed with the first key */
    bool revoked;
    uint64_t next_sequence;
    uint64_t added;     /* position */
    int64_t retired_at; /* ms UTC: nothing that happens later is booked; 0: it is not retired */
};
int store_principal_read(struct store *store, uint32_t principal,
                         struct principal_row *ret_row) MUST_CHECK; /* ERR_NOT_FOUND */

/* Whether the key is or was anybody's: 0, and who has the first such; else ERR_NOT_FOUND. */
int store_key_find(struct store *store, const uint8_t key[KEY_BYTES], uint32_t *ret_principal) MUST_CHECK;

/* Calls back for each principal that has a key, in the order of their numbers. */
int store_principals(struct store *store, void (*each)(void *context, const struct principal_row *row),
                     void *context) MUST_CHECK;

struct invite_row {
    uint64_t position;
    enum role role;
    char store[ID_BYTES_MAX + 1];
    char label[TILL_LABEL_BYTES_MAX + 1];
    int64_t expires_at;
    uint32_t used_by; /* principal; 0: open */
};
int store_invite_find(struct store *store, const uint8_t code_hash[HASH_BYTES],
                      struct invite_row *ret_row) MUST_CHECK; /* ERR_NOT_FOUND */

/* Programme versions, ascending. `yaml` lives until the callback returns. */
struct programme_row {
    uint32_t version;
    int32_t effective;
    uint64_t position;
    struct bytes yaml;
};
int store_programmes(struct store *store, int (*each)(void *context, const struct programme_row *row),
                     void *context) MUST_CHECK;

/* Quarantine notes (DESIGN 4.1): written durably before an event is decided alone, cleared when it is booked.
 * A note counts how many unclean ends it has seen. Each principal has one at most, whatever others book
 * meanwhile; the one that was written last is under way. */
struct quarantine_note {
    uint32_t principal;
    uint64_t sequence;
    uint32_t ends; /* unclean ends while it was under way */
};
int store_note_read(struct store *store, uint32_t principal,
                    struct quarantine_note *ret_note) MUST_CHECK; /* ERR_NOT_FOUND */
int store_note_write(struct store *store,
                     const struct quarantine_note *note) MUST_CHECK; /* its own synced transaction */
/* After a start: none is under way any more, and if the end was `unclean`, it counts against the one that
 * was. Its own synced transaction. */
int store_note_end(struct store *store, bool unclean) MUST_CHECK;
int store_note_clear(struct store *store,
                     uint32_t principal) MUST_CHECK; /* inside the transaction that books it */

/* Counts for status, in one pass over the tables: slow (seconds for millions of rows). */
struct store_totals {
    uint32_t members;
    uint32_t principals;
    uint64_t entries;
    bool balanced;       /* every stored balance equals the sum of its entries, and all balances sum to 0 */
    int64_t outstanding; /* points in members' accounts */
};
int store_totals(struct store *store, struct store_totals *ret_totals) MUST_CHECK;

/* Pages and frames since opening, for measurements. */
struct store_figures {
    uint64_t wal_frames_written;
    uint64_t file_bytes;
};
int store_figures(struct store *store, struct store_figures *ret_figures) MUST_CHECK;

#endif
