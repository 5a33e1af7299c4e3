/* Properties of the engine over random programmes and customers. The seed is printed and taken from
 * LOYALTY_SEED; LOYALTY_CASES overrides the number of cases of each property. */
#include "lib/shop.h"

#include "engine/calendar.h"
#include "model/day.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RULES_DRAWN_MAX = 7,
    LINES_DRAWN_MAX = 8,
    LEVELS_DRAWN_MAX = 4,
    CARDS_DRAWN_MAX = 3,
    LIMITS_DRAWN_MAX = 3,
    EVENTS_A_CASE = 6,
    FIRST_DAY = 20454, /* 2026-01-01 */
};

static uint64_t seed;
static uint64_t state_of_random;
static long cases = 10000;
static struct shop shop;
static struct shop twin;

/* --- drawing --- */

static uint64_t draw(void)
{
    /* splitmix64 */
    uint64_t z = state_of_random += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* low..high, both included */
static int64_t between(int64_t low, int64_t high)
{
    return low + (int64_t)(draw() % (uint64_t)(high - low + 1));
}

static bool one_in(int64_t count)
{
    return between(1, count) == 1;
}

static const char *const skus[] = {"1", "2", "3", "4"};
static const char *const categories[] = {"bread", "milk", "coffee"};
static const char *const labels[] = {"organic", "delivery"};
static const char *const codes[] = {"SPRING", "STAFF"};
static const char *const stores[] = {"shop", "web"};

static struct id_list draw_list(const char *const *words, size_t count)
{
    const size_t first = (size_t)between(0, (int64_t)count - 1);
    return one_in(3) ? (struct id_list){words + first, (size_t)between(1, (int64_t)(count - first))}
                     : (struct id_list){NULL, 0};
}

static struct selection draw_selection(void)
{
    return (struct selection){
        .skus = draw_list(skus, ARRAY_COUNT(skus)),
        .categories = draw_list(categories, ARRAY_COUNT(categories)),
        .labels = draw_list(labels, ARRAY_COUNT(labels)),
    };
}

static struct selector draw_selector(void)
{
    struct selector selector = {.has_only = one_in(3)};
    if (selector.has_only) {
        selector.only = draw_selection();
    }
    if (one_in(5)) {
        selector.except = draw_selection();
    }
    return selector;
}

static struct term draw_term(void)
{
    const struct term term = {(enum term_unit)between(TERM_NEVER, TERM_YEARS), (int32_t)between(0, 20),
                              (enum term_round)between(TERM_EXACT, TERM_END_OF_YEAR)};
    return one_in(3) ? (struct term){TERM_DAYS, (int32_t)between(0, 40), TERM_EXACT} : term;
}

/* A programme and all it points to. */
struct drawn {
    struct programme programme;
    struct rule rules[RULES_DRAWN_MAX + 1];
    struct hours hours[RULES_DRAWN_MAX + 1];
    uint32_t rule_levels[RULES_DRAWN_MAX + 1];
    struct level levels[LEVELS_DRAWN_MAX];
    struct stamp_card cards[CARDS_DRAWN_MAX];
    struct reward rewards[CARDS_DRAWN_MAX];
    struct campaign campaigns[1];
    struct limit limits[RULES_DRAWN_MAX + 3][LIMITS_DRAWN_MAX]; /* of rules, the campaign, the programme */
};

static void draw_condition(struct drawn *drawn, size_t rule, struct condition *condition)
{
    *condition = (struct condition){
        .has_min_spend = one_in(5),
        .min_spend = between(1, 3000),
        .has_min_quantity = one_in(8),
        .min_quantity = between(1, 5000),
        .has_min_basket = one_in(5),
        .min_basket = between(1, 5000),
        .has_from = one_in(8),
        .from = FIRST_DAY + (int32_t)between(0, 100),
        .has_to = one_in(8),
        .to = FIRST_DAY + (int32_t)between(0, 300),
        .weekdays = one_in(6) ? (uint8_t)between(1, 127) : 0,
        .stores = one_in(8) ? draw_list(stores, 2) : (struct id_list){0},
        .codes = one_in(8) ? draw_list(codes, 2) : (struct id_list){0},
        .first_purchase = one_in(10),
    };
    if (one_in(8)) {
        drawn->hours[rule] = (struct hours){(int32_t)between(0, 1439), (int32_t)between(0, 1439)};
        condition->hours = &drawn->hours[rule];
        condition->hours_count = 1;
    }
    if (one_in(8)) {
        drawn->rule_levels[rule] = (uint32_t)between(1, LEVELS_DRAWN_MAX);
        condition->levels = &drawn->rule_levels[rule];
        condition->levels_count = 1;
    }
}

/* Limits from narrow to wide; those of stamps and of what has no amount bound no balance. */
static struct limits draw_limits(struct drawn *drawn, size_t place, enum limit_owner owner, uint32_t number,
                                 bool points)
{
    struct limit *limits = drawn->limits[place];
    size_t count = 0;
    int64_t per = between(LIMIT_PURCHASE, LIMIT_YEAR);
    while (count < LIMITS_DRAWN_MAX && per <= (points ? LIMIT_BALANCE : LIMIT_EVER)) {
        struct limit *limit = &limits[count++];
        *limit = (struct limit){
            .of = per != LIMIT_BALANCE && one_in(3) ? LIMIT_TIMES : LIMIT_GIVEN,
            .per = (enum limit_per)per,
            .whose = per == LIMIT_BALANCE ? LIMIT_MEMBER : (enum limit_for)between(LIMIT_MEMBER, LIMIT_ALL),
            .reject = one_in(3),
        };
        limit->max = limit->of == LIMIT_TIMES ? between(1, 3) : between(1, 60);
        limit->number = limit_number(owner, number, limit->of, limit->per, limit->whose);
        per += between(1, 4);
    }
    return (struct limits){limits, count};
}

static void draw_kind(struct drawn *drawn, size_t index)
{
    struct rule *rule = &drawn->rules[index];
    if (one_in(4)) {
        rule->kind = RULE_MULTIPLY;
        rule->factor = one_in(3) ? 1000 * between(0, 3) : between(0, 3000);
    } else if (one_in(8)) {
        rule->kind = RULE_GIVES;
        rule->card = -1;
        rule->award = (struct award){.points = between(0, 5), .reward = (int32_t)between(-1, 1)};
    } else {
        rule->bonus = one_in(4);
        rule->exclusive = !rule->bonus && one_in(6);
        rule->priority = (int32_t)index;
        rule->stop = !rule->bonus && one_in(8);
        rule->has_basis = one_in(8);
        rule->basis = (struct basis){.tax_excluded = one_in(2), .basket_discount_apart = one_in(2)};
    }
    rule->campaign = one_in(4) ? 0 : -1;
    if (one_in(3)) {
        rule->limits =
            draw_limits(drawn, index, OWNER_RULE, rule->number, rule->card < 0 && rule->kind != RULE_GIVES);
    }
}

static void draw_rule(struct drawn *drawn, size_t index)
{
    struct rule *rule = &drawn->rules[index];
    *rule = (struct rule){
        .id = "rule",
        .number = (uint32_t)index + 1,
        .kind = (enum rule_kind)between(RULE_SPEND, RULE_VISIT),
        .give = between(1, 30),
        .per = between(1, 400),
        .steps = (enum rule_steps)between(STEPS_EXACT, STEPS_WHOLE),
        .item_per = (enum rule_per)between(PER_UNIT, PER_LINE),
        .card = drawn->programme.cards_count > 0 && one_in(3)
                    ? (int32_t)between(0, (int64_t)drawn->programme.cards_count - 1)
                    : -1,
        .qualifies = one_in(4) ? (enum qualifies)between(QUALIFIES_NO, QUALIFIES_ONLY) : QUALIFIES_YES,
        .campaign = -1,
        .award = {.reward = -1},
        .selector = draw_selector(),
    };
    if (rule->card >= 0) {
        rule->give = between(1, 2);
        rule->per = 200;
    }
    draw_kind(drawn, index);
    if (one_in(2)) {
        draw_condition(drawn, index, &rule->when);
    }
    if (one_in(5)) {
        draw_condition(drawn, index, &rule->unless);
    }
}

static void draw_tiers(struct drawn *drawn)
{
    struct tiers *tiers = &drawn->programme.tiers;
    int64_t qualifying = 0;
    tiers->levels = drawn->levels;
    tiers->count = (size_t)between(0, LEVELS_DRAWN_MAX);
    for (size_t i = 0; i < tiers->count; i++) {
        drawn->levels[i] = (struct level){.id = "level",
                                          .number = (uint32_t)i + 1,
                                          .qualifying = qualifying,
                                          .has_qualifying = qualifying > 0,
                                          .award = {.reward = -1}};
        drawn->levels[i].multiplier = one_in(2) ? 1000 : between(0, 3000);
        qualifying += between(1, 200);
    }
    tiers->window =
        (struct window){(enum window_kind)between(WINDOW_LIFETIME, WINDOW_ROLLING), (int32_t)between(1, 60)};
    tiers->valid = one_in(2) ? draw_term() : (struct term){TERM_MONTHS, 1, TERM_END_OF_MONTH};
    tiers->downgrade_one = one_in(2);
    tiers->crossing_new = one_in(3);
    tiers->falls_at_once = one_in(4);
    tiers->grace = one_in(3) ? (struct term){TERM_DAYS, (int32_t)between(0, 9), TERM_EXACT}
                             : (struct term){TERM_NEVER, 0, TERM_EXACT};
}

static void draw_programme(struct drawn *drawn)
{
    static const struct store_place places[] = {{"shop", "UTC", 0}, {"web", "UTC", 0}};
    struct programme *programme = &drawn->programme;
    *programme = (struct programme){
        .id = "drawn",
        .version = 1,
        .currency = "EUR",
        .currency_digits = 2,
        .zone = "UTC",
        .auto_enrol = true,
        .basis = {.tax_excluded = one_in(4),
                  .discounts_before = one_in(4),
                  .basket_discount_apart = one_in(6),
                  .tenders_excluded = 1U << TENDER_GIFT_CARD},
        .available_after = one_in(3) ? (struct term){TERM_DAYS, (int32_t)between(0, 20), TERM_EXACT}
                                     : (struct term){TERM_NEVER, 0, TERM_EXACT},
        .has_inactivity = one_in(5),
        .inactivity = {TERM_DAYS, (int32_t)between(0, 30), TERM_EXACT},
        .visits_by_day = one_in(4),
        .campaigns = drawn->campaigns,
        .campaigns_count = 1,
        .expiry = draw_term(),
        .rules = drawn->rules,
        .rules_count = (size_t)between(1, RULES_DRAWN_MAX),
        .cards = drawn->cards,
        .cards_count = (size_t)between(0, CARDS_DRAWN_MAX),
        .rewards = drawn->rewards,
        .rewards_count = CARDS_DRAWN_MAX,
        .stores = places,
        .stores_count = 2,
        .max_offline_days = 30,
    };
    programme->rounding = (unsigned)between(ROUNDING_FLOOR, ROUNDING_CEIL);
    programme->combine = (unsigned)between(COMBINE_SUM, COMBINE_FIRST);
    programme->multipliers = (unsigned)between(MULTIPLIERS_MULTIPLY, MULTIPLIERS_BEST);
    drawn->campaigns[0] = (struct campaign){.id = "campaign", .number = 1};
    if (one_in(2)) {
        drawn->campaigns[0].limits = draw_limits(drawn, RULES_DRAWN_MAX + 1, OWNER_CAMPAIGN, 1, true);
    }
    if (one_in(3)) {
        programme->limits = draw_limits(drawn, RULES_DRAWN_MAX + 2, OWNER_PROGRAMME, 0, true);
    }
    if (one_in(3)) {
        programme->exclude.except = draw_selection();
    }
    for (size_t i = 0; i < CARDS_DRAWN_MAX; i++) {
        drawn->cards[i] =
            (struct stamp_card){.id = "card", .number = (uint32_t)i + 1, .required = between(4, 12)};
        drawn->cards[i].award.reward = (int32_t)between(0, CARDS_DRAWN_MAX - 1);
        drawn->rewards[i] = (struct reward){.id = "reward", .number = (uint32_t)i + 1, .valid = draw_term()};
    }
    draw_tiers(drawn);
    for (size_t i = 0; i < programme->rules_count; i++) {
        draw_rule(drawn, i);
    }
}

/* A purchase and all it points to. */
struct bought {
    struct event event;
    struct shop_time time;
    struct line lines[LINES_DRAWN_MAX];
};

static struct line draw_line(void)
{
    struct line line = {
        .sku = one_in(4) ? NULL : skus[between(0, 3)],
        .category = one_in(6) ? NULL : categories[between(0, 2)],
        .labels = labels,
        .labels_count = (size_t)between(0, 2),
        .quantity = one_in(3) ? between(1, 4000) : 1000 * between(1, 3),
        .gross = one_in(8) ? between(0, 3) : between(0, 3000),
        .discount = one_in(3) ? between(0, 500) : 0,
        .weighed = one_in(5),
        .voided = one_in(10),
    };
    line.tax = one_in(2) ? line.gross / 6 : 0;
    if (one_in(10)) {
        line.gross = -line.gross;
        line.tax = -line.tax;
        line.quantity = one_in(2) ? line.quantity : -line.quantity;
    }
    return line;
}

/* The day of the purchase is at or before `booked_day`, by at most 30 days. */
static void draw_purchase(struct bought *bought, int32_t booked_day)
{
    static const uint8_t card[HASH_BYTES];
    *bought = (struct bought){.event = {.kind = EVENT_PURCHASE}};
    struct purchase *purchase = &bought->event.purchase;
    purchase->card = (struct bytes){card, sizeof(card)};
    purchase->receipt.store = one_in(3) ? stores[between(0, 1)] : NULL;
    purchase->lines = bought->lines;
    purchase->lines_count = (size_t)between(0, LINES_DRAWN_MAX);
    for (size_t i = 0; i < purchase->lines_count; i++) {
        bought->lines[i] = draw_line();
    }
    purchase->basket_discount = one_in(3) ? between(0, 2500) : 0;
    purchase->codes = codes;
    purchase->codes_count = (size_t)between(0, 2);
    bought->time.booked_day = booked_day;
    bought->time.day = booked_day - (one_in(4) ? (int32_t)between(0, 30) : 0);
    bought->time.minute = (int32_t)between(0, 1439);
}

/* --- running --- */

static uint64_t seed_of_case;

static void failed(const char *property, const char *a, const char *b)
{
    print_error("%s: LOYALTY_SEED=%" PRIu64 ", case seed %" PRIu64 "\n--- one\n%s--- other\n%s", property,
                seed, seed_of_case, a, b);
    fail();
}

static void begin_case(struct drawn *drawn)
{
    seed_of_case = draw();
    state_of_random = seed_of_case;
    draw_programme(drawn);
    shop.programme = &drawn->programme;
    twin.programme = &drawn->programme;
    shop_empty(&shop);
    shop_empty(&twin);
}

/* Books the purchase in both shops; they must agree on whether it can be decided. */
static bool book_in_both(const struct event *event, const struct event *other, struct shop_time time)
{
    const int err = shop_book(&shop, 0, event, time);
    const int twin_err = shop_book(&twin, 0, other, time);
    assert_int_equal(err, twin_err);
    return err == 0;
}

static void compare(const char *property, const char *(*describe)(const struct shop *one, char *text))
{
    static char a[SHOP_TEXT_BYTES];
    static char b[SHOP_TEXT_BYTES];
    if (strcmp(describe(&shop, a), describe(&twin, b)) != 0) {
        failed(property, a, b);
    }
}

static const char *outcome_text(const struct shop *one, char *text)
{
    shop_describe_outcome(one->decision, text);
    return text;
}

static const char *state_text(const struct shop *one, char *text)
{
    shop_describe_state(one->customers[0], text);
    return text;
}

static int32_t later(int32_t day)
{
    return day + (int32_t)(one_in(5) ? between(0, 400) : between(0, 20));
}

/* --- properties --- */

/* What must always hold (balanced entries, sums of zero, the state's invariants, balances as folded) is
 * checked by the shop after every event. */
static void the_same_event_gives_the_same_bytes(void **state)
{
    static struct drawn drawn;
    static struct bought bought;
    (void)state;
    for (long i = 0; i < cases; i++) {
        begin_case(&drawn);
        int32_t day = FIRST_DAY;
        for (int event = 0; event < EVENTS_A_CASE; event++) {
            day = later(day);
            draw_purchase(&bought, day);
            if (!book_in_both(&bought.event, &bought.event, bought.time)) {
                break;
            }
            compare("the same event gives the same bytes", outcome_text);
            compare("the same event gives the same state", state_text);
            if (one_in(6)) {
                const int64_t points = between(1, 300);
                shop_take(&shop, 0, points);
                shop_take(&twin, 0, points);
            }
        }
    }
}

/* Entries as they are booked: account, amount, lot, effective time; not the position. */
struct entry_sum {
    size_t count;
    struct {
        uint64_t lot_position;
        uint64_t lot_index;
        uint64_t debit;
        int64_t amount;
        int64_t at;
    } entries[512]; /* without padding: compared byte by byte */
};

static void collect(const struct outcome *outcome, struct entry_sum *sum)
{
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_MOVE) {
            assert_true(sum->count < ARRAY_COUNT(sum->entries));
            sum->entries[sum->count].lot_position = effect->move.lot.position;
            sum->entries[sum->count].lot_index = effect->move.lot.index;
            sum->entries[sum->count].debit = effect->move.debit;
            sum->entries[sum->count].amount = effect->move.amount;
            sum->entries[sum->count++].at = effect->move.effective_at;
        }
    }
}

static void settling_in_one_step_or_in_many_gives_the_same(void **state)
{
    static struct drawn drawn;
    static struct bought bought;
    static struct entry_sum one;
    static struct entry_sum many;
    (void)state;
    for (long i = 0; i < cases; i++) {
        begin_case(&drawn);
        int32_t day = FIRST_DAY;
        bool decided = true;
        for (int event = 0; event < EVENTS_A_CASE && decided; event++) {
            day += (int32_t)between(0, 10);
            draw_purchase(&bought, day);
            decided = book_in_both(&bought.event, &bought.event, bought.time);
        }
        if (!decided || shop.customers_count == 0) {
            continue;
        }
        const int32_t end = day + (int32_t)between(1, 1500);
        memset(&one, 0, sizeof(one));
        memset(&many, 0, sizeof(many));
        shop_settle(&shop, 0, end);
        collect(&shop.decision->outcome, &one);
        while (day < end) {
            const int32_t next = day + (int32_t)between(1, 500);
            day = next < end ? next : end;
            shop_settle(&twin, 0, day);
            collect(&twin.decision->outcome, &many);
        }
        if (memcmp(&one, &many, sizeof(one)) != 0) {
            failed("settling in many steps", "other entries\n", "");
        }
        twin.customers[0]->last_position = shop.customers[0]->last_position;
        compare("settling in many steps", state_text);
    }
}

static void shuffle(struct line *lines, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        const size_t other = (size_t)between(0, (int64_t)i - 1);
        const struct line line = lines[i - 1];
        lines[i - 1] = lines[other];
        lines[other] = line;
    }
}

static void the_order_of_lines_does_not_matter(void **state)
{
    static struct drawn drawn;
    static struct bought bought;
    static struct bought shuffled;
    (void)state;
    for (long i = 0; i < cases; i++) {
        begin_case(&drawn);
        draw_purchase(&bought, FIRST_DAY);
        shuffled = bought;
        shuffled.event.purchase.lines = shuffled.lines;
        shuffle(shuffled.lines, shuffled.event.purchase.lines_count);
        if (book_in_both(&bought.event, &shuffled.event, bought.time)) {
            compare("the order of lines does not matter", outcome_text);
        }
    }
}

/* Outcome without the trace: a rule that does not apply still has its line there. */
static const char *effects_text(const struct shop *one, char *text)
{
    const size_t trace_count = one->decision->trace_count;
    one->decision->trace_count = 0;
    shop_describe_outcome(one->decision, text);
    one->decision->trace_count = trace_count;
    return text;
}

static void a_rule_that_does_not_apply_changes_nothing(void **state)
{
    static struct drawn drawn;
    static struct drawn more;
    static struct bought bought;
    (void)state;
    for (long i = 0; i < cases; i++) {
        begin_case(&drawn);
        more = drawn;
        more.programme.rules = more.rules;
        const size_t place = (size_t)between(0, (int64_t)drawn.programme.rules_count);
        memmove(&more.rules[place + 1], &more.rules[place],
                (drawn.programme.rules_count - place) * sizeof(more.rules[0]));
        draw_rule(&more, place);
        more.rules[place].number = 99;
        more.rules[place].limits.count = 0;
        more.rules[place].when.has_to = true;
        more.rules[place].when.to = FIRST_DAY - 100;
        more.rules[place].when.has_from = false;
        more.programme.rules_count++;
        twin.programme = &more.programme;
        for (int event = 0; event < 3; event++) {
            draw_purchase(&bought, FIRST_DAY + event);
            if (!book_in_both(&bought.event, &bought.event, bought.time)) {
                break;
            }
            compare("a rule that does not apply changes nothing", effects_text);
        }
    }
}

static void splitting_a_basket_never_earns_more(void **state)
{
    static struct drawn drawn;
    static struct bought bought;
    (void)state;
    for (long i = 0; i < cases; i++) {
        begin_case(&drawn);
        draw_purchase(&bought, FIRST_DAY);
        drawn.programme.rules_count = 1;
        drawn.programme.tiers.count = 0;
        drawn.programme.expiry = (struct term){TERM_NEVER, 0, TERM_EXACT};
        drawn.rules[0].kind = RULE_SPEND;
        drawn.rules[0].card = -1;
        drawn.rules[0].limits.count = 0;
        drawn.programme.limits.count = 0;
        drawn.campaigns[0].limits.count = 0;
        drawn.programme.basis.tenders_excluded = 0;
        drawn.rules[0].has_basis = false;
        drawn.rules[0].when = (struct condition){0};
        drawn.rules[0].unless = (struct condition){0};
        struct purchase *purchase = &bought.event.purchase;
        purchase->basket_discount = 0;
        for (size_t line = 0; line < purchase->lines_count; line++) {
            /* What is given back would have to go with what it is given back for. */
            bought.lines[line].gross = bought.lines[line].gross < 0 ? 0 : bought.lines[line].gross;
            bought.lines[line].tax = bought.lines[line].gross / 6;
        }
        struct event first = bought.event;
        struct event second = bought.event;
        first.purchase.lines_count = (size_t)between(0, (int64_t)purchase->lines_count);
        second.purchase.lines += first.purchase.lines_count;
        second.purchase.lines_count -= first.purchase.lines_count;
        assert_int_equal(shop_book(&shop, 0, &bought.event, bought.time), 0);
        assert_int_equal(shop_book(&twin, 0, &first, bought.time), 0);
        assert_int_equal(shop_book(&twin, 0, &second, bought.time), 0);
        const int64_t whole = shop.customers[0]->balances[MEMBER_AVAILABLE];
        const int64_t parts = twin.customers[0]->balances[MEMBER_AVAILABLE];
        if (parts > whole || whole > parts + drawn.rules[0].give) {
            char a[64];
            char b[64];
            snprintf(a, sizeof(a), "whole %" PRId64 "\n", whole);
            snprintf(b, sizeof(b), "parts %" PRId64 "\n", parts);
            failed("splitting a basket never earns more", a, b);
        }
    }
}

/* The shares of a basket's discount add up to it, and no line bears more than it costs. */
static void a_discount_on_the_basket_is_spread_to_the_last_cent(void **state)
{
    static struct drawn drawn;
    static struct bought bought;
    (void)state;
    for (long i = 0; i < cases; i++) {
        begin_case(&drawn);
        draw_purchase(&bought, FIRST_DAY);
        memset(drawn.rules, 0, sizeof(drawn.rules));
        drawn.programme.basis.tax_excluded = false;
        drawn.programme.basis.discounts_before = false;
        drawn.programme.basis.basket_discount_apart = false;
        drawn.programme.basis.tenders_excluded = 0;
        drawn.programme.exclude = (struct selector){0};
        drawn.programme.rules_count = LINES_DRAWN_MAX > RULES_DRAWN_MAX ? 1 : 0;
        drawn.rules[0] = (struct rule){
            .id = "r", .number = 1, .kind = RULE_SPEND, .give = 1, .per = 1, .card = -1, .campaign = -1};
        int64_t gross = 0;
        for (size_t line = 0; line < bought.event.purchase.lines_count; line++) {
            bought.lines[line].gross = bought.lines[line].gross < 0 ? 7 : bought.lines[line].gross;
            gross += bought.lines[line].voided ? 0 : bought.lines[line].gross;
        }
        assert_int_equal(shop_book(&shop, 0, &bought.event, bought.time), 0);
        const int64_t rest = gross - bought.event.purchase.basket_discount;
        assert_int_equal(shop.decision->trace[0].basis, rest > 0 ? rest : 0);
    }
}

/* What counters of a limit stand at, in every period and for everybody. */
static void check_limit(const struct limit *limit)
{
    for (size_t i = 0; i < shop.counters_count; i++) {
        assert_true(shop.counters[i].limit != limit->number || shop.counters[i].used <= limit->max);
    }
    for (size_t i = 0; i < shop.customers_count; i++) {
        const struct member_state *state = shop.customers[i];
        for (size_t k = 0; k < state->counters_count; k++) {
            assert_true(state->counters[k].used > 0);
            assert_true(state->counters[k].limit != limit->number || state->counters[k].used <= limit->max);
        }
    }
}

static void check_limits(const struct drawn *drawn)
{
    const struct programme *programme = &drawn->programme;
    for (size_t i = 0; i < programme->rules_count; i++) {
        for (size_t k = 0; k < programme->rules[i].limits.count; k++) {
            check_limit(&programme->rules[i].limits.items[k]);
        }
    }
    for (size_t k = 0; k < drawn->campaigns[0].limits.count; k++) {
        check_limit(&drawn->campaigns[0].limits.items[k]);
    }
    for (size_t k = 0; k < programme->limits.count; k++) {
        check_limit(&programme->limits.items[k]);
    }
}

static void no_limit_is_ever_overshot(void **state)
{
    static struct drawn drawn;
    static struct bought bought;
    (void)state;
    for (long i = 0; i < cases; i++) {
        begin_case(&drawn);
        for (int event = 0; event < EVENTS_A_CASE; event++) {
            draw_purchase(&bought, FIRST_DAY + 2 * event);
            if (shop_book(
                    &shop,
                    (int)between(0, (int64_t)shop.customers_count > 2 ? 2 : (int64_t)shop.customers_count),
                    &bought.event, bought.time) != 0) {
                break;
            }
            check_limits(&drawn);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_event_gives_the_same_bytes),
        cmocka_unit_test(settling_in_one_step_or_in_many_gives_the_same),
        cmocka_unit_test(the_order_of_lines_does_not_matter),
        cmocka_unit_test(a_rule_that_does_not_apply_changes_nothing),
        cmocka_unit_test(splitting_a_basket_never_earns_more),
        cmocka_unit_test(a_discount_on_the_basket_is_spread_to_the_last_cent),
        cmocka_unit_test(no_limit_is_ever_overshot),
    };
    const char *given = getenv("LOYALTY_SEED");
    const char *count = getenv("LOYALTY_CASES");
    seed = given != NULL ? strtoull(given, NULL, 0) : 20261201;
    cases = count != NULL ? strtol(count, NULL, 0) : cases;
    state_of_random = seed;
    printf("LOYALTY_SEED=%" PRIu64 ", %ld cases a property\n", seed, cases);
    shop_open(&shop, NULL);
    shop_open(&twin, NULL);
    const int result = cmocka_run_group_tests(tests, NULL, NULL);
    shop_close(&twin);
    shop_close(&shop);
    return result;
}
