#include "model/effect.h"

const char *effect_kind_name(enum effect_kind kind)
{
    switch (kind) {
    case EFFECT_ENROL:
        return "enrol";
    case EFFECT_LOT:
        return "lot";
    case EFFECT_MOVE:
        return "move";
    case EFFECT_METRIC:
        return "metric";
    case EFFECT_LEVEL:
        return "level";
    case EFFECT_STAMPS:
        return "stamps";
    case EFFECT_VOUCHER:
        return "voucher";
    case EFFECT_VISIT:
        return "visit";
    case EFFECT_PRINCIPAL:
        return "principal";
    case EFFECT_INVITE:
        return "invite";
    case EFFECT_PROGRAMME:
        return "programme";
    case EFFECT_LIVE:
        return "live";
    case EFFECT_REVISION:
        return "revision";
    case EFFECT_COUNTER:
        return "counter";
    case EFFECT_NOTE:
        return "note";
    case EFFECT_VOUCHER_HOLD:
        return "voucher hold";
    case EFFECT_VOUCHER_END:
        return "voucher end";
    case EFFECT_RESERVATION:
        return "reservation";
    case EFFECT_RESERVATION_END:
        return "reservation end";
    case EFFECT_FLOOR:
        return "floor";
    case EFFECT_RECEIPT:
        return "receipt";
    case EFFECT_ITEM:
        return "item";
    case EFFECT_MERGE:
        return "merge";
    case EFFECT_HOUSEHOLD:
        return "household";
    }
    return "unknown";
}

const char *voucher_end_name(enum voucher_end end)
{
    switch (end) {
    case VOUCHER_REDEEMED:
        return "redeemed";
    case VOUCHER_EXPIRED:
        return "expired";
    case VOUCHER_CANCELLED:
        return "cancelled";
    }
    return "unknown";
}

const char *reservation_end_name(enum reservation_end end)
{
    switch (end) {
    case RESERVATION_COMMITTED:
        return "committed";
    case RESERVATION_RELEASED:
        return "released";
    case RESERVATION_TIMED_OUT:
        return "timed out";
    }
    return "unknown";
}

const char *receipt_fact_name(enum receipt_fact_kind kind)
{
    switch (kind) {
    case FACT_LINE:
        return "line returned";
    case FACT_VOIDED:
        return "void";
    case FACT_DECIDED:
        return "decided again";
    case FACT_EXPIRED:
        return "points expired";
    case FACT_FORGIVEN:
        return "expired points counted as taken";
    case FACT_TAKEN:
        return "points taken back";
    case FACT_ADJUSTED:
        return "points adjusted";
    case FACT_ADJUSTED_STAMPS:
        return "stamps adjusted";
    case FACT_ADJUSTED_VOUCHERS:
        return "vouchers adjusted";
    case FACT_CLOSED:
        return "day over";
    case FACT_GIVEN_BACK:
        return "points given back";
    case FACT_ENDED:
        return "ended";
    }
    return "unknown";
}
