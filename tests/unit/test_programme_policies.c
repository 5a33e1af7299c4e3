/* The policies of a programme: paying with points, prices, reservations, returns, moving, households; their
 * defaults, what they take, and what contradicts each other. */
#include "programme/load.h"

#include "lib/programme_file.h"
#include "lib/testing.h"

#include <string.h>

#define WITH(text) HEAD POINTS RULES text "\n"
#define PENDING "points: {name: [{locale: en, one: star, other: stars}], available_after: {days: 14}}\n" RULES
#define AT_MOST(max)                                                                                         \
    "points: {name: [{locale: en, one: star, other: stars}], limits: [{max: " max ", per: "                  \
    "balance}]}\n" RULES
#define INACTIVITY                                                                                           \
    "points: {name: [{locale: en, one: star, other: stars}], expiry: {inactivity: {months: 12}}}\n" RULES
#define SOLD(text) HEAD POINTS RULES "rewards: [{id: w, kind: gift, " text "}]\n"

/* --- what is read --- */

static void without_policies_each_has_its_default(void **state)
{
    const struct programme *programme = programme_file_good(*state, HEAD POINTS RULES);
    assert_int_equal(programme->paying.points, 0);
    assert_int_equal(programme->reservations.timeout_minutes, 15);
    assert_int_equal(programme->reservations.longest_minutes, 15);
    assert_int_equal(programme->returns.points, RETURN_RECOMPUTE);
    assert_int_equal(programme->returns.spent, SPENT_PRORATE);
    assert_int_equal(programme->returns.negative, NEGATIVE_ALLOW);
    assert_false(programme->returns.charge_expired);
    assert_int_equal(programme->returns.ended_lot.unit, TERM_DAYS);
    assert_int_equal(programme->returns.ended_lot.count, 30);
    assert_int_equal(programme->returns.without_receipt, WITHOUT_RECEIPT_REFUSE);
    assert_false(programme->returns.refuse_unknown_receipt);
    assert_false(programme->returns.tier_at_review);
    assert_false(programme->moving.transfer);
    assert_false(programme->moving.reset_expiry);
    assert_false(programme->households.points);
    assert_int_equal(programme->claim_days, 0);
    assert_int_equal(programme->clock_behind_minutes, 5);
}

static void points_pay_in_groups(void **state)
{
    const struct programme *programme =
        programme_file_good(*state, WITH("pay_with_points: {points: 50, worth: 1.00}"));
    const struct paying_policy *paying = &programme->paying;
    assert_int_equal(paying->points, 50);
    assert_int_equal(paying->worth, 100);
    assert_int_equal(paying->minimum, 0);
    assert_int_equal(paying->max_share, 100000);
    assert_false(paying->clamp);
    assert_int_equal(paying->fund_from, FUND_BALANCE);
    programme = programme_file_good(
        *state, HEAD "points: {decimals: 1, name: [{locale: en, one: star, other: stars}]}\n"
                     "basis: {tenders: {points: include}}\n" RULES
                     "pay_with_points: {points: 2.5, worth: 0.05, minimum: 100, max_share: 33.333,\n"
                     "  insufficient: clamp, fund_from: balance_and_this_purchase}\n");
    paying = &programme->paying;
    assert_int_equal(paying->points, 25);
    assert_int_equal(paying->worth, 5);
    assert_int_equal(paying->minimum, 1000);
    assert_int_equal(paying->max_share, 33333);
    assert_true(paying->clamp);
    assert_int_equal(paying->fund_from, FUND_BALANCE_AND_THIS_PURCHASE);
}

static void returns_take_back_as_they_are_told(void **state)
{
    const struct programme *programme = programme_file_good(
        *state, WITH("returns: {points: prorate, spent: when_whole, negative: own_lot, expired: charge,\n"
                     "  ended_lot: {months: 2, round: end_of_month}, without_receipt: by_amount,\n"
                     "  unknown_receipt: refuse, tier: at_review}\n" LEVELS));
    const struct return_policy *returns = &programme->returns;
    assert_int_equal(returns->points, RETURN_PRORATE);
    assert_int_equal(returns->spent, SPENT_WHEN_WHOLE);
    assert_int_equal(returns->negative, NEGATIVE_OWN_LOT);
    assert_true(returns->charge_expired);
    assert_int_equal(returns->ended_lot.unit, TERM_MONTHS);
    assert_int_equal(returns->ended_lot.count, 2);
    assert_int_equal(returns->ended_lot.round, TERM_END_OF_MONTH);
    assert_int_equal(returns->without_receipt, WITHOUT_RECEIPT_BY_AMOUNT);
    assert_true(returns->refuse_unknown_receipt);
    assert_true(returns->tier_at_review);
    static const struct {
        const char *yaml;
        enum return_points points;
        enum return_negative negative;
        enum return_without_receipt without_receipt;
    } cases[] = {
        {WITH("returns: {points: floor_of_refund, negative: clamp, without_receipt: review}"),
         RETURN_FLOOR_OF_REFUND, NEGATIVE_CLAMP, WITHOUT_RECEIPT_REVIEW},
        {WITH("returns: {points: recompute, negative: refuse, without_receipt: refuse}"), RETURN_RECOMPUTE,
         NEGATIVE_REFUSE, WITHOUT_RECEIPT_REFUSE},
        {WITH("returns: {points: keep, spent: keep}"), RETURN_KEEP, NEGATIVE_ALLOW, WITHOUT_RECEIPT_REFUSE},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        programme = programme_file_good(*state, cases[i].yaml);
        assert_int_equal(programme->returns.points, cases[i].points);
        assert_int_equal(programme->returns.negative, cases[i].negative);
        assert_int_equal(programme->returns.without_receipt, cases[i].without_receipt);
    }
    assert_int_equal(programme->returns.spent, SPENT_KEEP);
}

static void other_policies_are_read(void **state)
{
    const struct programme *programme =
        programme_file_good(*state, WITH("reservations: {timeout_minutes: 20, longest_minutes: 240}\n"
                                         "moving: {transfer: allow, transfer_expiry: reset}\n"
                                         "households: {share: [stamps, points]}\n"
                                         "claim: {days: 14}\n"
                                         "clock: {behind_minutes: 0}"));
    assert_int_equal(programme->reservations.timeout_minutes, 20);
    assert_int_equal(programme->reservations.longest_minutes, 240);
    assert_true(programme->moving.transfer);
    assert_true(programme->moving.reset_expiry);
    assert_true(programme->households.points);
    assert_true(programme->households.stamps);
    assert_false(programme->households.tier);
    assert_int_equal(programme->claim_days, 14);
    assert_int_equal(programme->clock_ahead_minutes, 5);
    assert_int_equal(programme->clock_behind_minutes, 0);
    programme = programme_file_good(*state, WITH("households: {share: [points, tier]}"));
    assert_true(programme->households.tier);
    assert_false(programme->households.stamps);
}

static void a_reservation_without_end_may_be_asked_for_where_that_is_allowed(void **state)
{
    const struct programme *programme =
        programme_file_good(*state, WITH("reservations: {longest_minutes: 0}"));
    assert_int_equal(programme->reservations.timeout_minutes, 15);
    assert_int_equal(programme->reservations.longest_minutes, 0);
    programme = programme_file_good(*state, WITH("reservations: {timeout_minutes: 60}"));
    assert_int_equal(programme->reservations.longest_minutes, 60);
    programme = programme_file_good(*state, WITH("reservations: {timeout_minutes: 0}"));
    assert_int_equal(programme->reservations.longest_minutes, 0);
}

static void a_reward_has_a_price_conditions_and_limits(void **state)
{
    const struct programme *programme = programme_file_good(
        *state, HEAD POINTS RULES LEVELS
        "rewards:\n"
        "  - {id: a, kind: amount_off, cost: 250, value: 5.00, limits: [{max: 2, of: times, per: month}]}\n"
        "  - {id: b, kind: gift, cost: 0, when: {birthday: {before: 3, after: 7}, tiers: [gold]}}\n"
        "  - {id: c, kind: gift, cost: 90, cost_units: 3, fund_from: balance_and_this_purchase,\n"
        "     unless: {segments: [staff, press]}, limits: [{max: 6, per: ever, for: all}]}\n");
    const struct reward *rewards = programme->rewards;
    assert_true(rewards[0].has_cost);
    assert_int_equal(rewards[0].cost, 250);
    assert_int_equal(rewards[0].cost_units, 1);
    assert_int_equal(rewards[0].fund_from, FUND_BALANCE);
    assert_int_equal(rewards[0].limits.count, 1);
    assert_int_equal(rewards[0].limits.items[0].of, LIMIT_TIMES);
    assert_int_equal(rewards[0].limits.items[0].number,
                     limit_number(OWNER_REWARD, rewards[0].number, LIMIT_TIMES, LIMIT_MONTH, LIMIT_MEMBER));
    assert_true(rewards[1].has_cost);
    assert_int_equal(rewards[1].cost, 0);
    assert_true(rewards[1].when.has_birthday);
    assert_int_equal(rewards[1].when.birthday_before, 3);
    assert_int_equal(rewards[1].when.birthday_after, 7);
    assert_int_equal(rewards[1].when.levels[0], programme->tiers.levels[1].number);
    assert_int_equal(rewards[2].cost_units, 3);
    assert_int_equal(rewards[2].fund_from, FUND_BALANCE_AND_THIS_PURCHASE);
    assert_int_equal(rewards[2].unless.segments.count, 2);
    assert_string_equal(rewards[2].unless.segments.items[1], "press");
    assert_int_equal(rewards[2].limits.items[0].max, 6);
    programme = programme_file_good(*state, HEAD PLAIN);
    assert_false(programme->rewards[0].has_cost);
    assert_int_equal(programme->rewards[0].cost_units, 1);
}

/* A limit of a reward counts units, however fine points are. */
static void units_of_a_reward_have_no_parts(void **state)
{
    static const struct programme_finding cases[] = {
        {HEAD "points: {decimals: 2, name: [{locale: en, one: star, other: stars}]}\n" RULES
              "rewards: [{id: w, kind: gift, cost: 0.25, limits: [{max: 1.5, per: day}]}]\n",
         8, "rewards[0].limits[0].max", "a whole number"},
        {SOLD("cost: 5, limits: [{max: 1, per: balance}]"), 8, "rewards[0].limits[0].per",
         "'balance' bounds the points"},
    };
    CHECK_ERRORS(state, cases);
}

static void a_card_says_how_and_of_what(void **state)
{
    const struct programme *programme = programme_file_good(
        *state, HEAD STAMPS "stamp_cards:\n"
                            "  - {id: c, required: 9, apply: same_purchase, gives: {reward: w}}\n"
                            "rewards: [{id: w, kind: free_item, only: {skus: [a]}}]\n");
    assert_true(programme->cards[0].same_purchase);
    assert_int_equal(programme->cards[0].distinct, DISTINCT_NOT);
    programme = programme_file_good(
        *state, HEAD UNIT_STAMPS "stamp_cards: [{id: c, required: 9, distinct: labels, gives: {note: n}}]\n");
    assert_int_equal(programme->cards[0].distinct, DISTINCT_LABELS);
    assert_false(programme->cards[0].same_purchase);
    programme = programme_file_good(
        *state, HEAD UNIT_STAMPS "stamp_cards: [{id: c, required: 9, distinct: skus, gives: {note: n}}]\n");
    assert_int_equal(programme->cards[0].distinct, DISTINCT_SKUS);
    static const struct programme_finding cases[] = {
        {HEAD UNIT_STAMPS
         "stamp_cards:\n  - {id: c, required: 9, distinct: skus, apply: same_purchase,\n"
         "     gives: {reward: w}}\nrewards: [{id: w, kind: free_item, only: {skus: [a]}}]\n",
         8, "stamp_cards[0].apply", "expected 'apply: voucher'"},
        {HEAD STAMPS "stamp_cards: [{id: c, required: 9, apply: same_purchase, gives: {note: n}}]\n", 7,
         "stamp_cards[0].apply", "expected 'gives' with a reward of kind free_item"},
        {HEAD STAMPS "stamp_cards: [{id: c, required: 9, apply: later, gives: {note: n}}]\n", 7,
         "stamp_cards[0].apply", "expected one of voucher, same_purchase"},
    };
    CHECK_ERRORS(state, cases);
}

/* --- findings --- */

static void policies_have_bounds(void **state)
{
    static const struct programme_finding cases[] = {
        {WITH("pay_with_points: {worth: 1.00}"), 8, "pay_with_points", "key 'points' is missing"},
        {WITH("pay_with_points: {points: 50}"), 8, "pay_with_points", "key 'worth' is missing"},
        {WITH("pay_with_points: {points: 0, worth: 1.00}"), 8, "pay_with_points.points", "from 1 to"},
        {WITH("pay_with_points: {points: 50, worth: 0}"), 8, "pay_with_points.worth", "from 0.01 to"},
        {WITH("pay_with_points: {points: 50, worth: 1.00, max_share: 101}"), 8, "pay_with_points.max_share",
         "from 0.001 to 100"},
        {WITH("pay_with_points: {points: 5, worth: 1.00, insufficient: no}"), 8,
         "pay_with_points.insufficient", "expected one of reject, clamp"},
        {WITH("pay_with_points: {points: 5, worth: 1.00, fund_from: future}"), 8, "pay_with_points.fund_from",
         "expected one of balance, balance_and_this_purchase"},
        {WITH("reservations: {timeout_minutes: -1}"), 8, "reservations.timeout_minutes", "from 0 to 527040"},
        {WITH("reservations: {timeout_minutes: 30, longest_minutes: 20}"), 8, "reservations.longest_minutes",
         "shorter than the time-out itself"},
        {WITH("reservations: {longest_minutes: 10}"), 8, "reservations.longest_minutes",
         "shorter than the time-out itself"},
        {WITH("reservations: {timeout_minutes: 0, longest_minutes: 20}"), 8, "reservations.longest_minutes",
         "shorter than the time-out itself"},
        {WITH("returns: {points: forget}"), 8, "returns.points",
         "expected one of recompute, prorate, floor_of_refund, keep"},
        {WITH("returns: {spent: never}"), 8, "returns.spent", "expected one of prorate, when_whole, keep"},
        {WITH("returns: {negative: deny}"), 8, "returns.negative",
         "expected one of allow, clamp, own_lot, refuse"},
        {WITH("returns: {expired: ignore}"), 8, "returns.expired", "expected one of forgive, charge"},
        {WITH("returns: {ended_lot: 30}"), 8, "returns.ended_lot", "expected keys with values"},
        {WITH("returns: {without_receipt: allow}"), 8, "returns.without_receipt",
         "expected one of refuse, by_amount, review"},
        {WITH("returns: {unknown_receipt: wait}"), 8, "returns.unknown_receipt",
         "expected one of park, refuse"},
        {WITH("returns: {tier: never}"), 8, "returns.tier", "expected one of at_once, at_review"},
        {WITH("moving: {transfer: yes}"), 8, "moving.transfer", "expected one of refuse, allow"},
        {WITH("households: {}"), 8, "households", "key 'share' is missing"},
        {WITH("households: {share: []}"), 8, "households.share", "a list of 1 to"},
        {WITH("households: {share: [tier]}"), 8, "households.share", "expected points among them"},
        {WITH("households: {share: [points, car]}"), 8, "households.share[1]", "found 'car'"},
        {SOLD("cost: -1"), 8, "rewards[0].cost", "from 0 to 1000000000"},
        {SOLD("cost: 1.5"), 8, "rewards[0].cost", "a whole number"},
        {SOLD("cost: 5, cost_units: 0"), 8, "rewards[0].cost_units", "from 1 to 1000000"},
    };
    CHECK_ERRORS(state, cases);
}

static void what_contradicts_itself_is_refused(void **state)
{
    static const struct programme_finding cases[] = {
        {HEAD PENDING "pay_with_points: {points: 5, worth: 1.00, fund_from: balance_and_this_purchase}\n", 8,
         "pay_with_points.fund_from", "points are pending by 'points.available_after': expected balance"},
        {HEAD PENDING "rewards: [{id: w, kind: gift, cost: 5, fund_from: balance_and_this_purchase}]\n", 8,
         "rewards[0].fund_from", "points are pending by 'points.available_after'"},
        {HEAD INACTIVITY "tiers: {window: month, levels: [{id: a}, {id: b, visits: 3,\n"
                         "  expiry: {after: {years: 2}}}]}\n",
         9, "tiers.levels[1].expiry", "all of a member on one day"},
        {HEAD "points: {name: [{locale: en, one: star, other: stars}], expiry: {inactivity: {months: 12}}}\n"
              "rules: [{id: r, visit: {give: 1}, available_after: {days: 3}, expiry: {after: {days: 9}}}]\n",
         7, "rules[0].expiry", "all of a member on one day, by 'points.expiry.inactivity': a rule has none"},
    };
    CHECK_ERRORS(state, cases);
}

static void a_rule_has_terms_of_its_own(void **state)
{
    const struct programme *programme =
        programme_file_good(*state, SPEND_RULE("expiry: {after: {days: 30, round: end_of_month}},\n"
                                               "    available_after: {days: 14}"));
    assert_true(programme->rules[0].has_expiry);
    assert_int_equal(programme->rules[0].expiry.unit, TERM_DAYS);
    assert_int_equal(programme->rules[0].expiry.count, 30);
    assert_int_equal(programme->rules[0].expiry.round, TERM_END_OF_MONTH);
    assert_true(programme->rules[0].has_available_after);
    assert_int_equal(programme->rules[0].available_after.count, 14);
    programme = programme_file_good(*state, SPEND_RULE("expiry: {after: {days: 14}}"));
    assert_false(programme->rules[0].has_available_after);
    programme = programme_file_good(*state, HEAD POINTS RULES);
    assert_false(programme->rules[0].has_expiry);
}

static void terms_that_no_point_can_have_are_refused(void **state)
{
    static const struct programme_finding cases[] = {
        {SPEND_RULE("expiry: {inactivity: {months: 3}}"), 8, "rules[0].expiry",
         "points that end without purchases do so for all rules: expected 'after'"},
        {SPEND_RULE("expiry: {}"), 8, "rules[0].expiry", "exactly one of after, inactivity"},
        {SPEND_RULE("expiry: {days: 30}"), 8, "rules[0].expiry.days", "unknown key 'days'"},
        {SPEND_RULE("expiry: {after: {days: 1.5}}"), 8, "rules[0].expiry.after.days", "a whole number"},
        {SPEND_RULE("available_after: {days: -1}"), 8, "rules[0].available_after.days", "from 0 to 36500"},
        {SPEND_RULE("qualifies: only, expiry: {after: {days: 9}}"), 8, "rules[0].expiry",
         "points that only qualify are never held: expected no 'expiry'"},
        {RULE("gives: {points: 5}, available_after: {days: 9}"), 8, "rules[0].available_after",
         "what 'gives' gives has the usual terms: expected no 'available_after'"},
        {HEAD POINTS "rules:\n  - {id: base, visit: {give: 1}}\n"
                     "  - {id: half, multiply: 0.5, expiry: {after: {days: 9}}}\n",
         9, "rules[1].expiry", "a factor up to 1 adds no points: expected no 'expiry'"},
        {HEAD POINTS "rules: [{id: r, card: c, item: {give: 1}, expiry: {after: {days: 9}}}]\n" CARD REWARD,
         7, "rules[0].expiry", "stamps have the term of their card: expected no 'expiry'"},
    };
    static const struct programme_finding warnings[] = {
        {SPEND_RULE("expiry: {after: {days: 9}}, available_after: {days: 9}"), 8, "rules[0].expiry",
         "its points end before they are available: nobody can ever spend them"},
        {HEAD "points: {name: [{locale: en, one: star, other: stars}], available_after: {days: 14}}\n"
              "rules: [{id: r, visit: {give: 1}, expiry: {after: {days: 1}}}]\n",
         7, "rules[0].expiry", "its points end before they are available"},
    };
    CHECK_ERRORS(state, cases);
    CHECK_WARNINGS(state, warnings);
}

static void a_rule_may_be_about_a_part_of_what_is_spent(void **state)
{
    const struct programme *programme =
        programme_file_good(*state, RULE("spend: {give: 1, per: 1.00, from: 50.00, to: 100.00}"));
    assert_int_equal(programme->rules[0].from, 5000);
    assert_int_equal(programme->rules[0].to, 10000);
    assert_false(programme->rules[0].has_measure);
    assert_int_equal(programme->measures_count, 0);
    programme = programme_file_good(
        *state, HEAD POINTS "rules:\n"
                            "  - {id: a, spend: {give: 1, per: 1.00, to: 9.00, window: rolling, days: 7}}\n"
                            "  - {id: b, spend: {give: 2, per: 1.00, from: 9.00, window: rolling, days: 7}}\n"
                            "  - {id: c, spend: {give: 2, per: 1.00, from: 9.00, window: lifetime},\n"
                            "     only: {categories: [wine]}}\n");
    assert_int_equal(programme->measures_count, 2);
    assert_int_equal(programme->rules[0].measure, programme->rules[1].measure);
    const struct measure *measure = &programme->measures[programme->rules[1].measure];
    assert_int_equal(measure->kind, MEASURE_SPEND);
    assert_int_equal(measure->window.kind, WINDOW_ROLLING);
    assert_int_equal(measure->window.days, 7);
    measure = &programme->measures[programme->rules[2].measure];
    assert_int_equal(measure->window.kind, WINDOW_LIFETIME);
    assert_string_equal(measure->selector.only.categories.items[0], "wine");
}

static void parts_that_give_nothing_are_refused(void **state)
{
    static const struct programme_finding cases[] = {
        {RULE("spend: {give: 1, per: 1.00, from: 0}"), 8, "rules[0].spend.from", "from 0.01 to"},
        {RULE("spend: {give: 1, per: 1.00, from: 5.00, to: 5.00}"), 8, "rules[0].spend.to",
         "expected more than 'from'"},
        {RULE("spend: {give: 1, per: 10.00, from: 5.00, to: 14.99}"), 8, "rules[0].spend.to",
         "so small a part is less than one step: it never gives anything"},
        {RULE("spend: {give: 2, per: 10.00, steps: whole, to: 9.99}"), 8, "rules[0].spend.to",
         "less than one step"},
        {RULE("spend: {give: 1, per: 1.00, window: month}"), 8, "rules[0].spend.window",
         "a window is one for 'from' and 'to': expected one of them, too"},
        {RULE("spend: {give: 1, per: 1.00, days: 7}"), 8, "rules[0].spend.days", "a window is one for"},
        {RULE("spend: {give: 1, per: 1.00, to: 5.00, days: 7}"), 8, "rules[0].spend.days",
         "only a rolling window has 'days'"},
        {RULE("spend: {give: 1, per: 1.00, to: 5.00, window: rolling}"), 8, "rules[0].spend",
         "key 'days' is missing"},
        {RULE("item: {give: 1, from: 5}"), 8, "rules[0].item.from", "unknown key 'from'"},
    };
    static const char best[] = HEAD "points: {name: [{locale: en, one: star, other: stars}], combine: best}\n"
                                    "rules:\n"
                                    "  - {id: a, spend: {give: 1, per: 1.00, to: 5.00}}\n"
                                    "  - {id: b, spend: {give: 2, per: 1.00, from: 5.00}}\n"
                                    "  - {id: c, spend: {give: 1, per: 9.00, from: 5.00}, stage: bonus}\n";
    static const struct programme_finding warnings[] = {
        {best, 9, "rules[1]", "only one of the parts of an amount gives anything"}};
    CHECK_ERRORS(state, cases);
    CHECK_WARNINGS(state, warnings);
    (void)programme_file_good(*state, RULE("spend: {give: 1, per: 10.00, from: 5.00, to: 15.00}"));
}

static void what_says_nothing_is_pointed_out(void **state)
{
    static const struct programme_finding cases[] = {
        {WITH("pay_with_points: {points: 50, worth: 1.00, minimum: 75}"), 8, "pay_with_points.minimum",
         "only whole groups"},
        {WITH("pay_with_points: {points: 5, worth: 1.00, fund_from: balance_and_this_purchase}"), 8,
         "pay_with_points.fund_from", "what points pay earns nothing"},
        {HEAD AT_MOST("90") "pay_with_points: {points: 50, worth: 1.00, minimum: 100}\n", 8,
         "pay_with_points", "nobody can pay with points"},
        {HEAD AT_MOST("90") "rewards: [{id: w, kind: gift, cost: 91}]\n", 8, "rewards[0].cost",
         "nobody can buy it"},
        {SOLD("cost: 0"), 8, "rewards[0].cost", "free for everybody, at any time"},
        {HEAD STAMPS CARD "rewards: [{id: w, kind: gift, cost_units: 2}]\n", 8, "rewards[0].cost_units",
         "not for sale: without 'cost', 'cost_units' says nothing"},
        {HEAD STAMPS CARD "rewards: [{id: w, kind: gift, fund_from: balance}]\n", 8, "rewards[0].fund_from",
         "'fund_from' says nothing"},
        {WITH("returns: {points: keep, negative: allow}"), 8, "returns.negative", "points are kept"},
        {WITH("returns: {points: keep, expired: charge}"), 8, "returns.expired", "points are kept"},
        {WITH("returns: {spent: keep, ended_lot: {days: 9}}"), 8, "returns.ended_lot", "do not come back"},
        {WITH("returns: {tier: at_once}"), 8, "returns.tier", "there are no levels to lose"},
        {WITH("moving: {transfer_expiry: keep}"), 8, "moving.transfer_expiry", "points are not transferred"},
        {HEAD INACTIVITY "moving: {transfer: allow, transfer_expiry: reset}\n", 8, "moving.transfer_expiry",
         "the receiver's date"},
        {SPEND_RULE("limits: [{max: 5, per: day, for: household}]"), 8, "rules[0].limits",
         "the programme has no 'households'"},
        {HEAD "points: {name: [{locale: en, one: a, other: b}], limits: [{max: 5, per: day, for: "
              "household}]}\n" RULES,
         6, "points.limits", "the programme has no 'households'"},
        {SPEND_RULE("campaign: x") "campaigns: [{id: x, limits: [{max: 5, per: day, for: household}]}]\n", 9,
         "campaigns[0].limits", "the programme has no 'households'"},
        {SOLD("cost: 5, limits: [{max: 5, per: day, for: household}]"), 8, "rewards[0].limits",
         "the programme has no 'households'"},
    };
    CHECK_WARNINGS(state, cases);
}

#define NEVER(text) RULE("visit: {give: 50}, " text)
#define LIMITED(max)                                                                                         \
    HEAD "rules: [{id: r, visit: {give: 50}}]\n"                                                             \
         "points: {name: [{locale: en, one: a, other: b}], limits: [{max: " max                              \
         ", per: day, over: reject}]}\n"

static void what_never_holds_is_pointed_out(void **state)
{
    static const struct programme_finding cases[] = {
        {NEVER("when: {weekdays: [tue]}, unless: {weekdays: [mon, tue]}"), 8, "rules[0].unless",
         "both never hold together"},
        {NEVER("when: {stores: [old]}, unless: {stores: [new, old]}"), 8, "rules[0].unless",
         "both never hold together"},
        {NEVER("when: {terminals: [a, b]}, unless: {terminals: [b, a]}"), 8, "rules[0].unless",
         "both never hold together"},
        {NEVER("when: {tiers: [gold]}, unless: {tiers: [gold]}") LEVELS, 8, "rules[0].unless",
         "both never hold together"},
        {NEVER("when: {from: 2026-12-02}, unless: {from: 2026-12-01}"), 8, "rules[0].unless",
         "both never hold together"},
        {NEVER("when: {from: 2026-12-02, to: 2026-12-05}, unless: {from: 2026-12-01, to: 2026-12-05}"), 8,
         "rules[0].unless", "both never hold together"},
        {NEVER("when: {first_purchase: yes}, unless: {first_purchase: yes}"), 8, "rules[0].unless",
         "both never hold together"},
        {NEVER("when: {first_purchase: yes, days_since_purchase: 5}"), 8, "rules[0].when",
         "before a first purchase there is none"},
        {NEVER("when: {to: 2026-11-30}, campaign: x") "campaigns: [{id: x, when: {from: 2026-12-01}}]\n", 8,
         "rules[0].when", "never holds together with the conditions of campaign 'x'"},
        {NEVER("when: {stores: [old]}, campaign: x") "campaigns: [{id: x, unless: {stores: [old]}}]\n", 8,
         "rules[0].when", "never holds together with the conditions of campaign 'x'"},
        {HEAD POINTS "rules:\n  - {id: b, occasion: {each: birthday, give: 5}, campaign: x}\n"
                     "campaigns: [{id: x, when: {hours: [{from: 08:00, to: 09:00}]}}]\n",
         8, "rules[0].campaign", "at no till: the conditions of campaign 'x' never hold for it"},
        {NEVER("campaign: x") "campaigns: [{id: x, limits: [{max: 40, per: day, over: reject}]}]\n", 8,
         "rules[0]", "a limit of the campaign rejects what the rule gives once"},
        {LIMITED("49"), 6, "rules[0]", "a limit of the programme rejects what the rule gives once"},
        {NEVER("campaign: x") "campaigns: [{id: x, when: {weekdays: [sun]}, unless: {weekdays: [sun]}}]\n", 9,
         "campaigns[0].unless", "both never hold together"},
        {SOLD("cost: 5, when: {stores: [old]}, unless: {stores: [old]}"), 8, "rewards[0].unless",
         "both never hold together"},
    };
    CHECK_WARNINGS(state, cases);
    static const char *const files[] = {
        NEVER("when: {weekdays: [tue, wed]}, unless: {weekdays: [tue]}"),
        NEVER("when: {stores: [old, new]}, unless: {stores: [old]}"),
        NEVER("when: {stores: [old]}, unless: {terminals: [a]}"),
        NEVER("when: {tiers: [gold, base]}, unless: {tiers: [gold]}") LEVELS,
        NEVER("when: {from: 2026-12-01}, unless: {from: 2026-12-24, to: 2026-12-26}"),
        NEVER("when: {to: 2026-12-24}, unless: {from: 2026-12-24}"),
        HEAD POINTS "rules:\n  - {id: b, occasion: {each: birthday, give: 5}, campaign: x}\n"
                    "campaigns: [{id: x, when: {weekdays: [mon]}}]\n",
        NEVER("when: {from: 2026-12-01, to: 2026-12-31}, unless: {to: 2026-12-24}"),
        NEVER("when: {from: 2026-12-05}, campaign: x") "campaigns: [{id: x, when: {to: 2026-12-05}}]\n",
        LIMITED("50"),
    };
    for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
        (void)programme_file_good(*state, files[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_policies_each_has_its_default),
        cmocka_unit_test(points_pay_in_groups),
        cmocka_unit_test(returns_take_back_as_they_are_told),
        cmocka_unit_test(other_policies_are_read),
        cmocka_unit_test(a_reservation_without_end_may_be_asked_for_where_that_is_allowed),
        cmocka_unit_test(a_reward_has_a_price_conditions_and_limits),
        cmocka_unit_test(units_of_a_reward_have_no_parts),
        cmocka_unit_test(a_card_says_how_and_of_what),
        cmocka_unit_test(policies_have_bounds),
        cmocka_unit_test(what_contradicts_itself_is_refused),
        cmocka_unit_test(a_rule_has_terms_of_its_own),
        cmocka_unit_test(terms_that_no_point_can_have_are_refused),
        cmocka_unit_test(a_rule_may_be_about_a_part_of_what_is_spent),
        cmocka_unit_test(parts_that_give_nothing_are_refused),
        cmocka_unit_test(what_says_nothing_is_pointed_out),
        cmocka_unit_test(what_never_holds_is_pointed_out),
    };
    return cmocka_run_group_tests(tests, programme_file_setup, programme_file_teardown);
}
