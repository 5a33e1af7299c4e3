/* Effects become rows: what engine_apply does to a member's state, done to the tables. */
#include "base/check.h"
#include "model/programme.h"
#include "store/connection.h"
#include "store/counter.h"
#include "store/store.h"

enum { ENTRIES_OF_EVENT = 16384 }; /* ids of entries an event has, used or not */

static_assert((int)EFFECTS_MAX <= (int)ENTRIES_OF_EVENT, "each effect has an entry's id");

/* A lot that was just opened is filled by the moves behind it and written once. */
struct open_lot {
    uint32_t member; /* 0: none */
    struct lot lot;
};

struct application {
    struct store *store;
    const struct store_applied *event;
    struct open_lot open;
};

static void bind_day(struct store *store, enum statement statement, int parameter, int32_t day)
{
    if (day == DAY_NEVER) {
        bind_null(store, statement, parameter);
    } else {
        bind_i64(store, statement, parameter, day);
    }
}

static int64_t sum_of(int64_t a, int64_t b)
{
    int64_t sum = 0;
    /* Decisions were made on the sums: they fit. */
    CHECK(!__builtin_add_overflow(a, b, &sum));
    return sum;
}

static int write_open_lot(struct application *application)
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
    bind_day(store, STATEMENT_LOT_ADD, 7, open->lot.until);
    bind_i64(store, STATEMENT_LOT_ADD, 8, open->lot.due);
    application->open.member = 0;
    return statement_run_one(store, STATEMENT_LOT_ADD);
}

static int apply_enrol(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    CHECK(effect->member == store->head.next_member);
    store->head.next_member++;
    CHECK(store->head.next_member != 0);
    store->pending.head_dirty = true;
    bind_i64(store, STATEMENT_MEMBER_ADD, 1, effect->member);
    return statement_run_one(store, STATEMENT_MEMBER_ADD);
}

static int apply_lot(struct application *application, const struct effect *effect)
{
    CHECK(effect->member != 0);
    const int error = write_open_lot(application);
    application->open = (struct open_lot){
        .member = effect->member,
        .lot = {.origin = {application->event->position, effect->lot.index},
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
};

static void change_open_lot(struct open_lot *open, enum lot_change change, int64_t amount)
{
    switch (change) {
    case LOT_GROWS:
        open->lot.amount = sum_of(open->lot.amount, amount);
        open->lot.left = sum_of(open->lot.left, amount);
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
    }
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
    }
    CHECK(!"a known change");
    return ERR_UNSUPPORTED;
}

static int move_lot(struct application *application, const struct effect *effect, uint32_t member,
                    enum lot_change change)
{
    struct origin origin = effect->move.lot;
    if (origin.position == 0) {
        origin.position = application->event->position;
    }
    struct open_lot *open = &application->open;
    if (open->member == member && open->lot.origin.position == origin.position &&
        open->lot.origin.index == origin.index) {
        change_open_lot(open, change, effect->move.amount);
        return 0;
    }
    const int error = write_open_lot(application);
    return error != 0 ? error : change_lot(application->store, member, &origin, change, effect->move.amount);
}

static int move_lots(struct application *application, const struct effect *effect)
{
    const uint32_t debtor = account_member(effect->move.debit);
    const uint32_t creditor = account_member(effect->move.credit);
    if (debtor == creditor) {
        if (effect->move.pays) {
            return move_lot(application, effect, debtor, LOT_SHRINKS);
        }
        return account_number(effect->move.debit) == MEMBER_PENDING
                   ? move_lot(application, effect, debtor, LOT_RELEASED)
                   : 0;
    }
    const int error = debtor != 0 ? move_lot(application, effect, debtor, LOT_SHRINKS) : 0;
    return error != 0 || creditor == 0 ? error : move_lot(application, effect, creditor, LOT_GROWS);
}

/* Every effect of a member makes this event his last one. */
static int touch(struct application *application, uint32_t member)
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
        store->pending.accounts[number] = sum_of(store->pending.accounts[number], change);
        return 0;
    }
    CHECK(number < MEMBER_ACCOUNTS);
    const int error = touch(application, member);
    if (error == 0) {
        int64_t *balance = &store->pending.member.balances[number];
        *balance = sum_of(*balance, change);
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

static int apply_move(struct application *application, const struct effect *effect, size_t index)
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
    return error == 0 && effect->move.has_lot ? move_lots(application, effect) : error;
}

static void bind_metric(struct store *store, enum statement statement, const struct effect *effect)
{
    bind_i64(store, statement, 1, effect->member);
    bind_i64(store, statement, 2, effect->metric.metric);
    bind_i64(store, statement, 3, effect->metric.day);
    bind_i64(store, statement, 4, effect->metric.amount);
}

static int apply_metric(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    if (effect->metric.amount == 0) {
        return 0;
    }
    bind_metric(store, STATEMENT_METRIC_ADD, effect);
    int changes = 0;
    const int error = statement_run_counted(store, STATEMENT_METRIC_ADD, &changes);
    if (error != 0 || changes == 1) {
        return error;
    }
    /* The sum would be 0. */
    bind_metric(store, STATEMENT_METRIC_END, effect);
    return statement_run_one(store, STATEMENT_METRIC_END);
}

/* Whether the level is another one: its first day is kept, as far back as late events can ask. */
static int note_level_day(struct store *store, const struct effect *effect)
{
    bind_i64(store, STATEMENT_LEVEL_DAY_SET, 1, effect->member);
    bind_i64(store, STATEMENT_LEVEL_DAY_SET, 2, effect->level.since);
    bind_i64(store, STATEMENT_LEVEL_DAY_SET, 3, effect->level.level);
    int changes = 0;
    int error = statement_run_counted(store, STATEMENT_LEVEL_DAY_SET, &changes);
    if (error == 0 && changes == 1) {
        bind_i64(store, STATEMENT_LEVEL_DAYS_END, 1, effect->member);
        bind_i64(store, STATEMENT_LEVEL_DAYS_END, 2, (int64_t)effect->level.since - LEVEL_HISTORY_DAYS);
        error = statement_run_counted(store, STATEMENT_LEVEL_DAYS_END, &changes);
    }
    return error;
}

static int apply_level(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    const int error = note_level_day(store, effect);
    if (error != 0) {
        return error;
    }
    bind_i64(store, STATEMENT_LEVEL_SET, 1, effect->member);
    bind_i64(store, STATEMENT_LEVEL_SET, 2, effect->level.level);
    bind_day(store, STATEMENT_LEVEL_SET, 3, effect->level.until);
    return statement_run_one(store, STATEMENT_LEVEL_SET);
}

static int apply_stamps(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    bind_i64(store, STATEMENT_STAMPS_SET, 1, effect->member);
    bind_i64(store, STATEMENT_STAMPS_SET, 2, effect->stamps.card);
    bind_i64(store, STATEMENT_STAMPS_SET, 3, effect->stamps.count);
    bind_i64(store, STATEMENT_STAMPS_SET, 4, effect->stamps.completed);
    bind_i64(store, STATEMENT_STAMPS_SET, 5, effect->stamps.since);
    return statement_run_one(store, STATEMENT_STAMPS_SET);
}

static int apply_voucher(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    const struct origin origin = {application->event->position, effect->voucher.index};
    bind_i64(store, STATEMENT_VOUCHER_HOLD, 1, effect->member);
    bind_u64(store, STATEMENT_VOUCHER_HOLD, 2, origin.position);
    bind_i64(store, STATEMENT_VOUCHER_HOLD, 3, origin.index);
    bind_i64(store, STATEMENT_VOUCHER_HOLD, 4, effect->voucher.reward);
    bind_i64(store, STATEMENT_VOUCHER_HOLD, 5, effect->voucher.card);
    bind_i64(store, STATEMENT_VOUCHER_HOLD, 6, effect->voucher.since);
    bind_day(store, STATEMENT_VOUCHER_HOLD, 7, effect->voucher.until);
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
    bind_bytes(store, STATEMENT_VOUCHER_ADD, 1, (struct bytes){effect->voucher.code, VOUCHER_CODE_BYTES});
    bind_i64(store, STATEMENT_VOUCHER_ADD, 2, effect->member);
    bind_u64(store, STATEMENT_VOUCHER_ADD, 3, origin.position);
    bind_i64(store, STATEMENT_VOUCHER_ADD, 4, origin.index);
    return statement_run_one(store, STATEMENT_VOUCHER_ADD);
}

static void apply_visit(struct application *application, const struct effect *effect)
{
    struct pending_member *member = &application->store->pending.member;
    CHECK(member->member == effect->member);
    if (member->purchases == 0 || effect->visit.day > member->last_purchase) {
        member->last_purchase = effect->visit.day;
    }
    member->purchases++;
}

static int add_key(struct application *application, const struct effect *effect, uint32_t key_no)
{
    struct store *store = application->store;
    bind_i64(store, STATEMENT_KEY_ADD, 1, effect->principal.principal);
    bind_i64(store, STATEMENT_KEY_ADD, 2, key_no);
    bind_bytes(store, STATEMENT_KEY_ADD, 3, effect->principal.key);
    bind_u64(store, STATEMENT_KEY_ADD, 4, application->event->position);
    return statement_run_one(store, STATEMENT_KEY_ADD);
}

static int add_principal(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    const uint32_t principal = effect->principal.principal;
    const uint64_t position = application->event->position;
    CHECK(effect->principal.key.size == KEY_BYTES);
    int error;
    if (principal == 0) {
        bind_i64(store, STATEMENT_PRINCIPAL_DAEMON, 1, effect->principal.role);
        bind_text(store, STATEMENT_PRINCIPAL_DAEMON, 2,
                  effect->principal.label != NULL ? effect->principal.label : "");
        bind_u64(store, STATEMENT_PRINCIPAL_DAEMON, 3, position);
        error = statement_run_one(store, STATEMENT_PRINCIPAL_DAEMON);
    } else {
        CHECK(principal == store->head.next_principal);
        CHECK(principal <= PRINCIPALS_MAX);
        store->head.next_principal++;
        store->pending.head_dirty = true;
        bind_i64(store, STATEMENT_PRINCIPAL_ADD, 1, principal);
        bind_i64(store, STATEMENT_PRINCIPAL_ADD, 2, effect->principal.role);
        bind_text(store, STATEMENT_PRINCIPAL_ADD, 3, effect->principal.store);
        bind_text(store, STATEMENT_PRINCIPAL_ADD, 4,
                  effect->principal.label != NULL ? effect->principal.label : "");
        bind_u64(store, STATEMENT_PRINCIPAL_ADD, 5, position);
        error = statement_run_one(store, STATEMENT_PRINCIPAL_ADD);
    }
    if (error != 0) {
        return error;
    }
    return add_key(application, effect, 1);
}

static int end_key(struct application *application, uint32_t principal)
{
    struct store *store = application->store;
    bind_i64(store, STATEMENT_KEY_END, 1, principal);
    bind_u64(store, STATEMENT_KEY_END, 2, application->event->position);
    return statement_run_one(store, STATEMENT_KEY_END);
}

static int rotate_key(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    CHECK(effect->principal.key.size == KEY_BYTES);
    bind_i64(store, STATEMENT_PRINCIPAL_ROTATE, 1, effect->principal.principal);
    bind_i64(store, STATEMENT_PRINCIPAL_ROTATE, 2, effect->principal.key_no);
    int error = statement_run_one(store, STATEMENT_PRINCIPAL_ROTATE);
    if (error == 0) {
        error = end_key(application, effect->principal.principal);
    }
    return error != 0 ? error : add_key(application, effect, effect->principal.key_no);
}

static int revoke_principal(struct application *application, uint32_t principal)
{
    struct store *store = application->store;
    bind_i64(store, STATEMENT_PRINCIPAL_REVOKE, 1, principal);
    const int error = statement_run_one(store, STATEMENT_PRINCIPAL_REVOKE);
    return error != 0 ? error : end_key(application, principal);
}

static int retire_principal(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    bind_i64(store, STATEMENT_PRINCIPAL_RETIRE, 1, effect->principal.principal);
    bind_i64(store, STATEMENT_PRINCIPAL_RETIRE, 2, effect->principal.retired_at);
    return statement_run_one(store, STATEMENT_PRINCIPAL_RETIRE);
}

static int apply_principal(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    int error = 0;
    if (effect->principal.key_no > 1) {
        error = rotate_key(application, effect);
    } else if (effect->principal.key.size > 0) {
        error = add_principal(application, effect);
    }
    if (error == 0 && effect->principal.retired_at != 0) {
        error = retire_principal(application, effect);
    }
    if (error == 0 && effect->principal.revoked) {
        error = revoke_principal(application, effect->principal.principal);
    }
    if (error == 0 && effect->principal.invite != 0) {
        bind_u64(store, STATEMENT_INVITE_USE, 1, effect->principal.invite);
        bind_i64(store, STATEMENT_INVITE_USE, 2, effect->principal.principal);
        error = statement_run_one(store, STATEMENT_INVITE_USE);
    }
    return error;
}

static int apply_invite(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    CHECK(effect->invite.code_hash.size == HASH_BYTES);
    bind_bytes(store, STATEMENT_INVITE_ADD, 1, effect->invite.code_hash);
    bind_u64(store, STATEMENT_INVITE_ADD, 2, application->event->position);
    bind_i64(store, STATEMENT_INVITE_ADD, 3, effect->invite.role);
    bind_text(store, STATEMENT_INVITE_ADD, 4, effect->invite.store);
    bind_text(store, STATEMENT_INVITE_ADD, 5, effect->invite.label != NULL ? effect->invite.label : "");
    bind_i64(store, STATEMENT_INVITE_ADD, 6, effect->invite.expires_at);
    return statement_run_one(store, STATEMENT_INVITE_ADD);
}

static int apply_programme(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    bind_i64(store, STATEMENT_PROGRAMME_ADD, 1, effect->programme.version);
    bind_i64(store, STATEMENT_PROGRAMME_ADD, 2, effect->programme.effective);
    bind_u64(store, STATEMENT_PROGRAMME_ADD, 3, application->event->position);
    bind_bytes(store, STATEMENT_PROGRAMME_ADD, 4, application->event->yaml);
    return statement_run_one(store, STATEMENT_PROGRAMME_ADD);
}

static int apply_to_member(struct application *application, const struct effect *effect)
{
    if (effect->kind == EFFECT_ENROL) {
        const int enrolled = apply_enrol(application, effect);
        return enrolled != 0 ? enrolled : touch(application, effect->member);
    }
    const int error = touch(application, effect->member);
    if (error != 0) {
        return error;
    }
    switch (effect->kind) {
    case EFFECT_LOT:
        return apply_lot(application, effect);
    case EFFECT_METRIC:
        return apply_metric(application, effect);
    case EFFECT_LEVEL:
        return apply_level(application, effect);
    case EFFECT_STAMPS:
        return apply_stamps(application, effect);
    case EFFECT_VOUCHER:
        return apply_voucher(application, effect);
    case EFFECT_VISIT:
        apply_visit(application, effect);
        return 0;
    case EFFECT_COUNTER:
        return counter_apply(application->store, effect);
    case EFFECT_NOTE:
        return 0;
    case EFFECT_ENROL:
    case EFFECT_MOVE:
    case EFFECT_PRINCIPAL:
    case EFFECT_INVITE:
    case EFFECT_PROGRAMME:
    case EFFECT_LIVE:
    case EFFECT_REVISION:
        break;
    }
    CHECK(!"an effect of a member");
    return ERR_UNSUPPORTED;
}

static int apply_one(struct application *application, const struct effect *effect, size_t index)
{
    struct store *store = application->store;
    switch (effect->kind) {
    case EFFECT_MOVE:
        return apply_move(application, effect, index);
    case EFFECT_ENROL:
    case EFFECT_LOT:
    case EFFECT_METRIC:
    case EFFECT_LEVEL:
    case EFFECT_STAMPS:
    case EFFECT_VOUCHER:
    case EFFECT_VISIT:
    case EFFECT_NOTE:
        return apply_to_member(application, effect);
    case EFFECT_COUNTER:
        return effect->counter.scope == NULL ? apply_to_member(application, effect)
                                             : counter_apply(application->store, effect);
    case EFFECT_PRINCIPAL:
        return apply_principal(application, effect);
    case EFFECT_INVITE:
        return apply_invite(application, effect);
    case EFFECT_PROGRAMME:
        return apply_programme(application, effect);
    case EFFECT_LIVE:
        store->head.live = true;
        store->pending.head_dirty = true;
        return 0;
    case EFFECT_REVISION:
        store->head.engine_revision = effect->revision.revision;
        store->pending.head_dirty = true;
        return 0;
    }
    CHECK(!"a known kind of effect");
    return ERR_UNSUPPORTED;
}

int store_apply(struct store *store, const struct store_applied *event, const struct effect *effects,
                size_t effects_count)
{
    const int usable = connection_usable(store);
    if (usable != 0) {
        return usable;
    }
    CHECK(store->writing);
    CHECK(event->position != 0);
    CHECK(effects_count <= EFFECTS_MAX);
    struct application application = {.store = store, .event = event};
    for (size_t i = 0; i < effects_count; i++) {
        const int error = apply_one(&application, &effects[i], i);
        if (error != 0) {
            return error;
        }
    }
    return write_open_lot(&application);
}
