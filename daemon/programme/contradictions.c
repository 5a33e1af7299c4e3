/* Policies that contradict each other although each is right by itself. Only of programmes without errors. */
#include "programme/sections.h"

#include "model/event.h"
#include "programme/meet.h"

#include <string.h>

static const struct yaml_node *part(const struct loader *loader, const char *section, const char *key)
{
    return yaml_get(yaml_get(loader->root, section), key);
}

/* The first item of a list, or NULL. The programme has as many, and an item's `index` is its place there. */
static const struct yaml_node *first_of(const struct loader *loader, enum section section)
{
    const struct yaml_node *list = loader->sections[section];
    return list != NULL ? list->first : NULL;
}

/* The most points a member can hold, by the programme's own limit; INT64_MAX: no such limit. */
static int64_t most_held(const struct programme *programme)
{
    int64_t most = INT64_MAX;
    for (size_t i = 0; i < programme->limits.count; i++) {
        const struct limit *limit = &programme->limits.items[i];
        most = limit->per == LIMIT_BALANCE && limit->max < most ? limit->max : most;
    }
    return most;
}

/* Points of a purchase can pay for it only where they are there at once. True: they can, and it is asked for.
 */
static bool check_fund(struct loader *loader, const struct yaml_node *fund_from, enum fund_from from)
{
    const bool pending = loader->programme->available_after.unit != TERM_NEVER;
    if (from == FUND_BALANCE_AND_THIS_PURCHASE && pending) {
        (void)yaml_error(&loader->errors, fund_from,
                         "a purchase's points are pending by 'points.available_after': expected balance");
    }
    return from == FUND_BALANCE_AND_THIS_PURCHASE && !pending;
}

static void check_paying(struct loader *loader)
{
    const struct programme *programme = loader->programme;
    const struct paying_policy *paying = &programme->paying;
    const struct yaml_node *fund_from = part(loader, "pay_with_points", "fund_from");
    const int64_t least = paying->minimum > paying->points ? paying->minimum : paying->points;
    if (paying->points == 0) {
        return;
    }
    if (check_fund(loader, fund_from, paying->fund_from) &&
        (programme->basis.tenders_excluded & 1U << TENDER_POINTS) != 0) {
        yaml_warning(&loader->errors, fund_from,
                     "what points pay earns nothing by 'basis.tenders': a till that asks for the most gets "
                     "what the balance before the purchase pays");
    }
    if (least > most_held(programme)) {
        yaml_warning(&loader->errors, yaml_get(loader->root, "pay_with_points"),
                     "nobody can pay with points: 'points.limits' let nobody hold so many");
    }
}

static void check_prices(struct loader *loader)
{
    const struct programme *programme = loader->programme;
    for (const struct yaml_node *node = first_of(loader, SECTION_REWARDS); node != NULL; node = node->next) {
        const struct reward *reward = &programme->rewards[node->index];
        (void)check_fund(loader, yaml_get(node, "fund_from"), reward->fund_from);
        if (reward->has_cost && reward->cost > most_held(programme)) {
            yaml_warning(&loader->errors, yaml_get(node, "cost"),
                         "nobody can buy it: 'points.limits' let nobody hold so many points");
        }
    }
}

static void says_nothing(struct loader *loader, const char *key, const char *why)
{
    const struct yaml_node *node = part(loader, "returns", key);
    if (node != NULL) {
        yaml_warning(&loader->errors, node, "%s: '%s' says nothing", why, key);
    }
}

static void check_returns(struct loader *loader)
{
    const struct programme *programme = loader->programme;
    const struct return_policy *returns = &programme->returns;
    if (returns->points == RETURN_KEEP) {
        says_nothing(loader, "negative", "points are kept");
        says_nothing(loader, "expired", "points are kept");
    }
    if (returns->spent == SPENT_KEEP) {
        says_nothing(loader, "ended_lot", "points that paid do not come back");
    }
    if (programme->tiers.count < 2) {
        says_nothing(loader, "tier", "there are no levels to lose");
    }
}

/* All lots of a member have one date where points end without purchases. */
static void check_inactivity(struct loader *loader)
{
    const struct programme *programme = loader->programme;
    for (const struct yaml_node *node = first_of(loader, SECTION_LEVELS); node != NULL; node = node->next) {
        if (programme->has_inactivity && programme->tiers.levels[node->index].has_expiry) {
            (void)yaml_error(&loader->errors, yaml_get(node, "expiry"),
                             "points end without purchases, all of a member on one day, by "
                             "'points.expiry.inactivity': a level has none of its own");
        }
    }
    for (const struct yaml_node *node = first_of(loader, SECTION_RULES); node != NULL; node = node->next) {
        if (programme->has_inactivity && programme->rules[node->index].has_expiry) {
            (void)yaml_error(&loader->errors, yaml_get(node, "expiry"),
                             "points end without purchases, all of a member on one day, by "
                             "'points.expiry.inactivity': a rule has none of its own");
        }
    }
    if (programme->has_inactivity && programme->moving.transfer && programme->moving.reset_expiry) {
        yaml_warning(&loader->errors, part(loader, "moving", "transfer_expiry"),
                     "points that are transferred get the receiver's date, by 'points.expiry.inactivity': "
                     "'transfer_expiry' says nothing");
    }
}

static bool counts_households(const struct limits *limits)
{
    bool counts = false;
    for (size_t i = 0; i < limits->count; i++) {
        counts = counts || limits->items[i].whose == LIMIT_HOUSEHOLD;
    }
    return counts;
}

static void check_households(struct loader *loader, const struct yaml_node *owner,
                             const struct limits *limits)
{
    if (!loader->programme->households.points && counts_households(limits)) {
        yaml_warning(&loader->errors, yaml_get(owner, "limits"),
                     "the programme has no 'households': for each member it is counted alone");
    }
}

static void check_household_limits(struct loader *loader)
{
    const struct programme *programme = loader->programme;
    check_households(loader, yaml_get(loader->root, "points"), &programme->limits);
    for (const struct yaml_node *node = first_of(loader, SECTION_RULES); node != NULL; node = node->next) {
        check_households(loader, node, &programme->rules[node->index].limits);
    }
    for (const struct yaml_node *node = first_of(loader, SECTION_CAMPAIGNS); node != NULL;
         node = node->next) {
        check_households(loader, node, &programme->campaigns[node->index].limits);
    }
    for (const struct yaml_node *node = first_of(loader, SECTION_REWARDS); node != NULL; node = node->next) {
        check_households(loader, node, &programme->rewards[node->index].limits);
    }
}

/* --- what never holds, or never gives --- */

static void check_pair(struct loader *loader, const struct yaml_node *owner, const struct condition *when,
                       const struct condition *unless)
{
    if (condition_forbids(unless, when)) {
        yaml_warning(&loader->errors, yaml_get(owner, "unless"),
                     "whatever 'when' lets in, it keeps out: both never hold together");
    }
    if (when->first_purchase && when->has_days_since_purchase) {
        yaml_warning(&loader->errors, yaml_get(owner, "when"),
                     "before a first purchase there is none to count days from: it never holds");
    }
}

/* A limit of many rules that rejects what one of them gives once. */
static void check_wide_limits(struct loader *loader, const struct yaml_node *node, const struct rule *rule,
                              const struct limits *limits, const char *whose)
{
    for (size_t i = 0; i < limits->count; i++) {
        const struct limit *limit = &limits->items[i];
        if (limit->reject && limit->of == LIMIT_GIVEN && limit->max < rule->give && rule->card < 0) {
            yaml_warning(&loader->errors, node,
                         "a limit of the %s rejects what the rule gives once: it hardly ever gives anything",
                         whose);
            return;
        }
    }
}

static bool is_part(const struct rule *rule)
{
    return !rule->bonus && (rule->from > 0 || rule->to > 0);
}

static bool same_amounts(const struct rule *a, const struct rule *b)
{
    return a->kind == b->kind && (a->kind != RULE_ACTIVITY || strcmp(a->activity, b->activity) == 0);
}

/* Parts of one amount add up only where the rules do. */
static void check_parts(struct loader *loader, const struct yaml_node *node, const struct rule *rule)
{
    const struct programme *programme = loader->programme;
    for (size_t i = 0; i < node->index && is_part(rule) && programme->combine != COMBINE_SUM; i++) {
        const struct rule *other = &programme->rules[i];
        if (is_part(other) && other->card == rule->card && same_amounts(other, rule)) {
            yaml_warning(&loader->errors, node,
                         "only one of the parts of an amount gives anything, by 'points.combine': "
                         "'%s' is another",
                         other->id);
            return;
        }
    }
}

/* Whether it asks what only a basket at a till can answer. */
static bool asks_a_till(const struct condition *condition)
{
    return condition->has_min_spend || condition->has_min_quantity || condition->has_min_basket ||
           condition->hours_count > 0 || condition->stores.count > 0 || condition->terminals.count > 0 ||
           condition->codes.count > 0 || condition->tenders != 0;
}

static void check_rule(struct loader *loader, const struct yaml_node *node, const struct rule *rule)
{
    const struct programme *programme = loader->programme;
    check_pair(loader, node, &rule->when, &rule->unless);
    check_parts(loader, node, rule);
    check_wide_limits(loader, node, rule, &programme->limits, "programme");
    if (rule->campaign < 0) {
        return;
    }
    const struct campaign *campaign = &programme->campaigns[rule->campaign];
    check_wide_limits(loader, node, rule, &campaign->limits, "campaign");
    if (!conditions_meet(&campaign->when, &rule->when) || condition_forbids(&campaign->unless, &rule->when)) {
        yaml_warning(&loader->errors, yaml_get(node, "when"),
                     "it never holds together with the conditions of campaign '%s'", campaign->id);
    }
    if (rule->occasion != OCCASION_NONE && asks_a_till(&campaign->when)) {
        yaml_warning(
            &loader->errors, yaml_get(node, "campaign"),
            "an occasion comes by itself, at no till: the conditions of campaign '%s' never hold for it",
            campaign->id);
    }
}

static void check_never(struct loader *loader)
{
    const struct programme *programme = loader->programme;
    for (const struct yaml_node *node = first_of(loader, SECTION_RULES); node != NULL; node = node->next) {
        check_rule(loader, node, &programme->rules[node->index]);
    }
    for (const struct yaml_node *node = first_of(loader, SECTION_CAMPAIGNS); node != NULL;
         node = node->next) {
        const struct campaign *campaign = &programme->campaigns[node->index];
        check_pair(loader, node, &campaign->when, &campaign->unless);
    }
    for (const struct yaml_node *node = first_of(loader, SECTION_REWARDS); node != NULL; node = node->next) {
        const struct reward *reward = &programme->rewards[node->index];
        check_pair(loader, node, &reward->when, &reward->unless);
    }
}

void check_policies(struct loader *loader)
{
    check_paying(loader);
    check_prices(loader);
    check_returns(loader);
    check_inactivity(loader);
    check_household_limits(loader);
    check_never(loader);
}
