#include "service/service_internal.h"

#include "base/check.h"
#include "wire/frame.h"

#include <string.h>

void block_release(struct service *service, struct block *block)
{
    CHECK(block->refs > 0);
    if (--block->refs == 0) {
        pool_give(block->large ? &service->blocks_large : &service->blocks, block);
    }
}

static struct block *block_take(struct service *service, bool large)
{
    struct block *block = pool_take(large ? &service->blocks_large : &service->blocks);
    if (block != NULL) {
        block->refs = 1;
        block->large = large;
    }
    return block;
}

static size_t pending(const struct input *input)
{
    return input->end - input->start;
}

/* Bytes of the frame that has begun, its header included; 0 while the header is not there. */
static size_t frame_total(const struct input *input)
{
    return pending(input) < FRAME_HEADER_BYTES
               ? 0
               : FRAME_HEADER_BYTES + (size_t)get_u32_be(input->data + input->start);
}

static void wait_for(struct service *service, struct connection *connection, enum list_kind kind)
{
    list_add(service, kind, connection);
    list_add(service, LIST_DIRTY, connection);
}

static bool waits(const struct connection *connection)
{
    return connection->links[LIST_WAIT_SLOT].on || connection->links[LIST_WAIT_BLOCK].on ||
           connection->links[LIST_WAIT_LARGE].on || connection->links[LIST_WAIT_LIMIT].on;
}

void incoming_drop(struct service *service, struct connection *connection)
{
    struct input *input = &connection->input;
    if (input->storage == INPUT_BLOCK) {
        block_release(service, input->block);
    }
    *input = (struct input){.storage = INPUT_OWN, .data = connection->buffer};
    list_remove(service, LIST_WAIT_SLOT, connection);
    list_remove(service, LIST_WAIT_BLOCK, connection);
    list_remove(service, LIST_WAIT_LARGE, connection);
    list_remove(service, LIST_WAIT_LIMIT, connection);
}

/* Puts the input into the connection's own buffer, which holds it. */
static void keep_in_own(struct service *service, struct connection *connection)
{
    struct input *input = &connection->input;
    const size_t size = pending(input);
    CHECK(size <= sizeof(connection->buffer));
    memmove(connection->buffer, input->data + input->start, size);
    if (input->storage == INPUT_BLOCK) {
        block_release(service, input->block);
    }
    *input = (struct input){.storage = INPUT_OWN, .data = connection->buffer, .end = size};
}

static void keep_in_block(struct service *service, struct connection *connection, struct block *block)
{
    struct input *input = &connection->input;
    const size_t size = pending(input);
    memcpy(block->data, input->data + input->start, size);
    if (input->storage == INPUT_BLOCK) {
        block_release(service, input->block);
    }
    *input = (struct input){.storage = INPUT_BLOCK, .data = block->data, .block = block, .end = size};
}

/* Makes room for the rest of a frame that has begun and is larger than what holds it, and waits for a block
 * when there is none. Blocks are taken for bytes that have come, never for a length that was announced. */
static void make_room(struct service *service, struct connection *connection)
{
    struct input *input = &connection->input;
    const size_t total = frame_total(input);
    if (total <= pending(input) && total > 0) {
        return; /* a whole frame: it waits for a slot or an answer */
    }
    if (input->storage == INPUT_OWN) {
        if (pending(input) == sizeof(connection->buffer)) {
            struct block *block = block_take(service, false);
            if (block == NULL) {
                wait_for(service, connection, LIST_WAIT_BLOCK);
            } else {
                keep_in_block(service, connection, block);
            }
        }
    } else if (!input->block->large && total > BLOCK_DATA_BYTES) {
        struct block *block = block_take(service, true);
        if (block == NULL) {
            wait_for(service, connection, LIST_WAIT_LARGE);
        } else {
            keep_in_block(service, connection, block);
        }
    } else if (input->start > 0 && input->block->refs == 1) {
        memmove(input->data, input->data + input->start, pending(input));
        input->end -= input->start;
        input->start = 0;
    } else if (input->start > 0) {
        /* Requests refer to what stands in front: another block, or wait until they are answered. */
        struct block *block = block_take(service, false);
        if (block != NULL) {
            keep_in_block(service, connection, block);
        }
    }
}

/* Whether the rest of the frame in a block can be read behind what is there. */
static bool block_has_room(const struct input *input)
{
    const size_t capacity = input->block->large ? BLOCK_LARGE_DATA_BYTES : BLOCK_DATA_BYTES;
    return input->start + frame_total(input) <= capacity && frame_total(input) > pending(input);
}

bool incoming_wanted(const struct service *service, const struct connection *connection)
{
    if (connection->ended || connection->state == SESSION_CLOSING || connection->state == SESSION_CLOSED) {
        return false;
    }
    if (connection->state == SESSION_LINGERING) {
        return true;
    }
    const bool scarce = pool_left(&service->send_blocks) < service->send_blocks.count / 2;
    const size_t unsent_bytes_max = scarce ? UNSENT_SCARCE_BYTES : UNSENT_BYTES_MAX;
    return session_takes_frames(connection) && !waits(connection) &&
           connection->in_flight < REQUESTS_IN_FLIGHT_MAX && connection->out.bytes <= unsent_bytes_max &&
           (connection->input.storage != INPUT_BLOCK || block_has_room(&connection->input));
}

static int copy_bytes(struct arena *arena, struct bytes *bytes)
{
    if (bytes->size == 0) {
        return 0;
    }
    bytes->data = arena_copy(arena, bytes->data, bytes->size);
    return bytes->data == NULL ? ERR_TOO_LARGE : 0;
}

static int copy_text(struct arena *arena, const char **text)
{
    if (*text == NULL) {
        return 0;
    }
    *text = arena_copy(arena, *text, strlen(*text));
    return *text == NULL ? ERR_TOO_LARGE : 0;
}

/* Unpacks a frame larger than a slot. What is large in it takes the place of the frame in its block, the rest
 * is copied to the slot. */
static int unpack_large(struct service *service, struct request_slot *slot, struct input *input,
                        uint8_t *frame, size_t frame_bytes)
{
    CHECK(input->storage == INPUT_BLOCK);
    struct arena arena;
    arena_init(&arena, service->unpack_memory, UNPACK_BYTES);
    struct request *request = &slot->request;
    int result = wire_request_unpack((struct bytes){frame, frame_bytes}, &arena, request);
    if (result != 0) {
        return result;
    }
    struct bytes *large = NULL;
    if (request->kind == REQUEST_BOOK) {
        large = &request->book.body;
        result = copy_bytes(&slot->arena, &request->book.signature);
        result = result != 0 ? result : copy_bytes(&slot->arena, &request->book.opening.salt);
        result = result != 0 ? result : copy_text(&slot->arena, &request->book.opening.card);
        result = result != 0 ? result : copy_text(&slot->arena, &request->book.locale);
    } else if (request->kind == REQUEST_QUOTE) {
        large = &request->quote.body;
        result = copy_bytes(&slot->arena, &request->quote.opening.salt);
        result = result != 0 ? result : copy_text(&slot->arena, &request->quote.opening.card);
        result = result != 0 ? result : copy_text(&slot->arena, &request->quote.locale);
    } else if (request->kind == REQUEST_BOOK_BATCH) {
        large = &request->batch.events;
        result = copy_bytes(&slot->arena, &request->batch.signature);
    } else if (request->kind == REQUEST_CHECK_PROGRAMME) {
        large = &request->check_programme.yaml;
    } else {
        result = ERR_TOO_LARGE;
    }
    if (result == 0) {
        CHECK(large->size <= frame_bytes);
        memcpy(frame, large->data, large->size);
        large->data = frame;
        slot->block = input->block;
        slot->block->refs++;
    }
    return result;
}

static void take_frame(struct service *service, struct connection *connection, size_t frame_bytes)
{
    struct input *input = &connection->input;
    struct request_slot *slot = slot_take(service, connection);
    CHECK(slot != NULL);
    service->metrics.frames_received++;
    uint8_t *frame = input->data + input->start + FRAME_HEADER_BYTES;
    input->start += FRAME_HEADER_BYTES + frame_bytes;
    connection->begun_ms = connection->heard_ms;
    slot->request = (struct request){0};
    const int result =
        frame_bytes > SLOT_FRAME_BYTES
            ? unpack_large(service, slot, input, frame, frame_bytes)
            : wire_request_unpack((struct bytes){frame, frame_bytes}, &slot->arena, &slot->request);
    if (result == 0) {
        session_request(service, connection, slot);
    } else if (result == ERR_RANGE) {
        slot_fail(slot, FAILURE_INVALID, "a value of the request is missing or out of its range");
    } else if (result == ERR_TOO_LARGE) {
        slot_fail(slot, FAILURE_TOO_LARGE, "the frame is larger than such a request can be");
    } else {
        service->metrics.frames_malformed++;
        slot_fail(slot, FAILURE_BAD_FRAME, "the frame holds no valid Request");
        session_close(service, connection, FAILURE_BAD_FRAME, NULL);
    }
    requests_advance(service, connection);
}

/* Puts the input where it can stay until more is read. `spare` was taken before reading for what may not fit
 * the connection's own buffer; NULL when it does. */
static void keep_input(struct service *service, struct connection *connection, struct block *spare)
{
    struct input *input = &connection->input;
    if (input->storage != INPUT_SCRATCH && spare != NULL) {
        block_release(service, spare);
        spare = NULL;
    }
    if (pending(input) <= sizeof(connection->buffer)) {
        keep_in_own(service, connection);
        if (spare != NULL) {
            block_release(service, spare);
        }
    } else if (input->storage == INPUT_SCRATCH) {
        CHECK(spare != NULL);
        keep_in_block(service, connection, spare);
    }
    if (session_takes_frames(connection) && !waits(connection)) {
        make_room(service, connection);
    }
}

static void pump(struct service *service, struct connection *connection, struct block *spare,
                 uint32_t frames_max)
{
    struct input *input = &connection->input;
    uint32_t frames = 0;
    while (session_takes_frames(connection) && connection->in_flight < REQUESTS_IN_FLIGHT_MAX) {
        struct bytes frame;
        const struct bytes rest = {input->data + input->start, pending(input)};
        const int found = frame_parse(rest, session_frame_bytes_max(connection), &frame);
        if (found < 0) {
            service->metrics.frames_malformed++;
            session_close(service, connection, FAILURE_BAD_FRAME,
                          "the frame is empty or larger than this connection may send");
            break;
        }
        if (found == 0) {
            break;
        }
        if (pool_left(&service->slots) == 0 || frames == frames_max ||
            (frames_max == UINT32_MAX && service->lists[LIST_WAIT_SLOT].first != NULL)) {
            wait_for(service, connection, LIST_WAIT_SLOT);
            break;
        }
        if (frame.size > SLOT_FRAME_BYTES && input->storage == INPUT_SCRATCH) {
            CHECK(spare != NULL);
            keep_in_block(service, connection, spare);
            spare = NULL;
            continue;
        }
        if (connection->state == SESSION_READY && connection->account != NULL &&
            !peers_take(&service->peers, connection->account, PEER_LIMIT_requests, 1,
                        service_now_ms(service))) {
            service->metrics.limited_requests++;
            wait_for(service, connection, LIST_WAIT_LIMIT);
            break;
        }
        take_frame(service, connection, frame.size);
        frames++;
    }
    keep_input(service, connection, spare);
    list_add(service, LIST_DIRTY, connection);
}

void incoming_pump(struct service *service, struct connection *connection, uint32_t frames_max)
{
    if (!waits(connection) && connection->state < SESSION_CLOSING) {
        pump(service, connection, NULL, frames_max);
    }
}

uint8_t *service_read_buffer(struct service *service, uint32_t index, size_t *ret_size)
{
    struct connection *connection = pool_at(&service->connections, index);
    CHECK(connection != NULL);
    const struct input *input = &connection->input;
    *ret_size = 0;
    if (!incoming_wanted(service, connection)) {
        list_add(service, LIST_DIRTY, connection);
    } else if (connection->state == SESSION_LINGERING) {
        *ret_size = READ_BYTES;
    } else if (input->storage == INPUT_BLOCK) {
        *ret_size = frame_total(input) - pending(input);
        return input->data + input->end;
    } else {
        *ret_size =
            pool_left(&service->blocks) > 0 ? READ_BYTES : sizeof(connection->buffer) - pending(input);
    }
    return service->scratch + CONNECTION_BUFFER_BYTES;
}

void incoming_received(struct service *service, struct connection *connection, size_t size)
{
    struct input *input = &connection->input;
    if (pending(input) == 0) {
        connection->begun_ms = service_now_ms(service);
    }
    connection->heard_ms = service_now_ms(service);
    if (input->storage == INPUT_BLOCK) {
        CHECK(size <= frame_total(input) - pending(input));
        input->end += size;
        pump(service, connection, NULL, UINT32_MAX);
        return;
    }
    const size_t before = pending(input);
    const size_t start = CONNECTION_BUFFER_BYTES - before;
    CHECK(size <= READ_BYTES);
    memcpy(service->scratch + start, input->data + input->start, before);
    *input = (struct input){.storage = INPUT_SCRATCH,
                            .data = service->scratch,
                            .start = start,
                            .end = CONNECTION_BUFFER_BYTES + size};
    struct block *spare = NULL;
    if (before + size > sizeof(connection->buffer)) {
        spare = block_take(service, false);
        CHECK(spare != NULL);
    }
    pump(service, connection, spare, UINT32_MAX);
}
