#include "engine/bill.h"

#include "base/checked.h"
#include "engine/basket.h"
#include "engine/order.h"
#include "engine/selector.h"

#include <string.h>

enum { SHARE_WHOLE = 100 * 1000 }; /* thousandths of a percent */

int bill_make(const struct programme *programme, const struct purchase *purchase, struct bill *ret_bill)
{
    /* Every line, at its price, with its part of the discount: measured as a basis that leaves nothing out.
     */
    struct programme plain = *programme;
    const struct basis price = {.tax_excluded = false};
    struct basket basket;
    plain.exclude = (struct selector){.has_only = false};
    const int err = basket_measure(&plain, &price, purchase, &basket);
    if (err != 0) {
        return err;
    }
    ret_bill->lines = purchase->lines;
    ret_bill->count = basket.count;
    ret_bill->frees = false;
    int64_t total = purchase->cash_rounding;
    for (size_t i = 0; i < basket.count; i++) {
        const struct line *line = &purchase->lines[basket.index[i]];
        const int64_t units = line_units(line);
        ret_bill->index[i] = basket.index[i];
        ret_bill->due[i] = basket.amount[i];
        ret_bill->freed[i] = 0;
        ret_bill->units[i] = units <= 0 ? 0 : units < 1000 ? 1 : units / 1000;
        total += basket.amount[i];
    }
    ret_bill->total = total > 0 ? total : 0;
    return 0;
}

static const struct line *line_of(const struct bill *bill, size_t i)
{
    return &bill->lines[bill->index[i]];
}

static int compare_content(const void *context, uint16_t a, uint16_t b)
{
    const struct bill *bill = context;
    const int order = lines_compare(line_of(bill, a), line_of(bill, b));
    return order != 0 ? order : (a > b) - (a < b);
}

/* By the price of a unit, the cheapest first. */
static int compare_prices(const void *context, uint16_t a, uint16_t b)
{
    const struct bill *bill = context;
    const int64_t price_a = bill->due[a] / bill->units[a];
    const int64_t price_b = bill->due[b] / bill->units[b];
    if (price_a != price_b) {
        return price_a < price_b ? -1 : 1;
    }
    return compare_content(context, a, b);
}

/* The lines that a selector takes and that have something left to pay; with `units`, units too. */
static size_t select_lines(const struct bill *bill, const struct selector *selector, bool units,
                           uint16_t *ret_order)
{
    size_t count = 0;
    for (size_t i = 0; i < bill->count; i++) {
        if (bill->due[i] > 0 && (!units || bill->units[i] > 0) &&
            selector_takes(selector, line_of(bill, i))) {
            ret_order[count++] = (uint16_t)i;
        }
    }
    order_sort(ret_order, count, units ? compare_prices : compare_content, bill);
    return count;
}

int bill_free(struct bill *bill, const struct selector *selector, int64_t units, int64_t max_value,
              int64_t *ret_value, int64_t *ret_units)
{
    uint16_t order[LINES_MAX];
    const size_t count = select_lines(bill, selector, true, order);
    int64_t value = 0;
    int64_t left = units;
    for (size_t i = 0; i < count && left > 0; i++) {
        const size_t at = order[i];
        const int64_t part = least(left, bill->units[at]);
        int64_t worth = 0;
        int64_t most = 0;
        int err = checked_mul_div(bill->due[at], part, bill->units[at], ROUND_FLOOR, &worth);
        err = err != 0 || max_value == 0 ? err : checked_mul(max_value, part, &most);
        if (err != 0) {
            return err;
        }
        worth = max_value != 0 ? least(worth, most) : worth;
        worth = least(worth, bill->total);
        bill->due[at] -= worth;
        bill->units[at] -= part;
        bill->freed[at] += part;
        bill->frees = true;
        bill->total -= worth;
        value += worth;
        left -= part;
    }
    *ret_value = value;
    *ret_units = units - left;
    return 0;
}

void bill_take_units(const struct bill *bill, const struct purchase *purchase, struct line *lines)
{
    if (purchase->lines_count > 0) {
        memcpy(lines, purchase->lines, purchase->lines_count * sizeof(*lines));
    }
    for (size_t i = 0; i < bill->count; i++) {
        struct line *line = &lines[bill->index[i]];
        if (bill->freed[i] > 0) {
            line->quantity = bill->units[i] == 0 ? 0 : line->quantity - 1000 * bill->freed[i];
        }
    }
}

int64_t bill_take(struct bill *bill, const struct selector *selector, int64_t amount)
{
    uint16_t order[LINES_MAX];
    const size_t count = select_lines(bill, selector, false, order);
    int64_t left = least(amount, bill->total);
    int64_t value = 0;
    for (size_t i = 0; i < count && left > 0; i++) {
        const int64_t part = least(left, bill->due[order[i]]);
        bill->due[order[i]] -= part;
        left -= part;
        value += part;
    }
    bill->total -= value;
    return value;
}

int bill_share(struct bill *bill, const struct selector *selector, int64_t share, int64_t max_value,
               int64_t *ret_value)
{
    int64_t due = 0;
    int64_t amount = 0;
    for (size_t i = 0; i < bill->count; i++) {
        due += bill->due[i] > 0 && selector_takes(selector, line_of(bill, i)) ? bill->due[i] : 0;
    }
    const int err = checked_mul_div(due, share, SHARE_WHOLE, ROUND_HALF_UP, &amount);
    if (err != 0) {
        return err;
    }
    *ret_value = bill_take(bill, selector, max_value != 0 ? least(amount, max_value) : amount);
    return 0;
}

int64_t bill_due(const struct bill *bill, const struct selector *selector)
{
    int64_t due = 0;
    if (selector_is_open(selector)) {
        return bill->total;
    }
    for (size_t i = 0; i < bill->count; i++) {
        due += bill->due[i] > 0 && selector_takes(selector, line_of(bill, i)) ? bill->due[i] : 0;
    }
    return least(due, bill->total);
}

int bill_share_cheapest(struct bill *bill, const struct selector *selector, int64_t share, int64_t max_value,
                        int64_t units, int64_t *ret_value, int64_t *ret_units)
{
    uint16_t order[LINES_MAX];
    const size_t count = select_lines(bill, selector, true, order);
    int64_t value = 0;
    int64_t left = units;
    for (size_t i = 0; i < count && left > 0; i++) {
        const size_t at = order[i];
        const int64_t part = least(left, bill->units[at]);
        int64_t worth = 0;
        int64_t amount = 0;
        int err = checked_mul_div(bill->due[at], part, bill->units[at], ROUND_FLOOR, &worth);
        err = err != 0 ? err : checked_mul_div(worth, share, SHARE_WHOLE, ROUND_HALF_UP, &amount);
        if (err != 0) {
            return err;
        }
        amount = max_value != 0 ? least(amount, max_value - value) : amount;
        amount = least(amount, bill->total);
        bill->due[at] -= amount;
        bill->total -= amount;
        value += amount;
        left -= part;
    }
    *ret_value = value;
    *ret_units = units - left;
    return 0;
}
