#include "wire/frame.h"

#include "base/check.h"

int frame_parse(struct bytes data, size_t frame_bytes_max, struct bytes *ret_frame)
{
    CHECK(data.data != NULL || data.size == 0);
    if (data.size < FRAME_HEADER_BYTES) {
        *ret_frame = (struct bytes){0};
        return 0;
    }
    const size_t size = get_u32_be(data.data);
    if (size == 0 || size > frame_bytes_max) {
        return ERR_TOO_LARGE;
    }
    *ret_frame = (struct bytes){data.data + FRAME_HEADER_BYTES, size};
    return data.size - FRAME_HEADER_BYTES >= size ? 1 : 0;
}

void frame_header(uint8_t *to, size_t message_bytes)
{
    CHECK(message_bytes > 0);
    CHECK(message_bytes <= UINT32_MAX);
    put_u32_be(to, (uint32_t)message_bytes);
}
