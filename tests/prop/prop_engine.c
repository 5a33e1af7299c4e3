/* Properties of the engine over random programmes and customers: what an event gives does not depend on how
 * it came about. */
#include "lib/chance.h"

#include "engine/calendar.h"
#include "model/day.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { EVENTS_A_CASE = 6 };

static int32_t later(int32_t day)
{
    return day + (int32_t)(one_in(5) ? between(0, 400) : between(0, 20));
}

/* What must always hold (balanced entries, sums of zero, the state's invariants, balances as folded) is
 * checked by the shop after every event. */
static void the_same_event_gives_the_same_bytes(void **state)
{
    static struct drawn_programme drawn;
    static struct drawn_purchase bought;
    (void)state;
    for (long i = 0; i < chance_cases; i++) {
        chance_begin_with(&drawn, i);
        int32_t day = CHANCE_FIRST_DAY;
        for (int event = 0; event < EVENTS_A_CASE; event++) {
            day = later(day);
            draw_purchase(&bought, day);
            if (!chance_book(&bought.event, &bought.event, bought.time)) {
                break;
            }
            chance_compare("the same event gives the same bytes", chance_outcome);
            chance_compare("the same event gives the same state", chance_state);
            if (one_in(6)) {
                const int64_t points = between(1, 300);
                shop_take(&chance_shop, 0, points);
                shop_take(&chance_twin, 0, points);
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
    static struct drawn_programme drawn;
    static struct drawn_purchase bought;
    static struct entry_sum one;
    static struct entry_sum many;
    (void)state;
    for (long i = 0; i < chance_cases; i++) {
        chance_begin_with(&drawn, i);
        int32_t day = CHANCE_FIRST_DAY;
        bool decided = true;
        for (int event = 0; event < EVENTS_A_CASE && decided; event++) {
            day += (int32_t)between(0, 10);
            draw_purchase(&bought, day);
            decided = chance_book(&bought.event, &bought.event, bought.time);
        }
        if (!decided || chance_shop.customers_count == 0) {
            continue;
        }
        const int32_t end = day + (int32_t)between(1, 1500);
        memset(&one, 0, sizeof(one));
        memset(&many, 0, sizeof(many));
        shop_settle(&chance_shop, 0, end);
        collect(&chance_shop.decision->outcome, &one);
        while (day < end) {
            const int32_t next = day + (int32_t)between(1, 500);
            day = next < end ? next : end;
            shop_settle(&chance_twin, 0, day);
            collect(&chance_twin.decision->outcome, &many);
        }
        if (memcmp(&one, &many, sizeof(one)) != 0) {
            chance_failed("settling in many steps", "other entries\n", "");
        }
        chance_twin.customers[0]->last_position = chance_shop.customers[0]->last_position;
        chance_compare("settling in many steps", chance_state);
    }
}

/* What the event itself decided, without what fell due with it. */
static const char *decided_text(const struct shop *one, char *text)
{
    struct outcome *outcome = &one->decision->outcome;
    const size_t all = outcome->effects_count;
    static struct effect effects[EFFECTS_MAX];
    memcpy(effects, outcome->effects, all * sizeof(effects[0]));
    outcome->effects_count -= one->settled;
    memmove(outcome->effects, &outcome->effects[one->settled],
            outcome->effects_count * sizeof(outcome->effects[0]));
    shop_describe_outcome(one->decision, text);
    memcpy(outcome->effects, effects, all * sizeof(effects[0]));
    outcome->effects_count = all;
    return text;
}

/* The twin is settled in between, as often as a tick may come. */
static void a_tick_changes_no_later_outcome(void **state)
{
    static struct drawn_programme drawn;
    static struct drawn_purchase bought;
    (void)state;
    for (long i = 0; i < chance_cases; i++) {
        chance_begin_with(&drawn, i);
        int32_t day = CHANCE_FIRST_DAY;
        for (int event = 0; event < EVENTS_A_CASE; event++) {
            const int32_t next = later(day);
            while (day < next && chance_twin.customers_count > 0 && one_in(2)) {
                day = (int32_t)between(day, next);
                shop_settle(&chance_twin, 0, day);
                chance_twin.position--; /* only the position may differ, and here it need not */
            }
            day = next;
            draw_purchase(&bought, day);
            if (!chance_book(&bought.event, &bought.event, bought.time)) {
                break;
            }
            chance_compare("a tick changes no later outcome", decided_text);
            chance_compare("a tick changes no later state", chance_state);
            if (one_in(6)) {
                const int64_t points = between(1, 300);
                shop_take(&chance_shop, 0, points);
                shop_take(&chance_twin, 0, points);
            }
        }
    }
}

static void forget_codes(struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->effects_count; i++) {
        if (outcome->effects[i].kind == EFFECT_VOUCHER) {
            memset(outcome->effects[i].voucher.code, 0, VOUCHER_CODE_BYTES);
        }
    }
}

/* So a quote, for which no codes are drawn, is what is booked then (prop_quote has the whole way). */
static void what_is_drawn_changes_codes_only(void **state)
{
    static struct drawn_programme drawn;
    static struct drawn_purchase bought;
    (void)state;
    chance_twin.salt = 99;
    for (long i = 0; i < chance_cases; i++) {
        chance_begin_with(&drawn, i);
        int32_t day = CHANCE_FIRST_DAY;
        for (int event = 0; event < 3; event++) {
            day = later(day);
            draw_purchase(&bought, day);
            if (!chance_book(&bought.event, &bought.event, bought.time)) {
                break;
            }
            forget_codes(&chance_shop.decision->outcome);
            forget_codes(&chance_twin.decision->outcome);
            chance_compare("what is drawn changes codes only", chance_outcome);
        }
    }
    chance_twin.salt = 0;
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
    static struct drawn_programme drawn;
    static struct drawn_purchase bought;
    static struct drawn_purchase shuffled;
    (void)state;
    for (long i = 0; i < chance_cases; i++) {
        chance_begin_with(&drawn, i);
        draw_purchase(&bought, CHANCE_FIRST_DAY);
        shuffled = bought;
        shuffled.event.purchase.lines = shuffled.lines;
        shuffle(shuffled.lines, shuffled.event.purchase.lines_count);
        if (chance_book(&bought.event, &shuffled.event, bought.time)) {
            chance_compare("the order of lines does not matter", chance_outcome);
        }
    }
}

static void a_rule_that_does_not_apply_changes_nothing(void **state)
{
    static struct drawn_programme drawn;
    static struct drawn_programme more;
    static struct drawn_purchase bought;
    (void)state;
    for (long i = 0; i < chance_cases; i++) {
        chance_begin_with(&drawn, i);
        more = drawn;
        more.programme.rules = more.rules;
        const size_t place = (size_t)between(0, (int64_t)drawn.programme.rules_count);
        memmove(&more.rules[place + 1], &more.rules[place],
                (drawn.programme.rules_count - place) * sizeof(more.rules[0]));
        draw_rule(&more, place);
        more.rules[place].number = 99;
        more.rules[place].limits.count = 0;
        more.rules[place].when.has_to = true;
        more.rules[place].when.to = CHANCE_FIRST_DAY - 100;
        more.rules[place].when.has_from = false;
        more.programme.rules_count++;
        chance_twin.programme = &more.programme;
        for (int event = 0; event < 3; event++) {
            draw_purchase(&bought, CHANCE_FIRST_DAY + event);
            if (!chance_book(&bought.event, &bought.event, bought.time)) {
                break;
            }
            chance_compare("a rule that does not apply changes nothing", chance_effects);
        }
    }
}

static void splitting_a_basket_never_earns_more(void **state)
{
    static struct drawn_programme drawn;
    static struct drawn_purchase bought;
    (void)state;
    for (long i = 0; i < chance_cases; i++) {
        chance_begin_with(&drawn, i);
        draw_purchase(&bought, CHANCE_FIRST_DAY);
        drawn.programme.rules_count = 1;
        drawn.programme.tiers.count = 0;
        drawn.programme.expiry = (struct term){TERM_NEVER, 0, TERM_EXACT};
        drawn.rules[0].kind = RULE_SPEND;
        drawn.rules[0].from = 0; /* a part of an amount is one of a receipt */
        drawn.rules[0].to = 0;
        drawn.rules[0].card = -1;
        drawn.rules[0].limits.count = 0;
        drawn.rules[0].from = 0; /* a part is one of each purchase, as a limit is */
        drawn.rules[0].to = 0;
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
        assert_int_equal(shop_book(&chance_shop, 0, &bought.event, bought.time), 0);
        assert_int_equal(shop_book(&chance_twin, 0, &first, bought.time), 0);
        assert_int_equal(shop_book(&chance_twin, 0, &second, bought.time), 0);
        const int64_t whole = chance_shop.customers[0]->balances[MEMBER_AVAILABLE];
        const int64_t parts = chance_twin.customers[0]->balances[MEMBER_AVAILABLE];
        if (parts > whole || whole > parts + drawn.rules[0].give) {
            char a[64];
            char b[64];
            snprintf(a, sizeof(a), "whole %" PRId64 "\n", whole);
            snprintf(b, sizeof(b), "parts %" PRId64 "\n", parts);
            chance_failed("splitting a basket never earns more", a, b);
        }
    }
}

/* The shares of a basket's discount add up to it, and no line bears more than it costs. */
static void a_discount_on_the_basket_is_spread_to_the_last_cent(void **state)
{
    static struct drawn_programme drawn;
    static struct drawn_purchase bought;
    (void)state;
    for (long i = 0; i < chance_cases; i++) {
        chance_begin_with(&drawn, i);
        draw_purchase(&bought, CHANCE_FIRST_DAY);
        memset(drawn.rules, 0, sizeof(drawn.rules));
        drawn.programme.basis.tax_excluded = false;
        drawn.programme.basis.discounts_before = false;
        drawn.programme.basis.basket_discount_apart = false;
        drawn.programme.basis.tenders_excluded = 0;
        drawn.programme.exclude = (struct selector){0};
        drawn.programme.rules_count = CHANCE_LINES_MAX > CHANCE_RULES_MAX ? 1 : 0;
        drawn.rules[0] = (struct rule){
            .id = "r", .number = 1, .kind = RULE_SPEND, .give = 1, .per = 1, .card = -1, .campaign = -1};
        int64_t gross = 0;
        for (size_t line = 0; line < bought.event.purchase.lines_count; line++) {
            bought.lines[line].gross = bought.lines[line].gross < 0 ? 7 : bought.lines[line].gross;
            gross += bought.lines[line].voided ? 0 : bought.lines[line].gross;
        }
        assert_int_equal(shop_book(&chance_shop, 0, &bought.event, bought.time), 0);
        const int64_t rest = gross - bought.event.purchase.basket_discount;
        assert_int_equal(chance_shop.decision->trace[0].basis, rest > 0 ? rest : 0);
    }
}

/* What counters of a limit stand at, in every period and for everybody. */
static void check_limit(const struct limit *limit)
{
    for (size_t i = 0; i < chance_shop.counters_count; i++) {
        assert_true(chance_shop.counters[i].limit != limit->number ||
                    chance_shop.counters[i].used <= limit->max);
    }
    for (size_t i = 0; i < chance_shop.customers_count; i++) {
        const struct member_state *state = chance_shop.customers[i];
        for (size_t k = 0; k < state->counters_count; k++) {
            assert_true(state->counters[k].used > 0);
            assert_true(state->counters[k].limit != limit->number || state->counters[k].used <= limit->max);
        }
    }
}

static void check_limits(const struct drawn_programme *drawn)
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
    static struct drawn_programme drawn;
    static struct drawn_purchase bought;
    (void)state;
    for (long i = 0; i < chance_cases; i++) {
        chance_begin_with(&drawn, i);
        for (int event = 0; event < EVENTS_A_CASE; event++) {
            draw_purchase(&bought, CHANCE_FIRST_DAY + 2 * event);
            if (shop_book(&chance_shop,
                          (int)between(0, (int64_t)chance_shop.customers_count > 2
                                              ? 2
                                              : (int64_t)chance_shop.customers_count),
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
        cmocka_unit_test(a_tick_changes_no_later_outcome),
        cmocka_unit_test(what_is_drawn_changes_codes_only),
        cmocka_unit_test(the_order_of_lines_does_not_matter),
        cmocka_unit_test(a_rule_that_does_not_apply_changes_nothing),
        cmocka_unit_test(splitting_a_basket_never_earns_more),
        cmocka_unit_test(a_discount_on_the_basket_is_spread_to_the_last_cent),
        cmocka_unit_test(no_limit_is_ever_overshot),
    };
    return chance_run(tests, 20261201);
}
