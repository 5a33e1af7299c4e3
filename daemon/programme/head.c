/* The top level of the file: who and where, stores, basis, points. */
#include "programme/sections.h"

#include "civil/currency.h"
#include "model/day.h"
#include "programme/forms.h"

#include <string.h>

enum {
    VERSION_MAX = 1000000000,
    CLOCK_AHEAD_MINUTES_MAX = 1440,
    MAX_OFFLINE_DAYS = 30,
    OUTBOX_RETENTION_DAYS = 7,
    DAYS_MAX = 366,
    POINTS_DIGITS_MAX = 2,
};

/* A mapping with nothing in it: binding it gives the defaults of a table. */
static const struct yaml_node nothing = {.kind = YAML_KIND_MAPPING};

static const struct yaml_node *or_nothing(const struct yaml_node *node)
{
    return node != NULL ? node : &nothing;
}

/* --- the top level --- */

/* char[4]; sets the binder's money_digits. */
static int read_currency(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    const char *code;
    int result = yaml_read_text(binder->errors, node, 1, NAME_BYTES_MAX, &code);
    if (result < 0) {
        return result;
    }
    result = currency_digits(code, &binder->money_digits);
    if (result == ERR_UNSUPPORTED) {
        return yaml_error(binder->errors, node, "amounts cannot be counted in '%s'", code);
    }
    if (result < 0) {
        return yaml_error(binder->errors, node, "expected a currency such as EUR, found '%s'", code);
    }
    memcpy(field, code, CURRENCY_CODE_BYTES + 1);
    return 0;
}

struct head_keys {
    struct programme programme;
    const struct yaml_node *locales;
    const struct yaml_node *name;
    const struct yaml_node *stores;
    const struct yaml_node *clock;
    const struct yaml_node *max_offline;
    const struct yaml_node *outbox_retention;
    const struct yaml_node *basis;
    const struct yaml_node *points;
    const struct yaml_node *rules;
    const struct yaml_node *stamp_cards;
    const struct yaml_node *tiers;
    const struct yaml_node *rewards;
};

#define HEAD_ROW(member, ...) YAML_KEY(struct head_keys, programme.member, #member, __VA_ARGS__)
#define PART_ROW(member) YAML_FIELD(struct head_keys, member, YAML_NODE)
#define NEEDED_PART_ROW(member) YAML_FIELD(struct head_keys, member, YAML_NODE, .required = true)

static const struct yaml_field head_fields[] = {
    YAML_KEY(struct head_keys, programme.id, "programme", YAML_ID, .required = true, .max = ID_BYTES_MAX),
    HEAD_ROW(version, YAML_INTEGER, .required = true, .min = 1, .max = VERSION_MAX),
    HEAD_ROW(effective, YAML_DATE, .fallback = DAY_MIN),
    HEAD_ROW(currency, YAML_CUSTOM, .required = true, .read = read_currency),
    ZONE_ROW(struct head_keys, programme.zone, .required = true),
    HEAD_ROW(day_starts, YAML_TIME, .fallback = 0),
    PART_ROW(locales),
    PART_ROW(name),
    NEEDED_PART_ROW(stores),
    HEAD_ROW(auto_enrol, YAML_BOOLEAN, .fallback = true),
    PART_ROW(clock),
    PART_ROW(max_offline),
    PART_ROW(outbox_retention),
    PART_ROW(basis),
    PART_ROW(points),
    NEEDED_PART_ROW(rules),
    PART_ROW(stamp_cards),
    PART_ROW(tiers),
    PART_ROW(rewards),
};
static const struct yaml_table head_table = {YAML_FIELDS(head_fields), .size = sizeof(struct head_keys)};

static void read_locales(struct loader *loader, const struct yaml_node *list)
{
    struct yaml_errors *errors = &loader->errors;
    if (!loader_ok(loader, yaml_check_list(errors, list, 1, LOCALES_MAX))) {
        return;
    }
    const struct yaml_node *node = list->first;
    for (size_t i = 0; i < list->size; i++, node = node->next) {
        const char *text;
        char *tag = loader->locales[loader->locales_count];
        if (!loader_ok(loader, yaml_read_text(errors, node, 1, LOCALE_BYTES_MAX, &text))) {
            continue;
        }
        if (locale_normalise(text, tag) < 0) {
            (void)yaml_error(errors, node, "expected a language such as en, et or de-AT, found '%s'", text);
            continue;
        }
        size_t first = 0;
        while (strcmp(loader->locales[first], tag) != 0) {
            first++;
        }
        if (first < loader->locales_count) {
            (void)yaml_error(errors, node, "'%s' is in the list already", tag);
        } else {
            loader->locales_count++;
        }
    }
}

/* --- stores --- */

struct store_keys {
    struct store_place store;
    bool has_day_starts;
};

static const struct yaml_field store_fields[] = {
    YAML_KEY(struct store_keys, store.id, "id", YAML_ID, .required = true, .max = ID_BYTES_MAX),
    ZONE_ROW(struct store_keys, store.zone, .required = false),
    YAML_KEY(struct store_keys, store.day_starts, "day_starts", YAML_TIME,
             YAML_PRESENT(struct store_keys, has_day_starts)),
};
static const struct yaml_table store_table = {YAML_FIELDS(store_fields), .size = sizeof(struct store_keys)};

static void read_store(struct loader *loader, const struct yaml_node *node, void *ret_item)
{
    struct store_keys keys;
    if (!loader_ok(loader, yaml_bind(&loader->binder, node, &store_table, &keys))) {
        return;
    }
    if (keys.store.zone == NULL) {
        keys.store.zone = loader->programme->zone;
    }
    if (!keys.has_day_starts) {
        keys.store.day_starts = loader->programme->day_starts;
    }
    *(struct store_place *)ret_item = keys.store;
}

/* --- clocks --- */

struct clock_keys {
    int32_t ahead_minutes;
};

static const struct yaml_field clock_fields[] = {
    YAML_FIELD(struct clock_keys, ahead_minutes, YAML_INTEGER, .min = 0, .max = CLOCK_AHEAD_MINUTES_MAX,
               .fallback = 5),
};
static const struct yaml_table clock_table = {YAML_FIELDS(clock_fields), .size = sizeof(struct clock_keys)};

struct days_keys {
    int32_t days;
};

static const struct yaml_field days_fields[] = {
    YAML_FIELD(struct days_keys, days, YAML_INTEGER, .required = true, .min = 1, .max = DAYS_MAX),
};
static const struct yaml_table days_table = {YAML_FIELDS(days_fields), .size = sizeof(struct days_keys)};

/* {days: N}, or `fallback` where there is no node. */
static int32_t read_days(struct loader *loader, const struct yaml_node *node, int32_t fallback)
{
    struct days_keys keys;
    if (node == NULL || !loader_ok(loader, yaml_bind(&loader->binder, node, &days_table, &keys))) {
        return fallback;
    }
    return keys.days;
}

static void read_clocks(struct loader *loader, const struct head_keys *head)
{
    struct programme *programme = loader->programme;
    struct clock_keys clock;
    if (loader_ok(loader, yaml_bind(&loader->binder, or_nothing(head->clock), &clock_table, &clock))) {
        programme->clock_ahead_minutes = clock.ahead_minutes;
    }
    programme->max_offline_days = read_days(loader, head->max_offline, MAX_OFFLINE_DAYS);
    programme->outbox_retention_days = read_days(loader, head->outbox_retention, OUTBOX_RETENTION_DAYS);
    if (programme->outbox_retention_days > programme->max_offline_days) {
        yaml_warning(
            &loader->errors, head->outbox_retention != NULL ? head->outbox_retention : head->max_offline,
            "tills keep events for %d days, but what is older than 'max_offline', %d days, is refused",
            (int)programme->outbox_retention_days, (int)programme->max_offline_days);
    }
}

/* --- basis --- */

struct basis_keys {
    int32_t tax;
    int32_t discounts;
    int32_t basket_discounts;
    struct selection exclude;
};

static const char *const tax_names[] = {"included", "excluded", NULL};
static const char *const discount_names[] = {"after", "before", NULL};
static const char *const basket_discount_names[] = {"spread", NULL};

static const struct yaml_field basis_fields[] = {
    YAML_FIELD(struct basis_keys, tax, YAML_NAME, .names = tax_names),
    YAML_FIELD(struct basis_keys, discounts, YAML_NAME, .names = discount_names),
    YAML_FIELD(struct basis_keys, basket_discounts, YAML_NAME, .names = basket_discount_names),
    YAML_FIELD(struct basis_keys, exclude, YAML_STRUCT, .table = &selection_table),
};
static const struct yaml_table basis_table = {YAML_FIELDS(basis_fields), .size = sizeof(struct basis_keys)};

static void read_basis(struct loader *loader, const struct yaml_node *node)
{
    struct basis_keys keys;
    if (loader_ok(loader, yaml_bind(&loader->binder, or_nothing(node), &basis_table, &keys))) {
        loader->programme->tax_excluded = keys.tax == 1;
        loader->programme->discounts_before = keys.discounts == 1;
        loader->programme->exclude.except = keys.exclude;
    }
}

/* --- points --- */

struct expiry_keys {
    struct term after;
};

static const struct yaml_field expiry_fields[] = {
    YAML_FIELD(struct expiry_keys, after, YAML_CUSTOM, .required = true, .read = read_term),
};
static const struct yaml_table expiry_table = {YAML_FIELDS(expiry_fields),
                                               .size = sizeof(struct expiry_keys)};

struct points_keys {
    const struct yaml_node *name; /* read when the decimals are known */
    int32_t decimals;
    int32_t combine;
    int32_t rounding;
    struct expiry_keys expiry;
};

static const char *const combine_names[] = {
    [COMBINE_SUM] = "sum", [COMBINE_BEST] = "best", [COMBINE_FIRST] = "first", NULL};
static const char *const rounding_names[] = {
    [ROUNDING_FLOOR] = "floor", [ROUNDING_HALF_UP] = "half_up", [ROUNDING_CEIL] = "ceil", NULL};

static const struct yaml_field points_fields[] = {
    YAML_FIELD(struct points_keys, name, YAML_NODE),
    YAML_FIELD(struct points_keys, decimals, YAML_INTEGER, .min = 0, .max = POINTS_DIGITS_MAX),
    YAML_FIELD(struct points_keys, combine, YAML_NAME, .names = combine_names),
    YAML_FIELD(struct points_keys, rounding, YAML_NAME, .names = rounding_names),
    YAML_FIELD(struct points_keys, expiry, YAML_STRUCT, .table = &expiry_table),
};
static const struct yaml_table points_table = {YAML_FIELDS(points_fields),
                                               .size = sizeof(struct points_keys)};

static void read_points(struct loader *loader, const struct yaml_node *node)
{
    struct programme *programme = loader->programme;
    struct points_keys keys = {.decimals = 0};
    /* Where the decimals cannot be read, no amount of points is called too fine. */
    const bool bound = loader_ok(loader, yaml_bind(&loader->binder, or_nothing(node), &points_table, &keys));
    const bool known = bound || yaml_get(node, "decimals") == NULL;
    loader->binder.points_digits = known ? (int)keys.decimals : POINTS_DIGITS_MAX;
    if (!bound) {
        return;
    }
    programme->points_decimals = keys.decimals;
    programme->combine = (unsigned)keys.combine;
    programme->rounding = (unsigned)keys.rounding;
    programme->expiry = keys.expiry.after;
    if (keys.name != NULL) {
        (void)loader_ok(loader, read_counted_texts(&loader->binder, keys.name, &programme->points_name));
    }
}

void read_head(struct loader *loader)
{
    struct head_keys head = {.name = NULL};
    struct programme *programme = loader->programme;
    /* Where the currency cannot be read, no amount is called too fine. */
    loader->binder.money_digits = CURRENCY_DIGITS_MAX;
    (void)loader_ok(loader, yaml_bind(&loader->binder, loader->root, &head_table, &head));
    *programme = head.programme;
    programme->currency_digits = loader->binder.money_digits;
    loader->sections[SECTION_STORES] = head.stores;
    loader->sections[SECTION_RULES] = head.rules;
    loader->sections[SECTION_CARDS] = head.stamp_cards;
    loader->sections[SECTION_REWARDS] = head.rewards;
    loader->sections[SECTION_LEVELS] = yaml_get(head.tiers, "levels");
    if (head.locales != NULL) {
        read_locales(loader, head.locales);
    }
    if (head.name != NULL) {
        (void)loader_ok(loader, read_texts(&loader->binder, head.name, &programme->name));
    }
    if (head.stores != NULL) {
        loader_check_ids(loader, SECTION_STORES);
        programme->stores = loader_list(loader, head.stores, STORES_MAX, sizeof(struct store_place),
                                        read_store, &programme->stores_count);
    }
    read_clocks(loader, &head);
    read_basis(loader, head.basis);
    read_points(loader, head.points);
}
