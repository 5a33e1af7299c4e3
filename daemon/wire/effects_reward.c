/* Items of sets, and what becomes of vouchers, reservations, levels given by hand and receipts, to and from
 * loyalty.Effect. */
#include "wire/effects.h"

#include "model/programme.h"
#include "wire/protobuf.h"

#include <string.h>

static void voucher_hold_write(const struct effect *effect, uint32_t member,
                               Loyalty__VoucherHoldEffect *message)
{
    loyalty__voucher_hold_effect__init(message);
    WIRE_PUT_UNLESS(message, member, effect->member, member);
    WIRE_PUT_UNLESS(message, position, effect->voucher_hold.voucher.position, 0);
    WIRE_PUT_UNLESS(message, index, effect->voucher_hold.voucher.index, 0);
    WIRE_PUT_UNLESS(message, reservation, effect->voucher_hold.reservation, 0);
}

static void voucher_end_write(const struct effect *effect, uint32_t member,
                              Loyalty__VoucherEndEffect *message)
{
    loyalty__voucher_end_effect__init(message);
    WIRE_PUT_UNLESS(message, member, effect->member, member);
    WIRE_PUT_UNLESS(message, position, effect->voucher_end.voucher.position, 0);
    WIRE_PUT_UNLESS(message, index, effect->voucher_end.voucher.index, 0);
    const struct bytes code = {effect->voucher_end.code, VOUCHER_CODE_BYTES};
    WIRE_PUT(message, code, wire_bytes(code));
    WIRE_PUT(message, end, (uint32_t)effect->voucher_end.end);
}

static void reservation_write(const struct effect *effect, uint32_t member,
                              Loyalty__ReservationEffect *message)
{
    loyalty__reservation_effect__init(message);
    WIRE_PUT_UNLESS(message, member, effect->member, member);
    WIRE_PUT_UNLESS(message, points, effect->reservation.points, 0);
    WIRE_PUT_UNLESS(message, reward, effect->reservation.reward, 0);
    WIRE_PUT_UNLESS(message, units, effect->reservation.units, 0);
    WIRE_PUT_UNLESS(message, day, effect->reservation.day, 0);
    WIRE_PUT_UNLESS(message, until, effect->reservation.until, 0);
    WIRE_PUT_UNLESS(message, position, effect->reservation.position, 0);
}

static void receipt_write(const struct effect *effect, union wire_effect_arm *arm)
{
    loyalty__receipt_effect__init(&arm->receipt.effect);
    loyalty__receipt_fact__init(&arm->receipt.fact);
    WIRE_PUT_UNLESS(&arm->receipt.effect, position, effect->receipt.position, 0);
    wire_receipt_fact_write(&effect->receipt.fact, &arm->receipt.fact);
    arm->receipt.effect.fact = &arm->receipt.fact;
}

void wire_receipt_fact_write(const struct receipt_fact *fact, Loyalty__ReceiptFact *message)
{
    loyalty__receipt_fact__init(message);
    WIRE_PUT(message, kind, (uint32_t)fact->kind);
    WIRE_PUT_UNLESS(message, index, fact->index, 0);
    WIRE_PUT_UNLESS(message, quantity, fact->quantity, 0);
    WIRE_PUT_UNLESS(message, amount, fact->amount, 0);
}

void wire_receipt_fact_read(struct wire_values *values, const Loyalty__ReceiptFact *message,
                            struct receipt_fact *ret_fact)
{
    const bool known = (message->kind >= FACT_LINE && message->kind <= FACT_ADJUSTED_VOUCHERS) ||
                       message->kind == FACT_ENDED;
    wire_value_check(values, known, "kind");
    *ret_fact = (struct receipt_fact){.kind = known ? (enum receipt_fact_kind)message->kind : FACT_LINE,
                                      .index = message->index,
                                      .quantity = message->quantity,
                                      .amount = message->amount};
}

static void item_write(const struct effect *effect, uint32_t member, Loyalty__ItemEffect *message)
{
    loyalty__item_effect__init(message);
    WIRE_PUT_UNLESS(message, member, effect->member, member);
    WIRE_PUT_UNLESS(message, card, effect->item.card, 0);
    WIRE_PUT_UNLESS(message, item, effect->item.item, 0);
    WIRE_PUT_UNLESS(message, amount, effect->item.amount, 0);
}

void wire_reward_effect_write(const struct effect *effect, uint32_t member, union wire_effect_arm *arm)
{
    switch (effect->kind) {
    case EFFECT_ITEM:
        item_write(effect, member, &arm->item);
        break;
    case EFFECT_VOUCHER_HOLD:
        voucher_hold_write(effect, member, &arm->voucher_hold);
        break;
    case EFFECT_VOUCHER_END:
        voucher_end_write(effect, member, &arm->voucher_end);
        break;
    case EFFECT_RESERVATION:
        reservation_write(effect, member, &arm->reservation);
        break;
    case EFFECT_RESERVATION_END:
        loyalty__reservation_end_effect__init(&arm->reservation_end);
        WIRE_PUT_UNLESS(&arm->reservation_end, member, effect->member, member);
        WIRE_PUT_UNLESS(&arm->reservation_end, reservation, effect->reservation_end.reservation, 0);
        WIRE_PUT(&arm->reservation_end, end, (uint32_t)effect->reservation_end.end);
        break;
    case EFFECT_FLOOR:
        loyalty__floor_effect__init(&arm->floor);
        WIRE_PUT_UNLESS(&arm->floor, member, effect->member, member);
        WIRE_PUT_UNLESS(&arm->floor, level, effect->floor.level, 0);
        if (effect->floor.level != 0) {
            WIRE_PUT_UNLESS(&arm->floor, until, effect->floor.until, DAY_NEVER);
        }
        break;
    case EFFECT_RECEIPT:
        receipt_write(effect, arm);
        break;
    case EFFECT_MERGE:
        loyalty__merge_effect__init(&arm->merge);
        WIRE_PUT_UNLESS(&arm->merge, member, effect->member, member);
        WIRE_PUT_UNLESS(&arm->merge, into, effect->merge.into, 0);
        break;
    case EFFECT_HOUSEHOLD:
        loyalty__household_effect__init(&arm->household);
        WIRE_PUT_UNLESS(&arm->household, member, effect->member, member);
        WIRE_PUT_UNLESS(&arm->household, household, effect->household.household, 0);
        break;
    case EFFECT_ENROL:
    case EFFECT_LOT:
    case EFFECT_MOVE:
    case EFFECT_METRIC:
    case EFFECT_LEVEL:
    case EFFECT_STAMPS:
    case EFFECT_VOUCHER:
    case EFFECT_VISIT:
    case EFFECT_PRINCIPAL:
    case EFFECT_INVITE:
    case EFFECT_PROGRAMME:
    case EFFECT_LIVE:
    case EFFECT_REVISION:
    case EFFECT_COUNTER:
    case EFFECT_NOTE:
        break;
    }
}

static void voucher_end_read(struct wire_values *values, const Loyalty__VoucherEndEffect *message,
                             struct effect *effect)
{
    effect->voucher_end.voucher = (struct origin){message->position, message->index};
    wire_value_check(values, message->code.len == VOUCHER_CODE_BYTES, "code");
    if (message->code.len == VOUCHER_CODE_BYTES) {
        memcpy(effect->voucher_end.code, message->code.data, VOUCHER_CODE_BYTES);
    }
    const bool known = message->end >= VOUCHER_REDEEMED && message->end <= VOUCHER_CANCELLED;
    wire_value_check(values, known, "end");
    effect->voucher_end.end = known ? (enum voucher_end)message->end : VOUCHER_REDEEMED;
}

static void item_read(const Loyalty__ItemEffect *message, uint32_t member, struct effect *effect)
{
    effect->member = MEMBER_OF(message, member);
    effect->item.card = message->card;
    effect->item.item = message->item;
    effect->item.amount = message->amount;
}

static void reservation_read(const Loyalty__ReservationEffect *message, struct effect *effect)
{
    effect->reservation.points = message->points;
    effect->reservation.reward = message->reward;
    effect->reservation.units = message->units;
    effect->reservation.day = message->day;
    effect->reservation.until = message->until;
    effect->reservation.position = message->position;
}

void wire_reward_effect_read(struct wire_values *values, const Loyalty__Effect *message, uint32_t member,
                             struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_ITEM:
        item_read(message->item, member, effect);
        break;
    case EFFECT_VOUCHER_HOLD:
        effect->member = MEMBER_OF(message->voucher_hold, member);
        effect->voucher_hold.voucher =
            (struct origin){message->voucher_hold->position, message->voucher_hold->index};
        effect->voucher_hold.reservation = message->voucher_hold->reservation;
        break;
    case EFFECT_VOUCHER_END:
        effect->member = MEMBER_OF(message->voucher_end, member);
        voucher_end_read(values, message->voucher_end, effect);
        break;
    case EFFECT_RESERVATION:
        effect->member = MEMBER_OF(message->reservation, member);
        reservation_read(message->reservation, effect);
        break;
    case EFFECT_RESERVATION_END:
        effect->member = MEMBER_OF(message->reservation_end, member);
        effect->reservation_end.reservation = message->reservation_end->reservation;
        wire_value_check(values,
                         message->reservation_end->end >= RESERVATION_COMMITTED &&
                             message->reservation_end->end <= RESERVATION_TIMED_OUT,
                         "end");
        effect->reservation_end.end = (enum reservation_end)(message->reservation_end->end & 3);
        break;
    case EFFECT_FLOOR:
        effect->member = MEMBER_OF(message->floor, member);
        effect->floor.level = message->floor->level;
        effect->floor.until = message->floor->has_until    ? message->floor->until
                              : message->floor->level != 0 ? DAY_NEVER
                                                           : 0;
        break;
    case EFFECT_MERGE:
        effect->member = MEMBER_OF(message->merge, member);
        effect->merge.into = message->merge->into;
        break;
    case EFFECT_HOUSEHOLD:
        effect->member = MEMBER_OF(message->household, member);
        effect->household.household = message->household->household;
        break;
    case EFFECT_RECEIPT:
        effect->receipt.position = message->receipt->position;
        wire_value_check(values, message->receipt->fact != NULL, "fact");
        if (message->receipt->fact != NULL) {
            wire_receipt_fact_read(values, message->receipt->fact, &effect->receipt.fact);
        }
        break;
    case EFFECT_ENROL:
    case EFFECT_LOT:
    case EFFECT_MOVE:
    case EFFECT_METRIC:
    case EFFECT_LEVEL:
    case EFFECT_STAMPS:
    case EFFECT_VOUCHER:
    case EFFECT_VISIT:
    case EFFECT_PRINCIPAL:
    case EFFECT_INVITE:
    case EFFECT_PROGRAMME:
    case EFFECT_LIVE:
    case EFFECT_REVISION:
    case EFFECT_COUNTER:
    case EFFECT_NOTE:
        break;
    }
}
