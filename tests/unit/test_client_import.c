/* What the outbox remembers of imports: for ever, with the event or not at all, in outboxes of before too. */
#include "client/outbox_import.h"
#include "crypto/crypto.h"

#include "lib/temporary.h"
#include "lib/testing.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    char folder[TEMPORARY_FOLDER_BYTES];
    char path[96];
    struct outbox outbox;
    struct key_pair pair;
    uint8_t memory[16 * 1024];
    struct arena arena;
} fixture;

static int setup(void **state)
{
    static const uint8_t seed[KEY_BYTES] = {7};
    (void)state;
    temporary_folder_make(fixture.folder);
    (void)snprintf(fixture.path, sizeof(fixture.path), "%s/outbox.db", fixture.folder);
    assert_int_equal(outbox_open(&fixture.outbox, fixture.path), 0);
    key_pair_from_seed(seed, &fixture.pair);
    arena_init(&fixture.arena, fixture.memory, sizeof(fixture.memory));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    outbox_close(&fixture.outbox);
    temporary_folder_remove(fixture.folder);
    return 0;
}

static uint64_t add(const char *receipt)
{
    static const uint8_t programme_id[PROGRAMME_ID_BYTES] = {1};
    const struct outbox_draft draft = {
        .body = {.data = (const uint8_t *)"body", .size = 4}, .receipt = receipt, .queued_at = 1};
    const struct outbox_signer signer = {.pair = &fixture.pair, .programme_id = programme_id, .principal = 2};
    uint64_t sequence = 0;
    assert_int_equal(outbox_event_add(&fixture.outbox, &draft, &signer, &sequence), 0);
    return sequence;
}

static struct outbox_import find(const char *receipt)
{
    struct outbox_import import;
    arena_reset(&fixture.arena);
    assert_int_equal(outbox_import_find(&fixture.outbox, receipt, &fixture.arena, &import), 0);
    return import;
}

static void an_import_is_remembered_with_its_event(void **state)
{
    static const uint8_t digest[HASH_BYTES] = {1, 2, 3};
    struct outbox_import import;
    (void)state;
    assert_int_equal(outbox_import_find(&fixture.outbox, "a", &fixture.arena, &import), ERR_NOT_FOUND);
    assert_int_equal(add(NULL), 1);
    assert_int_equal(outbox_import_add(&fixture.outbox, "a", add("a"), digest), 0);
    import = find("a");
    assert_int_equal(import.sequence, 2);
    assert_memory_equal(import.digest, digest, HASH_BYTES);
    assert_true(import.kept);
    assert_int_equal(import.booked.size, 0);
    assert_int_equal(outbox_import_add(&fixture.outbox, "a", 1, digest), ERR_EXISTS);
    assert_int_equal(outbox_import_find(&fixture.outbox, "A", &fixture.arena, &import), ERR_NOT_FOUND);
}

static void the_answer_is_found_while_it_is_kept_and_the_import_for_ever(void **state)
{
    static const uint8_t digest[HASH_BYTES] = {9};
    const struct bytes answer = {.data = (const uint8_t *)"answer", .size = 6};
    (void)state;
    assert_int_equal(outbox_import_add(&fixture.outbox, "a", add("a"), digest), 0);
    assert_int_equal(outbox_event_acknowledge(&fixture.outbox, 1, answer, 1000), 0);
    assert_true(bytes_equal(find("a").booked, answer));
    assert_int_equal(outbox_event_expire(&fixture.outbox, 2000), 0);
    assert_false(find("a").kept);
    assert_int_equal(find("a").booked.size, 0);
    assert_int_equal(find("a").sequence, 1);
    struct outbox_import import;
    uint8_t little[16];
    struct arena arena;
    assert_int_equal(outbox_import_add(&fixture.outbox, "b", add("b"), digest), 0);
    assert_int_equal(outbox_event_acknowledge(&fixture.outbox, 2, answer, 1000), 0);
    arena_init(&arena, little, 4);
    assert_int_equal(outbox_import_find(&fixture.outbox, "b", &arena, &import), ERR_NOMEM);
}

static void event_and_import_come_together_or_not_at_all(void **state)
{
    static const uint8_t digest[HASH_BYTES] = {9};
    struct outbox_import import;
    (void)state;
    assert_int_equal(outbox_begin(&fixture.outbox), 0);
    assert_int_equal(outbox_import_add(&fixture.outbox, "a", add("a"), digest), 0);
    assert_int_equal(find("a").sequence, 1);
    outbox_rollback(&fixture.outbox);
    assert_int_equal(outbox_import_find(&fixture.outbox, "a", &fixture.arena, &import), ERR_NOT_FOUND);
    assert_int_equal(add("a"), 1);
}

static void an_outbox_of_the_first_version_learns_to_import(void **state)
{
    static const uint8_t digest[HASH_BYTES] = {9};
    sqlite3 *db = NULL;
    (void)state;
    assert_int_equal(add("old"), 1);
    outbox_close(&fixture.outbox);
    assert_int_equal(sqlite3_open(fixture.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DROP TABLE import; PRAGMA user_version = 1", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    for (int i = 0; i < 2; i++) {
        struct outbox_counts counts;
        assert_int_equal(outbox_open(&fixture.outbox, fixture.path), 0);
        assert_int_equal(outbox_event_count(&fixture.outbox, &counts), 0);
        assert_int_equal(counts.waiting, 1);
        assert_int_equal(outbox_import_add(&fixture.outbox, i == 0 ? "a" : "b", 1, digest), 0);
        assert_int_equal(find("a").sequence, 1);
        outbox_close(&fixture.outbox);
    }
    assert_int_equal(outbox_open(&fixture.outbox, fixture.path), 0);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_import_is_remembered_with_its_event),
        TEST(the_answer_is_found_while_it_is_kept_and_the_import_for_ever),
        TEST(event_and_import_come_together_or_not_at_all),
        TEST(an_outbox_of_the_first_version_learns_to_import),
    };
    return crypto_init() != 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
