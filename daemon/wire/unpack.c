#include "wire/unpack.h"

#include "base/check.h"
#include "base/text.h"

#include <stdalign.h>
#include <string.h>

/* A message being filled. */
struct level {
    struct wire_reader reader;
    const ProtobufCMessageDescriptor *descriptor;
    ProtobufCMessage *message;
    uint32_t last_number; /* of a field */
    bool arm_seen;        /* of its oneof; no message has two */
};

struct walk {
    const struct wire_scan *scan;
    struct arena *arena;
    struct level levels[WIRE_DEPTH_MAX];
    size_t depth;
};

/* Not zeroed. */
static void *take(struct arena *arena, size_t size, size_t alignment)
{
    const uintptr_t next = (uintptr_t)arena->memory + arena->used;
    const size_t padding = (size_t)(-next & (alignment - 1));
    const size_t room = arena->size - arena->used;
    if (padding > room || size > room - padding) {
        return NULL;
    }
    arena->used += padding + size;
    return arena->memory + arena->used - size;
}

static ProtobufCMessage *enter(struct walk *walk, const ProtobufCMessageDescriptor *descriptor,
                               struct bytes bytes)
{
    CHECK(walk->depth < WIRE_DEPTH_MAX);
    ProtobufCMessage *message = take(walk->arena, descriptor->sizeof_message, alignof(max_align_t));
    if (message != NULL) {
        descriptor->message_init(message);
        walk->levels[walk->depth++] =
            (struct level){.reader = wire_reader(bytes), .descriptor = descriptor, .message = message};
    }
    return message;
}

static const ProtobufCFieldDescriptor *find(const ProtobufCMessageDescriptor *descriptor, uint32_t number)
{
    /* Most messages count their fields from 1 without a gap. */
    if (number - 1 < descriptor->n_fields && descriptor->fields[number - 1].id == number) {
        return &descriptor->fields[number - 1];
    }
    return protobuf_c_message_descriptor_get_field(descriptor, number);
}

static bool put_narrow(const ProtobufCFieldDescriptor *known, uint64_t value, void *to)
{
    const int64_t number = (int64_t)value;
    if (known->type == PROTOBUF_C_TYPE_INT32) {
        *(int32_t *)to = (int32_t)number;
        return number >= INT32_MIN && number <= INT32_MAX;
    }
    if (known->type == PROTOBUF_C_TYPE_SINT32) {
        *(int32_t *)to = (int32_t)((uint32_t)value >> 1 ^ -((uint32_t)value & 1));
    } else {
        *(uint32_t *)to = (uint32_t)value; /* enums are as wide */
    }
    return value <= (known->type == PROTOBUF_C_TYPE_BOOL ? 1 : UINT32_MAX);
}

static bool put_number(const ProtobufCFieldDescriptor *known, uint64_t value, void *to)
{
    switch (known->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_BOOL:
        return put_narrow(known, value, to);
    case PROTOBUF_C_TYPE_SINT64:
        *(uint64_t *)to = value >> 1 ^ -(value & 1);
        return true;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        *(uint64_t *)to = value;
        return true;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return false;
}

static bool put_text(struct arena *arena, struct bytes payload, char **to)
{
    char *text = take(arena, payload.size + 1, 1);
    if (text == NULL || !text_is_utf8((const char *)payload.data, payload.size)) {
        return false;
    }
    memcpy(text, payload.data, payload.size);
    text[payload.size] = '\0';
    *to = text;
    return true;
}

static bool put_bytes(struct arena *arena, struct bytes payload, ProtobufCBinaryData *to)
{
    *to = (ProtobufCBinaryData){.len = payload.size};
    if (payload.size == 0) {
        return true;
    }
    to->data = take(arena, payload.size, 1);
    if (to->data != NULL) {
        memcpy(to->data, payload.data, payload.size);
    }
    return to->data != NULL;
}

/* One value, where it belongs; a message is entered. */
static bool put(struct walk *walk, const ProtobufCFieldDescriptor *known, const struct wire_field *field,
                void *to)
{
    const bool prefixed = field->type == WIRE_PREFIXED;
    if (known->type == PROTOBUF_C_TYPE_MESSAGE) {
        ProtobufCMessage *message = prefixed ? enter(walk, known->descriptor, field->payload) : NULL;
        *(ProtobufCMessage **)to = message;
        return message != NULL;
    }
    if (known->type == PROTOBUF_C_TYPE_STRING) {
        return prefixed && put_text(walk->arena, field->payload, to);
    }
    if (known->type == PROTOBUF_C_TYPE_BYTES) {
        return prefixed && put_bytes(walk->arena, field->payload, to);
    }
    return field->type == WIRE_VARINT && put_number(known, field->varint, to);
}

static bool put_single(struct walk *walk, struct level *level, const ProtobufCFieldDescriptor *known,
                       const struct wire_field *field)
{
    uint8_t *message = (uint8_t *)level->message;
    if (field->number == level->last_number) {
        return false;
    }
    if ((known->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        if (level->arm_seen) {
            return false;
        }
        level->arm_seen = true;
        *(uint32_t *)(void *)(message + known->quantifier_offset) = known->id;
    } else if (known->type != PROTOBUF_C_TYPE_MESSAGE && known->type != PROTOBUF_C_TYPE_STRING) {
        *(protobuf_c_boolean *)(void *)(message + known->quantifier_offset) = 1;
    }
    return put(walk, known, field, message + known->offset);
}

/* How many of a repeated field there are, of which the reader stands behind the first: they stand together.
 */
static size_t count_run(struct wire_reader reader, uint32_t number)
{
    struct wire_field field;
    size_t count = 1;
    while (wire_reader_next(&reader, &field) == 1 && field.number == number) {
        count++;
    }
    return count;
}

static bool bounded(const struct walk *walk, const struct level *level, uint32_t number, size_t count)
{
    for (size_t i = 0; i < walk->scan->bounds_count; i++) {
        const struct wire_bound *bound = &walk->scan->bounds[i];
        if (bound->message == level->descriptor && bound->number == number) {
            return count <= bound->count_max;
        }
    }
    return true;
}

/* Numbers, side by side in one field. */
static bool put_packed(struct walk *walk, const struct level *level, const ProtobufCFieldDescriptor *known,
                       const struct wire_field *field)
{
    uint8_t *message = (uint8_t *)level->message;
    const bool wide = known->type == PROTOBUF_C_TYPE_INT64 || known->type == PROTOBUF_C_TYPE_SINT64 ||
                      known->type == PROTOBUF_C_TYPE_UINT64;
    const size_t size = wide ? sizeof(uint64_t) : sizeof(uint32_t);
    if (field->type != WIRE_PREFIXED || field->number == level->last_number) {
        return false;
    }
    uint64_t number;
    size_t count = 0;
    struct wire_reader reader = wire_reader(field->payload);
    while (wire_reader_number(&reader, &number) == 1) {
        count++;
    }
    uint8_t *array = take(walk->arena, count * size, alignof(max_align_t));
    if (array == NULL || count == 0 || !bounded(walk, level, field->number, count)) {
        return false;
    }
    *(size_t *)(void *)(message + known->quantifier_offset) = count;
    *(void **)(void *)(message + known->offset) = array;
    reader = wire_reader(field->payload);
    for (; wire_reader_number(&reader, &number) == 1; array += size) {
        if (!put_number(known, number, array)) {
            return false;
        }
    }
    return reader.at == reader.end;
}

static bool put_repeated(struct walk *walk, struct level *level, const ProtobufCFieldDescriptor *known,
                         const struct wire_field *field)
{
    uint8_t *message = (uint8_t *)level->message;
    size_t *count = (size_t *)(void *)(message + known->quantifier_offset);
    void **array = (void **)(void *)(message + known->offset);
    const bool is_bytes = known->type == PROTOBUF_C_TYPE_BYTES;
    const size_t size = is_bytes ? sizeof(ProtobufCBinaryData) : sizeof(void *);
    if (!is_bytes && known->type != PROTOBUF_C_TYPE_STRING && known->type != PROTOBUF_C_TYPE_MESSAGE) {
        return put_packed(walk, level, known, field);
    }
    if (field->number != level->last_number) {
        const size_t run = count_run(level->reader, field->number);
        if (!bounded(walk, level, field->number, run)) {
            return false;
        }
        *array = take(walk->arena, run * size, alignof(max_align_t));
        if (*array == NULL) {
            return false;
        }
    }
    return put(walk, known, field, (uint8_t *)*array + size * (*count)++);
}

static bool put_field(struct walk *walk, struct level *level, const struct wire_field *field)
{
    const ProtobufCFieldDescriptor *known = find(level->descriptor, field->number);
    if (known == NULL || field->number < level->last_number) {
        return false;
    }
    const bool taken = known->label == PROTOBUF_C_LABEL_REPEATED ? put_repeated(walk, level, known, field)
                                                                 : put_single(walk, level, known, field);
    level->last_number = field->number;
    return taken;
}

ProtobufCMessage *wire_unpack_strict(const struct wire_scan *scan, struct bytes message, struct arena *arena)
{
    struct walk walk; /* without the levels, which are filled as they are entered */
    walk.scan = scan;
    walk.arena = arena;
    walk.depth = 0;
    const size_t mark = arena->used;
    ProtobufCMessage *whole = enter(&walk, scan->descriptor, message);
    bool good = whole != NULL;
    while (good && walk.depth > 0) {
        struct level *level = &walk.levels[walk.depth - 1];
        struct wire_field field;
        const int more = wire_reader_next(&level->reader, &field);
        if (more == 1) {
            good = put_field(&walk, level, &field);
        } else {
            good = more == 0;
            walk.depth--;
        }
    }
    if (!good) {
        arena_rewind(arena, mark);
    }
    return good ? whole : NULL;
}
