/* The service: connections, sessions and requests as a machine without I/O. An adapter (libuv in
 * daemon/server, the simulator, a test) feeds it inputs; what it wants done is queued and drained with
 * service_next and service_take_jobs after each input. It never calls the adapter.
 *
 *      bytes --> frames --> sessions --> verify groups --> ledger jobs --> results --> bytes
 *
 * Order: the requests of one connection reach the ledger, and their replies leave, in the order of arrival;
 * signatures are verified in any order. A connection that finds no room (request slot, block, too many
 * requests in flight, replies it does not read) is not read until there is some; who waited longest is served
 * first.
 *
 * One thread calls all of it, except that verify_group_run may run on any. All memory is taken by service_new
 * and touched as it is needed. */
#ifndef LOYALTY_SERVICE_SERVICE_H
#define LOYALTY_SERVICE_SERVICE_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "base/world.h"
#include "service/ledger.h"
#include "service/peers.h"
#include "service/verify.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct service; /* opaque, heap: made by the server, in tests and in the simulator only */

enum {
    CONNECTIONS_DEFAULT = 1100,
    REQUESTS_DEFAULT = 2048,
    BLOCKS_DEFAULT = 64,
    BLOCKS_LARGE_DEFAULT = 4,
    SEND_BLOCKS_DEFAULT = 1024,
    VERIFY_GROUPS_DEFAULT = 4,
    IDLE_TIMEOUT_MS_DEFAULT = 15 * 60 * 1000,
    SEND_PARTS_MAX = 16, /* pieces of one OUTPUT_SEND */
    STOP_TIMEOUT_MS = 5 * 1000,
};

struct service_options {
    const struct world *world;   /* held: clocks, and randomness for challenges */
    const uint8_t *programme_id; /* PROGRAMME_ID_BYTES; copied */
    const uint8_t *daemon_key;   /* public, KEY_BYTES; copied */
    const char *software;        /* told in Welcome; held */
    /* Each 0: its default above. */
    uint32_t connections_max;
    uint32_t requests_max;     /* in flight, of all connections */
    uint32_t blocks_max;       /* of BLOCK_BYTES: large frames, and what waits behind them */
    uint32_t blocks_large_max; /* of BLOCK_LARGE_BYTES: operators' frames */
    uint32_t send_blocks_max;  /* of SEND_BLOCK_BYTES (outgoing.h): replies not yet sent */
    uint32_t verify_groups_max;
    int64_t idle_timeout_ms;
    const struct peer_limits *limits; /* copied; NULL: PEER_LIMITS_DEFAULT */
};

/* ERR_NOMEM. ERR_RANGE: a number that is too small or too large to work with. */
int service_new(const struct service_options *options, struct service **ret_service) MUST_CHECK;

/* Accepts NULL. Every verify group must have come back. */
void service_free(struct service *service);

/* Takes over a principal's key and state: each one's before the first connection (see ledger_principals). */
void service_principal(struct service *service, const struct principal_row *row);

/* --- inputs: connections. `index` is a number below connections_max, given by service_opened. --- */

enum peer_kind {
    PEER_TCP,
    PEER_UNIX,
    PEER_TLS, /* over TCP; the adapter speaks it, and nothing is received before service_secured */
};

/* A peer has connected; reading is wanted at once. ERR_FULL: no slot is left or the service stops, close it
 * at once. */
int service_opened(struct service *service, enum peer_kind peer, uint32_t *ret_connection) MUST_CHECK;

/* Who has opened the connection: from here on it is held to the limits of that peer, together with the peer's
 * other connections. False: they do not allow another one, and an OUTPUT_CLOSE follows. Right after
 * service_opened; a connection whose peer is never named has no limits but its own. */
bool service_named(struct service *service, uint32_t connection, const struct peer_name *name);

/* Whether service_opened would take another connection. */
bool service_has_room(const struct service *service);

/* `size` bytes of a handshake came of a PEER_TLS connection that is not secured yet. They count as the bytes
 * before authentication that service_received is told of. False: the peer sent too many, and an OUTPUT_CLOSE
 * follows. */
bool service_handshaking(struct service *service, uint32_t index, size_t size);

/* The TLS of a PEER_TLS connection is up. Authenticate must be signed with `binding`, SIGN_CHANNEL_BYTES that
 * name the session to both sides. */
void service_secured(struct service *service, uint32_t index, const uint8_t *binding);

/* What is wrong with the TLS of a peer. */
enum tls_failure {
    TLS_FAILURE_PLAINTEXT,  /* what came first is no TLS */
    TLS_FAILURE_VERSION,    /* the client knows none but older versions */
    TLS_FAILURE_HANDSHAKE,  /* anything else before it is up */
    TLS_FAILURE_RECORD,     /* a record that cannot be read, after that */
    TLS_FAILURE_UNEXPECTED, /* TLS on a connection without it: counted, and answered as the malformed frame it
                               is */
};

/* Counts it. A PEER_TLS connection is closed as after service_broken. */
void service_tls_failed(struct service *service, uint32_t index, enum tls_failure failure);

/* Where the next bytes of the connection must be put: `ret_size` bytes, valid until the next call with any
 * connection. 0 bytes when it is not to be read (an OUTPUT_PAUSE is queued or was sent). */
uint8_t *service_read_buffer(struct service *service, uint32_t index, size_t *ret_size);

/* `size` bytes, at least 1, were put there. */
void service_received(struct service *service, uint32_t index, size_t size);

/* The peer sends no more. Requests in flight are answered yet. */
void service_ended(struct service *service, uint32_t index);

/* The bytes of the last OUTPUT_SEND have left; its memory is the service's again. */
void service_sent(struct service *service, uint32_t index);

/* Reading or sending failed: nobody is there any more. An OUTPUT_CLOSE follows. After a send that failed this
 * is called in place of service_sent. */
void service_broken(struct service *service, uint32_t index);

/* The OUTPUT_CLOSE was carried out and nothing of the connection is in the adapter's hands: its number is
 * free.
 */
void service_closed(struct service *service, uint32_t index);

/* --- inputs: the rest --- */

/* A group of OUTPUT_VERIFY has been run. */
void service_verified(struct service *service, struct verify_group *group);

/* Results of jobs of service_take_jobs, in their order. The replies are copied. */
void service_answered(struct service *service, const struct ledger_result *results, size_t count);

/* Time has passed: closes who is silent. About once a second while there are connections. */
void service_tick(struct service *service);

/* No more connections and no more requests: what is in flight is answered, then every connection is told and
 * closed; from STOP_TIMEOUT_MS on they are closed as they are. */
void service_stop(struct service *service);

/* No connections are left, no job is in the ledger's hands and no group in the adapter's. */
bool service_is_idle(const struct service *service);

/* --- outputs --- */

enum output_kind {
    OUTPUT_SEND,     /* send the parts, then service_sent; at most one at a time for a connection */
    OUTPUT_PAUSE,    /* stop reading */
    OUTPUT_RESUME,   /* read again */
    OUTPUT_SHUTDOWN, /* everything is sent: end our half of the connection */
    OUTPUT_CLOSE,    /* close, then service_closed; an OUTPUT_SEND under way need not end */
    OUTPUT_VERIFY,   /* run the group on a thread of the pool, then service_verified */
};

struct output {
    enum output_kind kind;
    uint32_t connection; /* not with OUTPUT_VERIFY */
    struct bytes parts[SEND_PARTS_MAX];
    size_t parts_count;
    struct verify_group *group;
};

/* The next thing to do; false when there is nothing. */
bool service_next(struct service *service, struct output *ret_output);

/* Moves jobs for the ledger, oldest first, to `ret_jobs`: at most `max`; returns how many. What they borrow
 * stays valid until service_answered. Each is answered exactly once, in this order. */
size_t service_take_jobs(struct service *service, struct ledger_job *ret_jobs, size_t max);

/* --- looking in --- */

const struct metrics *service_metrics(const struct service *service);

/* What is taken of each pool at this moment: all 0 when nobody is connected and nothing is in flight. */
struct service_usage {
    uint32_t connections;
    uint32_t requests;
    uint32_t blocks;
    uint32_t blocks_large;
    uint32_t send_blocks;
    uint32_t verify_groups;
    uint32_t jobs_running; /* taken and not answered */
};
void service_usage(const struct service *service, struct service_usage *ret_usage);

#endif
