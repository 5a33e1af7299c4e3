/* Replay: a log booked again from its first event into an empty store, each step held against what was
 * recorded.
 *
 * The same ledger that decided the events decides them again, given the recorded facts (who the card belonged
 * to, what time it was there, what was drawn) in place of the world. So a replay that comes to the end proves
 * the log; the derived tables it leaves behind are what the log says they must be. One thread. */
#ifndef LOYALTY_SERVICE_REPLAY_H
#define LOYALTY_SERVICE_REPLAY_H

#include "base/error.h"
#include "base/world.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct replay; /* opaque, heap */

/* A signature of the log: the principal's key at its position, and what it is to have signed. */
struct replay_signature {
    uint64_t position;       /* of the event, the last one of a batch */
    uint64_t first_position; /* of the batch; 0: of one event alone */
    uint32_t principal;
    const uint8_t *key;       /* KEY_BYTES */
    const uint8_t *signature; /* SIGNATURE_BYTES */
    struct bytes message;
};

struct replay_options {
    struct store *store;       /* held: new and empty */
    const struct world *world; /* held */
    bool skip_signatures;      /* faster: trusts the chain alone */
    /* Is given each signature, borrowed, to be checked elsewhere; NULL: they are checked at once. What it
     * returns, if not 0, replay_event returns. */
    int (*check)(void *context, const struct replay_signature *signature);
    void *check_context;
};

/* The first place where the log and its replay differ. */
struct replay_difference {
    uint64_t position;
    const char *part; /* static: "body", "signature", "chain", "sequence", "booked_at", "context", "outcome",
                         "programme" */
    char text[256];   /* what was recorded and what was found */
};

/* What is to be said of a signature that is wrong. Any thread. */
void replay_signature_wrong(const struct replay_signature *signature,
                            struct replay_difference *ret_difference);

int replay_new(const struct replay_options *options, struct replay **ret_replay) MUST_CHECK;
void replay_free(struct replay *replay);

/* The next event of the log, borrowed. 0: as recorded; ERR_CORRUPT: ret_difference tells; else a failure of
 * the store or of memory. The rows are in an open transaction until replay_commit. */
int replay_event(struct replay *replay, const struct event_row *row,
                 struct replay_difference *ret_difference) MUST_CHECK;

int replay_commit(struct replay *replay) MUST_CHECK;

/* The log has no more events: commits. ERR_CORRUPT: it ends within a batch, ret_difference tells; its events
 * are not proved. */
int replay_finish(struct replay *replay, struct replay_difference *ret_difference) MUST_CHECK;

/* Events under an older engine revision, which are folded and not decided again. */
uint64_t replay_folded(const struct replay *replay);

const uint8_t *
replay_programme_id(const struct replay *replay); /* PROGRAMME_ID_BYTES; after the first event */

#endif
