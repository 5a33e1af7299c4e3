/* Policies: paying with points, reservations, returns, moving points, households. What contradicts each other
 * is looked for at the end, when the whole programme is known. */
#include "programme/sections.h"

#include "model/event.h"
#include "programme/forms.h"

enum {
    GROUP_MAX = 1000000000,       /* smallest units of points */
    SHARE_ALL = 100 * 1000,       /* thousandths of a percent */
    TIMEOUT_MINUTES_MAX = 527040, /* 366 days */
    RESERVATION_TIMEOUT_MINUTES = 15,
    ENDED_LOT_DAYS = 30,
};

int read_fund_from(struct yaml_binder *binder, const struct yaml_node *node, void *field)
{
    static const char *const names[] = {
        [FUND_BALANCE] = "balance", [FUND_BALANCE_AND_THIS_PURCHASE] = "balance_and_this_purchase", NULL};
    unsigned index = 0;
    const int result = yaml_read_name(binder->errors, node, names, &index);
    *(enum fund_from *)field = index == 0 ? FUND_BALANCE : FUND_BALANCE_AND_THIS_PURCHASE;
    return result;
}

/* --- pay_with_points --- */

static const char *const insufficient_names[] = {"reject", "clamp", NULL};

struct paying_keys {
    struct paying_policy paying;
    int32_t insufficient;
};

static const struct yaml_field paying_fields[] = {
    YAML_KEY(struct paying_keys, paying.points, "points", YAML_POINTS, .required = true, .min = 1,
             .max = GROUP_MAX),
    YAML_KEY(struct paying_keys, paying.worth, "worth", YAML_MONEY, .required = true, .min = 1,
             .max = AMOUNT_MAX),
    YAML_KEY(struct paying_keys, paying.minimum, "minimum", YAML_POINTS, .min = 1, .max = POINTS_MAX),
    YAML_KEY(struct paying_keys, paying.max_share, "max_share", YAML_DECIMAL, .digits = 3, .min = 1,
             .max = SHARE_ALL, .fallback = SHARE_ALL),
    YAML_FIELD(struct paying_keys, insufficient, YAML_NAME, .names = insufficient_names),
    YAML_KEY(struct paying_keys, paying.maximum, "maximum", YAML_POINTS, .min = 1, .max = POINTS_MAX),
    FUND_FROM_ROW(struct paying_keys, paying.fund_from),
    SELECTOR_ROWS(struct paying_keys, paying.selector),
    CONDITION_ROW(struct paying_keys, paying.when, "when"),
    CONDITION_ROW(struct paying_keys, paying.unless, "unless"),
};
static const struct yaml_table paying_table = {YAML_FIELDS(paying_fields),
                                               .size = sizeof(struct paying_keys)};

static void check_bounds(struct loader *loader, const struct yaml_node *node,
                         const struct paying_policy *paying)
{
    const struct yaml_node *maximum = yaml_get(node, "maximum");
    const int64_t least = paying->minimum > paying->points ? paying->minimum : paying->points;
    if (maximum != NULL && paying->maximum < least) {
        (void)yaml_error(&loader->errors, maximum,
                         "no points could pay: expected the 'minimum', and one group of 'points', or more");
    }
}

void read_paying(struct loader *loader, const struct yaml_node *node)
{
    struct paying_keys keys;
    if (node == NULL || !loader_ok(loader, yaml_bind(&loader->binder, node, &paying_table, &keys))) {
        return;
    }
    const struct yaml_node *minimum = yaml_get(node, "minimum");
    if (minimum != NULL && keys.paying.minimum % keys.paying.points != 0) {
        yaml_warning(&loader->errors, minimum,
                     "only whole groups of 'points' pay: the next more than this is the minimum");
    }
    check_bounds(loader, node, &keys.paying);
    keys.paying.clamp = keys.insufficient == 1;
    loader->programme->paying = keys.paying;
}

/* --- reservations --- */

struct reservation_keys {
    struct reservation_policy reservations;
    bool has_longest;
};

static const struct yaml_field reservation_fields[] = {
    YAML_KEY(struct reservation_keys, reservations.timeout_minutes, "timeout_minutes", YAML_INTEGER, .min = 0,
             .max = TIMEOUT_MINUTES_MAX, .fallback = RESERVATION_TIMEOUT_MINUTES),
    YAML_KEY(struct reservation_keys, reservations.longest_minutes, "longest_minutes", YAML_INTEGER, .min = 0,
             .max = TIMEOUT_MINUTES_MAX, YAML_PRESENT(struct reservation_keys, has_longest)),
};
static const struct yaml_table reservation_table = {YAML_FIELDS(reservation_fields),
                                                    .size = sizeof(struct reservation_keys)};

static void read_reservations(struct loader *loader, const struct yaml_node *node)
{
    struct reservation_keys keys;
    if (!loader_ok(loader, yaml_bind(&loader->binder, loader_or_nothing(node), &reservation_table, &keys))) {
        return;
    }
    struct reservation_policy *reservations = &keys.reservations;
    if (!keys.has_longest) {
        reservations->longest_minutes = reservations->timeout_minutes;
    } else if (reservations->longest_minutes != 0 &&
               (reservations->timeout_minutes == 0 ||
                reservations->timeout_minutes > reservations->longest_minutes)) {
        (void)yaml_error(&loader->errors, yaml_get(node, "longest_minutes"),
                         "it is shorter than the time-out itself, 'timeout_minutes'");
    }
    loader->programme->reservations = *reservations;
}

/* --- returns --- */

static const char *const points_names[] = {[RETURN_RECOMPUTE] = "recompute",
                                           [RETURN_PRORATE] = "prorate",
                                           [RETURN_FLOOR_OF_REFUND] = "floor_of_refund",
                                           [RETURN_KEEP] = "keep",
                                           [RETURN_WHEN_WHOLE] = "when_whole",
                                           NULL};
static const char *const spent_names[] = {
    [SPENT_PRORATE] = "prorate", [SPENT_WHEN_WHOLE] = "when_whole", [SPENT_KEEP] = "keep", NULL};
static const char *const negative_names[] = {[NEGATIVE_ALLOW] = "allow",
                                             [NEGATIVE_CLAMP] = "clamp",
                                             [NEGATIVE_OWN_LOT] = "own_lot",
                                             [NEGATIVE_REFUSE] = "refuse",
                                             NULL};
static const char *const expired_names[] = {"forgive", "charge", NULL};
static const char *const without_receipt_names[] = {[WITHOUT_RECEIPT_REFUSE] = "refuse",
                                                    [WITHOUT_RECEIPT_BY_AMOUNT] = "by_amount",
                                                    [WITHOUT_RECEIPT_REVIEW] = "review",
                                                    NULL};
static const char *const unknown_receipt_names[] = {"park", "refuse", NULL};
static const char *const tier_names[] = {"at_once", "at_review", NULL};

struct return_keys {
    struct term ended_lot;
    bool has_ended_lot;
    int32_t points;
    int32_t spent;
    int32_t negative;
    int32_t expired;
    int32_t without_receipt;
    int32_t unknown_receipt;
    int32_t tier;
};

static const struct yaml_field return_fields[] = {
    YAML_FIELD(struct return_keys, points, YAML_NAME, .names = points_names),
    YAML_FIELD(struct return_keys, spent, YAML_NAME, .names = spent_names),
    YAML_FIELD(struct return_keys, negative, YAML_NAME, .names = negative_names),
    YAML_FIELD(struct return_keys, expired, YAML_NAME, .names = expired_names),
    YAML_FIELD(struct return_keys, ended_lot, YAML_CUSTOM, .read = read_term,
               YAML_PRESENT(struct return_keys, has_ended_lot)),
    YAML_FIELD(struct return_keys, without_receipt, YAML_NAME, .names = without_receipt_names),
    YAML_FIELD(struct return_keys, unknown_receipt, YAML_NAME, .names = unknown_receipt_names),
    YAML_FIELD(struct return_keys, tier, YAML_NAME, .names = tier_names),
};
static const struct yaml_table return_table = {YAML_FIELDS(return_fields),
                                               .size = sizeof(struct return_keys)};

static void read_returns(struct loader *loader, const struct yaml_node *node)
{
    struct return_keys keys;
    if (!loader_ok(loader, yaml_bind(&loader->binder, loader_or_nothing(node), &return_table, &keys))) {
        return;
    }
    loader->programme->returns = (struct return_policy){
        .points = (enum return_points)keys.points,
        .spent = (enum return_spent)keys.spent,
        .negative = (enum return_negative)keys.negative,
        .charge_expired = keys.expired == 1,
        .ended_lot =
            keys.has_ended_lot ? keys.ended_lot : (struct term){.unit = TERM_DAYS, .count = ENDED_LOT_DAYS},
        .without_receipt = (enum return_without_receipt)keys.without_receipt,
        .refuse_unknown_receipt = keys.unknown_receipt == 1,
        .tier_at_review = keys.tier == 1,
    };
}

/* --- moving, households --- */

static const char *const transfer_names[] = {"refuse", "allow", NULL};
static const char *const transfer_expiry_names[] = {"keep", "reset", NULL};

struct moving_keys {
    int32_t transfer;
    int32_t transfer_expiry;
};

static const struct yaml_field moving_fields[] = {
    YAML_FIELD(struct moving_keys, transfer, YAML_NAME, .names = transfer_names),
    YAML_FIELD(struct moving_keys, transfer_expiry, YAML_NAME, .names = transfer_expiry_names),
};
static const struct yaml_table moving_table = {YAML_FIELDS(moving_fields),
                                               .size = sizeof(struct moving_keys)};

static void read_moving(struct loader *loader, const struct yaml_node *node)
{
    struct moving_keys keys;
    if (node == NULL || !loader_ok(loader, yaml_bind(&loader->binder, node, &moving_table, &keys))) {
        return;
    }
    const struct yaml_node *expiry = yaml_get(node, "transfer_expiry");
    if (expiry != NULL && keys.transfer == 0) {
        yaml_warning(&loader->errors, expiry, "points are not transferred: 'transfer_expiry' says nothing");
    }
    loader->programme->moving =
        (struct moving_policy){.transfer = keys.transfer == 1, .reset_expiry = keys.transfer_expiry == 1};
}

enum { SHARE_POINTS, SHARE_TIER, SHARE_STAMPS };
static const char *const share_names[] = {
    [SHARE_POINTS] = "points", [SHARE_TIER] = "tier", [SHARE_STAMPS] = "stamps", NULL};

struct household_keys {
    uint32_t share;
};

static const struct yaml_field household_fields[] = {
    YAML_FIELD(struct household_keys, share, YAML_NAMES, .required = true, .min = 1, .max = 3,
               .names = share_names),
};
static const struct yaml_table household_table = {YAML_FIELDS(household_fields),
                                                  .size = sizeof(struct household_keys)};

static void read_households(struct loader *loader, const struct yaml_node *node)
{
    struct household_keys keys;
    if (node == NULL || !loader_ok(loader, yaml_bind(&loader->binder, node, &household_table, &keys))) {
        return;
    }
    const struct household_policy households = {.points = (keys.share >> SHARE_POINTS & 1) != 0,
                                                .tier = (keys.share >> SHARE_TIER & 1) != 0,
                                                .stamps = (keys.share >> SHARE_STAMPS & 1) != 0};
    if (!households.points) {
        (void)yaml_error(&loader->errors, yaml_get(node, "share"),
                         "a household shares points at least: expected points among them");
    }
    loader->programme->households = households;
}

void read_policies(struct loader *loader, const struct yaml_node *const nodes[POLICIES])
{
    read_reservations(loader, nodes[POLICY_RESERVATIONS]);
    read_returns(loader, nodes[POLICY_RETURNS]);
    read_moving(loader, nodes[POLICY_MOVING]);
    read_households(loader, nodes[POLICY_HOUSEHOLDS]);
}
