/* What limits of tills, of stores and of all have counted. */
#include "store/counter.h"

#include "store/connection.h"
#include "store/store.h"

int counter_apply(struct store *store, const struct effect *effect)
{
    bind_i64(store, STATEMENT_COUNTER_ADD, 1, effect->counter.limit);
    bind_i64(store, STATEMENT_COUNTER_ADD, 2, effect->counter.period);
    bind_text(store, STATEMENT_COUNTER_ADD, 3, effect->counter.store != NULL ? effect->counter.store : "");
    bind_text(store, STATEMENT_COUNTER_ADD, 4, effect->counter.scope);
    bind_i64(store, STATEMENT_COUNTER_ADD, 5, effect->counter.amount);
    return statement_run_one(store, STATEMENT_COUNTER_ADD);
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
