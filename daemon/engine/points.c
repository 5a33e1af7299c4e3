#include "engine/points.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/calendar.h"

/* A credit in the making. */
struct credit {
    const struct sale *sale;
    struct outcome *outcome;
    int64_t owed;   /* still to be paid by it */
    int64_t in_lot; /* what its lot holds */
    bool has_lot;
};

static int add_move(struct credit *credit, uint64_t debit, uint64_t credited, int64_t amount, bool has_lot,
                    uint32_t rule)
{
    struct effect *effect = outcome_add(credit->outcome, EFFECT_MOVE, 0);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->move.debit = debit;
    effect->move.credit = credited;
    effect->move.amount = amount;
    effect->move.has_lot = has_lot;
    effect->move.rule = rule;
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
    effect->lot.until = term_end(&sale->programme->expiry, effect->lot.since);
    credit->has_lot = true;
    return 0;
}

/* One entry, in two where a part of it pays what is owed. */
static int credit_entry(struct credit *credit, int64_t amount, uint32_t rule)
{
    const uint64_t issued = account_of_programme(PROGRAMME_ISSUED);
    const uint64_t available = account_of_member(credit->sale->member, MEMBER_AVAILABLE);
    const int64_t paid = amount < credit->owed ? amount : credit->owed;
    int err = 0;
    if (paid > 0) {
        err = add_move(credit, issued, available, paid, false, rule);
        credit->owed -= paid;
    }
    if (err == 0 && amount > paid && !credit->has_lot) {
        err = open_lot(credit);
    }
    if (err == 0 && amount > paid) {
        err = add_move(credit, issued, available, amount - paid, true, rule);
        credit->in_lot += amount - paid;
    }
    return err;
}

static int credit_entries(struct credit *credit, const struct gift *gifts, int64_t total)
{
    const struct programme *programme = credit->sale->programme;
    int64_t left = total;
    for (size_t i = 0; i < programme->rules_count && left > 0; i++) {
        const struct rule *rule = &programme->rules[i];
        if (rule->card >= 0 || gifts[i].given == 0) {
            continue;
        }
        const int64_t amount = gifts[i].given < left ? gifts[i].given : left;
        const int err = credit_entry(credit, amount, rule->number);
        if (err != 0) {
            return err;
        }
        left -= amount;
    }
    return left > 0 ? credit_entry(credit, left, 0) : 0;
}

/* A purchase that comes so late that its points are over already. They cannot expire before they are there:
 * at booked_at. */
static int expire_at_once(struct credit *credit, struct balances *balances)
{
    const struct sale *sale = credit->sale;
    const int32_t until = term_end(&sale->programme->expiry, sale->context->member_day);
    if (credit->in_lot == 0 || until >= sale->context->booked_day) {
        return 0;
    }
    balances->accounts[MEMBER_AVAILABLE] -= credit->in_lot;
    return add_move(credit, account_of_member(sale->member, MEMBER_AVAILABLE),
                    account_of_programme(PROGRAMME_EXPIRED), credit->in_lot, true, 0);
}

static enum rounding rounding_of(const struct programme *programme)
{
    switch (programme->rounding) {
    case ROUNDING_FLOOR:
        return ROUND_FLOOR;
    case ROUNDING_HALF_UP:
        return ROUND_HALF_UP;
    case ROUNDING_CEIL:
        break;
    }
    return ROUND_CEIL;
}

/* What the level makes of a sum of points. */
static int multiply(const struct sale *sale, int64_t points, int64_t *ret_points)
{
    int64_t product = points;
    if (sale->level >= 0) {
        const struct level *level = &sale->programme->tiers.levels[sale->level];
        const int err =
            checked_mul_div(points, level->multiplier, 1000, rounding_of(sale->programme), &product);
        if (err != 0) {
            return err;
        }
    }
    if (product > POINTS_MAX) {
        return ERR_OVERFLOW;
    }
    CHECK(product >= 0);
    *ret_points = product;
    return 0;
}

static void trace_multiplier(const struct sale *sale, int64_t sum, int64_t total, struct decision *decision)
{
    const struct level *level = sale->level >= 0 ? &sale->programme->tiers.levels[sale->level] : NULL;
    if (level == NULL || level->multiplier == 1000) {
        return;
    }
    CHECK(decision->trace_count < TRACE_LINES_MAX);
    decision->trace[decision->trace_count++] = (struct trace_line){
        .kind = TRACE_MULTIPLIER,
        .number = level->number,
        .reason = total != sum ? TRACE_APPLIED : TRACE_NOTHING,
        .basis = sum,
        .factor = level->multiplier,
        .given = total - sum,
    };
}

int points_credit(const struct sale *sale, const struct gift *gifts, struct balances *balances,
                  struct decision *decision, int64_t *ret_qualifying)
{
    static_assert(POINTS_MAX <= INT64_MAX / RULES_MAX, "the sum of all rules' points cannot overflow");
    const struct programme *programme = sale->programme;
    int64_t *available = &balances->accounts[MEMBER_AVAILABLE];
    int64_t sum = 0;
    int64_t qualifying = 0;
    for (size_t i = 0; i < programme->rules_count; i++) {
        if (programme->rules[i].card < 0) {
            sum += gifts[i].given;
            qualifying += programme->rules[i].qualifies ? gifts[i].given : 0;
        }
    }
    int64_t total;
    int err = multiply(sale, sum, &total);
    err = err != 0 ? err : multiply(sale, qualifying, &qualifying);
    int64_t after;
    err = err != 0 ? err : checked_add(*available, total, &after);
    if (err != 0) {
        return err;
    }
    trace_multiplier(sale, sum, total, decision);
    struct credit credit = {
        .sale = sale,
        .outcome = &decision->outcome,
        .owed = *available < 0 ? -*available : 0,
    };
    err = credit_entries(&credit, gifts, total);
    *available = after;
    err = err != 0 ? err : expire_at_once(&credit, balances);
    if (err == 0) {
        *ret_qualifying = qualifying;
    }
    return err;
}
