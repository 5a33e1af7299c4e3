/* The configuration file: addresses, paths and sizes. What the shop's rules need is in the programme, not
 * here. */
#ifndef LOYALTY_CONFIG_H
#define LOYALTY_CONFIG_H

#include "base/error.h"
#include "base/log.h"
#include "crypto/pin.h"
#include "server/server.h"

#include <stdint.h>
#include <stdio.h>

#define CONFIG_PATH_DEFAULT "/etc/loyaltyd/loyaltyd.conf"
#define CONFIG_DATA_DEFAULT "/var/lib/loyaltyd"
#define CONFIG_TCP_DEFAULT "127.0.0.1:7341"

enum {
    CONFIG_PATH_BYTES = 4096 - 64, /* of the data directory: its files' names fit behind it */
    CONFIG_FILE_BYTES = 4096,      /* of the path of a file in it, or elsewhere */
    CONFIG_HOST_BYTES = 128,       /* of HOST or HOST:PORT */
    CONFIG_MODE_DEFAULT = 0660,    /* of Unix sockets */
};

#define TLS_CERTIFICATE_NAME "tls.crt" /* in the data directory, as init makes them */
#define TLS_KEY_NAME "tls.key"

/* How tills are to know the daemon. */
enum config_trust {
    TRUST_PIN, /* by the pin of its key */
    TRUST_CA,  /* by who has vouched for its certificate */
};

struct config {
    char data[CONFIG_PATH_BYTES]; /* the data directory, absolute */
    struct listen_address listen[LISTENERS_MAX];
    size_t listen_count;
    enum log_level log_level;
    uint32_t connections;
    uint32_t requests;     /* in flight */
    uint32_t idle_timeout; /* seconds */
    struct peer_limits limits;
    char certificate[CONFIG_FILE_BYTES];
    char key[CONFIG_FILE_BYTES];
    bool has_next_pin;
    uint8_t next_pin[PIN_BYTES];
    enum config_trust trust;
    char public_host[CONFIG_HOST_BYTES]; /* where tills reach the daemon, HOST or HOST:PORT; "": not said */
};

/* Reads the file; everything wrong in it is written to `errors`, one line each, with its place.
 * ERR_NOT_FOUND, ERR_PERMISSION, ERR_IO, ERR_TOO_LARGE, ERR_FORMAT, ERR_NOMEM. */
int config_load(const char *path, FILE *errors, struct config *ret_config) MUST_CHECK;

/* Whether there is an address with TLS among those it listens on. */
bool config_has_tls(const struct config *config);

/* Where tills reach the daemon by TLS: HOST:PORT, or ":PORT" when the host is not to be known from here. */
void config_tls_address(const struct config *config, char ret_address[CONFIG_HOST_BYTES]);

/* Where tills on this machine reach it by plain TCP, ADDRESS:PORT of the configuration; NULL when it listens
 * nowhere so, or at a port the system chooses. */
const char *config_plain_address(const struct config *config);

/* HOST or HOST:PORT: a name, an IPv4 address, or an IPv6 address in brackets. */
bool config_host_valid(const char *host);

/* Writes what was understood, as a configuration file. */
void config_print(const struct config *config, FILE *out);

#endif
