/* What operators do by hand: adjustments, and points moved from one member to another. */
#include "lib/house.h"

#include "model/account.h"
#include "model/programme.h"

#include <stdlib.h>

#define HEAD                                                                                                 \
    "programme: cafe\nversion: 1\neffective: 2026-01-01\ncurrency: EUR\nzone: Europe/Tallinn\n"              \
    "stores: [{id: harbour}]\n"                                                                              \
    "points: {expiry: {after: {months: 12}}}\n"                                                              \
    "rules:\n  - {id: euro, spend: {give: 1, per: 1.00}}\n"                                                  \
    "  - {id: cup, card: coffee, item: {give: 1, per: unit}, only: {categories: [coffee]}}\n"                \
    "stamp_cards: [{id: coffee, required: 10, gives: {reward: mug}}]\n"                                      \
    "rewards: [{id: mug, kind: gift}]\n"                                                                     \
    "tiers:\n  window: calendar_year\n  valid: {years: 1, round: end_of_year}\n  levels:\n"                  \
    "    - {id: guest}\n    - {id: gold, qualifying: 1000}\n"

static const char cafe[] = HEAD "moving: {transfer: allow}\n";
static const char closed[] = HEAD;

static struct house *house;
static uint32_t till;

static int setup(void **state)
{
    (void)state;
    house = malloc(sizeof(*house));
    return house == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    house_replay(house);
    house_close(house);
    free(house);
    return 0;
}

static void begin(const char *programme)
{
    house_open(house, programme, false);
    till = house_terminal(house, "harbour", "T1");
}

static void buy(const char *number, const char *card, int64_t gross)
{
    struct event event = house_purchase(house, number, "bread", gross);
    house_book(house, till, &event, card);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
}

static enum outcome_code adjust(struct adjustment adjustment)
{
    adjustment.reason = "by hand";
    adjustment.until = adjustment.until == 0 ? -1 : adjustment.until;
    adjustment.level_until = adjustment.level_until == 0 ? -1 : adjustment.level_until;
    struct event event = {.occurred_at = house->now, .kind = EVENT_ADJUSTMENT, .adjustment = adjustment};
    house_book(house, HOUSE_ADMIN, &event, NULL);
    return house->decision->outcome.code;
}

static enum outcome_code transfer(uint32_t from, uint32_t to, int64_t points)
{
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_TRANSFER,
                          .transfer = {.from = from, .to = to, .points = points}};
    house_book(house, HOUSE_ADMIN, &event, NULL);
    return house->decision->outcome.code;
}

static int64_t available(void)
{
    return house->decision->outcome.balances.accounts[MEMBER_AVAILABLE];
}

static int64_t available_of(uint32_t member)
{
    const struct request request = {.kind = REQUEST_GET_MEMBER, .get_member = {.member = member}};
    house_ask(house, HOUSE_ADMIN, &request);
    assert_int_equal(house->reply.kind, REPLY_MEMBER);
    return house->reply.member.view->available;
}

static void points_are_given_and_taken_and_more_than_there_is_is_refused(void **state)
{
    (void)state;
    begin(cafe);
    buy("1", "anna", 5000);
    assert_int_equal(adjust((struct adjustment){.member = 1, .points = 20}), CODE_ACCEPTED);
    assert_int_equal(available(), 70);
    assert_int_equal(adjust((struct adjustment){.member = 1, .points = -60}), CODE_ACCEPTED);
    assert_int_equal(available(), 10);
    assert_int_equal(adjust((struct adjustment){.member = 1, .points = -11}), CODE_POINTS_SHORT);
    assert_int_equal(available_of(1), 10);
}

static void what_may_be_owed_is_paid_by_the_next_points(void **state)
{
    (void)state;
    begin(cafe);
    buy("1", "anna", 500);
    assert_int_equal(adjust((struct adjustment){.member = 1, .points = -8, .may_owe = true}), CODE_ACCEPTED);
    assert_int_equal(available(), -3);
    buy("2", "anna", 10000);
    assert_int_equal(available_of(1), 97);
}

static void a_level_by_hand_holds_until_its_day(void **state)
{
    (void)state;
    begin(cafe);
    buy("1", "anna", 500);
    const uint32_t guest = house->decision->outcome.balances.level;
    const int32_t day = (int32_t)(house->now / 86400000);
    const struct adjustment gold = {.member = 1, .level = "gold", .level_until = day + 10};
    assert_int_equal(adjust(gold), CODE_ACCEPTED);
    const uint32_t held = house->decision->outcome.balances.level;
    assert_int_not_equal(held, guest);
    house->now += 9 * 86400000LL;
    buy("2", "anna", 500);
    assert_int_equal(house->decision->outcome.balances.level, held);
    house->now += 3 * 86400000LL;
    buy("3", "anna", 500);
    assert_int_equal(house->decision->outcome.balances.level, guest);
}

static void stamps_and_vouchers_are_given_by_hand(void **state)
{
    (void)state;
    begin(cafe);
    buy("1", "anna", 500);
    assert_int_equal(adjust((struct adjustment){.member = 1, .card = "coffee", .stamps = 12}), CODE_ACCEPTED);
    size_t vouchers = 0;
    for (size_t i = 0; i < house->decision->outcome.effects_count; i++) {
        vouchers += house->decision->outcome.effects[i].kind == EFFECT_VOUCHER;
    }
    assert_int_equal(vouchers, 1);
    assert_int_equal(adjust((struct adjustment){.member = 1, .card = "coffee", .stamps = -5}), CODE_ACCEPTED);
    const struct outcome *outcome = &house->decision->outcome;
    assert_int_equal(outcome->effects[outcome->effects_count - 1].stamps.count, -3);
    assert_int_equal(adjust((struct adjustment){.member = 1, .reward = "mug"}), CODE_ACCEPTED);
    assert_int_equal(adjust((struct adjustment){.member = 1, .reward = "none"}), CODE_UNKNOWN_ID);
    assert_int_equal(adjust((struct adjustment){.member = 9, .points = 1}), CODE_UNKNOWN_MEMBER);
}

static void points_move_with_their_lots_and_pay_what_the_receiver_owes(void **state)
{
    (void)state;
    begin(cafe);
    buy("1", "anna", 5000);
    buy("2", "ben", 1000);
    assert_int_equal(adjust((struct adjustment){.member = 2, .points = -15, .may_owe = true}), CODE_ACCEPTED);
    assert_int_equal(transfer(1, 2, 60), CODE_POINTS_SHORT);
    assert_int_equal(transfer(1, 2, 30), CODE_ACCEPTED);
    assert_int_equal(available(), 20);
    assert_int_equal(available_of(2), 25);
    assert_int_equal(transfer(1, 2, 20), CODE_ACCEPTED);
    assert_int_equal(available_of(2), 45);
    assert_int_equal(transfer(2, 1, 45), CODE_ACCEPTED);
    assert_int_equal(available_of(1), 45);
    assert_int_equal(transfer(1, 1, 1), CODE_TRANSFER_REFUSED);
    /* They end when the purchase they came from says. */
    house->now += 366 * 86400000LL;
    buy("3", "anna", 100);
    assert_int_equal(available_of(1), 1);
}

static void a_programme_that_does_not_allow_it_moves_nothing(void **state)
{
    (void)state;
    begin(closed);
    buy("1", "anna", 5000);
    buy("2", "ben", 1000);
    assert_int_equal(transfer(1, 2, 30), CODE_TRANSFER_REFUSED);
    assert_int_equal(available_of(2), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(points_are_given_and_taken_and_more_than_there_is_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_may_be_owed_is_paid_by_the_next_points, setup, teardown),
        cmocka_unit_test_setup_teardown(a_level_by_hand_holds_until_its_day, setup, teardown),
        cmocka_unit_test_setup_teardown(stamps_and_vouchers_are_given_by_hand, setup, teardown),
        cmocka_unit_test_setup_teardown(points_move_with_their_lots_and_pay_what_the_receiver_owes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_programme_that_does_not_allow_it_moves_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
