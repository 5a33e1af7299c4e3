/* Metrics over windows: in conditions, levels and milestones. A programme lists each once. */
#include "programme/measures.h"

#include "programme/forms.h"

#include <stdio.h>
#include <string.h>

enum { WINDOW_DAYS_MAX = 3660, CONDITION_METRICS_MAX = 8, VISITS_MAX = 1000000 };

/* --- windows --- */

const char *const window_names[] = {
    [WINDOW_LIFETIME] = "lifetime",
    [WINDOW_CALENDAR_YEAR] = "calendar_year",
    [WINDOW_DAY] = "day",
    [WINDOW_MONTH] = "month",
    [WINDOW_WEEK] = "week",
    [WINDOW_QUARTER] = "quarter",
    [WINDOW_ROLLING] = "rolling",
    [WINDOW_ANNIVERSARY_YEAR] = "anniversary_year",
    NULL,
};

void check_window(struct loader *loader, const struct yaml_node *node, const struct window_keys *keys)
{
    const struct yaml_node *days = yaml_get(node, "days");
    if (keys->has_days && keys->window.kind != WINDOW_ROLLING) {
        (void)yaml_error(&loader->errors, days, "only a rolling window has 'days'");
    }
    if (!keys->has_days && keys->window.kind == WINDOW_ROLLING) {
        (void)yaml_error(&loader->errors, node, "key 'days' is missing: a rolling window needs it");
    }
}

/* --- the list --- */

static bool lists_equal(const struct id_list *a, const struct id_list *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0) {
            return false;
        }
    }
    return true;
}

static bool selections_equal(const struct selection *a, const struct selection *b)
{
    return lists_equal(&a->skus, &b->skus) && lists_equal(&a->categories, &b->categories) &&
           lists_equal(&a->labels, &b->labels);
}

static bool measures_equal(const struct measure *a, const struct measure *b)
{
    return a->kind == b->kind && a->window.kind == b->window.kind && a->window.days == b->window.days &&
           a->selector.has_only == b->selector.has_only &&
           selections_equal(&a->selector.only, &b->selector.only) &&
           selections_equal(&a->selector.except, &b->selector.except);
}

/* FNV-1a over what a selector says, NULs included, so that "a","b" is not "ab". */
static void mix(uint64_t *hash, const char *text)
{
    const char *at = text;
    do {
        *hash = (*hash ^ (unsigned char)*at) * 0x100000001b3U;
    } while (*at++ != '\0');
}

static void mix_list(uint64_t *hash, const char *what, const struct id_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        mix(hash, what);
        mix(hash, list->items[i]);
    }
}

static bool selects(const struct selector *selector)
{
    const struct selection *except = &selector->except;
    return selector->has_only || except->skus.count + except->categories.count + except->labels.count > 0;
}

/* The number of the metric in the log: one for each kind, and one for each selector it is counted with. */
static uint32_t metric_number(struct loader *loader, const struct yaml_node *node,
                              const struct measure *measure)
{
    static const struct {
        const char *name;
        uint32_t number;
    } kinds[] = {
        [MEASURE_QUALIFYING] = {"qualifying", METRIC_QUALIFYING},
        [MEASURE_SPEND] = {"spend", METRIC_SPEND},
        [MEASURE_VISITS] = {"visits", METRIC_VISITS},
        [MEASURE_UNITS] = {"units", METRIC_UNITS},
        [MEASURE_BALANCE] = {"balance", METRIC_BALANCE},
    };
    if (!selects(&measure->selector)) {
        return kinds[measure->kind].number;
    }
    uint64_t hash = 0xcbf29ce484222325U;
    const struct selector *selector = &measure->selector;
    mix_list(&hash, "only sku", &selector->only.skus);
    mix_list(&hash, "only category", &selector->only.categories);
    mix_list(&hash, "only label", &selector->only.labels);
    mix_list(&hash, "except sku", &selector->except.skus);
    mix_list(&hash, "except category", &selector->except.categories);
    mix_list(&hash, "except label", &selector->except.labels);
    char id[ID_BYTES_MAX + 1];
    snprintf(id, sizeof(id), "%s.%016llx", kinds[measure->kind].name, (unsigned long long)hash);
    return METRIC_SELECTED + loader_number(loader, node, NUMBER_METRIC, id);
}

uint32_t list_measure(struct loader *loader, const struct yaml_node *node, struct measure measure)
{
    const bool is_run = measure.kind == MEASURE_RUN;
    for (size_t i = 0; i < loader->measures_count && !is_run; i++) {
        if (measures_equal(&loader->measures[i], &measure)) {
            return (uint32_t)i;
        }
    }
    if (loader->measures_count == MEASURES_MAX) {
        (void)yaml_error(&loader->errors, node, "more than %d different metrics in the programme",
                         (int)MEASURES_MAX);
        return 0;
    }
    measure.metric = is_run ? measure.metric : metric_number(loader, node, &measure);
    loader->measures[loader->measures_count] = measure;
    return (uint32_t)loader->measures_count++;
}

/* --- goals --- */

static const struct {
    const char *key;
    enum metric_kind kind;
} goal_kinds[METRIC_KINDS] = {
    {"qualifying", MEASURE_QUALIFYING}, {"spend", MEASURE_SPEND},     {"visits", MEASURE_VISITS},
    {"units", MEASURE_UNITS},           {"balance", MEASURE_BALANCE},
};

static int read_value(struct loader *loader, const struct yaml_node *node, enum metric_kind kind,
                      int64_t *ret_value)
{
    struct yaml_errors *errors = &loader->errors;
    const struct yaml_binder *binder = &loader->binder;
    switch (kind) {
    case MEASURE_QUALIFYING:
    case MEASURE_BALANCE:
        return yaml_read_decimal(errors, node, binder->points_digits, 1, POINTS_MAX, ret_value);
    case MEASURE_SPEND:
        return yaml_read_decimal(errors, node, binder->money_digits, 1, AMOUNT_MAX, ret_value);
    case MEASURE_UNITS:
        return yaml_read_decimal(errors, node, 3, 1, QUANTITY_MAX, ret_value);
    case MEASURE_VISITS:
    case MEASURE_RUN:
        break;
    }
    return yaml_read_integer(errors, node, 1, VISITS_MAX, ret_value);
}

size_t read_goals(struct loader *loader, const struct yaml_node *node, const struct goal_keys *keys,
                  const struct selector *selector, const struct window *window,
                  struct goal goals[METRIC_KINDS])
{
    size_t count = 0;
    bool of_goods = false;
    for (size_t i = 0; i < METRIC_KINDS; i++) {
        int64_t value;
        if (keys->of[i] == NULL ||
            !loader_ok(loader, read_value(loader, keys->of[i], goal_kinds[i].kind, &value))) {
            continue;
        }
        const bool goods = goal_kinds[i].kind == MEASURE_SPEND || goal_kinds[i].kind == MEASURE_UNITS;
        struct measure measure = {.kind = goal_kinds[i].kind, .window = *window};
        if (goods) {
            measure.selector = *selector;
        }
        of_goods = of_goods || goods;
        goals[count++] = (struct goal){.measure = list_measure(loader, node, measure), .value = value};
    }
    if (count > 0 && selects(selector) && !of_goods) {
        (void)yaml_error(&loader->errors, yaml_get(node, selector->has_only ? "only" : "except"),
                         "only 'spend' and 'units' are counted for some goods");
    }
    return count;
}

struct metric_keys {
    struct goal_keys goals;
    struct window_keys window;
    struct selector selector;
};

static const struct yaml_field metric_fields[] = {
    GOAL_ROWS(struct metric_keys, goals),
    WINDOW_ROWS(struct metric_keys, window),
    SELECTOR_ROWS(struct metric_keys, selector),
};
static const struct yaml_table metric_table = {YAML_FIELDS(metric_fields),
                                               .size = sizeof(struct metric_keys)};

bool read_goal(struct loader *loader, const struct yaml_node *node, const struct goal_keys *keys,
               const struct selector *selector, const struct window *window, struct goal *ret_goal)
{
    struct goal goals[METRIC_KINDS];
    size_t given = 0;
    for (size_t i = 0; i < METRIC_KINDS; i++) {
        given += keys->of[i] != NULL;
    }
    if (given != 1) {
        (void)yaml_error(&loader->errors, node,
                         "expected exactly one of qualifying, spend, visits, units, balance");
        return false;
    }
    if (read_goals(loader, node, keys, selector, window, goals) == 0) {
        return false;
    }
    *ret_goal = goals[0];
    return true;
}

static void read_metric(struct loader *loader, const struct yaml_node *node, void *ret_item)
{
    struct metric_keys keys;
    if (loader_ok(loader, yaml_bind(&loader->binder, node, &metric_table, &keys))) {
        check_window(loader, node, &keys.window);
        (void)read_goal(loader, node, &keys.goals, &keys.selector, &keys.window.window, ret_item);
    }
}

int read_metrics(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    struct loader *loader = binder->context;
    struct condition *condition = field;
    const size_t errors = loader->errors.error_count;
    condition->metrics = loader_list(loader, node, CONDITION_METRICS_MAX, sizeof(struct goal), read_metric,
                                     &condition->metrics_count);
    return loader->errors.error_count > errors ? ERR_FORMAT : 0;
}

/* How many windows of a kind are at most asked for in a row: those of a year, which is how long the days of a
 * metric are kept at least. 0: none of these may be. */
static int32_t most_in_a_row(const struct window *window)
{
    switch (window->kind) {
    case WINDOW_DAY:
        return IN_A_ROW_MAX;
    case WINDOW_WEEK:
        return 52;
    case WINDOW_MONTH:
        return 12;
    case WINDOW_QUARTER:
        return 4;
    case WINDOW_LIFETIME:
    case WINDOW_CALENDAR_YEAR:
    case WINDOW_ROLLING:
    case WINDOW_ANNIVERSARY_YEAR:
        break;
    }
    return 0;
}

bool read_run(struct loader *loader, const struct yaml_node *node, const struct goal *goal, int32_t in_a_row,
              uint32_t *ret_run)
{
    const struct yaml_node *at = yaml_get(node, "in_a_row");
    struct measure measure = loader->measures[goal->measure];
    const int32_t most = most_in_a_row(&measure.window);
    if (measure.kind == MEASURE_BALANCE || most == 0) {
        (void)yaml_error(&loader->errors, at,
                         measure.kind == MEASURE_BALANCE
                             ? "a balance has no windows: expected qualifying, spend, visits or units"
                             : "expected a 'window' that is one of day, week, month, quarter");
        return false;
    }
    if (in_a_row > most) {
        (void)yaml_error(&loader->errors, at, "expected at most %d of them, which are a year", (int)most);
        return false;
    }
    measure.kind = MEASURE_RUN;
    *ret_run = list_measure(loader, node, measure);
    return true;
}

void keep_measures(struct loader *loader)
{
    struct programme *programme = loader->programme;
    const size_t count = loader->measures_count;
    if (count == 0) {
        return;
    }
    struct measure *measures = arena_alloc(loader->binder.arena, count, sizeof(*measures));
    if (measures == NULL) {
        (void)loader_ok(loader, loader_full(loader, NULL));
        return;
    }
    memcpy(measures, loader->measures, count * sizeof(*measures));
    programme->measures = measures;
    programme->measures_count = count;
    uint32_t recorded[METRICS_MAX];
    size_t metrics = 0;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < metrics && recorded[k] != measures[i].metric) {
            k++;
        }
        if (k == METRICS_MAX) {
            (void)yaml_error(&loader->errors, loader->root,
                             "more than %d metrics to record: fewer selectors are needed", (int)METRICS_MAX);
            return;
        }
        metrics += k == metrics;
        recorded[k] = measures[i].metric;
    }
}
