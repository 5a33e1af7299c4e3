/* A quote is what booking then does: over random baskets of some members, with points that pay, rewards and
 * codes, through the ledger and its store. */
#include "lib/chance.h"
#include "lib/house.h"

#include "crypto/card.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PROGRAMME[] =
    "programme: quoted\n"
    "version: 1\n"
    "currency: EUR\n"
    "zone: Europe/Tallinn\n"
    "locales: [en]\n"
    "stores: [{id: shop}]\n"
    "points: {name: [{locale: en, one: star, other: stars}], multipliers: best,\n"
    "         limits: [{max: 400, per: day}]}\n"
    "rules:\n"
    "  - {id: euro, spend: {give: 2, per: 1.00}}\n"
    "  - {id: bread, multiply: 2, only: {categories: [bread]}, limits: [{max: 30, per: day}]}\n"
    "  - {id: large, visit: {give: 50}, when: {min_basket: 40.00}, stage: bonus}\n"
    "  - {id: welcome, visit: {give: 20}, when: {first_purchase: yes}}\n"
    "  - {id: coded, gives: {reward: mug, points: 5}, when: {codes: [MUG]},\n"
    "     limits: [{max: 300, of: times, per: ever, for: all}]}\n"
    "  - {id: stamp, card: lunch, item: {give: 1}, only: {categories: [lunch]}}\n"
    "stamp_cards: [{id: lunch, required: 5, gives: {reward: soup}}]\n"
    "rewards:\n"
    "  - {id: soup, kind: free_item, only: {categories: [lunch]}, max_value: 9.00, cost: 60}\n"
    "  - {id: mug, kind: gift, cost: 90, limits: [{max: 2, of: times, per: day}]}\n"
    "pay_with_points: {points: 10, worth: 1.00, max_share: 50, insufficient: clamp}\n"
    "milestones: [{id: often, visits: 9, window: month, repeat: each_window, gives: {points: 7}}]\n"
    "tiers: {window: rolling, days: 90, crossing: new,\n"
    "        levels: [{id: basic}, {id: gold, qualifying: 900, multiply: 1.5, gives: {reward: mug}}]}\n";

/* Each case is committed to a disk. */
enum { TILL = 2, MEMBERS = 12, LINES = 3, CASES_FEWER = 50 };

static struct house house;

struct basket {
    char number[24];
    struct line lines[LINES];
    const char *codes[1];
    struct redemption redemption;
    struct pay_with_points pay;
    struct event event;
};

static void draw_basket(struct basket *basket, long number)
{
    static const char *const categories[] = {"bread", "lunch", "milk"};
    static const char *const rewards[] = {"soup", "mug"};
    snprintf(basket->number, sizeof(basket->number), "%ld", number);
    basket->event = house_purchase(&house, basket->number, "bread", 0);
    struct purchase *purchase = &basket->event.purchase;
    for (size_t i = 0; i < LINES; i++) {
        basket->lines[i] = (struct line){.category = categories[between(0, 2)],
                                         .quantity = 1000 * between(1, 3),
                                         .gross = between(0, 2500)};
    }
    purchase->lines = basket->lines;
    purchase->lines_count = (size_t)between(1, LINES);
    basket->codes[0] = "MUG";
    purchase->codes = basket->codes;
    purchase->codes_count = one_in(10);
    basket->redemption = (struct redemption){.reward = rewards[between(0, 1)], .units = 1};
    purchase->redemptions = &basket->redemption;
    purchase->redemptions_count = one_in(5);
    basket->pay = (struct pay_with_points){.points = one_in(2) ? 0 : 10 * between(1, 9)};
    purchase->pay_with_points = one_in(5) ? &basket->pay : NULL;
    purchase->redeem_done = one_in(2);
}

/* Asks what it would give; the answer into `quoted`. */
static void ask(const struct event *event, const char *text, struct outcome *quoted)
{
    static uint8_t body_memory[64 * 1024];
    static uint8_t memory[256 * 1024];
    static const uint8_t salt[CARD_SALT_BYTES] = {7};
    uint8_t commitment[HASH_BYTES];
    struct request request = {.kind = REQUEST_QUOTE};
    struct event asked = *event;
    struct card_number card;
    struct arena arena;
    arena_init(&arena, body_memory, sizeof(body_memory));
    assert_int_equal(card_normalise(text, strlen(text), &card), 0);
    crypto_card_commitment(salt, &card, commitment);
    asked.purchase.card = (struct bytes){commitment, sizeof(commitment)};
    request.quote.opening = (struct opening){{salt, sizeof(salt)}, text};
    assert_int_equal(wire_body_pack(&asked, &arena, &request.quote.body), 0);
    house_ask(&house, TILL, &request);
    assert_int_equal(house.reply.kind, REPLY_QUOTED);
    arena_init(&arena, memory, sizeof(memory));
    decision_clear(chance_twin.decision);
    assert_int_equal(wire_outcome_unpack(house.reply.quoted.outcome, &arena, quoted), 0);
}

/* Codes of vouchers are drawn when they are booked. */
static void forget_codes(struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->effects_count; i++) {
        struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_VOUCHER) {
            memset(effect->voucher.code, 0, sizeof(effect->voucher.code));
        }
    }
}

static void a_quote_is_what_is_booked_then(void **state)
{
    static char quoted[SHOP_TEXT_BYTES];
    static char booked[SHOP_TEXT_BYTES];
    (void)state;
    for (long i = 0; i < (chance_cases + CASES_FEWER - 1) / CASES_FEWER; i++) {
        static struct basket basket;
        char card[16];
        chance_begin(i);
        if (one_in(20)) {
            house.now += between(1, 3) * 24 * 60 * 60 * 1000;
        }
        draw_basket(&basket, i);
        snprintf(card, sizeof(card), "card %d", (int)between(1, MEMBERS));
        ask(&basket.event, card, &chance_twin.decision->outcome);
        shop_describe_outcome(chance_twin.decision, quoted);
        house_book(&house, TILL, &basket.event, card);
        assert_int_equal(house.reply.kind, REPLY_BOOKED);
        forget_codes(&house.decision->outcome);
        shop_describe_outcome(house.decision, booked);
        if (strcmp(quoted, booked) != 0) {
            chance_failed("a quote is what is booked then", quoted, booked);
        }
    }
}

/* The house's own runs in circles: so many vouchers would share their codes. */
static void draw_random(void *context, void *data, size_t size)
{
    static uint64_t next = 1;
    (void)context;
    for (size_t i = 0; i < size; i++) {
        next = next * 6364136223846793005U + 1442695040888963407U;
        ((uint8_t *)data)[i] = (uint8_t)(next >> 56);
    }
}

static int open_house(void **state)
{
    (void)state;
    house_open(&house, PROGRAMME, false);
    house.world.random = draw_random;
    assert_int_equal(house_terminal(&house, "shop", "T1"), TILL);
    return 0;
}

static int close_house(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_quote_is_what_is_booked_then, open_house, close_house)};
    return chance_run(tests, 20270202);
}
