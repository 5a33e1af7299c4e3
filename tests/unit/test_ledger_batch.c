/* Events under one signature: each booked and answered as if it had come alone, the new ones together or not
 * at all. */
#include "lib/batch.h"
#include "lib/house.h"

#include "wire/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TILL = 2, EVENTS = 300, ARENA_BYTES = 2 * 1024 * 1024, BOOKED_BYTES_MAX = 8192 };

static const char PROGRAMME[] = "programme: corner\n"
                                "version: 1\n"
                                "currency: EUR\n"
                                "zone: Europe/Tallinn\n"
                                "stores: [{id: cafe}]\n"
                                "points: {expiry: {after: {days: 30}}}\n"
                                "locales: [en]\n"
                                "rules:\n"
                                "  - {id: euro, spend: {give: 1, per: 1.00}}\n"
                                "  - {id: cup, card: coffee, visit: {give: 1}}\n"
                                "stamp_cards: [{id: coffee, required: 3, gives: {points: 4}}]\n";

/* What a till has signed, by sequence, and what it was answered first. */
struct shelf {
    struct house house;
    struct arena arena;
    struct request_book books[EVENTS + 1];
    struct {
        uint8_t *bytes;
        size_t size;
    } answers[EVENTS + 1];
    uint64_t answered; /* by the last request */
    struct reply last; /* of its replies */
};

static int open_shelf(void **state)
{
    struct shelf *shelf = calloc(1, sizeof(*shelf));
    house_open(&shelf->house, PROGRAMME, false);
    assert_int_equal(house_terminal(&shelf->house, "cafe", "till-1"), TILL);
    arena_init(&shelf->arena, malloc(ARENA_BYTES), ARENA_BYTES);
    for (uint64_t i = 1; i <= EVENTS; i++) {
        char number[16];
        char card[16];
        snprintf(number, sizeof(number), "%u", (unsigned)i);
        snprintf(card, sizeof(card), "card %u", (unsigned)(i % 5));
        struct event purchase = house_purchase(&shelf->house, number, "bread", 100 + 7 * (int64_t)i);
        struct request_book *book = &shelf->books[i];
        book->locale = i % 2 == 0 ? "en" : NULL;
        house_seal(&purchase, i, i % 7 == 0 ? NULL : card, &shelf->arena, book);
    }
    *state = shelf;
    return 0;
}

static int close_shelf(void **state)
{
    struct shelf *shelf = *state;
    house_close(&shelf->house);
    for (size_t i = 0; i <= EVENTS; i++) {
        free(shelf->answers[i].bytes);
    }
    free(shelf->arena.memory);
    free(shelf);
    return 0;
}

static struct request batch(struct shelf *shelf, uint64_t first, size_t count)
{
    const struct batch_signer signer = {&shelf->house.keys[TILL], shelf->house.programme_id, TILL};
    return batch_of(&signer, first, &shelf->books[first], count, &shelf->arena);
}

/* The answer is for `sequence`: kept when it is the first one, else the same. */
static void take_booked(struct shelf *shelf, uint64_t sequence, const struct reply *reply)
{
    const struct bytes bytes = reply->booked.booked;
    struct booked booked;
    assert_int_equal(wire_booked_unpack(bytes, &shelf->house.scratch, &booked), 0);
    assert_int_equal(booked.sequence, sequence);
    assert_int_equal(reply->booked.repeated, shelf->answers[sequence].bytes != NULL);
    assert_int_equal(reply->booked.rendering != NULL, shelf->books[sequence].locale != NULL);
    if (shelf->answers[sequence].bytes == NULL) {
        shelf->answers[sequence].bytes = malloc(bytes.size);
        memcpy(shelf->answers[sequence].bytes, bytes.data, bytes.size);
        shelf->answers[sequence].size = bytes.size;
    }
    assert_int_equal(shelf->answers[sequence].size, bytes.size);
    assert_memory_equal(shelf->answers[sequence].bytes, bytes.data, bytes.size);
}

/* Sends it and takes its replies in order: those to events, then perhaps a failure. */
static void send(struct shelf *shelf, const struct request *request)
{
    struct house *house = &shelf->house;
    arena_reset(&house->scratch);
    house_ask(house, TILL, request);
    struct bytes rest = house->result.reply;
    struct bytes frame;
    const uint64_t first =
        request->kind == REQUEST_BOOK ? request->book.sequence : request->batch.first_sequence;
    shelf->answered = 0;
    while (frame_parse(rest, FRAME_OPERATOR_BYTES_MAX, &frame) == 1) {
        arena_reset(&house->scratch);
        assert_int_equal(wire_reply_unpack(frame, &house->scratch, &shelf->last), 0);
        assert_int_equal(shelf->last.id, request->id);
        if (shelf->last.kind == REPLY_BOOKED) {
            take_booked(shelf, first + shelf->answered++, &shelf->last);
        }
        rest.data += FRAME_HEADER_BYTES + frame.size;
        rest.size -= FRAME_HEADER_BYTES + frame.size;
    }
    assert_int_equal(rest.size, 0);
}

static void book(struct shelf *shelf, uint64_t first, size_t count)
{
    const struct request request = batch(shelf, first, count);
    send(shelf, &request);
    assert_int_equal(shelf->answered, count);
}

static void book_alone(struct shelf *shelf, uint64_t sequence)
{
    struct request request = {.id = 9, .kind = REQUEST_BOOK, .book = shelf->books[sequence]};
    static uint8_t scratch[SIGN_EVENT_PREFIX_BYTES + 4096];
    uint8_t signature[SIGNATURE_BYTES];
    const struct sign_event event = {shelf->house.programme_id, TILL, sequence, request.book.body};
    assert_int_equal(sign_event(&shelf->house.keys[TILL], &event, scratch, sizeof(scratch), signature), 0);
    request.book.principal = TILL;
    request.book.sequence = sequence;
    request.book.signature = (struct bytes){signature, SIGNATURE_BYTES};
    send(shelf, &request);
    assert_int_equal(shelf->answered, 1);
}

static void expect_failure(const struct shelf *shelf, enum failure_code code)
{
    assert_int_equal(shelf->answered, 0);
    assert_int_equal(shelf->last.kind, REPLY_FAILURE);
    assert_int_equal(shelf->last.failure.code, code);
}

static uint64_t position(struct shelf *shelf)
{
    struct store_head head;
    assert_int_equal(store_head(shelf->house.temporary.store, &head), 0);
    return head.position;
}

static struct event_row row_of(struct shelf *shelf, uint64_t sequence)
{
    struct event_row row;
    arena_reset(&shelf->house.scratch);
    assert_int_equal(
        store_event_find(shelf->house.temporary.store, TILL, sequence, &shelf->house.scratch, &row), 0);
    return row;
}

static void events_of_a_batch_are_decided_as_if_each_had_come_alone(void **state)
{
    struct shelf *shelf = *state;
    void *other = NULL;
    assert_int_equal(open_shelf(&other), 0);
    struct shelf *alone = other;
    const uint64_t before = position(shelf);
    book(shelf, 1, 50);
    assert_int_equal(position(shelf), before + 50);
    for (uint64_t i = 1; i <= 50; i++) {
        book_alone(alone, i);
        struct booked together;
        struct booked single;
        assert_int_equal(wire_booked_unpack((struct bytes){shelf->answers[i].bytes, shelf->answers[i].size},
                                            &shelf->house.scratch, &together),
                         0);
        assert_int_equal(wire_booked_unpack((struct bytes){alone->answers[i].bytes, alone->answers[i].size},
                                            &alone->house.scratch, &single),
                         0);
        assert_int_equal(together.position, single.position);
        assert_int_equal(together.booked_at, single.booked_at);
        assert_true(bytes_equal(together.outcome, single.outcome));
    }
    house_replay(&shelf->house);
    close_shelf(&other);
}

static void the_signature_stands_once_in_the_log(void **state)
{
    struct shelf *shelf = *state;
    book_alone(shelf, 1);
    book(shelf, 1, 4);
    assert_int_equal(row_of(shelf, 1).batch.count, 0);
    const struct request request = batch(shelf, 1, 4);
    const uint64_t first_position = row_of(shelf, 2).position;
    for (uint64_t i = 2; i <= 4; i++) {
        const struct event_row row = row_of(shelf, i);
        assert_int_equal(row.batch.count, 4);
        assert_int_equal(row.batch.first_sequence, 1);
        assert_int_equal(row.batch.first_position, first_position);
        assert_true(bytes_equal(row.signature, request.batch.signature));
        const struct request ask = {
            .id = 1, .kind = REQUEST_GET_EVENT, .get_event = {.position = row.position}};
        house_ask(&shelf->house, HOUSE_ADMIN, &ask);
        assert_int_equal(shelf->house.reply.event.batch_sequence, 1);
        assert_int_equal(shelf->house.reply.event.batch_count, 4);
    }
    house_replay(&shelf->house);
}

static void a_retry_may_be_batched_in_any_other_way(void **state)
{
    struct shelf *shelf = *state;
    book(shelf, 1, 10);
    book_alone(shelf, 3);
    book(shelf, 2, 5);
    book(shelf, 10, 1);
    book(shelf, 7, 8); /* four of them are new */
    book_alone(shelf, 15);
    book(shelf, 15, 2);
    book(shelf, 1, 17);
    assert_int_equal(row_of(shelf, 14).batch.first_sequence, 7);
    house_restart(&shelf->house);
    book(shelf, 1, 256);
    book(shelf, 200, 57);
    house_replay(&shelf->house);
}

static void one_other_body_is_a_conflict_of_the_whole(void **state)
{
    struct shelf *shelf = *state;
    book(shelf, 1, 5);
    const uint64_t before = position(shelf);
    const struct request_book kept = shelf->books[4];
    shelf->books[4].body = shelf->books[9].body;
    const struct request request = batch(shelf, 3, 6);
    send(shelf, &request);
    expect_failure(shelf, FAILURE_CONFLICT);
    assert_int_equal(shelf->last.failure.expected_sequence, 6);
    assert_int_equal(position(shelf), before);
    shelf->books[4] = kept;
    book(shelf, 3, 6);
}

static void a_batch_before_its_turn_is_ahead(void **state)
{
    struct shelf *shelf = *state;
    const struct request request = batch(shelf, 2, 3);
    send(shelf, &request);
    expect_failure(shelf, FAILURE_AHEAD);
    assert_int_equal(shelf->last.failure.expected_sequence, 1);
    book(shelf, 1, 4);
}

static void refusals_within_a_batch_are_their_own(void **state)
{
    struct shelf *shelf = *state;
    shelf->books[2].body = (struct bytes){(const uint8_t *)"junk", 4};
    shelf->books[4].body = shelf->books[3].body; /* its receipt is booked */
    shelf->books[2].locale = NULL;
    book(shelf, 1, 6);
    static const enum outcome_code codes[] = {CODE_ACCEPTED, CODE_MALFORMED, CODE_ACCEPTED,
                                              CODE_DUPLICATE_RECEIPT, CODE_ACCEPTED};
    for (uint64_t i = 1; i <= ARRAY_COUNT(codes); i++) {
        enum outcome_code code;
        assert_int_equal(wire_outcome_code(row_of(shelf, i).outcome, &code), 0);
        assert_int_equal(code, codes[i - 1]);
    }
    house_replay(&shelf->house);
}

static void nothing_of_a_revoked_till_is_booked(void **state)
{
    struct shelf *shelf = *state;
    struct event revoke = {.occurred_at = shelf->house.now, .kind = EVENT_REVOKE, .revoke.principal = TILL};
    book(shelf, 1, 3);
    house_book(&shelf->house, HOUSE_ADMIN, &revoke, NULL);
    const struct request request = batch(shelf, 2, 3);
    send(shelf, &request);
    expect_failure(shelf, FAILURE_REVOKED);
    assert_int_equal(shelf->house.result.note, LEDGER_CLOSE);
}

static void what_an_older_key_signed_is_answered_and_not_booked(void **state)
{
    struct shelf *shelf = *state;
    struct house *house = &shelf->house;
    book(shelf, 1, 3);
    const struct request known = batch(shelf, 1, 3);
    const struct request fresh = batch(shelf, 1, 4);
    house_ask_with(house, TILL, 7, &known); /* the ledger knows of key 1 */
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
    house_ask_with(house, TILL, 7, &fresh);
    assert_int_equal(house->reply.kind, REPLY_FAILURE);
    assert_int_equal(house->reply.failure.code, FAILURE_BAD_SIGNATURE);
    house_ask_with(house, TILL, 1, &fresh);
    assert_int_equal(house->reply.kind, REPLY_BOOKED);
}

static void a_transaction_takes_256_events_however_they_are_signed(void **state)
{
    struct shelf *shelf = *state;
    struct house *house = &shelf->house;
    const struct request requests[] = {batch(shelf, 1, 200), batch(shelf, 201, 50), batch(shelf, 251, 10)};
    struct ledger_job jobs[3];
    struct ledger_result results[3];
    size_t done;
    for (size_t i = 0; i < 3; i++) {
        jobs[i] = (struct ledger_job){.request = &requests[i], .tag = i, .principal = TILL};
    }
    assert_int_equal(ledger_run(house->ledger, jobs, 3, &house->memory, results, &done), 0);
    assert_int_equal(done, 2);
    assert_int_equal(ledger_run(house->ledger, jobs + 2, 1, &house->memory, results, &done), 0);
    assert_int_equal(done, 1);
}

/* After a crash with the batch noted: which of its events it is shows when they come alone. */
static void a_batch_that_crashed_the_daemon_is_wanted_one_by_one(void **state)
{
    struct shelf *shelf = *state;
    struct house *house = &shelf->house;
    house->careful = true;
    book(shelf, 1, 3);
    struct quarantine_note note = {.principal = TILL, .sequence = 4};
    assert_int_equal(store_note_write(house->temporary.store, &note), 0);
    house_restart(house);
    const struct request request = batch(shelf, 2, 5);
    send(shelf, &request);
    expect_failure(shelf, FAILURE_ONE_BY_ONE);
    book(shelf, 2, 2); /* nothing of it is new */
    book_alone(shelf, 4);
    assert_int_equal(store_note_read(house->temporary.store, TILL, &note), ERR_NOT_FOUND);
    book(shelf, 5, 3);
    assert_int_equal(store_note_read(house->temporary.store, TILL, &note), ERR_NOT_FOUND);
    house_replay(house);
}

static void a_batch_is_noted_before_it_is_decided(void **state)
{
    struct shelf *shelf = *state;
    struct house *house = &shelf->house;
    house->careful = true;
    house_restart(house);
    /* One of an event that is not the next: it is taken over, as by an event that comes alone. */
    const struct quarantine_note other = {.principal = TILL, .sequence = 9, .ends = 1};
    assert_int_equal(store_note_write(house->temporary.store, &other), 0);
    book(shelf, 1, 200);
    struct quarantine_note note;
    assert_int_equal(store_note_read(house->temporary.store, TILL, &note), ERR_NOT_FOUND);
}

/* The ledger takes it that signatures were verified; the proof of the log does not. */
static void a_signature_of_another_batch_does_not_prove_the_log(void **state)
{
    struct shelf *shelf = *state;
    struct replay_difference difference;
    struct request request = batch(shelf, 1, 4);
    const struct request other = batch(shelf, 1, 5);
    request.batch.signature = other.batch.signature;
    send(shelf, &request);
    assert_int_equal(shelf->answered, 4);
    assert_int_equal(house_replay_differs(&shelf->house, &difference), ERR_CORRUPT);
    assert_string_equal(difference.part, "signature");
    assert_int_equal(difference.position, row_of(shelf, 4).position);
}

static void a_log_that_ends_within_a_batch_is_not_proved(void **state)
{
    struct shelf *shelf = *state;
    struct replay_difference difference = {.part = ""};
    struct temporary copy;
    book(shelf, 1, 4);
    temporary_open(&copy);
    const struct replay_options options = {.store = copy.store, .world = &shelf->house.world};
    struct replay *replay;
    assert_int_equal(replay_new(&options, &replay), 0);
    for (uint64_t at = 1; at < position(shelf); at++) {
        struct event_row row;
        arena_reset(&shelf->house.scratch);
        assert_int_equal(store_event_read(shelf->house.temporary.store, at, &shelf->house.scratch, &row), 0);
        assert_int_equal(replay_event(replay, &row, &difference), 0);
    }
    assert_int_equal(replay_finish(replay, &difference), ERR_CORRUPT);
    assert_string_equal(difference.part, "signature");
    replay_free(replay);
    temporary_remove(&copy);
}

struct checking {
    struct replay_signature last;
    uint64_t given;
    uint64_t right;
    uint64_t refused_at; /* position */
};

static int check_signature(void *context, const struct replay_signature *signature)
{
    struct checking *checking = context;
    checking->last = *signature;
    checking->given++;
    checking->right += sign_bytes_check(signature->key, signature->message, signature->signature) == 0;
    return signature->position == checking->refused_at ? ERR_SIGNATURE : 0;
}

struct replaying {
    struct replay *replay;
    struct replay_difference difference;
};

static int replay_row(void *context, const struct event_row *row)
{
    struct replaying *replaying = context;
    return replay_event(replaying->replay, row, &replaying->difference);
}

/* The whole log into a store that is thrown away, with the signatures checked here. */
static int replay_checking(struct shelf *shelf, struct checking *checking)
{
    struct temporary copy;
    struct replaying replaying = {0};
    temporary_open(&copy);
    const struct replay_options options = {.store = copy.store,
                                           .world = &shelf->house.world,
                                           .check = check_signature,
                                           .check_context = checking};
    assert_int_equal(replay_new(&options, &replaying.replay), 0);
    arena_reset(&shelf->house.scratch);
    int result = store_events(shelf->house.temporary.store, 1, position(shelf), &shelf->house.scratch,
                              replay_row, &replaying);
    if (result == 0) {
        result = replay_finish(replaying.replay, &replaying.difference);
    }
    replay_free(replaying.replay);
    temporary_remove(&copy);
    return result;
}

static void signatures_of_a_replay_may_be_checked_elsewhere(void **state)
{
    struct shelf *shelf = *state;
    const uint64_t before = position(shelf);
    book(shelf, 1, 4);
    struct checking checking = {0};
    assert_int_equal(replay_checking(shelf, &checking), 0);
    assert_int_equal(checking.given, before + 1); /* each alone, and the batch */
    assert_int_equal(checking.right, checking.given);
    assert_int_equal(checking.last.principal, TILL);
    assert_int_equal(checking.last.first_position, before + 1);
    assert_int_equal(checking.last.position, before + 4);
    struct replay_difference difference;
    replay_signature_wrong(&checking.last, &difference);
    assert_int_equal(difference.position, before + 4);
    assert_string_equal(difference.part, "signature");
    checking = (struct checking){.refused_at = 2};
    assert_int_equal(replay_checking(shelf, &checking), ERR_SIGNATURE);
    assert_int_equal(checking.given, 2);
}

struct walk {
    struct shelf *shelf;
    uint64_t next;
    uint64_t last; /* where it ends by itself */
};

static int same_as_alone(void *context, const struct event_row *row)
{
    struct walk *walk = context;
    uint8_t memory[4096];
    struct arena arena;
    struct event_row alone;
    arena_init(&arena, memory, sizeof(memory));
    assert_int_equal(row->position, walk->next++);
    assert_int_equal(store_event_read(walk->shelf->house.temporary.store, row->position, &arena, &alone), 0);
    assert_int_equal(row->principal, alone.principal);
    assert_int_equal(row->key_no, alone.key_no);
    assert_int_equal(row->sequence, alone.sequence);
    assert_int_equal(row->booked_at, alone.booked_at);
    assert_true(bytes_equal(row->body, alone.body));
    assert_true(bytes_equal(row->signature, alone.signature));
    assert_true(bytes_equal(row->context, alone.context));
    assert_true(bytes_equal(row->outcome, alone.outcome));
    assert_memory_equal(row->chain, alone.chain, HASH_BYTES);
    assert_int_equal(row->batch.count, alone.batch.count);
    assert_int_equal(row->batch.first_sequence, alone.batch.first_sequence);
    assert_int_equal(row->batch.first_position, alone.batch.first_position);
    return row->position == walk->last ? 7 : 0;
}

static void events_in_a_row_are_read_as_one_by_one(void **state)
{
    struct shelf *shelf = *state;
    struct store *store = shelf->house.temporary.store;
    struct arena *arena = &shelf->house.scratch;
    book(shelf, 1, 4);
    book(shelf, 5, 1);
    (void)house_terminal(&shelf->house, "cafe", "till-2"); /* between two batches */
    book(shelf, 6, 3);
    struct walk walk = {.shelf = shelf, .next = 1};
    assert_int_equal(store_events(store, 1, position(shelf), arena, same_as_alone, &walk), 0);
    assert_int_equal(walk.next, position(shelf) + 1);
    /* From within a batch, beyond the end, and only so far. */
    walk = (struct walk){.shelf = shelf, .next = position(shelf) - 1};
    assert_int_equal(store_events(store, walk.next, position(shelf) + 9, arena, same_as_alone, &walk), 0);
    assert_int_equal(walk.next, position(shelf) + 1);
    walk = (struct walk){.shelf = shelf, .next = 2, .last = 3};
    assert_int_equal(store_events(store, 2, position(shelf), arena, same_as_alone, &walk), 7);
    assert_int_equal(walk.next, 4);
}

static void a_return_is_decided_behind_the_batch_that_brings_its_purchase(void **state)
{
    struct shelf *shelf = *state;
    struct house *house = &shelf->house;
    house->sequences[TILL] = EVENTS + 1; /* the shelf signs by itself */
    const uint32_t other = house_terminal(house, "cafe", "till-2");
    const int32_t day = (int32_t)(house->now / 86400000);
    struct event back = {.occurred_at = house->now,
                         .kind = EVENT_GOODS_RETURN,
                         .goods_return = {.receipt = {.business_date = day, .number = "C2"},
                                          .has_original = true,
                                          .original = {.business_date = day, .till = "till-1", .number = "2"},
                                          .whole = true,
                                          .done = true}};
    house_book(house, other, &back, NULL);
    assert_int_equal(house->decision->outcome.exceptions_count, 1);
    assert_int_equal(house->decision->outcome.exceptions[0].kind, EXCEPTION_PARKED);
    const uint64_t before = position(shelf);
    book(shelf, 1, 4);
    assert_int_equal(position(shelf), before + 5);
    struct event_row row;
    struct event event;
    arena_reset(&house->scratch);
    assert_int_equal(store_event_read(house->temporary.store, before + 5, &house->scratch, &row), 0);
    assert_int_equal(wire_body_unpack(row.body, &house->scratch, &event, NULL), 0);
    assert_int_equal(event.kind, EVENT_RESUMED);
    assert_int_equal(event.resumed.position, before);
    house_replay(house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_shelf, close_shelf)
        TEST(events_of_a_batch_are_decided_as_if_each_had_come_alone),
        TEST(the_signature_stands_once_in_the_log),
        TEST(a_retry_may_be_batched_in_any_other_way),
        TEST(one_other_body_is_a_conflict_of_the_whole),
        TEST(a_batch_before_its_turn_is_ahead),
        TEST(refusals_within_a_batch_are_their_own),
        TEST(nothing_of_a_revoked_till_is_booked),
        TEST(what_an_older_key_signed_is_answered_and_not_booked),
        TEST(a_transaction_takes_256_events_however_they_are_signed),
        TEST(a_batch_that_crashed_the_daemon_is_wanted_one_by_one),
        TEST(a_batch_is_noted_before_it_is_decided),
        TEST(a_signature_of_another_batch_does_not_prove_the_log),
        TEST(a_log_that_ends_within_a_batch_is_not_proved),
        TEST(signatures_of_a_replay_may_be_checked_elsewhere),
        TEST(events_in_a_row_are_read_as_one_by_one),
        TEST(a_return_is_decided_behind_the_batch_that_brings_its_purchase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
