/* Stamp cards that are sets: each article, or each label, is stamped once. What stands in a set is kept by
 * item, so that it leaves only when no purchase of it stands any more. */
#ifndef LOYALTY_ENGINE_SET_H
#define LOYALTY_ENGINE_SET_H

#include "base/error.h"
#include "engine/earn.h"
#include "engine/rule.h"
#include "engine/sale.h"
#include "model/decision.h"
#include "model/member_state.h"

#include <stddef.h>
#include <stdint.h>

/* How many stamps of its card, a set, the rule could give for this basket: articles or labels that are
 * neither in the set nor in what rules before it give for (`gifts`, filled before `rule`). */
int64_t set_new(const struct sale *sale, const struct basket *basket, size_t rule, const struct gift *gifts);

/* Adds the ITEM effects that go with the stamps given: what is new in the set, what is bought once more, and
 * what leaves it with a completed card. `before` and `after` are the card's stamps. ERR_TOO_LARGE,
 * ERR_OVERFLOW. */
int set_record(const struct sale *sale, const struct earned *earned, size_t card, const struct stamps *before,
               const struct stamps *after, struct outcome *outcome) MUST_CHECK;

/* Adds the ITEM effects that empty a set. ERR_TOO_LARGE, ERR_OVERFLOW. */
int set_empty(const struct member_state *state, uint32_t card, struct outcome *outcome) MUST_CHECK;

#endif
