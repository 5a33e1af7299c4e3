/* One effect to and from loyalty.Effect. */
#ifndef LOYALTY_WIRE_EFFECTS_H
#define LOYALTY_WIRE_EFFECTS_H

#include "model/effect.h"
#include "wire/enums.h"
#include "wire/values.h"

/* Memory for any of the arms while an effect is packed. */
union wire_effect_arm {
    Loyalty__EnrolEffect enrol;
    Loyalty__LotEffect lot;
    Loyalty__MoveEffect move;
    Loyalty__MetricEffect metric;
    Loyalty__LevelEffect level;
    Loyalty__StampsEffect stamps;
    Loyalty__VoucherEffect voucher;
    Loyalty__VisitEffect visit;
    Loyalty__PrincipalEffect principal;
    Loyalty__InviteEffect invite;
    Loyalty__ProgrammeEffect programme;
    Loyalty__LiveEffect live;
    Loyalty__RevisionEffect revision;
    Loyalty__CounterEffect counter;
    Loyalty__NoteEffect note;
    Loyalty__VoucherHoldEffect voucher_hold;
    Loyalty__VoucherEndEffect voucher_end;
    Loyalty__ReservationEffect reservation;
    Loyalty__ReservationEndEffect reservation_end;
    Loyalty__FloorEffect floor;
    struct {
        Loyalty__ReceiptEffect effect;
        Loyalty__ReceiptFact fact;
    } receipt;
    Loyalty__ItemEffect item;
    Loyalty__MergeEffect merge;
    Loyalty__HouseholdEffect household;
};

/* Fills `message` and the arm it points to; both borrow from `effect`. `member` is the outcome's, which
 * effects leave out. */
void wire_effect_write(const struct effect *effect, uint32_t member, union wire_effect_arm *arm,
                       Loyalty__Effect *message);

/* Fills `effect`, whose texts and bytes stay in `message`. The index of a voucher that is issued is left 0.
 */
void wire_effect_read(struct wire_values *values, const Loyalty__Effect *message, uint32_t member,
                      struct effect *effect);

#define MEMBER_OF(message, fallback) ((message)->has_member ? (message)->member : (fallback))

/* The same for what becomes of rewards, reservations and receipts (effects_reward.c only; the arm is set
 * already). */
void wire_reward_effect_write(const struct effect *effect, uint32_t member, union wire_effect_arm *arm);
void wire_reward_effect_read(struct wire_values *values, const Loyalty__Effect *message, uint32_t member,
                             struct effect *effect);

/* A fact of a receipt, also in a context. */
void wire_receipt_fact_write(const struct receipt_fact *fact, Loyalty__ReceiptFact *message);
void wire_receipt_fact_read(struct wire_values *values, const Loyalty__ReceiptFact *message,
                            struct receipt_fact *ret_fact);

/* Whether an effect of this kind points into the message it was read from. */
bool wire_effect_borrows(enum effect_kind kind);

#endif
