/* loyalty-till member (find, balance) and voucher: what a customer has. */
#include "client/till.h"

#include "client/view.h"

#include <stdio.h>
#include <unistd.h>

struct arguments {
    struct till_options common;
    const char *card;
    const char *code;
    const char *locale;
    bool print;
    bool qr;
};

static void print_lines(const char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        puts(lines[i]);
    }
}

static void show_member(struct till *till, const struct reply *reply, const void *opaque)
{
    const struct arguments *arguments = opaque;
    if (till->options.json) {
        json_object(&till->json, NULL);
        json_unsigned(&till->json, "position", reply->member.position);
        view_json_member(&till->json, "view", reply->member.view);
        view_json_lines(&till->json, reply->member.lines, reply->member.lines_count);
        json_end_object(&till->json);
    } else if (arguments->print) {
        print_lines(reply->member.lines, reply->member.lines_count);
    } else {
        view_print_member(stdout, reply->member.view);
    }
}

static int member(const struct command_call *call)
{
    struct arguments arguments = {.locale = "en"};
    struct till till;
    int status = till_begin(&till, call, &arguments);
    if (status == TILL_EXIT_OK) {
        struct till_question question = {
            .request = {.kind = REQUEST_GET_MEMBER,
                        .get_member = {.card = arguments.card, .locale = arguments.locale}},
            .nothing = "this card belongs to nobody yet",
            .show = show_member};
        status = till_ask(&till, &question, &arguments);
    }
    till_close(&till);
    return status;
}

static void show_voucher(struct till *till, const struct reply *reply, const void *opaque)
{
    const struct arguments *arguments = opaque;
    if (till->options.json) {
        view_json_voucher(&till->json, reply);
    } else if (arguments->print) {
        print_lines(reply->voucher.lines, reply->voucher.lines_count);
    } else {
        view_print_voucher(stdout, reply, arguments->qr);
    }
}

static int voucher(const struct command_call *call)
{
    struct arguments arguments = {.locale = "en", .qr = isatty(STDOUT_FILENO) == 1};
    struct till till;
    int status = till_begin(&till, call, &arguments);
    if (status == TILL_EXIT_OK) {
        struct till_question question = {
            .request = {.kind = REQUEST_GET_VOUCHER, .get_voucher.locale = arguments.locale},
            .nothing = "there is no voucher of this code",
            .show = show_voucher};
        char text[TILL_TEXT_BYTES];
        if (voucher_read(&till, arguments.code, &question.request.get_voucher.code, text) != 0) {
            till_complain("%s", text);
            status = TILL_EXIT_REFUSED;
        } else {
            status = till_ask(&till, &question, &arguments);
        }
    }
    till_close(&till);
    return status;
}

#define FIELD(name) .offset = offsetof(struct arguments, name)

#define PRINT_OPTIONS                                                                                        \
    {.name = "print", .doc = "Only the lines for the receipt printer", .type = &command_flag, FIELD(print)}, \
    {                                                                                                        \
        .name = "locale", .arg = "TAG", .doc = "The customer's language (default: en)",                      \
        .type = &command_locale, FIELD(locale)                                                               \
    }

static const struct command_option member_options[] = {
    COMMAND_CARD(struct arguments, card, "Any card of the customer's, as read: number, phone, app",
                 "which card? Say --card C"),
    PRINT_OPTIONS,
    {0}};

static const struct command_option voucher_options[] = {
    {.arg = "CODE",
     .doc = "The code of the voucher, or its token",
     .type = &command_text,
     FIELD(code),
     .missing = "which voucher? Say its code"},
    {.name = "qr", .doc = "Show a QR code although this is no terminal", .type = &command_flag, FIELD(qr)},
    PRINT_OPTIONS,
    {0}};

#define MEMBER_DOC                                                                                           \
    "What a customer has: balance, what expires within 30 days, level, stamp cards, vouchers and "           \
    "reservations. What waits in the queue is not counted yet."

const struct command till_member_commands[] = {
    {.name = "member",
     .summary = "what a customer has, by any card",
     .doc = MEMBER_DOC,
     .options = member_options,
     .run = member},
    {.name = "find",
     .summary = "the same: who has this card",
     .doc = MEMBER_DOC,
     .options = member_options,
     .run = member},
    {.name = "balance",
     .summary = "the same: what a card has",
     .doc = MEMBER_DOC,
     .options = member_options,
     .run = member},
    {.name = "voucher",
     .summary = "what has become of a voucher",
     .doc = "What has become of a voucher, whose it is and until when it is valid, with its QR code. Without "
            "the "
            "daemon `loyalty-till check-voucher` says whether it is ours.",
     .options = voucher_options,
     .run = voucher},
    {0}};
