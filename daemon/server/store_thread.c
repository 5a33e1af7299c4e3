#include "server/store_thread.h"

#include "base/check.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

enum {
    CLOCK_WAIT_NS = 1000 * 1000 * 1000,
    IDLE_MS_MIN = 1000, /* what falls due by itself wakes nobody more often */
};

/* With the mutex: jobs are there and a batch to answer them in. */
static bool can_run(const struct store_thread *thread)
{
    return thread->jobs > 0 && thread->batches[thread->filling].count == 0;
}

/* With the mutex, after the ledger has worked: whoever looks after the box is to know why tills wait. */
static void tell_full(struct store_thread *thread)
{
    const bool full = ledger_is_full(thread->ledger);
    if (full && !thread->full) {
        log_line(LOG_LEVEL_ERROR,
                 "server: the disk is full: nothing is booked, tills keep what they have: make room");
    } else if (!full && thread->full) {
        log_line(LOG_LEVEL_NOTICE, "server: the disk has room again");
    }
    thread->full = full;
}

/* With the mutex, which is given up meanwhile: what falls due by itself, and checkpoints. The answers of the
 * last batch are with the loop: nobody waits for what is done here but who comes meanwhile. `ret_wait_ms`:
 * until it is to be called again, 0: at once. */
static void rest(struct store_thread *thread, int64_t *ret_wait_ms)
{
    const bool idle = thread->jobs == 0;
    int64_t wait_ms = 0;
    thread->busy = true;
    uv_mutex_unlock(&thread->mutex);
    int result = ledger_tick(thread->ledger, !idle, &wait_ms);
    if (result == 0) {
        result = ledger_rest(thread->ledger, idle);
    }
    uv_mutex_lock(&thread->mutex);
    thread->busy = false;
    thread->progress++;
    tell_full(thread);
    if (result != 0) {
        thread->error = result;
    }
    *ret_wait_ms = wait_ms;
}

/* With the mutex, which is given up meanwhile: false when the thread is to end. */
static bool wait_for_work(struct store_thread *thread)
{
    int64_t wait_ms = 0;
    while (!can_run(thread)) {
        if (thread->abandoned || (thread->stopping && thread->jobs == 0)) {
            return false;
        }
        if (thread->jobs > 0) {
            uv_cond_wait(&thread->cond, &thread->mutex);
        } else if (wait_ms > 0) {
            const int64_t ms = wait_ms < IDLE_MS_MIN ? IDLE_MS_MIN : wait_ms;
            uv_cond_timedwait(&thread->cond, &thread->mutex, (uint64_t)ms * 1000 * 1000);
            wait_ms = 0;
        } else {
            rest(thread, &wait_ms);
            if (thread->error != 0) {
                return false;
            }
        }
    }
    return !thread->abandoned;
}

/* With the mutex: nothing is booked while the clock is far behind the log. */
static void wait_for_clock(struct store_thread *thread)
{
    bool told = false;
    while (!thread->abandoned && ledger_clock_behind_ms(thread->ledger) > 0) {
        if (!told) {
            log_line(
                LOG_LEVEL_ERROR,
                "server: the clock is behind the last booked event: waiting, or set it right missing_ms=%lld",
                (long long)ledger_clock_behind_ms(thread->ledger));
            told = true;
        }
        uv_cond_timedwait(&thread->cond, &thread->mutex, CLOCK_WAIT_NS);
    }
}

/* With the mutex, which is given up meanwhile. */
static void run_batch(struct store_thread *thread, struct ledger_job *jobs)
{
    struct store_batch *batch = &thread->batches[thread->filling];
    const size_t count = thread->jobs < BATCH_EVENTS_MAX ? thread->jobs : BATCH_EVENTS_MAX;
    for (size_t i = 0; i < count; i++) {
        jobs[i] = thread->ring[(thread->head + i) % thread->jobs_max];
    }
    thread->busy = true;
    uv_mutex_unlock(&thread->mutex);
    size_t done = 0;
    const int result = ledger_run(thread->ledger, jobs, count, &batch->memory, batch->results, &done);
    uv_mutex_lock(&thread->mutex);
    thread->busy = false;
    thread->progress++;
    tell_full(thread);
    if (result != 0) {
        thread->error = result;
        return;
    }
    CHECK(done > 0);
    CHECK(done <= count);
    thread->head = (thread->head + done) % thread->jobs_max;
    thread->jobs -= done;
    batch->count = done;
    thread->filling ^= 1;
}

static void run(void *context)
{
    struct store_thread *thread = context;
    struct ledger_job jobs[BATCH_EVENTS_MAX];
    uv_mutex_lock(&thread->mutex);
    while (thread->error == 0 && wait_for_work(thread)) {
        wait_for_clock(thread);
        if (thread->abandoned) {
            break;
        }
        run_batch(thread, jobs);
        uv_async_send(thread->answered);
        if (thread->error == 0 && thread->jobs > 0) { /* else it rests when it waits */
            int64_t wait_ms;
            rest(thread, &wait_ms);
        }
    }
    const int error = thread->error;
    uv_mutex_unlock(&thread->mutex);
    if (error != 0) {
        uv_async_send(thread->answered);
    }
}

static void free_memory(struct store_thread *thread)
{
    if (thread->batches != NULL) {
        free(thread->batches[0].memory.memory);
        free(thread->batches[1].memory.memory);
    }
    free(thread->batches);
    free(thread->ring);
    *thread = (struct store_thread){0};
}

static int make_memory(struct store_thread *thread)
{
    thread->ring = calloc(thread->jobs_max, sizeof(*thread->ring));
    thread->batches = calloc(2, sizeof(*thread->batches));
    if (thread->ring == NULL || thread->batches == NULL) {
        return ERR_NOMEM;
    }
    for (int i = 0; i < 2; i++) {
        void *memory = calloc(1, LEDGER_MEMORY_BYTES);
        if (memory == NULL) {
            return ERR_NOMEM;
        }
        arena_init(&thread->batches[i].memory, memory, LEDGER_MEMORY_BYTES);
    }
    return 0;
}

int store_thread_start(struct store_thread *thread, struct ledger *ledger, uv_async_t *answered,
                       size_t jobs_max)
{
    CHECK(jobs_max > 0);
    *thread = (struct store_thread){.ledger = ledger, .answered = answered, .jobs_max = jobs_max};
    int result = make_memory(thread);
    if (result != 0) {
        goto fail;
    }
    result = ERR_IO;
    if (uv_mutex_init(&thread->mutex) != 0) {
        goto fail;
    }
    if (uv_cond_init(&thread->cond) != 0) {
        goto fail_mutex;
    }
    thread->started = true;
    if (uv_thread_create(&thread->thread, run, thread) != 0) {
        goto fail_cond;
    }
    return 0;
fail_cond:
    uv_cond_destroy(&thread->cond);
fail_mutex:
    uv_mutex_destroy(&thread->mutex);
fail:
    free_memory(thread);
    return result;
}

void store_thread_push(struct store_thread *thread, const struct ledger_job *jobs, size_t count)
{
    uv_mutex_lock(&thread->mutex);
    CHECK(count <= thread->jobs_max - thread->jobs);
    for (size_t i = 0; i < count; i++) {
        thread->ring[(thread->head + thread->jobs++) % thread->jobs_max] = jobs[i];
    }
    uv_mutex_unlock(&thread->mutex);
    uv_cond_signal(&thread->cond); /* who is woken finds the mutex free */
}

const struct store_batch *store_thread_collect(struct store_thread *thread)
{
    uv_mutex_lock(&thread->mutex);
    const struct store_batch *batch = &thread->batches[thread->reading];
    const bool done = batch->count > 0;
    uv_mutex_unlock(&thread->mutex);
    return done ? batch : NULL;
}

void store_thread_release(struct store_thread *thread)
{
    uv_mutex_lock(&thread->mutex);
    CHECK(thread->batches[thread->reading].count > 0);
    thread->batches[thread->reading].count = 0;
    thread->reading ^= 1;
    const bool awaited = thread->jobs > 0; /* else it sleeps until there are some */
    uv_mutex_unlock(&thread->mutex);
    if (awaited) {
        uv_cond_signal(&thread->cond);
    }
}

int store_thread_error(struct store_thread *thread)
{
    uv_mutex_lock(&thread->mutex);
    const int error = thread->error;
    uv_mutex_unlock(&thread->mutex);
    return error;
}

bool store_thread_alive(struct store_thread *thread, uint64_t *seen)
{
    uv_mutex_lock(&thread->mutex);
    const bool alive = !thread->busy || thread->progress != *seen;
    *seen = thread->progress;
    uv_mutex_unlock(&thread->mutex);
    return alive;
}

void store_thread_stop(struct store_thread *thread, bool abandon)
{
    if (!thread->started) {
        return;
    }
    uv_mutex_lock(&thread->mutex);
    thread->stopping = true;
    thread->abandoned = abandon;
    uv_cond_signal(&thread->cond);
    uv_mutex_unlock(&thread->mutex);
    const int joined = uv_thread_join(&thread->thread);
    CHECK(joined == 0);
    uv_cond_destroy(&thread->cond);
    uv_mutex_destroy(&thread->mutex);
    free_memory(thread);
}
