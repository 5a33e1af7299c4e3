#include "crypto/sign.h"

#include "base/check.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

/* The NUL that ends each tag is signed, so no tag is the beginning of another. */
static const char event_tag[] = "loyaltyd event v1";
static const char batch_tag[] = "loyaltyd batch v1";
static const char auth_tag[] = "loyaltyd auth v1";
static const char enrol_tag[] = "loyaltyd enrol v1";
static const char rotate_tag[] = "loyaltyd rotate v1";
static const char voucher_tag[] = "loyaltyd voucher v1";

static_assert(crypto_sign_PUBLICKEYBYTES == KEY_BYTES, "Ed25519");
static_assert(crypto_sign_SECRETKEYBYTES == 2 * KEY_BYTES, "seed and public key");
static_assert(crypto_sign_SEEDBYTES == KEY_BYTES, "Ed25519");
static_assert(crypto_sign_BYTES == SIGNATURE_BYTES, "Ed25519");
static_assert(sizeof(event_tag) + PROGRAMME_ID_BYTES + 4 + 8 <= SIGN_EVENT_PREFIX_BYTES,
              "the prefix of an event fits");

static_assert(sizeof(batch_tag) + PROGRAMME_ID_BYTES + 4 + 8 + 4 + BATCH_EVENTS_MAX * HASH_BYTES <=
                  SIGN_BATCH_BYTES_MAX,
              "a batch fits");

enum { SMALL_MESSAGE_BYTES_MAX = 128 };

/* What is signed, put together in memory of the caller's. */
struct message {
    uint8_t *data;
    size_t room;
    size_t size;
};

static void message_add(struct message *message, const void *data, size_t size)
{
    CHECK(size <= message->room - message->size);
    if (size > 0) {
        memcpy(message->data + message->size, data, size);
    }
    message->size += size;
}

static void message_add_u32(struct message *message, uint32_t value)
{
    uint8_t bytes[4];
    put_u32_be(bytes, value);
    message_add(message, bytes, sizeof(bytes));
}

static void message_add_u64(struct message *message, uint64_t value)
{
    uint8_t bytes[8];
    put_u64_be(bytes, value);
    message_add(message, bytes, sizeof(bytes));
}

static struct bytes message_bytes(const struct message *message)
{
    return (struct bytes){message->data, message->size};
}

void key_pair_make(const struct world *world, struct key_pair *ret_pair)
{
    uint8_t seed[KEY_BYTES];
    world->random(world->context, seed, sizeof(seed));
    key_pair_from_seed(seed, ret_pair);
    sodium_memzero(seed, sizeof(seed));
}

void key_pair_from_seed(const uint8_t seed[KEY_BYTES], struct key_pair *ret_pair)
{
    CHECK(crypto_sign_seed_keypair(ret_pair->public_key, ret_pair->secret, seed) == 0);
}

void key_pair_fini(struct key_pair *pair)
{
    sodium_memzero(pair, sizeof(*pair));
}

void sign_bytes(const struct key_pair *pair, struct bytes message, uint8_t ret_signature[SIGNATURE_BYTES])
{
    CHECK(crypto_sign_detached(ret_signature, NULL, message.data, message.size, pair->secret) == 0);
}

int sign_bytes_check(const uint8_t public_key[KEY_BYTES], struct bytes message,
                     const uint8_t signature[SIGNATURE_BYTES])
{
    return crypto_sign_verify_detached(signature, message.data, message.size, public_key) == 0
               ? 0
               : ERR_SIGNATURE;
}

static int event_message(const struct sign_event *event, uint8_t *scratch, size_t scratch_size,
                         struct message *ret_message)
{
    CHECK(event->body.data != NULL || event->body.size == 0);
    if (scratch_size < SIGN_EVENT_PREFIX_BYTES || event->body.size > scratch_size - SIGN_EVENT_PREFIX_BYTES) {
        return ERR_TOO_LARGE;
    }
    *ret_message = (struct message){.data = scratch, .room = scratch_size};
    message_add(ret_message, event_tag, sizeof(event_tag));
    message_add(ret_message, event->programme_id, PROGRAMME_ID_BYTES);
    message_add_u32(ret_message, event->principal);
    message_add_u64(ret_message, event->sequence);
    message_add(ret_message, event->body.data, event->body.size);
    return 0;
}

int sign_event(const struct key_pair *pair, const struct sign_event *event, uint8_t *scratch,
               size_t scratch_size, uint8_t ret_signature[SIGNATURE_BYTES])
{
    struct message message;
    const int result = event_message(event, scratch, scratch_size, &message);
    if (result == 0) {
        sign_bytes(pair, message_bytes(&message), ret_signature);
    }
    return result;
}

int sign_event_check(const uint8_t public_key[KEY_BYTES], const struct sign_event *event, uint8_t *scratch,
                     size_t scratch_size, const uint8_t signature[SIGNATURE_BYTES])
{
    struct message message;
    const int result = event_message(event, scratch, scratch_size, &message);
    return result < 0 ? result : sign_bytes_check(public_key, message_bytes(&message), signature);
}

int sign_event_bytes(const struct sign_event *event, uint8_t *scratch, size_t scratch_size,
                     struct bytes *ret_bytes)
{
    struct message message;
    const int result = event_message(event, scratch, scratch_size, &message);
    if (result == 0) {
        *ret_bytes = message_bytes(&message);
    }
    return result;
}

static void batch_message(const struct sign_batch *batch, struct message *message)
{
    CHECK(batch->count >= 1);
    CHECK(batch->count <= BATCH_EVENTS_MAX);
    message_add(message, batch_tag, sizeof(batch_tag));
    message_add(message, batch->programme_id, PROGRAMME_ID_BYTES);
    message_add_u32(message, batch->principal);
    message_add_u64(message, batch->first_sequence);
    message_add_u32(message, batch->count);
    message_add(message, batch->body_hashes, (size_t)batch->count * HASH_BYTES);
}

void sign_batch(const struct key_pair *pair, const struct sign_batch *batch,
                uint8_t ret_signature[SIGNATURE_BYTES])
{
    uint8_t buffer[SIGN_BATCH_BYTES_MAX];
    struct message message = {.data = buffer, .room = sizeof(buffer)};
    batch_message(batch, &message);
    sign_bytes(pair, message_bytes(&message), ret_signature);
}

int sign_batch_check(const uint8_t public_key[KEY_BYTES], const struct sign_batch *batch,
                     const uint8_t signature[SIGNATURE_BYTES])
{
    uint8_t buffer[SIGN_BATCH_BYTES_MAX];
    struct message message = {.data = buffer, .room = sizeof(buffer)};
    batch_message(batch, &message);
    return sign_bytes_check(public_key, message_bytes(&message), signature);
}

int sign_batch_bytes(const struct sign_batch *batch, uint8_t *scratch, size_t scratch_size,
                     struct bytes *ret_bytes)
{
    if (scratch_size < SIGN_BATCH_BYTES_MAX) {
        return ERR_TOO_LARGE;
    }
    struct message message = {.data = scratch, .room = scratch_size};
    batch_message(batch, &message);
    *ret_bytes = message_bytes(&message);
    return 0;
}

static void auth_message(const struct sign_auth *auth, struct message *message)
{
    CHECK(auth->channel_binding.size == 0 || auth->channel_binding.size == SIGN_CHANNEL_BYTES);
    message_add(message, auth_tag, sizeof(auth_tag));
    message_add(message, auth->programme_id, PROGRAMME_ID_BYTES);
    message_add_u32(message, auth->principal);
    message_add(message, auth->challenge, SIGN_CHALLENGE_BYTES);
    message_add(message, auth->channel_binding.data, auth->channel_binding.size);
}

void sign_auth(const struct key_pair *pair, const struct sign_auth *auth,
               uint8_t ret_signature[SIGNATURE_BYTES])
{
    uint8_t buffer[SMALL_MESSAGE_BYTES_MAX];
    struct message message = {.data = buffer, .room = sizeof(buffer)};
    auth_message(auth, &message);
    sign_bytes(pair, message_bytes(&message), ret_signature);
}

int sign_auth_check(const uint8_t public_key[KEY_BYTES], const struct sign_auth *auth,
                    const uint8_t signature[SIGNATURE_BYTES])
{
    uint8_t buffer[SMALL_MESSAGE_BYTES_MAX];
    struct message message = {.data = buffer, .room = sizeof(buffer)};
    auth_message(auth, &message);
    return sign_bytes_check(public_key, message_bytes(&message), signature);
}

static void enrol_message(const uint8_t *programme_id, const uint8_t *public_key, const uint8_t *code_hash,
                          struct message *message)
{
    message_add(message, enrol_tag, sizeof(enrol_tag));
    message_add(message, programme_id, PROGRAMME_ID_BYTES);
    message_add(message, public_key, KEY_BYTES);
    message_add(message, code_hash, HASH_BYTES);
}

void sign_enrol(const struct key_pair *pair, const uint8_t programme_id[PROGRAMME_ID_BYTES],
                const uint8_t code_hash[HASH_BYTES], uint8_t ret_signature[SIGNATURE_BYTES])
{
    uint8_t buffer[SMALL_MESSAGE_BYTES_MAX];
    struct message message = {.data = buffer, .room = sizeof(buffer)};
    enrol_message(programme_id, pair->public_key, code_hash, &message);
    sign_bytes(pair, message_bytes(&message), ret_signature);
}

int sign_enrol_check(const uint8_t public_key[KEY_BYTES], const uint8_t programme_id[PROGRAMME_ID_BYTES],
                     const uint8_t code_hash[HASH_BYTES], const uint8_t signature[SIGNATURE_BYTES])
{
    uint8_t buffer[SMALL_MESSAGE_BYTES_MAX];
    struct message message = {.data = buffer, .room = sizeof(buffer)};
    enrol_message(programme_id, public_key, code_hash, &message);
    return sign_bytes_check(public_key, message_bytes(&message), signature);
}

static void rotate_message(const uint8_t *programme_id, uint32_t principal, const uint8_t *public_key,
                           struct message *message)
{
    message_add(message, rotate_tag, sizeof(rotate_tag));
    message_add(message, programme_id, PROGRAMME_ID_BYTES);
    message_add_u32(message, principal);
    message_add(message, public_key, KEY_BYTES);
}

void sign_rotate(const struct key_pair *new_pair, const uint8_t programme_id[PROGRAMME_ID_BYTES],
                 uint32_t principal, uint8_t ret_signature[SIGNATURE_BYTES])
{
    uint8_t buffer[SMALL_MESSAGE_BYTES_MAX];
    struct message message = {.data = buffer, .room = sizeof(buffer)};
    rotate_message(programme_id, principal, new_pair->public_key, &message);
    sign_bytes(new_pair, message_bytes(&message), ret_signature);
}

int sign_rotate_check(const uint8_t new_public_key[KEY_BYTES], const uint8_t programme_id[PROGRAMME_ID_BYTES],
                      uint32_t principal, const uint8_t signature[SIGNATURE_BYTES])
{
    uint8_t buffer[SMALL_MESSAGE_BYTES_MAX];
    struct message message = {.data = buffer, .room = sizeof(buffer)};
    rotate_message(programme_id, principal, new_public_key, &message);
    return sign_bytes_check(new_public_key, message_bytes(&message), signature);
}

static int voucher_message(const uint8_t *programme_id, struct bytes token, struct message *message)
{
    if (token.size > SIGN_VOUCHER_BYTES_MAX) {
        return ERR_TOO_LARGE;
    }
    message_add(message, voucher_tag, sizeof(voucher_tag));
    message_add(message, programme_id, PROGRAMME_ID_BYTES);
    message_add(message, token.data, token.size);
    return 0;
}

int sign_voucher(const struct key_pair *pair, const uint8_t programme_id[PROGRAMME_ID_BYTES],
                 struct bytes token, uint8_t ret_signature[SIGNATURE_BYTES])
{
    uint8_t buffer[SMALL_MESSAGE_BYTES_MAX + SIGN_VOUCHER_BYTES_MAX];
    struct message message = {.data = buffer, .room = sizeof(buffer)};
    const int result = voucher_message(programme_id, token, &message);
    if (result == 0) {
        sign_bytes(pair, message_bytes(&message), ret_signature);
    }
    return result;
}

int sign_voucher_check(const uint8_t public_key[KEY_BYTES], const uint8_t programme_id[PROGRAMME_ID_BYTES],
                       struct bytes token, const uint8_t signature[SIGNATURE_BYTES])
{
    uint8_t buffer[SMALL_MESSAGE_BYTES_MAX + SIGN_VOUCHER_BYTES_MAX];
    struct message message = {.data = buffer, .room = sizeof(buffer)};
    const int result = voucher_message(programme_id, token, &message);
    return result < 0 ? result : sign_bytes_check(public_key, message_bytes(&message), signature);
}
