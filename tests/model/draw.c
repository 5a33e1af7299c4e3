#include "model/draw.h"

#include "lib/drawn.h"

#include <string.h>

static bool one_in(uint64_t n)
{
    return drawn(n) == 0;
}

void draw_rules(struct rules *ret_rules)
{
    static const int64_t factors[][3] = {{1000, 1500, 2000}, {1000, 1250, 1250}, {500, 1000, 3333}};
    *ret_rules = (struct rules){
        .expiry_days = 5 + (int32_t)drawn(60),
        .pending_days = one_in(2) ? -1 : (int32_t)drawn(4),
        .day_limit = one_in(2) ? 0 : 20 + (int64_t)drawn(150),
        .required = 2 + (int64_t)drawn(9),
        .voucher_days = 1 + (int32_t)drawn(30),
        .window = (enum tier_window)drawn(TIERS_WINDOWS),
        .window_days = 5 + (int32_t)drawn(60),
        .silver = 50 + (int64_t)drawn(300),
        .rounding = (enum round_to)drawn(ROUNDINGS),
        .tenders_count = one_in(3),
        .clamp = one_in(2),
        .share = one_in(2) ? 100 : 10 + (int64_t)drawn(90),
        .points = one_in(2) ? BACK_RECOMPUTE : (enum back_points)drawn(BACK_POINTS),
        .spent = (enum back_spent)drawn(BACK_SPENT),
        .negative = (enum back_short)drawn(BACK_SHORT),
        .loose = (enum back_loose)drawn(BACK_LOOSE),
        .charge_expired = one_in(2),
        .tier_at_review = one_in(2),
    };
    ret_rules->crossing_new = ret_rules->day_limit == 0 && one_in(2);
    ret_rules->gold = ret_rules->silver * (2 + (int64_t)drawn(3));
    memcpy(ret_rules->factors, factors[drawn(3)], sizeof(ret_rules->factors));
}

int64_t draw_time(void)
{
    const uint64_t kind = drawn(100);
    return kind < 55   ? (int64_t)drawn(3) * MINUTE_MS + (int64_t)drawn(2)
           : kind < 85 ? (int64_t)drawn(40) * MINUTE_MS
           : kind < 96 ? (int64_t)drawn(12 * 60) * MINUTE_MS
           : kind < 99 ? (int64_t)drawn(5) * DAY_MS
           : one_in(4) ? (int64_t)drawn(120) * DAY_MS
                       : 0;
}

static uint32_t till(void)
{
    return one_in(2) ? TILL_A : TILL_B;
}

static void draw_lines(struct op *op)
{
    op->lines_count = 1 + drawn(LINES_ROOM);
    for (size_t i = 0; i < op->lines_count; i++) {
        struct m_line *line = &op->lines[i];
        *line = (struct m_line){.coffee = one_in(2), .units = 1 + (int64_t)drawn(4)};
        line->gross = one_in(8) ? 1 + (int64_t)drawn(50) : 50 + (int64_t)drawn(one_in(4) ? 30000 : 9000);
    }
}

static const struct m_member *member_of(const struct model *model, const struct op *op)
{
    return op->card >= 0 && model->cards[op->card] != 0 ? &model->members[model->cards[op->card]] : NULL;
}

static bool draw_voucher(const struct m_member *member, struct use_of *use)
{
    if (member->vouchers_count == 0) {
        return false;
    }
    const struct m_voucher *voucher = &member->vouchers[drawn(member->vouchers_count)];
    use->kind = USE_VOUCHER;
    use->position = voucher->position;
    use->index = voucher->index;
    use->units = 1;
    return true;
}

/* A reservation of the member's that stands, or once did. */
static bool draw_reservation(const struct model *model, const struct m_member *member, struct use_of *use)
{
    use->kind = USE_RESERVATION;
    use->units = 1 + (int64_t)drawn(3);
    if (member->reservations_count > 0 && !one_in(8)) {
        use->position = member->reservations[drawn(member->reservations_count)].position;
        return true;
    }
    for (size_t i = model->gone_count; i > 0 && i + 40 > model->gone_count && one_in(2); i--) {
        if (model->gone[i - 1].member == member->number && one_in(2)) {
            use->position = model->gone[i - 1].reservation.position;
            return true;
        }
    }
    return false;
}

static void draw_uses(const struct model *model, struct op *op)
{
    const struct m_member *member = member_of(model, op);
    bool reserved = false;
    if (member == NULL || one_in(2)) {
        return;
    }
    for (size_t i = 0; i < USES_ROOM; i++) {
        struct use_of *use = &op->uses[op->uses_count];
        const uint64_t kind = drawn(6);
        bool found = false;
        if (kind == 0) {
            *use = (struct use_of){.kind = USE_CAKE, .units = 1 + (int64_t)drawn(2)};
            found = true;
        } else if (kind <= 2) {
            found = draw_voucher(member, use);
        } else if (kind <= 4 && !reserved) {
            found = draw_reservation(model, member, use);
            reserved = found;
        }
        op->uses_count += found;
    }
    if (!reserved && one_in(3)) {
        op->pays = true;
        op->points = one_in(2) ? 0 : 1 + (int64_t)drawn(600);
    }
}

/* A card of somebody who has a reservation, where there is one. */
static void draw_reserver(const struct model *model, struct op *op)
{
    for (int i = 0; i < CARDS && op->card >= 0; i++) {
        const struct m_member *member = member_of(model, op);
        if (member != NULL && member->reservations_count > 0) {
            return;
        }
        op->card = (op->card + 1) % CARDS;
    }
}

static void draw_buy(struct model *model, struct drawing *drawing, struct op *op)
{
    op->till = till();
    draw_lines(op);
    if (one_in(3)) {
        draw_reserver(model, op);
    }
    if (drawing->awaited != 0 && drawing->awaited_day == model_today(model) && one_in(3)) {
        op->receipt = drawing->awaited;
        op->till = drawing->awaited_till;
        drawing->awaited = 0;
    } else if (one_in(100) && model->receipts > 0 && model->purchases[model->receipts].booked &&
               model->purchases[model->receipts].day == model_today(model)) {
        op->receipt = model->receipts;
        op->till = model->purchases[model->receipts].till;
    } else {
        op->receipt = ++model->receipts;
        op->days_late = one_in(6) ? 1 + (int32_t)drawn(one_in(2) ? 3 : DAYS_LATE) : 0;
    }
    if (op->days_late == 0) {
        draw_uses(model, op);
    }
}

/* One of the latest purchases, more often the very latest. */
static uint32_t draw_receipt(const struct model *model)
{
    const uint64_t room = one_in(3) ? 60 : 6;
    const uint64_t back = drawn(room < model->receipts ? room : model->receipts);
    return model->receipts - (uint32_t)back;
}

static void draw_return(struct model *model, struct drawing *drawing, struct op *op)
{
    op->till = till();
    op->receipt = model->receipts > 0 ? draw_receipt(model) : 0;
    op->line = -1;
    if (drawing->awaited == 0 && one_in(15)) {
        op->receipt = ++model->receipts;
        drawing->awaited = op->receipt;
        drawing->awaited_till = till();
        drawing->awaited_day = model_today(model);
    }
    const uint64_t kind = drawn(5);
    if (kind <= 2) {
        op->line = (int)drawn(LINES_ROOM);
        op->units = (int64_t)drawn(3);
    } else if (kind == 3) {
        op->amount = 1 + (int64_t)drawn(6000);
    } else {
        op->whole = true;
    }
}

static void draw_reserve(const struct model *model, struct op *op)
{
    const struct m_member *member = member_of(model, op);
    op->till = till();
    op->minutes = one_in(2) ? -1 : (int)drawn(LONGEST_MINUTES + 20);
    const uint64_t kind = drawn(3);
    if (kind == 0 && member != NULL && draw_voucher(member, &op->uses[0])) {
        op->voucher = true;
    } else if (kind == 1) {
        op->cake = true;
        op->units = 1 + (int64_t)drawn(3);
    } else {
        op->points = one_in(3) ? 0 : 1 + (int64_t)drawn(700);
    }
}

static bool draw_release(const struct model *model, struct op *op)
{
    draw_reserver(model, op);
    const struct m_member *member = member_of(model, op);
    op->till = till();
    return member != NULL && draw_reservation(model, member, &op->uses[0]);
}

static bool draw_by_hand(const struct model *model, struct op *op)
{
    if (model->members_count == 0) {
        return false;
    }
    op->till = OPERATOR;
    op->member = 1 + (uint32_t)drawn(model->members_count);
    op->to = 1 + (uint32_t)drawn(model->members_count);
    op->points = 1 + (int64_t)drawn(200);
    if (op->kind == OP_ADJUST) {
        op->points = one_in(3) ? 0 : one_in(2) ? op->points : -op->points;
        op->qualifying = one_in(4) ? (int64_t)drawn(300) - 100 : 0;
        op->stamps = one_in(4) ? (int64_t)drawn(8) - 3 : 0;
        op->gives_mug = one_in(8);
        op->may_owe = one_in(2);
    }
    return true;
}

/* A card that nobody has, where there is one. */
static void draw_free_card(const struct model *model, struct op *op)
{
    for (int i = 0; i < CARDS && op->card >= 0 && model->cards[op->card] != 0; i++) {
        op->card = (op->card + 1) % CARDS;
    }
}

static enum op_kind draw_kind(void)
{
    static const struct {
        enum op_kind kind;
        unsigned weight;
    } kinds[] = {{OP_BUY, 40},     {OP_RETURN, 22}, {OP_RESERVE, 10}, {OP_RELEASE, 5}, {OP_VOID, 5},
                 {OP_LOOSE, 3},    {OP_CLAIM, 3},   {OP_UNCLAIM, 2},  {OP_ADJUST, 4},  {OP_TRANSFER, 4},
                 {OP_ACTIVITY, 3}, {OP_ENROL, 1},   {OP_CLOSE, 1},    {OP_LINK, 1},    {OP_ERASE, 2}};
    uint64_t left = drawn(106);
    size_t i = 0;
    while (left >= kinds[i].weight) {
        left -= kinds[i++].weight;
    }
    return kinds[i].kind;
}

static bool draw_of(struct model *model, struct drawing *drawing, struct op *op)
{
    switch (op->kind) {
    case OP_BUY:
        draw_buy(model, drawing, op);
        return true;
    case OP_RETURN:
        op->card = -1;
        draw_return(model, drawing, op);
        return op->receipt > 0 && (model->purchases[op->receipt].booked || op->receipt == drawing->awaited);
    case OP_RESERVE:
        draw_reserve(model, op);
        return op->card >= 0;
    case OP_RELEASE:
        return draw_release(model, op);
    case OP_VOID:
        op->till = till();
        op->receipt = model->receipts > 0 ? draw_receipt(model) : 0;
        return op->receipt > 0;
    case OP_UNCLAIM:
        op->till = OPERATOR;
        op->receipt = model->receipts > 0 ? draw_receipt(model) : 0;
        return op->receipt > 0 && !model->purchases[op->receipt].voided;
    case OP_CLAIM: {
        op->till = till();
        op->receipt = model->receipts > 0 ? draw_receipt(model) : 0;
        for (int i = 0; i < 5 && op->receipt > 1 && model->purchases[op->receipt].member != 0; i++) {
            op->receipt--;
        }
        const struct m_purchase *purchase = &model->purchases[op->receipt];
        int64_t left = 0;
        for (size_t i = 0; i < purchase->lines_count; i++) {
            left += purchase->lines[i].units - purchase->lines[i].units_back;
        }
        /* Of today: what is claimed late is decided as of then. */
        return op->card >= 0 && op->receipt > 0 && purchase->day == model_today(model) && left > 0;
    }
    case OP_LOOSE:
        op->till = till();
        op->amount = 1 + (int64_t)drawn(8000);
        return op->card < 0 || model->cards[op->card] != 0;
    case OP_ENROL:
        if (one_in(2)) {
            draw_free_card(model, op);
        }
        op->till = till();
        return op->card >= 0;
    case OP_ACTIVITY:
        op->till = till();
        op->amount = (int64_t)drawn(60);
        return op->card >= 0;
    case OP_CLOSE:
        op->till = till();
        return one_in(3);
    case OP_ADJUST:
    case OP_TRANSFER:
        return draw_by_hand(model, op);
    case OP_LINK:
        if (!one_in(4)) {
            draw_free_card(model, op);
        }
        return op->card >= 0 && draw_by_hand(model, op);
    case OP_ERASE:
        op->card = -1;
        return one_in(2) && model->members_count + CARDS + 1 < MEMBERS_MAX && draw_by_hand(model, op);
    case OP_KINDS:
        break;
    }
    return false;
}

void draw_op(struct model *model, struct drawing *drawing, struct op *ret_op)
{
    if (drawing->awaited != 0 && drawing->awaited_day != model_today(model)) {
        drawing->awaited = 0;
        model->parked_count = 0; /* they wait for ever */
    }
    do {
        *ret_op = (struct op){.kind = draw_kind(),
                              .card = one_in(8) ? -1 : (int)drawn(CARDS),
                              .done = one_in(2),
                              .line = -1,
                              .minutes = -1};
    } while (!draw_of(model, drawing, ret_op));
}
