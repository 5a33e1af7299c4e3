/* The numbers that a programme's ids keep through all versions, what may follow what, and the largest file.
 */
#include "lib/programme_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bytes bytes_of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* The programme of a file without findings; those before it stay. */
static const struct programme *load(struct programme_file *file, const char *yaml)
{
    const struct programme *programme = NULL;
    assert_int_equal(
        programme_load(bytes_of(yaml), &file->arena, &file->numbers, &programme, &file->findings), 0);
    assert_int_equal(file->findings.count, 0);
    return programme;
}

#define NUMBERED(version, rules)                                                                             \
    "programme: n\nversion: " version "\ncurrency: EUR\nzone: UTC\nstores: [{id: s}]\n"                      \
    "points: {name: [{locale: en, one: p, other: pp}]}\nrules: [" rules "]\n"
#define VISIT(id) "{id: " id ", visit: {give: 1}}"

static void numbers_stay_with_their_ids_through_all_versions(void **state)
{
    struct programme_file *file = *state;
    const struct programme *first = load(file, NUMBERED("1", VISIT("a") "," VISIT("b") "," VISIT("c")));
    assert_int_equal(first->rules[0].number, 1);
    assert_int_equal(first->rules[1].number, 2);
    assert_int_equal(first->rules[2].number, 3);
    const struct programme *second = load(file, NUMBERED("2", VISIT("d") "," VISIT("c") "," VISIT("a")));
    assert_int_equal(second->rules[0].number, 4);
    assert_int_equal(second->rules[1].number, 3);
    assert_int_equal(second->rules[2].number, 1);
    const struct programme *third = load(file, NUMBERED("3", VISIT("b") "," VISIT("e")));
    assert_int_equal(third->rules[0].number, 2);
    assert_int_equal(third->rules[1].number, 5);
    assert_string_equal(numbers_id(&file->numbers, NUMBER_RULE, 4), "d");
    assert_string_equal(programme_rule(first, 2)->id, "b");
    assert_null(programme_rule(second, 2));
}

static void a_file_with_a_mistake_numbers_nothing(void **state)
{
    struct programme_file *file = *state;
    const struct programme *programme = NULL;
    (void)load(file, NUMBERED("1", VISIT("a")));
    struct numbers *before = malloc(sizeof(*before));
    assert_non_null(before);
    *before = file->numbers;
    const size_t used = file->arena.used;
    assert_int_equal(programme_load(bytes_of(NUMBERED("2", VISIT("b") ", {id: c}")), &file->arena,
                                    &file->numbers, &programme, &file->findings),
                     ERR_FORMAT);
    assert_null(programme);
    assert_int_equal(file->arena.used, used);
    assert_int_equal(file->numbers.count, before->count);
    assert_memory_equal(file->numbers.last, before->last, sizeof(before->last));
    const struct programme *next = load(file, NUMBERED("2", VISIT("c")));
    assert_int_equal(next->rules[0].number, 2);
    free(before);
}

static void when_all_numbers_are_given_there_is_no_other_id(void **state)
{
    struct programme_file *file = *state;
    const struct programme *programme = NULL;
    if (testing_is_slow()) {
        skip();
    }
    for (int i = 0; i < NUMBERS_MAX - 1; i++) {
        char id[ID_BYTES_MAX + 1];
        uint32_t number;
        snprintf(id, sizeof(id), "old%d", i);
        assert_int_equal(numbers_give(&file->numbers, NUMBER_RULE, id, &number), 0);
    }
    assert_int_equal(programme_load(bytes_of(NUMBERED("1", VISIT("a") "," VISIT("b"))), &file->arena,
                                    &file->numbers, &programme, &file->findings),
                     ERR_TOO_LARGE);
    assert_int_equal(file->findings.count, 1);
    assert_string_equal(file->findings.items[0].path, "rules[1]");
    assert_int_equal(file->numbers.count, NUMBERS_MAX - 1);
    assert_int_equal(file->numbers.last[NUMBER_RULE], NUMBERS_MAX - 1);
    (void)load(file, NUMBERED("1", VISIT("a") "," VISIT("old7")));
}

static void assert_follows(const struct programme *current, const struct programme *next,
                           const char *currency, const char *path)
{
    struct findings findings = {.count = 0};
    const int result = programme_follows(current, next, currency, &findings);
    assert_int_equal(result, path == NULL ? 0 : ERR_FORMAT);
    assert_int_equal(findings.count, path == NULL ? 0 : 1);
    if (path != NULL) {
        assert_string_equal(findings.items[0].path, path);
        assert_int_equal(findings.items[0].line, 0);
        assert_false(findings.items[0].warning);
    }
}

static void a_programme_follows_one_of_its_own(void **state)
{
    struct programme_file *file = *state;
    const struct programme *current = load(file, NUMBERED("7", VISIT("a")));
    struct programme next = *load(file, NUMBERED("8", VISIT("b")));
    assert_follows(NULL, current, "EUR", NULL);
    assert_follows(NULL, current, "SEK", "currency");
    assert_follows(current, &next, "EUR", NULL);
    assert_follows(&next, current, "EUR", "version");
    assert_follows(current, current, "EUR", "version");
    next.points_decimals = 1;
    assert_follows(current, &next, "EUR", "points.decimals");
    next.points_decimals = 0;
    next.id = "other";
    assert_follows(current, &next, "EUR", "programme");
}

static void all_that_keeps_it_from_following_is_told(void **state)
{
    struct programme_file *file = *state;
    struct findings findings = {.count = 1}; /* one was there */
    const struct programme *current = load(file, NUMBERED("7", VISIT("a")));
    const struct programme other = {
        .id = "other", .version = 7, .currency = "SEK", .currency_digits = 2, .points_decimals = 2};
    assert_int_equal(programme_follows(current, &other, "EUR", &findings), ERR_FORMAT);
    assert_int_equal(findings.count, 5);
}

/* The largest lists there can be, of the shortest words: the arena is made for them. */
static void the_largest_programme_fits(void **state)
{
    struct programme_file *file = *state;
    char *yaml = malloc(PROGRAMME_BYTES_MAX + 1);
    const struct programme *programme = NULL;
    assert_non_null(yaml);
    size_t used = (size_t)snprintf(yaml, PROGRAMME_BYTES_MAX, "%s", NUMBERED("1", VISIT("a")));
    used -= 2; /* "]\n" */
    size_t rules = 1;
    while (rules < 230) { /* beyond, the document has too many values */
        used +=
            (size_t)snprintf(yaml + used, PROGRAMME_BYTES_MAX - used, ",{id: r%zu,visit: {give: 1},", rules);
        for (size_t list = 0; list < 4; list++) {
            static const char *const starts[] = {"only: {skus: [", "labels: [", "except: {skus: [",
                                                 "labels: ["};
            used += (size_t)snprintf(yaml + used, PROGRAMME_BYTES_MAX - used, "%s", starts[list]);
            for (size_t i = 0; i < SELECTOR_VALUES_MAX; i++) {
                used += (size_t)snprintf(yaml + used, PROGRAMME_BYTES_MAX - used, "a,");
            }
            used += (size_t)snprintf(yaml + used, PROGRAMME_BYTES_MAX - used, list % 2 == 0 ? "]," : "]},");
        }
        used += (size_t)snprintf(yaml + used, PROGRAMME_BYTES_MAX - used, "}");
        rules++;
    }
    used += (size_t)snprintf(yaml + used, PROGRAMME_BYTES_MAX - used, "]\n");
    const int result = programme_load((struct bytes){(const uint8_t *)yaml, used}, &file->arena,
                                      &file->numbers, &programme, &file->findings);
    free(yaml);
    assert_int_equal(result, 0);
    assert_int_equal(programme->rules_count, rules);
    assert_string_equal(programme->rules[229].selector.except.labels.items[63], "a");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, programme_file_setup, programme_file_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_stay_with_their_ids_through_all_versions), TEST(a_file_with_a_mistake_numbers_nothing),
        TEST(when_all_numbers_are_given_there_is_no_other_id),  TEST(a_programme_follows_one_of_its_own),
        TEST(all_that_keeps_it_from_following_is_told),         TEST(the_largest_programme_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
