/* A decision: the outcome that is recorded, and the trace that explains it and is made anew whenever asked
 * for. */
#ifndef LOYALTY_MODEL_DECISION_H
#define LOYALTY_MODEL_DECISION_H

#include "base/limits.h"
#include "model/account.h"
#include "model/effect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum outcome_code {
#define X(name, number, text) CODE_##name = (number),
#include "model/refusal.def"
#undef X
};

/* The text of a code for a shop's staff. */
const char *outcome_code_text(enum outcome_code code);

/* "ACCEPTED", "MALFORMED", ... */
const char *outcome_code_name(enum outcome_code code);

enum near_miss_reason { NEAR_NEXT_LEVEL = 0, NEAR_NEXT_REWARD = 1, NEAR_MIN_SPEND = 2, NEAR_MIN_BASKET = 3 };

struct near_miss {
    enum near_miss_reason reason;
    uint32_t number; /* of the level, card or rule, by reason */
    int64_t lacking;
};

enum exception_kind {
    EXCEPTION_UNKNOWN_CARD = 0,
    EXCEPTION_CARD_NOT_OPENED = 1,
    EXCEPTION_REDEMPTION_LEFT_OUT = 2,
    EXCEPTION_FREE_UNITS_LEFT_OUT = 3,
    EXCEPTION_POINTS_LEFT_OUT = 4,
    EXCEPTION_UNKNOWN_RECEIPT = 20,
    EXCEPTION_PARKED = 21,
    EXCEPTION_WITHOUT_RECEIPT = 22,
    EXCEPTION_VOIDED_RECEIPT = 23,
    EXCEPTION_DAY_CLOSED = 24,
    EXCEPTION_QUANTITY_NOT_RETURNED = 25,
    EXCEPTION_AMOUNT_NOT_RETURNED = 26,
    EXCEPTION_POINTS_NOT_TAKEN = 27,
    EXCEPTION_VOUCHER_USED = 28,
    EXCEPTION_POINTS_SHORT = 10,
    EXCEPTION_VOUCHER_UNKNOWN = 11,
    EXCEPTION_VOUCHER_USED_BEFORE = 12,
    EXCEPTION_VOUCHER_EXPIRED = 13,
    EXCEPTION_VOUCHER_CANCELLED = 14,
    EXCEPTION_RESERVATION_GONE = 15,
    EXCEPTION_REWARD_UNKNOWN = 16,
    EXCEPTION_REWARD_LIMIT = 17,
    EXCEPTION_REWARD_CONDITIONS = 18,
    EXCEPTION_NOTHING_TO_PAY = 19,
    EXCEPTION_REFUSED = 29 /* of no outcome: noted beside a refused fact */
};

struct exception {
    enum exception_kind kind;
    int64_t amount;
};

/* What an exception means, for the back office. */
const char *exception_text(enum exception_kind kind);

/* What a redemption of a purchase, or points, paid of what was due. */
struct use {
    uint32_t redemption; /* index in the purchase's; USE_POINTS: points paid */
    uint32_t reward;     /* number; 0: points paid */
    uint32_t units;      /* of the reward */
    int64_t points;      /* spent on it */
    int64_t value;       /* minor units */
};

enum { USE_POINTS = REDEMPTIONS_MAX, USES_MAX = REDEMPTIONS_MAX + 1 };

struct context;

struct balances {
    int64_t accounts[MEMBER_ACCOUNTS];
    uint32_t level;
    int32_t level_until;
    int64_t qualifying;
};

/* Fields as of loyalty.Outcome in proto/loyalty/log.proto. Pointers in effects belong to the event's arena.
 */
struct outcome {
    enum outcome_code code;
    uint32_t programme_version;
    uint32_t member; /* 0: none */
    bool has_balances;
    struct balances balances;
    size_t near_misses_count;
    struct near_miss near_misses[NEAR_MISSES_MAX];
    size_t exceptions_count;
    struct exception exceptions[EXCEPTIONS_MAX];
    size_t uses_count;
    struct use uses[USES_MAX]; /* in the order they were used */
    size_t effects_count;
    struct effect effects[EFFECTS_MAX];
};

/* Why a rule gave what it gave, or nothing. */
enum trace_reason {
    TRACE_APPLIED,
    TRACE_NO_MEMBER,
    TRACE_NO_LINES,  /* the selector matches no line */
    TRACE_MIN_SPEND, /* conditions that do not hold */
    TRACE_MIN_QUANTITY,
    TRACE_MIN_BASKET,
    TRACE_DATES,
    TRACE_WEEKDAY,
    TRACE_HOURS,
    TRACE_STORE,
    TRACE_TERMINAL,
    TRACE_CODE,
    TRACE_LEVEL,
    TRACE_FIRST_PURCHASE,
    TRACE_UNLESS,   /* something that must not hold does */
    TRACE_NOTHING,  /* less than the first step */
    TRACE_NOT_BEST, /* another base rule gave more, or came first */
    TRACE_TENDER,
    TRACE_DAYS_SINCE,
    TRACE_DAYS_JOINED,
    TRACE_METRIC,
    TRACE_SEGMENT,
    TRACE_BIRTHDAY,
    TRACE_CAMPAIGN,  /* its campaign's conditions do not hold */
    TRACE_LIMIT,     /* a limit left less than was asked: `given` is what it left */
    TRACE_ENDED,     /* a stock that is gone */
    TRACE_EXCLUSIVE, /* an exclusive rule stands alone */
    TRACE_STOPPED,   /* a rule before it says stop */
    TRACE_NOT_TODAY, /* not the first receipt of the day */
    TRACE_NO_POINTS, /* nothing to multiply */
    TRACE_EVENT,     /* not for this kind of event */
};

/* What the reason means, for a shop manager. */
const char *trace_reason_text(enum trace_reason reason);

/* One step of the decision. Fields that are not named for a kind are 0.
 * - RULE: `basis` in minor units, thousandths of units, lines or visits, as the rule counts; `given` points,
 * or stamps of its card; `lacking` with TRACE_MIN_*: what is missing.
 * - MULTIPLIER, where the level's is not 1: `basis` points put into it; `given` what it adds (below 0:
 * takes).
 * - CARD: `basis` stamps on it afterwards; `given` times it was completed; `lacking` stamps to the next
 * reward.
 * - TIER: `number` the level afterwards; `basis` the metric over the window of the event's day, afterwards;
 *   `lacking` to the next level, 0 where there is none.
 * - CAMPAIGN_LIMITS, ALL_LIMITS, where there are such: `asked` points before them, `given` after. */
struct trace_line {
    enum trace_kind {
        TRACE_RULE,
        TRACE_MULTIPLIER,
        TRACE_CARD,
        TRACE_TIER,
        TRACE_CAMPAIGN_LIMITS,
        TRACE_ALL_LIMITS
    } kind;
    uint32_t number; /* of the rule, level, card, level or campaign; 0 of the programme's own */
    enum trace_reason reason;
    int64_t basis;
    int64_t factor; /* of a multiplier: thousandths; else 0 */
    int64_t given;
    int64_t lacking;
    int64_t asked; /* RULE: rounded, before limits */
    int64_t exact; /* RULE: before rounding, thousandths of the smallest unit; 0 where that is `asked` */
};

enum { TRACE_LINES_MAX = RULES_MAX + CAMPAIGNS_MAX + 2 * CARDS_MAX + 16 };

struct decision {
    struct outcome outcome;
    size_t trace_count;
    struct trace_line trace[TRACE_LINES_MAX];
};

/* An accepted outcome with nothing in it. Cheaper than zeroing all of it. */
void decision_clear(struct decision *decision);

/* Makes the outcome a refusal: the code, and nothing else but the version and the member. */
void decision_refuse(struct decision *decision, enum outcome_code code);

/* The next effect of the outcome, zeroed and of this kind, or NULL when EFFECTS_MAX are there. */
struct effect *outcome_add(struct outcome *outcome, enum effect_kind kind, uint32_t member);

/* Adds `amount` to a counter of a member's: the effect COUNTER. ERR_TOO_LARGE when EFFECTS_MAX are there. */
int outcome_count(struct outcome *outcome, uint32_t member, uint32_t limit, int32_t period,
                  int64_t amount) MUST_CHECK;

/* Adds an exception; EXCEPTIONS_MAX has room for one of each redemption and of each other claim of an event.
 */
void outcome_except(struct outcome *outcome, enum exception_kind kind, int64_t amount);

/* What the member has before the event, as its context says. */
struct balances balances_before(const struct context *context);

#endif
