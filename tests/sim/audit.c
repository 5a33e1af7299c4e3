#include "sim/sim.h"

#include <string.h>

static struct till *till_of(struct sim *sim, uint32_t principal)
{
    for (uint32_t i = 0; i < sim->speakers; i++) {
        if (sim->tills[i].principal == principal) {
            return &sim->tills[i];
        }
    }
    return NULL;
}

/* Who was told to be a principal is one, under the key it came with. */
static void audit_newcomers(struct sim *sim)
{
    for (size_t i = 0; i < sim->newcomers_count; i++) {
        const struct newcomer *newcomer = &sim->newcomers[i];
        struct principal_row row;
        if (newcomer->enrolled != 0) {
            const int result = store_principal_read(sim->house.temporary.store, newcomer->enrolled, &row);
            SIM_OK(sim, result);
            SIM_CHECK(sim, memcmp(row.key, newcomer->till.keys[0].public_key, KEY_BYTES) == 0);
        }
    }
}

/* What was new of a batch stands at consecutive positions, all of it. */
static void check_batch(struct sim *sim, const struct event_row *row, struct event_row *before)
{
    const struct event_batch *batch = &before->batch;
    const bool within = batch->count > 0 && before->sequence - batch->first_sequence + 1 < batch->count;
    SIM_CHECK(sim, !within || (row->principal == before->principal && row->sequence == before->sequence + 1 &&
                               memcmp(&row->batch, batch, sizeof(*batch)) == 0));
    SIM_CHECK(sim, within || row->batch.count == 0 || row->batch.first_position == row->position);
    *before = *row;
}

/* Nothing is booked that was not sold, each till's in order and without gaps; and what was acknowledged is
 * there. */
void audit_store(struct sim *sim)
{
    struct store *store = sim->house.temporary.store;
    struct store_head head;
    uint64_t booked[SPEAKERS_MAX] = {0};
    int64_t booked_at = 0;
    struct event_row before = {0};
    failing_heap_rest(true); /* what is armed is meant for the daemon */
    int result = store_head(store, &head);
    SIM_OK(sim, result);
    for (uint64_t position = sim->base_position + 1; position <= head.position; position++) {
        struct event_row row;
        arena_reset(&sim->scratch);
        result = store_event_read(store, position, &sim->scratch, &row);
        SIM_OK(sim, result);
        check_batch(sim, &row, &before);
        SIM_CHECK(sim, row.booked_at >= booked_at);
        booked_at = row.booked_at;
        if (row.principal == 0) {
            continue;
        }
        const struct till *till = till_of(sim, row.principal);
        SIM_CHECK(sim, till != NULL);
        SIM_CHECK(sim, row.sequence == ++booked[till - sim->tills]);
        SIM_CHECK(sim, row.sequence <= till->sold);
        const struct outbox_event *slot = &till->outbox[row.sequence];
        SIM_CHECK(sim, bytes_equal(row.body, (struct bytes){slot->body, slot->body_size}));
        struct bytes again;
        struct booked answer = {.sequence = row.sequence,
                                .position = row.position,
                                .booked_at = row.booked_at,
                                .outcome = row.outcome};
        memcpy(answer.chain, row.chain, sizeof(answer.chain));
        result = wire_booked_pack(&answer, &sim->scratch, &again);
        SIM_OK(sim, result);
        SIM_CHECK(sim, slot->booked == NULL ||
                           bytes_equal(again, (struct bytes){slot->booked, slot->booked_size}));
    }
    SIM_CHECK(sim, before.batch.count == 0 ||
                       before.sequence - before.batch.first_sequence + 1 == before.batch.count);
    audit_newcomers(sim);
    for (uint32_t i = 0; i < sim->speakers; i++) {
        const struct till *till = &sim->tills[i];
        struct principal_row row;
        result = store_principal_read(store, till->principal, &row);
        SIM_OK(sim, result);
        SIM_CHECK(sim, row.next_sequence == booked[i] + 1);
        for (uint64_t sequence = booked[i] + 1; sequence <= till->sold; sequence++) {
            SIM_CHECK(sim, till->outbox[sequence].booked == NULL);
        }
    }
    struct store_totals totals;
    result = store_totals(store, &totals);
    SIM_OK(sim, result);
    SIM_CHECK(sim, totals.balanced);
    audit_outcomes(sim);
    failing_heap_rest(false);
}

void audit_answers(struct sim *sim)
{
    struct house *house = &sim->house;
    for (uint32_t i = 0; i < sim->speakers; i++) {
        const struct till *till = &sim->tills[i];
        for (uint64_t sequence = 1; sequence <= till->sold; sequence++) {
            const struct outbox_event *slot = &till->outbox[sequence];
            struct request request = {.kind = REQUEST_BOOK,
                                      .book = {.principal = till->principal,
                                               .sequence = sequence,
                                               .body = {slot->body, slot->body_size},
                                               .signature = {slot->signature, SIGNATURE_BYTES}}};
            arena_reset(&house->scratch);
            house_ask(house, till->principal, &request);
            SIM_CHECK(sim, house->reply.kind == REPLY_BOOKED);
            SIM_CHECK(sim, house->reply.booked.repeated);
            SIM_CHECK(sim, bytes_equal(house->reply.booked.booked,
                                       (struct bytes){slot->booked, slot->booked_size}));
            request.book.body.size--;
            arena_reset(&house->scratch);
            house_ask(house, till->principal, &request);
            SIM_CHECK(sim, house->reply.kind == REPLY_FAILURE);
            SIM_CHECK(sim, house->reply.failure.code == FAILURE_CONFLICT);
        }
    }
}

void audit_rest(struct sim *sim)
{
    struct service_usage usage;
    const struct service_usage none = {0};
    service_usage(sim->service, &usage);
    SIM_CHECK(sim, memcmp(&usage, &none, sizeof(usage)) == 0);
    SIM_CHECK(sim, service_is_idle(sim->service));
}
