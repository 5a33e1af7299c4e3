/* A principal changes its key on a live connection. */
#include "lib/front.h"

#include "wire/body.h"

#include <stdlib.h>
#include <string.h>

static int open_front(void **state)
{
    struct front *front = malloc(sizeof(*front));
    front_open(front, NULL);
    *state = front;
    return 0;
}

static int close_front(void **state)
{
    front_close(*state);
    free(*state);
    return 0;
}

static struct key_pair new_pair(void)
{
    struct key_pair pair;
    uint8_t seed[KEY_BYTES];
    memset(seed, 60, sizeof(seed));
    key_pair_from_seed(seed, &pair);
    return pair;
}

/* The principal as the ledger tells it after the change. */
static struct principal_row rekeyed(const struct front *front, uint32_t principal,
                                    const struct key_pair *pair)
{
    struct principal_row row = {.principal = principal, .role = ROLE_TERMINAL, .key_no = 2};
    memcpy(row.key, pair->public_key, KEY_BYTES);
    memcpy(row.previous_key, front->keys[principal].public_key, KEY_BYTES);
    return row;
}

static void send_rotation(struct front *front, uint32_t connection, uint64_t sequence)
{
    static const uint8_t proof[SIGNATURE_BYTES];
    const struct key_pair pair = new_pair();
    const struct event event = {
        .occurred_at = front->now,
        .kind = EVENT_KEY_ROTATED,
        .key_rotated = {.key = {pair.public_key, KEY_BYTES}, .proof = {proof, SIGNATURE_BYTES}}};
    struct bytes body;
    assert_int_equal(wire_body_pack(&event, &front->arena, &body), 0);
    front_book_body(front, connection, FRONT_TERMINAL, sequence, body, &front->keys[FRONT_TERMINAL]);
}

static void send_event(struct front *front, uint32_t connection, uint64_t sequence,
                       const struct key_pair *pair)
{
    static const uint8_t body[] = {0x08, 7};
    front_book_body(front, connection, FRONT_TERMINAL, sequence, (struct bytes){body, sizeof(body)}, pair);
}

static void what_comes_behind_a_change_of_keys_waits_for_it_and_is_verified_with_the_new_key(void **state)
{
    struct front *front = *state;
    const struct key_pair pair = new_pair();
    const struct principal_row row = rekeyed(front, FRONT_TERMINAL, &pair);
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    send_event(front, connection, 1, &front->keys[FRONT_TERMINAL]);
    send_rotation(front, connection, 2);
    for (uint64_t sequence = 3; sequence < 200; sequence++) {
        send_event(front, connection, sequence, &pair);
    }
    assert_int_equal(front->jobs_count, 2);
    assert_int_equal(front->jobs[1].key_no, 1);
    front_answer(front, 1);
    assert_int_equal(front->jobs_count, 1);
    front_answer_note(front, LEDGER_REKEYED, &row);
    front_push(front, connection);
    front_expect(front, connection, 1, REPLY_BOOKED);
    front_expect(front, connection, 2, REPLY_BOOKED);
    assert_int_equal(front->jobs_count, 197);
    for (size_t i = 0; i < front->jobs_count; i++) {
        assert_int_equal(front->jobs[i].key_no, 2);
    }
    front_answer(front, front->jobs_count);
    for (uint32_t id = 3; id < 200; id++) {
        front_expect(front, connection, id, REPLY_BOOKED);
    }
}

static void a_change_that_was_not_booked_leaves_the_old_key(void **state)
{
    struct front *front = *state;
    const struct key_pair pair = new_pair();
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    send_rotation(front, connection, 1);
    send_event(front, connection, 2, &pair);
    send_event(front, connection, 3, &front->keys[FRONT_TERMINAL]);
    front_answer_failure(front, FAILURE_RETRY, LEDGER_NOTHING);
    front_push(front, connection);
    front_expect_failure(front, connection, 1, FAILURE_RETRY);
    front_expect_failure(front, connection, 2, FAILURE_BAD_SIGNATURE);
    assert_int_equal(front->jobs_count, 1);
    assert_int_equal(front->jobs[0].key_no, 1);
}

static void an_event_sent_again_may_carry_the_signature_of_the_key_before(void **state)
{
    struct front *front = *state;
    const struct key_pair pair = new_pair();
    const struct principal_row row = rekeyed(front, FRONT_TERMINAL, &pair);
    service_principal(front->service, &row);
    const struct key_pair old = front->keys[FRONT_TERMINAL];
    front->keys[FRONT_TERMINAL] = pair;
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    send_event(front, connection, 1, &old);
    send_event(front, connection, 2, &pair);
    send_event(front, connection, 3, &front->keys[FRONT_ADMIN]);
    assert_int_equal(front->jobs_count, 2);
    assert_int_equal(front->jobs[0].key_no, 1);
    assert_int_equal(front->jobs[1].key_no, 2);
    front_answer(front, 2);
    front_expect(front, connection, 1, REPLY_BOOKED);
    front_expect(front, connection, 2, REPLY_BOOKED);
    front_expect_failure(front, connection, 3, FAILURE_BAD_SIGNATURE);
}

static void nobody_authenticates_with_the_key_before(void **state)
{
    struct front *front = *state;
    const struct key_pair pair = new_pair();
    const struct principal_row row = rekeyed(front, FRONT_TERMINAL, &pair);
    service_principal(front->service, &row);
    const uint32_t connection = front_connect(front);
    front_hello(front, connection);
    const struct request request = front_authenticate(front, connection, FRONT_TERMINAL);
    front_ask(front, connection, &request);
    front_expect_failure(front, connection, 2, FAILURE_BAD_SIGNATURE);
    front_expect_closed(front, connection);
}

static void a_connection_that_goes_during_a_change_leaves_nothing_behind(void **state)
{
    struct front *front = *state;
    const struct key_pair pair = new_pair();
    const struct principal_row row = rekeyed(front, FRONT_TERMINAL, &pair);
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    send_rotation(front, connection, 1);
    send_event(front, connection, 2, &pair);
    service_broken(front->service, connection);
    front_drain(front);
    front_answer_note(front, LEDGER_REKEYED, &row);
    front->keys[FRONT_TERMINAL] = pair;
    const uint32_t again = front_ready(front, FRONT_TERMINAL);
    send_event(front, again, 2, &pair);
    assert_int_equal(front->jobs_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_front, close_front)
        TEST(what_comes_behind_a_change_of_keys_waits_for_it_and_is_verified_with_the_new_key),
        TEST(a_change_that_was_not_booked_leaves_the_old_key),
        TEST(an_event_sent_again_may_carry_the_signature_of_the_key_before),
        TEST(nobody_authenticates_with_the_key_before),
        TEST(a_connection_that_goes_during_a_change_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
