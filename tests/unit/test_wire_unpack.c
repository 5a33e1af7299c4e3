/* Unpacking in one walk: the messages are protobuf-c's own, and nothing is taken that the scan refuses. */
#include "wire/unpack.h"

#include "lib/schema_fill.h"
#include "lib/testing.h"

#include "loyalty/event.pb-c.h"
#include "loyalty/log.pb-c.h"
#include "loyalty/wire.pb-c.h"

#include <string.h>

enum { ROOM = 256 * 1024, ARENA_BYTES = 1024 * 1024, DAMAGES = 300 };

static uint8_t filled[ROOM];
static uint8_t first[ROOM];
static uint8_t second[ROOM];
static uint8_t arena_memory[2][ARENA_BYTES];

static const ProtobufCMessageDescriptor *const messages[] = {
    &loyalty__body__descriptor,  &loyalty__context__descriptor, &loyalty__outcome__descriptor,
    &loyalty__reply__descriptor, &loyalty__booked__descriptor,
};

/* What the scan and protobuf-c make of it; NULL: one of them refuses it. */
static ProtobufCMessage *unpack_by_both(const struct wire_scan *scan, struct bytes bytes)
{
    struct arena arena;
    const char *field;
    ProtobufCMessage *message = NULL;
    arena_init(&arena, arena_memory[0], ARENA_BYTES);
    const bool good = wire_scan(scan, bytes, &field) == 0 &&
                      wire_unpack_scanned(scan->descriptor, bytes, &arena, &message) == 0;
    return good ? message : NULL;
}

/* Whether it is taken; then it is what the others make of it. */
static bool unpacks_alike(const struct wire_scan *scan, struct bytes bytes)
{
    struct arena arena;
    arena_init(&arena, arena_memory[1], ARENA_BYTES);
    memset(arena_memory[1], 0xee, ARENA_BYTES); /* nothing relies on zeroes */
    const ProtobufCMessage *message = wire_unpack_strict(scan, bytes, &arena);
    const ProtobufCMessage *other = unpack_by_both(scan, bytes);
    if (message == NULL) {
        assert_int_equal(arena.used, 0);
        return false;
    }
    assert_non_null(other);
    const size_t size = protobuf_c_message_pack(other, first);
    assert_int_equal(protobuf_c_message_pack(message, second), size);
    assert_memory_equal(first, second, size);
    return true;
}

static struct bytes fill(size_t message, uint32_t arm)
{
    struct wire_writer writer = {.data = filled, .room = sizeof(filled)};
    fill_message(&writer, messages[message], arm, NULL);
    return (struct bytes){filled, writer.size};
}

static void every_message_unpacks_as_protobuf_c_unpacks_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(messages); i++) {
        const struct wire_scan scan = {.descriptor = messages[i], .strictness = WIRE_STRICT};
        for (uint32_t arm = 0; arm <= 45; arm++) {
            assert_true(unpacks_alike(&scan, fill(i, arm)));
        }
    }
}

static uint32_t drawn_state = 1;

static size_t draw(size_t below)
{
    drawn_state = drawn_state * 1664525 + 1013904223;
    return (size_t)(drawn_state >> 8) % below;
}

static void what_the_scan_refuses_is_not_taken(void **state)
{
    (void)state;
    size_t taken = 0;
    size_t refused = 0;
    for (size_t i = 0; i < ARRAY_COUNT(messages); i++) {
        const struct wire_scan scan = {.descriptor = messages[i], .strictness = WIRE_STRICT};
        for (size_t damage = 0; damage < DAMAGES; damage++) {
            struct bytes bytes = fill(i, (uint32_t)draw(30));
            const size_t at = draw(bytes.size);
            /* The beginning, where most fields are, more often than the rest. */
            filled[damage % 2 == 0 ? at : at % 64] = (uint8_t)draw(256);
            bytes.size -= damage % 5 == 0 ? draw(bytes.size) : 0;
            const bool good = unpacks_alike(&scan, bytes);
            taken += good;
            refused += !good;
        }
    }
    assert_true(taken > 20);
    assert_true(refused > 200);
}

static void a_full_arena_takes_nothing(void **state)
{
    (void)state;
    const struct wire_scan scan = {.descriptor = messages[0], .strictness = WIRE_STRICT};
    const struct bytes bytes = fill(0, fill_last_field(messages[0]));
    struct arena arena;
    bool taken = false;
    for (size_t room = 0; !taken; room += 24) {
        assert_true(room <= ARENA_BYTES);
        arena_init(&arena, arena_memory[1], room);
        taken = wire_unpack_strict(&scan, bytes, &arena) != NULL;
        assert_true(taken || arena.used == 0);
    }
}

static void a_bound_holds_for_each_message(void **state)
{
    (void)state;
    enum { PURCHASE = 16, LINES = 3 };
    const struct bytes bytes = fill(0, PURCHASE); /* of two lines */
    struct wire_bound bound = {&loyalty__purchase__descriptor, LINES, 2};
    const struct wire_scan scan = {
        .descriptor = messages[0], .strictness = WIRE_STRICT, .bounds = &bound, .bounds_count = 1};
    assert_true(unpacks_alike(&scan, bytes));
    bound.count_max = 1;
    assert_false(unpacks_alike(&scan, bytes));
    assert_null(unpack_by_both(&scan, bytes));
}

/* A field is read as the longer way reads it, whatever is there. */
static void read_both_ways(const uint8_t *bytes, size_t size)
{
    struct wire_reader quick = {bytes, bytes + size};
    struct wire_reader any = quick;
    struct wire_field field = {0};
    struct wire_field expected = {0};
    const int result = wire_reader_next_any(&any, &expected);
    assert_int_equal(wire_reader_next(&quick, &field), result);
    if (result == 1) {
        assert_int_equal(field.number, expected.number);
        assert_int_equal(field.type, expected.type);
        assert_int_equal(field.varint, expected.varint);
        assert_ptr_equal(field.payload.data, expected.payload.data);
        assert_int_equal(field.payload.size, expected.payload.size);
        assert_ptr_equal(quick.at, any.at);
    }
}

static void the_quick_way_reads_what_the_other_reads(void **state)
{
    (void)state;
    static const uint8_t values[] = {0, 1, 2, 3, 0x7e, 0x7f, 0x80, 0x81, 0x82, 0xff};
    for (unsigned tag = 0; tag < 256; tag++) {
        for (size_t i = 0; i < sizeof(values) * sizeof(values); i++) {
            const uint8_t bytes[] = {(uint8_t)tag, values[i / sizeof(values)], values[i % sizeof(values)], 1,
                                     0};
            for (size_t size = 0; size <= sizeof(bytes); size++) {
                read_both_ways(bytes, size);
            }
        }
    }
    /* Lengths of two bytes. */
    memset(filled, 0, 400);
    memcpy(filled, "\x0a\xff\x02", 3);
    for (size_t size = 380; size < 390; size++) {
        read_both_ways(filled, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_unpacks_as_protobuf_c_unpacks_it),
        cmocka_unit_test(what_the_scan_refuses_is_not_taken),
        cmocka_unit_test(a_full_arena_takes_nothing),
        cmocka_unit_test(a_bound_holds_for_each_message),
        cmocka_unit_test(the_quick_way_reads_what_the_other_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
