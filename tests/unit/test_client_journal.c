/* Till journals: what a journal must not hold is named with its line, and a receipt comes whole or not at
 * all.
 */
#include "client/journal.h"
#include "crypto/crypto.h"

#include "lib/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD                                                                                                 \
    "receipt,till,business_date,occurred_at,card,kind,sku,category,labels,quantity,gross,tax,discount"
#define ROW(number, rest) number ",t1,2026-03-02,2026-03-02T10:00:00+02:00,,purchase," rest "\n"
#define GOODS "sku,food,,1,1.00,,"

/* What a journal gave: "NUMBER:LINES " for receipts, "[FIRST-LAST NUMBER REASON]" for problems, in order. */
struct heard {
    char text[16384];
    size_t used;
};

static void hear(void *context, const struct journal_problem *problem)
{
    struct heard *heard = context;
    heard->used +=
        (size_t)snprintf(heard->text + heard->used, sizeof(heard->text) - heard->used, "[%llu-%llu %s %s] ",
                         (unsigned long long)problem->first_line, (unsigned long long)problem->last_line,
                         problem->receipt != NULL ? problem->receipt : "?", problem->reason);
    assert_true(heard->used < sizeof(heard->text));
}

/* Opens a journal with this text, in minor units of `digits` decimals. */
static int open_text(struct journal *journal, const char *text, int digits, struct heard *heard,
                     char ret_text[JOURNAL_TEXT_BYTES])
{
    char path[32];
    const int fd = testing_file(text, strlen(text), path);
    *heard = (struct heard){0};
    const struct journal_options options = {
        .path = path, .digits = digits, .problem = hear, .context = heard};
    const int error = journal_open(journal, &options, ret_text);
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(path), 0);
    return error;
}

static void expect_journal(const char *text, const char *expected)
{
    struct journal journal;
    struct heard heard;
    char why[JOURNAL_TEXT_BYTES] = "";
    const struct journal_receipt *receipt;
    assert_int_equal(open_text(&journal, text, 2, &heard, why), 0);
    int error = 0;
    while ((error = journal_next(&journal, &receipt)) == 0) {
        heard.used +=
            (size_t)snprintf(heard.text + heard.used, sizeof(heard.text) - heard.used, "%s:%zu ",
                             receipt->event.purchase.receipt.number, receipt->event.purchase.lines_count);
    }
    assert_int_equal(error, ERR_NOT_FOUND);
    assert_string_equal(heard.text, expected);
    journal_close(&journal);
}

static void the_header_names_the_columns(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wrong; /* NULL: good */
    } rows[] = {
        {HEAD "\n", NULL},
        {HEAD ",codes,tender_cash,basket_discount,store,tender_points\n", NULL},
        {"", "the header: the file is empty"},
        {"\n\n", "the header: the file is empty"},
        {"receipt,\"till\n", "the header: a quote is not closed"},
        {HEAD ",price\n", "the header names a column 'price' that a journal does not have"},
        {HEAD ",\n", "the header names a column '' that a journal does not have"},
        {HEAD ",sku\n", "the header names the column 'sku' twice"},
        {"receipt,till,business_date,occurred_at,kind,sku,category,labels,quantity,gross,tax,discount\n",
         "the header does not name the column 'card'"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct journal journal;
        struct heard heard;
        char why[JOURNAL_TEXT_BYTES] = "";
        const int error = open_text(&journal, rows[i].text, 2, &heard, why);
        assert_string_equal(why, rows[i].wrong != NULL ? rows[i].wrong : "");
        assert_int_equal(error, rows[i].wrong != NULL ? ERR_FORMAT : 0);
        journal_close(&journal);
    }
    struct journal journal;
    char why[JOURNAL_TEXT_BYTES];
    const struct journal_options options = {.path = "/nonexistent/journal.csv", .digits = 2};
    assert_int_equal(journal_open(&journal, &options, why), ERR_NOT_FOUND);
    journal_close(&journal);
}

static void the_page_explains_every_column(void **state)
{
    (void)state;
    static char page[32 * 1024];
    static const char *const names[] = {
#define X(name, text, required) text,
        JOURNAL_COLUMN_TABLE(X)
#undef X
    };
    FILE *file = fopen(LOYALTY_SOURCE "/docs/journal.md", "re");
    assert_non_null(file);
    page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        char word[48];
        (void)snprintf(word, sizeof(word), "`%s`", names[i]);
        assert_non_null(strstr(page, word));
    }
}

static void everything_of_a_receipt_is_read(void **state)
{
    (void)state;
    struct journal journal;
    struct heard heard;
    char why[JOURNAL_TEXT_BYTES];
    const struct journal_receipt *receipt;
    assert_int_equal(
        open_text(&journal,
                  "gross,quantity,sku,category,labels,tax,discount,codes,tender_cash,tender_other,"
                  "basket_discount,store,kind,card,occurred_at,business_date,till,receipt\n"
                  "12.40,2,S1,food,organic|fresh,2.40,1.00,SAVE|STAFF,20.00,,0.50,north,purchase,12 34-ab,"
                  "2026-03-02T00:20:00.5+02:00,2026-03-01,t1,\"A \"\"7\"\"\"\n"
                  "-0.10,-1,,,,,,STAFF||MORE,-7.50,0.20,0.25,north,purchase,1234AB,"
                  "2026-03-02T00:20:00.5+02:00,2026-03-01,t1,\"A \"\"7\"\"\"\n"
                  "3.00,1.250,S2,,|,,,,,,,north,purchase,1234AB,2026-03-02T00:20:00.5+02:00,2026-03-01,t1,"
                  "\"A \"\"7\"\"\"\n",
                  2, &heard, why),
        0);
    assert_int_equal(journal_next(&journal, &receipt), 0);
    assert_int_equal(receipt->first_line, 2);
    assert_int_equal(receipt->last_line, 4);
    assert_string_equal(receipt->card, "1234AB");
    assert_int_equal(receipt->event.kind, EVENT_PURCHASE);
    assert_int_equal(receipt->event.occurred_at, 1772403600500);
    const struct purchase *purchase = &receipt->event.purchase;
    assert_string_equal(purchase->receipt.number, "A \"7\"");
    assert_string_equal(purchase->receipt.store, "north");
    assert_string_equal(purchase->receipt.till, "t1");
    assert_int_equal(purchase->receipt.business_date, 20513);
    assert_int_equal(purchase->basket_discount, 75);
    assert_int_equal(purchase->card.size, 0);

    assert_int_equal(purchase->lines_count, 3);
    const struct line *line = purchase->lines;
    assert_string_equal(line[0].sku, "S1");
    assert_string_equal(line[0].category, "food");
    assert_int_equal(line[0].labels_count, 2);
    assert_string_equal(line[0].labels[0], "organic");
    assert_string_equal(line[0].labels[1], "fresh");
    assert_int_equal(line[0].quantity, 2000);
    assert_int_equal(line[0].gross, 1240);
    assert_int_equal(line[0].tax, 240);
    assert_int_equal(line[0].discount, 100);
    assert_false(line[0].weighed);
    assert_null(line[1].sku);
    assert_null(line[1].category);
    assert_int_equal(line[1].quantity, -1000);
    assert_int_equal(line[1].gross, -10);
    assert_int_equal(line[2].labels_count, 0);
    assert_int_equal(line[2].quantity, 1250);
    assert_true(line[2].weighed);

    assert_int_equal(purchase->tenders_count, 2);
    assert_int_equal(purchase->tenders[0].kind, TENDER_CASH);
    assert_int_equal(purchase->tenders[0].amount, 1250);
    assert_int_equal(purchase->tenders[1].kind, TENDER_OTHER);
    assert_int_equal(purchase->tenders[1].amount, 20);
    assert_int_equal(purchase->codes_count, 3);
    assert_string_equal(purchase->codes[0], "SAVE");
    assert_string_equal(purchase->codes[1], "STAFF");
    assert_string_equal(purchase->codes[2], "MORE");
    assert_int_equal(journal_next(&journal, &receipt), ERR_NOT_FOUND);
    assert_int_equal(journal_next(&journal, &receipt), ERR_NOT_FOUND);
    assert_string_equal(heard.text, "");
    journal_close(&journal);
}

static void amounts_have_the_decimals_of_the_currency(void **state)
{
    (void)state;
    struct journal journal;
    struct heard heard;
    char why[JOURNAL_TEXT_BYTES];
    const struct journal_receipt *receipt;
    assert_int_equal(open_text(&journal, HEAD "\n" ROW("1", ",,,1,120,,"), 0, &heard, why), 0);
    assert_int_equal(journal_next(&journal, &receipt), 0);
    assert_int_equal(receipt->event.purchase.lines[0].gross, 120);
    journal_close(&journal);
    assert_int_equal(open_text(&journal, HEAD "\n" ROW("1", ",,,1,1.20,,"), 0, &heard, why), 0);
    assert_int_equal(journal_next(&journal, &receipt), ERR_NOT_FOUND);
    journal_close(&journal);
}

static void rows_of_a_receipt_stand_together(void **state)
{
    (void)state;
    /* Rows that say the same are lines all the same. */
    expect_journal(HEAD "\n" ROW("1", GOODS) ROW("1", GOODS) ROW("1", GOODS) ROW("2", GOODS), "1:3 2:1 ");
    /* The same number of another till, day or store is another receipt. */
    expect_journal(HEAD ",store\n"
                        "1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase," GOODS ",\n"
                        "1,t2,2026-03-02,2026-03-02T10:00:00Z,,purchase," GOODS ",\n"
                        "1,t2,2026-03-03,2026-03-02T10:00:00Z,,purchase," GOODS ",\n"
                        "1,t2,2026-03-03,2026-03-02T10:00:00Z,,purchase," GOODS ",north\n"
                        "1,t2,2026-03-03,2026-03-02T10:00:00Z,,purchase," GOODS ",north\n",
                   "1:1 1:1 1:1 1:2 ");
    expect_journal(HEAD "\n", "");
    /* What stands in quotes may take several lines of the file. */
    expect_journal(HEAD "\n" ROW("1", "\"a\nb\",food,,1,1.00,,") ROW("2", ",,,x,1.00,,"),
                   "1:1 [4-4 2 quantity: 'x' is not one such as 2 or 1.250] ");
}

static void a_receipt_comes_whole_or_not_at_all(void **state)
{
    (void)state;
    expect_journal(HEAD "\n" ROW("1", GOODS) ROW("1", ",,,1,1.0,,") ROW("1", ",,,,1.00,,") ROW("2", GOODS),
                   "[3-3 1 gross: '1.0' is not an amount with 2 decimals] "
                   "[4-4 1 quantity: '' is not one such as 2 or 1.250] 2:1 ");
    /* Rows nobody can tell the receipt of: it may be the one before or the one behind. */
    expect_journal(HEAD "\n" ROW("1", GOODS) ROW("2", GOODS) "what,is,this\n" ROW("3", GOODS) ROW("4", GOODS),
                   "1:1 [4-4 ? the line has another number of fields than the header] "
                   "[3-3 2 line 4 cannot be read and may belong to it] "
                   "[5-5 3 line 4 cannot be read and may belong to it] 4:1 ");
    expect_journal(HEAD "\n" ROW("1", GOODS) "\"\n" ROW("1", GOODS) ROW("2", GOODS),
                   "[3-3 ? a quote is not closed] [2-4 1 line 3 cannot be read and may belong to it] 2:1 ");
    expect_journal(HEAD "\n" ROW("1", GOODS) ROW("", GOODS) "\n" ROW("", GOODS),
                   "[3-3 ? the receipt number is missing or longer than 40 bytes] "
                   "[5-5 ? the receipt number is missing or longer than 40 bytes] "
                   "[2-2 1 line 5 cannot be read and may belong to it] ");
    /* A row that is bad by itself is reason enough. */
    expect_journal(HEAD "\n" ROW("1", ",,,1,x,,") "\"\n",
                   "[2-2 1 gross: 'x' is not an amount with 2 decimals] [3-3 ? a quote is not closed] ");
}

#define RETURN(rest) "C1,t1,2026-03-02,2026-03-02T10:00:00Z,77,return," rest "\n"
#define RETURN_HEAD HEAD ",of_receipt,of_date,of_till,of_store\n"

/* The one return of a journal, which the caller closes. */
static const struct goods_return *one_return(struct journal *journal, struct heard *heard, const char *text,
                                             const char **ret_card)
{
    char why[JOURNAL_TEXT_BYTES];
    const struct journal_receipt *receipt;
    assert_int_equal(open_text(journal, text, 2, heard, why), 0);
    assert_int_equal(journal_next(journal, &receipt), 0);
    assert_int_equal(receipt->event.kind, EVENT_GOODS_RETURN);
    const struct goods_return *goods = &receipt->event.goods_return;
    assert_string_equal(goods->receipt.number, "C1");
    assert_true(goods->done);
    *ret_card = receipt->card;
    return goods;
}

static void a_return_names_its_purchase_and_what_came_back(void **state)
{
    (void)state;
    struct journal journal;
    struct heard heard;
    const char *card;
    const struct goods_return *goods = one_return(&journal, &heard,
                                                  RETURN_HEAD RETURN("a,,,-1,-2.00,,,7,2026-03-01,t2,north")
                                                      RETURN("b,,,0.250,2.00,,,7,2026-03-01,t2,north"),
                                                  &card);
    assert_null(card); /* the purchase's is meant */
    assert_true(goods->has_original);
    assert_string_equal(goods->original.number, "7");
    assert_string_equal(goods->original.till, "t2");
    assert_string_equal(goods->original.store, "north");
    assert_int_equal(goods->original.business_date, 20513);
    assert_int_equal(goods->parts_count, 2);
    assert_string_equal(goods->parts[0].sku, "a");
    assert_int_equal(goods->parts[0].quantity, 1000);
    assert_string_equal(goods->parts[1].sku, "b");
    assert_int_equal(goods->parts[1].quantity, 250);
    assert_int_equal(goods->amount, 0);
    journal_close(&journal);

    /* Of the return's own day and till; by amount where no article is named. */
    goods = one_return(&journal, &heard, RETURN_HEAD RETURN(",,,1,-2.00,,,7,,,") RETURN(",,,1,-0.50,,,7,,,"),
                       &card);
    assert_true(goods->has_original);
    assert_string_equal(goods->original.till, "t1");
    assert_null(goods->original.store);
    assert_int_equal(goods->original.business_date, 20514);
    assert_int_equal(goods->parts_count, 0);
    assert_int_equal(goods->amount, 250);
    journal_close(&journal);
}

static void a_return_without_a_receipt_is_its_amount(void **state)
{
    (void)state;
    struct journal journal;
    struct heard heard;
    const char *card;
    const struct goods_return *goods =
        one_return(&journal, &heard, HEAD "\n" RETURN("a,,,-1,-2.00,,") RETURN("b,,,-2,-3.50,,"), &card);
    assert_string_equal(card, "77");
    assert_false(goods->has_original);
    assert_int_equal(goods->parts_count, 0);
    assert_int_equal(goods->amount, 550);
    journal_close(&journal);
}

static void what_is_wrong_in_a_return_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *rows;
        const char *heard;
    } tests[] = {
        {RETURN("a,,,-1,0.00,,,,,,"),
         "[2-2 C1 without of_receipt only an amount can come back, and it says none] "},
        {RETURN("a,,,-1,-2.00,,,7,,,") RETURN(",,,-1,-2.00,,,7,,,"),
         "[2-3 C1 some of its lines name an article and some do not] "},
        {RETURN(",,,-1,0.00,,,7,,,"), "[2-2 C1 neither an article nor an amount came back] "},
        {RETURN("a,,,0,-2.00,,,7,,,"),
         "[2-2 C1 quantity: '0' is not one of goods that came back, such as 2 or -1.250] "},
        {RETURN("a,,,--1,-2.00,,,7,,,"),
         "[2-2 C1 quantity: '--1' is not one of goods that came back, such as 2 or -1.250] "},
        {RETURN("a,,,1,-2.00,,,7,2026-02-29,,"),
         "[2-2 C1 of_date: '2026-02-29' is not a date such as 2026-12-01] "},
        {RETURN("a,,,1,-2.00,,,7,,no till,"), "[2-2 C1 of_till: 'no till' is not a label] "},
        {RETURN("a,,,1,-2.00,,,7,,,no store"), "[2-2 C1 of_store: 'no store' is not an id] "},
        {RETURN("a,,,1,-2.00,,,,2026-03-01,,"),
         "[2-2 C1 of_receipt: it is missing, though the line says whose it is] "},
        {RETURN("a,,,-1,-2.00,,,7,,,") RETURN("a,,,-1,-2.00,,,8,,,"),
         "[3-3 C1 another purchase than in line 2, of the same return] "},
        {RETURN("a,,,-1,-2.00,,,7,,,") RETURN("a,,,-1,-2.00,,,,,,"),
         "[3-3 C1 another purchase than in line 2, of the same return] "},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,77,purchase," GOODS ",7,,,\n",
         "[2-2 1 of_receipt: a purchase does not have it] "},
    };
    for (size_t i = 0; i < ARRAY_COUNT(tests); i++) {
        char text[1024];
        (void)snprintf(text, sizeof(text), RETURN_HEAD "%s", tests[i].rows);
        expect_journal(text, tests[i].heard);
    }
}

static void rows_of_a_receipt_agree(void **state)
{
    (void)state;
#define FIRST "1,t1,2026-03-02,2026-03-02T10:00:00Z,77,purchase," GOODS "\n"
    static const struct {
        const char *row;
        const char *heard;
    } rows[] = {
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,7-7,purchase," GOODS "\n", "1:2 "},
        {"1,t1,2026-03-02,2026-03-02T10:00:01Z,77,purchase," GOODS "\n",
         "[3-3 1 another time than in line 2, of the same receipt] "},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,77,return," GOODS "\n",
         "[3-3 1 another kind than in line 2, of the same receipt] "},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,78,purchase," GOODS "\n",
         "[3-3 1 another card than in line 2, of the same receipt] "},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase," GOODS "\n",
         "[3-3 1 another card than in line 2, of the same receipt] "},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char text[1024];
        (void)snprintf(text, sizeof(text), HEAD "\n" FIRST "%s", rows[i].row);
        expect_journal(text, rows[i].heard);
    }
    /* A receipt without a card stays without one. */
    expect_journal(HEAD "\n" ROW("1", GOODS) "1,t1,2026-03-02,2026-03-02T10:00:00+02:00,77,purchase," GOODS
                                             "\n",
                   "[3-3 1 another card than in line 2, of the same receipt] ");
}

#define LONG_33 "123456789012345678901234567890123"
#define LONG_41 "12345678901234567890123456789012345678901"

static void what_is_wrong_in_a_row_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *row; /* HEAD, then codes,tender_cash,basket_discount,store */
        const char *reason;
    } rows[] = {
        {LONG_41 ",t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,,1,1.00,,,,,,",
         "? the receipt number is missing or longer than 40 bytes"},
        {"1,,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,,1,1.00,,,,,,",
         "? the till is not a label of 1 to 32 letters, digits, '_', '-' and '.'"},
        {"1,t1,2026-02-29,2026-03-02T10:00:00Z,,purchase,,,,1,1.00,,,,,,",
         "? the business date is not a date such as 2026-12-01"},
        {"1,t1,1969-12-31,2026-03-02T10:00:00Z,,purchase,,,,1,1.00,,,,,,",
         "? the business date is not a date such as 2026-12-01"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,,1,1.00,,,,,,a b",
         "? the store is not an id of 1 to 32 letters, digits, '_', '-' and '.'"},
        {"1,t1,2026-03-02,2026-03-02 10:00,,purchase,,,,1,1.00,,,,,,",
         "1 the time '2026-03-02 10:00' is not one such as 2026-12-01T08:05:00+02:00"},
        {"1,t1,2026-03-02,1970-01-01T00:00:00Z,,purchase,,,,1,1.00,,,,,,",
         "1 the time '1970-01-01T00:00:00Z' is not one such as 2026-12-01T08:05:00+02:00"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00.00000000000000000000000000000Z,,purchase,,,,1,1.00,,,,,,",
         "1 the time '2026-03-02T10:00:00.00000000000000000000' is not one such as "
         "2026-12-01T08:05:00+02:00"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,sale,,,,1,1.00,,,,,,",
         "1 the kind 'sale' is neither purchase nor return"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,( ),purchase,,,,1,1.00,,,,,,",
         "1 the card '( )' is none, or longer than 64 bytes"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase," LONG_41 ",,,1,1.00,,,,,,",
         "1 sku: '1234567890123456789012345678901234567890' is longer than 40 bytes"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,," LONG_33 ",,1,1.00,,,,,,",
         "1 category: '" LONG_33 "' is longer than 32 bytes"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,a|" LONG_33 ",1,1.00,,,,,,",
         "1 labels: '" LONG_33 "' has a word longer than 32 bytes"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,a|b|c|d|e|f|g|h|i,1,1.00,,,,,,",
         "1 labels: there are more than 8"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,,1.2345,1.00,,,,,,",
         "1 quantity: '1.2345' is not one such as 2 or 1.250"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,,1000001,1.00,,,,,,",
         "1 quantity: '1000001' is not one such as 2 or 1.250"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,,1,,,,,,,",
         "1 gross: '' is not an amount with 2 decimals"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,,1,10000000000.01,,,,,,",
         "1 gross: '10000000000.01' is not an amount with 2 decimals"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,,1,1.00,1.01,,,,,",
         "1 tax: '1.01' is more than there is in gross"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,,1,1.00,-0.01,,,,,",
         "1 tax: '-0.01' is more than there is in gross"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,,1,1.00,,-0.01,,,,",
         "1 discount: '-0.01' is below 0"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,,1,1.00,,,a|b|c|d|e|f|g|h|i,,,",
         "1 codes: there are more than 8"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,,1,1.00,,,,\"1,00\",,",
         "1 tender_cash: '1,00' is not an amount with 2 decimals"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,,1,1.00,,,,,-1.00,",
         "1 basket_discount: '-1.00' is below 0"},
        {"1,t1,2026-03-02,2026-03-02T10:00:00Z,,purchase,,,,\"a\nb\",1.00,,,,,,",
         "1 quantity: 'a?b' is not one such as 2 or 1.250"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char text[1024];
        char heard[512];
        (void)snprintf(text, sizeof(text), HEAD ",codes,tender_cash,basket_discount,store\n%s\n",
                       rows[i].row);
        (void)snprintf(heard, sizeof(heard), "[2-%d %s] ", strchr(rows[i].row, '\n') != NULL ? 3 : 2,
                       rows[i].reason);
        expect_journal(text, heard);
    }
}

static void a_message_cuts_between_characters(void **state)
{
    (void)state;
    /* 39 bytes, then a character of three. */
    expect_journal(HEAD "\n" ROW("1", ",,,123456789012345678901234567890123456789\xe2\x82\xac,1.00,,"),
                   "[2-2 1 quantity: '123456789012345678901234567890123456789' is not one such as 2 or "
                   "1.250] ");
}

/* A journal with one receipt of so many lines, each as large as a line can be. */
static void expect_lines(size_t count, const char *expected)
{
    static const char row[] =
        "1,t1,2026-03-02,2026-03-02T10:00:00Z,77,purchase,1234567890123456789012345678901234567890,"
        "12345678901234567890123456789012,"
        "12345678901234567890123456789012|12345678901234567890123456789012|12345678901234567890123456789012|"
        "12345678901234567890123456789012|12345678901234567890123456789012|12345678901234567890123456789012|"
        "12345678901234567890123456789012|12345678901234567890123456789012,1,1.00,,,"
        "12345678901234567890123456789012|22345678901234567890123456789012|32345678901234567890123456789012|"
        "42345678901234567890123456789012|52345678901234567890123456789012|62345678901234567890123456789012|"
        "72345678901234567890123456789012|82345678901234567890123456789012\n";
    char *text = malloc(sizeof(HEAD) + 16 + (count + 1) * sizeof(row));
    assert_non_null(text);
    char *end = stpcpy(text, HEAD ",codes\n");
    for (size_t i = 0; i < count; i++) {
        end = stpcpy(end, row);
    }
    end = stpcpy(end, row);
    end[1 - (long)sizeof(row)] = '2'; /* the receipt number of the last row */
    expect_journal(text, expected);
    free(text);
}

static void the_largest_receipt_is_read_and_a_larger_one_named(void **state)
{
    (void)state;
    expect_lines(LINES_MAX, "1:1200 2:1 ");
    expect_lines(LINES_MAX + 1, "[1202-1202 1 the receipt has more than 1200 lines] 2:1 ");
    expect_lines(3 * LINES_MAX, "[1202-1202 1 the receipt has more than 1200 lines] 2:1 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_names_the_columns),
        cmocka_unit_test(the_page_explains_every_column),
        cmocka_unit_test(everything_of_a_receipt_is_read),
        cmocka_unit_test(amounts_have_the_decimals_of_the_currency),
        cmocka_unit_test(rows_of_a_receipt_stand_together),
        cmocka_unit_test(a_receipt_comes_whole_or_not_at_all),
        cmocka_unit_test(a_return_names_its_purchase_and_what_came_back),
        cmocka_unit_test(a_return_without_a_receipt_is_its_amount),
        cmocka_unit_test(what_is_wrong_in_a_return_is_named),
        cmocka_unit_test(rows_of_a_receipt_agree),
        cmocka_unit_test(what_is_wrong_in_a_row_is_named),
        cmocka_unit_test(a_message_cuts_between_characters),
        cmocka_unit_test(the_largest_receipt_is_read_and_a_larger_one_named),
    };
    return crypto_init() != 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
