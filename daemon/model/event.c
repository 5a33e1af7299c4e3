#include "model/event.h"

struct bytes event_card(const struct event *event)
{
    switch (event->kind) {
    case EVENT_PURCHASE:
        return event->purchase.card;
    case EVENT_ENROLMENT:
        return event->enrolment.card;
    case EVENT_ACTIVITY:
        return event->activity.card;
    case EVENT_GOODS_RETURN:
        return event->goods_return.card;
    case EVENT_CLAIM:
        return event->claim.card;
    case EVENT_CARD_LINKED:
        return event->card_linked.card;
    case EVENT_RESERVE:
        return event->reserve.card;
    case EVENT_UNCLAIM:
    case EVENT_VOID_RECEIPT:
    case EVENT_DAY_CLOSE:
    case EVENT_REBOOK:
    case EVENT_RESOLVE:
    case EVENT_RESUMED:
    case EVENT_GENESIS:
    case EVENT_INVITE:
    case EVENT_PRINCIPAL_ADDED:
    case EVENT_REVOKE:
    case EVENT_PROGRAMME_CHANGE:
    case EVENT_GO_LIVE:
    case EVENT_ENGINE_REVISION:
    case EVENT_KEY_ROTATED:
    case EVENT_RETIRED:
    case EVENT_ADJUSTMENT:
    case EVENT_TRANSFER:
    case EVENT_MERGE:
    case EVENT_HOUSEHOLD:
    case EVENT_ERASED:
    case EVENT_RELEASE:
    case EVENT_TICK:
        break;
    }
    return (struct bytes){0};
}

const char *event_kind_name(enum event_kind kind)
{
    switch (kind) {
    case EVENT_PURCHASE:
        return "purchase";
    case EVENT_ENROLMENT:
        return "enrolment";
    case EVENT_GENESIS:
        return "genesis";
    case EVENT_INVITE:
        return "invite";
    case EVENT_PRINCIPAL_ADDED:
        return "principal added";
    case EVENT_REVOKE:
        return "revoke";
    case EVENT_PROGRAMME_CHANGE:
        return "programme change";
    case EVENT_GO_LIVE:
        return "go live";
    case EVENT_ENGINE_REVISION:
        return "engine revision";
    case EVENT_KEY_ROTATED:
        return "key rotated";
    case EVENT_RETIRED:
        return "retired";
    case EVENT_ACTIVITY:
        return "activity";
    case EVENT_ADJUSTMENT:
        return "adjustment";
    case EVENT_TRANSFER:
        return "transfer";
    case EVENT_MERGE:
        return "merge";
    case EVENT_HOUSEHOLD:
        return "household";
    case EVENT_GOODS_RETURN:
        return "return";
    case EVENT_VOID_RECEIPT:
        return "void";
    case EVENT_DAY_CLOSE:
        return "day close";
    case EVENT_CARD_LINKED:
        return "card linked";
    case EVENT_ERASED:
        return "erased";
    case EVENT_CLAIM:
        return "claim";
    case EVENT_UNCLAIM:
        return "unclaim";
    case EVENT_REBOOK:
        return "rebook";
    case EVENT_RESOLVE:
        return "exception resolved";
    case EVENT_RESUMED:
        return "return resumed";
    case EVENT_RESERVE:
        return "reserve";
    case EVENT_RELEASE:
        return "release";
    case EVENT_TICK:
        return "tick";
    }
    return "unknown";
}

const char *role_name(enum role role)
{
    switch (role) {
    case ROLE_TERMINAL:
        return "terminal";
    case ROLE_CLERK:
        return "clerk";
    case ROLE_MANAGER:
        return "manager";
    case ROLE_ADMIN:
        return "admin";
    case ROLE_AUDITOR:
        return "auditor";
    }
    return "unknown";
}

/* Who may sign a kind, a bit a role. */
static unsigned signers(enum event_kind kind)
{
    switch (kind) {
#define EVENT(name, terminal, clerk, manager, admin, auditor)                                                \
    case EVENT_##name:                                                                                       \
        return ROLES_OF(terminal, clerk, manager, admin, auditor);
#define REQUEST(name, terminal, clerk, manager, admin, auditor)
#include "model/permission.def"
#undef EVENT
#undef REQUEST
    }
    return 0;
}

uint32_t event_first_member(const struct event *event)
{
    return event->kind == EVENT_TRANSFER ? event->transfer.from
           : event->kind == EVENT_MERGE  ? event->merge.to
           : event->kind == EVENT_HOUSEHOLD
               ? event->household.leaves ? event->household.member : event->household.household
           : event->kind == EVENT_CARD_LINKED ? event->card_linked.member
           : event->kind == EVENT_ERASED      ? event->erased.member
           : event->kind == EVENT_ADJUSTMENT  ? event->adjustment.member
                                              : 0;
}

uint32_t event_second_member(const struct event *event)
{
    return event->kind == EVENT_TRANSFER                                ? event->transfer.to
           : event->kind == EVENT_MERGE                                 ? event->merge.from
           : event->kind == EVENT_HOUSEHOLD && !event->household.leaves ? event->household.member
                                                                        : 0;
}

bool event_is_daemons(enum event_kind kind)
{
    return signers(kind) == 0;
}

bool event_is_members(enum event_kind kind)
{
    return kind == EVENT_PURCHASE || kind == EVENT_ENROLMENT || kind == EVENT_ACTIVITY ||
           kind == EVENT_ADJUSTMENT || kind == EVENT_TRANSFER || kind == EVENT_MERGE ||
           kind == EVENT_HOUSEHOLD || kind == EVENT_GOODS_RETURN || kind == EVENT_VOID_RECEIPT ||
           kind == EVENT_CLAIM || kind == EVENT_UNCLAIM || kind == EVENT_CARD_LINKED ||
           kind == EVENT_ERASED || kind == EVENT_RESERVE || kind == EVENT_RELEASE || kind == EVENT_TICK ||
           kind == EVENT_REBOOK;
}

bool role_may_sign(enum role role, enum event_kind kind)
{
    return (signers(kind) >> role & 1) != 0;
}
