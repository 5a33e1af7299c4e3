/* What a purchase redeems: vouchers, rewards for points, reservations, and points that pay (RULES 9, 10, 15).
 *
 * In the order of RULES 0: redeem_plan finds what can be honoured and makes tenders of it; the basis is
 * measured with them; redeem_take moves what the balance pays before anything is credited; where a price may
 * be paid from what the purchase earns, redeem_take_earned follows. */
#ifndef LOYALTY_ENGINE_REDEEM_H
#define LOYALTY_ENGINE_REDEEM_H

#include "base/error.h"
#include "engine/bill.h"
#include "engine/engine.h"
#include "engine/points.h"
#include "engine/purse.h"
#include "engine/sale.h"

#include <stdbool.h>
#include <stdint.h>

/* One redemption that is honoured. */
struct claim {
    uint32_t index;              /* of the purchase's redemptions */
    const struct reward *reward; /* NULL: points to pay with, reserved */
    uint32_t reward_number;
    const struct held_voucher *voucher;    /* NULL: none */
    const struct reservation *reservation; /* NULL: none, or gone */
    bool late;                             /* of a reservation that is gone: at its price */
    int64_t reserved;                      /* points the reservation holds, or held */
    int64_t units_reserved;
    int64_t units;
    int64_t points;  /* it costs */
    int64_t missing; /* of them: owed */
    int64_t value;   /* it pays */
    bool earned;     /* to be paid from this purchase too */
};

/* Points that pay. */
struct paying {
    bool asked;
    bool all;       /* as many as may be; else: */
    int64_t wanted; /* points */
    int64_t held;   /* by reservations of this purchase */
    int64_t points; /* used */
    int64_t missing;
    int64_t value;
    bool earned;  /* to be paid from this purchase too */
    bool decides; /* `all` of it: how many is found when it is known what is earned */
};

struct redeeming {
    const struct sale *sale;
    const struct engine_past *past;
    struct outcome *outcome;
    enum outcome_code code; /* not ACCEPTED: the purchase is refused for it */
    int64_t free;           /* available points nothing has claimed yet */
    struct purse purse;
    struct bill bill;
    size_t claims_count;
    struct claim claims[REDEMPTIONS_MAX];
    struct paying paying;
    struct purchase paid; /* the purchase with what was redeemed among its tenders */
    struct tender tenders[TENDERS_MAX + 2];
    struct line lines[LINES_MAX];
};

/* Whether a purchase redeems anything: only then the rest is to be called. */
bool redeems(const struct purchase *purchase);

/* `sale` is measured without what is redeemed; it and `past` are borrowed to the end. Fills `redeeming`,
 * whose `code` says whether to go on; what is left out of a purchase that cannot be refused any more is among
 * the exceptions. */
int redeem_plan(const struct sale *sale, const struct engine_past *past, struct outcome *outcome,
                struct redeeming *redeeming) MUST_CHECK;

/* The purchase as it was paid: what was redeemed then stands behind its tenders. `tenders` holds TENDERS_MAX
 * + 2; the purchase borrows it. */
void redeem_paid(const struct engine_past *past, struct tender *tenders, struct purchase *ret_purchase);

/* `accounts`: the member's, brought up to date. */
int redeem_take(struct redeeming *redeeming, int64_t *accounts) MUST_CHECK;

/* The same from what the purchase earned, behind what it credited; `credit` has its part of it left. Sets
 * `code`. */
int redeem_take_earned(struct redeeming *redeeming, struct credit *credit, int64_t *accounts) MUST_CHECK;

#endif
