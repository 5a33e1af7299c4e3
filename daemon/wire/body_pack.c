#include "wire/body.h"

#include "wire/enums.h"
#include "wire/protobuf.h"

/* Arrays of `count` messages and of the pointers to them that protobuf-c wants; false without room. */
#define MESSAGES(output, count, messages, pointers)                                                          \
    (((messages) = wire_output_alloc((output), (count), sizeof(*(messages)))) != NULL &&                     \
     ((pointers) = wire_output_alloc((output), (count), sizeof(void *))) != NULL)

static char **texts_write(const char *const *texts)
{
    return (char **)(uintptr_t)texts;
}

static void line_write(const struct line *line, Loyalty__Line *message)
{
    loyalty__line__init(message);
    message->sku = wire_text(line->sku);
    message->category = wire_text(line->category);
    message->n_labels = line->labels_count;
    message->labels = texts_write(line->labels);
    WIRE_PUT_UNLESS(message, quantity, line->quantity, QUANTITY_DEFAULT);
    WIRE_PUT(message, gross, line->gross);
    WIRE_PUT_UNLESS(message, discount, line->discount, 0);
    WIRE_PUT_UNLESS(message, tax, line->tax, 0);
    WIRE_PUT_UNLESS(message, weighed, line->weighed, false);
    WIRE_PUT_UNLESS(message, voided, line->voided, false);
}

static void lines_write(struct wire_output *output, const struct purchase *purchase,
                        Loyalty__Purchase *message)
{
    Loyalty__Line *lines;
    if (!MESSAGES(output, purchase->lines_count, lines, message->lines)) {
        return;
    }
    for (size_t i = 0; i < purchase->lines_count; i++) {
        line_write(&purchase->lines[i], &lines[i]);
        message->lines[i] = &lines[i];
    }
    message->n_lines = purchase->lines_count;
}

static void tenders_write(struct wire_output *output, const struct purchase *purchase,
                          Loyalty__Purchase *message)
{
    Loyalty__Tender *tenders;
    if (!MESSAGES(output, purchase->tenders_count, tenders, message->tenders)) {
        return;
    }
    for (size_t i = 0; i < purchase->tenders_count; i++) {
        const struct tender *tender = &purchase->tenders[i];
        loyalty__tender__init(&tenders[i]);
        WIRE_PUT_UNLESS(&tenders[i], kind, wire_tender_kind_write(tender->kind),
                        LOYALTY__TENDER_KIND__TENDER_CASH);
        WIRE_PUT(&tenders[i], amount, tender->amount);
        tenders[i].label = wire_text(tender->label);
        message->tenders[i] = &tenders[i];
    }
    message->n_tenders = purchase->tenders_count;
}

static void free_units_write(struct wire_output *output, const struct purchase *purchase,
                             Loyalty__Purchase *message)
{
    Loyalty__FreeUnits *all;
    if (!MESSAGES(output, purchase->free_units_count, all, message->free_units)) {
        return;
    }
    for (size_t i = 0; i < purchase->free_units_count; i++) {
        const struct free_units *units = &purchase->free_units[i];
        loyalty__free_units__init(&all[i]);
        all[i].card = wire_text(units->card);
        WIRE_PUT_UNLESS(&all[i], line, units->line, 0);
        WIRE_PUT_UNLESS(&all[i], units, units->units, 1);
        WIRE_PUT_UNLESS(&all[i], charged, units->charged, false);
        message->free_units[i] = &all[i];
    }
    message->n_free_units = purchase->free_units_count;
}

static void redemptions_write(struct wire_output *output, const struct purchase *purchase,
                              Loyalty__Purchase *message)
{
    Loyalty__Redemption *all;
    if (!MESSAGES(output, purchase->redemptions_count, all, message->redemptions)) {
        return;
    }
    for (size_t i = 0; i < purchase->redemptions_count; i++) {
        const struct redemption *redemption = &purchase->redemptions[i];
        loyalty__redemption__init(&all[i]);
        WIRE_PUT_BYTES(&all[i], voucher, redemption->voucher);
        all[i].reward = wire_text(redemption->reward);
        WIRE_PUT_UNLESS(&all[i], reservation, redemption->reservation, 0);
        WIRE_PUT_UNLESS(&all[i], units, redemption->units, 1);
        WIRE_PUT_UNLESS(&all[i], wallet, redemption->wallet, 0);
        message->redemptions[i] = &all[i];
    }
    message->n_redemptions = purchase->redemptions_count;
}

static void receipt_write(const struct receipt *receipt, Loyalty__Receipt *message)
{
    loyalty__receipt__init(message);
    message->store = wire_text(receipt->store);
    WIRE_PUT(message, business_date, (uint32_t)receipt->business_date);
    message->till = wire_text(receipt->till);
    message->number = wire_text(receipt->number);
}

static void parts_write(struct wire_output *output, const struct goods_return *goods,
                        Loyalty__GoodsReturn *message)
{
    Loyalty__ReturnPart *parts;
    if (!MESSAGES(output, goods->parts_count, parts, message->parts)) {
        return;
    }
    for (size_t i = 0; i < goods->parts_count; i++) {
        loyalty__return_part__init(&parts[i]);
        WIRE_PUT_UNLESS(&parts[i], line, goods->parts[i].line, 0);
        parts[i].sku = wire_text(goods->parts[i].sku);
        WIRE_PUT_UNLESS(&parts[i], quantity, goods->parts[i].quantity, 0);
        message->parts[i] = &parts[i];
    }
    message->n_parts = goods->parts_count;
}

static void goods_return_write(struct wire_output *output, const struct goods_return *goods,
                               Loyalty__Body body)
{
    Loyalty__GoodsReturn message = LOYALTY__GOODS_RETURN__INIT;
    Loyalty__Receipt receipt;
    Loyalty__Receipt original;
    receipt_write(&goods->receipt, &receipt);
    message.receipt = &receipt;
    if (goods->has_original) {
        receipt_write(&goods->original, &original);
        message.original = &original;
    }
    WIRE_PUT_BYTES(&message, card, goods->card);
    parts_write(output, goods, &message);
    WIRE_PUT_UNLESS(&message, amount, goods->amount, 0);
    WIRE_PUT_UNLESS(&message, whole, goods->whole, false);
    WIRE_PUT_UNLESS(&message, finality, wire_redeem_write(goods->done), LOYALTY__REDEEM__REDEEM_REQUIRED);
    body.goods_return = &message;
    wire_output_add(output, &body.base);
}

static void void_receipt_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__VoidReceipt message = LOYALTY__VOID_RECEIPT__INIT;
    Loyalty__Receipt receipt;
    receipt_write(&event->void_receipt.receipt, &receipt);
    message.receipt = &receipt;
    WIRE_PUT_UNLESS(&message, finality, wire_redeem_write(event->void_receipt.done),
                    LOYALTY__REDEEM__REDEEM_REQUIRED);
    body.void_receipt = &message;
    wire_output_add(output, &body.base);
}

static void day_close_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__DayClose message = LOYALTY__DAY_CLOSE__INIT;
    Loyalty__DayTotals totals = LOYALTY__DAY_TOTALS__INIT;
    const struct receipt *day = &event->day_close.day;
    message.store = wire_text(day->store);
    WIRE_PUT(&message, business_date, (uint32_t)day->business_date);
    message.till = wire_text(day->till);
    if (event->day_close.has_totals) {
        WIRE_PUT(&totals, gross, event->day_close.totals.gross);
        WIRE_PUT(&totals, receipts, event->day_close.totals.receipts);
        message.totals = &totals;
    }
    body.day_close = &message;
    wire_output_add(output, &body.base);
}

static void claim_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Claim message = LOYALTY__CLAIM__INIT;
    Loyalty__Receipt receipt;
    receipt_write(&event->claim.receipt, &receipt);
    message.receipt = &receipt;
    WIRE_PUT(&message, card, wire_bytes(event->claim.card));
    body.claim = &message;
    wire_output_add(output, &body.base);
}

static void unclaim_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Unclaim message = LOYALTY__UNCLAIM__INIT;
    Loyalty__Receipt receipt;
    receipt_write(&event->unclaim.receipt, &receipt);
    message.receipt = &receipt;
    message.reason = wire_text(event->unclaim.reason);
    body.unclaim = &message;
    wire_output_add(output, &body.base);
}

static void resolve_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Resolve message = LOYALTY__RESOLVE__INIT;
    WIRE_PUT(&message, position, event->resolve.position);
    WIRE_PUT_UNLESS(&message, index, event->resolve.index, 0);
    message.reason = wire_text(event->resolve.reason);
    body.resolve = &message;
    wire_output_add(output, &body.base);
}

static void rebook_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Rebook message = LOYALTY__REBOOK__INIT;
    WIRE_PUT(&message, position, event->rebook.position);
    message.reason = wire_text(event->rebook.reason);
    WIRE_PUT_BYTES(&message, body, event->rebook.body);
    body.rebook = &message;
    wire_output_add(output, &body.base);
}

static void resumed_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Resumed message = LOYALTY__RESUMED__INIT;
    WIRE_PUT(&message, position, event->resumed.position);
    body.resumed = &message;
    wire_output_add(output, &body.base);
}

static void purchase_write(struct wire_output *output, const struct purchase *purchase, Loyalty__Body body)
{
    Loyalty__Purchase message = LOYALTY__PURCHASE__INIT;
    Loyalty__Receipt receipt;
    Loyalty__PayWithPoints pay = LOYALTY__PAY_WITH_POINTS__INIT;
    receipt_write(&purchase->receipt, &receipt);
    message.receipt = &receipt;
    WIRE_PUT_BYTES(&message, card, purchase->card);
    lines_write(output, purchase, &message);
    WIRE_PUT_UNLESS(&message, basket_discount, purchase->basket_discount, 0);
    WIRE_PUT_UNLESS(&message, cash_rounding, purchase->cash_rounding, 0);
    WIRE_PUT_UNLESS(&message, tip, purchase->tip, 0);
    tenders_write(output, purchase, &message);
    message.n_codes = purchase->codes_count;
    message.codes = texts_write(purchase->codes);
    free_units_write(output, purchase, &message);
    redemptions_write(output, purchase, &message);
    if (purchase->pay_with_points != NULL) {
        const int64_t points = purchase->pay_with_points->points;
        WIRE_PUT_UNLESS(&pay, points, points, 0);
        WIRE_PUT_UNLESS(&pay, max, points == 0, false);
        WIRE_PUT_UNLESS(&pay, wallet, purchase->pay_with_points->wallet, 0);
        message.pay_with_points = &pay;
    }
    WIRE_PUT_UNLESS(&message, redeem, wire_redeem_write(purchase->redeem_done),
                    LOYALTY__REDEEM__REDEEM_REQUIRED);
    body.purchase = &message;
    wire_output_add(output, &body.base);
}

static void enrolment_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Enrolment message = LOYALTY__ENROLMENT__INIT;
    WIRE_PUT(&message, card, wire_bytes(event->enrolment.card));
    body.enrolment = &message;
    wire_output_add(output, &body.base);
}

static void activity_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Activity message = LOYALTY__ACTIVITY__INIT;
    WIRE_PUT(&message, card, wire_bytes(event->activity.card));
    message.code = wire_text(event->activity.code);
    WIRE_PUT_UNLESS(&message, amount, event->activity.amount, 0);
    body.activity = &message;
    wire_output_add(output, &body.base);
}

static void genesis_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Genesis message = LOYALTY__GENESIS__INIT;
    WIRE_PUT(&message, format, event->genesis.format);
    WIRE_PUT(&message, daemon_key, wire_bytes(event->genesis.daemon_key));
    WIRE_PUT(&message, operator_key, wire_bytes(event->genesis.operator_key));
    message.currency = wire_text(event->genesis.currency);
    WIRE_PUT(&message, random, wire_bytes(event->genesis.random));
    body.genesis = &message;
    wire_output_add(output, &body.base);
}

static void invite_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Invite message = LOYALTY__INVITE__INIT;
    WIRE_PUT(&message, code_hash, wire_bytes(event->invite.code_hash));
    WIRE_PUT_UNLESS(&message, role, wire_role_write(event->invite.role), LOYALTY__ROLE__ROLE_TERMINAL);
    message.store = wire_text(event->invite.store);
    message.label = wire_text(event->invite.label);
    WIRE_PUT(&message, expires_at, event->invite.expires_at);
    body.invite = &message;
    wire_output_add(output, &body.base);
}

static void principal_added_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__PrincipalAdded message = LOYALTY__PRINCIPAL_ADDED__INIT;
    WIRE_PUT(&message, principal, event->principal_added.principal);
    WIRE_PUT(&message, key, wire_bytes(event->principal_added.key));
    WIRE_PUT(&message, invite, event->principal_added.invite);
    WIRE_PUT(&message, proof, wire_bytes(event->principal_added.proof));
    body.principal_added = &message;
    wire_output_add(output, &body.base);
}

static void revoke_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Revoke message = LOYALTY__REVOKE__INIT;
    WIRE_PUT(&message, principal, event->revoke.principal);
    message.reason = wire_text(event->revoke.reason);
    body.revoke = &message;
    wire_output_add(output, &body.base);
}

static void programme_change_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__ProgrammeChange message = LOYALTY__PROGRAMME_CHANGE__INIT;
    WIRE_PUT(&message, yaml, wire_bytes(event->programme_change.yaml));
    body.programme_change = &message;
    wire_output_add(output, &body.base);
}

static void go_live_write(struct wire_output *output, Loyalty__Body body)
{
    Loyalty__GoLive message = LOYALTY__GO_LIVE__INIT;
    body.go_live = &message;
    wire_output_add(output, &body.base);
}

static void engine_revision_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__EngineRevision message = LOYALTY__ENGINE_REVISION__INIT;
    WIRE_PUT(&message, revision, event->engine_revision.revision);
    message.version = wire_text(event->engine_revision.version);
    body.engine_revision = &message;
    wire_output_add(output, &body.base);
}

static void key_rotated_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__KeyRotated message = LOYALTY__KEY_ROTATED__INIT;
    WIRE_PUT(&message, key, wire_bytes(event->key_rotated.key));
    WIRE_PUT(&message, proof, wire_bytes(event->key_rotated.proof));
    body.key_rotated = &message;
    wire_output_add(output, &body.base);
}

static void retired_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Retired message = LOYALTY__RETIRED__INIT;
    WIRE_PUT(&message, principal, event->retired.principal);
    message.reason = wire_text(event->retired.reason);
    body.retired = &message;
    wire_output_add(output, &body.base);
}

static void adjustment_write(struct wire_output *output, const struct adjustment *adjustment,
                             Loyalty__Body body)
{
    Loyalty__Adjustment message = LOYALTY__ADJUSTMENT__INIT;
    WIRE_PUT(&message, member, adjustment->member);
    message.reason = wire_text(adjustment->reason);
    WIRE_PUT_UNLESS(&message, points, adjustment->points, 0);
    WIRE_PUT_UNLESS(&message, may_owe, adjustment->may_owe, false);
    WIRE_PUT_UNLESS(&message, until, (uint32_t)adjustment->until, UINT32_MAX);
    WIRE_PUT_UNLESS(&message, qualifying, adjustment->qualifying, 0);
    message.card = wire_text(adjustment->card);
    WIRE_PUT_UNLESS(&message, stamps, adjustment->stamps, 0);
    message.level = wire_text(adjustment->level);
    WIRE_PUT_UNLESS(&message, level_until, (uint32_t)adjustment->level_until, UINT32_MAX);
    message.reward = wire_text(adjustment->reward);
    WIRE_PUT_BYTES(&message, voucher, adjustment->voucher);
    Loyalty__Receipt receipt;
    if (adjustment->has_receipt) {
        receipt_write(&adjustment->receipt, &receipt);
        message.receipt = &receipt;
    }
    body.adjustment = &message;
    wire_output_add(output, &body.base);
}

static void transfer_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Transfer message = LOYALTY__TRANSFER__INIT;
    WIRE_PUT(&message, from, event->transfer.from);
    WIRE_PUT(&message, to, event->transfer.to);
    WIRE_PUT(&message, points, event->transfer.points);
    message.reason = wire_text(event->transfer.reason);
    body.transfer = &message;
    wire_output_add(output, &body.base);
}

static void merge_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Merge message = LOYALTY__MERGE__INIT;
    WIRE_PUT(&message, from, event->merge.from);
    WIRE_PUT(&message, to, event->merge.to);
    message.reason = wire_text(event->merge.reason);
    body.merge = &message;
    wire_output_add(output, &body.base);
}

static void household_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Household message = LOYALTY__HOUSEHOLD__INIT;
    WIRE_PUT(&message, member, event->household.member);
    WIRE_PUT_UNLESS(&message, household, event->household.household, 0);
    WIRE_PUT_UNLESS(&message, leaves, event->household.leaves, false);
    message.reason = wire_text(event->household.reason);
    body.household = &message;
    wire_output_add(output, &body.base);
}

static void card_linked_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__CardLinked message = LOYALTY__CARD_LINKED__INIT;
    WIRE_PUT(&message, member, event->card_linked.member);
    WIRE_PUT(&message, card, wire_bytes(event->card_linked.card));
    body.card_linked = &message;
    wire_output_add(output, &body.base);
}

static void erased_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Erased message = LOYALTY__ERASED__INIT;
    WIRE_PUT(&message, member, event->erased.member);
    message.reason = wire_text(event->erased.reason);
    body.erased = &message;
    wire_output_add(output, &body.base);
}

/* What is about other events. */
static void about_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    if (event->kind == EVENT_GOODS_RETURN) {
        goods_return_write(output, &event->goods_return, body);
    } else if (event->kind == EVENT_VOID_RECEIPT) {
        void_receipt_write(output, event, body);
    } else if (event->kind == EVENT_DAY_CLOSE) {
        day_close_write(output, event, body);
    } else if (event->kind == EVENT_CLAIM) {
        claim_write(output, event, body);
    } else if (event->kind == EVENT_UNCLAIM) {
        unclaim_write(output, event, body);
    } else if (event->kind == EVENT_REBOOK) {
        rebook_write(output, event, body);
    } else if (event->kind == EVENT_RESOLVE) {
        resolve_write(output, event, body);
    } else {
        resumed_write(output, event, body);
    }
}

static void reservation_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Release release = LOYALTY__RELEASE__INIT;
    if (event->kind == EVENT_RELEASE) {
        WIRE_PUT(&release, reservation, event->release.reservation);
        body.release = &release;
        wire_output_add(output, &body.base);
        return;
    }
    const struct reserve *reserve = &event->reserve;
    Loyalty__Reserve message = LOYALTY__RESERVE__INIT;
    WIRE_PUT(&message, card, wire_bytes(reserve->card));
    message.reward = wire_text(reserve->reward);
    WIRE_PUT_BYTES(&message, voucher, reserve->voucher);
    WIRE_PUT_UNLESS(&message, points, reserve->amount, 0);
    WIRE_PUT_UNLESS(&message, max, reserve->points && reserve->amount == 0, false);
    WIRE_PUT_UNLESS(&message, units, reserve->units, 1);
    if (reserve->has_timeout) {
        WIRE_PUT(&message, timeout_minutes, reserve->timeout_minutes);
    }
    WIRE_PUT_UNLESS(&message, wallet, reserve->wallet, 0);
    body.reserve = &message;
    wire_output_add(output, &body.base);
}

static void tick_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    Loyalty__Tick message = LOYALTY__TICK__INIT;
    message.n_members = event->tick.members_count;
    message.members = (uint32_t *)(uintptr_t)event->tick.members; /* what is packed is not written to */
    body.tick = &message;
    wire_output_add(output, &body.base);
}

/* What operators do by hand. */
static void by_hand_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    if (event->kind == EVENT_ADJUSTMENT) {
        adjustment_write(output, &event->adjustment, body);
    } else if (event->kind == EVENT_TRANSFER) {
        transfer_write(output, event, body);
    } else if (event->kind == EVENT_MERGE) {
        merge_write(output, event, body);
    } else if (event->kind == EVENT_HOUSEHOLD) {
        household_write(output, event, body);
    } else if (event->kind == EVENT_CARD_LINKED) {
        card_linked_write(output, event, body);
    } else {
        erased_write(output, event, body);
    }
}

/* What stops a principal. */
static void end_write(struct wire_output *output, const struct event *event, Loyalty__Body body)
{
    if (event->kind == EVENT_REVOKE) {
        revoke_write(output, event, body);
    } else {
        retired_write(output, event, body);
    }
}

int wire_body_pack(const struct event *event, struct arena *arena, struct bytes *ret_body)
{
    struct wire_output output;
    wire_output_begin(&output, arena);
    Loyalty__Body body = LOYALTY__BODY__INIT;
    WIRE_PUT(&body, occurred_at, event->occurred_at);
    WIRE_PUT_UNLESS(&body, clock_correction, event->clock_correction, 0);
    body.kind_case = wire_event_kind_write(event->kind);
    switch (event->kind) {
    case EVENT_PURCHASE:
        purchase_write(&output, &event->purchase, body);
        break;
    case EVENT_ENROLMENT:
        enrolment_write(&output, event, body);
        break;
    case EVENT_GENESIS:
        genesis_write(&output, event, body);
        break;
    case EVENT_INVITE:
        invite_write(&output, event, body);
        break;
    case EVENT_PRINCIPAL_ADDED:
        principal_added_write(&output, event, body);
        break;
    case EVENT_REVOKE:
    case EVENT_RETIRED:
        end_write(&output, event, body);
        break;
    case EVENT_PROGRAMME_CHANGE:
        programme_change_write(&output, event, body);
        break;
    case EVENT_GO_LIVE:
        go_live_write(&output, body);
        break;
    case EVENT_ENGINE_REVISION:
        engine_revision_write(&output, event, body);
        break;
    case EVENT_KEY_ROTATED:
        key_rotated_write(&output, event, body);
        break;
    case EVENT_GOODS_RETURN:
    case EVENT_VOID_RECEIPT:
    case EVENT_DAY_CLOSE:
    case EVENT_CLAIM:
    case EVENT_UNCLAIM:
    case EVENT_REBOOK:
    case EVENT_RESOLVE:
    case EVENT_RESUMED:
        about_write(&output, event, body);
        break;
    case EVENT_ACTIVITY:
        activity_write(&output, event, body);
        break;
    case EVENT_ADJUSTMENT:
    case EVENT_TRANSFER:
    case EVENT_MERGE:
    case EVENT_HOUSEHOLD:
    case EVENT_CARD_LINKED:
    case EVENT_ERASED:
        by_hand_write(&output, event, body);
        break;
    case EVENT_RESERVE:
    case EVENT_RELEASE:
        reservation_write(&output, event, body);
        break;
    case EVENT_TICK:
        tick_write(&output, event, body);
        break;
    }
    return wire_output_end(&output, ret_body);
}
