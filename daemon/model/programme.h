/* The programme: one merchant's rules as plain data, made by daemon/programme from YAML and read by the
 * engine.
 *
 * The five forms of every rule (selector, condition, term, limit, metric) are one struct each and mean the
 * same wherever they stand. Arrays and strings live in the arena the programme was loaded into and never
 * change. Points are int64 in the programme's smallest unit, money int64 in minor units, quantities and
 * multipliers in thousandths. */
#ifndef LOYALTY_MODEL_PROGRAMME_H
#define LOYALTY_MODEL_PROGRAMME_H

#include "base/limits.h"
#include "model/numbers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DAY_NEVER INT32_MAX        /* the last valid day of what never ends */
#define DAY_ACTIVE (INT32_MAX - 1) /* of points that end some time after the member's last purchase */

/* A text of the merchant's in one language. */
struct localised {
    const char *locale; /* BCP 47, such as "et" or "en-GB" */
    const char *text;   /* when it is counted: of plural form `other` */
    const char *one;    /* other plural forms, NULL where the language or the merchant has none */
    const char *two;
    const char *few;
    const char *many;
    const char *zero;
};

struct texts {
    const struct localised *items; /* in the order of the file; the first is the fallback */
    size_t count;
};

struct id_list {
    const char *const *items;
    size_t count;
};

/* Which lines: those that match any of a list, in each list that is given (skus or categories or labels). */
struct selection {
    struct id_list skus;
    struct id_list categories;
    struct id_list labels;
};

/* Without `only` every line; then `except` is taken away. */
struct selector {
    bool has_only;
    struct selection only;
    struct selection except;
};

struct hours {
    int32_t from; /* minute of the civil day, included */
    int32_t to;   /* minute, excluded; less than `from` when it spans midnight */
};

/* What must hold. A list or value that is not given asks nothing. */
struct condition {
    bool has_min_spend;
    int64_t min_spend; /* of the selected lines */
    bool has_min_quantity;
    int64_t min_quantity; /* thousandths, of the selected lines */
    bool has_min_basket;
    int64_t min_basket; /* of all lines that count */
    bool has_from;
    int32_t from; /* first day */
    bool has_to;
    int32_t to;       /* last day */
    uint8_t weekdays; /* bit 0 Monday ... bit 6 Sunday; 0: any */
    const struct hours *hours;
    size_t hours_count;
    struct id_list stores;
    struct id_list terminals; /* till labels */
    struct id_list codes;
    const uint32_t *levels; /* level numbers (`tiers` in the file) */
    size_t levels_count;
    bool first_purchase;
    uint8_t tenders; /* bit of each tender kind of model/event.h that will do; 0: any */
    bool has_days_since_purchase;
    int32_t days_since_purchase; /* at least so many since the last one */
    bool has_days_since_joining;
    int32_t days_since_joining; /* at least so many since the member was enrolled */
    const struct goal *metrics; /* each reached */
    size_t metrics_count;
    struct id_list segments; /* the member is in one of them */
    bool has_birthday;
    int32_t birthday_before; /* days, 0 to 182: it lies at most so far ahead ... */
    int32_t birthday_after;  /* ... or so far back; both 0: on the day */
    bool birthday_month;     /* in place of both: in its calendar month */
    /* Questions to the member's profile, whose answers a context records: counted from 1 over the whole
     * programme; 0: not asked. */
    uint32_t segments_question;
    uint32_t birthday_question;
};

struct term {
    enum term_unit { TERM_NEVER, TERM_DAYS, TERM_MONTHS, TERM_YEARS } unit;
    int32_t count; /* 0 to 36,500 */
    enum term_round { TERM_EXACT, TERM_END_OF_MONTH, TERM_END_OF_QUARTER, TERM_END_OF_YEAR } round;
};

/* A metric and the window it is summed over. */
struct window {
    enum window_kind {
        WINDOW_LIFETIME,
        WINDOW_CALENDAR_YEAR,
        WINDOW_DAY,
        WINDOW_WEEK,
        WINDOW_MONTH,
        WINDOW_QUARTER,
        WINDOW_ROLLING,
        WINDOW_ANNIVERSARY_YEAR /* from the day the member was enrolled, or the same day of a later year */
    } kind;
    int32_t days; /* of a rolling window: 1 to 3,660; today is its last day */
};

/* Metric numbers of the log. Those of spend and units with a selector begin at METRIC_SELECTED. */
enum {
    METRIC_QUALIFYING = 0, /* points */
    METRIC_SPEND = 1,      /* minor units of basis, before tenders */
    METRIC_VISITS = 2,
    METRIC_UNITS = 3,   /* thousandths */
    METRIC_BALANCE = 4, /* never recorded: it is what the member holds */
    METRIC_SELECTED = 8
};

enum { IN_A_ROW_MAX = 366 };

enum metric_kind {
    MEASURE_QUALIFYING,
    MEASURE_SPEND,
    MEASURE_VISITS,
    MEASURE_UNITS,
    MEASURE_BALANCE,
    MEASURE_RUN /* of the milestone whose `run` it is: windows in a row */
};

/* A metric over a window: what somebody can have reached. A programme names each once. */
struct measure {
    enum metric_kind kind;
    uint32_t metric; /* number in the log */
    struct selector selector;
    struct window window;
};

/* A measure to reach. */
struct goal {
    uint32_t measure; /* index in the programme's `measures` */
    int64_t value;    /* reached from here on; at least 1 */
};

/* What a limit counts against whom and over which time. Limits of one owner stand from narrow to wide. */
struct limit {
    uint32_t number; /* of its counter in the log: limit_number() */
    int64_t max;     /* 0: nothing at all */
    enum limit_of { LIMIT_GIVEN, LIMIT_TIMES } of;
    enum limit_per {
        LIMIT_PURCHASE,
        LIMIT_DAY,
        LIMIT_WEEK,
        LIMIT_MONTH,
        LIMIT_YEAR,
        LIMIT_EVER,
        LIMIT_BALANCE
    } per;
    enum limit_for { LIMIT_MEMBER, LIMIT_HOUSEHOLD, LIMIT_TERMINAL, LIMIT_STORE, LIMIT_ALL } whose;
    bool reject; /* more than the room gives nothing; else the room */
};

struct limits {
    const struct limit *items;
    size_t count;
};

/* Who a counter belongs to. */
enum limit_owner {
    OWNER_RULE,
    OWNER_CAMPAIGN,
    OWNER_PROGRAMME,
    OWNER_REWARD,
    OWNER_MILESTONE,
    OWNER_OCCASION
};

/* The number of a counter: the same as long as its owner has its id and the limit asks for the same. */
uint32_t limit_number(enum limit_owner owner, uint32_t owner_number, enum limit_of of, enum limit_per per,
                      enum limit_for whose);

/* Whose the counter of this number is. */
enum limit_owner limit_number_owner(uint32_t number);

/* What is given at the end of an event and sets nothing off in it. */
struct award {
    int64_t points;
    int32_t reward;         /* index in `rewards`; -1: none */
    uint32_t note;          /* number of a note for the merchant's other systems; 0: none */
    uint32_t level;         /* number of a level the member is not below; 0: none */
    struct term level_term; /* from the day of the event */
};

/* Which money counts. */
struct basis {
    bool tax_excluded;          /* gross without its tax */
    bool discounts_before;      /* before line discounts */
    bool basket_discount_apart; /* a line of its own, not spread */
    uint8_t tenders_excluded;   /* bit of each tender kind of model/event.h */
};

/* What brought points in: the number of a rule, or of something else with its kind above. */
enum {
    SOURCE_KIND_SHIFT = 16,
    SOURCE_RULE = 0,
    SOURCE_CARD = 1,
    SOURCE_LEVEL = 2,
    SOURCE_MILESTONE = 3,
    SOURCE_REWARD = 4
};
#define SOURCE_OF(kind, number) ((uint32_t)(kind) << SOURCE_KIND_SHIFT | (number))

enum rule_kind {
    RULE_SPEND,    /* `give` per `per` minor units of basis */
    RULE_ITEM,     /* `give` per unit or line */
    RULE_VISIT,    /* `give` per receipt, or the first of a day */
    RULE_MULTIPLY, /* `factor` on what the base rules gave */
    RULE_GIVES,    /* `award` */
    RULE_ACTIVITY, /* `give` per activity of the code `activity`, and nothing of a purchase */
    RULE_OCCASION, /* `give` on the day of `occasion`, and nothing of what anybody does */
};

/* Days of a member's that come by themselves, once a year. */
enum occasion {
    OCCASION_NONE,
    OCCASION_BIRTHDAY,
    OCCASION_ANNIVERSARY, /* of the day the member was enrolled */
    OCCASIONS
};

/* In a set of occasions; that of none is in no set. */
#define OCCASION_BIT(occasion) ((uint8_t)((1U << (occasion)) >> 1))

/* "birthday", "anniversary": as programmes write them; "" of none. */
const char *occasion_name(enum occasion occasion);

/* The number of the counter that says on which days a member had the occasion. */
uint32_t occasion_counter(enum occasion occasion);

/* Whether a counter is one of those. */
bool occasion_counted(uint32_t limit);

enum qualifies { QUALIFIES_YES, QUALIFIES_NO, QUALIFIES_ONLY };

/* Rules with common dates, stock and budget. */
struct campaign {
    const char *id;
    uint32_t number;
    struct texts name;
    struct condition when;
    struct condition unless;
    struct limits limits;
    int line;
};

struct rule {
    const char *id;
    uint32_t number;
    struct texts name; /* none: the id is shown */
    enum rule_kind kind;
    int64_t give; /* points or stamps */
    int64_t per; /* spend: minor units, at least 1; activity: units of its amount, 0: `give` whatever it is */
    enum rule_steps { STEPS_EXACT, STEPS_WHOLE } steps;
    int64_t from;     /* of what it is given for, only what lies above counts ... */
    int64_t to;       /* ... and up to here; 0: however much it is */
    bool has_measure; /* spend: both go on from what was spent before; else each purchase begins at 0 */
    uint32_t measure; /* index of that spend in `measures` */
    enum rule_per { PER_UNIT, PER_LINE } item_per;
    int64_t every;          /* item: `give` for each so many of them; 0 is 1 */
    int64_t factor;         /* multiply: thousandths */
    const char *activity;   /* activity: its code */
    enum occasion occasion; /* occasion, and what `gives` on one; else none */
    struct award award;
    int32_t card;             /* index of the stamp card in `cards` it gives stamps of; -1: it gives points */
    bool bonus;               /* after the multipliers; else one of the base rules */
    enum qualifies qualifies; /* towards levels */
    bool exclusive;           /* of those that give, the one of the highest priority stands alone */
    int32_t priority;
    bool stop;        /* where it gave, later base rules are not read */
    int32_t campaign; /* index; -1: none */
    bool has_expiry;  /* its own, as `available_after` */
    bool has_available_after;
    struct term expiry;          /* of the points it gives */
    struct term available_after; /* they are pending to its end */
    bool has_basis;              /* its own */
    struct basis basis;
    struct limits limits;
    struct selector selector;
    struct condition when;
    struct condition unless; /* none of what is given holds */
    int line;                /* of the file, for findings */
};

/* What is asked for, over the tiers' window: to reach a level, or to keep it. */
struct level_metrics {
    int64_t qualifying;  /* 0 where it is not asked for */
    bool has_qualifying; /* it is one of them */
    const struct goal *goals;
    size_t goals_count;
};

struct level {
    const char *id;
    uint32_t number;
    struct texts name;
    struct level_metrics reach; /* nothing for the lowest */
    struct level_metrics keep;  /* easier; who has the level keeps it by what reaches it or by this */
    bool has_keep;
    int64_t multiplier; /* thousandths; 1000: none */
    bool has_expiry;
    struct term expiry; /* of points credited at this level */
    struct award award; /* when it is reached */
    int line;
};

struct tiers {
    const struct level *levels; /* lowest first; none: no tiers */
    size_t count;
    struct window window;
    struct term valid;  /* from the day it was last reached or kept */
    struct term grace;  /* before a fall; TERM_NEVER: none */
    bool match_all;     /* all metrics of a level reach it; else any */
    bool crossing_new;  /* the purchase that reaches a level is decided at it */
    bool falls_at_once; /* when the metrics do not keep it; else at the review */
    bool downgrade_one; /* falls one level at a time; else to what the metric reaches */
};

struct stamp_card {
    const char *id;
    uint32_t number;
    struct texts name;
    int64_t required; /* stamps that complete it: 1 to 10,000 */
    struct award award;
    bool same_purchase; /* free units are known before the basis; else a voucher for a later purchase */
    bool free_earns;    /* a free unit of the same purchase earns stamps like the others */
    bool once;          /* completed once at most */
    enum { DISTINCT_NOT, DISTINCT_SKUS, DISTINCT_LABELS } distinct; /* a set: each of them once */
    struct term expiry; /* of the stamps, from the first one on the card */
    int line;
};

/* A metric to reach. */
struct milestone {
    const char *id;
    uint32_t number;
    struct texts name;
    struct goal goal;
    int32_t in_a_row; /* windows of the goal, 2 to IN_A_ROW_MAX, each of which reaches it; 0: one does */
    uint32_t run;     /* where some are: index in `measures` of what stands beside the event's window */
    enum { MILESTONE_ONCE, MILESTONE_EACH_WINDOW, MILESTONE_EACH_CROSSING } repeat;
    struct award award;
    int line;
};

enum reward_kind { REWARD_FREE_ITEM, REWARD_AMOUNT_OFF, REWARD_PERCENT_OFF, REWARD_GIFT };

/* Which points pay: those held before the purchase, or also those it earns. */
enum fund_from { FUND_BALANCE, FUND_BALANCE_AND_THIS_PURCHASE };

struct reward {
    const char *id;
    uint32_t number;
    struct texts name;
    enum reward_kind kind;
    int64_t value;      /* amount off: minor units; percent off: thousandths of a percent */
    int64_t max_value;  /* minor units; 0: no maximum */
    int64_t cheapest;   /* percent off: of so many of the cheapest units of its goods; 0: of all of them */
    struct term valid;  /* of its voucher */
    bool has_cost;      /* for sale; else only given by rules, cards, levels and milestones */
    int64_t cost;       /* points for each `cost_units` units begun; 0: free */
    int64_t cost_units; /* 1 to 1,000,000: ceil(units / cost_units) x cost; 1 without a cost */
    enum fund_from fund_from;
    struct selector selector;
    struct condition when; /* to use it, and to get it for points */
    struct condition unless;
    struct limits limits; /* of getting it for points: `given` counts units, `times` purchases */
    int line;
};

/* Paying with points: whole groups of `points` are `worth` each. */
struct paying_policy {
    int64_t points;    /* of a group; 0: nobody pays with points */
    int64_t worth;     /* minor units, at least 1 */
    int64_t minimum;   /* points at once; 0: none */
    int64_t max_share; /* of what is due: thousandths of a percent, 1 to 100,000 */
    int64_t maximum;   /* points at once; 0: no maximum */
    bool clamp;        /* fewer points than asked for pay what they can; else it is refused */
    enum fund_from fund_from;
    struct selector selector; /* the goods they may pay for */
    struct condition when;
    struct condition unless;
};

/* How long points stay reserved. */
struct reservation_policy {
    int32_t timeout_minutes; /* unless a reservation asks for its own; 0: until committed or released */
    int32_t longest_minutes; /* that it may ask for; 0: any, and no time-out at all */
};

/* What a return takes back and gives back. */
struct return_policy {
    enum return_points {
        RETURN_RECOMPUTE,       /* down to what the rest of the basket would have earned */
        RETURN_PRORATE,         /* the returned part's share */
        RETURN_FLOOR_OF_REFUND, /* what the returned part alone would earn */
        RETURN_KEEP,            /* nothing */
        RETURN_WHEN_WHOLE       /* nothing, until nothing is left: then all */
    } points;
    enum return_spent { SPENT_PRORATE, SPENT_WHEN_WHOLE, SPENT_KEEP } spent; /* points that paid */
    enum return_negative {
        NEGATIVE_ALLOW,   /* what is missing is owed */
        NEGATIVE_CLAMP,   /* what is missing is forgiven */
        NEGATIVE_OWN_LOT, /* only the purchase's own lot is taken from */
        NEGATIVE_REFUSE   /* the return is refused while it can be */
    } negative;
    bool charge_expired;   /* points of the purchase that expired are taken from others; else forgiven */
    struct term ended_lot; /* of points that come back to a lot that has ended */
    enum return_without_receipt {
        WITHOUT_RECEIPT_REFUSE,
        WITHOUT_RECEIPT_BY_AMOUNT, /* takes what the amount alone would earn */
        WITHOUT_RECEIPT_REVIEW     /* takes nothing and is left for an operator, as an exception */
    } without_receipt;
    bool refuse_unknown_receipt; /* else parked until its purchase arrives */
    bool tier_at_review;         /* a level reached only by what is returned stays to its review */
};

/* Moving points from member to member. */
struct moving_policy {
    bool transfer;     /* allowed */
    bool reset_expiry; /* they expire as if credited on the day of the transfer; else as they would have */
};

/* What a household owns; all false: there are no households. `points` where any is set. */
struct household_policy {
    bool points;
    bool tier;
    bool stamps;
};

struct store_place {
    const char *id;
    const char *zone;   /* IANA name */
    int32_t day_starts; /* minute of the civil day */
};

/* Each condition may ask for segments and for the birthday, and stands in `when` or in `unless`. */
enum { QUESTIONS_MAX = 4 * (RULES_MAX + CAMPAIGNS_MAX + REWARDS_MAX + 1) };

struct programme {
    const char *id;
    uint32_t version;  /* 1 to 10^9, grows with every change */
    int32_t effective; /* first day */
    char currency[4];
    int32_t currency_digits;
    const char *zone;
    int32_t day_starts; /* minute */
    struct texts name;
    struct texts points_name; /* counted */
    int32_t points_decimals;  /* 0 to 2 */
    bool auto_enrol;
    bool bearer_vouchers; /* one that is shown without a card is its owner's to use */
    struct basis basis;
    struct selector exclude;     /* lines that never count: only its `except` part is used */
    bool visits_by_day;          /* only the first receipt of a day is a visit */
    struct limits limits;        /* on all points */
    struct term available_after; /* points are pending to its end; TERM_NEVER: available at once */
    struct term expiry;          /* of points, from the day of the purchase */
    bool has_inactivity;
    struct term inactivity; /* from the last purchase; in place of `expiry` */
    enum { ROUNDING_FLOOR, ROUNDING_HALF_UP, ROUNDING_CEIL } rounding; /* of the multiplied sum */
    enum { COMBINE_SUM, COMBINE_BEST, COMBINE_FIRST } combine;
    enum { MULTIPLIERS_MULTIPLY, MULTIPLIERS_ADD, MULTIPLIERS_BEST } multipliers;
    const struct campaign *campaigns;
    size_t campaigns_count;
    const struct measure *measures; /* everything that is asked for anywhere */
    size_t measures_count;
    const struct rule *rules; /* in the order of the file */
    size_t rules_count;
    uint8_t occasions; /* OCCASION_BIT of those that rules are of */
    struct tiers tiers;
    const struct milestone *milestones;
    size_t milestones_count;
    bool milestones_highest; /* of several reached by one event, only the highest gives */
    const struct stamp_card *cards;
    size_t cards_count;
    const struct reward *rewards;
    size_t rewards_count;
    uint32_t questions;               /* of all conditions, to the member's profile */
    const struct store_place *stores; /* at least one */
    size_t stores_count;
    struct paying_policy paying;
    struct reservation_policy reservations;
    struct return_policy returns;
    struct moving_policy moving;
    struct household_policy households;
    int32_t claim_days;            /* a receipt without a member may be claimed so long; 0: never */
    int32_t clock_ahead_minutes;   /* occurred_at may be this far ahead of the daemon's clock */
    int32_t clock_behind_minutes;  /* the daemon's clock may be this far behind the last event booked */
    int32_t max_offline_days;      /* and this far behind */
    int32_t outbox_retention_days; /* clients keep acknowledged events */
};

/* The text of `texts` for a locale: exact, then the same language, then the first; NULL when there is none.
 * `fallback` is returned instead of NULL. */
const char *texts_choose(const struct texts *texts, const char *locale, const char *fallback);

/* The item texts_choose would take, or NULL. */
const struct localised *texts_item(const struct texts *texts, const char *locale);

/* The store with this id, or NULL. */
const struct store_place *programme_store(const struct programme *programme, const char *id);

/* The level, card, reward or rule with this number, or NULL when this version has none. */
const struct level *programme_level(const struct programme *programme, uint32_t number);
const struct stamp_card *programme_card(const struct programme *programme, uint32_t number);
const struct reward *programme_reward(const struct programme *programme, uint32_t number);
const struct rule *programme_rule(const struct programme *programme, uint32_t number);

/* Whether it gives `give` for every `per` of an amount: of money, or of an activity. */
bool rule_is_per_amount(const struct rule *rule);

/* The least amount for which such a rule gives anything. */
int64_t rule_first_step(const struct rule *rule);

/* The same of an id. */
const struct level *programme_level_named(const struct programme *programme, const char *id);
const struct stamp_card *programme_card_named(const struct programme *programme, const char *id);
const struct reward *programme_reward_named(const struct programme *programme, const char *id);

#endif
