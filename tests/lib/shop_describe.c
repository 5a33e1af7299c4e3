/* What a shop decided and what its customers have, as text. */
#include "lib/shop.h"

#include "base/text.h"

#include <string.h>

static void describe_effect(const struct effect *effect, struct text *text)
{
    text_add(text, "%s %u", effect_kind_name(effect->kind), effect->member);
    switch (effect->kind) {
    case EFFECT_LOT:
        text_add(text, " #%u %d..%d due %d", effect->lot.index, effect->lot.since, effect->lot.until,
                 effect->lot.due);
        break;
    case EFFECT_MOVE:
        text_add(text, " %llu>%llu %lld lot %d %llu.%u rule %u at %lld",
                 (unsigned long long)effect->move.debit, (unsigned long long)effect->move.credit,
                 (long long)effect->move.amount, effect->move.has_lot,
                 (unsigned long long)effect->move.lot.position, effect->move.lot.index, effect->move.rule,
                 (long long)effect->move.effective_at);
        break;
    case EFFECT_METRIC:
        text_add(text, " %u day %d %lld", effect->metric.metric, effect->metric.day,
                 (long long)effect->metric.amount);
        break;
    case EFFECT_LEVEL:
        text_add(text, " %u since %d until %d day %d held %u until %d", effect->level.level,
                 effect->level.since, effect->level.until, effect->level.day, effect->level.held,
                 effect->level.held_until);
        break;
    case EFFECT_STAMPS:
        text_add(text, " card %u %lld done %u now %lld of %lld since %d rule %u", effect->stamps.card,
                 (long long)effect->stamps.given, effect->stamps.completed, (long long)effect->stamps.count,
                 (long long)effect->stamps.required, effect->stamps.since, effect->stamps.rule);
        break;
    case EFFECT_VOUCHER: {
        char code[2 * VOUCHER_CODE_BYTES + 1];
        hex_encode(effect->voucher.code, VOUCHER_CODE_BYTES, code);
        text_add(text, " #%u %s reward %u card %u %d..%d", effect->voucher.index, code,
                 effect->voucher.reward, effect->voucher.card, effect->voucher.since, effect->voucher.until);
        break;
    }
    case EFFECT_VISIT:
        text_add(text, " day %d", effect->visit.day);
        break;
    case EFFECT_COUNTER:
        text_add(text, " %u period %d %s/%s %lld", effect->counter.limit, effect->counter.period,
                 effect->counter.store != NULL ? effect->counter.store : "",
                 effect->counter.scope != NULL ? effect->counter.scope : "-",
                 (long long)effect->counter.amount);
        break;
    case EFFECT_NOTE:
        text_add(text, " %u by %u", effect->note.note, effect->note.rule);
        break;
    case EFFECT_VOUCHER_HOLD:
        text_add(text, " %llu.%u by %llu", (unsigned long long)effect->voucher_hold.voucher.position,
                 effect->voucher_hold.voucher.index, (unsigned long long)effect->voucher_hold.reservation);
        break;
    case EFFECT_VOUCHER_END:
        text_add(text, " %llu.%u %s", (unsigned long long)effect->voucher_end.voucher.position,
                 effect->voucher_end.voucher.index, voucher_end_name(effect->voucher_end.end));
        break;
    case EFFECT_RESERVATION:
        text_add(text, " %lld points reward %u x %u until %lld", (long long)effect->reservation.points,
                 effect->reservation.reward, effect->reservation.units, (long long)effect->reservation.until);
        break;
    case EFFECT_RESERVATION_END:
        text_add(text, " %llu %s", (unsigned long long)effect->reservation_end.reservation,
                 reservation_end_name(effect->reservation_end.end));
        break;
    case EFFECT_FLOOR:
        text_add(text, " %u until %d", effect->floor.level, effect->floor.until);
        break;
    case EFFECT_RECEIPT:
        text_add(text, " %llu %s %u: %lld %lld", (unsigned long long)effect->receipt.position,
                 receipt_fact_name(effect->receipt.fact.kind), effect->receipt.fact.index,
                 (long long)effect->receipt.fact.quantity, (long long)effect->receipt.fact.amount);
        break;
    case EFFECT_ITEM:
        text_add(text, " card %u %llu %lld", effect->item.card, (unsigned long long)effect->item.item,
                 (long long)effect->item.amount);
        break;
    case EFFECT_MERGE:
        text_add(text, " into %u", effect->merge.into);
        break;
    case EFFECT_HOUSEHOLD:
        text_add(text, " %u", effect->household.household);
        break;
    case EFFECT_ENROL:
    case EFFECT_PRINCIPAL:
    case EFFECT_INVITE:
    case EFFECT_PROGRAMME:
    case EFFECT_LIVE:
    case EFFECT_REVISION:
        break;
    }
    text_add(text, "\n");
}

void shop_describe_outcome(const struct decision *decision, char *ret_text)
{
    const struct outcome *outcome = &decision->outcome;
    struct text text;
    text_init(&text, ret_text, SHOP_TEXT_BYTES);
    text_add(&text, "%s version %u member %u\n", outcome_code_name(outcome->code), outcome->programme_version,
             outcome->member);
    for (size_t i = 0; i < outcome->effects_count; i++) {
        describe_effect(&outcome->effects[i], &text);
    }
    if (outcome->has_balances) {
        const struct balances *balances = &outcome->balances;
        text_add(&text, "balances %lld %lld %lld level %u until %d qualifying %lld\n",
                 (long long)balances->accounts[0], (long long)balances->accounts[1],
                 (long long)balances->accounts[2], balances->level, balances->level_until,
                 (long long)balances->qualifying);
    }
    for (size_t i = 0; i < outcome->near_misses_count; i++) {
        const struct near_miss *miss = &outcome->near_misses[i];
        text_add(&text, "near %d %u %lld\n", (int)miss->reason, miss->number, (long long)miss->lacking);
    }
    for (size_t i = 0; i < outcome->exceptions_count; i++) {
        const struct exception *exception = &outcome->exceptions[i];
        text_add(&text, "exception %d %lld\n", (int)exception->kind, (long long)exception->amount);
    }
    for (size_t i = 0; i < decision->trace_count; i++) {
        const struct trace_line *line = &decision->trace[i];
        text_add(&text, "trace %d %u %d %lld %lld %lld %lld\n", (int)line->kind, line->number,
                 (int)line->reason, (long long)line->basis, (long long)line->factor, (long long)line->given,
                 (long long)line->lacking);
    }
    assert_false(text.cut);
}

void shop_describe_state(const struct member_state *state, char *ret_text)
{
    struct text text;
    text_init(&text, ret_text, SHOP_TEXT_BYTES);
    text_add(&text, "member %u: %lld %lld %lld level %u until %d, %u purchases, last %d\n", state->member,
             (long long)state->balances[0], (long long)state->balances[1], (long long)state->balances[2],
             state->level, state->level_until, state->purchases, state->last_purchase);
    for (size_t i = 0; i < state->lots_count; i++) {
        const struct lot *lot = &state->lots[i];
        text_add(&text, "lot %llu.%u %lld of %lld, %d..%d\n", (unsigned long long)lot->origin.position,
                 lot->origin.index, (long long)lot->left, (long long)lot->amount, lot->since, lot->until);
    }
    for (size_t i = 0; i < state->counters_count; i++) {
        const struct counter *counter = &state->counters[i];
        text_add(&text, "counter %u from %d: %lld\n", counter->limit, counter->period,
                 (long long)counter->used);
    }
    for (size_t i = 0; i < state->levels_count; i++) {
        text_add(&text, "level %u since %d\n", state->levels[i].level, state->levels[i].since);
    }
    for (size_t i = 0; i < state->stamps_count; i++) {
        const struct stamps *stamps = &state->stamps[i];
        text_add(&text, "stamps %u: %lld of %lld, %u done, since %d\n", stamps->card,
                 (long long)stamps->count, (long long)stamps->required, stamps->completed, stamps->since);
    }
    for (size_t i = 0; i < state->items_count; i++) {
        const struct set_item *item = &state->items[i];
        text_add(&text, "item %u %llu: %lld\n", item->card, (unsigned long long)item->item,
                 (long long)item->standing);
    }
    for (size_t i = 0; i < state->metric_days_count; i++) {
        const struct metric_day *day = &state->metric_days[i];
        text_add(&text, "metric %u day %d: %lld\n", day->metric, day->day, (long long)day->amount);
    }
    for (size_t i = 0; i < state->vouchers_count; i++) {
        const struct held_voucher *voucher = &state->vouchers[i];
        text_add(&text, "voucher %llu.%u reward %u %d..%d\n", (unsigned long long)voucher->origin.position,
                 voucher->origin.index, voucher->reward, voucher->since, voucher->until);
    }
    assert_false(text.cut);
}
