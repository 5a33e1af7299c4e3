/* loyaltyctl terminal: invite, list, revoke. */
#include "base/text.h"
#include "client/amount.h"
#include "client/clock.h"
#include "client/loyaltyctl.h"
#include "crypto/crypto.h"
#include "crypto/invite.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#ifdef LOYALTY_QRENCODE
#include <qrencode.h>
#endif

enum {
    OPTION_STORE = 0x200,
    OPTION_LABEL,
    OPTION_EXPIRES,
    OPTION_REASON,
    OPTION_URL,
    OPTION_QR,
    CODE_SYMBOLS = 16,                            /* of 5 bits: 80 random bits */
    CODE_BYTES = CODE_SYMBOLS + CODE_SYMBOLS / 4, /* hyphens between groups of four, NUL */
};

struct arguments {
    struct ctl_options common;
    const char *store;
    const char *label;
    const char *url;
    const char *reason;
    int64_t expires_ms;
    uint32_t principal;
    bool qr;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    uint64_t number = 0;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->common;
        return 0;
    case OPTION_STORE:
        arguments->store = argument;
        return 0;
    case OPTION_LABEL:
        arguments->label = argument;
        return 0;
    case OPTION_URL:
        arguments->url = argument;
        return 0;
    case OPTION_REASON:
        arguments->reason = argument;
        return 0;
    case OPTION_QR:
        arguments->qr = true;
        return 0;
    case OPTION_EXPIRES:
        if (!ctl_parse_duration(argument, &arguments->expires_ms)) {
            argp_error(state, "'%s' is not a time such as 15m, 1h or 7d", argument);
        }
        return 0;
    case ARGP_KEY_ARG:
        if (number_parse(argument, UINT32_MAX, &number) != 0 || number == 0) {
            argp_error(state, "'%s' is not the number of a principal", argument);
        }
        arguments->principal = (uint32_t)number;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child common[] = {{.argp = &ctl_options_argp, .group = 4}, {0}};

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

#ifdef LOYALTY_QRENCODE
/* Two rows of modules a line of text, light on dark terminals: a full block is a light module. */
static void print_qr(const char *text)
{
    static const char *const blocks[] = {"█", "▀", "▄", " "}; /* by dark lower, dark upper */
    enum { QUIET = 2 };
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    if (code == NULL) {
        return;
    }
    for (int y = -QUIET; y < code->width + QUIET; y += 2) {
        for (int x = -QUIET; x < code->width + QUIET; x++) {
            int dark[2] = {0, 0};
            for (int half = 0; half < 2; half++) {
                const int row = y + half;
                if (x >= 0 && x < code->width && row >= 0 && row < code->width) {
                    dark[half] = code->data[row * code->width + x] & 1;
                }
            }
            fputs(blocks[dark[0] * 2 + dark[1]], stdout);
        }
        putchar('\n');
    }
    QRcode_free(code);
}
#else
static void print_qr(const char *text)
{
    (void)text;
}
#endif

static void show_invite(struct ctl *ctl, const struct arguments *arguments, const char *code,
                        const struct event *event, uint64_t position)
{
    char when[INSTANT_TEXT_BYTES];
    char content[CONNECTION_URL_BYTES_MAX + CODE_BYTES + 2];
    if (arguments->common.json) {
        instant_format(event->invite.expires_at, when);
        json_object(&ctl->json, NULL);
        json_text(&ctl->json, "code", code);
        json_text(&ctl->json, "url", arguments->url);
        json_text(&ctl->json, "store", arguments->store);
        json_text(&ctl->json, "label", arguments->label);
        json_text(&ctl->json, "expires_at", when);
        json_unsigned(&ctl->json, "position", position);
        json_end_object(&ctl->json);
        return;
    }
    instant_format_local(event->invite.expires_at, when);
    printf("Code for till %s of store %s, good once and until %s:\n\n    %s\n\n", arguments->label,
           arguments->store, when, code);
    printf("At the till:  loyalty-till --till DIR enrol %s %s\n", arguments->url, code);
    if (arguments->qr) {
        (void)snprintf(content, sizeof(content), "%s#%s", arguments->url, code);
        putchar('\n');
        print_qr(content);
    }
}

static int invite(struct ctl *ctl, const struct arguments *arguments)
{
    char code[CODE_BYTES];
    uint8_t hash[HASH_BYTES];
    struct event event = {.kind = EVENT_INVITE};
    struct booked booked;
    make_code(code);
    if (invite_code_hash(code, hash) != 0) {
        ctl_complain("no code could be made");
        return CTL_EXIT_ERROR;
    }
    event.invite.code_hash = (struct bytes){.data = hash, .size = HASH_BYTES};
    event.invite.role = ROLE_TERMINAL;
    event.invite.store = arguments->store;
    event.invite.label = arguments->label;
    event.invite.expires_at = clock_wall_ms() + ctl->session.clock_offset_ms + arguments->expires_ms;
    const int status = ctl_book(ctl, &event, &booked);
    if (status == CTL_EXIT_OK) {
        show_invite(ctl, arguments, code, &event, booked.position);
    }
    return status;
}

static int list(struct ctl *ctl)
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
            json_end_object(json);
        } else {
            printf("%6" PRIu32 "  %-9s %-16s %-16s %8" PRIu64 "%s\n", view->principal,
                   session_role_name(view->role), view->store != NULL ? view->store : "-",
                   view->label != NULL ? view->label : "-",
                   view->next_sequence > 0 ? view->next_sequence - 1 : 0, view->revoked ? "  REVOKED" : "");
        }
    }
    if (ctl->options.json) {
        json_end_array(json);
    }
    return CTL_EXIT_OK;
}

static int revoke_principal(struct ctl *ctl, const struct arguments *arguments)
{
    struct event event = {.kind = EVENT_REVOKE};
    struct booked booked;
    event.revoke.principal = arguments->principal;
    event.revoke.reason = arguments->reason;
    const int status = ctl_book(ctl, &event, &booked);
    if (status == CTL_EXIT_OK && arguments->common.json) {
        json_object(&ctl->json, NULL);
        json_unsigned(&ctl->json, "principal", arguments->principal);
        json_unsigned(&ctl->json, "position", booked.position);
        json_end_object(&ctl->json);
    } else if (status == CTL_EXIT_OK) {
        printf("Revoked: nothing of principal %" PRIu32 " is booked from position %" PRIu64 " on\n",
               arguments->principal, booked.position);
    }
    return status;
}

enum subcommand { INVITE, LIST, REVOKE };

static int check_usage(enum subcommand subcommand, const struct arguments *arguments)
{
    if (subcommand == INVITE) {
        if (arguments->store == NULL || arguments->label == NULL) {
            ctl_complain("an invite needs --store S and --label L");
            return CTL_EXIT_USAGE;
        }
        if (!text_is_id(arguments->store, ID_BYTES_MAX) ||
            !text_is_id(arguments->label, TILL_LABEL_BYTES_MAX)) {
            ctl_complain("a store and a label are up to %d letters, digits, '_', '-' and '.'", ID_BYTES_MAX);
            return CTL_EXIT_USAGE;
        }
        if (!connection_url_valid(arguments->url)) {
            ctl_complain("'%s' is not unix:/PATH or tcp://127.0.0.1:PORT", arguments->url);
            return CTL_EXIT_USAGE;
        }
    } else if (subcommand == REVOKE && arguments->principal == 0) {
        ctl_complain("revoke whom? `loyaltyctl terminal list` has the numbers");
        return CTL_EXIT_USAGE;
    }
    return CTL_EXIT_OK;
}

int ctl_command_terminal(int argc, char **argv)
{
    static const char *const names[] = {"invite", "list", "revoke"};
    static const struct argp_option options[] = {
        {.name = "store", .key = OPTION_STORE, .arg = "S", .doc = "invite: the store the till stands in"},
        {.name = "label", .key = OPTION_LABEL, .arg = "L", .doc = "invite: what the till is called there"},
        {.name = "expires", .key = OPTION_EXPIRES, .arg = "TIME", .doc = "invite: 15m, 1h, 7d (default: 1h)"},
        {.name = "url",
         .key = OPTION_URL,
         .arg = "URL",
         .doc = "invite: where the till finds the daemon (default: tcp://127.0.0.1:7341)"},
        {.name = "qr", .key = OPTION_QR, .doc = "invite: show a QR code although this is no terminal"},
        {.name = "reason", .key = OPTION_REASON, .arg = "TEXT", .doc = "revoke: kept in the log"},
        {0}};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .args_doc = "[N]",
                              .doc = "Tills: invite a new one, list them, revoke number N.",
                              .children = common};
    struct arguments arguments = {
        .url = "tcp://127.0.0.1:7341", .expires_ms = 60 * 60 * 1000, .qr = isatty(STDOUT_FILENO) == 1};
    struct ctl ctl;
    ctl_options_init(&arguments.common);
    const int subcommand = ctl_subcommand(&argc, &argv, names, 3);
    if (subcommand < 0 || argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0 ||
        check_usage((enum subcommand)subcommand, &arguments) != CTL_EXIT_OK) {
        return CTL_EXIT_USAGE;
    }
    int status = ctl_open(&ctl, &arguments.common);
    if (status == CTL_EXIT_OK) {
        switch ((enum subcommand)subcommand) {
        case INVITE:
            status = invite(&ctl, &arguments);
            break;
        case LIST:
            status = list(&ctl);
            break;
        case REVOKE:
            status = revoke_principal(&ctl, &arguments);
            break;
        }
    }
    ctl_close(&ctl);
    return status;
}
