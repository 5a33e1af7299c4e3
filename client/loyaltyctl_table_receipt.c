/* Rows about receipts, and what is done by hand. */
#include "client/loyaltyctl_table_internal.h"

#include "model/day.h"

#include <ctype.h>
#include <string.h>

static struct bytes card_of(const struct row *row)
{
    return row->event.kind == EVENT_PURCHASE ? row->event.purchase.card : (struct bytes){0};
}

void row_do_receipt(struct row *row, const struct words *words)
{
    row->event.purchase.receipt.number = words->items[1];
}

static const struct purchase *purchase_of(const struct row *row, const char *number)
{
    const struct trial *trial = &row->book->trial;
    for (size_t i = 0; i < trial->receipts_count; i++) {
        const struct purchase *purchase = &trial->receipts[i]->event->purchase;
        if (strcmp(purchase->receipt.number, number) == 0) {
            return purchase;
        }
    }
    return NULL;
}

static bool is_named(const struct line *line, const char *category, const char *sku)
{
    return (category[0] == '\0' || (line->category != NULL && strcmp(line->category, category) == 0)) &&
           (sku == NULL || (line->sku != NULL && strcmp(line->sku, sku) == 0));
}

/* "[N x] CATEGORY[/SKU]", "[N x] /SKU" (of any line), "[N x] line N" */
static void read_part(struct row *row, const struct words *words, size_t at)
{
    struct goods_return *goods = &row->event.goods_return;
    if (goods->parts_count == TABLE_LINES_MAX) {
        row_fail(row, "too many goods in one row", words->items[0]);
        return;
    }
    struct return_part *part = &row->parts[goods->parts_count];
    *part = (struct return_part){.quantity = 0};
    if (at + 2 < words->count && strcmp(words->items[at + 1], "x") == 0) {
        part->quantity = row_decimal(row, words->items[at], 3);
        at += 2;
    }
    char *name = words->items[at];
    const struct purchase *purchase = purchase_of(row, goods->original.number);
    size_t index = 0;
    if (strcmp(name, "line") == 0 && at + 1 < words->count) {
        index = (size_t)row_number(row, words->items[at + 1]) - 1;
    } else if (name[0] == '/') {
        part->sku = name + 1;
    } else if (purchase != NULL) {
        char *sku = strchr(name, '/');
        if (sku != NULL) {
            *sku++ = '\0';
        }
        while (index < purchase->lines_count && !is_named(&purchase->lines[index], name, sku)) {
            index++;
        }
        if (index == purchase->lines_count) {
            row_fail(row, "no such goods on the receipt", name);
        }
    } else {
        row_fail(row, "a receipt not known yet has 'line N' only, found", name);
    }
    part->line = (uint32_t)index;
    goods->parts_count++;
    goods->parts = row->parts;
}

/* "returns R", "returns R 20.00", "returns R 2 x bread", "returns without receipt 20.00" */
void row_do_return(struct row *row, const struct words *words)
{
    char **items = words->items;
    const struct bytes commitment = card_of(row);
    struct goods_return *goods = &row->event.goods_return;
    const bool without = strcmp(items[1], "without") == 0 && words->count == 4;
    if (row->event.kind != EVENT_GOODS_RETURN) {
        row->event.kind = EVENT_GOODS_RETURN;
        *goods = (struct goods_return){
            .receipt = {.business_date = row->time.day, .number = ""},
            .has_original = !without,
            .original = {.business_date = row->time.day, .number = without ? "" : items[1]},
            .card = without ? commitment : (struct bytes){0},
            .done = strcmp(items[0], "returned") == 0};
    }
    const size_t at = without ? 3 : 2;
    if (at == words->count) {
        goods->whole = true;
    } else if (isdigit((unsigned char)items[at][0]) && at + 1 == words->count) {
        goods->amount = row_money(row, items[at]);
    } else {
        read_part(row, words, at);
    }
}

void row_do_void(struct row *row, const struct words *words)
{
    row->event.kind = EVENT_VOID_RECEIPT;
    row->event.void_receipt.receipt =
        (struct receipt){.business_date = row->time.day, .number = words->items[1]};
    row->event.void_receipt.done = strcmp(words->items[0], "voided") == 0;
}

void row_do_claim(struct row *row, const struct words *words)
{
    const struct bytes commitment = card_of(row);
    const struct receipt receipt = {.business_date = row->time.day, .number = words->items[1]};
    if (strcmp(words->items[0], "claims") == 0) {
        row->event.kind = EVENT_CLAIM;
        row->event.claim.receipt = receipt;
        row->event.claim.card = commitment;
    } else {
        row->event.kind = EVENT_UNCLAIM;
        row->event.unclaim.receipt = receipt;
        row->event.unclaim.reason = "";
    }
}

void row_do_close(struct row *row, const struct words *words)
{
    (void)words;
    row->event.kind = EVENT_DAY_CLOSE;
}

/* Whom a deed by hand is about; 0, said, for nobody. */
static uint32_t member_of(struct row *row)
{
    if (row->customer < 0 || (size_t)row->customer >= row->book->trial.customers_count) {
        row_fail(row, "nobody of this name has joined", row->text);
        return 0;
    }
    return (uint32_t)row->customer + 1;
}

/* "transfers 100 to bert" */
void row_do_transfer(struct row *row, const struct words *words)
{
    const int other = row_customer_of(row, words->items[3]);
    row->event.kind = EVENT_TRANSFER;
    row->event.transfer.from = member_of(row);
    row->event.transfer.to = (uint32_t)(other + 1);
    row->event.transfer.points = row_points(row, words->items[1]);
    row->event.transfer.reason = NULL;
}

/* "merges into bert" */
void row_do_merge(struct row *row, const struct words *words)
{
    const int other = row_customer_of(row, words->items[2]);
    row->event.kind = EVENT_MERGE;
    row->event.merge.from = member_of(row);
    row->event.merge.to = (uint32_t)(other + 1);
    row->event.merge.reason = NULL;
}

/* "joins home", which is founded where nothing has that name; "leaves" */
void row_do_household(struct row *row, const struct words *words)
{
    const uint32_t member = member_of(row);
    row->event.kind = EVENT_HOUSEHOLD;
    row->event.household.member = member;
    row->event.household.household = 0;
    row->event.household.leaves = words->count == 1;
    row->event.household.reason = NULL;
    if (words->count == 1 || row->unreadable) {
        return;
    }
    const int home = row_name(row, words->items[1]);
    if (home >= 0 && (size_t)home < row->book->trial.customers_count) {
        row->event.household.household = (uint32_t)home + 1;
    }
}

static struct adjustment *begin_adjustment(struct row *row)
{
    struct adjustment *adjustment = &row->event.adjustment;
    if (row->event.kind != EVENT_ADJUSTMENT) {
        row->event.kind = EVENT_ADJUSTMENT;
        *adjustment = (struct adjustment){
            .member = member_of(row), .reason = "by hand", .until = -1, .level_until = -1};
    }
    return adjustment;
}

/* The last two words "of R": the receipt it counts as taken back from. */
static bool name_adjusted(struct row *row, const struct words *words)
{
    struct adjustment *adjustment = &row->event.adjustment;
    if (words->count < 4 || strcmp(words->items[words->count - 2], "of") != 0) {
        return false;
    }
    adjustment->has_receipt = true;
    adjustment->receipt =
        (struct receipt){.business_date = row->time.day, .number = words->items[words->count - 1]};
    return true;
}

/* "takes N [of R]": what it lacks is owed */
void row_do_take(struct row *row, const struct words *words)
{
    struct adjustment *adjustment = begin_adjustment(row);
    adjustment->points = -row_points(row, words->items[1]);
    adjustment->may_owe = true;
    if (words->count > 2 && !name_adjusted(row, words)) {
        row_fail(row, "expected 'of' and a receipt, found", words->items[2]);
    }
}

/* "adjusts points N [until DATE]", "adjusts qualifying N", "adjusts stamps CARD N",
 * "adjusts level ID [until DATE]", "adjusts voucher REWARD", "adjusts cancels REWARD [N]", each "[of R]" */
void row_do_adjust(struct row *row, const struct words *words)
{
    struct adjustment *adjustment = begin_adjustment(row);
    char **items = words->items;
    const size_t count = name_adjusted(row, words) ? words->count - 2 : words->count;
    const int32_t until = count == 5 && strcmp(items[3], "until") == 0 ? row_date(row, items[4]) : -1;
    if (strcmp(items[1], "points") == 0 && count > 2) {
        adjustment->points = row_points(row, items[2]);
        adjustment->until = until;
    } else if (strcmp(items[1], "qualifying") == 0 && count > 2) {
        adjustment->qualifying = row_points(row, items[2]);
    } else if (strcmp(items[1], "stamps") == 0 && count == 4) {
        adjustment->card = items[2];
        adjustment->stamps = row_number(row, items[3]);
    } else if (strcmp(items[1], "level") == 0 && count > 2) {
        adjustment->level = items[2];
        adjustment->level_until = until;
    } else if (strcmp(items[1], "voucher") == 0 && count == 3) {
        adjustment->reward = items[2];
    } else if (strcmp(items[1], "cancels") == 0 && count > 2) {
        adjustment->voucher = row_voucher(row, items[2], count == 4 ? row_number(row, items[3]) : 1);
    } else {
        row_fail(row, "expected points, qualifying, stamps, level, voucher or cancels, found", items[1]);
    }
}

/* "born 1990-05-10", "belongs_to students regulars" */
void row_do_profile(struct row *row, const struct words *words)
{
    const uint32_t member = member_of(row);
    row->tells = true;
    if (member == 0) {
        return;
    }
    struct profile *profile = &row->book->trial.profiles[member - 1];
    if (strcmp(words->items[0], "born") == 0) {
        const struct date date = date_from_day(row_date(row, words->items[1]));
        profile->birth_month = date.month;
        profile->birth_day = date.day;
        profile->birth_year = date.year;
        return;
    }
    profile->segments_count = 0;
    for (size_t i = 1; i < words->count && i <= TABLE_SEGMENTS_MAX; i++) {
        row->segments[profile->segments_count++] = words->items[i];
    }
    profile->segments = row->segments;
}
