/* loyaltyctl event show: everything recorded of an event. One description serves people and programs
 * (client/json.h). */
#include "client/amount.h"
#include "client/clock.h"
#include "client/loyaltyctl.h"
#include "client/loyaltyctl_show.h"
#include "model/context.h"
#include "model/day.h"
#include "model/programme.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
    struct ctl_options common;
    uint64_t position;
};

static void show_line(struct json *json, const struct line *line)
{
    json_object(json, NULL);
    ctl_show_optional(json, "sku", line->sku);
    ctl_show_optional(json, "category", line->category);
    json_integer(json, "quantity", line->quantity);
    json_integer(json, "gross", line->gross);
    ctl_show_nonzero(json, "discount", line->discount);
    ctl_show_nonzero(json, "tax", line->tax);
    if (line->weighed) {
        json_bool(json, "weighed", true);
    }
    if (line->voided) {
        json_bool(json, "voided", true);
    }
    if (line->labels_count > 0) {
        json_array(json, "labels");
        for (size_t i = 0; i < line->labels_count; i++) {
            json_text(json, NULL, line->labels[i]);
        }
        json_end_array(json);
    }
    json_end_object(json);
}

static const char *tender_name(enum tender_kind kind)
{
    switch (kind) {
    case TENDER_CASH:
        return "cash";
    case TENDER_CARD:
        return "card";
    case TENDER_GIFT_CARD:
        return "gift_card";
    case TENDER_VOUCHER:
        return "voucher";
    case TENDER_POINTS:
        return "points";
    case TENDER_OTHER:
        return "other";
    }
    return "";
}

static void show_used(struct json *json, const struct purchase *purchase)
{
    if (purchase->free_units_count > 0) {
        json_array(json, "free_units");
        for (size_t i = 0; i < purchase->free_units_count; i++) {
            json_object(json, NULL);
            json_text(json, "card", purchase->free_units[i].card);
            json_unsigned(json, "line", purchase->free_units[i].line);
            json_unsigned(json, "units", purchase->free_units[i].units);
            json_bool(json, "charged", purchase->free_units[i].charged);
            json_end_object(json);
        }
        json_end_array(json);
    }
    if (purchase->redemptions_count > 0) {
        json_array(json, "redemptions");
        for (size_t i = 0; i < purchase->redemptions_count; i++) {
            json_object(json, NULL);
            if (purchase->redemptions[i].voucher.size > 0) {
                json_hex(json, "voucher", purchase->redemptions[i].voucher);
            }
            ctl_show_optional(json, "reward", purchase->redemptions[i].reward);
            if (purchase->redemptions[i].reservation > 0) {
                json_unsigned(json, "reservation", purchase->redemptions[i].reservation);
            }
            json_unsigned(json, "units", purchase->redemptions[i].units);
            json_end_object(json);
        }
        json_end_array(json);
        json_text(json, "redeem", purchase->redeem_done ? "done" : "required");
    }
    if (purchase->pay_with_points != NULL) {
        if (purchase->pay_with_points->points > 0) {
            json_integer(json, "pay_with_points", purchase->pay_with_points->points);
        } else {
            json_text(json, "pay_with_points", "max");
        }
    }
}

static void show_receipt(struct json *json, const char *name, const struct receipt *receipt)
{
    json_object(json, name);
    ctl_show_optional(json, "store", receipt->store);
    ctl_show_day(json, "business_date", receipt->business_date);
    ctl_show_optional(json, "till", receipt->till);
    ctl_show_optional(json, "number", receipt->number);
    json_end_object(json);
}

static void show_return(struct json *json, const struct goods_return *goods)
{
    show_receipt(json, "receipt", &goods->receipt);
    if (goods->has_original) {
        show_receipt(json, "original", &goods->original);
    }
    if (goods->card.size > 0) {
        json_hex(json, "card_commitment", goods->card);
    }
    if (goods->parts_count > 0) {
        json_array(json, "parts");
        for (size_t i = 0; i < goods->parts_count; i++) {
            json_object(json, NULL);
            ctl_show_optional(json, "sku", goods->parts[i].sku);
            if (goods->parts[i].sku == NULL) {
                json_unsigned(json, "line", goods->parts[i].line);
            }
            ctl_show_nonzero(json, "quantity", goods->parts[i].quantity);
            json_end_object(json);
        }
        json_end_array(json);
    }
    ctl_show_nonzero(json, "amount", goods->amount);
    json_bool(json, "whole", goods->whole);
    json_bool(json, "done", goods->done);
}

static void show_day_close(struct json *json, const struct event *event)
{
    show_receipt(json, "day", &event->day_close.day);
    if (event->day_close.has_totals) {
        json_integer(json, "gross", event->day_close.totals.gross);
        json_unsigned(json, "receipts", event->day_close.totals.receipts);
    }
}

static void show_purchase(struct json *json, const struct purchase *purchase)
{
    show_receipt(json, "receipt", &purchase->receipt);
    if (purchase->card.size > 0) {
        json_hex(json, "card_commitment", purchase->card);
    }
    json_array(json, "lines");
    for (size_t i = 0; i < purchase->lines_count; i++) {
        show_line(json, &purchase->lines[i]);
    }
    json_end_array(json);
    ctl_show_nonzero(json, "basket_discount", purchase->basket_discount);
    ctl_show_nonzero(json, "cash_rounding", purchase->cash_rounding);
    ctl_show_nonzero(json, "tip", purchase->tip);
    if (purchase->tenders_count > 0) {
        json_array(json, "tenders");
        for (size_t i = 0; i < purchase->tenders_count; i++) {
            json_object(json, NULL);
            json_text(json, "kind", tender_name(purchase->tenders[i].kind));
            json_integer(json, "amount", purchase->tenders[i].amount);
            ctl_show_optional(json, "label", purchase->tenders[i].label);
            json_end_object(json);
        }
        json_end_array(json);
    }
    if (purchase->codes_count > 0) {
        json_array(json, "codes");
        for (size_t i = 0; i < purchase->codes_count; i++) {
            json_text(json, NULL, purchase->codes[i]);
        }
        json_end_array(json);
    }
    show_used(json, purchase);
}

static void show_adjustment(struct json *json, const struct adjustment *adjustment)
{
    json_unsigned(json, "member", adjustment->member);
    json_text(json, "reason", adjustment->reason);
    ctl_show_nonzero(json, "points", adjustment->points);
    if (adjustment->may_owe) {
        json_bool(json, "may_owe", true);
    }
    if (adjustment->until >= 0) {
        ctl_show_day(json, "until", adjustment->until);
    }
    ctl_show_nonzero(json, "qualifying", adjustment->qualifying);
    ctl_show_optional(json, "card", adjustment->card);
    ctl_show_nonzero(json, "stamps", adjustment->stamps);
    ctl_show_optional(json, "level", adjustment->level);
    if (adjustment->level_until >= 0) {
        ctl_show_day(json, "level_until", adjustment->level_until);
    }
    ctl_show_optional(json, "reward", adjustment->reward);
    if (adjustment->voucher.size > 0) {
        json_hex(json, "voucher", adjustment->voucher);
    }
    if (adjustment->has_receipt) {
        show_receipt(json, "receipt", &adjustment->receipt);
    }
}

/* What operators do to members they name. */
static void show_by_hand(struct json *json, const struct event *event)
{
    if (event->kind == EVENT_ADJUSTMENT) {
        show_adjustment(json, &event->adjustment);
    } else if (event->kind == EVENT_TRANSFER) {
        json_unsigned(json, "from", event->transfer.from);
        json_unsigned(json, "to", event->transfer.to);
        json_integer(json, "points", event->transfer.points);
        ctl_show_optional(json, "reason", event->transfer.reason);
    } else if (event->kind == EVENT_MERGE) {
        json_unsigned(json, "from", event->merge.from);
        json_unsigned(json, "to", event->merge.to);
        ctl_show_optional(json, "reason", event->merge.reason);
    } else if (event->kind == EVENT_HOUSEHOLD) {
        json_unsigned(json, "member", event->household.member);
        ctl_show_nonzero(json, "household", event->household.household);
        json_bool(json, "leaves", event->household.leaves);
        ctl_show_optional(json, "reason", event->household.reason);
    } else if (event->kind == EVENT_CARD_LINKED) {
        json_unsigned(json, "member", event->card_linked.member);
        json_hex(json, "card_commitment", event->card_linked.card);
    } else {
        json_unsigned(json, "member", event->erased.member);
        ctl_show_optional(json, "reason", event->erased.reason);
    }
}

/* What is about other events. */
static void show_about(struct json *json, const struct event *event)
{
    if (event->kind == EVENT_GOODS_RETURN) {
        show_return(json, &event->goods_return);
    } else if (event->kind == EVENT_VOID_RECEIPT) {
        show_receipt(json, "receipt", &event->void_receipt.receipt);
        json_bool(json, "done", event->void_receipt.done);
    } else if (event->kind == EVENT_DAY_CLOSE) {
        show_day_close(json, event);
    } else if (event->kind == EVENT_CLAIM) {
        show_receipt(json, "receipt", &event->claim.receipt);
        json_hex(json, "card_commitment", event->claim.card);
    } else if (event->kind == EVENT_UNCLAIM) {
        show_receipt(json, "receipt", &event->unclaim.receipt);
        json_text(json, "reason", event->unclaim.reason);
    } else if (event->kind == EVENT_REBOOK) {
        json_unsigned(json, "position", event->rebook.position);
        json_text(json, "reason", event->rebook.reason);
        if (event->rebook.body.size > 0) {
            json_hex(json, "body", event->rebook.body);
        }
    } else if (event->kind == EVENT_RESOLVE) {
        json_unsigned(json, "position", event->resolve.position);
        json_unsigned(json, "index", event->resolve.index);
        json_text(json, "reason", event->resolve.reason);
    } else {
        json_unsigned(json, "position", event->resumed.position);
    }
}

static void show_reserve(struct json *json, const struct reserve *reserve)
{
    json_hex(json, "card_commitment", reserve->card);
    ctl_show_optional(json, "reward", reserve->reward);
    if (reserve->voucher.size > 0) {
        json_hex(json, "voucher", reserve->voucher);
    }
    if (reserve->points && reserve->amount > 0) {
        json_integer(json, "points", reserve->amount);
    } else if (reserve->points) {
        json_text(json, "points", "max");
    }
    json_unsigned(json, "units", reserve->units);
    if (reserve->has_timeout) {
        json_unsigned(json, "timeout_minutes", reserve->timeout_minutes);
    }
}

static void show_invite(struct json *json, const struct event *event)
{
    json_text(json, "role", role_name(event->invite.role));
    ctl_show_optional(json, "store", event->invite.store);
    json_text(json, "label", event->invite.label);
    ctl_show_instant(json, "expires_at", event->invite.expires_at);
    json_hex(json, "code_hash", event->invite.code_hash);
}

static void show_principal_added(struct json *json, const struct event *event)
{
    json_unsigned(json, "principal", event->principal_added.principal);
    json_hex(json, "key", event->principal_added.key);
    json_unsigned(json, "invite", event->principal_added.invite);
    json_hex(json, "proof", event->principal_added.proof);
}

static void show_tick(struct json *json, const struct event *event)
{
    json_array(json, "members");
    for (size_t i = 0; i < event->tick.members_count; i++) {
        json_unsigned(json, NULL, event->tick.members[i]);
    }
    json_end_array(json);
}

static void show_end(struct json *json, uint32_t principal, const char *reason)
{
    json_unsigned(json, "principal", principal);
    ctl_show_optional(json, "reason", reason);
}

static void show_key_rotated(struct json *json, const struct event *event)
{
    json_hex(json, "key", event->key_rotated.key);
    json_hex(json, "proof", event->key_rotated.proof);
}

static void show_revision(struct json *json, const struct event *event)
{
    json_unsigned(json, "revision", event->engine_revision.revision);
    ctl_show_optional(json, "version", event->engine_revision.version);
}

static void show_activity(struct json *json, const struct event *event)
{
    json_hex(json, "card_commitment", event->activity.card);
    json_text(json, "code", event->activity.code);
    if (event->activity.amount > 0) {
        json_integer(json, "amount", event->activity.amount);
    }
}

static void show_kind(struct json *json, const struct event *event)
{
    switch (event->kind) {
    case EVENT_PURCHASE:
        show_purchase(json, &event->purchase);
        break;
    case EVENT_ENROLMENT:
        json_hex(json, "card_commitment", event->enrolment.card);
        break;
    case EVENT_GENESIS:
        json_unsigned(json, "format", event->genesis.format);
        json_hex(json, "daemon_key", event->genesis.daemon_key);
        json_hex(json, "operator_key", event->genesis.operator_key);
        json_text(json, "currency", event->genesis.currency);
        break;
    case EVENT_INVITE:
        show_invite(json, event);
        break;
    case EVENT_PRINCIPAL_ADDED:
        show_principal_added(json, event);
        break;
    case EVENT_REVOKE:
        show_end(json, event->revoke.principal, event->revoke.reason);
        break;
    case EVENT_PROGRAMME_CHANGE:
        json_unsigned(json, "yaml_bytes", event->programme_change.yaml.size);
        break;
    case EVENT_GO_LIVE:
        break;
    case EVENT_ENGINE_REVISION:
        show_revision(json, event);
        break;
    case EVENT_KEY_ROTATED:
        show_key_rotated(json, event);
        break;
    case EVENT_RETIRED:
        show_end(json, event->retired.principal, event->retired.reason);
        break;
    case EVENT_GOODS_RETURN:
    case EVENT_VOID_RECEIPT:
    case EVENT_DAY_CLOSE:
    case EVENT_CLAIM:
    case EVENT_UNCLAIM:
    case EVENT_REBOOK:
    case EVENT_RESOLVE:
    case EVENT_RESUMED:
        show_about(json, event);
        break;
    case EVENT_ACTIVITY:
        show_activity(json, event);
        break;
    case EVENT_ADJUSTMENT:
    case EVENT_TRANSFER:
    case EVENT_MERGE:
    case EVENT_HOUSEHOLD:
    case EVENT_CARD_LINKED:
    case EVENT_ERASED:
        show_by_hand(json, event);
        break;
    case EVENT_RESERVE:
        show_reserve(json, &event->reserve);
        break;
    case EVENT_RELEASE:
        json_unsigned(json, "reservation", event->release.reservation);
        break;
    case EVENT_TICK:
        show_tick(json, event);
        break;
    }
}

static void show_body(struct json *json, struct bytes body, struct arena *arena)
{
    struct event event;
    const char *field = "";
    const int error = wire_body_unpack(body, arena, &event, &field);
    json_object(json, "body");
    if (error != 0) {
        json_text(json, "unreadable", error_text(error));
        json_text(json, "field", field);
        json_hex(json, "bytes", body);
    } else {
        json_text(json, "kind", event_kind_name(event.kind));
        ctl_show_instant(json, "occurred_at", event.occurred_at);
        ctl_show_nonzero(json, "clock_correction_ms", event.clock_correction);
        show_kind(json, &event);
    }
    json_end_object(json);
}

static void show_context_state(struct json *json, const struct context *context)
{
    json_unsigned(json, "member", context->member);
    json_unsigned(json, "previous", context->previous);
    json_integer(json, "available", context->balances[MEMBER_AVAILABLE]);
    json_integer(json, "pending", context->balances[MEMBER_PENDING]);
    json_integer(json, "reserved", context->balances[MEMBER_RESERVED]);
    json_unsigned(json, "level", context->level);
    json_unsigned(json, "purchases", context->purchases);
    json_array(json, "occasions");
    for (enum occasion occasion = OCCASION_NONE + 1; occasion < OCCASIONS; occasion++) {
        if ((context->occasions & OCCASION_BIT(occasion)) != 0) {
            json_text(json, NULL, occasion_name(occasion));
        }
    }
    json_end_array(json);
    json_array(json, "metrics");
    for (size_t i = 0; i < context->metrics_count; i++) {
        json_object(json, NULL);
        json_unsigned(json, "metric", context->metrics[i].metric);
        json_integer(json, "value", context->metrics[i].value);
        json_end_object(json);
    }
    json_end_array(json);
    json_array(json, "stamps");
    for (size_t i = 0; i < context->stamps_count; i++) {
        json_object(json, NULL);
        json_unsigned(json, "card", context->stamps[i].card);
        json_integer(json, "count", context->stamps[i].count);
        json_unsigned(json, "completed", context->stamps[i].completed);
        json_end_object(json);
    }
    json_end_array(json);
}

static void show_context(struct json *json, struct bytes bytes, struct arena *arena)
{
    struct context *context = arena_alloc(arena, 1, sizeof(*context));
    const int error = context == NULL ? ERR_NOMEM : wire_context_unpack(bytes, arena, context);
    json_object(json, "context");
    if (error != 0) {
        json_text(json, "unreadable", error_text(error));
    } else {
        ctl_show_day(json, "day", context->day);
        json_integer(json, "minute", context->minute);
        json_integer(json, "offset_minutes", context->offset);
        ctl_show_day(json, "member_day", context->member_day);
        ctl_show_day(json, "booked_day", context->booked_day);
        if (context->member > 0 || context->new_member > 0) {
            show_context_state(json, context);
        }
    }
    json_end_object(json);
}

/* "issued", or "available of member 7". */
int ctl_show_event(struct ctl *ctl, const struct reply *reply)
{
    struct json *json = &ctl->json;
    if (!ctl->options.json) {
        json_init_plain(json, stdout);
    }
    json_object(json, NULL);
    json_unsigned(json, "position", reply->event.position);
    json_unsigned(json, "principal", reply->event.principal);
    json_unsigned(json, "sequence", reply->event.sequence);
    json_unsigned(json, "key_no", reply->event.key_no);
    ctl_show_instant(json, "booked_at", reply->event.booked_at);
    json_hex(json, "chain", reply->event.chain);
    json_hex(json, "signature", reply->event.signature);
    if (reply->event.batch_count > 0) {
        json_object(json, "batch");
        json_unsigned(json, "first_sequence", reply->event.batch_sequence);
        json_unsigned(json, "count", reply->event.batch_count);
        json_end_object(json);
    }
    show_body(json, reply->event.body, &ctl->arena);
    show_context(json, reply->event.context, &ctl->arena);
    ctl_show_outcome(json, reply->event.outcome, &ctl->arena, ctl->outcome);
    json_array(json, "trace");
    for (size_t i = 0; i < reply->event.trace_count; i++) {
        json_text(json, NULL, reply->event.trace[i]);
    }
    json_end_array(json);
    json_end_object(json);
    return CTL_EXIT_OK;
}

static int show(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct ctl ctl;
    struct request request = {.kind = REQUEST_GET_EVENT};
    struct reply reply;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        request.get_event.position = arguments.position;
        status = ctl_call(&ctl, &request, &reply);
    }
    if (status == CTL_EXIT_OK) {
        status = ctl_show_event(&ctl, &reply);
    }
    ctl_close(&ctl);
    return status;
}

static const struct command_option options[] = {{.arg = "POSITION",
                                                 .type = &command_position,
                                                 .offset = offsetof(struct arguments, position),
                                                 .missing = "which event? Say its position in the log"},
                                                {0}};

const struct command ctl_event_commands[] = {
    {.name = "event show",
     .summary = "everything recorded of an event, and why",
     .doc = "Everything recorded of an event: what was signed, the context it was decided in, the outcome, "
            "and which rule gave what and why.",
     .options = options,
     .run = show},
    {0}};
