/* `tiers`: levels of customers, the metric that reaches them and how long they last. */
#include "programme/sections.h"

#include "programme/forms.h"

enum {
    WINDOW_DAYS_MAX = 3660,
    MULTIPLIER_MAX = 1000 * 1000, /* thousandths */
};

/* --- levels --- */

static const struct yaml_field level_fields[] = {
    YAML_FIELD(struct level, id, YAML_ID, .required = true, .max = ID_BYTES_MAX),
    NAME_ROW(struct level, name),
    YAML_FIELD(struct level, qualifying, YAML_POINTS, .min = 0, .max = POINTS_MAX),
    YAML_KEY(struct level, multiplier, "multiply", YAML_DECIMAL, .digits = 3, .min = 0, .max = MULTIPLIER_MAX,
             .fallback = 1000),
};
static const struct yaml_table level_table = {YAML_FIELDS(level_fields), .size = sizeof(struct level)};

static void read_level(struct loader *loader, const struct yaml_node *node, void *ret_item)
{
    struct level level;
    if (loader_ok(loader, yaml_bind(&loader->binder, node, &level_table, &level))) {
        level.line = node->place.line;
        level.number = loader_number(loader, node, NUMBER_LEVEL, level.id);
        *(struct level *)ret_item = level;
    }
}

/* The levels rise, from 0. One that could not be read has no id and is not compared. */
static void check_order(struct loader *loader, const struct yaml_node *list, const struct level *levels,
                        size_t count)
{
    const struct yaml_node *node = list->first;
    for (size_t i = 0; i < count; i++, node = node->next) {
        const struct yaml_node *value = yaml_get(node, "qualifying");
        const struct yaml_node *at = value != NULL ? value : node;
        if (levels[i].id == NULL) {
            continue;
        }
        if (i == 0 && levels[i].qualifying != 0) {
            (void)yaml_error(&loader->errors, at,
                             "everybody starts at the first level: expected 0, or no 'qualifying' at all");
        }
        if (i > 0 && levels[i - 1].id != NULL && levels[i].qualifying <= levels[i - 1].qualifying) {
            (void)yaml_error(&loader->errors, at, "expected more than level '%s' before it needs",
                             levels[i - 1].id);
        }
    }
}

/* --- tiers --- */

struct tiers_keys {
    struct window window;
    struct term valid;
    bool has_days;
    bool has_valid;
    int32_t falls;
    int32_t downgrade;
    const struct yaml_node *levels;
};

static const char *const window_names[] = {
    [WINDOW_LIFETIME] = "lifetime",
    [WINDOW_CALENDAR_YEAR] = "calendar_year",
    [WINDOW_MONTH] = "month",
    [WINDOW_ROLLING] = "rolling",
    NULL,
};
static const char *const fall_names[] = {"at_review", NULL};
static const char *const downgrade_names[] = {"full", "one_level", NULL};

static const struct yaml_field tiers_fields[] = {
    YAML_KEY(struct tiers_keys, window.kind, "window", YAML_NAME, .required = true, .names = window_names),
    YAML_KEY(struct tiers_keys, window.days, "days", YAML_INTEGER, .min = 1, .max = WINDOW_DAYS_MAX,
             YAML_PRESENT(struct tiers_keys, has_days)),
    YAML_FIELD(struct tiers_keys, valid, YAML_CUSTOM, .read = read_term,
               YAML_PRESENT(struct tiers_keys, has_valid)),
    YAML_FIELD(struct tiers_keys, falls, YAML_NAME, .names = fall_names),
    YAML_FIELD(struct tiers_keys, downgrade, YAML_NAME, .names = downgrade_names),
    YAML_FIELD(struct tiers_keys, levels, YAML_NODE, .required = true),
};
static const struct yaml_table tiers_table = {YAML_FIELDS(tiers_fields), .size = sizeof(struct tiers_keys)};

/* How long a level lasts where the programme does not say: to the end of the next window. */
static struct term default_valid(const struct window *window)
{
    switch (window->kind) {
    case WINDOW_LIFETIME:
        return (struct term){.unit = TERM_NEVER};
    case WINDOW_CALENDAR_YEAR:
        return (struct term){.unit = TERM_YEARS, .count = 1, .round = TERM_END_OF_YEAR};
    case WINDOW_MONTH:
        return (struct term){.unit = TERM_MONTHS, .count = 1, .round = TERM_END_OF_MONTH};
    case WINDOW_ROLLING:
        return (struct term){.unit = TERM_DAYS, .count = window->days, .round = TERM_EXACT};
    }
    return (struct term){.unit = TERM_NEVER};
}

void read_tiers(struct loader *loader, const struct yaml_node *mapping)
{
    struct tiers_keys keys;
    struct tiers *tiers = &loader->programme->tiers;
    const bool bound = loader_ok(loader, yaml_bind(&loader->binder, mapping, &tiers_table, &keys));
    if (bound && keys.has_days != (keys.window.kind == WINDOW_ROLLING)) {
        const struct yaml_node *days = yaml_get(mapping, "days");
        (void)(keys.has_days ? yaml_error(&loader->errors, days, "only a rolling window has 'days'")
                             : yaml_error(&loader->errors, mapping,
                                          "key 'days' is missing: a rolling window needs it"));
    }
    tiers->window = keys.window;
    tiers->valid = keys.has_valid ? keys.valid : default_valid(&keys.window);
    tiers->downgrade_one = keys.downgrade == 1;
    if (keys.levels != NULL) {
        loader_check_ids(loader, SECTION_LEVELS);
        struct level *levels =
            loader_list(loader, keys.levels, LEVELS_MAX, sizeof(*levels), read_level, &tiers->count);
        if (levels != NULL) {
            check_order(loader, keys.levels, levels, tiers->count);
        }
        tiers->levels = levels;
    }
}
