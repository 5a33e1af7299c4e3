/* After a crash: events are noted before they are decided, and what the daemon ends on twice is set aside. */
#include "lib/house.h"

#include "crypto/chain.h"
#include "wire/body.h"

#include <stdio.h>
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

enum { TILL = 2 };

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

/* What the note says while the decision draws its random bytes. */
static struct {
    struct store *store;
    struct quarantine_note note;
    int result;
} noted;

static void look_at_the_note(void *context, void *data, size_t size)
{
    (void)context;
    noted.result = store_note_read(noted.store, 2, &noted.note);
    memset(data, 5, size);
}

static void after_a_crash_an_event_is_noted_before_it_is_decided(void **state)
{
    struct house *house = *state;
    house->careful = true;
    house_restart(house);
    noted.store = house->temporary.store;
    noted.result = ERR_NOT_FOUND;
    house->world.random = look_at_the_note;
    buy(house, "1");
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    assert_int_equal(noted.result, 0);
    assert_true(noted.note.principal == 2 && noted.note.sequence == 1);
    assert_int_equal(store_note_read(noted.store, 2, &noted.note), ERR_NOT_FOUND);
}

/* The till's purchase is noted as it is before it is decided, and the daemon ends on it. */
static void end_on_the_first_purchase(struct house *house, bool crash)
{
    struct quarantine_note note;
    if (store_note_read(house->temporary.store, 2, &note) != 0) {
        note = (struct quarantine_note){.principal = 2, .sequence = 1};
    }
    assert_int_equal(store_note_write(house->temporary.store, &note), 0);
    house->careful = crash;
    house_restart(house);
}

static void crash_on_the_first_purchase(struct house *house)
{
    end_on_the_first_purchase(house, true);
}

static void an_event_that_crashed_the_daemon_twice_is_set_aside(void **state)
{
    struct house *house = *state;
    crash_on_the_first_purchase(house);
    crash_on_the_first_purchase(house);
    buy(house, "1");
    assert_int_equal(house->decision->outcome.code, CODE_QUARANTINED);
    buy(house, "2");
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
}

static void one_unclean_end_does_not_set_an_event_aside(void **state)
{
    struct house *house = *state;
    crash_on_the_first_purchase(house);
    buy(house, "1");
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
}

static void what_another_till_books_between_two_crashes_hides_none_of_them(void **state)
{
    struct house *house = *state;
    const uint32_t other = house_terminal(house, "cafe", "till-2");
    for (unsigned i = 0; i < 2; i++) {
        crash_on_the_first_purchase(house);
        char number[8];
        snprintf(number, sizeof(number), "o%u", i);
        struct event event = house_purchase(house, number, "bread", 100);
        house_book(house, other, &event, "other");
        assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    }
    buy(house, "1");
    assert_int_equal(house->decision->outcome.code, CODE_QUARANTINED);
    struct event event = house_purchase(house, "o3", "bread", 100);
    house_book(house, other, &event, "other");
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
}

static void being_killed_while_an_event_is_decided_does_not_set_it_aside(void **state)
{
    struct house *house = *state;
    crash_on_the_first_purchase(house);
    for (unsigned i = 0; i < 4; i++) {
        end_on_the_first_purchase(house, false);
    }
    house->careful = true;
    house_restart(house);
    buy(house, "1");
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
}

/* The daemon has ended twice on the till's next event. */
static void set_aside(struct house *house, const char *number)
{
    for (uint32_t ends = 0; ends < 2; ends++) {
        const struct quarantine_note note = {
            .principal = TILL, .sequence = house->sequences[TILL], .ends = ends};
        assert_int_equal(store_note_write(house->temporary.store, &note), 0);
        house->careful = true;
        house_restart(house);
    }
    buy(house, number);
    assert_int_equal(house->decision->outcome.code, CODE_QUARANTINED);
}

/* Replays the log, in whose last event somebody has put `forged` for the outcome, and has mended the chain.
 */
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
        TEST(after_a_crash_an_event_is_noted_before_it_is_decided),
        TEST(an_event_that_crashed_the_daemon_twice_is_set_aside),
        TEST(one_unclean_end_does_not_set_an_event_aside),
        TEST(what_another_till_books_between_two_crashes_hides_none_of_them),
        TEST(being_killed_while_an_event_is_decided_does_not_set_it_aside),
        TEST(a_log_with_an_event_that_was_set_aside_is_proved),
        TEST(an_event_that_was_set_aside_has_no_effects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
