/* Everything the daemon knows of one member's holdings: what the store keeps in his row, what the engine
 * reads and what effects change. Plain data of fixed size; about 400 KiB, of which only what is used is ever
 * touched. */
#ifndef LOYALTY_MODEL_MEMBER_STATE_H
#define LOYALTY_MODEL_MEMBER_STATE_H

#include "base/limits.h"
#include "model/account.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RESERVATIONS_MAX = 64,
    METRIC_DAYS_MAX = 4096,
    VOUCHERS_MAX = 1024,
    MEMBER_COUNTERS_MAX = 2048,
    SET_ITEMS_MAX = 2048,
    LEVEL_HISTORY_DAYS = 400,
    LEVEL_HISTORY_MAX = LEVEL_HISTORY_DAYS + 2
};

/* Who opened something: the event's position and which of those it opened. */
struct origin {
    uint64_t position;
    uint32_t index;
};

/* Points credited together. Kept while any are left. */
struct lot {
    struct origin origin;
    int64_t amount; /* all that ever came in */
    int64_t left;
    int64_t reserved; /* of what is left: held for reservations */
    int32_t since;    /* day of the purchase */
    int32_t until;    /* last valid day, or DAY_NEVER */
    int32_t due;      /* pending: first day available; else 0 */
};

struct stamps {
    uint32_t card; /* number */
    int64_t count; /* on the card; below 0: owed */
    uint32_t completed;
    int32_t since;    /* day of the first stamp on it */
    int64_t required; /* stamps that complete it, as promised when they were given; 0: none are on it */
};

/* An article or label on a stamp card that is a set: it is there as long as any of it stands. */
struct set_item {
    uint32_t card;    /* number */
    uint64_t item;    /* a hash of its text, 48 bits: model/set_item.h */
    int64_t standing; /* thousandths bought and not returned, never 0 */
};

/* Never 0: a day whose amount comes to 0 is removed. Days too old for any window to look at one by one are
 * added up on the day DAY_MIN (model/day.h). */
struct metric_day {
    uint32_t metric;
    int32_t day;
    int64_t amount;
};

/* A level that was in force from a day on. */
struct level_day {
    int32_t since;
    uint32_t level;
};

/* What a limit of the member's own has counted in a period. Never 0. */
struct counter {
    uint32_t limit; /* number */
    int32_t period; /* its first day; DAY_MIN: for ever */
    int64_t used;
};

struct held_voucher {
    struct origin origin;
    uint8_t code[VOUCHER_CODE_BYTES];
    uint32_t reward; /* number */
    uint32_t card;   /* number of the stamp card that gave it, or 0 */
    int32_t since;
    int32_t until;        /* last valid day, or DAY_NEVER */
    uint64_t reservation; /* position of the event that reserved it; 0: free */
};

/* Points, or a voucher, held for a basket in progress. Which points is said by `reserved` of the lots: they
 * are used in the order of spending, whichever reservation is committed first. */
struct reservation {
    uint64_t position; /* of the event that reserved: the reservation's name */
    int64_t points;    /* 0: a voucher */
    uint32_t reward;   /* number; 0: points to pay with */
    uint32_t units;
    int32_t day;   /* limits counted it on */
    int64_t until; /* ms UTC: over when this is reached; 0: it does not time out */
};

struct member_state {
    uint32_t member;                   /* 0: nobody */
    int32_t enrolled;                  /* day, in the programme's zone */
    int64_t balances[MEMBER_ACCOUNTS]; /* available is negative while points are owed */
    uint32_t level;                    /* number, 0: none */
    int32_t level_until;               /* last day, or DAY_NEVER */
    int32_t level_day;                 /* the level was last reached on it */
    uint32_t held_level; /* number: what earlier windows gave and is left if this one's level goes; 0: none */
    int32_t held_until;  /* its last day */
    uint32_t floor_level;   /* number: given by hand or by a rule; 0: none */
    int32_t floor_until;    /* its last day, or DAY_NEVER */
    uint32_t purchases;     /* that stand */
    int32_t last_purchase;  /* day of the latest ever; 0: none yet */
    uint64_t last_position; /* of the member's last event */
    uint32_t merged;    /* into the member of this number, whose all is that was this one's; 0: into none */
    uint32_t household; /* the member is in; its own number: it is a household; 0: neither */
    int32_t joined;     /* of a member as its household makes it: the day he was enrolled himself; else 0 */
    int32_t shared_day; /* of a member as its household makes it: somebody's last purchase there; 0: none */
    size_t lots_count;
    size_t stamps_count;
    size_t metric_days_count;
    size_t vouchers_count;
    size_t reservations_count;
    size_t counters_count;
    size_t levels_count;
    size_t items_count;
    struct stamps stamps[CARDS_MAX * 4];               /* by card number; cards of older versions stay */
    struct held_voucher vouchers[VOUCHERS_MAX];        /* issued or reserved, by origin */
    struct reservation reservations[RESERVATIONS_MAX]; /* by position */
    struct metric_day metric_days[METRIC_DAYS_MAX];    /* by metric and day */
    struct counter counters[MEMBER_COUNTERS_MAX];      /* by limit and period */
    struct level_day levels[LEVEL_HISTORY_MAX];        /* by day, as far back as late events can ask */
    struct set_item items[SET_ITEMS_MAX];              /* of sets, by card and item */
    struct lot lots[LOTS_MAX];                         /* by origin */
};

/* Makes the state that of a member without any holdings. Cheaper than zeroing all of it. */
void member_state_clear(struct member_state *state, uint32_t member);

/* Makes `to` the same as `from`, and touches no more of it than is used there. */
void member_state_copy(struct member_state *to, const struct member_state *from);

/* The member's stamps of a card, or NULL. */
const struct stamps *member_state_stamps(const struct member_state *state, uint32_t card);

/* The level in force on a day, 0 where there was none. */
uint32_t member_state_level_on(const struct member_state *state, int32_t day);

/* What a counter of the member's stands at, 0 where there is none. */
int64_t member_state_counter(const struct member_state *state, uint32_t limit, int32_t period);

/* The sum of a metric over first..last, both days included. Saturates at INT64_MAX. */
int64_t member_state_metric(const struct member_state *state, uint32_t metric, int32_t first, int32_t last);

#endif
