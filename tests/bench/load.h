/* Tills that load a daemon: what the parts of the program `load` share. Everything that is sent was signed
 * before the clock starts. What goes wrong ends the program with a word about it. */
#ifndef LOYALTY_TESTS_BENCH_LOAD_H
#define LOYALTY_TESTS_BENCH_LOAD_H

#include "client/tls.h"
#include "client/url.h"
#include "crypto/sign.h"
#include "wire/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    LOAD_PURCHASE_BYTES = 448,
    /* at most, of one purchase in its frame */ TILLS_MAX = 4000,
    IN_FLIGHT_MAX = 256,
    REPLY_ROOM = 1024 * 1024
};

struct load_options {
    const char *place;      /* "unix:PATH", "tcp://HOST:PORT" or a loyalty:// URL */
    const char *tills_path; /* who they are: "number principal" a line */
    const char *key_path;   /* of the operator, for enrolment */
    uint32_t tills;
    const char *stores; /* their ids, parted by commas: each till is in the next */
    uint32_t members;
    uint32_t purchases;
    uint32_t window;       /* requests in flight of a connection */
    uint32_t batch;        /* events a signature; 0: each has its own */
    uint32_t warm_percent; /* of the purchases, before the clock starts */
    uint64_t rate;         /* purchases a second, open loop; 0: closed loop */
    uint64_t seed;
    uint64_t in_turn_from; /* with in_turn: the first member */
    bool in_turn;          /* members one after the other and not at random */
    int64_t from_ms;       /* purchases happen from then on, evenly over span_ms; 0: now */
    int64_t span_ms;
    int pid;   /* of the daemon, for its processor time; 0: not asked */
    bool hold; /* stay connected at the end until a line is read */
};

struct till {
    uint32_t number;
    uint32_t principal;
    struct key_pair pair;
    uint64_t next; /* sequence */
};

/* A frame to send, with all that belongs to it. */
struct message {
    uint8_t *data;
    uint32_t size;
    uint32_t purchases; /* in it, each with a reply */
};

struct link {
    int socket;
    struct tls_client *tls; /* NULL: none */
    struct till *till;
    uint8_t *in; /* what was received and not read yet */
    size_t in_size;
    size_t in_room;
    uint32_t sent;     /* messages whole on their way */
    uint32_t due;      /* messages that may be sent: open loop */
    uint32_t answered; /* messages */
    uint32_t replies;  /* of the message at `answered` */
    size_t offset;     /* of the message at `sent` */
    bool blocked;      /* the socket takes no more at the moment */
};

struct load {
    struct load_options options;
    struct url url;
    uint8_t programme_id[PROGRAMME_ID_BYTES];
    struct till *tills;
    struct message *messages; /* of till t the messages t, t + tills, t + 2 * tills, ... */
    size_t messages_count;
    uint64_t body_bytes;
};

_Noreturn void load_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void load_need(int result, const char *what);
uint64_t load_mix(uint64_t number); /* a random number for each number */
int64_t load_now_ns(void);          /* monotonic */
int64_t load_wall_ms(void);

void load_till_key(uint32_t number, struct key_pair *ret_pair);

/* Links. */
void link_open(const struct load *load, struct link *link);
void link_close(struct link *link);
/* Sends as much as the socket takes; how much that was. */
size_t link_send(struct link *link, const uint8_t *data, size_t size);
/* Receives what is there; false: nothing. */
bool link_receive(struct link *link);
/* The next whole reply received, or false; it is valid until link_receive. */
bool link_reply(struct link *link, size_t *at, struct bytes *ret_message);
void link_read(struct link *link, size_t at);
/* One request, one answer. The reply lives in the arena. */
void link_ask(struct link *link, const struct request *request, struct arena *arena, struct reply *ret_reply);
/* Hello and, as a principal, Authenticate; gives the expected sequence. */
void link_hello(struct load *load, struct link *link, struct arena *arena, uint8_t ret_challenge[HASH_BYTES]);
uint64_t link_authenticate(struct load *load, struct link *link, const struct key_pair *pair,
                           uint32_t principal);
void link_check_booked(struct bytes message, bool whole);

/* Makes `tills` principals and writes tills_path. */
void load_enrol(struct load *load);
void load_read_tills(struct load *load);
/* Signs everything, on all processors. */
void load_sign(struct load *load);
/* Purchase `number` of a till, from 0, but for its signature. All it points to lives in the arena. */
void load_make_book(const struct load *load, const struct till *till, uint64_t number, struct arena *arena,
                    struct request_book *ret_book);
/* One message with as many purchases as a signature covers, from this one of the till's on; `memory` has room
 * for LOAD_PURCHASE_BYTES of each. How large their bodies are. */
size_t load_sign_batch(const struct load *load, uint64_t index, uint8_t *memory, struct message *ret_message);
/* Sends it and prints what came of it as JSON. */
void load_run(struct load *load);

#endif
