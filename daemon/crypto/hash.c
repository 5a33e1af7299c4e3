#include "crypto/hash.h"

#include "base/check.h"

#include <assert.h>
#include <sodium.h>

static_assert(sizeof(crypto_generichash_state) == HASH_STATE_BYTES, "a state fits struct hash");
static_assert(alignof(crypto_generichash_state) <= 64, "struct hash is aligned for a state");
static_assert(HASH_BYTES >= crypto_generichash_BYTES_MIN && HASH_BYTES <= crypto_generichash_BYTES_MAX,
              "BLAKE2b-256");
static_assert(HASH_KEY_BYTES_MIN == crypto_generichash_KEYBYTES_MIN &&
                  HASH_KEY_BYTES_MAX == crypto_generichash_KEYBYTES_MAX,
              "keys as BLAKE2b takes them");

static crypto_generichash_state *state_of(struct hash *hash)
{
    return (crypto_generichash_state *)(void *)hash->state;
}

void hash_init(struct hash *hash)
{
    CHECK(crypto_generichash_init(state_of(hash), NULL, 0, HASH_BYTES) == 0);
}

void hash_init_keyed(struct hash *hash, struct bytes key)
{
    CHECK(key.size >= HASH_KEY_BYTES_MIN);
    CHECK(key.size <= HASH_KEY_BYTES_MAX);
    CHECK(crypto_generichash_init(state_of(hash), key.data, key.size, HASH_BYTES) == 0);
}

void hash_add(struct hash *hash, const void *data, size_t size)
{
    CHECK(data != NULL || size == 0);
    if (size > 0) {
        CHECK(crypto_generichash_update(state_of(hash), data, size) == 0);
    }
}

void hash_add_u32(struct hash *hash, uint32_t value)
{
    uint8_t bytes[4];
    put_u32_be(bytes, value);
    hash_add(hash, bytes, sizeof(bytes));
}

void hash_add_u64(struct hash *hash, uint64_t value)
{
    uint8_t bytes[8];
    put_u64_be(bytes, value);
    hash_add(hash, bytes, sizeof(bytes));
}

void hash_end(struct hash *hash, uint8_t ret_hash[HASH_BYTES])
{
    CHECK(crypto_generichash_final(state_of(hash), ret_hash, HASH_BYTES) == 0);
}

void hash_bytes(const void *data, size_t size, uint8_t ret_hash[HASH_BYTES])
{
    CHECK(data != NULL || size == 0);
    CHECK(crypto_generichash(ret_hash, HASH_BYTES, data, size, NULL, 0) == 0);
}

void hash_keyed(struct bytes key, const void *data, size_t size, uint8_t ret_hash[HASH_BYTES])
{
    CHECK(key.size >= HASH_KEY_BYTES_MIN);
    CHECK(key.size <= HASH_KEY_BYTES_MAX);
    CHECK(data != NULL || size == 0);
    CHECK(crypto_generichash(ret_hash, HASH_BYTES, data, size, key.data, key.size) == 0);
}
