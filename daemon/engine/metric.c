#include "engine/metric.h"

#include "base/checked.h"
#include "engine/calendar.h"
#include "engine/engine.h"

static int basis_before_tenders(const struct sale *sale, struct basket *ret_basket)
{
    struct basis basis = sale->programme->basis;
    basis.tenders_excluded = 0;
    return basket_measure(sale->programme, &basis, sale->purchase, ret_basket);
}

static int64_t gain_of(const struct sale *sale, const struct measure *measure, const struct basket *basket,
                       int64_t qualifying)
{
    struct share share;
    switch (measure->kind) {
    case MEASURE_QUALIFYING:
        return qualifying;
    case MEASURE_VISITS:
        return sale->activity != NULL || (sale->programme->visits_by_day && sale->context->visits_today > 0)
                   ? 0
                   : 1;
    case MEASURE_SPEND:
        basket_select(basket, &measure->selector, &share);
        return share.amount;
    case MEASURE_UNITS:
        basket_select(basket, &measure->selector, &share);
        return share.quantity;
    case MEASURE_BALANCE:
    case MEASURE_RUN:
        break;
    }
    return 0;
}

int metrics_gain(const struct sale *sale, int64_t qualifying, struct metric_values *ret_gain)
{
    const struct programme *programme = sale->programme;
    struct basket basket;
    ret_gain->of[0] = qualifying;
    int err = programme->measures_count > 0 ? basis_before_tenders(sale, &basket) : 0;
    for (size_t i = 0; i < programme->measures_count && err == 0; i++) {
        ret_gain->of[1 + i] = gain_of(sale, &programme->measures[i], &basket, qualifying);
    }
    return err;
}

static int record(const struct sale *sale, uint32_t metric, int64_t amount, struct outcome *outcome)
{
    if (amount == 0) {
        return 0;
    }
    struct effect *effect = outcome_add(outcome, EFFECT_METRIC, sale->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->metric.metric = metric;
    effect->metric.day = sale->context->member_day;
    effect->metric.amount = amount;
    return 0;
}

/* Whether a measure before this one has the same metric: it is recorded once. */
static bool is_repeated(const struct programme *programme, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (programme->measures[i].metric == programme->measures[at].metric) {
            return true;
        }
    }
    return false;
}

int metrics_record(const struct sale *sale, int64_t qualifying, const struct metric_values *gain,
                   struct outcome *outcome)
{
    const struct programme *programme = sale->programme;
    bool visits = false;
    int err = record(sale, METRIC_QUALIFYING, qualifying, outcome);
    for (size_t i = 0; i < programme->measures_count && err == 0; i++) {
        const struct measure *measure = &programme->measures[i];
        if (measure->kind == MEASURE_QUALIFYING || measure->kind == MEASURE_BALANCE ||
            measure->kind == MEASURE_RUN || is_repeated(programme, i)) {
            continue;
        }
        visits = visits || measure->kind == MEASURE_VISITS;
        err = record(sale, measure->metric, gain->of[1 + i], outcome);
    }
    if (err == 0 && programme->visits_by_day && !visits && sale->activity == NULL &&
        sale->context->visits_today == 0) {
        err = record(sale, METRIC_VISITS, 1, outcome);
    }
    return err;
}

void metrics_on(const struct programme *programme, const struct member_state *state, int32_t day,
                struct metric_values *ret_values)
{
    metrics_between(programme, state, state->enrolled, day, ret_values);
}

void metrics_between(const struct programme *programme, const struct member_state *state, int32_t enrolled,
                     int32_t day, struct metric_values *ret_values)
{
    const struct day_range tiers = window_range(&programme->tiers.window, enrolled, day);
    ret_values->of[0] = programme->tiers.count > 0
                            ? member_state_metric(state, METRIC_QUALIFYING, tiers.first, tiers.last)
                            : 0;
    for (size_t i = 0; i < programme->measures_count; i++) {
        const struct measure *measure = &programme->measures[i];
        const struct day_range range = window_range(&measure->window, enrolled, day);
        int64_t *value = &ret_values->of[1 + i];
        *value = 0;
        if (measure->kind == MEASURE_RUN) {
            continue;
        }
        if (measure->kind != MEASURE_BALANCE) {
            *value = member_state_metric(state, measure->metric, range.first, range.last);
            continue;
        }
        for (size_t account = 0; account < MEMBER_ACCOUNTS; account++) {
            if (checked_add(*value, state->balances[account], value) != 0) {
                *value = INT64_MAX;
            }
        }
    }
}
