#include "lib/full_body.h"

#include "lib/testing.h"

#include <stdlib.h>
#include <string.h>

uint8_t full_arena_memory[FULL_ARENA_BYTES];
uint8_t full_body_memory[FULL_BODY_BYTES_MAX];

bool full_is_kind(uint32_t kind)
{
    return protobuf_c_message_descriptor_get_field(&loyalty__body__descriptor, kind) != NULL;
}

struct bytes full_body(uint32_t kind, const struct fill_override *first, const struct fill_override *second)
{
    struct fill_override overrides[] = {
        first != NULL ? *first : (struct fill_override){"", FILL_SKIP, 0, NULL},
        second != NULL ? *second : (struct fill_override){"", FILL_SKIP, 0, NULL},
        FULL_ALWAYS,
    };
    struct wire_writer writer = {.data = full_body_memory, .room = sizeof(full_body_memory)};
    fill_message(&writer, &loyalty__body__descriptor, kind, overrides);
    return (struct bytes){full_body_memory, writer.size};
}

int full_unpack(struct bytes body, struct event *ret_event, const char **ret_field)
{
    uint8_t *exact = malloc(body.size == 0 ? 1 : body.size);
    assert_non_null(exact);
    if (body.size > 0) {
        memcpy(exact, body.data, body.size);
    }
    struct arena arena;
    arena_init(&arena, full_arena_memory, sizeof(full_arena_memory));
    const int result = wire_body_unpack((struct bytes){exact, body.size}, &arena, ret_event, ret_field);
    free(exact);
    return result;
}

int full_refusal(struct bytes body)
{
    struct event event;
    return full_unpack(body, &event, NULL);
}
