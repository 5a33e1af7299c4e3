#include "wire/pack.h"

#include "wire/protobuf.h"

#include "base/check.h"

#include <stdbool.h>
#include <string.h>

/* Bytes being written from their end to their beginning. */
struct sink {
    uint8_t *floor;
    uint8_t *at;
    bool full;
};

/* A message being written. */
struct level {
    const ProtobufCMessage *message;
    uint32_t number;    /* of the field it is; 0: it is the whole */
    const uint8_t *end; /* of its bytes */
    unsigned fields_left;
    size_t elements_left; /* of the repeated field at work */
    bool repeating;
};

static inline uint8_t *take(struct sink *sink, size_t size)
{
    if ((size_t)(sink->at - sink->floor) < size) {
        sink->full = true;
        return NULL;
    }
    sink->at -= size;
    return sink->at;
}

static void put_long_varint(struct sink *sink, uint64_t value)
{
    const size_t bits = 64 - (size_t)__builtin_clzll(value | 1);
    uint8_t *to = take(sink, (bits + 6) / 7);
    if (to == NULL) {
        return;
    }
    while (value > 0x7f) {
        *to++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *to = (uint8_t)value;
}

static inline void put_varint(struct sink *sink, uint64_t value)
{
    if (value > 0x7f) {
        put_long_varint(sink, value);
        return;
    }
    uint8_t *to = take(sink, 1); /* tags, lengths and small numbers: most of them */
    if (to != NULL) {
        *to = (uint8_t)value;
    }
}

static void put_bytes(struct sink *sink, const void *data, size_t size)
{
    uint8_t *to = take(sink, size);
    if (to != NULL && size > 0) {
        memcpy(to, data, size);
    }
    put_varint(sink, size);
}

static void put_tag(struct sink *sink, uint32_t number, enum wire_type type)
{
    put_varint(sink, (uint64_t)number << 3 | type);
}

static uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

/* A number as its varint says it. */
static inline uint64_t number_at(ProtobufCType type, const void *value)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM:
        return (uint64_t)(int64_t) * (const int32_t *)value;
    case PROTOBUF_C_TYPE_SINT32:
        return zigzag(*(const int32_t *)value);
    case PROTOBUF_C_TYPE_UINT32:
        return *(const uint32_t *)value;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        return *(const uint64_t *)value;
    case PROTOBUF_C_TYPE_SINT64:
        return zigzag(*(const int64_t *)value);
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)value != 0;
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
    CHECK(!"the schema has no such numbers");
    return 0;
}

static size_t number_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return sizeof(uint32_t);
}

static bool is_number(ProtobufCType type)
{
    return type != PROTOBUF_C_TYPE_STRING && type != PROTOBUF_C_TYPE_BYTES && type != PROTOBUF_C_TYPE_MESSAGE;
}

/* One value that is no message, with its tag. */
static void put_value(struct sink *sink, const ProtobufCFieldDescriptor *field, const void *value)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(const char *const *)value;
        put_bytes(sink, text, strlen(text));
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *bytes = value;
        put_bytes(sink, bytes->data, bytes->len);
    } else {
        put_varint(sink, number_at(field->type, value));
        put_tag(sink, field->id, WIRE_VARINT);
        return;
    }
    put_tag(sink, field->id, WIRE_PREFIXED);
}

static void put_packed(struct sink *sink, const ProtobufCFieldDescriptor *field, const void *values,
                       size_t count)
{
    CHECK((field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0);
    const uint8_t *end = sink->at;
    const size_t size = number_size(field->type);
    for (size_t i = count; i > 0 && !sink->full; i--) {
        put_varint(sink, number_at(field->type, (const uint8_t *)values + (i - 1) * size));
    }
    if (count > 0) {
        put_varint(sink, (uint64_t)(end - sink->at));
        put_tag(sink, field->id, WIRE_PREFIXED);
    }
}

/* Whether a field that comes once, and is no arm of a oneof, is there. */
static inline bool is_set(const uint8_t *base, const ProtobufCFieldDescriptor *field)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING) {
        const void *pointer = *(const void *const *)(const void *)(base + field->offset);
        return pointer != NULL && pointer != field->default_value;
    }
    return *(const protobuf_c_boolean *)(base + field->quantifier_offset) != 0;
}

/* The arm of a oneof that is set and there, or NULL; `level` has come to its last one, and passes all of
 * them. Their numbers rise, mostly one by one, so it is looked for where it would be if they all did. */
static const ProtobufCFieldDescriptor *take_arm(struct level *level, const ProtobufCFieldDescriptor *last)
{
    const ProtobufCFieldDescriptor *fields = level->message->descriptor->fields;
    const uint8_t *base = (const uint8_t *)level->message;
    const uint32_t arm = *(const uint32_t *)(const void *)(base + last->quantifier_offset);
    const ProtobufCFieldDescriptor *found = NULL;
    if (arm != 0) {
        CHECK(arm <= last->id);
        const size_t behind = last->id - arm;
        found = behind <= level->fields_left ? &fields[level->fields_left - behind] : fields;
        while (found->id < arm) {
            found++;
        }
        CHECK(found->id == arm);
        level->fields_left = (unsigned)(found - fields);
    }
    if (found != NULL && (found->type == PROTOBUF_C_TYPE_MESSAGE || found->type == PROTOBUF_C_TYPE_STRING) &&
        !is_set(base, found)) {
        found = NULL;
    }
    while (level->fields_left > 0 &&
           (fields[level->fields_left - 1].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        level->fields_left--;
    }
    return found;
}

/* The next field that is there, or NULL: no more is. Most of a message's fields are not, so this is the loop
 * that counts. */
static const ProtobufCFieldDescriptor *next_field(struct level *level)
{
    const ProtobufCFieldDescriptor *fields = level->message->descriptor->fields;
    const uint8_t *base = (const uint8_t *)level->message;
    while (level->fields_left > 0) {
        const ProtobufCFieldDescriptor *field = &fields[--level->fields_left];
        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
            field = take_arm(level, field);
            if (field != NULL) {
                return field;
            }
        } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            if (*(const size_t *)(const void *)(base + field->quantifier_offset) > 0) {
                return field;
            }
        } else if (is_set(base, field)) {
            return field;
        }
    }
    return NULL;
}

static struct level level_of(const ProtobufCMessage *message, uint32_t number, const uint8_t *end)
{
    CHECK(message->n_unknown_fields == 0);
    return (struct level){
        .message = message, .number = number, .end = end, .fields_left = message->descriptor->n_fields};
}

/* The next element, from the last on, of the repeated field at work; a message among them is given back. */
static const ProtobufCMessage *put_element(struct sink *sink, struct level *level,
                                           const ProtobufCFieldDescriptor *field)
{
    const uint8_t *base = (const uint8_t *)level->message;
    const void *values = *(const void *const *)(const void *)(base + field->offset);
    if (!level->repeating) {
        level->elements_left = *(const size_t *)(const void *)(base + field->quantifier_offset);
    }
    if (is_number(field->type)) {
        put_packed(sink, field, values, level->elements_left);
        level->elements_left = 0;
    }
    level->repeating = level->elements_left > 0;
    if (!level->repeating) {
        return NULL;
    }
    const size_t index = --level->elements_left;
    level->repeating = index > 0;
    level->fields_left += level->repeating; /* this field again */
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return ((const ProtobufCMessage *const *)values)[index];
    }
    put_value(sink, field,
              field->type == PROTOBUF_C_TYPE_STRING
                  ? (const void *)&((const char *const *)values)[index]
                  : (const void *)&((const ProtobufCBinaryData *)values)[index]);
    return NULL;
}

/* Writes the next field of the level; a message in it is given back, to be written first. */
static const ProtobufCMessage *put_field(struct sink *sink, struct level *level,
                                         const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return put_element(sink, level, field);
    }
    CHECK(field->label == PROTOBUF_C_LABEL_OPTIONAL);
    const void *value = (const uint8_t *)level->message + field->offset;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return *(const ProtobufCMessage *const *)value;
    }
    put_value(sink, field, value);
    return NULL;
}

int wire_pack(const ProtobufCMessage *message, uint32_t number, uint8_t *floor, uint8_t *end,
              uint8_t **ret_start)
{
    CHECK(floor <= end);
    struct sink sink = {.floor = floor, .at = end};
    struct level levels[WIRE_DEPTH_MAX];
    size_t depth = 0;
    levels[depth++] = level_of(message, number, end);
    while (depth > 0 && !sink.full) {
        struct level *level = &levels[depth - 1];
        const ProtobufCFieldDescriptor *field = next_field(level);
        if (field == NULL) {
            if (level->number != 0) {
                put_varint(&sink, (uint64_t)(level->end - sink.at));
                put_tag(&sink, level->number, WIRE_PREFIXED);
            }
            depth--;
            continue;
        }
        const ProtobufCMessage *inner = put_field(&sink, level, field);
        if (inner != NULL) {
            CHECK(depth < WIRE_DEPTH_MAX);
            levels[depth++] = level_of(inner, field->id, sink.at);
        }
    }
    if (sink.full) {
        return ERR_TOO_LARGE;
    }
    *ret_start = sink.at;
    return 0;
}
