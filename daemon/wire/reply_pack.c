#include "wire/message.h"

#include "wire/enums.h"
#include "wire/profile.h"
#include "wire/protobuf.h"

/* Fields that are empty or 0 stay away: a reader takes them for that (wire.proto). */
#define PUT_NUMBER(message, field, value) WIRE_PUT_UNLESS(message, field, value, 0)
#define PUT_FLAG(message, field, value) WIRE_PUT_UNLESS(message, field, value, false)

/* Arrays of `count` messages and of the pointers to them that protobuf-c wants; false without room. */
#define MESSAGES(output, count, messages, pointers)                                                          \
    (((messages) = wire_output_alloc((output), (count), sizeof(*(messages)))) != NULL &&                     \
     ((pointers) = wire_output_alloc((output), (count), sizeof(void *))) != NULL)

static char **texts_write(const char **texts)
{
    return (char **)(uintptr_t)texts;
}

static void voucher_write(const struct voucher_view *from, Loyalty__VoucherView *to)
{
    loyalty__voucher_view__init(to);
    to->code = wire_text(from->code);
    to->reward = wire_text(from->reward);
    if (from->has_until) {
        WIRE_PUT(to, until, from->until);
    }
    to->card = wire_text(from->card);
    to->token = wire_text(from->token);
    PUT_NUMBER(to, reservation, from->reservation);
}

static Loyalty__VoucherView **vouchers_write(struct wire_output *output, const struct voucher_view *vouchers,
                                             size_t count)
{
    Loyalty__VoucherView *all;
    Loyalty__VoucherView **pointers;
    if (!MESSAGES(output, count, all, pointers)) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        voucher_write(&vouchers[i], &all[i]);
        pointers[i] = &all[i];
    }
    return pointers;
}

static Loyalty__CardView **cards_write(struct wire_output *output, const struct card_view *cards,
                                       size_t count)
{
    Loyalty__CardView *all;
    Loyalty__CardView **pointers;
    if (!MESSAGES(output, count, all, pointers)) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        loyalty__card_view__init(&all[i]);
        all[i].card = wire_text(cards[i].card);
        PUT_NUMBER(&all[i], stamps, cards[i].stamps);
        PUT_NUMBER(&all[i], required, cards[i].required);
        PUT_NUMBER(&all[i], completed, cards[i].completed);
        pointers[i] = &all[i];
    }
    return pointers;
}

static Loyalty__LotView **lots_write(struct wire_output *output, const struct lot_view *lots, size_t count)
{
    Loyalty__LotView *all;
    Loyalty__LotView **pointers;
    if (!MESSAGES(output, count, all, pointers)) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        loyalty__lot_view__init(&all[i]);
        PUT_NUMBER(&all[i], position, lots[i].position);
        PUT_NUMBER(&all[i], index, lots[i].index);
        PUT_NUMBER(&all[i], left, lots[i].left);
        if (lots[i].has_until) {
            WIRE_PUT(&all[i], until, lots[i].until);
        }
        pointers[i] = &all[i];
    }
    return pointers;
}

static Loyalty__ExpiryView **expiring_write(struct wire_output *output, const struct expiry_view *expiring,
                                            size_t count)
{
    Loyalty__ExpiryView *all;
    Loyalty__ExpiryView **pointers;
    if (!MESSAGES(output, count, all, pointers)) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        loyalty__expiry_view__init(&all[i]);
        WIRE_PUT(&all[i], until, expiring[i].until);
        PUT_NUMBER(&all[i], points, expiring[i].points);
        pointers[i] = &all[i];
    }
    return pointers;
}

static Loyalty__ReservationView **
reservations_write(struct wire_output *output, const struct reservation_view *reservations, size_t count)
{
    Loyalty__ReservationView *all;
    Loyalty__ReservationView **pointers;
    if (!MESSAGES(output, count, all, pointers)) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        loyalty__reservation_view__init(&all[i]);
        PUT_NUMBER(&all[i], reservation, reservations[i].reservation);
        PUT_NUMBER(&all[i], points, reservations[i].points);
        all[i].reward = wire_text(reservations[i].reward);
        PUT_NUMBER(&all[i], units, reservations[i].units);
        PUT_NUMBER(&all[i], until, reservations[i].until);
        pointers[i] = &all[i];
    }
    return pointers;
}

/* NULL for NULL, and without room. */
static Loyalty__MemberView *member_write(struct wire_output *output, const struct member_view *view)
{
    Loyalty__MemberView *message = view == NULL ? NULL : wire_output_alloc(output, 1, sizeof(*message));
    if (message == NULL) {
        return NULL;
    }
    loyalty__member_view__init(message);
    PUT_NUMBER(message, member, view->member);
    PUT_NUMBER(message, available, view->available);
    PUT_NUMBER(message, pending, view->pending);
    PUT_NUMBER(message, reserved, view->reserved);
    message->level = wire_text(view->level);
    if (view->has_level_until) {
        WIRE_PUT(message, level_until, view->level_until);
    }
    PUT_NUMBER(message, qualifying, view->qualifying);
    message->next_level = wire_text(view->next_level);
    PUT_NUMBER(message, next_level_lacking, view->next_level_lacking);
    message->n_cards = view->cards_count;
    message->cards = cards_write(output, view->cards, view->cards_count);
    message->n_vouchers = view->vouchers_count;
    message->vouchers = vouchers_write(output, view->vouchers, view->vouchers_count);
    message->n_lots = view->lots_count;
    message->lots = lots_write(output, view->lots, view->lots_count);
    PUT_NUMBER(message, last_position, view->last_position);
    PUT_NUMBER(message, purchases, view->purchases);
    message->n_expiring = view->expiring_count;
    message->expiring = expiring_write(output, view->expiring, view->expiring_count);
    message->n_reservations = view->reservations_count;
    message->reservations = reservations_write(output, view->reservations, view->reservations_count);
    return message;
}

static void failure_write(struct wire_output *output, const struct reply *reply, Loyalty__Reply envelope)
{
    Loyalty__Failure message = LOYALTY__FAILURE__INIT;
    WIRE_PUT(&message, code, wire_failure_code_write(reply->failure.code));
    message.text = wire_text(reply->failure.text);
    if (reply->failure.has_expected_sequence) {
        WIRE_PUT(&message, expected_sequence, reply->failure.expected_sequence);
    }
    PUT_NUMBER(&message, now, reply->failure.now);
    envelope.failure = &message;
    wire_output_add(output, &envelope.base);
}

static void welcome_write(struct wire_output *output, const struct reply *reply, Loyalty__Reply envelope)
{
    Loyalty__Welcome message = LOYALTY__WELCOME__INIT;
    PUT_NUMBER(&message, version, reply->welcome.version);
    WIRE_PUT_BYTES(&message, programme_id, reply->welcome.programme_id);
    WIRE_PUT_BYTES(&message, challenge, reply->welcome.challenge);
    PUT_NUMBER(&message, now, reply->welcome.now);
    WIRE_PUT_BYTES(&message, daemon_key, reply->welcome.daemon_key);
    message.software = wire_text(reply->welcome.software);
    envelope.welcome = &message;
    wire_output_add(output, &envelope.base);
}

static void ready_write(struct wire_output *output, const struct reply *reply, Loyalty__Reply envelope)
{
    Loyalty__Ready message = LOYALTY__READY__INIT;
    PUT_NUMBER(&message, expected_sequence, reply->ready.expected_sequence);
    WIRE_PUT_BYTES(&message, epoch, reply->ready.epoch);
    PUT_NUMBER(&message, programme_version, reply->ready.programme_version);
    PUT_NUMBER(&message, position, reply->ready.position);
    PUT_FLAG(&message, log_differs, reply->ready.log_differs);
    PUT_NUMBER(&message, now, reply->ready.now);
    PUT_NUMBER(&message, role, reply->ready.role);
    message.store = wire_text(reply->ready.store);
    message.label = wire_text(reply->ready.label);
    message.currency = wire_text(reply->ready.currency);
    PUT_NUMBER(&message, outbox_retention_days, reply->ready.outbox_retention_days);
    ProtobufCBinaryData pins[PINS_MAX];
    for (size_t i = 0; i < reply->ready.tls_pins.count; i++) {
        pins[i] = (ProtobufCBinaryData){PIN_BYTES, (uint8_t *)(uintptr_t)reply->ready.tls_pins.items[i]};
    }
    message.n_tls_pins = reply->ready.tls_pins.count;
    message.tls_pins = pins;
    message.tls_address = wire_text(reply->ready.tls_address);
    message.plain_address = wire_text(reply->ready.plain_address);
    envelope.ready = &message;
    wire_output_add(output, &envelope.base);
}

static void enrolled_write(struct wire_output *output, const struct reply *reply, Loyalty__Reply envelope)
{
    Loyalty__Enrolled message = LOYALTY__ENROLLED__INIT;
    PUT_NUMBER(&message, principal, reply->enrolled.principal);
    WIRE_PUT_BYTES(&message, programme_id, reply->enrolled.programme_id);
    WIRE_PUT_BYTES(&message, daemon_key, reply->enrolled.daemon_key);
    PUT_NUMBER(&message, role, reply->enrolled.role);
    message.store = wire_text(reply->enrolled.store);
    message.label = wire_text(reply->enrolled.label);
    envelope.enrolled = &message;
    wire_output_add(output, &envelope.base);
}

/* `room`, or NULL where there is none. */
static Loyalty__Rendering *rendering_write(struct wire_output *output, const struct rendering *from,
                                           Loyalty__Rendering *room)
{
    if (from == NULL) {
        return NULL;
    }
    room->n_lines = from->lines_count;
    room->lines = texts_write(from->lines);
    PUT_NUMBER(room, points, from->points);
    room->member = member_write(output, from->member);
    room->n_vouchers = from->vouchers_count;
    room->vouchers = vouchers_write(output, from->vouchers, from->vouchers_count);
    return room;
}

static void booked_write(struct wire_output *output, const struct reply *reply, Loyalty__Reply envelope)
{
    Loyalty__BookReply message = LOYALTY__BOOK_REPLY__INIT;
    Loyalty__Rendering rendering = LOYALTY__RENDERING__INIT;
    WIRE_PUT_BYTES(&message, booked, reply->booked.booked);
    PUT_FLAG(&message, repeated, reply->booked.repeated);
    message.rendering = rendering_write(output, reply->booked.rendering, &rendering);
    envelope.booked = &message;
    wire_output_add(output, &envelope.base);
}

static Loyalty__TraceStep **steps_write(struct wire_output *output, const struct trace_step *steps,
                                        size_t count)
{
    Loyalty__TraceStep *all;
    Loyalty__TraceStep **pointers;
    if (!MESSAGES(output, count, all, pointers)) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        loyalty__trace_step__init(&all[i]);
        all[i].what = wire_text(steps[i].what);
        all[i].looks_at = wire_text(steps[i].looks_at);
        all[i].exact = wire_text(steps[i].exact);
        all[i].asked = wire_text(steps[i].asked);
        all[i].given = wire_text(steps[i].given);
        all[i].lacking = wire_text(steps[i].lacking);
        all[i].why = wire_text(steps[i].why);
        pointers[i] = &all[i];
    }
    return pointers;
}

static Loyalty__Offer **offers_write(struct wire_output *output, const struct offer *offers, size_t count)
{
    Loyalty__Offer *all;
    Loyalty__Offer **pointers;
    if (!MESSAGES(output, count, all, pointers)) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        loyalty__offer__init(&all[i]);
        all[i].reward = wire_text(offers[i].reward);
        all[i].voucher = wire_text(offers[i].voucher);
        if (offers[i].has_until) {
            WIRE_PUT(&all[i], until, offers[i].until);
        }
        PUT_NUMBER(&all[i], points, offers[i].points);
        PUT_NUMBER(&all[i], value, offers[i].value);
        PUT_NUMBER(&all[i], lacking, offers[i].lacking);
        all[i].why = wire_text(offers[i].why);
        pointers[i] = &all[i];
    }
    return pointers;
}

static void quoted_write(struct wire_output *output, const struct reply *reply, Loyalty__Reply envelope)
{
    Loyalty__Quoted message = LOYALTY__QUOTED__INIT;
    Loyalty__Rendering rendering = LOYALTY__RENDERING__INIT;
    /* An outcome that says nothing is one too. */
    WIRE_PUT(&message, outcome, wire_bytes(reply->quoted.outcome));
    message.rendering = rendering_write(output, reply->quoted.rendering, &rendering);
    message.n_trace = reply->quoted.trace_count;
    message.trace = texts_write(reply->quoted.trace);
    message.steps = steps_write(output, reply->quoted.steps, reply->quoted.steps_count);
    message.n_steps = message.steps != NULL ? reply->quoted.steps_count : 0;
    message.offers = offers_write(output, reply->quoted.offers, reply->quoted.offers_count);
    message.n_offers = message.offers != NULL ? reply->quoted.offers_count : 0;
    envelope.quoted = &message;
    wire_output_add(output, &envelope.base);
}

static void member_reply_write(struct wire_output *output, const struct reply *reply, Loyalty__Reply envelope)
{
    Loyalty__Member message = LOYALTY__MEMBER__INIT;
    message.view = member_write(output, reply->member.view);
    PUT_NUMBER(&message, position, reply->member.position);
    message.n_lines = reply->member.lines_count;
    message.lines = texts_write(reply->member.lines);
    envelope.member = &message;
    wire_output_add(output, &envelope.base);
}

static void voucher_reply_write(struct wire_output *output, const struct reply *reply,
                                Loyalty__Reply envelope)
{
    Loyalty__Voucher message = LOYALTY__VOUCHER__INIT;
    Loyalty__VoucherView view;
    voucher_write(&reply->voucher.view, &view);
    message.view = &view;
    WIRE_PUT(&message, state, wire_voucher_state_write(reply->voucher.state));
    PUT_NUMBER(&message, member, reply->voucher.member);
    PUT_NUMBER(&message, since, reply->voucher.since);
    PUT_NUMBER(&message, issued, reply->voucher.issued);
    message.n_lines = reply->voucher.lines_count;
    message.lines = texts_write(reply->voucher.lines);
    envelope.voucher = &message;
    wire_output_add(output, &envelope.base);
}

static void profile_write(struct wire_output *output, const struct reply *reply, Loyalty__Reply envelope)
{
    Loyalty__MemberProfile message = LOYALTY__MEMBER_PROFILE__INIT;
    Loyalty__Profile profile;
    wire_profile_write(&reply->profile.profile, &profile);
    PUT_NUMBER(&message, member, reply->profile.member);
    message.profile = &profile;
    envelope.profile = &message;
    wire_output_add(output, &envelope.base);
}

static void event_write(struct wire_output *output, const struct reply *reply, Loyalty__Reply envelope)
{
    Loyalty__Event message = LOYALTY__EVENT__INIT;
    PUT_NUMBER(&message, position, reply->event.position);
    PUT_NUMBER(&message, principal, reply->event.principal);
    PUT_NUMBER(&message, sequence, reply->event.sequence);
    PUT_NUMBER(&message, booked_at, reply->event.booked_at);
    WIRE_PUT_BYTES(&message, body, reply->event.body);
    WIRE_PUT_BYTES(&message, signature, reply->event.signature);
    WIRE_PUT_BYTES(&message, context, reply->event.context);
    WIRE_PUT_BYTES(&message, outcome, reply->event.outcome);
    WIRE_PUT_BYTES(&message, chain, reply->event.chain);
    message.n_trace = reply->event.trace_count;
    message.trace = texts_write(reply->event.trace);
    message.steps = steps_write(output, reply->event.steps, reply->event.steps_count);
    message.n_steps = message.steps != NULL ? reply->event.steps_count : 0;
    PUT_NUMBER(&message, key_no, reply->event.key_no);
    PUT_NUMBER(&message, batch_sequence, reply->event.batch_sequence);
    PUT_NUMBER(&message, batch_count, reply->event.batch_count);
    envelope.event = &message;
    wire_output_add(output, &envelope.base);
}

static Loyalty__Counter **counters_write(struct wire_output *output, const struct counter_view *counters,
                                         size_t count)
{
    Loyalty__Counter *all;
    Loyalty__Counter **pointers;
    if (!MESSAGES(output, count, all, pointers)) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        loyalty__counter__init(&all[i]);
        all[i].name = wire_text(counters[i].name);
        PUT_NUMBER(&all[i], value, counters[i].value);
        all[i].text = wire_text(counters[i].text);
        pointers[i] = &all[i];
    }
    return pointers;
}

static void status_write(struct wire_output *output, const struct reply *reply, Loyalty__Reply envelope)
{
    Loyalty__Status message = LOYALTY__STATUS__INIT;
    message.software = wire_text(reply->status.software);
    WIRE_PUT_BYTES(&message, programme_id, reply->status.programme_id);
    PUT_NUMBER(&message, programme_version, reply->status.programme_version);
    message.programme = wire_text(reply->status.programme);
    PUT_NUMBER(&message, position, reply->status.position);
    WIRE_PUT_BYTES(&message, chain, reply->status.chain);
    PUT_NUMBER(&message, now, reply->status.now);
    PUT_NUMBER(&message, started_at, reply->status.started_at);
    PUT_FLAG(&message, live, reply->status.live);
    PUT_NUMBER(&message, connections, reply->status.connections);
    PUT_NUMBER(&message, engine_revision, reply->status.engine_revision);
    message.n_counters = reply->status.counters_count;
    message.counters = counters_write(output, reply->status.counters, reply->status.counters_count);
    PUT_NUMBER(&message, members, reply->status.members);
    PUT_NUMBER(&message, principals, reply->status.principals);
    PUT_FLAG(&message, balanced, reply->status.balanced);
    PUT_NUMBER(&message, outstanding, reply->status.outstanding);
    WIRE_PUT_UNLESS(&message, ticked_at, reply->status.ticked_at, 0);
    envelope.status = &message;
    wire_output_add(output, &envelope.base);
}

static void exceptions_write(struct wire_output *output, const struct reply *reply, Loyalty__Reply envelope)
{
    Loyalty__Exceptions message = LOYALTY__EXCEPTIONS__INIT;
    Loyalty__BookedException *all;
    const size_t count = reply->exceptions.count;
    if (!MESSAGES(output, count, all, message.exceptions)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct exception_view *from = &reply->exceptions.items[i];
        loyalty__booked_exception__init(&all[i]);
        PUT_NUMBER(&all[i], position, from->position);
        PUT_NUMBER(&all[i], index, from->index);
        PUT_NUMBER(&all[i], kind, from->kind);
        PUT_NUMBER(&all[i], amount, from->amount);
        PUT_NUMBER(&all[i], resolved_by, from->resolved_by);
        PUT_NUMBER(&all[i], principal, from->principal);
        PUT_NUMBER(&all[i], event_kind, from->event_kind);
        all[i].store = wire_text(from->store);
        all[i].till = wire_text(from->till);
        if (from->has_receipt) {
            WIRE_PUT(&all[i], business_date, from->business_date);
        }
        all[i].number = wire_text(from->number);
        PUT_NUMBER(&all[i], member, from->member);
        PUT_NUMBER(&all[i], occurred_at, from->occurred_at);
        PUT_NUMBER(&all[i], booked_at, from->booked_at);
        message.exceptions[i] = &all[i];
    }
    message.n_exceptions = count;
    PUT_FLAG(&message, more, reply->exceptions.more);
    envelope.exceptions = &message;
    wire_output_add(output, &envelope.base);
}

static void principals_write(struct wire_output *output, const struct reply *reply, Loyalty__Reply envelope)
{
    Loyalty__Principals message = LOYALTY__PRINCIPALS__INIT;
    Loyalty__Principal *all;
    const size_t count = reply->principals.count;
    if (!MESSAGES(output, count, all, message.principals)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct principal_view *from = &reply->principals.items[i];
        loyalty__principal__init(&all[i]);
        PUT_NUMBER(&all[i], principal, from->principal);
        PUT_NUMBER(&all[i], role, from->role);
        all[i].store = wire_text(from->store);
        all[i].label = wire_text(from->label);
        WIRE_PUT_BYTES(&all[i], key, from->key);
        PUT_FLAG(&all[i], revoked, from->revoked);
        PUT_NUMBER(&all[i], next_sequence, from->next_sequence);
        PUT_NUMBER(&all[i], added, from->added);
        PUT_NUMBER(&all[i], key_no, from->key_no);
        PUT_NUMBER(&all[i], retired_at, from->retired_at);
        message.principals[i] = &all[i];
    }
    message.n_principals = count;
    envelope.principals = &message;
    wire_output_add(output, &envelope.base);
}

static void programme_write(struct wire_output *output, const struct reply *reply, Loyalty__Reply envelope)
{
    Loyalty__Programme message = LOYALTY__PROGRAMME__INIT;
    PUT_NUMBER(&message, version, reply->programme.version);
    PUT_NUMBER(&message, effective, reply->programme.effective);
    WIRE_PUT_BYTES(&message, yaml, reply->programme.yaml);
    PUT_NUMBER(&message, position, reply->programme.position);
    envelope.programme = &message;
    wire_output_add(output, &envelope.base);
}

static void programme_checked_write(struct wire_output *output, const struct reply *reply,
                                    Loyalty__Reply envelope)
{
    Loyalty__ProgrammeChecked message = LOYALTY__PROGRAMME_CHECKED__INIT;
    Loyalty__Finding *all;
    const size_t count = reply->programme_checked.count;
    if (!MESSAGES(output, count, all, message.findings)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct finding_view *from = &reply->programme_checked.items[i];
        loyalty__finding__init(&all[i]);
        PUT_FLAG(&all[i], warning, from->warning);
        PUT_NUMBER(&all[i], line, from->line);
        PUT_NUMBER(&all[i], column, from->column);
        all[i].path = wire_text(from->path);
        all[i].text = wire_text(from->text);
        message.findings[i] = &all[i];
    }
    message.n_findings = count;
    envelope.programme_checked = &message;
    wire_output_add(output, &envelope.base);
}

static void backup_step_write(struct wire_output *output, const struct reply *reply, Loyalty__Reply envelope)
{
    Loyalty__BackupStep message = LOYALTY__BACKUP_STEP__INIT;
    PUT_NUMBER(&message, left, reply->backup_step.left);
    PUT_NUMBER(&message, total, reply->backup_step.total);
    envelope.backup_step = &message;
    wire_output_add(output, &envelope.base);
}

int wire_reply_pack(const struct reply *reply, struct arena *arena, struct bytes *ret_frame)
{
    struct wire_output output;
    wire_output_begin_frame(&output, arena);
    Loyalty__Reply envelope = LOYALTY__REPLY__INIT;
    PUT_NUMBER(&envelope, id, reply->id);
    envelope.message_case = wire_reply_kind_write(reply->kind);
    switch (reply->kind) {
    case REPLY_FAILURE:
        failure_write(&output, reply, envelope);
        break;
    case REPLY_WELCOME:
        welcome_write(&output, reply, envelope);
        break;
    case REPLY_READY:
        ready_write(&output, reply, envelope);
        break;
    case REPLY_ENROLLED:
        enrolled_write(&output, reply, envelope);
        break;
    case REPLY_QUOTED:
        quoted_write(&output, reply, envelope);
        break;
    case REPLY_BOOKED:
        booked_write(&output, reply, envelope);
        break;
    case REPLY_MEMBER:
        member_reply_write(&output, reply, envelope);
        break;
    case REPLY_VOUCHER:
        voucher_reply_write(&output, reply, envelope);
        break;
    case REPLY_PROFILE:
        profile_write(&output, reply, envelope);
        break;
    case REPLY_EVENT:
        event_write(&output, reply, envelope);
        break;
    case REPLY_STATUS:
        status_write(&output, reply, envelope);
        break;
    case REPLY_EXCEPTIONS:
        exceptions_write(&output, reply, envelope);
        break;
    case REPLY_PRINCIPALS:
        principals_write(&output, reply, envelope);
        break;
    case REPLY_PROGRAMME:
        programme_write(&output, reply, envelope);
        break;
    case REPLY_PROGRAMME_CHECKED:
        programme_checked_write(&output, reply, envelope);
        break;
    case REPLY_BACKUP_STEP:
        backup_step_write(&output, reply, envelope);
        break;
    }
    return wire_output_end(&output, ret_frame);
}
