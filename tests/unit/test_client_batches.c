/* What waits goes under one signature: how much at a time, and what a daemon that fails half-way leaves. */
#include "lib/scripted.h"

#include "crypto/crypto.h"

#include <string.h>

static void what_waits_goes_under_one_signature(void **state)
{
    (void)state;
    scripted.batch_max = 0;
    scripted_all_arrive(200, NULL, 0, REQUESTS_IN_FLIGHT_MAX);
    assert_int_equal(scripted.daemon.batches, 4); /* of 64 */
    assert_int_equal(scripted.daemon.books, 0);
}

static void an_event_that_waits_alone_is_signed_alone(void **state)
{
    (void)state;
    scripted.batch_max = 0;
    scripted_all_arrive(1, NULL, 0, 8);
    assert_int_equal(scripted.daemon.batches, 0);
    assert_int_equal(scripted.daemon.books, 1);
}

static void batches_are_as_large_as_the_window(void **state)
{
    (void)state;
    scripted.batch_max = 0;
    scripted_all_arrive(100, NULL, 0, 25);
    assert_int_equal(scripted.daemon.batches, 4);
}

static void a_batch_that_fails_for_now_is_sent_again(void **state)
{
    static const enum act script[] = {ACT_BOOK,  ACT_RETRY,          ACT_BOOK, ACT_BOOK_AND_CUT,
                                      ACT_CLOSE, ACT_BOOK_AND_CLOSE, ACT_BOOK, ACT_BOOK_AND_CUT};
    (void)state;
    scripted.batch_max = 10;
    scripted_all_arrive(95, script, ARRAY_COUNT(script), 30);
    assert_true(scripted.daemon.acts > ARRAY_COUNT(script));
}

static void events_of_a_batch_go_one_by_one_when_the_daemon_asks(void **state)
{
    static const enum act script[] = {ACT_BOOK, ACT_ONE_BY_ONE};
    (void)state;
    scripted.batch_max = 10;
    scripted_all_arrive(50, script, ARRAY_COUNT(script), 10);
    assert_int_equal(scripted.daemon.books, 10);
    assert_int_equal(scripted.daemon.batches, 1 + 1 + 3);
}

static void what_is_left_of_batches_survives_the_connection(void **state)
{
    static enum act script[30];
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(script); i++) {
        script[i] = i % 5 == 2 ? ACT_CLOSE : i % 5 == 4 ? ACT_BOOK_AND_CLOSE : ACT_BOOK;
    }
    scripted.batch_max = 8;
    scripted_run_in_groups(script, ARRAY_COUNT(script));
    assert_true(scripted.daemon.connections > 5);
}

static void an_unsigned_event_is_signed_when_it_is_sent(void **state)
{
    const struct outbox_draft draft = {.body = {(const uint8_t *)"body", 4}, .queued_at = 1};
    uint64_t sequence;
    struct outbox_event event;
    struct arena arena;
    static uint8_t memory[4096];
    (void)state;
    arena_init(&arena, memory, sizeof(memory));
    assert_int_equal(outbox_event_add(&scripted.outbox, &draft, NULL, &sequence), 0);
    assert_int_equal(outbox_event_load(&scripted.outbox, sequence, &arena, &event), 0);
    assert_false(event.is_signed);
    char text[SESSION_TEXT_BYTES];
    scripted_start(NULL, 0);
    assert_int_equal(scripted_deliver(8, text), 0);
    scripted_stop();
    assert_int_equal(scripted.daemon.expected, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scripted_open, scripted_close)
    const struct CMUnitTest tests[] = {
        TEST(what_waits_goes_under_one_signature),
        TEST(an_event_that_waits_alone_is_signed_alone),
        TEST(batches_are_as_large_as_the_window),
        TEST(a_batch_that_fails_for_now_is_sent_again),
        TEST(events_of_a_batch_go_one_by_one_when_the_daemon_asks),
        TEST(what_is_left_of_batches_survives_the_connection),
        TEST(an_unsigned_event_is_signed_when_it_is_sent),
    };
    return crypto_init() != 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
