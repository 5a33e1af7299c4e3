/* What changes for members from one version of a programme to another: loyaltyctl programme diff, and what
 * apply shows before it asks. */
#include "client/loyaltyctl_diff.h"

#include "model/day.h"
#include "programme/diff.h"
#include "programme/load.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Two programmes that were read with the same numbers, and room to compare them. */
struct versions {
    void *memory;
    struct arena arena;
    struct numbers *numbers;
    struct findings *findings;
};

static bool versions_open(struct versions *versions)
{
    const size_t size = 2 * (size_t)PROGRAMME_ARENA_BYTES;
    *versions = (struct versions){.memory = malloc(size),
                                  .numbers = calloc(1, sizeof(*versions->numbers)),
                                  .findings = calloc(1, sizeof(*versions->findings))};
    if (versions->memory == NULL || versions->numbers == NULL || versions->findings == NULL) {
        ctl_complain("out of memory");
        return false;
    }
    arena_init(&versions->arena, versions->memory, size);
    return true;
}

static void versions_close(struct versions *versions)
{
    free(versions->memory);
    free(versions->numbers);
    free(versions->findings);
}

static bool load(struct versions *versions, const char *name, struct bytes yaml,
                 const struct programme **ret_programme)
{
    if (programme_load(yaml, &versions->arena, versions->numbers, ret_programme, versions->findings) != 0) {
        const struct finding *finding = &versions->findings->items[0];
        ctl_complain("%s:%d: %s: %s", name, finding->line, finding->path, finding->text);
        return false;
    }
    return true;
}

static void show(void *context, const struct difference *difference)
{
    static const char *const kinds[] = {
        [DIFFERENCE_NEW] = "new", [DIFFERENCE_GONE] = "gone", [DIFFERENCE_CHANGED] = "changed"};
    static const char marks[] = {[DIFFERENCE_NEW] = '+', [DIFFERENCE_GONE] = '-', [DIFFERENCE_CHANGED] = '~'};
    struct ctl *ctl = context;
    if (ctl->options.json) {
        json_object(&ctl->json, NULL);
        json_text(&ctl->json, "kind", kinds[difference->kind]);
        json_text(&ctl->json, "what", difference->what);
        json_text(&ctl->json, "text", difference->text);
        json_end_object(&ctl->json);
        return;
    }
    printf("  %c %s: %s\n", marks[difference->kind], difference->what, difference->text);
}

static int compare(struct ctl *ctl, struct versions *versions, const struct programme *before,
                   const struct programme *after)
{
    char day[DAY_TEXT_BYTES];
    size_t count = 0;
    day_format(after->effective, day);
    if (ctl->options.json) {
        json_object(&ctl->json, NULL);
        json_unsigned(&ctl->json, "before", before->version);
        json_unsigned(&ctl->json, "after", after->version);
        json_array(&ctl->json, "differences");
    } else {
        printf("%s, version %" PRIu32 " in place of version %" PRIu32 "%s%s:\n", after->id, after->version,
               before->version, after->effective > DAY_MIN ? ", from " : "",
               after->effective > DAY_MIN ? day : "");
    }
    const int error = programme_diff(before, after, versions->numbers, &versions->arena, show, ctl, &count);
    if (ctl->options.json) {
        json_end_array(&ctl->json);
        json_end_object(&ctl->json);
    } else if (error == 0 && count == 0) {
        puts("  nothing changes for members");
    }
    if (error != 0) {
        ctl_complain("%s", error_text(error));
        return CTL_EXIT_ERROR;
    }
    return CTL_EXIT_OK;
}

int ctl_show_differences(struct ctl *ctl, const char *const names[2], const struct bytes yaml[2])
{
    struct versions versions;
    const struct programme *before = NULL;
    const struct programme *after = NULL;
    int status = CTL_EXIT_ERROR;
    if (versions_open(&versions) && load(&versions, names[0], yaml[0], &before) &&
        load(&versions, names[1], yaml[1], &after)) {
        if (strcmp(before->id, after->id) != 0 && !ctl->options.json) {
            printf("%s is of programme %s, %s of programme %s\n", names[0], before->id, names[1], after->id);
        }
        status = compare(ctl, &versions, before, after);
    }
    versions_close(&versions);
    return status;
}
