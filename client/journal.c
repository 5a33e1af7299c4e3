#include "client/journal.h"

#include "base/check.h"
#include "base/text.h"
#include "client/amount.h"
#include "client/clock.h"
#include "crypto/card.h"
#include "model/day.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Everything a receipt of LINES_MAX lines copies fits: a line's texts and its list of labels. */
enum {
    ALLOCATION_BYTES_MAX = 16, /* beside what is asked for */
    LINE_BYTES_MAX = SKU_BYTES_MAX + ID_BYTES_MAX + LABELS_MAX * (ID_BYTES_MAX + sizeof(char *)) +
                     (LABELS_MAX + 3) * (ALLOCATION_BYTES_MAX + 1),
    ARENA_BYTES = (LINES_MAX + 16) * LINE_BYTES_MAX,
    TIME_BYTES_MAX = 40,
    QUOTE_BYTES_MAX = 40,
};

static const struct column {
    const char *name;
    bool required;
} columns[JOURNAL_COLUMNS] = {
#define X(name, text, required) [JOURNAL_##name] = {text, required},
    JOURNAL_COLUMN_TABLE(X)
#undef X
};

/* A field as it can stand in a message: short, whole characters, on one line. */
struct quote {
    char text[QUOTE_BYTES_MAX + 1];
};

static struct quote quote(const char *text)
{
    struct quote quote;
    size_t size = strlen(text);
    if (size > QUOTE_BYTES_MAX) {
        size = QUOTE_BYTES_MAX;
        while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
            size--;
        }
    }
    for (size_t i = 0; i < size; i++) {
        quote.text[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
    }
    quote.text[size] = '\0';
    return quote;
}

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

static int explain(char text[JOURNAL_TEXT_BYTES], int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int explain(char text[JOURNAL_TEXT_BYTES], int error, const char *format, ...)
{
    struct text writer;
    va_list arguments;
    va_start(arguments, format);
    text_init(&writer, text, JOURNAL_TEXT_BYTES);
    text_vadd(&writer, format, arguments);
    va_end(arguments);
    return error;
}

static int name_column(struct journal *journal, size_t index, char ret_text[JOURNAL_TEXT_BYTES])
{
    const char *name = journal->row.fields[index];
    for (int i = 0; i < JOURNAL_COLUMNS; i++) {
        if (strcmp(columns[i].name, name) == 0) {
            if (journal->columns[i] >= 0) {
                return explain(ret_text, ERR_FORMAT, "the header names the column '%s' twice",
                               quote(name).text);
            }
            journal->columns[i] = (int)index;
            return 0;
        }
    }
    return explain(ret_text, ERR_FORMAT, "the header names a column '%s' that a journal does not have",
                   quote(name).text);
}

static int read_header(struct journal *journal, char ret_text[JOURNAL_TEXT_BYTES])
{
    const int error = csv_next(&journal->csv, &journal->row);
    if (error != 0) {
        return explain(ret_text, error == ERR_NOT_FOUND ? ERR_FORMAT : error, "the header: %s",
                       error == ERR_NOT_FOUND ? "the file is empty"
                       : error == ERR_FORMAT  ? journal->row.wrong
                                              : error_text(error));
    }
    for (int i = 0; i < JOURNAL_COLUMNS; i++) {
        journal->columns[i] = -1;
    }
    journal->fields_count = journal->row.count;
    for (size_t i = 0; i < journal->row.count; i++) {
        const int named = name_column(journal, i, ret_text);
        if (named != 0) {
            return named;
        }
    }
    for (int i = 0; i < JOURNAL_COLUMNS; i++) {
        if (columns[i].required && journal->columns[i] < 0) {
            return explain(ret_text, ERR_FORMAT, "the header does not name the column '%s'", columns[i].name);
        }
    }
    return 0;
}

static int open_file(struct journal *journal, char ret_text[JOURNAL_TEXT_BYTES])
{
    const char *path = journal->options.path;
    struct stat status;
    journal->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (journal->fd < 0) {
        const int error = errno == ENOENT ? ERR_NOT_FOUND : errno == EACCES ? ERR_PERMISSION : ERR_IO;
        return explain(ret_text, error, "%s", strerror(errno));
    }
    if (fstat(journal->fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
        journal->size = (uint64_t)status.st_size;
    }
    return 0;
}

int journal_open(struct journal *journal, const struct journal_options *options,
                 char ret_text[JOURNAL_TEXT_BYTES])
{
    CHECK(options->digits >= 0);
    *journal = (struct journal){.options = *options, .fd = -1};
    journal->memory = malloc(ARENA_BYTES);
    journal->lines = calloc(LINES_MAX, sizeof(*journal->lines));
    int error = journal->memory == NULL || journal->lines == NULL
                    ? explain(ret_text, ERR_NOMEM, "%s", error_text(ERR_NOMEM))
                    : open_file(journal, ret_text);
    if (error == 0) {
        arena_init(&journal->arena, journal->memory, ARENA_BYTES);
        error = csv_init(&journal->csv, journal->fd);
        error =
            error != 0 ? explain(ret_text, error, "%s", error_text(error)) : read_header(journal, ret_text);
    }
    if (error != 0) {
        journal_close(journal);
    }
    return error;
}

void journal_close(struct journal *journal)
{
    csv_fini(&journal->csv);
    if (journal->memory != NULL && journal->fd > STDIN_FILENO) {
        (void)close(journal->fd);
    }
    free(journal->memory);
    free(journal->lines);
    *journal = (struct journal){.fd = -1};
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
                 quote(occurred_at).text);
    } else {
        journal->occurred_at = keep(journal, occurred_at);
    }
    if (strcmp(kind, "purchase") != 0 && strcmp(kind, "return") != 0) {
        complain(journal, "the kind '%s' is neither purchase nor return", quote(kind).text);
    } else {
        journal->kind = kind[0] == 'p' ? "purchase" : "return";
    }
    if (card[0] != '\0' && card_normalise(card, strlen(card), &number) != 0) {
        complain(journal, "the card '%s' is none, or longer than 64 bytes", quote(card).text);
    } else if (card[0] != '\0') {
        /* It may hold more white space than a card has bytes; what is sent is the normalised number. */
        journal->receipt.card = keep(journal, number.text);
    }
}

/* What the rows of a receipt must agree on. */
static void compare_head(struct journal *journal)
{
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
        complain(journal, "%s: '%s' is not an amount with %d decimals", columns[column].name,
                 quote(text).text, journal->options.digits);
        return 0;
    }
    if (amount < least) {
        complain(journal, "%s: '%s' is below 0", columns[column].name, quote(text).text);
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
        complain(journal, "%s: '%s' is longer than %zu bytes", columns[column].name, quote(text).text, most);
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
            complain(journal, "%s: '%s' has a word longer than %zu bytes", columns[column].name,
                     quote(word).text, word_most);
            return 0;
        }
        if (size > 0 && count == most) {
            complain(journal, "%s: there are more than %zu", columns[column].name, most);
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
            complain(journal, "%s: the sum is too large", columns[column].name);
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
        complain(journal, "quantity: '%s' is not one such as 2 or 1.250", quote(quantity).text);
    }
    if ((line.tax > 0 && line.gross < line.tax) || (line.tax < 0 && line.gross > line.tax)) {
        complain(journal, "tax: '%s' is more than there is in gross",
                 quote(field(journal, JOURNAL_TAX)).text);
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

/* Takes the row at hand into the receipt it belongs to. */
static void add_row(struct journal *journal, const struct receipt *key)
{
    if (!journal->open) {
        start(journal, key);
    } else {
        compare_head(journal);
    }
    journal->suspect = false;
    journal->has_row = false;
    journal->receipt.last_line = journal->row.last_line;
    if (journal->kind[0] != 'p' || journal->full) {
        return;
    }
    if (journal->receipt.event.purchase.lines_count == LINES_MAX) {
        complain(journal, "the receipt has more than %d lines", LINES_MAX);
        journal->full = true;
        return;
    }
    add_line(journal);
    add_sums(journal);
    add_codes(journal);
}

/* Whether the receipt at hand, with all its rows, can be given. */
static bool finish(struct journal *journal)
{
    struct purchase *purchase = &journal->receipt.event.purchase;
    struct journal_problem problem = {.first_line = journal->receipt.first_line,
                                      .last_line = journal->receipt.last_line,
                                      .receipt = purchase->receipt.number};
    char reason[JOURNAL_TEXT_BYTES];
    journal->open = false;
    if (!journal->bad && journal->kind[0] == 'p') {
        for (int kind = 0; kind < JOURNAL_TENDERS; kind++) {
            if (journal->tenders[kind] != 0) {
                journal->tender_list[purchase->tenders_count++] =
                    (struct tender){.kind = (enum tender_kind)kind, .amount = journal->tenders[kind]};
            }
        }
        journal->receipts_good++;
        return true;
    }
    journal->receipts_bad++;
    if (!journal->bad) {
        problem.reason = "a return: returns cannot be booked by this version";
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

uint64_t journal_progress(const struct journal *journal)
{
    return journal->csv.read_size;
}
