#include "programme/loader.h"

#include "base/check.h"
#include "base/text.h"

#include <string.h>

static const struct {
    const char *key; /* of the section in the file */
    const char *what;
} section_names[SECTIONS] = {
    [SECTION_STORES] = {"stores", "store"},
    [SECTION_RULES] = {"rules", "rule"},
    [SECTION_LEVELS] = {"tiers", "level"},
    [SECTION_CARDS] = {"stamp_cards", "stamp card"},
    [SECTION_REWARDS] = {"rewards", "reward"},
    [SECTION_CAMPAIGNS] = {"campaigns", "campaign"},
    [SECTION_MILESTONES] = {"milestones", "milestone"},
};

bool loader_ok(struct loader *loader, int result)
{
    if (result < 0 && result != ERR_FORMAT && loader->failure == 0) {
        loader->failure = result;
    }
    return result == 0;
}

const struct yaml_node *loader_or_nothing(const struct yaml_node *node)
{
    static const struct yaml_node nothing = {.kind = YAML_KIND_MAPPING};
    return node != NULL ? node : &nothing;
}

int loader_full(struct loader *loader, const struct yaml_node *node)
{
    (void)yaml_error(&loader->errors, node, "the programme does not fit into the memory given to it");
    return ERR_NOMEM;
}

int loader_copy(struct loader *loader, const struct yaml_node *node, const char *text, const char **ret_copy)
{
    const char *copy = arena_copy(loader->binder.arena, text, strlen(text));
    if (copy == NULL) {
        return loader_full(loader, node);
    }
    *ret_copy = copy;
    return 0;
}

void *loader_list(struct loader *loader, const struct yaml_node *list, size_t max, size_t item_bytes,
                  loader_read_item *read, size_t *ret_count)
{
    if (!loader_ok(loader, yaml_check_list(&loader->errors, list, 1, max))) {
        return NULL;
    }
    unsigned char *items = arena_alloc(loader->binder.arena, list->size, item_bytes);
    if (items == NULL) {
        (void)loader_ok(loader, loader_full(loader, list));
        return NULL;
    }
    const struct yaml_node *node = list->first;
    for (size_t i = 0; i < list->size; i++, node = node->next) {
        CHECK(node != NULL);
        read(loader, node, items + i * item_bytes);
    }
    *ret_count = list->size;
    return items;
}

const struct yaml_node *loader_find(const struct loader *loader, enum section section, const char *id)
{
    const struct yaml_node *list = loader->sections[section];
    for (const struct yaml_node *item = list != NULL ? list->first : NULL; item != NULL; item = item->next) {
        const struct yaml_node *its = yaml_get(item, "id");
        if (its != NULL && yaml_is_text(its, id)) {
            return item;
        }
    }
    return NULL;
}

/* "no store 'old_town'; there are kalamaja, telliskivi" */
static int unknown(struct loader *loader, const struct yaml_node *node, enum section section, const char *id)
{
    char data[YAML_TEXT_BYTES];
    struct text text;
    text_init(&text, data, sizeof(data));
    text_add(&text, "no %s '%s'", section_names[section].what, id);
    const struct yaml_node *list = loader->sections[section];
    const char *before = "; there are ";
    for (const struct yaml_node *item = list != NULL ? list->first : NULL; item != NULL; item = item->next) {
        const struct yaml_node *its = yaml_get(item, "id");
        if (its != NULL && its->text != NULL) {
            text_add(&text, "%s%s", before, its->text);
            before = ", ";
        }
    }
    if (list == NULL) {
        text_add(&text, ": the programme has no '%s'", section_names[section].key);
    }
    return yaml_error(&loader->errors, node, "%s", data);
}

int loader_reference(struct loader *loader, const struct yaml_node *node, enum section section,
                     const char **ret_id, uint32_t *ret_index)
{
    const char *id;
    const int result = yaml_read_id(&loader->errors, node, ID_BYTES_MAX, &id);
    if (result < 0) {
        return result;
    }
    const struct yaml_node *item = loader_find(loader, section, id);
    if (item == NULL) {
        return unknown(loader, node, section, id);
    }
    *ret_id = id;
    *ret_index = item->index;
    return 0;
}

void loader_check_ids(struct loader *loader, enum section section)
{
    const struct yaml_node *list = loader->sections[section];
    for (const struct yaml_node *item = list != NULL ? list->first : NULL; item != NULL; item = item->next) {
        const struct yaml_node *its = yaml_get(item, "id");
        if (its == NULL || its->text == NULL) {
            continue;
        }
        const struct yaml_node *first = loader_find(loader, section, its->text);
        if (first != NULL && first != item) {
            (void)yaml_error(&loader->errors, its, "'%s' is the id of another %s, in line %d", its->text,
                             section_names[section].what, (int)yaml_get(first, "id")->place.line);
        }
    }
}

uint32_t loader_number(struct loader *loader, const struct yaml_node *node, enum number_kind kind,
                       const char *id)
{
    uint32_t number = 0;
    if (!loader_ok(loader, numbers_give(loader->numbers, kind, id, &number))) {
        (void)yaml_error(&loader->errors, node, "all %d numbers are given: too many ids in all versions",
                         (int)NUMBERS_MAX);
    }
    return number;
}
