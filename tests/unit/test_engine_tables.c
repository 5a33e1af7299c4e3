/* Runs the tables of tests/engine: see the README there. */
#include "lib/testing.h"

#include "client/loyaltyctl_table.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(void *context, int line, const char *row, const char *what, const struct trial *trial)
{
    (void)trial;
    print_error("%s:%d: %s\n  %s\n", (const char *)context, line, row, what);
}

/* Heap; the caller frees it. */
static char *read_whole(const char *path, size_t *ret_size)
{
    char *text = malloc(TABLE_TEXT_BYTES_MAX);
    FILE *file = fopen(path, "r");
    assert_non_null(text);
    assert_non_null(file);
    *ret_size = fread(text, 1, TABLE_TEXT_BYTES_MAX, file);
    assert_true(*ret_size < TABLE_TEXT_BYTES_MAX);
    (void)fclose(file);
    return text;
}

static void run(const char *name, const char *table, const char *programme, struct table_run *ret_run)
{
    char context[512];
    snprintf(context, sizeof(context), "%s", name);
    *ret_run = (struct table_run){.differs = say, .context = context};
    if (programme != NULL) {
        ret_run->programme = (struct bytes){(const uint8_t *)programme, strlen(programme)};
    }
    const struct bytes bytes = {(const uint8_t *)table, strlen(table)};
    assert_int_equal(table_run(bytes, ret_run), 0);
}

static int is_table(const struct dirent *entry)
{
    const size_t size = strlen(entry->d_name);
    return size > 6 && strcmp(entry->d_name + size - 6, ".table") == 0;
}

/* How many rows there are; all of them must hold. */
static size_t run_all(const struct trial_engine *engine)
{
    struct dirent **entries;
    size_t differences = 0;
    size_t rows = 0;
    const int count = scandir(LOYALTY_SOURCE "/tests/engine", &entries, is_table, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        char path[4096];
        size_t size;
        struct table_run result = {.engine = engine, .differs = say, .folder = LOYALTY_SOURCE};
        snprintf(path, sizeof(path), "%s/tests/engine/%s", LOYALTY_SOURCE, entries[i]->d_name);
        char *text = read_whole(path, &size);
        result.context = entries[i]->d_name;
        assert_int_equal(table_run((struct bytes){(const uint8_t *)text, size}, &result), 0);
        assert_true(result.rows > 0);
        rows += result.rows;
        differences += result.differences;
        free(text);
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(differences, 0);
    return rows;
}

static void every_table_of_the_shopkeeper_holds(void **state)
{
    (void)state;
    assert_true(run_all(&trial_engine) >= 200);
}

/* An outcome with room for so many effects more. */
static void leave_room(struct outcome *outcome, size_t room)
{
    for (size_t i = 0; i < 64; i++) {
        outcome->effects[EFFECTS_MAX - room - 1 - i] = (struct effect){.kind = EFFECT_NOTE};
    }
    outcome->effects_count = EFFECTS_MAX - room;
}

static struct decision *narrow;

/* What an event needs fits, or it is told that it does not: never anything in between. */
static int decide_in_less_room(const struct programme *programme, const struct engine_place *place,
                               const struct event *event, const struct context *context,
                               const struct engine_past *past, struct decision *decision)
{
    const size_t settled = decision->outcome.effects_count;
    const int err = engine_decide(programme, place, event, context, past, decision);
    const size_t needed = decision->outcome.effects_count - settled;
    if (err != 0 || decision->outcome.code != CODE_ACCEPTED) {
        return err;
    }
    for (size_t room = 0; room < needed + 40; room++) {
        decision_clear(narrow);
        leave_room(&narrow->outcome, room);
        const int found = engine_decide(programme, place, event, context, past, narrow);
        if (found == 0) {
            /* A return decides its purchase again, which needs room of its own. */
            assert_true(room >= needed);
            assert_int_equal(narrow->outcome.effects_count, EFFECTS_MAX - room + needed);
            assert_int_equal(narrow->outcome.exceptions_count, decision->outcome.exceptions_count);
            break;
        }
        assert_int_equal(found, ERR_TOO_LARGE);
    }
    return 0;
}

static int settle_in_less_room(const struct programme *programme, const struct member_state *state,
                               const struct context *context, struct outcome *outcome)
{
    const size_t before = outcome->effects_count;
    const int err = engine_settle(programme, state, context, outcome);
    for (size_t room = 0; err == 0 && room < outcome->effects_count - before; room++) {
        decision_clear(narrow);
        leave_room(&narrow->outcome, room);
        assert_int_equal(engine_settle(programme, state, context, &narrow->outcome), ERR_TOO_LARGE);
    }
    return err;
}

static void what_does_not_fit_is_said_to_be_too_large(void **state)
{
    static const struct trial_engine engine = {settle_in_less_room, decide_in_less_room};
    (void)state;
    narrow = malloc(sizeof(*narrow));
    assert_non_null(narrow);
    memset(narrow, 0, sizeof(*narrow));
    run_all(&engine);
    free(narrow);
}

static struct context *extreme;
static struct member_state *rich;

/* Figures at the end of their range are told apart from those that are decided: no decision wraps around. */
static int decide_at_the_end(const struct programme *programme, const struct engine_place *place,
                             const struct event *event, const struct context *context,
                             const struct engine_past *past, struct decision *decision)
{
    for (int turn = 0; turn < 8; turn++) {
        const int64_t end = turn % 2 == 0 ? INT64_MAX - 1 : INT64_MIN / 2;
        *extreme = *context;
        switch (turn / 2) {
        case 0:
            extreme->balances[MEMBER_AVAILABLE] = end;
            break;
        case 1:
            for (size_t i = 0; i < extreme->metrics_count; i++) {
                extreme->metrics[i].value = end;
                extreme->metrics[i].now = end;
                extreme->metrics[i].fullest = end;
            }
            break;
        case 2:
            for (size_t i = 0; i < extreme->stamps_count; i++) {
                extreme->stamps[i].count = end;
            }
            for (size_t i = 0; i < extreme->limits_count; i++) {
                extreme->limits[i].used = end;
            }
            break;
        default:
            if (context->holdings != NULL) {
                *rich = *context->holdings;
                rich->balances[MEMBER_AVAILABLE] = end / 2; /* reserved points are points too */
                for (size_t i = 0; i < rich->stamps_count; i++) {
                    rich->stamps[i].count = end;
                }
                extreme->holdings = rich;
            }
            break;
        }
        decision_clear(narrow);
        const int found = engine_decide(programme, place, event, extreme, past, narrow);
        assert_true(found == 0 || found == ERR_OVERFLOW || found == ERR_TOO_LARGE || found == ERR_CORRUPT);
    }
    return engine_decide(programme, place, event, context, past, decision);
}

static void figures_at_the_end_of_their_range_never_wrap(void **state)
{
    static const struct trial_engine engine = {engine_settle, decide_at_the_end};
    (void)state;
    narrow = malloc(sizeof(*narrow));
    extreme = malloc(sizeof(*extreme));
    rich = malloc(sizeof(*rich));
    assert_non_null(narrow);
    assert_non_null(extreme);
    assert_non_null(rich);
    run_all(&engine);
    free(rich);
    free(extreme);
    free(narrow);
}

#define CASE "case one\nrules: [{id: euro, spend: {give: 1, per: 1.00}}]\nbook\n"

/* What a table says wrongly is found, and said of the right line. */
static void a_table_that_does_not_hold_says_where(void **state)
{
    static const char *const rows[] = {
        "2026-03-02 | anna | bread 3.00 | +4\n",
        "2026-03-02 | anna | bread 3.00 | balance 4\n",
        "2026-03-02 | anna | bread 3.00 | nothing\n",
        "2026-03-02 | anna | bread 3.00 | rule euro LIMIT\n",
        "2026-03-02 | anna | bread 3.00 | entries 3 level\n",
        "2026-03-02 | anna | bread 3.00 | lots none\n",
        "2026-03-02 | anna | bread 3.00 | refused CLOCK\n",
        "2026-03-02 | anna | bread 3.00 | rule other 3\n",
        "2026-03-02 | anna | bread 3.00 | surely 3\n",
        "2026-03-02 | anna | bread | +3\n",
        "2026-03-02 | anna | bread three | +3\n",
        "2026-03-32 | anna | bread 3.00 | +3\n",
        "2026-03-02 8:00 | anna | bread 3.00 | +3\n",
        "2026-03-02 | anna | bread 3.00\n",
        "2026-03-02 | anna | settles | +0\n",
        "2026-03-02 | anna | bread 3.00; freed lunch 1 | +3\n",
        "2026-03-02 | - | bread 3.00 | balance 0\n",
        "2026-03-02 | anna | returns R1 bread | +0\n",
        "2026-03-02 | anna | takes 2 | balance 0\n",
        "2026-03-02 | anna | transfers 2 to bert | balance 0\n",
        "2026-03-02 | anna | adjusts colours 2 | balance 0\n",
        "2026-03-02 | anna | bread 3.00 | taken 1\n",
        "2026-03-02 | anna | born 1990-05-10 | balance 0\n",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char table[1024];
        struct table_run result;
        snprintf(table, sizeof(table), CASE "%s", rows[i]);
        run("expected to differ", table, NULL, &result);
        assert_int_equal(result.rows, 1);
        assert_true(result.differences > 0);
    }
}

static void a_case_without_a_programme_takes_the_one_that_is_tested(void **state)
{
    static const char programme[] = "programme: p\nversion: 7\ncurrency: EUR\nzone: UTC\nlocales: [en]\n"
                                    "stores: [{id: a}]\nrules: [{id: r, spend: {give: 2, per: 1.00}}]\n";
    struct table_run result;
    (void)state;
    run("own", "# mine\n2026-03-02 | anna | bread 3.00 | +6\n", programme, &result);
    assert_int_equal(result.rows, 1);
    assert_int_equal(result.differences, 0);
    run("two",
        "case a\n2026-03-02 | anna | bread 3.00 | +6, balance 6\ncase b\nbook\n"
        "2026-03-02 | anna | bread 3.00 | balance 6\n",
        programme, &result);
    assert_int_equal(result.rows, 2);
    assert_int_equal(result.differences, 0);
    run("a refused one", "case a\nrules: [{id: r, spend: {give: 2, per: 1.00}}]\nrefused rules[0]\n",
        programme, &result);
    assert_int_equal(result.rows, 1);
    assert_true(result.differences > 0);
    run("a bad one", "2026-03-02 | anna | bread 3.00 | +6\n", "programme: p\n", &result);
    assert_true(result.differences > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_of_the_shopkeeper_holds),
        cmocka_unit_test(what_does_not_fit_is_said_to_be_too_large),
        cmocka_unit_test(figures_at_the_end_of_their_range_never_wrap),
        cmocka_unit_test(a_table_that_does_not_hold_says_where),
        cmocka_unit_test(a_case_without_a_programme_takes_the_one_that_is_tested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
