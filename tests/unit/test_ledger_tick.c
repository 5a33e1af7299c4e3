/* What falls due by itself: expiry, pending points, time-outs, cards a programme completes. */
#include "lib/house.h"

#include "engine/engine.h"
#include "store/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD                                                                                                 \
    "programme: corner\n"                                                                                    \
    "version: %d\n"                                                                                          \
    "currency: EUR\n"                                                                                        \
    "zone: Europe/Tallinn\n"                                                                                 \
    "stores: [{id: cafe}]\n"                                                                                 \
    "auto_enrol: yes\n"                                                                                      \
    "points:\n"                                                                                              \
    "  name: [{locale: en, one: star, other: stars}]\n"                                                      \
    "  expiry: {after: {days: 30}}\n"                                                                        \
    "  available_after: {days: 2}\n"                                                                         \
    "locales: [en]\n"                                                                                        \
    "rules:\n"                                                                                               \
    "  - {id: euro, spend: {give: 10, per: 1.00}}\n"                                                         \
    "  - {id: stamp, card: lunch, item: {give: 1, per: unit}, only: {categories: [lunch]}}\n"

static const char PROGRAMME[] =
    HEAD "stamp_cards:\n"
         "  - {id: lunch, required: %d, apply: voucher, gives: {reward: lunch}}\n"
         "tiers:\n"
         "  window: rolling\n"
         "  days: 20\n"
         "  levels: [{id: guest}, {id: silver, qualifying: 300}]\n"
         "rewards:\n"
         "  - {id: lunch, kind: free_item, only: {categories: [lunch]}, valid: {days: 5}}\n"
         "  - {id: cake, kind: free_item, cost: 100, only: {categories: [cake]},\n"
         "     limits: [{max: 2, per: ever, for: all}]}\n"
         "  - {id: roll, kind: free_item, cost: 50, limits: [{max: 3, per: week}]}\n"
         "  - {id: tea, kind: free_item, cost: 10, only: {categories: [tea]},\n"
         "     limits: [{max: 4, per: day, for: terminal}, {max: 2, of: times, per: day, for: store}]}\n"
         "reservations: {timeout_minutes: 15, longest_minutes: 60}\n";

enum { TILL = 2, MINUTE_MS = 60 * 1000 };
#define DAY_MS (24LL * 60 * MINUTE_MS)
static const char *const CARDS_SHOWN[] = {"1111", "2222", "3333", "4444"};
static unsigned receipts;

static void open_at(struct house *house, int required)
{
    char yaml[sizeof(PROGRAMME) + 32];
    snprintf(yaml, sizeof(yaml), PROGRAMME, 1, required);
    house_open(house, yaml, false);
    assert_int_equal(house_terminal(house, "cafe", "till-1"), TILL);
    receipts = 0;
}

static int open_house(void **state)
{
    struct house *house = malloc(sizeof(*house));
    open_at(house, 9);
    *state = house;
    return 0;
}

static int close_house(void **state)
{
    house_close(*state);
    free(*state);
    return 0;
}

/* As the store thread does in quiet times. Returns when it wants to be called again. */
static int64_t tick(struct house *house)
{
    int64_t wait_ms = 0;
    unsigned rounds = 0;
    while (wait_ms == 0) {
        assert_true(++rounds < 100);
        assert_int_equal(ledger_tick(house->ledger, false, &wait_ms), 0);
    }
    return wait_ms;
}

static uint64_t position(struct house *house)
{
    struct store_head head;
    assert_int_equal(store_head(house->temporary.store, &head), 0);
    return head.position;
}

static struct member_state *member(struct house *house, uint32_t number)
{
    static struct member_state state;
    assert_int_equal(store_member_read(house->temporary.store, number, &state), 0);
    return &state;
}

static enum outcome_code book(struct house *house, struct event *event, const char *card)
{
    house_book(house, TILL, event, card);
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
    return house->decision->outcome.code;
}

static enum outcome_code buy(struct house *house, const char *card, const char *category, int64_t gross,
                             uint64_t reservation, uint32_t units)
{
    char number[16];
    const struct redemption redemption = {.reservation = reservation, .units = units};
    snprintf(number, sizeof(number), "%u", ++receipts);
    struct event event = house_purchase(house, number, category, gross);
    event.purchase.redemptions = &redemption;
    event.purchase.redemptions_count = reservation != 0;
    return book(house, &event, card);
}

static enum outcome_code reserve(struct house *house, const char *card, const char *reward, uint32_t units)
{
    struct event event = {
        .occurred_at = house->now, .kind = EVENT_RESERVE, .reserve = {.reward = reward, .units = units}};
    return book(house, &event, card);
}

static enum outcome_code release(struct house *house, uint64_t reservation)
{
    struct event event = {
        .occurred_at = house->now, .kind = EVENT_RELEASE, .release = {.reservation = reservation}};
    return book(house, &event, NULL);
}

static enum outcome_code adjust(struct house *house, uint32_t number, int64_t points)
{
    struct event event = {.occurred_at = house->now,
                          .kind = EVENT_ADJUSTMENT,
                          .adjustment = {.member = number,
                                         .reason = "by hand",
                                         .points = points,
                                         .may_owe = true,
                                         .until = -1,
                                         .level_until = -1}};
    house_book(house, HOUSE_ADMIN, &event, NULL);
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
    return house->decision->outcome.code;
}

static void change_programme(struct house *house, int version, int required)
{
    char yaml[sizeof(PROGRAMME) + 32];
    const int size = snprintf(yaml, sizeof(yaml), PROGRAMME, version, required);
    struct event change = {.occurred_at = house->now,
                           .kind = EVENT_PROGRAMME_CHANGE,
                           .programme_change.yaml = {(const uint8_t *)yaml, (size_t)size}};
    house_book(house, HOUSE_ADMIN, &change, NULL);
    assert_int_equal(house->decision->outcome.code, CODE_ACCEPTED);
}

static void points_fall_due_once_a_day_without_anybody_coming(void **state)
{
    struct house *house = *state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(buy(house, CARDS_SHOWN[i], "bread", 2000, 0, 0), CODE_ACCEPTED);
    }
    const uint64_t before = position(house);
    assert_int_equal(tick(house), 60 * 1000);
    assert_int_equal(position(house), before); /* nothing is due: nothing is booked */
    house->now += 3 * DAY_MS;
    tick(house);
    assert_int_equal(position(house), before + 1); /* one event for all */
    for (uint32_t i = 1; i <= 3; i++) {
        assert_int_equal(member(house, i)->balances[MEMBER_AVAILABLE], 200);
        assert_int_equal(member(house, i)->last_position, before + 1);
    }
    house->now += 28 * DAY_MS;
    tick(house);
    assert_int_equal(position(house), before + 2);
    for (uint32_t i = 1; i <= 3; i++) {
        assert_int_equal(member(house, i)->balances[MEMBER_AVAILABLE], 0);
        assert_int_equal(member(house, i)->lots_count, 0);
    }
    const struct request request = {.kind = REQUEST_GET_STATUS};
    house_ask(house, HOUSE_ADMIN, &request);
    assert_int_equal(house->reply.status.ticked_at, house->now);
    assert_true(house->reply.status.balanced);
    house_replay(house);
}

static int cached_bytes(const struct house *house)
{
    int now = 0;
    int most = 0;
    assert_int_equal(
        sqlite3_db_status(house->temporary.store->db, SQLITE_DBSTATUS_CACHE_USED, &now, &most, 0), SQLITE_OK);
    return now;
}

static void a_round_keeps_no_pages_of_the_members_it_looked_at(void **state)
{
    struct house *house = *state;
    assert_int_equal(buy(house, "1111", "bread", 1000, 0, 0), CODE_ACCEPTED);
    (void)tick(house);
    assert_int_equal(buy(house, "1111", "bread", 1000, 0, 0), CODE_ACCEPTED);
    const int before = cached_bytes(house);
    house->now += DAY_MS;
    (void)tick(house);
    assert_true(cached_bytes(house) < before / 2);
}

static void a_reservation_times_out_within_a_minute(void **state)
{
    struct house *house = *state;
    assert_int_equal(buy(house, "1111", "bread", 4000, 0, 0), CODE_ACCEPTED);
    assert_int_equal(buy(house, "2222", "bread", 4000, 0, 0), CODE_ACCEPTED);
    house->now += 3 * DAY_MS;
    tick(house);
    assert_int_equal(reserve(house, "1111", "cake", 2), CODE_ACCEPTED);
    assert_int_equal(reserve(house, "2222", "cake", 1), CODE_LIMIT);
    house->now += 14 * MINUTE_MS;
    assert_true(tick(house) <= MINUTE_MS);
    assert_int_equal(member(house, 1)->reservations_count, 1);
    house->now += MINUTE_MS;
    tick(house);
    assert_int_equal(member(house, 1)->reservations_count, 0);
    assert_int_equal(member(house, 1)->balances[MEMBER_AVAILABLE], 400);
    assert_int_equal(reserve(house, "2222", "cake", 2), CODE_ACCEPTED); /* the stock is back */
    house_replay(house);
}

/* Which reservations there are is not kept but found: also after a start. */
static void a_reservation_of_before_the_start_times_out(void **state)
{
    struct house *house = *state;
    assert_int_equal(buy(house, "1111", "bread", 4000, 0, 0), CODE_ACCEPTED);
    house->now += 3 * DAY_MS;
    tick(house);
    assert_int_equal(reserve(house, "1111", "cake", 2), CODE_ACCEPTED);
    house_restart(house);
    tick(house);
    house->now += 15 * MINUTE_MS;
    tick(house);
    assert_int_equal(member(house, 1)->reservations_count, 0);
    house_replay(house);
}

static void under_load_a_slice_goes_between_two_batches_once_a_second(void **state)
{
    struct house *house = *state;
    int64_t wait_ms;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(buy(house, CARDS_SHOWN[i], "bread", 2000, 0, 0), CODE_ACCEPTED);
    }
    house->now += 3 * DAY_MS;
    assert_int_equal(ledger_tick(house->ledger, true, &wait_ms), 0);
    const uint64_t first = position(house);
    assert_int_equal(member(house, 1)->balances[MEMBER_AVAILABLE], 200);
    assert_int_equal(reserve(house, "1111", "cake", 1), CODE_ACCEPTED);
    house->now += 999;
    assert_int_equal(ledger_tick(house->ledger, true, &wait_ms), 0);
    assert_int_equal(position(house), first + 1);
    house->now += 15 * MINUTE_MS;
    assert_int_equal(ledger_tick(house->ledger, true, &wait_ms), 0);
    assert_int_equal(position(house), first + 2);
}

static void history_has_no_ticks(void **state)
{
    struct house *house = malloc(sizeof(*house));
    char yaml[sizeof(PROGRAMME) + 32];
    snprintf(yaml, sizeof(yaml), PROGRAMME, 1, 9);
    house_open(house, yaml, true);
    house_terminal(house, "cafe", "till-1");
    assert_int_equal(buy(house, "1111", "bread", 2000, 0, 0), CODE_ACCEPTED);
    const uint64_t before = position(house);
    house->now += 40 * DAY_MS;
    tick(house);
    assert_int_equal(position(house), before);
    house_close(house);
    free(house);
    (void)state;
}

/* Worked answer 35: 9 of 10, now 8: reward, 1 carried. */
static void a_programme_completes_a_card_at_the_next_tick(void **state)
{
    struct house *house = *state;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(buy(house, "1111", "lunch", 800, 0, 0), CODE_ACCEPTED);
    }
    assert_int_equal(buy(house, "2222", "lunch", 800, 0, 0), CODE_ACCEPTED);
    house->now += DAY_MS;
    tick(house);
    change_programme(house, 2, 7);
    const uint64_t before = position(house);
    tick(house);
    assert_int_equal(position(house), before + 1);
    const struct member_state *anna = member(house, 1);
    assert_int_equal(anna->vouchers_count, 1);
    assert_int_equal(member_state_stamps(anna, anna->stamps[0].card)->count, 1);
    assert_int_equal(member(house, 2)->vouchers_count, 0);
    house_replay(house);
}

static void a_programme_completes_a_card_before_whatever_touches_its_member(void **state)
{
    struct house *house = *state;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(buy(house, "1111", "lunch", 800, 0, 0), CODE_ACCEPTED);
    }
    change_programme(house, 2, 7);
    const uint64_t before = position(house);
    assert_int_equal(adjust(house, 1, 5), CODE_ACCEPTED);
    assert_int_equal(position(house), before + 2);
    assert_int_equal(house->booked.position, before + 2);
    assert_int_equal(member(house, 1)->vouchers_count, 1);
    assert_int_equal(adjust(house, 1, 5), CODE_ACCEPTED);
    assert_int_equal(position(house), before + 3); /* once */
    house_replay(house);
}

/* Four teas a day at a till, two purchases of them in a store. */
static void limits_of_till_and_store_get_back_what_was_not_used(void **state)
{
    struct house *house = *state;
    assert_int_equal(buy(house, "1111", "bread", 4000, 0, 0), CODE_ACCEPTED);
    house->now += 3 * DAY_MS;
    tick(house);
    assert_int_equal(reserve(house, "1111", "tea", 4), CODE_ACCEPTED);
    const uint64_t first = house->booked.position;
    assert_int_equal(reserve(house, "1111", "tea", 1), CODE_LIMIT);
    assert_int_equal(release(house, first), CODE_ACCEPTED);
    assert_int_equal(reserve(house, "1111", "tea", 4), CODE_ACCEPTED);
    house->now += 15 * MINUTE_MS;
    /* Timed out with this very event, which sees the room. */
    assert_int_equal(reserve(house, "1111", "tea", 3), CODE_ACCEPTED);
    const uint64_t second = house->booked.position;
    assert_int_equal(buy(house, "1111", "tea", 300, second, 1), CODE_ACCEPTED);
    assert_int_equal(reserve(house, "1111", "tea", 4), CODE_LIMIT);
    assert_int_equal(reserve(house, "1111", "tea", 3), CODE_ACCEPTED);
    assert_int_equal(release(house, house->booked.position), CODE_ACCEPTED);
    assert_int_equal(reserve(house, "1111", "tea", 1), CODE_ACCEPTED);
    assert_int_equal(reserve(house, "1111", "tea", 1), CODE_LIMIT); /* the store's two purchases */
    house_replay(house);
}

/* --- a tick changes no later outcome --- */

/* Of the member's own: what all share is free again for others as soon as it is settled, and is meant to be.
 */

enum { STEPS = 160, EVENTS_MAX = STEPS + 64, MOVES_MAX = 4096 };

/* What points did, with events named by who sent them when, not by their position. */
struct move {
    uint64_t debit;
    uint64_t credit;
    int64_t amount;
    uint64_t lot;
    int64_t at;
};

struct history {
    struct move moves[MOVES_MAX];
    size_t moves_count;
    struct balances balances[EVENTS_MAX];
    enum outcome_code codes[EVENTS_MAX];
    size_t count;
    uint64_t ticks;
};

static uint64_t draw(uint64_t *random, uint64_t end)
{
    *random = *random * 6364136223846793005ULL + 1442695040888963407ULL;
    return (*random >> 33) % end;
}

/* Codes of vouchers that are all different. */
static void draw_bytes(void *context, void *data, size_t size)
{
    static uint64_t random = 7;
    uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)draw(&random, 256);
    }
    (void)context;
}

static void step(struct house *house, uint64_t *random)
{
    const char *card = CARDS_SHOWN[draw(random, 4)];
    switch (draw(random, 6)) {
    case 0:
        reserve(house, card, "roll", 1);
        break;
    case 1:
        adjust(house, 1 + (uint32_t)draw(random, 4), (int64_t)draw(random, 200) - 100);
        break;
    case 2:
        reserve(house, card, "roll", 2);
        break;
    default:
        buy(house, card, draw(random, 2) ? "lunch" : "bread", 100 * (int64_t)(1 + draw(random, 30)), 0, 0);
        break;
    }
    house->now += (int64_t)draw(random, 12) * 60 * MINUTE_MS + (int64_t)draw(random, 40) * MINUTE_MS;
}

static int compare_moves(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct move));
}

static uint64_t name_of(struct house *house, uint64_t at)
{
    struct event_row row;
    if (at == 0) {
        return 0;
    }
    assert_int_equal(store_event_read(house->temporary.store, at, &house->scratch, &row), 0);
    return (uint64_t)row.principal << 32 | row.sequence;
}

static void read_history(struct house *house, struct history *history)
{
    static struct outcome outcome;
    const uint64_t last = position(house);
    memset(history, 0, sizeof(*history));
    for (uint64_t at = 1; at <= last; at++) {
        struct event_row row;
        arena_reset(&house->scratch);
        assert_int_equal(store_event_read(house->temporary.store, at, &house->scratch, &row), 0);
        assert_int_equal(wire_outcome_unpack(row.outcome, &house->scratch, &outcome), 0);
        history->ticks += wire_body_states(row.body, EVENT_TICK);
        for (size_t i = 0; i < outcome.effects_count; i++) {
            const struct effect *effect = &outcome.effects[i];
            if (effect->kind == EFFECT_MOVE) {
                assert_true(history->moves_count < MOVES_MAX);
                history->moves[history->moves_count++] = (struct move){
                    .debit = effect->move.debit,
                    .credit = effect->move.credit,
                    .amount = effect->move.amount,
                    .lot =
                        effect->move.has_lot
                            ? name_of(house, effect->move.lot.position == 0 ? at : effect->move.lot.position)
                            : 0,
                    .at = effect->move.effective_at != 0 ? effect->move.effective_at : row.booked_at};
            }
        }
        if (row.principal != 0) {
            history->codes[history->count] = outcome.code;
            history->balances[history->count++] = outcome.balances;
        }
    }
    qsort(history->moves, history->moves_count, sizeof(history->moves[0]), compare_moves);
}

static void live(uint64_t seed, bool ticks, struct history *history)
{
    struct house *house = malloc(sizeof(*house));
    uint64_t random = seed;
    open_at(house, 3);
    house->world.random = draw_bytes;
    for (unsigned i = 0; i < STEPS; i++) {
        step(house, &random);
        if (ticks) {
            tick(house);
        }
    }
    house->now += 400 * DAY_MS;
    tick(house);
    read_history(house, history);
    house_replay(house);
    house_close(house);
    free(house);
}

static void a_tick_changes_no_later_outcome(void **state)
{
    static struct history with;
    static struct history without;
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        live(seed, true, &with);
        live(seed, false, &without);
        printf("seed %llu: %zu moves, %llu ticks against %llu\n", (unsigned long long)seed, with.moves_count,
               (unsigned long long)with.ticks, (unsigned long long)without.ticks);
        assert_true(with.ticks > without.ticks + 10);
        assert_int_equal(with.count, without.count);
        assert_memory_equal(with.codes, without.codes, sizeof(with.codes));
        for (size_t i = 0; i < with.count; i++) {
            assert_memory_equal(&with.balances[i], &without.balances[i], sizeof(with.balances[i]));
        }
        assert_int_equal(with.moves_count, without.moves_count);
        assert_memory_equal(with.moves, without.moves, sizeof(with.moves));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(points_fall_due_once_a_day_without_anybody_coming, open_house,
                                        close_house),
        cmocka_unit_test_setup_teardown(a_round_keeps_no_pages_of_the_members_it_looked_at, open_house,
                                        close_house),
        cmocka_unit_test_setup_teardown(a_reservation_times_out_within_a_minute, open_house, close_house),
        cmocka_unit_test_setup_teardown(a_reservation_of_before_the_start_times_out, open_house, close_house),
        cmocka_unit_test_setup_teardown(under_load_a_slice_goes_between_two_batches_once_a_second, open_house,
                                        close_house),
        cmocka_unit_test(history_has_no_ticks),
        cmocka_unit_test_setup_teardown(a_programme_completes_a_card_at_the_next_tick, open_house,
                                        close_house),
        cmocka_unit_test_setup_teardown(a_programme_completes_a_card_before_whatever_touches_its_member,
                                        open_house, close_house),
        cmocka_unit_test_setup_teardown(limits_of_till_and_store_get_back_what_was_not_used, open_house,
                                        close_house),
        cmocka_unit_test(a_tick_changes_no_later_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
