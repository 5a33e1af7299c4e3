/* Reservations: points or a voucher held for a basket in progress, at the price of now (RULES 10). */
#ifndef LOYALTY_ENGINE_RESERVE_H
#define LOYALTY_ENGINE_RESERVE_H

#include "base/error.h"
#include "engine/engine.h"
#include "engine/purse.h"
#include "engine/sale.h"
#include "model/decision.h"
#include "model/programme.h"

#include <stdbool.h>
#include <stdint.h>

/* Points for `units` of a reward that has a price. ERR_OVERFLOW. */
int reward_cost(const struct reward *reward, int64_t units, int64_t *ret_points) MUST_CHECK;

/* Whether everything the reward's conditions ask holds of the circumstances, but not of the goods, codes and
 * tenders of a basket. */
bool reward_circumstances(const struct reward *reward, const struct sale *sale);

/* Whether what they ask of the basket holds. */
bool reward_basket(const struct reward *reward, const struct sale *sale);

/* Whether points may pay at all for a basket. */
bool paying_allowed(const struct paying_policy *paying, const struct sale *sale);

/* The voucher that a reservation holds, or NULL. */
const struct held_voucher *reservation_voucher(const struct member_state *holdings,
                                               const struct reservation *reservation);

/* The reservation of this name, or NULL. */
const struct reservation *reservation_find(const struct member_state *holdings, uint64_t position);

/* Its voucher of this code, or NULL. */
const struct held_voucher *voucher_find(const struct member_state *holdings, struct bytes code);

/* A voucher is used or cancelled. */
int voucher_end(struct outcome *outcome, uint32_t member, const struct held_voucher *voucher,
                enum voucher_end end) MUST_CHECK;

/* Why a voucher that is not there any more is refused. */
enum outcome_code voucher_refusal(enum voucher_standing standing);

/* Notes that a reservation was committed or released, so that it is not committed once more: a time-out
 * leaves no mark, what is committed after it is late. */
int reservation_mark(struct outcome *outcome, uint64_t reservation, enum reservation_end end) MUST_CHECK;

/* Ends a reservation, whose points are free or spent already: its voucher, where it was not used, is free
 * again, and what limits counted for `unused` units is given back, where that can be told and any event can
 * still ask for it. */
int reservation_end(struct purse *purse, const struct reservation *reservation, enum reservation_end end,
                    int64_t unused, int32_t booked_day) MUST_CHECK;

/* A RESERVE event, and a RELEASE event. As engine_decide. */
int decide_reserve(struct sale *sale, const struct event *event, struct decision *decision) MUST_CHECK;
int decide_release(const struct programme *programme, const struct event *event,
                   const struct context *context, struct decision *decision) MUST_CHECK;

#endif
