#include "crypto/chain.h"

#include "crypto/hash.h"

#include <string.h>

static const char leaf_tag[] = "loyaltyd leaf v1"; /* with their NUL */
static const char link_tag[] = "loyaltyd link v1";

static void add_hash_of(struct hash *hash, struct bytes bytes)
{
    uint8_t digest[HASH_BYTES];
    hash_bytes(bytes.data, bytes.size, digest);
    hash_add(hash, digest, sizeof(digest));
}

void crypto_genesis(struct bytes genesis_body, uint8_t ret_hash[HASH_BYTES])
{
    hash_bytes(genesis_body.data, genesis_body.size, ret_hash);
}

void crypto_leaf(const struct chain_leaf *leaf, uint8_t ret_leaf[HASH_BYTES])
{
    struct hash hash;
    hash_init(&hash);
    hash_add(&hash, leaf_tag, sizeof(leaf_tag));
    hash_add_u64(&hash, leaf->position);
    hash_add_u64(&hash, (uint64_t)leaf->booked_at);
    hash_add_u32(&hash, leaf->principal);
    hash_add_u32(&hash, leaf->key_no);
    hash_add_u64(&hash, leaf->sequence);
    add_hash_of(&hash, leaf->body);
    add_hash_of(&hash, leaf->authenticator);
    add_hash_of(&hash, leaf->context);
    add_hash_of(&hash, leaf->outcome);
    hash_end(&hash, ret_leaf);
}

void crypto_link(const uint8_t previous[HASH_BYTES], const uint8_t leaf[HASH_BYTES],
                 uint8_t ret_link[HASH_BYTES])
{
    struct hash hash;
    hash_init(&hash);
    hash_add(&hash, link_tag, sizeof(link_tag));
    hash_add(&hash, previous, HASH_BYTES);
    hash_add(&hash, leaf, HASH_BYTES);
    hash_end(&hash, ret_link);
}

void crypto_batch_authenticator(const uint8_t signature[SIGNATURE_BYTES], uint32_t index, uint32_t count,
                                uint8_t ret_authenticator[CHAIN_BATCH_AUTHENTICATOR_BYTES])
{
    memcpy(ret_authenticator, signature, SIGNATURE_BYTES);
    put_u32_be(ret_authenticator + SIGNATURE_BYTES, index);
    put_u32_be(ret_authenticator + SIGNATURE_BYTES + 4, count);
}
