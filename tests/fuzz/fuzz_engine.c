/* Any programme that loads, any events within the ranges of a body: the engine decides or names an error; the
 * same events give the same bytes; after each the books are balanced and every state holds (lib/shop.h checks
 * that, and that balances in the outcome are those of the fold). What was decided can be recorded and read.
 */
#include "fuzz/fuzz.h"
#include "fuzz/shape.h"

#include "lib/shop.h"

#include "engine/household.h"
#include "model/day.h"
#include "programme/load.h"
#include "wire/body.h"

#include <string.h>

enum { EVENTS = 10, CUSTOMERS = 3, WIRE_BYTES = 4 * 1024 * 1024, DAY_FIRST = 20454 /* 2026-01-01 */ };

static struct shop shops[2];
static char descriptions[2][SHOP_TEXT_BYTES];

static bool load(struct draw *draw)
{
    char *memory = fuzz_memory(0, SHAPE_TEXT_BYTES);
    struct findings *findings = fuzz_memory(1, sizeof(*findings));
    struct text text;
    text_init(&text, memory, SHAPE_TEXT_BYTES);
    shape_programme(draw, &text);
    CHECK(!text.cut);
    const struct bytes yaml = {(const uint8_t *)memory, text.used};
    struct shop *shop = &shops[0];
    memset(shop->numbers, 0, sizeof(*shop->numbers));
    arena_init(&shop->arena, shop->memory, PROGRAMME_ARENA_BYTES);
    const int err = programme_load(yaml, &shop->arena, shop->numbers, &shop->programme, findings);
    CHECK(err == 0 || findings->count > 0);
    shops[1].programme = shop->programme;
    return err == 0;
}

/* The last purchase that was booked, as it was decided. */
static struct {
    struct engine_past past;
    struct event event;
    struct context context;
    struct member_state holdings;
    struct outcome outcome;
} bought;

/* The event as the daemon would get it, in memory of its own. */
static bool through_the_wire(const struct event *event, size_t slot, struct event *ret_event)
{
    struct arena arena;
    struct bytes body;
    const char *field;
    arena_init(&arena, fuzz_memory(slot, WIRE_BYTES), WIRE_BYTES);
    CHECK(wire_body_pack(event, &arena, &body) == 0);
    return wire_body_unpack(body, &arena, ret_event, &field) == 0;
}

static void check_recorded(const struct shop *shop)
{
    struct outcome *read = fuzz_memory(3, sizeof(*read));
    struct context *context = fuzz_memory(4, sizeof(*context));
    struct arena arena;
    struct bytes packed;
    struct bytes again;
    arena_init(&arena, fuzz_memory(5, WIRE_BYTES), WIRE_BYTES);
    CHECK(wire_outcome_pack(&shop->decision->outcome, &arena, &packed) == 0);
    CHECK(wire_outcome_unpack(packed, &arena, read) == 0);
    CHECK(wire_outcome_pack(read, &arena, &again) == 0);
    CHECK(bytes_equal(packed, again));
    CHECK(wire_context_pack(shop->context, &arena, &packed) == 0);
    CHECK(wire_context_unpack(packed, &arena, context) == 0);
    CHECK(wire_context_pack(context, &arena, &again) == 0);
    CHECK(bytes_equal(packed, again));
}

static void compare(int customer)
{
    for (int i = 0; i < 2; i++) {
        shop_describe_outcome(shops[i].decision, descriptions[i]);
    }
    CHECK(strcmp(descriptions[0], descriptions[1]) == 0);
    for (int i = 0; i < 2 && customer >= 0 && (size_t)customer < shops[i].customers_count; i++) {
        shop_describe_state(shops[i].customers[customer], descriptions[i]);
    }
    CHECK(strcmp(descriptions[0], descriptions[1]) == 0);
}

/* Keeps what was just booked for returns of it. */
static void keep(const struct event *event)
{
    const struct shop *shop = &shops[0];
    const struct outcome *outcome = &shop->decision->outcome;
    if (outcome->code != CODE_ACCEPTED || event->kind != EVENT_PURCHASE ||
        !through_the_wire(event, 7, &bought.event)) {
        return;
    }
    bought.context = *shop->context;
    if (shop->context->holdings != NULL) {
        bought.holdings = *shop->context->holdings;
        bought.context.holdings = &bought.holdings;
    }
    memcpy(&bought.outcome, outcome, offsetof(struct outcome, effects));
    memcpy(bought.outcome.effects, outcome->effects, outcome->effects_count * sizeof(outcome->effects[0]));
    if (bought.context.household != 0) {
        household_disown(bought.context.household, outcome->member, &bought.outcome);
    }
    bought.past = (struct engine_past){.position = shop->position,
                                       .decided = shop->position,
                                       .programme = shop->programme,
                                       .place = shop->place,
                                       .event = &bought.event,
                                       .context = &bought.context,
                                       .outcome = &bought.outcome};
    for (int i = 0; i < 2; i++) {
        shops[i].past = &bought.past;
        shops[i].facts_count = 0;
    }
}

static bool is_somebody(uint32_t member)
{
    return member > 0 && member <= shops[0].customers_count && shops[0].customers[member - 1]->merged == 0;
}

/* Whether the ledger asks the engine about the members an operator names. */
static bool are_named_well(const struct event *event)
{
    const uint32_t first = event_first_member(event);
    const uint32_t second = event_second_member(event);
    const bool founds = event->kind == EVENT_HOUSEHOLD && first == 0;
    return (founds ? shops[0].customers_count < SHOP_CUSTOMERS_MAX - CUSTOMERS : is_somebody(first)) &&
           (second == 0 || is_somebody(second)) && (event->kind == EVENT_TRANSFER || first != second);
}

/* Whose event it is; -2: nobody can be meant. */
static int customer_of(struct draw *draw, const struct event *event)
{
    if (event->kind == EVENT_MERGE || event->kind == EVENT_HOUSEHOLD) {
        return are_named_well(event) ? (int)event_first_member(event) - 1 : -2;
    }
    int customer = (int)draw_below(draw, CUSTOMERS + 1) - (draw_one_in(draw, 8) ? 1 : 0);
    if (event->kind == EVENT_TRANSFER) {
        customer = event->transfer.to > shops[0].customers_count ? -2 : (int)event->transfer.from - 1;
    } else if (event->kind == EVENT_CARD_LINKED) {
        customer = (int)event->card_linked.member - 1;
    } else if (event->kind == EVENT_ERASED) {
        customer = (int)event->erased.member - 1;
    } else if (event->kind == EVENT_ADJUSTMENT && event->adjustment.has_receipt) {
        customer = shops[0].past != NULL && bought.outcome.member != 0 ? (int)bought.outcome.member - 1 : -2;
    } else if (event->kind == EVENT_VOID_RECEIPT || event->kind == EVENT_GOODS_RETURN) {
        const bool about = event->kind == EVENT_VOID_RECEIPT || event->goods_return.has_original;
        customer = !about ? customer : shops[0].past != NULL ? (int)bought.outcome.member - 1 : -1;
    }
    customer = shop_owner(&shops[0], customer);
    const bool named = event->kind == EVENT_ADJUSTMENT || event->kind == EVENT_TRANSFER ||
                       event->kind == EVENT_CARD_LINKED || event->kind == EVENT_ERASED;
    return named && !are_named_well(event) ? -2 : customer;
}

static bool book(struct draw *draw, int32_t booked_day)
{
    struct shape_event *shape = fuzz_memory(6, sizeof(*shape));
    struct event event;
    struct shop_time time = {booked_day, (int32_t)draw_below(draw, 1440), booked_day};
    time.day += draw_one_in(draw, 4) ? (int32_t)draw_between(draw, -30, 1) : 0;
    if (draw_one_in(draw, 3)) {
        shape_event_about(draw, shops[0].past != NULL ? &bought.event.purchase : NULL, CUSTOMERS, shape);
    } else {
        shape_event(draw, shape);
    }
    if (time.day < DAY_MIN || time.day > DAY_MAX || !through_the_wire(&shape->event, 2, &event)) {
        return true;
    }
    const int customer = customer_of(draw, &event);
    if (customer == -2) {
        return true;
    }
    const bool loose = event.kind == EVENT_GOODS_RETURN && !event.goods_return.has_original;
    const struct engine_past *past = shops[0].past;
    for (int i = 0; i < 2 && loose; i++) {
        shops[i].past = NULL;
    }
    const int err = shop_book(&shops[0], customer, &event, time);
    CHECK(shop_book(&shops[1], customer, &event, time) == err);
    for (int i = 0; i < 2 && loose; i++) {
        shops[i].past = past;
    }
    if (err != 0) {
        CHECK(err == ERR_TOO_LARGE || err == ERR_OVERFLOW);
        return false;
    }
    compare(customer);
    check_recorded(&shops[0]);
    keep(&event);
    return true;
}

/* A correction by hand, so that points can be owed. */
static void take(struct draw *draw)
{
    const int customer = (int)draw_below(draw, CUSTOMERS);
    const int64_t points = draw_edge(draw, 1, POINTS_MAX);
    for (int i = 0; i < 2 && is_somebody((uint32_t)customer + 1); i++) {
        shop_take(&shops[i], customer, points);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct draw draw = {data, size, 0};
    int32_t booked_day = DAY_FIRST;
    if (shops[0].memory == NULL) {
        shop_open(&shops[0], NULL);
        shop_open(&shops[1], NULL);
    }
    static const char *const segments[] = {"students"};
    static const struct profile profile = {
        .birth_month = 2, .birth_day = 29, .segments = segments, .segments_count = 1};
    for (int i = 0; i < 2; i++) {
        shops[i].past = NULL;
        shops[i].facts_count = 0;
        shops[i].profile = &profile;
    }
    if (!load(&draw)) {
        return -1;
    }
    shop_empty(&shops[0]);
    shop_empty(&shops[1]);
    for (int i = 0; i < EVENTS && draw_more(&draw); i++) {
        if (!book(&draw, booked_day)) {
            return 0;
        }
        if (draw_one_in(&draw, 6)) {
            take(&draw);
        }
        booked_day += (int32_t)draw_edge(&draw, 0, draw_one_in(&draw, 16) ? 1000000 : 1000);
    }
    return 0;
}
