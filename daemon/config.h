/* The configuration file: addresses, paths and sizes. What the shop's rules need is in the programme, not
 * here. */
#ifndef LOYALTY_CONFIG_H
#define LOYALTY_CONFIG_H

#include "base/error.h"
#include "base/log.h"
#include "server/server.h"

#include <stdint.h>
#include <stdio.h>

#define CONFIG_PATH_DEFAULT "/etc/loyaltyd/loyaltyd.conf"
#define CONFIG_DATA_DEFAULT "/var/lib/loyaltyd"
#define CONFIG_TCP_DEFAULT "127.0.0.1:7341"

enum {
    CONFIG_PATH_BYTES = 4096 - 64, /* of the data directory: its files' names fit behind it */
    CONFIG_MODE_DEFAULT = 0660,    /* of Unix sockets */
};

struct config {
    char data[CONFIG_PATH_BYTES]; /* the data directory, absolute */
    struct listen_address listen[LISTENERS_MAX];
    size_t listen_count;
    enum log_level log_level;
    uint32_t connections;
    uint32_t requests;     /* in flight */
    uint32_t idle_timeout; /* seconds */
};

/* Reads the file; everything wrong in it is written to `errors`, one line each, with its place.
 * ERR_NOT_FOUND, ERR_PERMISSION, ERR_IO, ERR_TOO_LARGE, ERR_FORMAT, ERR_NOMEM. */
int config_load(const char *path, FILE *errors, struct config *ret_config) MUST_CHECK;

/* Writes what was understood, as a configuration file. */
void config_print(const struct config *config, FILE *out);

#endif
