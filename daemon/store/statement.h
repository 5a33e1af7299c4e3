/* Prepared statements: bind, then run. Whatever happens the statement is reset by the function that stepped
 * it. */
#ifndef LOYALTY_STORE_STATEMENT_H
#define LOYALTY_STORE_STATEMENT_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum statement {
#define STATEMENT(name, heat, sql) STATEMENT_##name,
#include "store/statement.def"
#undef STATEMENT
    STATEMENTS
};

/* For tests and messages. */
const char *statement_name(enum statement statement);
const char *statement_sql(enum statement statement);
bool statement_is_hot(enum statement statement);

int statement_prepare_all(struct store *store) MUST_CHECK;
void statement_finalize_all(struct store *store);

/* Parameters are numbered from 1. Bytes and texts are borrowed until the statement has run; a NULL text and
 * bind_null give NULL, empty bytes an empty blob. */
void bind_i64(struct store *store, enum statement statement, int parameter, int64_t value);
void bind_u64(struct store *store, enum statement statement, int parameter, uint64_t value);
void bind_null(struct store *store, enum statement statement, int parameter);
void bind_bytes(struct store *store, enum statement statement, int parameter, struct bytes value);
void bind_text(struct store *store, enum statement statement, int parameter, const char *value);

/* Runs a statement that gives no rows. */
int statement_run(struct store *store, enum statement statement) MUST_CHECK;

/* Runs it and CHECKs that it changed one row. */
int statement_run_one(struct store *store, enum statement statement) MUST_CHECK;

/* Runs it and tells how many rows it changed. */
int statement_run_counted(struct store *store, enum statement statement, int *ret_changes) MUST_CHECK;

/* Calls back for each row, until it returns something else than 0, which is returned then. */
typedef int statement_row(void *context, sqlite3_stmt *row);
int statement_rows(struct store *store, enum statement statement, statement_row *each,
                   void *context) MUST_CHECK;

/* The same for a statement that has one row or none: none is ERR_NOT_FOUND. */
int statement_find(struct store *store, enum statement statement, statement_row *found,
                   void *context) MUST_CHECK;

/* Columns, from 0. A value of the wrong type or out of range is ERR_CORRUPT. */
int column_i64(sqlite3_stmt *row, int column, int64_t *ret_value) MUST_CHECK;
int column_u64(sqlite3_stmt *row, int column, uint64_t *ret_value) MUST_CHECK;
int column_u32(sqlite3_stmt *row, int column, uint32_t *ret_value) MUST_CHECK;
int column_day(sqlite3_stmt *row, int column, int32_t *ret_day) MUST_CHECK; /* NULL: DAY_NEVER */
int column_array(sqlite3_stmt *row, int column, uint8_t *ret_data, size_t size) MUST_CHECK; /* exactly */
int column_text(sqlite3_stmt *row, int column, char *ret_text, size_t size) MUST_CHECK;     /* NULL: "" */

/* A copy in `arena`, or with `arena` NULL the row's own memory, good until the next row. ERR_NOMEM. */
int column_bytes(sqlite3_stmt *row, int column, struct arena *arena, struct bytes *ret_bytes) MUST_CHECK;

#endif
