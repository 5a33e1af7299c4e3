/* YAML to a programme. Whatever the text is, it is read or refused with findings that name their place; the
 * second reading says the same as the first; a failure leaves the numbers and the arena as they were. A
 * programme differs in nothing from itself, and all of it can be said. */
#include "fuzz/fuzz.h"

#include "programme/diff.h"
#include "programme/load.h"

#include <stdlib.h>
#include <string.h>

/* At most: what is missing at the end of the last line is missing on the next one. */
static int32_t lines_of(struct bytes yaml)
{
    int32_t lines = 2;
    for (size_t i = 0; i < yaml.size; i++) {
        lines += yaml.data[i] == '\n' || yaml.data[i] == '\r' || yaml.data[i] >= 0x80;
    }
    return lines;
}

static void check_findings(const struct findings *findings, int err, struct bytes yaml)
{
    bool wrong = false;
    CHECK(findings->count <= FINDINGS_MAX);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        wrong = wrong || !finding->warning;
        CHECK(finding->line >= 0 && finding->line <= lines_of(yaml));
        CHECK(finding->line == 0 || finding->column >= 1);
        CHECK(memchr(finding->path, '\0', sizeof(finding->path)) != NULL);
        CHECK(memchr(finding->text, '\0', sizeof(finding->text)) != NULL);
        CHECK(finding->text[0] != '\0');
        CHECK(i == 0 || findings->items[i - 1].line <= finding->line);
    }
    CHECK(wrong == (err != 0));
}

static bool same_numbers(const struct numbers *a, const struct numbers *b)
{
    return a->count == b->count && memcmp(a->last, b->last, sizeof(a->last)) == 0 &&
           memcmp(a->entries, b->entries, a->count * sizeof(a->entries[0])) == 0;
}

static void check_programme(const struct programme *programme)
{
    CHECK(programme->stores_count >= 1 && programme->stores_count <= STORES_MAX);
    CHECK(programme->rules_count <= RULES_MAX && programme->tiers.count <= LEVELS_MAX);
    CHECK(programme->cards_count <= CARDS_MAX && programme->rewards_count <= REWARDS_MAX);
    for (size_t i = 0; i < programme->rules_count; i++) {
        CHECK(programme->rules[i].id != NULL && programme->rules[i].number > 0);
        CHECK(programme->rules[i].card < (int32_t)programme->cards_count);
        CHECK(programme_rule(programme, programme->rules[i].number) == &programme->rules[i]);
    }
    for (size_t i = 0; i < programme->cards_count; i++) {
        CHECK(programme->cards[i].award.reward < (int32_t)programme->rewards_count);
    }
}

static void count_difference(void *context, const struct difference *difference)
{
    size_t *count = context;
    CHECK(difference->text[0] != '\0' && difference->what[0] != '\0');
    ++*count;
}

/* From nothing everything is new. */
static void check_differences(const struct programme *programme, const struct numbers *numbers)
{
    const struct store_place place = {.id = "", .zone = "UTC"};
    const struct programme nothing = {
        .zone = "UTC", .currency_digits = programme->currency_digits, .stores = &place, .stores_count = 1};
    struct arena scratch;
    size_t same = 0;
    size_t news = 0;
    size_t count = 0;
    arena_init(&scratch, fuzz_memory(5, PROGRAMME_DIFF_BYTES), PROGRAMME_DIFF_BYTES);
    CHECK(programme_diff(programme, programme, numbers, &scratch, count_difference, &same, &count) == 0);
    CHECK(same == 0 && count == 0);
    CHECK(programme_diff(&nothing, programme, numbers, &scratch, count_difference, &news, &count) == 0);
    CHECK(news == count && count >= programme->stores_count + programme->rules_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes yaml = {data, size};
    struct findings *findings[2] = {fuzz_memory(0, sizeof(struct findings)),
                                    fuzz_memory(1, sizeof(struct findings))};
    struct numbers *numbers = fuzz_memory(2, sizeof(*numbers));
    struct numbers *before = fuzz_memory(3, sizeof(*before));
    int err[2];
    memset(numbers, 0, sizeof(*numbers));
    for (int i = 0; i < 2; i++) {
        struct arena arena;
        const struct programme *programme = NULL;
        arena_init(&arena, fuzz_memory(4, PROGRAMME_ARENA_BYTES), PROGRAMME_ARENA_BYTES);
        memcpy(before, numbers, sizeof(*numbers));
        /* The text itself may go once it is read. */
        uint8_t *copy = malloc(size + 1);
        CHECK(copy != NULL);
        memcpy(copy, data, size);
        yaml.data = copy;
        err[i] = programme_load(yaml, &arena, numbers, &programme, findings[i]);
        free(copy);
        yaml.data = data;
        check_findings(findings[i], err[i], yaml);
        /* The second time every name has its number. */
        CHECK((err[i] == 0 && i == 0) || same_numbers(before, numbers));
        if (err[i] == 0) {
            check_programme(programme);
            check_differences(programme, numbers);
        } else {
            CHECK(err[i] == ERR_FORMAT || err[i] == ERR_TOO_LARGE || err[i] == ERR_NOMEM);
            CHECK(arena.used == 0 && programme == NULL);
        }
    }
    CHECK(err[0] == err[1] && findings[0]->count == findings[1]->count);
    for (size_t i = 0; i < findings[0]->count; i++) {
        CHECK(strcmp(findings[0]->items[i].text, findings[1]->items[i].text) == 0);
        CHECK(strcmp(findings[0]->items[i].path, findings[1]->items[i].path) == 0);
        CHECK(findings[0]->items[i].line == findings[1]->items[i].line);
    }
    return 0;
}
