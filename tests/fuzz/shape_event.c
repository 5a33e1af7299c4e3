#include "fuzz/shape.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const words[] = {"a", "b", "c"};
static const char *const codes[] = {"SPRING", "STAFF"};
static const uint8_t card[HASH_BYTES] = {1};

static const char *draw_word(struct draw *draw)
{
    const uint64_t at = draw_below(draw, COUNT(words) + 1);
    return at < COUNT(words) ? words[at] : NULL;
}

static void shape_line(struct draw *draw, struct line *line)
{
    *line = (struct line){
        .sku = draw_word(draw),
        .category = draw_word(draw),
        .labels = words,
        .labels_count = (size_t)draw_below(draw, COUNT(words) + 1),
        .quantity = draw_one_in(draw, 3) ? draw_edge(draw, -QUANTITY_MAX, QUANTITY_MAX) : QUANTITY_DEFAULT,
        .gross = draw_edge(draw, -AMOUNT_MAX, AMOUNT_MAX),
        .discount = draw_one_in(draw, 3) ? draw_edge(draw, 0, AMOUNT_MAX) : 0,
        .weighed = draw_one_in(draw, 8),
        .voided = draw_one_in(draw, 8),
    };
    if (draw_one_in(draw, 3)) {
        const int64_t size = line->gross < 0 ? -line->gross : line->gross;
        line->tax = draw_edge(draw, 0, size) * (line->gross < 0 ? -1 : 1);
    }
}

static void shape_claims(struct draw *draw, struct shape_event *shape)
{
    struct purchase *purchase = &shape->event.purchase;
    purchase->free_units = shape->free_units;
    purchase->free_units_count = (size_t)draw_below(draw, COUNT(shape->free_units) + 1);
    for (size_t i = 0; i < purchase->free_units_count; i++) {
        shape->free_units[i] = (struct free_units){.card = draw_one_in(draw, 2) ? "c0" : "none",
                                                   .line = (uint32_t)draw_below(draw, 3),
                                                   .units = (uint32_t)draw_edge(draw, 1, UNITS_MAX),
                                                   .charged = draw_one_in(draw, 2)};
    }
    purchase->redemptions = shape->redemptions;
    purchase->redemptions_count = (size_t)draw_below(draw, COUNT(shape->redemptions) + 1);
    for (size_t i = 0; i < purchase->redemptions_count; i++) {
        shape->redemptions[i] = (struct redemption){.units = (uint32_t)draw_edge(draw, 1, UNITS_MAX)};
        if (draw_one_in(draw, 2)) {
            shape->redemptions[i].reward = "w0";
        } else {
            shape->redemptions[i].voucher = (struct bytes){card, VOUCHER_CODE_BYTES};
        }
    }
    if (draw_one_in(draw, 2)) {
        shape->pay_with_points = (struct pay_with_points){.points = draw_edge(draw, 0, POINTS_MAX)};
        purchase->pay_with_points = &shape->pay_with_points;
    }
    purchase->redeem_done = draw_one_in(draw, 2);
}

static void shape_adjustment(struct draw *draw, struct adjustment *adjustment)
{
    static const uint8_t voucher[VOUCHER_CODE_BYTES];
    *adjustment = (struct adjustment){
        .member = 1,
        .reason = "by hand",
        .points = draw_edge(draw, -POINTS_MAX, POINTS_MAX),
        .may_owe = draw_one_in(draw, 2),
        .until = draw_one_in(draw, 2) ? -1 : (int32_t)draw_edge(draw, 0, 30000),
        .qualifying = draw_one_in(draw, 2) ? 0 : draw_edge(draw, -POINTS_MAX, POINTS_MAX),
        .card = draw_one_in(draw, 2) ? "c0" : NULL,
        .stamps = draw_edge(draw, -100, 100),
        .level = draw_one_in(draw, 2)   ? NULL
                 : draw_one_in(draw, 2) ? "l1"
                                        : "none",
        .level_until = draw_one_in(draw, 2) ? -1 : (int32_t)draw_edge(draw, 0, 30000),
        .reward = draw_one_in(draw, 2) ? "w0" : NULL,
        .voucher = {voucher, draw_one_in(draw, 4) ? sizeof(voucher) : 0},
    };
}

static void shape_reserve(struct draw *draw, struct event *event)
{
    struct reserve *reserve = &event->reserve;
    event->kind = EVENT_RESERVE;
    reserve->card = (struct bytes){card, sizeof(card)};
    reserve->units = (uint32_t)draw_edge(draw, 1, UNITS_MAX);
    if (draw_one_in(draw, 2)) {
        reserve->reward = "w0";
    } else if (draw_one_in(draw, 2)) {
        reserve->voucher = (struct bytes){card, VOUCHER_CODE_BYTES};
    } else {
        reserve->points = true;
        reserve->amount = draw_edge(draw, 0, POINTS_MAX);
    }
    reserve->has_timeout = draw_one_in(draw, 2);
    reserve->timeout_minutes = reserve->has_timeout ? (uint32_t)draw_below(draw, 100) : 0;
}

void shape_event(struct draw *draw, struct shape_event *ret_event)
{
    *ret_event = (struct shape_event){.event = {.kind = EVENT_PURCHASE}};
    if (draw_one_in(draw, 8)) {
        ret_event->event.kind = EVENT_ENROLMENT;
        ret_event->event.enrolment.card = (struct bytes){card, sizeof(card)};
        return;
    }
    if (draw_one_in(draw, 8)) {
        ret_event->event.kind = EVENT_ACTIVITY;
        ret_event->event.activity.card = (struct bytes){card, sizeof(card)};
        ret_event->event.activity.code = draw_one_in(draw, 2) ? "survey" : "review";
        ret_event->event.activity.amount = draw_edge(draw, 0, ACTIVITY_AMOUNT_MAX);
        return;
    }
    if (draw_one_in(draw, 8)) {
        ret_event->event.kind = EVENT_ADJUSTMENT;
        shape_adjustment(draw, &ret_event->event.adjustment);
        return;
    }
    if (draw_one_in(draw, 8)) {
        shape_reserve(draw, &ret_event->event);
        return;
    }
    struct purchase *purchase = &ret_event->event.purchase;
    if (!draw_one_in(draw, 8)) {
        purchase->card = (struct bytes){card, sizeof(card)};
    }
    purchase->receipt.number = "1";
    purchase->receipt.store = draw_one_in(draw, 4) ? "web" : NULL;
    purchase->receipt.till = draw_one_in(draw, 4) ? "T2" : NULL;
    purchase->lines = ret_event->lines;
    purchase->lines_count = (size_t)draw_below(draw, SHAPE_LINES_MAX + 1);
    for (size_t i = 0; i < purchase->lines_count; i++) {
        shape_line(draw, &ret_event->lines[i]);
    }
    purchase->basket_discount = draw_one_in(draw, 3) ? draw_edge(draw, 0, AMOUNT_MAX) : 0;
    purchase->cash_rounding =
        draw_one_in(draw, 6) ? draw_edge(draw, -CASH_ROUNDING_MAX, CASH_ROUNDING_MAX) : 0;
    purchase->tip = draw_one_in(draw, 6) ? draw_edge(draw, 0, AMOUNT_MAX) : 0;
    purchase->codes = codes;
    purchase->codes_count = (size_t)draw_below(draw, COUNT(codes) + 1);
    if (draw_one_in(draw, 3)) {
        shape_claims(draw, ret_event);
    }
}

static void shape_return(struct draw *draw, const struct purchase *bought, struct shape_event *shape)
{
    static const struct receipt own = {.business_date = 20454, .number = "R"};
    struct goods_return *goods = &shape->event.goods_return;
    shape->event.kind = EVENT_GOODS_RETURN;
    *goods = (struct goods_return){.receipt = own, .done = draw_one_in(draw, 2)};
    goods->has_original = !draw_one_in(draw, 8);
    goods->original = (struct receipt){.business_date = 20454, .number = "1"};
    if (!goods->has_original) {
        goods->card = (struct bytes){card, sizeof(card)};
        goods->amount = draw_edge(draw, 1, AMOUNT_MAX);
        return;
    }
    switch (draw_below(draw, 3)) {
    case 0:
        goods->whole = true;
        break;
    case 1:
        goods->amount = draw_edge(draw, 1, AMOUNT_MAX);
        break;
    default:
        goods->parts = shape->parts;
        goods->parts_count = 1 + (size_t)draw_below(draw, COUNT(shape->parts));
        for (size_t i = 0; i < goods->parts_count; i++) {
            const uint64_t lines = bought != NULL && bought->lines_count > 0 ? bought->lines_count : 1;
            shape->parts[i] = (struct return_part){.sku = draw_one_in(draw, 3) ? "a" : NULL,
                                                   .quantity = draw_edge(draw, 0, QUANTITY_MAX)};
            shape->parts[i].line = shape->parts[i].sku != NULL ? 0 : (uint32_t)draw_below(draw, lines);
        }
        break;
    }
}

void shape_event_about(struct draw *draw, const struct purchase *bought, uint32_t members,
                       struct shape_event *ret_event)
{
    *ret_event = (struct shape_event){.event = {.kind = EVENT_ERASED}};
    struct event *event = &ret_event->event;
    const uint32_t member = 1 + (uint32_t)draw_below(draw, members);
    switch (draw_below(draw, 9)) {
    case 8:
        event->kind = EVENT_ADJUSTMENT;
        shape_adjustment(draw, &event->adjustment);
        event->adjustment.has_receipt = true;
        event->adjustment.receipt = (struct receipt){.business_date = 20454, .number = "1"};
        break;
    case 0:
        event->kind = EVENT_TRANSFER;
        event->transfer.from = member;
        event->transfer.to = 1 + (uint32_t)draw_below(draw, members);
        event->transfer.points = draw_edge(draw, 1, POINTS_MAX);
        break;
    case 1:
        event->kind = EVENT_CARD_LINKED;
        event->card_linked.member = member;
        event->card_linked.card = (struct bytes){card, sizeof(card)};
        break;
    case 2:
        event->erased.member = member;
        break;
    case 3:
        event->kind = EVENT_VOID_RECEIPT;
        event->void_receipt.receipt = (struct receipt){.business_date = 20454, .number = "1"};
        event->void_receipt.done = draw_one_in(draw, 2);
        break;
    case 4:
        event->kind = EVENT_MERGE;
        event->merge.from = member;
        event->merge.to = 1 + (uint32_t)draw_below(draw, members);
        break;
    case 5:
        event->kind = EVENT_HOUSEHOLD;
        event->household.member = member;
        event->household.leaves = draw_one_in(draw, 4);
        event->household.household =
            event->household.leaves ? 0 : (uint32_t)draw_below(draw, 2 * (uint64_t)members);
        break;
    default:
        shape_return(draw, bought, ret_event);
        break;
    }
}
