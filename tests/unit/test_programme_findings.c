/* What a programme file is told when it is wrong: one case a finding, with the line and path it stands at. */
#include "programme/load.h"

#include "lib/programme_file.h"
#include "lib/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void a_file_without_mistakes_has_no_findings(void **state)
{
    struct programme_file *file = *state;
    static const char *const files[] = {
        HEAD POINTS RULES,
        HEAD STAMPS CARD REWARD,
        REWARD CARD STAMPS HEAD,
        HEAD "rules: [{id: cake, occasion: {each: birthday, gives: {reward: gift}}}]\n"
             "rewards: [{id: gift, kind: gift}]\n",
    };
    for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
        assert_int_equal(programme_file_load(file, files[i]), 0);
        assert_int_equal(file->findings.count, 0);
    }
}

static void what_is_no_document_is_told_where(void **state)
{
    static const struct programme_finding cases[] = {
        {"", 0, "", "there is nothing in it"},
        {HEAD POINTS RULES "name: [\n", 9, "name", "not YAML"},
        {HEAD POINTS RULES "version: 2\n", 8, "", "key 'version' is given twice, first in line 2"},
        {HEAD POINTS RULES "clock: &c {}\n", 8, "", "anchors"},
        {HEAD POINTS RULES "---\na: b\n", 8, "", "second document"},
        {"- a\n- b\n", 1, "", "expected keys with values"},
    };
    CHECK_ERRORS(state, cases);
}

#define WITHOUT_ID "version: 1\ncurrency: EUR\nzone: UTC\nstores: [{id: old}]\n"
#define WITHOUT_CURRENCY "programme: p\nversion: 1\nzone: UTC\nstores: [{id: old}]\n"
#define WITHOUT_ZONE "programme: p\nversion: 1\ncurrency: EUR\nstores: [{id: old}]\n"
#define WITHOUT_STORES "programme: p\nversion: 1\ncurrency: EUR\nzone: UTC\n"

static void who_and_where_must_be_known(void **state)
{
    static const struct programme_finding cases[] = {
        {WITHOUT_ID POINTS RULES, 1, "", "key 'programme' is missing"},
        {WITHOUT_ID POINTS RULES "programme: a b\n", 7, "programme", "found 'a b'"},
        {WITHOUT_CURRENCY POINTS RULES, 1, "", "key 'currency' is missing"},
        {WITHOUT_CURRENCY POINTS RULES "currency: eur\n", 7, "currency", "such as EUR, found 'eur'"},
        {WITHOUT_CURRENCY POINTS RULES "currency: EUX\n", 7, "currency", "such as EUR, found 'EUX'"},
        {WITHOUT_CURRENCY POINTS RULES "currency: XAU\n", 7, "currency", "cannot be counted in 'XAU'"},
        {WITHOUT_ZONE POINTS RULES, 1, "", "key 'zone' is missing"},
        {WITHOUT_ZONE POINTS RULES "zone: Europe/Tallin\n", 7, "zone", "found 'Europe/Tallin'"},
        {WITHOUT_STORES POINTS RULES, 1, "", "key 'stores' is missing"},
        {WITHOUT_STORES POINTS RULES "stores: []\n", 7, "stores", "a list of 1 to 1024 items"},
        {WITHOUT_STORES POINTS RULES "stores: old\n", 7, "stores", "expected a list, found 'old'"},
        {WITHOUT_STORES POINTS RULES "stores:\n  - {id: old}\n  - {id: new}\n  - {id: old}\n", 10,
         "stores[2].id", "'old' is the id of another store, in line 8"},
        {WITHOUT_STORES POINTS RULES "stores: [{id: old, zone: Moon}]\n", 7, "stores[0].zone",
         "a time zone such as Europe/Tallinn, found 'Moon'"},
        {WITHOUT_STORES POINTS RULES "stores: [{id: old, day_starts: '24:00'}]\n", 7, "stores[0].day_starts",
         "a time of day"},
        {HEAD POINTS RULES "effective: 2026-02-29\n", 8, "effective", "a date such as"},
        {HEAD POINTS RULES "day_starts: 4\n", 8, "day_starts", "a time of day"},
        {HEAD POINTS RULES "auto_enrol: maybe\n", 8, "auto_enrol", "yes or no"},
        {HEAD POINTS RULES "bearer_vouchers: 1\n", 8, "bearer_vouchers", "yes or no"},
        {HEAD POINTS RULES "stroes: []\n", 8, "stroes", "unknown key 'stroes'; did you mean 'stores'?"},
        {HEAD POINTS RULES "wallets: []\n", 8, "wallets", "unknown key 'wallets'; known here: programme"},
        {"version: 0\nprogramme: p\ncurrency: EUR\nzone: UTC\nstores: [{id: old}]\n" POINTS RULES, 1,
         "version", "a whole number from 1 to 1000000000, found '0'"},
        {HEAD POINTS, 1, "", "key 'rules' is missing"},
    };
    CHECK_ERRORS(state, cases);
}

static void clocks_have_bounds(void **state)
{
    static const struct programme_finding cases[] = {
        {HEAD POINTS RULES "clock: {ahead_minutes: 1441}\n", 8, "clock.ahead_minutes", "from 0 to 1440"},
        {HEAD POINTS RULES "clock: {behind_minutes: -1}\n", 8, "clock.behind_minutes", "from 0 to 1440"},
        {HEAD POINTS RULES "claim: {days: 0}\n", 8, "claim.days", "from 1 to 366"},
        {HEAD POINTS RULES "max_offline: {days: 0}\n", 8, "max_offline.days", "from 1 to 366"},
        {HEAD POINTS RULES "outbox_retention: {}\n", 8, "outbox_retention", "key 'days' is missing"},
    };
    static const struct programme_finding warnings[] = {
        {HEAD POINTS RULES "outbox_retention: {days: 31}\n", 8, "outbox_retention",
         "tills keep events for 31 days, but what is older than 'max_offline', 30 days, is refused"},
        {HEAD POINTS RULES "max_offline: {days: 6}\n", 8, "max_offline", "for 7 days"},
    };
    CHECK_ERRORS(state, cases);
    CHECK_WARNINGS(state, warnings);
}

#define TWO "locales: [en, et]\n"

static void texts_are_in_languages_of_the_programme(void **state)
{
    static const struct programme_finding cases[] = {
        {HEAD PLAIN "locales: []\n", 9, "locales", "a list of 1 to 16 items"},
        {HEAD PLAIN "locales: [en, qqx]\n", 9, "locales[1]", "such as en, et or de-AT, found 'qqx'"},
        {HEAD PLAIN "locales: [en, et, EN]\n", 9, "locales[2]", "'en' is in the list already"},
        {HEAD RULES POINTS "name: []\n", 8, "name", "a list of 1 to 16 items"},
        {HEAD RULES POINTS "name: Club\n", 8, "name", "expected a list, found 'Club'"},
        {HEAD RULES POINTS "name: [{locale: en}]\n", 8, "name[0]", "key 'text' is missing"},
        {HEAD RULES POINTS "name: [{text: Club}]\n", 8, "name[0]", "key 'locale' is missing"},
        {HEAD RULES POINTS "name: [{locale: e n, text: Club}]\n", 8, "name[0].locale", "found 'e n'"},
        {HEAD RULES POINTS "name:\n  - {locale: en, text: A}\n  - {locale: en, text: B}\n", 10, "name[1]",
         "a second text in 'en'"},
        {HEAD RULES POINTS "locales: [en]\nname: [{locale: en, text: A}, {locale: fi, text: B}]\n", 9,
         "name[1].locale", "'fi' is not one of the programme's 'locales'"},
        {HEAD RULES "points: {name: [{locale: en, other: stars, text: star}]}\n", 7, "points.name[0].text",
         "unknown key"},
        {HEAD RULES "points: {name: [{locale: en, one: star}]}\n", 7, "points.name[0]",
         "key 'other' is missing"},
    };
    static const struct programme_finding warnings[] = {
        {HEAD TWO RULES "points: {name: [{locale: et, one: t, other: t}, {locale: en, one: t, other: t}]}\n"
                        "name: [{locale: et, text: Klubi}]\n",
         9, "name", "no text in 'en': its readers get another language"},
        {HEAD RULES "points: {name: [{locale: en, other: stars}]}\n", 7, "points.name[0]",
         "no 'one', which 'en' has for 1: 'other' is written instead"},
        {HEAD RULES "points: {name: [{locale: ru, one: a, many: b, other: c}]}\n", 7, "points.name[0]",
         "no 'few', which 'ru' has for 2"},
        {HEAD RULES "points: {decimals: 1, name: [{locale: lv, one: a, other: b}]}\n", 7, "points.name[0]",
         "no 'zero', which 'lv' has for 0,0"},
    };
    CHECK_ERRORS(state, cases);
    CHECK_WARNINGS(state, warnings);
}

static void the_basis_and_points_take_what_is_known(void **state)
{
    static const struct programme_finding cases[] = {
        {HEAD PLAIN "basis: {tax: maybe}\n", 9, "basis.tax", "expected one of included, excluded"},
        {HEAD PLAIN "basis: {discounts: befor}\n", 9, "basis.discounts", "'before' perhaps"},
        {HEAD PLAIN "basis: {basket_discounts: part}\n", 9, "basis.basket_discounts", "one of spread, line"},
        {HEAD PLAIN "basis: {exclude: {}}\n", 9, "basis.exclude", "at least one of skus, categories"},
        {HEAD PLAIN "basis: {exclude: {skus: []}}\n", 9, "basis.exclude.skus", "a list of 1 to 64"},
        {HEAD PLAIN "points: {decimals: 3}\n", 9, "points.decimals", "from 0 to 2"},
        {HEAD PLAIN "points: {combine: max}\n", 9, "points.combine", "sum, best, first"},
        {HEAD PLAIN "points: {rounding: up}\n", 9, "points.rounding", "floor, half_up, ceil"},
        {HEAD PLAIN "points: {expiry: {}}\n", 9, "points.expiry", "exactly one of after, inactivity"},
        {HEAD PLAIN "points: {expiry: {after: {}}}\n", 9, "points.expiry.after",
         "exactly one of days, months, years"},
        {HEAD PLAIN "points: {expiry: {after: {days: 1, years: 1}}}\n", 9, "points.expiry.after",
         "exactly one of days, months, years"},
        {HEAD PLAIN "points: {expiry: {after: {days: 36501}}}\n", 9, "points.expiry.after.days", "to 36500"},
        {HEAD PLAIN "points: {expiry: {after: {days: 1, round: week}}}\n", 9, "points.expiry.after.round",
         "none, end_of_month, end_of_quarter, end_of_year"},
    };
    static const struct programme_finding warnings[] = {
        {HEAD RULES "points: {decimals: 0}\n", 7, "points", "points have no 'name'"},
        {HEAD RULES, 1, "", "points have no 'name'"},
    };
    CHECK_ERRORS(state, cases);
    CHECK_WARNINGS(state, warnings);
}

static void a_rule_is_of_one_kind_and_gives_something(void **state)
{
    static const struct programme_finding cases[] = {
        {HEAD POINTS "rules: []\n", 7, "rules", "a list of 1 to 256 items"},
        {HEAD POINTS "rules: [spend]\n", 7, "rules[0]", "expected keys with values, found 'spend'"},
        {HEAD POINTS "rules: [{visit: {give: 1}}]\n", 7, "rules[0]", "key 'id' is missing"},
        {RULE("qualifies: no"), 8, "rules[0]",
         "expected exactly one of spend, item, visit, multiply, gives, activity"},
        {RULE("visit: {give: 1}, item: {give: 1}"), 8, "rules[0]",
         "exactly one of spend, item, visit, multiply, gives, activity"},
        {RULE("visit: {}"), 8, "rules[0].visit", "key 'give' is missing"},
        {RULE("visit: {give: 0}"), 8, "rules[0].visit.give",
         "a whole number from 1 to 1000000000, found '0'"},
        {RULE("visit: {give: -1}"), 8, "rules[0].visit.give", "from 1 to"},
        {RULE("visit: {give: 1.5}"), 8, "rules[0].visit.give", "a whole number"},
        {RULE("visit: {give: 010}"), 8, "rules[0].visit.give", "found '010'"},
        {RULE("spend: {give: 1}"), 8, "rules[0].spend", "key 'per' is missing"},
        {RULE("spend: {give: 1, per: 0}"), 8, "rules[0].spend.per", "from 0.01 to"},
        {RULE("spend: {give: 1, per: 0.001}"), 8, "rules[0].spend.per", "with at most 2 decimals"},
        {RULE("spend: {give: 1, per: 1.00, steps: half}"), 8, "rules[0].spend.steps", "exact, whole"},
        {RULE("item: {give: 1, per: basket}"), 8, "rules[0].item.per", "unit, line"},
        {RULE("activity: {give: 1}"), 8, "rules[0].activity", "key 'code' is missing"},
        {RULE("activity: {give: 1, code: a b}"), 8, "rules[0].activity.code", "expected a name"},
        {RULE("activity: {give: 1, code: ride, per: 0}"), 8, "rules[0].activity.per", "from 1 to 1000000000"},
        {RULE("activity: {give: 1, code: ride, per: 1.00}"), 8, "rules[0].activity.per", "a whole number"},
        {RULE("activity: {give: 1, code: ride, steps: whole}"), 8, "rules[0].activity.steps",
         "'steps' is about amounts: expected 'per', too"},
        {RULE("activity: {give: 1, code: ride, from: 5}"), 8, "rules[0].activity.from",
         "expected 'per', too"},
        {RULE("activity: {give: 1, code: ride, per: 10, to: 9}"), 8, "rules[0].activity.to",
         "less than one step"},
        {RULE("activity: {give: 1, code: ride, per: 1, from: 9, to: 9}"), 8, "rules[0].activity.to",
         "expected more than 'from'"},
        {RULE("activity: {give: 1, code: ride, per: 1, from: 9, window: month}"), 8,
         "rules[0].activity.window", "unknown key 'window'"},
        {RULE("activity: {give: 1, code: quiz}, only: {skus: [a]}"), 8, "rules[0].only", "has no goods"},
        {RULE("activity: {give: 1, code: quiz}, when: {min_basket: 1.00}"), 8, "rules[0].when.min_basket",
         "has no goods"},
        {RULE("activity: {give: 1, code: quiz}, unless: {tenders: [cash]}"), 8, "rules[0].unless.tenders",
         "has no goods"},
        {RULE("occasion: {give: 1}"), 8, "rules[0].occasion", "key 'each' is missing"},
        {RULE("occasion: {each: easter, give: 1}"), 8, "rules[0].occasion.each",
         "expected one of birthday, anniversary"},
        {RULE("occasion: {each: birthday}"), 8, "rules[0].occasion", "exactly one of give, gives"},
        {RULE("occasion: {each: birthday, give: 0}"), 8, "rules[0].occasion.give", "from 1 to"},
        {RULE("occasion: {each: birthday, gives: {}}"), 8, "rules[0].occasion.gives", "at least one of"},
        {RULE("occasion: {each: birthday, give: 1}, except: {skus: [a]}"), 8, "rules[0].except",
         "an occasion has no goods"},
        {RULE("occasion: {each: birthday, give: 1}, when: {codes: [A]}"), 8, "rules[0].when.codes",
         "at no till"},
        {RULE("occasion: {each: birthday, give: 1}, unless: {hours: [{from: '08:00', to: '09:00'}]}"), 8,
         "rules[0].unless.hours", "at no till"},
        {RULE("occasion: {each: anniversary, give: 1}, exclusive: yes"), 8, "rules[0].exclusive",
         "always added"},
        {RULE("occasion: {each: birthday, give: 1}, unless: {birthday: {after: 3}}"), 8,
         "rules[0].unless.birthday", "is the birthday already"},
        {RULE("occasion: {each: birthday, give: 1}, limits: [{max: 1, per: day, for: terminal}]"), 8,
         "rules[0].limits", "no limit for a terminal or a store"},
        {RULE("multiply: 2, visit: {give: 1}"), 8, "rules[0]",
         "expected exactly one of spend, item, visit, multiply, gives, activity"},
        {HEAD POINTS "rules:\n  - " SPEND "\n  - " SPEND "\n", 9, "rules[1].id",
         "'r' is the id of another rule, in line 8"},
        {SPEND_RULE("only: {}"), 8, "rules[0].only", "at least one of skus, categories, labels"},
        {SPEND_RULE("except: {labels: []}"), 8, "rules[0].except.labels", "a list of 1 to 64 items"},
        {SPEND_RULE("except: {colours: [red]}"), 8, "rules[0].except.colours", "unknown key"},
    };
    CHECK_ERRORS(state, cases);
}

static void a_condition_can_hold(void **state)
{
    static const struct programme_finding cases[] = {
        {SPEND_RULE("when: {}"), 8, "rules[0].when", "at least one condition, or no 'when' at all"},
        {SPEND_RULE("unless: {}"), 8, "rules[0].unless", "or no 'unless' at all"},
        {SPEND_RULE("when: {min_spend: 0}"), 8, "rules[0].when.min_spend", "from 0.01"},
        {SPEND_RULE("when: {min_basket: ten}"), 8, "rules[0].when.min_basket", "found 'ten'"},
        {SPEND_RULE("when: {min_quantity: 0.0001}"), 8, "rules[0].when.min_quantity", "at most 3 decimals"},
        {SPEND_RULE("when: {from: 2026-12-24, to: 2026-12-01}"), 8, "rules[0].when.to",
         "the last day lies before the first"},
        {SPEND_RULE("when: {from: tomorrow}"), 8, "rules[0].when.from", "a date"},
        {SPEND_RULE("when: {weekdays: [monday]}"), 8, "rules[0].when.weekdays[0]", "found 'monday'"},
        {SPEND_RULE("when: {weekdays: [mon, mon]}"), 8, "rules[0].when.weekdays[1]", "'mon' is given twice"},
        {SPEND_RULE("when: {weekdays: []}"), 8, "rules[0].when.weekdays", "a list of 1 to"},
        {SPEND_RULE("when: {hours: []}"), 8, "rules[0].when.hours", "a list of 1 to 16 items"},
        {SPEND_RULE("when: {hours: [{from: '09:00', to: '09:00'}]}"), 8, "rules[0].when.hours[0]",
         "'from' and 'to' are the same"},
        {SPEND_RULE("when: {hours: [{from: '24:00', to: '09:00'}]}"), 8, "rules[0].when.hours[0].from",
         "a time of day"},
        {SPEND_RULE("when: {stores: [old, older]}"), 8, "rules[0].when.stores[1]",
         "no store 'older'; there are old, new"},
        {SPEND_RULE("when: {stores: []}"), 8, "rules[0].when.stores", "a list of 1 to"},
        {SPEND_RULE("when: {terminals: [till 1]}"), 8, "rules[0].when.terminals[0]", "found 'till 1'"},
        {SPEND_RULE("when: {codes: []}"), 8, "rules[0].when.codes", "a list of 1 to"},
        {SPEND_RULE("when: {tiers: [gold]}"), 8, "rules[0].when.tiers[0]",
         "no level 'gold': the programme has no 'tiers'"},
        {SPEND_RULE("when: {tiers: [base, glod]}") LEVELS, 8, "rules[0].when.tiers[1]",
         "no level 'glod'; there are base, gold"},
        {SPEND_RULE("when: {first_purchase: no}"), 8, "rules[0].when.first_purchase",
         "put it under 'unless'"},
        {SPEND_RULE("when: {segments: []}"), 8, "rules[0].when.segments", "a list of 1 to 64 items"},
        {SPEND_RULE("when: {segments: [a b]}"), 8, "rules[0].when.segments[0]", "found 'a b'"},
        {SPEND_RULE("when: {birthday: yes}"), 8, "rules[0].when.birthday", "expected keys with values"},
        {SPEND_RULE("when: {birthday: {before: 183}}"), 8, "rules[0].when.birthday.before", "from 0 to 182"},
        {SPEND_RULE("when: {birthday: {after: -1}}"), 8, "rules[0].when.birthday.after", "from 0 to 182"},
        {SPEND_RULE("when: {birthday: {month: yes, after: 1}}"), 8, "rules[0].when.birthday.month",
         "one or the other"},
        {SPEND_RULE("when: {days_since_joining: 0}"), 8, "rules[0].when.days_since_joining", "from 1"},
    };
    CHECK_ERRORS(state, cases);
}

static void limits_leave_room_for_what_is_given(void **state)
{
    static const struct programme_finding cases[] = {
        {SPEND_RULE("limits: []"), 8, "rules[0].limits", "a list of 1 to 16 items"},
        {SPEND_RULE("limits: [{max: 5}]"), 8, "rules[0].limits[0]", "key 'per' is missing"},
        {SPEND_RULE("limits: [{max: 0, per: day}]"), 8, "rules[0].limits[0].max", "from 1 to"},
        {SPEND_RULE("limits: [{max: 5, per: hour}]"), 8, "rules[0].limits[0].per", "found 'hour'"},
        {SPEND_RULE("limits: [{max: 5, per: day}, {max: 6, per: day}]"), 8, "rules[0].limits[1]",
         "a second limit of given per day for member"},
        {SPEND_RULE("limits: [{max: 5, per: balance, for: all}]"), 8, "rules[0].limits[0].per",
         "'balance' bounds the points a member holds"},
        {RULE("visit: {give: 50}, limits: [{max: 40, per: week, over: reject}]"), 8, "rules[0].limits",
         "it never gives anything"},
        {SPEND_RULE("campaign: spring"), 8, "rules[0].campaign",
         "no campaign 'spring': the programme has no 'campaigns'"},
    };
    static const struct programme_finding warnings[] = {
        {RULE("visit: {give: 50}, limits: [{max: 40, per: week}]"), 8, "rules[0].limits",
         "the limit per week is less than what the rule gives once"},
        {SPEND_RULE("limits: [{max: 5, of: times, per: purchase}]"), 8, "rules[0].limits[0]",
         "this limit never binds"},
        {SPEND_RULE("campaign: c") "campaigns: [{id: c}, {id: d}]\n", 9, "campaigns[1]",
         "no rule is part of 'd'"},
        {HEAD POINTS
         "rules:\n  - {id: a, visit: {give: 1}, campaign: c}\n  - {id: b, multiply: 2, campaign: c}\n"
         "campaigns: [{id: c, limits: [{max: 9, of: times, per: ever}]}]\n",
         10, "campaigns[0].limits", "its rules are of different kinds"},
    };
    CHECK_ERRORS(state, cases);
    CHECK_WARNINGS(state, warnings);
}

#define TWO_RULES(a, b)                                                                                      \
    HEAD POINTS "rules:\n  - {id: a, visit: {give: 1}, " a "}\n  - {id: b, visit: {give: 1}, " b "}\n"

static void rules_that_stand_alone_do_not_meet_their_equals(void **state)
{
    static const struct programme_finding cases[] = {
        {TWO_RULES("exclusive: yes", "exclusive: yes"), 9, "rules[1]",
         "'a' is exclusive too, with the same priority"},
        {TWO_RULES("exclusive: yes, when: {weekdays: [mon, tue]}", "exclusive: yes, when: {weekdays: [tue]}"),
         9, "rules[1]", "'a' is exclusive too"},
        {SPEND_RULE("stage: bonus, exclusive: yes"), 8, "rules[0].exclusive", "bonus rules always add"},
        {RULE("multiply: 2, stage: bonus"), 8, "rules[0].stage",
         "only rules of spend, item, visit or activity"},
        {HEAD "points: {name: [{locale: en, one: star, other: stars}], combine: best}\nrules:\n"
              "  - {id: r, visit: {give: 1}, stop: yes}\n",
         8, "rules[0].stop", "'stop' needs 'points.combine: sum'"},
        {RULE("multiply: 1000.5"), 8, "rules[0].multiply", "from 0 to 1000"},
        {RULE("gives: {}"), 8, "rules[0].gives", "at least one of reward, points, note"},
        {RULE("gives: {reward: cup}"), 8, "rules[0].gives.reward", "no reward 'cup'"},
        {SPEND_RULE("qualifies: sometimes"), 8, "rules[0].qualifies", "found 'sometimes'"},
        {SPEND_RULE("basis: {exclude: {labels: [x]}}"), 8, "rules[0].basis.exclude", "unknown key"},
    };
    static const struct programme_finding warnings[] = {
        {SPEND_RULE("priority: 3"), 8, "rules[0].priority", "among rules with 'exclusive: yes' only"},
    };
    CHECK_ERRORS(state, cases);
    CHECK_WARNINGS(state, warnings);
    struct programme_file *file = *state;
    assert_int_equal(programme_file_load(file, TWO_RULES("exclusive: yes", "exclusive: yes, priority: 1")),
                     0);
    assert_int_equal(programme_file_load(file, TWO_RULES("exclusive: yes, when: {weekdays: [mon]}",
                                                         "exclusive: yes, when: {weekdays: [tue]}")),
                     0);
}

#define MILESTONE(text) HEAD POINTS RULES "milestones: [{id: m, " text ", gives: {points: 1}}]\n"

static void a_metric_is_one_thing_over_one_window(void **state)
{
    static const struct programme_finding cases[] = {
        {MILESTONE("window: month"), 8, "milestones[0]", "expected exactly one of qualifying, spend, visits"},
        {MILESTONE("visits: 3, spend: 1.00"), 8, "milestones[0]",
         "expected exactly one of qualifying, spend"},
        {MILESTONE("visits: 3, window: rolling"), 8, "milestones[0]", "key 'days' is missing"},
        {MILESTONE("visits: 1, window: week, in_a_row: 1"), 8, "milestones[0].in_a_row", "from 2 to 366"},
        {MILESTONE("visits: 1, in_a_row: 4"), 8, "milestones[0].in_a_row",
         "one of day, week, month, quarter"},
        {MILESTONE("visits: 1, window: rolling, days: 7, in_a_row: 4"), 8, "milestones[0].in_a_row",
         "one of day, week, month, quarter"},
        {MILESTONE("balance: 1, window: week, in_a_row: 4"), 8, "milestones[0].in_a_row",
         "a balance has no windows"},
        {MILESTONE("visits: 1, window: month, in_a_row: 13"), 8, "milestones[0].in_a_row",
         "expected at most 12 of them"},
        {MILESTONE("visits: 1, window: week, in_a_row: 4, repeat: each_window"), 8, "milestones[0].repeat",
         "expected once or each_crossing"},
        {MILESTONE("visits: 3, days: 7"), 8, "milestones[0].days", "only a rolling window has 'days'"},
        {MILESTONE("visits: 3, only: {skus: [1]}"), 8, "milestones[0].only",
         "only 'spend' and 'units' are counted for some goods"},
        {MILESTONE("visits: 1.5"), 8, "milestones[0].visits", "a whole number"},
        {MILESTONE("spend: 0.001"), 8, "milestones[0].spend", "at most 2 decimals"},
        {HEAD POINTS RULES "milestones: [{id: m, visits: 2}]\n", 8, "milestones[0]",
         "key 'gives' is missing"},
        {SPEND_RULE("when: {metrics: []}"), 8, "rules[0].when.metrics", "a list of 1 to 8 items"},
        {HEAD POINTS RULES
         "tiers: {window: month, levels: [{id: a}, {id: b, visits: 3}, {id: c, visits: 3}]}\n",
         8, "tiers.levels[2]", "expected more than level 'b' before it needs"},
        {HEAD POINTS RULES "tiers: {window: month, levels: [{id: a, visits: 3}]}\n", 8, "tiers.levels[0]",
         "everybody starts at the first level"},
    };
    CHECK_ERRORS(state, cases);
}

#define CARD_RULE(text) HEAD POINTS "rules:\n  - {id: r, card: c, " text "}\n" CARD REWARD

static void stamps_are_of_cards_that_give_rewards(void **state)
{
    static const struct programme_finding cases[] = {
        {RULE("card: c, visit: {give: 1}"), 8, "rules[0].card",
         "no stamp card 'c': the programme has no 'stamp_cards'"},
        {HEAD "rules:\n  - {id: s, card: c, visit: {give: 1}}\n  - {id: t, card: d, visit: {give: 1}}\n" CARD
             REWARD,
         8, "rules[1].card", "no stamp card 'd'; there are c"},
        {CARD_RULE("visit: {give: 1}, qualifies: yes"), 8, "rules[0].qualifies", "stamps never count"},
        {CARD_RULE("visit: {give: 0.5}"), 8, "rules[0].visit.give", "a whole number"},
        {HEAD STAMPS REWARD "stamp_cards: [{id: c, required: 0, gives: {reward: w}}]\n", 8,
         "stamp_cards[0].required", "from 1 to 10000"},
        {HEAD STAMPS REWARD "stamp_cards: [{id: c, required: 9, apply: same_purchase, gives: {reward: w}}]\n",
         8, "stamp_cards[0].apply", "only units can be free in the same purchase"},
        {HEAD STAMPS REWARD "stamp_cards: [{id: c, required: 9, distinct: goods, gives: {reward: w}}]\n", 8,
         "stamp_cards[0].distinct", "expected one of skus, labels"},
        {HEAD STAMPS "stamp_cards: [{id: c, required: 9}]\n", 7, "stamp_cards[0]", "key 'gives' is missing"},
        {HEAD STAMPS "stamp_cards: [{id: c, required: 9, gives: {}}]\n", 7, "stamp_cards[0].gives",
         "expected at least one of reward, points, note"},
        {HEAD STAMPS CARD, 7, "stamp_cards[0].gives.reward", "no reward 'w': the programme has no 'rewards'"},
        {HEAD STAMPS "stamp_cards:\n  - {id: c, required: 9, gives: {reward: v}}\n"
                     "  - {id: c, required: 9, gives: {reward: v}}\nrewards: [{id: v, kind: gift}]\n",
         9, "stamp_cards[1].id", "'c' is the id of another stamp card, in line 8"},
    };
    static const struct programme_finding warnings[] = {
        {HEAD POINTS RULES REWARD CARD, 9, "stamp_cards[0]",
         "no rule gives stamps of 'c': expected one with 'card: c'"},
    };
    CHECK_ERRORS(state, cases);
    CHECK_WARNINGS(state, warnings);
}

#define REWARD_OF(text) HEAD STAMPS CARD "rewards: [{id: w, " text "}]\n"

static void a_reward_has_what_its_kind_needs(void **state)
{
    static const struct programme_finding cases[] = {
        {REWARD_OF("valid: {days: 1}"), 8, "rewards[0]", "key 'kind' is missing"},
        {REWARD_OF("kind: cake"), 8, "rewards[0].kind", "free_item, amount_off, percent_off, gift"},
        {REWARD_OF("kind: amount_off"), 8, "rewards[0]", "key 'value' is missing: kind amount_off needs it"},
        {REWARD_OF("kind: amount_off, value: 0"), 8, "rewards[0].value", "from 0.01"},
        {REWARD_OF("kind: amount_off, value: 5.00, max_value: 5.00"), 8, "rewards[0].max_value",
         "a reward of kind amount_off has no 'max_value'"},
        {REWARD_OF("kind: percent_off"), 8, "rewards[0]", "key 'percent' is missing"},
        {REWARD_OF("kind: percent_off, percent: 100.001"), 8, "rewards[0].percent", "from 0.001 to 100"},
        {REWARD_OF("kind: percent_off, percent: 10, value: 1.00"), 8, "rewards[0].value", "has no 'value'"},
        {REWARD_OF("kind: gift, only: {skus: [a]}"), 8, "rewards[0].only", "kind gift has no 'only'"},
        {REWARD_OF("kind: gift, valid: {weeks: 2}"), 8, "rewards[0].valid.weeks", "unknown key"},
        {HEAD POINTS RULES "rewards: []\n", 8, "rewards", "a list of 1 to 128 items"},
        {HEAD STAMPS CARD "rewards:\n  - {id: w, kind: gift}\n  - {id: w, kind: gift}\n", 10, "rewards[1].id",
         "'w' is the id of another reward, in line 9"},
        {HEAD STAMPS CARD "rewards:\n  - {id: w, kind: gift}\n  - {id: cake, kind: gift}\n", 10, "rewards[1]",
         "nothing gives 'cake': expected a 'cost', or 'gives: {reward: cake}' on a stamp card, rule"},
    };
    static const struct programme_finding warnings[] = {
        {REWARD_OF("kind: free_item"), 8, "rewards[0]", "any item may be free"},
    };
    CHECK_ERRORS(state, cases);
    CHECK_WARNINGS(state, warnings);
}

#define TIERS(text) HEAD POINTS RULES "tiers: {" text "}\n"

static void levels_rise_from_nothing(void **state)
{
    static const struct programme_finding cases[] = {
        {TIERS("levels: [{id: base}]"), 8, "tiers", "key 'window' is missing"},
        {TIERS("window: month"), 8, "tiers", "key 'levels' is missing"},
        {TIERS("window: fortnight, levels: [{id: base}]"), 8, "tiers.window",
         "one of lifetime, calendar_year"},
        {TIERS("window: rolling, levels: [{id: base}]"), 8, "tiers", "a rolling window needs it"},
        {TIERS("window: month, days: 30, levels: [{id: base}]"), 8, "tiers.days", "only a rolling window"},
        {TIERS("window: rolling, days: 0, levels: [{id: base}]"), 8, "tiers.days", "from 1 to 3660"},
        {TIERS("window: month, falls: never, levels: [{id: base}]"), 8, "tiers.falls", "found 'never'"},
        {TIERS("window: month, downgrade: no, levels: [{id: base}]"), 8, "tiers.downgrade",
         "full, one_level"},
        {TIERS("window: month, levels: []"), 8, "tiers.levels", "a list of 1 to 16 items"},
        {TIERS("window: month, levels: [{id: base, qualifying: 10}]"), 8, "tiers.levels[0].qualifying",
         "everybody starts at the first level"},
        {TIERS("window: month, levels: [{id: base}, {id: gold}]"), 8, "tiers.levels[1]",
         "expected more than level 'base' before it needs"},
        {TIERS("window: month, levels: [{id: a}, {id: b, qualifying: 9}, {id: c, qualifying: 9}]"), 8,
         "tiers.levels[2].qualifying", "expected more than level 'b' before it needs"},
        {TIERS("window: month, levels: [{id: a}, {id: a, qualifying: 9}]"), 8, "tiers.levels[1].id",
         "'a' is the id of another level, in line 8"},
        {TIERS("window: month, levels: [{id: a, keep: {visits: 1}}]"), 8, "tiers.levels[0].keep",
         "nobody loses the first level"},
        {TIERS("window: month, levels: [{id: a}, {id: b, qualifying: 9, keep: {qualifying: 9}}]"), 8,
         "tiers.levels[1].keep", "expected less than what reaches it"},
        {TIERS("window: month, match: all, levels: [{id: a}, {id: b, visits: 9, keep: {visits: 9}}]"), 8,
         "tiers.levels[1].keep", "expected less than what reaches it"},
        {TIERS("window: month, match: all, levels: [{id: a}, {id: b, visits: 9, units: 1, "
               "keep: {visits: 8, units: 2}}]"),
         8, "tiers.levels[1].keep", "expected less than what reaches it"},
        {TIERS("window: month, levels: [{id: a}, {id: b, qualifying: 9, keep: {}}]"), 8,
         "tiers.levels[1].keep", "expected qualifying, spend, visits or units"},
        {TIERS("window: month, levels: [{id: a}, {id: b, qualifying: 9, keep: {qualifying: 0}}]"), 8,
         "tiers.levels[1].keep.qualifying", "expected a whole number from 1 to"},
        {TIERS("window: month, levels: [{id: a}, {id: b, qualifying: 9, keep: {balance: 1}}]"), 8,
         "tiers.levels[1].keep.balance", "unknown key 'balance'"},
        {TIERS("window: month, levels: [{id: a, multiply: 1000.001}]"), 8, "tiers.levels[0].multiply",
         "from 0 to 1000 with at most 3 decimals"},
    };
    static const struct programme_finding warnings[] = {
        {TIERS("window: lifetime, levels: [{id: a}, {id: b, qualifying: 9, keep: {qualifying: 8}}]"), 8,
         "tiers.levels[1].keep", "'keep' says nothing"},
        {HEAD STAMPS CARD REWARD LEVELS, 9, "tiers.levels", "nobody leaves the first level"},
        {SPEND_RULE("qualifies: no") LEVELS, 9, "tiers.levels", "nobody leaves the first level"},
    };
    CHECK_ERRORS(state, cases);
    CHECK_WARNINGS(state, warnings);
}

static void one_run_tells_all_in_the_order_of_the_file(void **state)
{
    struct programme_file *file = *state;
    static const struct {
        int line;
        const char *path;
    } expected[] = {
        {2, "version"},
        {3, "currency"},
        {6, "rules[0].when.tiers[0]"},
        {7, "rules[1].spend.give"},
        {8, "rules[2]"},
        {9, "rewards[0].kind"},
        {10, "tiers"},
    };
    const int result =
        programme_file_load(file, "programme: p\n"
                                  "version: one\n"
                                  "currency: EURO\n"
                                  "zone: UTC\nstores: [{id: old}]\n"
                                  "rules: [{id: a, visit: {give: 1}, when: {tiers: [gold]}},\n"
                                  "  {id: b, spend: {give: none, per: 1.0001, steps: whole}},\n"
                                  "  {id: c}]\n"
                                  "rewards: [{id: w, kind: present}]\n"
                                  "tiers: {levels: [{id: base}]}\n");
    assert_int_equal(result, ERR_FORMAT);
    size_t found = 0;
    int line = 0;
    for (size_t i = 0; i < file->findings.count; i++) {
        const struct finding *finding = &file->findings.items[i];
        assert_true(finding->line >= line);
        line = finding->line;
        if (found < ARRAY_COUNT(expected) && finding->line == expected[found].line &&
            strcmp(finding->path, expected[found].path) == 0) {
            found++;
        }
    }
    assert_int_equal(found, ARRAY_COUNT(expected));
}

static void more_findings_than_there_is_room_for_are_dropped(void **state)
{
    struct programme_file *file = *state;
    char yaml[8192];
    size_t used = (size_t)snprintf(yaml, sizeof(yaml), "%srules:\n", HEAD POINTS);
    for (int i = 0; i < 60; i++) {
        used += (size_t)snprintf(yaml + used, sizeof(yaml) - used, "  - {id: r%d, visit: {give: 0}}\n", i);
    }
    assert_int_equal(programme_file_load(file, yaml), ERR_FORMAT);
    assert_int_equal(file->findings.count, FINDINGS_MAX);
    for (int i = 0; i < FINDINGS_MAX; i++) {
        assert_int_equal(file->findings.items[i].line, 8 + i);
    }
}

static void a_file_too_large_is_not_read(void **state)
{
    struct programme_file *file = *state;
    char *yaml = malloc(PROGRAMME_BYTES_MAX + 2);
    assert_non_null(yaml);
    const size_t used = (size_t)snprintf(yaml, PROGRAMME_BYTES_MAX, "%s", HEAD POINTS RULES);
    memset(yaml + used, '\n', PROGRAMME_BYTES_MAX + 1 - used);
    yaml[PROGRAMME_BYTES_MAX + 1] = '\0';
    assert_int_equal(programme_file_load(file, yaml), ERR_TOO_LARGE);
    assert_int_equal(file->findings.count, 1);
    assert_int_equal(file->findings.items[0].line, 0);
    assert_false(file->findings.items[0].warning);
    yaml[PROGRAMME_BYTES_MAX] = '\0';
    assert_int_equal(programme_file_load(file, yaml), 0);
    free(yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_without_mistakes_has_no_findings),
        cmocka_unit_test(what_is_no_document_is_told_where),
        cmocka_unit_test(who_and_where_must_be_known),
        cmocka_unit_test(clocks_have_bounds),
        cmocka_unit_test(texts_are_in_languages_of_the_programme),
        cmocka_unit_test(the_basis_and_points_take_what_is_known),
        cmocka_unit_test(a_rule_is_of_one_kind_and_gives_something),
        cmocka_unit_test(a_condition_can_hold),
        cmocka_unit_test(limits_leave_room_for_what_is_given),
        cmocka_unit_test(rules_that_stand_alone_do_not_meet_their_equals),
        cmocka_unit_test(a_metric_is_one_thing_over_one_window),
        cmocka_unit_test(stamps_are_of_cards_that_give_rewards),
        cmocka_unit_test(a_reward_has_what_its_kind_needs),
        cmocka_unit_test(levels_rise_from_nothing),
        cmocka_unit_test(one_run_tells_all_in_the_order_of_the_file),
        cmocka_unit_test(more_findings_than_there_is_room_for_are_dropped),
        cmocka_unit_test(a_file_too_large_is_not_read),
    };
    return cmocka_run_group_tests(tests, programme_file_setup, programme_file_teardown);
}
