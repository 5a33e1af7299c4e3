/* The ledger: books events. A synchronous machine over the store that knows nothing of connections or
 * threads: the store thread's adapter calls it, and so does the simulator.
 *
 * ledger_run takes jobs in order, decides each on the state after the one before, writes what was decided in
 * one transaction, commits, and only then are the results valid. So a result is an answer that may leave the
 * house. Everything a job needs is verified before: envelope, signature, that the principal is the
 * connection's; of an enrolment the proof, over invite_code_hash (crypto/invite.h) of its code. */
#ifndef LOYALTY_SERVICE_LEDGER_H
#define LOYALTY_SERVICE_LEDGER_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/world.h"
#include "crypto/invite.h"
#include "crypto/pin.h"
#include "crypto/sign.h"
#include "store/store.h"
#include "wire/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger; /* opaque, heap: made in main, in tests and in the simulator only */

struct ledger_options {
    struct store *store;               /* held; must be open */
    const struct world *world;         /* held: wall clock and randomness */
    const struct key_pair *daemon_key; /* held: signs the daemon's own events; must be the genesis's */
    const uint8_t *lookup_key;         /* KEY_BYTES, held: finds members by card */
    bool careful;                /* the last end was a crash of ours: one event a transaction, noted first */
    const struct pins *tls_pins; /* held: what Ready tells of TLS, with the next; NULL: nothing */
    const char *tls_address;     /* held; NULL: there is no TLS */
    const char *plain_address;   /* held; NULL: there is no plain TCP */
};

/* Reads the log's head, programmes and principals, checks that the log is this daemon's, books an engine
 * revision when ours is newer. ERR_MISMATCH: the log was written by another daemon's key, or by a newer
 * engine or format; the text says which. ERR_CORRUPT, ERR_IO, ERR_NOMEM. */
int ledger_new(const struct ledger_options *options, struct ledger **ret_ledger, char *ret_text,
               size_t text_size) MUST_CHECK;

/* Accepts NULL. */
void ledger_free(struct ledger *ledger);

/* Makes position 1 (genesis) of an empty log and an epoch; the operator of `operator_key` becomes principal
 * 1, an admin. ERR_EXISTS when there is a log. Call before ledger_new. */
int ledger_create(const struct ledger_options *options, const uint8_t operator_key[KEY_BYTES],
                  const char *currency, uint8_t ret_programme_id[PROGRAMME_ID_BYTES]) MUST_CHECK;

const uint8_t *ledger_programme_id(const struct ledger *ledger); /* PROGRAMME_ID_BYTES */

/* The principals and their keys, for verifying signatures. Call before any thread runs ledger_run. */
int ledger_principals(struct ledger *ledger, void (*each)(void *context, const struct principal_row *row),
                      void *context) MUST_CHECK;

struct ledger_job {
    const struct request
        *request;       /* borrowed until its batch is answered: READY for hello+authenticate, else as sent */
    uint64_t tag;       /* the caller's; comes back in the result */
    uint32_t principal; /* the authenticated one; 0 for an enrolment */
    uint32_t key_no;    /* the principal's key that its signature fits; 0: whatever key is current */
    uint64_t last_position; /* of the connection's Hello, for REQUEST_AUTHENTICATE */
    struct bytes last_chain;
    uint32_t connections; /* for REQUEST_GET_STATUS: what the caller counts */
    const struct metrics
        *metrics; /* for REQUEST_GET_STATUS: the caller's own counters, copied by value before */
};

/* What the caller must do beside sending the reply. */
enum ledger_note {
    LEDGER_NOTHING,
    LEDGER_READY,      /* the handshake is complete */
    LEDGER_CLOSE,      /* close the connection after the reply */
    LEDGER_WRONG_CODE, /* an enrolment's code is no invite's, or used or expired */
    LEDGER_ADDED,      /* a principal exists now: take over its key */
    LEDGER_REKEYED,    /* a principal's key is another from here on: take it over */
    LEDGER_REVOKED,    /* a principal exists no longer: drop it and its connections */
};

struct ledger_result {
    uint64_t tag;
    struct bytes reply; /* a whole frame, in the batch's memory */
    enum ledger_note note;
    struct principal_row principal; /* with LEDGER_ADDED, LEDGER_REKEYED and LEDGER_REVOKED */
};

/* Bytes of `memory` for which a batch of any BATCH_EVENTS_MAX jobs makes headway. */
enum {
    LEDGER_REPLY_BYTES_MAX = FRAME_OPERATOR_BYTES_MAX + 64,
    LEDGER_MEMORY_BYTES = 8 * LEDGER_REPLY_BYTES_MAX
};

/* Runs the first jobs of `jobs` (at least one of them, at most BATCH_EVENTS_MAX, as many as `memory` holds
 * replies for) and fills one result each, in order. Replies live in `memory`, which is reset first. A full
 * disk answers every job of the batch RETRY and returns 0. ERR_IO, ERR_CORRUPT, ERR_NOMEM: nothing may be
 * answered and the process must end. */
int ledger_run(struct ledger *ledger, const struct ledger_job *jobs, size_t count, struct arena *memory,
               struct ledger_result *ret_results, size_t *ret_done) MUST_CHECK;

/* Call between batches, when the answers of the last are on their way; `idle`: no job waits. Checkpoints if
 * it is time. Errors as of ledger_run, but that a full disk is none. */
int ledger_rest(struct ledger *ledger, bool idle) MUST_CHECK;

/* Books what fell due by itself, one slice of it, in a transaction of its own: call when no job waits, again
 * after `ret_wait_ms` (0: at once) or when something was run; and with `busy` behind each batch, which makes
 * headway once a second. A full disk is tried again later. ERR_IO, ERR_CORRUPT, ERR_NOMEM: the process must
 * end. */
int ledger_tick(struct ledger *ledger, bool busy, int64_t *ret_wait_ms) MUST_CHECK;

/* Milliseconds the daemon must wait before it may book, because its clock is behind the log by more than the
 * programme allows; 0 normally. */
int64_t ledger_clock_behind_ms(const struct ledger *ledger);

/* Whether the disk had no room for the last transaction: nothing of it was booked. */
bool ledger_is_full(const struct ledger *ledger);

#endif
