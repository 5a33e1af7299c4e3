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
static int compare_lines(const struct line *a, const struct line *b)
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

/* A basket's discount in the making. */
struct spread {
    const struct basket *basket;
    int64_t discount;
    int64_t weights;              /* what the lines weigh together */
    int64_t remainder[LINES_MAX]; /* what the line's share leaves when rounded down, of `weights` */
};

static int64_t weight_of(const struct basket *basket, size_t i)
{
    const int64_t gross = basket->lines[basket->index[i]].gross;
    return gross > 0 ? gross : 0;
}

static int compare_remainders(const void *context, uint16_t a, uint16_t b)
{
    const struct spread *spread = context;
    int order = compare_numbers(spread->remainder[b], spread->remainder[a]);
    const struct basket *basket = spread->basket;
    order = order != 0 ? order
                       : compare_lines(&basket->lines[basket->index[a]], &basket->lines[basket->index[b]]);
    return order != 0 ? order : compare_numbers(a, b);
}

/* Fills each counting line's `amount` with its part of the basket's discount. */
static int spread_discount(struct basket *basket, int64_t discount)
{
    struct spread spread;
    uint16_t order[LINES_MAX];
    int64_t *shares = basket->amount;
    spread.basket = basket;
    spread.weights = 0;
    for (size_t i = 0; i < basket->count; i++) {
        spread.weights += weight_of(basket, i);
        shares[i] = 0;
        order[i] = (uint16_t)i;
    }
    spread.discount = discount < spread.weights ? discount : spread.weights;
    if (spread.discount <= 0) {
        return 0;
    }
    int64_t left = spread.discount;
    for (size_t i = 0; i < basket->count; i++) {
        const int64_t weight = weight_of(basket, i);
        int err = checked_mul_div(spread.discount, weight, spread.weights, ROUND_FLOOR, &shares[i]);
        if (err != 0) {
            return err;
        }
        left -= shares[i];
        /* Exact although the products may wrap: the difference is below `weights`. */
        spread.remainder[i] = (int64_t)((uint64_t)spread.discount * (uint64_t)weight -
                                        (uint64_t)shares[i] * (uint64_t)spread.weights);
    }
    order_sort(order, basket->count, compare_remainders, &spread);
    for (size_t i = 0; i < basket->count && left > 0; i++, left--) {
        shares[order[i]]++;
    }
    return 0;
}

/* The basis of a line that bears `share` of the basket's discount. */
static int line_basis(const struct programme *programme, const struct line *line, int64_t share,
                      int64_t *ret_amount)
{
    const int64_t amount = line->gross + (programme->discounts_before ? line->discount : 0) - share;
    if (!programme->tax_excluded || line->gross == 0) {
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

int basket_measure(const struct programme *programme, const struct purchase *purchase,
                   struct basket *ret_basket)
{
    if (purchase->lines_count > LINES_MAX) {
        return ERR_TOO_LARGE;
    }
    ret_basket->lines = purchase->lines;
    ret_basket->count = 0;
    for (size_t i = 0; i < purchase->lines_count; i++) {
        const struct line *line = &purchase->lines[i];
        if (!line->voided && !selection_takes(&programme->exclude.except, line)) {
            ret_basket->index[ret_basket->count++] = (uint16_t)i;
        }
    }
    int err = spread_discount(ret_basket, purchase->basket_discount);
    int64_t total = 0;
    for (size_t i = 0; i < ret_basket->count && err == 0; i++) {
        int64_t *amount = &ret_basket->amount[i];
        err = line_basis(programme, &purchase->lines[ret_basket->index[i]], *amount, amount);
        total += err == 0 ? *amount : 0;
    }
    ret_basket->total = total > 0 ? total : 0;
    return err;
}

/* What a line sells, in thousandths of units; below 0 for goods taken back. A positive quantity of negative
 * money (a deposit back, a discount written as a line) sells nothing. */
static int64_t line_quantity(const struct line *line)
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
        const int64_t quantity = line_quantity(line);
        share.lines++;
        share.amount += basket->amount[i];
        share.quantity += quantity;
        share.goods += (quantity > 0) - (quantity < 0);
    }
    share.amount = at_least_nothing(share.amount);
    share.quantity = at_least_nothing(share.quantity);
    share.goods = at_least_nothing(share.goods);
    *ret_share = share;
}
