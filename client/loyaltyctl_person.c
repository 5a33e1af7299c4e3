/* loyaltyctl member link and member erase: what stands beside the log about the person behind a number. */
#include "base/limits.h"
#include "client/loyaltyctl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct arguments {
    struct ctl_options common;
    uint32_t member;
    const char *card;
    const char *reason;
    bool yes;
};

static int link_card(struct ctl *ctl, const struct arguments *arguments)
{
    struct booked booked;
    struct bytes commitment;
    int status = ctl_commit_card(ctl, arguments->card, &commitment);
    if (status != CTL_EXIT_OK) {
        return status;
    }
    struct event event = {.kind = EVENT_CARD_LINKED,
                          .card_linked = {.member = arguments->member, .card = commitment}};
    status = ctl_book(ctl, &event, &booked);
    if (status == CTL_EXIT_OK) {
        ctl_say_booked(ctl, &booked, "member %" PRIu32 " has one more card, at position %" PRIu64 "\n",
                       arguments->member, booked.position);
    }
    return status;
}

static int run_link(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = link_card(&ctl, &arguments);
    }
    ctl_close(&ctl);
    return status;
}

static int run_erase(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct ctl ctl;
    struct booked booked;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        struct event event = {.kind = EVENT_ERASED,
                              .erased = {.member = arguments.member, .reason = arguments.reason}};
        status = ctl_book(&ctl, &event, &booked);
    }
    if (status == CTL_EXIT_OK) {
        ctl_say_booked(&ctl, &booked,
                       "erased, at position %" PRIu64 ": nothing leads from member %" PRIu32
                       " to a person any more\nolder copies of the database still do: delete them in time\n",
                       booked.position, arguments.member);
    }
    ctl_close(&ctl);
    return status;
}

static const char *check_erase(const void *opaque)
{
    return ((const struct arguments *)opaque)->yes
               ? NULL
               : "this cannot be undone: cards, profile and openings of the member are deleted. Say --yes";
}

#define MEMBER_ARGUMENT                                                                                      \
    {                                                                                                        \
        .arg = "N", .type = &command_member, .offset = offsetof(struct arguments, member),                   \
        .missing = "which member? Say its number"                                                            \
    }

static const struct command_option link_options[] = {
    MEMBER_ARGUMENT, COMMAND_CARD(struct arguments, card, "The new card", "which card? Say --card C"), {0}};

static const struct command_option erase_options[] = {
    MEMBER_ARGUMENT,
    {.name = "yes", .doc = "Really", .type = &command_flag, .offset = offsetof(struct arguments, yes)},
    {.name = "reason",
     .arg = "TEXT",
     .doc = "Why, for the log; name nobody in it",
     .type = &command_text,
     .offset = offsetof(struct arguments, reason)},
    {0}};

const struct command ctl_person_commands[] = {
    {.name = "member link",
     .summary = "one more card for a member",
     .doc = "Give a member one more card. The other cards stay the member's; a card somebody has is refused.",
     .options = link_options,
     .run = run_link},
    {.name = "member erase",
     .summary = "delete what leads from a member to a person",
     .doc = "Delete what leads from a member to a person: cards, profile and openings. Points stay on the "
            "books, and the log can still be proved.",
     .options = erase_options,
     .check = check_erase,
     .run = run_erase},
    {0}};
