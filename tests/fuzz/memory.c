#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

void *fuzz_memory(size_t slot, size_t size)
{
    static void *blocks[FUZZ_SLOTS];
    CHECK(slot < FUZZ_SLOTS);
    if (blocks[slot] == NULL) {
        blocks[slot] = malloc(size);
        CHECK(blocks[slot] != NULL);
        /* Not zeros: what the code leaves out must not look like something it wrote. */
        memset(blocks[slot], 0xa5, size);
    }
    return blocks[slot];
}
