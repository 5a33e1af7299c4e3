#include "lib/corner.h"

#include <stdlib.h>

struct house *corner_open(const char *yaml)
{
    struct house *house = malloc(sizeof(*house));
    house_open(house, yaml, false);
    assert_int_equal(house_terminal(house, "cafe", "till-1"), CORNER_TILL);
    return house;
}

void corner_close(struct house *house)
{
    house_replay(house);
    house_close(house);
    free(house);
}

const struct outcome *corner_buy(struct house *house, const char *number, const char *category, int64_t gross)
{
    struct event event = house_purchase(house, number, category, gross);
    house_book(house, CORNER_TILL, &event, "card 1");
    return &house->decision->outcome;
}

/* Several units in one line. */
const struct outcome *corner_buy_units(struct house *house, const char *number, int64_t units, int64_t gross)
{
    struct event event = house_purchase(house, number, "bread", gross);
    struct line line = event.purchase.lines[0];
    line.quantity = units * 1000;
    event.purchase.lines = &line;
    house_book(house, CORNER_TILL, &event, "card 1");
    return &house->decision->outcome;
}

struct event corner_return(const struct house *house, const char *number, const char *original)
{
    const int32_t day = (int32_t)(house->now / CORNER_DAY_MS);
    return (struct event){.occurred_at = house->now,
                          .kind = EVENT_GOODS_RETURN,
                          .goods_return = {.receipt = {.business_date = day, .number = number},
                                           .has_original = true,
                                           .original = {.business_date = day, .number = original},
                                           .done = true}};
}

const struct outcome *corner_give_back(struct house *house, const char *number, const char *original,
                                       int64_t amount)
{
    struct event event = corner_return(house, number, original);
    event.goods_return.amount = amount;
    house_book(house, CORNER_TILL, &event, NULL);
    return &house->decision->outcome;
}

const struct outcome *corner_give_back_units(struct house *house, const char *number, const char *original,
                                             int64_t units)
{
    struct event event = corner_return(house, number, original);
    const struct return_part part = {.quantity = units * 1000};
    event.goods_return.parts = &part;
    event.goods_return.parts_count = 1;
    house_book(house, CORNER_TILL, &event, NULL);
    return &house->decision->outcome;
}

const struct outcome *corner_give_all_back(struct house *house, const char *number, const char *original)
{
    struct event event = corner_return(house, number, original);
    event.goods_return.whole = true;
    house_book(house, CORNER_TILL, &event, NULL);
    return &house->decision->outcome;
}

const struct outcome *corner_void(struct house *house, const char *original, bool done)
{
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_VOID_RECEIPT,
                          .void_receipt = {.receipt = {.business_date = (int32_t)(house->now / CORNER_DAY_MS),
                                                       .number = original},
                                           .done = done}};
    house_book(house, CORNER_TILL, &event, NULL);
    return &house->decision->outcome;
}

int64_t corner_available(const struct outcome *outcome)
{
    assert_int_equal(outcome->code, CODE_ACCEPTED);
    assert_true(outcome->has_balances);
    return outcome->balances.accounts[MEMBER_AVAILABLE];
}

void corner_assert_exception(const struct outcome *outcome, enum exception_kind kind, int64_t amount)
{
    for (size_t i = 0; i < outcome->exceptions_count; i++) {
        if (outcome->exceptions[i].kind == kind) {
            assert_int_equal(outcome->exceptions[i].amount, amount);
            return;
        }
    }
    fail_msg("no such exception: %s", exception_text(kind));
}
