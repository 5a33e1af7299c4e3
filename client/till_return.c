/* loyalty-till return, void and close-day. */
#include "client/till.h"

#include "base/text.h"
#include "client/amount.h"
#include "client/clock.h"
#include "model/day.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
    struct till_options common;
    const char *receipt;
    const char *of;
    const char *of_till;
    const char *of_store;
    const char *card;
    const char *amount;
    const char *locale;
    struct command_list lines;
    struct command_list skus;
    int32_t date;    /* -1: not said */
    int32_t of_date; /* -1: not said */
    bool whole;
    bool done;
    bool offline;
};

/* "WHAT" or "WHAT,QUANTITY". */
static int read_part(struct till *till, const char *text, bool sku, struct return_part *ret_part)
{
    const char *comma = strrchr(text, ',');
    const size_t size = comma != NULL ? (size_t)(comma - text) : strlen(text);
    struct return_part part = {0};
    bool decimal = false;
    uint64_t line = 0;
    char *name = arena_alloc(&till->arena, 1, size + 1);
    if (name == NULL) {
        return ERR_TOO_LARGE;
    }
    memcpy(name, text, size);
    name[size] = '\0';
    int error = sku ? 0 : number_parse(name, LINES_MAX, &line);
    if (error == 0 && comma != NULL) {
        error = quantity_parse(comma + 1, strlen(comma + 1), &part.quantity, &decimal);
    }
    if (error != 0 || (!sku && line == 0) || (comma != NULL && part.quantity <= 0)) {
        till_complain("'%s' does not say which goods came back: %s", text,
                      sku ? "say the sku, or sku,2 or sku,0.750"
                          : "say the line from 1 on, or 3,2 for two units of the third");
        return ERR_RANGE;
    }
    part.sku = sku ? name : NULL;
    part.line = sku ? 0 : (uint32_t)(line - 1);
    *ret_part = part;
    return 0;
}

static int read_parts(struct till *till, const struct arguments *arguments, struct goods_return *goods)
{
    const size_t count = arguments->lines.count + arguments->skus.count;
    struct return_part *parts = arena_alloc(&till->arena, count + 1, sizeof(*parts));
    int error = parts == NULL ? ERR_TOO_LARGE : 0;
    for (size_t i = 0; i < count && error == 0; i++) {
        const bool sku = i >= arguments->lines.count;
        const char *text =
            sku ? arguments->skus.items[i - arguments->lines.count] : arguments->lines.items[i];
        error = read_part(till, text, sku, &parts[i]);
    }
    goods->parts = parts;
    goods->parts_count = error == 0 ? count : 0;
    return error;
}

static int32_t today(const struct till *till)
{
    return clock_local_day(clock_wall_ms() + till->clock_offset_ms);
}

static struct receipt original(const struct till *till, const struct arguments *arguments)
{
    return (struct receipt){.store = arguments->of_store,
                            .business_date = arguments->of_date >= 0 ? arguments->of_date : today(till),
                            .till = arguments->of_till,
                            .number = arguments->of};
}

static int queue(struct till *till, const struct arguments *arguments, struct event *event, const char *name)
{
    const struct till_event draft = {
        .event = event, .card = arguments->card, .locale = arguments->locale, .receipt = name};
    return till_tell(till, &draft, arguments->offline);
}

static int queue_return(struct till *till, const struct arguments *arguments)
{
    struct event event = {.kind = EVENT_GOODS_RETURN};
    struct goods_return *goods = &event.goods_return;
    char name[OUTBOX_RECEIPT_BYTES_MAX + 1];
    goods->receipt = (struct receipt){.business_date = arguments->date >= 0 ? arguments->date : today(till),
                                      .number = arguments->receipt};
    goods->has_original = arguments->of != NULL;
    goods->original = original(till, arguments);
    goods->whole = arguments->whole;
    goods->done = arguments->done;
    if (arguments->amount != NULL && till->digits < 0) {
        till_complain("the programme has no currency this till knows: connect once with `loyalty-till send`");
        return TILL_EXIT_ERROR;
    }
    if (arguments->amount != NULL && (amount_parse(arguments->amount, strlen(arguments->amount), till->digits,
                                                   AMOUNT_MAX, &goods->amount) != 0 ||
                                      goods->amount <= 0)) {
        till_complain("'%s' is not an amount", arguments->amount);
        return TILL_EXIT_ERROR;
    }
    if (read_parts(till, arguments, goods) != 0) {
        return TILL_EXIT_ERROR;
    }
    till_receipt_name(till, &goods->receipt, name);
    return queue(till, arguments, &event, name);
}

static int run_return(const struct command_call *call)
{
    const char *lines[LINES_MAX / 2];
    const char *skus[LINES_MAX / 2];
    struct arguments arguments = {.locale = "en",
                                  .date = -1,
                                  .of_date = -1,
                                  .lines = {.items = lines, .most = LINES_MAX / 2},
                                  .skus = {.items = skus, .most = LINES_MAX / 2}};
    struct till till;
    int status = till_begin(&till, call, &arguments);
    if (status == TILL_EXIT_OK) {
        status = queue_return(&till, &arguments);
    }
    till_close(&till);
    return status;
}

static int run_void(const struct command_call *call)
{
    struct arguments arguments = {.locale = "en", .date = -1, .of_date = -1};
    struct till till;
    int status = till_begin(&till, call, &arguments);
    if (status == TILL_EXIT_OK) {
        struct event event = {
            .kind = EVENT_VOID_RECEIPT,
            .void_receipt = {.receipt = original(&till, &arguments), .done = arguments.done}};
        status = queue(&till, &arguments, &event, NULL);
    }
    till_close(&till);
    return status;
}

static int run_claim(const struct command_call *call)
{
    struct arguments arguments = {.locale = "en", .date = -1, .of_date = -1};
    struct till till;
    int status = till_begin(&till, call, &arguments);
    if (status == TILL_EXIT_OK) {
        struct event event = {.kind = EVENT_CLAIM, .claim.receipt = original(&till, &arguments)};
        status = queue(&till, &arguments, &event, NULL);
    }
    till_close(&till);
    return status;
}

static int run_close_day(const struct command_call *call)
{
    struct arguments arguments = {.locale = "en", .date = -1, .of_date = -1};
    struct till till;
    int status = till_begin(&till, call, &arguments);
    if (status == TILL_EXIT_OK) {
        struct event event = {.kind = EVENT_DAY_CLOSE};
        event.day_close.day.business_date = arguments.date >= 0 ? arguments.date : today(&till);
        status = queue(&till, &arguments, &event, NULL);
    }
    till_close(&till);
    return status;
}

static const char *check_return(const void *opaque)
{
    const struct arguments *arguments = opaque;
    const int said = (arguments->lines.count + arguments->skus.count > 0 ? 1 : 0) +
                     (arguments->amount != NULL ? 1 : 0) + (arguments->whole ? 1 : 0);
    if (said != 1) {
        return "what came back? Say --line or --sku, or --amount, or --whole";
    }
    return arguments->of == NULL && arguments->amount == NULL
               ? "without --of only an --amount can be returned"
               : NULL;
}

#define FIELD(name) .offset = offsetof(struct arguments, name)

#define ORIGINAL_OPTIONS                                                                                     \
    {.name = "of-date",                                                                                      \
     .arg = "YYYY-MM-DD",                                                                                    \
     .doc = "Business date of the purchase (default: today)",                                                \
     .type = &command_date,                                                                                  \
     FIELD(of_date)},                                                                                        \
        {.name = "of-till",                                                                                  \
         .arg = "L",                                                                                         \
         .doc = "Label of the till the purchase was rung up at, if not this one",                            \
         .type = &command_text,                                                                              \
         FIELD(of_till)},                                                                                    \
        {.name = "of-store",                                                                                 \
         .arg = "ID",                                                                                        \
         .doc = "Store of the purchase, if not this one",                                                    \
         .type = &command_id,                                                                                \
         FIELD(of_store)},                                                                                   \
    {                                                                                                        \
        .name = "done", .doc = "It has happened: book what can be booked, refuse nothing",                   \
        .type = &command_flag, FIELD(done)                                                                   \
    }

#define QUEUE_OPTIONS                                                                                        \
    {.name = "locale",                                                                                       \
     .arg = "TAG",                                                                                           \
     .doc = "The customer's language (default: en)",                                                         \
     .type = &command_locale,                                                                                \
     FIELD(locale)},                                                                                         \
    {                                                                                                        \
        .name = "offline", .doc = "Only queue it: do not talk to the daemon", .type = &command_flag,         \
        FIELD(offline)                                                                                       \
    }

static const struct command_option return_options[] = {
    {.name = "receipt",
     .arg = "N",
     .doc = "Number printed on the receipt of the return",
     .type = &command_text,
     FIELD(receipt),
     .missing = "which receipt is the return's own? Say --receipt N"},
    {.name = "of", .arg = "N", .doc = "Number of the purchase's receipt", .type = &command_text, FIELD(of)},
    {.name = "line",
     .arg = "N[,QUANTITY]",
     .doc = "A line of the purchase, from 1, that came back (default: all of it); may be repeated",
     .type = &command_list,
     FIELD(lines)},
    {.name = "sku",
     .arg = "SKU[,QUANTITY]",
     .doc = "An article of the purchase that came back; may be repeated",
     .type = &command_list,
     FIELD(skus)},
    {.name = "amount", .arg = "A", .doc = "Money that was paid back", .type = &command_text, FIELD(amount)},
    {.name = "whole", .doc = "All that is left of the purchase", .type = &command_flag, FIELD(whole)},
    {.name = "card",
     .arg = "C",
     .doc = "Without --of: the customer's card, as read",
     .type = &command_text,
     FIELD(card)},
    {.name = "date",
     .arg = "YYYY-MM-DD",
     .doc = "Business date of the return (default: today)",
     .type = &command_date,
     FIELD(date)},
    ORIGINAL_OPTIONS,
    QUEUE_OPTIONS,
    {0}};

static const struct command_option void_options[] = {
    COMMAND_RECEIPT(struct arguments, of), ORIGINAL_OPTIONS, QUEUE_OPTIONS, {0}};

static const struct command_option claim_options[] = {
    COMMAND_RECEIPT(struct arguments, of),
    COMMAND_CARD(struct arguments, card, "The customer's card, as read", "whose is it? Say --card C"),
    ORIGINAL_OPTIONS,
    QUEUE_OPTIONS,
    {0}};

static const struct command_option close_options[] = {{.name = "date",
                                                       .arg = "YYYY-MM-DD",
                                                       .doc = "Business date (default: today)",
                                                       .type = &command_date,
                                                       FIELD(date)},
                                                      QUEUE_OPTIONS,
                                                      {0}};

const struct command till_return_commands[] = {
    {.name = "return",
     .summary = "goods came back, or money for them went back",
     .doc = "Take goods back: what they earned is taken back, what was paid for them with points comes back.",
     .options = return_options,
     .check = check_return,
     .run = run_return},
    {.name = "void",
     .summary = "cancel a purchase of today",
     .doc = "Cancel a whole purchase on its business day, before the till's day is closed.",
     .options = void_options,
     .run = run_void},
    {.name = "claim",
     .summary = "a purchase without a card is this customer's",
     .doc = "A customer comes back with the slip of a purchase at which no card was shown.",
     .options = claim_options,
     .run = run_claim},
    {.name = "close-day",
     .summary = "the till's day is over",
     .doc =
         "Say that the till's day is over: what was rung up on it can be returned, but not voided any more.",
     .options = close_options,
     .run = run_close_day},
    {0}};
