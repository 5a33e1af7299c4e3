#include "lib/schema_fill.h"

#include "base/check.h"

#include <stdio.h>
#include <string.h>

void writer_varint(struct wire_writer *writer, uint64_t value)
{
    do {
        CHECK(writer->size < writer->room);
        writer->data[writer->size++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        value >>= 7;
    } while (value > 0);
}

void writer_tag(struct wire_writer *writer, uint32_t number, unsigned type)
{
    writer_varint(writer, (uint64_t)number << 3 | type);
}

void writer_number(struct wire_writer *writer, uint32_t number, uint64_t value)
{
    writer_tag(writer, number, 0);
    writer_varint(writer, value);
}

void writer_prefixed(struct wire_writer *writer, uint32_t number, const void *data, size_t size)
{
    writer_tag(writer, number, 2);
    writer_varint(writer, size);
    CHECK(size <= writer->room - writer->size);
    if (size > 0) {
        memcpy(writer->data + writer->size, data, size);
    }
    writer->size += size;
}

static const struct fill_override *override_of(const struct fill_override *overrides,
                                               const ProtobufCMessageDescriptor *descriptor,
                                               const ProtobufCFieldDescriptor *field)
{
    char name[128];
    (void)snprintf(name, sizeof(name), "%s.%s", descriptor->short_name, field->name);
    for (; overrides != NULL && overrides->name != NULL; overrides++) {
        if (strcmp(overrides->name, name) == 0) {
            return overrides;
        }
    }
    return NULL;
}

static uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static uint64_t number_of(const ProtobufCFieldDescriptor *field, const struct fill_override *override)
{
    if (override != NULL && override->what == FILL_WIDE) {
        return (uint64_t) override->number;
    }
    /* Falls with the field's number, so that fields have different values and a line's tax is below its
     * gross. */
    int64_t value = 100 - (int64_t)field->id;
    if (field->type == PROTOBUF_C_TYPE_BOOL) {
        value = 1;
    } else if (field->type == PROTOBUF_C_TYPE_ENUM) {
        const ProtobufCEnumDescriptor *values = field->descriptor;
        value = values->values[values->n_values - 1].value;
    } else if (strcmp(field->name, "role") == 0) {
        value = 2;
    } else if (strncmp(field->name, "birth_", 6) == 0) {
        value = 10 - (int64_t)field->id;
    } else if (strcmp(field->name, "end") == 0 || strcmp(field->name, "kind") == 0) {
        value = 3;
    } else if (strcmp(field->name, "line") == 0 || strcmp(field->name, "format") == 0 ||
               strcmp(field->name, "card_state") == 0 || strcmp(field->name, "occasions") == 0 ||
               strcmp(field->name, "redemption") == 0) {
        value = 1;
    }
    if (override != NULL && override->what == FILL_VALUE) {
        value = override->number;
    }
    const bool is_signed = field->type == PROTOBUF_C_TYPE_SINT32 || field->type == PROTOBUF_C_TYPE_SINT64;
    return is_signed ? zigzag(value) : (uint64_t)value;
}

/* How long bytes of this name are. */
static size_t bytes_size(const char *name)
{
    static const struct {
        const char *names;
        size_t size;
    } sizes[] = {
        {" programme_id salt epoch voucher code ", 16},
        {" card code_hash chain last_chain challenge key daemon_key operator_key random tls_pins ", 32},
        {" signature proof ", 64},
    };
    char padded[64];
    (void)snprintf(padded, sizeof(padded), " %s ", name);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        if (strstr(sizes[i].names, padded) != NULL) {
            return sizes[i].size;
        }
    }
    return 5;
}

static void fill_payload(struct wire_writer *writer, const ProtobufCFieldDescriptor *field,
                         const struct fill_override *override)
{
    static char text[512 * 1024];
    size_t size = field->type == PROTOBUF_C_TYPE_BYTES ? bytes_size(field->name) : 3;
    memset(text, (int)('A' + field->id % 26), sizeof(text));
    if (strcmp(field->name, "vouchers") == 0) {
        memset(text, 2, sizeof(text)); /* what has become of each */
    }
    text[0] = strcmp(field->name, "path") == 0 ? '/' : text[0];
    if (override != NULL && override->what == FILL_SIZE) {
        size = (size_t) override->number;
        CHECK(size <= sizeof(text));
    }
    if (override == NULL && strcmp(field->name, "events") == 0) {
        static const char events[] = "\n\3\n\1a\n\3\n\1b"; /* a BatchEvents of two bodies of a byte */
        writer_prefixed(writer, field->id, events, sizeof(events) - 1);
    } else if (override != NULL && override->what == FILL_TEXT) {
        writer_prefixed(writer, field->id, override->text, (size_t) override->number);
    } else {
        writer_prefixed(writer, field->id, text, size);
    }
}

/* The message is written behind its length, which is then moved in front; recursion ends with the schema's.
 */
static void fill_nested(struct wire_writer *writer, const ProtobufCFieldDescriptor *field, uint32_t arm,
                        const struct fill_override *overrides)
{
    uint8_t prefix[16];
    struct wire_writer front = {.data = prefix, .room = sizeof(prefix)};
    const size_t start = writer->size;
    fill_message(writer, field->descriptor, arm, overrides);
    const size_t size = writer->size - start;
    writer_tag(&front, field->id, 2);
    writer_varint(&front, size);
    CHECK(front.size <= writer->room - writer->size);
    memmove(writer->data + start + front.size, writer->data + start, size);
    memcpy(writer->data + start, prefix, front.size);
    writer->size += front.size;
}

static void fill_field(struct wire_writer *writer, const ProtobufCFieldDescriptor *field, uint32_t arm,
                       const struct fill_override *overrides, const struct fill_override *override)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        fill_nested(writer, field, arm, overrides);
        break;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        fill_payload(writer, field, override);
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        writer_number(writer, field->id, number_of(field, override));
        break;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        check_failed("the schema has varints, texts, bytes and messages", __FILE__, __LINE__);
    }
}

/* Numbers side by side behind one length, rising. */
static void fill_packed(struct wire_writer *writer, const ProtobufCFieldDescriptor *field, int64_t count)
{
    uint8_t bytes[4096];
    struct wire_writer numbers = {.data = bytes, .room = sizeof(bytes)};
    for (int64_t i = 0; i < count; i++) {
        writer_varint(&numbers, number_of(field, NULL) + (uint64_t)i);
    }
    writer_prefixed(writer, field->id, bytes, numbers.size);
}

void fill_message(struct wire_writer *writer, const ProtobufCMessageDescriptor *descriptor, uint32_t arm,
                  const struct fill_override *overrides)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        const struct fill_override *override = override_of(overrides, descriptor, field);
        if ((override != NULL && override->what == FILL_SKIP) ||
            ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && field->id != arm)) {
            continue;
        }
        int64_t count = field->label == PROTOBUF_C_LABEL_REPEATED ? 2 : 1;
        if (override != NULL && override->what == FILL_COUNT) {
            count = override->number;
        }
        if ((field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0) {
            fill_packed(writer, field, count);
            continue;
        }
        for (int64_t k = 0; k < count; k++) {
            fill_field(writer, field, arm, overrides, override);
        }
    }
}

uint32_t fill_last_field(const ProtobufCMessageDescriptor *descriptor)
{
    return descriptor->fields[descriptor->n_fields - 1].id;
}

uint32_t fill_next_field(const ProtobufCMessageDescriptor *descriptor, uint32_t number)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        if (descriptor->fields[i].id > number) {
            return descriptor->fields[i].id;
        }
    }
    return 0;
}
