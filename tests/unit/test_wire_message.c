/* Requests and replies: every field of every kind travels there and back, in a frame. */
#include "wire/frame.h"

#include "lib/full_message.h"
#include "lib/testing.h"

#include "loyalty/event.pb-c.h"
#include "loyalty/log.pb-c.h"

#include <stdlib.h>
#include <string.h>

static uint8_t pack_memory[FULL_MESSAGE_BYTES_MAX];

/* The next of the replies, and behind them of the requests; 0 behind those. */
static uint32_t next_arm(uint32_t arm, bool *is_reply)
{
    const uint32_t next =
        fill_next_field(*is_reply ? &loyalty__reply__descriptor : &loyalty__request__descriptor, arm);
    const bool turns = next == 0 && *is_reply;
    *is_reply = *is_reply && next != 0;
    return turns ? FULL_FIRST : next;
}

/* The other way to ask. */
static const struct fill_override other[] = {
    {"GetMember.card", FILL_SKIP, 0, NULL},    {"SetProfile.card", FILL_SKIP, 0, NULL},
    {"GetProfile.card", FILL_SKIP, 0, NULL},   {"GetEvent.principal", FILL_SKIP, 0, NULL},
    {"GetEvent.sequence", FILL_SKIP, 0, NULL}, {NULL, FILL_SKIP, 0, NULL}};

static void expect_frame(struct bytes frame, struct bytes message)
{
    struct bytes found;
    assert_int_equal(frame_parse(frame, FRAME_OPERATOR_BYTES_MAX, &found), 1);
    assert_int_equal(frame.size, FRAME_HEADER_BYTES + found.size);
    assert_true(bytes_equal(found, message));
}

static void every_field_of_every_request_travels_there_and_back(void **state)
{
    (void)state;
    const struct fill_override *const ways[] = {full_plain, other};
    for (size_t way = 0; way < ARRAY_COUNT(ways); way++) {
        for (uint32_t kind = FULL_FIRST; kind != 0;
             kind = fill_next_field(&loyalty__request__descriptor, kind)) {
            const struct bytes message = full_message(&loyalty__request__descriptor, kind, ways[way]);
            struct request request;
            assert_int_equal(full_request_unpack(message, &request), 0);
            assert_int_equal(request.kind, kind);
            assert_int_equal(request.id, 99);
            struct arena arena;
            arena_init(&arena, pack_memory, sizeof(pack_memory));
            struct bytes frame;
            assert_int_equal(wire_request_pack(&request, &arena, &frame), 0);
            assert_int_equal(arena.used, frame.size);
            expect_frame(frame, message);
        }
    }
}

static void every_field_of_every_reply_travels_there_and_back(void **state)
{
    (void)state;
    for (uint32_t kind = FULL_FIRST; kind != 0; kind = fill_next_field(&loyalty__reply__descriptor, kind)) {
        const struct bytes message = full_message(&loyalty__reply__descriptor, kind, NULL);
        struct reply reply;
        assert_int_equal(full_reply_unpack(message, &reply), 0);
        assert_int_equal(reply.kind, kind);
        assert_int_equal(reply.id, 99);
        struct arena arena;
        arena_init(&arena, pack_memory, sizeof(pack_memory));
        struct bytes frame;
        assert_int_equal(wire_reply_pack(&reply, &arena, &frame), 0);
        assert_int_equal(arena.used, frame.size);
        expect_frame(frame, message);
    }
}

/* fill_message gives a number field the value 100 less its number: swapped fields would show. */
static void fields_mean_the_same_on_both_sides(void **state)
{
    (void)state;
    struct reply reply;
    assert_int_equal(full_reply_unpack(full_message(&loyalty__reply__descriptor, REPLY_MEMBER, NULL), &reply),
                     0);
    const struct member_view *view = reply.member.view;
    assert_int_equal(view->member, 99);
    assert_int_equal(view->available, 98);
    assert_int_equal(view->pending, 97);
    assert_int_equal(view->reserved, 96);
    assert_string_equal(view->level, "FFF");
    assert_int_equal(view->level_until, 94);
    assert_int_equal(view->qualifying, 93);
    assert_string_equal(view->next_level, "III");
    assert_int_equal(view->next_level_lacking, 91);
    assert_int_equal(view->cards_count, 2);
    assert_int_equal(view->cards[1].stamps, 98);
    assert_int_equal(view->cards[1].required, 97);
    assert_int_equal(view->cards[1].completed, 96);
    assert_string_equal(view->vouchers[1].code, "BBB");
    assert_string_equal(view->vouchers[1].reward, "CCC");
    assert_int_equal(view->vouchers[1].until, 97);
    assert_string_equal(view->vouchers[1].card, "EEE");
    assert_int_equal(view->lots[1].position, 99);
    assert_int_equal(view->lots[1].index, 98);
    assert_int_equal(view->lots[1].left, 97);
    assert_int_equal(view->lots[1].until, 96);
    assert_int_equal(view->vouchers[1].reservation, 94);
    assert_int_equal(view->last_position, 87);
    assert_int_equal(view->purchases, 86);
    assert_int_equal(view->expiring_count, 2);
    assert_int_equal(view->expiring[1].until, 99);
    assert_int_equal(view->expiring[1].points, 98);
    assert_int_equal(view->reservations_count, 2);
    assert_int_equal(view->reservations[1].reservation, 99);
    assert_int_equal(view->reservations[1].points, 98);
    assert_string_equal(view->reservations[1].reward, "DDD");
    assert_int_equal(view->reservations[1].units, 96);
    assert_int_equal(view->reservations[1].until, 95);
    assert_int_equal(
        full_reply_unpack(full_message(&loyalty__reply__descriptor, REPLY_VOUCHER, NULL), &reply), 0);
    assert_string_equal(reply.voucher.view.reward, "CCC");
    assert_int_equal(reply.voucher.view.reservation, 94);
    assert_int_equal(reply.voucher.state, VOUCHER_STATE_CANCELLED);
    assert_int_equal(reply.voucher.member, 97);
    assert_int_equal(reply.voucher.since, 96);
    assert_int_equal(reply.voucher.issued, 95);
    assert_string_equal(reply.voucher.lines[1], "GGG");
    assert_int_equal(full_reply_unpack(full_message(&loyalty__reply__descriptor, REPLY_QUOTED, NULL), &reply),
                     0);
    assert_int_equal(reply.quoted.offers_count, 2);
    assert_string_equal(reply.quoted.offers[1].reward, "BBB");
    assert_string_equal(reply.quoted.offers[1].voucher, "CCC");
    assert_int_equal(reply.quoted.offers[1].until, 97);
    assert_int_equal(reply.quoted.offers[1].points, 96);
    assert_int_equal(reply.quoted.offers[1].value, 95);
    assert_int_equal(reply.quoted.offers[1].lacking, 94);
    assert_string_equal(reply.quoted.offers[1].why, "HHH");
    assert_int_equal(full_reply_unpack(full_message(&loyalty__reply__descriptor, REPLY_READY, NULL), &reply),
                     0);
    assert_int_equal(reply.ready.expected_sequence, 99);
    assert_int_equal(reply.ready.programme_version, 97);
    assert_int_equal(reply.ready.position, 96);
    assert_int_equal(reply.ready.now, 94);
    assert_string_equal(reply.ready.store, "III");
    assert_string_equal(reply.ready.label, "JJJ");
    assert_string_equal(reply.ready.currency, "KKK");
    assert_int_equal(reply.ready.outbox_retention_days, 89);
    assert_int_equal(reply.ready.tls_pins.count, 2);
    assert_int_equal(reply.ready.tls_pins.items[1][31], 'M');
    assert_string_equal(reply.ready.tls_address, "NNN");
    assert_string_equal(reply.ready.plain_address, "OOO");
    assert_int_equal(full_reply_unpack(full_message(&loyalty__reply__descriptor, REPLY_EVENT, NULL), &reply),
                     0);
    assert_int_equal(reply.event.position, 99);
    assert_int_equal(reply.event.principal, 98);
    assert_int_equal(reply.event.sequence, 97);
    assert_int_equal(reply.event.booked_at, 96);
    assert_int_equal(reply.event.body.data[0], 'F');
    assert_int_equal(reply.event.signature.data[0], 'G');
    assert_int_equal(reply.event.context.data[0], 'H');
    assert_int_equal(reply.event.outcome.data[0], 'I');
    assert_int_equal(reply.event.chain.data[0], 'J');
}

static void absent_fields_are_null_empty_or_zero(void **state)
{
    (void)state;
    /* {failure: {}}, {ready: {expected_sequence: 1}}, {booked: {booked: "b"}} */
    static const uint8_t failure[] = {0x82, 0x01, 0};
    static const uint8_t ready[] = {0x92, 0x01, 2, 0x08, 1};
    static const uint8_t booked[] = {0xa2, 0x01, 3, 0x0a, 1, 'b'};
    struct reply reply;
    assert_int_equal(full_reply_unpack((struct bytes){failure, sizeof(failure)}, &reply), 0);
    assert_int_equal(reply.id, 0);
    assert_int_equal(reply.failure.code, FAILURE_BAD_FRAME);
    assert_null(reply.failure.text);
    assert_false(reply.failure.has_expected_sequence);
    assert_int_equal(full_reply_unpack((struct bytes){ready, sizeof(ready)}, &reply), 0);
    assert_null(reply.ready.store);
    assert_int_equal(reply.ready.epoch.size, 0);
    assert_false(reply.ready.log_differs);
    assert_int_equal(full_reply_unpack((struct bytes){booked, sizeof(booked)}, &reply), 0);
    assert_null(reply.booked.rendering);
    assert_false(reply.booked.repeated);
}

static void unknown_fields_are_passed_over(void **state)
{
    (void)state;
    struct wire_writer writer = {.data = pack_memory, .room = sizeof(pack_memory)};
    writer_number(&writer, 1, 7);
    writer_prefixed(&writer, 900, "later", 5);
    uint8_t inner_memory[64];
    struct wire_writer inner = {.data = inner_memory, .room = sizeof(inner_memory)};
    writer_number(&inner, 800, 1);
    writer_number(&inner, 1, 3); /* and in whatever order */
    writer_prefixed(&writer, REQUEST_GET_PROGRAMME, inner.data, inner.size);
    struct request request;
    assert_int_equal(full_request_unpack((struct bytes){pack_memory, writer.size}, &request), 0);
    assert_int_equal(request.id, 7);
    assert_int_equal(request.get_programme.version, 3);
}

static void a_field_that_comes_twice_is_no_message(void **state)
{
    (void)state;
    /* {get_programme: {version: 3, version: 4}} */
    static const uint8_t twice[] = {0xc2, 0x01, 4, 0x08, 3, 0x08, 4};
    struct request request;
    assert_int_equal(full_request_unpack((struct bytes){twice, sizeof(twice)}, &request), ERR_FORMAT);
}

static void the_id_of_a_broken_request_is_told(void **state)
{
    (void)state;
    static const uint8_t unknown_kind[] = {0x08, 7, 0xfa, 0x01, 0};
    static const uint8_t broken_kind[] = {0x08, 7, 0xb2, 0x01, 5};
    static const uint8_t no_kind[] = {0x08, 7};
    static const uint8_t two_kinds[] = {0x08, 7, 0xb2, 0x01, 0, 0xba, 0x01, 0};
    static const uint8_t late_id[] = {0xb2, 0x01, 2, 0xff, 0xff, 0x08, 7};
    static const uint8_t missing_version[] = {0x08, 7, 0x82, 0x01, 0};
    const struct {
        const uint8_t *data;
        size_t size;
        uint32_t id;
        int result;
    } table[] = {
        {unknown_kind, sizeof(unknown_kind), 7, ERR_FORMAT},
        {broken_kind, sizeof(broken_kind), 7, ERR_FORMAT},
        {no_kind, sizeof(no_kind), 7, ERR_FORMAT},
        {two_kinds, sizeof(two_kinds), 7, ERR_FORMAT},
        {late_id, sizeof(late_id), 7, ERR_FORMAT},
        {missing_version, sizeof(missing_version), 7, ERR_RANGE},
        {NULL, 0, 0, ERR_FORMAT},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        struct request request = {.id = 55};
        assert_int_equal(full_request_unpack((struct bytes){table[i].data, table[i].size}, &request),
                         table[i].result);
        assert_int_equal(request.id, table[i].id);
    }
}

static void sizes_of_what_a_reply_holds_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t kind;
    } table[] = {{"Welcome.challenge", REPLY_WELCOME},
                 {"Welcome.programme_id", REPLY_WELCOME},
                 {"Welcome.daemon_key", REPLY_WELCOME},
                 {"Ready.epoch", REPLY_READY},
                 {"Enrolled.daemon_key", REPLY_ENROLLED},
                 {"Enrolled.programme_id", REPLY_ENROLLED},
                 {"Event.chain", REPLY_EVENT},
                 {"Status.chain", REPLY_STATUS},
                 {"Principal.key", REPLY_PRINCIPALS}};
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        const struct fill_override wrong[] = {{table[i].name, FILL_SIZE, 31, NULL},
                                              {NULL, FILL_SKIP, 0, NULL}};
        struct reply reply;
        assert_int_equal(
            full_reply_unpack(full_message(&loyalty__reply__descriptor, table[i].kind, wrong), &reply),
            ERR_RANGE);
    }
}

static void a_message_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (uint32_t kind = FULL_FIRST; kind != 0; kind = fill_next_field(&loyalty__reply__descriptor, kind)) {
        const struct bytes reply_bytes = full_message(&loyalty__reply__descriptor, kind, NULL);
        struct reply reply;
        for (size_t size = 0; size < reply_bytes.size; size++) {
            assert_int_not_equal(full_reply_unpack((struct bytes){reply_bytes.data, size}, &reply), 0);
        }
    }
    for (uint32_t kind = FULL_FIRST; kind != 0; kind = fill_next_field(&loyalty__request__descriptor, kind)) {
        const struct bytes bytes = full_message(&loyalty__request__descriptor, kind, full_plain);
        struct request request;
        for (size_t size = 0; size < bytes.size; size++) {
            assert_int_not_equal(full_request_unpack((struct bytes){bytes.data, size}, &request), 0);
        }
    }
}

static void too_little_arena_is_too_large_and_no_more(void **state)
{
    (void)state;
    bool is_reply = true;
    for (uint32_t arm = FULL_FIRST; arm != 0; arm = next_arm(arm, &is_reply)) {
        const struct bytes bytes = is_reply ? full_message(&loyalty__reply__descriptor, arm, NULL)
                                            : full_message(&loyalty__request__descriptor, arm, full_plain);
        struct request request;
        struct reply reply;
        assert_int_equal(is_reply ? full_reply_unpack(bytes, &reply) : full_request_unpack(bytes, &request),
                         0);
        for (unsigned packing = 0; packing < 2; packing++) {
            int result = ERR_TOO_LARGE;
            for (size_t size = 0; result != 0; size++) {
                assert_true(size < 16 * 1024);
                uint8_t *exact = malloc(size + 1);
                struct arena arena;
                struct bytes frame;
                struct request request_there;
                struct reply reply_there;
                arena_init(&arena, exact, size);
                if (packing == 0) {
                    result = is_reply ? wire_reply_unpack(bytes, &arena, &reply_there)
                                      : wire_request_unpack(bytes, &arena, &request_there);
                } else {
                    result = is_reply ? wire_reply_pack(&reply, &arena, &frame)
                                      : wire_request_pack(&request, &arena, &frame);
                }
                assert_true(result == 0 || result == ERR_TOO_LARGE);
                free(exact);
            }
        }
    }
}

static void a_frame_is_never_larger_than_the_largest(void **state)
{
    (void)state;
    static uint8_t yaml[FRAME_OPERATOR_BYTES_MAX];
    struct request request = {.kind = REQUEST_CHECK_PROGRAMME};
    struct arena arena;
    struct bytes frame;
    for (size_t less = 0; less < 16; less++) {
        request.check_programme.yaml = (struct bytes){yaml, sizeof(yaml) - less};
        arena_init(&arena, pack_memory, sizeof(pack_memory));
        const int result = wire_request_pack(&request, &arena, &frame);
        /* Tag and length of the yaml, and of the message around it: 4 + 5 bytes. */
        assert_int_equal(result, less < 9 ? ERR_TOO_LARGE : 0);
        assert_int_equal(arena.used, result == 0 ? frame.size : 0);
    }
}

/* The rules the schema is written by, so that the checks of this floor are enough. */
static void expect_rules(const ProtobufCMessageDescriptor *message, unsigned depth)
{
    assert_true(depth <= 8); /* and so no message is within itself */
    bool in_oneof = false;
    uint32_t last = 0;
    assert_true(message->n_fields <= 64);
    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->fields[i];
        const bool is_arm = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
        assert_int_not_equal(field->label, PROTOBUF_C_LABEL_REQUIRED);
        assert_true(field->default_value == NULL);
        assert_true(field->type != PROTOBUF_C_TYPE_FLOAT && field->type != PROTOBUF_C_TYPE_DOUBLE);
        /* Oneofs come last, their numbers together. */
        assert_true(is_arm || !in_oneof);
        assert_true(!in_oneof || field->id > last);
        in_oneof = is_arm;
        last = field->id;
        if (field->label == PROTOBUF_C_LABEL_REPEATED && field->type != PROTOBUF_C_TYPE_STRING &&
            field->type != PROTOBUF_C_TYPE_BYTES && field->type != PROTOBUF_C_TYPE_MESSAGE) {
            assert_true((field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0);
        }
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            expect_rules(field->descriptor, depth + 1);
        }
    }
}

static void the_schema_keeps_its_rules(void **state)
{
    (void)state;
    expect_rules(&loyalty__request__descriptor, 1);
    expect_rules(&loyalty__reply__descriptor, 1);
    expect_rules(&loyalty__booked__descriptor, 1);
    expect_rules(&loyalty__context__descriptor, 1);
    expect_rules(&loyalty__outcome__descriptor, 1);
    expect_rules(&loyalty__body__descriptor, 1);
}

static void a_failure_of_a_newer_daemon_is_a_failure(void **state)
{
    (void)state;
    static const uint8_t unknown[] = {0x82, 0x01, 3, 0x08, 0xff, 0x01};
    struct reply reply;
    assert_int_equal(full_reply_unpack((struct bytes){unknown, sizeof(unknown)}, &reply), 0);
    assert_int_equal(reply.failure.code, FAILURE_INVALID);
}

static void failures_have_names(void **state)
{
    (void)state;
    assert_string_equal(failure_name(FAILURE_BAD_FRAME), "BAD_FRAME");
    assert_string_equal(failure_name(FAILURE_REPLACED), "REPLACED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_every_request_travels_there_and_back),
        cmocka_unit_test(every_field_of_every_reply_travels_there_and_back),
        cmocka_unit_test(fields_mean_the_same_on_both_sides),
        cmocka_unit_test(absent_fields_are_null_empty_or_zero),
        cmocka_unit_test(unknown_fields_are_passed_over),
        cmocka_unit_test(a_field_that_comes_twice_is_no_message),
        cmocka_unit_test(the_id_of_a_broken_request_is_told),
        cmocka_unit_test(sizes_of_what_a_reply_holds_are_checked),
        cmocka_unit_test(a_message_cut_anywhere_is_refused),
        cmocka_unit_test(too_little_arena_is_too_large_and_no_more),
        cmocka_unit_test(a_frame_is_never_larger_than_the_largest),
        cmocka_unit_test(the_schema_keeps_its_rules),
        cmocka_unit_test(a_failure_of_a_newer_daemon_is_a_failure),
        cmocka_unit_test(failures_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
