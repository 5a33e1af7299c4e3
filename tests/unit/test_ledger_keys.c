/* Keys that change, and principals that end. */
#include "lib/house.h"

#include <stdlib.h>
#include <string.h>

static const char PROGRAMME[] = "programme: corner\n"
                                "version: 1\n"
                                "currency: EUR\n"
                                "zone: Europe/Tallinn\n"
                                "stores: [{id: cafe}]\n"
                                "points:\n"
                                "  name: [{locale: en, one: star, other: stars}]\n"
                                "  expiry: {after: {days: 30}}\n"
                                "locales: [en]\n"
                                "rules:\n"
                                "  - id: euro\n"
                                "    spend: {give: 1, per: 1.00}\n";

enum { TILL = 2, OTHER_TILL = 3 };

static int open_house(void **state)
{
    struct house *house = malloc(sizeof(*house));
    house_open(house, PROGRAMME, false);
    assert_int_equal(house_terminal(house, "cafe", "till-1"), TILL);
    house->sequences[TILL] = 2; /* so that house_terminal takes the next key */
    assert_int_equal(house_terminal(house, "cafe", "till-2"), OTHER_TILL);
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

static struct key_pair pair_of(uint8_t seed)
{
    struct key_pair pair;
    uint8_t bytes[KEY_BYTES];
    memset(bytes, seed, sizeof(bytes));
    key_pair_from_seed(bytes, &pair);
    return pair;
}

/* Books a change to `pair` as the principal's next event; the principal signs with `pair` from then on if it
 * was accepted.
 */
static enum outcome_code rotate(struct house *house, uint32_t principal, const struct key_pair *pair)
{
    uint8_t proof[SIGNATURE_BYTES];
    sign_rotate(pair, house->programme_id, principal, proof);
    struct event event = {
        .occurred_at = house->now,
        .kind = EVENT_KEY_ROTATED,
        .key_rotated = {.key = {pair->public_key, KEY_BYTES}, .proof = {proof, SIGNATURE_BYTES}}};
    house_book(house, principal, &event, NULL);
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
    if (house->decision->outcome.code == CODE_ACCEPTED) {
        house->keys[principal] = *pair;
    }
    return house->decision->outcome.code;
}

static enum outcome_code buy_at(struct house *house, const char *number, int64_t occurred_at)
{
    struct event purchase = house_purchase(house, number, "bread", 250);
    purchase.occurred_at = occurred_at;
    house_book(house, TILL, &purchase, NULL);
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
    return house->decision->outcome.code;
}

static enum outcome_code retire(struct house *house, uint32_t signer, uint32_t target)
{
    struct event event = {
        .occurred_at = house->now, .kind = EVENT_RETIRED, .retired = {.principal = target, .reason = "sold"}};
    house_book(house, signer, &event, NULL);
    return house->decision->outcome.code;
}

static void the_key_of_its_position_verifies_an_event(void **state)
{
    struct house *house = *state;
    const struct key_pair second = pair_of(50);
    const struct key_pair third = pair_of(51);
    assert_int_equal(buy_at(house, "1", house->now), CODE_ACCEPTED);
    assert_int_equal(rotate(house, TILL, &second), CODE_ACCEPTED);
    assert_int_equal(house->result.note, LEDGER_REKEYED);
    assert_int_equal(house->result.principal.principal, TILL);
    assert_int_equal(house->result.principal.key_no, 2);
    assert_memory_equal(house->result.principal.key, second.public_key, KEY_BYTES);
    const struct effect *effect = &house->decision->outcome.effects[0];
    assert_int_equal(effect->kind, EFFECT_PRINCIPAL);
    assert_int_equal(effect->principal.key_no, 2);
    assert_int_equal(buy_at(house, "2", house->now), CODE_ACCEPTED);
    assert_int_equal(rotate(house, TILL, &third), CODE_ACCEPTED);
    assert_memory_equal(house->result.principal.previous_key, second.public_key, KEY_BYTES);
    assert_int_equal(buy_at(house, "3", house->now), CODE_ACCEPTED);
    const uint32_t key_nos[] = {1, 1, 2, 2, 3};
    for (uint64_t sequence = 1; sequence <= 5; sequence++) {
        struct event_row row;
        arena_reset(&house->scratch);
        assert_int_equal(store_event_find(house->temporary.store, TILL, sequence, &house->scratch, &row), 0);
        assert_int_equal(row.key_no, key_nos[sequence - 1]);
    }
    house_replay(house);
    house_restart(house);
    assert_int_equal(buy_at(house, "4", house->now), CODE_ACCEPTED);
    house_replay(house);
}

static void a_key_ends_where_the_next_one_begins(void **state)
{
    struct house *house = *state;
    const struct key_pair second = pair_of(50);
    struct store_totals before;
    struct store_totals after;
    assert_int_equal(store_totals(house->temporary.store, &before), 0);
    assert_int_equal(rotate(house, TILL, &second), CODE_ACCEPTED);
    assert_int_equal(store_totals(house->temporary.store, &after), 0);
    assert_int_equal(after.principals, before.principals); /* counted by their keys in use */
}

static void an_event_behind_the_change_that_the_old_key_signed_is_not_booked(void **state)
{
    struct house *house = *state;
    const struct key_pair second = pair_of(50);
    assert_int_equal(rotate(house, TILL, &second), CODE_ACCEPTED);
    const uint8_t bytes[1] = {0};
    struct request request = {.kind = REQUEST_BOOK,
                              .book = {.principal = TILL,
                                       .sequence = house->sequences[TILL],
                                       .body = {bytes, 1},
                                       .signature = {second.secret, SIGNATURE_BYTES}}};
    house_ask_with(house, TILL, 1, &request);
    assert_int_equal(house->reply.kind, REPLY_FAILURE);
    assert_int_equal(house->reply.failure.code, FAILURE_BAD_SIGNATURE);
    house_ask_with(house, TILL, 2, &request);
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
}

static void an_event_before_the_change_is_answered_whichever_key_it_was_sent_with_again(void **state)
{
    struct house *house = *state;
    const struct key_pair second = pair_of(50);
    assert_int_equal(buy_at(house, "1", house->now), CODE_ACCEPTED);
    assert_int_equal(rotate(house, TILL, &second), CODE_ACCEPTED);
    struct event_row row;
    arena_reset(&house->scratch);
    assert_int_equal(store_event_find(house->temporary.store, TILL, 1, &house->scratch, &row), 0);
    struct request request = {
        .kind = REQUEST_BOOK,
        .book = {.principal = TILL, .sequence = 1, .body = row.body, .signature = row.signature}};
    for (uint32_t key_no = 1; key_no <= 2; key_no++) {
        house_ask_with(house, TILL, key_no, &request);
        assert_int_equal(house->reply.kind, REPLY_BOOKED);
        assert_true(house->reply.booked.repeated);
    }
}

static void who_authenticated_with_the_old_key_behind_the_change_is_sent_away(void **state)
{
    struct house *house = *state;
    const struct key_pair second = pair_of(50);
    const struct request request = {.kind = REQUEST_AUTHENTICATE, .authenticate.principal = TILL};
    house_ask_with(house, TILL, 1, &request);
    assert_int_equal(house->result.note, LEDGER_READY);
    assert_int_equal(rotate(house, TILL, &second), CODE_ACCEPTED);
    house_ask_with(house, TILL, 1, &request);
    assert_int_equal(house->reply.failure.code, FAILURE_BAD_SIGNATURE);
    assert_int_equal(house->result.note, LEDGER_CLOSE);
    house_ask_with(house, TILL, 2, &request);
    assert_int_equal(house->result.note, LEDGER_READY);
}

static void a_key_that_somebody_has_or_had_is_refused(void **state)
{
    struct house *house = *state;
    const struct key_pair first = house->keys[TILL];
    const struct key_pair second = pair_of(50);
    assert_int_equal(rotate(house, TILL, &first), CODE_KEY_INVALID);
    assert_int_equal(rotate(house, TILL, &house->keys[OTHER_TILL]), CODE_KEY_INVALID);
    assert_int_equal(rotate(house, TILL, &second), CODE_ACCEPTED);
    assert_int_equal(rotate(house, TILL, &first), CODE_KEY_INVALID);
    assert_int_equal(rotate(house, OTHER_TILL, &first), CODE_KEY_INVALID);
    assert_int_equal(rotate(house, HOUSE_ADMIN, &second), CODE_KEY_INVALID);
    assert_int_equal(buy_at(house, "1", house->now), CODE_ACCEPTED);
    house_replay(house);
}

static void a_key_nobody_proves_to_hold_is_refused(void **state)
{
    struct house *house = *state;
    const struct key_pair second = pair_of(50);
    uint8_t proof[SIGNATURE_BYTES];
    sign_rotate(&second, house->programme_id, OTHER_TILL, proof); /* the proof is the principal's own */
    struct event event = {
        .occurred_at = house->now,
        .kind = EVENT_KEY_ROTATED,
        .key_rotated = {.key = {second.public_key, KEY_BYTES}, .proof = {proof, SIGNATURE_BYTES}}};
    house_book(house, TILL, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_KEY_INVALID);
    assert_int_equal(house->result.note, LEDGER_NOTHING);
    assert_int_equal(buy_at(house, "1", house->now), CODE_ACCEPTED);
}

static void operators_change_their_keys_too(void **state)
{
    struct house *house = *state;
    const struct key_pair second = pair_of(50);
    assert_int_equal(rotate(house, HOUSE_ADMIN, &second), CODE_ACCEPTED);
    assert_int_equal(retire(house, HOUSE_ADMIN, OTHER_TILL), CODE_ACCEPTED);
    house_replay(house);
}

static void a_retired_till_delivers_what_happened_before_and_nothing_later(void **state)
{
    struct house *house = *state;
    const int64_t retired_at = house->now;
    assert_int_equal(retire(house, HOUSE_ADMIN, TILL), CODE_ACCEPTED);
    house->now += 24 * 3600 * 1000;
    assert_int_equal(buy_at(house, "1", retired_at - 1), CODE_ACCEPTED);
    assert_int_equal(buy_at(house, "2", retired_at), CODE_ACCEPTED);
    assert_int_equal(buy_at(house, "3", retired_at + 1), CODE_RETIRED);
    assert_int_equal(buy_at(house, "4", house->now), CODE_RETIRED);
    house_restart(house);
    assert_int_equal(buy_at(house, "5", retired_at - 1), CODE_ACCEPTED);
    assert_int_equal(buy_at(house, "6", house->now), CODE_RETIRED);
    const struct key_pair second = pair_of(50);
    assert_int_equal(rotate(house, TILL, &second), CODE_RETIRED);
    assert_int_equal(retire(house, HOUSE_ADMIN, TILL), CODE_ALREADY_DONE);
    house_replay(house);
}

static void a_retired_till_may_still_be_revoked_and_not_the_other_way_round(void **state)
{
    struct house *house = *state;
    assert_int_equal(retire(house, HOUSE_ADMIN, TILL), CODE_ACCEPTED);
    struct event revoke = {.occurred_at = house->now, .kind = EVENT_REVOKE, .revoke.principal = TILL};
    house_book(house, HOUSE_ADMIN, &revoke, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    struct event purchase = house_purchase(house, "1", "bread", 250);
    house_book(house, TILL, &purchase, NULL);
    assert_int_equal(house->reply.failure.code, FAILURE_REVOKED);
    revoke.revoke.principal = OTHER_TILL;
    house_book(house, HOUSE_ADMIN, &revoke, NULL);
    assert_int_equal(retire(house, HOUSE_ADMIN, OTHER_TILL), CODE_ALREADY_DONE);
    assert_int_equal(retire(house, HOUSE_ADMIN, HOUSE_ADMIN), CODE_UNKNOWN_PRINCIPAL);
    assert_int_equal(retire(house, HOUSE_ADMIN, 0), CODE_MALFORMED);
    assert_int_equal(retire(house, HOUSE_ADMIN, 99), CODE_UNKNOWN_PRINCIPAL);
    house_replay(house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_house, close_house)
        TEST(the_key_of_its_position_verifies_an_event),
        TEST(a_key_ends_where_the_next_one_begins),
        TEST(an_event_behind_the_change_that_the_old_key_signed_is_not_booked),
        TEST(an_event_before_the_change_is_answered_whichever_key_it_was_sent_with_again),
        TEST(who_authenticated_with_the_old_key_behind_the_change_is_sent_away),
        TEST(a_key_that_somebody_has_or_had_is_refused),
        TEST(a_key_nobody_proves_to_hold_is_refused),
        TEST(operators_change_their_keys_too),
        TEST(a_retired_till_delivers_what_happened_before_and_nothing_later),
        TEST(a_retired_till_may_still_be_revoked_and_not_the_other_way_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
