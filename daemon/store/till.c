#include "store/till.h"

#include "base/check.h"
#include "store/connection.h"

#include <string.h>

/* FNV-1a. Equal keys must meet in one slot; different ones may. */
static uint32_t mix_text(uint32_t hash, const char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        hash = (hash ^ (uint8_t)text[i]) * 16777619U;
    }
    return (hash ^ 0xffU) * 16777619U;
}

static size_t slot_of(const struct receipt_key *key)
{
    uint32_t hash = 2166136261U ^ (uint32_t)key->business_date;
    hash = mix_text(hash * 16777619U, key->store);
    hash = mix_text(hash, key->till);
    return (hash ^ hash >> 16) % TILL_SLOTS;
}

static bool is_of(const struct till_slot *slot, const struct receipt_key *key)
{
    return slot->business_date == key->business_date && strcmp(slot->store, key->store) == 0 &&
           strcmp(slot->till, key->till) == 0;
}

static int read_slot(void *context, sqlite3_stmt *row)
{
    struct till_slot *slot = context;
    slot->stored = true;
    int error = column_i64(row, 0, &slot->receipts);
    if (error == 0) {
        error = column_i64(row, 1, &slot->gross);
    }
    if (error == 0) {
        error = column_i64(row, 2, &slot->points);
    }
    if (error == 0) {
        error = column_u64(row, 3, &slot->in_order);
    }
    if (error == 0) {
        error = column_u64(row, 4, &slot->last_position);
    }
    error = error != 0 ? error : column_text(row, 5, slot->last_number, sizeof(slot->last_number));
    return error != 0 ? error : column_u64(row, 6, &slot->closed);
}

static int load_slot(struct store *store, const struct receipt_key *key, struct till_slot *ret_slot)
{
    struct till_slot slot = {.generation = store->pending.generation, .business_date = key->business_date};
    memcpy(slot.store, key->store, strlen(key->store) + 1);
    memcpy(slot.till, key->till, strlen(key->till) + 1);
    bind_i64(store, STATEMENT_TILL_READ, 1, key->business_date);
    bind_text(store, STATEMENT_TILL_READ, 2, key->store);
    bind_text(store, STATEMENT_TILL_READ, 3, key->till);
    const int error = statement_find(store, STATEMENT_TILL_READ, read_slot, &slot);
    if (error != 0 && error != ERR_NOT_FOUND) {
        return error;
    }
    *ret_slot = slot;
    return 0;
}

int till_find(struct store *store, const struct receipt_key *key, struct till_slot **ret_slot)
{
    int error = connection_usable(store);
    if (error != 0) {
        return error;
    }
    CHECK(key->store != NULL);
    CHECK(key->till != NULL);
    CHECK(strlen(key->store) <= ID_BYTES_MAX);
    CHECK(strlen(key->till) <= TILL_LABEL_BYTES_MAX);
    struct till_slot *slot = &store->tills.slots[slot_of(key)];
    if (slot->generation != store->pending.generation || !is_of(slot, key)) {
        if (slot->generation == store->pending.generation && slot->dirty) {
            error = till_flush(store);
        }
        if (error == 0) {
            error = load_slot(store, key, slot);
        }
    }
    if (error == 0) {
        *ret_slot = slot;
    }
    return error;
}

void till_changed(struct store *store, struct till_slot *slot)
{
    CHECK(store->writing);
    CHECK(slot->generation == store->pending.generation);
    if (!slot->dirty) {
        struct till_cache *cache = &store->tills;
        CHECK(cache->dirty_count < TILL_SLOTS);
        slot->dirty = true;
        cache->dirty[cache->dirty_count++] = (uint32_t)(slot - cache->slots);
    }
}

static int write_slot(struct store *store, struct till_slot *slot)
{
    const enum statement statement = slot->stored ? STATEMENT_TILL_CHANGE : STATEMENT_TILL_ADD;
    bind_i64(store, statement, 1, slot->business_date);
    bind_text(store, statement, 2, slot->store);
    bind_text(store, statement, 3, slot->till);
    bind_i64(store, statement, 4, slot->receipts);
    bind_i64(store, statement, 5, slot->gross);
    bind_i64(store, statement, 6, slot->points);
    bind_u64(store, statement, 7, slot->in_order);
    bind_u64(store, statement, 8, slot->last_position);
    bind_text(store, statement, 9, slot->last_number);
    bind_u64(store, statement, 10, slot->closed);
    const int error = statement_run_one(store, statement);
    if (error == 0) {
        slot->stored = true;
        slot->dirty = false;
    }
    return error;
}

int till_flush(struct store *store)
{
    struct till_cache *cache = &store->tills;
    for (size_t i = 0; i < cache->dirty_count; i++) {
        struct till_slot *slot = &cache->slots[cache->dirty[i]];
        CHECK(slot->dirty);
        CHECK(slot->generation == store->pending.generation);
        const int error = write_slot(store, slot);
        if (error != 0) {
            return error;
        }
    }
    cache->dirty_count = 0;
    return 0;
}

void till_drop(struct till_cache *cache)
{
    cache->dirty_count = 0;
}
