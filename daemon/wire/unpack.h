/* Scanning and unpacking in one walk, of messages that are as they should be; what is wrong with the others
 * is told by wire_scan. */
#ifndef LOYALTY_WIRE_UNPACK_H
#define LOYALTY_WIRE_UNPACK_H

#include "wire/protobuf.h"

/* The message that wire_scan (WIRE_STRICT) and wire_unpack_scanned would make of these bytes, in the arena;
 * NULL, and the arena as it was, where one of them might fail, and then they do or are slower only. */
ProtobufCMessage *wire_unpack_strict(const struct wire_scan *scan, struct bytes message, struct arena *arena);

#endif
