#include "engine/remains.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/basket.h"

#include <string.h>

/* a * b / divisor towards zero; of `a` of any sign, 0 <= b <= divisor or both below 0. */
static int part_of(int64_t a, int64_t b, int64_t divisor, int64_t *ret_part)
{
    const int64_t part = b < 0 ? -b : b;
    const int64_t whole = divisor < 0 ? -divisor : divisor;
    const int err = checked_mul_div(a < 0 ? -a : a, part, whole, ROUND_FLOOR, ret_part);
    if (err == 0 && a < 0) {
        *ret_part = -*ret_part;
    }
    return err;
}

/* What is left of a line's gross; 0 where nothing of it is. */
static int gross_left(const struct line *line, int64_t quantity, int64_t money, int64_t *ret_left)
{
    int64_t gone = 0;
    const int err = line->quantity != 0 ? part_of(line->gross, quantity, line->quantity, &gone) : 0;
    const int64_t left = line->gross - gone - money;
    const bool over = line->gross < 0 ? left > 0 : left < 0;
    *ret_left = over ? 0 : left;
    return err;
}

/* Whether nothing of a line is left that somebody could bring back. */
static bool is_gone(const struct line *line, int64_t quantity, int64_t left)
{
    return line->gross != 0 ? left == 0 : quantity == line->quantity;
}

int returned_read(const struct purchase *purchase, const struct context *context,
                  struct returned *ret_returned)
{
    for (size_t i = 0; i < purchase->lines_count; i++) {
        ret_returned->quantity[i] = 0;
        ret_returned->money[i] = 0;
    }
    ret_returned->whole = context_fact(context, FACT_VOIDED, 0).quantity > 0 ||
                          context_fact(context, FACT_VOIDED, FACT_VOIDED_BACK).quantity > 0;
    for (size_t i = 0; i < context->facts_count; i++) {
        const struct receipt_fact *fact = &context->facts[i];
        if (fact->kind != FACT_LINE) {
            continue;
        }
        if (fact->index >= purchase->lines_count) {
            return ERR_CORRUPT;
        }
        ret_returned->quantity[fact->index] = fact->quantity;
        ret_returned->money[fact->index] = fact->amount;
    }
    return 0;
}

static void return_all(const struct purchase *purchase, struct returned *returned)
{
    for (size_t i = 0; i < purchase->lines_count; i++) {
        const struct line *line = &purchase->lines[i];
        if (line->voided) {
            continue;
        }
        returned->quantity[i] = line->quantity;
        returned->money[i] = line->quantity == 0 ? line->gross : returned->money[i];
    }
    returned->whole = true;
}

/* Takes up to `wanted` thousandths of one line; says how much. */
static int return_units(const struct purchase *purchase, size_t at, int64_t wanted, struct returned *returned,
                        int64_t *ret_taken)
{
    const struct line *line = &purchase->lines[at];
    int64_t left = 0;
    *ret_taken = 0;
    if (line->voided || line->quantity <= 0) {
        return 0;
    }
    const int err = gross_left(line, returned->quantity[at], returned->money[at], &left);
    if (err == 0 && !is_gone(line, returned->quantity[at], left)) {
        *ret_taken = least(wanted, line->quantity - returned->quantity[at]);
        returned->quantity[at] += *ret_taken;
    }
    return err;
}

static int return_part(const struct purchase *purchase, const struct return_part *part,
                       struct returned *returned, struct excess *excess)
{
    int64_t wanted = part->quantity != 0 ? part->quantity : INT64_MAX;
    int64_t taken;
    int64_t sum = 0;
    int err = 0;
    for (size_t i = 0; i < purchase->lines_count && sum < wanted && err == 0; i++) {
        const char *sku = purchase->lines[i].sku;
        const bool named = part->sku != NULL ? sku != NULL && strcmp(sku, part->sku) == 0 : i == part->line;
        err = named ? return_units(purchase, i, wanted - sum, returned, &taken) : 0;
        sum += named && err == 0 ? taken : 0;
    }
    if (err == 0 && part->quantity == 0 && sum == 0) {
        wanted = QUANTITY_DEFAULT; /* all that is left, of nothing */
    }
    if (err == 0 && wanted != INT64_MAX) {
        excess->quantity += wanted - sum;
    }
    return err;
}

static int return_amount(const struct purchase *purchase, int64_t amount, struct returned *returned,
                         struct excess *excess)
{
    struct remains remains;
    uint16_t index[LINES_MAX];
    int64_t share[LINES_MAX];
    int64_t gross = 0;
    int err = remains_make(purchase, returned, &remains);
    if (err != 0) {
        return err;
    }
    const int64_t taken = least(amount, remains.due > 0 ? remains.due : 0);
    excess->amount += amount - taken;
    for (size_t i = 0; i < purchase->lines_count; i++) {
        index[i] = (uint16_t)i;
        share[i] = remains.lines[i].voided ? 0 : remains.lines[i].gross;
    }
    if (taken > 0) {
        /* What was paid back is less than the goods' price where the basket had a discount. */
        err = checked_mul_div(remains.gross, taken, remains.due, ROUND_HALF_UP, &gross);
    }
    err = err != 0 ? err : basket_spread(remains.lines, index, purchase->lines_count, gross, share);
    for (size_t i = 0; i < purchase->lines_count && err == 0 && taken > 0; i++) {
        returned->money[i] += share[i];
    }
    return err;
}

int returned_add(const struct purchase *purchase, const struct goods_return *goods, struct returned *returned,
                 struct excess *ret_excess)
{
    struct excess excess = {0};
    int err = 0;
    if (goods->whole) {
        struct remains remains;
        err = remains_make(purchase, returned, &remains);
        excess.quantity = err == 0 && remains.nothing && returned->whole ? QUANTITY_DEFAULT : 0;
        return_all(purchase, returned);
    }
    for (size_t i = 0; i < goods->parts_count && err == 0; i++) {
        err = return_part(purchase, &goods->parts[i], returned, &excess);
    }
    if (err == 0 && goods->amount > 0) {
        err = return_amount(purchase, goods->amount, returned, &excess);
    }
    *ret_excess = excess;
    return err;
}

static int line_left(const struct line *line, int64_t quantity, int64_t money, struct line *ret_line)
{
    int64_t left = 0;
    *ret_line = *line;
    int err = line->voided ? 0 : gross_left(line, quantity, money, &left);
    if (err != 0 || line->voided) {
        return err;
    }
    if (is_gone(line, quantity, left)) {
        ret_line->voided = true;
        return 0;
    }
    ret_line->quantity = line->quantity - quantity;
    ret_line->gross = left;
    if (line->gross != 0) {
        err = part_of(line->discount, left, line->gross, &ret_line->discount);
        err = err != 0 ? err : part_of(line->tax, left, line->gross, &ret_line->tax);
    }
    return err;
}

/* The same mix of tenders, by largest remainder; ties to the one that was stated first. */
static int tenders_left(const struct purchase *purchase, int64_t due, int64_t due_whole,
                        struct remains *remains)
{
    int64_t rest[TENDERS_MAX + 2];
    int64_t sum = 0;
    int64_t left = 0;
    int err = 0;
    CHECK(purchase->tenders_count <= TENDERS_MAX + 2);
    for (size_t i = 0; i < purchase->tenders_count; i++) {
        remains->tenders[i] = purchase->tenders[i];
        sum += purchase->tenders[i].amount;
    }
    if (due_whole <= 0 || due == due_whole) {
        return 0;
    }
    err = checked_mul_div(sum, due, due_whole, ROUND_FLOOR, &left);
    for (size_t i = 0; i < purchase->tenders_count && err == 0; i++) {
        int64_t *amount = &remains->tenders[i].amount;
        const int64_t whole = purchase->tenders[i].amount;
        err = checked_mul_div(whole, due, due_whole, ROUND_FLOOR, amount);
        /* Exact although the products may wrap: the difference is below `due_whole`. */
        rest[i] = (int64_t)((uint64_t)whole * (uint64_t)due - (uint64_t)*amount * (uint64_t)due_whole);
        left -= *amount;
    }
    for (; left > 0 && err == 0; left--) {
        size_t most = 0;
        for (size_t i = 1; i < purchase->tenders_count; i++) {
            most = rest[i] > rest[most] ? i : most;
        }
        remains->tenders[most].amount++;
        rest[most] = -1;
    }
    return err;
}

struct totals {
    int64_t due;      /* of all lines */
    int64_t gross;    /* of those that sold something */
    int64_t quantity; /* of them */
};

static struct totals add_up(const struct line *lines, size_t count)
{
    struct totals totals = {0};
    for (size_t i = 0; i < count; i++) {
        const struct line *line = &lines[i];
        if (line->voided) {
            continue;
        }
        totals.due += line->gross;
        totals.gross += line->gross > 0 ? line->gross : 0;
        totals.quantity += line->gross >= 0 && line->quantity > 0 ? line->quantity : 0;
    }
    return totals;
}

static bool sold_nothing(const struct totals *totals)
{
    return totals->gross == 0 && totals->quantity == 0;
}

/* The rest of it: what hangs on all lines together. */
static int complete(const struct purchase *purchase, bool nothing, struct remains *remains)
{
    const struct totals whole = add_up(purchase->lines, purchase->lines_count);
    const struct totals left = add_up(remains->lines, purchase->lines_count);
    int64_t discount = 0;
    remains->purchase = *purchase;
    remains->purchase.lines = remains->lines;
    remains->purchase.tenders = remains->tenders;
    remains->gross = left.gross;
    remains->quantity = left.quantity;
    remains->nothing = nothing || (sold_nothing(&left) && !sold_nothing(&whole));
    const int64_t due = left.due > 0 ? left.due : 0;
    int err = 0;
    if (whole.due > 0) {
        err = checked_mul_div(purchase->basket_discount, least(due, whole.due), whole.due, ROUND_FLOOR,
                              &discount);
    }
    remains->purchase.basket_discount = discount;
    remains->due = due > discount ? due - discount : 0;
    return err != 0 ? err
                    : tenders_left(purchase, remains->due, whole.due - purchase->basket_discount, remains);
}

int remains_make(const struct purchase *purchase, const struct returned *returned,
                 struct remains *ret_remains)
{
    int err = 0;
    CHECK(purchase->lines_count <= LINES_MAX);
    for (size_t i = 0; i < purchase->lines_count && err == 0; i++) {
        err =
            line_left(&purchase->lines[i], returned->quantity[i], returned->money[i], &ret_remains->lines[i]);
    }
    return err != 0 ? err : complete(purchase, returned->whole, ret_remains);
}

int remains_part(const struct purchase *purchase, const struct returned *before, const struct returned *after,
                 struct remains *ret_part)
{
    int err = 0;
    for (size_t i = 0; i < purchase->lines_count && err == 0; i++) {
        struct line old;
        struct line new;
        struct line *part = &ret_part->lines[i];
        err = line_left(&purchase->lines[i], before->quantity[i], before->money[i], &old);
        err = err != 0 ? err : line_left(&purchase->lines[i], after->quantity[i], after->money[i], &new);
        *part = old;
        if (err == 0 && !old.voided && !new.voided) {
            part->quantity = old.quantity - new.quantity;
            part->gross = old.gross - new.gross;
            part->discount = old.discount - new.discount;
            part->tax = old.tax - new.tax;
            part->voided = part->gross == 0 && part->quantity == 0;
        }
    }
    return err != 0 ? err : complete(purchase, false, ret_part);
}
