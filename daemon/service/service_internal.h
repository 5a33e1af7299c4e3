/* What the parts of the service share: session.c (the state machine), incoming.c (bytes to frames),
 * requests.c (slots and their order), service.c (inputs and outputs). */
#ifndef LOYALTY_SERVICE_SERVICE_INTERNAL_H
#define LOYALTY_SERVICE_SERVICE_INTERNAL_H

#include "service/keyring.h"
#include "service/outgoing.h"
#include "service/pool.h"
#include "service/service.h"
#include "wire/message.h"

enum {
    HANDSHAKE_TIMEOUT_MS = 10 * 1000, /* from the first byte of a connection to Ready */
    FRAME_TIMEOUT_MS = 30 * 1000,     /* for the rest of a frame that has begun */
    SEND_TIMEOUT_MS = 60 * 1000,      /* for a peer to take what it was sent */
    CLOSING_TIMEOUT_MS = 10 * 1000,   /* for the last replies */
    LINGER_TIMEOUT_MS = 2 * 1000,     /* for the peer to end its half */

    SLOT_FRAME_BYTES = CONNECTION_BUFFER_BYTES,          /* frames up to here are unpacked into their slot */
    SLOT_ARENA_BYTES = SLOT_FRAME_BYTES + 1280,          /* of an unpacked request: a profile takes most */
    UNPACK_BYTES = FRAME_OPERATOR_BYTES_MAX + 64 * 1024, /* to unpack a larger one in */
    READ_BYTES = 62 * 1024,                              /* read from one connection at a time */
    UNSENT_SCARCE_BYTES = 16 * 1024, /* in place of UNSENT_BYTES_MAX while send blocks are scarce */
    WELCOME_BYTES_MAX = 4096,        /* the replies that sessions make themselves */
};

/* A large frame, or what was read and found no slot. Requests refer to the bytes in place. */
struct block {
    void *link;    /* the pool's while it is free */
    uint32_t refs; /* requests, and the input that is being read */
    bool large;    /* of which pool */
    uint8_t data[];
};

enum {
    BLOCK_DATA_BYTES = BLOCK_BYTES - (int)sizeof(struct block),
    BLOCK_LARGE_DATA_BYTES = BLOCK_LARGE_BYTES - (int)sizeof(struct block),
};
static_assert(BLOCK_DATA_BYTES >= FRAME_TERMINAL_BYTES_MAX + 4, "a block holds any frame of a terminal");
static_assert(BLOCK_LARGE_DATA_BYTES >= FRAME_OPERATOR_BYTES_MAX + 4, "a large block holds any frame");
static_assert(BLOCK_DATA_BYTES >= CONNECTION_BUFFER_BYTES + READ_BYTES, "a block holds all of one reading");
static_assert(BLOCK_BYTES % 16 == 0 && BLOCK_LARGE_BYTES % 16 == 0, "blocks are aligned");

/*                opened
 *                  |
 *                  v
 *    .----------- NEW ------------ refused -----------.
 *    |             | hello                            |
 *    |             v      enrol                       |
 *    |         WELCOMED ----------> ENROLLING --------+ refused
 *    |             |  ^------ answered ----'          |
 *    |             | authenticate                     |
 *    |             v                                  v
 *    |      AUTHENTICATING ------- refused -------> CLOSING
 *    |             | the ledger says Ready            ^  |
 *    |             v                                  |  | everything is answered and sent
 *    |           READY -- bad frame, replaced, ------'   v
 *    |             |      revoked, silent, stop,     LINGERING
 *    |             |      the peer ended                 | the peer ended, or 2 seconds
 *    '-- broken ---+------------- broken --------------> v
 *                                                      CLOSED -- the adapter has closed --> free
 *
 * Frames are taken in NEW, WELCOMED and READY; in ENROLLING and AUTHENTICATING the next one waits for the
 * answer. In READY it does so behind an event that changes the principal's key: which key is to verify what
 * follows is known when that is booked. From CLOSING on nothing is read as a frame; what is in flight is
 * answered in order. */
enum session_state {
    SESSION_NEW,
    SESSION_WELCOMED,
    SESSION_ENROLLING,
    SESSION_AUTHENTICATING,
    SESSION_READY,
    SESSION_CLOSING,
    SESSION_LINGERING,
    SESSION_CLOSED,
};

enum slot_state {
    SLOT_WAITING,   /* in the queue of signatures to be verified */
    SLOT_VERIFYING, /* in a group that the adapter has */
    SLOT_VERIFIED,  /* may go to the ledger when those before it have gone */
    SLOT_QUEUED,    /* in the queue of the ledger */
    SLOT_RUNNING,   /* taken by the adapter */
    SLOT_FAILED,    /* decided by the session: answered when those before it are */
};

/* A request in flight. */
struct request_slot {
    void *link; /* the pool's while it is free */
    uint32_t generation;
    enum slot_state state;
    struct connection *connection;   /* NULL: it has gone; the slot waits for what is under way */
    struct request_slot *sibling;    /* the connection's next request */
    struct request_slot *queue_next; /* in one of the service's queues */
    struct request request;
    struct block *block;           /* that holds the frame; NULL: it is in `frame` */
    uint8_t code_hash[HASH_BYTES]; /* of REQUEST_ENROL */
    uint32_t key_no;               /* of the principal's key that the signature fits */
    uint32_t weight;               /* what it counts as of REQUESTS_IN_FLIGHT_MAX: the events of a batch */
    struct metrics metrics;        /* of REQUEST_GET_STATUS, as of when it was taken */
    bool code_taken;               /* of REQUEST_ENROL: counted as a wrong code until it proves right */
    enum failure_code failure;     /* with SLOT_FAILED */
    const char *failure_text;      /* static */
    struct arena arena;            /* over arena_memory */
    _Alignas(16) uint8_t arena_memory[SLOT_ARENA_BYTES];
};

struct slot_queue {
    struct request_slot *first;
    struct request_slot *last;
    size_t count;
};

enum input_storage { INPUT_OWN, INPUT_BLOCK, INPUT_SCRATCH };

/* Bytes received and not yet taken as frames: data[start..end). */
struct input {
    enum input_storage storage;
    uint8_t *data; /* the connection's buffer, a block's data, or the service's scratch within one input */
    struct block *block; /* with INPUT_BLOCK; one reference */
    size_t start;
    size_t end;
};

/* The lists a connection can be on. */
enum list_kind {
    LIST_OPEN,       /* all there are */
    LIST_RIPE,       /* something happened: look for frames again */
    LIST_DIRTY,      /* may have outputs */
    LIST_WAIT_SLOT,  /* has a frame and no slot for it */
    LIST_WAIT_BLOCK, /* has begun a frame and no block for it */
    LIST_WAIT_LARGE,
    LIST_WAIT_LIMIT, /* its peer has asked too much lately */
    LIST_COUNT
};

struct list_link {
    struct connection *previous;
    struct connection *next;
    bool on;
};

struct list {
    struct connection *first;
    struct connection *last;
};

struct connection {
    void *link; /* the pool's while it is free */
    uint32_t index;
    enum session_state state;
    enum peer_kind peer;
    bool secured; /* of PEER_TLS: it is up */
    uint8_t binding[SIGN_CHANNEL_BYTES];
    struct peer_entry *account; /* of its peer; NULL: not named */
    uint32_t principal;         /* 0: not authenticated */
    enum role role;
    struct list_link links[LIST_COUNT];
    struct input input;
    struct request_slot *first; /* requests in flight, in order of arrival */
    struct request_slot *last;
    struct request_slot *unreleased; /* the first of them that has not gone to the ledger */
    struct request_slot *rotation;   /* the one that changes the principal's key; NULL: none */
    uint32_t in_flight;
    struct outgoing out;
    int64_t opened_ms; /* monotonic, like those below */
    int64_t since_ms;  /* when this state was entered */
    int64_t heard_ms;  /* the last byte received */
    int64_t begun_ms;  /* a frame that is not yet whole was begun */
    int64_t sent_ms;   /* the last progress of sending */
    bool ended;        /* the peer sends no more */
    /* What is said when all is answered, of CLOSING; empty text: nothing. */
    enum failure_code words;
    const char *words_text;
    bool cancelled; /* what has not gone to the ledger gets the same failure */
    /* What the adapter was told last. */
    bool told_reading;
    bool told_shutdown;
    bool told_close;
    /* of Hello and Welcome */
    uint8_t challenge[SIGN_CHALLENGE_BYTES];
    uint64_t last_position;
    uint8_t last_chain[HASH_BYTES];
    bool has_last_chain;
    uint8_t buffer[CONNECTION_BUFFER_BYTES];
};

struct service {
    const struct world *world;
    const char *software;
    uint8_t programme_id[PROGRAMME_ID_BYTES];
    uint8_t daemon_key[KEY_BYTES];
    int64_t idle_timeout_ms;
    struct pool connections;
    struct pool slots;
    struct pool blocks;
    struct pool blocks_large;
    struct pool send_blocks;
    struct pool groups;
    struct list lists[LIST_COUNT];
    struct slot_queue verify; /* signatures to be verified */
    struct slot_queue jobs;   /* for the ledger */
    uint32_t jobs_running;
    bool stopping;
    int64_t stop_ms; /* when that began */
    struct keyring *keyring;
    struct peers peers;
    struct metrics metrics;
    /* Reading: the connection's unparsed bytes are put right in front of what is read at
     * CONNECTION_BUFFER_BYTES.
     */
    uint8_t scratch[CONNECTION_BUFFER_BYTES + READ_BYTES];
    uint8_t *unpack_memory; /* UNPACK_BYTES */
    _Alignas(16) uint8_t reply[WELCOME_BYTES_MAX];
};

/* --- service.c --- */

int64_t service_now_ms(const struct service *service); /* monotonic */

void list_add(struct service *service, enum list_kind kind,
              struct connection *connection); /* at the end; may be on
                                                 it already */
void list_remove(struct service *service, enum list_kind kind,
                 struct connection *connection); /* may be off it */

/* --- session.c --- */

/* Whether frames are taken now. */
bool session_takes_frames(const struct connection *connection);

/* The largest frame the peer may send now. */
size_t session_frame_bytes_max(const struct connection *connection);

/* A request has been unpacked into the slot, the last one of the connection: decides what becomes of it. */
void session_request(struct service *service, struct connection *connection, struct request_slot *slot);

/* The signature of the slot's request was verified. */
void session_verified(struct service *service, struct request_slot *slot, bool valid);

/* The slot's request is about to go to the ledger. */
void session_released(struct service *service, struct connection *connection,
                      const struct request_slot *slot);

/* The ledger has answered the slot's request; its reply is on its way. */
void session_answered(struct service *service, struct connection *connection, const struct request_slot *slot,
                      enum ledger_note note);

/* Answers what is in flight, says why (text NULL: without a word) and closes. Nothing new is taken. */
void session_close(struct service *service, struct connection *connection, enum failure_code code,
                   const char *text);

/* The same, but requests that have not gone to the ledger get this failure, too. */
void session_cancel(struct service *service, struct connection *connection, enum failure_code code,
                    const char *text);

/* Closes at once. Requests are forgotten; those under way give back their slots when they come. */
void session_drop(struct service *service, struct connection *connection);

/* Goes on from CLOSING when nothing is in flight, from LINGERING when the peer has ended. */
void session_settle(struct service *service, struct connection *connection);

/* Closes what is silent for too long. */
void session_check_time(struct service *service, struct connection *connection, int64_t now_ms);

/* --- incoming.c --- */

/* Takes whole frames for as long as there is room for them, at most `frames_max`, and keeps the rest of the
 * input where it can stay. */
void incoming_pump(struct service *service, struct connection *connection, uint32_t frames_max);

/* Whether bytes of the peer may be read now. */
bool incoming_wanted(const struct service *service, const struct connection *connection);

/* Bytes have come to where service_read_buffer said; frames are taken now. */
void incoming_received(struct service *service, struct connection *connection, size_t size);

/* Forgets what was received. */
void incoming_drop(struct service *service, struct connection *connection);

void block_release(struct service *service, struct block *block);

/* --- requests.c --- */

/* A slot at the end of the connection's requests; NULL when none is left. */
struct request_slot *slot_take(struct service *service, struct connection *connection);

/* Gives the slot back; it is the connection's first request, or has none. */
void slot_release(struct service *service, struct request_slot *slot);

void slot_fail(struct request_slot *slot, enum failure_code code, const char *text);
void slot_verify(struct service *service, struct request_slot *slot); /* queues its signature */
void slot_ready(struct request_slot *slot);                           /* nothing is left to check */

/* Sends to the ledger and answers what is due, in order. */
void requests_advance(struct service *service, struct connection *connection);

/* The connection has gone: its slots are free, or will be when what is under way comes back. */
void requests_orphan(struct service *service, struct connection *connection);

/* Fills a group with signatures that wait; NULL when none wait or no group is left. */
struct verify_group *requests_group(struct service *service);

/* The slot of a tag given to the adapter, in this state. */
struct request_slot *slot_of_tag(struct service *service, uint64_t tag, enum slot_state state);
uint64_t slot_tag(const struct service *service, const struct request_slot *slot);

/* Appends a reply; a connection without room for it is dropped and false returned. */
bool reply_send(struct service *service, struct connection *connection, struct bytes frame);
bool reply_failure(struct service *service, struct connection *connection, uint32_t id,
                   enum failure_code code, const char *text);

#endif
