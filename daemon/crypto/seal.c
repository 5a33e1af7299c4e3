#include "crypto/seal.h"

#include "base/check.h"
#include "crypto/hash.h"

#include <assert.h>
#include <sodium.h>

static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == SEAL_NONCE_BYTES, "XChaCha20-Poly1305");
static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES + SEAL_NONCE_BYTES == SEAL_OVERHEAD_BYTES,
              "XChaCha20-Poly1305");
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == KEY_BYTES, "XChaCha20-Poly1305");
static_assert(crypto_pwhash_argon2id_SALTBYTES == SEAL_SALT_BYTES, "Argon2id");

int seal_close(const struct world *world, const uint8_t key[KEY_BYTES], struct bytes associated,
               struct bytes plain, uint8_t *ret_sealed, size_t room, size_t *ret_size)
{
    CHECK(plain.data != NULL || plain.size == 0);
    if (room < SEAL_OVERHEAD_BYTES || plain.size > room - SEAL_OVERHEAD_BYTES) {
        return ERR_TOO_LARGE;
    }
    /* 24 random bytes never meet again, so no counter has to survive a crash. */
    world->random(world->context, ret_sealed, SEAL_NONCE_BYTES);
    CHECK(crypto_aead_xchacha20poly1305_ietf_encrypt(ret_sealed + SEAL_NONCE_BYTES, NULL, plain.data,
                                                     plain.size, associated.data, associated.size, NULL,
                                                     ret_sealed, key) == 0);
    *ret_size = plain.size + SEAL_OVERHEAD_BYTES;
    return 0;
}

int seal_open(const uint8_t key[KEY_BYTES], struct bytes associated, struct bytes sealed, uint8_t *ret_plain,
              size_t room, size_t *ret_size)
{
    if (sealed.size < SEAL_OVERHEAD_BYTES) {
        return ERR_CORRUPT;
    }
    const size_t plain_size = sealed.size - SEAL_OVERHEAD_BYTES;
    if (plain_size > room) {
        return ERR_TOO_LARGE;
    }
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(ret_plain, NULL, NULL, sealed.data + SEAL_NONCE_BYTES,
                                                   sealed.size - SEAL_NONCE_BYTES, associated.data,
                                                   associated.size, sealed.data, key) != 0) {
        return ERR_CORRUPT;
    }
    *ret_size = plain_size;
    return 0;
}

int seal_key_from_passphrase(struct bytes passphrase, const uint8_t salt[SEAL_SALT_BYTES], uint32_t passes,
                             uint32_t memory_kib, uint8_t ret_key[KEY_BYTES])
{
    CHECK(passphrase.data != NULL || passphrase.size == 0);
    if (passes < 1 || passes > SEAL_PASSES_MAX || memory_kib < 8 || memory_kib > SEAL_MEMORY_KIB_MAX) {
        return ERR_RANGE;
    }
    const char *text = passphrase.size > 0 ? (const char *)passphrase.data : "";
    return crypto_pwhash_argon2id(ret_key, KEY_BYTES, text, passphrase.size, salt, passes,
                                  (size_t)memory_kib * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0
               ? 0
               : ERR_NOMEM;
}

void seal_key_derive(const uint8_t key[KEY_BYTES], struct bytes purpose, uint8_t ret_key[KEY_BYTES])
{
    hash_keyed((struct bytes){key, KEY_BYTES}, purpose.data, purpose.size, ret_key);
}
