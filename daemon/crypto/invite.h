/* One-time codes of invites: as a person types them, and as the log holds them. */
#ifndef LOYALTY_CRYPTO_INVITE_H
#define LOYALTY_CRYPTO_INVITE_H

#include "base/error.h"
#include "base/limits.h"

#include <stdint.h>

enum { INVITE_CODE_BYTES_MIN = 12 }; /* symbols; INVITE_CODE_BYTES_MAX at most */

/* BLAKE2b-256 of the code in its one form: Crockford's base32 symbols in upper case, without spaces and
 * hyphens, O read as 0, I and L as 1. ERR_FORMAT: another character, or not INVITE_CODE_BYTES_MIN to
 * INVITE_CODE_BYTES_MAX symbols. */
int invite_code_hash(const char *code, uint8_t ret_hash[HASH_BYTES]) MUST_CHECK;

#endif
