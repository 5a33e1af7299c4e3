/* What the daemon records: contexts, outcomes and the answers made of them come back exactly. */
#include "wire/body.h"

#include "lib/schema_fill.h"
#include "lib/testing.h"
#include "model/programme.h"

#include "loyalty/log.pb-c.h"
#include "loyalty/wire.pb-c.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 2 * 1024 * 1024, FIRST_EFFECT = 1 };

static uint8_t arena_memory[ARENA_BYTES];
static uint8_t pack_memory[ARENA_BYTES];
static uint8_t message_memory[ARENA_BYTES];

/* Too large for the stack. */
static struct outcome outcome_there;
static struct outcome outcome_back;
static struct context context_there;
static struct context context_back;

/* Rows that fit no member, and many of them: a_context_brings_the_holdings_it_looked_at has some that do. */
static const struct fill_override without_rows[] = {{"Context.holdings", FILL_SKIP, 0, NULL},
                                                    {"Context.other", FILL_SKIP, 0, NULL},
                                                    {"Context.facts", FILL_SKIP, 0, NULL},
                                                    {NULL, FILL_SKIP, 0, NULL}};

static struct bytes filled(const ProtobufCMessageDescriptor *descriptor, uint32_t arm,
                           const struct fill_override *overrides)
{
    struct fill_override all[8];
    size_t count = 0;
    for (const struct fill_override *from = overrides; from != NULL && from->name != NULL; from++) {
        all[count++] = *from;
    }
    memcpy(&all[count], without_rows, sizeof(without_rows));
    overrides = all;
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
    for (uint32_t effect = FIRST_EFFECT; effect <= fill_last_field(&loyalty__effect__descriptor); effect++) {
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

/* fill_message gives a number field the value 100 less its number: swapped fields would show. */
static void fields_of_a_context_mean_the_same_on_both_sides(void **state)
{
    (void)state;
    assert_int_equal(context_unpack(filled(&loyalty__context__descriptor, 0, NULL), &context_back), 0);
    const struct context *context = &context_back;
    assert_int_equal(context->day, 99);
    assert_int_equal(context->minute, 98);
    assert_int_equal(context->offset, 97);
    assert_int_equal(context->member_day, 96);
    assert_int_equal(context->booked_day, 95);
    assert_int_equal(context->member, 94);
    assert_int_equal(context->new_member, 93);
    assert_int_equal(context->previous, 92);
    assert_int_equal(context->balances[MEMBER_AVAILABLE], 91);
    assert_int_equal(context->balances[MEMBER_PENDING], 90);
    assert_int_equal(context->balances[MEMBER_RESERVED], 89);
    assert_int_equal(context->level, 88);
    assert_int_equal(context->level_until, 87);
    assert_int_equal(context->purchases, 86);
    assert_int_equal(context->last_purchase, 85);
    assert_int_equal(context->metrics[1].metric, 99);
    assert_int_equal(context->metrics[1].value, 98);
    assert_int_equal(context->metrics[1].now, 97);
    assert_int_equal(context->metrics[1].fullest, 96);
    assert_int_equal(context->stamps[1].card, 99);
    assert_int_equal(context->stamps[1].count, 98);
    assert_int_equal(context->stamps[1].completed, 97);
    assert_int_equal(context->stamps[1].required, 95);
    assert_int_equal(context->items_count, 2);
    assert_int_equal(context->items[1].card, 99);
    assert_int_equal(context->items[1].item, 98);
    assert_int_equal(context->items[1].standing, 97);
    assert_int_equal(context->stamps[1].since, 96);
    assert_int_equal(context->day_starts[1].day, 99);
    assert_int_equal(context->day_starts[1].at, 98);
}

static void a_context_brings_the_holdings_it_looked_at(void **state)
{
    (void)state;
    static struct member_state holdings;
    static struct member_state other;
    const struct receipt_fact facts[] = {{FACT_LINE, 3, 2000, -5}, {FACT_GIVEN_BACK, 0, 0, 77}};
    member_state_clear(&holdings, 7);
    holdings.balances[MEMBER_AVAILABLE] = 40;
    holdings.balances[MEMBER_RESERVED] = 10;
    holdings.enrolled = 20000;
    holdings.lots_count = 2;
    holdings.lots[0] = (struct lot){.origin = {5, 0}, .amount = 100, .left = 30, .reserved = 10, .until = 9};
    holdings.lots[1] =
        (struct lot){.origin = {6, 1}, .amount = 20, .left = 20, .since = 3, .until = DAY_NEVER};
    holdings.vouchers_count = 1;
    holdings.vouchers[0] = (struct held_voucher){
        .origin = {5, 0}, .code = {0xff, 1, 2}, .reward = 4, .until = 50, .reservation = 8};
    holdings.reservations_count = 1;
    holdings.reservations[0] =
        (struct reservation){.position = 8, .points = 10, .units = 1, .day = 20001, .until = 1700};
    holdings.floor_level = 2;
    holdings.floor_until = DAY_NEVER;
    holdings.held_level = 1;
    holdings.held_until = 44;
    member_state_clear(&other, 9);
    context_clear(&context_there);
    context_there.holdings = &holdings;
    context_there.other = &other;
    context_there.about = 12;
    context_there.facts = facts;
    context_there.facts_count = 2;
    struct bytes bytes = context_pack(&context_there);
    memcpy(message_memory, bytes.data, bytes.size);
    bytes.data = message_memory;
    struct arena arena;
    arena_init(&arena, arena_memory, sizeof(arena_memory));
    assert_int_equal(wire_context_unpack(bytes, &arena, &context_back), 0);
    assert_int_equal(context_back.holdings->member, 7);
    assert_int_equal(context_back.holdings->lots[0].reserved, 10);
    assert_int_equal(context_back.holdings->lots[1].until, DAY_NEVER);
    assert_int_equal(context_back.holdings->vouchers[0].code[2], 2);
    assert_int_equal(context_back.holdings->vouchers[0].reservation, 8);
    assert_int_equal(context_back.holdings->reservations[0].until, 1700);
    assert_int_equal(context_back.holdings->enrolled, 20000);
    assert_int_equal(context_back.other->member, 9);
    assert_int_equal(context_back.about, 12);
    assert_int_equal(context_back.facts_count, 2);
    assert_int_equal(context_fact(&context_back, FACT_LINE, 3).amount, -5);
    assert_int_equal(context_fact(&context_back, FACT_LINE, 4).amount, 0);
    assert_true(bytes_equal(context_pack(&context_back), bytes));
}

static void fields_of_an_outcome_mean_the_same_on_both_sides(void **state)
{
    (void)state;
    const struct outcome *outcome = &outcome_back;
    assert_int_equal(outcome_unpack(filled(&loyalty__outcome__descriptor, EFFECT_MOVE, NULL), &outcome_back),
                     0);
    assert_int_equal(outcome->code, CODE_BELOW_MINIMUM); /* the last one */
    assert_int_equal(outcome->programme_version, 98);
    assert_int_equal(outcome->member, 97);
    assert_true(outcome->has_balances);
    assert_int_equal(outcome->balances.accounts[MEMBER_AVAILABLE], 99);
    assert_int_equal(outcome->balances.accounts[MEMBER_PENDING], 98);
    assert_int_equal(outcome->balances.accounts[MEMBER_RESERVED], 97);
    assert_int_equal(outcome->balances.level, 96);
    assert_int_equal(outcome->balances.level_until, 95);
    assert_int_equal(outcome->balances.qualifying, 94);
    assert_int_equal(outcome->near_misses[1].reason, NEAR_MIN_BASKET);
    assert_int_equal(outcome->near_misses[1].number, 98);
    assert_int_equal(outcome->near_misses[1].lacking, 97);
    assert_int_equal(outcome->exceptions[1].kind, EXCEPTION_REFUSED); /* the last one */
    assert_int_equal(outcome->exceptions[1].amount, 98);
    const struct effect *effect = &outcome->effects[0];
    assert_int_equal(effect->move.debit, 99);
    assert_int_equal(effect->move.credit, 98);
    assert_int_equal(effect->move.amount, 97);
    assert_int_equal(effect->move.lot.position, 96);
    assert_int_equal(effect->move.lot.index, 95);
    assert_int_equal(effect->move.rule, 94);
    assert_int_equal(effect->move.effective_at, 93);
    assert_int_equal(effect->member, 98 / 8);
    assert_int_equal(outcome_unpack(filled(&loyalty__outcome__descriptor, EFFECT_LOT, NULL), &outcome_back),
                     0);
    assert_int_equal(effect->member, 99);
    assert_int_equal(effect->lot.index, 98);
    assert_int_equal(effect->lot.since, 97);
    assert_int_equal(effect->lot.until, 96);
    assert_int_equal(effect->lot.due, 95);
    assert_int_equal(
        outcome_unpack(filled(&loyalty__outcome__descriptor, EFFECT_STAMPS, NULL), &outcome_back), 0);
    assert_int_equal(effect->member, 99);
    assert_int_equal(effect->stamps.card, 98);
    assert_int_equal(effect->stamps.given, 97);
    assert_int_equal(effect->stamps.completed, 96);
    assert_int_equal(effect->stamps.count, 95);
    assert_int_equal(effect->stamps.since, 94);
    assert_int_equal(effect->stamps.rule, 93);
    assert_int_equal(
        outcome_unpack(filled(&loyalty__outcome__descriptor, EFFECT_VOUCHER, NULL), &outcome_back), 0);
    assert_int_equal(effect->member, 99);
    assert_int_equal(effect->voucher.code[15], 'A' + 2);
    assert_int_equal(effect->voucher.reward, 97);
    assert_int_equal(effect->voucher.card, 96);
    assert_int_equal(effect->voucher.since, 95);
    assert_int_equal(effect->voucher.until, 94);
}

static void effects_leave_out_the_member_of_the_outcome(void **state)
{
    (void)state;
    static const uint32_t members[] = {100000, 100001, 0};
    size_t sizes[ARRAY_COUNT(members)];
    memset(&outcome_there, 0, offsetof(struct outcome, effects));
    outcome_there.member = members[0];
    outcome_there.effects_count = 1;
    for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
        outcome_there.effects[0] =
            (struct effect){.kind = EFFECT_VISIT, .member = members[i], .visit = {.day = 19783}};
        const struct bytes bytes = outcome_pack(&outcome_there);
        sizes[i] = bytes.size;
        assert_int_equal(outcome_unpack(bytes, &outcome_back), 0);
        assert_int_equal(outcome_back.effects[0].member, members[i]);
    }
    assert_int_equal(sizes[1], sizes[0] + 4);
    assert_int_equal(sizes[2], sizes[0] + 2);
}

static void vouchers_are_counted_and_moves_know_their_member(void **state)
{
    (void)state;
    memset(&outcome_there, 0, offsetof(struct outcome, effects));
    outcome_there.effects_count = 5;
    struct effect *effects = outcome_there.effects;
    effects[0] =
        (struct effect){.kind = EFFECT_VOUCHER, .member = 7, .voucher = {.index = 0, .until = DAY_NEVER}};
    effects[1] = (struct effect){.kind = EFFECT_MOVE,
                                 .member = 7,
                                 .move = {.credit = account_of_member(7, MEMBER_AVAILABLE), .amount = 5}};
    effects[2] = (struct effect){.kind = EFFECT_VOUCHER, .member = 7, .voucher = {.index = 1, .until = 9}};
    effects[3] = (struct effect){.kind = EFFECT_MOVE,
                                 .member = 7,
                                 .move = {.debit = account_of_member(7, MEMBER_AVAILABLE),
                                          .credit = account_of_programme(PROGRAMME_EXPIRED),
                                          .amount = 5,
                                          .has_lot = true,
                                          .lot = {.position = 0, .index = 0}}};
    effects[4] = (struct effect){.kind = EFFECT_MOVE,
                                 .move = {.credit = account_of_programme(PROGRAMME_EXPIRED), .amount = 5}};
    assert_int_equal(outcome_unpack(outcome_pack(&outcome_there), &outcome_back), 0);
    assert_int_equal(outcome_back.effects_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(outcome_back.effects[i].kind, effects[i].kind);
        assert_int_equal(outcome_back.effects[i].member, effects[i].member);
    }
    assert_int_equal(outcome_back.effects[2].voucher.index, 1);
    assert_int_equal(outcome_back.effects[0].voucher.until, DAY_NEVER);
    assert_int_equal(outcome_back.effects[2].voucher.until, 9);
    assert_false(outcome_back.effects[1].move.has_lot);
    assert_true(outcome_back.effects[3].move.has_lot);
}

static void pack_outcome(void *argument)
{
    (void)outcome_pack(argument);
}

static void a_voucher_out_of_count_is_a_bug(void **state)
{
    (void)state;
    memset(&outcome_there, 0, offsetof(struct outcome, effects));
    outcome_there.effects_count = 1;
    outcome_there.effects[0] = (struct effect){.kind = EFFECT_VOUCHER, .member = 7, .voucher = {.index = 1}};
    assert_true(testing_aborts(pack_outcome, &outcome_there));
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

static void the_most_of_everything_fits_and_one_more_does_not(void **state)
{
    (void)state;
    memset(&outcome_there, 0, offsetof(struct outcome, effects));
    outcome_there.effects_count = EFFECTS_MAX;
    for (size_t i = 0; i < EFFECTS_MAX; i++) {
        outcome_there.effects[i] = (struct effect){.kind = EFFECT_MOVE,
                                                   .member = 7,
                                                   .move = {.debit = account_of_member(7, MEMBER_AVAILABLE),
                                                            .credit = account_of_programme(PROGRAMME_EXPIRED),
                                                            .amount = POINTS_MAX,
                                                            .has_lot = true,
                                                            .lot = {.position = 1000000 + i, .index = 1},
                                                            .effective_at = 1700000000000}};
    }
    const struct bytes bytes = outcome_pack(&outcome_there);
    memcpy(message_memory, bytes.data, bytes.size);
    struct bytes copy = {message_memory, bytes.size};
    /* Thousands of effects unpack in the memory of one. */
    static uint8_t little[4 * 1024];
    struct arena arena;
    arena_init(&arena, little, sizeof(little));
    assert_int_equal(wire_outcome_unpack(copy, &arena, &outcome_back), 0);
    assert_int_equal(outcome_back.effects_count, EFFECTS_MAX);
    assert_true(bytes_equal(outcome_pack(&outcome_back), copy));
    struct wire_writer writer = {.data = message_memory, .room = sizeof(message_memory), .size = copy.size};
    writer_prefixed(&writer, 4, "\x62", 2); /* LIVE */
    copy.size = writer.size;
    assert_int_equal(outcome_unpack(copy, &outcome_back), ERR_RANGE);

    const struct {
        const char *name;
        int64_t max;
    } lists[] = {{"Outcome.near_misses", NEAR_MISSES_MAX},
                 {"Outcome.exceptions", EXCEPTIONS_MAX},
                 {"Context.metrics", CONTEXT_METRICS_MAX},
                 {"Context.stamps", CARDS_MAX},
                 {"Context.day_starts", CONTEXT_DAY_STARTS_MAX}};
    for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
        for (int64_t more = 0; more <= 1; more++) {
            const struct fill_override overrides[] = {{lists[i].name, FILL_COUNT, lists[i].max + more, NULL},
                                                      {NULL, FILL_SKIP, 0, NULL}};
            const int result =
                i < 2 ? outcome_unpack(filled(&loyalty__outcome__descriptor, EFFECT_LOT, overrides),
                                       &outcome_back)
                      : context_unpack(filled(&loyalty__context__descriptor, 0, overrides), &context_back);
            assert_int_equal(result, more == 0 ? 0 : ERR_RANGE);
        }
    }
    for (int64_t more = 0; more <= 1; more++) {
        const struct fill_override random[] = {
            {"Context.random", FILL_SIZE, (int64_t)sizeof(context_back.random) + more, NULL},
            {NULL, FILL_SKIP, 0, NULL}};
        assert_int_equal(context_unpack(filled(&loyalty__context__descriptor, 0, random), &context_back),
                         more == 0 ? 0 : ERR_RANGE);
    }
}

static void what_was_not_recorded_by_this_version_is_not_half_read(void **state)
{
    (void)state;
    static const uint8_t unknown_effect[] = {0x22, 3, 0xe2, 0x03, 0}; /* kind 60 */
    static const uint8_t unknown_field[] = {0x78, 1};
    static const uint8_t unknown_code[] = {0x08, 120};
    static const uint8_t bad_role[] = {0x22, 4, 0x4a, 2, 0x10, 5};
    static const uint8_t no_kind[] = {0x22, 0};
    static const uint8_t effects_apart[] = {0x22, 2, 0x62, 0, 0x2a, 0, 0x22, 2, 0x62, 0};
    static const uint8_t twice[] = {0x10, 3, 0x10, 3};
    static const uint8_t lot_without_index[] = {0x22, 4, 0x1a, 2, 0x20, 5};
    const struct {
        const uint8_t *data;
        size_t size;
        int result;
    } table[] = {
        {unknown_effect, sizeof(unknown_effect), ERR_NOT_CANONICAL},
        {unknown_field, sizeof(unknown_field), ERR_NOT_CANONICAL},
        {unknown_code, sizeof(unknown_code), ERR_RANGE},
        {bad_role, sizeof(bad_role), ERR_RANGE},
        {no_kind, sizeof(no_kind), ERR_RANGE},
        {effects_apart, sizeof(effects_apart), ERR_NOT_CANONICAL},
        {twice, sizeof(twice), ERR_NOT_CANONICAL},
        {lot_without_index, sizeof(lot_without_index), ERR_RANGE},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        assert_int_equal(outcome_unpack((struct bytes){table[i].data, table[i].size}, &outcome_back),
                         table[i].result);
    }
    static const uint8_t unknown_context[] = {0xe0, 0x03, 1}; /* field 60 */
    assert_int_equal(context_unpack((struct bytes){unknown_context, sizeof(unknown_context)}, &context_back),
                     ERR_NOT_CANONICAL);
}

static void the_code_alone_is_read_past_everything_else(void **state)
{
    (void)state;
    enum outcome_code code = CODE_CLOCK;
    assert_int_equal(wire_outcome_code((struct bytes){0}, &code), 0);
    assert_int_equal(code, CODE_ACCEPTED);
    static const uint8_t newer[] = {0x08, 4, 0x22, 2, 0x72, 0, 0x40, 1};
    assert_int_equal(wire_outcome_code((struct bytes){newer, sizeof(newer)}, &code), 0);
    assert_int_equal(code, CODE_DUPLICATE_RECEIPT);
    static const uint8_t unknown[] = {0x08, 99};
    assert_int_equal(wire_outcome_code((struct bytes){unknown, sizeof(unknown)}, &code), ERR_UNSUPPORTED);
    assert_int_equal(wire_outcome_code((struct bytes){newer, sizeof(newer) - 1}, &code), ERR_FORMAT);
    assert_int_equal(code, CODE_DUPLICATE_RECEIPT);
}

static void booked_is_five_columns(void **state)
{
    (void)state;
    struct booked there = {
        .sequence = 42, .position = 1000, .booked_at = 1700000000000, .outcome = {(const uint8_t *)"abc", 3}};
    memset(there.chain, 0x11, sizeof(there.chain));
    struct arena arena;
    arena_init(&arena, pack_memory, sizeof(pack_memory));
    struct bytes bytes;
    struct bytes again;
    struct booked back;
    assert_int_equal(wire_booked_pack(&there, &arena, &bytes), 0);
    assert_int_equal(wire_booked_unpack(bytes, &arena, &back), 0);
    assert_int_equal(back.sequence, 42);
    assert_int_equal(back.position, 1000);
    assert_int_equal(back.booked_at, 1700000000000);
    assert_memory_equal(back.chain, there.chain, HASH_BYTES);
    assert_true(bytes_equal(back.outcome, there.outcome));
    assert_int_equal(wire_booked_pack(&back, &arena, &again), 0);
    assert_true(bytes_equal(bytes, again));
    /* Something a newer daemon adds does not stop a till. */
    struct wire_writer writer = {.data = message_memory, .room = sizeof(message_memory), .size = bytes.size};
    memcpy(message_memory, bytes.data, bytes.size);
    writer_number(&writer, 77, 1);
    assert_int_equal(wire_booked_unpack((struct bytes){message_memory, writer.size}, &arena, &back), 0);
    static const char *const required[] = {"Booked.sequence", "Booked.position", "Booked.chain"};
    for (size_t i = 0; i < ARRAY_COUNT(required); i++) {
        const struct fill_override missing[] = {{required[i], FILL_SKIP, 0, NULL},
                                                {NULL, FILL_SKIP, 0, NULL}};
        assert_int_equal(wire_booked_unpack(filled(&loyalty__booked__descriptor, 0, missing), &arena, &back),
                         ERR_RANGE);
    }
}

static void too_little_arena_is_too_large_and_no_more(void **state)
{
    (void)state;
    enum { UNPACK_OUTCOME, PACK_OUTCOME, UNPACK_CONTEXT, PACK_CONTEXT, WAYS };
    for (uint32_t arm = FIRST_EFFECT; arm <= fill_last_field(&loyalty__effect__descriptor); arm++) {
        for (int way = 0; way < WAYS; way++) {
            const struct bytes bytes = way == UNPACK_CONTEXT || way == PACK_CONTEXT
                                           ? filled(&loyalty__context__descriptor, 0, NULL)
                                           : filled(&loyalty__outcome__descriptor, arm, NULL);
            if (way == PACK_OUTCOME) {
                assert_int_equal(outcome_unpack(bytes, &outcome_there), 0);
            } else if (way == PACK_CONTEXT) {
                assert_int_equal(context_unpack(bytes, &context_there), 0);
            }
            int result = ERR_TOO_LARGE;
            for (size_t size = 0; result != 0; size++) {
                assert_true(size < 8 * 1024);
                uint8_t *exact = malloc(size + 1);
                struct arena arena;
                struct bytes packed;
                arena_init(&arena, exact, size);
                if (way == UNPACK_OUTCOME) {
                    result = wire_outcome_unpack(bytes, &arena, &outcome_back);
                } else if (way == PACK_OUTCOME) {
                    result = wire_outcome_pack(&outcome_there, &arena, &packed);
                } else if (way == UNPACK_CONTEXT) {
                    result = wire_context_unpack(bytes, &arena, &context_back);
                } else {
                    result = wire_context_pack(&context_there, &arena, &packed);
                }
                assert_true(result == 0 || result == ERR_TOO_LARGE);
                free(exact);
            }
        }
    }
}

static void a_record_cut_anywhere_does_not_give_itself_back(void **state)
{
    (void)state;
    for (uint32_t arm = FIRST_EFFECT; arm <= fill_last_field(&loyalty__effect__descriptor); arm++) {
        const struct bytes bytes = filled(&loyalty__outcome__descriptor, arm, NULL);
        for (size_t size = 0; size < bytes.size; size++) {
            uint8_t *exact = malloc(size + 1);
            memcpy(exact, bytes.data, size);
            /* A cut between fields is a shorter outcome; anywhere else it is refused. */
            if (outcome_unpack((struct bytes){exact, size}, &outcome_back) == 0) {
                assert_true(bytes_equal(outcome_pack(&outcome_back), (struct bytes){exact, size}));
            }
            free(exact);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_an_outcome_and_its_effects_comes_back),
        cmocka_unit_test(every_field_of_a_context_comes_back),
        cmocka_unit_test(fields_of_a_context_mean_the_same_on_both_sides),
        cmocka_unit_test(a_context_brings_the_holdings_it_looked_at),
        cmocka_unit_test(fields_of_an_outcome_mean_the_same_on_both_sides),
        cmocka_unit_test(effects_leave_out_the_member_of_the_outcome),
        cmocka_unit_test(vouchers_are_counted_and_moves_know_their_member),
        cmocka_unit_test(a_voucher_out_of_count_is_a_bug),
        cmocka_unit_test(what_has_its_default_takes_no_bytes),
        cmocka_unit_test(the_most_of_everything_fits_and_one_more_does_not),
        cmocka_unit_test(what_was_not_recorded_by_this_version_is_not_half_read),
        cmocka_unit_test(the_code_alone_is_read_past_everything_else),
        cmocka_unit_test(booked_is_five_columns),
        cmocka_unit_test(too_little_arena_is_too_large_and_no_more),
        cmocka_unit_test(a_record_cut_anywhere_does_not_give_itself_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
