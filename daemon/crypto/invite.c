#include "crypto/invite.h"

#include "crypto/hash.h"

#include <string.h>

int invite_code_hash(const char *code, uint8_t ret_hash[HASH_BYTES])
{
    char symbols[INVITE_CODE_BYTES_MAX];
    size_t count = 0;
    for (const char *c = code; *c != '\0'; c++) {
        char symbol = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
        if (symbol == ' ' || symbol == '-') {
            continue;
        }
        if (symbol == 'O') {
            symbol = '0';
        } else if (symbol == 'I' || symbol == 'L') {
            symbol = '1';
        }
        if (strchr("0123456789ABCDEFGHJKMNPQRSTVWXYZ", symbol) == NULL || count == sizeof(symbols)) {
            return ERR_FORMAT;
        }
        symbols[count++] = symbol;
    }
    if (count < INVITE_CODE_BYTES_MIN) {
        return ERR_FORMAT;
    }
    hash_bytes(symbols, count, ret_hash);
    return 0;
}
