#include "engine/adjust.h"
#include "engine/award.h"
#include "engine/earn.h"
#include "engine/engine.h"
#include "engine/free_units.h"
#include "engine/give.h"
#include "engine/household.h"
#include "engine/merge.h"
#include "engine/metric.h"
#include "engine/milestone.h"
#include "engine/near_miss.h"
#include "engine/occasion.h"
#include "engine/points.h"
#include "engine/redeem.h"
#include "engine/reserve.h"
#include "engine/return.h"
#include "engine/sale.h"
#include "engine/stamps.h"
#include "engine/tiers.h"

#include "base/check.h"
#include "base/checked.h"

static int enrol(uint32_t member, int32_t day, struct outcome *outcome)
{
    outcome->member = member;
    struct effect *effect = outcome_add(outcome, EFFECT_ENROL, member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->enrol.day = day;
    return 0;
}

/* Whose purchase or activity it is: outcome->member, 0 for nobody's. */
static int find_member(const struct programme *programme, struct bytes card, const struct context *context,
                       struct outcome *outcome)
{
    outcome->member = context->member;
    if (context->member != 0 || card.size == 0) {
        return 0;
    }
    if (context->new_member == 0) {
        outcome_except(outcome, EXCEPTION_CARD_NOT_OPENED, 0);
        return 0;
    }
    if (!programme->auto_enrol) {
        outcome_except(outcome, EXCEPTION_UNKNOWN_CARD, 0);
        return 0;
    }
    return enrol(context->new_member, context->member_day, outcome);
}

/* Limits that are shared by rules. */
static void trace_bounds(const struct sale *sale, const struct earned *earned, struct decision *decision)
{
    const struct programme *programme = sale->programme;
    for (size_t i = 0; i <= programme->campaigns_count && sale->member != 0; i++) {
        const bool all = i == programme->campaigns_count;
        const struct limits *limits = all ? &programme->limits : &programme->campaigns[i].limits;
        const struct bound *bound = &earned->bounds[i];
        if (limits->count == 0 || bound->asked == 0) {
            continue;
        }
        CHECK(decision->trace_count < TRACE_LINES_MAX);
        decision->trace[decision->trace_count++] = (struct trace_line){
            .kind = all ? TRACE_ALL_LIMITS : TRACE_CAMPAIGN_LIMITS,
            .number = all ? 0 : programme->campaigns[i].number,
            .reason = bound->reason,
            .asked = bound->asked,
            .given = bound->given,
        };
    }
}

static void trace_rules(const struct sale *sale, const struct earned *earned, struct decision *decision)
{
    const struct programme *programme = sale->programme;
    for (size_t i = 0; i < programme->rules_count; i++) {
        const struct gift *gift = &earned->gifts[i];
        CHECK(decision->trace_count < TRACE_LINES_MAX);
        decision->trace[decision->trace_count++] = (struct trace_line){
            .kind = TRACE_RULE,
            .number = programme->rules[i].number,
            .reason = gift->reason,
            .basis = gift->basis,
            .factor = programme->rules[i].kind == RULE_MULTIPLY ? programme->rules[i].factor : 0,
            .given = gift->given,
            .lacking = gift->lacking,
            .asked = gift->asked,
            .exact = gift->exact,
        };
    }
    trace_bounds(sale, earned, decision);
    const struct level *level = sale->level >= 0 ? &programme->tiers.levels[sale->level] : NULL;
    if (level == NULL || level->multiplier == 1000 || sale->member == 0) {
        return;
    }
    CHECK(decision->trace_count < TRACE_LINES_MAX);
    decision->trace[decision->trace_count++] = (struct trace_line){
        .kind = TRACE_MULTIPLIER,
        .number = level->number,
        .reason = earned->level_part != 0 ? TRACE_APPLIED : TRACE_NOTHING,
        .basis = earned->level_basis,
        .factor = level->multiplier,
        .given = earned->level_part,
    };
}

static int add_visit(const struct sale *sale, struct outcome *outcome)
{
    if (sale->activity != NULL) {
        return 0;
    }
    struct effect *effect = outcome_add(outcome, EFFECT_VISIT, sale->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->visit.day = sale->context->member_day;
    return 0;
}

/* What a purchase earns and where that brings the member. */
struct result {
    struct earned earned;
    struct metric_values gain;
    struct standing standing;
};

static int earn_once(const struct sale *sale, struct result *result)
{
    int err = earn(sale, &result->earned);
    err = err != 0 ? err : metrics_gain(sale, earned_qualifying(&result->earned), &result->gain);
    return err != 0 ? err : tiers_stand(sale->programme, sale->context, &result->gain, &result->standing);
}

/* With `crossing: new`, once more at the level reached, and never twice. What comes late reaches only what
 * the member does not have by now. */
static int earn_all(struct sale *sale, struct result *result)
{
    int err = earn_once(sale, result);
    const struct standing first = result->standing;
    const int had = tiers_standing(&sale->programme->tiers, sale->context->level);
    if (err == 0 && sale->programme->tiers.crossing_new && first.level > sale->level && first.level > had) {
        sale->level = first.level;
        err = earn_once(sale, result);
        if (err == 0 && result->standing.level < first.level) {
            result->standing.level = first.level;
            result->standing.until = first.until;
            result->standing.is_kept = first.is_kept;
            result->standing.day = first.day;
        }
    }
    return err;
}

/* Points of an award count towards levels from the next event on. */
static int record_awards(const struct awards *awards, struct balances *balances)
{
    const struct sale *sale = awards->sale;
    if (awards->points == 0) {
        return 0;
    }
    struct effect *effect = outcome_add(awards->outcome, EFFECT_METRIC, sale->member);
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->metric.metric = METRIC_QUALIFYING;
    effect->metric.day = sale->context->member_day;
    effect->metric.amount = awards->points;
    if (sale->programme->tiers.count == 0 || !tiers_counts_now(sale->programme, sale->context)) {
        return 0;
    }
    return checked_add(balances->qualifying, awards->points, &balances->qualifying);
}

/* What a completed card gives; a free unit of this purchase is its reward already. */
static int give_card_award(struct awards *awards, size_t index, uint32_t completed)
{
    const struct sale *sale = awards->sale;
    const struct stamp_card *card = &sale->programme->cards[index];
    const uint32_t source = SOURCE_OF(SOURCE_CARD, card->number);
    if (!card->same_purchase || sale->free == NULL) {
        return award_give(awards, &card->award, source, completed);
    }
    const struct award voucher = {.reward = card->award.reward};
    struct award rest = card->award;
    rest.reward = -1;
    const int err =
        award_give(awards, &voucher, source, (uint32_t)free_units_owed(&sale->free->cards[index]));
    return err != 0 ? err : award_give(awards, &rest, source, completed);
}

/* What rules, cards, levels and milestones give at the end. */
static int give_awards(const struct sale *sale, const struct result *result, const struct stamps *after,
                       struct credit *credit, struct balances *balances)
{
    const struct programme *programme = sale->programme;
    struct awards awards = {.sale = sale, .outcome = credit->outcome, .credit = credit, .balances = balances};
    int64_t held = 0;
    int err = 0;
    for (size_t i = 0; i < MEMBER_ACCOUNTS && err == 0; i++) {
        err = checked_add(held, balances->accounts[i], &held);
    }
    for (size_t i = 0; i < programme->rules_count && err == 0; i++) {
        const struct rule *rule = &programme->rules[i];
        if (rule->kind == RULE_GIVES && result->earned.gifts[i].given > 0) {
            err = award_give(&awards, &rule->award, SOURCE_OF(SOURCE_RULE, rule->number), 1);
        }
    }
    for (size_t i = 0; i < programme->cards_count && err == 0; i++) {
        const struct stamp_card *card = &programme->cards[i];
        err = give_card_award(&awards, i,
                              after[i].completed - stamps_before(sale->context, card->number).completed);
    }
    const int before = tiers_standing(&programme->tiers, sale->context->level);
    for (int i = before + 1; i <= result->standing.level && !result->standing.is_kept && err == 0; i++) {
        const struct level *level = &programme->tiers.levels[i];
        err = award_give(&awards, &level->award, SOURCE_OF(SOURCE_LEVEL, level->number), 1);
    }
    err = err != 0 ? err : milestones_give(&result->gain, held, &awards);
    return err != 0 ? err : record_awards(&awards, balances);
}

/* What the member gets, in the order of RULES 0. `redeeming` NULL: nothing is redeemed. */
static int give(struct sale *sale, struct redeeming *redeeming, struct decision *decision)
{
    struct outcome *outcome = &decision->outcome;
    struct balances balances = balances_before(sale->context);
    struct stamps after[CARDS_MAX];
    struct result result;
    struct credit credit;
    int err = earn_all(sale, &result);
    if (err != 0) {
        return err;
    }
    trace_rules(sale, &result.earned, decision);
    err = redeeming != NULL ? redeem_take(redeeming, balances.accounts) : 0;
    if (err != 0) {
        return err;
    }
    credit_begin(&credit, sale, balances.accounts, outcome);
    err = credit_earned(&credit, &result.earned);
    if (err == 0 && redeeming != NULL) {
        err = redeem_take_earned(redeeming, &credit, balances.accounts);
        if (redeeming->code != CODE_ACCEPTED) {
            decision_refuse(decision, redeeming->code);
            return err;
        }
    }
    err = err != 0 ? err : metrics_record(sale, result.gain.of[0], &result.gain, outcome);
    err = err != 0 ? err
                   : tiers_set(sale->programme, sale->context, sale->member, &result.standing, &balances,
                               decision);
    err = err != 0 ? err : stamps_give(sale, &result.earned, decision, after);
    err = err != 0 ? err : earned_count(sale, &result.earned, outcome);
    err = err != 0 ? err : add_visit(sale, outcome);
    err = err != 0 ? err : give_awards(sale, &result, after, &credit, &balances);
    err = err != 0 ? err : credit_end(&credit);
    if (err == 0 && sale->occasions == 0) {
        near_misses_find(sale, result.earned.gifts, after,
                         tiers_standing(&sale->programme->tiers, balances.level), balances.qualifying,
                         outcome);
    }
    if (err == 0) {
        outcome->balances = balances;
        outcome->has_balances = true;
    }
    return err;
}

/* Nobody's purchase earns nothing; the trace says why. */
static int give_nobody(const struct sale *sale, struct decision *decision)
{
    struct earned earned;
    const int err = earn(sale, &earned);
    if (err == 0) {
        trace_rules(sale, &earned, decision);
    }
    return err;
}

/* A purchase that redeems something: what that is worth becomes tenders before anything is earned. */
static int decide_redeeming(struct sale *sale, const struct engine_past *past, struct decision *decision)
{
    struct redeeming redeeming;
    int err = redeem_plan(sale, past, &decision->outcome, &redeeming);
    if (err == 0 && redeeming.code != CODE_ACCEPTED) {
        decision_refuse(decision, redeeming.code);
        return 0;
    }
    struct sale paid = *sale;
    paid.purchase = &redeeming.paid;
    err =
        err != 0 ? err : basket_measure(paid.programme, &paid.programme->basis, paid.purchase, &paid.basket);
    if (err != 0) {
        return err;
    }
    return paid.member != 0 ? give(&paid, &redeeming, decision) : give_nobody(&paid, decision);
}

/* `refusable`: units given free that are not due are reason to refuse it. */
static int give_sale(const struct giving *giving, bool refusable, struct decision *decision)
{
    const struct programme *programme = giving->programme;
    struct sale sale;
    struct free_cards free;
    struct line lines[LINES_MAX];
    struct purchase paid;
    int err = sale_open(&sale, giving, NULL);
    err = err != 0 ? err : free_units_find(&sale, &free);
    if (err == 0 && free.not_due > 0 && refusable) {
        decision_refuse(decision, CODE_CANNOT_REDEEM);
        return 0;
    }
    if (err == 0 && free.not_due > 0) {
        outcome_except(&decision->outcome, EXCEPTION_FREE_UNITS_LEFT_OUT, free.not_due);
    }
    if (err == 0 && free.changes_lines) {
        free_units_take_off(giving->purchase, lines, &paid);
        sale.purchase = &paid;
        err = basket_measure(programme, &programme->basis, &paid, &sale.basket);
    }
    if (err != 0) {
        return err;
    }
    sale.free = &free;
    if (giving->redeems) {
        return decide_redeeming(&sale, giving->past, decision);
    }
    return sale.member != 0 ? give(&sale, NULL, decision) : give_nobody(&sale, decision);
}

int give_purchase(const struct giving *giving, struct decision *decision)
{
    return give_sale(giving, false, decision);
}

static int decide_purchase(const struct programme *programme, const struct engine_place *place,
                           const struct purchase *purchase, const struct context *context,
                           const struct engine_past *past, struct decision *decision)
{
    int err = find_member(programme, purchase->card, context, &decision->outcome);
    if (err != 0) {
        return err;
    }
    const struct giving giving = {.programme = programme,
                                  .place = place,
                                  .purchase = purchase,
                                  .context = context,
                                  .member = decision->outcome.member,
                                  .redeems = redeems(purchase),
                                  .past = past};
    return give_sale(&giving, !purchase->redeem_done, decision);
}

/* Decided as a purchase without lines, whose one code is the activity's. */
static int decide_activity(const struct programme *programme, const struct engine_place *place,
                           const struct event *event, const struct context *context,
                           struct decision *decision)
{
    const char *const code = event->activity.code;
    const struct purchase nothing = {.codes = &code, .codes_count = 1};
    int err = find_member(programme, event->activity.card, context, &decision->outcome);
    if (err != 0) {
        return err;
    }
    const struct giving giving = {.programme = programme,
                                  .place = place,
                                  .purchase = &nothing,
                                  .context = context,
                                  .member = decision->outcome.member};
    struct sale sale;
    err = sale_open(&sale, &giving, code);
    if (err != 0) {
        return err;
    }
    sale.amount = event->activity.amount > 0 ? event->activity.amount : 1;
    return sale.member != 0 ? give(&sale, NULL, decision) : give_nobody(&sale, decision);
}

/* Decided as a purchase without lines. */
static int decide_reservation(const struct programme *programme, const struct engine_place *place,
                              const struct event *event, const struct context *context,
                              struct decision *decision)
{
    const struct purchase nothing = {.lines_count = 0};
    const struct giving giving = {.programme = programme,
                                  .place = place,
                                  .purchase = &nothing,
                                  .context = context,
                                  .member = context->member};
    struct sale sale;
    const int err = sale_open(&sale, &giving, NULL);
    return err != 0 ? err : decide_reserve(&sale, event, decision);
}

static int decide_enrolment(const struct programme *programme, const struct context *context,
                            struct decision *decision)
{
    struct outcome *outcome = &decision->outcome;
    if (context->member != 0 || context->new_member == 0) {
        decision_refuse(decision, context->member != 0 ? CODE_MEMBER_EXISTS : CODE_CARD_MISSING);
        return 0;
    }
    struct balances balances = balances_before(context);
    int err = enrol(context->new_member, context->member_day, outcome);
    struct metric_values gain = {.of = {0}};
    struct standing standing;
    err = err != 0 ? err : tiers_stand(programme, context, &gain, &standing);
    err = err != 0 ? err : tiers_set(programme, context, outcome->member, &standing, &balances, decision);
    if (err == 0) {
        outcome->balances = balances;
        outcome->has_balances = true;
    }
    return err;
}

/* On its day an occasion is the member's whatever its rules give: it is decided once. */
static int note_occasions(const struct sale *sale, struct outcome *outcome)
{
    for (enum occasion occasion = OCCASION_NONE + 1; occasion < OCCASIONS; occasion++) {
        if ((sale->occasions & OCCASION_BIT(occasion)) == 0) {
            continue;
        }
        const int err = occasion_note(occasion, sale->member, sale->context->booked_day, outcome);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

/* What fell due is settled before; left are the member's occasions, which are decided as a purchase without
 * lines, and the cards that a version of the programme has made complete. */
static int decide_tick(const struct programme *programme, const struct engine_place *place,
                       const struct context *context, struct decision *decision)
{
    const struct purchase nothing = {.lines_count = 0};
    const struct giving giving = {.programme = programme,
                                  .place = place,
                                  .purchase = &nothing,
                                  .context = context,
                                  .member = context->member};
    struct outcome *outcome = &decision->outcome;
    struct balances balances = balances_before(context);
    struct sale sale;
    struct credit credit;
    balances.qualifying = context_metric(context, METRIC_QUALIFYING).now;
    int err = sale_open(&sale, &giving, "");
    if (err != 0) {
        return err;
    }
    if (context->occasions != 0) {
        sale.occasions = context->occasions;
        err = note_occasions(&sale, outcome);
        return err != 0 ? err : give(&sale, NULL, decision);
    }
    credit_begin(&credit, &sale, balances.accounts, outcome);
    struct awards awards = {.sale = &sale, .outcome = outcome, .credit = &credit, .balances = &balances};
    for (size_t i = 0; i < programme->cards_count && err == 0; i++) {
        uint32_t completed = 0;
        err = stamps_finish(&sale, i, outcome, &completed);
        err = err != 0 ? err : give_card_award(&awards, i, completed);
    }
    err = err != 0 ? err : record_awards(&awards, &balances);
    err = err != 0 ? err : credit_end(&credit);
    outcome->balances = balances;
    outcome->has_balances = true;
    return err;
}

bool engine_completes(const struct programme *programme, const struct member_state *state)
{
    for (size_t i = 0; i < programme->cards_count; i++) {
        const struct stamp_card *card = &programme->cards[i];
        const struct stamps *stamps = member_state_stamps(state, card->number);
        if (stamps != NULL && stamps_complete(card, stamps)) {
            return true;
        }
    }
    return false;
}

/* What changes is outside the log: the member has what it had. */
static int keep_balances(const struct context *context, struct decision *decision)
{
    decision->outcome.balances = balances_before(context);
    decision->outcome.has_balances = true;
    return 0;
}

/* Nobody is there any more whose anniversary it could be. */
static int decide_erased(const struct context *context, struct decision *decision)
{
    const int err = keep_balances(context, decision);
    return err != 0 ? err
                    : occasion_note(OCCASION_ANNIVERSARY, context->member, DAY_NEVER, &decision->outcome);
}

static int decide_card_linked(const struct context *context, struct decision *decision)
{
    if (context->card != CONTEXT_CARD_FREE) {
        decision_refuse(decision,
                        context->card == CONTEXT_CARD_TAKEN ? CODE_MEMBER_EXISTS : CODE_CARD_MISSING);
        return 0;
    }
    return keep_balances(context, decision);
}

int engine_decide(const struct programme *programme, const struct engine_place *place,
                  const struct event *event, const struct context *context, const struct engine_past *past,
                  struct decision *decision)
{
    CHECK((past != NULL) == (context->about != 0));
    CHECK(event_is_members(event->kind));
    decision->outcome.programme_version = programme->version;
    decision->outcome.member = context->member;
    switch (event->kind) {
    case EVENT_PURCHASE:
        return decide_purchase(programme, place, &event->purchase, context, past, decision);
    case EVENT_ENROLMENT:
        return decide_enrolment(programme, context, decision);
    case EVENT_ACTIVITY:
        return decide_activity(programme, place, event, context, decision);
    case EVENT_RESERVE:
        return decide_reservation(programme, place, event, context, decision);
    case EVENT_RELEASE:
        return decide_release(programme, event, context, decision);
    case EVENT_TICK:
        return decide_tick(programme, place, context, decision);
    case EVENT_ADJUSTMENT:
        return adjustment_decide(programme, &event->adjustment, context, past, decision);
    case EVENT_TRANSFER:
        return transfer_decide(programme, event->transfer.points, context, decision);
    case EVENT_MERGE:
        return merge_decide(programme, context, decision);
    case EVENT_HOUSEHOLD:
        return household_decide(programme, event, context, decision);
    case EVENT_CARD_LINKED:
        return decide_card_linked(context, decision);
    case EVENT_ERASED:
        return decide_erased(context, decision);
    case EVENT_GOODS_RETURN:
        return return_decide(programme, place, &event->goods_return, context, past, decision);
    case EVENT_VOID_RECEIPT:
    case EVENT_UNCLAIM:
        return void_decide(programme, event, context, past, decision);
    case EVENT_DAY_CLOSE:
    case EVENT_CLAIM:
    case EVENT_REBOOK:
    case EVENT_RESOLVE:
    case EVENT_RESUMED:
    case EVENT_GENESIS:
    case EVENT_INVITE:
    case EVENT_PRINCIPAL_ADDED:
    case EVENT_REVOKE:
    case EVENT_PROGRAMME_CHANGE:
    case EVENT_GO_LIVE:
    case EVENT_ENGINE_REVISION:
    case EVENT_KEY_ROTATED:
    case EVENT_RETIRED:
        break;
    }
    return ERR_UNSUPPORTED;
}
