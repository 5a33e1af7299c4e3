/* What is said of the differences between two versions: one case a key, and the sentence a manager reads. */
#include "programme/diff.h"
#include "programme/load.h"

#include "lib/programme_file.h"
#include "lib/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAID_BYTES = 16 * 1024 };

struct fixture {
    struct programme_file file;
    struct arena scratch;
    char said[SAID_BYTES];
    size_t count;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    void *memory = malloc(2 * PROGRAMME_ARENA_BYTES);
    void *scratch = malloc(PROGRAMME_DIFF_BYTES);
    assert_non_null(fixture);
    assert_non_null(memory);
    assert_non_null(scratch);
    arena_init(&fixture->file.arena, memory, 2 * PROGRAMME_ARENA_BYTES);
    arena_init(&fixture->scratch, scratch, PROGRAMME_DIFF_BYTES);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    free(fixture->file.arena.memory);
    free(fixture->scratch.memory);
    free(fixture);
    return 0;
}

static const struct programme *load(struct fixture *fixture, const char *yaml)
{
    const struct programme *programme = NULL;
    const int result =
        programme_load((struct bytes){(const uint8_t *)yaml, strlen(yaml)}, &fixture->file.arena,
                       &fixture->file.numbers, &programme, &fixture->file.findings);
    for (size_t i = 0; i < fixture->file.findings.count && result != 0; i++) {
        const struct finding *finding = &fixture->file.findings.items[i];
        print_error("%d: %s: %s\n", finding->line, finding->path, finding->text);
    }
    assert_int_equal(result, 0);
    return programme;
}

static void take(void *context, const struct difference *difference)
{
    static const char *const marks[] = {
        [DIFFERENCE_NEW] = "+", [DIFFERENCE_GONE] = "-", [DIFFERENCE_CHANGED] = "~"};
    struct fixture *fixture = context;
    const size_t used = strlen(fixture->said);
    snprintf(fixture->said + used, SAID_BYTES - used, "%s %s: %s\n", marks[difference->kind],
             difference->what, difference->text);
    fixture->count++;
}

/* What is said of `after` when `before` was in force; a line each. */
static const char *diff(struct fixture *fixture, const char *before, const char *after)
{
    size_t count = SIZE_MAX;
    arena_reset(&fixture->file.arena);
    const struct programme *old = load(fixture, before);
    const struct programme *now = load(fixture, after);
    fixture->said[0] = '\0';
    fixture->count = 0;
    assert_int_equal(
        programme_diff(old, now, &fixture->file.numbers, &fixture->scratch, take, fixture, &count), 0);
    assert_int_equal(count, fixture->count);
    assert_int_equal(fixture->scratch.used, 0);
    return fixture->said;
}

struct expected {
    const char *before;
    const char *after;
    const char *said;
};

static void check(void **state, const struct expected *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(diff(*state, cases[i].before, cases[i].after), cases[i].said);
    }
}

#define CHECK_SAID(state, cases) check((state), (cases), ARRAY_COUNT(cases))
#define PLUS(text) HEAD POINTS RULES text "\n"
#define OF_POINTS(text) HEAD RULES "points: {name: [{locale: en, one: star, other: stars}], " text "}\n"
#define NO_MORE HEAD POINTS RULES

/* A version is one more and nothing else: nobody notices. */
static void what_is_the_same_says_nothing(void **state)
{
    static const char *const files[] = {
        NO_MORE,
        HEAD PLAIN LEVELS,
        PLUS("tiers: {window: month, levels: [{id: a}, {id: b, visits: 3, spend: 5.00, only: {skus: [x]}}]}"),
        PLUS("pay_with_points: {points: 50, worth: 1.00}"),
    };
    for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
        assert_string_equal(diff(*state, files[i], files[i]), "");
    }
    assert_string_equal(diff(*state, PLUS("clock: {ahead_minutes: 5}"), NO_MORE), "");
    assert_string_equal(diff(*state, PLUS("returns: {points: recompute, ended_lot: {days: 30}}"), NO_MORE),
                        "");
    assert_string_equal(
        diff(*state, RULE("visit: {give: 1}"), HEAD "rules: [{id: r, visit: {give: 1}}]\n" POINTS), "");
}

static void what_a_rule_gives_is_said_with_its_numbers(void **state)
{
    static const struct expected cases[] = {
        {RULE("spend: {give: 1, per: 1.00}"), RULE("spend: {give: 2, per: 5.00, steps: whole}"),
         "~ rule r: gives: 2 points for each full 5.00 (before: 1 point for every 1.00)\n"},
        {RULE("spend: {give: 1, per: 1.00, to: 50.00}"),
         RULE("spend: {give: 1, per: 1.00, from: 5.00, to: 50.00}"),
         "~ rule r: gives: 1 point for every 1.00 between 5.00 and 50.00 (before: 1 point for every 1.00 up "
         "to "
         "50.00)\n"},
        {RULE("spend: {give: 1, per: 1.00, from: 5.00}"),
         RULE("spend: {give: 1, per: 1.00, from: 5.00, window: rolling, days: 7}"),
         "~ rule r: gives: 1 point for every 1.00 above 5.00 spent in the last 7 days (before: 1 point for "
         "every 1.00 above 5.00)\n"},
        {RULE("item: {give: 2}"), RULE("item: {give: 2, per: line}"),
         "~ rule r: gives: 2 points for each line (before: 2 points for each unit)\n"},
        {RULE("activity: {give: 30, code: survey}"), RULE("activity: {give: 30, code: review}"),
         "~ rule r: gives: 30 points for the activity review (before: 30 points for the activity survey)\n"},
        {RULE("occasion: {each: birthday, give: 30}"),
         RULE("occasion: {each: anniversary, gives: {note: hello}}"),
         "~ rule r: gives: note hello on each anniversary of the day of joining (before: 30 points on each "
         "birthday)\n"},
        {RULE("activity: {give: 30, code: ride}"),
         RULE("activity: {give: 2, code: ride, per: 10, steps: whole, from: 5}"),
         "~ rule r: gives: 2 points for each full 10 above 5 of the activity ride (before: 30 points for the "
         "activity ride)\n"},
        {RULE("multiply: 2"), RULE("multiply: 1.25"), "~ rule r: gives: x 1.25 (before: x 2)\n"},
        {RULE("visit: {give: 5}"), RULE("gives: {points: 5, note: hello}"),
         "~ rule r: gives: 5 points and note hello (before: 5 points for a visit)\n"},
        {SPEND_RULE("stage: bonus"), SPEND_RULE("qualifies: only"),
         "~ rule r: stage: before the factors (before: after the factors)\n"
         "~ rule r: counts towards levels: and for nothing else (before: yes)\n"},
        {SPEND_RULE("expiry: {after: {days: 30}}"),
         SPEND_RULE("expiry: {after: {days: 60}}, available_after: {days: 14}"),
         "~ rule r: points last: 60 days (before: 30 days); points given before keep their date\n"
         "~ rule r: pending for: 14 days (before: as all points); points given before keep their date\n"},
        {SPEND_RULE("exclusive: yes, priority: 2"), SPEND_RULE("stop: yes"),
         "~ rule r: stands alone: no (before: with priority 2)\n"
         "~ rule r: later rules: not read where it gave (before: read)\n"},
        {SPEND_RULE("only: {skus: [a, b], labels: [c]}"), SPEND_RULE("except: {categories: [d]}"),
         "~ rule r: goods: all but categories d (before: skus a, b; labels c)\n"},
        {SPEND_RULE("only: {skus: [a]}, except: {labels: [c]}"), SPEND_RULE("priority: 0"),
         "~ rule r: goods: all (before: skus a, but not labels c)\n"},
        {SPEND_RULE("basis: {tax: excluded, tenders: {points: include}}"), SPEND_RULE("priority: 0"),
         "~ rule r: counts money: as all rules (before: without tax, after discounts, discounts on the "
         "basket spread over the lines, with what points pay, without what vouchers pay, without what gift "
         "cards pay)\n"},
        {SPEND_RULE("campaign: c") "campaigns: [{id: c}]\n",
         SPEND_RULE("priority: 0") "campaigns: [{id: c}]\n", "~ rule r: campaign: none (before: c)\n"},
        {SPEND_RULE("name: [{locale: en, text: Stars}, {locale: et, text: Tähed}]"),
         SPEND_RULE("name: [{locale: en, text: Stars}]"),
         "~ rule r: name: 'Stars' (en) (before: 'Stars' (en), 'Tähed' (et))\n"},
        {HEAD STAMPS CARD REWARD,
         HEAD "rules: [{id: s, card: c, multiply: 3}, {id: t, card: c, item: {give: 2}}]\n" CARD REWARD,
         "~ rule s: gives: x 3 stamps of c (before: 1 stamp of c for a visit)\n"
         "+ rule t: new: gives: 2 stamps of c for each unit\n"},
    };
    CHECK_SAID(state, cases);
}

static void conditions_are_said_in_words(void **state)
{
    static const struct expected cases[] = {
        {SPEND_RULE("when: {weekdays: [tue]}"), SPEND_RULE("when: {weekdays: [mon, tue, sun]}"),
         "~ rule r: when: on mon, tue, sun (before: on tue)\n"},
        {SPEND_RULE("when: {from: 2026-12-01, to: 2026-12-24}"),
         SPEND_RULE("when: {hours: [{from: '06:00', to: '09:30'}, {from: '22:00', to: '24:00'}]}"),
         "~ rule r: when: 06:00 to 09:30, 22:00 to 24:00 (before: from 2026-12-01; to 2026-12-24)\n"},
        {SPEND_RULE("when: {min_spend: 10.00, min_quantity: 1.5, min_basket: 20.00}"),
         SPEND_RULE("unless: {stores: [old, new], terminals: [t1], codes: [STAFF]}"),
         "~ rule r: when: always (before: the goods for at least 10.00; at least 1.5 of the goods; a basket "
         "of at least 20.00)\n"
         "~ rule r: unless: stores old, new; terminals t1; codes STAFF (before: never)\n"},
        {SPEND_RULE("when: {tiers: [base, gold], segments: [staff]}") LEVELS,
         SPEND_RULE("when: {first_purchase: yes, days_since_purchase: 1}") LEVELS,
         "~ rule r: when: the first purchase; at least 1 day since the last purchase (before: levels base, "
         "gold; segments staff)\n"},
        {SPEND_RULE("when: {tenders: [cash, other]}"), SPEND_RULE("when: {birthday: {before: 3, after: 1}}"),
         "~ rule r: when: from 3 days before to 1 day after the birthday (before: paid by cash, other)\n"},
        {SPEND_RULE("when: {metrics: [{visits: 3, window: month}, {balance: 100}]}"),
         SPEND_RULE("when: {metrics: [{units: 2.5, only: {skus: [a]}, window: rolling, days: 7}]}"),
         "~ rule r: when: 2.5 units in the last 7 days of skus a (before: 3 visits in the month; 100 points "
         "held)\n"},
        {SPEND_RULE("when: {metrics: [{qualifying: 10, window: calendar_year}]}"),
         SPEND_RULE("when: {metrics: [{spend: 9.50}]}"),
         "~ rule r: when: 9.50 spent ever (before: 10 qualifying points in the calendar year)\n"},
    };
    CHECK_SAID(state, cases);
}

#define LIMIT(text) SPEND_RULE("limits: [" text "]")

static void limits_are_said_with_what_they_count(void **state)
{
    static const struct expected cases[] = {
        {LIMIT("{max: 200, per: month}"), LIMIT("{max: 300, per: month}"),
         "~ rule r: limits: at most 300 points a month for a member (before: at most 200 points a month for "
         "a "
         "member); what was given before counts\n"},
        {LIMIT("{max: 1, of: times, per: ever, for: all}, {max: 60, per: purchase, over: reject}"),
         LIMIT("{max: 1, per: day, for: terminal}"),
         "~ rule r: limits: at most 1 point a day for a till (before: at most 60 points a purchase for a "
         "member (else nothing), at most 1 time ever for all together); what was given before counts\n"},
        {HEAD "rules: [{id: s, card: c, visit: {give: 1}, limits: [{max: 4, per: week, for: store}]}]\n" CARD
             REWARD,
         HEAD STAMPS CARD REWARD,
         "~ rule s: limits: none (before: at most 4 stamps a week for a store); what was given before "
         "counts\n"},
        {OF_POINTS("limits: [{max: 500, per: balance}]"), OF_POINTS("limits: [{max: 9, per: year}]"),
         "~ points: limits: at most 9 points a year for a member (before: at most 500 points held for a "
         "member); what was given before counts\n"},
    };
    CHECK_SAID(state, cases);
}

static void what_is_new_or_gone_is_told_whole(void **state)
{
    static const struct expected cases[] = {
        {NO_MORE,
         HEAD POINTS "rules:\n  - " SPEND "\n  - {id: tue, multiply: 2, only: {categories: [bakery]},\n"
                     "     when: {weekdays: [tue]}, limits: [{max: 200, per: month}]}\n",
         "+ rule tue: new: gives: x 2; goods: categories bakery; when: on tue; limits: at most 200 points a "
         "month for a member\n"},
        {HEAD POINTS "rules: [" SPEND ", {id: b, visit: {give: 1}}]\n", NO_MORE,
         "- rule b: gone; points given before stay\n"},
        {PLUS("milestones: [{id: m, visits: 8, window: month, repeat: each_window, gives: {points: 40}}]"),
         PLUS("campaigns: [{id: c, when: {from: 2026-12-01}}]"),
         "+ campaign c: new: when: from 2026-12-01\n- milestone m: gone\n"},
        {HEAD PLAIN, HEAD POINTS RULES,
         "~ points: name: 'stars' (en), one 'star' (before: none)\n"
         "+ rule r: new: gives: 1 point for every 1.00\n"
         "- rule s: gone; points given before stay\n"
         "- stamp card c: gone; stamps on it are of no more use\n"
         "- reward w: gone; vouchers issued before stay as they are\n"},
        {PLUS(LEVELS),
         PLUS("tiers: {window: lifetime, levels: [{id: base}, {id: silver, qualifying: 50, multiply: 1.5}]}"),
         "+ level silver: new: reached at: 50 points that qualify; points: x 1.5\n"
         "- level gold: gone; who has it gets the next lower one\n"},
    };
    CHECK_SAID(state, cases);
}

#define MILESTONE(text) PLUS("milestones: [{id: m, " text "}]")
#define CARD_OF(text) HEAD UNIT_STAMPS REWARD "stamp_cards: [{id: c, gives: {reward: w}, " text "}]\n"
#define CAMPAIGN(text) SPEND_RULE("campaign: c") "campaigns: [{id: c, " text "}]\n"

static void cards_campaigns_and_milestones_are_said(void **state)
{
    static const struct expected cases[] = {
        {CARD_OF("required: 9"), CARD_OF("required: 8, once: yes, expiry: {months: 6}"),
         "~ stamp card c: needs: 8 stamps (before: 9 stamps); a card in progress needs the smaller number\n"
         "~ stamp card c: how often: once (before: again and again)\n"
         "~ stamp card c: stamps last: 6 months (before: for ever)\n"},
        {CARD_OF("required: 4, distinct: skus"), CARD_OF("required: 4, distinct: labels"),
         "~ stamp card c: needs: 4 different labels (before: 4 different articles); a card in progress needs "
         "the smaller number\n"},
        {CARD_OF("required: 9"),
         HEAD UNIT_STAMPS "rewards: [{id: w, kind: free_item, max_value: 9.00}]\n"
                          "stamp_cards: [{id: c, gives: {reward: w}, required: 9, apply: same_purchase}]\n",
         "~ stamp card c: gives: reward w in the same purchase (before: reward w)\n"
         "~ reward w: worth: a free item, at most 9.00 (before: a gift); vouchers issued before stay as they "
         "are\n"},
        {HEAD UNIT_STAMPS "rewards: [{id: w, kind: free_item, max_value: 9.00}]\n"
                          "stamp_cards: [{id: c, gives: {reward: w}, required: 9, apply: same_purchase}]\n",
         HEAD UNIT_STAMPS
         "rewards: [{id: w, kind: free_item, max_value: 9.00}]\n"
         "stamp_cards: [{id: c, gives: {reward: w}, required: 9, apply: same_purchase, free_earns: yes}]\n",
         "~ stamp card c: gives: reward w in the same purchase, free units earn stamps (before: reward w in "
         "the "
         "same purchase)\n"},
        {CAMPAIGN("when: {to: 2026-12-24}"),
         CAMPAIGN("unless: {codes: [X]}, limits: [{max: 9, per: day, for: all}]"),
         "~ campaign c: when: always (before: to 2026-12-24)\n"
         "~ campaign c: unless: codes X (before: never)\n"
         "~ campaign c: limits: at most 9 points a day for all together (before: none); what was given "
         "before "
         "counts\n"},
        {MILESTONE("visits: 8, window: month, repeat: each_window, gives: {points: 40}"),
         MILESTONE("units: 8, window: month, gives: {points: 40}"),
         "~ milestone m: reached at: 8 units in the month (before: 8 visits in the month)\n"
         "~ milestone m: how often: once (before: once in each of these times)\n"},
        {MILESTONE("visits: 8, gives: {points: 40}"),
         MILESTONE("visits: 1, window: month, in_a_row: 3, repeat: each_crossing, gives: {note: n}"),
         "~ milestone m: reached at: 1 visit in the month, 3 times in a row (before: 8 visits ever)\n"
         "~ milestone m: how often: each time (before: once)\n"
         "~ milestone m: gives: note n (before: 40 points)\n"},
    };
    CHECK_SAID(state, cases);
}

#define REWARD_OF(text) PLUS("rewards: [{id: w, cost: 5, " text "}]")

static void rewards_are_said(void **state)
{
    static const struct expected cases[] = {
        {REWARD_OF("kind: amount_off, value: 5.00"),
         REWARD_OF("kind: percent_off, percent: 12.5, max_value: 8.00"),
         "~ reward w: worth: 12.5 % off, at most 8.00 (before: 5.00 off); vouchers issued before stay as "
         "they "
         "are\n"},
        {REWARD_OF("kind: free_item, only: {skus: [a]}, valid: {days: 30}"),
         REWARD_OF("kind: free_item, max_value: 1.00"),
         "~ reward w: worth: a free item, at most 1.00 (before: a free item); vouchers issued before stay as "
         "they are\n"
         "~ reward w: goods: all (before: skus a); vouchers issued before stay as they are\n"
         "~ reward w: good for: ever (before: 30 days); vouchers issued before stay as they are\n"},
        {PLUS("rewards: [{id: w, kind: gift, cost: 250}]"),
         PLUS("rewards: [{id: w, kind: gift, cost: 90, cost_units: 3, fund_from: balance_and_this_purchase,\n"
              "  when: {weekdays: [fri]}, unless: {codes: [X]}, limits: [{max: 2, per: day}]}]"),
         "~ reward w: costs: 90 points for 3 units (before: 250 points)\n"
         "~ reward w: paid with points held: with those of the purchase (before: before the purchase)\n"
         "~ reward w: when: on fri (before: always); vouchers issued before stay as they are\n"
         "~ reward w: unless: codes X (before: never); vouchers issued before stay as they are\n"
         "~ reward w: limits: at most 2 units a day for a member (before: none); what was given before "
         "counts\n"},
        {HEAD PLAIN, HEAD STAMPS CARD "rewards: [{id: w, kind: gift, cost: 0, when: {codes: [X]}}]\n",
         "~ reward w: costs: nothing (before: not for sale)\n"
         "~ reward w: when: codes X (before: always); vouchers issued before stay as they are\n"},
    };
    CHECK_SAID(state, cases);
}

#define TIERS(text) PLUS("tiers: {" text "}")

static void levels_are_said(void **state)
{
    static const struct expected cases[] = {
        {TIERS("window: lifetime, levels: [{id: a}]"),
         TIERS(
             "window: rolling, days: 365, match: all, crossing: new, falls: at_once, downgrade: one_level,\n"
             "  levels: [{id: a}]"),
         "~ levels: metrics are summed: in the last 365 days (before: ever)\n"
         "~ levels: a level lasts: 365 days (before: for ever); levels reached before keep their date\n"
         "~ levels: of its metrics are needed: all (before: any)\n"
         "~ levels: the purchase that reaches a level counts: at the new level (before: at the level "
         "before)\n"
         "~ levels: levels are lost: as soon as the metrics are below (before: when their term is over)\n"
         "~ levels: they fall: one level at a time (before: to what the metrics reach)\n"},
        {TIERS("window: month, levels: [{id: a}, {id: b, qualifying: 300}]"),
         TIERS("window: month, grace: {months: 1}, levels: [{id: a}, {id: b, qualifying: 250, visits: 9,\n"
               "  multiply: 2, gives: {points: 5}, expiry: {after: {years: 2, round: end_of_year}}}]"),
         "~ levels: it is lost later by: 1 month (before: nothing)\n"
         "~ level b: reached at: 250 points that qualify or 9 visits in the month (before: 300 points that "
         "qualify)\n"
         "~ level b: points: x 2 (before: x 1)\n"
         "~ level b: points last: 2 years to the end of the year (before: as all points); points given "
         "before "
         "keep their date\n"
         "~ level b: gives: 5 points (before: nothing)\n"},
        {TIERS("window: month, levels: [{id: a}, {id: b, qualifying: 300}]"),
         TIERS("window: month, levels: [{id: a}, {id: b, qualifying: 300, keep: {qualifying: 200, visits: "
               "2}}]"),
         "~ level b: kept at: 200 points that qualify or 2 visits in the month (before: what reaches it); "
         "levels "
         "reached before are held to it, too\n"},
        {TIERS("window: month, levels: [{id: a}, {id: b, visits: 3, spend: 9.00, except: {skus: [x]}}]"),
         TIERS("window: month, match: all, levels: [{id: a}, {id: b, qualifying: 3, visits: 3}]"),
         "~ levels: of its metrics are needed: all (before: any)\n"
         "~ level b: reached at: 3 points that qualify and 3 visits in the month (before: 9.00 spent in the "
         "month "
         "of all but skus x or 3 visits in the month)\n"},
    };
    CHECK_SAID(state, cases);
}

static void points_and_basis_are_said(void **state)
{
    static const struct expected cases[] = {
        {OF_POINTS("combine: sum"),
         OF_POINTS("combine: best, multipliers: add, rounding: ceil, visits: day,\n"
                   "  available_after: {days: 14}, expiry: {inactivity: {months: 12}}"),
         "~ points: which rules give: the one that gives most (before: all that hold)\n"
         "~ points: several factors are: added (before: multiplied)\n"
         "~ points: parts are rounded: up (before: down)\n"
         "~ points: a visit is: the first receipt of a day (before: each receipt)\n"
         "~ points: pending for: 14 days (before: not at all); points given before keep their date\n"
         "~ points: without a purchase last: 12 months (before: as long as with one); points given before, "
         "too\n"},
        {OF_POINTS("combine: first, multipliers: best, rounding: half_up"),
         OF_POINTS("expiry: {after: {days: 1, round: end_of_month}}"),
         "~ points: which rules give: all that hold (before: the first that gives anything)\n"
         "~ points: several factors are: multiplied (before: the best counts)\n"
         "~ points: parts are rounded: down (before: half up)\n"
         "~ points: last: 1 day to the end of the month (before: for ever); points given before keep their "
         "date\n"},
        {NO_MORE,
         PLUS("basis: {discounts: before, basket_discounts: line, tenders: {vouchers: include},\n"
              "  exclude: {labels: [delivery]}}"),
         "~ basis: lines count: before their discounts (before: after their discounts)\n"
         "~ basis: discounts on the basket are: a line of their own (before: spread over the lines)\n"
         "~ basis: what vouchers pay: counts (before: does not count)\n"
         "~ basis: never counts: labels delivery (before: nothing)\n"},
        {PLUS("basis: {tax: excluded, tenders: {points: include, gift_cards: include}}"), NO_MORE,
         "~ basis: tax: counts (before: does not count)\n"
         "~ basis: what points pay: does not count (before: counts)\n"
         "~ basis: what gift cards pay: does not count (before: counts)\n"},
        {PLUS("milestones_at_once: all"), NO_MORE,
         "~ points: of milestones reached at once: the highest (before: all)\n"},
    };
    CHECK_SAID(state, cases);
}

static void policies_are_said(void **state)
{
    static const struct expected cases[] = {
        {NO_MORE,
         PLUS("pay_with_points: {points: 50, worth: 1.00, minimum: 100, max_share: 33.5, insufficient: "
              "clamp}"),
         "~ paying with points: rate: 50 points pay 1.00 (before: points pay nothing)\n"
         "~ paying with points: at least: 100 points (before: one group)\n"
         "~ paying with points: at most: 33.5 % of what is due (before: nothing)\n"
         "~ paying with points: fewer points than asked for: those there are pay (before: pay nothing)\n"},
        {NO_MORE, PLUS("reservations: {timeout_minutes: 1, longest_minutes: 0}"),
         "~ reserved points: last: 1 minute (before: 15 minutes)\n"
         "~ reserved points: last at most: as long as is asked for (before: 15 minutes)\n"},
        {PLUS("reservations: {timeout_minutes: 0}"), NO_MORE,
         "~ reserved points: last: 15 minutes (before: until they are given back)\n"
         "~ reserved points: last at most: 15 minutes (before: as long as is asked for)\n"},
        {PLUS("pay_with_points: {points: 5, worth: 1.00}\nbasis: {tenders: {points: include}}"),
         PLUS("pay_with_points: {points: 5, worth: 1.00, fund_from: balance_and_this_purchase}\n"
              "basis: {tenders: {points: include}}"),
         "~ paying with points: paid with points held: with those of the purchase (before: before the "
         "purchase)\n"},
        {PLUS("returns: {points: keep, spent: keep, negative: clamp, expired: charge}"),
         PLUS("returns: {points: prorate, spent: when_whole, negative: own_lot, ended_lot: {days: 9}}"),
         "~ returns: take: the share of what is returned (before: nothing)\n"
         "~ returns: points that paid come back: when all of the receipt is returned (before: never)\n"
         "~ returns: points missing: are those the purchase has left (before: are forgiven)\n"
         "~ returns: points expired since: are forgiven (before: are taken from others)\n"
         "~ returns: points that would have ended last: 9 days (before: 30 days)\n"},
        {PLUS("returns: {points: floor_of_refund, negative: refuse, without_receipt: review}"),
         PLUS("returns: {without_receipt: by_amount, unknown_receipt: refuse}"),
         "~ returns: take: down to what the rest would have earned (before: what the returned part alone "
         "would "
         "earn)\n"
         "~ returns: points missing: are owed (before: stop the return)\n"
         "~ returns: without a receipt: what the amount would earn is taken (before: booked for a person to "
         "look at)\n"
         "~ returns: of a receipt not yet known: refused (before: wait for it)\n"},
        {PLUS(LEVELS), PLUS(LEVELS "returns: {tier: at_review}"),
         "~ returns: a level only they reached is lost: at the review (before: at once)\n"},
        {NO_MORE,
         PLUS("moving: {transfer: allow, transfer_expiry: reset}\nhouseholds: {share: [points, tier]}"),
         "~ moving points: from member to member: allowed (before: refused)\n"
         "~ moving points: points passed on last: as if earned that day (before: as they would have)\n"
         "~ households: share: points, level (before: nothing)\n"},
        {NO_MORE, PLUS("households: {share: [points, stamps]}"),
         "~ households: share: points, stamps (before: nothing)\n"},
    };
    CHECK_SAID(state, cases);
}

#define PLACE(zone, stores)                                                                                  \
    "programme: p\nversion: 1\ncurrency: EUR\nzone: " zone "\nstores: [" stores "]\n" POINTS RULES

static void who_and_where_is_said(void **state)
{
    static const struct expected cases[] = {
        {PLACE("UTC", "{id: a}, {id: b}"), PLACE("Europe/Tallinn", "{id: a, day_starts: '04:00'}, {id: c}"),
         "~ programme: time zone: Europe/Tallinn (before: UTC)\n"
         "~ store a: time zone: Europe/Tallinn (before: UTC)\n"
         "~ store a: day starts: 04:00 (before: 00:00)\n"
         "+ store c: new: time zone: Europe/Tallinn; day starts: 00:00\n"
         "- store b: gone\n"},
        {NO_MORE,
         PLUS("name: [{locale: en, text: Club}]\nauto_enrol: no\nbearer_vouchers: yes\nclaim: {days: 14}\n"
              "clock: {ahead_minutes: 1, behind_minutes: 10}\nmax_offline: {days: 60}\n"
              "outbox_retention: {days: 1}\nday_starts: '04:30'"),
         "~ programme: name: 'Club' (en) (before: none)\n"
         "~ programme: day starts: 04:30 (before: 00:00)\n"
         "~ programme: unknown cards become members: no (before: yes)\n"
         "~ programme: vouchers are honoured without a card: yes (before: no)\n"
         "~ programme: receipts may be claimed for: 14 days (before: never)\n"
         "~ programme: a till's clock may be ahead: 1 minute (before: 5 minutes)\n"
         "~ programme: the daemon's clock may be behind: 10 minutes (before: 5 minutes)\n"
         "~ programme: tills may be offline for: 60 days (before: 30 days)\n"
         "~ programme: tills keep what is acknowledged for: 1 day (before: 7 days)\n"
         "~ store old: day starts: 04:30 (before: 00:00)\n"
         "~ store new: day starts: 04:30 (before: 00:00)\n"},
        {"programme: p\nversion: 1\ncurrency: EUR\nzone: UTC\nstores: [{id: a}]\nrules: [" SPEND "]\n"
         "points: {decimals: 2, name: [{locale: ar, zero: z, one: o, two: t, few: f, many: m, other: x}]}\n",
         "programme: p\nversion: 2\ncurrency: EUR\nzone: UTC\nstores: [{id: a}]\n"
         "rules: [{id: r, spend: {give: 1.25, per: 1.00}}]\n"
         "points: {decimals: 2, name: [{locale: ar, zero: z, one: o, two: t, few: f, many: m, other: y}]}\n",
         "~ points: name: 'y' (ar), zero 'z', one 'o', two 't', few 'f', many 'm' (before: 'x' (ar), zero "
         "'z', "
         "one 'o', two 't', few 'f', many 'm')\n"
         "~ rule r: gives: 1.25 points for every 1.00 (before: 1 point for every 1.00)\n"},
    };
    CHECK_SAID(state, cases);
}

#define ORDER(combine, first, second)                                                                        \
    OF_POINTS_FIRST(combine)                                                                                 \
    "rules:\n  - {id: " first "}\n  - {id: " second "}\n"
#define OF_POINTS_FIRST(text) HEAD "points: {name: [{locale: en, one: star, other: stars}], " text "}\n"

/* Which rule stands first decides under `first`, not under `sum`. */
static void another_order_is_said_where_it_decides(void **state)
{
    static const char said[] = "~ rules: stand in another order\n";
    static const struct expected cases[] = {
        {ORDER("combine: first", "a, visit: {give: 1}", "b, visit: {give: 2}"),
         ORDER("combine: first", "b, visit: {give: 2}", "a, visit: {give: 1}"), said},
        {ORDER("combine: sum", "a, visit: {give: 1}", "b, visit: {give: 2}"),
         ORDER("combine: sum", "b, visit: {give: 2}", "a, visit: {give: 1}"), ""},
        {ORDER("combine: sum", "a, visit: {give: 1}, stop: yes", "b, visit: {give: 2}"),
         ORDER("combine: sum", "b, visit: {give: 2}", "a, visit: {give: 1}, stop: yes"), said},
        {ORDER("combine: sum", "a, multiply: 2, limits: [{max: 9, per: day}]", "b, multiply: 3"),
         ORDER("combine: sum", "b, multiply: 3", "a, multiply: 2, limits: [{max: 9, per: day}]"), said},
    };
    CHECK_SAID(state, cases);
}

static void too_little_scratch_is_a_failure(void **state)
{
    struct fixture *fixture = *state;
    size_t count = 0;
    const struct programme *programme = load(fixture, NO_MORE);
    struct arena small;
    arena_init(&small, fixture->scratch.memory, PROGRAMME_DIFF_BYTES / 2);
    assert_int_equal(
        programme_diff(programme, programme, &fixture->file.numbers, &small, take, fixture, &count),
        ERR_NOMEM);
    assert_int_equal(small.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_the_same_says_nothing),
        cmocka_unit_test(what_a_rule_gives_is_said_with_its_numbers),
        cmocka_unit_test(conditions_are_said_in_words),
        cmocka_unit_test(limits_are_said_with_what_they_count),
        cmocka_unit_test(what_is_new_or_gone_is_told_whole),
        cmocka_unit_test(cards_campaigns_and_milestones_are_said),
        cmocka_unit_test(rewards_are_said),
        cmocka_unit_test(levels_are_said),
        cmocka_unit_test(points_and_basis_are_said),
        cmocka_unit_test(policies_are_said),
        cmocka_unit_test(who_and_where_is_said),
        cmocka_unit_test(another_order_is_said_where_it_decides),
        cmocka_unit_test(too_little_scratch_is_a_failure),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
