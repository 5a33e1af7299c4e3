#include "store/connection.h"

#include "base/check.h"

static int fail(struct store *store, int error)
{
    store->failed = true;
    return error;
}

int connection_error(struct store *store, int code)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) {
        return 0;
    }
    store->spoilt = store->writing;
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return ERR_NOMEM;
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return ERR_LOCKED;
    case SQLITE_IOERR:
        return code == SQLITE_IOERR_NOMEM ? ERR_NOMEM : fail(store, ERR_IO);
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return fail(store, ERR_IO);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fail(store, ERR_CORRUPT);
    default:
        /* SQLITE_CONSTRAINT, SQLITE_ERROR, SQLITE_MISUSE and the like: decisions are complete and checked
         * before they get here. */
        check_failed(sqlite3_errmsg(store->db), __FILE__, __LINE__);
    }
}

int connection_corrupt(struct store *store)
{
    return fail(store, ERR_CORRUPT);
}

int connection_usable(const struct store *store)
{
    CHECK(store != NULL);
    CHECK(store->magic == STORE_MAGIC);
    return store->failed ? ERR_IO : 0;
}
