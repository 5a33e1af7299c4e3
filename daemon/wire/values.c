#include "wire/values.h"

#include "base/text.h"

#include <string.h>

void wire_values_init(struct wire_values *values, struct arena *arena)
{
    *values = (struct wire_values){.arena = arena, .field = ""};
}

void wire_values_fail(struct wire_values *values, int error, const char *field)
{
    if (values->error == 0) {
        values->error = error;
        values->field = field;
    }
}

void wire_value_check(struct wire_values *values, bool holds, const char *field)
{
    if (!holds) {
        wire_values_fail(values, ERR_RANGE, field);
    }
}

int64_t wire_required(struct wire_values *values, bool has, int64_t value, const char *field,
                      struct wire_range range)
{
    wire_value_check(values, has && value >= range.min && value <= range.max, field);
    return value;
}

int64_t wire_optional(struct wire_values *values, bool has, int64_t value, const char *field,
                      int64_t fallback, struct wire_range range)
{
    return has ? wire_required(values, has, value, field, range) : fallback;
}

uint64_t wire_position(struct wire_values *values, bool has, uint64_t value, const char *field)
{
    return has ? wire_position_required(values, has, value, field) : 0;
}

uint64_t wire_position_required(struct wire_values *values, bool has, uint64_t value, const char *field)
{
    wire_value_check(values, has && value >= 1 && value <= INT64_MAX, field);
    return value;
}

const char *wire_text_optional(struct wire_values *values, const char *text, const char *field,
                               size_t bytes_max)
{
    return text == NULL ? NULL : wire_text_required(values, text, field, bytes_max);
}

const char *wire_text_required(struct wire_values *values, const char *text, const char *field,
                               size_t bytes_max)
{
    wire_value_check(values, text != NULL && text[0] != '\0' && strnlen(text, bytes_max + 1) <= bytes_max,
                     field);
    return text;
}

const char *wire_id_optional(struct wire_values *values, const char *text, const char *field,
                             size_t bytes_max)
{
    return text == NULL ? NULL : wire_id_required(values, text, field, bytes_max);
}

const char *wire_id_required(struct wire_values *values, const char *text, const char *field,
                             size_t bytes_max)
{
    wire_value_check(values, text != NULL && text_is_id(text, bytes_max), field);
    return text;
}

struct bytes wire_bytes_optional(struct wire_values *values, bool has, ProtobufCBinaryData value,
                                 const char *field, size_t size)
{
    return has ? wire_bytes_required(values, has, value, field, size) : (struct bytes){0};
}

struct bytes wire_bytes_required(struct wire_values *values, bool has, ProtobufCBinaryData value,
                                 const char *field, size_t size)
{
    wire_value_check(values, has && value.len == size, field);
    return wire_bytes_any(has, value);
}

struct bytes wire_bytes_any(bool has, ProtobufCBinaryData value)
{
    return has ? (struct bytes){value.data, value.len} : (struct bytes){0};
}

void *wire_array(struct wire_values *values, size_t count, size_t count_max, size_t size, const char *field)
{
    wire_value_check(values, count <= count_max, field);
    if (values->error != 0) {
        return NULL;
    }
    void *array = arena_alloc(values->arena, count, size);
    if (array == NULL) {
        wire_values_fail(values, ERR_TOO_LARGE, "");
    }
    return array;
}
