/* One event after the other. */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

static struct m_member *with_card(struct model *model, const struct op *op)
{
    return op->card >= 0 && model->cards[op->card] != 0 ? &model->members[model->cards[op->card]] : NULL;
}

static void buy(struct model *model, const struct op *op, struct expected *expected)
{
    struct m_purchase purchase = {.booked = true,
                                  .till = op->till,
                                  .day = model_today(model) - op->days_late,
                                  .position = model->position,
                                  .lines_count = op->lines_count};
    memcpy(purchase.lines, op->lines, sizeof(purchase.lines));
    if (op->kind == OP_BUY && model->purchases[op->receipt].booked) {
        expected->code = CODE_DUPLICATE_RECEIPT;
        return;
    }
    if (op->card >= 0) {
        struct m_member *found = with_card(model, op);
        found = found != NULL ? found : model_enrol(model, op->card);
        struct m_member member = *found;
        model_settle(model, &member);
        expected->member = member.number;
        model_buy(model, &member, op, op->kind == OP_ACTIVITY, &purchase, expected);
        if (expected->code != CODE_ACCEPTED) {
            return;
        }
        *found = member;
    }
    if (op->kind != OP_BUY) {
        return;
    }
    model->purchases[op->receipt] = purchase;
    for (size_t i = 0; i < model->parked_count; i++) {
        expected->resumed += model->parked[i].receipt == op->receipt;
    }
}

static void claim(struct model *model, const struct op *op, struct expected *expected)
{
    struct m_purchase *booked = &model->purchases[op->receipt];
    if (!booked->booked) {
        expected->code = CODE_UNKNOWN_RECEIPT;
        return;
    }
    if (booked->member != 0 || booked->voided) {
        expected->code = CODE_NOT_CLAIMABLE;
        return;
    }
    struct m_member *member = with_card(model, op);
    member = member != NULL ? member : model_enrol(model, op->card);
    expected->member = member->number;
    model_settle(model, member);
    model_buy(model, member, op, true, booked, expected);
}

static void adjust(struct model *model, const struct op *op, struct expected *expected)
{
    struct m_member *found = &model->members[op->member];
    struct m_member member = *found;
    const int32_t today = model_today(model);
    uint32_t vouchers = 0;
    model_settle(model, &member);
    if (op->points < 0) {
        const int64_t available = model_available(&member);
        if (-op->points > available && !op->may_owe && -op->points > 0) {
            expected->code = CODE_POINTS_SHORT;
            return;
        }
        member.owed += -op->points - model_spend(&member, -op->points, NULL);
    } else {
        model_give(model, &member, op->points,
                   (struct m_lot){.position = model->position,
                                  .since = today,
                                  .until = today + model->rules.expiry_days},
                   NULL);
    }
    const struct m_then then = model_then(model, &member, today);
    model_qualify(model, &member, op->qualifying, today);
    model_reach(model, &member, &then, op->qualifying);
    model_stamp(model, &member, op->stamps, today, &vouchers);
    if (op->gives_mug) {
        model_issue(model, &member, false, today, &vouchers);
    }
    *found = member;
    expected->member = op->member;
}

static void transfer(struct model *model, const struct op *op, struct expected *expected)
{
    struct m_member from = model->members[op->member];
    struct m_member to = model->members[op->to];
    if (op->member == op->to) {
        expected->code = CODE_TRANSFER_REFUSED;
        return;
    }
    model_settle(model, &from);
    model_settle(model, &to);
    if (op->points > model_available(&from)) {
        expected->code = CODE_POINTS_SHORT;
        return;
    }
    for (int64_t left = op->points; left > 0;) {
        struct m_lot *lot = NULL; /* the oldest */
        for (size_t i = 0; i < from.lots_count; i++) {
            struct m_lot *next = &from.lots[i];
            if (next->due == 0 && next->left > next->reserved && (lot == NULL || next->since < lot->since)) {
                lot = next;
            }
        }
        const int64_t open = lot->left - lot->reserved;
        int64_t part = open < left ? open : left;
        lot->left -= part;
        left -= part;
        const int64_t paid = part < to.owed ? part : to.owed;
        to.owed -= paid;
        part -= paid;
        struct m_lot *same = part > 0 ? model_lot(&to, lot->position, lot->index) : NULL;
        if (same != NULL) {
            same->left += part;
        } else if (part > 0) {
            struct m_lot passed = *lot;
            passed.left = part;
            passed.reserved = 0;
            model_lot_add(&to, &passed);
        }
    }
    (void)model_spend(&from, 0, NULL); /* lots without points go */
    model->members[op->member] = from;
    model->members[op->to] = to;
    expected->member = op->member;
    expected->other = op->to;
}

static void enrol(struct model *model, const struct op *op, struct expected *expected)
{
    if (with_card(model, op) != NULL) {
        expected->code = CODE_MEMBER_EXISTS;
        return;
    }
    struct m_member *member = model_enrol(model, op->card);
    const struct m_then then = model_then(model, member, model_today(model));
    model_reach(model, member, &then, 0);
    expected->member = member->number;
}

/* A card more for somebody; or whose cards are nobody's from here on. */
static void card_of(struct model *model, const struct op *op, struct expected *expected)
{
    if (op->kind == OP_LINK && model->cards[op->card] != 0) {
        expected->code = CODE_MEMBER_EXISTS;
        return;
    }
    model_settle(model, &model->members[op->member]);
    expected->member = op->member;
    for (int card = 0; card < CARDS && op->kind == OP_ERASE; card++) {
        model->cards[card] = model->cards[card] == op->member ? 0 : model->cards[card];
    }
    if (op->kind == OP_LINK) {
        model->cards[op->card] = op->member;
    }
}

static void decide(struct model *model, const struct op *op, struct expected *expected)
{
    struct m_member *member = NULL;
    switch (op->kind) {
    case OP_BUY:
    case OP_ACTIVITY:
        buy(model, op, expected);
        return;
    case OP_ENROL:
        enrol(model, op, expected);
        return;
    case OP_RESERVE:
        member = with_card(model, op);
        if (member == NULL) {
            expected->code = CODE_UNKNOWN_MEMBER;
        } else {
            struct m_member copy = *member;
            model_settle(model, &copy);
            model_reserve(model, &copy, op, expected);
            *member = expected->code == CODE_ACCEPTED ? copy : *member;
            expected->member = member->number;
        }
        return;
    case OP_RELEASE:
        model_release(model, op, expected);
        return;
    case OP_RETURN:
        model_return(model, op, false, expected);
        return;
    case OP_LOOSE:
        model_return_loose(model, op, expected);
        return;
    case OP_VOID:
    case OP_UNCLAIM:
        model_void(model, op, expected);
        return;
    case OP_CLOSE:
        model->closed[op->till] = model_today(model);
        return;
    case OP_CLAIM:
        claim(model, op, expected);
        return;
    case OP_ADJUST:
        adjust(model, op, expected);
        return;
    case OP_TRANSFER:
        transfer(model, op, expected);
        return;
    case OP_LINK:
    case OP_ERASE:
        card_of(model, op, expected);
        return;
    case OP_KINDS:
        break;
    }
    abort();
}

/* What fell due is kept only with an event that is accepted. */
static void undo(struct model *model, size_t gone)
{
    model->gone_count = gone;
    for (size_t i = 0; i < model->undo_count; i++) {
        model->purchases[model->undo[i].purchase].expired -= model->undo[i].points;
    }
}

static void resume(struct model *model, uint32_t receipt)
{
    size_t kept = 0;
    for (size_t i = 0; i < model->parked_count; i++) {
        const struct op op = model->parked[i];
        if (op.receipt != receipt) {
            model->parked[kept++] = op;
            continue;
        }
        struct expected ignored = {.code = CODE_ACCEPTED};
        model->undo_count = 0;
        model_return(model, &op, true, &ignored);
        model->position++;
    }
    model->parked_count = kept;
}

void model_event(struct model *model, const struct op *op, struct expected *ret_expected)
{
    struct expected expected = {.code = CODE_ACCEPTED};
    const size_t gone = model->gone_count;
    const uint32_t members = model->members_count;
    model->undo_count = 0;
    decide(model, op, &expected);
    if (expected.code != CODE_ACCEPTED) {
        undo(model, gone);
        expected.exceptions_count = 0;
        if (model->members_count > members) {
            model->members_count = members;
            model->cards[op->card] = 0;
        }
    } else if (expected.member != 0) {
        const struct m_member *member = &model->members[expected.member];
        expected.available = model_available(member);
        expected.pending = model_pending(member);
        expected.reserved = model_reserved(member);
    }
    model->position++;
    if (expected.resumed > 0) {
        resume(model, op->receipt);
    }
    *ret_expected = expected;
}
