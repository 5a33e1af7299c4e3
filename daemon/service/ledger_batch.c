/* Booking events under one signature. Each is decided and answered as if it had come alone; what is new of
 * them is written in one transaction, because a job never is split over two. */
#include "service/ledger_internal.h"

#include "base/check.h"

enum {
    /* Kept free for the failure that may end the replies. */
    LAST_REPLY_BYTES = 1024,
    REPLIES_BYTES_MAX = LEDGER_REPLY_BYTES_MAX - LAST_REPLY_BYTES,
    /* Renderings are left out when the replies to one batch have come to this. */
    RENDERED_BYTES_MAX = REPLIES_BYTES_MAX / 2,
};

/* The replies to one batch, frame behind frame. */
struct replies {
    struct arena *memory;
    uint32_t id;
    size_t start; /* of the first, in memory */
    bool cut;     /* there was no room for one, and so for none behind it */
};

static size_t bytes_of(const struct replies *replies)
{
    return replies->memory->used - replies->start;
}

static struct bytes all_of(const struct replies *replies)
{
    return (struct bytes){replies->memory->memory + replies->start, bytes_of(replies)};
}

/* Appends the reply where there is room for it, without its rendering if need be. */
static int add_reply(struct replies *replies, struct reply *reply)
{
    struct arena *memory = replies->memory;
    struct bytes frame;
    reply->id = replies->id;
    struct arena room = *memory;
    room.size = replies->start + REPLIES_BYTES_MAX;
    CHECK(room.size <= memory->size);
    int result = wire_reply_pack(reply, &room, &frame);
    if (result == ERR_TOO_LARGE && reply->kind == REPLY_BOOKED && reply->booked.rendering != NULL) {
        reply->booked.rendering = NULL;
        result = wire_reply_pack(reply, &room, &frame);
    }
    if (result == ERR_TOO_LARGE) {
        replies->cut = true;
        return 0;
    }
    if (result == 0) {
        CHECK(frame.data == memory->memory + memory->used); /* a frame leaves no gap in front of it */
        memory->used = room.used;
    }
    return result;
}

/* Only a failure: it stands for the whole batch, or for what the replies before it do not tell. */
static int add_failure(struct ledger *ledger, struct replies *replies, enum failure_code code,
                       const char *text)
{
    struct reply reply = {.id = replies->id};
    struct bytes frame;
    ledger_fail(ledger, &reply, code, text);
    return wire_reply_pack(&reply, replies->memory, &frame);
}

/* Whether what is booked of the batch has the bodies it has here: 1 or 0, where the reply is the conflict. */
static int check_booked(struct ledger *ledger, const struct request_batch *batch, struct reply *reply)
{
    const uint64_t next = ledger_principal(ledger, batch->principal)->next_sequence;
    struct bytes rest = batch->events;
    struct bytes body;
    uint64_t sequence = batch->first_sequence;
    for (; sequence < next && wire_batch_next(&rest, &body); sequence++) {
        struct event_row row;
        arena_reset(&ledger->scratch);
        const int result =
            store_event_find(ledger->options.store, batch->principal, sequence, &ledger->scratch, &row);
        if (result < 0) {
            return result == ERR_NOT_FOUND ? ERR_CORRUPT : result;
        }
        if (!bytes_equal(row.body, body)) {
            const struct request_book book = {
                .principal = batch->principal, .sequence = sequence, .body = body};
            const int conflict = ledger_answer_stored(ledger, &book, reply);
            return conflict < 0 ? conflict : 0;
        }
    }
    return 1;
}

/* After a crash: notes the batch durably by its first new event before anything of it is decided. 0 when it
 * was the cause once: which of its events it is shows when they come one by one. */
static int note_batch(struct ledger *ledger, const struct request_batch *batch)
{
    const uint64_t sequence = ledger_principal(ledger, batch->principal)->next_sequence;
    struct quarantine_note note;
    const int result = store_note_read(ledger->options.store, batch->principal, &note);
    if (result < 0 && result != ERR_NOT_FOUND) {
        return result;
    }
    if (result == 0 && note.sequence == sequence && note.ends > 0) {
        return 0;
    }
    note = (struct quarantine_note){.principal = batch->principal, .sequence = sequence};
    const int written = store_note_write(ledger->options.store, &note);
    return written < 0 ? written : 1;
}

static int clear_note(struct ledger *ledger, uint32_t principal, uint32_t booked)
{
    if (ledger->careful_left == 0 || booked == 0) {
        return 0;
    }
    ledger->careful_left -= booked < ledger->careful_left ? booked : ledger->careful_left;
    return store_note_clear(ledger->options.store, principal);
}

/* Nothing stands against the batch any more: books and answers its events in their order. */
static int book_events(struct ledger *ledger, const struct request_batch *batch, struct replies *replies,
                       struct ledger_result *result)
{
    const uint64_t next = ledger_principal(ledger, batch->principal)->next_sequence;
    struct event_batch signed_in = {.count = batch->count, .first_sequence = batch->first_sequence};
    struct bytes rest = batch->events;
    uint32_t booked = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        const uint64_t sequence = batch->first_sequence + i;
        struct request_book book;
        struct reply reply = {.id = replies->id};
        arena_reset(&ledger->scratch);
        int status = wire_batch_book(batch, sequence, &rest, &ledger->scratch, &book);
        if (status < 0) {
            return status;
        }
        if (bytes_of(replies) > RENDERED_BYTES_MAX) {
            book.locale = NULL;
        }
        if (sequence >= next) {
            status = ledger_book_event(ledger, &book, &signed_in, &reply, result);
            booked++;
        } else if (!replies->cut) {
            status = ledger_answer_stored(ledger, &book, &reply);
        }
        if (status == 0 && !replies->cut) {
            status = add_reply(replies, &reply);
        }
        if (status < 0) {
            return status;
        }
    }
    ledger->metrics.batches_signed += booked > 0;
    return clear_note(ledger, batch->principal, booked);
}

/* 1: go on; 0: the reply says why not. */
static int may_book(struct ledger *ledger, const struct ledger_job *job, struct reply *reply,
                    struct ledger_result *result)
{
    const struct request_batch *batch = &job->request->batch;
    if (!ledger_may_book(ledger, job, batch->principal, reply, result)) {
        return 0;
    }
    const uint64_t next = ledger_principal(ledger, batch->principal)->next_sequence;
    const bool news = batch->first_sequence + batch->count > next;
    const int same = check_booked(ledger, batch, reply);
    if (same <= 0 || !news) {
        return same;
    }
    if (!ledger_may_follow(ledger, job, batch->principal, batch->first_sequence, reply)) {
        return 0;
    }
    const int noted = ledger->careful_left > 0 ? note_batch(ledger, batch) : 1;
    if (noted == 0) {
        ledger_fail(ledger, reply, FAILURE_ONE_BY_ONE,
                    "the daemon ended while it decided this batch: send its events with a signature each");
    }
    return noted;
}

int ledger_book_batch(struct ledger *ledger, const struct ledger_job *job, struct arena *memory,
                      struct ledger_result *result)
{
    const struct request_batch *batch = &job->request->batch;
    struct replies replies = {.memory = memory, .id = job->request->id, .start = memory->used};
    struct reply reply = {.id = replies.id};
    CHECK(batch->count > 0);
    CHECK(memory->size - memory->used >= LEDGER_REPLY_BYTES_MAX);
    int status = may_book(ledger, job, &reply, result);
    if (status == 0) {
        status = add_reply(&replies, &reply);
    } else if (status > 0) {
        status = book_events(ledger, batch, &replies, result);
    }
    if (status == 0 && replies.cut) {
        status = bytes_of(&replies) == 0
                     ? add_failure(ledger, &replies, FAILURE_TOO_LARGE, "the answer is larger than a frame")
                     : add_failure(ledger, &replies, FAILURE_RETRY,
                                   "the answers are too many for one batch: ask for the rest again");
    }
    result->reply = all_of(&replies);
    return status;
}
