/* The outbox of a till: what is added stays, in order, whatever happens around it. */
#include "lib/testing.h"

#include "client/outbox_event.h"
#include "crypto/crypto.h"
#include "lib/temporary.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
    struct temporary temporary;
    char path[96];
    struct outbox outbox;
    struct key_pair pair;
    uint8_t programme_id[PROGRAMME_ID_BYTES];
    uint8_t memory[256 * 1024];
    struct arena arena;
};

static struct fixture fixture;

static int open_fixture(void **state)
{
    (void)state;
    memset(&fixture, 0, sizeof(fixture));
    temporary_make(&fixture.temporary);
    (void)snprintf(fixture.path, sizeof(fixture.path), "%s/outbox.db", fixture.temporary.folder);
    memset(fixture.programme_id, 7, sizeof(fixture.programme_id));
    const uint8_t seed[KEY_BYTES] = {1, 2, 3};
    key_pair_from_seed(seed, &fixture.pair);
    arena_init(&fixture.arena, fixture.memory, sizeof(fixture.memory));
    return outbox_open(&fixture.outbox, fixture.path);
}

static int close_fixture(void **state)
{
    (void)state;
    outbox_close(&fixture.outbox);
    temporary_remove(&fixture.temporary);
    return 0;
}

static int add(const char *body, const char *card, const char *receipt, uint64_t *ret_sequence)
{
    static const uint8_t salt[CARD_SALT_BYTES] = {9};
    const struct outbox_signer signer = {
        .pair = &fixture.pair, .programme_id = fixture.programme_id, .principal = 5};
    const struct outbox_draft draft = {.body = {.data = (const uint8_t *)body, .size = strlen(body)},
                                       .salt = {.data = salt, .size = sizeof(salt)},
                                       .card = card,
                                       .locale = "et",
                                       .receipt = receipt,
                                       .queued_at = 1000};
    return outbox_event_add(&fixture.outbox, &draft, &signer, ret_sequence);
}

static uint64_t added(const char *body)
{
    uint64_t sequence = 0;
    assert_int_equal(add(body, NULL, NULL, &sequence), 0);
    return sequence;
}

static struct outbox_event loaded(uint64_t sequence)
{
    struct outbox_event event;
    assert_int_equal(outbox_event_load(&fixture.outbox, sequence, &fixture.arena, &event), 0);
    return event;
}

static struct outbox_counts counted(void)
{
    struct outbox_counts counts;
    assert_int_equal(outbox_event_count(&fixture.outbox, &counts), 0);
    return counts;
}

static void acknowledge(uint64_t sequence, int64_t now)
{
    const struct bytes booked = {.data = (const uint8_t *)"yes", .size = 3};
    assert_int_equal(outbox_event_acknowledge(&fixture.outbox, sequence, booked, now), 0);
}

static void reopen(void)
{
    outbox_close(&fixture.outbox);
    assert_int_equal(outbox_open(&fixture.outbox, fixture.path), 0);
}

static void events_get_sequences_from_1_on_and_survive_reopening(void **state)
{
    (void)state;
    assert_int_equal(added("one"), 1);
    assert_int_equal(added("two"), 2);
    reopen();
    assert_int_equal(added("three"), 3);
    const struct outbox_event event = loaded(2);
    assert_int_equal(event.sequence, 2);
    assert_int_equal(event.body.size, 3);
    assert_memory_equal(event.body.data, "two", 3);
    assert_int_equal(event.booked.size, 0);
    assert_null(event.card);
    assert_int_equal(event.salt.size, 0);
    assert_string_equal(event.locale, "et");
    struct outbox_event none;
    assert_int_equal(outbox_event_load(&fixture.outbox, 4, &fixture.arena, &none), ERR_NOT_FOUND);
}

static void events_are_signed_for_their_sequence(void **state)
{
    uint8_t scratch[SIGN_EVENT_PREFIX_BYTES + 16];
    (void)state;
    added("one");
    added("one");
    const struct outbox_event event = loaded(2);
    struct sign_event signed_event = {
        .programme_id = fixture.programme_id, .principal = 5, .sequence = 2, .body = event.body};
    assert_int_equal(
        sign_event_check(fixture.pair.public_key, &signed_event, scratch, sizeof(scratch), event.signature),
        0);
    signed_event.sequence = 1;
    assert_int_equal(
        sign_event_check(fixture.pair.public_key, &signed_event, scratch, sizeof(scratch), event.signature),
        ERR_SIGNATURE);
}

static void a_receipt_is_queued_once(void **state)
{
    uint64_t sequence = 0;
    (void)state;
    assert_int_equal(add("a", "1234", "cafe/2026-12-01/1/17", &sequence), 0);
    assert_int_equal(add("b", "1234", "cafe/2026-12-01/1/17", &sequence), ERR_EXISTS);
    assert_int_equal(added("c"), 2); /* the failed one took no sequence */
    assert_int_equal(outbox_event_by_receipt(&fixture.outbox, "cafe/2026-12-01/1/17", &sequence), 0);
    assert_int_equal(sequence, 1);
    assert_int_equal(outbox_event_by_receipt(&fixture.outbox, "cafe/2026-12-01/1/18", &sequence),
                     ERR_NOT_FOUND);
    const struct outbox_event event = loaded(1);
    assert_string_equal(event.card, "1234");
    assert_int_equal(event.salt.size, CARD_SALT_BYTES);
}

static void what_is_rolled_back_was_never_there(void **state)
{
    (void)state;
    added("one");
    assert_int_equal(outbox_begin(&fixture.outbox), 0);
    assert_int_equal(added("two"), 2);
    outbox_rollback(&fixture.outbox);
    assert_int_equal(counted().next_sequence, 2);
    assert_int_equal(added("other"), 2);
}

static void counts_tell_what_waits(void **state)
{
    (void)state;
    struct outbox_counts counts = counted();
    assert_int_equal(counts.next_sequence, 1);
    assert_int_equal(counts.first_waiting, 1);
    assert_int_equal(counts.first_kept, 1);
    for (int i = 0; i < 5; i++) {
        added("x");
    }
    acknowledge(1, 100);
    acknowledge(2, 200);
    counts = counted();
    assert_int_equal(counts.next_sequence, 6);
    assert_int_equal(counts.first_waiting, 3);
    assert_int_equal(counts.first_kept, 1);
    assert_int_equal(counts.waiting, 3);
    assert_int_equal(counts.acknowledged, 2);
    assert_int_equal(loaded(2).booked.size, 3);
    assert_int_equal(outbox_event_acknowledge(&fixture.outbox, 9, (struct bytes){(const uint8_t *)"y", 1}, 0),
                     ERR_NOT_FOUND);
}

static void only_old_acknowledged_events_are_forgotten(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        added("x");
    }
    acknowledge(1, 100);
    acknowledge(2, 200);
    assert_int_equal(outbox_event_expire(&fixture.outbox, 200), 0);
    struct outbox_counts counts = counted();
    assert_int_equal(counts.first_kept, 2);
    assert_int_equal(counts.waiting, 2);
    assert_int_equal(outbox_event_expire(&fixture.outbox, INT64_MAX), 0);
    counts = counted();
    assert_int_equal(counts.first_kept, 3);
    assert_int_equal(counts.next_sequence, 5);
    acknowledge(3, 300);
    acknowledge(4, 300);
    assert_int_equal(outbox_event_expire(&fixture.outbox, INT64_MAX), 0);
    counts = counted();
    assert_int_equal(counts.first_kept, 5); /* sequences go on although nothing is kept */
    assert_int_equal(added("x"), 5);
}

static void reopened_events_wait_again(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        added("x");
        acknowledge((uint64_t)i + 1, 100);
    }
    assert_int_equal(outbox_event_reopen(&fixture.outbox, 2), 0);
    const struct outbox_counts counts = counted();
    assert_int_equal(counts.first_waiting, 2);
    assert_int_equal(counts.waiting, 2);
    assert_int_equal(loaded(3).booked.size, 0);
}

static void settings_keep_their_type(void **state)
{
    char text[8];
    int64_t number = 0;
    uint8_t bytes[4];
    (void)state;
    assert_int_equal(outbox_text(&fixture.outbox, OUTBOX_URL, text, sizeof(text)), ERR_NOT_FOUND);
    assert_int_equal(outbox_set_text(&fixture.outbox, OUTBOX_URL, "unix:x"), 0);
    assert_int_equal(outbox_set_number(&fixture.outbox, OUTBOX_PRINCIPAL, -7), 0);
    assert_int_equal(outbox_set_bytes(&fixture.outbox, OUTBOX_EPOCH, (const uint8_t *)"abcd", 4), 0);
    reopen();
    assert_int_equal(outbox_text(&fixture.outbox, OUTBOX_URL, text, sizeof(text)), 0);
    assert_string_equal(text, "unix:x");
    assert_int_equal(outbox_text(&fixture.outbox, OUTBOX_URL, text, 6), ERR_CORRUPT);
    assert_int_equal(outbox_number(&fixture.outbox, OUTBOX_PRINCIPAL, &number), 0);
    assert_int_equal(number, -7);
    assert_int_equal(outbox_bytes(&fixture.outbox, OUTBOX_EPOCH, bytes, 4), 0);
    assert_memory_equal(bytes, "abcd", 4);
    assert_int_equal(outbox_bytes(&fixture.outbox, OUTBOX_EPOCH, bytes, 3), ERR_CORRUPT);
    assert_int_equal(outbox_number(&fixture.outbox, OUTBOX_URL, &number), ERR_CORRUPT);
    assert_int_equal(outbox_set_text(&fixture.outbox, OUTBOX_URL, "y"), 0);
    assert_int_equal(outbox_text(&fixture.outbox, OUTBOX_URL, text, sizeof(text)), 0);
    assert_string_equal(text, "y");
    assert_int_equal(outbox_unset(&fixture.outbox, OUTBOX_URL), 0);
    assert_int_equal(outbox_text(&fixture.outbox, OUTBOX_URL, text, sizeof(text)), ERR_NOT_FOUND);
}

static void a_second_process_is_kept_out(void **state)
{
    (void)state;
    /* SQLite's locks are of the process: it takes another one to meet them. */
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct outbox second;
        _exit(outbox_open(&second, fixture.path) == ERR_LOCKED ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void the_file_is_its_owners_alone(void **state)
{
    struct stat about;
    (void)state;
    assert_int_equal(stat(fixture.path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

static void what_is_no_outbox_is_refused(void **state)
{
    char path[128];
    struct outbox other;
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/garbage", fixture.temporary.folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) {
        assert_true(fputs("this is no database ", file) >= 0);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(outbox_open(&other, path), ERR_CORRUPT);
    outbox_close(&other); /* harmless */
    assert_int_equal(outbox_open(&other, "/nowhere/at/all/outbox.db"), ERR_NOT_FOUND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {
        TEST(events_get_sequences_from_1_on_and_survive_reopening),
        TEST(events_are_signed_for_their_sequence),
        TEST(a_receipt_is_queued_once),
        TEST(what_is_rolled_back_was_never_there),
        TEST(counts_tell_what_waits),
        TEST(only_old_acknowledged_events_are_forgotten),
        TEST(reopened_events_wait_again),
        TEST(settings_keep_their_type),
        TEST(a_second_process_is_kept_out),
        TEST(the_file_is_its_owners_alone),
        TEST(what_is_no_outbox_is_refused),
    };
    return crypto_init() != 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
