#include "base/arena.h"

#include "base/check.h"

#include <stdalign.h>
#include <string.h>

void arena_init(struct arena *arena, void *memory, size_t size)
{
    CHECK(memory != NULL || size == 0);
    *arena = (struct arena){.memory = memory, .size = size};
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    const size_t alignment = alignof(max_align_t);
    const uintptr_t next = (uintptr_t)arena->memory + arena->used;
    const size_t padding = (size_t)(-next & (alignment - 1));
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return NULL;
    }
    const size_t room = arena->size - arena->used;
    if (padding > room || bytes > room - padding) {
        return NULL;
    }
    uint8_t *result = arena->memory + arena->used + padding;
    arena->used += padding + bytes;
    if (bytes > 0) {
        memset(result, 0, bytes);
    }
    return result;
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
    if (size == SIZE_MAX) {
        return NULL;
    }
    uint8_t *copy = arena_alloc(arena, 1, size + 1);
    if (copy != NULL && size > 0) {
        memcpy(copy, data, size);
    }
    return copy;
}

void arena_reset(struct arena *arena)
{
    arena->used = 0;
}

void arena_rewind(struct arena *arena, size_t used)
{
    CHECK(used <= arena->used);
    arena->used = used;
}
