/* What limits have counted: a member's own among his holdings, those of tills, stores and all beside them;
 * and what stands in sets, which is counted item by item. */
#include "store/counter.h"

#include "store/connection.h"
#include "store/store.h"

static void bind_limit(struct store *store, enum statement statement, const struct effect *effect)
{
    bind_i64(store, statement, 1, effect->member);
    bind_i64(store, statement, 2, effect->counter.limit);
    bind_i64(store, statement, 3, effect->counter.period);
    bind_i64(store, statement, 4, effect->counter.amount);
}

/* A counter of the member's own. */
static int apply_limit(struct store *store, const struct effect *effect)
{
    if (effect->counter.amount == 0) {
        return 0;
    }
    bind_limit(store, STATEMENT_LIMIT_ADD, effect);
    int changes = 0;
    const int error = statement_run_counted(store, STATEMENT_LIMIT_ADD, &changes);
    if (error != 0 || changes == 1) {
        return error;
    }
    /* The sum would be 0. */
    bind_limit(store, STATEMENT_LIMIT_END, effect);
    return statement_run_one(store, STATEMENT_LIMIT_END);
}

static int apply_shared(struct store *store, const struct effect *effect)
{
    bind_i64(store, STATEMENT_COUNTER_ADD, 1, effect->counter.limit);
    bind_i64(store, STATEMENT_COUNTER_ADD, 2, effect->counter.period);
    bind_text(store, STATEMENT_COUNTER_ADD, 3, effect->counter.store != NULL ? effect->counter.store : "");
    bind_text(store, STATEMENT_COUNTER_ADD, 4, effect->counter.scope);
    bind_i64(store, STATEMENT_COUNTER_ADD, 5, effect->counter.amount);
    return statement_run_one(store, STATEMENT_COUNTER_ADD);
}

int counter_apply(struct store *store, const struct effect *effect)
{
    return effect->counter.scope == NULL ? apply_limit(store, effect) : apply_shared(store, effect);
}

static void bind_item(struct store *store, enum statement statement, const struct effect *effect)
{
    bind_i64(store, statement, 1, effect->member);
    bind_i64(store, statement, 2, effect->item.card);
    bind_u64(store, statement, 3, effect->item.item);
    bind_i64(store, statement, 4, effect->item.amount);
}

int counter_apply_item(struct store *store, const struct effect *effect)
{
    if (effect->item.amount == 0) {
        return 0;
    }
    bind_item(store, STATEMENT_ITEM_ADD, effect);
    int changes = 0;
    const int error = statement_run_counted(store, STATEMENT_ITEM_ADD, &changes);
    if (error != 0 || changes == 1) {
        return error;
    }
    /* The sum would be 0. */
    bind_item(store, STATEMENT_ITEM_END, effect);
    return statement_run_one(store, STATEMENT_ITEM_END);
}

static int read_used(void *context, sqlite3_stmt *row)
{
    return column_i64(row, 0, context);
}

int store_counter_read(struct store *store, const struct counter_key *key, int64_t *ret_used)
{
    int error = connection_usable(store);
    if (error != 0) {
        return error;
    }
    *ret_used = 0;
    bind_i64(store, STATEMENT_COUNTER_READ, 1, key->limit);
    bind_i64(store, STATEMENT_COUNTER_READ, 2, key->period);
    bind_text(store, STATEMENT_COUNTER_READ, 3, key->store);
    bind_text(store, STATEMENT_COUNTER_READ, 4, key->scope);
    error = statement_find(store, STATEMENT_COUNTER_READ, read_used, ret_used);
    return error == ERR_NOT_FOUND ? 0 : error;
}
