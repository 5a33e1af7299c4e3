/* A batch on its way through the service: one signature, many events, and as much room as they take. */
#include "lib/batch.h"
#include "lib/front.h"

#include "base/metrics.h"
#include "wire/body.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX = BATCH_EVENTS_MAX };

struct stage {
    struct front front;
    uint32_t connection;
    struct request_book books[EVENTS_MAX];
    uint8_t bodies[FRAME_TERMINAL_BYTES_MAX];
};

static struct stage *open_stage(const struct service_options *options)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    front_open(&stage->front, options);
    stage->connection = front_ready(&stage->front, FRONT_TERMINAL);
    for (size_t i = 0; i < sizeof(stage->bodies); i++) {
        stage->bodies[i] = (uint8_t)(i * 7 + i / 251);
    }
    return stage;
}

static void close_stage(struct stage *stage)
{
    front_close(&stage->front);
    free(stage);
}

/* Events with bodies of this size, the first `longer` of them a byte longer. */
static void make_events(struct stage *stage, size_t count, size_t body_bytes, size_t longer)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t size = body_bytes + (i < longer);
        assert_true(used + size <= sizeof(stage->bodies));
        stage->books[i] = (struct request_book){.body = {stage->bodies + used, size}};
        used += size;
    }
}

static void send_batch(struct stage *stage, uint64_t first, size_t count)
{
    front_batch(&stage->front, stage->connection, FRONT_TERMINAL, first, stage->books, count,
                &stage->front.keys[FRONT_TERMINAL]);
}

/* The last job is the batch that was made, byte for byte. */
static void expect_batch(struct stage *stage, uint64_t first, size_t count)
{
    struct front *front = &stage->front;
    assert_true(front->jobs_count > 0);
    const struct request *request = front->jobs[front->jobs_count - 1].request;
    assert_int_equal(request->kind, REQUEST_BOOK_BATCH);
    assert_int_equal(request->batch.first_sequence, first);
    assert_int_equal(request->batch.count, count);
    struct bytes rest = request->batch.events;
    struct bytes body;
    for (size_t i = 0; i < count; i++) {
        assert_true(wire_batch_next(&rest, &body));
        assert_true(bytes_equal(body, stage->books[i].body));
    }
}

static void batches_of_every_size_arrive_whole(void **state)
{
    (void)state;
    struct stage *stage = open_stage(NULL);
    struct front *front = &stage->front;
    static const size_t counts[] = {1, 2, 3, 10, 100, 255, 256};
    static const size_t sizes[] = {0, 1, 7, 150, 200, 240};
    uint64_t first = 1;
    for (size_t i = 0; i < ARRAY_COUNT(counts); i++) {
        for (size_t k = 0; k < ARRAY_COUNT(sizes); k++) {
            make_events(stage, counts[i], sizes[k], k % 2);
            send_batch(stage, first, counts[i]);
            expect_batch(stage, first, counts[i]);
            front_answer(front, 1);
            front_expect(front, stage->connection, (uint32_t)first, REPLY_BOOKED);
            first += counts[i];
        }
    }
    close_stage(stage);
}

static void a_wrong_signature_refuses_the_whole_in_its_place(void **state)
{
    (void)state;
    struct stage *stage = open_stage(NULL);
    struct front *front = &stage->front;
    make_events(stage, 20, 100, 0);
    front_book(front, stage->connection, FRONT_TERMINAL, 1, 50, false);
    front_batch(front, stage->connection, FRONT_TERMINAL, 2, stage->books, 20, &front->keys[FRONT_REVOKED]);
    front_book(front, stage->connection, FRONT_TERMINAL, 22, 50, false);
    assert_int_equal(front->jobs_count, 2);
    assert_int_equal(service_metrics(front->service)->signatures_bad, 1);
    front_answer(front, 2);
    front_expect(front, stage->connection, 1, REPLY_BOOKED);
    front_expect_failure(front, stage->connection, 2, FAILURE_BAD_SIGNATURE);
    front_expect(front, stage->connection, 22, REPLY_BOOKED);
    front_expect_nothing(front, stage->connection);
    close_stage(stage);
}

static void the_signature_is_over_every_body_the_sequence_and_the_number(void **state)
{
    (void)state;
    struct stage *stage = open_stage(NULL);
    struct front *front = &stage->front;
    make_events(stage, 6, 40, 0);
    for (unsigned way = 0; way < 4; way++) {
        const struct batch_signer signer = {&front->keys[FRONT_TERMINAL], front->programme_id,
                                            FRONT_TERMINAL};
        struct request request = batch_of(&signer, 10, stage->books, 5, &front->arena);
        struct request_book others[6];
        memcpy(others, stage->books, sizeof(others));
        size_t count = 5;
        if (way == 0) {
            request.batch.first_sequence++;
        } else if (way == 1) {
            count = 4;
        } else if (way == 2) {
            count = 6;
        } else {
            others[4].body.size--;
        }
        assert_int_equal(wire_batch_pack(others, count, &front->arena, &request.batch.events), 0);
        front_ask(front, stage->connection, &request);
        assert_int_equal(front->jobs_count, 0);
        front_expect_failure(front, stage->connection, 10, FAILURE_BAD_SIGNATURE);
    }
    close_stage(stage);
}

static void a_batch_is_of_the_principal_of_the_connection(void **state)
{
    (void)state;
    struct stage *stage = open_stage(NULL);
    struct front *front = &stage->front;
    make_events(stage, 3, 40, 0);
    front_batch(front, stage->connection, FRONT_TERMINAL + 1, 1, stage->books, 3,
                &front->keys[FRONT_TERMINAL + 1]);
    front_expect_failure(front, stage->connection, 1, FAILURE_FORBIDDEN);
    close_stage(stage);
}

static void a_body_over_its_limit_refuses_the_whole(void **state)
{
    (void)state;
    struct stage *stage = open_stage(NULL);
    struct front *front = &stage->front;
    make_events(stage, 2, 10, 0);
    stage->books[1].body = (struct bytes){stage->bodies, BODY_TERMINAL_BYTES_MAX + 1};
    send_batch(stage, 1, 2);
    front_expect_failure(front, stage->connection, 1, FAILURE_TOO_LARGE);
    stage->books[1].body.size--;
    send_batch(stage, 1, 2);
    assert_int_equal(front->jobs_count, 1);
    front_answer(front, 1);
    front_expect(front, stage->connection, 1, REPLY_BOOKED);
    close_stage(stage);
}

static void a_change_of_keys_stands_alone(void **state)
{
    (void)state;
    struct stage *stage = open_stage(NULL);
    struct front *front = &stage->front;
    static const uint8_t proof[SIGNATURE_BYTES];
    const struct event event = {.occurred_at = front->now,
                                .kind = EVENT_KEY_ROTATED,
                                .key_rotated = {.key = {front->keys[FRONT_CLERK].public_key, KEY_BYTES},
                                                .proof = {proof, SIGNATURE_BYTES}}};
    struct bytes body;
    make_events(stage, 3, 40, 0);
    assert_int_equal(wire_body_pack(&event, &front->arena, &body), 0);
    stage->books[2].body = body;
    send_batch(stage, 1, 3);
    front_expect_failure(front, stage->connection, 1, FAILURE_INVALID);
    make_events(stage, 3, 40, 0);
    send_batch(stage, 1, 3); /* the connection reads on */
    assert_int_equal(front->jobs_count, 1);
    close_stage(stage);
}

static void a_batch_that_the_key_before_signed_says_so(void **state)
{
    (void)state;
    struct stage *stage = open_stage(NULL);
    struct front *front = &stage->front;
    struct principal_row row = {.principal = FRONT_TERMINAL, .role = ROLE_TERMINAL, .key_no = 2};
    memcpy(row.key, front->keys[FRONT_CLERK].public_key, KEY_BYTES);
    memcpy(row.previous_key, front->keys[FRONT_TERMINAL].public_key, KEY_BYTES);
    service_principal(front->service, &row);
    make_events(stage, 3, 40, 0);
    send_batch(stage, 1, 3);
    front_batch(front, stage->connection, FRONT_TERMINAL, 4, stage->books, 3, &front->keys[FRONT_CLERK]);
    assert_int_equal(front->jobs_count, 2);
    assert_int_equal(front->jobs[0].key_no, 1);
    assert_int_equal(front->jobs[1].key_no, 2);
    close_stage(stage);
}

static void events_count_as_in_flight_however_they_are_signed(void **state)
{
    (void)state;
    struct stage *stage = open_stage(NULL);
    struct front *front = &stage->front;
    make_events(stage, 100, 10, 0);
    for (uint64_t first = 1; first <= 501; first += 100) {
        send_batch(stage, first, 100);
    }
    assert_int_equal(front->jobs_count, 3);
    assert_true(front->peers[stage->connection].paused);
    front_answer(front, 1);
    front_push(front, stage->connection);
    assert_int_equal(front->jobs_count, 3);
    front_answer(front, 3);
    front_push(front, stage->connection);
    front_answer(front, front->jobs_count);
    for (uint32_t first = 1; first <= 501; first += 100) {
        front_expect(front, stage->connection, first, REPLY_BOOKED);
    }
    assert_false(front->peers[stage->connection].paused);
    close_stage(stage);
}

static void events_count_against_the_limit_of_a_peer_however_they_are_signed(void **state)
{
    (void)state;
    struct peer_limits limits = {.wrong_codes = WRONG_CODES_DEFAULT};
    limits.others[PEER_LIMIT_requests] = 100;
    const struct service_options options = {.limits = &limits};
    struct stage *stage = open_stage(&options);
    struct front *front = &stage->front;
    const struct peer_name name = {.bytes = {1}};
    assert_true(service_named(front->service, stage->connection, &name));
    make_events(stage, 200, 10, 0);
    send_batch(stage, 1, 200); /* more than a second's worth: all of it is taken */
    assert_int_equal(front->jobs_count, 1);
    front_book(front, stage->connection, FRONT_TERMINAL, 201, 50, false);
    assert_int_equal(front->jobs_count, 1);
    front->now += 1000;
    service_tick(front->service);
    front_drain(front);
    assert_int_equal(front->jobs_count, 2);
    close_stage(stage);
}

static void what_is_no_batch_is_answered_and_closed(void **state)
{
    (void)state;
    struct stage *stage = open_stage(NULL);
    struct front *front = &stage->front;
    make_events(stage, 2, 10, 0);
    const struct batch_signer signer = {&front->keys[FRONT_TERMINAL], front->programme_id, FRONT_TERMINAL};
    struct request request = batch_of(&signer, 1, stage->books, 2, &front->arena);
    request.batch.events.size--;
    front_ask(front, stage->connection, &request);
    front_expect_failure(front, stage->connection, 1, FAILURE_BAD_FRAME);
    front_expect_closed(front, stage->connection);
    close_stage(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_of_every_size_arrive_whole),
        cmocka_unit_test(a_wrong_signature_refuses_the_whole_in_its_place),
        cmocka_unit_test(the_signature_is_over_every_body_the_sequence_and_the_number),
        cmocka_unit_test(a_batch_is_of_the_principal_of_the_connection),
        cmocka_unit_test(a_body_over_its_limit_refuses_the_whole),
        cmocka_unit_test(a_change_of_keys_stands_alone),
        cmocka_unit_test(a_batch_that_the_key_before_signed_says_so),
        cmocka_unit_test(events_count_as_in_flight_however_they_are_signed),
        cmocka_unit_test(events_count_against_the_limit_of_a_peer_however_they_are_signed),
        cmocka_unit_test(what_is_no_batch_is_answered_and_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
