/* BLAKE2b-256: the one hash of the project, and its keyed form. */
#ifndef LOYALTY_CRYPTO_HASH_H
#define LOYALTY_CRYPTO_HASH_H

#include "base/bytes.h"
#include "base/limits.h"

#include <stdalign.h>

enum {
    HASH_KEY_BYTES_MIN = 16,
    HASH_KEY_BYTES_MAX = 64,
    HASH_STATE_BYTES = 384,
};

/* A hash in progress; may be copied to go on in two directions. */
struct hash {
    alignas(64) uint8_t state[HASH_STATE_BYTES];
};

void hash_init(struct hash *hash);
void hash_init_keyed(struct hash *hash, struct bytes key); /* HASH_KEY_BYTES_MIN..HASH_KEY_BYTES_MAX bytes */
void hash_add(struct hash *hash, const void *data, size_t size);
void hash_add_u32(struct hash *hash, uint32_t value); /* big-endian */
void hash_add_u64(struct hash *hash, uint64_t value); /* big-endian */
/* Ends it: `hash` must be initialised again before its next use. */
void hash_end(struct hash *hash, uint8_t ret_hash[HASH_BYTES]);

/* In one step. */
void hash_bytes(const void *data, size_t size, uint8_t ret_hash[HASH_BYTES]);
void hash_keyed(struct bytes key, const void *data, size_t size, uint8_t ret_hash[HASH_BYTES]);

#endif
