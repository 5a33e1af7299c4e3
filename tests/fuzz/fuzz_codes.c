/* What people type and scan: vouchers, invites, cards, pins. Reading what was written gives the same, and a
 * form that was made is its own. */
#include "fuzz/fuzz.h"

#include "base/text.h"
#include "crypto/base32.h"
#include "crypto/card.h"
#include "crypto/crypto.h"
#include "crypto/invite.h"
#include "crypto/pin.h"

#include <stdlib.h>
#include <string.h>

static void check_base32(const char *text, size_t size)
{
    uint8_t code[VOUCHER_CODE_BYTES];
    uint8_t again[VOUCHER_CODE_BYTES];
    char written[BASE32_TEXT_BYTES];
    const int err = base32_decode(text, size, code);
    CHECK(err != ERR_TOO_LARGE || size > BASE32_INPUT_BYTES_MAX);
    if (err == 0) {
        base32_encode(code, written);
        CHECK(base32_decode(written, strlen(written), again) == 0);
        CHECK(memcmp(code, again, sizeof(code)) == 0);
    }
    if (size >= VOUCHER_CODE_BYTES) {
        base32_encode((const uint8_t *)text, written);
        CHECK(strlen(written) == BASE32_SYMBOLS + 1);
        CHECK(base32_decode(written, strlen(written), again) == 0);
        CHECK(memcmp(text, again, sizeof(again)) == 0);
        /* One symbol mistyped, whichever it is, is noticed. */
        const size_t at = (size_t)(uint8_t)text[0] % (BASE32_SYMBOLS + 1);
        const char right = written[at];
        written[at] = right == '2' ? '3' : '2';
        CHECK(base32_decode(written, strlen(written), again) != 0);
    }
}

static void check_card(const char *text, size_t size)
{
    struct card_number card;
    struct card_number again;
    if (card_normalise(text, size, &card) != 0) {
        return;
    }
    CHECK(card.size >= 1 && card.size <= CARD_BYTES_MAX && strlen(card.text) == card.size);
    CHECK(text_is_utf8(card.text, card.size));
    CHECK(card_normalise(card.text, card.size, &again) == 0);
    CHECK(again.size == card.size && strcmp(again.text, card.text) == 0);
}

static void check_invite(const char *text)
{
    uint8_t hash[HASH_BYTES];
    uint8_t again[HASH_BYTES];
    char other[512];
    const size_t size = strlen(text);
    if (size * 2 >= sizeof(other)) {
        return;
    }
    const int err = invite_code_hash(text, hash);
    /* The same code as somebody else writes it. */
    for (size_t i = 0; i <= size; i++) {
        other[2 * i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
        other[2 * i + 1] = i == size ? '\0' : '-';
    }
    CHECK(invite_code_hash(other, again) == err);
    CHECK(err != 0 || memcmp(hash, again, sizeof(hash)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t pin[PIN_BYTES];
    char written[PIN_TEXT_BYTES];
    CHECK(crypto_init() == 0);
    char *text = malloc(size + 1);
    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    /* Each gets memory that ends where its text does. */
    check_base32((const char *)data, size);
    check_card((const char *)data, size);
    check_invite(text);
    if (pin_parse((const char *)data, size, pin) == 0) {
        pin_format(pin, written);
        CHECK(size == PIN_SYMBOLS && memcmp(written, data, size) == 0);
    }
    free(text);
    return 0;
}
