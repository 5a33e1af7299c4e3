/* Points of a purchase: multiplied, paid to what is owed, and the rest opened as a lot. */
#ifndef LOYALTY_ENGINE_POINTS_H
#define LOYALTY_ENGINE_POINTS_H

#include "base/error.h"
#include "engine/rule.h"
#include "engine/sale.h"
#include "model/decision.h"

#include <stdint.h>

/* Credits what the rules' gifts come to, multiplied by the level's multiplier and rounded once.
 *
 * One entry for each rule in the order of the file, then one without a rule for what the multiplier adds; a
 * multiplier below 1 shortens the entries from the last one on. The first points pay what is owed (entries
 * without a lot), the rest opens a lot of the purchase's day; a lot that is over by booked_day already is
 * expired at once, at booked_at.
 *
 * Changes balances->accounts. `ret_qualifying`: the points that count towards levels. ERR_OVERFLOW,
 * ERR_TOO_LARGE. */
int points_credit(const struct sale *sale, const struct gift *gifts, struct balances *balances,
                  struct decision *decision, int64_t *ret_qualifying) MUST_CHECK;

#endif
