/* Receipts that are not known yet, nobody's or the wrong member's, and none at all, through the ledger. */
#include "lib/corner.h"

static void a_return_of_a_purchase_nobody_knows_is_kept_for_it_or_refused(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO);
    corner_assert_exception(corner_give_back(house, "1", "99", 500), EXCEPTION_PARKED, 500);
    corner_close(house);
    house = corner_open(CORNER_HEAD CORNER_EURO "returns: {unknown_receipt: refuse}\n");
    corner_assert_exception(corner_give_back(house, "1", "99", 500), EXCEPTION_UNKNOWN_RECEIPT, 500);
    struct event event = corner_return(house, "2", "99");
    event.goods_return.amount = 500;
    event.goods_return.done = false;
    house_book(house, CORNER_TILL, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_UNKNOWN_RECEIPT);
    corner_close(house);
}

static void a_return_that_came_first_is_decided_right_behind_its_purchase(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO);
    corner_give_back(house, "1", "99", 2000);
    corner_give_back(house, "2", "99", 500);
    house_restart(house);
    assert_int_equal(corner_available(corner_buy(house, "99", "bread", 5000)), 50);
    const uint64_t purchase = house->booked.position;
    assert_int_equal(corner_available(corner_buy(house, "100", "bread", 100)), 26);
    assert_int_equal(house->booked.position, purchase + 3);
    /* Nobody need look at them any more. */
    struct exception_row rows[8];
    size_t count;
    assert_int_equal(store_exceptions(house->temporary.store, 0, false, rows, 8, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(store_exceptions(house->temporary.store, 0, true, rows, 8, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(rows[1].resolved_by, purchase + 2);
    corner_close(house);
}

static const struct outcome *claim(struct house *house, uint32_t by, const char *number, const char *card)
{
    const int32_t day = (int32_t)(house->now / CORNER_DAY_MS);
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
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO "claim: {days: 14}\n");
    struct event event = house_purchase(house, "1", "bread", 2500);
    house_book(house, CORNER_TILL, &event, NULL);
    corner_give_back(house, "2", "1", 500);
    assert_int_equal(corner_available(claim(house, CORNER_TILL, "1", "card 1")), 20);
    assert_int_equal(claim(house, CORNER_TILL, "1", "card 2")->code, CODE_NOT_CLAIMABLE);
    assert_int_equal(corner_available(corner_give_back(house, "3", "1", 1000)), 10);
    assert_int_equal(corner_available(corner_give_all_back(house, "4", "1")), 0);
    assert_int_equal(claim(house, CORNER_TILL, "99", "card 2")->code, CODE_UNKNOWN_RECEIPT);
    corner_close(house);
}

static void a_receipt_of_the_wrong_member_goes_to_the_right_one(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO);
    corner_buy(house, "1", "bread", 2500);
    const int32_t day = (int32_t)(house->now / CORNER_DAY_MS);
    struct event event = {
        .occurred_at = house->now,
        .kind = EVENT_UNCLAIM,
        .unclaim = {.receipt = {.store = "cafe", .business_date = day, .till = "till-1", .number = "1"},
                    .reason = "another's card"}};
    house_book(house, HOUSE_ADMIN, &event, NULL);
    assert_int_equal(corner_available(&house->decision->outcome), 0);
    house_book(house, HOUSE_ADMIN, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ALREADY_DONE);
    const struct outcome *outcome = claim(house, HOUSE_ADMIN, "1", "card 2");
    assert_int_equal(corner_available(outcome), 25);
    assert_int_equal(outcome->member, 2);
    outcome = corner_give_back(house, "2", "1", 1000);
    assert_int_equal(outcome->member, 2);
    assert_int_equal(corner_available(outcome), 15);
    corner_close(house);
}

static void an_operator_resolves_an_exception_once(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO);
    corner_buy(house, "1", "bread", 1000);
    corner_give_back(house, "2", "1", 1500);
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
    corner_close(house);
}

static void without_a_receipt_the_amount_alone_is_taken(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO "returns: {without_receipt: by_amount}\n");
    corner_buy(house, "1", "bread", 1000);
    struct event event = corner_return(house, "2", "");
    event.goods_return.has_original = false;
    event.goods_return.amount = 450;
    house_book(house, CORNER_TILL, &event, "card 1");
    assert_int_equal(corner_available(&house->decision->outcome), 6);
    corner_close(house);
}

static void a_return_has_a_receipt_of_its_own_that_is_booked_once(void **state)
{
    (void)state;
    struct house *house = corner_open(CORNER_HEAD CORNER_EURO);
    corner_buy(house, "1", "bread", 1000);
    corner_give_back(house, "2", "1", 300);
    assert_int_equal(corner_give_back(house, "2", "1", 300)->code, CODE_DUPLICATE_RECEIPT);
    corner_close(house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
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
