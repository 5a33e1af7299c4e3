/* The enumerations of the model and of the schema: the same numbers, held together here. Each pair of
 * switches names every value of both sides, so that adding one to either breaks the build until the other has
 * it.
 *
 * wire_x_read: false for a number the schema does not have. */
#ifndef LOYALTY_WIRE_ENUMS_H
#define LOYALTY_WIRE_ENUMS_H

#include "model/decision.h"
#include "model/effect.h"
#include "model/event.h"
#include "wire/message.h"

#include "loyalty/event.pb-c.h"
#include "loyalty/log.pb-c.h"
#include "loyalty/wire.pb-c.h"

bool wire_role_read(Loyalty__Role number, enum role *ret_role);
Loyalty__Role wire_role_write(enum role role);

/* The schema's REDEEM_DONE and REDEEM_REQUIRED. */
bool wire_redeem_read(Loyalty__Redeem number, bool *ret_done);
Loyalty__Redeem wire_redeem_write(bool done);

bool wire_tender_kind_read(Loyalty__TenderKind number, enum tender_kind *ret_kind);
Loyalty__TenderKind wire_tender_kind_write(enum tender_kind kind);

bool wire_code_read(Loyalty__Code number, enum outcome_code *ret_code);
Loyalty__Code wire_code_write(enum outcome_code code);

bool wire_near_miss_reason_read(Loyalty__NearMissReason number, enum near_miss_reason *ret_reason);
Loyalty__NearMissReason wire_near_miss_reason_write(enum near_miss_reason reason);

bool wire_exception_kind_read(Loyalty__ExceptionKind number, enum exception_kind *ret_kind);
Loyalty__ExceptionKind wire_exception_kind_write(enum exception_kind kind);

bool wire_failure_code_read(Loyalty__FailureCode number, enum failure_code *ret_code);
Loyalty__FailureCode wire_failure_code_write(enum failure_code code);

bool wire_voucher_state_read(Loyalty__VoucherState number, enum voucher_state *ret_state);
Loyalty__VoucherState wire_voucher_state_write(enum voucher_state state);

/* The arm of a oneof; reading is false when none is there. */
bool wire_event_kind_read(Loyalty__Body__KindCase arm, enum event_kind *ret_kind);
Loyalty__Body__KindCase wire_event_kind_write(enum event_kind kind);
bool wire_effect_kind_read(Loyalty__Effect__KindCase arm, enum effect_kind *ret_kind);
Loyalty__Effect__KindCase wire_effect_kind_write(enum effect_kind kind);
bool wire_request_kind_read(Loyalty__Request__MessageCase arm, enum request_kind *ret_kind);
Loyalty__Request__MessageCase wire_request_kind_write(enum request_kind kind);
bool wire_reply_kind_read(Loyalty__Reply__MessageCase arm, enum reply_kind *ret_kind);
Loyalty__Reply__MessageCase wire_reply_kind_write(enum reply_kind kind);

#endif
