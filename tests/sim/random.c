#include "sim/sim.h"

#include <stdio.h>

/* SplitMix64: small, and any seed will do. */
uint64_t sim_random(struct sim *sim)
{
    sim->random += 0x9e3779b97f4a7c15u;
    uint64_t z = sim->random;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t sim_below(struct sim *sim, uint64_t end)
{
    return end == 0 ? 0 : sim_random(sim) % end;
}

bool sim_chance(struct sim *sim, unsigned percent)
{
    return sim_below(sim, 100) < percent;
}

const char *sim_card(struct sim *sim)
{
    static char numbers[CARDS][8];
    /* Some come often. */
    const size_t i = sim_below(sim, 1 + sim_below(sim, CARDS));
    snprintf(numbers[i], sizeof(numbers[i]), "%zu", 111 * (i + 1));
    return numbers[i];
}

/* Small more often than large: each power of two is as likely as the others. */
static uint32_t spread(struct sim *sim, uint32_t max)
{
    uint32_t end = 1;
    while (end < max && sim_chance(sim, 75)) {
        end *= 2;
    }
    return 1 + (uint32_t)sim_below(sim, end < max ? end : max);
}

void sim_draw_knobs(struct sim *sim)
{
    struct knobs *knobs = &sim->knobs;
    knobs->tills = 1 + (uint32_t)sim_below(sim, TILLS_MAX);
    /* Most runs are short: what goes wrong goes wrong early, and others begin elsewhere. */
    const bool is_long = sim_chance(sim, 6);
    knobs->events = 1 + (uint32_t)sim_below(sim, is_long ? EVENTS_MAX : 14);
    knobs->piece_max = spread(sim, 64 * 1024);
    knobs->pipeline = 1 + (uint32_t)sim_below(sim, IN_FLIGHT_MAX - 2);
    knobs->lines_max = sim_chance(sim, 10) ? 400 : 5;
    knobs->sell_percent = 2 + (unsigned)sim_below(sim, SELL_PERCENT_MAX - 2);
    knobs->batch_percent = sim_chance(sim, 30) ? 0 : (unsigned)sim_below(sim, 100);
    knobs->batch_max = spread(sim, BATCH_EVENTS_MAX);
    knobs->tick_ms_max = spread(sim, 120000);
    knobs->loading = sim_chance(sim, 30);
    knobs->fault_steps = 200 + (uint32_t)sim_below(sim, is_long ? 8000 : 2400);
    const bool lucky = sim_chance(sim, 15);
    for (unsigned i = 0; i < ACTION_COUNT; i++) {
        knobs->weights[i] = i < ACTION_FIRST_FAULT ? 10 + (unsigned)sim_below(sim, 100)
                            : lucky                ? 0
                            : sim_chance(sim, 50)  ? (unsigned)sim_below(sim, 6)
                                                   : 0;
    }
    knobs->weights[ACTION_RESEND] = 1 + (unsigned)sim_below(sim, 10);
    knobs->weights[ACTION_TICK] = 1 + (unsigned)sim_below(sim, 25);
    knobs->weights[ACTION_ENROL] = 1 + (unsigned)sim_below(sim, 5);
    knobs->weights[ACTION_MEMORY] = !lucky && sim_chance(sim, 30) ? 1 : 0;
    knobs->weights[ACTION_KILL] = !lucky && sim_chance(sim, 50) ? 1 : 0;
    knobs->service.connections_max =
        knobs->tills + 2 + (uint32_t)sim_below(sim, CONNECTIONS_MAX - knobs->tills - 1);
    knobs->service.requests_max = spread(sim, 200);
    knobs->service.blocks_max = spread(sim, 16);
    knobs->service.blocks_large_max = 1;
    knobs->service.send_blocks_max = 300 + (uint32_t)sim_below(sim, 300);
    knobs->service.verify_groups_max = 1 + (uint32_t)sim_below(sim, VERIFY_GROUPS_DEFAULT);
    knobs->service.idle_timeout_ms = sim_chance(sim, 30) ? 30 * 1000 : 0;
}
