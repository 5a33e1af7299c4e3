#include "engine/selector.h"

#include <string.h>

bool id_list_has(const struct id_list *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], id) == 0) {
            return true;
        }
    }
    return false;
}

static bool labels_meet(const struct id_list *list, const struct line *line)
{
    for (size_t i = 0; i < line->labels_count && list->count > 0; i++) {
        if (id_list_has(list, line->labels[i])) {
            return true;
        }
    }
    return false;
}

bool selection_takes(const struct selection *selection, const struct line *line)
{
    return (line->sku != NULL && id_list_has(&selection->skus, line->sku)) ||
           (line->category != NULL && id_list_has(&selection->categories, line->category)) ||
           labels_meet(&selection->labels, line);
}

bool selector_takes(const struct selector *selector, const struct line *line)
{
    return (!selector->has_only || selection_takes(&selector->only, line)) &&
           !selection_takes(&selector->except, line);
}

bool selector_is_open(const struct selector *selector)
{
    const struct selection *except = &selector->except;
    return !selector->has_only && except->skus.count == 0 && except->categories.count == 0 &&
           except->labels.count == 0;
}
