/* loyaltyctl voucher: what has become of one, and its end by hand. */
#include "client/loyaltyctl.h"
#include "client/view.h"
#include "crypto/base32.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct arguments {
    struct ctl_options common;
    uint8_t code[VOUCHER_CODE_BYTES];
    bool has_code;
    const char *reason;
    const char *locale;
    bool qr;
};

static bool take_code(const char *text, void *field)
{
    struct arguments *arguments = field;
    arguments->has_code = base32_decode(text, strlen(text), arguments->code) == 0;
    return arguments->has_code;
}

static const struct command_type voucher_code = {take_code,
                                                 "is no voucher's code, or a symbol of it is wrong"};

static int ask(struct ctl *ctl, const struct arguments *arguments, struct reply *ret_reply)
{
    struct request request = {
        .kind = REQUEST_GET_VOUCHER,
        .get_voucher = {.code = {arguments->code, VOUCHER_CODE_BYTES}, .locale = arguments->locale}};
    return ctl_call(ctl, &request, ret_reply);
}

static int show(const struct command_call *call)
{
    struct arguments arguments = {.locale = "en", .qr = isatty(STDOUT_FILENO) == 1};
    struct ctl ctl;
    struct reply reply;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = ask(&ctl, &arguments, &reply);
    }
    if (status == CTL_EXIT_OK && arguments.common.json) {
        view_json_voucher(&ctl.json, &reply);
    } else if (status == CTL_EXIT_OK) {
        view_print_voucher(stdout, &reply, arguments.qr);
    }
    ctl_close(&ctl);
    return status;
}

static int cancel(const struct command_call *call)
{
    struct arguments arguments = {.has_code = false};
    struct ctl ctl;
    struct reply reply;
    struct booked booked;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = ask(&ctl, &arguments, &reply);
    }
    if (status == CTL_EXIT_OK) {
        struct event event = {.kind = EVENT_ADJUSTMENT,
                              .adjustment = {.member = reply.voucher.member,
                                             .reason = arguments.reason,
                                             .until = -1,
                                             .level_until = -1,
                                             .voucher = {arguments.code, VOUCHER_CODE_BYTES}}};
        status = ctl_book(&ctl, &event, &booked);
    }
    if (status == CTL_EXIT_OK) {
        ctl_say_booked(&ctl, &booked,
                       "cancelled, at position %" PRIu64 ": member %" PRIu32 " cannot use it any more\n",
                       booked.position, ctl.outcome->member);
    }
    ctl_close(&ctl);
    return status;
}

/* The code fills two fields of the struct: its row stands at the front of it. */
#define CODE_ARGUMENT                                                                                        \
    {                                                                                                        \
        .arg = "CODE", .doc = "As printed; spaces, hyphens and case do not matter", .type = &voucher_code,   \
        .missing = "which voucher? Say its code"                                                             \
    }

static const struct command_option show_options[] = {CODE_ARGUMENT,
                                                     {.name = "qr",
                                                      .doc = "Show a QR code although this is no terminal",
                                                      .type = &command_flag,
                                                      .offset = offsetof(struct arguments, qr)},
                                                     {.name = "locale",
                                                      .arg = "TAG",
                                                      .doc = "Language of the printed lines (default: en)",
                                                      .type = &command_locale,
                                                      .offset = offsetof(struct arguments, locale)},
                                                     {0}};

static const struct command_option cancel_options[] = {CODE_ARGUMENT,
                                                       {.name = "reason",
                                                        .arg = "TEXT",
                                                        .doc = "Why, for the log; name nobody in it",
                                                        .type = &command_text,
                                                        .offset = offsetof(struct arguments, reason),
                                                        .missing = "why? Say --reason TEXT"},
                                                       {0}};

const struct command ctl_voucher_commands[] = {
    {.name = "voucher show",
     .summary = "what has become of a voucher, and its QR code",
     .doc = "What has become of a voucher: state, reward, days, owner. While it can be used, its token comes "
            "with it, as a QR code and with the lines for the receipt printer.",
     .options = show_options,
     .run = show},
    {.name = "voucher cancel",
     .summary = "a voucher is not to be used any more",
     .doc = "Cancel a voucher that is neither used nor reserved: an adjustment, with its reason in the log.",
     .options = cancel_options,
     .run = cancel},
    {0}};
