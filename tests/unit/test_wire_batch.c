/* The events within a batch: what travels there and back, and what is none. */
#include "wire/message.h"

#include "lib/schema_fill.h"
#include "lib/testing.h"

#include "loyalty/wire.pb-c.h"

#include <string.h>

static uint8_t message_memory[512 * 1024];
static uint8_t arena_memory[512 * 1024];

static struct bytes filled(const struct fill_override *overrides)
{
    struct wire_writer writer = {.data = message_memory, .room = sizeof(message_memory)};
    fill_message(&writer, &loyalty__batch_events__descriptor, 0, overrides);
    return (struct bytes){message_memory, writer.size};
}

static int checked(const struct fill_override *overrides, uint32_t *ret_count)
{
    const struct fill_override none = {NULL, FILL_SKIP, 0, NULL};
    const struct fill_override all[] = {overrides[0], none};
    return wire_batch_check(filled(all), ret_count);
}

static void every_field_of_an_event_travels_there_and_back(void **state)
{
    (void)state;
    const struct bytes message = filled(NULL);
    struct request_batch batch = {.principal = 3, .events = message};
    struct request_book books[2];
    struct arena arena;
    struct bytes rest = message;
    struct bytes again;
    arena_init(&arena, arena_memory, sizeof(arena_memory));
    assert_int_equal(wire_batch_check(message, &batch.count), 0);
    assert_int_equal(batch.count, 2);
    for (uint64_t i = 0; i < 2; i++) {
        assert_int_equal(wire_batch_book(&batch, 7 + i, &rest, &arena, &books[i]), 0);
        assert_int_equal(books[i].principal, 3);
        assert_int_equal(books[i].sequence, 7 + i);
    }
    struct bytes body;
    assert_false(wire_batch_next(&rest, &body));
    assert_int_equal(wire_batch_pack(books, 2, &arena, &again), 0);
    assert_true(bytes_equal(again, message));
}

static void a_batch_has_1_to_256_events_each_with_a_body(void **state)
{
    (void)state;
    static const struct {
        struct fill_override override;
        int result;
        uint32_t count;
    } table[] = {
        {{"BatchEvents.events", FILL_COUNT, 0, NULL}, ERR_RANGE, 0},
        {{"BatchEvents.events", FILL_COUNT, 1, NULL}, 0, 1},
        {{"BatchEvents.events", FILL_COUNT, 256, NULL}, 0, 256},
        {{"BatchEvents.events", FILL_COUNT, 257, NULL}, ERR_RANGE, 0},
        {{"BatchEvent.body", FILL_SKIP, 0, NULL}, ERR_RANGE, 0},
        {{"BatchEvent.body", FILL_SIZE, 0, NULL}, 0, 2},
        {{"BatchEvent.opening", FILL_SKIP, 0, NULL}, 0, 2},
        {{"BatchEvent.locale", FILL_SKIP, 0, NULL}, 0, 2},
        {{"BatchEvent.locale", FILL_SIZE, 0, NULL}, ERR_RANGE, 0},
        {{"BatchEvent.locale", FILL_SIZE, 16, NULL}, 0, 2},
        {{"BatchEvent.locale", FILL_SIZE, 17, NULL}, ERR_RANGE, 0},
        {{"BatchEvent.locale", FILL_TEXT, 3, "a\0b"}, ERR_FORMAT, 0},
        {{"Opening.card", FILL_TEXT, 2, "a\xf5"}, ERR_FORMAT, 0},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        uint32_t count = 0;
        assert_int_equal(checked(&table[i].override, &count), table[i].result);
        assert_int_equal(count, table[i].count);
    }
}

static void what_is_no_message_is_no_batch(void **state)
{
    (void)state;
    static const uint8_t cut[] = {0x0a, 3, 0x0a, 2};
    static const uint8_t twice[] = {0x0a, 6, 0x0a, 1, 'a', 0x0a, 1, 'b'};
    static const uint8_t number[] = {0x08, 3};
    static const uint8_t body[] = {0x0a, 2, 0x08, 3};
    static const uint8_t salt[] = {0x0a, 7, 0x0a, 1, 'a', 0x12, 2, 0x08, 1};
    uint32_t count;
    assert_int_equal(wire_batch_check((struct bytes){cut, sizeof(cut)}, &count), ERR_FORMAT);
    assert_int_equal(wire_batch_check((struct bytes){twice, sizeof(twice)}, &count), ERR_FORMAT);
    assert_int_equal(wire_batch_check((struct bytes){number, sizeof(number)}, &count), ERR_FORMAT);
    assert_int_equal(wire_batch_check((struct bytes){body, sizeof(body)}, &count), ERR_FORMAT);
    assert_int_equal(wire_batch_check((struct bytes){salt, sizeof(salt)}, &count), ERR_FORMAT);
    assert_int_equal(wire_batch_check((struct bytes){NULL, 0}, &count), ERR_RANGE);
}

static void what_a_newer_client_adds_is_passed_over(void **state)
{
    (void)state;
    static const uint8_t more[] = {0x10, 9, 0x0a, 7, 0x22, 2, 'x', 'y', 0x0a, 1, 'a', 0x1a, 1, 'z'};
    uint32_t count;
    struct bytes rest = {more, sizeof(more)};
    struct bytes body;
    assert_int_equal(wire_batch_check(rest, &count), 0);
    assert_int_equal(count, 1);
    assert_true(wire_batch_next(&rest, &body));
    assert_int_equal(body.size, 1);
    assert_int_equal(body.data[0], 'a');
    assert_false(wire_batch_next(&rest, &body));
}

static void an_opening_of_another_shape_counts_as_missing(void **state)
{
    (void)state;
    static const struct fill_override table[] = {
        {"Opening.salt", FILL_SKIP, 0, NULL},  {"Opening.salt", FILL_SIZE, 15, NULL},
        {"Opening.card", FILL_SKIP, 0, NULL},  {"Opening.card", FILL_SIZE, 0, NULL},
        {"Opening.card", FILL_SIZE, 65, NULL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        struct request_batch batch = {.principal = 3};
        struct request_book book;
        struct arena arena;
        arena_init(&arena, arena_memory, sizeof(arena_memory));
        assert_int_equal(checked(&table[i], &batch.count), 0);
        struct fill_override all[] = {table[i], {NULL, FILL_SKIP, 0, NULL}};
        struct bytes rest = filled(all);
        assert_int_equal(wire_batch_book(&batch, 1, &rest, &arena, &book), 0);
        assert_null(book.opening.card);
        assert_int_equal(book.opening.salt.size, 0);
    }
}

/* What a client counts on when it fills a frame. */
static void a_frame_of_a_batch_takes_no_more_than_was_promised(void **state)
{
    (void)state;
    static uint8_t body[300];
    static const uint8_t salt[CARD_SALT_BYTES] = {1};
    static const uint8_t signature[SIGNATURE_BYTES] = {1};
    char card[CARD_BYTES_MAX + 1];
    struct request_book books[BATCH_EVENTS_MAX];
    memset(card, 'c', CARD_BYTES_MAX);
    card[CARD_BYTES_MAX] = '\0';
    for (size_t count = 1; count <= BATCH_EVENTS_MAX; count += 51) {
        size_t promised = BATCH_OVERHEAD_BYTES;
        for (size_t i = 0; i < count; i++) {
            books[i] = (struct request_book){.body = {body, i % 2 == 0 ? sizeof(body) : i % 200},
                                             .opening = {{salt, sizeof(salt)}, card},
                                             .locale = "en-GB"};
            promised += books[i].body.size + CARD_BYTES_MAX + 5 + BATCH_EVENT_OVERHEAD_BYTES;
        }
        struct request request = {.id = UINT32_MAX, .kind = REQUEST_BOOK_BATCH};
        request.batch = (struct request_batch){.principal = UINT32_MAX,
                                               .first_sequence = (uint64_t)INT64_MAX - BATCH_EVENTS_MAX,
                                               .count = (uint32_t)count,
                                               .signature = {signature, sizeof(signature)}};
        struct arena arena;
        struct bytes frame;
        arena_init(&arena, arena_memory, sizeof(arena_memory));
        assert_int_equal(wire_batch_pack(books, count, &arena, &request.batch.events), 0);
        assert_int_equal(wire_request_pack(&request, &arena, &frame), 0);
        assert_true(frame.size <= promised);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_an_event_travels_there_and_back),
        cmocka_unit_test(a_batch_has_1_to_256_events_each_with_a_body),
        cmocka_unit_test(what_is_no_message_is_no_batch),
        cmocka_unit_test(what_a_newer_client_adds_is_passed_over),
        cmocka_unit_test(an_opening_of_another_shape_counts_as_missing),
        cmocka_unit_test(a_frame_of_a_batch_takes_no_more_than_was_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
