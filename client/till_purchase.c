/* loyalty-till purchase: one from options, or a file of them. */
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
    const char *card;
    struct command_list lines;
    struct command_list tenders;
    struct command_list codes;
    struct command_list full;
    struct command_list redemptions;
    const char *what; /* of redeem */
    const char *points;
    bool done;
    const char *discount;
    const char *receipt;
    const char *till_label;
    const char *locale;
    const char *from;
    int32_t date; /* -1: not said */
    struct {
        int64_t instant; /* 0: not said */
        int32_t day;
    } at;
    bool offline;
    bool brief;
    int64_t pace_ms;
};

static bool take_at(const char *text, void *field)
{
    struct arguments *arguments = field;
    return instant_parse(text, &arguments->at.instant, &arguments->at.day) == 0;
}

static bool take_pace(const char *text, void *field)
{
    uint64_t number = 0;
    if (number_parse(text, 600000, &number) != 0) {
        return false;
    }
    *(int64_t *)field = (int64_t)number;
    return true;
}

static const struct command_type at = {take_at, "is not a time such as 2026-12-01T08:05:00+02:00"};
static const struct command_type pace = {take_pace, "is not a number of milliseconds up to 600000"};

static const struct command_option options[] = {
    {.name = "receipt",
     .arg = "N",
     .doc = "Number printed on the receipt",
     .type = &command_text,
     .offset = offsetof(struct arguments, receipt),
     .group = 1},
    {.name = "card",
     .arg = "C",
     .doc = "The customer's card, as read",
     .type = &command_text,
     .offset = offsetof(struct arguments, card),
     .group = 1},
    {.name = "line",
     .arg = "SKU,CATEGORY,QUANTITY,GROSS[,LABEL...]",
     .doc = "A line of the basket; a quantity with decimals is weighed; may be repeated",
     .type = &command_list,
     .offset = offsetof(struct arguments, lines),
     .group = 1},
    {.name = "discount",
     .arg = "AMOUNT",
     .doc = "Discount on the whole basket",
     .type = &command_text,
     .offset = offsetof(struct arguments, discount),
     .group = 1},
    {.name = "tender",
     .arg = "KIND=AMOUNT",
     .doc = "How it was paid: cash, card, gift_card, voucher, points, other; may be repeated",
     .type = &command_list,
     .offset = offsetof(struct arguments, tenders),
     .group = 1},
    {.name = "code",
     .arg = "CODE",
     .doc = "Promotion code; may be repeated",
     .type = &command_list,
     .offset = offsetof(struct arguments, codes),
     .group = 1},
    {.name = "redeem",
     .arg = "WHAT",
     .doc = "What the customer uses: voucher:CODE, REWARD or REWARD,UNITS for points, reservation:N; may be "
            "repeated",
     .type = &command_list,
     .offset = offsetof(struct arguments, redemptions),
     .group = 1},
    {.name = "points",
     .arg = "N|max",
     .doc = "Points the customer pays with",
     .type = &command_text,
     .offset = offsetof(struct arguments, points),
     .group = 1},
    {.name = "done",
     .doc = "The goods are gone: what cannot be redeemed is owed, or an exception, and refuses nothing",
     .type = &command_flag,
     .offset = offsetof(struct arguments, done),
     .group = 1},
    {.name = "date",
     .arg = "YYYY-MM-DD",
     .doc = "Business date (default: of the purchase)",
     .type = &command_date,
     .offset = offsetof(struct arguments, date),
     .group = 1},
    {.name = "at", .arg = "RFC3339", .doc = "When it happened (default: now)", .type = &at, .group = 1},
    {.name = "till-label",
     .arg = "L",
     .doc = "Label of the till it was rung up at, if not this one",
     .type = &command_text,
     .offset = offsetof(struct arguments, till_label),
     .group = 1},
    {.name = "from",
     .arg = "FILE",
     .doc = "Ring up all purchases of a CSV file",
     .type = &command_text,
     .offset = offsetof(struct arguments, from),
     .group = 2},
    {.name = "pace",
     .arg = "MS",
     .doc = "With --from: one purchase after the other, this long apart, as at a counter",
     .type = &pace,
     .offset = offsetof(struct arguments, pace_ms),
     .group = 2},
    {.name = "brief",
     .doc = "One line a purchase",
     .type = &command_flag,
     .offset = offsetof(struct arguments, brief),
     .group = 2},
    {.name = "full",
     .arg = "N",
     .doc = "With --brief: this receipt in full; may be repeated",
     .type = &command_list,
     .offset = offsetof(struct arguments, full),
     .group = 2},
    {.name = "locale",
     .arg = "TAG",
     .doc = "The customer's language (default: en)",
     .type = &command_locale,
     .offset = offsetof(struct arguments, locale),
     .group = 3},
    {.name = "offline",
     .doc = "Only queue it: do not talk to the daemon",
     .type = &command_flag,
     .offset = offsetof(struct arguments, offline),
     .group = 3},
    {0},
};

static const char *check(const void *opaque)
{
    const struct arguments *arguments = opaque;
    return (arguments->receipt == NULL) == (arguments->from == NULL) ? "say either --receipt N or --from FILE"
                                                                     : NULL;
}

/* The basket of the options; complains itself. */
static int fill(struct till *till, const struct arguments *arguments, struct basket *basket)
{
    char text[TILL_TEXT_BYTES] = "out of memory";
    struct purchase *purchase = &basket->event.purchase;
    int error = basket_init(basket, &till->arena);
    for (size_t i = 0; error == 0 && i < arguments->lines.count; i++) {
        error = basket_add_line(basket, &till->arena, arguments->lines.items[i], till->digits, text);
    }
    for (size_t i = 0; error == 0 && i < arguments->tenders.count; i++) {
        error = basket_add_tender(basket, arguments->tenders.items[i], till->digits, text);
    }
    for (size_t i = 0; error == 0 && i < arguments->redemptions.count; i++) {
        error = basket_add_redemption(basket, till, arguments->redemptions.items[i], text);
    }
    if (error == 0 && arguments->points != NULL) {
        error = points_read(arguments->points, &basket->pay.points);
        purchase->pay_with_points = &basket->pay;
        (void)snprintf(text, sizeof(text), "'%s' is no number of points", arguments->points);
    }
    purchase->redeem_done = arguments->done;
    if (error == 0 && arguments->discount != NULL) {
        error = amount_parse(arguments->discount, strlen(arguments->discount), till->digits, AMOUNT_MAX,
                             &purchase->basket_discount);
        (void)snprintf(text, sizeof(text), "'%s' is not an amount", arguments->discount);
    }
    if (error != 0) {
        till_complain("%s", text);
        return TILL_EXIT_ERROR;
    }
    memcpy(basket->codes, arguments->codes.items, arguments->codes.count * sizeof(*basket->codes));
    purchase->codes_count = arguments->codes.count;
    purchase->receipt.number = arguments->receipt != NULL ? arguments->receipt : "quote";
    purchase->receipt.till = arguments->till_label;
    purchase->receipt.business_date =
        arguments->date >= 0 ? arguments->date : clock_local_day(clock_wall_ms() + till->clock_offset_ms);
    basket->event.occurred_at = arguments->at.instant;
    basket->card = arguments->card;
    return TILL_EXIT_OK;
}

static int tell_one(struct till *till, const struct arguments *arguments)
{
    struct basket basket;
    char name[OUTBOX_RECEIPT_BYTES_MAX + 1];
    const int status = fill(till, arguments, &basket);
    if (status != TILL_EXIT_OK) {
        return status;
    }
    till_receipt_name(till, &basket.event.purchase.receipt, name);
    const struct till_event draft = {
        .event = &basket.event, .card = basket.card, .locale = arguments->locale, .receipt = name};
    return till_tell(till, &draft, arguments->offline);
}

static int ring_up(struct till *till, const struct arguments *arguments)
{
    if (till->digits < 0) {
        till_complain("the programme has no currency this till knows: connect once with `loyalty-till send`");
        return TILL_EXIT_ERROR;
    }
    if (arguments->from != NULL) {
        const struct till_file_options file = {.path = arguments->from,
                                               .date = arguments->date,
                                               .locale = arguments->locale,
                                               .offline = arguments->offline,
                                               .pace_ms = arguments->pace_ms};
        return till_purchase_file(till, &file);
    }
    return tell_one(till, arguments);
}

static int run(const struct command_call *call,
               int (*what)(struct till *till, const struct arguments *arguments))
{
    struct till till;
    const char *full[TILL_FULL_MAX];
    const char *tenders[TENDERS_MAX];
    const char *codes[CODES_MAX];
    const char *redemptions[REDEMPTIONS_MAX];
    const char *lines[LINES_MAX];
    struct arguments arguments = {.locale = "en",
                                  .date = -1,
                                  .lines = {.items = lines, .most = LINES_MAX},
                                  .tenders = {.items = tenders, .most = TENDERS_MAX},
                                  .codes = {.items = codes, .most = CODES_MAX},
                                  .redemptions = {.items = redemptions, .most = REDEMPTIONS_MAX},
                                  .full = {.items = full, .most = TILL_FULL_MAX}};
    till_parse(call, &arguments);
    if (arguments.at.instant != 0 && arguments.date < 0) {
        arguments.date = arguments.at.day;
    }
    int status = till_open(&till, &arguments.common, true);
    if (status == TILL_EXIT_OK) {
        till.brief = arguments.brief;
        memcpy(till.full, full, arguments.full.count * sizeof(*full));
        till.full_count = arguments.full.count;
        status = what(&till, &arguments);
    }
    till_close(&till);
    return status;
}

static int purchase(const struct command_call *call)
{
    return run(call, ring_up);
}

static const char *check_redeem(const void *opaque)
{
    const struct arguments *arguments = opaque;
    if (arguments->from != NULL || arguments->receipt == NULL) {
        return "under which receipt? Say --receipt N";
    }
    const bool voucher = arguments->what != NULL && strncmp(arguments->what, "voucher:", 8) == 0;
    return arguments->card == NULL && !voucher ? "whose is it? Say --card C" : NULL;
}

/* A purchase whose point is what it redeems. What is handed over while the daemon cannot be asked is gone. */
static int redeem_one(struct till *till, const struct arguments *arguments)
{
    static const char points[] = "points:";
    struct arguments all = *arguments;
    all.done = all.done || all.offline;
    if (strncmp(all.what, points, sizeof(points) - 1) == 0) {
        all.points = all.what + sizeof(points) - 1;
    } else if (all.redemptions.count < all.redemptions.most) {
        all.redemptions.items[all.redemptions.count++] = all.what;
    }
    return ring_up(till, &all);
}

static int redeem(const struct command_call *call)
{
    return run(call, redeem_one);
}

static const struct command_option redeem_options[] = {
    {.arg = "WHAT",
     .doc = "voucher:CODE or voucher:TOKEN, REWARD or REWARD,UNITS, reservation:N, points:N or points:max",
     .type = &command_text,
     .offset = offsetof(struct arguments, what),
     .missing = "what is redeemed? Say voucher:CODE, REWARD, reservation:N or points:N"},
    {0}};

static const char *check_quote(const void *opaque)
{
    const struct arguments *arguments = opaque;
    return arguments->from != NULL ? "a quote is of one basket: not --from" : NULL;
}

static void show_quote(struct till *till, const struct reply *reply, const void *arguments)
{
    (void)arguments;
    till_print_quote(till, reply);
}

static int ask(struct till *till, const struct arguments *arguments)
{
    struct basket basket;
    struct till_packed packed = {.body = {0}};
    const int status = fill(till, arguments, &basket);
    const struct till_event draft = {.event = &basket.event, .card = basket.card};
    if (status != TILL_EXIT_OK) {
        return status;
    }
    const int error = till_pack(till, &draft, &packed);
    if (error != 0) {
        till_complain("there is no such basket: %s", error_text(error));
        return TILL_EXIT_ERROR;
    }
    struct till_question question = {
        .request = {.kind = REQUEST_QUOTE, .quote = {.body = packed.body, .locale = arguments->locale}},
        .show = show_quote};
    if (basket.card != NULL) {
        question.request.quote.opening =
            (struct opening){{packed.salt, sizeof(packed.salt)}, packed.card.text};
    }
    return till_ask(till, &question, arguments);
}

static int quote(const struct command_call *call)
{
    return run(call, ask);
}

const struct command till_purchase_commands[] = {
    {.name = "purchase",
     .summary = "ring up a purchase, or a whole file of them",
     .doc =
         "Ring up a purchase: sign it, queue it safely, send it and print what the customer gets."
         "\vA file for --from has a first line `receipt,time,card,sku,category,quantity,gross,labels` and "
         "a line for each line of a basket; lines of one receipt stand together. `time` is HH:MM of --date "
         "in this machine's zone, or RFC 3339; `labels` are parted by spaces. Receipts that are in the "
         "outbox already are left out, so a file may be played again after an interruption.",
     .options = options,
     .check = check,
     .run = purchase},
    {.name = "redeem",
     .summary = "use a voucher, a reward or points on a basket",
     .doc = "Use a voucher, a reward or points on a basket, with or without goods that are paid for. A "
            "voucher may "
            "be given by its token, which is checked at once, without the daemon. With --offline, or --done, "
            "it is "
            "handed over all the same: what cannot be honoured is owed, or an exception.",
     .options = redeem_options,
     .more = options,
     .check = check_redeem,
     .run = redeem},
    {.name = "quote",
     .summary = "what a basket would give, without ringing it up",
     .doc = "Ask what a purchase would give now, and why, without booking anything.",
     .options = options,
     .check = check_quote,
     .run = quote},
    {0}};
