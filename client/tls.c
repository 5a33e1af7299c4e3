#include "client/tls.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ALPN "\x09loyalty/1"
#define BINDING_LABEL "EXPORTER-loyaltyd-auth-v1"

struct tls_client {
    int socket;
    struct pins pins; /* any of these; none: a certificate authority has to vouch */
    char host[URL_HOST_BYTES];
    bool is_open;
    bool unknown;     /* none of the pins */
    long unverified;  /* why the authority's word was not enough; 0: it was */
    bool broken;      /* the socket is of no use any more */
    int error_number; /* of the socket, or 0 */
    uint8_t pin[PIN_BYTES];
    SSL_CTX *context;
    SSL *ssl;
    BIO_METHOD *method;
};

/* --- the socket, without SIGPIPE --- */

static int on_bio_read(BIO *bio, char *to, size_t size, size_t *ret_size)
{
    struct tls_client *client = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    const ssize_t received = recv(client->socket, to, size, 0);
    if (received > 0) {
        *ret_size = (size_t)received;
        return 1;
    }
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        BIO_set_retry_read(bio);
    } else {
        client->broken = true;
        client->error_number = received < 0 ? errno : 0;
    }
    return 0;
}

static int on_bio_write(BIO *bio, const char *from, size_t size, size_t *ret_size)
{
    struct tls_client *client = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    const ssize_t sent = send(client->socket, from, size, MSG_NOSIGNAL);
    if (sent > 0) {
        *ret_size = (size_t)sent;
        return 1;
    }
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        BIO_set_retry_write(bio);
    } else {
        client->broken = true;
        client->error_number = sent < 0 ? errno : 0;
    }
    return 0;
}

static long on_bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static bool open_socket(struct tls_client *client)
{
    client->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "loyalty");
    if (client->method == NULL || BIO_meth_set_read_ex(client->method, on_bio_read) != 1 ||
        BIO_meth_set_write_ex(client->method, on_bio_write) != 1 ||
        BIO_meth_set_ctrl(client->method, on_bio_ctrl) != 1) {
        return false;
    }
    BIO *bio = BIO_new(client->method);
    if (bio == NULL) {
        return false;
    }
    BIO_set_data(bio, client);
    BIO_set_init(bio, 1);
    SSL_set_bio(client->ssl, bio, bio);
    return true;
}

/* --- who is there --- */

static int take_pin(struct tls_client *client, const X509 *certificate)
{
    uint8_t *der = NULL;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    const bool taken = size > 0 && EVP_Digest(der, (size_t)size, client->pin, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_free(der);
    return taken ? 0 : ERR_NOMEM;
}

/* Called within the handshake, which goes no further when this says 0. That the daemon has the key of its
 * certificate, OpenSSL has made sure of. */
static int on_verify(X509_STORE_CTX *store, void *argument)
{
    struct tls_client *client = argument;
    const X509 *certificate = X509_STORE_CTX_get0_cert(store);
    if (certificate == NULL || take_pin(client, certificate) != 0) {
        client->unknown = true;
        return 0;
    }
    if (client->pins.count == 0) {
        const int verified = X509_verify_cert(store);
        client->unverified = verified == 1 ? 0 : X509_STORE_CTX_get_error(store);
        return verified == 1;
    }
    client->unknown = !pins_hold(&client->pins, client->pin);
    if (client->unknown) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    }
    return !client->unknown;
}

static bool is_address(const char *host)
{
    struct in6_addr address;
    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

/* The authority, and the name its certificate must be for. */
static int trust_authority(struct tls_client *client, const char *ca)
{
    X509_VERIFY_PARAM *wanted = SSL_get0_param(client->ssl);
    if (ca != NULL && SSL_CTX_load_verify_file(client->context, ca) != 1) {
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_FORMAT;
    }
    if (ca == NULL && SSL_CTX_set_default_verify_paths(client->context) != 1) {
        return ERR_NOMEM;
    }
    if (is_address(client->host)) {
        return X509_VERIFY_PARAM_set1_ip_asc(wanted, client->host) == 1 ? 0 : ERR_NOMEM;
    }
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(wanted, client->host, 0) == 1 &&
                   SSL_set_tlsext_host_name(client->ssl, client->host) == 1
               ? 0
               : ERR_NOMEM;
}

static int set_up(struct tls_client *client, const struct url *url, const char *ca)
{
    client->context = SSL_CTX_new(TLS_client_method());
    if (client->context == NULL || SSL_CTX_set_min_proto_version(client->context, TLS1_3_VERSION) != 1) {
        return ERR_NOMEM;
    }
    SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(client->context, on_verify, client);
    SSL_CTX_set_session_cache_mode(client->context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(client->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    client->ssl = SSL_new(client->context);
    if (client->ssl == NULL || !open_socket(client) ||
        SSL_set_alpn_protos(client->ssl, (const uint8_t *)ALPN, sizeof(ALPN) - 1) != 0) {
        return ERR_NOMEM;
    }
    SSL_set_connect_state(client->ssl);
    client->pins = url->pins;
    memcpy(client->host, url->host, sizeof(client->host));
    return url->pins.count > 0 ? 0 : trust_authority(client, ca);
}

int tls_client_new(int socket, const struct url *url, const char *ca, struct tls_client **ret_client)
{
    CHECK(url->kind == URL_TLS);
    CHECK(url->ca || url->pins.count > 0);
    struct tls_client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        return ERR_NOMEM;
    }
    client->socket = socket;
    errno = 0;
    ERR_clear_error();
    const int error = set_up(client, url, ca);
    if (error != 0) {
        tls_client_free(client);
        return error;
    }
    *ret_client = client;
    return 0;
}

void tls_client_free(struct tls_client *client)
{
    if (client == NULL) {
        return;
    }
    ERR_clear_error();
    if (client->is_open && !client->broken) {
        (void)SSL_shutdown(client->ssl);
    }
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    BIO_meth_free(client->method);
    free(client);
}

/* --- the handshake --- */

static int explain(const struct tls_client *client, char ret_text[TLS_CLIENT_TEXT_BYTES])
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    const int code = ERR_GET_REASON(ERR_peek_error());
    if (client->unknown) {
        snprintf(
            ret_text, TLS_CLIENT_TEXT_BYTES,
            "the key of the daemon there is not the one that was pinned: a wrong address, another daemon, or "
            "somebody in between");
        return ERR_MISMATCH;
    }
    if (client->unverified != 0) {
        snprintf(ret_text, TLS_CLIENT_TEXT_BYTES, "its certificate is not accepted: %s",
                 X509_verify_cert_error_string(client->unverified));
        return ERR_MISMATCH;
    }
    if (client->broken) {
        snprintf(ret_text, TLS_CLIENT_TEXT_BYTES, "the connection ended during the handshake of TLS%s%s",
                 client->error_number != 0 ? ": " : "",
                 client->error_number != 0 ? strerror(client->error_number) : "");
        return ERR_CLOSED;
    }
    if (code == SSL_R_WRONG_VERSION_NUMBER || code == SSL_R_HTTP_REQUEST) {
        snprintf(ret_text, TLS_CLIENT_TEXT_BYTES, "what answers there does not speak TLS");
        return ERR_FORMAT;
    }
    if (code == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION || code == SSL_R_UNSUPPORTED_PROTOCOL) {
        snprintf(ret_text, TLS_CLIENT_TEXT_BYTES, "what answers there does not speak TLS 1.3");
        return ERR_UNSUPPORTED;
    }
    snprintf(ret_text, TLS_CLIENT_TEXT_BYTES, "no TLS with what answers there: %s",
             reason != NULL ? reason : "no reason given");
    return ERR_IO;
}

int tls_client_step(struct tls_client *client, short *ret_events, char ret_text[TLS_CLIENT_TEXT_BYTES])
{
    ERR_clear_error();
    const int result = SSL_do_handshake(client->ssl);
    if (result == 1) {
        client->is_open = true;
        return 0;
    }
    const int error = SSL_get_error(client->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        *ret_events = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        return 1;
    }
    return explain(client, ret_text);
}

int tls_client_binding(struct tls_client *client, uint8_t ret_binding[SIGN_CHANNEL_BYTES])
{
    CHECK(client->is_open);
    ERR_clear_error();
    return SSL_export_keying_material(client->ssl, ret_binding, SIGN_CHANNEL_BYTES, BINDING_LABEL,
                                      strlen(BINDING_LABEL), NULL, 0, 0) == 1
               ? 0
               : ERR_IO;
}

const uint8_t *tls_client_pin(const struct tls_client *client)
{
    CHECK(client->is_open);
    return client->pin;
}

/* --- afterwards --- */

static int outcome(const struct tls_client *client, int result)
{
    switch (SSL_get_error(client->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return 0;
    case SSL_ERROR_ZERO_RETURN:
        return ERR_CLOSED;
    default:
        return client->broken ? ERR_CLOSED : ERR_IO;
    }
}

int tls_client_send(struct tls_client *client, const uint8_t *data, size_t size, size_t *ret_size)
{
    CHECK(client->is_open);
    ERR_clear_error();
    *ret_size = 0;
    const int result = SSL_write_ex(client->ssl, data, size, ret_size);
    return result == 1 ? 0 : outcome(client, result);
}

int tls_client_receive(struct tls_client *client, uint8_t *ret_data, size_t size, size_t *ret_size)
{
    CHECK(client->is_open);
    ERR_clear_error();
    *ret_size = 0;
    const int result = SSL_read_ex(client->ssl, ret_data, size, ret_size);
    return result == 1 ? 0 : outcome(client, result);
}

bool tls_client_pending(const struct tls_client *client)
{
    return SSL_pending(client->ssl) > 0;
}
