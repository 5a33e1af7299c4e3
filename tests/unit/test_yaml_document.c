/* What counts as a document, where things stand in it, and how what is wrong is told. */
#include "yaml/document.h"

#include "lib/testing.h"

#include <stdlib.h>
#include <string.h>

enum { MEMORY_BYTES = 16 * 1024 * 1024 };

static struct arena arena;
static struct yaml_errors errors;

static int set_up(void **state)
{
    (void)state;
    void *memory = malloc(MEMORY_BYTES);
    arena_init(&arena, memory, memory != NULL ? MEMORY_BYTES : 0);
    return memory != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free(arena.memory);
    return 0;
}

static int parse_bytes(const char *text, size_t size, const struct yaml_node **ret_root)
{
    arena_reset(&arena);
    yaml_errors_init(&errors);
    *ret_root = NULL;
    return yaml_parse(text, size, &arena, &errors, ret_root);
}

static const struct yaml_node *parse(const char *text)
{
    const struct yaml_node *root;
    const int result = parse_bytes(text, strlen(text), &root);
    if (result != 0) {
        fail_msg("%d:%d %s", errors.items[0].place.line, errors.items[0].place.column, errors.items[0].text);
    }
    return root;
}

static void a_document_keeps_its_places(void **state)
{
    (void)state;
    const struct yaml_node *root = parse("# a comment\n"
                                         "name: Rukkilille\n"
                                         "rules:\n"
                                         "  - id: one\n"
                                         "    spend: {give: 1, per: \"1.00\"}\n"
                                         "  - t\xc3\xa4ht: x\n");
    const struct yaml_node *rules = yaml_get(root, "rules");
    assert_int_equal(root->kind, YAML_KIND_MAPPING);
    assert_int_equal(root->size, 2);
    assert_true(yaml_is_text(yaml_get(root, "name"), "Rukkilille"));
    assert_int_equal(yaml_get(root, "name")->place.line, 2);
    assert_int_equal(yaml_get(root, "name")->place.column, 7);
    assert_int_equal(yaml_get(root, "name")->key_place.column, 1);
    assert_int_equal(rules->kind, YAML_KIND_LIST);
    assert_int_equal(rules->size, 2);
    const struct yaml_node *per = yaml_get(yaml_get(rules->first, "spend"), "per");
    assert_true(yaml_is_text(per, "1.00"));
    assert_int_equal(per->place.line, 5);
    assert_int_equal(per->place.column, 27);
    char path[YAML_PATH_BYTES];
    yaml_path(per, path);
    assert_string_equal(path, "rules[0].spend.per");
    yaml_path(rules->first->next, path);
    assert_string_equal(path, "rules[1]");
    yaml_path(root, path);
    assert_string_equal(path, "");
    const struct yaml_node *tail = rules->first->next->first;
    assert_int_equal(tail->place.column, 11); /* characters, not bytes */
    assert_null(yaml_get(root, "missing"));
    assert_null(yaml_get(rules, "id"));
    assert_null(yaml_get(NULL, "id"));
}

static void the_kind_of_a_union_is_found_and_a_second_one_too(void **state)
{
    (void)state;
    static const char *const kinds[] = {"spend", "visit", "multiply", NULL};
    const struct yaml_node *rule = parse("{id: x, multiply: 2, stage: base, spend: 1}");
    const struct yaml_node *first = yaml_get_any(rule, kinds, NULL);
    assert_string_equal(first->key, "multiply");
    const struct yaml_node *second = yaml_get_any(rule, kinds, first);
    assert_string_equal(second->key, "spend");
    assert_null(yaml_get_any(rule, kinds, second));
}

struct bad {
    const char *text;
    int line;
    int column;
    const char *path;
    const char *says;
};

static void what_is_not_strict_is_refused_where_it_stands(void **state)
{
    (void)state;
    static const struct bad cases[] = {
        {"", 0, 0, "", "nothing in it"},
        {"# only a comment\n", 0, 0, "", "nothing in it"},
        {"a: 1\nb: 2\na: 3\n", 3, 1, "", "key 'a' is given twice, first in line 1"},
        {"x:\n  - a: 1\n    \"a\": 2\n", 3, 5, "x[0]", "twice"},
        {"a: &anchor 1\n", 1, 4, "", "anchors"},
        {"a: 1\nb: *anchor\n", 2, 4, "", "aliases"},
        {"a: &x [1]\nb: *x\n", 1, 4, "", "anchors"},
        {"a: !!int 1\n", 1, 4, "", "tags"},
        {"a: !money 1\n", 1, 4, "", "tags"},
        {"a: ! 1\n", 1, 4, "", "tags"},
        {"a: !!seq [1]\n", 1, 4, "", "tags"},
        {"a: !!map {b: 1}\n", 1, 4, "", "tags"},
        {"a: 1\n---\nb: 2\n", 2, 1, "", "second document"},
        {"--- 1\n--- 2\n", 2, 1, "", "second document"},
        {"%YAML 1.1\n---\na: 1\n", 1, 1, "", "directives"},
        {"%TAG ! tag:x,2000:\n---\na: 1\n", 1, 1, "", "directives"},
        {"{a: 1, b}\n[\n", 2, 1, "", "not YAML"},
        {"a: [1, 2\n", 2, 1, "a", "not YAML"},
        {"a: 'open\n", 2, 1, "", "not YAML"},
        {"a: b: c\n", 1, 5, "", "not YAML"},
        {"a:\n\t- 1\n", 2, 1, "", "not YAML"},
        {"? [1]\n: 2\n", 1, 3, "", "expected a key"},
        {"{a: 1}: 2\n", 1, 1, "", "expected a key"},
        {": 2\n", 1, 1, "", "not YAML"},
        {"\"a\\nb\": 2\n", 1, 1, "", "expected a key"},
        {"a: \"x\\0y\"\n", 1, 4, "", "expected text"},
        {"a: 1\nb: \xff\n", 2, 4, "", "not YAML"},
        {"a: \xc3\xa4\x01\n", 1, 5, "", "not YAML"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const struct yaml_node *root;
        const int result = parse_bytes(cases[i].text, strlen(cases[i].text), &root);
        const struct yaml_error *error = &errors.items[0];
        if (result != ERR_FORMAT || errors.error_count < 1 || error->place.line != cases[i].line ||
            error->place.column != cases[i].column || strcmp(error->path, cases[i].path) != 0 ||
            strstr(error->text, cases[i].says) == NULL) {
            fail_msg("%s: %d %d:%d '%s' %s", cases[i].text, result, error->place.line, error->place.column,
                     error->path, error->text);
        }
    }
}

static void a_document_may_begin_and_end_plainly(void **state)
{
    (void)state;
    assert_true(yaml_is_text(yaml_get(parse("---\na: 1\n...\n"), "a"), "1"));
    assert_true(yaml_is_text(yaml_get(parse("\xef\xbb\xbf"
                                            "a: 1\r\n"),
                                      "a"),
                             "1"));
    assert_true(yaml_is_text(yaml_get(parse("a: |\n  two\n  lines\n"), "a"), "two\nlines\n"));
    assert_true(yaml_is_text(yaml_get(parse("a:\n"), "a"), ""));
    assert_true(yaml_is_text(parse("word"), "word"));
}

static void a_nul_does_not_end_a_document_early(void **state)
{
    (void)state;
    const struct yaml_node *root;
    static const char text[] = "a: 1\n\0b: 2\n";
    assert_int_equal(parse_bytes(text, sizeof(text) - 1, &root), ERR_FORMAT);
    assert_int_equal(errors.items[0].place.line, 2);
}

static void reading_goes_on_after_an_anchor(void **state)
{
    (void)state;
    const struct yaml_node *root;
    static const char text[] = "a: &x 1\nb: !!int 2\na: 3\n";
    assert_int_equal(parse_bytes(text, sizeof(text) - 1, &root), ERR_FORMAT);
    assert_int_equal(errors.error_count, 3);
    assert_true(yaml_is_text(yaml_get(root, "b"), "2"));
    assert_true(yaml_is_text(yaml_get(root, "a"), "1"));
}

static void bombs_are_small(void **state)
{
    (void)state;
    static char text[YAML_BYTES_MAX + 1];
    static const char *const fills[] = {"[",   "{",   "- ", "? ",  "[\n", "{a: ", "a:\n",
                                        "\'a", "\"a", "!",  "&a ", "*a ", "[]\n", "{},"};
    const struct yaml_node *root;
    for (size_t i = 0; i < ARRAY_COUNT(fills); i++) {
        const size_t size = strlen(fills[i]);
        for (size_t at = 0; at < YAML_BYTES_MAX; at++) {
            text[at] = fills[i][at % size];
        }
        assert_int_equal(parse_bytes(text, YAML_BYTES_MAX, &root), ERR_FORMAT);
    }
    memset(text, ' ', sizeof(text));
    assert_int_equal(parse_bytes(text, YAML_BYTES_MAX + 1, &root), ERR_FORMAT);
    assert_non_null(strstr(errors.items[0].text, "larger than"));
}

static void limits_of_nesting_keys_and_values(void **state)
{
    (void)state;
    static char text[YAML_BYTES_MAX + 1];
    const struct yaml_node *root;
    memset(text, '[', YAML_DEPTH_MAX);
    memset(text + YAML_DEPTH_MAX, ']', YAML_DEPTH_MAX);
    assert_int_equal(parse_bytes(text, 2 * YAML_DEPTH_MAX, &root), 0);
    memset(text, '[', YAML_DEPTH_MAX + 1);
    memset(text + YAML_DEPTH_MAX + 1, ']', YAML_DEPTH_MAX + 1);
    assert_int_equal(parse_bytes(text, 2 * YAML_DEPTH_MAX + 2, &root), ERR_FORMAT);
    assert_int_equal(errors.items[0].place.column, YAML_DEPTH_MAX + 1);

    size_t size = 0;
    for (size_t i = 0; i <= YAML_KEYS_MAX; i++) {
        const char key[] = {'k', (char)('a' + i / 26 % 26), (char)('a' + i % 26), ':', ' ', '1', '\n'};
        memcpy(text + size, key, sizeof(key));
        size += sizeof(key);
    }
    assert_int_equal(parse_bytes(text, size - 7, &root), 0);
    assert_int_equal(root->size, YAML_KEYS_MAX);
    assert_int_equal(parse_bytes(text, size, &root), ERR_FORMAT);
    assert_int_equal(errors.items[0].place.line, YAML_KEYS_MAX + 1);

    text[0] = '[';
    for (size_t i = 0; i < YAML_NODES_MAX; i++) {
        memcpy(text + 1 + 2 * i, "1,", 2);
    }
    text[2 * YAML_NODES_MAX] = ']';
    assert_int_equal(parse_bytes(text, 2 * YAML_NODES_MAX + 1, &root), ERR_FORMAT);
    assert_non_null(strstr(errors.items[0].text, "values"));
    text[2 * YAML_NODES_MAX - 2] = ']';
    assert_int_equal(parse_bytes(text, 2 * YAML_NODES_MAX - 1, &root), 0);
    assert_int_equal(root->size, YAML_NODES_MAX - 1);
    assert_true(arena.used < 8 * 1024 * 1024);
}

static void an_arena_too_small_is_told(void **state)
{
    (void)state;
    static const char text[] = "a: {b: [1, 2, three]}\nlong_key: long text\n";
    const struct yaml_node *root;
    int result = ERR_NOMEM;
    for (size_t size = 0; result == ERR_NOMEM; size += 16) {
        void *memory = malloc(size + 1);
        struct arena small;
        arena_init(&small, memory, size);
        yaml_errors_init(&errors);
        root = NULL;
        result = yaml_parse(text, sizeof(text) - 1, &small, &errors, &root);
        assert_int_equal(errors.error_count, result == 0 ? 0 : 1);
        assert_int_equal(root != NULL, result == 0);
        free(memory);
    }
    assert_int_equal(result, 0);
}

static void errors_beyond_the_list_are_counted_and_go_before_warnings(void **state)
{
    (void)state;
    yaml_errors_init(&errors);
    yaml_warning(&errors, NULL, "warning %d", 1);
    for (int i = 0; i < YAML_ERRORS_MAX - 2; i++) {
        assert_int_equal(yaml_error(&errors, NULL, "error %d", i), ERR_FORMAT);
    }
    yaml_warning(&errors, NULL, "warning %d", 2);
    yaml_warning(&errors, NULL, "warning %d", 3);
    assert_int_equal(errors.item_count, YAML_ERRORS_MAX);
    (void)yaml_error(&errors, NULL, "late %d", 1);
    assert_string_equal(errors.items[YAML_ERRORS_MAX - 1].text, "late 1");
    (void)yaml_error(&errors, NULL, "late %d", 2);
    assert_string_equal(errors.items[YAML_ERRORS_MAX - 1].text, "late 2");
    assert_string_equal(errors.items[0].text, "error 0");
    (void)yaml_error(&errors, NULL, "late %d", 3);
    assert_int_equal(errors.item_count, YAML_ERRORS_MAX);
    assert_int_equal(errors.error_count, YAML_ERRORS_MAX + 1);
    assert_int_equal(errors.warning_count, 3);
}

static void messages_and_paths_stay_whole_characters(void **state)
{
    (void)state;
    char text[1024] = "a_key_of_sixty_letters_or_so_that_takes_its_room_in_the_path:\n";
    strcat(text, "  a_key_of_sixty_letters_or_so_that_takes_its_room_in_the_text:\n    last: x\n");
    const struct yaml_node *root = parse(text);
    char path[YAML_PATH_BYTES];
    yaml_path(root->first->first->first, path);
    assert_string_equal(path, "...a_key_of_sixty_letters_or_so_that_takes_its_room_in_the_text.last");
    yaml_errors_init(&errors);
    text[0] = '\0';
    for (int i = 0; i < 200; i++) {
        strcat(text, "\xc3\xa4");
    }
    (void)yaml_error(&errors, NULL, "x%s", text);
    assert_int_equal(strlen(errors.items[0].text), YAML_TEXT_BYTES - 1);
    (void)yaml_error(&errors, NULL, "%s", text);
    assert_int_equal(strlen(errors.items[1].text), YAML_TEXT_BYTES - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_keeps_its_places),
        cmocka_unit_test(the_kind_of_a_union_is_found_and_a_second_one_too),
        cmocka_unit_test(what_is_not_strict_is_refused_where_it_stands),
        cmocka_unit_test(a_document_may_begin_and_end_plainly),
        cmocka_unit_test(a_nul_does_not_end_a_document_early),
        cmocka_unit_test(reading_goes_on_after_an_anchor),
        cmocka_unit_test(bombs_are_small),
        cmocka_unit_test(limits_of_nesting_keys_and_values),
        cmocka_unit_test(an_arena_too_small_is_told),
        cmocka_unit_test(errors_beyond_the_list_are_counted_and_go_before_warnings),
        cmocka_unit_test(messages_and_paths_stay_whole_characters),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
