/* Each allocation fails once, of SQLite's and of our own: the ledger says so, nothing of the batch is
 * answered, and after the next start what was not booked is booked. The service is made whole or not at all,
 * and needs no more from then on. The program is linked with malloc and its like wrapped
 * (tests/CMakeLists.txt). */
#include "lib/failing_heap.h"
#include "lib/front.h"
#include "lib/house.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

/* Our own memory, as tests/lib/failing_heap.h has SQLite's. */
static struct {
    uint64_t nth; /* allocation from now that fails; 0: none */
    uint64_t failed;
} own;

static bool fails(void)
{
    const bool now = own.nth > 0 && --own.nth == 0;
    own.failed += now;
    return now;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

enum heap { HEAP_SQLITE, HEAP_OWN, HEAPS };

static void arm(enum heap heap, uint64_t nth)
{
    failing_heap_fault(heap == HEAP_SQLITE ? nth : 0, false);
    own.nth = heap == HEAP_OWN ? nth : 0;
    own.failed = 0;
}

/* Whether one has failed; none does any more. */
static bool disarm(void)
{
    const bool failed = failing_heap_failed() > 0 || own.failed > 0;
    arm(HEAPS, 0);
    return failed;
}

static const char PROGRAMME[] = "programme: corner\n"
                                "version: %u\n"
                                "currency: EUR\n"
                                "zone: Europe/Tallinn\n"
                                "stores: [{id: cafe}]\n"
                                "auto_enrol: yes\n"
                                "points:\n"
                                "  name: [{locale: en, one: star, other: stars}]\n"
                                "locales: [en]\n"
                                "rules:\n"
                                "  - {id: euro, spend: {give: 10, per: 1.00}}\n"
                                "  - {id: lunch, gives: {reward: lunch}, when: {codes: [lunch]}}\n"
                                "rewards:\n"
                                "  - {id: cake, kind: free_item, cost: 100, only: {categories: [cake]}}\n"
                                "  - {id: lunch, kind: free_item, only: {categories: [lunch]}}\n"
                                "pay_with_points: {points: 100, worth: 5.00}\n";

enum { TILL = 2, JOBS = 3, REQUESTS_BYTES = 64 * 1024 };

static struct bytes programme(unsigned version)
{
    static char yaml[sizeof(PROGRAMME) + 16];
    const int size = snprintf(yaml, sizeof(yaml), PROGRAMME, version);
    return (struct bytes){(const uint8_t *)yaml, (size_t)size};
}

/* No voucher's code comes again. */
static void draw(void *context, void *data, size_t size)
{
    static uint64_t drawn = 1;
    uint8_t *bytes = data;
    (void)context;
    for (size_t i = 0; i < size; i++) {
        drawn = drawn * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (uint8_t)(drawn >> 56);
    }
}

static int open_house(void **state)
{
    struct house *house = malloc(sizeof(*house));
    house_open(house, (const char *)programme(1).data, false);
    house->world.random = draw;
    assert_int_equal(house_terminal(house, "cafe", "till-1"), TILL);
    *state = house;
    return 0;
}

static int close_house(void **state)
{
    house_close(*state);
    free(*state);
    return 0;
}

/* Runs the jobs with the n-th allocation failing; the process would end then, and what is sent again is
 * booked. False: none failed. */
static bool run_with_a_failure(struct house *house, const struct request *requests, size_t count,
                               enum heap heap, uint64_t nth)
{
    struct ledger_job jobs[JOBS];
    struct ledger_result results[JOBS];
    size_t done;
    for (size_t i = 0; i < count; i++) {
        jobs[i] =
            (struct ledger_job){.request = &requests[i], .tag = i, .principal = requests[i].book.principal};
    }
    arm(heap, nth);
    const int error = ledger_run(house->ledger, jobs, count, &house->memory, results, &done);
    const bool failed = disarm();
    assert_true(error == 0 || error == ERR_NOMEM);
    assert_true(failed || error == 0);
    if (error != 0) {
        house_restart(house);
    }
    for (size_t i = 0; i < count; i++) {
        const uint32_t principal = requests[i].book.principal;
        arena_reset(&house->scratch);
        house_ask(house, principal, &requests[i]);
        assert_int_equal(house->reply.kind, REPLY_BOOKED);
        assert_int_equal(house->reply.booked.repeated, error == 0); /* nothing of it was booked, or all */
        house->sequences[principal]++;
    }
    return failed;
}

static uint64_t step(uint64_t nth)
{
    return testing_is_slow() ? 97 : nth < 12 ? 1 : 11;
}

/* A purchase of a card that is new every other time, one that redeems, and a return of the first. */
static void a_batch_without_memory_is_booked_whole_after_the_next_start(void **state)
{
    struct house *house = *state;
    struct arena arena;
    uint8_t *memory = malloc(REQUESTS_BYTES);
    unsigned receipts = 0;
    bool failed = true;
    for (uint64_t nth = 1; failed; nth += step(nth)) {
        char card[32];
        char first[16];
        char second[16];
        snprintf(card, sizeof(card), "%llu", 1000 + (unsigned long long)nth / 2);
        snprintf(first, sizeof(first), "%u", ++receipts);
        snprintf(second, sizeof(second), "%u", ++receipts);
        const char *const codes[] = {"lunch"};
        const struct redemption cake = {.reward = "cake", .units = 1};
        struct request requests[JOBS];
        const uint64_t next = house->sequences[TILL];
        arena_init(&arena, memory, REQUESTS_BYTES);
        struct event buy = house_purchase(house, first, "bread", 2000);
        buy.purchase.codes = codes;
        buy.purchase.codes_count = 1;
        requests[0] = house_sign(house, TILL, next, &buy, card, &arena);
        struct event use = house_purchase(house, second, "cake", 300);
        use.purchase.redemptions = &cake;
        use.purchase.redemptions_count = 1;
        requests[1] = house_sign(house, TILL, next + 1, &use, card, &arena);
        struct event back = {.occurred_at = house->now,
                             .kind = EVENT_GOODS_RETURN,
                             .goods_return = {.receipt = buy.purchase.receipt,
                                              .original = buy.purchase.receipt,
                                              .has_original = true,
                                              .whole = true,
                                              .done = true}};
        back.goods_return.receipt.number = "back";
        requests[2] = house_sign(house, TILL, next + 2, &back, NULL, &arena);
        failed = run_with_a_failure(house, requests, JOBS, HEAP_SQLITE, nth);
        assert_true(failed || nth > 10);
    }
    free(memory);
    house_replay(house);
}

static void a_programme_without_memory_is_taken_after_the_next_start(void **state)
{
    struct house *house = *state;
    struct arena arena;
    uint8_t *memory = malloc(REQUESTS_BYTES);
    unsigned version = 1;
    for (enum heap heap = HEAP_SQLITE; heap < HEAPS; heap++) {
        bool failed = true;
        for (uint64_t nth = 1; failed; nth += step(nth)) {
            struct event change = {.occurred_at = house->now,
                                   .kind = EVENT_PROGRAMME_CHANGE,
                                   .programme_change.yaml = programme(++version)};
            arena_init(&arena, memory, REQUESTS_BYTES);
            const struct request request =
                house_sign(house, HOUSE_ADMIN, house->sequences[HOUSE_ADMIN], &change, NULL, &arena);
            failed = run_with_a_failure(house, &request, 1, heap, nth);
            assert_true(failed || nth > 1);
        }
    }
    free(memory);
    house_replay(house);
}

static void no_memory_while_the_ledger_starts_is_told(void **state)
{
    struct house *house = *state;
    for (enum heap heap = HEAP_SQLITE; heap < HEAPS; heap++) {
        bool failed = true;
        for (uint64_t nth = 1; failed; nth += step(nth)) {
            char text[256];
            const struct ledger_options options = {.store = house->temporary.store,
                                                   .world = &house->world,
                                                   .daemon_key = &house->daemon_key,
                                                   .lookup_key = house->lookup_key,
                                                   .careful = nth % 2 == 0};
            ledger_free(house->ledger);
            house->ledger = NULL;
            arm(heap, nth);
            const int error = ledger_new(&options, &house->ledger, text, sizeof(text));
            failed = disarm();
            assert_true(error == 0 || error == ERR_NOMEM);
            assert_true(failed || error == 0);
            if (error != 0) {
                temporary_reopen(&house->temporary);
            }
        }
    }
    house_restart(house);
    house_replay(house);
}

static void a_service_without_memory_is_not_made(void **state)
{
    static struct front front;
    (void)state;
    front_open(&front, NULL);
    bool failed = true;
    uint64_t nth = 1;
    for (; failed; nth++) {
        struct service *service = NULL;
        const struct service_options options = {.world = &front.world,
                                                .programme_id = front.programme_id,
                                                .daemon_key = front.daemon_key.public_key,
                                                .software = "fault"};
        arm(HEAP_OWN, nth);
        const int error = service_new(&options, &service);
        failed = disarm();
        assert_int_equal(error, failed ? ERR_NOMEM : 0);
        service_free(service);
    }
    assert_true(nth > 5);
    front_close(&front);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_house, close_house)

int main(void)
{
    failing_heap_take();
    const struct CMUnitTest tests[] = {
        TEST(a_batch_without_memory_is_booked_whole_after_the_next_start),
        TEST(a_programme_without_memory_is_taken_after_the_next_start),
        TEST(no_memory_while_the_ledger_starts_is_told),
        cmocka_unit_test(a_service_without_memory_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
