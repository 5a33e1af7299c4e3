/* Units that a stamp card makes free in the purchase that uses it up (`apply: same_purchase`): known before
 * anything else, because what is free counts neither for the basis nor for stamps. */
#ifndef LOYALTY_ENGINE_FREE_UNITS_H
#define LOYALTY_ENGINE_FREE_UNITS_H

#include "base/error.h"
#include "engine/sale.h"
#include "model/decision.h"

#include <stdbool.h>
#include <stdint.h>

/* Of one card of the programme. */
struct card_units {
    int64_t due;   /* free by the stamps there are; at least 0 */
    int64_t given; /* which the till gave free; more than are due become a debt */
};

struct free_cards {
    struct card_units cards[CARDS_MAX];
    int64_t not_due;    /* units given free that no card makes free */
    bool changes_lines; /* the till gave units free, so the basket is not what its lines say */
};

/* Finds them for a sale whose basket is measured as if everything were paid. Of s stamps and n units of the
 * goods the card's rules stamp, floor((s + n) / (required + 1)) are due; where free units earn too,
 * floor((s + n - 1) / required). ERR_OVERFLOW, ERR_TOO_LARGE. */
int free_units_find(const struct sale *sale, struct free_cards *ret_free) MUST_CHECK;

/* The purchase without the units the till gave free: their share of quantity, amount, discount and tax is
 * taken off their lines. `lines` holds LINES_MAX; the purchase borrows them. */
void free_units_take_off(const struct purchase *purchase, struct line *lines, struct purchase *ret_purchase);

/* What is due and was not given has been paid for: a voucher each. */
int64_t free_units_owed(const struct card_units *units);

/* Stamps used up by the free units, and by those a voucher is given for; `first` completes the card in
 * progress, `required` those behind it. Stamps that the rules give for units that are to earn none, or do not
 * give for units that are to earn some, are set right in it. */
int64_t free_units_stamps(const struct stamp_card *card, const struct card_units *units, int64_t first);

#endif
