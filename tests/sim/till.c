#include "sim/sim.h"

#include "crypto/card.h"
#include "wire/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const cards[CARDS] = {"111", "222", "333", "444", "555", "666"};
static const char *const categories[] = {"lunch", "coffee", "cake", "tobacco"};

static struct bytes keep(struct buffer *buffer, struct bytes bytes)
{
    pipe_put(buffer, bytes);
    return (struct bytes){buffer->data, buffer->size};
}

/* What is sold: from a coffee to a wedding, with and without a card; now and then what the ledger will
 * refuse. */
static void fill_event(struct sim *sim, struct till *till, struct outbox_event *slot, struct event *event)
{
    static struct line lines[400];
    static char number[32];
    static uint8_t commitment[HASH_BYTES];
    *event = (struct event){.occurred_at = sim->house.now, .kind = EVENT_PURCHASE};
    if (sim_chance(sim, 60)) {
        struct card_number card;
        slot->card = cards[sim_below(sim, CARDS)];
        const int normal = card_normalise(slot->card, strlen(slot->card), &card);
        SIM_OK(sim, normal);
        for (size_t i = 0; i < sizeof(slot->salt); i++) {
            slot->salt[i] = (uint8_t)sim_random(sim);
        }
        crypto_card_commitment(slot->salt, &card, commitment);
        if (sim_chance(sim, 10)) {
            event->kind = EVENT_ENROLMENT;
            event->enrolment.card = (struct bytes){commitment, sizeof(commitment)};
            return;
        }
        event->purchase.card = (struct bytes){commitment, sizeof(commitment)};
    }
    /* One in twenty receipts was booked before. */
    const uint64_t receipt =
        till->sold > 1 && sim_chance(sim, 5) ? 1 + sim_below(sim, till->sold - 1) : till->sold;
    snprintf(number, sizeof(number), "%llu", (unsigned long long)receipt);
    event->purchase.receipt = (struct receipt){.business_date = 20423, .number = number};
    event->purchase.lines_count = sim_below(sim, sim->knobs.lines_max + 1);
    event->purchase.lines = lines;
    for (size_t i = 0; i < event->purchase.lines_count; i++) {
        lines[i] = (struct line){.sku = "4711",
                                 .category = categories[sim_below(sim, ARRAY_COUNT(categories))],
                                 .quantity = 1000 * (int64_t)(1 + sim_below(sim, 3)),
                                 .gross = (int64_t)sim_below(sim, 5000)};
    }
}

/* The next sequence of the outbox. */
static void sell(struct sim *sim, struct till *till)
{
    const uint64_t sequence = ++till->sold;
    struct outbox_event *slot = &till->outbox[sequence];
    struct event event;
    struct bytes body;
    fill_event(sim, till, slot, &event);
    arena_reset(&sim->scratch);
    const int packed = wire_body_pack(&event, &sim->scratch, &body);
    SIM_OK(sim, packed);
    struct buffer buffer = {0};
    body = keep(&buffer, body);
    if (sim_chance(sim, 3)) {
        buffer.data[sim_below(sim, buffer.size)] ^= 0x55; /* booked all the same, as malformed mostly */
    }
    slot->body = buffer.data;
    slot->body_size = buffer.size;
    const size_t room = SIGN_EVENT_PREFIX_BYTES + body.size;
    uint8_t *scratch = arena_alloc(&sim->scratch, 1, room);
    const struct sign_event message = {sim->house.programme_id, till->principal, sequence, body};
    const int result =
        sign_event(&sim->house.keys[till->principal], &message, scratch, room, slot->signature);
    SIM_OK(sim, result);
}

static void ask(struct sim *sim, struct till *till, struct request *request)
{
    struct bytes frame;
    SIM_CHECK(sim, till->awaited_count < IN_FLIGHT_MAX);
    request->id = ++till->next_id;
    till->awaited[till->awaited_count++] =
        (struct awaited){.id = request->id,
                         .kind = request->kind,
                         .sequence = request->kind == REQUEST_BOOK ? request->book.sequence : 0};
    arena_reset(&sim->scratch);
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
    if (till->sold < sim->knobs.events && sim_chance(sim, sim->knobs.sell_percent)) {
        sell(sim, till);
    }
    if (till->state == TILL_AWAY) {
        if (!till_is_done(sim, till)) {
            greet(sim, till);
        }
    } else if (till->state == TILL_READY && till->awaited_count < sim->knobs.pipeline) {
        if (till->next <= till->sold) {
            send_event(sim, till, till->next++);
        } else if (sim_chance(sim, 20)) {
            struct request member = {.kind = REQUEST_GET_MEMBER,
                                     .get_member = {.card = cards[sim_below(sim, CARDS)]}};
            ask(sim, till, &member);
        }
    }
}

void till_resend(struct sim *sim, struct till *till)
{
    const uint64_t acknowledged = first_unacknowledged(till) - 1;
    if (till->state == TILL_READY && acknowledged > 0 && till->awaited_count < IN_FLIGHT_MAX) {
        send_event(sim, till, 1 + sim_below(sim, acknowledged));
    }
}

bool till_is_done(const struct sim *sim, const struct till *till)
{
    return till->sold == sim->knobs.events && first_unacknowledged(till) > till->sold;
}

void till_free(struct till *till)
{
    for (uint64_t i = 1; i <= till->sold; i++) {
        free(till->outbox[i].body);
        free(till->outbox[i].booked);
    }
}

static void on_welcome(struct sim *sim, struct till *till, const struct reply *reply)
{
    uint8_t signature[SIGNATURE_BYTES];
    const struct sign_auth auth = {.programme_id = sim->house.programme_id,
                                   .principal = till->principal,
                                   .challenge = reply->welcome.challenge.data};
    SIM_CHECK(sim, reply->kind == REPLY_WELCOME);
    sign_auth(&sim->house.keys[till->principal], &auth, signature);
    struct request request = {
        .kind = REQUEST_AUTHENTICATE,
        .authenticate = {.principal = till->principal, .signature = {signature, sizeof(signature)}}};
    till->state = TILL_SIGNING;
    ask(sim, till, &request);
}

static void on_ready(struct sim *sim, struct till *till, const struct reply *reply)
{
    SIM_CHECK(sim, reply->kind == REPLY_READY);
    till->next = first_unacknowledged(till);
    /* What was acknowledged is not forgotten, and nothing was booked that was never sold. */
    SIM_CHECK(sim, reply->ready.expected_sequence >= till->next);
    SIM_CHECK(sim, reply->ready.expected_sequence <= till->sold + 1);
    till->state = TILL_READY;
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
        sim->late += reply->booked.repeated;
    } else {
        SIM_CHECK(sim, reply->booked.repeated);
        SIM_CHECK(sim, slot->booked_size == bytes.size);
        SIM_CHECK(sim, memcmp(slot->booked, bytes.data, bytes.size) == 0);
        sim->repeated++;
    }
}

/* True when the till goes on with this connection. */
static bool on_failure(struct sim *sim, const struct awaited *awaited, const struct reply *reply)
{
    sim->failures++;
    if (awaited->kind == REQUEST_GET_MEMBER && reply->failure.code == FAILURE_NOT_FOUND) {
        return true;
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
    till->awaited_count--;
    memmove(till->awaited, till->awaited + 1, till->awaited_count * sizeof(till->awaited[0]));
    if (reply->kind == REPLY_FAILURE) {
        return on_failure(sim, &awaited, reply);
    }
    if (awaited.kind == REQUEST_HELLO) {
        on_welcome(sim, till, reply);
    } else if (awaited.kind == REQUEST_AUTHENTICATE) {
        on_ready(sim, till, reply);
    } else if (awaited.kind == REQUEST_GET_MEMBER) {
        SIM_CHECK(sim, reply->kind == REPLY_MEMBER);
    } else {
        SIM_CHECK(sim, reply->kind == REPLY_BOOKED);
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
