/* The signatures of a replay, checked by a thread of their own while the replay goes on. */
#ifndef LOYALTY_CLIENT_LOYALTYCTL_SIGNATURES_H
#define LOYALTY_CLIENT_LOYALTYCTL_SIGNATURES_H

#include "base/error.h"
#include "service/replay.h"

#include <stdbool.h>

struct signatures; /* opaque, heap */

/* ERR_NOMEM: no memory or no thread. */
int signatures_start(struct signatures **ret_signatures) MUST_CHECK;

/* The `check` of a replay, `context` are the signatures: copies what it is given, and checks what the thread
 * cannot take yet. ERR_SIGNATURE: one of those before is wrong, there is no need to go on. */
int signatures_check(void *context, const struct replay_signature *signature) MUST_CHECK;

/* Waits for what was given: whether one is wrong, and what is to be said of the first. */
bool signatures_wrong(struct signatures *signatures, struct replay_difference *ret_difference);

/* Ends the thread. Accepts NULL. */
void signatures_stop(struct signatures *signatures);

#endif
