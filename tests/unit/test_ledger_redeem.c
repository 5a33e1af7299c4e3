/* Redemptions through the ledger: what it looks up for them, writes, and makes again from the log. */
#include "lib/house.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PROGRAMME[] =
    "programme: corner\n"
    "version: 1\n"
    "currency: EUR\n"
    "zone: Europe/Tallinn\n"
    "stores: [{id: cafe}]\n"
    "points:\n"
    "  name: [{locale: en, one: star, other: stars}]\n"
    "locales: [en]\n"
    "rules:\n"
    "  - {id: euro, spend: {give: 10, per: 1.00}}\n"
    "  - {id: lunch, gives: {reward: lunch}, when: {codes: [lunch]}}\n"
    "rewards:\n"
    "  - {id: cake, kind: free_item, cost: 100, only: {categories: [cake]},\n"
    "     limits: [{max: 5, per: ever, for: all}]}\n"
    "  - {id: lunch, kind: free_item, only: {categories: [lunch]}, valid: {days: 3}}\n"
    "pay_with_points: {points: 100, worth: 5.00}\n"
    "reservations: {timeout_minutes: 15, longest_minutes: 60}\n";

enum { TILL = 2, MINUTE_MS = 60 * 1000 };
static const char ANNA[] = "1111";
static const char BERT[] = "2222";

static int open_house(void **state)
{
    struct house *house = malloc(sizeof(*house));
    house_open(house, PROGRAMME, false);
    assert_int_equal(house_terminal(house, "cafe", "till-1"), TILL);
    *state = house;
    return 0;
}

static int close_house(void **state)
{
    house_close(*state);
    free(*state);
    return 0;
}

static unsigned receipts;

static enum outcome_code book(struct house *house, struct event *event, const char *card)
{
    house_book(house, TILL, event, card);
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
    return house->decision->outcome.code;
}

/* A purchase of one line; `redemption` NULL: none. */
static enum outcome_code buy(struct house *house, const char *card, const char *category, int64_t gross,
                             const struct redemption *redemption, bool done)
{
    char number[16];
    snprintf(number, sizeof(number), "%u", ++receipts);
    struct event event = house_purchase(house, number, category, gross);
    event.purchase.redemptions = redemption;
    event.purchase.redemptions_count = redemption != NULL;
    event.purchase.redeem_done = done;
    return book(house, &event, card);
}

static enum outcome_code reserve(struct house *house, const char *card, const char *reward, uint32_t units)
{
    struct event event = {
        .occurred_at = house->now, .kind = EVENT_RESERVE, .reserve = {.reward = reward, .units = units}};
    return book(house, &event, card);
}

static enum outcome_code release(struct house *house, uint64_t reservation)
{
    struct event event = {
        .occurred_at = house->now, .kind = EVENT_RELEASE, .release = {.reservation = reservation}};
    return book(house, &event, NULL);
}

/* What was decided can be explained. */
static void explain(struct house *house, uint64_t position)
{
    const struct request request = {.kind = REQUEST_GET_EVENT, .get_event = {.position = position}};
    house_ask(house, HOUSE_ADMIN, &request);
    assert_int_equal(house->reply.kind, REPLY_EVENT);
    assert_true(house->reply.event.trace_count > 0);
}

/* Brings goods of a receipt back for this money. */
static enum outcome_code bring_back(struct house *house, const char *original, const char *number,
                                    int64_t amount)
{
    const struct event bought = house_purchase(house, original, "bread", 1);
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_GOODS_RETURN,
                          .goods_return = {.receipt = {.business_date = bought.purchase.receipt.business_date,
                                                       .number = number},
                                           .has_original = true,
                                           .original = bought.purchase.receipt,
                                           .amount = amount}};
    return book(house, &event, NULL);
}

static int64_t balance(const struct house *house, enum member_account account)
{
    return house->decision->outcome.balances.accounts[account];
}

/* The code of the voucher the last event issued. */
static struct bytes issued(const struct house *house, uint8_t code[VOUCHER_CODE_BYTES])
{
    const struct outcome *outcome = &house->decision->outcome;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        if (outcome->effects[i].kind == EFFECT_VOUCHER) {
            memcpy(code, outcome->effects[i].voucher.code, VOUCHER_CODE_BYTES);
            return (struct bytes){code, VOUCHER_CODE_BYTES};
        }
    }
    fail();
    return (struct bytes){0};
}

static void get_lunch_voucher(struct house *house, uint8_t code[VOUCHER_CODE_BYTES])
{
    static const char *const codes[] = {"lunch"};
    char number[16];
    snprintf(number, sizeof(number), "%u", ++receipts);
    struct event event = house_purchase(house, number, "bread", 10);
    event.purchase.codes = codes;
    event.purchase.codes_count = 1;
    assert_int_equal(book(house, &event, ANNA), CODE_ACCEPTED);
    issued(house, code);
}

static void points_are_reserved_committed_and_released(void **state)
{
    struct house *house = *state;
    assert_int_equal(buy(house, ANNA, "bread", 4500, NULL, false), CODE_ACCEPTED);
    assert_int_equal(reserve(house, ANNA, "cake", 3), CODE_ACCEPTED);
    const uint64_t first = house->booked.position;
    assert_int_equal(balance(house, MEMBER_AVAILABLE), 150);
    assert_int_equal(balance(house, MEMBER_RESERVED), 300);
    assert_int_equal(reserve(house, ANNA, "cake", 2), CODE_POINTS_SHORT);
    assert_int_equal(reserve(house, BERT, "cake", 1), CODE_UNKNOWN_MEMBER);
    const struct redemption part = {.reservation = first, .units = 1};
    assert_int_equal(buy(house, ANNA, "cake", 400, &part, false), CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.uses_count, 1);
    assert_int_equal(house->decision->outcome.uses[0].value, 400);
    assert_int_equal(house->decision->outcome.uses[0].points, 100);
    assert_int_equal(balance(house, MEMBER_RESERVED), 0);
    assert_int_equal(balance(house, MEMBER_AVAILABLE), 350);
    assert_int_equal(release(house, first), CODE_RESERVATION_ENDED);
    assert_int_equal(reserve(house, ANNA, "cake", 1), CODE_ACCEPTED);
    const uint64_t second = house->booked.position;
    assert_int_equal(release(house, second), CODE_ACCEPTED);
    assert_int_equal(balance(house, MEMBER_AVAILABLE), 350);
    assert_int_equal(release(house, second), CODE_RESERVATION_ENDED);
    assert_int_equal(release(house, 1), CODE_RESERVATION_UNKNOWN);
    assert_int_equal(release(house, 1000000), CODE_RESERVATION_UNKNOWN);
    house_restart(house);
    house_replay(house);
}

static void a_reservation_times_out_and_is_committed_late_once(void **state)
{
    struct house *house = *state;
    assert_int_equal(buy(house, ANNA, "bread", 1000, NULL, false), CODE_ACCEPTED);
    assert_int_equal(reserve(house, ANNA, "cake", 1), CODE_ACCEPTED);
    const struct redemption late = {.reservation = house->booked.position, .units = 1};
    house->now += 15 * MINUTE_MS - 1;
    assert_int_equal(buy(house, ANNA, "bread", 10, NULL, false), CODE_ACCEPTED);
    assert_int_equal(balance(house, MEMBER_RESERVED), 100);
    house->now += 1;
    assert_int_equal(buy(house, ANNA, "bread", 10, NULL, false), CODE_ACCEPTED);
    assert_int_equal(balance(house, MEMBER_RESERVED), 0);
    assert_int_equal(balance(house, MEMBER_AVAILABLE), 102);
    house_restart(house);
    const struct redemption points = {.reward = "cake", .units = 1};
    assert_int_equal(buy(house, ANNA, "cake", 300, &points, false), CODE_ACCEPTED);
    assert_int_equal(buy(house, ANNA, "cake", 300, &late, false), CODE_POINTS_SHORT);
    assert_int_equal(buy(house, ANNA, "cake", 300, &late, true), CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.exceptions_count, 1);
    assert_int_equal(house->decision->outcome.exceptions[0].kind, EXCEPTION_POINTS_SHORT);
    assert_int_equal(house->decision->outcome.exceptions[0].amount, 98);
    explain(house, house->booked.position);
    assert_int_equal(buy(house, ANNA, "cake", 300, &late, true), CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.exceptions[0].kind, EXCEPTION_RESERVATION_GONE);
    house_replay(house);
}

static void a_voucher_is_honoured_once(void **state)
{
    struct house *house = *state;
    uint8_t code[VOUCHER_CODE_BYTES];
    get_lunch_voucher(house, code);
    const struct redemption voucher = {.voucher = {code, VOUCHER_CODE_BYTES}, .units = 1};
    assert_int_equal(buy(house, BERT, "bread", 10, NULL, false), CODE_ACCEPTED);
    assert_int_equal(buy(house, BERT, "lunch", 900, &voucher, false), CODE_VOUCHER_UNKNOWN);
    assert_int_equal(buy(house, ANNA, "bread", 900, &voucher, false), CODE_NOTHING_TO_PAY);
    assert_int_equal(buy(house, ANNA, "lunch", 900, &voucher, false), CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.uses[0].value, 900);
    house_restart(house);
    assert_int_equal(buy(house, ANNA, "lunch", 900, &voucher, false), CODE_VOUCHER_USED);
    assert_int_equal(buy(house, ANNA, "lunch", 900, &voucher, true), CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.uses_count, 0);
    assert_int_equal(house->decision->outcome.exceptions[0].kind, EXCEPTION_VOUCHER_USED_BEFORE);
    house_replay(house);
}

static void a_voucher_past_its_last_day_expires(void **state)
{
    struct house *house = *state;
    uint8_t code[VOUCHER_CODE_BYTES];
    get_lunch_voucher(house, code);
    const struct redemption voucher = {.voucher = {code, VOUCHER_CODE_BYTES}, .units = 1};
    house->now += (int64_t)4 * 24 * 60 * MINUTE_MS;
    assert_int_equal(buy(house, ANNA, "lunch", 900, &voucher, false), CODE_VOUCHER_EXPIRED);
    assert_int_equal(buy(house, ANNA, "lunch", 900, &voucher, true), CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.exceptions[0].kind, EXCEPTION_VOUCHER_EXPIRED);
    assert_int_equal(buy(house, ANNA, "lunch", 900, &voucher, false), CODE_VOUCHER_EXPIRED);
    house_replay(house);
}

static void a_stock_is_never_overshot_by_reservations(void **state)
{
    struct house *house = *state;
    assert_int_equal(buy(house, ANNA, "bread", 10000, NULL, false), CODE_ACCEPTED);
    assert_int_equal(buy(house, BERT, "bread", 10000, NULL, false), CODE_ACCEPTED);
    assert_int_equal(reserve(house, ANNA, "cake", 4), CODE_ACCEPTED);
    assert_int_equal(reserve(house, BERT, "cake", 2), CODE_LIMIT);
    const struct redemption one = {.reward = "cake", .units = 1};
    assert_int_equal(buy(house, BERT, "cake", 300, &one, false), CODE_ACCEPTED);
    assert_int_equal(buy(house, BERT, "cake", 300, &one, false), CODE_LIMIT);
    house->now += 16 * MINUTE_MS;
    /* It is back when its holder is settled. */
    assert_int_equal(buy(house, ANNA, "bread", 10, NULL, false), CODE_ACCEPTED);
    assert_int_equal(reserve(house, BERT, "cake", 4), CODE_ACCEPTED);
    assert_int_equal(reserve(house, ANNA, "cake", 1), CODE_LIMIT);
    house_replay(house);
}

/* Worked answer 41, TB-06 and TB-09: a retry never turns yesterday's no into a yes, and what was refused for
 * the moment is refused under its sequence for good. */
static void a_refusal_stays_what_it_was(void **state)
{
    struct house *house = *state;
    static uint8_t first[4096];
    const struct redemption cake = {.reward = "cake", .units = 1};
    assert_int_equal(buy(house, ANNA, "bread", 950, NULL, false), CODE_ACCEPTED);
    const int64_t then = house->now;
    const uint64_t sequence = house->sequences[TILL];
    const unsigned receipt = receipts + 1;
    assert_int_equal(buy(house, ANNA, "cake", 300, &cake, false), CODE_POINTS_SHORT);
    const size_t size = house->booked_bytes.size;
    assert_true(size <= sizeof(first));
    memcpy(first, house->booked_bytes.data, size);
    house->now += MINUTE_MS;
    assert_int_equal(buy(house, ANNA, "bread", 100, NULL, false), CODE_ACCEPTED);
    char number[16];
    snprintf(number, sizeof(number), "%u", receipt);
    struct event again = house_purchase(house, number, "cake", 300);
    again.occurred_at = then;
    again.purchase.redemptions = &cake;
    again.purchase.redemptions_count = 1;
    house_book_as(house, TILL, sequence, &again, ANNA);
    assert_int_equal(house->decision->outcome.code, CODE_POINTS_SHORT);
    assert_true(house->reply.booked.repeated);
    assert_int_equal(house->booked_bytes.size, size);
    assert_memory_equal(house->booked_bytes.data, first, size);
    struct event other = house_purchase(house, number, "bread", 300);
    house_book_as(house, TILL, sequence, &other, ANNA);
    assert_int_equal(house->reply.kind, REPLY_FAILURE);
    assert_int_equal(house->reply.failure.code, FAILURE_CONFLICT);
    assert_int_equal(buy(house, ANNA, "cake", 300, &cake, false), CODE_ACCEPTED);
    house_replay(house);
}

static void points_pay(void **state)
{
    struct house *house = *state;
    assert_int_equal(buy(house, ANNA, "bread", 10500, NULL, false), CODE_ACCEPTED);
    const struct pay_with_points pay = {.points = 0};
    struct event event = house_purchase(house, "paid", "bread", 6000);
    event.purchase.pay_with_points = &pay;
    assert_int_equal(book(house, &event, ANNA), CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.uses[0].redemption, USE_POINTS);
    assert_int_equal(house->decision->outcome.uses[0].points, 1000);
    assert_int_equal(house->decision->outcome.uses[0].value, 5000);
    assert_int_equal(balance(house, MEMBER_AVAILABLE), 50 + 100);
    house_replay(house);
}

/* Points and money go back in the mix they came. */
static void half_of_what_points_paid_for_comes_back(void **state)
{
    struct house *house = *state;
    assert_int_equal(buy(house, ANNA, "bread", 10000, NULL, false), CODE_ACCEPTED);
    const struct pay_with_points pay = {.points = 1000};
    struct event event = house_purchase(house, "eighty", "bread", 8000);
    event.purchase.pay_with_points = &pay;
    assert_int_equal(book(house, &event, ANNA), CODE_ACCEPTED);
    /* 80.00 less 50.00 in points earn 300. */
    assert_int_equal(balance(house, MEMBER_AVAILABLE), 300);
    assert_int_equal(bring_back(house, "eighty", "back", 4000), CODE_ACCEPTED);
    assert_int_equal(balance(house, MEMBER_AVAILABLE), 300 + 500 - 150);
    house_replay(house);
}

/* What was owed for it comes back at once, not to the purchase's own points, which are still pending. */
static void what_a_purchase_owed_is_not_owed_when_it_comes_back(void **state)
{
    (void)state;
    static const char PENDING[] = "programme: corner\nversion: 1\ncurrency: EUR\nzone: Europe/Tallinn\n"
                                  "stores: [{id: cafe}]\npoints: {available_after: {days: 14}}\n"
                                  "rules: [{id: euro, spend: {give: 1, per: 1.00}}]\n"
                                  "pay_with_points: {points: 100, worth: 5.00}\n";
    struct house *house = malloc(sizeof(*house));
    house_open(house, PENDING, false);
    assert_int_equal(house_terminal(house, "cafe", "till-1"), TILL);
    const struct pay_with_points pay = {.points = 100};
    assert_int_equal(buy(house, ANNA, "bread", 100, NULL, false), CODE_ACCEPTED);
    struct event event = house_purchase(house, "owed", "bread", 1500);
    event.purchase.pay_with_points = &pay;
    event.purchase.redeem_done = true;
    assert_int_equal(book(house, &event, ANNA), CODE_ACCEPTED);
    assert_int_equal(balance(house, MEMBER_AVAILABLE), -100);
    assert_int_equal(balance(house, MEMBER_PENDING), 1 + 10);
    assert_int_equal(bring_back(house, "owed", "back", 1000), CODE_ACCEPTED);
    assert_int_equal(balance(house, MEMBER_PENDING), 1 + 3);
    assert_int_equal(balance(house, MEMBER_AVAILABLE), -100 + 66);
    house_replay(house);
    house_close(house);
    free(house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(points_are_reserved_committed_and_released, open_house, close_house),
        cmocka_unit_test_setup_teardown(a_reservation_times_out_and_is_committed_late_once, open_house,
                                        close_house),
        cmocka_unit_test_setup_teardown(a_voucher_is_honoured_once, open_house, close_house),
        cmocka_unit_test_setup_teardown(a_voucher_past_its_last_day_expires, open_house, close_house),
        cmocka_unit_test_setup_teardown(a_stock_is_never_overshot_by_reservations, open_house, close_house),
        cmocka_unit_test_setup_teardown(a_refusal_stays_what_it_was, open_house, close_house),
        cmocka_unit_test_setup_teardown(points_pay, open_house, close_house),
        cmocka_unit_test_setup_teardown(half_of_what_points_paid_for_comes_back, open_house, close_house),
        cmocka_unit_test(what_a_purchase_owed_is_not_owed_when_it_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
