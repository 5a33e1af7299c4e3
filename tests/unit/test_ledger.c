#include "lib/house.h"

#include "crypto/card.h"
#include "store/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PROGRAMME[] =
    "programme: corner\n"
    "version: 1\n"
    "currency: EUR\n"
    "zone: Europe/Tallinn\n"
    "stores: [{id: cafe}, {id: shop}]\n"
    "points:\n"
    "  name: [{locale: en, one: star, other: stars}]\n"
    "  expiry: {after: {days: 30}}\n"
    "locales: [en]\n"
    "rules:\n"
    "  - id: euro\n"
    "    spend: {give: 1, per: 1.00}\n"
    "  - id: lunch_stamp\n"
    "    card: lunch\n"
    "    item: {give: 1, per: unit}\n"
    "    only: {categories: [lunch]}\n"
    "stamp_cards:\n"
    "  - {id: lunch, required: 3, apply: voucher, gives: {reward: free_lunch}}\n"
    "tiers:\n"
    "  window: rolling\n"
    "  days: 365\n"
    "  levels: [{id: guest}, {id: silver, qualifying: 100, multiply: 2}]\n"
    "rewards:\n"
    "  - {id: free_lunch, kind: free_item, only: {categories: [lunch]}, max_value: 12.00}\n";

static int open_house(void **state)
{
    struct house *house = malloc(sizeof(*house));
    house_open(house, PROGRAMME, false);
    assert_int_equal(house_terminal(house, "cafe", "till-1"), 2);
    *state = house;
    return 0;
}

static int close_house(void **state)
{
    house_close(*state);
    free(*state);
    return 0;
}

static void buy(struct house *house, const char *number, const char *category, int64_t gross,
                const char *card)
{
    struct event purchase = house_purchase(house, number, category, gross);
    house_book(house, 2, &purchase, card);
}

static void a_purchase_earns_points_on_the_card(void **state)
{
    struct house *house = *state;
    buy(house, "1", "bread", 2050, "card 1");
    const struct outcome *outcome = &house->decision->outcome;
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
    assert_int_equal(outcome->code, CODE_ACCEPTED);
    assert_int_equal(outcome->member, 1);
    assert_int_equal(outcome->balances.accounts[MEMBER_AVAILABLE], 20);
    buy(house, "2", "bread", 550, "CARD-1");
    assert_int_equal(house->decision->outcome.member, 1);
    assert_int_equal(house->decision->outcome.balances.accounts[MEMBER_AVAILABLE], 25);
}

static void a_retry_gets_the_same_bytes_for_ever(void **state)
{
    struct house *house = *state;
    uint8_t first[4096];
    buy(house, "1", "bread", 2050, "card");
    const size_t size = house->booked_bytes.size;
    assert_true(size <= sizeof(first));
    memcpy(first, house->booked_bytes.data, size);
    for (int i = 2; i < (testing_is_slow() ? 20 : 200); i++) {
        char number[16];
        snprintf(number, sizeof(number), "%d", i);
        buy(house, number, "bread", 100, "card");
        assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    }
    house_restart(house);
    house->now += 1000;
    struct event again = house_purchase(house, "1", "bread", 2050);
    again.occurred_at = 1764547200000;
    house_book_as(house, 2, 1, &again, "card");
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
    assert_true(house->reply.booked.repeated);
    assert_int_equal(house->booked_bytes.size, size);
    assert_memory_equal(house->booked_bytes.data, first, size);
}

static void a_used_sequence_with_another_body_is_a_conflict(void **state)
{
    struct house *house = *state;
    buy(house, "1", "bread", 2050, NULL);
    struct event other = house_purchase(house, "1", "bread", 2051);
    house_book_as(house, 2, 1, &other, NULL);
    assert_int_equal(house->reply.kind, REPLY_FAILURE);
    assert_int_equal(house->reply.failure.code, FAILURE_CONFLICT);
    assert_int_equal(house->reply.failure.expected_sequence, 2);
}

static void a_sequence_before_its_turn_is_ahead(void **state)
{
    struct house *house = *state;
    struct event purchase = house_purchase(house, "1", "bread", 100);
    house_book_as(house, 2, 2, &purchase, NULL);
    assert_int_equal(house->reply.failure.code, FAILURE_AHEAD);
    assert_int_equal(house->reply.failure.expected_sequence, 1);
    house_book_as(house, 2, 1, &purchase, NULL);
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
}

static void a_receipt_is_booked_once_whichever_event_brings_it(void **state)
{
    struct house *house = *state;
    const uint32_t second = house_terminal(house, "cafe", "till-2");
    buy(house, "77", "bread", 500, "card");
    struct event same = house_purchase(house, "77", "bread", 500);
    same.purchase.receipt.till = "till-1";
    house_book(house, second, &same, "card");
    assert_int_equal(house->decision->outcome.code, CODE_DUPLICATE_RECEIPT);
    assert_int_equal(house->decision->outcome.effects_count, 0);
    same.purchase.receipt.till = NULL;
    house_book(house, second, &same, "card");
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
}

static void a_refusal_is_booked_and_takes_no_receipt(void **state)
{
    struct house *house = *state;
    struct event purchase = house_purchase(house, "5", "bread", 500);
    purchase.purchase.receipt.store = "nowhere";
    house_book(house, 2, &purchase, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_UNKNOWN_STORE);
    purchase.purchase.receipt.store = NULL;
    house_book(house, 2, &purchase, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
}

static void a_clock_out_of_bounds_is_refused(void **state)
{
    struct house *house = *state;
    struct event purchase = house_purchase(house, "5", "bread", 500);
    purchase.occurred_at = house->now + 5 * 60 * 1000 + 1;
    house_book(house, 2, &purchase, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_CLOCK);
    purchase.occurred_at = house->now - 30LL * 24 * 3600 * 1000 - 1;
    house_book(house, 2, &purchase, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_CLOCK);
    purchase.occurred_at = house->now + 5 * 60 * 1000;
    house_book(house, 2, &purchase, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
}

static void the_daemon_waits_while_its_clock_is_behind_the_log(void **state)
{
    struct house *house = *state;
    const int64_t minute = (int64_t)60 * 1000;
    buy(house, "1", "bread", 100, NULL);
    house->now -= 5 * minute;
    assert_int_equal(ledger_clock_behind_ms(house->ledger), 0);
    house->now -= 1;
    assert_int_equal(ledger_clock_behind_ms(house->ledger), 1);
    buy(house, "2", "bread", 100, NULL);
    assert_int_equal(house->reply.kind, REPLY_FAILURE);
    house->now += 1;
    buy(house, "2", "bread", 100, NULL);
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
}

/* As the programme in force has it. */
static void the_programme_says_how_far_behind_the_clock_may_be(void **state)
{
    struct house *house = malloc(sizeof(*house));
    char yaml[sizeof(PROGRAMME) + 64];
    (void)state;
    snprintf(yaml, sizeof(yaml), "%sclock: {behind_minutes: 0}\n", PROGRAMME);
    house_open(house, yaml, false);
    assert_int_equal(ledger_clock_behind_ms(house->ledger), 0);
    house->now -= 1;
    assert_int_equal(ledger_clock_behind_ms(house->ledger), 1);
    house_close(house);
    free(house);
}

static void a_card_that_is_not_opened_is_an_exception(void **state)
{
    struct house *house = *state;
    struct event purchase = house_purchase(house, "5", "bread", 500);
    uint8_t commitment[HASH_BYTES] = {1};
    purchase.purchase.card = (struct bytes){commitment, sizeof(commitment)};
    house_book(house, 2, &purchase, NULL);
    const struct outcome *outcome = &house->decision->outcome;
    assert_int_equal(outcome->code, CODE_ACCEPTED);
    assert_int_equal(outcome->member, 0);
    assert_int_equal(outcome->exceptions_count, 1);
    assert_int_equal(outcome->exceptions[0].kind, EXCEPTION_CARD_NOT_OPENED);
}

/* A till cannot say whose purchase it is after it was signed. */
static void the_opening_of_another_card_is_an_exception(void **state)
{
    struct house *house = *state;
    static const uint8_t signature[SIGNATURE_BYTES];
    uint8_t salt[CARD_SALT_BYTES] = {7};
    uint8_t commitment[HASH_BYTES];
    struct card_number card;
    buy(house, "1", "bread", 500, "card");
    assert_int_equal(card_normalise("own", 3, &card), 0);
    crypto_card_commitment(salt, &card, commitment);
    struct event purchase = house_purchase(house, "2", "bread", 500);
    purchase.purchase.card = (struct bytes){commitment, sizeof(commitment)};
    struct request request = {.kind = REQUEST_BOOK,
                              .book = {.principal = 2,
                                       .sequence = 2,
                                       .signature = {signature, sizeof(signature)},
                                       .opening = {.salt = {salt, sizeof(salt)}, .card = "card"}}};
    static struct outcome outcome;
    assert_int_equal(wire_body_pack(&purchase, &house->scratch, &request.book.body), 0);
    house_ask(house, 2, &request);
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
    assert_int_equal(wire_booked_unpack(house->reply.booked.booked, &house->scratch, &house->booked), 0);
    assert_int_equal(wire_outcome_unpack(house->booked.outcome, &house->scratch, &outcome), 0);
    assert_int_equal(outcome.member, 0);
    assert_int_equal(outcome.exceptions_count, 1);
    assert_int_equal(outcome.exceptions[0].kind, EXCEPTION_CARD_NOT_OPENED);
}

static void a_card_joins_once(void **state)
{
    struct house *house = *state;
    struct event join = {.occurred_at = house->now, .kind = EVENT_ENROLMENT};
    house_book(house, 2, &join, "card 9");
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    assert_int_equal(house->decision->outcome.member, 1);
    house_book(house, 2, &join, "card 9");
    assert_int_equal(house->decision->outcome.code, CODE_MEMBER_EXISTS);
}

static void only_its_role_may_sign_a_kind(void **state)
{
    struct house *house = *state;
    struct event live = {.occurred_at = house->now, .kind = EVENT_GO_LIVE};
    house_book(house, 2, &live, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_NOT_ALLOWED);
    struct event purchase = house_purchase(house, "1", "bread", 100);
    house_book(house, HOUSE_ADMIN, &purchase, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_NOT_ALLOWED);
    struct event revision = {.occurred_at = house->now,
                             .kind = EVENT_ENGINE_REVISION,
                             .engine_revision = {.revision = 9, .version = "9"}};
    house_book(house, HOUSE_ADMIN, &revision, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_NOT_ALLOWED);
}

static void nothing_of_a_revoked_principal_is_booked(void **state)
{
    struct house *house = *state;
    struct event revoke = {.occurred_at = house->now, .kind = EVENT_REVOKE, .revoke.principal = 2};
    house_book(house, HOUSE_ADMIN, &revoke, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    assert_int_equal(house->result.note, LEDGER_REVOKED);
    assert_int_equal(house->result.principal.principal, 2);
    buy(house, "1", "bread", 100, NULL);
    assert_int_equal(house->reply.failure.code, FAILURE_REVOKED);
    assert_int_equal(house->result.note, LEDGER_CLOSE);
    house_book(house, HOUSE_ADMIN, &revoke, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ALREADY_DONE);
    revoke.revoke.principal = HOUSE_ADMIN;
    house_book(house, HOUSE_ADMIN, &revoke, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_UNKNOWN_PRINCIPAL);
}

static void a_programme_that_does_not_load_is_refused(void **state)
{
    struct house *house = *state;
    const char *yaml = "programme: corner\nversion: 2\n";
    struct event change = {.occurred_at = house->now,
                           .kind = EVENT_PROGRAMME_CHANGE,
                           .programme_change.yaml = {(const uint8_t *)yaml, strlen(yaml)}};
    house_book(house, HOUSE_ADMIN, &change, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_PROGRAMME_INVALID);
    change.programme_change.yaml = (struct bytes){(const uint8_t *)PROGRAMME, strlen(PROGRAMME)};
    house_book(house, HOUSE_ADMIN, &change, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_PROGRAMME_INVALID); /* the same version again */
}

static void a_code_makes_one_principal(void **state)
{
    struct house *house = *state;
    const struct request request = {.id = 1,
                                    .kind = REQUEST_ENROL,
                                    .enrol = {.code = "NOSU-CHCO-DE00",
                                              .key = {house->keys[5].public_key, KEY_BYTES},
                                              .proof = {house->keys[5].secret, SIGNATURE_BYTES}}};
    house_ask(house, 0, &request);
    assert_int_equal(house->reply.failure.code, FAILURE_INVITE_INVALID);
}

static void a_full_card_gives_its_voucher_and_carries_on(void **state)
{
    struct house *house = *state;
    for (int i = 1; i <= 4; i++) {
        char number[16];
        snprintf(number, sizeof(number), "%d", i);
        buy(house, number, "lunch", 800, "card");
        size_t vouchers = 0;
        for (size_t j = 0; j < house->decision->outcome.effects_count; j++) {
            vouchers += house->decision->outcome.effects[j].kind == EFFECT_VOUCHER;
        }
        assert_int_equal(vouchers, i == 3);
    }
    const struct request request = {.kind = REQUEST_GET_MEMBER, .get_member.card = "card"};
    house_ask(house, 2, &request);
    assert_int_equal(house->reply.kind, REPLY_MEMBER);
    assert_int_equal(house->reply.member.view->cards_count, 1);
    assert_int_equal(house->reply.member.view->cards[0].stamps, 1);
    assert_int_equal(house->reply.member.view->cards[0].completed, 1);
    assert_int_equal(house->reply.member.view->vouchers_count, 1);
    assert_string_equal(house->reply.member.view->vouchers[0].reward, "free_lunch");
}

static void points_fall_due_when_the_member_is_touched(void **state)
{
    struct house *house = *state;
    buy(house, "1", "bread", 5000, "card");
    house->now += 31LL * 24 * 3600 * 1000;
    const struct request request = {.kind = REQUEST_GET_MEMBER, .get_member.card = "card"};
    house_ask(house, 2, &request);
    assert_int_equal(house->reply.member.view->available, 0);
    assert_int_equal(house->reply.member.view->last_position,
                     house->booked.position); /* looking is no event */
    buy(house, "2", "bread", 700, "card");
    assert_int_equal(house->decision->outcome.balances.accounts[MEMBER_AVAILABLE], 7);
    struct store_totals totals;
    assert_int_equal(store_totals(house->temporary.store, &totals), 0);
    assert_true(totals.balanced);
    assert_int_equal(totals.outstanding, 7);
}

static void a_receipt_reads_as_the_customer_would(void **state)
{
    struct house *house = *state;
    house->locale = "en";
    buy(house, "1", "lunch", 2050, "card");
    const struct rendering *rendering = house->reply.booked.rendering;
    assert_non_null(rendering);
    assert_int_equal(rendering->points, 20);
    char all[2048] = "";
    for (size_t i = 0; i < rendering->lines_count; i++) {
        strncat(all, rendering->lines[i], sizeof(all) - strlen(all) - 2);
        strcat(all, "\n");
    }
    assert_non_null(strstr(all, "You earned 20 stars\n"));
    assert_non_null(strstr(all, "Balance: 20 stars\n"));
    assert_non_null(strstr(all, "80 stars more to silver\n"));
    assert_non_null(strstr(all, "lunch: 1 of 3\n"));
}

static size_t lines_for_the_customer(const struct house *house)
{
    assert_non_null(house->reply.booked.rendering);
    return house->reply.booked.rendering->lines_count;
}

static void what_gives_nothing_to_a_card_says_nothing_of_one(void **state)
{
    struct house *house = *state;
    house->locale = "en";
    buy(house, "1", "lunch", 2050, NULL);
    assert_string_equal(house->reply.booked.rendering->lines[0], "No card: nothing was credited");
    struct event close = {.occurred_at = house->now,
                          .kind = EVENT_DAY_CLOSE,
                          .day_close.day = {.business_date = (int32_t)(house->now / 86400000)}};
    const uint64_t sequence = house->sequences[2];
    house_book(house, 2, &close, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    assert_int_equal(lines_for_the_customer(house), 0);
    house_book_as(house, 2, sequence, &close, NULL);
    assert_true(house->reply.booked.repeated);
    assert_int_equal(lines_for_the_customer(house), 0);
}

static void limit_pages(struct house *house, const char *sql)
{
    assert_int_equal(sqlite3_exec(house->temporary.store->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void a_full_disk_is_said_until_there_is_room_again(void **state)
{
    struct house *house = *state;
    char number[8] = "1";
    buy(house, number, "lunch", 100, "card");
    assert_false(ledger_is_full(house->ledger));
    limit_pages(house, "PRAGMA max_page_count = 1"); /* as many as there are */
    for (unsigned i = 2; house->reply.kind == REPLY_BOOKED && i < 1000; i++) {
        snprintf(number, sizeof(number), "%u", i);
        buy(house, number, "lunch", 100, "card");
    }
    assert_int_equal(house->reply.kind, REPLY_FAILURE);
    assert_int_equal(house->reply.failure.code, FAILURE_RETRY);
    assert_true(ledger_is_full(house->ledger));
    limit_pages(house, "PRAGMA max_page_count = 100000");
    buy(house, number, "lunch", 100, "card");
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    assert_false(ledger_is_full(house->ledger));
    house_replay(house);
}

static void a_log_of_another_daemon_is_refused(void **state)
{
    struct house *house = *state;
    char text[256];
    struct key_pair other = house->keys[4];
    const struct ledger_options options = {.store = house->temporary.store,
                                           .world = &house->world,
                                           .daemon_key = &other,
                                           .lookup_key = house->lookup_key};
    struct ledger *ledger;
    assert_int_equal(ledger_new(&options, &ledger, text, sizeof(text)), ERR_MISMATCH);
    assert_non_null(strstr(text, "another daemon key"));
}

static void a_lookup_key_of_another_daemon_is_refused(void **state)
{
    struct house *house = *state;
    char text[256];
    const uint8_t other[KEY_BYTES] = {8};
    const struct ledger_options options = {.store = house->temporary.store,
                                           .world = &house->world,
                                           .daemon_key = &house->daemon_key,
                                           .lookup_key = other};
    struct ledger *ledger;
    assert_int_equal(ledger_new(&options, &ledger, text, sizeof(text)), ERR_MISMATCH);
    assert_non_null(strstr(text, "lookup.key"));
}

static void history_is_booked_at_the_time_it_states_until_the_programme_is_live(void **state)
{
    (void)state;
    struct house house;
    house_open(&house, PROGRAMME, true);
    house_terminal(&house, "cafe", "till-1");
    struct event old = house_purchase(&house, "1", "bread", 900);
    old.occurred_at = 1291190400000; /* 2010-12-01T08:00:00Z */
    old.purchase.receipt.business_date = 14944;
    house_book(&house, 2, &old, "card");
    assert_int_equal(house.decision->outcome.code, CODE_ACCEPTED);
    assert_int_equal(house.booked.booked_at, 1291190400000);
    struct event future = house_purchase(&house, "2", "bread", 900);
    future.occurred_at = house.now + 24LL * 3600 * 1000;
    house_book(&house, 2, &future, "card");
    assert_int_equal(house.decision->outcome.code, CODE_CLOCK);
    assert_int_equal(house.booked.booked_at, 1291190400000);
    struct event live = {.occurred_at = house.now, .kind = EVENT_GO_LIVE};
    house_book(&house, HOUSE_ADMIN, &live, NULL);
    assert_int_equal(house.decision->outcome.code, CODE_ACCEPTED);
    assert_int_equal(house.booked.booked_at, house.now);
    old.purchase.receipt.number = "2";
    house_book(&house, 2, &old, "card");
    assert_int_equal(house.decision->outcome.code, CODE_CLOCK);
    house_book(&house, HOUSE_ADMIN, &live, NULL);
    assert_int_equal(house.decision->outcome.code, CODE_ALREADY_DONE);
    house_replay(&house);
    house_close(&house);
}

static void a_log_replays_to_the_same_outcomes_and_rows(void **state)
{
    struct house *house = *state;
    for (int i = 1; i <= 60; i++) {
        char number[16];
        char card[16];
        snprintf(number, sizeof(number), "%d", i);
        snprintf(card, sizeof(card), "card %d", i % 7);
        house->now += 3LL * 24 * 3600 * 1000;
        buy(house, number, i % 3 == 0 ? "lunch" : "bread", 100 * i, i % 5 == 0 ? NULL : card);
        assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    }
    struct event revoke = {.occurred_at = house->now, .kind = EVENT_REVOKE, .revoke.principal = 2};
    house_book(house, HOUSE_ADMIN, &revoke, NULL);
    house_replay(house);
}

/* Every form at once: limits of members, tills and all, pending points, levels, milestones. */
static const char *const RICH =
    "programme: rich\nversion: 1\ncurrency: EUR\nzone: Europe/Tallinn\nstores: [{id: cafe}]\n"
    "points: {visits: day, available_after: {days: 5}, expiry: {after: {days: 40}},\n"
    "         limits: [{max: 90, per: week}, {max: 500, per: balance}]}\n"
    "rules:\n"
    "  - {id: euro, spend: {give: 1, per: 1.00}}\n"
    "  - {id: bread, multiply: 2, only: {categories: [bread]}, limits: [{max: 40, per: month}]}\n"
    "  - {id: till, visit: {give: 3}, stage: bonus, limits: [{max: 2, of: times, per: month, for: "
    "terminal}]}\n"
    "  - {id: stock, gives: {reward: bag, note: bag_given}, campaign: spring}\n"
    "  - {id: cup, card: coffee, visit: {give: 1}}\n"
    "campaigns: [{id: spring, limits: [{max: 5, of: times, per: ever, for: all}]}]\n"
    "stamp_cards: [{id: coffee, required: 3, gives: {points: 4}, expiry: {days: 30}}]\n"
    "tiers: {window: rolling, days: 20, falls: at_once,\n"
    "        levels: [{id: guest}, {id: gold, qualifying: 60, multiply: 1.5, gives: {points: 1}}]}\n"
    "milestones: [{id: often, visits: 2, window: month, repeat: each_window, gives: {points: 9}}]\n"
    "rewards: [{id: bag, kind: gift}]\n";

static void what_limits_count_is_booked_and_replays(void **state)
{
    (void)state;
    struct house house;
    house_open(&house, RICH, false);
    house_terminal(&house, "cafe", "till-1");
    size_t bags = 0;
    size_t visits_paid = 0;
    for (int i = 1; i <= 60; i++) {
        char number[16];
        char card[16];
        snprintf(number, sizeof(number), "%d", i);
        snprintf(card, sizeof(card), "card %d", i % 4);
        house.now += 30LL * 3600 * 1000;
        buy(&house, number, i % 3 == 0 ? "bread" : "lunch", 1000 + 137 * i, card);
        const struct outcome *outcome = &house.decision->outcome;
        assert_int_equal(outcome->code, CODE_ACCEPTED);
        for (size_t k = 0; k < outcome->effects_count; k++) {
            bags += outcome->effects[k].kind == EFFECT_VOUCHER;
            visits_paid += outcome->effects[k].kind == EFFECT_MOVE && outcome->effects[k].move.rule == 3;
        }
        if (i == 30) {
            house_restart(&house);
        }
    }
    assert_int_equal(bags, 5);
    assert_true(visits_paid > 2 && visits_paid <= 2 * 4);
    house_replay(&house);
    house_close(&house);
}

/* More vouchers than one event may issue. */
static void codes_offered_to_a_refused_event_stay_secret(void **state)
{
    struct house *house = *state;
    struct line line = {.sku = "1", .category = "lunch", .quantity = 1000 * 1000, .gross = 100};
    struct event greedy = house_purchase(house, "1", "lunch", 100);
    greedy.purchase.lines = &line;
    house->locale = "en";
    house_book(house, 2, &greedy, "card");
    assert_int_equal(house->decision->outcome.code, CODE_LIMIT_EXCEEDED);
    assert_int_equal(house->decision->outcome.member, 0); /* whom it would have enrolled is nobody */
    struct event_row row;
    struct context *context = malloc(sizeof(*context));
    arena_reset(&house->scratch);
    assert_int_equal(store_event_find(house->temporary.store, 2, 1, &house->scratch, &row), 0);
    assert_int_equal(wire_context_unpack(row.context, &house->scratch, context), 0);
    assert_int_equal(context->random_size, 0);
    free(context);
    house_replay(house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_house, close_house)
        TEST(a_purchase_earns_points_on_the_card),
        TEST(a_retry_gets_the_same_bytes_for_ever),
        TEST(a_used_sequence_with_another_body_is_a_conflict),
        TEST(a_sequence_before_its_turn_is_ahead),
        TEST(a_receipt_is_booked_once_whichever_event_brings_it),
        TEST(a_refusal_is_booked_and_takes_no_receipt),
        TEST(a_clock_out_of_bounds_is_refused),
        TEST(the_daemon_waits_while_its_clock_is_behind_the_log),
        cmocka_unit_test(the_programme_says_how_far_behind_the_clock_may_be),
        TEST(a_card_that_is_not_opened_is_an_exception),
        TEST(the_opening_of_another_card_is_an_exception),
        TEST(a_card_joins_once),
        TEST(only_its_role_may_sign_a_kind),
        TEST(nothing_of_a_revoked_principal_is_booked),
        TEST(a_programme_that_does_not_load_is_refused),
        TEST(a_code_makes_one_principal),
        TEST(a_full_card_gives_its_voucher_and_carries_on),
        TEST(points_fall_due_when_the_member_is_touched),
        TEST(a_receipt_reads_as_the_customer_would),
        TEST(what_gives_nothing_to_a_card_says_nothing_of_one),
        TEST(a_full_disk_is_said_until_there_is_room_again),
        TEST(a_log_of_another_daemon_is_refused),
        TEST(a_lookup_key_of_another_daemon_is_refused),
        cmocka_unit_test(history_is_booked_at_the_time_it_states_until_the_programme_is_live),
        TEST(a_log_replays_to_the_same_outcomes_and_rows),
        cmocka_unit_test(what_limits_count_is_booked_and_replays),
        TEST(codes_offered_to_a_refused_event_stay_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
