#include "client/outbox_import.h"

#include <sqlite3.h>
#include <string.h>

int outbox_import_add(struct outbox *outbox, const char *receipt, uint64_t sequence,
                      const uint8_t digest[HASH_BYTES])
{
    struct sqlite3_stmt *add = outbox->statements[OUTBOX_IMPORT_ADD];
    (void)sqlite3_bind_text(add, 1, receipt, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(add, 2, (int64_t)sequence);
    (void)sqlite3_bind_blob64(add, 3, digest, HASH_BYTES, SQLITE_STATIC);
    return outbox_run(outbox, OUTBOX_IMPORT_ADD);
}

/* Reads the row the statement is at. */
static int read_row(struct sqlite3_stmt *row, struct arena *arena, struct outbox_import *ret_import)
{
    struct outbox_import import = {.sequence = (uint64_t)sqlite3_column_int64(row, 0),
                                   .kept = sqlite3_column_type(row, 2) != SQLITE_NULL};
    const void *digest = sqlite3_column_blob(row, 1);
    if (digest == NULL || sqlite3_column_bytes(row, 1) != HASH_BYTES) {
        return ERR_CORRUPT;
    }
    memcpy(import.digest, digest, HASH_BYTES);
    if (sqlite3_column_type(row, 3) != SQLITE_NULL) {
        const void *booked = sqlite3_column_blob(row, 3);
        import.booked.size = (size_t)sqlite3_column_bytes(row, 3);
        import.booked.data = arena_copy(arena, booked, import.booked.size);
        if (import.booked.data == NULL) {
            return ERR_NOMEM;
        }
    }
    *ret_import = import;
    return 0;
}

int outbox_import_find(struct outbox *outbox, const char *receipt, struct arena *arena,
                       struct outbox_import *ret_import)
{
    struct sqlite3_stmt *row = outbox->statements[OUTBOX_IMPORT_FIND];
    (void)sqlite3_bind_text(row, 1, receipt, -1, SQLITE_STATIC);
    int found = outbox_step(outbox, OUTBOX_IMPORT_FIND);
    if (found == 1) {
        found = read_row(row, arena, ret_import);
    } else {
        found = found < 0 ? found : ERR_NOT_FOUND;
    }
    outbox_reset(outbox, OUTBOX_IMPORT_FIND);
    return found;
}
