/* What a programme may hold at most, what is left of it when memory runs out, and which rules and levels can
 * meet. */
#include "base/text.h"
#include "programme/load.h"

#include "lib/programme_file.h"
#include "lib/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { YAML_BYTES = 128 * 1024 };

/* A file that begins with `head` and has `count` items, in whose text each # is a number of its own. */
static char *listed(const char *head, const char *item, int count)
{
    char *yaml = malloc(YAML_BYTES);
    struct text text;
    assert_non_null(yaml);
    text_init(&text, yaml, YAML_BYTES);
    text_add(&text, "%s", head);
    for (int i = 0; i < count; i++) {
        for (const char *at = item; *at != '\0'; at++) {
            if (*at == '#') {
                text_add(&text, "%d", 100 + i);
            } else {
                text_add(&text, "%c", *at);
            }
        }
    }
    assert_false(text.cut);
    return yaml;
}

/* --- lists --- */

#define OF_RULES HEAD POINTS "rules:\n"

static void there_is_room_for_so_many_and_not_for_one_more(void **state)
{
    static const struct {
        const char *head;
        const char *item;
        int most;
        const char *text;
    } cases[] = {
        {OF_RULES "  - {id: base, visit: {give: 1}}\n", "  - {id: m#, multiply: 2}\n", MULTIPLIERS_MAX,
         "more than 32 multipliers of the same points or stamps"},
        {OF_RULES,
         "  - {id: r#, visit: {give: 1}, when: {metrics: [{visits: 1, window: rolling, days: #}]}}\n",
         MEASURES_MAX, "more than 64 different metrics in the programme"},
        {OF_RULES, "  - {id: r#, visit: {give: 1}, when: {metrics: [{units: 1, only: {skus: [a#]}}]}}\n",
         METRICS_MAX, "more than 16 metrics to record: fewer selectors are needed"},
        {OF_RULES,
         "  - {id: r#, visit: {give: 1}, limits: [{max: 1, per: day}, {max: 1, per: week},\n"
         "     {max: 1, per: month}, {max: #, per: ever}]}\n",
         COUNTERS_MAX / 4, "more than 512 limits in the programme"},
        {OF_RULES "  - {id: base, visit: {give: 1}, expiry: {after: {days: 100}}}\n",
         "  - {id: r#, visit: {give: 1}, expiry: {after: {days: #}}}\n", RULE_TERMS_MAX,
         "more than 16 different terms of rules' own"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct programme_file *file = *state;
        char *most = listed(cases[i].head, cases[i].item, cases[i].most);
        (void)programme_file_good(file, most);
        free(most);
        char *more = listed(cases[i].head, cases[i].item, cases[i].most + 1);
        assert_int_equal(programme_file_load(file, more), ERR_FORMAT);
        assert_int_equal(file->findings.count, 1);
        assert_string_equal(file->findings.items[0].text, cases[i].text);
        free(more);
    }
}

/* A metric of one selector is one metric, however often and over whichever times it is asked for. */
static void the_same_metric_is_recorded_once(void **state)
{
#define UNITS(id, goods, window)                                                                             \
    "  - {id: " id ", visit: {give: 1}, when: {metrics: [{units: 1, " goods ", window: " window "}]}}\n"
    const struct programme *programme = programme_file_good(
        *state,
        OF_RULES UNITS("a", "only: {skus: [x, y]}", "month") UNITS("b", "only: {skus: [x, y]}", "month")
            UNITS("c", "only: {skus: [x, z]}", "month") UNITS("d", "only: {skus: [x]}", "month") UNITS(
                "e", "only: {categories: [x, y]}", "month") UNITS("f", "only: {labels: [x, y]}", "month")
                UNITS("g", "except: {skus: [x, y]}", "month") UNITS("h", "only: {skus: [x, y]}", "lifetime"));
    assert_int_equal(programme->measures_count, 7);
    assert_int_equal(programme->rules[0].when.metrics[0].measure, 0);
    assert_int_equal(programme->rules[1].when.metrics[0].measure, 0);
    for (size_t i = 2; i < 8; i++) {
        assert_int_equal(programme->rules[i].when.metrics[0].measure, i - 1);
    }
    assert_int_equal(programme->measures[6].metric, programme->measures[0].metric);
    for (size_t i = 1; i < 6; i++) {
        assert_int_not_equal(programme->measures[i].metric, programme->measures[0].metric);
    }
}

/* --- memory --- */

/* Where the document fits and the programme does not, that is said; nothing is left behind. */
static void a_programme_larger_than_its_memory_says_so(void **state)
{
    struct programme_file *file = *state;
    char *yaml =
        listed(HEAD POINTS LEVELS
               "milestones: [{id: m, visits: 3, window: month, gives: {points: 1}}]\n"
               "name: [{locale: en, text: Club}]\n"
               "rules: [{id: r, visit: {give: 1}, when: {tiers: [gold], stores: [old], codes: [c]}}]\n"
               "rewards:\n",
               "  - {id: r#, kind: gift, cost: 1}\n", REWARDS_MAX);
    const struct bytes bytes = {(const uint8_t *)yaml, strlen(yaml)};
    int result = ERR_NOMEM;
    size_t said = 0;
    file->numbers.count = 0;
    for (size_t size = 64 * 1024; result != 0; size += 509) {
        struct arena arena;
        const struct programme *programme = NULL;
        uint8_t *memory = malloc(size);
        assert_non_null(memory);
        arena_init(&arena, memory, size);
        result = programme_load(bytes, &arena, &file->numbers, &programme, &file->findings);
        if (result != 0) {
            assert_int_equal(result, ERR_NOMEM);
            assert_int_equal(arena.used, 0);
            assert_int_equal(file->numbers.count, 0);
            for (size_t i = 0; i < file->findings.count; i++) {
                said += strstr(file->findings.items[i].text, "does not fit into the memory") != NULL;
            }
        }
        free(memory);
    }
    free(yaml);
    assert_true(said > 0);
}

/* --- rules that meet --- */

#define TWO(a, b)                                                                                            \
    HEAD POINTS LEVELS "rules:\n  - {id: a, visit: {give: 1}, exclusive: yes" a                              \
                       "}\n  - {id: b, visit: {give: 1}, exclusive: yes" b "}\n"
#define MEET(a, b)                                                                                           \
    {                                                                                                        \
        TWO(", when: {" a "}", ", when: {" b "}"), 10, "rules[1]",                                           \
            "'a' is exclusive too, with the same priority: expected another one"                             \
    }

static void exclusive_rules_meet_where_one_purchase_can_be_of_both(void **state)
{
    static const struct programme_finding cases[] = {
        MEET("from: 2026-12-01", "to: 2026-12-01"),
        MEET("from: 2026-12-01, to: 2026-12-05", "from: 2026-12-05, to: 2026-12-31"),
        MEET("from: 2026-12-05, to: 2026-12-31", "from: 2026-12-01, to: 2026-12-05"),
        MEET("stores: [old]", "weekdays: [mon]"),
        MEET("stores: [old, new]", "stores: [new]"),
        MEET("terminals: [t1, t2]", "terminals: [t2, t3]"),
        MEET("tiers: [gold, base]", "tiers: [base]"),
        MEET("tiers: [gold]", "codes: [X]"),
        MEET("hours: [{from: '06:00', to: '09:00'}]", "hours: [{from: '09:00', to: '10:00'}]"),
    };
    CHECK_ERRORS(state, cases);
    static const char *const apart[] = {
        TWO(", when: {from: 2026-12-02}", ", when: {to: 2026-12-01}"),
        TWO(", when: {to: 2026-12-01}", ", when: {from: 2026-12-02}"),
        TWO(", when: {stores: [old]}", ", when: {stores: [new]}"),
        TWO(", when: {terminals: [t1]}", ", when: {terminals: [t2]}"),
        TWO(", when: {tiers: [gold]}", ", when: {tiers: [base]}"),
        TWO(", when: {weekdays: [mon, tue]}", ", when: {weekdays: [wed, sun]}"),
        TWO(", priority: 1", ", priority: 2"),
    };
    for (size_t i = 0; i < ARRAY_COUNT(apart); i++) {
        (void)programme_file_good(*state, apart[i]);
    }
}

/* Points and stamps of a card are given beside each other. */
static void rules_of_points_and_of_stamps_do_not_meet(void **state)
{
    (void)programme_file_good(*state, HEAD POINTS CARD REWARD
                              "rules:\n  - {id: a, visit: {give: 1}, exclusive: yes}\n"
                              "  - {id: b, card: c, visit: {give: 1}, exclusive: yes}\n");
}

/* --- levels that rise --- */

#define TIERS(levels) HEAD POINTS RULES "tiers: {window: month, levels: [{id: a}, " levels "]}\n"

static void a_level_asks_for_more_of_what_the_one_before_asked_for(void **state)
{
    static const struct programme_finding cases[] = {
        {TIERS("{id: b, spend: 100.00}, {id: c, spend: 99.00}"), 8, "tiers.levels[2]",
         "expected more than level 'b' before it needs"},
        {TIERS("{id: b, qualifying: 9}, {id: c, qualifying: 8, visits: 3}"), 8, "tiers.levels[2].qualifying",
         "expected more than level 'b' before it needs"},
        {TIERS("{id: b, qualifying: 9}, {id: c}"), 8, "tiers.levels[2]",
         "expected more than level 'b' before it needs"},
        {TIERS("{id: b, qualifying: 0}"), 8, "tiers.levels[1].qualifying",
         "expected more than level 'a' before it needs"},
        {TIERS("{id: b, visits: 3, except: {skus: [x]}}"), 8, "tiers.levels[1].except",
         "only 'spend' and 'units' are counted for some goods"},
        {TIERS("{id: b, visits: 3, expiry: {inactivity: {months: 3}}}"), 8, "tiers.levels[1].expiry",
         "points that end without purchases do so for all members"},
    };
    CHECK_ERRORS(state, cases);
    static const char *const rising[] = {
        TIERS("{id: b, spend: 100.00}, {id: c, spend: 100.01}"),
        TIERS("{id: b, spend: 100.00}, {id: c, visits: 1}"),
        TIERS("{id: b, visits: 3}, {id: c, qualifying: 1}"),
        TIERS("{id: b, units: 3, only: {skus: [x]}}, {id: c, units: 2, only: {skus: [y]}}"),
    };
    for (size_t i = 0; i < ARRAY_COUNT(rising); i++) {
        (void)programme_file_good(*state, rising[i]);
    }
    static const struct programme_finding warnings[] = {
        {HEAD POINTS RULES "tiers: {window: month, falls: at_once, valid: {days: 1}, levels: [{id: a}]}\n", 8,
         "tiers.valid", "levels fall at once: 'valid' says nothing"},
        {HEAD POINTS RULES "tiers: {window: month, falls: at_once, grace: {days: 1}, levels: [{id: a}]}\n", 8,
         "tiers.grace", "levels fall at once: 'grace' says nothing"},
    };
    CHECK_WARNINGS(state, warnings);
}

/* --- what goes with what --- */

static void keys_that_do_not_go_together_are_told(void **state)
{
    static const struct programme_finding cases[] = {
        {HEAD CARD REWARD
         "rules: [{id: r, card: c, gives: {points: 1}}, {id: s, card: c, visit: {give: 1}}]\n",
         8, "rules[0].card", "a rule with 'gives' gives no stamps"},
        {HEAD CARD REWARD "rules: [{id: r, card: c, visit: {give: 1}, limits: [{max: 9, per: balance}]}]\n",
         8, "rules[0].limits[0].per", "'balance' bounds the points a member holds"},
        {SPEND_RULE("limits: [{max: 9, of: times, per: balance}]"), 8, "rules[0].limits[0].per",
         "'balance' bounds the points a member holds"},
        {RULE("gives: {points: none}"), 8, "rules[0].gives.points", "a whole number"},
        {SPEND_RULE("basis: {tenders: {cash: exclude}}"), 8, "rules[0].basis.tenders.cash", "unknown key"},
        {SPEND_RULE("when: {metrics: [{visits: 3, windows: month}]}"), 8, "rules[0].when.metrics[0].windows",
         "unknown key"},
        {SPEND_RULE("campaign: c") "campaigns: [{id: c, name: Winter}]\n", 9, "campaigns[0].name",
         "expected a list"},
    };
    CHECK_ERRORS(state, cases);
    static const struct programme_finding warnings[] = {
        {SPEND_RULE("limits: [{max: 5, of: times, per: day, over: reject}]"), 8, "rules[0].limits[0].over",
         "'over' says nothing"},
        {HEAD CARD REWARD "rules: [{id: s, card: c, visit: {give: 1}, campaign: x}]\n"
                          "campaigns: [{id: x, limits: [{max: 9, per: day}]}]\n",
         9, "campaigns[0].limits", "the stamps its rules give are not limited by it"},
        {SPEND_RULE("qualifies: false") LEVELS, 9, "tiers.levels", "nobody leaves the first level"},
    };
    CHECK_WARNINGS(state, warnings);
    const struct programme *programme = programme_file_good(
        *state, HEAD CARD REWARD "rules: [{id: s, card: c, visit: {give: 1}, qualifies: no}]\n");
    assert_int_equal(programme->rules[0].qualifies, QUALIFIES_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_room_for_so_many_and_not_for_one_more),
        cmocka_unit_test(the_same_metric_is_recorded_once),
        cmocka_unit_test_setup_teardown(a_programme_larger_than_its_memory_says_so, programme_file_setup,
                                        programme_file_teardown),
        cmocka_unit_test(exclusive_rules_meet_where_one_purchase_can_be_of_both),
        cmocka_unit_test(rules_of_points_and_of_stamps_do_not_meet),
        cmocka_unit_test(a_level_asks_for_more_of_what_the_one_before_asked_for),
        cmocka_unit_test(keys_that_do_not_go_together_are_told),
    };
    return cmocka_run_group_tests(tests, programme_file_setup, programme_file_teardown);
}
