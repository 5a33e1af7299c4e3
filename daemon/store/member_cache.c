#include "store/member_cache.h"

#include "base/check.h"
#include "store/connection.h"
#include "store/holdings.h"

/* Large, and only touched as far as members need it. */
struct member_memory {
    struct member_state states[MEMBERS_KEPT];
    uint8_t packed[HOLDINGS_BYTES_MAX];
};

int member_cache_init(struct member_cache *cache)
{
    cache->memory = sqlite3_malloc64(sizeof(*cache->memory));
    if (cache->memory == NULL) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < MEMBERS_KEPT; i++) {
        cache->kept[i].state = &cache->memory->states[i];
    }
    return 0;
}

void member_cache_fini(struct member_cache *cache)
{
    sqlite3_free(cache->memory);
    *cache = (struct member_cache){0};
}

static int write_kept(struct store *store, struct member_kept *kept)
{
    if (!kept->changed) {
        return 0;
    }
    const struct member_state *state = kept->state;
    uint8_t *packed = store->members.memory->packed;
    const enum statement statement = kept->added ? STATEMENT_MEMBER_ADD : STATEMENT_MEMBER_CHANGE;
    bind_i64(store, statement, 1, kept->member);
    bind_u64(store, statement, 2, state->last_position);
    bind_i64(store, statement, 3, state->balances[MEMBER_AVAILABLE]);
    bind_i64(store, statement, 4, state->balances[MEMBER_PENDING]);
    bind_i64(store, statement, 5, state->balances[MEMBER_RESERVED]);
    bind_bytes(store, statement, 6, (struct bytes){packed, holdings_pack(state, packed)});
    const int error = statement_run_one(store, statement);
    if (error == 0) {
        kept->changed = false;
        kept->added = false;
    }
    return error;
}

int member_cache_flush(struct store *store)
{
    int error = 0;
    for (size_t i = 0; i < MEMBERS_KEPT && error == 0; i++) {
        error = write_kept(store, &store->members.kept[i]);
    }
    return error;
}

static int read_member(void *context, sqlite3_stmt *row)
{
    struct member_state *state = context;
    struct bytes packed;
    int error = column_bytes(row, 4, NULL, &packed);
    error = error != 0 ? error : holdings_unpack(packed, state);
    error = error != 0 ? error : column_u64(row, 0, &state->last_position);
    error = error != 0 ? error : column_i64(row, 1, &state->balances[MEMBER_AVAILABLE]);
    error = error != 0 ? error : column_i64(row, 2, &state->balances[MEMBER_PENDING]);
    return error != 0 ? error : column_i64(row, 3, &state->balances[MEMBER_RESERVED]);
}

/* Room for a member that is not kept: where the one was that is longer out of use, and nobody's state. */
static int make_room(struct store *store, uint32_t member, struct member_kept **ret_kept)
{
    struct member_cache *cache = &store->members;
    cache->latest = (cache->latest + 1) % MEMBERS_KEPT;
    struct member_kept *kept = &cache->kept[cache->latest];
    const int error = write_kept(store, kept);
    if (error == 0) {
        kept->member = 0;
        member_state_clear(kept->state, member);
        *ret_kept = kept;
    }
    return error;
}

int member_cache_find(struct store *store, uint32_t member, struct member_kept **ret_kept)
{
    struct member_cache *cache = &store->members;
    for (size_t i = 0; i < MEMBERS_KEPT; i++) {
        if (cache->kept[i].member == member && member != 0) {
            cache->latest = i;
            *ret_kept = &cache->kept[i];
            return 0;
        }
    }
    struct member_kept *kept;
    int error = make_room(store, member, &kept);
    if (error == 0) {
        bind_i64(store, STATEMENT_MEMBER_READ, 1, member);
        error = statement_find(store, STATEMENT_MEMBER_READ, read_member, kept->state);
    }
    if (error == 0) {
        kept->member = member;
        *ret_kept = kept;
    }
    return error;
}

int member_cache_add(struct store *store, uint32_t member, struct member_kept **ret_kept)
{
    CHECK(store->writing);
    CHECK(member != 0);
    struct member_kept *kept;
    const int error = make_room(store, member, &kept);
    if (error == 0) {
        kept->member = member;
        kept->changed = true;
        kept->added = true;
        *ret_kept = kept;
    }
    return error;
}

void member_cache_drop(struct member_cache *cache)
{
    for (size_t i = 0; i < MEMBERS_KEPT; i++) {
        cache->kept[i].member = 0;
        cache->kept[i].changed = false;
        cache->kept[i].added = false;
    }
}
