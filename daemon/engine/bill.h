/* What is due for a basket, and what rewards pay of it (RULES 9, 15). Each step sees what the one before
 * left.
 *
 * What is due for a line is its gross less its part of the basket's discount; lines the programme excludes
 * from earning are paid for like all others. Rewards never pay more than is due for the lines they are for,
 * nor more than is due altogether. */
#ifndef LOYALTY_ENGINE_BILL_H
#define LOYALTY_ENGINE_BILL_H

#include "base/error.h"
#include "base/limits.h"
#include "model/event.h"
#include "model/programme.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bill {
    const struct line *lines; /* borrowed from the purchase */
    size_t count;
    uint16_t index[LINES_MAX]; /* in `lines`, of those that are paid for */
    int64_t due[LINES_MAX];    /* minor units left to pay; below 0 for what is given back */
    int64_t units[LINES_MAX];  /* units that are not free yet; a weighed line is one */
    int64_t freed[LINES_MAX];  /* and those that are */
    bool frees;                /* there are such */
    int64_t total;             /* left to pay altogether, cash rounding included; at least 0 */
};

/* ERR_TOO_LARGE for more than LINES_MAX lines, ERR_OVERFLOW. */
int bill_make(const struct programme *programme, const struct purchase *purchase,
              struct bill *ret_bill) MUST_CHECK;

/* Makes units of what the selector takes free, the cheapest first, each worth `max_value` at most (0: no
 * maximum). Says what that is worth, and how many units there were. */
int bill_free(struct bill *bill, const struct selector *selector, int64_t units, int64_t max_value,
              int64_t *ret_value, int64_t *ret_units) MUST_CHECK;

/* The lines without the units that are free now: what a reward pays for is no unit to any rule, though its
 * line and its money stay. `lines` holds as many as the purchase has. */
void bill_take_units(const struct bill *bill, const struct purchase *purchase, struct line *lines);

/* Takes up to `amount` off what the selector takes. Returns what that was. */
int64_t bill_take(struct bill *bill, const struct selector *selector, int64_t amount);

/* Takes a share (thousandths of a percent) off what the selector takes, half up to the minor unit, at most
 * `max_value` (0: no maximum). */
int bill_share(struct bill *bill, const struct selector *selector, int64_t share, int64_t max_value,
               int64_t *ret_value) MUST_CHECK;

/* What is left to pay of what the selector takes; of all of it without one. */
int64_t bill_due(const struct bill *bill, const struct selector *selector);

/* The same share as bill_share, of `units` of the cheapest units the selector takes. Says how many there
 * were. */
int bill_share_cheapest(struct bill *bill, const struct selector *selector, int64_t share, int64_t max_value,
                        int64_t units, int64_t *ret_value, int64_t *ret_units) MUST_CHECK;

#endif
