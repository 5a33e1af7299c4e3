#include "wire/protobuf.h"

#include "wire/frame.h"
#include "wire/pack.h"
#include "wire/unpack.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"

#include <stdalign.h>
#include <string.h>

enum {
    VARINT_BYTES_MAX = 10,
    FIELD_NUMBER_MAX = (1 << 29) - 1,
    FIELDS_MAX = 64, /* of one message */
};

struct wire_reader wire_reader(struct bytes message)
{
    CHECK(message.data != NULL || message.size == 0);
    if (message.size == 0) {
        return (struct wire_reader){NULL, NULL};
    }
    return (struct wire_reader){message.data, message.data + message.size};
}

static int varint_read(struct wire_reader *reader, uint64_t *ret_value)
{
    if (reader->at < reader->end && *reader->at < 0x80) {
        *ret_value = *reader->at++;
        return 0;
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_BYTES_MAX && reader->at < reader->end; i++) {
        const uint8_t byte = *reader->at++;
        if (i == VARINT_BYTES_MAX - 1 && byte > 1) {
            return ERR_FORMAT;
        }
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *ret_value = value;
            return 0;
        }
    }
    return ERR_FORMAT;
}

static int payload_read(struct wire_reader *reader, uint64_t size, struct bytes *ret_payload)
{
    if (size > (uint64_t)(reader->end - reader->at)) {
        return ERR_FORMAT;
    }
    *ret_payload = (struct bytes){reader->at, (size_t)size};
    reader->at += size;
    return 0;
}

int wire_reader_number(struct wire_reader *reader, uint64_t *ret_number)
{
    if (reader->at == reader->end) {
        return 0;
    }
    const int error = varint_read(reader, ret_number);
    return error != 0 ? error : 1;
}

int wire_reader_next_any(struct wire_reader *reader, struct wire_field *ret_field)
{
    if (reader->at == reader->end) {
        return 0;
    }
    uint64_t tag;
    int error = varint_read(reader, &tag);
    if (error != 0) {
        return error;
    }
    const uint64_t number = tag >> 3;
    if (number == 0 || number > FIELD_NUMBER_MAX) {
        return ERR_FORMAT;
    }
    struct wire_field field = {.number = (uint32_t)number, .type = (enum wire_type)(tag & 7)};
    uint64_t size = 0;
    switch (tag & 7) {
    case WIRE_VARINT:
        error = varint_read(reader, &field.varint);
        break;
    case WIRE_PREFIXED:
        error = varint_read(reader, &size);
        if (error == 0) {
            error = payload_read(reader, size, &field.payload);
        }
        break;
    case WIRE_FIXED32:
        error = payload_read(reader, 4, &field.payload);
        break;
    case WIRE_FIXED64:
        error = payload_read(reader, 8, &field.payload);
        break;
    default: /* groups, and what is no type */
        return ERR_FORMAT;
    }
    if (error != 0) {
        return error;
    }
    *ret_field = field;
    return 1;
}

/* A message being scanned, and which of its fields were seen. */
struct scan_level {
    struct wire_reader reader;
    const ProtobufCMessageDescriptor *descriptor;
    uint64_t seen;
    uint32_t last_number;
    uint32_t last_count; /* how often it came in a row */
    bool arm_seen;       /* of its oneof; no message has two */
};

/* Whether the field may come here: a singular one once, of the oneof one arm. */
static bool scan_first(struct scan_level *level, const ProtobufCFieldDescriptor *field)
{
    const size_t index = (size_t)(field - level->descriptor->fields);
    CHECK(index < FIELDS_MAX);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return true;
    }
    const bool is_arm = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    const uint64_t bit = UINT64_C(1) << index;
    if ((level->seen & bit) != 0 || (is_arm && level->arm_seen)) {
        return false;
    }
    level->seen |= bit;
    level->arm_seen = level->arm_seen || is_arm;
    return true;
}

/* Whether a repeated field, of which this is the last_count-th in a row, stays within its bound. */
static bool scan_bounded(const struct wire_scan *scan, const struct scan_level *level)
{
    for (size_t i = 0; i < scan->bounds_count; i++) {
        const struct wire_bound *bound = &scan->bounds[i];
        if (bound->message == level->descriptor && bound->number == level->last_number) {
            return level->last_count <= bound->count_max;
        }
    }
    return true;
}

/* Whether the field may stand here. */
static int scan_place(const struct wire_scan *scan, struct scan_level *level,
                      const ProtobufCFieldDescriptor *known, uint32_t number)
{
    const bool strict = scan->strictness == WIRE_STRICT;
    if (known == NULL) {
        return strict ? ERR_NOT_CANONICAL : 0;
    }
    if (!scan_first(level, known)) {
        return strict ? ERR_NOT_CANONICAL : ERR_FORMAT;
    }
    if (!strict) {
        return 0;
    }
    if (number < level->last_number) {
        return ERR_NOT_CANONICAL;
    }
    level->last_count = number == level->last_number ? level->last_count + 1 : 1;
    level->last_number = number;
    return scan_bounded(scan, level) ? 0 : ERR_RANGE;
}

/* The value itself. A wrong wire type is left to protobuf-c, which refuses it. */
static int scan_value(const ProtobufCFieldDescriptor *descriptor, const struct wire_field *field)
{
    if (field->type == WIRE_PREFIXED && descriptor->type == PROTOBUF_C_TYPE_STRING) {
        return text_is_utf8((const char *)field->payload.data, field->payload.size) ? 0 : ERR_FORMAT;
    }
    if (field->type == WIRE_VARINT && field->varint > 1 && descriptor->type == PROTOBUF_C_TYPE_BOOL) {
        return ERR_RANGE;
    }
    if (field->type == WIRE_VARINT && field->varint > UINT32_MAX &&
        (descriptor->type == PROTOBUF_C_TYPE_UINT32 || descriptor->type == PROTOBUF_C_TYPE_SINT32 ||
         descriptor->type == PROTOBUF_C_TYPE_ENUM)) {
        return ERR_RANGE;
    }
    return 0;
}

int wire_scan(const struct wire_scan *scan, struct bytes message, const char **ret_field)
{
    struct scan_level levels[WIRE_DEPTH_MAX];
    size_t depth = 0;
    levels[depth++] = (struct scan_level){.reader = wire_reader(message), .descriptor = scan->descriptor};
    const ProtobufCFieldDescriptor *known = NULL;
    int error = 0;
    while (depth > 0 && error == 0) {
        struct scan_level *level = &levels[depth - 1];
        struct wire_field field = {0};
        known = NULL;
        const int more = wire_reader_next(&level->reader, &field);
        if (more == 0) {
            depth--;
            continue;
        }
        if (more < 0) {
            error = more;
            break;
        }
        known = protobuf_c_message_descriptor_get_field(level->descriptor, field.number);
        error = scan_place(scan, level, known, field.number);
        if (error != 0 || known == NULL) {
            continue;
        }
        if (field.type == WIRE_PREFIXED && known->type == PROTOBUF_C_TYPE_MESSAGE) {
            CHECK(depth < WIRE_DEPTH_MAX);
            levels[depth++] =
                (struct scan_level){.reader = wire_reader(field.payload), .descriptor = known->descriptor};
        } else {
            error = scan_value(known, &field);
        }
    }
    if (error != 0) {
        *ret_field = known == NULL ? "" : known->name;
    }
    return error;
}

/* The arena as protobuf-c's memory. Its objects' sizes are multiples of their alignments, so the lowest bit
 * of the size tells how much alignment an object can need: strings are laid side by side. */
struct allocation {
    struct arena *arena;
    bool full;
};

static void *allocation_take(void *context, size_t size)
{
    struct allocation *allocation = context;
    struct arena *arena = allocation->arena;
    const size_t lowest = size & (~size + 1);
    const size_t alignment = lowest == 0 || lowest > alignof(max_align_t) ? alignof(max_align_t) : lowest;
    const uintptr_t next = (uintptr_t)arena->memory + arena->used;
    const size_t padding = (size_t)(-next & (alignment - 1));
    const size_t room = arena->size - arena->used;
    if (padding > room || size > room - padding) {
        allocation->full = true;
        return NULL;
    }
    arena->used += padding + size;
    return arena->memory + arena->used - size;
}

static void allocation_free(void *context, void *memory)
{
    (void)context;
    (void)memory;
}

int wire_unpack_scanned(const ProtobufCMessageDescriptor *descriptor, struct bytes message,
                        struct arena *arena, ProtobufCMessage **ret_message)
{
    struct allocation allocation = {.arena = arena};
    ProtobufCAllocator allocator = {
        .alloc = allocation_take, .free = allocation_free, .allocator_data = &allocation};
    ProtobufCMessage *unpacked =
        protobuf_c_message_unpack(descriptor, &allocator, message.size, message.data);
    if (allocation.full) {
        return ERR_TOO_LARGE;
    }
    if (unpacked == NULL) {
        return ERR_FORMAT;
    }
    *ret_message = unpacked;
    return 0;
}

int wire_unpack(const struct wire_scan *scan, struct bytes message, struct arena *arena,
                ProtobufCMessage **ret_message, const char **ret_field)
{
    ProtobufCMessage *strict =
        scan->strictness == WIRE_STRICT ? wire_unpack_strict(scan, message, arena) : NULL;
    if (strict != NULL) {
        *ret_field = "";
        *ret_message = strict;
        return 0;
    }
    const int error = wire_scan(scan, message, ret_field);
    if (error != 0) {
        return error;
    }
    *ret_field = "";
    return wire_unpack_scanned(scan->descriptor, message, arena, ret_message);
}

int wire_check_canonical(const ProtobufCMessage *message, struct bytes bytes, struct arena *arena)
{
    if (bytes.size > arena->size - arena->used) {
        return ERR_TOO_LARGE;
    }
    uint8_t *room = arena->memory + arena->used;
    uint8_t *packed;
    if (wire_pack(message, 0, room, room + bytes.size, &packed) != 0 || packed != room) {
        return ERR_NOT_CANONICAL;
    }
    return bytes.size == 0 || memcmp(packed, bytes.data, bytes.size) == 0 ? 0 : ERR_NOT_CANONICAL;
}

void wire_output_begin(struct wire_output *output, struct arena *arena)
{
    *output = (struct wire_output){.arena = arena, .mark = arena->used};
}

void wire_output_begin_frame(struct wire_output *output, struct arena *arena)
{
    wire_output_begin(output, arena);
    output->framed = true;
}

void *wire_output_alloc(struct wire_output *output, size_t count, size_t size)
{
    CHECK(!output->started);
    void *memory = arena_alloc(output->arena, count, size);
    if (memory == NULL) {
        output->error = ERR_TOO_LARGE;
    }
    return memory;
}

/* Packed at the end of the arena's room, and moved to its place from there. */
void wire_output_add_field(struct wire_output *output, uint32_t number, const ProtobufCMessage *message)
{
    /* After a failed allocation a pointer of the message may be NULL where its count says otherwise. */
    if (output->error != 0) {
        return;
    }
    struct arena *arena = output->arena;
    if (!output->started) {
        const size_t header = output->framed ? FRAME_HEADER_BYTES : 0;
        if (header > arena->size - arena->used) {
            output->error = ERR_TOO_LARGE;
            return;
        }
        output->start = arena->used;
        output->started = true;
        arena->used += header;
    }
    uint8_t *to = arena->memory + arena->used;
    uint8_t *end = arena->memory + arena->size;
    uint8_t *packed;
    output->error = wire_pack(message, number, to, end, &packed);
    if (output->error == 0) {
        const size_t size = (size_t)(end - packed);
        memmove(to, packed, size);
        arena->used += size;
    }
}

void wire_output_add(struct wire_output *output, const ProtobufCMessage *message)
{
    wire_output_add_field(output, 0, message);
}

static int output_close_frame(const struct wire_output *output)
{
    const size_t size = output->arena->used - output->start - FRAME_HEADER_BYTES;
    if (size > FRAME_OPERATOR_BYTES_MAX) {
        return ERR_TOO_LARGE;
    }
    frame_header(output->arena->memory + output->start, size);
    return 0;
}

int wire_output_end(struct wire_output *output, struct bytes *ret_bytes)
{
    struct arena *arena = output->arena;
    CHECK(output->started || output->error != 0);
    if (output->error == 0 && output->framed) {
        output->error = output_close_frame(output);
    }
    if (output->error != 0) {
        arena_rewind(arena, output->mark);
        return output->error;
    }
    uint8_t *bytes = arena->memory + output->mark;
    const size_t size = arena->used - output->start;
    if (size > 0 && output->start != output->mark) {
        memmove(bytes, arena->memory + output->start, size);
    }
    arena_rewind(arena, output->mark + size);
    *ret_bytes = (struct bytes){bytes, size};
    return 0;
}
