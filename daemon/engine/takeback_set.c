/* Taking back what stands in a set. A card that is none has no items, so nothing happens to it here. */
#include "engine/takeback.h"

#include "base/checked.h"

static int64_t standing(const struct set_item *items, size_t count, const struct set_item *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].card == wanted->card && items[i].item == wanted->item) {
            return items[i].standing;
        }
    }
    return 0;
}

/* What of an item still stands in the set: 0 of one that left it since, with a complete card. */
static int64_t stands_now(const struct takeback *takeback, const struct set_item *item)
{
    const struct member_state *holdings = takeback->purse.holdings;
    return standing(holdings->items, holdings->items_count, item);
}

int64_t takeback_set_leaving(const struct takeback *takeback, uint32_t card, const struct gains *before,
                             const struct gains *after)
{
    const struct context *then = takeback->past->context;
    int64_t stamps = 0;
    for (size_t i = 0; i < before->items_count; i++) {
        const struct set_item *was = &before->items[i];
        const int64_t left = gains_item(after, was->card, was->item);
        const int64_t now = stands_now(takeback, was);
        if (was->card != card || was->standing <= left || now == 0) {
            continue;
        }
        const bool leaves = now <= was->standing - left;
        const bool was_stamped = standing(then->items, then->items_count, was) == 0;
        stamps += leaves && !was_stamped;
        stamps -= !leaves && was_stamped && left <= 0;
    }
    return stamps;
}

static int add_item(struct takeback *takeback, const struct set_item *item, int64_t amount)
{
    if (amount == 0) {
        return 0;
    }
    struct effect *effect =
        outcome_add(&takeback->decision->outcome, EFFECT_ITEM, takeback->purse.holdings->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->item.card = item->card;
    effect->item.item = item->item;
    effect->item.amount = amount;
    return 0;
}

/* How many articles are in the set when what comes back has left it. */
static int64_t staying(const struct takeback *takeback, uint32_t card, const struct gains *before,
                       const struct gains *after)
{
    const struct member_state *holdings = takeback->purse.holdings;
    int64_t count = 0;
    for (size_t i = 0; i < holdings->items_count; i++) {
        const struct set_item *item = &holdings->items[i];
        const int64_t gone = gains_item(before, card, item->item) - gains_item(after, card, item->item);
        count += item->card == card && item->standing > gone;
    }
    return count;
}

/* An article that left with a complete card comes back into the set as far as its stamps do (`room`): others
 * that were in it may have come back in between. */
static int move_item(struct takeback *takeback, const struct set_item *item, int64_t left, int64_t *room)
{
    const int64_t now = stands_now(takeback, item);
    int64_t amount;
    const int err = checked_sub(left, item->standing, &amount);
    if (err != 0 || (amount > 0 && item->standing < 0 && (now != 0 || (*room)-- <= 0))) {
        return err;
    }
    return add_item(takeback, item, amount < -now ? -now : amount);
}

int takeback_set(struct takeback *takeback, uint32_t card, int64_t stamps, const struct gains *before,
                 const struct gains *after)
{
    int64_t room = stamps - staying(takeback, card, before, after);
    int err = 0;
    for (size_t i = 0; i < before->items_count && err == 0; i++) {
        const struct set_item *was = &before->items[i];
        if (was->card == card) {
            err = move_item(takeback, was, gains_item(after, card, was->item), &room);
        }
    }
    for (size_t i = 0; i < after->items_count && err == 0; i++) {
        const struct set_item *left = &after->items[i];
        if (left->card == card && gains_item(before, card, left->item) == 0) {
            const struct set_item none = {card, left->item, 0};
            err = move_item(takeback, &none, left->standing, &room);
        }
    }
    return err;
}
