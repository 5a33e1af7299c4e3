#include "engine/points.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/calendar.h"

static int32_t first_day(const struct term *available_after, const struct context *context)
{
    const int32_t due = day_after(term_end(available_after, context->member_day));
    return due > context->booked_day ? due : 0;
}

void credit_begin(struct credit *credit, const struct sale *sale, int64_t *accounts, struct outcome *outcome)
{
    const struct programme *programme = sale->programme;
    const struct context *context = sale->context;
    const int32_t since = context->member_day;
    const struct term *own = sale->level >= 0 && programme->tiers.levels[sale->level].has_expiry
                                 ? &programme->tiers.levels[sale->level].expiry
                                 : NULL;
    struct credit_lot usual = {.holds = 0};
    usual.until = own != NULL                 ? term_end(own, since)
                  : programme->has_inactivity ? DAY_ACTIVE
                                              : term_end(&programme->expiry, since);
    const int32_t last =
        context->purchases > 0 && context->last_purchase > since ? context->last_purchase : since;
    usual.ends = usual.until == DAY_ACTIVE ? term_end(&programme->inactivity, last) : usual.until;
    usual.due =
        programme->available_after.unit == TERM_NEVER ? 0 : first_day(&programme->available_after, context);
    usual.account = usual.due != 0 ? MEMBER_PENDING : MEMBER_AVAILABLE;
    credit->sale = sale;
    credit->outcome = outcome;
    credit->accounts = accounts;
    credit->from = PROGRAMME_ISSUED;
    credit->owed = accounts[MEMBER_AVAILABLE] < 0 ? -accounts[MEMBER_AVAILABLE] : 0;
    credit->count = 1;
    credit->lots[0] = usual;
}

void credit_by_hand(struct credit *credit, int32_t until)
{
    struct credit_lot *lot = &credit->lots[0];
    credit->from = PROGRAMME_ADJUSTED;
    lot->account = MEMBER_AVAILABLE;
    lot->due = 0;
    if (until >= 0) {
        lot->until = until;
        lot->ends = until;
    }
}

/* The lot of what a rule gives. What the rule does not say is as usual. */
static size_t lot_of(struct credit *credit, const struct rule *rule)
{
    const struct context *context = credit->sale->context;
    struct credit_lot own = credit->lots[0];
    own.holds = 0;
    own.opened = false;
    if (rule->has_expiry) {
        own.until = term_end(&rule->expiry, context->member_day);
        own.ends = own.until;
    }
    if (rule->has_available_after) {
        own.due = first_day(&rule->available_after, context);
        own.account = own.due != 0 ? MEMBER_PENDING : MEMBER_AVAILABLE;
    }
    size_t i = 0;
    while (i < credit->count && (credit->lots[i].until != own.until || credit->lots[i].due != own.due)) {
        i++;
    }
    if (i == credit->count) {
        CHECK(credit->count < CREDIT_LOTS_MAX);
        credit->lots[credit->count++] = own;
    }
    return i;
}

static int add_move(struct credit *credit, uint64_t debit, uint64_t credited, int64_t amount, uint32_t source)
{
    struct effect *effect = outcome_add(credit->outcome, EFFECT_MOVE, 0);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->move.debit = debit;
    effect->move.credit = credited;
    effect->move.amount = amount;
    effect->move.rule = source;
    return 0;
}

/* Names the lot of the move that was added last. */
static void name_lot(struct credit *credit, size_t index)
{
    struct effect *effect = &credit->outcome->effects[credit->outcome->effects_count - 1];
    effect->move.has_lot = true;
    effect->move.lot.index = (uint32_t)index;
}

static int open_lot(struct credit *credit, size_t index)
{
    const struct sale *sale = credit->sale;
    struct credit_lot *lot = &credit->lots[index];
    struct effect *effect = outcome_add(credit->outcome, EFFECT_LOT, sale->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->lot.index = (uint32_t)index;
    effect->lot.since = sale->context->member_day;
    effect->lot.until = lot->until;
    effect->lot.due = lot->due;
    lot->opened = true;
    return 0;
}

static int add_to(struct credit *credit, size_t index, int64_t amount, uint32_t source)
{
    struct credit_lot *lot = &credit->lots[index];
    const uint64_t from = account_of_programme(credit->from);
    const uint64_t to = account_of_member(credit->sale->member, lot->account);
    const int64_t owed = lot->account == MEMBER_AVAILABLE ? credit->owed : 0;
    const int64_t paid = amount < owed ? amount : owed;
    int err = checked_add(credit->accounts[lot->account], amount, &credit->accounts[lot->account]);
    if (err == 0 && paid > 0) {
        err = add_move(credit, from, to, paid, source);
        credit->owed -= paid;
    }
    if (err == 0 && amount > paid && !lot->opened) {
        err = open_lot(credit, index);
    }
    if (err == 0 && amount > paid) {
        err = add_move(credit, from, to, amount - paid, source);
        if (err == 0) {
            name_lot(credit, index);
        }
        lot->holds += amount - paid;
    }
    return err;
}

int credit_add(struct credit *credit, int64_t amount, uint32_t source)
{
    return add_to(credit, 0, amount, source);
}

int credit_earned(struct credit *credit, const struct earned *earned)
{
    const struct programme *programme = credit->sale->programme;
    for (size_t i = 0; i < earned->count; i++) {
        const struct entry *entry = &earned->entries[i];
        if (entry->card >= 0 || entry->amount == 0) {
            continue;
        }
        const struct rule *rule = entry->rule >= 0 ? &programme->rules[entry->rule] : NULL;
        const int err = add_to(credit, rule != NULL ? lot_of(credit, rule) : 0, entry->amount,
                               rule != NULL ? SOURCE_OF(SOURCE_RULE, rule->number) : 0);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

int credit_end(struct credit *credit)
{
    const struct sale *sale = credit->sale;
    /* A purchase that comes so late that its points are over already: they cannot expire before they are
     * there. */
    for (size_t i = 0; i < credit->count; i++) {
        struct credit_lot *lot = &credit->lots[i];
        if (lot->holds == 0 || lot->ends >= sale->context->booked_day) {
            continue;
        }
        credit->accounts[lot->account] -= lot->holds;
        const int err = add_move(credit, account_of_member(sale->member, lot->account),
                                 account_of_programme(PROGRAMME_EXPIRED), lot->holds, 0);
        if (err != 0) {
            return err;
        }
        name_lot(credit, i);
    }
    return 0;
}
