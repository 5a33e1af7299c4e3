/* Effects: the elementary changes an outcome consists of. Folding the effects of all events in order from
 * nothing gives every derived table. The kinds and fields are those of loyalty.Effect in
 * proto/loyalty/log.proto; adding one to the table breaks the build until the engine, the store, the wire and
 * the renderings handle it. */
#ifndef LOYALTY_MODEL_EFFECT_H
#define LOYALTY_MODEL_EFFECT_H

#include "base/bytes.h"
#include "base/limits.h"
#include "model/event.h"
#include "model/member_state.h"
#include "model/receipt_fact.h"

#include <stdbool.h>
#include <stdint.h>

#define EFFECT_TABLE(X)                                                                                      \
    X(ENROL, 1)                                                                                              \
    X(LOT, 2)                                                                                                \
    X(MOVE, 3)                                                                                               \
    X(METRIC, 4)                                                                                             \
    X(LEVEL, 5)                                                                                              \
    X(STAMPS, 6)                                                                                             \
    X(VOUCHER, 7)                                                                                            \
    X(VISIT, 8)                                                                                              \
    X(PRINCIPAL, 9)                                                                                          \
    X(INVITE, 10)                                                                                            \
    X(PROGRAMME, 11)                                                                                         \
    X(LIVE, 12)                                                                                              \
    X(REVISION, 13)                                                                                          \
    X(COUNTER, 14)                                                                                           \
    X(NOTE, 15)                                                                                              \
    X(VOUCHER_HOLD, 16)                                                                                      \
    X(VOUCHER_END, 17)                                                                                       \
    X(RESERVATION, 18)                                                                                       \
    X(RESERVATION_END, 19)                                                                                   \
    X(FLOOR, 20)                                                                                             \
    X(RECEIPT, 21)                                                                                           \
    X(ITEM, 22)                                                                                              \
    X(MERGE, 23)                                                                                             \
    X(HOUSEHOLD, 24)

enum effect_kind {
#define X(name, number) EFFECT_##name = (number),
    EFFECT_TABLE(X)
#undef X
};

#define RESERVED_HERE UINT64_MAX /* the reservation this event makes */

/* How a voucher ends. */
enum voucher_end { VOUCHER_REDEEMED = 1, VOUCHER_EXPIRED = 2, VOUCHER_CANCELLED = 3 };

/* How a reservation ends. */
enum reservation_end { RESERVATION_COMMITTED = 1, RESERVATION_RELEASED = 2, RESERVATION_TIMED_OUT = 3 };

struct effect {
    enum effect_kind kind;
    uint32_t member; /* of the kinds that have one; 0 otherwise */
    union {
        struct {
            int32_t day; /* in the programme's zone */
        } enrol;
        struct {
            uint64_t
                position; /* 0: this event opens it; else it comes from another member and keeps its name */
            uint32_t index;
            int32_t since;
            int32_t until; /* DAY_NEVER: never expires */
            int32_t due;   /* 0: available at once */
        } lot;
        struct {
            uint64_t debit; /* account codes, model/account.h */
            uint64_t credit;
            int64_t amount;
            bool has_lot;
            bool pays;            /* what is owed: the lot it comes from shrinks, and nothing opens */
            bool has_to;          /* between members: it arrives in another lot than it leaves */
            uint32_t to;          /* index of that lot, of those this event opens */
            struct origin lot;    /* position 0: this event's own */
            uint32_t rule;        /* what brought it, SOURCE_OF; 0 from `issued`: the level's multiplier */
            int64_t effective_at; /* 0: booked_at */
        } move;
        struct {
            uint32_t metric;
            int32_t day;
            int64_t amount;
        } metric;
        struct {
            uint32_t level;
            int32_t since; /* in force from this day on */
            int32_t until;
            int32_t day;   /* last reached on it */
            uint32_t held; /* member_state's held_level and held_until */
            int32_t held_until;
        } level;
        struct {
            uint32_t level; /* 0: there is none any more */
            int32_t until;
        } floor;
        struct {
            uint32_t card;
            int64_t given;
            uint32_t completed;
            uint32_t undone; /* times it was completed and is no longer */
            int64_t count;
            int32_t since;
            int64_t required; /* of the card in progress after, 0: none is */
            uint32_t rule;    /* 0: none gave them */
        } stamps;
        struct {
            uint64_t position; /* 0: this event issues it; else it was issued there and is back, or another
                                  member's */
            uint32_t index;    /* of the vouchers that event issues, from 0 */
            uint8_t code[VOUCHER_CODE_BYTES];
            uint32_t reward;
            uint32_t card;
            int32_t since;
            int32_t until;
        } voucher;
        struct {
            struct origin voucher;
            uint64_t reservation; /* 0: it is free again; RESERVED_HERE: this event's */
        } voucher_hold;
        struct {
            struct origin voucher; /* of the member's, issued or reserved */
            uint8_t code[VOUCHER_CODE_BYTES];
            enum voucher_end end;
        } voucher_end;
        struct {
            uint64_t
                position; /* 0: this event reserves; else it comes from another member and keeps its name */
            int64_t points;
            uint32_t reward;
            uint32_t units;
            int32_t day;
            int64_t until;
        } reservation;
        struct {
            uint64_t reservation; /* position */
            enum reservation_end end;
        } reservation_end;
        struct {
            int32_t day;
            bool undone;   /* a purchase stands no longer; the last one's day stays */
            uint32_t more; /* that stand with it: of a member who was merged into this one */
        } visit;
        struct {
            uint64_t position;        /* of the purchase */
            struct receipt_fact fact; /* added to what is known */
        } receipt;
        struct {
            uint32_t limit; /* number */
            int32_t period; /* its first day; DAY_MIN: for ever */
            const char
                *scope; /* NULL: the member's own; "": everybody's; else a store, or a till of `store` */
            const char *store; /* NULL unless `scope` is a till */
            int64_t amount;    /* used, or below 0: given back */
        } counter;
        struct {
            uint32_t note; /* number */
            uint32_t rule; /* what gave it, SOURCE_OF */
        } note;
        struct {
            uint32_t card;
            uint64_t item;  /* as in struct set_item */
            int64_t amount; /* thousandths that stand from here on too, or below 0: no longer */
        } item;
        struct {
            uint32_t into; /* the member that has what this one had: all of it but points, which moved, ends
                              here */
        } merge;
        struct {
            uint32_t household; /* the member's from here on, 0: none; its own number: it is a household */
        } household;
        struct {
            uint32_t principal;
            enum role role;
            const char *store; /* NULL: none */
            const char *label;
            struct bytes key; /* empty: no new key by this */
            bool revoked;
            uint64_t invite;    /* 0: none */
            uint32_t key_no;    /* of `key`; 0: the first, with which the principal is added */
            int64_t retired_at; /* 0: not retired by this */
        } principal;
        struct {
            struct bytes code_hash;
            enum role role;
            const char *store;
            const char *label;
            int64_t expires_at;
        } invite;
        struct {
            uint32_t version;
            int32_t effective;
        } programme;
        struct {
            uint32_t revision;
        } revision;
    };
};

/* "enrol", "lot", ... */
const char *effect_kind_name(enum effect_kind kind);

/* "redeemed", "expired", "cancelled" */
const char *voucher_end_name(enum voucher_end end);

/* "committed", "released", "timed out" */
const char *reservation_end_name(enum reservation_end end);

/* "line returned", "void", ... */
const char *receipt_fact_name(enum receipt_fact_kind kind);

#endif
