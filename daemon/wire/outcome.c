#include "wire/body.h"

#include "wire/effects.h"
#include "wire/enums.h"
#include "wire/protobuf.h"
#include "wire/unpack.h"
#include "wire/values.h"

#include "base/check.h"
#include "model/programme.h"

#include <string.h>

enum { OUTCOME_CODE_FIELD = 1, OUTCOME_MEMBER_FIELD = 3, OUTCOME_EFFECTS_FIELD = 4, OUTCOME_USES_FIELD = 8 };

static void effects_write(const struct outcome *outcome, struct wire_output *output)
{
    uint32_t vouchers = 0;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *from = &outcome->effects[i];
        if (from->kind == EFFECT_VOUCHER && from->voucher.position == 0) {
            CHECK(from->voucher.index == vouchers);
            vouchers++;
        }
        union wire_effect_arm arm;
        Loyalty__Effect effect;
        wire_effect_write(from, outcome->member, &arm, &effect);
        wire_output_add_field(output, OUTCOME_EFFECTS_FIELD, &effect.base);
    }
}

/* Fields 5 to 7. */
static void outcome_write_tail(const struct outcome *outcome, struct wire_output *output)
{
    Loyalty__Outcome message = LOYALTY__OUTCOME__INIT;
    Loyalty__Balances balances = LOYALTY__BALANCES__INIT;
    Loyalty__NearMiss near_misses[NEAR_MISSES_MAX];
    Loyalty__NearMiss *near_misses_pointers[NEAR_MISSES_MAX];
    Loyalty__Exception exceptions[EXCEPTIONS_MAX];
    Loyalty__Exception *exceptions_pointers[EXCEPTIONS_MAX];
    if (outcome->has_balances) {
        const struct balances *from = &outcome->balances;
        WIRE_PUT_UNLESS(&balances, available, from->accounts[MEMBER_AVAILABLE], 0);
        WIRE_PUT_UNLESS(&balances, pending, from->accounts[MEMBER_PENDING], 0);
        WIRE_PUT_UNLESS(&balances, reserved, from->accounts[MEMBER_RESERVED], 0);
        WIRE_PUT_UNLESS(&balances, level, from->level, 0);
        WIRE_PUT_UNLESS(&balances, level_until, from->level_until, DAY_NEVER);
        WIRE_PUT_UNLESS(&balances, qualifying, from->qualifying, 0);
        message.balances = &balances;
    }
    for (size_t i = 0; i < outcome->near_misses_count; i++) {
        const struct near_miss *from = &outcome->near_misses[i];
        Loyalty__NearMiss *to = &near_misses[i];
        loyalty__near_miss__init(to);
        WIRE_PUT_UNLESS(to, reason, wire_near_miss_reason_write(from->reason),
                        LOYALTY__NEAR_MISS_REASON__NEAR_MISS_NEXT_LEVEL);
        WIRE_PUT_UNLESS(to, rule, from->number, 0);
        WIRE_PUT_UNLESS(to, lacking, from->lacking, 0);
        near_misses_pointers[i] = to;
    }
    message.n_near_misses = outcome->near_misses_count;
    message.near_misses = near_misses_pointers;
    for (size_t i = 0; i < outcome->exceptions_count; i++) {
        const struct exception *from = &outcome->exceptions[i];
        Loyalty__Exception *to = &exceptions[i];
        loyalty__exception__init(to);
        WIRE_PUT_UNLESS(to, kind, wire_exception_kind_write(from->kind),
                        LOYALTY__EXCEPTION_KIND__EXCEPTION_UNKNOWN_CARD);
        WIRE_PUT_UNLESS(to, amount, from->amount, 0);
        exceptions_pointers[i] = to;
    }
    message.n_exceptions = outcome->exceptions_count;
    message.exceptions = exceptions_pointers;
    wire_output_add(output, &message.base);
}

static void uses_write(const struct outcome *outcome, struct wire_output *output)
{
    for (size_t i = 0; i < outcome->uses_count; i++) {
        const struct use *from = &outcome->uses[i];
        Loyalty__Use use = LOYALTY__USE__INIT;
        WIRE_PUT_UNLESS(&use, redemption, from->redemption, 0);
        WIRE_PUT_UNLESS(&use, reward, from->reward, 0);
        WIRE_PUT_UNLESS(&use, units, from->units, 0);
        WIRE_PUT_UNLESS(&use, points, from->points, 0);
        WIRE_PUT_UNLESS(&use, value, from->value, 0);
        wire_output_add_field(output, OUTCOME_USES_FIELD, &use.base);
    }
}

int wire_outcome_pack(const struct outcome *outcome, struct arena *arena, struct bytes *ret_bytes)
{
    CHECK(outcome->near_misses_count <= NEAR_MISSES_MAX);
    CHECK(outcome->exceptions_count <= EXCEPTIONS_MAX);
    CHECK(outcome->effects_count <= EFFECTS_MAX);
    CHECK(outcome->uses_count <= USES_MAX);
    struct wire_output output;
    wire_output_begin(&output, arena);
    /* Part by part, in the order of the fields: an outcome of thousands of effects needs no more memory than
     * its bytes. */
    Loyalty__Outcome head = LOYALTY__OUTCOME__INIT;
    WIRE_PUT_UNLESS(&head, code, wire_code_write(outcome->code), LOYALTY__CODE__CODE_ACCEPTED);
    WIRE_PUT_UNLESS(&head, programme_version, outcome->programme_version, 0);
    WIRE_PUT_UNLESS(&head, member, outcome->member, 0);
    wire_output_add(&output, &head.base);
    effects_write(outcome, &output);
    outcome_write_tail(outcome, &output);
    uses_write(outcome, &output);
    return wire_output_end(&output, ret_bytes);
}

static void balances_read(const Loyalty__Balances *message, struct balances *balances)
{
    balances->accounts[MEMBER_AVAILABLE] = message->available;
    balances->accounts[MEMBER_PENDING] = message->pending;
    balances->accounts[MEMBER_RESERVED] = message->reserved;
    balances->level = message->level;
    balances->level_until = message->has_level_until ? message->level_until : DAY_NEVER;
    balances->qualifying = message->qualifying;
}

/* Everything but the effects. */
static void outcome_read(struct wire_values *values, const Loyalty__Outcome *message, struct outcome *outcome)
{
    outcome->code = CODE_ACCEPTED;
    if (message->has_code) {
        wire_value_check(values, wire_code_read(message->code, &outcome->code), "code");
    }
    outcome->programme_version = message->programme_version;
    outcome->member = message->member;
    outcome->has_balances = message->balances != NULL;
    outcome->balances = (struct balances){.level_until = DAY_NEVER};
    if (message->balances != NULL) {
        balances_read(message->balances, &outcome->balances);
    }
    wire_value_check(values, message->n_near_misses <= NEAR_MISSES_MAX, "near_misses");
    outcome->near_misses_count = message->n_near_misses;
    for (size_t i = 0; i < message->n_near_misses && values->error == 0; i++) {
        const Loyalty__NearMiss *from = message->near_misses[i];
        struct near_miss *to = &outcome->near_misses[i];
        *to = (struct near_miss){.number = from->rule, .lacking = from->lacking};
        if (from->has_reason) {
            wire_value_check(values, wire_near_miss_reason_read(from->reason, &to->reason), "reason");
        }
    }
    wire_value_check(values, message->n_exceptions <= EXCEPTIONS_MAX, "exceptions");
    outcome->exceptions_count = message->n_exceptions;
    for (size_t i = 0; i < message->n_exceptions && values->error == 0; i++) {
        const Loyalty__Exception *from = message->exceptions[i];
        struct exception *to = &outcome->exceptions[i];
        *to = (struct exception){.amount = from->amount};
        if (from->has_kind) {
            wire_value_check(values, wire_exception_kind_read(from->kind, &to->kind), "kind");
        }
    }
    wire_value_check(values, message->n_uses <= USES_MAX, "uses");
    outcome->uses_count = values->error == 0 ? message->n_uses : 0;
    for (size_t i = 0; i < outcome->uses_count; i++) {
        const Loyalty__Use *from = message->uses[i];
        wire_value_check(values, from->redemption <= USE_POINTS, "redemption");
        outcome->uses[i] = (struct use){.redemption = from->redemption,
                                        .reward = from->reward,
                                        .units = from->units,
                                        .points = from->points,
                                        .value = from->value};
    }
}

/* A message of an outcome: strictly where nothing has scanned it. */
static int part_unpack(struct wire_values *values, const ProtobufCMessageDescriptor *descriptor,
                       struct bytes bytes, bool strict, ProtobufCMessage **ret_message)
{
    const struct wire_scan scan = {.descriptor = descriptor, .strictness = WIRE_STRICT};
    if (!strict) {
        return wire_unpack_scanned(descriptor, bytes, values->arena, ret_message);
    }
    *ret_message = wire_unpack_strict(&scan, bytes, values->arena);
    return *ret_message == NULL ? ERR_FORMAT : 0;
}

static int effect_add(struct wire_values *values, struct bytes bytes, bool strict, uint32_t *vouchers,
                      struct outcome *outcome)
{
    if (outcome->effects_count == EFFECTS_MAX) {
        return ERR_RANGE;
    }
    const size_t mark = values->arena->used;
    ProtobufCMessage *message = NULL;
    const int error = part_unpack(values, &loyalty__effect__descriptor, bytes, strict, &message);
    if (error != 0) {
        return error;
    }
    struct effect *effect = &outcome->effects[outcome->effects_count];
    wire_effect_read(values, (const Loyalty__Effect *)message, outcome->member, effect);
    if (values->error != 0) {
        return values->error;
    }
    if (effect->kind == EFFECT_VOUCHER && effect->voucher.position == 0) {
        effect->voucher.index = (*vouchers)++;
    }
    if (!wire_effect_borrows(effect->kind)) {
        arena_rewind(values->arena, mark);
    }
    outcome->effects_count++;
    return 0;
}

/* The effects, one at a time, so that thousands need the memory of one. They stand together, as the scan has
 * seen, or what is strict here; what is before the first and behind the last is the rest of the message. */
struct outcome_rest {
    struct bytes head;
    struct bytes tail;
};

static int effects_read(struct wire_values *values, struct bytes bytes, bool strict, struct outcome *outcome,
                        struct outcome_rest *ret_rest)
{
    struct wire_reader reader = wire_reader(bytes);
    struct wire_field field;
    uint32_t vouchers = 0;
    const uint8_t *first = NULL; /* of the effects */
    const uint8_t *last = bytes.data;
    const uint8_t *begin = bytes.data;
    uint32_t before = 0; /* number of the field */
    int more;
    outcome->effects_count = 0;
    outcome->member = 0;
    while ((more = wire_reader_next(&reader, &field)) == 1) {
        if (strict && field.number < before) {
            return ERR_FORMAT;
        }
        before = field.number;
        if (field.number == OUTCOME_MEMBER_FIELD) {
            outcome->member = (uint32_t)field.varint; /* before the effects, which leave it out */
        } else if (field.number == OUTCOME_EFFECTS_FIELD) {
            if (field.type != WIRE_PREFIXED) {
                return ERR_FORMAT;
            }
            first = first == NULL ? begin : first;
            const int error = effect_add(values, field.payload, strict, &vouchers, outcome);
            if (error != 0) {
                return error;
            }
            last = reader.at;
        }
        begin = reader.at;
    }
    if (more < 0) {
        return more;
    }
    *ret_rest = (struct outcome_rest){.tail = bytes};
    if (first != NULL) {
        ret_rest->head = (struct bytes){bytes.data, (size_t)(first - bytes.data)};
        ret_rest->tail = (struct bytes){last, (size_t)(bytes.data + bytes.size - last)};
    }
    return 0;
}

/* The two rests joined, as one message: fields follow each other freely. */
static int rest_read(struct wire_values *values, const struct outcome_rest *rest, bool strict,
                     struct outcome *outcome)
{
    struct arena *arena = values->arena;
    const size_t mark = arena->used;
    const size_t size = rest->head.size + rest->tail.size;
    uint8_t *joined = arena_alloc(arena, 1, size);
    if (joined == NULL) {
        return ERR_TOO_LARGE;
    }
    if (rest->head.data != NULL && rest->head.size > 0) {
        memcpy(joined, rest->head.data, rest->head.size);
    }
    if (rest->tail.data != NULL && rest->tail.size > 0) {
        memcpy(joined + rest->head.size, rest->tail.data, rest->tail.size);
    }
    ProtobufCMessage *message = NULL;
    int error =
        part_unpack(values, &loyalty__outcome__descriptor, (struct bytes){joined, size}, strict, &message);
    if (error == 0) {
        outcome_read(values, (const Loyalty__Outcome *)message, outcome);
        error = values->error;
    }
    arena_rewind(arena, mark);
    return error;
}

/* `strict`: nothing has looked at it yet, and ERR_FORMAT may mean anything. */
static int outcome_unpack(struct bytes bytes, bool strict, struct arena *arena, struct outcome *ret_outcome)
{
    struct wire_values values;
    wire_values_init(&values, arena);
    struct outcome_rest rest;
    const int error = effects_read(&values, bytes, strict, ret_outcome, &rest);
    return error == 0 ? rest_read(&values, &rest, strict, ret_outcome) : error;
}

int wire_outcome_unpack(struct bytes bytes, struct arena *arena, struct outcome *ret_outcome)
{
    const struct wire_scan scan = {.descriptor = &loyalty__outcome__descriptor, .strictness = WIRE_STRICT};
    const size_t mark = arena->used;
    const char *field;
    if (outcome_unpack(bytes, true, arena, ret_outcome) == 0) {
        return 0;
    }
    arena_rewind(arena, mark);
    const int error = wire_scan(&scan, bytes, &field);
    return error == 0 ? outcome_unpack(bytes, false, arena, ret_outcome) : error;
}

int wire_outcome_code(struct bytes outcome, enum outcome_code *ret_code)
{
    struct wire_reader reader = wire_reader(outcome);
    struct wire_field field;
    enum outcome_code code = CODE_ACCEPTED;
    bool known = true;
    int more;
    while ((more = wire_reader_next(&reader, &field)) == 1) {
        if (field.number == OUTCOME_CODE_FIELD) {
            if (field.type != WIRE_VARINT) {
                return ERR_FORMAT;
            }
            known = field.varint <= INT32_MAX && wire_code_read((Loyalty__Code)field.varint, &code);
        }
    }
    if (more < 0) {
        return more;
    }
    if (!known) {
        return ERR_UNSUPPORTED;
    }
    *ret_code = code;
    return 0;
}

int wire_booked_pack(const struct booked *booked, struct arena *arena, struct bytes *ret_bytes)
{
    struct wire_output output;
    wire_output_begin(&output, arena);
    Loyalty__Booked message = LOYALTY__BOOKED__INIT;
    WIRE_PUT(&message, sequence, booked->sequence);
    WIRE_PUT(&message, position, booked->position);
    WIRE_PUT(&message, booked_at, booked->booked_at);
    const struct bytes chain = {booked->chain, HASH_BYTES};
    WIRE_PUT(&message, chain, wire_bytes(chain));
    WIRE_PUT_BYTES(&message, outcome, booked->outcome);
    wire_output_add(&output, &message.base);
    return wire_output_end(&output, ret_bytes);
}

int wire_booked_unpack(struct bytes bytes, struct arena *arena, struct booked *ret_booked)
{
    struct wire_values values;
    wire_values_init(&values, arena);
    ProtobufCMessage *unpacked = NULL;
    const struct wire_scan scan = {.descriptor = &loyalty__booked__descriptor, .strictness = WIRE_TOLERANT};
    const int error = wire_unpack(&scan, bytes, arena, &unpacked, &values.field);
    if (error != 0) {
        return error;
    }
    const Loyalty__Booked *message = (const Loyalty__Booked *)unpacked;
    struct booked booked = {
        .sequence = wire_position_required(&values, WIRE_FIELD(message, sequence)),
        .position = wire_position_required(&values, WIRE_FIELD(message, position)),
        .booked_at = message->booked_at,
        .outcome = wire_bytes_any(message->has_outcome, message->outcome),
    };
    const struct bytes chain = wire_bytes_required(&values, WIRE_FIELD(message, chain), HASH_BYTES);
    if (values.error == 0) {
        memcpy(booked.chain, chain.data, HASH_BYTES);
        *ret_booked = booked;
    }
    return values.error;
}
