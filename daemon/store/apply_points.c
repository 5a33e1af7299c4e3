/* Points: lots, entries and balances. */
#include "base/check.h"
#include "model/programme.h"
#include "store/application.h"

enum { ENTRIES_OF_EVENT = 16384 }; /* ids of entries an event has, used or not */

static_assert((int)EFFECTS_MAX <= (int)ENTRIES_OF_EVENT, "each effect has an entry's id");

void application_bind_day(struct store *store, enum statement statement, int parameter, int32_t day)
{
    if (day == DAY_NEVER) {
        bind_null(store, statement, parameter);
    } else {
        bind_i64(store, statement, parameter, day);
    }
}

int64_t application_sum(int64_t a, int64_t b)
{
    int64_t sum = 0;
    /* Decisions were made on the sums: they fit. */
    CHECK(!__builtin_add_overflow(a, b, &sum));
    return sum;
}

int application_write_open_lot(struct application *application)
{
    const struct open_lot *open = &application->open;
    struct store *store = application->store;
    if (open->member == 0) {
        return 0;
    }
    bind_i64(store, STATEMENT_LOT_ADD, 1, open->member);
    bind_u64(store, STATEMENT_LOT_ADD, 2, open->lot.origin.position);
    bind_i64(store, STATEMENT_LOT_ADD, 3, open->lot.origin.index);
    bind_i64(store, STATEMENT_LOT_ADD, 4, open->lot.amount);
    bind_i64(store, STATEMENT_LOT_ADD, 5, open->lot.left);
    bind_i64(store, STATEMENT_LOT_ADD, 6, open->lot.since);
    application_bind_day(store, STATEMENT_LOT_ADD, 7, open->lot.until);
    bind_i64(store, STATEMENT_LOT_ADD, 8, open->lot.due);
    application->open.member = 0;
    return statement_run_one(store, STATEMENT_LOT_ADD);
}

int apply_lot(struct application *application, const struct effect *effect)
{
    CHECK(effect->member != 0);
    const int error = application_write_open_lot(application);
    application->open = (struct open_lot){
        .member = effect->member,
        .lot = {.origin = {effect->lot.position != 0 ? effect->lot.position : application->event->position,
                           effect->lot.index},
                .since = effect->lot.since,
                .until = effect->lot.until,
                .due = effect->lot.due},
    };
    return error;
}

static void bind_lot(struct store *store, enum statement statement, uint32_t member,
                     const struct origin *origin, int64_t amount)
{
    bind_i64(store, statement, 1, member);
    bind_u64(store, statement, 2, origin->position);
    bind_i64(store, statement, 3, origin->index);
    bind_i64(store, statement, 4, amount);
}

static int debit_lot(struct store *store, uint32_t member, const struct origin *origin, int64_t amount)
{
    bind_lot(store, STATEMENT_LOT_DEBIT, member, origin, amount);
    int changes = 0;
    const int error = statement_run_counted(store, STATEMENT_LOT_DEBIT, &changes);
    if (error != 0 || changes == 1) {
        return error;
    }
    /* All that was left: the lot goes. Less than that would be a bug of the decision. */
    bind_lot(store, STATEMENT_LOT_END, member, origin, amount);
    return statement_run_one(store, STATEMENT_LOT_END);
}

/* What a move does to its lot. */
enum lot_change {
    LOT_GROWS,    /* it is credited to the member */
    LOT_SHRINKS,  /* it is debited */
    LOT_RELEASED, /* it goes from the member's pending account to another of his */
    LOT_HELD,     /* it stays in the lot, reserved */
    LOT_FREED,    /* or no longer */
};

static void change_open_lot(struct open_lot *open, enum lot_change change, int64_t amount)
{
    switch (change) {
    case LOT_GROWS:
        open->lot.amount = application_sum(open->lot.amount, amount);
        open->lot.left = application_sum(open->lot.left, amount);
        break;
    case LOT_SHRINKS:
        CHECK(open->lot.left >= amount);
        open->lot.left -= amount;
        if (open->lot.left == 0) {
            open->member = 0;
        }
        break;
    case LOT_RELEASED:
        open->lot.due = 0;
        break;
    case LOT_HELD:
    case LOT_FREED:
        CHECK(!"a lot is written before any of it is reserved");
        break;
    }
}

/* How much of a lot is reserved, beside its row: rare, and then short-lived. */
static int change_reserved(struct store *store, uint32_t member, const struct origin *origin, int64_t amount)
{
    bind_lot(store, STATEMENT_RESERVED_ADD, member, origin, amount);
    int changes = 0;
    const int error = statement_run_counted(store, STATEMENT_RESERVED_ADD, &changes);
    if (error != 0 || changes == 1) {
        return error;
    }
    bind_lot(store, STATEMENT_RESERVED_END, member, origin, -amount);
    return statement_run_one(store, STATEMENT_RESERVED_END);
}

static int change_lot(struct store *store, uint32_t member, const struct origin *origin,
                      enum lot_change change, int64_t amount)
{
    switch (change) {
    case LOT_GROWS:
        bind_lot(store, STATEMENT_LOT_CREDIT, member, origin, amount);
        return statement_run_one(store, STATEMENT_LOT_CREDIT);
    case LOT_SHRINKS:
        return debit_lot(store, member, origin, amount);
    case LOT_RELEASED:
        bind_i64(store, STATEMENT_LOT_RELEASE, 1, member);
        bind_u64(store, STATEMENT_LOT_RELEASE, 2, origin->position);
        bind_i64(store, STATEMENT_LOT_RELEASE, 3, origin->index);
        return statement_run_one(store, STATEMENT_LOT_RELEASE);
    case LOT_HELD:
        return change_reserved(store, member, origin, amount);
    case LOT_FREED:
        return change_reserved(store, member, origin, -amount);
    }
    CHECK(!"a known change");
    return ERR_UNSUPPORTED;
}

static int move_lot(struct application *application, const struct effect *effect, uint32_t member,
                    struct origin origin, enum lot_change change)
{
    if (origin.position == 0) {
        origin.position = application->event->position;
    }
    struct open_lot *open = &application->open;
    const bool held = change == LOT_HELD || change == LOT_FREED;
    if (!held && open->member == member && open->lot.origin.position == origin.position &&
        open->lot.origin.index == origin.index) {
        change_open_lot(open, change, effect->move.amount);
        return 0;
    }
    const int error = application_write_open_lot(application);
    return error != 0 ? error : change_lot(application->store, member, &origin, change, effect->move.amount);
}

/* Both accounts are one member's. */
static int move_within(struct application *application, const struct effect *effect, uint32_t member)
{
    const struct origin lot = effect->move.lot;
    const uint32_t from = account_number(effect->move.debit);
    const uint32_t to = account_number(effect->move.credit);
    int error = 0;
    if (from == MEMBER_RESERVED) {
        error = move_lot(application, effect, member, lot, LOT_FREED);
    }
    if (error == 0 && effect->move.pays) {
        error = move_lot(application, effect, member, lot, LOT_SHRINKS);
    } else if (error == 0 && from == MEMBER_PENDING) {
        error = move_lot(application, effect, member, lot, LOT_RELEASED);
    }
    return error == 0 && to == MEMBER_RESERVED ? move_lot(application, effect, member, lot, LOT_HELD) : error;
}

static int move_lots(struct application *application, const struct effect *effect)
{
    const uint32_t debtor = account_member(effect->move.debit);
    const uint32_t creditor = account_member(effect->move.credit);
    const struct origin lot = effect->move.lot;
    if (debtor == creditor) {
        return move_within(application, effect, debtor);
    }
    int error = 0;
    if (debtor != 0 && account_number(effect->move.debit) == MEMBER_RESERVED) {
        error = move_lot(application, effect, debtor, lot, LOT_FREED);
    }
    if (error == 0 && debtor != 0) {
        error = move_lot(application, effect, debtor, lot, LOT_SHRINKS);
    }
    if (error != 0 || creditor == 0 || effect->move.pays) {
        return error;
    }
    const struct origin to = effect->move.has_to ? (struct origin){0, effect->move.to} : lot;
    error = move_lot(application, effect, creditor, to, LOT_GROWS);
    const bool held = account_number(effect->move.credit) == MEMBER_RESERVED;
    return error == 0 && held ? move_lot(application, effect, creditor, to, LOT_HELD) : error;
}

/* Every effect of a member makes this event his last one. */
int application_touch(struct application *application, uint32_t member)
{
    return store_member_touch(application->store, member, application->event->position);
}

static int change_balance(struct application *application, uint64_t account, int64_t change)
{
    struct store *store = application->store;
    const uint32_t member = account_member(account);
    const uint32_t number = account_number(account);
    if (member == 0) {
        CHECK(number < PROGRAMME_ACCOUNTS);
        store->pending.accounts[number] = application_sum(store->pending.accounts[number], change);
        return 0;
    }
    CHECK(number < MEMBER_ACCOUNTS);
    const int error = application_touch(application, member);
    if (error == 0) {
        int64_t *balance = &store->pending.member.balances[number];
        *balance = application_sum(*balance, change);
    }
    return error;
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
        error = change_balance(application, effect->move.debit, -effect->move.amount);
    }
    if (error == 0) {
        error = change_balance(application, effect->move.credit, effect->move.amount);
    }
    if (error == 0 && effect->move.has_lot) {
        error = move_lots(application, effect);
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
