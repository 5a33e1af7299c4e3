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
    }
    return "unknown";
}
