/* Quotes: what booking would do, and nothing done. */
#include "lib/house.h"

#include "crypto/card.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PROGRAMME[] =
    "programme: cafe\n"
    "version: 1\n"
    "currency: EUR\n"
    "zone: Europe/Tallinn\n"
    "locales: [en]\n"
    "stores: [{id: cafe}]\n"
    "points: {name: [{locale: en, one: star, other: stars}]}\n"
    "rules:\n"
    "  - {id: euro, spend: {give: 1, per: 1.00}}\n"
    "  - {id: large, visit: {give: 50}, when: {min_basket: 20.00}}\n"
    "  - {id: stamp, card: lunch, item: {give: 1}, only: {categories: [lunch]}}\n"
    "  - {id: quiz, activity: {give: 5, code: quiz}}\n"
    "stamp_cards: [{id: lunch, required: 3, gives: {reward: soup}}]\n"
    "rewards: [{id: soup, kind: gift}]\n"
    "tiers: {window: lifetime, levels: [{id: basic}, {id: gold, qualifying: 100}]}\n";

enum { TILL = 2 };

static int setup(void **state)
{
    struct house *house = calloc(1, sizeof(*house));
    assert_non_null(house);
    house_open(house, PROGRAMME, false);
    assert_int_equal(house_terminal(house, "cafe", "T1"), TILL);
    *state = house;
    return 0;
}

static int teardown(void **state)
{
    house_close(*state);
    free(*state);
    return 0;
}

/* Asks for the quote of an event whose card is opened by `salt`; the reply stays in the house. */
static void ask(struct house *house, struct event *event, const char *text)
{
    static uint8_t memory[64 * 1024];
    static const uint8_t salt[CARD_SALT_BYTES] = {7};
    static uint8_t commitment[HASH_BYTES];
    struct request request = {.kind = REQUEST_QUOTE};
    struct arena arena;
    arena_init(&arena, memory, sizeof(memory));
    if (text != NULL) {
        struct card_number card;
        assert_int_equal(card_normalise(text, strlen(text), &card), 0);
        crypto_card_commitment(salt, &card, commitment);
        event->purchase.card = (struct bytes){commitment, sizeof(commitment)};
        request.quote.opening = (struct opening){{salt, sizeof(salt)}, text};
    }
    assert_int_equal(wire_body_pack(event, &arena, &request.quote.body), 0);
    request.quote.locale = "en";
    house_ask(house, TILL, &request);
}

/* The bytes of a quote's outcome against those of the booking behind it. */
static void a_quote_is_what_is_booked_then(void **state)
{
    struct house *house = *state;
    static const int64_t amounts[] = {890, 1990, 2000, 12345, 1};
    for (size_t i = 0; i < ARRAY_COUNT(amounts); i++) {
        char number[8];
        snprintf(number, sizeof(number), "%zu", i);
        struct event event = house_purchase(house, number, "lunch", amounts[i]);
        ask(house, &event, "card");
        assert_int_equal(house->reply.kind, REPLY_QUOTED);
        struct outcome *quoted = calloc(1, sizeof(*quoted));
        static uint8_t memory[256 * 1024];
        struct arena arena;
        arena_init(&arena, memory, sizeof(memory));
        assert_int_equal(wire_outcome_unpack(house->reply.quoted.outcome, &arena, quoted), 0);
        assert_true(house->reply.quoted.trace_count >= 4);
        assert_non_null(house->reply.quoted.rendering);
        const int64_t points = house->reply.quoted.rendering->points;
        event = house_purchase(house, number, "lunch", amounts[i]);
        house_book(house, TILL, &event, "card");
        const struct outcome *booked = &house->decision->outcome;
        assert_int_equal(quoted->code, booked->code);
        assert_int_equal(quoted->effects_count, booked->effects_count);
        for (size_t k = 0; k < quoted->effects_count; k++) {
            assert_int_equal(quoted->effects[k].kind, booked->effects[k].kind);
            if (booked->effects[k].kind == EFFECT_MOVE) {
                assert_int_equal(quoted->effects[k].move.amount, booked->effects[k].move.amount);
            }
            if (booked->effects[k].kind == EFFECT_VOUCHER) {
                static const uint8_t none[VOUCHER_CODE_BYTES];
                assert_memory_equal(quoted->effects[k].voucher.code, none, sizeof(none));
            }
        }
        assert_memory_equal(&quoted->balances.accounts, &booked->balances.accounts,
                            sizeof(booked->balances.accounts));
        assert_int_equal(quoted->balances.level, booked->balances.level);
        assert_int_equal(quoted->near_misses_count, booked->near_misses_count);
        assert_memory_equal(quoted->near_misses, booked->near_misses,
                            booked->near_misses_count * sizeof(booked->near_misses[0]));
        assert_true(points > 0 || amounts[i] < 100);
        free(quoted);
    }
}

static void a_quote_leaves_everything_as_it_was(void **state)
{
    struct house *house = *state;
    const struct request status = {.kind = REQUEST_GET_STATUS};
    house_ask(house, HOUSE_ADMIN, &status);
    const uint64_t position = house->reply.status.position;
    const uint32_t members = house->reply.status.members;
    struct event event = house_purchase(house, "1", "lunch", 5000);
    for (int i = 0; i < 3; i++) {
        ask(house, &event, "nobody yet");
        assert_int_equal(house->reply.kind, REPLY_QUOTED);
    }
    house_ask(house, HOUSE_ADMIN, &status);
    assert_int_equal(house->reply.status.position, position);
    assert_int_equal(house->reply.status.members, members);
    event = house_purchase(house, "1", "lunch", 5000);
    house_book(house, TILL, &event, "nobody yet"); /* the receipt and the sequence are free */
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    house_replay(house);
}

static void only_what_earns_has_a_quote(void **state)
{
    struct house *house = *state;
    static const uint8_t card[HASH_BYTES] = {1};
    struct event event = {
        .occurred_at = house->now, .kind = EVENT_ENROLMENT, .enrolment = {{card, HASH_BYTES}}};
    ask(house, &event, NULL);
    assert_int_equal(house->reply.kind, REPLY_FAILURE);
    assert_int_equal(house->reply.failure.code, FAILURE_INVALID);
    const struct request nothing = {.kind = REQUEST_QUOTE, .quote.body = {(const uint8_t *)"x", 1}};
    house_ask(house, TILL, &nothing);
    assert_int_equal(house->reply.failure.code, FAILURE_INVALID);
    event = (struct event){
        .occurred_at = house->now, .kind = EVENT_ACTIVITY, .activity = {{card, HASH_BYTES}, "quiz"}};
    ask(house, &event, NULL);
    assert_int_equal(house->reply.kind, REPLY_QUOTED);
}

/* A year ahead and a bit; then the clock is asked again. */
static void a_quote_may_be_of_a_day_to_come(void **state)
{
    struct house *house = *state;
    static const struct {
        int64_t days;
        enum outcome_code code;
    } cases[] = {{0, CODE_ACCEPTED}, {2, CODE_ACCEPTED}, {366, CODE_ACCEPTED}, {367, CODE_CLOCK}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        static uint8_t memory[64 * 1024];
        struct outcome *outcome = calloc(1, sizeof(*outcome));
        struct arena arena;
        struct event event = house_purchase(house, "1", "lunch", 2000);
        assert_non_null(outcome);
        arena_init(&arena, memory, sizeof(memory));
        event.occurred_at += cases[i].days * 24 * 60 * 60 * 1000;
        ask(house, &event, "5551234");
        assert_int_equal(house->reply.kind, REPLY_QUOTED);
        assert_int_equal(wire_outcome_unpack(house->reply.quoted.outcome, &arena, outcome), 0);
        assert_int_equal(outcome->code, cases[i].code);
        free(outcome);
    }
    house_replay(house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_quote_is_what_is_booked_then, setup, teardown),
        cmocka_unit_test_setup_teardown(a_quote_leaves_everything_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_earns_has_a_quote, setup, teardown),
        cmocka_unit_test_setup_teardown(a_quote_may_be_of_a_day_to_come, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
