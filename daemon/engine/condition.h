/* Conditions: what must hold for a rule, or must not. */
#ifndef LOYALTY_ENGINE_CONDITION_H
#define LOYALTY_ENGINE_CONDITION_H

#include "engine/sale.h"
#include "model/decision.h"
#include "model/programme.h"

#include <stdbool.h>
#include <stdint.h>

/* What asks for an amount and does not get it. */
struct shortfall {
    int64_t asked;
    int64_t lacking;
};

/* Whether all that `when` asks about time, place, codes and the member holds: TRACE_APPLIED, or the first
 * reason why not. */
enum trace_reason condition_circumstances(const struct condition *when, const struct sale *sale);

/* Whether the goods reach what `when` asks of them: TRACE_APPLIED, or TRACE_MIN_QUANTITY, else whichever of
 * TRACE_MIN_SPEND and TRACE_MIN_BASKET lacks more, with what is missing. `share` is what the rule's selector
 * takes. */
enum trace_reason condition_amounts(const struct condition *when, const struct sale *sale,
                                    const struct share *share, struct shortfall *ret_shortfall);

/* Whether anything at all that `unless` names holds. `from` and `to` together name one period. */
bool condition_any(const struct condition *unless, const struct sale *sale, const struct share *share);

#endif
