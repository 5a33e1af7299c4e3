#include "lib/scripted.h"

#include "base/check.h"
#include "client/clock.h"
#include "crypto/hash.h"
#include "wire/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct scripted scripted;

/* The daemon's side, in a thread of its own. Cmocka's assertions are for the other one: here it is CHECK. */

static void send_all(int fd, struct bytes bytes)
{
    for (size_t sent = 0; sent < bytes.size;) {
        const ssize_t some = send(fd, bytes.data + sent, bytes.size - sent, MSG_NOSIGNAL);
        if (some <= 0) {
            return;
        }
        sent += (size_t)some;
    }
}

static void answer(int fd, struct arena *arena, const struct reply *reply)
{
    struct bytes frame;
    CHECK(wire_reply_pack(reply, arena, &frame) == 0);
    send_all(fd, frame);
}

static void answer_failure(int fd, struct arena *arena, uint32_t id, enum failure_code code,
                           uint64_t expected)
{
    struct reply reply = {.id = id, .kind = REPLY_FAILURE};
    reply.failure.code = code;
    reply.failure.text = "as scripted";
    reply.failure.has_expected_sequence = expected > 0;
    reply.failure.expected_sequence = expected;
    answer(fd, arena, &reply);
}

static void answer_booked(int fd, struct arena *arena, uint32_t id, uint64_t sequence, bool repeated)
{
    static struct outcome outcome;
    struct booked booked = {.sequence = sequence, .position = 100 + sequence, .booked_at = 5};
    struct reply reply = {.id = id, .kind = REPLY_BOOKED};
    outcome = (struct outcome){.programme_version = 1};
    memset(booked.chain, (int)sequence, HASH_BYTES);
    CHECK(wire_outcome_pack(&outcome, arena, &booked.outcome) == 0);
    CHECK(wire_booked_pack(&booked, arena, &reply.booked.booked) == 0);
    reply.booked.repeated = repeated;
    answer(fd, arena, &reply);
}

/* Books it, whatever was acted. */
static void note(struct scripted_daemon *daemon, const struct request_book *book)
{
    CHECK(book->sequence == daemon->expected);
    CHECK(book->sequence < SCRIPTED_EVENTS_MAX);
    hash_bytes(book->body.data, book->body.size, daemon->bodies[book->sequence]);
    daemon->expected++;
}

static bool act(struct scripted_daemon *daemon, int fd, struct arena *arena, uint32_t id,
                const struct request_book *book)
{
    const enum act what = daemon->acts < daemon->script_size ? daemon->script[daemon->acts] : ACT_BOOK;
    daemon->acts++;
    switch (what) {
    case ACT_BOOK:
        note(daemon, book);
        answer_booked(fd, arena, id, book->sequence, false);
        return true;
    case ACT_CLOSE:
        return false;
    case ACT_BOOK_AND_CLOSE:
        note(daemon, book);
        return false;
    case ACT_RETRY:
        answer_failure(fd, arena, id, FAILURE_RETRY, 0);
        return true;
    case ACT_BUSY:
        answer_failure(fd, arena, id, FAILURE_BUSY, 0);
        return true;
    case ACT_STOP:
        answer_failure(fd, arena, 0, FAILURE_STOPPING, 0);
        return false;
    case ACT_CONFLICT:
        answer_failure(fd, arena, id, FAILURE_CONFLICT, daemon->expected);
        return true;
    case ACT_REPLACE:
        answer_failure(fd, arena, 0, FAILURE_REPLACED, 0);
        return false;
    case ACT_TOO_LARGE:
        answer_failure(fd, arena, id, FAILURE_TOO_LARGE, 0);
        return true;
    case ACT_NONSENSE: {
        const struct reply reply = {.id = id, .kind = REPLY_STATUS};
        answer(fd, arena, &reply);
        return true;
    }
    case ACT_OTHER_SEQUENCE:
        answer_booked(fd, arena, id, book->sequence + 1, false);
        return true;
    case ACT_SILENT:
        return true;
    case ACT_ONE_BY_ONE:
    case ACT_BOOK_AND_CUT:
        CHECK(false);
    }
    return false;
}

static bool take_book(struct scripted_daemon *daemon, int fd, struct arena *arena,
                      const struct request *request)
{
    const struct request_book *book = &request->book;
    uint8_t hash[HASH_BYTES];
    static uint8_t scratch[SIGN_EVENT_PREFIX_BYTES + 4096];
    const struct sign_event message = {daemon->programme_id, SCRIPTED_PRINCIPAL, book->sequence, book->body};
    CHECK(book->principal == SCRIPTED_PRINCIPAL);
    CHECK(sign_event_check(scripted.pair.public_key, &message, scratch, sizeof(scratch),
                           book->signature.data) == 0);
    if (book->sequence > daemon->expected) {
        answer_failure(fd, arena, request->id, FAILURE_AHEAD, daemon->expected);
        return true;
    }
    if (book->sequence == daemon->expected) {
        return act(daemon, fd, arena, request->id, book);
    }
    hash_bytes(book->body.data, book->body.size, hash);
    CHECK(memcmp(hash, daemon->bodies[book->sequence], HASH_BYTES) == 0);
    answer_booked(fd, arena, request->id, book->sequence, true);
    return true;
}

static bool known(const struct scripted_daemon *daemon, const struct request_book *book)
{
    uint8_t hash[HASH_BYTES];
    hash_bytes(book->body.data, book->body.size, hash);
    return memcmp(hash, daemon->bodies[book->sequence], HASH_BYTES) == 0;
}

/* Notes what is new of the batch and answers its first `answered` events. */
static void book_batch(struct scripted_daemon *daemon, int fd, struct arena *arena,
                       const struct request *request, uint32_t answered)
{
    const struct request_batch *batch = &request->batch;
    struct bytes rest = batch->events;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct request_book book;
        const size_t used = arena->used;
        CHECK(wire_batch_book(batch, batch->first_sequence + i, &rest, arena, &book) == 0);
        const bool repeated = book.sequence < daemon->expected;
        CHECK(!repeated || known(daemon, &book));
        if (!repeated) {
            note(daemon, &book);
        }
        if (i < answered) {
            answer_booked(fd, arena, request->id, book.sequence, repeated);
        }
        arena_rewind(arena, used);
    }
}

static void check_signature(const struct scripted_daemon *daemon, const struct request_batch *batch)
{
    static uint8_t hashes[BATCH_EVENTS_MAX][HASH_BYTES];
    struct bytes rest = batch->events;
    struct bytes body;
    for (uint32_t i = 0; wire_batch_next(&rest, &body); i++) {
        hash_bytes(body.data, body.size, hashes[i]);
    }
    const struct sign_batch message = {.programme_id = daemon->programme_id,
                                       .principal = SCRIPTED_PRINCIPAL,
                                       .first_sequence = batch->first_sequence,
                                       .count = batch->count,
                                       .body_hashes = (const uint8_t(*)[HASH_BYTES])hashes};
    CHECK(sign_batch_check(scripted.pair.public_key, &message, batch->signature.data) == 0);
}

static bool take_batch(struct scripted_daemon *daemon, int fd, struct arena *arena,
                       const struct request *request)
{
    const struct request_batch *batch = &request->batch;
    enum act what = ACT_BOOK;
    check_signature(daemon, batch);
    if (batch->first_sequence > daemon->expected) {
        answer_failure(fd, arena, request->id, FAILURE_AHEAD, daemon->expected);
        return true;
    }
    if (batch->first_sequence + batch->count > daemon->expected) {
        what = daemon->acts < daemon->script_size ? daemon->script[daemon->acts] : ACT_BOOK;
        daemon->acts++;
    }
    if (what == ACT_CLOSE) {
        return false;
    }
    if (what == ACT_RETRY || what == ACT_ONE_BY_ONE) {
        answer_failure(fd, arena, request->id, what == ACT_RETRY ? FAILURE_RETRY : FAILURE_ONE_BY_ONE, 0);
        return true;
    }
    const uint32_t answered = what == ACT_BOOK           ? batch->count
                              : what == ACT_BOOK_AND_CUT ? batch->count / 2
                                                         : 0;
    book_batch(daemon, fd, arena, request, answered);
    if (what == ACT_BOOK_AND_CUT) {
        answer_failure(fd, arena, request->id, FAILURE_RETRY, 0);
    }
    return what != ACT_BOOK_AND_CLOSE;
}

static void welcome(struct scripted_daemon *daemon, int fd, struct arena *arena,
                    const struct request *request)
{
    static const uint8_t challenge[SIGN_CHALLENGE_BYTES] = {1};
    struct reply reply = {.id = request->id, .kind = REPLY_WELCOME};
    daemon->hello_position = request->hello.last_position;
    reply.welcome.version = PROTOCOL_VERSION;
    reply.welcome.programme_id = (struct bytes){daemon->programme_id, PROGRAMME_ID_BYTES};
    reply.welcome.challenge = (struct bytes){challenge, sizeof(challenge)};
    reply.welcome.now = clock_wall_ms() + 3600000;
    reply.welcome.daemon_key = (struct bytes){daemon->daemon_pair.public_key, KEY_BYTES};
    answer(fd, arena, &reply);
}

static void be_ready(const struct scripted_daemon *daemon, int fd, struct arena *arena,
                     const struct request *request)
{
    struct reply reply = {.id = request->id, .kind = REPLY_READY};
    reply.ready.expected_sequence = daemon->expected;
    reply.ready.epoch = (struct bytes){daemon->epoch, EPOCH_BYTES};
    reply.ready.log_differs = daemon->log_differs;
    reply.ready.currency = "EUR";
    reply.ready.store = "cafe";
    reply.ready.label = "1";
    reply.ready.outbox_retention_days = 7;
    answer(fd, arena, &reply);
}

/* False: close the connection. */
static bool take(struct scripted_daemon *daemon, int fd, struct arena *arena, const struct request *request)
{
    if (request->kind == REQUEST_HELLO) {
        welcome(daemon, fd, arena, request);
    } else if (request->kind == REQUEST_AUTHENTICATE && daemon->revoked) {
        answer_failure(fd, arena, request->id, FAILURE_REVOKED, 0);
        return false;
    } else if (request->kind == REQUEST_AUTHENTICATE) {
        be_ready(daemon, fd, arena, request);
    } else {
        if (request->kind == REQUEST_BOOK_BATCH) {
            daemon->batches++;
            return take_batch(daemon, fd, arena, request);
        }
        CHECK(request->kind == REQUEST_BOOK);
        daemon->books++;
        return take_book(daemon, fd, arena, request);
    }
    return true;
}

static void converse(struct scripted_daemon *daemon, int fd)
{
    static uint8_t in[256 * 1024];
    static uint8_t memory[1024 * 1024];
    struct arena arena;
    size_t used = 0;
    arena_init(&arena, memory, sizeof(memory));
    for (;;) {
        const ssize_t some = recv(fd, in + used, sizeof(in) - used, 0);
        if (some <= 0) {
            return;
        }
        used += (size_t)some;
        struct bytes message;
        while (frame_parse((struct bytes){in, used}, FRAME_TERMINAL_BYTES_MAX, &message) == 1) {
            struct request request;
            arena_reset(&arena);
            CHECK(wire_request_unpack(message, &arena, &request) == 0);
            if (!take(daemon, fd, &arena, &request)) {
                return;
            }
            const size_t whole = FRAME_HEADER_BYTES + message.size;
            memmove(in, in + whole, used - whole);
            used -= whole;
        }
    }
}

static void *serve(void *context)
{
    struct scripted_daemon *daemon = context;
    while (!atomic_load(&daemon->ending)) {
        const int fd = accept(daemon->listener, NULL, NULL);
        if (fd >= 0) {
            daemon->connections++;
            atomic_store(&daemon->connection, fd);
            converse(daemon, fd);
            atomic_store(&daemon->connection, -1);
            close(fd);
        }
    }
    return NULL;
}

void scripted_start(const enum act *script, size_t size)
{
    struct scripted_daemon *daemon = &scripted.daemon;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    daemon->script = script;
    daemon->script_size = size;
    const int length =
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", scripted.url + strlen("unix:"));
    assert_in_range(length, 1, sizeof(address.sun_path) - 1);
    (void)unlink(address.sun_path);
    daemon->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(daemon->listener >= 0);
    assert_int_equal(bind(daemon->listener, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(daemon->listener, 8), 0);
    atomic_store(&daemon->ending, false);
    atomic_store(&daemon->connection, -1);
    assert_int_equal(pthread_create(&daemon->thread, NULL, serve, daemon), 0);
}

void scripted_stop(void)
{
    struct scripted_daemon *daemon = &scripted.daemon;
    if (daemon->listener >= 0) {
        atomic_store(&daemon->ending, true);
        (void)shutdown(daemon->listener, SHUT_RDWR);
        (void)shutdown(atomic_load(&daemon->connection), SHUT_RDWR);
        assert_int_equal(pthread_join(daemon->thread, NULL), 0);
        close(daemon->listener);
        daemon->listener = -1;
    }
}

int scripted_open(void **state)
{
    char path[96];
    const uint8_t seed[KEY_BYTES] = {4};
    const uint8_t daemon_seed[KEY_BYTES] = {5};
    (void)state;
    memset(&scripted, 0, sizeof(scripted));
    scripted.batch_max = 1;
    scripted.daemon.listener = -1;
    scripted.daemon.expected = 1;
    temporary_make(&scripted.temporary);
    (void)snprintf(scripted.url, sizeof(scripted.url), "unix:%s/sock", scripted.temporary.folder);
    (void)snprintf(path, sizeof(path), "%s/outbox.db", scripted.temporary.folder);
    key_pair_from_seed(seed, &scripted.pair);
    key_pair_from_seed(daemon_seed, &scripted.daemon.daemon_pair);
    memset(scripted.daemon.programme_id, 3, PROGRAMME_ID_BYTES);
    memset(scripted.daemon.epoch, 1, EPOCH_BYTES);
    struct outbox *outbox = &scripted.outbox;
    assert_int_equal(outbox_open(outbox, path), 0);
    assert_int_equal(outbox_set_text(outbox, OUTBOX_URL, scripted.url), 0);
    assert_int_equal(outbox_set_number(outbox, OUTBOX_PRINCIPAL, SCRIPTED_PRINCIPAL), 0);
    assert_int_equal(
        outbox_set_bytes(outbox, OUTBOX_PROGRAMME_ID, scripted.daemon.programme_id, PROGRAMME_ID_BYTES), 0);
    assert_int_equal(
        outbox_set_bytes(outbox, OUTBOX_DAEMON_KEY, scripted.daemon.daemon_pair.public_key, KEY_BYTES), 0);
    return 0;
}

int scripted_close(void **state)
{
    (void)state;
    scripted_stop();
    outbox_close(&scripted.outbox);
    temporary_remove(&scripted.temporary);
    return 0;
}

void scripted_queue(int count)
{
    for (int i = 0; i < count; i++) {
        char body[32];
        uint64_t sequence = 0;
        const int size = snprintf(body, sizeof(body), "body %d", rand());
        const struct outbox_signer signer = {.pair = &scripted.pair,
                                             .programme_id = scripted.daemon.programme_id,
                                             .principal = SCRIPTED_PRINCIPAL};
        const struct outbox_draft draft = {.body = {(const uint8_t *)body, (size_t)size}, .queued_at = 1};
        assert_int_equal(outbox_event_add(&scripted.outbox, &draft, &signer, &sequence), 0);
    }
}

static void count_answer(void *context, const struct delivery_answer *answer)
{
    (void)context;
    assert_int_equal(answer->sequence, scripted.last + 1);
    assert_int_equal(answer->booked.position, 100 + answer->sequence);
    scripted.last = answer->sequence;
    scripted.answered++;
}

int scripted_deliver(uint32_t in_flight, char text[SESSION_TEXT_BYTES])
{
    struct delivery delivery;
    const struct delivery_options options = {.outbox = &scripted.outbox,
                                             .pair = &scripted.pair,
                                             .world = &client_world,
                                             .timeout_ms = 800,
                                             .in_flight_max = in_flight,
                                             .batch_max = scripted.batch_max,
                                             .answered = count_answer};
    assert_int_equal(delivery_init(&delivery, &options), 0);
    const int error = delivery_run(&delivery);
    memcpy(text, delivery.text, SESSION_TEXT_BYTES);
    delivery_fini(&delivery);
    return error;
}

struct outbox_counts scripted_counted(void)
{
    struct outbox_counts counts;
    assert_int_equal(outbox_event_count(&scripted.outbox, &counts), 0);
    return counts;
}

void scripted_all_arrive(int count, const enum act *script, size_t size, uint32_t in_flight)
{
    char text[SESSION_TEXT_BYTES];
    scripted_queue(count);
    scripted_start(script, size);
    assert_int_equal(scripted_deliver(in_flight, text), 0);
    assert_string_equal(text, "");
    assert_int_equal(scripted.answered, count);
    assert_int_equal(scripted_counted().waiting, 0);
    scripted_stop();
    assert_int_equal(scripted.daemon.expected, count + 1);
}

void scripted_run_in_groups(const enum act *script, size_t size)
{
    struct delivery delivery;
    const struct delivery_options options = {.outbox = &scripted.outbox,
                                             .pair = &scripted.pair,
                                             .world = &client_world,
                                             .timeout_ms = 800,
                                             .in_flight_max = 25,
                                             .batch_max = scripted.batch_max,
                                             .answered = count_answer};
    scripted_start(script, size);
    assert_int_equal(delivery_init(&delivery, &options), 0);
    for (int group = 1; group <= 10; group++) {
        scripted_queue(30);
        assert_int_equal(delivery_run_until(&delivery, 20), 0);
        assert_true(scripted_counted().waiting <= 20);
        assert_int_equal(scripted.answered, 30 * (unsigned)group - scripted_counted().waiting);
    }
    assert_int_equal(delivery_run(&delivery), 0);
    assert_int_equal(scripted.answered, 300);
    assert_int_equal(scripted_counted().waiting, 0);
    delivery_fini(&delivery);
    scripted_stop();
    assert_int_equal(scripted.daemon.expected, 301);
}
