/* What one peer may do: buckets, who is remembered, and what a session does when it is too much. */
#include "lib/front.h"

#include "crypto/invite.h"
#include "service/peers.h"

#include <stdlib.h>
#include <string.h>

static struct peer_name named(uint8_t first, bool local)
{
    return (struct peer_name){.bytes = {first}, .local = local};
}

/* --- buckets --- */

static void a_bucket_gives_its_tokens_at_once_and_gets_them_back_evenly(void **state)
{
    (void)state;
    const struct bucket_rate rate = {.limit = 10, .period_ms = 1000};
    struct bucket bucket = {0};
    int64_t now = 12345678;
    for (int i = 0; i < 10; i++) {
        assert_true(bucket_take(&bucket, &rate, 1, now));
    }
    assert_false(bucket_take(&bucket, &rate, 1, now));
    assert_false(bucket_take(&bucket, &rate, 1, now + 99));
    assert_true(bucket_take(&bucket, &rate, 1, now + 100));
    assert_false(bucket_take(&bucket, &rate, 1, now + 100));
    assert_true(bucket_take(&bucket, &rate, 9, now + 1000));
    assert_false(bucket_take(&bucket, &rate, 1, now + 1000));
    assert_true(bucket_take(&bucket, &rate, 10, now + 1000000));
    assert_false(bucket_take(&bucket, &rate, 1, now + 1000000));
}

static void over_a_long_time_a_bucket_gives_its_rate_and_no_more(void **state)
{
    (void)state;
    const struct bucket_rate rate = {.limit = 7, .period_ms = 60 * 1000};
    struct bucket bucket = {0};
    int taken = 0;
    for (int64_t now = 1; now <= 60 * 60 * 1000; now += 13) {
        taken += bucket_take(&bucket, &rate, 1, now);
    }
    assert_in_range(taken, 7 * 60, 7 * 60 + 7);
}

static void
a_bucket_of_limit_nothing_gives_everything_and_a_clock_that_stands_still_nothing_twice(void **state)
{
    (void)state;
    const struct bucket_rate none = {.limit = 0, .period_ms = 1000};
    const struct bucket_rate one = {.limit = 1, .period_ms = 1000};
    struct bucket bucket = {0};
    for (int i = 0; i < 1000; i++) {
        assert_true(bucket_take(&bucket, &none, 1000, 5));
    }
    assert_true(bucket_take(&bucket, &one, 1, 5));
    assert_false(bucket_take(&bucket, &one, 1, 5));
    assert_false(bucket_take(&bucket, &one, 1, 4));
    bucket_give(&bucket, &one, 1);
    assert_true(bucket_take(&bucket, &one, 1, 5));
    assert_false(bucket_take(&bucket, &one, 2, 50000));
}

static void the_largest_rates_do_not_overflow(void **state)
{
    (void)state;
    const struct bucket_rate rate = {.limit = BUCKET_LIMIT_MAX, .period_ms = BUCKET_PERIOD_MS_MAX};
    struct bucket bucket = {0};
    assert_true(bucket_take(&bucket, &rate, BUCKET_LIMIT_MAX, 1));
    assert_false(bucket_take(&bucket, &rate, 1, 1));
    assert_true(bucket_take(&bucket, &rate, 1, BUCKET_PERIOD_MS_MAX));
    assert_false(bucket_take(&bucket, &rate, BUCKET_LIMIT_MAX, BUCKET_PERIOD_MS_MAX));
}

/* --- who is remembered --- */

enum { FEW = 4 };

struct few {
    struct peers peers;
    struct peer_entry entries[FEW];
    struct peer_entry *heads[FEW];
};

static void open_few(struct few *few)
{
    memset(few, 0, sizeof(*few));
    peers_init(&few->peers, &PEER_LIMITS_DEFAULT, few->entries, few->heads, FEW);
}

static void a_peer_has_one_account_for_all_its_connections_and_keeps_it_when_it_comes_again(void **state)
{
    (void)state;
    struct few few;
    open_few(&few);
    const struct peer_name a = named(1, false);
    const struct peer_name b = named(2, false);
    struct peer_entry *entry = peers_enter(&few.peers, &a);
    assert_ptr_equal(peers_enter(&few.peers, &a), entry);
    assert_ptr_not_equal(peers_enter(&few.peers, &b), entry);
    assert_int_equal(entry->connections, 2);
    peers_leave(&few.peers, entry);
    peers_leave(&few.peers, entry);
    assert_ptr_equal(peers_enter(&few.peers, &a), entry);
    assert_int_equal(entry->connections, 1);
}

static void who_has_been_away_for_the_longest_time_is_forgotten_first(void **state)
{
    (void)state;
    struct few few;
    open_few(&few);
    for (uint8_t i = 1; i <= FEW; i++) {
        const struct peer_name name = named(i, false);
        struct peer_entry *entry = peers_enter(&few.peers, &name);
        assert_true(peers_take(&few.peers, entry, PEER_LIMIT_bad_signatures, 60, 1000));
        if (i != 3) {
            peers_leave(&few.peers, entry);
        }
    }
    const struct peer_name fresh = named(50, false);
    peers_leave(&few.peers, peers_enter(&few.peers, &fresh)); /* takes the place of 1 */
    const struct peer_name second = named(2, false);
    struct peer_entry *entry = peers_enter(&few.peers, &second);
    assert_false(peers_may(&few.peers, entry, PEER_LIMIT_bad_signatures, 1000));
    const struct peer_name first = named(1, false);
    entry = peers_enter(&few.peers, &first); /* takes the place of 4 */
    assert_true(peers_may(&few.peers, entry, PEER_LIMIT_bad_signatures, 1000));
    const struct peer_name third = named(3, false);
    entry = peers_enter(&few.peers, &third);
    assert_int_equal(entry->connections, 2);
}

static void random_comings_and_goings_keep_the_books(void **state)
{
    (void)state;
    struct few few;
    open_few(&few);
    struct peer_entry *inside[FEW] = {0};
    uint32_t random = 7;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525u + 1013904223u;
        const unsigned slot = random >> 30;
        if (inside[slot] != NULL) {
            peers_leave(&few.peers, inside[slot]);
            inside[slot] = NULL;
        } else {
            const struct peer_name name = named((uint8_t)(random >> 20 & 15), (random >> 24 & 1) != 0);
            inside[slot] = peers_enter(&few.peers, &name);
            assert_memory_equal(inside[slot]->name.bytes, name.bytes, PEER_NAME_BYTES);
            assert_int_equal(inside[slot]->name.local, name.local);
        }
        uint32_t connections = 0;
        uint32_t expected = 0;
        for (unsigned k = 0; k < FEW; k++) {
            connections += few.entries[k].connections;
            expected += inside[k] != NULL;
        }
        assert_int_equal(connections, expected);
    }
}

/* --- sessions --- */

static struct front *make(const struct peer_limits *limits)
{
    struct front *front = malloc(sizeof(*front));
    front_open(front, &(struct service_options){.limits = limits});
    return front;
}

static void end(struct front *front)
{
    front_close(front);
    free(front);
}

/* A connection of this peer; false when it was closed at once. */
static bool connect_by(struct front *front, enum peer_kind kind, uint8_t peer, uint32_t *ret_connection)
{
    const struct peer_name name = named(peer, false);
    const uint32_t connection = front_connect_as(front, kind);
    const bool stays = service_named(front->service, connection, &name);
    front_drain(front);
    *ret_connection = connection;
    return stays;
}

static bool connect_as(struct front *front, uint8_t peer, uint32_t *ret_connection)
{
    return connect_by(front, PEER_TCP, peer, ret_connection);
}

static uint32_t ready_as(struct front *front, uint8_t peer, uint32_t principal)
{
    uint32_t connection;
    assert_true(connect_as(front, peer, &connection));
    front_hello(front, connection);
    const struct request request = front_authenticate(front, connection, principal);
    front_ask(front, connection, &request);
    front_answer(front, front->jobs_count);
    front_expect(front, connection, 2, REPLY_READY);
    return connection;
}

static void a_peer_has_so_many_connections_and_another_peer_its_own(void **state)
{
    (void)state;
    const struct peer_limits limits = {.others = {[PEER_LIMIT_connections] = 3}};
    struct front *front = make(&limits);
    uint32_t connections[3];
    uint32_t refused;
    for (int i = 0; i < 3; i++) {
        assert_true(connect_as(front, 1, &connections[i]));
    }
    assert_false(connect_as(front, 1, &refused));
    front_expect_closed(front, refused);
    assert_int_equal(service_metrics(front->service)->limited_connections, 1);
    (void)ready_as(front, 2, FRONT_TERMINAL);
    service_broken(front->service, connections[0]);
    front_drain(front);
    (void)ready_as(front, 1, FRONT_CLERK);
    end(front);
}

static void a_peer_opens_so_many_connections_a_minute(void **state)
{
    (void)state;
    const struct peer_limits limits = {.others = {[PEER_LIMIT_handshakes] = 60}};
    struct front *front = make(&limits);
    uint32_t connection;
    for (int i = 0; i < 60; i++) {
        assert_true(connect_as(front, 1, &connection));
        service_broken(front->service, connection);
        front_drain(front);
    }
    assert_false(connect_as(front, 1, &connection));
    front_expect_closed(front, connection);
    assert_int_equal(service_metrics(front->service)->limited_handshakes, 1);
    assert_true(connect_as(front, 2, &connection));
    front->now += 1000;
    assert_true(connect_as(front, 1, &connection));
    end(front);
}

static void a_peer_sends_so_many_bytes_before_it_says_who_it_is(void **state)
{
    (void)state;
    const struct peer_limits limits = {.others = {[PEER_LIMIT_unauthenticated] = 1000}};
    struct front *front = make(&limits);
    static const uint8_t frame[1004] = {0, 0, 4, 0}; /* the head of a frame, and most of it */
    uint32_t first;
    uint32_t second;
    assert_true(connect_as(front, 1, &first));
    assert_true(connect_as(front, 1, &second));
    front_send(front, first, (struct bytes){frame, 600}, 0);
    assert_false(front->peers[first].closed);
    front_send(front, second, (struct bytes){frame, 600}, 0);
    front_expect_closed(front, second);
    assert_int_equal(service_metrics(front->service)->limited_bytes, 1);
    /* One that is known may send what it wants. */
    front->now += 60 * 1000;
    const uint32_t ready = ready_as(front, 1, FRONT_TERMINAL);
    for (uint64_t sequence = 1; sequence <= 10; sequence++) {
        front_book(front, ready, FRONT_TERMINAL, sequence, 1000, false);
    }
    assert_int_equal(front->jobs_count, 10);
    end(front);
}

static void the_bytes_of_a_handshake_are_bytes_before_authentication(void **state)
{
    (void)state;
    const struct peer_limits limits = {.others = {[PEER_LIMIT_unauthenticated] = 1000}};
    static const uint8_t binding[SIGN_CHANNEL_BYTES] = {1};
    struct front *front = make(&limits);
    uint32_t first;
    uint32_t second;
    uint32_t other;
    assert_true(connect_by(front, PEER_TLS, 1, &first));
    assert_true(connect_by(front, PEER_TLS, 1, &second));
    assert_true(service_handshaking(front->service, first, 700));
    assert_false(service_handshaking(front->service, second, 301));
    front_drain(front);
    front_expect_closed(front, second);
    assert_int_equal(service_metrics(front->service)->limited_bytes, 1);
    /* Those of the handshake and those of the session are of one account. */
    service_secured(front->service, first, binding);
    front_send(front, first, (struct bytes){(const uint8_t[400]){0, 0, 4}, 301}, 0);
    front_expect_closed(front, first);
    assert_int_equal(service_metrics(front->service)->limited_bytes, 2);
    assert_true(connect_by(front, PEER_TLS, 2, &other));
    assert_true(service_handshaking(front->service, other, 700));
    end(front);
}

static void a_flood_of_bad_signatures_ends_with_the_connection_and_keeps_the_peer_out(void **state)
{
    (void)state;
    const struct peer_limits limits = {.others = {[PEER_LIMIT_bad_signatures] = 20}};
    struct front *front = make(&limits);
    const uint32_t honest = ready_as(front, 2, FRONT_CLERK);
    const uint32_t flood = ready_as(front, 1, FRONT_TERMINAL);
    front->hold_groups = true;
    for (uint64_t sequence = 1; sequence <= 200; sequence++) {
        front_book(front, flood, FRONT_TERMINAL, sequence, 10, true);
    }
    front->hold_groups = false;
    front_verify(front, false);
    assert_true(front->peers[flood].closed);
    /* Those in the hands of the pool were verified yet, the rest was forgotten. */
    assert_in_range(service_metrics(front->service)->signatures_bad, 21, 21 + 64);
    assert_int_equal(service_metrics(front->service)->limited_signatures, 1);
    uint32_t again;
    assert_false(connect_as(front, 1, &again));
    front_expect_closed(front, again);
    front_book(front, honest, FRONT_CLERK, 1, 10, false);
    assert_int_equal(front->jobs_count, 1);
    front->now += 3000; /* one signature has come back */
    (void)ready_as(front, 1, FRONT_TERMINAL);
    end(front);
}

static void a_handshake_with_a_bad_signature_counts_too(void **state)
{
    (void)state;
    const struct peer_limits limits = {.others = {[PEER_LIMIT_bad_signatures] = 5}};
    struct front *front = make(&limits);
    uint32_t connection;
    for (int i = 0; i < 5; i++) {
        assert_true(connect_as(front, 1, &connection));
        front_hello(front, connection);
        struct request request = front_authenticate(front, connection, FRONT_CLERK);
        request.authenticate.principal = FRONT_TERMINAL;
        front_ask(front, connection, &request);
        front_expect_failure(front, connection, 2, FAILURE_BAD_SIGNATURE);
    }
    assert_false(connect_as(front, 1, &connection));
    end(front);
}

static void who_asks_too_much_is_read_later_and_loses_nothing(void **state)
{
    (void)state;
    const struct peer_limits limits = {.others = {[PEER_LIMIT_requests] = 10}};
    struct front *front = make(&limits);
    const uint32_t honest = ready_as(front, 2, FRONT_CLERK);
    const uint32_t busy = ready_as(front, 1, FRONT_TERMINAL);
    const uint32_t sibling = ready_as(front, 1, FRONT_TERMINAL + 1); /* of the same peer */
    for (uint64_t sequence = 1; sequence <= 25; sequence++) {
        front_book(front, busy, FRONT_TERMINAL, sequence, 300, false);
    }
    assert_int_equal(front->jobs_count, 10);
    assert_true(front->peers[busy].paused);
    front_book(front, sibling, FRONT_TERMINAL + 1, 1, 10, false);
    assert_int_equal(front->jobs_count, 10);
    front_book(front, honest, FRONT_CLERK, 1, 10, false);
    assert_int_equal(front->jobs_count, 11);
    size_t jobs = 11;
    for (int second = 1; second <= 2; second++) {
        front_answer(front, front->jobs_count);
        front->now += 1000;
        service_tick(front->service);
        front_drain(front);
        front_push(front, busy);
        front_push(front, sibling);
        jobs += front->jobs_count;
        assert_in_range(front->jobs_count, 1, 10);
    }
    assert_int_equal(jobs, 27);
    assert_true(service_metrics(front->service)->limited_requests >= 2);
    assert_false(front->peers[busy].paused);
    end(front);
}

static void who_waits_because_he_asked_too_much_may_go_or_be_sent_away(void **state)
{
    (void)state;
    const struct peer_limits limits = {.others = {[PEER_LIMIT_requests] = 2}};
    struct front *front = make(&limits);
    const uint32_t gone = ready_as(front, 1, FRONT_TERMINAL);
    const uint32_t revoked = ready_as(front, 1, FRONT_TERMINAL + 1);
    for (uint64_t sequence = 1; sequence <= 5; sequence++) {
        front_book(front, gone, FRONT_TERMINAL, sequence, 100, false);
        front_book(front, revoked, FRONT_TERMINAL + 1, sequence, 100, false);
    }
    assert_int_equal(front->jobs_count, 2);
    const uint32_t admin = ready_as(front, 2, FRONT_ADMIN);
    front_book(front, admin, FRONT_ADMIN, 1, 10, false);
    service_broken(front->service, gone);
    front_drain(front);
    while (front->jobs_count > 1) {
        front_answer(front, 1);
    }
    const struct principal_row row = {.principal = FRONT_TERMINAL + 1, .key_no = 1, .revoked = true};
    if (front->jobs_count == 1) {
        front_answer_note(front, LEDGER_REVOKED, &row);
    }
    front->now += 1000;
    service_tick(front->service);
    front_drain(front);
    assert_true(front->peers[gone].closed);
    assert_int_equal(front->jobs_count, 0);
    end(front);
}

#define CODE "K7qf-2m9t-xw4c"

static void send_code(struct front *front, uint32_t connection)
{
    uint8_t hash[HASH_BYTES];
    uint8_t proof[SIGNATURE_BYTES];
    const struct key_pair *pair = &front->keys[FRONT_TERMINAL];
    assert_int_equal(invite_code_hash(CODE, hash), 0);
    sign_enrol(pair, front->programme_id, hash, proof);
    const struct request request = {
        .id = 3,
        .kind = REQUEST_ENROL,
        .enrol = {.code = CODE, .key = {pair->public_key, KEY_BYTES}, .proof = {proof, SIGNATURE_BYTES}}};
    front_ask(front, connection, &request);
}

static uint32_t greeted(struct front *front, uint8_t peer)
{
    uint32_t connection;
    assert_true(connect_as(front, peer, &connection));
    front_hello(front, connection);
    return connection;
}

static void wrong_codes_are_not_looked_at_any_more_after_some(void **state)
{
    (void)state;
    const struct peer_limits limits = {.others = {[PEER_LIMIT_wrong_codes] = 6}, .wrong_codes = 100};
    struct front *front = make(&limits);
    const uint32_t guesser = greeted(front, 1);
    for (int i = 0; i < 6; i++) {
        send_code(front, guesser);
        assert_int_equal(front->jobs_count, 1);
        front_answer_failure(front, FAILURE_INVITE_INVALID, LEDGER_WRONG_CODE);
        front_expect_failure(front, guesser, 3, FAILURE_INVITE_INVALID);
    }
    /* Neither here nor on another connection of the same peer. */
    const uint32_t other = greeted(front, 1);
    for (int i = 0; i < 20; i++) {
        send_code(front, i % 2 == 0 ? guesser : other);
        assert_int_equal(front->jobs_count, 0);
        front_expect_failure(front, i % 2 == 0 ? guesser : other, 3, FAILURE_BUSY);
    }
    assert_int_equal(service_metrics(front->service)->limited_codes, 20);
    const uint32_t honest = greeted(front, 2);
    send_code(front, honest);
    assert_int_equal(front->jobs_count, 1);
    front_answer_failure(front, FAILURE_RETRY, LEDGER_NOTHING);
    front_expect_failure(front, honest, 3, FAILURE_RETRY);
    front->now += 9999;
    send_code(front, guesser);
    front_expect_failure(front, guesser, 3, FAILURE_BUSY);
    end(front);
}

static void a_guesser_who_is_kept_waiting_does_not_use_up_what_others_may(void **state)
{
    (void)state;
    const struct peer_limits limits = {.others = {[PEER_LIMIT_wrong_codes] = 1}, .wrong_codes = 3};
    struct front *front = make(&limits);
    const uint32_t guesser = greeted(front, 1);
    send_code(front, guesser);
    front_answer_failure(front, FAILURE_INVITE_INVALID, LEDGER_WRONG_CODE);
    front_expect_failure(front, guesser, 3, FAILURE_INVITE_INVALID);
    for (int i = 0; i < 50; i++) {
        send_code(front, guesser);
        front_expect_failure(front, guesser, 3, FAILURE_BUSY);
    }
    for (uint8_t peer = 2; peer <= 3; peer++) {
        const uint32_t honest = greeted(front, peer);
        send_code(front, honest);
        assert_int_equal(front->jobs_count, 1);
        front_answer_failure(front, FAILURE_INVITE_INVALID, LEDGER_WRONG_CODE);
    }
    end(front);
}

static void right_codes_and_failures_of_ours_are_no_guesses(void **state)
{
    (void)state;
    const struct peer_limits limits = {.others = {[PEER_LIMIT_wrong_codes] = 1}, .wrong_codes = 1};
    struct front *front = make(&limits);
    const uint32_t connection = greeted(front, 1);
    for (int i = 0; i < 10; i++) {
        send_code(front, connection);
        assert_int_equal(front->jobs_count, 1);
        front_answer_failure(front, FAILURE_RETRY, LEDGER_NOTHING);
        front_expect_failure(front, connection, 3, FAILURE_RETRY);
    }
    end(front);
}

static void all_peers_together_guess_so_many_codes_a_minute(void **state)
{
    (void)state;
    const struct peer_limits limits = {.wrong_codes = 30};
    struct front *front = make(&limits);
    int looked_at = 0;
    for (int i = 0; i < 180; i++) { /* a minute, from as many addresses */
        const uint32_t connection = greeted(front, (uint8_t)(1 + i % 60));
        send_code(front, connection);
        looked_at += (int)front->jobs_count;
        if (front->jobs_count > 0) {
            front_answer_failure(front, FAILURE_INVITE_INVALID, LEDGER_WRONG_CODE);
        }
        service_broken(front->service, connection);
        front_drain(front);
        front->now += 333;
    }
    assert_in_range(looked_at, 30, 60);
    end(front);
}

static void a_guesser_who_does_not_wait_for_the_answer_is_counted_all_the_same(void **state)
{
    (void)state;
    const struct peer_limits limits = {.others = {[PEER_LIMIT_wrong_codes] = 4}, .wrong_codes = 100};
    struct front *front = make(&limits);
    for (int i = 0; i < 4; i++) {
        const uint32_t connection = greeted(front, 1);
        send_code(front, connection);
        service_broken(front->service, connection);
        front_drain(front);
        front_answer_failure(front, FAILURE_INVITE_INVALID, LEDGER_WRONG_CODE);
    }
    const uint32_t connection = greeted(front, 1);
    send_code(front, connection);
    front_expect_failure(front, connection, 3, FAILURE_BUSY);
    end(front);
}

static void a_peer_of_this_machine_is_not_held_to_the_limits_of_others(void **state)
{
    (void)state;
    struct front *front = make(NULL);
    const struct peer_name name = named(9, true);
    for (int i = 0; i < 2000; i++) {
        const uint32_t connection = front_connect(front);
        assert_true(service_named(front->service, connection, &name));
        service_broken(front->service, connection);
        front_drain(front);
    }
    assert_int_equal(service_metrics(front->service)->limited_handshakes, 0);
    end(front);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_gives_its_tokens_at_once_and_gets_them_back_evenly),
        cmocka_unit_test(over_a_long_time_a_bucket_gives_its_rate_and_no_more),
        cmocka_unit_test(
            a_bucket_of_limit_nothing_gives_everything_and_a_clock_that_stands_still_nothing_twice),
        cmocka_unit_test(the_largest_rates_do_not_overflow),
        cmocka_unit_test(a_peer_has_one_account_for_all_its_connections_and_keeps_it_when_it_comes_again),
        cmocka_unit_test(who_has_been_away_for_the_longest_time_is_forgotten_first),
        cmocka_unit_test(random_comings_and_goings_keep_the_books),
        cmocka_unit_test(a_peer_has_so_many_connections_and_another_peer_its_own),
        cmocka_unit_test(a_peer_opens_so_many_connections_a_minute),
        cmocka_unit_test(a_peer_sends_so_many_bytes_before_it_says_who_it_is),
        cmocka_unit_test(the_bytes_of_a_handshake_are_bytes_before_authentication),
        cmocka_unit_test(a_flood_of_bad_signatures_ends_with_the_connection_and_keeps_the_peer_out),
        cmocka_unit_test(a_handshake_with_a_bad_signature_counts_too),
        cmocka_unit_test(who_asks_too_much_is_read_later_and_loses_nothing),
        cmocka_unit_test(who_waits_because_he_asked_too_much_may_go_or_be_sent_away),
        cmocka_unit_test(wrong_codes_are_not_looked_at_any_more_after_some),
        cmocka_unit_test(a_guesser_who_is_kept_waiting_does_not_use_up_what_others_may),
        cmocka_unit_test(right_codes_and_failures_of_ours_are_no_guesses),
        cmocka_unit_test(all_peers_together_guess_so_many_codes_a_minute),
        cmocka_unit_test(a_guesser_who_does_not_wait_for_the_answer_is_counted_all_the_same),
        cmocka_unit_test(a_peer_of_this_machine_is_not_held_to_the_limits_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
