/* `tiers`: levels of customers, the metric that reaches them and how long they last. */
#include "programme/sections.h"

#include "programme/forms.h"
#include "programme/gives.h"
#include "programme/measures.h"

#include <string.h>

enum {
    MULTIPLIER_MAX = 1000 * 1000, /* thousandths */
};

/* --- levels --- */

struct level_keys {
    struct level level;
    struct goal_keys goals;
    const struct yaml_node *keep;
    struct selector selector;
    struct expiry_keys expiry;
    bool has_expiry;
};

/* What a level lets be asked for. */
/* NOLINTBEGIN(bugprone-macro-parentheses): initialisers, not expressions */
#define LEVEL_GOAL_ROWS(structure, member)                                                                   \
    YAML_KEY(structure, member.of[0], "qualifying", YAML_NODE),                                              \
        YAML_KEY(structure, member.of[1], "spend", YAML_NODE),                                               \
        YAML_KEY(structure, member.of[2], "visits", YAML_NODE),                                              \
        YAML_KEY(structure, member.of[3], "units", YAML_NODE)
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct yaml_field level_fields[] = {
    YAML_KEY(struct level_keys, level.id, "id", YAML_ID, .required = true, .max = ID_BYTES_MAX),
    NAME_ROW(struct level_keys, level.name),
    LEVEL_GOAL_ROWS(struct level_keys, goals),
    YAML_FIELD(struct level_keys, keep, YAML_NODE),
    SELECTOR_ROWS(struct level_keys, selector),
    YAML_KEY(struct level_keys, level.multiplier, "multiply", YAML_DECIMAL, .digits = 3, .min = 0,
             .max = MULTIPLIER_MAX, .fallback = 1000),
    YAML_FIELD(struct level_keys, expiry, YAML_STRUCT, .table = &expiry_table,
               YAML_PRESENT(struct level_keys, has_expiry)),
    YAML_KEY(struct level_keys, level.award, "gives", YAML_CUSTOM, .read = read_award),
};
static const struct yaml_table level_table = {YAML_FIELDS(level_fields), .size = sizeof(struct level_keys)};

struct keep_keys {
    struct goal_keys goals;
};

static const struct yaml_field keep_fields[] = {LEVEL_GOAL_ROWS(struct keep_keys, goals)};
static const struct yaml_table keep_table = {YAML_FIELDS(keep_fields), .size = sizeof(struct keep_keys)};

/* Metrics of a level: qualifying points, at least so many, by themselves, others as goals over the tiers'
 * window. `node` has the keys, the level the selector. */
static void read_level_goals(struct loader *loader, const struct yaml_node *node,
                             const struct goal_keys *keys, const struct selector *selector, int64_t least,
                             struct level_metrics *metrics)
{
    struct goal_keys others = *keys;
    if (others.of[0] != NULL) {
        metrics->has_qualifying =
            loader_ok(loader, yaml_read_decimal(&loader->errors, others.of[0], loader->binder.points_digits,
                                                least, POINTS_MAX, &metrics->qualifying));
        others.of[0] = NULL;
    }
    struct goal goals[METRIC_KINDS];
    const size_t count = read_goals(loader, node, &others, selector, &loader->programme->tiers.window, goals);
    if (count == 0) {
        return;
    }
    struct goal *kept = arena_alloc(loader->binder.arena, count, sizeof(*kept));
    if (kept == NULL) {
        (void)loader_ok(loader, loader_full(loader, node));
        return;
    }
    memcpy(kept, goals, count * sizeof(*kept));
    metrics->goals = kept;
    metrics->goals_count = count;
}

/* How what keeps compares with what reaches, metric by metric. */
struct compared {
    size_t same;
    size_t more;
};

static void compare(int64_t keep, int64_t reach, struct compared *compared)
{
    compared->same += keep == reach;
    compared->more += keep > reach;
}

/* Less of a metric keeps than reaches; where all of them must be there, not more, and of one less. */
static bool is_easier(const struct level_metrics *keep, const struct level_metrics *reach, bool match_all)
{
    struct compared compared = {0};
    if (keep->has_qualifying && reach->has_qualifying) {
        compare(keep->qualifying, reach->qualifying, &compared);
    }
    for (size_t i = 0; i < keep->goals_count; i++) {
        for (size_t k = 0; k < reach->goals_count; k++) {
            if (keep->goals[i].measure == reach->goals[k].measure) {
                compare(keep->goals[i].value, reach->goals[k].value, &compared);
            }
        }
    }
    const size_t all = reach->has_qualifying + reach->goals_count;
    return compared.more == 0 && (match_all ? compared.same < all : compared.same == 0);
}

static void read_keep(struct loader *loader, const struct yaml_node *node, const struct selector *selector,
                      struct level *level)
{
    struct keep_keys keys;
    if (node == NULL || !loader_ok(loader, yaml_bind(&loader->binder, node, &keep_table, &keys))) {
        return;
    }
    const struct selector none = {0};
    const bool of_goods = keys.goals.of[1] != NULL || keys.goals.of[3] != NULL;
    const size_t errors = loader->errors.error_count;
    read_level_goals(loader, node, &keys.goals, of_goods ? selector : &none, 1, &level->keep);
    level->has_keep = level->keep.has_qualifying || level->keep.goals_count > 0;
    if (loader->errors.error_count > errors) {
        return;
    }
    if (!level->has_keep) {
        (void)yaml_error(&loader->errors, node, "expected qualifying, spend, visits or units");
    } else if (!is_easier(&level->keep, &level->reach, loader->programme->tiers.match_all)) {
        (void)yaml_error(&loader->errors, node,
                         "who reaches a level keeps it by the same: expected less than what reaches it");
    }
}

static void read_level(struct loader *loader, const struct yaml_node *node, void *ret_item)
{
    struct level_keys keys;
    if (!loader_ok(loader, yaml_bind(&loader->binder, node, &level_table, &keys))) {
        return;
    }
    struct level level = keys.level;
    read_level_goals(loader, node, &keys.goals, &keys.selector, 0, &level.reach);
    read_keep(loader, keys.keep, &keys.selector, &level);
    if (yaml_get(node, "gives") == NULL) {
        level.award = NO_AWARD;
    }
    level.has_expiry = keys.has_expiry;
    level.expiry = keys.expiry.after;
    if (keys.has_expiry && keys.expiry.inactivity.unit != TERM_NEVER) {
        (void)yaml_error(&loader->errors, yaml_get(node, "expiry"),
                         "points that end without purchases do so for all members: expected 'after'");
    }
    level.line = node->place.line;
    level.number = loader_number(loader, node, NUMBER_LEVEL, level.id);
    *(struct level *)ret_item = level;
}

/* Of a metric that two levels next to each other ask for, the higher asks for more. */
static void check_rise(struct loader *loader, const struct yaml_node *node, const struct level *before,
                       const struct level *level)
{
    const struct yaml_node *value = yaml_get(node, "qualifying");
    if (level->reach.has_qualifying && level->reach.qualifying <= before->reach.qualifying &&
        (before->reach.has_qualifying || before->reach.goals_count == 0)) {
        (void)yaml_error(&loader->errors, value != NULL ? value : node,
                         "expected more than level '%s' before it needs", before->id);
    }
    for (size_t i = 0; i < level->reach.goals_count; i++) {
        for (size_t k = 0; k < before->reach.goals_count; k++) {
            if (level->reach.goals[i].measure == before->reach.goals[k].measure &&
                level->reach.goals[i].value <= before->reach.goals[k].value) {
                (void)yaml_error(&loader->errors, node, "expected more than level '%s' before it needs",
                                 before->id);
            }
        }
    }
}

/* The levels rise, from nothing. One that could not be read has no id and is not compared. */
static void check_order(struct loader *loader, const struct yaml_node *list, const struct level *levels,
                        size_t count)
{
    const struct yaml_node *node = list->first;
    for (size_t i = 0; i < count; i++, node = node->next) {
        const struct level *level = &levels[i];
        const struct yaml_node *value = yaml_get(node, "qualifying");
        const struct yaml_node *at = value != NULL ? value : node;
        if (level->id == NULL) {
            continue;
        }
        if (i == 0 && (level->reach.qualifying != 0 || level->reach.goals_count > 0)) {
            (void)yaml_error(&loader->errors, at,
                             "everybody starts at the first level: expected 0, or no 'qualifying' at all");
        }
        if (i == 0 && level->has_keep) {
            (void)yaml_error(&loader->errors, yaml_get(node, "keep"),
                             "nobody loses the first level: expected no 'keep'");
        }
        if (i > 0 && !level->reach.has_qualifying && level->reach.goals_count == 0 &&
            levels[i - 1].id != NULL) {
            (void)yaml_error(&loader->errors, at, "expected more than level '%s' before it needs",
                             levels[i - 1].id);
        }
        if (i > 0 && levels[i - 1].id != NULL) {
            check_rise(loader, node, &levels[i - 1], level);
        }
    }
}

/* --- tiers --- */

struct tiers_keys {
    struct window_keys window;
    struct term valid;
    bool has_valid;
    struct term grace;
    int32_t match;
    int32_t crossing;
    int32_t falls;
    int32_t downgrade;
    const struct yaml_node *levels;
};

static const char *const match_names[] = {"any", "all", NULL};
static const char *const crossing_names[] = {"old", "new", NULL};
static const char *const fall_names[] = {"at_review", "at_once", NULL};
static const char *const downgrade_names[] = {"full", "one_level", NULL};

static const struct yaml_field tiers_fields[] = {
    YAML_KEY(struct tiers_keys, window.window.kind, "window", YAML_NAME, .required = true,
             .names = window_names),
    YAML_KEY(struct tiers_keys, window.window.days, "days", YAML_INTEGER, .min = 1, .max = 3660,
             YAML_PRESENT(struct tiers_keys, window.has_days)),
    TERM_ROW(struct tiers_keys, grace, "grace"),
    YAML_FIELD(struct tiers_keys, match, YAML_NAME, .names = match_names),
    YAML_FIELD(struct tiers_keys, crossing, YAML_NAME, .names = crossing_names),
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
    case WINDOW_QUARTER:
        return (struct term){.unit = TERM_MONTHS, .count = 3, .round = TERM_END_OF_QUARTER};
    case WINDOW_MONTH:
        return (struct term){.unit = TERM_MONTHS, .count = 1, .round = TERM_END_OF_MONTH};
    case WINDOW_ROLLING:
        return (struct term){.unit = TERM_DAYS, .count = window->days, .round = TERM_EXACT};
    case WINDOW_DAY:
    case WINDOW_WEEK:
    case WINDOW_ANNIVERSARY_YEAR:
        break; /* must be said: no term ends with a week, nor on everybody's own day */
    }
    return (struct term){.unit = TERM_NEVER};
}

static void check_falls(struct loader *loader, const struct yaml_node *mapping, const struct tiers *tiers)
{
    const struct yaml_node *levels = yaml_get(mapping, "levels");
    for (const struct yaml_node *level = levels != NULL ? levels->first : NULL;
         level != NULL && !tiers->falls_at_once && tiers->valid.unit == TERM_NEVER; level = level->next) {
        const struct yaml_node *keep = yaml_get(level, "keep");
        if (keep != NULL) {
            yaml_warning(&loader->errors, keep,
                         "a level that is reached lasts for ever: 'keep' says nothing");
        }
    }
    static const char *const keys[] = {"valid", "grace", NULL};
    for (size_t i = 0; keys[i] != NULL && tiers->falls_at_once; i++) {
        const struct yaml_node *node = yaml_get(mapping, keys[i]);
        if (node != NULL) {
            yaml_warning(&loader->errors, node, "levels fall at once: '%s' says nothing", keys[i]);
        }
    }
}

void read_tiers(struct loader *loader, const struct yaml_node *mapping)
{
    struct tiers_keys keys;
    struct tiers *tiers = &loader->programme->tiers;
    const bool bound = loader_ok(loader, yaml_bind(&loader->binder, mapping, &tiers_table, &keys));
    if (bound) {
        check_window(loader, mapping, &keys.window);
    }
    tiers->window = keys.window.window;
    tiers->valid = keys.has_valid ? keys.valid : default_valid(&keys.window.window);
    if (bound && !keys.has_valid &&
        (tiers->window.kind == WINDOW_ANNIVERSARY_YEAR || tiers->window.kind == WINDOW_WEEK ||
         tiers->window.kind == WINDOW_DAY)) {
        (void)yaml_error(&loader->errors, mapping, "key 'valid' is missing: levels of %s need it",
                         tiers->window.kind == WINDOW_DAY    ? "a day"
                         : tiers->window.kind == WINDOW_WEEK ? "a week"
                                                             : "an anniversary year");
    }
    tiers->grace = keys.grace;
    tiers->match_all = keys.match == 1;
    tiers->crossing_new = keys.crossing == 1;
    tiers->falls_at_once = keys.falls == 1;
    check_falls(loader, mapping, tiers);
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
