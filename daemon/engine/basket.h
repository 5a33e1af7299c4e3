/* The basis: what each line of a basket is worth to the rules (RULES 1). */
#ifndef LOYALTY_ENGINE_BASKET_H
#define LOYALTY_ENGINE_BASKET_H

#include "base/error.h"
#include "base/limits.h"
#include "model/event.h"
#include "model/programme.h"

#include <stddef.h>
#include <stdint.h>

/* A basket with a basis of its lines. Voided lines and those the programme excludes do not count. */
struct basket {
    const struct line *lines;  /* borrowed from the purchase */
    size_t count;              /* of lines that count */
    uint16_t index[LINES_MAX]; /* in `lines`, of each that counts */
    int64_t amount[LINES_MAX]; /* its basis, minor units; below 0 for what is given back */
    int64_t apart;             /* the basket's discount, where it is a line of its own */
    int64_t total;             /* of them all, less what is apart; at least 0 */
};

/* The lines of a basket that a selector takes, added up. Nothing is below 0. */
struct share {
    size_t lines;     /* how many lines */
    int64_t amount;   /* basis, minor units */
    int64_t quantity; /* thousandths; a weighed line is one unit */
    int64_t goods;    /* lines that sold something, less lines that took something back */
};

/* Measures a purchase: tax and discounts as `basis` says, the basket's discount spread over the lines that
 * count in proportion to their gross; then what excluded tenders paid is taken from all lines, those that do
 * not count too, in proportion to what is due for them. Both by largest remainder; ties by what the lines
 * are, never by their order. Cash rounding and tips never count. ERR_TOO_LARGE for more than LINES_MAX lines,
 * ERR_OVERFLOW. */
int basket_measure(const struct programme *programme, const struct basis *basis,
                   const struct purchase *purchase, struct basket *ret_basket) MUST_CHECK;

/* Shares an amount, at most what they weigh together, among `count` lines (index into `lines`) by their
 * weights (below 0: none), by largest remainder. Replaces the weights by the shares. ERR_OVERFLOW. */
int basket_spread(const struct line *lines, const uint16_t *index, size_t count, int64_t amount,
                  int64_t *shares) MUST_CHECK;

/* A discount that stands apart lowers the share of a selector without `only`, and of no other. */
void basket_select(const struct basket *basket, const struct selector *selector, struct share *ret_share);

/* What one line sells, in thousandths of units, as in `share.quantity`. */
int64_t line_units(const struct line *line);

/* Whether `a` stands before (below 0), beside (0: the same to every rule) or behind `b` by what they are. */
int lines_compare(const struct line *a, const struct line *b);

#endif
