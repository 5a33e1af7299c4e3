/* Each piece of a programme in docs/programme.md is one that loads: as it stands, or with what every
 * programme needs around it. */
#include "base/text.h"
#include "programme/load.h"

#include "lib/programme_file.h"
#include "lib/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANUAL_BYTES = 256 * 1024, PIECE_BYTES = 16 * 1024, PIECES_MIN = 20 };

/* Whether a line of the piece begins with the key. */
static bool has_key(const char *piece, const char *key)
{
    const size_t size = strlen(key);
    for (const char *line = piece; line != NULL && *line != '\0';) {
        if (strncmp(line, key, size) == 0 && line[size] == ':') {
            return true;
        }
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return false;
}

/* Parts of a rule: its goods or conditions. */
static bool is_of_a_rule(const char *piece)
{
    return has_key(piece, "only") || has_key(piece, "when");
}

static void add_indented(struct text *text, const char *piece)
{
    bool starts = true;
    for (const char *at = piece; *at != '\0'; at++) {
        text_add(text, "%s%c", starts ? "    " : "", *at);
        starts = *at == '\n';
    }
}

/* The piece as a whole programme. */
static void complete(const char *piece, char *ret_yaml, size_t size)
{
    static const struct {
        const char *key;
        const char *line;
    } needed[] = {{"programme", "programme: p\n"},
                  {"version", "version: 1\n"},
                  {"currency", "currency: EUR\n"},
                  {"zone", "zone: Europe/Tallinn\n"},
                  {"stores", "stores: [{id: shop}]\n"}};
    struct text text;
    text_init(&text, ret_yaml, size);
    const bool rule = is_of_a_rule(piece);
    for (size_t i = 0; i < ARRAY_COUNT(needed); i++) {
        text_add(&text, "%s", has_key(piece, needed[i].key) ? "" : needed[i].line);
    }
    if (rule) {
        text_add(&text, "rules:\n  - id: r\n    spend: {give: 1, per: 1.00}\n");
        add_indented(&text, piece);
    } else {
        text_add(&text, "%s%s", has_key(piece, "rules") ? "" : RULES, piece);
    }
    assert_false(text.cut);
}

static void check_piece(struct programme_file *file, const char *piece)
{
    static char yaml[2 * PIECE_BYTES];
    complete(piece, yaml, sizeof(yaml));
    const int result = programme_file_load(file, yaml);
    for (size_t i = 0; i < file->findings.count && result != 0; i++) {
        const struct finding *finding = &file->findings.items[i];
        print_error("%d: %s: %s\n", finding->line, finding->path, finding->text);
    }
    if (result != 0) {
        fail_msg("a piece of the manual does not load:\n%s", yaml);
    }
}

static void each_piece_of_the_manual_loads(void **state)
{
    static const char opening[] = "\n```yaml\n";
    static char piece[PIECE_BYTES];
    char *manual = malloc(MANUAL_BYTES);
    FILE *file = fopen(LOYALTY_SOURCE "/docs/programme.md", "rb");
    assert_non_null(manual);
    assert_non_null(file);
    const size_t size = fread(manual, 1, MANUAL_BYTES - 1, file);
    assert_true(feof(file) != 0);
    (void)fclose(file);
    manual[size] = '\0';
    size_t pieces = 0;
    for (const char *at = strstr(manual, opening); at != NULL; at = strstr(at, opening)) {
        at += strlen(opening);
        const char *end = strstr(at, "\n```");
        assert_non_null(end);
        const size_t bytes = (size_t)(end - at) + 1;
        assert_true(bytes < sizeof(piece));
        memcpy(piece, at, bytes);
        piece[bytes] = '\0';
        check_piece(*state, piece);
        pieces++;
    }
    free(manual);
    assert_true(pieces >= PIECES_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_piece_of_the_manual_loads, programme_file_setup,
                                        programme_file_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
