/* Points: entries and balances. */
#include "base/check.h"
#include "store/application.h"

enum { ENTRIES_OF_EVENT = 16384 }; /* ids of entries an event has, used or not */

static_assert((int)EFFECTS_MAX <= (int)ENTRIES_OF_EVENT, "each effect has an entry's id");

/* Its sum is written before the commit; a member's is in his state. */
static int change_balance(struct application *application, const struct effect *effect, uint64_t account,
                          int64_t change)
{
    const uint32_t member = account_member(account);
    const uint32_t number = account_number(account);
    if (member != 0) {
        return application_fold(application, member, effect);
    }
    CHECK(number < PROGRAMME_ACCOUNTS);
    int64_t *sum = &application->store->pending.accounts[number];
    /* Decisions were made on the sums: they fit. */
    CHECK(!__builtin_add_overflow(*sum, change, sum));
    return 0;
}

static int write_entry(struct application *application, const struct effect *effect, size_t index)
{
    struct store *store = application->store;
    CHECK(application->event->position <= INT64_MAX / ENTRIES_OF_EVENT - 1);
    bind_u64(store, STATEMENT_ENTRY_WRITE, 1, application->event->position * ENTRIES_OF_EVENT + index);
    bind_u64(store, STATEMENT_ENTRY_WRITE, 2, effect->move.debit);
    bind_u64(store, STATEMENT_ENTRY_WRITE, 3, effect->move.credit);
    bind_i64(store, STATEMENT_ENTRY_WRITE, 4, effect->move.amount);
    if (effect->move.has_lot) {
        bind_u64(store, STATEMENT_ENTRY_WRITE, 5, effect->move.lot.position);
        bind_i64(store, STATEMENT_ENTRY_WRITE, 6, effect->move.lot.index);
    } else {
        bind_null(store, STATEMENT_ENTRY_WRITE, 5);
        bind_null(store, STATEMENT_ENTRY_WRITE, 6);
    }
    bind_i64(store, STATEMENT_ENTRY_WRITE, 7, effect->move.rule);
    if (effect->move.effective_at != 0) {
        bind_i64(store, STATEMENT_ENTRY_WRITE, 8, effect->move.effective_at);
    } else {
        bind_null(store, STATEMENT_ENTRY_WRITE, 8);
    }
    return statement_run_one(store, STATEMENT_ENTRY_WRITE);
}

int apply_move(struct application *application, const struct effect *effect, size_t index)
{
    CHECK(effect->move.amount > 0);
    CHECK(effect->move.debit != effect->move.credit);
    int error = write_entry(application, effect, index);
    if (error == 0) {
        error = change_balance(application, effect, effect->move.debit, -effect->move.amount);
    }
    /* Both sides of a member are folded at once. */
    if (error == 0 && (account_member(effect->move.credit) == 0 ||
                       account_member(effect->move.credit) != account_member(effect->move.debit))) {
        error = change_balance(application, effect, effect->move.credit, effect->move.amount);
    }
    const uint64_t expired = account_of_programme(PROGRAMME_EXPIRED);
    if (error != 0 || effect->move.credit != expired || !effect->move.has_lot) {
        return error;
    }
    /* A return counts what expired as taken. */
    const struct receipt_fact fact = {
        .kind = FACT_EXPIRED, .index = effect->move.lot.index, .amount = effect->move.amount};
    const uint64_t origin = effect->move.lot.position;
    return apply_receipt(application, origin != 0 ? origin : application->event->position, &fact);
}
