/* A member's holdings, from rows to the state the engine reads. */
#include "base/check.h"
#include "model/programme.h"
#include "store/connection.h"
#include "store/holding.h"
#include "store/store.h"

int store_member_touch(struct store *store, uint32_t member, uint64_t position)
{
    int error = connection_usable(store);
    if (error != 0) {
        return error;
    }
    CHECK(position != 0);
    error = pending_member_take(store, member);
    if (error == 0) {
        store->pending.member.last_position = position;
    }
    return error;
}

/* Columns of the statement. */
enum { KIND, KEY1, KEY2, AMOUNT, LEFT, SINCE, UNTIL, DUE };

/* Several columns at once: true when all are of their type and in range. */
static bool read_origin(sqlite3_stmt *row, struct origin *origin)
{
    return column_u64(row, KEY1, &origin->position) == 0 && column_u32(row, KEY2, &origin->index) == 0;
}

static bool read_member(struct member_state *state, sqlite3_stmt *row)
{
    return column_i64(row, AMOUNT, &state->balances[MEMBER_AVAILABLE]) == 0 &&
           column_u64(row, LEFT, &state->last_position) == 0 &&
           column_day(row, SINCE, &state->last_purchase) == 0 && column_u32(row, DUE, &state->purchases) == 0;
}

static bool read_lot(struct member_state *state, sqlite3_stmt *row)
{
    if (state->lots_count == LOTS_MAX) {
        return false;
    }
    struct lot *lot = &state->lots[state->lots_count++];
    return read_origin(row, &lot->origin) && column_i64(row, AMOUNT, &lot->amount) == 0 &&
           column_i64(row, LEFT, &lot->left) == 0 && column_day(row, SINCE, &lot->since) == 0 &&
           column_day(row, UNTIL, &lot->until) == 0 && column_day(row, DUE, &lot->due) == 0;
}

static bool read_metric(struct member_state *state, sqlite3_stmt *row)
{
    if (state->metric_days_count == METRIC_DAYS_MAX) {
        return false;
    }
    struct metric_day *day = &state->metric_days[state->metric_days_count++];
    return column_u32(row, KEY1, &day->metric) == 0 && column_day(row, KEY2, &day->day) == 0 &&
           column_i64(row, AMOUNT, &day->amount) == 0;
}

static bool read_stamps(struct member_state *state, sqlite3_stmt *row)
{
    if (state->stamps_count == sizeof(state->stamps) / sizeof(state->stamps[0])) {
        return false;
    }
    struct stamps *stamps = &state->stamps[state->stamps_count++];
    return column_u32(row, KEY1, &stamps->card) == 0 && column_i64(row, AMOUNT, &stamps->count) == 0 &&
           column_u32(row, LEFT, &stamps->completed) == 0 && column_day(row, SINCE, &stamps->since) == 0;
}

static bool read_balance(struct member_state *state, sqlite3_stmt *row)
{
    uint32_t account = 0;
    return column_u32(row, KEY1, &account) == 0 && account != MEMBER_AVAILABLE && account < MEMBER_ACCOUNTS &&
           column_i64(row, AMOUNT, &state->balances[account]) == 0;
}

static bool read_level(struct member_state *state, sqlite3_stmt *row)
{
    return column_u32(row, AMOUNT, &state->level) == 0 && column_day(row, UNTIL, &state->level_until) == 0;
}

static bool read_voucher(struct member_state *state, sqlite3_stmt *row)
{
    if (state->vouchers_count == VOUCHERS_MAX) {
        return false;
    }
    struct held_voucher *voucher = &state->vouchers[state->vouchers_count++];
    return read_origin(row, &voucher->origin) && column_u32(row, AMOUNT, &voucher->reward) == 0 &&
           column_u32(row, LEFT, &voucher->card) == 0 && column_day(row, SINCE, &voucher->since) == 0 &&
           column_day(row, UNTIL, &voucher->until) == 0;
}

static bool read_level_day(struct member_state *state, sqlite3_stmt *row)
{
    if (state->levels_count == LEVEL_HISTORY_MAX) {
        return false;
    }
    struct level_day *day = &state->levels[state->levels_count++];
    return column_day(row, KEY1, &day->since) == 0 && column_u32(row, AMOUNT, &day->level) == 0;
}

static bool read_limit(struct member_state *state, sqlite3_stmt *row)
{
    if (state->counters_count == MEMBER_COUNTERS_MAX) {
        return false;
    }
    struct counter *counter = &state->counters[state->counters_count++];
    return column_u32(row, KEY1, &counter->limit) == 0 && column_day(row, KEY2, &counter->period) == 0 &&
           column_i64(row, AMOUNT, &counter->used) == 0;
}

/* Codes come in the order of their vouchers, after all of them. */
static bool read_code(struct member_state *state, size_t *codes_count, sqlite3_stmt *row)
{
    struct origin origin;
    int64_t high = 0;
    int64_t low = 0;
    if (*codes_count == state->vouchers_count || !read_origin(row, &origin) ||
        column_i64(row, AMOUNT, &high) != 0 || column_i64(row, LEFT, &low) != 0) {
        return false;
    }
    struct held_voucher *voucher = &state->vouchers[(*codes_count)++];
    put_u64_be(voucher->code, (uint64_t)high);
    put_u64_be(voucher->code + 8, (uint64_t)low);
    return voucher->origin.position == origin.position && voucher->origin.index == origin.index;
}

struct reading {
    struct member_state *state;
    size_t codes_count;
    bool exists;
};

static bool read_kind(struct reading *reading, enum holding_kind kind, sqlite3_stmt *row)
{
    struct member_state *state = reading->state;
    switch (kind) {
    case HOLDING_MEMBER:
        reading->exists = true;
        return read_member(state, row);
    case HOLDING_LOT:
        return read_lot(state, row);
    case HOLDING_METRIC:
        return read_metric(state, row);
    case HOLDING_STAMPS:
        return read_stamps(state, row);
    case HOLDING_BALANCE:
        return read_balance(state, row);
    case HOLDING_LEVEL:
        return read_level(state, row);
    case HOLDING_VOUCHER:
        return read_voucher(state, row);
    case HOLDING_CODE:
        return read_code(state, &reading->codes_count, row);
    case HOLDING_LEVEL_DAY:
        return read_level_day(state, row);
    case HOLDING_LIMIT:
        return read_limit(state, row);
    case HOLDING_KINDS:
        break;
    }
    return false;
}

static int read_holding(void *context, sqlite3_stmt *row)
{
    struct reading *reading = context;
    uint32_t kind = 0;
    const int error = column_u32(row, KIND, &kind);
    if (error != 0) {
        return error;
    }
    /* Whatever else there is of a member stands behind its first row. */
    if (kind >= HOLDING_KINDS || (kind != HOLDING_MEMBER && !reading->exists)) {
        return ERR_CORRUPT;
    }
    return read_kind(reading, (enum holding_kind)kind, row) ? 0 : ERR_CORRUPT;
}

int store_member_read(struct store *store, uint32_t member, struct member_state *ret_state)
{
    int error = connection_usable(store);
    if (error == 0 && store->pending.member.member == member) {
        error = pending_member_flush(store);
    }
    if (error != 0) {
        return error;
    }
    struct reading reading = {.state = ret_state};
    member_state_clear(ret_state, member);
    bind_i64(store, STATEMENT_MEMBER_READ, 1, member);
    error = statement_rows(store, STATEMENT_MEMBER_READ, read_holding, &reading);
    if (error != 0) {
        return error;
    }
    if (!reading.exists) {
        return ERR_NOT_FOUND;
    }
    return reading.codes_count == ret_state->vouchers_count ? 0 : connection_corrupt(store);
}
