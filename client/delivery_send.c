#include "client/delivery_send.h"

#include "base/check.h"
#include "crypto/hash.h"
#include "model/event.h"

#include <string.h>

/* What was signed in the queue may have been signed with a key that is no more, or is not yet. */
static int sign_again(struct delivery *delivery, struct outbox_event *event)
{
    const size_t room = SIGN_EVENT_PREFIX_BYTES + event->body.size;
    uint8_t *scratch = arena_alloc(&delivery->arena, 1, room);
    const struct sign_event message = {.programme_id = delivery->programme_id,
                                       .principal = delivery->principal,
                                       .sequence = event->sequence,
                                       .body = event->body};
    return scratch == NULL ? ERR_NOMEM
                           : sign_event(delivery->live, &message, scratch, room, event->signature);
}

/* Behind a change of keys it is the answer that tells which key is to sign. */
static int note_rotation(struct delivery *delivery, const struct outbox_event *event)
{
    struct event body;
    if (!wire_body_states(event->body, EVENT_KEY_ROTATED)) {
        return 0;
    }
    const int error = wire_body_unpack(event->body, &delivery->arena, &body, NULL);
    if (error == 0) {
        memcpy(delivery->rotated, body.key_rotated.key.data, KEY_BYTES);
        delivery->rotation = event->sequence;
    }
    return error;
}

static struct opening opening_of(const struct outbox_event *event)
{
    return event->card == NULL ? (struct opening){0}
                               : (struct opening){.salt = event->salt, .card = event->card};
}

/* What was just sent is in flight. */
static void take_off(struct delivery *delivery, uint32_t count)
{
    const uint32_t at = (delivery->flights_first + delivery->flights_count) % REQUESTS_IN_FLIGHT_MAX;
    CHECK(delivery->flights_count < REQUESTS_IN_FLIGHT_MAX);
    delivery->flights[at] = (struct delivery_flight){.first = delivery->next, .count = count, .left = count};
    delivery->flights_count++;
    delivery->next += count;
}

static int send_next(struct delivery *delivery)
{
    struct outbox_event event;
    arena_reset(&delivery->arena);
    int error = outbox_event_load(delivery->options.outbox, delivery->next, &delivery->arena, &event);
    if (error != 0) {
        return error == ERR_NOT_FOUND ? ERR_CORRUPT : error;
    }
    error = !event.is_signed || delivery->options.others[0] != NULL || delivery->options.others[1] != NULL
                ? sign_again(delivery, &event)
                : 0;
    if (error == 0) {
        error = note_rotation(delivery, &event);
    }
    if (error != 0) {
        return error;
    }
    struct request request = {.kind = REQUEST_BOOK, .id = (uint32_t)event.sequence};
    request.book.principal = delivery->principal;
    request.book.sequence = event.sequence;
    request.book.body = event.body;
    request.book.signature = (struct bytes){.data = event.signature, .size = SIGNATURE_BYTES};
    request.book.locale = event.locale;
    request.book.opening = opening_of(&event);
    error = session_send(&delivery->session, &request);
    if (error == 0) {
        take_off(delivery, 1);
    }
    return error;
}

/* A batch that is being put together, in the delivery's arena. */
struct batch {
    struct request_book *books;
    uint8_t (*hashes)[HASH_BYTES];
    uint32_t count;
    size_t bytes; /* of the frame, at most */
};

/* Adds the event behind those that are there. ERR_FULL: it has to go without them. */
static int batch_add(struct delivery *delivery, struct batch *batch)
{
    struct outbox_event event;
    struct arena *arena = &delivery->arena;
    const int error =
        outbox_event_load(delivery->options.outbox, delivery->next + batch->count, arena, &event);
    if (error != 0) {
        return error == ERR_NOT_FOUND ? ERR_CORRUPT : error == ERR_NOMEM ? ERR_FULL : error;
    }
    const size_t bytes = event.body.size + (event.card != NULL ? strlen(event.card) : 0) +
                         (event.locale != NULL ? strlen(event.locale) : 0) + BATCH_EVENT_OVERHEAD_BYTES;
    /* Half of the arena is left for the frame's parts. */
    if (batch->bytes + bytes > FRAME_TERMINAL_BYTES_MAX || event.body.size > BODY_TERMINAL_BYTES_MAX ||
        arena->used > arena->size / 2 || wire_body_states(event.body, EVENT_KEY_ROTATED)) {
        return ERR_FULL;
    }
    batch->bytes += bytes;
    batch->books[batch->count] =
        (struct request_book){.body = event.body, .opening = opening_of(&event), .locale = event.locale};
    hash_bytes(event.body.data, event.body.size, batch->hashes[batch->count]);
    batch->count++;
    return 0;
}

static int batch_send(struct delivery *delivery, const struct batch *batch)
{
    struct request request = {.kind = REQUEST_BOOK_BATCH, .id = (uint32_t)delivery->next};
    const struct sign_batch message = {.programme_id = delivery->programme_id,
                                       .principal = delivery->principal,
                                       .first_sequence = delivery->next,
                                       .count = batch->count,
                                       .body_hashes = (const uint8_t(*)[HASH_BYTES])batch->hashes};
    uint8_t signature[SIGNATURE_BYTES];
    sign_batch(delivery->live, &message, signature);
    request.batch.principal = delivery->principal;
    request.batch.first_sequence = delivery->next;
    request.batch.signature = (struct bytes){.data = signature, .size = SIGNATURE_BYTES};
    int error = wire_batch_pack(batch->books, batch->count, &delivery->arena, &request.batch.events);
    if (error == 0) {
        error = session_send(&delivery->session, &request);
    }
    if (error == 0) {
        take_off(delivery, batch->count);
    }
    return error;
}

/* Sends up to `count_max` of the events that wait under one signature; fewer where no more fit, and one alone
 * as ever. */
static int send_batch(struct delivery *delivery, uint32_t count_max)
{
    struct arena *arena = &delivery->arena;
    struct batch batch = {.bytes = BATCH_OVERHEAD_BYTES};
    arena_reset(arena);
    batch.books = arena_alloc(arena, count_max, sizeof(*batch.books));
    batch.hashes = arena_alloc(arena, count_max, sizeof(*batch.hashes));
    if (batch.books == NULL || batch.hashes == NULL) {
        return ERR_NOMEM;
    }
    int error = 0;
    while (error == 0 && batch.count < count_max) {
        error = batch_add(delivery, &batch);
    }
    if (error != 0 && error != ERR_FULL) {
        return error;
    }
    return batch.count > 1 ? batch_send(delivery, &batch) : send_next(delivery);
}

int delivery_send_window(struct delivery *delivery)
{
    const uint64_t in_flight_max = delivery->options.in_flight_max;
    const bool batches = delivery->session.ready.role == ROLE_TERMINAL;
    int error = 0;
    while (error == 0 && !delivery->draining && delivery->rotation == 0 && delivery->next < delivery->end) {
        const uint64_t room = in_flight_max - (delivery->next - delivery->first);
        uint64_t wanted = delivery->end - delivery->next;
        wanted = wanted < delivery->options.batch_max ? wanted : delivery->options.batch_max;
        wanted = wanted < in_flight_max ? wanted : in_flight_max;
        if (!batches || delivery->next < delivery->alone_end) {
            wanted = 1;
        }
        if (room < wanted) {
            break; /* the answers that are on their way make room for a whole batch */
        }
        error = wanted > 1 ? send_batch(delivery, (uint32_t)wanted) : send_next(delivery);
    }
    return error;
}
