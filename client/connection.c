#include "client/connection.h"

#include "base/check.h"
#include "base/limits.h"
#include "client/amount.h"
#include "client/clock.h"
#include "wire/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
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

static bool local_address(const char *path, struct address *ret_address)
{
    const size_t size = strlen(path);
    *ret_address = (struct address){.size = sizeof(struct sockaddr_un)};
    ret_address->socket.local.sun_family = AF_UNIX;
    if (size == 0 || size >= sizeof(ret_address->socket.local.sun_path)) {
        return false;
    }
    memcpy(ret_address->socket.local.sun_path, path, size + 1);
    return true;
}

static bool is_loopback(const struct address *address)
{
    if (address->socket.any.sa_family == AF_INET) {
        return ntohl(address->socket.v4.sin_addr.s_addr) >> 24 == 127;
    }
    return IN6_IS_ADDR_LOOPBACK(&address->socket.v6.sin6_addr);
}

/* "127.0.0.1:7341", "localhost:7341", "[::1]:7341". */
static bool tcp_address(const char *text, struct address *ret_address)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    if (colon == NULL || (size_t)(colon - text) >= sizeof(host) ||
        number_parse(colon + 1, UINT16_MAX, &port) != 0 || port == 0) {
        return false;
    }
    size_t size = (size_t)(colon - text);
    memcpy(host, text, size);
    host[size] = '\0';
    struct address address = {0};
    if (size > 2 && host[0] == '[' && host[size - 1] == ']') {
        host[size - 1] = '\0';
        address.size = sizeof(struct sockaddr_in6);
        address.socket.v6.sin6_family = AF_INET6;
        address.socket.v6.sin6_port = htons((uint16_t)port);
        if (inet_pton(AF_INET6, host + 1, &address.socket.v6.sin6_addr) != 1) {
            return false;
        }
    } else {
        address.size = sizeof(struct sockaddr_in);
        address.socket.v4.sin_family = AF_INET;
        address.socket.v4.sin_port = htons((uint16_t)port);
        const char *numeric = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
        if (inet_pton(AF_INET, numeric, &address.socket.v4.sin_addr) != 1) {
            return false;
        }
    }
    *ret_address = address;
    return is_loopback(&address);
}

static bool url_address(const char *url, struct address *ret_address)
{
    if (strlen(url) > CONNECTION_URL_BYTES_MAX) {
        return false;
    }
    if (strncmp(url, "unix:", 5) == 0) {
        const char *path = url + 5;
        return local_address(strncmp(path, "//", 2) == 0 ? path + 2 : path, ret_address);
    }
    if (url[0] == '/') {
        return local_address(url, ret_address);
    }
    return tcp_address(strncmp(url, "tcp://", 6) == 0 ? url + 6 : url, ret_address);
}

bool connection_url_valid(const char *url)
{
    struct address address;
    return url_address(url, &address);
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

int connection_open(struct connection *connection, const char *url, int64_t timeout_ms)
{
    struct address address;
    *connection = (struct connection){.fd = -1};
    if (!url_address(url, &address)) {
        return ERR_FORMAT;
    }
    connection->in = malloc(IN_BYTES);
    if (connection->in == NULL) {
        return ERR_NOMEM;
    }
    const int family = address.socket.any.sa_family;
    connection->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = connection->fd < 0 ? translate(errno) : 0;
    if (error == 0) {
        error = connect_within(connection->fd, &address, timeout_ms);
    }
    if (error == 0 && family != AF_UNIX) {
        /* A purchase is one small frame: it must not wait for the next one. */
        const int on = 1;
        (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if (error != 0) {
        connection_close(connection);
    }
    return error;
}

void connection_close(struct connection *connection)
{
    if (connection->in != NULL && connection->fd >= 0) {
        (void)close(connection->fd);
    }
    free(connection->in);
    free(connection->out);
    *connection = (struct connection){.fd = -1};
}

/* Sends what the socket takes. */
static int send_some(struct connection *connection)
{
    while (connection->out_sent < connection->out_used) {
        const ssize_t sent = send(connection->fd, connection->out + connection->out_sent,
                                  connection->out_used - connection->out_sent, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return 0;
        }
        if (sent < 0) {
            return translate(errno);
        }
        connection->out_sent += (size_t)sent;
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
        const int events = wait_for(connection->fd, sending ? POLLIN | POLLOUT : POLLIN, deadline);
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
