/* Values of unpacked messages, each held to the range its comment in the schema states. The first that is not
 * is kept with its field's name, so a message is read in one go and asked once whether all was well. */
#ifndef LOYALTY_WIRE_VALUES_H
#define LOYALTY_WIRE_VALUES_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

struct wire_values {
    struct arena *arena;
    int error;         /* of the first that failed, or 0 */
    const char *field; /* its name, a static string */
};

struct wire_range {
    int64_t min;
    int64_t max;
};

/* A field as (message, name) for the functions below: whether it is there, its value, its name. */
#define WIRE_FIELD(message, field) (message)->has_##field, (message)->field, #field
#define WIRE_TEXT(message, field) (message)->field, #field

void wire_values_init(struct wire_values *values, struct arena *arena);
void wire_values_fail(struct wire_values *values, int error, const char *field);

/* ERR_RANGE unless `holds`. */
void wire_value_check(struct wire_values *values, bool holds, const char *field);

int64_t wire_required(struct wire_values *values, bool has, int64_t value, const char *field,
                      struct wire_range range);
int64_t wire_optional(struct wire_values *values, bool has, int64_t value, const char *field,
                      int64_t fallback, struct wire_range range);

/* Positions and sequences: 1 to 2^63 - 1; absent is 0. */
uint64_t wire_position(struct wire_values *values, bool has, uint64_t value, const char *field);
uint64_t wire_position_required(struct wire_values *values, bool has, uint64_t value, const char *field);

/* Texts of 1 to `bytes_max` bytes; absent is NULL. An id is one of text_is_id. */
const char *wire_text_optional(struct wire_values *values, const char *text, const char *field,
                               size_t bytes_max);
const char *wire_text_required(struct wire_values *values, const char *text, const char *field,
                               size_t bytes_max);
const char *wire_id_optional(struct wire_values *values, const char *text, const char *field,
                             size_t bytes_max);
const char *wire_id_required(struct wire_values *values, const char *text, const char *field,
                             size_t bytes_max);

/* Exactly `size` bytes; absent is empty. */
struct bytes wire_bytes_optional(struct wire_values *values, bool has, ProtobufCBinaryData value,
                                 const char *field, size_t size);
struct bytes wire_bytes_required(struct wire_values *values, bool has, ProtobufCBinaryData value,
                                 const char *field, size_t size);

/* As many as there are. */
struct bytes wire_bytes_any(bool has, ProtobufCBinaryData value);

/* `count` zeroed things, or NULL after a failure: more than `count_max` is ERR_RANGE of the field, no room is
 * ERR_TOO_LARGE. */
void *wire_array(struct wire_values *values, size_t count, size_t count_max, size_t size, const char *field);

#endif
