/* Events, and what finds them. */
#include "base/check.h"
#include "store/connection.h"
#include "store/store.h"

#include <string.h>

enum { MARK_DISTANCE = 64 };

static int write_row(struct store *store, const struct event_row *row, uint64_t previous)
{
    struct receipt_link receipt = {.in_order = false};
    const int error = row->receipt != NULL ? receipt_take(store, row->receipt, row->position, &receipt) : 0;
    if (error != 0) {
        return error;
    }
    bind_u64(store, STATEMENT_EVENT_WRITE, 1, row->position);
    bind_i64(store, STATEMENT_EVENT_WRITE, 2, row->principal);
    bind_i64(store, STATEMENT_EVENT_WRITE, 3, row->key_no);
    bind_u64(store, STATEMENT_EVENT_WRITE, 4, row->sequence);
    bind_u64(store, STATEMENT_EVENT_WRITE, 5, previous);
    bind_i64(store, STATEMENT_EVENT_WRITE, 6, row->booked_at);
    if (receipt.in_order) {
        bind_text(store, STATEMENT_EVENT_WRITE, 7, row->receipt->number);
        bind_u64(store, STATEMENT_EVENT_WRITE, 8, receipt.earlier);
    } else {
        bind_null(store, STATEMENT_EVENT_WRITE, 7);
        bind_null(store, STATEMENT_EVENT_WRITE, 8);
    }
    bind_bytes(store, STATEMENT_EVENT_WRITE, 9, row->body);
    if (row->batch.count == 0) {
        bind_bytes(store, STATEMENT_EVENT_WRITE, 10, row->signature);
    } else {
        bind_null(store, STATEMENT_EVENT_WRITE, 10);
    }
    bind_bytes(store, STATEMENT_EVENT_WRITE, 11, row->context);
    bind_bytes(store, STATEMENT_EVENT_WRITE, 12, row->outcome);
    bind_bytes(store, STATEMENT_EVENT_WRITE, 13, (struct bytes){row->chain, HASH_BYTES});
    return statement_run_one(store, STATEMENT_EVENT_WRITE);
}

static int write_batch(struct store *store, const struct event_row *row)
{
    const struct event_batch *batch = &row->batch;
    if (batch->count == 0 || batch->first_position != row->position) {
        return 0;
    }
    CHECK(row->sequence - batch->first_sequence < batch->count);
    bind_u64(store, STATEMENT_BATCH_WRITE, 1, batch->first_position);
    bind_i64(store, STATEMENT_BATCH_WRITE, 2, row->principal);
    bind_u64(store, STATEMENT_BATCH_WRITE, 3, batch->first_sequence);
    bind_i64(store, STATEMENT_BATCH_WRITE, 4, batch->count);
    bind_bytes(store, STATEMENT_BATCH_WRITE, 5, row->signature);
    return statement_run_one(store, STATEMENT_BATCH_WRITE);
}

static int write_mark(struct store *store, const struct event_row *row)
{
    if (row->sequence % MARK_DISTANCE != 0) {
        return 0;
    }
    bind_i64(store, STATEMENT_MARK_WRITE, 1, row->principal);
    bind_u64(store, STATEMENT_MARK_WRITE, 2, row->sequence);
    bind_u64(store, STATEMENT_MARK_WRITE, 3, row->position);
    return statement_run_one(store, STATEMENT_MARK_WRITE);
}

int store_event_write(struct store *store, const struct event_row *row)
{
    int error = connection_usable(store);
    if (error != 0) {
        return error;
    }
    CHECK(store->writing);
    CHECK(row->position == store->head.position + 1);
    CHECK(row->booked_at >= store->head.booked_at || store->head.position == 0);
    const struct pending_tail *tail = NULL;
    error = pending_tail(store, row->principal, &tail);
    if (error != 0) {
        CHECK(error != ERR_NOT_FOUND);
        return error;
    }
    CHECK(row->sequence == tail->next_sequence);
    error = write_row(store, row, tail->last_position);
    if (error == 0) {
        error = write_batch(store, row);
    }
    if (error == 0) {
        error = write_mark(store, row);
    }
    if (error == 0) {
        error = pending_tail_move(store, row->principal, row->sequence, row->position);
    }
    if (error == 0) {
        store->head.position = row->position;
        store->head.booked_at = row->booked_at;
        memcpy(store->head.chain, row->chain, HASH_BYTES);
    }
    return error;
}

struct reading {
    struct arena *arena;
    struct event_row row;
};

static int read_blobs(struct reading *reading, sqlite3_stmt *row)
{
    struct bytes *const blobs[] = {&reading->row.body, &reading->row.signature, &reading->row.context,
                                   &reading->row.outcome};
    for (size_t i = 0; i < sizeof(blobs) / sizeof(blobs[0]); i++) {
        if (blobs[i] == &reading->row.signature && sqlite3_column_type(row, (int)i + 5) == SQLITE_NULL) {
            continue; /* that of its batch */
        }
        const int error = column_bytes(row, (int)i + 5, reading->arena, blobs[i]);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

static int read_event(void *context, sqlite3_stmt *row)
{
    struct reading *reading = context;
    int error = column_u32(row, 0, &reading->row.principal);
    if (error == 0) {
        error = column_u32(row, 1, &reading->row.key_no);
    }
    if (error == 0) {
        error = column_u64(row, 2, &reading->row.sequence);
    }
    if (error == 0) {
        error = column_i64(row, 3, &reading->row.booked_at);
    }
    if (error == 0) {
        error = column_array(row, 4, reading->row.chain, HASH_BYTES);
    }
    return error != 0 ? error : read_blobs(reading, row);
}

static int read_batch(void *context, sqlite3_stmt *row)
{
    struct reading *reading = context;
    struct event_batch *batch = &reading->row.batch;
    uint32_t principal = 0;
    int error = column_u64(row, 0, &batch->first_position);
    if (error == 0) {
        error = column_u32(row, 1, &principal);
    }
    if (error == 0) {
        error = column_u64(row, 2, &batch->first_sequence);
    }
    if (error == 0) {
        error = column_u32(row, 3, &batch->count);
    }
    if (error == 0) {
        error = column_bytes(row, 4, reading->arena, &reading->row.signature);
    }
    if (error == 0 && (principal != reading->row.principal || reading->row.sequence < batch->first_sequence ||
                       reading->row.sequence - batch->first_sequence >= batch->count)) {
        error = ERR_CORRUPT;
    }
    return error;
}

/* The batch of an event without a signature of its own. */
static int find_batch(struct store *store, struct reading *reading)
{
    bind_u64(store, STATEMENT_BATCH_READ, 1, reading->row.position);
    const int error = statement_find(store, STATEMENT_BATCH_READ, read_batch, reading);
    return error == ERR_NOT_FOUND ? connection_corrupt(store) : error;
}

int store_event_read(struct store *store, uint64_t position, struct arena *arena, struct event_row *ret_row)
{
    CHECK(arena != NULL);
    if (position == 0 || position > store->head.position) {
        return ERR_NOT_FOUND;
    }
    struct reading reading = {.arena = arena, .row.position = position};
    bind_u64(store, STATEMENT_EVENT_READ, 1, position);
    int error = statement_find(store, STATEMENT_EVENT_READ, read_event, &reading);
    if (error == 0 && reading.row.signature.data == NULL) {
        error = find_batch(store, &reading);
    }
    if (error == 0) {
        *ret_row = reading.row;
    }
    return error;
}

struct range {
    struct store *store;
    struct arena *arena; /* of the last batch's signature, from `mark` on */
    size_t mark;
    store_event_each *each;
    void *context;
    struct event_row last; /* its batch is that of the next event, too, until one is of another */
};

/* Whether the event without a signature of its own is of the batch that the one before it was of. */
static bool same_batch(const struct event_row *row, const struct event_row *before)
{
    const struct event_batch *batch = &before->batch;
    return batch->count > 0 && row->position == before->position + 1 && row->principal == before->principal &&
           row->sequence == before->sequence + 1 && row->sequence - batch->first_sequence < batch->count;
}

static int read_next(void *context, sqlite3_stmt *row)
{
    struct range *range = context;
    struct reading reading = {.arena = NULL};
    int error = column_u64(row, 9, &reading.row.position);
    if (error == 0) {
        error = read_event(&reading, row);
    }
    if (error == 0 && reading.row.signature.data == NULL) {
        if (same_batch(&reading.row, &range->last)) {
            reading.row.batch = range->last.batch;
            reading.row.signature = range->last.signature;
        } else {
            arena_rewind(range->arena, range->mark);
            reading.arena = range->arena;
            error = find_batch(range->store, &reading);
        }
    }
    range->last = reading.row;
    return error != 0 ? error : range->each(range->context, &reading.row);
}

int store_events(struct store *store, uint64_t first, uint64_t last, struct arena *arena,
                 store_event_each *each, void *context)
{
    CHECK(arena != NULL);
    CHECK(each != NULL);
    struct range range = {
        .store = store, .arena = arena, .mark = arena->used, .each = each, .context = context};
    bind_u64(store, STATEMENT_EVENTS_READ, 1, first);
    bind_u64(store, STATEMENT_EVENTS_READ, 2, last);
    return statement_rows(store, STATEMENT_EVENTS_READ, read_next, &range);
}

static int read_position(void *context, sqlite3_stmt *row)
{
    return column_u64(row, 0, context);
}

struct link {
    uint32_t principal;
    uint64_t sequence;
    uint64_t previous;
};

static int read_link(void *context, sqlite3_stmt *row)
{
    struct link *link = context;
    int error = column_u32(row, 0, &link->principal);
    if (error == 0) {
        error = column_u64(row, 1, &link->sequence);
    }
    return error != 0 ? error : column_u64(row, 2, &link->previous);
}

/* The nearest event of the principal at or after `sequence` whose position is known. */
static int find_from(struct store *store, uint32_t principal, uint64_t sequence,
                     const struct pending_tail *tail, uint64_t *ret_sequence, uint64_t *ret_position)
{
    const uint64_t mark = (sequence + MARK_DISTANCE - 1) / MARK_DISTANCE * MARK_DISTANCE;
    if (mark >= tail->next_sequence) {
        *ret_sequence = tail->next_sequence - 1;
        *ret_position = tail->last_position;
        return 0;
    }
    bind_i64(store, STATEMENT_MARK_READ, 1, principal);
    bind_u64(store, STATEMENT_MARK_READ, 2, mark);
    const int error = statement_find(store, STATEMENT_MARK_READ, read_position, ret_position);
    if (error == 0) {
        *ret_sequence = mark;
    }
    return error == ERR_NOT_FOUND ? connection_corrupt(store) : error;
}

static int find_position(struct store *store, uint32_t principal, uint64_t sequence, uint64_t *ret_position)
{
    const struct pending_tail *tail = NULL;
    int error = pending_tail(store, principal, &tail);
    if (error != 0) {
        return error;
    }
    if (sequence == 0 || sequence >= tail->next_sequence) {
        return ERR_NOT_FOUND;
    }
    uint64_t at = 0;
    uint64_t position = 0;
    error = find_from(store, principal, sequence, tail, &at, &position);
    CHECK(error != 0 || at - sequence < MARK_DISTANCE);
    while (error == 0 && at > sequence) {
        struct link link = {0};
        bind_u64(store, STATEMENT_EVENT_LINK, 1, position);
        error = statement_find(store, STATEMENT_EVENT_LINK, read_link, &link);
        if (error != 0 && error != ERR_NOT_FOUND) {
            return error;
        }
        if (link.principal != principal || link.sequence != at || link.previous >= position) {
            return connection_corrupt(store);
        }
        position = link.previous;
        at--;
    }
    if (error == 0) {
        *ret_position = position;
    }
    return error;
}

int store_event_find(struct store *store, uint32_t principal, uint64_t sequence, struct arena *arena,
                     struct event_row *ret_row)
{
    int error = connection_usable(store);
    if (error != 0) {
        return error;
    }
    uint64_t position = 0;
    error = find_position(store, principal, sequence, &position);
    struct event_row row = {0};
    if (error == 0) {
        error = store_event_read(store, position, arena, &row);
        error = error == ERR_NOT_FOUND ? connection_corrupt(store) : error;
    }
    if (error != 0) {
        return error;
    }
    if (row.principal != principal || row.sequence != sequence) {
        return connection_corrupt(store);
    }
    *ret_row = row;
    return 0;
}

static int read_chain(void *context, sqlite3_stmt *row)
{
    return column_array(row, 0, context, HASH_BYTES);
}

int store_chain_read(struct store *store, uint64_t position, uint8_t ret_chain[HASH_BYTES])
{
    if (position == 0 || position > store->head.position) {
        return ERR_NOT_FOUND;
    }
    bind_u64(store, STATEMENT_EVENT_CHAIN, 1, position);
    return statement_find(store, STATEMENT_EVENT_CHAIN, read_chain, ret_chain);
}
