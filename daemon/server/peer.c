#include "server/server_internal.h"

#include "base/check.h"
#include "base/log.h"

void peer_release(struct peer *peer)
{
    tls_release(peer->secure.taken);
    peer->secure.taken = NULL;
    tls_fini(&peer->secure.tls);
}

static struct peer *peer_of(void *data)
{
    struct peer *peer = data;
    CHECK(peer != NULL);
    return peer;
}

static void on_closed(uv_handle_t *handle)
{
    struct peer *peer = peer_of(handle->data);
    struct server *server = peer->server;
    peer_release(peer);
    if (server->state == SERVER_CLOSING) {
        return;
    }
    service_closed(server->options.service, peer->connection);
    listeners_accept(server);
    server_drain(server);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
    (void)suggested;
    struct peer *peer = peer_of(handle->data);
    if (peer->kind == PEER_TLS) {
        *ret_buffer = peer_tls_room(peer);
        return;
    }
    size_t size;
    uint8_t *room = service_read_buffer(peer->server->options.service, peer->connection, &size);
    *ret_buffer = uv_buf_init((char *)room, (unsigned)size);
}

/* A frame cannot begin like a record of TLS. */
static void look_for_tls(struct peer *peer, char first)
{
    enum { RECORD_HANDSHAKE = 22 };
    if (!peer->heard && first == RECORD_HANDSHAKE) {
        log_line(LOG_LEVEL_DEBUG, "server: TLS on a listener without it listener=%s connection=%u",
                 peer->listener->name, peer->connection);
        service_tls_failed(peer->server->options.service, peer->connection, TLS_FAILURE_UNEXPECTED);
    }
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct peer *peer = peer_of(stream->data);
    struct server *server = peer->server;
    if (server->state == SERVER_CLOSING || size == 0 || size == UV_ENOBUFS) {
        return;
    }
    if (size > 0 && peer->kind != PEER_TLS) {
        look_for_tls(peer, buffer->base[0]);
    }
    peer->heard = peer->heard || size > 0;
    if (peer->kind == PEER_TLS && (size > 0 || size == UV_EOF)) {
        peer_tls_received(peer, size > 0 ? (size_t)size : 0);
    } else if (size > 0) {
        service_received(server->options.service, peer->connection, (size_t)size);
    } else if (size == UV_EOF) {
        service_ended(server->options.service, peer->connection);
    } else {
        service_broken(server->options.service, peer->connection);
    }
    server_drain(server);
}

static void on_written(uv_write_t *write, int status)
{
    const struct peer *peer = peer_of(write->data);
    struct server *server = peer->server;
    if (server->state == SERVER_CLOSING || uv_is_closing(&peer->handle.handle)) {
        return;
    }
    if (status == 0) {
        service_sent(server->options.service, peer->connection);
    } else {
        service_broken(server->options.service, peer->connection);
    }
    server_drain(server);
}

/* Whether the peer has heard of it shows by what it does. */
static void on_shut_down(uv_shutdown_t *shutdown, int status)
{
    (void)shutdown;
    (void)status;
}

static int open_handle(struct server *server, struct peer *peer, enum peer_kind kind)
{
    const int result = kind != PEER_UNIX ? uv_tcp_init(&server->loop, &peer->handle.tcp)
                                         : uv_pipe_init(&server->loop, &peer->handle.pipe, 0);
    peer->handle.handle.data = peer;
    peer->write.data = peer;
    peer->shutdown.data = peer;
    return result;
}

bool peer_accept(struct server *server, struct listener *listener)
{
    uint32_t connection;
    if (!service_has_room(server->options.service) ||
        service_opened(server->options.service, listener->kind, &connection) != 0) {
        return false;
    }
    struct peer *peer = &server->peers[connection];
    *peer = (struct peer){
        .server = server, .listener = listener, .connection = connection, .kind = listener->kind};
    /* Making a handle cannot fail on Linux, and without one there would be nothing to close. */
    const int opened = open_handle(server, peer, listener->kind);
    CHECK(opened == 0);
    int result = uv_accept(&listener->handle.stream, &peer->handle.stream);
    const bool accepted = result == 0;
    struct peer_name name;
    if (result == 0 && !peer_name_of(peer, &name)) {
        result = UV_ENOTCONN;
    }
    if (result == 0 && !service_named(server->options.service, connection, &name)) {
        return true;
    }
    if (result == 0 && listener->kind != PEER_UNIX) {
        result = uv_tcp_nodelay(&peer->handle.tcp, 1);
    }
    if (result == 0 && listener->kind == PEER_TLS) {
        result = peer_tls_open(peer);
    }
    if (result == 0) {
        result = uv_read_start(&peer->handle.stream, on_alloc, on_read);
    }
    if (result != 0) {
        service_broken(server->options.service, connection);
    }
    return accepted;
}

/* What the socket takes at once needs no request: libuv asks the kernel for another event after each that has
 * ended, which is a system call for every reply. */
static void start_write(struct server *server, struct peer *peer, const struct output *output)
{
    uv_buf_t buffers[SEND_PARTS_MAX];
    size_t left = 0;
    CHECK(output->parts_count <= SEND_PARTS_MAX);
    for (size_t i = 0; i < output->parts_count; i++) {
        buffers[i] = uv_buf_init((char *)(uintptr_t)output->parts[i].data, (unsigned)output->parts[i].size);
        left += output->parts[i].size;
    }
    const int tried = uv_try_write(&peer->handle.stream, buffers, (unsigned)output->parts_count);
    if (tried < 0 && tried != UV_EAGAIN) {
        service_broken(server->options.service, peer->connection);
        return;
    }
    size_t done = tried < 0 ? 0 : (size_t)tried;
    if (done == left) {
        service_sent(server->options.service, peer->connection);
        return;
    }
    size_t first = 0;
    while (done >= buffers[first].len) {
        done -= buffers[first++].len;
    }
    buffers[first].base += done;
    buffers[first].len -= done;
    if (uv_write(&peer->write, &peer->handle.stream, buffers + first, (unsigned)(output->parts_count - first),
                 on_written) != 0) {
        service_broken(server->options.service, peer->connection);
    }
}

void peer_output(struct server *server, const struct output *output)
{
    struct peer *peer = &server->peers[output->connection];
    const bool secure = peer->kind == PEER_TLS;
    int result = 0;
    switch (output->kind) {
    case OUTPUT_SEND:
        if (secure) {
            peer_tls_send(peer, output);
        } else {
            start_write(server, peer, output);
        }
        break;
    case OUTPUT_PAUSE:
        uv_read_stop(&peer->handle.stream);
        if (secure) {
            peer_tls_pause(peer);
        }
        break;
    case OUTPUT_RESUME:
        result = uv_read_start(&peer->handle.stream, on_alloc, on_read);
        if (secure) {
            peer_tls_resume(peer);
        }
        break;
    case OUTPUT_SHUTDOWN:
        if (secure) {
            peer_tls_shut_down(peer);
        } else {
            result = uv_shutdown(&peer->shutdown, &peer->handle.stream, on_shut_down);
        }
        break;
    case OUTPUT_CLOSE:
        if (secure) {
            peer_tls_close(peer);
        }
        uv_close(&peer->handle.handle, on_closed);
        break;
    case OUTPUT_VERIFY:
        CHECK(!"a group is no connection's");
        break;
    }
    if (result != 0) {
        service_broken(server->options.service, output->connection);
    }
}
