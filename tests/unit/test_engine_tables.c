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

static void every_table_of_the_shopkeeper_holds(void **state)
{
    struct dirent **entries;
    size_t differences = 0;
    size_t rows = 0;
    (void)state;
    const int count = scandir(LOYALTY_SOURCE "/tests/engine", &entries, is_table, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        char path[4096];
        size_t size;
        struct table_run result = {.differs = say, .folder = LOYALTY_SOURCE};
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
    assert_true(rows >= 200);
    assert_int_equal(differences, 0);
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
        cmocka_unit_test(a_table_that_does_not_hold_says_where),
        cmocka_unit_test(a_case_without_a_programme_takes_the_one_that_is_tested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
