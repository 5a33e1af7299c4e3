/* What has become of a booked purchase since: kept beside it from the first time something of it is taken
 * back, expires or changes hands. Facts of one (kind, index) add up. */
#ifndef LOYALTY_MODEL_RECEIPT_FACT_H
#define LOYALTY_MODEL_RECEIPT_FACT_H

#include "base/limits.h"

#include <stdint.h>

enum { RECEIPT_FACTS_MAX = LINES_MAX + 256 };

enum receipt_fact_kind {
    FACT_LINE = 1,   /* returned of line `index`: thousandths, and money that was given back without goods */
    FACT_VOIDED = 2, /* quantity 1: it is void; index FACT_VOIDED_BACK: all of it is back, of a purchase whose
                        lines cannot say so, as it sold nothing */
    FACT_DECIDED =
        3, /* quantity: position of the event that claimed it, or moved it, after; amount: its member */
    FACT_EXPIRED = 4,    /* amount: points of the lot `index` it opened that expired */
    FACT_FORGIVEN = 5,   /* amount: of those, what returns have counted as taken */
    FACT_TAKEN = 6,      /* amount: points of it that returns took back, less what they gave again */
    FACT_ADJUSTED = 7,   /* amount: points that adjustments naming it took, less what they gave; quantity:
                            qualifying points, likewise */
    FACT_GIVEN_BACK = 8, /* amount: points spent on it that came back */
    FACT_CLOSED = 9,     /* quantity 1: its business day is over: in contexts only */
    FACT_ADJUSTED_STAMPS = 10,   /* quantity: stamps of card `index` that they took, less what they gave */
    FACT_ADJUSTED_VOUCHERS = 11, /* quantity: vouchers it gave, of reward `index`, that they cancelled */
    FACT_ENDED = 16 /* of a reservation, quantity 1: it was committed (index 1) or released (2) */
};

enum { FACT_VOIDED_BACK = 1 };

struct receipt_fact {
    enum receipt_fact_kind kind;
    uint32_t index;
    int64_t quantity;
    int64_t amount;
};

#endif
