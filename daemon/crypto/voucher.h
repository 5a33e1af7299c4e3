/* Tokens of vouchers: what the daemon signs so that any till can tell a voucher from a forged one without
 * asking. A token says what was issued, not whether it is used already: that only the daemon knows. */
#ifndef LOYALTY_CRYPTO_VOUCHER_H
#define LOYALTY_CRYPTO_VOUCHER_H

#include "base/error.h"
#include "base/limits.h"
#include "crypto/sign.h"

#include <stdint.h>

enum {
    VOUCHER_TOKEN_BYTES_MAX = 1 + VOUCHER_CODE_BYTES + 4 + 4 + 1 + ID_BYTES_MAX + SIGNATURE_BYTES,
    VOUCHER_TOKEN_TEXT_BYTES = (VOUCHER_TOKEN_BYTES_MAX + 2) / 3 * 4 + 1 /* URL-safe base64, with NUL */
};

struct voucher_token {
    uint8_t code[VOUCHER_CODE_BYTES];
    int32_t since; /* first valid day */
    int32_t until; /* last valid day; INT32_MAX: never over */
    char reward[ID_BYTES_MAX + 1];
};

/* Signed are "loyaltyd voucher v1\0", the programme id, and of the token: 1 (u8), code, since and until (i32,
 * big-endian), the length of the reward's id (u8) and the id. The text is that and the signature in URL-safe
 * base64 without padding. The same voucher always has the same token. */
int voucher_token_make(const struct key_pair *daemon_key, const uint8_t programme_id[PROGRAMME_ID_BYTES],
                       const struct voucher_token *token, char ret_text[VOUCHER_TOKEN_TEXT_BYTES]) MUST_CHECK;

/* Needs nothing but the daemon's public key. ERR_FORMAT: that is no token; ERR_SIGNATURE as of sign.h: this
 * daemon did not make it for this programme. */
int voucher_token_read(const uint8_t daemon_key[KEY_BYTES], const uint8_t programme_id[PROGRAMME_ID_BYTES],
                       const char *text, struct voucher_token *ret_token) MUST_CHECK;

#endif
