/* What remains of a purchase after parts of it were returned. Everything is worked out from the purchase and
 * from what has been returned in all, so it does not depend on the way there. */
#ifndef LOYALTY_ENGINE_REMAINS_H
#define LOYALTY_ENGINE_REMAINS_H

#include "base/error.h"
#include "base/limits.h"
#include "model/context.h"
#include "model/event.h"

#include <stdbool.h>
#include <stdint.h>

/* Of each line of the purchase, in all. */
struct returned {
    int64_t quantity[LINES_MAX]; /* thousandths, with the sign of the line's */
    int64_t money[LINES_MAX];    /* of its gross, given back without goods */
    bool whole;                  /* all of it: also of a basket without a line that sold something */
};

struct remains {
    struct purchase purchase; /* borrows the lines and tenders below, and all else from the purchase */
    struct line lines[LINES_MAX];
    struct tender tenders[TENDERS_MAX + 2]; /* what was redeemed is among them */
    int64_t gross;                          /* of lines that sold something */
    int64_t due;                            /* minor units to pay for it, without rounding and tips */
    int64_t quantity;                       /* thousandths of what was sold */
    bool nothing;                           /* nothing that was sold is left */
};

/* What could not be returned, because it never was sold or is back already. */
struct excess {
    int64_t quantity; /* thousandths */
    int64_t amount;   /* minor units */
};

/* What the receipt's facts say of its lines. ERR_CORRUPT for a fact of a line that is not there. */
int returned_read(const struct purchase *purchase, const struct context *context,
                  struct returned *ret_returned) MUST_CHECK;

/* Adds what this return brings, as far as it can be. An amount is money paid back: it is spread over what is
 * left of lines that sold something, by amount. ERR_OVERFLOW. */
int returned_add(const struct purchase *purchase, const struct goods_return *goods, struct returned *returned,
                 struct excess *ret_excess) MUST_CHECK;

/* The purchase without what was returned: discounts and tax of a line in proportion to its gross, the
 * basket's discount to the gross of all, the tenders in the same mix to what is due. A line of which nothing
 * is left is voided. ERR_OVERFLOW. */
int remains_make(const struct purchase *purchase, const struct returned *returned,
                 struct remains *ret_remains) MUST_CHECK;

/* The opposite: what went from `before` to `after`, as if it alone had been bought. ERR_OVERFLOW. */
int remains_part(const struct purchase *purchase, const struct returned *before, const struct returned *after,
                 struct remains *ret_part) MUST_CHECK;

#endif
