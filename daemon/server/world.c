#include "server/world.h"

#include "crypto/crypto.h"

#include <time.h>

static int64_t read_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t wall_ms(void *context)
{
    (void)context;
    return read_ms(CLOCK_REALTIME);
}

static int64_t monotonic_ms(void *context)
{
    (void)context;
    return read_ms(CLOCK_MONOTONIC);
}

const struct world *world_real(void)
{
    static const struct world world = {
        .wall_ms = wall_ms, .monotonic_ms = monotonic_ms, .random = crypto_world_random};
    return &world;
}
