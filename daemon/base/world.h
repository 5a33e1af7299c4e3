/* The world outside: clocks and randomness, behind one table so that tests and the simulator can bring their
 * own. No other code of the daemon reads a clock or draws a random byte. */
#ifndef LOYALTY_BASE_WORLD_H
#define LOYALTY_BASE_WORLD_H

#include <stddef.h>
#include <stdint.h>

struct world {
    int64_t (*wall_ms)(void *context);      /* milliseconds since 1970 UTC; may jump */
    int64_t (*monotonic_ms)(void *context); /* never falls */
    void (*random)(void *context, void *ret_data, size_t size);
    void *context;
};

#endif
