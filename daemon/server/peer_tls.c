/* Connections with TLS: encrypted bytes between libuv and the engine, plain ones between the engine and the
 * service.
 *
 * Where the service pauses a connection in the middle of what was read, the rest stays with the engine, and
 * the peer is hungry from the moment it is to be read again: what it has left goes first, before anything is
 * read. */
#include "server/server_internal.h"

#include "base/check.h"
#include "base/heap.h"
#include "base/log.h"

enum { TIDY_HANDSHAKES = 32 };

int peer_tls_open(struct peer *peer)
{
    struct peer_tls *secure = &peer->secure;
    secure->reading = true;
    return tls_init(&secure->tls, peer->server->options.tls);
}

static void set_hungry(struct peer *peer, bool hungry)
{
    struct server *server = peer->server;
    struct peer_tls *secure = &peer->secure;
    if (secure->hungry == hungry) {
        return;
    }
    secure->hungry = hungry;
    if (hungry) {
        secure->previous = NULL;
        secure->next = server->hungry;
        if (server->hungry != NULL) {
            server->hungry->secure.previous = peer;
        }
        server->hungry = peer;
        return;
    }
    if (secure->next != NULL) {
        secure->next->secure.previous = secure->previous;
    }
    if (secure->previous != NULL) {
        secure->previous->secure.next = secure->next;
    } else {
        server->hungry = secure->next;
    }
}

static void on_written(uv_write_t *write, int status)
{
    struct peer *peer = write->data;
    peer_tls_written(peer, status);
}

static void on_shut_down(uv_shutdown_t *shutdown, int status)
{
    (void)shutdown;
    (void)status;
}

static int encrypt_parts(struct peer_tls *secure)
{
    int result = 0;
    while (result == 0 && secure->sending && secure->parts_done < secure->parts_count &&
           secure->tls.output_used < TLS_WRITE_BYTES_MAX) {
        result = tls_write(&secure->tls, secure->parts[secure->parts_done++]);
    }
    return result;
}

/* Sends what there is to send: at most one uv_write at a time. */
static void flush(struct peer *peer)
{
    struct peer_tls *secure = &peer->secure;
    struct service *service = peer->server->options.service;
    if (secure->writing || uv_is_closing(&peer->handle.handle)) {
        return;
    }
    if (encrypt_parts(secure) != 0) {
        service_broken(service, peer->connection);
        return;
    }
    size_t size;
    secure->taken = tls_take(&secure->tls, &size);
    if (secure->taken != NULL) {
        const uv_buf_t buffer = uv_buf_init((char *)secure->taken, (unsigned)size);
        secure->writing = true;
        if (uv_write(&peer->write, &peer->handle.stream, &buffer, 1, on_written) != 0) {
            secure->writing = false;
            service_broken(service, peer->connection);
        }
    } else if (secure->shutting_down) {
        secure->shutting_down = false;
        if (uv_shutdown(&peer->shutdown, &peer->handle.stream, on_shut_down) != 0) {
            service_broken(service, peer->connection);
        }
    }
}

void peer_tls_written(struct peer *peer, int status)
{
    struct peer_tls *secure = &peer->secure;
    struct server *server = peer->server;
    secure->writing = false;
    tls_release(secure->taken);
    secure->taken = NULL;
    if (server->state == SERVER_CLOSING || uv_is_closing(&peer->handle.handle)) {
        return;
    }
    if (status != 0) {
        service_broken(server->options.service, peer->connection);
    } else {
        if (secure->sending && secure->parts_done == secure->parts_count) {
            secure->sending = false;
            service_sent(server->options.service, peer->connection);
        }
        flush(peer);
    }
    server_drain(server);
}

static void report(const struct peer *peer, const char *what)
{
    log_line(LOG_LEVEL_DEBUG, "server: TLS failed listener=%s connection=%u why=%s", peer->listener->name,
             peer->connection, what);
}

static void give_up(struct peer *peer)
{
    const struct tls *tls = &peer->secure.tls;
    flush(peer); /* the alert that says why */
    report(peer, tls->failure == TLS_FAILURE_PLAINTEXT ? "this is no TLS" : tls->why);
    service_tls_failed(peer->server->options.service, peer->connection, tls->failure);
}

static void shake_hands(struct peer *peer)
{
    uint8_t binding[SIGN_CHANNEL_BYTES];
    struct tls *tls = &peer->secure.tls;
    tls_handshake(tls);
    if (tls->state != TLS_OPEN) {
        return;
    }
    if (tls_binding(tls, binding) != 0) {
        service_broken(peer->server->options.service, peer->connection);
        return;
    }
    peer->server->handshakes++;
    service_secured(peer->server->options.service, peer->connection, binding);
}

/* A handshake takes some 30 KiB for a moment. When a thousand tills come at once, after a restart say, what
 * they leave lies between what they keep, where the allocator would hold on to it. */
void peers_tidy(struct server *server)
{
    if (server->handshakes >= TIDY_HANDSHAKES && server->handshakes == server->handshakes_seen) {
        server->handshakes = 0;
        heap_trim();
    }
    server->handshakes_seen = server->handshakes;
}

/* Gives the service as much of what was received as it takes. */
static void feed(struct peer *peer)
{
    struct peer_tls *secure = &peer->secure;
    struct service *service = peer->server->options.service;
    if (secure->tls.state == TLS_HANDSHAKING) {
        shake_hands(peer);
    }
    while (secure->tls.state == TLS_OPEN) {
        size_t room_size;
        uint8_t *room = service_read_buffer(service, peer->connection, &room_size);
        const size_t size = room_size == 0 ? 0 : tls_read(&secure->tls, room, room_size);
        if (size == 0) {
            break;
        }
        service_received(service, peer->connection, size);
    }
    if (secure->tls.state == TLS_FAILED) {
        give_up(peer);
    } else if (tls_keep(&secure->tls) != 0) {
        service_broken(service, peer->connection);
    } else {
        flush(peer);
        if (secure->tls.state == TLS_ENDED && !secure->ended) {
            secure->ended = true;
            service_ended(service, peer->connection);
        }
    }
    set_hungry(peer, secure->reading && tls_has_input(&secure->tls) && secure->tls.state == TLS_OPEN);
}

bool peers_feed(struct server *server)
{
    const bool any = server->hungry != NULL;
    struct peer *next;
    for (struct peer *peer = server->hungry; peer != NULL; peer = next) {
        next = peer->secure.next;
        feed(peer);
    }
    return any;
}

uv_buf_t peer_tls_room(struct peer *peer)
{
    struct server *server = peer->server;
    CHECK(!tls_has_input(&peer->secure.tls) || peer->secure.tls.state != TLS_OPEN);
    return uv_buf_init((char *)server->encrypted, sizeof(server->encrypted));
}

void peer_tls_received(struct peer *peer, size_t size)
{
    struct tls *tls = &peer->secure.tls;
    struct service *service = peer->server->options.service;
    if (size > 0 && tls->state == TLS_HANDSHAKING && !service_handshaking(service, peer->connection, size)) {
        report(peer, "the peer sends more than its share before authentication");
    } else if (size > 0 && (tls->state == TLS_HANDSHAKING || tls->state == TLS_OPEN)) {
        tls_put(tls, peer->server->encrypted, size);
        feed(peer);
    } else if (size == 0 && tls->state == TLS_HANDSHAKING && peer->heard) {
        report(peer, "the peer ended the connection during the handshake");
        service_tls_failed(service, peer->connection, TLS_FAILURE_HANDSHAKE);
    } else if (size == 0 && !peer->secure.ended) {
        peer->secure.ended = true;
        service_ended(service, peer->connection);
    }
}

void peer_tls_send(struct peer *peer, const struct output *output)
{
    struct peer_tls *secure = &peer->secure;
    CHECK(!secure->sending);
    CHECK(output->parts_count <= SEND_PARTS_MAX);
    for (size_t i = 0; i < output->parts_count; i++) {
        CHECK(output->parts[i].size <= TLS_WRITE_BYTES_MAX);
        secure->parts[i] = output->parts[i];
    }
    secure->parts_count = output->parts_count;
    secure->parts_done = 0;
    secure->sending = true;
    flush(peer);
}

void peer_tls_pause(struct peer *peer)
{
    peer->secure.reading = false;
    set_hungry(peer, false);
}

void peer_tls_resume(struct peer *peer)
{
    peer->secure.reading = true;
    set_hungry(peer, tls_has_input(&peer->secure.tls));
}

void peer_tls_shut_down(struct peer *peer)
{
    tls_end(&peer->secure.tls);
    peer->secure.shutting_down = true;
    flush(peer);
}

void peer_tls_close(struct peer *peer)
{
    if (peer->secure.tls.state == TLS_HANDSHAKING && peer->secure.tls.ssl != NULL) {
        report(peer, "the handshake was not completed");
    }
    set_hungry(peer, false);
    peer->secure.sending = false;
    tls_end(&peer->secure.tls);
    flush(peer);
}
