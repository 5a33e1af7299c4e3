#include "model/event.h"

struct bytes event_card(const struct event *event)
{
    switch (event->kind) {
    case EVENT_PURCHASE:
        return event->purchase.card;
    case EVENT_ENROLMENT:
        return event->enrolment.card;
    case EVENT_GENESIS:
    case EVENT_INVITE:
    case EVENT_PRINCIPAL_ADDED:
    case EVENT_REVOKE:
    case EVENT_PROGRAMME_CHANGE:
    case EVENT_GO_LIVE:
    case EVENT_ENGINE_REVISION:
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

/* Who may sign a kind, in the words of EVENT_KIND_TABLE. */
enum signer { SIGNER_terminal, SIGNER_manager, SIGNER_admin, SIGNER_daemon };

static enum signer signer_of(enum event_kind kind)
{
    switch (kind) {
#define X(name, number, who)                                                                                 \
    case EVENT_##name:                                                                                       \
        return SIGNER_##who;
        EVENT_KIND_TABLE(X)
#undef X
    }
    return SIGNER_daemon;
}

bool event_is_daemons(enum event_kind kind)
{
    return signer_of(kind) == SIGNER_daemon;
}

bool role_may_sign(enum role role, enum event_kind kind)
{
    switch (signer_of(kind)) {
    case SIGNER_terminal:
        return role == ROLE_TERMINAL;
    case SIGNER_manager:
        return role == ROLE_MANAGER || role == ROLE_ADMIN;
    case SIGNER_admin:
        return role == ROLE_ADMIN;
    case SIGNER_daemon:
        return false;
    }
    return false;
}
