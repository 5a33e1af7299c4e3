/* Vouchers, reservations, and what has become of receipts. */
#include "base/check.h"
#include "model/holding.h"
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
    bind_i64(store, STATEMENT_VOUCHER_HOLD, 1, effect->member);
    bind_u64(store, STATEMENT_VOUCHER_HOLD, 2, origin.position);
    bind_i64(store, STATEMENT_VOUCHER_HOLD, 3, origin.index);
    bind_i64(store, STATEMENT_VOUCHER_HOLD, 4, effect->voucher.reward);
    bind_i64(store, STATEMENT_VOUCHER_HOLD, 5, effect->voucher.card);
    bind_i64(store, STATEMENT_VOUCHER_HOLD, 6, effect->voucher.since);
    application_bind_day(store, STATEMENT_VOUCHER_HOLD, 7, effect->voucher.until);
    int error = statement_run_one(store, STATEMENT_VOUCHER_HOLD);
    if (error != 0) {
        return error;
    }
    bind_i64(store, STATEMENT_CODE_HOLD, 1, effect->member);
    bind_u64(store, STATEMENT_CODE_HOLD, 2, origin.position);
    bind_i64(store, STATEMENT_CODE_HOLD, 3, origin.index);
    bind_i64(store, STATEMENT_CODE_HOLD, 4, (int64_t)get_u64_be(effect->voucher.code));
    bind_i64(store, STATEMENT_CODE_HOLD, 5, (int64_t)get_u64_be(effect->voucher.code + 8));
    error = statement_run_one(store, STATEMENT_CODE_HOLD);
    if (error != 0) {
        return error;
    }
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

int apply_voucher_hold(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    const uint64_t reservation = effect->voucher_hold.reservation;
    bind_i64(store, STATEMENT_VOUCHER_RESERVE, 1, effect->member);
    bind_u64(store, STATEMENT_VOUCHER_RESERVE, 2, effect->voucher_hold.voucher.position);
    bind_i64(store, STATEMENT_VOUCHER_RESERVE, 3, effect->voucher_hold.voucher.index);
    if (reservation != 0) {
        bind_u64(store, STATEMENT_VOUCHER_RESERVE, 4,
                 reservation == RESERVED_HERE ? application->event->position : reservation);
    } else {
        bind_null(store, STATEMENT_VOUCHER_RESERVE, 4);
    }
    return statement_run_one(store, STATEMENT_VOUCHER_RESERVE);
}

static int end_holding(struct store *store, uint32_t member, int64_t kind, uint64_t key1, uint32_t key2)
{
    bind_i64(store, STATEMENT_HOLDING_END, 1, member);
    bind_i64(store, STATEMENT_HOLDING_END, 2, kind);
    bind_u64(store, STATEMENT_HOLDING_END, 3, key1);
    bind_i64(store, STATEMENT_HOLDING_END, 4, key2);
    return statement_run_one(store, STATEMENT_HOLDING_END);
}

int apply_voucher_end(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    const struct origin *origin = &effect->voucher_end.voucher;
    int error = end_holding(store, effect->member, HOLDING_VOUCHER, origin->position, origin->index);
    if (error == 0) {
        error = end_holding(store, effect->member, HOLDING_CODE, origin->position, origin->index);
    }
    return error != 0 ? error : set_state(store, effect->voucher_end.code, (int)effect->voucher_end.end);
}

int apply_reservation(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    bind_i64(store, STATEMENT_RESERVATION_ADD, 1, effect->member);
    const uint64_t position = effect->reservation.position;
    bind_u64(store, STATEMENT_RESERVATION_ADD, 2, position != 0 ? position : application->event->position);
    bind_i64(store, STATEMENT_RESERVATION_ADD, 3, effect->reservation.points);
    bind_i64(store, STATEMENT_RESERVATION_ADD, 4, effect->reservation.reward);
    bind_i64(store, STATEMENT_RESERVATION_ADD, 5, effect->reservation.units);
    bind_i64(store, STATEMENT_RESERVATION_ADD, 6, effect->reservation.until);
    bind_i64(store, STATEMENT_RESERVATION_ADD, 7, effect->reservation.day);
    return statement_run_one(store, STATEMENT_RESERVATION_ADD);
}

int apply_reservation_end(struct application *application, const struct effect *effect)
{
    return end_holding(application->store, effect->member, HOLDING_RESERVATION,
                       effect->reservation_end.reservation, 0);
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
