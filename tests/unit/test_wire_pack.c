/* Packing: the bytes are protobuf-c's own, for every message of the schema, and never leave their room. */
#include "wire/pack.h"

#include "lib/schema_fill.h"
#include "lib/testing.h"

#include "loyalty/event.pb-c.h"
#include "loyalty/log.pb-c.h"
#include "loyalty/wire.pb-c.h"

#include <string.h>

enum { ROOM = 256 * 1024, GUARD = 16 };

static uint8_t filled[ROOM];
static uint8_t expected[ROOM];
static uint8_t packed[GUARD + ROOM];

/* Packed into exactly `room` bytes; false when they are too few. Nothing in front of them is touched. */
static bool pack_into(const ProtobufCMessage *message, uint32_t number, size_t room, uint8_t **ret_start)
{
    memset(packed, 0xee, GUARD);
    const int result = wire_pack(message, number, packed + GUARD, packed + GUARD + room, ret_start);
    for (size_t i = 0; i < GUARD; i++) {
        assert_int_equal(packed[i], 0xee);
    }
    assert_true(result == 0 || result == ERR_TOO_LARGE);
    return result == 0;
}

static void packs_alike(const ProtobufCMessage *message)
{
    uint8_t *start;
    const size_t size = protobuf_c_message_pack(message, expected);
    assert_true(pack_into(message, 0, size, &start));
    assert_ptr_equal(start, packed + GUARD);
    assert_memory_equal(start, expected, size);
}

static const ProtobufCMessageDescriptor *const messages[] = {
    &loyalty__body__descriptor,    &loyalty__context__descriptor, &loyalty__outcome__descriptor,
    &loyalty__request__descriptor, &loyalty__reply__descriptor,   &loyalty__booked__descriptor,
};

/* Calls back for every message with each of its arms, and those of what is within, in turn. */
static void each_message(void (*check)(const ProtobufCMessage *message))
{
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        for (uint32_t arm = 0; arm <= 40; arm++) {
            struct wire_writer writer = {.data = filled, .room = sizeof(filled)};
            fill_message(&writer, messages[i], arm, NULL);
            ProtobufCMessage *message = protobuf_c_message_unpack(messages[i], NULL, writer.size, filled);
            assert_non_null(message);
            check(message);
            protobuf_c_message_free_unpacked(message, NULL);
        }
    }
}

static void every_message_packs_as_protobuf_c_packs_it(void **state)
{
    (void)state;
    each_message(packs_alike);
}

static void fits_no_smaller_room(const ProtobufCMessage *message)
{
    uint8_t *start;
    const size_t size = protobuf_c_message_get_packed_size(message);
    for (size_t room = 0; room < size; room += 1 + room / 16) {
        assert_false(pack_into(message, 0, room, &start));
    }
    assert_true(size == 0 || !pack_into(message, 0, size - 1, &start));
}

static void what_does_not_fit_is_told_and_nothing_is_overwritten(void **state)
{
    (void)state;
    each_message(fits_no_smaller_room);
}

static void numbers_of_every_width_and_sign_pack_alike(void **state)
{
    (void)state;
    for (unsigned shift = 0; shift < 64; shift++) {
        for (int64_t near = -1; near <= 1; near++) {
            Loyalty__Context message = LOYALTY__CONTEXT__INIT;
            const uint64_t value = (UINT64_C(1) << shift) + (uint64_t)near;
            message.has_previous = message.has_available = message.has_pending = true;
            message.has_day = message.has_minute = message.has_level_until = true;
            message.previous = value;
            message.available = (int64_t)value;
            message.pending = (int64_t)(0 - value);
            message.day = (int32_t)(uint32_t)value;
            message.level_until = (int32_t)(uint32_t)(0 - value);
            message.minute = (uint32_t)value;
            packs_alike(&message.base);
        }
    }
}

static void texts_and_bytes_of_no_length_are_there_all_the_same(void **state)
{
    (void)state;
    Loyalty__Booked booked = LOYALTY__BOOKED__INIT;
    Loyalty__Line line = LOYALTY__LINE__INIT;
    char nothing[] = "";
    char *labels[] = {nothing, nothing};
    booked.has_outcome = true;
    packs_alike(&booked.base);
    line.sku = nothing;
    line.labels = labels;
    line.n_labels = 2;
    packs_alike(&line.base);
}

static void a_field_packs_as_within_its_message(void **state)
{
    (void)state;
    Loyalty__Effect effect = LOYALTY__EFFECT__INIT;
    Loyalty__LotEffect lot = LOYALTY__LOT_EFFECT__INIT;
    Loyalty__Effect *effects[] = {&effect};
    Loyalty__Outcome outcome = LOYALTY__OUTCOME__INIT;
    uint8_t *start;
    lot.has_since = true;
    lot.since = -300;
    effect.kind_case = LOYALTY__EFFECT__KIND_LOT;
    effect.lot = &lot;
    outcome.effects = effects;
    outcome.n_effects = 1;
    const size_t size = protobuf_c_message_pack(&outcome.base, expected);
    assert_true(pack_into(&effect.base, 4, size, &start));
    assert_ptr_equal(start, packed + GUARD);
    assert_memory_equal(start, expected, size);
    assert_false(pack_into(&effect.base, 4, size - 1, &start));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_packs_as_protobuf_c_packs_it),
        cmocka_unit_test(what_does_not_fit_is_told_and_nothing_is_overwritten),
        cmocka_unit_test(numbers_of_every_width_and_sign_pack_alike),
        cmocka_unit_test(texts_and_bytes_of_no_length_are_there_all_the_same),
        cmocka_unit_test(a_field_packs_as_within_its_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
