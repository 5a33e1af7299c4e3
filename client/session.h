/* A conversation with the daemon: connection, handshake, requests and replies. One thread. */
#ifndef LOYALTY_CLIENT_SESSION_H
#define LOYALTY_CLIENT_SESSION_H

#include "base/arena.h"
#include "base/world.h"
#include "client/connection.h"
#include "crypto/sign.h"
#include "wire/message.h"

enum { SESSION_TEXT_BYTES = 320 };

/* Writes what went wrong, for people; cut where it does not fit. */
void session_say(char text[SESSION_TEXT_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Where, how long, and by which clock. */
struct session_options {
    const char *url;           /* borrowed while the session is opened, like the next */
    const char *ca;            /* of the authority when the URL says `ca`; NULL: those the system knows */
    const struct world *world; /* held */
    int64_t timeout_ms;        /* for each answer, and for the connection itself */
};

/* Who speaks. Without a programme id whatever daemon answers is believed: for enrolment, and for an operator
 * on the daemon's own box. */
struct session_identity {
    const uint8_t *programme_id; /* PROGRAMME_ID_BYTES, pinned at enrolment, or NULL; borrowed */
    const uint8_t *daemon_key;   /* KEY_BYTES, pinned at enrolment, or NULL; borrowed */
    uint32_t principal;
    const struct key_pair *pair; /* held */
    uint64_t last_position;      /* the last one seen booked; 0: none */
    const uint8_t *last_chain;   /* HASH_BYTES, or NULL; borrowed */
};

/* What the daemon said of the principal. */
struct session_ready {
    uint64_t expected_sequence;
    uint8_t epoch[EPOCH_BYTES];
    uint32_t programme_version; /* 0: none in force */
    uint64_t position;
    bool log_differs; /* the log does not hold what we saw booked */
    uint32_t role;
    char store[ID_BYTES_MAX + 1]; /* "": none */
    char label[TILL_LABEL_BYTES_MAX + 1];
    char currency[4]; /* "": none yet */
    uint32_t retention_days;
    struct pins tls_pins;               /* of the daemon's TLS key and of the next one; none: not told */
    char tls_address[URL_HOST_BYTES];   /* "HOST:PORT" or ":PORT", where tills reach it by TLS; "": nowhere */
    char plain_address[URL_HOST_BYTES]; /* "ADDRESS:PORT" of its own machine, by plain TCP; "": nowhere */
};

struct session {
    struct connection connection;
    const struct world *world;
    int64_t timeout_ms;
    uint32_t next_id;
    void *memory; /* of the arena: taken at open, freed at close */
    struct arena arena;
    uint8_t programme_id[PROGRAMME_ID_BYTES]; /* of the daemon that answered */
    uint8_t daemon_key[KEY_BYTES];
    int64_t clock_offset_ms; /* the daemon's clock is ahead of ours by this */
    struct session_ready ready;
    enum failure_code failure;     /* with an error of a request: what the daemon said, and */
    bool failed;                   /* whether it said anything */
    char text[SESSION_TEXT_BYTES]; /* what went wrong, for people; "" when nothing did */
};

/* Connects and authenticates. The session is closed on failure, but `text`, `failed` and `failure` stay.
 * ERR_CLOSED, ERR_TIMEOUT, ERR_IO: nobody there, try again; ERR_MISMATCH: another programme or another
 * daemon's key; ERR_PERMISSION: the daemon does not know this key, or it was revoked; ERR_UNSUPPORTED: no
 * common version of the protocol; ERR_FORMAT: what answers does not speak it; ERR_NOMEM. */
int session_open(struct session *session, const struct session_options *options,
                 const struct session_identity *identity) MUST_CHECK;

/* Becomes a principal with a one-time code. Errors as above; ERR_NOT_FOUND: the code is unknown, expired or
 * was used with another key; ERR_FORMAT: it cannot be a code. The same code and key may be sent again. */
struct session_enrolled {
    uint32_t principal;
    uint8_t programme_id[PROGRAMME_ID_BYTES];
    uint8_t daemon_key[KEY_BYTES];
    uint32_t role;
    char store[ID_BYTES_MAX + 1];
    char label[TILL_LABEL_BYTES_MAX + 1];
};
int session_enrol(const struct session_options *options, const struct key_pair *pair, const char *code,
                  struct session_enrolled *ret_enrolled, char ret_text[SESSION_TEXT_BYTES]) MUST_CHECK;

/* Accepts a zeroed or closed session. */
void session_close(struct session *session);

/* Sends a request (its id is set here) and waits for its reply, which lives until the next call. A Failure
 * gives an error, its code in `failure`, its text in `text`: see session_failure_error. Nothing else may be
 * in flight. */
int session_call(struct session *session, struct request *request, struct reply *ret_reply) MUST_CHECK;

/* Pipelining: sends without waiting, and takes the next reply, whichever it is (a Failure too). The reply
 * lives until the next call of either. session_receive: ERR_TIMEOUT when there is none in time. */
int session_send(struct session *session, struct request *request) MUST_CHECK;
int session_receive(struct session *session, int64_t timeout_ms, struct reply *ret_reply) MUST_CHECK;

/* The error a failure means: ERR_CLOSED for what passes (RETRY, BUSY, STOPPING), ERR_PERMISSION,
 * ERR_NOT_FOUND, ERR_MISMATCH, ERR_TOO_LARGE, ERR_RANGE... */
int session_failure_error(enum failure_code code);

/* The name of a role of the wire, "" for one this version does not know. */
const char *session_role_name(uint32_t role);

#endif
