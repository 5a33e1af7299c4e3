/* What a clerk does at the counter and in the back office. */
#include "lib/counter.h"

#include "lib/testing.h"

#include "model/account.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

const struct outcome *counter_buy(struct house *house, uint32_t till, const char *number, const char *card,
                                  const char *category, int64_t gross)
{
    struct event event = house_purchase(house, number, category, gross);
    house_book(house, till, &event, card);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    return &house->decision->outcome;
}

void counter_adjust(struct house *house, uint32_t member, struct adjustment adjustment)
{
    adjustment.member = member;
    adjustment.reason = "by hand";
    adjustment.until = -1;
    adjustment.level_until = -1;
    struct event event = {.occurred_at = house->now, .kind = EVENT_ADJUSTMENT, .adjustment = adjustment};
    house_book(house, HOUSE_ADMIN, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
}

int64_t counter_available(struct house *house)
{
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    return house->decision->outcome.balances.accounts[MEMBER_AVAILABLE];
}

void counter_give_all_back(struct house *house, uint32_t till, const char *number, const char *original)
{
    const int32_t day = (int32_t)(house->now / DAY_MS);
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_GOODS_RETURN,
                          .goods_return = {.receipt = {.business_date = day, .number = number},
                                           .has_original = true,
                                           .original = {.business_date = day, .number = original},
                                           .whole = true,
                                           .done = true}};
    house_book(house, till, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.exceptions_count, 0);
}

uint64_t counter_reserve(struct house *house, uint32_t till, const char *card, int64_t points)
{
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_RESERVE,
                          .reserve = {.points = true, .amount = points, .units = 1}};
    house_book(house, till, &event, card);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    return house->booked.position;
}
