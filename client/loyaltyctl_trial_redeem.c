/* What the ledger and its tables would know for events that take something. */
#include "client/loyaltyctl_trial_internal.h"

#include <string.h>

static struct trial_voucher *find_voucher(struct trial *trial, const uint8_t *code)
{
    for (size_t i = 0; i < trial->vouchers_count; i++) {
        if (memcmp(trial->vouchers[i].code, code, VOUCHER_CODE_BYTES) == 0) {
            return &trial->vouchers[i];
        }
    }
    return NULL;
}

static struct trial_reserved *find_reserved(struct trial *trial, uint64_t position)
{
    for (size_t i = 0; i < trial->reserved_count; i++) {
        if (trial->reserved[i].position == position) {
            return &trial->reserved[i];
        }
    }
    return NULL;
}

int trial_keep(struct trial *trial, const struct effect *effect)
{
    if (effect->kind == EFFECT_VOUCHER && effect->voucher.position == 0) {
        if (trial->vouchers_count == TRIAL_VOUCHERS_MAX) {
            return ERR_TOO_LARGE;
        }
        struct trial_voucher *voucher = &trial->vouchers[trial->vouchers_count++];
        *voucher = (struct trial_voucher){.member = effect->member, .reward = effect->voucher.reward};
        memcpy(voucher->code, effect->voucher.code, VOUCHER_CODE_BYTES);
    } else if (effect->kind == EFFECT_VOUCHER_END) {
        struct trial_voucher *voucher = find_voucher(trial, effect->voucher_end.code);
        if (voucher != NULL) {
            voucher->end = effect->voucher_end.end;
        }
    } else if (effect->kind == EFFECT_RECEIPT && effect->receipt.fact.kind == FACT_ENDED) {
        struct trial_reserved *reserved = find_reserved(trial, effect->receipt.position);
        if (reserved != NULL) {
            reserved->ended = effect->receipt.fact.index;
        }
    }
    return 0;
}

int trial_keep_reserved(struct trial *trial, const struct event *event)
{
    const struct outcome *outcome = &trial->decision->outcome;
    if (event->kind != EVENT_RESERVE || outcome->code != CODE_ACCEPTED) {
        return 0;
    }
    if (trial->reserved_count == TRIAL_RESERVED_MAX) {
        return ERR_TOO_LARGE;
    }
    struct trial_reserved *reserved = &trial->reserved[trial->reserved_count++];
    *reserved = (struct trial_reserved){.position = trial->position, .member = outcome->member};
    if (event->reserve.voucher.size == VOUCHER_CODE_BYTES) {
        memcpy(reserved->code, event->reserve.voucher.data, VOUCHER_CODE_BYTES);
        reserved->has_code = true;
    }
    for (size_t i = 0; i < outcome->effects_count; i++) {
        if (outcome->effects[i].kind == EFFECT_RESERVATION) {
            reserved->effect = outcome->effects[i];
        }
    }
    return 0;
}

static enum voucher_standing standing_of(struct trial *trial, const struct member_state *state,
                                         struct bytes code)
{
    const struct trial_voucher *voucher = code.size != 0 ? find_voucher(trial, code.data) : NULL;
    const uint32_t owner = voucher == NULL ? 0 : (uint32_t)(trial_owner(trial, (int)voucher->member - 1) + 1);
    if (owner == 0 || (owner != state->member && owner != trial->context->household)) {
        return code.size == 0 ? VOUCHER_NOT_NAMED : VOUCHER_NOT_THERE;
    }
    static const enum voucher_standing standings[] = {
        [0] = VOUCHER_OPEN,
        [VOUCHER_REDEEMED] = VOUCHER_WAS_REDEEMED,
        [VOUCHER_EXPIRED] = VOUCHER_WAS_EXPIRED,
        [VOUCHER_CANCELLED] = VOUCHER_WAS_CANCELLED,
    };
    return standings[voucher->end];
}

static bool is_open(const struct member_state *state, uint64_t position)
{
    for (size_t i = 0; i < state->reservations_count; i++) {
        if (state->reservations[i].position == position) {
            return true;
        }
    }
    return false;
}

/* The reservation of this name that is not open any more, as it was made. */
static const struct engine_past *make_past(struct trial *trial, const struct member_state *state,
                                           uint64_t position)
{
    struct trial_reserved *reserved = position != 0 ? find_reserved(trial, position) : NULL;
    struct context *context = trial->context;
    if (reserved == NULL || trial_owner(trial, (int)reserved->member - 1) + 1 != (int)state->member) {
        return NULL;
    }
    trial->fact = (struct receipt_fact){.kind = FACT_ENDED, .index = reserved->ended, .quantity = 1};
    context->about = position;
    context->facts = &trial->fact;
    context->facts_count = reserved->ended != 0;
    trial->past_event = (struct event){.kind = EVENT_RESERVE};
    trial->past_event.reserve.voucher =
        (struct bytes){reserved->code, reserved->has_code ? VOUCHER_CODE_BYTES : 0};
    trial->past_outcome->effects_count = 1;
    trial->past_outcome->effects[0] = reserved->effect;
    trial->past = (struct engine_past){.position = position,
                                       .programme = trial->programme,
                                       .place = {trial->store, trial->till},
                                       .event = &trial->past_event,
                                       .context = context,
                                       .outcome = trial->past_outcome};
    return &trial->past;
}

const struct engine_past *trial_gather(struct trial *trial, const struct event *event,
                                       const struct member_state *state)
{
    struct context *context = trial->context;
    const struct purchase *purchase = &event->purchase;
    const bool buys = event->kind == EVENT_PURCHASE &&
                      (purchase->redemptions_count > 0 || purchase->pay_with_points != NULL);
    uint64_t gone = 0;
    if (!buys && event->kind != EVENT_RESERVE && event->kind != EVENT_RELEASE) {
        return NULL;
    }
    if (state->member != 0) {
        engine_holdings(state, false, trial->holdings);
        context->holdings = trial->holdings;
    }
    if (event->kind == EVENT_RESERVE) {
        context->vouchers_count = event->reserve.voucher.size != 0;
        context->vouchers[0] = standing_of(trial, state, event->reserve.voucher);
    } else if (event->kind == EVENT_RELEASE) {
        gone = is_open(state, event->release.reservation) ? 0 : event->release.reservation;
    }
    for (size_t i = 0; buys && i < purchase->redemptions_count; i++) {
        const struct redemption *redemption = &purchase->redemptions[i];
        context->vouchers[context->vouchers_count++] = standing_of(trial, state, redemption->voucher);
        const bool open = redemption->reservation == 0 || is_open(state, redemption->reservation);
        gone = gone == 0 && !open ? redemption->reservation : gone;
    }
    return make_past(trial, state, gone);
}
