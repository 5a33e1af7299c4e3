/* Effects become rows, and are read back. */
#include "lib/temporary.h"
#include "lib/testing.h"
#include "model/holding.h"
#include "model/programme.h"
#include "store/connection.h"

#include <string.h>

static struct member_state member;

static struct effect enrol(uint32_t number)
{
    return (struct effect){.kind = EFFECT_ENROL, .member = number};
}

static struct effect move(uint64_t debit, uint64_t credit, int64_t amount, const struct origin *lot)
{
    struct effect effect = {.kind = EFFECT_MOVE,
                            .move = {.debit = debit, .credit = credit, .amount = amount, .rule = 4}};
    if (lot != NULL) {
        effect.move.has_lot = true;
        effect.move.lot = *lot;
    }
    return effect;
}

/* One event with these effects, committed. */
static uint64_t book(struct store *store, const struct effect *effects, size_t count)
{
    temporary_begin(store);
    temporary_apply(store, effects, count);
    const uint64_t position = temporary_book(store, 0);
    temporary_commit(store);
    return position;
}

static void check_balanced(struct store *store, int64_t outstanding)
{
    struct store_totals totals;
    assert_int_equal(store_totals(store, &totals), 0);
    assert_true(totals.balanced);
    assert_int_equal(totals.outstanding, outstanding);
}

static const uint64_t ISSUED = PROGRAMME_ISSUED;
static const uint64_t EXPIRED = PROGRAMME_EXPIRED;

static void an_enrolled_member_has_nothing(void **state)
{
    struct temporary *temporary = *state;
    const struct effect effects[] = {enrol(1), enrol(2)};
    book(temporary->store, effects, 2);
    temporary_reopen(temporary);
    struct store_head head;
    assert_int_equal(store_head(temporary->store, &head), 0);
    assert_int_equal(head.next_member, 3);
    assert_int_equal(store_member_read(temporary->store, 2, &member), 0);
    assert_int_equal(member.member, 2);
    assert_int_equal(member.balances[MEMBER_AVAILABLE], 0);
    assert_int_equal(member.level, 0);
    assert_int_equal(member.level_until, DAY_NEVER);
    assert_int_equal(member.purchases, 0);
    assert_int_equal(
        member.lots_count + member.stamps_count + member.metric_days_count + member.vouchers_count, 0);
    assert_int_equal(store_member_read(temporary->store, 3, &member), ERR_NOT_FOUND);
    assert_int_equal(store_member_read(temporary->store, 0, &member), ERR_NOT_FOUND);
}

/* Field by field: what lies between them is anything. */
static void check_lot(const struct lot *lot, const struct lot *wanted)
{
    assert_int_equal(lot->origin.position, wanted->origin.position);
    assert_int_equal(lot->origin.index, wanted->origin.index);
    assert_int_equal(lot->amount, wanted->amount);
    assert_int_equal(lot->left, wanted->left);
    assert_int_equal(lot->reserved, 0);
    assert_int_equal(lot->since, 20000);
    assert_int_equal(lot->until, wanted->until);
    assert_int_equal(lot->due, 0);
}

static void a_purchase_fills_its_lot_and_a_debit_empties_it(void **state)
{
    struct temporary *temporary = *state;
    struct store *store = temporary->store;
    const uint64_t available = account_of_member(1, MEMBER_AVAILABLE);
    const struct origin own = {0, 0};
    const struct origin second = {0, 1};
    const struct effect purchase[] = {
        enrol(1),
        {.kind = EFFECT_LOT, .member = 1, .lot = {.index = 0, .since = 20000, .until = 20400}},
        move(ISSUED, available, 30, &own),
        move(ISSUED, available, 8, &own),
        {.kind = EFFECT_LOT, .member = 1, .lot = {.index = 1, .since = 20000, .until = DAY_NEVER}},
        move(ISSUED, available, 5, &second),
        {.kind = EFFECT_VISIT, .member = 1, .visit.day = 20000},
    };
    assert_int_equal(book(store, purchase, ARRAY_COUNT(purchase)), 1);
    assert_int_equal(store_member_read(store, 1, &member), 0);
    assert_int_equal(member.balances[MEMBER_AVAILABLE], 43);
    assert_int_equal(member.purchases, 1);
    assert_int_equal(member.last_purchase, 20000);
    assert_int_equal(member.lots_count, 2);
    check_lot(&member.lots[0], &(struct lot){.origin = {1, 0}, .amount = 38, .left = 38, .until = 20400});
    check_lot(&member.lots[1], &(struct lot){.origin = {1, 1}, .amount = 5, .left = 5, .until = DAY_NEVER});
    check_balanced(store, 43);

    const struct origin lot = {1, 0};
    const struct effect expiry[] = {move(available, EXPIRED, 37, &lot), move(ISSUED, available, 4, &lot)};
    book(store, expiry, 2);
    assert_int_equal(store_member_read(store, 1, &member), 0);
    assert_int_equal(member.lots_count, 2);
    assert_int_equal(member.lots[0].amount, 42);
    assert_int_equal(member.lots[0].left, 5);
    check_balanced(store, 10);

    const struct effect end = move(available, EXPIRED, 5, &lot);
    book(store, &end, 1);
    temporary_reopen(temporary);
    store = temporary->store;
    assert_int_equal(store_member_read(store, 1, &member), 0);
    assert_int_equal(member.lots_count, 1);
    assert_int_equal(member.lots[0].origin.index, 1);
    assert_int_equal(member.balances[MEMBER_AVAILABLE], 5);
    check_balanced(store, 5);
}

static void a_lot_filled_and_emptied_in_one_event_leaves_no_row(void **state)
{
    struct temporary *temporary = *state;
    const uint64_t available = account_of_member(1, MEMBER_AVAILABLE);
    const struct origin own = {0, 0};
    const struct effect effects[] = {
        enrol(1),
        {.kind = EFFECT_LOT, .member = 1, .lot = {.since = 20000, .until = 20010}},
        move(ISSUED, available, 40, &own),
        move(available, EXPIRED, 40, &own),
    };
    book(temporary->store, effects, ARRAY_COUNT(effects));
    assert_int_equal(store_member_read(temporary->store, 1, &member), 0);
    assert_int_equal(member.lots_count, 0);
    check_balanced(temporary->store, 0);
}

static void all_three_accounts_of_a_member_are_kept(void **state)
{
    struct temporary *temporary = *state;
    const uint64_t available = account_of_member(1, MEMBER_AVAILABLE);
    const struct effect effects[] = {
        enrol(1),
        move(ISSUED, account_of_member(1, MEMBER_PENDING), 50, NULL),
        move(available, account_of_member(1, MEMBER_RESERVED), 20, NULL),
        move(account_of_member(1, MEMBER_PENDING), available, 10, NULL),
        enrol(2),
        move(available, account_of_member(2, MEMBER_AVAILABLE), 3, NULL),
    };
    book(temporary->store, effects, ARRAY_COUNT(effects));
    temporary_reopen(temporary);
    assert_int_equal(store_member_read(temporary->store, 1, &member), 0);
    assert_int_equal(member.balances[MEMBER_AVAILABLE], -13);
    assert_int_equal(member.balances[MEMBER_PENDING], 40);
    assert_int_equal(member.balances[MEMBER_RESERVED], 20);
    assert_int_equal(store_member_read(temporary->store, 2, &member), 0);
    assert_int_equal(member.balances[MEMBER_AVAILABLE], 3);
    check_balanced(temporary->store, 50);
}

static void metrics_add_up_and_a_day_at_zero_goes(void **state)
{
    struct temporary *temporary = *state;
    const struct effect effects[] = {
        enrol(1),
        {.kind = EFFECT_METRIC, .member = 1, .metric = {.metric = 0, .day = 20001, .amount = 10}},
        {.kind = EFFECT_METRIC, .member = 1, .metric = {.metric = 0, .day = 20000, .amount = 4}},
        {.kind = EFFECT_METRIC, .member = 1, .metric = {.metric = 2, .day = -719162, .amount = 5}},
        {.kind = EFFECT_METRIC, .member = 1, .metric = {.metric = 0, .day = 20001, .amount = -30}},
        {.kind = EFFECT_METRIC, .member = 1, .metric = {.metric = 0, .day = 20000, .amount = -4}},
        {.kind = EFFECT_METRIC, .member = 1, .metric = {.metric = 1, .day = 20000, .amount = 0}},
    };
    book(temporary->store, effects, ARRAY_COUNT(effects));
    assert_int_equal(store_member_read(temporary->store, 1, &member), 0);
    assert_int_equal(member.metric_days_count, 2);
    assert_int_equal(member.metric_days[0].metric, 0);
    assert_int_equal(member.metric_days[0].day, 20001);
    assert_int_equal(member.metric_days[0].amount, -20);
    assert_int_equal(member.metric_days[1].metric, 2);
    assert_int_equal(member.metric_days[1].day, -719162);
}

static void levels_stamps_and_vouchers_are_kept(void **state)
{
    struct temporary *temporary = *state;
    const struct effect effects[] = {
        enrol(1),
        {.kind = EFFECT_LEVEL, .member = 1, .level = {.level = 2, .until = 20500}},
        {.kind = EFFECT_STAMPS,
         .member = 1,
         .stamps = {.card = 5, .given = 12, .completed = 1, .count = 2, .since = 20000}},
        {.kind = EFFECT_STAMPS,
         .member = 1,
         .stamps = {.card = 5, .given = 17, .completed = 2, .count = -1, .since = 20001}},
        {.kind = EFFECT_STAMPS, .member = 1, .stamps = {.card = 3, .given = 1, .count = 1, .since = 20000}},
        {.kind = EFFECT_VOUCHER,
         .member = 1,
         .voucher = {.index = 0,
                     .code = {0xff, 1, 2, 3, 4, 5, 6, 7, 0x80, 9, 10, 11, 12, 13, 14, 15},
                     .reward = 3,
                     .card = 5,
                     .since = 20000,
                     .until = 20060}},
        {.kind = EFFECT_VOUCHER,
         .member = 1,
         .voucher = {.index = 1, .code = {1}, .reward = 4, .since = 20000, .until = DAY_NEVER}},
    };
    book(temporary->store, effects, ARRAY_COUNT(effects));
    temporary_reopen(temporary);
    assert_int_equal(store_member_read(temporary->store, 1, &member), 0);
    assert_int_equal(member.level, 2);
    assert_int_equal(member.level_until, 20500);
    assert_int_equal(member.stamps_count, 2);
    assert_int_equal(member.stamps[0].card, 3);
    assert_int_equal(member.stamps[1].card, 5);
    assert_int_equal(member.stamps[1].count, -1);
    assert_int_equal(member.stamps[1].completed, 3);
    assert_int_equal(member.stamps[1].since, 20001);
    assert_int_equal(member.vouchers_count, 2);
    assert_memory_equal(member.vouchers[0].code, effects[5].voucher.code, VOUCHER_CODE_BYTES);
    assert_int_equal(member.vouchers[0].reward, 3);
    assert_int_equal(member.vouchers[0].card, 5);
    assert_int_equal(member.vouchers[0].until, 20060);
    assert_int_equal(member.vouchers[0].origin.position, 1);
    assert_memory_equal(member.vouchers[1].code, effects[6].voucher.code, VOUCHER_CODE_BYTES);
    assert_int_equal(member.vouchers[1].until, DAY_NEVER);
    const struct effect none = {.kind = EFFECT_LEVEL, .member = 1, .level.until = DAY_NEVER};
    book(temporary->store, &none, 1);
    assert_int_equal(store_member_read(temporary->store, 1, &member), 0);
    assert_int_equal(member.level, 0);
    assert_int_equal(member.level_until, DAY_NEVER);
}

static void reads_see_what_the_transaction_has_not_yet_written(void **state)
{
    struct temporary *temporary = *state;
    struct store *store = temporary->store;
    const struct effect first[] = {enrol(1), enrol(2)};
    book(store, first, 2);
    temporary_begin(store);
    const struct effect effects[] = {
        {.kind = EFFECT_VISIT, .member = 1, .visit.day = 20007},
        move(ISSUED, account_of_member(1, MEMBER_AVAILABLE), 11, NULL),
        {.kind = EFFECT_VISIT, .member = 1, .visit.day = 20003},
    };
    temporary_apply(store, effects, ARRAY_COUNT(effects));
    assert_int_equal(store_member_touch(store, 1, 2), 0);
    temporary_book(store, 0);
    assert_int_equal(store_member_read(store, 2, &member), 0);
    assert_int_equal(member.last_position, 1);
    assert_int_equal(store_member_read(store, 1, &member), 0);
    assert_int_equal(member.balances[MEMBER_AVAILABLE], 11);
    assert_int_equal(member.purchases, 2);
    assert_int_equal(member.last_purchase, 20007);
    assert_int_equal(member.last_position, 2);
    check_balanced(store, 11);
    struct principal_row row;
    assert_int_equal(store_principal_read(store, 0, &row), 0);
    assert_int_equal(row.next_sequence, 3);
    temporary_commit(store);
    check_balanced(store, 11);
}

static void a_balance_that_is_not_its_entries_is_noticed(void **state)
{
    struct temporary *temporary = *state;
    struct store *store = temporary->store;
    const struct effect effects[] = {enrol(1), enrol(2),
                                     move(ISSUED, account_of_member(1, MEMBER_AVAILABLE), 11, NULL),
                                     move(ISSUED, account_of_member(2, MEMBER_PENDING), 5, NULL)};
    book(store, effects, ARRAY_COUNT(effects));
    check_balanced(store, 16);
    static const char *const changes[][2] = {
        {"UPDATE member SET available = available + 1 WHERE member = 1",
         "UPDATE member SET available = available - 1 WHERE member = 1"},
        {"UPDATE member SET pending = pending + 1 WHERE member = 2",
         "UPDATE member SET pending = pending - 1 WHERE member = 2"},
        {"UPDATE member SET reserved = reserved - 1 WHERE member = 1",
         "UPDATE member SET reserved = reserved + 1 WHERE member = 1"},
        {"UPDATE account SET balance = balance + 1 WHERE account = 5",
         "UPDATE account SET balance = balance - 1 WHERE account = 5"},
        {"UPDATE entry SET amount = amount + 1", "UPDATE entry SET amount = amount - 1"},
        {"UPDATE entry SET credit = credit + 8", "UPDATE entry SET credit = credit - 8"},
        /* The sum over all is still 0. */
        {"UPDATE member SET available = available + CASE member WHEN 1 THEN 1 ELSE -1 END",
         "UPDATE member SET available = available - CASE member WHEN 1 THEN 1 ELSE -1 END"},
        {"UPDATE member SET available = available + 1, reserved = reserved - 1 WHERE member = 1",
         "UPDATE member SET available = available - 1, reserved = reserved + 1 WHERE member = 1"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(changes); i++) {
        struct store_totals totals;
        assert_int_equal(sqlite3_exec(store->db, changes[i][0], NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(store_totals(store, &totals), 0);
        assert_false(totals.balanced);
        assert_int_equal(sqlite3_exec(store->db, changes[i][1], NULL, NULL, NULL), SQLITE_OK);
        check_balanced(store, 16);
    }
}

static void entries_say_what_moved(void **state)
{
    struct temporary *temporary = *state;
    struct effect effects[] = {enrol(1), move(ISSUED, account_of_member(1, MEMBER_AVAILABLE), 11, NULL)};
    effects[1].move.effective_at = 123456;
    book(temporary->store, effects, 2);
    struct store_totals totals;
    assert_int_equal(store_totals(temporary->store, &totals), 0);
    assert_int_equal(totals.entries, 1);
    assert_int_equal(totals.members, 1);
    sqlite3_stmt *row = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(temporary->store->db,
                           "SELECT id / 16384, id % 16384, debit, credit, amount, lot_position, rule,"
                           " effective_at FROM entry",
                           -1, &row, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    static const int64_t expected[] = {1, 1, 0, 8, 11, 0, 4, 123456};
    for (int i = 0; i < 8; i++) {
        assert_int_equal(sqlite3_column_int64(row, i), expected[i]);
    }
    assert_int_equal(sqlite3_column_type(row, 5), SQLITE_NULL);
    sqlite3_finalize(row);
}

static void count_principal(void *context, const struct principal_row *row)
{
    uint32_t *numbers = context;
    numbers[0]++;
    numbers[numbers[0]] = row->principal;
}

static void principals_are_added_by_invite_and_revoked(void **state)
{
    struct temporary *temporary = *state;
    struct store *store = temporary->store;
    const uint8_t key[KEY_BYTES] = "key of the first operator......";
    const uint8_t hash[HASH_BYTES] = "hash of the code of an invite..";
    uint32_t numbers[8] = {0};
    assert_int_equal(store_principals(store, count_principal, numbers), 0);
    assert_int_equal(numbers[0], 0);
    const struct effect genesis[] = {
        {.kind = EFFECT_PRINCIPAL, .principal = {.principal = 0, .label = "daemon", .key = {key, KEY_BYTES}}},
        {.kind = EFFECT_PRINCIPAL,
         .principal = {.principal = 1, .role = ROLE_ADMIN, .label = "admin", .key = {key, KEY_BYTES}}},
        {.kind = EFFECT_LIVE},
        {.kind = EFFECT_REVISION, .revision.revision = 9},
    };
    book(store, genesis, ARRAY_COUNT(genesis));
    const struct effect invite = {.kind = EFFECT_INVITE,
                                  .invite = {.code_hash = {hash, HASH_BYTES},
                                             .role = ROLE_TERMINAL,
                                             .store = "A",
                                             .label = "till 1",
                                             .expires_at = 99}};
    const uint64_t invited = book(store, &invite, 1);
    struct invite_row found;
    assert_int_equal(store_invite_find(store, key, &found), ERR_NOT_FOUND);
    assert_int_equal(store_invite_find(store, hash, &found), 0);
    assert_int_equal(found.position, invited);
    assert_int_equal(found.role, ROLE_TERMINAL);
    assert_string_equal(found.store, "A");
    assert_string_equal(found.label, "till 1");
    assert_int_equal(found.expires_at, 99);
    assert_int_equal(found.used_by, 0);
    const struct effect added = {.kind = EFFECT_PRINCIPAL,
                                 .principal = {.principal = 2,
                                               .role = ROLE_TERMINAL,
                                               .store = "A",
                                               .label = "till 1",
                                               .key = {hash, KEY_BYTES},
                                               .invite = invited}};
    book(store, &added, 1);
    assert_int_equal(store_invite_find(store, hash, &found), 0);
    assert_int_equal(found.used_by, 2);
    temporary_begin(store);
    assert_int_equal(temporary_book(store, 2), 4);
    temporary_commit(store);
    const struct effect revoked = {.kind = EFFECT_PRINCIPAL,
                                   .principal = {.principal = 2, .role = ROLE_TERMINAL, .revoked = true}};
    book(store, &revoked, 1);
    temporary_reopen(temporary);
    store = temporary->store;
    struct principal_row row;
    assert_int_equal(store_principal_read(store, 2, &row), 0);
    assert_int_equal(row.role, ROLE_TERMINAL);
    assert_string_equal(row.store, "A");
    assert_string_equal(row.label, "till 1");
    assert_memory_equal(row.key, hash, KEY_BYTES);
    assert_int_equal(row.key_no, 1);
    assert_true(row.revoked);
    assert_int_equal(row.next_sequence, 2);
    assert_int_equal(row.added, 3);
    assert_int_equal(store_principal_read(store, 1, &row), 0);
    assert_int_equal(row.role, ROLE_ADMIN);
    assert_string_equal(row.store, "");
    assert_false(row.revoked);
    assert_int_equal(store_principal_read(store, 3, &row), ERR_NOT_FOUND);
    assert_int_equal(store_principals(store, count_principal, numbers), 0);
    assert_int_equal(numbers[0], 3);
    assert_int_equal(numbers[1], 0);
    assert_int_equal(numbers[3], 2);
    struct store_head head;
    assert_int_equal(store_head(store, &head), 0);
    assert_int_equal(head.next_principal, 3);
    assert_int_equal(head.engine_revision, 9);
    assert_true(head.live);
}

struct versions {
    uint32_t count;
    struct programme_row rows[4];
    char yaml[4][16];
};

static int keep_version(void *context, const struct programme_row *row)
{
    struct versions *versions = context;
    memcpy(versions->yaml[versions->count], row->yaml.data, row->yaml.size);
    versions->rows[versions->count++] = *row;
    return versions->count == 3 ? ERR_CLOSED : 0;
}

static void programmes_come_in_the_order_of_their_versions(void **state)
{
    struct temporary *temporary = *state;
    struct store *store = temporary->store;
    static const uint32_t numbers[] = {7, 2, 100};
    static const char *const texts[] = {"seven", "two", "hundred"};
    temporary_begin(store);
    for (size_t i = 0; i < 3; i++) {
        const struct effect effect = {.kind = EFFECT_PROGRAMME,
                                      .programme = {.version = numbers[i], .effective = 20000 + (int32_t)i}};
        const struct store_applied event = {.position = i + 1,
                                            .yaml = {(const uint8_t *)texts[i], strlen(texts[i])}};
        assert_int_equal(store_apply(store, &event, &effect, 1), 0);
        temporary_book(store, 0);
    }
    temporary_commit(store);
    struct versions versions = {0};
    /* What the callback returns ends the walk and is returned. */
    assert_int_equal(store_programmes(store, keep_version, &versions), ERR_CLOSED);
    assert_int_equal(versions.count, 3);
    assert_int_equal(versions.rows[0].version, 2);
    assert_int_equal(versions.rows[0].effective, 20001);
    assert_int_equal(versions.rows[0].position, 2);
    assert_string_equal(versions.yaml[0], "two");
    assert_string_equal(versions.yaml[2], "hundred");
    assert_int_equal(versions.rows[2].yaml.size, 7);
    temporary_begin(store);
    temporary_commit(store);
}

struct wrong {
    struct store *store;
    struct effect effects[3];
    size_t count;
};

static void apply_wrong(void *argument)
{
    const struct wrong *wrong = argument;
    (void)!store_begin(wrong->store);
    const struct store_applied event = {.position = 2};
    (void)!store_apply(wrong->store, &event, wrong->effects, wrong->count);
    (void)!store_commit(wrong->store);
}

static void effects_that_cannot_be_are_bugs(void **state)
{
    struct temporary *temporary = *state;
    const uint64_t available = account_of_member(1, MEMBER_AVAILABLE);
    const struct origin own = {0, 0};
    const struct effect purchase[] = {
        enrol(1),
        {.kind = EFFECT_LOT, .member = 1, .lot = {.since = 20000, .until = 20400}},
        move(ISSUED, available, 30, &own),
    };
    book(temporary->store, purchase, ARRAY_COUNT(purchase));
    const struct origin lot = {1, 0};
    const struct origin other = {1, 1};
    const struct wrong wrongs[] = {
        {temporary->store, {enrol(1)}, 1}, /* not the next number */
        {temporary->store, {enrol(3)}, 1},
        {temporary->store, {move(available, EXPIRED, 31, &lot)}, 1},  /* more than is left */
        {temporary->store, {move(available, EXPIRED, 1, &other)}, 1}, /* no such lot */
        {temporary->store, {move(ISSUED, available, 1, &other)}, 1},
        {temporary->store, {move(ISSUED, available, 0, NULL)}, 1}, /* nothing moves */
        {temporary->store, {move(ISSUED, ISSUED, 5, NULL)}, 1},
        {temporary->store, {move(ISSUED, account_of_member(9, MEMBER_AVAILABLE), 5, NULL)}, 1}, /* nobody */
        {temporary->store, {move(ISSUED, 7, 5, NULL)}, 1}, /* no such account */
        {temporary->store, {{.kind = EFFECT_VISIT, .member = 9, .visit.day = 1}}, 1},
    };
    for (size_t i = 0; i < ARRAY_COUNT(wrongs); i++) {
        struct wrong wrong = wrongs[i];
        assert_true(testing_aborts(apply_wrong, &wrong));
    }
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(an_enrolled_member_has_nothing),
        WITH_STORE(a_purchase_fills_its_lot_and_a_debit_empties_it),
        WITH_STORE(a_lot_filled_and_emptied_in_one_event_leaves_no_row),
        WITH_STORE(all_three_accounts_of_a_member_are_kept),
        WITH_STORE(metrics_add_up_and_a_day_at_zero_goes),
        WITH_STORE(levels_stamps_and_vouchers_are_kept),
        WITH_STORE(reads_see_what_the_transaction_has_not_yet_written),
        WITH_STORE(a_balance_that_is_not_its_entries_is_noticed),
        WITH_STORE(entries_say_what_moved),
        WITH_STORE(principals_are_added_by_invite_and_revoked),
        WITH_STORE(programmes_come_in_the_order_of_their_versions),
        WITH_STORE(effects_that_cannot_be_are_bugs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
