#include "lib/drawn_body.h"

#include "base/limits.h"
#include "lib/drawn.h"
#include "lib/testing.h"
#include "model/day.h"

#include <string.h>

enum { MEMORY = 1024 * 1024, SMALL = 12, TEXTS = 4096 };

static uint64_t draw(void)
{
    return drawn(UINT64_C(1) << 32) << 32 | drawn(UINT64_C(1) << 32);
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

struct event drawn_body_event(void)
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
