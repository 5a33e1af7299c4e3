/* An adjustment that names a receipt: what it moves counts as taken back from that purchase, or as given back
 * (RULES 17). */
#ifndef LOYALTY_ENGINE_ADJUST_RECEIPT_H
#define LOYALTY_ENGINE_ADJUST_RECEIPT_H

#include "base/error.h"
#include "engine/going.h"
#include "engine/takeback.h"

#include <stdint.h>

struct adjusted_receipt {
    const struct adjustment *adjustment;
    struct takeback takeback;
    struct going going;
};

/* Looks at the purchase as it stands. Refuses the decision where there is none, where it stands no longer, or
 * where less of it stands than is to be taken. `cancelled`: the voucher that is cancelled, or NULL: it must
 * be one that the purchase itself gave. Everything is borrowed until the decision is made. Errors as of
 * going_weigh. */
int adjusted_open(struct adjusted_receipt *receipt, const struct programme *programme,
                  const struct adjustment *adjustment, const struct held_voucher *cancelled,
                  const struct context *context, const struct engine_past *past,
                  struct decision *decision) MUST_CHECK;

/* Moves the points: those that are taken leave the purchase's own lot first, pending or not, then the others;
 * those that are given come back to it, unless the adjustment says until when they are valid (`elsewhere`
 * then says how many are for the caller to credit). Refuses where points are short. Changes
 * `balances->accounts`. ERR_TOO_LARGE, ERR_OVERFLOW, ERR_CORRUPT. */
int adjusted_points(struct adjusted_receipt *receipt, struct balances *balances,
                    int64_t *ret_elsewhere) MUST_CHECK;

/* Qualifying points on the day of the purchase: what they reach is reached at once, a level that only what is
 * taken reached is lost as with a return. */
int adjusted_qualifying(struct adjusted_receipt *receipt, struct balances *balances) MUST_CHECK;

/* Takes stamps; below zero, the card's newest unused voucher goes, as with a return. */
int adjusted_stamps(struct adjusted_receipt *receipt, uint32_t card) MUST_CHECK;

/* Adds to the receipt's facts what was moved. `card`: number of the card of the stamps. */
int adjusted_facts(struct adjusted_receipt *receipt, uint32_t card,
                   const struct held_voucher *cancelled) MUST_CHECK;

#endif
