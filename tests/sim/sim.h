/* The simulator: the service and the ledger under a clock that only it moves, tills with outboxes of their
 * own, and bad luck, in one thread. A seed gives everything: how much of what goes wrong, and when. */
#ifndef LOYALTY_TESTS_SIM_SIM_H
#define LOYALTY_TESTS_SIM_SIM_H

#include "lib/crash_vfs.h"
#include "lib/failing_heap.h"
#include "lib/house.h"

#include "base/limits.h"
#include "service/service.h"

enum {
    TILLS_MAX = 5,
    SPEAKERS_MAX = TILLS_MAX + 1, /* and the operator */
    NEWCOMERS_MAX = 8,
    EVENTS_MAX = 120, /* of one till */
    OPERATOR_EVENTS_MAX = 20,
    CONNECTIONS_MAX = 12,
    IN_FLIGHT_MAX = 64, /* of one till */
    CARDS = 24,
    WELCOMES_MAX = 12, /* of all members together, as the programme says */
    CAKES_MAX = 40,    /* likewise, bought and reserved */
    PARTY_POINTS_MAX = 103,
    PROMISES_MAX = 12, /* remembered */
    SELL_PERCENT_MAX = 52,
};

enum {
    EVENT_KINDS_END = 64, /* more than the number of any kind */
};

/* What the steps choose from; each has a weight of its own in every run. */
#define ACTION_TABLE(X)                                                                                      \
    X(DELIVER, "a connection's bytes reach the service")                                                     \
    X(REPLY, "bytes of the service reach a till")                                                            \
    X(VERIFY, "a group of signatures is done, any of those under way")                                       \
    X(BATCH, "the ledger takes what waits and commits")                                                      \
    X(ANSWER, "the results of the last batch reach the service")                                             \
    X(WORK, "a till or the operator says something new, asks or sends")                                      \
    X(ENROL, "somebody comes with a code of the operator's")                                                 \
    X(TICK, "time passes")                                                                                   \
    X(RESEND, "a till sends an event again that was acknowledged")                                           \
    X(CUT, "a connection breaks")                                                                            \
    X(END, "a till ends its half of a connection")                                                           \
    X(ABANDON, "a till opens another connection while the service keeps the old one")                        \
    X(KILL, "the daemon's process and the power go between two batches")                                     \
    X(JUMP, "the wall clock is set")                                                                         \
    X(MEMORY, "one of the next allocations of SQLite fails, and the daemon ends")                            \
    X(POWER, "the power goes at one of the next changes of the disk, in the middle of a commit")             \
    X(FULL, "the disk is full for one of the next writes")                                                   \
    X(BROKEN, "one of the next writes or syncs fails, and the daemon ends")

enum action {
#define X(name, text) ACTION_##name,
    ACTION_TABLE(X)
#undef X
        ACTION_COUNT
};

/* From here on nothing goes wrong by itself: these actions are faults. */
enum { ACTION_FIRST_FAULT = ACTION_CUT };

struct knobs {
    uint32_t tills;
    uint32_t events;        /* each till sells that many times */
    uint32_t piece_max;     /* bytes delivered at once */
    uint32_t pipeline;      /* requests a till sends ahead of the answers */
    uint32_t lines_max;     /* of a basket */
    unsigned sell_percent;  /* of a till's turns */
    unsigned batch_percent; /* of what is sent where several events wait */
    bool loading;           /* until the operator goes live, if ever */
    uint32_t batch_max;     /* jobs of a batch */
    uint32_t tick_ms_max;   /* of one TICK */
    uint32_t fault_steps;   /* faults happen in the first steps only */
    unsigned weights[ACTION_COUNT];
    struct service_options service; /* sizes */
};

/* An event in a till's outbox, for ever. */
struct outbox_event {
    enum event_kind kind; /* as it was meant: some are garbled */
    uint8_t *body;
    size_t body_size;
    uint8_t signature[SIGNATURE_BYTES];
    uint8_t salt[CARD_SALT_BYTES];
    const char *card; /* NULL: no opening */
    uint8_t *booked;  /* the answer's bytes; NULL: not acknowledged yet */
    size_t booked_size;
};

enum till_state { TILL_AWAY, TILL_GREETING, TILL_SIGNING, TILL_READY, TILL_ENROLLING };

/* A request that a till waits for. */
struct awaited {
    uint32_t id;
    enum request_kind kind;
    uint64_t sequence; /* of REQUEST_BOOK; of REQUEST_BOOK_BATCH: of its next event without an answer */
    uint64_t left;     /* replies to come */
};

/* Who speaks to the daemon: a till, the operator, or a newcomer who is no principal yet. */
struct till {
    uint32_t principal; /* 0: a newcomer */
    enum role role;
    struct key_pair keys[2]; /* the first, and the one it changes to */
    uint64_t rotation;       /* the sequence of its change of keys; 0: none */
    unsigned key;            /* the one it authenticates with */
    bool changes;            /* it has said a change of keys, booked, refused or under way */
    uint64_t events_max;     /* it says no more */
    enum till_state state;
    uint32_t connection;
    uint32_t next_id;
    uint64_t sold;                              /* events in the outbox */
    uint64_t next;                              /* the sequence sent next, from 1 */
    uint64_t alone_end;                         /* events before this one are wanted one by one */
    struct outbox_event outbox[EVENTS_MAX + 1]; /* by sequence */
    struct awaited awaited[IN_FLIGHT_MAX];      /* in order */
    size_t awaited_count;
};

/* A code of the operator's, and who comes with it. */
struct newcomer {
    struct till till;
    char code[16];
    uint32_t enrolled; /* as which principal; 0: not that it knew */
};

/* A voucher or a reservation that a till heard of, and whose it is. It is used again and again. */
struct promise {
    const char *card;
    uint64_t reservation; /* position; 0: a voucher */
    uint8_t code[VOUCHER_CODE_BYTES];
};

struct buffer {
    uint8_t *data;
    size_t size;
};

/* A connection between a till and the service, as a network would have it. */
struct pipe {
    bool open;         /* on the service's side */
    bool paused;       /* the service does not read */
    bool shut;         /* the service has ended its half */
    bool ended;        /* the till has, and the service is told when `in` is empty */
    bool told;         /* the service was told */
    struct till *till; /* NULL: nobody is there any more */
    struct buffer in;  /* on its way to the service */
    struct buffer out; /* on its way to the till */
    bool sending;      /* service_sent is owed when `out` is empty */
};

struct sim {
    uint64_t seed;
    uint64_t random; /* the generator's state */
    uint64_t steps;
    int64_t monotonic; /* the wall clock is the house's */
    struct knobs knobs;
    struct house house;
    struct service *service;
    struct till tills[SPEAKERS_MAX]; /* the operator is the last */
    uint32_t speakers;
    struct newcomer newcomers[NEWCOMERS_MAX];
    size_t newcomers_count;
    uint32_t programme_version;
    struct promise promises[PROMISES_MAX]; /* the latest, in turn */
    uint64_t promises_count;               /* of all times */
    struct pipe pipes[CONNECTIONS_MAX];
    struct verify_group *groups[VERIFY_GROUPS_DEFAULT];
    size_t groups_count;
    struct ledger_job jobs[BATCH_EVENTS_MAX];
    struct ledger_result results[BATCH_EVENTS_MAX];
    size_t jobs_count;    /* taken */
    size_t results_count; /* of the batch that is done and not yet answered */
    struct arena results_memory;
    struct arena scratch;
    uint64_t base_position; /* of the log before the tills began */
    uint64_t counts[ACTION_COUNT];
    uint64_t ends;                   /* of the daemon because its disk or its memory failed */
    uint64_t kinds[EVENT_KINDS_END]; /* events acknowledged, by kind */
    uint64_t enrolled;
    int64_t welcomes;                                       /* given, of WELCOMES_MAX */
    int64_t party;                                          /* points of PARTY_POINTS_MAX */
    uint64_t redeemed;                                      /* vouchers */
    uint64_t birthdays;                                     /* that gave something */
    uint64_t reservations_ended[RESERVATION_TIMED_OUT + 1]; /* by enum reservation_end */
    uint64_t acknowledged;
    uint64_t late;     /* of them, with an answer that had been lost on its way */
    uint64_t repeated; /* acknowledged before */
    uint64_t batches;  /* answered */
    uint64_t failures;
};

/* Ends the program with one line that tells how to see it again. */
#define SIM_CHECK(sim, condition) ((condition) ? (void)0 : sim_fail((sim), #condition, __FILE__, __LINE__))
#define SIM_OK(sim, result)                                                                                  \
    ((result) == 0 ? (void)0 : sim_fail((sim), error_text(result), __FILE__, __LINE__))
_Noreturn void sim_fail(const struct sim *sim, const char *what, const char *file, int line);

/* --- random.c: the generator --- */
uint64_t sim_random(struct sim *sim);
uint64_t sim_below(struct sim *sim, uint64_t end); /* 0 to end - 1 */
bool sim_chance(struct sim *sim, unsigned percent);
void sim_draw_knobs(struct sim *sim);
const char *sim_card(struct sim *sim); /* one of CARDS; valid for ever */

/* --- sim.c --- */
/* The programme under this version. Valid until the next call. */
struct bytes sim_programme(uint32_t version);

/* --- daemon.c: the adapter around the service --- */
void daemon_start(struct sim *sim);
void daemon_kill(struct sim *sim, bool careful);
void daemon_calm(struct sim *sim); /* what was to go wrong with the disk does not any more */
void daemon_drain(struct sim *sim);
bool daemon_connect(struct sim *sim, struct till *till);
void daemon_deliver(struct sim *sim, uint32_t connection);
void daemon_reply(struct sim *sim, uint32_t connection);
void daemon_verify(struct sim *sim);
void daemon_batch(struct sim *sim);
void daemon_answer(struct sim *sim);
void daemon_tick(struct sim *sim); /* between two batches */
void daemon_cut(struct sim *sim, uint32_t connection);
void pipe_put(struct buffer *buffer, struct bytes bytes);

/* --- say.c: what principals say --- */
void till_say(struct sim *sim, struct till *till); /* the next sequence of its outbox */
/* Signs what it has said and not yet heard of, from `sequence` on. */
void till_sign(struct sim *sim, struct till *till, uint64_t sequence);
/* A question its role may ask. */
void till_question(struct sim *sim, const struct till *till, struct request *ret_request);
/* What answers a request that does not fail. */
enum reply_kind answer_of(enum request_kind kind);

/* --- till.c --- */
void till_work(struct sim *sim, struct till *till);
void till_resend(struct sim *sim, struct till *till);
void till_enrol(struct sim *sim, struct newcomer *newcomer);
void till_leave(struct sim *sim, struct till *till); /* forgets its connection */
/* Whole frames in what has come are taken; the rest stays. */
void till_receive(struct sim *sim, struct till *till, struct buffer *buffer);
bool till_is_done(const struct sim *sim, const struct till *till);
void till_free(struct till *till);

/* --- audit.c: what must hold whatever has happened --- */
void audit_store(struct sim *sim);   /* every event is there once and as it was acknowledged */
void audit_answers(struct sim *sim); /* asking again gives the same bytes, another body a conflict */
void audit_rest(struct sim *sim);    /* nothing of the service is in use */

/* --- fold.c: what the outcomes add up to --- */
/* Vouchers and reservations end once, what is reserved is held, no limit is overshot. */
void audit_outcomes(struct sim *sim);
void audit_members(struct sim *sim); /* each member has what the outcomes gave him, in lots */

#endif
