#include "engine/household.h"

#include "engine/merge.h"
#include "engine/tiers.h"
#include "model/holding.h"

#include "base/check.h"

/* Whether a member's counter counts for his household: the number of its limit says whom it is for. */
static bool counts_household(uint32_t limit)
{
    return (limit & 7) == LIMIT_HOUSEHOLD;
}

static bool is_shared(const struct household_policy *policy, const struct holding_row *row)
{
    switch (row->kind) {
    case HOLDING_LOT:
    case HOLDING_BALANCE:
    case HOLDING_RESERVED:
        return true;
    case HOLDING_RESERVATION:
        return row->amount > 0;
    case HOLDING_LIMIT:
        return counts_household((uint32_t)row->key1);
    case HOLDING_LEVEL:
    case HOLDING_LEVEL_DAY:
    case HOLDING_HELD:
    case HOLDING_FLOOR:
    case HOLDING_METRIC:
        return policy->tier;
    case HOLDING_STAMPS:
    case HOLDING_ITEM:
        return policy->stamps;
    case HOLDING_VOUCHER:
    case HOLDING_CODE:
    case HOLDING_MEMBER:
    case HOLDING_MERGED:
    case HOLDING_HOUSEHOLD:
    case HOLDING_KINDS:
        break;
    }
    return false;
}

/* The rows of one of the two that count. */
struct rows {
    const struct household_policy *policy;
    const struct member_state *state;
    struct holding_cursor cursor;
    struct holding_row row;
    bool shared; /* those that are shared count; else the others */
    bool there;
};

/* A household has vouchers of cards that it completed itself: everybody in it may use them, and what holds
 * one is the household's too. */
static bool counts(const struct rows *rows)
{
    return is_shared(rows->policy, &rows->row) == rows->shared || rows->row.kind == HOLDING_VOUCHER ||
           rows->row.kind == HOLDING_CODE || (rows->row.kind == HOLDING_RESERVATION && rows->shared);
}

static void next_row(struct rows *rows)
{
    do {
        rows->there = holding_next(rows->state, &rows->cursor, &rows->row);
    } while (rows->there && !counts(rows));
}

static bool is_before(const struct holding_row *a, const struct holding_row *b)
{
    if (a->kind != b->kind) {
        return a->kind < b->kind;
    }
    return a->key1 != b->key1 ? a->key1 < b->key1 : a->key2 < b->key2;
}

int household_share(const struct household_policy *policy, const struct member_state *household,
                    const struct member_state *member, struct member_state *ret_state)
{
    struct rows own = {.policy = policy, .state = member, .shared = false};
    struct rows common = {.policy = policy, .state = household, .shared = true};
    CHECK(ret_state != household);
    CHECK(ret_state != member);
    member_state_clear(ret_state, member->member);
    next_row(&own);
    next_row(&common);
    while (own.there || common.there) {
        struct rows *next = !common.there || (own.there && is_before(&own.row, &common.row)) ? &own : &common;
        if (!holding_add(ret_state, &next->row)) {
            return ERR_TOO_LARGE;
        }
        next_row(next);
    }
    ret_state->balances[MEMBER_AVAILABLE] = household->balances[MEMBER_AVAILABLE];
    ret_state->enrolled = policy->tier ? household->enrolled : member->enrolled;
    ret_state->household = household->member;
    ret_state->joined = member->enrolled;
    ret_state->shared_day = household->last_purchase;
    return 0;
}

static bool has_reservation(const struct member_state *state, uint64_t position)
{
    for (size_t i = 0; i < state->reservations_count; i++) {
        if (state->reservations[i].position == position) {
            return true;
        }
    }
    return false;
}

static bool has_voucher(const struct member_state *state, const struct origin *origin)
{
    for (size_t i = 0; i < state->vouchers_count; i++) {
        if (state->vouchers[i].origin.position == origin->position &&
            state->vouchers[i].origin.index == origin->index) {
            return true;
        }
    }
    return false;
}

/* Whether the event reserves a voucher of the household's. */
static bool holds_shared_voucher(const struct member_state *household, const struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_VOUCHER_HOLD && effect->voucher_hold.reservation == RESERVED_HERE &&
            has_voucher(household, &effect->voucher_hold.voucher)) {
            return true;
        }
    }
    return false;
}

static bool is_about_shared(const struct household_policy *policy, const struct member_state *household,
                            const struct outcome *outcome, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_LOT:
        return true;
    case EFFECT_METRIC:
    case EFFECT_LEVEL:
    case EFFECT_FLOOR:
        return policy->tier;
    case EFFECT_STAMPS:
    case EFFECT_ITEM:
        return policy->stamps;
    case EFFECT_RESERVATION:
        return effect->reservation.points > 0 || holds_shared_voucher(household, outcome);
    case EFFECT_RESERVATION_END:
        return has_reservation(household, effect->reservation_end.reservation);
    case EFFECT_COUNTER:
        return effect->counter.scope == NULL && counts_household(effect->counter.limit);
    case EFFECT_VOUCHER_HOLD:
        return has_voucher(household, &effect->voucher_hold.voucher);
    case EFFECT_VOUCHER_END:
        return has_voucher(household, &effect->voucher_end.voucher);
    case EFFECT_MOVE: /* by its accounts */
    case EFFECT_ENROL:
    case EFFECT_VOUCHER:
    case EFFECT_VISIT:
    case EFFECT_PRINCIPAL:
    case EFFECT_INVITE:
    case EFFECT_PROGRAMME:
    case EFFECT_LIVE:
    case EFFECT_REVISION:
    case EFFECT_NOTE:
    case EFFECT_RECEIPT:
    case EFFECT_MERGE:
    case EFFECT_HOUSEHOLD:
        break;
    }
    return false;
}

static uint64_t account_now(uint64_t account, uint32_t from, uint32_t to)
{
    return account_member(account) == from
               ? account_of_member(to, (enum member_account)account_number(account))
               : account;
}

static void change_accounts(struct effect *effect, uint32_t from, uint32_t to)
{
    effect->move.debit = account_now(effect->move.debit, from, to);
    effect->move.credit = account_now(effect->move.credit, from, to);
    effect->member = effect->member == from ? to : effect->member;
}

int household_own(const struct household_policy *policy, const struct member_state *household,
                  uint32_t member, struct outcome *outcome)
{
    const size_t count = outcome->effects_count;
    for (size_t i = 0; i < count; i++) {
        struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_MOVE) {
            change_accounts(effect, member, household->member);
        } else if (effect->member == member && is_about_shared(policy, household, outcome, effect)) {
            effect->member = household->member;
        } else if (effect->kind == EFFECT_VISIT && effect->member == member && !effect->visit.undone) {
            /* What lasts while somebody buys lasts while anybody of the household does. */
            struct effect *visit = outcome_add(outcome, EFFECT_VISIT, household->member);
            if (visit == NULL) {
                return ERR_TOO_LARGE;
            }
            visit->visit = effect->visit;
        }
    }
    return 0;
}

void household_disown(uint32_t household, uint32_t member, struct outcome *outcome)
{
    size_t kept = 0;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        struct effect effect = outcome->effects[i];
        if (effect.kind == EFFECT_VISIT && effect.member == household) {
            continue;
        }
        if (effect.kind == EFFECT_MOVE) {
            change_accounts(&effect, household, member);
        } else if (effect.member == household) {
            effect.member = member;
        }
        outcome->effects[kept++] = effect;
    }
    outcome->effects_count = kept;
}

/* --- joining and leaving --- */

static int put_in(struct outcome *outcome, uint32_t member, uint32_t household)
{
    struct effect *effect = outcome_add(outcome, EFFECT_HOUSEHOLD, member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->household.household = household;
    return 0;
}

/* The level was the household's: who leaves has again what he alone comes to. */
static int own_level(const struct programme *programme, const struct context *context, uint32_t member,
                     struct decision *decision)
{
    const struct metric_values gain = {.of = {0}};
    struct standing standing;
    const int err = tiers_stand(programme, context, &gain, &standing);
    return err != 0 ? err
                    : tiers_set(programme, context, member, &standing, &decision->outcome.balances, decision);
}

static int leave(const struct programme *programme, const struct context *context, struct decision *decision)
{
    const struct member_state *member = context->holdings;
    if (member->household == 0 || member->household == member->member) {
        decision_refuse(decision, CODE_HOUSEHOLD);
        return 0;
    }
    decision->outcome.balances = balances_before(context);
    decision->outcome.has_balances = true;
    const int err = put_in(&decision->outcome, member->member, 0);
    return err != 0 || !programme->households.tier ? err
                                                   : own_level(programme, context, member->member, decision);
}

/* What moved to the household is the member's no more. */
static int empty_metrics(const struct member_state *member, struct outcome *outcome)
{
    for (size_t i = 0; i < member->metric_days_count; i++) {
        const struct metric_day *day = &member->metric_days[i];
        struct effect *effect = outcome_add(outcome, EFFECT_METRIC, member->member);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->metric.metric = day->metric;
        effect->metric.day = day->day;
        effect->metric.amount = -day->amount;
    }
    return 0;
}

/* Which windows in a row were reached goes with the metrics that filled them. */
static int move_runs(const struct member_state *member, uint32_t household, struct outcome *outcome)
{
    int err = 0;
    for (size_t i = 0; i < member->counters_count && err == 0; i++) {
        const struct counter *counter = &member->counters[i];
        if (limit_number_owner(counter->limit) == OWNER_MILESTONE && counts_household(counter->limit)) {
            err = outcome_count(outcome, household, counter->limit, counter->period, counter->used);
            err = err != 0 ? err
                           : outcome_count(outcome, member->member, counter->limit, counter->period,
                                           -counter->used);
        }
    }
    return err;
}

static int empty_level(const struct member_state *member, int32_t today, struct outcome *outcome)
{
    struct effect *effect =
        member->floor_level != 0 ? outcome_add(outcome, EFFECT_FLOOR, member->member) : NULL;
    if (member->floor_level != 0 && effect == NULL) {
        return ERR_TOO_LARGE;
    }
    if (member->level == 0) {
        return 0;
    }
    effect = outcome_add(outcome, EFFECT_LEVEL, member->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->level.since = today;
    effect->level.until = DAY_NEVER;
    return 0;
}

static int empty_stamps(const struct member_state *member, struct outcome *outcome)
{
    for (size_t i = 0; i < member->stamps_count; i++) {
        const struct stamps *stamps = &member->stamps[i];
        struct effect *effect = outcome_add(outcome, EFFECT_STAMPS, member->member);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->stamps.card = stamps->card;
        effect->stamps.given = -stamps->count;
        effect->stamps.undone = stamps->completed;
    }
    for (size_t i = 0; i < member->items_count; i++) {
        struct effect *effect = outcome_add(outcome, EFFECT_ITEM, member->member);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->item.card = member->items[i].card;
        effect->item.item = member->items[i].item;
        effect->item.amount = -member->items[i].standing;
    }
    return 0;
}

static int join(const struct programme *programme, const struct context *context, struct decision *decision)
{
    const struct household_policy *policy = &programme->households;
    const struct member_state *household = context->holdings;
    const struct member_state *member = context->other;
    const bool opens = context->member == 0;
    struct outcome *outcome = &decision->outcome;
    if (member == NULL) {
        return ERR_CORRUPT;
    }
    if (!policy->points || member->household != 0 || (!opens && household->household != household->member)) {
        decision_refuse(decision, CODE_HOUSEHOLD);
        return 0;
    }
    int err = 0;
    outcome->member = household->member;
    if (opens) {
        struct effect *effect = outcome_add(outcome, EFFECT_ENROL, household->member);
        if (effect == NULL) {
            return ERR_TOO_LARGE;
        }
        effect->enrol.day = context->member_day;
        err = put_in(outcome, household->member, household->member);
    }
    const struct merge_parts parts = {.points = true, .levels = policy->tier, .stamps = policy->stamps};
    err = err != 0 ? err : merge_parts_decide(programme, context, &parts, decision);
    if (err == 0 && policy->tier) {
        err = empty_metrics(member, outcome);
        err = err != 0 ? err : empty_level(member, context->booked_day, outcome);
        err = err != 0 ? err : move_runs(member, household->member, outcome);
    }
    err = err != 0 || !policy->stamps ? err : empty_stamps(member, outcome);
    return err != 0 ? err : put_in(outcome, member->member, household->member);
}

int household_decide(const struct programme *programme, const struct event *event,
                     const struct context *context, struct decision *decision)
{
    if (context->holdings == NULL) {
        return ERR_CORRUPT;
    }
    return event->household.leaves ? leave(programme, context, decision) : join(programme, context, decision);
}
