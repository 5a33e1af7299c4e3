/* Receipts, and the events that are about them: returns, voids, claims. */
#include "client/loyaltyctl_trial_internal.h"

#include "model/day.h"

#include <stdlib.h>
#include <string.h>

/* Of the receipt it is, or is about; "" where there is none. */
static const char *number_in(const struct event *event)
{
    const struct receipt *receipt = NULL;
    if (event->kind == EVENT_PURCHASE) {
        receipt = &event->purchase.receipt;
    } else if (event->kind == EVENT_GOODS_RETURN && event->goods_return.has_original) {
        receipt = &event->goods_return.original;
    } else if (event->kind == EVENT_VOID_RECEIPT) {
        receipt = &event->void_receipt.receipt;
    } else if (event->kind == EVENT_CLAIM) {
        receipt = &event->claim.receipt;
    } else if (event->kind == EVENT_UNCLAIM) {
        receipt = &event->unclaim.receipt;
    } else if (event->kind == EVENT_ADJUSTMENT && event->adjustment.has_receipt) {
        receipt = &event->adjustment.receipt;
    }
    return receipt != NULL ? receipt->number : "";
}

struct trial_receipt *trial_receipt_of(struct trial *trial, const struct event *event)
{
    const char *number = number_in(event);
    for (size_t i = 0; i < trial->receipts_count && number[0] != '\0'; i++) {
        if (strcmp(trial->receipts[i]->event->purchase.receipt.number, number) == 0) {
            return trial->receipts[i];
        }
    }
    return NULL;
}

static void free_receipt(struct trial_receipt *receipt)
{
    if (receipt != NULL) {
        free(receipt->context);
        free(receipt->outcome);
        free(receipt->holdings);
        free(receipt);
    }
}

void trial_forget_receipts(struct trial *trial)
{
    for (size_t i = 0; i < trial->receipts_count; i++) {
        free_receipt(trial->receipts[i]);
    }
    trial->receipts_count = 0;
    trial->parked_count = 0;
}

static int add_fact(struct trial_receipt *receipt, const struct receipt_fact *more)
{
    for (size_t i = 0; i < receipt->facts_count; i++) {
        struct receipt_fact *fact = &receipt->facts[i];
        if (fact->kind == more->kind && fact->index == more->index) {
            fact->quantity += more->quantity;
            fact->amount += more->amount;
            return 0;
        }
    }
    if (receipt->facts_count == RECEIPT_FACTS_MAX) {
        return ERR_TOO_LARGE;
    }
    receipt->facts[receipt->facts_count++] = *more;
    return 0;
}

int trial_keep_facts(struct trial *trial, const struct effect *effect)
{
    uint64_t position = 0;
    struct receipt_fact fact = {0};
    if (effect->kind == EFFECT_RECEIPT) {
        position = effect->receipt.position;
        fact = effect->receipt.fact;
    } else if (effect->kind == EFFECT_MOVE && effect->move.has_lot &&
               effect->move.credit == account_of_programme(PROGRAMME_EXPIRED)) {
        position = effect->move.lot.position;
        fact = (struct receipt_fact){
            .kind = FACT_EXPIRED, .index = effect->move.lot.index, .amount = effect->move.amount};
    }
    for (size_t i = 0; i < trial->receipts_count && position != 0; i++) {
        struct trial_receipt *receipt = trial->receipts[i];
        if (receipt->past.position == position || receipt->past.decided == position) {
            return add_fact(receipt, &fact);
        }
    }
    return 0;
}

/* What was taken of the purchase as it was decided before says nothing of what it is decided to be now. */
static void keep_facts_of_goods(struct trial_receipt *receipt)
{
    size_t count = 0;
    for (size_t i = 0; i < receipt->facts_count; i++) {
        if (receipt->facts[i].kind == FACT_LINE || receipt->facts[i].kind == FACT_VOIDED) {
            receipt->facts[count++] = receipt->facts[i];
        }
    }
    receipt->facts_count = count;
}

/* What was over when it came late is credited and expired by the decision itself. */
static int keep_expired(struct trial_receipt *receipt)
{
    const struct outcome *outcome = receipt->outcome;
    int err = 0;
    for (size_t i = 0; i < outcome->effects_count && err == 0; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_MOVE && effect->move.has_lot && effect->move.lot.position == 0 &&
            effect->move.credit == account_of_programme(PROGRAMME_EXPIRED)) {
            const struct receipt_fact fact = {
                .kind = FACT_EXPIRED, .index = effect->move.lot.index, .amount = effect->move.amount};
            err = add_fact(receipt, &fact);
        }
    }
    return err;
}

/* The last decision becomes the receipt's. */
static int keep_decision(struct trial *trial, struct trial_receipt *receipt)
{
    const struct outcome *outcome = &trial->decision->outcome;
    const struct context *context = trial->context;
    if (context->holdings != NULL && receipt->holdings == NULL) {
        receipt->holdings = malloc(sizeof(*receipt->holdings));
        if (receipt->holdings == NULL) {
            return ERR_NOMEM;
        }
    }
    *receipt->context = *context;
    receipt->context->holdings = NULL;
    if (context->holdings != NULL) {
        *receipt->holdings = *context->holdings;
        receipt->context->holdings = receipt->holdings;
    }
    memcpy(receipt->outcome, outcome, offsetof(struct outcome, effects));
    memcpy(receipt->outcome->effects, outcome->effects, outcome->effects_count * sizeof(outcome->effects[0]));
    receipt->past.decided = trial->position;
    receipt->past.programme = trial->programme;
    receipt->past.context = receipt->context;
    receipt->past.outcome = receipt->outcome;
    return keep_expired(receipt);
}

static int keep_purchase(struct trial *trial, const struct event *event, struct trial_time time)
{
    const struct receipt *key = &event->purchase.receipt;
    if (trial->receipts_count == TRIAL_RECEIPTS_MAX) {
        return ERR_TOO_LARGE;
    }
    struct trial_receipt *receipt = calloc(1, sizeof(*receipt));
    if (receipt == NULL) {
        return ERR_NOMEM;
    }
    receipt->event = event;
    receipt->time = time;
    receipt->past.position = trial->position;
    receipt->past.place = (struct engine_place){key->store != NULL ? key->store : trial->store,
                                                key->till != NULL ? key->till : trial->till};
    receipt->past.event = event;
    receipt->context = malloc(sizeof(*receipt->context));
    receipt->outcome = malloc(sizeof(*receipt->outcome));
    const int err =
        receipt->context == NULL || receipt->outcome == NULL ? ERR_NOMEM : keep_decision(trial, receipt);
    if (err != 0) {
        free_receipt(receipt);
        return err;
    }
    trial->receipts[trial->receipts_count++] = receipt;
    return 0;
}

static int park(struct trial *trial, const struct event *event)
{
    const struct outcome *outcome = &trial->decision->outcome;
    for (size_t i = 0; i < outcome->exceptions_count; i++) {
        if (outcome->exceptions[i].kind != EXCEPTION_PARKED) {
            continue;
        }
        if (trial->parked_count == TRIAL_PARKED_MAX) {
            return ERR_TOO_LARGE;
        }
        trial->parked[trial->parked_count++] = event;
    }
    return 0;
}

int trial_keep_receipt(struct trial *trial, struct trial_receipt *about, const struct event *event,
                       struct trial_time time)
{
    if (trial->decision->outcome.code != CODE_ACCEPTED) {
        return 0;
    }
    if (event->kind == EVENT_PURCHASE && event->purchase.receipt.number[0] != '\0') {
        return keep_purchase(trial, event, time);
    }
    if (event->kind == EVENT_GOODS_RETURN) {
        return park(trial, event);
    }
    if (about == NULL || (event->kind != EVENT_CLAIM && event->kind != EVENT_UNCLAIM)) {
        return 0;
    }
    keep_facts_of_goods(about);
    const int err = keep_decision(trial, about);
    if (event->kind == EVENT_UNCLAIM) {
        /* What that event did is somebody's; the purchase is nobody's. */
        about->outcome->member = 0;
        about->outcome->effects_count = 0;
    }
    return err;
}

const struct engine_past *trial_gather_receipt(struct trial *trial, const struct event *event,
                                               struct trial_receipt *about, const struct member_state *state)
{
    struct context *context = trial->context;
    if (event->kind == EVENT_ADJUSTMENT || event->kind == EVENT_TRANSFER) {
        engine_holdings(state, about != NULL, trial->holdings);
        context->holdings = trial->holdings;
    } else if (state->member != 0 && event->kind != EVENT_CLAIM) {
        engine_holdings(state, true, trial->holdings);
        context->holdings = trial->holdings;
    }
    const uint32_t second = event_second_member(event);
    if (second != 0) {
        engine_holdings(trial->customers[second - 1], event->kind != EVENT_TRANSFER, trial->other);
        context->other = trial->other;
    }
    if (about == NULL) {
        return NULL;
    }
    const bool over = about->closed || context->day > about->event->purchase.receipt.business_date;
    if (event->kind == EVENT_VOID_RECEIPT && over && about->facts_count < RECEIPT_FACTS_MAX) {
        /* in contexts only */
        about->facts[about->facts_count] = (struct receipt_fact){.kind = FACT_CLOSED, .quantity = 1};
    }
    context->about = about->past.position;
    context->facts = about->facts;
    context->facts_count = about->facts_count + (event->kind == EVENT_VOID_RECEIPT && over);
    return &about->past;
}

static void refuse(struct trial *trial, enum outcome_code code)
{
    decision_refuse(trial->decision, code);
}

static bool admit_claim(struct trial *trial, const struct event *event, const struct trial_receipt *about,
                        struct trial_time time, struct trial_claimed *ret_claimed)
{
    if (about == NULL) {
        refuse(trial, CODE_UNKNOWN_RECEIPT);
        return false;
    }
    const struct programme *programme = trial->programme;
    const int32_t age = time.booked_day - about->time.day;
    trial->context->facts = about->facts;
    trial->context->facts_count = about->facts_count;
    const bool voided = context_fact(trial->context, FACT_VOIDED, 0).quantity > 0;
    const bool made =
        returned_read(&about->event->purchase, trial->context, &ret_claimed->returned) == 0 &&
        remains_make(&about->event->purchase, &ret_claimed->returned, &ret_claimed->remains) == 0;
    if (about->past.outcome->member != 0 || voided || !made || programme->claim_days == 0 ||
        age > programme->claim_days) {
        refuse(trial, CODE_NOT_CLAIMABLE);
        return false;
    }
    struct purchase *purchase = &ret_claimed->event.purchase;
    ret_claimed->event = *about->event;
    *purchase = ret_claimed->remains.purchase;
    purchase->card = event->claim.card;
    purchase->redemptions_count = 0;
    purchase->free_units_count = 0;
    purchase->pay_with_points = NULL;
    return true;
}

bool trial_admit(struct trial *trial, const struct event *event, struct trial_receipt *about,
                 struct trial_time time, struct trial_claimed *ret_claimed)
{
    if (!trial_admit_members(trial, event)) {
        return false;
    }
    if (event->kind == EVENT_CLAIM) {
        return admit_claim(trial, event, about, time, ret_claimed);
    }
    if (event->kind == EVENT_DAY_CLOSE) {
        for (size_t i = 0; i < trial->receipts_count; i++) {
            trial->receipts[i]->closed = true;
        }
        return false;
    }
    if (event->kind == EVENT_PURCHASE && about != NULL) {
        refuse(trial, CODE_DUPLICATE_RECEIPT);
        return false;
    }
    if (event->kind == EVENT_ADJUSTMENT && about != NULL &&
        about->past.outcome->member != event->adjustment.member) {
        refuse(trial, CODE_OTHERS_RECEIPT);
        return false;
    }
    if (event->kind == EVENT_UNCLAIM && (about == NULL || about->past.outcome->member == 0)) {
        refuse(trial, about == NULL ? CODE_UNKNOWN_RECEIPT : CODE_ALREADY_DONE);
        return false;
    }
    return true;
}
