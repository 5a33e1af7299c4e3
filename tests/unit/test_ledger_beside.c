/* What stands beside the log: cards of members, and what is left when a member is erased. */
#include "lib/house.h"

#include "crypto/card.h"
#include "model/account.h"
#include "model/programme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES = 8 * 1024 * 1024 };

static const char cafe[] =
    "programme: cafe\nversion: 1\neffective: 2026-01-01\ncurrency: EUR\nzone: Europe/Tallinn\n"
    "stores: [{id: harbour}]\nrules:\n  - {id: euro, spend: {give: 1, per: 1.00}}\n";

static struct house *house;
static uint32_t till;

static int setup(void **state)
{
    (void)state;
    house = malloc(sizeof(*house));
    if (house == NULL) {
        return -1;
    }
    house_open(house, cafe, false);
    till = house_terminal(house, "harbour", "T1");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    house_replay(house);
    house_close(house);
    free(house);
    return 0;
}

static uint32_t buy(const char *number, const char *card, int64_t gross)
{
    struct event event = house_purchase(house, number, "bread", gross);
    house_book(house, till, &event, card);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
    return house->decision->outcome.member;
}

static enum outcome_code link_card(uint32_t member, const char *card)
{
    static const uint8_t nothing[HASH_BYTES] = {1};
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_CARD_LINKED,
                          .card_linked = {.member = member, .card = {nothing, sizeof(nothing)}}};
    house_book(house, HOUSE_ADMIN, &event, card);
    return house->decision->outcome.code;
}

static enum outcome_code erase(uint32_t member)
{
    struct event event = {.occurred_at = house->now, .kind = EVENT_ERASED, .erased = {.member = member}};
    house_book(house, HOUSE_ADMIN, &event, NULL);
    return house->decision->outcome.code;
}

static int64_t available(void)
{
    return house->decision->outcome.balances.accounts[MEMBER_AVAILABLE];
}

static void a_second_card_is_the_same_members(void **state)
{
    (void)state;
    assert_int_equal(buy("1", "anna", 1000), 1);
    assert_int_equal(link_card(1, "anna-phone"), CODE_ACCEPTED);
    assert_int_equal(available(), 10);
    assert_int_equal(buy("2", "anna-phone", 500), 1);
    assert_int_equal(buy("3", "anna", 500), 1);
    assert_int_equal(available(), 20);
    const struct request request = {.kind = REQUEST_GET_MEMBER, .get_member = {.card = "anna-phone"}};
    house_ask(house, HOUSE_ADMIN, &request);
    assert_int_equal(house->reply.kind, REPLY_MEMBER);
    assert_int_equal(house->reply.member.view->member, 1);
}

static void a_card_somebody_has_or_nobody_opens_is_refused(void **state)
{
    (void)state;
    buy("1", "anna", 1000);
    buy("2", "ben", 1000);
    assert_int_equal(link_card(1, "ben"), CODE_MEMBER_EXISTS);
    assert_int_equal(link_card(1, "anna"), CODE_MEMBER_EXISTS);
    assert_int_equal(link_card(1, NULL), CODE_CARD_MISSING);
    assert_int_equal(link_card(3, "carl"), CODE_UNKNOWN_MEMBER);
    assert_int_equal(buy("3", "ben", 100), 2);
}

static bool file_holds(const char *suffix, struct bytes wanted)
{
    char path[128];
    snprintf(path, sizeof(path), "%s%s", house->temporary.path, suffix);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    struct bytes content = {0};
    uint8_t *bytes = malloc(FILE_BYTES);
    assert_non_null(bytes);
    content = (struct bytes){bytes, fread(bytes, 1, FILE_BYTES, file)};
    assert_true(content.size < FILE_BYTES);
    fclose(file);
    const bool found = memmem(content.data, content.size, wanted.data, wanted.size) != NULL;
    free(bytes);
    return found;
}

/* Whether the bytes are anywhere on the disk. */
static bool on_disk(struct bytes wanted)
{
    return file_holds("", wanted) || file_holds("-wal", wanted);
}

static void what_is_erased_is_nowhere_on_the_disk(void **state)
{
    (void)state;
    struct card_number card;
    uint8_t anna[HASH_BYTES];
    uint8_t ben[HASH_BYTES];
    uint8_t salt[CARD_SALT_BYTES]; /* of anna's second purchase */
    assert_int_equal(card_normalise("anna", 4, &card), 0);
    crypto_card_lookup(house->lookup_key, &card, anna);
    assert_int_equal(card_normalise("ben", 3, &card), 0);
    crypto_card_lookup(house->lookup_key, &card, ben);
    memset(salt, 3, sizeof(salt));
    buy("1", "anna", 1000);
    buy("2", "ben", 700);
    buy("3", "anna", 500);
    assert_true(on_disk((struct bytes){anna, sizeof(anna)}));
    assert_true(on_disk((struct bytes){salt, sizeof(salt)}));
    assert_int_equal(erase(1), CODE_ACCEPTED);
    assert_false(on_disk((struct bytes){anna, sizeof(anna)}));
    assert_false(on_disk((struct bytes){salt, sizeof(salt)}));
    assert_true(on_disk((struct bytes){ben, sizeof(ben)}));
}

static void an_erased_member_has_points_and_nobody(void **state)
{
    (void)state;
    buy("1", "anna", 1000);
    link_card(1, "anna-phone");
    buy("2", "ben", 700);
    buy("3", "anna", 500);
    assert_int_equal(erase(1), CODE_ACCEPTED);
    assert_int_equal(available(), 15);
    assert_int_equal(erase(9), CODE_UNKNOWN_MEMBER);
    const struct request request = {.kind = REQUEST_GET_MEMBER, .get_member = {.card = "anna"}};
    house_ask(house, HOUSE_ADMIN, &request);
    assert_int_equal(house->reply.kind, REPLY_FAILURE);
    /* Whoever has the card now is somebody else. */
    assert_int_equal(buy("4", "anna", 100), 3);
    assert_int_equal(buy("5", "ben", 100), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_second_card_is_the_same_members, setup, teardown),
        cmocka_unit_test_setup_teardown(a_card_somebody_has_or_nobody_opens_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_erased_is_nowhere_on_the_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(an_erased_member_has_points_and_nobody, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
