#include "lib/front.h"

#include "crypto/invite.h"

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

static struct request hello_of(struct front *front)
{
    return (struct request){
        .id = 9,
        .kind = REQUEST_HELLO,
        .hello = {.version = PROTOCOL_VERSION, .programme_id = {front->programme_id, PROGRAMME_ID_BYTES}}};
}

static void a_handshake_ends_with_ready(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    front_hello(front, connection);
    const struct request request = front_authenticate(front, connection, FRONT_TERMINAL);
    front_ask(front, connection, &request);
    assert_int_equal(front->jobs_count, 1);
    assert_int_equal(front->jobs[0].request->kind, REQUEST_AUTHENTICATE);
    assert_int_equal(front->jobs[0].principal, FRONT_TERMINAL);
    front_expect_nothing(front, connection);
    front_answer(front, 1);
    front_expect(front, connection, 2, REPLY_READY);
    assert_false(front->peers[connection].paused);
}

static void the_ledger_is_told_what_the_client_saw_last(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    uint8_t chain[HASH_BYTES];
    memset(chain, 5, sizeof(chain));
    struct request hello = hello_of(front);
    hello.hello.last_position = 77;
    hello.hello.last_chain = (struct bytes){chain, sizeof(chain)};
    struct reply reply;
    front_ask(front, connection, &hello);
    assert_true(front_reply(front, connection, &reply));
    memcpy(front->peers[connection].challenge, reply.welcome.challenge.data, SIGN_CHALLENGE_BYTES);
    const struct request request = front_authenticate(front, connection, FRONT_TERMINAL);
    front_ask(front, connection, &request);
    assert_int_equal(front->jobs[0].last_position, 77);
    assert_int_equal(front->jobs[0].last_chain.size, HASH_BYTES);
    assert_memory_equal(front->jobs[0].last_chain.data, chain, HASH_BYTES);
    front_answer(front, 1);
}

static void bytes_may_come_one_by_one(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    const struct request hello = hello_of(front);
    struct bytes frame;
    assert_int_equal(wire_request_pack(&hello, &front->arena, &frame), 0);
    front_send(front, connection, frame, 1);
    front_expect(front, connection, 9, REPLY_WELCOME);
}

static void every_connection_gets_another_challenge(void **state)
{
    struct front *front = *state;
    const uint32_t a = front_connect(front);
    const uint32_t b = front_connect(front);
    front_hello(front, a);
    front_hello(front, b);
    assert_memory_not_equal(front->peers[a].challenge, front->peers[b].challenge, SIGN_CHALLENGE_BYTES);
}

static void another_version_is_refused(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    struct request hello = hello_of(front);
    hello.hello.version = 2;
    front_ask(front, connection, &hello);
    front_expect_failure(front, connection, 9, FAILURE_BAD_VERSION);
    front_expect_closed(front, connection);
}

static void another_programme_is_refused(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    struct request hello = hello_of(front);
    const uint8_t other[PROGRAMME_ID_BYTES] = {1};
    hello.hello.programme_id.data = other;
    front_ask(front, connection, &hello);
    front_expect_failure(front, connection, 9, FAILURE_OTHER_PROGRAMME);
    front_expect_closed(front, connection);
}

static void garbage_is_a_bad_frame(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    front_send(front, connection, (struct bytes){(const uint8_t *)"GET / HTTP/1.1\r\n\r\n", 18}, 0);
    front_expect_failure(front, connection, 0, FAILURE_BAD_FRAME);
    front_expect_closed(front, connection);
}

static void a_frame_without_a_request_is_a_bad_frame(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    const uint8_t frame[] = {0, 0, 0, 2, 8, 3}; /* id 3 and nothing else */
    front_send(front, connection, (struct bytes){frame, sizeof(frame)}, 0);
    front_expect_failure(front, connection, 3, FAILURE_BAD_FRAME);
    front_expect_closed(front, connection);
}

static void what_follows_a_bad_frame_is_not_looked_at(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    const uint8_t frames[] = {0, 0, 0, 2, 8, 3, 0, 0, 0, 2, 8, 4};
    front_send(front, connection, (struct bytes){frames, sizeof(frames)}, 0);
    front_expect_failure(front, connection, 3, FAILURE_BAD_FRAME);
    front_expect_closed(front, connection);
}

static void a_frame_beyond_4_KiB_is_refused_before_authentication(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    const uint8_t header[] = {0, 0, 0x10, 1};
    front_send(front, connection, (struct bytes){header, sizeof(header)}, 0);
    front_expect_failure(front, connection, 0, FAILURE_BAD_FRAME);
    front_expect_closed(front, connection);
}

static void frames_of_terminals_end_at_64_KiB_and_of_operators_at_1_MiB(void **state)
{
    struct front *front = *state;
    const uint32_t terminal = front_ready(front, FRONT_TERMINAL);
    const uint32_t admin = front_ready(front, FRONT_ADMIN);
    const uint8_t over_64[] = {0, 1, 0, 1};
    const uint8_t over_1024[] = {0, 0x10, 0, 1};
    front_send(front, admin, (struct bytes){over_64, sizeof(over_64)}, 0);
    front_expect_nothing(front, admin);
    front_send(front, terminal, (struct bytes){over_64, sizeof(over_64)}, 0);
    front_expect_failure(front, terminal, 0, FAILURE_BAD_FRAME);
    front_expect_closed(front, terminal);
    const uint32_t clerk = front_ready(front, FRONT_CLERK);
    front_send(front, clerk, (struct bytes){over_1024, sizeof(over_1024)}, 0);
    front_expect_failure(front, clerk, 0, FAILURE_BAD_FRAME);
    front_expect_closed(front, clerk);
}

static void the_first_message_is_hello(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    const struct request early = front_authenticate(front, connection, FRONT_TERMINAL);
    front_ask(front, connection, &early);
    front_expect_failure(front, connection, 2, FAILURE_NOT_AUTHENTICATED);
    front_hello(front, connection);
    const struct request status = {.id = 4, .kind = REQUEST_GET_STATUS};
    front_ask(front, connection, &status);
    front_expect_failure(front, connection, 4, FAILURE_NOT_AUTHENTICATED);
    const struct request again = hello_of(front);
    front_ask(front, connection, &again);
    front_expect_failure(front, connection, 9, FAILURE_INVALID);
    assert_int_equal(front->jobs_count, 0);
}

static void an_unknown_principal_is_refused(void **state)
{
    struct front *front = *state;
    const uint32_t numbers[] = {0, FRONT_PRINCIPALS, 4095, 4096, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        const uint32_t connection = front_connect(front);
        front_hello(front, connection);
        struct request request = front_authenticate(front, connection, FRONT_TERMINAL);
        request.authenticate.principal = numbers[i];
        front_ask(front, connection, &request);
        front_expect_failure(front, connection, 2, FAILURE_UNKNOWN_PRINCIPAL);
        front_expect_closed(front, connection);
    }
    assert_int_equal(service_metrics(front->service)->handshakes_failed, ARRAY_COUNT(numbers));
}

static void a_revoked_principal_is_refused(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    front_hello(front, connection);
    const struct request request = front_authenticate(front, connection, FRONT_REVOKED);
    front_ask(front, connection, &request);
    front_expect_failure(front, connection, 2, FAILURE_REVOKED);
    front_expect_closed(front, connection);
}

static void a_challenge_signed_by_another_key_is_refused(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    front_hello(front, connection);
    struct request request = front_authenticate(front, connection, FRONT_TERMINAL);
    request.authenticate.principal = FRONT_TERMINAL + 1;
    front_ask(front, connection, &request);
    front_expect_failure(front, connection, 2, FAILURE_BAD_SIGNATURE);
    front_expect_closed(front, connection);
    assert_int_equal(front->jobs_count, 0);
}

static void a_signature_of_another_connection_is_refused(void **state)
{
    struct front *front = *state;
    const uint32_t a = front_connect(front);
    const uint32_t b = front_connect(front);
    front_hello(front, a);
    front_hello(front, b);
    const struct request request = front_authenticate(front, a, FRONT_TERMINAL);
    front_ask(front, b, &request);
    front_expect_failure(front, b, 2, FAILURE_BAD_SIGNATURE);
    front_expect_closed(front, b);
}

static void the_ledger_may_refuse_an_authentication(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    front_hello(front, connection);
    const struct request request = front_authenticate(front, connection, FRONT_TERMINAL);
    front_ask(front, connection, &request);
    front_answer_failure(front, FAILURE_REVOKED, LEDGER_CLOSE);
    front_expect_failure(front, connection, 2, FAILURE_REVOKED);
    front_expect_closed(front, connection);
}

static void a_handshake_takes_at_most_ten_seconds(void **state)
{
    struct front *front = *state;
    const uint32_t silent = front_connect(front);
    const uint32_t half = front_connect(front);
    const uint32_t ready = front_ready(front, FRONT_TERMINAL);
    front_hello(front, half);
    front->now += 9999;
    service_tick(front->service);
    front_drain(front);
    assert_true(front->peers[silent].open);
    front->now += 1;
    service_tick(front->service);
    front_drain(front);
    assert_true(front->peers[silent].closed);
    assert_true(front->peers[half].closed);
    assert_true(front->peers[ready].open);
    assert_int_equal(service_metrics(front->service)->connections_closed_idle, 2);
}

static const char CODE[] = "ABCD-EFGH-JKMN-PQRS";

static struct request enrol_of(struct front *front, uint8_t seed_byte, uint8_t *memory)
{
    struct key_pair pair;
    uint8_t seed[KEY_BYTES];
    uint8_t hash[HASH_BYTES];
    memset(seed, seed_byte, sizeof(seed));
    key_pair_from_seed(seed, &pair);
    assert_int_equal(invite_code_hash(CODE, hash), 0);
    memcpy(memory, pair.public_key, KEY_BYTES);
    sign_enrol(&pair, front->programme_id, hash, memory + KEY_BYTES);
    return (struct request){
        .id = 3,
        .kind = REQUEST_ENROL,
        .enrol = {.code = CODE, .key = {memory, KEY_BYTES}, .proof = {memory + KEY_BYTES, SIGNATURE_BYTES}}};
}

static void who_enrols_may_authenticate_on_the_same_connection(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    uint8_t memory[KEY_BYTES + SIGNATURE_BYTES];
    front_hello(front, connection);
    const struct request enrol = enrol_of(front, 50, memory);
    front_ask(front, connection, &enrol);
    assert_int_equal(front->jobs_count, 1);
    assert_int_equal(front->jobs[0].principal, 0);
    struct principal_row row = {.principal = 8, .role = ROLE_TERMINAL};
    memcpy(row.key, memory, KEY_BYTES);
    const struct reply reply = {.id = 3,
                                .kind = REPLY_ENROLLED,
                                .enrolled = {.principal = 8,
                                             .programme_id = {front->programme_id, PROGRAMME_ID_BYTES},
                                             .daemon_key = {front->daemon_key.public_key, KEY_BYTES},
                                             .store = "cafe",
                                             .label = "till"}};
    struct ledger_result result = {.tag = front->jobs[0].tag, .note = LEDGER_ADDED, .principal = row};
    assert_int_equal(wire_reply_pack(&reply, &front->arena, &result.reply), 0);
    front->jobs_count = 0;
    service_answered(front->service, &result, 1);
    front_drain(front);
    front_expect(front, connection, 3, REPLY_ENROLLED);

    struct request request = front_authenticate(front, connection, FRONT_TERMINAL);
    struct key_pair pair;
    uint8_t seed[KEY_BYTES];
    uint8_t signature[SIGNATURE_BYTES];
    memset(seed, 50, sizeof(seed));
    key_pair_from_seed(seed, &pair);
    const struct sign_auth auth = {
        .programme_id = front->programme_id, .principal = 8, .challenge = front->peers[connection].challenge};
    sign_auth(&pair, &auth, signature);
    request.authenticate.principal = 8;
    request.authenticate.signature.data = signature;
    front_ask(front, connection, &request);
    front_answer(front, 1);
    front_expect(front, connection, 2, REPLY_READY);
}

static void a_wrong_code_may_be_typed_again(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    uint8_t memory[KEY_BYTES + SIGNATURE_BYTES];
    front_hello(front, connection);
    struct request enrol = enrol_of(front, 50, memory);
    enrol.enrol.code = "short";
    front_ask(front, connection, &enrol);
    front_expect_failure(front, connection, 3, FAILURE_INVITE_INVALID);
    enrol.enrol.code = CODE;
    front_ask(front, connection, &enrol);
    front_answer_failure(front, FAILURE_INVITE_INVALID, LEDGER_NOTHING);
    front_expect(front, connection, 3, REPLY_FAILURE);
    front_ask(front, connection, &enrol);
    assert_int_equal(front->jobs_count, 1);
    front_answer_failure(front, FAILURE_INVITE_INVALID, LEDGER_CLOSE);
    front_expect(front, connection, 3, REPLY_FAILURE);
    front_expect_closed(front, connection);
}

static void an_enrolment_without_the_key_is_refused(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_connect(front);
    uint8_t memory[KEY_BYTES + SIGNATURE_BYTES];
    front_hello(front, connection);
    const struct request enrol = enrol_of(front, 50, memory);
    memory[0] ^= 1;
    front_ask(front, connection, &enrol);
    front_expect_failure(front, connection, 3, FAILURE_BAD_SIGNATURE);
    front_expect_closed(front, connection);
    assert_int_equal(front->jobs_count, 0);
}

static void roles_may_ask_what_the_table_says(void **state)
{
    struct front *front = *state;
    const struct {
        struct request request;
        bool terminal;
    } table[] = {
        {{.kind = REQUEST_GET_MEMBER, .get_member = {.card = "123"}}, true},
        {{.kind = REQUEST_GET_MEMBER, .get_member = {.member = 3}}, false},
        {{.kind = REQUEST_GET_EVENT, .get_event = {.position = 3}}, false},
        {{.kind = REQUEST_GET_STATUS}, false},
        {{.kind = REQUEST_GET_PRINCIPALS}, false},
        {{.kind = REQUEST_GET_PROGRAMME}, false},
        {{.kind = REQUEST_CHECK_PROGRAMME, .check_programme = {.yaml = {(const uint8_t *)"a: b", 4}}}, false},
    };
    const uint32_t terminal = front_ready(front, FRONT_TERMINAL);
    const uint32_t operators[] = {front_ready(front, FRONT_ADMIN), front_ready(front, FRONT_CLERK),
                                  front_ready(front, FRONT_AUDITOR)};
    uint64_t forbidden = 0;
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        struct request request = table[i].request;
        request.id = (uint32_t)(i + 1);
        front_ask(front, terminal, &request);
        if (table[i].terminal) {
            assert_int_equal(front->jobs_count, 1);
            front_answer(front, 1);
            front_expect(front, terminal, request.id, REPLY_PRINCIPALS);
        } else {
            front_expect_failure(front, terminal, request.id, FAILURE_FORBIDDEN);
            forbidden++;
        }
        for (size_t o = 0; o < ARRAY_COUNT(operators); o++) {
            front_ask(front, operators[o], &request);
            assert_int_equal(front->jobs_count, 1);
            front_answer(front, 1);
            front_expect(front, operators[o], request.id, REPLY_PRINCIPALS);
        }
    }
    assert_int_equal(service_metrics(front->service)->requests_unauthorized, forbidden);
}

static void status_is_asked_with_the_counters_of_the_moment(void **state)
{
    struct front *front = *state;
    const uint32_t admin = front_ready(front, FRONT_ADMIN);
    front_ready(front, FRONT_TERMINAL);
    const struct request request = {.id = 4, .kind = REQUEST_GET_STATUS};
    front_ask(front, admin, &request);
    assert_int_equal(front->jobs[0].connections, 2);
    assert_non_null(front->jobs[0].metrics);
    assert_int_equal(front->jobs[0].metrics->connections_accepted, 2);
    assert_int_equal(front->jobs[0].metrics->frames_received, 5);
    front_answer(front, 1);
}

static void an_event_of_another_principal_is_forbidden(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    front_book(front, connection, FRONT_TERMINAL + 1, 5, 100, false);
    front_expect_failure(front, connection, 5, FAILURE_FORBIDDEN);
    assert_int_equal(front->jobs_count, 0);
}

static void a_body_over_its_limit_is_too_large(void **state)
{
    struct front *front = *state;
    const uint32_t terminal = front_ready(front, FRONT_TERMINAL);
    const uint32_t admin = front_ready(front, FRONT_ADMIN);
    front_book(front, terminal, FRONT_TERMINAL, 1, BODY_TERMINAL_BYTES_MAX + 1, false);
    front_expect_failure(front, terminal, 1, FAILURE_TOO_LARGE);
    front_book(front, terminal, FRONT_TERMINAL, 2, BODY_TERMINAL_BYTES_MAX, false);
    assert_int_equal(front->jobs_count, 1);
    front_answer(front, 1);
    front_expect(front, terminal, 2, REPLY_BOOKED);
    front_book(front, admin, FRONT_ADMIN, 1, BODY_OPERATOR_BYTES_MAX + 1, false);
    front_expect_failure(front, admin, 1, FAILURE_TOO_LARGE);
    front_book(front, admin, FRONT_ADMIN, 2, BODY_OPERATOR_BYTES_MAX, false);
    assert_int_equal(front->jobs_count, 1);
    front_answer(front, 1);
    front_expect(front, admin, 2, REPLY_BOOKED);
}

static void a_new_authentication_closes_the_older_connection(void **state)
{
    struct front *front = *state;
    const uint32_t older = front_ready(front, FRONT_TERMINAL);
    const uint32_t newer = front_ready(front, FRONT_TERMINAL);
    front_expect_failure(front, older, 0, FAILURE_REPLACED);
    front_expect_closed(front, older);
    assert_true(front->peers[newer].open);
    const uint32_t newest = front_ready(front, FRONT_TERMINAL);
    front_expect_failure(front, newer, 0, FAILURE_REPLACED);
    front_expect_closed(front, newer);
    front_book(front, newest, FRONT_TERMINAL, 1, 10, false);
    front_answer(front, 1);
    front_expect(front, newest, 1, REPLY_BOOKED);
}

static void what_the_older_connection_has_in_the_ledger_is_answered_first(void **state)
{
    struct front *front = *state;
    const uint32_t older = front_ready(front, FRONT_TERMINAL);
    front_book(front, older, FRONT_TERMINAL, 1, 10, false);
    assert_int_equal(front->jobs_count, 1);
    front->hold_groups = true;
    front_book(front, older, FRONT_TERMINAL, 2, 10, false);
    const uint32_t newer = front_connect(front);
    front_hello(front, newer);
    const struct request request = front_authenticate(front, newer, FRONT_TERMINAL);
    front_ask(front, newer, &request);
    /* The authentication is verified before the older connection's second event. */
    front_verify(front, true);
    front->hold_groups = false;
    front_verify(front, false);
    assert_int_equal(front->jobs_count, 2);
    assert_int_equal(front->jobs[0].request->kind, REQUEST_BOOK);
    assert_int_equal(front->jobs[1].request->kind, REQUEST_AUTHENTICATE);
    front_answer(front, 2);
    front_expect(front, newer, 2, REPLY_READY);
    front_expect(front, older, 1, REPLY_BOOKED);
    front_expect_failure(front, older, 2, FAILURE_REPLACED);
    front_expect_failure(front, older, 0, FAILURE_REPLACED);
    front_expect_closed(front, older);
}

static void a_revoked_principal_loses_its_connection(void **state)
{
    struct front *front = *state;
    const uint32_t terminal = front_ready(front, FRONT_TERMINAL);
    const uint32_t admin = front_ready(front, FRONT_ADMIN);
    front_book(front, admin, FRONT_ADMIN, 1, 10, false);
    struct ledger_result result = {.tag = front->jobs[0].tag,
                                   .note = LEDGER_REVOKED,
                                   .principal = {.principal = FRONT_TERMINAL, .revoked = true}};
    const struct reply reply = {
        .id = 1, .kind = REPLY_BOOKED, .booked = {.booked = {result.principal.key, 1}}};
    assert_int_equal(wire_reply_pack(&reply, &front->arena, &result.reply), 0);
    front->jobs_count = 0;
    service_answered(front->service, &result, 1);
    front_drain(front);
    front_expect(front, admin, 1, REPLY_BOOKED);
    front_expect_failure(front, terminal, 0, FAILURE_REVOKED);
    front_expect_closed(front, terminal);
    const uint32_t again = front_connect(front);
    front_hello(front, again);
    const struct request request = front_authenticate(front, again, FRONT_TERMINAL);
    front_ask(front, again, &request);
    front_expect_failure(front, again, 2, FAILURE_REVOKED);
    front_expect_closed(front, again);
}

static void the_handshake_is_not_repeated(void **state)
{
    struct front *front = *state;
    const uint32_t connection = front_ready(front, FRONT_TERMINAL);
    const struct request hello = hello_of(front);
    front_ask(front, connection, &hello);
    front_expect_failure(front, connection, 9, FAILURE_INVALID);
    const struct request again = front_authenticate(front, connection, FRONT_TERMINAL);
    front_ask(front, connection, &again);
    front_expect_failure(front, connection, 2, FAILURE_INVALID);
    front_book(front, connection, FRONT_TERMINAL, 1, 10, false);
    front_answer(front, 1);
    front_expect(front, connection, 1, REPLY_BOOKED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_front, close_front)
    const struct CMUnitTest tests[] = {
        TEST(a_handshake_ends_with_ready),
        TEST(the_ledger_is_told_what_the_client_saw_last),
        TEST(bytes_may_come_one_by_one),
        TEST(every_connection_gets_another_challenge),
        TEST(another_version_is_refused),
        TEST(another_programme_is_refused),
        TEST(garbage_is_a_bad_frame),
        TEST(a_frame_without_a_request_is_a_bad_frame),
        TEST(what_follows_a_bad_frame_is_not_looked_at),
        TEST(a_frame_beyond_4_KiB_is_refused_before_authentication),
        TEST(frames_of_terminals_end_at_64_KiB_and_of_operators_at_1_MiB),
        TEST(the_first_message_is_hello),
        TEST(an_unknown_principal_is_refused),
        TEST(a_revoked_principal_is_refused),
        TEST(a_challenge_signed_by_another_key_is_refused),
        TEST(a_signature_of_another_connection_is_refused),
        TEST(the_ledger_may_refuse_an_authentication),
        TEST(a_handshake_takes_at_most_ten_seconds),
        TEST(who_enrols_may_authenticate_on_the_same_connection),
        TEST(a_wrong_code_may_be_typed_again),
        TEST(an_enrolment_without_the_key_is_refused),
        TEST(roles_may_ask_what_the_table_says),
        TEST(status_is_asked_with_the_counters_of_the_moment),
        TEST(an_event_of_another_principal_is_forbidden),
        TEST(a_body_over_its_limit_is_too_large),
        TEST(a_new_authentication_closes_the_older_connection),
        TEST(what_the_older_connection_has_in_the_ledger_is_answered_first),
        TEST(a_revoked_principal_loses_its_connection),
        TEST(the_handshake_is_not_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
