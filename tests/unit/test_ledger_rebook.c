/* Exceptions for the back office, and refused facts that are booked after all. */
#include "lib/house.h"

#include "crypto/card.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PROGRAMME[] = "programme: corner\n"
                                "version: %d\n"
                                "effective: %s\n"
                                "currency: EUR\n"
                                "zone: Europe/Tallinn\n"
                                "stores: [{id: cafe}]\n"
                                "auto_enrol: yes\n"
                                "max_offline: {days: 10}\n"
                                "points:\n"
                                "  name: [{locale: en, one: star, other: stars}]\n"
                                "locales: [en]\n"
                                "rules:\n"
                                "  - {id: euro, spend: {give: %d, per: 1.00}}\n";

enum { TILL = 2, CLERK = 3 };
#define DAY_MS (24LL * 60 * 60 * 1000)

static void apply(struct house *house, int version, const char *effective, int give)
{
    char yaml[sizeof(PROGRAMME) + 64];
    const int size = snprintf(yaml, sizeof(yaml), PROGRAMME, version, effective, give);
    struct event change = {.occurred_at = house->now,
                           .kind = EVENT_PROGRAMME_CHANGE,
                           .programme_change.yaml = {(const uint8_t *)yaml, (size_t)size}};
    house_book(house, HOUSE_ADMIN, &change, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
}

static int open_house(void **state)
{
    struct house *house = malloc(sizeof(*house));
    char yaml[sizeof(PROGRAMME) + 64];
    snprintf(yaml, sizeof(yaml), PROGRAMME, 1, "2025-01-01", 10);
    house_open(house, yaml, false);
    assert_int_equal(house_terminal(house, "cafe", "till-1"), TILL);
    house->sequences[TILL] = 2; /* or the house gives the clerk its key */
    assert_int_equal(house_principal(house, ROLE_CLERK, NULL, "clerk"), CLERK);
    house->sequences[TILL] = 1;
    *state = house;
    return 0;
}

static int close_house(void **state)
{
    house_close(*state);
    free(*state);
    return 0;
}

static enum outcome_code book(struct house *house, struct event *event, const char *card)
{
    house_book(house, TILL, event, card);
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
    return house->decision->outcome.code;
}

/* A till whose clock is 20 days behind rings up 5.00. Returns the position of the refusal. */
static uint64_t sell_too_late(struct house *house, const char *number)
{
    struct event event = house_purchase(house, number, "bread", 500);
    event.occurred_at -= 20 * DAY_MS;
    assert_int_equal(book(house, &event, "1111"), CODE_CLOCK);
    return house->booked.position;
}

/* Says again what stands there, at `at` under this number; `card` NULL: as it was. */
static enum outcome_code rebook(struct house *house, uint32_t who, uint64_t position, const char *number,
                                int64_t at, const char *card)
{
    static uint8_t memory[64 * 1024];
    struct arena arena;
    struct event stated = house_purchase(house, number, "bread", 500);
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_REBOOK,
                          .rebook = {.position = position, .reason = "its clock was wrong"}};
    struct request request = {.id = 5, .kind = REQUEST_BOOK};
    request.book.principal = who;
    request.book.sequence = house->sequences[who];
    arena_init(&arena, memory, sizeof(memory));
    stated.occurred_at = at;
    house_seal(&stated, request.book.sequence, card, &arena, &request.book);
    event.rebook.body = request.book.body;
    assert_int_equal(wire_body_pack(&event, &arena, &request.book.body), 0);
    const size_t room = SIGN_EVENT_PREFIX_BYTES + request.book.body.size;
    uint8_t *signed_bytes = arena_alloc(&arena, 1, room);
    uint8_t *signature = arena_alloc(&arena, 1, SIGNATURE_BYTES);
    const struct sign_event message = {house->programme_id, who, request.book.sequence, request.book.body};
    assert_int_equal(sign_event(&house->keys[who], &message, signed_bytes, room, signature), 0);
    request.book.signature = (struct bytes){signature, SIGNATURE_BYTES};
    arena_reset(&house->scratch);
    house_ask(house, who, &request);
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
    house->sequences[who]++;
    assert_int_equal(wire_booked_unpack(house->reply.booked.booked, &house->scratch, &house->booked), 0);
    decision_clear(house->decision);
    assert_int_equal(wire_outcome_unpack(house->booked.outcome, &house->scratch, &house->decision->outcome),
                     0);
    return house->decision->outcome.code;
}

static size_t exceptions(struct house *house, uint64_t after, bool all)
{
    const struct request request = {.kind = REQUEST_GET_EXCEPTIONS,
                                    .get_exceptions = {.after = after, .all = all}};
    arena_reset(&house->scratch);
    house_ask(house, HOUSE_ADMIN, &request);
    assert_int_equal(house->reply.kind, REPLY_EXCEPTIONS);
    return house->reply.exceptions.count;
}

static void a_refused_purchase_is_listed_and_booked_after_all(void **state)
{
    struct house *house = *state;
    const uint64_t refused = sell_too_late(house, "7");
    assert_int_equal(exceptions(house, 0, false), 1);
    const struct exception_view *view = &house->reply.exceptions.items[0];
    assert_int_equal(view->position, refused);
    assert_int_equal(view->kind, EXCEPTION_REFUSED);
    assert_int_equal(view->amount, CODE_CLOCK);
    assert_int_equal(view->event_kind, EVENT_PURCHASE);
    assert_string_equal(view->store, "cafe");
    assert_string_equal(view->till, "till-1");
    assert_string_equal(view->number, "7");
    assert_int_equal(rebook(house, HOUSE_ADMIN, refused, "7", house->now - DAY_MS, "1111"), CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.balances.accounts[MEMBER_AVAILABLE], 50);
    assert_int_equal(house->decision->outcome.exceptions_count, 0);
    assert_int_equal(exceptions(house, 0, false), 0);
    assert_int_equal(exceptions(house, 0, true), 1);
    assert_int_equal(house->reply.exceptions.items[0].resolved_by, house->booked.position);
    house_replay(house);
}

/* The receipt is the till's own, and what is about it finds it. */
static void what_was_booked_again_comes_back_and_is_booked_once(void **state)
{
    struct house *house = *state;
    const uint64_t refused = sell_too_late(house, "7");
    assert_int_equal(rebook(house, HOUSE_ADMIN, refused, "7", house->now, "1111"), CODE_ACCEPTED);
    assert_int_equal(rebook(house, HOUSE_ADMIN, refused, "7", house->now, "1111"), CODE_DUPLICATE_RECEIPT);
    struct event again = house_purchase(house, "7", "bread", 500);
    assert_int_equal(book(house, &again, "1111"), CODE_DUPLICATE_RECEIPT);
    struct event back = {.occurred_at = house->now,
                         .kind = EVENT_GOODS_RETURN,
                         .goods_return = {.receipt = again.purchase.receipt,
                                          .has_original = true,
                                          .original = again.purchase.receipt,
                                          .amount = 200}};
    back.goods_return.receipt.number = "8";
    assert_int_equal(book(house, &back, NULL), CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.balances.accounts[MEMBER_AVAILABLE], 30);
    house_replay(house);
}

static void amounts_are_those_of_then(void **state)
{
    struct house *house = *state;
    const uint64_t refused = sell_too_late(house, "7");
    const int64_t then = house->now;
    house->now += 3 * DAY_MS;
    apply(house, 2, "2025-12-03", 100);
    house->now += 30 * DAY_MS; /* long after any till could say it */
    assert_int_equal(rebook(house, HOUSE_ADMIN, refused, "7", then, "1111"), CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.balances.accounts[MEMBER_AVAILABLE], 50);
    assert_int_equal(rebook(house, HOUSE_ADMIN, refused, "9", then - 11 * DAY_MS, "1111"), CODE_CLOCK);
    assert_int_equal(rebook(house, HOUSE_ADMIN, refused, "9", house->now, "1111"), CODE_CLOCK);
    house_replay(house);
}

static void only_refused_facts_are_booked_again_and_not_by_clerks(void **state)
{
    struct house *house = *state;
    struct event event = house_purchase(house, "1", "bread", 500);
    assert_int_equal(book(house, &event, "1111"), CODE_ACCEPTED);
    const uint64_t accepted = house->booked.position;
    assert_int_equal(rebook(house, HOUSE_ADMIN, accepted, "2", house->now, "1111"), CODE_NOT_REFUSED);
    assert_int_equal(rebook(house, HOUSE_ADMIN, 1, "2", house->now, "1111"), CODE_NOT_REFUSED);
    assert_int_equal(rebook(house, HOUSE_ADMIN, 4000, "2", house->now, "1111"), CODE_NOT_REFUSED);
    const uint64_t refused = sell_too_late(house, "7");
    assert_int_equal(rebook(house, CLERK, refused, "7", house->now, "1111"), CODE_NOT_ALLOWED);
    struct event garbage = {
        .occurred_at = house->now,
        .kind = EVENT_REBOOK,
        .rebook = {.position = refused, .reason = "nothing of it", .body = {(const uint8_t *)"garbage", 7}}};
    house_book(house, HOUSE_ADMIN, &garbage, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_MALFORMED);
    house_replay(house);
}

static void pages_end_with_an_event(void **state)
{
    struct house *house = *state;
    char number[16];
    for (int i = 0; i < EXCEPTIONS_PAGE_MAX + 20; i++) {
        snprintf(number, sizeof(number), "%d", i);
        sell_too_late(house, number);
    }
    assert_int_equal(exceptions(house, 0, false), EXCEPTIONS_PAGE_MAX);
    assert_true(house->reply.exceptions.more);
    const uint64_t last = house->reply.exceptions.items[EXCEPTIONS_PAGE_MAX - 1].position;
    assert_int_equal(exceptions(house, last, false), 20);
    assert_false(house->reply.exceptions.more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_refused_purchase_is_listed_and_booked_after_all, open_house,
                                        close_house),
        cmocka_unit_test_setup_teardown(what_was_booked_again_comes_back_and_is_booked_once, open_house,
                                        close_house),
        cmocka_unit_test_setup_teardown(amounts_are_those_of_then, open_house, close_house),
        cmocka_unit_test_setup_teardown(only_refused_facts_are_booked_again_and_not_by_clerks, open_house,
                                        close_house),
        cmocka_unit_test_setup_teardown(pages_end_with_an_event, open_house, close_house),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
