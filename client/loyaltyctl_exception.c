/* loyaltyctl exceptions and exception rebook: what facts could not have, and facts that were refused. */
#include "client/clock.h"
#include "client/loyaltyctl.h"
#include "crypto/card.h"
#include "crypto/crypto.h"
#include "model/day.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct arguments {
    struct ctl_options common;
    bool open;
    bool all;
    uint64_t position;
    const char *reason;
    const char *card;
    const char *store;
    const char *till;
    const char *number;
    const char *body;
    int64_t at;   /* ms UTC, -1: not said */
    int32_t date; /* -1: not said */
    bool done;
};

static bool take_instant(const char *text, void *field)
{
    return instant_parse(text, field, NULL) == 0;
}

static const struct command_type instant = {take_instant, "is not a time such as 2026-12-01T08:05:00+02:00"};

static bool take_date(const char *text, void *field)
{
    int32_t day = 0;
    if (day_parse(text, strlen(text), &day) != 0 || day < 0) {
        return false;
    }
    *(int32_t *)field = day;
    return true;
}

static const struct command_type date = {take_date, "is not a date such as 2026-12-01"};

static const char *reason_of(const struct exception_view *view)
{
    return view->kind == EXCEPTION_REFUSED ? outcome_code_text((enum outcome_code)view->amount)
                                           : exception_text((enum exception_kind)view->kind);
}

static void json_exception(struct json *json, const struct exception_view *view)
{
    char text[INSTANT_TEXT_BYTES];
    json_object(json, NULL);
    json_unsigned(json, "position", view->position);
    json_unsigned(json, "exception", view->index + 1);
    json_unsigned(json, "kind", view->kind);
    json_text(json, "reason", reason_of(view));
    json_integer(json, "amount", view->amount);
    if (view->resolved_by != 0) {
        json_unsigned(json, "resolved_by", view->resolved_by);
    }
    json_unsigned(json, "principal", view->principal);
    if (view->event_kind != 0) {
        json_text(json, "event", event_kind_name((enum event_kind)view->event_kind));
        instant_format(view->occurred_at, text);
        json_text(json, "occurred_at", text);
    }
    instant_format(view->booked_at, text);
    json_text(json, "booked_at", text);
    if (view->store != NULL) {
        json_text(json, "store", view->store);
    }
    if (view->till != NULL) {
        json_text(json, "till", view->till);
    }
    if (view->has_receipt) {
        char day[DAY_TEXT_BYTES];
        day_format(view->business_date, day);
        json_text(json, "business_date", day);
    }
    if (view->number != NULL) {
        json_text(json, "receipt", view->number);
    }
    if (view->member != 0) {
        json_unsigned(json, "member", view->member);
    }
    json_end_object(json);
}

static void print_exception(const struct exception_view *view)
{
    char when[INSTANT_TEXT_BYTES];
    instant_format_local(view->booked_at, when);
    printf("position %" PRIu64, view->position);
    if (view->index > 0) {
        printf(" exception %" PRIu32, view->index + 1);
    }
    printf("  %s  %s", when,
           view->event_kind == 0 ? "unreadable" : event_kind_name((enum event_kind)view->event_kind));
    if (view->number != NULL) {
        printf(" %s", view->number);
    }
    if (view->till != NULL) {
        printf(" at %s%s%s", view->store != NULL ? view->store : "", view->store != NULL ? "/" : "",
               view->till);
    }
    if (view->member != 0) {
        printf(", member %" PRIu32, view->member);
    }
    printf("\n    %s: %s", view->kind == EXCEPTION_REFUSED ? "refused" : "exception", reason_of(view));
    if (view->kind != EXCEPTION_REFUSED && view->amount != 0) {
        printf(" (%" PRId64 ")", view->amount);
    }
    if (view->resolved_by != 0) {
        printf("; resolved at position %" PRIu64, view->resolved_by);
    }
    printf("\n");
}

/* Page by page. */
static int list(struct ctl *ctl, const struct arguments *arguments)
{
    struct request request = {.kind = REQUEST_GET_EXCEPTIONS, .get_exceptions = {.all = arguments->all}};
    struct reply reply = {.exceptions.more = true};
    uint64_t count = 0;
    int status = CTL_EXIT_OK;
    while (status == CTL_EXIT_OK && reply.exceptions.more) {
        const size_t mark = ctl->arena.used;
        status = ctl_call(ctl, &request, &reply);
        for (size_t i = 0; status == CTL_EXIT_OK && i < reply.exceptions.count; i++) {
            const struct exception_view *view = &reply.exceptions.items[i];
            if (ctl->options.json) {
                json_exception(&ctl->json, view);
            } else {
                print_exception(view);
            }
            request.get_exceptions.after = view->position;
            count++;
        }
        if (status == CTL_EXIT_OK && reply.exceptions.count == 0) {
            break;
        }
        arena_rewind(&ctl->arena, mark);
    }
    if (status == CTL_EXIT_OK && count == 0 && !ctl->options.json) {
        puts(arguments->all ? "no exceptions" : "no open exceptions");
    }
    return status;
}

static int run_list(const struct command_call *call)
{
    struct arguments arguments = {.at = -1, .date = -1};
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK && ctl.options.json) {
        json_array(&ctl.json, NULL);
    }
    if (status == CTL_EXIT_OK) {
        status = list(&ctl, &arguments);
    }
    if (status == CTL_EXIT_OK && ctl.options.json) {
        json_end_array(&ctl.json);
    }
    ctl_close(&ctl);
    return status;
}

/* NULL for what is no fact of a till's. */
static struct receipt *receipt_of(struct event *event)
{
    return event->kind == EVENT_PURCHASE       ? &event->purchase.receipt
           : event->kind == EVENT_GOODS_RETURN ? &event->goods_return.receipt
           : event->kind == EVENT_VOID_RECEIPT ? &event->void_receipt.receipt
           : event->kind == EVENT_DAY_CLOSE    ? &event->day_close.day
                                               : NULL;
}

/* Puts in what was said to be otherwise. False, with a complaint, for a kind that is no fact. */
static bool correct(struct event *event, const struct arguments *arguments)
{
    struct receipt *receipt = receipt_of(event);
    if (receipt == NULL) {
        ctl_complain(
            "the event there is of kind %s: only a purchase, a return, a void or a day close is booked again",
            event_kind_name(event->kind));
        return false;
    }
    receipt->store = arguments->store != NULL ? arguments->store : receipt->store;
    receipt->till = arguments->till != NULL ? arguments->till : receipt->till;
    receipt->number = arguments->number != NULL ? arguments->number : receipt->number;
    receipt->business_date = arguments->date >= 0 ? arguments->date : receipt->business_date;
    event->occurred_at = arguments->at >= 0 ? arguments->at : event->occurred_at;
    if (arguments->done && event->kind == EVENT_PURCHASE) {
        event->purchase.redeem_done = true;
    } else if (arguments->done && event->kind == EVENT_GOODS_RETURN) {
        event->goods_return.done = true;
    } else if (arguments->done && event->kind == EVENT_VOID_RECEIPT) {
        event->void_receipt.done = true;
    }
    return true;
}

static int commit_to(struct ctl *ctl, const char *text, struct event *event, uint8_t *salt,
                     uint8_t *commitment, struct card_number *card)
{
    struct bytes *place = event->kind == EVENT_PURCHASE       ? &event->purchase.card
                          : event->kind == EVENT_GOODS_RETURN ? &event->goods_return.card
                                                              : NULL;
    if (card_normalise(text, strlen(text), card) != 0) {
        ctl_complain("'%s' cannot be a card", text);
        return CTL_EXIT_ERROR;
    }
    if (place == NULL) {
        ctl_complain("no card is shown with a %s", event_kind_name(event->kind));
        return CTL_EXIT_ERROR;
    }
    crypto_world_random(NULL, salt, CARD_SALT_BYTES);
    crypto_card_commitment(salt, card, commitment);
    *place = (struct bytes){commitment, HASH_BYTES};
    ctl->opening = (struct opening){.salt = {salt, CARD_SALT_BYTES}, .card = card->text};
    return CTL_EXIT_OK;
}

/* The body of the refused event, or the file's. */
static int read_body(struct ctl *ctl, const struct arguments *arguments, struct event *ret_event)
{
    struct bytes body;
    if (arguments->body != NULL) {
        const int status = ctl_read_file(ctl, arguments->body, BODY_TERMINAL_BYTES_MAX, &body);
        if (status != CTL_EXIT_OK) {
            return status;
        }
    } else {
        struct request request = {.kind = REQUEST_GET_EVENT, .get_event = {.position = arguments->position}};
        struct reply reply;
        const int status = ctl_call(ctl, &request, &reply);
        if (status != CTL_EXIT_OK) {
            return status;
        }
        body = reply.event.body;
    }
    const char *field = "";
    if (wire_body_unpack(body, &ctl->arena, ret_event, &field) != 0) {
        ctl_complain("the body cannot be read%s%s: give a corrected one with --body FILE",
                     field[0] != '\0' ? ", at " : "", field);
        return CTL_EXIT_ERROR;
    }
    return CTL_EXIT_OK;
}

static int rebook(struct ctl *ctl, const struct arguments *arguments)
{
    struct event stated;
    struct booked booked;
    struct card_number card;
    uint8_t salt[CARD_SALT_BYTES];
    uint8_t commitment[HASH_BYTES];
    struct event event = {.kind = EVENT_REBOOK,
                          .rebook = {.position = arguments->position, .reason = arguments->reason}};
    int status = read_body(ctl, arguments, &stated);
    if (status == CTL_EXIT_OK && !correct(&stated, arguments)) {
        status = CTL_EXIT_ERROR;
    }
    if (status == CTL_EXIT_OK && arguments->card != NULL) {
        status = commit_to(ctl, arguments->card, &stated, salt, commitment, &card);
    }
    if (status == CTL_EXIT_OK && wire_body_pack(&stated, &ctl->arena, &event.rebook.body) != 0) {
        ctl_complain("what is corrected cannot be put into an event");
        status = CTL_EXIT_ERROR;
    }
    status = status == CTL_EXIT_OK ? ctl_book(ctl, &event, &booked) : status;
    ctl->opening = (struct opening){0};
    if (status == CTL_EXIT_OK && ctl->options.json) {
        json_object(&ctl->json, NULL);
        json_unsigned(&ctl->json, "position", booked.position);
        if (ctl->outcome->member != 0) {
            json_unsigned(&ctl->json, "member", ctl->outcome->member);
        }
        json_end_object(&ctl->json);
    } else if (status == CTL_EXIT_OK) {
        printf("the %s is booked, at position %" PRIu64 "\n", event_kind_name(stated.kind), booked.position);
    }
    return status;
}

static int run_rebook(const struct command_call *call)
{
    struct arguments arguments = {.at = -1, .date = -1};
    struct ctl ctl;
    int status = ctl_begin(&ctl, call, &arguments);
    if (status == CTL_EXIT_OK) {
        status = rebook(&ctl, &arguments);
    }
    ctl_close(&ctl);
    return status;
}

static const char *check_list(const void *opaque)
{
    const struct arguments *arguments = opaque;
    return arguments->open && arguments->all ? "say --open or --all, not both" : NULL;
}

#define FIELD(name) .offset = offsetof(struct arguments, name)

static const struct command_option list_options[] = {
    {.name = "open", .doc = "Open ones only (the default)", .type = &command_flag, FIELD(open)},
    {.name = "all", .doc = "Resolved ones too", .type = &command_flag, FIELD(all)},
    {0}};

static const struct command_option rebook_options[] = {
    {.arg = "POSITION",
     .doc = "Of the refused event",
     .type = &command_position,
     FIELD(position),
     .missing = "which event? Say its position"},
    {.name = "card", .arg = "C", .doc = "The card that was shown", .type = &command_text, FIELD(card)},
    {.name = "at", .arg = "TIME", .doc = "When it happened (RFC 3339)", .type = &instant, FIELD(at)},
    {.name = "number", .arg = "N", .doc = "Number of the receipt", .type = &command_text, FIELD(number)},
    {.name = "store", .arg = "ID", .doc = "Where it was rung up", .type = &command_id, FIELD(store)},
    {.name = "till", .arg = "L", .doc = "Label of the till", .type = &command_text, FIELD(till)},
    {.name = "date", .arg = "YYYY-MM-DD", .doc = "Its business date", .type = &date, FIELD(date)},
    {.name = "done",
     .doc = "The goods are gone: what cannot be redeemed becomes an exception",
     .type = &command_flag,
     FIELD(done)},
    {.name = "body",
     .arg = "FILE",
     .doc = "A whole Body in place of its own",
     .type = &command_text,
     FIELD(body)},
    {.name = "reason",
     .arg = "TEXT",
     .doc = "Why, for the log; name nobody in it",
     .type = &command_text,
     FIELD(reason),
     .missing = "why? Say --reason TEXT"},
    {0}};

const struct command ctl_exception_commands[] = {
    {.name = "exceptions",
     .summary = "what tills claimed and could not have",
     .doc = "What purchases, returns and voids claimed and could not have, and those that were refused.",
     .options = list_options,
     .check = check_list,
     .run = run_list},
    {.name = "exception rebook",
     .summary = "a refused purchase or return is booked after all",
     .doc = "Book a purchase, return, void or day close that was refused, as its till would have booked it "
            "then, with what is corrected here. Without --card nobody's card is known: claim the receipt, or "
            "say "
            "it here.",
     .options = rebook_options,
     .run = run_rebook},
    {0}};
