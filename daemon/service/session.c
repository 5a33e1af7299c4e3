#include "service/service_internal.h"

#include "base/check.h"
#include "crypto/invite.h"
#include "wire/body.h"

#include <string.h>

#define BIT(state) (1u << (state))

/* Where each state may go. */
static const unsigned successors[] = {
    [SESSION_NEW] = BIT(SESSION_WELCOMED) | BIT(SESSION_CLOSING) | BIT(SESSION_CLOSED),
    [SESSION_WELCOMED] =
        BIT(SESSION_ENROLLING) | BIT(SESSION_AUTHENTICATING) | BIT(SESSION_CLOSING) | BIT(SESSION_CLOSED),
    [SESSION_ENROLLING] = BIT(SESSION_WELCOMED) | BIT(SESSION_CLOSING) | BIT(SESSION_CLOSED),
    [SESSION_AUTHENTICATING] = BIT(SESSION_READY) | BIT(SESSION_CLOSING) | BIT(SESSION_CLOSED),
    [SESSION_READY] = BIT(SESSION_CLOSING) | BIT(SESSION_CLOSED),
    [SESSION_CLOSING] = BIT(SESSION_LINGERING) | BIT(SESSION_CLOSED),
    [SESSION_LINGERING] = BIT(SESSION_CLOSED),
    [SESSION_CLOSED] = 0,
};

/* What must hold in a state, whatever has happened. */
static void check_session(const struct connection *connection)
{
    switch (connection->state) {
    case SESSION_NEW:
    case SESSION_WELCOMED:
        CHECK(connection->in_flight <= 1);
        break;
    case SESSION_ENROLLING:
    case SESSION_AUTHENTICATING:
        CHECK(connection->in_flight == 1);
        break;
    case SESSION_READY:
        CHECK(connection->principal != 0);
        break;
    case SESSION_CLOSING:
        CHECK(!connection->links[LIST_WAIT_SLOT].on);
        break;
    case SESSION_LINGERING:
        CHECK(connection->in_flight == 0);
        CHECK(connection->out.bytes == 0);
        break;
    case SESSION_CLOSED:
        CHECK(connection->in_flight == 0);
        break;
    }
}

static void move(struct service *service, struct connection *connection, enum session_state next)
{
    CHECK(successors[connection->state] & BIT(next));
    connection->state = next;
    connection->since_ms = service_now_ms(service);
    list_add(service, LIST_DIRTY, connection);
    check_session(connection);
}

/* Nothing of the peer's is taken from here on. */
static void leave(struct service *service, struct connection *connection)
{
    incoming_drop(service, connection);
    struct key_entry *entry = keyring_find(service->keyring, connection->principal);
    if (entry != NULL && entry->connection == connection->index + 1) {
        entry->connection = 0;
    }
}

void session_close(struct service *service, struct connection *connection, enum failure_code code,
                   const char *text)
{
    if (connection->state >= SESSION_CLOSING) {
        return;
    }
    if (connection->peer == PEER_TLS && !connection->secured) {
        session_drop(service, connection); /* nothing can be said to it yet */
        return;
    }
    leave(service, connection);
    connection->words = code;
    connection->words_text = text;
    move(service, connection, SESSION_CLOSING);
    list_add(service, LIST_RIPE, connection);
}

void session_cancel(struct service *service, struct connection *connection, enum failure_code code,
                    const char *text)
{
    if (connection->state >= SESSION_CLOSING) {
        return;
    }
    session_close(service, connection, code, text);
    connection->cancelled = true;
}

void session_drop(struct service *service, struct connection *connection)
{
    if (connection->state == SESSION_CLOSED) {
        return;
    }
    leave(service, connection);
    requests_orphan(service, connection);
    move(service, connection, SESSION_CLOSED);
}

void session_settle(struct service *service, struct connection *connection)
{
    if (connection->state == SESSION_CLOSING && connection->in_flight == 0) {
        if (connection->words_text != NULL) {
            const char *text = connection->words_text;
            connection->words_text = NULL;
            if (!reply_failure(service, connection, 0, connection->words, text)) {
                return;
            }
        }
        if (connection->out.bytes == 0) {
            move(service, connection, SESSION_LINGERING);
        }
    }
    if (connection->state == SESSION_LINGERING && connection->ended) {
        move(service, connection, SESSION_CLOSED);
    }
}

void session_check_time(struct service *service, struct connection *connection, int64_t now_ms)
{
    const int64_t since_ms = now_ms - connection->since_ms;
    const bool begun = connection->input.end > connection->input.start;
    switch (connection->state) {
    case SESSION_NEW:
    case SESSION_WELCOMED:
    case SESSION_ENROLLING:
    case SESSION_AUTHENTICATING:
        if (now_ms - connection->opened_ms >= HANDSHAKE_TIMEOUT_MS) {
            const bool stalled = connection->peer == PEER_TLS && !connection->secured;
            service->metrics.tls_handshakes_stalled += stalled;
            service->metrics.connections_closed_idle += !stalled;
            session_drop(service, connection);
        }
        break;
    case SESSION_READY:
        if (connection->out.bytes > 0 && now_ms - connection->sent_ms >= SEND_TIMEOUT_MS) {
            service->metrics.connections_closed_idle++;
            session_drop(service, connection);
        } else if (connection->in_flight == 0 && connection->told_reading &&
                   (now_ms - connection->heard_ms >= service->idle_timeout_ms ||
                    (begun && now_ms - connection->begun_ms >= FRAME_TIMEOUT_MS))) {
            service->metrics.connections_closed_idle++;
            session_close(service, connection, FAILURE_BAD_FRAME, NULL);
        }
        break;
    case SESSION_CLOSING:
        if (since_ms >= CLOSING_TIMEOUT_MS) {
            session_drop(service, connection);
        }
        break;
    case SESSION_LINGERING:
        if (since_ms >= LINGER_TIMEOUT_MS) {
            session_drop(service, connection);
        }
        break;
    case SESSION_CLOSED:
        break;
    }
}

bool session_takes_frames(const struct connection *connection)
{
    return connection->state == SESSION_NEW || connection->state == SESSION_WELCOMED ||
           (connection->state == SESSION_READY && connection->rotation == NULL);
}

size_t session_frame_bytes_max(const struct connection *connection)
{
    if (connection->state != SESSION_READY) {
        return FRAME_HANDSHAKE_BYTES_MAX;
    }
    return connection->role == ROLE_TERMINAL ? FRAME_TERMINAL_BYTES_MAX : FRAME_OPERATOR_BYTES_MAX;
}

/* A failure in the handshake: it is answered, then the connection closes. */
static void refuse(struct service *service, struct connection *connection, struct request_slot *slot,
                   enum failure_code code, const char *text)
{
    service->metrics.handshakes_failed++;
    slot_fail(slot, code, text);
    session_close(service, connection, code, NULL);
}

static void welcome(struct service *service, struct connection *connection, struct request_slot *slot)
{
    service->world->random(service->world->context, connection->challenge, sizeof(connection->challenge));
    const struct reply reply = {
        .id = slot->request.id,
        .kind = REPLY_WELCOME,
        .welcome = {.version = PROTOCOL_VERSION,
                    .programme_id = {service->programme_id, PROGRAMME_ID_BYTES},
                    .challenge = {connection->challenge, sizeof(connection->challenge)},
                    .now = service->world->wall_ms(service->world->context),
                    .daemon_key = {service->daemon_key, KEY_BYTES},
                    .software = service->software},
    };
    struct arena arena;
    struct bytes frame;
    arena_init(&arena, service->reply, sizeof(service->reply));
    const int result = wire_reply_pack(&reply, &arena, &frame);
    CHECK(result == 0);
    /* Nothing is in flight before authentication but this request: its reply is next. */
    CHECK(connection->first == slot);
    slot_release(service, slot);
    if (reply_send(service, connection, frame)) {
        move(service, connection, SESSION_WELCOMED);
    }
}

static void on_hello(struct service *service, struct connection *connection, struct request_slot *slot)
{
    const struct request *request = &slot->request;
    const struct bytes id = request->hello.programme_id;
    if (connection->state != SESSION_NEW) {
        slot_fail(slot, FAILURE_INVALID,
                  "Hello was said on this connection; open another one to start again");
    } else if (request->hello.version != PROTOCOL_VERSION) {
        refuse(service, connection, slot, FAILURE_BAD_VERSION,
               "this daemon speaks version 1 of the protocol; update the client or the daemon");
    } else if (id.size > 0 && !bytes_equal(id, (struct bytes){service->programme_id, PROGRAMME_ID_BYTES})) {
        refuse(service, connection, slot, FAILURE_OTHER_PROGRAMME,
               "this daemon serves another programme; check the address, or enrol anew");
    } else {
        connection->last_position = request->hello.last_position;
        connection->has_last_chain = request->hello.last_chain.size == HASH_BYTES;
        if (connection->has_last_chain) {
            memcpy(connection->last_chain, request->hello.last_chain.data, HASH_BYTES);
        }
        welcome(service, connection, slot);
    }
}

static void on_authenticate(struct service *service, struct connection *connection, struct request_slot *slot)
{
    const struct request *request = &slot->request;
    const struct key_entry *entry = keyring_find(service->keyring, request->authenticate.principal);
    if (entry == NULL) {
        refuse(service, connection, slot, FAILURE_UNKNOWN_PRINCIPAL,
               "no such principal in this programme; enrol with a code of an operator");
    } else if (entry->revoked) {
        refuse(service, connection, slot, FAILURE_REVOKED,
               "this principal was revoked; enrol with a new code of an operator");
    } else {
        slot_verify(service, slot);
        move(service, connection, SESSION_AUTHENTICATING);
    }
}

static void on_enrol(struct service *service, struct connection *connection, struct request_slot *slot)
{
    const struct request *request = &slot->request;
    if (invite_code_hash(request->enrol.code, slot->code_hash) != 0) {
        slot_fail(slot, FAILURE_INVITE_INVALID, "this is no code of an invite; type it as it was printed");
    } else if (!peers_take_code(&service->peers, connection->account, service_now_ms(service))) {
        service->metrics.limited_codes++;
        slot_fail(slot, FAILURE_BUSY, "too many wrong codes came lately; wait a minute and send it again");
    } else {
        slot->code_taken = true;
        slot_verify(service, slot);
        move(service, connection, SESSION_ENROLLING);
    }
}

static void on_book(struct service *service, struct connection *connection, struct request_slot *slot)
{
    const struct request_book *book = &slot->request.book;
    const size_t body_bytes_max =
        connection->role == ROLE_TERMINAL ? BODY_TERMINAL_BYTES_MAX : BODY_OPERATOR_BYTES_MAX;
    if (book->principal != connection->principal) {
        service->metrics.requests_unauthorized++;
        slot_fail(slot, FAILURE_FORBIDDEN,
                  "an event is sent on the connection of the principal who signed it");
    } else if (book->body.size > body_bytes_max) {
        slot_fail(slot, FAILURE_TOO_LARGE, "the body is larger than this principal's limit");
    } else {
        if (wire_body_states(book->body, EVENT_KEY_ROTATED)) {
            connection->rotation = slot;
        }
        slot_verify(service, slot);
    }
}

/* What is wrong with the events of a batch before its signature is looked at; NULL: nothing. */
static const char *batch_fault(const struct request_batch *batch, enum failure_code *ret_code)
{
    struct bytes rest = batch->events;
    struct bytes body;
    while (wire_batch_next(&rest, &body)) {
        if (body.size > BODY_TERMINAL_BYTES_MAX) {
            *ret_code = FAILURE_TOO_LARGE;
            return "a body is larger than this principal's limit";
        }
        if (wire_body_states(body, EVENT_KEY_ROTATED)) {
            *ret_code = FAILURE_INVALID;
            return "a change of keys is booked alone: end the batch before it";
        }
    }
    return NULL;
}

static void on_batch(struct service *service, struct connection *connection, struct request_slot *slot)
{
    const struct request_batch *batch = &slot->request.batch;
    enum failure_code code = FAILURE_INVALID;
    if (batch->principal != connection->principal) {
        service->metrics.requests_unauthorized++;
        slot_fail(slot, FAILURE_FORBIDDEN,
                  "a batch is sent on the connection of the principal who signed it");
        return;
    }
    const char *fault = batch_fault(batch, &code);
    if (fault != NULL) {
        slot_fail(slot, code, fault);
        return;
    }
    /* Events count, however they are signed. */
    slot->weight = batch->count;
    connection->in_flight += batch->count - 1;
    if (connection->account != NULL) {
        peers_charge(&service->peers, connection->account, PEER_LIMIT_requests, batch->count - 1,
                     service_now_ms(service));
    }
    slot_verify(service, slot);
}

/* Who may ask what, a bit a role. Who may sign which event is the ledger's to say. */
static unsigned who_may(const struct request *request)
{
    if (request->kind == REQUEST_GET_MEMBER && request->get_member.card == NULL) {
        return ROLES_OF(0, 1, 1, 1, 1); /* whoever has no card of it may not look through the members */
    }
    if (request->kind == REQUEST_SET_PROFILE && request->set_profile.card == NULL) {
        return ROLES_OF(0, 1, 1, 1, 0);
    }
    switch (request->kind) {
#define EVENT(name, terminal, clerk, manager, admin, auditor)
#define REQUEST(name, terminal, clerk, manager, admin, auditor)                                              \
    case REQUEST_##name:                                                                                     \
        return ROLES_OF(terminal, clerk, manager, admin, auditor);
#include "model/permission.def"
#undef EVENT
#undef REQUEST
    }
    CHECK(!"a kind of request that does not exist");
}

static bool is_handshake(enum request_kind kind)
{
    return kind == REQUEST_HELLO || kind == REQUEST_AUTHENTICATE || kind == REQUEST_ENROL;
}

static void on_early_request(struct service *service, struct connection *connection,
                             struct request_slot *slot)
{
    const enum request_kind kind = slot->request.kind;
    if (kind == REQUEST_HELLO) {
        on_hello(service, connection, slot);
    } else if (is_handshake(kind) && connection->state == SESSION_NEW) {
        slot_fail(slot, FAILURE_NOT_AUTHENTICATED, "the first message of a connection is Hello");
    } else if (kind == REQUEST_AUTHENTICATE) {
        on_authenticate(service, connection, slot);
    } else if (kind == REQUEST_ENROL) {
        on_enrol(service, connection, slot);
    } else {
        slot_fail(slot, FAILURE_NOT_AUTHENTICATED, "say Hello and Authenticate first");
    }
}

void session_request(struct service *service, struct connection *connection, struct request_slot *slot)
{
    CHECK(session_takes_frames(connection));
    CHECK(connection->last == slot);
    const enum request_kind kind = slot->request.kind;
    if (connection->state != SESSION_READY) {
        on_early_request(service, connection, slot);
    } else if (is_handshake(kind)) {
        slot_fail(slot, FAILURE_INVALID, "the handshake of this connection is complete; open another one");
    } else if (!(who_may(&slot->request) & BIT(connection->role))) {
        service->metrics.requests_unauthorized++;
        slot_fail(slot, FAILURE_FORBIDDEN, "the role of this principal does not allow the request");
    } else if (kind == REQUEST_BOOK) {
        on_book(service, connection, slot);
    } else if (kind == REQUEST_BOOK_BATCH) {
        on_batch(service, connection, slot);
    } else {
        slot_ready(slot);
    }
}

/* A signature did not verify: that costs time, and who sends many of them has no good reason. */
static void count_bad_signature(struct service *service, struct connection *connection)
{
    if (connection->account != NULL && !peers_take(&service->peers, connection->account,
                                                   PEER_LIMIT_bad_signatures, 1, service_now_ms(service))) {
        service->metrics.limited_signatures++;
        session_drop(service, connection);
    }
}

void session_verified(struct service *service, struct request_slot *slot, bool valid)
{
    struct connection *connection = slot->connection;
    const enum request_kind kind = slot->request.kind;
    if (valid) {
        slot_ready(slot);
    } else if (kind == REQUEST_BOOK) {
        service->metrics.signatures_bad++;
        slot_fail(slot, FAILURE_BAD_SIGNATURE,
                  "the signature of the event does not verify under the principal's key");
    } else if (kind == REQUEST_BOOK_BATCH) {
        service->metrics.signatures_bad++;
        slot_fail(slot, FAILURE_BAD_SIGNATURE,
                  "the signature of the batch does not verify under the principal's key");
    } else if (connection->state == SESSION_CLOSING) {
        slot_fail(slot, FAILURE_BAD_SIGNATURE, "the signature does not verify");
    } else {
        refuse(service, connection, slot, FAILURE_BAD_SIGNATURE,
               kind == REQUEST_ENROL
                   ? "the proof of the key does not verify"
                   : "the signature of the challenge does not verify under the principal's key");
    }
    if (!valid) {
        count_bad_signature(service, connection);
    }
}

void session_released(struct service *service, struct connection *connection, const struct request_slot *slot)
{
    if (slot->request.kind != REQUEST_AUTHENTICATE) {
        return;
    }
    /* Its older connection ends here: what it has in the ledger's queue stands before this request, what it
     * has not is not taken any more, and so Ready tells the sequence that is really expected. */
    const uint32_t principal = slot->request.authenticate.principal;
    struct key_entry *entry = keyring_find(service->keyring, principal);
    CHECK(entry != NULL);
    if (entry->connection != 0) {
        struct connection *older = pool_at(&service->connections, entry->connection - 1);
        CHECK(older != connection);
        session_cancel(service, older, FAILURE_REPLACED,
                       "this principal has authenticated on another connection");
    }
    connection->principal = principal;
    connection->role = entry->role;
    entry->connection = connection->state == SESSION_AUTHENTICATING ? connection->index + 1 : 0;
}

void session_answered(struct service *service, struct connection *connection, const struct request_slot *slot,
                      enum ledger_note note)
{
    if (slot->code_taken && note != LEDGER_WRONG_CODE) {
        peers_give_code(&service->peers, connection->account);
    }
    if (connection->state >= SESSION_CLOSING) {
        return;
    }
    switch (note) {
    case LEDGER_READY:
        CHECK(slot->request.kind == REQUEST_AUTHENTICATE);
        move(service, connection, SESSION_READY);
        break;
    case LEDGER_CLOSE:
        service->metrics.handshakes_failed += connection->state != SESSION_READY;
        session_close(service, connection, FAILURE_RETRY, NULL);
        break;
    case LEDGER_NOTHING:
    case LEDGER_WRONG_CODE:
    case LEDGER_ADDED:
    case LEDGER_REKEYED:
    case LEDGER_REVOKED:
        if (connection->state == SESSION_ENROLLING) {
            move(service, connection, SESSION_WELCOMED);
        } else if (connection->state == SESSION_AUTHENTICATING) {
            /* A failure that may pass, such as RETRY: the client starts again. */
            session_close(service, connection, FAILURE_RETRY, NULL);
        }
        break;
    }
}
