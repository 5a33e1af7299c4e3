/* Cards without their numbers: what the log and the look-up table hold instead. */
#ifndef LOYALTY_CRYPTO_CARD_H
#define LOYALTY_CRYPTO_CARD_H

#include "base/bytes.h"
#include "base/limits.h"

/* A card as everybody must write it before hashing: UTF-8 without ASCII white space, '-', '.', '(' and ')',
 * ASCII letters in upper case. "372 (5) 123-45.67" and "37251234567" are one card. */
struct card_number {
    char text[CARD_BYTES_MAX + 1]; /* NUL-terminated */
    size_t size;                   /* 1..CARD_BYTES_MAX bytes, without the NUL */
};

/* ERR_FORMAT: not UTF-8, a control character, or nothing left. ERR_TOO_LARGE: more than CARD_BYTES_MAX bytes
 * are left. */
int card_normalise(const char *text, size_t size, struct card_number *ret_card) MUST_CHECK;

/* What a signed body holds: BLAKE2b-256 of the normalised card under the salt of this event. */
void crypto_card_commitment(const uint8_t salt[CARD_SALT_BYTES], const struct card_number *card,
                            uint8_t ret_commitment[HASH_BYTES]);

/* What the daemon finds a member by: BLAKE2b-256 under a key only the daemon has. */
void crypto_card_lookup(const uint8_t lookup_key[KEY_BYTES], const struct card_number *card,
                        uint8_t ret_hash[HASH_BYTES]);

#endif
