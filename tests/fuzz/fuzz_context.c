/* A recorded context, as verify reads it from a file that anybody may have damaged. What is accepted is
 * packed, and from there on unpacking and packing give the same bytes. */
#include "fuzz/fuzz.h"

#include "wire/body.h"

enum { ARENA_BYTES = 8 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes bytes = {data, size};
    struct arena arena;
    struct bytes packed;
    struct context *value = fuzz_memory(1, sizeof(*value));
    arena_init(&arena, fuzz_memory(0, ARENA_BYTES), ARENA_BYTES);
    if (wire_context_unpack(bytes, &arena, value) != 0) {
        return 0;
    }
    struct arena other;
    arena_init(&other, fuzz_memory(2, ARENA_BYTES), ARENA_BYTES);
    CHECK(wire_context_pack(value, &other, &packed) == 0);
    CHECK(packed.size <= 2 * size); /* numbers that stand one by one are packed */
    struct bytes again;
    CHECK(wire_context_unpack(packed, &other, value) == 0);
    CHECK(wire_context_pack(value, &other, &again) == 0);
    CHECK(bytes_equal(packed, again));
    return 0;
}
