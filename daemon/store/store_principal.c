/* Principals, invites and programme versions, read back. */
#include "base/check.h"
#include "store/connection.h"
#include "store/store.h"

static int read_role(sqlite3_stmt *row, int column, enum role *ret_role)
{
    uint32_t role = 0;
    const int error = column_u32(row, column, &role);
    if (error != 0) {
        return error;
    }
    if (role > ROLE_AUDITOR) {
        return ERR_CORRUPT;
    }
    *ret_role = (enum role)role;
    return 0;
}

static int read_key(sqlite3_stmt *row, struct principal_row *principal)
{
    const int error = column_u32(row, 5, &principal->key_no);
    if (error != 0) {
        return error;
    }
    /* Only the daemon may be there before its key is. */
    if (principal->key_no == 0) {
        return principal->principal == 0 ? 0 : ERR_CORRUPT;
    }
    const int read = column_array(row, 4, principal->key, KEY_BYTES);
    if (read != 0 || principal->key_no == 1) {
        return read;
    }
    return column_array(row, 10, principal->previous_key, KEY_BYTES);
}

static int read_principal(void *context, sqlite3_stmt *row)
{
    struct principal_row *principal = context;
    uint32_t revoked = 0;
    int error = column_u32(row, 0, &principal->principal);
    if (error == 0) {
        error = read_role(row, 1, &principal->role);
    }
    if (error == 0) {
        error = column_text(row, 2, principal->store, sizeof(principal->store));
    }
    if (error == 0) {
        error = column_text(row, 3, principal->label, sizeof(principal->label));
    }
    if (error == 0) {
        error = read_key(row, principal);
    }
    if (error == 0) {
        error = column_u32(row, 6, &revoked);
    }
    if (error == 0) {
        error = column_u64(row, 7, &principal->next_sequence);
    }
    if (error == 0) {
        error = column_u64(row, 8, &principal->added);
    }
    if (error == 0) {
        error = column_i64(row, 9, &principal->retired_at);
    }
    principal->revoked = revoked != 0;
    return error;
}

int store_principal_read(struct store *store, uint32_t principal, struct principal_row *ret_row)
{
    const struct pending_tail *tail = NULL;
    int error = connection_usable(store);
    if (error == 0) {
        error = pending_tail(store, principal, &tail);
    }
    if (error != 0) {
        return error;
    }
    struct principal_row row = {0};
    bind_i64(store, STATEMENT_PRINCIPAL_READ, 1, principal);
    error = statement_find(store, STATEMENT_PRINCIPAL_READ, read_principal, &row);
    if (error == 0) {
        row.next_sequence = tail->next_sequence;
        *ret_row = row;
    }
    return error;
}

static int read_holder(void *context, sqlite3_stmt *row)
{
    return column_u32(row, 0, context);
}

int store_key_find(struct store *store, const uint8_t key[KEY_BYTES], uint32_t *ret_principal)
{
    uint32_t principal = 0;
    bind_bytes(store, STATEMENT_KEY_FIND, 1, (struct bytes){key, KEY_BYTES});
    const int error = statement_find(store, STATEMENT_KEY_FIND, read_holder, &principal);
    if (error == 0) {
        *ret_principal = principal;
    }
    return error;
}

struct principal_walk {
    void (*each)(void *context, const struct principal_row *row);
    void *context;
};

static int pass_principal(void *context, sqlite3_stmt *row)
{
    const struct principal_walk *walk = context;
    struct principal_row principal = {0};
    const int error = read_principal(&principal, row);
    if (error == 0) {
        walk->each(walk->context, &principal);
    }
    return error;
}

int store_principals(struct store *store, void (*each)(void *context, const struct principal_row *row),
                     void *context)
{
    int error = connection_usable(store);
    if (error == 0 && store->writing) {
        error = pending_flush(store);
    }
    if (error != 0) {
        return error;
    }
    struct principal_walk walk = {.each = each, .context = context};
    return statement_rows(store, STATEMENT_PRINCIPALS_READ, pass_principal, &walk);
}

static int read_invite(void *context, sqlite3_stmt *row)
{
    struct invite_row *invite = context;
    int error = column_u64(row, 0, &invite->position);
    if (error == 0) {
        error = read_role(row, 1, &invite->role);
    }
    if (error == 0) {
        error = column_text(row, 2, invite->store, sizeof(invite->store));
    }
    if (error == 0) {
        error = column_text(row, 3, invite->label, sizeof(invite->label));
    }
    if (error == 0) {
        error = column_i64(row, 4, &invite->expires_at);
    }
    if (error == 0 && sqlite3_column_type(row, 5) != SQLITE_NULL) {
        error = column_u32(row, 5, &invite->used_by);
    }
    return error;
}

int store_invite_find(struct store *store, const uint8_t code_hash[HASH_BYTES], struct invite_row *ret_row)
{
    struct invite_row row = {0};
    bind_bytes(store, STATEMENT_INVITE_FIND, 1, (struct bytes){code_hash, HASH_BYTES});
    const int error = statement_find(store, STATEMENT_INVITE_FIND, read_invite, &row);
    if (error == 0) {
        *ret_row = row;
    }
    return error;
}

struct programme_walk {
    int (*each)(void *context, const struct programme_row *row);
    void *context;
};

static int pass_programme(void *context, sqlite3_stmt *row)
{
    const struct programme_walk *walk = context;
    struct programme_row programme = {0};
    int error = column_u32(row, 0, &programme.version);
    if (error == 0) {
        error = column_day(row, 1, &programme.effective);
    }
    if (error == 0) {
        error = column_u64(row, 2, &programme.position);
    }
    if (error == 0) {
        error = column_bytes(row, 3, NULL, &programme.yaml);
    }
    return error != 0 ? error : walk->each(walk->context, &programme);
}

int store_programmes(struct store *store, int (*each)(void *context, const struct programme_row *row),
                     void *context)
{
    struct programme_walk walk = {.each = each, .context = context};
    return statement_rows(store, STATEMENT_PROGRAMMES_READ, pass_programme, &walk);
}
