/* Values and outcomes as loyaltyctl shows them: one description serves people and programs (client/json.h).
 */
#ifndef LOYALTY_CLIENT_LOYALTYCTL_SHOW_H
#define LOYALTY_CLIENT_LOYALTYCTL_SHOW_H

#include "base/arena.h"
#include "base/bytes.h"
#include "client/json.h"
#include "model/decision.h"

#include <stdint.h>

void ctl_show_instant(struct json *json, const char *name, int64_t instant_ms);

/* DAY_NEVER is "never". */
void ctl_show_day(struct json *json, const char *name, int32_t day);

/* Nothing where there is no text, or the value is 0. */
void ctl_show_optional(struct json *json, const char *name, const char *text);
void ctl_show_nonzero(struct json *json, const char *name, int64_t value);

/* A recorded outcome, unpacked into `outcome`, which borrows from the arena. */
void ctl_show_outcome(struct json *json, struct bytes bytes, struct arena *arena, struct outcome *outcome);

#endif
