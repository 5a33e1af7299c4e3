/* Bodies: what the schema says travels there and back, in one encoding and in the memory it is promised. */
#include "lib/full_body.h"
#include "lib/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void every_field_of_every_kind_travels_there_and_back(void **state)
{
    (void)state;
    for (uint32_t kind = PURCHASE; kind <= fill_last_field(&loyalty__body__descriptor); kind++) {
        if (!full_is_kind(kind)) {
            continue;
        }
        const struct bytes body = full_body(kind, NULL, NULL);
        struct event event;
        const char *field = NULL;
        const int result = full_unpack(body, &event, &field);
        if (result != 0) {
            print_error("kind %u: %s\n", kind, field);
        }
        assert_int_equal(result, 0);
        assert_int_equal(event.kind, kind);
        assert_string_equal(field, "");
        struct arena arena;
        static uint8_t pack_memory[64 * 1024];
        arena_init(&arena, pack_memory, sizeof(pack_memory));
        struct bytes packed;
        assert_int_equal(wire_body_pack(&event, &arena, &packed), 0);
        assert_int_equal(arena.used, packed.size);
        assert_true(bytes_equal(packed, body));
    }
}

static void who_leaves_a_household_names_none(void **state)
{
    (void)state;
    enum { HOUSEHOLD = 42 };
    const struct fill_override leaves = {"Household.leaves", FILL_VALUE, 1, NULL};
    const struct fill_override unnamed = {"Household.household", FILL_SKIP, 0, NULL};
    struct event event;
    assert_int_equal(full_unpack(full_body(HOUSEHOLD, &leaves, &unnamed), &event, NULL), 0);
    assert_true(event.household.leaves);
    assert_int_equal(full_refusal(full_body(HOUSEHOLD, &leaves, NULL)), ERR_RANGE);
}

static void the_ways_to_redeem_and_to_pay_travel_too(void **state)
{
    (void)state;
    const struct fill_override no_points = {"PayWithPoints.points", FILL_SKIP, 0, NULL};
    const char *const ways[] = {"Redemption.voucher", "Redemption.reward", "Redemption.reservation"};
    for (size_t way = 0; way < ARRAY_COUNT(ways); way++) {
        struct fill_override overrides[8] = {no_points,
                                             {"PayWithPoints.wallet", FILL_SKIP, 0, NULL},
                                             {"Redemption.wallet", FILL_SKIP, 0, NULL}};
        size_t count = 3;
        for (size_t other = 0; other < ARRAY_COUNT(ways); other++) {
            if (other != way) {
                overrides[count++] = (struct fill_override){ways[other], FILL_SKIP, 0, NULL};
            }
        }
        struct wire_writer writer = {.data = full_body_memory, .room = sizeof(full_body_memory)};
        fill_message(&writer, &loyalty__body__descriptor, PURCHASE, overrides);
        const struct bytes body = {full_body_memory, writer.size};
        struct event event;
        assert_int_equal(full_unpack(body, &event, NULL), 0);
        assert_int_equal(event.purchase.redemptions[0].voucher.size > 0, way == 0);
        assert_int_equal(event.purchase.redemptions[0].reward != NULL, way == 1);
        assert_int_equal(event.purchase.redemptions[0].reservation > 0, way == 2);
        assert_int_equal(event.purchase.pay_with_points->points, 0);
        struct arena arena;
        static uint8_t pack_memory[64 * 1024];
        arena_init(&arena, pack_memory, sizeof(pack_memory));
        struct bytes packed;
        assert_int_equal(wire_body_pack(&event, &arena, &packed), 0);
        assert_true(bytes_equal(packed, body));
    }
}

static void a_field_that_is_missing_means_its_default(void **state)
{
    (void)state;
    /* occurred_at 7; a purchase of a receipt {business_date 1, number "9"}, one line {gross 5}, one tender
     * {amount 5}, one statement of free units {card "c"} and a redemption {reservation 3} */
    static const uint8_t body[] = {
        0x08, 7, 0x82, 0x01, 28,           /* */
        0x0a, 5, 0x10, 1,    0x22, 1, '9', /* receipt */
        0x1a, 2, 0x28, 10,                 /* line */
        0x3a, 2, 0x10, 10,                 /* tender */
        0x4a, 3, 0x0a, 1,    'c',          /* free units */
        0x52, 2, 0x18, 3,                  /* redemption */
        0x5a, 2, 0x10, 1,                  /* pay with points: max */
    };
    struct bytes bytes = {body, sizeof(body)};
    struct event event;
    const char *field;
    assert_int_equal(full_unpack(bytes, &event, &field), 0);
    assert_int_equal(event.clock_correction, 0);
    const struct purchase *purchase = &event.purchase;
    assert_null(purchase->receipt.store);
    assert_null(purchase->receipt.till);
    assert_int_equal(purchase->card.size, 0);
    assert_int_equal(purchase->basket_discount, 0);
    assert_int_equal(purchase->cash_rounding, 0);
    assert_int_equal(purchase->tip, 0);
    assert_int_equal(purchase->codes_count, 0);
    assert_false(purchase->redeem_done);
    assert_int_equal(purchase->lines_count, 1);
    assert_null(purchase->lines[0].sku);
    assert_null(purchase->lines[0].category);
    assert_int_equal(purchase->lines[0].labels_count, 0);
    assert_int_equal(purchase->lines[0].quantity, 1000);
    assert_int_equal(purchase->lines[0].gross, 5);
    assert_int_equal(purchase->lines[0].discount, 0);
    assert_int_equal(purchase->lines[0].tax, 0);
    assert_false(purchase->lines[0].weighed);
    assert_false(purchase->lines[0].voided);
    assert_int_equal(purchase->tenders[0].kind, TENDER_CASH);
    assert_null(purchase->tenders[0].label);
    assert_int_equal(purchase->free_units[0].line, 0);
    assert_int_equal(purchase->free_units[0].units, 1);
    assert_false(purchase->free_units[0].charged);
    assert_int_equal(purchase->redemptions[0].units, 1);
    assert_int_equal(purchase->redemptions[0].wallet, 0);
    assert_int_equal(purchase->pay_with_points->points, 0);
    /* And packing leaves them out again. */
    struct arena arena;
    static uint8_t pack_memory[16 * 1024];
    arena_init(&arena, pack_memory, sizeof(pack_memory));
    struct bytes packed;
    assert_int_equal(wire_body_pack(&event, &arena, &packed), 0);
    assert_true(bytes_equal(packed, bytes));
}

static void a_default_that_is_written_out_is_canonical(void **state)
{
    (void)state;
    /* Other languages' encoders write what was set, even to its default. */
    static const uint8_t body[] = {0x08, 0, 0x10, 0, 0xba, 0x01, 0};
    struct event event;
    assert_int_equal(full_unpack((struct bytes){body, sizeof(body)}, &event, NULL), 0);
    assert_int_equal(event.kind, EVENT_GO_LIVE);
}

/* Bodies of an enrolment but for one thing. 0xa5 stands for the commitment's 32 bytes. */
static void an_encoding_that_packing_does_not_give_back_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int result;
        uint8_t size;
        uint8_t bytes[24];
    } table[] = {
        {"as it should be", 0, 8, {0x08, 7, 0x8a, 0x01, 34, 0x0a, 32, 0xa5}},
        {"an unknown field", ERR_NOT_CANONICAL, 10, {0x08, 7, 0x18, 1, 0x8a, 0x01, 34, 0x0a, 32, 0xa5}},
        {"an unknown field within",
         ERR_NOT_CANONICAL,
         10,
         {0x08, 7, 0x8a, 0x01, 36, 0x0a, 32, 0xa5, 0x10, 1}},
        {"a kind nobody knows", ERR_NOT_CANONICAL, 5, {0x08, 7, 0xa2, 0x06, 0}},
        {"a field twice", ERR_NOT_CANONICAL, 10, {0x08, 7, 0x08, 7, 0x8a, 0x01, 34, 0x0a, 32, 0xa5}},
        {"the kind twice",
         ERR_NOT_CANONICAL,
         14,
         {0x08, 7, 0x8a, 0x01, 34, 0x0a, 32, 0xa5, 0x8a, 0x01, 34, 0x0a, 32, 0xa5}},
        {"two kinds", ERR_NOT_CANONICAL, 11, {0x08, 7, 0x8a, 0x01, 34, 0x0a, 32, 0xa5, 0xba, 0x01, 0}},
        {"a number longer than need be",
         ERR_NOT_CANONICAL,
         9,
         {0x08, 0x87, 0, 0x8a, 0x01, 34, 0x0a, 32, 0xa5}},
        {"a tag longer than need be", ERR_NOT_CANONICAL, 9, {0x88, 0, 7, 0x8a, 0x01, 34, 0x0a, 32, 0xa5}},
        {"a length longer than need be",
         ERR_NOT_CANONICAL,
         9,
         {0x08, 7, 0x8a, 0x01, 35, 0x0a, 0xa0, 0, 0xa5}},
        {"fields in another order", ERR_NOT_CANONICAL, 8, {0x8a, 0x01, 34, 0x0a, 32, 0xa5, 0x08, 7}},
        {"a byte too many", ERR_FORMAT, 9, {0x08, 7, 0x8a, 0x01, 34, 0x0a, 32, 0xa5, 0}},
        {"a field number 0", ERR_FORMAT, 10, {0x08, 7, 0x8a, 0x01, 34, 0x0a, 32, 0xa5, 0x00, 0}},
        {"a group", ERR_FORMAT, 10, {0x08, 7, 0x8a, 0x01, 34, 0x0a, 32, 0xa5, 0x1b, 0x1c}},
        {"a wire type nobody knows", ERR_FORMAT, 9, {0x08, 7, 0x8a, 0x01, 34, 0x0a, 32, 0xa5, 0x0f}},
        {"a number as text", ERR_FORMAT, 9, {0x0a, 1, 7, 0x8a, 0x01, 34, 0x0a, 32, 0xa5}},
        {"a message as number", ERR_FORMAT, 5, {0x08, 7, 0x88, 0x01, 34}},
        {"a length beyond the end", ERR_FORMAT, 8, {0x08, 7, 0x8a, 0x01, 34, 0x0a, 33, 0xa5}},
        {"a length beyond all bounds",
         ERR_FORMAT,
         14,
         {0x08, 7, 0x8a, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}},
        {"a number of eleven bytes",
         ERR_FORMAT,
         18,
         {0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80, 0x01, 0x8a, 0x01, 34, 0x0a, 32,
          0xa5}},
        {"a number of 65 bits",
         ERR_FORMAT,
         17,
         {0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x8a, 0x01, 34, 0x0a, 32, 0xa5}},
        {"nothing", ERR_RANGE, 0, {0}},
        {"no kind", ERR_RANGE, 2, {0x08, 7}},
        {"no time", ERR_RANGE, 3, {0xba, 0x01, 0}},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        uint8_t body[128];
        size_t size = 0;
        for (size_t k = 0; k < table[i].size; k++) {
            const size_t times = table[i].bytes[k] == 0xa5 ? 32 : 1;
            memset(body + size, table[i].bytes[k], times);
            size += times;
        }
        const int result = full_refusal((struct bytes){body, size});
        if (result != table[i].result) {
            print_error("%s: %d\n", table[i].what, result);
        }
        assert_int_equal(result, table[i].result);
    }
}

/* Every message within a body, each spoilt in the same ways. */
static void no_message_within_takes_what_it_does_not_know(void **state)
{
    (void)state;
    struct wire_writer whole = {.data = full_body_memory, .room = sizeof(full_body_memory)};
    fill_message(&whole, &loyalty__body__descriptor, PURCHASE, (struct fill_override[]){FULL_ALWAYS});
    /* Where a nested message ends, a field may follow; all lengths around it grow with it. */
    const ProtobufCMessageDescriptor *purchase = &loyalty__purchase__descriptor;
    unsigned spoilt = 0;
    for (unsigned i = 0; i < purchase->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &purchase->fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
            continue;
        }
        for (unsigned way = 0; way < 3; way++) {
            uint8_t inner_memory[1024];
            uint8_t middle_memory[4096];
            struct wire_writer inner = {.data = inner_memory, .room = sizeof(inner_memory)};
            fill_message(&inner, field->descriptor, 0, (struct fill_override[]){FULL_ALWAYS});
            if (way == 1) {
                writer_number(&inner, 1000, 1); /* unknown */
            } else if (way == 2) {
                fill_message(&inner, field->descriptor, 0, (struct fill_override[]){FULL_ALWAYS}); /* twice */
            }
            struct wire_writer middle = {.data = middle_memory, .room = sizeof(middle_memory)};
            struct fill_override rest[ARRAY_COUNT(((struct fill_override[]){FULL_ALWAYS})) + 2] = {{0}};
            /* The purchase up to this field, the field, and what comes behind. */
            for (unsigned k = 0; k < purchase->n_fields; k++) {
                if (k == i) {
                    writer_prefixed(&middle, field->id, inner.data, inner.size);
                    continue;
                }
                ProtobufCMessageDescriptor one = *purchase;
                one.fields = &purchase->fields[k];
                one.n_fields = 1;
                const struct fill_override always[] = {FULL_ALWAYS};
                memcpy(rest, always, sizeof(always));
                fill_message(&middle, &one, 0, rest);
            }
            uint8_t outer_memory[8192];
            struct wire_writer outer = {.data = outer_memory, .room = sizeof(outer_memory)};
            writer_number(&outer, 1, 7);
            writer_prefixed(&outer, PURCHASE, middle.data, middle.size);
            const int result = full_refusal((struct bytes){outer.data, outer.size});
            /* Fewer lines than a free unit's index when they are the one message. */
            if (!(way == 0 && strcmp(field->name, "lines") == 0)) {
                assert_int_equal(result, way == 0 ? 0 : ERR_NOT_CANONICAL);
            }
            spoilt++;
        }
    }
    assert_int_equal(spoilt, 3 * 6);
}

static void a_body_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (uint32_t kind = PURCHASE; kind <= fill_last_field(&loyalty__body__descriptor); kind++) {
        if (!full_is_kind(kind)) {
            continue;
        }
        const struct bytes body = full_body(kind, NULL, NULL);
        for (size_t size = 0; size < body.size; size++) {
            assert_int_not_equal(full_refusal((struct bytes){body.data, size}), 0);
        }
    }
}

static void too_little_arena_is_too_large_and_no_more(void **state)
{
    (void)state;
    for (uint32_t kind = PURCHASE; kind <= fill_last_field(&loyalty__body__descriptor); kind++) {
        if (!full_is_kind(kind)) {
            continue;
        }
        const struct bytes body = full_body(kind, NULL, NULL);
        struct event event;
        int result = ERR_TOO_LARGE;
        size_t size = 0;
        for (; result != 0; size++) {
            assert_true(size < 16 * 1024);
            uint8_t *exact = malloc(size + 1);
            struct arena arena;
            arena_init(&arena, exact, size);
            result = wire_body_unpack(body, &arena, &event, NULL);
            assert_true(result == 0 || result == ERR_TOO_LARGE);
            free(exact);
        }
        /* And packing. */
        assert_int_equal(full_unpack(body, &event, NULL), 0);
        result = ERR_TOO_LARGE;
        for (size = 0; result != 0; size++) {
            assert_true(size < 16 * 1024);
            uint8_t *exact = malloc(size + 1);
            struct arena arena;
            arena_init(&arena, exact, size);
            struct bytes packed;
            result = wire_body_pack(&event, &arena, &packed);
            assert_true(result == 0 || (result == ERR_TOO_LARGE && arena.used == 0));
            free(exact);
        }
    }
}

static size_t arena_used(const struct fill_override *overrides)
{
    struct wire_writer writer = {.data = full_body_memory, .room = sizeof(full_body_memory)};
    fill_message(&writer, &loyalty__body__descriptor, PURCHASE, overrides);
    struct arena arena;
    arena_init(&arena, full_arena_memory, sizeof(full_arena_memory));
    struct event event;
    const char *field;
    const int result =
        wire_body_unpack((struct bytes){full_body_memory, writer.size}, &arena, &event, &field);
    assert_true(result == 0 || result == ERR_RANGE);
    return arena.used + writer.size; /* checking that it is canonical takes its size for a while */
}

static void a_usual_basket_needs_little_arena(void **state)
{
    (void)state;
    const struct fill_override usual[] = {
        {"Purchase.lines", FILL_COUNT, 3, NULL},      {"Line.labels", FILL_SKIP, 0, NULL},
        {"Purchase.codes", FILL_SKIP, 0, NULL},       {"Purchase.free_units", FILL_SKIP, 0, NULL},
        {"Purchase.redemptions", FILL_SKIP, 0, NULL}, {"Purchase.pay_with_points", FILL_SKIP, 0, NULL},
        {"Purchase.tenders", FILL_COUNT, 1, NULL},    {NULL, FILL_SKIP, 0, NULL}};
    assert_true(arena_used(usual) <= BODY_ARENA_USUAL_BYTES);
}

/* The largest basket a terminal can send: every line with as much as fits. */
static void any_body_unpacks_in_the_arena_it_is_promised(void **state)
{
    (void)state;
    const struct fill_override basket[] = {{"Purchase.lines", FILL_COUNT, 1200, NULL},
                                           {"Line.labels", FILL_COUNT, 8, NULL},
                                           {"Line.labels", FILL_SIZE, 1, NULL},
                                           {"Line.sku", FILL_SIZE, 1, NULL},
                                           {"Line.category", FILL_SIZE, 1, NULL},
                                           {"Redemption.reward", FILL_SKIP, 0, NULL},
                                           {"Redemption.reservation", FILL_SKIP, 0, NULL},
                                           {"Redemption.wallet", FILL_SKIP, 0, NULL},
                                           {"PayWithPoints.max", FILL_SKIP, 0, NULL},
                                           {"PayWithPoints.wallet", FILL_SKIP, 0, NULL},
                                           {"Purchase.tenders", FILL_COUNT, 16, NULL},
                                           {"Purchase.codes", FILL_COUNT, 8, NULL},
                                           {"Purchase.free_units", FILL_COUNT, 32, NULL},
                                           {"Purchase.redemptions", FILL_COUNT, 16, NULL},
                                           {NULL, FILL_SKIP, 0, NULL}};
    assert_true(arena_used(basket) <= BODY_ARENA_BYTES);
    /* Messages of two bytes, the most memory a byte can ask for, end at their bound. */
    struct wire_writer inner = {.data = full_arena_memory, .room = sizeof(full_arena_memory)};
    for (size_t i = 0; i < 25000; i++) {
        writer_prefixed(&inner, 3, "", 0);
    }
    struct wire_writer writer = {.data = full_body_memory, .room = sizeof(full_body_memory)};
    writer_number(&writer, 1, 7);
    writer_prefixed(&writer, PURCHASE, inner.data, inner.size);
    struct arena arena;
    arena_init(&arena, full_arena_memory, sizeof(full_arena_memory));
    struct event event;
    const char *field;
    assert_int_equal(wire_body_unpack((struct bytes){full_body_memory, writer.size}, &arena, &event, &field),
                     ERR_RANGE);
    assert_string_equal(field, "lines");
    assert_int_equal(arena.used, 0);
    /* A programme of the largest size. */
    const struct fill_override yaml = {"ProgrammeChange.yaml", FILL_SIZE, PROGRAMME_BYTES_MAX, NULL};
    const struct bytes change = full_body(22, &yaml, NULL);
    arena_init(&arena, full_arena_memory, BODY_ARENA_BYTES);
    assert_int_equal(wire_body_unpack(change, &arena, &event, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_every_kind_travels_there_and_back),
        cmocka_unit_test(who_leaves_a_household_names_none),
        cmocka_unit_test(the_ways_to_redeem_and_to_pay_travel_too),
        cmocka_unit_test(a_field_that_is_missing_means_its_default),
        cmocka_unit_test(a_default_that_is_written_out_is_canonical),
        cmocka_unit_test(an_encoding_that_packing_does_not_give_back_is_refused),
        cmocka_unit_test(no_message_within_takes_what_it_does_not_know),
        cmocka_unit_test(a_body_cut_anywhere_is_refused),
        cmocka_unit_test(too_little_arena_is_too_large_and_no_more),
        cmocka_unit_test(a_usual_basket_needs_little_arena),
        cmocka_unit_test(any_body_unpacks_in_the_arena_it_is_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
