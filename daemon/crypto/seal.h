/* Data at rest that only the holder of a key can read or change: XChaCha20-Poly1305.
 * Sealed bytes are nonce (24) || encrypted data || tag (16). */
#ifndef LOYALTY_CRYPTO_SEAL_H
#define LOYALTY_CRYPTO_SEAL_H

#include "base/bytes.h"
#include "base/limits.h"
#include "base/world.h"

enum {
    SEAL_NONCE_BYTES = 24,
    SEAL_OVERHEAD_BYTES = SEAL_NONCE_BYTES + 16,
    SEAL_SALT_BYTES = 16,
    SEAL_PASSES = 3, /* Argon2id, for what is sealed from now on; each sealed file names its own */
    SEAL_MEMORY_KIB = 64 * 1024,
    SEAL_PASSES_MAX = 16, /* what a file may ask for */
    SEAL_MEMORY_KIB_MAX = 1024 * 1024,
};

/* Fills `ret_sealed` with plain.size + SEAL_OVERHEAD_BYTES bytes. `associated` is not kept in it but must be
 * the same when it is opened (whose profile it is, for example). `ret_sealed` must not overlap `plain`.
 * ERR_TOO_LARGE when `room` is too small. */
int seal_close(const struct world *world, const uint8_t key[KEY_BYTES], struct bytes associated,
               struct bytes plain, uint8_t *ret_sealed, size_t room, size_t *ret_size) MUST_CHECK;

/* Fills `ret_plain` with sealed.size - SEAL_OVERHEAD_BYTES bytes. ERR_CORRUPT: another key, other associated
 * data or changed bytes. ERR_TOO_LARGE when `room` is too small. On any error `ret_plain` holds nothing of
 * use. */
int seal_open(const uint8_t key[KEY_BYTES], struct bytes associated, struct bytes sealed, uint8_t *ret_plain,
              size_t room, size_t *ret_size) MUST_CHECK;

/* A key from a passphrase by Argon2id. Slow and memory-hungry on purpose: never on the loop. `passes` is
 * 1..SEAL_PASSES_MAX and `memory_kib` 8..SEAL_MEMORY_KIB_MAX, else ERR_RANGE. ERR_NOMEM. */
int seal_key_from_passphrase(struct bytes passphrase, const uint8_t salt[SEAL_SALT_BYTES], uint32_t passes,
                             uint32_t memory_kib, uint8_t ret_key[KEY_BYTES]) MUST_CHECK;

/* A key for one purpose from a key: BLAKE2b-256 of `purpose` under `key`. */
void seal_key_derive(const uint8_t key[KEY_BYTES], struct bytes purpose, uint8_t ret_key[KEY_BYTES]);

#endif
