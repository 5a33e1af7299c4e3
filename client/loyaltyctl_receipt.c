/* loyaltyctl receipt and exception: whose a purchase is, and what needs nobody any more. */
#include "client/loyaltyctl.h"
#include "model/day.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct arguments {
    struct ctl_options common;
    const char *number;
    const char *store;
    const char *till;
    const char *card;
    const char *reason;
    int32_t date; /* -1: not said */
    uint64_t position;
    uint64_t index;
};

static struct receipt receipt_of(const struct arguments *arguments)
{
    return (struct receipt){.store = arguments->store,
                            .business_date = arguments->date,
                            .till = arguments->till,
                            .number = arguments->number};
}

static int claim(struct ctl *ctl, const struct arguments *arguments)
{
    struct booked booked;
    struct bytes commitment;
    int status = ctl_commit_card(ctl, arguments->card, &commitment);
    if (status != CTL_EXIT_OK) {
        return status;
    }
    struct event event = {.kind = EVENT_CLAIM,
                          .claim = {.receipt = receipt_of(arguments), .card = commitment}};
    status = ctl_book(ctl, &event, &booked);
    if (status == CTL_EXIT_OK) {
        ctl_say_booked(ctl, &booked,
                       "receipt %s belongs to the card's member, from position %" PRIu64 " on\n",
                       arguments->number, booked.position);
    }
    return status;
}

static int unclaim(struct ctl *ctl, const struct arguments *arguments)
{
    struct booked booked;
    struct event event = {.kind = EVENT_UNCLAIM,
                          .unclaim = {.receipt = receipt_of(arguments), .reason = arguments->reason}};
    const int status = ctl_book(ctl, &event, &booked);
    if (status == CTL_EXIT_OK) {
        ctl_say_booked(ctl, &booked, "receipt %s is nobody's, from position %" PRIu64 " on\n",
                       arguments->number, booked.position);
    }
    return status;
}

static int run_claim(const struct command_call *call)
{
    struct arguments arguments = {.date = -1};
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = claim(&ctl, &arguments);
    }
    ctl_close(&ctl);
    return status;
}

/* Two events: where the card is not known after all, the receipt stays nobody's and can be claimed. */
static int run_reassign(const struct command_call *call)
{
    struct arguments arguments = {.date = -1};
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = unclaim(&ctl, &arguments);
    }
    if (status == CTL_EXIT_OK) {
        status = claim(&ctl, &arguments);
    }
    ctl_close(&ctl);
    return status;
}

static int run_resolve(const struct command_call *call)
{
    struct arguments arguments = {.index = 1};
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        struct booked booked;
        struct event event = {.kind = EVENT_RESOLVE,
                              .resolve = {.position = arguments.position,
                                          .index = (uint32_t)arguments.index - 1,
                                          .reason = arguments.reason}};
        status = ctl_book(&ctl, &event, &booked);
        if (status == CTL_EXIT_OK) {
            ctl_say_booked(&ctl, &booked, "resolved, at position %" PRIu64 "\n", booked.position);
        }
    }
    ctl_close(&ctl);
    return status;
}

static const char *check_receipt(const void *opaque)
{
    const struct arguments *arguments = opaque;
    return arguments->date < 0 ? "of which day? Say --date" : NULL;
}

#define FIELD(name) .offset = offsetof(struct arguments, name)

#define RECEIPT_OPTIONS                                                                                      \
    COMMAND_RECEIPT(struct arguments, number),                                                               \
        {.name = "store",                                                                                    \
         .arg = "ID",                                                                                        \
         .doc = "Where it was rung up",                                                                      \
         .type = &command_id,                                                                                \
         FIELD(store),                                                                                       \
         .missing = "in which store? Say --store ID"},                                                       \
        {.name = "till",                                                                                     \
         .arg = "L",                                                                                         \
         .doc = "Label of the till",                                                                         \
         .type = &command_text,                                                                              \
         FIELD(till),                                                                                        \
         .missing = "at which till? Say --till L"},                                                          \
        {.name = "date",                                                                                     \
         .arg = "YYYY-MM-DD",                                                                                \
         .doc = "Its business date",                                                                         \
         .type = &command_date,                                                                              \
         FIELD(date)},                                                                                       \
        COMMAND_CARD(struct arguments, card, "The card it belongs to", "whose is it? Say --card C")

#define REASON_OPTION                                                                                        \
    {                                                                                                        \
        .name = "reason", .arg = "TEXT", .doc = "Why, for the log; name nobody in it",                       \
        .type = &command_text, FIELD(reason), .missing = "why? Say --reason TEXT"                            \
    }

static const struct command_option claim_options[] = {RECEIPT_OPTIONS, {0}};
static const struct command_option reassign_options[] = {RECEIPT_OPTIONS, REASON_OPTION, {0}};
static const struct command_option resolve_options[] = {
    {.arg = "POSITION",
     .doc = "Of the event with the exception",
     .type = &command_position,
     FIELD(position),
     .missing = "of which event? Say its position"},
    {.name = "exception",
     .arg = "N",
     .doc = "Which of its exceptions (default: the first)",
     .type = &command_position,
     FIELD(index)},
    REASON_OPTION,
    {0}};

const struct command ctl_receipt_commands[] = {
    {.name = "receipt claim",
     .summary = "a purchase without a card is a member's",
     .doc = "Give a member a purchase at which no card was shown, however long ago it was.",
     .options = claim_options,
     .check = check_receipt,
     .run = run_claim},
    {.name = "receipt reassign",
     .summary = "a purchase went to the wrong member",
     .doc = "Take what a purchase gave from the member who has it, and give it to the member of the card.",
     .options = reassign_options,
     .check = check_receipt,
     .run = run_reassign},
    {.name = "exception resolve",
     .summary = "an exception needs nobody any more",
     .doc = "Say with a reason that an exception needs nobody's attention any more.",
     .options = resolve_options,
     .run = run_resolve},
    {0}};
