/* Holdings as bytes: one form a state, and nothing else is taken for one. */
#include "lib/drawn.h"
#include "lib/testing.h"
#include "model/programme.h"
#include "store/holdings.h"

#include <string.h>

enum { EVENTS = 120 };

static struct drawn_world world;
static struct member_state state;
static struct member_state back;
static uint8_t packed[HOLDINGS_BYTES_MAX];
static uint8_t again[HOLDINGS_BYTES_MAX];

static int unpack(const uint8_t *data, size_t size, struct member_state *ret_state)
{
    member_state_clear(ret_state, 1);
    return holdings_unpack((struct bytes){data, size}, ret_state);
}

/* The balances and the last position stand beside. */
static void check_same(const struct member_state *read, const struct member_state *expected)
{
    struct holding_cursor read_at = {0};
    struct holding_cursor expected_at = {0};
    struct holding_row row;
    struct holding_row wanted;
    while (holding_next(expected, &expected_at, &wanted)) {
        if (wanted.kind == HOLDING_BALANCE) {
            continue;
        }
        assert_true(holding_next(read, &read_at, &row));
        if (wanted.kind == HOLDING_MEMBER) {
            wanted.amount = 0;
            wanted.left = 0;
        }
        assert_memory_equal(&row, &wanted, sizeof(row));
    }
    assert_false(holding_next(read, &read_at, &row));
    /* What no row tells has one value. */
    assert_int_equal(read->level_until, expected->level_until);
    assert_int_equal(read->level_day, expected->level_day);
    assert_int_equal(read->held_until, expected->held_until);
    assert_int_equal(read->floor_until, expected->floor_until);
    assert_int_equal(read->shared_day, expected->shared_day);
}

static void check_round_trip(const struct member_state *member)
{
    const size_t size = holdings_pack(member, packed);
    assert_int_equal(unpack(packed, size, &back), 0);
    check_same(&back, member);
    assert_int_equal(holdings_pack(&back, again), size);
    assert_memory_equal(again, packed, size);
}

static void draw_world(void)
{
    struct drawn_event event;
    world.enrolled = 0;
    for (uint64_t position = 1; position <= EVENTS; position++) {
        event.position = position;
        drawn_event(&world, &event);
    }
}

static void states_come_back_as_they_were(void **unused)
{
    (void)unused;
    for (int i = 0; i < 20; i++) {
        draw_world();
        for (uint32_t member = 1; member <= world.enrolled; member++) {
            check_round_trip(&world.states[member]);
        }
    }
    member_state_clear(&state, 1);
    check_round_trip(&state);
}

/* All arrays full, all numbers long. */
static void the_largest_state_fits(void **unused)
{
    (void)unused;
    member_state_clear(&state, 1);
    state.purchases = UINT32_MAX;
    state.last_purchase = INT32_MIN;
    state.enrolled = INT32_MIN;
    state.level = state.held_level = state.floor_level = state.merged = state.household = UINT32_MAX;
    state.level_day = INT32_MIN;
    for (size_t i = 0; i < LOTS_MAX; i++) {
        const int64_t large = i % 2 == 0 ? INT64_MAX : 1;
        state.lots[state.lots_count++] = (struct lot){
            .origin = {(uint64_t)INT64_MAX / LOTS_MAX * i, i % 2 == 0 ? UINT32_MAX : 0},
            .amount = i % 2 == 0 ? INT64_MAX : INT64_MIN,
            .left = large,
            .reserved = large,
            .since = i % 2 == 0 ? INT32_MIN : INT32_MAX,
            .until = i % 2 == 0 ? DAY_NEVER : INT32_MIN,
            .due = i % 2 == 0 ? INT32_MIN : INT32_MAX,
        };
    }
    for (size_t i = 0; i < VOUCHERS_MAX; i++) {
        struct held_voucher *voucher = &state.vouchers[state.vouchers_count++];
        *voucher = (struct held_voucher){.origin = {INT64_MAX - VOUCHERS_MAX + i, UINT32_MAX},
                                         .reward = i % 2 == 0 ? UINT32_MAX : 0,
                                         .reservation = i % 2 == 0 ? INT64_MAX : 0,
                                         .until = DAY_NEVER};
        memset(voucher->code, i % 2 == 0 ? 0xff : 0x01, sizeof(voucher->code));
    }
    for (size_t i = 0; i < METRIC_DAYS_MAX; i++) {
        state.metric_days[state.metric_days_count++] =
            (struct metric_day){(uint32_t)i, i % 2 == 0 ? INT32_MIN : INT32_MAX, INT64_MIN};
    }
    for (size_t i = 0; i < RESERVATIONS_MAX; i++) {
        state.reservations[state.reservations_count++] = (struct reservation){
            .position = INT64_MAX - RESERVATIONS_MAX + i, .points = INT64_MAX, .until = INT64_MAX};
    }
    for (size_t i = 0; i < MEMBER_COUNTERS_MAX; i++) {
        state.counters[state.counters_count++] = (struct counter){(uint32_t)i, INT32_MAX, INT64_MIN};
    }
    for (size_t i = 0; i < SET_ITEMS_MAX; i++) {
        state.items[state.items_count++] = (struct set_item){UINT32_MAX, INT64_MAX - SET_ITEMS_MAX + i, 1};
    }
    for (size_t i = 0; i < LEVEL_HISTORY_MAX; i++) {
        state.levels[state.levels_count++] = (struct level_day){(int32_t)i, i % 2 == 0 ? UINT32_MAX : 0};
    }
    for (uint32_t i = 0; i < ARRAY_COUNT(state.stamps); i++) {
        state.stamps[state.stamps_count++] = (struct stamps){i, INT64_MIN, UINT32_MAX, INT32_MIN, INT64_MAX};
    }
    check_round_trip(&state);
}

/* What is not refused is the one form of another state. */
static bool is_refused(const uint8_t *data, size_t size)
{
    const int error = unpack(data, size, &back);
    if (error != 0) {
        assert_int_equal(error, ERR_CORRUPT);
        return true;
    }
    assert_int_equal(holdings_pack(&back, again), size);
    assert_memory_equal(again, data, size);
    return false;
}

static void damage_is_refused_or_another_state(void **unused)
{
    (void)unused;
    size_t refused = 0;
    size_t tried = 0;
    for (int i = 0; i < 4; i++) {
        draw_world();
        const size_t size = holdings_pack(&world.states[1], packed);
        assert_true(size > 20);
        for (size_t kept = 0; kept < size; kept++, tried++) {
            refused += is_refused(packed, kept);
        }
        for (size_t bit = 0; bit < 8 * size; bit++, tried++) {
            packed[bit / 8] ^= (uint8_t)(1U << bit % 8);
            refused += is_refused(packed, size);
            packed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        packed[size] = 0;
        assert_true(is_refused(packed, size + 1));
    }
    assert_true(refused > tried / 8);
    assert_true(refused < tried);
}

static void what_is_never_written_is_refused(void **unused)
{
    (void)unused;
    static const struct {
        uint8_t bytes[32];
        size_t size;
    } wrongs[] = {
        {{0}, 0},                                     /* no member */
        {{2, 2, 2, 2}, 4},                            /* a metric day of none */
        {{0, 0x80, 0, 0, 0}, 5},                      /* a number longer than need be */
        {{0, 0, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0}, 8}, /* enrolled never */
        {{0, 0, 0xfc, 0xff, 0xff, 0xff, 0x1f, 0}, 8}, /* or on no day at all */
        {{0, 0, 0, 1}, 4},                            /* fewer purchases than none */
        {{0, 0, 0, 0, 0, 0, 0, 0}, 8},                /* two members */
        {{0, 0, 0, 0, 4, 2, 2}, 7},                   /* a balance */
        {{0, 0, 0, 0, 2, 2, 2, 0}, 8},                /* 0 on a day of a metric */
        {{0, 0, 0, 0, 5, 0, 0, 0}, 8},                /* the level none */
        {{0, 0, 0, 0, 9, 2, 2, 2, 2, 2, 2, 2}, 12},   /* kinds out of order */
        {{0, 0, 0, 0, 2, 2, 2, 2, 2, 0, 0, 2}, 12},   /* a day twice */
        {{0, 0, 0, 0, 2, 2, 2, 2, 2, 1, 2, 2}, 12},   /* metrics out of order */
        {{0, 0, 0, 0, 6, 2, 2, 2, 0, 0, 0, 0}, 12},   /* a voucher without a code */
        {{0, 0, 0, 0, 7, 2, 2, 2, 2}, 9},             /* a code of no voucher */
        {{0, 0, 0, 0, 10, 2, 2, 2}, 8},               /* reserved of no lot */
        {{0, 0, 0, 0, 17, 2}, 6},                     /* no such kind */
        {{0, 0, 0, 0, 3, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0},
         19}, /* too long */
    };
    for (size_t i = 0; i < ARRAY_COUNT(wrongs); i++) {
        assert_int_equal(unpack(wrongs[i].bytes, wrongs[i].size, &back), ERR_CORRUPT);
    }
    static const uint8_t least[] = {0, 0, 0, 0};
    assert_int_equal(unpack(least, sizeof(least), &back), 0);
}

static const char *describe(const struct member_state *stored, const struct member_state *replayed)
{
    static char data[128];
    struct text text;
    text_init(&text, data, sizeof(data));
    holdings_describe((struct bytes){packed, holdings_pack(stored, packed)},
                      (struct bytes){again, holdings_pack(replayed, again)}, &text);
    return data;
}

static void the_row_that_differs_is_named(void **unused)
{
    (void)unused;
    member_state_clear(&state, 1);
    state.lots[state.lots_count++] = (struct lot){.origin = {7, 1}, .amount = 9, .left = 9, .until = 20000};
    state.metric_days[state.metric_days_count++] = (struct metric_day){2, 20000, 5};
    member_state_copy(&back, &state);
    back.lots[0].left = 8;
    assert_string_equal(describe(&back, &state), "LOT 7/1, left is 8, the log gives 9");
    member_state_copy(&back, &state);
    back.metric_days_count = 0;
    assert_string_equal(describe(&back, &state), "METRIC 2/20000 is missing");
    assert_string_equal(describe(&state, &back), "METRIC 2/20000 should not be there");
    back.purchases = 3;
    assert_string_equal(describe(&back, &state), "MEMBER, due is 3, the log gives 0");
    char data[64];
    struct text text;
    text_init(&text, data, sizeof(data));
    holdings_describe((struct bytes){packed, 2}, (struct bytes){again, holdings_pack(&state, again)}, &text);
    assert_string_equal(data, "they cannot be read");
}

int main(void)
{
    drawn_start(drawn_seed(20261122));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_come_back_as_they_were),
        cmocka_unit_test(the_largest_state_fits),
        cmocka_unit_test(damage_is_refused_or_another_state),
        cmocka_unit_test(what_is_never_written_is_refused),
        cmocka_unit_test(the_row_that_differs_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
