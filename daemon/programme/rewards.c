/* `rewards`: what a customer can get. `stamp_cards`: what gives it. */
#include "programme/sections.h"

#include "programme/forms.h"
#include "programme/gives.h"
#include "programme/limits.h"

enum {
    PERCENT_MAX = 100 * 1000, /* thousandths of a percent */
    REQUIRED_MAX = 10000,     /* stamps of a card */
    COST_MAX = 1000000000,    /* smallest units of points */
};

/* --- rewards --- */

struct reward_keys {
    struct reward reward;
    int64_t value;
    int64_t percent;
};

static const char *const kind_names[] = {
    [REWARD_FREE_ITEM] = "free_item",
    [REWARD_AMOUNT_OFF] = "amount_off",
    [REWARD_PERCENT_OFF] = "percent_off",
    [REWARD_GIFT] = "gift",
    NULL,
};

static const struct yaml_field reward_fields[] = {
    YAML_KEY(struct reward_keys, reward.id, "id", YAML_ID, .required = true, .max = ID_BYTES_MAX),
    NAME_ROW(struct reward_keys, reward.name),
    YAML_KEY(struct reward_keys, reward.kind, "kind", YAML_NAME, .required = true, .names = kind_names),
    YAML_FIELD(struct reward_keys, value, YAML_MONEY, .min = 1, .max = AMOUNT_MAX),
    YAML_FIELD(struct reward_keys, percent, YAML_DECIMAL, .digits = 3, .min = 1, .max = PERCENT_MAX),
    YAML_KEY(struct reward_keys, reward.max_value, "max_value", YAML_MONEY, .min = 1, .max = AMOUNT_MAX),
    YAML_KEY(struct reward_keys, reward.cheapest, "cheapest", YAML_INTEGER, .min = 1, .max = UNITS_MAX),
    TERM_ROW(struct reward_keys, reward.valid, "valid"),
    YAML_KEY(struct reward_keys, reward.cost, "cost", YAML_POINTS, .min = 0, .max = COST_MAX,
             YAML_PRESENT(struct reward_keys, reward.has_cost)),
    YAML_KEY(struct reward_keys, reward.cost_units, "cost_units", YAML_INTEGER, .min = 1, .max = UNITS_MAX,
             .fallback = 1),
    FUND_FROM_ROW(struct reward_keys, reward.fund_from),
    SELECTOR_ROWS(struct reward_keys, reward.selector),
    CONDITION_ROW(struct reward_keys, reward.when, "when"),
    CONDITION_ROW(struct reward_keys, reward.unless, "unless"),
    LIMITS_ROW(struct reward_keys, reward.limits),
};
static const struct yaml_table reward_table = {YAML_FIELDS(reward_fields),
                                               .size = sizeof(struct reward_keys)};

#define KIND_BIT(kind) (1U << (kind))

/* Which kinds take and which need a key; keys not named here go with every kind. */
static const struct {
    const char *key;
    unsigned takes;
    unsigned needs;
} kind_keys[] = {
    {"value", KIND_BIT(REWARD_AMOUNT_OFF), KIND_BIT(REWARD_AMOUNT_OFF)},
    {"percent", KIND_BIT(REWARD_PERCENT_OFF), KIND_BIT(REWARD_PERCENT_OFF)},
    {"max_value", KIND_BIT(REWARD_FREE_ITEM) | KIND_BIT(REWARD_PERCENT_OFF), 0},
    {"cheapest", KIND_BIT(REWARD_PERCENT_OFF), 0},
    {"only", ~KIND_BIT(REWARD_GIFT), 0},
    {"except", ~KIND_BIT(REWARD_GIFT), 0},
};

static void check_kind(struct loader *loader, const struct yaml_node *node, enum reward_kind kind)
{
    for (size_t i = 0; i < sizeof(kind_keys) / sizeof(kind_keys[0]); i++) {
        const struct yaml_node *value = yaml_get(node, kind_keys[i].key);
        if (value != NULL && (kind_keys[i].takes & KIND_BIT(kind)) == 0) {
            (void)yaml_error(&loader->errors, value, "a reward of kind %s has no '%s'", kind_names[kind],
                             kind_keys[i].key);
        }
        if (value == NULL && (kind_keys[i].needs & KIND_BIT(kind)) != 0) {
            (void)yaml_error(&loader->errors, node, "key '%s' is missing: kind %s needs it", kind_keys[i].key,
                             kind_names[kind]);
        }
    }
    if (kind == REWARD_FREE_ITEM && yaml_get(node, "only") == NULL && yaml_get(node, "max_value") == NULL) {
        yaml_warning(&loader->errors, node,
                     "any item may be free, whatever it costs: 'only' or 'max_value' would bound it");
    }
}

/* Keys about a price go with one. */
static void check_price(struct loader *loader, const struct yaml_node *node, const struct reward *reward)
{
    static const char *const of_price[] = {"cost_units", "fund_from", "limits", NULL};
    for (size_t i = 0; of_price[i] != NULL && !reward->has_cost; i++) {
        const struct yaml_node *key = yaml_get(node, of_price[i]);
        if (key != NULL) {
            yaml_warning(&loader->errors, key,
                         "the reward is not for sale: without 'cost', '%s' says nothing", of_price[i]);
        }
    }
    if (reward->has_cost && reward->cost == 0 && yaml_get(node, "limits") == NULL &&
        yaml_get(node, "when") == NULL) {
        yaml_warning(&loader->errors, yaml_get(node, "cost"),
                     "it is free for everybody, at any time: 'when' or 'limits' would bound it");
    }
}

static void read_reward(struct loader *loader, const struct yaml_node *node, void *ret_item)
{
    struct reward_keys keys;
    if (!loader_ok(loader, yaml_bind(&loader->binder, node, &reward_table, &keys))) {
        return;
    }
    struct reward reward = keys.reward;
    check_kind(loader, node, reward.kind);
    reward.value = reward.kind == REWARD_PERCENT_OFF ? keys.percent : keys.value;
    reward.line = node->place.line;
    check_price(loader, node, &reward);
    reward.number = loader_number(loader, node, NUMBER_REWARD, reward.id);
    number_limits(&reward.limits, OWNER_REWARD, reward.number);
    *(struct reward *)ret_item = reward;
}

void read_rewards(struct loader *loader, const struct yaml_node *list)
{
    struct programme *programme = loader->programme;
    loader_check_ids(loader, SECTION_REWARDS);
    programme->rewards =
        loader_list(loader, list, REWARDS_MAX, sizeof(struct reward), read_reward, &programme->rewards_count);
}

/* --- stamp cards --- */

struct card_keys {
    struct stamp_card card;
    int32_t apply;
    int32_t distinct;
    bool has_distinct;
};

static const char *const apply_names[] = {"voucher", "same_purchase", NULL};
static const char *const distinct_names[] = {"skus", "labels", NULL};

static const struct yaml_field card_fields[] = {
    YAML_KEY(struct card_keys, card.id, "id", YAML_ID, .required = true, .max = ID_BYTES_MAX),
    NAME_ROW(struct card_keys, card.name),
    YAML_KEY(struct card_keys, card.required, "required", YAML_INTEGER, .required = true, .min = 1,
             .max = REQUIRED_MAX),
    YAML_FIELD(struct card_keys, apply, YAML_NAME, .names = apply_names),
    YAML_FIELD(struct card_keys, distinct, YAML_NAME, .names = distinct_names,
               YAML_PRESENT(struct card_keys, has_distinct)),
    YAML_KEY(struct card_keys, card.once, "once", YAML_BOOLEAN, .fallback = false),
    YAML_KEY(struct card_keys, card.free_earns, "free_earns", YAML_BOOLEAN, .fallback = false),
    TERM_ROW(struct card_keys, card.expiry, "expiry"),
    YAML_KEY(struct card_keys, card.award, "gives", YAML_CUSTOM, .required = true, .read = read_award),
};
static const struct yaml_table card_table = {YAML_FIELDS(card_fields), .size = sizeof(struct card_keys)};

/* Free units of the same purchase are units of a free item, and a set has none. */
static void check_same_purchase(struct loader *loader, const struct yaml_node *node,
                                const struct stamp_card *card)
{
    const struct programme *programme = loader->programme;
    const struct yaml_node *at = yaml_get(node, "apply");
    if (card->distinct != DISTINCT_NOT) {
        (void)yaml_error(&loader->errors, at, "a set is complete once: expected 'apply: voucher'");
    }
    if (card->award.reward < 0 ||
        (programme->rewards != NULL && programme->rewards[card->award.reward].id != NULL &&
         programme->rewards[card->award.reward].kind != REWARD_FREE_ITEM)) {
        (void)yaml_error(&loader->errors, at,
                         "only units can be free in the same purchase: expected 'gives' with a reward of "
                         "kind free_item");
    }
}

/* A set is kept item by item. */
static void check_set(struct loader *loader, const struct yaml_node *node, const struct stamp_card *card)
{
    if (card->distinct != DISTINCT_NOT && card->required > SET_REQUIRED_MAX) {
        (void)yaml_error(&loader->errors, yaml_get(node, "required"), "a set has at most %d items",
                         (int)SET_REQUIRED_MAX);
    }
    if (card->free_earns && !card->same_purchase) {
        (void)yaml_error(&loader->errors, yaml_get(node, "free_earns"),
                         "no unit is free at once: expected 'apply: same_purchase'");
    }
}

static void read_card(struct loader *loader, const struct yaml_node *node, void *ret_item)
{
    struct card_keys keys;
    if (!loader_ok(loader, yaml_bind(&loader->binder, node, &card_table, &keys))) {
        return;
    }
    struct stamp_card card = keys.card;
    card.same_purchase = keys.apply == 1;
    card.distinct = !keys.has_distinct ? DISTINCT_NOT : keys.distinct == 0 ? DISTINCT_SKUS : DISTINCT_LABELS;
    card.line = node->place.line;
    if (card.same_purchase) {
        check_same_purchase(loader, node, &card);
    }
    check_set(loader, node, &card);
    card.number = loader_number(loader, node, NUMBER_CARD, card.id);
    *(struct stamp_card *)ret_item = card;
}

void read_cards(struct loader *loader, const struct yaml_node *list)
{
    struct programme *programme = loader->programme;
    loader_check_ids(loader, SECTION_CARDS);
    programme->cards =
        loader_list(loader, list, CARDS_MAX, sizeof(struct stamp_card), read_card, &programme->cards_count);
}
