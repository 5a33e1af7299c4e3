/* Between the files of the trial. Not for others. */
#ifndef LOYALTY_CLIENT_LOYALTYCTL_TRIAL_INTERNAL_H
#define LOYALTY_CLIENT_LOYALTYCTL_TRIAL_INTERNAL_H

#include "client/loyaltyctl_trial.h"

#include "engine/remains.h"

/* Keeps what the store's tables beside the holdings would: vouchers, and how reservations ended. */
int trial_keep(struct trial *trial, const struct effect *effect) MUST_CHECK;

/* Keeps the reservation the last event made, if it did. */
int trial_keep_reserved(struct trial *trial, const struct event *event) MUST_CHECK;

/* Who has what was the customer's: another one where he was merged. */
int trial_owner(const struct trial *trial, int customer);

/* Whose event it is, by index, where `customer` showed the card; -1: nobody's, or of a household that is new.
 */
int trial_customer_of(const struct trial *trial, int customer, const struct event *event,
                      const struct trial_receipt *about);

/* The customer as his household makes him (0: none), which is `state` where he has none. Fills trial->shared.
 */
int trial_share(struct trial *trial, uint32_t household, struct member_state *state,
                struct member_state **ret_state) MUST_CHECK;

/* The household whose points an event of the customer's moves; 0: he has none. */
uint32_t trial_household_of(const struct event *event, const struct trial_receipt *about,
                            const struct member_state *state);

/* Makes what was decided for the customer what it is for his household and him. */
int trial_give_household(struct trial *trial) MUST_CHECK;

/* Refuses what names somebody who is another one by now. */
bool trial_admit_members(struct trial *trial, const struct event *event);

/* The receipt an event is about, NULL where it is about none or none is known. */
struct trial_receipt *trial_receipt_of(struct trial *trial, const struct event *event);

/* Adds what an effect says of receipts. ERR_TOO_LARGE. */
int trial_keep_facts(struct trial *trial, const struct effect *effect) MUST_CHECK;

/* Keeps the purchase that was just decided, by its number, or who it belongs to now. */
int trial_keep_receipt(struct trial *trial, struct trial_receipt *about, const struct event *event,
                       struct trial_time time) MUST_CHECK;

/* Forgets receipts and what waits for them. */
void trial_forget_receipts(struct trial *trial);

/* Fills the context for an event about a receipt; what engine_decide is to be told of it. */
const struct engine_past *trial_gather_receipt(struct trial *trial, const struct event *event,
                                               struct trial_receipt *about, const struct member_state *state);

/* A purchase that is nobody's, as a claim of it decides it: what is left, with a card. */
struct trial_claimed {
    struct event event;
    struct returned returned;
    struct remains remains;
};

/* Refuses what the ledger does before it asks the engine, and fills what is claimed. False where it is
 * refused, or does not come to the engine at all. */
bool trial_admit(struct trial *trial, const struct event *event, struct trial_receipt *about,
                 struct trial_time time, struct trial_claimed *ret_claimed);

/* Fills the part of the context that events which take something look at; the event they are about, or NULL.
 */
const struct engine_past *trial_gather(struct trial *trial, const struct event *event,
                                       const struct member_state *state);

#endif
