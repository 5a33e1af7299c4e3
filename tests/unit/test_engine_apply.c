#include "engine/engine.h"

#include "lib/testing.h"

#include "model/day.h"

static struct member_state anna;

static int setup(void **state)
{
    (void)state;
    member_state_clear(&anna, 7);
    return 0;
}

static struct effect lot(uint32_t index, int32_t until)
{
    struct effect effect = {.kind = EFFECT_LOT, .member = 7};
    effect.lot.index = index;
    effect.lot.since = 100;
    effect.lot.until = until;
    return effect;
}

static struct effect move(uint64_t debit, uint64_t credit, int64_t amount, struct origin origin)
{
    struct effect effect = {.kind = EFFECT_MOVE};
    effect.move.debit = debit;
    effect.move.credit = credit;
    effect.move.amount = amount;
    effect.move.has_lot = true;
    effect.move.lot = origin;
    return effect;
}

static struct effect credit(uint32_t index, int64_t amount)
{
    return move(account_of_programme(PROGRAMME_ISSUED), account_of_member(7, MEMBER_AVAILABLE), amount,
                (struct origin){0, index});
}

static struct effect spend(uint64_t position, uint32_t index, int64_t amount)
{
    return move(account_of_member(7, MEMBER_AVAILABLE), account_of_programme(PROGRAMME_REDEEMED), amount,
                (struct origin){position, index});
}

static struct effect metric(uint32_t number, int32_t day, int64_t amount)
{
    struct effect effect = {.kind = EFFECT_METRIC, .member = 7};
    effect.metric.metric = number;
    effect.metric.day = day;
    effect.metric.amount = amount;
    return effect;
}

static void fold(uint64_t position, struct effect effect)
{
    assert_int_equal(engine_apply(&anna, position, &effect), 0);
}

static void fold_fails(uint64_t position, struct effect effect, int err)
{
    assert_int_equal(engine_apply(&anna, position, &effect), err);
}

static void lots_stand_in_the_order_of_their_origin_and_empty_ones_go(void **state)
{
    (void)state;
    fold(5, lot(1, 200));
    fold(5, credit(1, 10));
    fold(5, lot(0, DAY_NEVER));
    fold(5, credit(0, 20));
    fold(9, lot(0, 150));
    fold(9, credit(0, 30));
    fold(9, credit(0, 5));
    assert_int_equal(anna.lots_count, 3);
    assert_int_equal(anna.lots[0].left, 20);
    assert_int_equal(anna.lots[1].left, 10);
    assert_int_equal(anna.lots[2].amount, 35);
    assert_int_equal(anna.lots[2].until, 150);
    assert_int_equal(anna.balances[MEMBER_AVAILABLE], 65);
    fold(12, spend(5, 1, 10));
    fold(12, spend(9, 0, 1));
    assert_int_equal(anna.lots_count, 2);
    assert_int_equal(anna.lots[1].origin.position, 9);
    assert_int_equal(anna.lots[1].left, 34);
    assert_int_equal(anna.lots[1].amount, 35);
    assert_int_equal(anna.last_position, 12);
    assert_true(engine_state_holds(&anna));
}

static void what_no_decision_can_have_given_is_corrupt(void **state)
{
    (void)state;
    fold(5, lot(0, DAY_NEVER));
    fold(5, credit(0, 20));
    fold_fails(5, lot(0, DAY_NEVER), ERR_CORRUPT);
    fold_fails(6, spend(5, 1, 1), ERR_CORRUPT);
    fold_fails(6, spend(5, 0, 21), ERR_CORRUPT);
    fold_fails(6, spend(5, 0, 0), ERR_CORRUPT);
    fold_fails(6, move(account_of_member(7, MEMBER_ACCOUNTS), 0, 1, (struct origin){5, 0}), ERR_CORRUPT);
}

static void what_the_state_does_not_have_cannot_end(void **state)
{
    (void)state;
    struct effect effect = {.kind = EFFECT_VOUCHER_END, .member = 7};
    fold_fails(1, effect, ERR_CORRUPT);
    fold_fails(1, (struct effect){.kind = EFFECT_VOUCHER_HOLD, .member = 7}, ERR_CORRUPT);
    fold_fails(1, (struct effect){.kind = EFFECT_RESERVATION_END, .member = 7}, ERR_CORRUPT);
    effect = (struct effect){.kind = EFFECT_VISIT, .member = 7};
    effect.visit.undone = true;
    fold_fails(1, effect, ERR_CORRUPT);
    effect.visit.undone = false;
    anna.purchases = UINT32_MAX;
    fold_fails(1, effect, ERR_OVERFLOW);
    effect = (struct effect){.kind = EFFECT_STAMPS, .member = 7};
    effect.stamps.card = 1;
    effect.stamps.undone = 1;
    fold_fails(1, effect, ERR_CORRUPT);
    effect.stamps.undone = 0;
    effect.stamps.completed = UINT32_MAX;
    fold(1, effect);
    effect.stamps.completed = 1;
    fold_fails(2, effect, ERR_OVERFLOW);
}

static void what_changes_nothing_leaves_nothing(void **state)
{
    (void)state;
    struct effect effect = {.kind = EFFECT_COUNTER, .member = 7};
    effect.counter.limit = 3;
    fold(1, effect);
    assert_int_equal(anna.counters_count, 0);
    effect = (struct effect){.kind = EFFECT_ITEM, .member = 7};
    effect.item.card = 1;
    fold(1, effect);
    assert_int_equal(anna.items_count, 0);
    effect.item.item = 5;
    effect.item.amount = 1000;
    fold(1, effect);
    effect.item.item = 4;
    fold(1, effect);
    effect.item.card = 0;
    effect.item.item = 9;
    fold(1, effect);
    assert_int_equal(anna.items_count, 3);
    assert_int_equal(anna.items[0].item, 9);
    assert_int_equal(anna.items[1].item, 4);
    effect.item.amount = INT64_MAX;
    fold_fails(2, effect, ERR_OVERFLOW);
}

static void levels_and_reservations_follow_one_another(void **state)
{
    (void)state;
    struct effect effect = {.kind = EFFECT_LEVEL, .member = 7};
    for (int32_t i = 0; i < 2; i++) {
        effect.level.level = 1 + (uint32_t)i % 2;
        effect.level.since = 10 + i;
        fold(1, effect);
    }
    effect.level.level = 9;
    effect.level.since = 9;
    fold_fails(2, effect, ERR_CORRUPT);
    effect = (struct effect){.kind = EFFECT_RESERVATION, .member = 7};
    effect.reservation.points = 1;
    fold(5, effect);
    fold_fails(5, effect, ERR_CORRUPT);
}

static void effects_of_others_leave_the_state_as_it_is(void **state)
{
    (void)state;
    struct effect other = metric(0, 100, 5);
    other.member = 8;
    fold(5, other);
    fold(5, move(account_of_programme(PROGRAMME_ISSUED), account_of_member(8, MEMBER_AVAILABLE), 3,
                 (struct origin){0, 0}));
    fold(5, (struct effect){.kind = EFFECT_ENROL, .member = 8});
    fold(5, (struct effect){.kind = EFFECT_LIVE});
    assert_int_equal(anna.metric_days_count, 0);
    assert_int_equal(anna.balances[MEMBER_AVAILABLE], 0);
    assert_int_equal(anna.last_position, 0);
    assert_int_equal(anna.member, 7);
}

static void nobody_becomes_who_is_enrolled(void **state)
{
    (void)state;
    member_state_clear(&anna, 0);
    fold(5, metric(0, 100, 5));
    assert_int_equal(anna.metric_days_count, 0);
    fold(6, (struct effect){.kind = EFFECT_ENROL, .member = 7});
    assert_int_equal(anna.member, 7);
    assert_int_equal(anna.last_position, 6);
    assert_int_equal(anna.level_until, DAY_NEVER);
}

static void metric_days_are_sorted_and_gone_when_nothing_is_left(void **state)
{
    (void)state;
    fold(1, metric(1, 50, 3));
    fold(1, metric(0, 90, 1));
    fold(1, metric(0, 80, 2));
    fold(1, metric(0, DAY_MIN, 9));
    fold(2, metric(0, 80, 5));
    fold(2, metric(0, 90, -1));
    fold(2, metric(0, 85, 0));
    assert_int_equal(anna.metric_days_count, 3);
    assert_int_equal(anna.metric_days[0].day, DAY_MIN);
    assert_int_equal(anna.metric_days[1].amount, 7);
    assert_int_equal(anna.metric_days[2].metric, 1);
    assert_true(engine_state_holds(&anna));
}

static void stamps_are_one_row_a_card(void **state)
{
    (void)state;
    struct effect effect = {.kind = EFFECT_STAMPS, .member = 7};
    effect.stamps.card = 9;
    effect.stamps.count = 4;
    effect.stamps.completed = 2;
    effect.stamps.since = 100;
    fold(1, effect);
    effect.stamps.card = 3;
    effect.stamps.count = -1;
    fold(1, effect);
    effect.stamps.card = 9;
    effect.stamps.count = 0;
    effect.stamps.completed = 1;
    fold(2, effect);
    assert_int_equal(anna.stamps_count, 2);
    assert_int_equal(anna.stamps[0].card, 3);
    assert_int_equal(anna.stamps[0].count, -1);
    assert_int_equal(member_state_stamps(&anna, 9)->completed, 3);
    assert_int_equal(member_state_stamps(&anna, 9)->count, 0);
}

static void a_late_visit_is_not_the_last(void **state)
{
    (void)state;
    struct effect effect = {.kind = EFFECT_VISIT, .member = 7};
    effect.visit.day = 30;
    fold(1, effect);
    assert_int_equal(anna.last_purchase, 30);
    effect.visit.day = 100;
    fold(2, effect);
    effect.visit.day = 90;
    fold(3, effect);
    assert_int_equal(anna.purchases, 3);
    assert_int_equal(anna.last_purchase, 100);
}

static void full_arrays_are_too_large(void **state)
{
    (void)state;
    for (int32_t i = 0; i < METRIC_DAYS_MAX; i++) {
        fold(1, metric(0, 2 * i, 1));
    }
    fold_fails(1, metric(0, 1, 1), ERR_TOO_LARGE);
    fold(1, metric(0, 2, 1));
    for (uint32_t i = 0; i < LOTS_MAX; i++) {
        fold(1, lot(i, 5));
    }
    fold_fails(2, lot(0, 5), ERR_TOO_LARGE);
    struct effect voucher = {.kind = EFFECT_VOUCHER, .member = 7};
    for (uint32_t i = 0; i < VOUCHERS_MAX; i++) {
        voucher.voucher.index = VOUCHERS_MAX - 1 - i;
        voucher.voucher.reward = i;
        fold(1, voucher);
    }
    assert_int_equal(anna.vouchers[0].reward, VOUCHERS_MAX - 1);
    fold_fails(1, voucher, ERR_CORRUPT);
    voucher.voucher.index = VOUCHERS_MAX;
    fold_fails(1, voucher, ERR_TOO_LARGE);
}

static void balances_never_leave_their_range(void **state)
{
    (void)state;
    fold(1, lot(0, 5));
    fold(1, credit(0, INT64_MAX));
    fold_fails(2, credit(0, 1), ERR_OVERFLOW);
}

static void a_state_whose_books_do_not_add_up_does_not_hold(void **state)
{
    (void)state;
    fold(5, lot(0, DAY_NEVER));
    fold(5, credit(0, 20));
    assert_true(engine_state_holds(&anna));
    anna.balances[MEMBER_AVAILABLE] = 19;
    assert_false(engine_state_holds(&anna));
    anna.balances[MEMBER_RESERVED] = 1;
    assert_false(engine_state_holds(&anna));
    anna.lots[0].reserved = 1;
    assert_true(engine_state_holds(&anna));
    /* Owing 5: all that is in lots is reserved. */
    anna.balances[MEMBER_AVAILABLE] = -5;
    assert_false(engine_state_holds(&anna));
    anna.balances[MEMBER_RESERVED] = 20;
    anna.lots[0].reserved = 20;
    assert_true(engine_state_holds(&anna));
    anna.lots[0].reserved = 0;
    anna.lots[0].due = 9;
    assert_false(engine_state_holds(&anna));
    anna.balances[MEMBER_PENDING] = 20;
    anna.balances[MEMBER_RESERVED] = 0;
    assert_true(engine_state_holds(&anna));
    anna.lots[0].left = 21;
    anna.balances[MEMBER_PENDING] = 21;
    assert_false(engine_state_holds(&anna));
}

/* Each of what must hold, broken by itself. */
static void a_state_out_of_order_does_not_hold(void **state)
{
    static struct member_state good;
    (void)state;
    fold(5, lot(0, DAY_NEVER));
    fold(5, credit(0, 20));
    fold(5, lot(1, DAY_NEVER));
    fold(5, credit(1, 30));
    fold(6, metric(1, 10, 4));
    fold(6, metric(1, 11, 4));
    fold(6, metric(2, 3, 4));
    for (uint32_t card = 1; card < 3; card++) {
        struct effect stamps = {.kind = EFFECT_STAMPS, .member = 7};
        stamps.stamps.card = card;
        fold(6, stamps);
    }
    assert_true(engine_state_holds(&anna));
    good = anna;
    anna.lots[1].origin.index = 0;
    assert_false(engine_state_holds(&anna));
    anna = good;
    anna.lots[1].origin.position = 4;
    assert_false(engine_state_holds(&anna));
    anna = good;
    anna.lots[0].left = 0;
    assert_false(engine_state_holds(&anna));
    anna = good;
    anna.lots[0].reserved = -1;
    assert_false(engine_state_holds(&anna));
    anna = good;
    anna.lots[0].left = anna.lots[0].amount = INT64_MAX;
    assert_false(engine_state_holds(&anna));
    anna = good;
    anna.balances[MEMBER_AVAILABLE] = anna.balances[MEMBER_RESERVED] = INT64_MAX;
    assert_false(engine_state_holds(&anna));
    anna = good;
    anna.metric_days[0].amount = 0;
    assert_false(engine_state_holds(&anna));
    anna = good;
    anna.metric_days[1].day = 10;
    assert_false(engine_state_holds(&anna));
    anna = good;
    anna.metric_days[2].metric = 0;
    assert_false(engine_state_holds(&anna));
    anna = good;
    anna.stamps[1].card = 1;
    assert_false(engine_state_holds(&anna));
    anna = good;
    anna.balances[MEMBER_PENDING] = 1;
    assert_false(engine_state_holds(&anna));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lots_stand_in_the_order_of_their_origin_and_empty_ones_go, setup),
        cmocka_unit_test_setup(what_no_decision_can_have_given_is_corrupt, setup),
        cmocka_unit_test_setup(what_the_state_does_not_have_cannot_end, setup),
        cmocka_unit_test_setup(what_changes_nothing_leaves_nothing, setup),
        cmocka_unit_test_setup(levels_and_reservations_follow_one_another, setup),
        cmocka_unit_test_setup(effects_of_others_leave_the_state_as_it_is, setup),
        cmocka_unit_test_setup(nobody_becomes_who_is_enrolled, setup),
        cmocka_unit_test_setup(metric_days_are_sorted_and_gone_when_nothing_is_left, setup),
        cmocka_unit_test_setup(stamps_are_one_row_a_card, setup),
        cmocka_unit_test_setup(a_late_visit_is_not_the_last, setup),
        cmocka_unit_test_setup(full_arrays_are_too_large, setup),
        cmocka_unit_test_setup(balances_never_leave_their_range, setup),
        cmocka_unit_test_setup(a_state_whose_books_do_not_add_up_does_not_hold, setup),
        cmocka_unit_test_setup(a_state_out_of_order_does_not_hold, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
