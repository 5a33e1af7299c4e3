#include "engine/set.h"

#include "base/checked.h"
#include "engine/selector.h"

#include <string.h>

enum { HASH_BITS = 48 };

/* Articles or labels bought, `standing` thousandths of each. */
struct goods {
    size_t count;
    struct set_item items[LINES_MAX];
};

/* The first bits of FNV-1a: the same everywhere and for ever, as it stands in the log. */
static uint64_t item_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (const char *at = text; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * 0x100000001b3U;
    }
    return hash >> (64 - HASH_BITS);
}

static const struct set_item *find(const struct set_item *items, size_t count, uint32_t card, uint64_t item)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].card == card && items[i].item == item) {
            return &items[i];
        }
    }
    return NULL;
}

/* Ascending, so that the order of lines does not matter. More than fit are left out: LINES_MAX articles are
 * all there can be, and a rule names fewer labels. */
static void add_goods(struct goods *goods, uint32_t card, const char *text, int64_t units)
{
    const uint64_t item = item_of(text);
    size_t place = goods->count;
    while (place > 0 && goods->items[place - 1].item > item) {
        place--;
    }
    if (place > 0 && goods->items[place - 1].item == item) {
        goods->items[place - 1].standing += units;
        return;
    }
    if (goods->count == LINES_MAX) {
        return;
    }
    memmove(&goods->items[place + 1], &goods->items[place], (goods->count - place) * sizeof(goods->items[0]));
    goods->items[place] = (struct set_item){.card = card, .item = item, .standing = units};
    goods->count++;
}

static void collect(const struct sale *sale, const struct basket *basket, const struct rule *rule,
                    struct goods *ret_goods)
{
    const struct stamp_card *card = &sale->programme->cards[rule->card];
    ret_goods->count = 0;
    for (size_t i = 0; i < basket->count; i++) {
        const struct line *line = &basket->lines[basket->index[i]];
        const int64_t units = line_units(line);
        if (units <= 0 || !selector_takes(&rule->selector, line)) {
            continue;
        }
        if (card->distinct == DISTINCT_SKUS && line->sku != NULL) {
            add_goods(ret_goods, card->number, line->sku, units);
        }
        for (size_t k = 0; k < line->labels_count && card->distinct == DISTINCT_LABELS; k++) {
            if (id_list_has(&rule->selector.only.labels, line->labels[k])) {
                add_goods(ret_goods, card->number, line->labels[k], units);
            }
        }
    }
}

/* Takes from `goods` what is among `items`. */
static void leave_out(struct goods *goods, const struct set_item *items, size_t count)
{
    size_t left = 0;
    for (size_t i = 0; i < goods->count; i++) {
        if (find(items, count, goods->items[i].card, goods->items[i].item) == NULL) {
            goods->items[left++] = goods->items[i];
        }
    }
    goods->count = left;
}

int64_t set_new(const struct sale *sale, const struct basket *basket, size_t rule, const struct gift *gifts)
{
    const struct rule *rules = sale->programme->rules;
    struct goods goods;
    struct goods others;
    collect(sale, basket, &rules[rule], &goods);
    leave_out(&goods, sale->context->items, sale->context->items_count);
    for (size_t i = 0; i < rule && goods.count > 0; i++) {
        if (rules[i].card == rules[rule].card && gifts[i].given > 0) {
            collect(sale, basket, &rules[i], &others);
            leave_out(&goods, others.items, others.count);
        }
    }
    return (int64_t)goods.count;
}

static int add_item(struct outcome *outcome, uint32_t member, const struct set_item *item, int64_t amount)
{
    struct effect *effect = outcome_add(outcome, EFFECT_ITEM, member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->item.card = item->card;
    effect->item.item = item->item;
    effect->item.amount = amount;
    return 0;
}

static int remove_item(struct outcome *outcome, uint32_t member, const struct set_item *item)
{
    int64_t amount;
    const int err = checked_sub(0, item->standing, &amount);
    return err != 0 ? err : add_item(outcome, member, item, amount);
}

/* What the entries gave their stamps for, in their order. */
static void collect_given(const struct sale *sale, const struct earned *earned, size_t card,
                          struct goods *ret_given)
{
    const struct context *context = sale->context;
    struct goods goods;
    ret_given->count = 0;
    for (size_t k = 0; k < earned->count; k++) {
        const struct entry *entry = &earned->entries[k];
        if (entry->card != (int32_t)card || entry->rule < 0) {
            continue;
        }
        collect(sale, &sale->basket, &sale->programme->rules[entry->rule], &goods);
        leave_out(&goods, context->items, context->items_count);
        leave_out(&goods, ret_given->items, ret_given->count);
        for (size_t i = 0; i < goods.count && (int64_t)i < entry->amount && ret_given->count < LINES_MAX;
             i++) {
            ret_given->items[ret_given->count++] = goods.items[i];
        }
    }
}

/* Everything bought that the rules of the card stamp, new to it or not. */
static void collect_bought(const struct sale *sale, const struct earned *earned, size_t card,
                           struct goods *ret_bought)
{
    struct goods goods;
    ret_bought->count = 0;
    for (size_t i = 0; i < sale->programme->rules_count; i++) {
        const enum trace_reason reason = earned->gifts[i].reason;
        if (sale->programme->rules[i].card != (int32_t)card ||
            (reason != TRACE_APPLIED && reason != TRACE_NOTHING && reason != TRACE_LIMIT)) {
            continue;
        }
        collect(sale, &sale->basket, &sale->programme->rules[i], &goods);
        leave_out(&goods, ret_bought->items, ret_bought->count);
        for (size_t k = 0; k < goods.count && ret_bought->count < LINES_MAX; k++) {
            ret_bought->items[ret_bought->count++] = goods.items[k];
        }
    }
}

int set_record(const struct sale *sale, const struct earned *earned, size_t card, const struct stamps *before,
               const struct stamps *after, struct outcome *outcome)
{
    const struct context *context = sale->context;
    const uint32_t number = sale->programme->cards[card].number;
    struct goods given;
    struct goods bought;
    collect_given(sale, earned, card, &given);
    collect_bought(sale, earned, card, &bought);
    size_t old = 0;
    for (size_t i = 0; i < context->items_count; i++) {
        old += context->items[i].card == number;
    }
    /* What stands on the card now is the last of what was there and what came. */
    const size_t keep = after->count > 0 ? (size_t)after->count : 0;
    const size_t fresh = given.count < keep ? given.count : keep;
    size_t leaving = after->completed == before->completed || old < keep - fresh ? 0 : old - (keep - fresh);
    int err = 0;
    for (size_t i = 0; i < context->items_count && err == 0; i++) {
        const struct set_item *item = &context->items[i];
        const struct set_item *more =
            item->card == number ? find(bought.items, bought.count, number, item->item) : NULL;
        if (item->card == number && leaving > 0) {
            err = remove_item(outcome, sale->member, item);
            leaving--;
        } else if (more != NULL) {
            err = add_item(outcome, sale->member, item, more->standing);
        }
    }
    for (size_t i = given.count - fresh; i < given.count && err == 0; i++) {
        err = add_item(outcome, sale->member, &given.items[i], given.items[i].standing);
    }
    return err;
}

int set_empty(const struct member_state *state, uint32_t card, struct outcome *outcome)
{
    int err = 0;
    for (size_t i = 0; i < state->items_count && err == 0; i++) {
        if (state->items[i].card == card) {
            err = remove_item(outcome, state->member, &state->items[i]);
        }
    }
    return err;
}
