/* Makes the daemon's TLS key and a certificate for it that nobody else vouches for: tills know the key by its
 * pin. */
#ifndef LOYALTY_SERVER_CERTIFICATE_H
#define LOYALTY_SERVER_CERTIFICATE_H

#include "base/error.h"
#include "base/world.h"
#include "crypto/pin.h"

#include <stddef.h>

/* Writes a new P-256 key to `key_path` (0600) and its certificate to `certificate_path` (0644), both in PEM
 * and synced, over nothing that is there. The certificate is valid from a day ago and has no end: what ends a
 * key's use is its pin. ERR_EXISTS, ERR_NOT_FOUND (folder), ERR_PERMISSION, ERR_FULL, ERR_NOMEM, ERR_IO; then
 * no file is left. */
int certificate_make(const char *key_path, const char *certificate_path, const struct world *world,
                     uint8_t ret_pin[PIN_BYTES]) MUST_CHECK;

/* The pin of the key in a certificate file. ERR_NOT_FOUND, ERR_PERMISSION, ERR_FORMAT, ERR_NOMEM, ERR_IO. */
int certificate_pin(const char *path, uint8_t ret_pin[PIN_BYTES]) MUST_CHECK;

#endif
