/* Delivering an outbox to a daemon that is scripted to answer badly: whatever it does, each event is booked
 * once and its answer kept; and what does not pass by itself is told, not tried for ever. */
#include "lib/scripted.h"

#include "crypto/crypto.h"

#include <string.h>

static void a_queue_is_delivered_in_order(void **state)
{
    int64_t position = 0;
    (void)state;
    scripted_all_arrive(200, NULL, 0, REQUESTS_IN_FLIGHT_MAX);
    assert_int_equal(scripted.daemon.connections, 1);
    assert_int_equal(outbox_number(&scripted.outbox, OUTBOX_LAST_POSITION, &position), 0);
    assert_int_equal(position, 300);
}

static void one_at_a_time_works_too(void **state)
{
    (void)state;
    scripted_all_arrive(20, NULL, 0, 1);
}

static void a_run_may_leave_answers_to_the_next(void **state)
{
    (void)state;
    scripted_run_in_groups(NULL, 0);
    assert_int_equal(scripted.daemon.connections, 1);
}

static void what_is_left_to_the_next_run_survives_the_connection(void **state)
{
    static enum act script[200];
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(script); i++) {
        script[i] = i % 40 == 23   ? ACT_CLOSE
                    : i % 40 == 31 ? ACT_BOOK_AND_CLOSE
                    : i % 40 == 35 ? ACT_RETRY
                    : i % 40 == 39 ? ACT_STOP
                                   : ACT_BOOK;
    }
    scripted_run_in_groups(script, ARRAY_COUNT(script));
    assert_true(scripted.daemon.connections > 10);
}

static void a_failure_that_passes_is_waited_for(void **state)
{
    static const enum act script[] = {ACT_BOOK, ACT_RETRY, ACT_BUSY, ACT_BOOK, ACT_RETRY};
    (void)state;
    scripted_all_arrive(30, script, ARRAY_COUNT(script), 8);
    assert_int_equal(scripted.daemon.connections, 1);
}

static void broken_connections_lose_and_double_nothing(void **state)
{
    static const enum act script[] = {ACT_CLOSE,          ACT_BOOK,  ACT_BOOK_AND_CLOSE, ACT_BOOK, ACT_BOOK,
                                      ACT_BOOK_AND_CLOSE, ACT_CLOSE, ACT_STOP,           ACT_BOOK, ACT_STOP};
    (void)state;
    scripted_all_arrive(40, script, ARRAY_COUNT(script), 16);
    assert_int_equal(scripted.daemon.connections, 7);
}

static void a_daemon_that_says_nothing_is_given_up(void **state)
{
    static const enum act script[] = {ACT_BOOK, ACT_SILENT, ACT_SILENT, ACT_SILENT, ACT_SILENT};
    char text[SESSION_TEXT_BYTES];
    (void)state;
    scripted_queue(3);
    scripted_start(script, ARRAY_COUNT(script));
    assert_int_equal(scripted_deliver(1, text), ERR_TIMEOUT);
    assert_int_equal(scripted_counted().waiting, 2);
    assert_int_equal(scripted_counted().acknowledged, 1);
}

static void a_daemon_that_is_not_there_leaves_the_queue_as_it_is(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    scripted_queue(3);
    assert_int_equal(scripted_deliver(8, text), ERR_CLOSED);
    assert_non_null(strstr(text, "nobody answers"));
    assert_int_equal(scripted_counted().waiting, 3);
}

static void check_alarm(enum act act, int error, const char *word)
{
    const enum act script[] = {ACT_BOOK, act};
    char text[SESSION_TEXT_BYTES];
    scripted_queue(10);
    scripted_start(script, ARRAY_COUNT(script));
    assert_int_equal(scripted_deliver(8, text), error);
    assert_non_null(strstr(text, word));
    scripted_stop();
    assert_int_equal(scripted.daemon.connections, 1); /* not tried again */
    assert_int_equal(scripted_counted().acknowledged, 1);
    assert_int_equal(scripted_counted().waiting, 9);
}

static void a_conflict_is_an_alarm(void **state)
{
    (void)state;
    check_alarm(ACT_CONFLICT, ERR_MISMATCH, "CONFLICT");
}

static void being_replaced_is_an_alarm(void **state)
{
    (void)state;
    check_alarm(ACT_REPLACE, ERR_MISMATCH, "REPLACED");
}

static void what_will_never_be_taken_is_told(void **state)
{
    (void)state;
    check_alarm(ACT_TOO_LARGE, ERR_TOO_LARGE, "TOO_LARGE");
}

static void an_answer_to_something_else_is_not_believed(void **state)
{
    (void)state;
    check_alarm(ACT_NONSENSE, ERR_FORMAT, "something else");
}

static void an_answer_for_another_event_is_not_believed(void **state)
{
    (void)state;
    check_alarm(ACT_OTHER_SEQUENCE, ERR_FORMAT, "event 2");
}

static void a_revoked_till_stops(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    scripted_queue(1);
    scripted.daemon.revoked = true;
    scripted_start(NULL, 0);
    assert_int_equal(scripted_deliver(8, text), ERR_PERMISSION);
    assert_non_null(strstr(text, "REVOKED"));
}

static void another_daemon_gets_nothing(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    scripted_queue(1);
    scripted.daemon.daemon_pair.public_key[0] ^= 1;
    scripted_start(NULL, 0);
    assert_int_equal(scripted_deliver(8, text), ERR_MISMATCH);
    scripted_stop();
    scripted.daemon.daemon_pair.public_key[0] ^= 1;
    scripted.daemon.programme_id[0] ^= 1;
    scripted_start(NULL, 0);
    assert_int_equal(scripted_deliver(8, text), ERR_MISMATCH);
    assert_int_equal(scripted.daemon.acts, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scripted_open, scripted_close)
    const struct CMUnitTest tests[] = {
        TEST(a_queue_is_delivered_in_order),
        TEST(one_at_a_time_works_too),
        TEST(a_run_may_leave_answers_to_the_next),
        TEST(what_is_left_to_the_next_run_survives_the_connection),
        TEST(a_failure_that_passes_is_waited_for),
        TEST(broken_connections_lose_and_double_nothing),
        TEST(a_daemon_that_says_nothing_is_given_up),
        TEST(a_daemon_that_is_not_there_leaves_the_queue_as_it_is),
        TEST(a_conflict_is_an_alarm),
        TEST(being_replaced_is_an_alarm),
        TEST(what_will_never_be_taken_is_told),
        TEST(an_answer_to_something_else_is_not_believed),
        TEST(an_answer_for_another_event_is_not_believed),
        TEST(a_revoked_till_stops),
        TEST(another_daemon_gets_nothing),
    };
    return crypto_init() != 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
