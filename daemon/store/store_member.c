/* A member's holdings, from rows to the state the engine reads. */
#include "base/check.h"
#include "model/holding.h"
#include "model/programme.h"
#include "store/connection.h"
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

struct reading {
    struct member_state *state;
    bool exists;
};

/* NULL means 0, or in `until` never. */
static int read_row(sqlite3_stmt *row, struct holding_row *ret_row)
{
    uint32_t kind = 0;
    int64_t *const values[] = {&ret_row->key1,  &ret_row->key2,  &ret_row->amount, &ret_row->left,
                               &ret_row->since, &ret_row->until, &ret_row->due};
    int error = column_u32(row, KIND, &kind);
    for (int column = KEY1; column <= DUE && error == 0; column++) {
        const int type = sqlite3_column_type(row, column);
        int64_t *value = values[column - KEY1];
        *value = column == UNTIL ? DAY_NEVER : 0;
        if (type == SQLITE_INTEGER) {
            *value = sqlite3_column_int64(row, column);
        } else if (type != SQLITE_NULL) {
            error = ERR_CORRUPT;
        }
    }
    ret_row->kind = (enum holding_kind)kind;
    return error == 0 && kind >= HOLDING_KINDS ? ERR_CORRUPT : error;
}

static int read_holding(void *context, sqlite3_stmt *row)
{
    struct reading *reading = context;
    struct holding_row holding;
    const int error = read_row(row, &holding);
    if (error != 0) {
        return error;
    }
    /* Whatever else there is of a member stands behind its first row. */
    if (holding.kind != HOLDING_MEMBER && !reading->exists) {
        return ERR_CORRUPT;
    }
    reading->exists = true;
    return holding_add(reading->state, &holding) ? 0 : ERR_CORRUPT;
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
    return holdings_complete(ret_state) ? 0 : connection_corrupt(store);
}

static int read_merged(void *context, sqlite3_stmt *row)
{
    return column_u32(row, 0, context);
}

int store_member_merged(struct store *store, uint32_t member, uint32_t *ret_into)
{
    const int error = connection_usable(store);
    bind_i64(store, STATEMENT_MERGED_READ, 1, member);
    return error != 0 ? error : statement_find(store, STATEMENT_MERGED_READ, read_merged, ret_into);
}
