/* The envelope of a reply, which a till reads from whoever answers it, and the Booked within. */
#include "fuzz/fuzz.h"

#include "wire/body.h"
#include "wire/frame.h"
#include "wire/message.h"

enum { ARENA_BYTES = 4 * 1024 * 1024 };

static void check_booked(struct bytes bytes, struct arena *arena)
{
    struct booked booked;
    struct booked again;
    struct bytes packed;
    if (wire_booked_unpack(bytes, arena, &booked) != 0) {
        return;
    }
    CHECK(wire_booked_pack(&booked, arena, &packed) == 0);
    CHECK(wire_booked_unpack(packed, arena, &again) == 0);
    CHECK(again.sequence == booked.sequence && again.position == booked.position);
    CHECK(again.booked_at == booked.booked_at && bytes_equal(again.outcome, booked.outcome));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct reply reply = {0};
    struct reply again = {0};
    struct bytes packed;
    struct bytes packed_again;
    arena_init(&arena, fuzz_memory(0, ARENA_BYTES), ARENA_BYTES);
    check_booked((struct bytes){data, size}, &arena);
    arena_reset(&arena);
    if (wire_reply_unpack((struct bytes){data, size}, &arena, &reply) != 0) {
        return 0;
    }
    if (reply.kind == REPLY_BOOKED) {
        check_booked(reply.booked.booked, &arena);
    }
    if (reply.kind == REPLY_BOOKED && reply.booked.booked.size == 0) {
        return 0; /* read, and then no Booked; not to be packed */
    }
    if (wire_reply_pack(&reply, &arena, &packed) != 0) {
        return 0;
    }
    const struct bytes inner = {packed.data + FRAME_HEADER_BYTES, packed.size - FRAME_HEADER_BYTES};
    CHECK(wire_reply_unpack(inner, &arena, &again) == 0);
    CHECK(again.id == reply.id && again.kind == reply.kind);
    CHECK(wire_reply_pack(&again, &arena, &packed_again) == 0);
    CHECK(bytes_equal(packed, packed_again));
    return 0;
}
