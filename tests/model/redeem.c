/* Purchases, what is redeemed on them, and reservations. */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A purchase being decided. */
struct buying {
    struct model *model;
    struct m_member *member;
    struct m_purchase *purchase;
    struct expected *expected;
    const struct op *op;
    int64_t due;  /* still to pay */
    int64_t free; /* points, still to spend */
    struct plan {
        bool voucher, live, late, cake, paying;
        struct m_reservation reservation;
        uint64_t position; /* of the voucher */
        uint32_t index;
        int64_t units, value, points;
    } plans[USES_ROOM];
    size_t plans_count;
    bool asked, all;
    int64_t wanted, held;
    int64_t paying; /* points */
};

static void turn_down(struct buying *buying, size_t index, enum outcome_code code, enum exception_kind kind)
{
    if (buying->op->done) {
        model_except(buying->expected, kind, (int64_t)index);
    } else {
        buying->expected->code = code;
    }
}

static struct m_voucher *find_voucher(struct m_member *member, uint64_t position, uint32_t index)
{
    for (size_t i = 0; i < member->vouchers_count; i++) {
        if (member->vouchers[i].position == position && member->vouchers[i].index == index) {
            return &member->vouchers[i];
        }
    }
    return NULL;
}

static bool is_planned(const struct buying *buying, uint64_t reservation)
{
    for (size_t i = 0; i < buying->plans_count; i++) {
        if (buying->plans[i].live && buying->plans[i].reservation.position == reservation) {
            return true;
        }
    }
    return false;
}

/* Where the voucher of a use stands: redeemed, expired or cancelled ones are gone; the test says which they
 * are by asking for ACCEPTED of any of these. */
static bool plan_voucher(struct buying *buying, size_t index, uint64_t position, uint32_t n,
                         struct plan *plan)
{
    const int32_t today = model_today(buying->model);
    const struct m_voucher *voucher = find_voucher(buying->member, position, n);
    if (voucher == NULL) {
        turn_down(buying, index, CODE_VOUCHER_UNKNOWN, EXCEPTION_VOUCHER_UNKNOWN);
        return false;
    }
    for (size_t i = 0; i < buying->plans_count; i++) {
        if (buying->plans[i].voucher && buying->plans[i].position == position &&
            buying->plans[i].index == n) {
            turn_down(buying, index, CODE_VOUCHER_USED, EXCEPTION_VOUCHER_USED_BEFORE);
            return false;
        }
    }
    if (voucher->reservation != 0) {
        if (!buying->op->done || is_planned(buying, voucher->reservation)) {
            turn_down(buying, index, CODE_VOUCHER_RESERVED, EXCEPTION_REDEMPTION_LEFT_OUT);
            return false;
        }
        for (size_t i = 0; i < buying->member->reservations_count; i++) {
            if (buying->member->reservations[i].position == voucher->reservation) {
                plan->live = true;
                plan->reservation = buying->member->reservations[i];
            }
        }
    }
    if (today < voucher->since || today > voucher->until) {
        turn_down(buying, index, CODE_VOUCHER_EXPIRED, EXCEPTION_VOUCHER_EXPIRED);
        return false;
    }
    plan->voucher = true;
    plan->position = position;
    plan->index = n;
    plan->units = 1;
    return true;
}

static bool plan_gone(struct buying *buying, size_t index, const struct use_of *use, struct plan *plan)
{
    const struct m_gone *gone = NULL;
    for (size_t i = 0; i < buying->model->gone_count; i++) {
        if (buying->model->gone[i].reservation.position == use->position) {
            gone = &buying->model->gone[i];
        }
    }
    bool again = false;
    for (size_t i = 0; i < buying->plans_count; i++) {
        again = again || buying->plans[i].late;
    }
    if (gone == NULL || gone->ended || again) {
        turn_down(buying, index, gone == NULL ? CODE_RESERVATION_UNKNOWN : CODE_RESERVATION_ENDED,
                  EXCEPTION_RESERVATION_GONE);
        return false;
    }
    plan->late = true;
    plan->reservation = gone->reservation;
    plan->cake = gone->reservation.cake;
    plan->paying = !gone->reservation.cake && !gone->reservation.voucher;
    return gone->reservation.voucher
               ? plan_voucher(buying, index, gone->voucher_position, gone->voucher_index, plan)
               : true;
}

static bool plan_reservation(struct buying *buying, size_t index, const struct use_of *use, struct plan *plan)
{
    for (size_t i = 0; i < buying->member->reservations_count; i++) {
        const struct m_reservation *reservation = &buying->member->reservations[i];
        if (reservation->position != use->position) {
            continue;
        }
        if (is_planned(buying, use->position)) {
            turn_down(buying, index, CODE_RESERVATION_ENDED, EXCEPTION_RESERVATION_GONE);
            return false;
        }
        plan->live = true;
        plan->reservation = *reservation;
        plan->cake = reservation->cake;
        plan->paying = !reservation->cake && !reservation->voucher;
        for (size_t k = 0; k < buying->member->vouchers_count; k++) {
            if (buying->member->vouchers[k].reservation == reservation->position) {
                plan->voucher = true;
                plan->position = buying->member->vouchers[k].position;
                plan->index = buying->member->vouchers[k].index;
            }
        }
        plan->units = plan->voucher ? 1 : least(use->units, reservation->units);
        return true;
    }
    const bool found = plan_gone(buying, index, use, plan);
    plan->units = plan->voucher ? 1 : least(use->units, plan->reservation.units);
    return found;
}

static int64_t cakes_bought(const struct buying *buying)
{
    int64_t units = 0;
    for (size_t i = 0; i < buying->plans_count; i++) {
        const struct plan *plan = &buying->plans[i];
        units += plan->cake && !plan->live ? plan->units : 0;
    }
    return units;
}

/* What a use pays, and what it costs. */
static void plan_value(struct buying *buying, size_t index, struct plan *plan)
{
    const int32_t today = model_today(buying->model);
    if (plan->cake && !plan->live) {
        const int64_t used = *model_used(&buying->member->cakes, today);
        if (used + cakes_bought(buying) + plan->units > CAKES_A_DAY) {
            turn_down(buying, index, CODE_LIMIT, EXCEPTION_REWARD_LIMIT);
            return;
        }
    }
    plan->value = least(buying->due, plan->cake ? CAKE_WORTH * plan->units : MUG_WORTH);
    if (plan->value == 0) {
        turn_down(buying, index, CODE_NOTHING_TO_PAY, EXCEPTION_NOTHING_TO_PAY);
        return;
    }
    buying->due -= plan->value;
    plan->points = plan->cake ? CAKE_COST * plan->units : 0;
    if (plan->cake && !plan->live) {
        const int64_t found = least(plan->points, buying->free);
        buying->free -= found;
        if (found < plan->points && !buying->op->done) {
            buying->expected->code = CODE_POINTS_SHORT;
        }
    }
    buying->plans[buying->plans_count++] = *plan;
}

static void plan_use(struct buying *buying, size_t index)
{
    const struct use_of *use = &buying->op->uses[index];
    struct plan plan = {.units = use->units};
    bool found = true;
    switch (use->kind) {
    case USE_VOUCHER:
        found = plan_voucher(buying, index, use->position, use->index, &plan);
        break;
    case USE_RESERVATION:
        found = plan_reservation(buying, index, use, &plan);
        break;
    case USE_CAKE:
        plan.cake = true;
        break;
    }
    if (found && !plan.paying) {
        plan_value(buying, index, &plan);
    } else if (found) {
        buying->asked = true;
        buying->wanted += plan.reservation.points;
        buying->held += plan.live ? plan.reservation.points : 0;
        buying->plans[buying->plans_count++] = plan;
    }
}

static void plan_paying(struct buying *buying)
{
    const struct rules *rules = &buying->model->rules;
    if (buying->op->pays) {
        buying->asked = true;
        buying->wanted = buying->op->points;
        buying->all = buying->wanted == 0;
    }
    if (!buying->asked) {
        return;
    }
    const int64_t funds = buying->held + buying->free;
    const int64_t groups = least((buying->all ? funds : buying->wanted) / POINTS_A_GROUP,
                                 buying->due * rules->share / 100 / GROUP_WORTH);
    int64_t points = groups * POINTS_A_GROUP;
    if (!buying->all && points == 0) {
        if (buying->op->done) {
            model_except(buying->expected, EXCEPTION_POINTS_LEFT_OUT, buying->wanted);
        } else {
            buying->expected->code = CODE_BELOW_MINIMUM;
        }
        return;
    }
    if (points > funds && rules->clamp) {
        points = funds - funds % POINTS_A_GROUP;
    }
    if (points > funds && !buying->op->done) {
        buying->expected->code = CODE_POINTS_SHORT;
    }
    buying->paying = points;
    buying->due -= points / POINTS_A_GROUP * GROUP_WORTH;
}

static void spend_or_owe(struct buying *buying, int64_t points)
{
    const int64_t spent = model_spend(buying->member, points, buying->purchase);
    struct m_purchase *purchase = buying->purchase;
    if (spent < points) {
        buying->member->owed += points - spent;
        purchase->spends[purchase->spends_count++] = (struct m_spend){.amount = points - spent};
        purchase->spent += points - spent;
        model_except(buying->expected, EXCEPTION_POINTS_SHORT, points - spent);
    }
}

static void commit(struct buying *buying, const struct plan *plan, int64_t used)
{
    struct m_member *member = buying->member;
    for (size_t i = 0; i < member->reservations_count; i++) {
        if (member->reservations[i].position == plan->reservation.position) {
            model_spend_reserved(member, used, buying->purchase);
            model_free_reserved(member, plan->reservation.points - used);
            model_end_reservation(buying->model, member, i, plan->reservation.units - plan->units, false,
                                  true);
            return;
        }
    }
    abort();
}

static void mark_ended(struct buying *buying, uint64_t reservation)
{
    for (size_t i = 0; i < buying->model->gone_count; i++) {
        if (buying->model->gone[i].reservation.position == reservation) {
            buying->model->gone[i].ended = true;
        }
    }
}

static void use_voucher(struct buying *buying, const struct plan *plan)
{
    struct m_voucher *voucher = find_voucher(buying->member, plan->position, plan->index);
    const size_t at = (size_t)(voucher - buying->member->vouchers);
    buying->purchase->used[buying->purchase->used_count] = *voucher;
    buying->purchase->used[buying->purchase->used_count++].reservation = 0;
    buying->member->vouchers_count--;
    memmove(voucher, voucher + 1, (buying->member->vouchers_count - at) * sizeof(*voucher));
}

static void take(struct buying *buying)
{
    int64_t left = buying->paying;
    for (size_t i = 0; i < buying->plans_count; i++) {
        const struct plan *plan = &buying->plans[i];
        if (plan->paying) {
            continue;
        }
        if (plan->voucher) {
            use_voucher(buying, plan);
        }
        if (plan->live) {
            commit(buying, plan, plan->points);
        } else if (!plan->voucher) {
            spend_or_owe(buying, plan->points);
        }
        if (plan->late) {
            mark_ended(buying, plan->reservation.position);
        }
    }
    for (size_t i = 0; i < buying->plans_count; i++) {
        const struct plan *plan = &buying->plans[i];
        if (plan->paying && plan->live) {
            const int64_t used = least(left, plan->reservation.points);
            commit(buying, plan, used);
            left -= used;
        } else if (plan->paying) {
            mark_ended(buying, plan->reservation.position);
        }
    }
    if (left > 0) {
        spend_or_owe(buying, left);
    }
    buying->purchase->cakes = cakes_bought(buying);
    *model_used(&buying->member->cakes, model_today(buying->model)) += buying->purchase->cakes;
}

/* Points, level and stamps of what is paid with money. */
static void earn(struct buying *buying, int64_t gross, int64_t coffees)
{
    struct model *model = buying->model;
    struct m_member *member = buying->member;
    struct m_purchase *purchase = buying->purchase;
    const int32_t day = model_today(model) - buying->op->days_late;
    const int64_t room = model->rules.day_limit - *model_given(member, day);
    uint32_t vouchers = 0;
    purchase->then = model_then(model, member, day);
    const int64_t answers = buying->op->amount > 0 ? buying->op->amount : 1;
    int64_t points =
        model_earns(model,
                    buying->op->kind == OP_ACTIVITY ? answers * SURVEY_POINTS / SURVEY_ANSWERS * 100
                                                    : gross - purchase->tender,
                    &purchase->then);
    purchase->bound = -1;
    if (model->rules.day_limit > 0 && points > room) {
        points = room;
        purchase->bound = room;
    }
    *model_given(member, day) += points;
    purchase->points = points;
    purchase->stamps = coffees;
    const int32_t due = day + model->rules.pending_days + 1;
    model_give(model, member, points,
               (struct m_lot){.position = model->position,
                              .since = day,
                              .until = day + model->rules.expiry_days,
                              .due = model->rules.pending_days >= 0 && due > model_today(model) ? due : 0},
               purchase);
    model_qualify(model, member, points, day);
    model_reach(model, member, &purchase->then, points);
    model_stamp(model, member, coffees, day, &vouchers);
}

void model_buy(struct model *model, struct m_member *member, const struct op *op, bool plain,
               struct m_purchase *purchase, struct expected *expected)
{
    struct buying buying = {.model = model,
                            .member = member,
                            .purchase = purchase,
                            .expected = expected,
                            .op = op,
                            .free = model_available(member) > 0 ? model_available(member) : 0};
    int64_t gross = 0;
    int64_t coffees = 0;
    for (size_t i = 0; i < purchase->lines_count; i++) {
        const struct m_line *line = &purchase->lines[i];
        const int64_t left = line->gross - line->gross * line->units_back / line->units - line->money_back;
        gross += left > 0 ? left : 0;
        coffees += left > 0 && line->coffee ? line->units - line->units_back : 0;
    }
    buying.due = gross;
    for (size_t i = 0; !plain && i < op->uses_count && expected->code == CODE_ACCEPTED; i++) {
        plan_use(&buying, i);
    }
    if (!plain && expected->code == CODE_ACCEPTED) {
        plan_paying(&buying);
    }
    if (expected->code != CODE_ACCEPTED) {
        return;
    }
    purchase->position = model->position;
    purchase->member = member->number;
    purchase->tender = model->rules.tenders_count ? 0 : gross - buying.due;
    take(&buying);
    earn(&buying, gross, coffees);
    member->purchases += op->kind != OP_ACTIVITY;
}

/* --- reservations --- */

static enum outcome_code hold(struct model *model, struct m_member *member, const struct op *op,
                              struct m_reservation *reservation)
{
    const int64_t available = model_available(member) > 0 ? model_available(member) : 0;
    const int32_t today = model_today(model);
    if (op->minutes >= 0 && (op->minutes == 0 || op->minutes > LONGEST_MINUTES)) {
        return CODE_TOO_LONG;
    }
    if (op->voucher) {
        struct m_voucher *voucher = find_voucher(member, op->uses[0].position, op->uses[0].index);
        if (voucher == NULL) {
            return CODE_VOUCHER_UNKNOWN;
        }
        if (voucher->reservation != 0) {
            return CODE_VOUCHER_RESERVED;
        }
        if (today < voucher->since || today > voucher->until) {
            return CODE_VOUCHER_EXPIRED;
        }
        voucher->reservation = model->position;
        reservation->voucher = true;
        reservation->units = 1;
        return CODE_ACCEPTED;
    }
    if (op->cake) {
        reservation->cake = true;
        reservation->units = op->units;
        reservation->points = CAKE_COST * op->units;
        return *model_used(&member->cakes, today) + op->units > CAKES_A_DAY ? CODE_LIMIT
               : reservation->points > available                            ? CODE_POINTS_SHORT
                                                                            : CODE_ACCEPTED;
    }
    const int64_t asked = op->points != 0 ? op->points : available;
    const int64_t whole = asked - asked % POINTS_A_GROUP;
    reservation->points =
        whole <= available || !model->rules.clamp ? whole : available - available % POINTS_A_GROUP;
    if (reservation->points > available) {
        return CODE_POINTS_SHORT;
    }
    return reservation->points > 0                          ? CODE_ACCEPTED
           : reservation->points < whole || op->points == 0 ? CODE_POINTS_SHORT
                                                            : CODE_BELOW_MINIMUM;
}

void model_reserve(struct model *model, struct m_member *member, const struct op *op,
                   struct expected *expected)
{
    struct m_reservation reservation = {.position = model->position, .day = model_today(model)};
    expected->code = hold(model, member, op, &reservation);
    if (expected->code != CODE_ACCEPTED) {
        return;
    }
    reservation.until = model->now + (op->minutes >= 0 ? op->minutes : TIMEOUT_MINUTES) * (int64_t)MINUTE_MS;
    if (reservation.cake) {
        *model_used(&member->cakes, reservation.day) += reservation.units;
    }
    if (member->reservations_count == RESERVATIONS_ROOM) {
        abort();
    }
    member->reservations[member->reservations_count++] = reservation;
    int64_t left = reservation.points;
    /* In the order of spending: what would be spent first is reserved first. */
    while (left > 0) {
        struct m_lot *next = NULL;
        for (size_t i = 0; i < member->lots_count; i++) {
            struct m_lot *lot = &member->lots[i];
            if (lot->due == 0 && lot->left > lot->reserved &&
                (next == NULL || lot->until < next->until ||
                 (lot->until == next->until && lot->since < next->since))) {
                next = lot;
            }
        }
        const int64_t part = least(left, next->left - next->reserved);
        next->reserved += part;
        left -= part;
    }
}

void model_release(struct model *model, const struct op *op, struct expected *expected)
{
    for (uint32_t n = 1; n <= model->members_count; n++) {
        struct m_member member = model->members[n];
        bool its = false;
        for (size_t i = 0; i < member.reservations_count; i++) {
            its = its || member.reservations[i].position == op->uses[0].position;
        }
        if (!its) {
            continue;
        }
        const size_t gone = model->gone_count;
        model_settle(model, &member);
        for (size_t i = 0; i < member.reservations_count; i++) {
            if (member.reservations[i].position == op->uses[0].position) {
                model_free_reserved(&member, member.reservations[i].points);
                model_end_reservation(model, &member, i, member.reservations[i].units, false, false);
                model->members[n] = member;
                expected->member = n;
                return;
            }
        }
        model->gone_count = gone; /* it timed out, but what is refused settles nothing */
        expected->code = CODE_RESERVATION_ENDED;
        return;
    }
    expected->code = CODE_RESERVATION_ENDED;
}
