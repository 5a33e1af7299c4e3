/* Requests and replies with every field set, for tests of what they may hold. Memory is static. */
#ifndef LOYALTY_TESTS_LIB_FULL_MESSAGE_H
#define LOYALTY_TESTS_LIB_FULL_MESSAGE_H

#include "lib/schema_fill.h"
#include "wire/message.h"

#include "loyalty/wire.pb-c.h"

#include <stdint.h>

enum { FULL_MESSAGE_BYTES_MAX = 2 * 1024 * 1024, FULL_FIRST = 16 /* number of the first kind */ };

/* Of the ways to ask for something the usual one; ends with an empty row. */
extern const struct fill_override full_plain[5];

/* A message of this kind, as fill_message makes it. */
struct bytes full_message(const ProtobufCMessageDescriptor *descriptor, uint32_t arm,
                          const struct fill_override *overrides);

/* A request as full_plain has it, but for `first`. */
struct bytes full_request(uint32_t kind, const struct fill_override *first);

/* From memory of exactly the message's size. */
int full_request_unpack(struct bytes message, struct request *ret_request) MUST_CHECK;
int full_reply_unpack(struct bytes message, struct reply *ret_reply) MUST_CHECK;

#endif
