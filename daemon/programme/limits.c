/* Limits, as they stand on rules, campaigns and the programme. */
#include "programme/limits.h"

#include "programme/forms.h"

#define LIMIT_POINTS_MAX (1000 * POINTS_MAX)
#define LIMIT_TIMES_MAX 1000000000

struct limit_keys {
    struct limit limit;
    const struct yaml_node *max;
};

static const char *const of_names[] = {[LIMIT_GIVEN] = "given", [LIMIT_TIMES] = "times", NULL};
static const char *const per_names[] = {[LIMIT_PURCHASE] = "purchase", [LIMIT_DAY] = "day",
                                        [LIMIT_WEEK] = "week",         [LIMIT_MONTH] = "month",
                                        [LIMIT_YEAR] = "year",         [LIMIT_EVER] = "ever",
                                        [LIMIT_BALANCE] = "balance",   NULL};
static const char *const for_names[] = {[LIMIT_MEMBER] = "member",     [LIMIT_HOUSEHOLD] = "household",
                                        [LIMIT_TERMINAL] = "terminal", [LIMIT_STORE] = "store",
                                        [LIMIT_ALL] = "all",           NULL};
static const char *const over_names[] = {"cut", "reject", NULL};

static const struct yaml_field limit_fields[] = {
    YAML_FIELD(struct limit_keys, max, YAML_NODE, .required = true),
    YAML_KEY(struct limit_keys, limit.of, "of", YAML_NAME, .names = of_names),
    YAML_KEY(struct limit_keys, limit.per, "per", YAML_NAME, .required = true, .names = per_names),
    YAML_KEY(struct limit_keys, limit.whose, "for", YAML_NAME, .names = for_names),
    YAML_KEY(struct limit_keys, limit.reject, "over", YAML_CUSTOM, .read = read_over),
};
static const struct yaml_table limit_table = {YAML_FIELDS(limit_fields), .size = sizeof(struct limit_keys)};

/* bool */
int read_over(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    unsigned index = 0;
    const int result = yaml_read_name(binder->errors, node, over_names, &index);
    *(bool *)field = index == 1;
    return result;
}

static void check_limit(struct loader *loader, const struct yaml_node *node, const struct limit *limit,
                        bool whole)
{
    if (limit->per == LIMIT_BALANCE &&
        (limit->of == LIMIT_TIMES || limit->whose > LIMIT_HOUSEHOLD || whole)) {
        (void)yaml_error(
            &loader->errors, yaml_get(node, "per"),
            "'balance' bounds the points a member holds: expected another period, or 'of: given' and "
            "'for: member' on a rule that gives points");
    }
    if (limit->per == LIMIT_PURCHASE && limit->of == LIMIT_TIMES) {
        yaml_warning(&loader->errors, node, "a purchase counts once: this limit never binds");
    }
    if (limit->of == LIMIT_TIMES && limit->reject) {
        yaml_warning(&loader->errors, yaml_get(node, "over"),
                     "what is counted in times is given or not: 'over' says nothing");
    }
}

static void read_limit(struct loader *loader, const struct yaml_node *node, void *ret_item)
{
    struct limit_keys keys;
    if (!loader_ok(loader, yaml_bind(&loader->binder, node, &limit_table, &keys))) {
        return;
    }
    /* Of stamps and of units of a reward there are no parts. */
    const struct yaml_node *owner = node->parent->parent;
    const bool whole = yaml_get(owner, "card") != NULL ||
                       (owner->parent != NULL && owner->parent == loader->sections[SECTION_REWARDS]);
    const bool times = keys.limit.of == LIMIT_TIMES;
    const int digits = whole || times ? 0 : loader->binder.points_digits;
    if (loader_ok(loader, yaml_read_decimal(&loader->errors, keys.max, digits, 1,
                                            times ? LIMIT_TIMES_MAX : LIMIT_POINTS_MAX, &keys.limit.max))) {
        check_limit(loader, node, &keys.limit, whole);
        *(struct limit *)ret_item = keys.limit;
    }
}

static void check_same(struct loader *loader, const struct yaml_node *list, const struct limit *limits)
{
    const struct yaml_node *node = list->first;
    for (size_t i = 0; i < list->size; i++, node = node->next) {
        for (size_t k = 0; k < i && limits[i].max > 0; k++) {
            if (limits[k].max > 0 && limits[k].of == limits[i].of && limits[k].per == limits[i].per &&
                limits[k].whose == limits[i].whose) {
                (void)yaml_error(&loader->errors, node, "a second limit of %s per %s for %s",
                                 of_names[limits[i].of], per_names[limits[i].per],
                                 for_names[limits[i].whose]);
            }
        }
    }
}

int read_limits(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    struct loader *loader = binder->context;
    struct limits *ret_limits = field;
    const size_t errors = loader->errors.error_count;
    size_t count = 0;
    struct limit *limits = loader_list(loader, node, LIMITS_MAX, sizeof(*limits), read_limit, &count);
    if (limits == NULL) {
        return ERR_FORMAT;
    }
    check_same(loader, node, limits);
    /* From narrow to wide; those of one period stay in the order of the file. */
    for (size_t i = 1; i < count; i++) {
        const struct limit moving = limits[i];
        size_t at = i;
        for (; at > 0 && limits[at - 1].per > moving.per; at--) {
            limits[at] = limits[at - 1];
        }
        limits[at] = moving;
    }
    loader->counters_count += count;
    if (loader->counters_count > COUNTERS_MAX) {
        return yaml_error(&loader->errors, node, "more than %d limits in the programme", (int)COUNTERS_MAX);
    }
    *ret_limits = (struct limits){.items = limits, .count = count};
    return loader->errors.error_count > errors ? ERR_FORMAT : 0;
}

void number_limits(struct limits *limits, enum limit_owner owner, uint32_t owner_number)
{
    /* They were read into the arena by read_limits, for this owner alone. */
    struct limit *items = (struct limit *)(uintptr_t)limits->items;
    for (size_t i = 0; i < limits->count; i++) {
        items[i].number = limit_number(owner, owner_number, items[i].of, items[i].per, items[i].whose);
    }
}

void check_one_gift(struct loader *loader, const struct yaml_node *rule, const struct limits *limits,
                    int64_t give)
{
    const struct yaml_node *list = yaml_get(rule, "limits");
    for (size_t i = 0; i < limits->count; i++) {
        const struct limit *limit = &limits->items[i];
        if (limit->of == LIMIT_TIMES || limit->max >= give) {
            continue;
        }
        if (limit->reject) {
            (void)yaml_error(&loader->errors, list,
                             "the limit per %s rejects what the rule gives once: it never gives anything",
                             per_names[limit->per]);
        } else {
            yaml_warning(&loader->errors, list, "the limit per %s is less than what the rule gives once",
                         per_names[limit->per]);
        }
    }
}
