/* What a decision reads beside the programme and the event: recorded with it, so that it can be made again.
 * The meaning of each field is that of loyalty.Context in proto/loyalty/log.proto. */
#ifndef LOYALTY_MODEL_CONTEXT_H
#define LOYALTY_MODEL_CONTEXT_H

#include "base/limits.h"
#include "model/account.h"
#include "model/member_state.h"
#include "model/programme.h"
#include "model/receipt_fact.h"

#include <stddef.h>
#include <stdint.h>

enum { CONTEXT_METRICS_MAX = MEASURES_MAX + 1, CONTEXT_DAY_STARTS_MAX = 2 * LOTS_MAX };

/* A measure of the programme before the event. Of an event that comes late the three may differ. */
struct context_metric {
    /* 0: qualifying points over the tiers' window; else 1 + index in `measures`. Of a run of windows `value`
     * is how many there are directly before the event's, `now` how many directly after it. */
    uint32_t metric;
    int64_t value;   /* over the window that holds the event's day; a rolling one ends on it */
    int64_t now;     /* over the window that holds booked_day */
    int64_t fullest; /* of the windows that hold the event's day and ended by booked_day the largest */
};

/* What a limit had counted before the event, in the period and for whom the event counts. */
struct context_limit {
    uint32_t limit; /* number */
    int64_t used;   /* not 0 */
};

struct day_start {
    int32_t day;
    int64_t at; /* ms UTC */
};

/* Whether nobody has a card that is to be linked, or somebody does, or it was not opened. */
enum context_card { CONTEXT_CARD_FREE, CONTEXT_CARD_CLOSED, CONTEXT_CARD_TAKEN };

struct context {
    /* facts, filled by the caller of the engine */
    int32_t day;        /* business day of occurred_at in the store's zone */
    int32_t minute;     /* civil minute of occurred_at there */
    int32_t offset;     /* minutes east of UTC */
    int32_t member_day; /* business day of occurred_at in the programme's zone */
    int32_t booked_day; /* business day of booked_at in the programme's zone */
    int64_t booked_at;  /* ms UTC; recorded with the event, not here */
    uint32_t member;    /* 0: none */
    uint32_t new_member;
    uint32_t household; /* that shares with the member what it shares; 0: none */
    uint8_t
        random[VOUCHERS_PER_EVENT_MAX * VOUCHER_CODE_BYTES]; /* drawn in advance; recorded as far as used */
    size_t random_size;
    struct day_start day_starts[CONTEXT_DAY_STARTS_MAX]; /* ascending */
    size_t day_starts_count;

    /* the part of the member's state the decision reads, filled by engine_observe */
    uint64_t previous;
    int64_t balances[MEMBER_ACCOUNTS];
    uint32_t level;
    int32_t level_until;
    int32_t level_day;
    uint32_t held_level;
    int32_t held_until;
    uint32_t floor_level;
    int32_t floor_until;
    int32_t enrolled;
    uint32_t purchases;
    int32_t last_purchase;
    struct context_metric metrics[CONTEXT_METRICS_MAX];
    size_t metrics_count;
    struct stamps stamps[CARDS_MAX];
    size_t stamps_count;
    uint32_t decided_level; /* of the day it happened: of an event that comes late it may be another */
    uint32_t visits_today;  /* visits counted on member_day before, where days count */
    struct context_limit limits[COUNTERS_MAX]; /* in the order of the programme */
    size_t limits_count;

    /* what events that take something from members see; NULL for all others */
    const struct member_state *holdings; /* the member's own, as far as the decision looks at them */
    const struct member_state *other;    /* those of the second member of the event */

    /* the booked event this one is about (a purchase that is returned, a reservation that is committed) */
    uint64_t about;                   /* position; 0: none */
    const struct receipt_fact *facts; /* what has become of it, by kind and index; borrowed */
    size_t facts_count;
    struct set_item items[SET_ITEMS_MAX]; /* of the sets among the cards, by card and item */
    size_t items_count;

    /* what stands outside the log, as far as the decision asks: never the thing itself */
    uint8_t answers[(QUESTIONS_MAX + 7) / 8]; /* bit question - 1 is set where the profile says yes */
    size_t answers_size;                      /* bytes, without those behind the last bit that is set */
    uint8_t occasions;      /* of a tick of one member: OCCASION_BIT of those that are due */
    enum context_card card; /* of a card that is to be linked; CONTEXT_CARD_FREE for all other events */

    /* of each redemption of the event, in its order: what has become of the voucher it names */
    enum voucher_standing {
        VOUCHER_NOT_NAMED = 0,
        VOUCHER_OPEN = 1, /* the member's own */
        VOUCHER_WAS_REDEEMED = 2,
        VOUCHER_WAS_EXPIRED = 3,
        VOUCHER_WAS_CANCELLED = 4,
        VOUCHER_NOT_THERE = 5 /* or somebody else's */
    } vouchers[REDEMPTIONS_MAX];
    size_t vouchers_count;

    /* of a tick of several members: the position of the event before, of each in their order */
    uint64_t settled[TICK_MEMBERS_MAX];
    size_t settled_count;
};

/* Whether the profile answered a question of the programme's with yes. */
bool context_answer(const struct context *context, uint32_t question);

/* A metric's entry, all 0 where it has none. */
struct context_metric context_metric(const struct context *context, uint32_t metric);

/* The sum of a fact of the receipt it is about; all 0 where there is none. */
struct receipt_fact context_fact(const struct context *context, enum receipt_fact_kind kind, uint32_t index);

/* The day the member was enrolled; of one about to be, the event's. */
int32_t context_enrolled(const struct context *context);

/* Makes it the context of an event that looks at nothing. Cheaper than zeroing all of it. */
void context_clear(struct context *context);

#endif
