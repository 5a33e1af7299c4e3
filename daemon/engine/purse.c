#include "engine/purse.h"

#include "engine/calendar.h"
#include "engine/order.h"

#include "base/check.h"
#include "base/checked.h"

int32_t lot_until(const struct programme *programme, const struct member_state *state, const struct lot *lot)
{
    if (lot->until != DAY_ACTIVE) {
        return lot->until;
    }
    /* What an activity gave may be younger than the last purchase. */
    int32_t last =
        state->purchases > 0 && state->last_purchase > lot->since ? state->last_purchase : lot->since;
    last = state->shared_day > last ? state->shared_day : last;
    return programme->has_inactivity ? term_end(&programme->inactivity, last) : DAY_NEVER;
}

/* By expiry, never last; then the oldest purchase; then position, which is the order of the array. */
static int compare_lots(const void *context, uint16_t a, uint16_t b)
{
    const struct purse *purse = context;
    const struct lot *lots = purse->holdings->lots;
    const int32_t until_a = lot_until(purse->programme, purse->holdings, &lots[a]);
    const int32_t until_b = lot_until(purse->programme, purse->holdings, &lots[b]);
    if (until_a != until_b) {
        return until_a < until_b ? -1 : 1;
    }
    if (lots[a].since != lots[b].since) {
        return lots[a].since < lots[b].since ? -1 : 1;
    }
    return (a > b) - (a < b);
}

void purse_open(struct purse *purse, const struct programme *programme, const struct member_state *holdings,
                struct outcome *outcome)
{
    purse->programme = programme;
    purse->member = holdings->member;
    purse->holdings = holdings;
    purse->outcome = outcome;
    purse->count = 0;
    CHECK(holdings->lots_count <= LOTS_MAX);
    for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
        purse->accounts[i] = holdings->balances[i];
    }
    for (size_t i = 0; i < holdings->lots_count; i++) {
        const struct lot *lot = &holdings->lots[i];
        purse->left[i] = lot->left;
        purse->reserved[i] = lot->reserved;
        if (lot->due == 0) {
            purse->order[purse->count++] = (uint16_t)i;
        }
    }
    order_sort(purse->order, purse->count, compare_lots, purse);
}

void purse_open_new(struct purse *purse, const struct programme *programme, uint32_t member,
                    struct outcome *outcome)
{
    purse->programme = programme;
    purse->member = member;
    purse->holdings = NULL;
    purse->outcome = outcome;
    purse->count = 0;
    for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
        purse->accounts[i] = 0;
    }
}

int64_t purse_available(const struct purse *purse)
{
    const int64_t available = purse->accounts[MEMBER_AVAILABLE];
    return available > 0 ? available : 0;
}

static struct effect *add_move(struct purse *purse, enum member_account from, uint64_t to, int64_t amount)
{
    struct effect *effect = outcome_add(purse->outcome, EFFECT_MOVE, 0);
    if (effect != NULL) {
        effect->move.debit = account_of_member(purse->member, from);
        effect->move.credit = to;
        effect->move.amount = amount;
        purse->accounts[from] -= amount;
    }
    return effect;
}

/* One entry out of a lot. */
static int take(struct purse *purse, size_t lot, enum member_account from, uint64_t to, int64_t amount,
                uint32_t source)
{
    struct effect *effect = add_move(purse, from, to, amount);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->move.has_lot = true;
    effect->move.lot = purse->holdings->lots[lot].origin;
    effect->move.rule = source;
    purse->left[lot] -= amount;
    purse->reserved[lot] -= from == MEMBER_RESERVED ? amount : 0;
    return 0;
}

int purse_spend(struct purse *purse, int64_t amount, enum programme_account to, uint32_t source,
                int64_t *ret_spent)
{
    return purse_spend_until(purse, DAY_NEVER, amount, to, source, ret_spent);
}

/* Into any account, those lots first that are over by `until`; `pays`: what another member owes. */
static int spend(struct purse *purse, int32_t until, int64_t amount, uint64_t to, uint32_t source, bool pays,
                 int64_t *ret_spent)
{
    const struct member_state *holdings = purse->holdings;
    int64_t spent = 0;
    int err = 0;
    for (size_t i = 0; i < purse->count && spent < amount && err == 0; i++) {
        const size_t lot = purse->order[i];
        if (lot_until(purse->programme, holdings, &holdings->lots[lot]) > until) {
            break;
        }
        const int64_t part = least(purse->left[lot] - purse->reserved[lot], amount - spent);
        if (part > 0) {
            err = take(purse, lot, MEMBER_AVAILABLE, to, part, source);
            struct outcome *outcome = purse->outcome;
            if (err == 0) {
                outcome->effects[outcome->effects_count - 1].move.pays = pays;
            }
            spent += part;
        }
    }
    *ret_spent = spent;
    return err;
}

int purse_spend_until(struct purse *purse, int32_t until, int64_t amount, enum programme_account to,
                      uint32_t source, int64_t *ret_spent)
{
    return spend(purse, until, amount, account_of_programme(to), source, false, ret_spent);
}

int purse_pay(struct purse *purse, int64_t amount, uint32_t member, int64_t *ret_paid)
{
    return spend(purse, DAY_NEVER, amount, account_of_member(member, MEMBER_AVAILABLE), 0, true, ret_paid);
}

int purse_spend_lot(struct purse *purse, struct origin lot, int64_t amount, enum programme_account to,
                    uint32_t source, int64_t *ret_spent)
{
    const struct member_state *holdings = purse->holdings;
    *ret_spent = 0;
    for (size_t i = 0; i < holdings->lots_count; i++) {
        const struct lot *it = &holdings->lots[i];
        if (it->origin.position != lot.position || it->origin.index != lot.index) {
            continue;
        }
        const int64_t part = least(purse->left[i] - purse->reserved[i], amount);
        const enum member_account from = it->due != 0 ? MEMBER_PENDING : MEMBER_AVAILABLE;
        const int err = part > 0 ? take(purse, i, from, account_of_programme(to), part, source) : 0;
        *ret_spent = part > 0 ? part : 0;
        return err;
    }
    return 0;
}

int purse_spend_new(struct purse *purse, uint32_t index, int64_t amount, enum programme_account to,
                    uint32_t source)
{
    struct effect *effect =
        amount > 0 ? add_move(purse, MEMBER_AVAILABLE, account_of_programme(to), amount) : NULL;
    if (effect != NULL) {
        effect->move.has_lot = true;
        effect->move.lot.index = index;
        effect->move.rule = source;
    }
    return effect != NULL || amount == 0 ? 0 : ERR_TOO_LARGE;
}

int purse_owe(struct purse *purse, int64_t amount, enum programme_account to, uint32_t source)
{
    return purse_owe_to(purse, amount, account_of_programme(to), source);
}

int purse_owe_to(struct purse *purse, int64_t amount, uint64_t to, uint32_t source)
{
    int64_t after;
    if (amount == 0) {
        return 0;
    }
    if (amount < 0 || purse->accounts[MEMBER_AVAILABLE] > 0) {
        return ERR_CORRUPT;
    }
    if (checked_sub(purse->accounts[MEMBER_AVAILABLE], amount, &after) != 0) {
        return ERR_OVERFLOW;
    }
    struct effect *effect = add_move(purse, MEMBER_AVAILABLE, to, amount);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->move.rule = source;
    return 0;
}

int purse_reserve(struct purse *purse, int64_t amount, int64_t *ret_reserved)
{
    const uint64_t to = account_of_member(purse->member, MEMBER_RESERVED);
    int64_t reserved = 0;
    for (size_t i = 0; i < purse->count && reserved < amount; i++) {
        const size_t lot = purse->order[i];
        const int64_t part = least(purse->left[lot] - purse->reserved[lot], amount - reserved);
        if (part <= 0) {
            continue;
        }
        struct effect *effect = add_move(purse, MEMBER_AVAILABLE, to, part);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->move.has_lot = true;
        effect->move.lot = purse->holdings->lots[lot].origin;
        purse->accounts[MEMBER_RESERVED] += part;
        purse->reserved[lot] += part;
        reserved += part;
    }
    *ret_reserved = reserved;
    return 0;
}

int purse_spend_reserved(struct purse *purse, int64_t amount, enum programme_account to, uint32_t source,
                         int64_t *ret_spent)
{
    int64_t spent = 0;
    int err = 0;
    for (size_t i = 0; i < purse->count && spent < amount && err == 0; i++) {
        const size_t lot = purse->order[i];
        const int64_t part = least(purse->reserved[lot], amount - spent);
        if (part > 0) {
            err = take(purse, lot, MEMBER_RESERVED, account_of_programme(to), part, source);
            spent += part;
        }
    }
    *ret_spent = spent;
    return err;
}

static int free_part(struct purse *purse, size_t lot, int64_t amount, bool pays, int64_t at)
{
    const uint64_t to = account_of_member(purse->member, MEMBER_AVAILABLE);
    struct effect *effect = amount > 0 ? add_move(purse, MEMBER_RESERVED, to, amount) : NULL;
    if (amount <= 0) {
        return 0;
    }
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->move.has_lot = true;
    effect->move.lot = purse->holdings->lots[lot].origin;
    effect->move.pays = pays;
    effect->move.effective_at = at;
    purse->accounts[MEMBER_AVAILABLE] += amount;
    purse->reserved[lot] -= amount;
    purse->left[lot] -= pays ? amount : 0;
    return 0;
}

int purse_release(struct purse *purse, int64_t amount, int64_t at)
{
    int64_t rest = amount;
    int err = 0;
    for (size_t i = purse->count; i > 0 && rest > 0 && err == 0; i--) {
        const size_t lot = purse->order[i - 1];
        const int64_t part = least(purse->reserved[lot], rest);
        const int64_t available = purse->accounts[MEMBER_AVAILABLE];
        const int64_t paid = least(part, available < 0 ? -available : 0);
        err = free_part(purse, lot, paid, true, at);
        err = err != 0 ? err : free_part(purse, lot, part - paid, false, at);
        rest -= part;
    }
    return err;
}
