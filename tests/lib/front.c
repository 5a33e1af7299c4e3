#include "lib/front.h"

#include "lib/batch.h"

#include "crypto/crypto.h"
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>

static int64_t clock_now(void *context)
{
    return ((struct front *)context)->now;
}

static void count_random(void *context, void *data, size_t size)
{
    struct front *front = context;
    memset(data, ++front->random_next, size);
}

static struct principal_row row_of(struct front *front, uint32_t principal)
{
    struct principal_row row = {.principal = principal, .role = ROLE_TERMINAL, .key_no = 1};
    memcpy(row.key, front->keys[principal].public_key, KEY_BYTES);
    if (principal == FRONT_ADMIN) {
        row.role = ROLE_ADMIN;
    } else if (principal == FRONT_CLERK) {
        row.role = ROLE_CLERK;
    } else if (principal == FRONT_AUDITOR) {
        row.role = ROLE_AUDITOR;
    }
    row.revoked = principal == FRONT_REVOKED;
    return row;
}

void front_open(struct front *front, const struct service_options *options)
{
    memset(front, 0, sizeof(*front));
    assert_int_equal(crypto_init(), 0);
    front->now = 1764547200000;
    front->world = (struct world){clock_now, clock_now, count_random, front};
    memset(front->programme_id, 7, sizeof(front->programme_id));
    arena_init(&front->arena, malloc(FRONT_BYTES_MAX), FRONT_BYTES_MAX);
    struct service_options all = options == NULL ? (struct service_options){0} : *options;
    all.world = &front->world;
    all.programme_id = front->programme_id;
    all.daemon_key = front->daemon_key.public_key;
    all.software = "front";
    assert_int_equal(service_new(&all, &front->service), 0);
    for (uint32_t i = 1; i < FRONT_PRINCIPALS; i++) {
        uint8_t seed[KEY_BYTES];
        memset(seed, (int)i, sizeof(seed));
        key_pair_from_seed(seed, &front->keys[i]);
        const struct principal_row row = row_of(front, i);
        service_principal(front->service, &row);
    }
}

void front_close(struct front *front)
{
    front->hold_groups = false;
    front->hold_jobs = false;
    front->hold_sends = false;
    front_verify(front, false);
    for (uint32_t i = 0; i < FRONT_PEERS_MAX; i++) {
        struct front_peer *peer = &front->peers[i];
        if (peer->open) {
            service_broken(front->service, i);
            front_drain(front);
        }
        free(peer->got);
        free(peer->pending);
    }
    front_answer(front, front->jobs_count);
    front_drain(front);
    struct service_usage usage;
    service_usage(front->service, &usage);
    const struct service_usage none = {0};
    assert_memory_equal(&usage, &none, sizeof(usage));
    service_free(front->service);
    free(front->arena.memory);
}

static void keep(uint8_t **memory, size_t *size, struct bytes bytes)
{
    if (bytes.size == 0) {
        return;
    }
    *memory = realloc(*memory, *size + bytes.size);
    assert_non_null(*memory);
    memcpy(*memory + *size, bytes.data, bytes.size);
    *size += bytes.size;
}

static void carry_out(struct front *front, const struct output *output)
{
    struct front_peer *peer = output->kind == OUTPUT_VERIFY ? NULL : &front->peers[output->connection];
    switch (output->kind) {
    case OUTPUT_SEND:
        assert_true(peer->open);
        assert_int_equal(peer->held, 0);
        assert_true(output->parts_count > 0);
        for (size_t i = 0; i < output->parts_count; i++) {
            keep(&peer->got, &peer->got_size, output->parts[i]);
            peer->held += output->parts[i].size;
        }
        if (!front->hold_sends) {
            peer->held = 0;
            service_sent(front->service, output->connection);
        }
        break;
    case OUTPUT_PAUSE:
        assert_false(peer->paused);
        peer->paused = true;
        break;
    case OUTPUT_RESUME:
        assert_true(peer->paused);
        peer->paused = false;
        front_push(front, output->connection);
        break;
    case OUTPUT_SHUTDOWN:
        assert_false(peer->shut);
        peer->shut = true;
        break;
    case OUTPUT_CLOSE:
        assert_true(peer->open);
        peer->open = false;
        peer->closed = true;
        peer->held = 0;
        service_closed(front->service, output->connection);
        break;
    case OUTPUT_VERIFY:
        assert_true(front->groups_count < FRONT_GROUPS_MAX);
        front->groups[front->groups_count++] = output->group;
        break;
    }
}

void front_drain(struct front *front)
{
    bool more = true;
    while (more) {
        struct output output;
        more = false;
        if (!front->hold_jobs) {
            const size_t room = FRONT_JOBS_MAX - front->jobs_count;
            const size_t count = service_take_jobs(front->service, front->jobs + front->jobs_count, room);
            front->jobs_count += count;
            more = count > 0;
        }
        while (service_next(front->service, &output)) {
            more = true;
            carry_out(front, &output);
        }
        if (!front->hold_groups && front->groups_count > 0) {
            front_verify(front, false);
        }
    }
}

uint32_t front_connect(struct front *front)
{
    return front_connect_as(front, PEER_UNIX);
}

uint32_t front_connect_as(struct front *front, enum peer_kind kind)
{
    uint32_t connection;
    assert_int_equal(service_opened(front->service, kind, &connection), 0);
    assert_true(connection < FRONT_PEERS_MAX);
    struct front_peer *peer = &front->peers[connection];
    free(peer->got);
    free(peer->pending);
    *peer = (struct front_peer){.open = true};
    front_drain(front);
    return connection;
}

/* Gives the service what it reads, in pieces; returns how much it read. */
static size_t feed(struct front *front, uint32_t connection, struct bytes bytes, size_t piece)
{
    size_t done = 0;
    while (done < bytes.size && front->peers[connection].open && !front->peers[connection].paused) {
        size_t room;
        uint8_t *to = service_read_buffer(front->service, connection, &room);
        size_t step = bytes.size - done;
        step = piece > 0 && step > piece ? piece : step;
        step = step > room ? room : step;
        if (step == 0) {
            break;
        }
        memcpy(to, bytes.data + done, step);
        done += step;
        service_received(front->service, connection, step);
        struct output output;
        /* Only what tells whether to read on; the rest is drained by the caller. */
        while (service_next(front->service, &output)) {
            carry_out(front, &output);
        }
    }
    return done;
}

void front_push(struct front *front, uint32_t connection)
{
    struct front_peer *peer = &front->peers[connection];
    uint8_t *pending = peer->pending;
    const size_t size = peer->pending_size;
    if (size == 0) {
        return;
    }
    peer->pending = NULL;
    peer->pending_size = 0;
    const size_t done = feed(front, connection, (struct bytes){pending, size}, 0);
    /* What came to be pending meanwhile stood behind it. */
    uint8_t *later = peer->pending;
    const size_t later_size = peer->pending_size;
    peer->pending = NULL;
    peer->pending_size = 0;
    keep(&peer->pending, &peer->pending_size, (struct bytes){pending + done, size - done});
    keep(&peer->pending, &peer->pending_size, (struct bytes){later, later_size});
    free(pending);
    free(later);
}

void front_send(struct front *front, uint32_t connection, struct bytes bytes, size_t piece)
{
    struct front_peer *peer = &front->peers[connection];
    const size_t done = peer->pending_size > 0 ? 0 : feed(front, connection, bytes, piece);
    keep(&peer->pending, &peer->pending_size, (struct bytes){bytes.data + done, bytes.size - done});
    front_drain(front);
}

void front_ask(struct front *front, uint32_t connection, const struct request *request)
{
    struct bytes frame;
    assert_int_equal(wire_request_pack(request, &front->arena, &frame), 0);
    front_send(front, connection, frame, 0);
    arena_reset(&front->arena);
}

void front_verify(struct front *front, bool backwards)
{
    struct verify_group *groups[FRONT_GROUPS_MAX];
    const size_t count = front->groups_count;
    memcpy(groups, front->groups, sizeof(groups));
    front->groups_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct verify_group *group = groups[backwards ? count - 1 - i : i];
        verify_group_run(group);
        service_verified(front->service, group);
    }
    front_drain(front);
}

static void answer(struct front *front, size_t count, const struct reply *replies, enum ledger_note note)
{
    assert_true(count <= front->jobs_count);
    struct ledger_result *results = calloc(count + 1, sizeof(*results));
    for (size_t i = 0; i < count; i++) {
        results[i].tag = front->jobs[i].tag;
        results[i].note = front->jobs[i].request->kind == REQUEST_AUTHENTICATE && note == LEDGER_NOTHING
                              ? LEDGER_READY
                              : note;
        assert_int_equal(wire_reply_pack(&replies[i], &front->arena, &results[i].reply), 0);
    }
    front->jobs_count -= count;
    memmove(front->jobs, front->jobs + count, front->jobs_count * sizeof(front->jobs[0]));
    service_answered(front->service, results, count);
    free(results);
    arena_reset(&front->arena);
    front_drain(front);
}

void front_answer(struct front *front, size_t count)
{
    struct reply *replies = calloc(count + 1, sizeof(*replies));
    for (size_t i = 0; i < count; i++) {
        const struct request *request = front->jobs[i].request;
        replies[i].id = request->id;
        if (request->kind == REQUEST_AUTHENTICATE) {
            replies[i].kind = REPLY_READY;
            replies[i].ready.expected_sequence = 1;
        } else if (request->kind == REQUEST_BOOK) {
            replies[i].kind = REPLY_BOOKED;
            replies[i].booked.booked = request->book.signature;
        } else if (request->kind == REQUEST_BOOK_BATCH) {
            replies[i].kind = REPLY_BOOKED;
            replies[i].booked.booked = request->batch.signature;
        } else {
            replies[i].kind = REPLY_PRINCIPALS;
        }
    }
    answer(front, count, replies, LEDGER_NOTHING);
    free(replies);
}

void front_answer_failure(struct front *front, enum failure_code code, enum ledger_note note)
{
    assert_true(front->jobs_count > 0);
    const struct reply reply = {.id = front->jobs[0].request->id,
                                .kind = REPLY_FAILURE,
                                .failure = {.code = code, .text = "made up by the test"}};
    answer(front, 1, &reply, note);
}

bool front_reply(struct front *front, uint32_t connection, struct reply *ret_reply)
{
    struct front_peer *peer = &front->peers[connection];
    struct bytes frame;
    if (frame_parse((struct bytes){peer->got, peer->got_size}, FRAME_OPERATOR_BYTES_MAX, &frame) != 1) {
        return false;
    }
    arena_reset(&front->arena);
    assert_int_equal(wire_reply_unpack(frame, &front->arena, ret_reply), 0);
    const size_t used = FRAME_HEADER_BYTES + frame.size;
    peer->got_size -= used;
    memmove(peer->got, peer->got + used, peer->got_size);
    return true;
}

void front_expect(struct front *front, uint32_t connection, uint32_t id, enum reply_kind kind)
{
    struct reply reply;
    assert_true(front_reply(front, connection, &reply));
    assert_int_equal(reply.kind, kind);
    assert_int_equal(reply.id, id);
}

void front_expect_failure(struct front *front, uint32_t connection, uint32_t id, enum failure_code code)
{
    struct reply reply;
    assert_true(front_reply(front, connection, &reply));
    assert_int_equal(reply.kind, REPLY_FAILURE);
    assert_int_equal(reply.failure.code, code);
    assert_int_equal(reply.id, id);
    assert_true(strlen(reply.failure.text) > 10);
}

void front_expect_nothing(struct front *front, uint32_t connection)
{
    assert_int_equal(front->peers[connection].got_size, 0);
}

void front_hello(struct front *front, uint32_t connection)
{
    const struct request hello = {
        .id = 1,
        .kind = REQUEST_HELLO,
        .hello = {.version = PROTOCOL_VERSION, .programme_id = {front->programme_id, PROGRAMME_ID_BYTES}}};
    struct reply reply;
    front_ask(front, connection, &hello);
    assert_true(front_reply(front, connection, &reply));
    assert_int_equal(reply.kind, REPLY_WELCOME);
    assert_int_equal(reply.welcome.challenge.size, SIGN_CHALLENGE_BYTES);
    memcpy(front->peers[connection].challenge, reply.welcome.challenge.data, SIGN_CHALLENGE_BYTES);
}

struct request front_authenticate(struct front *front, uint32_t connection, uint32_t principal)
{
    uint8_t *signature = arena_alloc(&front->arena, 1, SIGNATURE_BYTES);
    const struct sign_auth auth = {.programme_id = front->programme_id,
                                   .principal = principal,
                                   .challenge = front->peers[connection].challenge};
    sign_auth(&front->keys[principal], &auth, signature);
    return (struct request){
        .id = 2,
        .kind = REQUEST_AUTHENTICATE,
        .authenticate = {.principal = principal, .signature = {signature, SIGNATURE_BYTES}}};
}

uint32_t front_ready(struct front *front, uint32_t principal)
{
    const uint32_t connection = front_connect(front);
    front_hello(front, connection);
    const struct request request = front_authenticate(front, connection, principal);
    front_ask(front, connection, &request);
    front_answer(front, front->jobs_count);
    front_expect(front, connection, 2, REPLY_READY);
    return connection;
}

void front_book(struct front *front, uint32_t connection, uint32_t principal, uint64_t sequence,
                size_t body_bytes, bool wrong)
{
    uint8_t *body = arena_alloc(&front->arena, 1, body_bytes);
    assert_non_null(body);
    memset(body, (int)sequence, body_bytes);
    front_book_body(front, connection, principal, sequence, (struct bytes){body, body_bytes},
                    &front->keys[wrong ? FRONT_REVOKED : principal]);
}

void front_book_body(struct front *front, uint32_t connection, uint32_t principal, uint64_t sequence,
                     struct bytes body, const struct key_pair *pair)
{
    const size_t room = SIGN_EVENT_PREFIX_BYTES + body.size;
    uint8_t *scratch = arena_alloc(&front->arena, 1, room);
    uint8_t *signature = arena_alloc(&front->arena, 1, SIGNATURE_BYTES);
    assert_non_null(signature);
    const struct sign_event event = {front->programme_id, principal, sequence, body};
    assert_int_equal(sign_event(pair, &event, scratch, room, signature), 0);
    const struct request request = {.id = (uint32_t)sequence,
                                    .kind = REQUEST_BOOK,
                                    .book = {.principal = principal,
                                             .sequence = sequence,
                                             .body = body,
                                             .signature = {signature, SIGNATURE_BYTES}}};
    front_ask(front, connection, &request);
}

void front_batch(struct front *front, uint32_t connection, uint32_t principal, uint64_t first_sequence,
                 const struct request_book *books, size_t count, const struct key_pair *pair)
{
    const struct batch_signer signer = {pair, front->programme_id, principal};
    const struct request request = batch_of(&signer, first_sequence, books, count, &front->arena);
    front_ask(front, connection, &request);
}

void front_answer_note(struct front *front, enum ledger_note note, const struct principal_row *row)
{
    assert_true(front->jobs_count > 0);
    const struct request *request = front->jobs[0].request;
    const struct reply reply = {
        .id = request->id, .kind = REPLY_BOOKED, .booked.booked = request->book.signature};
    struct ledger_result result = {.tag = front->jobs[0].tag, .note = note, .principal = *row};
    assert_int_equal(wire_reply_pack(&reply, &front->arena, &result.reply), 0);
    front->jobs_count--;
    memmove(front->jobs, front->jobs + 1, front->jobs_count * sizeof(front->jobs[0]));
    service_answered(front->service, &result, 1);
    arena_reset(&front->arena);
    front_drain(front);
}

void front_expect_closed(struct front *front, uint32_t connection)
{
    struct front_peer *peer = &front->peers[connection];
    if (peer->open && peer->shut) {
        service_ended(front->service, connection);
        front_drain(front);
    }
    assert_true(peer->closed);
    front_expect_nothing(front, connection);
}
