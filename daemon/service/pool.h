/* A bounded pool of items of one size. Memory that was never taken is never touched, and what was given back
 * last is taken first, so a pool is resident only as far as it was ever needed at once. */
#ifndef LOYALTY_SERVICE_POOL_H
#define LOYALTY_SERVICE_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool {
    uint8_t *memory; /* held: count * item_bytes, aligned for any type */
    size_t item_bytes;
    uint32_t count;
    uint32_t fresh; /* items from here on were never taken */
    uint32_t taken;
    void *free; /* the item given back last; the first pointer in a free item is the pool's */
};

/* `item_bytes` is a multiple of the strictest alignment of what is kept in the pool. */
void pool_init(struct pool *pool, void *memory, size_t item_bytes, uint32_t count);

/* NULL when all are taken. A fresh item holds what the memory held, a returned one what it held then, but for
 * its first pointer. */
void *pool_take(struct pool *pool);

void pool_give(struct pool *pool, void *item);

uint32_t pool_left(const struct pool *pool);

uint32_t pool_index(const struct pool *pool, const void *item);

/* NULL when no item of this index was ever taken. */
void *pool_at(const struct pool *pool, uint32_t index);

#endif
