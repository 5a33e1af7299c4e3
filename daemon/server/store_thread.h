/* The store thread: runs the ledger, one batch after the other. It takes what is queued when the last commit
 * has ended, at most BATCH_EVENTS_MAX jobs; there is no timer. Results come back in one of two buffers, so
 * that the next batch runs while the loop sends the answers of the last. */
#ifndef LOYALTY_SERVER_STORE_THREAD_H
#define LOYALTY_SERVER_STORE_THREAD_H

#include "service/ledger.h"

#include <uv.h>

struct store_batch {
    struct ledger_result results[BATCH_EVENTS_MAX];
    size_t count; /* 0: free */
    struct arena memory;
};

/* Embedded in the server; zeroed before store_thread_start. The fields are the module's. */
struct store_thread {
    struct ledger *ledger; /* held; the thread's alone while it runs */
    uv_async_t *answered;  /* held; sent when a batch or an error is there */
    uv_thread_t thread;
    uv_mutex_t mutex; /* guards what follows */
    uv_cond_t cond;
    struct ledger_job *ring; /* jobs_max jobs */
    size_t jobs_max;
    size_t head;
    size_t jobs;
    struct store_batch *batches; /* two */
    unsigned filling;            /* the batch filled next */
    unsigned reading;            /* the batch read next */
    bool stopping;               /* end when no job waits */
    bool abandoned;              /* end after the batch that runs */
    bool busy;                   /* the ledger runs */
    uint64_t progress;           /* batches, and rests between them, so far */
    bool full;                   /* the disk: the last that was logged of it */
    int error;                   /* of the ledger: the thread has ended */
    bool started;
};

/* At most `jobs_max` jobs wait at any time. ERR_NOMEM, ERR_IO. */
int store_thread_start(struct store_thread *thread, struct ledger *ledger, uv_async_t *answered,
                       size_t jobs_max) MUST_CHECK;

/* On the loop: queues jobs. What they borrow is held until their results have been collected. */
void store_thread_push(struct store_thread *thread, const struct ledger_job *jobs, size_t count);

/* On the loop: the next batch that is done, or NULL. Give it back before the next call. */
const struct store_batch *store_thread_collect(struct store_thread *thread);
void store_thread_release(struct store_thread *thread);

/* On the loop: 0, or the error that ended the thread. Nothing may be answered after an error. */
int store_thread_error(struct store_thread *thread);

/* On the loop: whether it is idle or has got on since `seen`, which is updated. */
bool store_thread_alive(struct store_thread *thread, uint64_t *seen);

/* Waits for the thread to end: after all jobs, or after the batch that runs. Then frees its memory. Does
 * nothing when it was not started. */
void store_thread_stop(struct store_thread *thread, bool abandon);

#endif
