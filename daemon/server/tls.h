/* TLS 1.3 as a machine without I/O around OpenSSL: what came from the peer is put in and plain bytes are
 * read, plain bytes are written and what must go to the peer is taken out. OpenSSL sees no socket, and
 * borrows its input instead of buffering it; its own buffers are there only while a record is under way.
 *
 * No older version, no session tickets, no early data, no client certificates. Who speaks ALPN must offer
 * TLS_ALPN. What a peer can make it hold before the handshake is complete is bounded: TLS_HANDSHAKE_BYTES_MAX
 * bytes, and a ClientHello of TLS_HELLO_BYTES_MAX in one record.
 *
 * One thread. OpenSSL allocates for each connection; what it cannot get fails that connection. */
#ifndef LOYALTY_SERVER_TLS_H
#define LOYALTY_SERVER_TLS_H

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/pin.h"
#include "crypto/sign.h"
#include "service/service.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_ALPN "loyalty/1"
#define TLS_BINDING_LABEL "EXPORTER-loyaltyd-auth-v1"

enum {
    TLS_PUT_BYTES = 16 * 1024 + 512,     /* a record of any size; what is put in at once */
    TLS_HELLO_BYTES_MAX = 8 * 1024,      /* of a ClientHello */
    TLS_HANDSHAKE_BYTES_MAX = 16 * 1024, /* of the peer, until the handshake is complete */
    TLS_WRITE_BYTES_MAX = 16 * 1024,     /* plain bytes of one tls_write */
    TLS_OUTPUT_BYTES_MAX = 64 * 1024,    /* encrypted ones not taken out */
};

/* Certificate and key of the daemon, and how it speaks. */
struct tls_context;

struct tls_files {
    const char *certificate; /* PEM, with what is between it and its root, if anything; borrowed */
    const char *key;         /* PEM, not under a passphrase, readable by its owner only; borrowed */
};

/* ERR_NOT_FOUND, ERR_PERMISSION, ERR_FORMAT, ERR_MISMATCH (the key is not the certificate's), ERR_NOMEM,
 * ERR_IO; `ret_text` says which file and why. */
int tls_context_new(const struct tls_files *files, char *ret_text, size_t text_size,
                    struct tls_context **ret_context) MUST_CHECK;

/* Accepts NULL. Every connection must have ended. */
void tls_context_free(struct tls_context *context);

/* PIN_BYTES of its key. */
const uint8_t *tls_context_pin(const struct tls_context *context);

/*   HANDSHAKING --> OPEN --> ENDED (the peer will send no more; writing goes on)
 *        |            |         |
 *        '------------+---------'--> FAILED (what is to be taken out may hold an alert) */
enum tls_state { TLS_HANDSHAKING, TLS_OPEN, TLS_ENDED, TLS_FAILED };

struct ssl_st;

struct tls {
    struct ssl_st *ssl;
    enum tls_state state;
    enum tls_failure failure; /* with TLS_FAILED, and */
    const char *why;          /* a static text for the log */
    struct bytes input;       /* put in and not yet taken by OpenSSL */
    uint8_t *kept;            /* its memory, when it is ours */
    uint8_t *output;          /* to be taken out */
    size_t output_used;
    size_t output_size;
    /* the records of the peer's handshake */
    bool begun;
    uint8_t first;   /* byte of all */
    uint8_t head[9]; /* of the record at hand: its header and that of the message in it */
    size_t head_used;
    size_t record_left;
    size_t handshake_bytes;
};

/* ERR_NOMEM. tls_fini accepts a zeroed one, and may come twice. */
int tls_init(struct tls *tls, struct tls_context *context) MUST_CHECK;
void tls_fini(struct tls *tls);

/* Encrypted bytes of the peer, 1 to TLS_PUT_BYTES, borrowed until they are all read or kept; nothing else may
 * be in it. Then tls_handshake until it is open, then tls_read. */
void tls_put(struct tls *tls, const uint8_t *data, size_t size);

/* Something that was put in is still to be read. */
bool tls_has_input(const struct tls *tls);

/* Takes a copy of what was put in and not read, for later. ERR_NOMEM: that fails it. */
int tls_keep(struct tls *tls) MUST_CHECK;

/* Goes on with the handshake; see `state`. */
void tls_handshake(struct tls *tls);

/* Fills SIGN_CHANNEL_BYTES that name this session to both sides (RFC 8446 7.5). TLS_OPEN or later. ERR_IO. */
int tls_binding(struct tls *tls, uint8_t ret_binding[SIGN_CHANNEL_BYTES]) MUST_CHECK;

/* Plain bytes: how many, at most `size`. 0: none before more is put in, or never again: see `state`. */
size_t tls_read(struct tls *tls, uint8_t *ret_data, size_t size);

/* Encrypts 1 to TLS_WRITE_BYTES_MAX bytes. TLS_OPEN or TLS_ENDED, else ERR_CLOSED; ERR_NOMEM, ERR_IO fail it.
 */
int tls_write(struct tls *tls, struct bytes plain) MUST_CHECK;

/* Says that nothing more will be written. */
void tls_end(struct tls *tls);

/* What is to be sent to the peer, `ret_size` bytes whose memory is the caller's to give to tls_release. NULL:
 * nothing.
 */
uint8_t *tls_take(struct tls *tls, size_t *ret_size);
void tls_release(uint8_t *taken); /* accepts NULL */

#endif
