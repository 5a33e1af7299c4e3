/* A daemon in a thread of its own that books what it is sent and otherwise does what a script says, and a
 * till with an outbox that delivers to it. One of each a test: the fixture is `scripted`. Everything fails
 * the test where it cannot do its work. */
#ifndef LOYALTY_TESTS_LIB_SCRIPTED_H
#define LOYALTY_TESTS_LIB_SCRIPTED_H

#include "lib/temporary.h"
#include "lib/testing.h"

#include "client/delivery.h"

#include <pthread.h>
#include <stdatomic.h>

enum { SCRIPTED_EVENTS_MAX = 400, SCRIPTED_PRINCIPAL = 4 };

/* What the scripted daemon does at a Book or BookBatch, besides booking. */
enum act {
    ACT_BOOK,
    ACT_CLOSE,          /* closes in place of taking it */
    ACT_BOOK_AND_CLOSE, /* books it, and closes in place of answering */
    ACT_RETRY,          /* fails for now */
    ACT_BUSY,
    ACT_STOP, /* says STOPPING and closes */
    ACT_CONFLICT,
    ACT_REPLACE, /* says REPLACED and closes */
    ACT_TOO_LARGE,
    ACT_NONSENSE,       /* answers with another kind of reply */
    ACT_OTHER_SEQUENCE, /* answers for another event */
    ACT_SILENT,         /* takes it and says nothing more */
    ACT_ONE_BY_ONE,     /* of a batch: wants its events alone */
    ACT_BOOK_AND_CUT,   /* of a batch: books it, answers half and RETRY for the rest */
};

struct scripted_daemon {
    int listener;
    pthread_t thread;
    atomic_bool ending;
    atomic_int connection; /* the one at hand, or -1 */
    struct key_pair daemon_pair;
    uint8_t programme_id[PROGRAMME_ID_BYTES];
    uint8_t epoch[EPOCH_BYTES];
    bool log_differs;
    bool revoked;
    const enum act *script; /* one act for each request that arrives at its turn; then ACT_BOOK */
    size_t script_size;
    size_t acts;                                     /* played */
    int books;                                       /* requests of one event that arrived */
    int batches;                                     /* and of several */
    uint64_t expected;                               /* sequence */
    int connections;                                 /* accepted */
    uint8_t bodies[SCRIPTED_EVENTS_MAX][HASH_BYTES]; /* of what is booked */
    uint64_t hello_position;
};

struct scripted {
    struct temporary temporary;
    char url[110];
    struct outbox outbox;
    struct key_pair pair;
    struct scripted_daemon daemon;
    uint64_t answered; /* callbacks */
    uint64_t last;     /* sequence of the last one */
    uint32_t batch_max;
};

extern struct scripted scripted;

/* Setup and teardown of a test: an empty outbox, and no daemon yet. */
int scripted_open(void **state);
int scripted_close(void **state);

/* Starts the daemon, which plays `size` acts and then books; the script is held until it is stopped. Stopping
 * one that is not started is fine. */
void scripted_start(const enum act *script, size_t size);
void scripted_stop(void);

/* Adds this many events, each signed alone. */
void scripted_queue(int count);

/* Delivers, with up to `in_flight` events on their way; the result, and what it says of it. */
int scripted_deliver(uint32_t in_flight, char text[SESSION_TEXT_BYTES]);
struct outbox_counts scripted_counted(void);

/* Delivers `count` events under a script and expects all to be booked and acknowledged. */
void scripted_all_arrive(int count, const enum act *script, size_t size, uint32_t in_flight);

/* The same in ten groups of thirty, of which each run leaves up to twenty unanswered to the next. */
void scripted_run_in_groups(const enum act *script, size_t size);

#endif
