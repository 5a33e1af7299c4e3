/* The example programmes: they load, follow each other where they are versions of one, and say what they are
 * meant to show. What they give is in tests/engine/examples.table. */
#include "programme/diff.h"
#include "programme/load.h"

#include "lib/programme_file.h"
#include "lib/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES = 64 * 1024 };

struct fixture {
    struct arena arena;
    struct numbers numbers;
    struct findings findings;
    size_t count[3]; /* differences by kind */
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    void *memory = malloc(2 * PROGRAMME_ARENA_BYTES);
    assert_non_null(fixture);
    assert_non_null(memory);
    arena_init(&fixture->arena, memory, 2 * PROGRAMME_ARENA_BYTES);
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

/* The programme of an example, which has no errors and `warnings` warnings. */
static const struct programme *load(struct fixture *fixture, const char *name, size_t warnings)
{
    char path[4096];
    const struct programme *programme = NULL;
    uint8_t *data = malloc(FILE_BYTES);
    snprintf(path, sizeof(path), "%s/docs/examples/%s", LOYALTY_SOURCE, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(data);
    assert_non_null(file);
    const size_t size = fread(data, 1, FILE_BYTES, file);
    (void)fclose(file);
    assert_true(size < FILE_BYTES);
    const int result = programme_load((struct bytes){data, size}, &fixture->arena, &fixture->numbers,
                                      &programme, &fixture->findings);
    free(data);
    for (size_t i = 0; i < fixture->findings.count; i++) {
        const struct finding *finding = &fixture->findings.items[i];
        if (fixture->findings.count != warnings || !finding->warning) {
            print_error("%s:%d: %s: %s\n", name, finding->line, finding->path, finding->text);
        }
    }
    assert_int_equal(result, 0);
    assert_int_equal(fixture->findings.count, warnings);
    return programme;
}

static void the_cafe_gives_every_tenth_lunch_and_the_sixth_mug(void **state)
{
    const struct programme *cafe = load(*state, "cafe.yaml", 0);
    assert_int_equal(cafe->cards_count, 2);
    assert_int_equal(cafe->cards[0].required, 9);
    assert_int_equal(cafe->cards[1].required, 5);
    assert_int_equal(cafe->rewards[cafe->cards[0].award.reward].kind, REWARD_FREE_ITEM);
    assert_int_equal(cafe->rewards[cafe->cards[1].award.reward].kind, REWARD_GIFT);
    assert_int_equal(cafe->rules[2].kind, RULE_MULTIPLY);
    assert_int_equal(cafe->rules[2].factor, 2000);
    assert_int_equal(cafe->rules[2].when.hours[0].to, 9 * 60);
    for (size_t i = 0; i < cafe->rules_count; i++) {
        assert_true(cafe->rules[i].card >= 0);
    }
}

static void the_shop_has_three_levels_promotions_and_points_that_pay(void **state)
{
    const struct programme *shop = load(*state, "shop.yaml", 0);
    assert_int_equal(shop->tiers.count, 3);
    assert_int_equal(shop->campaigns_count, 1);
    assert_int_equal(shop->paying.points, 100);
    assert_int_equal(shop->paying.worth, 500);
    assert_int_equal(shop->paying.max_share, 50000);
    assert_true(shop->paying.clamp);
    size_t multipliers = 0;
    size_t sold = 0;
    for (size_t i = 0; i < shop->rules_count; i++) {
        multipliers += shop->rules[i].kind == RULE_MULTIPLY;
    }
    for (size_t i = 0; i < shop->rewards_count; i++) {
        sold += shop->rewards[i].has_cost;
    }
    assert_int_equal(multipliers, 2);
    assert_int_equal(sold, 1);
}

static void the_chain_has_stores_limits_stock_pending_points_and_a_set(void **state)
{
    const struct programme *chain = load(*state, "chain.yaml", 0);
    assert_int_equal(chain->stores_count, 5);
    assert_string_equal(programme_store(chain, "stockholm")->zone, "Europe/Stockholm");
    assert_int_equal(programme_store(chain, "tallinn_port")->day_starts, 4 * 60);
    assert_int_equal(chain->points_decimals, 1);
    assert_int_equal(chain->available_after.count, 14);
    assert_int_equal(chain->expiry.round, TERM_END_OF_YEAR);
    assert_int_equal(chain->limits.count, 3);
    assert_int_equal(chain->cards[0].distinct, DISTINCT_SKUS);
    bool stock = false;
    for (size_t i = 0; i < chain->rules_count; i++) {
        const struct limits *limits = &chain->rules[i].limits;
        for (size_t k = 0; k < limits->count; k++) {
            const struct limit *limit = &limits->items[k];
            stock =
                stock || (limit->of == LIMIT_TIMES && limit->per == LIMIT_EVER && limit->whose == LIMIT_ALL);
        }
    }
    assert_true(stock);
}

static void count_difference(void *context, const struct difference *difference)
{
    struct fixture *fixture = context;
    fixture->count[difference->kind]++;
}

/* The seventh version of the café chain has names of two rules in one of its three languages. */
static void a_later_version_follows_and_what_it_changes_is_said(void **state)
{
    struct fixture *fixture = *state;
    const struct programme *first = load(fixture, "cornflower.yaml", 0);
    const struct programme *seventh = load(fixture, "cornflower-7.yaml", 4);
    struct findings findings = {.count = 0};
    size_t count = 0;
    struct arena scratch;
    void *memory = malloc(PROGRAMME_DIFF_BYTES);
    assert_non_null(memory);
    arena_init(&scratch, memory, PROGRAMME_DIFF_BYTES);
    assert_int_equal(programme_follows(first, seventh, "EUR", &findings), 0);
    assert_int_equal(
        programme_diff(first, seventh, &fixture->numbers, &scratch, count_difference, fixture, &count), 0);
    free(memory);
    assert_int_equal(count, fixture->count[DIFFERENCE_NEW] + fixture->count[DIFFERENCE_GONE] +
                                fixture->count[DIFFERENCE_CHANGED]);
    /* One shop, nine rules, a campaign, two milestones, a card and six rewards; nothing is gone. */
    assert_int_equal(fixture->count[DIFFERENCE_NEW], 1 + 9 + 1 + 2 + 1 + 6);
    assert_int_equal(fixture->count[DIFFERENCE_GONE], 0);
    assert_true(fixture->count[DIFFERENCE_CHANGED] > 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_cafe_gives_every_tenth_lunch_and_the_sixth_mug),
        TEST(the_shop_has_three_levels_promotions_and_points_that_pay),
        TEST(the_chain_has_stores_limits_stock_pending_points_and_a_set),
        TEST(a_later_version_follows_and_what_it_changes_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
