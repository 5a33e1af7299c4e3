/* Counters of limits as rows. Not for other floors. */
#ifndef LOYALTY_STORE_COUNTER_H
#define LOYALTY_STORE_COUNTER_H

#include "base/error.h"
#include "model/effect.h"

struct store;

/* Writes a COUNTER effect that is no member's. */
int counter_apply(struct store *store, const struct effect *effect) MUST_CHECK;

#endif
