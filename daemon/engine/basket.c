#include "engine/basket.h"

#include "base/checked.h"
#include "engine/order.h"
#include "engine/selector.h"

#include <string.h>

/* A line's gross and discount are within AMOUNT_MAX each; tax beyond them is an error of the till's. */
#define LINE_BASIS_MAX (4 * AMOUNT_MAX)
static_assert(LINE_BASIS_MAX <= INT64_MAX / (2 * LINES_MAX), "sums over a basket cannot overflow");
static_assert(QUANTITY_MAX <= INT64_MAX / LINES_MAX, "sums over a basket cannot overflow");
static_assert(LINES_MAX <= UINT16_MAX, "lines are indexed by 16 bits");

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_texts(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return (a != NULL) - (b != NULL);
    }
    return strcmp(a, b);
}

static int compare_labels(const struct line *a, const struct line *b)
{
    const size_t count = a->labels_count < b->labels_count ? a->labels_count : b->labels_count;
    for (size_t i = 0; i < count; i++) {
        const int order = strcmp(a->labels[i], b->labels[i]);
        if (order != 0) {
            return order;
        }
    }
    return (a->labels_count > count) - (b->labels_count > count);
}

/* Two lines that compare equal are the same to every rule. */
int lines_compare(const struct line *a, const struct line *b)
{
    int order = compare_texts(a->sku, b->sku);
    order = order != 0 ? order : compare_numbers(a->gross, b->gross);
    order = order != 0 ? order : compare_numbers(a->quantity, b->quantity);
    order = order != 0 ? order : compare_numbers(a->tax, b->tax);
    order = order != 0 ? order : compare_labels(a, b);
    order = order != 0 ? order : compare_numbers(a->weighed, b->weighed);
    order = order != 0 ? order : compare_texts(a->category, b->category);
    return order != 0 ? order : compare_numbers(a->discount, b->discount);
}

/* An amount shared among lines in the making. */
struct spread {
    const struct line *lines;
    const uint16_t *index;        /* in `lines` */
    int64_t weights;              /* what the lines weigh together */
    int64_t remainder[LINES_MAX]; /* what the line's share leaves when rounded down, of `weights` */
};

static int compare_remainders(const void *context, uint16_t a, uint16_t b)
{
    const struct spread *spread = context;
    int order = compare_numbers(spread->remainder[b], spread->remainder[a]);
    order = order != 0 ? order
                       : lines_compare(&spread->lines[spread->index[a]], &spread->lines[spread->index[b]]);
    return order != 0 ? order : compare_numbers(a, b);
}

int basket_spread(const struct line *lines, const uint16_t *index, size_t count, int64_t amount,
                  int64_t *shares)
{
    struct spread spread;
    uint16_t order[LINES_MAX];
    spread.lines = lines;
    spread.index = index;
    spread.weights = 0;
    for (size_t i = 0; i < count; i++) {
        spread.weights += shares[i] > 0 ? shares[i] : 0;
        order[i] = (uint16_t)i;
    }
    const int64_t whole = amount < spread.weights ? amount : spread.weights;
    int64_t left = whole;
    for (size_t i = 0; i < count; i++) {
        const int64_t weight = shares[i] > 0 ? shares[i] : 0;
        shares[i] = 0;
        if (whole <= 0) {
            continue;
        }
        const int err = checked_mul_div(whole, weight, spread.weights, ROUND_FLOOR, &shares[i]);
        if (err != 0) {
            return err;
        }
        left -= shares[i];
        /* Exact although the products may wrap: the difference is below `weights`. */
        spread.remainder[i] =
            (int64_t)((uint64_t)whole * (uint64_t)weight - (uint64_t)shares[i] * (uint64_t)spread.weights);
    }
    if (whole > 0) {
        order_sort(order, count, compare_remainders, &spread);
    }
    for (size_t i = 0; i < count && left > 0; i++, left--) {
        shares[order[i]]++;
    }
    return 0;
}

/* What excluded tenders paid. */
static int64_t tendered(const struct basis *basis, const struct purchase *purchase)
{
    int64_t sum = 0;
    for (size_t i = 0; i < purchase->tenders_count; i++) {
        if ((basis->tenders_excluded >> purchase->tenders[i].kind & 1) != 0) {
            sum += purchase->tenders[i].amount;
        }
    }
    return sum;
}

/* The basis of a line of `amount` money with what tax is in it taken out where the basis says so. */
static int line_basis(const struct basis *basis, const struct line *line, int64_t amount, int64_t *ret_amount)
{
    if (!basis->tax_excluded || line->gross == 0) {
        *ret_amount = amount;
        return 0;
    }
    /* The tax contained in gross, in the same proportion to what the discounts made of it. */
    const bool negative = line->gross < 0;
    int64_t tax;
    int err = checked_mul_div(amount, negative ? -line->tax : line->tax,
                              negative ? -line->gross : line->gross, ROUND_HALF_UP, &tax);
    if (err != 0 || tax > LINE_BASIS_MAX || tax < -LINE_BASIS_MAX) {
        return ERR_OVERFLOW;
    }
    *ret_amount = amount - tax;
    return 0;
}

/* Lines in the making: first those that count, then those that do not but are paid for. */
struct measuring {
    uint16_t index[LINES_MAX];
    size_t counting;
    size_t count;
    int64_t discount[LINES_MAX]; /* of the basket's, each line's part */
    int64_t paid[LINES_MAX];     /* by excluded tenders */
};

static void sort_lines(const struct programme *programme, const struct purchase *purchase,
                       struct measuring *measuring)
{
    const struct selection *exclude = &programme->exclude.except;
    measuring->count = 0;
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < purchase->lines_count; i++) {
            const struct line *line = &purchase->lines[i];
            if (!line->voided && selection_takes(exclude, line) == (pass == 1)) {
                measuring->index[measuring->count++] = (uint16_t)i;
            }
        }
        measuring->counting = pass == 0 ? measuring->count : measuring->counting;
    }
}

static int share_out(const struct basis *basis, const struct purchase *purchase, struct measuring *measuring)
{
    const struct line *lines = purchase->lines;
    for (size_t i = 0; i < measuring->count; i++) {
        measuring->discount[i] = i < measuring->counting ? lines[measuring->index[i]].gross : 0;
    }
    int err =
        basket_spread(lines, measuring->index, measuring->counting,
                      basis->basket_discount_apart ? 0 : purchase->basket_discount, measuring->discount);
    for (size_t i = 0; i < measuring->count && err == 0; i++) {
        measuring->paid[i] = lines[measuring->index[i]].gross - measuring->discount[i];
    }
    return err != 0 ? err
                    : basket_spread(lines, measuring->index, measuring->count, tendered(basis, purchase),
                                    measuring->paid);
}

int basket_measure(const struct programme *programme, const struct basis *basis,
                   const struct purchase *purchase, struct basket *ret_basket)
{
    struct measuring measuring;
    if (purchase->lines_count > LINES_MAX) {
        return ERR_TOO_LARGE;
    }
    sort_lines(programme, purchase, &measuring);
    int err = share_out(basis, purchase, &measuring);
    ret_basket->lines = purchase->lines;
    ret_basket->count = measuring.counting;
    ret_basket->apart = basis->basket_discount_apart ? purchase->basket_discount : 0;
    int64_t total = -ret_basket->apart;
    for (size_t i = 0; i < measuring.counting && err == 0; i++) {
        const struct line *line = &purchase->lines[measuring.index[i]];
        const int64_t amount = line->gross + (basis->discounts_before ? line->discount : 0) -
                               measuring.discount[i] - measuring.paid[i];
        ret_basket->index[i] = measuring.index[i];
        err = line_basis(basis, line, amount, &ret_basket->amount[i]);
        total += err == 0 ? ret_basket->amount[i] : 0;
    }
    ret_basket->total = total > 0 ? total : 0;
    return err;
}

/* Below 0 for goods taken back. A positive quantity of negative
 * money (a deposit back, a discount written as a line) sells nothing. */
int64_t line_units(const struct line *line)
{
    if (line->gross < 0 && line->quantity > 0) {
        return 0;
    }
    if (line->weighed) {
        return line->quantity > 0 ? 1000 : line->quantity < 0 ? -1000 : 0;
    }
    return line->quantity;
}

static int64_t at_least_nothing(int64_t value)
{
    return value > 0 ? value : 0;
}

void basket_select(const struct basket *basket, const struct selector *selector, struct share *ret_share)
{
    struct share share = {0};
    for (size_t i = 0; i < basket->count; i++) {
        const struct line *line = &basket->lines[basket->index[i]];
        if (!selector_takes(selector, line)) {
            continue;
        }
        const int64_t quantity = line_units(line);
        share.lines++;
        share.amount += basket->amount[i];
        share.quantity += quantity;
        share.goods += (quantity > 0) - (quantity < 0);
    }
    share.amount -= selector->has_only ? 0 : basket->apart;
    share.amount = at_least_nothing(share.amount);
    share.quantity = at_least_nothing(share.quantity);
    share.goods = at_least_nothing(share.goods);
    *ret_share = share;
}
