#include "store/compare.h"

#include "base/check.h"
#include "base/text.h"
#include "store/connection.h"
#include "store/holdings.h"

#include <string.h>

struct table {
    const char *name;
    int key_columns;
    const char *sql;
};

static const struct table TABLES[] = {
#define TABLE(name, keys, sql) {#name, keys, sql},
#include "store/compare.def"
#undef TABLE
};

static void add_value(struct text *text, sqlite3_stmt *row, int column)
{
    switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER:
        text_add(text, "%lld", (long long)sqlite3_column_int64(row, column));
        break;
    case SQLITE_TEXT:
        text_add(text, "%s", (const char *)sqlite3_column_text(row, column));
        break;
    case SQLITE_BLOB: {
        const uint8_t *data = sqlite3_column_blob(row, column);
        const int size = sqlite3_column_bytes(row, column);
        for (int i = 0; i < size && i < 16; i++) {
            text_add(text, "%02x", data[i]);
        }
        text_add(text, "%s (%d bytes)", size > 16 ? "..." : "", size);
        break;
    }
    default:
        text_add(text, "nothing");
        break;
    }
}

static bool value_equal(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
    const int type = sqlite3_column_type(a, column);
    if (type != sqlite3_column_type(b, column)) {
        return false;
    }
    if (type == SQLITE_INTEGER) {
        return sqlite3_column_int64(a, column) == sqlite3_column_int64(b, column);
    }
    const void *data_a = sqlite3_column_blob(a, column);
    const void *data_b = sqlite3_column_blob(b, column);
    const int size = sqlite3_column_bytes(a, column);
    return size == sqlite3_column_bytes(b, column) &&
           (size == 0 || memcmp(data_a, data_b, (size_t)size) == 0);
}

/* The position a row belongs to: its own column, 0 where it has none. */
static uint64_t row_position(sqlite3_stmt *row)
{
    const int columns = sqlite3_column_count(row);
    for (int i = 0; i < columns; i++) {
        if (strcmp(sqlite3_column_name(row, i), "position") == 0) {
            return (uint64_t)sqlite3_column_int64(row, i);
        }
    }
    return 0;
}

static struct bytes value_bytes(sqlite3_stmt *row, int column)
{
    const uint8_t *data = sqlite3_column_blob(row, column);
    return (struct bytes){data, data != NULL ? (size_t)sqlite3_column_bytes(row, column) : 0};
}

struct rows {
    sqlite3_stmt *stored;
    sqlite3_stmt *replayed;
    bool has_stored;
    bool has_replayed;
};

static void describe(const struct table *table, const struct rows *rows, int column,
                     struct store_difference *difference)
{
    sqlite3_stmt *row = rows->has_replayed ? rows->replayed : rows->stored;
    struct text text;
    text_init(&text, difference->text, sizeof(difference->text));
    difference->table = table->name;
    difference->position = row_position(row);
    text_add(&text, "table %s", table->name);
    for (int i = 0; i < table->key_columns; i++) {
        text_add(&text, ", %s ", sqlite3_column_name(row, i));
        add_value(&text, row, i);
    }
    if (!rows->has_stored) {
        text_add(&text, ": the row is missing");
    } else if (!rows->has_replayed) {
        text_add(&text, ": the row should not be there");
    } else if (strcmp(sqlite3_column_name(row, column), "holdings") == 0) {
        text_add(&text, ": of the holdings ");
        holdings_describe(value_bytes(rows->stored, column), value_bytes(rows->replayed, column), &text);
    } else {
        text_add(&text, ": %s is ", sqlite3_column_name(row, column));
        add_value(&text, rows->stored, column);
        text_add(&text, ", the log gives ");
        add_value(&text, rows->replayed, column);
    }
}

static int step(struct store *store, sqlite3_stmt *statement, bool *ret_has)
{
    const int code = sqlite3_step(statement);
    *ret_has = code == SQLITE_ROW;
    return connection_error(store, code);
}

static int compare_rows(const struct table *table, struct store *stored, struct store *replayed,
                        struct rows *rows, struct store_difference *ret_difference)
{
    for (;;) {
        int error = step(stored, rows->stored, &rows->has_stored);
        if (error == 0) {
            error = step(replayed, rows->replayed, &rows->has_replayed);
        }
        if (error != 0 || (!rows->has_stored && !rows->has_replayed)) {
            return error;
        }
        int column = 0;
        const int columns = sqlite3_column_count(rows->stored);
        while (rows->has_stored && rows->has_replayed && column < columns &&
               value_equal(rows->stored, rows->replayed, column)) {
            column++;
        }
        if (column < columns) {
            describe(table, rows, column, ret_difference);
            return ERR_CORRUPT;
        }
    }
}

static int compare_table(const struct table *table, struct store *stored, struct store *replayed,
                         struct store_difference *ret_difference)
{
    struct rows rows = {0};
    int error = connection_error(stored, sqlite3_prepare_v2(stored->db, table->sql, -1, &rows.stored, NULL));
    if (error == 0) {
        error = connection_error(replayed,
                                 sqlite3_prepare_v2(replayed->db, table->sql, -1, &rows.replayed, NULL));
    }
    if (error == 0) {
        error = compare_rows(table, stored, replayed, &rows, ret_difference);
    }
    sqlite3_finalize(rows.stored);
    sqlite3_finalize(rows.replayed);
    return error;
}

int store_compare(struct store *stored, struct store *replayed, struct store_difference *ret_difference)
{
    int error = connection_usable(stored);
    if (error == 0) {
        error = connection_usable(replayed);
    }
    CHECK(error != 0 || (!stored->writing && !replayed->writing));
    for (size_t i = 0; i < sizeof(TABLES) / sizeof(TABLES[0]) && error == 0; i++) {
        error = compare_table(&TABLES[i], stored, replayed, ret_difference);
    }
    return error;
}
