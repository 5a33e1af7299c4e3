/* Customers who became one, and those who live together. */
#include "client/loyaltyctl_trial_internal.h"

#include "engine/household.h"

int trial_owner(const struct trial *trial, int customer)
{
    int owner = customer;
    /* Nobody is merged into somebody who was: the way comes to an end. */
    while (owner >= 0 && (size_t)owner < trial->customers_count && trial->customers[owner]->merged != 0) {
        owner = (int)trial->customers[owner]->merged - 1;
    }
    return owner;
}

/* Whose it is is said by the receipt, not by a card. */
static bool is_about_receipt(const struct event *event)
{
    return (event->kind == EVENT_GOODS_RETURN && event->goods_return.has_original) ||
           event->kind == EVENT_VOID_RECEIPT || event->kind == EVENT_UNCLAIM;
}

/* Whose it is is said by an operator. */
static bool is_named(const struct event *event)
{
    return event->kind == EVENT_MERGE || event->kind == EVENT_HOUSEHOLD;
}

int trial_customer_of(const struct trial *trial, int customer, const struct event *event,
                      const struct trial_receipt *about)
{
    if (is_named(event)) {
        return (int)event_first_member(event) - 1;
    }
    if (is_about_receipt(event)) {
        return about != NULL ? trial_owner(trial, (int)about->past.outcome->member - 1) : -1;
    }
    return trial_owner(trial, customer);
}

static const struct household_policy *policy_of(const struct trial *trial)
{
    return &trial->versions[trial->versions_count - 1]->households;
}

uint32_t trial_household_of(const struct event *event, const struct trial_receipt *about,
                            const struct member_state *state)
{
    if (event_second_member(event) != 0 || is_named(event) || state->member == 0) {
        return 0;
    }
    const uint32_t then = about != NULL && event->kind != EVENT_CLAIM ? about->context->household : 0;
    const uint32_t household = then != 0 ? then : state->household;
    return household == state->member ? 0 : household;
}

int trial_share(struct trial *trial, uint32_t household, struct member_state *state,
                struct member_state **ret_state)
{
    *ret_state = state;
    if (household == 0) {
        return 0;
    }
    engine_holdings(state, true, trial->own);
    *ret_state = trial->shared;
    return household_share(policy_of(trial), trial->customers[household - 1], trial->own, trial->shared);
}

int trial_give_household(struct trial *trial)
{
    const struct member_state *household = trial->customers[trial->household - 1];
    return household_own(policy_of(trial), household, trial->context->member, &trial->decision->outcome);
}

const struct member_state *trial_customer(struct trial *trial, int customer)
{
    struct member_state *state = trial->customers[trial_owner(trial, customer)];
    struct member_state *seen = state;
    const uint32_t household = state->household == state->member ? 0 : state->household;
    return trial_share(trial, household, state, &seen) == 0 ? seen : state;
}

bool trial_admit_members(struct trial *trial, const struct event *event)
{
    const uint32_t first = event_first_member(event);
    const uint32_t second = event_second_member(event);
    const bool same = is_named(event) && first == second;
    if (same || (first != 0 && trial->customers[first - 1]->merged != 0) ||
        (second != 0 && trial->customers[second - 1]->merged != 0)) {
        decision_refuse(trial->decision, CODE_MEMBER_MERGED);
        return false;
    }
    return true;
}
