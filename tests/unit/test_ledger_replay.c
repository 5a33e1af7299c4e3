/* What a replay does not take from the log: somebody who can write the store can mend the chain as well. */
#include "lib/house.h"

#include "crypto/chain.h"
#include "wire/body.h"

#include <stdlib.h>
#include <string.h>

static const char PROGRAMME[] = "programme: corner\n"
                                "version: 1\n"
                                "effective: 2025-01-01\n"
                                "currency: EUR\n"
                                "zone: Europe/Tallinn\n"
                                "stores: [{id: cafe}]\n"
                                "auto_enrol: yes\n"
                                "points:\n"
                                "  name: [{locale: en, one: star, other: stars}]\n"
                                "locales: [en]\n"
                                "rules:\n"
                                "  - {id: euro, spend: {give: 1, per: 1.00}}\n";

enum { TILL = 2, ENDS = 2 /* of the daemon on an event, before that is set aside */ };

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

static void buy(struct house *house, const char *number)
{
    struct event event = house_purchase(house, number, "bread", 500);
    house_book(house, TILL, &event, "card");
}

/* The daemon has ended on the till's next event before. */
static void set_aside(struct house *house, const char *number)
{
    for (uint32_t ends = 0; ends < ENDS; ends++) {
        const struct quarantine_note note = {
            .principal = TILL, .sequence = house->sequences[TILL], .ends = ends};
        assert_int_equal(store_note_write(house->temporary.store, &note), 0);
        house->careful = true;
        house_restart(house);
    }
    buy(house, number);
    assert_int_equal(house->decision->outcome.code, CODE_QUARANTINED);
}

/* Replays the log, in whose last event somebody has put `forged` for the outcome, and has mended the chain. */
static int replay_forged(struct house *house, const struct outcome *forged,
                         struct replay_difference *ret_difference)
{
    struct temporary copy;
    struct replay *replay;
    struct store_head head;
    struct event_row row = {.position = 0};
    uint8_t chain[HASH_BYTES] = {0};
    temporary_open(&copy);
    const struct replay_options options = {.store = copy.store, .world = &house->world};
    assert_int_equal(replay_new(&options, &replay), 0);
    assert_int_equal(store_head(house->temporary.store, &head), 0);
    int result = 0;
    for (uint64_t position = 1; position <= head.position && result == 0; position++) {
        arena_reset(&house->scratch);
        assert_int_equal(store_event_read(house->temporary.store, position, &house->scratch, &row), 0);
        if (position == head.position) {
            assert_int_equal(wire_outcome_pack(forged, &house->scratch, &row.outcome), 0);
            const struct chain_leaf leaf = {.position = row.position,
                                            .booked_at = row.booked_at,
                                            .principal = row.principal,
                                            .key_no = row.key_no,
                                            .sequence = row.sequence,
                                            .body = row.body,
                                            .authenticator = row.signature,
                                            .context = row.context,
                                            .outcome = row.outcome};
            uint8_t hash[HASH_BYTES];
            crypto_leaf(&leaf, hash);
            crypto_link(chain, hash, row.chain);
        }
        memcpy(chain, row.chain, HASH_BYTES);
        result = replay_event(replay, &row, ret_difference);
    }
    replay_free(replay);
    temporary_remove(&copy);
    return result;
}

static void a_log_with_an_event_that_was_set_aside_is_proved(void **state)
{
    struct house *house = *state;
    buy(house, "1");
    set_aside(house, "2");
    buy(house, "3");
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    house_replay(house);
}

static void an_event_that_was_set_aside_has_no_effects(void **state)
{
    struct house *house = *state;
    struct replay_difference difference = {.part = ""};
    buy(house, "1");
    struct outcome *forged = malloc(sizeof(*forged));
    *forged = house->decision->outcome; /* which gives points */
    assert_true(forged->effects_count > 0);
    set_aside(house, "2");
    const struct outcome as_it_was = house->decision->outcome;
    assert_int_equal(replay_forged(house, &as_it_was, &difference), 0);
    forged->code = CODE_QUARANTINED;
    assert_int_equal(replay_forged(house, forged, &difference), ERR_CORRUPT);
    assert_string_equal(difference.part, "outcome");
    free(forged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_house, close_house)
        TEST(a_log_with_an_event_that_was_set_aside_is_proved),
        TEST(an_event_that_was_set_aside_has_no_effects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
