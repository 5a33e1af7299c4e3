#include "wire/enums.h"

#include "base/check.h"

#include <assert.h>

/* X(ours, the schema's) of each enumeration. */
#define ROLES(X)                                                                                             \
    X(ROLE_TERMINAL, LOYALTY__ROLE__ROLE_TERMINAL)                                                           \
    X(ROLE_CLERK, LOYALTY__ROLE__ROLE_CLERK)                                                                 \
    X(ROLE_MANAGER, LOYALTY__ROLE__ROLE_MANAGER)                                                             \
    X(ROLE_ADMIN, LOYALTY__ROLE__ROLE_ADMIN)                                                                 \
    X(ROLE_AUDITOR, LOYALTY__ROLE__ROLE_AUDITOR)

#define TENDER_KINDS(X)                                                                                      \
    X(TENDER_CASH, LOYALTY__TENDER_KIND__TENDER_CASH)                                                        \
    X(TENDER_CARD, LOYALTY__TENDER_KIND__TENDER_CARD)                                                        \
    X(TENDER_GIFT_CARD, LOYALTY__TENDER_KIND__TENDER_GIFT_CARD)                                              \
    X(TENDER_VOUCHER, LOYALTY__TENDER_KIND__TENDER_VOUCHER)                                                  \
    X(TENDER_POINTS, LOYALTY__TENDER_KIND__TENDER_POINTS)                                                    \
    X(TENDER_OTHER, LOYALTY__TENDER_KIND__TENDER_OTHER)

#define NEAR_MISS_REASONS(X)                                                                                 \
    X(NEAR_NEXT_LEVEL, LOYALTY__NEAR_MISS_REASON__NEAR_MISS_NEXT_LEVEL)                                      \
    X(NEAR_NEXT_REWARD, LOYALTY__NEAR_MISS_REASON__NEAR_MISS_NEXT_REWARD)                                    \
    X(NEAR_MIN_SPEND, LOYALTY__NEAR_MISS_REASON__NEAR_MISS_MIN_SPEND)                                        \
    X(NEAR_MIN_BASKET, LOYALTY__NEAR_MISS_REASON__NEAR_MISS_MIN_BASKET)

#define EXCEPTION_KINDS(X)                                                                                   \
    X(EXCEPTION_UNKNOWN_CARD, LOYALTY__EXCEPTION_KIND__EXCEPTION_UNKNOWN_CARD)                               \
    X(EXCEPTION_CARD_NOT_OPENED, LOYALTY__EXCEPTION_KIND__EXCEPTION_CARD_NOT_OPENED)                         \
    X(EXCEPTION_REDEMPTION_LEFT_OUT, LOYALTY__EXCEPTION_KIND__EXCEPTION_REDEMPTION_LEFT_OUT)                 \
    X(EXCEPTION_FREE_UNITS_LEFT_OUT, LOYALTY__EXCEPTION_KIND__EXCEPTION_FREE_UNITS_LEFT_OUT)                 \
    X(EXCEPTION_POINTS_LEFT_OUT, LOYALTY__EXCEPTION_KIND__EXCEPTION_POINTS_LEFT_OUT)                         \
    X(EXCEPTION_UNKNOWN_RECEIPT, LOYALTY__EXCEPTION_KIND__EXCEPTION_UNKNOWN_RECEIPT)                         \
    X(EXCEPTION_PARKED, LOYALTY__EXCEPTION_KIND__EXCEPTION_PARKED)                                           \
    X(EXCEPTION_WITHOUT_RECEIPT, LOYALTY__EXCEPTION_KIND__EXCEPTION_WITHOUT_RECEIPT)                         \
    X(EXCEPTION_VOIDED_RECEIPT, LOYALTY__EXCEPTION_KIND__EXCEPTION_VOIDED_RECEIPT)                           \
    X(EXCEPTION_DAY_CLOSED, LOYALTY__EXCEPTION_KIND__EXCEPTION_DAY_CLOSED)                                   \
    X(EXCEPTION_QUANTITY_NOT_RETURNED, LOYALTY__EXCEPTION_KIND__EXCEPTION_QUANTITY_NOT_RETURNED)             \
    X(EXCEPTION_AMOUNT_NOT_RETURNED, LOYALTY__EXCEPTION_KIND__EXCEPTION_AMOUNT_NOT_RETURNED)                 \
    X(EXCEPTION_POINTS_NOT_TAKEN, LOYALTY__EXCEPTION_KIND__EXCEPTION_POINTS_NOT_TAKEN)                       \
    X(EXCEPTION_VOUCHER_USED, LOYALTY__EXCEPTION_KIND__EXCEPTION_VOUCHER_USED)                               \
    X(EXCEPTION_POINTS_SHORT, LOYALTY__EXCEPTION_KIND__EXCEPTION_POINTS_SHORT)                               \
    X(EXCEPTION_VOUCHER_UNKNOWN, LOYALTY__EXCEPTION_KIND__EXCEPTION_VOUCHER_UNKNOWN)                         \
    X(EXCEPTION_VOUCHER_USED_BEFORE, LOYALTY__EXCEPTION_KIND__EXCEPTION_VOUCHER_USED_BEFORE)                 \
    X(EXCEPTION_VOUCHER_EXPIRED, LOYALTY__EXCEPTION_KIND__EXCEPTION_VOUCHER_EXPIRED)                         \
    X(EXCEPTION_VOUCHER_CANCELLED, LOYALTY__EXCEPTION_KIND__EXCEPTION_VOUCHER_CANCELLED)                     \
    X(EXCEPTION_RESERVATION_GONE, LOYALTY__EXCEPTION_KIND__EXCEPTION_RESERVATION_GONE)                       \
    X(EXCEPTION_REWARD_UNKNOWN, LOYALTY__EXCEPTION_KIND__EXCEPTION_REWARD_UNKNOWN)                           \
    X(EXCEPTION_REWARD_LIMIT, LOYALTY__EXCEPTION_KIND__EXCEPTION_REWARD_LIMIT)                               \
    X(EXCEPTION_REWARD_CONDITIONS, LOYALTY__EXCEPTION_KIND__EXCEPTION_REWARD_CONDITIONS)                     \
    X(EXCEPTION_REFUSED, LOYALTY__EXCEPTION_KIND__EXCEPTION_REFUSED)                                         \
    X(EXCEPTION_NOTHING_TO_PAY, LOYALTY__EXCEPTION_KIND__EXCEPTION_NOTHING_TO_PAY)

#define REQUEST_KINDS(X)                                                                                     \
    X(REQUEST_HELLO, LOYALTY__REQUEST__MESSAGE_HELLO)                                                        \
    X(REQUEST_AUTHENTICATE, LOYALTY__REQUEST__MESSAGE_AUTHENTICATE)                                          \
    X(REQUEST_ENROL, LOYALTY__REQUEST__MESSAGE_ENROL)                                                        \
    X(REQUEST_BOOK, LOYALTY__REQUEST__MESSAGE_BOOK)                                                          \
    X(REQUEST_GET_MEMBER, LOYALTY__REQUEST__MESSAGE_GET_MEMBER)                                              \
    X(REQUEST_GET_EVENT, LOYALTY__REQUEST__MESSAGE_GET_EVENT)                                                \
    X(REQUEST_GET_STATUS, LOYALTY__REQUEST__MESSAGE_GET_STATUS)                                              \
    X(REQUEST_GET_PRINCIPALS, LOYALTY__REQUEST__MESSAGE_GET_PRINCIPALS)                                      \
    X(REQUEST_GET_PROGRAMME, LOYALTY__REQUEST__MESSAGE_GET_PROGRAMME)                                        \
    X(REQUEST_CHECK_PROGRAMME, LOYALTY__REQUEST__MESSAGE_CHECK_PROGRAMME)                                    \
    X(REQUEST_BACKUP, LOYALTY__REQUEST__MESSAGE_BACKUP)                                                      \
    X(REQUEST_QUOTE, LOYALTY__REQUEST__MESSAGE_QUOTE)                                                        \
    X(REQUEST_BOOK_BATCH, LOYALTY__REQUEST__MESSAGE_BOOK_BATCH)                                              \
    X(REQUEST_GET_VOUCHER, LOYALTY__REQUEST__MESSAGE_GET_VOUCHER)                                            \
    X(REQUEST_GET_EXCEPTIONS, LOYALTY__REQUEST__MESSAGE_GET_EXCEPTIONS)                                      \
    X(REQUEST_SET_PROFILE, LOYALTY__REQUEST__MESSAGE_SET_PROFILE)                                            \
    X(REQUEST_GET_PROFILE, LOYALTY__REQUEST__MESSAGE_GET_PROFILE)

#define REPLY_KINDS(X)                                                                                       \
    X(REPLY_FAILURE, LOYALTY__REPLY__MESSAGE_FAILURE)                                                        \
    X(REPLY_WELCOME, LOYALTY__REPLY__MESSAGE_WELCOME)                                                        \
    X(REPLY_READY, LOYALTY__REPLY__MESSAGE_READY)                                                            \
    X(REPLY_ENROLLED, LOYALTY__REPLY__MESSAGE_ENROLLED)                                                      \
    X(REPLY_BOOKED, LOYALTY__REPLY__MESSAGE_BOOKED)                                                          \
    X(REPLY_MEMBER, LOYALTY__REPLY__MESSAGE_MEMBER)                                                          \
    X(REPLY_EVENT, LOYALTY__REPLY__MESSAGE_EVENT)                                                            \
    X(REPLY_STATUS, LOYALTY__REPLY__MESSAGE_STATUS)                                                          \
    X(REPLY_PRINCIPALS, LOYALTY__REPLY__MESSAGE_PRINCIPALS)                                                  \
    X(REPLY_PROGRAMME, LOYALTY__REPLY__MESSAGE_PROGRAMME)                                                    \
    X(REPLY_PROGRAMME_CHECKED, LOYALTY__REPLY__MESSAGE_PROGRAMME_CHECKED)                                    \
    X(REPLY_BACKUP_STEP, LOYALTY__REPLY__MESSAGE_BACKUP_STEP)                                                \
    X(REPLY_QUOTED, LOYALTY__REPLY__MESSAGE_QUOTED)                                                          \
    X(REPLY_VOUCHER, LOYALTY__REPLY__MESSAGE_VOUCHER)                                                        \
    X(REPLY_EXCEPTIONS, LOYALTY__REPLY__MESSAGE_EXCEPTIONS)                                                  \
    X(REPLY_PROFILE, LOYALTY__REPLY__MESSAGE_PROFILE)

/* Tables that stand in headers, in the form of these. */
#define AGREE(ours, theirs)                                                                                  \
    static_assert((int)(ours) == (int)(theirs), #ours " has its number in the schema");
ROLES(AGREE)
TENDER_KINDS(AGREE)
NEAR_MISS_REASONS(AGREE)
EXCEPTION_KINDS(AGREE)
REQUEST_KINDS(AGREE)
REPLY_KINDS(AGREE)
#define X(name, number, text) AGREE(CODE_##name, LOYALTY__CODE__CODE_##name)
#include "model/refusal.def"
#undef X
#define X(name, number) AGREE(FAILURE_##name, LOYALTY__FAILURE_CODE__FAILURE_##name)
FAILURE_TABLE(X)
#undef X
#define X(name, number) AGREE(VOUCHER_STATE_##name, LOYALTY__VOUCHER_STATE__VOUCHER_##name)
VOUCHER_STATE_TABLE(X)
#undef X
#define X(name, number) AGREE(EVENT_##name, LOYALTY__BODY__KIND_##name)
EVENT_KIND_TABLE(X)
#undef X
#define X(name, number) AGREE(EFFECT_##name, LOYALTY__EFFECT__KIND_##name)
EFFECT_TABLE(X)
#undef X

#define READ(ours, theirs)                                                                                   \
    case theirs:                                                                                             \
        *ret_value = (ours);                                                                                 \
        return true;
#define WRITE(ours, theirs)                                                                                  \
    case ours:                                                                                               \
        return theirs;

/* A value of ours that is none is a bug of ours. */
_Noreturn static void no_such_value(void)
{
    check_failed("the value is one of its enumeration", __FILE__, __LINE__);
}

bool wire_role_read(Loyalty__Role number, enum role *ret_value)
{
    switch (number) {
        ROLES(READ)
    case _LOYALTY__ROLE_IS_INT_SIZE:
        break;
    }
    return false;
}

Loyalty__Role wire_role_write(enum role role)
{
    switch (role) {
        ROLES(WRITE)
    }
    no_such_value();
}

bool wire_redeem_read(Loyalty__Redeem number, bool *ret_value)
{
    switch (number) {
        READ(false, LOYALTY__REDEEM__REDEEM_REQUIRED)
        READ(true, LOYALTY__REDEEM__REDEEM_DONE)
    case _LOYALTY__REDEEM_IS_INT_SIZE:
        break;
    }
    return false;
}

Loyalty__Redeem wire_redeem_write(bool done)
{
    return done ? LOYALTY__REDEEM__REDEEM_DONE : LOYALTY__REDEEM__REDEEM_REQUIRED;
}

bool wire_tender_kind_read(Loyalty__TenderKind number, enum tender_kind *ret_value)
{
    switch (number) {
        TENDER_KINDS(READ)
    case _LOYALTY__TENDER_KIND_IS_INT_SIZE:
        break;
    }
    return false;
}

Loyalty__TenderKind wire_tender_kind_write(enum tender_kind kind)
{
    switch (kind) {
        TENDER_KINDS(WRITE)
    }
    no_such_value();
}

bool wire_code_read(Loyalty__Code number, enum outcome_code *ret_value)
{
    switch (number) {
#define X(name, value, text) READ(CODE_##name, LOYALTY__CODE__CODE_##name)
#include "model/refusal.def"
#undef X
    case _LOYALTY__CODE_IS_INT_SIZE:
        break;
    }
    return false;
}

Loyalty__Code wire_code_write(enum outcome_code code)
{
    switch (code) {
#define X(name, value, text) WRITE(CODE_##name, LOYALTY__CODE__CODE_##name)
#include "model/refusal.def"
#undef X
    }
    no_such_value();
}

bool wire_near_miss_reason_read(Loyalty__NearMissReason number, enum near_miss_reason *ret_value)
{
    switch (number) {
        NEAR_MISS_REASONS(READ)
    case _LOYALTY__NEAR_MISS_REASON_IS_INT_SIZE:
        break;
    }
    return false;
}

Loyalty__NearMissReason wire_near_miss_reason_write(enum near_miss_reason reason)
{
    switch (reason) {
        NEAR_MISS_REASONS(WRITE)
    }
    no_such_value();
}

bool wire_voucher_state_read(Loyalty__VoucherState number, enum voucher_state *ret_value)
{
    switch (number) {
#define X(name, value) READ(VOUCHER_STATE_##name, LOYALTY__VOUCHER_STATE__VOUCHER_##name)
        VOUCHER_STATE_TABLE(X)
#undef X
    case _LOYALTY__VOUCHER_STATE_IS_INT_SIZE:
        break;
    }
    return false;
}

Loyalty__VoucherState wire_voucher_state_write(enum voucher_state state)
{
    switch (state) {
#define X(name, value) WRITE(VOUCHER_STATE_##name, LOYALTY__VOUCHER_STATE__VOUCHER_##name)
        VOUCHER_STATE_TABLE(X)
#undef X
    }
    no_such_value();
}

bool wire_exception_kind_read(Loyalty__ExceptionKind number, enum exception_kind *ret_value)
{
    switch (number) {
        EXCEPTION_KINDS(READ)
    case _LOYALTY__EXCEPTION_KIND_IS_INT_SIZE:
        break;
    }
    return false;
}

Loyalty__ExceptionKind wire_exception_kind_write(enum exception_kind kind)
{
    switch (kind) {
        EXCEPTION_KINDS(WRITE)
    }
    no_such_value();
}

bool wire_failure_code_read(Loyalty__FailureCode number, enum failure_code *ret_value)
{
    switch (number) {
#define X(name, value) READ(FAILURE_##name, LOYALTY__FAILURE_CODE__FAILURE_##name)
        FAILURE_TABLE(X)
#undef X
    case _LOYALTY__FAILURE_CODE_IS_INT_SIZE:
        break;
    }
    return false;
}

Loyalty__FailureCode wire_failure_code_write(enum failure_code code)
{
    switch (code) {
#define X(name, value) WRITE(FAILURE_##name, LOYALTY__FAILURE_CODE__FAILURE_##name)
        FAILURE_TABLE(X)
#undef X
    }
    no_such_value();
}

bool wire_event_kind_read(Loyalty__Body__KindCase arm, enum event_kind *ret_value)
{
    switch (arm) {
#define X(name, number) READ(EVENT_##name, LOYALTY__BODY__KIND_##name)
        EVENT_KIND_TABLE(X)
#undef X
    case LOYALTY__BODY__KIND__NOT_SET:
    case _LOYALTY__BODY__KIND__CASE_IS_INT_SIZE:
        break;
    }
    return false;
}

Loyalty__Body__KindCase wire_event_kind_write(enum event_kind kind)
{
    switch (kind) {
#define X(name, number) WRITE(EVENT_##name, LOYALTY__BODY__KIND_##name)
        EVENT_KIND_TABLE(X)
#undef X
    }
    no_such_value();
}

bool wire_effect_kind_read(Loyalty__Effect__KindCase arm, enum effect_kind *ret_value)
{
    switch (arm) {
#define X(name, number) READ(EFFECT_##name, LOYALTY__EFFECT__KIND_##name)
        EFFECT_TABLE(X)
#undef X
    case LOYALTY__EFFECT__KIND__NOT_SET:
    case _LOYALTY__EFFECT__KIND__CASE_IS_INT_SIZE:
        break;
    }
    return false;
}

Loyalty__Effect__KindCase wire_effect_kind_write(enum effect_kind kind)
{
    switch (kind) {
#define X(name, number) WRITE(EFFECT_##name, LOYALTY__EFFECT__KIND_##name)
        EFFECT_TABLE(X)
#undef X
    }
    no_such_value();
}

bool wire_request_kind_read(Loyalty__Request__MessageCase arm, enum request_kind *ret_value)
{
    switch (arm) {
        REQUEST_KINDS(READ)
    case LOYALTY__REQUEST__MESSAGE__NOT_SET:
    case _LOYALTY__REQUEST__MESSAGE__CASE_IS_INT_SIZE:
        break;
    }
    return false;
}

Loyalty__Request__MessageCase wire_request_kind_write(enum request_kind kind)
{
    switch (kind) {
        REQUEST_KINDS(WRITE)
    }
    no_such_value();
}

bool wire_reply_kind_read(Loyalty__Reply__MessageCase arm, enum reply_kind *ret_value)
{
    switch (arm) {
        REPLY_KINDS(READ)
    case LOYALTY__REPLY__MESSAGE__NOT_SET:
    case _LOYALTY__REPLY__MESSAGE__CASE_IS_INT_SIZE:
        break;
    }
    return false;
}

Loyalty__Reply__MessageCase wire_reply_kind_write(enum reply_kind kind)
{
    switch (kind) {
        REPLY_KINDS(WRITE)
    }
    no_such_value();
}

const char *failure_name(enum failure_code code)
{
    switch (code) {
#define X(name, number)                                                                                      \
    case FAILURE_##name:                                                                                     \
        return #name;
        FAILURE_TABLE(X)
#undef X
    }
    return "UNKNOWN";
}
