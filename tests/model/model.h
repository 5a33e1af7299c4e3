/* A shop's loyalty programme by the words of docs/programme.md, worked out a second time: it shares no code
 * with the engine, only the numbers of codes and exceptions. What it says of an event is final: the daemon
 * must say the same. Amounts, points, days and times are as in the daemon. */
#ifndef LOYALTY_TESTS_MODEL_MODEL_H
#define LOYALTY_TESTS_MODEL_MODEL_H

#include "model/day.h"
#include "model/decision.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MEMBERS_MAX = 96,
    CARDS = 8,
    LOTS_ROOM = 512,
    DAYS_ROOM = 1024,
    LEVELS_ROOM = 512,
    USED_DAYS = 64,
    DAYS_LATE = 20, /* at most */
    VOUCHERS_ROOM = 128,
    RESERVATIONS_ROOM = 32,
    LINES_ROOM = 3,
    USES_ROOM = 2,
    SPENDS_ROOM = 128,
    PARKED_ROOM = 16,
    PURCHASES_MAX = 4096,
    FOR_EVER = 2932896,
    POINTS_A_GROUP = 100, /* that pay */
    GROUP_WORTH = 100,
    MUG_WORTH = 200, /* the reward of a full card */
    CAKE_WORTH = 300,
    CAKE_COST = 100,
    CAKES_A_DAY = 3,
    SURVEY_POINTS = 3, /* for every SURVEY_ANSWERS */
    SURVEY_ANSWERS = 2,
    TIMEOUT_MINUTES = 15,
    LONGEST_MINUTES = 600,
    ENDED_LOT_DAYS = 30,
    CLAIM_DAYS = 7,
    MINUTE_MS = 60 * 1000
};

enum back_points { BACK_RECOMPUTE, BACK_PRORATE, BACK_FLOOR, BACK_KEEP, BACK_POINTS };
enum back_spent { SPENT_SHARE, SPENT_WHOLE, SPENT_STAYS, BACK_SPENT };
enum back_short { SHORT_ALLOW, SHORT_CLAMP, SHORT_OWN_LOT, SHORT_REFUSE, BACK_SHORT };
enum back_loose { LOOSE_REFUSE, LOOSE_BY_AMOUNT, LOOSE_REVIEW, BACK_LOOSE };
enum tier_window { TIERS_LIFETIME, TIERS_YEAR, TIERS_ROLLING, TIERS_WINDOWS };
enum round_to { ROUND_DOWN, ROUND_NEAREST, ROUND_UP, ROUNDINGS };

/* What the programme says; drawn. */
struct rules {
    int32_t expiry_days;
    int32_t pending_days; /* -1: none */
    int64_t day_limit;    /* points a member and day; 0: none */
    int64_t required;     /* stamps */
    int32_t voucher_days;
    enum tier_window window;
    int32_t window_days;
    int64_t silver, gold;
    int64_t factors[3]; /* thousandths */
    enum round_to rounding;
    bool tenders_count; /* what points and rewards paid earns, too */
    bool clamp;
    int64_t share; /* percent */
    enum back_points points;
    enum back_spent spent;
    enum back_short negative;
    enum back_loose loose;
    bool charge_expired;
    bool tier_at_review;
    bool crossing_new; /* what reaches a level is decided at it */
};

struct m_lot {
    uint64_t position;
    uint32_t index;
    int64_t left, reserved;
    int32_t since, until, due;
};

struct m_voucher {
    uint64_t position;
    uint32_t index;
    bool of_card;
    int32_t since, until;
    uint64_t reservation;
};

struct m_reservation {
    uint64_t position;
    int64_t points, units; /* units 0: points to pay with, or a voucher */
    bool cake, voucher;
    int32_t day;
    int64_t until;
};

struct m_member {
    uint32_t number;
    int64_t owed;
    size_t lots_count;
    struct m_lot lots[LOTS_ROOM]; /* by position and index */
    size_t vouchers_count;
    struct m_voucher vouchers[VOUCHERS_ROOM]; /* in the order they were issued */
    size_t reservations_count;
    struct m_reservation reservations[RESERVATIONS_ROOM];
    int64_t stamps, completed;
    size_t days_count;
    struct m_day {
        int32_t day;
        int64_t points;
    } days[DAYS_ROOM]; /* qualifying points */
    int level;         /* -1: none yet */
    int32_t level_until, level_day;
    int held; /* -1: none */
    int32_t held_until;
    size_t levels_count;
    struct m_level {
        int32_t since;
        int level;
    } levels[LEVELS_ROOM]; /* in the order in which they were booked */
    int64_t purchases;
    struct m_used {
        int32_t day;
        int64_t used;
    } given[USED_DAYS], cakes; /* what limits counted; of `given` a day is at its number modulo the room */
};

struct m_line {
    bool coffee;
    int64_t units, gross, units_back, money_back;
};

/* What a decision looks at of the member's level, before it. */
struct m_then {
    int32_t day;          /* on which it happened */
    int level;            /* on that day */
    int had;              /* when it was booked */
    int32_t until;        /* the last day of that */
    int64_t fullest, now; /* qualifying points of the windows that hold the day and ended; of today's */
    bool counts_now;
    int32_t booked;
};

/* Where that brings the member. */
struct m_standing {
    int level;
    int32_t until, day;
};

/* A purchase, and what has become of it. */
struct m_purchase {
    bool booked;
    uint32_t till; /* principal */
    int32_t day;
    uint64_t position; /* of the event that decided it last */
    uint32_t member;   /* 0: nobody's */
    size_t lines_count;
    struct m_line lines[LINES_ROOM];
    bool voided;
    struct m_then then;
    int64_t tender; /* what was redeemed paid, where that earns nothing */
    int64_t bound;  /* what the day's limit left where it cut; -1: it did not */
    int64_t points, stamps, cakes;
    bool has_lot;
    struct m_lot lot; /* as it was opened */
    int64_t taken, expired, forgiven, given_back, spent;
    size_t spends_count;
    struct m_spend {
        bool has_lot;
        struct m_lot lot;
        int64_t amount;
    } spends[SPENDS_ROOM];
    size_t used_count;
    struct m_voucher used[USES_ROOM];
};

enum op_kind {
    OP_BUY,
    OP_ENROL,
    OP_ACTIVITY,
    OP_RESERVE,
    OP_RELEASE,
    OP_RETURN,
    OP_LOOSE,
    OP_VOID,
    OP_CLOSE,
    OP_CLAIM,
    OP_UNCLAIM,
    OP_ADJUST,
    OP_TRANSFER,
    OP_LINK,
    OP_ERASE,
    OP_KINDS
};

enum use_kind { USE_VOUCHER, USE_CAKE, USE_RESERVATION };

struct op {
    enum op_kind kind;
    int32_t days_late; /* a purchase arrives */
    uint32_t till;     /* who signs */
    int card;          /* 0 .. CARDS - 1; -1: none */
    uint32_t receipt;  /* number of the purchase it is or is about */
    bool done;
    size_t lines_count;
    struct m_line lines[LINES_ROOM];
    size_t uses_count;
    struct use_of {
        enum use_kind kind;
        uint64_t position; /* of the voucher or the reservation */
        uint32_t index;
        int64_t units;
    } uses[USES_ROOM];
    bool pays;
    int64_t points; /* to pay with, to reserve (0: all), to adjust, to transfer */
    bool cake, voucher;
    int64_t units;
    int minutes; /* -1: the default */
    /* of a return: one of */
    int line; /* with units (0: all that is left); -1: none */
    int64_t amount;
    bool whole;
    int64_t qualifying, stamps;
    bool may_owe, gives_mug;
    uint32_t member, to;
};

struct model {
    struct rules rules;
    int64_t now;
    uint64_t position; /* of the next event */
    uint32_t members_count;
    struct m_member members[MEMBERS_MAX];       /* by number, from 1 */
    uint32_t cards[CARDS];                      /* the member of each; 0: nobody's */
    struct m_purchase purchases[PURCHASES_MAX]; /* by receipt number, from 1 */
    uint32_t receipts;                          /* given out */
    int32_t closed[8];                          /* the last day each till closed */
    size_t gone_count;
    struct m_gone {
        struct m_reservation reservation;
        uint32_t member;
        uint64_t voucher_position;
        uint32_t voucher_index;
        bool ended; /* committed or released */
    } gone[PURCHASES_MAX];
    size_t undo_count; /* of the event at hand: what expired */
    struct {
        uint32_t purchase;
        int64_t points;
    } undo[LOTS_ROOM * 2];
    size_t parked_count;
    struct op parked[PARKED_ROOM];
};

struct expected {
    enum outcome_code code;
    uint32_t member; /* whose balances follow; 0: nobody's */
    uint32_t other;  /* another member it touched */
    int64_t available, pending, reserved;
    size_t exceptions_count;
    struct exception exceptions[8];
    size_t resumed; /* returns decided behind it */
};

/* Decides an event and books it. */
void model_event(struct model *model, const struct op *op, struct expected *ret_expected);

/* --- between the files of the model --- */

int32_t model_today(const struct model *model);
int64_t model_available(const struct m_member *member);
int64_t model_reserved(const struct m_member *member);
int64_t model_pending(const struct m_member *member);
int64_t model_window(const struct model *model, const struct m_member *member, int32_t day);
int model_reached(const struct model *model, int64_t points);
int32_t model_level_until(const struct model *model, int level, int32_t day);
struct m_lot *model_lot(struct m_member *member, uint64_t position, uint32_t index);
struct m_lot *model_lot_add(struct m_member *member, const struct m_lot *lot);
void model_settle(struct model *model, struct m_member *member);
void model_qualify(struct model *model, struct m_member *member, int64_t points, int32_t day);
/* Of what happens on `day` to the member as he is. */
struct m_then model_then(const struct model *model, const struct m_member *member, int32_t day);
void model_reach(const struct model *model, struct m_member *member, const struct m_then *then, int64_t gain);
void model_level_set(const struct model *model, struct m_member *member, int level, int32_t since);
int64_t model_spend(struct m_member *member, int64_t points, struct m_purchase *purchase);
void model_spend_reserved(struct m_member *member, int64_t points, struct m_purchase *purchase);
void model_free_reserved(struct m_member *member, int64_t points);
void model_expired(struct model *model, const struct m_lot *lot, int64_t points);
void model_give(struct model *model, struct m_member *member, int64_t points, struct m_lot lot,
                struct m_purchase *purchase);
void model_stamp(struct model *model, struct m_member *member, int64_t stamps, int32_t day,
                 uint32_t *vouchers);
void model_issue(struct model *model, struct m_member *member, bool of_card, int32_t day, uint32_t *vouchers);
int64_t model_earns(const struct model *model, int64_t basis, const struct m_then *then);
int64_t *model_used(struct m_used *used, int32_t day);
int64_t *model_given(struct m_member *member, int32_t day);
void model_end_reservation(struct model *model, struct m_member *member, size_t at, int64_t unused,
                           bool timed_out, bool committed);
struct m_member *model_enrol(struct model *model, int card);
void model_except(struct expected *expected, enum exception_kind kind, int64_t amount);
void model_buy(struct model *model, struct m_member *member, const struct op *op, bool plain,
               struct m_purchase *purchase, struct expected *expected);
void model_return(struct model *model, const struct op *op, bool resumed, struct expected *expected);
void model_void(struct model *model, const struct op *op, struct expected *expected);
void model_return_loose(struct model *model, const struct op *op, struct expected *expected);
void model_reserve(struct model *model, struct m_member *member, const struct op *op,
                   struct expected *expected);
void model_release(struct model *model, const struct op *op, struct expected *expected);

#endif
