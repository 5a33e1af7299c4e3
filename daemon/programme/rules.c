/* `rules`: what gives points or stamps. A new kind is a struct of keys, its table and a row in `kinds`. */
#include "programme/sections.h"

#include "programme/forms.h"

enum { GIVE_MAX = 1000000000 /* smallest units of points, or stamps, at once */ };

/* What stands under `spend`, `item` and `visit`. */
struct kind_keys {
    int64_t give;
    int64_t per;
    enum rule_steps steps;
    enum rule_per item_per;
};

static const char *const step_names[] = {[STEPS_EXACT] = "exact", [STEPS_WHOLE] = "whole", NULL};
static const char *const per_names[] = {[PER_UNIT] = "unit", [PER_LINE] = "line", NULL};

/* int64_t: points, or whole stamps where the rule has a `card`. */
static int read_give(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    const struct yaml_node *rule = node->parent->parent;
    const int digits = yaml_get(rule, "card") != NULL ? 0 : binder->points_digits;
    return yaml_read_decimal(binder->errors, node, digits, 1, GIVE_MAX, field);
}

#define GIVE_ROW YAML_FIELD(struct kind_keys, give, YAML_CUSTOM, .required = true, .read = read_give)

static const struct yaml_field spend_fields[] = {
    GIVE_ROW,
    YAML_FIELD(struct kind_keys, per, YAML_MONEY, .required = true, .min = 1, .max = AMOUNT_MAX),
    YAML_FIELD(struct kind_keys, steps, YAML_NAME, .names = step_names, .fallback = STEPS_EXACT),
};
static const struct yaml_table spend_table = {YAML_FIELDS(spend_fields), .size = sizeof(struct kind_keys)};

static const struct yaml_field item_fields[] = {
    GIVE_ROW,
    YAML_KEY(struct kind_keys, item_per, "per", YAML_NAME, .names = per_names, .fallback = PER_UNIT),
};
static const struct yaml_table item_table = {YAML_FIELDS(item_fields), .size = sizeof(struct kind_keys)};

static const struct yaml_field visit_fields[] = {
    GIVE_ROW,
};
static const struct yaml_table visit_table = {YAML_FIELDS(visit_fields), .size = sizeof(struct kind_keys)};

static const struct {
    const char *key;
    enum rule_kind kind;
    const struct yaml_table *table;
} kinds[] = {
    {"spend", RULE_SPEND, &spend_table},
    {"item", RULE_ITEM, &item_table},
    {"visit", RULE_VISIT, &visit_table},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

struct rule_keys {
    struct rule rule;
    const struct yaml_node *kinds[KINDS];
    const struct yaml_node *card;
    bool qualifies;
    bool has_qualifies;
};

#define KIND_ROW(place, key_) YAML_KEY(struct rule_keys, kinds[place], key_, YAML_NODE)

static const struct yaml_field rule_fields[] = {
    YAML_KEY(struct rule_keys, rule.id, "id", YAML_ID, .required = true, .max = ID_BYTES_MAX),
    NAME_ROW(struct rule_keys, rule.name),
    KIND_ROW(0, "spend"),
    KIND_ROW(1, "item"),
    KIND_ROW(2, "visit"),
    YAML_FIELD(struct rule_keys, card, YAML_NODE),
    YAML_FIELD(struct rule_keys, qualifies, YAML_BOOLEAN, .fallback = true,
               YAML_PRESENT(struct rule_keys, has_qualifies)),
    SELECTOR_ROWS(struct rule_keys, rule.selector),
    CONDITION_ROW(struct rule_keys, rule.when, "when"),
    CONDITION_ROW(struct rule_keys, rule.unless, "unless"),
};
static const struct yaml_table rule_table = {YAML_FIELDS(rule_fields), .size = sizeof(struct rule_keys)};

/* Reads the one kind the rule has. False: noted. */
static bool read_kind(struct loader *loader, const struct yaml_node *node, struct rule_keys *keys)
{
    size_t found = 0;
    size_t count = 0;
    for (size_t i = 0; i < KINDS; i++) {
        if (keys->kinds[i] != NULL) {
            found = i;
            count++;
        }
    }
    if (count != 1) {
        (void)yaml_error(&loader->errors, node, "expected exactly one of spend, item, visit");
        return false;
    }
    struct kind_keys kind;
    if (!loader_ok(loader, yaml_bind(&loader->binder, keys->kinds[found], kinds[found].table, &kind))) {
        return false;
    }
    keys->rule.kind = kinds[found].kind;
    keys->rule.give = kind.give;
    keys->rule.per = kind.per;
    keys->rule.steps = kind.steps;
    keys->rule.item_per = kind.item_per;
    return true;
}

static void read_rule(struct loader *loader, const struct yaml_node *node, void *ret_item)
{
    struct rule_keys keys;
    const bool bound = loader_ok(loader, yaml_bind(&loader->binder, node, &rule_table, &keys));
    if (node->kind != YAML_KIND_MAPPING || (!read_kind(loader, node, &keys) || !bound)) {
        return;
    }
    struct rule rule = keys.rule;
    rule.card = -1;
    rule.qualifies = keys.qualifies;
    rule.line = node->place.line;
    if (keys.card != NULL) {
        const char *id;
        uint32_t index;
        if (!loader_ok(loader, loader_reference(loader, keys.card, SECTION_CARDS, &id, &index))) {
            return;
        }
        rule.card = (int32_t)index;
        rule.qualifies = false;
        if (keys.has_qualifies && keys.qualifies) {
            (void)yaml_error(&loader->errors, yaml_get(node, "qualifies"),
                             "stamps never count towards levels: expected no, or no 'qualifies' at all");
        }
    }
    rule.number = loader_number(loader, node, NUMBER_RULE, rule.id);
    *(struct rule *)ret_item = rule;
}

void read_rules(struct loader *loader, const struct yaml_node *list)
{
    struct programme *programme = loader->programme;
    loader_check_ids(loader, SECTION_RULES);
    programme->rules =
        loader_list(loader, list, RULES_MAX, sizeof(struct rule), read_rule, &programme->rules_count);
}
