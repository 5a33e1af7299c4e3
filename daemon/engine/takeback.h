/* Taking back what a purchase gave, and giving back what was spent on it: points with their lots, metrics,
 * the level, stamps, vouchers and the room of limits. */
#ifndef LOYALTY_ENGINE_TAKEBACK_H
#define LOYALTY_ENGINE_TAKEBACK_H

#include "base/error.h"
#include "engine/engine.h"
#include "engine/gains.h"
#include "engine/purse.h"

#include <stdbool.h>
#include <stdint.h>

/* One return or void at work. All pointers are borrowed; context->holdings is there. */
struct takeback {
    const struct programme *programme; /* in force now */
    const struct return_policy *policy;
    const struct context *context; /* of this event */
    const struct engine_past *past;
    struct decision *decision;
    struct purse purse;
    uint32_t lots;     /* opened by this event so far */
    size_t first;      /* of the outcome's effects that this event itself adds */
    int64_t shortfall; /* points that nobody had, and that `negative: refuse` would not have booked */
    uint32_t used;     /* vouchers that were to be cancelled and are used */
};

void takeback_open(struct takeback *takeback, const struct programme *programme,
                   const struct return_policy *policy, const struct context *context,
                   const struct engine_past *past, struct decision *decision);

/* Adds to what is known of the receipt: about its goods where `goods`, else about the points of the event
 * that decided it. Nothing where the fact adds nothing. ERR_TOO_LARGE. */
int takeback_fact(struct takeback *takeback, bool goods, const struct receipt_fact *fact) MUST_CHECK;

/* Moves up to `amount` points of the lots the purchase opened, the one that ends first at first, pending or
 * not, never what is reserved; says how much that was. ERR_TOO_LARGE, ERR_CORRUPT. */
int takeback_spend_own(struct takeback *takeback, int64_t amount, enum programme_account to,
                       int64_t *ret_spent) MUST_CHECK;

/* Gives points to the lot the purchase opened (of several the one that ends last), as it was; where it has
 * ended, to a new one of the policy's term. What is owed is paid first. ERR_TOO_LARGE, ERR_OVERFLOW. */
int takeback_give(struct takeback *takeback, int64_t amount, enum programme_account from) MUST_CHECK;

/* Takes `take` points back (below 0: gives so many again), and gives back `spent` of those that the purchase
 * was paid with. Points that come back pay first for those that are taken and that no lot has.
 * ERR_TOO_LARGE, ERR_OVERFLOW, ERR_CORRUPT. */
int takeback_points(struct takeback *takeback, int64_t take, int64_t spent) MUST_CHECK;

/* The same of points without a receipt: in the order of spending. */
int takeback_loose(struct takeback *takeback, int64_t take) MUST_CHECK;

/* How many points the event spent. */
int64_t takeback_spent(const struct engine_past *past);

/* Lowers the metrics of the purchase's day by what `after` lacks of `before`, and the level that only they
 * reached; fills the level and the qualifying points of `balances`. */
int takeback_metrics(struct takeback *takeback, const struct gains *before, const struct gains *after,
                     struct balances *balances) MUST_CHECK;

/* Takes the stamps that `after` lacks of `before`, and cancels the vouchers. */
int takeback_stamps(struct takeback *takeback, const struct gains *before,
                    const struct gains *after) MUST_CHECK;
int takeback_vouchers(struct takeback *takeback, const struct gains *before,
                      const struct gains *after) MUST_CHECK;

/* Of a set: how many stamps more than `before` lacks of `after` go, as other purchases of their articles are
 * back already; below 0 where other purchases of what comes back still stand. */
int64_t takeback_set_leaving(const struct takeback *takeback, uint32_t card, const struct gains *before,
                             const struct gains *after);
/* What comes back leaves the set as far as no other purchase of it stands; what left it with a complete card
 * that is undone is in it again, as far as there are `stamps` for it. */
int takeback_set(struct takeback *takeback, uint32_t card, int64_t stamps, const struct gains *before,
                 const struct gains *after) MUST_CHECK;

/* Milestones that are not reached by what is left may be reached again, and the other way round. */
int takeback_milestones(struct takeback *takeback, const struct gains *before,
                        const struct gains *after) MUST_CHECK;

/* Nothing is left of the purchase: the visit, the room of limits and stocks. */
int takeback_visit(struct takeback *takeback) MUST_CHECK;

/* Vouchers that paid for goods of which `after` holds none any more, and `before` did, are issued again. */
int takeback_redeemed(struct takeback *takeback, const struct purchase *before, const struct purchase *after,
                      bool nothing) MUST_CHECK;

#endif
