#include "store/statement.h"

#include "base/check.h"
#include "model/programme.h"
#include "store/connection.h"

#include <string.h>

enum heat { HOT, COLD };

static const struct {
    const char *name;
    enum heat heat;
    const char *sql;
} TABLE[STATEMENTS] = {
#define STATEMENT(name, heat, sql) {#name, heat, sql},
#include "store/statement.def"
#undef STATEMENT
};

const char *statement_name(enum statement statement)
{
    CHECK(statement < STATEMENTS);
    return TABLE[statement].name;
}

const char *statement_sql(enum statement statement)
{
    CHECK(statement < STATEMENTS);
    return TABLE[statement].sql;
}

bool statement_is_hot(enum statement statement)
{
    CHECK(statement < STATEMENTS);
    return TABLE[statement].heat == HOT;
}

int statement_prepare_all(struct store *store)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        const int code = sqlite3_prepare_v3(store->db, TABLE[i].sql, -1, SQLITE_PREPARE_PERSISTENT,
                                            &store->statements[i], NULL);
        /* Tables that are not there: the file is not what its header says. */
        const int error = code == SQLITE_ERROR ? ERR_CORRUPT : connection_error(store, code);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

void statement_finalize_all(struct store *store)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
}

static sqlite3_stmt *prepared(struct store *store, enum statement statement)
{
    CHECK(statement < STATEMENTS);
    return store->statements[statement];
}

/* Binding copies nothing and so cannot run out of memory: what fails is a bug. */
void bind_i64(struct store *store, enum statement statement, int parameter, int64_t value)
{
    CHECK(sqlite3_bind_int64(prepared(store, statement), parameter, value) == SQLITE_OK);
}

void bind_u64(struct store *store, enum statement statement, int parameter, uint64_t value)
{
    CHECK(value <= INT64_MAX);
    bind_i64(store, statement, parameter, (int64_t)value);
}

void bind_null(struct store *store, enum statement statement, int parameter)
{
    CHECK(sqlite3_bind_null(prepared(store, statement), parameter) == SQLITE_OK);
}

void bind_bytes(struct store *store, enum statement statement, int parameter, struct bytes value)
{
    const void *data = value.size > 0 ? (const void *)value.data : "";
    CHECK(data != NULL);
    CHECK(sqlite3_bind_blob64(prepared(store, statement), parameter, data, value.size, SQLITE_STATIC) ==
          SQLITE_OK);
}

void bind_text(struct store *store, enum statement statement, int parameter, const char *value)
{
    CHECK(sqlite3_bind_text(prepared(store, statement), parameter, value, -1, SQLITE_STATIC) == SQLITE_OK);
}

int statement_rows(struct store *store, enum statement statement, statement_row *each, void *context)
{
    int error = connection_usable(store);
    if (error != 0) {
        return error;
    }
    sqlite3_stmt *row = prepared(store, statement);
    int code = sqlite3_step(row);
    while (code == SQLITE_ROW && error == 0) {
        CHECK(each != NULL);
        error = each(context, row);
        code = error == 0 ? sqlite3_step(row) : code;
    }
    /* What the reset returns is the error of the step, which is known. */
    sqlite3_reset(row);
    if (error == ERR_CORRUPT) {
        return connection_corrupt(store);
    }
    return error != 0 ? error : connection_error(store, code);
}

int statement_run(struct store *store, enum statement statement)
{
    return statement_rows(store, statement, NULL, NULL);
}

int statement_run_counted(struct store *store, enum statement statement, int *ret_changes)
{
    CHECK(store->writing);
    const int error = statement_run(store, statement);
    if (error == 0) {
        *ret_changes = sqlite3_changes(store->db);
    }
    return error;
}

int statement_run_one(struct store *store, enum statement statement)
{
    int changes = 0;
    const int error = statement_run_counted(store, statement, &changes);
    if (error == 0) {
        CHECK(changes == 1);
    }
    return error;
}

struct finding {
    statement_row *found;
    void *context;
    bool any;
};

static int find_row(void *context, sqlite3_stmt *row)
{
    struct finding *finding = context;
    CHECK(!finding->any);
    finding->any = true;
    return finding->found(finding->context, row);
}

int statement_find(struct store *store, enum statement statement, statement_row *found, void *context)
{
    struct finding finding = {.found = found, .context = context};
    const int error = statement_rows(store, statement, find_row, &finding);
    if (error != 0) {
        return error;
    }
    return finding.any ? 0 : ERR_NOT_FOUND;
}

int column_i64(sqlite3_stmt *row, int column, int64_t *ret_value)
{
    if (sqlite3_column_type(row, column) != SQLITE_INTEGER) {
        return ERR_CORRUPT;
    }
    *ret_value = sqlite3_column_int64(row, column);
    return 0;
}

int column_u64(sqlite3_stmt *row, int column, uint64_t *ret_value)
{
    int64_t value = 0;
    const int error = column_i64(row, column, &value);
    if (error != 0) {
        return error;
    }
    if (value < 0) {
        return ERR_CORRUPT;
    }
    *ret_value = (uint64_t)value;
    return 0;
}

int column_u32(sqlite3_stmt *row, int column, uint32_t *ret_value)
{
    uint64_t value = 0;
    const int error = column_u64(row, column, &value);
    if (error != 0) {
        return error;
    }
    if (value > UINT32_MAX) {
        return ERR_CORRUPT;
    }
    *ret_value = (uint32_t)value;
    return 0;
}

int column_day(sqlite3_stmt *row, int column, int32_t *ret_day)
{
    if (sqlite3_column_type(row, column) == SQLITE_NULL) {
        *ret_day = DAY_NEVER;
        return 0;
    }
    int64_t value = 0;
    const int error = column_i64(row, column, &value);
    if (error != 0) {
        return error;
    }
    if (value < INT32_MIN || value >= DAY_NEVER) {
        return ERR_CORRUPT;
    }
    *ret_day = (int32_t)value;
    return 0;
}

int column_bytes(sqlite3_stmt *row, int column, struct arena *arena, struct bytes *ret_bytes)
{
    if (sqlite3_column_type(row, column) != SQLITE_BLOB) {
        return ERR_CORRUPT;
    }
    /* Data before size: the order in which nothing is converted in between. */
    const uint8_t *data = sqlite3_column_blob(row, column);
    const size_t size = (size_t)sqlite3_column_bytes(row, column);
    if (size > 0 && data == NULL) {
        return ERR_NOMEM;
    }
    if (arena != NULL) {
        data = arena_copy(arena, size > 0 ? (const void *)data : "", size);
        if (data == NULL) {
            return ERR_NOMEM;
        }
    } else if (size == 0) {
        data = (const uint8_t *)"";
    }
    *ret_bytes = (struct bytes){.data = data, .size = size};
    return 0;
}

int column_array(sqlite3_stmt *row, int column, uint8_t *ret_data, size_t size)
{
    struct bytes bytes;
    const int error = column_bytes(row, column, NULL, &bytes);
    if (error != 0) {
        return error;
    }
    if (bytes.size != size) {
        return ERR_CORRUPT;
    }
    memcpy(ret_data, bytes.data, size);
    return 0;
}

int column_text(sqlite3_stmt *row, int column, char *ret_text, size_t size)
{
    if (sqlite3_column_type(row, column) == SQLITE_NULL) {
        ret_text[0] = '\0';
        return 0;
    }
    const unsigned char *text = sqlite3_column_text(row, column);
    const size_t length = (size_t)sqlite3_column_bytes(row, column);
    if (text == NULL) {
        return ERR_NOMEM;
    }
    if (length >= size) {
        return ERR_CORRUPT;
    }
    memcpy(ret_text, text, length);
    ret_text[length] = '\0';
    return 0;
}
