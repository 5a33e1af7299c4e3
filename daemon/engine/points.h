/* Points arriving with a member: what is owed is paid, the rest opens a lot of the purchase's day. */
#ifndef LOYALTY_ENGINE_POINTS_H
#define LOYALTY_ENGINE_POINTS_H

#include "base/error.h"
#include "base/limits.h"
#include "engine/earn.h"
#include "engine/sale.h"
#include "model/decision.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The usual lot, and one for each different term that rules have of their own. */
enum { CREDIT_LOTS_MAX = 1 + RULE_TERMS_MAX };

/* A lot of the event, by its index; opened when the first points go into it. */
struct credit_lot {
    enum member_account account; /* where its points are: available, or pending */
    int32_t until;               /* its last valid day */
    int32_t ends;                /* the same, as things stand, of points that last while their member buys */
    int32_t due;                 /* first day its points are available; 0: at once */
    int64_t holds;
    bool opened;
};

/* The credit of one event: its entries, in the order they are added, share the lots. */
struct credit {
    const struct sale *sale;
    struct outcome *outcome;
    int64_t *accounts;           /* MEMBER_ACCOUNTS, changed as entries are added */
    enum programme_account from; /* where they come from */
    int64_t owed;                /* still to be paid by available ones */
    size_t count;
    struct credit_lot lots[CREDIT_LOTS_MAX]; /* the first: of all points whose rule says nothing else */
};

/* Begins a credit to the sale's member. `accounts` is borrowed until the end. */
void credit_begin(struct credit *credit, const struct sale *sale, int64_t *accounts, struct outcome *outcome);

/* Makes it a credit by hand: of adjusted points, available at once, the last valid day of whose lot is
 * `until`, or (below 0) as if bought. */
void credit_by_hand(struct credit *credit, int32_t until);

/* One entry into the usual lot, in two where a part of it pays what is owed: pending points pay nothing
 * before they are available. `source`: SOURCE_OF. ERR_OVERFLOW, ERR_TOO_LARGE. */
int credit_add(struct credit *credit, int64_t amount, uint32_t source) MUST_CHECK;

/* The entries of points, those of rules with terms of their own into lots of these terms. Likewise. */
int credit_earned(struct credit *credit, const struct earned *earned) MUST_CHECK;

/* A lot that is over by booked_day already is expired at once, at booked_at. ERR_TOO_LARGE. */
int credit_end(struct credit *credit) MUST_CHECK;

#endif
