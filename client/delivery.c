#include "client/delivery.h"

#include "base/check.h"
#include "base/text.h"
#include "client/clock.h"
#include "client/delivery_send.h"
#include "client/greeting.h"
#include "model/day.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEYS_MAX = 1 + DELIVERY_OTHERS_MAX,
    EVENT_ARENA_BYTES = 2 * FRAME_OPERATOR_BYTES_MAX,
    PENDING_MAX = 64, /* acknowledgements in one transaction */
};

int delivery_init(struct delivery *delivery, const struct delivery_options *options)
{
    CHECK(options->outbox != NULL);
    CHECK(options->pair != NULL);
    *delivery = (struct delivery){.options = *options};
    if (delivery->options.in_flight_max == 0) {
        delivery->options.in_flight_max = DELIVERY_IN_FLIGHT_DEFAULT;
    }
    CHECK(delivery->options.in_flight_max <= REQUESTS_IN_FLIGHT_MAX);
    if (delivery->options.batch_max == 0) {
        delivery->options.batch_max = DELIVERY_BATCH_DEFAULT;
    }
    CHECK(delivery->options.batch_max <= BATCH_EVENTS_MAX);
    struct outbox *outbox = options->outbox;
    int64_t principal = 0;
    int error = place_read(outbox, &delivery->place);
    if (error == 0) {
        error = outbox_bytes(outbox, OUTBOX_PROGRAMME_ID, delivery->programme_id, PROGRAMME_ID_BYTES);
    }
    if (error == 0) {
        error = outbox_bytes(outbox, OUTBOX_DAEMON_KEY, delivery->daemon_key, KEY_BYTES);
    }
    if (error == 0) {
        error = outbox_number(outbox, OUTBOX_PRINCIPAL, &principal);
    }
    if (error != 0) {
        return error;
    }
    if (principal < 1 || principal > UINT32_MAX) {
        return ERR_CORRUPT;
    }
    delivery->principal = (uint32_t)principal;
    delivery->memory = malloc(EVENT_ARENA_BYTES);
    delivery->outcome = malloc(sizeof(*delivery->outcome));
    if (delivery->memory == NULL || delivery->outcome == NULL) {
        delivery_fini(delivery);
        return ERR_NOMEM;
    }
    arena_init(&delivery->arena, delivery->memory, EVENT_ARENA_BYTES);
    return 0;
}

static void disconnect(struct delivery *delivery)
{
    session_close(&delivery->session);
    delivery->connected = false;
    delivery->flowing = false;
}

void delivery_fini(struct delivery *delivery)
{
    if (delivery->connected) {
        disconnect(delivery);
    }
    free(delivery->memory);
    free(delivery->outcome);
    delivery->memory = NULL;
    delivery->outcome = NULL;
}

/* Our keys, the one we think is current first; NULL: none. */
static const struct key_pair *key_at(const struct delivery *delivery, size_t index)
{
    return index == 0 ? delivery->options.pair : delivery->options.others[index - 1];
}

static int open_session(struct delivery *delivery)
{
    struct outbox *outbox = delivery->options.outbox;
    uint8_t chain[HASH_BYTES];
    int64_t position = 0;
    int error = outbox_number(outbox, OUTBOX_LAST_POSITION, &position);
    if (error == 0) {
        error = outbox_bytes(outbox, OUTBOX_LAST_CHAIN, chain, HASH_BYTES);
    }
    if (error != 0 && error != ERR_NOT_FOUND) {
        return error;
    }
    const struct place *place = &delivery->place;
    const struct session_options options = {.url = place->url,
                                            .ca = place->ca[0] != '\0' ? place->ca : NULL,
                                            .world = delivery->options.world,
                                            .timeout_ms = delivery->options.timeout_ms};
    struct session_identity identity = {.programme_id = delivery->programme_id,
                                        .daemon_key = delivery->daemon_key,
                                        .principal = delivery->principal,
                                        .pair = delivery->options.pair,
                                        .last_position = error == 0 ? (uint64_t)position : 0,
                                        .last_chain = error == 0 ? chain : NULL};
    for (size_t i = 0; i < KEYS_MAX; i++) {
        delivery->live = key_at(delivery, i);
        if (delivery->live == NULL) {
            continue;
        }
        identity.pair = delivery->live;
        error = session_open(&delivery->session, &options, &identity);
        if (!delivery->session.failed || delivery->session.failure != FAILURE_BAD_SIGNATURE) {
            break; /* else the daemon may have booked our change of keys, or lost it with a restored log */
        }
    }
    if (error != 0) {
        session_say(delivery->text, "%s", delivery->session.text);
    }
    return error;
}

int delivery_connect(struct delivery *delivery)
{
    if (delivery->connected) {
        return 0;
    }
    delivery->text[0] = '\0';
    int error = open_session(delivery);
    if (error != 0) {
        return error;
    }
    delivery->connected = true;
    error = greeting_reconcile(delivery->options.outbox, &delivery->session.ready, delivery->text);
    if (error == 0) {
        error = greeting_remember(delivery->options.outbox, &delivery->session);
    }
    if (error == 0) {
        error = place_learn(delivery->options.outbox, &delivery->place, &delivery->session);
    }
    if (error != 0) {
        disconnect(delivery);
    }
    return error;
}

/* Forgets what is in flight: it will be sent again. */
static int rewind_flight(struct delivery *delivery)
{
    delivery->next = delivery->first;
    delivery->draining = false;
    delivery->rotation = 0;
    delivery->flights_count = 0;
    delivery->flowing = delivery->connected;
    if (delivery->again) {
        return 0;
    }
    struct outbox_counts counts;
    const int error = outbox_event_count(delivery->options.outbox, &counts);
    if (error == 0) {
        delivery->first = counts.first_waiting;
        delivery->next = counts.first_waiting;
        delivery->end = counts.next_sequence;
    }
    return error;
}

static void take_rotation(struct delivery *delivery, const struct delivery_answer *answer)
{
    delivery->rotation = 0;
    for (size_t i = 0; i < KEYS_MAX && answer->outcome->code == CODE_ACCEPTED && !answer->repeated; i++) {
        const struct key_pair *key = key_at(delivery, i);
        if (key != NULL && memcmp(key->public_key, delivery->rotated, KEY_BYTES) == 0) {
            delivery->live = key;
        }
    }
}

static int commit_pending(struct delivery *delivery)
{
    if (delivery->pending == 0) {
        return 0;
    }
    delivery->pending = 0;
    const int error = outbox_commit(delivery->options.outbox);
    if (error != 0) {
        outbox_rollback(delivery->options.outbox);
    }
    return error;
}

static int acknowledge(struct delivery *delivery, const struct delivery_answer *answer)
{
    struct outbox *outbox = delivery->options.outbox;
    int64_t last = 0;
    int error = delivery->pending == 0 ? outbox_begin(outbox) : 0;
    if (error != 0) {
        return error;
    }
    delivery->pending++;
    const int64_t now = delivery->options.world->wall_ms(delivery->options.world->context);
    error = outbox_event_acknowledge(outbox, answer->sequence, answer->booked_bytes, now);
    if (error == 0) {
        error = outbox_number(outbox, OUTBOX_LAST_POSITION, &last);
        error = error == ERR_NOT_FOUND ? 0 : error;
    }
    /* A repeated answer is of long ago: the newest position is the better witness. */
    if (error == 0 && answer->booked.position > (uint64_t)last) {
        error = outbox_set_number(outbox, OUTBOX_LAST_POSITION, (int64_t)answer->booked.position);
        if (error == 0) {
            error = outbox_set_bytes(outbox, OUTBOX_LAST_CHAIN, answer->booked.chain, HASH_BYTES);
        }
    }
    if (error == 0 && delivery->pending >= PENDING_MAX) {
        error = commit_pending(delivery);
    }
    if (error != 0) {
        delivery->pending = 0;
        outbox_rollback(outbox);
    }
    return error;
}

static int compare_again(struct delivery *delivery, struct delivery_answer *answer)
{
    struct outbox_event event;
    arena_reset(&delivery->arena);
    const int error = outbox_event_load(delivery->options.outbox, answer->sequence, &delivery->arena, &event);
    if (error == 0) {
        answer->again = true;
        answer->same = bytes_equal(event.booked, answer->booked_bytes);
        delivery->differing_count += answer->same ? 0 : 1;
    }
    return error;
}

static int take_booked(struct delivery *delivery, const struct reply *reply)
{
    struct arena *arena = &delivery->session.arena;
    struct delivery_answer answer = {.sequence = delivery->first,
                                     .repeated = reply->booked.repeated,
                                     .booked_bytes = reply->booked.booked,
                                     .outcome = delivery->outcome,
                                     .rendering = reply->booked.rendering};
    int error = wire_booked_unpack(answer.booked_bytes, arena, &answer.booked);
    if (error == 0) {
        error = wire_outcome_unpack(answer.booked.outcome, arena, delivery->outcome);
    }
    if (error != 0 || answer.booked.sequence != delivery->first || answer.booked.position == 0) {
        session_say(delivery->text, "the daemon's answer to event %" PRIu64 " cannot be read",
                    delivery->first);
        return error != 0 ? error : ERR_FORMAT;
    }
    error = delivery->again ? compare_again(delivery, &answer) : acknowledge(delivery, &answer);
    if (error != 0) {
        return error;
    }
    if (delivery->rotation == delivery->first) {
        take_rotation(delivery, &answer);
    }
    delivery->first++;
    delivery->answered_count++;
    delivery->repeated_count += answer.repeated ? 1 : 0;
    if (delivery->options.answered != NULL) {
        delivery->options.answered(delivery->options.context, &answer);
    }
    return 0;
}

/* An answer to one event of the oldest request in flight has come. */
static void land_one(struct delivery *delivery)
{
    struct delivery_flight *flight = &delivery->flights[delivery->flights_first];
    if (--flight->left == 0) {
        delivery->flights_first = (delivery->flights_first + 1) % REQUESTS_IN_FLIGHT_MAX;
        delivery->flights_count--;
    }
}

/* A failure stands for all of its request that has no answer yet and, as AHEAD, for everything sent behind
 * it: take those answers too. */
static void take_failure(struct delivery *delivery, const struct reply *reply)
{
    const struct delivery_flight *flight = &delivery->flights[delivery->flights_first];
    if (!delivery->draining) {
        delivery->draining = true;
        delivery->failure = reply->failure.code;
        delivery->failed_end = delivery->flights_count > 0 ? flight->first + flight->count : 0;
        session_say(delivery->text, "event %" PRIu64 ": the daemon says %s%s%s", delivery->first,
                    failure_name(reply->failure.code), reply->failure.text != NULL ? ": " : "",
                    reply->failure.text != NULL ? reply->failure.text : "");
    }
    /* While draining, `first` stays and `next` counts down to it. A failure may also come unasked for, such
     * as REPLACED. */
    for (uint32_t left = delivery->flights_count > 0 ? flight->left : 0; left > 0; left--) {
        delivery->next--;
        land_one(delivery);
    }
}

static int take_reply(struct delivery *delivery, const struct reply *reply)
{
    if (reply->kind == REPLY_FAILURE) {
        take_failure(delivery, reply);
        return 0;
    }
    if (reply->kind == REPLY_BOOKED && delivery->draining && delivery->next > delivery->first) {
        /* Behind a CONFLICT events may be booked all the same. Their answers wait until that is settled: the
         * daemon gives them again. */
        delivery->next--;
        land_one(delivery);
        return 0;
    }
    if (reply->kind != REPLY_BOOKED || delivery->flights_count == 0 ||
        reply->id != (uint32_t)delivery->flights[delivery->flights_first].first) {
        session_say(delivery->text, "the daemon gave an answer to something else than event %" PRIu64,
                    delivery->first);
        return ERR_FORMAT;
    }
    land_one(delivery);
    return take_booked(delivery, reply);
}

/* Takes one answer, after sending what the window allows. */
static int step(struct delivery *delivery)
{
    struct reply reply;
    int error = delivery_send_window(delivery);
    if (error != 0) {
        return error;
    }
    error = session_receive(&delivery->session, 0, &reply);
    if (error == ERR_TIMEOUT) {
        /* Nothing at hand: time to put the last answers on the disk. */
        error = commit_pending(delivery);
        if (error == 0) {
            error = session_receive(&delivery->session, delivery->options.timeout_ms, &reply);
        }
    }
    return error != 0 ? error : take_reply(delivery, &reply);
}

/* After a failure, when nothing is in flight any more: what now? 0: wait a little and go on. */
static int settle_failure(struct delivery *delivery)
{
    const enum failure_code code = delivery->failure;
    if (code == FAILURE_ONE_BY_ONE) {
        delivery->alone_end = delivery->failed_end;
        return rewind_flight(delivery);
    }
    if (code == FAILURE_RETRY || code == FAILURE_BUSY) {
        return rewind_flight(delivery);
    }
    if (code == FAILURE_AHEAD || code == FAILURE_STOPPING) {
        /* A new greeting tells where to go on. */
        disconnect(delivery);
        return rewind_flight(delivery);
    }
    disconnect(delivery);
    return session_failure_error(code);
}

static bool passes(int error)
{
    return error == ERR_CLOSED || error == ERR_TIMEOUT;
}

/* Connects and makes one step of headway. 0 also when there was none but there may be: see `first`. */
static int advance(struct delivery *delivery)
{
    int error = delivery_connect(delivery);
    if (error != 0) {
        return error;
    }
    error = delivery->flowing ? 0 : rewind_flight(delivery);
    error = error != 0 ? error : delivery_send_window(delivery);
    while (error == 0 && delivery->first + delivery->leave < delivery->end) {
        error = step(delivery);
        if (error == 0 && delivery->draining && delivery->next == delivery->first) {
            error = commit_pending(delivery);
            return error != 0 ? error : settle_failure(delivery);
        }
    }
    const int committed = commit_pending(delivery);
    if (error != 0) {
        const bool told = delivery->draining && !passes(session_failure_error(delivery->failure));
        disconnect(delivery);
        if (passes(error) && told && delivery->failure != FAILURE_AHEAD) {
            return session_failure_error(delivery->failure);
        }
        if (!delivery->draining && delivery->text[0] == '\0') {
            session_say(delivery->text, "the connection to the daemon broke: %s", error_text(error));
        }
    }
    return error != 0 ? error : committed;
}

static int run(struct delivery *delivery)
{
    const struct world *world = delivery->options.world;
    int64_t deadline = world->monotonic_ms(world->context) + delivery->options.timeout_ms;
    int64_t backoff = DELIVERY_BACKOFF_MS_MIN;
    for (;;) {
        const uint64_t before = delivery->answered_count;
        const int error = advance(delivery);
        if (error == 0 && delivery->first + delivery->leave >= delivery->end && delivery->connected) {
            delivery->text[0] = '\0';
            return 0;
        }
        if (error != 0 && !passes(error)) {
            return error;
        }
        const int64_t now = world->monotonic_ms(world->context);
        if (delivery->answered_count > before) {
            deadline = now + delivery->options.timeout_ms;
            backoff = DELIVERY_BACKOFF_MS_MIN;
        }
        if (now + backoff >= deadline) {
            return error != 0 ? error : ERR_TIMEOUT;
        }
        clock_sleep_ms(backoff);
        backoff = backoff * 2 > DELIVERY_BACKOFF_MS_MAX ? DELIVERY_BACKOFF_MS_MAX : backoff * 2;
    }
}

/* What was acknowledged long ago is needed no more. */
static int forget_old(struct delivery *delivery)
{
    int64_t days = 0;
    const int error = outbox_number(delivery->options.outbox, OUTBOX_RETENTION, &days);
    if (error == ERR_NOT_FOUND || (error == 0 && days <= 0)) {
        return 0;
    }
    if (error != 0) {
        return error;
    }
    const int64_t now = delivery->options.world->wall_ms(delivery->options.world->context);
    return outbox_event_expire(delivery->options.outbox, now - days * DAY_MS);
}

/* Aims at all that waits, behind what is in flight already. */
static int aim(struct delivery *delivery)
{
    struct outbox_counts counts;
    if (delivery->flowing && !delivery->again) {
        int64_t next = 0;
        const int error = outbox_number(delivery->options.outbox, OUTBOX_NEXT_SEQUENCE, &next);
        delivery->end = error == 0 ? (uint64_t)next : delivery->end;
        return error == ERR_NOT_FOUND ? 0 : error;
    }
    const int error = outbox_event_count(delivery->options.outbox, &counts);
    if (error == 0) {
        delivery->again = false;
        delivery->first = counts.first_waiting;
        delivery->next = counts.first_waiting;
        delivery->end = counts.next_sequence;
    }
    return error;
}

int delivery_run_until(struct delivery *delivery, uint64_t unanswered_max)
{
    int error = aim(delivery);
    if (error == 0) {
        delivery->leave = unanswered_max;
        error = run(delivery);
        delivery->leave = 0;
    }
    return error;
}

int delivery_run(struct delivery *delivery)
{
    const int error = delivery_run_until(delivery, 0);
    return error != 0 ? error : forget_old(delivery);
}

int delivery_run_again(struct delivery *delivery, uint64_t from)
{
    struct outbox_counts counts;
    const int error = outbox_event_count(delivery->options.outbox, &counts);
    if (error != 0) {
        return error;
    }
    delivery->again = true;
    delivery->first = from > counts.first_kept ? from : counts.first_kept;
    delivery->next = delivery->first;
    delivery->end = counts.first_waiting;
    if (delivery->first >= delivery->end) {
        return 0;
    }
    return run(delivery);
}
