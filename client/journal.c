#include "client/journal_internal.h"

#include "base/check.h"
#include "base/text.h"
#include "client/amount.h"
#include "client/clock.h"
#include "crypto/card.h"
#include "model/day.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TIME_BYTES_MAX = 40 };

static void report(const struct journal *journal, const struct journal_problem *problem)
{
    if (journal->options.problem != NULL) {
        journal->options.problem(journal->options.context, problem);
    }
}

/* The text of a column in the row at hand, "" where the journal does not have it. */
static const char *field(const struct journal *journal, enum journal_column column)
{
    return journal->columns[column] >= 0 ? journal->row.fields[journal->columns[column]] : "";
}

/* Reports the row at hand; its receipt will not be given. */
static void complain(struct journal *journal, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void complain(struct journal *journal, const char *format, ...)
{
    char reason[JOURNAL_TEXT_BYTES];
    struct text text;
    va_list arguments;
    va_start(arguments, format);
    text_init(&text, reason, sizeof(reason));
    text_vadd(&text, format, arguments);
    va_end(arguments);
    report(journal, &(struct journal_problem){.first_line = journal->row.line,
                                              .last_line = journal->row.last_line,
                                              .receipt = field(journal, JOURNAL_RECEIPT),
                                              .reason = reason});
    journal->bad = true;
    journal->told = true;
}

/* A copy in the arena, which has room for whatever was found short enough. */
static const char *keep(struct journal *journal, const char *text)
{
    const char *copy = arena_copy(&journal->arena, text, strlen(text));
    CHECK(copy != NULL);
    return copy;
}

/* Which receipt the row at hand belongs to, into `ret_receipt` (texts of the row, not kept). Why that cannot
 * be read, or NULL. */
static const char *read_key(const struct journal *journal, struct receipt *ret_receipt)
{
    const char *number = field(journal, JOURNAL_RECEIPT);
    const char *till = field(journal, JOURNAL_TILL);
    const char *store = field(journal, JOURNAL_STORE);
    const char *date = field(journal, JOURNAL_BUSINESS_DATE);
    if (number[0] == '\0' || strlen(number) > RECEIPT_NUMBER_BYTES_MAX) {
        return "the receipt number is missing or longer than 40 bytes";
    }
    if (!text_is_id(till, TILL_LABEL_BYTES_MAX)) {
        return "the till is not a label of 1 to 32 letters, digits, '_', '-' and '.'";
    }
    if (store[0] != '\0' && !text_is_id(store, ID_BYTES_MAX)) {
        return "the store is not an id of 1 to 32 letters, digits, '_', '-' and '.'";
    }
    *ret_receipt = (struct receipt){.store = store[0] != '\0' ? store : NULL, .till = till, .number = number};
    if (day_parse(date, strlen(date), &ret_receipt->business_date) != 0 || ret_receipt->business_date < 0) {
        return "the business date is not a date such as 2026-12-01";
    }
    return NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_receipt(const struct receipt *a, const struct receipt *b)
{
    return strcmp(a->number, b->number) == 0 && a->business_date == b->business_date &&
           strcmp(a->till, b->till) == 0 && same_text(a->store, b->store);
}

/* The row at hand cannot be told to belong to a receipt: neither the one before it nor the one behind it can
 * be known to be whole. */
static void report_stray(struct journal *journal, const char *reason)
{
    report(journal, &(struct journal_problem){.first_line = journal->row.line,
                                              .last_line = journal->row.last_line,
                                              .reason = reason});
    journal->bad = journal->open;
    journal->suspect = true;
    journal->stray_line = journal->row.line;
}

static bool is_return(const struct journal *journal)
{
    return journal->kind[0] == 'r';
}

/* The purchase that the row at hand returns something of, into `ret_receipt` (texts of the row, not kept): by
 * default one of its own day, till and store. False: it names none. */
static bool read_original(struct journal *journal, const struct receipt *own, struct receipt *ret_receipt)
{
    const char *number = field(journal, JOURNAL_OF_RECEIPT);
    const char *date = field(journal, JOURNAL_OF_DATE);
    const char *till = field(journal, JOURNAL_OF_TILL);
    const char *store = field(journal, JOURNAL_OF_STORE);
    *ret_receipt = *own;
    ret_receipt->number = number;
    if (number[0] == '\0') {
        if (date[0] != '\0' || till[0] != '\0' || store[0] != '\0') {
            complain(journal, "of_receipt: it is missing, though the line says whose it is");
        }
        return false;
    }
    if (!is_return(journal)) {
        complain(journal, "of_receipt: a purchase does not have it");
    }
    if (strlen(number) > RECEIPT_NUMBER_BYTES_MAX) {
        complain(journal, "of_receipt: '%s' is longer than 40 bytes", journal_quote(number).text);
    }
    if (date[0] != '\0' &&
        (day_parse(date, strlen(date), &ret_receipt->business_date) != 0 || ret_receipt->business_date < 0)) {
        complain(journal, "of_date: '%s' is not a date such as 2026-12-01", journal_quote(date).text);
    }
    if (till[0] != '\0' && !text_is_id(till, TILL_LABEL_BYTES_MAX)) {
        complain(journal, "of_till: '%s' is not a label", journal_quote(till).text);
    }
    if (store[0] != '\0' && !text_is_id(store, ID_BYTES_MAX)) {
        complain(journal, "of_store: '%s' is not an id", journal_quote(store).text);
    }
    ret_receipt->till = till[0] != '\0' ? till : own->till;
    ret_receipt->store = store[0] != '\0' ? store : own->store;
    return true;
}

static void start_return(struct journal *journal, const struct receipt *own)
{
    struct receipt original;
    journal->rows = 0;
    journal->parts_count = 0;
    journal->paid_back = 0;
    journal->has_original = read_original(journal, own, &original);
    if (journal->has_original && !journal->bad) {
        original.number = keep(journal, original.number);
        original.till = keep(journal, original.till);
        original.store = original.store != NULL ? keep(journal, original.store) : NULL;
        journal->original = original;
    }
}

/* The head of a new receipt, from its first row. */
static void start(struct journal *journal, const struct receipt *key)
{
    arena_reset(&journal->arena);
    journal->receipt =
        (struct journal_receipt){.first_line = journal->row.line, .event = {.kind = EVENT_PURCHASE}};
    journal->open = true;
    journal->bad = journal->suspect;
    journal->told = false;
    journal->full = false;
    memset(journal->tenders, 0, sizeof(journal->tenders));
    struct event *event = &journal->receipt.event;
    event->purchase.lines = journal->lines;
    event->purchase.tenders = journal->tender_list;
    event->purchase.codes = journal->codes;
    event->purchase.receipt = *key;
    event->purchase.receipt.number = keep(journal, key->number);
    event->purchase.receipt.till = keep(journal, key->till);
    event->purchase.receipt.store = key->store != NULL ? keep(journal, key->store) : NULL;

    const char *occurred_at = field(journal, JOURNAL_OCCURRED_AT);
    const char *card = field(journal, JOURNAL_CARD);
    const char *kind = field(journal, JOURNAL_KIND);
    struct card_number number;
    journal->occurred_at = "";
    journal->kind = "purchase";
    if (strlen(occurred_at) > TIME_BYTES_MAX || instant_parse(occurred_at, &event->occurred_at, NULL) != 0 ||
        event->occurred_at == 0) {
        complain(journal, "the time '%s' is not one such as 2026-12-01T08:05:00+02:00",
                 journal_quote(occurred_at).text);
    } else {
        journal->occurred_at = keep(journal, occurred_at);
    }
    if (strcmp(kind, "purchase") != 0 && strcmp(kind, "return") != 0) {
        complain(journal, "the kind '%s' is neither purchase nor return", journal_quote(kind).text);
    } else {
        journal->kind = kind[0] == 'p' ? "purchase" : "return";
    }
    start_return(journal, key);
    if (card[0] != '\0' && card_normalise(card, strlen(card), &number) != 0) {
        complain(journal, "the card '%s' is none, or longer than 64 bytes", journal_quote(card).text);
    } else if (card[0] != '\0') {
        /* It may hold more white space than a card has bytes; what is sent is the normalised number. */
        journal->receipt.card = keep(journal, number.text);
    }
}

/* What the rows of a receipt must agree on. */
static void compare_head(struct journal *journal, const struct receipt *own)
{
    struct receipt original;
    const bool has_original = read_original(journal, own, &original);
    if (!journal->bad && (has_original != journal->has_original ||
                          (has_original && !same_receipt(&original, &journal->original)))) {
        complain(journal, "another purchase than in line %" PRIu64 ", of the same return",
                 journal->receipt.first_line);
    }
    const char *card = field(journal, JOURNAL_CARD);
    struct card_number number = {0};
    if (journal->occurred_at[0] != '\0' &&
        strcmp(field(journal, JOURNAL_OCCURRED_AT), journal->occurred_at) != 0) {
        complain(journal, "another time than in line %" PRIu64 ", of the same receipt",
                 journal->receipt.first_line);
    }
    if (strcmp(field(journal, JOURNAL_KIND), journal->kind) != 0) {
        complain(journal, "another kind than in line %" PRIu64 ", of the same receipt",
                 journal->receipt.first_line);
    }
    const bool is_card = card[0] != '\0' && card_normalise(card, strlen(card), &number) == 0;
    if (is_card != (journal->receipt.card != NULL) || (card[0] != '\0') != is_card ||
        (is_card && strcmp(number.text, journal->receipt.card) != 0)) {
        complain(journal, "another card than in line %" PRIu64 ", of the same receipt",
                 journal->receipt.first_line);
    }
}

/* An amount of the row at hand, at least `least`; an empty field is 0. */
static int64_t read_amount(struct journal *journal, enum journal_column column, int64_t least)
{
    const char *text = field(journal, column);
    int64_t amount = 0;
    if (text[0] == '\0' && column != JOURNAL_GROSS) {
        return 0;
    }
    if (amount_parse(text, strlen(text), journal->options.digits, AMOUNT_MAX, &amount) != 0) {
        complain(journal, "%s: '%s' is not an amount with %d decimals", journal_column_name(column),
                 journal_quote(text).text, journal->options.digits);
        return 0;
    }
    if (amount < least) {
        complain(journal, "%s: '%s' is below 0", journal_column_name(column), journal_quote(text).text);
        return 0;
    }
    return amount;
}

/* A name of the row at hand of at most `most` bytes, NULL when the field is empty. */
static const char *read_name(struct journal *journal, enum journal_column column, size_t most)
{
    const char *text = field(journal, column);
    if (text[0] == '\0') {
        return NULL;
    }
    if (strlen(text) > most) {
        complain(journal, "%s: '%s' is longer than %zu bytes", journal_column_name(column),
                 journal_quote(text).text, most);
        return NULL;
    }
    return keep(journal, text);
}

/* The words of a field parted by '|', empty ones left out. Fills at most `most`, each of 1 to `word_most`
 * bytes. */
static size_t read_words(struct journal *journal, enum journal_column column, size_t most, size_t word_most,
                         const char **ret_words)
{
    size_t count = 0;
    for (const char *word = field(journal, column); *word != '\0';) {
        const size_t size = strcspn(word, "|");
        if (size > word_most) {
            complain(journal, "%s: '%s' has a word longer than %zu bytes", journal_column_name(column),
                     journal_quote(word).text, word_most);
            return 0;
        }
        if (size > 0 && count == most) {
            complain(journal, "%s: there are more than %zu", journal_column_name(column), most);
            return 0;
        }
        if (size > 0) {
            ret_words[count] = arena_copy(&journal->arena, word, size);
            CHECK(ret_words[count] != NULL);
            count++;
        }
        word += size + (word[size] == '|');
    }
    return count;
}

/* Every code of a receipt's rows counts once. */
static void add_codes(struct journal *journal)
{
    struct purchase *purchase = &journal->receipt.event.purchase;
    const char *codes[CODES_MAX];
    const size_t used = journal->arena.used;
    const size_t count = read_words(journal, JOURNAL_CODES, CODES_MAX, ID_BYTES_MAX, codes);
    bool news = false;
    for (size_t i = 0; i < count; i++) {
        size_t known = 0;
        while (known < purchase->codes_count && strcmp(purchase->codes[known], codes[i]) != 0) {
            known++;
        }
        if (known < purchase->codes_count) {
            continue;
        }
        if (purchase->codes_count == CODES_MAX) {
            complain(journal, "codes: the receipt has more than %d", CODES_MAX);
            break;
        }
        journal->codes[purchase->codes_count++] = codes[i];
        news = true;
    }
    if (!news) {
        arena_rewind(&journal->arena, used);
    }
}

static void add_sums(struct journal *journal)
{
    struct purchase *purchase = &journal->receipt.event.purchase;
    for (int kind = 0; kind < JOURNAL_TENDERS; kind++) {
        const enum journal_column column = (enum journal_column)(JOURNAL_TENDER_CASH + kind);
        journal->tenders[kind] += read_amount(journal, column, -AMOUNT_MAX);
        if (journal->tenders[kind] > AMOUNT_MAX || journal->tenders[kind] < -AMOUNT_MAX) {
            complain(journal, "%s: the sum is too large", journal_column_name(column));
            journal->tenders[kind] = 0;
        }
    }
    purchase->basket_discount += read_amount(journal, JOURNAL_BASKET_DISCOUNT, 0);
    if (purchase->basket_discount > AMOUNT_MAX) {
        complain(journal, "basket_discount: the sum is too large");
        purchase->basket_discount = 0;
    }
}

static void add_line(struct journal *journal)
{
    struct purchase *purchase = &journal->receipt.event.purchase;
    const char *quantity = field(journal, JOURNAL_QUANTITY);
    struct line line = {.sku = read_name(journal, JOURNAL_SKU, SKU_BYTES_MAX),
                        .category = read_name(journal, JOURNAL_CATEGORY, ID_BYTES_MAX),
                        .gross = read_amount(journal, JOURNAL_GROSS, -AMOUNT_MAX),
                        .tax = read_amount(journal, JOURNAL_TAX, -AMOUNT_MAX),
                        .discount = read_amount(journal, JOURNAL_DISCOUNT, 0)};
    if (quantity_parse(quantity, strlen(quantity), &line.quantity, &line.weighed) != 0) {
        complain(journal, "quantity: '%s' is not one such as 2 or 1.250", journal_quote(quantity).text);
    }
    if ((line.tax > 0 && line.gross < line.tax) || (line.tax < 0 && line.gross > line.tax)) {
        complain(journal, "tax: '%s' is more than there is in gross",
                 journal_quote(field(journal, JOURNAL_TAX)).text);
    }
    const char *labels[LABELS_MAX];
    line.labels_count = read_words(journal, JOURNAL_LABELS, LABELS_MAX, ID_BYTES_MAX, labels);
    if (line.labels_count > 0) {
        const char **list = arena_alloc(&journal->arena, line.labels_count, sizeof(*list));
        CHECK(list != NULL);
        memcpy(list, labels, line.labels_count * sizeof(*list));
        line.labels = list;
    }
    journal->lines[purchase->lines_count++] = line;
}

/* A row of a return. Some systems write a minus before what came back, and some do not. */
static void add_returned(struct journal *journal)
{
    const char *quantity = field(journal, JOURNAL_QUANTITY);
    struct return_part part = {.sku = read_name(journal, JOURNAL_SKU, SKU_BYTES_MAX)};
    bool weighed = false;
    quantity += quantity[0] == '-';
    if (quantity_parse(quantity, strlen(quantity), &part.quantity, &weighed) != 0 || part.quantity <= 0) {
        complain(journal, "quantity: '%s' is not one of goods that came back, such as 2 or -1.250",
                 journal_quote(field(journal, JOURNAL_QUANTITY)).text);
    }
    journal->paid_back += read_amount(journal, JOURNAL_GROSS, -AMOUNT_MAX);
    journal->rows++;
    if (part.sku != NULL) {
        journal->parts[journal->parts_count++] = part;
    }
}

/* Takes the row at hand into the receipt it belongs to. */
static void add_row(struct journal *journal, const struct receipt *key)
{
    if (!journal->open) {
        start(journal, key);
    } else {
        compare_head(journal, key);
    }
    journal->suspect = false;
    journal->has_row = false;
    journal->receipt.last_line = journal->row.last_line;
    if (journal->full) {
        return;
    }
    if (journal->rows == LINES_MAX || journal->receipt.event.purchase.lines_count == LINES_MAX) {
        complain(journal, "the receipt has more than %d lines", LINES_MAX);
        journal->full = true;
        return;
    }
    if (is_return(journal)) {
        add_returned(journal);
        return;
    }
    add_line(journal);
    add_sums(journal);
    add_codes(journal);
}

/* Makes the event of the return at hand. Why that cannot be, or NULL. */
static const char *finish_return(struct journal *journal)
{
    struct event *event = &journal->receipt.event;
    const struct receipt receipt = event->purchase.receipt;
    const int64_t amount = journal->paid_back < 0 ? -journal->paid_back : journal->paid_back;
    const bool by_parts = journal->has_original && journal->parts_count > 0;
    if (by_parts && journal->parts_count < journal->rows) {
        return "some of its lines name an article and some do not";
    }
    if (!by_parts && (amount == 0 || amount > AMOUNT_MAX)) {
        return journal->has_original ? "neither an article nor an amount came back"
                                     : "without of_receipt only an amount can come back, and it says none";
    }
    event->kind = EVENT_GOODS_RETURN;
    event->goods_return = (struct goods_return){.receipt = receipt,
                                                .has_original = journal->has_original,
                                                .original = journal->original,
                                                .parts = by_parts ? journal->parts : NULL,
                                                .parts_count = by_parts ? journal->parts_count : 0,
                                                .amount = by_parts ? 0 : amount,
                                                .done = true};
    if (journal->has_original) {
        journal->receipt.card = NULL; /* the purchase knows whose it is */
    }
    return NULL;
}

static void add_tenders(struct journal *journal)
{
    struct purchase *purchase = &journal->receipt.event.purchase;
    for (int kind = 0; kind < JOURNAL_TENDERS; kind++) {
        if (journal->tenders[kind] != 0) {
            journal->tender_list[purchase->tenders_count++] =
                (struct tender){.kind = (enum tender_kind)kind, .amount = journal->tenders[kind]};
        }
    }
}

/* Whether the receipt at hand, with all its rows, can be given. */
static bool finish(struct journal *journal)
{
    struct journal_problem problem = {.first_line = journal->receipt.first_line,
                                      .last_line = journal->receipt.last_line,
                                      .receipt = journal->receipt.event.purchase.receipt.number};
    char reason[JOURNAL_TEXT_BYTES];
    journal->open = false;
    if (!journal->bad && is_return(journal)) {
        problem.reason = finish_return(journal);
    } else if (!journal->bad) {
        add_tenders(journal);
    }
    if (!journal->bad && problem.reason == NULL) {
        journal->receipts_good++;
        return true;
    }
    journal->receipts_bad++;
    if (problem.reason != NULL) {
        report(journal, &problem);
    } else if (!journal->told) {
        (void)snprintf(reason, sizeof(reason), "line %" PRIu64 " cannot be read and may belong to it",
                       journal->stray_line);
        problem.reason = reason;
        report(journal, &problem);
    }
    return false;
}

/* The next row at hand, if there is none. */
static int read_row(struct journal *journal)
{
    if (journal->has_row) {
        return 0;
    }
    int error = csv_next(&journal->csv, &journal->row);
    if (error == 0 && journal->row.count != journal->fields_count) {
        journal->row.wrong = "the line has another number of fields than the header";
        error = ERR_FORMAT;
    }
    journal->has_row = error == 0;
    return error;
}

int journal_next(struct journal *journal, const struct journal_receipt **ret_receipt)
{
    for (;;) {
        struct receipt key = {0};
        const int error = read_row(journal);
        const bool at_end = error == ERR_NOT_FOUND;
        if (error == ERR_FORMAT) {
            report_stray(journal, journal->row.wrong);
            continue;
        }
        if (error != 0 && !at_end) {
            return error;
        }
        const char *wrong = at_end ? NULL : read_key(journal, &key);
        if (wrong != NULL) {
            report_stray(journal, wrong);
            journal->has_row = false;
        } else if (journal->open &&
                   (at_end || !same_receipt(&key, &journal->receipt.event.purchase.receipt))) {
            if (finish(journal)) {
                *ret_receipt = &journal->receipt;
                return 0;
            }
        } else if (at_end) {
            return ERR_NOT_FOUND;
        } else {
            add_row(journal, &key);
        }
    }
}

struct receipt *journal_own_receipt(struct event *event)
{
    return event->kind == EVENT_GOODS_RETURN ? &event->goods_return.receipt : &event->purchase.receipt;
}

uint64_t journal_progress(const struct journal *journal)
{
    return journal->csv.read_size;
}
