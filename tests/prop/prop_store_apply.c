/* Rows and structs agree: the same effects, drawn at random but such as the engine may decide, are applied to
 * the store and folded by engine_apply; what the store reads back is the struct, member by member, also
 * across rollbacks and reopening, and its books balance. */
#include "engine/engine.h"
#include "lib/temporary.h"
#include "lib/testing.h"
#include "model/programme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS = 4, EFFECTS = 24, ROUNDS = 1500 };

static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (random_state * 2685821657736338717ULL >> 11) % below;
}

static struct member_state
    states[MEMBERS + 1]; /* as folded; member 0 of it is the number of those enrolled */
static struct member_state before[MEMBERS + 1]; /* as of the last commit */
static struct member_state read_state;
static uint32_t enrolled;
static uint32_t enrolled_before;

struct drawn {
    uint64_t position;
    struct effect effects[EFFECTS];
    size_t count;
};

/* Adds an effect and folds it, so that the next one is drawn for the state it meets. */
static void add(struct drawn *event, const struct effect *effect)
{
    for (uint32_t member = 1; member <= enrolled; member++) {
        assert_int_equal(engine_apply(&states[member], event->position, effect), 0);
    }
    event->effects[event->count++] = *effect;
}

static uint64_t draw_account(uint32_t member)
{
    return account_of_member(member, (enum member_account)draw(MEMBER_ACCOUNTS));
}

static uint64_t draw_programme_account(void)
{
    return account_of_programme((enum programme_account)draw(PROGRAMME_ACCOUNTS));
}

static uint64_t own_or_absolute(const struct drawn *event, uint64_t position)
{
    return position == event->position && draw(2) == 0 ? 0 : position;
}

/* A move that takes points out of a lot, adds to it, or moves it between the member's accounts. */
static void draw_lot_move(struct drawn *event, uint32_t member)
{
    const struct member_state *state = &states[member];
    if (state->lots_count == 0) {
        return;
    }
    /* Often the newest: it may be this event's own. */
    const size_t n = draw(2) == 0 ? state->lots_count - 1 : draw(state->lots_count);
    const struct lot *lot = &state->lots[n];
    struct effect effect = {.kind = EFFECT_MOVE,
                            .move = {.has_lot = true,
                                     .lot = {own_or_absolute(event, lot->origin.position), lot->origin.index},
                                     .rule = (uint32_t)draw(3)}};
    const uint64_t kind = lot->left == 0 ? 0 : draw(4);
    if (kind == 0) {
        effect.move.debit = draw_programme_account();
        effect.move.credit = draw_account(member);
        effect.move.amount = 1 + (int64_t)draw(1000);
    } else if (kind == 1) {
        effect.move.debit = account_of_member(member, draw(2) == 0 ? MEMBER_PENDING : MEMBER_AVAILABLE);
        effect.move.credit = account_of_member(member, MEMBER_RESERVED);
        effect.move.amount = lot->left;
    } else {
        effect.move.debit = draw_account(member);
        effect.move.credit = draw_programme_account();
        effect.move.amount = kind == 2 ? lot->left : 1 + (int64_t)draw((uint64_t)lot->left);
        effect.move.effective_at = (int64_t)draw(2) * 1000;
    }
    add(event, &effect);
}

static void draw_plain_move(struct drawn *event, uint32_t member)
{
    const uint32_t other = 1 + (uint32_t)draw(enrolled);
    struct effect effect = {.kind = EFFECT_MOVE, .move.amount = 1 + (int64_t)draw(50)};
    effect.move.debit = draw_account(member);
    effect.move.credit = draw(2) == 0 ? draw_programme_account() : draw_account(other);
    if (draw(2) == 0) {
        const uint64_t debit = effect.move.debit;
        effect.move.debit = effect.move.credit;
        effect.move.credit = debit;
    }
    if (effect.move.debit != effect.move.credit) {
        add(event, &effect);
    }
}

static void draw_lot(struct drawn *event, uint32_t member)
{
    const uint32_t index = (uint32_t)event->count;
    const struct effect effect = {.kind = EFFECT_LOT,
                                  .member = member,
                                  .lot = {.index = index,
                                          .since = 20000 + (int32_t)draw(100),
                                          .until = draw(3) == 0 ? DAY_NEVER : 20400 + (int32_t)draw(100),
                                          .due = draw(3) == 0 ? 20014 : 0}};
    add(event, &effect);
    /* A lot that nothing fills would never leave. */
    const struct effect fill = {.kind = EFFECT_MOVE,
                                .move = {.debit = account_of_programme(PROGRAMME_ISSUED),
                                         .credit = draw_account(member),
                                         .amount = 1 + (int64_t)draw(1000),
                                         .has_lot = true,
                                         .lot = {own_or_absolute(event, event->position), index}}};
    add(event, &fill);
}

static void draw_metric(struct drawn *event, uint32_t member)
{
    const struct member_state *state = &states[member];
    struct effect effect = {.kind = EFFECT_METRIC,
                            .member = member,
                            .metric = {.metric = (uint32_t)draw(3),
                                       .day = draw(5) == 0 ? -719162 : 20000 + (int32_t)draw(8),
                                       .amount = (int64_t)draw(100) - 50}};
    if (draw(3) == 0 && state->metric_days_count > 0) {
        /* A day that comes to 0. */
        const struct metric_day *day = &state->metric_days[draw(state->metric_days_count)];
        effect.metric.metric = day->metric;
        effect.metric.day = day->day;
        effect.metric.amount = -day->amount;
    }
    add(event, &effect);
}

static void draw_holding(struct drawn *event, uint32_t member)
{
    struct effect effect = {.member = member};
    switch (draw(4)) {
    case 0:
        effect.kind = EFFECT_LEVEL;
        effect.level.level = (uint32_t)draw(4);
        effect.level.until = draw(2) == 0 ? DAY_NEVER : 20100;
        break;
    case 1:
        effect.kind = EFFECT_STAMPS;
        effect.stamps.card = 1 + (uint32_t)draw(6);
        effect.stamps.given = 1;
        effect.stamps.completed = (uint32_t)draw(3);
        effect.stamps.count = (int64_t)draw(12) - 2;
        effect.stamps.since = 20000 + (int32_t)draw(50);
        break;
    case 2:
        effect.kind = EFFECT_VOUCHER;
        effect.voucher.index = (uint32_t)event->count;
        effect.voucher.reward = 1 + (uint32_t)draw(5);
        effect.voucher.card = (uint32_t)draw(3);
        effect.voucher.since = 20000;
        effect.voucher.until = draw(2) == 0 ? DAY_NEVER : 20060;
        for (size_t i = 0; i < VOUCHER_CODE_BYTES; i++) {
            effect.voucher.code[i] = (uint8_t)draw(256);
        }
        break;
    default:
        effect.kind = EFFECT_VISIT;
        effect.visit.day = 20000 + (int32_t)draw(100);
        break;
    }
    add(event, &effect);
}

static void draw_event(struct drawn *event)
{
    const size_t wanted = draw(EFFECTS - 3);
    if (enrolled == 0 || (enrolled < MEMBERS && draw(50) == 0)) {
        enrolled++;
        member_state_clear(&states[enrolled], enrolled);
        const struct effect effect = {.kind = EFFECT_ENROL, .member = enrolled};
        add(event, &effect);
    }
    while (event->count < wanted) {
        const uint32_t member = 1 + (uint32_t)draw(enrolled);
        switch (draw(6)) {
        case 0:
            draw_lot(event, member);
            break;
        case 1:
        case 2:
            draw_lot_move(event, member);
            break;
        case 3:
            draw_plain_move(event, member);
            break;
        case 4:
            draw_metric(event, member);
            break;
        default:
            draw_holding(event, member);
            break;
        }
        if (draw(20) == 0) {
            break;
        }
    }
}

static void check_lots(const struct member_state *read, const struct member_state *state)
{
    assert_int_equal(read->lots_count, state->lots_count);
    for (size_t i = 0; i < state->lots_count; i++) {
        assert_memory_equal(&read->lots[i].origin, &state->lots[i].origin,
                            sizeof(uint64_t) + sizeof(uint32_t));
        assert_int_equal(read->lots[i].amount, state->lots[i].amount);
        assert_int_equal(read->lots[i].left, state->lots[i].left);
        assert_int_equal(read->lots[i].since, state->lots[i].since);
        assert_int_equal(read->lots[i].until, state->lots[i].until);
        assert_int_equal(read->lots[i].due, state->lots[i].due);
    }
}

static void check_vouchers(const struct member_state *read, const struct member_state *state)
{
    assert_int_equal(read->vouchers_count, state->vouchers_count);
    for (size_t i = 0; i < state->vouchers_count; i++) {
        assert_int_equal(read->vouchers[i].origin.position, state->vouchers[i].origin.position);
        assert_int_equal(read->vouchers[i].origin.index, state->vouchers[i].origin.index);
        assert_memory_equal(read->vouchers[i].code, state->vouchers[i].code, VOUCHER_CODE_BYTES);
        assert_int_equal(read->vouchers[i].reward, state->vouchers[i].reward);
        assert_int_equal(read->vouchers[i].card, state->vouchers[i].card);
        assert_int_equal(read->vouchers[i].since, state->vouchers[i].since);
        assert_int_equal(read->vouchers[i].until, state->vouchers[i].until);
    }
}

static void check_counts(const struct member_state *read, const struct member_state *state)
{
    assert_int_equal(read->stamps_count, state->stamps_count);
    for (size_t i = 0; i < state->stamps_count; i++) {
        assert_int_equal(read->stamps[i].card, state->stamps[i].card);
        assert_int_equal(read->stamps[i].count, state->stamps[i].count);
        assert_int_equal(read->stamps[i].completed, state->stamps[i].completed);
        assert_int_equal(read->stamps[i].since, state->stamps[i].since);
    }
    assert_int_equal(read->metric_days_count, state->metric_days_count);
    for (size_t i = 0; i < state->metric_days_count; i++) {
        assert_int_equal(read->metric_days[i].metric, state->metric_days[i].metric);
        assert_int_equal(read->metric_days[i].day, state->metric_days[i].day);
        assert_int_equal(read->metric_days[i].amount, state->metric_days[i].amount);
    }
}

static void check_members(struct store *store)
{
    for (uint32_t member = 1; member <= enrolled; member++) {
        const struct member_state *state = &states[member];
        assert_int_equal(store_member_read(store, member, &read_state), 0);
        assert_int_equal(read_state.member, member);
        for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
            assert_int_equal(read_state.balances[i], state->balances[i]);
        }
        assert_int_equal(read_state.level, state->level);
        assert_int_equal(read_state.level_until, state->level_until);
        assert_int_equal(read_state.purchases, state->purchases);
        assert_int_equal(read_state.last_purchase, state->last_purchase);
        assert_int_equal(read_state.last_position, state->last_position);
        check_lots(&read_state, state);
        check_vouchers(&read_state, state);
        check_counts(&read_state, state);
    }
    assert_int_equal(store_member_read(store, enrolled + 1, &read_state), ERR_NOT_FOUND);
}

static void copy_states(struct member_state *to, const struct member_state *from)
{
    memcpy(to, from, sizeof(states));
}

/* Vouchers only ever come: a member that has many is as good as new for this test when its store is. */
static bool is_full(void)
{
    for (uint32_t member = 1; member <= enrolled; member++) {
        if (states[member].vouchers_count + 64 > VOUCHERS_MAX || states[member].lots_count + 64 > LOTS_MAX) {
            return true;
        }
    }
    return false;
}

static void rows_and_structs_agree(void **state)
{
    struct temporary *temporary = *state;
    for (int round = 0; round < ROUNDS && !is_full(); round++) {
        temporary_begin(temporary->store);
        const uint64_t events = 1 + draw(4);
        for (uint64_t i = 0; i < events; i++) {
            struct store_head head;
            struct drawn event = {0};
            assert_int_equal(store_head(temporary->store, &head), 0);
            event.position = head.position + 1;
            draw_event(&event);
            temporary_apply(temporary->store, event.effects, event.count);
            assert_int_equal(temporary_book(temporary->store, 0), event.position);
            if (draw(4) == 0) {
                check_members(temporary->store);
            }
        }
        if (draw(8) == 0) {
            store_rollback(temporary->store);
            copy_states(states, before);
            enrolled = enrolled_before;
        } else {
            temporary_commit(temporary->store);
            copy_states(before, states);
            enrolled_before = enrolled;
        }
        if (draw(10) == 0) {
            check_members(temporary->store);
        }
        if (draw(100) == 0) {
            temporary_reopen(temporary);
            check_members(temporary->store);
        }
    }
    check_members(temporary->store);
    struct store_totals totals;
    assert_int_equal(store_totals(temporary->store, &totals), 0);
    assert_true(totals.balanced);
    assert_int_equal(totals.members, enrolled);
}

int main(void)
{
    const char *seed = getenv("LOYALTY_SEED");
    random_state = seed != NULL ? strtoull(seed, NULL, 0) : 20261201;
    random_state += random_state == 0;
    printf("LOYALTY_SEED=%llu\n", (unsigned long long)random_state);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_and_structs_agree, temporary_setup, temporary_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
