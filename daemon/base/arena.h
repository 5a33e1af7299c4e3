/* A bounded arena over memory the caller owns: allocate forwards, free all at once.
 * Not thread-safe; one arena belongs to one request at a time. */
#ifndef LOYALTY_BASE_ARENA_H
#define LOYALTY_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena {
    uint8_t *memory; /* borrowed from the caller for the arena's life */
    size_t size;     /* bytes of memory */
    size_t used;     /* bytes handed out, alignment included */
};

/* `memory` must stay valid until the arena is no longer used. */
void arena_init(struct arena *arena, void *memory, size_t size);

/* `count * size` zeroed bytes aligned for any type, or NULL when the arena has no room left (or the
 * product overflows). A count or size of 0 gives a valid pointer to nothing. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);

/* A copy of `size` bytes with a NUL byte behind them, or NULL when there is no room. */
void *arena_copy(struct arena *arena, const void *data, size_t size);

/* Takes back everything handed out. Pointers into the arena are invalid afterwards. */
void arena_reset(struct arena *arena);

/* Takes back everything handed out since `used` had this value. */
void arena_rewind(struct arena *arena, size_t used);

#endif
