/* Bounds and corners of decisions; what they give stands in the tables of tests/engine. */
#include "engine/engine.h"

#include "lib/shop.h"

#include <string.h>

static struct shop shop;
static const uint8_t card[HASH_BYTES];

enum { MONDAY = 20514 }; /* 2026-03-02 */

static int setup(void **state)
{
    (void)state;
    shop_open(&shop, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    shop_close(&shop);
    return 0;
}

static int buy_on(int32_t day, const struct line *lines, size_t lines_count)
{
    struct event event = {.kind = EVENT_PURCHASE};
    event.purchase =
        (struct purchase){.card = {card, sizeof(card)}, .lines = lines, .lines_count = lines_count};
    return shop_book(&shop, 0, &event, (struct shop_time){day, 600, day});
}

static int buy(const struct line *lines, size_t lines_count)
{
    return buy_on(MONDAY, lines, lines_count);
}

static const char *const stamping = "rules: [{id: stamp, card: cup, item: {give: 1}}]\n"
                                    "rewards: [{id: mug, kind: gift}]\n"
                                    "stamp_cards: [{id: cup, required: 2, gives: {reward: mug}}]\n";

static void sixty_four_rewards_at_once_are_given_and_no_more(void **state)
{
    struct line line = {.quantity = 2 * VOUCHERS_PER_EVENT_MAX * 1000, .gross = 100};
    (void)state;
    shop_load(&shop, stamping);
    assert_int_equal(buy(&line, 1), 0);
    assert_int_equal(shop.customers[0]->vouchers_count, VOUCHERS_PER_EVENT_MAX);
    assert_memory_equal(shop.customers[0]->vouchers[63].code,
                        shop.context->random + (size_t)63 * VOUCHER_CODE_BYTES, VOUCHER_CODE_BYTES);
    line.quantity += 2000;
    assert_int_equal(buy(&line, 1), ERR_TOO_LARGE);
    line.quantity = QUANTITY_MAX;
    assert_int_equal(buy(&line, 1), ERR_TOO_LARGE);
}

static int decide_again(const struct event *event)
{
    decision_clear(shop.decision);
    return engine_decide(shop.programme, &shop.place, event, shop.context, NULL, shop.decision);
}

static void a_context_without_the_codes_it_drew_is_corrupt(void **state)
{
    const struct line line = {.quantity = 4000, .gross = 100};
    struct event event = {.kind = EVENT_PURCHASE};
    (void)state;
    shop_load(&shop, stamping);
    assert_int_equal(buy(&line, 1), 0);
    event.purchase = (struct purchase){.card = {card, sizeof(card)}, .lines = &line, .lines_count = 1};
    shop.context->random_size = (size_t)2 * VOUCHER_CODE_BYTES;
    assert_int_equal(decide_again(&event), 0);
    shop.context->random_size--;
    assert_int_equal(decide_again(&event), ERR_CORRUPT);
}

static void more_points_than_an_event_may_give_is_an_overflow(void **state)
{
    struct line line = {.quantity = 1000, .gross = AMOUNT_MAX};
    (void)state;
    shop_load(&shop, "rules: [{id: cent, spend: {give: 1, per: 0.01}}]\n"
                     "tiers: {window: lifetime, levels: [{id: all, multiply: 1}]}\n");
    assert_int_equal(buy(&line, 1), 0);
    assert_int_equal(shop.customers[0]->balances[MEMBER_AVAILABLE], POINTS_MAX);
    const struct line two[] = {line, line};
    assert_int_equal(buy(two, 2), ERR_OVERFLOW);
    shop_load(&shop, "rules: [{id: cent, spend: {give: 1, per: 0.01}}]\n"
                     "tiers: {window: lifetime, levels: [{id: all, multiply: 1.001}]}\n");
    assert_int_equal(buy(&line, 1), ERR_OVERFLOW);
    shop_load(&shop, "rules: [{id: unit, item: {give: 1000000000}}]\n");
    line.quantity = QUANTITY_MAX;
    assert_int_equal(buy(&line, 1), ERR_OVERFLOW);
}

static void the_largest_basket_is_decided_and_a_larger_one_is_not(void **state)
{
    static struct line lines[LINES_MAX + 1];
    (void)state;
    shop_load(&shop, "rules: [{id: euro, spend: {give: 1, per: 1.00}}]\n");
    for (size_t i = 0; i <= LINES_MAX; i++) {
        lines[i] = (struct line){.quantity = 1000, .gross = 100};
    }
    assert_int_equal(buy(lines, LINES_MAX), 0);
    assert_int_equal(shop.customers[0]->balances[MEMBER_AVAILABLE], LINES_MAX);
    assert_int_equal(buy(lines, LINES_MAX + 1), ERR_TOO_LARGE);
}

static void tax_beyond_all_measure_is_an_overflow(void **state)
{
    struct line line = {.quantity = 1000, .gross = 1, .tax = AMOUNT_MAX, .discount = AMOUNT_MAX};
    (void)state;
    shop_load(&shop, "basis: {tax: excluded, discounts: before}\n"
                     "rules: [{id: euro, spend: {give: 1, per: 1.00}}]\n");
    assert_int_equal(buy(&line, 1), ERR_OVERFLOW);
    line.tax = 100;
    assert_int_equal(buy(&line, 1), ERR_OVERFLOW);
    line.tax = 1;
    assert_int_equal(buy(&line, 1), 0);
}

static void a_refusal_has_no_effects_not_even_those_of_the_settlement(void **state)
{
    const struct line line = {.quantity = 1000, .gross = 500};
    const struct pay_with_points pay = {.points = 1};
    struct event event = {.kind = EVENT_PURCHASE};
    (void)state;
    shop_load(&shop, "points: {expiry: {after: {days: 1}}}\n"
                     "rules: [{id: euro, spend: {give: 1, per: 1.00}}]\n");
    assert_int_equal(buy(&line, 1), 0);
    shop_settle(&shop, 0, MONDAY);
    struct effect *settled = outcome_add(&shop.decision->outcome, EFFECT_METRIC, 1);
    assert_non_null(settled);
    event.purchase = (struct purchase){
        .card = {card, sizeof(card)}, .lines = &line, .lines_count = 1, .pay_with_points = &pay};
    assert_int_equal(engine_decide(shop.programme, &shop.place, &event, shop.context, NULL, shop.decision),
                     0);
    const struct outcome *outcome = &shop.decision->outcome;
    assert_int_equal(outcome->code, CODE_NOT_FOR_SALE);
    assert_int_equal(outcome->effects_count, 0);
    assert_int_equal(outcome->programme_version, 1);
    assert_false(outcome->has_balances);
    assert_int_equal(shop.decision->trace_count, 0);
}

static void an_event_without_room_for_its_effects_is_too_large(void **state)
{
    const struct line line = {.quantity = 1000, .gross = 500};
    struct event event = {.kind = EVENT_PURCHASE};
    (void)state;
    shop_load(&shop, "rules: [{id: euro, spend: {give: 1, per: 1.00}}]\n"
                     "tiers: {window: lifetime, levels: [{id: guest}]}\n");
    assert_int_equal(buy(&line, 1), 0);
    event.purchase = (struct purchase){.card = {card, sizeof(card)}, .lines = &line, .lines_count = 1};
    /* Enrol, lot, move, metric, level, visit: all fit, or the decision says so. */
    for (size_t room = 0; room <= 6; room++) {
        decision_clear(shop.decision);
        while (shop.decision->outcome.effects_count < EFFECTS_MAX - room) {
            assert_non_null(outcome_add(&shop.decision->outcome, EFFECT_LIVE, 0));
        }
        const int err = engine_decide(shop.programme, &shop.place, &event, shop.context, NULL, shop.decision);
        assert_int_equal(err, room == 6 ? 0 : ERR_TOO_LARGE);
    }
}

/* A member whose stamps are owed: the next ones pay the debt first. */
static void stamps_owed_are_paid_first(void **state)
{
    const struct line line = {.quantity = 3000, .gross = 100};
    struct effect effect = {.kind = EFFECT_STAMPS, .member = 1};
    (void)state;
    shop_load(&shop, stamping);
    assert_int_equal(buy(&line, 1), 0);
    effect.stamps.card = 1;
    effect.stamps.count = -2;
    assert_int_equal(engine_apply(shop.customers[0], shop.position, &effect), 0);
    assert_int_equal(buy(&line, 1), 0);
    const struct stamps *stamps = member_state_stamps(shop.customers[0], 1);
    assert_int_equal(stamps->count, 1);
    assert_int_equal(stamps->completed, 1);
    assert_int_equal(stamps->since, MONDAY);
}

static void a_card_counts_from_the_day_of_its_first_stamp(void **state)
{
    struct line line = {.quantity = 1000, .gross = 100};
    (void)state;
    shop_load(&shop, "rules: [{id: stamp, card: cup, item: {give: 1}}]\n"
                     "rewards: [{id: mug, kind: gift}]\n"
                     "stamp_cards: [{id: cup, required: 3, gives: {reward: mug}}]\n");
    assert_int_equal(buy(&line, 1), 0);
    assert_int_equal(buy_on(MONDAY + 1, &line, 1), 0);
    const struct stamps *stamps = member_state_stamps(shop.customers[0], 1);
    assert_int_equal(stamps->since, MONDAY);
    line.quantity = 2000;
    assert_int_equal(buy_on(MONDAY + 2, &line, 1), 0);
    assert_int_equal(stamps->count, 1);
    assert_int_equal(stamps->since, MONDAY + 2);
    assert_int_equal(buy_on(MONDAY + 3, &line, 1), 0);
    assert_int_equal(stamps->count, 0);
    assert_int_equal(stamps->since, 0);
    assert_int_equal(stamps->completed, 2);
}

/* Levels may come with a later version: who has none yet stands at the lowest. */
static void a_member_from_before_there_were_levels_stands_at_the_lowest(void **state)
{
    const struct line line = {.quantity = 1000, .gross = 500};
    (void)state;
    shop_load(&shop,
              "rules: [{id: euro, spend: {give: 1, per: 1.00}}]\n"
              "tiers: {window: lifetime, levels: [{id: guest, multiply: 2}, {id: gold, qualifying: 20}]}\n");
    assert_int_equal(buy(&line, 1), 0);
    shop.customers[0]->level = 0;
    shop_settle(&shop, 0, MONDAY);
    assert_int_equal(shop.customers[0]->level, 0);
    assert_int_equal(buy(&line, 0), 0);
    assert_int_equal(shop.customers[0]->level, 1);
    assert_int_equal(buy(&line, 1), 0);
    assert_int_equal(shop.customers[0]->balances[MEMBER_AVAILABLE], 20);
    assert_int_equal(shop.customers[0]->level, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sixty_four_rewards_at_once_are_given_and_no_more, setup, teardown),
        cmocka_unit_test_setup_teardown(a_context_without_the_codes_it_drew_is_corrupt, setup, teardown),
        cmocka_unit_test_setup_teardown(more_points_than_an_event_may_give_is_an_overflow, setup, teardown),
        cmocka_unit_test_setup_teardown(the_largest_basket_is_decided_and_a_larger_one_is_not, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(tax_beyond_all_measure_is_an_overflow, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_has_no_effects_not_even_those_of_the_settlement, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_event_without_room_for_its_effects_is_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(stamps_owed_are_paid_first, setup, teardown),
        cmocka_unit_test_setup_teardown(a_card_counts_from_the_day_of_its_first_stamp, setup, teardown),
        cmocka_unit_test_setup_teardown(a_member_from_before_there_were_levels_stands_at_the_lowest, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
