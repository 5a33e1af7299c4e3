/* Households: what members share is the household's, all else is theirs, and who leaves takes nothing of it
 * along. Every test ends with a replay of its log. */
#include "lib/counter.h"

#include "model/account.h"
#include "model/programme.h"

#include <stdlib.h>
#include <string.h>

#define CAFE(more)                                                                                           \
    "programme: cafe\nversion: 1\ncurrency: EUR\nzone: Europe/Tallinn\nlocales: [en]\n"                      \
    "stores: [{id: harbour}]\n"                                                                              \
    "rules:\n  - {id: euro, spend: {give: 1, per: 1.00}}\n"                                                  \
    "  - {id: cup, card: coffee, item: {give: 1, per: unit}, only: {categories: [coffee]}}\n"                \
    "  - {id: cake, item: {give: 50, per: line}, only: {categories: [cake]},\n"                              \
    "     limits: [{max: 1, of: times, per: day, for: household}]}\n"                                        \
    "stamp_cards: [{id: coffee, required: 10, gives: {reward: mug}}]\n"                                      \
    "rewards:\n  - {id: mug, kind: gift}\n"                                                                  \
    "  - {id: tart, kind: gift, cost: 10, limits: [{max: 1, of: times, per: day}]}\n"                        \
    "tiers:\n  window: calendar_year\n  valid: {years: 1, round: end_of_year}\n  levels:\n"                  \
    "    - {id: guest}\n    - {id: gold, qualifying: 1000}\n"                                                \
    "pay_with_points: {points: 10, worth: 0.10}\n"                                                           \
    "reservations: {timeout_minutes: 60, longest_minutes: 600}\n"                                            \
    "moving: {transfer: allow}\n" more

static const char share_points[] = CAFE("households: {share: [points]}\n");
static const char share_all[] = CAFE("households: {share: [points, tier, stamps]}\n");
static const char ends[] =
    CAFE("households: {share: [points]}\npoints: {expiry: {inactivity: {months: 6}}}\n");

enum { ANNA = 1, BEN = 2, HOME = 3, DAY_MS = 24 * 60 * 60 * 1000 };

static struct house *house;
static uint32_t till;

static int setup(void **state)
{
    (void)state;
    house = malloc(sizeof(*house));
    if (house == NULL) {
        return -1;
    }
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

static void begin(const char *programme)
{
    house_open(house, programme, false);
    till = house_terminal(house, "harbour", "T1");
}

static const struct member_view *view(uint32_t member)
{
    const struct request request = {.kind = REQUEST_GET_MEMBER, .get_member = {.member = member}};
    house_ask(house, HOUSE_ADMIN, &request);
    assert_int_equal(house->reply.kind, REPLY_MEMBER);
    return house->reply.member.view;
}

static enum outcome_code join(uint32_t member, uint32_t household)
{
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_HOUSEHOLD,
                          .household = {.member = member, .household = household}};
    house_book(house, HOUSE_ADMIN, &event, NULL);
    return house->decision->outcome.code;
}

static enum outcome_code leave(uint32_t member)
{
    struct event event = {
        .occurred_at = house->now, .kind = EVENT_HOUSEHOLD, .household = {.member = member, .leaves = true}};
    house_book(house, HOUSE_ADMIN, &event, NULL);
    return house->decision->outcome.code;
}

/* Anna and Ben, who are one and two, live in three. */
static void move_in(void)
{
    counter_buy(house, till, "a", "anna", "bread", 6000);
    counter_buy(house, till, "b", "ben", "bread", 4000);
    assert_int_equal(join(ANNA, 0), CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.member, HOME);
    assert_int_equal(counter_available(house), 60);
    assert_int_equal(join(BEN, HOME), CODE_ACCEPTED);
    assert_int_equal(counter_available(house), 100);
}

/* Worked answer 25. */
static void who_leaves_takes_nothing_along_and_what_he_returns_is_the_households(void **state)
{
    (void)state;
    begin(share_points);
    move_in();
    counter_buy(house, till, "1", "anna", "bread", 3000);
    assert_int_equal(counter_available(house), 130);
    counter_adjust(house, BEN, (struct adjustment){.points = -30});
    assert_int_equal(counter_available(house), 100);
    assert_int_equal(leave(ANNA), CODE_ACCEPTED);
    assert_int_equal(view(HOME)->available, 100);
    assert_int_equal(view(BEN)->available, 100);
    assert_int_equal(view(ANNA)->available, 0);
    counter_give_all_back(house, till, "2", "1");
    assert_int_equal(view(HOME)->available, 70);
    assert_int_equal(view(ANNA)->available, 0);
    counter_buy(house, till, "3", "anna", "bread", 500);
    assert_int_equal(counter_available(house), 5);
    assert_int_equal(view(HOME)->available, 70);
}

static void what_is_taken_by_hand_of_a_leavers_receipt_is_the_households(void **state)
{
    (void)state;
    begin(share_points);
    move_in();
    counter_buy(house, till, "1", "anna", "bread", 3000);
    assert_int_equal(leave(ANNA), CODE_ACCEPTED);
    const struct receipt slip = house_purchase(house, "1", "bread", 0).purchase.receipt;
    struct adjustment adjustment = {.points = -12, .has_receipt = true, .receipt = slip};
    adjustment.receipt.store = "harbour";
    adjustment.receipt.till = "T1";
    counter_adjust(house, ANNA, adjustment);
    assert_int_equal(view(HOME)->available, 118);
    assert_int_equal(view(ANNA)->available, 0);
    counter_give_all_back(house, till, "2", "1");
    assert_int_equal(view(HOME)->available, 100);
    assert_int_equal(view(ANNA)->available, 0);
}

static void points_are_everybodys_and_levels_and_stamps_are_not(void **state)
{
    (void)state;
    begin(share_points);
    counter_buy(house, till, "1", "anna", "coffee", 100000);
    counter_buy(house, till, "2", "ben", "bread", 1000);
    assert_int_equal(join(ANNA, 0), CODE_ACCEPTED);
    assert_int_equal(join(BEN, HOME), CODE_ACCEPTED);
    assert_int_equal(view(BEN)->available, 1010);
    assert_int_equal(
        house->reply.member.view->cards_count == 0 || house->reply.member.view->cards[0].stamps == 0, true);
    assert_string_equal(house->reply.member.view->level, "guest");
    assert_string_equal(view(ANNA)->level, "gold");
    assert_int_equal(house->reply.member.view->cards[0].stamps, 1);
}

static void a_shared_level_and_shared_stamps_add_up(void **state)
{
    (void)state;
    begin(share_all);
    counter_buy(house, till, "1", "anna", "bread", 60000);
    counter_buy(house, till, "2", "ben", "bread", 60000);
    counter_adjust(house, ANNA, (struct adjustment){.card = "coffee", .stamps = 6});
    counter_adjust(house, BEN, (struct adjustment){.card = "coffee", .stamps = 5});
    assert_int_equal(join(ANNA, 0), CODE_ACCEPTED);
    assert_int_equal(join(BEN, HOME), CODE_ACCEPTED);
    assert_string_equal(view(ANNA)->level, "gold");
    assert_int_equal(house->reply.member.view->cards[0].stamps, 1);
    assert_int_equal(view(HOME)->vouchers_count, 1);
    for (int i = 0; i < 9; i++) {
        const char number[] = {'c', (char)('0' + i), '\0'};
        counter_buy(house, till, number, i % 2 == 0 ? "anna" : "ben", "coffee", 100);
    }
    assert_int_equal(view(ANNA)->vouchers_count, 2); /* her own, and the one the household got */
    assert_int_equal(house->reply.member.view->cards[0].stamps, 0);
    assert_int_equal(leave(BEN), CODE_ACCEPTED);
    assert_string_equal(view(BEN)->level, "guest");
    assert_int_equal(house->reply.member.view->qualifying, 0);
    assert_string_equal(view(ANNA)->level, "gold");
}

static void a_limit_for_the_household_holds_for_all_of_it(void **state)
{
    (void)state;
    begin(share_points);
    move_in();
    counter_buy(house, till, "1", "anna", "cake", 100);
    assert_int_equal(counter_available(house), 151);
    counter_buy(house, till, "2", "ben", "cake", 100);
    assert_int_equal(counter_available(house), 152);
    house->now += DAY_MS;
    counter_buy(house, till, "3", "ben", "cake", 100);
    assert_int_equal(counter_available(house), 203);
}

static void what_one_reserves_the_other_cannot_spend_until_its_time_is_over(void **state)
{
    (void)state;
    begin(share_points);
    move_in();
    counter_reserve(house, till, "anna", 80);
    counter_buy(house, till, "1", "ben", "bread", 100);
    assert_int_equal(counter_available(house), 21);
    assert_int_equal(house->decision->outcome.balances.accounts[MEMBER_RESERVED], 80);
    house->now += 2 * 60 * 60 * 1000;
    counter_buy(house, till, "2", "ben", "bread", 100);
    assert_int_equal(counter_available(house), 102);
}

static enum outcome_code reserve_tart(const char *card)
{
    struct event event = {
        .occurred_at = house->now, .kind = EVENT_RESERVE, .reserve = {.reward = "tart", .units = 1}};
    house_book(house, till, &event, card);
    return house->decision->outcome.code;
}

static void what_ones_limit_counted_comes_back_to_nobody_else(void **state)
{
    (void)state;
    begin(share_points);
    move_in();
    assert_int_equal(reserve_tart("anna"), CODE_ACCEPTED);
    assert_int_equal(reserve_tart("anna"), CODE_LIMIT);
    house->now += 2 * 60 * 60 * 1000;
    counter_buy(house, till, "20", "ben", "bread", 100); /* its time is over */
    assert_int_equal(house->decision->outcome.balances.accounts[MEMBER_RESERVED], 0);
    assert_int_equal(reserve_tart("ben"), CODE_ACCEPTED);
    assert_int_equal(reserve_tart("ben"), CODE_LIMIT);
    assert_int_equal(reserve_tart("anna"), CODE_ACCEPTED);
    assert_int_equal(reserve_tart("anna"), CODE_LIMIT);
    house->now += 2 * 60 * 60 * 1000;
    assert_int_equal(reserve_tart("anna"), CODE_ACCEPTED); /* her own event ends both */
    assert_int_equal(reserve_tart("ben"), CODE_ACCEPTED);
}

static enum outcome_code release(uint64_t reservation)
{
    struct event event = {
        .occurred_at = house->now, .kind = EVENT_RELEASE, .release.reservation = reservation};
    house_book(house, till, &event, NULL);
    return house->decision->outcome.code;
}

static void what_is_released_gives_the_reserver_his_own_room_back(void **state)
{
    (void)state;
    begin(share_points);
    move_in();
    assert_int_equal(reserve_tart("anna"), CODE_ACCEPTED);
    assert_int_equal(release(house->booked.position), CODE_ACCEPTED);
    assert_int_equal(reserve_tart("anna"), CODE_ACCEPTED);
    const uint64_t reserved = house->booked.position;
    assert_int_equal(reserve_tart("anna"), CODE_LIMIT);
    /* Also when she has left: the points are the household's, the limit is hers. */
    assert_int_equal(leave(ANNA), CODE_ACCEPTED);
    assert_int_equal(view(HOME)->available, 90);
    assert_int_equal(release(reserved), CODE_ACCEPTED);
    assert_int_equal(view(HOME)->available, 100);
    counter_buy(house, till, "21", "anna", "bread", 1000);
    assert_int_equal(reserve_tart("anna"), CODE_ACCEPTED);
}

static enum outcome_code reserve_voucher(const char *card, const uint8_t *code, bool longest)
{
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_RESERVE,
                          .reserve = {.voucher = {code, VOUCHER_CODE_BYTES},
                                      .units = 1,
                                      .has_timeout = longest,
                                      .timeout_minutes = 600}};
    house_book(house, till, &event, card);
    return house->decision->outcome.code;
}

static void a_voucher_of_the_households_that_a_leaver_reserved_is_free_again(void **state)
{
    uint8_t code[VOUCHER_CODE_BYTES] = {0};
    (void)state;
    begin(share_all);
    move_in();
    counter_adjust(house, HOME, (struct adjustment){.card = "coffee", .stamps = 10});
    const struct outcome *outcome = &house->decision->outcome;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        if (outcome->effects[i].kind == EFFECT_VOUCHER) {
            memcpy(code, outcome->effects[i].voucher.code, sizeof(code));
        }
    }
    assert_int_equal(reserve_voucher("anna", code, true), CODE_ACCEPTED);
    const uint64_t reserved = house->booked.position;
    assert_int_equal(reserve_voucher("ben", code, false), CODE_VOUCHER_RESERVED);
    assert_int_equal(leave(ANNA), CODE_ACCEPTED);
    assert_int_equal(reserve_voucher("ben", code, false), CODE_VOUCHER_RESERVED);
    assert_int_equal(release(reserved), CODE_ACCEPTED);
    assert_int_equal(release(reserved), CODE_RESERVATION_ENDED);
    /* Or its time is over: that is the household's affair, wherever the one is by now. */
    assert_int_equal(join(ANNA, HOME), CODE_ACCEPTED);
    assert_int_equal(reserve_voucher("anna", code, false), CODE_ACCEPTED);
    assert_int_equal(leave(ANNA), CODE_ACCEPTED);
    house->now += 2 * 60 * 60 * 1000;
    assert_int_equal(reserve_voucher("ben", code, false), CODE_ACCEPTED);
}

static void points_last_while_anybody_of_the_household_buys(void **state)
{
    (void)state;
    begin(ends);
    move_in();
    for (int i = 0; i < 4; i++) {
        const char number[] = {'m', (char)('0' + i), '\0'};
        house->now += 90LL * DAY_MS;
        counter_buy(house, till, number, "ben", "bread", 100);
    }
    assert_int_equal(view(ANNA)->available, 104);
    counter_buy(house, till, "1", "anna", "bread", 100);
    assert_int_equal(counter_available(house), 105);
}

static void who_is_in_a_household_is_not_merged_and_gives_nothing_away(void **state)
{
    (void)state;
    begin(share_points);
    assert_int_equal(join(7, 0), CODE_UNKNOWN_MEMBER);
    move_in();
    counter_buy(house, till, "c", "cleo", "bread", 1000);
    enum { CLEO = 4 };
    assert_int_equal(join(ANNA, 0), CODE_HOUSEHOLD);
    assert_int_equal(join(CLEO, ANNA), CODE_HOUSEHOLD);
    assert_int_equal(join(HOME, 0), CODE_HOUSEHOLD);
    assert_int_equal(leave(CLEO), CODE_HOUSEHOLD);
    assert_int_equal(leave(HOME), CODE_HOUSEHOLD);
    struct event merge = {.occurred_at = house->now, .kind = EVENT_MERGE, .merge = {.from = CLEO, .to = BEN}};
    house_book(house, HOUSE_ADMIN, &merge, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_HOUSEHOLD);
    struct event transfer = {.occurred_at = house->now,
                             .kind = EVENT_TRANSFER,
                             .transfer = {.from = BEN, .to = CLEO, .points = 10}};
    house_book(house, HOUSE_ADMIN, &transfer, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_HOUSEHOLD);
    transfer.transfer.from = HOME;
    house_book(house, HOUSE_ADMIN, &transfer, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    assert_int_equal(view(ANNA)->available, 90);
}

static void a_programme_without_households_has_none(void **state)
{
    (void)state;
    begin(CAFE(""));
    counter_buy(house, till, "1", "anna", "bread", 1000);
    assert_int_equal(join(ANNA, 0), CODE_HOUSEHOLD);
    assert_int_equal(view(ANNA)->available, 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(who_leaves_takes_nothing_along_and_what_he_returns_is_the_households),
        TEST(what_is_taken_by_hand_of_a_leavers_receipt_is_the_households),
        TEST(points_are_everybodys_and_levels_and_stamps_are_not),
        TEST(a_shared_level_and_shared_stamps_add_up),
        TEST(a_limit_for_the_household_holds_for_all_of_it),
        TEST(what_one_reserves_the_other_cannot_spend_until_its_time_is_over),
        TEST(what_ones_limit_counted_comes_back_to_nobody_else),
        TEST(what_is_released_gives_the_reserver_his_own_room_back),
        TEST(a_voucher_of_the_households_that_a_leaver_reserved_is_free_again),
        TEST(points_last_while_anybody_of_the_household_buys),
        TEST(who_is_in_a_household_is_not_merged_and_gives_nothing_away),
        TEST(a_programme_without_households_has_none),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
