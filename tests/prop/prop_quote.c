/* A quote is what booking then does: drawn baskets and activities of some members under drawn programmes,
 * each asked for and then booked, through the ledger and its store, with points that pay, rewards, vouchers,
 * reservations, codes, households and debts. A quote and its booking stand in one batch, as the store thread
 * may take them; the bytes of the two outcomes must be the same, voucher codes apart. */
#include "lib/chance.h"
#include "lib/crash_vfs.h"
#include "lib/drawn_file.h"
#include "lib/house.h"

#include "wire/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TILL = 2,
    MEMBERS = 16,
    LINES = 5,
    PAIRS = 16,        /* at most, of quote and booking in one batch */
    CASES_A_LOG = 250, /* then another programme */
    KNOWN = 64,        /* vouchers and reservations that the till remembers */
    MEMORY_BYTES = 4 * 1024 * 1024,
    ANSWERS_BYTES = (2 * PAIRS + 1) * LEDGER_REPLY_BYTES_MAX, /* hardly any of it is touched */
};

static struct house house;
static struct arena memory; /* of the batch's requests */
static struct arena answers;
static long receipts; /* numbers given */

/* What the till was told of. */
static struct {
    size_t vouchers_count;
    uint8_t vouchers[KNOWN][VOUCHER_CODE_BYTES];
    int vouchers_card[KNOWN];
    size_t reservations_count;
    uint64_t reservations[KNOWN];
    int reservations_card[KNOWN];
} known;

/* What was met: the cases are worth something only where much of it is there. */
static struct {
    long booked, refused, activities, uses, vouchers, near_misses, exceptions, levels, stamps, households,
        owing;
} met;

struct drawn_event {
    struct event event;
    int card;
    char number[24];
    struct line lines[LINES];
    struct tender tender;
    struct redemption redemptions[2];
    struct pay_with_points pay;
    struct free_units free_units;
};

static void draw_line(struct line *line)
{
    static const char *const labels[] = {"organic", "delivery"};
    *line = (struct line){.sku = one_in(4) ? NULL : drawn_file_skus[between(0, DRAWN_FILE_SKUS - 1)],
                          .category = drawn_file_categories[between(0, DRAWN_FILE_CATEGORIES - 1)],
                          .labels = one_in(2) ? labels : &labels[1],
                          .labels_count = one_in(3),
                          .quantity = one_in(6) ? between(1, 3000) : 1000 * between(1, 3),
                          .gross = one_in(10) ? -between(0, 300) : between(0, 2500),
                          .discount = one_in(6) ? between(0, 200) : 0,
                          .voided = one_in(12)};
    line->weighed = line->quantity % 1000 != 0;
    line->tax = one_in(2) ? line->gross / 6 : 0;
}

static void draw_redemption(struct drawn_event *drawn, struct redemption *redemption)
{
    *redemption = (struct redemption){.units = (uint32_t)between(1, 2)};
    const size_t voucher = (size_t)between(0, KNOWN - 1);
    const size_t reservation = (size_t)between(0, KNOWN - 1);
    if (voucher < known.vouchers_count && one_in(2)) {
        drawn->card = one_in(8) ? drawn->card : known.vouchers_card[voucher];
        redemption->voucher = (struct bytes){known.vouchers[voucher], VOUCHER_CODE_BYTES};
        redemption->units = 1;
    } else if (reservation < known.reservations_count && one_in(2)) {
        drawn->card = known.reservations_card[reservation];
        redemption->reservation = known.reservations[reservation];
        redemption->units = 1;
    } else {
        redemption->reward = drawn_file_rewards[between(0, DRAWN_FILE_REWARDS - 1)];
    }
}

static void draw_redemptions(struct drawn_event *drawn, struct purchase *purchase)
{
    purchase->redemptions = drawn->redemptions;
    purchase->redemptions_count = one_in(3) ? (size_t)between(1, 2) : 0;
    for (size_t i = 0; i < purchase->redemptions_count; i++) {
        draw_redemption(drawn, &drawn->redemptions[i]);
    }
    drawn->pay = (struct pay_with_points){.points = one_in(2) ? 0 : between(1, 90)};
    purchase->pay_with_points = one_in(5) ? &drawn->pay : NULL;
    purchase->redeem_done = one_in(2);
    drawn->free_units = (struct free_units){.card = "c1", .units = 1, .charged = one_in(2)};
    purchase->free_units = &drawn->free_units;
    purchase->free_units_count = purchase->lines_count > 0 && one_in(8);
}

static void draw_purchase_at_till(struct drawn_event *drawn)
{
    static const char *const codes[] = {"MUG"};
    struct event *event = &drawn->event;
    struct purchase *purchase = &event->purchase;
    snprintf(drawn->number, sizeof(drawn->number), "%ld", ++receipts);
    event->kind = EVENT_PURCHASE;
    purchase->receipt = (struct receipt){.store = one_in(4) ? "web" : NULL,
                                         .business_date = (int32_t)(event->occurred_at / 86400000),
                                         .number = drawn->number};
    purchase->lines = drawn->lines;
    purchase->lines_count = (size_t)between(0, LINES);
    for (size_t i = 0; i < purchase->lines_count; i++) {
        draw_line(&drawn->lines[i]);
    }
    purchase->basket_discount = one_in(6) ? between(0, 500) : 0;
    purchase->cash_rounding = one_in(8) ? between(-2, 2) : 0;
    purchase->codes = codes;
    purchase->codes_count = one_in(5);
    drawn->tender = (struct tender){.kind = TENDER_GIFT_CARD, .amount = between(0, 2000)};
    purchase->tenders = &drawn->tender;
    purchase->tenders_count = one_in(5);
    draw_redemptions(drawn, purchase);
}

/* Card 0 is none. */
static void draw_event(struct drawn_event *drawn)
{
    *drawn = (struct drawn_event){.card = one_in(12) ? 0 : (int)between(1, MEMBERS)};
    drawn->event.occurred_at = house.now - (one_in(5) ? between(0, 20 * 24) * 3600 * 1000 : 0);
    if (one_in(10)) {
        drawn->card = (int)between(1, MEMBERS);
        drawn->event.kind = EVENT_ACTIVITY;
        drawn->event.activity.code = one_in(4) ? "nothing" : "survey";
        drawn->event.activity.amount = one_in(2) ? 0 : between(1, 60);
    } else {
        draw_purchase_at_till(drawn);
    }
}

/* One batch: `requests` are what the ledger gets, in this order; every second of a pair books. */
struct batch {
    size_t count;
    struct request requests[2 * PAIRS];
    struct ledger_job jobs[2 * PAIRS];
    struct ledger_result results[2 * PAIRS];
    int cards[PAIRS];
};

static const char *card_text(int card, char text[16])
{
    snprintf(text, 16, "card %d", card);
    return card == 0 ? NULL : text;
}

static void add_job(struct batch *batch, const struct request *request)
{
    const size_t at = batch->count++;
    batch->requests[at] = *request;
    batch->jobs[at] = (struct ledger_job){.request = &batch->requests[at], .tag = at, .principal = TILL};
}

static void add_pair(struct batch *batch)
{
    static struct drawn_event drawn;
    char text[16];
    draw_event(&drawn);
    const struct request book = house_sign(&house, TILL, house.sequences[TILL] + batch->count / 2,
                                           &drawn.event, card_text(drawn.card, text), &memory);
    struct request quote = {.id = 4, .kind = REQUEST_QUOTE};
    quote.quote.body = book.book.body;
    quote.quote.opening = book.book.opening;
    met.activities += drawn.event.kind == EVENT_ACTIVITY;
    batch->cards[batch->count / 2] = drawn.card;
    add_job(batch, &quote);
    add_job(batch, &book);
}

static void run_batch(struct batch *batch)
{
    size_t done;
    assert_int_equal(ledger_run(house.ledger, batch->jobs, batch->count, &answers, batch->results, &done), 0);
    assert_int_equal(done, batch->count);
}

static void remember(const struct outcome *outcome, uint64_t position, int card)
{
    met.booked += outcome->code == CODE_ACCEPTED;
    met.refused += outcome->code != CODE_ACCEPTED;
    met.uses += outcome->uses_count > 0;
    met.near_misses += outcome->near_misses_count > 0;
    met.exceptions += outcome->exceptions_count > 0;
    met.owing += outcome->has_balances && outcome->balances.accounts[MEMBER_AVAILABLE] < 0;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        met.levels += effect->kind == EFFECT_LEVEL;
        met.stamps += effect->kind == EFFECT_STAMPS;
        if (effect->kind == EFFECT_VOUCHER) {
            const size_t at = (size_t)met.vouchers++ % KNOWN;
            memcpy(known.vouchers[at], effect->voucher.code, VOUCHER_CODE_BYTES);
            known.vouchers_card[at] = card;
            known.vouchers_count += known.vouchers_count == at;
        } else if (effect->kind == EFFECT_RESERVATION) {
            const size_t at =
                known.reservations_count < KNOWN ? known.reservations_count++ : position % KNOWN;
            known.reservations[at] = position;
            known.reservations_card[at] = card;
        }
    }
}

/* Codes of vouchers are drawn when they are booked. */
static void forget_codes(struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->effects_count; i++) {
        if (outcome->effects[i].kind == EFFECT_VOUCHER) {
            memset(outcome->effects[i].voucher.code, 0, VOUCHER_CODE_BYTES);
        }
    }
}

static void tell_difference(struct bytes quoted_bytes, size_t before)
{
    static char quoted[SHOP_TEXT_BYTES];
    static char booked[SHOP_TEXT_BYTES];
    decision_clear(chance_twin.decision);
    assert_int_equal(wire_outcome_unpack(quoted_bytes, &house.scratch, &chance_twin.decision->outcome), 0);
    shop_describe_outcome(chance_twin.decision, quoted);
    shop_describe_outcome(house.decision, booked);
    print_error("after %zu other quotes and bookings of this log\n", before);
    chance_failed("a quote is what is booked then", quoted, booked);
}

static void read_reply(const struct ledger_result *result, struct reply *reply)
{
    struct bytes frame;
    assert_int_equal(frame_parse(result->reply, FRAME_OPERATOR_BYTES_MAX, &frame), 1);
    assert_int_equal(wire_reply_unpack(frame, &house.scratch, reply), 0);
}

/* Takes what was booked, from `result`, to house.decision. */
static void read_booked(const struct ledger_result *result)
{
    struct reply reply;
    read_reply(result, &reply);
    assert_int_equal(reply.kind, REPLY_BOOKED);
    assert_int_equal(wire_booked_unpack(reply.booked.booked, &house.scratch, &house.booked), 0);
    decision_clear(house.decision);
    assert_int_equal(wire_outcome_unpack(house.booked.outcome, &house.scratch, &house.decision->outcome), 0);
}

static void compare(struct batch *batch, size_t before)
{
    for (size_t i = 0; i < batch->count; i += 2) {
        struct outcome *outcome = &house.decision->outcome;
        struct reply quoted;
        struct bytes bytes;
        arena_reset(&house.scratch);
        read_reply(&batch->results[i], &quoted);
        if (quoted.kind != REPLY_QUOTED) {
            fail_msg("a quote is refused: %s", quoted.failure.text);
        }
        read_booked(&batch->results[i + 1]);
        remember(outcome, house.booked.position, batch->cards[i / 2]);
        forget_codes(outcome);
        assert_int_equal(wire_outcome_pack(outcome, &house.scratch, &bytes), 0);
        if (!bytes_equal(bytes, quoted.quoted.outcome)) {
            tell_difference(quoted.quoted.outcome, before + i / 2);
        }
    }
    house.sequences[TILL] += batch->count / 2;
}

/* --- what else happens --- */

static void reserve(void)
{
    char text[16];
    const int card = (int)between(1, MEMBERS);
    struct event event = {.occurred_at = house.now, .kind = EVENT_RESERVE, .reserve = {.units = 1}};
    if (one_in(2)) {
        event.reserve.points = true;
        event.reserve.amount = between(0, 60);
    } else {
        event.reserve.reward = drawn_file_rewards[between(0, DRAWN_FILE_REWARDS - 1)];
    }
    house_book(&house, TILL, &event, card_text(card, text));
    assert_int_equal(house.reply.kind, REPLY_BOOKED);
    remember(&house.decision->outcome, house.booked.position, card);
}

static void adjust(void)
{
    struct event event = {.occurred_at = house.now,
                          .kind = EVENT_ADJUSTMENT,
                          .adjustment = {.member = (uint32_t)between(1, MEMBERS),
                                         .reason = "by hand",
                                         .points = between(-200, 300),
                                         .may_owe = true,
                                         .until = -1,
                                         .level_until = -1}};
    house_book(&house, HOUSE_ADMIN, &event, NULL);
}

/* Members are numbered as they come, so that this may name a household, or nobody. */
static void join(void)
{
    static uint32_t home;
    struct event event = {.occurred_at = house.now, .kind = EVENT_HOUSEHOLD};
    event.household.member = (uint32_t)between(1, MEMBERS);
    event.household.leaves = one_in(4);
    event.household.household = event.household.leaves || one_in(2) ? 0 : home;
    house_book(&house, HOUSE_ADMIN, &event, NULL);
    for (size_t i = 0; i < house.decision->outcome.effects_count; i++) {
        const struct effect *effect = &house.decision->outcome.effects[i];
        if (effect->kind == EFFECT_HOUSEHOLD && effect->household.household != 0) {
            home = effect->household.household;
            met.households++;
        }
    }
}

static void go_on(void)
{
    house.now += one_in(3) ? between(0, 4 * 24 * 60) * 60 * 1000 : between(0, 600) * 1000;
    if (one_in(2)) {
        reserve();
    }
    if (one_in(3)) {
        adjust();
    }
    if (one_in(6)) {
        join();
    }
}

/* --- running --- */

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

static void run_log(const char *yaml, long cases)
{
    static struct batch batch;
    memset(&known, 0, sizeof(known));
    crash_vfs_reset(1);
    house_open(&house, yaml, false);
    house.world.random = draw_random;
    assert_int_equal(house_terminal(&house, "shop", "T1"), TILL);
    for (long i = 0; i < cases;) {
        const int64_t pairs = between(1, cases - i < PAIRS ? cases - i : PAIRS);
        arena_reset(&memory);
        batch.count = 0;
        while (batch.count < 2 * (size_t)pairs) {
            add_pair(&batch);
        }
        run_batch(&batch);
        compare(&batch, (size_t)i);
        i += pairs;
        go_on();
    }
    house_close(&house);
    crash_vfs_free();
}

static void a_quote_is_what_is_booked_then(void **state)
{
    static char yaml[DRAWN_FILE_BYTES];
    (void)state;
    for (long done = 0, log = 0; done < chance_cases; done += CASES_A_LOG, log++) {
        struct text text;
        chance_begin(log);
        text_init(&text, yaml, sizeof(yaml));
        drawn_file(&text);
        assert_false(text.cut);
        run_log(yaml, chance_cases - done < CASES_A_LOG ? chance_cases - done : CASES_A_LOG);
    }
    printf("booked %ld, refused %ld, of activities %ld; with something used %ld, near misses %ld, exceptions "
           "%ld, owing %ld; vouchers %ld, stamps %ld, levels %ld, households %ld\n",
           met.booked, met.refused, met.activities, met.uses, met.near_misses, met.exceptions, met.owing,
           met.vouchers, met.stamps, met.levels, met.households);
    assert_true(met.booked > chance_cases / 2 && met.uses > chance_cases / 50);
    assert_true(met.activities > 0 && met.near_misses > 0 && met.exceptions > 0 && met.owing > 0);
    assert_true(met.vouchers > 0 && met.stamps > 0 && met.levels > 0 && met.households > 0);
}

static int setup(void **state)
{
    (void)state;
    temporary_vfs = CRASH_VFS;
    arena_init(&memory, malloc(MEMORY_BYTES), MEMORY_BYTES);
    arena_init(&answers, malloc(ANSWERS_BYTES), ANSWERS_BYTES);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(answers.memory);
    free(memory.memory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_quote_is_what_is_booked_then, setup, teardown)};
    return chance_run(tests, 20270202);
}
