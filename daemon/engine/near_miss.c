#include "engine/near_miss.h"

#include "engine/stamps.h"

enum group { GROUP_BASKET, GROUP_REWARD, GROUP_LEVEL, GROUPS };

struct groups {
    size_t count[GROUPS];
    struct near_miss best[GROUPS][NEAR_MISSES_MAX]; /* the least lacking first */
};

static bool comes_before(const struct near_miss *a, const struct near_miss *b)
{
    if (a->lacking != b->lacking) {
        return a->lacking < b->lacking;
    }
    return a->reason != b->reason ? a->reason < b->reason : a->number < b->number;
}

/* Keeps the candidate if it is among the best of its group. */
static void offer(struct groups *groups, enum group group, enum near_miss_reason reason, uint32_t number,
                  int64_t lacking)
{
    const struct near_miss miss = {.reason = reason, .number = number, .lacking = lacking};
    struct near_miss *best = groups->best[group];
    size_t place = groups->count[group];
    while (place > 0 && comes_before(&miss, &best[place - 1])) {
        if (place < NEAR_MISSES_MAX) {
            best[place] = best[place - 1];
        }
        place--;
    }
    if (place < NEAR_MISSES_MAX) {
        best[place] = miss;
    }
    if (groups->count[group] < NEAR_MISSES_MAX) {
        groups->count[group]++;
    }
}

static void offer_rules(const struct sale *sale, const struct gift *gifts, struct groups *groups)
{
    for (size_t i = 0; i < sale->programme->rules_count; i++) {
        const struct gift *gift = &gifts[i];
        const bool spend = gift->reason == TRACE_MIN_SPEND;
        if ((spend || gift->reason == TRACE_MIN_BASKET) && gift->lacking <= gift->needed / 2) {
            offer(groups, GROUP_BASKET, spend ? NEAR_MIN_SPEND : NEAR_MIN_BASKET,
                  sale->programme->rules[i].number, gift->lacking);
        }
    }
}

static void offer_cards(const struct sale *sale, const struct stamps *after, struct groups *groups)
{
    for (size_t i = 0; i < sale->programme->cards_count; i++) {
        const struct stamp_card *card = &sale->programme->cards[i];
        const struct stamps before = stamps_before(sale->context, card->number);
        if (card->once && after[i].completed > 0) {
            continue;
        }
        if (after[i].count != 0 || before.count != 0 || after[i].completed != before.completed) {
            const int64_t lacking = stamps_lacking(card, &after[i]);
            if (lacking > 0) {
                offer(groups, GROUP_REWARD, NEAR_NEXT_REWARD, card->number, lacking);
            }
        }
    }
}

static void offer_level(const struct sale *sale, int level, int64_t qualifying, struct groups *groups)
{
    const struct tiers *tiers = &sale->programme->tiers;
    if (level + 1 < (int)tiers->count) {
        const struct level *next = &tiers->levels[level + 1];
        if (next->reach.has_qualifying && next->reach.qualifying > qualifying) {
            offer(groups, GROUP_LEVEL, NEAR_NEXT_LEVEL, next->number, next->reach.qualifying - qualifying);
        }
    }
}

void near_misses_find(const struct sale *sale, const struct gift *gifts, const struct stamps *after,
                      int level, int64_t qualifying, struct outcome *outcome)
{
    struct groups groups;
    for (size_t group = 0; group < GROUPS; group++) {
        groups.count[group] = 0;
    }
    offer_rules(sale, gifts, &groups);
    offer_cards(sale, after, &groups);
    offer_level(sale, level, qualifying, &groups);
    for (size_t turn = 0; turn < NEAR_MISSES_MAX; turn++) {
        for (size_t group = 0; group < GROUPS && outcome->near_misses_count < NEAR_MISSES_MAX; group++) {
            if (turn < groups.count[group]) {
                outcome->near_misses[outcome->near_misses_count++] = groups.best[group][turn];
            }
        }
    }
}
