/* A shop without a daemon: customers whose holdings are folded from decisions in the order the ledger works.
 * For tables that say what a programme must give (loyaltyctl_table.h). Time is that of the rows; there are no
 * zones. */
#ifndef LOYALTY_CLIENT_LOYALTYCTL_TRIAL_H
#define LOYALTY_CLIENT_LOYALTYCTL_TRIAL_H

#include "base/arena.h"
#include "engine/engine.h"
#include "model/numbers.h"
#include "programme/load.h"

enum {
    TRIAL_CUSTOMERS_MAX = 16,
    TRIAL_VERSIONS_MAX = 8,
    TRIAL_COUNTERS_MAX = 256,
    TRIAL_VOUCHERS_MAX = 128,
    TRIAL_RESERVED_MAX = 64,
    TRIAL_RECEIPTS_MAX = 128,
    TRIAL_PARKED_MAX = 16
};

/* When something happened on the clock, and when it came. */
struct trial_time {
    int32_t day;
    int32_t minute;
    int32_t booked_day;
    int32_t booked_minute;
};

/* A counter that is no customer's. */
struct trial_counter {
    uint32_t limit;
    int32_t period;
    char scope[80]; /* "store/till", "/store" or "/" */
    int64_t used;
};

struct trial_voucher {
    uint8_t code[VOUCHER_CODE_BYTES];
    uint32_t member;
    uint32_t reward;
    unsigned end; /* 0: open; else enum voucher_end */
};

struct trial_reserved {
    uint64_t position;
    uint32_t member;
    bool has_code;
    uint8_t code[VOUCHER_CODE_BYTES]; /* of the voucher it holds */
    struct effect effect;
    uint32_t ended; /* how, where that is noted; else 0 */
};

/* A purchase that others can be about, by the number of its receipt. */
struct trial_receipt {
    const struct event *event; /* held */
    struct trial_time time;
    bool closed;             /* the day of its till is over */
    struct engine_past past; /* as it was decided last */
    struct context *context; /* of that */
    struct outcome *outcome;
    struct member_state *holdings; /* of the context, NULL: it had none */
    size_t facts_count;
    struct receipt_fact facts[RECEIPT_FACTS_MAX];
};

/* What decides: the engine, or a test that looks at it more closely. */
struct trial_engine {
    int (*settle)(const struct programme *programme, const struct member_state *state,
                  const struct context *context, struct outcome *outcome);
    int (*decide)(const struct programme *programme, const struct engine_place *place,
                  const struct event *event, const struct context *context, const struct engine_past *past,
                  struct decision *decision);
};
extern const struct trial_engine trial_engine;

struct trial {
    const struct trial_engine *engine; /* held */
    const struct programme
        *versions[TRIAL_VERSIONS_MAX]; /* as they were given; each from its effective day */
    size_t versions_count;
    const struct programme *programme; /* the version of the last event */
    const char *store;                 /* where customers are served unless a row says otherwise */
    const char *till;
    uint64_t position;
    size_t customers_count; /* those who were enrolled; customer i is member i + 1 */
    struct member_state *customers[TRIAL_CUSTOMERS_MAX];
    int64_t accounts[PROGRAMME_ACCOUNTS];
    int64_t accounts_before[PROGRAMME_ACCOUNTS]; /* before the last event */
    size_t counters_count;
    struct trial_counter counters[TRIAL_COUNTERS_MAX];
    size_t vouchers_count;
    struct trial_voucher vouchers[TRIAL_VOUCHERS_MAX]; /* in the order they were issued */
    size_t reserved_count;
    struct trial_reserved reserved[TRIAL_RESERVED_MAX];
    size_t receipts_count;
    struct trial_receipt *receipts[TRIAL_RECEIPTS_MAX];
    size_t parked_count;
    const struct event
        *parked[TRIAL_PARKED_MAX]; /* returns that wait for their purchase; NULL: decided since */
    struct profile profiles[TRIAL_CUSTOMERS_MAX]; /* by customer; all 0: nothing is known */
    struct member_state *holdings;                /* what the last event could take from */
    struct member_state *other;                   /* and those of its second member */
    struct member_state *shared;                  /* a customer as his household makes him */
    struct member_state *own;                     /* of him, what is his alone */
    uint32_t household;                           /* of the event that is decided; 0: none */
    struct engine_past past;                      /* what it was about */
    struct event past_event;
    struct outcome *past_outcome;
    struct receipt_fact fact;
    struct context *context;   /* of the last event */
    struct decision *decision; /* of the last event */
    struct decision *resumed;  /* of the last return that had waited */
    struct numbers *numbers;
    struct findings *findings; /* of the last programme read */
    struct arena arena;
    void *memory;
    const char *broken; /* what must always hold and did not; NULL: nothing */
};

/* trial_close accepts what a failed trial_open left behind. ERR_NOMEM. */
int trial_open(struct trial *trial) MUST_CHECK;
void trial_close(struct trial *trial);

/* Forgets customers and programmes. */
void trial_empty(struct trial *trial);

/* Reads a programme as the next version. ERR_FORMAT with trial->findings; ERR_TOO_LARGE for one too many. */
int trial_load(struct trial *trial, struct bytes yaml) MUST_CHECK;

/* Books an event as the ledger does: settles, observes, decides, applies, and looks whether everything still
 * holds (trial->broken). Customer -1: no card, or one nobody has; an index nobody has yet is enrolled where
 * the event does so. A purchase whose receipt has a number is kept under it, for returns, voids and claims;
 * of what waits for it, each is decided right after it. Holds `event` until trial_empty or trial_close. What
 * engine_decide returns; ERR_TOO_LARGE for more than can be kept. */
int trial_book(struct trial *trial, int customer, const struct event *event,
               struct trial_time time) MUST_CHECK;

/* What somebody has now: of who was merged that of whom he became, of who lives with others what they share,
 * too. Valid until the next call. */
const struct member_state *trial_customer(struct trial *trial, int customer);

/* Only what fell due. Fills trial->decision. */
int trial_settle(struct trial *trial, int customer, int32_t booked_day, int32_t minute) MUST_CHECK;

#endif
