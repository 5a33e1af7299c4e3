#include "lib/full_message.h"

#include "lib/testing.h"

#include <stdlib.h>
#include <string.h>

static uint8_t unpack_memory[FULL_MESSAGE_BYTES_MAX];
static uint8_t message_memory[FULL_MESSAGE_BYTES_MAX];

const struct fill_override full_plain[5] = {{"GetMember.member", FILL_SKIP, 0, NULL},
                                            {"SetProfile.member", FILL_SKIP, 0, NULL},
                                            {"GetProfile.member", FILL_SKIP, 0, NULL},
                                            {"GetEvent.position", FILL_SKIP, 0, NULL},
                                            {NULL, FILL_SKIP, 0, NULL}};

struct bytes full_message(const ProtobufCMessageDescriptor *descriptor, uint32_t arm,
                          const struct fill_override *overrides)
{
    struct wire_writer writer = {.data = message_memory, .room = sizeof(message_memory)};
    fill_message(&writer, descriptor, arm, overrides);
    return (struct bytes){message_memory, writer.size};
}

struct bytes full_request(uint32_t kind, const struct fill_override *first)
{
    struct fill_override overrides[] = {*first,        full_plain[0], full_plain[1],
                                        full_plain[2], full_plain[3], full_plain[4]};
    return full_message(&loyalty__request__descriptor, kind, overrides);
}

int full_request_unpack(struct bytes message, struct request *ret_request)
{
    uint8_t *exact = malloc(message.size + 1);
    if (message.size > 0) {
        memcpy(exact, message.data, message.size);
    }
    struct arena arena;
    arena_init(&arena, unpack_memory, sizeof(unpack_memory));
    const int result = wire_request_unpack((struct bytes){exact, message.size}, &arena, ret_request);
    free(exact);
    return result;
}

int full_reply_unpack(struct bytes message, struct reply *ret_reply)
{
    uint8_t *exact = malloc(message.size + 1);
    if (message.size > 0) {
        memcpy(exact, message.data, message.size);
    }
    struct arena arena;
    arena_init(&arena, unpack_memory, sizeof(unpack_memory));
    const int result = wire_reply_unpack((struct bytes){exact, message.size}, &arena, ret_reply);
    free(exact);
    return result;
}
