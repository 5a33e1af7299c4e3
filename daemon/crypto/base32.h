/* Codes people read and type: Crockford's base32 with his check symbol, for 16 bytes. The 128 bits are read
 * as one big-endian number and written in 26 symbols, most significant first (the first is 0..7); the 27th is
 * that number modulo 37. */
#ifndef LOYALTY_CRYPTO_BASE32_H
#define LOYALTY_CRYPTO_BASE32_H

#include "base/error.h"
#include "base/limits.h"

#include <stddef.h>
#include <stdint.h>

enum {
    BASE32_SYMBOLS = 26,
    BASE32_TEXT_BYTES = BASE32_SYMBOLS + 1 + 1, /* with check symbol and NUL */
    BASE32_GROUPED_BYTES = BASE32_TEXT_BYTES + BASE32_SYMBOLS / 4,
    BASE32_INPUT_BYTES_MAX = 64, /* what a person may have typed, hyphens and all */
};

/* Fills `ret_text` with 26 symbols, the check symbol and a NUL. */
void base32_encode(const uint8_t code[VOUCHER_CODE_BYTES], char ret_text[BASE32_TEXT_BYTES]);

/* The symbols of `text` in groups of four with hyphens between, as people read them best; `text` as
 * base32_encode gives it, another one as it is, as far as there is room. Fills `ret_text`. */
void base32_group(const char *text, char ret_text[BASE32_GROUPED_BYTES]);

/* Forgives case, hyphens and spaces, O for 0, I and L for 1. ERR_TOO_LARGE (more than BASE32_INPUT_BYTES_MAX
 * bytes), ERR_FORMAT (another symbol, or not 27 of them), ERR_RANGE (more than 128 bits), ERR_CORRUPT
 * (mistyped: the check symbol is another). */
int base32_decode(const char *text, size_t size, uint8_t ret_code[VOUCHER_CODE_BYTES]) MUST_CHECK;

#endif
