/* The service with a test in the adapter's place: peers whose bytes are given and taken in memory, a clock
 * that only the test moves, and a ledger whose answers the test makes up. Everything fails the test where it
 * cannot do its work. */
#ifndef LOYALTY_TESTS_LIB_FRONT_H
#define LOYALTY_TESTS_LIB_FRONT_H

#include "lib/testing.h"

#include "service/service.h"
#include "wire/message.h"

enum {
    FRONT_PEERS_MAX = 64,
    FRONT_PRINCIPALS = 8,
    FRONT_JOBS_MAX = 4096,
    FRONT_GROUPS_MAX = 8,
    FRONT_BYTES_MAX = 4 * 1024 * 1024,
};

/* Roles of the principals that front_open makes known: 1 admin, 2 to 4 terminals, 5 clerk, 6 auditor; 7 is
 * revoked.
 */
enum { FRONT_ADMIN = 1, FRONT_TERMINAL = 2, FRONT_CLERK = 5, FRONT_AUDITOR = 6, FRONT_REVOKED = 7 };

/* What the peer of a connection has got, and what the adapter was told about it. */
struct front_peer {
    bool open;
    bool paused;
    bool shut;
    bool closed;
    uint8_t *got; /* bytes not yet taken by front_reply */
    size_t got_size;
    uint8_t *pending; /* bytes the service does not read yet */
    size_t pending_size;
    size_t held; /* bytes handed out that have not left, while hold_sends */
    uint8_t challenge[SIGN_CHALLENGE_BYTES];
};

struct front {
    struct world world;
    int64_t now;
    uint8_t random_next;
    uint8_t programme_id[PROGRAMME_ID_BYTES];
    struct key_pair daemon_key;
    struct key_pair keys[FRONT_PRINCIPALS];
    struct service *service;
    struct front_peer peers[FRONT_PEERS_MAX];
    struct verify_group *groups[FRONT_GROUPS_MAX]; /* handed out and not run yet */
    size_t groups_count;
    struct ledger_job jobs[FRONT_JOBS_MAX]; /* taken and not answered yet */
    size_t jobs_count;
    bool hold_groups;   /* else front_drain runs every group at once */
    bool hold_jobs;     /* else front_drain takes jobs as they come */
    bool hold_sends;    /* else every send is done at once */
    struct arena arena; /* reset by front_reply and front_ask */
};

/* `options` (NULL: defaults) brings sizes and timeouts only. */
void front_open(struct front *front, const struct service_options *options);

/* Closes all connections, then checks that nothing of the service is in use. */
void front_close(struct front *front);

/* Carries out the outputs of the service until there are none. */
void front_drain(struct front *front);

uint32_t front_connect(struct front *front); /* PEER_UNIX */
uint32_t front_connect_as(struct front *front, enum peer_kind kind);

/* The peer sends bytes, at most `piece` (0: any number) at a time; what is not read is kept and goes first
 * the next time, also by front_push. */
void front_send(struct front *front, uint32_t connection, struct bytes bytes, size_t piece);
void front_push(struct front *front, uint32_t connection);

void front_ask(struct front *front, uint32_t connection, const struct request *request);

/* Runs the groups held, the last one first when `backwards`. */
void front_verify(struct front *front, bool backwards);

/* Answers the first `count` jobs: AUTHENTICATE with Ready, the rest with a BookReply whose text tells the
 * sequence, or with what stands in for it. */
void front_answer(struct front *front, size_t count);

/* Answers the first job with this failure and note. */
void front_answer_failure(struct front *front, enum failure_code code, enum ledger_note note);

/* The next reply the peer has got; false when there is no whole one. */
bool front_reply(struct front *front, uint32_t connection, struct reply *ret_reply);

/* The next reply must be a failure of this code, or of this kind and id. */
void front_expect_failure(struct front *front, uint32_t connection, uint32_t id, enum failure_code code);
void front_expect(struct front *front, uint32_t connection, uint32_t id, enum reply_kind kind);
void front_expect_nothing(struct front *front, uint32_t connection);

/* Says Hello and takes Welcome. */
void front_hello(struct front *front, uint32_t connection);

/* Authenticate, as signed by the principal's key. Its memory is the front's until the next front_ask. */
struct request front_authenticate(struct front *front, uint32_t connection, uint32_t principal);

/* A connection whose handshake is complete. */
uint32_t front_ready(struct front *front, uint32_t principal);

/* A Book of `body_bytes` bytes (its id is the sequence), signed; with `wrong` by a key that is not the
 * principal's.
 */
void front_book(struct front *front, uint32_t connection, uint32_t principal, uint64_t sequence,
                size_t body_bytes, bool wrong);

/* A Book of this body, signed with this key. */
void front_book_body(struct front *front, uint32_t connection, uint32_t principal, uint64_t sequence,
                     struct bytes body, const struct key_pair *pair);

/* A BookBatch of these events (its id is the first sequence), signed with this key. */
void front_batch(struct front *front, uint32_t connection, uint32_t principal, uint64_t first_sequence,
                 const struct request_book *books, size_t count, const struct key_pair *pair);

/* Answers the first job, a Book, and tells the service that this became of a principal. */
void front_answer_note(struct front *front, enum ledger_note note, const struct principal_row *row);

/* Fails unless the peers' connection was closed and all the service has is free. */
void front_expect_closed(struct front *front, uint32_t connection);

#endif
