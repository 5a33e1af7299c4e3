/* What every message of this floor needs of protobuf-c: reading from bytes that nobody has vouched for into a
 * bounded arena, and writing into one.
 *
 * protobuf-c itself has no depth limit, lets duplicates and both arms of a oneof through, cuts strings at an
 * embedded NUL and numbers to their width, and asks the heap. So bytes are scanned first, by the schema's
 * descriptors, and it only ever sees what passed; its memory is the arena. */
#ifndef LOYALTY_WIRE_PROTOBUF_H
#define LOYALTY_WIRE_PROTOBUF_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

enum { WIRE_DEPTH_MAX = 8 }; /* of the schema, which has no message within itself */

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_PREFIXED = 2, WIRE_FIXED32 = 5 };

/* The fields of one message, one after the other. */
struct wire_reader {
    const uint8_t *at; /* borrowed */
    const uint8_t *end;
};

struct wire_field {
    uint32_t number;
    enum wire_type type;
    uint64_t varint;      /* of WIRE_VARINT */
    struct bytes payload; /* of WIRE_PREFIXED, without its length */
};

struct wire_reader wire_reader(struct bytes message);

/* 1 and the next field, 0 at the end, ERR_FORMAT for what is no field. */
static inline int wire_reader_next(struct wire_reader *reader, struct wire_field *ret_field) MUST_CHECK;

/* The same for any field; the one above is quicker with those most messages are made of. */
int wire_reader_next_any(struct wire_reader *reader, struct wire_field *ret_field) MUST_CHECK;

/* The same for the numbers of a packed field, of whose payload the reader is. */
int wire_reader_number(struct wire_reader *reader, uint64_t *ret_number) MUST_CHECK;

/* WIRE_STRICT: ERR_NOT_CANONICAL for a field the schema does not have, one that comes more than once, and one
 * before its turn. WIRE_TOLERANT: unknown fields are passed over, any order will do, the rest is ERR_FORMAT.
 */
enum wire_strictness { WIRE_TOLERANT, WIRE_STRICT };

/* How often a repeated field may come in one message. */
struct wire_bound {
    const ProtobufCMessageDescriptor *message;
    uint32_t number; /* of the field */
    uint32_t count_max;
};

struct wire_scan {
    const ProtobufCMessageDescriptor *descriptor;
    enum wire_strictness strictness;
    const struct wire_bound *bounds; /* with WIRE_STRICT; may be NULL */
    size_t bounds_count;
};

/* Looks through a message and those within it. ERR_FORMAT: bytes that are no fields, a string that is not
 * UTF-8 or holds a NUL; ERR_RANGE: a number wider than its type, a repeated field beyond its bound; else as
 * above. `ret_field` is set on an error only, to the offending field's name, a static string, or "". */
int wire_scan(const struct wire_scan *scan, struct bytes message, const char **ret_field) MUST_CHECK;

/* A message that was scanned, in the arena. ERR_FORMAT; ERR_TOO_LARGE: the arena is full. */
int wire_unpack_scanned(const ProtobufCMessageDescriptor *descriptor, struct bytes message,
                        struct arena *arena, ProtobufCMessage **ret_message) MUST_CHECK;

/* Both in one; `ret_field` is set to "" when nothing is wrong. */
int wire_unpack(const struct wire_scan *scan, struct bytes message, struct arena *arena,
                ProtobufCMessage **ret_message, const char **ret_field) MUST_CHECK;

/* Whether packing gives exactly these bytes: 0, ERR_NOT_CANONICAL, or ERR_TOO_LARGE when the arena has no
 * room for bytes.size bytes; it is left as it was. */
int wire_check_canonical(const ProtobufCMessage *message, struct bytes bytes, struct arena *arena) MUST_CHECK;

/* Bytes being written at the end of an arena. First what the messages need is allocated with
 * wire_output_alloc, then messages are added; what was allocated is given back by wire_output_end. The first
 * failure is kept and told there, so nothing on the way needs a look. */
struct wire_output {
    struct arena *arena;
    size_t mark;  /* the arena's use when it began */
    size_t start; /* where the bytes are */
    bool started; /* there are bytes: nothing may be allocated any more */
    bool framed;  /* a header goes in front */
    int error;
};

void wire_output_begin(struct wire_output *output, struct arena *arena);

/* As wire_output_begin, with a frame header in front of what is added. ERR_TOO_LARGE is told also of more
 * than FRAME_OPERATOR_BYTES_MAX bytes. */
void wire_output_begin_frame(struct wire_output *output, struct arena *arena);

/* Zeroed; NULL when there is no room, which wire_output_end will tell. */
void *wire_output_alloc(struct wire_output *output, size_t count, size_t size);

/* A message's parts may be added one by one, in the order of their fields: the bytes are the same as those of
 * the whole. */
void wire_output_add(struct wire_output *output, const ProtobufCMessage *message);

/* The same for the field of that number alone, of a message that need not be made for it. */
void wire_output_add_field(struct wire_output *output, uint32_t number, const ProtobufCMessage *message);

/* The bytes, in the arena. ERR_TOO_LARGE: no room; the arena is as it was. */
int wire_output_end(struct wire_output *output, struct bytes *ret_bytes) MUST_CHECK;

static inline int wire_reader_next(struct wire_reader *reader, struct wire_field *ret_field)
{
    const uint8_t *at = reader->at;
    const size_t left = (size_t)(reader->end - at);
    /* A tag of one byte, and a number or a length of one or two. */
    if (left < 2 || at[0] >= 0x80 || at[0] >> 3 == 0) {
        return wire_reader_next_any(reader, ret_field);
    }
    const uint32_t number = at[0] >> 3;
    const uint32_t type = at[0] & 7;
    size_t bytes = 2;
    size_t value = at[1];
    if (value >= 0x80) {
        if (left < 3 || at[2] >= 0x80) {
            return wire_reader_next_any(reader, ret_field);
        }
        bytes = 3;
        value = (value & 0x7f) | (size_t)at[2] << 7;
    }
    if (type == WIRE_VARINT) {
        *ret_field = (struct wire_field){.number = number, .type = WIRE_VARINT, .varint = value};
        reader->at = at + bytes;
        return 1;
    }
    if (type == WIRE_PREFIXED && value <= left - bytes) {
        *ret_field =
            (struct wire_field){.number = number, .type = WIRE_PREFIXED, .payload = {at + bytes, value}};
        reader->at = at + bytes + value;
        return 1;
    }
    return wire_reader_next_any(reader, ret_field);
}

/* protobuf-c's structs have no const; what it packs it does not write to. */
static inline char *wire_text(const char *text)
{
    return (char *)(uintptr_t)text;
}

static inline ProtobufCBinaryData wire_bytes(struct bytes bytes)
{
    return (ProtobufCBinaryData){.len = bytes.size, .data = (uint8_t *)(uintptr_t)bytes.data};
}

/* Sets a field of a protobuf-c struct; always, or unless it has its default, or unless it is empty. */
#define WIRE_PUT(message, field, value) ((message)->has_##field = true, (message)->field = (value))
#define WIRE_PUT_UNLESS(message, field, value, fallback)                                                     \
    do {                                                                                                     \
        if ((value) != (fallback)) {                                                                         \
            WIRE_PUT(message, field, value);                                                                 \
        }                                                                                                    \
    } while (0)
#define WIRE_PUT_BYTES(message, field, value)                                                                \
    do {                                                                                                     \
        if ((value).size > 0) {                                                                              \
            WIRE_PUT(message, field, wire_bytes(value));                                                     \
        }                                                                                                    \
    } while (0)

#endif
