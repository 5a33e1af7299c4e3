/* The top level of the file: who and where, stores, basis, points. */
#include "programme/sections.h"

#include "civil/currency.h"
#include "model/day.h"
#include "model/event.h"
#include "programme/forms.h"
#include "programme/limits.h"

#include <string.h>

enum {
    VERSION_MAX = 1000000000,
    CLOCK_MINUTES_MAX = 1440,
    MAX_OFFLINE_DAYS = 30,
    OUTBOX_RETENTION_DAYS = 7,
    DAYS_MAX = 366,
    POINTS_DIGITS_MAX = 2,
};

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
    const struct yaml_node *claim;
    const struct yaml_node *basis;
    const struct yaml_node *points;
    const struct yaml_node *rules;
    const struct yaml_node *stamp_cards;
    const struct yaml_node *tiers;
    const struct yaml_node *rewards;
    const struct yaml_node *campaigns;
    const struct yaml_node *milestones;
    int32_t milestones_at_once;
    const struct yaml_node *policies[POLICIES];
};

#define HEAD_ROW(member, ...) YAML_KEY(struct head_keys, programme.member, #member, __VA_ARGS__)
#define POLICY_ROW(place, key_) YAML_KEY(struct head_keys, policies[place], key_, YAML_NODE)
#define PART_ROW(member) YAML_FIELD(struct head_keys, member, YAML_NODE)
#define NEEDED_PART_ROW(member) YAML_FIELD(struct head_keys, member, YAML_NODE, .required = true)

static const char *const at_once_names[] = {"highest", "all", NULL};

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
    HEAD_ROW(bearer_vouchers, YAML_BOOLEAN, .fallback = false),
    PART_ROW(clock),
    PART_ROW(max_offline),
    PART_ROW(outbox_retention),
    PART_ROW(claim),
    PART_ROW(basis),
    PART_ROW(points),
    NEEDED_PART_ROW(rules),
    PART_ROW(stamp_cards),
    PART_ROW(tiers),
    PART_ROW(rewards),
    PART_ROW(campaigns),
    PART_ROW(milestones),
    YAML_FIELD(struct head_keys, milestones_at_once, YAML_NAME, .names = at_once_names),
    POLICY_ROW(POLICY_PAYING, "pay_with_points"),
    POLICY_ROW(POLICY_RESERVATIONS, "reservations"),
    POLICY_ROW(POLICY_RETURNS, "returns"),
    POLICY_ROW(POLICY_MOVING, "moving"),
    POLICY_ROW(POLICY_HOUSEHOLDS, "households"),
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
    int32_t behind_minutes;
};

static const struct yaml_field clock_fields[] = {
    YAML_FIELD(struct clock_keys, ahead_minutes, YAML_INTEGER, .min = 0, .max = CLOCK_MINUTES_MAX,
               .fallback = 5),
    YAML_FIELD(struct clock_keys, behind_minutes, YAML_INTEGER, .min = 0, .max = CLOCK_MINUTES_MAX,
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
    if (loader_ok(loader, yaml_bind(&loader->binder, loader_or_nothing(head->clock), &clock_table, &clock))) {
        programme->clock_ahead_minutes = clock.ahead_minutes;
        programme->clock_behind_minutes = clock.behind_minutes;
    }
    programme->max_offline_days = read_days(loader, head->max_offline, MAX_OFFLINE_DAYS);
    programme->outbox_retention_days = read_days(loader, head->outbox_retention, OUTBOX_RETENTION_DAYS);
    programme->claim_days = read_days(loader, head->claim, 0);
    if (programme->outbox_retention_days > programme->max_offline_days) {
        yaml_warning(
            &loader->errors, head->outbox_retention != NULL ? head->outbox_retention : head->max_offline,
            "tills keep events for %d days, but what is older than 'max_offline', %d days, is refused",
            (int)programme->outbox_retention_days, (int)programme->max_offline_days);
    }
}

/* --- basis --- */

enum { TENDER_GROUPS = 3 };

struct basis_keys {
    int32_t tax;
    int32_t discounts;
    int32_t basket_discounts;
    int32_t tenders[TENDER_GROUPS];
    const struct yaml_node *tenders_node;
    struct selection exclude;
};

static const char *const tax_names[] = {"included", "excluded", NULL};
static const char *const discount_names[] = {"after", "before", NULL};
static const char *const basket_discount_names[] = {"spread", "line", NULL};
static const char *const tender_names[] = {"exclude", "include", NULL};

static const struct yaml_field tender_fields[] = {
    YAML_KEY(struct basis_keys, tenders[0], "points", YAML_NAME, .names = tender_names),
    YAML_KEY(struct basis_keys, tenders[1], "vouchers", YAML_NAME, .names = tender_names),
    YAML_KEY(struct basis_keys, tenders[2], "gift_cards", YAML_NAME, .names = tender_names),
};
static const struct yaml_table tender_table = {YAML_FIELDS(tender_fields), .size = sizeof(struct basis_keys)};
static const enum tender_kind tender_kinds[TENDER_GROUPS] = {TENDER_POINTS, TENDER_VOUCHER, TENDER_GIFT_CARD};
static const char *const tender_keys[TENDER_GROUPS] = {"points", "vouchers", "gift_cards"};

#define BASIS_ROWS                                                                                           \
    YAML_FIELD(struct basis_keys, tax, YAML_NAME, .names = tax_names),                                       \
        YAML_FIELD(struct basis_keys, discounts, YAML_NAME, .names = discount_names),                        \
        YAML_FIELD(struct basis_keys, basket_discounts, YAML_NAME, .names = basket_discount_names),          \
        YAML_KEY(struct basis_keys, tenders_node, "tenders", YAML_NODE)

static const struct yaml_field basis_fields[] = {
    BASIS_ROWS,
    YAML_FIELD(struct basis_keys, exclude, YAML_STRUCT, .table = &selection_table),
};
static const struct yaml_table basis_table = {YAML_FIELDS(basis_fields), .size = sizeof(struct basis_keys)};
static const struct yaml_field rule_basis_fields[] = {BASIS_ROWS};
static const struct yaml_table rule_basis_table = {YAML_FIELDS(rule_basis_fields),
                                                   .size = sizeof(struct basis_keys)};

/* Takes what the node gives; what it leaves out stays. */
static void take_basis(struct loader *loader, const struct yaml_node *node, const struct basis_keys *keys,
                       struct basis *basis)
{
    if (yaml_get(node, "tax") != NULL) {
        basis->tax_excluded = keys->tax == 1;
    }
    if (yaml_get(node, "discounts") != NULL) {
        basis->discounts_before = keys->discounts == 1;
    }
    if (yaml_get(node, "basket_discounts") != NULL) {
        basis->basket_discount_apart = keys->basket_discounts == 1;
    }
    struct basis_keys tenders;
    if (keys->tenders_node == NULL ||
        !loader_ok(loader, yaml_bind(&loader->binder, keys->tenders_node, &tender_table, &tenders))) {
        return;
    }
    for (size_t i = 0; i < TENDER_GROUPS; i++) {
        const uint8_t bit = (uint8_t)(1U << tender_kinds[i]);
        if (yaml_get(keys->tenders_node, tender_keys[i]) != NULL) {
            basis->tenders_excluded = (uint8_t)(tenders.tenders[i] == 0 ? basis->tenders_excluded | bit
                                                                        : basis->tenders_excluded & ~bit);
        }
    }
}

static void read_basis(struct loader *loader, const struct yaml_node *node)
{
    struct programme *programme = loader->programme;
    struct basis_keys keys;
    programme->basis.tenders_excluded = 0;
    for (size_t i = 0; i < TENDER_GROUPS; i++) {
        programme->basis.tenders_excluded |= (uint8_t)(1U << tender_kinds[i]);
    }
    if (loader_ok(loader, yaml_bind(&loader->binder, loader_or_nothing(node), &basis_table, &keys))) {
        take_basis(loader, loader_or_nothing(node), &keys, &programme->basis);
        programme->exclude.except = keys.exclude;
    }
}

void read_rule_basis(struct loader *loader, const struct yaml_node *node, struct basis *basis)
{
    struct basis_keys keys;
    if (loader_ok(loader, yaml_bind(&loader->binder, node, &rule_basis_table, &keys))) {
        take_basis(loader, node, &keys, basis);
    }
}

/* --- points --- */

struct points_keys {
    const struct yaml_node *name; /* read when the decimals are known */
    int32_t decimals;
    int32_t combine;
    int32_t rounding;
    int32_t multipliers;
    int32_t visits;
    struct term available_after;
    const struct yaml_node *limits; /* the same */
    struct expiry_keys expiry;
};

static const char *const combine_names[] = {
    [COMBINE_SUM] = "sum", [COMBINE_BEST] = "best", [COMBINE_FIRST] = "first", NULL};
static const char *const rounding_names[] = {
    [ROUNDING_FLOOR] = "floor", [ROUNDING_HALF_UP] = "half_up", [ROUNDING_CEIL] = "ceil", NULL};

static const char *const multiplier_names[] = {
    [MULTIPLIERS_MULTIPLY] = "multiply", [MULTIPLIERS_ADD] = "add", [MULTIPLIERS_BEST] = "best", NULL};
static const char *const visit_names[] = {"receipt", "day", NULL};

static const struct yaml_field points_fields[] = {
    YAML_FIELD(struct points_keys, name, YAML_NODE),
    YAML_FIELD(struct points_keys, decimals, YAML_INTEGER, .min = 0, .max = POINTS_DIGITS_MAX),
    YAML_FIELD(struct points_keys, combine, YAML_NAME, .names = combine_names),
    YAML_FIELD(struct points_keys, rounding, YAML_NAME, .names = rounding_names),
    YAML_FIELD(struct points_keys, multipliers, YAML_NAME, .names = multiplier_names),
    YAML_FIELD(struct points_keys, visits, YAML_NAME, .names = visit_names),
    TERM_ROW(struct points_keys, available_after, "available_after"),
    YAML_FIELD(struct points_keys, limits, YAML_NODE),
    YAML_FIELD(struct points_keys, expiry, YAML_STRUCT, .table = &expiry_table),
};
static const struct yaml_table points_table = {YAML_FIELDS(points_fields),
                                               .size = sizeof(struct points_keys)};

static void read_points(struct loader *loader, const struct yaml_node *node)
{
    struct programme *programme = loader->programme;
    struct points_keys keys = {.decimals = 0};
    /* Where the decimals cannot be read, no amount of points is called too fine. */
    const bool bound =
        loader_ok(loader, yaml_bind(&loader->binder, loader_or_nothing(node), &points_table, &keys));
    const bool known = bound || yaml_get(node, "decimals") == NULL;
    loader->binder.points_digits = known ? (int)keys.decimals : POINTS_DIGITS_MAX;
    if (!bound) {
        return;
    }
    programme->points_decimals = keys.decimals;
    programme->combine = (unsigned)keys.combine;
    programme->rounding = (unsigned)keys.rounding;
    programme->multipliers = (unsigned)keys.multipliers;
    programme->visits_by_day = keys.visits == 1;
    programme->available_after = keys.available_after;
    programme->expiry = keys.expiry.after;
    programme->inactivity = keys.expiry.inactivity;
    programme->has_inactivity = keys.expiry.inactivity.unit != TERM_NEVER;
    if (keys.limits != NULL &&
        loader_ok(loader, read_limits(&loader->binder, keys.limits, &programme->limits))) {
        number_limits(&programme->limits, OWNER_PROGRAMME, 0);
    }
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
    loader->sections[SECTION_CAMPAIGNS] = head.campaigns;
    loader->sections[SECTION_MILESTONES] = head.milestones;
    programme->milestones_highest = head.milestones_at_once == 0;
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
    read_policies(loader, head.policies);
}
