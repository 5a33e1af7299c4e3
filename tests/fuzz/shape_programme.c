#include "fuzz/shape.h"

#include <string.h>

#include "base/limits.h"

#include <inttypes.h>

enum { LEVELS = 4, CARDS = 3, RULES = 6, REWARDS = 3, PER_RULE_GIVE_MAX = 1000000000 };

/* What the programme drawn has, for what refers to it. */
struct shape {
    struct draw *draw;
    struct text *text;
    int money_digits;
    int points_digits;
    int levels;
    int cards;
};

static void add_decimal(struct shape *shape, int64_t value, int digits)
{
    int64_t unit = 1;
    for (int i = 0; i < digits; i++) {
        unit *= 10;
    }
    text_add(shape->text, "%" PRId64, value / unit);
    if (digits > 0) {
        text_add(shape->text, ".%0*" PRId64, digits, value % unit);
    }
}

static const char *word(struct shape *shape, const char *const *words, size_t count)
{
    return words[draw_below(shape->draw, count)];
}

#define WORD(shape, ...)                                                                                     \
    word((shape), (const char *const[]){__VA_ARGS__},                                                        \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void add_selection(struct shape *shape, const char *key)
{
    text_add(shape->text, "%s: {%s: [%s]}", key, WORD(shape, "categories", "labels", "skus"),
             WORD(shape, "a", "b", "c", "\"a\", b", "\"a\", b, c"));
}

static void add_selector(struct shape *shape)
{
    if (draw_one_in(shape->draw, 3)) {
        text_add(shape->text, ", ");
        add_selection(shape, "only");
    }
    if (draw_one_in(shape->draw, 4)) {
        text_add(shape->text, ", ");
        add_selection(shape, "except");
    }
}

static void add_term(struct shape *shape)
{
    const bool round = draw_one_in(shape->draw, 3);
    switch (draw_below(shape->draw, 3)) {
    case 0:
        text_add(shape->text, "{days: %d", (int)draw_edge(shape->draw, 0, 36500));
        break;
    case 1:
        text_add(shape->text, "{months: %d", (int)draw_edge(shape->draw, 0, 1200));
        break;
    default:
        text_add(shape->text, "{years: %d", (int)draw_edge(shape->draw, 0, 100));
        break;
    }
    text_add(shape->text, "%s%s}", round ? ", round: " : "",
             round ? WORD(shape, "end_of_month", "end_of_quarter", "end_of_year") : "");
}

static void add_condition(struct shape *shape, const char *key)
{
    struct text *text = shape->text;
    text_add(text, ", %s: {", key);
    switch (draw_below(shape->draw, 12)) {
    case 0:
        text_add(text, "min_spend: ");
        add_decimal(shape, draw_edge(shape->draw, 1, AMOUNT_MAX), shape->money_digits);
        break;
    case 1:
        text_add(text, "min_quantity: ");
        add_decimal(shape, draw_edge(shape->draw, 1, QUANTITY_MAX), 3);
        break;
    case 2:
        text_add(text, "min_basket: ");
        add_decimal(shape, draw_edge(shape->draw, 1, AMOUNT_MAX), shape->money_digits);
        break;
    case 3:
        text_add(text, "from: 2026-01-0%d, to: 2026-0%d-01", (int)draw_between(shape->draw, 1, 9),
                 (int)draw_between(shape->draw, 2, 9));
        break;
    case 4:
        text_add(text, "weekdays: [%s]", WORD(shape, "mon", "tue, wed", "sun", "thu, fri, sat"));
        break;
    case 5:
        text_add(text, "hours: [{from: \"%02d:00\", to: \"%02d:30\"}]", (int)draw_between(shape->draw, 0, 23),
                 (int)draw_between(shape->draw, 0, 23));
        break;
    case 6:
        text_add(text, "stores: [%s]", WORD(shape, "shop", "web", "shop, web"));
        break;
    case 7:
        text_add(text, "codes: [%s]", WORD(shape, "SPRING", "STAFF", "SPRING, STAFF"));
        break;
    case 8:
        text_add(text, "%s", WORD(shape, "first_purchase: yes", "days_since_joining: 30"));
        break;
    case 10:
        text_add(text, "segments: [%s]", WORD(shape, "students", "staff", "students, staff"));
        break;
    case 11:
        text_add(text, "birthday: {before: %d, after: %d}", (int)draw_between(shape->draw, 0, 182),
                 (int)draw_between(shape->draw, 0, 182));
        break;
    default:
        if (shape->levels > 0) {
            text_add(text, "tiers: [l%d]", (int)draw_between(shape->draw, 0, shape->levels - 1));
        } else {
            text_add(text, "terminals: [%s]", WORD(shape, "T1", "T2"));
        }
        break;
    }
    text_add(text, "}");
}

/* None where the input has no more bytes. */
static void add_own_terms(struct shape *shape)
{
    if (draw_below(shape->draw, 4) == 3) {
        text_add(shape->text, ", expiry: {after: ");
        add_term(shape);
        text_add(shape->text, "}");
    }
    if (draw_below(shape->draw, 8) == 7) {
        text_add(shape->text, ", available_after: {days: %d}", (int)draw_between(shape->draw, 0, 40));
    }
}

static void add_rule(struct shape *shape, int index)
{
    struct text *text = shape->text;
    struct draw *draw = shape->draw;
    text_add(text, "  - {id: r%d", index);
    const bool stamps = shape->cards > 0 && draw_one_in(draw, 3);
    if (stamps) {
        text_add(text, ", card: c%d", (int)draw_between(draw, 0, shape->cards - 1));
    } else if (draw_one_in(draw, 4)) {
        text_add(text, ", qualifies: no");
    }
    static const char *const kinds[] = {"spend", "item", "visit", "activity", "occasion"};
    const uint64_t kind = draw_below(draw, 5);
    if (!stamps) {
        add_own_terms(shape);
    }
    text_add(text, ", %s: {give: ", kinds[kind]);
    add_decimal(shape, draw_edge(draw, 1, PER_RULE_GIVE_MAX), stamps ? 0 : shape->points_digits);
    if (kind == 0) {
        text_add(text, ", per: ");
        add_decimal(shape, draw_edge(draw, 1, AMOUNT_MAX), shape->money_digits);
        text_add(text, ", steps: %s", WORD(shape, "exact", "whole"));
        if (draw_below(draw, 8) == 7) {
            text_add(text, ", from: ");
            add_decimal(shape, draw_edge(draw, 1, AMOUNT_MAX), shape->money_digits);
            text_add(text, "%s", WORD(shape, "", ", window: month", ", window: rolling, days: 7"));
        }
    } else if (kind == 1) {
        text_add(text, ", per: %s", WORD(shape, "unit", "line"));
    } else if (kind == 3) {
        if (draw_one_in(draw, 2)) {
            text_add(text, ", per: %d, steps: %s", (int)draw_edge(draw, 1, ACTIVITY_AMOUNT_MAX),
                     WORD(shape, "exact", "whole"));
        }
        text_add(text, ", code: %s}, when: {stores: [shop]}}\n", WORD(shape, "survey", "review"));
        return;
    } else if (kind == 4) {
        text_add(text, ", each: %s}, when: {weekdays: [mon, sun]}}\n",
                 WORD(shape, "birthday", "anniversary"));
        return;
    }
    text_add(text, "}");
    add_selector(shape);
    if (draw_one_in(draw, 2)) {
        add_condition(shape, "when");
    }
    if (draw_one_in(draw, 5)) {
        add_condition(shape, "unless");
    }
    text_add(text, "}\n");
}

static void add_tiers(struct shape *shape)
{
    int64_t qualifying = 0;
    bool needs_valid = false;
    text_add(shape->text, "tiers:\n  window: ");
    if (draw_one_in(shape->draw, 3)) {
        text_add(shape->text, "rolling\n  days: %d\n", (int)draw_edge(shape->draw, 1, 3660));
    } else {
        const char *window =
            WORD(shape, "calendar_year", "lifetime", "month", "quarter", "week", "day", "anniversary_year");
        needs_valid = strcmp(window, "anniversary_year") == 0 || strcmp(window, "week") == 0 ||
                      strcmp(window, "day") == 0;
        text_add(shape->text, "%s\n", window);
    }
    if (draw_one_in(shape->draw, 2) || needs_valid) {
        text_add(shape->text, "  valid: ");
        add_term(shape);
        text_add(shape->text, "\n");
    }
    text_add(shape->text, "  downgrade: %s\n  levels:\n", WORD(shape, "full", "one_level"));
    for (int i = 0; i < shape->levels; i++) {
        text_add(shape->text, "    - {id: l%d, multiply: ", i);
        add_decimal(shape, draw_edge(shape->draw, 0, 1000000), 3);
        if (i > 0) {
            qualifying += draw_edge(shape->draw, 1, POINTS_MAX / LEVELS);
            text_add(shape->text, ", qualifying: ");
            add_decimal(shape, qualifying, shape->points_digits);
            text_add(shape->text, ", keep: {");
            if (qualifying > 1 && draw_one_in(shape->draw, 2)) {
                text_add(shape->text, "qualifying: ");
                add_decimal(shape, draw_edge(shape->draw, 1, qualifying - 1), shape->points_digits);
            } else {
                text_add(shape->text, "visits: %d", (int)draw_edge(shape->draw, 1, 1000000));
            }
            text_add(shape->text, "}");
        }
        text_add(shape->text, "}\n");
    }
}

static void add_cards(struct shape *shape)
{
    text_add(shape->text, "stamp_cards:\n");
    for (int i = 0; i < shape->cards; i++) {
        const bool set = draw_one_in(shape->draw, 3);
        const bool same = !set && draw_one_in(shape->draw, 2);
        text_add(shape->text, "  - {id: c%d, required: %d, gives: {reward: w%d}%s%s}\n", i,
                 (int)draw_edge(shape->draw, 1, set ? 64 : 10000),
                 same ? REWARDS : (int)draw_below(shape->draw, REWARDS),
                 set    ? ", distinct: skus"
                 : same ? ", apply: same_purchase"
                        : "",
                 same && draw_one_in(shape->draw, 2) ? ", free_earns: yes" : "");
    }
    text_add(shape->text, "rewards:\n");
    for (int i = 0; i < REWARDS; i++) {
        text_add(shape->text, "  - {id: w%d, kind: %s, valid: ", i, WORD(shape, "gift", "free_item"));
        add_term(shape);
        text_add(shape->text, "}\n");
    }
    text_add(shape->text, "  - {id: w%d, kind: free_item, cost: 5}\n", REWARDS);
}

static void add_head(struct shape *shape)
{
    static const char *const currencies[] = {"JPY", "EUR", "BHD"};
    static const int digits[] = {0, 2, 3};
    struct draw *draw = shape->draw;
    const size_t currency = (draw_below(draw, 3) + 1) % 3;
    shape->money_digits = digits[currency];
    shape->points_digits = (int)draw_below(draw, 3);
    text_add(shape->text, "programme: drawn\nversion: 1\ncurrency: %s\nzone: UTC\nlocales: [en]\n",
             currencies[currency]);
    text_add(shape->text, "stores: [{id: shop}, {id: web}]\nauto_enrol: %s\nbearer_vouchers: %s\n",
             WORD(shape, "yes", "no"), WORD(shape, "yes", "no"));
    text_add(shape->text, "basis: {tax: %s, discounts: %s", WORD(shape, "included", "excluded"),
             WORD(shape, "after", "before"));
    if (draw_one_in(draw, 3)) {
        text_add(shape->text, ", ");
        add_selection(shape, "exclude");
    }
    text_add(shape->text, "}\npoints: {decimals: %d, combine: %s, rounding: %s", shape->points_digits,
             WORD(shape, "sum", "best", "first"), WORD(shape, "floor", "half_up", "ceil"));
    if (draw_one_in(draw, 2)) {
        text_add(shape->text, ", expiry: {after: ");
        add_term(shape);
        text_add(shape->text, "}");
    }
    text_add(shape->text, "}\n");
}

/* The defaults where the input has no more bytes. */
static void add_policies(struct shape *shape)
{
    text_add(shape->text, "returns: {points: %s, spent: %s, negative: %s",
             WORD(shape, "recompute", "prorate", "floor_of_refund", "keep"),
             WORD(shape, "prorate", "when_whole", "keep"),
             WORD(shape, "allow", "clamp", "own_lot", "refuse"));
    text_add(shape->text, ", expired: %s, without_receipt: %s, unknown_receipt: %s, tier: %s}\n",
             WORD(shape, "forgive", "charge"), WORD(shape, "refuse", "by_amount", "review"),
             WORD(shape, "park", "refuse"), WORD(shape, "at_once", "at_review"));
    text_add(shape->text, "moving: {transfer: %s}\n", WORD(shape, "allow", "refuse"));
    text_add(shape->text, "households: {share: [points%s%s]}\n", shape->levels % 2 == 0 ? ", tier" : "",
             shape->cards % 2 == 0 ? ", stamps" : "");
}

void shape_programme(struct draw *draw, struct text *text)
{
    struct shape shape = {.draw = draw, .text = text};
    add_head(&shape);
    shape.levels = (int)draw_below(draw, LEVELS + 1);
    shape.cards = (int)draw_below(draw, CARDS + 1);
    if (shape.levels > 0) {
        add_tiers(&shape);
    }
    if (shape.cards > 0) {
        add_cards(&shape);
    }
    text_add(text, "rules:\n");
    for (int i = 0, rules = 1 + (int)draw_below(draw, RULES); i < rules; i++) {
        add_rule(&shape, i);
    }
    add_policies(&shape);
}
