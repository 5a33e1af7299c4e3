#include "server/server_internal.h"

#include "base/check.h"
#include "base/log.h"
#include "server/systemd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 511, HOST_BYTES = 64 };

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
        return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
    }
    return false;
}

/* "127.0.0.1:7341" or "[::1]:7341"; names are not looked up. */
static int parse_tcp(const char *text, struct sockaddr_storage *ret_address)
{
    const char *colon = strrchr(text, ':');
    char host[HOST_BYTES];
    if (colon == NULL || colon == text || (size_t)(colon - text) >= sizeof(host)) {
        return ERR_FORMAT;
    }
    const bool bracketed = text[0] == '[' && colon[-1] == ']';
    const char *first = text + bracketed;
    const size_t length = (size_t)(colon - text) - (bracketed ? 2 : 0);
    memcpy(host, first, length);
    host[length] = '\0';
    char *end;
    const unsigned long port = strtoul(colon + 1, &end, 10);
    if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port > UINT16_MAX) {
        return ERR_FORMAT;
    }
    const int result = bracketed ? uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)ret_address)
                                 : uv_ip4_addr(host, (int)port, (struct sockaddr_in *)ret_address);
    return result == 0 ? 0 : ERR_FORMAT;
}

int listen_address_check(const struct listen_address *address, char *ret_text, size_t text_size)
{
    if (address->kind == PEER_UNIX) {
        if (address->text[0] == '/') {
            return 0;
        }
        snprintf(ret_text, text_size, "\"%s\" is no absolute path of a Unix socket", address->text);
        return ERR_FORMAT;
    }
    struct sockaddr_storage parsed = {0};
    if (parse_tcp(address->text, &parsed) != 0) {
        snprintf(ret_text, text_size, "\"%s\" is no address such as 127.0.0.1:7341 or [::1]:7341",
                 address->text);
        return ERR_FORMAT;
    }
    if (address->kind == PEER_TCP && !is_loopback(&parsed)) {
        snprintf(
            ret_text, text_size,
            "\"%s\" is no loopback address: plain tcp is for this machine only; listen there with tls, or "
            "on 127.0.0.1, [::1] or a Unix socket",
            address->text);
        return ERR_PERMISSION;
    }
    return 0;
}

static int translate(int uv_error)
{
    switch (uv_error) {
    case 0:
        return 0;
    case UV_EADDRINUSE:
    case UV_EEXIST:
        return ERR_EXISTS;
    case UV_EACCES:
    case UV_EPERM:
        return ERR_PERMISSION;
    case UV_ENOENT:
        return ERR_NOT_FOUND;
    case UV_ENOMEM:
        return ERR_NOMEM;
    default:
        return ERR_IO;
    }
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct listener *listener = stream->data;
    struct server *server = listener->server;
    if (server->state != SERVER_RUNNING) {
        return;
    }
    if (status != 0) {
        /* Out of descriptors for a moment, or the peer has gone already: nothing to be done here. */
        log_line(LOG_LEVEL_DEBUG, "server: accepting failed listener=%s error=%s", listener->name,
                 uv_strerror(status));
        return;
    }
    listener->waiting = true;
    listeners_accept(server);
    server_drain(server);
}

void listeners_accept(struct server *server)
{
    for (size_t i = 0; i < server->listeners_count; i++) {
        struct listener *listener = &server->listeners[i];
        if (server->state == SERVER_RUNNING && listener->open && listener->waiting) {
            /* A peer that left while it waited gives an error of uv_accept, and the next one comes by itself.
             */
            listener->waiting = !peer_accept(server, listener) && !service_has_room(server->options.service);
        }
    }
}

static int make_handle(struct server *server, enum peer_kind kind, const char *name,
                       struct listener **ret_listener)
{
    if (server->listeners_count == LISTENERS_MAX) {
        return UV_ENOMEM;
    }
    struct listener *listener = &server->listeners[server->listeners_count];
    *listener = (struct listener){.server = server, .kind = kind};
    snprintf(listener->name, sizeof(listener->name), "%s", name);
    const int result = kind != PEER_UNIX ? uv_tcp_init(&server->loop, &listener->handle.tcp)
                                         : uv_pipe_init(&server->loop, &listener->handle.pipe, 0);
    if (result == 0) {
        listener->handle.handle.data = listener;
        listener->open = true;
        server->listeners_count++;
        *ret_listener = listener;
    }
    return result;
}

/* What was left behind by a daemon that is no more goes away; a socket that answers does not. */
static int clear_path(const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0) {
        return 0;
    }
    if (!S_ISSOCK(status.st_mode)) {
        return UV_EEXIST;
    }
    const int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (file < 0) {
        return uv_translate_sys_error(errno);
    }
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    const bool stale =
        connect(file, (const struct sockaddr *)&address, sizeof(address)) != 0 && errno == ECONNREFUSED;
    close(file);
    if (!stale) {
        return UV_EADDRINUSE;
    }
    return unlink(path) == 0 ? 0 : uv_translate_sys_error(errno);
}

static int bind_unix(struct listener *listener, const struct listen_address *address)
{
    int result = clear_path(address->text);
    if (result != 0) {
        return result;
    }
    /* Nobody else's until it has the mode it is to have. */
    const mode_t mask = umask(0177);
    result = uv_pipe_bind(&listener->handle.pipe, address->text);
    umask(mask);
    if (result == 0 && chmod(address->text, (mode_t)address->mode) != 0) {
        result = uv_translate_sys_error(errno);
    }
    return result;
}

/* By the address it listens on, which has a port where the configuration says 0. */
static void name_by_address(struct listener *listener)
{
    struct sockaddr_storage address = {0};
    int size = sizeof(address);
    char host[INET6_ADDRSTRLEN];
    if (uv_tcp_getsockname(&listener->handle.tcp, (struct sockaddr *)&address, &size) != 0) {
        return;
    }
    if (address.ss_family == AF_INET) {
        const struct sockaddr_in *ip = (const struct sockaddr_in *)&address;
        if (uv_ip4_name(ip, host, sizeof(host)) == 0) {
            snprintf(listener->name, sizeof(listener->name), "%s:%u", host, ntohs(ip->sin_port));
        }
    } else {
        const struct sockaddr_in6 *ip = (const struct sockaddr_in6 *)&address;
        if (uv_ip6_name(ip, host, sizeof(host)) == 0) {
            snprintf(listener->name, sizeof(listener->name), "[%s]:%u", host, ntohs(ip->sin6_port));
        }
    }
}

static int open_address(struct server *server, const struct listen_address *address)
{
    char text[256];
    int result = listen_address_check(address, text, sizeof(text));
    if (result != 0) {
        log_line(LOG_LEVEL_ERROR, "server: cannot listen: %s", text);
        return result;
    }
    CHECK(address->kind != PEER_TLS || server->options.tls != NULL);
    struct listener *listener = NULL;
    result = make_handle(server, address->kind, address->text, &listener);
    if (result == 0 && address->kind == PEER_UNIX) {
        result = bind_unix(listener, address);
    } else if (result == 0) {
        struct sockaddr_storage parsed = {0};
        result = parse_tcp(address->text, &parsed);
        CHECK(result == 0);
        result = uv_tcp_bind(&listener->handle.tcp, (const struct sockaddr *)&parsed, 0);
    }
    if (result == 0) {
        result = uv_listen(&listener->handle.stream, BACKLOG, on_connection);
    }
    if (result == 0 && address->kind != PEER_UNIX) {
        name_by_address(listener);
    }
    if (result != 0) {
        log_line(LOG_LEVEL_ERROR, "server: cannot listen on %s: %s", address->text, uv_strerror(result));
    }
    return translate(result);
}

static in_port_t port_of(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                         : ((const struct sockaddr_in6 *)address)->sin6_port;
}

/* An inherited socket speaks TLS when others than this machine can reach it, or when the configuration has
 * its port with TLS. */
static enum peer_kind inherited_kind(const struct server *server, const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_UNIX) {
        return PEER_UNIX;
    }
    for (size_t i = 0; i < server->options.listen_count; i++) {
        const struct listen_address *listen = &server->options.listen[i];
        struct sockaddr_storage parsed = {0};
        if (listen->kind == PEER_TLS && parse_tcp(listen->text, &parsed) == 0 &&
            port_of(&parsed) == port_of(address)) {
            return PEER_TLS;
        }
    }
    return is_loopback(address) ? PEER_TCP : PEER_TLS;
}

/* Whether an inherited descriptor is a stream socket that listens where this daemon may. */
static bool is_ours(const struct server *server, int file, enum peer_kind *ret_kind)
{
    int listens = 0;
    int type = 0;
    socklen_t size = sizeof(listens);
    struct sockaddr_storage address = {0};
    socklen_t address_size = sizeof(address);
    if (getsockopt(file, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0 ||
        getsockopt(file, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM ||
        getsockname(file, (struct sockaddr *)&address, &address_size) != 0) {
        return false;
    }
    if (address.ss_family != AF_UNIX && address.ss_family != AF_INET && address.ss_family != AF_INET6) {
        return false;
    }
    *ret_kind = inherited_kind(server, &address);
    return *ret_kind != PEER_TLS || server->options.tls != NULL;
}

static int open_inherited(struct server *server, int file)
{
    char name[32];
    snprintf(name, sizeof(name), "inherited %d", file);
    enum peer_kind kind;
    if (!is_ours(server, file, &kind)) {
        log_line(
            LOG_LEVEL_WARNING,
            "server: inherited socket %d does not listen on a Unix or loopback address, and without a `tls` "
            "address in the configuration there is no TLS: closed",
            file);
        close(file);
        return 0;
    }
    struct listener *listener = NULL;
    int result = make_handle(server, kind, name, &listener);
    if (result == 0) {
        result = kind != PEER_UNIX ? uv_tcp_open(&listener->handle.tcp, file)
                                   : uv_pipe_open(&listener->handle.pipe, file);
    }
    if (result == 0) {
        result = uv_listen(&listener->handle.stream, BACKLOG, on_connection);
    }
    if (result != 0) {
        log_line(LOG_LEVEL_ERROR, "server: cannot listen on %s: %s", name, uv_strerror(result));
    }
    return translate(result);
}

int listeners_open(struct server *server)
{
    const int inherited = systemd_listen_fds();
    for (int i = 0; i < inherited; i++) {
        const int result = open_inherited(server, SYSTEMD_FIRST_FD + i);
        if (result != 0) {
            return result;
        }
    }
    if (inherited == 0) {
        for (size_t i = 0; i < server->options.listen_count; i++) {
            const int result = open_address(server, &server->options.listen[i]);
            if (result != 0) {
                return result;
            }
        }
    }
    if (server->listeners_count == 0) {
        log_line(LOG_LEVEL_ERROR,
                 "server: nothing to listen on: add an entry to `listen` in the configuration");
        return ERR_NOT_FOUND;
    }
    return 0;
}

static void on_listener_closed(uv_handle_t *handle)
{
    (void)handle;
}

void listeners_close(struct server *server)
{
    for (size_t i = 0; i < server->listeners_count; i++) {
        struct listener *listener = &server->listeners[i];
        if (listener->open) {
            listener->open = false;
            uv_close(&listener->handle.handle, on_listener_closed);
        }
    }
}
