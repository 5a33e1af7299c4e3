/* Returns that wait for their purchase, and exceptions that wait for somebody. */
#include "base/check.h"
#include "store/connection.h"
#include "store/store.h"

static void bind_key(struct store *store, enum statement statement, const struct receipt_key *key)
{
    bind_i64(store, statement, 1, key->business_date);
    bind_text(store, statement, 2, key->store);
    bind_text(store, statement, 3, key->till);
    bind_text(store, statement, 4, key->number);
}

int store_parked_add(struct store *store, const struct receipt_key *key, uint64_t position)
{
    CHECK(store->writing);
    bind_key(store, STATEMENT_PARKED_ADD, key);
    bind_u64(store, STATEMENT_PARKED_ADD, 5, position);
    return statement_run_one(store, STATEMENT_PARKED_ADD);
}

struct positions_reading {
    uint64_t *positions;
    size_t max;
    size_t count;
};

/* Those for which there is no room are left for another time. */
static int read_one(void *context, sqlite3_stmt *row)
{
    struct positions_reading *reading = context;
    return reading->count == reading->max ? 0 : column_u64(row, 0, &reading->positions[reading->count++]);
}

int store_parked_find(struct store *store, const struct receipt_key *key, uint64_t *ret_positions,
                      size_t positions_max, size_t *ret_count)
{
    int error = connection_usable(store);
    if (error != 0) {
        return error;
    }
    struct positions_reading reading = {.positions = ret_positions, .max = positions_max};
    bind_key(store, STATEMENT_PARKED_FIND, key);
    error = statement_rows(store, STATEMENT_PARKED_FIND, read_one, &reading);
    *ret_count = reading.count;
    return error;
}

static int read_count(void *context, sqlite3_stmt *row)
{
    return column_u64(row, 0, context);
}

int store_parked_count(struct store *store, uint64_t *ret_count)
{
    const int error = connection_usable(store);
    return error != 0 ? error : statement_find(store, STATEMENT_PARKED_COUNT, read_count, ret_count);
}

int store_parked_end(struct store *store, const struct receipt_key *key, uint64_t position, uint64_t by)
{
    CHECK(store->writing);
    int changes;
    bind_key(store, STATEMENT_PARKED_END, key);
    bind_u64(store, STATEMENT_PARKED_END, 5, position);
    const int error = statement_run_one(store, STATEMENT_PARKED_END);
    if (error != 0) {
        return error;
    }
    bind_u64(store, STATEMENT_EXCEPTION_RESUME, 1, position);
    bind_u64(store, STATEMENT_EXCEPTION_RESUME, 2, by);
    return statement_run_counted(store, STATEMENT_EXCEPTION_RESUME, &changes);
}

int store_exception_resolve(struct store *store, uint64_t position, uint32_t index, uint64_t by)
{
    CHECK(store->writing);
    int changes = 0;
    bind_u64(store, STATEMENT_EXCEPTION_RESOLVE, 1, position);
    bind_i64(store, STATEMENT_EXCEPTION_RESOLVE, 2, index);
    bind_u64(store, STATEMENT_EXCEPTION_RESOLVE, 3, by);
    const int error = statement_run_counted(store, STATEMENT_EXCEPTION_RESOLVE, &changes);
    return error == 0 && changes == 0 ? ERR_NOT_FOUND : error;
}

struct exceptions_reading {
    struct exception_row *rows;
    size_t max;
    size_t count;
};

static int read_exception(void *context, sqlite3_stmt *row)
{
    struct exceptions_reading *reading = context;
    CHECK(reading->count < reading->max);
    struct exception_row *exception = &reading->rows[reading->count++];
    *exception = (struct exception_row){.resolved_by = 0};
    int error = column_u64(row, 0, &exception->position);
    error = error != 0 ? error : column_u32(row, 1, &exception->index);
    error = error != 0 ? error : column_u32(row, 2, &exception->kind);
    error = error != 0 ? error : column_i64(row, 3, &exception->amount);
    if (error == 0 && sqlite3_column_type(row, 4) != SQLITE_NULL) {
        error = column_u64(row, 4, &exception->resolved_by);
    }
    return error;
}

int store_exceptions(struct store *store, uint64_t after, bool all, struct exception_row *ret_rows,
                     size_t rows_max, size_t *ret_count)
{
    int error = connection_usable(store);
    if (error != 0) {
        return error;
    }
    struct exceptions_reading reading = {.rows = ret_rows, .max = rows_max};
    bind_u64(store, STATEMENT_EXCEPTIONS, 1, after);
    bind_i64(store, STATEMENT_EXCEPTIONS, 2, all);
    bind_u64(store, STATEMENT_EXCEPTIONS, 3, rows_max);
    error = statement_rows(store, STATEMENT_EXCEPTIONS, read_exception, &reading);
    *ret_count = reading.count;
    return error;
}
