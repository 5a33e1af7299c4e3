/* Which conditions can hold together. Not for other floors. */
#ifndef LOYALTY_PROGRAMME_MEET_H
#define LOYALTY_PROGRAMME_MEET_H

#include "model/programme.h"

/* Whether one purchase can meet what both ask for, as far as dates, weekdays, places and levels say. */
bool conditions_meet(const struct condition *a, const struct condition *b);

/* Whether a purchase that meets `when` always meets something of `unless`, which then never lets it pass: as
 * far as the same says. */
bool condition_forbids(const struct condition *unless, const struct condition *when);

#endif
