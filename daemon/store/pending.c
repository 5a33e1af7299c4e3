#include "store/pending.h"

#include "base/check.h"
#include "store/connection.h"

void pending_init(struct pending *pending)
{
    pending->generation = 1;
}

static int flush_accounts(struct store *store)
{
    for (int64_t account = 0; account < PROGRAMME_ACCOUNTS; account++) {
        const int64_t change = store->pending.accounts[account];
        if (change == 0) {
            continue;
        }
        bind_i64(store, STATEMENT_ACCOUNT_ADD, 1, account);
        bind_i64(store, STATEMENT_ACCOUNT_ADD, 2, change);
        const int error = statement_run_one(store, STATEMENT_ACCOUNT_ADD);
        if (error != 0) {
            return error;
        }
        store->pending.accounts[account] = 0;
    }
    return 0;
}

static int flush_tails(struct store *store)
{
    struct pending *pending = &store->pending;
    for (size_t i = 0; i < pending->dirty_count; i++) {
        struct pending_tail *tail = &pending->tails[pending->dirty[i]];
        CHECK(tail->dirty);
        CHECK(tail->generation == pending->generation);
        bind_i64(store, STATEMENT_TAIL_WRITE, 1, pending->dirty[i]);
        bind_u64(store, STATEMENT_TAIL_WRITE, 2, tail->next_sequence);
        bind_u64(store, STATEMENT_TAIL_WRITE, 3, tail->last_position);
        const int error = statement_run_one(store, STATEMENT_TAIL_WRITE);
        if (error != 0) {
            return error;
        }
        tail->dirty = false;
    }
    pending->dirty_count = 0;
    return 0;
}

static int flush_head(struct store *store)
{
    if (!store->pending.head_dirty) {
        return 0;
    }
    const struct store_head *head = &store->head;
    bind_i64(store, STATEMENT_HEAD_WRITE, 1, head->live_at);
    bind_i64(store, STATEMENT_HEAD_WRITE, 2, head->engine_revision);
    bind_i64(store, STATEMENT_HEAD_WRITE, 3, head->next_member);
    bind_i64(store, STATEMENT_HEAD_WRITE, 4, head->next_principal);
    bind_bytes(store, STATEMENT_HEAD_WRITE, 5, (struct bytes){head->epoch, sizeof(head->epoch)});
    const int error = statement_run_one(store, STATEMENT_HEAD_WRITE);
    if (error == 0) {
        store->pending.head_dirty = false;
    }
    return error;
}

int pending_flush(struct store *store)
{
    int error = member_cache_flush(store);
    if (error == 0) {
        error = flush_accounts(store);
    }
    if (error == 0) {
        error = flush_tails(store);
    }
    if (error == 0) {
        error = till_flush(store);
    }
    if (error == 0) {
        error = flush_head(store);
    }
    return error;
}

static int read_tail(void *context, sqlite3_stmt *row)
{
    struct pending_tail *tail = context;
    const int error = column_u64(row, 0, &tail->next_sequence);
    return error != 0 ? error : column_u64(row, 1, &tail->last_position);
}

int pending_tail(struct store *store, uint32_t principal, const struct pending_tail **ret_tail)
{
    if (principal > PRINCIPALS_MAX) {
        return ERR_NOT_FOUND;
    }
    struct pending_tail *tail = &store->pending.tails[principal];
    if (tail->generation != store->pending.generation) {
        struct pending_tail read = {.generation = store->pending.generation};
        bind_i64(store, STATEMENT_TAIL_READ, 1, principal);
        const int error = statement_find(store, STATEMENT_TAIL_READ, read_tail, &read);
        if (error != 0) {
            return error;
        }
        *tail = read;
    }
    *ret_tail = tail;
    return 0;
}

int pending_tail_move(struct store *store, uint32_t principal, uint64_t sequence, uint64_t position)
{
    CHECK(store->writing);
    CHECK(principal <= PRINCIPALS_MAX);
    struct pending *pending = &store->pending;
    struct pending_tail *tail = &pending->tails[principal];
    CHECK(tail->generation == pending->generation);
    CHECK(tail->next_sequence == sequence);
    CHECK(tail->last_position < position);
    if (!tail->dirty && pending->dirty_count == BATCH_EVENTS_MAX) {
        const int error = flush_tails(store);
        if (error != 0) {
            return error;
        }
    }
    if (!tail->dirty) {
        tail->dirty = true;
        pending->dirty[pending->dirty_count++] = principal;
    }
    tail->next_sequence = sequence + 1;
    tail->last_position = position;
    return 0;
}

void pending_drop(struct pending *pending)
{
    for (size_t i = 0; i < PROGRAMME_ACCOUNTS; i++) {
        pending->accounts[i] = 0;
    }
    pending->head_dirty = false;
    pending->dirty_count = 0;
    pending->generation++;
    CHECK(pending->generation != 0);
}
