/* What is given at the end of an event: rewards as vouchers, points, notes. It sets nothing off in it. */
#ifndef LOYALTY_ENGINE_AWARD_H
#define LOYALTY_ENGINE_AWARD_H

#include "base/error.h"
#include "engine/points.h"
#include "engine/sale.h"
#include "model/decision.h"
#include "model/programme.h"

#include <stdint.h>

struct awards {
    const struct sale *sale;
    struct outcome *outcome;
    struct credit *credit;
    struct balances *balances; /* whose level a level given by hand changes */
    uint32_t vouchers;         /* issued by this event so far */
    int64_t points;            /* given so far */
};

/* Gives an award of `source` (SOURCE_OF), `times` over. ERR_TOO_LARGE for more than VOUCHERS_PER_EVENT_MAX
 * vouchers; ERR_CORRUPT when the context has not drawn enough random bytes for them; ERR_OVERFLOW. */
int award_give(struct awards *awards, const struct award *award, uint32_t source, uint32_t times) MUST_CHECK;

#endif
