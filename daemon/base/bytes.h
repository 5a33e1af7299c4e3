/* Borrowed bytes, hex and big-endian integers. */
#ifndef LOYALTY_BASE_BYTES_H
#define LOYALTY_BASE_BYTES_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that belong to somebody else; `data` may be NULL when `size` is 0. */
struct bytes {
    const uint8_t *data;
    size_t size;
};

bool bytes_equal(struct bytes a, struct bytes b);

/* Writes 2 * size lower-case hex digits and a NUL to `ret_text`. */
void hex_encode(const uint8_t *data, size_t size, char *ret_text);

/* Reads exactly 2 * size hex digits (either case) followed by the end of `text`.
 * Returns ERR_FORMAT on anything else. */
int hex_decode(const char *text, uint8_t *ret_data, size_t size) MUST_CHECK;

void put_u32_be(uint8_t *to, uint32_t value);
void put_u64_be(uint8_t *to, uint64_t value);
uint32_t get_u32_be(const uint8_t *from);
uint64_t get_u64_be(const uint8_t *from);

#endif
