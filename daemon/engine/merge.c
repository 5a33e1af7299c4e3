#include "engine/merge.h"

#include "engine/award.h"
#include "engine/give.h"
#include "engine/metric.h"
#include "engine/milestone.h"
#include "engine/points.h"
#include "engine/purse.h"
#include "engine/sale.h"
#include "engine/stamps.h"
#include "engine/tiers.h"

#include "base/checked.h"

#include <string.h>

/* A merge under way: all of `from` becomes `to`'s. */
struct merging {
    const struct programme *programme;
    const struct context *context;
    const struct member_state *from;
    const struct member_state *to;
    struct decision *decision;
    struct balances balances; /* of `to`, so far */
    struct purse giver;
    struct purse receiver;
};

static struct effect *add_effect(struct merging *merging, enum effect_kind kind)
{
    return outcome_add(&merging->decision->outcome, kind, merging->to->member);
}

/* --- points --- */

/* What one of them owes the other pays; what it cannot pay it owes from here on. */
static int settle_debts(struct merging *merging)
{
    struct purse *giver = &merging->giver;
    struct purse *receiver = &merging->receiver;
    int64_t *gives = &giver->accounts[MEMBER_AVAILABLE];
    int64_t *takes = &receiver->accounts[MEMBER_AVAILABLE];
    int64_t paid = 0;
    int err = 0;
    if (*takes < 0) {
        err = purse_pay(giver, -*takes, merging->to->member, &paid);
        *takes += paid;
    }
    if (err != 0 || *gives >= 0) {
        return err;
    }
    const int64_t owed = -*gives;
    err = purse_pay(receiver, owed, merging->from->member, &paid);
    err = err != 0 ? err
                   : purse_owe_to(receiver, owed - paid,
                                  account_of_member(merging->from->member, MEMBER_AVAILABLE), 0);
    *gives = 0;
    return err;
}

static bool has_lot(const struct member_state *state, const struct origin *origin)
{
    for (size_t i = 0; i < state->lots_count; i++) {
        if (state->lots[i].origin.position == origin->position &&
            state->lots[i].origin.index == origin->index) {
            return true;
        }
    }
    return false;
}

static int move(struct merging *merging, const struct lot *lot, enum member_account account, int64_t amount)
{
    int64_t *balance = &merging->receiver.accounts[account];
    if (amount == 0) {
        return 0;
    }
    struct effect *effect = outcome_add(&merging->decision->outcome, EFFECT_MOVE, 0);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->move.debit = account_of_member(merging->from->member, account);
    effect->move.credit = account_of_member(merging->to->member, account);
    effect->move.amount = amount;
    effect->move.has_lot = true;
    effect->move.lot = lot->origin;
    return checked_add(*balance, amount, balance);
}

/* Lots keep their names, days and expiry. */
static int move_lots(struct merging *merging)
{
    const struct purse *giver = &merging->giver;
    int err = 0;
    for (size_t i = 0; i < merging->from->lots_count && err == 0; i++) {
        const struct lot *lot = &merging->from->lots[i];
        if (giver->left[i] > 0 && !has_lot(merging->to, &lot->origin)) {
            struct effect *effect = add_effect(merging, EFFECT_LOT);
            if (effect == NULL) {
                return ERR_TOO_LARGE;
            }
            effect->lot.position = lot->origin.position;
            effect->lot.index = lot->origin.index;
            effect->lot.since = lot->since;
            effect->lot.until = lot->until;
            effect->lot.due = lot->due;
        }
        const int64_t held = giver->reserved[i];
        err = move(merging, lot, lot->due != 0 ? MEMBER_PENDING : MEMBER_AVAILABLE, giver->left[i] - held);
        err = err != 0 ? err : move(merging, lot, MEMBER_RESERVED, held);
    }
    return err;
}

static int merge_points(struct merging *merging)
{
    struct outcome *outcome = &merging->decision->outcome;
    purse_open(&merging->giver, merging->programme, merging->from, outcome);
    purse_open(&merging->receiver, merging->programme, merging->to, outcome);
    int err = settle_debts(merging);
    err = err != 0 ? err : move_lots(merging);
    memcpy(merging->balances.accounts, merging->receiver.accounts, sizeof(merging->balances.accounts));
    return err;
}

/* --- vouchers, reservations, counters, purchases --- */

static int merge_vouchers(struct merging *merging)
{
    for (size_t i = 0; i < merging->from->vouchers_count; i++) {
        const struct held_voucher *voucher = &merging->from->vouchers[i];
        struct effect *effect = add_effect(merging, EFFECT_VOUCHER);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->voucher.position = voucher->origin.position;
        effect->voucher.index = voucher->origin.index;
        memcpy(effect->voucher.code, voucher->code, VOUCHER_CODE_BYTES);
        effect->voucher.reward = voucher->reward;
        effect->voucher.card = voucher->card;
        effect->voucher.since = voucher->since;
        effect->voucher.until = voucher->until;
        effect = voucher->reservation != 0 ? add_effect(merging, EFFECT_VOUCHER_HOLD) : NULL;
        if (effect != NULL) {
            effect->voucher_hold.voucher = voucher->origin;
            effect->voucher_hold.reservation = voucher->reservation;
        } else if (voucher->reservation != 0) {
            return ERR_TOO_LARGE;
        }
    }
    return 0;
}

/* Those of points go with them. */
static int merge_reservations(struct merging *merging, bool all)
{
    for (size_t i = 0; i < merging->from->reservations_count; i++) {
        const struct reservation *reservation = &merging->from->reservations[i];
        if (!all && reservation->points == 0) {
            continue;
        }
        struct effect *effect = add_effect(merging, EFFECT_RESERVATION);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->reservation.position = reservation->position;
        effect->reservation.points = reservation->points;
        effect->reservation.reward = reservation->reward;
        effect->reservation.units = reservation->units;
        effect->reservation.day = reservation->day;
        effect->reservation.until = reservation->until;
    }
    return 0;
}

static int merge_counters(struct merging *merging)
{
    const struct member_state *from = merging->from;
    int err = 0;
    for (size_t i = 0; i < from->counters_count && err == 0; i++) {
        const struct counter *counter = &from->counters[i];
        if (counter->period == DAY_NEVER) {
            continue; /* that he was erased is nothing of the other's */
        }
        err = outcome_count(&merging->decision->outcome, merging->to->member, counter->limit, counter->period,
                            counter->used);
    }
    if (err != 0 || from->purchases == 0) {
        return err;
    }
    struct effect *effect = add_effect(merging, EFFECT_VISIT);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->visit.day = from->last_purchase;
    effect->visit.more = from->purchases - 1;
    return 0;
}

/* --- metrics and the level --- */

static int merge_metrics(struct merging *merging)
{
    for (size_t i = 0; i < merging->from->metric_days_count; i++) {
        const struct metric_day *day = &merging->from->metric_days[i];
        struct effect *effect = add_effect(merging, EFFECT_METRIC);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->metric.metric = day->metric;
        effect->metric.day = day->day;
        effect->metric.amount = day->amount;
    }
    return 0;
}

static int merge_levels(struct merging *merging)
{
    const struct programme *programme = merging->programme;
    const struct context *context = merging->context;
    struct metric_values gain;
    struct standing standing;
    metrics_between(programme, merging->from, merging->to->enrolled, context->member_day, &gain);
    int err = tiers_stand(programme, context, &gain, &standing);
    err = err != 0 ? err
                   : tiers_set(programme, context, merging->to->member, &standing, &merging->balances,
                               merging->decision);
    return err != 0 ? err
                    : tiers_join(programme, context, merging->to->member, merging->from, &merging->balances,
                                 &merging->decision->outcome);
}

/* --- stamps, and the milestones that the sum reaches --- */

/* How many items of the card's set both have. */
static int64_t common_items(const struct merging *merging, uint32_t card)
{
    int64_t common = 0;
    for (size_t i = 0; i < merging->from->items_count; i++) {
        const struct set_item *item = &merging->from->items[i];
        for (size_t k = 0; k < merging->to->items_count && item->card == card; k++) {
            const struct set_item *other = &merging->to->items[k];
            common +=
                other->card == card && other->item == item->item && item->standing > 0 && other->standing > 0;
        }
    }
    return common;
}

/* Of a card the programme has no more: it is kept as it is. */
static int add_stamps(struct merging *merging, const struct stamps *stamps)
{
    const struct stamps *had = member_state_stamps(merging->to, stamps->card);
    const struct stamps none = {.card = stamps->card};
    struct effect *effect = add_effect(merging, EFFECT_STAMPS);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    had = had != NULL ? had : &none;
    effect->stamps.card = stamps->card;
    effect->stamps.given = stamps->count;
    effect->stamps.completed = stamps->completed;
    effect->stamps.since = had->since != 0 ? had->since : stamps->since;
    effect->stamps.required = had->required != 0 ? had->required : stamps->required;
    return checked_add(had->count, stamps->count, &effect->stamps.count);
}

static int merge_card(struct merging *merging, const struct sale *sale, struct awards *awards,
                      const struct stamps *stamps)
{
    const struct stamp_card *card = programme_card(merging->programme, stamps->card);
    if (card == NULL) {
        return add_stamps(merging, stamps);
    }
    struct stamps others = *stamps;
    const int64_t common = card->distinct != DISTINCT_NOT ? common_items(merging, card->number) : 0;
    others.count -= others.count > common ? common : others.count > 0 ? others.count : 0;
    uint32_t completed = 0;
    const int err = stamps_join(sale, (size_t)(card - merging->programme->cards), &others,
                                &merging->decision->outcome, &completed);
    return err != 0 ? err : award_give(awards, &card->award, SOURCE_OF(SOURCE_CARD, card->number), completed);
}

static int merge_stamps(struct merging *merging, bool all)
{
    static const struct purchase nothing;
    static const struct engine_place nowhere = {.store = "", .till = ""};
    struct outcome *outcome = &merging->decision->outcome;
    const struct giving giving = {.programme = merging->programme,
                                  .place = &nowhere,
                                  .purchase = &nothing,
                                  .context = merging->context,
                                  .member = merging->to->member};
    struct sale sale;
    struct credit credit;
    int err = sale_open(&sale, &giving, "");
    credit_begin(&credit, &sale, merging->balances.accounts, outcome);
    struct awards awards = {
        .sale = &sale, .outcome = outcome, .credit = &credit, .balances = &merging->balances};
    for (size_t i = 0; i < merging->from->stamps_count && err == 0; i++) {
        err = merge_card(merging, &sale, &awards, &merging->from->stamps[i]);
    }
    for (size_t i = 0; i < merging->from->items_count && err == 0; i++) {
        const struct set_item *item = &merging->from->items[i];
        struct effect *effect = add_effect(merging, EFFECT_ITEM);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->item.card = item->card;
        effect->item.item = item->item;
        effect->item.amount = item->standing;
    }
    if (err == 0 && all && merging->programme->milestones_count > 0) {
        struct metric_values others;
        metrics_between(merging->programme, merging->from, merging->to->enrolled,
                        merging->context->member_day, &others);
        err = milestones_join(&others, &awards);
    }
    return err != 0 ? err : credit_end(&credit);
}

int merge_parts_decide(const struct programme *programme, const struct context *context,
                       const struct merge_parts *parts, struct decision *decision)
{
    struct merging merging;
    merging.programme = programme;
    merging.context = context;
    merging.from = context->other;
    merging.to = context->holdings;
    merging.decision = decision;
    merging.balances = balances_before(context);
    if (merging.from == NULL || merging.to == NULL || merging.from->member == merging.to->member) {
        return ERR_CORRUPT;
    }
    int err = parts->points ? merge_points(&merging) : 0;
    err = err != 0 || !parts->points ? err : merge_reservations(&merging, parts->rest);
    err = err != 0 || !parts->rest ? err : merge_vouchers(&merging);
    err = err != 0 || !parts->rest ? err : merge_counters(&merging);
    err = err != 0 || !parts->levels ? err : merge_metrics(&merging);
    err = err != 0 || !parts->levels ? err : merge_levels(&merging);
    err = err != 0 || !parts->stamps ? err : merge_stamps(&merging, parts->rest);
    decision->outcome.balances = merging.balances;
    decision->outcome.has_balances = true;
    return err;
}

int merge_decide(const struct programme *programme, const struct context *context, struct decision *decision)
{
    static const struct merge_parts all = {.points = true, .levels = true, .stamps = true, .rest = true};
    if (context->holdings == NULL || context->other == NULL) {
        return ERR_CORRUPT;
    }
    if (context->holdings->household != 0 || context->other->household != 0) {
        decision_refuse(decision, CODE_HOUSEHOLD);
        return 0;
    }
    const int err = merge_parts_decide(programme, context, &all, decision);
    struct effect *effect =
        err == 0 ? outcome_add(&decision->outcome, EFFECT_MERGE, context->other->member) : NULL;
    if (effect == NULL) {
        return err != 0 ? err : ERR_TOO_LARGE;
    }
    effect->merge.into = context->holdings->member;
    return 0;
}
