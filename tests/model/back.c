/* What comes back. */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What a return does, whichever policy says so. */
struct how {
    enum back_points points;
    enum back_spent spent;
    enum back_short negative;
    bool charge_expired, tier_at_review;
};

/* A purchase before or after something came back. */
struct rest {
    bool nothing;
    int64_t gross, stamps;
};

static int64_t line_left(const struct m_line *line)
{
    const int64_t left = line->gross - line->gross * line->units_back / line->units - line->money_back;
    return left > 0 ? left : 0;
}

static struct rest rest_of(const struct m_purchase *purchase, bool whole)
{
    struct rest rest = {.nothing = whole};
    for (size_t i = 0; i < purchase->lines_count; i++) {
        const struct m_line *line = &purchase->lines[i];
        const int64_t left = line_left(line);
        rest.gross += left;
        rest.stamps += left > 0 && line->coffee ? line->units - line->units_back : 0;
    }
    rest.nothing = rest.nothing || rest.gross == 0;
    rest.stamps = rest.nothing ? 0 : least(rest.stamps, purchase->stamps);
    return rest;
}

static int64_t gross_of(const struct m_purchase *purchase)
{
    int64_t gross = 0;
    for (size_t i = 0; i < purchase->lines_count; i++) {
        gross += purchase->lines[i].gross;
    }
    return gross;
}

/* What so much of a purchase earns by the rules of then. */
static int64_t earns(const struct model *model, const struct m_purchase *purchase, int64_t gross, bool bound)
{
    const int64_t tender = purchase->tender * gross / gross_of(purchase);
    const int64_t points = model_earns(model, gross - tender, &purchase->then);
    return bound && purchase->bound >= 0 ? least(points, purchase->bound) : points;
}

/* Money is spread over what is left, by amount: the largest remainders first,
 * then in the order of lines. */
static int64_t spread(struct m_purchase *purchase, int64_t amount)
{
    int64_t share[LINES_ROOM] = {0};
    int64_t rest[LINES_ROOM] = {0};
    const int64_t gross = rest_of(purchase, false).gross;
    const int64_t taken = least(amount, gross);
    int64_t left = taken;
    for (size_t i = 0; i < purchase->lines_count && taken > 0; i++) {
        share[i] = taken * line_left(&purchase->lines[i]) / gross;
        rest[i] = taken * line_left(&purchase->lines[i]) % gross;
        left -= share[i];
    }
    for (; left > 0; left--) {
        size_t next = 0;
        for (size_t i = 1; i < purchase->lines_count; i++) {
            next = rest[i] > rest[next] ? i : next;
        }
        share[next]++;
        rest[next] = -1;
    }
    for (size_t i = 0; i < purchase->lines_count; i++) {
        purchase->lines[i].money_back += share[i];
    }
    return amount - taken;
}

/* Takes what came back off the lines; says what never was there. */
static void take_off(struct m_purchase *purchase, const struct op *op, int64_t *ret_units,
                     int64_t *ret_amount)
{
    *ret_units = 0;
    *ret_amount = 0;
    if (op->whole) {
        *ret_units = rest_of(purchase, false).nothing && purchase->voided ? 1000 : 0;
        for (size_t i = 0; i < purchase->lines_count; i++) {
            purchase->lines[i].units_back = purchase->lines[i].units;
        }
    } else if (op->line >= 0 && (size_t)op->line < purchase->lines_count) {
        struct m_line *line = &purchase->lines[op->line];
        const int64_t open = line_left(line) > 0 ? line->units - line->units_back : 0;
        const int64_t wanted = op->units != 0 ? op->units : open;
        const int64_t taken = least(wanted, open);
        line->units_back += taken;
        *ret_units = (wanted - taken) * 1000;
        if (op->units == 0 && open == 0) {
            *ret_units = 1000;
        }
    } else if (op->line >= 0) {
        *ret_units = op->units != 0 ? op->units * 1000 : 1000;
    } else {
        *ret_amount = spread(purchase, op->amount);
    }
}

/* Points of one lot; what it does not have. */
static int64_t take_lot(struct m_member *member, uint64_t position, int64_t points)
{
    struct m_lot *lot = model_lot(member, position, 0);
    const int64_t part = lot != NULL ? least(points, lot->left - lot->reserved) : 0;
    if (lot != NULL) {
        lot->left -= part;
    }
    return points - part;
}

/* Points come back to a lot: what is owed is paid first. */
static void give_back(struct model *model, struct m_member *member, const struct m_spend *spend,
                      int64_t amount, uint32_t *lots)
{
    const int32_t today = model_today(model);
    struct m_lot *open = spend->has_lot ? model_lot(member, spend->lot.position, spend->lot.index) : NULL;
    if (open != NULL && open->due != 0) {
        open->left += amount;
        return;
    }
    const int64_t paid = least(member->owed, amount);
    member->owed -= paid;
    amount -= paid;
    if (amount == 0) {
        return;
    }
    if (open != NULL && open->left > 0) {
        open->left += amount;
        return;
    }
    struct m_lot lot = spend->lot;
    if (!spend->has_lot || lot.until < today) {
        lot = (struct m_lot){
            .position = model->position, .index = (*lots)++, .since = today, .until = today + ENDED_LOT_DAYS};
    }
    lot.left = amount;
    lot.reserved = 0;
    lot.due = 0;
    if (open != NULL) {
        open->left = amount;
    } else {
        model_lot_add(member, &lot);
    }
}

static void give_spent(struct model *model, struct m_member *member, struct m_purchase *purchase,
                       int64_t amount)
{
    int64_t skip = purchase->given_back;
    uint32_t lots = 0;
    purchase->given_back += amount;
    for (size_t i = purchase->spends_count; i > 0 && amount > 0; i--) {
        const struct m_spend *spend = &purchase->spends[i - 1];
        const int64_t skipped = least(skip, spend->amount);
        const int64_t part = least(spend->amount - skipped, amount);
        skip -= skipped;
        amount -= part;
        if (part > 0) {
            give_back(model, member, spend, part, &lots);
        }
    }
}

static void drop_empty(struct m_member *member)
{
    size_t kept = 0;
    for (size_t i = 0; i < member->lots_count; i++) {
        if (member->lots[i].left > 0) {
            member->lots[kept++] = member->lots[i];
        }
    }
    member->lots_count = kept;
}

/* Takes points back; `coming` come back to the member in the same event. What
 * nobody has is the answer. */
static int64_t take_points(struct m_member *member, struct m_purchase *purchase, const struct how *how,
                           int64_t points, int64_t coming)
{
    int64_t rest = points;
    if (purchase != NULL) {
        if (purchase->has_lot) {
            rest = take_lot(member, purchase->position, rest);
        }
        const int64_t over = purchase->expired - purchase->forgiven;
        if (!how->charge_expired && rest > 0 && over > 0) {
            purchase->forgiven += least(over, rest);
            rest -= least(over, rest);
        }
    }
    if (how->negative != SHORT_OWN_LOT || purchase == NULL) {
        rest -= model_spend(member, rest, NULL);
        const int64_t paid = least(rest, coming);
        member->owed += paid;
        rest -= paid;
    }
    return rest;
}

/* What nobody has is owed or forgiven; false: the return is refused. */
static bool take_missing(struct m_member *member, const struct how *how, int64_t missing, bool done,
                         struct expected *expected)
{
    if (how->negative == SHORT_ALLOW) {
        member->owed += missing;
    } else if (how->negative == SHORT_REFUSE && missing > 0 && !done) {
        expected->code = CODE_POINTS_SPENT;
        return false;
    } else if (how->negative == SHORT_REFUSE && missing > 0) {
        model_except(expected, EXCEPTION_POINTS_NOT_TAKEN, missing);
    }
    return true;
}

/* The highest level reached on a day on which something was counted, on the
 * first one or today. */
static int best_since(const struct model *model, const struct m_member *member, int32_t first)
{
    const int32_t today = model_today(model);
    int64_t best = model_window(model, member, first);
    const int64_t now = model_window(model, member, today);
    best = now > best ? now : best;
    for (size_t i = 0; i < member->days_count; i++) {
        const int32_t day = member->days[i].day;
        if (day > first && day < today) {
            const int64_t then = model_window(model, member, day);
            best = then > best ? then : best;
        }
    }
    return model_reached(model, best);
}

/* `purchase` has lost qualifying points; what was reached before since the
 * level was last reached, and since the purchase. A level held from before,
 * which nothing reached since, goes only with what had reached it. */
static void lower_level(const struct model *model, struct m_member *member, const struct m_purchase *purchase,
                        int reached, int reached_then)
{
    const int32_t today = model_today(model);
    int next = best_since(model, member, member->level_day);
    if (reached < member->level &&
        !(reached_then >= member->level && best_since(model, member, purchase->day) < member->level)) {
        return;
    }
    if (member->level <= 0 || next >= member->level) {
        return;
    }
    int32_t until = model_level_until(model, next, member->level_day);
    if (member->held > next && member->held_until >= today) {
        next = member->held;
        until = member->held_until;
    }
    /* A level that an earlier window had reached lasts as long as that said. */
    if (next > member->level || (next == member->level && until >= member->level_until)) {
        return;
    }
    model_level_set(model, member, next, today);
    member->level_until = until;
}

static void take_stamps(const struct model *model, struct m_member *member, int64_t lost)
{
    int64_t undone = 0;
    member->stamps -= lost;
    while (member->stamps < 0 && lost > 0) {
        size_t newest = member->vouchers_count;
        while (newest > 0 &&
               (!member->vouchers[newest - 1].of_card || member->vouchers[newest - 1].reservation != 0)) {
            newest--;
        }
        if (newest == 0) {
            break;
        }
        memmove(&member->vouchers[newest - 1], &member->vouchers[newest],
                (member->vouchers_count - newest) * sizeof(member->vouchers[0]));
        member->vouchers_count--;
        member->stamps += model->rules.required;
        undone++;
    }
    member->completed -= least(undone, member->completed);
}

/* A voucher comes back to its place. */
static void voucher_back(struct m_member *member, const struct m_voucher *voucher)
{
    size_t at = member->vouchers_count++;
    if (member->vouchers_count > VOUCHERS_ROOM) {
        abort();
    }
    while (at > 0 && (member->vouchers[at - 1].position > voucher->position ||
                      (member->vouchers[at - 1].position == voucher->position &&
                       member->vouchers[at - 1].index > voucher->index))) {
        member->vouchers[at] = member->vouchers[at - 1];
        at--;
    }
    member->vouchers[at] = *voucher;
}

static int64_t share_back(const struct m_purchase *purchase, const struct rest *after, int64_t whole,
                          bool nearest)
{
    const int64_t gross = gross_of(purchase);
    return after->nothing ? whole : (whole * (gross - after->gross) + (nearest ? gross / 2 : 0)) / gross;
}

static int64_t points_back(const struct model *model, const struct m_purchase *purchase,
                           const struct how *how, const struct rest *before, const struct rest *after)
{
    const int64_t standing = purchase->points - purchase->taken;
    if (how->points == BACK_KEEP) {
        return 0;
    }
    if (after->nothing) {
        return standing;
    }
    switch (how->points) {
    case BACK_RECOMPUTE:
        return standing - least(purchase->points, earns(model, purchase, after->gross, true));
    case BACK_PRORATE: {
        const int64_t gross = gross_of(purchase);
        const int64_t twice = 2 * purchase->points * (gross - after->gross);
        return (twice + gross) / (2 * gross) - purchase->taken;
    }
    case BACK_FLOOR:
        return least(standing, earns(model, purchase, before->gross - after->gross, false));
    case BACK_KEEP:
    case BACK_POINTS:
        break;
    }
    return 0;
}

/* Everything of the member's that goes from what was left to what is left now.
 * False: refused. */
static bool go(struct model *model, struct m_member *member, struct m_purchase *purchase,
               const struct how *how, const struct rest *before, const struct rest *after, bool done,
               struct expected *expected)
{
    const int64_t points = points_back(model, purchase, how, before, after);
    int64_t spent = 0;
    if (how->spent == SPENT_SHARE) {
        spent = share_back(purchase, after, purchase->spent, false) - purchase->given_back;
    } else if (how->spent == SPENT_WHOLE && after->nothing) {
        spent = purchase->spent - purchase->given_back;
    }
    if (points < 0 || spent < 0) {
        abort();
    }
    purchase->taken += points;
    const int64_t missing = take_points(member, purchase, how, points, spent);
    give_spent(model, member, purchase, spent);
    drop_empty(member);
    if (!take_missing(member, how, missing, done, expected)) {
        return false;
    }
    const int reached = best_since(model, member, member->level_day);
    const int reached_then = best_since(model, member, purchase->day);
    model_qualify(model, member, -points, purchase->day);
    if (points != 0 && !how->tier_at_review) {
        lower_level(model, member, purchase, reached, reached_then);
    }
    take_stamps(model, member, before->stamps - after->stamps);
    if (after->nothing && !before->nothing) {
        member->purchases--;
        struct m_used *given = &member->given[purchase->day % USED_DAYS];
        given->used -= given->day == purchase->day ? purchase->points : 0;
        if (member->cakes.day == purchase->day) {
            member->cakes.used -= least(purchase->cakes, member->cakes.used);
        }
    }
    if (how->spent != SPENT_STAYS && after->nothing && before->gross > 0) {
        for (size_t i = 0; i < purchase->used_count; i++) {
            voucher_back(member, &purchase->used[i]);
        }
        purchase->used_count = 0;
    }
    return true;
}

void model_return(struct model *model, const struct op *op, bool resumed, struct expected *expected)
{
    struct m_purchase *booked = &model->purchases[op->receipt];
    const struct rules *rules = &model->rules;
    const bool done = op->done || resumed;
    if (!booked->booked) {
        if (model->parked_count == PARKED_ROOM) {
            abort();
        }
        model->parked[model->parked_count++] = *op;
        model_except(expected, EXCEPTION_PARKED, op->amount);
        return;
    }
    expected->member = booked->member;
    if (booked->voided) {
        model_except(expected, EXCEPTION_VOIDED_RECEIPT, op->amount);
        if (booked->member != 0) {
            model_settle(model, &model->members[booked->member]);
        }
        return;
    }
    struct m_purchase purchase = *booked;
    int64_t units = 0;
    int64_t amount = 0;
    const struct how how = {rules->points, rules->spent, rules->negative, rules->charge_expired,
                            rules->tier_at_review};
    const struct rest before = rest_of(&purchase, false);
    take_off(&purchase, op, &units, &amount);
    if (purchase.member != 0) {
        struct m_member member = model->members[purchase.member];
        const int64_t expired = purchase.expired;
        model_settle(model, &member);
        purchase.expired = expired + booked->expired - expired; /* what fell due just now, too */
        const struct rest after = rest_of(&purchase, false);
        if (!go(model, &member, &purchase, &how, &before, &after, done, expected)) {
            return;
        }
        model->members[purchase.member] = member;
    }
    *booked = purchase;
    if (units > 0) {
        model_except(expected, EXCEPTION_QUANTITY_NOT_RETURNED, units);
    }
    if (amount > 0) {
        model_except(expected, EXCEPTION_AMOUNT_NOT_RETURNED, amount);
    }
}

/* A void, or what is taken from the member to whom the purchase did not belong.
 */
void model_void(struct model *model, const struct op *op, struct expected *expected)
{
    struct m_purchase *booked = &model->purchases[op->receipt];
    const bool unclaims = op->kind == OP_UNCLAIM;
    const bool closed = !unclaims && booked->booked &&
                        (model->closed[booked->till] == booked->day || model_today(model) > booked->day);
    const enum outcome_code code = !booked->booked                   ? CODE_UNKNOWN_RECEIPT
                                   : unclaims && booked->member == 0 ? CODE_ALREADY_DONE
                                   : closed                          ? CODE_DAY_CLOSED
                                   : booked->voided                  ? CODE_ALREADY_DONE
                                                                     : CODE_ACCEPTED;
    if (code != CODE_ACCEPTED && (unclaims || !op->done)) {
        expected->code = code;
        return;
    }
    expected->member = booked->booked ? booked->member : 0;
    if (code != CODE_ACCEPTED) {
        model_except(expected,
                     !booked->booked ? EXCEPTION_UNKNOWN_RECEIPT
                     : closed        ? EXCEPTION_DAY_CLOSED
                                     : EXCEPTION_VOIDED_RECEIPT,
                     0);
        if (expected->member != 0) {
            model_settle(model, &model->members[expected->member]);
        }
        return;
    }
    const struct how how = {BACK_RECOMPUTE, SPENT_SHARE, SHORT_ALLOW, model->rules.charge_expired, false};
    const struct rest before = rest_of(booked, false);
    const struct rest after = {.nothing = true};
    if (booked->member != 0) {
        struct m_member *member = &model->members[booked->member];
        model_settle(model, member);
        (void)go(model, member, booked, &how, &before, &after, true, expected);
    }
    if (unclaims) {
        struct m_purchase plain = {
            .booked = true, .till = booked->till, .day = booked->day, .lines_count = booked->lines_count};
        memcpy(plain.lines, booked->lines, sizeof(plain.lines));
        *booked = plain;
        return;
    }
    booked->voided = true;
    for (size_t i = 0; i < booked->lines_count; i++) {
        booked->lines[i].units_back = booked->lines[i].units;
    }
}

void model_return_loose(struct model *model, const struct op *op, struct expected *expected)
{
    const struct rules *rules = &model->rules;
    const uint32_t number = op->card >= 0 ? model->cards[op->card] : 0;
    expected->member = number;
    if (rules->loose == LOOSE_REFUSE && !op->done) {
        expected->code = CODE_UNKNOWN_RECEIPT;
        return;
    }
    if (number != 0) {
        model_settle(model, &model->members[number]);
    }
    if (rules->loose != LOOSE_BY_AMOUNT || number == 0) {
        model_except(expected, EXCEPTION_WITHOUT_RECEIPT, op->amount);
        return;
    }
    struct m_member *member = &model->members[number];
    const struct how how = {rules->points, rules->spent, rules->negative, rules->charge_expired, false};
    const struct m_then now = model_then(model, member, model_today(model));
    const int64_t points = model_earns(model, op->amount, &now);
    const int64_t missing = take_points(member, NULL, &how, points, 0);
    struct expected ignored = {.code = CODE_ACCEPTED};
    (void)take_missing(member, &how, missing, true, &ignored);
}
