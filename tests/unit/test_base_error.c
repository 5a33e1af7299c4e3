/* Error codes, checks and log lines: what people and programs are told. */
#include "base/check.h"
#include "base/error.h"
#include "base/log.h"

#include "lib/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int codes[] = {
#define X(name, value, text) ERR_##name,
    ERROR_TABLE(X)
#undef X
};

static void every_code_is_negative_and_has_its_own_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(codes); i++) {
        assert_true(codes[i] < 0);
        assert_string_not_equal(error_text(codes[i]), "unknown error");
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(codes[i], codes[k]);
            assert_string_not_equal(error_text(codes[i]), error_text(codes[k]));
        }
    }
}

static void a_number_that_is_no_code_still_has_a_text(void **state)
{
    (void)state;
    assert_string_equal(error_text(0), "ok");
    assert_string_equal(error_text(1), "unknown error");
    assert_string_equal(error_text(-10000), "unknown error");
}

static void check(void *argument)
{
    CHECK(*(const bool *)argument);
}

static void a_check_that_fails_aborts_and_one_that_holds_does_not(void **state)
{
    (void)state;
    assert_true(testing_aborts(check, &(bool){false}));
    assert_false(testing_aborts(check, &(bool){true}));
}

/* What `log_line(level, format, word)` writes to standard error; fills 4096 bytes. */
static void capture(enum log_level level, const char *word, char *ret_line)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const int kept = dup(STDERR_FILENO);
    assert_true(kept >= 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    log_line(level, "server: %s", word);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    close(ends[1]);
    const ssize_t size = read(ends[0], ret_line, 4095);
    close(ends[0]);
    assert_true(size >= 0);
    ret_line[size] = '\0';
}

static void a_log_line_begins_with_its_priority(void **state)
{
    (void)state;
    char line[4096];
    capture(LOG_LEVEL_WARNING, "peer=10.0.0.7 Caf\xc3\xa9", line);
    assert_string_equal(line, "<4>server: peer=10.0.0.7 Caf\xc3\xa9\n");
}

static void a_log_line_is_one_line_whatever_is_in_it(void **state)
{
    (void)state;
    char line[4096];
    capture(LOG_LEVEL_ERROR, "a\nb\x1b[31m\r\t\x7f", line);
    assert_string_equal(line, "<3>server: a?b?[31m???\n");
}

static void a_long_log_line_is_cut(void **state)
{
    (void)state;
    char line[4096];
    char word[3000];
    memset(word, 'x', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    capture(LOG_LEVEL_ERROR, word, line);
    const size_t size = strlen(line);
    assert_true(size <= 1000 + strlen("<3>\n"));
    assert_int_equal(line[size - 1], '\n');
}

static void lines_above_the_level_are_dropped(void **state)
{
    (void)state;
    char line[4096];
    capture(LOG_LEVEL_DEBUG, "x", line);
    assert_string_equal(line, "");
    log_set_level(LOG_LEVEL_DEBUG);
    capture(LOG_LEVEL_DEBUG, "x", line);
    assert_string_equal(line, "<7>server: x\n");
    log_set_level(LOG_LEVEL_INFO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_negative_and_has_its_own_text),
        cmocka_unit_test(a_number_that_is_no_code_still_has_a_text),
        cmocka_unit_test(a_check_that_fails_aborts_and_one_that_holds_does_not),
        cmocka_unit_test(a_log_line_begins_with_its_priority),
        cmocka_unit_test(a_log_line_is_one_line_whatever_is_in_it),
        cmocka_unit_test(a_long_log_line_is_cut),
        cmocka_unit_test(lines_above_the_level_are_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
