/* The whole daemon in one process: loop, pool and store thread over a real ledger, with peers on real
 * sockets. */
#include "lib/house.h"

#include "server/certificate.h"
#include "server/server.h"
#include "server/tls.h"
#include "server/world.h"
#include "service/service.h"
#include "wire/frame.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    LISTENERS = 3,
    TILLS = 6,
    CONNECTIONS = 8,
    BURST_BYTES = 1024 * 1024,
    PATIENCE_S = 20,
    ARENA_BYTES = 2 * 1024 * 1024
};

static const char PROGRAMME[] = "programme: corner\n"
                                "version: 1\n"
                                "currency: EUR\n"
                                "zone: Europe/Tallinn\n"
                                "stores: [{id: cafe}]\n"
                                "points:\n"
                                "  name: [{locale: en, one: star, other: stars}]\n"
                                "rules:\n"
                                "  - id: euro\n"
                                "    spend: {give: 1, per: 1.00}\n";

struct daemon {
    struct house house;
    struct service *service;
    struct listen_address listen[LISTENERS];
    struct sockaddr_un path;
    struct sockaddr_in address;
    struct sockaddr_in tls_address;
    struct tls_context *tls;
    SSL_CTX *client;
    uint32_t terminals[TILLS];
    pthread_t thread;
    int result;
    struct metrics metrics; /* at its end */
};

static void on_principal(void *context, const struct principal_row *row)
{
    service_principal(context, row);
}

static void make_service(struct daemon *daemon)
{
    const struct service_options options = {.world = world_real(),
                                            .programme_id = daemon->house.programme_id,
                                            .daemon_key = daemon->house.daemon_key.public_key,
                                            .software = "test",
                                            .connections_max = CONNECTIONS,
                                            .requests_max = 64};
    assert_int_equal(service_new(&options, &daemon->service), 0);
    assert_int_equal(ledger_principals(daemon->house.ledger, on_principal, daemon->service), 0);
}

/* A port that was free a moment ago. */
static uint16_t free_port(void)
{
    const int file = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    assert_int_equal(bind(file, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(file, (struct sockaddr *)&address, &size), 0);
    close(file);
    return ntohs(address.sin_port);
}

static void *run(void *context)
{
    struct daemon *daemon = context;
    const struct server_options options = {.ledger = daemon->house.ledger,
                                           .service = daemon->service,
                                           .world = world_real(),
                                           .listen = daemon->listen,
                                           .listen_count = LISTENERS,
                                           .tls = daemon->tls,
                                           .connections_max = CONNECTIONS,
                                           .requests_max = 64};
    daemon->result = server_run(&options);
    return NULL;
}

static int connect_to(struct daemon *daemon, enum peer_kind kind)
{
    const struct sockaddr_in *address = kind == PEER_TLS ? &daemon->tls_address : &daemon->address;
    const int file = socket(kind != PEER_UNIX ? AF_INET : AF_UNIX, SOCK_STREAM, 0);
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    assert_true(file >= 0);
    assert_int_equal(setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    /* The daemon may still be starting. */
    for (int i = 0; i < PATIENCE_S * 100; i++) {
        const int result = kind != PEER_UNIX
                               ? connect(file, (const struct sockaddr *)address, sizeof(*address))
                               : connect(file, (const struct sockaddr *)&daemon->path, sizeof(daemon->path));
        if (result == 0) {
            return file;
        }
        usleep(10 * 1000);
    }
    fail_msg("the daemon does not listen");
    return -1;
}

static void start(struct daemon *daemon)
{
    make_service(daemon);
    assert_int_equal(pthread_create(&daemon->thread, NULL, run, daemon), 0);
    close(connect_to(daemon, PEER_UNIX));
}

static void stop(struct daemon *daemon)
{
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_int_equal(pthread_join(daemon->thread, NULL), 0);
    daemon->metrics = *service_metrics(daemon->service);
    service_free(daemon->service);
}

static struct sockaddr_in listen_on(struct listen_address *address, enum peer_kind kind)
{
    const uint16_t port = free_port();
    address->kind = kind;
    snprintf(address->text, sizeof(address->text), "127.0.0.1:%u", port);
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
}

static void make_tls(struct daemon *daemon)
{
    char key[96];
    char certificate[96];
    char text[256];
    uint8_t pin[PIN_BYTES];
    snprintf(key, sizeof(key), "%s/tls.key", daemon->house.temporary.folder);
    snprintf(certificate, sizeof(certificate), "%s/tls.crt", daemon->house.temporary.folder);
    assert_int_equal(certificate_make(key, certificate, world_real(), pin), 0);
    const struct tls_files files = {certificate, key};
    assert_int_equal(tls_context_new(&files, text, sizeof(text), &daemon->tls), 0);
    daemon->client = SSL_CTX_new(TLS_client_method());
    assert_non_null(daemon->client);
}

static int open_daemon(void **state)
{
    struct daemon *daemon = calloc(1, sizeof(*daemon));
    house_open(&daemon->house, PROGRAMME, false);
    for (size_t i = 0; i < TILLS; i++) {
        char label[16];
        snprintf(label, sizeof(label), "till-%zu", i);
        daemon->terminals[i] = house_terminal(&daemon->house, "cafe", label);
        /* It signs for itself here; the house gives the next one another key. */
        daemon->house.sequences[daemon->terminals[i]] = 2;
    }
    daemon->listen[0] = (struct listen_address){.kind = PEER_UNIX, .mode = 0600};
    snprintf(daemon->listen[0].text, sizeof(daemon->listen[0].text), "%s/s", daemon->house.temporary.folder);
    daemon->path.sun_family = AF_UNIX;
    memcpy(daemon->path.sun_path, daemon->listen[0].text, sizeof(daemon->path.sun_path));
    daemon->address = listen_on(&daemon->listen[1], PEER_TCP);
    daemon->tls_address = listen_on(&daemon->listen[2], PEER_TLS);
    make_tls(daemon);
    *state = daemon;
    return 0;
}

static int close_daemon(void **state)
{
    struct daemon *daemon = *state;
    tls_context_free(daemon->tls);
    SSL_CTX_free(daemon->client);
    house_close(&daemon->house);
    free(daemon);
    return 0;
}

/* One till on one socket. */
struct till {
    struct daemon *daemon;
    uint32_t principal;
    uint64_t sequence;
    int file;
    SSL *ssl; /* NULL: without TLS */
    struct arena arena;
    uint8_t *held; /* not NULL: what is sent is held here, BURST_BYTES of room */
    size_t held_size;
};

static void send_all(struct till *till, struct bytes data)
{
    if (till->held != NULL) {
        assert_true(data.size <= BURST_BYTES - till->held_size);
        memcpy(till->held + till->held_size, data.data, data.size);
        till->held_size += data.size;
    } else if (till->ssl != NULL) {
        assert_int_equal(SSL_write(till->ssl, data.data, (int)data.size), data.size);
    } else {
        assert_int_equal(send(till->file, data.data, data.size, MSG_NOSIGNAL), data.size);
    }
}

static bool receive_all(struct till *till, uint8_t *to, size_t size)
{
    if (till->ssl == NULL) {
        return recv(till->file, to, size, MSG_WAITALL) == (ssize_t)size;
    }
    for (size_t done = 0; done < size;) {
        const int got = SSL_read(till->ssl, to + done, (int)(size - done));
        if (got <= 0) {
            return false;
        }
        done += (size_t)got;
    }
    return true;
}

static void put(struct till *till, const struct request *request)
{
    struct bytes frame;
    assert_int_equal(wire_request_pack(request, &till->arena, &frame), 0);
    send_all(till, frame);
}

/* False when the daemon has closed. */
static bool get(struct till *till, struct reply *ret_reply)
{
    uint8_t header[FRAME_HEADER_BYTES];
    if (!receive_all(till, header, sizeof(header))) {
        return false;
    }
    const size_t size = get_u32_be(header);
    uint8_t *message = arena_alloc(&till->arena, 1, size);
    assert_non_null(message);
    assert_true(receive_all(till, message, size));
    assert_int_equal(wire_reply_unpack((struct bytes){message, size}, &till->arena, ret_reply), 0);
    return true;
}

/* Connects, and signs the challenge: with the binding of its TLS session unless it `forgets` it. */
static void till_authenticate(struct till *till, struct daemon *daemon, size_t number, enum peer_kind kind,
                              bool forgets, struct reply *ret_reply)
{
    uint8_t signature[SIGNATURE_BYTES];
    uint8_t binding[SIGN_CHANNEL_BYTES];
    struct reply reply;
    *till = (struct till){.daemon = daemon, .principal = daemon->terminals[number]};
    arena_init(&till->arena, malloc(ARENA_BYTES), ARENA_BYTES);
    till->file = connect_to(daemon, kind);
    if (kind == PEER_TLS) {
        till->ssl = SSL_new(daemon->client);
        assert_int_equal(SSL_set_fd(till->ssl, till->file), 1);
        assert_int_equal(SSL_connect(till->ssl), 1);
        assert_int_equal(SSL_export_keying_material(till->ssl, binding, sizeof(binding), TLS_BINDING_LABEL,
                                                    strlen(TLS_BINDING_LABEL), NULL, 0, 0),
                         1);
    }
    put(till, &(struct request){.kind = REQUEST_HELLO, .hello = {.version = PROTOCOL_VERSION}});
    assert_true(get(till, &reply));
    assert_int_equal(reply.kind, REPLY_WELCOME);
    const struct sign_auth auth = {.programme_id = daemon->house.programme_id,
                                   .principal = till->principal,
                                   .challenge = reply.welcome.challenge.data,
                                   .channel_binding = {binding, kind == PEER_TLS && !forgets ? 32 : 0}};
    sign_auth(&daemon->house.keys[till->principal], &auth, signature);
    put(till, &(struct request){.kind = REQUEST_AUTHENTICATE,
                                .authenticate = {.principal = till->principal,
                                                 .signature = {signature, sizeof(signature)}}});
    assert_true(get(till, ret_reply));
}

static void till_open(struct till *till, struct daemon *daemon, size_t number, enum peer_kind kind)
{
    struct reply reply;
    till_authenticate(till, daemon, number, kind, false, &reply);
    assert_int_equal(reply.kind, REPLY_READY);
    till->sequence = reply.ready.expected_sequence;
}

static void till_close(struct till *till)
{
    SSL_free(till->ssl);
    close(till->file);
    free(till->arena.memory);
}

static void till_buy(struct till *till)
{
    arena_reset(&till->arena);
    struct event event = {.occurred_at = till->daemon->house.now, .kind = EVENT_PURCHASE};
    char number[32];
    const struct line line = {.gross = 1250, .quantity = 1000};
    snprintf(number, sizeof(number), "%llu", (unsigned long long)till->sequence);
    event.purchase.receipt = (struct receipt){.business_date = 20423, .number = number};
    event.purchase.lines = &line;
    event.purchase.lines_count = 1;
    struct bytes body;
    uint8_t scratch[SIGN_EVENT_PREFIX_BYTES + 256];
    uint8_t signature[SIGNATURE_BYTES];
    assert_int_equal(wire_body_pack(&event, &till->arena, &body), 0);
    const struct sign_event message = {till->daemon->house.programme_id, till->principal, till->sequence,
                                       body};
    assert_int_equal(
        sign_event(&till->daemon->house.keys[till->principal], &message, scratch, sizeof(scratch), signature),
        0);
    put(till, &(struct request){.id = (uint32_t)till->sequence,
                                .kind = REQUEST_BOOK,
                                .book = {.principal = till->principal,
                                         .sequence = till->sequence,
                                         .body = body,
                                         .signature = {signature, sizeof(signature)}}});
    till->sequence++;
}

static void till_expect_booked(struct till *till, uint64_t sequence)
{
    struct reply reply;
    struct booked booked;
    arena_reset(&till->arena);
    assert_true(get(till, &reply));
    assert_int_equal(reply.kind, REPLY_BOOKED);
    assert_int_equal(reply.id, sequence);
    assert_int_equal(wire_booked_unpack(reply.booked.booked, &till->arena, &booked), 0);
    assert_int_equal(booked.sequence, sequence);
}

struct shift {
    struct daemon *daemon;
    size_t number;
    unsigned purchases;
};

/* A till that sends ahead of the answers, on a thread of its own. */
static void *work(void *context)
{
    const struct shift *shift = context;
    struct till till;
    static const enum peer_kind kinds[] = {PEER_UNIX, PEER_TCP, PEER_TLS};
    till_open(&till, shift->daemon, shift->number, kinds[shift->number % ARRAY_COUNT(kinds)]);
    const uint64_t first = till.sequence;
    for (unsigned i = 0; i < shift->purchases; i++) {
        till_buy(&till);
        if (i >= 16) {
            till_expect_booked(&till, first + i - 16);
        }
    }
    for (unsigned i = shift->purchases - 16; i < shift->purchases; i++) {
        till_expect_booked(&till, first + i);
    }
    till_close(&till);
    return NULL;
}

static void tills_book_side_by_side(void **state)
{
    struct daemon *daemon = *state;
    start(daemon);
    pthread_t threads[TILLS];
    struct shift shifts[TILLS];
    for (size_t i = 0; i < TILLS; i++) {
        shifts[i] = (struct shift){daemon, i, 100};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &shifts[i]), 0);
    }
    for (size_t i = 0; i < TILLS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    stop(daemon);
    assert_int_equal(daemon->result, 0);
    struct store_head head;
    assert_int_equal(store_head(daemon->house.temporary.store, &head), 0);
    assert_true(head.position >= 100 * TILLS);
}

static void a_stop_answers_what_is_in_flight(void **state)
{
    struct daemon *daemon = *state;
    start(daemon);
    struct till till;
    till_open(&till, daemon, 0, PEER_TCP);
    const uint64_t first = till.sequence;
    for (int i = 0; i < 20; i++) {
        till_buy(&till);
    }
    till_expect_booked(&till, first);
    stop(daemon);
    assert_int_equal(daemon->result, 0);
    uint64_t booked = 1;
    struct reply reply = {0};
    while (get(&till, &reply) && reply.kind == REPLY_BOOKED) {
        booked++;
    }
    assert_int_equal(reply.kind, REPLY_FAILURE);
    assert_int_equal(reply.failure.code, FAILURE_STOPPING);
    assert_false(get(&till, &reply));
    /* What was answered is booked, and nothing else of this till. */
    struct principal_row row;
    assert_int_equal(store_principal_read(daemon->house.temporary.store, till.principal, &row), 0);
    assert_int_equal(row.next_sequence, first + booked);
    till_close(&till);
}

static void the_socket_file_goes_and_a_stale_one_is_replaced(void **state)
{
    struct daemon *daemon = *state;
    struct stat status;
    const int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(stale, (const struct sockaddr *)&daemon->path, sizeof(daemon->path)), 0);
    close(stale);
    start(daemon);
    assert_int_equal(stat(daemon->path.sun_path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    stop(daemon);
    assert_int_equal(daemon->result, 0);
    assert_int_not_equal(stat(daemon->path.sun_path, &status), 0);
}

static void a_socket_that_answers_is_left_alone(void **state)
{
    struct daemon *daemon = *state;
    const int other = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(other, (const struct sockaddr *)&daemon->path, sizeof(daemon->path)), 0);
    assert_int_equal(listen(other, 1), 0);
    make_service(daemon);
    run(daemon);
    assert_int_equal(daemon->result, ERR_EXISTS);
    service_free(daemon->service);
    close(other);
    /* Nor is a file that is none. */
    unlink(daemon->path.sun_path);
    close(open(daemon->path.sun_path, O_CREAT | O_WRONLY, 0600));
    make_service(daemon);
    run(daemon);
    assert_int_equal(daemon->result, ERR_EXISTS);
    service_free(daemon->service);
    assert_int_equal(unlink(daemon->path.sun_path), 0);
}

static void a_port_in_use_ends_the_start(void **state)
{
    struct daemon *daemon = *state;
    const int other = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(other, (const struct sockaddr *)&daemon->address, sizeof(daemon->address)), 0);
    assert_int_equal(listen(other, 1), 0);
    make_service(daemon);
    run(daemon);
    assert_int_equal(daemon->result, ERR_EXISTS);
    service_free(daemon->service);
    close(other);
}

static void who_finds_no_room_waits_for_it(void **state)
{
    struct daemon *daemon = *state;
    start(daemon);
    int files[CONNECTIONS];
    struct till till;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        files[i] = connect_to(daemon, i % 3 == 0 ? PEER_TLS : i % 3 == 1 ? PEER_TCP : PEER_UNIX);
    }
    usleep(50 * 1000);
    const int late = connect_to(daemon, PEER_UNIX);
    const uint8_t garbage[] = {0xff, 0xff, 0xff, 0xff};
    uint8_t byte;
    assert_int_equal(send(late, garbage, sizeof(garbage), MSG_NOSIGNAL), sizeof(garbage));
    usleep(50 * 1000);
    assert_int_equal(recv(late, &byte, 1, MSG_DONTWAIT), -1);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        close(files[i]);
    }
    assert_int_equal(recv(late, &byte, 1, 0), 1);
    close(late);
    till_open(&till, daemon, 0, PEER_TCP);
    till_buy(&till);
    till_expect_booked(&till, till.sequence - 1);
    till_close(&till);
    stop(daemon);
    assert_int_equal(daemon->result, 0);
}

/* A till that sends far ahead of the answers: it is not read while too much is in flight, in the middle of
 * what was read of it already. */
static void far_more_than_fit_in_flight_come_through_tls(void **state)
{
    enum { PURCHASES = 1500 };
    struct daemon *daemon = *state;
    start(daemon);
    struct till till;
    till_open(&till, daemon, 0, PEER_TLS);
    const uint64_t first = till.sequence;
    uint8_t *burst = malloc(BURST_BYTES);
    till.held = burst;
    for (unsigned i = 0; i < PURCHASES; i++) {
        till_buy(&till);
    }
    till.held = NULL;
    send_all(&till, (struct bytes){burst, till.held_size});
    free(burst);
    for (unsigned i = 0; i < PURCHASES; i++) {
        till_expect_booked(&till, first + i);
    }
    assert_int_equal(SSL_shutdown(till.ssl), 0);
    uint8_t byte;
    assert_int_equal(SSL_read(till.ssl, &byte, 1), 0);
    assert_int_equal(SSL_get_error(till.ssl, 0), SSL_ERROR_ZERO_RETURN);
    till_close(&till);
    stop(daemon);
    assert_int_equal(daemon->result, 0);
    assert_true(daemon->metrics.reads_paused > 0);
}

static void a_signature_without_the_binding_of_its_session_is_refused(void **state)
{
    struct daemon *daemon = *state;
    start(daemon);
    struct till till;
    struct reply reply;
    till_authenticate(&till, daemon, 0, PEER_TLS, true, &reply);
    assert_int_equal(reply.kind, REPLY_FAILURE);
    assert_int_equal(reply.failure.code, FAILURE_BAD_SIGNATURE);
    assert_false(get(&till, &reply));
    till_close(&till);
    till_open(&till, daemon, 0, PEER_TLS);
    till_close(&till);
    stop(daemon);
    assert_int_equal(daemon->result, 0);
}

/* Sends and waits until the daemon closes. */
static void send_and_wait(struct daemon *daemon, enum peer_kind kind, struct bytes data)
{
    uint8_t answer[256];
    const int file = connect_to(daemon, kind);
    assert_int_equal(send(file, data.data, data.size, MSG_NOSIGNAL), data.size);
    while (recv(file, answer, sizeof(answer), 0) > 0) {
    }
    close(file);
}

static void what_does_not_speak_tls_where_it_should_is_counted_and_closed(void **state)
{
    struct daemon *daemon = *state;
    start(daemon);
    static const uint8_t frame[] = {0, 0, 0, 8, 8, 1, 130, 1, 2, 8, 1, 0};
    static const uint8_t record[] = {22, 3, 1, 0, 5, 1, 0, 0, 1, 0};
    static uint8_t noise[20000];
    memset(noise, 0xee, sizeof(noise));
    send_and_wait(daemon, PEER_TLS, (struct bytes){frame, sizeof(frame)});
    send_and_wait(daemon, PEER_TLS, (struct bytes){noise, sizeof(noise)});
    send_and_wait(daemon, PEER_TLS, (struct bytes){record, sizeof(record)});
    send_and_wait(daemon, PEER_TCP, (struct bytes){record, sizeof(record)});
    struct till till;
    till_open(&till, daemon, 0, PEER_TLS);
    till_buy(&till);
    till_expect_booked(&till, till.sequence - 1);
    till_close(&till);
    stop(daemon);
    assert_int_equal(daemon->result, 0);
    assert_int_equal(daemon->metrics.tls_plaintext, 2);
    assert_int_equal(daemon->metrics.tls_handshakes_failed, 1);
    assert_int_equal(daemon->metrics.tls_unexpected, 1);
    assert_int_equal(daemon->metrics.tls_handshakes, 1);
}

static void a_stop_answers_what_is_in_flight_over_tls(void **state)
{
    struct daemon *daemon = *state;
    start(daemon);
    struct till till;
    till_open(&till, daemon, 0, PEER_TLS);
    const int silent = connect_to(daemon, PEER_TLS); /* its handshake never ends */
    const uint64_t first = till.sequence;
    for (int i = 0; i < 20; i++) {
        till_buy(&till);
    }
    till_expect_booked(&till, first);
    stop(daemon);
    assert_int_equal(daemon->result, 0);
    struct reply reply = {0};
    while (get(&till, &reply) && reply.kind == REPLY_BOOKED) {
    }
    assert_int_equal(reply.failure.code, FAILURE_STOPPING);
    till_close(&till);
    close(silent);
}

static void garbage_is_answered_before_the_end(void **state)
{
    struct daemon *daemon = *state;
    start(daemon);
    struct till till = {.daemon = daemon, .file = connect_to(daemon, PEER_TCP)};
    struct reply reply;
    uint8_t noise[20000];
    memset(noise, 0xee, sizeof(noise));
    arena_init(&till.arena, malloc(ARENA_BYTES), ARENA_BYTES);
    /* More than the daemon looks at: it must not reset the connection under its own answer. */
    assert_int_equal(send(till.file, noise, sizeof(noise), MSG_NOSIGNAL), sizeof(noise));
    assert_true(get(&till, &reply));
    assert_int_equal(reply.failure.code, FAILURE_BAD_FRAME);
    assert_false(get(&till, &reply));
    till_close(&till);
    stop(daemon);
    assert_int_equal(daemon->result, 0);
}

/* No file may grow any more: the next commit fails, and nobody is told that anything was booked. */
static void an_error_of_the_disk_ends_it_without_an_answer(void **state)
{
    struct daemon *daemon = *state;
    struct till till;
    struct till other;
    struct rlimit before;
    struct reply reply;
    start(daemon);
    till_open(&till, daemon, 0, PEER_TCP);
    till_open(&other, daemon, 1, PEER_TLS);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit none = {.rlim_cur = 1, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    till_buy(&till);
    assert_int_equal(pthread_join(daemon->thread, NULL), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(daemon->result, ERR_IO);
    assert_false(get(&till, &reply));
    assert_false(get(&other, &reply));
    service_free(daemon->service);
    till_close(&till);
    till_close(&other);
    /* Recovery finds the log as it was, and the till sends again. */
    house_restart(&daemon->house);
    start(daemon);
    till_open(&till, daemon, 0, PEER_TCP);
    till_buy(&till);
    till_expect_booked(&till, till.sequence - 1);
    till_close(&till);
    stop(daemon);
    assert_int_equal(daemon->result, 0);
}

static void only_loopback_addresses_are_listened_on_without_tls(void **state)
{
    (void)state;
    static const struct {
        enum peer_kind kind;
        const char *text;
        int result;
    } table[] = {
        {PEER_TCP, "127.0.0.1:7341", 0},
        {PEER_TCP, "127.3.2.1:0", 0},
        {PEER_TCP, "[::1]:65535", 0},
        {PEER_TCP, "0.0.0.0:7341", ERR_PERMISSION},
        {PEER_TCP, "192.168.1.1:7341", ERR_PERMISSION},
        {PEER_TCP, "[::]:7341", ERR_PERMISSION},
        {PEER_TCP, "localhost:7341", ERR_FORMAT},
        {PEER_TCP, "127.0.0.1", ERR_FORMAT},
        {PEER_TCP, "127.0.0.1:", ERR_FORMAT},
        {PEER_TCP, "127.0.0.1:65536", ERR_FORMAT},
        {PEER_TCP, "127.0.0.1:-1", ERR_FORMAT},
        {PEER_TCP, "127.0.0.1:80x", ERR_FORMAT},
        {PEER_TCP, "[]:80", ERR_FORMAT},
        {PEER_TCP, "]:80", ERR_FORMAT},
        {PEER_TCP, ":80", ERR_FORMAT},
        {PEER_TCP, "", ERR_FORMAT},
        {PEER_TLS, "0.0.0.0:7342", 0},
        {PEER_TLS, "[::]:7342", 0},
        {PEER_TLS, "till.example.org:7342", ERR_FORMAT},
        {PEER_UNIX, "/run/x.sock", 0},
        {PEER_UNIX, "x.sock", ERR_FORMAT},
        {PEER_UNIX, "", ERR_FORMAT},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        struct listen_address address = {.kind = table[i].kind};
        char text[256];
        snprintf(address.text, sizeof(address.text), "%s", table[i].text);
        assert_int_equal(listen_address_check(&address, text, sizeof(text)), table[i].result);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_daemon, close_daemon)
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    server_set_threads();
    const struct CMUnitTest tests[] = {
        TEST(tills_book_side_by_side),
        TEST(a_stop_answers_what_is_in_flight),
        TEST(the_socket_file_goes_and_a_stale_one_is_replaced),
        TEST(a_socket_that_answers_is_left_alone),
        TEST(a_port_in_use_ends_the_start),
        TEST(who_finds_no_room_waits_for_it),
        TEST(far_more_than_fit_in_flight_come_through_tls),
        TEST(a_signature_without_the_binding_of_its_session_is_refused),
        TEST(what_does_not_speak_tls_where_it_should_is_counted_and_closed),
        TEST(a_stop_answers_what_is_in_flight_over_tls),
        TEST(garbage_is_answered_before_the_end),
        TEST(an_error_of_the_disk_ends_it_without_an_answer),
        cmocka_unit_test(only_loopback_addresses_are_listened_on_without_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
