/* Ed25519 keys and everything that is signed with them. Each kind of message has its own tag, so a signature
 * over one can never be taken for another. Signed are the plain bytes shown at each function: integers
 * big-endian, "||" joins, and the NUL belongs to the tag.
 *
 * Two functions for each message: `sign_x` fills a signature of SIGNATURE_BYTES, `sign_x_check` returns 0 or
 * ERR_SIGNATURE. Checking is strict: a scalar >= L, a key of small order and a non-canonical key are refused.
 * A signature is proof only, never an identity: several may be valid for the same bytes.
 */
#ifndef LOYALTY_CRYPTO_SIGN_H
#define LOYALTY_CRYPTO_SIGN_H

#include "base/bytes.h"
#include "base/limits.h"
#include "base/world.h"

enum {
    SIGN_CHALLENGE_BYTES = 32,
    SIGN_CHANNEL_BYTES = 32,      /* of a channel binding */
    SIGN_EVENT_PREFIX_BYTES = 64, /* what is signed of an event besides its body; room for growth */
    SIGN_BATCH_BYTES_MAX = 64 + BATCH_EVENTS_MAX * HASH_BYTES, /* what is signed of a batch */
    SIGN_VOUCHER_BYTES_MAX = 1024,
};

/* A key pair in memory of the caller's (crypto_secret_new for the daemon's own). key_pair_fini erases it. */
struct key_pair {
    uint8_t public_key[KEY_BYTES];
    uint8_t secret[2 * KEY_BYTES]; /* seed || public key; its first KEY_BYTES are the seed */
};

void key_pair_make(const struct world *world, struct key_pair *ret_pair);
void key_pair_from_seed(const uint8_t seed[KEY_BYTES], struct key_pair *ret_pair);
void key_pair_fini(struct key_pair *pair);

/* Bytes without a tag: only for what brings its own. */
void sign_bytes(const struct key_pair *pair, struct bytes message, uint8_t ret_signature[SIGNATURE_BYTES]);
int sign_bytes_check(const uint8_t public_key[KEY_BYTES], struct bytes message,
                     const uint8_t signature[SIGNATURE_BYTES]) MUST_CHECK;

/* "loyaltyd event v1\0" || programme id || principal (u32) || sequence (u64) || body.
 * libsodium wants these bytes in one piece: `scratch` is the caller's memory of at least
 * SIGN_EVENT_PREFIX_BYTES + body.size bytes, else ERR_TOO_LARGE. It must not overlap the body; what it held
 * is lost. */
struct sign_event {
    const uint8_t *programme_id; /* PROGRAMME_ID_BYTES; borrowed */
    uint32_t principal;
    uint64_t sequence;
    struct bytes body; /* borrowed */
};

int sign_event(const struct key_pair *pair, const struct sign_event *event, uint8_t *scratch,
               size_t scratch_size, uint8_t ret_signature[SIGNATURE_BYTES]) MUST_CHECK;
int sign_event_check(const uint8_t public_key[KEY_BYTES], const struct sign_event *event, uint8_t *scratch,
                     size_t scratch_size, const uint8_t signature[SIGNATURE_BYTES]) MUST_CHECK;

/* These bytes, in `scratch`: what sign_bytes_check is asked about. ERR_TOO_LARGE. */
int sign_event_bytes(const struct sign_event *event, uint8_t *scratch, size_t scratch_size,
                     struct bytes *ret_bytes) MUST_CHECK;

/* "loyaltyd batch v1\0" || programme id || principal (u32) || first sequence (u64) || count (u32) || H(body
 * 1) || ...
 */
struct sign_batch {
    const uint8_t *programme_id; /* PROGRAMME_ID_BYTES; borrowed */
    uint32_t principal;
    uint64_t first_sequence;
    uint32_t count;                           /* 1..BATCH_EVENTS_MAX, a caller's duty */
    const uint8_t (*body_hashes)[HASH_BYTES]; /* `count` of them (hash_bytes of each body); borrowed */
};

void sign_batch(const struct key_pair *pair, const struct sign_batch *batch,
                uint8_t ret_signature[SIGNATURE_BYTES]);
int sign_batch_check(const uint8_t public_key[KEY_BYTES], const struct sign_batch *batch,
                     const uint8_t signature[SIGNATURE_BYTES]) MUST_CHECK;

/* These bytes, in `scratch`. ERR_TOO_LARGE: it has less than SIGN_BATCH_BYTES_MAX bytes. */
int sign_batch_bytes(const struct sign_batch *batch, uint8_t *scratch, size_t scratch_size,
                     struct bytes *ret_bytes) MUST_CHECK;

/* "loyaltyd auth v1\0" || programme id || principal (u32) || challenge (32) || channel binding (0 or 32) */
struct sign_auth {
    const uint8_t *programme_id; /* PROGRAMME_ID_BYTES; borrowed */
    uint32_t principal;
    const uint8_t *challenge;     /* SIGN_CHALLENGE_BYTES; borrowed */
    struct bytes channel_binding; /* 0 bytes without TLS, else SIGN_CHANNEL_BYTES; borrowed */
};

void sign_auth(const struct key_pair *pair, const struct sign_auth *auth,
               uint8_t ret_signature[SIGNATURE_BYTES]);
int sign_auth_check(const uint8_t public_key[KEY_BYTES], const struct sign_auth *auth,
                    const uint8_t signature[SIGNATURE_BYTES]) MUST_CHECK;

/* "loyaltyd enrol v1\0" || programme id || public key (32) || H(one-time code) (32): the new key signs that
 * it is held by whoever knows the code. */
void sign_enrol(const struct key_pair *pair, const uint8_t programme_id[PROGRAMME_ID_BYTES],
                const uint8_t code_hash[HASH_BYTES], uint8_t ret_signature[SIGNATURE_BYTES]);
int sign_enrol_check(const uint8_t public_key[KEY_BYTES], const uint8_t programme_id[PROGRAMME_ID_BYTES],
                     const uint8_t code_hash[HASH_BYTES],
                     const uint8_t signature[SIGNATURE_BYTES]) MUST_CHECK;

/* "loyaltyd rotate v1\0" || programme id || principal (u32) || new public key (32): the new key's half of a
 * change of keys; the old key signs the event. */
void sign_rotate(const struct key_pair *new_pair, const uint8_t programme_id[PROGRAMME_ID_BYTES],
                 uint32_t principal, uint8_t ret_signature[SIGNATURE_BYTES]);
int sign_rotate_check(const uint8_t new_public_key[KEY_BYTES], const uint8_t programme_id[PROGRAMME_ID_BYTES],
                      uint32_t principal, const uint8_t signature[SIGNATURE_BYTES]) MUST_CHECK;

/* "loyaltyd voucher v1\0" || programme id || token: what any till can check offline. More than
 * SIGN_VOUCHER_BYTES_MAX bytes of token are ERR_TOO_LARGE. */
int sign_voucher(const struct key_pair *pair, const uint8_t programme_id[PROGRAMME_ID_BYTES],
                 struct bytes token, uint8_t ret_signature[SIGNATURE_BYTES]) MUST_CHECK;
int sign_voucher_check(const uint8_t public_key[KEY_BYTES], const uint8_t programme_id[PROGRAMME_ID_BYTES],
                       struct bytes token, const uint8_t signature[SIGNATURE_BYTES]) MUST_CHECK;

#endif
