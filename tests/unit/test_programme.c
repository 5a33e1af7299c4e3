/* What a programme file means: every key and its default, the numbers of its ids, the examples of the manual.
 */
#include "programme/load.h"

#include "lib/testing.h"
#include "model/day.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 64 * 1024 };

struct fixture {
    struct arena arena;
    struct numbers numbers;
    struct findings findings;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    void *memory = malloc(PROGRAMME_ARENA_BYTES);
    assert_non_null(fixture);
    assert_non_null(memory);
    arena_init(&fixture->arena, memory, PROGRAMME_ARENA_BYTES);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    free(fixture->arena.memory);
    free(fixture);
    return 0;
}

static struct bytes bytes_of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* The programme of a file that has no findings. */
static const struct programme *load(struct fixture *fixture, const char *yaml)
{
    const struct programme *programme = NULL;
    const int result =
        programme_load(bytes_of(yaml), &fixture->arena, &fixture->numbers, &programme, &fixture->findings);
    for (size_t i = 0; i < fixture->findings.count; i++) {
        const struct finding *finding = &fixture->findings.items[i];
        print_error("%d: %s: %s\n", finding->line, finding->path, finding->text);
    }
    assert_int_equal(result, 0);
    assert_int_equal(fixture->findings.count, 0);
    return programme;
}

static void assert_term(struct term term, enum term_unit unit, int32_t count, enum term_round round)
{
    assert_int_equal(term.unit, unit);
    assert_int_equal(term.count, count);
    assert_int_equal(term.round, round);
}

static void assert_ids(const struct id_list *list, const char *first, size_t count)
{
    assert_int_equal(list->count, count);
    assert_string_equal(list->items[0], first);
}

/* --- defaults --- */

#define SMALL                                                                                                \
    "programme: small\n"                                                                                     \
    "version: 1\n"                                                                                           \
    "currency: EUR\n"                                                                                        \
    "zone: Europe/Tallinn\n"                                                                                 \
    "stores: [{id: shop}]\n"                                                                                 \
    "points: {name: [{locale: en, one: point, other: points}]}\n"                                            \
    "rules:\n"                                                                                               \
    "  - {id: euro, spend: {give: 1, per: 1.00}}\n"                                                          \
    "  - {id: item, item: {give: 2}}\n"                                                                      \
    "  - {id: stamp, card: ten, visit: {give: 1}}\n"                                                         \
    "stamp_cards: [{id: ten, required: 10, gives: {reward: cake}}]\n"                                        \
    "rewards: [{id: cake, kind: gift}]\n"

static void a_programme_without_a_key_has_its_default(void **state)
{
    const struct programme *programme = load(*state, SMALL);
    assert_int_equal(programme->effective, DAY_MIN);
    assert_int_equal(programme->day_starts, 0);
    assert_int_equal(programme->name.count, 0);
    assert_int_equal(programme->points_decimals, 0);
    assert_true(programme->auto_enrol);
    assert_false(programme->bearer_vouchers);
    assert_false(programme->basis.tax_excluded);
    assert_false(programme->basis.discounts_before);
    assert_false(programme->exclude.has_only);
    assert_int_equal(programme->exclude.except.skus.count, 0);
    assert_term(programme->expiry, TERM_NEVER, 0, TERM_EXACT);
    assert_int_equal(programme->rounding, ROUNDING_FLOOR);
    assert_int_equal(programme->combine, COMBINE_SUM);
    assert_int_equal(programme->tiers.count, 0);
    assert_int_equal(programme->clock_ahead_minutes, 5);
    assert_int_equal(programme->max_offline_days, 30);
    assert_int_equal(programme->outbox_retention_days, 7);
    assert_string_equal(programme->stores[0].zone, "Europe/Tallinn");
    assert_int_equal(programme->stores[0].day_starts, 0);
    assert_term(programme->rewards[0].valid, TERM_NEVER, 0, TERM_EXACT);
    assert_int_equal(programme->rewards[0].max_value, 0);
    assert_int_equal(programme->rewards[0].name.count, 0);
}

static void a_rule_without_a_key_has_its_default(void **state)
{
    const struct programme *programme = load(*state, SMALL);
    const struct rule *euro = &programme->rules[0];
    assert_int_equal(programme->rules_count, 3);
    assert_int_equal(euro->kind, RULE_SPEND);
    assert_int_equal(euro->give, 1);
    assert_int_equal(euro->per, 100);
    assert_int_equal(euro->steps, STEPS_EXACT);
    assert_int_equal(euro->card, -1);
    assert_int_equal(euro->qualifies, QUALIFIES_YES);
    assert_int_equal(euro->name.count, 0);
    assert_false(euro->selector.has_only);
    assert_int_equal(euro->selector.only.categories.count, 0);
    assert_int_equal(euro->selector.except.categories.count, 0);
    const struct condition none = {.weekdays = 0};
    assert_memory_equal(&euro->when, &none, sizeof(none));
    assert_memory_equal(&euro->unless, &none, sizeof(none));
    assert_int_equal(euro->line, 8);
    assert_int_equal(programme->rules[1].kind, RULE_ITEM);
    assert_int_equal(programme->rules[1].item_per, PER_UNIT);
    assert_int_equal(programme->rules[2].kind, RULE_VISIT);
    assert_int_equal(programme->rules[2].card, 0);
    assert_int_equal(programme->rules[2].qualifies, QUALIFIES_NO);
}

static void levels_last_as_their_window_says(void **state)
{
    static const struct {
        const char *window;
        enum window_kind kind;
        struct term valid;
    } cases[] = {
        {"window: lifetime", WINDOW_LIFETIME, {TERM_NEVER, 0, TERM_EXACT}},
        {"window: calendar_year", WINDOW_CALENDAR_YEAR, {TERM_YEARS, 1, TERM_END_OF_YEAR}},
        {"window: month", WINDOW_MONTH, {TERM_MONTHS, 1, TERM_END_OF_MONTH}},
        {"window: rolling, days: 90", WINDOW_ROLLING, {TERM_DAYS, 90, TERM_EXACT}},
        {"window: rolling, days: 90, valid: {days: 0}", WINDOW_ROLLING, {TERM_DAYS, 0, TERM_EXACT}},
        {"window: month, valid: {months: 2, round: end_of_quarter}",
         WINDOW_MONTH,
         {TERM_MONTHS, 2, TERM_END_OF_QUARTER}},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char yaml[2048];
        snprintf(yaml, sizeof(yaml), "%stiers: {%s, levels: [{id: guest}, {id: gold, qualifying: 10}]}\n",
                 SMALL, cases[i].window);
        const struct programme *programme = load(*state, yaml);
        const struct tiers *tiers = &programme->tiers;
        assert_int_equal(tiers->window.kind, cases[i].kind);
        assert_int_equal(tiers->window.days, cases[i].kind == WINDOW_ROLLING ? 90 : 0);
        assert_term(tiers->valid, cases[i].valid.unit, cases[i].valid.count, cases[i].valid.round);
        assert_false(tiers->downgrade_one);
        assert_int_equal(tiers->levels[0].reach.qualifying, 0);
        assert_int_equal(tiers->levels[0].multiplier, 1000);
    }
}

/* --- every key --- */

static const char everything[] = "programme: all\n"
                                 "version: 1000000000\n"
                                 "effective: 2026-12-01\n"
                                 "currency: TND\n" /* three decimals */
                                 "zone: Africa/Tunis\n"
                                 "day_starts: '04:30'\n"
                                 "locales: [ar, EN-gb]\n"
                                 "name: [{locale: en-GB, text: Club}, {locale: ar, text: nadi}]\n"
                                 "stores:\n"
                                 "  - {id: one}\n"
                                 "  - {id: two, zone: Europe/Paris, day_starts: '00:00'}\n"
                                 "auto_enrol: no\n"
                                 "bearer_vouchers: yes\n"
                                 "clock: {ahead_minutes: 0}\n"
                                 "max_offline: {days: 14}\n"
                                 "outbox_retention: {days: 14}\n"
                                 "basis:\n"
                                 "  tax: excluded\n"
                                 "  discounts: before\n"
                                 "  basket_discounts: spread\n"
                                 "  exclude: {skus: ['1', '02'], categories: [gift card], labels: [x]}\n"
                                 "points:\n"
                                 "  name:\n"
                                 "    - {locale: en-GB, one: p, other: pp}\n"
                                 "    - {locale: ar, zero: z, one: o, two: t, few: f, many: m, other: x}\n"
                                 "  decimals: 2\n"
                                 "  combine: best\n"
                                 "  rounding: ceil\n"
                                 "  expiry: {after: {years: 2, round: end_of_quarter}}\n"
                                 "rules:\n"
                                 "  - id: spend.1\n"
                                 "    name: [{locale: ar, text: a}, {locale: en-GB, text: b}]\n"
                                 "    spend: {give: 1.50, per: 0.125, steps: whole}\n"
                                 "    qualifies: no\n"
                                 "    only: {skus: [a, b], categories: [c], labels: [d, e, f]}\n"
                                 "    except: {labels: [g]}\n"
                                 "    when:\n"
                                 "      min_spend: 1.001\n"
                                 "      min_quantity: 1.25\n"
                                 "      min_basket: 20\n"
                                 "      from: 2026-12-01\n"
                                 "      to: 2026-12-01\n"
                                 "      weekdays: [sun, mon]\n"
                                 "      hours: [{from: '22:00', to: '02:00'}, {from: '06:30', to: '24:00'}]\n"
                                 "      stores: [two]\n"
                                 "      terminals: [till-1, till-2]\n"
                                 "      tiers: [gold, guest]\n"
                                 "      codes: [SAVE 10]\n"
                                 "      first_purchase: yes\n"
                                 "    unless: {codes: [STAFF]}\n"
                                 "  - {id: lines, item: {give: 0.01, per: line}}\n"
                                 "  - {id: stamp, card: second, item: {give: 3, per: unit}}\n"
                                 "  - {id: stamp2, card: first, spend: {give: 1, per: 5}}\n"
                                 "stamp_cards:\n"
                                 "  - {id: first, required: 1, apply: voucher, gives: {reward: percent}}\n"
                                 "  - {id: second, required: 10000, gives: {reward: amount},\n"
                                 "     name: [{locale: ar, text: a}, {locale: en-GB, text: b}]}\n"
                                 "  - {id: third, required: 3, gives: {reward: item}}\n"
                                 "  - {id: fourth, required: 4, gives: {reward: gift}}\n"
                                 "tiers:\n"
                                 "  window: calendar_year\n"
                                 "  falls: at_review\n"
                                 "  downgrade: one_level\n"
                                 "  levels:\n"
                                 "    - {id: guest, multiply: 0}\n"
                                 "    - {id: gold, qualifying: 10.25, multiply: 1.125}\n"
                                 "rewards:\n"
                                 "  - {id: item, kind: free_item, only: {skus: [a]}, max_value: 12.5}\n"
                                 "  - {id: amount, kind: amount_off, value: 5.000, except: {skus: [b]}}\n"
                                 "  - {id: percent, kind: percent_off, percent: 12.5, max_value: 8,\n"
                                 "     valid: {months: 0, round: end_of_year}}\n"
                                 "  - {id: gift, kind: gift}\n";

/* Loads `everything` with rules for the cards that have none. */
static const struct programme *load_everything(struct fixture *fixture)
{
    const struct programme *programme = NULL;
    assert_int_equal(programme_load(bytes_of(everything), &fixture->arena, &fixture->numbers, &programme,
                                    &fixture->findings),
                     0);
    assert_int_equal(fixture->findings.count, 2); /* two cards nobody stamps */
    return programme;
}

static void the_head_is_read(void **state)
{
    const struct programme *programme = load_everything(*state);
    assert_string_equal(programme->id, "all");
    assert_int_equal(programme->version, 1000000000);
    assert_int_equal(programme->effective, day_from_date(2026, 12, 1));
    assert_string_equal(programme->currency, "TND");
    assert_int_equal(programme->currency_digits, 3);
    assert_string_equal(programme->zone, "Africa/Tunis");
    assert_int_equal(programme->day_starts, 270);
    assert_int_equal(programme->name.count, 2);
    assert_string_equal(programme->name.items[0].locale, "en-GB");
    assert_string_equal(texts_choose(&programme->name, "ar", NULL), "nadi");
    assert_int_equal(programme->stores_count, 2);
    assert_string_equal(programme->stores[0].zone, "Africa/Tunis");
    assert_int_equal(programme->stores[0].day_starts, 270);
    assert_string_equal(programme->stores[1].id, "two");
    assert_string_equal(programme->stores[1].zone, "Europe/Paris");
    assert_int_equal(programme->stores[1].day_starts, 0);
    assert_false(programme->auto_enrol);
    assert_true(programme->bearer_vouchers);
    assert_int_equal(programme->clock_ahead_minutes, 0);
    assert_int_equal(programme->max_offline_days, 14);
    assert_int_equal(programme->outbox_retention_days, 14);
    assert_true(programme->basis.tax_excluded);
    assert_true(programme->basis.discounts_before);
    assert_ids(&programme->exclude.except.skus, "1", 2);
    assert_string_equal(programme->exclude.except.skus.items[1], "02");
    assert_ids(&programme->exclude.except.categories, "gift card", 1);
    assert_ids(&programme->exclude.except.labels, "x", 1);
    assert_false(programme->exclude.has_only);
}

static void points_are_read(void **state)
{
    const struct programme *programme = load_everything(*state);
    assert_int_equal(programme->points_decimals, 2);
    assert_int_equal(programme->combine, COMBINE_BEST);
    assert_int_equal(programme->rounding, ROUNDING_CEIL);
    assert_term(programme->expiry, TERM_YEARS, 2, TERM_END_OF_QUARTER);
    const struct localised *arabic = texts_item(&programme->points_name, "ar");
    assert_string_equal(arabic->zero, "z");
    assert_string_equal(arabic->one, "o");
    assert_string_equal(arabic->two, "t");
    assert_string_equal(arabic->few, "f");
    assert_string_equal(arabic->many, "m");
    assert_string_equal(arabic->text, "x");
}

static void rules_are_read(void **state)
{
    const struct programme *programme = load_everything(*state);
    const struct rule *rule = &programme->rules[0];
    assert_string_equal(rule->id, "spend.1");
    assert_int_equal(rule->give, 150);
    assert_int_equal(rule->per, 125);
    assert_int_equal(rule->steps, STEPS_WHOLE);
    assert_int_equal(rule->qualifies, QUALIFIES_NO);
    assert_true(rule->selector.has_only);
    assert_ids(&rule->selector.only.skus, "a", 2);
    assert_ids(&rule->selector.only.categories, "c", 1);
    assert_ids(&rule->selector.only.labels, "d", 3);
    assert_ids(&rule->selector.except.labels, "g", 1);
    assert_string_equal(texts_choose(&rule->name, "en", NULL), "b");
    assert_int_equal(programme->rules[1].give, 1);
    assert_int_equal(programme->rules[1].item_per, PER_LINE);
    assert_int_equal(programme->rules[1].qualifies, QUALIFIES_YES);
    assert_int_equal(programme->rules[2].give, 3); /* stamps are whole, points of 2 decimals or not */
    assert_int_equal(programme->rules[2].card, 1);
    assert_int_equal(programme->rules[3].card, 0);
    assert_int_equal(programme->rules[3].per, 5000);
}

static void conditions_are_read(void **state)
{
    const struct programme *programme = load_everything(*state);
    const struct condition *when = &programme->rules[0].when;
    assert_true(when->has_min_spend);
    assert_int_equal(when->min_spend, 1001);
    assert_true(when->has_min_quantity);
    assert_int_equal(when->min_quantity, 1250);
    assert_true(when->has_min_basket);
    assert_int_equal(when->min_basket, 20000);
    assert_true(when->has_from);
    assert_int_equal(when->from, day_from_date(2026, 12, 1));
    assert_true(when->has_to);
    assert_int_equal(when->to, when->from);
    assert_int_equal(when->weekdays, 1 << 0 | 1 << 6);
    assert_int_equal(when->hours_count, 2);
    assert_int_equal(when->hours[0].from, 1320);
    assert_int_equal(when->hours[0].to, 120);
    assert_int_equal(when->hours[1].to, 1440);
    assert_ids(&when->stores, "two", 1);
    assert_ids(&when->terminals, "till-1", 2);
    assert_ids(&when->codes, "SAVE 10", 1);
    assert_int_equal(when->levels_count, 2);
    assert_int_equal(when->levels[0], programme->tiers.levels[1].number);
    assert_int_equal(when->levels[1], programme->tiers.levels[0].number);
    assert_true(when->first_purchase);
    assert_ids(&programme->rules[0].unless.codes, "STAFF", 1);
    assert_false(programme->rules[0].unless.first_purchase);
}

static void cards_levels_and_rewards_are_read(void **state)
{
    const struct programme *programme = load_everything(*state);
    assert_int_equal(programme->cards_count, 4);
    assert_int_equal(programme->cards[0].required, 1);
    assert_int_equal(programme->cards[0].award.reward, 2);
    assert_int_equal(programme->cards[1].required, 10000);
    assert_int_equal(programme->cards[1].award.reward, 1);
    assert_string_equal(texts_choose(&programme->cards[1].name, "en-GB", NULL), "b");
    assert_int_equal(programme->tiers.window.kind, WINDOW_CALENDAR_YEAR);
    assert_true(programme->tiers.downgrade_one);
    assert_int_equal(programme->tiers.count, 2);
    assert_int_equal(programme->tiers.levels[0].multiplier, 0);
    assert_int_equal(programme->tiers.levels[1].multiplier, 1125);
    assert_int_equal(programme->tiers.levels[1].reach.qualifying, 1025);
    assert_int_equal(programme->rewards_count, 4);
    assert_int_equal(programme->rewards[0].kind, REWARD_FREE_ITEM);
    assert_int_equal(programme->rewards[0].max_value, 12500);
    assert_ids(&programme->rewards[0].selector.only.skus, "a", 1);
    assert_int_equal(programme->rewards[1].kind, REWARD_AMOUNT_OFF);
    assert_int_equal(programme->rewards[1].value, 5000);
    assert_ids(&programme->rewards[1].selector.except.skus, "b", 1);
    assert_int_equal(programme->rewards[2].kind, REWARD_PERCENT_OFF);
    assert_int_equal(programme->rewards[2].value, 12500);
    assert_int_equal(programme->rewards[2].max_value, 8000);
    assert_term(programme->rewards[2].valid, TERM_MONTHS, 0, TERM_END_OF_YEAR);
    assert_int_equal(programme->rewards[3].kind, REWARD_GIFT);
}

static void each_kind_is_numbered_from_one_in_the_order_of_the_file(void **state)
{
    struct fixture *fixture = *state;
    const struct programme *programme = load_everything(fixture);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(programme->rules[i].number, i + 1);
        assert_int_equal(programme->cards[i].number, i + 1);
        assert_int_equal(programme->rewards[i].number, i + 1);
    }
    assert_int_equal(programme->tiers.levels[0].number, 1);
    assert_int_equal(programme->tiers.levels[1].number, 2);
    assert_int_equal(fixture->numbers.count, 14);
}

/* --- files --- */

static size_t read_example(const char *name, char *ret_data)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/docs/examples/%s", LOYALTY_SOURCE, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t size = fread(ret_data, 1, FILE_BYTES_MAX - 1, file);
    fclose(file);
    ret_data[size] = '\0';
    return size;
}

static void the_examples_have_no_findings(void **state)
{
    static const char *const names[] = {"cornflower.yaml", "cafe.yaml", "shop.yaml", "chain.yaml"};
    char *data = malloc(FILE_BYTES_MAX);
    assert_non_null(data);
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        (void)read_example(names[i], data);
        (void)load(*state, data);
    }
    free(data);
}

static void cornflower_is_what_it_says(void **state)
{
    char *data = malloc(FILE_BYTES_MAX);
    assert_non_null(data);
    (void)read_example("cornflower.yaml", data);
    const struct programme *programme = load(*state, data);
    free(data);
    assert_non_null(programme_store(programme, "kalamaja"));
    assert_non_null(programme_store(programme, "telliskivi"));
    assert_int_equal(programme->rules[0].kind, RULE_SPEND);
    assert_int_equal(programme->rules[0].per, 100);
    assert_int_equal(programme->cards[programme->rules[1].card].required, 9);
    assert_string_equal(programme->rewards[programme->cards[0].award.reward].id, "free_lunch");
    assert_int_equal(programme->cards[programme->rules[2].card].required, 10);
    assert_term(programme->expiry, TERM_MONTHS, 12, TERM_END_OF_MONTH);
    assert_int_equal(programme->tiers.window.kind, WINDOW_ROLLING);
    assert_int_equal(programme->tiers.window.days, 365);
    assert_int_equal(programme->tiers.levels[1].multiplier, 1250);
    assert_int_equal(programme->tiers.levels[2].multiplier, 1500);
    assert_string_equal(texts_choose(&programme->name, "et", NULL), "Rukkilille klubi");
}

static void the_programme_stays_when_the_file_is_gone(void **state)
{
    struct fixture *fixture = *state;
    char *data = malloc(FILE_BYTES_MAX);
    assert_non_null(data);
    (void)read_example("cornflower.yaml", data);
    const struct programme *programme = load(fixture, data);
    memset(data, '#', FILE_BYTES_MAX);
    free(data);
    assert_true(fixture->arena.used < 16 * 1024);
    memset(fixture->arena.memory + fixture->arena.used, '#', fixture->arena.size - fixture->arena.used);
    assert_string_equal(programme->id, "cornflower");
    assert_string_equal(programme->zone, "Europe/Tallinn");
    assert_string_equal(programme->stores[1].id, "telliskivi");
    assert_string_equal(programme->exclude.except.labels.items[0], "delivery");
    assert_string_equal(texts_choose(&programme->points_name, "et", NULL), "tähte");
    assert_string_equal(programme->rules[2].selector.only.categories.items[0], "coffee");
    assert_string_equal(programme->tiers.levels[2].id, "gold");
    assert_string_equal(texts_choose(&programme->rewards[1].name, "et", NULL), "Tasuta kohv");
}

/* Whatever the room, the answer is the programme or a plain no. */
static void too_little_memory_is_a_failure_and_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    int result = ERR_NOMEM;
    size_t failures = 0;
    for (size_t size = 0; result != 0; size += testing_is_slow() ? 9770 : 977) {
        const struct programme *programme = NULL;
        struct arena arena;
        uint8_t *memory = malloc(size + 1);
        assert_non_null(memory);
        arena_init(&arena, memory, size);
        result =
            programme_load(bytes_of(everything), &arena, &fixture->numbers, &programme, &fixture->findings);
        if (result != 0) {
            failures++;
            assert_int_equal(result, ERR_NOMEM);
            assert_true(fixture->findings.count > 0);
            assert_null(programme);
            assert_int_equal(arena.used, 0);
            assert_int_equal(fixture->numbers.count, 0);
        }
        free(memory);
    }
    assert_true(failures > (testing_is_slow() ? 2 : 20));
}

/* A file cut anywhere is a file with findings, or one that says less. */
static void a_file_cut_anywhere_does_no_harm(void **state)
{
    struct fixture *fixture = *state;
    for (size_t size = 0; size < sizeof(everything) - 1; size += testing_is_slow() ? 41 : 3) {
        const struct programme *programme = NULL;
        uint8_t *exact = malloc(size + 1);
        assert_non_null(exact);
        memcpy(exact, everything, size);
        const struct numbers *numbers = &fixture->numbers;
        const size_t count = numbers->count;
        arena_reset(&fixture->arena);
        const int result = programme_load((struct bytes){exact, size}, &fixture->arena, &fixture->numbers,
                                          &programme, &fixture->findings);
        assert_true(result == 0 || result == ERR_FORMAT);
        assert_true(result == 0 || (fixture->findings.count > 0 && numbers->count == count));
        free(exact);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_programme_without_a_key_has_its_default),
        TEST(a_rule_without_a_key_has_its_default),
        TEST(levels_last_as_their_window_says),
        TEST(the_head_is_read),
        TEST(points_are_read),
        TEST(rules_are_read),
        TEST(conditions_are_read),
        TEST(cards_levels_and_rewards_are_read),
        TEST(each_kind_is_numbered_from_one_in_the_order_of_the_file),
        TEST(the_examples_have_no_findings),
        TEST(cornflower_is_what_it_says),
        TEST(the_programme_stays_when_the_file_is_gone),
        TEST(too_little_memory_is_a_failure_and_changes_nothing),
        TEST(a_file_cut_anywhere_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
