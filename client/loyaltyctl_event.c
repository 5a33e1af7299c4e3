/* loyaltyctl event show: everything recorded of an event. One description serves people and programs
 * (client/json.h). */
#include "client/amount.h"
#include "client/clock.h"
#include "client/loyaltyctl.h"
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

static void show_instant(struct json *json, const char *name, int64_t instant_ms)
{
    char text[INSTANT_TEXT_BYTES];
    instant_format(instant_ms, text);
    json_text(json, name, text);
}

static void show_day(struct json *json, const char *name, int32_t day)
{
    char text[DAY_TEXT_BYTES];
    if (day == DAY_NEVER) {
        json_text(json, name, "never");
        return;
    }
    day_format(day < DAY_MIN ? DAY_MIN : day > DAY_MAX ? DAY_MAX : day, text);
    json_text(json, name, text);
}

static void show_optional(struct json *json, const char *name, const char *text)
{
    if (text != NULL) {
        json_text(json, name, text);
    }
}

static void show_nonzero(struct json *json, const char *name, int64_t value)
{
    if (value != 0) {
        json_integer(json, name, value);
    }
}

static void show_line(struct json *json, const struct line *line)
{
    json_object(json, NULL);
    show_optional(json, "sku", line->sku);
    show_optional(json, "category", line->category);
    json_integer(json, "quantity", line->quantity);
    json_integer(json, "gross", line->gross);
    show_nonzero(json, "discount", line->discount);
    show_nonzero(json, "tax", line->tax);
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
            show_optional(json, "reward", purchase->redemptions[i].reward);
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

static void show_purchase(struct json *json, const struct purchase *purchase)
{
    json_object(json, "receipt");
    show_optional(json, "store", purchase->receipt.store);
    show_day(json, "business_date", purchase->receipt.business_date);
    show_optional(json, "till", purchase->receipt.till);
    json_text(json, "number", purchase->receipt.number);
    json_end_object(json);
    if (purchase->card.size > 0) {
        json_hex(json, "card_commitment", purchase->card);
    }
    json_array(json, "lines");
    for (size_t i = 0; i < purchase->lines_count; i++) {
        show_line(json, &purchase->lines[i]);
    }
    json_end_array(json);
    show_nonzero(json, "basket_discount", purchase->basket_discount);
    show_nonzero(json, "cash_rounding", purchase->cash_rounding);
    show_nonzero(json, "tip", purchase->tip);
    if (purchase->tenders_count > 0) {
        json_array(json, "tenders");
        for (size_t i = 0; i < purchase->tenders_count; i++) {
            json_object(json, NULL);
            json_text(json, "kind", tender_name(purchase->tenders[i].kind));
            json_integer(json, "amount", purchase->tenders[i].amount);
            show_optional(json, "label", purchase->tenders[i].label);
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
        json_text(json, "role", role_name(event->invite.role));
        show_optional(json, "store", event->invite.store);
        json_text(json, "label", event->invite.label);
        show_instant(json, "expires_at", event->invite.expires_at);
        json_hex(json, "code_hash", event->invite.code_hash);
        break;
    case EVENT_PRINCIPAL_ADDED:
        json_unsigned(json, "principal", event->principal_added.principal);
        json_hex(json, "key", event->principal_added.key);
        json_unsigned(json, "invite", event->principal_added.invite);
        json_hex(json, "proof", event->principal_added.proof);
        break;
    case EVENT_REVOKE:
        json_unsigned(json, "principal", event->revoke.principal);
        show_optional(json, "reason", event->revoke.reason);
        break;
    case EVENT_PROGRAMME_CHANGE:
        json_unsigned(json, "yaml_bytes", event->programme_change.yaml.size);
        break;
    case EVENT_GO_LIVE:
        break;
    case EVENT_ENGINE_REVISION:
        json_unsigned(json, "revision", event->engine_revision.revision);
        show_optional(json, "version", event->engine_revision.version);
        break;
    case EVENT_KEY_ROTATED:
        json_hex(json, "key", event->key_rotated.key);
        json_hex(json, "proof", event->key_rotated.proof);
        break;
    case EVENT_RETIRED:
        json_unsigned(json, "principal", event->retired.principal);
        show_optional(json, "reason", event->retired.reason);
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
        show_instant(json, "occurred_at", event.occurred_at);
        show_nonzero(json, "clock_correction_ms", event.clock_correction);
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
        show_day(json, "day", context->day);
        json_integer(json, "minute", context->minute);
        json_integer(json, "offset_minutes", context->offset);
        show_day(json, "member_day", context->member_day);
        show_day(json, "booked_day", context->booked_day);
        if (context->member > 0 || context->new_member > 0) {
            show_context_state(json, context);
        }
    }
    json_end_object(json);
}

/* "issued", or "available of member 7". */
static void show_account(struct json *json, const char *name, uint64_t code)
{
    static const char *const of_programme[] = {"issued",   "redeemed", "expired",
                                               "returned", "adjusted", "forgiven"};
    static const char *const of_member[] = {"available", "pending", "reserved"};
    const uint32_t member = account_member(code);
    const uint32_t number = account_number(code);
    char text[64];
    if (member == 0 && number < sizeof(of_programme) / sizeof(of_programme[0])) {
        json_text(json, name, of_programme[number]);
        return;
    }
    if (member != 0 && number < sizeof(of_member) / sizeof(of_member[0])) {
        (void)snprintf(text, sizeof(text), "%s of member %" PRIu32, of_member[number], member);
    } else {
        (void)snprintf(text, sizeof(text), "account %" PRIu64, code);
    }
    json_text(json, name, text);
}

static void show_member_effect(struct json *json, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_LOT:
        json_unsigned(json, "index", effect->lot.index);
        show_day(json, "since", effect->lot.since);
        show_day(json, "until", effect->lot.until);
        break;
    case EFFECT_METRIC:
        json_unsigned(json, "metric", effect->metric.metric);
        show_day(json, "day", effect->metric.day);
        json_integer(json, "amount", effect->metric.amount);
        break;
    case EFFECT_LEVEL:
        json_unsigned(json, "level", effect->level.level);
        show_day(json, "until", effect->level.until);
        break;
    case EFFECT_STAMPS:
        json_unsigned(json, "card", effect->stamps.card);
        json_integer(json, "given", effect->stamps.given);
        json_unsigned(json, "completed", effect->stamps.completed);
        json_integer(json, "count", effect->stamps.count);
        json_unsigned(json, "rule", effect->stamps.rule);
        break;
    case EFFECT_VOUCHER:
        json_hex(json, "code", (struct bytes){.data = effect->voucher.code, .size = VOUCHER_CODE_BYTES});
        json_unsigned(json, "reward", effect->voucher.reward);
        json_unsigned(json, "card", effect->voucher.card);
        show_day(json, "until", effect->voucher.until);
        break;
    case EFFECT_VISIT:
        show_day(json, "day", effect->visit.day);
        break;
    case EFFECT_NOTE:
        json_unsigned(json, "note", effect->note.note);
        json_unsigned(json, "rule", effect->note.rule);
        break;
    case EFFECT_COUNTER:
        json_unsigned(json, "limit", effect->counter.limit);
        show_day(json, "period", effect->counter.period);
        json_integer(json, "amount", effect->counter.amount);
        show_optional(json, "store", effect->counter.store);
        show_optional(json, "scope", effect->counter.scope);
        break;
    case EFFECT_ENROL:
    case EFFECT_MOVE:
    case EFFECT_PRINCIPAL:
    case EFFECT_INVITE:
    case EFFECT_PROGRAMME:
    case EFFECT_LIVE:
    case EFFECT_REVISION:
        break;
    }
}

static void show_effect(struct json *json, const struct effect *effect)
{
    json_object(json, NULL);
    json_text(json, "effect", effect_kind_name(effect->kind));
    if (effect->member != 0) {
        json_unsigned(json, "member", effect->member);
    }
    switch (effect->kind) {
    case EFFECT_MOVE:
        show_account(json, "debit", effect->move.debit);
        show_account(json, "credit", effect->move.credit);
        json_integer(json, "amount", effect->move.amount);
        if (effect->move.rule != 0) {
            json_unsigned(json, "rule", effect->move.rule);
        }
        if (effect->move.has_lot && effect->move.lot.position != 0) {
            json_unsigned(json, "lot_position", effect->move.lot.position);
        }
        break;
    case EFFECT_PRINCIPAL:
        json_unsigned(json, "principal", effect->principal.principal);
        json_text(json, "role", role_name(effect->principal.role));
        show_optional(json, "store", effect->principal.store);
        show_optional(json, "label", effect->principal.label);
        json_bool(json, "revoked", effect->principal.revoked);
        if (effect->principal.key_no != 0) {
            json_unsigned(json, "key_no", effect->principal.key_no);
        }
        if (effect->principal.retired_at != 0) {
            show_instant(json, "retired_at", effect->principal.retired_at);
        }
        break;
    case EFFECT_INVITE:
        json_text(json, "role", role_name(effect->invite.role));
        show_optional(json, "store", effect->invite.store);
        show_optional(json, "label", effect->invite.label);
        show_instant(json, "expires_at", effect->invite.expires_at);
        break;
    case EFFECT_PROGRAMME:
        json_unsigned(json, "version", effect->programme.version);
        show_day(json, "effective", effect->programme.effective);
        break;
    case EFFECT_REVISION:
        json_unsigned(json, "revision", effect->revision.revision);
        break;
    case EFFECT_LIVE:
    case EFFECT_ENROL:
        break;
    case EFFECT_LOT:
    case EFFECT_METRIC:
    case EFFECT_LEVEL:
    case EFFECT_STAMPS:
    case EFFECT_VOUCHER:
    case EFFECT_VISIT:
    case EFFECT_COUNTER:
    case EFFECT_NOTE:
        show_member_effect(json, effect);
        break;
    }
    json_end_object(json);
}

static const char *near_miss_text(enum near_miss_reason reason)
{
    switch (reason) {
    case NEAR_NEXT_LEVEL:
        return "qualifying points to the level";
    case NEAR_NEXT_REWARD:
        return "stamps to a full card";
    case NEAR_MIN_SPEND:
        return "minor units on the rule's lines";
    case NEAR_MIN_BASKET:
        return "minor units of the basket";
    }
    return "";
}

static void show_balances(struct json *json, const struct balances *balances)
{
    json_object(json, "balances");
    json_integer(json, "available", balances->accounts[MEMBER_AVAILABLE]);
    json_integer(json, "pending", balances->accounts[MEMBER_PENDING]);
    json_integer(json, "reserved", balances->accounts[MEMBER_RESERVED]);
    json_unsigned(json, "level", balances->level);
    json_integer(json, "qualifying", balances->qualifying);
    json_end_object(json);
}

static void show_outcome(struct json *json, struct bytes bytes, struct arena *arena, struct outcome *outcome)
{
    const int error = wire_outcome_unpack(bytes, arena, outcome);
    json_object(json, "outcome");
    if (error != 0) {
        json_text(json, "unreadable", error_text(error));
        json_end_object(json);
        return;
    }
    json_text(json, "code", outcome_code_name(outcome->code));
    if (outcome->code != CODE_ACCEPTED) {
        json_text(json, "text", outcome_code_text(outcome->code));
    }
    json_unsigned(json, "programme_version", outcome->programme_version);
    json_unsigned(json, "member", outcome->member);
    json_array(json, "effects");
    for (size_t i = 0; i < outcome->effects_count; i++) {
        show_effect(json, &outcome->effects[i]);
    }
    json_end_array(json);
    if (outcome->has_balances) {
        show_balances(json, &outcome->balances);
    }
    json_array(json, "near_misses");
    for (size_t i = 0; i < outcome->near_misses_count; i++) {
        json_object(json, NULL);
        json_integer(json, "lacking", outcome->near_misses[i].lacking);
        json_text(json, "what", near_miss_text(outcome->near_misses[i].reason));
        json_unsigned(json, "number", outcome->near_misses[i].number);
        json_end_object(json);
    }
    json_end_array(json);
    json_array(json, "exceptions");
    for (size_t i = 0; i < outcome->exceptions_count; i++) {
        json_object(json, NULL);
        json_text(json, "what", exception_text(outcome->exceptions[i].kind));
        json_integer(json, "amount", outcome->exceptions[i].amount);
        json_end_object(json);
    }
    json_end_array(json);
    json_end_object(json);
}

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
    show_instant(json, "booked_at", reply->event.booked_at);
    json_hex(json, "chain", reply->event.chain);
    json_hex(json, "signature", reply->event.signature);
    show_body(json, reply->event.body, &ctl->arena);
    show_context(json, reply->event.context, &ctl->arena);
    show_outcome(json, reply->event.outcome, &ctl->arena, ctl->outcome);
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
