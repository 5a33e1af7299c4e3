#include "engine/stamps.h"

#include "base/check.h"
#include "base/checked.h"

struct stamps stamps_before(const struct context *context, uint32_t card)
{
    for (size_t i = 0; i < context->stamps_count; i++) {
        if (context->stamps[i].card == card) {
            return context->stamps[i];
        }
    }
    return (struct stamps){.card = card};
}

/* One entry's stamps on the card. `stamps->completed` counts on. */
static int give_stamps(const struct sale *sale, const struct stamp_card *card, const struct entry *entry,
                       struct stamps *stamps, struct outcome *outcome)
{
    int64_t count;
    const int err = checked_add(stamps->count, entry->amount, &count);
    if (err != 0) {
        return err;
    }
    int64_t completed = count >= card->required ? count / card->required : 0;
    if (card->once && completed > 0) {
        completed = stamps->completed == 0;
        count = completed * card->required; /* the rest has nowhere to go */
    }
    if (completed > VOUCHERS_PER_EVENT_MAX || stamps->completed > UINT32_MAX - completed) {
        return ERR_TOO_LARGE;
    }
    const bool fresh = stamps->count <= 0 || completed > 0;
    stamps->count = count - completed * card->required;
    stamps->completed += (uint32_t)completed;
    stamps->since = stamps->count <= 0 ? 0 : fresh ? sale->context->member_day : stamps->since;
    struct effect *effect = outcome_add(outcome, EFFECT_STAMPS, sale->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->stamps.card = card->number;
    effect->stamps.given = entry->amount;
    effect->stamps.completed = (uint32_t)completed;
    effect->stamps.count = stamps->count;
    effect->stamps.since = stamps->since;
    effect->stamps.rule = sale->programme->rules[entry->rule].number;
    return 0;
}

static void trace_card(const struct stamp_card *card, const struct stamps *after, uint32_t completed,
                       struct decision *decision)
{
    CHECK(decision->trace_count < TRACE_LINES_MAX);
    decision->trace[decision->trace_count++] = (struct trace_line){
        .kind = TRACE_CARD,
        .number = card->number,
        .reason = completed > 0 ? TRACE_APPLIED : TRACE_NOTHING,
        .basis = after->count,
        .given = completed,
        .lacking = card->required - after->count,
    };
}

int stamps_give(const struct sale *sale, const struct earned *earned, struct decision *decision,
                struct stamps ret_after[CARDS_MAX])
{
    const struct programme *programme = sale->programme;
    CHECK(programme->cards_count <= CARDS_MAX);
    for (size_t i = 0; i < programme->cards_count; i++) {
        const struct stamp_card *card = &programme->cards[i];
        struct stamps stamps = stamps_before(sale->context, card->number);
        const uint32_t before = stamps.completed;
        const bool full = card->once && before > 0;
        for (size_t k = 0; k < earned->count && !full; k++) {
            const struct entry *entry = &earned->entries[k];
            const int err = entry->card == (int32_t)i && entry->amount > 0
                                ? give_stamps(sale, card, entry, &stamps, &decision->outcome)
                                : 0;
            if (err != 0) {
                return err;
            }
        }
        ret_after[i] = stamps;
        trace_card(card, &stamps, stamps.completed - before, decision);
    }
    return 0;
}
