/* Every limit of loyaltyd in one place, with the reason where it is not obvious. docs/protocol.md lists those
 * a client can meet; a test holds the two together. */
#ifndef LOYALTY_BASE_LIMITS_H
#define LOYALTY_BASE_LIMITS_H

#include <assert.h>

enum {
    /* wire */
    FRAME_TERMINAL_BYTES_MAX = 64 * 1024,   /* a frame from a terminal, without its length */
    FRAME_OPERATOR_BYTES_MAX = 1024 * 1024, /* a frame from an operator */
    FRAME_HANDSHAKE_BYTES_MAX = 4 * 1024,   /* a frame before authentication */
    BODY_TERMINAL_BYTES_MAX = 60 * 1024,    /* a signed body from a terminal */
    BODY_OPERATOR_BYTES_MAX = 320 * 1024,   /* a signed body from an operator: a programme and its frame */
    REQUESTS_IN_FLIGHT_MAX = 256,           /* on one connection */
    CONNECTION_BUFFER_BYTES = 2 * 1024,     /* what a connection owns; larger frames take a block */
    BLOCK_BYTES = 64 * 1024 + 64,           /* of the bounded pool */
    BLOCK_LARGE_BYTES = 1024 * 1024 + 64,   /* of the pool for operators' frames */
    UNSENT_BYTES_MAX = 1024 * 1024,         /* replies a client has not read; then it is not read either */

    /* identifiers and texts, in bytes without NUL */
    ID_BYTES_MAX = 32,
    SKU_BYTES_MAX = 40,
    LABELS_MAX = 8,              /* of one line */
    CODES_MAX = 8,               /* of one basket */
    ADJUSTED_STAMPS_MAX = 10000, /* of one adjustment, either way */
    CARD_BYTES_MAX = 64,
    RECEIPT_NUMBER_BYTES_MAX = 40,
    TILL_LABEL_BYTES_MAX = 32,
    NAME_BYTES_MAX = 128,
    LOCALE_BYTES_MAX = 16,
    MAIL_BYTES_MAX = 254,
    SEGMENTS_MAX = 16, /* of a member */
    CONSENTS_MAX = 16, /* of a member */

    /* baskets */
    LINES_MAX = 1200,
    TENDERS_MAX = 16,
    FREE_UNITS_MAX = 32, /* statements of free units */
    REDEMPTIONS_MAX = 16,
    UNITS_MAX = 1000000, /* of one statement or redemption */
    CASH_ROUNDING_MAX = 1000000,
    DAY_RECEIPTS_MAX = 1000000,        /* of a till on a day */
    RESERVATION_MINUTES_MAX = 5256000, /* ten years */
    SOFTWARE_BYTES_MAX = 64,
    INVITE_CODE_BYTES_MAX = 64,
    BACKUP_PATH_BYTES_MAX = 1023,

    /* log */
    BATCH_EVENTS_MAX = 256, /* events a transaction, and under one signature */

    /* members */
    LOTS_MAX = 4096,             /* open lots a member */
    TICK_MEMBERS_MAX = 1000,     /* settled by one event */
    OCCASION_LATE_DAYS_MAX = 30, /* a birthday or an anniversary still counts so many days after */
    OCCASION_APART_DAYS_MIN = 365 - OCCASION_LATE_DAYS_MAX, /* from the one that was given to the next */

    /* programme */
    PROGRAMME_BYTES_MAX = 256 * 1024,
    RULES_MAX = 256,
    LEVELS_MAX = 16,
    CARDS_MAX = 32,
    SET_REQUIRED_MAX = 64, /* items of a stamp card that is a set */
    REWARDS_MAX = 128,
    STORES_MAX = 1024,
    LOCALES_MAX = 16,
    SELECTOR_VALUES_MAX = 64, /* values in one list of a selector */
    CAMPAIGNS_MAX = 64,
    LIMITS_MAX = 16,      /* of one rule, campaign, reward or of the programme */
    COUNTERS_MAX = 512,   /* limits and once-only gifts of a whole programme */
    MULTIPLIERS_MAX = 32, /* multiply rules for points, or for one stamp card */
    RULE_TERMS_MAX = 16,  /* different terms that rules have of their own */
    MEASURES_MAX = 64,    /* different metrics over windows */
    MILESTONES_MAX = 64,
    METRICS_MAX = 16,   /* of them, different metrics that are recorded */
    NUMBERS_MAX = 4096, /* names a programme ever used: numbers are never given twice */

    /* decisions */
    EFFECTS_MAX = 12 * 1024, /* of one event: every open lot may fall due with it, twice */
    NEAR_MISSES_MAX = 3,
    OFFERS_MAX = 32,
    EXCEPTIONS_MAX = 24,
    VOUCHERS_PER_EVENT_MAX = 64,

    /* principals */
    PRINCIPALS_MAX = 4096,

    CARD_SALT_BYTES = 16,
    HASH_BYTES = 32,
    KEY_BYTES = 32,
    SIGNATURE_BYTES = 64,
    PROGRAMME_ID_BYTES = 16,
    VOUCHER_CODE_BYTES = 16,
    EPOCH_BYTES = 16,
    GENESIS_FORMAT = 1,
    GENESIS_RANDOM_BYTES = 32,
};

/* Points and money stay far from the ends of int64, so that sums over a basket cannot overflow. */
#define AMOUNT_MAX 1000000000000LL       /* minor units, of a line or a basket */
#define DAY_GROSS_MAX 1000000000000000LL /* minor units, of a till on a day */
#define POINTS_MAX 1000000000000LL       /* smallest units, of one event */
#define QUANTITY_MAX 1000000000LL        /* thousandths: a million pieces */
#define ACTIVITY_AMOUNT_MAX 1000000000LL /* of an activity, in its unit */

#define TIME_MAX 253402300799999LL           /* ms since 1970 UTC: the end of the year 9999 */
#define CLOCK_CORRECTION_MAX 1000000000000LL /* ms, either way: 31 years */
#define QUANTITY_DEFAULT 1000LL              /* of a line that names none: one piece */

static_assert(FRAME_HANDSHAKE_BYTES_MAX > CONNECTION_BUFFER_BYTES, "the small buffer is a start");
static_assert(BLOCK_BYTES >= FRAME_TERMINAL_BYTES_MAX + 4, "a block holds any frame of a terminal");
static_assert(BLOCK_LARGE_BYTES >= FRAME_OPERATOR_BYTES_MAX + 4, "a large block holds any frame");
static_assert(BODY_TERMINAL_BYTES_MAX + 1024 <= FRAME_TERMINAL_BYTES_MAX, "a body fits its frame");
static_assert(BODY_OPERATOR_BYTES_MAX + 1024 <= FRAME_OPERATOR_BYTES_MAX, "a body fits its frame");
static_assert(PROGRAMME_BYTES_MAX + 1024 <= BODY_OPERATOR_BYTES_MAX, "a programme fits its body");
static_assert(EFFECTS_MAX >= 2 * LOTS_MAX + 1024, "every open lot may fall due in one event");

#endif
