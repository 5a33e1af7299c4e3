/* Facets of what has an id. */
#include "programme/facets.h"

#include <inttypes.h>

/* --- stores --- */

SAYS(store_zone, struct store_place)
{
    SAY("%s", item->zone);
}

SAYS(store_day, struct store_place)
{
    words_minute(words, item->day_starts);
}

static const struct facet store_facets[] = {
    {"time zone", store_zone, "", NULL},
    {"day starts", store_day, "", NULL},
};

/* --- rules --- */

static void gift(struct words *words, const struct rule *rule)
{
    if (rule->card < 0) {
        words_points(words, rule->give);
    } else {
        SAY("%" PRId64 " stamp%s of %s", rule->give, rule->give == 1 ? "" : "s",
            words->programme->cards[rule->card].id);
    }
}

static void amount_of(struct words *words, const struct rule *rule, int64_t amount)
{
    if (rule->kind == RULE_SPEND) {
        words_money(words, amount);
    } else {
        SAY("%" PRId64, amount);
    }
}

/* For which amount it gives anything. */
static void per_amount(struct words *words, const struct rule *rule)
{
    SAY(" for %s ", rule->steps == STEPS_WHOLE ? "each full" : "every");
    amount_of(words, rule, rule->per);
    if (rule->from > 0) {
        SAY(rule->to > 0 ? " between " : " above ");
        amount_of(words, rule, rule->from);
    }
    if (rule->to > 0) {
        SAY(rule->from > 0 ? " and " : " up to ");
        amount_of(words, rule, rule->to);
    }
    if (rule->has_measure) {
        SAY(" spent ");
        words_window(words, &words->programme->measures[rule->measure].window);
    }
}

SAYS(rule_name, struct rule)
{
    words_texts(words, &item->name);
}

static void each_occasion(struct words *words, enum occasion occasion)
{
    switch (occasion) {
    case OCCASION_BIRTHDAY:
        SAY(" on each birthday");
        return;
    case OCCASION_ANNIVERSARY:
        SAY(" on each anniversary of the day of joining");
        return;
    case OCCASION_NONE:
    case OCCASIONS:
        return;
    }
}

SAYS(rule_gives, struct rule)
{
    switch (item->kind) {
    case RULE_SPEND:
        gift(words, item);
        per_amount(words, item);
        return;
    case RULE_ITEM:
        gift(words, item);
        if (item->every > 1) {
            SAY(" for every %" PRId64 " %s", item->every, item->item_per == PER_LINE ? "lines" : "units");
        } else {
            SAY(" for each %s", item->item_per == PER_LINE ? "line" : "unit");
        }
        return;
    case RULE_VISIT:
        gift(words, item);
        SAY(" for a visit");
        return;
    case RULE_ACTIVITY:
        gift(words, item);
        if (rule_is_per_amount(item)) {
            per_amount(words, item);
        }
        SAY(" %s the activity %s", rule_is_per_amount(item) ? "of" : "for", item->activity);
        return;
    case RULE_OCCASION:
        gift(words, item);
        each_occasion(words, item->occasion);
        return;
    case RULE_MULTIPLY:
        SAY("x ");
        words_thousandths(words, item->factor);
        if (item->card >= 0) {
            SAY(" stamps of %s", words->programme->cards[item->card].id);
        }
        return;
    case RULE_GIVES:
        words_award(words, &item->award);
        each_occasion(words, item->occasion);
        return;
    }
}

SAYS(rule_goods, struct rule)
{
    words_selector(words, &item->selector);
}

SAYS(rule_when, struct rule)
{
    words_condition(words, &item->when);
}

SAYS(rule_unless, struct rule)
{
    words_condition(words, &item->unless);
}

SAYS(rule_limits, struct rule)
{
    words_limits(words, &item->limits, item->card >= 0 ? "stamps" : NULL);
}

SAYS(rule_stage, struct rule)
{
    SAY("%s", item->bonus && item->kind != RULE_OCCASION ? "after the factors" : "");
}

SAYS(rule_qualifies, struct rule)
{
    static const char *const names[] = {
        [QUALIFIES_YES] = "", [QUALIFIES_NO] = "no", [QUALIFIES_ONLY] = "and for nothing else"};
    SAY("%s", item->card < 0 ? names[item->qualifies] : "");
}

SAYS(rule_alone, struct rule)
{
    if (item->exclusive) {
        SAY("with priority %" PRId32, item->priority);
    }
}

SAYS(rule_stop, struct rule)
{
    SAY("%s", item->stop ? "not read where it gave" : "");
}

SAYS(rule_campaign, struct rule)
{
    SAY("%s", item->campaign >= 0 ? words->programme->campaigns[item->campaign].id : "");
}

SAYS(rule_basis, struct rule)
{
    if (item->has_basis) {
        words_basis(words, &item->basis);
    }
}

SAYS(rule_expiry, struct rule)
{
    if (item->has_expiry) {
        words_term(words, &item->expiry);
    }
}

SAYS(rule_available_after, struct rule)
{
    if (item->has_available_after) {
        words_term(words, &item->available_after);
    }
}

static const struct facet rule_facets[] = {
    {"gives", rule_gives, "nothing", NULL},
    {"goods", rule_goods, "all", NULL},
    {"when", rule_when, "always", NULL},
    {"unless", rule_unless, "never", NULL},
    {"limits", rule_limits, "none", "what was given before counts"},
    {"stage", rule_stage, "before the factors", NULL},
    {"counts towards levels", rule_qualifies, "yes", NULL},
    {"points last", rule_expiry, "as all points", "points given before keep their date"},
    {"pending for", rule_available_after, "as all points", "points given before keep their date"},
    {"stands alone", rule_alone, "no", NULL},
    {"later rules", rule_stop, "read", NULL},
    {"campaign", rule_campaign, "none", NULL},
    {"counts money", rule_basis, "as all rules", NULL},
    {"name", rule_name, "none", NULL},
};

/* --- campaigns, milestones --- */

SAYS(campaign_name, struct campaign)
{
    words_texts(words, &item->name);
}

SAYS(campaign_when, struct campaign)
{
    words_condition(words, &item->when);
}

SAYS(campaign_unless, struct campaign)
{
    words_condition(words, &item->unless);
}

SAYS(campaign_limits, struct campaign)
{
    words_limits(words, &item->limits, NULL);
}

static const struct facet campaign_facets[] = {
    {"when", campaign_when, "always", NULL},
    {"unless", campaign_unless, "never", NULL},
    {"limits", campaign_limits, "none", "what was given before counts"},
    {"name", campaign_name, "none", NULL},
};

SAYS(milestone_name, struct milestone)
{
    words_texts(words, &item->name);
}

SAYS(milestone_goal, struct milestone)
{
    words_goal(words, &item->goal);
    if (item->in_a_row > 0) {
        SAY(", %" PRId32 " times in a row", item->in_a_row);
    }
}

SAYS(milestone_repeat, struct milestone)
{
    switch (item->repeat) {
    case MILESTONE_ONCE:
        SAY("once");
        return;
    case MILESTONE_EACH_WINDOW:
        SAY("once in each of these times");
        return;
    case MILESTONE_EACH_CROSSING:
        SAY("each time");
        return;
    }
}

SAYS(milestone_gives, struct milestone)
{
    words_award(words, &item->award);
}

static const struct facet milestone_facets[] = {
    {"reached at", milestone_goal, "", NULL},
    {"how often", milestone_repeat, "", NULL},
    {"gives", milestone_gives, "nothing", NULL},
    {"name", milestone_name, "none", NULL},
};

/* --- stamp cards --- */

SAYS(card_name, struct stamp_card)
{
    words_texts(words, &item->name);
}

SAYS(card_required, struct stamp_card)
{
    static const char *const kinds[] = {[DISTINCT_NOT] = "stamps",
                                        [DISTINCT_SKUS] = "different articles",
                                        [DISTINCT_LABELS] = "different labels"};
    SAY("%" PRId64 " %s", item->required, kinds[item->distinct]);
}

SAYS(card_gives, struct stamp_card)
{
    words_award(words, &item->award);
    SAY("%s%s", item->same_purchase ? " in the same purchase" : "",
        item->free_earns ? ", free units earn stamps" : "");
}

SAYS(card_once, struct stamp_card)
{
    SAY("%s", item->once ? "once" : "");
}

SAYS(card_expiry, struct stamp_card)
{
    words_term(words, &item->expiry);
}

static const struct facet card_facets[] = {
    {"needs", card_required, "", "a card in progress needs the smaller number"},
    {"gives", card_gives, "nothing", NULL},
    {"how often", card_once, "again and again", NULL},
    {"stamps last", card_expiry, "for ever", NULL},
    {"name", card_name, "none", NULL},
};

/* --- levels --- */

SAYS(level_name, struct level)
{
    words_texts(words, &item->name);
}

static void say_metrics(struct words *words, const struct level_metrics *metrics)
{
    const char *before = "";
    if (metrics->has_qualifying) {
        words_points(words, metrics->qualifying);
        SAY(" that qualify");
        before = words->programme->tiers.match_all ? " and " : " or ";
    }
    for (size_t i = 0; i < metrics->goals_count; i++) {
        SAY("%s", before);
        words_goal(words, &metrics->goals[i]);
        before = words->programme->tiers.match_all ? " and " : " or ";
    }
}

SAYS(level_reach, struct level)
{
    say_metrics(words, &item->reach);
}

SAYS(level_keep, struct level)
{
    say_metrics(words, &item->keep);
}

SAYS(level_factor, struct level)
{
    if (item->multiplier != 1000) {
        SAY("x ");
        words_thousandths(words, item->multiplier);
    }
}

SAYS(level_expiry, struct level)
{
    if (item->has_expiry) {
        words_term(words, &item->expiry);
    }
}

SAYS(level_gives, struct level)
{
    words_award(words, &item->award);
}

static const struct facet level_facets[] = {
    {"reached at", level_reach, "nothing", NULL},
    {"kept at", level_keep, "what reaches it", "levels reached before are held to it, too"},
    {"points", level_factor, "x 1", NULL},
    {"points last", level_expiry, "as all points", "points given before keep their date"},
    {"gives", level_gives, "nothing", NULL},
    {"name", level_name, "none", NULL},
};

/* --- rewards --- */

SAYS(reward_name, struct reward)
{
    words_texts(words, &item->name);
}

SAYS(reward_worth, struct reward)
{
    switch (item->kind) {
    case REWARD_FREE_ITEM:
        SAY("a free item");
        break;
    case REWARD_AMOUNT_OFF:
        words_money(words, item->value);
        SAY(" off");
        break;
    case REWARD_PERCENT_OFF:
        words_thousandths(words, item->value);
        SAY(" %% off");
        if (item->cheapest > 1) {
            SAY(" the %" PRId64 " cheapest units", item->cheapest);
        } else if (item->cheapest == 1) {
            SAY(" the cheapest unit");
        }
        break;
    case REWARD_GIFT:
        SAY("a gift");
        break;
    }
    if (item->max_value > 0) {
        SAY(", at most ");
        words_money(words, item->max_value);
    }
}

SAYS(reward_goods, struct reward)
{
    words_selector(words, &item->selector);
}

SAYS(reward_valid, struct reward)
{
    words_term(words, &item->valid);
}

SAYS(reward_cost, struct reward)
{
    if (!item->has_cost) {
        return;
    }
    if (item->cost == 0) {
        SAY("nothing");
        return;
    }
    words_points(words, item->cost);
    if (item->cost_units > 1) {
        SAY(" for %" PRId64 " units", item->cost_units);
    }
}

SAYS(reward_fund, struct reward)
{
    SAY("%s", item->fund_from == FUND_BALANCE_AND_THIS_PURCHASE ? "with those of the purchase" : "");
}

SAYS(reward_when, struct reward)
{
    words_condition(words, &item->when);
}

SAYS(reward_unless, struct reward)
{
    words_condition(words, &item->unless);
}

SAYS(reward_limits, struct reward)
{
    words_limits(words, &item->limits, "units");
}

#define VOUCHERS_STAY "vouchers issued before stay as they are"

static const struct facet reward_facets[] = {
    {"worth", reward_worth, "", VOUCHERS_STAY},
    {"goods", reward_goods, "all", VOUCHERS_STAY},
    {"good for", reward_valid, "ever", VOUCHERS_STAY},
    {"costs", reward_cost, "not for sale", NULL},
    {"paid with points held", reward_fund, "before the purchase", NULL},
    {"when", reward_when, "always", VOUCHERS_STAY},
    {"unless", reward_unless, "never", VOUCHERS_STAY},
    {"limits", reward_limits, "none", "what was given before counts"},
    {"name", reward_name, "none", NULL},
};

const struct facets part_facets[PARTS] = {
    [PART_STORES] = {"store", FACETS(store_facets), NULL},
    [PART_RULES] = {"rule", FACETS(rule_facets), "points given before stay"},
    [PART_CAMPAIGNS] = {"campaign", FACETS(campaign_facets), NULL},
    [PART_MILESTONES] = {"milestone", FACETS(milestone_facets), NULL},
    [PART_CARDS] = {"stamp card", FACETS(card_facets), "stamps on it are of no more use"},
    [PART_LEVELS] = {"level", FACETS(level_facets), "who has it gets the next lower one"},
    [PART_REWARDS] = {"reward", FACETS(reward_facets), VOUCHERS_STAY},
};
