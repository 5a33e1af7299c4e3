#include "lib/drawn_file.h"

#include "lib/chance.h"

#include <inttypes.h>

const char *const drawn_file_rewards[] = {"soup", "mug", "five", "tenth", "cake"};
const char *const drawn_file_skus[] = {"1", "2", "3", "4", "5"};
const char *const drawn_file_categories[] = {"bread", "lunch", "milk"};

enum { RULES = 6 };

/* What the programme has, for what refers to it. */
struct file {
    struct text *text;
    int digits; /* of points */
    bool sums;
    bool lapses; /* points end without purchases */
    bool levels;
    bool milestones;
};

static const char *word(const char *const *words, size_t count)
{
    return words[between(0, (int64_t)count - 1)];
}

#define WORD(...)                                                                                            \
    word((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void add_term(struct file *file)
{
    static const char *const rounds[] = {"", "", ", round: end_of_month", ", round: end_of_year"};
    const bool days = one_in(2);
    text_add(file->text, "{%s: %d%s}", days ? "days" : "months",
             days ? (int)between(1, 40) : (int)between(1, 6), rounds[between(0, 3)]);
}

static void add_selector(struct file *file)
{
    if (one_in(3)) {
        text_add(file->text, ", only: {categories: [%s]}", WORD("bread", "lunch", "milk", "bread, milk"));
    } else if (one_in(4)) {
        text_add(file->text, ", except: {labels: [%s]}", WORD("organic", "delivery"));
    }
}

/* `goods`: about the lines of a purchase, too. */
static void add_condition(struct file *file, const char *key, bool goods)
{
    text_add(file->text, ", %s: {", key);
    switch (between(goods ? 0 : 3, 12)) {
    case 0:
        text_add(file->text, "min_spend: %" PRId64 ".50", between(1, 20));
        break;
    case 1:
        text_add(file->text, "min_basket: %" PRId64 ".00", between(1, 40));
        break;
    case 2:
        text_add(file->text, "min_quantity: %" PRId64, between(1, 4));
        break;
    case 3:
        text_add(file->text, "weekdays: [%s]", WORD("mon", "tue, wed, thu", "fri, sat, sun"));
        break;
    case 4:
        text_add(file->text, "hours: [{from: \"%02" PRId64 ":00\", to: \"%02" PRId64 ":30\"}]",
                 between(0, 11), between(12, 23));
        break;
    case 5:
        text_add(file->text, "stores: [%s]", WORD("shop", "web"));
        break;
    case 6:
        text_add(file->text, "codes: [MUG]");
        break;
    case 7:
        text_add(file->text, "first_purchase: yes");
        break;
    case 8:
        text_add(file->text, "days_since_purchase: %" PRId64, between(1, 7));
        break;
    case 9:
        text_add(file->text, "metrics: [{%s, window: %s}]", WORD("visits: 3", "spend: 50.00", "balance: 40"),
                 "lifetime");
        break;
    case 10:
        text_add(file->text, "from: 2025-12-%02" PRId64 ", to: 2026-0%" PRId64 "-15", between(1, 28),
                 between(1, 9));
        break;
    default:
        text_add(file->text, file->levels ? "tiers: [gold]" : "terminals: [T1]");
        break;
    }
    text_add(file->text, "}");
}

/* Limits from the narrow to the wide; `times`: of nothing that is given. */
static void add_limits(struct file *file, bool balance, bool times)
{
    static const char *const pers[] = {"purchase", "day", "week", "month", "year", "ever"};
    int64_t per = between(0, 3);
    int64_t max = between(40, 60);
    text_add(file->text, "limits: [");
    for (int i = 0; i < 2 && per < (int64_t)ARRAY_COUNT(pers); i++) {
        const bool counts = times || one_in(3);
        text_add(file->text, "%s{max: %" PRId64 ", of: %s, per: %s, for: %s%s}", i > 0 ? ", " : "",
                 counts ? between(1, 4) : max, counts ? "times" : "given", pers[per],
                 per == 0 ? "member" : WORD("member", "member", "household", "terminal", "store", "all"),
                 one_in(4) ? ", over: reject" : "");
        per += between(1, 2);
        max += between(0, 200);
    }
    if (balance) {
        text_add(file->text, ", {max: %" PRId64 ", per: balance}", between(100, 900));
    }
    text_add(file->text, "]");
}

static void add_gives(struct file *file)
{
    text_add(file->text, "gives: {reward: %s", drawn_file_rewards[between(0, DRAWN_FILE_REWARDS - 1)]);
    if (one_in(2)) {
        text_add(file->text, ", points: %" PRId64, between(1, 30));
    }
    if (file->levels && one_in(6)) {
        text_add(file->text, ", level: gold, for: {months: 1}");
    }
    text_add(file->text, "}");
}

static void add_kind(struct file *file, int index)
{
    text_add(file->text, "  - {id: r%d, ", index);
    switch (between(0, 2)) {
    case 0:
        text_add(file->text, "spend: {give: %" PRId64 ", per: %" PRId64 ".00, steps: %s%s}", between(1, 9),
                 between(1, 5), WORD("exact", "whole"),
                 WORD("", "", ", from: 8.00", ", to: 20.00", ", from: 5.00, to: 15.00",
                      ", from: 20.00, to: 60.00, window: month"));
        break;
    case 1:
        text_add(file->text, "item: {give: %" PRId64 ", per: %s}", between(1, 5), WORD("unit", "line"));
        break;
    default:
        text_add(file->text, "visit: {give: %" PRId64 "}", between(1, 20));
        break;
    }
    if (one_in(4)) {
        text_add(file->text, ", stage: bonus");
    } else if (one_in(5)) {
        text_add(file->text, ", exclusive: yes, priority: %d", index);
    } else if (file->sums && one_in(6)) {
        text_add(file->text, ", stop: yes");
    }
    if (one_in(5)) {
        text_add(file->text, ", qualifies: %s", WORD("no", "only"));
    }
    if (one_in(6)) {
        text_add(file->text, ", basis: {tax: excluded}");
    }
}

static void add_rule(struct file *file, int index)
{
    const bool award = one_in(6);
    if (award) {
        text_add(file->text, "  - {id: r%d, ", index);
        add_gives(file);
    } else if (one_in(3)) {
        text_add(file->text, "  - {id: r%d, multiply: %s", index, WORD("0", "0.5", "1.5", "2", "3"));
    } else {
        add_kind(file, index);
    }
    add_selector(file);
    if (one_in(2)) {
        add_condition(file, "when", true);
    }
    if (one_in(5)) {
        add_condition(file, "unless", true);
    }
    if (one_in(4)) {
        text_add(file->text, ", campaign: winter");
    }
    if (one_in(3)) {
        text_add(file->text, ", ");
        add_limits(file, false, award);
    }
    text_add(file->text, "}\n");
}

static void add_rules(struct file *file)
{
    text_add(file->text, "rules:\n  - {id: euro, spend: {give: %" PRId64 ", per: 1.00}}\n", between(1, 3));
    for (int i = 0, count = (int)between(1, RULES); i < count; i++) {
        add_rule(file, i);
    }
    text_add(file->text, "  - {id: asked, activity: {give: %" PRId64 ", code: survey%s}", between(1, 30),
             WORD("", ", per: 10", ", per: 1, from: 5, to: 20"));
    if (one_in(2)) {
        add_condition(file, "when", false);
    }
    text_add(file->text, "}\n");
    text_add(file->text, "  - {id: years, occasion: {each: %s, give: %" PRId64 "}}\n",
             WORD("birthday", "anniversary"), between(1, 30));
    text_add(file->text, "  - {id: winter_visit, visit: {give: %" PRId64 "}, stage: bonus, campaign: winter",
             between(1, 9));
    if (!file->lapses && one_in(2)) {
        text_add(file->text, ", expiry: {after: ");
        add_term(file);
        text_add(file->text, "}");
    }
    if (one_in(4)) {
        text_add(file->text, ", available_after: {days: %" PRId64 "}", between(0, 9));
    }
    text_add(file->text, "}\n");
    text_add(file->text, "  - {id: s0, card: c0, %s}\n",
             WORD("visit: {give: 1}", "item: {give: 1}, only: {categories: [bread]}",
                  "spend: {give: 1, per: 5.00}, limits: [{max: 4, per: day}]"));
    text_add(file->text, "  - {id: s1, card: c1, item: {give: 1}, only: {categories: [lunch]}}\n");
    text_add(file->text, "  - {id: s2, card: c2, item: {give: 1}, only: {skus: [1, 2, 3, 4]}}\n");
    text_add(file->text, "campaigns: [{id: winter, ");
    add_limits(file, false, false);
    text_add(file->text, "}]\n");
}

static void add_cards(struct file *file)
{
    text_add(file->text, "stamp_cards:\n  - {id: c0, required: %" PRId64 ", gives: {reward: %s}",
             between(1, 9), drawn_file_rewards[between(0, DRAWN_FILE_REWARDS - 1)]);
    if (one_in(3)) {
        text_add(file->text, ", expiry: ");
        add_term(file);
    }
    text_add(file->text, "}\n  - {id: c1, required: %" PRId64 ", apply: %s, gives: {reward: soup}}\n",
             between(1, 5), WORD("same_purchase", "same_purchase", "voucher"));
    text_add(file->text, "  - {id: c2, distinct: skus, required: %" PRId64 ", gives: {reward: mug}%s}\n",
             between(2, 4), one_in(2) ? ", once: yes" : "");
}

/* Vouchers end soon: a quote tries each that a member has. */
static void add_rewards(struct file *file)
{
    text_add(file->text,
             "rewards:\n  - {id: soup, kind: free_item, only: {categories: [lunch]}, max_value: 9.00");
    text_add(file->text, ", valid: {days: %" PRId64 "}, cost: %" PRId64 "}\n", between(1, 9), between(0, 90));
    text_add(file->text, "  - {id: mug, kind: gift, cost: %" PRId64 ", valid: ", between(1, 90));
    add_term(file);
    text_add(file->text, ", limits: [{max: %" PRId64 ", of: times, per: %s, for: %s}]}\n", between(1, 3),
             WORD("day", "month", "ever"), WORD("member", "store", "all"));
    text_add(file->text,
             "  - {id: five, kind: amount_off, value: 5.00, valid: {days: %" PRId64 "}, cost: %" PRId64,
             between(0, 9), between(1, 90));
    add_selector(file);
    text_add(file->text,
             "}\n  - {id: tenth, kind: percent_off, percent: %" PRId64 ", valid: {days: 3}, cost: %" PRId64,
             between(1, 50), between(1, 90));
    add_condition(file, "when", true);
    text_add(file->text,
             "}\n  - {id: cake, kind: free_item, valid: {days: 5}, cost: %" PRId64
             ", only: {skus: [2, 5]}}\n",
             between(1, 90));
}

static void add_paying(struct file *file)
{
    text_add(file->text, "pay_with_points: {points: %" PRId64 ", worth: %" PRId64 ".00", between(1, 20),
             between(1, 3));
    text_add(file->text, ", minimum: %" PRId64 ", max_share: %" PRId64 ", insufficient: %s}\n",
             between(1, 50), between(10, 100), WORD("clamp", "reject"));
}

static void add_tiers(struct file *file)
{
    static const char *const windows[] = {"lifetime", "calendar_year", "month", "rolling, days: 30"};
    text_add(file->text, "tiers:\n  {window: %s, crossing: %s, falls: %s, downgrade: %s,\n",
             windows[between(0, 3)], WORD("old", "new"), WORD("at_review", "at_once"),
             WORD("full", "one_level"));
    text_add(file->text,
             "   levels: [{id: basic}, {id: silver, qualifying: %" PRId64 ", multiply: %s}, "
             "{id: gold, qualifying: %" PRId64 ", multiply: 2, keep: {%s: %" PRId64
             "}, gives: {reward: %s, points: 3}}]}\n",
             between(20, 90), WORD("1", "1.25", "1.5"), between(100, 400), WORD("qualifying", "visits"),
             between(1, 99), drawn_file_rewards[between(0, 4)]);
}

static void add_points(struct file *file)
{
    text_add(file->text, "points:\n  name: [{locale: en, one: star, other: stars}]\n  decimals: %d\n",
             file->digits);
    text_add(file->text, "  combine: %s\n  multipliers: %s\n  rounding: %s\n  visits: %s\n",
             file->sums ? "sum" : WORD("best", "first"), WORD("multiply", "add", "best"),
             WORD("floor", "half_up", "ceil"), WORD("receipt", "day"));
    if (one_in(3)) {
        text_add(file->text, "  available_after: {days: %" PRId64 "}\n", between(0, 5));
    }
    if (one_in(2)) {
        file->lapses = one_in(2);
        text_add(file->text, "  expiry: {%s: ", file->lapses ? "inactivity" : "after");
        add_term(file);
        text_add(file->text, "}\n");
    }
    if (one_in(2)) {
        text_add(file->text, "  ");
        add_limits(file, one_in(2), false);
        text_add(file->text, "\n");
    }
}

static void add_head(struct file *file)
{
    text_add(file->text,
             "programme: drawn\nversion: 1\ncurrency: EUR\nzone: Europe/Tallinn\nlocales: [en]\n");
    text_add(file->text, "day_starts: \"0%" PRId64 ":00\"\n", between(0, 4));
    text_add(file->text, "stores: [{id: shop}, {id: web, zone: America/New_York}]\nauto_enrol: %s\n",
             WORD("yes", "yes", "yes", "no"));
    text_add(file->text, "bearer_vouchers: %s\nmilestones_at_once: %s\n", WORD("yes", "no"),
             WORD("highest", "all"));
    text_add(file->text, "basis: {tax: %s, discounts: %s, basket_discounts: %s", WORD("included", "excluded"),
             WORD("after", "before"), WORD("spread", "line"));
    text_add(file->text, ", tenders: {points: %s, vouchers: %s, gift_cards: %s}", WORD("exclude", "include"),
             WORD("exclude", "include"), WORD("exclude", "include"));
    text_add(file->text, "%s}\n", one_in(3) ? ", exclude: {labels: [delivery]}" : "");
}

void drawn_file(struct text *text)
{
    struct file file = {.text = text, .digits = (int)between(0, 2), .sums = one_in(2), .levels = !one_in(4)};
    add_head(&file);
    add_points(&file);
    add_rules(&file);
    if (file.levels) {
        add_tiers(&file);
    }
    add_cards(&file);
    add_rewards(&file);
    if (!one_in(4)) {
        add_paying(&file);
    }
    if (one_in(2)) {
        text_add(text,
                 "milestones:\n  - {id: often, visits: %" PRId64
                 ", window: %s, repeat: %s, gives: {points: 7}}\n",
                 between(1, 9), WORD("month", "lifetime", "calendar_year"),
                 WORD("once", "each_window", "each_crossing"));
        text_add(text,
                 "  - {id: streak, visits: 1, window: %s, in_a_row: %" PRId64
                 ", repeat: %s, gives: {points: 5}}\n",
                 WORD("day", "week", "month"), between(2, 4), WORD("once", "each_crossing"));
        text_add(text, "  - {id: rich, balance: %" PRId64 ", repeat: each_crossing, gives: {reward: mug}}\n",
                 between(50, 400));
    }
    text_add(text, "households: {share: [points%s%s]}\n", one_in(2) ? ", tier" : "",
             one_in(2) ? ", stamps" : "");
}
