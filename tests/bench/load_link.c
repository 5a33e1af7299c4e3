/* One connection of a till: plain or TLS, never waiting but in link_ask. */
#include "load.h"

#include "wire/body.h"
#include "wire/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WAIT_MS = 30000, IN_ROOM = 4096 };

static void await(struct link *link, short events)
{
    struct pollfd wanted = {.fd = link->socket, .events = events};
    if (poll(&wanted, 1, WAIT_MS) != 1) {
        load_fail("the daemon does not answer");
    }
}

static int connect_to(const struct url *url)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in remote = {.sin_family = AF_INET, .sin_port = htons(url->port)};
    const bool is_local = url->kind == URL_UNIX;
    int on = 1;
    const int made = socket(is_local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(local.sun_path, url->path, sizeof(local.sun_path));
    if (!is_local && inet_pton(AF_INET, url->host, &remote.sin_addr) != 1) {
        load_fail("no IPv4 address: %s", url->host);
    }
    const int result = is_local ? connect(made, (const struct sockaddr *)&local, sizeof(local))
                                : connect(made, (const struct sockaddr *)&remote, sizeof(remote));
    if (made < 0 || result != 0) {
        load_fail("cannot connect: %s", strerror(errno));
    }
    if (!is_local) {
        setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    fcntl(made, F_SETFL, O_NONBLOCK);
    return made;
}

static void shake_hands(struct link *link, const struct url *url)
{
    char text[TLS_CLIENT_TEXT_BYTES] = "";
    short events = 0;
    int result;
    load_need(tls_client_new(link->socket, url, NULL, &link->tls), "TLS");
    while ((result = tls_client_step(link->tls, &events, text)) == 1) {
        await(link, events);
    }
    if (result < 0) {
        load_fail("TLS: %s", text);
    }
}

void link_open(const struct load *load, struct link *link)
{
    *link = (struct link){.socket = connect_to(&load->url), .in_room = IN_ROOM, .in = malloc(IN_ROOM)};
    if (link->in == NULL) {
        load_fail("no memory");
    }
    if (load->url.kind == URL_TLS) {
        shake_hands(link, &load->url);
    }
}

void link_close(struct link *link)
{
    tls_client_free(link->tls);
    close(link->socket);
    free(link->in);
    *link = (struct link){.socket = -1};
}

size_t link_send(struct link *link, const uint8_t *data, size_t size)
{
    size_t sent = 0;
    if (link->tls != NULL) {
        load_need(tls_client_send(link->tls, data, size, &sent), "sending");
        return sent;
    }
    const ssize_t result = send(link->socket, data, size, MSG_NOSIGNAL);
    if (result < 0 && errno != EAGAIN && errno != EINTR) {
        load_fail("sending: %s", strerror(errno));
    }
    return result < 0 ? 0 : (size_t)result;
}

bool link_receive(struct link *link)
{
    if (link->in_size == link->in_room) {
        link->in_room *= 2;
        link->in = realloc(link->in, link->in_room);
        if (link->in == NULL || link->in_room > 2 * (size_t)REPLY_ROOM) {
            load_fail("a reply of %zu bytes", link->in_size);
        }
    }
    size_t received = 0;
    if (link->tls != NULL) {
        load_need(
            tls_client_receive(link->tls, link->in + link->in_size, link->in_room - link->in_size, &received),
            "receiving");
    } else {
        const ssize_t result = recv(link->socket, link->in + link->in_size, link->in_room - link->in_size, 0);
        if (result == 0 || (result < 0 && errno != EAGAIN && errno != EINTR)) {
            load_fail("the daemon closed: %s", result == 0 ? "the end" : strerror(errno));
        }
        received = result < 0 ? 0 : (size_t)result;
    }
    link->in_size += received;
    return received > 0;
}

bool link_reply(struct link *link, size_t *at, struct bytes *ret_message)
{
    const struct bytes rest = {link->in + *at, link->in_size - *at};
    const int result = frame_parse(rest, FRAME_OPERATOR_BYTES_MAX, ret_message);
    load_need(result < 0 ? result : 0, "a frame");
    if (result == 1) {
        *at += FRAME_HEADER_BYTES + ret_message->size;
    }
    return result == 1;
}

void link_read(struct link *link, size_t at)
{
    memmove(link->in, link->in + at, link->in_size - at);
    link->in_size -= at;
}

static void send_all(struct link *link, struct bytes frame)
{
    size_t sent = 0;
    while (sent < frame.size) {
        const size_t more = link_send(link, frame.data + sent, frame.size - sent);
        if (more == 0) {
            await(link, POLLOUT);
        }
        sent += more;
    }
}

void link_ask(struct link *link, const struct request *request, struct arena *arena, struct reply *ret_reply)
{
    struct bytes frame;
    struct bytes message;
    size_t at = 0;
    load_need(wire_request_pack(request, arena, &frame), "packing a request");
    send_all(link, frame);
    while (!link_reply(link, &at, &message)) {
        if (!link_receive(link)) {
            await(link, POLLIN);
        }
    }
    load_need(wire_reply_unpack(message, arena, ret_reply), "a reply");
    link_read(link, at);
    if (ret_reply->kind == REPLY_FAILURE) {
        load_fail("%s: %s", failure_name(ret_reply->failure.code), ret_reply->failure.text);
    }
}

void link_hello(struct load *load, struct link *link, struct arena *arena, uint8_t ret_challenge[HASH_BYTES])
{
    const struct request hello = {.id = 1, .kind = REQUEST_HELLO, .hello = {.version = PROTOCOL_VERSION}};
    struct reply reply;
    link_ask(link, &hello, arena, &reply);
    memcpy(ret_challenge, reply.welcome.challenge.data, HASH_BYTES);
    memcpy(load->programme_id, reply.welcome.programme_id.data, PROGRAMME_ID_BYTES);
}

uint64_t link_authenticate(struct load *load, struct link *link, const struct key_pair *pair,
                           uint32_t principal)
{
    static uint8_t memory[64 * 1024];
    struct arena arena;
    uint8_t challenge[HASH_BYTES];
    uint8_t binding[SIGN_CHANNEL_BYTES];
    uint8_t signature[SIGNATURE_BYTES];
    struct reply reply;
    arena_init(&arena, memory, sizeof(memory));
    link_hello(load, link, &arena, challenge);
    struct sign_auth auth = {
        .programme_id = load->programme_id, .principal = principal, .challenge = challenge};
    if (link->tls != NULL) {
        load_need(tls_client_binding(link->tls, binding), "the channel binding");
        auth.channel_binding = (struct bytes){binding, sizeof(binding)};
    }
    sign_auth(pair, &auth, signature);
    const struct request request = {
        .id = 2, .kind = REQUEST_AUTHENTICATE, .authenticate = {principal, {signature, sizeof(signature)}}};
    link_ask(link, &request, &arena, &reply);
    return reply.ready.expected_sequence;
}

/* Every reply is looked at as far as it costs nothing (its id, then the field of a booking); one in some is
 * read whole. */
void link_check_booked(struct bytes message, bool whole)
{
    enum { FIELD_ID = 1 << 3, FIELD_BOOKED_LOW = ((REPLY_BOOKED << 3 | 2) & 127) | 128 };
    static uint8_t memory[REPLY_ROOM];
    size_t at = 1;
    while (at < message.size && (message.data[at] & 128) != 0) {
        at++;
    }
    at++;
    if (!whole && message.data[0] == FIELD_ID && at < message.size && message.data[at] == FIELD_BOOKED_LOW) {
        return;
    }
    struct arena arena;
    struct reply reply;
    struct booked booked;
    enum outcome_code code;
    arena_init(&arena, memory, sizeof(memory));
    load_need(wire_reply_unpack(message, &arena, &reply), "a reply");
    if (reply.kind == REPLY_FAILURE) {
        load_fail("%s: %s", failure_name(reply.failure.code), reply.failure.text);
    }
    if (reply.kind != REPLY_BOOKED || wire_booked_unpack(reply.booked.booked, &arena, &booked) != 0 ||
        wire_outcome_code(booked.outcome, &code) != 0 || code != CODE_ACCEPTED) {
        load_fail("a purchase was not accepted");
    }
}
