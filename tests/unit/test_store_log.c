/* Rows of the log and what is found by them. */
#include "lib/temporary.h"
#include "lib/testing.h"
#include "store/connection.h"

#include <stdio.h>
#include <string.h>

static uint8_t arena_memory[65536];

static struct arena fresh_arena(void)
{
    struct arena arena;
    arena_init(&arena, arena_memory, sizeof(arena_memory));
    return arena;
}

static void add_principals(struct store *store, uint32_t count)
{
    const uint8_t key[KEY_BYTES] = {7};
    for (uint32_t principal = 1; principal <= count; principal++) {
        const struct effect effect = {
            .kind = EFFECT_PRINCIPAL,
            .principal = {.principal = principal, .label = "till", .key = {key, sizeof(key)}}};
        temporary_apply(store, &effect, 1);
        temporary_book(store, 0);
    }
}

static void an_event_is_read_as_it_was_written(void **state)
{
    struct temporary *temporary = *state;
    const uint8_t empty = 0;
    struct event_row row = {
        .position = 1,
        .principal = 0,
        .key_no = 3,
        .sequence = 1,
        .booked_at = -5,
        .body = {(const uint8_t *)"body\0with a NUL", 15},
        .signature = {(const uint8_t *)"signature", 9},
        .context = {&empty, 0},
        .outcome = {NULL, 0},
        .chain = "thirty-two bytes, the last is 1\1",
    };
    temporary_begin(temporary->store);
    assert_int_equal(store_event_write(temporary->store, &row), 0);
    struct arena arena = fresh_arena();
    struct event_row read;
    assert_int_equal(store_event_read(temporary->store, 1, &arena, &read), 0);
    temporary_commit(temporary->store);
    temporary_reopen(temporary);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(store_event_read(temporary->store, 1, &arena, &read), 0);
        assert_int_equal(read.position, 1);
        assert_int_equal(read.principal, 0);
        assert_int_equal(read.key_no, 3);
        assert_int_equal(read.sequence, 1);
        assert_int_equal(read.booked_at, -5);
        assert_true(bytes_equal(read.body, row.body));
        assert_true(bytes_equal(read.signature, row.signature));
        assert_int_equal(read.context.size, 0);
        assert_int_equal(read.outcome.size, 0);
        assert_memory_equal(read.chain, row.chain, HASH_BYTES);
    }
    assert_int_equal(store_event_read(temporary->store, 2, &arena, &read), ERR_NOT_FOUND);
    assert_int_equal(store_event_read(temporary->store, 0, &arena, &read), ERR_NOT_FOUND);
    assert_int_equal(store_event_read(temporary->store, UINT64_MAX, &arena, &read), ERR_NOT_FOUND);
    struct store_head head;
    assert_int_equal(store_head(temporary->store, &head), 0);
    assert_int_equal(head.position, 1);
    assert_int_equal(head.booked_at, -5);
    assert_memory_equal(head.chain, row.chain, HASH_BYTES);
    uint8_t chain[HASH_BYTES];
    assert_int_equal(store_chain_read(temporary->store, 1, chain), 0);
    assert_memory_equal(chain, row.chain, HASH_BYTES);
    assert_int_equal(store_chain_read(temporary->store, 0, chain), ERR_NOT_FOUND);
    assert_int_equal(store_chain_read(temporary->store, 2, chain), ERR_NOT_FOUND);
}

static void an_arena_too_small_is_no_memory_and_no_damage(void **state)
{
    struct temporary *temporary = *state;
    temporary_begin(temporary->store);
    temporary_book(temporary->store, 0);
    temporary_commit(temporary->store);
    uint8_t memory[40];
    struct arena arena;
    arena_init(&arena, memory, sizeof(memory));
    struct event_row row;
    assert_int_equal(store_event_read(temporary->store, 1, &arena, &row), ERR_NOMEM);
    arena = fresh_arena();
    assert_int_equal(store_event_read(temporary->store, 1, &arena, &row), 0);
}

static void check_found(struct store *store, uint32_t principal, uint64_t sequence)
{
    struct arena arena = fresh_arena();
    struct event_row row;
    char body[64];
    const int length =
        snprintf(body, sizeof(body), "principal %u event %llu", principal, (unsigned long long)sequence);
    assert_int_equal(store_event_find(store, principal, sequence, &arena, &row), 0);
    assert_int_equal(row.principal, principal);
    assert_int_equal(row.sequence, sequence);
    assert_true(bytes_equal(row.body, (struct bytes){(const uint8_t *)body, (size_t)length}));
}

static void check_all_found(struct store *store, const uint64_t counts[4])
{
    struct arena arena = fresh_arena();
    struct event_row row;
    for (uint32_t principal = 1; principal <= 3; principal++) {
        for (uint64_t sequence = 1; sequence <= counts[principal]; sequence++) {
            check_found(store, principal, sequence);
        }
        assert_int_equal(store_event_find(store, principal, 0, &arena, &row), ERR_NOT_FOUND);
        assert_int_equal(store_event_find(store, principal, counts[principal] + 1, &arena, &row),
                         ERR_NOT_FOUND);
        assert_int_equal(store_event_find(store, principal, UINT64_MAX, &arena, &row), ERR_NOT_FOUND);
    }
}

static void every_sequence_is_found_across_marks(void **state)
{
    struct temporary *temporary = *state;
    struct store *store = temporary->store;
    uint64_t counts[4] = {0};
    temporary_begin(store);
    add_principals(store, 3);
    /* Three principals, mixed, at different rates. */
    const uint64_t most = testing_is_slow() ? 100 : 300;
    for (uint32_t i = 0; counts[1] < most; i++) {
        const uint32_t principal = i % 7 == 0 ? 3 : i % 3 == 0 ? 2 : 1;
        temporary_book(store, principal);
        counts[principal]++;
        if (i % 50 == 49) {
            check_found(store, principal, counts[principal]);
            check_found(store, principal, 1);
            temporary_commit(store);
            temporary_begin(store);
        }
    }
    check_all_found(store, counts);
    temporary_commit(store);
    check_all_found(store, counts);
    temporary_reopen(temporary);
    check_all_found(temporary->store, counts);
    struct arena arena = fresh_arena();
    struct event_row row;
    assert_int_equal(store_event_find(temporary->store, 4, 1, &arena, &row), ERR_NOT_FOUND);
    assert_int_equal(store_event_find(temporary->store, UINT32_MAX, 1, &arena, &row), ERR_NOT_FOUND);
}

static void a_link_that_leads_astray_is_damage(void **state)
{
    struct temporary *temporary = *state;
    temporary_begin(temporary->store);
    for (int i = 0; i < 10; i++) {
        temporary_book(temporary->store, 0);
    }
    temporary_commit(temporary->store);
    assert_int_equal(sqlite3_exec(temporary->store->db, "UPDATE event SET previous = 2 WHERE position = 8",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    struct arena arena = fresh_arena();
    struct event_row row;
    assert_int_equal(store_event_find(temporary->store, 0, 9, &arena, &row), 0);
    assert_int_equal(store_event_find(temporary->store, 0, 5, &arena, &row), ERR_CORRUPT);
    /* Nothing but closing is left. */
    assert_int_equal(store_begin(temporary->store), ERR_IO);
}

struct wrong_event {
    struct store *store;
    struct event_row row;
};

static void write_wrong(void *argument)
{
    const struct wrong_event *wrong = argument;
    (void)!store_begin(wrong->store);
    (void)!store_event_write(wrong->store, &wrong->row);
}

static void sequences_and_positions_have_no_gaps(void **state)
{
    struct temporary *temporary = *state;
    temporary_begin(temporary->store);
    temporary_book(temporary->store, 0);
    temporary_commit(temporary->store);
    struct wrong_event wrong = {.store = temporary->store,
                                .row = {.position = 2, .sequence = 2, .booked_at = 1}};
    assert_false(testing_aborts(write_wrong, &wrong));
    wrong.row.sequence = 1;
    assert_true(testing_aborts(write_wrong, &wrong));
    wrong.row.sequence = 3;
    assert_true(testing_aborts(write_wrong, &wrong));
    wrong.row = (struct event_row){.position = 3, .sequence = 2, .booked_at = 1};
    assert_true(testing_aborts(write_wrong, &wrong));
    wrong.row = (struct event_row){.position = 2, .sequence = 2, .booked_at = 0};
    assert_true(testing_aborts(write_wrong, &wrong)); /* time never falls */
    wrong.row = (struct event_row){.position = 2, .principal = 1, .sequence = 1, .booked_at = 1};
    assert_true(testing_aborts(write_wrong, &wrong)); /* nobody of that number */
}

static void a_receipt_is_booked_once(void **state)
{
    struct temporary *temporary = *state;
    struct receipt_key key = {.store = "A", .business_date = 20000, .till = "1", .number = "000017"};
    uint64_t position = 0;
    temporary_begin(temporary->store);
    assert_int_equal(store_receipt_find(temporary->store, &key, &position), ERR_NOT_FOUND);
    assert_int_equal(temporary_book_receipt(temporary->store, 0, &key), 1);
    assert_int_equal(store_receipt_find(temporary->store, &key, &position), 0);
    assert_int_equal(position, 1);
    temporary_commit(temporary->store);
    static const struct receipt_key others[] = {
        {.store = "B", .business_date = 20000, .till = "1", .number = "000017"},
        {.store = "A", .business_date = 20001, .till = "1", .number = "000017"},
        {.store = "A", .business_date = 20000, .till = "2", .number = "000017"},
        {.store = "A", .business_date = 20000, .till = "1", .number = "17"},
        {.store = "A", .business_date = 20000, .till = "1", .number = "000017 "},
        {.store = "a", .business_date = 20000, .till = "1", .number = "000017"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        assert_int_equal(store_receipt_find(temporary->store, &others[i], &position), ERR_NOT_FOUND);
    }
    assert_int_equal(store_receipt_find(temporary->store, &key, &position), 0);
    temporary_begin(temporary->store);
    key.number = "000018";
    assert_int_equal(temporary_book_receipt(temporary->store, 0, &key), 2);
    store_rollback(temporary->store);
    assert_int_equal(store_receipt_find(temporary->store, &key, &position), ERR_NOT_FOUND);
}

static struct receipt_key numbered(char number[RECEIPT_NUMBER_BYTES_MAX + 1], const char *format,
                                   unsigned value)
{
    snprintf(number, RECEIPT_NUMBER_BYTES_MAX + 1, format[0] == '0' ? "%06u" : "R%u", value);
    return (struct receipt_key){.store = "A", .business_date = 20000, .till = "1", .number = number};
}

static void book_receipt(struct store *store, const struct receipt_key *key, uint64_t position)
{
    uint64_t other = 0;
    assert_int_equal(store_receipt_find(store, key, &other), ERR_NOT_FOUND);
    assert_int_equal(temporary_book_receipt(store, 0, key), position);
    assert_int_equal(store_receipt_find(store, key, &other), 0);
    assert_int_equal(other, position);
}

/* Odd values up to `last` were booked one after the other, even ones never. */
static void check_receipts(struct store *store, const char *format, unsigned last)
{
    for (unsigned value = 0; value <= last + 2; value++) {
        char number[RECEIPT_NUMBER_BYTES_MAX + 1];
        const struct receipt_key key = numbered(number, format, value);
        uint64_t position = 0;
        const bool booked = value % 2 == 1 && value <= last;
        assert_int_equal(store_receipt_find(store, &key, &position), booked ? 0 : ERR_NOT_FOUND);
        assert_int_equal(position, booked ? (value + 1) / 2 : 0);
    }
}

static void receipts_in_order_are_found_across_marks(void **state)
{
    struct temporary *temporary = *state;
    static const char *const formats[] = {"0", "R"}; /* 000009, 000010 and R9, R10 */
    const unsigned last = testing_is_slow() ? 101 : 401;
    for (size_t f = 0; f < ARRAY_COUNT(formats); f++) {
        char number[RECEIPT_NUMBER_BYTES_MAX + 1];
        temporary_begin(temporary->store);
        for (unsigned value = 1; value <= last; value += 2) {
            const struct receipt_key key = numbered(number, formats[f], value);
            book_receipt(temporary->store, &key, (value + 1) / 2);
            if (value % 100 == 1) {
                temporary_commit(temporary->store);
                temporary_begin(temporary->store);
            }
        }
        check_receipts(temporary->store, formats[f], last);
        temporary_commit(temporary->store);
        check_receipts(temporary->store, formats[f], last);
        temporary_remove(temporary);
        temporary_open(temporary);
    }
}

static void receipts_out_of_order_are_found_too(void **state)
{
    struct temporary *temporary = *state;
    struct store *store = temporary->store;
    char number[RECEIPT_NUMBER_BYTES_MAX + 1];
    uint64_t position = 0;
    /* 7 * i modulo 997 visits every number once, now up, now down. */
    temporary_begin(store);
    for (unsigned i = 1; i <= 300; i++) {
        const struct receipt_key key = numbered(number, i % 3 == 0 ? "R" : "0", 7 * i % 997);
        book_receipt(store, &key, i);
    }
    temporary_commit(store);
    temporary_reopen(temporary);
    store = temporary->store;
    for (unsigned i = 1; i <= 996; i++) {
        const struct receipt_key key = numbered(number, i % 3 == 0 ? "R" : "0", 7 * i % 997);
        assert_int_equal(store_receipt_find(store, &key, &position), i <= 300 ? 0 : ERR_NOT_FOUND);
        assert_int_equal(position, i <= 300 ? i : 300);
    }
}

static void a_rollback_takes_receipts_back(void **state)
{
    struct temporary *temporary = *state;
    struct store *store = temporary->store;
    char number[RECEIPT_NUMBER_BYTES_MAX + 1];
    for (unsigned round = 0; round < 12; round++) {
        temporary_begin(store);
        for (unsigned i = 1; i <= 7; i++) {
            const struct receipt_key key = numbered(number, "0", 14 * round + 2 * i - 1);
            book_receipt(store, &key, 7 * round + i);
            const struct till_day day = {.key = key, .gross = 1, .points = 1};
            assert_int_equal(store_till_day_add(store, &day), 0);
        }
        store_rollback(store);
        if (round > 0) {
            check_receipts(store, "0", 14 * round - 1);
        }
        temporary_begin(store);
        for (unsigned i = 1; i <= 7; i++) {
            const struct receipt_key key = numbered(number, "0", 14 * round + 2 * i - 1);
            book_receipt(store, &key, 7 * round + i);
        }
        temporary_commit(store);
        check_receipts(store, "0", 14 * round + 13);
    }
}

static void many_tills_share_the_slots(void **state)
{
    struct temporary *temporary = *state;
    /* More till days than there are slots, in one transaction, twice over. */
    temporary_begin(temporary->store);
    for (unsigned i = 0; i < 4 * TILL_SLOTS; i++) {
        char till[16];
        char number[16];
        snprintf(till, sizeof(till), "%u", i % (2 * TILL_SLOTS));
        snprintf(number, sizeof(number), "%u", i);
        const struct till_day day = {
            .key = {.store = "A", .business_date = 20000, .till = till, .number = number}, .gross = 5};
        book_receipt(temporary->store, &day.key, i + 1);
        assert_int_equal(store_till_day_add(temporary->store, &day), 0);
    }
    temporary_commit(temporary->store);
    for (unsigned i = 0; i < 4 * TILL_SLOTS; i++) {
        char till[16];
        char number[16];
        uint64_t position = 0;
        snprintf(till, sizeof(till), "%u", i % (2 * TILL_SLOTS));
        snprintf(number, sizeof(number), "%u", i);
        const struct receipt_key key = {.store = "A", .business_date = 20000, .till = till, .number = number};
        assert_int_equal(store_receipt_find(temporary->store, &key, &position), 0);
        assert_int_equal(position, i + 1);
    }
}

static int one_number(void *context, int columns, char **values, char **names)
{
    (void)columns;
    (void)names;
    snprintf(context, 64, "%s", values[0]);
    return 0;
}

static void a_till_day_adds_up(void **state)
{
    struct temporary *temporary = *state;
    struct till_day day = {
        .key = {.store = "A", .business_date = 20000, .till = "1"}, .gross = 1260, .points = 12};
    temporary_begin(temporary->store);
    assert_int_equal(store_till_day_add(temporary->store, &day), 0);
    day.gross = -260;
    day.points = 0;
    assert_int_equal(store_till_day_add(temporary->store, &day), 0);
    day.key.till = "2";
    assert_int_equal(store_till_day_add(temporary->store, &day), 0);
    temporary_commit(temporary->store);
    char text[64] = "";
    assert_int_equal(
        sqlite3_exec(temporary->store->db,
                     "SELECT group_concat(till || ':' || receipts || ':' || gross || ':' || points)"
                     " FROM till_day ORDER BY till",
                     one_number, text, NULL),
        SQLITE_OK);
    assert_string_equal(text, "1:2:1000:12,2:1:-260:0");
}

static void cards_lead_to_members(void **state)
{
    struct temporary *temporary = *state;
    uint8_t hash[HASH_BYTES] = "0123456789abcdef0123456789abcde";
    uint32_t member = 0;
    temporary_begin(temporary->store);
    assert_int_equal(store_card_write(temporary->store, hash, 77), 0);
    temporary_commit(temporary->store);
    temporary_reopen(temporary);
    assert_int_equal(store_card_find(temporary->store, hash, &member), 0);
    assert_int_equal(member, 77);
    hash[HASH_BYTES - 1] ^= 1;
    assert_int_equal(store_card_find(temporary->store, hash, &member), ERR_NOT_FOUND);
    assert_int_equal(member, 77);
}

static void openings_and_exceptions_are_kept(void **state)
{
    struct temporary *temporary = *state;
    const uint8_t salt[CARD_SALT_BYTES] = {1, 2, 3};
    temporary_begin(temporary->store);
    assert_int_equal(store_opening_write(temporary->store, 4, 1, salt), 0);
    assert_int_equal(store_exception_write(temporary->store, 4, 0, 2, -3), 0);
    assert_int_equal(store_exception_write(temporary->store, 4, 1, 0, 0), 0);
    temporary_commit(temporary->store);
    char text[64] = "";
    assert_int_equal(sqlite3_exec(temporary->store->db,
                                  "SELECT (SELECT hex(salt) FROM opening WHERE position = 4) || ' ' ||"
                                  " (SELECT group_concat(n || ':' || kind || ':' || amount) FROM exception)",
                                  one_number, text, NULL),
                     SQLITE_OK);
    assert_string_equal(text, "01020300000000000000000000000000 0:2:-3,1:0:0");
}

/* The plan of every hot statement: no scan of a table, no sorting. */
struct plan {
    enum statement statement;
    bool bad;
};

static int look_at_plan(void *context, int columns, char **values, char **names)
{
    (void)columns;
    (void)names;
    struct plan *plan = context;
    const char *line = values[3];
    /* The last row of a table by its rowid is a scan that stops at once. */
    const bool last = plan->statement == STATEMENT_EVENT_LAST && strcmp(line, "SCAN event") == 0;
    if ((strstr(line, "SCAN") != NULL && !last) || strstr(line, "TEMP B-TREE") != NULL ||
        strstr(line, "AUTOMATIC") != NULL) {
        printf("%s: %s\n", statement_name(plan->statement), line);
        plan->bad = true;
    }
    return 0;
}

static bool plan_is_bad(sqlite3 *db, enum statement statement)
{
    struct plan plan = {.statement = statement};
    char sql[1024];
    snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", statement_sql(statement));
    assert_int_equal(sqlite3_exec(db, sql, look_at_plan, &plan, NULL), SQLITE_OK);
    return plan.bad;
}

static void hot_statements_find_their_rows_by_key(void **state)
{
    const struct temporary *temporary = *state;
    int hot = 0;
    for (int i = 0; i < STATEMENTS; i++) {
        if (statement_is_hot((enum statement)i)) {
            assert_false(plan_is_bad(temporary->store->db, (enum statement)i));
            hot++;
        }
    }
    assert_true(hot > 20);
    /* The look itself sees a scan where there is one. */
    assert_true(plan_is_bad(temporary->store->db, STATEMENT_TOTALS_ODD));
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(an_event_is_read_as_it_was_written),
        WITH_STORE(an_arena_too_small_is_no_memory_and_no_damage),
        WITH_STORE(every_sequence_is_found_across_marks),
        WITH_STORE(a_link_that_leads_astray_is_damage),
        WITH_STORE(sequences_and_positions_have_no_gaps),
        WITH_STORE(a_receipt_is_booked_once),
        WITH_STORE(receipts_in_order_are_found_across_marks),
        WITH_STORE(receipts_out_of_order_are_found_too),
        WITH_STORE(a_rollback_takes_receipts_back),
        WITH_STORE(many_tills_share_the_slots),
        WITH_STORE(a_till_day_adds_up),
        WITH_STORE(cards_lead_to_members),
        WITH_STORE(openings_and_exceptions_are_kept),
        WITH_STORE(hot_statements_find_their_rows_by_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
