/* What was decided of an event, for people and programs (client/json.h). */
#include "client/loyaltyctl_show.h"

#include "client/view.h"
#include "wire/body.h"

#include <inttypes.h>
#include <stdio.h>

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

/* Vouchers, reservations and receipts. */
static void show_reward_effect(struct json *json, const struct effect *effect)
{
    if (effect->kind == EFFECT_VOUCHER) {
        json_hex(json, "code", (struct bytes){.data = effect->voucher.code, .size = VOUCHER_CODE_BYTES});
        json_unsigned(json, "reward", effect->voucher.reward);
        json_unsigned(json, "card", effect->voucher.card);
        ctl_show_day(json, "until", effect->voucher.until);
    } else if (effect->kind == EFFECT_VOUCHER_HOLD) {
        json_unsigned(json, "voucher_position", effect->voucher_hold.voucher.position);
        json_unsigned(json, "index", effect->voucher_hold.voucher.index);
        json_bool(json, "reserved", effect->voucher_hold.reservation != 0);
    } else if (effect->kind == EFFECT_VOUCHER_END) {
        json_hex(json, "code", (struct bytes){.data = effect->voucher_end.code, .size = VOUCHER_CODE_BYTES});
        json_text(json, "end", voucher_end_name(effect->voucher_end.end));
    } else if (effect->kind == EFFECT_RESERVATION) {
        json_integer(json, "points", effect->reservation.points);
        json_unsigned(json, "reward", effect->reservation.reward);
        json_unsigned(json, "units", effect->reservation.units);
        if (effect->reservation.until != 0) {
            ctl_show_instant(json, "until", effect->reservation.until);
        }
    } else if (effect->kind == EFFECT_RESERVATION_END) {
        json_unsigned(json, "reservation", effect->reservation_end.reservation);
        json_text(json, "end", reservation_end_name(effect->reservation_end.end));
    } else if (effect->kind == EFFECT_RECEIPT) {
        json_unsigned(json, "receipt_position", effect->receipt.position);
        json_text(json, "fact", receipt_fact_name(effect->receipt.fact.kind));
        json_unsigned(json, "index", effect->receipt.fact.index);
        json_integer(json, "quantity", effect->receipt.fact.quantity);
        json_integer(json, "amount", effect->receipt.fact.amount);
    }
}

static void show_member_effect(struct json *json, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_LOT:
        json_unsigned(json, "index", effect->lot.index);
        ctl_show_day(json, "since", effect->lot.since);
        ctl_show_day(json, "until", effect->lot.until);
        break;
    case EFFECT_METRIC:
        json_unsigned(json, "metric", effect->metric.metric);
        ctl_show_day(json, "day", effect->metric.day);
        json_integer(json, "amount", effect->metric.amount);
        break;
    case EFFECT_LEVEL:
        json_unsigned(json, "level", effect->level.level);
        ctl_show_day(json, "until", effect->level.until);
        break;
    case EFFECT_STAMPS:
        json_unsigned(json, "card", effect->stamps.card);
        json_integer(json, "given", effect->stamps.given);
        json_unsigned(json, "completed", effect->stamps.completed);
        json_integer(json, "count", effect->stamps.count);
        json_unsigned(json, "rule", effect->stamps.rule);
        break;
    case EFFECT_VISIT:
        ctl_show_day(json, "day", effect->visit.day);
        ctl_show_nonzero(json, "more", effect->visit.more);
        break;
    case EFFECT_NOTE:
        json_unsigned(json, "note", effect->note.note);
        json_unsigned(json, "rule", effect->note.rule);
        break;
    case EFFECT_ITEM:
        json_unsigned(json, "card", effect->item.card);
        json_unsigned(json, "item", effect->item.item);
        json_integer(json, "amount", effect->item.amount);
        break;
    case EFFECT_COUNTER:
        json_unsigned(json, "limit", effect->counter.limit);
        ctl_show_day(json, "period", effect->counter.period);
        json_integer(json, "amount", effect->counter.amount);
        ctl_show_optional(json, "store", effect->counter.store);
        ctl_show_optional(json, "scope", effect->counter.scope);
        break;
    case EFFECT_FLOOR:
        json_unsigned(json, "level", effect->floor.level);
        ctl_show_day(json, "until", effect->floor.until);
        break;
    case EFFECT_MERGE:
        json_unsigned(json, "into", effect->merge.into);
        break;
    case EFFECT_HOUSEHOLD:
        json_unsigned(json, "household", effect->household.household);
        break;
    case EFFECT_ENROL:
    case EFFECT_MOVE:
    case EFFECT_PRINCIPAL:
    case EFFECT_INVITE:
    case EFFECT_PROGRAMME:
    case EFFECT_LIVE:
    case EFFECT_REVISION:
    case EFFECT_VOUCHER:
    case EFFECT_VOUCHER_HOLD:
    case EFFECT_VOUCHER_END:
    case EFFECT_RESERVATION:
    case EFFECT_RESERVATION_END:
    case EFFECT_RECEIPT:
        break;
    }
}

static void show_version(struct json *json, const struct effect *effect)
{
    json_unsigned(json, "version", effect->programme.version);
    ctl_show_day(json, "effective", effect->programme.effective);
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
        ctl_show_optional(json, "store", effect->principal.store);
        ctl_show_optional(json, "label", effect->principal.label);
        json_bool(json, "revoked", effect->principal.revoked);
        if (effect->principal.key_no != 0) {
            json_unsigned(json, "key_no", effect->principal.key_no);
        }
        if (effect->principal.retired_at != 0) {
            ctl_show_instant(json, "retired_at", effect->principal.retired_at);
        }
        break;
    case EFFECT_INVITE:
        json_text(json, "role", role_name(effect->invite.role));
        ctl_show_optional(json, "store", effect->invite.store);
        ctl_show_optional(json, "label", effect->invite.label);
        ctl_show_instant(json, "expires_at", effect->invite.expires_at);
        break;
    case EFFECT_PROGRAMME:
        show_version(json, effect);
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
    case EFFECT_VISIT:
    case EFFECT_COUNTER:
    case EFFECT_NOTE:
    case EFFECT_ITEM:
    case EFFECT_FLOOR:
    case EFFECT_MERGE:
    case EFFECT_HOUSEHOLD:
        show_member_effect(json, effect);
        break;
    case EFFECT_VOUCHER:
    case EFFECT_VOUCHER_HOLD:
    case EFFECT_VOUCHER_END:
    case EFFECT_RESERVATION:
    case EFFECT_RESERVATION_END:
    case EFFECT_RECEIPT:
        show_reward_effect(json, effect);
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

void ctl_show_outcome(struct json *json, struct bytes bytes, struct arena *arena, struct outcome *outcome)
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
    view_json_uses(json, outcome);
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
