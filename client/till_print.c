/* What a customer reads on paper, what a cashier reads on the screen, and what a program reads. */
#include "client/amount.h"
#include "client/clock.h"
#include "client/till.h"
#include "client/view.h"
#include "crypto/base32.h"
#include "model/day.h"

#include <inttypes.h>
#include <string.h>

enum { WIDTH = 44 };

static void rule(void)
{
    for (int i = 0; i < WIDTH; i++) {
        putchar('-');
    }
    putchar('\n');
}

/* The columns a UTF-8 text takes, for texts without wide or combining characters. */
static int columns(const char *text)
{
    int count = 0;
    for (const char *c = text; *c != '\0'; c++) {
        count += ((unsigned char)*c & 0xc0) != 0x80 ? 1 : 0;
    }
    return count;
}

/* `left`, spaces, `right`, as wide as the paper. */
static void row(const char *left, const char *right)
{
    const int gap = WIDTH - columns(left) - columns(right);
    printf("%s%*s%s\n", left, gap > 1 ? gap : 1, "", right);
}

static void print_head(const struct till *till, const struct event *event)
{
    const struct receipt *receipt = &event->purchase.receipt;
    char left[160];
    char when[INSTANT_TEXT_BYTES];
    instant_format_local(event->occurred_at, when);
    when[16] = '\0'; /* no seconds on paper */
    rule();
    (void)snprintf(left, sizeof(left), "%s, till %s", receipt->store != NULL ? receipt->store : till->store,
                   receipt->till != NULL ? receipt->till : till->label);
    row(left, when);
    (void)snprintf(left, sizeof(left), "Receipt %s", receipt->number);
    row(left, till->currency);
}

static int64_t total(const struct purchase *purchase)
{
    int64_t sum = -purchase->basket_discount;
    for (size_t i = 0; i < purchase->lines_count; i++) {
        sum += purchase->lines[i].voided ? 0 : purchase->lines[i].gross;
    }
    return sum;
}

static void print_lines(const struct till *till, const struct purchase *purchase)
{
    char quantity[AMOUNT_TEXT_BYTES];
    char amount[AMOUNT_TEXT_BYTES];
    for (size_t i = 0; i < purchase->lines_count; i++) {
        const struct line *line = &purchase->lines[i];
        char left[160];
        const char *what = line->sku != NULL ? line->sku : line->category != NULL ? line->category : "goods";
        quantity_format(line->quantity, quantity);
        amount_format(line->gross, till->digits, amount);
        (void)snprintf(left, sizeof(left), "%s x %.40s%s", quantity, what, line->voided ? " (void)" : "");
        row(left, amount);
    }
    amount_format(total(purchase), till->digits, amount);
    row("Total", amount);
}

/* What rewards and points take off, and what is left to pay. */
static void print_taken_off(const struct till *till, const struct purchase *purchase,
                            const struct outcome *outcome)
{
    char amount[AMOUNT_TEXT_BYTES];
    int64_t off = 0;
    for (size_t i = 0; i < outcome->uses_count; i++) {
        off += outcome->uses[i].value;
    }
    if (off == 0 || outcome->code != CODE_ACCEPTED) {
        return;
    }
    amount_format(-off, till->digits, amount);
    row("Rewards and points", amount);
    amount_format(total(purchase) - off, till->digits, amount);
    row("To pay", amount);
}

/* What was claimed and could not be had. */
static void print_notes(const struct delivery_answer *answer)
{
    for (size_t i = 0; i < answer->outcome->exceptions_count; i++) {
        printf("Note: %s\n", exception_text(answer->outcome->exceptions[i].kind));
    }
}

static void print_loyalty(const struct delivery_answer *answer)
{
    if (answer->outcome->code != CODE_ACCEPTED) {
        printf("REFUSED (%s): %s\n", outcome_code_name(answer->outcome->code),
               outcome_code_text(answer->outcome->code));
    }
    for (size_t i = 0; answer->rendering != NULL && i < answer->rendering->lines_count; i++) {
        puts(answer->rendering->lines[i]);
    }
    print_notes(answer);
}

static void print_receipt(const struct till *till, const struct event *event,
                          const struct delivery_answer *answer)
{
    print_head(till, event);
    rule();
    print_lines(till, &event->purchase);
    print_taken_off(till, &event->purchase, answer->outcome);
    rule();
    print_loyalty(answer);
    rule();
    putchar('\n');
}

/* What identifies an event on one line. */
static void print_brief_head(const struct till *till, const struct event *event)
{
    char when[INSTANT_TEXT_BYTES];
    instant_format_local(event->occurred_at, when);
    when[16] = '\0';
    if (event->kind == EVENT_PURCHASE) {
        char amount[AMOUNT_TEXT_BYTES];
        amount_format(total(&event->purchase), till->digits, amount);
        printf("%s  %-6s %-6s %8s", when + 11, till->label, event->purchase.receipt.number, amount);
    } else {
        printf("%s  %-6s %-15s", when + 11, till->label, event_kind_name(event->kind));
    }
}

/* The lines for the customer behind one another, without their details and as far as there is room. */
static void print_brief_lines(const struct rendering *rendering)
{
    int room = 66;
    const char *before = "  ";
    for (size_t i = 0; i < rendering->lines_count; i++) {
        const char *line = rendering->lines[i];
        room -= columns(line) + 2;
        if (line[0] == ' ' || room < 0) {
            continue;
        }
        printf("%s%s", before, line);
        before = ", ";
    }
}

static void print_brief(const struct till *till, const struct event *event,
                        const struct delivery_answer *answer)
{
    print_brief_head(till, event);
    if (answer->outcome->code != CODE_ACCEPTED) {
        printf("  REFUSED: %s", outcome_code_text(answer->outcome->code));
    } else if (event->kind == EVENT_RESERVE) {
        printf("  reservation %" PRIu64, answer->booked.position);
    }
    if (answer->outcome->code == CODE_ACCEPTED && answer->rendering != NULL &&
        answer->rendering->lines_count > 0) {
        print_brief_lines(answer->rendering);
    }
    printf("%s\n", answer->repeated ? "  (was booked before)" : "");
    print_notes(answer);
}

static void json_answer(struct till *till, const struct event *event, const struct delivery_answer *answer)
{
    struct json *json = &till->json;
    char when[INSTANT_TEXT_BYTES];
    json_object(json, NULL);
    json_unsigned(json, "sequence", answer->sequence);
    json_text(json, "kind", event_kind_name(event->kind));
    json_text(json, "receipt", event->kind == EVENT_PURCHASE ? event->purchase.receipt.number : NULL);
    json_text(json, "state", answer->outcome->code == CODE_ACCEPTED ? "booked" : "refused");
    json_text(json, "code", outcome_code_name(answer->outcome->code));
    json_unsigned(json, "position", answer->booked.position);
    instant_format(answer->booked.booked_at, when);
    json_text(json, "booked_at", when);
    json_hex(json, "chain", (struct bytes){.data = answer->booked.chain, .size = HASH_BYTES});
    json_bool(json, "repeated", answer->repeated);
    if (answer->again) {
        json_bool(json, "same", answer->same);
    }
    json_array(json, "exceptions");
    for (size_t i = 0; i < answer->outcome->exceptions_count; i++) {
        json_text(json, NULL, exception_text(answer->outcome->exceptions[i].kind));
    }
    json_end_array(json);
    if (answer->outcome->uses_count > 0) {
        view_json_uses(json, answer->outcome);
    }
    if (answer->rendering != NULL) {
        json_integer(json, "points", answer->rendering->points);
        view_json_lines(json, answer->rendering->lines, answer->rendering->lines_count);
        if (answer->rendering->member != NULL) {
            view_json_member(json, "member", answer->rendering->member);
        }
        view_json_vouchers(json, "vouchers", answer->rendering->vouchers, answer->rendering->vouchers_count);
    }
    json_end_object(json);
}

static bool in_full(const struct till *till, const struct event *event)
{
    bool full = !till->brief && event->kind == EVENT_PURCHASE;
    for (size_t i = 0; event->kind == EVENT_PURCHASE && i < till->full_count; i++) {
        full = full || strcmp(till->full[i], event->purchase.receipt.number) == 0;
    }
    return full;
}

void till_print_answer(struct till *till, const struct delivery_answer *answer)
{
    struct outbox_event stored;
    struct event event;
    arena_reset(&till->arena);
    if (outbox_event_load(&till->outbox, answer->sequence, &till->arena, &stored) != 0 ||
        wire_body_unpack(stored.body, &till->arena, &event, NULL) != 0) {
        printf("event %" PRIu64 " booked at position %" PRIu64 ", but the outbox cannot show it\n",
               answer->sequence, answer->booked.position);
    } else if (till->options.json) {
        json_answer(till, &event, answer);
    } else if (in_full(till, &event)) {
        print_receipt(till, &event, answer);
    } else {
        print_brief(till, &event, answer);
    }
    arena_reset(&till->arena);
}

static void json_offers(struct till *till, const struct reply *reply)
{
    struct json *json = &till->json;
    json_array(json, "offers");
    for (size_t i = 0; i < reply->quoted.offers_count; i++) {
        const struct offer *offer = &reply->quoted.offers[i];
        json_object(json, NULL);
        json_text(json, "reward", offer->reward);
        json_text(json, "voucher", offer->voucher);
        if (offer->has_until) {
            char day[DAY_TEXT_BYTES];
            day_format(offer->until, day);
            json_text(json, "until", day);
        }
        json_integer(json, "points", offer->points);
        json_integer(json, "value", offer->value);
        json_integer(json, "lacking", offer->lacking);
        json_text(json, "why", offer->why);
        json_end_object(json);
    }
    json_end_array(json);
}

/* What to say to `--redeem`, what it takes off, and what is missing. */
static void print_offers(const struct till *till, const struct reply *reply)
{
    if (reply->quoted.offers_count > 0) {
        printf("Could be used:\n");
    }
    for (size_t i = 0; i < reply->quoted.offers_count; i++) {
        const struct offer *offer = &reply->quoted.offers[i];
        char value[AMOUNT_TEXT_BYTES];
        char code[BASE32_GROUPED_BYTES];
        amount_format(offer->value, till->digits, value);
        if (offer->voucher != NULL) {
            base32_group(offer->voucher, code);
            printf("  voucher:%s  %s", code, offer->reward);
        } else {
            printf("  %s", offer->reward != NULL ? offer->reward : "points:max");
        }
        if (offer->points > 0) {
            printf("  for %" PRId64, offer->points);
        }
        if (offer->why != NULL) {
            printf("  not now: %s\n", offer->why);
        } else if (offer->lacking > 0) {
            printf("  takes %s off  lacking %" PRId64 "\n", value, offer->lacking);
        } else {
            printf("  takes %s off\n", value);
        }
    }
}

static void json_quote(struct till *till, const struct reply *reply, const struct outcome *outcome)
{
    struct json *json = &till->json;
    json_object(json, NULL);
    json_text(json, "code", outcome_code_name(outcome->code));
    if (reply->quoted.rendering != NULL) {
        json_integer(json, "points", reply->quoted.rendering->points);
        view_json_lines(json, reply->quoted.rendering->lines, reply->quoted.rendering->lines_count);
    }
    json_array(json, "trace");
    for (size_t i = 0; i < reply->quoted.trace_count; i++) {
        json_text(json, NULL, reply->quoted.trace[i]);
    }
    json_end_array(json);
    json_offers(till, reply);
    json_end_object(json);
}

void till_print_quote(struct till *till, const struct reply *reply)
{
    struct outcome *outcome = arena_alloc(&till->arena, 1, sizeof(*outcome));
    if (outcome == NULL || wire_outcome_unpack(reply->quoted.outcome, &till->arena, outcome) != 0) {
        till_complain("the daemon's answer cannot be read");
        return;
    }
    if (till->options.json) {
        json_quote(till, reply, outcome);
        return;
    }
    if (outcome->code != CODE_ACCEPTED) {
        printf("It would be REFUSED (%s): %s\n", outcome_code_name(outcome->code),
               outcome_code_text(outcome->code));
    }
    for (size_t i = 0; reply->quoted.rendering != NULL && i < reply->quoted.rendering->lines_count; i++) {
        puts(reply->quoted.rendering->lines[i]);
    }
    rule();
    print_offers(till, reply);
    for (size_t i = 0; i < reply->quoted.steps_count; i++) {
        const struct trace_step *step = &reply->quoted.steps[i];
        printf("%-30s %10s  %s%s%s\n", step->what != NULL ? step->what : "",
               step->given != NULL ? step->given : "", step->why != NULL ? step->why : "",
               step->lacking != NULL ? ": lacking " : "", step->lacking != NULL ? step->lacking : "");
    }
}

void till_print_queued(struct till *till, uint64_t sequence)
{
    struct outbox_event stored;
    struct event event;
    arena_reset(&till->arena);
    if (outbox_event_load(&till->outbox, sequence, &till->arena, &stored) != 0 ||
        wire_body_unpack(stored.body, &till->arena, &event, NULL) != 0) {
        return;
    }
    if (till->options.json) {
        json_object(&till->json, NULL);
        json_unsigned(&till->json, "sequence", sequence);
        json_text(&till->json, "kind", event_kind_name(event.kind));
        json_text(&till->json, "receipt",
                  event.kind == EVENT_PURCHASE ? event.purchase.receipt.number : NULL);
        json_text(&till->json, "state", "queued");
        json_end_object(&till->json);
    } else {
        print_brief_head(till, &event);
        printf("  queued as event %" PRIu64 "\n", sequence);
    }
    arena_reset(&till->arena);
}
