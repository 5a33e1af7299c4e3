/* The basis: what each line of a basket is worth to the rules (RULES 1). */
#ifndef LOYALTY_ENGINE_BASKET_H
#define LOYALTY_ENGINE_BASKET_H

#include "base/error.h"
#include "base/limits.h"
#include "model/event.h"
#include "model/programme.h"

#include <stddef.h>
#include <stdint.h>

/* A basket with the basis of its lines. Voided lines and those the programme excludes do not count. */
struct basket {
    const struct line *lines;  /* borrowed from the purchase */
    size_t count;              /* of lines that count */
    uint16_t index[LINES_MAX]; /* in `lines`, of each that counts */
    int64_t amount[LINES_MAX]; /* its basis, minor units; below 0 for what is given back */
    int64_t total;             /* of them all, at least 0 */
};

/* The lines of a basket that a selector takes, added up. Nothing is below 0. */
struct share {
    size_t lines;     /* how many lines */
    int64_t amount;   /* basis, minor units */
    int64_t quantity; /* thousandths; a weighed line is one unit */
    int64_t goods;    /* lines that sold something, less lines that took something back */
};

/* Measures a purchase: tax and line discounts as the programme says, the basket's discount spread over the
 * lines that count in proportion to their gross (largest remainder; ties by what the lines are, never by
 * their order). Cash rounding and tips never count; tenders lower nothing. ERR_TOO_LARGE for more than
 * LINES_MAX lines, ERR_OVERFLOW. */
int basket_measure(const struct programme *programme, const struct purchase *purchase,
                   struct basket *ret_basket) MUST_CHECK;

void basket_select(const struct basket *basket, const struct selector *selector, struct share *ret_share);

#endif
