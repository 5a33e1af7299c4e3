/* Returns, voids and the close of a till's day, through the ledger. Every test ends with a replay of its log:
 * what was booked is decided again, and folds into the same rows. */
#include "lib/house.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD                                                                                                 \
    "programme: corner\n"                                                                                    \
    "version: 1\n"                                                                                           \
    "currency: EUR\n"                                                                                        \
    "zone: Europe/Tallinn\n"                                                                                 \
    "stores: [{id: cafe}, {id: shop}]\n"                                                                     \
    "locales: [en]\n"

#define EURO                                                                                                 \
    "rules:\n"                                                                                               \
    "  - {id: euro, spend: {give: 1, per: 1.00}}\n"

enum { TILL = 2, DAY_MS = 24 * 60 * 60 * 1000 };

static struct house *open_shop(const char *yaml)
{
    struct house *house = malloc(sizeof(*house));
    house_open(house, yaml, false);
    assert_int_equal(house_terminal(house, "cafe", "till-1"), TILL);
    return house;
}

static void close_shop(struct house *house)
{
    house_replay(house);
    house_close(house);
    free(house);
}

static const struct outcome *buy(struct house *house, const char *number, const char *category, int64_t gross)
{
    struct event event = house_purchase(house, number, category, gross);
    house_book(house, TILL, &event, "card 1");
    return &house->decision->outcome;
}

/* Several units in one line. */
static const struct outcome *buy_units(struct house *house, const char *number, int64_t units, int64_t gross)
{
    struct event event = house_purchase(house, number, "bread", gross);
    struct line line = event.purchase.lines[0];
    line.quantity = units * 1000;
    event.purchase.lines = &line;
    house_book(house, TILL, &event, "card 1");
    return &house->decision->outcome;
}

static struct event return_of(const struct house *house, const char *number, const char *original)
{
    const int32_t day = (int32_t)(house->now / DAY_MS);
    return (struct event){.occurred_at = house->now,
                          .kind = EVENT_GOODS_RETURN,
                          .goods_return = {.receipt = {.business_date = day, .number = number},
                                           .has_original = true,
                                           .original = {.business_date = day, .number = original},
                                           .done = true}};
}

static const struct outcome *give_back_amount(struct house *house, const char *number, const char *original,
                                              int64_t amount)
{
    struct event event = return_of(house, number, original);
    event.goods_return.amount = amount;
    house_book(house, TILL, &event, NULL);
    return &house->decision->outcome;
}

static const struct outcome *give_back_units(struct house *house, const char *number, const char *original,
                                             int64_t units)
{
    struct event event = return_of(house, number, original);
    const struct return_part part = {.quantity = units * 1000};
    event.goods_return.parts = &part;
    event.goods_return.parts_count = 1;
    house_book(house, TILL, &event, NULL);
    return &house->decision->outcome;
}

static const struct outcome *give_all_back(struct house *house, const char *number, const char *original)
{
    struct event event = return_of(house, number, original);
    event.goods_return.whole = true;
    house_book(house, TILL, &event, NULL);
    return &house->decision->outcome;
}

static const struct outcome *cancel(struct house *house, const char *original, bool done)
{
    struct event event = {
        .occurred_at = house->now,
        .kind = EVENT_VOID_RECEIPT,
        .void_receipt = {.receipt = {.business_date = (int32_t)(house->now / DAY_MS), .number = original},
                         .done = done}};
    house_book(house, TILL, &event, NULL);
    return &house->decision->outcome;
}

static int64_t available(const struct outcome *outcome)
{
    assert_int_equal(outcome->code, CODE_ACCEPTED);
    assert_true(outcome->has_balances);
    return outcome->balances.accounts[MEMBER_AVAILABLE];
}

static void assert_exception(const struct outcome *outcome, enum exception_kind kind, int64_t amount)
{
    for (size_t i = 0; i < outcome->exceptions_count; i++) {
        if (outcome->exceptions[i].kind == kind) {
            assert_int_equal(outcome->exceptions[i].amount, amount);
            return;
        }
    }
    fail_msg("no such exception: %s", exception_text(kind));
}

static void the_rest_of_the_basket_keeps_what_it_would_have_earned(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD EURO);
    assert_int_equal(available(buy_units(house, "1", 3, 1000)), 10);
    /* 6.67 is left, then 3.34, then nothing. */
    assert_int_equal(available(give_back_units(house, "2", "1", 1)), 6);
    assert_int_equal(available(give_back_units(house, "3", "1", 1)), 3);
    const struct outcome *outcome = give_back_units(house, "4", "1", 2);
    assert_int_equal(available(outcome), 0);
    assert_exception(outcome, EXCEPTION_QUANTITY_NOT_RETURNED, 1000);
    close_shop(house);
}

static void the_way_in_which_a_return_is_split_does_not_matter(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD EURO);
    assert_int_equal(available(buy(house, "1", "bread", 1090)), 10);
    assert_int_equal(available(give_back_amount(house, "2", "1", 95)), 9);
    assert_int_equal(available(give_back_amount(house, "3", "1", 95)), 9);
    assert_int_equal(available(buy(house, "4", "bread", 1090)), 19);
    assert_int_equal(available(give_back_amount(house, "5", "4", 190)), 18);
    close_shop(house);
}

static void more_money_than_was_paid_is_an_exception(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD EURO);
    buy(house, "1", "bread", 1000);
    const struct outcome *outcome = give_back_amount(house, "2", "1", 1500);
    assert_int_equal(available(outcome), 0);
    assert_exception(outcome, EXCEPTION_AMOUNT_NOT_RETURNED, 500);
    outcome = give_all_back(house, "3", "1");
    assert_int_equal(available(outcome), 0);
    close_shop(house);
}

static void a_limit_that_bound_then_binds_at_the_same_figure(void **state)
{
    (void)state;
    struct house *house =
        open_shop(HEAD "points: {limits: [{max: 100, of: given, per: day, for: member}]}\n" EURO);
    assert_int_equal(available(buy(house, "1", "bread", 8000)), 80);
    assert_int_equal(available(buy(house, "2", "bread", 5000)), 100);
    assert_int_equal(available(give_back_amount(house, "3", "2", 2000)), 100);
    assert_int_equal(available(give_back_amount(house, "4", "2", 3000)), 80);
    /* Wholly returned: the day has its room again. */
    assert_int_equal(available(buy(house, "5", "bread", 3000)), 100);
    close_shop(house);
}

static void less_bought_never_earns_more(void **state)
{
    (void)state;
    struct house *house =
        open_shop(HEAD "rules:\n"
                       "  - id: euro\n"
                       "    spend: {give: 1, per: 1.00}\n"
                       "    limits: [{max: 100, of: given, per: purchase, over: reject}]\n");
    assert_int_equal(available(buy(house, "1", "bread", 15000)), 0);
    assert_int_equal(available(give_back_amount(house, "2", "1", 7000)), 0);
    close_shop(house);
}

static void the_first_purchase_comes_again_when_none_stands(void **state)
{
    (void)state;
    struct house *house =
        open_shop(HEAD EURO "  - {id: welcome, visit: {give: 50}, when: {first_purchase: true}}\n");
    assert_int_equal(available(buy(house, "1", "bread", 500)), 55);
    assert_int_equal(available(give_all_back(house, "2", "1")), 0);
    assert_int_equal(available(buy(house, "3", "bread", 500)), 55);
    close_shop(house);
}

#define GOLD                                                                                                 \
    "tiers:\n"                                                                                               \
    "  window: calendar_year\n"

static void a_return_is_decided_at_the_level_that_was_crossed(void **state)
{
    (void)state;
    struct house *house =
        open_shop(HEAD EURO GOLD "  crossing: new\n"
                                 "  levels: [{id: guest}, {id: gold, qualifying: 1000, multiply: 2}]\n");
    assert_int_equal(available(buy(house, "1", "bread", 95000)), 950);
    assert_int_equal(available(buy(house, "2", "bread", 10000)), 1150);
    const struct outcome *outcome = give_back_amount(house, "3", "2", 6000);
    assert_int_equal(available(outcome), 990);
    assert_int_equal(outcome->balances.qualifying, 990);
    close_shop(house);
}

static void a_level_reached_only_by_what_is_returned_is_lost(void **state)
{
    (void)state;
    struct house *house =
        open_shop(HEAD EURO GOLD
                  "  levels: [{id: guest}, {id: silver, qualifying: 500}, {id: gold, qualifying: 1000}]\n");
    buy(house, "1", "bread", 60000);
    const uint32_t silver = house->decision->outcome.balances.level;
    buy(house, "2", "bread", 50000);
    assert_int_not_equal(house->decision->outcome.balances.level, silver);
    const struct outcome *outcome = give_all_back(house, "3", "2");
    assert_int_equal(outcome->balances.level, silver);
    assert_int_equal(outcome->balances.qualifying, 600);
    assert_int_equal(available(outcome), 600);
    close_shop(house);
}

static void what_expired_of_a_lot_counts_as_taken(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD "points: {expiry: {after: {days: 10}}}\n" EURO);
    assert_int_equal(available(buy(house, "1", "bread", 10000)), 100);
    struct event event = return_of(house, "2", "1");
    const int32_t day = event.goods_return.original.business_date;
    house->now += (int64_t)20 * DAY_MS;
    event = return_of(house, "2", "1");
    event.goods_return.original.business_date = day;
    event.goods_return.whole = true;
    house_book(house, TILL, &event, NULL);
    assert_int_equal(available(&house->decision->outcome), 0);
    close_shop(house);
}

/* 150 earned, 100 gone, all returned; SQ-13, ST-23 to ST-26. */
static void spent_points_leave_a_deficit_or_are_forgiven(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        int64_t left;
    } cases[] = {{HEAD EURO, -100},
                 {HEAD EURO "returns: {negative: clamp}\n", 0},
                 {HEAD EURO "returns: {negative: own_lot}\n", 0},
                 {HEAD EURO "returns: {negative: refuse}\n", 0}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct house *house = open_shop(cases[i].yaml);
        buy(house, "1", "bread", 15000);
        struct event take = {
            .occurred_at = house->now,
            .kind = EVENT_ADJUSTMENT,
            .adjustment = {
                .member = 1, .reason = "spent elsewhere", .points = -100, .until = -1, .level_until = -1}};
        house_book(house, HOUSE_ADMIN, &take, NULL);
        assert_int_equal(available(&house->decision->outcome), 50);
        assert_int_equal(available(give_all_back(house, "2", "1")), cases[i].left);
        /* Once is enough. */
        assert_int_equal(available(give_all_back(house, "3", "1")), cases[i].left);
        close_shop(house);
    }
}

static void a_return_is_refused_where_the_points_are_gone_and_it_can_be(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD EURO "returns: {negative: refuse}\n");
    buy(house, "1", "bread", 1000);
    struct event take = {
        .occurred_at = house->now,
        .kind = EVENT_ADJUSTMENT,
        .adjustment = {.member = 1, .reason = "spent", .points = -4, .until = -1, .level_until = -1}};
    house_book(house, HOUSE_ADMIN, &take, NULL);
    struct event event = return_of(house, "2", "1");
    event.goods_return.whole = true;
    event.goods_return.done = false;
    house_book(house, TILL, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_POINTS_SPENT);
    const struct outcome *outcome = give_all_back(house, "2", "1");
    assert_int_equal(available(outcome), 0);
    assert_exception(outcome, EXCEPTION_POINTS_NOT_TAKEN, 4);
    close_shop(house);
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
        {HEAD TENS, 2190, 2, 100, 0},  {HEAD TENS, 2190, 2, 500, 0},   {HEAD TENS, 2190, 2, 1000, 1},
        {HEAD TENS, 2190, 2, 2000, 2}, {HEAD VISIT, 2500, 1, 1000, 0}, {HEAD VISIT, 2500, 1, 1600, 1},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct house *house = open_shop(cases[i].yaml);
        assert_int_equal(available(buy(house, "1", "bread", cases[i].bought)), cases[i].earned);
        assert_int_equal(available(give_back_amount(house, "2", "1", cases[i].back)),
                         cases[i].earned - cases[i].taken);
        close_shop(house);
    }
}

/* The second rule counts once a day; the day's use comes back with its receipt, and no other changes. */
static void what_counts_once_a_day_counts_again_when_its_receipt_is_back(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD "rules:\n"
                                         "  - {id: euro, spend: {give: 1, per: 1.00}}\n"
                                         "  - id: twice\n"
                                         "    multiply: 2\n"
                                         "    limits: [{max: 1, of: times, per: day, for: member}]\n");
    assert_int_equal(available(buy(house, "1", "bread", 1000)), 20);
    assert_int_equal(available(buy(house, "2", "bread", 1000)), 30);
    assert_int_equal(available(give_all_back(house, "3", "1")), 10);
    assert_int_equal(available(buy(house, "4", "bread", 1000)), 30);
    close_shop(house);
}

static void a_budget_gets_its_room_back_only_with_the_whole_receipt(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD "rules:\n"
                                         "  - {id: euro, spend: {give: 1, per: 1.00}}\n"
                                         "  - id: twice\n"
                                         "    multiply: 2\n"
                                         "    limits: [{max: 30, of: given, per: ever, for: all}]\n");
    assert_int_equal(available(buy(house, "1", "bread", 5000)), 80);
    assert_int_equal(available(give_back_amount(house, "2", "1", 2500)), 50);
    assert_int_equal(available(buy(house, "3", "bread", 1000)), 60);
    assert_int_equal(available(give_all_back(house, "4", "1")), 10);
    assert_int_equal(available(buy(house, "5", "bread", 1000)), 30);
    close_shop(house);
}

static void a_void_takes_the_level_and_leaves_what_others_earned_at_it(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD EURO GOLD "  levels:\n"
                                                   "    - {id: guest}\n"
                                                   "    - {id: silver, qualifying: 500}\n"
                                                   "    - {id: gold, qualifying: 1000, multiply: 2}\n");
    buy(house, "1", "bread", 95000);
    const uint32_t silver = house->decision->outcome.balances.level;
    buy(house, "2", "bread", 10000);
    assert_int_equal(available(buy(house, "3", "bread", 2000)), 1090);
    const struct outcome *outcome = cancel(house, "2", true);
    assert_int_equal(available(outcome), 990);
    assert_int_equal(outcome->balances.level, silver);
    close_shop(house);
}

static void what_was_spent_of_an_expired_lot_is_owed_last(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD "points: {expiry: {after: {days: 10}}}\n" EURO);
    buy(house, "1", "bread", 10000);
    struct event event = return_of(house, "2", "1");
    const int32_t day = event.goods_return.original.business_date;
    struct event take = {
        .occurred_at = house->now,
        .kind = EVENT_ADJUSTMENT,
        .adjustment = {.member = 1, .reason = "spent", .points = -30, .until = -1, .level_until = -1}};
    house_book(house, HOUSE_ADMIN, &take, NULL);
    house->now += (int64_t)20 * DAY_MS;
    event = return_of(house, "2", "1");
    event.goods_return.original.business_date = day;
    event.goods_return.amount = 5000;
    house_book(house, TILL, &event, NULL);
    assert_int_equal(available(&house->decision->outcome), 0);
    event = return_of(house, "3", "1");
    event.goods_return.original.business_date = day;
    event.goods_return.whole = true;
    house_book(house, TILL, &event, NULL);
    assert_int_equal(available(&house->decision->outcome), -30);
    close_shop(house);
}

static void points_of_a_lot_that_has_ended_come_back_for_a_while(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD "points: {expiry: {after: {days: 10}}}\n" EURO
                                         "pay_with_points: {points: 100, worth: 5.00}\n");
    buy(house, "1", "bread", 50000);
    struct event event = house_purchase(house, "2", "bread", 2500);
    const struct pay_with_points pay = {.points = 500};
    event.purchase.pay_with_points = &pay;
    house_book(house, TILL, &event, "card 1");
    assert_int_equal(available(&house->decision->outcome), 0);
    const int32_t day = event.purchase.receipt.business_date;
    house->now += (int64_t)20 * DAY_MS;
    event = return_of(house, "3", "2");
    event.goods_return.original.business_date = day;
    event.goods_return.whole = true;
    house_book(house, TILL, &event, NULL);
    const struct outcome *outcome = &house->decision->outcome;
    assert_int_equal(available(outcome), 500);
    bool opened = false;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_LOT) {
            assert_int_equal(effect->lot.until, effect->lot.since + 30);
            opened = true;
        }
    }
    assert_true(opened);
    close_shop(house);
}

static void the_last_stamp_goes_and_takes_its_voucher_along(void **state)
{
    (void)state;
    struct house *house =
        open_shop(HEAD "rules:\n"
                       "  - {id: stamp, card: lunch, item: {give: 1, per: unit}}\n"
                       "stamp_cards:\n"
                       "  - {id: lunch, required: 3, apply: voucher, gives: {reward: free_lunch}}\n"
                       "rewards:\n"
                       "  - {id: free_lunch, kind: free_item, max_value: 12.00}\n");
    buy(house, "1", "lunch", 800);
    buy(house, "2", "lunch", 800);
    const struct outcome *outcome = buy(house, "3", "lunch", 800);
    size_t vouchers = 0;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        vouchers += outcome->effects[i].kind == EFFECT_VOUCHER;
    }
    assert_int_equal(vouchers, 1);
    outcome = give_all_back(house, "4", "3");
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
    close_shop(house);
}

static void a_void_undoes_everything_until_the_day_is_closed(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD EURO "returns: {points: keep}\n");
    buy(house, "1", "bread", 10000);
    buy(house, "2", "bread", 3000);
    assert_int_equal(available(cancel(house, "1", true)), 30);
    const struct outcome *outcome = cancel(house, "1", true);
    assert_exception(outcome, EXCEPTION_VOIDED_RECEIPT, 0);
    assert_int_equal(cancel(house, "1", false)->code, CODE_ALREADY_DONE);
    assert_exception(give_all_back(house, "3", "1"), EXCEPTION_VOIDED_RECEIPT, 0);
    struct event close = {.occurred_at = house->now,
                          .kind = EVENT_DAY_CLOSE,
                          .day_close.day.business_date = (int32_t)(house->now / DAY_MS)};
    house_book(house, TILL, &close, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    assert_exception(cancel(house, "2", true), EXCEPTION_DAY_CLOSED, 0);
    assert_int_equal(cancel(house, "2", false)->code, CODE_DAY_CLOSED);
    close_shop(house);
}

static void a_void_is_too_late_on_another_day(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD EURO);
    buy(house, "1", "bread", 10000);
    const int32_t day = (int32_t)(house->now / DAY_MS);
    house->now += DAY_MS;
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_VOID_RECEIPT,
                          .void_receipt = {.receipt = {.business_date = day, .number = "1"}}};
    house_book(house, TILL, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_DAY_CLOSED);
    close_shop(house);
}

static void points_and_money_go_back_in_the_mix_they_came(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD EURO "pay_with_points: {points: 100, worth: 5.00}\n");
    assert_int_equal(available(buy(house, "1", "bread", 100000)), 1000);
    struct event event = house_purchase(house, "2", "bread", 8000);
    const struct pay_with_points pay = {.points = 1000};
    event.purchase.pay_with_points = &pay;
    house_book(house, TILL, &event, "card 1");
    assert_int_equal(available(&house->decision->outcome), 30);
    assert_int_equal(available(give_back_amount(house, "3", "2", 4000)), 515);
    assert_int_equal(available(give_all_back(house, "4", "2")), 1000);
    close_shop(house);
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
        snprintf(yaml, sizeof(yaml), HEAD EURO "returns: {points: %s}\n", cases[i].policy);
        struct house *house = open_shop(yaml);
        buy(house, "1", "bread", 1000);
        assert_int_equal(available(give_back_amount(house, "2", "1", 330)), cases[i].left[0]);
        assert_int_equal(available(give_back_amount(house, "3", "1", 330)), cases[i].left[1]);
        assert_int_equal(available(give_all_back(house, "4", "1")), cases[i].left[2]);
        close_shop(house);
    }
}

static void a_return_of_a_purchase_nobody_knows_is_kept_for_it_or_refused(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD EURO);
    assert_exception(give_back_amount(house, "1", "99", 500), EXCEPTION_PARKED, 500);
    close_shop(house);
    house = open_shop(HEAD EURO "returns: {unknown_receipt: refuse}\n");
    assert_exception(give_back_amount(house, "1", "99", 500), EXCEPTION_UNKNOWN_RECEIPT, 500);
    struct event event = return_of(house, "2", "99");
    event.goods_return.amount = 500;
    event.goods_return.done = false;
    house_book(house, TILL, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_UNKNOWN_RECEIPT);
    close_shop(house);
}

static void a_return_that_came_first_is_decided_right_behind_its_purchase(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD EURO);
    give_back_amount(house, "1", "99", 2000);
    give_back_amount(house, "2", "99", 500);
    house_restart(house);
    assert_int_equal(available(buy(house, "99", "bread", 5000)), 50);
    const uint64_t purchase = house->booked.position;
    assert_int_equal(available(buy(house, "100", "bread", 100)), 26);
    assert_int_equal(house->booked.position, purchase + 3);
    /* Nobody need look at them any more. */
    struct exception_row rows[8];
    size_t count;
    assert_int_equal(store_exceptions(house->temporary.store, 0, false, rows, 8, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(store_exceptions(house->temporary.store, 0, true, rows, 8, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(rows[1].resolved_by, purchase + 2);
    close_shop(house);
}

static const struct outcome *claim(struct house *house, uint32_t by, const char *number, const char *card)
{
    const int32_t day = (int32_t)(house->now / DAY_MS);
    struct event event = {
        .occurred_at = house->now,
        .kind = EVENT_CLAIM,
        .claim.receipt = {.store = "cafe", .business_date = day, .till = "till-1", .number = number}};
    house_book(house, by, &event, card);
    return &house->decision->outcome;
}

static void a_purchase_without_a_card_is_claimed_with_its_slip(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD EURO "claim: {days: 14}\n");
    struct event event = house_purchase(house, "1", "bread", 2500);
    house_book(house, TILL, &event, NULL);
    give_back_amount(house, "2", "1", 500);
    assert_int_equal(available(claim(house, TILL, "1", "card 1")), 20);
    assert_int_equal(claim(house, TILL, "1", "card 2")->code, CODE_NOT_CLAIMABLE);
    assert_int_equal(available(give_back_amount(house, "3", "1", 1000)), 10);
    assert_int_equal(available(give_all_back(house, "4", "1")), 0);
    assert_int_equal(claim(house, TILL, "99", "card 2")->code, CODE_UNKNOWN_RECEIPT);
    close_shop(house);
}

static void a_receipt_of_the_wrong_member_goes_to_the_right_one(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD EURO);
    buy(house, "1", "bread", 2500);
    const int32_t day = (int32_t)(house->now / DAY_MS);
    struct event event = {
        .occurred_at = house->now,
        .kind = EVENT_UNCLAIM,
        .unclaim = {.receipt = {.store = "cafe", .business_date = day, .till = "till-1", .number = "1"},
                    .reason = "another's card"}};
    house_book(house, HOUSE_ADMIN, &event, NULL);
    assert_int_equal(available(&house->decision->outcome), 0);
    house_book(house, HOUSE_ADMIN, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ALREADY_DONE);
    const struct outcome *outcome = claim(house, HOUSE_ADMIN, "1", "card 2");
    assert_int_equal(available(outcome), 25);
    assert_int_equal(outcome->member, 2);
    outcome = give_back_amount(house, "2", "1", 1000);
    assert_int_equal(outcome->member, 2);
    assert_int_equal(available(outcome), 15);
    close_shop(house);
}

static void an_operator_resolves_an_exception_once(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD EURO);
    buy(house, "1", "bread", 1000);
    give_back_amount(house, "2", "1", 1500);
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_RESOLVE,
                          .resolve = {.position = house->booked.position, .reason = "paid by mistake"}};
    house_book(house, HOUSE_ADMIN, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    house_book(house, HOUSE_ADMIN, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ALREADY_DONE);
    event.resolve.index = 1;
    house_book(house, HOUSE_ADMIN, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_UNKNOWN_EXCEPTION);
    close_shop(house);
}

static void without_a_receipt_the_amount_alone_is_taken(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD EURO "returns: {without_receipt: by_amount}\n");
    buy(house, "1", "bread", 1000);
    struct event event = return_of(house, "2", "");
    event.goods_return.has_original = false;
    event.goods_return.amount = 450;
    house_book(house, TILL, &event, "card 1");
    assert_int_equal(available(&house->decision->outcome), 6);
    close_shop(house);
}

static void a_return_has_a_receipt_of_its_own_that_is_booked_once(void **state)
{
    (void)state;
    struct house *house = open_shop(HEAD EURO);
    buy(house, "1", "bread", 1000);
    give_back_amount(house, "2", "1", 300);
    assert_int_equal(give_back_amount(house, "2", "1", 300)->code, CODE_DUPLICATE_RECEIPT);
    close_shop(house);
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
        cmocka_unit_test(a_void_undoes_everything_until_the_day_is_closed),
        cmocka_unit_test(a_void_is_too_late_on_another_day),
        cmocka_unit_test(points_and_money_go_back_in_the_mix_they_came),
        cmocka_unit_test(policies_take_their_own_share),
        cmocka_unit_test(a_return_of_a_purchase_nobody_knows_is_kept_for_it_or_refused),
        cmocka_unit_test(a_return_that_came_first_is_decided_right_behind_its_purchase),
        cmocka_unit_test(a_purchase_without_a_card_is_claimed_with_its_slip),
        cmocka_unit_test(a_receipt_of_the_wrong_member_goes_to_the_right_one),
        cmocka_unit_test(an_operator_resolves_an_exception_once),
        cmocka_unit_test(without_a_receipt_the_amount_alone_is_taken),
        cmocka_unit_test(a_return_has_a_receipt_of_its_own_that_is_booked_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
