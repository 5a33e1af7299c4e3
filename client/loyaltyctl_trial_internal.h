/* Between the files of the trial. Not for others. */
#ifndef LOYALTY_CLIENT_LOYALTYCTL_TRIAL_INTERNAL_H
#define LOYALTY_CLIENT_LOYALTYCTL_TRIAL_INTERNAL_H

#include "client/loyaltyctl_trial.h"

/* Keeps what the store's tables beside the holdings would: vouchers, and how reservations ended. */
int trial_keep(struct trial *trial, const struct effect *effect) MUST_CHECK;

/* Keeps the reservation the last event made, if it did. */
int trial_keep_reserved(struct trial *trial, const struct event *event) MUST_CHECK;

/* Fills the part of the context that events which take something look at; the event they are about, or NULL.
 */
const struct engine_past *trial_gather(struct trial *trial, const struct event *event,
                                       const struct member_state *state);

#endif
