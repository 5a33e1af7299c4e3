/* What is kept beside an event: cards, openings, exceptions, the quarantine note. */
#include "base/check.h"
#include "store/connection.h"
#include "store/store.h"

static int read_u32(void *context, sqlite3_stmt *row)
{
    return column_u32(row, 0, context);
}

int store_card_find(struct store *store, const uint8_t hash[HASH_BYTES], uint32_t *ret_member)
{
    bind_bytes(store, STATEMENT_CARD_FIND, 1, (struct bytes){hash, HASH_BYTES});
    return statement_find(store, STATEMENT_CARD_FIND, read_u32, ret_member);
}

int store_card_write(struct store *store, const uint8_t hash[HASH_BYTES], uint32_t member)
{
    bind_bytes(store, STATEMENT_CARD_WRITE, 1, (struct bytes){hash, HASH_BYTES});
    bind_i64(store, STATEMENT_CARD_WRITE, 2, member);
    return statement_run_one(store, STATEMENT_CARD_WRITE);
}

int store_opening_write(struct store *store, uint64_t position, uint32_t member,
                        const uint8_t salt[CARD_SALT_BYTES])
{
    bind_u64(store, STATEMENT_OPENING_WRITE, 1, position);
    bind_i64(store, STATEMENT_OPENING_WRITE, 2, member);
    bind_bytes(store, STATEMENT_OPENING_WRITE, 3, (struct bytes){salt, CARD_SALT_BYTES});
    return statement_run_one(store, STATEMENT_OPENING_WRITE);
}

struct profile_reading {
    struct arena *arena;
    struct bytes *sealed;
};

static int read_profile(void *context, sqlite3_stmt *row)
{
    struct profile_reading *reading = context;
    return column_bytes(row, 0, reading->arena, reading->sealed);
}

int store_profile_read(struct store *store, uint32_t member, struct arena *arena, struct bytes *ret_sealed)
{
    struct profile_reading reading = {.arena = arena, .sealed = ret_sealed};
    bind_i64(store, STATEMENT_PROFILE_READ, 1, member);
    return statement_find(store, STATEMENT_PROFILE_READ, read_profile, &reading);
}

int store_profile_write(struct store *store, uint32_t member, struct bytes sealed)
{
    bind_i64(store, STATEMENT_PROFILE_WRITE, 1, member);
    bind_bytes(store, STATEMENT_PROFILE_WRITE, 2, sealed);
    return statement_run_one(store, STATEMENT_PROFILE_WRITE);
}

int store_profile_erase(struct store *store, uint32_t member)
{
    bind_i64(store, STATEMENT_PROFILE_ERASE, 1, member);
    return statement_run(store, STATEMENT_PROFILE_ERASE);
}

int store_member_erase(struct store *store, uint32_t member)
{
    static const enum statement statements[] = {STATEMENT_PROFILE_ERASE, STATEMENT_CARDS_ERASE,
                                                STATEMENT_OPENINGS_ERASE};
    int error = 0;
    CHECK(member != 0);
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]) && error == 0; i++) {
        bind_i64(store, statements[i], 1, member);
        error = statement_run(store, statements[i]);
    }
    return error;
}

int store_member_move(struct store *store, uint32_t from, uint32_t to)
{
    static const enum statement statements[] = {STATEMENT_CARDS_MOVE, STATEMENT_OPENINGS_MOVE};
    int error = 0;
    CHECK(from != 0);
    CHECK(to != 0);
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]) && error == 0; i++) {
        bind_i64(store, statements[i], 1, from);
        bind_i64(store, statements[i], 2, to);
        error = statement_run(store, statements[i]);
    }
    return error;
}

int store_exception_write(struct store *store, uint64_t position, uint32_t index, uint32_t kind,
                          int64_t amount)
{
    bind_u64(store, STATEMENT_EXCEPTION_WRITE, 1, position);
    bind_i64(store, STATEMENT_EXCEPTION_WRITE, 2, index);
    bind_i64(store, STATEMENT_EXCEPTION_WRITE, 3, kind);
    bind_i64(store, STATEMENT_EXCEPTION_WRITE, 4, amount);
    return statement_run_one(store, STATEMENT_EXCEPTION_WRITE);
}

static int read_note(void *context, sqlite3_stmt *row)
{
    struct quarantine_note *note = context;
    int error = column_u32(row, 0, &note->principal);
    if (error == 0) {
        error = column_u64(row, 1, &note->sequence);
    }
    return error != 0 ? error : column_u32(row, 2, &note->ends);
}

int store_note_read(struct store *store, uint32_t principal, struct quarantine_note *ret_note)
{
    struct quarantine_note note = {0};
    bind_i64(store, STATEMENT_NOTE_READ, 1, principal);
    const int error = statement_find(store, STATEMENT_NOTE_READ, read_note, &note);
    if (error == 0) {
        *ret_note = note;
    }
    return error;
}

static int end_note(struct store *store, bool unclean)
{
    bind_i64(store, STATEMENT_NOTE_END, 1, unclean);
    return statement_run(store, STATEMENT_NOTE_END);
}

static int end_transaction(struct store *store, int error)
{
    if (error != 0) {
        store_rollback(store);
        return error;
    }
    return store_commit(store);
}

int store_note_write(struct store *store, const struct quarantine_note *note)
{
    int error = store_begin(store);
    if (error != 0) {
        return error;
    }
    error = end_note(store, false);
    if (error == 0) {
        bind_i64(store, STATEMENT_NOTE_WRITE, 1, note->principal);
        bind_u64(store, STATEMENT_NOTE_WRITE, 2, note->sequence);
        bind_i64(store, STATEMENT_NOTE_WRITE, 3, note->ends);
        error = statement_run_one(store, STATEMENT_NOTE_WRITE);
    }
    return end_transaction(store, error);
}

int store_note_end(struct store *store, bool unclean)
{
    int error = store_begin(store);
    if (error != 0) {
        return error;
    }
    error = end_note(store, unclean);
    return end_transaction(store, error);
}

int store_note_clear(struct store *store, uint32_t principal)
{
    CHECK(store->writing);
    bind_i64(store, STATEMENT_NOTE_CLEAR, 1, principal);
    return statement_run(store, STATEMENT_NOTE_CLEAR);
}
