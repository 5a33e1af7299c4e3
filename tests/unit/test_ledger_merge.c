/* Two members become one: what each had is the one's, and everything that leads to the other leads to it.
 * Every test ends with a replay of its log. */
#include "lib/counter.h"

#include "model/account.h"
#include "model/programme.h"

#include <stdlib.h>
#include <string.h>

static const char cafe[] =
    "programme: cafe\nversion: 1\ncurrency: EUR\nzone: Europe/Tallinn\nlocales: [en]\n"
    "stores: [{id: harbour}]\n"
    "points: {expiry: {after: {months: 12}}}\n"
    "rules:\n  - {id: euro, spend: {give: 1, per: 1.00}, limits: [{max: 1000, per: year}]}\n"
    "  - {id: cup, card: coffee, item: {give: 1, per: unit}, only: {categories: [coffee]}}\n"
    "stamp_cards: [{id: coffee, required: 10, gives: {reward: mug}}]\n"
    "rewards:\n  - {id: mug, kind: gift}\n  - {id: towel, kind: gift, cost: 200}\n"
    "tiers:\n  window: calendar_year\n  valid: {years: 1, round: end_of_year}\n  levels:\n"
    "    - {id: guest}\n    - {id: silver, qualifying: 500}\n    - {id: gold, qualifying: 1000}\n"
    "pay_with_points: {points: 10, worth: 0.10}\n"
    "reservations: {timeout_minutes: 60, longest_minutes: 600}\n"
    "moving: {transfer: allow}\n"
    "milestones:\n  - {id: big, units: 8, window: lifetime, only: {categories: [cake]}, gives: {points: "
    "7}}\n";

enum { ANNA = 1, BEN = 2 };

static struct house *house;
static uint32_t till;

static int setup(void **state)
{
    (void)state;
    house = malloc(sizeof(*house));
    if (house == NULL) {
        return -1;
    }
    house_open(house, cafe, false);
    till = house_terminal(house, "harbour", "T1");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    house_replay(house);
    house_close(house);
    free(house);
    return 0;
}

static enum outcome_code merge(uint32_t from, uint32_t to)
{
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_MERGE,
                          .merge = {.from = from, .to = to, .reason = "two cards, one customer"}};
    house_book(house, HOUSE_ADMIN, &event, NULL);
    return house->decision->outcome.code;
}

static const struct member_view *view(uint32_t member)
{
    const struct request request = {.kind = REQUEST_GET_MEMBER, .get_member = {.member = member}};
    house_ask(house, HOUSE_ADMIN, &request);
    assert_int_equal(house->reply.kind, REPLY_MEMBER);
    return house->reply.member.view;
}

/* Worked answer 24. */
static void what_was_paid_with_points_comes_back_to_its_old_lot_with_the_other_member(void **state)
{
    (void)state;
    counter_buy(house, till, "1", "anna", "bread", 30000);
    house->now += 1000;
    const struct redemption towel = {.reward = "towel", .units = 1};
    struct event event = house_purchase(house, "2", "bread", 0);
    event.purchase.redemptions = &towel;
    event.purchase.redemptions_count = 1;
    house_book(house, till, &event, "anna");
    assert_int_equal(counter_available(house), 100);
    counter_buy(house, till, "3", "ben", "bread", 5000);
    assert_int_equal(merge(ANNA, BEN), CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.member, BEN);
    assert_int_equal(counter_available(house), 150);
    const struct effect *first = &house->decision->outcome.effects[0];
    assert_int_equal(first->kind, EFFECT_LOT);
    const uint64_t lot = first->lot.position;
    counter_give_all_back(house, till, "4", "2");
    assert_int_equal(house->decision->outcome.member, BEN);
    assert_int_equal(counter_available(house), 350);
    bool came_back = false;
    for (size_t i = 0; i < house->decision->outcome.effects_count; i++) {
        const struct effect *effect = &house->decision->outcome.effects[i];
        came_back = came_back || (effect->kind == EFFECT_MOVE && effect->move.has_lot &&
                                  effect->move.lot.position == lot && effect->move.amount == 200);
    }
    assert_true(came_back);
}

static void what_either_owes_is_paid_at_once(void **state)
{
    (void)state;
    counter_buy(house, till, "1", "anna", "bread", 1000);
    counter_buy(house, till, "2", "ben", "bread", 5000);
    counter_adjust(house, ANNA, (struct adjustment){.points = -30, .may_owe = true});
    assert_int_equal(merge(ANNA, BEN), CODE_ACCEPTED);
    assert_int_equal(counter_available(house), 30);
    counter_buy(house, till, "3", "cleo", "bread", 10000);
    counter_adjust(house, BEN, (struct adjustment){.points = -70, .may_owe = true});
    assert_int_equal(counter_available(house), -40);
    assert_int_equal(merge(3, BEN), CODE_ACCEPTED);
    assert_int_equal(counter_available(house), 60);
    counter_buy(house, till, "4", "dora", "bread", 1000);
    counter_adjust(house, 4, (struct adjustment){.points = -100, .may_owe = true});
    assert_int_equal(merge(4, BEN), CODE_ACCEPTED);
    assert_int_equal(counter_available(house), -30);
}

static void stamps_add_up_and_complete_the_card(void **state)
{
    (void)state;
    counter_buy(house, till, "1", "anna", "bread", 100);
    counter_buy(house, till, "2", "ben", "bread", 100);
    counter_adjust(house, ANNA, (struct adjustment){.card = "coffee", .stamps = 7});
    counter_adjust(house, BEN, (struct adjustment){.card = "coffee", .stamps = 15});
    assert_int_equal(merge(ANNA, BEN), CODE_ACCEPTED);
    const struct member_view *ben = view(BEN);
    assert_int_equal(ben->cards_count, 1);
    assert_int_equal(ben->cards[0].stamps, 2);
    assert_int_equal(ben->vouchers_count, 2);
}

static void metrics_add_up_and_the_higher_level_stays(void **state)
{
    (void)state;
    counter_buy(house, till, "1", "anna", "bread", 60000);
    counter_buy(house, till, "2", "ben", "bread", 45000);
    assert_int_equal(merge(ANNA, BEN), CODE_ACCEPTED);
    assert_string_equal(view(BEN)->level, "gold");
    assert_int_equal(house->reply.member.view->qualifying, 1050);
    counter_buy(house, till, "3", "cleo", "bread", 100);
    counter_buy(house, till, "4", "dora", "bread", 100);
    counter_adjust(house, 3, (struct adjustment){.level = "silver"});
    assert_int_equal(merge(3, 4), CODE_ACCEPTED);
    assert_string_equal(view(4)->level, "silver");
    /* What limits counted counts on: 1,000 a year, of which 1,050 would be one too many. */
    counter_buy(house, till, "5", "ben", "bread", 10000);
    assert_int_equal(counter_available(house), 1050);
}

static void eat(const char *card, const char *first, int cakes)
{
    for (int i = 0; i < cakes; i++) {
        const char number[] = {first[0], (char)('0' + i), '\0'};
        counter_buy(house, till, number, card, "cake", 100);
    }
}

static void a_milestone_that_only_the_sum_reaches_is_reached(void **state)
{
    (void)state;
    eat("anna", "a", 5);
    eat("ben", "b", 4);
    assert_int_equal(merge(ANNA, BEN), CODE_ACCEPTED);
    assert_int_equal(counter_available(house), 9 + 7);
    /* Once is once, whoever had it. */
    eat("cleo", "c", 8);
    assert_int_equal(counter_available(house), 8 + 7);
    assert_int_equal(merge(3, BEN), CODE_ACCEPTED);
    assert_int_equal(counter_available(house), 16 + 15);
    eat("dora", "d", 7);
    assert_int_equal(merge(4, BEN), CODE_ACCEPTED);
    assert_int_equal(counter_available(house), 31 + 7);
    eat("ben", "e", 1);
    assert_int_equal(counter_available(house), 39);
}

static void vouchers_and_reservations_follow(void **state)
{
    (void)state;
    counter_buy(house, till, "1", "anna", "bread", 10000);
    counter_buy(house, till, "2", "ben", "bread", 10000);
    const uint64_t held = counter_reserve(house, till, "anna", 80);
    counter_adjust(house, ANNA, (struct adjustment){.reward = "mug"});
    struct bytes code = {0};
    for (size_t i = 0; i < house->decision->outcome.effects_count; i++) {
        const struct effect *effect = &house->decision->outcome.effects[i];
        if (effect->kind == EFFECT_VOUCHER) {
            static uint8_t copy[VOUCHER_CODE_BYTES];
            memcpy(copy, effect->voucher.code, sizeof(copy));
            code = (struct bytes){copy, sizeof(copy)};
        }
    }
    assert_int_equal(code.size, VOUCHER_CODE_BYTES);
    assert_int_equal(merge(ANNA, BEN), CODE_ACCEPTED);
    assert_int_equal(counter_available(house), 120);
    assert_int_equal(house->decision->outcome.balances.accounts[MEMBER_RESERVED], 80);
    /* By either card, and by the name it was made under. */
    const struct redemption mug = {.voucher = code, .units = 1};
    struct event event = house_purchase(house, "3", "bread", 100);
    event.purchase.redemptions = &mug;
    event.purchase.redemptions_count = 1;
    house_book(house, till, &event, "anna");
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.member, BEN);
    struct event again = house_purchase(house, "4", "bread", 100);
    again.purchase.redemptions = &mug;
    again.purchase.redemptions_count = 1;
    house_book(house, till, &again, "ben");
    assert_int_equal(house->decision->outcome.code, CODE_VOUCHER_USED);
    struct event release = {
        .occurred_at = house->now, .kind = EVENT_RELEASE, .release = {.reservation = held}};
    house_book(house, till, &release, NULL);
    assert_int_equal(counter_available(house), 201);
}

static void a_reservation_that_came_along_times_out(void **state)
{
    (void)state;
    counter_buy(house, till, "1", "anna", "bread", 10000);
    counter_buy(house, till, "2", "ben", "bread", 10000);
    counter_reserve(house, till, "ben", 30);
    counter_reserve(house, till, "anna", 80);
    counter_reserve(house, till, "ben", 30);
    assert_int_equal(merge(ANNA, BEN), CODE_ACCEPTED);
    house->now += 2 * 60 * 60 * 1000;
    counter_buy(house, till, "3", "ben", "bread", 100);
    assert_int_equal(counter_available(house), 201);
    assert_int_equal(house->decision->outcome.balances.accounts[MEMBER_RESERVED], 0);
}

static void returns_of_either_receipt_take_from_the_one(void **state)
{
    (void)state;
    counter_buy(house, till, "1", "anna", "coffee", 10000);
    counter_buy(house, till, "2", "ben", "bread", 10000);
    assert_int_equal(merge(ANNA, BEN), CODE_ACCEPTED);
    counter_give_all_back(house, till, "3", "1");
    assert_int_equal(counter_available(house), 100);
    assert_int_equal(view(BEN)->cards_count == 0 || house->reply.member.view->cards[0].stamps == 0, true);
    counter_give_all_back(house, till, "4", "2");
    assert_int_equal(counter_available(house), 0);
}

static void who_was_merged_is_found_as_the_other_and_named_no_more(void **state)
{
    (void)state;
    counter_buy(house, till, "1", "anna", "bread", 1000);
    counter_buy(house, till, "2", "ben", "bread", 1000);
    counter_buy(house, till, "3", "cleo", "bread", 1000);
    assert_int_equal(merge(ANNA, ANNA), CODE_MEMBER_MERGED);
    assert_int_equal(merge(ANNA, 9), CODE_UNKNOWN_MEMBER);
    assert_int_equal(merge(ANNA, BEN), CODE_ACCEPTED);
    assert_int_equal(merge(ANNA, BEN), CODE_MEMBER_MERGED);
    assert_int_equal(merge(BEN, ANNA), CODE_MEMBER_MERGED);
    assert_int_equal(merge(BEN, 3), CODE_ACCEPTED);
    assert_int_equal(view(ANNA)->member, 3);
    assert_int_equal(house->reply.member.view->available, 30);
    counter_buy(house, till, "4", "anna", "bread", 500);
    assert_int_equal(house->decision->outcome.member, 3);
    assert_int_equal(counter_available(house), 35);
    counter_give_all_back(house, till, "5", "1");
    assert_int_equal(counter_available(house), 25);
    house_restart(house);
    counter_buy(house, till, "6", "ben", "bread", 500);
    assert_int_equal(counter_available(house), 30);
}

static void only_managers_and_admins_merge(void **state)
{
    (void)state;
    counter_buy(house, till, "1", "anna", "bread", 1000);
    counter_buy(house, till, "2", "ben", "bread", 1000);
    const uint32_t clerk = house_principal(house, ROLE_CLERK, NULL, "Dora");
    struct event event = {.occurred_at = house->now, .kind = EVENT_MERGE, .merge = {.from = 1, .to = 2}};
    house_book(house, clerk, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_NOT_ALLOWED);
}

static void what_is_known_of_a_person_goes_on_with_the_one_that_stays(void **state)
{
    (void)state;
    counter_buy(house, till, "1", "anna", "bread", 1000);
    counter_buy(house, till, "2", "ben", "bread", 1000);
    const struct request set = {.kind = REQUEST_SET_PROFILE,
                                .set_profile = {.member = ANNA, .profile = {.name = "Anna"}}};
    house_ask(house, HOUSE_ADMIN, &set);
    assert_int_equal(house->reply.kind, REPLY_PROFILE);
    assert_int_equal(merge(ANNA, BEN), CODE_ACCEPTED);
    const struct request get = {.kind = REQUEST_GET_PROFILE, .get_profile = {.member = BEN}};
    house_ask(house, HOUSE_ADMIN, &get);
    assert_int_equal(house->reply.kind, REPLY_PROFILE);
    assert_string_equal(house->reply.profile.profile.name, "Anna");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_was_paid_with_points_comes_back_to_its_old_lot_with_the_other_member),
        TEST(what_either_owes_is_paid_at_once),
        TEST(stamps_add_up_and_complete_the_card),
        TEST(metrics_add_up_and_the_higher_level_stays),
        TEST(a_milestone_that_only_the_sum_reaches_is_reached),
        TEST(vouchers_and_reservations_follow),
        TEST(a_reservation_that_came_along_times_out),
        TEST(returns_of_either_receipt_take_from_the_one),
        TEST(who_was_merged_is_found_as_the_other_and_named_no_more),
        TEST(only_managers_and_admins_merge),
        TEST(what_is_known_of_a_person_goes_on_with_the_one_that_stays),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
