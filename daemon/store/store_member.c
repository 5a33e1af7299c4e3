/* Members, as the engine reads them. */
#include "base/check.h"
#include "store/connection.h"
#include "store/store.h"

int store_member_touch(struct store *store, uint32_t member, uint64_t position)
{
    struct member_kept *kept;
    int error = connection_usable(store);
    if (error != 0) {
        return error;
    }
    CHECK(store->writing);
    CHECK(position != 0);
    error = member_cache_find(store, member, &kept);
    CHECK(error != ERR_NOT_FOUND);
    if (error == 0 && kept->state->last_position != position) {
        kept->state->last_position = position;
        kept->changed = true;
    }
    return error;
}

int store_member_read(struct store *store, uint32_t member, struct member_state *ret_state)
{
    struct member_kept *kept;
    int error = connection_usable(store);
    error = error != 0 ? error : member_cache_find(store, member, &kept);
    if (error == 0) {
        member_state_copy(ret_state, kept->state);
    }
    return error;
}

int store_member_merged(struct store *store, uint32_t member, uint32_t *ret_into)
{
    struct member_kept *kept;
    int error = connection_usable(store);
    error = error != 0 ? error : member_cache_find(store, member, &kept);
    if (error != 0 || kept->state->merged == 0) {
        return error != 0 ? error : ERR_NOT_FOUND;
    }
    *ret_into = kept->state->merged;
    return 0;
}
