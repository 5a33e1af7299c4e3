/* loyaltyctl terminal: invite, list, retire, revoke, url. */
#include "base/text.h"
#include "client/amount.h"
#include "client/loyaltyctl.h"

#include <unistd.h>

enum {
    OPTION_STORE = 0x200,
    OPTION_LABEL,
    OPTION_EXPIRES,
    OPTION_REASON,
    OPTION_URL,
    OPTION_HOST,
    OPTION_QR,
};

struct arguments {
    struct ctl_options common;
    struct ctl_invite invite;
    const char *reason;
    uint32_t principal;
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
        arguments->invite.store = argument;
        return 0;
    case OPTION_LABEL:
        arguments->invite.label = argument;
        return 0;
    case OPTION_URL:
        arguments->invite.url = argument;
        return 0;
    case OPTION_HOST:
        arguments->invite.host = argument;
        return 0;
    case OPTION_REASON:
        arguments->reason = argument;
        return 0;
    case OPTION_QR:
        arguments->invite.qr = true;
        return 0;
    case OPTION_EXPIRES:
        if (!ctl_parse_duration(argument, &arguments->invite.expires_ms)) {
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

enum subcommand { INVITE, LIST, RETIRE, REVOKE, SHOW_URL };

static int check_usage(enum subcommand subcommand, const struct arguments *arguments)
{
    const struct ctl_invite *invite = &arguments->invite;
    if (subcommand == INVITE) {
        if (invite->store == NULL || invite->label == NULL) {
            ctl_complain("an invite needs --store S and --label L");
            return CTL_EXIT_USAGE;
        }
        if (!text_is_id(invite->store, ID_BYTES_MAX) || !text_is_id(invite->label, TILL_LABEL_BYTES_MAX)) {
            ctl_complain("a store and a label are up to %d letters, digits, '_', '-' and '.'", ID_BYTES_MAX);
            return CTL_EXIT_USAGE;
        }
        return ctl_check_url(invite->url);
    }
    if ((subcommand == RETIRE || subcommand == REVOKE) && arguments->principal == 0) {
        ctl_complain("whom? `loyaltyctl terminal list` has the numbers");
        return CTL_EXIT_USAGE;
    }
    return CTL_EXIT_OK;
}

static int run(struct ctl *ctl, enum subcommand subcommand, const struct arguments *arguments)
{
    switch (subcommand) {
    case INVITE:
        return ctl_invite(ctl, &arguments->invite);
    case LIST:
        return ctl_list_principals(ctl, false);
    case RETIRE:
        return ctl_retire(ctl, arguments->principal, arguments->reason);
    case REVOKE:
        return ctl_revoke(ctl, arguments->principal, arguments->reason);
    case SHOW_URL:
        return ctl_show_url(ctl, &arguments->invite);
    }
    return CTL_EXIT_USAGE;
}

int ctl_command_terminal(int argc, char **argv)
{
    static const char *const names[] = {"invite", "list", "retire", "revoke", "url"};
    static const struct argp_option options[] = {
        {.name = "store", .key = OPTION_STORE, .arg = "S", .doc = "invite: the store the till stands in"},
        {.name = "label", .key = OPTION_LABEL, .arg = "L", .doc = "invite: what the till is called there"},
        {.name = "expires", .key = OPTION_EXPIRES, .arg = "TIME", .doc = "invite: 15m, 1h, 7d (default: 1h)"},
        {.name = "url",
         .key = OPTION_URL,
         .arg = "URL",
         .doc = "invite: where the till finds the daemon (default: by TLS where it listens with TLS, else "
                "tcp://127.0.0.1:7341)"},
        {.name = "host",
         .key = OPTION_HOST,
         .arg = "HOST",
         .doc = "invite, url: the name or address under which tills reach the daemon by TLS, with :PORT if "
                "that is "
                "another one (default: `public` of its configuration)"},
        {.name = "qr", .key = OPTION_QR, .doc = "invite: show a QR code although this is no terminal"},
        {.name = "reason", .key = OPTION_REASON, .arg = "TEXT", .doc = "retire, revoke: kept in the log"},
        {0}};
    const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[N]",
        .doc = "Tills: invite a new one, list them, retire number N (what it sold until now may "
               "still come), revoke number N (nothing of it is booked any more), show the URL that a till "
               "needs to find the daemon.",
        .children = common};
    struct arguments arguments = {
        .invite = {.role = ROLE_TERMINAL, .expires_ms = 60 * 60 * 1000, .qr = isatty(STDOUT_FILENO) == 1}};
    struct ctl ctl;
    ctl_options_init(&arguments.common);
    const int subcommand = ctl_subcommand(&argc, &argv, names, sizeof(names) / sizeof(names[0]));
    if (subcommand < 0 || argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0 ||
        check_usage((enum subcommand)subcommand, &arguments) != CTL_EXIT_OK) {
        return CTL_EXIT_USAGE;
    }
    int status = ctl_open(&ctl, &arguments.common);
    if (status == CTL_EXIT_OK) {
        status = run(&ctl, (enum subcommand)subcommand, &arguments);
    }
    ctl_close(&ctl);
    return status;
}
