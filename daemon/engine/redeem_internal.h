/* Between the files of redemptions. Not for others. */
#ifndef LOYALTY_ENGINE_REDEEM_INTERNAL_H
#define LOYALTY_ENGINE_REDEEM_INTERNAL_H

#include "engine/redeem.h"

/* Units of a reward that were claimed so far and are bought with points, not reserved before. */
int64_t redeem_units_bought(const struct redeeming *redeeming, const struct reward *reward);

/* How many points pay, of what the member has to pay with. `final`: nothing more is earned behind this. */
void redeem_find_points(struct redeeming *redeeming, int64_t funds, bool final);

#endif
