/* Profiles: who may set and see them, how they rest, and what of them decisions see. */
#include "lib/house.h"

#include "model/account.h"
#include "model/day.h"
#include "service/service_internal.h"
#include "wire/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES = 8 * 1024 * 1024 };

static const char cafe[] =
    "programme: cafe\nversion: 1\neffective: 2026-01-01\ncurrency: EUR\nzone: Europe/Tallinn\n"
    "stores: [{id: harbour}]\nrules:\n  - {id: euro, spend: {give: 1, per: 1.00}}\n";

static const char groups[] =
    "programme: cafe\nversion: 1\neffective: 2026-01-01\ncurrency: EUR\nzone: Europe/Tallinn\n"
    "stores: [{id: harbour}]\nrules:\n"
    "  - {id: euro, spend: {give: 1, per: 1.00}}\n"
    "  - {id: twice, multiply: 2, when: {segments: [student, staff]}, unless: {segments: [banned]}}\n"
    "  - {id: cake, visit: {give: 100}, stage: bonus, when: {birthday: {before: 3, after: 7}}}\n";

static struct house *house;
static uint32_t till;

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

static void begin(const char *programme)
{
    house_open(house, programme, false);
    till = house_terminal(house, "harbour", "T1");
}

static void buy(const char *number, const char *card, int64_t gross)
{
    struct event event = house_purchase(house, number, "bread", gross);
    house_book(house, till, &event, card);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
}

static enum reply_kind set_by_number(uint32_t member, struct profile profile)
{
    const struct request request = {.kind = REQUEST_SET_PROFILE,
                                    .set_profile = {.member = member, .profile = profile}};
    house_ask(house, HOUSE_ADMIN, &request);
    return house->reply.kind;
}

static enum reply_kind set_by_card(uint32_t principal, const char *card, struct profile profile)
{
    const struct request request = {.kind = REQUEST_SET_PROFILE,
                                    .set_profile = {.card = card, .profile = profile}};
    house_ask(house, principal, &request);
    return house->reply.kind;
}

static const struct profile *get(uint32_t member)
{
    const struct request request = {.kind = REQUEST_GET_PROFILE, .get_profile = {.member = member}};
    house_ask(house, HOUSE_ADMIN, &request);
    assert_int_equal(house->reply.kind, REPLY_PROFILE);
    return &house->reply.profile.profile;
}

static void a_profile_comes_back_as_it_was_set(void **state)
{
    (void)state;
    static const char *const segments[] = {"student", "regular"};
    begin(cafe);
    buy("1", "anna", 100);
    const struct profile anna = {.name = "Anna Kask",
                                 .mail = "anna@example.org",
                                 .birth_month = 2,
                                 .birth_day = 29,
                                 .segments = segments,
                                 .segments_count = 2};
    assert_int_equal(set_by_number(1, anna), REPLY_PROFILE);
    house_restart(house);
    const struct profile *known = get(1);
    assert_string_equal(known->name, "Anna Kask");
    assert_null(known->phone);
    assert_int_equal(known->birth_day, 29);
    assert_int_equal(known->segments_count, 2);
    assert_string_equal(known->segments[1], "regular");
    assert_int_equal(set_by_number(1, (struct profile){0}), REPLY_PROFILE);
    assert_null(get(1)->name);
    assert_int_equal(set_by_number(2, anna), REPLY_FAILURE);
}

static void a_till_says_what_nobody_has_said_before(void **state)
{
    (void)state;
    begin(cafe);
    buy("1", "anna", 100);
    assert_int_equal(set_by_card(till, "anna", (struct profile){.name = "Anna"}), REPLY_PROFILE);
    assert_int_equal(set_by_card(till, "anna", (struct profile){.name = "Mallory"}), REPLY_FAILURE);
    assert_int_equal(house->reply.failure.code, FAILURE_FORBIDDEN);
    assert_int_equal(set_by_card(till, "nobody", (struct profile){.name = "Mallory"}), REPLY_FAILURE);
    assert_string_equal(get(1)->name, "Anna");
    assert_int_equal(set_by_card(HOUSE_ADMIN, "anna", (struct profile){.name = "Anne"}), REPLY_PROFILE);
    assert_string_equal(get(1)->name, "Anne");
}

static bool on_disk(const char *suffix, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s%s", house->temporary.path, suffix);
    FILE *file = fopen(path, "re");
    uint8_t *content = malloc(FILE_BYTES);
    assert_non_null(file);
    assert_non_null(content);
    const size_t size = fread(content, 1, FILE_BYTES, file);
    fclose(file);
    const bool found = memmem(content, size, text, strlen(text)) != NULL;
    free(content);
    return found;
}

static void a_profile_rests_sealed_and_goes_with_its_member(void **state)
{
    (void)state;
    begin(cafe);
    buy("1", "anna", 100);
    assert_int_equal(set_by_number(1, (struct profile){.name = "Anna Kask"}), REPLY_PROFILE);
    assert_false(on_disk("", "Anna Kask"));
    assert_false(on_disk("-wal", "Anna Kask"));
    struct event event = {.occurred_at = house->now, .kind = EVENT_ERASED, .erased = {.member = 1}};
    house_book(house, HOUSE_ADMIN, &event, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    assert_null(get(1)->name);
}

static int64_t earns(const char *number)
{
    static int64_t before;
    struct event event = house_purchase(house, number, "bread", 1000);
    house_book(house, till, &event, "anna");
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    const int64_t now = house->decision->outcome.balances.accounts[MEMBER_AVAILABLE];
    before = strcmp(number, "1") == 0 ? 0 : before;
    const int64_t earned = now - before;
    before = now;
    return earned;
}

static void segments_decide_and_the_log_holds_a_bit(void **state)
{
    (void)state;
    static const char *const staff[] = {"gold", "staff"};
    static const char *const both[] = {"student", "banned"};
    begin(groups);
    assert_int_equal(earns("1"), 10);
    assert_int_equal(set_by_number(1, (struct profile){.segments = staff, .segments_count = 2}),
                     REPLY_PROFILE);
    assert_int_equal(earns("2"), 20);
    assert_int_equal(set_by_number(1, (struct profile){.segments = both, .segments_count = 2}),
                     REPLY_PROFILE);
    assert_int_equal(earns("3"), 10);
    assert_int_equal(set_by_number(1, (struct profile){.segments = both, .segments_count = 1}),
                     REPLY_PROFILE);
    assert_int_equal(earns("4"), 20);
    /* What was decided by a profile that is gone is proved all the same: see teardown. */
    assert_int_equal(set_by_number(1, (struct profile){0}), REPLY_PROFILE);
    assert_int_equal(earns("5"), 10);
}

static void a_birthday_counts_from_before_to_after(void **state)
{
    (void)state;
    begin(groups);
    assert_int_equal(earns("1"), 10);
    const struct date birthday = date_from_day((int32_t)(house->now / DAY_MS) + 10);
    assert_int_equal(set_by_number(1, (struct profile){.birth_month = birthday.month,
                                                       .birth_day = birthday.day,
                                                       .birth_year = 1984}),
                     REPLY_PROFILE);
    static const struct {
        const char *number;
        int32_t days; /* since the receipt before */
        int64_t points;
    } table[] = {{"2", 6, 10}, {"3", 1, 110}, {"4", 3, 110}, {"5", 7, 110}, {"6", 1, 10}};
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        house->now += table[i].days * (int64_t)DAY_MS;
        assert_int_equal(earns(table[i].number), table[i].points);
    }
}

/* As large as the schema allows, it fits the memory that each request of a connection has. */
static void the_largest_profile_fits_a_slot(void **state)
{
    (void)state;
    static char text[MAIL_BYTES_MAX + 1];
    static uint8_t memory[SLOT_ARENA_BYTES];
    static uint8_t room[SLOT_ARENA_BYTES];
    const char *ids[SEGMENTS_MAX];
    struct request request = {.kind = REQUEST_SET_PROFILE};
    struct profile *profile = &request.set_profile.profile;
    struct arena arena;
    struct bytes frame;
    struct bytes message;
    begin(cafe);
    memset(text, 'x', MAIL_BYTES_MAX);
    for (size_t i = 0; i < SEGMENTS_MAX; i++) {
        ids[i] = text + MAIL_BYTES_MAX - ID_BYTES_MAX;
    }
    request.set_profile.card = text + MAIL_BYTES_MAX - CARD_BYTES_MAX;
    *profile = (struct profile){.name = text + MAIL_BYTES_MAX - NAME_BYTES_MAX,
                                .phone = text + MAIL_BYTES_MAX - CARD_BYTES_MAX,
                                .mail = text,
                                .birth_month = 12,
                                .birth_day = 31,
                                .birth_year = 9999,
                                .locale = text + MAIL_BYTES_MAX - LOCALE_BYTES_MAX,
                                .segments = ids,
                                .segments_count = SEGMENTS_MAX,
                                .consents = ids,
                                .consents_count = CONSENTS_MAX};
    arena_init(&arena, memory, sizeof(memory));
    assert_int_equal(wire_request_pack(&request, &arena, &frame), 0);
    assert_int_equal(frame_parse(frame, SLOT_FRAME_BYTES, &message), 1);
    arena_init(&arena, room, sizeof(room));
    assert_int_equal(wire_request_unpack(message, &arena, &request), 0);
    assert_int_equal(request.set_profile.profile.consents_count, CONSENTS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_profile_comes_back_as_it_was_set, setup, teardown),
        cmocka_unit_test_setup_teardown(a_till_says_what_nobody_has_said_before, setup, teardown),
        cmocka_unit_test_setup_teardown(segments_decide_and_the_log_holds_a_bit, setup, teardown),
        cmocka_unit_test_setup_teardown(a_birthday_counts_from_before_to_after, setup, teardown),
        cmocka_unit_test_setup_teardown(the_largest_profile_fits_a_slot, setup, teardown),
        cmocka_unit_test_setup_teardown(a_profile_rests_sealed_and_goes_with_its_member, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
