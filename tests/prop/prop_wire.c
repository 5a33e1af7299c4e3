/* Random bodies travel there and back; random damage is refused or is a body in its own right. The seed is
 * printed and may be given as LOYALTY_SEED; LOYALTY_CASES says how many cases. */
#include "wire/body.h"
#include "wire/frame.h"
#include "wire/message.h"

#include "lib/drawn.h"
#include "lib/drawn_body.h"
#include "lib/schema_fill.h"
#include "lib/testing.h"

#include "loyalty/event.pb-c.h"
#include "loyalty/log.pb-c.h"
#include "loyalty/wire.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CASES = 20000, MEMORY = 1024 * 1024 };

static uint64_t first_seed;
static unsigned cases;

static uint8_t pack_memory[MEMORY];
static uint8_t unpack_memory[MEMORY];
static uint8_t again_memory[MEMORY];
static uint8_t damaged_memory[MEMORY];

static bool chance(unsigned percent)
{
    return drawn(100) < percent;
}

static bool texts_equal(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void expect_lists_equal(const char *const *a, size_t a_count, const char *const *b, size_t b_count)
{
    assert_int_equal(a_count, b_count);
    for (size_t i = 0; i < a_count; i++) {
        assert_true(texts_equal(a[i], b[i]));
    }
}

static void expect_same_lines(const struct purchase *a, const struct purchase *b)
{
    assert_int_equal(a->lines_count, b->lines_count);
    for (size_t i = 0; i < a->lines_count; i++) {
        const struct line *x = &a->lines[i];
        const struct line *y = &b->lines[i];
        assert_true(texts_equal(x->sku, y->sku));
        assert_true(texts_equal(x->category, y->category));
        expect_lists_equal(x->labels, x->labels_count, y->labels, y->labels_count);
        assert_int_equal(x->quantity, y->quantity);
        assert_int_equal(x->gross, y->gross);
        assert_int_equal(x->discount, y->discount);
        assert_int_equal(x->tax, y->tax);
        assert_int_equal(x->weighed, y->weighed);
        assert_int_equal(x->voided, y->voided);
    }
}

static void expect_same_purchase(const struct purchase *a, const struct purchase *b)
{
    assert_true(texts_equal(a->receipt.store, b->receipt.store));
    assert_int_equal(a->receipt.business_date, b->receipt.business_date);
    assert_true(texts_equal(a->receipt.till, b->receipt.till));
    assert_true(texts_equal(a->receipt.number, b->receipt.number));
    assert_true(bytes_equal(a->card, b->card));
    expect_same_lines(a, b);
    assert_int_equal(a->basket_discount, b->basket_discount);
    assert_int_equal(a->cash_rounding, b->cash_rounding);
    assert_int_equal(a->tip, b->tip);
    assert_int_equal(a->tenders_count, b->tenders_count);
    for (size_t i = 0; i < a->tenders_count; i++) {
        assert_int_equal(a->tenders[i].kind, b->tenders[i].kind);
        assert_int_equal(a->tenders[i].amount, b->tenders[i].amount);
        assert_true(texts_equal(a->tenders[i].label, b->tenders[i].label));
    }
    expect_lists_equal(a->codes, a->codes_count, b->codes, b->codes_count);
    assert_int_equal(a->free_units_count, b->free_units_count);
    for (size_t i = 0; i < a->free_units_count; i++) {
        assert_true(texts_equal(a->free_units[i].card, b->free_units[i].card));
        assert_int_equal(a->free_units[i].line, b->free_units[i].line);
        assert_int_equal(a->free_units[i].units, b->free_units[i].units);
        assert_int_equal(a->free_units[i].charged, b->free_units[i].charged);
    }
    assert_int_equal(a->redemptions_count, b->redemptions_count);
    for (size_t i = 0; i < a->redemptions_count; i++) {
        assert_true(bytes_equal(a->redemptions[i].voucher, b->redemptions[i].voucher));
        assert_true(texts_equal(a->redemptions[i].reward, b->redemptions[i].reward));
        assert_int_equal(a->redemptions[i].reservation, b->redemptions[i].reservation);
        assert_int_equal(a->redemptions[i].units, b->redemptions[i].units);
    }
    assert_int_equal(a->pay_with_points == NULL, b->pay_with_points == NULL);
    if (a->pay_with_points != NULL) {
        assert_int_equal(a->pay_with_points->points, b->pay_with_points->points);
    }
    assert_int_equal(a->redeem_done, b->redeem_done);
}

static struct bytes pack(const struct event *event, uint8_t *memory)
{
    struct arena arena;
    struct bytes body;
    arena_init(&arena, memory, MEMORY);
    assert_int_equal(wire_body_pack(event, &arena, &body), 0);
    return body;
}

static void any_valid_event_travels_there_and_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < cases; i++) {
        const struct event event = drawn_body_event();
        const struct bytes body = pack(&event, pack_memory);
        struct arena arena;
        struct event back;
        const char *field = NULL;
        arena_init(&arena, unpack_memory, BODY_ARENA_BYTES);
        const int result = wire_body_unpack(body, &arena, &back, &field);
        if (result != 0) {
            print_error("case %u: %s\n", i, field);
        }
        /* The largest baskets with the longest texts are beyond what a terminal may send. */
        if (body.size > BODY_OPERATOR_BYTES_MAX / 2 && result == ERR_TOO_LARGE) {
            continue;
        }
        assert_int_equal(result, 0);
        assert_int_equal(back.occurred_at, event.occurred_at);
        assert_int_equal(back.clock_correction, event.clock_correction);
        assert_int_equal(back.kind, event.kind);
        if (event.kind == EVENT_PURCHASE) {
            expect_same_purchase(&event.purchase, &back.purchase);
        }
        assert_true(bytes_equal(pack(&back, again_memory), body));
    }
}

/* Damages some bytes: changed, inserted, taken out, or a piece copied elsewhere. */
static struct bytes damage(struct bytes bytes)
{
    uint8_t *data = damaged_memory;
    size_t size = bytes.size;
    if (size > 0) {
        memcpy(data, bytes.data, size);
    }
    const uint64_t times = 1 + drawn(3);
    for (uint64_t i = 0; i < times && size > 0; i++) {
        const size_t at = drawn(size);
        const size_t length = 1 + drawn(size - at < 16 ? size - at : 16);
        switch (drawn(6)) {
        case 0:
            data[at] ^= (uint8_t)(1U << drawn(8));
            break;
        case 1:
            data[at] = (uint8_t)drawn(256);
            break;
        case 2:
            memmove(data + at + 1, data + at, size - at);
            data[at] = chance(50) ? 0x80 : (uint8_t)drawn(256);
            size++;
            break;
        case 3:
            memmove(data + at, data + at + length, size - at - length);
            size -= length;
            break;
        case 4:
            memmove(data + at + length, data + at, size - at);
            size += length;
            break;
        default:
            size = at;
        }
    }
    /* In memory of exactly its size, so that a read beyond it is seen. */
    uint8_t *exact = malloc(size + 1);
    assert_non_null(exact);
    memcpy(exact, data, size);
    return (struct bytes){exact, size};
}

static void release(struct bytes bytes)
{
    free((uint8_t *)(uintptr_t)bytes.data);
}

/* The library's own opinion, from the heap: that packing gives these bytes back. */
static void expect_canonical(struct bytes body)
{
    Loyalty__Body *message = loyalty__body__unpack(NULL, body.size, body.data);
    assert_non_null(message);
    assert_int_equal(message->base.n_unknown_fields, 0);
    assert_int_equal(loyalty__body__get_packed_size(message), body.size);
    assert_int_equal(loyalty__body__pack(message, again_memory), body.size);
    assert_memory_equal(again_memory, body.data, body.size);
    loyalty__body__free_unpacked(message, NULL);
}

static void a_damaged_body_is_refused_or_canonical(void **state)
{
    (void)state;
    unsigned accepted = 0;
    for (unsigned i = 0; i < cases; i++) {
        const struct event event = drawn_body_event();
        const struct bytes damaged = damage(pack(&event, pack_memory));
        struct arena arena;
        struct event back;
        arena_init(&arena, unpack_memory, chance(5) ? drawn(4096) : BODY_ARENA_BYTES);
        const int result = wire_body_unpack(damaged, &arena, &back, NULL);
        if (result == 0) {
            accepted++;
            expect_canonical(damaged);
            /* What was read is an event of its own, and packing that settles. */
            const struct bytes settled = pack(&back, pack_memory);
            struct event twice;
            arena_init(&arena, unpack_memory, sizeof(unpack_memory));
            assert_int_equal(wire_body_unpack(settled, &arena, &twice, NULL), 0);
            assert_true(bytes_equal(pack(&twice, again_memory), settled));
        } else {
            assert_true(result == ERR_FORMAT || result == ERR_NOT_CANONICAL || result == ERR_RANGE ||
                        result == ERR_TOO_LARGE);
        }
        release(damaged);
    }
    print_message("%u of %u damaged bodies are bodies\n", accepted, cases);
    assert_true(accepted < cases);
}

static struct bytes filled(const ProtobufCMessageDescriptor *descriptor, uint32_t arm)
{
    struct wire_writer writer = {.data = pack_memory, .room = sizeof(pack_memory)};
    fill_message(&writer, descriptor, arm, NULL);
    return (struct bytes){pack_memory, writer.size};
}

static uint32_t draw_arm(const ProtobufCMessageDescriptor *descriptor, uint32_t first)
{
    return first + (uint32_t)drawn(fill_last_field(descriptor) - first + 1);
}

static void expect_input_error(int result)
{
    assert_true(result == ERR_FORMAT || result == ERR_NOT_CANONICAL || result == ERR_RANGE ||
                result == ERR_TOO_LARGE);
}

static void a_damaged_message_is_refused_or_settles(void **state)
{
    (void)state;
    for (unsigned i = 0; i < cases; i++) {
        const bool is_reply = chance(50);
        const struct bytes damaged = damage(
            is_reply ? filled(&loyalty__reply__descriptor, draw_arm(&loyalty__reply__descriptor, 16))
                     : filled(&loyalty__request__descriptor, draw_arm(&loyalty__request__descriptor, 16)));
        struct arena arena;
        struct arena frames;
        struct bytes frame;
        struct request request;
        struct reply reply;
        arena_init(&arena, unpack_memory, sizeof(unpack_memory));
        arena_init(&frames, again_memory, sizeof(again_memory));
        const int result = is_reply ? wire_reply_unpack(damaged, &arena, &reply)
                                    : wire_request_unpack(damaged, &arena, &request);
        if (result == 0) {
            assert_int_equal(is_reply ? wire_reply_pack(&reply, &frames, &frame)
                                      : wire_request_pack(&request, &frames, &frame),
                             0);
            const struct bytes settled = {frame.data + FRAME_HEADER_BYTES, frame.size - FRAME_HEADER_BYTES};
            arena_reset(&arena);
            assert_int_equal(is_reply ? wire_reply_unpack(settled, &arena, &reply)
                                      : wire_request_unpack(settled, &arena, &request),
                             0);
            struct bytes again;
            assert_int_equal(is_reply ? wire_reply_pack(&reply, &frames, &again)
                                      : wire_request_pack(&request, &frames, &again),
                             0);
            assert_true(bytes_equal(frame, again));
        } else {
            expect_input_error(result);
        }
        release(damaged);
    }
}

static struct outcome outcome;
static struct context context;

static void a_damaged_record_is_refused_or_settles(void **state)
{
    (void)state;
    for (unsigned i = 0; i < cases; i++) {
        const bool is_context = chance(30);
        const struct bytes damaged = damage(
            is_context ? filled(&loyalty__context__descriptor, 0)
                       : filled(&loyalty__outcome__descriptor, draw_arm(&loyalty__effect__descriptor, 1)));
        struct arena arena;
        struct arena packed;
        struct bytes settled;
        struct bytes again;
        arena_init(&arena, unpack_memory, sizeof(unpack_memory));
        arena_init(&packed, again_memory, sizeof(again_memory));
        const int result = is_context ? wire_context_unpack(damaged, &arena, &context)
                                      : wire_outcome_unpack(damaged, &arena, &outcome);
        if (result == 0) {
            assert_int_equal(is_context ? wire_context_pack(&context, &packed, &settled)
                                        : wire_outcome_pack(&outcome, &packed, &settled),
                             0);
            arena_reset(&arena);
            assert_int_equal(is_context ? wire_context_unpack(settled, &arena, &context)
                                        : wire_outcome_unpack(settled, &arena, &outcome),
                             0);
            assert_int_equal(is_context ? wire_context_pack(&context, &packed, &again)
                                        : wire_outcome_pack(&outcome, &packed, &again),
                             0);
            assert_true(bytes_equal(settled, again));
        } else {
            expect_input_error(result);
        }
        release(damaged);
    }
}

static int start(void **state)
{
    (void)state;
    const char *seed = getenv("LOYALTY_SEED");
    const char *count = getenv("LOYALTY_CASES");
    first_seed = seed != NULL ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL);
    cases = count != NULL ? (unsigned)strtoul(count, NULL, 0) : CASES;
    print_message("LOYALTY_SEED=%" PRIu64 "\n", first_seed);
    return 0;
}

/* Each property begins anew from the seed. */
static int sow(void **state)
{
    (void)state;
    drawn_start(first_seed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(any_valid_event_travels_there_and_back, sow),
        cmocka_unit_test_setup(a_damaged_body_is_refused_or_canonical, sow),
        cmocka_unit_test_setup(a_damaged_message_is_refused_or_settles, sow),
        cmocka_unit_test_setup(a_damaged_record_is_refused_or_settles, sow),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
