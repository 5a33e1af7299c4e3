/* Occasions: days of a member's that come by themselves, once a year each. */
#ifndef LOYALTY_ENGINE_OCCASION_H
#define LOYALTY_ENGINE_OCCASION_H

#include "base/error.h"
#include "model/decision.h"
#include "model/programme.h"

#include <stdint.h>

/* Notes with the member that an occasion was had on a day: the next one is at least OCCASION_APART_DAYS_MIN
 * after it; DAY_NEVER: there is none any more. ERR_TOO_LARGE. */
int occasion_note(enum occasion occasion, uint32_t member, int32_t day, struct outcome *outcome) MUST_CHECK;

#endif
