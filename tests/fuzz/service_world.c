#include "fuzz/service_world.h"

#include "fuzz/fuzz.h"

#include "crypto/crypto.h"
#include "crypto/invite.h"
#include "lib/batch.h"
#include "service/outgoing.h"
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>

static const char invite_code[] = "K7QF2M9TXW4C";
static const uint8_t binding[SIGN_CHANNEL_BYTES] = {9};

enum { HANDSHAKE_BYTES = 600 }; /* of a client, about */

static void draw_limits(struct draw *draw, struct peer_limits *limits)
{
    for (size_t i = 0; i < PEER_LIMITS; i++) {
        limits->others[i] = (uint32_t)draw_edge(draw, 0, 100000);
    }
    limits->wrong_codes = (uint32_t)draw_below(draw, 8);
}

void world_open(struct service_world *world, struct draw *draw)
{
    memset(world->peers, 0, sizeof(world->peers));
    memset(world->sequences, 0, sizeof(world->sequences));
    world->limited = false;
    struct service_options options = {
        .connections_max = 1 + (uint32_t)draw_below(draw, WORLD_CONNECTIONS),
        .requests_max = 1 + (uint32_t)draw_below(draw, 40),
        .blocks_max = 1 + (uint32_t)draw_below(draw, 3),
        .blocks_large_max = 1,
        .send_blocks_max = LEDGER_REPLY_BYTES_MAX / (SEND_BLOCK_BYTES - 16) + 2,
        .verify_groups_max = 1 + (uint32_t)draw_below(draw, 4),
    };
    world->limits = (struct peer_limits){.wrong_codes = WRONG_CODES_DEFAULT};
    options.limits = &world->limits;
    if (draw_one_in(draw, 2)) {
        draw_limits(draw, &world->limits);
        world->limited = true;
    }
    front_open(&world->front, &options);
}

/* Holds nothing back any more, until nothing moves. */
static void settle(struct service_world *world)
{
    struct front *front = &world->front;
    front->hold_groups = false;
    front->hold_jobs = false;
    front->hold_sends = false;
    front_verify(front, false);
    bool more = true;
    while (more) {
        more = false;
        for (uint32_t i = 0; i < WORLD_CONNECTIONS; i++) {
            if (front->peers[i].open && front->peers[i].held > 0) {
                front->peers[i].held = 0;
                service_sent(front->service, i);
                more = true;
            }
        }
        front_drain(front);
        more = more || front->jobs_count > 0;
        front_answer(front, front->jobs_count);
    }
}

void world_close(struct service_world *world)
{
    /* Nobody has sent half a frame, or is held to a limit: there is no reason left not to read anybody. */
    bool all_read = !world->limited;
    settle(world);
    for (uint32_t i = 0; i < WORLD_CONNECTIONS; i++) {
        all_read = all_read && !(world->front.peers[i].open && world->peers[i].garbled);
    }
    for (uint32_t i = 0; i < WORLD_CONNECTIONS; i++) {
        const struct front_peer *end = &world->front.peers[i];
        const struct world_peer *peer = &world->peers[i];
        world_read(world, i);
        /* Who is being read and has asked nothing but requests has all the answers. */
        const bool may_wait = !end->open || end->shut || peer->garbled || (end->paused && !all_read);
        CHECK(may_wait || peer->id_read == peer->id);
    }
    front_close(&world->front);
}

void world_connect(struct service_world *world, struct draw *draw)
{
    struct front *front = &world->front;
    struct peer_name name = {.local = draw_one_in(draw, 4)};
    const enum peer_kind kind = (enum peer_kind)draw_below(draw, PEER_TLS + 1);
    uint32_t connection;
    if (!service_has_room(front->service)) {
        CHECK(service_opened(front->service, kind, &connection) == ERR_FULL);
        return;
    }
    CHECK(service_opened(front->service, kind, &connection) == 0);
    CHECK(connection < WORLD_CONNECTIONS && !front->peers[connection].open);
    struct front_peer *peer = &front->peers[connection];
    free(peer->got);
    free(peer->pending);
    *peer = (struct front_peer){.open = true};
    world->peers[connection] = (struct world_peer){.insecure = kind == PEER_TLS};
    name.bytes[0] = (uint8_t)draw_below(draw, 3);
    if (!draw_one_in(draw, 4)) {
        (void)service_named(front->service, connection, &name);
    }
    front_drain(front);
}

/* The peer can send: an adapter delivers nothing behind the end, and nothing before the TLS is up. */
static bool can_send(const struct service_world *world, uint32_t connection)
{
    return world->front.peers[connection].open && !world->peers[connection].ended &&
           !world->peers[connection].insecure;
}

void world_send_raw(struct service_world *world, struct draw *draw, uint32_t connection)
{
    uint8_t bytes[256];
    const size_t size = 1 + (size_t)draw_below(draw, sizeof(bytes));
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)draw_below(draw, 256);
    }
    /* Often a header that may stand there. */
    if (size > FRAME_HEADER_BYTES && draw_one_in(draw, 2)) {
        frame_header(bytes, (size_t)draw_edge(draw, 1, FRAME_OPERATOR_BYTES_MAX + 8));
    }
    if (can_send(world, connection)) {
        world->peers[connection].garbled = true;
        front_send(&world->front, connection, (struct bytes){bytes, size}, (size_t)draw_below(draw, 64));
    }
}

/* Sends a request of ours, whole or in pieces. */
static void send_request(struct service_world *world, struct draw *draw, uint32_t connection,
                         struct request *request)
{
    struct front *front = &world->front;
    struct bytes frame;
    request->id = ++world->peers[connection].id;
    CHECK(wire_request_pack(request, &front->arena, &frame) == 0);
    front_send(front, connection, frame, draw_one_in(draw, 4) ? 1 + (size_t)draw_below(draw, 4096) : 0);
    arena_reset(&front->arena);
}

static uint32_t draw_principal(struct draw *draw, uint32_t connection)
{
    return draw_one_in(draw, 4) ? 1 + (uint32_t)draw_below(draw, FRONT_PRINCIPALS - 1) : 1 + connection;
}

void world_greet(struct service_world *world, struct draw *draw, uint32_t connection)
{
    struct front *front = &world->front;
    if (world->peers[connection].insecure) {
        world->peers[connection].insecure = false;
        world->peers[connection].bound = true;
        if (service_handshaking(front->service, connection, HANDSHAKE_BYTES)) {
            service_secured(front->service, connection, binding);
        }
        front_drain(front);
    }
    if (!can_send(world, connection)) {
        return;
    }
    if (!world->peers[connection].greeted || draw_one_in(draw, 8)) {
        struct request hello = {.kind = REQUEST_HELLO,
                                .hello = {.version = PROTOCOL_VERSION + draw_one_in(draw, 16),
                                          .programme_id = {front->programme_id, PROGRAMME_ID_BYTES}}};
        send_request(world, draw, connection, &hello);
        world_read(world, connection);
    }
    if (!can_send(world, connection) || draw_one_in(draw, 4)) {
        return;
    }
    const uint32_t principal = draw_principal(draw, connection);
    uint8_t *signature = arena_alloc(&front->arena, 1, SIGNATURE_BYTES);
    const bool bound = world->peers[connection].bound != draw_one_in(draw, 16);
    const struct sign_auth auth = {.programme_id = front->programme_id,
                                   .principal = principal,
                                   .challenge = front->peers[connection].challenge,
                                   .channel_binding = {binding, bound ? sizeof(binding) : 0}};
    sign_auth(&front->keys[principal], &auth, signature);
    struct request request = {
        .kind = REQUEST_AUTHENTICATE,
        .authenticate = {.principal = principal, .signature = {signature, SIGNATURE_BYTES}}};
    send_request(world, draw, connection, &request);
    if (!draw_one_in(draw, 4)) {
        front_answer(front, front->jobs_count);
    }
}

/* Often of the connection's principal, sometimes longer than any frame. */
static struct request draw_batch(struct service_world *world, struct draw *draw, uint32_t connection)
{
    struct front *front = &world->front;
    static struct request_book books[BATCH_EVENTS_MAX];
    static const uint8_t bodies[1024];
    const uint32_t principal = draw_principal(draw, connection);
    const size_t count = (size_t)draw_edge(draw, 1, BATCH_EVENTS_MAX);
    const bool wrong = draw_one_in(draw, 12);
    for (size_t i = 0; i < count; i++) {
        books[i] = (struct request_book){.body = {bodies, (size_t)draw_below(draw, 32) * 8},
                                         .locale = draw_one_in(draw, 8) ? "en" : NULL};
    }
    const struct batch_signer signer = {&front->keys[wrong ? FRONT_REVOKED : principal], front->programme_id,
                                        principal};
    const uint64_t first = world->sequences[principal] + 1;
    world->sequences[principal] += count;
    return batch_of(&signer, first, books, count, &front->arena);
}

static struct request draw_request(struct service_world *world, struct draw *draw, uint32_t connection)
{
    struct front *front = &world->front;
    static const uint8_t yaml[] = "programme: x\n";
    uint8_t *proof = arena_alloc(&front->arena, 1, SIGNATURE_BYTES);
    const struct key_pair *pair = &front->keys[1 + draw_below(draw, FRONT_PRINCIPALS - 1)];
    uint8_t hash[HASH_BYTES];
    switch (draw_below(draw, 10)) {
    case 0:
        return (struct request){.kind = REQUEST_GET_STATUS};
    case 1:
        return (struct request){.kind = REQUEST_GET_MEMBER, .get_member = {.member = 1}};
    case 2:
        return (struct request){.kind = REQUEST_GET_EVENT, .get_event = {.position = 1}};
    case 3:
        return (struct request){.kind = REQUEST_CHECK_PROGRAMME,
                                .check_programme = {.yaml = {yaml, sizeof(yaml) - 1}}};
    case 4:
        return (struct request){.kind = REQUEST_GET_PRINCIPALS};
    case 6:
        return (struct request){.kind = REQUEST_QUOTE, .quote = {.body = {yaml, sizeof(yaml) - 1}}};
    case 5:
        return (struct request){.kind = REQUEST_BACKUP, .backup = {.path = "/tmp/copy"}};
    case 7:
        return draw_batch(world, draw, connection);
    default:
        CHECK(invite_code_hash(invite_code, hash) == 0);
        sign_enrol(pair, front->programme_id, hash, proof);
        proof[0] ^= (uint8_t)draw_one_in(draw, 4);
        return (struct request){.kind = REQUEST_ENROL,
                                .enrol = {.code = invite_code,
                                          .key = {pair->public_key, KEY_BYTES},
                                          .proof = {proof, SIGNATURE_BYTES}}};
    }
}

void world_ask(struct service_world *world, struct draw *draw, uint32_t connection)
{
    if (can_send(world, connection)) {
        struct request request = draw_request(world, draw, connection);
        send_request(world, draw, connection, &request);
    }
}

void world_book(struct service_world *world, struct draw *draw, uint32_t connection)
{
    struct front *front = &world->front;
    const uint32_t principal = draw_principal(draw, connection);
    const size_t bytes_max = principal == FRONT_ADMIN ? BODY_OPERATOR_BYTES_MAX : BODY_TERMINAL_BYTES_MAX;
    const size_t size = draw_one_in(draw, 4) ? (size_t)draw_edge(draw, 1, (int64_t)bytes_max) : 40;
    const bool wrong = draw_one_in(draw, 12);
    const int repeats = draw_one_in(draw, 4) ? 1 + (int)draw_below(draw, 40) : 1;
    for (int i = 0; i < repeats && can_send(world, connection); i++) {
        uint8_t *body = arena_alloc(&front->arena, 1, size);
        uint8_t *signature = arena_alloc(&front->arena, 1, SIGNATURE_BYTES);
        uint8_t *scratch = arena_alloc(&front->arena, 1, SIGN_EVENT_PREFIX_BYTES + size);
        CHECK(scratch != NULL);
        world->sequences[principal] += !draw_one_in(draw, 16);
        const struct sign_event event = {
            front->programme_id, principal, world->sequences[principal], {body, size}};
        CHECK(sign_event(&front->keys[wrong ? FRONT_REVOKED : principal], &event, scratch,
                         SIGN_EVENT_PREFIX_BYTES + size, signature) == 0);
        struct request request = {.kind = REQUEST_BOOK,
                                  .book = {.principal = principal,
                                           .sequence = event.sequence,
                                           .body = event.body,
                                           .signature = {signature, SIGNATURE_BYTES}}};
        send_request(world, draw, connection, &request);
    }
}

void world_end(struct service_world *world, uint32_t connection)
{
    struct front_peer *peer = &world->front.peers[connection];
    if (can_send(world, connection) && !peer->paused && peer->pending_size == 0) {
        world->peers[connection].ended = true;
        service_ended(world->front.service, connection);
        front_drain(&world->front);
    }
}

void world_break(struct service_world *world, struct draw *draw, uint32_t connection)
{
    const enum tls_failure failure = (enum tls_failure)draw_below(draw, TLS_FAILURE_RECORD + 1);
    if (world->peers[connection].insecure) {
        service_tls_failed(world->front.service, connection, failure);
    } else {
        service_broken(world->front.service, connection);
    }
    front_drain(&world->front);
}

void world_read(struct service_world *world, uint32_t connection)
{
    struct world_peer *peer = &world->peers[connection];
    struct front_peer *end = &world->front.peers[connection];
    struct reply reply;
    while (front_reply(&world->front, connection, &reply)) {
        if (reply.kind == REPLY_WELCOME) {
            CHECK(reply.welcome.challenge.size == SIGN_CHALLENGE_BYTES);
            memcpy(end->challenge, reply.welcome.challenge.data, SIGN_CHALLENGE_BYTES);
            peer->greeted = true;
        }
        /* Id 0: what is said of the connection and not of a request. */
        if (!peer->garbled && reply.id != 0) {
            CHECK(reply.id == peer->id_read + 1 && reply.id <= peer->id);
            peer->id_read = reply.id;
        }
    }
    CHECK(end->got_size == 0);
}

void world_verify(struct service_world *world, struct draw *draw)
{
    struct front *front = &world->front;
    if (front->groups_count == 0) {
        return;
    }
    const size_t at = (size_t)draw_below(draw, front->groups_count);
    struct verify_group *group = front->groups[at];
    front->groups[at] = front->groups[--front->groups_count];
    verify_group_run(group);
    service_verified(front->service, group);
    front_drain(front);
}

void world_let_go(struct service_world *world, struct draw *draw)
{
    struct front *front = &world->front;
    const uint32_t first = (uint32_t)draw_below(draw, WORLD_CONNECTIONS);
    for (uint32_t i = 0; i < WORLD_CONNECTIONS; i++) {
        const uint32_t connection = (first + i) % WORLD_CONNECTIONS;
        struct front_peer *peer = &front->peers[connection];
        if (peer->open && peer->held > 0) {
            peer->held = 0;
            service_sent(front->service, connection);
            front_drain(front);
            return;
        }
    }
}

void world_answer_badly(struct service_world *world, struct draw *draw)
{
    static const enum failure_code codes[] = {FAILURE_RETRY, FAILURE_AHEAD, FAILURE_CONFLICT, FAILURE_BUSY};
    struct front *front = &world->front;
    if (front->jobs_count == 0) {
        return;
    }
    const enum request_kind kind = front->jobs[0].request->kind;
    const enum failure_code code = codes[draw_below(draw, 4)];
    if (kind == REQUEST_ENROL && draw_one_in(draw, 2)) {
        front_answer_failure(front, FAILURE_INVITE_INVALID, LEDGER_WRONG_CODE);
    } else if (kind == REQUEST_BOOK && draw_one_in(draw, 2)) {
        struct principal_row row = {.principal = 2 + (uint32_t)draw_below(draw, 3), .key_no = 2};
        const struct key_pair *pair = &front->keys[row.principal];
        memcpy(row.key, pair->public_key, KEY_BYTES);
        memcpy(row.previous_key, pair->public_key, KEY_BYTES);
        row.revoked = draw_one_in(draw, 3);
        front_answer_note(front, row.revoked ? LEDGER_REVOKED : LEDGER_REKEYED, &row);
    } else {
        const bool closing = kind == REQUEST_AUTHENTICATE || code == FAILURE_CONFLICT;
        front_answer_failure(front, code, closing ? LEDGER_CLOSE : LEDGER_NOTHING);
    }
}
