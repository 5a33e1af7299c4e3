/* What was worked out beforehand is tested by name: each case of the other systems this engine was measured
 * by, and each of the worked answers to the hard questions, stands in a table or in a test. */
#include "lib/testing.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 8 * 1024 * 1024, ANSWERS = 43 };

/* Cases of Square (SQ), of Sylius' loyalty plugin (ST) and of TigerBeetle (TB). */
static const char *const cases[] = {
    "SQ-01", "SQ-02", "SQ-03", "SQ-04", "SQ-05", "SQ-06", "SQ-07", "SQ-08", "SQ-09", "SQ-10", "SQ-11",
    "SQ-12", "SQ-13", "SQ-14", "SQ-15", "SQ-16", "SQ-17", "SQ-18", "SQ-19", "ST-01", "ST-02", "ST-03",
    "ST-04", "ST-05", "ST-06", "ST-07", "ST-08", "ST-09", "ST-10", "ST-11", "ST-12", "ST-13", "ST-14",
    "ST-15", "ST-16", "ST-17", "ST-18", "ST-19", "ST-20", "ST-21", "ST-22", "ST-23", "ST-24", "ST-25",
    "ST-26", "ST-27", "ST-28", "ST-29", "ST-30", "ST-31", "ST-32", "ST-33", "ST-34", "ST-35", "ST-36",
    "ST-37", "ST-38", "ST-39", "ST-40", "ST-41", "ST-42", "ST-43", "ST-44", "TB-01", "TB-02", "TB-03",
    "TB-04", "TB-05", "TB-06", "TB-07", "TB-08", "TB-09"};

/* All tables and all other tests, one behind the other. */
static char *text;

static void append(const char *folder, const char *name, size_t *size)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    *size += fread(text + *size, 1, TEXT_BYTES_MAX - 1 - *size, file);
    assert_true(*size < TEXT_BYTES_MAX - 1);
    (void)fclose(file);
}

static void append_all(const char *folder, const char *suffix, size_t *size)
{
    struct dirent **entries;
    const int count = scandir(folder, &entries, NULL, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        const size_t length = strlen(name);
        if (length > strlen(suffix) && strcmp(name + length - strlen(suffix), suffix) == 0 &&
            strcmp(name, "test_engine_answers.c") != 0) {
            append(folder, name, size);
        }
        free(entries[i]);
    }
    free(entries);
}

static int read_all(void **state)
{
    (void)state;
    size_t size = 0;
    text = malloc(TEXT_BYTES_MAX);
    assert_non_null(text);
    append_all(LOYALTY_SOURCE "/tests/engine", ".table", &size);
    append_all(LOYALTY_SOURCE "/tests/unit", ".c", &size);
    append_all(LOYALTY_SOURCE "/tests/prop", ".c", &size);
    text[size] = '\0';
    return 0;
}

static int forget(void **state)
{
    (void)state;
    free(text);
    return 0;
}

static void each_case_of_other_systems_is_a_row_or_a_test(void **state)
{
    (void)state;
    size_t missing = 0;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        if (strstr(text, cases[i]) == NULL) {
            print_error("%s is nowhere\n", cases[i]);
            missing++;
        }
    }
    assert_int_equal(ARRAY_COUNT(cases), 72);
    assert_int_equal(missing, 0);
}

/* "worked answer 5", "worked answers 28 and 29", "worked answers 3, 4 and 5" */
static void each_worked_answer_is_a_row_or_a_test(void **state)
{
    (void)state;
    bool found[ANSWERS + 1] = {false};
    size_t missing = 0;
    for (const char *at = strstr(text, "orked answer"); at != NULL; at = strstr(at, "orked answer")) {
        at += strlen("orked answer");
        at += *at == 's';
        while (strncmp(at, ", ", 2) == 0 || strncmp(at, " and ", 5) == 0 || *at == ' ') {
            at += strncmp(at, " and ", 5) == 0 ? 5 : *at == ' ' ? 1 : 2;
            char *end;
            const unsigned long number = strtoul(at, &end, 10);
            if (end == at) {
                break;
            }
            if (number <= ANSWERS) {
                found[number] = true;
            }
            at = end;
        }
    }
    for (size_t i = 1; i <= ANSWERS; i++) {
        if (!found[i]) {
            print_error("worked answer %zu is nowhere\n", i);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_of_other_systems_is_a_row_or_a_test),
        cmocka_unit_test(each_worked_answer_is_a_row_or_a_test),
    };
    return cmocka_run_group_tests(tests, read_all, forget);
}
