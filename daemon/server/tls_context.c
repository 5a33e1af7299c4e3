#include "base/check.h"
#include "server/tls_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CIPHERS "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
#define GROUPS "X25519:P-256:P-384"

struct reason {
    char *text;
    size_t size;
};

static int say(const struct reason *why, int error, const char *path, const char *text)
{
    const char *openssl = ERR_reason_error_string(ERR_peek_last_error());
    snprintf(why->text, why->size, "%s: %s", path,
             text != NULL      ? text
             : openssl != NULL ? openssl
                               : error_text(error));
    return error;
}

int tls_pin(const X509 *certificate, uint8_t ret_pin[PIN_BYTES])
{
    uint8_t *der = NULL;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    const int result =
        size > 0 && EVP_Digest(der, (size_t)size, ret_pin, NULL, EVP_sha256(), NULL) == 1 ? 0 : ERR_NOMEM;
    OPENSSL_free(der);
    return result;
}

/* A key under a passphrase must not make the daemon ask for one. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

static int open_key(const char *path, const struct reason *why, BIO **ret_file)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) {
        const int error = errno;
        return say(why,
                   error == ENOENT   ? ERR_NOT_FOUND
                   : error == EACCES ? ERR_PERMISSION
                                     : ERR_IO,
                   path, strerror(error));
    }
    struct stat status;
    if (fstat(file, &status) != 0 || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        close(file);
        return say(why, ERR_PERMISSION, path,
                   "must be readable by the daemon's user and nobody else (chmod 0600)");
    }
    *ret_file = BIO_new_fd(file, BIO_CLOSE);
    if (*ret_file == NULL) {
        close(file);
        return say(why, ERR_NOMEM, path, NULL);
    }
    return 0;
}

static int load_key(SSL_CTX *openssl, const char *path, const struct reason *why)
{
    BIO *file = NULL;
    int result = open_key(path, why, &file);
    if (result != 0) {
        return result;
    }
    ERR_clear_error();
    EVP_PKEY *key = PEM_read_bio_PrivateKey(file, NULL, no_passphrase, NULL);
    if (key == NULL) {
        result = say(why, ERR_FORMAT, path, "holds no private key in PEM, or one under a passphrase");
    } else if (SSL_CTX_use_PrivateKey(openssl, key) != 1) {
        const bool other = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH ||
                           ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_TYPE_MISMATCH;
        result = other ? say(why, ERR_MISMATCH, path, "is not the key of the certificate")
                       : say(why, ERR_FORMAT, path, NULL);
    }
    EVP_PKEY_free(key);
    BIO_free(file);
    return result;
}

static int load_certificate(struct tls_context *context, const char *path, const struct reason *why)
{
    if (access(path, R_OK) != 0) {
        const int error = errno;
        return say(why,
                   error == ENOENT   ? ERR_NOT_FOUND
                   : error == EACCES ? ERR_PERMISSION
                                     : ERR_IO,
                   path, strerror(error));
    }
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context->openssl, path) != 1) {
        return say(why, ERR_FORMAT, path, "holds no certificate in PEM that can be used");
    }
    const int result = tls_pin(SSL_CTX_get0_certificate(context->openssl), context->pin);
    return result == 0 ? 0 : say(why, result, path, NULL);
}

/* Who speaks ALPN and not our protocol has come to the wrong door. */
static int on_alpn(SSL *ssl, const unsigned char **ret_chosen, unsigned char *ret_size,
                   const unsigned char *offers, unsigned offers_size, void *argument)
{
    (void)ssl;
    (void)argument;
    const size_t size = strlen(TLS_ALPN);
    for (unsigned at = 0; at < offers_size; at += 1u + offers[at]) {
        if (offers[at] == size && offers_size - at > size && memcmp(offers + at + 1, TLS_ALPN, size) == 0) {
            *ret_chosen = offers + at + 1;
            *ret_size = (unsigned char)size;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool configure(SSL_CTX *openssl)
{
    SSL_CTX_set_options(openssl, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(openssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(openssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(openssl, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_alpn_select_cb(openssl, on_alpn, NULL);
    return SSL_CTX_set_min_proto_version(openssl, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(openssl, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_num_tickets(openssl, 0) == 1 && SSL_CTX_set_max_early_data(openssl, 0) == 1 &&
           SSL_CTX_set_recv_max_early_data(openssl, 0) == 1 &&
           SSL_CTX_set_ciphersuites(openssl, CIPHERS) == 1 && SSL_CTX_set1_groups_list(openssl, GROUPS) == 1;
}

int tls_context_new(const struct tls_files *files, char *ret_text, size_t text_size,
                    struct tls_context **ret_context)
{
    CHECK(files->certificate != NULL);
    CHECK(files->key != NULL);
    const struct reason why = {ret_text, text_size};
    struct tls_context *context = calloc(1, sizeof(*context));
    if (context == NULL) {
        return say(&why, ERR_NOMEM, files->certificate, NULL);
    }
    ERR_clear_error();
    context->method = tls_bio_method();
    context->openssl = SSL_CTX_new(TLS_server_method());
    int result = 0;
    if (context->method == NULL || context->openssl == NULL || !configure(context->openssl)) {
        result = say(&why, ERR_NOMEM, files->certificate, NULL);
    }
    if (result == 0) {
        result = load_certificate(context, files->certificate, &why);
    }
    if (result == 0) {
        result = load_key(context->openssl, files->key, &why);
    }
    if (result != 0) {
        tls_context_free(context);
        return result;
    }
    *ret_context = context;
    return 0;
}

void tls_context_free(struct tls_context *context)
{
    if (context != NULL) {
        SSL_CTX_free(context->openssl);
        BIO_meth_free(context->method);
        free(context);
    }
}

const uint8_t *tls_context_pin(const struct tls_context *context)
{
    return context->pin;
}
