#include "lib/drawn.h"

#include "engine/engine.h"
#include "lib/testing.h"
#include "model/holding.h"
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

/* The account that holds the part of a lot that is not reserved. */
static uint64_t free_account(const struct lot *lot, uint32_t member)
{
    return account_of_member(member, lot->due != 0 ? MEMBER_PENDING : MEMBER_AVAILABLE);
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
    const int64_t open = lot->left - lot->reserved;
    struct effect effect = {.kind = EFFECT_MOVE,
                            .move = {.has_lot = true,
                                     .lot = {own_or_absolute(event, lot->origin.position), lot->origin.index},
                                     .rule = (uint32_t)drawn(3)}};
    const uint64_t reserved = account_of_member(member, MEMBER_RESERVED);
    const uint64_t available = account_of_member(member, MEMBER_AVAILABLE);
    switch (open == 0 && lot->reserved == 0 ? 0 : drawn(6)) {
    case 0:
        effect.move.debit = draw_programme_account();
        effect.move.credit = free_account(lot, member);
        effect.move.amount = 1 + (int64_t)drawn(1000);
        break;
    case 1: /* released */
        effect.move.debit = account_of_member(member, MEMBER_PENDING);
        effect.move.credit = available;
        effect.move.amount = open;
        effect.move.pays = drawn(3) == 0;
        break;
    case 2: /* reserved */
        effect.move.debit = available;
        effect.move.credit = reserved;
        effect.move.amount = open > 0 ? 1 + (int64_t)drawn((uint64_t)open) : 0;
        break;
    case 3: /* no longer, or to pay what is owed */
        effect.move.debit = reserved;
        effect.move.credit = available;
        effect.move.amount = lot->reserved;
        effect.move.pays = drawn(3) == 0;
        break;
    case 4: /* what was reserved is spent */
        effect.move.debit = reserved;
        effect.move.credit = draw_programme_account();
        effect.move.amount = lot->reserved > 0 ? 1 + (int64_t)drawn((uint64_t)lot->reserved) : 0;
        break;
    default:
        effect.move.debit = free_account(lot, member);
        effect.move.credit = draw_programme_account();
        effect.move.amount = open > 0 && drawn(2) == 0 ? 1 + (int64_t)drawn((uint64_t)open) : open;
        effect.move.effective_at = (int64_t)drawn(2) * 1000;
        break;
    }
    if (effect.move.amount > 0) {
        add(event, &effect);
    }
}

/* A lot moves, or a part of it, to another member: to a lot of the same name or to a new one. */
static void draw_transfer(struct drawn_event *event, uint32_t member)
{
    const struct member_state *state = &members->states[member];
    const uint32_t other = 1 + (uint32_t)drawn(members->enrolled);
    if (state->lots_count == 0 || other == member) {
        return;
    }
    const struct lot lot = state->lots[drawn(state->lots_count)];
    const int64_t open = lot.left - lot.reserved;
    if (open == 0 || lot.origin.position == event->position) {
        return;
    }
    struct effect effect = {.kind = EFFECT_MOVE,
                            .move = {.debit = free_account(&lot, member),
                                     .credit = free_account(&lot, other),
                                     .amount = 1 + (int64_t)drawn((uint64_t)open),
                                     .has_lot = true,
                                     .lot = lot.origin,
                                     .pays = drawn(4) == 0,
                                     .has_to = drawn(2) == 0,
                                     .to = (uint32_t)event->count}};
    const struct member_state *receiver = &members->states[other];
    bool there = effect.move.pays;
    for (size_t i = 0; i < receiver->lots_count && !effect.move.has_to; i++) {
        there = there || (receiver->lots[i].origin.position == lot.origin.position &&
                          receiver->lots[i].origin.index == lot.origin.index);
    }
    if (!there) {
        const struct effect open_lot = {
            .kind = EFFECT_LOT,
            .member = other,
            .lot = {.position = effect.move.has_to ? 0 : lot.origin.position,
                    .index = effect.move.has_to ? effect.move.to : lot.origin.index,
                    .since = lot.since,
                    .until = lot.until,
                    .due = lot.due}};
        add(event, &open_lot);
    }
    add(event, &effect);
}

/* All points of a lot go to another member as they are, reserved and pending ones too. */
static void draw_whole_lot(struct drawn_event *event, const struct lot *lot, uint32_t from, uint32_t to)
{
    const int64_t held = lot->reserved;
    struct effect effect = {.kind = EFFECT_MOVE, .move = {.has_lot = true, .lot = lot->origin}};
    bool there = false;
    for (size_t i = 0; i < members->states[to].lots_count; i++) {
        const struct origin *origin = &members->states[to].lots[i].origin;
        there = there || (origin->position == lot->origin.position && origin->index == lot->origin.index);
    }
    if (!there) {
        const struct effect open_lot = {.kind = EFFECT_LOT,
                                        .member = to,
                                        .lot = {.position = lot->origin.position,
                                                .index = lot->origin.index,
                                                .since = lot->since,
                                                .until = lot->until,
                                                .due = lot->due}};
        add(event, &open_lot);
    }
    if (lot->left > held) {
        effect.move.amount = lot->left - held;
        effect.move.debit = free_account(lot, from);
        effect.move.credit = free_account(lot, to);
        add(event, &effect);
    }
    if (held > 0) {
        effect.move.amount = held;
        effect.move.debit = account_of_member(from, MEMBER_RESERVED);
        effect.move.credit = account_of_member(to, MEMBER_RESERVED);
        add(event, &effect);
    }
}

/* A member becomes another one, where there is room to move all its points. */
static void draw_merge(struct drawn_event *event, uint32_t member)
{
    struct member_state *state = &members->states[member];
    const uint32_t other = 1 + (uint32_t)drawn(members->enrolled);
    if (other == member || state->merged != 0 || event->count + 3 * state->lots_count + 4 > DRAWN_EFFECTS) {
        return;
    }
    while (state->lots_count > 0) {
        const struct lot lot = state->lots[0];
        if (lot.origin.position == event->position) {
            return;
        }
        draw_whole_lot(event, &lot, member, other);
    }
    for (unsigned i = 0; i < MEMBER_ACCOUNTS; i++) {
        const int64_t balance = state->balances[i];
        const uint64_t account = account_of_member(member, (enum member_account)i);
        const struct effect effect = {
            .kind = EFFECT_MOVE,
            .move = {.debit = balance > 0 ? account : account_of_programme(PROGRAMME_ADJUSTED),
                     .credit = balance > 0 ? account_of_programme(PROGRAMME_ADJUSTED) : account,
                     .amount = balance > 0 ? balance : -balance}};
        if (balance != 0) {
            add(event, &effect);
        }
    }
    const struct effect effect = {.kind = EFFECT_MERGE, .member = member, .merge.into = other};
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
    const struct effect fill = {
        .kind = EFFECT_MOVE,
        .move = {.debit = account_of_programme(PROGRAMME_ISSUED),
                 .credit = account_of_member(member, effect.lot.due != 0 ? MEMBER_PENDING : MEMBER_AVAILABLE),
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

/* An item of a set, and sometimes the last of it that stands. */
static void draw_item(struct effect *effect)
{
    const struct member_state *state = &members->states[effect->member];
    effect->kind = EFFECT_ITEM;
    effect->item.card = 1 + (uint32_t)drawn(2);
    effect->item.item = drawn(4) == 0 ? 0xffffffffffff : drawn(6);
    effect->item.amount = 1000 * (1 + (int64_t)drawn(3));
    if (drawn(3) == 0 && state->items_count > 0) {
        const struct set_item *item = &state->items[drawn(state->items_count)];
        effect->item.card = item->card;
        effect->item.item = item->item;
        effect->item.amount = -item->standing;
    }
}

static void draw_holding(struct drawn_event *event, uint32_t member)
{
    struct effect effect = {.member = member};
    const struct member_state *state = &members->states[member];
    switch (drawn(10)) {
    case 9:
        effect.kind = EFFECT_HOUSEHOLD;
        effect.household.household = (uint32_t)drawn(members->enrolled + 1);
        break;
    case 8:
        draw_item(&effect);
        break;
    case 4:
        if (state->vouchers_count == 0) {
            return;
        }
        effect.kind = EFFECT_VOUCHER_HOLD;
        effect.voucher_hold.voucher = state->vouchers[drawn(state->vouchers_count)].origin;
        effect.voucher_hold.reservation = drawn(2) == 0 ? 0 : drawn(2) == 0 ? RESERVED_HERE : 7;
        break;
    case 5: {
        if (state->vouchers_count == 0) {
            return;
        }
        const struct held_voucher *voucher = &state->vouchers[drawn(state->vouchers_count)];
        effect.kind = EFFECT_VOUCHER_END;
        effect.voucher_end.voucher = voucher->origin;
        effect.voucher_end.end = (enum voucher_end)(1 + drawn(3));
        memcpy(effect.voucher_end.code, voucher->code, VOUCHER_CODE_BYTES);
        /* Some are back at once, as after a void. */
        const struct effect back = {.kind = EFFECT_VOUCHER,
                                    .member = member,
                                    .voucher = {.position = voucher->origin.position,
                                                .index = voucher->origin.index,
                                                .reward = voucher->reward,
                                                .since = 20001,
                                                .until = voucher->until}};
        struct effect again = back;
        memcpy(again.voucher.code, voucher->code, VOUCHER_CODE_BYTES);
        add(event, &effect);
        if (drawn(2) == 0) {
            add(event, &again);
        }
        return;
    }
    case 6: {
        const size_t count = state->reservations_count;
        const bool here = count > 0 && state->reservations[count - 1].position == event->position;
        if (count == RESERVATIONS_MAX || (count > 0 && (here || drawn(2) == 0))) {
            effect.kind = EFFECT_RESERVATION_END;
            effect.reservation_end.reservation = state->reservations[drawn(count)].position;
            effect.reservation_end.end = RESERVATION_RELEASED;
        } else {
            effect.kind = EFFECT_RESERVATION;
            effect.reservation.points = (int64_t)drawn(3) * 50;
            effect.reservation.reward = (uint32_t)drawn(3);
            effect.reservation.units = 1;
            effect.reservation.day = 20000 + (int32_t)drawn(50);
            effect.reservation.until = (int64_t)drawn(2) * 1700000000000;
        }
        break;
    }
    case 7:
        effect.kind = EFFECT_FLOOR;
        effect.floor.level = (uint32_t)drawn(3);
        effect.floor.until = effect.floor.level == 0 ? 0 : drawn(2) == 0 ? DAY_NEVER : 20100;
        break;
    case 0:
        effect.kind = EFFECT_LEVEL;
        effect.level.day = 20000 + (int32_t)drawn(50);
        effect.level.held = (uint32_t)drawn(3);
        effect.level.held_until = effect.level.held == 0 ? 0 : 20090;
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
        effect.stamps.required = (int64_t)drawn(12);
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
        effect.visit.undone = state->purchases > 0 && drawn(4) == 0;
        effect.visit.more = effect.visit.undone ? 0 : (uint32_t)drawn(3);
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
        const struct effect effect = {
            .kind = EFFECT_ENROL, .member = members->enrolled, .enrol.day = 19000 + (int32_t)drawn(99)};
        add(event, &effect);
    }
    while (event->count < wanted) {
        const uint32_t member = 1 + (uint32_t)drawn(members->enrolled);
        switch (drawn(8)) {
        case 7:
            if (drawn(4) == 0) {
                draw_merge(event, member);
            } else {
                draw_transfer(event, member);
            }
            break;
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

static void check_rows(const struct member_state *read, const struct member_state *state)
{
    struct holding_cursor read_at = {0};
    struct holding_cursor state_at = {0};
    struct holding_row row;
    struct holding_row expected;
    while (holding_next(state, &state_at, &expected)) {
        assert_true(holding_next(read, &read_at, &row));
        assert_int_equal(row.kind, expected.kind);
        assert_int_equal(row.key1, expected.key1);
        assert_int_equal(row.key2, expected.key2);
        assert_int_equal(row.amount, expected.amount);
        assert_int_equal(row.left, expected.left);
        assert_int_equal(row.since, expected.since);
        assert_int_equal(row.until, expected.until);
        assert_int_equal(row.due, expected.due);
    }
    assert_false(holding_next(read, &read_at, &row));
}

void drawn_check(struct store *store, const struct drawn_world *world)
{
    static struct member_state read_state;
    for (uint32_t member = 1; member <= world->enrolled; member++) {
        assert_int_equal(store_member_read(store, member, &read_state), 0);
        assert_int_equal(read_state.member, member);
        check_rows(&read_state, &world->states[member]);
    }
    assert_int_equal(store_member_read(store, world->enrolled + 1, &read_state), ERR_NOT_FOUND);
}

void drawn_copy(struct drawn_world *to, const struct drawn_world *from)
{
    to->enrolled = from->enrolled;
    for (uint32_t member = 1; member <= from->enrolled; member++) {
        member_state_copy(&to->states[member], &from->states[member]);
    }
}

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
