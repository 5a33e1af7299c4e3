/* Sums over all tables, for status and for proofs. */
#include "base/check.h"
#include "store/connection.h"
#include "store/store.h"

struct sums {
    struct store_totals totals;
    int64_t programme;
};

static int read_count(void *context, sqlite3_stmt *row)
{
    struct sums *sums = context;
    int error = column_u32(row, 0, &sums->totals.principals);
    if (error == 0) {
        error = column_u64(row, 1, &sums->totals.entries);
    }
    return error != 0 ? error : column_i64(row, 2, &sums->programme);
}

static int read_members(void *context, sqlite3_stmt *row)
{
    struct sums *sums = context;
    const int error = column_u32(row, 0, &sums->totals.members);
    return error != 0 ? error : column_i64(row, 1, &sums->totals.outstanding);
}

static int read_odd(void *context, sqlite3_stmt *row)
{
    (void)row;
    struct sums *sums = context;
    sums->totals.balanced = false;
    return 0;
}

int store_totals(struct store *store, struct store_totals *ret_totals)
{
    int error = connection_usable(store);
    if (error == 0 && store->writing) {
        error = pending_flush(store);
    }
    struct sums sums = {.totals.balanced = true};
    if (error == 0) {
        error = statement_find(store, STATEMENT_TOTALS_COUNT, read_count, &sums);
    }
    if (error == 0) {
        error = statement_find(store, STATEMENT_TOTALS_MEMBERS, read_members, &sums);
    }
    if (error == 0) {
        error = statement_rows(store, STATEMENT_TOTALS_ODD, read_odd, &sums);
    }
    if (error == 0) {
        /* Cannot overflow in a sound store: one is the other's opposite. */
        int64_t all = 0;
        if (__builtin_add_overflow(sums.programme, sums.totals.outstanding, &all) || all != 0) {
            sums.totals.balanced = false;
        }
        *ret_totals = sums.totals;
    }
    return error;
}

static int read_pages(void *context, sqlite3_stmt *row)
{
    return column_u64(row, 0, context);
}

int store_figures(struct store *store, struct store_figures *ret_figures)
{
    uint64_t pages = 0;
    const int error = statement_find(store, STATEMENT_PAGES, read_pages, &pages);
    if (error == 0) {
        ret_figures->wal_frames_written = store->wal_frames_committed;
        ret_figures->file_bytes = pages * 4096;
    }
    return error;
}
