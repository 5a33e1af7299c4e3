/* Random bodies travel there and back; random damage is refused or is a body in its own right. The seed is
 * printed and may be given as LOYALTY_SEED; LOYALTY_CASES says how many cases. */
#include "wire/body.h"
#include "wire/frame.h"
#include "wire/message.h"

#include "lib/schema_fill.h"
#include "lib/testing.h"
#include "model/day.h"

#include "loyalty/event.pb-c.h"
#include "loyalty/log.pb-c.h"
#include "loyalty/wire.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CASES = 20000, MEMORY = 1024 * 1024, SMALL = 12, TEXTS = 4096 };

static uint64_t random_state;
static uint64_t first_seed;
static unsigned cases;

static uint8_t pack_memory[MEMORY];
static uint8_t unpack_memory[MEMORY];
static uint8_t again_memory[MEMORY];
static uint8_t damaged_memory[MEMORY];

/* splitmix64 */
static uint64_t draw(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t below(uint64_t bound)
{
    return draw() % bound;
}

static bool chance(unsigned percent)
{
    return below(100) < percent;
}

/* Between both, the ends often. */
static int64_t between(int64_t min, int64_t max)
{
    const uint64_t span = (uint64_t)max - (uint64_t)min;
    switch (below(5)) {
    case 0:
        return min;
    case 1:
        return max;
    case 2:
        return (int64_t)((uint64_t)min + below(span < 300 ? span + 1 : 300));
    default:
        return (int64_t)((uint64_t)min + (span == UINT64_MAX ? draw() : below(span + 1)));
    }
}

/* Memory for one case's texts and arrays. */
static uint8_t case_memory[MEMORY];
static struct arena case_arena;

static void *take(size_t count, size_t size)
{
    void *memory = arena_alloc(&case_arena, count, size);
    assert_non_null(memory);
    return memory;
}

static const char *draw_text(size_t bytes_max, bool id)
{
    static const char *const letters[] = {
        "a", "Z", "0", "_", ".", "-", "\xc3\xb5", "\xe2\x82\xac", "\xf0\x9f\x8d\x9e", " "};
    char *text = take(1, bytes_max + 1);
    size_t size = 0;
    const size_t wanted = 1 + (size_t)below(bytes_max);
    while (size < wanted) {
        const char *letter = letters[below(id ? 6 : ARRAY_COUNT(letters))];
        if (size + strlen(letter) > bytes_max) {
            break;
        }
        memcpy(text + size, letter, strlen(letter));
        size += strlen(letter);
    }
    return size > 0 ? text : "a";
}

static const char *maybe_text(size_t bytes_max, bool id)
{
    return chance(50) ? draw_text(bytes_max, id) : NULL;
}

static struct bytes draw_bytes(size_t size)
{
    uint8_t *data = take(1, size);
    for (size_t i = 0; i < size; i++) {
        data[i] = (uint8_t)draw();
    }
    return (struct bytes){data, size};
}

static const char *const *draw_texts(size_t count, size_t bytes_max)
{
    const char **texts = take(count, sizeof(*texts));
    for (size_t i = 0; i < count; i++) {
        texts[i] = draw_text(bytes_max, false);
    }
    return texts;
}

static struct line draw_line(void)
{
    struct line line = {
        .sku = maybe_text(SKU_BYTES_MAX, false),
        .category = maybe_text(ID_BYTES_MAX, false),
        .labels_count = chance(70) ? 0 : below(LABELS_MAX + 1),
        .quantity = chance(50) ? QUANTITY_DEFAULT : between(-QUANTITY_MAX, QUANTITY_MAX),
        .gross = between(-AMOUNT_MAX, AMOUNT_MAX),
        .discount = chance(50) ? 0 : between(0, AMOUNT_MAX),
        .weighed = chance(20),
        .voided = chance(20),
    };
    line.labels = draw_texts(line.labels_count, ID_BYTES_MAX);
    line.tax = line.gross < 0 ? between(line.gross, 0) : between(0, line.gross);
    return line;
}

static void draw_lists(struct purchase *purchase)
{
    struct line *lines = take(purchase->lines_count, sizeof(*lines));
    for (size_t i = 0; i < purchase->lines_count; i++) {
        lines[i] = draw_line();
    }
    purchase->lines = lines;
    struct tender *tenders = take(purchase->tenders_count, sizeof(*tenders));
    for (size_t i = 0; i < purchase->tenders_count; i++) {
        tenders[i] = (struct tender){.kind = (enum tender_kind)below(6),
                                     .amount = between(-AMOUNT_MAX, AMOUNT_MAX),
                                     .label = maybe_text(ID_BYTES_MAX, false)};
    }
    purchase->tenders = tenders;
    struct free_units *units = take(purchase->free_units_count, sizeof(*units));
    for (size_t i = 0; i < purchase->free_units_count; i++) {
        units[i] = (struct free_units){.card = draw_text(ID_BYTES_MAX, true),
                                       .line = (uint32_t)below(purchase->lines_count),
                                       .units = (uint32_t)between(1, UNITS_MAX),
                                       .charged = chance(30)};
    }
    purchase->free_units = units;
    struct redemption *redemptions = take(purchase->redemptions_count, sizeof(*redemptions));
    for (size_t i = 0; i < purchase->redemptions_count; i++) {
        redemptions[i].units = (uint32_t)between(1, UNITS_MAX);
        switch (below(3)) {
        case 0:
            redemptions[i].voucher = draw_bytes(VOUCHER_CODE_BYTES);
            break;
        case 1:
            redemptions[i].reward = draw_text(ID_BYTES_MAX, true);
            break;
        default:
            redemptions[i].reservation = (uint64_t)between(1, INT64_MAX);
        }
    }
    purchase->redemptions = redemptions;
}

static struct receipt draw_receipt(void)
{
    return (struct receipt){.store = maybe_text(ID_BYTES_MAX, true),
                            .business_date = (int32_t)between(0, DAY_MAX),
                            .till = maybe_text(TILL_LABEL_BYTES_MAX, true),
                            .number = draw_text(RECEIPT_NUMBER_BYTES_MAX, false)};
}

static void draw_return(struct goods_return *goods)
{
    goods->receipt = draw_receipt();
    goods->has_original = chance(80);
    if (goods->has_original) {
        goods->original = draw_receipt();
    }
    goods->card = chance(50) ? draw_bytes(HASH_BYTES) : (struct bytes){0};
    goods->done = chance(50);
    if (!goods->has_original || chance(30)) {
        goods->amount = between(1, AMOUNT_MAX);
        return;
    }
    goods->parts_count = below(SMALL);
    goods->whole = goods->parts_count == 0;
    struct return_part *parts = take(goods->parts_count, sizeof(*parts));
    for (size_t i = 0; i < goods->parts_count; i++) {
        parts[i].sku = maybe_text(SKU_BYTES_MAX, false);
        parts[i].line = parts[i].sku != NULL ? 0 : (uint32_t)below(LINES_MAX);
        parts[i].quantity = chance(30) ? 0 : between(1, QUANTITY_MAX);
    }
    goods->parts = parts;
}

static void draw_purchase(struct purchase *purchase)
{
    purchase->receipt = draw_receipt();
    purchase->card = chance(50) ? draw_bytes(HASH_BYTES) : (struct bytes){0};
    purchase->lines_count = chance(5) ? below(LINES_MAX + 1) : below(SMALL);
    purchase->basket_discount = chance(50) ? 0 : between(0, AMOUNT_MAX);
    purchase->cash_rounding = chance(50) ? 0 : between(-CASH_ROUNDING_MAX, CASH_ROUNDING_MAX);
    purchase->tip = chance(50) ? 0 : between(0, AMOUNT_MAX);
    purchase->tenders_count = below(TENDERS_MAX + 1);
    purchase->codes_count = chance(50) ? 0 : below(CODES_MAX + 1);
    purchase->codes = draw_texts(purchase->codes_count, ID_BYTES_MAX);
    purchase->free_units_count = chance(50) || purchase->lines_count == 0 ? 0 : below(FREE_UNITS_MAX + 1);
    purchase->redemptions_count = chance(50) ? 0 : below(REDEMPTIONS_MAX + 1);
    draw_lists(purchase);
    if (chance(30)) {
        struct pay_with_points *pay = take(1, sizeof(*pay));
        pay->points = chance(50) ? 0 : between(1, POINTS_MAX);
        purchase->pay_with_points = pay;
    }
    purchase->redeem_done = chance(30);
}

static void draw_reserve(struct reserve *reserve)
{
    reserve->card = draw_bytes(HASH_BYTES);
    reserve->units = chance(50) ? 1 : (uint32_t)between(1, UNITS_MAX);
    if (chance(30)) {
        reserve->reward = draw_text(ID_BYTES_MAX, true);
    } else if (chance(50)) {
        reserve->voucher = draw_bytes(VOUCHER_CODE_BYTES);
    } else {
        reserve->points = true;
        reserve->amount = chance(30) ? 0 : between(1, POINTS_MAX);
    }
    if (chance(50)) {
        reserve->has_timeout = true;
        reserve->timeout_minutes = (uint32_t)between(0, RESERVATION_MINUTES_MAX);
    }
}

static void draw_others(struct event *event)
{
    switch (event->kind) {
    case EVENT_ENROLMENT:
        event->enrolment.card = draw_bytes(HASH_BYTES);
        break;
    case EVENT_GENESIS:
        event->genesis.format = GENESIS_FORMAT;
        event->genesis.daemon_key = draw_bytes(KEY_BYTES);
        event->genesis.operator_key = draw_bytes(KEY_BYTES);
        event->genesis.currency = chance(50) ? "EUR" : "JPY";
        event->genesis.random = draw_bytes(GENESIS_RANDOM_BYTES);
        break;
    case EVENT_INVITE:
        event->invite.code_hash = draw_bytes(HASH_BYTES);
        event->invite.role = (enum role)below(5);
        event->invite.store = event->invite.role == ROLE_TERMINAL ? draw_text(ID_BYTES_MAX, true)
                                                                  : maybe_text(ID_BYTES_MAX, true);
        event->invite.label = draw_text(TILL_LABEL_BYTES_MAX, true);
        event->invite.expires_at = between(0, TIME_MAX);
        break;
    case EVENT_PRINCIPAL_ADDED:
        event->principal_added.principal = (uint32_t)between(1, UINT32_MAX);
        event->principal_added.key = draw_bytes(KEY_BYTES);
        event->principal_added.invite = (uint64_t)between(1, INT64_MAX);
        event->principal_added.proof = draw_bytes(SIGNATURE_BYTES);
        break;
    case EVENT_REVOKE:
        event->revoke.principal = (uint32_t)between(1, UINT32_MAX);
        event->revoke.reason = maybe_text(NAME_BYTES_MAX, false);
        break;
    case EVENT_PROGRAMME_CHANGE:
        event->programme_change.yaml = draw_bytes(1 + below(2000));
        break;
    case EVENT_ENGINE_REVISION:
        event->engine_revision.revision = (uint32_t)between(1, UINT32_MAX);
        event->engine_revision.version = draw_text(SOFTWARE_BYTES_MAX, false);
        break;
    case EVENT_KEY_ROTATED:
        event->key_rotated.key = draw_bytes(KEY_BYTES);
        event->key_rotated.proof = draw_bytes(SIGNATURE_BYTES);
        break;
    case EVENT_RETIRED:
        event->retired.principal = (uint32_t)between(1, UINT32_MAX);
        event->retired.reason = maybe_text(NAME_BYTES_MAX, false);
        break;
    case EVENT_ACTIVITY:
        event->activity.card = draw_bytes(HASH_BYTES);
        event->activity.code = draw_text(ID_BYTES_MAX, true);
        event->activity.amount = chance(50) ? 0 : between(1, ACTIVITY_AMOUNT_MAX);
        break;
    case EVENT_ADJUSTMENT:
        event->adjustment = (struct adjustment){
            .member = (uint32_t)between(1, UINT32_MAX),
            .reason = draw_text(NAME_BYTES_MAX, false),
            .points = chance(50) ? 0 : between(-POINTS_MAX, POINTS_MAX),
            .may_owe = chance(30),
            .until = chance(50) ? -1 : (int32_t)between(0, 2932896),
            .qualifying = chance(50) ? 0 : between(-POINTS_MAX, POINTS_MAX),
            .card = chance(50) ? NULL : draw_text(ID_BYTES_MAX, true),
            .stamps = chance(50) ? 0 : between(-ADJUSTED_STAMPS_MAX, ADJUSTED_STAMPS_MAX),
            .level = chance(50) ? NULL : draw_text(ID_BYTES_MAX, true),
            .level_until = chance(50) ? -1 : (int32_t)between(0, 2932896),
            .reward = chance(50) ? NULL : draw_text(ID_BYTES_MAX, true),
            .has_receipt = chance(30),
        };
        if (event->adjustment.has_receipt) {
            event->adjustment.receipt = draw_receipt();
        }
        break;
    case EVENT_HOUSEHOLD:
        event->household.member = (uint32_t)between(1, UINT32_MAX);
        event->household.leaves = between(0, 1) == 1;
        event->household.household =
            event->household.leaves ? 0 : (uint32_t)between(0, 1) * (uint32_t)between(1, UINT32_MAX);
        event->household.reason = maybe_text(NAME_BYTES_MAX, false);
        break;
    case EVENT_MERGE:
        event->merge.from = (uint32_t)between(1, UINT32_MAX);
        event->merge.to = (uint32_t)between(1, UINT32_MAX);
        event->merge.reason = maybe_text(NAME_BYTES_MAX, false);
        break;
    case EVENT_TRANSFER:
        event->transfer.from = (uint32_t)between(1, UINT32_MAX);
        event->transfer.to = (uint32_t)between(1, UINT32_MAX);
        event->transfer.points = between(1, POINTS_MAX);
        event->transfer.reason = maybe_text(NAME_BYTES_MAX, false);
        break;
    case EVENT_GOODS_RETURN:
        draw_return(&event->goods_return);
        break;
    case EVENT_VOID_RECEIPT:
        event->void_receipt.receipt = draw_receipt();
        event->void_receipt.done = chance(30);
        break;
    case EVENT_CLAIM:
        event->claim.receipt = draw_receipt();
        event->claim.card = draw_bytes(HASH_BYTES);
        break;
    case EVENT_UNCLAIM:
        event->unclaim.receipt = draw_receipt();
        event->unclaim.reason = draw_text(NAME_BYTES_MAX, false);
        break;
    case EVENT_RESOLVE:
        event->resolve.position = (uint64_t)between(1, INT64_MAX);
        event->resolve.index = (uint32_t)below(EXCEPTIONS_MAX);
        event->resolve.reason = draw_text(NAME_BYTES_MAX, false);
        break;
    case EVENT_RESUMED:
        event->resumed.position = (uint64_t)between(1, INT64_MAX);
        break;
    case EVENT_REBOOK:
        event->rebook.position = (uint64_t)between(1, INT64_MAX);
        event->rebook.reason = draw_text(NAME_BYTES_MAX, false);
        if (chance(50)) {
            event->rebook.body = draw_bytes((size_t)between(1, 200));
        }
        break;
    case EVENT_TICK: {
        static uint32_t members[TICK_MEMBERS_MAX];
        event->tick.members = members;
        event->tick.members_count = (size_t)between(1, TICK_MEMBERS_MAX);
        for (size_t i = 0; i < event->tick.members_count; i++) {
            members[i] = (i == 0 ? 0 : members[i - 1]) + (uint32_t)between(1, 4000000);
        }
        break;
    }
    case EVENT_DAY_CLOSE:
        event->day_close.day = draw_receipt();
        event->day_close.day.number = NULL;
        event->day_close.has_totals = chance(50);
        if (event->day_close.has_totals) {
            event->day_close.totals.gross = between(-DAY_GROSS_MAX, DAY_GROSS_MAX);
            event->day_close.totals.receipts = (uint32_t)between(0, DAY_RECEIPTS_MAX);
        }
        break;
    case EVENT_CARD_LINKED:
        event->card_linked.member = (uint32_t)between(1, UINT32_MAX);
        event->card_linked.card = draw_bytes(HASH_BYTES);
        break;
    case EVENT_ERASED:
        event->erased.member = (uint32_t)between(1, UINT32_MAX);
        event->erased.reason = maybe_text(NAME_BYTES_MAX, false);
        break;
    case EVENT_RESERVE:
        draw_reserve(&event->reserve);
        break;
    case EVENT_RELEASE:
        event->release.reservation = (uint64_t)between(1, INT64_MAX);
        break;
    case EVENT_PURCHASE:
    case EVENT_GO_LIVE:
        break;
    }
}

static enum event_kind draw_kind(void)
{
    static const enum event_kind kinds[] = {
#define X(name, number) EVENT_##name,
        EVENT_KIND_TABLE(X)
#undef X
    };
    return kinds[below(sizeof(kinds) / sizeof(kinds[0]))];
}

static struct event draw_event(void)
{
    arena_init(&case_arena, case_memory, sizeof(case_memory));
    struct event event = {.occurred_at = between(0, TIME_MAX),
                          .clock_correction =
                              chance(70) ? 0 : between(-CLOCK_CORRECTION_MAX, CLOCK_CORRECTION_MAX),
                          .kind = chance(70) ? EVENT_PURCHASE : draw_kind()};
    if (event.kind == EVENT_PURCHASE) {
        draw_purchase(&event.purchase);
    } else {
        draw_others(&event);
    }
    return event;
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
        const struct event event = draw_event();
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
    const uint64_t times = 1 + below(3);
    for (uint64_t i = 0; i < times && size > 0; i++) {
        const size_t at = below(size);
        const size_t length = 1 + below(size - at < 16 ? size - at : 16);
        switch (below(6)) {
        case 0:
            data[at] ^= (uint8_t)(1U << below(8));
            break;
        case 1:
            data[at] = (uint8_t)draw();
            break;
        case 2:
            memmove(data + at + 1, data + at, size - at);
            data[at] = chance(50) ? 0x80 : (uint8_t)draw();
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
        const struct event event = draw_event();
        const struct bytes damaged = damage(pack(&event, pack_memory));
        struct arena arena;
        struct event back;
        arena_init(&arena, unpack_memory, chance(5) ? below(4096) : BODY_ARENA_BYTES);
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
    return first + (uint32_t)below(fill_last_field(descriptor) - first + 1);
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
    random_state = first_seed;
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
