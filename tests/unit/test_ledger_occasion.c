/* What comes by itself once a year: on birthdays, and on anniversaries of the day a member joined. */
#include "lib/house.h"

#include "model/account.h"
#include "model/day.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD                                                                                                 \
    "programme: corner\n"                                                                                    \
    "version: %d\n"                                                                                          \
    "effective: %s\n"                                                                                        \
    "currency: EUR\n"                                                                                        \
    "zone: Europe/Tallinn\n"                                                                                 \
    "stores: [{id: cafe}]\n"                                                                                 \
    "auto_enrol: yes\n"

static const char WITH[] =
    "rules:\n"
    "  - {id: euro, spend: {give: 1, per: 1.00}}\n"
    "  - {id: birthday, occasion: {each: birthday, give: 200}}\n"
    "  - {id: cake, occasion: {each: birthday, gives: {reward: cake}}, when: {segments: [friend]}}\n"
    "  - {id: year, occasion: {each: anniversary, give: 50}}\n"
    "rewards: [{id: cake, kind: free_item, valid: {days: 14}}]\n";
static const char WITHOUT[] = "rules: [{id: euro, spend: {give: 1, per: 1.00}}]\n";

enum { TILL = 2, MANY = 150, STEPS = 250, LATE_DAYS = 30, APART_DAYS = 335 };

static struct house *house;
static unsigned receipts;

static int64_t at(int32_t year, int32_t month, int32_t day)
{
    return (int64_t)day_from_date(year, month, day) * DAY_MS + DAY_MS / 2; /* noon, UTC */
}

static void begin(const char *rules, bool loading)
{
    char yaml[1024];
    snprintf(yaml, sizeof(yaml), HEAD "%s", 1, "2025-11-01", rules);
    house_open(house, yaml, loading);
    assert_int_equal(house_terminal(house, "cafe", "till-1"), TILL);
    receipts = 0;
}

static int setup(void **state)
{
    (void)state;
    house = malloc(sizeof(*house));
    return house == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    house_replay(house);
    house_close(house);
    free(house);
    return 0;
}

/* As the store thread does in quiet times. */
static void tick(void)
{
    int64_t wait_ms = 0;
    for (unsigned rounds = 0; wait_ms == 0; rounds++) {
        assert_true(rounds < 100);
        assert_int_equal(ledger_tick(house->ledger, false, &wait_ms), 0);
    }
}

static void tick_on(int32_t year, int32_t month, int32_t day)
{
    house->now = at(year, month, day);
    tick();
}

static void buy(const char *card)
{
    char number[16];
    snprintf(number, sizeof(number), "%u", ++receipts);
    struct event event = house_purchase(house, number, "bread", 100);
    house_book(house, TILL, &event, card);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
}

static void born(uint32_t member, int32_t month, int32_t day)
{
    static const char *const segments[] = {"friend"};
    const struct request request = {.kind = REQUEST_SET_PROFILE,
                                    .set_profile = {.member = member,
                                                    .profile = {.birth_month = month,
                                                                .birth_day = day,
                                                                .segments = segments,
                                                                .segments_count = member == 1}}};
    house_ask(house, HOUSE_ADMIN, &request);
    assert_int_equal(house->reply.kind, REPLY_PROFILE);
}

static void change(const char *rules, int version, const char *effective)
{
    char yaml[1024];
    const int size = snprintf(yaml, sizeof(yaml), HEAD "%s", version, effective, rules);
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_PROGRAMME_CHANGE,
                          .programme_change.yaml = {(const uint8_t *)yaml, (size_t)size}};
    house_book(house, HOUSE_ADMIN, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
}

static const struct member_state *member(uint32_t number)
{
    static struct member_state state;
    assert_int_equal(store_member_read(house->temporary.store, number, &state), 0);
    return &state;
}

static int64_t points(uint32_t number)
{
    return member(number)->balances[MEMBER_AVAILABLE];
}

static uint64_t position(void)
{
    struct store_head head;
    assert_int_equal(store_head(house->temporary.store, &head), 0);
    return head.position;
}

static void a_birthday_gives_once_and_says_why(void **state)
{
    (void)state;
    begin(WITH, false);
    buy("anna");
    buy("bert");
    born(1, 12, 24);
    tick_on(2025, 12, 23);
    const uint64_t before = position();
    tick_on(2025, 12, 24);
    assert_int_equal(points(1), 201);
    assert_int_equal(member(1)->vouchers_count, 1);
    assert_int_equal(points(2), 1); /* no birthday is known */
    assert_int_equal(position(), before + 1);
    const struct request request = {.kind = REQUEST_GET_EVENT, .get_event = {.position = before + 1}};
    house_ask(house, HOUSE_ADMIN, &request);
    assert_int_equal(house->reply.kind, REPLY_EVENT);
    assert_true(house->reply.event.steps_count >= 3);
    assert_string_equal(house->reply.event.steps[1].what, "rule birthday");
    assert_string_equal(house->reply.event.steps[1].given, "200");
    house_restart(house);
    tick();
    tick_on(2025, 12, 25);
    assert_int_equal(position(), before + 1);
    tick_on(2026, 12, 24); /* with both anniversaries, of 1 December */
    assert_int_equal(points(1), 451);
    assert_int_equal(points(2), 51);
}

static void a_round_that_is_cut_off_gives_nobody_twice(void **state)
{
    (void)state;
    char card[16];
    begin(WITH, false);
    for (uint32_t i = 1; i <= MANY; i++) {
        snprintf(card, sizeof(card), "card-%u", i);
        buy(card);
        born(i, 12, 24);
    }
    tick();
    house->now = at(2025, 12, 24);
    int64_t wait_ms;
    assert_int_equal(ledger_tick(house->ledger, false, &wait_ms), 0);
    assert_int_equal(wait_ms, 0);
    assert_int_equal(points(1), 201);
    assert_int_equal(points(MANY), 1);
    house_restart(house);
    tick();
    for (uint32_t i = 1; i <= MANY; i++) {
        assert_int_equal(points(i), 201);
    }
}

static void a_day_that_was_missed_is_made_up_for(void **state)
{
    (void)state;
    begin(WITH, false);
    buy("anna");
    buy("bert");
    born(1, 12, 10);
    born(2, 12, 9);
    tick();
    tick_on(2026, 1, 9);
    assert_int_equal(points(1), 201);
    assert_int_equal(points(2), 1);
    born(1, 1, 8); /* she says so a month later */
    tick_on(2026, 1, 10);
    assert_int_equal(points(1), 201);
    tick_on(2026, 12, 10);
    assert_int_equal(points(1), 251); /* the anniversary alone */
    tick_on(2027, 1, 8);
    assert_int_equal(points(1), 451);
}

/* Before it went live the shop gave it by other means. */
static void history_gives_nothing_by_itself(void **state)
{
    (void)state;
    begin(WITH, true);
    buy("anna");
    born(1, 12, 5);
    house->now = at(2025, 12, 7);
    struct event event = {.occurred_at = house->now, .kind = EVENT_GO_LIVE};
    house_book(house, HOUSE_ADMIN, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    tick();
    house_restart(house);
    tick();
    assert_int_equal(points(1), 1);
    tick_on(2026, 12, 5);
    assert_int_equal(points(1), 251);
}

static void a_version_makes_up_for_nothing_before_it(void **state)
{
    (void)state;
    begin(WITHOUT, false);
    buy("anna");
    buy("bert");
    born(1, 12, 9);
    born(2, 12, 11);
    tick_on(2025, 12, 10);
    change(WITH, 2, "2025-12-10");
    tick();
    assert_int_equal(points(1), 1);
    change(WITH, 3, "2025-12-12");
    tick_on(2025, 12, 13); /* what version 2 missed on the 11th version 3 gives */
    assert_int_equal(points(2), 201);
    assert_int_equal(points(1), 1);
}

static void the_erased_and_the_merged_have_no_days(void **state)
{
    (void)state;
    begin(WITH, false);
    buy("anna");
    buy("bert");
    buy("carl");
    born(1, 12, 24);
    born(2, 12, 24);
    struct event erased = {.occurred_at = house->now, .kind = EVENT_ERASED, .erased = {.member = 1}};
    house_book(house, HOUSE_ADMIN, &erased, NULL);
    struct event merge = {.occurred_at = house->now, .kind = EVENT_MERGE, .merge = {.from = 2, .to = 3}};
    house_book(house, HOUSE_ADMIN, &merge, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    tick_on(2025, 12, 24);
    assert_int_equal(points(3), 202); /* the profile went with the points */
    tick_on(2026, 12, 24);
    assert_int_equal(points(1), 1);
    assert_int_equal(points(2), 0);
    assert_int_equal(points(3), 452);
}

/* Whoever was erased and is merged takes nobody's anniversary away. */
static void a_merge_with_the_erased_keeps_the_days(void **state)
{
    (void)state;
    begin(WITH, false);
    buy("anna");
    buy("bert");
    struct event erased = {.occurred_at = house->now, .kind = EVENT_ERASED, .erased = {.member = 1}};
    house_book(house, HOUSE_ADMIN, &erased, NULL);
    struct event merge = {.occurred_at = house->now, .kind = EVENT_MERGE, .merge = {.from = 1, .to = 2}};
    house_book(house, HOUSE_ADMIN, &merge, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    tick_on(2026, 12, 1);
    assert_int_equal(points(2), 52);
}

/* The marks go when no day can ask for them any more. */
static void the_years_leave_nothing_behind(void **state)
{
    (void)state;
    begin(WITH, false);
    buy("anna");
    born(1, 12, 24);
    tick();
    for (int32_t year = 2025; year < 2032; year++) {
        tick_on(year, 12, 24);
        assert_int_equal(points(1), 1 + 200 * (year - 2024) + 50 * (year - 2025));
        assert_true(member(1)->counters_count <= 4);
    }
}

/* Log and answers say that it was the day, and nothing else of it. */
static void the_profile_is_not_asked_again_to_prove_it(void **state)
{
    (void)state;
    begin(WITH, false);
    buy("anna");
    born(1, 12, 24);
    tick_on(2025, 12, 24);
    assert_int_equal(points(1), 201);
    born(1, 6, 1);
    house_replay(house);
}

/* Day by day, as a person would look it up in a calendar. */
static bool same_day(int32_t day, int32_t month, int32_t day_of_month)
{
    const struct date date = date_from_day(day);
    const struct date next = date_from_day(day + 1);
    const bool moved =
        month == 2 && day_of_month == 29 && date.month == 2 && date.day == 28 && next.month == 3;
    return (date.month == month && date.day == day_of_month) || moved;
}

static bool is_due(int32_t today, int32_t first, int32_t last_given, int32_t month, int32_t day_of_month)
{
    for (int32_t day = today - LATE_DAYS; day <= today; day++) {
        if (day >= first && (last_given == 0 || day - last_given >= APART_DAYS) &&
            same_day(day, month, day_of_month)) {
            return true;
        }
    }
    return false;
}

static uint32_t draw(uint64_t *random, uint32_t below)
{
    *random = *random * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*random >> 33) % below;
}

/* Days are skipped, profiles changed and the daemon started again as chance has it. */
static void it_is_what_the_calendar_says(void **state)
{
    (void)state;
    begin(WITH, false);
    buy("anna");
    buy("bert");
    const int32_t joined = (int32_t)(house->now / DAY_MS);
    const struct date joined_date = date_from_day(joined);
    uint64_t random = 20251201;
    int32_t today = joined;
    int32_t month = 0;
    int32_t day_of_month = 0;
    int32_t birthday_given = 0;
    int32_t year_given = 0;
    int64_t expected = 1;
    unsigned given = 0;
    for (unsigned i = 0; i < STEPS; i++) {
        if (draw(&random, 8) == 0) {
            /* About as often near today as not. */
            const struct date date = draw(&random, 4) == 0
                                         ? (struct date){.month = 2, .day = 29}
                                         : date_from_day(today - 40 + (int32_t)draw(&random, 80));
            month = date.month;
            day_of_month = date.day;
            born(2, month, day_of_month);
        }
        if (draw(&random, 20) == 0) {
            house_restart(house);
        }
        today += (int32_t)draw(&random, draw(&random, 4) == 0 ? 60 : 12);
        house->now = (int64_t)today * DAY_MS + DAY_MS / 2;
        tick();
        if (month != 0 && is_due(today, joined, birthday_given, month, day_of_month)) {
            birthday_given = today;
            expected += 200;
            given++;
        }
        if (is_due(today, joined + 1, year_given, joined_date.month, joined_date.day)) {
            year_given = today;
            expected += 50;
            given++;
        }
        if (points(2) != expected) {
            fail_msg("step %u, day %d: %lld points, %lld expected", i, (int)today, (long long)points(2),
                     (long long)expected);
        }
    }
    printf("%u occasions in %d days\n", given, (int)(today - joined));
    assert_true(given > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_birthday_gives_once_and_says_why, setup, teardown),
        cmocka_unit_test_setup_teardown(a_round_that_is_cut_off_gives_nobody_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(a_day_that_was_missed_is_made_up_for, setup, teardown),
        cmocka_unit_test_setup_teardown(history_gives_nothing_by_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(a_version_makes_up_for_nothing_before_it, setup, teardown),
        cmocka_unit_test_setup_teardown(the_erased_and_the_merged_have_no_days, setup, teardown),
        cmocka_unit_test_setup_teardown(a_merge_with_the_erased_keeps_the_days, setup, teardown),
        cmocka_unit_test_setup_teardown(the_years_leave_nothing_behind, setup, teardown),
        cmocka_unit_test_setup_teardown(the_profile_is_not_asked_again_to_prove_it, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_what_the_calendar_says, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
