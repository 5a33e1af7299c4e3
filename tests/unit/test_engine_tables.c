/* Runs the tables of tests/engine: see the README there. */
#include "lib/shop.h"

#include "model/day.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES_MAX = 1024, FILE_BYTES_MAX = 256 * 1024, WORDS_MAX = 64, BASKET_LINES_MAX = 32 };

/* One row as it is read. */
struct row {
    const char *file;
    int number;
    char text[LINE_BYTES_MAX]; /* for messages */
    int customer;              /* -1: nobody */
    struct shop_time time;
    struct event event;
    struct line lines[BASKET_LINES_MAX];
    const char *labels[BASKET_LINES_MAX][LABELS_MAX];
    const char *codes[CODES_MAX];
    struct redemption redemption;
    struct free_units free_units[FREE_UNITS_MAX];
    struct pay_with_points pay;
    struct tender tenders[TENDERS_MAX];
    bool settles;
    int64_t takes;
};

struct book {
    struct shop shop;
    char names[SHOP_CUSTOMERS_MAX][ID_BYTES_MAX + 1];
    int customers;
    int64_t accounts_before[PROGRAMME_ACCOUNTS];
};

static int differences; /* rows go on after one */

/* The row is not as it says. */
static void row_differs(const struct row *row, const char *what, const char *found)
{
    print_error("%s:%d: %s\n  %s: %s\n", row->file, row->number, row->text, what, found);
    differences++;
}

/* The row cannot be read. */
static _Noreturn void row_fail(const struct row *row, const char *why, const char *found)
{
    row_differs(row, why, found);
    fail();
    abort();
}

static void row_expect(const struct row *row, const char *what, int64_t expected, int64_t found)
{
    char text[96];
    if (expected != found) {
        snprintf(text, sizeof(text), "expected %lld, found %lld", (long long)expected, (long long)found);
        row_differs(row, what, text);
    }
}

/* --- words --- */

static char *trim(char *text)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    size_t size = strlen(text);
    while (size > 0 && isspace((unsigned char)text[size - 1])) {
        text[--size] = '\0';
    }
    return text;
}

/* Cuts `text` at every `separator`; the parts are trimmed. */
static size_t split(char *text, char separator, char *parts[WORDS_MAX])
{
    size_t count = 0;
    text = trim(text);
    while (text != NULL && *text != '\0') {
        char *end = strchr(text, separator);
        if (end != NULL) {
            *end++ = '\0';
        }
        assert_true(count < WORDS_MAX);
        parts[count] = trim(text);
        count += *parts[count] != '\0';
        text = end;
    }
    return count;
}

static int64_t number(const struct row *row, const char *text)
{
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0) {
        row_fail(row, "expected a number", text);
    }
    return value;
}

/* "-1.25" with `digits` decimals is -125. */
static int64_t decimal(const struct row *row, const char *text, int digits)
{
    char plain[32];
    const char *point = strchr(text, '.');
    const size_t whole = point != NULL ? (size_t)(point - text) : strlen(text);
    const size_t after = point != NULL ? strlen(point + 1) : 0;
    if (whole + (size_t)digits + 1 > sizeof(plain) || after > (size_t)digits) {
        row_fail(row, "expected an amount", text);
    }
    memcpy(plain, text, whole);
    memset(plain + whole, '0', (size_t)digits);
    memcpy(plain + whole, point != NULL ? point + 1 : "", after);
    plain[whole + (size_t)digits] = '\0';
    return number(row, plain);
}

static int32_t date(const struct row *row, const char *text)
{
    int32_t day = 0;
    if (strcmp(text, "ever") == 0) {
        return DAY_NEVER;
    }
    if (day_parse(text, strlen(text), &day) != 0) {
        row_fail(row, "expected a date", text);
    }
    return day;
}

/* --- what is done --- */

static void read_line_words(struct row *row, char **words, size_t count)
{
    struct purchase *purchase = &row->event.purchase;
    assert_true(purchase->lines_count < BASKET_LINES_MAX);
    struct line *line = &row->lines[purchase->lines_count];
    const char **labels = row->labels[purchase->lines_count++];
    size_t at = 0;
    *line = (struct line){.quantity = 1000, .labels = labels};
    if (count > 2 && strcmp(words[1], "x") == 0) {
        line->quantity = decimal(row, words[0], 3);
        at = 2;
    }
    char *sku = strchr(words[at], '/');
    if (sku != NULL) {
        *sku++ = '\0';
        line->sku = sku;
    }
    line->category = words[at++];
    if (at < count && strstr(words[at], "kg") != NULL) {
        *strstr(words[at], "kg") = '\0';
        line->quantity = decimal(row, words[at++], 3);
        line->weighed = true;
    }
    if (at == count) {
        row_fail(row, "expected the amount of", line->category);
    }
    line->gross = decimal(row, words[at++], 2);
    for (; at < count; at++) {
        if (words[at][0] == '#') {
            labels[line->labels_count++] = words[at] + 1;
        } else if (strcmp(words[at], "voided") == 0) {
            line->voided = true;
        } else if (strcmp(words[at], "tax") == 0 && at + 1 < count) {
            line->tax = decimal(row, words[++at], 2);
        } else if (strcmp(words[at], "discount") == 0 && at + 1 < count) {
            line->discount = decimal(row, words[++at], 2);
        } else {
            row_fail(row, "not a word for a line", words[at]);
        }
    }
}

static bool read_claim(struct row *row, char **words, size_t count)
{
    struct purchase *purchase = &row->event.purchase;
    const char *word = words[0];
    if (strcmp(word, "redeems") == 0 || strcmp(word, "redeemed") == 0) {
        purchase->redemptions = &row->redemption;
        purchase->redemptions_count = 1;
        purchase->redeem_done = strcmp(word, "redeemed") == 0;
    } else if (strcmp(word, "frees") == 0 || strcmp(word, "freed") == 0) {
        struct free_units *units = &row->free_units[purchase->free_units_count++];
        *units = (struct free_units){.card = count > 1 ? words[1] : "none",
                                     .line = count > 2 ? (uint32_t)number(row, words[2]) - 1 : 0,
                                     .units = count > 3 ? (uint32_t)number(row, words[3]) : 1,
                                     .charged = count > 4 && strcmp(words[4], "charged") == 0};
        purchase->free_units = row->free_units;
        purchase->redeem_done = strcmp(word, "freed") == 0;
    } else if (count == 2 && (strcmp(word, "pays") == 0 || strcmp(word, "paid") == 0)) {
        row->pay.points = number(row, words[1]);
        purchase->pay_with_points = &row->pay;
        purchase->redeem_done = strcmp(word, "paid") == 0;
    } else {
        return false;
    }
    return true;
}

/* "paid_by card" of nothing said, or "paid_by gift_card 20.00". */
static void read_tender(struct row *row, char **words, size_t count)
{
    static const char *const names[] = {"cash", "card", "gift_card", "voucher", "points", "other"};
    struct purchase *purchase = &row->event.purchase;
    struct tender *tender = &row->tenders[purchase->tenders_count++];
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        if (strcmp(names[i], words[1]) == 0) {
            *tender = (struct tender){.kind = (enum tender_kind)i};
            tender->amount = count > 2 ? decimal(row, words[2], 2) : 0;
            return;
        }
    }
    row_fail(row, "no such tender", words[1]);
}

static bool read_basket_words(struct row *row, char **words, size_t count)
{
    struct purchase *purchase = &row->event.purchase;
    const char *word = words[0];
    if (count == 3 && strcmp(word, "basket") == 0 && strcmp(words[1], "discount") == 0) {
        purchase->basket_discount = decimal(row, words[2], 2);
    } else if (count == 2 && strcmp(word, "tip") == 0) {
        purchase->tip = decimal(row, words[1], 2);
    } else if (count == 2 && strcmp(word, "rounding") == 0) {
        purchase->cash_rounding = decimal(row, words[1], 2);
    } else if (count >= 2 && strcmp(word, "paid_by") == 0) {
        read_tender(row, words, count);
    } else if (count == 2 && strcmp(word, "code") == 0) {
        row->codes[purchase->codes_count++] = words[1];
    } else if (count == 2 && strcmp(word, "store") == 0) {
        purchase->receipt.store = words[1];
    } else if (count == 2 && strcmp(word, "till") == 0) {
        purchase->receipt.till = words[1];
    } else if (count == 2 && strcmp(word, "arrives") == 0) {
        row->time.booked_day = date(row, words[1]);
    } else if (count == 2 && strcmp(word, "takes") == 0) {
        row->takes = number(row, words[1]);
    } else if (count == 1 && strcmp(word, "settles") == 0) {
        row->settles = true;
    } else {
        return (count == 1 && strcmp(word, "nothing") == 0) || read_claim(row, words, count);
    }
    return true;
}

static void read_deed(struct book *book, struct row *row, char *text)
{
    static const uint8_t card[HASH_BYTES] = {1};
    char *items[WORDS_MAX];
    char *words[WORDS_MAX];
    const struct bytes commitment = {card, row->customer >= 0 ? sizeof(card) : 0};
    bool unopened = false;
    row->event.kind = EVENT_PURCHASE;
    row->event.purchase = (struct purchase){
        .receipt = {.business_date = row->time.day, .number = "1"},
        .card = commitment,
        .lines = row->lines,
        .codes = row->codes,
        .tenders = row->tenders,
    };
    const size_t items_count = split(text, ';', items);
    for (size_t i = 0; i < items_count; i++) {
        const size_t count = split(items[i], ' ', words);
        if (count == 1 && strcmp(words[0], "enrols") == 0) {
            row->event.kind = EVENT_ENROLMENT;
            row->event.enrolment.card = commitment;
        } else if (count == 2 && strcmp(words[0], "does") == 0) {
            row->event.kind = EVENT_ACTIVITY;
            row->event.activity.card = commitment;
            row->event.activity.code = words[1];
        } else if (count == 1 && strcmp(words[0], "unopened") == 0) {
            unopened = true;
        } else if (!read_basket_words(row, words, count)) {
            read_line_words(row, words, count);
        }
    }
    if (unopened) {
        row->customer = -1;
    }
    (void)book;
}

/* --- what it must give --- */

static const char *id_of(const struct book *book, enum number_kind kind, uint32_t number_)
{
    const char *id = numbers_id(book->shop.numbers, kind, number_);
    return id != NULL ? id : "?";
}

static uint32_t number_of(const struct book *book, const struct row *row, enum number_kind kind,
                          const char *id)
{
    const uint32_t found = numbers_find(book->shop.numbers, kind, id);
    if (found == 0) {
        row_fail(row, "the programme has no", id);
    }
    return found;
}

static void expect_text(const struct row *row, const char *what, const char *expected, const char *found)
{
    char text[LINE_BYTES_MAX];
    if (strcmp(expected, found) != 0) {
        snprintf(text, sizeof(text), "expected '%s', found '%s'", expected, found);
        row_differs(row, what, text);
    }
}

static const char *reason_name(enum trace_reason reason)
{
    static const char *const names[] = {
        [TRACE_APPLIED] = "APPLIED",
        [TRACE_NO_MEMBER] = "NO_MEMBER",
        [TRACE_NO_LINES] = "NO_LINES",
        [TRACE_MIN_SPEND] = "MIN_SPEND",
        [TRACE_MIN_QUANTITY] = "MIN_QUANTITY",
        [TRACE_TENDER] = "TENDER",
        [TRACE_DAYS_SINCE] = "DAYS_SINCE",
        [TRACE_METRIC] = "METRIC",
        [TRACE_CAMPAIGN] = "CAMPAIGN",
        [TRACE_LIMIT] = "LIMIT",
        [TRACE_ENDED] = "ENDED",
        [TRACE_EXCLUSIVE] = "EXCLUSIVE",
        [TRACE_STOPPED] = "STOPPED",
        [TRACE_NOT_TODAY] = "NOT_TODAY",
        [TRACE_NO_POINTS] = "NO_POINTS",
        [TRACE_EVENT] = "EVENT",
        [TRACE_MIN_BASKET] = "MIN_BASKET",
        [TRACE_DATES] = "DATES",
        [TRACE_WEEKDAY] = "WEEKDAY",
        [TRACE_HOURS] = "HOURS",
        [TRACE_STORE] = "STORE",
        [TRACE_TERMINAL] = "TERMINAL",
        [TRACE_CODE] = "CODE",
        [TRACE_LEVEL] = "LEVEL",
        [TRACE_FIRST_PURCHASE] = "FIRST_PURCHASE",
        [TRACE_UNLESS] = "UNLESS",
        [TRACE_NOTHING] = "NOTHING",
        [TRACE_NOT_BEST] = "NOT_BEST",
    };
    return names[reason];
}

static void expect_rule(const struct book *book, const struct row *row, char **words)
{
    const struct decision *decision = book->shop.decision;
    const uint32_t rule = number_of(book, row, NUMBER_RULE, words[1]);
    for (size_t i = 0; i < decision->trace_count; i++) {
        const struct trace_line *line = &decision->trace[i];
        if (line->kind != TRACE_RULE || line->number != rule) {
            continue;
        }
        if (strcmp(words[0], "basis") == 0) {
            row_expect(row, words[1], number(row, words[2]), line->basis);
        } else if (isdigit((unsigned char)words[2][0])) {
            row_expect(row, words[1], number(row, words[2]), line->given);
        } else {
            expect_text(row, words[1], words[2], reason_name(line->reason));
        }
        return;
    }
    row_differs(row, "not in the trace", words[1]);
}

/* What brought points in, by the id of what gave them. */
static const char *source_of(const struct book *book, uint32_t source)
{
    static const enum number_kind kinds[] = {
        [SOURCE_RULE] = NUMBER_RULE,
        [SOURCE_CARD] = NUMBER_CARD,
        [SOURCE_LEVEL] = NUMBER_LEVEL,
        [SOURCE_MILESTONE] = NUMBER_MILESTONE,
    };
    return source == 0 ? "level" : id_of(book, kinds[source >> SOURCE_KIND_SHIFT], source & 0xffff);
}

/* The credits as text: "12 euro + 6 level". */
static void describe_entries(const struct book *book, char *text, size_t size)
{
    const struct outcome *outcome = &book->shop.decision->outcome;
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind != EFFECT_MOVE || effect->move.debit != account_of_programme(PROGRAMME_ISSUED)) {
            continue;
        }
        used += (size_t)snprintf(text + used, size - used, "%s%lld %s%s", used > 0 ? " + " : "",
                                 (long long)effect->move.amount, source_of(book, effect->move.rule),
                                 effect->move.has_lot ? "" : " debt");
    }
}

static void describe_until(int32_t until, char ret_text[16])
{
    if (until == DAY_NEVER) {
        snprintf(ret_text, 16, "ever");
    } else {
        day_format(until, ret_text);
    }
}

static void describe_lots(const struct member_state *state, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "%s", state->lots_count == 0 ? "none" : "");
    for (size_t i = 0; i < state->lots_count; i++) {
        char until[16];
        describe_until(state->lots[i].until, until);
        used += (size_t)snprintf(text + used, size - used, "%s%lld until %s", i > 0 ? " + " : "",
                                 (long long)state->lots[i].left, until);
    }
}

static void describe_near(const struct book *book, char *text, size_t size)
{
    const struct outcome *outcome = &book->shop.decision->outcome;
    size_t used = (size_t)snprintf(text, size, "%s", outcome->near_misses_count == 0 ? "none" : "");
    for (size_t i = 0; i < outcome->near_misses_count; i++) {
        const struct near_miss *miss = &outcome->near_misses[i];
        const enum number_kind kind = miss->reason == NEAR_NEXT_LEVEL    ? NUMBER_LEVEL
                                      : miss->reason == NEAR_NEXT_REWARD ? NUMBER_CARD
                                                                         : NUMBER_RULE;
        used += (size_t)snprintf(text + used, size - used, "%s%s %lld", i > 0 ? " + " : "",
                                 id_of(book, kind, miss->number), (long long)miss->lacking);
    }
}

static void expect_rewards(const struct book *book, const struct row *row, char **words)
{
    const struct outcome *outcome = &book->shop.decision->outcome;
    const uint32_t reward = number_of(book, row, NUMBER_REWARD, words[1]);
    int64_t count = 0;
    char until[16] = "none";
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_VOUCHER && effect->voucher.reward == reward) {
            count++;
            describe_until(effect->voucher.until, until);
            assert_memory_equal(effect->voucher.code,
                                book->shop.context->random + effect->voucher.index * VOUCHER_CODE_BYTES,
                                VOUCHER_CODE_BYTES);
        }
    }
    if (strcmp(words[0], "rewards") == 0) {
        row_expect(row, words[1], number(row, words[2]), count);
    } else {
        expect_text(row, words[1], words[3], until);
    }
}

static void expect_exception(const struct book *book, const struct row *row, char **words, size_t count)
{
    static const char *const names[] = {
        [EXCEPTION_UNKNOWN_CARD] = "UNKNOWN_CARD",
        [EXCEPTION_CARD_NOT_OPENED] = "CARD_NOT_OPENED",
        [EXCEPTION_REDEMPTION_LEFT_OUT] = "REDEMPTION_LEFT_OUT",
        [EXCEPTION_FREE_UNITS_LEFT_OUT] = "FREE_UNITS_LEFT_OUT",
        [EXCEPTION_POINTS_LEFT_OUT] = "POINTS_LEFT_OUT",
    };
    const struct outcome *outcome = &book->shop.decision->outcome;
    for (size_t i = 0; i < outcome->exceptions_count; i++) {
        const struct exception *exception = &outcome->exceptions[i];
        if (strcmp(names[exception->kind], words[1]) == 0) {
            row_expect(row, words[1], count > 2 ? number(row, words[2]) : exception->amount,
                       exception->amount);
            return;
        }
    }
    row_differs(row, "no exception", words[1]);
}

static void expect_note(const struct book *book, const struct row *row, char **words)
{
    const struct outcome *outcome = &book->shop.decision->outcome;
    const uint32_t note = number_of(book, row, NUMBER_NOTE, words[1]);
    int64_t count = 0;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        count += outcome->effects[i].kind == EFFECT_NOTE && outcome->effects[i].note.note == note;
    }
    row_expect(row, words[1], number(row, words[2]), count);
}

static void expect_nothing(const struct row *row, const struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const enum effect_kind kind = outcome->effects[i].kind;
        if (kind == EFFECT_MOVE || kind == EFFECT_LOT || kind == EFFECT_STAMPS || kind == EFFECT_VOUCHER) {
            row_differs(row, "expected nothing, found", effect_kind_name(kind));
        }
    }
}

/* What is about the member's state. False: it is not. */
static bool expect_state(const struct book *book, const struct row *row, char **words, size_t count)
{
    const struct shop *shop = &book->shop;
    const struct member_state *state = row->customer >= 0 ? shop->customers[row->customer] : NULL;
    char until[16];
    if (state == NULL || count < 2) {
        return false;
    }
    if (strcmp(words[0], "pending") == 0) {
        row_expect(row, "pending", number(row, words[1]), state->balances[MEMBER_PENDING]);
    } else if (strcmp(words[0], "metric") == 0 && count == 3) {
        row_expect(row, words[1], number(row, words[2]),
                   member_state_metric(state, (uint32_t)number(row, words[1]), DAY_MIN, DAY_MAX));
    } else if (strcmp(words[0], "balance") == 0) {
        row_expect(row, "balance", number(row, words[1]), state->balances[MEMBER_AVAILABLE]);
    } else if (strcmp(words[0], "qualifying") == 0) {
        row_expect(row, "qualifying", number(row, words[1]),
                   engine_qualifying(shop->programme, state, row->time.booked_day));
    } else if (strcmp(words[0], "level") == 0) {
        expect_text(row, "level", words[1], id_of(book, NUMBER_LEVEL, state->level));
        describe_until(state->level_until, until);
        expect_text(row, "level until", count == 4 ? words[3] : until, until);
    } else if (strcmp(words[0], "stamps") == 0 && count == 3) {
        const struct stamps *stamps = member_state_stamps(state, number_of(book, row, NUMBER_CARD, words[1]));
        row_expect(row, words[1], number(row, words[2]), stamps != NULL ? stamps->count : 0);
    } else {
        return false;
    }
    return true;
}

static void expect(const struct book *book, const struct row *row, char *text)
{
    const struct shop *shop = &book->shop;
    char whole[LINE_BYTES_MAX];
    char found[LINE_BYTES_MAX];
    char *words[WORDS_MAX];
    snprintf(whole, sizeof(whole), "%s", text);
    const char *rest = strchr(whole, ' ') != NULL ? strchr(whole, ' ') + 1 : "";
    const size_t count = split(text, ' ', words);
    const char *word = words[0];
    if (word[0] == '+') {
        row_expect(row, "credited", number(row, word + 1),
                   book->accounts_before[PROGRAMME_ISSUED] - shop->accounts[PROGRAMME_ISSUED]);
    } else if (word[0] == '-') {
        row_expect(row, "expired", number(row, word + 1),
                   shop->accounts[PROGRAMME_EXPIRED] - book->accounts_before[PROGRAMME_EXPIRED]);
    } else if (strcmp(word, "nothing") == 0) {
        expect_nothing(row, &shop->decision->outcome);
    } else if (strcmp(word, "entries") == 0) {
        describe_entries(book, found, sizeof(found));
        expect_text(row, word, rest, found);
    } else if (strcmp(word, "lots") == 0) {
        describe_lots(shop->customers[row->customer], found, sizeof(found));
        expect_text(row, word, rest, found);
    } else if (strcmp(word, "near") == 0) {
        describe_near(book, found, sizeof(found));
        expect_text(row, word, rest, found);
    } else if ((strcmp(word, "rule") == 0 || strcmp(word, "basis") == 0) && count == 3) {
        expect_rule(book, row, words);
    } else if ((strcmp(word, "rewards") == 0 && count == 3) || (strcmp(word, "reward") == 0 && count == 4)) {
        expect_rewards(book, row, words);
    } else if (strcmp(word, "note") == 0 && count == 3) {
        expect_note(book, row, words);
    } else if (strcmp(word, "exception") == 0 && count >= 2) {
        expect_exception(book, row, words, count);
    } else if (strcmp(word, "member") == 0 && count == 2) {
        row_expect(row, "member", 0, shop->decision->outcome.member);
    } else if (strcmp(word, "refused") == 0 && count == 2) {
        expect_text(row, word, words[1], outcome_code_name(shop->decision->outcome.code));
    } else if (!expect_state(book, row, words, count)) {
        row_fail(row, "cannot be expected", whole);
    }
}

/* --- rows, cases, files --- */

static int customer_of(struct book *book, const char *name)
{
    if (strcmp(name, "-") == 0) {
        return -1;
    }
    for (int i = 0; i < book->customers; i++) {
        if (strcmp(book->names[i], name) == 0) {
            return i;
        }
    }
    assert_true(book->customers < SHOP_CUSTOMERS_MAX);
    snprintf(book->names[book->customers], ID_BYTES_MAX + 1, "%s", name);
    return book->customers++;
}

static void read_when(struct row *row, char *text)
{
    char *words[WORDS_MAX];
    const size_t count = split(text, ' ', words);
    row->time.minute = 12 * 60;
    if (count < 1 || count > 2) {
        row_fail(row, "expected a date and a time", text);
    }
    row->time.day = date(row, words[0]);
    row->time.booked_day = row->time.day;
    if (count == 2) {
        words[1][2] = '\0';
        row->time.minute = (int32_t)(number(row, words[1]) * 60 + number(row, words[1] + 3));
    }
}

static void run_row(struct book *book, const char *file, int line_number, const char *line)
{
    static struct row row;
    static char cut[LINE_BYTES_MAX];
    char *columns[WORDS_MAX];
    char *tokens[WORDS_MAX];
    row = (struct row){.file = file, .number = line_number};
    snprintf(row.text, sizeof(row.text), "%s", line);
    snprintf(cut, sizeof(cut), "%s", line);
    if (split(cut, '|', columns) != 4) {
        row_fail(&row, "expected when | who | what | gives", line);
    }
    read_when(&row, columns[0]);
    row.customer = customer_of(book, columns[1]);
    const int named = row.customer;
    read_deed(book, &row, columns[2]);
    memcpy(book->accounts_before, book->shop.accounts, sizeof(book->accounts_before));
    if (row.settles) {
        shop_settle(&book->shop, row.customer, row.time.booked_day);
    } else if (row.takes > 0) {
        shop_take(&book->shop, row.customer, row.takes);
    } else {
        row_expect(&row, "decided", 0, shop_book(&book->shop, row.customer, &row.event, row.time));
    }
    /* A name that was not enrolled is free again. */
    if (named >= 0 && (size_t)named >= book->shop.customers_count) {
        book->customers = (int)book->shop.customers_count;
    }
    const size_t count = split(columns[3], ',', tokens);
    for (size_t i = 0; i < count; i++) {
        expect(book, &row, tokens[i]);
    }
    if (book->shop.decision->outcome.code != CODE_ACCEPTED && strstr(row.text, "refused") == NULL) {
        row_differs(&row, "refused", outcome_code_name(book->shop.decision->outcome.code));
    }
}

static void load_case(struct book *book, const char *yaml)
{
    book->customers = 0;
    shop_load(&book->shop, yaml);
}

/* The file of an example, in place of a programme in the table. Returns its bytes. */
static size_t read_programme(const char *name, char *ret_yaml, size_t size)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", LOYALTY_SOURCE, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    const size_t used = fread(ret_yaml, 1, size - 1, file);
    assert_true(feof(file) != 0);
    (void)fclose(file);
    ret_yaml[used] = '\0';
    return used;
}

static void run_file(const char *path)
{
    static char yaml[FILE_BYTES_MAX];
    char line[LINE_BYTES_MAX];
    struct book book = {.customers = 0};
    size_t yaml_size = 0;
    bool booking = false;
    int rows = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    shop_open(&book.shop, NULL);
    for (int at = 1; fgets(line, sizeof(line), file) != NULL; at++) {
        assert_true(strlen(line) + 1 < sizeof(line));
        if (strncmp(line, "case ", 5) == 0) {
            booking = false;
            yaml_size = 0;
            yaml[0] = '\0';
        } else if (strcmp(line, "book\n") == 0) {
            booking = true;
            load_case(&book, yaml);
        } else if (!booking && strncmp(line, "file ", 5) == 0) {
            yaml_size = read_programme(trim(line + 5), yaml, sizeof(yaml));
        } else if (!booking) {
            assert_true(yaml_size + strlen(line) < sizeof(yaml));
            memcpy(yaml + yaml_size, line, strlen(line) + 1);
            yaml_size += strlen(line);
        } else if (line[0] != '#' && *trim(line) != '\0') {
            run_row(&book, path, at, trim(line));
            rows++;
        }
    }
    (void)fclose(file);
    shop_close(&book.shop);
    assert_true(rows > 0);
}

static int is_table(const struct dirent *entry)
{
    const size_t size = strlen(entry->d_name);
    return size > 6 && strcmp(entry->d_name + size - 6, ".table") == 0;
}

static void every_table_of_the_shopkeeper_holds(void **state)
{
    struct dirent **entries;
    (void)state;
    const int count = scandir(LOYALTY_SOURCE "/tests/engine", &entries, is_table, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/tests/engine/%s", LOYALTY_SOURCE, entries[i]->d_name);
        run_file(path);
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(differences, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_of_the_shopkeeper_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
