/* Messages of the schema made from its descriptors alone, byte by byte and without protobuf-c's packing:
 * every field set, to a value that is valid and not its default, so that a field somebody adds and forgets is
 * missed. */
#ifndef LOYALTY_TESTS_LIB_SCHEMA_FILL_H
#define LOYALTY_TESTS_LIB_SCHEMA_FILL_H

#include "base/bytes.h"

#include <protobuf-c/protobuf-c.h>

struct wire_writer {
    uint8_t *data; /* room for `room` bytes; more ends the program */
    size_t room;
    size_t size;
};

void writer_varint(struct wire_writer *writer, uint64_t value);
void writer_tag(struct wire_writer *writer, uint32_t number, unsigned type);
void writer_number(struct wire_writer *writer, uint32_t number, uint64_t value);
void writer_prefixed(struct wire_writer *writer, uint32_t number, const void *data, size_t size);

/* What differs from the filling for a field, named "Message.field"; the list ends with a NULL name. */
struct fill_override {
    const char *name;
    enum {
        FILL_SKIP,  /* leave it out */
        FILL_VALUE, /* a number's value, sign included */
        FILL_WIDE,  /* a varint as it is, whatever the type */
        FILL_SIZE,  /* bytes of a text or of bytes */
        FILL_COUNT, /* how often a repeated field comes; 2 otherwise */
        FILL_TEXT,  /* a text as it is */
    } what;
    int64_t number;
    const char *text;
};

/* Appends the fields of a message. Of its oneof, and of those within, the arm with the number `arm` is taken
 * (a message without that arm gets none). */
void fill_message(struct wire_writer *writer, const ProtobufCMessageDescriptor *descriptor, uint32_t arm,
                  const struct fill_override *overrides);

/* The number of a message's last field: of the last arm where it ends with a oneof. */
uint32_t fill_last_field(const ProtobufCMessageDescriptor *descriptor);
/* ... and of the one behind this number, 0: there is none. */
uint32_t fill_next_field(const ProtobufCMessageDescriptor *descriptor, uint32_t number);

#endif
