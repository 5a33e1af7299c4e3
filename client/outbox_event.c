#include "client/outbox_event.h"

#include "base/check.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static int next_sequence(struct outbox *outbox, uint64_t *ret_sequence)
{
    int64_t number = 1;
    const int error = outbox_number(outbox, OUTBOX_NEXT_SEQUENCE, &number);
    if (error != 0 && error != ERR_NOT_FOUND) {
        return error;
    }
    if (number < 1) {
        return ERR_CORRUPT;
    }
    *ret_sequence = (uint64_t)number;
    return 0;
}

static int sign(const struct outbox_draft *draft, const struct outbox_signer *signer, uint64_t sequence,
                uint8_t ret_signature[SIGNATURE_BYTES])
{
    const size_t scratch_size = SIGN_EVENT_PREFIX_BYTES + draft->body.size;
    uint8_t *scratch = malloc(scratch_size);
    if (scratch == NULL) {
        return ERR_NOMEM;
    }
    const struct sign_event event = {.programme_id = signer->programme_id,
                                     .principal = signer->principal,
                                     .sequence = sequence,
                                     .body = draft->body};
    const int error = sign_event(signer->pair, &event, scratch, scratch_size, ret_signature);
    free(scratch);
    return error;
}

static void bind_optional_text(struct sqlite3_stmt *statement, int parameter, const char *text)
{
    if (text != NULL) {
        (void)sqlite3_bind_text(statement, parameter, text, -1, SQLITE_STATIC);
    }
}

static int insert(struct outbox *outbox, const struct outbox_draft *draft, uint64_t sequence,
                  const uint8_t *signature)
{
    struct sqlite3_stmt *add = outbox->statements[OUTBOX_EVENT_ADD];
    (void)sqlite3_bind_int64(add, 1, (int64_t)sequence);
    (void)sqlite3_bind_blob64(add, 2, draft->body.data, draft->body.size, SQLITE_STATIC);
    if (signature != NULL) {
        (void)sqlite3_bind_blob64(add, 3, signature, SIGNATURE_BYTES, SQLITE_STATIC);
    } else {
        (void)sqlite3_bind_zeroblob(add, 3, 0);
    }
    if (draft->card != NULL) {
        (void)sqlite3_bind_blob64(add, 4, draft->salt.data, draft->salt.size, SQLITE_STATIC);
    }
    bind_optional_text(add, 5, draft->card);
    bind_optional_text(add, 6, draft->locale);
    bind_optional_text(add, 7, draft->receipt);
    (void)sqlite3_bind_int64(add, 8, draft->queued_at);
    return outbox_run(outbox, OUTBOX_EVENT_ADD);
}

int outbox_event_add(struct outbox *outbox, const struct outbox_draft *draft,
                     const struct outbox_signer *signer, uint64_t *ret_sequence)
{
    CHECK(draft->body.size > 0);
    CHECK(draft->card == NULL || draft->salt.size == CARD_SALT_BYTES);
    if (draft->body.size > BODY_OPERATOR_BYTES_MAX) {
        return ERR_TOO_LARGE;
    }
    const bool alone = sqlite3_get_autocommit(outbox->db) != 0;
    int error = alone ? outbox_begin(outbox) : 0;
    if (error != 0) {
        return error;
    }
    uint64_t sequence = 0;
    uint8_t signature[SIGNATURE_BYTES];
    error = next_sequence(outbox, &sequence);
    if (error == 0 && signer != NULL) {
        error = sign(draft, signer, sequence, signature);
    }
    if (error == 0) {
        error = insert(outbox, draft, sequence, signer != NULL ? signature : NULL);
    }
    if (error == 0) {
        error = outbox_set_number(outbox, OUTBOX_NEXT_SEQUENCE, (int64_t)sequence + 1);
    }
    if (error == 0 && alone) {
        error = outbox_commit(outbox);
    }
    if (error != 0) {
        if (alone) {
            outbox_rollback(outbox);
        }
        return error;
    }
    *ret_sequence = sequence;
    return 0;
}

/* A copy of a blob or text column in the arena; false when there is no room. */
static bool copy_column(struct sqlite3_stmt *statement, int column, struct arena *arena,
                        struct bytes *ret_bytes)
{
    *ret_bytes = (struct bytes){0};
    if (sqlite3_column_type(statement, column) == SQLITE_NULL) {
        return true;
    }
    const void *data = sqlite3_column_blob(statement, column);
    const size_t size = (size_t)sqlite3_column_bytes(statement, column);
    const void *copy = arena_copy(arena, data, size);
    *ret_bytes = (struct bytes){.data = copy, .size = size};
    return copy != NULL;
}

static bool copy_text(struct sqlite3_stmt *statement, int column, struct arena *arena, const char **ret_text)
{
    struct bytes bytes;
    const bool copied = copy_column(statement, column, arena, &bytes);
    *ret_text = (const char *)bytes.data;
    return copied;
}

int outbox_event_load(struct outbox *outbox, uint64_t sequence, struct arena *arena,
                      struct outbox_event *ret_event)
{
    struct sqlite3_stmt *row = outbox->statements[OUTBOX_EVENT_GET];
    (void)sqlite3_bind_int64(row, 1, (int64_t)sequence);
    const int found = outbox_step(outbox, OUTBOX_EVENT_GET);
    if (found <= 0) {
        outbox_reset(outbox, OUTBOX_EVENT_GET);
        return found < 0 ? found : ERR_NOT_FOUND;
    }
    int error = 0;
    struct bytes signature = {0};
    struct outbox_event event = {.sequence = sequence, .queued_at = sqlite3_column_int64(row, 7)};
    if (!copy_column(row, 1, arena, &event.body) || !copy_column(row, 2, arena, &signature) ||
        !copy_column(row, 3, arena, &event.salt) || !copy_text(row, 4, arena, &event.card) ||
        !copy_text(row, 5, arena, &event.locale) || !copy_text(row, 6, arena, &event.receipt) ||
        !copy_column(row, 8, arena, &event.booked)) {
        error = ERR_NOMEM;
    } else if (signature.size != SIGNATURE_BYTES && signature.size != 0) {
        error = ERR_CORRUPT;
    } else {
        event.is_signed = signature.size > 0;
        if (event.is_signed) {
            memcpy(event.signature, signature.data, SIGNATURE_BYTES);
        }
        *ret_event = event;
    }
    outbox_reset(outbox, OUTBOX_EVENT_GET);
    return error;
}

int outbox_event_by_receipt(struct outbox *outbox, const char *receipt, uint64_t *ret_sequence)
{
    struct sqlite3_stmt *row = outbox->statements[OUTBOX_EVENT_BY_RECEIPT];
    (void)sqlite3_bind_text(row, 1, receipt, -1, SQLITE_STATIC);
    const int found = outbox_step(outbox, OUTBOX_EVENT_BY_RECEIPT);
    if (found == 1) {
        *ret_sequence = (uint64_t)sqlite3_column_int64(row, 0);
    }
    outbox_reset(outbox, OUTBOX_EVENT_BY_RECEIPT);
    return found < 0 ? found : found == 1 ? 0 : ERR_NOT_FOUND;
}

int outbox_event_acknowledge(struct outbox *outbox, uint64_t sequence, struct bytes booked, int64_t now)
{
    CHECK(booked.size > 0);
    struct sqlite3_stmt *update = outbox->statements[OUTBOX_EVENT_ACKNOWLEDGE];
    (void)sqlite3_bind_int64(update, 1, (int64_t)sequence);
    (void)sqlite3_bind_blob64(update, 2, booked.data, booked.size, SQLITE_STATIC);
    (void)sqlite3_bind_int64(update, 3, now);
    const int error = outbox_run(outbox, OUTBOX_EVENT_ACKNOWLEDGE);
    return error == 0 && sqlite3_changes(outbox->db) == 0 ? ERR_NOT_FOUND : error;
}

int outbox_event_free_receipt(struct outbox *outbox, uint64_t sequence)
{
    (void)sqlite3_bind_int64(outbox->statements[OUTBOX_EVENT_FREE_RECEIPT], 1, (int64_t)sequence);
    return outbox_run(outbox, OUTBOX_EVENT_FREE_RECEIPT);
}

int outbox_event_reopen(struct outbox *outbox, uint64_t sequence)
{
    (void)sqlite3_bind_int64(outbox->statements[OUTBOX_EVENT_REOPEN], 1, (int64_t)sequence);
    return outbox_run(outbox, OUTBOX_EVENT_REOPEN);
}

int outbox_event_expire(struct outbox *outbox, int64_t before)
{
    (void)sqlite3_bind_int64(outbox->statements[OUTBOX_EVENT_EXPIRE], 1, before);
    return outbox_run(outbox, OUTBOX_EVENT_EXPIRE);
}

int outbox_event_count(struct outbox *outbox, struct outbox_counts *ret_counts)
{
    struct outbox_counts counts = {0};
    int error = next_sequence(outbox, &counts.next_sequence);
    if (error != 0) {
        return error;
    }
    const int found = outbox_step(outbox, OUTBOX_EVENT_COUNT);
    if (found < 0) {
        return found;
    }
    CHECK(found == 1);
    struct sqlite3_stmt *row = outbox->statements[OUTBOX_EVENT_COUNT];
    const uint64_t all = (uint64_t)sqlite3_column_int64(row, 0);
    counts.acknowledged = (uint64_t)sqlite3_column_int64(row, 1);
    counts.waiting = all - counts.acknowledged;
    counts.first_kept = all > 0 ? (uint64_t)sqlite3_column_int64(row, 2) : counts.next_sequence;
    counts.first_waiting = counts.waiting > 0 ? (uint64_t)sqlite3_column_int64(row, 3) : counts.next_sequence;
    outbox_reset(outbox, OUTBOX_EVENT_COUNT);
    *ret_counts = counts;
    return 0;
}
