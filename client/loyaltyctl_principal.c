/* What operators do with principals: invite, list, retire, revoke. */
#include "base/text.h"
#include "client/amount.h"
#include "client/clock.h"
#include "client/loyaltyctl.h"
#include "client/qr.h"
#include "crypto/crypto.h"
#include "crypto/invite.h"

#include <inttypes.h>
#include <string.h>

enum {
    CODE_SYMBOLS = 16,                            /* of 5 bits: 80 random bits */
    CODE_BYTES = CODE_SYMBOLS + CODE_SYMBOLS / 4, /* hyphens between groups of four, NUL */
};

/* Sixteen symbols of Crockford's base32 in groups of four. */
static void make_code(char ret_code[CODE_BYTES])
{
    static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t random[CODE_SYMBOLS];
    crypto_world_random(NULL, random, sizeof(random));
    char *to = ret_code;
    for (size_t i = 0; i < CODE_SYMBOLS; i++) {
        if (i > 0 && i % 4 == 0) {
            *to++ = '-';
        }
        *to++ = symbols[random[i] % 32];
    }
    *to = '\0';
}

/* What the daemon says of its TLS becomes the URL, with the host of --host if that is given. */
static int tls_url(const struct ctl *ctl, const struct ctl_invite *invite, struct url *url)
{
    const char *address = ctl->session.ready.tls_address;
    const char *host = invite->host != NULL ? invite->host : address;
    uint64_t port = 0;
    if (address[0] == '\0') {
        ctl_complain("the daemon does not listen with TLS: add `- tls:` to `listen` in its configuration");
        return CTL_EXIT_ERROR;
    }
    if (host[0] == ':') {
        ctl_complain("where do tills reach the daemon? Say --host HOST, or `public:` in its configuration");
        return CTL_EXIT_USAGE;
    }
    *url = (struct url){.kind = URL_TLS, .pins = ctl->session.ready.tls_pins};
    url->ca = url->pins.count == 0;
    if (url_set_host(url, host) != 0) {
        ctl_complain("'%s' is neither HOST nor HOST:PORT", host);
        return CTL_EXIT_USAGE;
    }
    if (url->port == 0 && number_parse(strrchr(address, ':') + 1, UINT16_MAX, &port) == 0) {
        url->port = (uint16_t)port;
    }
    return CTL_EXIT_OK;
}

/* Where the till of an invite finds the daemon. */
static int find_url(const struct ctl *ctl, const struct ctl_invite *invite,
                    char ret_url[CONNECTION_URL_BYTES_MAX + 1])
{
    struct url url;
    const struct session_ready *ready = &ctl->session.ready;
    const bool here = invite->url == NULL && invite->host == NULL && ready->tls_address[0] == '\0';
    if (here && invite->role == ROLE_TERMINAL && ready->plain_address[0] != '\0') {
        (void)snprintf(ret_url, CONNECTION_URL_BYTES_MAX + 1, "tcp://%s", ready->plain_address);
        return CTL_EXIT_OK;
    }
    if (here || invite->url != NULL) {
        /* On this box others may come the way we came. */
        (void)snprintf(ret_url, CONNECTION_URL_BYTES_MAX + 1, "%s", here ? ctl->at.url : invite->url);
        return CTL_EXIT_OK;
    }
    const int status = tls_url(ctl, invite, &url);
    if (status == CTL_EXIT_OK && url_format(&url, ret_url) != 0) {
        ctl_complain("the URL is too long");
        return CTL_EXIT_USAGE;
    }
    return status;
}

static void show_invite(struct ctl *ctl, const struct ctl_invite *invite, const char *url, const char *code,
                        const struct event *event, uint64_t position)
{
    char when[INSTANT_TEXT_BYTES];
    char content[CONNECTION_URL_BYTES_MAX + CODE_BYTES + 2];
    if (ctl->options.json) {
        instant_format(event->invite.expires_at, when);
        json_object(&ctl->json, NULL);
        json_text(&ctl->json, "code", code);
        json_text(&ctl->json, "url", url);
        json_text(&ctl->json, "role", role_name(invite->role));
        json_text(&ctl->json, "store", invite->store);
        json_text(&ctl->json, "label", invite->label);
        json_text(&ctl->json, "expires_at", when);
        json_unsigned(&ctl->json, "position", position);
        json_end_object(&ctl->json);
        return;
    }
    instant_format_local(event->invite.expires_at, when);
    if (invite->role == ROLE_TERMINAL) {
        printf("Code for till %s of store %s, good once and until %s:\n\n    %s\n\n", invite->label,
               invite->store, when, code);
        printf("At the till:  loyalty-till enrol --till DIR '%s' %s\n", url, code);
    } else {
        printf("Code for %s %s, good once and until %s:\n\n    %s\n\n", role_name(invite->role),
               invite->label, when, code);
        printf("At the desk:  loyaltyctl operator enrol '%s' %s --key FILE\n", url, code);
    }
    if (invite->qr) {
        (void)snprintf(content, sizeof(content), "%s#%s", url, code);
        putchar('\n');
        qr_print(stdout, content);
    }
}

int ctl_invite(struct ctl *ctl, const struct ctl_invite *invite)
{
    char code[CODE_BYTES];
    uint8_t hash[HASH_BYTES];
    struct event event = {.kind = EVENT_INVITE};
    struct booked booked;
    char url[CONNECTION_URL_BYTES_MAX + 1];
    int status = find_url(ctl, invite, url);
    if (status != CTL_EXIT_OK) {
        return status;
    }
    make_code(code);
    if (invite_code_hash(code, hash) != 0) {
        ctl_complain("no code could be made");
        return CTL_EXIT_ERROR;
    }
    event.invite.code_hash = (struct bytes){.data = hash, .size = HASH_BYTES};
    event.invite.role = invite->role;
    event.invite.store = invite->store;
    event.invite.label = invite->label;
    event.invite.expires_at = clock_wall_ms() + ctl->session.clock_offset_ms + invite->expires_ms;
    status = ctl_book(ctl, &event, &booked);
    if (status == CTL_EXIT_OK) {
        show_invite(ctl, invite, url, code, &event, booked.position);
    }
    return status;
}

int ctl_show_url(struct ctl *ctl, const struct ctl_invite *invite)
{
    char url[CONNECTION_URL_BYTES_MAX + 1];
    const int status = find_url(ctl, invite, url);
    if (status == CTL_EXIT_OK && ctl->options.json) {
        json_object(&ctl->json, NULL);
        json_text(&ctl->json, "url", url);
        json_end_object(&ctl->json);
    } else if (status == CTL_EXIT_OK) {
        printf("%s\n", url);
    }
    return status;
}

static const char *state_of(const struct principal_view *view)
{
    return view->revoked ? "  REVOKED" : view->retired_at != 0 ? "  retired" : "";
}

static int list_principals(struct ctl *ctl, bool operators_only)
{
    struct request request = {.kind = REQUEST_GET_PRINCIPALS};
    struct reply reply;
    struct json *json = &ctl->json;
    const int status = ctl_call(ctl, &request, &reply);
    if (status != CTL_EXIT_OK) {
        return status;
    }
    if (ctl->options.json) {
        json_array(json, NULL);
    } else {
        printf("%6s  %-9s %-16s %-16s %8s\n", "number", "role", "store", "label", "events");
    }
    for (size_t i = 0; i < reply.principals.count; i++) {
        const struct principal_view *view = &reply.principals.items[i];
        if (operators_only && (view->principal == 0 || view->role == ROLE_TERMINAL)) {
            continue;
        }
        if (ctl->options.json) {
            json_object(json, NULL);
            json_unsigned(json, "principal", view->principal);
            json_text(json, "role", session_role_name(view->role));
            json_text(json, "store", view->store);
            json_text(json, "label", view->label);
            json_hex(json, "key", view->key);
            json_bool(json, "revoked", view->revoked);
            json_unsigned(json, "next_sequence", view->next_sequence);
            json_unsigned(json, "added", view->added);
            json_unsigned(json, "key_no", view->key_no);
            json_bool(json, "retired", view->retired_at != 0);
            json_end_object(json);
        } else {
            printf("%6" PRIu32 "  %-9s %-16s %-16s %8" PRIu64 "%s\n", view->principal,
                   session_role_name(view->role), view->store != NULL ? view->store : "-",
                   view->label != NULL ? view->label : "-",
                   view->next_sequence > 0 ? view->next_sequence - 1 : 0, state_of(view));
        }
    }
    if (ctl->options.json) {
        json_end_array(json);
    }
    return CTL_EXIT_OK;
}

static int run_list(const struct command_call *call, bool operators_only)
{
    struct ctl_options arguments;
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = list_principals(&ctl, operators_only);
    }
    ctl_close(&ctl);
    return status;
}

int ctl_run_list(const struct command_call *call)
{
    return run_list(call, false);
}

int ctl_run_list_operators(const struct command_call *call)
{
    return run_list(call, true);
}

/* Books what ends a principal and says so. */
static int book_end(struct ctl *ctl, struct event *event, uint32_t principal, const char *text)
{
    struct booked booked;
    const int status = ctl_book(ctl, event, &booked);
    if (status == CTL_EXIT_OK && ctl->options.json) {
        json_object(&ctl->json, NULL);
        json_unsigned(&ctl->json, "principal", principal);
        json_unsigned(&ctl->json, "position", booked.position);
        json_end_object(&ctl->json);
    } else if (status == CTL_EXIT_OK) {
        printf("Principal %" PRIu32 " %s (position %" PRIu64 ")\n", principal, text, booked.position);
    }
    return status;
}

int ctl_run_retire(const struct command_call *call)
{
    struct ctl_end end = {.principal = 0};
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &end);
    if (status == CTL_EXIT_OK) {
        struct event event = {.kind = EVENT_RETIRED,
                              .retired = {.principal = end.principal, .reason = end.reason}};
        status = book_end(&ctl, &event, end.principal,
                          "is retired: what happened until now may still come, nothing later");
    }
    ctl_close(&ctl);
    return status;
}

int ctl_run_revoke(const struct command_call *call)
{
    struct ctl_end end = {.principal = 0};
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &end);
    if (status == CTL_EXIT_OK) {
        struct event event = {.kind = EVENT_REVOKE,
                              .revoke = {.principal = end.principal, .reason = end.reason}};
        status = book_end(&ctl, &event, end.principal, "is revoked: nothing of it is booked any more");
    }
    ctl_close(&ctl);
    return status;
}

const struct command_option ctl_end_options[] = {
    {.arg = "N",
     .type = &command_principal,
     .offset = offsetof(struct ctl_end, principal),
     .missing = "whom? `loyaltyctl terminal list` and `loyaltyctl operator list` have the numbers"},
    {.name = "reason",
     .arg = "TEXT",
     .doc = "Kept in the log",
     .type = &command_text,
     .offset = offsetof(struct ctl_end, reason)},
    {0}};

#define HOST_OPTION                                                                                          \
    {                                                                                                        \
        .name = "host", .arg = "HOST",                                                                       \
        .doc = "The name or address under which the daemon is reached by TLS, with :PORT if that is "        \
               "another one (default: `public` of its configuration)",                                       \
        .type = &command_text, .offset = offsetof(struct ctl_invitation, invite.host)                        \
    }

const struct command_option ctl_host_options[] = {HOST_OPTION, {0}};

const struct command_option ctl_invite_options[] = {
    {.name = "expires",
     .arg = "TIME",
     .doc = "How long the code is good: 15m, 1h, 7d (default: 1h)",
     .type = &command_duration,
     .offset = offsetof(struct ctl_invitation, invite.expires_ms)},
    {.name = "url",
     .arg = "URL",
     .doc = "Where the daemon is found (default: by TLS where it listens with TLS, else on this box)",
     .type = &command_url,
     .offset = offsetof(struct ctl_invitation, invite.url)},
    HOST_OPTION,
    {0}};

int ctl_run_invite(const struct command_call *call, struct ctl_invitation *invitation)
{
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, invitation);
    if (status == CTL_EXIT_OK) {
        status = ctl_invite(&ctl, &invitation->invite);
    }
    ctl_close(&ctl);
    return status;
}
