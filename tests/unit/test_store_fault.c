/* Every call to the disk and every allocation fails once, or from then on for ever: the store says so with
 * the right error, keeps what it had committed, and goes on where it may. */
#include "lib/crash_vfs.h"
#include "lib/failing_heap.h"
#include "lib/testing.h"
#include "store/backup.h"
#include "store/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PATH[] = "/loyalty.db";
static const char COPY[] = "/copy.db";

enum { TRANSACTIONS = 4, EVENTS = 2 };

static int open_store(bool create, struct store **ret_store)
{
    const struct store_options options = {.path = PATH, .vfs = CRASH_VFS, .create = create};
    return store_open(&options, ret_store, NULL);
}

static int open_copy(struct store **ret_store)
{
    const struct store_options options = {.path = COPY, .vfs = CRASH_VFS};
    return store_open(&options, ret_store, NULL);
}

static int book_one(struct store *store, uint64_t position)
{
    static const uint8_t body[3000] = {1};
    const uint32_t member = (uint32_t)position;
    const struct origin own = {0, 0};
    const struct effect effects[] = {
        {.kind = EFFECT_ENROL, .member = member},
        {.kind = EFFECT_LOT, .member = member, .lot = {.since = 20000, .until = 20100}},
        {.kind = EFFECT_MOVE,
         .move = {.debit = account_of_programme(PROGRAMME_ISSUED),
                  .credit = account_of_member(member, MEMBER_AVAILABLE),
                  .amount = 10,
                  .has_lot = true,
                  .lot = own}},
    };
    char number[24];
    snprintf(number, sizeof(number), "%llu", (unsigned long long)position);
    const struct receipt_key key = {.store = "A", .business_date = 20000, .till = "1", .number = number};
    const struct event_row row = {.position = position,
                                  .sequence = position,
                                  .body = {body, sizeof(body)},
                                  .chain = {(uint8_t)position},
                                  .receipt = &key};
    const struct store_applied applied = {.position = position};
    static struct member_state state;
    int error = store_apply(store, &applied, effects, ARRAY_COUNT(effects));
    if (error == 0) {
        error = store_event_write(store, &row);
    }
    return error != 0 ? error : store_member_read(store, member, &state);
}

/* One transaction from the end of the log on. */
static int book(struct store *store)
{
    struct store_head head;
    int error = store_head(store, &head);
    if (error == 0) {
        error = store_begin(store);
    }
    if (error != 0) {
        return error;
    }
    for (uint64_t i = 1; i <= EVENTS && error == 0; i++) {
        error = book_one(store, head.position + i);
    }
    if (error != 0) {
        store_rollback(store);
        return error;
    }
    return store_commit(store);
}

/* What is moved into the database here and there, as the thresholds would after thousands of frames. */
static int checkpoint(struct store *store)
{
    bool done = false;
    store->wal_frames = store->wal_frames > 0 ? 4000 : 0;
    return store_checkpoint(store, false, &done);
}

static int run(struct store *store, uint64_t *committed)
{
    for (int i = 0; i < TRANSACTIONS; i++) {
        int error = book(store);
        if (error != 0) {
            return error;
        }
        *committed += EVENTS;
        error = i % 2 == 1 ? checkpoint(store) : 0;
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

static int is_ok(void *context, int columns, char **values, char **names)
{
    (void)names;
    *(bool *)context = columns == 1 && strcmp(values[0], "ok") == 0;
    return 0;
}

static void check_store(struct store *store, uint64_t committed)
{
    bool ok = false;
    assert_int_equal(sqlite3_exec(store->db, "PRAGMA integrity_check", is_ok, &ok, NULL), SQLITE_OK);
    assert_true(ok);
    struct store_head head;
    struct store_totals totals;
    uint8_t chain[HASH_BYTES];
    assert_int_equal(store_head(store, &head), 0);
    /* A commit whose sync failed may have happened. */
    assert_true(head.position == committed || head.position == committed + EVENTS);
    assert_int_equal(store_totals(store, &totals), 0);
    assert_true(totals.balanced);
    assert_int_equal(totals.members, head.position);
    assert_int_equal(totals.outstanding, 10 * head.position);
    for (uint64_t position = 1; position <= head.position; position++) {
        assert_int_equal(store_chain_read(store, position, chain), 0);
        assert_int_equal(chain[0], position);
    }
}

/* After the fault is gone and, if the store had to be given up, the machine was started again. */
static void check_aftermath(struct store *store, int error, uint64_t committed, bool cut)
{
    if (error == ERR_IO || error == ERR_CORRUPT) {
        /* Nothing is left but closing. */
        struct store_head head;
        assert_int_equal(store_begin(store), ERR_IO);
        assert_int_equal(store_head(store, &head), ERR_IO);
    } else {
        check_store(store, committed);
        assert_int_equal(book(store), 0);
        committed += EVENTS;
        check_store(store, committed);
    }
    store_close(store);
    if (cut) {
        crash_vfs_cut();
        crash_vfs_switch_on();
    }
    assert_int_equal(open_store(false, &store), 0);
    check_store(store, committed);
    assert_int_equal(book(store), 0);
    store_close(store);
}

/* True while there is still a call of this kind that can fail. */
static bool sweep_disk(const struct crash_fault *fault, bool cut)
{
    crash_vfs_reset(fault->nth);
    struct store *store = NULL;
    assert_int_equal(open_store(true, &store), 0);
    uint64_t committed = 0;
    crash_vfs_fault(fault);
    const int error = run(store, &committed);
    const bool failed = crash_vfs_failed() > 0;
    crash_vfs_fault(&(struct crash_fault){0});
    /* Deleting may fail unnoticed, and what cannot be opened is told as such. */
    assert_true(failed || error == 0);
    assert_true(error == 0 || error == (fault->disk_full ? ERR_FULL : ERR_IO));
    if (!failed) {
        assert_int_equal(committed, TRANSACTIONS * EVENTS);
    }
    check_aftermath(store, error, committed, cut);
    return failed;
}

static void sweep(unsigned calls, bool disk_full, uint64_t step, uint64_t calls_min)
{
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        struct crash_fault fault = {
            .calls = calls, .nth = 1, .for_ever = for_ever != 0, .disk_full = disk_full};
        while (sweep_disk(&fault, fault.nth / 2 % 2 == 0)) {
            fault.nth += step;
        }
        assert_true(fault.nth > calls_min);
    }
}

static void a_write_that_fails_ends_the_store(void **state)
{
    (void)state;
    sweep(CRASH_WRITE, false, 2, 50);
}

static void a_full_disk_takes_the_transaction_back_and_the_store_goes_on(void **state)
{
    (void)state;
    sweep(CRASH_WRITE, true, 2, 50);
}

static void a_sync_that_fails_is_never_tried_again(void **state)
{
    (void)state;
    sweep(CRASH_SYNC, false, 1, 8);
}

static void everything_may_fail(void **state)
{
    (void)state;
    sweep(CRASH_OPEN | CRASH_READ | CRASH_WRITE | CRASH_SYNC | CRASH_TRUNCATE | CRASH_DELETE, false, 5, 60);
}

/* Opening with the n-th call failing: an error, or a store. */
static void a_disk_that_fails_while_opening_is_told(void **state)
{
    (void)state;
    bool failed = true;
    for (uint64_t nth = 1; failed; nth++) {
        crash_vfs_reset(nth);
        struct store *store = NULL;
        assert_int_equal(open_store(true, &store), 0);
        uint64_t committed = 0;
        assert_int_equal(run(store, &committed), 0);
        /* The WAL stays, as after a kill. */
        store->failed = true;
        store_close(store);
        store = NULL;
        crash_vfs_fault(&(struct crash_fault){
            .calls = CRASH_OPEN | CRASH_READ | CRASH_WRITE | CRASH_SYNC | CRASH_TRUNCATE, .nth = nth});
        const int error = open_store(false, &store);
        failed = crash_vfs_failed() > 0;
        crash_vfs_fault(&(struct crash_fault){0});
        assert_true(error == 0 || error == ERR_IO);
        store_close(store);
        assert_int_equal(open_store(false, &store), 0);
        check_store(store, committed);
        store_close(store);
    }
}

static bool sweep_heap_open(uint64_t nth, bool for_ever)
{
    struct store *store = NULL;
    failing_heap_fault(nth, for_ever);
    const int error = open_store(false, &store);
    const bool failed = failing_heap_failed() > 0;
    failing_heap_fault(0, false);
    assert_true(error == 0 || error == ERR_NOMEM);
    assert_true(failed || error == 0);
    store_close(store);
    return failed;
}

static void no_memory_while_opening_is_told(void **state)
{
    (void)state;
    crash_vfs_reset(1);
    struct store *store = NULL;
    uint64_t committed = 0;
    assert_int_equal(open_store(true, &store), 0);
    assert_int_equal(run(store, &committed), 0);
    store_close(store);
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        /* Each of the first, then some of the thousands. */
        for (uint64_t nth = 1; sweep_heap_open(nth, for_ever != 0); nth += nth < 50 ? 2 : 37) {
        }
    }
    assert_int_equal(open_store(false, &store), 0);
    check_store(store, committed);
    store_close(store);
}

static bool sweep_heap_run(uint64_t nth, bool for_ever)
{
    crash_vfs_reset(nth);
    struct store *store = NULL;
    uint64_t committed = 0;
    assert_int_equal(open_store(true, &store), 0);
    failing_heap_fault(nth, for_ever);
    const int error = run(store, &committed);
    const bool failed = failing_heap_failed() > 0;
    failing_heap_fault(0, false);
    assert_true(error == 0 || error == ERR_NOMEM);
    check_aftermath(store, error, committed, nth % 2 == 0);
    return failed;
}

static void no_memory_takes_the_transaction_back_and_the_store_goes_on(void **state)
{
    (void)state;
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        uint64_t nth = 1;
        while (sweep_heap_run(nth, for_ever != 0)) {
            nth += nth < 30 ? 1 : 3;
        }
        assert_true(nth > 20);
    }
}

/* What a failure left of a store that was being made: a whole one, or none, and then it can be made. */
static void check_made(int error, bool cut)
{
    struct store *store = NULL;
    if (cut) {
        crash_vfs_cut();
        crash_vfs_switch_on();
    }
    const int found = open_store(false, &store);
    assert_true(found == 0 || (error != 0 && found == ERR_NOT_FOUND));
    if (found != 0) {
        assert_int_equal(open_store(true, &store), 0);
    }
    check_store(store, 0);
    assert_int_equal(book(store), 0);
    check_store(store, EVENTS);
    store_close(store);
}

static void a_store_is_made_whole_or_not_at_all(void **state)
{
    (void)state;
    bool failed = true;
    uint64_t nth = 1;
    for (; failed; nth++) {
        struct store *store = NULL;
        crash_vfs_reset(nth);
        crash_vfs_fault(&(struct crash_fault){.calls = CRASH_OPEN | CRASH_READ | CRASH_WRITE | CRASH_SYNC |
                                                       CRASH_TRUNCATE | CRASH_DELETE,
                                              .nth = nth,
                                              .disk_full = nth % 3 == 0});
        const int error = open_store(true, &store);
        failed = crash_vfs_failed() > 0;
        crash_vfs_fault(&(struct crash_fault){0});
        assert_true(error == 0 || error == ERR_IO || error == ERR_FULL);
        store_close(store);
        check_made(error, nth % 2 == 0);
    }
    assert_true(nth > 30);
}

static void no_memory_while_a_store_is_made_is_told(void **state)
{
    (void)state;
    bool failed = true;
    for (uint64_t nth = 1; failed; nth += nth < 30 ? 1 : 23) {
        struct store *store = NULL;
        crash_vfs_reset(nth);
        failing_heap_fault(nth, nth % 2 == 0);
        const int error = open_store(true, &store);
        failed = failing_heap_failed() > 0;
        failing_heap_fault(0, false);
        assert_true(error == 0 || error == ERR_NOMEM);
        store_close(store);
        check_made(error, nth % 3 == 0);
    }
}

/* A copy, a few pages at a time, with a transaction in between. */
static int back_up(struct store *store, uint64_t *committed)
{
    struct store_backup *backup = NULL;
    uint32_t left = 1;
    uint32_t total = 0;
    int error = store_backup_begin(store, COPY, &backup);
    while (error == 0 && left > 0) {
        error = store_backup_step(backup, 5, &left, &total);
        if (error == 0 && *committed == (uint64_t)TRANSACTIONS * EVENTS) {
            error = book(store);
            *committed += error == 0 ? EVENTS : 0;
        }
    }
    store_backup_end(backup);
    return error;
}

/* The copy is whole and survives the power cut, or there is none; the store goes on, or says that it cannot.
 */
static bool sweep_backup(const struct crash_fault *fault, uint64_t heap_nth)
{
    crash_vfs_reset(fault->nth + heap_nth);
    struct store *store = NULL;
    uint64_t committed = 0;
    assert_int_equal(open_store(true, &store), 0);
    assert_int_equal(run(store, &committed), 0);
    crash_vfs_fault(fault);
    failing_heap_fault(heap_nth, false);
    const int error = back_up(store, &committed);
    const bool failed = crash_vfs_failed() > 0 || failing_heap_failed() > 0;
    crash_vfs_fault(&(struct crash_fault){0});
    failing_heap_fault(0, false);
    assert_true(failed || error == 0);
    assert_true(error == 0 || error == ERR_IO || error == ERR_FULL || error == ERR_NOMEM ||
                error == ERR_PERMISSION);
    const bool lost = store->failed;
    check_aftermath(store, lost ? ERR_IO : 0, committed, true);
    const int found = open_copy(&store);
    assert_int_equal(found, error == 0 ? 0 : ERR_NOT_FOUND);
    if (found == 0) {
        check_store(store, committed);
        store_close(store);
    }
    return failed;
}

static void a_backup_is_whole_or_not_there(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_vfs_register(sqlite3_vfs_find(CRASH_VFS), 1), SQLITE_OK);
    for (int full = 0; full < 2; full++) {
        struct crash_fault fault = {
            .calls = full ? CRASH_WRITE : CRASH_OPEN | CRASH_READ | CRASH_WRITE | CRASH_SYNC | CRASH_TRUNCATE,
            .nth = 1,
            .disk_full = full != 0};
        while (sweep_backup(&fault, 0)) {
            fault.nth += 3;
        }
        assert_true(fault.nth > 20);
    }
    uint64_t nth = 1;
    while (sweep_backup(&(struct crash_fault){0}, nth)) {
        nth += nth < 30 ? 3 : 17;
    }
    assert_true(nth > 20);
}

int main(void)
{
    failing_heap_take();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_that_fails_ends_the_store),
        cmocka_unit_test(a_full_disk_takes_the_transaction_back_and_the_store_goes_on),
        cmocka_unit_test(a_sync_that_fails_is_never_tried_again),
        cmocka_unit_test(everything_may_fail),
        cmocka_unit_test(a_disk_that_fails_while_opening_is_told),
        cmocka_unit_test(a_store_is_made_whole_or_not_at_all),
        cmocka_unit_test(no_memory_while_a_store_is_made_is_told),
        cmocka_unit_test(a_backup_is_whole_or_not_there),
        cmocka_unit_test(no_memory_while_opening_is_told),
        cmocka_unit_test(no_memory_takes_the_transaction_back_and_the_store_goes_on),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crash_vfs_free();
    return failed;
}
