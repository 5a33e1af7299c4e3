#include "engine/gains.h"

#include "base/checked.h"
#include "engine/give.h"

#include <stddef.h>
#include <string.h>

void gains_clear(struct gains *gains)
{
    memset(gains, 0, offsetof(struct gains, items));
}

static int add_metric(struct gains *gains, uint32_t metric, int64_t amount)
{
    if (metric == METRIC_QUALIFYING) {
        gains->qualifying += amount;
        return 0;
    }
    for (size_t i = 0; i < gains->metrics_count; i++) {
        if (gains->metrics[i].metric == metric) {
            gains->metrics[i].amount += amount;
            return 0;
        }
    }
    if (gains->metrics_count == GAINS_METRICS_MAX) {
        return ERR_CORRUPT;
    }
    gains->metrics[gains->metrics_count].metric = metric;
    gains->metrics[gains->metrics_count++].amount = amount;
    return 0;
}

static int add_stamps(struct gains *gains, uint32_t card, int64_t stamps)
{
    for (size_t i = 0; i < gains->cards_count; i++) {
        if (gains->cards[i].card == card) {
            gains->cards[i].stamps += stamps;
            return 0;
        }
    }
    if (gains->cards_count == CARDS_MAX) {
        return ERR_CORRUPT;
    }
    gains->cards[gains->cards_count].card = card;
    gains->cards[gains->cards_count++].stamps = stamps;
    return 0;
}

static int add_voucher(struct gains *gains, uint32_t reward)
{
    for (size_t i = 0; i < gains->rewards_count; i++) {
        if (gains->rewards[i].reward == reward) {
            gains->rewards[i].vouchers++;
            return 0;
        }
    }
    if (gains->rewards_count == REWARDS_MAX) {
        return ERR_CORRUPT;
    }
    gains->rewards[gains->rewards_count].reward = reward;
    gains->rewards[gains->rewards_count++].vouchers = 1;
    return 0;
}

static int add_milestone(struct gains *gains, const struct effect *effect)
{
    if (limit_number_owner(effect->counter.limit) != OWNER_MILESTONE || effect->counter.amount <= 0) {
        return 0;
    }
    if (gains->milestones_count == MILESTONES_MAX) {
        return ERR_CORRUPT;
    }
    gains->milestones[gains->milestones_count++] =
        (struct gained_milestone){effect->counter.limit, effect->counter.period};
    return 0;
}

static bool has_item(const struct context *context, uint32_t card, uint64_t item)
{
    for (size_t i = 0; i < context->items_count; i++) {
        if (context->items[i].card == card && context->items[i].item == item) {
            return true;
        }
    }
    return false;
}

/* What leaves a set that was over before the event is not among the context's items any more. */
static int add_item(struct gains *gains, const struct context *context, const struct effect *effect)
{
    const uint32_t card = effect->item.card;
    const uint64_t item = effect->item.item;
    if (effect->item.amount < 0 && !has_item(context, card, item)) {
        return 0;
    }
    for (size_t i = 0; i < gains->items_count; i++) {
        if (gains->items[i].card == card && gains->items[i].item == item) {
            return checked_add(gains->items[i].standing, effect->item.amount, &gains->items[i].standing);
        }
    }
    if (gains->items_count == SET_ITEMS_MAX) {
        return ERR_TOO_LARGE;
    }
    gains->items[gains->items_count++] = (struct set_item){card, item, effect->item.amount};
    return add_stamps(gains, card, 0);
}

/* What fell due with the event is among its effects too, and is not what it gave: that takes, and gives
 * nothing from `issued`. */
static int add_effect(struct gains *gains, uint32_t member, const struct context *context,
                      const struct effect *effect)
{
    if (effect->kind == EFFECT_MOVE) {
        const bool issued = effect->move.debit == account_of_programme(PROGRAMME_ISSUED);
        gains->points += issued && account_member(effect->move.credit) == member ? effect->move.amount : 0;
        return 0;
    }
    if (effect->member != member) {
        return 0;
    }
    if (effect->kind == EFFECT_METRIC) {
        const bool gained = effect->metric.day == context->member_day && effect->metric.amount > 0;
        return gained ? add_metric(gains, effect->metric.metric, effect->metric.amount) : 0;
    }
    if (effect->kind == EFFECT_STAMPS) {
        return effect->stamps.given > 0 ? add_stamps(gains, effect->stamps.card, effect->stamps.given) : 0;
    }
    if (effect->kind == EFFECT_VOUCHER) {
        const bool issued = effect->voucher.position == 0 && effect->voucher.card == 0;
        return issued ? add_voucher(gains, effect->voucher.reward) : 0;
    }
    if (effect->kind == EFFECT_COUNTER) {
        return add_milestone(gains, effect);
    }
    if (effect->kind == EFFECT_ITEM) {
        return add_item(gains, context, effect);
    }
    gains->visit = gains->visit || (effect->kind == EFFECT_VISIT && !effect->visit.undone);
    return 0;
}

static int add_up(const struct outcome *outcome, size_t from, uint32_t member, const struct context *context,
                  struct gains *ret_gains)
{
    int err = 0;
    gains_clear(ret_gains);
    for (size_t i = from; i < outcome->effects_count && err == 0; i++) {
        err = add_effect(ret_gains, member, context, &outcome->effects[i]);
    }
    return err;
}

int gains_recorded(const struct engine_past *past, struct gains *ret_gains)
{
    return add_up(past->outcome, 0, past->outcome->member, past->context, ret_gains);
}

int gains_again(const struct engine_past *past, const struct purchase *purchase, struct bindings *bindings,
                struct decision *decision, struct gains *ret_gains)
{
    struct outcome *outcome = &decision->outcome;
    const size_t effects = outcome->effects_count;
    const size_t exceptions = outcome->exceptions_count;
    const size_t near_misses = outcome->near_misses_count;
    const size_t trace = decision->trace_count;
    const bool has_balances = outcome->has_balances;
    const struct balances balances = outcome->balances;
    const struct giving giving = {.programme = past->programme,
                                  .place = &past->place,
                                  .purchase = purchase,
                                  .context = past->context,
                                  .member = past->outcome->member,
                                  .bindings = bindings};
    decision->trace_count = 0;
    outcome->near_misses_count = 0;
    int err = give_purchase(&giving, decision);
    err = err != 0 ? err : add_up(outcome, effects, past->outcome->member, past->context, ret_gains);
    outcome->effects_count = effects;
    outcome->exceptions_count = exceptions;
    outcome->near_misses_count = near_misses;
    outcome->has_balances = has_balances;
    outcome->balances = balances;
    decision->trace_count = trace;
    return err;
}

int64_t gains_metric(const struct gains *gains, uint32_t metric)
{
    for (size_t i = 0; i < gains->metrics_count; i++) {
        if (gains->metrics[i].metric == metric) {
            return gains->metrics[i].amount;
        }
    }
    return 0;
}

int64_t gains_stamps(const struct gains *gains, uint32_t card)
{
    for (size_t i = 0; i < gains->cards_count; i++) {
        if (gains->cards[i].card == card) {
            return gains->cards[i].stamps;
        }
    }
    return 0;
}

uint32_t gains_vouchers(const struct gains *gains, uint32_t reward)
{
    for (size_t i = 0; i < gains->rewards_count; i++) {
        if (gains->rewards[i].reward == reward) {
            return gains->rewards[i].vouchers;
        }
    }
    return 0;
}

bool gains_reached(const struct gains *gains, const struct gained_milestone *milestone)
{
    for (size_t i = 0; i < gains->milestones_count; i++) {
        if (gains->milestones[i].counter == milestone->counter &&
            gains->milestones[i].period == milestone->period) {
            return true;
        }
    }
    return false;
}

int gains_put_stamps(struct gains *gains, uint32_t card, int64_t stamps)
{
    return add_stamps(gains, card, stamps - gains_stamps(gains, card));
}

void gains_lose_vouchers(struct gains *gains, uint32_t reward, int64_t most)
{
    for (size_t i = 0; i < gains->rewards_count; i++) {
        if (gains->rewards[i].reward == reward && gains->rewards[i].vouchers > most) {
            gains->rewards[i].vouchers = most > 0 ? (uint32_t)most : 0;
        }
    }
}

int64_t gains_item(const struct gains *gains, uint32_t card, uint64_t item)
{
    for (size_t i = 0; i < gains->items_count; i++) {
        if (gains->items[i].card == card && gains->items[i].item == item) {
            return gains->items[i].standing;
        }
    }
    return 0;
}
