#include "client/outbox.h"

#include "base/check.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* "LOYB": what file(1) and we ourselves tell an outbox by. */
#define SCHEMA                                                                                               \
    "PRAGMA application_id = 1280268610;"                                                                    \
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;"                \
    "CREATE TABLE event (sequence INTEGER PRIMARY KEY, body BLOB NOT NULL, signature BLOB NOT NULL,"         \
    " salt BLOB, card TEXT, locale TEXT, receipt TEXT, queued_at INTEGER NOT NULL, booked BLOB,"             \
    " booked_at INTEGER) STRICT;"                                                                            \
    "CREATE UNIQUE INDEX event_receipt ON event (receipt) WHERE receipt IS NOT NULL;"                        \
    "CREATE INDEX event_waiting ON event (sequence) WHERE booked IS NULL;"

/* Added in version 2. */
#define SCHEMA_2                                                                                             \
    "PRAGMA user_version = 2;"                                                                               \
    "CREATE TABLE import (receipt TEXT PRIMARY KEY, sequence INTEGER NOT NULL, digest BLOB NOT NULL)"        \
    " STRICT, WITHOUT ROWID;"

/* The lock is taken here and kept: with locking_mode=EXCLUSIVE set before WAL there is no shared memory and
 * no second opener. Deleted cards are overwritten. */
#define PRAGMAS                                                                                              \
    "PRAGMA locking_mode = EXCLUSIVE;"                                                                       \
    "PRAGMA journal_mode = WAL;"                                                                             \
    "PRAGMA synchronous = FULL;"                                                                             \
    "PRAGMA secure_delete = ON;"                                                                             \
    "PRAGMA cell_size_check = ON;"                                                                           \
    "PRAGMA trusted_schema = OFF;"

enum { SCHEMA_VERSION = 2, LOCK_TIMEOUT_MS = 2000 };

static const char *const statement_texts[OUTBOX_STATEMENTS] = {
#define X(name, text) [OUTBOX_##name] = (text),
#include "client/outbox.def"
#undef X
};

static int translate(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
        return 0;
    case SQLITE_NOMEM:
        return ERR_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_LOCKED;
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ERR_PERMISSION;
    case SQLITE_CANTOPEN:
        return ERR_NOT_FOUND;
    case SQLITE_CONSTRAINT:
        return ERR_EXISTS;
    case SQLITE_TOOBIG:
        return ERR_TOO_LARGE;
    default:
        return ERR_IO;
    }
}

/* The version of the schema; 0: an empty file. */
static int read_version(struct outbox *outbox, int *ret_version)
{
    struct sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(outbox->db, "PRAGMA user_version", -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW) {
            *ret_version = sqlite3_column_int(statement, 0);
            code = SQLITE_OK;
        }
    }
    sqlite3_finalize(statement);
    return translate(code);
}

static int prepare(struct outbox *outbox)
{
    int code = sqlite3_exec(outbox->db, PRAGMAS, NULL, NULL, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_exec(outbox->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    }
    if (code != SQLITE_OK) {
        return translate(code);
    }
    int version = 0;
    int error = read_version(outbox, &version);
    if (error == 0 && version > SCHEMA_VERSION) {
        error = ERR_UNSUPPORTED;
    }
    if (error == 0 && version == 0) {
        error = translate(sqlite3_exec(outbox->db, SCHEMA, NULL, NULL, NULL));
    }
    if (error == 0 && version < SCHEMA_VERSION) {
        error = translate(sqlite3_exec(outbox->db, SCHEMA_2, NULL, NULL, NULL));
    }
    if (error == 0) {
        error = translate(sqlite3_exec(outbox->db, "COMMIT", NULL, NULL, NULL));
    }
    for (int i = 0; error == 0 && i < OUTBOX_STATEMENTS; i++) {
        error = translate(sqlite3_prepare_v3(outbox->db, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                             &outbox->statements[i], NULL));
    }
    return error;
}

int outbox_open(struct outbox *outbox, const char *path)
{
    *outbox = (struct outbox){0};
    /* The queue names cards: nobody else's business. SQLite gives its other files the same mode. */
    const mode_t before = umask(077);
    const int code = sqlite3_open_v2(path, &outbox->db,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    int error = translate(code);
    if (error == 0) {
        (void)sqlite3_busy_timeout(outbox->db, LOCK_TIMEOUT_MS);
        (void)sqlite3_db_config(outbox->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        error = prepare(outbox);
    }
    (void)umask(before);
    if (error != 0) {
        outbox_close(outbox);
    }
    return error;
}

void outbox_close(struct outbox *outbox)
{
    for (int i = 0; i < OUTBOX_STATEMENTS; i++) {
        sqlite3_finalize(outbox->statements[i]);
    }
    (void)sqlite3_close(outbox->db);
    *outbox = (struct outbox){0};
}

int outbox_step(struct outbox *outbox, enum outbox_statement statement)
{
    const int code = sqlite3_step(outbox->statements[statement]);
    if (code == SQLITE_ROW) {
        return 1;
    }
    const int error = translate(code);
    if (error != 0) {
        outbox_reset(outbox, statement);
    }
    return error;
}

void outbox_reset(struct outbox *outbox, enum outbox_statement statement)
{
    (void)sqlite3_reset(outbox->statements[statement]);
    (void)sqlite3_clear_bindings(outbox->statements[statement]);
}

int outbox_run(struct outbox *outbox, enum outbox_statement statement)
{
    const int error = outbox_step(outbox, statement);
    CHECK(error <= 0);
    outbox_reset(outbox, statement);
    return error;
}

int outbox_begin(struct outbox *outbox)
{
    return outbox_run(outbox, OUTBOX_BEGIN);
}

int outbox_commit(struct outbox *outbox)
{
    return outbox_run(outbox, OUTBOX_COMMIT);
}

void outbox_rollback(struct outbox *outbox)
{
    /* SQLite may have rolled back by itself: only autocommit tells. */
    if (sqlite3_get_autocommit(outbox->db) == 0) {
        const int error = outbox_run(outbox, OUTBOX_ROLLBACK);
        CHECK(error == 0 || sqlite3_get_autocommit(outbox->db) != 0);
    }
}

static struct sqlite3_stmt *put(struct outbox *outbox, const char *name)
{
    struct sqlite3_stmt *statement = outbox->statements[OUTBOX_SETTING_PUT];
    (void)sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    return statement;
}

int outbox_set_text(struct outbox *outbox, const char *name, const char *text)
{
    (void)sqlite3_bind_text(put(outbox, name), 2, text, -1, SQLITE_STATIC);
    return outbox_run(outbox, OUTBOX_SETTING_PUT);
}

int outbox_set_number(struct outbox *outbox, const char *name, int64_t number)
{
    (void)sqlite3_bind_int64(put(outbox, name), 2, number);
    return outbox_run(outbox, OUTBOX_SETTING_PUT);
}

int outbox_set_bytes(struct outbox *outbox, const char *name, const uint8_t *data, size_t size)
{
    (void)sqlite3_bind_blob64(put(outbox, name), 2, data, size, SQLITE_STATIC);
    return outbox_run(outbox, OUTBOX_SETTING_PUT);
}

int outbox_unset(struct outbox *outbox, const char *name)
{
    (void)sqlite3_bind_text(outbox->statements[OUTBOX_SETTING_DELETE], 1, name, -1, SQLITE_STATIC);
    return outbox_run(outbox, OUTBOX_SETTING_DELETE);
}

/* The row of a setting of this SQLite type; reset OUTBOX_SETTING_GET after reading it. */
static int get(struct outbox *outbox, const char *name, int type)
{
    struct sqlite3_stmt *statement = outbox->statements[OUTBOX_SETTING_GET];
    (void)sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    const int found = outbox_step(outbox, OUTBOX_SETTING_GET);
    if (found == 1 && sqlite3_column_type(statement, 0) == type) {
        return 0;
    }
    outbox_reset(outbox, OUTBOX_SETTING_GET);
    return found < 0 ? found : found == 0 ? ERR_NOT_FOUND : ERR_CORRUPT;
}

int outbox_text(struct outbox *outbox, const char *name, char *ret_text, size_t size)
{
    int error = get(outbox, name, SQLITE_TEXT);
    if (error != 0) {
        return error;
    }
    struct sqlite3_stmt *statement = outbox->statements[OUTBOX_SETTING_GET];
    const void *text = sqlite3_column_text(statement, 0);
    const size_t text_size = (size_t)sqlite3_column_bytes(statement, 0);
    if (text == NULL || text_size >= size) {
        error = ERR_CORRUPT;
    } else {
        memcpy(ret_text, text, text_size);
        ret_text[text_size] = '\0';
    }
    outbox_reset(outbox, OUTBOX_SETTING_GET);
    return error;
}

int outbox_number(struct outbox *outbox, const char *name, int64_t *ret_number)
{
    const int error = get(outbox, name, SQLITE_INTEGER);
    if (error == 0) {
        *ret_number = sqlite3_column_int64(outbox->statements[OUTBOX_SETTING_GET], 0);
        outbox_reset(outbox, OUTBOX_SETTING_GET);
    }
    return error;
}

int outbox_bytes(struct outbox *outbox, const char *name, uint8_t *ret_data, size_t size)
{
    int error = get(outbox, name, SQLITE_BLOB);
    if (error != 0) {
        return error;
    }
    struct sqlite3_stmt *statement = outbox->statements[OUTBOX_SETTING_GET];
    const void *data = sqlite3_column_blob(statement, 0);
    if (data == NULL || (size_t)sqlite3_column_bytes(statement, 0) != size) {
        error = ERR_CORRUPT;
    } else {
        memcpy(ret_data, data, size);
    }
    outbox_reset(outbox, OUTBOX_SETTING_GET);
    return error;
}
