/* Where a daemon is, and by what it is known (docs/protocol.md, "TLS"):
 *
 *   loyalty://HOST:PORT/?pin=PIN[,PIN]   TLS; its key has one of the pins. Without ":PORT": port 7342
 *   loyalty://HOST:PORT/?ca              TLS; a certificate authority has vouched for HOST
 *   tcp://ADDRESS:PORT                   without TLS, on this machine only; also "ADDRESS:PORT"
 *   unix:PATH                            also "unix://PATH" and a plain "/PATH"
 *
 * HOST is a name, an IPv4 address, or an IPv6 address in brackets. */
#ifndef LOYALTY_CLIENT_URL_H
#define LOYALTY_CLIENT_URL_H

#include "base/error.h"
#include "crypto/pin.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    URL_BYTES_MAX = 255,
    URL_PATH_BYTES = 108, /* of a Unix socket, with its NUL; the system's limit */
    URL_HOST_BYTES = 128, /* with its NUL */
    URL_PORT_DEFAULT = 7342,
};

enum url_kind { URL_UNIX, URL_TCP, URL_TLS };

struct url {
    enum url_kind kind;
    char path[URL_PATH_BYTES]; /* URL_UNIX */
    char host[URL_HOST_BYTES]; /* without brackets */
    uint16_t port;
    struct pins pins; /* URL_TLS; without any and without `ca` there is nothing to know it by */
    bool ca;
};

/* ERR_FORMAT: no such URL. Does not look whether an address of URL_TCP is one of this machine. */
int url_parse(const char *text, struct url *ret_url) MUST_CHECK;

/* Takes "HOST" or "HOST:PORT" over. ERR_FORMAT. */
int url_set_host(struct url *url, const char *host) MUST_CHECK;

/* ERR_TOO_LARGE: more than URL_BYTES_MAX. */
int url_format(const struct url *url, char ret_text[URL_BYTES_MAX + 1]) MUST_CHECK;

#endif
