/* Bodies: what the schema says travels there and back; whatever else is refused by its name. */
#include "wire/body.h"

#include "lib/schema_fill.h"
#include "lib/testing.h"

#include "loyalty/event.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 4 * 1024 * 1024, BODY_BYTES_MAX = 512 * 1024, PURCHASE = 16 };

static uint8_t arena_memory[ARENA_BYTES];
static uint8_t body_memory[BODY_BYTES_MAX];

/* What of a redemption, of paying with points and of a return cannot stand beside the rest. */
#define ALWAYS                                                                                               \
    {"Redemption.reward", FILL_SKIP, 0, NULL}, {"Redemption.reservation", FILL_SKIP, 0, NULL},               \
        {"Redemption.wallet", FILL_SKIP, 0, NULL}, {"PayWithPoints.max", FILL_SKIP, 0, NULL},                \
        {"Reserve.voucher", FILL_SKIP, 0, NULL}, {"Reserve.points", FILL_SKIP, 0, NULL},                     \
        {"Reserve.max", FILL_SKIP, 0, NULL}, {"Reserve.wallet", FILL_SKIP, 0, NULL},                         \
        {"PayWithPoints.wallet", FILL_SKIP, 0, NULL}, {"Genesis.currency", FILL_TEXT, 3, "EUR"},             \
        {"GoodsReturn.amount", FILL_SKIP, 0, NULL}, {"GoodsReturn.whole", FILL_SKIP, 0, NULL},               \
        {"ReturnPart.line", FILL_SKIP, 0, NULL}, {"Resolve.index", FILL_VALUE, 1, NULL},                     \
        {"Household.leaves", FILL_SKIP, 0, NULL},                                                            \
    {                                                                                                        \
        NULL, FILL_SKIP, 0, NULL                                                                             \
    }

/* The numbers of kinds may have gaps. */
static bool is_kind(uint32_t kind)
{
    return protobuf_c_message_descriptor_get_field(&loyalty__body__descriptor, kind) != NULL;
}

/* A body of this kind with every field set, changed by at most two overrides. */
static struct bytes body_with(uint32_t kind, const struct fill_override *first,
                              const struct fill_override *second)
{
    struct fill_override overrides[] = {
        first != NULL ? *first : (struct fill_override){"", FILL_SKIP, 0, NULL},
        second != NULL ? *second : (struct fill_override){"", FILL_SKIP, 0, NULL},
        ALWAYS,
    };
    struct wire_writer writer = {.data = body_memory, .room = sizeof(body_memory)};
    fill_message(&writer, &loyalty__body__descriptor, kind, overrides);
    return (struct bytes){body_memory, writer.size};
}

/* Unpacks from memory of exactly the body's size. */
static int unpack(struct bytes body, struct event *ret_event, const char **ret_field)
{
    uint8_t *exact = malloc(body.size == 0 ? 1 : body.size);
    assert_non_null(exact);
    if (body.size > 0) {
        memcpy(exact, body.data, body.size);
    }
    struct arena arena;
    arena_init(&arena, arena_memory, sizeof(arena_memory));
    const int result = wire_body_unpack((struct bytes){exact, body.size}, &arena, ret_event, ret_field);
    free(exact);
    return result;
}

static int refusal(struct bytes body)
{
    struct event event;
    return unpack(body, &event, NULL);
}

static void every_field_of_every_kind_travels_there_and_back(void **state)
{
    (void)state;
    for (uint32_t kind = PURCHASE; kind <= fill_last_field(&loyalty__body__descriptor); kind++) {
        if (!is_kind(kind)) {
            continue;
        }
        const struct bytes body = body_with(kind, NULL, NULL);
        struct event event;
        const char *field = NULL;
        const int result = unpack(body, &event, &field);
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
    assert_int_equal(unpack(body_with(HOUSEHOLD, &leaves, &unnamed), &event, NULL), 0);
    assert_true(event.household.leaves);
    assert_int_equal(refusal(body_with(HOUSEHOLD, &leaves, NULL)), ERR_RANGE);
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
        struct wire_writer writer = {.data = body_memory, .room = sizeof(body_memory)};
        fill_message(&writer, &loyalty__body__descriptor, PURCHASE, overrides);
        const struct bytes body = {body_memory, writer.size};
        struct event event;
        assert_int_equal(unpack(body, &event, NULL), 0);
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
    assert_int_equal(unpack(bytes, &event, &field), 0);
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
    assert_int_equal(unpack((struct bytes){body, sizeof(body)}, &event, NULL), 0);
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
        const int result = refusal((struct bytes){body, size});
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
    struct wire_writer whole = {.data = body_memory, .room = sizeof(body_memory)};
    fill_message(&whole, &loyalty__body__descriptor, PURCHASE, (struct fill_override[]){ALWAYS});
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
            fill_message(&inner, field->descriptor, 0, (struct fill_override[]){ALWAYS});
            if (way == 1) {
                writer_number(&inner, 1000, 1); /* unknown */
            } else if (way == 2) {
                fill_message(&inner, field->descriptor, 0, (struct fill_override[]){ALWAYS}); /* twice */
            }
            struct wire_writer middle = {.data = middle_memory, .room = sizeof(middle_memory)};
            struct fill_override rest[ARRAY_COUNT(((struct fill_override[]){ALWAYS})) + 2] = {{0}};
            /* The purchase up to this field, the field, and what comes behind. */
            for (unsigned k = 0; k < purchase->n_fields; k++) {
                if (k == i) {
                    writer_prefixed(&middle, field->id, inner.data, inner.size);
                    continue;
                }
                ProtobufCMessageDescriptor one = *purchase;
                one.fields = &purchase->fields[k];
                one.n_fields = 1;
                const struct fill_override always[] = {ALWAYS};
                memcpy(rest, always, sizeof(always));
                fill_message(&middle, &one, 0, rest);
            }
            uint8_t outer_memory[8192];
            struct wire_writer outer = {.data = outer_memory, .room = sizeof(outer_memory)};
            writer_number(&outer, 1, 7);
            writer_prefixed(&outer, PURCHASE, middle.data, middle.size);
            const int result = refusal((struct bytes){outer.data, outer.size});
            /* Fewer lines than a free unit's index when they are the one message. */
            if (!(way == 0 && strcmp(field->name, "lines") == 0)) {
                assert_int_equal(result, way == 0 ? 0 : ERR_NOT_CANONICAL);
            }
            spoilt++;
        }
    }
    assert_int_equal(spoilt, 3 * 6);
}

static void texts_are_utf8_without_nul(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t size;
        int result;
    } table[] = {
        {"\xc3\xb5"
         "7",
         3, 0},
        {"a\0b", 3, ERR_FORMAT},
        {"ab\0", 3, ERR_FORMAT},
        {"\0", 1, ERR_FORMAT},
        {"\xc3", 1, ERR_FORMAT},
        {"\xc0\x80", 2, ERR_FORMAT},
        {"\xed\xa0\x80", 3, ERR_FORMAT},
        {"\xf4\x90\x80\x80", 4, ERR_FORMAT},
        {"\x80", 1, ERR_FORMAT},
    };
    static const char *const fields[] = {"Receipt.number", "Line.sku", "Line.labels", "Purchase.codes",
                                         "Tender.label"};
    for (size_t k = 0; k < ARRAY_COUNT(fields); k++) {
        for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
            const struct fill_override override = {fields[k], FILL_TEXT, table[i].size, table[i].text};
            struct event event;
            const char *field;
            assert_int_equal(unpack(body_with(PURCHASE, &override, NULL), &event, &field), table[i].result);
            assert_string_equal(field, table[i].result == 0 ? "" : strchr(fields[k], '.') + 1);
        }
    }
}

static void ids_are_of_their_letters_only(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t kind;
    } fields[] = {{"Receipt.store", PURCHASE},
                  {"Receipt.till", PURCHASE},
                  {"FreeUnits.card", PURCHASE},
                  {"Invite.store", 19},
                  {"Invite.label", 19}};
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
        const struct fill_override good = {fields[i].name, FILL_TEXT, 7, "Az09_-."};
        const struct fill_override space = {fields[i].name, FILL_TEXT, 3, "a b"};
        const struct fill_override umlaut = {fields[i].name, FILL_TEXT, 2, "\xc3\xb5"};
        assert_int_equal(refusal(body_with(fields[i].kind, &good, NULL)), 0);
        assert_int_equal(refusal(body_with(fields[i].kind, &space, NULL)), ERR_RANGE);
        assert_int_equal(refusal(body_with(fields[i].kind, &umlaut, NULL)), ERR_RANGE);
    }
    static const char *const currencies[] = {"eur", "EU1", "EURO", "EU"};
    for (size_t i = 0; i < ARRAY_COUNT(currencies); i++) {
        const struct fill_override override = {"Genesis.currency", FILL_TEXT, (int64_t)strlen(currencies[i]),
                                               currencies[i]};
        assert_int_equal(refusal(body_with(18, &override, NULL)), ERR_RANGE);
    }
}

static void expect_field(uint32_t kind, const struct fill_override *override, bool accepted)
{
    struct event event;
    const char *field = NULL;
    const int result = unpack(body_with(kind, override, NULL), &event, &field);
    if (result != (accepted ? 0 : ERR_RANGE)) {
        print_error("%s, %lld: %d in %s\n", override->name, (long long) override->number, result, field);
    }
    assert_int_equal(result, accepted ? 0 : ERR_RANGE);
    if (!accepted) {
        assert_string_equal(field, strchr(override->name, '.') + 1);
    }
}

static void every_number_has_its_range(void **state)
{
    (void)state;
    const int64_t amount = 1000000000000;
    const int64_t end_of_time = 253402300799999;
    const struct {
        const char *name;
        uint32_t kind;
        int64_t min;
        int64_t max;
    } table[] = {
        {"Body.occurred_at", 23, 0, end_of_time},
        {"Body.clock_correction", 23, -amount, amount},
        {"Receipt.business_date", PURCHASE, 0, 2932896},
        {"Purchase.basket_discount", PURCHASE, 0, amount},
        {"Purchase.cash_rounding", PURCHASE, -1000000, 1000000},
        {"Purchase.tip", PURCHASE, 0, amount},
        {"Purchase.redeem", PURCHASE, 0, 1},
        {"Line.quantity", PURCHASE, -1000000000, 1000000000},
        {"Line.discount", PURCHASE, 0, amount},
        {"Line.tax", PURCHASE, 0, 95},
        {"Tender.kind", PURCHASE, 0, 5},
        {"Tender.amount", PURCHASE, -amount, amount},
        {"FreeUnits.line", PURCHASE, 0, 1},
        {"FreeUnits.units", PURCHASE, 1, 1000000},
        {"Redemption.units", PURCHASE, 1, 1000000},
        {"PayWithPoints.points", PURCHASE, 1, amount},
        {"Genesis.format", 18, 1, 1},
        {"Invite.role", 19, 0, 4},
        {"Invite.expires_at", 19, 0, end_of_time},
        {"PrincipalAdded.principal", 20, 1, UINT32_MAX},
        {"PrincipalAdded.invite", 20, 1, INT64_MAX},
        {"Revoke.principal", 21, 1, UINT32_MAX},
        {"EngineRevision.revision", 24, 1, UINT32_MAX},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        const bool top = table[i].max == INT64_MAX;
        const struct fill_override below = {table[i].name, FILL_VALUE, table[i].min - 1, NULL};
        const struct fill_override min = {table[i].name, FILL_VALUE, table[i].min, NULL};
        const struct fill_override max = {table[i].name, FILL_VALUE, table[i].max, NULL};
        /* 2^63 as the unsigned number it is. */
        const struct fill_override above = {table[i].name, top ? FILL_WIDE : FILL_VALUE,
                                            top ? INT64_MIN : table[i].max + 1, NULL};
        expect_field(table[i].kind, &below, false);
        expect_field(table[i].kind, &min, true);
        expect_field(table[i].kind, &max, true);
        expect_field(table[i].kind, &above, false);
        const struct fill_override missing = {table[i].name, FILL_SKIP, 0, NULL};
        const int result = refusal(body_with(table[i].kind, &missing, NULL));
        assert_true(result == 0 || result == ERR_RANGE);
    }
}

static void gross_has_its_range_and_tax_is_within_it(void **state)
{
    (void)state;
    const int64_t amount = 1000000000000;
    const struct {
        int64_t gross;
        int64_t tax;
        bool accepted;
    } table[] = {
        {amount, 0, true},   {amount + 1, 0, false}, {-amount, 0, true}, {-amount - 1, 0, false},
        {100, 100, true},    {100, 101, false},      {100, -1, false},   {-100, -100, true},
        {-100, -101, false}, {-100, 1, false},       {0, 0, true},       {0, 1, false},
        {0, -1, false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        const struct fill_override gross = {"Line.gross", FILL_VALUE, table[i].gross, NULL};
        const struct fill_override tax = {"Line.tax", FILL_VALUE, table[i].tax, NULL};
        assert_int_equal(refusal(body_with(PURCHASE, &gross, &tax)), table[i].accepted ? 0 : ERR_RANGE);
    }
}

static void every_text_and_list_has_its_length(void **state)
{
    (void)state;
    const struct {
        const char *name;
        uint32_t kind;
        int64_t min;
        int64_t max;
    } table[] = {
        {"Receipt.store", PURCHASE, 1, 32},
        {"Receipt.till", PURCHASE, 1, 32},
        {"Receipt.number", PURCHASE, 1, 40},
        {"Purchase.card", PURCHASE, 32, 32},
        {"Purchase.codes", PURCHASE, 1, 32},
        {"Line.sku", PURCHASE, 1, 40},
        {"Line.category", PURCHASE, 1, 32},
        {"Line.labels", PURCHASE, 1, 32},
        {"Tender.label", PURCHASE, 1, 32},
        {"FreeUnits.card", PURCHASE, 1, 32},
        {"Redemption.voucher", PURCHASE, 16, 16},
        {"Enrolment.card", 17, 32, 32},
        {"Genesis.daemon_key", 18, 32, 32},
        {"Genesis.operator_key", 18, 32, 32},
        {"Genesis.random", 18, 32, 32},
        {"Invite.code_hash", 19, 32, 32},
        {"Invite.store", 19, 1, 32},
        {"Invite.label", 19, 1, 32},
        {"PrincipalAdded.key", 20, 32, 32},
        {"PrincipalAdded.proof", 20, 64, 64},
        {"Revoke.reason", 21, 1, 128},
        {"ProgrammeChange.yaml", 22, 1, 262144},
        {"EngineRevision.version", 24, 1, 64},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        const struct fill_override below = {table[i].name, FILL_SIZE, table[i].min - 1, NULL};
        const struct fill_override min = {table[i].name, FILL_SIZE, table[i].min, NULL};
        const struct fill_override max = {table[i].name, FILL_SIZE, table[i].max, NULL};
        const struct fill_override above = {table[i].name, FILL_SIZE, table[i].max + 1, NULL};
        expect_field(table[i].kind, &below, false);
        expect_field(table[i].kind, &min, true);
        expect_field(table[i].kind, &max, true);
        expect_field(table[i].kind, &above, false);
    }
    const struct {
        const char *name;
        int64_t max;
    } lists[] = {{"Purchase.lines", 1200},    {"Purchase.tenders", 16},     {"Purchase.codes", 8},
                 {"Purchase.free_units", 32}, {"Purchase.redemptions", 16}, {"Line.labels", 8}};
    for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
        const struct fill_override none = {lists[i].name, FILL_COUNT, 0, NULL};
        const struct fill_override max = {lists[i].name, FILL_COUNT, lists[i].max, NULL};
        const struct fill_override above = {lists[i].name, FILL_COUNT, lists[i].max + 1, NULL};
        const struct fill_override no_free_units = {"Purchase.free_units", FILL_SKIP, 0, NULL};
        assert_int_equal(refusal(body_with(PURCHASE, &none, i == 0 ? &no_free_units : NULL)), 0);
        expect_field(PURCHASE, &max, true);
        expect_field(PURCHASE, &above, false);
    }
}

static void what_is_required_must_be_there(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t kind;
        const char *field;
    } table[] = {
        {"Body.occurred_at", 23, NULL},
        {"Purchase.receipt", PURCHASE, NULL},
        {"Receipt.business_date", PURCHASE, NULL},
        {"Receipt.number", PURCHASE, NULL},
        {"Line.gross", PURCHASE, NULL},
        {"Tender.amount", PURCHASE, NULL},
        {"FreeUnits.card", PURCHASE, NULL},
        {"Redemption.voucher", PURCHASE, "redemptions"},
        {"PayWithPoints.points", PURCHASE, "pay_with_points"},
        {"Enrolment.card", 17, NULL},
        {"Genesis.format", 18, NULL},
        {"Genesis.daemon_key", 18, NULL},
        {"Genesis.operator_key", 18, NULL},
        {"Genesis.random", 18, NULL},
        {"Invite.code_hash", 19, NULL},
        {"Invite.label", 19, NULL},
        {"Invite.expires_at", 19, NULL},
        {"PrincipalAdded.principal", 20, NULL},
        {"PrincipalAdded.key", 20, NULL},
        {"PrincipalAdded.invite", 20, NULL},
        {"PrincipalAdded.proof", 20, NULL},
        {"Revoke.principal", 21, NULL},
        {"ProgrammeChange.yaml", 22, NULL},
        {"EngineRevision.revision", 24, NULL},
        {"EngineRevision.version", 24, NULL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        const struct fill_override missing = {table[i].name, FILL_SKIP, 0, NULL};
        struct event event;
        const char *field = NULL;
        assert_int_equal(unpack(body_with(table[i].kind, &missing, NULL), &event, &field), ERR_RANGE);
        assert_string_equal(field, table[i].field != NULL ? table[i].field : strchr(table[i].name, '.') + 1);
    }
    /* Of an invite the store only when it is for a terminal, as it is by default. */
    const struct fill_override no_store = {"Invite.store", FILL_SKIP, 0, NULL};
    const struct fill_override no_role = {"Invite.role", FILL_SKIP, 0, NULL};
    assert_int_equal(refusal(body_with(19, &no_store, NULL)), 0);
    assert_int_equal(refusal(body_with(19, &no_role, NULL)), 0);
    assert_int_equal(refusal(body_with(19, &no_store, &no_role)), ERR_RANGE);
}

static void what_excludes_each_other_does(void **state)
{
    (void)state;
    struct wire_writer writer = {.data = body_memory, .room = sizeof(body_memory)};
    const struct fill_override both[] = {{"Redemption.wallet", FILL_SKIP, 0, NULL},
                                         {"PayWithPoints.wallet", FILL_SKIP, 0, NULL},
                                         {"Redemption.reward", FILL_SKIP, 0, NULL},
                                         {"PayWithPoints.max", FILL_SKIP, 0, NULL},
                                         {NULL, FILL_SKIP, 0, NULL}};
    fill_message(&writer, &loyalty__body__descriptor, PURCHASE, both);
    struct event event;
    const char *field;
    assert_int_equal(unpack((struct bytes){writer.data, writer.size}, &event, &field), ERR_RANGE);
    assert_string_equal(field, "redemptions");
    writer.size = 0;
    const struct fill_override max_too[] = {{"Purchase.redemptions", FILL_SKIP, 0, NULL},
                                            {"PayWithPoints.wallet", FILL_SKIP, 0, NULL},
                                            {NULL, FILL_SKIP, 0, NULL}};
    fill_message(&writer, &loyalty__body__descriptor, PURCHASE, max_too);
    assert_int_equal(unpack((struct bytes){writer.data, writer.size}, &event, &field), ERR_RANGE);
    assert_string_equal(field, "pay_with_points");
}

static void a_wallet_is_the_first(void **state)
{
    (void)state;
    static const char *const names[] = {"Redemption.wallet", "PayWithPoints.wallet"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        for (int64_t wallet = 0; wallet <= 1; wallet++) {
            const struct fill_override override = {names[i], FILL_VALUE, wallet, NULL};
            assert_int_equal(refusal(body_with(PURCHASE, &override, NULL)), wallet == 0 ? 0 : ERR_RANGE);
        }
    }
}

static void a_number_wider_than_its_type_is_out_of_range(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t kind;
    } table[] = {
        {"Receipt.business_date", PURCHASE}, {"Tender.kind", PURCHASE}, {"FreeUnits.units", PURCHASE},
        {"Purchase.redeem", PURCHASE},       {"Invite.role", 19},       {"Revoke.principal", 21}};
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        /* 2^32 + 1 would be 1 to whoever looks at 32 bits. */
        const struct fill_override wide = {table[i].name, FILL_WIDE, (INT64_C(1) << 32) + 1, NULL};
        expect_field(table[i].kind, &wide, false);
        const struct fill_override negative = {table[i].name, FILL_WIDE, -1, NULL};
        expect_field(table[i].kind, &negative, false);
    }
    static const char *const flags[] = {"Line.weighed", "Line.voided", "FreeUnits.charged"};
    for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
        const struct fill_override two = {flags[i], FILL_WIDE, 2, NULL};
        expect_field(PURCHASE, &two, false);
    }
}

static void a_body_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (uint32_t kind = PURCHASE; kind <= fill_last_field(&loyalty__body__descriptor); kind++) {
        if (!is_kind(kind)) {
            continue;
        }
        const struct bytes body = body_with(kind, NULL, NULL);
        for (size_t size = 0; size < body.size; size++) {
            assert_int_not_equal(refusal((struct bytes){body.data, size}), 0);
        }
    }
}

static void too_little_arena_is_too_large_and_no_more(void **state)
{
    (void)state;
    for (uint32_t kind = PURCHASE; kind <= fill_last_field(&loyalty__body__descriptor); kind++) {
        if (!is_kind(kind)) {
            continue;
        }
        const struct bytes body = body_with(kind, NULL, NULL);
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
        assert_int_equal(unpack(body, &event, NULL), 0);
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
    struct wire_writer writer = {.data = body_memory, .room = sizeof(body_memory)};
    fill_message(&writer, &loyalty__body__descriptor, PURCHASE, overrides);
    struct arena arena;
    arena_init(&arena, arena_memory, sizeof(arena_memory));
    struct event event;
    const char *field;
    const int result = wire_body_unpack((struct bytes){body_memory, writer.size}, &arena, &event, &field);
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
    struct wire_writer inner = {.data = arena_memory, .room = sizeof(arena_memory)};
    for (size_t i = 0; i < 25000; i++) {
        writer_prefixed(&inner, 3, "", 0);
    }
    struct wire_writer writer = {.data = body_memory, .room = sizeof(body_memory)};
    writer_number(&writer, 1, 7);
    writer_prefixed(&writer, PURCHASE, inner.data, inner.size);
    struct arena arena;
    arena_init(&arena, arena_memory, sizeof(arena_memory));
    struct event event;
    const char *field;
    assert_int_equal(wire_body_unpack((struct bytes){body_memory, writer.size}, &arena, &event, &field),
                     ERR_RANGE);
    assert_string_equal(field, "lines");
    assert_int_equal(arena.used, 0);
    /* A programme of the largest size. */
    const struct fill_override yaml = {"ProgrammeChange.yaml", FILL_SIZE, PROGRAMME_BYTES_MAX, NULL};
    const struct bytes change = body_with(22, &yaml, NULL);
    arena_init(&arena, arena_memory, BODY_ARENA_BYTES);
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
        cmocka_unit_test(texts_are_utf8_without_nul),
        cmocka_unit_test(ids_are_of_their_letters_only),
        cmocka_unit_test(every_number_has_its_range),
        cmocka_unit_test(gross_has_its_range_and_tax_is_within_it),
        cmocka_unit_test(every_text_and_list_has_its_length),
        cmocka_unit_test(what_is_required_must_be_there),
        cmocka_unit_test(what_excludes_each_other_does),
        cmocka_unit_test(a_wallet_is_the_first),
        cmocka_unit_test(a_number_wider_than_its_type_is_out_of_range),
        cmocka_unit_test(a_body_cut_anywhere_is_refused),
        cmocka_unit_test(too_little_arena_is_too_large_and_no_more),
        cmocka_unit_test(a_usual_basket_needs_little_arena),
        cmocka_unit_test(any_body_unpacks_in_the_arena_it_is_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
