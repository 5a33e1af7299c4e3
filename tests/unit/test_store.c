/* The store as a file: opening, transactions, checkpoints, and what a kill leaves. */
#include "lib/temporary.h"
#include "lib/testing.h"
#include "store/connection.h"
#include "store/schema.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_at(const char *path, bool create)
{
    const struct store_options options = {.path = path, .create = create};
    struct store *store = NULL;
    const int result = store_open(&options, &store, NULL);
    store_close(store);
    return result;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
}

static void a_new_store_is_empty(void **state)
{
    const struct temporary *temporary = *state;
    struct store_head head;
    assert_int_equal(store_head(temporary->store, &head), 0);
    assert_int_equal(head.position, 0);
    assert_int_equal(head.next_member, 1);
    assert_int_equal(head.next_principal, 1);
    assert_int_equal(head.engine_revision, 0);
    assert_false(head.live);
    struct store_totals totals;
    assert_int_equal(store_totals(temporary->store, &totals), 0);
    assert_int_equal(totals.members, 0);
    assert_int_equal(totals.principals, 0);
    assert_int_equal(totals.entries, 0);
    assert_int_equal(totals.outstanding, 0);
    assert_true(totals.balanced);
}

static int first_column(void *context, int columns, char **values, char **names)
{
    (void)columns;
    (void)names;
    snprintf(context, 64, "%s", values[0]);
    return 0;
}

static void settings_are_what_durability_needs(void **state)
{
    const struct temporary *temporary = *state;
    static const struct {
        const char *sql;
        const char *value;
    } rows[] = {
        {"PRAGMA synchronous", "2"},
        {"PRAGMA journal_mode", "wal"},
        {"PRAGMA wal_autocheckpoint", "0"},
        {"PRAGMA locking_mode", "exclusive"},
        {"PRAGMA page_size", "4096"},
        {"PRAGMA foreign_keys", "1"},
        {"PRAGMA cell_size_check", "1"},
        {"PRAGMA trusted_schema", "0"},
        {"PRAGMA mmap_size", "0"},
        {"PRAGMA secure_delete", "1"},
        {"PRAGMA user_version", SCHEMA_VERSION},
        {"PRAGMA application_id", SCHEMA_APPLICATION_ID},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char value[64] = "";
        assert_int_equal(sqlite3_exec(temporary->store->db, rows[i].sql, first_column, value, NULL),
                         SQLITE_OK);
        if (value[0] != '\0' || strstr(rows[i].sql, "mmap") == NULL) {
            assert_string_equal(value, rows[i].value);
        }
    }
    char path[128];
    struct stat status;
    snprintf(path, sizeof(path), "%s-shm", temporary->path);
    assert_int_equal(stat(path, &status), -1);
}

static void creating_over_a_store_is_refused(void **state)
{
    const struct temporary *temporary = *state;
    assert_int_equal(open_at(temporary->path, true), ERR_EXISTS);
}

static void opening_nothing_is_not_found(void **state)
{
    const struct temporary *temporary = *state;
    char path[128];
    snprintf(path, sizeof(path), "%s.other", temporary->path);
    assert_int_equal(open_at(path, false), ERR_NOT_FOUND);
    struct stat status;
    assert_int_equal(stat(path, &status), -1);
    /* What a power cut during creation leaves. */
    write_file(path, "");
    assert_int_equal(open_at(path, false), ERR_NOT_FOUND);
    assert_int_equal(open_at(path, true), 0);
    assert_int_equal(open_at(path, false), 0);
}

static void other_files_are_told_apart(void **state)
{
    const struct temporary *temporary = *state;
    char path[128];
    snprintf(path, sizeof(path), "%s.other", temporary->path);
    write_file(path, "This is no database, but long enough to be taken for one by its size: it has more than "
                     "a hundred bytes, and then some more of them.\n");
    const struct store_options options = {.path = path};
    struct store *store = NULL;
    const char *detail = NULL;
    assert_int_equal(store_open(&options, &store, &detail), ERR_MISMATCH);
    assert_null(store);
    assert_string_equal(detail, "file is not a database");
}

static void change_identity(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void another_application_or_version_is_a_mismatch(void **state)
{
    struct temporary *temporary = *state;
    store_close(temporary->store);
    temporary->store = NULL;
    change_identity(temporary->path, "PRAGMA application_id = 1");
    assert_int_equal(open_at(temporary->path, false), ERR_MISMATCH);
    change_identity(temporary->path, "PRAGMA application_id = " SCHEMA_APPLICATION_ID ";"
                                     "PRAGMA user_version = 2");
    assert_int_equal(open_at(temporary->path, false), ERR_MISMATCH);
    change_identity(temporary->path, "PRAGMA user_version = " SCHEMA_VERSION);
    assert_int_equal(open_at(temporary->path, false), 0);
    change_identity(temporary->path, "DROP TABLE entry");
    assert_int_equal(open_at(temporary->path, false), ERR_CORRUPT);
}

static void ends_that_disagree_are_damage(void **state)
{
    struct temporary *temporary = *state;
    temporary_begin(temporary->store);
    temporary_book(temporary->store, 0);
    temporary_book(temporary->store, 0);
    temporary_commit(temporary->store);
    store_close(temporary->store);
    temporary->store = NULL;
    change_identity(temporary->path, "DELETE FROM event WHERE position = 2");
    assert_int_equal(open_at(temporary->path, false), ERR_CORRUPT);
}

static void a_second_process_is_refused(void **state)
{
    const struct temporary *temporary = *state;
    /* In a process of its own: locks of files belong to processes. */
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char program[4096] = "";
        char *arguments[] = {program, (char *)(uintptr_t)temporary->path, NULL};
        if (readlink("/proc/self/exe", program, sizeof(program) - 1) > 0) {
            execv(program, arguments);
        }
        _exit(99);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), -ERR_LOCKED);
}

static void a_rollback_leaves_nothing(void **state)
{
    struct temporary *temporary = *state;
    struct store *store = temporary->store;
    temporary_begin(store);
    temporary_apply(store, &(struct effect){.kind = EFFECT_ENROL, .member = 1}, 1);
    assert_int_equal(temporary_book(store, 0), 1);
    temporary_commit(store);

    temporary_begin(store);
    const struct effect effects[] = {
        {.kind = EFFECT_ENROL, .member = 2},
        {.kind = EFFECT_LIVE},
        {.kind = EFFECT_MOVE,
         .move = {.debit = account_of_programme(PROGRAMME_ISSUED),
                  .credit = account_of_member(1, MEMBER_AVAILABLE),
                  .amount = 7}},
    };
    temporary_apply(store, effects, ARRAY_COUNT(effects));
    assert_int_equal(store_member_touch(store, 1, 2), 0);
    assert_int_equal(temporary_book(store, 0), 2);
    store_rollback(store);

    for (int round = 0; round < 2; round++) {
        struct store_head head;
        assert_int_equal(store_head(store, &head), 0);
        assert_int_equal(head.position, 1);
        assert_int_equal(head.next_member, 2);
        assert_false(head.live);
        struct principal_row row;
        assert_int_equal(store_principal_read(store, 0, &row), 0);
        assert_int_equal(row.next_sequence, 2);
        static struct member_state member;
        assert_int_equal(store_member_read(store, 2, &member), ERR_NOT_FOUND);
        assert_int_equal(store_member_read(store, 1, &member), 0);
        assert_int_equal(member.balances[MEMBER_AVAILABLE], 0);
        assert_int_equal(member.last_position, 1);
        struct store_totals totals;
        assert_int_equal(store_totals(store, &totals), 0);
        assert_int_equal(totals.entries, 0);
        assert_true(totals.balanced);
        /* The next transaction carries nothing over from the one before. */
        temporary_begin(store);
        temporary_commit(store);
        temporary_reopen(temporary);
        store = temporary->store;
    }
}

static void the_epoch_is_kept(void **state)
{
    struct temporary *temporary = *state;
    const uint8_t epoch[EPOCH_BYTES] = "sixteen bytes !";
    temporary_begin(temporary->store);
    assert_int_equal(store_set_epoch(temporary->store, epoch), 0);
    temporary_commit(temporary->store);
    temporary_reopen(temporary);
    struct store_head head;
    assert_int_equal(store_head(temporary->store, &head), 0);
    assert_memory_equal(head.epoch, epoch, sizeof(epoch));
}

/* Books events in a process that is killed while a transaction is open; what was committed is all that is
 * left. */
static void a_kill_leaves_what_was_committed(void **state)
{
    struct temporary *temporary = *state;
    store_close(temporary->store);
    temporary->store = NULL;
    int channel[2];
    assert_int_equal(pipe(channel), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct store_options options = {.path = temporary->path};
        struct store *store = NULL;
        if (store_open(&options, &store, NULL) != 0) {
            _exit(1);
        }
        for (int batch = 0; batch < 3; batch++) {
            temporary_begin(store);
            for (int i = 0; i < 50; i++) {
                temporary_book(store, 0);
            }
            if (batch < 2) {
                temporary_commit(store);
            }
        }
        if (write(channel[1], "x", 1) != 1) {
            _exit(1);
        }
        pause();
        _exit(1);
    }
    char byte = 0;
    assert_int_equal(read(channel[0], &byte, 1), 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    close(channel[0]);
    close(channel[1]);
    temporary_reopen(temporary);
    struct store_head head;
    assert_int_equal(store_head(temporary->store, &head), 0);
    assert_int_equal(head.position, 100);
    struct principal_row row;
    assert_int_equal(store_principal_read(temporary->store, 0, &row), 0);
    assert_int_equal(row.next_sequence, 101);
}

static long wal_bytes(const struct temporary *temporary)
{
    char path[128];
    struct stat status;
    snprintf(path, sizeof(path), "%s-wal", temporary->path);
    return stat(path, &status) == 0 ? (long)status.st_size : -1;
}

static void a_checkpoint_waits_for_its_frames_and_the_wal_is_used_again(void **state)
{
    const struct temporary *temporary = *state;
    struct store *store = temporary->store;
    bool done = true;
    if (testing_is_slow()) {
        skip();
    }
    assert_int_equal(store_checkpoint(store, true, &done), 0);
    assert_false(done);
    long bytes_max = 0;
    int checkpoints = 0;
    for (int batch = 0; batch < 2400 && checkpoints < 3; batch++) {
        temporary_begin(store);
        temporary_book(store, 0);
        temporary_commit(store);
        assert_int_equal(store_checkpoint(store, true, &done), 0);
        checkpoints += done;
        bytes_max = wal_bytes(temporary) > bytes_max ? wal_bytes(temporary) : bytes_max;
    }
    assert_int_equal(checkpoints, 3);
    /* Not three times as much: after each checkpoint it starts from its beginning. */
    assert_true(bytes_max < 240 * 4200);
    struct store_figures figures;
    assert_int_equal(store_figures(store, &figures), 0);
    assert_in_range(figures.wal_frames_written, 600, 700);
}

static void a_busy_queue_checkpoints_at_four_thousand(void **state)
{
    const struct temporary *temporary = *state;
    struct store *store = temporary->store;
    bool done = false;
    uint64_t frames = 0;
    if (testing_is_slow()) {
        skip();
    }
    while (!done) {
        temporary_begin(store);
        for (int i = 0; i < 200; i++) {
            temporary_book(store, 0);
        }
        temporary_commit(store);
        struct store_figures figures;
        assert_int_equal(store_figures(store, &figures), 0);
        frames = figures.wal_frames_written;
        assert_int_equal(store_checkpoint(store, false, &done), 0);
        assert_int_equal(done, frames >= 4000);
    }
}

static void commit_without_begin(void *argument)
{
    (void)!store_commit(argument);
}

static void begin_twice(void *argument)
{
    (void)!store_begin(argument);
    (void)!store_begin(argument);
}

static void write_without_begin(void *argument)
{
    (void)!store_card_write(argument, (const uint8_t *)"0123456789abcdef0123456789abcdef", 1);
}

static void transactions_out_of_order_are_a_bug(void **state)
{
    const struct temporary *temporary = *state;
    assert_true(testing_aborts(commit_without_begin, temporary->store));
    assert_true(testing_aborts(begin_twice, temporary->store));
    assert_true(testing_aborts(write_without_begin, temporary->store));
}

static void write_a_card_twice(void *argument)
{
    (void)!store_begin(argument);
    (void)!store_card_write(argument, (const uint8_t *)"0123456789abcdef0123456789abcdef", 1);
    (void)!store_card_write(argument, (const uint8_t *)"0123456789abcdef0123456789abcdef", 2);
}

static void a_constraint_that_fails_is_a_bug(void **state)
{
    const struct temporary *temporary = *state;
    assert_true(testing_aborts(write_a_card_twice, temporary->store));
}

static void a_full_disk_is_an_error_and_the_store_goes_on(void **state)
{
    struct temporary *temporary = *state;
    struct store *store = temporary->store;
    assert_int_equal(sqlite3_exec(store->db, "PRAGMA max_page_count = 60", NULL, NULL, NULL), SQLITE_OK);
    uint8_t body[8192];
    memset(body, 'b', sizeof(body));
    int result = 0;
    uint64_t booked = 0;
    while (result == 0) {
        struct event_row row = {.position = booked + 1, .sequence = booked + 1, .body = {body, sizeof(body)}};
        temporary_begin(store);
        result = store_event_write(store, &row);
        if (result == 0) {
            result = store_commit(store);
        } else {
            store_rollback(store);
        }
        booked += result == 0;
        assert_true(booked < 60);
    }
    assert_int_equal(result, ERR_FULL);
    struct store_head head;
    assert_int_equal(store_head(store, &head), 0);
    assert_int_equal(head.position, booked);
    assert_int_equal(sqlite3_exec(store->db, "PRAGMA max_page_count = 6000", NULL, NULL, NULL), SQLITE_OK);
    temporary_begin(store);
    assert_int_equal(temporary_book(store, 0), booked + 1);
    temporary_commit(store);
    temporary_reopen(temporary);
}

static void notes_are_durable_at_once_and_cleared_with_the_event(void **state)
{
    struct temporary *temporary = *state;
    struct quarantine_note note = {.principal = 3, .sequence = 17, .ends = 1};
    struct quarantine_note read;
    assert_int_equal(store_note_read(temporary->store, 3, &read), ERR_NOT_FOUND);
    assert_int_equal(store_note_write(temporary->store, &note), 0);
    temporary_reopen(temporary);
    assert_int_equal(store_note_read(temporary->store, 3, &read), 0);
    assert_int_equal(read.principal, 3);
    assert_int_equal(read.sequence, 17);
    assert_int_equal(read.ends, 1);
    note.ends = 2;
    assert_int_equal(store_note_write(temporary->store, &note), 0);
    assert_int_equal(store_note_read(temporary->store, 3, &read), 0);
    assert_int_equal(read.ends, 2);
    temporary_begin(temporary->store);
    assert_int_equal(store_note_clear(temporary->store, 3), 0);
    store_rollback(temporary->store);
    assert_int_equal(store_note_read(temporary->store, 3, &read), 0);
    temporary_begin(temporary->store);
    assert_int_equal(store_note_clear(temporary->store, 3), 0);
    temporary_commit(temporary->store);
    assert_int_equal(store_note_read(temporary->store, 3, &read), ERR_NOT_FOUND);
}

static uint32_t ends_of(struct store *store, uint32_t principal)
{
    struct quarantine_note note;
    assert_int_equal(store_note_read(store, principal, &note), 0);
    return note.ends;
}

static void an_unclean_end_counts_against_the_note_that_was_written_last(void **state)
{
    struct temporary *temporary = *state;
    struct store *store = temporary->store;
    const struct quarantine_note first = {.principal = 3, .sequence = 17};
    const struct quarantine_note second = {.principal = 4, .sequence = 2};
    assert_int_equal(store_note_write(store, &first), 0);
    assert_int_equal(store_note_end(store, true), 0);
    assert_int_equal(store_note_end(store, true), 0); /* none is under way any more */
    assert_int_equal(ends_of(store, 3), 1);
    assert_int_equal(store_note_write(store, &second), 0);
    assert_int_equal(store_note_end(store, true), 0);
    assert_int_equal(ends_of(store, 3), 1);
    assert_int_equal(ends_of(store, 4), 1);
    assert_int_equal(store_note_write(store, &second), 0);
    assert_int_equal(store_note_end(store, false), 0);
    assert_int_equal(store_note_end(store, true), 0);
    assert_int_equal(ends_of(store, 4), 0);
    temporary_begin(store);
    assert_int_equal(store_note_clear(store, 4), 0);
    temporary_commit(store);
    assert_int_equal(ends_of(store, 3), 1);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)

int main(int count, char **arguments)
{
    if (count == 2) {
        /* The other process of a_second_process_is_refused. */
        return -open_at(arguments[1], false);
    }
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_new_store_is_empty),
        WITH_STORE(settings_are_what_durability_needs),
        WITH_STORE(creating_over_a_store_is_refused),
        WITH_STORE(opening_nothing_is_not_found),
        WITH_STORE(other_files_are_told_apart),
        WITH_STORE(another_application_or_version_is_a_mismatch),
        WITH_STORE(ends_that_disagree_are_damage),
        WITH_STORE(a_second_process_is_refused),
        WITH_STORE(a_rollback_leaves_nothing),
        WITH_STORE(the_epoch_is_kept),
        WITH_STORE(a_kill_leaves_what_was_committed),
        WITH_STORE(a_checkpoint_waits_for_its_frames_and_the_wal_is_used_again),
        WITH_STORE(a_busy_queue_checkpoints_at_four_thousand),
        WITH_STORE(transactions_out_of_order_are_a_bug),
        WITH_STORE(a_constraint_that_fails_is_a_bug),
        WITH_STORE(a_full_disk_is_an_error_and_the_store_goes_on),
        WITH_STORE(notes_are_durable_at_once_and_cleared_with_the_event),
        WITH_STORE(an_unclean_end_counts_against_the_note_that_was_written_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
