#include "crypto/card.h"

#include "base/check.h"
#include "base/text.h"
#include "crypto/hash.h"

#include <string.h>

static bool is_dropped(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '-' || c == '.' || c == '(' || c == ')';
}

int card_normalise(const char *text, size_t size, struct card_number *ret_card)
{
    CHECK(text != NULL || size == 0);
    struct card_number card = {0};
    if (!text_is_utf8(text, size)) {
        return ERR_FORMAT;
    }
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (is_dropped(c)) {
            continue;
        }
        if ((unsigned char)c < 0x20 || c == 0x7f) {
            return ERR_FORMAT;
        }
        if (c >= 'a' && c <= 'z') {
            c = (char)(c - 'a' + 'A');
        }
        if (card.size == CARD_BYTES_MAX) {
            return ERR_TOO_LARGE;
        }
        card.text[card.size++] = c;
    }
    if (card.size == 0) {
        return ERR_FORMAT;
    }
    *ret_card = card;
    return 0;
}

void crypto_card_commitment(const uint8_t salt[CARD_SALT_BYTES], const struct card_number *card,
                            uint8_t ret_commitment[HASH_BYTES])
{
    hash_keyed((struct bytes){salt, CARD_SALT_BYTES}, card->text, card->size, ret_commitment);
}

void crypto_card_lookup(const uint8_t lookup_key[KEY_BYTES], const struct card_number *card,
                        uint8_t ret_hash[HASH_BYTES])
{
    hash_keyed((struct bytes){lookup_key, KEY_BYTES}, card->text, card->size, ret_hash);
}
