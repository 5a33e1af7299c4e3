#include "engine/free_units.h"

#include "base/checked.h"
#include "engine/rule.h"
#include "engine/selector.h"
#include "engine/stamps.h"

#include <string.h>

/* Whether a rule stamps this card for goods, and its conditions hold. */
static bool stamps_goods(const struct rule *rule, size_t card, const struct gift *gift)
{
    return rule->card == (int32_t)card && rule->kind == RULE_ITEM &&
           (gift->reason == TRACE_APPLIED || gift->reason == TRACE_LIMIT || gift->reason == TRACE_NOTHING);
}

/* Whole units of the goods the card's rules stamp, each line once. */
static int64_t stamped_units(const struct sale *sale, size_t card, const struct gift *gifts)
{
    const struct programme *programme = sale->programme;
    int64_t units = 0;
    for (size_t i = 0; i < sale->basket.count; i++) {
        const struct line *line = &sale->basket.lines[sale->basket.index[i]];
        bool taken = false;
        for (size_t k = 0; k < programme->rules_count && !taken; k++) {
            taken = stamps_goods(&programme->rules[k], card, &gifts[k]) &&
                    selector_takes(&programme->rules[k].selector, line);
        }
        units += taken ? line_units(line) : 0;
    }
    return units > 0 ? units / 1000 : 0;
}

static int units_due(const struct stamp_card *card, const struct stamps *stamps, int64_t units,
                     int64_t *ret_due)
{
    const int64_t first = stamps_needed(card, stamps);
    /* A free unit that earns stamps too needs them before itself; one that does not takes a unit's place. */
    const int64_t each = card->free_earns ? card->required : card->required + 1;
    const int64_t need = card->free_earns ? first : first + 1;
    int64_t have;
    const int err = checked_add(stamps->count, units - (card->free_earns ? 1 : 0), &have);
    if (err != 0) {
        return err;
    }
    int64_t due = have < need ? 0 : 1 + (have - need) / each;
    due = card->once && due > 1 ? 1 : due;
    due = card->once && stamps->completed > 0 ? 0 : due;
    *ret_due = due < units ? due : units;
    return 0;
}

/* The index of a same-purchase card, or the number of cards. */
static size_t card_of(const struct programme *programme, const char *id)
{
    size_t i = 0;
    while (i < programme->cards_count &&
           (strcmp(programme->cards[i].id, id) != 0 || !programme->cards[i].same_purchase)) {
        i++;
    }
    return i;
}

int free_units_find(const struct sale *sale, struct free_cards *ret_free)
{
    const struct programme *programme = sale->programme;
    const struct purchase *purchase = sale->purchase;
    struct gift gifts[RULES_MAX];
    bool any = purchase->free_units_count > 0;
    *ret_free = (struct free_cards){.not_due = 0};
    for (size_t i = 0; i < programme->cards_count; i++) {
        any = any || programme->cards[i].same_purchase;
    }
    int err = 0;
    for (size_t i = 0; i < programme->rules_count && any && err == 0; i++) {
        err = rule_gift(sale, i, gifts);
    }
    for (size_t i = 0; i < programme->cards_count && any && err == 0; i++) {
        const struct stamp_card *card = &programme->cards[i];
        if (card->same_purchase && sale->member != 0) {
            const struct stamps stamps = stamps_before(sale->context, card->number);
            err = units_due(card, &stamps, stamped_units(sale, i, gifts), &ret_free->cards[i].due);
        }
    }
    for (size_t i = 0; i < purchase->free_units_count && err == 0; i++) {
        const struct free_units *units = &purchase->free_units[i];
        const size_t card = card_of(programme, units->card);
        if (units->charged) {
            continue;
        }
        ret_free->changes_lines = true;
        if (card == programme->cards_count || sale->member == 0) {
            ret_free->not_due += units->units;
        } else {
            ret_free->cards[card].given += units->units;
        }
    }
    for (size_t i = 0; i < programme->cards_count; i++) {
        const struct card_units *units = &ret_free->cards[i];
        ret_free->not_due += units->given > units->due ? units->given - units->due : 0;
    }
    return err;
}

/* What is left of an amount of the line when so many of its units are gone; never its sign's other side. */
static int64_t left_of(int64_t amount, int64_t gone, int64_t all)
{
    int64_t part = 0;
    /* Within AMOUNT_MAX whatever the share. */
    const int err = checked_mul_div(amount, gone, all, ROUND_FLOOR, &part);
    return err == 0 ? amount - part : amount;
}

void free_units_take_off(const struct purchase *purchase, struct line *lines, struct purchase *ret_purchase)
{
    memcpy(lines, purchase->lines, purchase->lines_count * sizeof(*lines));
    for (size_t i = 0; i < purchase->free_units_count; i++) {
        const struct free_units *units = &purchase->free_units[i];
        if (units->line >= purchase->lines_count) {
            continue;
        }
        struct line *line = &lines[units->line];
        const int64_t all = units->charged || line->gross < 0 ? 0 : line_units(line);
        const int64_t asked = 1000 * (int64_t)units->units;
        const int64_t gone = asked < all ? asked : all;
        if (gone <= 0) {
            continue;
        }
        line->gross = left_of(line->gross, gone, all);
        line->discount = left_of(line->discount, gone, all);
        line->tax = left_of(line->tax, gone, all);
        line->quantity = left_of(line->quantity, gone, all);
        line->voided = line->voided || gone == all;
    }
    *ret_purchase = *purchase;
    ret_purchase->lines = lines;
}

int64_t free_units_owed(const struct card_units *units)
{
    return units->due > units->given ? units->due - units->given : 0;
}

int64_t free_units_stamps(const struct stamp_card *card, const struct card_units *units, int64_t first)
{
    const int64_t all = units->due > units->given ? units->due : units->given;
    if (all == 0) {
        return 0;
    }
    const int64_t used = first + (all - 1) * card->required;
    /* Units that were paid have earned stamps by the rules and should not; units given free have not. */
    return card->free_earns ? used - units->given : used + free_units_owed(units);
}
