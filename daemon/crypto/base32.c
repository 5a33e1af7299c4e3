#include "crypto/base32.h"

#include "base/check.h"

#include <stdbool.h>
#include <string.h>

/* The last five are check symbols only. */
static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";

enum { CHECK_MODULUS = 37 };

static unsigned remainder_of(const uint8_t code[VOUCHER_CODE_BYTES])
{
    unsigned remainder = 0;
    for (size_t i = 0; i < VOUCHER_CODE_BYTES; i++) {
        remainder = (remainder * 256 + code[i]) % CHECK_MODULUS;
    }
    return remainder;
}

void base32_encode(const uint8_t code[VOUCHER_CODE_BYTES], char ret_text[BASE32_TEXT_BYTES])
{
    /* Symbol i, counted from the right, holds bits 5i to 5i + 4 of the number. */
    for (size_t i = 0; i < BASE32_SYMBOLS; i++) {
        unsigned value = 0;
        for (size_t bit = 5 * i + 5; bit-- > 5 * i;) {
            const size_t byte = bit / 8;
            const unsigned set = byte < VOUCHER_CODE_BYTES
                                     ? (unsigned)code[VOUCHER_CODE_BYTES - 1 - byte] >> (bit % 8) & 1
                                     : 0;
            value = value << 1 | set;
        }
        ret_text[BASE32_SYMBOLS - 1 - i] = symbols[value];
    }
    ret_text[BASE32_SYMBOLS] = symbols[remainder_of(code)];
    ret_text[BASE32_SYMBOLS + 1] = '\0';
}

/* The value of a typed symbol, 0..36, or -1. */
static int symbol_value(char c)
{
    if (c >= 'a' && c <= 'z') {
        c = (char)(c - 'a' + 'A');
    }
    if (c == 'O') {
        return 0;
    }
    if (c == 'I' || c == 'L') {
        return 1;
    }
    const char *found = c == '\0' ? NULL : strchr(symbols, c);
    return found == NULL ? -1 : (int)(found - symbols);
}

/* code = code * 32 + value; false when it leaves the 128 bits. */
static bool shift_in(uint8_t code[VOUCHER_CODE_BYTES], unsigned value)
{
    unsigned carry = value;
    for (size_t i = VOUCHER_CODE_BYTES; i-- > 0;) {
        const unsigned shifted = (unsigned)code[i] << 5 | carry;
        code[i] = (uint8_t)shifted;
        carry = shifted >> 8;
    }
    return carry == 0;
}

void base32_group(const char *text, char ret_text[BASE32_GROUPED_BYTES])
{
    enum { GROUP = 4 };
    const bool ours = strlen(text) == BASE32_TEXT_BYTES - 1;
    size_t used = 0;
    for (size_t i = 0; text[i] != '\0' && used + 1 < BASE32_GROUPED_BYTES; i++) {
        if (ours && i > 0 && i % GROUP == 0) {
            ret_text[used++] = '-';
        }
        ret_text[used++] = text[i];
    }
    ret_text[used] = '\0';
}

int base32_decode(const char *text, size_t size, uint8_t ret_code[VOUCHER_CODE_BYTES])
{
    CHECK(text != NULL || size == 0);
    uint8_t code[VOUCHER_CODE_BYTES] = {0};
    unsigned values[BASE32_SYMBOLS + 1];
    size_t count = 0;
    if (size > BASE32_INPUT_BYTES_MAX) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '-' || text[i] == ' ') {
            continue;
        }
        const int value = symbol_value(text[i]);
        if (value < 0 || count > BASE32_SYMBOLS || (count < BASE32_SYMBOLS && value >= 32)) {
            return ERR_FORMAT;
        }
        values[count++] = (unsigned)value;
    }
    if (count != BASE32_SYMBOLS + 1) {
        return ERR_FORMAT;
    }
    for (size_t i = 0; i < BASE32_SYMBOLS; i++) {
        if (!shift_in(code, values[i])) {
            return ERR_RANGE;
        }
    }
    if (remainder_of(code) != values[BASE32_SYMBOLS]) {
        return ERR_CORRUPT;
    }
    memcpy(ret_code, code, VOUCHER_CODE_BYTES);
    return 0;
}
