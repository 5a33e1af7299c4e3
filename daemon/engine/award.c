#include "engine/award.h"

#include "base/checked.h"
#include "engine/calendar.h"
#include "engine/tiers.h"

#include <string.h>

static int issue_voucher(struct awards *awards, const struct reward *reward, uint32_t source)
{
    const struct sale *sale = awards->sale;
    const size_t drawn = (size_t)awards->vouchers * VOUCHER_CODE_BYTES;
    if (awards->vouchers == VOUCHERS_PER_EVENT_MAX) {
        return ERR_TOO_LARGE;
    }
    if (drawn + VOUCHER_CODE_BYTES > sale->context->random_size) {
        return ERR_CORRUPT;
    }
    struct effect *effect = outcome_add(awards->outcome, EFFECT_VOUCHER, sale->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->voucher.index = awards->vouchers++;
    memcpy(effect->voucher.code, sale->context->random + drawn, VOUCHER_CODE_BYTES);
    effect->voucher.reward = reward->number;
    if (source >> SOURCE_KIND_SHIFT == SOURCE_CARD) {
        effect->voucher.card = source & ((1U << SOURCE_KIND_SHIFT) - 1);
    }
    effect->voucher.since = sale->context->member_day;
    effect->voucher.until = term_end(&reward->valid, effect->voucher.since);
    return 0;
}

static int give_note(struct awards *awards, uint32_t note, uint32_t source)
{
    struct effect *effect = outcome_add(awards->outcome, EFFECT_NOTE, awards->sale->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->note.note = note;
    effect->note.rule = source;
    return 0;
}

/* Where the programme has no such level any more, nothing. */
static int give_level(struct awards *awards, const struct award *award)
{
    const struct sale *sale = awards->sale;
    const int index = tiers_index(&sale->programme->tiers, award->level);
    const int32_t until = term_end(&award->level_term, sale->context->member_day);
    return index < 0 || until < sale->context->booked_day
               ? 0
               : tiers_floor(sale->programme, sale->context, sale->member, index, until, awards->balances,
                             awards->outcome);
}

int award_give(struct awards *awards, const struct award *award, uint32_t source, uint32_t times)
{
    const struct programme *programme = awards->sale->programme;
    int err = 0;
    for (uint32_t i = 0; i < times && award->reward >= 0 && err == 0; i++) {
        err = issue_voucher(awards, &programme->rewards[award->reward], source);
    }
    for (uint32_t i = 0; i < times && award->note != 0 && err == 0; i++) {
        err = give_note(awards, award->note, source);
    }
    if (err == 0 && award->level != 0 && times > 0) {
        err = give_level(awards, award);
    }
    int64_t points = 0;
    err = err != 0 ? err : checked_mul(award->points, times, &points);
    err = err != 0 ? err : checked_add(awards->points, points, &awards->points);
    if (err == 0 && awards->points > POINTS_MAX) {
        err = ERR_OVERFLOW;
    }
    return err != 0 || points == 0 ? err : credit_add(awards->credit, points, source);
}
