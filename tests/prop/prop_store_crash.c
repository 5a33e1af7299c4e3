/* The power may go at any instant: what was committed is there when the store is opened again, whole and
 * nothing else; a commit that was under way is there as a whole or not at all. */
#include "lib/crash_vfs.h"
#include "lib/drawn.h"
#include "lib/testing.h"
#include "store/connection.h"

#include <stdio.h>
#include <string.h>

enum { WORLDS = 16, CUTS = 20 };

static const char PATH[] = "/loyalty.db";

static struct drawn_world world;     /* as of the open transaction */
static struct drawn_world committed; /* as of the last commit that was told */
static uint64_t position;            /* of the open transaction */
static uint64_t committed_position;
static uint8_t large[20000]; /* some rows do not fit a page */

static int write_rows(struct store *store, const struct drawn_event *event, uint64_t sequence)
{
    char number[24];
    snprintf(number, sizeof(number), "%08llu", (unsigned long long)event->position);
    const struct till_day day = {
        .key = {.store = "A", .business_date = 20000, .till = drawn(2) == 0 ? "1" : "2", .number = number},
        .gross = 1};
    struct event_row row = {.position = event->position,
                            .sequence = sequence,
                            .body = {large, 1 + drawn(drawn(10) == 0 ? sizeof(large) : 300)},
                            .receipt = &day.key};
    memset(row.chain, (int)(event->position & 0xff), sizeof(row.chain));
    const struct store_applied applied = {.position = event->position};
    int error = store_apply(store, &applied, event->effects, event->count);
    if (error == 0) {
        error = store_event_write(store, &row);
    }
    return error != 0 ? error : store_till_day_add(store, &day);
}

static int book_one(struct store *store)
{
    struct drawn_event event;
    struct principal_row daemon;
    const int error = store_principal_read(store, 0, &daemon);
    if (error != 0) {
        return error;
    }
    event.position = ++position;
    drawn_event(&world, &event);
    return write_rows(store, &event, daemon.next_sequence);
}

/* One transaction; false when the power went. */
static bool book(struct store *store)
{
    if (store_begin(store) != 0) {
        return false;
    }
    int error = 0;
    const uint64_t events = 1 + drawn(6);
    for (uint64_t i = 0; i < events && error == 0; i++) {
        error = book_one(store);
    }
    if (error != 0) {
        /* It was not being committed: nothing of it may be on the disk. */
        store_rollback(store);
        position = committed_position;
        drawn_copy(&world, &committed);
        return false;
    }
    if (store_commit(store) != 0) {
        return false;
    }
    committed_position = position;
    drawn_copy(&committed, &world);
    bool done;
    return store_checkpoint(store, drawn(3) == 0, &done) == 0;
}

static void check_integrity(struct store *store)
{
    sqlite3_stmt *row = NULL;
    assert_int_equal(sqlite3_prepare_v2(store->db, "PRAGMA integrity_check", -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(row, 0), "ok");
    sqlite3_finalize(row);
}

/* What is there after the cut: the last commit, or the one that was under way. */
static void check_after(struct store *store)
{
    struct store_head head;
    assert_int_equal(store_head(store, &head), 0);
    if (head.position != committed_position) {
        assert_int_equal(head.position, position);
        committed_position = position;
        drawn_copy(&committed, &world);
    }
    position = committed_position;
    drawn_copy(&world, &committed);
    drawn_check(store, &world);
    struct store_totals totals;
    assert_int_equal(store_totals(store, &totals), 0);
    assert_true(totals.balanced);
    for (uint64_t at = 1; at <= head.position; at++) {
        uint8_t chain[HASH_BYTES];
        assert_int_equal(store_chain_read(store, at, chain), 0);
        assert_int_equal(chain[0], at & 0xff);
    }
    check_integrity(store);
}

/* The cut may come while the store is made; then there is none, or a whole one. */
static struct store *make_store(void)
{
    const struct store_options create = {.path = PATH, .vfs = CRASH_VFS, .create = true};
    const struct store_options open = {.path = PATH, .vfs = CRASH_VFS};
    struct store *store = NULL;
    for (;;) {
        crash_vfs_cut_after(drawn(60));
        if (store_open(&create, &store, NULL) == 0) {
            return store;
        }
        assert_true(crash_vfs_is_off());
        crash_vfs_switch_on();
        const int there = store_open(&open, &store, NULL);
        if (there == 0) {
            return store;
        }
        assert_int_equal(there, ERR_NOT_FOUND);
    }
}

/* Recovery may be cut, too. */
static struct store *recover(void)
{
    const struct store_options open = {.path = PATH, .vfs = CRASH_VFS};
    struct store *store = NULL;
    for (;;) {
        crash_vfs_switch_on();
        crash_vfs_cut_after(drawn(4) == 0 ? 1 + drawn(10) : 0);
        const int error = store_open(&open, &store, NULL);
        if (error == 0) {
            crash_vfs_cut_after(0);
            return store;
        }
        assert_true(crash_vfs_is_off());
    }
}

static void what_was_committed_survives_every_cut(void **state)
{
    (void)state;
    const uint64_t seed = drawn_seed(20260712);
    unsigned cuts = 0;
    unsigned under_way = 0;
    for (uint64_t n = 0; n < WORLDS; n++) {
        drawn_start(seed + n);
        crash_vfs_reset(seed + n);
        world.enrolled = 0;
        committed.enrolled = 0;
        committed_position = 0;
        position = 0;
        struct store *store = make_store();
        for (int i = 0; i < CUTS && !drawn_is_full(&world); i++) {
            crash_vfs_cut_after(1 + drawn(drawn(3) == 0 ? 3000 : 100));
            while (!drawn_is_full(&world) && book(store)) {
            }
            store_close(store);
            const uint64_t told = committed_position;
            store = recover();
            check_after(store);
            under_way += committed_position != told;
            cuts++;
        }
        store_close(store);
    }
    crash_vfs_free();
    printf("%u cuts; %u commits that were under way had happened\n", cuts, under_way);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_committed_survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
