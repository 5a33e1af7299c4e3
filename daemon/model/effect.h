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
    X(NOTE, 15)

enum effect_kind {
#define X(name, number) EFFECT_##name = (number),
    EFFECT_TABLE(X)
#undef X
};

struct effect {
    enum effect_kind kind;
    uint32_t member; /* of the kinds that have one; 0 otherwise */
    union {
        struct {
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
            bool pays;            /* from a pending lot, what is owed: it shrinks, and nothing opens */
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
        } level;
        struct {
            uint32_t card;
            int64_t given;
            uint32_t completed;
            int64_t count;
            int32_t since;
            uint32_t rule;
        } stamps;
        struct {
            uint32_t index; /* of the vouchers this event issues, from 0 */
            uint8_t code[VOUCHER_CODE_BYTES];
            uint32_t reward;
            uint32_t card;
            int32_t since;
            int32_t until;
        } voucher;
        struct {
            int32_t day;
        } visit;
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

#endif
