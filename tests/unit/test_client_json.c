/* One description, written for programs and for people. */
#include "lib/testing.h"

#include "client/json.h"

#include <stdlib.h>
#include <string.h>

static void describe(struct json *json)
{
    json_object(json, NULL);
    json_text(json, "text", "a \"b\"\\\n\x7f \xc3\xa4");
    json_integer(json, "negative", INT64_MIN);
    json_unsigned(json, "large", UINT64_MAX);
    json_bool(json, "yes", true);
    json_null(json, "nothing");
    json_hex(json, "hex", (struct bytes){.data = (const uint8_t *)"\x00\xff", .size = 2});
    json_object(json, "inner");
    json_array(json, "empty");
    json_end_array(json);
    json_array(json, "list");
    json_integer(json, NULL, 1);
    json_text(json, NULL, NULL);
    json_object(json, NULL);
    json_integer(json, "a", 1);
    json_array(json, "b");
    json_integer(json, NULL, 2);
    json_integer(json, NULL, 3);
    json_end_array(json);
    json_end_object(json);
    json_end_array(json);
    json_end_object(json);
    json_end_object(json);
}

static char *written(bool plain)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    struct json json;
    assert_non_null(stream);
    if (plain) {
        json_init_plain(&json, stream);
    } else {
        json_init(&json, stream);
    }
    describe(&json);
    json_integer(&json, NULL, 7);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static void programs_get_one_value_a_line(void **state)
{
    char *text = written(false);
    (void)state;
    assert_string_equal(
        text, "{\"text\":\"a \\\"b\\\"\\\\\\u000a\\u007f \xc3\xa4\",\"negative\":-9223372036854775808,"
              "\"large\":18446744073709551615,\"yes\":true,\"nothing\":null,\"hex\":\"00ff\","
              "\"inner\":{\"empty\":[],\"list\":[1,null,{\"a\":1,\"b\":[2,3]}]}}\n7\n");
    free(text);
}

static void people_get_indented_lines_without_control_characters(void **state)
{
    char *text = written(true);
    (void)state;
    assert_string_equal(text, "text: a \"b\"\\?? \xc3\xa4\n"
                              "negative: -9223372036854775808\n"
                              "large: 18446744073709551615\n"
                              "yes: yes\n"
                              "nothing: -\n"
                              "hex: 00ff\n"
                              "inner:\n"
                              "  empty:\n"
                              "  list:\n"
                              "    - 1\n"
                              "    - -\n"
                              "    - a: 1, b: [2, 3]\n"
                              "7\n");
    free(text);
}

static void end_too_often(void *argument)
{
    struct json json;
    (void)argument;
    json_init(&json, stdout);
    json_end_object(&json);
}

static void an_end_without_its_start_is_a_bug(void **state)
{
    (void)state;
    assert_true(testing_aborts(end_too_often, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_get_one_value_a_line),
        cmocka_unit_test(people_get_indented_lines_without_control_characters),
        cmocka_unit_test(an_end_without_its_start_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
