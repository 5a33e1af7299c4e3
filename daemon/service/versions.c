#include "service/versions.h"

#include <stdlib.h>

int version_load(struct bytes yaml, struct numbers *numbers, struct findings *ret_findings,
                 struct version *ret_version)
{
    struct arena arena;
    const struct programme *programme;
    uint8_t *memory = malloc(PROGRAMME_ARENA_BYTES);
    if (memory == NULL) {
        return ERR_NOMEM;
    }
    arena_init(&arena, memory, PROGRAMME_ARENA_BYTES);
    const int result = programme_load(yaml, &arena, numbers, &programme, ret_findings);
    if (result < 0) {
        free(memory);
        return result;
    }
    *ret_version = (struct version){.memory = memory, .programme = programme};
    return 0;
}

void version_fini(struct version *version)
{
    free(version->memory);
    *version = (struct version){0};
}

int versions_add(struct versions *versions, struct version version)
{
    if (versions->count == versions->room) {
        const size_t room = versions->room == 0 ? 16 : 2 * versions->room;
        struct version *items = realloc(versions->items, room * sizeof(*items));
        if (items == NULL) {
            version_fini(&version);
            return ERR_NOMEM;
        }
        versions->items = items;
        versions->room = room;
    }
    versions->items[versions->count++] = version;
    return 0;
}

void versions_clear(struct versions *versions)
{
    while (versions->count > 0) {
        version_fini(&versions->items[--versions->count]);
    }
}

void versions_fini(struct versions *versions)
{
    versions_clear(versions);
    free(versions->items);
    *versions = (struct versions){0};
}

const struct version *versions_newest(const struct versions *versions)
{
    return versions->count == 0 ? NULL : &versions->items[versions->count - 1];
}

const struct version *versions_find(const struct versions *versions, uint32_t version)
{
    for (size_t i = 0; i < versions->count; i++) {
        if (versions->items[i].programme->version == version) {
            return &versions->items[i];
        }
    }
    return NULL;
}

const struct version *versions_on(const struct versions *versions, int32_t day)
{
    for (size_t i = versions->count; i > 1; i--) {
        if (versions->items[i - 1].programme->effective <= day) {
            return &versions->items[i - 1];
        }
    }
    return versions->count == 0 ? NULL : &versions->items[0];
}
