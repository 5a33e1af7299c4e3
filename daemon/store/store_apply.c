/* Effects become rows: what engine_apply does to a member's state, done to the tables. */
#include "base/check.h"
#include "model/holding.h"
#include "model/programme.h"
#include "store/application.h"
#include "store/counter.h"

static int apply_enrol(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    CHECK(effect->member == store->head.next_member);
    store->head.next_member++;
    CHECK(store->head.next_member != 0);
    store->pending.head_dirty = true;
    bind_i64(store, STATEMENT_MEMBER_ADD, 1, effect->member);
    bind_i64(store, STATEMENT_MEMBER_ADD, 2, effect->enrol.day);
    return statement_run_one(store, STATEMENT_MEMBER_ADD);
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

/* A level beside the member's own, or none any more. */
static int set_level(struct application *application, uint32_t member, enum holding_kind kind, uint32_t level,
                     int32_t until)
{
    struct store *store = application->store;
    if (level == 0) {
        int changes = 0;
        bind_i64(store, STATEMENT_HOLDING_END, 1, member);
        bind_i64(store, STATEMENT_HOLDING_END, 2, kind);
        bind_i64(store, STATEMENT_HOLDING_END, 3, 0);
        bind_i64(store, STATEMENT_HOLDING_END, 4, 0);
        return statement_run_counted(store, STATEMENT_HOLDING_END, &changes);
    }
    bind_i64(store, STATEMENT_LEVEL_BESIDE_SET, 1, member);
    bind_i64(store, STATEMENT_LEVEL_BESIDE_SET, 2, kind);
    bind_i64(store, STATEMENT_LEVEL_BESIDE_SET, 3, level);
    application_bind_day(store, STATEMENT_LEVEL_BESIDE_SET, 4, until);
    return statement_run_one(store, STATEMENT_LEVEL_BESIDE_SET);
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
    application_bind_day(store, STATEMENT_LEVEL_SET, 3, effect->level.until);
    bind_i64(store, STATEMENT_LEVEL_SET, 4, effect->level.day);
    int result = statement_run_one(store, STATEMENT_LEVEL_SET);
    if (result == 0) {
        result = set_level(application, effect->member, HOLDING_HELD, effect->level.held,
                           effect->level.held_until);
    }
    return result;
}

static int apply_stamps(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    bind_i64(store, STATEMENT_STAMPS_SET, 1, effect->member);
    bind_i64(store, STATEMENT_STAMPS_SET, 2, effect->stamps.card);
    bind_i64(store, STATEMENT_STAMPS_SET, 3, effect->stamps.count);
    bind_i64(store, STATEMENT_STAMPS_SET, 4, (int64_t)effect->stamps.completed - effect->stamps.undone);
    bind_i64(store, STATEMENT_STAMPS_SET, 5, effect->stamps.since);
    bind_i64(store, STATEMENT_STAMPS_SET, 6, effect->stamps.required);
    return statement_run_one(store, STATEMENT_STAMPS_SET);
}

static void apply_visit(struct application *application, const struct effect *effect)
{
    struct pending_member *member = &application->store->pending.member;
    CHECK(member->member == effect->member);
    if (effect->visit.undone) {
        member->purchases--;
        return;
    }
    if (effect->visit.day > member->last_purchase) {
        member->last_purchase = effect->visit.day;
    }
    member->purchases += 1 + (int64_t)effect->visit.more;
}

/* The member's rows go; what leads to it leads to the other one. */
static int apply_merge(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    int error = application_write_open_lot(application);
    error = error != 0 ? error : pending_member_flush(store);
    bind_i64(store, STATEMENT_MEMBER_EMPTY, 1, effect->member);
    error = error != 0 ? error : statement_run(store, STATEMENT_MEMBER_EMPTY);
    bind_i64(store, STATEMENT_MEMBER_REST, 1, effect->member);
    error = error != 0 ? error : statement_run_one(store, STATEMENT_MEMBER_REST);
    bind_i64(store, STATEMENT_MERGED_ADD, 1, effect->member);
    bind_i64(store, STATEMENT_MERGED_ADD, 2, effect->merge.into);
    return error != 0 ? error : statement_run_one(store, STATEMENT_MERGED_ADD);
}

static int apply_household(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    if (effect->household.household == 0) {
        bind_i64(store, STATEMENT_HOLDING_END, 1, effect->member);
        bind_i64(store, STATEMENT_HOLDING_END, 2, HOLDING_HOUSEHOLD);
        bind_i64(store, STATEMENT_HOLDING_END, 3, 0);
        bind_i64(store, STATEMENT_HOLDING_END, 4, 0);
        return statement_run_one(store, STATEMENT_HOLDING_END);
    }
    bind_i64(store, STATEMENT_HOUSEHOLD_SET, 1, effect->member);
    bind_i64(store, STATEMENT_HOUSEHOLD_SET, 2, effect->household.household);
    return statement_run_one(store, STATEMENT_HOUSEHOLD_SET);
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
        return enrolled != 0 ? enrolled : application_touch(application, effect->member);
    }
    const int error = application_touch(application, effect->member);
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
    case EFFECT_VOUCHER_HOLD:
        return apply_voucher_hold(application, effect);
    case EFFECT_VOUCHER_END:
        return apply_voucher_end(application, effect);
    case EFFECT_RESERVATION:
        return apply_reservation(application, effect);
    case EFFECT_RESERVATION_END:
        return apply_reservation_end(application, effect);
    case EFFECT_FLOOR:
        return set_level(application, effect->member, HOLDING_FLOOR, effect->floor.level,
                         effect->floor.until);
    case EFFECT_ITEM:
        return counter_apply_item(application->store, effect);
    case EFFECT_MERGE:
        return apply_merge(application, effect);
    case EFFECT_HOUSEHOLD:
        return apply_household(application, effect);
    case EFFECT_ENROL:
    case EFFECT_MOVE:
    case EFFECT_PRINCIPAL:
    case EFFECT_INVITE:
    case EFFECT_PROGRAMME:
    case EFFECT_LIVE:
    case EFFECT_REVISION:
    case EFFECT_RECEIPT:
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
    case EFFECT_VOUCHER_HOLD:
    case EFFECT_VOUCHER_END:
    case EFFECT_RESERVATION:
    case EFFECT_RESERVATION_END:
    case EFFECT_FLOOR:
    case EFFECT_ITEM:
    case EFFECT_MERGE:
    case EFFECT_HOUSEHOLD:
        return apply_to_member(application, effect);
    case EFFECT_RECEIPT:
        return apply_receipt(application, effect->receipt.position, &effect->receipt.fact);
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
    return application_write_open_lot(&application);
}
