/* Bodies, contexts and outcomes: protobuf bytes to and from model structs.
 *
 * Unpacking allocates from the caller's arena only; what it returns lives there. Strings and bytes are
 * copied, so the input need not outlive the call. Out of arena is ERR_TOO_LARGE. Packing writes into the
 * arena and gives the bytes; equal structs give equal bytes. */
#ifndef LOYALTY_WIRE_BODY_H
#define LOYALTY_WIRE_BODY_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "model/context.h"
#include "model/decision.h"
#include "model/event.h"

/* A body as it was signed. ERR_FORMAT: not a Body, or a string that is no UTF-8; ERR_NOT_CANONICAL: unknown
 * fields or an encoding that packing does not give back; ERR_RANGE: a value outside the range its comment in
 * event.proto states, or a required field missing. `ret_field` (may be NULL) gets the name of the offending
 * field, a static string, or "". */
int wire_body_unpack(struct bytes body, struct arena *arena, struct event *ret_event,
                     const char **ret_field) MUST_CHECK;

/* The body of an event, as clients and the daemon sign it. */
int wire_body_pack(const struct event *event, struct arena *arena, struct bytes *ret_body) MUST_CHECK;

int wire_context_pack(const struct context *context, struct arena *arena, struct bytes *ret_bytes) MUST_CHECK;
int wire_context_unpack(struct bytes bytes, struct arena *arena, struct context *ret_context) MUST_CHECK;

int wire_outcome_pack(const struct outcome *outcome, struct arena *arena, struct bytes *ret_bytes) MUST_CHECK;
int wire_outcome_unpack(struct bytes bytes, struct arena *arena, struct outcome *ret_outcome) MUST_CHECK;

/* The answer to a booked event, from stored columns only: the same columns give the same bytes for ever. */
struct booked {
    uint64_t sequence;
    uint64_t position;
    int64_t booked_at;
    uint8_t chain[HASH_BYTES];
    struct bytes outcome; /* packed */
};
int wire_booked_pack(const struct booked *booked, struct arena *arena, struct bytes *ret_bytes) MUST_CHECK;
int wire_booked_unpack(struct bytes bytes, struct arena *arena, struct booked *ret_booked) MUST_CHECK;

#endif
