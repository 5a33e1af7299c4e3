/* A signed body. What is accepted is canonical: packing gives the same bytes. What the quick look at its kind
 * says agrees with what it states, and no body within its limit is too large for the arena. */
#include "fuzz/fuzz.h"

#include "wire/body.h"

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
    struct bytes packed;
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
    uint8_t *memory = fuzz_memory(1, 2 * BODY_ARENA_BYTES);
    struct arena other;
    arena_init(&other, memory, 2 * BODY_ARENA_BYTES);
    CHECK(wire_body_pack(&event, &other, &packed) == 0);
    CHECK(bytes_equal(body, packed));
    const struct bytes card = event_card(&event);
    CHECK(card.size == 0 || card.size == HASH_BYTES);
    return 0;
}
