/* Rows of comma-separated values: what RFC 4180 allows is read, in whatever pieces it comes. */
#include "client/csv.h"

#include "lib/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Rows as a text: fields parted by '|', rows by '/', "!LINE" for one that cannot be read. */
static void rows_of(int fd, char *ret_text, size_t size)
{
    struct csv csv;
    struct csv_row row;
    size_t used = 0;
    ret_text[0] = '\0';
    assert_int_equal(csv_init(&csv, fd), 0);
    for (;;) {
        const int error = csv_next(&csv, &row);
        if (error == ERR_NOT_FOUND) {
            break;
        }
        assert_true(error == 0 || error == ERR_FORMAT);
        if (error != 0) {
            assert_non_null(row.wrong);
            used += (size_t)snprintf(ret_text + used, size - used, "!%llu", (unsigned long long)row.line);
        }
        for (size_t i = 0; error == 0 && i < row.count; i++) {
            used += (size_t)snprintf(ret_text + used, size - used, "%s%s", i > 0 ? "|" : "", row.fields[i]);
        }
        used += (size_t)snprintf(ret_text + used, size - used, "/");
        assert_true(used < size);
    }
    csv_fini(&csv);
}

static void expect_rows(const char *bytes, size_t size, const char *expected)
{
    char path[32];
    char text[4096];
    const int fd = testing_file(bytes, size, path);
    rows_of(fd, text, sizeof(text));
    assert_string_equal(text, expected);
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(path), 0);
}

static const struct {
    const char *text;
    const char *rows;
} csv_rows[] = {
    {"", ""},
    {"a,b\n", "a|b/"},
    {"a,b", "a|b/"},
    {"a,b\r\nc,d\r\n", "a|b/c|d/"},
    {"a,b\r", "a|b/"},
    {"\n\r\na\n\n", "a/"},
    {"a,\n,b\n,\n", "a|/|b/|/"},
    {"\"a,b\",c\n", "a,b|c/"},
    {"\"a \"\"b\"\"\",\"\"\n", "a \"b\"|/"},
    {"\"two\nlines\",c\nd,e\n", "two\nlines|c/d|e/"},
    {"\"a\"\r\n\"b\"", "a/b/"},
    {"\"a\"\r", "a/"},
    {" a , b \n", " a | b /"},
    {"\xef\xbb\xbf\"a\",b\n", "a|b/"},
    {"k\xc3\xb5rvits,\xe2\x82\xac\n", "k\xc3\xb5rvits|\xe2\x82\xac/"},
    /* what cannot be read costs its line */
    {"a\"b,c\nd\n", "!1/d/"},
    {"\"a\"b,c\nd\n", "!1/d/"},
    {"\"a\"\rb\nd\n", "!1/d/"},
    {"a\n\"b,c\nd,e\n", "a/!2/d|e/"},
    {"a\n\"b,c", "a/!2/"},
    {"\"a\nb\nc\nd\"x\ne\n", "!1/b/c/!4/e/"},
    {"a\xff\nb\n", "!1/b/"},
    {"a\n\xc3\n", "a/!2/"},
};

static void rows_are_read_as_rfc_4180_has_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(csv_rows); i++) {
        expect_rows(csv_rows[i].text, strlen(csv_rows[i].text), csv_rows[i].rows);
    }
    expect_rows("a\0b\nc\n", 6, "!1/c/");
}

/* A child writes the bytes one at a time. */
static void rows_are_the_same_in_the_smallest_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(csv_rows); i++) {
        int ends[2];
        char text[4096];
        assert_int_equal(pipe(ends), 0);
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            for (const char *c = csv_rows[i].text; *c != '\0'; c++) {
                if (write(ends[1], c, 1) != 1) {
                    _exit(1);
                }
            }
            _exit(0);
        }
        assert_int_equal(close(ends[1]), 0);
        rows_of(ends[0], text, sizeof(text));
        assert_string_equal(text, csv_rows[i].rows);
        assert_int_equal(close(ends[0]), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
}

static void a_row_may_be_as_long_as_the_limit_and_no_longer(void **state)
{
    (void)state;
    enum { AROUND = 8 };
    char *bytes = malloc(5 * CSV_ROW_BYTES_MAX);
    assert_non_null(bytes);
    for (int over = -AROUND; over <= 3 * CSV_ROW_BYTES_MAX; over += over < AROUND ? 1 : CSV_ROW_BYTES_MAX) {
        const size_t size = (size_t)(CSV_ROW_BYTES_MAX + over);
        memset(bytes, 'x', size);
        memcpy(bytes + size, "\ny\n", 3);
        char path[32];
        struct csv csv;
        struct csv_row row;
        const int fd = testing_file(bytes, size + 3, path);
        assert_int_equal(csv_init(&csv, fd), 0);
        assert_int_equal(csv_next(&csv, &row), over <= 0 ? 0 : ERR_FORMAT);
        assert_int_equal(row.line, 1);
        assert_int_equal(csv_next(&csv, &row), 0);
        assert_string_equal(row.fields[0], "y");
        assert_int_equal(row.line, 2);
        assert_int_equal(csv_next(&csv, &row), ERR_NOT_FOUND);
        assert_int_equal(csv.read_size, size + 3);
        csv_fini(&csv);
        assert_int_equal(close(fd), 0);
        assert_int_equal(unlink(path), 0);
    }
    free(bytes);
}

static void a_row_has_at_most_its_fields(void **state)
{
    (void)state;
    char bytes[CSV_FIELDS_MAX + 4];
    memset(bytes, ',', sizeof(bytes));
    memcpy(bytes + CSV_FIELDS_MAX, "\nx\n", 3);
    char path[32];
    struct csv csv;
    struct csv_row row;
    for (size_t drop = 0; drop < 2; drop++) {
        const int fd = testing_file(bytes + drop, CSV_FIELDS_MAX + 3 - drop, path);
        assert_int_equal(csv_init(&csv, fd), 0);
        assert_int_equal(csv_next(&csv, &row), drop == 0 ? ERR_FORMAT : 0);
        assert_int_equal(csv_next(&csv, &row), 0);
        assert_string_equal(row.fields[0], "x");
        csv_fini(&csv);
        assert_int_equal(close(fd), 0);
        assert_int_equal(unlink(path), 0);
    }
}

/* Journals. */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read_as_rfc_4180_has_them),
        cmocka_unit_test(rows_are_the_same_in_the_smallest_pieces),
        cmocka_unit_test(a_row_may_be_as_long_as_the_limit_and_no_longer),
        cmocka_unit_test(a_row_has_at_most_its_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
