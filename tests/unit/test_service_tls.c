/* What the service makes of TLS, which its adapter speaks: here the test says that it is up, or that it
 * failed. */
#include "lib/front.h"

#include "service/service_internal.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t BINDING[SIGN_CHANNEL_BYTES] = {1, 2, 3};

static int set_up(void **state)
{
    struct front *front = calloc(1, sizeof(*front));
    front_open(front, NULL);
    *state = front;
    return 0;
}

static int tear_down(void **state)
{
    struct front *front = *state;
    front_close(front);
    free(front);
    return 0;
}

static uint32_t connect_secured(struct front *front)
{
    const uint32_t connection = front_connect_as(front, PEER_TLS);
    service_secured(front->service, connection, BINDING);
    front_drain(front);
    front_hello(front, connection);
    return connection;
}

/* Authenticate, signed with `binding_bytes` of a binding that begins with `first`. */
static void authenticate(struct front *front, uint32_t connection, uint8_t first, size_t binding_bytes)
{
    uint8_t binding[SIGN_CHANNEL_BYTES];
    uint8_t signature[SIGNATURE_BYTES];
    memcpy(binding, BINDING, sizeof(binding));
    binding[0] = first;
    const struct sign_auth auth = {.programme_id = front->programme_id,
                                   .principal = FRONT_TERMINAL,
                                   .challenge = front->peers[connection].challenge,
                                   .channel_binding = {binding, binding_bytes}};
    sign_auth(&front->keys[FRONT_TERMINAL], &auth, signature);
    front_ask(front, connection,
              &(struct request){.id = 2,
                                .kind = REQUEST_AUTHENTICATE,
                                .authenticate = {.principal = FRONT_TERMINAL,
                                                 .signature = {signature, sizeof(signature)}}});
}

static void an_authentication_is_bound_to_its_session(void **state)
{
    struct front *front = *state;
    const uint32_t right = connect_secured(front);
    authenticate(front, right, BINDING[0], SIGN_CHANNEL_BYTES);
    front_answer(front, 1);
    front_expect(front, right, 2, REPLY_READY);
    const uint32_t others = connect_secured(front);
    authenticate(front, others, (uint8_t)(BINDING[0] + 1), SIGN_CHANNEL_BYTES);
    front_expect_failure(front, others, 2, FAILURE_BAD_SIGNATURE);
    const uint32_t without = connect_secured(front);
    authenticate(front, without, BINDING[0], 0);
    front_expect_failure(front, without, 2, FAILURE_BAD_SIGNATURE);
    assert_int_equal(service_metrics(front->service)->tls_handshakes, 3);
    assert_int_equal(service_metrics(front->service)->handshakes_failed, 2);
}

static void a_binding_counts_for_nothing_without_tls(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect_as(front, PEER_TCP);
    front_hello(front, connection);
    authenticate(front, connection, BINDING[0], SIGN_CHANNEL_BYTES);
    front_expect_failure(front, connection, 2, FAILURE_BAD_SIGNATURE);
}

static void who_does_not_come_to_tls_in_time_is_closed(void **state)
{
    struct front *front = *state;
    const uint32_t stalled = front_connect_as(front, PEER_TLS);
    const uint32_t silent = connect_secured(front);
    front->now += HANDSHAKE_TIMEOUT_MS - 1;
    service_tick(front->service);
    front_drain(front);
    assert_true(front->peers[stalled].open);
    front->now += 1;
    service_tick(front->service);
    front_drain(front);
    assert_true(front->peers[stalled].closed);
    assert_true(front->peers[silent].closed);
    assert_int_equal(service_metrics(front->service)->tls_handshakes_stalled, 1);
    assert_int_equal(service_metrics(front->service)->connections_closed_idle, 1);
}

static void nothing_is_said_before_tls_is_up(void **state)
{
    struct front *front = *state;
    const uint32_t ended = front_connect_as(front, PEER_TLS);
    service_ended(front->service, ended);
    front_drain(front);
    assert_true(front->peers[ended].closed);
    const uint32_t stopped = front_connect_as(front, PEER_TLS);
    service_stop(front->service);
    front_drain(front);
    assert_true(front->peers[stopped].closed);
    assert_int_equal(front->peers[stopped].got_size, 0);
}

static void what_goes_wrong_is_counted_by_what_it_is(void **state)
{
    struct front *front = *state;
    const struct metrics *metrics = service_metrics(front->service);
    const struct {
        enum tls_failure failure;
        const uint64_t *counter;
    } cases[] = {{TLS_FAILURE_PLAINTEXT, &metrics->tls_plaintext},
                 {TLS_FAILURE_VERSION, &metrics->tls_versions_refused},
                 {TLS_FAILURE_HANDSHAKE, &metrics->tls_handshakes_failed},
                 {TLS_FAILURE_RECORD, &metrics->tls_records_bad}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const uint32_t connection = front_connect_as(front, PEER_TLS);
        service_tls_failed(front->service, connection, cases[i].failure);
        front_drain(front);
        assert_int_equal(*cases[i].counter, 1);
        assert_true(front->peers[connection].closed);
    }
    const uint32_t plain = front_connect_as(front, PEER_TCP);
    service_tls_failed(front->service, plain, TLS_FAILURE_UNEXPECTED);
    front_drain(front);
    assert_int_equal(metrics->tls_unexpected, 1);
    assert_true(front->peers[plain].open);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_authentication_is_bound_to_its_session),  TEST(a_binding_counts_for_nothing_without_tls),
        TEST(who_does_not_come_to_tls_in_time_is_closed), TEST(nothing_is_said_before_tls_is_up),
        TEST(what_goes_wrong_is_counted_by_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
