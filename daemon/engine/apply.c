#include "engine/engine.h"

#include "base/check.h"
#include "base/checked.h"

#include <string.h>

/* Room for one more item at `place`; the rest moves up. */
static int make_room(void *items, size_t item_size, size_t *count, size_t count_max, size_t place)
{
    if (*count == count_max) {
        return ERR_TOO_LARGE;
    }
    uint8_t *at = (uint8_t *)items + place * item_size;
    memmove(at + item_size, at, (*count - place) * item_size);
    (*count)++;
    return 0;
}

static void close_gap(void *items, size_t item_size, size_t *count, size_t place)
{
    uint8_t *at = (uint8_t *)items + place * item_size;
    (*count)--;
    memmove(at, at + item_size, (*count - place) * item_size);
}

static int compare_origins(struct origin a, struct origin b)
{
    if (a.position != b.position) {
        return a.position < b.position ? -1 : 1;
    }
    return (a.index > b.index) - (a.index < b.index);
}

/* Where the lot of this origin stands, or would. What is new comes last, so the search starts there. */
static size_t lot_place(const struct member_state *state, struct origin origin)
{
    size_t low = 0;
    size_t high = state->lots_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare_origins(state->lots[middle].origin, origin) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool lot_is_at(const struct member_state *state, size_t place, struct origin origin)
{
    return place < state->lots_count && compare_origins(state->lots[place].origin, origin) == 0;
}

static int apply_lot(struct member_state *state, uint64_t position, const struct effect *effect)
{
    const struct origin origin = {effect->lot.position != 0 ? effect->lot.position : position,
                                  effect->lot.index};
    const size_t place = lot_place(state, origin);
    if (lot_is_at(state, place, origin)) {
        return ERR_CORRUPT;
    }
    const int err = make_room(state->lots, sizeof(state->lots[0]), &state->lots_count, LOTS_MAX, place);
    if (err == 0) {
        state->lots[place] = (struct lot){
            .origin = origin,
            .since = effect->lot.since,
            .until = effect->lot.until,
            .due = effect->lot.due,
        };
    }
    return err;
}

/* What is left of a lot, and how much of that is reserved, changes by these. Nothing left: it is gone. */
static int change_lot(struct member_state *state, size_t place, int64_t left, int64_t reserved)
{
    struct lot *lot = &state->lots[place];
    if (lot->left + left < 0 || lot->reserved + reserved < 0 || lot->reserved + reserved > lot->left + left) {
        return ERR_CORRUPT;
    }
    lot->left += left;
    lot->reserved += reserved;
    if (lot->left == 0) {
        close_gap(state->lots, sizeof(state->lots[0]), &state->lots_count, place);
    }
    return 0;
}

/* Points leave the lot: spent, expired, taken back, moved to somebody, or paying what is owed. */
static int move_out(struct member_state *state, size_t place, const struct effect *effect)
{
    const int64_t amount = effect->move.amount;
    const bool reserved = account_number(effect->move.debit) == MEMBER_RESERVED;
    return change_lot(state, place, -amount, reserved ? -amount : 0);
}

/* Points stay in their lot and change accounts: released from pending, reserved, or free again. */
static int move_within(struct member_state *state, size_t place, const struct effect *effect)
{
    const int64_t amount = effect->move.amount;
    if (account_number(effect->move.debit) == MEMBER_PENDING) {
        state->lots[place].due = 0;
    }
    const int64_t reserved = account_number(effect->move.credit) == MEMBER_RESERVED  ? amount
                             : account_number(effect->move.debit) == MEMBER_RESERVED ? -amount
                                                                                     : 0;
    return change_lot(state, place, 0, reserved);
}

/* Points come into the lot; those that are reserved where they come from stay so. */
static int move_in(struct member_state *state, size_t place, const struct effect *effect)
{
    struct lot *lot = &state->lots[place];
    const int64_t amount = effect->move.amount;
    int64_t left;
    int err = checked_add(lot->left, amount, &left);
    err = err != 0 ? err : checked_add(lot->amount, amount, &lot->amount);
    if (err == 0) {
        lot->left = left;
        lot->reserved += account_number(effect->move.credit) == MEMBER_RESERVED ? amount : 0;
    }
    return err;
}

static int move_lot(struct member_state *state, uint64_t position, const struct effect *effect, bool debited,
                    bool credited)
{
    const struct origin named = effect->move.lot;
    struct origin origin = {named.position != 0 ? named.position : position, named.index};
    if (credited && !debited) {
        if (effect->move.pays) {
            return 0; /* of the other's lot; what is owed here is in none */
        }
        origin = effect->move.has_to ? (struct origin){position, effect->move.to} : origin;
    }
    const size_t place = lot_place(state, origin);
    if (!lot_is_at(state, place, origin)) {
        return ERR_CORRUPT;
    }
    if (!debited) {
        return move_in(state, place, effect);
    }
    return credited && !effect->move.pays ? move_within(state, place, effect)
                                          : move_out(state, place, effect);
}

static int apply_move(struct member_state *state, uint64_t position, const struct effect *effect)
{
    const uint64_t debit = effect->move.debit;
    const uint64_t credit = effect->move.credit;
    const bool debited = account_member(debit) == state->member;
    const bool credited = account_member(credit) == state->member;
    if ((debited && account_number(debit) >= MEMBER_ACCOUNTS) ||
        (credited && account_number(credit) >= MEMBER_ACCOUNTS) || effect->move.amount <= 0) {
        return ERR_CORRUPT;
    }
    int err = 0;
    if (debited) {
        int64_t *balance = &state->balances[account_number(debit)];
        err = checked_sub(*balance, effect->move.amount, balance);
    }
    if (err == 0 && credited) {
        int64_t *balance = &state->balances[account_number(credit)];
        err = checked_add(*balance, effect->move.amount, balance);
    }
    if (err == 0 && effect->move.has_lot) {
        err = move_lot(state, position, effect, debited, credited);
    }
    return err;
}

static int apply_metric(struct member_state *state, const struct effect *effect)
{
    size_t low = 0;
    size_t high = state->metric_days_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct metric_day *day = &state->metric_days[middle];
        const bool before = day->metric != effect->metric.metric ? day->metric < effect->metric.metric
                                                                 : day->day < effect->metric.day;
        if (before) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    struct metric_day *day = &state->metric_days[low];
    const size_t size = sizeof(state->metric_days[0]);
    if (low < state->metric_days_count && day->metric == effect->metric.metric &&
        day->day == effect->metric.day) {
        const int err = checked_add(day->amount, effect->metric.amount, &day->amount);
        if (err == 0 && day->amount == 0) {
            close_gap(state->metric_days, size, &state->metric_days_count, low);
        }
        return err;
    }
    if (effect->metric.amount == 0) {
        return 0;
    }
    const int err = make_room(state->metric_days, size, &state->metric_days_count, METRIC_DAYS_MAX, low);
    if (err == 0) {
        *day = (struct metric_day){effect->metric.metric, effect->metric.day, effect->metric.amount};
    }
    return err;
}

static int apply_level(struct member_state *state, const struct effect *effect)
{
    size_t *count = &state->levels_count;
    const int32_t since = effect->level.since;
    if (state->level != effect->level.level) {
        if (*count > 0 && state->levels[*count - 1].since > since) {
            return ERR_CORRUPT;
        }
        if (*count == 0 || state->levels[*count - 1].since < since) {
            if (*count == LEVEL_HISTORY_MAX) {
                return ERR_TOO_LARGE;
            }
            (*count)++;
        }
        state->levels[*count - 1] = (struct level_day){since, effect->level.level};
        /* The level in force LEVEL_HISTORY_DAYS ago is the oldest that anybody asks for. */
        while (*count > 1 && state->levels[1].since <= since - LEVEL_HISTORY_DAYS) {
            close_gap(state->levels, sizeof(state->levels[0]), count, 0);
        }
    }
    /* Of none nothing is said, so that a state is what its rows tell. */
    const bool any = effect->level.level != 0;
    state->level = effect->level.level;
    state->level_until = any ? effect->level.until : DAY_NEVER;
    state->level_day = any ? effect->level.day : 0;
    state->held_level = effect->level.held;
    state->held_until = effect->level.held != 0 ? effect->level.held_until : 0;
    return 0;
}

static int apply_counter(struct member_state *state, const struct effect *effect)
{
    const size_t size = sizeof(state->counters[0]);
    size_t place = 0;
    while (place < state->counters_count && (state->counters[place].limit < effect->counter.limit ||
                                             (state->counters[place].limit == effect->counter.limit &&
                                              state->counters[place].period < effect->counter.period))) {
        place++;
    }
    struct counter *counter = &state->counters[place];
    if (place == state->counters_count || counter->limit != effect->counter.limit ||
        counter->period != effect->counter.period) {
        if (effect->counter.amount == 0) {
            return 0;
        }
        const int err = make_room(state->counters, size, &state->counters_count, MEMBER_COUNTERS_MAX, place);
        if (err == 0) {
            *counter =
                (struct counter){effect->counter.limit, effect->counter.period, effect->counter.amount};
        }
        return err;
    }
    const int err = checked_add(counter->used, effect->counter.amount, &counter->used);
    if (err == 0 && counter->used == 0) {
        close_gap(state->counters, size, &state->counters_count, place);
    }
    return err;
}

static int apply_stamps(struct member_state *state, const struct effect *effect)
{
    const size_t count_max = sizeof(state->stamps) / sizeof(state->stamps[0]);
    size_t place = 0;
    while (place < state->stamps_count && state->stamps[place].card < effect->stamps.card) {
        place++;
    }
    struct stamps *stamps = &state->stamps[place];
    if (place == state->stamps_count || stamps->card != effect->stamps.card) {
        const int err =
            make_room(state->stamps, sizeof(state->stamps[0]), &state->stamps_count, count_max, place);
        if (err != 0) {
            return err;
        }
        *stamps = (struct stamps){.card = effect->stamps.card};
    }
    if (stamps->completed > UINT32_MAX - effect->stamps.completed) {
        return ERR_OVERFLOW;
    }
    stamps->completed += effect->stamps.completed;
    if (stamps->completed < effect->stamps.undone) {
        return ERR_CORRUPT;
    }
    stamps->completed -= effect->stamps.undone;
    stamps->count = effect->stamps.count;
    stamps->since = effect->stamps.since;
    stamps->required = effect->stamps.required;
    return 0;
}

static int apply_item(struct member_state *state, const struct effect *effect)
{
    const size_t size = sizeof(state->items[0]);
    size_t place = 0;
    while (place < state->items_count &&
           (state->items[place].card < effect->item.card || (state->items[place].card == effect->item.card &&
                                                             state->items[place].item < effect->item.item))) {
        place++;
    }
    struct set_item *item = &state->items[place];
    const bool there =
        place < state->items_count && item->card == effect->item.card && item->item == effect->item.item;
    if (!there && effect->item.amount == 0) {
        return 0;
    }
    int err = there ? 0 : make_room(state->items, size, &state->items_count, SET_ITEMS_MAX, place);
    if (err == 0 && !there) {
        *item = (struct set_item){effect->item.card, effect->item.item, 0};
    }
    err = err != 0 ? err : checked_add(item->standing, effect->item.amount, &item->standing);
    if (err == 0 && item->standing == 0) {
        close_gap(state->items, size, &state->items_count, place);
    }
    return err;
}

/* Where the voucher of this origin stands, or would. */
static size_t voucher_place(const struct member_state *state, struct origin origin)
{
    size_t place = state->vouchers_count;
    while (place > 0 && compare_origins(state->vouchers[place - 1].origin, origin) >= 0) {
        place--;
    }
    return place;
}

static bool voucher_is_at(const struct member_state *state, size_t place, struct origin origin)
{
    return place < state->vouchers_count && compare_origins(state->vouchers[place].origin, origin) == 0;
}

static int apply_voucher(struct member_state *state, uint64_t position, const struct effect *effect)
{
    const struct origin origin = {effect->voucher.position != 0 ? effect->voucher.position : position,
                                  effect->voucher.index};
    const size_t place = voucher_place(state, origin);
    if (voucher_is_at(state, place, origin)) {
        return ERR_CORRUPT;
    }
    const int err =
        make_room(state->vouchers, sizeof(state->vouchers[0]), &state->vouchers_count, VOUCHERS_MAX, place);
    if (err == 0) {
        struct held_voucher *voucher = &state->vouchers[place];
        *voucher = (struct held_voucher){
            .origin = origin,
            .reward = effect->voucher.reward,
            .card = effect->voucher.card,
            .since = effect->voucher.since,
            .until = effect->voucher.until,
        };
        memcpy(voucher->code, effect->voucher.code, VOUCHER_CODE_BYTES);
    }
    return err;
}

static int apply_voucher_hold(struct member_state *state, uint64_t position, const struct effect *effect)
{
    const size_t place = voucher_place(state, effect->voucher_hold.voucher);
    if (!voucher_is_at(state, place, effect->voucher_hold.voucher)) {
        return ERR_CORRUPT;
    }
    const uint64_t reservation = effect->voucher_hold.reservation;
    state->vouchers[place].reservation = reservation == RESERVED_HERE ? position : reservation;
    return 0;
}

static int apply_voucher_end(struct member_state *state, const struct effect *effect)
{
    const size_t place = voucher_place(state, effect->voucher_end.voucher);
    if (!voucher_is_at(state, place, effect->voucher_end.voucher)) {
        return ERR_CORRUPT;
    }
    close_gap(state->vouchers, sizeof(state->vouchers[0]), &state->vouchers_count, place);
    return 0;
}

static int apply_reservation(struct member_state *state, uint64_t position, const struct effect *effect)
{
    const uint64_t name = effect->reservation.position != 0 ? effect->reservation.position : position;
    size_t place = state->reservations_count;
    while (place > 0 && state->reservations[place - 1].position >= name) {
        place--;
    }
    if (place < state->reservations_count && state->reservations[place].position == name) {
        return ERR_CORRUPT;
    }
    const int err = make_room(state->reservations, sizeof(state->reservations[0]), &state->reservations_count,
                              RESERVATIONS_MAX, place);
    if (err == 0) {
        state->reservations[place] = (struct reservation){
            .position = name,
            .points = effect->reservation.points,
            .reward = effect->reservation.reward,
            .units = effect->reservation.units,
            .day = effect->reservation.day,
            .until = effect->reservation.until,
        };
    }
    return err;
}

static int apply_reservation_end(struct member_state *state, const struct effect *effect)
{
    for (size_t i = 0; i < state->reservations_count; i++) {
        if (state->reservations[i].position == effect->reservation_end.reservation) {
            close_gap(state->reservations, sizeof(state->reservations[0]), &state->reservations_count, i);
            return 0;
        }
    }
    return ERR_CORRUPT;
}

static int apply_visit(struct member_state *state, const struct effect *effect)
{
    if (effect->visit.undone) {
        if (state->purchases == 0) {
            return ERR_CORRUPT;
        }
        state->purchases--;
        return 0;
    }
    if (effect->visit.more >= UINT32_MAX - state->purchases) {
        return ERR_OVERFLOW;
    }
    const int32_t day = effect->visit.day;
    state->last_purchase = state->last_purchase > day ? state->last_purchase : day;
    state->purchases += 1 + effect->visit.more;
    return 0;
}

/* The member is another one from here on. Its points have moved. */
static int apply_merge(struct member_state *state, const struct effect *effect)
{
    const int32_t enrolled = state->enrolled;
    bool empty = state->lots_count == 0;
    for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
        empty = empty && state->balances[i] == 0;
    }
    if (!empty || effect->merge.into == 0 || effect->merge.into == state->member || state->merged != 0) {
        return ERR_CORRUPT;
    }
    member_state_clear(state, state->member);
    state->enrolled = enrolled;
    state->merged = effect->merge.into;
    return 0;
}

static bool is_about(const struct effect *effect, const struct member_state *state)
{
    if (effect->kind == EFFECT_ENROL) {
        return state->member == 0 || effect->member == state->member;
    }
    if (state->member == 0) {
        return false;
    }
    if (effect->kind == EFFECT_MOVE) {
        return account_member(effect->move.debit) == state->member ||
               account_member(effect->move.credit) == state->member;
    }
    return effect->member == state->member;
}

static int apply_to_member(struct member_state *state, uint64_t position, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_ENROL:
        member_state_clear(state, effect->member);
        state->enrolled = effect->enrol.day;
        return 0;
    case EFFECT_LOT:
        return apply_lot(state, position, effect);
    case EFFECT_MOVE:
        return apply_move(state, position, effect);
    case EFFECT_METRIC:
        return apply_metric(state, effect);
    case EFFECT_LEVEL:
        return apply_level(state, effect);
    case EFFECT_COUNTER:
        return apply_counter(state, effect);
    case EFFECT_STAMPS:
        return apply_stamps(state, effect);
    case EFFECT_VOUCHER:
        return apply_voucher(state, position, effect);
    case EFFECT_VISIT:
        return apply_visit(state, effect);
    case EFFECT_VOUCHER_HOLD:
        return apply_voucher_hold(state, position, effect);
    case EFFECT_VOUCHER_END:
        return apply_voucher_end(state, effect);
    case EFFECT_RESERVATION:
        return apply_reservation(state, position, effect);
    case EFFECT_RESERVATION_END:
        return apply_reservation_end(state, effect);
    case EFFECT_FLOOR:
        state->floor_level = effect->floor.level;
        state->floor_until = effect->floor.level != 0 ? effect->floor.until : 0;
        return 0;
    case EFFECT_ITEM:
        return apply_item(state, effect);
    case EFFECT_MERGE:
        return apply_merge(state, effect);
    case EFFECT_HOUSEHOLD:
        state->household = effect->household.household;
        return 0;
    case EFFECT_PRINCIPAL:
    case EFFECT_INVITE:
    case EFFECT_PROGRAMME:
    case EFFECT_LIVE:
    case EFFECT_REVISION:
    case EFFECT_NOTE:
    case EFFECT_RECEIPT:
        break;
    }
    return 0;
}

int engine_apply(struct member_state *state, uint64_t position, const struct effect *effect)
{
    CHECK(position > 0);
    if (!is_about(effect, state)) {
        return 0;
    }
    const int err = apply_to_member(state, position, effect);
    if (err == 0) {
        state->last_position = position;
    }
    return err;
}
