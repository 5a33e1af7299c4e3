/* Who is connected, peer by peer, and what each has done lately. Peers without a connection are remembered as
 * long as there is room, so that nobody gets a new account by connecting again. */
#ifndef LOYALTY_SERVICE_PEERS_H
#define LOYALTY_SERVICE_PEERS_H

#include "base/error.h"
#include "service/bucket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PEER_NAME_BYTES = 16,
    PEERS_REMEMBERED = 1024, /* without a connection, at least */
    /* Wrong codes of invites a minute, whoever sends them: a code of 60 bits is guessed within an hour with a
     * probability of 1 in 10^14. */
    WRONG_CODES_DEFAULT = 120,
};

/* Whom a connection is counted for. */
struct peer_name {
    uint8_t bytes[PEER_NAME_BYTES];
    bool local; /* a user or a loopback address of this machine */
};

#define X(name, period_ms, others, local, documentation) PEER_LIMIT_##name,
enum peer_limit {
#include "service/peer_limit.def"
    PEER_LIMITS
};
#undef X

/* By peer_limit; 0: no limit. */
struct peer_limits {
    uint32_t others[PEER_LIMITS];
    uint32_t local[PEER_LIMITS];
    uint32_t wrong_codes; /* of all peers together, a minute */
};

/* What peer_limit.def says. */
extern const struct peer_limits PEER_LIMITS_DEFAULT;

struct peer_entry {
    struct peer_name name;
    uint32_t connections;
    struct peer_entry *next;  /* of the same hash, or of those never used */
    struct peer_entry *newer; /* of those without a connection, by when they had the last one */
    struct peer_entry *older;
    struct bucket buckets[PEER_LIMITS]; /* by peer_limit; connections are counted, not in a bucket */
};

struct peers {
    struct peer_limits limits;
    struct peer_entry *entries; /* held */
    size_t count;
    size_t fresh;              /* entries from here on were never used */
    struct peer_entry **heads; /* held: by hash */
    struct peer_entry *newest; /* of those without a connection */
    struct peer_entry *oldest;
    struct bucket wrong_codes;
};

/* Memory for `connections_max` connections: entries of peers_entries(), heads of as many pointers, all zero.
 */
size_t peers_entries(uint32_t connections_max);
void peers_init(struct peers *peers, const struct peer_limits *limits, struct peer_entry *entries,
                struct peer_entry **heads, size_t count);

/* One more, or one fewer, connection of this peer. There is always room for as many connections as
 * peers_entries was asked for. */
struct peer_entry *peers_enter(struct peers *peers, const struct peer_name *name);
void peers_leave(struct peers *peers, struct peer_entry *entry);

/* Whether the peer may do this `count` times now; it is counted if it may. With PEER_LIMIT_connections:
 * whether it may have those it has. */
bool peers_take(struct peers *peers, struct peer_entry *entry, enum peer_limit limit, int64_t count,
                int64_t now_ms);

/* Counts what has been let in already, as far as the limit goes. Not with PEER_LIMIT_connections. */
void peers_charge(struct peers *peers, struct peer_entry *entry, enum peer_limit limit, int64_t count,
                  int64_t now_ms);

/* Whether it might, without counting it. */
bool peers_may(struct peers *peers, struct peer_entry *entry, enum peer_limit limit, int64_t now_ms);

/* As peers_take for one code of an invite, for the peer and for all together. It is given back when it was a
 * right one. */
bool peers_take_code(struct peers *peers, struct peer_entry *entry, int64_t now_ms);
void peers_give_code(struct peers *peers, struct peer_entry *entry);

#endif
