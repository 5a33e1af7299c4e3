/* What operators ask for, and enrolment, which answers an operator's invite. */
#include "service/ledger_internal.h"

#include "base/check.h"
#include "base/text.h"

#include <string.h>

/* A manager looks after tills and clerks; an admin after everybody. */
static bool may_manage(enum role signer, enum role role)
{
    return signer == ROLE_ADMIN || (signer == ROLE_MANAGER && (role == ROLE_TERMINAL || role == ROLE_CLERK));
}

static int decide_invite(struct ledger *ledger, const struct draft *draft)
{
    const struct event *event = draft->event;
    const struct programme *programme = ledger_programme_newest(ledger);
    struct invite_row existing;
    if (!may_manage(ledger->principals[draft->principal].role, event->invite.role)) {
        decision_refuse(ledger->decision, CODE_NOT_ALLOWED);
        return 0;
    }
    const char *store = event->invite.store;
    const bool needs_store = event->invite.role == ROLE_TERMINAL;
    if ((needs_store && store == NULL) ||
        (store != NULL && (programme == NULL || programme_store(programme, store) == NULL))) {
        decision_refuse(ledger->decision, CODE_UNKNOWN_STORE);
        return 0;
    }
    const int result = store_invite_find(ledger->options.store, event->invite.code_hash.data, &existing);
    if (result == 0) {
        decision_refuse(ledger->decision, CODE_ALREADY_DONE);
        return 0;
    }
    if (result != ERR_NOT_FOUND) {
        return result;
    }
    struct effect *effect = outcome_add(&ledger->decision->outcome, EFFECT_INVITE, 0);
    CHECK(effect != NULL);
    effect->invite.code_hash = event->invite.code_hash;
    effect->invite.role = event->invite.role;
    effect->invite.store = store;
    effect->invite.label = event->invite.label;
    effect->invite.expires_at = event->invite.expires_at;
    return 0;
}

/* The principal an operator wants to act on, or NULL when that is refused. */
static const struct principal_row *find_target(struct ledger *ledger, const struct draft *draft,
                                               uint32_t target)
{
    const struct principal_row *row = ledger_principal(ledger, target);
    if (row == NULL || target == 0 || target == draft->principal) {
        decision_refuse(ledger->decision, CODE_UNKNOWN_PRINCIPAL);
        return NULL;
    }
    if (!may_manage(ledger->principals[draft->principal].role, row->role)) {
        decision_refuse(ledger->decision, CODE_NOT_ALLOWED);
        return NULL;
    }
    return row;
}

/* The effect that changes something of a principal; what changes is the caller's. */
static struct effect *change_principal(struct ledger *ledger, const struct principal_row *row)
{
    struct effect *effect = outcome_add(&ledger->decision->outcome, EFFECT_PRINCIPAL, 0);
    CHECK(effect != NULL);
    effect->principal.principal = row->principal;
    effect->principal.role = row->role;
    effect->principal.store = row->store[0] == '\0' ? NULL : row->store;
    effect->principal.label = row->label;
    return effect;
}

static void decide_revoke(struct ledger *ledger, const struct draft *draft)
{
    const struct principal_row *row = find_target(ledger, draft, draft->event->revoke.principal);
    if (row != NULL && row->revoked) {
        decision_refuse(ledger->decision, CODE_ALREADY_DONE);
    } else if (row != NULL) {
        change_principal(ledger, row)->principal.revoked = true;
    }
}

/* It ends when the operator says it does, not when that is booked: what is in the till's queue by then
 * counts. */
static void decide_retired(struct ledger *ledger, const struct draft *draft)
{
    const struct principal_row *row = find_target(ledger, draft, draft->event->retired.principal);
    if (row != NULL && (row->revoked || row->retired_at != 0)) {
        decision_refuse(ledger->decision, CODE_ALREADY_DONE);
    } else if (row != NULL) {
        const int64_t at = draft->event->occurred_at;
        change_principal(ledger, row)->principal.retired_at = at > 0 ? at : 1;
    }
}

/* The old key has signed the event. A key that somebody has or had would make two principals of one secret,
 * or bring back one that was given up. */
static int decide_key_rotated(struct ledger *ledger, const struct draft *draft)
{
    const struct bytes key = draft->event->key_rotated.key;
    uint32_t holder;
    int result = store_key_find(ledger->options.store, key.data, &holder);
    if (result != 0 && result != ERR_NOT_FOUND) {
        return result;
    }
    const bool valid = sign_rotate_check(key.data, ledger->programme_id, draft->principal,
                                         draft->event->key_rotated.proof.data) == 0;
    if (result == 0 || !valid) {
        decision_refuse(ledger->decision, CODE_KEY_INVALID);
        return 0;
    }
    const struct principal_row *row = &ledger->principals[draft->principal];
    struct effect *effect = change_principal(ledger, row);
    effect->principal.key = key;
    effect->principal.key_no = row->key_no + 1;
    return 0;
}

int ledger_load_draft(struct ledger *ledger, struct bytes yaml, struct findings *ret_findings,
                      struct version *ret_version)
{
    struct version version;
    *ledger->numbers_draft = *ledger->numbers;
    int result = version_load(yaml, ledger->numbers_draft, ret_findings, &version);
    if (result < 0) {
        return result;
    }
    result =
        programme_follows(ledger_programme_newest(ledger), version.programme, ledger->currency, ret_findings);
    if (result < 0) {
        version_fini(&version);
        return result;
    }
    *ret_version = version;
    return 0;
}

static int decide_programme(struct ledger *ledger, struct draft *draft)
{
    struct findings *findings = arena_alloc(&ledger->scratch, 1, sizeof(*findings));
    struct version version;
    if (findings == NULL) {
        return ERR_TOO_LARGE;
    }
    int result = ledger_load_draft(ledger, draft->event->programme_change.yaml, findings, &version);
    if (result == ERR_FORMAT || result == ERR_TOO_LARGE) {
        decision_refuse(ledger->decision, CODE_PROGRAMME_INVALID);
        return 0;
    }
    if (result < 0) {
        return result;
    }
    /* Should the batch fail, ledger_load reads all versions again. */
    version.position = ledger->head.position + 1;
    result = versions_add(&ledger->versions, version);
    if (result < 0) {
        return result;
    }
    *ledger->numbers = *ledger->numbers_draft;
    ledger->decision->outcome.programme_version = version.programme->version;
    struct effect *effect = outcome_add(&ledger->decision->outcome, EFFECT_PROGRAMME, 0);
    CHECK(effect != NULL);
    effect->programme.version = version.programme->version;
    effect->programme.effective = version.programme->effective;
    draft->yaml = draft->event->programme_change.yaml;
    return 0;
}

static void decide_go_live(struct ledger *ledger)
{
    if (ledger->head.live) {
        decision_refuse(ledger->decision, CODE_ALREADY_DONE);
        return;
    }
    CHECK(outcome_add(&ledger->decision->outcome, EFFECT_LIVE, 0) != NULL);
}

/* The row is marked when the event is written. */
static int decide_resolve(struct ledger *ledger, const struct draft *draft)
{
    struct exception_row row;
    size_t count = 0;
    const uint64_t position = draft->event->resolve.position;
    const uint32_t index = draft->event->resolve.index;
    struct exception_row rows[EXCEPTIONS_MAX];
    const int result =
        store_exceptions(ledger->options.store, position - 1, true, rows, EXCEPTIONS_MAX, &count);
    row.resolved_by = 0;
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].position == position && rows[i].index == index) {
            row = rows[i];
            found = true;
        }
    }
    if (result == 0 && (!found || row.resolved_by != 0)) {
        ledger_refuse(ledger, found ? CODE_ALREADY_DONE : CODE_UNKNOWN_EXCEPTION);
    }
    return result;
}

int ledger_decide_operator(struct ledger *ledger, struct draft *draft)
{
    switch (draft->event->kind) {
    case EVENT_INVITE:
        return decide_invite(ledger, draft);
    case EVENT_REVOKE:
        decide_revoke(ledger, draft);
        return 0;
    case EVENT_PROGRAMME_CHANGE:
        return decide_programme(ledger, draft);
    case EVENT_GO_LIVE:
        decide_go_live(ledger);
        return 0;
    case EVENT_KEY_ROTATED:
        return decide_key_rotated(ledger, draft);
    case EVENT_RETIRED:
        decide_retired(ledger, draft);
        return 0;
    case EVENT_RESOLVE:
        return decide_resolve(ledger, draft);
    case EVENT_PURCHASE:
    case EVENT_ENROLMENT:
    case EVENT_ACTIVITY:
    case EVENT_ADJUSTMENT:
    case EVENT_TRANSFER:
    case EVENT_MERGE:
    case EVENT_HOUSEHOLD:
    case EVENT_GOODS_RETURN:
    case EVENT_VOID_RECEIPT:
    case EVENT_DAY_CLOSE:
    case EVENT_CLAIM:
    case EVENT_UNCLAIM:
    case EVENT_CARD_LINKED:
    case EVENT_ERASED:
    case EVENT_RESUMED:
    case EVENT_RESERVE:
    case EVENT_RELEASE:
    case EVENT_REBOOK:
    case EVENT_TICK:
    case EVENT_GENESIS:
    case EVENT_PRINCIPAL_ADDED:
    case EVENT_ENGINE_REVISION:
        break;
    }
    CHECK(false);
    return 0;
}

static void add_principal(struct ledger *ledger, uint32_t principal, enum role role, const char *label,
                          struct bytes key)
{
    struct effect *effect = outcome_add(&ledger->decision->outcome, EFFECT_PRINCIPAL, 0);
    CHECK(effect != NULL);
    effect->principal.principal = principal;
    effect->principal.role = role;
    effect->principal.label = label;
    effect->principal.key = key;
}

/* Role, store and label of a new principal are those of its invite. */
static int decide_principal_added(struct ledger *ledger, const struct event *event)
{
    struct event_row row;
    struct event invite = {0};
    if (event->principal_added.principal != ledger->head.next_principal) {
        return ERR_FORMAT;
    }
    int result =
        store_event_read(ledger->options.store, event->principal_added.invite, &ledger->scratch, &row);
    if (result == 0) {
        result = wire_body_unpack(row.body, &ledger->scratch, &invite, NULL);
    }
    if (result < 0 || invite.kind != EVENT_INVITE) {
        return result == ERR_IO || result == ERR_CORRUPT ? result : ERR_FORMAT;
    }
    if (sign_enrol_check(event->principal_added.key.data, ledger->programme_id, invite.invite.code_hash.data,
                         event->principal_added.proof.data) < 0) {
        return ERR_FORMAT;
    }
    add_principal(ledger, event->principal_added.principal, invite.invite.role, invite.invite.label,
                  event->principal_added.key);
    struct effect *effect = &ledger->decision->outcome.effects[0];
    effect->principal.store = invite.invite.store;
    effect->principal.invite = event->principal_added.invite;
    return 0;
}

int ledger_decide_daemon(struct ledger *ledger, const struct event *event)
{
    const struct programme *newest = ledger_programme_newest(ledger);
    decision_clear(ledger->decision);
    context_clear(&ledger->context);
    ledger->decision->outcome.programme_version = newest == NULL ? 0 : newest->version;
    switch (event->kind) {
    case EVENT_GENESIS:
        add_principal(ledger, 0, ROLE_ADMIN, "daemon", event->genesis.daemon_key);
        add_principal(ledger, 1, ROLE_ADMIN, "admin", event->genesis.operator_key);
        return 0;
    case EVENT_PRINCIPAL_ADDED:
        return decide_principal_added(ledger, event);
    case EVENT_ENGINE_REVISION: {
        struct effect *effect = outcome_add(&ledger->decision->outcome, EFFECT_REVISION, 0);
        CHECK(effect != NULL);
        effect->revision.revision = event->engine_revision.revision;
        return 0;
    }
    case EVENT_PURCHASE:
    case EVENT_ENROLMENT:
    case EVENT_ACTIVITY:
    case EVENT_ADJUSTMENT:
    case EVENT_TRANSFER:
    case EVENT_MERGE:
    case EVENT_HOUSEHOLD:
    case EVENT_GOODS_RETURN:
    case EVENT_VOID_RECEIPT:
    case EVENT_DAY_CLOSE:
    case EVENT_CLAIM:
    case EVENT_UNCLAIM:
    case EVENT_CARD_LINKED:
    case EVENT_ERASED:
    case EVENT_RESOLVE:
    case EVENT_RESUMED:
    case EVENT_RESERVE:
    case EVENT_RELEASE:
    case EVENT_REBOOK:
    case EVENT_TICK:
    case EVENT_INVITE:
    case EVENT_REVOKE:
    case EVENT_PROGRAMME_CHANGE:
    case EVENT_GO_LIVE:
    case EVENT_KEY_ROTATED:
    case EVENT_RETIRED:
        break;
    }
    return ERR_FORMAT;
}

static void reply_enrolled(const struct ledger *ledger, const struct principal_row *row, struct reply *reply)
{
    reply->kind = REPLY_ENROLLED;
    memset(&reply->enrolled, 0, sizeof(reply->enrolled));
    reply->enrolled.principal = row->principal;
    reply->enrolled.programme_id = (struct bytes){ledger->programme_id, PROGRAMME_ID_BYTES};
    reply->enrolled.daemon_key = (struct bytes){ledger->options.daemon_key->public_key, KEY_BYTES};
    reply->enrolled.role = (uint32_t)row->role;
    reply->enrolled.store = row->store[0] == '\0' ? NULL : row->store;
    reply->enrolled.label = row->label;
}

/* Books that the holder of this key is a principal from here on. */
static int book_principal(struct ledger *ledger, const struct request *request,
                          const struct invite_row *invite)
{
    struct event *event = &ledger->event;
    const uint32_t principal = ledger->head.next_principal;
    *event = (struct event){
        .occurred_at = ledger_now(ledger),
        .kind = EVENT_PRINCIPAL_ADDED,
        .principal_added = {.principal = principal,
                            .key = request->enrol.key,
                            .invite = invite->position,
                            .proof = request->enrol.proof},
    };
    struct draft draft;
    int result = ledger_daemon_draft(ledger, event, &draft);
    if (result < 0) {
        return result;
    }
    result = ledger_decide_daemon(ledger, event);
    if (result < 0) {
        /* The proof was checked before; a log that does not fit it is damaged. */
        return result == ERR_FORMAT ? ERR_CORRUPT : result;
    }
    result = ledger_begin(ledger);
    return result < 0 ? result : ledger_write(ledger, &draft);
}

int ledger_enrol(struct ledger *ledger, const struct ledger_job *job, struct reply *reply,
                 struct ledger_result *result)
{
    uint8_t hash[HASH_BYTES];
    struct invite_row invite = {0};
    int status = invite_code_hash(job->request->enrol.code, hash);
    if (status == 0) {
        status = store_invite_find(ledger->options.store, hash, &invite);
    }
    if (status == ERR_FORMAT || status == ERR_NOT_FOUND) {
        ledger_fail(ledger, reply, FAILURE_INVITE_INVALID,
                    "no invite has this code: check it, or ask for a new one");
        result->note = LEDGER_WRONG_CODE;
        return 0;
    }
    if (status < 0) {
        return status;
    }
    if (invite.used_by != 0) {
        const struct principal_row *row = ledger_principal(ledger, invite.used_by);
        CHECK(row != NULL);
        if (memcmp(row->key, job->request->enrol.key.data, KEY_BYTES) == 0 && !row->revoked) {
            reply_enrolled(ledger, row, reply);
        } else {
            ledger_fail(ledger, reply, FAILURE_INVITE_INVALID,
                        "this code was used by another till: ask for a new one");
            result->note = LEDGER_WRONG_CODE;
        }
        return 0;
    }
    const struct world *world = ledger->options.world;
    if (world->wall_ms(world->context) > invite.expires_at) {
        ledger_fail(ledger, reply, FAILURE_INVITE_INVALID, "this code has expired: ask for a new one");
        result->note = LEDGER_WRONG_CODE;
        return 0;
    }
    if (ledger->head.next_principal >= PRINCIPALS_MAX) {
        ledger_fail(ledger, reply, FAILURE_TOO_LARGE, "the programme has as many principals as it can hold");
        return 0;
    }
    status = book_principal(ledger, job->request, &invite);
    if (status < 0) {
        return status;
    }
    result->note = LEDGER_ADDED;
    result->principal = ledger->principals[ledger->decision->outcome.effects[0].principal.principal];
    reply_enrolled(ledger, &ledger->principals[result->principal.principal], reply);
    return 0;
}
