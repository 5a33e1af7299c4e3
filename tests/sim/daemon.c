#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

enum { READ_PIECE_MAX = 64 * 1024 };

void pipe_put(struct buffer *buffer, struct bytes bytes)
{
    if (bytes.size > 0) {
        buffer->data = realloc(buffer->data, buffer->size + bytes.size);
        memcpy(buffer->data + buffer->size, bytes.data, bytes.size);
        buffer->size += bytes.size;
    }
}

static void take(struct buffer *buffer, size_t size)
{
    buffer->size -= size;
    if (size > 0) {
        memmove(buffer->data, buffer->data + size, buffer->size);
    }
}

static void on_principal(void *context, const struct principal_row *row)
{
    service_principal(context, row);
}

void daemon_start(struct sim *sim)
{
    struct service_options options = sim->knobs.service;
    options.world = &sim->house.world;
    options.programme_id = sim->house.programme_id;
    options.daemon_key = sim->house.daemon_key.public_key;
    options.software = "sim";
    const int made = service_new(&options, &sim->service);
    SIM_OK(sim, made);
    const int told = ledger_principals(sim->house.ledger, on_principal, sim->service);
    SIM_OK(sim, told);
}

void daemon_calm(struct sim *sim)
{
    (void)sim;
    failing_heap_fault(0, false);
    crash_vfs_cut_after(0);
    crash_vfs_fault(&(struct crash_fault){0});
}

void daemon_kill(struct sim *sim, bool careful)
{
    /* What was written and not synced is kept, lost or torn. */
    if (!crash_vfs_is_off()) {
        crash_vfs_cut();
    }
    daemon_calm(sim);
    crash_vfs_switch_on();
    for (size_t i = 0; i < sim->groups_count; i++) {
        /* Only so that the pool can be freed: nobody looks at it again. */
        verify_group_run(sim->groups[i]);
        service_verified(sim->service, sim->groups[i]);
    }
    service_free(sim->service);
    sim->groups_count = 0;
    sim->jobs_count = 0;
    sim->results_count = 0;
    for (uint32_t i = 0; i < CONNECTIONS_MAX; i++) {
        struct pipe *pipe = &sim->pipes[i];
        if (pipe->open && pipe->till != NULL) {
            till_leave(sim, pipe->till);
        }
        free(pipe->in.data);
        free(pipe->out.data);
        *pipe = (struct pipe){0};
    }
    sim->house.careful = careful;
    house_restart(&sim->house);
    daemon_start(sim);
}

static void on_send(struct sim *sim, const struct output *output)
{
    struct pipe *pipe = &sim->pipes[output->connection];
    SIM_CHECK(sim, !pipe->sending);
    for (size_t i = 0; i < output->parts_count; i++) {
        pipe_put(&pipe->out, output->parts[i]);
    }
    pipe->sending = true;
}

static void on_close(struct sim *sim, uint32_t connection)
{
    struct pipe *pipe = &sim->pipes[connection];
    /* What was sent may be in the network; a till that is there reads it first, or never. */
    if (pipe->till != NULL && sim_chance(sim, 50)) {
        till_receive(sim, pipe->till, &pipe->out);
    }
    if (pipe->till != NULL) {
        till_leave(sim, pipe->till);
    }
    free(pipe->in.data);
    free(pipe->out.data);
    *pipe = (struct pipe){0};
    service_closed(sim->service, connection);
}

void daemon_drain(struct sim *sim)
{
    struct output output;
    while (service_next(sim->service, &output)) {
        struct pipe *pipe = &sim->pipes[output.connection];
        switch (output.kind) {
        case OUTPUT_SEND:
            on_send(sim, &output);
            break;
        case OUTPUT_PAUSE:
            SIM_CHECK(sim, !pipe->paused);
            pipe->paused = true;
            break;
        case OUTPUT_RESUME:
            SIM_CHECK(sim, pipe->paused);
            pipe->paused = false;
            break;
        case OUTPUT_SHUTDOWN:
            SIM_CHECK(sim, !pipe->shut);
            pipe->shut = true;
            break;
        case OUTPUT_CLOSE:
            SIM_CHECK(sim, pipe->open);
            on_close(sim, output.connection);
            break;
        case OUTPUT_VERIFY:
            SIM_CHECK(sim, sim->groups_count < VERIFY_GROUPS_DEFAULT);
            sim->groups[sim->groups_count++] = output.group;
            break;
        }
    }
}

bool daemon_connect(struct sim *sim, struct till *till)
{
    uint32_t connection;
    if (service_opened(sim->service, PEER_TCP, &connection) != 0) {
        return false;
    }
    SIM_CHECK(sim, connection < CONNECTIONS_MAX);
    SIM_CHECK(sim, !sim->pipes[connection].open);
    sim->pipes[connection] = (struct pipe){.open = true, .till = till};
    till->connection = connection;
    return true;
}

void daemon_deliver(struct sim *sim, uint32_t connection)
{
    struct pipe *pipe = &sim->pipes[connection];
    if (!pipe->open || pipe->paused) {
        return;
    }
    if (pipe->in.size == 0) {
        /* Nobody who has gone sends more. */
        if ((pipe->ended || pipe->shut || pipe->till == NULL) && !pipe->told) {
            pipe->told = true;
            service_ended(sim->service, connection);
            daemon_drain(sim);
        }
        return;
    }
    size_t room;
    uint8_t *to = service_read_buffer(sim->service, connection, &room);
    /* In small pieces for a while only, or large baskets never arrive. */
    const bool calm = sim->steps >= sim->knobs.fault_steps;
    size_t size = 1 + sim_below(sim, calm ? READ_PIECE_MAX : sim->knobs.piece_max);
    size = size > room ? room : size;
    size = size > pipe->in.size ? pipe->in.size : size;
    if (size > 0) {
        memcpy(to, pipe->in.data, size);
        take(&pipe->in, size);
        service_received(sim->service, connection, size);
    }
    daemon_drain(sim);
}

void daemon_reply(struct sim *sim, uint32_t connection)
{
    struct pipe *pipe = &sim->pipes[connection];
    if (!pipe->open || !pipe->sending) {
        return;
    }
    if (pipe->till != NULL) {
        till_receive(sim, pipe->till, &pipe->out);
    }
    /* The rest of a frame stays with the till's side of the pipe. */
    pipe->sending = false;
    service_sent(sim->service, connection);
    daemon_drain(sim);
}

void daemon_verify(struct sim *sim)
{
    if (sim->groups_count > 0) {
        const size_t i = sim_below(sim, sim->groups_count);
        struct verify_group *group = sim->groups[i];
        sim->groups[i] = sim->groups[--sim->groups_count];
        verify_group_run(group);
        service_verified(sim->service, group);
        daemon_drain(sim);
    }
}

/* An error of the ledger ends the process without an answer; it must be the disk's fault, or memory's. */
static bool end_after(struct sim *sim, int result)
{
    if (result != 0) {
        if (!crash_vfs_is_off() && crash_vfs_failed() == 0 && failing_heap_failed() == 0) {
            SIM_OK(sim, result);
        }
        sim->results_count = 0;
        sim->ends++;
        daemon_kill(sim, false);
        audit_store(sim);
    }
    return result != 0;
}

void daemon_tick(struct sim *sim)
{
    int64_t wait_ms;
    const bool busy = sim_chance(sim, 50);
    do {
        if (end_after(sim, ledger_tick(sim->house.ledger, busy, &wait_ms))) {
            return;
        }
        SIM_CHECK(sim, wait_ms >= 0);
    } while (!busy && wait_ms == 0);
}

void daemon_batch(struct sim *sim)
{
    if (sim->results_count > 0) {
        return;
    }
    if (sim->jobs_count == 0) {
        sim->jobs_count = service_take_jobs(sim->service, sim->jobs, sim->knobs.batch_max);
    }
    if (sim->jobs_count == 0) {
        end_after(sim, ledger_rest(sim->house.ledger, true));
        return;
    }
    if (end_after(sim, ledger_rest(sim->house.ledger, false))) {
        return;
    }
    /* The daemon waits for its clock before it begins a batch; it may still be set back behind that. */
    if (ledger_clock_behind_ms(sim->house.ledger) > 0 && sim_chance(sim, 90)) {
        return;
    }
    const int result = ledger_run(sim->house.ledger, sim->jobs, sim->jobs_count, &sim->results_memory,
                                  sim->results, &sim->results_count);
    if (end_after(sim, result)) {
        return;
    }
    SIM_CHECK(sim, sim->results_count > 0);
    SIM_CHECK(sim, sim->results_count <= sim->jobs_count);
    sim->jobs_count -= sim->results_count;
    memmove(sim->jobs, sim->jobs + sim->results_count, sim->jobs_count * sizeof(sim->jobs[0]));
}

void daemon_answer(struct sim *sim)
{
    if (sim->results_count > 0) {
        const size_t count = sim->results_count;
        sim->results_count = 0;
        service_answered(sim->service, sim->results, count);
        daemon_drain(sim);
    }
}

void daemon_cut(struct sim *sim, uint32_t connection)
{
    struct pipe *pipe = &sim->pipes[connection];
    if (pipe->open) {
        service_broken(sim->service, connection);
        daemon_drain(sim);
    }
}
