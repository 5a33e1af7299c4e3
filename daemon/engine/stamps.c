#include "engine/stamps.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/free_units.h"
#include "engine/set.h"

struct stamps stamps_before(const struct context *context, uint32_t card)
{
    for (size_t i = 0; i < context->stamps_count; i++) {
        if (context->stamps[i].card == card) {
            return context->stamps[i];
        }
    }
    return (struct stamps){.card = card};
}

int64_t stamps_needed(const struct stamp_card *card, const struct stamps *stamps)
{
    const bool promised = stamps->count > 0 && stamps->required > 0;
    return promised && stamps->required < card->required ? stamps->required : card->required;
}

int64_t stamps_lacking(const struct stamp_card *card, const struct stamps *stamps)
{
    int64_t lacking;
    return __builtin_sub_overflow(stamps_needed(card, stamps), stamps->count, &lacking) ? INT64_MAX : lacking;
}

static int add_stamps(const struct sale *sale, const struct stamps *stamps, int64_t given, uint32_t completed,
                      uint32_t rule, struct outcome *outcome)
{
    struct effect *effect = outcome_add(outcome, EFFECT_STAMPS, sale->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->stamps.card = stamps->card;
    effect->stamps.given = given;
    effect->stamps.completed = completed;
    effect->stamps.count = stamps->count;
    effect->stamps.since = stamps->since;
    effect->stamps.required = stamps->required;
    effect->stamps.rule = rule;
    return 0;
}

/* The card with `count` stamps on it after `completed` completions. */
static int put_stamps(const struct sale *sale, const struct stamp_card *card, int64_t count,
                      int64_t completed, struct stamps *stamps)
{
    if (completed > VOUCHERS_PER_EVENT_MAX || stamps->completed > UINT32_MAX - completed) {
        return ERR_TOO_LARGE;
    }
    const bool fresh = stamps->count <= 0 || completed > 0;
    const int64_t required = fresh ? card->required : stamps_needed(card, stamps);
    stamps->count = count;
    stamps->completed += (uint32_t)completed;
    stamps->since = count <= 0 ? 0 : fresh ? sale->context->member_day : stamps->since;
    stamps->required = count <= 0 ? 0 : required;
    return 0;
}

/* Stamps of one rule on the card, or none: then what is complete already is completed. */
static int give_stamps(const struct sale *sale, const struct stamp_card *card, int64_t given, uint32_t rule,
                       struct stamps *stamps, struct outcome *outcome)
{
    int64_t count;
    int err = checked_add(stamps->count, given, &count);
    if (err != 0) {
        return err;
    }
    const int64_t first = stamps_needed(card, stamps);
    int64_t completed = count >= first && !card->same_purchase ? 1 + (count - first) / card->required : 0;
    if (completed > 0) {
        count -= first + (completed - 1) * card->required;
    }
    if (card->once && completed > 0) {
        completed = stamps->completed == 0;
        count = 0; /* the rest has nowhere to go */
    }
    err = put_stamps(sale, card, count, completed, stamps);
    return err != 0 ? err : add_stamps(sale, stamps, given, (uint32_t)completed, rule, outcome);
}

/* What free units of this purchase use up. */
static int use_stamps(const struct sale *sale, size_t index, struct stamps *stamps, struct outcome *outcome)
{
    const struct stamp_card *card = &sale->programme->cards[index];
    const struct card_units *units = &sale->free->cards[index];
    const struct stamps before = stamps_before(sale->context, card->number);
    const int64_t used = free_units_stamps(card, units, stamps_needed(card, &before));
    if (used == 0) {
        return 0;
    }
    int64_t count;
    int err = checked_sub(stamps->count, used, &count);
    err = err != 0 ? err : put_stamps(sale, card, count, units->due, stamps);
    return err != 0 ? err : add_stamps(sale, stamps, -used, (uint32_t)units->due, 0, outcome);
}

int stamps_adjust(const struct sale *sale, size_t index, int64_t given, struct outcome *outcome,
                  uint32_t *ret_completed)
{
    const struct stamp_card *card = &sale->programme->cards[index];
    struct stamps stamps = stamps_before(sale->context, card->number);
    const uint32_t before = stamps.completed;
    int err;
    if (given > 0) {
        err = give_stamps(sale, card, given, 0, &stamps, outcome);
    } else {
        int64_t count;
        err = checked_add(stamps.count, given, &count);
        err = err != 0 ? err : put_stamps(sale, card, count, 0, &stamps);
        err = err != 0 ? err : add_stamps(sale, &stamps, given, 0, 0, outcome);
    }
    *ret_completed = stamps.completed - before;
    return err;
}

bool stamps_complete(const struct stamp_card *card, const struct stamps *stamps)
{
    return !card->same_purchase && !(card->once && stamps->completed > 0) &&
           stamps->count >= stamps_needed(card, stamps);
}

int stamps_finish(const struct sale *sale, size_t index, struct outcome *outcome, uint32_t *ret_completed)
{
    static const struct earned nothing;
    const struct stamp_card *card = &sale->programme->cards[index];
    const struct stamps before = stamps_before(sale->context, card->number);
    struct stamps after = before;
    int err = 0;
    if (stamps_complete(card, &before)) {
        err = give_stamps(sale, card, 0, 0, &after, outcome);
        err = err == 0 && card->distinct != DISTINCT_NOT
                  ? set_record(sale, &nothing, index, &before, &after, outcome)
                  : err;
    }
    *ret_completed = after.completed - before.completed;
    return err;
}

static int64_t smaller_that_is_there(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

int stamps_join(const struct sale *sale, size_t index, const struct stamps *others, struct outcome *outcome,
                uint32_t *ret_completed)
{
    const struct stamp_card *card = &sale->programme->cards[index];
    struct stamps stamps = stamps_before(sale->context, card->number);
    if (others->completed > UINT32_MAX - stamps.completed) {
        return ERR_OVERFLOW;
    }
    stamps.completed += others->completed;
    stamps.since = (int32_t)smaller_that_is_there(stamps.since, others->since);
    stamps.required = smaller_that_is_there(stamps.required, others->required);
    const uint32_t before = stamps.completed;
    const int err = give_stamps(sale, card, others->count, 0, &stamps, outcome);
    if (err == 0) {
        outcome->effects[outcome->effects_count - 1].stamps.completed += others->completed;
        *ret_completed = stamps.completed - before;
    }
    return err;
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
        .lacking = stamps_lacking(card, after),
    };
}

static int give_card(const struct sale *sale, const struct earned *earned, size_t index,
                     struct outcome *outcome, struct stamps *stamps)
{
    const struct stamp_card *card = &sale->programme->cards[index];
    const struct stamps before = *stamps;
    const bool full = card->once && before.completed > 0;
    bool touched = false;
    int err = 0;
    for (size_t k = 0; k < earned->count && !full && err == 0; k++) {
        const struct entry *entry = &earned->entries[k];
        if (entry->card == (int32_t)index && entry->amount > 0) {
            err = give_stamps(sale, card, entry->amount, sale->programme->rules[entry->rule].number, stamps,
                              outcome);
            touched = true;
        }
    }
    /* A card that a new version of the programme has made complete. */
    if (err == 0 && !touched && stamps_complete(card, stamps)) {
        err = give_stamps(sale, card, 0, 0, stamps, outcome);
    }
    if (err == 0 && card->same_purchase && sale->free != NULL) {
        err = use_stamps(sale, index, stamps, outcome);
    }
    if (err == 0 && card->distinct != DISTINCT_NOT && sale->activity == NULL) {
        err = set_record(sale, earned, index, &before, stamps, outcome);
    }
    return err;
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
        const int err = give_card(sale, earned, i, &decision->outcome, &stamps);
        if (err != 0) {
            return err;
        }
        ret_after[i] = stamps;
        trace_card(card, &stamps, stamps.completed - before, decision);
    }
    return 0;
}
