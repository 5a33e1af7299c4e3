/* What tls.c (a connection) and tls_context.c (certificate and key) share. */
#ifndef LOYALTY_SERVER_TLS_INTERNAL_H
#define LOYALTY_SERVER_TLS_INTERNAL_H

#include "server/tls.h"

#include <openssl/ssl.h>

struct tls_context {
    SSL_CTX *openssl;
    BIO_METHOD *method; /* of what connections read from and write to */
    uint8_t pin[PIN_BYTES];
};

/* NULL: out of memory. */
BIO_METHOD *tls_bio_method(void);

/* The pin of a certificate's key. ERR_NOMEM. */
int tls_pin(const X509 *certificate, uint8_t ret_pin[PIN_BYTES]) MUST_CHECK;

#endif
