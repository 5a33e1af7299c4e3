#include "server/tls.h"

#include "base/check.h"
#include "server/tls_internal.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum {
    RECORD_HEADER_BYTES = 5,
    MESSAGE_HEADER_BYTES = 4,
    RECORD_HANDSHAKE = 22,
    MESSAGE_CLIENT_HELLO = 1,
    OUTPUT_STEP_BYTES = 1024,
};

static_assert(sizeof(((struct tls *)NULL)->head) == RECORD_HEADER_BYTES + MESSAGE_HEADER_BYTES,
              "both headers are looked at");

static void fail(struct tls *tls, enum tls_failure failure, const char *why)
{
    if (tls->state != TLS_FAILED) {
        tls->state = TLS_FAILED;
        tls->failure = failure;
        tls->why = why;
    }
}

/* --- what OpenSSL reads from and writes to --- */

/* Whether the record whose headers are in `head` may come before the handshake is complete. OpenSSL would
 * make room for whatever length a message announces. */
static bool may_come(const uint8_t *head)
{
    const size_t record = (size_t)head[3] << 8 | head[4];
    const size_t message = (size_t)head[6] << 16 | (size_t)head[7] << 8 | head[8];
    return head[5] == MESSAGE_CLIENT_HELLO && message + MESSAGE_HEADER_BYTES == record &&
           message <= TLS_HELLO_BYTES_MAX;
}

/* Follows the records of the handshake as OpenSSL takes them. */
static bool watch_handshake(struct tls *tls, const uint8_t *data, size_t size)
{
    tls->handshake_bytes += size;
    while (size > 0) {
        if (tls->record_left > 0) {
            const size_t skipped = size < tls->record_left ? size : tls->record_left;
            tls->record_left -= skipped;
            data += skipped;
            size -= skipped;
            continue;
        }
        tls->head[tls->head_used++] = *data++;
        size--;
        const size_t record = (size_t)tls->head[3] << 8 | tls->head[4];
        if (tls->head_used == RECORD_HEADER_BYTES && tls->head[0] != RECORD_HANDSHAKE) {
            tls->record_left = record;
            tls->head_used = 0;
        } else if (tls->head_used == RECORD_HEADER_BYTES && record <= MESSAGE_HEADER_BYTES) {
            return false;
        } else if (tls->head_used == sizeof(tls->head)) {
            if (!may_come(tls->head)) {
                return false;
            }
            tls->record_left = record - MESSAGE_HEADER_BYTES;
            tls->head_used = 0;
        }
    }
    return tls->handshake_bytes <= TLS_HANDSHAKE_BYTES_MAX;
}

static int on_bio_read(BIO *bio, char *to, size_t size, size_t *ret_size)
{
    struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (tls->input.size == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    const size_t taken = size < tls->input.size ? size : tls->input.size;
    if (tls->state == TLS_HANDSHAKING && !watch_handshake(tls, tls->input.data, taken)) {
        fail(tls, TLS_FAILURE_HANDSHAKE, "more than a handshake needs");
        return 0;
    }
    memcpy(to, tls->input.data, taken);
    tls->input.data += taken;
    tls->input.size -= taken;
    *ret_size = taken;
    return 1;
}

static int on_bio_write(BIO *bio, const char *from, size_t size, size_t *ret_size)
{
    struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size > TLS_OUTPUT_BYTES_MAX - tls->output_used) {
        return 0;
    }
    if (size > tls->output_size - tls->output_used) {
        const size_t wanted =
            (tls->output_used + size + OUTPUT_STEP_BYTES - 1) / OUTPUT_STEP_BYTES * OUTPUT_STEP_BYTES;
        uint8_t *output = realloc(tls->output, wanted);
        if (output == NULL) {
            return 0;
        }
        tls->output = output;
        tls->output_size = wanted;
    }
    memcpy(tls->output + tls->output_used, from, size);
    tls->output_used += size;
    *ret_size = size;
    return 1;
}

static long on_bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *tls_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "loyaltyd");
    if (method != NULL && BIO_meth_set_read_ex(method, on_bio_read) == 1 &&
        BIO_meth_set_write_ex(method, on_bio_write) == 1 && BIO_meth_set_ctrl(method, on_bio_ctrl) == 1) {
        return method;
    }
    BIO_meth_free(method);
    return NULL;
}

/* --- one connection --- */

int tls_init(struct tls *tls, struct tls_context *context)
{
    *tls = (struct tls){.state = TLS_HANDSHAKING};
    ERR_clear_error();
    BIO *bio = BIO_new(context->method);
    tls->ssl = SSL_new(context->openssl);
    if (bio == NULL || tls->ssl == NULL) {
        BIO_free(bio);
        SSL_free(tls->ssl);
        tls->ssl = NULL;
        return ERR_NOMEM;
    }
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_accept_state(tls->ssl);
    return 0;
}

void tls_fini(struct tls *tls)
{
    SSL_free(tls->ssl);
    free(tls->kept);
    free(tls->output);
    *tls = (struct tls){.state = TLS_FAILED};
}

bool tls_has_input(const struct tls *tls)
{
    return tls->input.size > 0 || (tls->ssl != NULL && SSL_pending(tls->ssl) > 0);
}

void tls_put(struct tls *tls, const uint8_t *data, size_t size)
{
    CHECK(tls->ssl != NULL);
    CHECK(size > 0);
    CHECK(size <= TLS_PUT_BYTES);
    CHECK(!tls_has_input(tls));
    free(tls->kept);
    tls->kept = NULL;
    tls->input = (struct bytes){data, size};
    if (!tls->begun) {
        tls->begun = true;
        tls->first = data[0];
    }
}

int tls_keep(struct tls *tls)
{
    if (tls->kept != NULL || tls->input.size == 0) {
        return 0;
    }
    tls->kept = malloc(tls->input.size);
    if (tls->kept == NULL) {
        tls->input = (struct bytes){0};
        fail(tls, TLS_FAILURE_RECORD, "out of memory");
        return ERR_NOMEM;
    }
    memcpy(tls->kept, tls->input.data, tls->input.size);
    tls->input.data = tls->kept;
    return 0;
}

/* The first error there is: those after it are what became of it. */
static const char *reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_error());
    return text != NULL ? text : "no reason given";
}

static enum tls_failure why_no_handshake(const struct tls *tls)
{
    if (tls->first != RECORD_HANDSHAKE) {
        return TLS_FAILURE_PLAINTEXT;
    }
    switch (ERR_GET_REASON(ERR_peek_error())) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
        return TLS_FAILURE_VERSION;
    default:
        return TLS_FAILURE_HANDSHAKE;
    }
}

void tls_handshake(struct tls *tls)
{
    if (tls->state != TLS_HANDSHAKING) {
        return;
    }
    ERR_clear_error();
    const int result = SSL_do_handshake(tls->ssl);
    if (result == 1) {
        tls->state = TLS_OPEN;
    } else if (SSL_get_error(tls->ssl, result) != SSL_ERROR_WANT_READ) {
        fail(tls, why_no_handshake(tls), reason());
    }
}

int tls_binding(struct tls *tls, uint8_t ret_binding[SIGN_CHANNEL_BYTES])
{
    CHECK(tls->state == TLS_OPEN || tls->state == TLS_ENDED);
    ERR_clear_error();
    return SSL_export_keying_material(tls->ssl, ret_binding, SIGN_CHANNEL_BYTES, TLS_BINDING_LABEL,
                                      strlen(TLS_BINDING_LABEL), NULL, 0, 0) == 1
               ? 0
               : ERR_IO;
}

size_t tls_read(struct tls *tls, uint8_t *ret_data, size_t size)
{
    size_t found = 0;
    if (tls->state != TLS_OPEN) {
        return 0;
    }
    ERR_clear_error();
    const int result = SSL_read_ex(tls->ssl, ret_data, size, &found);
    if (result == 1) {
        return found;
    }
    const int error = SSL_get_error(tls->ssl, result);
    if (error == SSL_ERROR_ZERO_RETURN) {
        tls->state = TLS_ENDED;
        tls->input = (struct bytes){0};
    } else if (error != SSL_ERROR_WANT_READ) {
        fail(tls, TLS_FAILURE_RECORD, reason());
    }
    return 0;
}

int tls_write(struct tls *tls, struct bytes plain)
{
    CHECK(plain.size > 0);
    CHECK(plain.size <= TLS_WRITE_BYTES_MAX);
    size_t written = 0;
    if (tls->state != TLS_OPEN && tls->state != TLS_ENDED) {
        return ERR_CLOSED;
    }
    ERR_clear_error();
    /* Without partial writes it is all or an error. */
    if (SSL_write_ex(tls->ssl, plain.data, plain.size, &written) == 1) {
        CHECK(written == plain.size);
        return 0;
    }
    fail(tls, TLS_FAILURE_RECORD, reason());
    return ERR_IO;
}

void tls_end(struct tls *tls)
{
    if (tls->state == TLS_OPEN || tls->state == TLS_ENDED) {
        ERR_clear_error();
        /* 0: the peer has not said so yet; it need not. */
        if (SSL_shutdown(tls->ssl) < 0) {
            fail(tls, TLS_FAILURE_RECORD, reason());
        }
    }
}

uint8_t *tls_take(struct tls *tls, size_t *ret_size)
{
    uint8_t *output = tls->output;
    *ret_size = tls->output_used;
    if (tls->output_used == 0) {
        return NULL;
    }
    tls->output = NULL;
    tls->output_used = 0;
    tls->output_size = 0;
    return output;
}

void tls_release(uint8_t *taken)
{
    free(taken);
}
