/* The server: the service under libuv. One loop for all connections, libuv's pool for signatures, the store
 * thread for the ledger. */
#ifndef LOYALTY_SERVER_SERVER_H
#define LOYALTY_SERVER_SERVER_H

#include "base/error.h"
#include "base/world.h"
#include "service/ledger.h"
#include "service/service.h"

#include <stddef.h>
#include <stdint.h>

enum {
    LISTENERS_MAX = 8,
    LISTEN_PATH_BYTES = 108, /* of a Unix socket, with its NUL; the system's limit */
    SERVER_FDS_RESERVE = 64, /* descriptors besides connections: database, loop, listeners, log */
    VERIFY_THREADS_MAX = 4,
};

/* Where to listen. */
struct listen_address {
    enum peer_kind kind;
    char
        text[LISTEN_PATH_BYTES]; /* PEER_TCP, PEER_TLS: "127.0.0.1:7341" or "[::1]:7341"; PEER_UNIX: a path */
    uint32_t mode;               /* PEER_UNIX: of the socket file, such as 0660 */
};

/* Whether it can be listened on: an address has a port (0: any) and, without TLS, must be a loopback address;
 * a path must be absolute. ERR_FORMAT, ERR_PERMISSION (not loopback); `ret_text` says what is wrong. */
int listen_address_check(const struct listen_address *address, char *ret_text, size_t text_size) MUST_CHECK;

struct tls_context; /* server/tls.h */

struct server_options {
    struct ledger *ledger;   /* held; used by the store thread alone until server_run returns */
    struct service *service; /* held */
    const struct world *world;
    const struct listen_address *listen; /* borrowed; not looked at when sockets are inherited */
    size_t listen_count;
    struct tls_context *tls;  /* held; NULL: there is no PEER_TLS among the addresses */
    uint32_t connections_max; /* as the service was made with */
    uint32_t requests_max;    /* likewise */
};

/* Raises the limit of open files to what `connections_max` connections need. ERR_RANGE when the hard limit
 * forbids it: `ret_text` says how many are missing. */
int server_raise_files(uint32_t connections_max, char *ret_text, size_t text_size) MUST_CHECK;

/* Sets how many threads verify signatures, for the processors there are. Before any other call of libuv. */
void server_set_threads(void);

/* Listens and serves until SIGTERM or SIGINT, then answers what is in flight and returns 0. An error of the
 * ledger ends it at once, without another answer: that code. What could not be started is logged: ERR_EXISTS
 * (address in use), ERR_PERMISSION, ERR_FORMAT, ERR_IO, ERR_NOMEM. */
int server_run(const struct server_options *options) MUST_CHECK;

#endif
