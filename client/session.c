#include "client/session.h"

#include "base/check.h"
#include "base/text.h"
#include "crypto/invite.h"
#include "model/event.h"
#include "wire/frame.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 4 * FRAME_OPERATOR_BYTES_MAX };

#define SOFTWARE "loyalty-client " LOYALTY_VERSION

void session_say(char text[SESSION_TEXT_BYTES], const char *format, ...)
{
    struct text writer;
    va_list arguments;
    va_start(arguments, format);
    text_init(&writer, text, SESSION_TEXT_BYTES);
    text_vadd(&writer, format, arguments);
    va_end(arguments);
}

int session_failure_error(enum failure_code code)
{
    switch (code) {
    case FAILURE_RETRY:
    case FAILURE_BUSY:
    case FAILURE_STOPPING:
        return ERR_CLOSED;
    case FAILURE_UNKNOWN_PRINCIPAL:
    case FAILURE_REVOKED:
    case FAILURE_FORBIDDEN:
    case FAILURE_NOT_AUTHENTICATED:
        return ERR_PERMISSION;
    case FAILURE_BAD_SIGNATURE:
        return ERR_SIGNATURE;
    case FAILURE_OTHER_PROGRAMME:
    case FAILURE_AHEAD:
    case FAILURE_CONFLICT:
    case FAILURE_REPLACED:
        return ERR_MISMATCH;
    case FAILURE_NOT_FOUND:
    case FAILURE_INVITE_INVALID:
        return ERR_NOT_FOUND;
    case FAILURE_TOO_LARGE:
        return ERR_TOO_LARGE;
    case FAILURE_BAD_VERSION:
        return ERR_UNSUPPORTED;
    case FAILURE_INVALID:
    case FAILURE_ONE_BY_ONE:
        return ERR_RANGE;
    case FAILURE_BAD_FRAME:
        return ERR_FORMAT;
    }
    return ERR_FORMAT;
}

const char *session_role_name(uint32_t role)
{
    return role <= ROLE_AUDITOR ? role_name((enum role)role) : "";
}

static void set_failure(struct session *session, const struct reply *reply)
{
    session->failed = true;
    session->failure = reply->failure.code;
    session_say(session->text, "the daemon says %s%s%s", failure_name(reply->failure.code),
                reply->failure.text != NULL ? ": " : "",
                reply->failure.text != NULL ? reply->failure.text : "");
}

/* Connects; no handshake yet. */
static int start(struct session *session, const struct session_options *options)
{
    *session = (struct session){
        .connection = {.fd = -1}, .world = options->world, .timeout_ms = options->timeout_ms};
    session->memory = malloc(ARENA_BYTES);
    if (session->memory == NULL) {
        return ERR_NOMEM;
    }
    arena_init(&session->arena, session->memory, ARENA_BYTES);
    const int error = connection_open(&session->connection, options->url, options->ca, options->timeout_ms);
    if (error != 0) {
        const char *why = session->connection.why;
        session_say(session->text, "cannot connect to %.*s: %s", (int)strcspn(options->url, "?"),
                    options->url,
                    why[0] != '\0'        ? why
                    : error == ERR_CLOSED ? "nobody answers"
                                          : error_text(error));
    }
    return error;
}

void session_close(struct session *session)
{
    connection_close(&session->connection);
    free(session->memory);
    session->memory = NULL;
}

int session_send(struct session *session, struct request *request)
{
    struct bytes frame;
    arena_reset(&session->arena);
    if (request->id == 0) {
        request->id = ++session->next_id;
    }
    const int error = wire_request_pack(request, &session->arena, &frame);
    return error != 0 ? error : connection_queue(&session->connection, frame);
}

int session_receive(struct session *session, int64_t timeout_ms, struct reply *ret_reply)
{
    struct bytes message;
    arena_reset(&session->arena);
    const int error = connection_receive(&session->connection, timeout_ms, &message);
    return error != 0 ? error : wire_reply_unpack(message, &session->arena, ret_reply);
}

static int exchange(struct session *session, struct request *request, enum reply_kind wanted,
                    struct reply *ret_reply)
{
    session->text[0] = '\0';
    session->failed = false;
    int error = session_send(session, request);
    if (error == 0) {
        error = session_receive(session, session->timeout_ms, ret_reply);
    }
    if (error != 0) {
        session_say(session->text, "no answer from the daemon: %s", error_text(error));
        return error;
    }
    if (ret_reply->kind == REPLY_FAILURE) {
        set_failure(session, ret_reply);
        return session_failure_error(ret_reply->failure.code);
    }
    if (ret_reply->kind != wanted || ret_reply->id != request->id) {
        session_say(session->text, "the daemon gave an answer to something else");
        return ERR_FORMAT;
    }
    return 0;
}

static enum reply_kind reply_to(enum request_kind kind)
{
    switch (kind) {
    case REQUEST_HELLO:
        return REPLY_WELCOME;
    case REQUEST_AUTHENTICATE:
        return REPLY_READY;
    case REQUEST_ENROL:
        return REPLY_ENROLLED;
    case REQUEST_BOOK:
    case REQUEST_BOOK_BATCH: /* the first of its replies */
        return REPLY_BOOKED;
    case REQUEST_GET_MEMBER:
        return REPLY_MEMBER;
    case REQUEST_GET_VOUCHER:
        return REPLY_VOUCHER;
    case REQUEST_SET_PROFILE:
    case REQUEST_GET_PROFILE:
        return REPLY_PROFILE;
    case REQUEST_GET_EVENT:
        return REPLY_EVENT;
    case REQUEST_GET_STATUS:
        return REPLY_STATUS;
    case REQUEST_GET_EXCEPTIONS:
        return REPLY_EXCEPTIONS;
    case REQUEST_GET_PRINCIPALS:
        return REPLY_PRINCIPALS;
    case REQUEST_GET_PROGRAMME:
        return REPLY_PROGRAMME;
    case REQUEST_CHECK_PROGRAMME:
        return REPLY_PROGRAMME_CHECKED;
    case REQUEST_BACKUP:
        return REPLY_BACKUP_STEP;
    case REQUEST_QUOTE:
        return REPLY_QUOTED;
    }
    return REPLY_FAILURE;
}

int session_call(struct session *session, struct request *request, struct reply *ret_reply)
{
    request->id = 0;
    return exchange(session, request, reply_to(request->kind), ret_reply);
}

static bool fill(uint8_t *to, size_t size, struct bytes from)
{
    if (from.size != size) {
        return false;
    }
    memcpy(to, from.data, size);
    return true;
}

static void copy_text(char *to, size_t size, const char *from)
{
    struct text text;
    text_init(&text, to, size);
    text_add(&text, "%s", from != NULL ? from : "");
}

/* Hello and Welcome: `ret_challenge` is what to sign. */
static int greet(struct session *session, const struct session_identity *identity,
                 uint8_t ret_challenge[SIGN_CHALLENGE_BYTES])
{
    struct request request = {.kind = REQUEST_HELLO};
    request.hello.version = PROTOCOL_VERSION;
    request.hello.software = SOFTWARE;
    if (identity != NULL) {
        request.hello.has_principal = true;
        request.hello.principal = identity->principal;
        if (identity->programme_id != NULL) {
            request.hello.programme_id =
                (struct bytes){.data = identity->programme_id, .size = PROGRAMME_ID_BYTES};
        }
        if (identity->last_chain != NULL && identity->last_position > 0) {
            request.hello.last_position = identity->last_position;
            request.hello.last_chain = (struct bytes){.data = identity->last_chain, .size = HASH_BYTES};
        }
    }
    struct reply reply;
    const int64_t sent_at = session->world->wall_ms(session->world->context);
    const int error = session_call(session, &request, &reply);
    const int64_t received_at = session->world->wall_ms(session->world->context);
    if (error != 0) {
        return error;
    }
    if (reply.welcome.version != PROTOCOL_VERSION) {
        session_say(session->text, "the daemon speaks version %u of the protocol, not %d",
                    reply.welcome.version, PROTOCOL_VERSION);
        return ERR_UNSUPPORTED;
    }
    if (!fill(session->programme_id, PROGRAMME_ID_BYTES, reply.welcome.programme_id) ||
        !fill(session->daemon_key, KEY_BYTES, reply.welcome.daemon_key) ||
        !fill(ret_challenge, SIGN_CHALLENGE_BYTES, reply.welcome.challenge)) {
        session_say(session->text, "the daemon's greeting is incomplete");
        return ERR_FORMAT;
    }
    session->clock_offset_ms = reply.welcome.now - (sent_at + received_at) / 2;
    return 0;
}

static int check_pins(struct session *session, const struct session_identity *identity)
{
    if (identity->programme_id != NULL &&
        memcmp(identity->programme_id, session->programme_id, PROGRAMME_ID_BYTES) != 0) {
        session_say(session->text, "the daemon serves another programme than the one we were enrolled in");
        return ERR_MISMATCH;
    }
    if (identity->daemon_key != NULL && memcmp(identity->daemon_key, session->daemon_key, KEY_BYTES) != 0) {
        session_say(session->text, "the daemon's key is not the one it had when we were enrolled");
        return ERR_MISMATCH;
    }
    return 0;
}

static int authenticate(struct session *session, const struct session_identity *identity,
                        const uint8_t challenge[SIGN_CHALLENGE_BYTES])
{
    uint8_t signature[SIGNATURE_BYTES];
    uint8_t binding[SIGN_CHANNEL_BYTES];
    const int bound = connection_binding(&session->connection, binding);
    if (bound != 0 && bound != ERR_UNSUPPORTED) {
        return bound;
    }
    const struct sign_auth auth = {.programme_id = session->programme_id,
                                   .principal = identity->principal,
                                   .challenge = challenge,
                                   .channel_binding = {binding, bound == 0 ? sizeof(binding) : 0}};
    sign_auth(identity->pair, &auth, signature);
    struct request request = {.kind = REQUEST_AUTHENTICATE};
    request.authenticate.principal = identity->principal;
    request.authenticate.signature = (struct bytes){.data = signature, .size = SIGNATURE_BYTES};
    struct reply reply;
    const int error = session_call(session, &request, &reply);
    if (error != 0) {
        return error;
    }
    struct session_ready *ready = &session->ready;
    ready->expected_sequence = reply.ready.expected_sequence;
    ready->programme_version = reply.ready.programme_version;
    ready->position = reply.ready.position;
    ready->log_differs = reply.ready.log_differs;
    ready->role = reply.ready.role;
    ready->retention_days = reply.ready.outbox_retention_days;
    copy_text(ready->store, sizeof(ready->store), reply.ready.store);
    copy_text(ready->label, sizeof(ready->label), reply.ready.label);
    copy_text(ready->currency, sizeof(ready->currency), reply.ready.currency);
    copy_text(ready->tls_address, sizeof(ready->tls_address), reply.ready.tls_address);
    copy_text(ready->plain_address, sizeof(ready->plain_address), reply.ready.plain_address);
    ready->tls_pins = reply.ready.tls_pins;
    if (!fill(ready->epoch, EPOCH_BYTES, reply.ready.epoch) || ready->expected_sequence == 0) {
        session_say(session->text, "the daemon's answer to our authentication is incomplete");
        return ERR_FORMAT;
    }
    return 0;
}

int session_open(struct session *session, const struct session_options *options,
                 const struct session_identity *identity)
{
    CHECK(identity->pair != NULL);
    uint8_t challenge[SIGN_CHALLENGE_BYTES];
    int error = start(session, options);
    if (error == 0) {
        error = greet(session, identity, challenge);
    }
    if (error == 0) {
        error = check_pins(session, identity);
    }
    if (error == 0) {
        error = authenticate(session, identity, challenge);
    }
    if (error != 0) {
        session_close(session);
    }
    return error;
}

/* Presents the code on a session that has been greeted. */
static int present(struct session *session, const struct key_pair *pair, const char *code,
                   const uint8_t code_hash[HASH_BYTES], struct session_enrolled *ret_enrolled)
{
    uint8_t proof[SIGNATURE_BYTES];
    sign_enrol(pair, session->programme_id, code_hash, proof);
    struct request request = {.kind = REQUEST_ENROL};
    request.enrol.code = code;
    request.enrol.key = (struct bytes){.data = pair->public_key, .size = KEY_BYTES};
    request.enrol.proof = (struct bytes){.data = proof, .size = SIGNATURE_BYTES};
    struct reply reply;
    const int error = session_call(session, &request, &reply);
    if (error != 0) {
        return error;
    }
    struct session_enrolled enrolled = {.principal = reply.enrolled.principal, .role = reply.enrolled.role};
    if (!fill(enrolled.programme_id, PROGRAMME_ID_BYTES, reply.enrolled.programme_id) ||
        !fill(enrolled.daemon_key, KEY_BYTES, reply.enrolled.daemon_key) || enrolled.principal == 0) {
        session_say(session->text, "the daemon's answer to the code is incomplete");
        return ERR_FORMAT;
    }
    if (memcmp(enrolled.programme_id, session->programme_id, PROGRAMME_ID_BYTES) != 0 ||
        memcmp(enrolled.daemon_key, session->daemon_key, KEY_BYTES) != 0) {
        session_say(session->text, "the daemon contradicts itself about its programme or its key");
        return ERR_MISMATCH;
    }
    copy_text(enrolled.store, sizeof(enrolled.store), reply.enrolled.store);
    copy_text(enrolled.label, sizeof(enrolled.label), reply.enrolled.label);
    *ret_enrolled = enrolled;
    return 0;
}

int session_enrol(const struct session_options *options, const struct key_pair *pair, const char *code,
                  struct session_enrolled *ret_enrolled, char ret_text[SESSION_TEXT_BYTES])
{
    uint8_t code_hash[HASH_BYTES];
    uint8_t challenge[SIGN_CHALLENGE_BYTES];
    struct session session;
    ret_text[0] = '\0';
    if (invite_code_hash(code, code_hash) != 0) {
        copy_text(ret_text, SESSION_TEXT_BYTES, "this cannot be the code of an invite");
        return ERR_FORMAT;
    }
    int error = start(&session, options);
    if (error == 0) {
        error = greet(&session, NULL, challenge);
    }
    if (error == 0) {
        error = present(&session, pair, code, code_hash, ret_enrolled);
    }
    if (error != 0) {
        copy_text(ret_text, SESSION_TEXT_BYTES, session.text);
    }
    session_close(&session);
    return error;
}
