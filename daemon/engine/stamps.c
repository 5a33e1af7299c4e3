#include "engine/stamps.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/calendar.h"

#include <string.h>

/* The vouchers of one event. */
struct issue {
    const struct sale *sale;
    struct outcome *outcome;
    uint32_t count;
};

struct stamps stamps_before(const struct context *context, uint32_t card)
{
    for (size_t i = 0; i < context->stamps_count; i++) {
        if (context->stamps[i].card == card) {
            return context->stamps[i];
        }
    }
    return (struct stamps){.card = card};
}

static int issue_voucher(struct issue *issue, const struct stamp_card *card)
{
    const struct sale *sale = issue->sale;
    const struct reward *reward = &sale->programme->rewards[card->reward];
    const size_t drawn = (size_t)issue->count * VOUCHER_CODE_BYTES;
    if (issue->count == VOUCHERS_PER_EVENT_MAX) {
        return ERR_TOO_LARGE;
    }
    if (drawn + VOUCHER_CODE_BYTES > sale->context->random_size) {
        return ERR_CORRUPT;
    }
    struct effect *effect = outcome_add(issue->outcome, EFFECT_VOUCHER, sale->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->voucher.index = issue->count++;
    memcpy(effect->voucher.code, sale->context->random + drawn, VOUCHER_CODE_BYTES);
    effect->voucher.reward = reward->number;
    effect->voucher.card = card->number;
    effect->voucher.since = sale->context->member_day;
    effect->voucher.until = term_end(&reward->valid, effect->voucher.since);
    return 0;
}

/* One rule's stamps on the card. `stamps->completed` counts on. */
static int give_stamps(const struct sale *sale, const struct stamp_card *card, const struct rule *rule,
                       int64_t given, struct stamps *stamps, struct outcome *outcome)
{
    int64_t count;
    const int err = checked_add(stamps->count, given, &count);
    if (err != 0) {
        return err;
    }
    const int64_t completed = count >= card->required ? count / card->required : 0;
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
    effect->stamps.given = given;
    effect->stamps.completed = (uint32_t)completed;
    effect->stamps.count = stamps->count;
    effect->stamps.since = stamps->since;
    effect->stamps.rule = rule->number;
    return 0;
}

/* All that one card gets: its stamps, then the vouchers of its completions. */
static int fill_card(struct issue *issue, int32_t index, const struct gift *gifts, struct stamps *ret_after)
{
    const struct sale *sale = issue->sale;
    const struct programme *programme = sale->programme;
    const struct stamp_card *card = &programme->cards[index];
    struct stamps stamps = stamps_before(sale->context, card->number);
    const uint32_t completed_before = stamps.completed;
    for (size_t i = 0; i < programme->rules_count; i++) {
        if (programme->rules[i].card == index && gifts[i].given > 0) {
            const int err =
                give_stamps(sale, card, &programme->rules[i], gifts[i].given, &stamps, issue->outcome);
            if (err != 0) {
                return err;
            }
        }
    }
    for (uint32_t i = completed_before; i < stamps.completed; i++) {
        const int err = issue_voucher(issue, card);
        if (err != 0) {
            return err;
        }
    }
    *ret_after = stamps;
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

int stamps_give(const struct sale *sale, const struct gift *gifts, struct decision *decision,
                struct stamps ret_after[CARDS_MAX])
{
    const struct programme *programme = sale->programme;
    struct issue issue = {.sale = sale, .outcome = &decision->outcome};
    CHECK(programme->cards_count <= CARDS_MAX);
    for (size_t i = 0; i < programme->cards_count; i++) {
        const struct stamp_card *card = &programme->cards[i];
        const int err = fill_card(&issue, (int32_t)i, gifts, &ret_after[i]);
        if (err != 0) {
            return err;
        }
        trace_card(card, &ret_after[i],
                   ret_after[i].completed - stamps_before(sale->context, card->number).completed, decision);
    }
    return 0;
}
