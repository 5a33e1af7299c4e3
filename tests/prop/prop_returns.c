/* Properties of returns over random programmes, customers and baskets. */
#include "lib/chance.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { RULES = 5, LINES = 4, LEVELS = 3, TODAY = 20454, STEPS = 4 };

static const char *const categories[] = {"bread", "milk"};
static const char *const skus[] = {"1", "2", "3", "4"};

struct drawn {
    struct programme programme;
    struct rule rules[RULES];
    struct limit limits[RULES + 1][2];
    struct level levels[LEVELS];
    struct stamp_card card;
    struct reward reward;
};

static struct limits draw_limits(struct drawn *drawn, size_t place, enum limit_owner owner, uint32_t number)
{
    struct limit *limits = drawn->limits[place];
    const enum limit_per first = one_in(2) ? LIMIT_PURCHASE : LIMIT_DAY;
    for (size_t i = 0; i < 2; i++) {
        limits[i] = (struct limit){.max = between(1, 60),
                                   .per = i == 0 ? first : LIMIT_MONTH,
                                   .whose = one_in(2) ? LIMIT_MEMBER : LIMIT_ALL,
                                   .reject = one_in(3)};
        limits[i].number = limit_number(owner, number, limits[i].of, limits[i].per, limits[i].whose);
    }
    return (struct limits){limits, (size_t)between(0, 2)};
}

static void draw_own_rule(struct drawn *drawn, size_t index)
{
    struct rule *rule = &drawn->rules[index];
    *rule = (struct rule){.id = "rule",
                          .number = (uint32_t)index + 1,
                          .kind = (enum rule_kind)between(RULE_SPEND, RULE_VISIT),
                          .give = between(1, 9),
                          .per = between(50, 400),
                          .steps = one_in(2) ? STEPS_EXACT : STEPS_WHOLE,
                          .item_per = one_in(2) ? PER_UNIT : PER_LINE,
                          .card = one_in(3) ? 0 : -1,
                          .campaign = -1,
                          .award = {.reward = -1}};
    if (rule->card >= 0) {
        rule->kind = RULE_ITEM;
        rule->give = 1;
    } else if (one_in(4)) {
        rule->kind = RULE_MULTIPLY;
        rule->factor = between(0, 3000);
    } else if (one_in(6)) {
        rule->kind = RULE_GIVES;
        rule->award = (struct award){.points = between(0, 9), .reward = one_in(2) ? 0 : -1};
    } else {
        rule->bonus = one_in(4);
    }
    if (one_in(3)) {
        rule->selector.has_only = true;
        rule->selector.only.categories = (struct id_list){&categories[between(0, 1)], 1};
    }
    draw_part(rule);
    draw_own_terms(&drawn->programme, rule);
    rule->when.has_min_spend = one_in(4);
    rule->when.min_spend = between(1, 3000);
    if (one_in(3) && rule->card < 0 && rule->kind != RULE_GIVES) {
        rule->limits = draw_limits(drawn, index, OWNER_RULE, rule->number);
    }
}

static void draw_own_programme(struct drawn *drawn)
{
    static const struct store_place places[] = {{"shop", "UTC", 0}};
    struct programme *programme = &drawn->programme;
    *programme = (struct programme){.id = "drawn",
                                    .version = 1,
                                    .currency = "EUR",
                                    .currency_digits = 2,
                                    .zone = "UTC",
                                    .auto_enrol = true,
                                    .expiry = {TERM_DAYS, (int32_t)between(5, 50), TERM_EXACT},
                                    .rules = drawn->rules,
                                    .rules_count = (size_t)between(1, RULES),
                                    .cards = &drawn->card,
                                    .cards_count = 1,
                                    .rewards = &drawn->reward,
                                    .rewards_count = 1,
                                    .stores = places,
                                    .stores_count = 1,
                                    .max_offline_days = 30};
    if (one_in(3)) {
        programme->available_after = (struct term){TERM_DAYS, (int32_t)between(1, 9), TERM_EXACT};
    }
    programme->returns.ended_lot = (struct term){TERM_DAYS, 30, TERM_EXACT};
    programme->rounding = (unsigned)between(ROUNDING_FLOOR, ROUNDING_CEIL);
    programme->multipliers = (unsigned)between(MULTIPLIERS_MULTIPLY, MULTIPLIERS_BEST);
    drawn->card = (struct stamp_card){.id = "card", .number = 1, .required = between(2, 6)};
    drawn->card.distinct = one_in(3) ? DISTINCT_SKUS : DISTINCT_NOT;
    drawn->reward = (struct reward){.id = "reward", .number = 1, .valid = {TERM_DAYS, 60, TERM_EXACT}};
    if (one_in(3)) {
        programme->limits = draw_limits(drawn, RULES, OWNER_PROGRAMME, 0);
    }
    for (size_t i = 0; i < LEVELS; i++) {
        drawn->levels[i] = (struct level){.id = "level",
                                          .number = (uint32_t)i + 1,
                                          .reach = {.qualifying = (int64_t)i * 40, .has_qualifying = i > 0},
                                          .keep = {.qualifying = between(1, 30), .has_qualifying = true},
                                          .has_keep = i > 0 && one_in(2),
                                          .multiplier = one_in(2) ? 1000 : between(500, 3000),
                                          .award = {.reward = -1, .points = one_in(4) ? between(1, 9) : 0}};
    }
    programme->tiers = (struct tiers){.levels = drawn->levels,
                                      .count = one_in(2) ? LEVELS : 0,
                                      .window = {WINDOW_CALENDAR_YEAR, 0},
                                      .valid = {TERM_YEARS, 1, TERM_END_OF_YEAR},
                                      .grace = {TERM_NEVER, 0, TERM_EXACT},
                                      .crossing_new = one_in(2)};
    for (size_t i = 0; i < programme->rules_count; i++) {
        draw_own_rule(drawn, i);
    }
}

struct basket {
    struct event event;
    struct line lines[LINES];
};

static void draw_basket(struct basket *basket)
{
    static const uint8_t card[HASH_BYTES];
    basket->event = (struct event){.kind = EVENT_PURCHASE};
    struct purchase *purchase = &basket->event.purchase;
    purchase->card = (struct bytes){card, sizeof(card)};
    purchase->receipt.number = "1";
    purchase->lines = basket->lines;
    purchase->lines_count = (size_t)between(1, LINES);
    for (size_t i = 0; i < purchase->lines_count; i++) {
        basket->lines[i] = (struct line){.sku = skus[between(0, 3)],
                                         .category = categories[between(0, 1)],
                                         .quantity = 1000 * between(1, 4),
                                         .gross = one_in(8) ? 0 : between(1, 3000)};
        basket->lines[i].tax = basket->lines[i].gross / 6;
    }
    purchase->basket_discount = one_in(4) ? between(0, 300) : 0;
}

/* A purchase that is booked, as it was decided. */
struct booked_purchase {
    struct basket basket;
    struct engine_past past;
    struct context context;
    struct outcome outcome;
};

static const struct shop_time now = {TODAY, 600, TODAY};

static void keep(const struct shop *from, struct booked_purchase *booked)
{
    const struct outcome *outcome = &from->decision->outcome;
    booked->context = *from->context;
    memcpy(&booked->outcome, outcome, offsetof(struct outcome, effects));
    memcpy(booked->outcome.effects, outcome->effects, outcome->effects_count * sizeof(outcome->effects[0]));
    booked->past = (struct engine_past){.position = from->position,
                                        .decided = from->position,
                                        .programme = from->programme,
                                        .place = from->place,
                                        .event = &booked->basket.event,
                                        .context = &booked->context,
                                        .outcome = &booked->outcome};
}

static struct drawn drawn;
static struct booked_purchase booked;

/* A customer with some history in both shops, and a purchase to return. False where it is too large. */
static bool begin(bool owing)
{
    draw_own_programme(&drawn);
    struct shop *const shops[] = {&chance_shop, &chance_twin};
    struct basket earlier[2];
    const size_t count = (size_t)between(0, 2);
    for (size_t i = 0; i < 2; i++) {
        shops[i]->programme = &drawn.programme;
        shops[i]->past = NULL;
        shops[i]->facts_count = 0;
        shop_empty(shops[i]);
    }
    for (size_t i = 0; i < count; i++) {
        draw_basket(&earlier[i]);
    }
    draw_basket(&booked.basket);
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < count; k++) {
            if (shop_book(shops[i], 0, &earlier[k].event, now) != 0) {
                return false;
            }
        }
    }
    if (count > 0 && owing) {
        const int64_t points = between(1, 30);
        shop_take(&chance_shop, 0, points);
        shop_take(&chance_twin, 0, points);
    }
    return true;
}

static bool buy(void)
{
    if (shop_book(&chance_twin, 0, &booked.basket.event, now) != 0 ||
        shop_book(&chance_shop, 0, &booked.basket.event, now) != 0) {
        return false;
    }
    keep(&chance_shop, &booked);
    chance_shop.past = &booked.past;
    chance_twin.past = &booked.past;
    return true;
}

static int give_back(struct shop *at, const struct return_part *parts, size_t count)
{
    const struct event event = {
        .kind = EVENT_GOODS_RETURN,
        .goods_return = {.has_original = true, .done = true, .parts = parts, .parts_count = count}};
    return shop_book(at, 0, &event, now);
}

static int64_t points_of(const struct member_state *state)
{
    int64_t sum = 0;
    for (size_t i = 0; i < MEMBER_ACCOUNTS; i++) {
        sum += state->balances[i];
    }
    return sum;
}

/* Stamps on the card and in vouchers nobody has used. */
static int64_t stamps_of(const struct member_state *state)
{
    const struct stamps *stamps = member_state_stamps(state, 1);
    int64_t sum = stamps != NULL ? stamps->count : 0;
    for (size_t i = 0; i < state->vouchers_count; i++) {
        sum += state->vouchers[i].card == 1 ? drawn.card.required : 0;
    }
    return sum;
}

static void assert_same(int64_t a, int64_t b, const char *what)
{
    if (a != b) {
        char one[32];
        char other[32];
        snprintf(one, sizeof(one), "%" PRId64 "\n", a);
        snprintf(other, sizeof(other), "%" PRId64 "\n", b);
        chance_failed(what, one, other);
    }
}

static void assert_same_metrics(const struct member_state *a, const struct member_state *b)
{
    assert_same((int64_t)a->metric_days_count, (int64_t)b->metric_days_count, "metric days");
    for (size_t i = 0; i < a->metric_days_count; i++) {
        assert_same(a->metric_days[i].amount, b->metric_days[i].amount, "metric");
    }
}

static void assert_same_items(const struct member_state *a, const struct member_state *b)
{
    assert_same((int64_t)a->items_count, (int64_t)b->items_count, "articles in a set");
    for (size_t i = 0; i < a->items_count; i++) {
        assert_true(a->items[i].item == b->items[i].item);
        assert_same(a->items[i].standing, b->items[i].standing, "standing of an article");
    }
}

static void what_is_kept_depends_on_what_remains_only(void)
{
    struct return_part whole[LINES];
    size_t lines = booked.basket.event.purchase.lines_count;
    if (!begin(one_in(3)) || !buy()) {
        return;
    }
    lines = booked.basket.event.purchase.lines_count;
    const int64_t most = points_of(chance_shop.customers[0]);
    for (size_t i = 0; i < lines; i++) {
        whole[i] = (struct return_part){.line = (uint32_t)i};
    }
    for (int step = 0; step < STEPS; step++) {
        const size_t at = (size_t)between(0, (int64_t)lines - 1);
        const struct return_part part = {.line = (uint32_t)at, .quantity = between(1, 2000)};
        const int64_t left = booked.basket.lines[at].quantity - whole[at].quantity;
        whole[at].quantity += part.quantity < left ? part.quantity : left;
        assert_int_equal(give_back(&chance_shop, &part, 1), 0);
        assert_true(points_of(chance_shop.customers[0]) <= most);
    }
    size_t count = 0;
    for (size_t i = 0; i < lines; i++) {
        if (whole[i].quantity > 0) {
            whole[count++] = whole[i];
        }
    }
    assert_int_equal(give_back(&chance_twin, whole, count), 0);
    assert_same(points_of(chance_shop.customers[0]), points_of(chance_twin.customers[0]), "points");
    assert_same(stamps_of(chance_shop.customers[0]), stamps_of(chance_twin.customers[0]), "stamps");
    assert_same_metrics(chance_shop.customers[0], chance_twin.customers[0]);
    assert_same_items(chance_shop.customers[0], chance_twin.customers[0]);
}

static void assert_same_lots(const struct member_state *a, const struct member_state *b)
{
    assert_same((int64_t)a->lots_count, (int64_t)b->lots_count, "lots");
    for (size_t i = 0; i < a->lots_count; i++) {
        assert_same(a->lots[i].left, b->lots[i].left, "left of a lot");
        assert_same(a->lots[i].until, b->lots[i].until, "end of a lot");
        assert_same(a->lots[i].due, b->lots[i].due, "a lot's day");
        assert_same((int64_t)a->lots[i].origin.position, (int64_t)b->lots[i].origin.position, "lot");
    }
}

static void assert_nothing_left(const struct member_state *after, const struct member_state *before)
{
    assert_memory_equal(after->balances, before->balances, sizeof(before->balances));
    assert_same_lots(after, before);
    assert_same_metrics(after, before);
    assert_same(stamps_of(after), stamps_of(before), "stamps");
    assert_same((int64_t)after->vouchers_count, (int64_t)before->vouchers_count, "vouchers");
    assert_same((int64_t)after->counters_count, (int64_t)before->counters_count, "counters");
    assert_same(after->purchases, before->purchases, "purchases");
}

/* The twin never buys it. */
static void a_purchase_and_its_whole_return_leave_nothing_behind(void)
{
    if (!begin(one_in(3)) || chance_shop.customers_count == 0) {
        return;
    }
    if (shop_book(&chance_shop, 0, &booked.basket.event, now) != 0) {
        return;
    }
    keep(&chance_shop, &booked);
    chance_shop.past = &booked.past;
    struct event event = {.kind = EVENT_GOODS_RETURN,
                          .goods_return = {.has_original = true, .done = true, .whole = true}};
    if (one_in(2)) {
        event = (struct event){.kind = EVENT_VOID_RECEIPT, .void_receipt = {.done = true}};
        drawn.programme.returns.points = (enum return_points)between(RETURN_RECOMPUTE, RETURN_KEEP);
        drawn.programme.returns.negative = (enum return_negative)between(NEGATIVE_ALLOW, NEGATIVE_REFUSE);
    } else if (one_in(2)) {
        const struct return_part part = {.line = 0, .quantity = between(1, 4000)};
        assert_int_equal(give_back(&chance_shop, &part, 1), 0);
    }
    assert_int_equal(shop_book(&chance_shop, 0, &event, now), 0);
    assert_nothing_left(chance_shop.customers[0], chance_twin.customers[0]);
    assert_same_items(chance_shop.customers[0], chance_twin.customers[0]);
    for (size_t i = 0; i < chance_shop.counters_count; i++) {
        const bool known = i < chance_twin.counters_count;
        assert_same(chance_shop.counters[i].used, known ? chance_twin.counters[i].used : 0,
                    "room of a limit");
    }
}

static void give_whole_back(struct shop *at, const struct booked_purchase *of)
{
    const struct event event = {.kind = EVENT_GOODS_RETURN,
                                .goods_return = {.has_original = true, .done = true, .whole = true}};
    at->past = &of->past;
    at->facts_count = 0;
    assert_int_equal(shop_book(at, 0, &event, now), 0);
}

/* What one bought may count only because of the other, such as an article of a set. */
static void receipts_may_come_back_in_any_order(void)
{
    static struct booked_purchase second;
    static struct member_state before;
    if (!begin(one_in(3)) || chance_shop.customers_count == 0) {
        return;
    }
    before = *chance_shop.customers[0];
    draw_basket(&second.basket);
    struct booked_purchase *const bought[] = {&booked, &second};
    for (size_t i = 0; i < 2; i++) {
        if (shop_book(&chance_twin, 0, &bought[i]->basket.event, now) != 0 ||
            shop_book(&chance_shop, 0, &bought[i]->basket.event, now) != 0) {
            return;
        }
        keep(&chance_shop, bought[i]);
    }
    give_whole_back(&chance_shop, &booked);
    give_whole_back(&chance_shop, &second);
    give_whole_back(&chance_twin, &second);
    give_whole_back(&chance_twin, &booked);
    assert_nothing_left(chance_shop.customers[0], &before);
    assert_same_items(chance_twin.customers[0], &before); /* the last one first: all as it was */
    assert_nothing_left(chance_twin.customers[0], &before);
}

static void run(void (*property)(void))
{
    for (long i = 0; i < chance_cases; i++) {
        chance_begin(i);
        property();
    }
}

static void what_is_kept_depends_on_what_remains(void **state)
{
    (void)state;
    run(what_is_kept_depends_on_what_remains_only);
}

static void a_whole_return_leaves_nothing_behind(void **state)
{
    (void)state;
    run(a_purchase_and_its_whole_return_leave_nothing_behind);
}

static void the_order_of_returns_does_not_matter(void **state)
{
    (void)state;
    run(receipts_may_come_back_in_any_order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_order_of_returns_does_not_matter),
                                       cmocka_unit_test(what_is_kept_depends_on_what_remains),
                                       cmocka_unit_test(a_whole_return_leaves_nothing_behind)};
    return chance_run(tests, 1);
}
