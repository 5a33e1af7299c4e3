#include "programme/meet.h"

#include <string.h>

static bool share_an_id(const struct id_list *a, const struct id_list *b)
{
    bool shared = a->count == 0 || b->count == 0;
    for (size_t i = 0; i < a->count; i++) {
        for (size_t k = 0; k < b->count; k++) {
            shared = shared || strcmp(a->items[i], b->items[k]) == 0;
        }
    }
    return shared;
}

static bool share_a_level(const struct condition *a, const struct condition *b)
{
    bool shared = a->levels_count == 0 || b->levels_count == 0;
    for (size_t i = 0; i < a->levels_count; i++) {
        for (size_t k = 0; k < b->levels_count; k++) {
            shared = shared || a->levels[i] == b->levels[k];
        }
    }
    return shared;
}

bool conditions_meet(const struct condition *a, const struct condition *b)
{
    const bool days =
        !((a->has_to && b->has_from && a->to < b->from) || (b->has_to && a->has_from && b->to < a->from));
    const bool weekdays = a->weekdays == 0 || b->weekdays == 0 || (a->weekdays & b->weekdays) != 0;
    return days && weekdays && share_an_id(&a->stores, &b->stores) &&
           share_an_id(&a->terminals, &b->terminals) && share_a_level(a, b);
}

/* --- what is forbidden --- */

static bool lists_id(const struct id_list *list, const char *id)
{
    bool listed = false;
    for (size_t i = 0; i < list->count; i++) {
        listed = listed || strcmp(list->items[i], id) == 0;
    }
    return listed;
}

/* All that `when` lets in is in `unless`. */
static bool covers(const struct id_list *unless, const struct id_list *when)
{
    bool covered = when->count > 0 && unless->count > 0;
    for (size_t i = 0; i < when->count; i++) {
        covered = covered && lists_id(unless, when->items[i]);
    }
    return covered;
}

static bool covers_levels(const struct condition *unless, const struct condition *when)
{
    bool covered = when->levels_count > 0 && unless->levels_count > 0;
    for (size_t i = 0; i < when->levels_count; i++) {
        bool found = false;
        for (size_t k = 0; k < unless->levels_count; k++) {
            found = found || unless->levels[k] == when->levels[i];
        }
        covered = covered && found;
    }
    return covered;
}

static bool covers_days(const struct condition *unless, const struct condition *when)
{
    const bool from = !unless->has_from || (when->has_from && when->from >= unless->from);
    const bool to = !unless->has_to || (when->has_to && when->to <= unless->to);
    return (unless->has_from || unless->has_to) && from && to;
}

bool condition_forbids(const struct condition *unless, const struct condition *when)
{
    const bool weekdays =
        when->weekdays != 0 && unless->weekdays != 0 && (when->weekdays & (uint8_t)~unless->weekdays) == 0;
    return weekdays || covers_days(unless, when) || covers(&unless->stores, &when->stores) ||
           covers(&unless->terminals, &when->terminals) || covers_levels(unless, when) ||
           (unless->first_purchase && when->first_purchase);
}
