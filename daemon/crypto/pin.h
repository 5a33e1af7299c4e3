/* Pins: by which a till knows the daemon's TLS key. A pin is the SHA-256 of the key's SubjectPublicKeyInfo in
 * DER. As text it is base64url (RFC 4648, section 5) without padding: 43 characters. */
#ifndef LOYALTY_CRYPTO_PIN_H
#define LOYALTY_CRYPTO_PIN_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PIN_BYTES = 32,
    PIN_SYMBOLS = 43,
    PIN_TEXT_BYTES = PIN_SYMBOLS + 1,
    PINS_MAX = 2, /* the key's and the next one's */
};

struct pins {
    uint8_t items[PINS_MAX][PIN_BYTES];
    size_t count;
};

void pin_format(const uint8_t pin[PIN_BYTES], char ret_text[PIN_TEXT_BYTES]);

/* `size` bytes of text, not ended. ERR_FORMAT: anything but PIN_SYMBOLS symbols of a pin. */
int pin_parse(const char *text, size_t size, uint8_t ret_pin[PIN_BYTES]) MUST_CHECK;

bool pins_hold(const struct pins *pins, const uint8_t pin[PIN_BYTES]);

/* Adds a pin that is not there yet, as far as there is room. */
void pins_add(struct pins *pins, const uint8_t pin[PIN_BYTES]);

#endif
