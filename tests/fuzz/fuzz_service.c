/* The service fed any inputs in any order: bytes whole, cut and wrong, signatures that are done in any order,
 * answers, cuts, pauses, time. Its outputs are what the contract allows (lib/front.c checks them), every
 * reply is a whole one, the replies of a connection come in the order of its requests, and in the end nothing
 * of the service is in use. */
#include "fuzz/fuzz.h"
#include "fuzz/service_world.h"

#include <string.h>

enum { STEPS_MAX = 200 };

/* Something a peer does. */
static void peer_step(struct service_world *world, struct draw *draw, uint32_t connection)
{
    switch (draw_below(draw, 12)) {
    case 0:
        world_send_raw(world, draw, connection);
        break;
    case 1:
        world_end(world, connection);
        break;
    case 2:
        world_break(world, draw, connection);
        break;
    case 3:
        world_ask(world, draw, connection);
        break;
    case 4:
    case 5:
        world_greet(world, draw, connection);
        break;
    case 6:
        world_read(world, connection);
        break;
    default:
        world_book(world, draw, connection);
        break;
    }
}

/* Something the adapter or the ledger does. */
static void house_step(struct service_world *world, struct draw *draw)
{
    struct front *front = &world->front;
    switch (draw_below(draw, 12)) {
    case 0:
        front->hold_groups = draw_one_in(draw, 2);
        break;
    case 1:
        front->hold_jobs = draw_one_in(draw, 2);
        front_drain(front);
        break;
    case 2:
        front->hold_sends = draw_one_in(draw, 2);
        world_let_go(world, draw);
        break;
    case 3:
    case 4:
        world_verify(world, draw);
        break;
    case 5:
        front->now += draw_edge(draw, 0, 2 * IDLE_TIMEOUT_MS_DEFAULT);
        service_tick(front->service);
        front_drain(front);
        break;
    case 6:
        if (draw_one_in(draw, 16)) {
            service_stop(front->service);
            front_drain(front);
        }
        break;
    case 7:
        world_let_go(world, draw);
        break;
    case 8:
        world_answer_badly(world, draw);
        break;
    default:
        front_answer(front, (size_t)draw_below(draw, front->jobs_count + 1));
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct draw draw = {data, size, 0};
    struct service_world *world = fuzz_memory(0, sizeof(*world));
    world_open(world, &draw);
    for (int i = 0; i < STEPS_MAX && draw_more(&draw); i++) {
        const uint64_t choice = draw_below(&draw, 16);
        const uint32_t connection = (uint32_t)draw_below(&draw, WORLD_CONNECTIONS);
        if (!world->front.peers[connection].open) {
            world_connect(world, &draw);
        } else if (choice < 9) {
            peer_step(world, &draw, connection);
        } else {
            house_step(world, &draw);
        }
    }
    world_close(world);
    return 0;
}
