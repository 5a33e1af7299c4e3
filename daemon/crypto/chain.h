/* The hash chain of the log (docs/protocol.md, "Chain"). Integers are hashed big-endian, a time as two's
 * complement; H is BLAKE2b-256 and the NUL belongs to the tag:
 *   h(0)    = H(genesis body)
 *   leaf(n) = H("loyaltyd leaf v1\0" || n || booked_at || principal || key_no || sequence || H(body)
 *               || H(authenticator) || H(context) || H(outcome))
 *   h(n)    = H("loyaltyd link v1\0" || h(n-1) || leaf(n))
 */
#ifndef LOYALTY_CRYPTO_CHAIN_H
#define LOYALTY_CRYPTO_CHAIN_H

#include "base/bytes.h"
#include "base/limits.h"

enum { CHAIN_BATCH_AUTHENTICATOR_BYTES = SIGNATURE_BYTES + 4 + 4 };

/* One booked event, as its leaf sees it. All bytes are borrowed and hashed here. */
struct chain_leaf {
    uint64_t position;          /* n, from 1 */
    int64_t booked_at;          /* milliseconds UTC */
    uint32_t principal;         /* 0 is the daemon */
    uint32_t key_no;            /* which of the principal's keys signed */
    uint64_t sequence;          /* of the principal */
    struct bytes body;          /* as signed */
    struct bytes authenticator; /* the signature, or what crypto_batch_authenticator made */
    struct bytes context;       /* as recorded */
    struct bytes outcome;       /* as recorded */
};

/* h(0) of the body of the genesis event; its first PROGRAMME_ID_BYTES are the programme id. */
void crypto_genesis(struct bytes genesis_body, uint8_t ret_hash[HASH_BYTES]);

void crypto_leaf(const struct chain_leaf *leaf, uint8_t ret_leaf[HASH_BYTES]);

/* h(n) of h(n-1) and leaf(n); `ret_link` may be `previous`. */
void crypto_link(const uint8_t previous[HASH_BYTES], const uint8_t leaf[HASH_BYTES],
                 uint8_t ret_link[HASH_BYTES]);

/* The authenticator of event `index` (from 0) of a batch of `count` events signed at once:
 * signature || index (u32) || count (u32). */
void crypto_batch_authenticator(const uint8_t signature[SIGNATURE_BYTES], uint32_t index, uint32_t count,
                                uint8_t ret_authenticator[CHAIN_BATCH_AUTHENTICATOR_BYTES]);

#endif
