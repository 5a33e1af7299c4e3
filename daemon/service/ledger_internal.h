/* What the parts of the ledger share (ledger*.c only). */
#ifndef LOYALTY_SERVICE_LEDGER_INTERNAL_H
#define LOYALTY_SERVICE_LEDGER_INTERNAL_H

#include "service/ledger.h"

#include "civil/locale.h"
#include "civil/zone.h"
#include "crypto/chain.h"
#include "engine/engine.h"
#include "engine/household.h"
#include "model/decision.h"
#include "model/numbers.h"
#include "programme/load.h"
#include "service/render.h"
#include "service/versions.h"
#include "store/backup.h"
#include "wire/body.h"

enum {
    LEDGER_SCRATCH_BYTES = 16 * 1024 * 1024, /* address space; touched as far as an event needs */
    LEDGER_RANDOM_BYTES = 4096,
    CLOCK_AHEAD_MS_LOADING = 5 * 60 * 1000, /* how far into the future history may reach */
    CAREFUL_EVENTS = 1000,                  /* decided alone after a crash before batches are trusted again */
    ARRIVED_MAX = 256,                      /* returns resumed with one job; more wait for an operator */
    QUARANTINE_ENDS = 2,                    /* crashes while deciding an event before it is set aside */
    TIME_OUTS_MAX = 16 * 1024,              /* of reservations, known of in advance */
};

/* When a reservation is over. */
struct time_out {
    int64_t until;     /* ms UTC */
    uint64_t position; /* of the reservation */
    uint32_t member;
};

/* What falls due by itself: ledger_tick.c. Zeroed memory is a start. */
struct ticking {
    bool running;               /* a round is under way */
    bool again;                 /* another one is wanted */
    uint32_t next;              /* the member it looks at next */
    int32_t day;                /* the last one began on it */
    int64_t finished_at;        /* ms UTC, the last one; 0: none since the start */
    int64_t looked_at;          /* ms UTC: whether another day has begun */
    int64_t sliced_ms;          /* monotonic: the last slice */
    int64_t not_before_ms;      /* monotonic: the disk is full */
    int64_t missed;             /* ms UTC: the first time-out there is no room for */
    struct time_out *time_outs; /* TIME_OUTS_MAX, in no order */
    size_t time_outs_count;
};

struct ledger {
    struct ledger_options options;
    struct metrics metrics;
    int64_t started_at;
    struct store_head head; /* after the last event decided, committed or not */
    uint8_t programme_id[PROGRAMME_ID_BYTES];
    char currency[4];
    struct versions versions;
    struct numbers *numbers;
    struct numbers *numbers_draft;    /* for loading a version that may be refused */
    struct principal_row *principals; /* by number */
    size_t principals_count;
    struct zones zones;
    struct renderer renderer;
    uint32_t careful_left; /* events still to be decided alone */
    bool in_transaction;
    bool full;                   /* the disk, for the last transaction */
    bool erased;                 /* by this batch: nothing of it may stay in the write-ahead log */
    struct store_backup *backup; /* under way, NULL: none */
    char backup_path[BACKUP_PATH_BYTES_MAX + 1];

    /* one event at a time works in these */
    struct arena scratch;
    struct event event;
    struct context context;
    struct context past; /* of a stored event that is explained */
    struct member_state *state;
    struct member_state *other;     /* the second member of a transfer or merge */
    struct member_state *household; /* of the member, where it is in one */
    struct decision *decision;
    uint8_t random[LEDGER_RANDOM_BYTES];
    size_t random_used;
    uint64_t parked_count;         /* returns that wait for their purchase */
    uint64_t arrived[ARRIVED_MAX]; /* those whose purchase came with the job at hand */
    size_t arrived_count;
    int32_t due_days[CONTEXT_DAY_STARTS_MAX];   /* of the settlement at hand */
    struct shared_counter shared[COUNTERS_MAX]; /* of the decision at hand */
    uint32_t completes; /* whose card is to be completed before the event at hand; 0: nobody's */
    struct ticking ticking;
};

/* An event on its way into the log. */
struct draft {
    uint32_t principal;
    uint64_t sequence;
    struct bytes body;
    struct bytes signature;
    struct event_batch batch; /* with the signature of one; first_position 0: it begins with this event */
    int64_t booked_at;
    const struct event *event;  /* NULL: the body could not be read */
    const struct event *stated; /* what a rebook wraps; NULL: the event itself says what happened */
    const struct opening *opening;
    const struct context *recorded; /* a replay: the facts of then; NULL when they are drawn now */
    const struct event_row *proved; /* a replay: its context, outcome and chain are what is to be written */
    bool recorded_clock;            /* a replay: it was refused for the clock of then */
    const struct programme *programme; /* in force when it occurred; NULL before the first one */
    uint8_t card_hash[HASH_BYTES];     /* of the opened card */
    bool card_opened;
    struct receipt_key receipt; /* number NULL: the event has none */
    int64_t returned;           /* minor units of goods that came back with it */
    struct receipt_key parked;  /* whose purchase it waits for, or waited for; number NULL: it does not */
    struct bytes yaml;          /* of an accepted programme change */
    uint64_t position;          /* filled by ledger_write */
    uint8_t chain[HASH_BYTES];  /* filled by ledger_write */
    struct bytes outcome;       /* packed; filled by ledger_write */
};

/* Opens the batch's transaction if it is not open yet. */
int ledger_begin(struct ledger *ledger) MUST_CHECK;

/* Ends the batch's transaction if it is open: commits it, or rolls it back where `result` is an error.
 * Returns that, or the commit's. */
int ledger_end(struct ledger *ledger, int result) MUST_CHECK;

/* Reads head, programmes and principals again, as after a rollback. */
int ledger_load(struct ledger *ledger) MUST_CHECK;

/* An empty ledger; what it holds is loaded by the caller. */
int ledger_allocate(const struct ledger_options *options, struct ledger **ret_ledger) MUST_CHECK;

/* Takes the programme id and the currency from the genesis event, and h(0) when the log is empty. */
void ledger_take_genesis(struct ledger *ledger, const struct event *genesis, struct bytes body);

/* Signs an event of the daemon's own and fills the draft; body and signature live in scratch. */
int ledger_daemon_draft(struct ledger *ledger, const struct event *event, struct draft *ret_draft) MUST_CHECK;

/* Writes the decided event: hashes, rows, effects; the head moves on. The decision is ledger->decision. */
int ledger_write(struct ledger *ledger, struct draft *draft) MUST_CHECK;

/* The chain with the next event, whose row is whole but for that. The signature of an event of a batch has
 * SIGNATURE_BYTES. */
void ledger_chain(const struct ledger *ledger, const struct event_row *row, uint8_t ret_chain[HASH_BYTES]);

/* The daemon's clock as an event is booked by: never behind the log. */
int64_t ledger_now(const struct ledger *ledger);

/* Decides a purchase or an enrolment; fills ledger->decision and ledger->context. */
int ledger_decide_member(struct ledger *ledger, struct draft *draft,
                         const struct principal_row *principal) MUST_CHECK;

/* A receipt as an event names it, or as the terminal's own where it does not. */
void ledger_receipt_key(const struct receipt *receipt, const struct principal_row *principal,
                        struct receipt_key *ret_key);

/* Finds the member of the opened card; fills the context's member or new_member. */
int ledger_find_member(struct ledger *ledger, struct draft *draft) MUST_CHECK;

/* A decision for one member, once it is known who that is. */
struct member_work {
    const struct store_place *store; /* whose days count */
    struct engine_place place;
    bool takes; /* it looks at the member's holdings */
    const struct engine_past *past;
    struct receipt_fact *facts; /* of what `past` is; with room for FACTS_ROOM more than there are */
    struct receipt_key original;
    const struct event *event; /* what is decided; NULL: the draft's */
};
enum { FACTS_ROOM = LOTS_MAX + 8 };

/* The member is context->member: places the event in time, settles, observes, decides and folds. */
int ledger_decide_for(struct ledger *ledger, struct draft *draft, const struct member_work *work) MUST_CHECK;

/* Completes the facts by what this event itself finds: what expired with it, and that the day is over. */
int ledger_past_settled(struct ledger *ledger, const struct draft *draft,
                        const struct member_work *work) MUST_CHECK;

/* The purchase an adjustment names, into the work and the context; refuses one that is not context->member's.
 * What is not booked leaves work->past as it is: the engine refuses it. `room` as in the work. */
int ledger_find_adjusted(struct ledger *ledger, const struct adjustment *adjustment,
                         const struct principal_row *principal, struct engine_past *room,
                         struct member_work *work) MUST_CHECK;

/* Decides a return, a void, a claim or its opposite, or the close of a till's day. */
int ledger_decide_about(struct ledger *ledger, struct draft *draft,
                        const struct principal_row *principal) MUST_CHECK;

/* Decides a fact of a till's that was refused. ledger_rebook.c */
int ledger_decide_rebook(struct ledger *ledger, struct draft *draft) MUST_CHECK;

/* Makes of a REBOOK what it wraps, and of its till who sent it; leaves any other event as it is. Lives in
 * scratch. ERR_FORMAT where that is no fact, ERR_NOT_FOUND. */
int ledger_unwrap(struct ledger *ledger, struct event *event,
                  const struct principal_row **ret_principal) MUST_CHECK;

/* Whether the draft, which was refused, states what happened all the same, and nobody at the till could help
 * it: the back office is to see it. */
bool ledger_is_lost(const struct ledger *ledger, const struct draft *draft);

/* A page of exceptions. */
int ledger_exceptions(struct ledger *ledger, const struct ledger_job *job, struct reply *reply) MUST_CHECK;

/* Decides a tick, one member's or several's. ERR_FORMAT when it does not fit the log. ledger_tick.c */
int ledger_decide_tick(struct ledger *ledger, struct draft *draft) MUST_CHECK;

/* Books a tick of these members, ascending, in the open transaction or a new one. Resets nothing. */
int ledger_book_tick(struct ledger *ledger, int64_t booked_at, const uint32_t *members,
                     size_t count) MUST_CHECK;

/* Knows of what an effect of the event at `position` lets fall due. */
void ledger_tick_follow(struct ledger *ledger, uint64_t position, const struct effect *effect);

/* Nothing is known any more of what falls due: everybody is to be looked at. */
void ledger_tick_reset(struct ledger *ledger);

/* Fills the context's civil times; `store` NULL: the programme's zone for all of them. */
int ledger_place_in_time(struct ledger *ledger, const struct draft *draft,
                         const struct store_place *store) MUST_CHECK;

/* Adds to the context the starts of the days on which something of ledger->state falls due. Of a replay they
 * are the recorded ones, ERR_FORMAT where one is not among them. */
int ledger_add_day_starts(struct ledger *ledger, const struct draft *draft,
                          const struct programme *programme) MUST_CHECK;

/* Limits of tills and stores, and of the members of a household their own, get back what reservations counted
 * that ended without being used: those of the effects from `first` on, which `event` (NULL: none) has brought
 * to the member `state` is of. Which till and who it was is known from the event that reserved.
 * ledger_redeem.c */
int ledger_give_back(struct ledger *ledger, const struct event *event, const struct member_state *state,
                     size_t first) MUST_CHECK;

/* Decides a return whose purchase has arrived. */
int ledger_decide_resumed(struct ledger *ledger, struct draft *draft) MUST_CHECK;

/* Whom an operator's event is about, the first of two; CODE_UNKNOWN_MEMBER where a member is not there,
 * CODE_MEMBER_MERGED where it is another one by now. A
 * card that is to be linked goes into the context as far as the decision asks. ledger_beside.c */
int ledger_name_members(struct ledger *ledger, struct draft *draft) MUST_CHECK;

/* Whom all that was the member's belongs to by now: another one where it was merged. */
int ledger_owner(struct ledger *ledger, uint32_t *member) MUST_CHECK;

/* Reads the member, with what a household shares with it: the one it was in when what the event is about
 * happened (`household`), or (0) is in now. Fills ledger->state, and ledger->household where `ret_household`
 * is not 0. */
int ledger_read_member(struct ledger *ledger, uint32_t member, uint32_t household,
                       uint32_t *ret_household) MUST_CHECK;

/* Opens the event's card commitment: sets card_opened and card_hash when the opening fits. */
void ledger_open_card(const struct ledger *ledger, struct draft *draft);

/* What an accepted event changes outside the log: cards, openings, what is erased. Not for a replay. */
int ledger_write_beside(struct ledger *ledger, const struct draft *draft) MUST_CHECK;

/* Books the returns that waited for what the last job booked, right behind it. */
int ledger_resume(struct ledger *ledger) MUST_CHECK;

/* The event booked at `position`, as it was decided; all of it lives in scratch. `programme` is NULL for
 * events of before the first version. ERR_NOT_FOUND; ERR_CORRUPT for one that cannot be read, as one booked
 * MALFORMED. */
int ledger_past(struct ledger *ledger, uint64_t position, struct engine_past *ret_past) MUST_CHECK;

/* Fills the context's member with whose reservation that is; nobody's where there is none. */
int ledger_find_reserver(struct ledger *ledger, uint64_t position) MUST_CHECK;

/* Fills what an event that takes something from the settled member looks at: the context's holdings,
 * vouchers, about and facts. `past` is room for what `ret_past` points to then; it is left as it is where
 * the event is about no reservation. */
int ledger_gather(struct ledger *ledger, const struct event *event, struct engine_past *past,
                  const struct engine_past **ret_past) MUST_CHECK;

/* Adds what fell due by the context's booked day to ledger->decision and applies it to ledger->state, whose
 * last position stays. The context's day_starts are there. */
int ledger_settle(struct ledger *ledger, const struct programme *programme) MUST_CHECK;

/* Makes ledger->decision a refusal. */
void ledger_refuse(struct ledger *ledger, enum outcome_code code);

/* Makes it that of an event the daemon has ended on: nothing of it is looked at. */
void ledger_set_aside(struct ledger *ledger);

/* Decides what an operator asks for; fills ledger->decision. */
int ledger_decide_operator(struct ledger *ledger, struct draft *draft) MUST_CHECK;

/* Decides an event of the daemon's own; fills ledger->decision. It holds no discretion: everything follows
 * from the event. ERR_FORMAT when it does not fit the log, which only a replay can meet. */
int ledger_decide_daemon(struct ledger *ledger, const struct event *event) MUST_CHECK;

/* Decides the draft as the next event of its principal: fills ledger->decision and ledger->context. */
int ledger_decide(struct ledger *ledger, struct draft *draft,
                  const struct principal_row *principal) MUST_CHECK;

/* When an event is booked: by the clock once the programme is live, by what was booked before while history
 * loads. */
int64_t ledger_booked_at(const struct ledger *ledger, const struct event *event);

/* The programme in force on the day `occurred_at` belongs to; NULL when there is none yet. */
const struct programme *ledger_programme_at(struct ledger *ledger, int64_t occurred_at);

/* The version in force on a business day: members are settled by it; NULL when there is none yet. */
const struct programme *ledger_programme_on(const struct ledger *ledger, int32_t day);

/* The newest version, or NULL. */
const struct programme *ledger_programme_newest(const struct ledger *ledger);
const struct programme *ledger_programme_version(const struct ledger *ledger, uint32_t version);

/* Loads what may become the next version, and its numbers into numbers_draft. ERR_FORMAT with findings when
 * it is no valid programme or does not follow the newest; the caller finishes the version. */
int ledger_load_draft(struct ledger *ledger, struct bytes yaml, struct findings *ret_findings,
                      struct version *ret_version) MUST_CHECK;

/* The principal, or NULL. */
struct principal_row *ledger_principal(struct ledger *ledger, uint32_t principal);

/* One job: fills the reply, whose pointers live in scratch until it is packed. */
int ledger_book(struct ledger *ledger, const struct ledger_job *job, struct reply *reply,
                struct ledger_result *result) MUST_CHECK;
int ledger_book_batch(struct ledger *ledger, const struct ledger_job *job, struct arena *memory,
                      struct ledger_result *result) MUST_CHECK;
int ledger_enrol(struct ledger *ledger, const struct ledger_job *job, struct reply *reply,
                 struct ledger_result *result) MUST_CHECK;
int ledger_query(struct ledger *ledger, const struct ledger_job *job, struct reply *reply,
                 struct ledger_result *result) MUST_CHECK;

/* A quote: decided like the next event of the principal, and forgotten. */
int ledger_quote(struct ledger *ledger, const struct ledger_job *job, struct reply *reply) MUST_CHECK;

/* What the purchase of a draft could use beside what it redeems: its member's vouchers, rewards for points
 * and points to pay with. Each is decided as a purchase that redeems it; ledger->decision, context and state
 * are those of the last one. All of it lives in scratch. ERR_TOO_LARGE. */
int ledger_offers(struct ledger *ledger, const struct draft *draft, const struct principal_row *principal,
                  struct offer **ret_offers, size_t *ret_count) MUST_CHECK;

/* Whether an event of this kind has a trace that explains it. */
bool ledger_explains(enum event_kind kind);
/* Whether a job may book events of this principal now; if not, the reply says why. */
bool ledger_may_book(struct ledger *ledger, const struct ledger_job *job, uint32_t principal,
                     struct reply *reply, struct ledger_result *result);

/* The same for a sequence that is not booked yet: the expected one, under the current key, by a good clock.
 */
bool ledger_may_follow(struct ledger *ledger, const struct ledger_job *job, uint32_t principal,
                       uint64_t sequence, struct reply *reply);

/* The reply to an event that was booked before: its stored bytes, or a conflict. */
int ledger_answer_stored(struct ledger *ledger, const struct request_book *book,
                         struct reply *reply) MUST_CHECK;

/* Books the expected event of its principal; `batch` is NULL when it was signed alone. The reply lives in
 * scratch. */
int ledger_book_event(struct ledger *ledger, const struct request_book *book, struct event_batch *batch,
                      struct reply *reply, struct ledger_result *result) MUST_CHECK;

/* What a member has, and what has become of a voucher: ledger_view.c. */
int ledger_reply_member(struct ledger *ledger, const struct ledger_job *job, struct reply *reply) MUST_CHECK;
int ledger_reply_voucher(struct ledger *ledger, const struct ledger_job *job, struct reply *reply) MUST_CHECK;

/* The member a request names, by card or, where that is NULL, by number. ERR_NOT_FOUND. */
int ledger_find_named(struct ledger *ledger, const char *card, uint32_t member,
                      uint32_t *ret_member) MUST_CHECK;

/* Fills the occasions of the member of ledger->state that are due on the context's booked day; of a replay a
 * birthday is as it was recorded. ledger_occasion.c */
int ledger_occasions(struct ledger *ledger, const struct draft *draft, uint8_t *ret_occasions) MUST_CHECK;

/* Profiles: ledger_profile.c. `ret_profile` lives in scratch; ERR_NOT_FOUND; ERR_CORRUPT when it was sealed
 * under another key. */
int ledger_set_profile(struct ledger *ledger, const struct ledger_job *job, struct reply *reply) MUST_CHECK;
int ledger_get_profile(struct ledger *ledger, const struct ledger_job *job, struct reply *reply) MUST_CHECK;
int ledger_profile(struct ledger *ledger, uint32_t member, struct profile *ret_profile) MUST_CHECK;
/* What is known of `from` is known of `to`, unless something is already; of `from` it is deleted. 1:
 * something was, 0: there was nothing. */
int ledger_move_profile(struct ledger *ledger, uint32_t from, uint32_t to) MUST_CHECK;
/* Fills the context's answers; those of a replay are the recorded ones. */
int ledger_ask_profile(struct ledger *ledger, const struct draft *draft) MUST_CHECK;

/* Makes the reply a failure with this code and text. */
void ledger_fail(struct ledger *ledger, struct reply *reply, enum failure_code code, const char *text);

#endif
