#include "wire/body.h"

#include "wire/effects.h"
#include "wire/enums.h"
#include "wire/protobuf.h"
#include "wire/values.h"

#include "model/holding.h"
#include "model/programme.h"

#include <string.h>

enum {
    METRICS_FIELD = 16,
    STAMPS_FIELD = 17,
    DAY_STARTS_FIELD = 19,
    LIMITS_FIELD = 22,
    HOLDINGS_FIELD = 29,
    OTHER_FIELD = 30,
    FACTS_FIELD = 32,
    ITEMS_FIELD = 33
};

static const struct wire_range minute_range = {0, 24 * 60 - 1};
static const struct wire_range card_range = {CONTEXT_CARD_FREE, CONTEXT_CARD_TAKEN};
static const struct wire_range occasions_range = {0, OCCASION_BIT(OCCASION_BIRTHDAY) |
                                                         OCCASION_BIT(OCCASION_ANNIVERSARY)};
/* Fields 1 to 15. */
static void context_write_head(const struct context *context, struct wire_output *output)
{
    Loyalty__Context message = LOYALTY__CONTEXT__INIT;
    WIRE_PUT_UNLESS(&message, day, context->day, 0);
    WIRE_PUT_UNLESS(&message, minute, (uint32_t)context->minute, 0);
    WIRE_PUT_UNLESS(&message, offset, context->offset, 0);
    WIRE_PUT_UNLESS(&message, member_day, context->member_day, context->day);
    WIRE_PUT_UNLESS(&message, booked_day, context->booked_day, context->member_day);
    WIRE_PUT_UNLESS(&message, member, context->member, 0);
    WIRE_PUT_UNLESS(&message, new_member, context->new_member, 0);
    WIRE_PUT_UNLESS(&message, previous, context->previous, 0);
    WIRE_PUT_UNLESS(&message, available, context->balances[MEMBER_AVAILABLE], 0);
    WIRE_PUT_UNLESS(&message, pending, context->balances[MEMBER_PENDING], 0);
    WIRE_PUT_UNLESS(&message, reserved, context->balances[MEMBER_RESERVED], 0);
    WIRE_PUT_UNLESS(&message, level, context->level, 0);
    WIRE_PUT_UNLESS(&message, level_until, context->level_until, DAY_NEVER);
    WIRE_PUT_UNLESS(&message, purchases, context->purchases, 0);
    WIRE_PUT_UNLESS(&message, last_purchase, context->last_purchase, 0);
    wire_output_add(output, &message.base);
}

static void metrics_write(const struct context *context, struct wire_output *output)
{
    for (size_t i = 0; i < context->metrics_count; i++) {
        const struct context_metric *from = &context->metrics[i];
        Loyalty__Context__Metric metric = LOYALTY__CONTEXT__METRIC__INIT;
        WIRE_PUT_UNLESS(&metric, metric, from->metric, 0);
        WIRE_PUT_UNLESS(&metric, value, from->value, 0);
        WIRE_PUT_UNLESS(&metric, now, from->now, from->value);
        WIRE_PUT_UNLESS(&metric, fullest, from->fullest, from->value);
        wire_output_add_field(output, METRICS_FIELD, &metric.base);
    }
}

static void stamps_write(const struct context *context, struct wire_output *output)
{
    for (size_t i = 0; i < context->stamps_count; i++) {
        const struct stamps *from = &context->stamps[i];
        Loyalty__Context__Stamps stamps = LOYALTY__CONTEXT__STAMPS__INIT;
        WIRE_PUT_UNLESS(&stamps, card, from->card, 0);
        WIRE_PUT_UNLESS(&stamps, count, from->count, 0);
        WIRE_PUT_UNLESS(&stamps, completed, from->completed, 0);
        WIRE_PUT_UNLESS(&stamps, since, from->since, 0);
        WIRE_PUT_UNLESS(&stamps, required, (uint32_t)from->required, 0);
        wire_output_add_field(output, STAMPS_FIELD, &stamps.base);
    }
}

/* Fields 20 and 21. */
static void decided_write(const struct context *context, struct wire_output *output)
{
    Loyalty__Context message = LOYALTY__CONTEXT__INIT;
    WIRE_PUT_UNLESS(&message, decided_level, context->decided_level, context->level);
    WIRE_PUT_UNLESS(&message, visits_today, context->visits_today, 0);
    wire_output_add(output, &message.base);
}

static void limits_write(const struct context *context, struct wire_output *output)
{
    for (size_t i = 0; i < context->limits_count; i++) {
        const struct context_limit *from = &context->limits[i];
        Loyalty__Context__Limit limit = LOYALTY__CONTEXT__LIMIT__INIT;
        WIRE_PUT_UNLESS(&limit, limit, from->limit, 0);
        WIRE_PUT_UNLESS(&limit, used, from->used, 0);
        wire_output_add_field(output, LIMITS_FIELD, &limit.base);
    }
}

static void items_write(const struct context *context, struct wire_output *output)
{
    for (size_t i = 0; i < context->items_count; i++) {
        const struct set_item *from = &context->items[i];
        Loyalty__Context__Item item = LOYALTY__CONTEXT__ITEM__INIT;
        WIRE_PUT_UNLESS(&item, card, from->card, 0);
        WIRE_PUT_UNLESS(&item, item, from->item, 0);
        WIRE_PUT_UNLESS(&item, standing, from->standing, 0);
        wire_output_add_field(output, ITEMS_FIELD, &item.base);
    }
}

static void day_starts_write(const struct context *context, struct wire_output *output)
{
    for (size_t i = 0; i < context->day_starts_count; i++) {
        const struct day_start *from = &context->day_starts[i];
        Loyalty__Context__DayStart start = LOYALTY__CONTEXT__DAY_START__INIT;
        WIRE_PUT_UNLESS(&start, day, from->day, 0);
        WIRE_PUT_UNLESS(&start, at, from->at, 0);
        wire_output_add_field(output, DAY_STARTS_FIELD, &start.base);
    }
}

/* Fields 23 to 28. */
static void levels_write(const struct context *context, struct wire_output *output)
{
    Loyalty__Context message = LOYALTY__CONTEXT__INIT;
    WIRE_PUT_UNLESS(&message, level_day, context->level_day, 0);
    WIRE_PUT_UNLESS(&message, held_level, context->held_level, 0);
    WIRE_PUT_UNLESS(&message, held_until, context->held_until, 0);
    WIRE_PUT_UNLESS(&message, floor_level, context->floor_level, 0);
    if (context->floor_level != 0) {
        WIRE_PUT_UNLESS(&message, floor_until, context->floor_until, DAY_NEVER);
    }
    WIRE_PUT_UNLESS(&message, enrolled, context->enrolled, 0);
    wire_output_add(output, &message.base);
}

static void holding_write(const struct holding_row *row, bool other, struct wire_output *output)
{
    Loyalty__Context__Holding holding = LOYALTY__CONTEXT__HOLDING__INIT;
    WIRE_PUT_UNLESS(&holding, kind, (uint32_t)row->kind, 0);
    WIRE_PUT_UNLESS(&holding, key1, row->key1, 0);
    WIRE_PUT_UNLESS(&holding, key2, row->key2, 0);
    WIRE_PUT_UNLESS(&holding, amount, row->amount, 0);
    WIRE_PUT_UNLESS(&holding, left, row->left, 0);
    WIRE_PUT_UNLESS(&holding, since, row->since, 0);
    WIRE_PUT_UNLESS(&holding, until, row->until, DAY_NEVER);
    WIRE_PUT_UNLESS(&holding, due, row->due, 0);
    wire_output_add_field(output, other ? OTHER_FIELD : HOLDINGS_FIELD, &holding.base);
}

/* The first row names the member. */
static void holdings_write(const struct member_state *state, bool other, struct wire_output *output)
{
    struct holding_cursor cursor = {0};
    struct holding_row row;
    while (state != NULL && holding_next(state, &cursor, &row)) {
        if (row.kind == HOLDING_MEMBER) {
            row.key1 = state->member;
        }
        holding_write(&row, other, output);
    }
}

/* Fields 31 and 32. */
static void about_write(const struct context *context, struct wire_output *output)
{
    Loyalty__Context head = LOYALTY__CONTEXT__INIT;
    WIRE_PUT_UNLESS(&head, about, context->about, 0);
    wire_output_add(output, &head.base);
    for (size_t i = 0; i < context->facts_count; i++) {
        Loyalty__ReceiptFact fact;
        wire_receipt_fact_write(&context->facts[i], &fact);
        wire_output_add_field(output, FACTS_FIELD, &fact.base);
    }
}

/* Fields 34 and 35. */
static void beside_write(const struct context *context, struct wire_output *output)
{
    Loyalty__Context message = LOYALTY__CONTEXT__INIT;
    WIRE_PUT_UNLESS(&message, card_state, (uint32_t)context->card, 0);
    WIRE_PUT_BYTES(&message, answers, ((struct bytes){context->answers, context->answers_size}));
    WIRE_PUT_UNLESS(&message, household, context->household, 0);
    wire_output_add(output, &message.base);
}

static void vouchers_write(const struct context *context, struct wire_output *output)
{
    uint8_t standings[REDEMPTIONS_MAX];
    Loyalty__Context message = LOYALTY__CONTEXT__INIT;
    for (size_t i = 0; i < context->vouchers_count; i++) {
        standings[i] = (uint8_t)context->vouchers[i];
    }
    WIRE_PUT_BYTES(&message, vouchers, ((struct bytes){standings, context->vouchers_count}));
    wire_output_add(output, &message.base);
}

/* Fields 41 and 42. */
static void settled_write(const struct context *context, struct wire_output *output)
{
    Loyalty__Context message = LOYALTY__CONTEXT__INIT;
    message.n_settled = context->settled_count;
    message.settled = (uint64_t *)(uintptr_t)context->settled; /* what is packed is not written to */
    WIRE_PUT_UNLESS(&message, occasions, context->occasions, 0);
    wire_output_add(output, &message.base);
}

int wire_context_pack(const struct context *context, struct arena *arena, struct bytes *ret_bytes)
{
    struct wire_output output;
    wire_output_begin(&output, arena);
    /* Part by part, in the order of the fields: no array of pointers is needed. */
    context_write_head(context, &output);
    metrics_write(context, &output);
    stamps_write(context, &output);
    if (context->random_size > 0) {
        Loyalty__Context message = LOYALTY__CONTEXT__INIT;
        WIRE_PUT(&message, random, wire_bytes((struct bytes){context->random, context->random_size}));
        wire_output_add(&output, &message.base);
    }
    day_starts_write(context, &output);
    decided_write(context, &output);
    limits_write(context, &output);
    levels_write(context, &output);
    holdings_write(context->holdings, false, &output);
    holdings_write(context->other, true, &output);
    about_write(context, &output);
    items_write(context, &output);
    beside_write(context, &output);
    vouchers_write(context, &output);
    settled_write(context, &output);
    return wire_output_end(&output, ret_bytes);
}

static void context_read_numbers(struct wire_values *values, const Loyalty__Context *message,
                                 struct context *context)
{
    context->day = message->day;
    context->minute = (int32_t)wire_optional(values, WIRE_FIELD(message, minute), 0, minute_range);
    context->offset = message->offset;
    context->member_day = message->has_member_day ? message->member_day : context->day;
    context->booked_day = message->has_booked_day ? message->booked_day : context->member_day;
    context->member = message->member;
    context->new_member = message->new_member;
    context->household = message->household;
    context->previous = wire_position(values, WIRE_FIELD(message, previous));
    context->balances[MEMBER_AVAILABLE] = message->available;
    context->balances[MEMBER_PENDING] = message->pending;
    context->balances[MEMBER_RESERVED] = message->reserved;
    context->level = message->level;
    context->level_until = message->has_level_until ? message->level_until : DAY_NEVER;
    context->purchases = message->purchases;
    context->last_purchase = message->last_purchase;
    context->decided_level = message->has_decided_level ? message->decided_level : context->level;
    context->visits_today = message->visits_today;
    context->level_day = message->level_day;
    context->held_level = message->held_level;
    context->held_until = message->held_until;
    context->floor_level = message->floor_level;
    context->floor_until = message->has_floor_until    ? message->floor_until
                           : message->floor_level != 0 ? DAY_NEVER
                                                       : 0;
    context->enrolled = message->enrolled;
    context->about = wire_position(values, WIRE_FIELD(message, about));
    context->occasions = (uint8_t)wire_optional(values, WIRE_FIELD(message, occasions), 0, occasions_range);
    context->card = (enum context_card)wire_optional(values, WIRE_FIELD(message, card_state),
                                                     CONTEXT_CARD_FREE, card_range);
}

/* Only after the counts were found to fit. */
static void context_read_arrays(const Loyalty__Context *message, struct context *context)
{
    context->metrics_count = message->n_metrics;
    for (size_t i = 0; i < message->n_metrics; i++) {
        const Loyalty__Context__Metric *from = message->metrics[i];
        context->metrics[i] = (struct context_metric){
            .metric = from->metric,
            .value = from->value,
            .now = from->has_now ? from->now : from->value,
            .fullest = from->has_fullest ? from->fullest : from->value,
        };
    }
    context->stamps_count = message->n_stamps;
    for (size_t i = 0; i < message->n_stamps; i++) {
        const Loyalty__Context__Stamps *from = message->stamps[i];
        context->stamps[i] = (struct stamps){
            .card = from->card,
            .count = from->count,
            .completed = from->completed,
            .since = from->since,
            .required = from->required,
        };
    }
    context->limits_count = message->n_limits;
    for (size_t i = 0; i < message->n_limits; i++) {
        context->limits[i] = (struct context_limit){message->limits[i]->limit, message->limits[i]->used};
    }
    context->items_count = message->n_items;
    for (size_t i = 0; i < message->n_items; i++) {
        const Loyalty__Context__Item *from = message->items[i];
        context->items[i] = (struct set_item){from->card, from->item, from->standing};
    }
    context->vouchers_count = message->vouchers.len;
    for (size_t i = 0; i < message->vouchers.len; i++) {
        context->vouchers[i] = (enum voucher_standing)message->vouchers.data[i];
    }
    context->settled_count = message->n_settled;
    for (size_t i = 0; i < message->n_settled; i++) {
        context->settled[i] = message->settled[i];
    }
    context->answers_size = message->answers.len;
    if (message->answers.len > 0) {
        memcpy(context->answers, message->answers.data, message->answers.len);
    }
    context->random_size = message->random.len;
    if (message->random.len > 0) {
        memcpy(context->random, message->random.data, message->random.len);
    }
}

static int day_start_read(struct bytes bytes, struct arena *arena, struct context *context)
{
    if (context->day_starts_count == CONTEXT_DAY_STARTS_MAX) {
        return ERR_RANGE;
    }
    ProtobufCMessage *unpacked = NULL;
    const int error = wire_unpack_scanned(&loyalty__context__day_start__descriptor, bytes, arena, &unpacked);
    if (error == 0) {
        const Loyalty__Context__DayStart *from = (const Loyalty__Context__DayStart *)unpacked;
        context->day_starts[context->day_starts_count++] =
            (struct day_start){.day = from->day, .at = from->at};
    }
    return error;
}

static int holding_read(struct bytes bytes, struct arena *arena, struct member_state *state, bool first)
{
    ProtobufCMessage *unpacked = NULL;
    const int error = wire_unpack_scanned(&loyalty__context__holding__descriptor, bytes, arena, &unpacked);
    if (error != 0) {
        return error;
    }
    const Loyalty__Context__Holding *from = (const Loyalty__Context__Holding *)unpacked;
    const struct holding_row row = {
        .kind = (enum holding_kind)(from->kind < HOLDING_KINDS ? from->kind : HOLDING_KINDS),
        .key1 = from->key1,
        .key2 = from->key2,
        .amount = from->amount,
        .left = from->left,
        .since = from->since,
        .until = from->has_until ? from->until : DAY_NEVER,
        .due = from->due,
    };
    if ((row.kind == HOLDING_MEMBER) != first) {
        return ERR_RANGE;
    }
    if (first) {
        if (row.key1 < 0 || row.key1 > UINT32_MAX) {
            return ERR_RANGE;
        }
        member_state_clear(state, (uint32_t)row.key1);
    }
    return holding_add(state, &row) ? 0 : ERR_RANGE;
}

static int fact_read(struct bytes bytes, struct arena *arena, struct receipt_fact *fact)
{
    struct wire_values values;
    wire_values_init(&values, arena);
    ProtobufCMessage *unpacked = NULL;
    const int error = wire_unpack_scanned(&loyalty__receipt_fact__descriptor, bytes, arena, &unpacked);
    if (error == 0) {
        wire_receipt_fact_read(&values, (const Loyalty__ReceiptFact *)unpacked, fact);
    }
    return error != 0 ? error : values.error;
}

/* What stands in thousands in a context is read one at a time, so that it needs the memory of one. */
struct rows {
    struct arena *arena;
    struct context *context;
    struct member_state *holdings; /* NULL: none so far */
    struct member_state *other;
    struct receipt_fact *facts;
};

/* Room that stays when the arena is rewound behind it. NULL when there is none. */
static int room(struct arena *arena, void **place, size_t count, size_t size)
{
    if (*place == NULL) {
        *place = arena_alloc(arena, count, size);
    }
    return *place == NULL ? ERR_TOO_LARGE : 0;
}

static int row_read(struct rows *rows, const struct wire_field *field)
{
    struct context *context = rows->context;
    struct arena *arena = rows->arena;
    int error = 0;
    const bool first_holding = rows->holdings == NULL;
    const bool first_other = rows->other == NULL;
    if (field->number == HOLDINGS_FIELD) {
        error = room(arena, (void **)&rows->holdings, 1, sizeof(*rows->holdings));
    } else if (field->number == OTHER_FIELD) {
        error = room(arena, (void **)&rows->other, 1, sizeof(*rows->other));
    } else if (field->number == FACTS_FIELD) {
        error = room(arena, (void **)&rows->facts, RECEIPT_FACTS_MAX, sizeof(*rows->facts));
    }
    if (error != 0) {
        return error;
    }
    const size_t mark = arena->used;
    if (field->number == DAY_STARTS_FIELD) {
        error = day_start_read(field->payload, arena, context);
    } else if (field->number == HOLDINGS_FIELD) {
        error = holding_read(field->payload, arena, rows->holdings, first_holding);
    } else if (field->number == OTHER_FIELD) {
        error = holding_read(field->payload, arena, rows->other, first_other);
    } else if (context->facts_count == RECEIPT_FACTS_MAX) {
        error = ERR_RANGE;
    } else {
        error = fact_read(field->payload, arena, &rows->facts[context->facts_count]);
        context->facts_count += error == 0;
    }
    arena_rewind(arena, mark);
    return error;
}

static bool is_row(uint32_t number)
{
    return number == DAY_STARTS_FIELD || number == HOLDINGS_FIELD || number == OTHER_FIELD ||
           number == FACTS_FIELD;
}

/* Takes the rows out; the other fields are copied to `rest` (bytes.size bytes). */
static int rows_read(struct bytes bytes, struct rows *rows, uint8_t *rest, size_t *ret_size)
{
    struct wire_reader reader = wire_reader(bytes);
    struct wire_field field;
    const uint8_t *begin = bytes.data;
    struct context *context = rows->context;
    size_t size = 0;
    int more;
    context->day_starts_count = 0;
    context->facts_count = 0;
    while ((more = wire_reader_next(&reader, &field)) == 1) {
        const size_t field_size = (size_t)(reader.at - begin);
        if (!is_row(field.number)) {
            memcpy(rest + size, begin, field_size);
            size += field_size;
        } else if (field.type != WIRE_PREFIXED) {
            return ERR_FORMAT;
        } else {
            const int error = row_read(rows, &field);
            if (error != 0) {
                return error;
            }
        }
        begin = reader.at;
    }
    context->holdings = rows->holdings;
    context->other = rows->other;
    context->facts = rows->facts;
    *ret_size = size;
    return more;
}

static bool is_complete(const struct member_state *holdings)
{
    return holdings == NULL || holdings_complete(holdings);
}

static int context_read(struct bytes head, struct wire_values *values, struct context *context)
{
    ProtobufCMessage *unpacked = NULL;
    const int error = wire_unpack_scanned(&loyalty__context__descriptor, head, values->arena, &unpacked);
    if (error != 0) {
        return error;
    }
    const Loyalty__Context *message = (const Loyalty__Context *)unpacked;
    context_read_numbers(values, message, context);
    wire_value_check(values, message->n_metrics <= CONTEXT_METRICS_MAX, "metrics");
    wire_value_check(values, message->n_limits <= COUNTERS_MAX, "limits");
    wire_value_check(values, message->n_stamps <= CARDS_MAX, "stamps");
    wire_value_check(values, message->n_items <= SET_ITEMS_MAX, "items");
    wire_value_check(values, message->vouchers.len <= REDEMPTIONS_MAX, "vouchers");
    for (size_t i = 0; i < message->vouchers.len; i++) {
        wire_value_check(values, message->vouchers.data[i] <= VOUCHER_NOT_THERE, "vouchers");
    }
    wire_value_check(values, message->n_settled <= TICK_MEMBERS_MAX, "settled");
    wire_value_check(values, message->random.len <= sizeof(context->random), "random");
    wire_value_check(values, message->answers.len <= sizeof(context->answers), "answers");
    if (values->error == 0) {
        context_read_arrays(message, context);
    }
    return values->error;
}

int wire_context_unpack(struct bytes bytes, struct arena *arena, struct context *ret_context)
{
    struct wire_values values;
    wire_values_init(&values, arena);
    const struct wire_scan scan = {.descriptor = &loyalty__context__descriptor, .strictness = WIRE_STRICT};
    int error = wire_scan(&scan, bytes, &values.field);
    struct rows rows = {.arena = arena, .context = ret_context};
    const size_t mark = arena->used;
    uint8_t *rest = error == 0 ? arena_alloc(arena, 1, bytes.size + 1) : NULL;
    size_t rest_size = 0;
    if (error == 0) {
        error = rest == NULL ? ERR_TOO_LARGE : rows_read(bytes, &rows, rest, &rest_size);
    }
    if (error == 0 && (!is_complete(rows.holdings) || !is_complete(rows.other))) {
        error = ERR_RANGE;
    }
    const bool keeps = rows.holdings != NULL || rows.other != NULL || rows.facts != NULL;
    const size_t behind = arena->used;
    if (error == 0) {
        error = context_read((struct bytes){rest, rest_size}, &values, ret_context);
    }
    /* Nothing but those rows points into the arena. */
    arena_rewind(arena, keeps ? behind : mark);
    return error;
}
