/* What is done in a row: a basket, an activity, a day that passes. */
#include "client/loyaltyctl_table_internal.h"

#include <stdio.h>
#include <string.h>

static const uint8_t card[HASH_BYTES] = {1};

/* "[N x] CATEGORY[/SKU] [Qkg] AMOUNT [#label] [tax A] [discount A] [voided]" */
static void read_goods(struct row *row, const struct words *words)
{
    struct purchase *purchase = &row->event.purchase;
    char **items = words->items;
    size_t at = 0;
    if (purchase->lines_count == TABLE_LINES_MAX) {
        row_fail(row, "too many goods in one row", items[0]);
        return;
    }
    struct line *line = &row->lines[purchase->lines_count];
    const char **labels = row->labels[purchase->lines_count++];
    *line = (struct line){.quantity = QUANTITY_DEFAULT, .labels = labels};
    if (words->count > 2 && strcmp(items[1], "x") == 0) {
        line->quantity = row_decimal(row, items[0], 3);
        at = 2;
    }
    char *sku = strchr(items[at], '/');
    if (sku != NULL) {
        *sku++ = '\0';
        line->sku = sku;
    }
    line->category = items[at++];
    if (at < words->count && strstr(items[at], "kg") != NULL) {
        *strstr(items[at], "kg") = '\0';
        line->quantity = row_decimal(row, items[at++], 3);
        line->weighed = true;
    }
    if (at == words->count) {
        row_fail(row, "expected the amount of", line->category);
        return;
    }
    line->gross = row_money(row, items[at++]);
    for (; at < words->count; at++) {
        if (items[at][0] == '#' && line->labels_count < LABELS_MAX) {
            labels[line->labels_count++] = items[at] + 1;
        } else if (strcmp(items[at], "voided") == 0) {
            line->voided = true;
        } else if (strcmp(items[at], "tax") == 0 && at + 1 < words->count) {
            line->tax = row_money(row, items[++at]);
        } else if (strcmp(items[at], "discount") == 0 && at + 1 < words->count) {
            line->discount = row_money(row, items[++at]);
        } else {
            row_fail(row, "not a word for goods", items[at]);
            return;
        }
    }
}

static void do_enrols(struct row *row, const struct words *words)
{
    (void)words;
    const struct bytes commitment = row->event.purchase.card;
    row->event.kind = EVENT_ENROLMENT;
    row->event.enrolment.card = commitment;
}

static void do_does(struct row *row, const struct words *words)
{
    const struct bytes commitment = row->event.purchase.card;
    row->event.kind = EVENT_ACTIVITY;
    row->event.activity.card = commitment;
    row->event.activity.code = words->items[1];
    row->event.activity.amount = 0;
    if (words->count > 2) {
        const int64_t amount = row_number(row, words->items[2]);
        if (amount < 1 || amount > ACTIVITY_AMOUNT_MAX) {
            row_fail(row, "expected how much of it, from 1 on, found", words->items[2]);
            return;
        }
        row->event.activity.amount = amount;
    }
}

static void do_settles(struct row *row, const struct words *words)
{
    (void)words;
    row->settles = true;
    if (row->customer < 0 || (size_t)row->customer >= row->book->trial.customers_count) {
        row_fail(row, "nobody of this name has joined", row->text);
    }
}

static void do_unopened(struct row *row, const struct words *words)
{
    (void)words;
    row->unopened = true;
}

static void do_nothing(struct row *row, const struct words *words)
{
    (void)row;
    (void)words;
}

static void do_basket(struct row *row, const struct words *words)
{
    if (strcmp(words->items[1], "discount") != 0) {
        row_fail(row, "expected 'basket discount A', found", words->items[1]);
        return;
    }
    row->event.purchase.basket_discount = row_money(row, words->items[2]);
}

static void do_tip(struct row *row, const struct words *words)
{
    row->event.purchase.tip = row_money(row, words->items[1]);
}

static void do_rounding(struct row *row, const struct words *words)
{
    row->event.purchase.cash_rounding = row_money(row, words->items[1]);
}

static void do_code(struct row *row, const struct words *words)
{
    struct purchase *purchase = &row->event.purchase;
    if (purchase->codes_count == CODES_MAX) {
        row_fail(row, "too many codes", words->items[1]);
        return;
    }
    row->codes[purchase->codes_count++] = words->items[1];
}

static void do_store(struct row *row, const struct words *words)
{
    row->event.purchase.receipt.store = words->items[1];
}

static void do_till(struct row *row, const struct words *words)
{
    row->event.purchase.receipt.till = words->items[1];
}

static void do_arrives(struct row *row, const struct words *words)
{
    row->time.booked_day = row_date(row, words->items[1]);
    if (words->count > 2) {
        row->time.booked_minute = row_minute(row, words->items[2]);
    }
}

/* "paid_by card" of nothing said, or "paid_by gift_card 20.00". */
static void do_paid_by(struct row *row, const struct words *words)
{
    static const char *const names[] = {"cash", "card", "gift_card", "voucher", "points", "other"};
    struct purchase *purchase = &row->event.purchase;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && purchase->tenders_count < TENDERS_MAX; i++) {
        if (strcmp(names[i], words->items[1]) == 0) {
            row->tenders[purchase->tenders_count++] = (struct tender){
                .kind = (enum tender_kind)i,
                .amount = words->count > 2 ? row_money(row, words->items[2]) : 0,
            };
            return;
        }
    }
    row_fail(row, "no such tender", words->items[1]);
}

/* Claims: those that can be refused, and in the past tense those that cannot. */
static void do_free(struct row *row, const struct words *words)
{
    struct purchase *purchase = &row->event.purchase;
    if (purchase->free_units_count == FREE_UNITS_MAX) {
        row_fail(row, "too many free units", words->items[0]);
        return;
    }
    row->free_units[purchase->free_units_count++] = (struct free_units){
        .card = words->count > 1 ? words->items[1] : "none",
        .line = words->count > 2 ? (uint32_t)row_number(row, words->items[2]) - 1 : 0,
        .units = words->count > 3 ? (uint32_t)row_number(row, words->items[3]) : 1,
        .charged = words->count > 4 && strcmp(words->items[4], "charged") == 0,
    };
    purchase->free_units = row->free_units;
    purchase->redeem_done = purchase->redeem_done || strcmp(words->items[0], "freed") == 0;
}

static void do_pay(struct row *row, const struct words *words)
{
    struct purchase *purchase = &row->event.purchase;
    row->pay.points = strcmp(words->items[1], "max") == 0 ? 0 : row_points(row, words->items[1]);
    purchase->pay_with_points = &row->pay;
    purchase->redeem_done = purchase->redeem_done || strcmp(words->items[0], "paid") == 0;
}

/* An item whose first word is none of these is goods. */
static const struct {
    const char *word;
    size_t least; /* words, with the first */
    size_t most;
    void (*read)(struct row *row, const struct words *words);
} deeds[] = {
    {"enrols", 1, 1, do_enrols},
    {"does", 2, 3, do_does},
    {"settles", 1, 1, do_settles},
    {"takes", 2, 4, row_do_take},
    {"adjusts", 2, 7, row_do_adjust},
    {"transfers", 4, 4, row_do_transfer},
    {"merges", 3, 3, row_do_merge},
    {"joins", 2, 2, row_do_household},
    {"leaves", 1, 1, row_do_household},
    {"receipt", 2, 2, row_do_receipt},
    {"returns", 2, 6, row_do_return},
    {"returned", 2, 6, row_do_return},
    {"voids", 2, 2, row_do_void},
    {"voided", 2, 2, row_do_void},
    {"claims", 2, 2, row_do_claim},
    {"unclaims", 2, 2, row_do_claim},
    {"closes", 1, 1, row_do_close},
    {"born", 2, 2, row_do_profile},
    {"belongs_to", 2, 9, row_do_profile},
    {"unopened", 1, 1, do_unopened},
    {"nothing", 1, 1, do_nothing},
    {"basket", 3, 3, do_basket},
    {"tip", 2, 2, do_tip},
    {"rounding", 2, 2, do_rounding},
    {"code", 2, 2, do_code},
    {"store", 2, 2, do_store},
    {"till", 2, 2, do_till},
    {"arrives", 2, 3, do_arrives},
    {"paid_by", 2, 3, do_paid_by},
    {"redeems", 1, 3, row_do_redeem},
    {"redeemed", 1, 3, row_do_redeem},
    {"uses", 2, 3, row_do_redeem},
    {"used", 2, 3, row_do_redeem},
    {"commits", 2, 3, row_do_redeem},
    {"committed", 2, 3, row_do_redeem},
    {"reserves", 2, 7, row_do_reserve},
    {"releases", 2, 2, row_do_release},
    {"frees", 1, 5, do_free},
    {"freed", 1, 5, do_free},
    {"pays", 2, 2, do_pay},
    {"paid", 2, 2, do_pay},
};

static void read_item(struct row *row, const struct words *words)
{
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        if (strcmp(deeds[i].word, words->items[0]) == 0 && words->count >= deeds[i].least &&
            words->count <= deeds[i].most) {
            deeds[i].read(row, words);
            return;
        }
    }
    read_goods(row, words);
}

void row_read_deed(struct row *row, char *text)
{
    char *items[TABLE_WORDS_MAX];
    char *words[TABLE_WORDS_MAX];
    row->event.kind = EVENT_PURCHASE;
    row->event.purchase = (struct purchase){
        .receipt = {.business_date = row->time.day, .number = row->number != NULL ? row->number : ""},
        .card = {card, row->customer >= 0 ? sizeof(card) : 0},
        .lines = row->lines,
        .codes = row->codes,
        .tenders = row->tenders,
    };
    const size_t count = text_split(text, ';', items);
    for (size_t i = 0; i < count && !row->unreadable; i++) {
        const struct words item = {words, text_split(items[i], ' ', words)};
        read_item(row, &item);
    }
}
