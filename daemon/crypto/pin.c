#include "crypto/pin.h"

#include "base/check.h"

#include <sodium.h>
#include <string.h>

void pin_format(const uint8_t pin[PIN_BYTES], char ret_text[PIN_TEXT_BYTES])
{
    sodium_bin2base64(ret_text, PIN_TEXT_BYTES, pin, PIN_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

int pin_parse(const char *text, size_t size, uint8_t ret_pin[PIN_BYTES])
{
    uint8_t pin[PIN_BYTES];
    const char *end = NULL;
    size_t found = 0;
    if (size != PIN_SYMBOLS ||
        sodium_base642bin(pin, sizeof(pin), text, size, NULL, &found, &end,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        found != PIN_BYTES || end != text + size) {
        return ERR_FORMAT;
    }
    /* libsodium reads bytes beyond ASCII as symbols, too. */
    char written[PIN_TEXT_BYTES];
    pin_format(pin, written);
    if (memcmp(written, text, size) != 0) {
        return ERR_FORMAT;
    }
    memcpy(ret_pin, pin, PIN_BYTES);
    return 0;
}

bool pins_hold(const struct pins *pins, const uint8_t pin[PIN_BYTES])
{
    CHECK(pins->count <= PINS_MAX);
    for (size_t i = 0; i < pins->count; i++) {
        if (memcmp(pins->items[i], pin, PIN_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

void pins_add(struct pins *pins, const uint8_t pin[PIN_BYTES])
{
    if (!pins_hold(pins, pin) && pins->count < PINS_MAX) {
        memcpy(pins->items[pins->count++], pin, PIN_BYTES);
    }
}
