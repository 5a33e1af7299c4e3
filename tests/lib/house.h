/* A whole daemon below its sessions, for tests: a store in a folder of its own, a ledger over it, a clock
 * that only the test moves, and principals who sign. Everything fails the test where it cannot do its work.
 */
#ifndef LOYALTY_TESTS_LIB_HOUSE_H
#define LOYALTY_TESTS_LIB_HOUSE_H

#include "lib/temporary.h"
#include "lib/testing.h"

#include "model/decision.h"
#include "service/ledger.h"
#include "service/replay.h"
#include "wire/body.h"

enum { HOUSE_ADMIN = 1, HOUSE_PRINCIPALS = 8 };

struct house {
    struct temporary temporary;
    struct world world;
    int64_t now; /* what the clock says */
    uint8_t random_next;
    struct key_pair daemon_key;
    uint8_t lookup_key[KEY_BYTES];
    uint8_t programme_id[PROGRAMME_ID_BYTES];
    struct key_pair keys[HOUSE_PRINCIPALS]; /* by principal */
    uint64_t sequences[HOUSE_PRINCIPALS];   /* the next each will sign */
    struct ledger *ledger;
    bool careful;
    const char *locale;        /* asked for with every booking; NULL: no rendering */
    struct arena memory;       /* of results */
    struct arena scratch;      /* of requests and replies; reset by each house_ call that answers */
    struct decision *decision; /* of the last answer that was booked */
    struct booked booked;
    struct bytes booked_bytes;
    struct reply reply; /* the last one; to a batch, that to its first event */
    struct ledger_result result;
};

/* The ledger of a new log in which `yaml` is the programme; live unless `loading`. */
void house_open(struct house *house, const char *yaml, bool loading);
void house_close(struct house *house);

/* Ends the ledger and the store without ceremony and starts them again. */
void house_restart(struct house *house);

/* A terminal of this store and label: invited, enrolled. Returns its number. */
uint32_t house_terminal(struct house *house, const char *store, const char *label);

/* A principal of any role; `store` may be NULL for operators. */
uint32_t house_principal(struct house *house, enum role role, const char *store, const char *label);

/* Opens an empty store, books the log of the house into it again from its first event, and fails where the
 * two differ.
 */
void house_replay(struct house *house);

/* The same where they may differ: the replay's result, and where. */
int house_replay_differs(struct house *house, struct replay_difference *ret_difference) MUST_CHECK;

/* Packs, signs and books the event as the principal's next; moves the principal's sequence when it was
 * booked. Fills the reply, and decision and booked when it is REPLY_BOOKED. `card` NULL: no opening; else the
 * event's commitment is set. */
void house_book(struct house *house, uint32_t principal, struct event *event, const char *card);

/* Fills body and opening of a booking, all of it in the arena; the event's commitment is set. */
void house_seal(struct event *event, uint64_t sequence, const char *card, struct arena *arena,
                struct request_book *book);

/* The event as the principal would send it, with the opening of its card (NULL: none), in the arena. */
struct request house_sign(struct house *house, uint32_t principal, uint64_t sequence, struct event *event,
                          const char *card, struct arena *arena);

/* The same under a sequence of the test's choice, without moving anything. */
void house_book_as(struct house *house, uint32_t principal, uint64_t sequence, struct event *event,
                   const char *card);

/* Runs one request of the principal's; with `key_no` as one whose signature fits that key of the principal's.
 */
void house_ask(struct house *house, uint32_t principal, const struct request *request);
void house_ask_with(struct house *house, uint32_t principal, uint32_t key_no, const struct request *request);

/* A purchase of one line at house->now: receipt number, category, gross. Valid until the next call. */
struct event house_purchase(struct house *house, const char *number, const char *category, int64_t gross);

#endif
