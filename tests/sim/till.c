#include "sim/sim.h"

#include "crypto/invite.h"
#include "lib/batch.h"
#include "wire/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ask(struct sim *sim, struct till *till, struct request *request)
{
    struct bytes frame;
    SIM_CHECK(sim, till->awaited_count < IN_FLIGHT_MAX);
    if (request->kind != REQUEST_BOOK_BATCH) {
        arena_reset(&sim->scratch); /* a batch lives in it */
    }
    request->id = ++till->next_id;
    till->awaited[till->awaited_count++] =
        (struct awaited){.id = request->id,
                         .kind = request->kind,
                         .sequence = request->kind == REQUEST_BOOK         ? request->book.sequence
                                     : request->kind == REQUEST_BOOK_BATCH ? request->batch.first_sequence
                                                                           : 0,
                         .left = request->kind == REQUEST_BOOK_BATCH ? request->batch.count : 1};
    const int result = wire_request_pack(request, &sim->scratch, &frame);
    SIM_OK(sim, result);
    pipe_put(&sim->pipes[till->connection].in, frame);
}

static void send_event(struct sim *sim, struct till *till, uint64_t sequence)
{
    const struct outbox_event *slot = &till->outbox[sequence];
    struct request request = {.kind = REQUEST_BOOK,
                              .book = {.principal = till->principal,
                                       .sequence = sequence,
                                       .body = {slot->body, slot->body_size},
                                       .signature = {slot->signature, SIGNATURE_BYTES}}};
    if (slot->card != NULL) {
        request.book.opening = (struct opening){.salt = {slot->salt, sizeof(slot->salt)}, .card = slot->card};
    }
    request.book.locale = sim_chance(sim, 30) ? "en" : NULL;
    ask(sim, till, &request);
}

/* From this sequence on, up to `count` events, a frame, and a change of keys, which goes alone; gives how
 * many. */
static size_t send_batch(struct sim *sim, struct till *till, uint64_t first, uint64_t count)
{
    struct request_book books[EVENTS_MAX];
    const bool changed = till->rotation != 0 && first > till->rotation;
    const struct batch_signer signer = {&till->keys[changed], sim->house.programme_id, till->principal};
    size_t bytes = BATCH_OVERHEAD_BYTES;
    size_t taken = 0;
    while (taken < count) {
        const struct outbox_event *slot = &till->outbox[first + taken];
        bytes += slot->body_size + 8 + BATCH_EVENT_OVERHEAD_BYTES;
        if (bytes > FRAME_TERMINAL_BYTES_MAX || slot->kind == EVENT_KEY_ROTATED) {
            break;
        }
        books[taken] = (struct request_book){.body = {slot->body, slot->body_size},
                                             .locale = sim_chance(sim, 30) ? "en" : NULL};
        if (slot->card != NULL) {
            books[taken].opening =
                (struct opening){.salt = {slot->salt, sizeof(slot->salt)}, .card = slot->card};
        }
        taken++;
    }
    if (taken == 0) {
        return 0;
    }
    arena_reset(&sim->scratch);
    struct request request = batch_of(&signer, first, books, taken, &sim->scratch);
    ask(sim, till, &request);
    return taken;
}

/* What is sent next, alone or with what waits behind it. */
static void send_next(struct sim *sim, struct till *till)
{
    const uint64_t waiting = till->sold + 1 - till->next;
    size_t sent = 0;
    if (till->role == ROLE_TERMINAL && till->next >= till->alone_end && waiting > 1 &&
        sim_chance(sim, sim->knobs.batch_percent)) {
        sent = send_batch(sim, till, till->next, 1 + sim_below(sim, waiting));
    }
    if (sent == 0) {
        send_event(sim, till, till->next);
        sent = 1;
    }
    till->next += sent;
}

static uint64_t first_unacknowledged(const struct till *till)
{
    uint64_t sequence = 1;
    while (sequence <= till->sold && till->outbox[sequence].booked != NULL) {
        sequence++;
    }
    return sequence;
}

void till_leave(struct sim *sim, struct till *till)
{
    struct pipe *pipe = &sim->pipes[till->connection];
    SIM_CHECK(sim, till->state != TILL_AWAY);
    SIM_CHECK(sim, pipe->till == till);
    pipe->till = NULL;
    till->state = TILL_AWAY;
    till->awaited_count = 0;
}

static void greet(struct sim *sim, struct till *till)
{
    if (!daemon_connect(sim, till)) {
        return;
    }
    till->state = TILL_GREETING;
    till->next_id = 0;
    struct request hello = {.kind = REQUEST_HELLO,
                            .hello = {.version = PROTOCOL_VERSION,
                                      .programme_id = {sim->house.programme_id, PROGRAMME_ID_BYTES}}};
    ask(sim, till, &hello);
    daemon_drain(sim);
}

void till_work(struct sim *sim, struct till *till)
{
    const bool calm = sim->steps >= sim->knobs.fault_steps;
    if (till->sold < till->events_max && sim_chance(sim, calm ? SELL_PERCENT_MAX : sim->knobs.sell_percent)) {
        till_say(sim, till);
    }
    if (till->state == TILL_AWAY) {
        if (!till_is_done(sim, till)) {
            greet(sim, till);
        }
    } else if (till->state == TILL_READY && till->awaited_count < sim->knobs.pipeline) {
        if (till->next <= till->sold) {
            send_next(sim, till);
        } else if (sim_chance(sim, 20)) {
            struct request question;
            till_question(sim, till, &question);
            ask(sim, till, &question);
        }
    }
}

void till_enrol(struct sim *sim, struct newcomer *newcomer)
{
    if (newcomer->till.state == TILL_AWAY) {
        greet(sim, &newcomer->till);
    }
}

void till_resend(struct sim *sim, struct till *till)
{
    const uint64_t acknowledged = first_unacknowledged(till) - 1;
    if (till->state == TILL_READY && acknowledged > 0 && till->awaited_count < sim->knobs.pipeline) {
        const uint64_t first = 1 + sim_below(sim, acknowledged);
        /* However it was cut when it was sent first; what is on its way is sent twice then. */
        const bool cut = till->role == ROLE_TERMINAL && sim_chance(sim, sim->knobs.batch_percent);
        if (!cut || send_batch(sim, till, first, 1 + sim_below(sim, till->next - first)) == 0) {
            send_event(sim, till, first);
        }
    }
}

bool till_is_done(const struct sim *sim, const struct till *till)
{
    (void)sim;
    return till->sold == till->events_max && first_unacknowledged(till) > till->sold;
}

void till_free(struct till *till)
{
    for (uint64_t i = 1; i <= till->sold; i++) {
        free(till->outbox[i].body);
        free(till->outbox[i].booked);
    }
}

static struct newcomer *newcomer_of(struct sim *sim, const struct till *till)
{
    for (size_t i = 0; i < sim->newcomers_count; i++) {
        if (&sim->newcomers[i].till == till) {
            return &sim->newcomers[i];
        }
    }
    return NULL;
}

static void present_code(struct sim *sim, struct newcomer *newcomer)
{
    uint8_t hash[HASH_BYTES];
    uint8_t proof[SIGNATURE_BYTES];
    struct key_pair *key = &newcomer->till.keys[0];
    const int result = invite_code_hash(newcomer->code, hash);
    SIM_OK(sim, result);
    sign_enrol(key, sim->house.programme_id, hash, proof);
    struct request request = {.kind = REQUEST_ENROL,
                              .enrol = {.code = newcomer->code,
                                        .key = {key->public_key, KEY_BYTES},
                                        .proof = {proof, sizeof(proof)}}};
    newcomer->till.state = TILL_ENROLLING;
    ask(sim, &newcomer->till, &request);
}

static void on_welcome(struct sim *sim, struct till *till, const struct reply *reply)
{
    uint8_t signature[SIGNATURE_BYTES];
    const struct sign_auth auth = {.programme_id = sim->house.programme_id,
                                   .principal = till->principal,
                                   .challenge = reply->welcome.challenge.data};
    struct newcomer *newcomer = newcomer_of(sim, till);
    if (newcomer != NULL) {
        present_code(sim, newcomer);
        return;
    }
    sign_auth(&till->keys[till->key], &auth, signature);
    struct request request = {
        .kind = REQUEST_AUTHENTICATE,
        .authenticate = {.principal = till->principal, .signature = {signature, sizeof(signature)}}};
    till->state = TILL_SIGNING;
    ask(sim, till, &request);
}

/* However often it comes, it is enrolled once. */
static void on_enrolled(struct sim *sim, struct till *till, const struct reply *reply)
{
    struct newcomer *newcomer = newcomer_of(sim, till);
    SIM_CHECK(sim, newcomer != NULL);
    SIM_CHECK(sim, newcomer->enrolled == 0 || newcomer->enrolled == reply->enrolled.principal);
    sim->enrolled += newcomer->enrolled == 0;
    newcomer->enrolled = reply->enrolled.principal;
}

static void on_ready(struct sim *sim, struct till *till, const struct reply *reply)
{
    till->next = first_unacknowledged(till);
    /* What was acknowledged is not forgotten, and nothing was booked that was never sold. */
    SIM_CHECK(sim, reply->ready.expected_sequence >= till->next);
    SIM_CHECK(sim, reply->ready.expected_sequence <= till->sold + 1);
    till->state = TILL_READY;
}

/* A change of keys was booked: it is in force, or was refused and everything behind it is signed anew. */
static void on_rotation(struct sim *sim, struct till *till, struct bytes bytes)
{
    static struct outcome outcome;
    struct booked booked;
    int result = wire_booked_unpack(bytes, &sim->scratch, &booked);
    if (result == 0) {
        result = wire_outcome_unpack(booked.outcome, &sim->scratch, &outcome);
    }
    SIM_OK(sim, result);
    till->key = outcome.code == CODE_ACCEPTED;
    if (outcome.code != CODE_ACCEPTED) {
        const uint64_t sequence = till->rotation;
        till->rotation = 0;
        till_sign(sim, till, sequence + 1);
    }
}

/* What the customer was given takes its place among what may be used. */
static void remember(struct sim *sim, const char *card, struct bytes bytes)
{
    static struct outcome outcome;
    struct booked booked;
    int result = wire_booked_unpack(bytes, &sim->scratch, &booked);
    if (result == 0) {
        result = wire_outcome_unpack(booked.outcome, &sim->scratch, &outcome);
    }
    SIM_OK(sim, result);
    for (size_t i = 0; i < outcome.effects_count; i++) {
        const struct effect *effect = &outcome.effects[i];
        if (effect->kind == EFFECT_VOUCHER || effect->kind == EFFECT_RESERVATION) {
            struct promise *promise = &sim->promises[sim->promises_count++ % PROMISES_MAX];
            *promise = (struct promise){.card = card};
            if (effect->kind == EFFECT_RESERVATION) {
                promise->reservation = booked.position;
            } else {
                memcpy(promise->code, effect->voucher.code, sizeof(promise->code));
            }
        }
    }
}

static void on_booked(struct sim *sim, struct till *till, uint64_t sequence, const struct reply *reply)
{
    struct outbox_event *slot = &till->outbox[sequence];
    const struct bytes bytes = reply->booked.booked;
    SIM_CHECK(sim, bytes.size > 0);
    if (slot->booked == NULL) {
        struct buffer buffer = {0};
        pipe_put(&buffer, bytes);
        slot->booked = buffer.data;
        slot->booked_size = buffer.size;
        sim->acknowledged++;
        sim->kinds[slot->kind]++;
        if (slot->card != NULL) {
            remember(sim, slot->card, bytes);
        }
        sim->late += reply->booked.repeated;
        if (sequence == till->rotation) {
            on_rotation(sim, till, bytes);
        }
    } else {
        SIM_CHECK(sim, reply->booked.repeated);
        SIM_CHECK(sim, slot->booked_size == bytes.size);
        SIM_CHECK(sim, memcmp(slot->booked, bytes.data, bytes.size) == 0);
        sim->repeated++;
    }
}

static bool is_question(enum request_kind kind)
{
    return kind != REQUEST_HELLO && kind != REQUEST_AUTHENTICATE && kind != REQUEST_ENROL &&
           kind != REQUEST_BOOK && kind != REQUEST_BOOK_BATCH;
}

/* True when the till goes on with this connection. */
static bool on_failure(struct sim *sim, struct till *till, const struct awaited *awaited,
                       const struct reply *reply)
{
    sim->failures++;
    if (is_question(awaited->kind) && reply->failure.code == FAILURE_NOT_FOUND) {
        return true;
    }
    if (reply->failure.code == FAILURE_ONE_BY_ONE) {
        SIM_CHECK(sim, awaited->kind == REQUEST_BOOK_BATCH);
        till->alone_end = awaited->sequence + awaited->left;
        return false;
    }
    if (reply->failure.code == FAILURE_BAD_SIGNATURE && till->changes) {
        /* Whether its change of keys was booked it finds out by trying. */
        till->key ^= awaited->kind == REQUEST_AUTHENTICATE;
        return false;
    }
    if (awaited->kind == REQUEST_ENROL && reply->failure.code == FAILURE_INVITE_INVALID) {
        return false; /* not booked yet, refused, used up, or its principal was revoked */
    }
    /* Nothing here is the till's fault but coming too early after something was lost. */
    SIM_CHECK(sim, reply->failure.code == FAILURE_AHEAD || reply->failure.code == FAILURE_RETRY ||
                       reply->failure.code == FAILURE_BUSY || reply->failure.code == FAILURE_REPLACED);
    return false;
}

static bool on_reply(struct sim *sim, struct till *till, const struct reply *reply)
{
    if (reply->kind == REPLY_FAILURE && reply->id == 0) {
        SIM_CHECK(sim, reply->failure.code == FAILURE_REPLACED || reply->failure.code == FAILURE_STOPPING);
        return false;
    }
    /* Replies come in the order of the requests. */
    SIM_CHECK(sim, till->awaited_count > 0);
    const struct awaited awaited = till->awaited[0];
    SIM_CHECK(sim, reply->id == awaited.id);
    till->awaited[0].sequence++;
    if (--till->awaited[0].left == 0 || reply->kind == REPLY_FAILURE) {
        till->awaited_count--;
        memmove(till->awaited, till->awaited + 1, till->awaited_count * sizeof(till->awaited[0]));
        sim->batches += awaited.kind == REQUEST_BOOK_BATCH && reply->kind == REPLY_BOOKED;
    }
    if (reply->kind == REPLY_FAILURE) {
        return on_failure(sim, till, &awaited, reply);
    }
    SIM_CHECK(sim, reply->kind == answer_of(awaited.kind));
    if (awaited.kind == REQUEST_HELLO) {
        on_welcome(sim, till, reply);
    } else if (awaited.kind == REQUEST_AUTHENTICATE) {
        on_ready(sim, till, reply);
    } else if (awaited.kind == REQUEST_ENROL) {
        on_enrolled(sim, till, reply);
        return false;
    } else if (awaited.kind == REQUEST_BOOK || awaited.kind == REQUEST_BOOK_BATCH) {
        on_booked(sim, till, awaited.sequence, reply);
    }
    return true;
}

void till_receive(struct sim *sim, struct till *till, struct buffer *buffer)
{
    size_t used = 0;
    struct bytes frame;
    bool stays = true;
    while (stays && buffer->size > used &&
           frame_parse((struct bytes){buffer->data + used, buffer->size - used}, FRAME_OPERATOR_BYTES_MAX,
                       &frame) == 1) {
        struct reply reply;
        arena_reset(&sim->scratch);
        const int result = wire_reply_unpack(frame, &sim->scratch, &reply);
        SIM_OK(sim, result);
        used += FRAME_HEADER_BYTES + frame.size;
        stays = on_reply(sim, till, &reply);
    }
    if (used > 0) {
        buffer->size -= used;
        memmove(buffer->data, buffer->data + used, buffer->size);
    }
    if (!stays) {
        till_leave(sim, till);
    }
}
