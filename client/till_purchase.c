/* loyalty-till purchase: one from options, or a file of them. */
#include "client/till.h"

#include "base/text.h"
#include "client/amount.h"
#include "client/clock.h"
#include "model/day.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_CARD = 0x200,
    OPTION_LINE,
    OPTION_RECEIPT,
    OPTION_DATE,
    OPTION_TILL_LABEL,
    OPTION_AT,
    OPTION_TENDER,
    OPTION_CODE,
    OPTION_LOCALE,
    OPTION_OFFLINE,
    OPTION_FROM,
    OPTION_BRIEF,
    OPTION_FULL,
    OPTION_PACE,
    OPTION_DISCOUNT,
};

struct arguments {
    struct till_options common;
    const char *card;
    const char **lines; /* LINES_MAX of room */
    size_t lines_count;
    const char *tenders[TENDERS_MAX];
    size_t tenders_count;
    const char *codes[CODES_MAX];
    size_t codes_count;
    const char *discount;
    const char *receipt;
    const char *till_label;
    const char *locale;
    const char *from;
    int32_t date;
    bool has_date;
    int64_t at;
    bool offline;
    bool brief;
    const char *full[TILL_FULL_MAX];
    size_t full_count;
    uint64_t pace_ms;
};

static const struct argp_option options[] = {
    {.name = "receipt",
     .key = OPTION_RECEIPT,
     .arg = "N",
     .doc = "Number printed on the receipt",
     .group = 1},
    {.name = "card", .key = OPTION_CARD, .arg = "C", .doc = "The customer's card, as read"},
    {.name = "line",
     .key = OPTION_LINE,
     .arg = "SKU,CATEGORY,QUANTITY,GROSS[,LABEL...]",
     .doc = "A line of the basket; a quantity with decimals is weighed; may be repeated"},
    {.name = "discount", .key = OPTION_DISCOUNT, .arg = "AMOUNT", .doc = "Discount on the whole basket"},
    {.name = "tender",
     .key = OPTION_TENDER,
     .arg = "KIND=AMOUNT",
     .doc = "How it was paid: cash, card, gift_card, voucher, points, other; may be repeated"},
    {.name = "code", .key = OPTION_CODE, .arg = "CODE", .doc = "Promotion code; may be repeated"},
    {.name = "date",
     .key = OPTION_DATE,
     .arg = "YYYY-MM-DD",
     .doc = "Business date (default: of the purchase)"},
    {.name = "at", .key = OPTION_AT, .arg = "RFC3339", .doc = "When it happened (default: now)"},
    {.name = "till-label",
     .key = OPTION_TILL_LABEL,
     .arg = "L",
     .doc = "Label of the till it was rung up at, if not this one"},
    {.name = "from",
     .key = OPTION_FROM,
     .arg = "FILE",
     .doc = "Ring up all purchases of a CSV file",
     .group = 2},
    {.name = "pace",
     .key = OPTION_PACE,
     .arg = "MS",
     .doc = "With --from: one purchase after the other, this long apart, as at a counter"},
    {.name = "brief", .key = OPTION_BRIEF, .doc = "One line a purchase"},
    {.name = "full",
     .key = OPTION_FULL,
     .arg = "N",
     .doc = "With --brief: this receipt in full; may be repeated"},
    {.name = "locale",
     .key = OPTION_LOCALE,
     .arg = "TAG",
     .doc = "The customer's language (default: en)",
     .group = 3},
    {.name = "offline", .key = OPTION_OFFLINE, .doc = "Only queue it: do not talk to the daemon"},
    {0},
};

static void parse_when(int key, const char *argument, struct arguments *arguments, struct argp_state *state)
{
    int32_t day = 0;
    if (key == OPTION_DATE) {
        if (day_parse(argument, strlen(argument), &arguments->date) != 0 || arguments->date < 0) {
            argp_error(state, "'%s' is not a date such as 2026-12-01", argument);
        }
        arguments->has_date = true;
        return;
    }
    if (instant_parse(argument, &arguments->at, &day) != 0) {
        argp_error(state, "'%s' is not a time such as 2026-12-01T08:05:00+02:00", argument);
    }
    if (!arguments->has_date) {
        arguments->date = day;
        arguments->has_date = true;
    }
}

static void append(const char **list, size_t *count, size_t most, const char *argument,
                   struct argp_state *state)
{
    if (*count == most) {
        argp_error(state, "'%s': there can be at most %zu of these", argument, most);
    }
    list[(*count)++] = argument;
}

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
    case OPTION_LINE:
        append(arguments->lines, &arguments->lines_count, LINES_MAX, argument, state);
        return 0;
    case OPTION_TENDER:
        append(arguments->tenders, &arguments->tenders_count, TENDERS_MAX, argument, state);
        return 0;
    case OPTION_CODE:
        append(arguments->codes, &arguments->codes_count, CODES_MAX, argument, state);
        return 0;
    case OPTION_FULL:
        append(arguments->full, &arguments->full_count, TILL_FULL_MAX, argument, state);
        return 0;
    case OPTION_DISCOUNT:
        arguments->discount = argument;
        return 0;
    case OPTION_RECEIPT:
        arguments->receipt = argument;
        return 0;
    case OPTION_DATE:
    case OPTION_AT:
        parse_when(key, argument, arguments, state);
        return 0;
    case OPTION_TILL_LABEL:
        arguments->till_label = argument;
        return 0;
    case OPTION_LOCALE:
        arguments->locale = argument;
        return 0;
    case OPTION_OFFLINE:
        arguments->offline = true;
        return 0;
    case OPTION_BRIEF:
        arguments->brief = true;
        return 0;
    case OPTION_FROM:
        arguments->from = argument;
        return 0;
    case OPTION_PACE:
        if (number_parse(argument, 600000, &arguments->pace_ms) != 0) {
            argp_error(state, "--pace takes milliseconds, up to 600000");
        }
        return 0;
    case ARGP_KEY_ARG:
        argp_usage(state);
        return 0;
    case ARGP_KEY_END:
        if ((arguments->receipt == NULL) == (arguments->from == NULL)) {
            argp_error(state, "say either --receipt N or --from FILE");
        }
        if (strlen(arguments->locale) > LOCALE_BYTES_MAX) {
            argp_error(state, "'%s' is too long for a locale", arguments->locale);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The basket of the options; complains itself. */
static int fill(struct till *till, const struct arguments *arguments, struct basket *basket)
{
    char text[TILL_TEXT_BYTES] = "out of memory";
    struct purchase *purchase = &basket->event.purchase;
    int error = basket_init(basket, &till->arena);
    for (size_t i = 0; error == 0 && i < arguments->lines_count; i++) {
        error = basket_add_line(basket, &till->arena, arguments->lines[i], till->digits, text);
    }
    for (size_t i = 0; error == 0 && i < arguments->tenders_count; i++) {
        error = basket_add_tender(basket, arguments->tenders[i], till->digits, text);
    }
    if (error == 0 && arguments->discount != NULL) {
        error = amount_parse(arguments->discount, strlen(arguments->discount), till->digits, AMOUNT_MAX,
                             &purchase->basket_discount);
        (void)snprintf(text, sizeof(text), "'%s' is not an amount", arguments->discount);
    }
    if (error != 0) {
        till_complain("%s", text);
        return TILL_EXIT_ERROR;
    }
    memcpy(basket->codes, arguments->codes, arguments->codes_count * sizeof(*basket->codes));
    purchase->codes_count = arguments->codes_count;
    purchase->receipt.number = arguments->receipt;
    purchase->receipt.till = arguments->till_label;
    purchase->receipt.business_date =
        arguments->has_date ? arguments->date : clock_local_day(clock_wall_ms() + till->clock_offset_ms);
    basket->event.occurred_at = arguments->at;
    basket->card = arguments->card;
    return TILL_EXIT_OK;
}

/* The receipt is in the outbox already: it was rung up, and is not rung up again. */
static int say_known(struct till *till, const char *name)
{
    uint64_t sequence = 0;
    struct outbox_event event;
    arena_reset(&till->arena);
    if (outbox_event_by_receipt(&till->outbox, name, &sequence) != 0 ||
        outbox_event_load(&till->outbox, sequence, &till->arena, &event) != 0) {
        till_complain("the outbox cannot be read");
        return TILL_EXIT_ERROR;
    }
    till_complain("receipt %s was rung up before: event %" PRIu64 ", %s. Nothing is sent twice", name,
                  sequence, event.booked.size > 0 ? "acknowledged" : "waiting");
    return TILL_EXIT_OK;
}

static int queue_one(struct till *till, const struct arguments *arguments)
{
    struct basket basket;
    char name[OUTBOX_RECEIPT_BYTES_MAX + 1];
    uint64_t sequence = 0;
    const int status = fill(till, arguments, &basket);
    if (status != TILL_EXIT_OK) {
        return status;
    }
    basket_receipt_name(&basket, till, name);
    const struct till_event draft = {
        .event = &basket.event, .card = basket.card, .locale = arguments->locale, .receipt = name};
    const int error = till_queue(till, &draft, &sequence);
    if (error == ERR_EXISTS) {
        till->shown_from = UINT64_MAX;
        return say_known(till, name);
    }
    if (error != 0) {
        till_complain("the purchase could not be queued: %s", error_text(error));
        return TILL_EXIT_ERROR;
    }
    till->shown_from = sequence;
    if (arguments->offline) {
        till_print_queued(till, sequence);
    }
    return TILL_EXIT_OK;
}

static int purchase(struct till *till, const struct arguments *arguments)
{
    if (till->digits < 0) {
        till_complain("the programme has no currency this till knows: connect once with `loyalty-till send`");
        return TILL_EXIT_ERROR;
    }
    if (arguments->from != NULL) {
        const struct till_file_options file = {.path = arguments->from,
                                               .date = arguments->has_date ? arguments->date : -1,
                                               .locale = arguments->locale,
                                               .offline = arguments->offline,
                                               .pace_ms = (int64_t)arguments->pace_ms};
        return till_purchase_file(till, &file);
    }
    int status = queue_one(till, arguments);
    if (status != TILL_EXIT_OK || arguments->offline) {
        return status;
    }
    struct delivery delivery;
    status = till_delivery_init(till, &delivery);
    if (status == TILL_EXIT_OK) {
        status = till_deliver(till, &delivery);
        delivery_fini(&delivery);
    }
    return status;
}

int till_command_purchase(int argc, char **argv)
{
    const struct argp_child children[] = {{.argp = &till_options_argp, .group = 4}, {0}};
    const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc =
            "Ring up a purchase: sign it, queue it safely, send it and print what the customer gets."
            "\vA file for --from has a first line `receipt,time,card,sku,category,quantity,gross,labels` and "
            "a line for each line of a basket; lines of one receipt stand together. `time` is HH:MM of "
            "--date "
            "in this machine's zone, or RFC 3339; `labels` are parted by spaces. Receipts that are in the "
            "outbox already are left out, so a file may be played again after an interruption.",
        .children = children};
    struct arguments arguments = {.common = {.folder = getenv("LOYALTY_TILL"), .timeout_ms = TILL_TIMEOUT_MS},
                                  .locale = "en"};
    arguments.lines = calloc(LINES_MAX, sizeof(*arguments.lines));
    if (arguments.lines == NULL) {
        return TILL_EXIT_ERROR;
    }
    int status = TILL_EXIT_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) == 0) {
        struct till till;
        status = till_open(&till, &arguments.common, true);
        if (status == TILL_EXIT_OK) {
            till.brief = arguments.brief;
            memcpy(till.full, arguments.full, sizeof(till.full));
            till.full_count = arguments.full_count;
            status = purchase(&till, &arguments);
        }
        till_close(&till);
    }
    free(arguments.lines);
    return status;
}
