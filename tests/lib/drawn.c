#include "lib/drawn.h"

#include "engine/engine.h"
#include "lib/testing.h"
#include "model/programme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_state;

uint64_t drawn_seed(uint64_t fallback)
{
    const char *text = getenv("LOYALTY_SEED");
    const uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : fallback;
    printf("LOYALTY_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

void drawn_start(uint64_t seed)
{
    random_state = seed * 0x9e3779b97f4a7c15ULL + 1;
    random_state += random_state == 0;
}

uint64_t drawn(uint64_t below)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (random_state * 2685821657736338717ULL >> 11) % below;
}

static struct drawn_world *members; /* of the call in progress */

/* Adds an effect and folds it, so that the next one is drawn for the state it meets. */
static void add(struct drawn_event *event, const struct effect *effect)
{
    for (uint32_t member = 1; member <= members->enrolled; member++) {
        assert_int_equal(engine_apply(&members->states[member], event->position, effect), 0);
    }
    event->effects[event->count++] = *effect;
}

static uint64_t draw_account(uint32_t member)
{
    return account_of_member(member, (enum member_account)drawn(MEMBER_ACCOUNTS));
}

static uint64_t draw_programme_account(void)
{
    return account_of_programme((enum programme_account)drawn(PROGRAMME_ACCOUNTS));
}

static uint64_t own_or_absolute(const struct drawn_event *event, uint64_t position)
{
    return position == event->position && drawn(2) == 0 ? 0 : position;
}

/* A move that takes points out of a lot, adds to it, or moves it between the member's accounts. */
static void draw_lot_move(struct drawn_event *event, uint32_t member)
{
    const struct member_state *state = &members->states[member];
    if (state->lots_count == 0) {
        return;
    }
    /* Often the newest: it may be this event's own. */
    const size_t n = drawn(2) == 0 ? state->lots_count - 1 : drawn(state->lots_count);
    const struct lot *lot = &state->lots[n];
    struct effect effect = {.kind = EFFECT_MOVE,
                            .move = {.has_lot = true,
                                     .lot = {own_or_absolute(event, lot->origin.position), lot->origin.index},
                                     .rule = (uint32_t)drawn(3)}};
    const uint64_t kind = lot->left == 0 ? 0 : drawn(4);
    if (kind == 0) {
        effect.move.debit = draw_programme_account();
        effect.move.credit = draw_account(member);
        effect.move.amount = 1 + (int64_t)drawn(1000);
    } else if (kind == 1) {
        effect.move.debit = account_of_member(member, drawn(2) == 0 ? MEMBER_PENDING : MEMBER_AVAILABLE);
        effect.move.credit = account_of_member(member, MEMBER_RESERVED);
        effect.move.amount = lot->left;
        effect.move.pays = drawn(3) == 0;
    } else {
        effect.move.debit = draw_account(member);
        effect.move.credit = draw_programme_account();
        effect.move.amount = kind == 2 ? lot->left : 1 + (int64_t)drawn((uint64_t)lot->left);
        effect.move.effective_at = (int64_t)drawn(2) * 1000;
    }
    add(event, &effect);
}

static void draw_plain_move(struct drawn_event *event, uint32_t member)
{
    const uint32_t other = 1 + (uint32_t)drawn(members->enrolled);
    struct effect effect = {.kind = EFFECT_MOVE, .move.amount = 1 + (int64_t)drawn(50)};
    effect.move.debit = draw_account(member);
    effect.move.credit = drawn(2) == 0 ? draw_programme_account() : draw_account(other);
    if (drawn(2) == 0) {
        const uint64_t debit = effect.move.debit;
        effect.move.debit = effect.move.credit;
        effect.move.credit = debit;
    }
    if (effect.move.debit != effect.move.credit) {
        add(event, &effect);
    }
}

static void draw_lot(struct drawn_event *event, uint32_t member)
{
    const uint32_t index = (uint32_t)event->count;
    const struct effect effect = {.kind = EFFECT_LOT,
                                  .member = member,
                                  .lot = {.index = index,
                                          .since = 20000 + (int32_t)drawn(100),
                                          .until = drawn(3) == 0 ? DAY_NEVER : 20400 + (int32_t)drawn(100),
                                          .due = drawn(3) == 0 ? 20014 : 0}};
    add(event, &effect);
    /* A lot that nothing fills would never leave. */
    const struct effect fill = {.kind = EFFECT_MOVE,
                                .move = {.debit = account_of_programme(PROGRAMME_ISSUED),
                                         .credit = draw_account(member),
                                         .amount = 1 + (int64_t)drawn(1000),
                                         .has_lot = true,
                                         .lot = {own_or_absolute(event, event->position), index}}};
    add(event, &fill);
}

static void draw_metric(struct drawn_event *event, uint32_t member)
{
    const struct member_state *state = &members->states[member];
    struct effect effect = {.kind = EFFECT_METRIC,
                            .member = member,
                            .metric = {.metric = (uint32_t)drawn(3),
                                       .day = drawn(5) == 0 ? -719162 : 20000 + (int32_t)drawn(8),
                                       .amount = (int64_t)drawn(100) - 50}};
    if (drawn(3) == 0 && state->metric_days_count > 0) {
        /* A day that comes to 0. */
        const struct metric_day *day = &state->metric_days[drawn(state->metric_days_count)];
        effect.metric.metric = day->metric;
        effect.metric.day = day->day;
        effect.metric.amount = -day->amount;
    }
    add(event, &effect);
}

/* A limit of the member's own that counts, and is sometimes taken back to nothing. */
static void draw_counter(struct drawn_event *event, uint32_t member)
{
    const struct member_state *state = &members->states[member];
    struct effect effect = {.kind = EFFECT_COUNTER,
                            .member = member,
                            .counter = {.limit = 1 + (uint32_t)drawn(4),
                                        .period = drawn(3) == 0 ? -719162 : 20000 + (int32_t)drawn(20),
                                        .amount = 1 + (int64_t)drawn(50)}};
    if (drawn(3) == 0 && state->counters_count > 0) {
        const struct counter *counter = &state->counters[drawn(state->counters_count)];
        effect.counter.limit = counter->limit;
        effect.counter.period = counter->period;
        effect.counter.amount = -counter->used;
    }
    add(event, &effect);
}

/* Levels follow each other in time. */
static int32_t next_since(uint32_t member)
{
    const struct member_state *state = &members->states[member];
    const int32_t last = state->levels_count > 0 ? state->levels[state->levels_count - 1].since : 20000;
    return last + (drawn(3) == 0 ? 0 : (int32_t)drawn(150));
}

static void draw_holding(struct drawn_event *event, uint32_t member)
{
    struct effect effect = {.member = member};
    switch (drawn(4)) {
    case 0:
        effect.kind = EFFECT_LEVEL;
        effect.level.level = (uint32_t)drawn(4);
        effect.level.since = next_since(member);
        effect.level.until = drawn(2) == 0 ? DAY_NEVER : 20100;
        break;
    case 1:
        effect.kind = EFFECT_STAMPS;
        effect.stamps.card = 1 + (uint32_t)drawn(6);
        effect.stamps.given = 1;
        effect.stamps.completed = (uint32_t)drawn(3);
        effect.stamps.count = (int64_t)drawn(12) - 2;
        effect.stamps.since = 20000 + (int32_t)drawn(50);
        break;
    case 2:
        effect.kind = EFFECT_VOUCHER;
        effect.voucher.index = (uint32_t)event->count;
        effect.voucher.reward = 1 + (uint32_t)drawn(5);
        effect.voucher.card = (uint32_t)drawn(3);
        effect.voucher.since = 20000;
        effect.voucher.until = drawn(2) == 0 ? DAY_NEVER : 20060;
        for (size_t i = 0; i < VOUCHER_CODE_BYTES; i++) {
            effect.voucher.code[i] = (uint8_t)drawn(256);
        }
        break;
    default:
        effect.kind = EFFECT_VISIT;
        effect.visit.day = 20000 + (int32_t)drawn(100);
        break;
    }
    add(event, &effect);
}

void drawn_event(struct drawn_world *world, struct drawn_event *event)
{
    members = world;
    event->count = 0;
    const size_t wanted = drawn(DRAWN_EFFECTS - 3);
    if (members->enrolled == 0 || (members->enrolled < DRAWN_MEMBERS && drawn(50) == 0)) {
        members->enrolled++;
        member_state_clear(&members->states[members->enrolled], members->enrolled);
        const struct effect effect = {.kind = EFFECT_ENROL, .member = members->enrolled};
        add(event, &effect);
    }
    while (event->count < wanted) {
        const uint32_t member = 1 + (uint32_t)drawn(members->enrolled);
        switch (drawn(7)) {
        case 6:
            draw_counter(event, member);
            break;
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
        if (drawn(20) == 0) {
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
    assert_int_equal(read->counters_count, state->counters_count);
    for (size_t i = 0; i < state->counters_count; i++) {
        assert_int_equal(read->counters[i].limit, state->counters[i].limit);
        assert_int_equal(read->counters[i].period, state->counters[i].period);
        assert_int_equal(read->counters[i].used, state->counters[i].used);
    }
    assert_int_equal(read->levels_count, state->levels_count);
    for (size_t i = 0; i < state->levels_count; i++) {
        assert_int_equal(read->levels[i].since, state->levels[i].since);
        assert_int_equal(read->levels[i].level, state->levels[i].level);
    }
}

void drawn_check(struct store *store, const struct drawn_world *world)
{
    static struct member_state read_state;
    for (uint32_t member = 1; member <= world->enrolled; member++) {
        const struct member_state *state = &world->states[member];
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
    assert_int_equal(store_member_read(store, world->enrolled + 1, &read_state), ERR_NOT_FOUND);
}

/* Only what is used of the arrays, which is little. */
static void copy_state(struct member_state *to, const struct member_state *from)
{
    memcpy(to, from, offsetof(struct member_state, vouchers));
    memcpy(to->vouchers, from->vouchers, from->vouchers_count * sizeof(from->vouchers[0]));
    memcpy(to->metric_days, from->metric_days, from->metric_days_count * sizeof(from->metric_days[0]));
    memcpy(to->counters, from->counters, from->counters_count * sizeof(from->counters[0]));
    memcpy(to->levels, from->levels, from->levels_count * sizeof(from->levels[0]));
    memcpy(to->lots, from->lots, from->lots_count * sizeof(from->lots[0]));
}

void drawn_copy(struct drawn_world *to, const struct drawn_world *from)
{
    to->enrolled = from->enrolled;
    for (uint32_t member = 1; member <= from->enrolled; member++) {
        copy_state(&to->states[member], &from->states[member]);
    }
}

/* Vouchers only ever come. */
bool drawn_is_full(const struct drawn_world *world)
{
    for (uint32_t member = 1; member <= world->enrolled; member++) {
        const struct member_state *state = &world->states[member];
        if (state->vouchers_count + 64 > VOUCHERS_MAX || state->lots_count + 64 > LOTS_MAX) {
            return true;
        }
    }
    return false;
}
