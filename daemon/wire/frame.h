/* Frames: a 4-byte big-endian length, then that many bytes of one message. */
#ifndef LOYALTY_WIRE_FRAME_H
#define LOYALTY_WIRE_FRAME_H

#include "base/bytes.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { FRAME_HEADER_BYTES = 4 };

/* Looks at the first bytes of a stream. Returns 1 and sets ret_frame (within `data`) when a whole frame is
 * there, 0 when more bytes are needed (ret_frame->size is then the size of the message if the header is
 * there, else 0), and ERR_TOO_LARGE when the header announces 0 or more than `frame_bytes_max` bytes. */
int frame_parse(struct bytes data, size_t frame_bytes_max, struct bytes *ret_frame) MUST_CHECK;

/* Writes the header of a message of this size. */
void frame_header(uint8_t *to, size_t message_bytes);

#endif
