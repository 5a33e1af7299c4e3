/* Events as plain data. Strings are NUL-terminated UTF-8 and, like all pointers here, live in the arena of
 * the request they came with. Units and ranges are those of proto/loyalty/event.proto; a `struct event` made
 * by daemon/wire is within them. */
#ifndef LOYALTY_MODEL_EVENT_H
#define LOYALTY_MODEL_EVENT_H

#include "base/bytes.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, number): the kinds of loyalty.Body. Who may sign them: model/permission.def. */
#define EVENT_KIND_TABLE(X)                                                                                  \
    X(PURCHASE, 16)                                                                                          \
    X(ENROLMENT, 17)                                                                                         \
    X(GENESIS, 18)                                                                                           \
    X(INVITE, 19)                                                                                            \
    X(PRINCIPAL_ADDED, 20)                                                                                   \
    X(REVOKE, 21)                                                                                            \
    X(PROGRAMME_CHANGE, 22)                                                                                  \
    X(GO_LIVE, 23)                                                                                           \
    X(ENGINE_REVISION, 24)                                                                                   \
    X(KEY_ROTATED, 25)                                                                                       \
    X(RETIRED, 26)                                                                                           \
    X(ACTIVITY, 27)                                                                                          \
    X(ADJUSTMENT, 39)                                                                                        \
    X(TRANSFER, 40)                                                                                          \
    X(MERGE, 41)                                                                                             \
    X(HOUSEHOLD, 42)                                                                                         \
    X(GOODS_RETURN, 31)                                                                                      \
    X(VOID_RECEIPT, 32)                                                                                      \
    X(DAY_CLOSE, 33)                                                                                         \
    X(CARD_LINKED, 43)                                                                                       \
    X(ERASED, 44)                                                                                            \
    X(CLAIM, 34)                                                                                             \
    X(UNCLAIM, 35)                                                                                           \
    X(REBOOK, 36)                                                                                            \
    X(RESOLVE, 37)                                                                                           \
    X(RESUMED, 38)                                                                                           \
    X(RESERVE, 28)                                                                                           \
    X(RELEASE, 29)                                                                                           \
    X(TICK, 30)

enum event_kind {
#define X(name, number) EVENT_##name = (number),
    EVENT_KIND_TABLE(X)
#undef X
};

/* As loyalty.Role; the daemon itself (principal 0) has none. */
enum role { ROLE_TERMINAL = 0, ROLE_CLERK = 1, ROLE_MANAGER = 2, ROLE_ADMIN = 3, ROLE_AUDITOR = 4 };

/* The five columns of a row of model/permission.def, each 0 or 1, as a set of bits: bit 1 << role. */
#define ROLES_OF(terminal, clerk, manager, admin, auditor)                                                   \
    ((unsigned)(terminal) << ROLE_TERMINAL | (unsigned)(clerk) << ROLE_CLERK |                               \
     (unsigned)(manager) << ROLE_MANAGER | (unsigned)(admin) << ROLE_ADMIN |                                 \
     (unsigned)(auditor) << ROLE_AUDITOR)

struct receipt {
    const char *store; /* NULL: the terminal's */
    int32_t business_date;
    const char *till; /* NULL: the terminal's */
    const char *number;
};

struct line {
    const char *sku;      /* NULL: none */
    const char *category; /* NULL: none */
    const char *const *labels;
    size_t labels_count;
    int64_t quantity; /* thousandths */
    int64_t gross;
    int64_t discount;
    int64_t tax;
    bool weighed;
    bool voided;
};

enum tender_kind {
    TENDER_CASH = 0,
    TENDER_CARD = 1,
    TENDER_GIFT_CARD = 2,
    TENDER_VOUCHER = 3,
    TENDER_POINTS = 4,
    TENDER_OTHER = 5
};

struct tender {
    enum tender_kind kind;
    int64_t amount;
    const char *label; /* NULL: none */
};

struct free_units {
    const char *card;
    uint32_t line;
    uint32_t units;
    bool charged;
};

struct redemption {
    struct bytes voucher; /* 16 bytes; empty: not a voucher */
    const char *reward;   /* NULL: not a reward of the catalogue */
    uint64_t reservation; /* 0: not a reservation */
    uint32_t units;
    uint32_t wallet;
};

struct pay_with_points {
    int64_t points; /* 0: max */
    uint32_t wallet;
};

struct purchase {
    struct receipt receipt;
    struct bytes card; /* commitment, 32 bytes; empty: no member */
    const struct line *lines;
    size_t lines_count;
    int64_t basket_discount;
    int64_t cash_rounding;
    int64_t tip;
    const struct tender *tenders;
    size_t tenders_count;
    const char *const *codes;
    size_t codes_count;
    const struct free_units *free_units;
    size_t free_units_count;
    const struct redemption *redemptions;
    size_t redemptions_count;
    const struct pay_with_points *pay_with_points; /* NULL: none */
    bool redeem_done;
};

struct adjustment {
    uint32_t member;
    const char *reason;
    int64_t points;     /* below 0: taken */
    bool may_owe;       /* what is not available is owed; else it is refused */
    int32_t until;      /* last valid day of points given; -1: as if bought on this day */
    int64_t qualifying; /* towards levels */
    const char *card;   /* NULL: no stamps */
    int64_t stamps;
    const char *level;    /* NULL: none */
    int32_t level_until;  /* -1: for ever */
    const char *reward;   /* of a voucher; NULL: none */
    struct bytes voucher; /* code of one that is cancelled; empty: none */
    bool has_receipt;
    struct receipt receipt; /* of the purchase it counts as taken back from */
};

/* Goods of one line, or of all lines of an article, that came back. */
struct return_part {
    const char *sku;  /* NULL: the line of this index */
    uint32_t line;    /* index in the purchase's lines */
    int64_t quantity; /* thousandths; 0: all that is left */
};

/* Goods came back, or money went back. Exactly one of parts, amount and whole says what. */
struct goods_return {
    struct receipt receipt; /* of the return itself */
    bool has_original;
    struct receipt original; /* of the purchase */
    struct bytes card;       /* commitment, 32 bytes; without a receipt, whose points they were; else empty */
    const struct return_part *parts;
    size_t parts_count;
    int64_t amount; /* minor units paid back; 0: parts, or whole */
    bool whole;
    bool done; /* it cannot be refused any more */
};

/* What the till counted on a day; 0: not said. */
struct day_totals {
    int64_t gross;
    uint32_t receipts;
};

/* What a reservation holds is one of reward, voucher and points. */
struct reserve {
    struct bytes card;        /* commitment, 32 bytes */
    const char *reward;       /* NULL: not a reward of the catalogue */
    struct bytes voucher;     /* 16 bytes; empty: not a voucher */
    bool points;              /* points to pay with: */
    int64_t amount;           /* how many; 0: all there are */
    uint32_t units;           /* of the reward */
    bool has_timeout;         /* its own: */
    uint32_t timeout_minutes; /* 0: none */
    uint32_t wallet;
};

struct event {
    int64_t occurred_at;
    int64_t clock_correction;
    enum event_kind kind;
    union {
        struct purchase purchase;
        struct {
            struct bytes card; /* commitment, 32 bytes */
        } enrolment;
        struct {
            uint32_t format;
            struct bytes daemon_key;
            struct bytes operator_key;
            const char *currency;
            struct bytes random;
        } genesis;
        struct {
            struct bytes code_hash;
            enum role role;
            const char *store; /* NULL: none */
            const char *label;
            int64_t expires_at;
        } invite;
        struct {
            uint32_t principal;
            struct bytes key;
            uint64_t invite;
            struct bytes proof;
        } principal_added;
        struct {
            uint32_t principal;
            const char *reason; /* NULL: none */
        } revoke;
        struct {
            struct bytes yaml;
        } programme_change;
        struct {
            uint32_t revision;
            const char *version;
        } engine_revision;
        struct {
            struct bytes key;
            struct bytes proof;
        } key_rotated;
        struct {
            uint32_t principal;
            const char *reason; /* NULL: none */
        } retired;
        struct {
            struct bytes card; /* commitment, 32 bytes */
            const char *code;
            int64_t amount; /* 1 to ACTIVITY_AMOUNT_MAX, in the unit of its code; 0: not said, which is 1 */
        } activity;
        struct adjustment adjustment;
        struct {
            uint32_t from;
            uint32_t to;
            int64_t points;
            const char *reason; /* NULL: none */
        } transfer;
        struct {
            uint32_t from;      /* is the other one from here on */
            uint32_t to;        /* keeps its number */
            const char *reason; /* NULL: none */
        } merge;
        struct {
            uint32_t member;
            uint32_t household; /* it joins; 0: a new one */
            bool leaves;        /* its household, which is not named */
            const char *reason; /* NULL: none */
        } household;
        struct goods_return goods_return;
        struct {
            struct receipt receipt; /* of the purchase */
            bool done;              /* it cannot be refused any more */
        } void_receipt;
        struct {
            struct receipt day; /* its store, business date and till; no number */
            bool has_totals;
            struct day_totals totals;
        } day_close;
        struct {
            uint32_t member;
            struct bytes card; /* commitment, 32 bytes */
        } card_linked;
        struct {
            uint32_t member;
            const char *reason; /* NULL: none */
        } erased;
        struct {
            struct receipt receipt; /* of a purchase that is nobody's */
            struct bytes card;      /* commitment, 32 bytes */
        } claim;
        struct {
            struct receipt receipt; /* of the purchase */
            const char *reason;
        } unclaim;
        struct {
            uint64_t position; /* of the event with the exception */
            uint32_t index;    /* of its exceptions */
            const char *reason;
        } resolve;
        struct {
            uint64_t position; /* of the refused event */
            const char *reason;
            struct bytes body; /* corrected; empty: as it was */
        } rebook;
        struct {
            uint64_t position; /* of the return whose purchase has arrived */
        } resumed;
        struct reserve reserve;
        struct {
            const uint32_t *members; /* ascending */
            size_t members_count;    /* 1 to TICK_MEMBERS_MAX */
        } tick;
        struct {
            uint64_t reservation; /* position of the event that reserved */
        } release;
    };
};

/* The card commitment of an event that may carry one (purchase, enrolment, activity, card linked, reserve);
 * empty when it has none. */
struct bytes event_card(const struct event *event);

/* The member an operator's event names (adjustment, transfer, merge, household, card linked, erased): who
 * gives of a transfer, who stays of a merge, the household that is joined (0: a new one); and the second one,
 * 0 where it names one. */
uint32_t event_first_member(const struct event *event);
uint32_t event_second_member(const struct event *event);

/* "purchase", "enrolment", ... */
const char *event_kind_name(enum event_kind kind);

/* "terminal", "clerk", ... */
const char *role_name(enum role role);

/* Whether a principal of this role may sign this kind: model/permission.def. */
bool role_may_sign(enum role role, enum event_kind kind);

/* Whether the daemon itself signs this kind. */
bool event_is_daemons(enum event_kind kind);

/* Whether it is about a member and decided by the engine. */
bool event_is_members(enum event_kind kind);

#endif
