#include "client/connection.h"

#include "base/check.h"
#include "base/limits.h"
#include "client/clock.h"
#include "wire/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { IN_BYTES = FRAME_HEADER_BYTES + FRAME_OPERATOR_BYTES_MAX };

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_un local;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } socket;
    socklen_t size;
};

static int translate(int code)
{
    switch (code) {
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case ENOENT:
    case ENOTCONN:
        return ERR_CLOSED;
    case EACCES:
    case EPERM:
        return ERR_PERMISSION;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    case ENOMEM:
    case ENOBUFS:
        return ERR_NOMEM;
    default:
        return ERR_IO;
    }
}

static void local_address(const char *path, struct address *ret_address)
{
    *ret_address = (struct address){.size = sizeof(struct sockaddr_un)};
    ret_address->socket.local.sun_family = AF_UNIX;
    memcpy(ret_address->socket.local.sun_path, path, strlen(path) + 1);
}

static bool is_loopback(const struct address *address)
{
    if (address->socket.any.sa_family == AF_INET) {
        return ntohl(address->socket.v4.sin_addr.s_addr) >> 24 == 127;
    }
    return IN6_IS_ADDR_LOOPBACK(&address->socket.v6.sin6_addr);
}

/* An address in figures; no name is looked up. */
static bool tcp_address(const char *host, uint16_t port, struct address *ret_address)
{
    struct address address = {.size = sizeof(struct sockaddr_in6)};
    if (inet_pton(AF_INET6, host, &address.socket.v6.sin6_addr) == 1) {
        address.socket.v6.sin6_family = AF_INET6;
        address.socket.v6.sin6_port = htons(port);
        *ret_address = address;
        return true;
    }
    const char *numeric = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    address = (struct address){.size = sizeof(struct sockaddr_in)};
    address.socket.v4.sin_family = AF_INET;
    address.socket.v4.sin_port = htons(port);
    if (inet_pton(AF_INET, numeric, &address.socket.v4.sin_addr) != 1) {
        return false;
    }
    *ret_address = address;
    return true;
}

static bool is_valid(const struct url *url)
{
    struct address address;
    switch (url->kind) {
    case URL_UNIX:
        return true;
    case URL_TCP:
        return tcp_address(url->host, url->port, &address) && is_loopback(&address);
    case URL_TLS:
        return url->ca || url->pins.count > 0;
    }
    return false;
}

bool connection_url_valid(const char *text)
{
    struct url url;
    return url_parse(text, &url) == 0 && is_valid(&url);
}

/* Waits until one of the events is there; -1: the deadline came first. */
static int wait_for(int fd, short events, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline - clock_monotonic_ms();
        left = left < 0 ? 0 : left > 1000000 ? 1000000 : left;
        struct pollfd poller = {.fd = fd, .events = events};
        const int ready = poll(&poller, 1, (int)left);
        if (ready > 0) {
            return poller.revents;
        }
        if (ready == 0) {
            return -1;
        }
        if (errno != EINTR) {
            return POLLERR;
        }
    }
}

static int connect_within(int fd, const struct address *address, int64_t timeout_ms)
{
    if (connect(fd, &address->socket.any, address->size) == 0) {
        return 0;
    }
    /* A Unix socket whose queue is full says EAGAIN: as good as busy. */
    if (errno == EAGAIN) {
        return ERR_TIMEOUT;
    }
    if (errno != EINPROGRESS && errno != EINTR) {
        return translate(errno);
    }
    if (wait_for(fd, POLLOUT, clock_monotonic_ms() + timeout_ms) < 0) {
        return ERR_TIMEOUT;
    }
    int code = 0;
    socklen_t size = sizeof(code);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0) {
        return translate(errno);
    }
    return code == 0 ? 0 : translate(code);
}

static int open_address(struct connection *connection, const struct address *address, int64_t deadline)
{
    const int family = address->socket.any.sa_family;
    connection->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = connection->fd < 0 ? translate(errno) : 0;
    if (error == 0) {
        error = connect_within(connection->fd, address, deadline - clock_monotonic_ms());
    }
    if (error == 0 && family != AF_UNIX) {
        /* A purchase is one small frame: it must not wait for the next one. */
        const int on = 1;
        (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if (error != 0 && connection->fd >= 0) {
        (void)close(connection->fd);
        connection->fd = -1;
    }
    return error;
}

/* The first address of a name where somebody listens. */
static int open_name(struct connection *connection, const struct url *url, int64_t deadline)
{
    char port[8];
    struct addrinfo *found = NULL;
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    (void)snprintf(port, sizeof(port), "%u", url->port);
    const int looked_up = getaddrinfo(url->host, port, &wanted, &found);
    if (looked_up != 0) {
        (void)snprintf(connection->why, sizeof(connection->why), "%s: %s", url->host,
                       gai_strerror(looked_up));
        /* A shop without its name server is away like one without its network. */
        return ERR_CLOSED;
    }
    int error = ERR_CLOSED;
    for (const struct addrinfo *at = found; at != NULL && error != 0 && clock_monotonic_ms() < deadline;
         at = at->ai_next) {
        struct address address = {.size = at->ai_addrlen};
        if (at->ai_addrlen <= sizeof(address.socket)) {
            memcpy(&address.socket, at->ai_addr, at->ai_addrlen);
            error = open_address(connection, &address, deadline);
        }
    }
    freeaddrinfo(found);
    return error;
}

static int open_tls(struct connection *connection, const struct url *url, const char *ca, int64_t deadline)
{
    short events = 0;
    int error = tls_client_new(connection->fd, url, ca, &connection->tls);
    if (error != 0) {
        (void)snprintf(connection->why, sizeof(connection->why), "%.100s: %s",
                       ca != NULL ? ca : "the system's certificates", error_text(error));
        return error;
    }
    while ((error = tls_client_step(connection->tls, &events, connection->why)) == 1) {
        if (wait_for(connection->fd, events, deadline) < 0) {
            return ERR_TIMEOUT;
        }
    }
    return error;
}

static int open_url(struct connection *connection, const struct url *url, const char *ca, int64_t deadline)
{
    struct address address;
    if (url->kind == URL_UNIX) {
        local_address(url->path, &address);
        return open_address(connection, &address, deadline);
    }
    int error = tcp_address(url->host, url->port, &address) ? open_address(connection, &address, deadline)
                                                            : open_name(connection, url, deadline);
    if (error == 0 && url->kind == URL_TLS) {
        error = open_tls(connection, url, ca, deadline);
    }
    return error;
}

int connection_open(struct connection *connection, const char *url, const char *ca, int64_t timeout_ms)
{
    struct url parsed;
    *connection = (struct connection){.fd = -1};
    if (url_parse(url, &parsed) != 0 || !is_valid(&parsed)) {
        return ERR_FORMAT;
    }
    connection->in = malloc(IN_BYTES);
    if (connection->in == NULL) {
        return ERR_NOMEM;
    }
    const int error = open_url(connection, &parsed, ca, clock_monotonic_ms() + timeout_ms);
    if (error != 0) {
        char why[sizeof(connection->why)];
        memcpy(why, connection->why, sizeof(why));
        connection_close(connection);
        memcpy(connection->why, why, sizeof(why));
    }
    return error;
}

void connection_close(struct connection *connection)
{
    tls_client_free(connection->tls);
    if (connection->in != NULL && connection->fd >= 0) {
        (void)close(connection->fd);
    }
    free(connection->in);
    free(connection->out);
    *connection = (struct connection){.fd = -1};
}

int connection_binding(struct connection *connection, uint8_t ret_binding[SIGN_CHANNEL_BYTES])
{
    return connection->tls != NULL ? tls_client_binding(connection->tls, ret_binding) : ERR_UNSUPPORTED;
}

const uint8_t *connection_pin(const struct connection *connection)
{
    return connection->tls != NULL ? tls_client_pin(connection->tls) : NULL;
}

/* How much of it could be sent at once. */
static int send_at_once(struct connection *connection, const uint8_t *data, size_t size, size_t *ret_size)
{
    if (connection->tls != NULL) {
        return tls_client_send(connection->tls, data, size, ret_size);
    }
    const ssize_t sent = send(connection->fd, data, size, MSG_NOSIGNAL);
    *ret_size = sent > 0 ? (size_t)sent : 0;
    return sent >= 0 || errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : translate(errno);
}

/* Sends what the socket takes. */
static int send_some(struct connection *connection)
{
    while (connection->out_sent < connection->out_used) {
        size_t sent;
        const int error = send_at_once(connection, connection->out + connection->out_sent,
                                       connection->out_used - connection->out_sent, &sent);
        if (error != 0 || sent == 0) {
            return error;
        }
        connection->out_sent += sent;
    }
    connection->out_sent = 0;
    connection->out_used = 0;
    return 0;
}

int connection_queue(struct connection *connection, struct bytes frame)
{
    if (connection->fd < 0) {
        return ERR_CLOSED;
    }
    if (connection->out_size - connection->out_used < frame.size) {
        const size_t size = 2 * (connection->out_used + frame.size);
        uint8_t *out = realloc(connection->out, size);
        if (out == NULL) {
            return ERR_NOMEM;
        }
        connection->out = out;
        connection->out_size = size;
    }
    memcpy(connection->out + connection->out_used, frame.data, frame.size);
    connection->out_used += frame.size;
    if (connection->broken == 0) {
        connection->broken = send_some(connection);
    }
    return 0;
}

/* Reads what is there; ERR_CLOSED at the end of the stream. */
static int receive_some(struct connection *connection)
{
    if (connection->tls != NULL) {
        size_t size;
        const int error = tls_client_receive(connection->tls, connection->in + connection->in_used,
                                             IN_BYTES - connection->in_used, &size);
        connection->in_used += size;
        return error;
    }
    const ssize_t received =
        recv(connection->fd, connection->in + connection->in_used, IN_BYTES - connection->in_used, 0);
    if (received > 0) {
        connection->in_used += (size_t)received;
        return 0;
    }
    if (received == 0) {
        return ERR_CLOSED;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : translate(errno);
}

int connection_receive(struct connection *connection, int64_t timeout_ms, struct bytes *ret_message)
{
    if (connection->fd < 0) {
        return ERR_CLOSED;
    }
    memmove(connection->in, connection->in + connection->in_taken,
            connection->in_used - connection->in_taken);
    connection->in_used -= connection->in_taken;
    connection->in_taken = 0;
    const int64_t now = clock_monotonic_ms();
    for (;;) {
        struct bytes message = {0};
        const struct bytes received = {.data = connection->in, .size = connection->in_used};
        const int whole = frame_parse(received, FRAME_OPERATOR_BYTES_MAX, &message);
        if (whole < 0) {
            return whole;
        }
        if (whole == 1) {
            connection->in_taken = FRAME_HEADER_BYTES + message.size;
            *ret_message = message;
            return 0;
        }
        /* Who does not read any more has said all it will. */
        const int64_t deadline = connection->broken == 0 ? now + timeout_ms : now;
        const bool sending = connection->broken == 0 && connection->out_used > connection->out_sent;
        const bool pending = connection->tls != NULL && tls_client_pending(connection->tls);
        const int events =
            pending ? POLLIN : wait_for(connection->fd, sending ? POLLIN | POLLOUT : POLLIN, deadline);
        if (events < 0) {
            return connection->broken != 0 ? connection->broken : ERR_TIMEOUT;
        }
        if (sending && (events & (POLLOUT | POLLERR)) != 0) {
            connection->broken = send_some(connection);
        }
        const int error = (events & ~POLLOUT) != 0 ? receive_some(connection) : 0;
        if (error != 0) {
            return error;
        }
    }
}
