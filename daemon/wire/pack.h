/* Messages to bytes, the same as protobuf-c's packing gives, in one walk from the last field to the first: so
 * the length of what is within a message is known when it is written, and the arms of a oneof are not asked
 * one by one. (protobuf-c walks every message twice, and all arms of the effects of an outcome each time.) */
#ifndef LOYALTY_WIRE_PACK_H
#define LOYALTY_WIRE_PACK_H

#include "base/error.h"

#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

/* Fills the bytes before `end`; `ret_start` is where they begin. With a number they are those of a field of
 * that number which holds the message; with 0 those of the message alone. ERR_TOO_LARGE: they do not fit
 * behind `floor`. The message has no unknown fields and is at most WIRE_DEPTH_MAX deep; what the schema does
 * not use (floating point, fixed numbers, required fields, repeated numbers that are not packed, a message
 * with two oneofs) is a failed CHECK. Any thread. */
int wire_pack(const ProtobufCMessage *message, uint32_t number, uint8_t *floor, uint8_t *end,
              uint8_t **ret_start) MUST_CHECK;

#endif
