/* loyalty-till join, send, balance and queue. */
#include "client/amount.h"
#include "client/clock.h"
#include "client/till.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_CARD = 0x300, OPTION_LOCALE, OPTION_AGAIN, OPTION_BRIEF, OPTION_OFFLINE };

struct arguments {
    struct till_options common;
    const char *card;
    const char *locale;
    uint64_t again_from; /* 0: only what waits */
    bool brief;
    bool offline;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->common;
        return 0;
    case OPTION_CARD:
        arguments->card = argument;
        return 0;
    case OPTION_LOCALE:
        arguments->locale = argument;
        if (strlen(argument) > LOCALE_BYTES_MAX) {
            argp_error(state, "'%s' is too long for a locale", argument);
        }
        return 0;
    case OPTION_AGAIN:
        arguments->again_from = 1;
        if (argument != NULL &&
            (number_parse(argument, INT64_MAX, &arguments->again_from) != 0 || arguments->again_from == 0)) {
            argp_error(state, "'%s' is not a sequence", argument);
        }
        return 0;
    case OPTION_BRIEF:
        arguments->brief = true;
        return 0;
    case OPTION_OFFLINE:
        arguments->offline = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child common[] = {{.argp = &till_options_argp, .group = 4}, {0}};

/* Parses and opens; TILL_EXIT_OK or how to end. till_close in any case. */
static int begin(const struct argp *argp, int argc, char **argv, struct arguments *ret_arguments,
                 struct till *ret_till)
{
    *ret_till = (struct till){0};
    *ret_arguments = (struct arguments){
        .common = {.folder = getenv("LOYALTY_TILL"), .timeout_ms = TILL_TIMEOUT_MS}, .locale = "en"};
    if (argp_parse(argp, argc, argv, 0, NULL, ret_arguments) != 0) {
        return TILL_EXIT_USAGE;
    }
    const int status = till_open(ret_till, &ret_arguments->common, true);
    ret_till->brief = ret_arguments->brief;
    return status;
}

/* Delivers what waits, with everything new from `shown_from` on shown. */
static int deliver(struct till *till, uint64_t shown_from)
{
    struct delivery delivery;
    int status = till_delivery_init(till, &delivery);
    if (status == TILL_EXIT_OK) {
        till->shown_from = shown_from;
        status = till_deliver(till, &delivery);
        delivery_fini(&delivery);
    }
    return status;
}

int till_command_join(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {.name = "card", .key = OPTION_CARD, .arg = "C", .doc = "The new card, as read"},
        {.name = "locale",
         .key = OPTION_LOCALE,
         .arg = "TAG",
         .doc = "The customer's language (default: en)"},
        {.name = "offline", .key = OPTION_OFFLINE, .doc = "Only queue it: do not talk to the daemon"},
        {0}};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc = "Enrol a customer: from now on the card collects.",
                              .children = common};
    struct arguments arguments;
    struct till till;
    int status = begin(&argp, argc, argv, &arguments, &till);
    if (status == TILL_EXIT_OK && arguments.card == NULL) {
        till_complain("which card? Say --card C");
        status = TILL_EXIT_USAGE;
    }
    if (status == TILL_EXIT_OK) {
        struct event event = {.kind = EVENT_ENROLMENT};
        uint64_t sequence = 0;
        const struct till_event draft = {.event = &event, .card = arguments.card, .locale = arguments.locale};
        const int error = till_queue(&till, &draft, &sequence);
        if (error != 0) {
            till_complain("the card could not be queued: %s", error_text(error));
            status = TILL_EXIT_ERROR;
        } else if (arguments.offline) {
            till_print_queued(&till, sequence);
        } else {
            status = deliver(&till, sequence);
        }
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

int till_command_send(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {.name = "brief", .key = OPTION_BRIEF, .doc = "One line a purchase"},
        {.name = "again",
         .key = OPTION_AGAIN,
         .arg = "SEQUENCE",
         .flags = OPTION_ARG_OPTIONAL,
         .doc =
             "Then send what was acknowledged once more, from a sequence on (default: all that is kept), and "
             "compare the answers: a test of the daemon"},
        {0}};
    const struct argp argp = {
        .options = options, .parser = parse, .doc = "Deliver what waits in the queue.", .children = common};
    struct arguments arguments;
    struct till till;
    int status = begin(&argp, argc, argv, &arguments, &till);
    if (status == TILL_EXIT_OK) {
        status = deliver(&till, 0);
    }
    if ((status == TILL_EXIT_OK || status == TILL_EXIT_REFUSED) && arguments.again_from > 0) {
        status = send_again(&till, arguments.again_from);
    }
    till_close(&till);
    return status;
}

static int show_balance(struct till *till, const char *card)
{
    struct delivery delivery;
    int status = till_delivery_init(till, &delivery);
    if (status != TILL_EXIT_OK) {
        return status;
    }
    struct request request = {.kind = REQUEST_GET_MEMBER};
    struct reply reply;
    request.get_member.card = card;
    int error = delivery_connect(&delivery);
    if (error != 0) {
        status = till_explain(error, delivery.text);
    } else {
        error = session_call(&delivery.session, &request, &reply);
        if (error == ERR_NOT_FOUND) {
            till_complain("this card belongs to nobody yet");
            status = TILL_EXIT_REFUSED;
        } else if (error != 0) {
            status = till_explain(error, delivery.session.text);
        } else {
            till_print_member(till, reply.member.view, reply.member.position);
        }
    }
    delivery_fini(&delivery);
    return status;
}

int till_command_balance(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {.name = "card", .key = OPTION_CARD, .arg = "C", .doc = "The card, as read"}, {0}};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc = "What a card has. What waits in the queue is not counted yet.",
                              .children = common};
    struct arguments arguments;
    struct till till;
    int status = begin(&argp, argc, argv, &arguments, &till);
    if (status == TILL_EXIT_OK && arguments.card == NULL) {
        till_complain("which card? Say --card C");
        status = TILL_EXIT_USAGE;
    }
    if (status == TILL_EXIT_OK) {
        status = show_balance(&till, arguments.card);
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

int till_command_queue(int argc, char **argv)
{
    const struct argp argp = {
        .parser = parse, .doc = "What waits in the queue, and what was acknowledged.", .children = common};
    struct arguments arguments;
    struct till till;
    struct outbox_counts counts;
    int status = begin(&argp, argc, argv, &arguments, &till);
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
