#include "engine/engine.h"

#include "lib/shop.h"

#include "model/day.h"

static struct shop shop;

enum { MONDAY = 20514 }; /* 2026-03-02 */

static const char *const expiring = "points: {expiry: {after: {days: 10}}}\n"
                                    "rules: [{id: euro, spend: {give: 1, per: 1.00}}]\n";

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

/* Customer 0 spends so much on a day. */
static void buy(int32_t day, int64_t amount)
{
    static const uint8_t card[HASH_BYTES];
    const struct line line = {.quantity = 1000, .gross = amount};
    struct event event = {.kind = EVENT_PURCHASE};
    event.purchase = (struct purchase){.card = {card, sizeof(card)}, .lines = &line, .lines_count = 1};
    assert_int_equal(shop_book(&shop, 0, &event, (struct shop_time){day, 600, day}), 0);
}

static void due_days_are_ascending_and_each_once(void **state)
{
    int32_t days[4];
    size_t count = 0;
    (void)state;
    shop_load(&shop, expiring);
    buy(MONDAY, 500);
    buy(MONDAY, 700);
    buy(MONDAY + 3, 100);
    struct member_state *anna = shop.customers[0];
    anna->lots[0].until += 1; /* out of the order of their origins */
    assert_int_equal(engine_due(shop.programme, anna, MONDAY + 10, days, 4, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(engine_due(shop.programme, anna, MONDAY + 99, days, 4, &count), 0);
    assert_int_equal(count, 3);
    assert_int_equal(days[0], MONDAY + 11);
    assert_int_equal(days[1], MONDAY + 12);
    assert_int_equal(days[2], MONDAY + 14);
    assert_int_equal(engine_due(shop.programme, anna, MONDAY + 99, days, 2, &count), ERR_TOO_LARGE);
}

static void expiry_is_dated_at_the_start_of_the_day_after_the_last(void **state)
{
    (void)state;
    shop_load(&shop, expiring);
    buy(MONDAY, 500);
    buy(MONDAY + 1, 700);
    shop_settle(&shop, 0, MONDAY + 50);
    const struct outcome *outcome = &shop.decision->outcome;
    assert_int_equal(outcome->effects_count, 2);
    assert_int_equal(outcome->effects[0].move.amount, 5);
    assert_int_equal(outcome->effects[0].move.lot.position, 1);
    assert_true(outcome->effects[0].move.effective_at == (int64_t)(MONDAY + 11) * DAY_MS);
    assert_true(outcome->effects[1].move.effective_at == (int64_t)(MONDAY + 12) * DAY_MS);
    assert_int_equal(outcome->effects[1].move.credit, account_of_programme(PROGRAMME_EXPIRED));
}

static void a_due_day_the_context_does_not_have_is_corrupt(void **state)
{
    (void)state;
    shop_load(&shop, expiring);
    buy(MONDAY, 500);
    decision_clear(shop.decision);
    shop.context->booked_day = MONDAY + 50;
    shop.context->day_starts_count = 1;
    shop.context->day_starts[0] = (struct day_start){MONDAY + 10, 1};
    assert_int_equal(engine_settle(shop.programme, shop.customers[0], shop.context, &shop.decision->outcome),
                     ERR_CORRUPT);
}

static void what_is_reserved_does_not_expire(void **state)
{
    (void)state;
    shop_load(&shop, expiring);
    buy(MONDAY, 500);
    buy(MONDAY, 300);
    struct member_state *anna = shop.customers[0];
    anna->balances[MEMBER_AVAILABLE] = 6;
    anna->balances[MEMBER_RESERVED] = 2;
    anna->lots[0].reserved = 2;
    shop_settle(&shop, 0, MONDAY + 11);
    assert_int_equal(anna->balances[MEMBER_AVAILABLE], 0);
    assert_int_equal(anna->lots_count, 1);
    assert_int_equal(anna->lots[0].left, 2);
    shop_settle(&shop, 0, MONDAY + 12);
    assert_int_equal(shop.decision->outcome.effects_count, 0);
    /* Released: then it is over. */
    anna->balances[MEMBER_AVAILABLE] = 2;
    anna->balances[MEMBER_RESERVED] = 0;
    anna->lots[0].reserved = 0;
    shop_settle(&shop, 0, MONDAY + 12);
    assert_int_equal(anna->lots_count, 0);
}

static void settling_nobody_gives_nothing(void **state)
{
    static struct member_state nobody;
    (void)state;
    shop_load(&shop, expiring);
    member_state_clear(&nobody, 0);
    decision_clear(shop.decision);
    shop.context->booked_day = MONDAY;
    assert_int_equal(engine_settle(shop.programme, &nobody, shop.context, &shop.decision->outcome), 0);
    assert_int_equal(shop.decision->outcome.effects_count, 0);
}

static int64_t counted(int32_t first, int32_t last)
{
    return member_state_metric(shop.customers[0], METRIC_QUALIFYING, first, last);
}

static void old_days_of_a_metric_are_added_up_and_none_is_lost(void **state)
{
    (void)state;
    shop_load(&shop, "rules: [{id: euro, spend: {give: 1, per: 1.00}}]\n"
                     "tiers: {window: lifetime, levels: [{id: guest}]}\n");
    for (int32_t i = 0; i < 10; i++) {
        buy(MONDAY + i * 200, 100);
    }
    const int32_t last = MONDAY + 9 * 200; /* 2031-02-04 */
    const struct member_state *anna = shop.customers[0];
    assert_int_equal(counted(DAY_MIN, DAY_MAX), 10);
    assert_int_equal(engine_qualifying(shop.programme, anna, last), 10);
    /* Kept one by one from 2030-01-01: the start of the year before that of the latest purchase to come. */
    assert_int_equal(anna->metric_days[0].day, DAY_MIN);
    assert_int_equal(anna->metric_days[1].day, MONDAY + 8 * 200);
    assert_int_equal(counted(MONDAY, last), (int64_t)anna->metric_days_count - 1);
    /* Until 2032-01-31 a purchase may come of which 2030 is less than 366 days ago. */
    const size_t kept = anna->metric_days_count;
    shop_settle(&shop, 0, MONDAY + 2161);
    assert_int_equal(anna->metric_days_count, kept);
    shop_settle(&shop, 0, MONDAY + 2162);
    assert_true(anna->metric_days_count < kept);
}

static void each_metric_is_added_up_by_itself(void **state)
{
    struct effect effect = {.kind = EFFECT_METRIC, .member = 1};
    (void)state;
    shop_load(&shop, expiring);
    buy(MONDAY, 100);
    for (uint32_t i = 0; i < 6; i++) {
        effect.metric.metric = 1 + i / 2;
        effect.metric.day = MONDAY + (int32_t)(i % 2);
        effect.metric.amount = 1 << i;
        assert_int_equal(engine_apply(shop.customers[0], 1, &effect), 0);
    }
    shop_settle(&shop, 0, MONDAY + 2000);
    const struct member_state *anna = shop.customers[0];
    const int64_t sums[] = {1, 1 + 2, 4 + 8, 16 + 32};
    assert_int_equal(anna->metric_days_count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(anna->metric_days[i].metric, i);
        assert_int_equal(anna->metric_days[i].day, DAY_MIN);
        assert_int_equal(anna->metric_days[i].amount, sums[i]);
    }
}

static void a_daily_customer_of_thirty_years_stays_within_bounds(void **state)
{
    (void)state;
    shop_load(&shop,
              "points: {expiry: {after: {months: 12}}}\n"
              "rules: [{id: euro, spend: {give: 1, per: 1.00}}]\n"
              "tiers: {window: rolling, days: 365, levels: [{id: guest}, {id: gold, qualifying: 360}]}\n");
    const int32_t days = (testing_is_slow() ? 3 : 30) * 366;
    for (int32_t i = 0; i < days; i++) {
        buy(MONDAY + i, 100);
    }
    const struct member_state *anna = shop.customers[0];
    assert_true(anna->metric_days_count < 1300);
    assert_true(anna->lots_count <= 367);
    assert_int_equal(engine_qualifying(shop.programme, anna, MONDAY + days - 1), 365);
    assert_int_equal(counted(DAY_MIN, DAY_MAX), days);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(due_days_are_ascending_and_each_once, setup, teardown),
        cmocka_unit_test_setup_teardown(expiry_is_dated_at_the_start_of_the_day_after_the_last, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_due_day_the_context_does_not_have_is_corrupt, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_reserved_does_not_expire, setup, teardown),
        cmocka_unit_test_setup_teardown(settling_nobody_gives_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(old_days_of_a_metric_are_added_up_and_none_is_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(each_metric_is_added_up_by_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(a_daily_customer_of_thirty_years_stays_within_bounds, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
