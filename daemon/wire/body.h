/* Bodies, contexts and outcomes: protobuf bytes to and from model structs.
 *
 * Unpacking allocates from the caller's arena only; what it returns lives there. Strings and bytes are
 * copied, so the input need not outlive the call. Out of arena is ERR_TOO_LARGE. Packing writes into the
 * arena and gives the bytes, leaving nothing else in it; equal structs give equal bytes, and a field that has
 * the default of its comment in the schema takes none. Any thread. */
#ifndef LOYALTY_WIRE_BODY_H
#define LOYALTY_WIRE_BODY_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "model/context.h"
#include "model/decision.h"
#include "model/event.h"
#include "model/profile.h"

/* Arena in which any body a principal may send unpacks, so that ERR_TOO_LARGE is never an answer to the body
 * itself. A usual purchase of three lines takes about BODY_ARENA_USUAL_BYTES. */
enum { BODY_ARENA_BYTES = 640 * 1024, BODY_ARENA_USUAL_BYTES = 2 * 1024 };

/* A body as it was signed. ERR_FORMAT: not a Body, or a string that is no UTF-8 or holds a NUL;
 * ERR_NOT_CANONICAL: unknown fields or an encoding that packing does not give back; ERR_RANGE: a value
 * outside the range its comment in event.proto states, or a required field missing. `ret_field` (may be NULL)
 * gets the name of the offending field, a static string, or "", on an error too. */
int wire_body_unpack(struct bytes body, struct arena *arena, struct event *ret_event,
                     const char **ret_field) MUST_CHECK;

/* Whether a body that unpacks states an event of this kind. Looks at its fields' numbers only, so it may be
 * asked of bytes that nobody has verified; of a body that does not unpack it says anything. */
bool wire_body_states(struct bytes body, enum event_kind kind);

/* The body of an event, as clients and the daemon sign it. What is out of range is packed all the same: ask
 * wire_body_unpack what the daemon will say of it. */
int wire_body_pack(const struct event *event, struct arena *arena, struct bytes *ret_body) MUST_CHECK;

/* The recorded context. Unpacking: ERR_FORMAT, ERR_NOT_CANONICAL (a field this version does not know, or one
 * twice) or ERR_RANGE (more of something than struct context holds); then `ret_context` holds nothing of use.
 * What was packed here, unpacked and packed again, gives the same bytes. */
int wire_context_pack(const struct context *context, struct arena *arena, struct bytes *ret_bytes) MUST_CHECK;
int wire_context_unpack(struct bytes bytes, struct arena *arena, struct context *ret_context) MUST_CHECK;

/* The recorded outcome; errors and promises as for the context. Two fields of effects do not travel but are
 * made again: the `index` of a voucher counts the vouchers of the outcome from 0 (packing CHECKs that it
 * does), and the `member` of a move is that of the account it credits, or else of the one it debits. */
int wire_outcome_pack(const struct outcome *outcome, struct arena *arena, struct bytes *ret_bytes) MUST_CHECK;
int wire_outcome_unpack(struct bytes bytes, struct arena *arena, struct outcome *ret_outcome) MUST_CHECK;

/* A profile at rest, before it is sealed. Nothing known of the person packs to no bytes. */
int wire_profile_pack(const struct profile *profile, struct arena *arena, struct bytes *ret_bytes) MUST_CHECK;
int wire_profile_unpack(struct bytes bytes, struct arena *arena, struct profile *ret_profile) MUST_CHECK;

/* Only the code of a packed outcome: needs no arena and passes over what it does not know. ERR_FORMAT, or
 * ERR_UNSUPPORTED for a code of a newer version. */
int wire_outcome_code(struct bytes outcome, enum outcome_code *ret_code) MUST_CHECK;

/* The answer to a booked event, from stored columns only: the same columns give the same bytes for ever. */
struct booked {
    uint64_t sequence;
    uint64_t position;
    int64_t booked_at;
    uint8_t chain[HASH_BYTES];
    struct bytes outcome; /* packed */
};

/* Unpacking: ERR_FORMAT or ERR_RANGE; fields of a newer version are passed over. */
int wire_booked_pack(const struct booked *booked, struct arena *arena, struct bytes *ret_bytes) MUST_CHECK;
int wire_booked_unpack(struct bytes bytes, struct arena *arena, struct booked *ret_booked) MUST_CHECK;

#endif
