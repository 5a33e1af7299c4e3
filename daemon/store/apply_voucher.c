/* Vouchers, and what has become of receipts. */
#include "base/check.h"
#include "store/application.h"

static int set_state(struct store *store, const uint8_t *code, int state)
{
    bind_bytes(store, STATEMENT_VOUCHER_STATE, 1, (struct bytes){code, VOUCHER_CODE_BYTES});
    bind_i64(store, STATEMENT_VOUCHER_STATE, 2, state);
    return statement_run_one(store, STATEMENT_VOUCHER_STATE);
}

int apply_voucher(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    const bool back = effect->voucher.position != 0;
    const struct origin origin = {back ? effect->voucher.position : application->event->position,
                                  effect->voucher.index};
    if (back) {
        bind_bytes(store, STATEMENT_VOUCHER_BACK, 1,
                   (struct bytes){effect->voucher.code, VOUCHER_CODE_BYTES});
        bind_i64(store, STATEMENT_VOUCHER_BACK, 2, effect->member);
        return statement_run_one(store, STATEMENT_VOUCHER_BACK);
    }
    bind_bytes(store, STATEMENT_VOUCHER_ADD, 1, (struct bytes){effect->voucher.code, VOUCHER_CODE_BYTES});
    bind_i64(store, STATEMENT_VOUCHER_ADD, 2, effect->member);
    bind_u64(store, STATEMENT_VOUCHER_ADD, 3, origin.position);
    bind_i64(store, STATEMENT_VOUCHER_ADD, 4, origin.index);
    return statement_run_one(store, STATEMENT_VOUCHER_ADD);
}

int apply_voucher_end(struct application *application, const struct effect *effect)
{
    return set_state(application->store, effect->voucher_end.code, (int)effect->voucher_end.end);
}

int apply_receipt(struct application *application, uint64_t position, const struct receipt_fact *fact)
{
    struct store *store = application->store;
    bind_u64(store, STATEMENT_RECEIPT_FACT_ADD, 1, position);
    bind_i64(store, STATEMENT_RECEIPT_FACT_ADD, 2, fact->kind);
    bind_i64(store, STATEMENT_RECEIPT_FACT_ADD, 3, fact->index);
    bind_i64(store, STATEMENT_RECEIPT_FACT_ADD, 4, fact->quantity);
    bind_i64(store, STATEMENT_RECEIPT_FACT_ADD, 5, fact->amount);
    return statement_run_one(store, STATEMENT_RECEIPT_FACT_ADD);
}

struct facts_reading {
    struct receipt_fact *facts;
    size_t max;
    size_t count;
};

static int read_fact(void *context, sqlite3_stmt *row)
{
    struct facts_reading *reading = context;
    if (reading->count == reading->max) {
        return ERR_TOO_LARGE;
    }
    struct receipt_fact *fact = &reading->facts[reading->count++];
    uint32_t kind = 0;
    int error = column_u32(row, 0, &kind);
    fact->kind = (enum receipt_fact_kind)kind;
    error = error != 0 ? error : column_u32(row, 1, &fact->index);
    error = error != 0 ? error : column_i64(row, 2, &fact->quantity);
    return error != 0 ? error : column_i64(row, 3, &fact->amount);
}

int store_receipt_facts(struct store *store, uint64_t position, struct receipt_fact *ret_facts,
                        size_t facts_max, size_t *ret_count)
{
    int error = connection_usable(store);
    if (error != 0) {
        return error;
    }
    struct facts_reading reading = {.facts = ret_facts, .max = facts_max};
    bind_u64(store, STATEMENT_RECEIPT_FACTS, 1, position);
    error = statement_rows(store, STATEMENT_RECEIPT_FACTS, read_fact, &reading);
    *ret_count = reading.count;
    return error;
}

struct voucher_reading {
    struct voucher_row *row;
};

static int read_voucher(void *context, sqlite3_stmt *row)
{
    struct voucher_row *voucher = ((struct voucher_reading *)context)->row;
    uint32_t state = 0;
    int error = column_u32(row, 0, &voucher->member);
    error = error != 0 ? error : column_u64(row, 1, &voucher->origin.position);
    error = error != 0 ? error : column_u32(row, 2, &voucher->origin.index);
    error = error != 0 ? error : column_u32(row, 3, &state);
    voucher->end = (int)state;
    return error;
}

int store_voucher_find(struct store *store, const uint8_t code[VOUCHER_CODE_BYTES],
                       struct voucher_row *ret_row)
{
    const int error = connection_usable(store);
    if (error != 0) {
        return error;
    }
    struct voucher_reading reading = {.row = ret_row};
    bind_bytes(store, STATEMENT_VOUCHER_FIND, 1, (struct bytes){code, VOUCHER_CODE_BYTES});
    return statement_find(store, STATEMENT_VOUCHER_FIND, read_voucher, &reading);
}
