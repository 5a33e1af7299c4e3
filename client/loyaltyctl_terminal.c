/* loyaltyctl terminal: invite, list, retire, revoke, url. */
#include "client/loyaltyctl.h"
#include "crypto/crypto.h"

#include <unistd.h>

/* Receipts are told apart by the label of their till: two that were not named must not have the same. */
static const char *any_label(void)
{
    static char label[] = "till-0000";
    static const char symbols[] = "0123456789abcdefghjkmnpqrstvwxyz";
    uint8_t drawn[4];
    crypto_world_random(NULL, drawn, sizeof(drawn));
    for (size_t i = 0; i < sizeof(drawn); i++) {
        label[5 + i] = symbols[drawn[i] % 32];
    }
    return label;
}

static int invite(const struct command_call *call)
{
    struct ctl_invitation arguments = {.invite = {.role = ROLE_TERMINAL,
                                                  .label = any_label(),
                                                  .expires_ms = CTL_INVITE_MS,
                                                  .qr = isatty(STDOUT_FILENO) == 1}};
    return ctl_run_invite(call, &arguments);
}

static int show_url(const struct command_call *call)
{
    struct ctl_invitation arguments = {.invite = {.role = ROLE_TERMINAL}};
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = ctl_show_url(&ctl, &arguments.invite);
    }
    ctl_close(&ctl);
    return status;
}

static const struct command_option invite_options[] = {
    {.name = "store",
     .arg = "S",
     .doc = "The store the till stands in",
     .type = &command_id,
     .offset = offsetof(struct ctl_invitation, invite.store),
     .missing = "in which store does the till stand? Say --store S"},
    {.name = "label",
     .arg = "L",
     .doc = "What the till is called there (default: till- and four symbols)",
     .type = &command_id,
     .offset = offsetof(struct ctl_invitation, invite.label)},
    {.name = "qr",
     .doc = "Show a QR code although this is no terminal",
     .type = &command_flag,
     .offset = offsetof(struct ctl_invitation, invite.qr)},
    {0}};

const struct command ctl_terminal_commands[] = {
    {.name = "terminal invite",
     .summary = "a one-time code for a new till",
     .doc = "Make a one-time code for a new till, and the line or QR code that it is enrolled with.",
     .options = invite_options,
     .more = ctl_invite_options,
     .run = invite},
    {.name = "terminal list",
     .summary = "the tills and operators",
     .doc = "List the tills and operators: number, role, store, label and how much each has booked.",
     .run = ctl_run_list},
    {.name = "terminal url",
     .summary = "the URL that a till needs to find the daemon",
     .doc = "Show the URL that a till needs to find the daemon, for `loyalty-till move`.",
     .options = ctl_host_options,
     .run = show_url},
    CTL_END_COMMANDS(
        "terminal retire", "take what a till has sold until now, nothing later",
        "Retire till number N: what it sold until now may still come, nothing later.", "terminal revoke",
        "book nothing of a till any more",
        "Revoke till number N: nothing of it is booked any more, not even what waits in its queue."),
    {0}};
