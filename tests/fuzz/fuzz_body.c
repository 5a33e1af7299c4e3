/* A signed body. What is accepted is canonical: packing its message gives the same bytes, and packing the
 * event gives a body of the same event that is no longer, for it leaves out what is as its default. What the
 * quick look at its kind says agrees with what it states, and no body within its limit is too large for the
 * arena. */
#include "fuzz/fuzz.h"

#include "wire/body.h"

#include "loyalty/event.pb-c.h"

enum { MEMORY_BYTES = 2 * BODY_ARENA_BYTES };

static void check_message(struct bytes body)
{
    Loyalty__Body *message = loyalty__body__unpack(NULL, body.size, body.data);
    CHECK(message != NULL);
    uint8_t *packed = fuzz_memory(1, MEMORY_BYTES);
    CHECK(loyalty__body__get_packed_size(message) == body.size);
    CHECK(loyalty__body__pack(message, packed) == body.size);
    CHECK(bytes_equal(body, (struct bytes){packed, body.size}));
    loyalty__body__free_unpacked(message, NULL);
}

static void check_event(const struct event *event, size_t size)
{
    struct arena arena;
    struct event again;
    struct bytes packed;
    struct bytes packed_again;
    const char *field;
    arena_init(&arena, fuzz_memory(1, MEMORY_BYTES), MEMORY_BYTES);
    CHECK(wire_body_pack(event, &arena, &packed) == 0);
    CHECK(packed.size <= size);
    CHECK(wire_body_unpack(packed, &arena, &again, &field) == 0);
    CHECK(again.kind == event->kind && again.occurred_at == event->occurred_at);
    CHECK(wire_body_pack(&again, &arena, &packed_again) == 0);
    CHECK(bytes_equal(packed, packed_again));
    const struct bytes card = event_card(event);
    CHECK(card.size == 0 || card.size == HASH_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum event_kind kinds[] = {
#define X(name, number) EVENT_##name,
        EVENT_KIND_TABLE(X)
#undef X
    };
    const struct bytes body = {data, size};
    struct arena arena;
    struct event event;
    const char *field = NULL;
    arena_init(&arena, fuzz_memory(0, BODY_ARENA_BYTES), BODY_ARENA_BYTES);
    const int err = wire_body_unpack(body, &arena, &event, &field);
    bool stated = false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const bool states = wire_body_states(body, kinds[i]);
        CHECK(err != 0 || states == (event.kind == kinds[i]));
        stated = stated || states;
    }
    CHECK(field != NULL);
    CHECK(size > BODY_TERMINAL_BYTES_MAX || err != ERR_TOO_LARGE);
    if (err != 0) {
        CHECK(err == ERR_FORMAT || err == ERR_NOT_CANONICAL || err == ERR_RANGE || err == ERR_TOO_LARGE);
        return 0;
    }
    CHECK(stated);
    check_message(body);
    check_event(&event, size);
    return 0;
}
