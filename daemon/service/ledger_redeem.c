/* What events that take something from a member look at: holdings, vouchers by their codes, the reservation
 * they are about. Nothing of this is read for any other event. */
#include "service/ledger_internal.h"

#include "base/checked.h"
#include "model/day.h"

static bool takes_something(const struct event *event)
{
    const struct purchase *purchase = &event->purchase;
    return event->kind == EVENT_RESERVE || event->kind == EVENT_RELEASE ||
           (event->kind == EVENT_ADJUSTMENT && event->adjustment.voucher.size != 0) ||
           (event->kind == EVENT_PURCHASE &&
            (purchase->redemptions_count > 0 || purchase->pay_with_points != NULL));
}

/* The reservation made at `position`: 0, or ERR_NOT_FOUND where nothing was reserved there. */
static int find_reservation(struct ledger *ledger, uint64_t position, struct engine_past *ret_past)
{
    if (position > ledger->head.position) {
        return ERR_NOT_FOUND;
    }
    const int result = ledger_past(ledger, position, ret_past);
    if (result == ERR_CORRUPT) {
        return ERR_NOT_FOUND; /* booked without being understood */
    }
    const bool reserved =
        result == 0 && ret_past->event->kind == EVENT_RESERVE && ret_past->outcome->code == CODE_ACCEPTED;
    return result == 0 && !reserved ? ERR_NOT_FOUND : result;
}

int ledger_find_reserver(struct ledger *ledger, uint64_t position)
{
    struct engine_past past;
    int result = find_reservation(ledger, position, &past);
    if (result == 0) {
        ledger->context.member = past.outcome->member;
        ledger->context.household = past.context->household;
        result = ledger_owner(ledger, &ledger->context.member);
    }
    return result == ERR_NOT_FOUND ? 0 : result;
}

static int find_standing(struct ledger *ledger, struct bytes code, enum voucher_standing *ret_standing)
{
    struct voucher_row row;
    *ret_standing = VOUCHER_NOT_NAMED;
    if (code.size == 0) {
        return 0;
    }
    int result = store_voucher_find(ledger->options.store, code.data, &row);
    result = result == 0 ? ledger_owner(ledger, &row.member) : result;
    if (result == ERR_NOT_FOUND ||
        (result == 0 && row.member != ledger->context.member && row.member != ledger->context.household)) {
        *ret_standing = VOUCHER_NOT_THERE;
        return 0;
    }
    if (result == 0) {
        static const enum voucher_standing standings[] = {
            [0] = VOUCHER_OPEN,
            [VOUCHER_REDEEMED] = VOUCHER_WAS_REDEEMED,
            [VOUCHER_EXPIRED] = VOUCHER_WAS_EXPIRED,
            [VOUCHER_CANCELLED] = VOUCHER_WAS_CANCELLED,
        };
        *ret_standing = row.end >= 0 && row.end <= VOUCHER_CANCELLED ? standings[row.end] : VOUCHER_NOT_THERE;
        /* What is open in the table may have expired with this event. */
        if (*ret_standing == VOUCHER_OPEN) {
            *ret_standing = VOUCHER_WAS_EXPIRED;
            for (size_t i = 0; i < ledger->state->vouchers_count; i++) {
                if (bytes_equal((struct bytes){ledger->state->vouchers[i].code, VOUCHER_CODE_BYTES}, code)) {
                    *ret_standing = VOUCHER_OPEN;
                }
            }
        }
    }
    return result;
}

static int find_vouchers(struct ledger *ledger, const struct event *event)
{
    struct context *context = &ledger->context;
    int result = 0;
    if (event->kind == EVENT_RESERVE && event->reserve.voucher.size != 0) {
        context->vouchers_count = 1;
        return find_standing(ledger, event->reserve.voucher, &context->vouchers[0]);
    }
    if (event->kind == EVENT_ADJUSTMENT) {
        context->vouchers_count = 1;
        return find_standing(ledger, event->adjustment.voucher, &context->vouchers[0]);
    }
    if (event->kind != EVENT_PURCHASE) {
        return 0;
    }
    const struct purchase *purchase = &event->purchase;
    for (size_t i = 0; i < purchase->redemptions_count && result == 0; i++) {
        result = find_standing(ledger, purchase->redemptions[i].voucher, &context->vouchers[i]);
    }
    context->vouchers_count = purchase->redemptions_count;
    return result;
}

static bool is_open(const struct member_state *state, uint64_t reservation)
{
    for (size_t i = 0; i < state->reservations_count; i++) {
        if (state->reservations[i].position == reservation) {
            return true;
        }
    }
    return false;
}

/* The first reservation the event names that is not open any more; 0: none. */
static uint64_t gone_reservation(const struct member_state *state, const struct event *event)
{
    if (event->kind == EVENT_RELEASE) {
        return is_open(state, event->release.reservation) ? 0 : event->release.reservation;
    }
    if (event->kind != EVENT_PURCHASE) {
        return 0;
    }
    for (size_t i = 0; i < event->purchase.redemptions_count; i++) {
        const uint64_t reservation = event->purchase.redemptions[i].reservation;
        if (reservation != 0 && !is_open(state, reservation)) {
            return reservation;
        }
    }
    return 0;
}

/* What was reserved then, and how it ended. */
static int find_about(struct ledger *ledger, const struct event *event, struct engine_past *past,
                      const struct engine_past **ret_past)
{
    struct context *context = &ledger->context;
    const uint64_t position = gone_reservation(ledger->state, event);
    int result = position == 0 ? ERR_NOT_FOUND : find_reservation(ledger, position, past);
    uint32_t owner = result == 0 ? past->outcome->member : 0;
    result = result == 0 ? ledger_owner(ledger, &owner) : result;
    if (result == ERR_NOT_FOUND || (result == 0 && owner != context->member)) {
        return 0;
    }
    struct receipt_fact *facts =
        result == 0 ? arena_alloc(&ledger->scratch, RECEIPT_FACTS_MAX, sizeof(*facts)) : NULL;
    if (facts == NULL) {
        return result != 0 ? result : ERR_TOO_LARGE;
    }
    result =
        store_receipt_facts(ledger->options.store, position, facts, RECEIPT_FACTS_MAX, &context->facts_count);
    context->facts = facts;
    context->about = position;
    *ret_past = past;
    return result;
}

int ledger_gather(struct ledger *ledger, const struct event *event, struct engine_past *past,
                  const struct engine_past **ret_past)
{
    struct context *context = &ledger->context;
    if (!takes_something(event)) {
        return 0;
    }
    if (ledger->state->member != 0 && context->holdings == NULL) {
        struct member_state *holdings = arena_alloc(&ledger->scratch, 1, sizeof(*holdings));
        if (holdings == NULL) {
            return ERR_TOO_LARGE;
        }
        engine_holdings(ledger->state, false, holdings);
        context->holdings = holdings;
    }
    const int result = find_vouchers(ledger, event);
    return result != 0 ? result : find_about(ledger, event, past, ret_past);
}

/* Units of a reward that a commit did use. */
static int64_t used_units(const struct outcome *outcome, const struct event *event, uint64_t reservation)
{
    int64_t units = 0;
    for (size_t i = 0; i < outcome->uses_count && event->kind == EVENT_PURCHASE; i++) {
        const struct use *use = &outcome->uses[i];
        if (use->redemption < event->purchase.redemptions_count &&
            event->purchase.redemptions[use->redemption].reservation == reservation) {
            units += use->units;
        }
    }
    return units;
}

/* What limits of times counted is one for all units, of what is given one for each. */
static int64_t counted_for(int64_t counted, int64_t units, int64_t unused)
{
    return counted == units ? unused : unused == units ? counted : 0;
}

/* How much of `amount` the reserver's own limit still counts, where a household held what he reserved: what
 * nobody could ask for any more is dropped by now, or will be with this event. `ret_member`: who he is. */
static int find_own_room(struct ledger *ledger, const struct engine_past *past, const struct effect *counted,
                         const struct member_state *state, int64_t *amount, uint32_t *ret_member)
{
    const struct outcome *outcome = &ledger->decision->outcome;
    const struct programme *programme = ledger_programme_newest(ledger);
    const bool of_household = (counted->counter.limit & 7) == LIMIT_HOUSEHOLD;
    uint32_t member = past->outcome->member;
    int result = ledger_owner(ledger, &member);
    const int32_t first = day_add(ledger->context.booked_day, -(int64_t)programme->max_offline_days - 1);
    const bool asked_for = counted->counter.period == DAY_MIN || past->context->member_day >= first;
    *ret_member = member;
    if (result < 0 || state->household == 0 || of_household || !asked_for) {
        *amount = 0;
        return result;
    }
    const struct member_state *own = state;
    if (member != state->member) {
        struct member_state *other = arena_alloc(&ledger->scratch, 1, sizeof(*other));
        result = other == NULL ? ERR_TOO_LARGE : store_member_read(ledger->options.store, member, other);
        own = other;
    }
    int64_t used =
        result == 0 ? member_state_counter(own, counted->counter.limit, counted->counter.period) : 0;
    for (size_t i = 0; member != state->member && i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        const bool same = effect->kind == EFFECT_COUNTER && effect->member == member &&
                          effect->counter.scope == NULL && effect->counter.limit == counted->counter.limit &&
                          effect->counter.period == counted->counter.period;
        used += same ? effect->counter.amount : 0;
    }
    *amount = least(*amount, used > 0 ? used : 0);
    return result;
}

/* What the limits of a place, or of one of a household, counted for a reservation of which so much was used.
 */
static int give_back(struct ledger *ledger, const struct engine_past *past, const struct member_state *state,
                     int64_t used)
{
    const struct outcome *reserved = past->outcome;
    int64_t units = 0;
    int result = 0;
    for (size_t i = 0; i < reserved->effects_count; i++) {
        const struct effect *effect = &reserved->effects[i];
        units = effect->kind == EFFECT_RESERVATION ? effect->reservation.units : units;
    }
    for (size_t i = 0; i < reserved->effects_count && result == 0; i++) {
        const struct effect *counted = &reserved->effects[i];
        const bool own = counted->kind == EFFECT_COUNTER && counted->counter.scope == NULL;
        if (counted->kind != EFFECT_COUNTER || counted->counter.amount <= 0 ||
            (!own && counted->counter.scope[0] == '\0')) {
            continue;
        }
        uint32_t member = 0;
        int64_t amount = counted_for(counted->counter.amount, units, units - used);
        result = own ? find_own_room(ledger, past, counted, state, &amount, &member) : 0;
        struct effect *effect = result == 0 && amount > 0
                                    ? outcome_add(&ledger->decision->outcome, EFFECT_COUNTER, member)
                                    : NULL;
        if (effect == NULL && amount > 0) {
            return result != 0 ? result : ERR_TOO_LARGE;
        }
        if (effect != NULL) {
            effect->counter = counted->counter;
            effect->counter.amount = -amount;
        }
        if (effect != NULL && !own) {
            const bool till = counted->counter.store != NULL;
            effect->counter.scope = till ? past->place.till : past->place.store;
            effect->counter.store = till ? past->place.store : NULL;
        }
    }
    return result;
}

int ledger_give_back(struct ledger *ledger, const struct event *event, const struct member_state *state,
                     size_t first)
{
    const size_t last = ledger->decision->outcome.effects_count;
    int result = 0;
    for (size_t i = first; i < last && result == 0; i++) {
        const struct effect *effect = &ledger->decision->outcome.effects[i];
        if (effect->kind != EFFECT_RESERVATION_END) {
            continue;
        }
        const uint64_t position = effect->reservation_end.reservation;
        const bool committed = effect->reservation_end.end == RESERVATION_COMMITTED;
        struct engine_past past;
        const size_t mark = ledger->scratch.used;
        result = ledger_past(ledger, position, &past);
        if (result == 0) {
            result = give_back(ledger, &past, state,
                               committed ? used_units(&ledger->decision->outcome, event, position) : 0);
        }
        /* A place is a principal's: nothing of the past is pointed to any more. */
        arena_rewind(&ledger->scratch, mark);
    }
    return result == ERR_NOT_FOUND ? ERR_CORRUPT : result;
}
