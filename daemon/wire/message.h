/* Requests and replies as plain data; the meaning of each field is that of proto/loyalty/wire.proto, fields
 * that are absent there are NULL, empty or 0 here unless said otherwise. Pointers live in the arena of the
 * call that made them. */
#ifndef LOYALTY_WIRE_MESSAGE_H
#define LOYALTY_WIRE_MESSAGE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "crypto/pin.h"
#include "model/profile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROTOCOL_VERSION = 1 };

enum request_kind {
    REQUEST_HELLO = 16,
    REQUEST_AUTHENTICATE = 17,
    REQUEST_ENROL = 18,
    REQUEST_BOOK = 19,
    REQUEST_GET_MEMBER = 20,
    REQUEST_GET_EVENT = 21,
    REQUEST_GET_STATUS = 22,
    REQUEST_GET_PRINCIPALS = 23,
    REQUEST_GET_PROGRAMME = 24,
    REQUEST_CHECK_PROGRAMME = 25,
    REQUEST_BACKUP = 26,
    REQUEST_QUOTE = 27,
    REQUEST_BOOK_BATCH = 28,
    REQUEST_GET_VOUCHER = 29,
    REQUEST_GET_EXCEPTIONS = 30,
    REQUEST_SET_PROFILE = 32,
    REQUEST_GET_PROFILE = 33,
};

struct opening {
    struct bytes salt; /* CARD_SALT_BYTES; empty: no opening, or one that can open nothing */
    const char *card;  /* as read, up to CARD_BYTES_MAX bytes; NULL without an opening */
};

struct request_book {
    uint32_t principal;
    uint64_t sequence;
    struct bytes body;
    struct bytes signature; /* 64 bytes */
    struct opening opening;
    const char *locale; /* NULL: no rendering */
};

/* Consecutive events under one signature. */
struct request_batch {
    uint32_t principal;
    uint64_t first_sequence;
    uint32_t count;         /* 1 to BATCH_EVENTS_MAX; counted by wire_request_unpack */
    struct bytes events;    /* as wire_batch_pack made them; wire_batch_next reads them */
    struct bytes signature; /* 64 bytes */
};

struct request {
    uint32_t id;
    enum request_kind kind;
    union {
        struct {
            uint32_t version;
            struct bytes programme_id; /* empty: not known */
            bool has_principal;
            uint32_t principal;
            uint64_t last_position;
            struct bytes last_chain;
            const char *software;
        } hello;
        struct {
            uint32_t principal;
            struct bytes signature;
        } authenticate;
        struct {
            const char *code;
            struct bytes key;
            struct bytes proof;
        } enrol;
        struct request_book book;
        struct request_batch batch;
        struct {
            const char *card; /* NULL: by number */
            uint32_t member;
            const char *locale; /* NULL: no lines */
        } get_member;
        struct {
            struct bytes code;  /* VOUCHER_CODE_BYTES */
            const char *locale; /* NULL: no lines */
        } get_voucher;
        struct {
            const char *card; /* NULL: by number */
            uint32_t member;
            struct profile profile;
        } set_profile;
        struct {
            const char *card; /* NULL: by number */
            uint32_t member;
        } get_profile;
        struct {
            uint64_t position; /* 0: by principal and sequence */
            uint32_t principal;
            uint64_t sequence;
        } get_event;
        struct {
            uint64_t after; /* position */
            bool all;       /* resolved ones too */
        } get_exceptions;
        struct {
            uint32_t version; /* 0: in force */
        } get_programme;
        struct {
            struct bytes yaml;
        } check_programme;
        struct {
            const char *path;
        } backup;
        struct {
            struct bytes body;
            struct opening opening;
            const char *locale; /* NULL: no rendering */
        } quote;
    };
};

enum reply_kind {
    REPLY_FAILURE = 16,
    REPLY_WELCOME = 17,
    REPLY_READY = 18,
    REPLY_ENROLLED = 19,
    REPLY_BOOKED = 20,
    REPLY_MEMBER = 21,
    REPLY_EVENT = 22,
    REPLY_STATUS = 23,
    REPLY_PRINCIPALS = 24,
    REPLY_PROGRAMME = 25,
    REPLY_PROGRAMME_CHECKED = 26,
    REPLY_BACKUP_STEP = 27,
    REPLY_QUOTED = 28,
    REPLY_VOUCHER = 29,
    REPLY_EXCEPTIONS = 30,
    REPLY_PROFILE = 33,
};

/* X(name, number): loyalty.FailureCode. */
#define FAILURE_TABLE(X)                                                                                     \
    X(BAD_FRAME, 0)                                                                                          \
    X(BAD_VERSION, 1)                                                                                        \
    X(OTHER_PROGRAMME, 2)                                                                                    \
    X(UNKNOWN_PRINCIPAL, 3)                                                                                  \
    X(REVOKED, 4)                                                                                            \
    X(BAD_SIGNATURE, 5)                                                                                      \
    X(NOT_AUTHENTICATED, 6)                                                                                  \
    X(FORBIDDEN, 7)                                                                                          \
    X(AHEAD, 8)                                                                                              \
    X(CONFLICT, 9)                                                                                           \
    X(NOT_FOUND, 10)                                                                                         \
    X(INVITE_INVALID, 11)                                                                                    \
    X(TOO_LARGE, 12)                                                                                         \
    X(RETRY, 13)                                                                                             \
    X(BUSY, 14)                                                                                              \
    X(STOPPING, 15)                                                                                          \
    X(INVALID, 16)                                                                                           \
    X(REPLACED, 17)                                                                                          \
    X(ONE_BY_ONE, 18)

enum failure_code {
#define X(name, number) FAILURE_##name = (number),
    FAILURE_TABLE(X)
#undef X
};

/* "BAD_FRAME", ... */
const char *failure_name(enum failure_code code);

struct voucher_view {
    const char *code; /* as printed */
    const char *reward;
    bool has_until;
    int32_t until;
    const char *card;     /* NULL: none */
    const char *token;    /* signed by the daemon; NULL: none */
    uint64_t reservation; /* that holds it; 0: none */
};

/* X(name, number): loyalty.VoucherState. */
#define VOUCHER_STATE_TABLE(X)                                                                               \
    X(ISSUED, 0)                                                                                             \
    X(RESERVED, 1)                                                                                           \
    X(REDEEMED, 2)                                                                                           \
    X(EXPIRED, 3)                                                                                            \
    X(CANCELLED, 4)

enum voucher_state {
#define X(name, number) VOUCHER_STATE_##name = (number),
    VOUCHER_STATE_TABLE(X)
#undef X
};

struct expiry_view {
    int32_t until;
    int64_t points;
};

struct reservation_view {
    uint64_t reservation;
    int64_t points;
    const char *reward; /* NULL: points to pay with */
    uint32_t units;
    int64_t until; /* 0: it does not time out */
};

struct card_view {
    const char *card;
    int64_t stamps;
    int64_t required;
    uint32_t completed;
};

struct lot_view {
    uint64_t position;
    uint32_t index;
    int64_t left;
    bool has_until;
    int32_t until;
};

struct member_view {
    uint32_t member;
    int64_t available;
    int64_t pending;
    int64_t reserved;
    const char *level; /* NULL: none */
    bool has_level_until;
    int32_t level_until;
    int64_t qualifying;
    const char *next_level; /* NULL: none above */
    int64_t next_level_lacking;
    struct card_view *cards;
    size_t cards_count;
    struct voucher_view *vouchers;
    size_t vouchers_count;
    struct lot_view *lots;
    size_t lots_count;
    uint64_t last_position;
    uint32_t purchases;
    struct expiry_view *expiring;
    size_t expiring_count;
    struct reservation_view *reservations;
    size_t reservations_count;
};

struct rendering {
    const char **lines;
    size_t lines_count;
    int64_t points;
    const struct member_view *member; /* NULL: none */
    struct voucher_view *vouchers;
    size_t vouchers_count;
};

struct principal_view {
    uint32_t principal;
    uint32_t role;
    const char *store; /* NULL: none */
    const char *label;
    struct bytes key;
    bool revoked;
    uint64_t next_sequence;
    uint64_t added;
    uint32_t key_no;    /* from 1 */
    int64_t retired_at; /* 0: it is not */
};

enum { EXCEPTIONS_PAGE_MAX = 100 }; /* in one reply */

struct exception_view {
    uint64_t position;
    uint32_t index;
    uint32_t kind; /* enum exception_kind */
    int64_t amount;
    uint64_t resolved_by; /* 0: open */
    uint32_t principal;
    uint32_t event_kind; /* enum event_kind; 0: the body cannot be read */
    const char *store;   /* NULL: none */
    const char *till;
    bool has_receipt;
    int32_t business_date;
    const char *number;
    uint32_t member; /* 0: none */
    int64_t occurred_at;
    int64_t booked_at;
};

struct counter_view {
    const char *name;
    uint64_t value;
    const char *text;
};

struct finding_view {
    bool warning;
    uint32_t line;
    uint32_t column;
    const char *path;
    const char *text;
};

/* Texts are NULL where there is nothing to say. */
struct trace_step {
    const char *what;
    const char *looks_at;
    const char *exact;
    const char *asked;
    const char *given;
    const char *lacking;
    const char *why;
};

/* What a basket could use: a voucher, a unit of a reward, or points to pay with. */
struct offer {
    const char *reward;  /* NULL: points to pay with */
    const char *voucher; /* its code as printed; NULL: it is bought */
    bool has_until;
    int32_t until;
    int64_t points;
    int64_t value;
    int64_t lacking; /* points; 0: none */
    const char *why; /* NULL: it can be used now, unless points are lacking */
};

struct reply {
    uint32_t id;
    enum reply_kind kind;
    union {
        struct {
            enum failure_code code; /* FAILURE_INVALID for one this version does not know */
            const char *text;
            bool has_expected_sequence;
            uint64_t expected_sequence;
            int64_t now;
        } failure;
        struct {
            uint32_t version;
            struct bytes programme_id;
            struct bytes challenge;
            int64_t now;
            struct bytes daemon_key;
            const char *software;
        } welcome;
        struct {
            uint64_t expected_sequence;
            struct bytes epoch;
            uint32_t programme_version;
            uint64_t position;
            bool log_differs;
            int64_t now;
            uint32_t role;
            const char *store;
            const char *label;
            const char *currency;
            uint32_t outbox_retention_days;
            struct pins tls_pins;
            const char *tls_address;   /* NULL: no TLS */
            const char *plain_address; /* NULL: no plain TCP */
        } ready;
        struct {
            uint32_t principal;
            struct bytes programme_id;
            struct bytes daemon_key;
            uint32_t role;
            const char *store;
            const char *label;
        } enrolled;
        struct {
            struct bytes booked; /* packed, wire/body.h */
            bool repeated;
            const struct rendering *rendering; /* NULL: none */
        } booked;
        struct {
            const struct member_view *view;
            uint64_t position;
            const char **lines;
            size_t lines_count;
        } member;
        struct {
            struct voucher_view view;
            enum voucher_state state;
            uint32_t member;
            int32_t since;
            uint64_t issued;
            const char **lines;
            size_t lines_count;
        } voucher;
        struct {
            uint64_t position;
            uint32_t principal;
            uint64_t sequence;
            int64_t booked_at;
            struct bytes body;
            struct bytes signature;
            struct bytes context;
            struct bytes outcome;
            struct bytes chain;
            const char **trace;
            size_t trace_count;
            struct trace_step *steps;
            size_t steps_count;
            uint32_t key_no;
            uint64_t batch_sequence; /* of the batch's first event; 0: signed alone */
            uint32_t batch_count;
        } event;
        struct {
            const char *software;
            struct bytes programme_id;
            uint32_t programme_version;
            const char *programme; /* NULL: none yet */
            uint64_t position;
            struct bytes chain;
            int64_t now;
            int64_t started_at;
            bool live;
            uint32_t connections;
            uint32_t engine_revision;
            struct counter_view *counters;
            size_t counters_count;
            uint32_t members;
            uint32_t principals;
            bool balanced;
            int64_t outstanding;
            int64_t ticked_at; /* 0: not since the start */
        } status;
        struct {
            struct principal_view *items;
            size_t count;
        } principals;
        struct {
            struct exception_view *items;
            size_t count;
            bool more;
        } exceptions;
        struct {
            uint32_t version;
            int32_t effective;
            struct bytes yaml;
            uint64_t position;
        } programme;
        struct {
            struct finding_view *items;
            size_t count;
        } programme_checked;
        struct {
            uint32_t left;
            uint32_t total;
        } backup_step;
        struct {
            struct bytes outcome;              /* packed, wire/body.h */
            const struct rendering *rendering; /* NULL: none */
            const char **trace;
            size_t trace_count;
            struct trace_step *steps;
            size_t steps_count;
            struct offer *offers;
            size_t offers_count;
        } quoted;
        struct {
            uint32_t member;
            struct profile profile;
        } profile;
    };
};

/* A message from a frame. ERR_FORMAT: it is none or holds no known kind; ERR_RANGE: it lacks a required field
 * or has a value out of range (wire.proto states both); ERR_TOO_LARGE: the arena is full. On an error only
 * the id is set, as soon as it could be read (0 before). Everything else lives in the arena; unknown fields
 * are passed over, for these messages are not signed. */
int wire_request_unpack(struct bytes message, struct arena *arena, struct request *ret_request) MUST_CHECK;
int wire_reply_unpack(struct bytes message, struct arena *arena, struct reply *ret_reply) MUST_CHECK;

/* The events of a batch. Packing takes body, opening and locale of each; ERR_TOO_LARGE when the arena has no
 * room. In a frame an event takes at most BATCH_EVENT_OVERHEAD_BYTES more than its body, card and locale, and
 * the rest of the request BATCH_OVERHEAD_BYTES. */
enum { BATCH_EVENT_OVERHEAD_BYTES = 48, BATCH_OVERHEAD_BYTES = 128 };
int wire_batch_pack(const struct request_book *books, size_t count, struct arena *arena,
                    struct bytes *ret_events) MUST_CHECK;

/* The next event of a batch that was unpacked, or packed here: its body, and `rest` moves on. False at the
 * end. Borrows the batch's bytes. */
bool wire_batch_next(struct bytes *rest, struct bytes *ret_body);

/* The same as if the event had come alone, under the batch's signature; its texts live in the arena. The
 * event of `sequence` is the next one of `rest`, and there is one. ERR_TOO_LARGE when the arena has no room.
 */
int wire_batch_book(const struct request_batch *batch, uint64_t sequence, struct bytes *rest,
                    struct arena *arena, struct request_book *ret_book) MUST_CHECK;

/* Whether these bytes are the events of a batch: how many, 1 to BATCH_EVENTS_MAX. ERR_FORMAT, ERR_RANGE. */
int wire_batch_check(struct bytes events, uint32_t *ret_count) MUST_CHECK;

/* The message with its frame header in front, in the arena, which holds nothing else of it. ERR_TOO_LARGE
 * when the arena has no room or the message exceeds FRAME_OPERATOR_BYTES_MAX. */
int wire_request_pack(const struct request *request, struct arena *arena, struct bytes *ret_frame) MUST_CHECK;
int wire_reply_pack(const struct reply *reply, struct arena *arena, struct bytes *ret_frame) MUST_CHECK;

#endif
