/* `rules`: what gives points or stamps, multiplies them, or gives something else. A new kind is a struct of
 * keys, its table and a row in `kinds`. */
#include "programme/sections.h"

#include "programme/forms.h"
#include "programme/gives.h"
#include "programme/limits.h"
#include "programme/measures.h"
#include "programme/meet.h"

enum {
    GIVE_MAX = 1000000000,        /* smallest units of points, or stamps, at once */
    MULTIPLIER_MAX = 1000 * 1000, /* thousandths */
    PRIORITY_MAX = 1000000,
};

/* What stands under `spend`, `item`, `visit`, `activity` and `occasion`. */
struct kind_keys {
    int64_t give;
    bool has_give;
    int64_t per;
    enum rule_steps steps;
    int64_t from;
    int64_t to;
    struct window_keys window;
    enum rule_per item_per;
    int64_t every;
    const char *code;
    enum occasion occasion;
    struct award award;
    bool has_award;
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
    YAML_FIELD(struct kind_keys, from, YAML_MONEY, .min = 1, .max = AMOUNT_MAX),
    YAML_FIELD(struct kind_keys, to, YAML_MONEY, .min = 1, .max = AMOUNT_MAX),
    WINDOW_ROWS(struct kind_keys, window),
};
static const struct yaml_table spend_table = {YAML_FIELDS(spend_fields), .size = sizeof(struct kind_keys)};

static const struct yaml_field item_fields[] = {
    GIVE_ROW,
    YAML_KEY(struct kind_keys, item_per, "per", YAML_NAME, .names = per_names, .fallback = PER_UNIT),
    YAML_FIELD(struct kind_keys, every, YAML_INTEGER, .min = 1, .max = UNITS_MAX, .fallback = 1),
};
static const struct yaml_table item_table = {YAML_FIELDS(item_fields), .size = sizeof(struct kind_keys)};

static const struct yaml_field visit_fields[] = {
    GIVE_ROW,
};
static const struct yaml_table visit_table = {YAML_FIELDS(visit_fields), .size = sizeof(struct kind_keys)};

static const struct yaml_field activity_fields[] = {
    GIVE_ROW,
    YAML_FIELD(struct kind_keys, code, YAML_ID, .required = true, .max = ID_BYTES_MAX),
    YAML_FIELD(struct kind_keys, per, YAML_INTEGER, .min = 1, .max = ACTIVITY_AMOUNT_MAX),
    YAML_FIELD(struct kind_keys, steps, YAML_NAME, .names = step_names, .fallback = STEPS_EXACT),
    YAML_FIELD(struct kind_keys, from, YAML_INTEGER, .min = 1, .max = ACTIVITY_AMOUNT_MAX),
    YAML_FIELD(struct kind_keys, to, YAML_INTEGER, .min = 1, .max = ACTIVITY_AMOUNT_MAX),
};
static const struct yaml_table activity_table = {YAML_FIELDS(activity_fields),
                                                 .size = sizeof(struct kind_keys)};

/* Gives points or stamps, or what rules with `gives` do. */
static int check_occasion(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    const struct kind_keys *keys = field;
    return keys->has_give != keys->has_award
               ? 0
               : yaml_error(binder->errors, node, "expected exactly one of give, gives");
}

static const char *const occasion_names[] = {"birthday", "anniversary", NULL};

/* enum occasion */
static int read_occasion(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    unsigned index = 0;
    const int result = yaml_read_name(binder->errors, node, occasion_names, &index);
    *(enum occasion *)field = index == 0 ? OCCASION_BIRTHDAY : OCCASION_ANNIVERSARY;
    return result;
}

static const struct yaml_field occasion_fields[] = {
    YAML_KEY(struct kind_keys, occasion, "each", YAML_CUSTOM, .required = true, .read = read_occasion),
    YAML_FIELD(struct kind_keys, give, YAML_CUSTOM, .read = read_give,
               YAML_PRESENT(struct kind_keys, has_give)),
    YAML_KEY(struct kind_keys, award, "gives", YAML_CUSTOM, .read = read_award,
             YAML_PRESENT(struct kind_keys, has_award)),
};
static const struct yaml_table occasion_table = {YAML_FIELDS(occasion_fields),
                                                 .size = sizeof(struct kind_keys), .check = check_occasion};

static const struct {
    const char *key;
    enum rule_kind kind;
    const struct yaml_table *table; /* NULL: its value is no mapping of these */
} kinds[] = {
    {"spend", RULE_SPEND, &spend_table},
    {"item", RULE_ITEM, &item_table},
    {"visit", RULE_VISIT, &visit_table},
    {"multiply", RULE_MULTIPLY, NULL},
    {"gives", RULE_GIVES, NULL},
    {"activity", RULE_ACTIVITY, &activity_table},
    {"occasion", RULE_OCCASION, &occasion_table},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

bool rule_kind_of(const struct yaml_node *rule, enum rule_kind *ret_kind)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (yaml_get(rule, kinds[i].key) != NULL) {
            *ret_kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

struct rule_keys {
    struct rule rule;
    const struct yaml_node *kinds[KINDS];
    const struct yaml_node *card;
    const struct yaml_node *campaign;
    const struct yaml_node *basis;
    int32_t stage;
    struct expiry_keys expiry;
    bool has_priority;
    bool has_qualifies;
};

#define KIND_ROW(place, key_) YAML_KEY(struct rule_keys, kinds[place], key_, YAML_NODE)

/* enum qualifies */
static int read_qualifies(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    enum qualifies *qualifies = field;
    if (yaml_is_text(node, "only")) {
        *qualifies = QUALIFIES_ONLY;
        return 0;
    }
    static const char *const names[] = {"yes", "no", "only", "true", "false", NULL};
    unsigned index = 0;
    const int result = yaml_read_name(binder->errors, node, names, &index);
    *qualifies = index % 3 == 0 ? QUALIFIES_YES : QUALIFIES_NO;
    return result;
}

static const char *const stage_names[] = {"base", "bonus", NULL};

static const struct yaml_field rule_fields[] = {
    YAML_KEY(struct rule_keys, rule.id, "id", YAML_ID, .required = true, .max = ID_BYTES_MAX),
    NAME_ROW(struct rule_keys, rule.name),
    KIND_ROW(0, "spend"),
    KIND_ROW(1, "item"),
    KIND_ROW(2, "visit"),
    KIND_ROW(3, "multiply"),
    KIND_ROW(4, "gives"),
    KIND_ROW(5, "activity"),
    KIND_ROW(6, "occasion"),
    YAML_FIELD(struct rule_keys, card, YAML_NODE),
    YAML_FIELD(struct rule_keys, campaign, YAML_NODE),
    YAML_FIELD(struct rule_keys, basis, YAML_NODE),
    YAML_FIELD(struct rule_keys, stage, YAML_NAME, .names = stage_names),
    YAML_KEY(struct rule_keys, rule.qualifies, "qualifies", YAML_CUSTOM, .read = read_qualifies,
             YAML_PRESENT(struct rule_keys, has_qualifies)),
    YAML_KEY(struct rule_keys, rule.exclusive, "exclusive", YAML_BOOLEAN, .fallback = false),
    YAML_KEY(struct rule_keys, rule.priority, "priority", YAML_INTEGER, .min = 0, .max = PRIORITY_MAX,
             YAML_PRESENT(struct rule_keys, has_priority)),
    YAML_KEY(struct rule_keys, rule.stop, "stop", YAML_BOOLEAN, .fallback = false),
    YAML_FIELD(struct rule_keys, expiry, YAML_STRUCT, .table = &expiry_table,
               YAML_PRESENT(struct rule_keys, rule.has_expiry)),
    YAML_KEY(struct rule_keys, rule.available_after, "available_after", YAML_CUSTOM, .read = read_term,
             YAML_PRESENT(struct rule_keys, rule.has_available_after)),
    LIMITS_ROW(struct rule_keys, rule.limits),
    SELECTOR_ROWS(struct rule_keys, rule.selector),
    CONDITION_ROW(struct rule_keys, rule.when, "when"),
    CONDITION_ROW(struct rule_keys, rule.unless, "unless"),
};
static const struct yaml_table rule_table = {YAML_FIELDS(rule_fields), .size = sizeof(struct rule_keys)};

/* What counts amounts goes with `per`. */
static void check_per(struct loader *loader, const struct yaml_node *node)
{
    static const char *const words[] = {"steps", "from", "to", NULL};
    for (size_t i = 0; words[i] != NULL; i++) {
        const struct yaml_node *key = yaml_get(node, words[i]);
        if (key != NULL) {
            (void)yaml_error(&loader->errors, key, "'%s' is about amounts: expected 'per', too", words[i]);
        }
    }
}

/* The part of an amount that the rule is about. */
static void read_part(struct loader *loader, const struct yaml_node *node, const struct kind_keys *kind,
                      struct rule *rule)
{
    rule->from = kind->from;
    rule->to = kind->to;
    if (!rule_is_per_amount(rule)) {
        check_per(loader, node);
    } else if (kind->to > 0 && kind->to <= kind->from) {
        (void)yaml_error(&loader->errors, yaml_get(node, "to"), "expected more than 'from'");
    } else if (kind->to > 0 && kind->to - kind->from < rule_first_step(rule)) {
        (void)yaml_error(&loader->errors, yaml_get(node, "to"),
                         "so small a part is less than one step: it never gives anything");
    }
}

/* Over which time the part is one of all that is spent. */
static void read_part_window(struct loader *loader, const struct yaml_node *node,
                             const struct kind_keys *kind, struct rule *rule)
{
    const struct yaml_node *window = yaml_get(node, "window");
    const struct yaml_node *days = yaml_get(node, "days");
    rule->has_measure = window != NULL;
    if (kind->from == 0 && kind->to == 0 && (window != NULL || days != NULL)) {
        (void)yaml_error(&loader->errors, window != NULL ? window : days,
                         "a window is one for 'from' and 'to': expected one of them, too");
        return;
    }
    check_window(loader, node, &kind->window);
    if (rule->has_measure) {
        rule->measure = list_measure(loader, node,
                                     (struct measure){.kind = MEASURE_SPEND,
                                                      .selector = rule->selector,
                                                      .window = kind->window.window});
    }
}

static bool read_kind_value(struct loader *loader, const struct yaml_node *node, size_t found,
                            struct rule *rule)
{
    struct kind_keys kind = {.give = 0};
    int result = 0;
    switch (kinds[found].kind) {
    case RULE_SPEND:
    case RULE_ITEM:
    case RULE_VISIT:
    case RULE_ACTIVITY:
    case RULE_OCCASION:
        result = yaml_bind(&loader->binder, node, kinds[found].table, &kind);
        break;
    case RULE_MULTIPLY:
        result = yaml_read_decimal(&loader->errors, node, 3, 0, MULTIPLIER_MAX, &rule->factor);
        break;
    case RULE_GIVES:
        result = read_award(&loader->binder, node, &rule->award);
        break;
    }
    rule->kind = kind.has_award ? RULE_GIVES : kinds[found].kind;
    rule->award = kind.has_award ? kind.award : rule->award;
    rule->occasion = kind.occasion;
    rule->give = kind.give;
    rule->per = kind.per;
    rule->steps = kind.steps;
    rule->item_per = kind.item_per;
    rule->every = kind.every > 0 ? kind.every : 1;
    rule->activity = kind.code;
    if (result == 0 && (rule->kind == RULE_SPEND || rule->kind == RULE_ACTIVITY)) {
        read_part(loader, node, &kind, rule);
    }
    if (result == 0 && rule->kind == RULE_SPEND) {
        read_part_window(loader, node, &kind, rule);
    }
    return loader_ok(loader, result);
}

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
        (void)yaml_error(&loader->errors, node,
                         "expected exactly one of spend, item, visit, multiply, gives, activity, "
                         "occasion");
        return false;
    }
    return read_kind_value(loader, keys->kinds[found], found, &keys->rule);
}

/* Refuses the keys of `node` that are among `words`, for the reason. */
static void refuse_keys(struct loader *loader, const struct yaml_node *node, const char *const *words,
                        const char *why)
{
    for (size_t i = 0; words[i] != NULL && node != NULL; i++) {
        const struct yaml_node *key = yaml_get(node, words[i]);
        if (key != NULL) {
            (void)yaml_error(&loader->errors, key, "%s: no '%s'", why, words[i]);
        }
    }
}

/* An activity has no goods and is not paid: what asks for those never holds. */
static void check_goods(struct loader *loader, const struct yaml_node *node, const char *why)
{
    static const char *const of_goods[] = {"only", "except", "basis", NULL};
    static const char *const of_baskets[] = {"min_spend", "min_quantity", "min_basket", "tenders", NULL};
    refuse_keys(loader, node, of_goods, why);
    refuse_keys(loader, yaml_get(node, "when"), of_baskets, why);
    refuse_keys(loader, yaml_get(node, "unless"), of_baskets, why);
}

/* An occasion comes by itself, on a day, at no till. */
static void check_alone(struct loader *loader, const struct yaml_node *node, const struct rule *rule)
{
    static const char *const why = "an occasion comes by itself, at no till";
    static const char *const of_tills[] = {"hours", "stores", "terminals", "codes", NULL};
    static const char *const of_base[] = {"stage", "exclusive", "stop", NULL};
    static const char *const of_birthday[] = {"birthday", NULL};
    check_goods(loader, node, "an occasion has no goods");
    refuse_keys(loader, yaml_get(node, "when"), of_tills, why);
    refuse_keys(loader, yaml_get(node, "unless"), of_tills, why);
    refuse_keys(loader, node, of_base, "what an occasion gives is always added");
    if (rule->occasion == OCCASION_BIRTHDAY) {
        refuse_keys(loader, yaml_get(node, "when"), of_birthday, "its day is the birthday already");
        refuse_keys(loader, yaml_get(node, "unless"), of_birthday, "its day is the birthday already");
    }
    for (size_t i = 0; i < rule->limits.count; i++) {
        if (rule->limits.items[i].whose == LIMIT_TERMINAL || rule->limits.items[i].whose == LIMIT_STORE) {
            (void)yaml_error(&loader->errors, yaml_get(node, "limits"),
                             "%s: no limit for a terminal or a store", why);
        }
    }
}

/* Keys of the order in which rules give. */
static void check_order(struct loader *loader, const struct yaml_node *node, const struct rule *rule)
{
    static const char *const of_gifts[] = {"stage", "exclusive", "stop", "basis", NULL};
    static const char *const of_base[] = {"exclusive", "stop", NULL};
    const bool gives_amounts = rule->kind != RULE_MULTIPLY && rule->kind != RULE_GIVES;
    for (size_t i = 0; of_gifts[i] != NULL && !gives_amounts; i++) {
        const struct yaml_node *key = yaml_get(node, of_gifts[i]);
        if (key != NULL) {
            (void)yaml_error(&loader->errors, key, "only rules of spend, item, visit or activity have '%s'",
                             of_gifts[i]);
        }
    }
    for (size_t i = 0; of_base[i] != NULL && rule->bonus; i++) {
        const struct yaml_node *key = yaml_get(node, of_base[i]);
        if (key != NULL) {
            (void)yaml_error(&loader->errors, key, "bonus rules always add: '%s' is for base rules",
                             of_base[i]);
        }
    }
}

/* Keys that go with some kinds of rules only. */
static void check_keys(struct loader *loader, const struct yaml_node *node, const struct rule *rule)
{
    if (rule->occasion != OCCASION_NONE) {
        check_alone(loader, node, rule);
    } else {
        check_order(loader, node, rule);
    }
    if (rule->kind == RULE_ACTIVITY) {
        check_goods(loader, node, "an activity has no goods");
    }
    if (rule->stop && loader->programme->combine != COMBINE_SUM) {
        (void)yaml_error(&loader->errors, yaml_get(node, "stop"), "'stop' needs 'points.combine: sum'");
    }
    if (rule->kind == RULE_GIVES && rule->card >= 0) {
        (void)yaml_error(&loader->errors, yaml_get(node, "card"), "a rule with 'gives' gives no stamps");
    }
    if (yaml_get(node, "priority") != NULL && !rule->exclusive) {
        yaml_warning(&loader->errors, yaml_get(node, "priority"),
                     "'priority' decides among rules with 'exclusive: yes' only");
    }
}

/* Why the rule gives no points that could have terms of their own; NULL: it does. */
static const char *no_points(const struct rule *rule)
{
    if (rule->card >= 0) {
        return "stamps have the term of their card";
    }
    if (rule->kind == RULE_GIVES) {
        return "what 'gives' gives has the usual terms";
    }
    if (rule->qualifies == QUALIFIES_ONLY) {
        return "points that only qualify are never held";
    }
    return rule->kind == RULE_MULTIPLY && rule->factor <= 1000 ? "a factor up to 1 adds no points" : NULL;
}

static bool is_days(const struct term *term)
{
    return term->unit == TERM_DAYS && term->round == TERM_EXACT;
}

/* Terms of its own that say nothing, or that no point could meet. */
static void check_terms(struct loader *loader, const struct yaml_node *node, const struct rule_keys *keys,
                        const struct rule *rule)
{
    static const char *const words[] = {"expiry", "available_after", NULL};
    const struct programme *programme = loader->programme;
    const char *const why = no_points(rule);
    for (size_t i = 0; words[i] != NULL && why != NULL; i++) {
        const struct yaml_node *key = yaml_get(node, words[i]);
        if (key != NULL) {
            (void)yaml_error(&loader->errors, key, "%s: expected no '%s'", why, words[i]);
        }
    }
    if (why != NULL || (!rule->has_expiry && !rule->has_available_after)) {
        return;
    }
    if (rule->has_expiry && keys->expiry.inactivity.unit != TERM_NEVER) {
        (void)yaml_error(&loader->errors, yaml_get(node, "expiry"),
                         "points that end without purchases do so for all rules: expected 'after'");
        return;
    }
    const struct term *ends = rule->has_expiry ? &rule->expiry : &programme->expiry;
    const struct term *due = rule->has_available_after ? &rule->available_after : &programme->available_after;
    if (is_days(ends) && is_days(due) && ends->count <= due->count) {
        yaml_warning(&loader->errors, yaml_get(node, rule->has_expiry ? "expiry" : "available_after"),
                     "its points end before they are available: nobody can ever spend them");
    }
}

/* A set stamps its items one by one, and none twice. */
static void check_stamps(struct loader *loader, const struct yaml_node *node, const struct rule *rule)
{
    const struct stamp_card *cards = loader->programme->cards;
    if (cards == NULL || cards[rule->card].distinct == DISTINCT_NOT) {
        return;
    }
    if (rule->kind != RULE_ITEM || rule->give != 1 || rule->every > 1) {
        (void)yaml_error(&loader->errors, node, "a set is stamped item by item: expected 'item: {give: 1}'");
    }
    if (cards[rule->card].distinct == DISTINCT_LABELS && rule->selector.only.labels.count == 0) {
        (void)yaml_error(&loader->errors, node,
                         "a set of labels needs to know which: expected 'only' with 'labels'");
    }
}

/* What the rule names elsewhere in the file. False: noted. */
static bool read_references(struct loader *loader, const struct yaml_node *node, const struct rule_keys *keys,
                            struct rule *rule)
{
    const char *id;
    uint32_t index;
    rule->card = -1;
    rule->campaign = -1;
    if (keys->campaign != NULL) {
        if (!loader_ok(loader, loader_reference(loader, keys->campaign, SECTION_CAMPAIGNS, &id, &index))) {
            return false;
        }
        rule->campaign = (int32_t)index;
    }
    if (keys->card == NULL) {
        return true;
    }
    if (!loader_ok(loader, loader_reference(loader, keys->card, SECTION_CARDS, &id, &index))) {
        return false;
    }
    rule->card = (int32_t)index;
    if (keys->has_qualifies && rule->qualifies != QUALIFIES_NO) {
        (void)yaml_error(&loader->errors, yaml_get(node, "qualifies"),
                         "stamps never count towards levels: expected no, or no 'qualifies' at all");
    }
    rule->qualifies = QUALIFIES_NO;
    check_stamps(loader, node, rule);
    return true;
}

static void read_rule(struct loader *loader, const struct yaml_node *node, void *ret_item)
{
    struct rule_keys keys;
    const bool bound = loader_ok(loader, yaml_bind(&loader->binder, node, &rule_table, &keys));
    keys.rule.award = NO_AWARD;
    if (node->kind != YAML_KIND_MAPPING || (!read_kind(loader, node, &keys) || !bound)) {
        return;
    }
    struct rule rule = keys.rule;
    rule.bonus = keys.stage == 1 || rule.kind == RULE_OCCASION;
    rule.line = node->place.line;
    if (!read_references(loader, node, &keys, &rule)) {
        return;
    }
    rule.basis = loader->programme->basis;
    rule.has_basis = keys.basis != NULL;
    if (keys.basis != NULL) {
        read_rule_basis(loader, keys.basis, &rule.basis);
    }
    rule.expiry = keys.expiry.after;
    check_keys(loader, node, &rule);
    check_terms(loader, node, &keys, &rule);
    check_one_gift(loader, node, &rule.limits, rule.give);
    rule.number = loader_number(loader, node, NUMBER_RULE, rule.id);
    number_limits(&rule.limits, OWNER_RULE, rule.number);
    loader->programme->occasions |= OCCASION_BIT(rule.occasion);
    *(struct rule *)ret_item = rule;
}

/* --- exclusive rules --- */

static void check_exclusive(struct loader *loader, const struct yaml_node *list)
{
    const struct programme *programme = loader->programme;
    const struct yaml_node *node = list->first;
    for (size_t i = 0; i < programme->rules_count; i++, node = node->next) {
        const struct rule *rule = &programme->rules[i];
        for (size_t k = 0; k < i && rule->exclusive; k++) {
            const struct rule *other = &programme->rules[k];
            if (other->exclusive && other->card == rule->card && other->priority == rule->priority &&
                conditions_meet(&other->when, &rule->when)) {
                (void)yaml_error(&loader->errors, node,
                                 "'%s' is exclusive too, with the same priority: expected another one",
                                 other->id);
            }
        }
    }
}

static void check_multipliers(struct loader *loader, const struct yaml_node *list)
{
    const struct programme *programme = loader->programme;
    for (int32_t card = -1; card < (int32_t)programme->cards_count; card++) {
        size_t count = 0;
        for (size_t i = 0; i < programme->rules_count; i++) {
            count += programme->rules[i].kind == RULE_MULTIPLY && programme->rules[i].card == card;
        }
        if (count > MULTIPLIERS_MAX) {
            (void)yaml_error(&loader->errors, list, "more than %d multipliers of the same points or stamps",
                             (int)MULTIPLIERS_MAX);
        }
    }
}

static bool same_term(const struct term *a, const struct term *b)
{
    return a->unit == b->unit && a->count == b->count && a->round == b->round;
}

static bool same_terms(const struct rule *a, const struct rule *b)
{
    return a->has_expiry == b->has_expiry && a->has_available_after == b->has_available_after &&
           same_term(&a->expiry, &b->expiry) && same_term(&a->available_after, &b->available_after);
}

/* Each may open a lot of its own in one purchase. */
static void count_terms(struct loader *loader, const struct yaml_node *list)
{
    const struct programme *programme = loader->programme;
    const struct yaml_node *node = list->first;
    size_t count = 0;
    for (size_t i = 0; i < programme->rules_count; i++, node = node->next) {
        const struct rule *rule = &programme->rules[i];
        bool known = !rule->has_expiry && !rule->has_available_after;
        for (size_t k = 0; k < i && !known; k++) {
            known = same_terms(&programme->rules[k], rule);
        }
        count += !known;
        if (!known && count == RULE_TERMS_MAX + 1) {
            (void)yaml_error(&loader->errors, node, "more than %d different terms of rules' own",
                             (int)RULE_TERMS_MAX);
        }
    }
}

void read_rules(struct loader *loader, const struct yaml_node *list)
{
    struct programme *programme = loader->programme;
    loader_check_ids(loader, SECTION_RULES);
    programme->rules =
        loader_list(loader, list, RULES_MAX, sizeof(struct rule), read_rule, &programme->rules_count);
    if (programme->rules != NULL && loader->errors.error_count == 0) {
        check_exclusive(loader, list);
        check_multipliers(loader, list);
        count_terms(loader, list);
    }
}
