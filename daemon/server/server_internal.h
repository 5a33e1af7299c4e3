/* What the parts of the server share: server.c (the loop, its timers and signals), listener.c, peer.c (one
 * connection). */
#ifndef LOYALTY_SERVER_SERVER_INTERNAL_H
#define LOYALTY_SERVER_SERVER_INTERNAL_H

#include "server/server.h"
#include "server/store_thread.h"
#include "server/tls.h"

#include <stdbool.h>
#include <uv.h>

/*   RUNNING -- SIGTERM, SIGINT --> DRAINING -- the service is idle --> CLOSING -- every handle closed --> end
 *      |                              |                                  ^
 *      '------------ the ledger failed (nothing is answered) ------------' */
enum server_state { SERVER_RUNNING, SERVER_DRAINING, SERVER_CLOSING };

union stream_handle {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
};

struct listener {
    union stream_handle handle;
    struct server *server;
    enum peer_kind kind;
    bool open;    /* the handle is there */
    bool waiting; /* a peer has connected that found no room; libuv holds it and accepts no other */
    char name[LISTEN_PATH_BYTES];
};

/* What a connection with TLS needs besides. */
struct peer_tls {
    struct tls tls;
    bool reading;       /* what the service wants */
    bool writing;       /* a uv_write is under way, with */
    uint8_t *taken;     /* this */
    bool sending;       /* an OUTPUT_SEND is under way: its parts from parts_done on are not encrypted yet */
    bool shutting_down; /* an OUTPUT_SHUTDOWN waits until everything is written */
    bool ended;         /* the service knows that the peer sends no more */
    struct bytes parts[SEND_PARTS_MAX];
    size_t parts_count;
    size_t parts_done;
    bool hungry; /* on the server's list, between */
    struct peer *previous;
    struct peer *next;
};

/* The adapter's side of one connection; its index is the service's number. */
struct peer {
    union stream_handle handle;
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct server *server;
    struct listener *listener;
    uint32_t connection;
    enum peer_kind kind;
    bool heard;             /* something was received */
    struct peer_tls secure; /* PEER_TLS */
};

/* A group of signatures on the pool. */
struct verify_work {
    uv_work_t work;
    struct server *server;
    struct verify_group *group;
};

struct server {
    uv_loop_t loop;
    struct server_options options;
    enum server_state state;
    int error; /* why it ends, when not by a signal */
    struct store_thread store;
    uv_async_t answered;
    size_t verifying;          /* groups on the pool */
    struct verify_group *lone; /* one signature that seems to have come alone; NULL: none */
    uv_check_t heard;          /* the loop has read what there is */
    uv_prepare_t before_waiting;
    uv_signal_t signals[3];
    uv_timer_t tick; /* runs while there are connections, or while draining */
    uv_timer_t watchdog;
    uint64_t watchdog_seen; /* progress of the store thread */
    int64_t draining_ms;    /* since when */
    struct listener listeners[LISTENERS_MAX];
    size_t listeners_count;
    struct peer *peers;               /* connections_max */
    struct verify_work *works;        /* one a group of the service */
    struct peer *hungry;              /* the first peer with TLS that has input the service has yet to take */
    uint8_t encrypted[TLS_PUT_BYTES]; /* what was read from one of them */
    uint32_t handshakes;              /* of TLS since memory was last given back, and */
    uint32_t handshakes_seen;         /* how many of them the last tick saw */
};

/* Carries out what the service wants; after every input. */
void server_drain(struct server *server);

/* --- listener.c --- */

/* Opens the inherited sockets, or else those of the options. What went wrong is logged. */
int listeners_open(struct server *server) MUST_CHECK;

/* Lets in those who wait, as far as there is room. */
void listeners_accept(struct server *server);

void listeners_close(struct server *server);

/* --- peer.c --- */

/* Accepts a connection of the listener; false when there is no room or nobody is there after all. */
bool peer_accept(struct server *server, struct listener *listener);

/* peer_name.c: who is at the other end; false when he has gone. */
bool peer_name_of(const struct peer *peer, struct peer_name *ret_name);

/* Carries out an output of the service for this connection. */
void peer_output(struct server *server, const struct output *output);

/* Gives back what a connection holds that libuv does not know of. May come twice. */
void peer_release(struct peer *peer);

/* --- peer_tls.c --- */

/* The peer has connected. ERR_NOMEM. */
int peer_tls_open(struct peer *peer) MUST_CHECK;

/* Where the next bytes of the peer are read to. */
uv_buf_t peer_tls_room(struct peer *peer);

/* So many of them have come; 0: there will be none. */
void peer_tls_received(struct peer *peer, size_t size);

/* The outputs of the service. */
void peer_tls_send(struct peer *peer, const struct output *output);
void peer_tls_pause(struct peer *peer);
void peer_tls_resume(struct peer *peer);
void peer_tls_shut_down(struct peer *peer);
void peer_tls_close(struct peer *peer);

/* A uv_write of the peer has ended. */
void peer_tls_written(struct peer *peer, int status);

/* Gives the service what the hungry have left. False when there are none. */
bool peers_feed(struct server *server);

/* About once a second: gives the memory of many handshakes back to the system when they are over. */
void peers_tidy(struct server *server);

#endif
