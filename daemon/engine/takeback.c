#include "engine/takeback.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/calendar.h"

void takeback_open(struct takeback *takeback, const struct programme *programme,
                   const struct return_policy *policy, const struct context *context,
                   const struct engine_past *past, struct decision *decision)
{
    CHECK(context->holdings != NULL);
    takeback->programme = programme;
    takeback->policy = policy;
    takeback->context = context;
    takeback->past = past;
    takeback->decision = decision;
    takeback->lots = 0;
    takeback->first = decision->outcome.effects_count;
    takeback->shortfall = 0;
    takeback->used = 0;
    purse_open(&takeback->purse, programme, context->holdings, &decision->outcome);
}

int takeback_fact(struct takeback *takeback, bool goods, const struct receipt_fact *fact)
{
    if (fact->quantity == 0 && fact->amount == 0) {
        return 0;
    }
    struct effect *effect = outcome_add(&takeback->decision->outcome, EFFECT_RECEIPT, 0);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->receipt.position = goods ? takeback->past->position : takeback->past->decided;
    effect->receipt.fact = *fact;
    return 0;
}

/* One entry without a lot. */
static int add_entry(struct takeback *takeback, uint64_t debit, uint64_t credit, int64_t amount)
{
    if (amount == 0) {
        return 0;
    }
    struct effect *effect = outcome_add(&takeback->decision->outcome, EFFECT_MOVE, 0);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->move.debit = debit;
    effect->move.credit = credit;
    effect->move.amount = amount;
    return 0;
}

static int open_lot(struct takeback *takeback, struct origin origin, int32_t since, int32_t until,
                    int32_t due)
{
    struct outcome *outcome = &takeback->decision->outcome;
    struct effect *effect = outcome_add(outcome, EFFECT_LOT, takeback->purse.holdings->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->lot.position = origin.position;
    effect->lot.index = origin.index;
    effect->lot.since = since;
    effect->lot.until = until;
    effect->lot.due = due;
    return 0;
}

static const struct lot *find_lot(const struct member_state *state, struct origin origin)
{
    for (size_t i = 0; state != NULL && i < state->lots_count; i++) {
        if (state->lots[i].origin.position == origin.position &&
            state->lots[i].origin.index == origin.index) {
            return &state->lots[i];
        }
    }
    return NULL;
}

/* What is left of a lot of the holdings during this event; 0 of others. */
static int64_t left_in(const struct takeback *takeback, const struct lot *lot)
{
    return lot == NULL ? 0 : takeback->purse.left[lot - takeback->purse.holdings->lots];
}

/* Whether this event opened the lot again. */
static bool is_reopened(const struct takeback *takeback, struct origin origin)
{
    const struct outcome *outcome = &takeback->decision->outcome;
    for (size_t i = takeback->first; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_LOT && effect->lot.position == origin.position &&
            effect->lot.index == origin.index) {
            return true;
        }
    }
    return false;
}

/* Points come back to a lot as it was: to itself where it is still open, opened again under its name where
 * it is not, or to a new one where it has ended. What is owed is paid first. */
static int give_to_lot(struct takeback *takeback, const struct lot *was, enum programme_account from,
                       int64_t amount)
{
    struct purse *purse = &takeback->purse;
    const uint32_t member = purse->holdings->member;
    const struct lot *open = find_lot(purse->holdings, was->origin);
    const bool stands = left_in(takeback, open) > 0;
    const int32_t due = stands ? open->due : was->due > takeback->context->booked_day ? was->due : 0;
    const enum member_account to = due != 0 ? MEMBER_PENDING : MEMBER_AVAILABLE;
    const uint64_t debit = account_of_programme(from);
    const uint64_t credit = account_of_member(member, to);
    const int64_t owed = to == MEMBER_AVAILABLE && purse->accounts[to] < 0 ? -purse->accounts[to] : 0;
    const int64_t paid = least(owed, amount);
    int err = checked_add(purse->accounts[to], amount, &purse->accounts[to]);
    err = err != 0 ? err : add_entry(takeback, debit, credit, paid);
    if (err != 0 || paid == amount) {
        return err;
    }
    struct origin origin = was->origin;
    const int32_t until = lot_until(takeback->programme, purse->holdings, was);
    if (!stands && until < takeback->context->booked_day) {
        origin = (struct origin){0, takeback->lots++};
        const int32_t today = takeback->context->member_day;
        err = open_lot(takeback, origin, today, term_end(&takeback->policy->ended_lot, today), 0);
    } else if (!stands && !is_reopened(takeback, origin)) {
        err = open_lot(takeback, origin, was->since, was->until, due);
    }
    err = err != 0 ? err : add_entry(takeback, debit, credit, amount - paid);
    if (err == 0) {
        struct outcome *outcome = &takeback->decision->outcome;
        struct effect *move = &outcome->effects[outcome->effects_count - 1];
        move->move.has_lot = true;
        move->move.lot = origin;
    }
    return err;
}

/* Spent points come back to the lots they came from, to the last one first. */
static int give_spent(struct takeback *takeback, int64_t amount)
{
    const struct outcome *past = takeback->past->outcome;
    const uint32_t member = past->member;
    int64_t skip = context_fact(takeback->context, FACT_GIVEN_BACK, 0).amount;
    int64_t rest = amount;
    int err = 0;
    for (size_t i = past->effects_count; i > 0 && rest > 0 && err == 0; i--) {
        const struct effect *effect = &past->effects[i - 1];
        if (effect->kind != EFFECT_MOVE || account_member(effect->move.debit) != member ||
            effect->move.credit != account_of_programme(PROGRAMME_REDEEMED)) {
            continue;
        }
        const int64_t skipped = least(skip, effect->move.amount);
        const int64_t part = least(effect->move.amount - skipped, rest);
        skip -= skipped;
        rest -= part;
        /* What was owed came from no lot. */
        struct lot lot = {.until = INT32_MIN};
        const struct lot *now = NULL;
        if (effect->move.has_lot) {
            lot.origin = effect->move.lot;
            lot.origin.position = lot.origin.position != 0 ? lot.origin.position : takeback->past->decided;
            const struct lot *of_then = find_lot(takeback->past->context->holdings, lot.origin);
            now = find_lot(takeback->purse.holdings, lot.origin);
            if (now != NULL || of_then != NULL) {
                lot = now != NULL ? *now : *of_then;
            }
        }
        lot.due = now != NULL ? now->due : 0;
        err = part > 0 ? give_to_lot(takeback, &lot, PROGRAMME_REDEEMED, part) : 0;
    }
    return err;
}

int64_t takeback_spent(const struct engine_past *past)
{
    int64_t sum = 0;
    for (size_t i = 0; i < past->outcome->effects_count; i++) {
        const struct effect *effect = &past->outcome->effects[i];
        if (effect->kind == EFFECT_MOVE && account_member(effect->move.debit) == past->outcome->member &&
            effect->move.credit == account_of_programme(PROGRAMME_REDEEMED)) {
            sum += effect->move.amount;
        }
    }
    return sum;
}

static bool ends_before(const struct effect *a, const struct effect *b)
{
    return a->lot.until != b->lot.until ? a->lot.until < b->lot.until : a->lot.index < b->lot.index;
}

/* Of the lots the purchase opened the one that ends next after `before` (NULL: of all), those that end on one
 * day by index; NULL: that was the last. */
static const struct effect *next_own(const struct takeback *takeback, const struct effect *before)
{
    const struct outcome *past = takeback->past->outcome;
    const struct effect *next = NULL;
    for (size_t i = 0; i < past->effects_count; i++) {
        const struct effect *effect = &past->effects[i];
        const bool own =
            effect->kind == EFFECT_LOT && effect->lot.position == 0 && effect->member == past->member;
        if (own && (before == NULL || ends_before(before, effect)) &&
            (next == NULL || ends_before(effect, next))) {
            next = effect;
        }
    }
    return next;
}

int takeback_spend_own(struct takeback *takeback, int64_t amount, enum programme_account to,
                       int64_t *ret_spent)
{
    int64_t sum = 0;
    int err = 0;
    for (const struct effect *own = next_own(takeback, NULL); own != NULL && err == 0;
         own = next_own(takeback, own)) {
        const struct origin origin = {takeback->past->decided, own->lot.index};
        int64_t spent = 0;
        err = purse_spend_lot(&takeback->purse, origin, amount - sum, to, 0, &spent);
        sum += spent;
    }
    *ret_spent = sum;
    return err;
}

/* The lots the purchase opened; what of them has expired counts as taken. */
static int take_own(struct takeback *takeback, int64_t *rest)
{
    const struct context *context = takeback->context;
    int64_t expired = -context_fact(context, FACT_FORGIVEN, 0).amount;
    int64_t spent = 0;
    int err = takeback_spend_own(takeback, *rest, PROGRAMME_RETURNED, &spent);
    *rest -= spent;
    for (size_t i = 0; i < context->facts_count; i++) {
        expired += context->facts[i].kind == FACT_EXPIRED ? context->facts[i].amount : 0;
    }
    if (err == 0 && *rest > 0 && expired > 0 && !takeback->policy->charge_expired) {
        const struct receipt_fact fact = {.kind = FACT_FORGIVEN, .amount = least(expired, *rest)};
        *rest -= fact.amount;
        err = takeback_fact(takeback, false, &fact);
    }
    return err;
}

/* What nobody has any more. */
static int take_missing(struct takeback *takeback, int64_t rest)
{
    const uint64_t forgiven = account_of_programme(PROGRAMME_FORGIVEN);
    const uint64_t returned = account_of_programme(PROGRAMME_RETURNED);
    switch (takeback->policy->negative) {
    case NEGATIVE_ALLOW:
        return purse_owe(&takeback->purse, rest, PROGRAMME_RETURNED, 0);
    case NEGATIVE_REFUSE:
        takeback->shortfall = rest;
        break;
    case NEGATIVE_CLAMP:
    case NEGATIVE_OWN_LOT:
        break;
    }
    return add_entry(takeback, forgiven, returned, rest);
}

static int take_points(struct takeback *takeback, int64_t take, int64_t coming, int64_t *ret_missing)
{
    int64_t rest = take;
    int64_t spent = 0;
    int err = takeback->past != NULL ? take_own(takeback, &rest) : 0;
    if (err == 0 && (takeback->policy->negative != NEGATIVE_OWN_LOT || takeback->past == NULL)) {
        const int64_t free = purse_available(&takeback->purse);
        err = purse_spend(&takeback->purse, least(rest, free), PROGRAMME_RETURNED, 0, &spent);
        rest -= spent;
        const int64_t paid = least(rest, coming);
        if (err == 0 && paid > 0) {
            err = purse_owe(&takeback->purse, paid, PROGRAMME_RETURNED, 0);
            rest -= paid;
        }
    }
    *ret_missing = rest;
    return err;
}

/* The lot the purchase opened, as it was; of several the one that ends last. */
static struct lot own_lot(const struct takeback *takeback)
{
    const struct effect *last = NULL;
    for (const struct effect *own = next_own(takeback, NULL); own != NULL; own = next_own(takeback, own)) {
        last = own;
    }
    if (last == NULL) {
        return (struct lot){.until = INT32_MIN}; /* it only paid what was owed */
    }
    return (struct lot){.origin = {takeback->past->decided, last->lot.index},
                        .since = last->lot.since,
                        .until = last->lot.until,
                        .due = last->lot.due};
}

int takeback_give(struct takeback *takeback, int64_t amount, enum programme_account from)
{
    const struct lot own = own_lot(takeback);
    return give_to_lot(takeback, &own, from, amount);
}

int takeback_points(struct takeback *takeback, int64_t take, int64_t spent)
{
    int64_t missing = 0;
    int err = 0;
    if (take > 0) {
        err = take_points(takeback, take, spent, &missing);
    }
    err = err != 0 ? err : give_spent(takeback, spent);
    if (err == 0 && take < 0) {
        err = takeback_give(takeback, -take, PROGRAMME_RETURNED);
    }
    return err != 0 || missing == 0 ? err : take_missing(takeback, missing);
}

int takeback_loose(struct takeback *takeback, int64_t take)
{
    int64_t missing = 0;
    const int err = take_points(takeback, take, 0, &missing);
    return err != 0 || missing == 0 ? err : take_missing(takeback, missing);
}

/* Of those that `of` reached and `not_of` did not. */
static int count_milestones(struct takeback *takeback, const struct gains *of, const struct gains *not_of,
                            int64_t by)
{
    const struct member_state *holdings = takeback->purse.holdings;
    int err = 0;
    for (size_t i = 0; i < of->milestones_count && err == 0; i++) {
        const struct gained_milestone *milestone = &of->milestones[i];
        const int64_t used = member_state_counter(holdings, milestone->counter, milestone->period);
        if (gains_reached(not_of, milestone) || (by < 0) != (used > 0)) {
            continue;
        }
        err = outcome_count(&takeback->decision->outcome, holdings->member, milestone->counter,
                            milestone->period, by);
    }
    return err;
}

int takeback_milestones(struct takeback *takeback, const struct gains *before, const struct gains *after)
{
    const int err = count_milestones(takeback, before, after, -1);
    return err != 0 ? err : count_milestones(takeback, after, before, 1);
}

static bool is_milestone(const struct effect *effect)
{
    return effect->kind == EFFECT_COUNTER && limit_number_owner(effect->counter.limit) == OWNER_MILESTONE;
}

int takeback_visit(struct takeback *takeback)
{
    struct outcome *outcome = &takeback->decision->outcome;
    const struct outcome *past = takeback->past->outcome;
    const struct member_state *holdings = takeback->purse.holdings;
    for (size_t i = 0; i < past->effects_count; i++) {
        const struct effect *was = &past->effects[i];
        int64_t amount = was->kind == EFFECT_COUNTER && !is_milestone(was) ? was->counter.amount : 0;
        if (amount > 0 && was->member != 0) {
            /* One that nobody could ask for any more is dropped by now. */
            amount =
                was->member == past->member
                    ? least(amount, member_state_counter(holdings, was->counter.limit, was->counter.period))
                    : 0;
        }
        const bool visit = was->kind == EFFECT_VISIT && !was->visit.undone && was->member == past->member;
        if (amount <= 0 && !visit) {
            continue;
        }
        const uint32_t member = was->member == past->member ? holdings->member : was->member;
        struct effect *effect = outcome_add(outcome, was->kind, member);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        if (visit) {
            effect->visit = was->visit;
            effect->visit.undone = true;
        } else {
            effect->counter = was->counter;
            effect->counter.amount = -amount;
        }
    }
    return 0;
}
