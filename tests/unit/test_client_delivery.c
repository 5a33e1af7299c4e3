/* Delivering an outbox to a daemon that is scripted to answer badly: whatever it does, each event is booked
 * once and its answer kept; and what does not pass by itself is told, not tried for ever. */
#include "lib/testing.h"

#include "base/check.h"
#include "client/clock.h"
#include "client/delivery.h"
#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "lib/temporary.h"
#include "wire/frame.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { EVENTS_MAX = 400, PRINCIPAL = 4 };

/* What the scripted daemon does at a Book or BookBatch, besides booking. */
enum act {
    ACT_BOOK,
    ACT_CLOSE,          /* closes in place of taking it */
    ACT_BOOK_AND_CLOSE, /* books it, and closes in place of answering */
    ACT_RETRY,          /* fails for now */
    ACT_BUSY,
    ACT_STOP, /* says STOPPING and closes */
    ACT_CONFLICT,
    ACT_REPLACE, /* says REPLACED and closes */
    ACT_TOO_LARGE,
    ACT_NONSENSE,       /* answers with another kind of reply */
    ACT_OTHER_SEQUENCE, /* answers for another event */
    ACT_SILENT,         /* takes it and says nothing more */
    ACT_ONE_BY_ONE,     /* of a batch: wants its events alone */
    ACT_BOOK_AND_CUT,   /* of a batch: books it, answers half and RETRY for the rest */
};

struct daemon {
    int listener;
    pthread_t thread;
    atomic_bool ending;
    atomic_int connection; /* the one at hand, or -1 */
    struct key_pair daemon_pair;
    uint8_t programme_id[PROGRAMME_ID_BYTES];
    uint8_t epoch[EPOCH_BYTES];
    bool log_differs;
    bool revoked;
    const enum act *script; /* one act for each request that arrives at its turn; then ACT_BOOK */
    size_t script_size;
    size_t acts;                            /* played */
    int books;                              /* requests of one event that arrived */
    int batches;                            /* and of several */
    uint64_t expected;                      /* sequence */
    int connections;                        /* accepted */
    uint8_t bodies[EVENTS_MAX][HASH_BYTES]; /* of what is booked */
    uint64_t hello_position;
};

struct fixture {
    struct temporary temporary;
    char url[110];
    struct outbox outbox;
    struct key_pair pair;
    struct daemon daemon;
    uint64_t answered; /* callbacks */
    uint64_t last;     /* sequence of the last one */
    uint32_t batch_max;
};

static struct fixture fixture;

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
static void note(struct daemon *daemon, const struct request_book *book)
{
    CHECK(book->sequence == daemon->expected);
    CHECK(book->sequence < EVENTS_MAX);
    hash_bytes(book->body.data, book->body.size, daemon->bodies[book->sequence]);
    daemon->expected++;
}

static bool act(struct daemon *daemon, int fd, struct arena *arena, uint32_t id,
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

static bool take_book(struct daemon *daemon, int fd, struct arena *arena, const struct request *request)
{
    const struct request_book *book = &request->book;
    uint8_t hash[HASH_BYTES];
    static uint8_t scratch[SIGN_EVENT_PREFIX_BYTES + 4096];
    const struct sign_event message = {daemon->programme_id, PRINCIPAL, book->sequence, book->body};
    CHECK(book->principal == PRINCIPAL);
    CHECK(sign_event_check(fixture.pair.public_key, &message, scratch, sizeof(scratch),
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

static bool known(const struct daemon *daemon, const struct request_book *book)
{
    uint8_t hash[HASH_BYTES];
    hash_bytes(book->body.data, book->body.size, hash);
    return memcmp(hash, daemon->bodies[book->sequence], HASH_BYTES) == 0;
}

/* Notes what is new of the batch and answers its first `answered` events. */
static void book_batch(struct daemon *daemon, int fd, struct arena *arena, const struct request *request,
                       uint32_t answered)
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

static void check_signature(const struct daemon *daemon, const struct request_batch *batch)
{
    static uint8_t hashes[BATCH_EVENTS_MAX][HASH_BYTES];
    struct bytes rest = batch->events;
    struct bytes body;
    for (uint32_t i = 0; wire_batch_next(&rest, &body); i++) {
        hash_bytes(body.data, body.size, hashes[i]);
    }
    const struct sign_batch message = {.programme_id = daemon->programme_id,
                                       .principal = PRINCIPAL,
                                       .first_sequence = batch->first_sequence,
                                       .count = batch->count,
                                       .body_hashes = (const uint8_t(*)[HASH_BYTES])hashes};
    CHECK(sign_batch_check(fixture.pair.public_key, &message, batch->signature.data) == 0);
}

static bool take_batch(struct daemon *daemon, int fd, struct arena *arena, const struct request *request)
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

static void welcome(struct daemon *daemon, int fd, struct arena *arena, const struct request *request)
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

static void be_ready(const struct daemon *daemon, int fd, struct arena *arena, const struct request *request)
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
static bool take(struct daemon *daemon, int fd, struct arena *arena, const struct request *request)
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

static void converse(struct daemon *daemon, int fd)
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
    struct daemon *daemon = context;
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

static void start_daemon(const enum act *script, size_t size)
{
    struct daemon *daemon = &fixture.daemon;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    daemon->script = script;
    daemon->script_size = size;
    const int length =
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture.url + strlen("unix:"));
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

static void stop_daemon(void)
{
    struct daemon *daemon = &fixture.daemon;
    if (daemon->listener >= 0) {
        atomic_store(&daemon->ending, true);
        (void)shutdown(daemon->listener, SHUT_RDWR);
        (void)shutdown(atomic_load(&daemon->connection), SHUT_RDWR);
        assert_int_equal(pthread_join(daemon->thread, NULL), 0);
        close(daemon->listener);
        daemon->listener = -1;
    }
}

static int open_fixture(void **state)
{
    char path[96];
    const uint8_t seed[KEY_BYTES] = {4};
    const uint8_t daemon_seed[KEY_BYTES] = {5};
    (void)state;
    memset(&fixture, 0, sizeof(fixture));
    fixture.batch_max = 1;
    fixture.daemon.listener = -1;
    fixture.daemon.expected = 1;
    temporary_make(&fixture.temporary);
    (void)snprintf(fixture.url, sizeof(fixture.url), "unix:%s/sock", fixture.temporary.folder);
    (void)snprintf(path, sizeof(path), "%s/outbox.db", fixture.temporary.folder);
    key_pair_from_seed(seed, &fixture.pair);
    key_pair_from_seed(daemon_seed, &fixture.daemon.daemon_pair);
    memset(fixture.daemon.programme_id, 3, PROGRAMME_ID_BYTES);
    memset(fixture.daemon.epoch, 1, EPOCH_BYTES);
    struct outbox *outbox = &fixture.outbox;
    assert_int_equal(outbox_open(outbox, path), 0);
    assert_int_equal(outbox_set_text(outbox, OUTBOX_URL, fixture.url), 0);
    assert_int_equal(outbox_set_number(outbox, OUTBOX_PRINCIPAL, PRINCIPAL), 0);
    assert_int_equal(
        outbox_set_bytes(outbox, OUTBOX_PROGRAMME_ID, fixture.daemon.programme_id, PROGRAMME_ID_BYTES), 0);
    assert_int_equal(
        outbox_set_bytes(outbox, OUTBOX_DAEMON_KEY, fixture.daemon.daemon_pair.public_key, KEY_BYTES), 0);
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    stop_daemon();
    outbox_close(&fixture.outbox);
    temporary_remove(&fixture.temporary);
    return 0;
}

static void queue(int count)
{
    for (int i = 0; i < count; i++) {
        char body[32];
        uint64_t sequence = 0;
        const int size = snprintf(body, sizeof(body), "body %d", rand());
        const struct outbox_signer signer = {
            .pair = &fixture.pair, .programme_id = fixture.daemon.programme_id, .principal = PRINCIPAL};
        const struct outbox_draft draft = {.body = {(const uint8_t *)body, (size_t)size}, .queued_at = 1};
        assert_int_equal(outbox_event_add(&fixture.outbox, &draft, &signer, &sequence), 0);
    }
}

static void count_answer(void *context, const struct delivery_answer *answer)
{
    (void)context;
    assert_int_equal(answer->sequence, fixture.last + 1);
    assert_int_equal(answer->booked.position, 100 + answer->sequence);
    fixture.last = answer->sequence;
    fixture.answered++;
}

/* Delivers, with up to `in_flight` events on their way. */
static int deliver(uint32_t in_flight, char text[SESSION_TEXT_BYTES])
{
    struct delivery delivery;
    const struct delivery_options options = {.outbox = &fixture.outbox,
                                             .pair = &fixture.pair,
                                             .world = &client_world,
                                             .timeout_ms = 800,
                                             .in_flight_max = in_flight,
                                             .batch_max = fixture.batch_max,
                                             .answered = count_answer};
    assert_int_equal(delivery_init(&delivery, &options), 0);
    const int error = delivery_run(&delivery);
    memcpy(text, delivery.text, SESSION_TEXT_BYTES);
    delivery_fini(&delivery);
    return error;
}

static struct outbox_counts counted(void)
{
    struct outbox_counts counts;
    assert_int_equal(outbox_event_count(&fixture.outbox, &counts), 0);
    return counts;
}

/* Delivers `count` events under a script and expects all to be booked and acknowledged. */
static void all_arrive(int count, const enum act *script, size_t size, uint32_t in_flight)
{
    char text[SESSION_TEXT_BYTES];
    queue(count);
    start_daemon(script, size);
    assert_int_equal(deliver(in_flight, text), 0);
    assert_string_equal(text, "");
    assert_int_equal(fixture.answered, count);
    assert_int_equal(counted().waiting, 0);
    stop_daemon();
    assert_int_equal(fixture.daemon.expected, count + 1);
}

static void a_queue_is_delivered_in_order(void **state)
{
    int64_t position = 0;
    (void)state;
    all_arrive(200, NULL, 0, REQUESTS_IN_FLIGHT_MAX);
    assert_int_equal(fixture.daemon.connections, 1);
    assert_int_equal(outbox_number(&fixture.outbox, OUTBOX_LAST_POSITION, &position), 0);
    assert_int_equal(position, 300);
}

static void one_at_a_time_works_too(void **state)
{
    (void)state;
    all_arrive(20, NULL, 0, 1);
}

/* Ten groups of thirty, of which each run leaves up to twenty unanswered to the next. */
static void run_in_groups(const enum act *script, size_t size)
{
    struct delivery delivery;
    const struct delivery_options options = {.outbox = &fixture.outbox,
                                             .pair = &fixture.pair,
                                             .world = &client_world,
                                             .timeout_ms = 800,
                                             .in_flight_max = 25,
                                             .batch_max = fixture.batch_max,
                                             .answered = count_answer};
    start_daemon(script, size);
    assert_int_equal(delivery_init(&delivery, &options), 0);
    for (int group = 1; group <= 10; group++) {
        queue(30);
        assert_int_equal(delivery_run_until(&delivery, 20), 0);
        assert_true(counted().waiting <= 20);
        assert_int_equal(fixture.answered, 30 * (unsigned)group - counted().waiting);
    }
    assert_int_equal(delivery_run(&delivery), 0);
    assert_int_equal(fixture.answered, 300);
    assert_int_equal(counted().waiting, 0);
    delivery_fini(&delivery);
    stop_daemon();
    assert_int_equal(fixture.daemon.expected, 301);
}

static void a_run_may_leave_answers_to_the_next(void **state)
{
    (void)state;
    run_in_groups(NULL, 0);
    assert_int_equal(fixture.daemon.connections, 1);
}

static void what_is_left_to_the_next_run_survives_the_connection(void **state)
{
    static enum act script[200];
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(script); i++) {
        script[i] = i % 40 == 23   ? ACT_CLOSE
                    : i % 40 == 31 ? ACT_BOOK_AND_CLOSE
                    : i % 40 == 35 ? ACT_RETRY
                    : i % 40 == 39 ? ACT_STOP
                                   : ACT_BOOK;
    }
    run_in_groups(script, ARRAY_COUNT(script));
    assert_true(fixture.daemon.connections > 10);
}

static void a_failure_that_passes_is_waited_for(void **state)
{
    static const enum act script[] = {ACT_BOOK, ACT_RETRY, ACT_BUSY, ACT_BOOK, ACT_RETRY};
    (void)state;
    all_arrive(30, script, ARRAY_COUNT(script), 8);
    assert_int_equal(fixture.daemon.connections, 1);
}

static void broken_connections_lose_and_double_nothing(void **state)
{
    static const enum act script[] = {ACT_CLOSE,          ACT_BOOK,  ACT_BOOK_AND_CLOSE, ACT_BOOK, ACT_BOOK,
                                      ACT_BOOK_AND_CLOSE, ACT_CLOSE, ACT_STOP,           ACT_BOOK, ACT_STOP};
    (void)state;
    all_arrive(40, script, ARRAY_COUNT(script), 16);
    assert_int_equal(fixture.daemon.connections, 7);
}

static void a_daemon_that_says_nothing_is_given_up(void **state)
{
    static const enum act script[] = {ACT_BOOK, ACT_SILENT, ACT_SILENT, ACT_SILENT, ACT_SILENT};
    char text[SESSION_TEXT_BYTES];
    (void)state;
    queue(3);
    start_daemon(script, ARRAY_COUNT(script));
    assert_int_equal(deliver(1, text), ERR_TIMEOUT);
    assert_int_equal(counted().waiting, 2);
    assert_int_equal(counted().acknowledged, 1);
}

static void a_daemon_that_is_not_there_leaves_the_queue_as_it_is(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    queue(3);
    assert_int_equal(deliver(8, text), ERR_CLOSED);
    assert_non_null(strstr(text, "nobody answers"));
    assert_int_equal(counted().waiting, 3);
}

static void check_alarm(enum act act, int error, const char *word)
{
    const enum act script[] = {ACT_BOOK, act};
    char text[SESSION_TEXT_BYTES];
    queue(10);
    start_daemon(script, ARRAY_COUNT(script));
    assert_int_equal(deliver(8, text), error);
    assert_non_null(strstr(text, word));
    stop_daemon();
    assert_int_equal(fixture.daemon.connections, 1); /* not tried again */
    assert_int_equal(counted().acknowledged, 1);
    assert_int_equal(counted().waiting, 9);
}

static void a_conflict_is_an_alarm(void **state)
{
    (void)state;
    check_alarm(ACT_CONFLICT, ERR_MISMATCH, "CONFLICT");
}

static void being_replaced_is_an_alarm(void **state)
{
    (void)state;
    check_alarm(ACT_REPLACE, ERR_MISMATCH, "REPLACED");
}

static void what_will_never_be_taken_is_told(void **state)
{
    (void)state;
    check_alarm(ACT_TOO_LARGE, ERR_TOO_LARGE, "TOO_LARGE");
}

static void an_answer_to_something_else_is_not_believed(void **state)
{
    (void)state;
    check_alarm(ACT_NONSENSE, ERR_FORMAT, "something else");
}

static void an_answer_for_another_event_is_not_believed(void **state)
{
    (void)state;
    check_alarm(ACT_OTHER_SEQUENCE, ERR_FORMAT, "event 2");
}

static void a_revoked_till_stops(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    queue(1);
    fixture.daemon.revoked = true;
    start_daemon(NULL, 0);
    assert_int_equal(deliver(8, text), ERR_PERMISSION);
    assert_non_null(strstr(text, "REVOKED"));
}

static void another_daemon_gets_nothing(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    queue(1);
    fixture.daemon.daemon_pair.public_key[0] ^= 1;
    start_daemon(NULL, 0);
    assert_int_equal(deliver(8, text), ERR_MISMATCH);
    stop_daemon();
    fixture.daemon.daemon_pair.public_key[0] ^= 1;
    fixture.daemon.programme_id[0] ^= 1;
    start_daemon(NULL, 0);
    assert_int_equal(deliver(8, text), ERR_MISMATCH);
    assert_int_equal(fixture.daemon.acts, 0);
}

static void the_offset_of_the_clock_is_learnt(void **state)
{
    int64_t offset = 0;
    (void)state;
    all_arrive(1, NULL, 0, 8);
    assert_int_equal(outbox_number(&fixture.outbox, OUTBOX_CLOCK_OFFSET, &offset), 0);
    assert_in_range(offset, 3600000 - 1000, 3600000 + 1000);
}

static void sent_again_on_purpose_gets_the_same_answers(void **state)
{
    struct delivery delivery;
    const struct delivery_options options = {
        .outbox = &fixture.outbox, .pair = &fixture.pair, .world = &client_world, .timeout_ms = 800};
    (void)state;
    all_arrive(20, NULL, 0, 8);
    start_daemon(NULL, 0);
    assert_int_equal(delivery_init(&delivery, &options), 0);
    assert_int_equal(delivery_run_again(&delivery, 5), 0);
    assert_int_equal(delivery.answered_count, 16);
    assert_int_equal(delivery.repeated_count, 16);
    assert_int_equal(delivery.differing_count, 0);
    delivery_fini(&delivery);
    assert_int_equal(fixture.daemon.hello_position, 120);
}

/* The log goes back to where `expected` was next, and perhaps says so. */
static void restore_log(uint64_t expected, bool say_so)
{
    fixture.daemon.expected = expected;
    if (say_so) {
        fixture.daemon.epoch[0] ^= 0xff;
    }
    fixture.last = expected - 1;
    fixture.answered = 0;
}

static void after_a_restored_log_what_it_lost_is_sent_again(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    all_arrive(20, NULL, 0, 8);
    restore_log(15, true);
    queue(2);
    start_daemon(NULL, 0);
    assert_int_equal(deliver(8, text), 0);
    assert_int_equal(fixture.answered, 8); /* 15 to 22 */
    assert_int_equal(fixture.daemon.expected, 23);
    assert_int_equal(counted().waiting, 0);
}

static void a_log_that_went_back_without_a_word_is_an_alarm(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    all_arrive(20, NULL, 0, 8);
    restore_log(15, false);
    start_daemon(NULL, 0);
    assert_int_equal(deliver(8, text), ERR_MISMATCH);
    assert_int_equal(counted().waiting, 0);
    assert_int_equal(fixture.daemon.expected, 15);
}

static void a_restored_log_that_wants_more_than_is_kept_is_an_alarm(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    all_arrive(20, NULL, 0, 8);
    assert_int_equal(outbox_event_expire(&fixture.outbox, INT64_MAX), 0);
    restore_log(15, true);
    queue(1);
    start_daemon(NULL, 0);
    assert_int_equal(deliver(8, text), ERR_MISMATCH);
    assert_int_equal(fixture.daemon.expected, 15);
}

static void a_log_that_was_exchanged_is_an_alarm(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    all_arrive(3, NULL, 0, 8);
    fixture.daemon.log_differs = true;
    queue(1);
    start_daemon(NULL, 0);
    assert_int_equal(deliver(8, text), ERR_MISMATCH);
    assert_int_equal(fixture.daemon.expected, 4);
    stop_daemon();
    /* A new epoch says why it differs. */
    restore_log(4, true);
    start_daemon(NULL, 0);
    assert_int_equal(deliver(8, text), 0);
    assert_int_equal(fixture.daemon.expected, 5);
}

static void a_daemon_with_more_events_than_were_signed_here_is_an_alarm(void **state)
{
    char text[SESSION_TEXT_BYTES];
    (void)state;
    queue(3);
    fixture.daemon.expected = 5;
    start_daemon(NULL, 0);
    assert_int_equal(deliver(8, text), ERR_MISMATCH);
    assert_non_null(strstr(text, "in use elsewhere"));
    assert_int_equal(counted().waiting, 3);
}

static void what_waits_goes_under_one_signature(void **state)
{
    (void)state;
    fixture.batch_max = 0;
    all_arrive(200, NULL, 0, REQUESTS_IN_FLIGHT_MAX);
    assert_int_equal(fixture.daemon.batches, 4); /* of 64 */
    assert_int_equal(fixture.daemon.books, 0);
}

static void an_event_that_waits_alone_is_signed_alone(void **state)
{
    (void)state;
    fixture.batch_max = 0;
    all_arrive(1, NULL, 0, 8);
    assert_int_equal(fixture.daemon.batches, 0);
    assert_int_equal(fixture.daemon.books, 1);
}

static void batches_are_as_large_as_the_window(void **state)
{
    (void)state;
    fixture.batch_max = 0;
    all_arrive(100, NULL, 0, 25);
    assert_int_equal(fixture.daemon.batches, 4);
}

static void a_batch_that_fails_for_now_is_sent_again(void **state)
{
    static const enum act script[] = {ACT_BOOK,  ACT_RETRY,          ACT_BOOK, ACT_BOOK_AND_CUT,
                                      ACT_CLOSE, ACT_BOOK_AND_CLOSE, ACT_BOOK, ACT_BOOK_AND_CUT};
    (void)state;
    fixture.batch_max = 10;
    all_arrive(95, script, ARRAY_COUNT(script), 30);
    assert_true(fixture.daemon.acts > ARRAY_COUNT(script));
}

static void events_of_a_batch_go_one_by_one_when_the_daemon_asks(void **state)
{
    static const enum act script[] = {ACT_BOOK, ACT_ONE_BY_ONE};
    (void)state;
    fixture.batch_max = 10;
    all_arrive(50, script, ARRAY_COUNT(script), 10);
    assert_int_equal(fixture.daemon.books, 10);
    assert_int_equal(fixture.daemon.batches, 1 + 1 + 3);
}

static void what_is_left_of_batches_survives_the_connection(void **state)
{
    static enum act script[30];
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(script); i++) {
        script[i] = i % 5 == 2 ? ACT_CLOSE : i % 5 == 4 ? ACT_BOOK_AND_CLOSE : ACT_BOOK;
    }
    fixture.batch_max = 8;
    run_in_groups(script, ARRAY_COUNT(script));
    assert_true(fixture.daemon.connections > 5);
}

static void an_unsigned_event_is_signed_when_it_is_sent(void **state)
{
    const struct outbox_draft draft = {.body = {(const uint8_t *)"body", 4}, .queued_at = 1};
    uint64_t sequence;
    struct outbox_event event;
    struct arena arena;
    static uint8_t memory[4096];
    (void)state;
    arena_init(&arena, memory, sizeof(memory));
    assert_int_equal(outbox_event_add(&fixture.outbox, &draft, NULL, &sequence), 0);
    assert_int_equal(outbox_event_load(&fixture.outbox, sequence, &arena, &event), 0);
    assert_false(event.is_signed);
    char text[SESSION_TEXT_BYTES];
    start_daemon(NULL, 0);
    assert_int_equal(deliver(8, text), 0);
    stop_daemon();
    assert_int_equal(fixture.daemon.expected, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {
        TEST(a_queue_is_delivered_in_order),
        TEST(one_at_a_time_works_too),
        TEST(a_run_may_leave_answers_to_the_next),
        TEST(what_is_left_to_the_next_run_survives_the_connection),
        TEST(a_failure_that_passes_is_waited_for),
        TEST(broken_connections_lose_and_double_nothing),
        TEST(a_daemon_that_says_nothing_is_given_up),
        TEST(a_daemon_that_is_not_there_leaves_the_queue_as_it_is),
        TEST(a_conflict_is_an_alarm),
        TEST(being_replaced_is_an_alarm),
        TEST(what_will_never_be_taken_is_told),
        TEST(an_answer_to_something_else_is_not_believed),
        TEST(an_answer_for_another_event_is_not_believed),
        TEST(a_revoked_till_stops),
        TEST(another_daemon_gets_nothing),
        TEST(the_offset_of_the_clock_is_learnt),
        TEST(sent_again_on_purpose_gets_the_same_answers),
        TEST(after_a_restored_log_what_it_lost_is_sent_again),
        TEST(a_log_that_went_back_without_a_word_is_an_alarm),
        TEST(a_restored_log_that_wants_more_than_is_kept_is_an_alarm),
        TEST(a_log_that_was_exchanged_is_an_alarm),
        TEST(a_daemon_with_more_events_than_were_signed_here_is_an_alarm),
        TEST(what_waits_goes_under_one_signature),
        TEST(an_event_that_waits_alone_is_signed_alone),
        TEST(batches_are_as_large_as_the_window),
        TEST(a_batch_that_fails_for_now_is_sent_again),
        TEST(events_of_a_batch_go_one_by_one_when_the_daemon_asks),
        TEST(what_is_left_of_batches_survives_the_connection),
        TEST(an_unsigned_event_is_signed_when_it_is_sent),
    };
    return crypto_init() != 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
