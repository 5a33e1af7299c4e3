/* Receipts and till days. A till day's receipts in order stand in their events' rows, each naming the one
 * before it; every 64th is marked by number, so that one is found in at most 63 steps from the next mark or
 * the last. */
#include "base/check.h"
#include "store/connection.h"
#include "store/store.h"

#include <string.h>

enum { RECEIPT_MARK_DISTANCE = 64 };

/* Order of numbers: shorter before longer, so that 9 comes before 10. */
static int compare_numbers(const char *a, const char *b)
{
    const size_t a_length = strlen(a);
    const size_t b_length = strlen(b);
    if (a_length != b_length) {
        return a_length < b_length ? -1 : 1;
    }
    return memcmp(a, b, a_length);
}

static int read_position(void *context, sqlite3_stmt *row)
{
    return column_u64(row, 0, context);
}

static void bind_till(struct store *store, enum statement statement, const struct receipt_key *key)
{
    bind_i64(store, statement, 1, key->business_date);
    bind_text(store, statement, 2, key->store);
    bind_text(store, statement, 3, key->till);
}

struct link {
    char number[RECEIPT_NUMBER_BYTES_MAX + 1];
    uint64_t earlier;
};

static int read_link(void *context, sqlite3_stmt *row)
{
    struct link *link = context;
    const int error = column_text(row, 0, link->number, sizeof(link->number));
    return error != 0 ? error : column_u64(row, 1, &link->earlier);
}

/* Walks back from `position`, a receipt whose number is the wanted one or a higher. */
static int walk_back(struct store *store, const char *number, uint64_t position, uint64_t *ret_position)
{
    for (int steps = 0; steps <= RECEIPT_MARK_DISTANCE && position != 0; steps++) {
        struct link link = {.number = ""};
        bind_u64(store, STATEMENT_RECEIPT_LINK, 1, position);
        const int error = statement_find(store, STATEMENT_RECEIPT_LINK, read_link, &link);
        if (error != 0 && error != ERR_NOT_FOUND) {
            return error;
        }
        if (error == ERR_NOT_FOUND || link.earlier >= position) {
            return connection_corrupt(store);
        }
        const int order = compare_numbers(link.number, number);
        if (order == 0) {
            *ret_position = position;
            return 0;
        }
        if (order < 0) {
            return ERR_NOT_FOUND;
        }
        position = link.earlier;
    }
    return position == 0 ? ERR_NOT_FOUND : connection_corrupt(store);
}

static int find_in_order(struct store *store, const struct till_slot *slot, const struct receipt_key *key,
                         uint64_t *ret_position)
{
    uint64_t from = slot->last_position;
    bind_till(store, STATEMENT_RECEIPT_MARK_FIND, key);
    bind_u64(store, STATEMENT_RECEIPT_MARK_FIND, 4, strlen(key->number));
    bind_text(store, STATEMENT_RECEIPT_MARK_FIND, 5, key->number);
    const int error = statement_find(store, STATEMENT_RECEIPT_MARK_FIND, read_position, &from);
    if (error != 0 && error != ERR_NOT_FOUND) {
        return error;
    }
    return walk_back(store, key->number, from, ret_position);
}

static int find(struct store *store, const struct till_slot *slot, const struct receipt_key *key,
                uint64_t *ret_position)
{
    if (slot->last_position == 0) {
        return ERR_NOT_FOUND;
    }
    const int order = compare_numbers(key->number, slot->last_number);
    if (order > 0) {
        return ERR_NOT_FOUND;
    }
    if (order == 0) {
        *ret_position = slot->last_position;
        return 0;
    }
    bind_till(store, STATEMENT_STRAY_FIND, key);
    bind_text(store, STATEMENT_STRAY_FIND, 4, key->number);
    const int error = statement_find(store, STATEMENT_STRAY_FIND, read_position, ret_position);
    return error == ERR_NOT_FOUND ? find_in_order(store, slot, key, ret_position) : error;
}

int store_receipt_find(struct store *store, const struct receipt_key *key, uint64_t *ret_position)
{
    CHECK(key->number != NULL);
    CHECK(strlen(key->number) <= RECEIPT_NUMBER_BYTES_MAX);
    struct till_slot *slot = NULL;
    const int error = till_find(store, key, &slot);
    return error != 0 ? error : find(store, slot, key, ret_position);
}

static int write_stray(struct store *store, const struct receipt_key *key, uint64_t position)
{
    bind_till(store, STATEMENT_STRAY_WRITE, key);
    bind_text(store, STATEMENT_STRAY_WRITE, 4, key->number);
    bind_u64(store, STATEMENT_STRAY_WRITE, 5, position);
    return statement_run_one(store, STATEMENT_STRAY_WRITE);
}

static int write_mark(struct store *store, const struct till_slot *slot, const struct receipt_key *key,
                      uint64_t position)
{
    if ((slot->in_order + 1) % RECEIPT_MARK_DISTANCE != 0) {
        return 0;
    }
    bind_till(store, STATEMENT_RECEIPT_MARK_WRITE, key);
    bind_u64(store, STATEMENT_RECEIPT_MARK_WRITE, 4, strlen(key->number));
    bind_text(store, STATEMENT_RECEIPT_MARK_WRITE, 5, key->number);
    bind_u64(store, STATEMENT_RECEIPT_MARK_WRITE, 6, position);
    return statement_run_one(store, STATEMENT_RECEIPT_MARK_WRITE);
}

int receipt_take(struct store *store, const struct receipt_key *key, uint64_t position,
                 struct receipt_link *ret_link)
{
    CHECK(key->number != NULL);
    CHECK(strlen(key->number) <= RECEIPT_NUMBER_BYTES_MAX);
    struct till_slot *slot = NULL;
    int error = till_find(store, key, &slot);
    if (error != 0) {
        return error;
    }
    CHECK(store->writing);
    CHECK(position > slot->last_position);
    if (slot->last_position != 0 && compare_numbers(key->number, slot->last_number) <= 0) {
        uint64_t other = 0;
        error = find(store, slot, key, &other);
        CHECK(error != 0);
        *ret_link = (struct receipt_link){.in_order = false};
        return error == ERR_NOT_FOUND ? write_stray(store, key, position) : error;
    }
    error = write_mark(store, slot, key, position);
    if (error == 0) {
        *ret_link = (struct receipt_link){.in_order = true, .earlier = slot->last_position};
        memcpy(slot->last_number, key->number, strlen(key->number) + 1);
        slot->last_position = position;
        slot->in_order++;
        till_changed(store, slot);
    }
    return error;
}

int store_till_day_add(struct store *store, const struct till_day *day)
{
    struct till_slot *slot = NULL;
    const int error = till_find(store, &day->key, &slot);
    if (error != 0) {
        return error;
    }
    int64_t gross = 0;
    int64_t points = 0;
    CHECK(!__builtin_add_overflow(slot->gross, day->gross, &gross));
    CHECK(!__builtin_add_overflow(slot->points, day->points, &points));
    slot->receipts++;
    slot->gross = gross;
    slot->points = points;
    till_changed(store, slot);
    return 0;
}

int store_till_day_close(struct store *store, const struct receipt_key *key, uint64_t position)
{
    struct till_slot *slot = NULL;
    const int error = till_find(store, key, &slot);
    if (error == 0 && slot->closed == 0) {
        slot->closed = position;
        till_changed(store, slot);
    }
    return error;
}

int store_till_day_closed(struct store *store, const struct receipt_key *key, bool *ret_closed)
{
    struct till_slot *slot = NULL;
    const int error = till_find(store, key, &slot);
    if (error == 0) {
        *ret_closed = slot->closed != 0;
    }
    return error;
}
