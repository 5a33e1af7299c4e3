/* What a connection does to the bytes of a peer: frames, then the envelope of a request. Whatever the bytes
 * are cut into, the same frames come out; a request that was read, packed and read again is packed the same.
 */
#include "fuzz/fuzz.h"

#include "wire/frame.h"
#include "wire/message.h"

#include <string.h>

enum { ARENA_BYTES = 2 * 1024 * 1024 };

/* The events of a batch are as many as were counted, and none of them is out of its range. */
static void check_events(const struct request_batch *batch, struct arena *arena)
{
    struct bytes rest = batch->events;
    struct request_book book;
    struct bytes body;
    CHECK(batch->count >= 1 && batch->count <= BATCH_EVENTS_MAX);
    for (uint32_t i = 0; i < batch->count; i++) {
        const size_t used = arena->used;
        struct bytes again = rest;
        CHECK(wire_batch_next(&again, &body));
        CHECK(wire_batch_book(batch, batch->first_sequence + i, &rest, arena, &book) == 0);
        CHECK(bytes_equal(book.body, body) && rest.size == again.size);
        CHECK(book.opening.card == NULL ||
              (book.opening.salt.size == CARD_SALT_BYTES && strlen(book.opening.card) <= CARD_BYTES_MAX));
        CHECK(book.locale == NULL || (book.locale[0] != '\0' && strlen(book.locale) <= LOCALE_BYTES_MAX));
        arena_rewind(arena, used);
    }
    CHECK(!wire_batch_next(&rest, &body));
}

static void check_envelope(struct bytes message)
{
    struct arena arena;
    struct request request = {0};
    struct request again = {0};
    struct bytes packed;
    struct bytes packed_again;
    arena_init(&arena, fuzz_memory(0, ARENA_BYTES), ARENA_BYTES);
    if (wire_request_unpack(message, &arena, &request) != 0) {
        return;
    }
    if (request.kind == REQUEST_BOOK_BATCH) {
        check_events(&request.batch, &arena);
    }
    if (wire_request_pack(&request, &arena, &packed) != 0) {
        return;
    }
    const struct bytes inner = {packed.data + FRAME_HEADER_BYTES, packed.size - FRAME_HEADER_BYTES};
    CHECK(wire_request_unpack(inner, &arena, &again) == 0);
    CHECK(again.id == request.id && again.kind == request.kind);
    CHECK(wire_request_pack(&again, &arena, &packed_again) == 0);
    CHECK(bytes_equal(packed, packed_again));
}

/* Every shorter piece of a frame asks for more, with the same size as soon as the header is there. */
static void check_pieces(struct bytes data, struct bytes frame, size_t bytes_max)
{
    for (size_t size = 0; size < FRAME_HEADER_BYTES + frame.size; size = size * 2 + 1) {
        struct bytes piece = {NULL, 99};
        CHECK(frame_parse((struct bytes){data.data, size}, bytes_max, &piece) == 0);
        CHECK(piece.size == (size < FRAME_HEADER_BYTES ? 0 : frame.size));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t bytes_max = size % 2 == 0 ? FRAME_HANDSHAKE_BYTES_MAX : FRAME_OPERATOR_BYTES_MAX;
    struct bytes rest = {data, size};
    check_envelope(rest);
    for (;;) {
        struct bytes frame = {NULL, 0};
        const int found = frame_parse(rest, bytes_max, &frame);
        CHECK(found == 1 || found == 0 || found == ERR_TOO_LARGE);
        if (found != 1) {
            return 0;
        }
        CHECK(frame.size > 0 && frame.size <= bytes_max);
        CHECK(frame.data == rest.data + FRAME_HEADER_BYTES);
        CHECK(FRAME_HEADER_BYTES + frame.size <= rest.size);
        check_pieces(rest, frame, bytes_max);
        check_envelope(frame);
        rest.data += FRAME_HEADER_BYTES + frame.size;
        rest.size -= FRAME_HEADER_BYTES + frame.size;
    }
}
