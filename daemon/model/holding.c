#include "model/holding.h"

#include "base/bytes.h"
#include "model/programme.h"

#include <string.h>

static bool fits_u32(int64_t value)
{
    return value >= 0 && value <= UINT32_MAX;
}

static bool fits_day(int64_t value)
{
    return value >= INT32_MIN && value <= INT32_MAX;
}

static bool take_u32(int64_t value, uint32_t *ret_value)
{
    *ret_value = (uint32_t)value;
    return fits_u32(value);
}

static bool take_day(int64_t value, int32_t *ret_value)
{
    *ret_value = (int32_t)value;
    return fits_day(value);
}

static bool take_origin(const struct holding_row *row, struct origin *ret_origin)
{
    ret_origin->position = (uint64_t)row->key1;
    return row->key1 >= 0 && take_u32(row->key2, &ret_origin->index);
}

static bool take_amount(int64_t value, int64_t *ret_value)
{
    *ret_value = value;
    return true;
}

static bool add_member(struct member_state *state, const struct holding_row *row)
{
    state->last_position = (uint64_t)row->left;
    return row->left >= 0 && take_amount(row->amount, &state->balances[MEMBER_AVAILABLE]) &&
           take_day(row->since, &state->last_purchase) && row->until != DAY_NEVER &&
           take_day(row->until, &state->enrolled) && take_u32(row->due, &state->purchases);
}

static bool add_lot(struct member_state *state, const struct holding_row *row)
{
    if (state->lots_count == LOTS_MAX) {
        return false;
    }
    struct lot *lot = &state->lots[state->lots_count++];
    lot->reserved = 0;
    return take_origin(row, &lot->origin) && take_amount(row->amount, &lot->amount) &&
           take_amount(row->left, &lot->left) && take_day(row->since, &lot->since) &&
           take_day(row->until, &lot->until) && take_day(row->due, &lot->due);
}

static bool add_metric(struct member_state *state, const struct holding_row *row)
{
    if (state->metric_days_count == METRIC_DAYS_MAX) {
        return false;
    }
    struct metric_day *day = &state->metric_days[state->metric_days_count++];
    return take_u32(row->key1, &day->metric) && take_day(row->key2, &day->day) &&
           take_amount(row->amount, &day->amount);
}

static bool add_stamps(struct member_state *state, const struct holding_row *row)
{
    if (state->stamps_count == sizeof(state->stamps) / sizeof(state->stamps[0])) {
        return false;
    }
    struct stamps *stamps = &state->stamps[state->stamps_count++];
    return take_u32(row->key1, &stamps->card) && take_amount(row->amount, &stamps->count) &&
           take_u32(row->left, &stamps->completed) && take_day(row->since, &stamps->since) &&
           take_amount(row->due, &stamps->required);
}

static bool add_balance(struct member_state *state, const struct holding_row *row)
{
    return row->key1 > MEMBER_AVAILABLE && row->key1 < MEMBER_ACCOUNTS &&
           take_amount(row->amount, &state->balances[row->key1]);
}

static bool add_item(struct member_state *state, const struct holding_row *row)
{
    if (state->items_count == SET_ITEMS_MAX) {
        return false;
    }
    struct set_item *item = &state->items[state->items_count++];
    item->item = (uint64_t)row->key2;
    return take_u32(row->key1, &item->card) && row->key2 >= 0 && take_amount(row->amount, &item->standing);
}

static bool add_voucher(struct member_state *state, const struct holding_row *row)
{
    if (state->vouchers_count == VOUCHERS_MAX) {
        return false;
    }
    struct held_voucher *voucher = &state->vouchers[state->vouchers_count++];
    memset(voucher->code, 0, sizeof(voucher->code));
    voucher->reservation = (uint64_t)row->due;
    return row->due >= 0 && take_origin(row, &voucher->origin) && take_u32(row->amount, &voucher->reward) &&
           take_u32(row->left, &voucher->card) && take_day(row->since, &voucher->since) &&
           take_day(row->until, &voucher->until);
}

static bool is_origin(const struct origin *a, const struct origin *b)
{
    return a->position == b->position && a->index == b->index;
}

static bool add_code(struct member_state *state, const struct holding_row *row)
{
    struct origin origin;
    for (size_t i = 0; take_origin(row, &origin) && i < state->vouchers_count; i++) {
        struct held_voucher *voucher = &state->vouchers[i];
        if (is_origin(&voucher->origin, &origin)) {
            put_u64_be(voucher->code, (uint64_t)row->amount);
            put_u64_be(voucher->code + 8, (uint64_t)row->left);
            return true;
        }
    }
    return false;
}

static bool add_level_day(struct member_state *state, const struct holding_row *row)
{
    if (state->levels_count == LEVEL_HISTORY_MAX) {
        return false;
    }
    struct level_day *day = &state->levels[state->levels_count++];
    return take_day(row->key1, &day->since) && take_u32(row->amount, &day->level);
}

static bool add_limit(struct member_state *state, const struct holding_row *row)
{
    if (state->counters_count == MEMBER_COUNTERS_MAX) {
        return false;
    }
    struct counter *counter = &state->counters[state->counters_count++];
    return take_u32(row->key1, &counter->limit) && take_day(row->key2, &counter->period) &&
           take_amount(row->amount, &counter->used);
}

static bool add_reserved(struct member_state *state, const struct holding_row *row)
{
    struct origin origin;
    for (size_t i = 0; take_origin(row, &origin) && i < state->lots_count; i++) {
        struct lot *lot = &state->lots[i];
        if (is_origin(&lot->origin, &origin)) {
            lot->reserved = row->amount;
            return row->amount > 0 && row->amount <= lot->left;
        }
    }
    return false;
}

static bool add_reservation(struct member_state *state, const struct holding_row *row)
{
    if (state->reservations_count == RESERVATIONS_MAX || row->key1 <= 0) {
        return false;
    }
    struct reservation *reservation = &state->reservations[state->reservations_count++];
    reservation->position = (uint64_t)row->key1;
    return take_amount(row->amount, &reservation->points) && take_u32(row->left, &reservation->reward) &&
           take_u32(row->since, &reservation->units) && take_day(row->until, &reservation->day) &&
           take_amount(row->due, &reservation->until);
}

bool holding_add(struct member_state *state, const struct holding_row *row)
{
    switch (row->kind) {
    case HOLDING_MEMBER:
        return add_member(state, row);
    case HOLDING_LOT:
        return add_lot(state, row);
    case HOLDING_METRIC:
        return add_metric(state, row);
    case HOLDING_STAMPS:
        return add_stamps(state, row);
    case HOLDING_BALANCE:
        return add_balance(state, row);
    case HOLDING_LEVEL:
        return take_u32(row->amount, &state->level) && take_day(row->since, &state->level_day) &&
               take_day(row->until, &state->level_until);
    case HOLDING_VOUCHER:
        return add_voucher(state, row);
    case HOLDING_CODE:
        return add_code(state, row);
    case HOLDING_LEVEL_DAY:
        return add_level_day(state, row);
    case HOLDING_LIMIT:
        return add_limit(state, row);
    case HOLDING_RESERVED:
        return add_reserved(state, row);
    case HOLDING_RESERVATION:
        return add_reservation(state, row);
    case HOLDING_HELD:
        return take_u32(row->amount, &state->held_level) && take_day(row->until, &state->held_until);
    case HOLDING_FLOOR:
        return take_u32(row->amount, &state->floor_level) && take_day(row->until, &state->floor_until);
    case HOLDING_ITEM:
        return add_item(state, row);
    case HOLDING_MERGED:
        return row->amount > 0 && take_u32(row->amount, &state->merged);
    case HOLDING_HOUSEHOLD:
        return row->amount > 0 && take_u32(row->amount, &state->household) &&
               take_day(row->since, &state->shared_day);
    case HOLDING_KINDS:
        break;
    }
    return false;
}

bool holdings_complete(const struct member_state *state)
{
    static const uint8_t none[VOUCHER_CODE_BYTES] = {0};
    for (size_t i = 0; i < state->vouchers_count; i++) {
        if (memcmp(state->vouchers[i].code, none, sizeof(none)) == 0) {
            return false;
        }
    }
    return true;
}

/* These tell of the row at `index` of a kind: 1 when there is one, 0 when it would say nothing, -1 when there
 * are no more. */
static int lot_row(const struct member_state *state, size_t index, struct holding_row *row)
{
    if (index >= state->lots_count) {
        return -1;
    }
    const struct lot *lot = &state->lots[index];
    row->key1 = (int64_t)lot->origin.position;
    row->key2 = lot->origin.index;
    if (row->kind == HOLDING_RESERVED) {
        row->amount = lot->reserved;
        return lot->reserved != 0;
    }
    row->amount = lot->amount;
    row->left = lot->left;
    row->since = lot->since;
    row->until = lot->until;
    row->due = lot->due;
    return 1;
}

static int voucher_row(const struct member_state *state, size_t index, struct holding_row *row)
{
    if (index >= state->vouchers_count) {
        return -1;
    }
    const struct held_voucher *voucher = &state->vouchers[index];
    row->key1 = (int64_t)voucher->origin.position;
    row->key2 = voucher->origin.index;
    if (row->kind == HOLDING_CODE) {
        row->amount = (int64_t)get_u64_be(voucher->code);
        row->left = (int64_t)get_u64_be(voucher->code + 8);
        return 1;
    }
    row->amount = voucher->reward;
    row->left = voucher->card;
    row->since = voucher->since;
    row->until = voucher->until;
    row->due = (int64_t)voucher->reservation;
    return 1;
}

static int metric_row(const struct member_state *state, size_t index, struct holding_row *row)
{
    if (index >= state->metric_days_count) {
        return -1;
    }
    row->key1 = state->metric_days[index].metric;
    row->key2 = state->metric_days[index].day;
    row->amount = state->metric_days[index].amount;
    return 1;
}

static int stamps_row(const struct member_state *state, size_t index, struct holding_row *row)
{
    if (index >= state->stamps_count) {
        return -1;
    }
    row->key1 = state->stamps[index].card;
    row->amount = state->stamps[index].count;
    row->left = state->stamps[index].completed;
    row->since = state->stamps[index].since;
    row->due = state->stamps[index].required;
    return 1;
}

static int item_row(const struct member_state *state, size_t index, struct holding_row *row)
{
    if (index >= state->items_count) {
        return -1;
    }
    row->key1 = state->items[index].card;
    row->key2 = (int64_t)state->items[index].item;
    row->amount = state->items[index].standing;
    return 1;
}

static int limit_row(const struct member_state *state, size_t index, struct holding_row *row)
{
    if (index >= state->counters_count) {
        return -1;
    }
    row->key1 = state->counters[index].limit;
    row->key2 = state->counters[index].period;
    row->amount = state->counters[index].used;
    return 1;
}

static int level_day_row(const struct member_state *state, size_t index, struct holding_row *row)
{
    if (index >= state->levels_count) {
        return -1;
    }
    row->key1 = state->levels[index].since;
    row->amount = state->levels[index].level;
    return 1;
}

static int reservation_row(const struct member_state *state, size_t index, struct holding_row *row)
{
    if (index >= state->reservations_count) {
        return -1;
    }
    const struct reservation *reservation = &state->reservations[index];
    row->key1 = (int64_t)reservation->position;
    row->amount = reservation->points;
    row->left = reservation->reward;
    row->since = reservation->units;
    row->until = reservation->day;
    row->due = reservation->until;
    return 1;
}

/* A kind with one row at most. */
static int single_row(size_t index, int64_t amount, int32_t until, struct holding_row *row)
{
    row->amount = amount;
    row->until = until;
    return index > 0 ? -1 : amount != 0;
}

static int row_at(const struct member_state *state, size_t index, struct holding_row *row)
{
    switch (row->kind) {
    case HOLDING_MEMBER:
        row->amount = state->balances[MEMBER_AVAILABLE];
        row->left = (int64_t)state->last_position;
        row->since = state->last_purchase;
        row->until = state->enrolled;
        row->due = state->purchases;
        return index == 0 ? 1 : -1;
    case HOLDING_LOT:
    case HOLDING_RESERVED:
        return lot_row(state, index, row);
    case HOLDING_METRIC:
        return metric_row(state, index, row);
    case HOLDING_STAMPS:
        return stamps_row(state, index, row);
    case HOLDING_BALANCE:
        row->key1 = (int64_t)index + 1;
        row->amount = index + 1 < MEMBER_ACCOUNTS ? state->balances[index + 1] : 0;
        return index + 1 >= MEMBER_ACCOUNTS ? -1 : row->amount != 0;
    case HOLDING_LEVEL:
        row->since = state->level_day;
        return single_row(index, state->level, state->level_until, row);
    case HOLDING_VOUCHER:
    case HOLDING_CODE:
        return voucher_row(state, index, row);
    case HOLDING_LEVEL_DAY:
        return level_day_row(state, index, row);
    case HOLDING_LIMIT:
        return limit_row(state, index, row);
    case HOLDING_RESERVATION:
        return reservation_row(state, index, row);
    case HOLDING_HELD:
        return single_row(index, state->held_level, state->held_until, row);
    case HOLDING_FLOOR:
        return single_row(index, state->floor_level, state->floor_until, row);
    case HOLDING_ITEM:
        return item_row(state, index, row);
    case HOLDING_MERGED:
        return single_row(index, state->merged, DAY_NEVER, row);
    case HOLDING_HOUSEHOLD:
        row->since = state->shared_day;
        return single_row(index, state->household, DAY_NEVER, row);
    case HOLDING_KINDS:
        break;
    }
    return -1;
}

bool holding_next(const struct member_state *state, struct holding_cursor *cursor,
                  struct holding_row *ret_row)
{
    while (cursor->kind < HOLDING_KINDS) {
        struct holding_row row = {.kind = (enum holding_kind)cursor->kind, .until = DAY_NEVER};
        const int found = row_at(state, cursor->index, &row);
        if (found < 0) {
            cursor->kind++;
            cursor->index = 0;
            continue;
        }
        cursor->index++;
        if (found > 0) {
            *ret_row = row;
            return true;
        }
    }
    return false;
}
