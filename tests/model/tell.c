/* What the ledger is told: the programme and the events. */
#include "model/run.h"

#include <stdio.h>
#include <string.h>

/* --- the programme --- */

void tell_programme(const struct rules *rules, char ret_text[PROGRAMME_BYTES])
{
    static const char *const roundings[] = {"floor", "half_up", "ceil"};
    static const char *const points[] = {"recompute", "prorate", "floor_of_refund", "keep"};
    static const char *const spent[] = {"prorate", "when_whole", "keep"};
    static const char *const negative[] = {"allow", "clamp", "own_lot", "refuse"};
    static const char *const loose[] = {"refuse", "by_amount", "review"};
    static const char *const windows[] = {"lifetime", "calendar_year", "rolling"};
    char pending[64] = "";
    char limits[64] = "";
    char days[32] = "";
    const char *tenders = rules->tenders_count ? "include" : "exclude";
    if (rules->pending_days >= 0) {
        snprintf(pending, sizeof(pending), "  available_after: {days: %d}\n", rules->pending_days);
    }
    if (rules->day_limit > 0) {
        snprintf(limits, sizeof(limits), "  limits: [{max: %lld, per: day}]\n", (long long)rules->day_limit);
    }
    if (rules->window == TIERS_ROLLING) {
        snprintf(days, sizeof(days), "  days: %d\n", rules->window_days);
    }
    const int size = snprintf(
        ret_text, PROGRAMME_BYTES,
        "programme: model\nversion: 1\ncurrency: EUR\nzone: UTC\nstores: [{id: cafe}]\nclaim: {days: %d}\n"
        "basis: {tenders: {points: %s, vouchers: %s}}\n"
        "points:\n  rounding: %s\n  expiry: {after: {days: %d}}\n%s%s"
        "rules:\n  - {id: euro, spend: {give: 1, per: 1.00}}\n"
        "  - {id: cup, card: coffee, item: {give: 1}, only: {categories: [coffee]}}\n"
        "  - {id: survey, activity: {give: %d, code: survey, per: %d}}\n"
        "stamp_cards: [{id: coffee, required: %lld, gives: {reward: mug}}]\n"
        "tiers:\n  window: %s\n%s%s  levels:\n    - {id: guest, multiply: %lld.%03lld}\n"
        "    - {id: silver, qualifying: %lld, multiply: %lld.%03lld}\n"
        "    - {id: gold, qualifying: %lld, multiply: %lld.%03lld}\n"
        "rewards:\n  - {id: mug, kind: amount_off, value: %d.%02d, valid: {days: %d}}\n"
        "  - {id: cake, kind: amount_off, value: %d.%02d, cost: %d, limits: [{max: %d, per: day}]}\n"
        "pay_with_points: {points: %d, worth: %d.%02d, minimum: %d, max_share: %lld, insufficient: %s}\n"
        "reservations: {timeout_minutes: %d, longest_minutes: %d}\n"
        "returns: {points: %s, spent: %s, negative: %s, expired: %s, without_receipt: %s, tier: %s,\n"
        "  ended_lot: {days: %d}}\n"
        "moving: {transfer: allow}\n",
        CLAIM_DAYS, tenders, tenders, roundings[rules->rounding], rules->expiry_days, pending, limits,
        SURVEY_POINTS, SURVEY_ANSWERS, (long long)rules->required, windows[rules->window], days,
        rules->crossing_new ? "  crossing: new\n" : "", (long long)rules->factors[0] / 1000,
        (long long)rules->factors[0] % 1000, (long long)rules->silver, (long long)rules->factors[1] / 1000,
        (long long)rules->factors[1] % 1000, (long long)rules->gold, (long long)rules->factors[2] / 1000,
        (long long)rules->factors[2] % 1000, MUG_WORTH / 100, MUG_WORTH % 100, rules->voucher_days,
        CAKE_WORTH / 100, CAKE_WORTH % 100, CAKE_COST, CAKES_A_DAY, POINTS_A_GROUP, GROUP_WORTH / 100,
        GROUP_WORTH % 100, POINTS_A_GROUP, (long long)rules->share, rules->clamp ? "clamp" : "reject",
        TIMEOUT_MINUTES, LONGEST_MINUTES, points[rules->points], spent[rules->spent],
        negative[rules->negative], rules->charge_expired ? "charge" : "forgive", loose[rules->loose],
        rules->tier_at_review ? "at_review" : "at_once", ENDED_LOT_DAYS);
    assert_in_range(size, 1, PROGRAMME_BYTES - 1);
}

/* --- what the ledger is told --- */

static const char *label_of(uint32_t till)
{
    return till == TILL_B ? "b" : "a";
}

static struct bytes code_of(const struct run *run, const struct use_of *use)
{
    for (size_t i = 0; i < run->codes_count; i++) {
        if (run->codes[i].position == use->position && run->codes[i].index == use->index) {
            return (struct bytes){run->codes[i].code, VOUCHER_CODE_BYTES};
        }
    }
    fail_msg("a voucher without a code");
    return (struct bytes){0};
}

static struct receipt receipt_of(const struct run *run, const struct op *op, char text[24])
{
    const struct m_purchase *purchase = &run->model.purchases[op->receipt];
    const bool awaited = op->receipt == run->drawing.awaited;
    snprintf(text, 24, "%u", op->receipt);
    return (struct receipt){.store = "cafe",
                            .business_date = purchase->booked ? purchase->day : model_today(&run->model),
                            .till = label_of(awaited ? run->drawing.awaited_till : purchase->till),
                            .number = text};
}

static void tell_purchase(const struct run *run, const struct op *op, struct told *told)
{
    static const char *const skus[LINES_ROOM] = {"1", "2", "3"};
    struct purchase *purchase = &told->event.purchase;
    snprintf(told->number, sizeof(told->number), "%u", op->receipt);
    told->event.kind = EVENT_PURCHASE;
    *purchase = (struct purchase){
        .receipt = {.business_date = model_today(&run->model) - op->days_late, .number = told->number},
        .lines = told->lines,
        .lines_count = op->lines_count,
        .redemptions = told->uses,
        .redemptions_count = op->uses_count,
        .pay_with_points = op->pays ? &told->pay : NULL,
        .redeem_done = op->done};
    told->pay.points = op->points;
    for (size_t i = 0; i < op->lines_count; i++) {
        told->lines[i] = (struct line){.sku = skus[i],
                                       .category = op->lines[i].coffee ? "coffee" : "bread",
                                       .quantity = op->lines[i].units * 1000,
                                       .gross = op->lines[i].gross};
    }
    for (size_t i = 0; i < op->uses_count; i++) {
        const struct use_of *use = &op->uses[i];
        told->uses[i] = (struct redemption){.units = (uint32_t)use->units};
        switch (use->kind) {
        case USE_VOUCHER:
            told->uses[i].voucher = code_of(run, use);
            break;
        case USE_CAKE:
            told->uses[i].reward = "cake";
            break;
        case USE_RESERVATION:
            told->uses[i].reservation = use->position;
            break;
        }
    }
}

static void tell_return(const struct run *run, const struct op *op, struct told *told)
{
    struct goods_return *goods = &told->event.goods_return;
    snprintf(told->number, sizeof(told->number), "R%zu", run->said_count);
    told->event.kind = EVENT_GOODS_RETURN;
    *goods =
        (struct goods_return){.receipt = {.business_date = model_today(&run->model), .number = told->number},
                              .amount = op->amount,
                              .whole = op->whole,
                              .done = op->done};
    if (op->kind == OP_RETURN) {
        goods->has_original = true;
        goods->original = receipt_of(run, op, told->original);
    }
    if (op->line >= 0) {
        told->part = (struct return_part){.line = (uint32_t)op->line, .quantity = op->units * 1000};
        goods->parts = &told->part;
        goods->parts_count = 1;
    }
}

static void tell_reserve(const struct run *run, const struct op *op, struct told *told)
{
    told->event.kind = EVENT_RESERVE;
    told->event.reserve = (struct reserve){.units = 1,
                                           .has_timeout = op->minutes >= 0,
                                           .timeout_minutes = op->minutes >= 0 ? (uint32_t)op->minutes : 0};
    struct reserve *reserve = &told->event.reserve;
    if (op->voucher) {
        reserve->voucher = code_of(run, &op->uses[0]);
    } else if (op->cake) {
        reserve->reward = "cake";
        reserve->units = (uint32_t)op->units;
    } else {
        reserve->points = true;
        reserve->amount = op->points;
    }
}

static void tell_by_hand(const struct op *op, struct told *told)
{
    if (op->kind == OP_TRANSFER) {
        told->event.kind = EVENT_TRANSFER;
        told->event.transfer.from = op->member;
        told->event.transfer.to = op->to;
        told->event.transfer.points = op->points;
        return;
    }
    told->event.kind = EVENT_ADJUSTMENT;
    told->event.adjustment = (struct adjustment){.member = op->member,
                                                 .reason = "drawn",
                                                 .points = op->points,
                                                 .may_owe = op->may_owe,
                                                 .until = -1,
                                                 .level_until = -1,
                                                 .qualifying = op->qualifying,
                                                 .card = op->stamps != 0 ? "coffee" : NULL,
                                                 .stamps = op->stamps,
                                                 .reward = op->gives_mug ? "mug" : NULL};
}

void tell(const struct run *run, const struct op *op, struct told *ret_told)
{
    struct told *told = ret_told;
    memset(told, 0, sizeof(*told));
    told->event.occurred_at = run->house.now - op->days_late * DAY_MS;
    snprintf(told->card_text, sizeof(told->card_text), "card%d", op->card);
    told->card = op->card >= 0 ? told->card_text : NULL;
    switch (op->kind) {
    case OP_BUY:
        tell_purchase(run, op, told);
        return;
    case OP_ENROL:
        told->event.kind = EVENT_ENROLMENT;
        return;
    case OP_ACTIVITY:
        told->event.kind = EVENT_ACTIVITY;
        told->event.activity.code = "survey";
        told->event.activity.amount = op->amount;
        return;
    case OP_RESERVE:
        tell_reserve(run, op, told);
        return;
    case OP_RELEASE:
        told->card = NULL;
        told->event.kind = EVENT_RELEASE;
        told->event.release.reservation = op->uses[0].position;
        return;
    case OP_RETURN:
        told->card = NULL;
        tell_return(run, op, told);
        return;
    case OP_LOOSE:
        tell_return(run, op, told);
        return;
    case OP_VOID:
        told->card = NULL;
        told->event.kind = EVENT_VOID_RECEIPT;
        told->event.void_receipt.receipt = receipt_of(run, op, told->original);
        told->event.void_receipt.done = op->done;
        return;
    case OP_CLOSE:
        told->card = NULL;
        told->event.kind = EVENT_DAY_CLOSE;
        told->event.day_close.day.business_date = model_today(&run->model);
        return;
    case OP_CLAIM:
        told->event.kind = EVENT_CLAIM;
        told->event.claim.receipt = receipt_of(run, op, told->original);
        return;
    case OP_UNCLAIM:
        told->card = NULL;
        told->event.kind = EVENT_UNCLAIM;
        told->event.unclaim.receipt = receipt_of(run, op, told->original);
        told->event.unclaim.reason = "drawn";
        return;
    case OP_LINK:
        told->event.kind = EVENT_CARD_LINKED;
        told->event.card_linked.member = op->member;
        return;
    case OP_ERASE:
        told->card = NULL;
        told->event.kind = EVENT_ERASED;
        told->event.erased.member = op->member;
        return;
    case OP_ADJUST:
    case OP_TRANSFER:
        told->card = NULL;
        tell_by_hand(op, told);
        return;
    case OP_KINDS:
        break;
    }
    fail();
}
