/* Peers, adapter and ledger around a service, each doing what the bytes of an input say. */
#ifndef LOYALTY_TESTS_FUZZ_SERVICE_WORLD_H
#define LOYALTY_TESTS_FUZZ_SERVICE_WORLD_H

#include "fuzz/draw.h"

#include "lib/front.h"

enum { WORLD_CONNECTIONS = 6 };

struct world_peer {
    bool ended;       /* it sends no more */
    bool insecure;    /* its TLS is not up yet */
    bool bound;       /* it is: what it authenticates with names the session */
    bool garbled;     /* it has sent bytes that are no request of ours: its ids say nothing */
    bool greeted;     /* it has the challenge */
    uint32_t id;      /* of its last request */
    uint32_t id_read; /* of the last reply it has read */
};

struct service_world {
    struct front front;
    struct peer_limits limits;
    bool limited; /* to those above, which else are none */
    struct world_peer peers[WORLD_CONNECTIONS];
    uint64_t sequences[FRONT_PRINCIPALS]; /* the last one each has signed */
};

/* A service of small pools, so that they run out; the rest of the input says how small. */
void world_open(struct service_world *world, struct draw *draw);

/* Cuts all connections and checks that nothing of the service is in use. */
void world_close(struct service_world *world);

/* Another peer, if the service takes one. */
void world_connect(struct service_world *world, struct draw *draw);

/* What a peer does; `connection` is open. */
void world_send_raw(struct service_world *world, struct draw *draw, uint32_t connection);
void world_greet(struct service_world *world, struct draw *draw, uint32_t connection);
void world_ask(struct service_world *world, struct draw *draw, uint32_t connection);
void world_book(struct service_world *world, struct draw *draw, uint32_t connection);
void world_end(struct service_world *world, uint32_t connection);
void world_break(struct service_world *world, struct draw *draw, uint32_t connection);

/* Reads all replies there are and checks their order. */
void world_read(struct service_world *world, uint32_t connection);

/* Runs one of the groups held. */
void world_verify(struct service_world *world, struct draw *draw);

/* One of the sends held has left. */
void world_let_go(struct service_world *world, struct draw *draw);

/* Answers the first job with a failure, or with news of a principal. */
void world_answer_badly(struct service_world *world, struct draw *draw);

#endif
