#include "engine/points.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/calendar.h"

void credit_begin(struct credit *credit, const struct sale *sale, int64_t *accounts, struct outcome *outcome)
{
    const struct programme *programme = sale->programme;
    const int32_t since = sale->context->member_day;
    const struct term *own = sale->level >= 0 && programme->tiers.levels[sale->level].has_expiry
                                 ? &programme->tiers.levels[sale->level].expiry
                                 : NULL;
    const int32_t due = programme->available_after.unit == TERM_NEVER
                            ? 0
                            : day_after(term_end(&programme->available_after, since));
    *credit =
        (struct credit){.sale = sale, .outcome = outcome, .accounts = accounts, .from = PROGRAMME_ISSUED};
    credit->until = own != NULL                 ? term_end(own, since)
                    : programme->has_inactivity ? DAY_ACTIVE
                                                : term_end(&programme->expiry, since);
    const struct context *context = sale->context;
    const int32_t last =
        context->purchases > 0 && context->last_purchase > since ? context->last_purchase : since;
    credit->ends = credit->until == DAY_ACTIVE ? term_end(&programme->inactivity, last) : credit->until;
    credit->due = due > sale->context->booked_day ? due : 0;
    credit->account = credit->due != 0 ? MEMBER_PENDING : MEMBER_AVAILABLE;
    credit->owed = accounts[MEMBER_AVAILABLE] < 0 && credit->due == 0 ? -accounts[MEMBER_AVAILABLE] : 0;
}

void credit_by_hand(struct credit *credit, int32_t until)
{
    const int64_t available = credit->accounts[MEMBER_AVAILABLE];
    credit->from = PROGRAMME_ADJUSTED;
    credit->account = MEMBER_AVAILABLE;
    credit->due = 0;
    credit->owed = available < 0 ? -available : 0;
    if (until >= 0) {
        credit->until = until;
        credit->ends = until;
    }
}

static int add_move(struct credit *credit, uint64_t debit, uint64_t credited, int64_t amount, bool has_lot,
                    uint32_t source)
{
    struct effect *effect = outcome_add(credit->outcome, EFFECT_MOVE, 0);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->move.debit = debit;
    effect->move.credit = credited;
    effect->move.amount = amount;
    effect->move.has_lot = has_lot;
    effect->move.rule = source;
    return 0;
}

static int open_lot(struct credit *credit)
{
    const struct sale *sale = credit->sale;
    struct effect *effect = outcome_add(credit->outcome, EFFECT_LOT, sale->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->lot.since = sale->context->member_day;
    effect->lot.until = credit->until;
    effect->lot.due = credit->due;
    credit->has_lot = true;
    return 0;
}

int credit_add(struct credit *credit, int64_t amount, uint32_t source)
{
    const uint64_t from = account_of_programme(credit->from);
    const uint64_t to = account_of_member(credit->sale->member, credit->account);
    const int64_t paid = amount < credit->owed ? amount : credit->owed;
    int err = checked_add(credit->accounts[credit->account], amount, &credit->accounts[credit->account]);
    if (err == 0 && paid > 0) {
        err = add_move(credit, from, to, paid, false, source);
        credit->owed -= paid;
    }
    if (err == 0 && amount > paid && !credit->has_lot) {
        err = open_lot(credit);
    }
    if (err == 0 && amount > paid) {
        err = add_move(credit, from, to, amount - paid, true, source);
        credit->in_lot += amount - paid;
    }
    return err;
}

int credit_earned(struct credit *credit, const struct earned *earned)
{
    const struct programme *programme = credit->sale->programme;
    for (size_t i = 0; i < earned->count; i++) {
        const struct entry *entry = &earned->entries[i];
        if (entry->card >= 0 || entry->amount == 0) {
            continue;
        }
        const uint32_t source =
            entry->rule >= 0 ? SOURCE_OF(SOURCE_RULE, programme->rules[entry->rule].number) : 0;
        const int err = credit_add(credit, entry->amount, source);
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
    if (credit->in_lot == 0 || credit->ends >= sale->context->booked_day) {
        return 0;
    }
    credit->accounts[credit->account] -= credit->in_lot;
    return add_move(credit, account_of_member(sale->member, credit->account),
                    account_of_programme(PROGRAMME_EXPIRED), credit->in_lot, true, 0);
}
