/* What a till has learnt of its daemon and kept of its answers, against a log that was restored, cut or
 * exchanged: what the log lost is sent again, and what cannot be is an alarm. */
#include "lib/scripted.h"

#include "client/clock.h"
#include "crypto/crypto.h"

#include <string.h>

static void the_offset_of_the_clock_is_learnt(void **state)
{
    int64_t offset = 0;
    (void)state;
    scripted_all_arrive(1, NULL, 0, 8);
    assert_int_equal(outbox_number(&scripted.outbox, OUTBOX_CLOCK_OFFSET, &offset), 0);
    assert_in_range(offset, 3600000 - 1000, 3600000 + 1000);
}

static void sent_again_on_purpose_gets_the_same_answers(void **state)
{
    struct delivery delivery;
    const struct delivery_options options = {
        .outbox = &scripted.outbox, .pair = &scripted.pair, .world = &client_world, .timeout_ms = 800};
    (void)state;
    scripted_all_arrive(20, NULL, 0, 8);
    scripted_start(NULL, 0);
    assert_int_equal(delivery_init(&delivery, &options), 0);
    assert_int_equal(delivery_run_again(&delivery, 5), 0);
    assert_int_equal(delivery.answered_count, 16);
    assert_int_equal(delivery.repeated_count, 16);
    assert_int_equal(delivery.differing_count, 0);
    delivery_fini(&delivery);
    assert_int_equal(scripted.daemon.hello_position, 120);
}

/* The log goes back to where `expected` was next, and perhaps says so. */
static void restore_log(uint64_t expected, bool say_so)
{
    scripted.daemon.expected = expected;
    if (say_so) {
        scripted.daemon.epoch[0] ^= 0xff;
    }
    scripted.last = expected - 1;
    scripted.answered = 0;
}

static void after_a_restored_log_what_it_lost_is_sent_again(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    scripted_all_arrive(20, NULL, 0, 8);
    restore_log(15, true);
    scripted_queue(2);
    scripted_start(NULL, 0);
    assert_int_equal(scripted_deliver(8, text), 0);
    assert_int_equal(scripted.answered, 8); /* 15 to 22 */
    assert_int_equal(scripted.daemon.expected, 23);
    assert_int_equal(scripted_counted().waiting, 0);
}

static void a_log_that_went_back_without_a_word_is_an_alarm(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    scripted_all_arrive(20, NULL, 0, 8);
    restore_log(15, false);
    scripted_start(NULL, 0);
    assert_int_equal(scripted_deliver(8, text), ERR_MISMATCH);
    assert_int_equal(scripted_counted().waiting, 0);
    assert_int_equal(scripted.daemon.expected, 15);
}

static void a_restored_log_that_wants_more_than_is_kept_is_an_alarm(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    scripted_all_arrive(20, NULL, 0, 8);
    assert_int_equal(outbox_event_expire(&scripted.outbox, INT64_MAX), 0);
    restore_log(15, true);
    scripted_queue(1);
    scripted_start(NULL, 0);
    assert_int_equal(scripted_deliver(8, text), ERR_MISMATCH);
    assert_int_equal(scripted.daemon.expected, 15);
}

static void a_log_that_was_exchanged_is_an_alarm(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    scripted_all_arrive(3, NULL, 0, 8);
    scripted.daemon.log_differs = true;
    scripted_queue(1);
    scripted_start(NULL, 0);
    assert_int_equal(scripted_deliver(8, text), ERR_MISMATCH);
    assert_int_equal(scripted.daemon.expected, 4);
    scripted_stop();
    /* A new epoch says why it differs. */
    restore_log(4, true);
    scripted_start(NULL, 0);
    assert_int_equal(scripted_deliver(8, text), 0);
    assert_int_equal(scripted.daemon.expected, 5);
}

static void a_daemon_with_more_events_than_were_signed_here_is_an_alarm(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    scripted_queue(3);
    scripted.daemon.expected = 5;
    scripted_start(NULL, 0);
    assert_int_equal(scripted_deliver(8, text), ERR_MISMATCH);
    assert_non_null(strstr(text, "in use elsewhere"));
    assert_int_equal(scripted_counted().waiting, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scripted_open, scripted_close)
    const struct CMUnitTest tests[] = {
        TEST(the_offset_of_the_clock_is_learnt),
        TEST(sent_again_on_purpose_gets_the_same_answers),
        TEST(after_a_restored_log_what_it_lost_is_sent_again),
        TEST(a_log_that_went_back_without_a_word_is_an_alarm),
        TEST(a_restored_log_that_wants_more_than_is_kept_is_an_alarm),
        TEST(a_log_that_was_exchanged_is_an_alarm),
        TEST(a_daemon_with_more_events_than_were_signed_here_is_an_alarm),
    };
    return crypto_init() != 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
