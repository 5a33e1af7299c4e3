#include "store/backup.h"

#include "base/check.h"
#include "store/connection.h"

#include <stdio.h>
#include <string.h>

enum { BACKUP_PATH_BYTES = 4096 };

struct store_backup {
    struct store *store;
    sqlite3 *copy;
    sqlite3_backup *pages;
    bool whole;
    char path[BACKUP_PATH_BYTES];
};

/* The ERR_* of an SQLite code about the copy; unlike connection_error it never marks the store failed. */
static int copy_error(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return 0;
    case SQLITE_NOMEM:
        return ERR_NOMEM;
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_LOCKED;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return ERR_PERMISSION;
    default:
        return ERR_IO;
    }
}

int store_backup_begin(struct store *store, const char *path, struct store_backup **ret_backup)
{
    int error = connection_usable(store);
    if (error != 0) {
        return error;
    }
    if (strlen(path) >= BACKUP_PATH_BYTES) {
        return ERR_TOO_LARGE;
    }
    sqlite3_vfs *files = sqlite3_vfs_find(NULL);
    int exists = 0;
    if (files->xAccess(files, path, SQLITE_ACCESS_EXISTS, &exists) != SQLITE_OK) {
        return ERR_PERMISSION;
    }
    if (exists) {
        return ERR_EXISTS;
    }
    struct store_backup *backup = sqlite3_malloc64(sizeof(*backup));
    if (backup == NULL) {
        return ERR_NOMEM;
    }
    *backup = (struct store_backup){.store = store};
    snprintf(backup->path, sizeof(backup->path), "%s", path);
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    error = copy_error(sqlite3_open_v2(path, &backup->copy, flags, NULL));
    if (error == 0) {
        /* EXTRA syncs the folder behind the journal's deletion: a journal that came back at a power cut would
         * take the whole copy back. */
        error = copy_error(sqlite3_exec(backup->copy, "PRAGMA cache_size = -2048; PRAGMA synchronous = EXTRA",
                                        NULL, NULL, NULL));
    }
    if (error == 0) {
        backup->pages = sqlite3_backup_init(backup->copy, "main", store->db, "main");
        error = backup->pages == NULL ? copy_error(sqlite3_errcode(backup->copy)) : 0;
    }
    if (error != 0) {
        store_backup_end(backup);
        return error;
    }
    *ret_backup = backup;
    return 0;
}

int store_backup_step(struct store_backup *backup, int pages, uint32_t *ret_left, uint32_t *ret_total)
{
    CHECK(backup != NULL);
    CHECK(!backup->store->writing);
    CHECK(!backup->whole);
    const int code = sqlite3_backup_step(backup->pages, pages);
    const int error = copy_error(code);
    if (error != 0) {
        return error;
    }
    const uint32_t total = (uint32_t)sqlite3_backup_pagecount(backup->pages);
    const uint32_t left = (uint32_t)sqlite3_backup_remaining(backup->pages);
    if (code == SQLITE_DONE) {
        backup->whole = true;
    }
    *ret_left = code == SQLITE_DONE ? 0 : (left == 0 ? 1 : left);
    *ret_total = total;
    return 0;
}

void store_backup_end(struct store_backup *backup)
{
    if (backup == NULL) {
        return;
    }
    sqlite3_backup_finish(backup->pages);
    sqlite3_close(backup->copy);
    if (!backup->whole) {
        sqlite3_vfs *files = sqlite3_vfs_find(NULL);
        files->xDelete(files, backup->path, 0);
    }
    sqlite3_free(backup);
}
