/* Events in the outbox. An event is numbered and on the disk, mostly signed, before anybody sends it; it
 * waits until it is acknowledged and is then kept for a while, in case the daemon's log has to be restored
 * from a copy.
 */
#ifndef LOYALTY_CLIENT_OUTBOX_EVENT_H
#define LOYALTY_CLIENT_OUTBOX_EVENT_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "client/outbox.h"
#include "crypto/sign.h"

#include <stdbool.h>

enum {
    /* store/date/till/number */
    OUTBOX_RECEIPT_BYTES_MAX = ID_BYTES_MAX + 10 + TILL_LABEL_BYTES_MAX + RECEIPT_NUMBER_BYTES_MAX + 3,
};

/* An event to be added. */
struct outbox_draft {
    struct bytes body;   /* packed, up to BODY_OPERATOR_BYTES_MAX */
    struct bytes salt;   /* CARD_SALT_BYTES with a card, else empty */
    const char *card;    /* NULL: none */
    const char *locale;  /* of the rendering wanted; NULL: none */
    const char *receipt; /* what the till knows a receipt by, unique in the outbox; NULL: not a receipt */
    int64_t queued_at;   /* ms UTC */
};

struct outbox_signer {
    const struct key_pair *pair; /* borrowed */
    const uint8_t *programme_id; /* PROGRAMME_ID_BYTES; borrowed */
    uint32_t principal;
};

struct outbox_event {
    uint64_t sequence;
    struct bytes body;
    bool is_signed; /* by itself */
    uint8_t signature[SIGNATURE_BYTES];
    struct bytes salt;   /* empty: no card */
    const char *card;    /* NULL: none */
    const char *locale;  /* NULL: none */
    const char *receipt; /* NULL: none */
    int64_t queued_at;   /* ms UTC */
    struct bytes booked; /* the answer; empty: it waits */
};

struct outbox_counts {
    uint64_t next_sequence; /* that the next event gets */
    uint64_t first_waiting; /* next_sequence when none waits */
    uint64_t first_kept;    /* next_sequence when none is kept; waiting ones count */
    uint64_t waiting;
    uint64_t acknowledged; /* and kept */
};

/* Signs it with the next sequence and adds it; with `signer` NULL unsigned: whoever sends it signs it then,
 * which takes one signature for many events. Outside a transaction it is on the disk on return, else after
 * outbox_commit. ERR_EXISTS: a receipt of this name is there already; ERR_TOO_LARGE; as outbox_open. */
int outbox_event_add(struct outbox *outbox, const struct outbox_draft *draft,
                     const struct outbox_signer *signer, uint64_t *ret_sequence) MUST_CHECK;

/* Fills `ret_event`, everything of it in `arena`. ERR_NOT_FOUND; ERR_NOMEM when the arena has no room. */
int outbox_event_load(struct outbox *outbox, uint64_t sequence, struct arena *arena,
                      struct outbox_event *ret_event) MUST_CHECK;

/* The sequence of a receipt, or ERR_NOT_FOUND. */
int outbox_event_by_receipt(struct outbox *outbox, const char *receipt, uint64_t *ret_sequence) MUST_CHECK;

/* Keeps the answer: it waits no longer. ERR_NOT_FOUND. */
int outbox_event_acknowledge(struct outbox *outbox, uint64_t sequence, struct bytes booked,
                             int64_t now) MUST_CHECK;

/* The event was refused: its receipt is not taken, and may be rung up again as another event. */
int outbox_event_free_receipt(struct outbox *outbox, uint64_t sequence) MUST_CHECK;

/* Makes all kept events from this sequence on wait again. */
int outbox_event_reopen(struct outbox *outbox, uint64_t sequence) MUST_CHECK;

/* Deletes what was acknowledged before this instant. */
int outbox_event_expire(struct outbox *outbox, int64_t before) MUST_CHECK;

int outbox_event_count(struct outbox *outbox, struct outbox_counts *ret_counts) MUST_CHECK;

#endif
