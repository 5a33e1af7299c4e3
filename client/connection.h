/* A connection to the daemon: a socket, with TLS where the URL says so, with whole messages in and frames
 * out. Nothing blocks but opening it and waiting in connection_receive, which also sends what is queued, so
 * that neither side can starve the other. One thread. SIGPIPE is not raised. */
#ifndef LOYALTY_CLIENT_CONNECTION_H
#define LOYALTY_CLIENT_CONNECTION_H

#include "base/bytes.h"
#include "base/error.h"
#include "client/tls.h"
#include "client/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONNECTION_URL_BYTES_MAX = URL_BYTES_MAX };

struct connection {
    int fd;                 /* -1: none */
    struct tls_client *tls; /* NULL: without */
    uint8_t *in;            /* received, FRAME_HEADER_BYTES + FRAME_OPERATOR_BYTES_MAX bytes of room */
    size_t in_used;
    size_t in_taken; /* of it, handed out by the last connection_receive */
    uint8_t *out;    /* queued */
    size_t out_size; /* bytes of room */
    size_t out_used;
    size_t out_sent; /* of them, sent already */
    int broken;      /* why nothing can be sent any more; what was received before still counts. 0: it can */
    char why[TLS_CLIENT_TEXT_BYTES]; /* connection_open failed, for people; "": what the error says */
};

/* Whether connection_open would take it: see client/url.h. Plain TCP goes to an address of this machine only
 * (127.0.0.0/8, ::1, "localhost"): anywhere else it would show cards to the network. With TLS there must be
 * something to know the daemon by. */
bool connection_url_valid(const char *url);

/* Connects within `timeout_ms`. `ca`: the certificate of the authority when the URL says `ca`; NULL: those
 * the system knows. ERR_FORMAT: not such a URL, or no TLS there; ERR_CLOSED: nobody listens there;
 * ERR_TIMEOUT; ERR_NOT_FOUND: no such host, or no such file; ERR_MISMATCH: it is not the daemon the URL
 * means; ERR_UNSUPPORTED: no TLS 1.3 there; ERR_PERMISSION; ERR_NOMEM; ERR_IO. On failure the connection is
 * as after connection_close, but `why` stays. */
int connection_open(struct connection *connection, const char *url, const char *ca,
                    int64_t timeout_ms) MUST_CHECK;

/* Accepts a zeroed or closed connection. */
void connection_close(struct connection *connection);

/* SIGN_CHANNEL_BYTES that name the TLS session to both sides; ERR_UNSUPPORTED: there is no TLS; ERR_IO. */
int connection_binding(struct connection *connection, uint8_t ret_binding[SIGN_CHANNEL_BYTES]) MUST_CHECK;

/* The pin of the other side's TLS key, PIN_BYTES; NULL: there is no TLS. */
const uint8_t *connection_pin(const struct connection *connection);

/* Queues a copy of a frame and sends what can be sent at once. A connection that breaks meanwhile is told by
 * connection_receive, after the last words of the other side. ERR_CLOSED: it is not open; ERR_NOMEM. */
int connection_queue(struct connection *connection, struct bytes frame) MUST_CHECK;

/* The next message of the other side, valid until the next call; sends meanwhile. ERR_TIMEOUT when there is
 * none after `timeout_ms` (0: only look), ERR_CLOSED, ERR_TOO_LARGE (not our protocol), ERR_IO. */
int connection_receive(struct connection *connection, int64_t timeout_ms,
                       struct bytes *ret_message) MUST_CHECK;

#endif
