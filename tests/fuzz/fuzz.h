/* What every fuzz target is made of: one function that takes any bytes and must come back. A property that
 * does not hold is a CHECK, so that it ends the program under every compiler. */
#ifndef LOYALTY_TESTS_FUZZ_FUZZ_H
#define LOYALTY_TESTS_FUZZ_FUZZ_H

#include "base/check.h"

#include <stddef.h>
#include <stdint.h>

/* The target. Always 0, or -1 for an input that is of no use in a corpus. Borrows `data`. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A block of the target's own, made at its first call and kept: the same `slot` gives the same memory. */
enum { FUZZ_SLOTS = 8 };
void *fuzz_memory(size_t slot, size_t size);

#endif
