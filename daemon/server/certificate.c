#include "server/certificate.h"

#include "base/check.h"
#include "server/tls_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION_3 = 2, DAY_S = 24 * 60 * 60, SERIAL_BYTES = 16 };

#define NAME "loyaltyd"
#define NO_END "99991231235959Z" /* RFC 5280 4.1.2.5 */

static bool add_extension(X509 *certificate, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    const bool added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool set_serial(X509 *certificate, const struct world *world)
{
    uint8_t random[SERIAL_BYTES];
    world->random(world->context, random, sizeof(random));
    random[0] = (uint8_t)((random[0] & 0x7f) | 0x40); /* positive, and of one length */
    BIGNUM *number = BN_bin2bn(random, sizeof(random), NULL);
    const bool set = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return set;
}

static bool fill_certificate(X509 *certificate, EVP_PKEY *key, const struct world *world)
{
    const time_t from = (time_t)(world->wall_ms(world->context) / 1000) - DAY_S;
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, VERSION_3) == 1 && set_serial(certificate, world) &&
           ASN1_TIME_set(X509_getm_notBefore(certificate), from) != NULL &&
           ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), NO_END) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)NAME, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
           add_extension(certificate, NID_subject_alt_name, "DNS:" NAME) &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

static int translate(int code)
{
    switch (code) {
    case EEXIST:
        return ERR_EXISTS;
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_PERMISSION;
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    default:
        return ERR_IO;
    }
}

static int write_all(int file, BIO *text)
{
    char *data;
    long left = BIO_get_mem_data(text, &data);
    while (left > 0) {
        const ssize_t written = write(file, data, (size_t)left);
        if (written < 0 && errno != EINTR) {
            return translate(errno);
        }
        if (written > 0) {
            data += written;
            left -= written;
        }
    }
    return fsync(file) == 0 ? 0 : translate(errno);
}

static int save(const char *path, mode_t mode, BIO *text)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file < 0) {
        return translate(errno);
    }
    int result = fchmod(file, mode) == 0 ? 0 : translate(errno);
    if (result == 0) {
        result = write_all(file, text);
    }
    if (close(file) != 0 && result == 0) {
        result = translate(errno);
    }
    if (result != 0) {
        unlink(path);
    }
    return result;
}

int certificate_make(const char *key_path, const char *certificate_path, const struct world *world,
                     uint8_t ret_pin[PIN_BYTES])
{
    int result = ERR_NOMEM;
    uint8_t pin[PIN_BYTES];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    /* The kind of BIO that erases its memory. */
    BIO *key_text = BIO_new(BIO_s_secmem());
    BIO *text = BIO_new(BIO_s_mem());
    if (key == NULL || certificate == NULL || key_text == NULL || text == NULL ||
        !fill_certificate(certificate, key, world) || tls_pin(certificate, pin) != 0 ||
        PEM_write_bio_PKCS8PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        PEM_write_bio_X509(text, certificate) != 1) {
        goto done;
    }
    result = save(key_path, 0600, key_text);
    if (result != 0) {
        goto done;
    }
    result = save(certificate_path, 0644, text);
    if (result != 0) {
        unlink(key_path);
        goto done;
    }
    memcpy(ret_pin, pin, PIN_BYTES);
done:
    ERR_clear_error();
    BIO_free(text);
    BIO_free(key_text);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return result;
}

int certificate_pin(const char *path, uint8_t ret_pin[PIN_BYTES])
{
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) {
        return translate(errno);
    }
    BIO *text = BIO_new_fd(file, BIO_CLOSE);
    if (text == NULL) {
        close(file);
        return ERR_NOMEM;
    }
    X509 *certificate = PEM_read_bio_X509(text, NULL, NULL, NULL);
    const int result = certificate == NULL ? ERR_FORMAT : tls_pin(certificate, ret_pin);
    ERR_clear_error();
    X509_free(certificate);
    BIO_free(text);
    return result;
}
