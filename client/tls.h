/* TLS 1.3 to a daemon, on a connected socket that does not block. The daemon is known by a pin of its key or
 * by a certificate authority; nothing is sent to one that is not. Nothing here waits. SIGPIPE is not raised.
 * One thread. */
#ifndef LOYALTY_CLIENT_TLS_H
#define LOYALTY_CLIENT_TLS_H

#include "base/error.h"
#include "client/url.h"
#include "crypto/sign.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TLS_CLIENT_TEXT_BYTES = 192 };

struct tls_client;

/* `url` is of URL_TLS and has pins or `ca`; `ca` is the file of the authority's certificate, NULL: those the
 * system knows. The socket stays the caller's. ERR_NOMEM; ERR_NOT_FOUND, ERR_FORMAT: the file. */
int tls_client_new(int socket, const struct url *url, const char *ca,
                   struct tls_client **ret_client) MUST_CHECK;

/* Accepts NULL. Tells the daemon, if there is one, that nothing more will come. */
void tls_client_free(struct tls_client *client);

/* Goes on with the handshake: 0 when it is complete, 1 when it waits for `ret_events` (of poll) of the
 * socket. ERR_MISMATCH: the daemon's key has none of the pins, or nobody vouches for it; ERR_UNSUPPORTED: no
 * TLS 1.3 there; ERR_FORMAT: no TLS there; ERR_CLOSED; ERR_IO. `ret_text` then says what is wrong. */
int tls_client_step(struct tls_client *client, short *ret_events,
                    char ret_text[TLS_CLIENT_TEXT_BYTES]) MUST_CHECK;

/* SIGN_CHANNEL_BYTES that name the session to both sides. After the handshake. ERR_IO. */
int tls_client_binding(struct tls_client *client, uint8_t ret_binding[SIGN_CHANNEL_BYTES]) MUST_CHECK;

/* The pin of the daemon's key, PIN_BYTES. After the handshake. */
const uint8_t *tls_client_pin(const struct tls_client *client);

/* How much was sent or received, 0: nothing at the moment. ERR_CLOSED, ERR_IO. */
int tls_client_send(struct tls_client *client, const uint8_t *data, size_t size, size_t *ret_size) MUST_CHECK;
int tls_client_receive(struct tls_client *client, uint8_t *ret_data, size_t size,
                       size_t *ret_size) MUST_CHECK;

/* Something was received that tls_client_receive has not given yet: the socket need not become readable for
 * it. */
bool tls_client_pending(const struct tls_client *client);

#endif
