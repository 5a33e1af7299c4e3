/* Households (RULES 17): members who share points, and a level or stamps where the programme says so. A
 * household has a number like a member, and holds what is shared as a member does. Nothing that decides knows
 * of it: a member of a household is decided as if what they share were his, and what the effects say of that
 * is given to the household afterwards. */
#ifndef LOYALTY_ENGINE_HOUSEHOLD_H
#define LOYALTY_ENGINE_HOUSEHOLD_H

#include "base/error.h"
#include "model/context.h"
#include "model/decision.h"
#include "model/event.h"
#include "model/member_state.h"
#include "model/programme.h"

/* The member as the household makes it: lots and balances, reservations of points and counters of limits for
 * households are the household's; level, metrics and the day of enrolment where levels are shared, stamps and
 * sets where those are. ERR_TOO_LARGE where both together are more than one member may have. */
int household_share(const struct household_policy *policy, const struct member_state *household,
                    const struct member_state *member, struct member_state *ret_state) MUST_CHECK;

/* Makes the outcome's effects on `member` those of the household, as far as they are about what it owns;
 * `household` is as it was before them. ERR_TOO_LARGE. */
int household_own(const struct household_policy *policy, const struct member_state *household,
                  uint32_t member, struct outcome *outcome) MUST_CHECK;

/* The other way, of an outcome that was recorded: the member's, as it was decided. */
void household_disown(uint32_t household, uint32_t member, struct outcome *outcome);

/* Decides a HOUSEHOLD. Who leaves is context->holdings, and where levels were shared he has at once the one
 * that his own metrics reach, or the lowest. Who joins is context->other, and what it has of what is shared
 * becomes the household's, which is context->holdings: context->member, or where that is 0 a new one of the
 * number context->new_member. */
int household_decide(const struct programme *programme, const struct event *event,
                     const struct context *context, struct decision *decision) MUST_CHECK;

#endif
