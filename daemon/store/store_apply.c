/* Effects become rows: members by the engine's own fold, all else here. */
#include "base/check.h"
#include "engine/engine.h"
#include "store/application.h"
#include "store/counter.h"

/* Every effect of a member makes this event his last one: engine_apply sees to it. */
static void fold_into(const struct application *application, struct member_kept *kept,
                      const struct effect *effect)
{
    kept->changed = true;
    CHECK(engine_apply(kept->state, application->event->position, effect) == 0);
}

int application_fold(struct application *application, uint32_t member, const struct effect *effect)
{
    struct member_kept *kept;
    const int error = member_cache_find(application->store, member, &kept);
    CHECK(error != ERR_NOT_FOUND);
    if (error == 0) {
        fold_into(application, kept, effect);
    }
    return error;
}

static int apply_enrol(struct application *application, const struct effect *effect)
{
    struct store *store = application->store;
    struct member_kept *kept;
    CHECK(effect->member == store->head.next_member);
    const int error = member_cache_add(store, effect->member, &kept);
    if (error != 0) {
        return error;
    }
    store->head.next_member++;
    CHECK(store->head.next_member != 0);
    store->pending.head_dirty = true;
    fold_into(application, kept, effect);
    return 0;
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

static int apply_one(struct application *application, const struct effect *effect, size_t index)
{
    struct store *store = application->store;
    int error = 0;
    switch (effect->kind) {
    case EFFECT_MOVE:
        return apply_move(application, effect, index);
    case EFFECT_ENROL:
        return apply_enrol(application, effect);
    case EFFECT_LOT:
    case EFFECT_METRIC:
    case EFFECT_LEVEL:
    case EFFECT_STAMPS:
    case EFFECT_VISIT:
    case EFFECT_NOTE:
    case EFFECT_VOUCHER_HOLD:
    case EFFECT_RESERVATION:
    case EFFECT_RESERVATION_END:
    case EFFECT_FLOOR:
    case EFFECT_ITEM:
    case EFFECT_MERGE:
    case EFFECT_HOUSEHOLD:
        return application_fold(application, effect->member, effect);
    case EFFECT_VOUCHER:
        error = application_fold(application, effect->member, effect);
        return error != 0 ? error : apply_voucher(application, effect);
    case EFFECT_VOUCHER_END:
        error = application_fold(application, effect->member, effect);
        return error != 0 ? error : apply_voucher_end(application, effect);
    case EFFECT_COUNTER:
        return effect->counter.scope == NULL ? application_fold(application, effect->member, effect)
                                             : counter_apply(store, effect);
    case EFFECT_RECEIPT:
        return apply_receipt(application, effect->receipt.position, &effect->receipt.fact);
    case EFFECT_PRINCIPAL:
        return apply_principal(application, effect);
    case EFFECT_INVITE:
        return apply_invite(application, effect);
    case EFFECT_PROGRAMME:
        return apply_programme(application, effect);
    case EFFECT_LIVE:
        store->head.live = true;
        store->head.live_at = application->event->booked_at > 0 ? application->event->booked_at : 1;
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
    int error = 0;
    for (size_t i = 0; i < effects_count && error == 0; i++) {
        error = apply_one(&application, &effects[i], i);
    }
    return error;
}
