/* Delivering an outbox: connects as often as it takes, sends what waits in its order, pipelined, and keeps
 * each answer. Several that wait go under one signature. Nothing is lost or doubled, whenever either side
 * dies: what was sent without an answer is sent again, and the daemon answers it with the stored bytes. One
 * thread. */
#ifndef LOYALTY_CLIENT_DELIVERY_H
#define LOYALTY_CLIENT_DELIVERY_H

#include "client/outbox_event.h"
#include "client/place.h"
#include "client/session.h"
#include "model/decision.h"
#include "wire/body.h"

enum {
    DELIVERY_IN_FLIGHT_DEFAULT = 64, /* events */
    DELIVERY_BATCH_DEFAULT = 64,     /* events under one signature */
    DELIVERY_BACKOFF_MS_MIN = 50,
    DELIVERY_BACKOFF_MS_MAX = 2000,
    DELIVERY_OTHERS_MAX = 2,            /* keys beside the current one */
    DELIVERY_CLOCK_TOLERANCE_MS = 2000, /* a till's clock may be off by this without being corrected */
};

/* An event that was answered. Lives until the callback returns. */
struct delivery_answer {
    uint64_t sequence;
    bool repeated;             /* the daemon had booked it before */
    bool again;                /* it was acknowledged before and sent again on purpose, and */
    bool same;                 /* the answer has the same bytes as the first time */
    struct booked booked;      /* position, instant, chain */
    struct bytes booked_bytes; /* the answer itself */
    const struct outcome *outcome;
    const struct rendering *rendering; /* NULL: none asked for */
};

/* A request in flight. */
struct delivery_flight {
    uint64_t first; /* sequence */
    uint32_t count; /* events */
    uint32_t left;  /* of them, without an answer */
};

struct delivery_options {
    struct outbox *outbox;       /* held; that of an enrolled till */
    const struct key_pair *pair; /* held: the till's key as far as it knows */
    /* Held: the one it is changing to, or had before; NULL: none. Tried where the daemon does not know
     * `pair`. */
    const struct key_pair *others[DELIVERY_OTHERS_MAX];
    const struct world *world; /* held */
    int64_t timeout_ms;        /* without any headway */
    uint32_t in_flight_max;    /* events, 1 to REQUESTS_IN_FLIGHT_MAX; 0: the default */
    uint32_t batch_max;        /* events under one signature, 1: each has its own; 0: the default */
    void (*answered)(void *context, const struct delivery_answer *answer); /* may be NULL */
    void *context;
};

struct delivery {
    struct delivery_options options;
    struct session session;
    bool connected;
    uint8_t programme_id[PROGRAMME_ID_BYTES];
    uint8_t daemon_key[KEY_BYTES];
    uint32_t principal;
    struct place place;
    void *memory; /* of `arena`: an event on its way */
    struct arena arena;
    struct outcome *outcome; /* of the answer at hand */
    /* Events first..next-1 are in flight, those from next to before end still to be sent. */
    uint64_t first;
    uint64_t next;
    uint64_t end;
    struct delivery_flight flights[REQUESTS_IN_FLIGHT_MAX]; /* a ring of those first..next-1 went in */
    uint32_t flights_first;
    uint32_t flights_count;
    uint64_t failed_end;         /* behind the request that failed */
    uint64_t alone_end;          /* events before this one go one by one: the daemon asked for that */
    const struct key_pair *live; /* the key the daemon knows: what is sent is signed with it */
    uint64_t rotation;           /* an event in flight that changes it; nothing is sent behind it. 0: none */
    uint8_t rotated[KEY_BYTES];  /* the key that it brings */
    bool flowing;                /* they are in flight on the connection that is open */
    uint64_t leave;              /* as many may stay in flight when a run ends */
    bool again;                  /* acknowledged ones, on purpose */
    uint32_t pending;            /* acknowledgements not committed yet */
    bool draining;               /* a failure came: only take the answers that are on their way */
    enum failure_code failure;
    uint64_t answered_count;
    uint64_t repeated_count;
    uint64_t differing_count; /* sent again, and answered otherwise */
    char text[SESSION_TEXT_BYTES];
};

/* Reads who the till is. ERR_NOT_FOUND: it is not enrolled; ERR_NOMEM, ERR_CORRUPT, ERR_IO. */
int delivery_init(struct delivery *delivery, const struct delivery_options *options) MUST_CHECK;

/* Closes the connection. Accepts a zeroed or half-built delivery. */
void delivery_fini(struct delivery *delivery);

/* Sends all that waits. 0: nothing waits any more. ERR_CLOSED, ERR_TIMEOUT: the daemon was not to be reached
 * in time; the rest waits on. Anything else does not pass by itself and `text` says what it is: ERR_MISMATCH
 * (another programme, a restored log we cannot serve, a second till with our key), ERR_PERMISSION (revoked),
 * ERR_SIGNATURE, ERR_TOO_LARGE, ERR_RANGE; ERR_FULL, ERR_IO, ERR_CORRUPT, ERR_NOMEM of our own side. */
int delivery_run(struct delivery *delivery) MUST_CHECK;

/* The same, but returns as soon as at most `unanswered_max` events wait, all of them on their way where the
 * window allows: their answers come in while more is signed, and are taken by the next call. Deletes nothing
 * old. */
int delivery_run_until(struct delivery *delivery, uint64_t unanswered_max) MUST_CHECK;

/* Sends again, on purpose, what was acknowledged and is kept, from a sequence on, and compares the answers.
 */
int delivery_run_again(struct delivery *delivery, uint64_t from) MUST_CHECK;

/* Connects if it is not connected, for other requests on `session`. Errors as delivery_run. */
int delivery_connect(struct delivery *delivery) MUST_CHECK;

#endif
