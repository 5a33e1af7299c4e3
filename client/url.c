#include "client/url.h"

#include "base/check.h"
#include "base/text.h"
#include "client/amount.h"

#include <string.h>

#define TLS_SCHEME "loyalty://"
#define TCP_SCHEME "tcp://"
#define UNIX_SCHEME "unix:"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static int parse_path(const char *path, struct url *url)
{
    path += begins(path, "//") ? 2 : 0;
    url->kind = URL_UNIX;
    const size_t size = strlen(path);
    if (size == 0 || size >= sizeof(url->path)) {
        return ERR_FORMAT;
    }
    memcpy(url->path, path, size + 1);
    return 0;
}

/* "HOST[:PORT]" of `size` bytes; a port that is missing stays what it is. */
static int parse_host(const char *text, size_t size, struct url *url)
{
    static const char numbers[] = "0123456789abcdefABCDEF:.";
    static const char names[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-";
    const bool bracketed = size > 0 && text[0] == '[';
    const char *end = memchr(text, bracketed ? ']' : ':', size);
    if (bracketed && end == NULL) {
        return ERR_FORMAT;
    }
    const char *host = text + bracketed;
    const size_t host_size = (size_t)((end != NULL ? end : text + size) - host);
    const char *port = end != NULL ? end + bracketed : text + size;
    if (host_size == 0 || host_size >= sizeof(url->host)) {
        return ERR_FORMAT;
    }
    memcpy(url->host, host, host_size);
    url->host[host_size] = '\0';
    if (strspn(url->host, bracketed ? numbers : names) != host_size) {
        return ERR_FORMAT;
    }
    const size_t port_size = size - (size_t)(port - text);
    if (port_size == 0) {
        return 0;
    }
    char digits[8];
    uint64_t number = 0;
    if (port[0] != ':' || port_size > sizeof(digits)) {
        return ERR_FORMAT;
    }
    memcpy(digits, port + 1, port_size - 1);
    digits[port_size - 1] = '\0';
    if (number_parse(digits, UINT16_MAX, &number) != 0 || number == 0) {
        return ERR_FORMAT;
    }
    url->port = (uint16_t)number;
    return 0;
}

static int parse_pins(const char *text, size_t size, struct url *url)
{
    uint8_t pin[PIN_BYTES];
    while (url->pins.count < PINS_MAX && size >= PIN_SYMBOLS && pin_parse(text, PIN_SYMBOLS, pin) == 0) {
        pins_add(&url->pins, pin);
        if (size == PIN_SYMBOLS) {
            return 0;
        }
        if (text[PIN_SYMBOLS] != ',') {
            break;
        }
        text += PIN_SYMBOLS + 1;
        size -= PIN_SYMBOLS + 1;
    }
    return ERR_FORMAT;
}

/* "pin=PIN,PIN" and "ca", joined by "&". What is not known may be what safety hangs on: it is no URL of ours.
 */
static int parse_query(const char *query, struct url *url)
{
    for (;;) {
        const size_t size = strcspn(query, "&");
        if (begins(query, "pin=")) {
            if (parse_pins(query + 4, size - 4, url) != 0) {
                return ERR_FORMAT;
            }
        } else if (size == 2 && begins(query, "ca")) {
            url->ca = true;
        } else {
            return ERR_FORMAT;
        }
        if (query[size] == '\0') {
            return 0;
        }
        query += size + 1;
    }
}

static int parse_tls(const char *text, struct url *url)
{
    const size_t size = strcspn(text, "/?");
    const char *rest = text + size + (text[size] == '/');
    url->kind = URL_TLS;
    url->port = URL_PORT_DEFAULT;
    const int error = parse_host(text, size, url);
    if (error != 0 || rest[0] == '\0') {
        return error;
    }
    return rest[0] == '?' ? parse_query(rest + 1, url) : ERR_FORMAT;
}

int url_parse(const char *text, struct url *ret_url)
{
    struct url url = {0};
    int error = 0;
    if (strlen(text) > URL_BYTES_MAX) {
        return ERR_FORMAT;
    }
    if (begins(text, UNIX_SCHEME)) {
        error = parse_path(text + strlen(UNIX_SCHEME), &url);
    } else if (text[0] == '/') {
        error = parse_path(text, &url);
    } else if (begins(text, TLS_SCHEME)) {
        error = parse_tls(text + strlen(TLS_SCHEME), &url);
    } else {
        const char *address = begins(text, TCP_SCHEME) ? text + strlen(TCP_SCHEME) : text;
        url.kind = URL_TCP;
        error = parse_host(address, strlen(address), &url);
        error = error == 0 && url.port == 0 ? ERR_FORMAT : error;
    }
    if (error == 0) {
        *ret_url = url;
    }
    return error;
}

int url_set_host(struct url *url, const char *host)
{
    struct url changed = *url;
    const int error = parse_host(host, strlen(host), &changed);
    if (error == 0) {
        *url = changed;
    }
    return error;
}

int url_format(const struct url *url, char ret_text[URL_BYTES_MAX + 1])
{
    struct text text;
    const bool bracketed = strchr(url->host, ':') != NULL;
    text_init(&text, ret_text, URL_BYTES_MAX + 1);
    if (url->kind == URL_UNIX) {
        text_add(&text, UNIX_SCHEME "%s", url->path);
        return text.cut ? ERR_TOO_LARGE : 0;
    }
    text_add(&text, "%s%s%s%s:%u", url->kind == URL_TLS ? TLS_SCHEME : TCP_SCHEME, bracketed ? "[" : "",
             url->host, bracketed ? "]" : "", url->port);
    text_add(&text, "%s", url->pins.count > 0 || url->ca ? "/?" : "");
    for (size_t i = 0; i < url->pins.count; i++) {
        char pin[PIN_TEXT_BYTES];
        pin_format(url->pins.items[i], pin);
        text_add(&text, "%s%s", i == 0 ? "pin=" : ",", pin);
    }
    if (url->ca) {
        text_add(&text, "%sca", url->pins.count > 0 ? "&" : "");
    }
    return text.cut ? ERR_TOO_LARGE : 0;
}
