/* loyalty-till join, activity, send and queue. */
#include "client/amount.h"
#include "client/clock.h"
#include "client/till.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
    struct till_options common;
    const char *card;
    const char *code; /* of an activity */
    uint64_t amount;  /* of it; 0: not said */
    const char *name; /* of who joins; NULL: not said */
    const char *locale;
    bool again;
    uint64_t again_from;
    bool brief;
    bool offline;
};

static int queue_card(struct till *till, const struct arguments *arguments, struct event *event)
{
    const struct till_event draft = {.event = event, .card = arguments->card, .locale = arguments->locale};
    return till_tell(till, &draft, arguments->offline);
}

static void say_saved(struct till *till, const struct reply *reply, const void *opaque)
{
    const struct arguments *arguments = opaque;
    if (!till->options.json) {
        printf("Member %" PRIu32 " is known as %s from now on\n", reply->profile.member, arguments->name);
    }
}

/* A name is in no event and in no queue: it is said to the daemon, or not at all. */
static int save_name(struct till *till, const struct arguments *arguments)
{
    struct till_question question = {
        .request = {.kind = REQUEST_SET_PROFILE,
                    .set_profile = {.card = arguments->card,
                                    .profile = {.name = arguments->name, .locale = arguments->locale}}},
        .nothing = "the name was not saved: the card belongs to nobody yet",
        .show = say_saved};
    return till_ask(till, &question, arguments);
}

static int join(const struct command_call *call)
{
    struct arguments arguments = {.locale = "en"};
    struct till till;
    int status = till_begin(&till, call, &arguments);
    if (status == TILL_EXIT_OK) {
        struct event event = {.kind = EVENT_ENROLMENT};
        status = queue_card(&till, &arguments, &event);
    }
    if (status == TILL_EXIT_OK && arguments.name != NULL) {
        status = save_name(&till, &arguments);
    }
    till_close(&till);
    return status;
}

static const char *check_join(const void *opaque)
{
    const struct arguments *arguments = opaque;
    return arguments->name != NULL && arguments->offline
               ? "a name is saved by the daemon, and never in the queue: not with --offline"
               : NULL;
}

static int activity(const struct command_call *call)
{
    struct arguments arguments = {.locale = "en"};
    struct till till;
    int status = till_begin(&till, call, &arguments);
    if (status == TILL_EXIT_OK) {
        struct event event = {.kind = EVENT_ACTIVITY,
                              .activity = {.code = arguments.code, .amount = (int64_t)arguments.amount}};
        status = queue_card(&till, &arguments, &event);
    }
    till_close(&till);
    return status;
}

static int send_again(struct till *till, uint64_t from)
{
    struct delivery delivery;
    int status = till_delivery_init(till, &delivery);
    if (status != TILL_EXIT_OK) {
        return status;
    }
    till->shown_from = till->options.json ? 0 : UINT64_MAX;
    const int error = delivery_run_again(&delivery, from);
    if (error != 0) {
        status = till_explain(error, delivery.text);
    } else if (delivery.differing_count > 0) {
        till_complain("ALARM: %" PRIu64 " of %" PRIu64 " events sent again got another answer than before",
                      delivery.differing_count, delivery.answered_count);
        status = TILL_EXIT_ALARM;
    } else if (!till->options.json) {
        printf("%" PRIu64 " sent again, the same answer for each\n", delivery.answered_count);
    }
    delivery_fini(&delivery);
    return status;
}

static int send(const struct command_call *call)
{
    struct arguments arguments = {.again_from = 1};
    struct till till;
    int status = till_begin(&till, call, &arguments);
    if (status == TILL_EXIT_OK) {
        till.brief = arguments.brief;
        status = till_deliver_all(&till, 0);
    }
    if ((status == TILL_EXIT_OK || status == TILL_EXIT_REFUSED) && arguments.again) {
        status = send_again(&till, arguments.again_from);
    }
    till_close(&till);
    return status;
}

static void json_queue(struct till *till, const struct outbox_counts *counts)
{
    struct json *json = &till->json;
    int64_t last = 0;
    const bool met = outbox_number(&till->outbox, OUTBOX_LAST_POSITION, &last) == 0;
    json_object(json, NULL);
    json_unsigned(json, "principal", till->principal);
    json_text(json, "store", till->store);
    json_text(json, "label", till->label);
    json_unsigned(json, "next_sequence", counts->next_sequence);
    json_unsigned(json, "waiting", counts->waiting);
    json_unsigned(json, "acknowledged", counts->acknowledged);
    if (met) {
        json_integer(json, "last_position", last);
    }
    json_array(json, "events");
    for (uint64_t sequence = counts->first_kept; sequence < counts->next_sequence; sequence++) {
        struct outbox_event event;
        struct booked booked = {0};
        arena_reset(&till->arena);
        if (outbox_event_load(&till->outbox, sequence, &till->arena, &event) != 0) {
            continue;
        }
        json_object(json, NULL);
        json_unsigned(json, "sequence", sequence);
        json_text(json, "receipt", event.receipt);
        json_bool(json, "acknowledged", event.booked.size > 0);
        if (event.booked.size > 0 && wire_booked_unpack(event.booked, &till->arena, &booked) == 0) {
            json_unsigned(json, "position", booked.position);
            json_hex(json, "chain", (struct bytes){.data = booked.chain, .size = HASH_BYTES});
        }
        json_end_object(json);
    }
    json_end_array(json);
    json_end_object(json);
}

static void print_queue(struct till *till, const struct outbox_counts *counts)
{
    printf("Till %s of store %s: %" PRIu64 " waiting, %" PRIu64 " acknowledged and kept\n", till->label,
           till->store, counts->waiting, counts->acknowledged);
    for (uint64_t sequence = counts->first_waiting; sequence < counts->next_sequence; sequence++) {
        struct outbox_event event;
        char when[INSTANT_TEXT_BYTES];
        arena_reset(&till->arena);
        if (outbox_event_load(&till->outbox, sequence, &till->arena, &event) != 0) {
            continue;
        }
        instant_format_local(event.queued_at, when);
        printf("  %" PRIu64 "  %s  %s\n", sequence, when,
               event.receipt != NULL ? event.receipt : "(no receipt)");
    }
}

static int queue(const struct command_call *call)
{
    struct arguments arguments = {0};
    struct till till;
    struct outbox_counts counts;
    int status = till_begin(&till, call, &arguments);
    if (status == TILL_EXIT_OK && outbox_event_count(&till.outbox, &counts) != 0) {
        till_complain("the outbox cannot be read");
        status = TILL_EXIT_ERROR;
    } else if (status == TILL_EXIT_OK && till.options.json) {
        json_queue(&till, &counts);
    } else if (status == TILL_EXIT_OK) {
        print_queue(&till, &counts);
    }
    till_close(&till);
    return status;
}

/* --again, or --again=SEQUENCE. */
static bool take_again(const char *text, void *field)
{
    struct arguments *arguments = field;
    arguments->again = true;
    return text == NULL || command_position.take(text, &arguments->again_from);
}

static const struct command_type again = {take_again, "is not a sequence"};

static bool take_some(const char *text, void *field)
{
    uint64_t *amount = field;
    return number_parse(text, ACTIVITY_AMOUNT_MAX, amount) == 0 && *amount > 0;
}

static const struct command_type some = {take_some, "is not a whole number from 1 to 1000000000"};

#define QUEUE_OPTIONS                                                                                        \
    COMMAND_CARD(struct arguments, card, "The card, as read", "which card? Say --card C"),                   \
        {.name = "locale",                                                                                   \
         .arg = "TAG",                                                                                       \
         .doc = "The customer's language (default: en)",                                                     \
         .type = &command_locale,                                                                            \
         .offset = offsetof(struct arguments, locale)},                                                      \
    {                                                                                                        \
        .name = "offline", .doc = "Only queue it: do not talk to the daemon", .type = &command_flag,         \
        .offset = offsetof(struct arguments, offline)                                                        \
    }

static const struct command_option join_options[] = {
    {.name = "name",
     .arg = "NAME",
     .doc = "What the customer is called; kept encrypted and outside the log",
     .type = &command_text,
     .offset = offsetof(struct arguments, name)},
    QUEUE_OPTIONS,
    {0}};

static const struct command_option activity_options[] = {{.arg = "CODE",
                                                          .doc = "The code of a rule of kind activity",
                                                          .type = &command_id,
                                                          .offset = offsetof(struct arguments, code),
                                                          .missing = "which activity? Say its CODE"},
                                                         {.name = "amount",
                                                          .arg = "N",
                                                          .doc = "How much of it, such as the kilometres: a "
                                                                 "whole number (default: 1)",
                                                          .type = &some,
                                                          .offset = offsetof(struct arguments, amount)},
                                                         QUEUE_OPTIONS,
                                                         {0}};

static const struct command_option send_options[] = {
    {.name = "brief",
     .doc = "One line a purchase",
     .type = &command_flag,
     .offset = offsetof(struct arguments, brief)},
    {.name = "again",
     .arg = "SEQUENCE",
     .doc = "Then send what was acknowledged once more, from a sequence on (default: all that is kept), and "
            "compare the answers: a test of the daemon",
     .type = &again,
     .bare = true},
    {0}};

const struct command till_counter_commands[] = {
    {.name = "join",
     .summary = "enrol a customer's card",
     .doc = "Enrol a customer: from now on the card collects.",
     .options = join_options,
     .check = check_join,
     .run = join},
    {.name = "activity",
     .summary = "a customer did something worth points",
     .doc = "A customer did something that is worth points and is no purchase, such as answering a survey, "
            "or of which so much is worth so many, such as kilometres cycled.",
     .options = activity_options,
     .run = activity},
    {.name = "send",
     .summary = "deliver what waits in the queue",
     .doc = "Deliver what waits in the queue.",
     .options = send_options,
     .run = send},
    {.name = "queue",
     .summary = "what waits and what was acknowledged",
     .doc = "Show what waits in the queue, and what was acknowledged.",
     .run = queue},
    {0}};
