#include "service/pool.h"

#include "base/check.h"

#include <string.h>

void pool_init(struct pool *pool, void *memory, size_t item_bytes, uint32_t count)
{
    CHECK(memory != NULL);
    CHECK(count > 0);
    CHECK(item_bytes >= sizeof(void *));
    *pool = (struct pool){.memory = memory, .item_bytes = item_bytes, .count = count};
}

void *pool_take(struct pool *pool)
{
    void *item = pool->free;
    if (item != NULL) {
        memcpy(&pool->free, item, sizeof(pool->free));
    } else if (pool->fresh < pool->count) {
        item = pool->memory + pool->item_bytes * pool->fresh++;
    } else {
        return NULL;
    }
    pool->taken++;
    return item;
}

void pool_give(struct pool *pool, void *item)
{
    CHECK(pool->taken > 0);
    CHECK(pool_index(pool, item) < pool->fresh);
    memcpy(item, &pool->free, sizeof(pool->free));
    pool->free = item;
    pool->taken--;
}

uint32_t pool_left(const struct pool *pool)
{
    return pool->count - pool->taken;
}

uint32_t pool_index(const struct pool *pool, const void *item)
{
    const size_t offset = (size_t)((const uint8_t *)item - pool->memory);
    CHECK(offset % pool->item_bytes == 0);
    CHECK(offset / pool->item_bytes < pool->count);
    return (uint32_t)(offset / pool->item_bytes);
}

void *pool_at(const struct pool *pool, uint32_t index)
{
    return index < pool->fresh ? pool->memory + pool->item_bytes * index : NULL;
}
