#include "wire/message.h"

#include "wire/enums.h"
#include "wire/profile.h"
#include "wire/protobuf.h"
#include "wire/values.h"

#include "crypto/sign.h"

#include <string.h>

/* Whatever protobuf-c was given room for may be taken over: the counts need no bound of their own. */
#define NO_BOUND SIZE_MAX

static bool texts_copy(struct wire_values *values, char **texts, size_t count, const char ***ret_texts)
{
    const char **all = wire_array(values, count, NO_BOUND, sizeof(*all), "");
    for (size_t i = 0; all != NULL && i < count; i++) {
        all[i] = texts[i];
    }
    *ret_texts = all;
    return all != NULL;
}

static struct voucher_view voucher_read(const Loyalty__VoucherView *from)
{
    return (struct voucher_view){
        .code = from->code,
        .reward = from->reward,
        .has_until = from->has_until,
        .until = from->until,
        .card = from->card,
        .token = from->token,
        .reservation = from->reservation,
    };
}

static struct voucher_view *vouchers_read(struct wire_values *values, Loyalty__VoucherView **from,
                                          size_t count)
{
    struct voucher_view *all = wire_array(values, count, NO_BOUND, sizeof(*all), "");
    for (size_t i = 0; all != NULL && i < count; i++) {
        all[i] = voucher_read(from[i]);
    }
    return all;
}

static struct card_view *cards_read(struct wire_values *values, const Loyalty__MemberView *message)
{
    struct card_view *all = wire_array(values, message->n_cards, NO_BOUND, sizeof(*all), "");
    for (size_t i = 0; all != NULL && i < message->n_cards; i++) {
        const Loyalty__CardView *from = message->cards[i];
        all[i] = (struct card_view){
            .card = from->card,
            .stamps = from->stamps,
            .required = from->required,
            .completed = from->completed,
        };
    }
    return all;
}

static struct lot_view *lots_read(struct wire_values *values, const Loyalty__MemberView *message)
{
    struct lot_view *all = wire_array(values, message->n_lots, NO_BOUND, sizeof(*all), "");
    for (size_t i = 0; all != NULL && i < message->n_lots; i++) {
        const Loyalty__LotView *from = message->lots[i];
        all[i] = (struct lot_view){
            .position = from->position,
            .index = from->index,
            .left = from->left,
            .has_until = from->has_until,
            .until = from->until,
        };
    }
    return all;
}

static struct expiry_view *expiring_read(struct wire_values *values, const Loyalty__MemberView *message)
{
    struct expiry_view *all = wire_array(values, message->n_expiring, NO_BOUND, sizeof(*all), "");
    for (size_t i = 0; all != NULL && i < message->n_expiring; i++) {
        all[i] = (struct expiry_view){message->expiring[i]->until, message->expiring[i]->points};
    }
    return all;
}

static struct reservation_view *reservations_read(struct wire_values *values,
                                                  const Loyalty__MemberView *message)
{
    struct reservation_view *all = wire_array(values, message->n_reservations, NO_BOUND, sizeof(*all), "");
    for (size_t i = 0; all != NULL && i < message->n_reservations; i++) {
        const Loyalty__ReservationView *from = message->reservations[i];
        all[i] = (struct reservation_view){
            .reservation = from->reservation,
            .points = from->points,
            .reward = from->reward,
            .units = from->units,
            .until = from->until,
        };
    }
    return all;
}

static const struct member_view *member_view_read(struct wire_values *values,
                                                  const Loyalty__MemberView *message)
{
    struct member_view *view = message == NULL ? NULL : wire_array(values, 1, NO_BOUND, sizeof(*view), "");
    if (view == NULL) {
        return NULL;
    }
    *view = (struct member_view){
        .member = message->member,
        .available = message->available,
        .pending = message->pending,
        .reserved = message->reserved,
        .level = message->level,
        .has_level_until = message->has_level_until,
        .level_until = message->level_until,
        .qualifying = message->qualifying,
        .next_level = message->next_level,
        .next_level_lacking = message->next_level_lacking,
        .cards = cards_read(values, message),
        .cards_count = message->n_cards,
        .vouchers = vouchers_read(values, message->vouchers, message->n_vouchers),
        .vouchers_count = message->n_vouchers,
        .lots = lots_read(values, message),
        .lots_count = message->n_lots,
        .last_position = message->last_position,
        .purchases = message->purchases,
        .expiring = expiring_read(values, message),
        .expiring_count = message->n_expiring,
        .reservations = reservations_read(values, message),
        .reservations_count = message->n_reservations,
    };
    return view;
}

static const struct rendering *rendering_read(struct wire_values *values, const Loyalty__Rendering *message)
{
    struct rendering *rendering =
        message == NULL ? NULL : wire_array(values, 1, NO_BOUND, sizeof(*rendering), "");
    if (rendering == NULL || !texts_copy(values, message->lines, message->n_lines, &rendering->lines)) {
        return NULL;
    }
    rendering->lines_count = message->n_lines;
    rendering->points = message->points;
    rendering->member = member_view_read(values, message->member);
    rendering->vouchers = vouchers_read(values, message->vouchers, message->n_vouchers);
    rendering->vouchers_count = message->n_vouchers;
    return rendering;
}

static void failure_read(const Loyalty__Failure *message, struct reply *reply)
{
    /* A code of a newer daemon is a failure all the same. */
    if (message->has_code && !wire_failure_code_read(message->code, &reply->failure.code)) {
        reply->failure.code = FAILURE_INVALID;
    }
    reply->failure.text = message->text;
    reply->failure.has_expected_sequence = message->has_expected_sequence;
    reply->failure.expected_sequence = message->expected_sequence;
    reply->failure.now = message->now;
}

static void welcome_read(struct wire_values *values, const Loyalty__Welcome *message, struct reply *reply)
{
    reply->welcome.version = message->version;
    reply->welcome.programme_id =
        wire_bytes_optional(values, WIRE_FIELD(message, programme_id), PROGRAMME_ID_BYTES);
    reply->welcome.challenge =
        wire_bytes_required(values, WIRE_FIELD(message, challenge), SIGN_CHALLENGE_BYTES);
    reply->welcome.now = message->now;
    reply->welcome.daemon_key = wire_bytes_optional(values, WIRE_FIELD(message, daemon_key), KEY_BYTES);
    reply->welcome.software = message->software;
}

static void ready_read(struct wire_values *values, const Loyalty__Ready *message, struct reply *reply)
{
    reply->ready.expected_sequence = wire_position_required(values, WIRE_FIELD(message, expected_sequence));
    reply->ready.epoch = wire_bytes_optional(values, WIRE_FIELD(message, epoch), EPOCH_BYTES);
    reply->ready.programme_version = message->programme_version;
    reply->ready.position = message->position;
    reply->ready.log_differs = message->log_differs;
    reply->ready.now = message->now;
    reply->ready.role = message->role;
    reply->ready.store = message->store;
    reply->ready.label = message->label;
    reply->ready.currency = message->currency;
    reply->ready.outbox_retention_days = message->outbox_retention_days;
    reply->ready.tls_address = message->tls_address;
    reply->ready.plain_address = message->plain_address;
    reply->ready.tls_pins.count = 0;
    for (size_t i = 0; i < message->n_tls_pins && i < PINS_MAX; i++) {
        wire_value_check(values, message->tls_pins[i].len == PIN_BYTES, "tls_pins");
        if (message->tls_pins[i].len == PIN_BYTES) {
            memcpy(reply->ready.tls_pins.items[reply->ready.tls_pins.count++], message->tls_pins[i].data,
                   PIN_BYTES);
        }
    }
}

static void enrolled_read(struct wire_values *values, const Loyalty__Enrolled *message, struct reply *reply)
{
    reply->enrolled.principal = message->principal;
    wire_value_check(values, message->principal != 0, "principal");
    reply->enrolled.programme_id =
        wire_bytes_required(values, WIRE_FIELD(message, programme_id), PROGRAMME_ID_BYTES);
    reply->enrolled.daemon_key = wire_bytes_required(values, WIRE_FIELD(message, daemon_key), KEY_BYTES);
    reply->enrolled.role = message->role;
    reply->enrolled.store = message->store;
    reply->enrolled.label = message->label;
}

static void booked_read(struct wire_values *values, const Loyalty__BookReply *message, struct reply *reply)
{
    wire_value_check(values, message->has_booked, "booked");
    reply->booked.booked = wire_bytes_any(message->has_booked, message->booked);
    reply->booked.repeated = message->repeated;
    reply->booked.rendering = rendering_read(values, message->rendering);
}

static struct trace_step *steps_read(struct wire_values *values, Loyalty__TraceStep **from, size_t count)
{
    struct trace_step *all = wire_array(values, count, NO_BOUND, sizeof(*all), "");
    for (size_t i = 0; all != NULL && i < count; i++) {
        all[i] = (struct trace_step){
            .what = from[i]->what,
            .looks_at = from[i]->looks_at,
            .exact = from[i]->exact,
            .asked = from[i]->asked,
            .given = from[i]->given,
            .lacking = from[i]->lacking,
            .why = from[i]->why,
        };
    }
    return all;
}

static struct offer *offers_read(struct wire_values *values, const Loyalty__Quoted *message)
{
    struct offer *all = wire_array(values, message->n_offers, NO_BOUND, sizeof(*all), "");
    for (size_t i = 0; all != NULL && i < message->n_offers; i++) {
        const Loyalty__Offer *from = message->offers[i];
        all[i] = (struct offer){
            .reward = from->reward,
            .voucher = from->voucher,
            .has_until = from->has_until,
            .until = from->until,
            .points = from->points,
            .value = from->value,
            .lacking = from->lacking,
            .why = from->why,
        };
    }
    return all;
}

static void voucher_reply_read(struct wire_values *values, const Loyalty__Voucher *message,
                               struct reply *reply)
{
    wire_value_check(values, message->view != NULL, "view");
    if (message->view != NULL) {
        reply->voucher.view = voucher_read(message->view);
    }
    wire_value_check(values, wire_voucher_state_read(message->state, &reply->voucher.state), "state");
    reply->voucher.member = message->member;
    reply->voucher.since = message->since;
    reply->voucher.issued = message->issued;
    if (texts_copy(values, message->lines, message->n_lines, &reply->voucher.lines)) {
        reply->voucher.lines_count = message->n_lines;
    }
}

static void quoted_read(struct wire_values *values, const Loyalty__Quoted *message, struct reply *reply)
{
    wire_value_check(values, message->has_outcome, "outcome");
    reply->quoted.outcome = wire_bytes_any(message->has_outcome, message->outcome);
    reply->quoted.rendering = rendering_read(values, message->rendering);
    if (texts_copy(values, message->trace, message->n_trace, &reply->quoted.trace)) {
        reply->quoted.trace_count = message->n_trace;
    }
    reply->quoted.steps = steps_read(values, message->steps, message->n_steps);
    reply->quoted.steps_count = reply->quoted.steps != NULL ? message->n_steps : 0;
    reply->quoted.offers = offers_read(values, message);
    reply->quoted.offers_count = reply->quoted.offers != NULL ? message->n_offers : 0;
}

static void event_read(struct wire_values *values, const Loyalty__Event *message, struct reply *reply)
{
    reply->event.position = message->position;
    reply->event.principal = message->principal;
    reply->event.sequence = message->sequence;
    reply->event.booked_at = message->booked_at;
    reply->event.body = wire_bytes_any(message->has_body, message->body);
    reply->event.signature = wire_bytes_any(message->has_signature, message->signature);
    reply->event.context = wire_bytes_any(message->has_context, message->context);
    reply->event.outcome = wire_bytes_any(message->has_outcome, message->outcome);
    reply->event.chain = wire_bytes_optional(values, WIRE_FIELD(message, chain), HASH_BYTES);
    reply->event.key_no = message->key_no;
    reply->event.batch_sequence = message->batch_sequence;
    reply->event.batch_count = message->batch_count;
    if (texts_copy(values, message->trace, message->n_trace, &reply->event.trace)) {
        reply->event.trace_count = message->n_trace;
    }
    reply->event.steps = steps_read(values, message->steps, message->n_steps);
    reply->event.steps_count = reply->event.steps != NULL ? message->n_steps : 0;
}

static struct counter_view *counters_read(struct wire_values *values, const Loyalty__Status *message)
{
    struct counter_view *all = wire_array(values, message->n_counters, NO_BOUND, sizeof(*all), "");
    for (size_t i = 0; all != NULL && i < message->n_counters; i++) {
        const Loyalty__Counter *from = message->counters[i];
        all[i] = (struct counter_view){.name = from->name, .value = from->value, .text = from->text};
    }
    return all;
}

static void status_read(struct wire_values *values, const Loyalty__Status *message, struct reply *reply)
{
    reply->status.software = message->software;
    reply->status.programme_id =
        wire_bytes_optional(values, WIRE_FIELD(message, programme_id), PROGRAMME_ID_BYTES);
    reply->status.programme_version = message->programme_version;
    reply->status.programme = message->programme;
    reply->status.position = message->position;
    reply->status.chain = wire_bytes_optional(values, WIRE_FIELD(message, chain), HASH_BYTES);
    reply->status.now = message->now;
    reply->status.started_at = message->started_at;
    reply->status.live = message->live;
    reply->status.connections = message->connections;
    reply->status.engine_revision = message->engine_revision;
    reply->status.counters = counters_read(values, message);
    reply->status.counters_count = message->n_counters;
    reply->status.members = message->members;
    reply->status.principals = message->principals;
    reply->status.balanced = message->balanced;
    reply->status.outstanding = message->outstanding;
    reply->status.ticked_at = message->ticked_at;
}

static void exceptions_read(struct wire_values *values, const Loyalty__Exceptions *message,
                            struct reply *reply)
{
    struct exception_view *all = wire_array(values, message->n_exceptions, NO_BOUND, sizeof(*all), "");
    for (size_t i = 0; all != NULL && i < message->n_exceptions; i++) {
        const Loyalty__BookedException *from = message->exceptions[i];
        all[i] = (struct exception_view){
            .position = from->position,
            .index = from->index,
            .kind = from->kind,
            .amount = from->amount,
            .resolved_by = from->resolved_by,
            .principal = from->principal,
            .event_kind = from->event_kind,
            .store = from->store,
            .till = from->till,
            .has_receipt = from->has_business_date,
            .business_date = from->business_date,
            .number = from->number,
            .member = from->member,
            .occurred_at = from->occurred_at,
            .booked_at = from->booked_at,
        };
    }
    reply->exceptions.items = all;
    reply->exceptions.count = message->n_exceptions;
    reply->exceptions.more = message->more;
}

static void principals_read(struct wire_values *values, const Loyalty__Principals *message,
                            struct reply *reply)
{
    struct principal_view *all = wire_array(values, message->n_principals, NO_BOUND, sizeof(*all), "");
    for (size_t i = 0; all != NULL && i < message->n_principals; i++) {
        const Loyalty__Principal *from = message->principals[i];
        all[i] = (struct principal_view){
            .principal = from->principal,
            .role = from->role,
            .store = from->store,
            .label = from->label,
            .key = wire_bytes_optional(values, WIRE_FIELD(from, key), KEY_BYTES),
            .revoked = from->revoked,
            .next_sequence = from->next_sequence,
            .added = from->added,
            .key_no = from->key_no,
            .retired_at = from->retired_at,
        };
    }
    reply->principals.items = all;
    reply->principals.count = message->n_principals;
}

static void programme_checked_read(struct wire_values *values, const Loyalty__ProgrammeChecked *message,
                                   struct reply *reply)
{
    struct finding_view *all = wire_array(values, message->n_findings, NO_BOUND, sizeof(*all), "");
    for (size_t i = 0; all != NULL && i < message->n_findings; i++) {
        const Loyalty__Finding *from = message->findings[i];
        all[i] = (struct finding_view){
            .warning = from->warning,
            .line = from->line,
            .column = from->column,
            .path = from->path,
            .text = from->text,
        };
    }
    reply->programme_checked.items = all;
    reply->programme_checked.count = message->n_findings;
}

static void kind_read(struct wire_values *values, const Loyalty__Reply *message, struct reply *reply)
{
    switch (reply->kind) {
    case REPLY_FAILURE:
        failure_read(message->failure, reply);
        break;
    case REPLY_WELCOME:
        welcome_read(values, message->welcome, reply);
        break;
    case REPLY_READY:
        ready_read(values, message->ready, reply);
        break;
    case REPLY_ENROLLED:
        enrolled_read(values, message->enrolled, reply);
        break;
    case REPLY_QUOTED:
        quoted_read(values, message->quoted, reply);
        break;
    case REPLY_BOOKED:
        booked_read(values, message->booked, reply);
        break;
    case REPLY_MEMBER:
        reply->member.view = member_view_read(values, message->member->view);
        reply->member.position = message->member->position;
        wire_value_check(values, message->member->view != NULL, "view");
        if (texts_copy(values, message->member->lines, message->member->n_lines, &reply->member.lines)) {
            reply->member.lines_count = message->member->n_lines;
        }
        break;
    case REPLY_VOUCHER:
        voucher_reply_read(values, message->voucher, reply);
        break;
    case REPLY_PROFILE:
        reply->profile.member = message->profile->member;
        wire_value_check(values, message->profile->profile != NULL, "profile");
        if (message->profile->profile != NULL) {
            wire_profile_read(values, message->profile->profile, &reply->profile.profile);
        }
        break;
    case REPLY_EVENT:
        event_read(values, message->event, reply);
        break;
    case REPLY_STATUS:
        status_read(values, message->status, reply);
        break;
    case REPLY_EXCEPTIONS:
        exceptions_read(values, message->exceptions, reply);
        break;
    case REPLY_PRINCIPALS:
        principals_read(values, message->principals, reply);
        break;
    case REPLY_PROGRAMME:
        reply->programme.version = message->programme->version;
        reply->programme.effective = message->programme->effective;
        reply->programme.yaml = wire_bytes_any(message->programme->has_yaml, message->programme->yaml);
        reply->programme.position = message->programme->position;
        break;
    case REPLY_PROGRAMME_CHECKED:
        programme_checked_read(values, message->programme_checked, reply);
        break;
    case REPLY_BACKUP_STEP:
        reply->backup_step.left = message->backup_step->left;
        reply->backup_step.total = message->backup_step->total;
        break;
    }
}

int wire_reply_unpack(struct bytes message, struct arena *arena, struct reply *ret_reply)
{
    struct wire_values values;
    wire_values_init(&values, arena);
    ProtobufCMessage *unpacked = NULL;
    const struct wire_scan scan = {.descriptor = &loyalty__reply__descriptor, .strictness = WIRE_TOLERANT};
    const int error = wire_unpack(&scan, message, arena, &unpacked, &values.field);
    if (error != 0) {
        return error;
    }
    const Loyalty__Reply *from = (const Loyalty__Reply *)unpacked;
    struct reply reply = {.id = from->id};
    if (!wire_reply_kind_read(from->message_case, &reply.kind)) {
        return ERR_FORMAT;
    }
    kind_read(&values, from, &reply);
    if (values.error == 0) {
        *ret_reply = reply;
    }
    return values.error;
}
