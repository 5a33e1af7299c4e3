#include "service/ledger_internal.h"

#include "base/check.h"

#include <string.h>

static const struct programme *programme_of(const struct version *version)
{
    return version == NULL ? NULL : version->programme;
}

const struct programme *ledger_programme_newest(const struct ledger *ledger)
{
    return programme_of(versions_newest(&ledger->versions));
}

const struct programme *ledger_programme_version(const struct ledger *ledger, uint32_t version)
{
    return programme_of(versions_find(&ledger->versions, version));
}

const struct programme *ledger_programme_at(struct ledger *ledger, int64_t occurred_at)
{
    const struct programme *newest = ledger_programme_newest(ledger);
    struct zone *zone;
    struct civil_time time;
    if (newest == NULL || zones_open(&ledger->zones, newest->zone, &zone) != 0 ||
        civil_from_instant(zone, occurred_at, newest->day_starts, &time) != 0) {
        return newest;
    }
    return programme_of(versions_on(&ledger->versions, time.day));
}

const struct programme *ledger_programme_on(const struct ledger *ledger, int32_t day)
{
    return programme_of(versions_on(&ledger->versions, day));
}

struct principal_row *ledger_principal(struct ledger *ledger, uint32_t principal)
{
    return principal < ledger->principals_count ? &ledger->principals[principal] : NULL;
}

const uint8_t *ledger_programme_id(const struct ledger *ledger)
{
    return ledger->programme_id;
}

int64_t ledger_clock_behind_ms(const struct ledger *ledger)
{
    const struct world *world = ledger->options.world;
    const struct programme *programme = ledger_programme_newest(ledger);
    const int64_t allowed = (int64_t)60 * 1000 * (programme == NULL ? 5 : programme->clock_behind_minutes);
    const int64_t behind = ledger->head.booked_at - world->wall_ms(world->context);
    return ledger->head.live && behind > allowed ? behind - allowed : 0;
}

int64_t ledger_now(const struct ledger *ledger)
{
    const struct world *world = ledger->options.world;
    const int64_t now = world->wall_ms(world->context);
    return now > ledger->head.booked_at ? now : ledger->head.booked_at;
}

int64_t ledger_booked_at(const struct ledger *ledger, const struct event *event)
{
    const int64_t last = ledger->head.booked_at;
    if (ledger->head.live || (event != NULL && event->kind == EVENT_GO_LIVE)) {
        return ledger_now(ledger);
    }
    /* While history loads only what terminals state moves time: an operator of today must not end the past.
     * Nor does what lies in the future; it is refused (clock_in_bounds). */
    const bool states_time =
        event != NULL && role_may_sign(ROLE_TERMINAL, event->kind) && !role_may_sign(ROLE_ADMIN, event->kind);
    const struct world *world = ledger->options.world;
    return states_time && event->occurred_at > last &&
                   event->occurred_at <= world->wall_ms(world->context) + CLOCK_AHEAD_MS_LOADING
               ? event->occurred_at
               : last;
}

int ledger_begin(struct ledger *ledger)
{
    if (ledger->in_transaction) {
        return 0;
    }
    const int result = store_begin(ledger->options.store);
    ledger->in_transaction = result == 0;
    return result;
}

int ledger_principals(struct ledger *ledger, void (*each)(void *context, const struct principal_row *row),
                      void *context)
{
    for (size_t i = 0; i < ledger->principals_count; i++) {
        each(context, &ledger->principals[i]);
    }
    return 0;
}

void ledger_fail(struct ledger *ledger, struct reply *reply, enum failure_code code, const char *text)
{
    const struct world *world = ledger->options.world;
    reply->kind = REPLY_FAILURE;
    memset(&reply->failure, 0, sizeof(reply->failure));
    reply->failure.code = code;
    reply->failure.text = text;
    reply->failure.now = world->wall_ms(world->context);
}

static int answer_job(struct ledger *ledger, const struct ledger_job *job, struct arena *memory,
                      struct ledger_result *result)
{
    struct reply reply = {.id = job->request->id};
    int status = 0;
    switch (job->request->kind) {
    case REQUEST_BOOK:
        status = ledger_book(ledger, job, &reply, result);
        break;
    case REQUEST_ENROL:
        status = ledger_enrol(ledger, job, &reply, result);
        break;
    case REQUEST_SET_PROFILE:
        status = ledger_set_profile(ledger, job, &reply);
        break;
    case REQUEST_GET_PROFILE:
        status = ledger_get_profile(ledger, job, &reply);
        break;
    case REQUEST_AUTHENTICATE:
    case REQUEST_GET_MEMBER:
    case REQUEST_GET_VOUCHER:
    case REQUEST_GET_EVENT:
    case REQUEST_GET_EXCEPTIONS:
    case REQUEST_GET_STATUS:
    case REQUEST_GET_PRINCIPALS:
    case REQUEST_GET_PROGRAMME:
    case REQUEST_CHECK_PROGRAMME:
    case REQUEST_BACKUP:
    case REQUEST_QUOTE:
        status = ledger_query(ledger, job, &reply, result);
        break;
    case REQUEST_BOOK_BATCH:
    case REQUEST_HELLO:
        ledger_fail(ledger, &reply, FAILURE_INVALID, "a connection says hello once, as its first message");
        break;
    }
    if (status < 0) {
        return status;
    }
    status = wire_reply_pack(&reply, memory, &result->reply);
    if (status == ERR_TOO_LARGE) {
        ledger_fail(ledger, &reply, FAILURE_TOO_LARGE, "the answer is larger than a frame");
        status = wire_reply_pack(&reply, memory, &result->reply);
    }
    return status;
}

static int run_job(struct ledger *ledger, const struct ledger_job *job, struct arena *memory,
                   struct ledger_result *result)
{
    *result = (struct ledger_result){.tag = job->tag};
    arena_reset(&ledger->scratch);
    const int status = job->request->kind == REQUEST_BOOK_BATCH
                           ? ledger_book_batch(ledger, job, memory, result)
                           : answer_job(ledger, job, memory, result);
    return status == 0 && ledger->arrived_count > 0 ? ledger_resume(ledger) : status;
}

/* Nothing of the batch was written: every job is told to come again, and what is cached is read anew. */
static int answer_retry(struct ledger *ledger, const struct ledger_job *jobs, size_t count,
                        struct arena *memory, struct ledger_result *results)
{
    arena_reset(memory);
    for (size_t i = 0; i < count; i++) {
        struct reply reply = {.id = jobs[i].request->id};
        ledger_fail(ledger, &reply, FAILURE_RETRY,
                    "the daemon's disk is full: nothing was booked, send again later");
        results[i] = (struct ledger_result){.tag = jobs[i].tag};
        const int result = wire_reply_pack(&reply, memory, &results[i].reply);
        if (result < 0) {
            return result;
        }
    }
    return ledger_load(ledger);
}

int ledger_end(struct ledger *ledger, int result)
{
    struct metrics *metrics = &ledger->metrics;
    if (ledger->in_transaction) {
        ledger->in_transaction = false;
        if (result == 0) {
            result = store_commit(ledger->options.store);
            metrics->batches_committed += result == 0;
            ledger->full = ledger->full && result != 0;
        } else {
            store_rollback(ledger->options.store);
        }
    }
    metrics->batches_full += result == ERR_FULL;
    ledger->full = ledger->full || result == ERR_FULL;
    return result;
}

bool ledger_is_full(const struct ledger *ledger)
{
    return ledger->full;
}

static uint32_t events_of(const struct request *request)
{
    return request->kind == REQUEST_BOOK_BATCH ? request->batch.count : 1;
}

int ledger_run(struct ledger *ledger, const struct ledger_job *jobs, size_t count, struct arena *memory,
               struct ledger_result *ret_results, size_t *ret_done)
{
    CHECK(count > 0);
    const size_t most = ledger->careful_left > 0 ? 1 : BATCH_EVENTS_MAX;
    size_t done = 0;
    size_t events = 0;
    int result = 0;
    arena_reset(memory);
    while (result == 0 && done < count && done < most &&
           memory->size - memory->used >= LEDGER_REPLY_BYTES_MAX) {
        events += events_of(jobs[done].request);
        if (done > 0 && events > BATCH_EVENTS_MAX) {
            break;
        }
        if (jobs[done].request->kind == REQUEST_BACKUP && ledger->in_transaction) {
            break; /* pages are copied between transactions: it is the first of the next batch */
        }
        result = run_job(ledger, &jobs[done], memory, &ret_results[done]);
        done++;
    }
    CHECK(done > 0);
    result = ledger_end(ledger, result);
    if (result == ERR_FULL) {
        result = answer_retry(ledger, jobs, done, memory, ret_results);
    }
    if (result < 0) {
        return result;
    }
    if (ledger->erased) {
        result = store_truncate(ledger->options.store);
        ledger->erased = result == ERR_FULL;
    }
    if (result < 0 && result != ERR_FULL) {
        return result;
    }
    *ret_done = done;
    return 0;
}

int ledger_rest(struct ledger *ledger, bool idle)
{
    bool done = false;
    const int result = store_checkpoint(ledger->options.store, idle, &done);
    ledger->metrics.checkpoints += done;
    return result == ERR_FULL ? 0 : result;
}
