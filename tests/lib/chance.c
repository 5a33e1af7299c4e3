#include "lib/chance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shop chance_shop;
struct shop chance_twin;
long chance_cases = 10000;

static uint64_t seed;
static long case_number = -1; /* -1: none yet */
static uint64_t state_of_random;

static uint64_t draw(void)
{
    /* splitmix64 */
    uint64_t z = state_of_random += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

int64_t between(int64_t low, int64_t high)
{
    return low + (int64_t)(draw() % (uint64_t)(high - low + 1));
}

bool one_in(int64_t count)
{
    return between(1, count) == 1;
}

void chance_open(uint64_t fallback)
{
    const char *given = getenv("LOYALTY_SEED");
    const char *count = getenv("LOYALTY_CASES");
    seed = given != NULL ? strtoull(given, NULL, 0) : fallback;
    chance_cases = count != NULL ? strtol(count, NULL, 0) : testing_is_slow() ? 500 : chance_cases;
    printf("LOYALTY_SEED=%" PRIu64 ", %ld cases a property\n", seed, chance_cases);
    shop_open(&chance_shop, NULL);
    shop_open(&chance_twin, NULL);
}

/* Where a property ended: in its last case, or where it failed. */
static void tell_last(void)
{
    if (case_number >= 0) {
        printf("ended after %" PRIu64 " events of case %ld; that alone: LOYALTY_SEED=%" PRIu64
               " LOYALTY_CASES=1\n",
               chance_shop.position, case_number, seed + (uint64_t)case_number);
    }
}

int chance_close(int result)
{
    tell_last();
    shop_close(&chance_twin);
    shop_close(&chance_shop);
    return result;
}

void chance_begin(long number)
{
    if (number == 0) {
        tell_last();
    }
    case_number = number;
    state_of_random = seed + (uint64_t)number;
    state_of_random = draw();
}

/* --- drawing --- */

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

static void draw_condition(struct drawn_programme *drawn, size_t rule, struct condition *condition)
{
    *condition = (struct condition){
        .has_min_spend = one_in(5),
        .min_spend = between(1, 3000),
        .has_min_quantity = one_in(8),
        .min_quantity = between(1, 5000),
        .has_min_basket = one_in(5),
        .min_basket = between(1, 5000),
        .has_from = one_in(8),
        .from = CHANCE_FIRST_DAY + (int32_t)between(0, 100),
        .has_to = one_in(8),
        .to = CHANCE_FIRST_DAY + (int32_t)between(0, 300),
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
        drawn->rule_levels[rule] = (uint32_t)between(1, CHANCE_LEVELS_MAX);
        condition->levels = &drawn->rule_levels[rule];
        condition->levels_count = 1;
    }
}

/* Limits from narrow to wide; those of stamps and of what has no amount bound no balance. */
static struct limits draw_limits(struct drawn_programme *drawn, size_t place, enum limit_owner owner,
                                 uint32_t number, bool points)
{
    struct limit *limits = drawn->limits[place];
    size_t count = 0;
    int64_t per = between(LIMIT_PURCHASE, LIMIT_YEAR);
    while (count < CHANCE_LIMITS_MAX && per <= (points ? LIMIT_BALANCE : LIMIT_EVER)) {
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

static void draw_kind(struct drawn_programme *drawn, size_t index)
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

void draw_own_terms(const struct programme *programme, struct rule *rule)
{
    static const struct term ends[] = {{TERM_DAYS, 3, TERM_EXACT}, {TERM_MONTHS, 1, TERM_END_OF_MONTH}};
    static const struct term due[] = {{TERM_DAYS, 0, TERM_EXACT}, {TERM_DAYS, 5, TERM_EXACT}};
    if (rule->card >= 0 || rule->kind == RULE_GIVES || rule->qualifies == QUALIFIES_ONLY) {
        return;
    }
    rule->has_expiry = !programme->has_inactivity && one_in(4);
    rule->has_available_after = one_in(8);
    rule->expiry = ends[between(0, 1)];
    rule->available_after = due[between(0, 1)];
}

void draw_part(struct rule *rule)
{
    if (rule->kind != RULE_SPEND || !one_in(3)) {
        return;
    }
    rule->from = one_in(3) ? 0 : between(1, 3000);
    rule->to = one_in(3) ? 0 : rule->from + rule_first_step(rule) + between(0, 3000);
}

void draw_rule(struct drawn_programme *drawn, size_t index)
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
    draw_part(rule);
    draw_own_terms(&drawn->programme, rule);
    if (one_in(2)) {
        draw_condition(drawn, index, &rule->when);
    }
    if (one_in(5)) {
        draw_condition(drawn, index, &rule->unless);
    }
}

static void draw_tiers(struct drawn_programme *drawn)
{
    struct tiers *tiers = &drawn->programme.tiers;
    int64_t qualifying = 0;
    tiers->levels = drawn->levels;
    tiers->count = (size_t)between(0, CHANCE_LEVELS_MAX);
    for (size_t i = 0; i < tiers->count; i++) {
        drawn->levels[i] =
            (struct level){.id = "level",
                           .number = (uint32_t)i + 1,
                           .reach = {.qualifying = qualifying, .has_qualifying = qualifying > 0},
                           .award = {.reward = -1}};
        drawn->levels[i].multiplier = one_in(2) ? 1000 : between(0, 3000);
        if (qualifying > 1 && one_in(2)) {
            drawn->levels[i].has_keep = true;
            drawn->levels[i].keep =
                (struct level_metrics){.qualifying = between(1, qualifying - 1), .has_qualifying = true};
        }
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

void draw_programme(struct drawn_programme *drawn)
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
        .rules_count = (size_t)between(1, CHANCE_RULES_MAX),
        .cards = drawn->cards,
        .cards_count = (size_t)between(0, CHANCE_CARDS_MAX),
        .rewards = drawn->rewards,
        .rewards_count = CHANCE_CARDS_MAX,
        .stores = places,
        .stores_count = 2,
        .max_offline_days = 30,
    };
    programme->rounding = (unsigned)between(ROUNDING_FLOOR, ROUNDING_CEIL);
    programme->combine = (unsigned)between(COMBINE_SUM, COMBINE_FIRST);
    programme->multipliers = (unsigned)between(MULTIPLIERS_MULTIPLY, MULTIPLIERS_BEST);
    drawn->campaigns[0] = (struct campaign){.id = "campaign", .number = 1};
    if (one_in(2)) {
        drawn->campaigns[0].limits = draw_limits(drawn, CHANCE_RULES_MAX + 1, OWNER_CAMPAIGN, 1, true);
    }
    if (one_in(3)) {
        programme->limits = draw_limits(drawn, CHANCE_RULES_MAX + 2, OWNER_PROGRAMME, 0, true);
    }
    if (one_in(3)) {
        programme->exclude.except = draw_selection();
    }
    for (size_t i = 0; i < CHANCE_CARDS_MAX; i++) {
        drawn->cards[i] =
            (struct stamp_card){.id = "card", .number = (uint32_t)i + 1, .required = between(4, 12)};
        drawn->cards[i].award.reward = (int32_t)between(0, CHANCE_CARDS_MAX - 1);
        drawn->rewards[i] = (struct reward){.id = "reward", .number = (uint32_t)i + 1, .valid = draw_term()};
    }
    draw_tiers(drawn);
    for (size_t i = 0; i < programme->rules_count; i++) {
        draw_rule(drawn, i);
    }
}

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

void draw_purchase(struct drawn_purchase *bought, int32_t booked_day)
{
    static const uint8_t card[HASH_BYTES];
    *bought = (struct drawn_purchase){.event = {.kind = EVENT_PURCHASE}};
    struct purchase *purchase = &bought->event.purchase;
    purchase->card = (struct bytes){card, sizeof(card)};
    purchase->receipt.store = one_in(3) ? stores[between(0, 1)] : NULL;
    purchase->lines = bought->lines;
    purchase->lines_count = (size_t)between(0, CHANCE_LINES_MAX);
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

void chance_failed(const char *property, const char *a, const char *b)
{
    print_error("%s: case %ld at event %" PRIu64 " of it, and not before; that alone: LOYALTY_SEED=%" PRIu64
                " LOYALTY_CASES=1\n--- one\n%s--- other\n%s",
                property, case_number, chance_shop.position, seed + (uint64_t)case_number, a, b);
    fail();
}

void chance_begin_with(struct drawn_programme *drawn, long number)
{
    chance_begin(number);
    draw_programme(drawn);
    chance_shop.programme = &drawn->programme;
    chance_twin.programme = &drawn->programme;
    shop_empty(&chance_shop);
    shop_empty(&chance_twin);
}

bool chance_book(const struct event *event, const struct event *other, struct shop_time time)
{
    const int err = shop_book(&chance_shop, 0, event, time);
    const int twin_err = shop_book(&chance_twin, 0, other, time);
    assert_int_equal(err, twin_err);
    return err == 0;
}

void chance_compare(const char *property, const char *(*describe)(const struct shop *one, char *text))
{
    static char a[SHOP_TEXT_BYTES];
    static char b[SHOP_TEXT_BYTES];
    if (strcmp(describe(&chance_shop, a), describe(&chance_twin, b)) != 0) {
        chance_failed(property, a, b);
    }
}

const char *chance_outcome(const struct shop *one, char *text)
{
    shop_describe_outcome(one->decision, text);
    return text;
}

const char *chance_effects(const struct shop *one, char *text)
{
    const size_t trace_count = one->decision->trace_count;
    one->decision->trace_count = 0;
    shop_describe_outcome(one->decision, text);
    one->decision->trace_count = trace_count;
    return text;
}

const char *chance_state(const struct shop *one, char *text)
{
    shop_describe_state(one->customers[0], text);
    return text;
}
