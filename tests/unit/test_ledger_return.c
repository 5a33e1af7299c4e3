/* Returns and voids, through the ledger. */
#include "lib/corner.h"

#include <stdio.h>
#include <string.h>

static void the_rest_of_the_basket_keeps_what_it_would_have_earned(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO);
    assert_int_equal(corner_available(corner_buy_units(house, "1", 3, 1000)), 10);
    /* 6.67 is left, then 3.34, then nothing. */
    assert_int_equal(corner_available(corner_give_back_units(house, "2", "1", 1)), 6);
    assert_int_equal(corner_available(corner_give_back_units(house, "3", "1", 1)), 3);
    const struct outcome *outcome = corner_give_back_units(house, "4", "1", 2);
    assert_int_equal(corner_available(outcome), 0);
    corner_assert_exception(outcome, EXCEPTION_QUANTITY_NOT_RETURNED, 1000);
    corner_close(house);
}

static void the_way_in_which_a_return_is_split_does_not_matter(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO);
    assert_int_equal(corner_available(corner_buy(house, "1", "bread", 1090)), 10);
    assert_int_equal(corner_available(corner_give_back(house, "2", "1", 95)), 9);
    assert_int_equal(corner_available(corner_give_back(house, "3", "1", 95)), 9);
    assert_int_equal(corner_available(corner_buy(house, "4", "bread", 1090)), 19);
    assert_int_equal(corner_available(corner_give_back(house, "5", "4", 190)), 18);
    corner_close(house);
}

static void more_money_than_was_paid_is_an_exception(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO);
    corner_buy(house, "1", "bread", 1000);
    const struct outcome *outcome = corner_give_back(house, "2", "1", 1500);
    assert_int_equal(corner_available(outcome), 0);
    corner_assert_exception(outcome, EXCEPTION_AMOUNT_NOT_RETURNED, 500);
    outcome = corner_give_all_back(house, "3", "1");
    assert_int_equal(corner_available(outcome), 0);
    corner_close(house);
}

static void a_limit_that_bound_then_binds_at_the_same_figure(void **state)
{
    (void)state;
    struct house *house = corner_open(
        CORNER_HEAD "points: {limits: [{max: 100, of: given, per: day, for: member}]}\n" CORNER_EURO);
    assert_int_equal(corner_available(corner_buy(house, "1", "bread", 8000)), 80);
    assert_int_equal(corner_available(corner_buy(house, "2", "bread", 5000)), 100);
    assert_int_equal(corner_available(corner_give_back(house, "3", "2", 2000)), 100);
    assert_int_equal(corner_available(corner_give_back(house, "4", "2", 3000)), 80);
    /* Wholly returned: the day has its room again. */
    assert_int_equal(corner_available(corner_buy(house, "5", "bread", 3000)), 100);
    corner_close(house);
}

static void less_bought_never_earns_more(void **state)
{
    (void)state;
    struct house *house =
        corner_open(CORNER_HEAD "rules:\n"
                                "  - id: euro\n"
                                "    spend: {give: 1, per: 1.00}\n"
                                "    limits: [{max: 100, of: given, per: purchase, over: reject}]\n");
    assert_int_equal(corner_available(corner_buy(house, "1", "bread", 15000)), 0);
    assert_int_equal(corner_available(corner_give_back(house, "2", "1", 7000)), 0);
    corner_close(house);
}

static void the_first_purchase_comes_again_when_none_stands(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO
                                      "  - {id: welcome, visit: {give: 50}, when: {first_purchase: true}}\n");
    assert_int_equal(corner_available(corner_buy(house, "1", "bread", 500)), 55);
    assert_int_equal(corner_available(corner_give_all_back(house, "2", "1")), 0);
    assert_int_equal(corner_available(corner_buy(house, "3", "bread", 500)), 55);
    corner_close(house);
}

#define GOLD                                                                                                 \
    "tiers:\n"                                                                                               \
    "  window: calendar_year\n"

static void a_return_is_decided_at_the_level_that_was_crossed(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO GOLD
                                      "  crossing: new\n"
                                      "  levels: [{id: guest}, {id: gold, qualifying: 1000, multiply: 2}]\n");
    assert_int_equal(corner_available(corner_buy(house, "1", "bread", 95000)), 950);
    assert_int_equal(corner_available(corner_buy(house, "2", "bread", 10000)), 1150);
    const struct outcome *outcome = corner_give_back(house, "3", "2", 6000);
    assert_int_equal(corner_available(outcome), 990);
    assert_int_equal(outcome->balances.qualifying, 990);
    corner_close(house);
}

static void a_level_reached_only_by_what_is_returned_is_lost(void **state)
{
    (void)state;
    struct house *house =
        corner_open(CORNER_HEAD CORNER_EURO GOLD
                    "  levels: [{id: guest}, {id: silver, qualifying: 500}, {id: gold, qualifying: 1000}]\n");
    corner_buy(house, "1", "bread", 60000);
    const uint32_t silver = house->decision->outcome.balances.level;
    corner_buy(house, "2", "bread", 50000);
    assert_int_not_equal(house->decision->outcome.balances.level, silver);
    const struct outcome *outcome = corner_give_all_back(house, "3", "2");
    assert_int_equal(outcome->balances.level, silver);
    assert_int_equal(outcome->balances.qualifying, 600);
    assert_int_equal(corner_available(outcome), 600);
    corner_close(house);
}

static void what_expired_of_a_lot_counts_as_taken(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD "points: {expiry: {after: {days: 10}}}\n" CORNER_EURO);
    assert_int_equal(corner_available(corner_buy(house, "1", "bread", 10000)), 100);
    struct event event = corner_return(house, "2", "1");
    const int32_t day = event.goods_return.original.business_date;
    house->now += (int64_t)20 * CORNER_DAY_MS;
    event = corner_return(house, "2", "1");
    event.goods_return.original.business_date = day;
    event.goods_return.whole = true;
    house_book(house, CORNER_TILL, &event, NULL);
    assert_int_equal(corner_available(&house->decision->outcome), 0);
    corner_close(house);
}

/* 150 earned, 100 gone, all returned; SQ-13, ST-23 to ST-26. */
static void spent_points_leave_a_deficit_or_are_forgiven(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        int64_t left;
    } cases[] = {{CORNER_HEAD CORNER_EURO, -100},
                 {CORNER_HEAD CORNER_EURO "returns: {negative: clamp}\n", 0},
                 {CORNER_HEAD CORNER_EURO "returns: {negative: own_lot}\n", 0},
                 {CORNER_HEAD CORNER_EURO "returns: {negative: refuse}\n", 0}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct house *house = corner_open(cases[i].yaml);
        corner_buy(house, "1", "bread", 15000);
        struct event take = {
            .occurred_at = house->now,
            .kind = EVENT_ADJUSTMENT,
            .adjustment = {
                .member = 1, .reason = "spent elsewhere", .points = -100, .until = -1, .level_until = -1}};
        house_book(house, HOUSE_ADMIN, &take, NULL);
        assert_int_equal(corner_available(&house->decision->outcome), 50);
        assert_int_equal(corner_available(corner_give_all_back(house, "2", "1")), cases[i].left);
        /* Once is enough. */
        assert_int_equal(corner_available(corner_give_all_back(house, "3", "1")), cases[i].left);
        corner_close(house);
    }
}

static void a_return_is_refused_where_the_points_are_gone_and_it_can_be(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO "returns: {negative: refuse}\n");
    corner_buy(house, "1", "bread", 1000);
    struct event take = {
        .occurred_at = house->now,
        .kind = EVENT_ADJUSTMENT,
        .adjustment = {.member = 1, .reason = "spent", .points = -4, .until = -1, .level_until = -1}};
    house_book(house, HOUSE_ADMIN, &take, NULL);
    struct event event = corner_return(house, "2", "1");
    event.goods_return.whole = true;
    event.goods_return.done = false;
    house_book(house, CORNER_TILL, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_POINTS_SPENT);
    const struct outcome *outcome = corner_give_all_back(house, "2", "1");
    assert_int_equal(corner_available(outcome), 0);
    corner_assert_exception(outcome, EXCEPTION_POINTS_NOT_TAKEN, 4);
    corner_close(house);
}

/* What others deduct: SQ-08 to SQ-11, SQ-14 and SQ-15. */
static void amounts_paid_back_take_what_others_take(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        int64_t bought;
        int64_t earned;
        int64_t back;
        int64_t taken;
    } cases[] = {
#define TENS "rules:\n  - {id: tens, spend: {give: 1, per: 10.00}}\nreturns: {points: floor_of_refund}\n"
#define VISIT "rules:\n  - {id: visit, visit: {give: 1}, when: {min_spend: 10.00}}\n"
        {CORNER_HEAD TENS, 2190, 2, 100, 0},   {CORNER_HEAD TENS, 2190, 2, 500, 0},
        {CORNER_HEAD TENS, 2190, 2, 1000, 1},  {CORNER_HEAD TENS, 2190, 2, 2000, 2},
        {CORNER_HEAD VISIT, 2500, 1, 1000, 0}, {CORNER_HEAD VISIT, 2500, 1, 1600, 1},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct house *house = corner_open(cases[i].yaml);
        assert_int_equal(corner_available(corner_buy(house, "1", "bread", cases[i].bought)), cases[i].earned);
        assert_int_equal(corner_available(corner_give_back(house, "2", "1", cases[i].back)),
                         cases[i].earned - cases[i].taken);
        corner_close(house);
    }
}

/* The second rule counts once a day; the day's use comes back with its receipt, and no other changes. */
static void what_counts_once_a_day_counts_again_when_its_receipt_is_back(void **state)
{
    (void)state;
    struct house *house =
        corner_open(CORNER_HEAD "rules:\n"
                                "  - {id: euro, spend: {give: 1, per: 1.00}}\n"
                                "  - id: twice\n"
                                "    multiply: 2\n"
                                "    limits: [{max: 1, of: times, per: day, for: member}]\n");
    assert_int_equal(corner_available(corner_buy(house, "1", "bread", 1000)), 20);
    assert_int_equal(corner_available(corner_buy(house, "2", "bread", 1000)), 30);
    assert_int_equal(corner_available(corner_give_all_back(house, "3", "1")), 10);
    assert_int_equal(corner_available(corner_buy(house, "4", "bread", 1000)), 30);
    corner_close(house);
}

static void a_budget_gets_its_room_back_only_with_the_whole_receipt(void **state)
{
    (void)state;
    struct house *house =
        corner_open(CORNER_HEAD "rules:\n"
                                "  - {id: euro, spend: {give: 1, per: 1.00}}\n"
                                "  - id: twice\n"
                                "    multiply: 2\n"
                                "    limits: [{max: 30, of: given, per: ever, for: all}]\n");
    assert_int_equal(corner_available(corner_buy(house, "1", "bread", 5000)), 80);
    assert_int_equal(corner_available(corner_give_back(house, "2", "1", 2500)), 50);
    assert_int_equal(corner_available(corner_buy(house, "3", "bread", 1000)), 60);
    assert_int_equal(corner_available(corner_give_all_back(house, "4", "1")), 10);
    assert_int_equal(corner_available(corner_buy(house, "5", "bread", 1000)), 30);
    corner_close(house);
}

static void a_void_takes_the_level_and_leaves_what_others_earned_at_it(void **state)
{
    (void)state;
    struct house *house =
        corner_open(CORNER_HEAD CORNER_EURO GOLD "  levels:\n"
                                                 "    - {id: guest}\n"
                                                 "    - {id: silver, qualifying: 500}\n"
                                                 "    - {id: gold, qualifying: 1000, multiply: 2}\n");
    corner_buy(house, "1", "bread", 95000);
    const uint32_t silver = house->decision->outcome.balances.level;
    corner_buy(house, "2", "bread", 10000);
    assert_int_equal(corner_available(corner_buy(house, "3", "bread", 2000)), 1090);
    const struct outcome *outcome = corner_void(house, "2", true);
    assert_int_equal(corner_available(outcome), 990);
    assert_int_equal(outcome->balances.level, silver);
    corner_close(house);
}

static void what_was_spent_of_an_expired_lot_is_owed_last(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD "points: {expiry: {after: {days: 10}}}\n" CORNER_EURO);
    corner_buy(house, "1", "bread", 10000);
    struct event event = corner_return(house, "2", "1");
    const int32_t day = event.goods_return.original.business_date;
    struct event take = {
        .occurred_at = house->now,
        .kind = EVENT_ADJUSTMENT,
        .adjustment = {.member = 1, .reason = "spent", .points = -30, .until = -1, .level_until = -1}};
    house_book(house, HOUSE_ADMIN, &take, NULL);
    house->now += (int64_t)20 * CORNER_DAY_MS;
    event = corner_return(house, "2", "1");
    event.goods_return.original.business_date = day;
    event.goods_return.amount = 5000;
    house_book(house, CORNER_TILL, &event, NULL);
    assert_int_equal(corner_available(&house->decision->outcome), 0);
    event = corner_return(house, "3", "1");
    event.goods_return.original.business_date = day;
    event.goods_return.whole = true;
    house_book(house, CORNER_TILL, &event, NULL);
    assert_int_equal(corner_available(&house->decision->outcome), -30);
    corner_close(house);
}

static void points_of_a_lot_that_has_ended_come_back_for_a_while(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD "points: {expiry: {after: {days: 10}}}\n" CORNER_EURO
                                                  "pay_with_points: {points: 100, worth: 5.00}\n");
    corner_buy(house, "1", "bread", 50000);
    struct event event = house_purchase(house, "2", "bread", 2500);
    const struct pay_with_points pay = {.points = 500};
    event.purchase.pay_with_points = &pay;
    house_book(house, CORNER_TILL, &event, "card 1");
    assert_int_equal(corner_available(&house->decision->outcome), 0);
    const int32_t day = event.purchase.receipt.business_date;
    house->now += (int64_t)20 * CORNER_DAY_MS;
    event = corner_return(house, "3", "2");
    event.goods_return.original.business_date = day;
    event.goods_return.whole = true;
    house_book(house, CORNER_TILL, &event, NULL);
    const struct outcome *outcome = &house->decision->outcome;
    assert_int_equal(corner_available(outcome), 500);
    bool opened = false;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_LOT) {
            assert_int_equal(effect->lot.until, effect->lot.since + 30);
            opened = true;
        }
    }
    assert_true(opened);
    corner_close(house);
}

static void the_last_stamp_goes_and_takes_its_voucher_along(void **state)
{
    (void)state;
    struct house *house =
        corner_open(CORNER_HEAD "rules:\n"
                                "  - {id: stamp, card: lunch, item: {give: 1, per: unit}}\n"
                                "stamp_cards:\n"
                                "  - {id: lunch, required: 3, apply: voucher, gives: {reward: free_lunch}}\n"
                                "rewards:\n"
                                "  - {id: free_lunch, kind: free_item, max_value: 12.00}\n");
    corner_buy(house, "1", "lunch", 800);
    corner_buy(house, "2", "lunch", 800);
    const struct outcome *outcome = corner_buy(house, "3", "lunch", 800);
    size_t vouchers = 0;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        vouchers += outcome->effects[i].kind == EFFECT_VOUCHER;
    }
    assert_int_equal(vouchers, 1);
    outcome = corner_give_all_back(house, "4", "3");
    bool cancelled = false;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        cancelled =
            cancelled || (effect->kind == EFFECT_VOUCHER_END && effect->voucher_end.end == VOUCHER_CANCELLED);
        if (effect->kind == EFFECT_STAMPS) {
            assert_int_equal(effect->stamps.count, 2);
            assert_int_equal(effect->stamps.undone, 1);
        }
    }
    assert_true(cancelled);
    corner_close(house);
}

/* By hand, of the purchase with this receipt. */
static enum outcome_code adjust_receipt(struct house *house, uint32_t member, const char *number,
                                        int64_t points)
{
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_ADJUSTMENT,
                          .adjustment = {.member = member,
                                         .reason = "wrong price",
                                         .points = points,
                                         .until = -1,
                                         .level_until = -1,
                                         .has_receipt = true,
                                         .receipt = corner_return(house, "0", number).goods_return.original}};
    event.adjustment.receipt.store = "cafe";
    event.adjustment.receipt.till = "till-1";
    house_book(house, HOUSE_ADMIN, &event, NULL);
    return house->decision->outcome.code;
}

static void what_is_taken_by_hand_of_a_receipt_no_return_takes_again(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO);
    corner_buy(house, "1", "bread", 10000);
    assert_int_equal(adjust_receipt(house, 1, "1", -30), CODE_ACCEPTED);
    assert_int_equal(corner_available(&house->decision->outcome), 70);
    assert_int_equal(corner_available(corner_give_back(house, "2", "1", 4000)), 60);
    assert_int_equal(adjust_receipt(house, 1, "1", 5), CODE_ACCEPTED);
    assert_int_equal(adjust_receipt(house, 1, "1", -66), CODE_NOT_ON_RECEIPT);
    assert_int_equal(adjust_receipt(house, 1, "9", -1), CODE_UNKNOWN_RECEIPT);
    assert_int_equal(corner_available(corner_give_all_back(house, "3", "1")), 0);
    assert_int_equal(adjust_receipt(house, 1, "1", 1), CODE_NOT_ON_RECEIPT);
    corner_close(house);
}

static void a_receipt_is_adjusted_for_its_own_member_only(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO);
    corner_buy(house, "1", "bread", 10000);
    struct event other = house_purchase(house, "2", "bread", 1000);
    house_book(house, CORNER_TILL, &other, "card 2");
    assert_int_equal(adjust_receipt(house, 2, "1", -3), CODE_OTHERS_RECEIPT);
    /* Whose receipts follow him is the one he was merged into. */
    struct event merge = {
        .occurred_at = house->now, .kind = EVENT_MERGE, .merge = {.from = 1, .to = 2, .reason = "same"}};
    house_book(house, HOUSE_ADMIN, &merge, NULL);
    assert_int_equal(adjust_receipt(house, 1, "1", -3), CODE_MEMBER_MERGED);
    assert_int_equal(adjust_receipt(house, 2, "1", -3), CODE_ACCEPTED);
    assert_int_equal(corner_available(&house->decision->outcome), 107);
    assert_int_equal(corner_available(corner_give_all_back(house, "3", "1")), 10);
    corner_close(house);
}

static void a_void_undoes_everything_until_the_day_is_closed(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO "returns: {points: keep}\n");
    corner_buy(house, "1", "bread", 10000);
    corner_buy(house, "2", "bread", 3000);
    assert_int_equal(corner_available(corner_void(house, "1", true)), 30);
    const struct outcome *outcome = corner_void(house, "1", true);
    corner_assert_exception(outcome, EXCEPTION_VOIDED_RECEIPT, 0);
    assert_int_equal(corner_void(house, "1", false)->code, CODE_ALREADY_DONE);
    corner_assert_exception(corner_give_all_back(house, "3", "1"), EXCEPTION_VOIDED_RECEIPT, 0);
    struct event close = {.occurred_at = house->now,
                          .kind = EVENT_DAY_CLOSE,
                          .day_close.day.business_date = (int32_t)(house->now / CORNER_DAY_MS)};
    house_book(house, CORNER_TILL, &close, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    corner_assert_exception(corner_void(house, "2", true), EXCEPTION_DAY_CLOSED, 0);
    assert_int_equal(corner_void(house, "2", false)->code, CODE_DAY_CLOSED);
    corner_close(house);
}

static void a_void_is_too_late_on_another_day(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO);
    corner_buy(house, "1", "bread", 10000);
    const int32_t day = (int32_t)(house->now / CORNER_DAY_MS);
    house->now += CORNER_DAY_MS;
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_VOID_RECEIPT,
                          .void_receipt = {.receipt = {.business_date = day, .number = "1"}}};
    house_book(house, CORNER_TILL, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_DAY_CLOSED);
    corner_close(house);
}

static void points_and_money_go_back_in_the_mix_they_came(void **state)
{
    (void)state;
    struct house *house =
        corner_open(CORNER_HEAD CORNER_EURO "pay_with_points: {points: 100, worth: 5.00}\n");
    assert_int_equal(corner_available(corner_buy(house, "1", "bread", 100000)), 1000);
    struct event event = house_purchase(house, "2", "bread", 8000);
    const struct pay_with_points pay = {.points = 1000};
    event.purchase.pay_with_points = &pay;
    house_book(house, CORNER_TILL, &event, "card 1");
    assert_int_equal(corner_available(&house->decision->outcome), 30);
    assert_int_equal(corner_available(corner_give_back(house, "3", "2", 4000)), 515);
    assert_int_equal(corner_available(corner_give_all_back(house, "4", "2")), 1000);
    corner_close(house);
}

static void policies_take_their_own_share(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        int64_t left[3]; /* after 3.30, 3.30 and the rest of 10.00 came back */
    } cases[] = {{"recompute", {6, 3, 0}},
                 {"prorate", {7, 3, 0}},
                 {"floor_of_refund", {7, 4, 0}},
                 {"keep", {10, 10, 10}}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char yaml[1024];
        snprintf(yaml, sizeof(yaml), CORNER_HEAD CORNER_EURO "returns: {points: %s}\n", cases[i].policy);
        struct house *house = corner_open(yaml);
        corner_buy(house, "1", "bread", 1000);
        assert_int_equal(corner_available(corner_give_back(house, "2", "1", 330)), cases[i].left[0]);
        assert_int_equal(corner_available(corner_give_back(house, "3", "1", 330)), cases[i].left[1]);
        assert_int_equal(corner_available(corner_give_all_back(house, "4", "1")), cases[i].left[2]);
        corner_close(house);
    }
}

/* Worked answer 42: what an event is explained by, and decided again for a return, is recorded beside it. */
static void what_decided_a_purchase_stands_beside_it_in_few_bytes(void **state)
{
    (void)state;
    enum { FEW_BYTES = 96 };
    struct house *house = corner_open(
        CORNER_HEAD "points: {limits: [{max: 100, of: given, per: day, for: member}]}\n" CORNER_EURO
                    "tiers: {window: calendar_year, levels: [{id: guest}, {id: gold, qualifying: 50}]}\n");
    corner_buy(house, "1", "bread", 8000);
    corner_buy(house, "2", "bread", 5000);
    struct event_row row;
    arena_reset(&house->scratch);
    assert_int_equal(store_event_read(house->temporary.store, house->booked.position, &house->scratch, &row),
                     0);
    assert_true(row.context.size > 0);
    assert_true(row.context.size <= FEW_BYTES);
    corner_close(house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rest_of_the_basket_keeps_what_it_would_have_earned),
        cmocka_unit_test(the_way_in_which_a_return_is_split_does_not_matter),
        cmocka_unit_test(more_money_than_was_paid_is_an_exception),
        cmocka_unit_test(a_limit_that_bound_then_binds_at_the_same_figure),
        cmocka_unit_test(less_bought_never_earns_more),
        cmocka_unit_test(the_first_purchase_comes_again_when_none_stands),
        cmocka_unit_test(a_return_is_decided_at_the_level_that_was_crossed),
        cmocka_unit_test(a_level_reached_only_by_what_is_returned_is_lost),
        cmocka_unit_test(what_expired_of_a_lot_counts_as_taken),
        cmocka_unit_test(spent_points_leave_a_deficit_or_are_forgiven),
        cmocka_unit_test(a_return_is_refused_where_the_points_are_gone_and_it_can_be),
        cmocka_unit_test(amounts_paid_back_take_what_others_take),
        cmocka_unit_test(what_counts_once_a_day_counts_again_when_its_receipt_is_back),
        cmocka_unit_test(a_budget_gets_its_room_back_only_with_the_whole_receipt),
        cmocka_unit_test(a_void_takes_the_level_and_leaves_what_others_earned_at_it),
        cmocka_unit_test(what_was_spent_of_an_expired_lot_is_owed_last),
        cmocka_unit_test(points_of_a_lot_that_has_ended_come_back_for_a_while),
        cmocka_unit_test(the_last_stamp_goes_and_takes_its_voucher_along),
        cmocka_unit_test(what_is_taken_by_hand_of_a_receipt_no_return_takes_again),
        cmocka_unit_test(a_receipt_is_adjusted_for_its_own_member_only),
        cmocka_unit_test(a_void_undoes_everything_until_the_day_is_closed),
        cmocka_unit_test(a_void_is_too_late_on_another_day),
        cmocka_unit_test(points_and_money_go_back_in_the_mix_they_came),
        cmocka_unit_test(policies_take_their_own_share),
        cmocka_unit_test(what_decided_a_purchase_stands_beside_it_in_few_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
