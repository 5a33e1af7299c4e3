/* loyaltyctl member adjust, transfer and merge, and households: what operators do by hand. */
#include "base/limits.h"
#include "base/text.h"
#include "client/loyaltyctl.h"
#include "crypto/base32.h"
#include "model/day.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool take_signed(const char *text, void *field)
{
    char *end = NULL;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    *(int64_t *)field = value;
    return errno == 0 && end != text && *end == '\0' && value >= -POINTS_MAX && value <= POINTS_MAX;
}

enum { BESIDES_BYTES = 512 };

static const struct command_type command_signed = {take_signed, "is not a whole number such as 100 or -25"};

struct adjusting {
    struct ctl_options common;
    struct adjustment adjustment;
    int32_t receipt_date; /* -1: not said */
};

/* Behind the points: stamps on the card, and the code of a voucher that was issued. */
static void describe_besides(const struct event *event, const struct outcome *outcome, struct text *text)
{
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_STAMPS && event->kind == EVENT_ADJUSTMENT) {
            text_add(text, ", %" PRId64 " on the stamp card %s", effect->stamps.count,
                     event->adjustment.card);
        } else if (effect->kind == EFFECT_VOUCHER) {
            char code[BASE32_TEXT_BYTES];
            char grouped[BASE32_GROUPED_BYTES];
            base32_encode(effect->voucher.code, code);
            base32_group(code, grouped);
            text_add(text, ", voucher %s", grouped);
        }
    }
}

static int report(struct ctl *ctl, struct event *event, const char *what)
{
    struct booked booked;
    const int status = ctl_book(ctl, event, &booked);
    if (status == CTL_EXIT_OK) {
        const struct outcome *outcome = ctl->outcome;
        char besides[BESIDES_BYTES];
        struct text text;
        text_init(&text, besides, sizeof(besides));
        describe_besides(event, outcome, &text);
        ctl_say_booked(ctl, &booked,
                       "%s, at position %" PRIu64 ": member %" PRIu32 " has %" PRId64 " points available%s\n",
                       what, booked.position, outcome->member, outcome->balances.accounts[MEMBER_AVAILABLE],
                       besides);
    }
    return status;
}

static int adjust(const struct command_call *call)
{
    struct adjusting arguments = {.adjustment = {.until = -1, .level_until = -1}, .receipt_date = -1};
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        arguments.adjustment.has_receipt = arguments.adjustment.receipt.number != NULL;
        arguments.adjustment.receipt.business_date = arguments.receipt_date;
        struct event event = {.kind = EVENT_ADJUSTMENT, .adjustment = arguments.adjustment};
        status = report(&ctl, &event, "adjusted");
    }
    ctl_close(&ctl);
    return status;
}

static const char *check_adjustment(const void *opaque)
{
    const struct adjusting *arguments = opaque;
    const struct adjustment *adjustment = &arguments->adjustment;
    const struct receipt *receipt = &adjustment->receipt;
    const bool names = receipt->number != NULL || receipt->store != NULL || receipt->till != NULL ||
                       arguments->receipt_date >= 0;
    if (names && (receipt->number == NULL || receipt->store == NULL || receipt->till == NULL ||
                  arguments->receipt_date < 0)) {
        return "of which purchase? Say --receipt N, --store ID, --till L and --date";
    }
    if (adjustment->points == 0 && adjustment->qualifying == 0 && adjustment->card == NULL &&
        adjustment->level == NULL && adjustment->reward == NULL) {
        return "adjust what? Say --points, --qualifying, --stamps, --level or --reward";
    }
    return (adjustment->card == NULL) != (adjustment->stamps == 0)
               ? "--stamps N needs --card ID, and it needs them"
               : NULL;
}

struct transferring {
    struct ctl_options common;
    uint32_t from;
    uint32_t to;
    int64_t points;
    const char *reason;
};

static int transfer(const struct command_call *call)
{
    struct transferring arguments = {0};
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        struct event event = {.kind = EVENT_TRANSFER,
                              .transfer = {.from = arguments.from,
                                           .to = arguments.to,
                                           .points = arguments.points,
                                           .reason = arguments.reason}};
        status = report(&ctl, &event, "moved");
    }
    ctl_close(&ctl);
    return status;
}

static const char *check_transfer(const void *opaque)
{
    const struct transferring *arguments = opaque;
    return arguments->points <= 0             ? "--points N of at least 1"
           : arguments->from == arguments->to ? "points are moved to another member"
                                              : NULL;
}

struct merging {
    struct ctl_options common;
    uint32_t from;
    uint32_t to;
    const char *reason;
};

static int merge(const struct command_call *call)
{
    struct merging arguments = {0};
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        struct event event = {
            .kind = EVENT_MERGE,
            .merge = {.from = arguments.from, .to = arguments.to, .reason = arguments.reason}};
        status = report(&ctl, &event, "merged");
    }
    ctl_close(&ctl);
    return status;
}

static const char *check_merge(const void *opaque)
{
    const struct merging *arguments = opaque;
    return arguments->from == arguments->to ? "a member is merged into another one" : NULL;
}

struct living {
    struct ctl_options common;
    uint32_t member;
    uint32_t household;
    const char *reason;
};

static int move_in_or_out(const struct command_call *call, bool leaves)
{
    struct living arguments = {0};
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        struct event event = {.kind = EVENT_HOUSEHOLD,
                              .household = {.member = arguments.member,
                                            .household = arguments.household,
                                            .leaves = leaves,
                                            .reason = arguments.reason}};
        status = report(&ctl, &event, leaves ? "left" : "joined");
    }
    ctl_close(&ctl);
    return status;
}

static int join_household(const struct command_call *call)
{
    return move_in_or_out(call, false);
}

static int leave_household(const struct command_call *call)
{
    return move_in_or_out(call, true);
}

#define OF(field) offsetof(struct adjusting, adjustment.field)

static const struct command_option adjust_options[] = {
    {.arg = "N", .type = &command_member, .offset = OF(member), .missing = "which member? Say its number"},
    {.name = "reason",
     .arg = "TEXT",
     .doc = "Why, for the log",
     .type = &command_text,
     .offset = OF(reason),
     .missing = "why? Say --reason TEXT"},
    {.name = "points",
     .arg = "N",
     .doc = "Points to give, or below 0 to take, in the smallest unit",
     .type = &command_signed,
     .offset = OF(points)},
    {.name = "may-owe",
     .doc = "Take more than there is: the rest is owed",
     .type = &command_flag,
     .offset = OF(may_owe)},
    {.name = "until",
     .arg = "DATE",
     .doc = "Last valid day of the points given",
     .type = &command_date,
     .offset = OF(until)},
    {.name = "qualifying",
     .arg = "N",
     .doc = "Points that count towards levels",
     .type = &command_signed,
     .offset = OF(qualifying)},
    {.name = "card", .arg = "ID", .doc = "The stamp card", .type = &command_id, .offset = OF(card)},
    {.name = "stamps",
     .arg = "N",
     .doc = "Stamps of it to give, or below 0 to take",
     .type = &command_signed,
     .offset = OF(stamps)},
    {.name = "level",
     .arg = "ID",
     .doc = "A level the member is not below",
     .type = &command_id,
     .offset = OF(level)},
    {.name = "level-until",
     .arg = "DATE",
     .doc = "... until the end of this day (default: for ever)",
     .type = &command_date,
     .offset = OF(level_until)},
    {.name = "reward",
     .arg = "ID",
     .doc = "Issue a voucher of this reward",
     .type = &command_id,
     .offset = OF(reward)},
    {.name = "receipt",
     .arg = "N",
     .doc = "Count it as taken back from the member's purchase of this receipt number, or as given back",
     .type = &command_text,
     .offset = OF(receipt.number)},
    {.name = "store",
     .arg = "ID",
     .doc = "Where that was rung up",
     .type = &command_id,
     .offset = OF(receipt.store)},
    {.name = "till",
     .arg = "L",
     .doc = "Label of its till",
     .type = &command_text,
     .offset = OF(receipt.till)},
    {.name = "date",
     .arg = "YYYY-MM-DD",
     .doc = "Its business date",
     .type = &command_date,
     .offset = offsetof(struct adjusting, receipt_date)},
    {0}};

static const struct command_option transfer_options[] = {
    {.arg = "FROM",
     .type = &command_member,
     .offset = offsetof(struct transferring, from),
     .missing = "from which member to which? Say both numbers"},
    {.arg = "TO",
     .type = &command_member,
     .offset = offsetof(struct transferring, to),
     .missing = "to which member? Say its number"},
    {.name = "points",
     .arg = "N",
     .doc = "Points to move, in the smallest unit",
     .type = &command_signed,
     .offset = offsetof(struct transferring, points),
     .missing = "how many? Say --points N"},
    {.name = "reason",
     .arg = "TEXT",
     .doc = "Why, for the log",
     .type = &command_text,
     .offset = offsetof(struct transferring, reason)},
    {0}};

static const struct command_option merge_options[] = {
    {.arg = "FROM",
     .type = &command_member,
     .offset = offsetof(struct merging, from),
     .missing = "which member, into which? Say both numbers; the second one stays"},
    {.arg = "INTO",
     .type = &command_member,
     .offset = offsetof(struct merging, to),
     .missing = "into which member? Say its number"},
    {.name = "reason",
     .arg = "TEXT",
     .doc = "Why, for the log",
     .type = &command_text,
     .offset = offsetof(struct merging, reason)},
    {0}};

#define LIVING_MEMBER                                                                                        \
    {                                                                                                        \
        .arg = "MEMBER", .type = &command_member, .offset = offsetof(struct living, member),                 \
        .missing = "which member? Say its number"                                                            \
    }
#define LIVING_REASON                                                                                        \
    {                                                                                                        \
        .name = "reason", .arg = "TEXT", .doc = "Why, for the log", .type = &command_text,                   \
        .offset = offsetof(struct living, reason)                                                            \
    }

static const struct command_option join_options[] = {
    LIVING_MEMBER,
    {.arg = "HOUSEHOLD", .type = &command_member, .offset = offsetof(struct living, household)},
    LIVING_REASON,
    {0}};

static const struct command_option leave_options[] = {LIVING_MEMBER, LIVING_REASON, {0}};

const struct command ctl_hand_commands[] = {
    {.name = "member adjust",
     .summary = "give or take points, stamps, a level by hand",
     .doc = "Give or take by hand: points, points towards levels, stamps, a level, a voucher. With a receipt "
            "it counts as taken back from that purchase: a return takes only the rest.",
     .options = adjust_options,
     .check = check_adjustment,
     .run = adjust},
    {.name = "member transfer",
     .summary = "move points from one member to another",
     .doc = "Move available points from one member to another, where the programme allows it.",
     .options = transfer_options,
     .check = check_transfer,
     .run = transfer},
    {.name = "member merge",
     .summary = "make one of two members: all goes to the second",
     .doc =
         "Make one of two members who are the same customer: points, vouchers, stamps, receipts and cards of "
         "the first are the second's from here on. It cannot be undone.",
     .options = merge_options,
     .check = check_merge,
     .run = merge},
    {.name = "household add",
     .summary = "let a member join a household, or open one",
     .doc = "Let a member join the household of this number; without one, a new household whose number is "
            "said. What "
            "the programme's households share of the member is the household's from here on: `member show` "
            "of its "
            "number shows it.",
     .options = join_options,
     .run = join_household},
    {.name = "household leave",
     .summary = "let a member leave its household",
     .doc = "Let a member leave its household. What is shared stays with it: the member takes nothing along.",
     .options = leave_options,
     .run = leave_household},
    {0}};
