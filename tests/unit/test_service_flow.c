/* Order, room and time: what many requests at once, slow peers and lost connections do to the service. */
#include "lib/front.h"

#include <stdlib.h>
#include <string.h>

static struct front *make(const struct service_options *options)
{
    struct front *front = malloc(sizeof(*front));
    front_open(front, options);
    return front;
}

static void end(struct front *front)
{
    front_close(front);
    free(front);
}

static struct service_usage usage_of(struct front *front)
{
    struct service_usage usage;
    service_usage(front->service, &usage);
    return usage;
}

/* The sequences of the jobs that wait, of one principal, must be first, first + 1, ... */
static void expect_jobs(struct front *front, uint32_t principal, uint64_t first, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < front->jobs_count; i++) {
        if (front->jobs[i].principal == principal) {
            assert_int_equal(front->jobs[i].request->book.sequence, first + found);
            found++;
        }
    }
    assert_int_equal(found, count);
}

static void events_reach_the_ledger_in_order_however_they_are_verified(void **state)
{
    (void)state;
    struct front *front = make(NULL);
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    front->hold_groups = true;
    for (uint64_t sequence = 1; sequence <= 4; sequence++) {
        front_book(front, connection, FRONT_TERMINAL, sequence, 50, false);
    }
    assert_int_equal(front->groups_count, 4);
    front_verify(front, true);
    expect_jobs(front, FRONT_TERMINAL, 1, 4);
    front_answer(front, 4);
    for (uint32_t id = 1; id <= 4; id++) {
        front_expect(front, connection, id, REPLY_BOOKED);
    }
    end(front);
}

static void a_late_signature_holds_back_what_came_after_it(void **state)
{
    (void)state;
    struct front *front = make(NULL);
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    front->hold_groups = true;
    front_book(front, connection, FRONT_TERMINAL, 1, 50, false);
    const struct request balance = {.id = 2, .kind = REQUEST_GET_MEMBER, .get_member = {.card = "1"}};
    front_ask(front, connection, &balance);
    assert_int_equal(front->jobs_count, 0);
    front_verify(front, false);
    assert_int_equal(front->jobs_count, 2);
    assert_int_equal(front->jobs[0].request->id, 1);
    assert_int_equal(front->jobs[1].request->id, 2);
    front_answer(front, 2);
    end(front);
}

static void a_bad_signature_is_answered_in_its_place(void **state)
{
    (void)state;
    struct front *front = make(NULL);
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    front_book(front, connection, FRONT_TERMINAL, 1, 50, false);
    front_book(front, connection, FRONT_TERMINAL, 2, 50, true);
    front_book(front, connection, FRONT_TERMINAL, 3, 50, false);
    assert_int_equal(front->jobs_count, 2);
    front_expect_nothing(front, connection);
    front_answer(front, 1);
    front_expect(front, connection, 1, REPLY_BOOKED);
    front_expect_failure(front, connection, 2, FAILURE_BAD_SIGNATURE);
    front_expect_nothing(front, connection);
    front_answer(front, 1);
    front_expect(front, connection, 3, REPLY_BOOKED);
    assert_true(front->peers[connection].open);
    assert_int_equal(service_metrics(front->service)->signatures_bad, 1);
    end(front);
}

static void signatures_that_wait_are_verified_in_groups(void **state)
{
    (void)state;
    struct front *front = make(&(struct service_options){.verify_groups_max = 2});
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    front->hold_groups = true;
    for (uint64_t sequence = 1; sequence <= 42; sequence++) {
        front_book(front, connection, FRONT_TERMINAL, sequence, 50, false);
    }
    assert_int_equal(front->groups_count, 2);
    assert_int_equal(front->groups[0]->count, 1);
    front_verify(front, false);
    /* 40 wait: shared out between the groups there are, up to their size. */
    assert_int_equal(front->groups_count, 2);
    assert_int_equal(front->groups[0]->count, VERIFY_ITEMS_MAX);
    assert_int_equal(front->groups[1]->count, VERIFY_ITEMS_MAX);
    front_verify(front, false);
    assert_int_equal(front->groups_count, 2);
    assert_int_equal(front->groups[0]->count, 4);
    assert_int_equal(front->groups[1]->count, 4);
    front->hold_groups = false;
    front_verify(front, false);
    expect_jobs(front, FRONT_TERMINAL, 1, 42);
    end(front);
}

static void a_connection_has_at_most_256_requests_in_flight(void **state)
{
    (void)state;
    struct front *front = make(NULL);
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    for (uint64_t sequence = 1; sequence <= 300; sequence++) {
        front_book(front, connection, FRONT_TERMINAL, sequence, 10, false);
    }
    assert_int_equal(front->jobs_count, REQUESTS_IN_FLIGHT_MAX);
    assert_true(front->peers[connection].paused);
    front_answer(front, 10);
    assert_int_equal(front->jobs_count, REQUESTS_IN_FLIGHT_MAX);
    front_answer(front, front->jobs_count);
    front_answer(front, front->jobs_count);
    for (uint32_t id = 1; id <= 300; id++) {
        front_expect(front, connection, id, REPLY_BOOKED);
    }
    assert_false(front->peers[connection].paused);
    end(front);
}

/* One connection would take every slot if it were let. */
static void slots_that_become_free_go_round(void **state)
{
    (void)state;
    struct front *front = make(&(struct service_options){.requests_max = 4});
    const uint32_t greedy = front_ready(front, FRONT_TERMINAL);
    const uint32_t modest = front_ready(front, FRONT_TERMINAL + 1);
    front->hold_jobs = true;
    for (uint64_t sequence = 1; sequence <= 50; sequence++) {
        front_book(front, greedy, FRONT_TERMINAL, sequence, 600, false);
    }
    assert_true(front->peers[greedy].paused);
    front_book(front, modest, FRONT_TERMINAL + 1, 1, 10, false);
    front_book(front, modest, FRONT_TERMINAL + 1, 2, 10, false);
    assert_true(front->peers[modest].paused);
    front->hold_jobs = false;
    front_drain(front);
    assert_int_equal(front->jobs_count, 4);
    /* The greedy one waits longer; then it is the modest one's turn with what it has sent, and so on. */
    front_answer(front, 4);
    assert_int_equal(front->jobs_count, 4);
    expect_jobs(front, FRONT_TERMINAL, 5, 3);
    expect_jobs(front, FRONT_TERMINAL + 1, 1, 1);
    front_answer(front, 4);
    expect_jobs(front, FRONT_TERMINAL + 1, 2, 1);
    while (front->jobs_count > 0) {
        front_answer(front, front->jobs_count);
    }
    for (uint32_t id = 1; id <= 50; id++) {
        front_expect(front, greedy, id, REPLY_BOOKED);
    }
    end(front);
}

static void frames_of_every_size_arrive_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = {1,    10,   1800,  1950,  2000,  2047,  2048,
                                   2049, 4096, 10000, 30000, 61000, 61440, 200000};
    struct front *front = make(NULL);
    const uint32_t connection = front_ready(front, FRONT_ADMIN);
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        front_book(front, connection, FRONT_ADMIN, i + 1, sizes[i], false);
    }
    expect_jobs(front, FRONT_ADMIN, 1, ARRAY_COUNT(sizes));
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        const struct bytes body = front->jobs[i].request->book.body;
        assert_int_equal(body.size, sizes[i]);
        assert_int_equal(body.data[0], i + 1);
        assert_int_equal(body.data[sizes[i] - 1], i + 1);
    }
    front_answer(front, front->jobs_count);
    assert_int_equal(usage_of(front).blocks, 0);
    assert_int_equal(usage_of(front).blocks_large, 0);
    end(front);
}

/* Many frames in one piece, cut anywhere, mixed small and large. */
static void a_stream_may_be_cut_anywhere(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 3, 7, 100, 1000, 2047, 2048, 2049, 5000, 63000, 0};
    for (size_t p = 0; p < ARRAY_COUNT(pieces); p++) {
        struct front *front = make(NULL);
        const uint32_t connection = front_ready(front, FRONT_TERMINAL);
        uint8_t *stream = malloc(FRONT_BYTES_MAX);
        size_t used = 0;
        for (uint32_t i = 1; i <= 40; i++) {
            uint8_t yaml[20000];
            const size_t size = i % 5 == 0 ? 3000 + 400 * i : i * 30;
            memset(yaml, (int)i, sizeof(yaml));
            const struct request request = {.id = i,
                                            .kind = REQUEST_BOOK,
                                            .book = {.principal = FRONT_TERMINAL,
                                                     .sequence = i,
                                                     .body = {yaml, size},
                                                     .signature = {yaml, SIGNATURE_BYTES}}};
            struct bytes frame;
            assert_int_equal(wire_request_pack(&request, &front->arena, &frame), 0);
            memcpy(stream + used, frame.data, frame.size);
            used += frame.size;
            arena_reset(&front->arena);
        }
        front_send(front, connection, (struct bytes){stream, used}, pieces[p]);
        free(stream);
        for (uint32_t i = 1; i <= 40; i++) {
            front_expect_failure(front, connection, i, FAILURE_BAD_SIGNATURE);
        }
        end(front);
    }
}

static void without_a_block_a_large_frame_waits(void **state)
{
    (void)state;
    struct front *front = make(&(struct service_options){.blocks_max = 1});
    const uint32_t a = front_ready(front, FRONT_TERMINAL);
    const uint32_t b = front_ready(front, FRONT_TERMINAL + 1);
    front_book(front, a, FRONT_TERMINAL, 1, 5000, false);
    assert_int_equal(usage_of(front).blocks, 1);
    front_book(front, b, FRONT_TERMINAL + 1, 1, 5000, false);
    front_book(front, b, FRONT_TERMINAL + 1, 2, 10, false);
    assert_true(front->peers[b].paused);
    assert_int_equal(front->jobs_count, 1);
    /* Small frames go on without blocks. */
    front_book(front, a, FRONT_TERMINAL, 2, 100, false);
    assert_int_equal(front->jobs_count, 2);
    front_answer(front, 2);
    assert_false(front->peers[b].paused);
    expect_jobs(front, FRONT_TERMINAL + 1, 1, 2);
    front_answer(front, 2);
    front_expect(front, b, 1, REPLY_BOOKED);
    front_expect(front, b, 2, REPLY_BOOKED);
    assert_int_equal(usage_of(front).blocks, 0);
    end(front);
}

/* Requests that hold a block and inputs that want one must not wait for each other. */
static void many_large_frames_and_one_block_make_headway(void **state)
{
    (void)state;
    struct front *front = make(&(struct service_options){.blocks_max = 1, .requests_max = 3});
    uint32_t connections[3];
    for (uint32_t i = 0; i < 3; i++) {
        connections[i] = front_ready(front, FRONT_TERMINAL + i);
    }
    for (uint64_t sequence = 1; sequence <= 30; sequence++) {
        for (uint32_t i = 0; i < 3; i++) {
            front_book(front, connections[i], FRONT_TERMINAL + i, sequence, sequence % 3 == 0 ? 50 : 3000,
                       false);
        }
    }
    for (int round = 0; front->jobs_count > 0; round++) {
        assert_true(round < 500);
        front_answer(front, 1);
    }
    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t id = 1; id <= 30; id++) {
            front_expect(front, connections[i], id, REPLY_BOOKED);
        }
    }
    end(front);
}

static void who_does_not_read_its_replies_is_not_read(void **state)
{
    (void)state;
    struct front *front = make(&(struct service_options){.send_blocks_max = 1000});
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    front->hold_sends = true;
    uint64_t sequence = 0;
    while (!front->peers[connection].paused) {
        front_book(front, connection, FRONT_TERMINAL, ++sequence, 10, false);
        front_answer(front, front->jobs_count);
        assert_true(sequence < 100000);
    }
    assert_true(sequence * 80 > UNSENT_BYTES_MAX);
    assert_true(front->peers[connection].held > 0);
    front->hold_sends = false;
    front->peers[connection].held = 0;
    service_sent(front->service, connection);
    front_drain(front);
    assert_false(front->peers[connection].paused);
    for (uint32_t id = 1; id <= sequence; id++) {
        front_expect(front, connection, id, REPLY_BOOKED);
    }
    assert_int_equal(usage_of(front).send_blocks, 0);
    end(front);
}

static void who_takes_nothing_for_a_minute_is_closed(void **state)
{
    (void)state;
    struct front *front = make(NULL);
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    front->hold_sends = true;
    front_book(front, connection, FRONT_TERMINAL, 1, 10, false);
    front_answer(front, 1);
    front->now += 60 * 1000;
    service_tick(front->service);
    front_drain(front);
    assert_true(front->peers[connection].closed);
    end(front);
}

static void silence_is_closed_after_the_idle_timeout(void **state)
{
    (void)state;
    struct front *front = make(&(struct service_options){.idle_timeout_ms = 60 * 1000});
    const uint32_t silent = front_ready(front, FRONT_TERMINAL);
    const uint32_t talking = front_ready(front, FRONT_TERMINAL + 1);
    front->now += 40 * 1000;
    front_book(front, talking, FRONT_TERMINAL + 1, 1, 10, false);
    front->now += 20 * 1000;
    service_tick(front->service);
    front_drain(front);
    front_expect_closed(front, silent);
    /* Who waits for an answer is not silent. */
    front->now += 100 * 1000;
    service_tick(front->service);
    front_drain(front);
    assert_true(front->peers[talking].open);
    end(front);
}

static void a_frame_must_be_whole_within_half_a_minute(void **state)
{
    (void)state;
    struct front *front = make(NULL);
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    const uint8_t some[] = {0, 0, 4, 0, 1};
    front_send(front, connection, (struct bytes){some, 4}, 0);
    for (int i = 0; i < 29; i++) {
        front->now += 1000;
        front_send(front, connection, (struct bytes){some, 1}, 0);
        service_tick(front->service);
        front_drain(front);
        assert_true(front->peers[connection].open);
        assert_false(front->peers[connection].shut);
    }
    front->now += 1000;
    service_tick(front->service);
    front_drain(front);
    front_expect_closed(front, connection);
    end(front);
}

static void a_peer_that_does_not_end_its_half_is_closed_after_two_seconds(void **state)
{
    (void)state;
    struct front *front = make(NULL);
    const uint32_t connection = front_connect(front);
    const uint8_t garbage[] = {255, 255, 255, 255, 0, 0, 0};
    front_send(front, connection, (struct bytes){garbage, sizeof(garbage)}, 0);
    front_expect_failure(front, connection, 0, FAILURE_BAD_FRAME);
    assert_true(front->peers[connection].shut);
    assert_true(front->peers[connection].open);
    /* What it still sends is read and forgotten, so that it gets to read our answer. */
    front_send(front, connection, (struct bytes){garbage, sizeof(garbage)}, 0);
    assert_int_equal(front->peers[connection].pending_size, 0);
    front->now += 2000;
    service_tick(front->service);
    front_drain(front);
    assert_true(front->peers[connection].closed);
    end(front);
}

static void who_ends_its_half_gets_its_answers_yet(void **state)
{
    (void)state;
    struct front *front = make(NULL);
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    front_book(front, connection, FRONT_TERMINAL, 1, 10, false);
    front->hold_groups = true;
    front_book(front, connection, FRONT_TERMINAL, 2, 10, false);
    service_ended(front->service, connection);
    front_drain(front);
    assert_true(front->peers[connection].open);
    front_answer(front, 1);
    front_verify(front, false);
    front_answer(front, 1);
    front_expect(front, connection, 1, REPLY_BOOKED);
    front_expect(front, connection, 2, REPLY_BOOKED);
    assert_true(front->peers[connection].closed);
    end(front);
}

static void a_lost_connection_gives_back_all_it_had(void **state)
{
    (void)state;
    struct front *front = make(&(struct service_options){.verify_groups_max = 1});
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    front_book(front, connection, FRONT_TERMINAL, 1, 5000, false); /* runs */
    front->hold_jobs = true;
    front_book(front, connection, FRONT_TERMINAL, 2, 5000, false); /* queued */
    front->hold_groups = true;
    front_book(front, connection, FRONT_TERMINAL, 3, 5000, false); /* verified now */
    front_book(front, connection, FRONT_TERMINAL, 4, 5000, false); /* waits to be */
    const uint8_t part[3000] = {0, 0, 0x20};
    front_send(front, connection, (struct bytes){part, sizeof(part)}, 0);
    assert_int_equal(usage_of(front).blocks, 5);
    assert_int_equal(usage_of(front).requests, 4);
    service_broken(front->service, connection);
    front_drain(front);
    assert_true(front->peers[connection].closed);
    assert_int_equal(usage_of(front).connections, 0);
    assert_int_equal(usage_of(front).requests, 2);
    /* The number is somebody else's when the results come. */
    const uint32_t again = front_connect(front);
    assert_int_equal(again, connection);
    front_verify(front, false);
    front->hold_jobs = false;
    front->hold_groups = false;
    front_answer(front, 1);
    front_expect_nothing(front, again);
    assert_int_equal(usage_of(front).requests, 0);
    assert_int_equal(usage_of(front).blocks, 0);
    end(front);
}

static void no_connection_is_taken_beyond_the_limit(void **state)
{
    (void)state;
    struct front *front = make(&(struct service_options){.connections_max = 2});
    const uint32_t a = front_connect(front);
    front_connect(front);
    uint32_t none;
    assert_false(service_has_room(front->service));
    assert_int_equal(service_opened(front->service, PEER_TCP, &none), ERR_FULL);
    assert_int_equal(service_metrics(front->service)->connections_refused, 1);
    service_broken(front->service, a);
    front_drain(front);
    assert_true(service_has_room(front->service));
    end(front);
}

static void stopping_answers_what_is_in_flight_and_says_so(void **state)
{
    (void)state;
    struct front *front = make(NULL);
    const uint32_t busy = front_ready(front, FRONT_TERMINAL);
    const uint32_t quiet = front_ready(front, FRONT_TERMINAL + 1);
    const uint32_t early = front_connect(front);
    front_book(front, busy, FRONT_TERMINAL, 1, 10, false);
    service_stop(front->service);
    front_drain(front);
    front_expect_failure(front, quiet, 0, FAILURE_STOPPING);
    front_expect_closed(front, quiet);
    front_expect_failure(front, early, 0, FAILURE_STOPPING);
    front_expect_closed(front, early);
    front_expect_nothing(front, busy);
    assert_false(service_is_idle(front->service));
    uint32_t none;
    assert_int_equal(service_opened(front->service, PEER_TCP, &none), ERR_FULL);
    front_answer(front, 1);
    front_expect(front, busy, 1, REPLY_BOOKED);
    front_expect_failure(front, busy, 0, FAILURE_STOPPING);
    front_expect_closed(front, busy);
    assert_true(service_is_idle(front->service));
    end(front);
}

static void stopping_waits_five_seconds_and_no_longer(void **state)
{
    (void)state;
    struct front *front = make(NULL);
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    front_book(front, connection, FRONT_TERMINAL, 1, 10, false);
    service_stop(front->service);
    front_drain(front);
    front->now += 4999;
    service_tick(front->service);
    front_drain(front);
    assert_true(front->peers[connection].open);
    front->now += 1;
    service_tick(front->service);
    front_drain(front);
    assert_true(front->peers[connection].closed);
    assert_false(service_is_idle(front->service));
    front_answer(front, 1);
    assert_true(service_is_idle(front->service));
    end(front);
}

static void sizes_that_cannot_work_are_refused(void **state)
{
    (void)state;
    struct world world = {0};
    const uint8_t zero[KEY_BYTES] = {0};
    struct service *service;
    struct service_options options = {
        .world = &world, .programme_id = zero, .daemon_key = zero, .software = "x", .send_blocks_max = 3};
    assert_int_equal(service_new(&options, &service), ERR_RANGE);
    options.send_blocks_max = 0;
    options.requests_max = UINT32_MAX;
    assert_int_equal(service_new(&options, &service), ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_reach_the_ledger_in_order_however_they_are_verified),
        cmocka_unit_test(a_late_signature_holds_back_what_came_after_it),
        cmocka_unit_test(a_bad_signature_is_answered_in_its_place),
        cmocka_unit_test(signatures_that_wait_are_verified_in_groups),
        cmocka_unit_test(a_connection_has_at_most_256_requests_in_flight),
        cmocka_unit_test(slots_that_become_free_go_round),
        cmocka_unit_test(frames_of_every_size_arrive_whole),
        cmocka_unit_test(a_stream_may_be_cut_anywhere),
        cmocka_unit_test(without_a_block_a_large_frame_waits),
        cmocka_unit_test(many_large_frames_and_one_block_make_headway),
        cmocka_unit_test(who_does_not_read_its_replies_is_not_read),
        cmocka_unit_test(who_takes_nothing_for_a_minute_is_closed),
        cmocka_unit_test(silence_is_closed_after_the_idle_timeout),
        cmocka_unit_test(a_frame_must_be_whole_within_half_a_minute),
        cmocka_unit_test(a_peer_that_does_not_end_its_half_is_closed_after_two_seconds),
        cmocka_unit_test(who_ends_its_half_gets_its_answers_yet),
        cmocka_unit_test(a_lost_connection_gives_back_all_it_had),
        cmocka_unit_test(no_connection_is_taken_beyond_the_limit),
        cmocka_unit_test(stopping_answers_what_is_in_flight_and_says_so),
        cmocka_unit_test(stopping_waits_five_seconds_and_no_longer),
        cmocka_unit_test(sizes_that_cannot_work_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
