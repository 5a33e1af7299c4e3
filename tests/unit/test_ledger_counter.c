/* What a counter asks: whose card it is, what has become of a voucher, and what a basket could use. */
#include "lib/house.h"

#include "crypto/card.h"
#include "crypto/voucher.h"
#include "model/day.h"

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
    "  expiry: {after: {days: 20}}\n"
    "locales: [en]\n"
    "rules:\n"
    "  - {id: euro, spend: {give: 10, per: 1.00}}\n"
    "  - {id: lunch, gives: {reward: lunch}, when: {codes: [lunch]}}\n"
    "rewards:\n"
    "  - {id: cake, name: [{locale: en, text: Piece of cake}], kind: free_item, cost: 100,\n"
    "     only: {categories: [cake]}}\n"
    "  - {id: mug, name: [{locale: en, text: Mug}], kind: gift, cost: 500}\n"
    "  - {id: spoon, kind: gift, cost: 20, limits: [{max: 1, per: ever, for: all}]}\n"
    "  - {id: early, kind: gift, cost: 260, fund_from: balance_and_this_purchase}\n"
    "  - {id: lunch, name: [{locale: en, text: Free lunch}], kind: free_item, only: {categories: [lunch]},\n"
    "     valid: {days: 3}}\n"
    "pay_with_points: {points: 100, worth: 5.00, minimum: 200}\n"
    "reservations: {timeout_minutes: 15, longest_minutes: 60}\n";

enum { TILL = 2, MINUTE_MS = 60 * 1000 };
static const char ANNA[] = "1111";

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

static struct event purchase(struct house *house, const char *category, int64_t gross)
{
    static char number[16];
    snprintf(number, sizeof(number), "%u", ++receipts);
    return house_purchase(house, number, category, gross);
}

static void book(struct house *house, struct event *event)
{
    house_book(house, TILL, event, ANNA);
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
}

static void buy(struct house *house, const char *category, int64_t gross)
{
    struct event event = purchase(house, category, gross);
    book(house, &event);
}

static void get_lunch_voucher(struct house *house, uint8_t code[VOUCHER_CODE_BYTES])
{
    static const char *const codes[] = {"lunch"};
    struct event event = purchase(house, "bread", 10);
    event.purchase.codes = codes;
    event.purchase.codes_count = 1;
    book(house, &event);
    const struct outcome *outcome = &house->decision->outcome;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        if (outcome->effects[i].kind == EFFECT_VOUCHER) {
            memcpy(code, outcome->effects[i].voucher.code, VOUCHER_CODE_BYTES);
            return;
        }
    }
    fail();
}

static uint64_t reserve(struct house *house, const char *reward, const uint8_t *code)
{
    struct event event = {
        .occurred_at = house->now,
        .kind = EVENT_RESERVE,
        .reserve = {.reward = reward, .voucher = {code, code != NULL ? VOUCHER_CODE_BYTES : 0}, .units = 1}};
    book(house, &event);
    return house->booked.position;
}

static enum voucher_state ask_voucher(struct house *house, const uint8_t code[VOUCHER_CODE_BYTES])
{
    const struct request request = {.kind = REQUEST_GET_VOUCHER,
                                    .get_voucher = {.code = {code, VOUCHER_CODE_BYTES}, .locale = "en"}};
    house_ask(house, TILL, &request);
    assert_int_equal(house->reply.kind, REPLY_VOUCHER);
    return house->reply.voucher.state;
}

static bool has_line(const char *const *lines, size_t count, const char *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(lines[i], wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* Every answer about the voucher that does not depend on its state. */
static void assert_lunch(const struct house *house, uint64_t issued)
{
    assert_string_equal(house->reply.voucher.view.reward, "lunch");
    assert_int_equal(house->reply.voucher.member, 1);
    assert_int_equal(house->reply.voucher.issued, issued);
    assert_int_equal(house->reply.voucher.view.until, house->reply.voucher.since + 3);
}

static void a_voucher_is_found_whatever_became_of_it(void **state)
{
    struct house *house = *state;
    uint8_t code[VOUCHER_CODE_BYTES];
    uint8_t other[VOUCHER_CODE_BYTES];
    get_lunch_voucher(house, other);
    get_lunch_voucher(house, code);
    const uint64_t issued = house->booked.position;
    assert_int_equal(ask_voucher(house, code), VOUCHER_STATE_ISSUED);
    assert_lunch(house, issued);
    assert_true(
        has_line(house->reply.voucher.lines, house->reply.voucher.lines_count, "Voucher: Free lunch"));
    struct voucher_token token;
    assert_int_equal(voucher_token_read(house->daemon_key.public_key, house->programme_id,
                                        house->reply.voucher.view.token, &token),
                     0);
    assert_memory_equal(token.code, code, sizeof(token.code));
    assert_int_equal(token.until, house->reply.voucher.view.until);

    const uint64_t reservation = reserve(house, NULL, code);
    assert_int_equal(ask_voucher(house, code), VOUCHER_STATE_RESERVED);
    assert_int_equal(house->reply.voucher.view.reservation, reservation);
    assert_non_null(house->reply.voucher.view.token);
    house->now += 16 * MINUTE_MS; /* the reservation is over, though nobody has said so */
    assert_int_equal(ask_voucher(house, code), VOUCHER_STATE_ISSUED);

    const struct redemption redemption = {.voucher = {code, sizeof(code)}, .units = 1};
    struct event event = purchase(house, "lunch", 900);
    event.purchase.redemptions = &redemption;
    event.purchase.redemptions_count = 1;
    book(house, &event);
    assert_int_equal(ask_voucher(house, code), VOUCHER_STATE_REDEEMED);
    assert_lunch(house, issued);
    assert_null(house->reply.voucher.view.token);
    assert_int_equal(house->reply.voucher.lines_count, 0);

    house->now += 4 * DAY_MS;
    assert_int_equal(ask_voucher(house, other), VOUCHER_STATE_EXPIRED);
    assert_lunch(house, issued - 1);
    buy(house, "bread", 100); /* what has expired is booked with it, and the answer stays */
    assert_int_equal(ask_voucher(house, other), VOUCHER_STATE_EXPIRED);
    assert_lunch(house, issued - 1);
    house_replay(house);
}

static void nobodys_voucher_is_not_found(void **state)
{
    struct house *house = *state;
    static const uint8_t code[VOUCHER_CODE_BYTES] = {9};
    const struct request request = {.kind = REQUEST_GET_VOUCHER,
                                    .get_voucher.code = {code, VOUCHER_CODE_BYTES}};
    house_ask(house, TILL, &request);
    assert_int_equal(house->reply.kind, REPLY_FAILURE);
    assert_int_equal(house->reply.failure.code, FAILURE_NOT_FOUND);
}

static enum outcome_code cancel(struct house *house, const uint8_t code[VOUCHER_CODE_BYTES])
{
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_ADJUSTMENT,
                          .adjustment = {.member = 1,
                                         .reason = "by mistake",
                                         .points = 7,
                                         .until = -1,
                                         .level_until = -1,
                                         .voucher = {code, VOUCHER_CODE_BYTES}}};
    house_book(house, HOUSE_ADMIN, &event, NULL);
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
    return house->decision->outcome.code;
}

static void a_voucher_is_cancelled_by_hand(void **state)
{
    struct house *house = *state;
    static const uint8_t nobodys[VOUCHER_CODE_BYTES] = {9};
    uint8_t code[VOUCHER_CODE_BYTES];
    get_lunch_voucher(house, code);
    assert_int_equal(cancel(house, nobodys), CODE_VOUCHER_UNKNOWN);
    const uint64_t reservation = reserve(house, NULL, code);
    assert_int_equal(cancel(house, code), CODE_VOUCHER_RESERVED);
    struct event event = {
        .occurred_at = house->now, .kind = EVENT_RELEASE, .release = {.reservation = reservation}};
    house_book(house, TILL, &event, NULL);
    assert_int_equal(cancel(house, code), CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.balances.accounts[MEMBER_AVAILABLE],
                     8); /* all or nothing of it */
    assert_int_equal(ask_voucher(house, code), VOUCHER_STATE_CANCELLED);
    assert_int_equal(cancel(house, code), CODE_VOUCHER_CANCELLED);
    get_lunch_voucher(house, code);
    house->now += 4 * DAY_MS;
    assert_int_equal(cancel(house, code), CODE_VOUCHER_EXPIRED);
    house_replay(house);
}

static int open_bearer_house(void **state)
{
    struct house *house = malloc(sizeof(*house));
    char yaml[sizeof(PROGRAMME) + 64];
    snprintf(yaml, sizeof(yaml), "%sbearer_vouchers: yes\n", PROGRAMME);
    house_open(house, yaml, false);
    assert_int_equal(house_terminal(house, "cafe", "till-1"), TILL);
    *state = house;
    return 0;
}

/* A lunch with this voucher and no card. */
static enum outcome_code buy_without_card(struct house *house, const uint8_t code[VOUCHER_CODE_BYTES],
                                          bool done)
{
    const struct redemption redemption = {.voucher = {code, VOUCHER_CODE_BYTES}, .units = 1};
    struct event event = purchase(house, "lunch", 900);
    event.purchase.redemptions = &redemption;
    event.purchase.redemptions_count = 1;
    event.purchase.redeem_done = done;
    house_book(house, TILL, &event, NULL);
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
    return house->decision->outcome.code;
}

static void a_voucher_without_a_card_is_its_owners_where_that_will_do(void **state)
{
    struct house *house = *state;
    static const uint8_t nobodys[VOUCHER_CODE_BYTES] = {9};
    uint8_t code[VOUCHER_CODE_BYTES];
    get_lunch_voucher(house, code);
    assert_int_equal(buy_without_card(house, nobodys, false), CODE_VOUCHER_UNKNOWN);
    assert_int_equal(buy_without_card(house, code, false), CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.member, 1);
    assert_int_equal(house->decision->outcome.uses[0].value, 900);
    assert_int_equal(ask_voucher(house, code), VOUCHER_STATE_REDEEMED);
    /* What is used is nobody's: the goods are gone, and the owner has no part in it. */
    assert_int_equal(buy_without_card(house, code, true), CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.member, 0);
    assert_int_equal(house->decision->outcome.uses_count, 0);
    house_replay(house);
}

static void elsewhere_a_voucher_needs_its_owners_card(void **state)
{
    struct house *house = *state;
    uint8_t code[VOUCHER_CODE_BYTES];
    get_lunch_voucher(house, code);
    assert_int_equal(buy_without_card(house, code, false), CODE_VOUCHER_UNKNOWN);
    assert_int_equal(ask_voucher(house, code), VOUCHER_STATE_ISSUED);
    house_replay(house);
}

static const struct member_view *ask_member(struct house *house)
{
    const struct request request = {.kind = REQUEST_GET_MEMBER, .get_member = {.card = ANNA, .locale = "en"}};
    house_ask(house, TILL, &request);
    assert_int_equal(house->reply.kind, REPLY_MEMBER);
    return house->reply.member.view;
}

static void what_expires_soon_is_said_by_day(void **state)
{
    struct house *house = *state;
    const int32_t first = (int32_t)(house->now / DAY_MS);
    buy(house, "bread", 1000);
    buy(house, "bread", 500);
    house->now += 2 * DAY_MS;
    buy(house, "bread", 2000);
    const struct member_view *view = ask_member(house);
    assert_int_equal(view->expiring_count, 2);
    assert_int_equal(view->expiring[0].points, 150);
    assert_int_equal(view->expiring[1].points, 200);
    assert_int_equal(view->expiring[1].until, view->expiring[0].until + 2);
    assert_true(view->expiring[0].until >= first + 20 && view->expiring[0].until <= first + 21);
    char date[DAY_TEXT_BYTES];
    char line[64];
    day_format(view->expiring[0].until, date);
    snprintf(line, sizeof(line), "150 stars valid to %s", date);
    assert_true(has_line(house->reply.member.lines, house->reply.member.lines_count, line));
    assert_true(has_line(house->reply.member.lines, house->reply.member.lines_count, "Balance: 350 stars"));
}

static void what_is_reserved_is_said_until_it_is_over(void **state)
{
    struct house *house = *state;
    uint8_t code[VOUCHER_CODE_BYTES];
    buy(house, "bread", 5000);
    get_lunch_voucher(house, code);
    const uint64_t cake = reserve(house, "cake", NULL);
    const uint64_t lunch = reserve(house, NULL, code);
    const struct member_view *view = ask_member(house);
    assert_int_equal(view->reservations_count, 2);
    assert_int_equal(view->reservations[0].reservation, cake);
    assert_int_equal(view->reservations[0].points, 100);
    assert_string_equal(view->reservations[0].reward, "cake");
    assert_int_equal(view->reservations[1].reservation, lunch);
    assert_int_equal(view->reservations[1].points, 0);
    assert_int_equal(view->vouchers[0].reservation, lunch);
    assert_int_equal(view->reserved, 100);
    assert_true(
        has_line(house->reply.member.lines, house->reply.member.lines_count, "Reserved: Piece of cake"));
    house->now += 16 * MINUTE_MS;
    view = ask_member(house);
    assert_int_equal(view->reservations_count, 0);
    assert_int_equal(view->reserved, 0);
    assert_int_equal(view->vouchers[0].reservation, 0);
}

/* --- offers --- */

static void ask_quote(struct house *house, struct event *event)
{
    static uint8_t memory[64 * 1024];
    static const uint8_t salt[CARD_SALT_BYTES] = {7};
    static uint8_t commitment[HASH_BYTES];
    struct request request = {.kind = REQUEST_QUOTE};
    struct arena arena;
    struct card_number card;
    arena_init(&arena, memory, sizeof(memory));
    assert_int_equal(card_normalise(ANNA, strlen(ANNA), &card), 0);
    crypto_card_commitment(salt, &card, commitment);
    event->purchase.card = (struct bytes){commitment, sizeof(commitment)};
    request.quote.opening = (struct opening){{salt, sizeof(salt)}, ANNA};
    assert_int_equal(wire_body_pack(event, &arena, &request.quote.body), 0);
    request.quote.locale = "en";
    house_ask(house, TILL, &request);
    assert_int_equal(house->reply.kind, REPLY_QUOTED);
}

/* The offer of this reward, bought or by voucher; NULL for points to pay with. NULL: there is none. */
static const struct offer *offer_of(const struct house *house, const char *reward)
{
    for (size_t i = 0; i < house->reply.quoted.offers_count; i++) {
        const struct offer *offer = &house->reply.quoted.offers[i];
        if (reward == NULL ? offer->reward == NULL
                           : offer->reward != NULL && strcmp(offer->reward, reward) == 0) {
            return offer;
        }
    }
    return NULL;
}

static bool says(const struct house *house, const char *line)
{
    return has_line(house->reply.quoted.rendering->lines, house->reply.quoted.rendering->lines_count, line);
}

static void a_quote_lists_what_the_basket_could_use(void **state)
{
    struct house *house = *state;
    uint8_t code[VOUCHER_CODE_BYTES];
    buy(house, "bread", 1500);
    get_lunch_voucher(house, code); /* 151 stars */
    struct event event = purchase(house, "cake", 400);
    ask_quote(house, &event);
    const struct offer *cake = offer_of(house, "cake");
    assert_int_equal(cake->points, 100);
    assert_int_equal(cake->value, 400);
    assert_int_equal(cake->lacking, 0);
    assert_int_equal(offer_of(house, "mug")->lacking, 349);
    assert_int_equal(offer_of(house, "spoon")->points, 20);
    assert_int_equal(offer_of(house, "early")->lacking, 69); /* 151 and the 40 of this purchase are there */
    assert_null(offer_of(house, NULL));                      /* 4.00 are not worth 100 stars */
    const struct offer *lunch = offer_of(house, "lunch");
    assert_string_equal(lunch->why, outcome_code_text(CODE_NOTHING_TO_PAY));
    assert_non_null(lunch->voucher);
    assert_true(says(house, "You can have: Piece of cake, for 100 stars"));
    assert_true(says(house, "349 stars more for: Mug"));
    assert_false(says(house, "You can use: Free lunch"));
    for (size_t i = 1; i < house->reply.quoted.offers_count; i++) {
        const struct offer *before = &house->reply.quoted.offers[i - 1];
        const struct offer *offer = &house->reply.quoted.offers[i];
        const bool missed = before->lacking > 0 || before->why != NULL;
        assert_true(!missed || offer->lacking > 0 || offer->why != NULL);
    }
    event = purchase(house, "lunch", 9000);
    ask_quote(house, &event);
    lunch = offer_of(house, "lunch");
    assert_null(lunch->why);
    assert_int_equal(lunch->value, 9000);
    assert_true(says(house, "You can use: Free lunch"));
    assert_null(offer_of(house, "cake"));
    assert_int_equal(offer_of(house, NULL)->lacking, 49); /* of the 200 that are the least */
}

/* What an offer says is what the same basket gets when it takes it. */
static void an_offer_is_what_is_booked_then(void **state)
{
    struct house *house = *state;
    uint8_t code[VOUCHER_CODE_BYTES];
    buy(house, "bread", 4000);
    get_lunch_voucher(house, code);
    struct event event = purchase(house, "cake", 1450);
    ask_quote(house, &event);
    const int64_t cake_points = offer_of(house, "cake")->points;
    const int64_t cake_value = offer_of(house, "cake")->value;
    assert_int_equal(offer_of(house, NULL)->points, 200); /* 1450 is worth two groups */
    assert_int_equal(offer_of(house, NULL)->value, 1000);
    const struct redemption redemption = {.reward = "cake", .units = 1};
    event.purchase.redemptions = &redemption;
    event.purchase.redemptions_count = 1;
    book(house, &event);
    assert_int_equal(house->decision->outcome.uses[0].points, cake_points);
    assert_int_equal(house->decision->outcome.uses[0].value, cake_value);
}

static void offers_stand_beside_what_is_redeemed_already(void **state)
{
    struct house *house = *state;
    buy(house, "bread", 1500);
    const struct redemption redemption = {.reward = "cake", .units = 1};
    struct event event = purchase(house, "cake", 400);
    event.purchase.redemptions = &redemption;
    event.purchase.redemptions_count = 1;
    ask_quote(house, &event);
    assert_null(offer_of(house, "cake")); /* nothing is left to pay */
    assert_int_equal(offer_of(house, "mug")->lacking, 450);
    const struct redemption twice[] = {{.reward = "spoon", .units = 1}, {.reward = "spoon", .units = 1}};
    event.purchase.redemptions = twice;
    event.purchase.redemptions_count = 2;
    ask_quote(house, &event); /* it would be refused: the offers are those of the basket alone */
    assert_int_equal(offer_of(house, "spoon")->lacking, 0);
    assert_int_equal(offer_of(house, "cake")->value, 400);
}

static int open_catalogue(void **state)
{
    struct house *house = malloc(sizeof(*house));
    static char yaml[16 * 1024];
    int used = snprintf(yaml, sizeof(yaml),
                        "programme: corner\nversion: 1\ncurrency: EUR\nzone: Europe/Tallinn\n"
                        "stores: [{id: cafe}]\npoints: {name: [{locale: en, one: star, other: stars}]}\n"
                        "locales: [en]\nrules: [{id: euro, spend: {give: 10, per: 1.00}}]\nrewards:\n");
    for (int i = 0; i < OFFERS_MAX + 8; i++) {
        used += snprintf(yaml + used, sizeof(yaml) - (size_t)used, "  - {id: gift%d, kind: gift, cost: %d}\n",
                         i, i % 2 == 0 ? 10 : 1000);
    }
    house_open(house, yaml, false);
    assert_int_equal(house_terminal(house, "cafe", "till-1"), TILL);
    *state = house;
    return 0;
}

static void a_quote_tries_so_many_and_no_more(void **state)
{
    struct house *house = *state;
    buy(house, "bread", 1000);
    struct event event = purchase(house, "lunch", 900);
    ask_quote(house, &event);
    assert_int_equal(house->reply.quoted.offers_count, OFFERS_MAX);
    for (size_t i = 0; i < OFFERS_MAX; i++) {
        assert_int_equal(house->reply.quoted.offers[i].lacking, i < OFFERS_MAX / 2 ? 0 : 900);
    }
}

static void nobody_is_offered_nothing(void **state)
{
    struct house *house = *state;
    struct event event = purchase(house, "cake", 400);
    ask_quote(house, &event);
    assert_int_equal(house->reply.quoted.offers_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_voucher_is_found_whatever_became_of_it, open_house, close_house),
        cmocka_unit_test_setup_teardown(nobodys_voucher_is_not_found, open_house, close_house),
        cmocka_unit_test_setup_teardown(a_voucher_is_cancelled_by_hand, open_house, close_house),
        cmocka_unit_test_setup_teardown(a_voucher_without_a_card_is_its_owners_where_that_will_do,
                                        open_bearer_house, close_house),
        cmocka_unit_test_setup_teardown(elsewhere_a_voucher_needs_its_owners_card, open_house, close_house),
        cmocka_unit_test_setup_teardown(what_expires_soon_is_said_by_day, open_house, close_house),
        cmocka_unit_test_setup_teardown(what_is_reserved_is_said_until_it_is_over, open_house, close_house),
        cmocka_unit_test_setup_teardown(a_quote_lists_what_the_basket_could_use, open_house, close_house),
        cmocka_unit_test_setup_teardown(an_offer_is_what_is_booked_then, open_house, close_house),
        cmocka_unit_test_setup_teardown(offers_stand_beside_what_is_redeemed_already, open_house,
                                        close_house),
        cmocka_unit_test_setup_teardown(a_quote_tries_so_many_and_no_more, open_catalogue, close_house),
        cmocka_unit_test_setup_teardown(nobody_is_offered_nothing, open_house, close_house),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
