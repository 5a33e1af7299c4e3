#include "lib/programme_file.h"

#include <stdlib.h>
#include <string.h>

int programme_file_setup(void **state)
{
    struct programme_file *file = calloc(1, sizeof(*file));
    void *memory = malloc(PROGRAMME_ARENA_BYTES);
    assert_non_null(file);
    assert_non_null(memory);
    arena_init(&file->arena, memory, PROGRAMME_ARENA_BYTES);
    *state = file;
    return 0;
}

int programme_file_teardown(void **state)
{
    struct programme_file *file = *state;
    free(file->arena.memory);
    free(file);
    return 0;
}

int programme_file_load(struct programme_file *file, const char *yaml)
{
    arena_reset(&file->arena);
    return programme_load((struct bytes){(const uint8_t *)yaml, strlen(yaml)}, &file->arena, &file->numbers,
                          &file->programme, &file->findings);
}

static void print_findings(const struct programme_file *file, const char *yaml)
{
    print_error("%s", yaml);
    for (size_t i = 0; i < file->findings.count; i++) {
        const struct finding *finding = &file->findings.items[i];
        print_error("found %d:%d: %s: %s\n", finding->line, finding->column, finding->path, finding->text);
    }
}

const struct programme *programme_file_good(struct programme_file *file, const char *yaml)
{
    const int result = programme_file_load(file, yaml);
    if (result != 0 || file->findings.count != 0) {
        print_findings(file, yaml);
        fail_msg("expected no findings: %d", result);
    }
    return file->programme;
}

void programme_file_check(void **state, const struct programme_finding *cases, size_t count, bool warning)
{
    struct programme_file *file = *state;
    for (size_t i = 0; i < count; i++) {
        const struct programme_finding *expected = &cases[i];
        const struct finding *finding = &file->findings.items[0];
        const size_t numbers_before = file->numbers.count;
        const int result = programme_file_load(file, expected->yaml);
        if (result != (warning ? 0 : ERR_FORMAT) || file->findings.count != 1 ||
            finding->warning != warning || finding->line != expected->line ||
            strcmp(finding->path, expected->path) != 0 || strstr(finding->text, expected->text) == NULL) {
            print_findings(file, expected->yaml);
            fail_msg("case %zu: %d; expected %d: %s: ...%s...", i, result, expected->line, expected->path,
                     expected->text);
        }
        if (!warning) {
            assert_int_equal(file->numbers.count, numbers_before);
            assert_int_equal(file->arena.used, 0);
        }
    }
}
