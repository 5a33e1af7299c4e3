#include "wire/message.h"

#include "wire/enums.h"
#include "wire/frame.h"
#include "wire/profile.h"
#include "wire/protobuf.h"
#include "wire/values.h"

#include "base/check.h"

#include <string.h>

enum { REQUEST_ID_FIELD = 1 };

static const struct wire_range any_number = {0, UINT32_MAX};
static const struct wire_range from_one = {1, UINT32_MAX};

/* The id of a request that may otherwise be broken, so that its sender can tell which one it was. */
static uint32_t id_read(struct bytes message)
{
    struct wire_reader reader = wire_reader(message);
    struct wire_field field;
    while (wire_reader_next(&reader, &field) == 1) {
        if (field.number == REQUEST_ID_FIELD && field.type == WIRE_VARINT && field.varint <= UINT32_MAX) {
            return (uint32_t)field.varint;
        }
    }
    return 0;
}

static void hello_read(struct wire_values *values, const Loyalty__Hello *message, struct request *request)
{
    request->hello.version = (uint32_t)wire_required(values, WIRE_FIELD(message, version), any_number);
    request->hello.programme_id =
        wire_bytes_optional(values, WIRE_FIELD(message, programme_id), PROGRAMME_ID_BYTES);
    request->hello.has_principal = message->has_principal;
    request->hello.principal = message->principal;
    request->hello.last_position = wire_position(values, WIRE_FIELD(message, last_position));
    request->hello.last_chain = wire_bytes_optional(values, WIRE_FIELD(message, last_chain), HASH_BYTES);
    wire_value_check(values, message->has_last_position == message->has_last_chain, "last_chain");
    request->hello.software = wire_text_optional(values, WIRE_TEXT(message, software), SOFTWARE_BYTES_MAX);
}

/* A card that was read badly must not keep a signed event from being booked: an opening that can open nothing
 * counts as missing, and the event is booked without a member. */
static struct opening opening_read(const Loyalty__Opening *message)
{
    if (message == NULL || !message->has_salt || message->salt.len != CARD_SALT_BYTES ||
        message->card == NULL || message->card[0] == '\0' ||
        strnlen(message->card, CARD_BYTES_MAX + 1) > CARD_BYTES_MAX) {
        return (struct opening){0};
    }
    return (struct opening){.salt = {message->salt.data, message->salt.len}, .card = message->card};
}

static void book_read(struct wire_values *values, const Loyalty__Book *message, struct request_book *book)
{
    book->principal = (uint32_t)wire_required(values, WIRE_FIELD(message, principal), any_number);
    book->sequence = wire_position_required(values, WIRE_FIELD(message, sequence));
    wire_value_check(values, message->has_body, "body");
    book->body = wire_bytes_any(message->has_body, message->body);
    book->signature = wire_bytes_required(values, WIRE_FIELD(message, signature), SIGNATURE_BYTES);
    book->opening = opening_read(message->opening);
    book->locale = wire_text_optional(values, WIRE_TEXT(message, locale), LOCALE_BYTES_MAX);
}

static void quote_read(struct wire_values *values, const Loyalty__Quote *message, struct request *request)
{
    wire_value_check(values, message->has_body, "body");
    request->quote.body = wire_bytes_any(message->has_body, message->body);
    request->quote.opening = opening_read(message->opening);
    request->quote.locale = wire_text_optional(values, WIRE_TEXT(message, locale), LOCALE_BYTES_MAX);
}

static void batch_read(struct wire_values *values, const Loyalty__BookBatch *message,
                       struct request_batch *batch)
{
    batch->principal = (uint32_t)wire_required(values, WIRE_FIELD(message, principal), any_number);
    batch->first_sequence = wire_position_required(values, WIRE_FIELD(message, first_sequence));
    batch->events = wire_bytes_any(message->has_events, message->events);
    batch->signature = wire_bytes_required(values, WIRE_FIELD(message, signature), SIGNATURE_BYTES);
    const int error = wire_batch_check(batch->events, &batch->count);
    if (error != 0) {
        wire_values_fail(values, error, "events");
    }
    wire_value_check(values, batch->first_sequence - 1 <= (uint64_t)INT64_MAX - batch->count,
                     "first_sequence");
}

static void get_member_read(struct wire_values *values, const Loyalty__GetMember *message,
                            struct request *request)
{
    wire_value_check(values, (message->card != NULL) != message->has_member, "card");
    request->get_member.card = wire_text_optional(values, WIRE_TEXT(message, card), CARD_BYTES_MAX);
    request->get_member.member = (uint32_t)wire_optional(values, WIRE_FIELD(message, member), 0, from_one);
    request->get_member.locale = wire_text_optional(values, WIRE_TEXT(message, locale), LOCALE_BYTES_MAX);
}

static void get_voucher_read(struct wire_values *values, const Loyalty__GetVoucher *message,
                             struct request *request)
{
    request->get_voucher.code = wire_bytes_required(values, WIRE_FIELD(message, code), VOUCHER_CODE_BYTES);
    request->get_voucher.locale = wire_text_optional(values, WIRE_TEXT(message, locale), LOCALE_BYTES_MAX);
}

static void set_profile_read(struct wire_values *values, const Loyalty__SetProfile *message,
                             struct request *request)
{
    wire_value_check(values, (message->card != NULL) != message->has_member, "card");
    request->set_profile.card = wire_text_optional(values, WIRE_TEXT(message, card), CARD_BYTES_MAX);
    request->set_profile.member = (uint32_t)wire_optional(values, WIRE_FIELD(message, member), 0, from_one);
    wire_value_check(values, message->profile != NULL, "profile");
    if (message->profile != NULL) {
        wire_profile_read(values, message->profile, &request->set_profile.profile);
    }
}

static void get_profile_read(struct wire_values *values, const Loyalty__GetProfile *message,
                             struct request *request)
{
    wire_value_check(values, (message->card != NULL) != message->has_member, "card");
    request->get_profile.card = wire_text_optional(values, WIRE_TEXT(message, card), CARD_BYTES_MAX);
    request->get_profile.member = (uint32_t)wire_optional(values, WIRE_FIELD(message, member), 0, from_one);
}

static void get_event_read(struct wire_values *values, const Loyalty__GetEvent *message,
                           struct request *request)
{
    wire_value_check(values, message->has_position != (message->has_principal && message->has_sequence),
                     "position");
    wire_value_check(values, message->has_principal == message->has_sequence, "sequence");
    request->get_event.position = wire_position(values, WIRE_FIELD(message, position));
    request->get_event.principal = message->principal;
    request->get_event.sequence = wire_position(values, WIRE_FIELD(message, sequence));
}

static void get_exceptions_read(struct wire_values *values, const Loyalty__GetExceptions *message,
                                struct request *request)
{
    request->get_exceptions.after = wire_position(values, WIRE_FIELD(message, after));
    request->get_exceptions.all = message->all;
}

static void kind_read(struct wire_values *values, const Loyalty__Request *message, struct request *request)
{
    switch (request->kind) {
    case REQUEST_HELLO:
        hello_read(values, message->hello, request);
        break;
    case REQUEST_AUTHENTICATE:
        request->authenticate.principal =
            (uint32_t)wire_required(values, WIRE_FIELD(message->authenticate, principal), any_number);
        request->authenticate.signature =
            wire_bytes_required(values, WIRE_FIELD(message->authenticate, signature), SIGNATURE_BYTES);
        break;
    case REQUEST_ENROL:
        request->enrol.code =
            wire_text_required(values, WIRE_TEXT(message->enrol, code), INVITE_CODE_BYTES_MAX);
        request->enrol.key = wire_bytes_required(values, WIRE_FIELD(message->enrol, key), KEY_BYTES);
        request->enrol.proof =
            wire_bytes_required(values, WIRE_FIELD(message->enrol, proof), SIGNATURE_BYTES);
        break;
    case REQUEST_BOOK:
        book_read(values, message->book, &request->book);
        break;
    case REQUEST_QUOTE:
        quote_read(values, message->quote, request);
        break;
    case REQUEST_BOOK_BATCH:
        batch_read(values, message->book_batch, &request->batch);
        break;
    case REQUEST_GET_MEMBER:
        get_member_read(values, message->get_member, request);
        break;
    case REQUEST_GET_VOUCHER:
        get_voucher_read(values, message->get_voucher, request);
        break;
    case REQUEST_SET_PROFILE:
        set_profile_read(values, message->set_profile, request);
        break;
    case REQUEST_GET_PROFILE:
        get_profile_read(values, message->get_profile, request);
        break;
    case REQUEST_GET_EVENT:
        get_event_read(values, message->get_event, request);
        break;
    case REQUEST_GET_EXCEPTIONS:
        get_exceptions_read(values, message->get_exceptions, request);
        break;
    case REQUEST_GET_STATUS:
    case REQUEST_GET_PRINCIPALS:
        break;
    case REQUEST_GET_PROGRAMME:
        request->get_programme.version =
            (uint32_t)wire_optional(values, WIRE_FIELD(message->get_programme, version), 0, from_one);
        break;
    case REQUEST_CHECK_PROGRAMME:
        wire_value_check(values, message->check_programme->has_yaml, "yaml");
        request->check_programme.yaml =
            wire_bytes_any(message->check_programme->has_yaml, message->check_programme->yaml);
        break;
    case REQUEST_BACKUP:
        request->backup.path =
            wire_text_required(values, WIRE_TEXT(message->backup, path), BACKUP_PATH_BYTES_MAX);
        wire_value_check(values, request->backup.path == NULL || request->backup.path[0] == '/', "path");
        break;
    }
}

int wire_request_unpack(struct bytes message, struct arena *arena, struct request *ret_request)
{
    ret_request->id = id_read(message);
    struct wire_values values;
    wire_values_init(&values, arena);
    ProtobufCMessage *unpacked = NULL;
    const struct wire_scan scan = {.descriptor = &loyalty__request__descriptor, .strictness = WIRE_TOLERANT};
    const int error = wire_unpack(&scan, message, arena, &unpacked, &values.field);
    if (error != 0) {
        return error;
    }
    const Loyalty__Request *from = (const Loyalty__Request *)unpacked;
    struct request request = {.id = from->id};
    if (!wire_request_kind_read(from->message_case, &request.kind)) {
        return ERR_FORMAT;
    }
    kind_read(&values, from, &request);
    if (values.error == 0) {
        *ret_request = request;
    }
    return values.error;
}

static void hello_write(struct wire_output *output, const struct request *request, Loyalty__Request envelope)
{
    Loyalty__Hello message = LOYALTY__HELLO__INIT;
    WIRE_PUT(&message, version, request->hello.version);
    WIRE_PUT_BYTES(&message, programme_id, request->hello.programme_id);
    if (request->hello.has_principal) {
        WIRE_PUT(&message, principal, request->hello.principal);
    }
    WIRE_PUT_UNLESS(&message, last_position, request->hello.last_position, 0);
    WIRE_PUT_BYTES(&message, last_chain, request->hello.last_chain);
    message.software = wire_text(request->hello.software);
    envelope.hello = &message;
    wire_output_add(output, &envelope.base);
}

static void authenticate_write(struct wire_output *output, const struct request *request,
                               Loyalty__Request envelope)
{
    Loyalty__Authenticate message = LOYALTY__AUTHENTICATE__INIT;
    WIRE_PUT(&message, principal, request->authenticate.principal);
    WIRE_PUT(&message, signature, wire_bytes(request->authenticate.signature));
    envelope.authenticate = &message;
    wire_output_add(output, &envelope.base);
}

static void enrol_write(struct wire_output *output, const struct request *request, Loyalty__Request envelope)
{
    Loyalty__Enrol message = LOYALTY__ENROL__INIT;
    message.code = wire_text(request->enrol.code);
    WIRE_PUT(&message, key, wire_bytes(request->enrol.key));
    WIRE_PUT(&message, proof, wire_bytes(request->enrol.proof));
    envelope.enrol = &message;
    wire_output_add(output, &envelope.base);
}

static void book_write(struct wire_output *output, const struct request_book *book, Loyalty__Request envelope)
{
    Loyalty__Book message = LOYALTY__BOOK__INIT;
    Loyalty__Opening opening = LOYALTY__OPENING__INIT;
    WIRE_PUT(&message, principal, book->principal);
    WIRE_PUT(&message, sequence, book->sequence);
    WIRE_PUT(&message, body, wire_bytes(book->body));
    WIRE_PUT(&message, signature, wire_bytes(book->signature));
    if (book->opening.salt.size > 0) {
        WIRE_PUT(&opening, salt, wire_bytes(book->opening.salt));
        opening.card = wire_text(book->opening.card);
        message.opening = &opening;
    }
    message.locale = wire_text(book->locale);
    envelope.book = &message;
    wire_output_add(output, &envelope.base);
}

static void quote_write(struct wire_output *output, const struct request *request, Loyalty__Request envelope)
{
    const struct opening *from = &request->quote.opening;
    Loyalty__Quote message = LOYALTY__QUOTE__INIT;
    Loyalty__Opening opening = LOYALTY__OPENING__INIT;
    WIRE_PUT(&message, body, wire_bytes(request->quote.body));
    if (from->salt.size > 0) {
        WIRE_PUT(&opening, salt, wire_bytes(from->salt));
        opening.card = wire_text(from->card);
        message.opening = &opening;
    }
    message.locale = wire_text(request->quote.locale);
    envelope.quote = &message;
    wire_output_add(output, &envelope.base);
}

static void batch_write(struct wire_output *output, const struct request_batch *batch,
                        Loyalty__Request envelope)
{
    Loyalty__BookBatch message = LOYALTY__BOOK_BATCH__INIT;
    WIRE_PUT(&message, principal, batch->principal);
    WIRE_PUT(&message, first_sequence, batch->first_sequence);
    WIRE_PUT(&message, events, wire_bytes(batch->events));
    WIRE_PUT(&message, signature, wire_bytes(batch->signature));
    envelope.book_batch = &message;
    wire_output_add(output, &envelope.base);
}

static void get_member_write(struct wire_output *output, const struct request *request,
                             Loyalty__Request envelope)
{
    Loyalty__GetMember message = LOYALTY__GET_MEMBER__INIT;
    message.card = wire_text(request->get_member.card);
    WIRE_PUT_UNLESS(&message, member, request->get_member.member, 0);
    message.locale = wire_text(request->get_member.locale);
    envelope.get_member = &message;
    wire_output_add(output, &envelope.base);
}

static void get_voucher_write(struct wire_output *output, const struct request *request,
                              Loyalty__Request envelope)
{
    Loyalty__GetVoucher message = LOYALTY__GET_VOUCHER__INIT;
    WIRE_PUT(&message, code, wire_bytes(request->get_voucher.code));
    message.locale = wire_text(request->get_voucher.locale);
    envelope.get_voucher = &message;
    wire_output_add(output, &envelope.base);
}

static void set_profile_write(struct wire_output *output, const struct request *request,
                              Loyalty__Request envelope)
{
    Loyalty__SetProfile message = LOYALTY__SET_PROFILE__INIT;
    Loyalty__Profile profile;
    wire_profile_write(&request->set_profile.profile, &profile);
    message.card = wire_text(request->set_profile.card);
    WIRE_PUT_UNLESS(&message, member, request->set_profile.member, 0);
    message.profile = &profile;
    envelope.set_profile = &message;
    wire_output_add(output, &envelope.base);
}

static void get_profile_write(struct wire_output *output, const struct request *request,
                              Loyalty__Request envelope)
{
    Loyalty__GetProfile message = LOYALTY__GET_PROFILE__INIT;
    message.card = wire_text(request->get_profile.card);
    WIRE_PUT_UNLESS(&message, member, request->get_profile.member, 0);
    envelope.get_profile = &message;
    wire_output_add(output, &envelope.base);
}

static void get_event_write(struct wire_output *output, const struct request *request,
                            Loyalty__Request envelope)
{
    Loyalty__GetEvent message = LOYALTY__GET_EVENT__INIT;
    if (request->get_event.position != 0) {
        WIRE_PUT(&message, position, request->get_event.position);
    } else {
        WIRE_PUT(&message, principal, request->get_event.principal);
        WIRE_PUT(&message, sequence, request->get_event.sequence);
    }
    envelope.get_event = &message;
    wire_output_add(output, &envelope.base);
}

static void get_exceptions_write(struct wire_output *output, const struct request *request,
                                 Loyalty__Request envelope)
{
    Loyalty__GetExceptions message = LOYALTY__GET_EXCEPTIONS__INIT;
    WIRE_PUT_UNLESS(&message, after, request->get_exceptions.after, 0);
    WIRE_PUT_UNLESS(&message, all, request->get_exceptions.all, false);
    envelope.get_exceptions = &message;
    wire_output_add(output, &envelope.base);
}

static void get_programme_write(struct wire_output *output, const struct request *request,
                                Loyalty__Request envelope)
{
    Loyalty__GetProgramme message = LOYALTY__GET_PROGRAMME__INIT;
    WIRE_PUT_UNLESS(&message, version, request->get_programme.version, 0);
    envelope.get_programme = &message;
    wire_output_add(output, &envelope.base);
}

static void check_programme_write(struct wire_output *output, const struct request *request,
                                  Loyalty__Request envelope)
{
    Loyalty__CheckProgramme message = LOYALTY__CHECK_PROGRAMME__INIT;
    WIRE_PUT(&message, yaml, wire_bytes(request->check_programme.yaml));
    envelope.check_programme = &message;
    wire_output_add(output, &envelope.base);
}

static void backup_write(struct wire_output *output, const struct request *request, Loyalty__Request envelope)
{
    Loyalty__Backup message = LOYALTY__BACKUP__INIT;
    message.path = wire_text(request->backup.path);
    envelope.backup = &message;
    wire_output_add(output, &envelope.base);
}

static void request_write(struct wire_output *output, const struct request *request,
                          Loyalty__Request envelope)
{
    Loyalty__GetStatus get_status = LOYALTY__GET_STATUS__INIT;
    Loyalty__GetPrincipals get_principals = LOYALTY__GET_PRINCIPALS__INIT;
    switch (request->kind) {
    case REQUEST_HELLO:
        hello_write(output, request, envelope);
        break;
    case REQUEST_AUTHENTICATE:
        authenticate_write(output, request, envelope);
        break;
    case REQUEST_ENROL:
        enrol_write(output, request, envelope);
        break;
    case REQUEST_BOOK:
        book_write(output, &request->book, envelope);
        break;
    case REQUEST_QUOTE:
        quote_write(output, request, envelope);
        break;
    case REQUEST_BOOK_BATCH:
        batch_write(output, &request->batch, envelope);
        break;
    case REQUEST_GET_MEMBER:
        get_member_write(output, request, envelope);
        break;
    case REQUEST_GET_VOUCHER:
        get_voucher_write(output, request, envelope);
        break;
    case REQUEST_SET_PROFILE:
        set_profile_write(output, request, envelope);
        break;
    case REQUEST_GET_PROFILE:
        get_profile_write(output, request, envelope);
        break;
    case REQUEST_GET_EVENT:
        get_event_write(output, request, envelope);
        break;
    case REQUEST_GET_EXCEPTIONS:
        get_exceptions_write(output, request, envelope);
        break;
    case REQUEST_GET_STATUS:
        envelope.get_status = &get_status;
        wire_output_add(output, &envelope.base);
        break;
    case REQUEST_GET_PRINCIPALS:
        envelope.get_principals = &get_principals;
        wire_output_add(output, &envelope.base);
        break;
    case REQUEST_GET_PROGRAMME:
        get_programme_write(output, request, envelope);
        break;
    case REQUEST_CHECK_PROGRAMME:
        check_programme_write(output, request, envelope);
        break;
    case REQUEST_BACKUP:
        backup_write(output, request, envelope);
        break;
    }
}

int wire_request_pack(const struct request *request, struct arena *arena, struct bytes *ret_frame)
{
    struct wire_output output;
    wire_output_begin_frame(&output, arena);
    Loyalty__Request envelope = LOYALTY__REQUEST__INIT;
    WIRE_PUT_UNLESS(&envelope, id, request->id, 0);
    envelope.message_case = wire_request_kind_write(request->kind);
    request_write(&output, request, envelope);
    return wire_output_end(&output, ret_frame);
}
