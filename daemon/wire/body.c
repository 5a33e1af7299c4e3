#include "wire/body.h"

#include "wire/enums.h"
#include "wire/protobuf.h"
#include "wire/values.h"

#include "base/check.h"
#include "model/day.h"

#include <string.h>

/* Held before anything is allocated for them. */
static const struct wire_bound body_bounds[] = {
    {&loyalty__purchase__descriptor, 3, LINES_MAX},
    {&loyalty__line__descriptor, 3, LABELS_MAX},
    {&loyalty__purchase__descriptor, 7, TENDERS_MAX},
    {&loyalty__purchase__descriptor, 8, CODES_MAX},
    {&loyalty__purchase__descriptor, 9, FREE_UNITS_MAX},
    {&loyalty__purchase__descriptor, 10, REDEMPTIONS_MAX},
    {&loyalty__goods_return__descriptor, 4, LINES_MAX},
};

static const struct wire_scan body_scan = {
    .descriptor = &loyalty__body__descriptor,
    .strictness = WIRE_STRICT,
    .bounds = body_bounds,
    .bounds_count = sizeof(body_bounds) / sizeof(body_bounds[0]),
};

static const struct wire_range amount_range = {-AMOUNT_MAX, AMOUNT_MAX};
static const struct wire_range amount_up_range = {0, AMOUNT_MAX}; /* what has no other side */
static const struct wire_range quantity_range = {-QUANTITY_MAX, QUANTITY_MAX};
static const struct wire_range rounding_range = {-CASH_ROUNDING_MAX, CASH_ROUNDING_MAX};
static const struct wire_range activity_amount_range = {1, ACTIVITY_AMOUNT_MAX};
static const struct wire_range units_range = {1, UNITS_MAX};
static const struct wire_range wallet_range = {0, 0};
static const struct wire_range points_range = {1, POINTS_MAX};
static const struct wire_range time_range = {0, TIME_MAX};
static const struct wire_range correction_range = {-CLOCK_CORRECTION_MAX, CLOCK_CORRECTION_MAX};
static const struct wire_range date_range = {0, DAY_MAX};
static const struct wire_range timeout_range = {0, RESERVATION_MINUTES_MAX};
static const struct wire_range number_range = {1, UINT32_MAX};

static void receipt_read(struct wire_values *values, const Loyalty__Receipt *message, struct receipt *receipt)
{
    receipt->store = wire_id_optional(values, WIRE_TEXT(message, store), ID_BYTES_MAX);
    receipt->business_date = (int32_t)wire_required(values, WIRE_FIELD(message, business_date), date_range);
    receipt->till = wire_id_optional(values, WIRE_TEXT(message, till), TILL_LABEL_BYTES_MAX);
    receipt->number = wire_text_required(values, WIRE_TEXT(message, number), RECEIPT_NUMBER_BYTES_MAX);
}

/* The texts stay where protobuf-c laid them. */
static const char *const *texts_read(struct wire_values *values, char **texts, size_t count, size_t count_max,
                                     const char *field)
{
    wire_value_check(values, count <= count_max, field);
    for (size_t i = 0; i < count && values->error == 0; i++) {
        (void)wire_text_required(values, texts[i], field, ID_BYTES_MAX);
    }
    return (const char *const *)texts;
}

static void line_read(struct wire_values *values, const Loyalty__Line *message, struct line *line)
{
    line->sku = wire_text_optional(values, WIRE_TEXT(message, sku), SKU_BYTES_MAX);
    line->category = wire_text_optional(values, WIRE_TEXT(message, category), ID_BYTES_MAX);
    line->labels = texts_read(values, message->labels, message->n_labels, LABELS_MAX, "labels");
    line->labels_count = message->n_labels;
    line->quantity = wire_optional(values, WIRE_FIELD(message, quantity), QUANTITY_DEFAULT, quantity_range);
    line->gross = wire_required(values, WIRE_FIELD(message, gross), amount_range);
    line->discount = wire_optional(values, WIRE_FIELD(message, discount), 0, amount_up_range);
    const struct wire_range tax_range = {line->gross < 0 ? line->gross : 0,
                                         line->gross > 0 ? line->gross : 0};
    line->tax = wire_optional(values, WIRE_FIELD(message, tax), 0, tax_range);
    line->weighed = message->has_weighed && message->weighed;
    line->voided = message->has_voided && message->voided;
}

static const struct line *lines_read(struct wire_values *values, const Loyalty__Purchase *message)
{
    struct line *lines = wire_array(values, message->n_lines, LINES_MAX, sizeof(*lines), "lines");
    for (size_t i = 0; lines != NULL && values->error == 0 && i < message->n_lines; i++) {
        line_read(values, message->lines[i], &lines[i]);
    }
    return lines;
}

static const struct tender *tenders_read(struct wire_values *values, const Loyalty__Purchase *message)
{
    struct tender *tenders = wire_array(values, message->n_tenders, TENDERS_MAX, sizeof(*tenders), "tenders");
    for (size_t i = 0; tenders != NULL && values->error == 0 && i < message->n_tenders; i++) {
        const Loyalty__Tender *from = message->tenders[i];
        struct tender *tender = &tenders[i];
        if (from->has_kind) {
            wire_value_check(values, wire_tender_kind_read(from->kind, &tender->kind), "kind");
        }
        tender->amount = wire_required(values, WIRE_FIELD(from, amount), amount_range);
        tender->label = wire_text_optional(values, WIRE_TEXT(from, label), ID_BYTES_MAX);
    }
    return tenders;
}

static const struct free_units *free_units_read(struct wire_values *values, const Loyalty__Purchase *message)
{
    struct free_units *all =
        wire_array(values, message->n_free_units, FREE_UNITS_MAX, sizeof(*all), "free_units");
    const struct wire_range line_range = {0, (int64_t)message->n_lines - 1};
    for (size_t i = 0; all != NULL && values->error == 0 && i < message->n_free_units; i++) {
        const Loyalty__FreeUnits *from = message->free_units[i];
        struct free_units *units = &all[i];
        units->card = wire_id_required(values, WIRE_TEXT(from, card), ID_BYTES_MAX);
        /* The default must be an index too. */
        const int64_t line = from->has_line ? from->line : 0;
        units->line = (uint32_t)wire_required(values, true, line, "line", line_range);
        units->units = (uint32_t)wire_optional(values, WIRE_FIELD(from, units), 1, units_range);
        units->charged = from->has_charged && from->charged;
    }
    return all;
}

static const struct redemption *redemptions_read(struct wire_values *values, const Loyalty__Purchase *message)
{
    struct redemption *all =
        wire_array(values, message->n_redemptions, REDEMPTIONS_MAX, sizeof(*all), "redemptions");
    for (size_t i = 0; all != NULL && values->error == 0 && i < message->n_redemptions; i++) {
        const Loyalty__Redemption *from = message->redemptions[i];
        struct redemption *redemption = &all[i];
        const int named =
            (from->has_voucher ? 1 : 0) + (from->reward != NULL ? 1 : 0) + (from->has_reservation ? 1 : 0);
        wire_value_check(values, named == 1, "redemptions");
        redemption->voucher = wire_bytes_optional(values, WIRE_FIELD(from, voucher), VOUCHER_CODE_BYTES);
        redemption->reward = wire_id_optional(values, WIRE_TEXT(from, reward), ID_BYTES_MAX);
        redemption->reservation = wire_position(values, WIRE_FIELD(from, reservation));
        redemption->units = (uint32_t)wire_optional(values, WIRE_FIELD(from, units), 1, units_range);
        redemption->wallet = (uint32_t)wire_optional(values, WIRE_FIELD(from, wallet), 0, wallet_range);
    }
    return all;
}

static const struct pay_with_points *pay_with_points_read(struct wire_values *values,
                                                          const Loyalty__PayWithPoints *message)
{
    struct pay_with_points *pay = wire_array(values, 1, 1, sizeof(*pay), "pay_with_points");
    if (pay == NULL) {
        return NULL;
    }
    const bool max = message->has_max && message->max;
    wire_value_check(values, max != message->has_points, "pay_with_points");
    pay->points = wire_optional(values, WIRE_FIELD(message, points), 0, points_range);
    pay->wallet = (uint32_t)wire_optional(values, WIRE_FIELD(message, wallet), 0, wallet_range);
    return pay;
}

static void receipt_required(struct wire_values *values, const Loyalty__Receipt *message,
                             struct receipt *receipt)
{
    if (message == NULL) {
        wire_values_fail(values, ERR_RANGE, "receipt");
        return;
    }
    receipt_read(values, message, receipt);
}

static const struct return_part *parts_read(struct wire_values *values, const Loyalty__GoodsReturn *message)
{
    const struct wire_range line_range = {0, LINES_MAX - 1};
    const struct wire_range some_range = {1, QUANTITY_MAX};
    struct return_part *parts = wire_array(values, message->n_parts, LINES_MAX, sizeof(*parts), "parts");
    for (size_t i = 0; parts != NULL && values->error == 0 && i < message->n_parts; i++) {
        const Loyalty__ReturnPart *from = message->parts[i];
        wire_value_check(values, from->sku == NULL || !from->has_line, "parts");
        parts[i].sku = wire_text_optional(values, WIRE_TEXT(from, sku), SKU_BYTES_MAX);
        parts[i].line = (uint32_t)wire_optional(values, WIRE_FIELD(from, line), 0, line_range);
        parts[i].quantity = wire_optional(values, WIRE_FIELD(from, quantity), 0, some_range);
    }
    return parts;
}

static void goods_return_read(struct wire_values *values, const Loyalty__GoodsReturn *message,
                              struct goods_return *goods)
{
    const struct wire_range some_range = {1, AMOUNT_MAX};
    receipt_required(values, message->receipt, &goods->receipt);
    goods->has_original = message->original != NULL;
    if (goods->has_original) {
        receipt_read(values, message->original, &goods->original);
    }
    goods->card = wire_bytes_optional(values, WIRE_FIELD(message, card), HASH_BYTES);
    goods->parts = parts_read(values, message);
    goods->parts_count = message->n_parts;
    goods->amount = wire_optional(values, WIRE_FIELD(message, amount), 0, some_range);
    goods->whole = message->has_whole && message->whole;
    const int said = (goods->parts_count > 0 ? 1 : 0) + (goods->amount > 0 ? 1 : 0) + (goods->whole ? 1 : 0);
    wire_value_check(values, said == 1, "parts");
    wire_value_check(values, goods->has_original || goods->amount > 0, "amount");
    if (message->has_finality) {
        wire_value_check(values, wire_redeem_read(message->finality, &goods->done), "finality");
    }
}

static void day_close_read(struct wire_values *values, const Loyalty__DayClose *message, struct event *event)
{
    const struct wire_range gross_range = {-DAY_GROSS_MAX, DAY_GROSS_MAX};
    const struct wire_range receipts_range = {0, DAY_RECEIPTS_MAX};
    struct receipt *day = &event->day_close.day;
    day->store = wire_id_optional(values, WIRE_TEXT(message, store), ID_BYTES_MAX);
    day->business_date = (int32_t)wire_required(values, WIRE_FIELD(message, business_date), date_range);
    day->till = wire_id_optional(values, WIRE_TEXT(message, till), TILL_LABEL_BYTES_MAX);
    event->day_close.has_totals = message->totals != NULL;
    if (message->totals != NULL) {
        struct day_totals *totals = &event->day_close.totals;
        totals->gross = wire_required(values, WIRE_FIELD(message->totals, gross), gross_range);
        totals->receipts =
            (uint32_t)wire_required(values, WIRE_FIELD(message->totals, receipts), receipts_range);
    }
}

static void purchase_read(struct wire_values *values, const Loyalty__Purchase *message,
                          struct purchase *purchase)
{
    receipt_required(values, message->receipt, &purchase->receipt);
    purchase->card = wire_bytes_optional(values, WIRE_FIELD(message, card), HASH_BYTES);
    purchase->lines = lines_read(values, message);
    purchase->lines_count = message->n_lines;
    purchase->basket_discount =
        wire_optional(values, WIRE_FIELD(message, basket_discount), 0, amount_up_range);
    purchase->cash_rounding = wire_optional(values, WIRE_FIELD(message, cash_rounding), 0, rounding_range);
    purchase->tip = wire_optional(values, WIRE_FIELD(message, tip), 0, amount_up_range);
    purchase->tenders = tenders_read(values, message);
    purchase->tenders_count = message->n_tenders;
    purchase->codes = texts_read(values, message->codes, message->n_codes, CODES_MAX, "codes");
    purchase->codes_count = message->n_codes;
    purchase->free_units = free_units_read(values, message);
    purchase->free_units_count = message->n_free_units;
    purchase->redemptions = redemptions_read(values, message);
    purchase->redemptions_count = message->n_redemptions;
    if (message->pay_with_points != NULL) {
        purchase->pay_with_points = pay_with_points_read(values, message->pay_with_points);
    }
    if (message->has_redeem) {
        wire_value_check(values, wire_redeem_read(message->redeem, &purchase->redeem_done), "redeem");
    }
}

static void reserve_read(struct wire_values *values, const Loyalty__Reserve *message, struct reserve *reserve)
{
    const bool max = message->has_max && message->max;
    const int named = (message->reward != NULL ? 1 : 0) + (message->has_voucher ? 1 : 0) +
                      (message->has_points ? 1 : 0) + (message->has_max ? 1 : 0);
    wire_value_check(values, named == 1 && message->has_max == max, "reward");
    reserve->card = wire_bytes_required(values, WIRE_FIELD(message, card), HASH_BYTES);
    reserve->reward = wire_id_optional(values, WIRE_TEXT(message, reward), ID_BYTES_MAX);
    reserve->voucher = wire_bytes_optional(values, WIRE_FIELD(message, voucher), VOUCHER_CODE_BYTES);
    reserve->points = message->has_points || max;
    reserve->amount = wire_optional(values, WIRE_FIELD(message, points), 0, points_range);
    reserve->units = (uint32_t)wire_optional(values, WIRE_FIELD(message, units), 1, units_range);
    reserve->has_timeout = message->has_timeout_minutes;
    reserve->timeout_minutes =
        (uint32_t)wire_optional(values, WIRE_FIELD(message, timeout_minutes), 0, timeout_range);
    reserve->wallet = (uint32_t)wire_optional(values, WIRE_FIELD(message, wallet), 0, wallet_range);
}

static bool is_currency(const char *text)
{
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3 && text[3] == '\0';
}

static void genesis_read(struct wire_values *values, const Loyalty__Genesis *message, struct event *event)
{
    const struct wire_range format_range = {GENESIS_FORMAT, GENESIS_FORMAT};
    event->genesis.format = (uint32_t)wire_required(values, WIRE_FIELD(message, format), format_range);
    event->genesis.daemon_key = wire_bytes_required(values, WIRE_FIELD(message, daemon_key), KEY_BYTES);
    event->genesis.operator_key = wire_bytes_required(values, WIRE_FIELD(message, operator_key), KEY_BYTES);
    event->genesis.currency = message->currency;
    wire_value_check(values, message->currency != NULL && is_currency(message->currency), "currency");
    event->genesis.random = wire_bytes_required(values, WIRE_FIELD(message, random), GENESIS_RANDOM_BYTES);
}

static void invite_read(struct wire_values *values, const Loyalty__Invite *message, struct event *event)
{
    event->invite.code_hash = wire_bytes_required(values, WIRE_FIELD(message, code_hash), HASH_BYTES);
    if (message->has_role) {
        wire_value_check(values, wire_role_read(message->role, &event->invite.role), "role");
    }
    event->invite.store = wire_id_optional(values, WIRE_TEXT(message, store), ID_BYTES_MAX);
    wire_value_check(values, event->invite.role != ROLE_TERMINAL || message->store != NULL, "store");
    event->invite.label = wire_id_required(values, WIRE_TEXT(message, label), TILL_LABEL_BYTES_MAX);
    event->invite.expires_at = wire_required(values, WIRE_FIELD(message, expires_at), time_range);
}

static void principal_added_read(struct wire_values *values, const Loyalty__PrincipalAdded *message,
                                 struct event *event)
{
    event->principal_added.principal =
        (uint32_t)wire_required(values, WIRE_FIELD(message, principal), number_range);
    event->principal_added.key = wire_bytes_required(values, WIRE_FIELD(message, key), KEY_BYTES);
    event->principal_added.invite = wire_position_required(values, WIRE_FIELD(message, invite));
    event->principal_added.proof = wire_bytes_required(values, WIRE_FIELD(message, proof), SIGNATURE_BYTES);
}

static void adjustment_read(struct wire_values *values, const Loyalty__Adjustment *message,
                            struct adjustment *adjustment)
{
    static const struct wire_range points = {-POINTS_MAX, POINTS_MAX};
    static const struct wire_range stamps = {-ADJUSTED_STAMPS_MAX, ADJUSTED_STAMPS_MAX};
    adjustment->member = (uint32_t)wire_required(values, WIRE_FIELD(message, member), number_range);
    adjustment->reason = wire_text_required(values, WIRE_TEXT(message, reason), NAME_BYTES_MAX);
    adjustment->points = wire_optional(values, WIRE_FIELD(message, points), 0, points);
    adjustment->may_owe = message->may_owe;
    adjustment->until = (int32_t)wire_optional(values, WIRE_FIELD(message, until), -1, date_range);
    adjustment->qualifying = wire_optional(values, WIRE_FIELD(message, qualifying), 0, points);
    adjustment->card = wire_id_optional(values, WIRE_TEXT(message, card), ID_BYTES_MAX);
    adjustment->stamps = wire_optional(values, WIRE_FIELD(message, stamps), 0, stamps);
    adjustment->level = wire_id_optional(values, WIRE_TEXT(message, level), ID_BYTES_MAX);
    adjustment->level_until =
        (int32_t)wire_optional(values, WIRE_FIELD(message, level_until), -1, date_range);
    adjustment->reward = wire_id_optional(values, WIRE_TEXT(message, reward), ID_BYTES_MAX);
    adjustment->voucher = wire_bytes_optional(values, WIRE_FIELD(message, voucher), VOUCHER_CODE_BYTES);
    adjustment->has_receipt = message->receipt != NULL;
    if (adjustment->has_receipt) {
        receipt_read(values, message->receipt, &adjustment->receipt);
    }
}

static void transfer_read(struct wire_values *values, const Loyalty__Transfer *message, struct event *event)
{
    static const struct wire_range points = {1, POINTS_MAX};
    event->transfer.from = (uint32_t)wire_required(values, WIRE_FIELD(message, from), number_range);
    event->transfer.to = (uint32_t)wire_required(values, WIRE_FIELD(message, to), number_range);
    event->transfer.points = wire_required(values, WIRE_FIELD(message, points), points);
    event->transfer.reason = wire_text_optional(values, WIRE_TEXT(message, reason), NAME_BYTES_MAX);
}

static void merge_read(struct wire_values *values, const Loyalty__Merge *message, struct event *event)
{
    event->merge.from = (uint32_t)wire_required(values, WIRE_FIELD(message, from), number_range);
    event->merge.to = (uint32_t)wire_required(values, WIRE_FIELD(message, to), number_range);
    event->merge.reason = wire_text_optional(values, WIRE_TEXT(message, reason), NAME_BYTES_MAX);
}

static void household_read(struct wire_values *values, const Loyalty__Household *message, struct event *event)
{
    event->household.member = (uint32_t)wire_required(values, WIRE_FIELD(message, member), number_range);
    event->household.household =
        (uint32_t)wire_optional(values, WIRE_FIELD(message, household), 0, number_range);
    event->household.leaves = message->leaves;
    wire_value_check(values, !message->leaves || !message->has_household, "household");
    event->household.reason = wire_text_optional(values, WIRE_TEXT(message, reason), NAME_BYTES_MAX);
}

static void erased_read(struct wire_values *values, const Loyalty__Erased *message, struct event *event)
{
    event->erased.member = (uint32_t)wire_required(values, WIRE_FIELD(message, member), number_range);
    event->erased.reason = wire_text_optional(values, WIRE_TEXT(message, reason), NAME_BYTES_MAX);
}

static void card_linked_read(struct wire_values *values, const Loyalty__CardLinked *message,
                             struct event *event)
{
    event->card_linked.member = (uint32_t)wire_required(values, WIRE_FIELD(message, member), number_range);
    event->card_linked.card = wire_bytes_required(values, WIRE_FIELD(message, card), HASH_BYTES);
}

static void programme_change_read(struct wire_values *values, const Loyalty__ProgrammeChange *message,
                                  struct event *event)
{
    event->programme_change.yaml = wire_bytes_any(message->has_yaml, message->yaml);
    const size_t size = event->programme_change.yaml.size;
    wire_value_check(values, size >= 1 && size <= PROGRAMME_BYTES_MAX, "yaml");
}

static void void_receipt_read(struct wire_values *values, const Loyalty__VoidReceipt *message,
                              struct event *event)
{
    receipt_required(values, message->receipt, &event->void_receipt.receipt);
    if (message->has_finality) {
        wire_value_check(values, wire_redeem_read(message->finality, &event->void_receipt.done), "finality");
    }
}

/* What operators do to members they name. */
static void by_hand_read(struct wire_values *values, const Loyalty__Body *body, struct event *event)
{
    if (event->kind == EVENT_ADJUSTMENT) {
        adjustment_read(values, body->adjustment, &event->adjustment);
    } else if (event->kind == EVENT_TRANSFER) {
        transfer_read(values, body->transfer, event);
    } else if (event->kind == EVENT_MERGE) {
        merge_read(values, body->merge, event);
    } else if (event->kind == EVENT_HOUSEHOLD) {
        household_read(values, body->household, event);
    } else if (event->kind == EVENT_CARD_LINKED) {
        card_linked_read(values, body->card_linked, event);
    } else {
        erased_read(values, body->erased, event);
    }
}

/* What it wraps is looked at when it is decided. */
static void rebook_read(struct wire_values *values, const Loyalty__Rebook *message, struct event *event)
{
    event->rebook.position = wire_position_required(values, WIRE_FIELD(message, position));
    event->rebook.reason = wire_text_required(values, WIRE_TEXT(message, reason), NAME_BYTES_MAX);
    event->rebook.body = wire_bytes_any(message->has_body, message->body);
    const size_t size = event->rebook.body.size;
    wire_value_check(values, size <= BODY_TERMINAL_BYTES_MAX && (size > 0) == (message->has_body != 0),
                     "body");
}

/* What is about other events. */
static void about_read(struct wire_values *values, const Loyalty__Body *body, struct event *event)
{
    if (event->kind == EVENT_GOODS_RETURN) {
        goods_return_read(values, body->goods_return, &event->goods_return);
    } else if (event->kind == EVENT_VOID_RECEIPT) {
        void_receipt_read(values, body->void_receipt, event);
    } else if (event->kind == EVENT_DAY_CLOSE) {
        day_close_read(values, body->day_close, event);
    } else if (event->kind == EVENT_CLAIM) {
        receipt_required(values, body->claim->receipt, &event->claim.receipt);
        event->claim.card = wire_bytes_required(values, WIRE_FIELD(body->claim, card), HASH_BYTES);
    } else if (event->kind == EVENT_UNCLAIM) {
        receipt_required(values, body->unclaim->receipt, &event->unclaim.receipt);
        event->unclaim.reason = wire_text_required(values, WIRE_TEXT(body->unclaim, reason), NAME_BYTES_MAX);
    } else if (event->kind == EVENT_REBOOK) {
        rebook_read(values, body->rebook, event);
    } else if (event->kind == EVENT_RESOLVE) {
        const struct wire_range index_range = {0, EXCEPTIONS_MAX - 1};
        const Loyalty__Resolve *resolve = body->resolve;
        event->resolve.position = wire_position_required(values, WIRE_FIELD(resolve, position));
        event->resolve.index = (uint32_t)wire_optional(values, WIRE_FIELD(resolve, index), 0, index_range);
        event->resolve.reason = wire_text_required(values, WIRE_TEXT(resolve, reason), NAME_BYTES_MAX);
    } else {
        event->resumed.position = wire_position_required(values, WIRE_FIELD(body->resumed, position));
    }
}

static void key_rotated_read(struct wire_values *values, const Loyalty__KeyRotated *message,
                             struct event *event)
{
    event->key_rotated.key = wire_bytes_required(values, WIRE_FIELD(message, key), KEY_BYTES);
    event->key_rotated.proof = wire_bytes_required(values, WIRE_FIELD(message, proof), SIGNATURE_BYTES);
}

static void tick_read(struct wire_values *values, const Loyalty__Tick *message, struct event *event)
{
    const size_t count = message->n_members;
    bool ascending = count >= 1 && count <= TICK_MEMBERS_MAX;
    for (size_t i = 0; i < count && ascending; i++) {
        ascending = message->members[i] > (i == 0 ? 0 : message->members[i - 1]);
    }
    wire_value_check(values, ascending, "members");
    event->tick.members = message->members;
    event->tick.members_count = count;
}

static void reservation_read(struct wire_values *values, const Loyalty__Body *body, struct event *event)
{
    if (event->kind == EVENT_RESERVE) {
        reserve_read(values, body->reserve, &event->reserve);
    } else {
        event->release.reservation = wire_position_required(values, WIRE_FIELD(body->release, reservation));
    }
}

static void retired_read(struct wire_values *values, const Loyalty__Retired *message, struct event *event)
{
    event->retired.principal = (uint32_t)wire_required(values, WIRE_FIELD(message, principal), number_range);
    event->retired.reason = wire_text_optional(values, WIRE_TEXT(message, reason), NAME_BYTES_MAX);
}

static void activity_read(struct wire_values *values, const Loyalty__Activity *message, struct event *event)
{
    event->activity.card = wire_bytes_required(values, WIRE_FIELD(message, card), HASH_BYTES);
    event->activity.code = wire_id_required(values, WIRE_TEXT(message, code), ID_BYTES_MAX);
    event->activity.amount = wire_optional(values, WIRE_FIELD(message, amount), 0, activity_amount_range);
}

static void kind_read(struct wire_values *values, const Loyalty__Body *body, struct event *event)
{
    switch (event->kind) {
    case EVENT_PURCHASE:
        purchase_read(values, body->purchase, &event->purchase);
        break;
    case EVENT_ENROLMENT:
        event->enrolment.card = wire_bytes_required(values, WIRE_FIELD(body->enrolment, card), HASH_BYTES);
        break;
    case EVENT_GENESIS:
        genesis_read(values, body->genesis, event);
        break;
    case EVENT_INVITE:
        invite_read(values, body->invite, event);
        break;
    case EVENT_PRINCIPAL_ADDED:
        principal_added_read(values, body->principal_added, event);
        break;
    case EVENT_REVOKE:
        event->revoke.principal =
            (uint32_t)wire_required(values, WIRE_FIELD(body->revoke, principal), number_range);
        event->revoke.reason = wire_text_optional(values, WIRE_TEXT(body->revoke, reason), NAME_BYTES_MAX);
        break;
    case EVENT_PROGRAMME_CHANGE:
        programme_change_read(values, body->programme_change, event);
        break;
    case EVENT_GO_LIVE:
        break;
    case EVENT_ENGINE_REVISION:
        event->engine_revision.revision =
            (uint32_t)wire_required(values, WIRE_FIELD(body->engine_revision, revision), number_range);
        event->engine_revision.version =
            wire_text_required(values, WIRE_TEXT(body->engine_revision, version), SOFTWARE_BYTES_MAX);
        break;
    case EVENT_KEY_ROTATED:
        key_rotated_read(values, body->key_rotated, event);
        break;
    case EVENT_RETIRED:
        retired_read(values, body->retired, event);
        break;
    case EVENT_ACTIVITY:
        activity_read(values, body->activity, event);
        break;
    case EVENT_GOODS_RETURN:
    case EVENT_VOID_RECEIPT:
    case EVENT_DAY_CLOSE:
    case EVENT_CLAIM:
    case EVENT_UNCLAIM:
    case EVENT_REBOOK:
    case EVENT_RESOLVE:
    case EVENT_RESUMED:
        about_read(values, body, event);
        break;
    case EVENT_ADJUSTMENT:
    case EVENT_TRANSFER:
    case EVENT_MERGE:
    case EVENT_HOUSEHOLD:
    case EVENT_CARD_LINKED:
    case EVENT_ERASED:
        by_hand_read(values, body, event);
        break;
    case EVENT_RESERVE:
    case EVENT_RELEASE:
        reservation_read(values, body, event);
        break;
    case EVENT_TICK:
        tick_read(values, body->tick, event);
        break;
    }
}

bool wire_body_states(struct bytes body, enum event_kind kind)
{
    enum { FIELDS = 3 }; /* of a canonical body */
    struct wire_reader reader = wire_reader(body);
    struct wire_field field;
    for (unsigned i = 0; i < FIELDS && wire_reader_next(&reader, &field) == 1; i++) {
        if (field.number == (uint32_t)kind) {
            return true;
        }
    }
    return false;
}

static int body_read(struct wire_values *values, const Loyalty__Body *body, struct event *ret_event)
{
    struct event event = {0};
    event.occurred_at = wire_required(values, WIRE_FIELD(body, occurred_at), time_range);
    event.clock_correction = wire_optional(values, WIRE_FIELD(body, clock_correction), 0, correction_range);
    if (!wire_event_kind_read(body->kind_case, &event.kind)) {
        wire_values_fail(values, ERR_RANGE, "kind");
    } else {
        kind_read(values, body, &event);
    }
    if (values->error == 0) {
        *ret_event = event;
    }
    return values->error;
}

int wire_body_unpack(struct bytes body, struct arena *arena, struct event *ret_event, const char **ret_field)
{
    struct wire_values values;
    wire_values_init(&values, arena);
    ProtobufCMessage *message = NULL;
    int error = wire_unpack(&body_scan, body, arena, &message, &values.field);
    if (error == 0) {
        error = wire_check_canonical(message, body, arena);
    }
    if (error == 0) {
        error = body_read(&values, (const Loyalty__Body *)message, ret_event);
    }
    if (ret_field != NULL) {
        *ret_field = values.field;
    }
    return error;
}
