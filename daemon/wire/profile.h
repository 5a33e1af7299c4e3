/* Profiles: protobuf bytes to and from model/profile.h, in requests, in replies and at rest. */
#ifndef LOYALTY_WIRE_PROFILE_H
#define LOYALTY_WIRE_PROFILE_H

#include "base/arena.h"
#include "model/profile.h"
#include "wire/protobuf.h"
#include "wire/values.h"

#include "loyalty/wire.pb-c.h"

/* Takes the message's texts; they live as long as it. Holds it to the ranges of the schema. */
void wire_profile_read(struct wire_values *values, const Loyalty__Profile *message, struct profile *profile);

/* Fills the message, which borrows. */
void wire_profile_write(const struct profile *profile, Loyalty__Profile *ret_message);

#endif
