/* Questions: answered from the store, in order with the writes. */
#include "service/ledger_internal.h"

#include "base/check.h"

enum { BACKUP_STEP_PAGES = 1024 };

#include <stdio.h>
#include <string.h>

static int reply_ready(struct ledger *ledger, const struct ledger_job *job, struct reply *reply,
                       struct ledger_result *result)
{
    const struct principal_row *row = ledger_principal(ledger, job->principal);
    if (row == NULL || row->revoked) {
        ledger_fail(ledger, reply, FAILURE_REVOKED,
                    "this principal was revoked: enrol again with a new invite");
        result->note = LEDGER_CLOSE;
        return 0;
    }
    if (job->key_no != 0 && job->key_no != row->key_no) {
        ledger_fail(ledger, reply, FAILURE_BAD_SIGNATURE, "the principal has another key since");
        result->note = LEDGER_CLOSE;
        return 0;
    }
    bool differs = false;
    if (job->last_position > 0) {
        uint8_t chain[HASH_BYTES];
        const int status = store_chain_read(ledger->options.store, job->last_position, chain);
        if (status < 0 && status != ERR_NOT_FOUND) {
            return status;
        }
        differs = status == ERR_NOT_FOUND || job->last_chain.size != HASH_BYTES ||
                  memcmp(chain, job->last_chain.data, HASH_BYTES) != 0;
    }
    const struct programme *programme = ledger_programme_newest(ledger);
    reply->kind = REPLY_READY;
    memset(&reply->ready, 0, sizeof(reply->ready));
    reply->ready.expected_sequence = row->next_sequence;
    reply->ready.epoch = (struct bytes){ledger->head.epoch, EPOCH_BYTES};
    reply->ready.programme_version = programme == NULL ? 0 : programme->version;
    reply->ready.position = ledger->head.position;
    reply->ready.log_differs = differs;
    reply->ready.now = ledger->options.world->wall_ms(ledger->options.world->context);
    reply->ready.role = (uint32_t)row->role;
    reply->ready.store = row->store[0] == '\0' ? NULL : row->store;
    reply->ready.label = row->label;
    reply->ready.currency = ledger->currency;
    reply->ready.outbox_retention_days = programme == NULL ? 7 : (uint32_t)programme->outbox_retention_days;
    reply->ready.tls_address = ledger->options.tls_address;
    reply->ready.plain_address = ledger->options.plain_address;
    if (ledger->options.tls_pins != NULL) {
        reply->ready.tls_pins = *ledger->options.tls_pins;
    }
    result->note = LEDGER_READY;
    return 0;
}

bool ledger_explains(enum event_kind kind)
{
    return kind == EVENT_PURCHASE || kind == EVENT_ACTIVITY;
}

/* Makes the decision of a stored event again, for its trace. */
static int explain(struct ledger *ledger, const struct event_row *row, struct reply *reply)
{
    struct outcome *outcome = &ledger->decision->outcome;
    int result = wire_body_unpack(row->body, &ledger->scratch, &ledger->event, NULL);
    if (result < 0) {
        return 0; /* it was booked as MALFORMED: nothing to explain */
    }
    decision_clear(ledger->decision);
    result = wire_outcome_unpack(row->outcome, &ledger->scratch, outcome);
    if (result == 0) {
        result = wire_context_unpack(row->context, &ledger->scratch, &ledger->past);
    }
    if (result < 0) {
        return ERR_CORRUPT;
    }
    const struct event *event = &ledger->event;
    const struct programme *programme = ledger_programme_version(ledger, outcome->programme_version);
    const struct principal_row *principal = ledger_principal(ledger, row->principal);
    if (ledger_unwrap(ledger, &ledger->event, &principal) < 0) {
        return 0; /* refused for that: nothing to explain */
    }
    const bool explains = ledger_explains(event->kind) || ledger->past.occasions != 0;
    if (outcome->code != CODE_ACCEPTED || !explains || programme == NULL || principal == NULL) {
        return 0;
    }
    const struct engine_place place = {.store = principal->store, .till = principal->label};
    struct engine_past past;
    const bool about = ledger->past.about != 0;
    result = about ? ledger_past(ledger, ledger->past.about, &past) : 0;
    if (result < 0) {
        return result;
    }
    decision_clear(ledger->decision);
    result = engine_decide(programme, &place, event, &ledger->past, about ? &past : NULL, ledger->decision);
    if (result < 0) {
        return result;
    }
    result = render_trace(programme, ledger->decision, &ledger->scratch, &reply->event.trace,
                          &reply->event.trace_count);
    return result != 0 ? result
                       : render_steps(programme, ledger->decision, &ledger->scratch, &reply->event.steps,
                                      &reply->event.steps_count);
}

static int reply_event(struct ledger *ledger, const struct ledger_job *job, struct reply *reply)
{
    const struct request *request = job->request;
    struct event_row row;
    int result =
        request->get_event.position > 0
            ? store_event_read(ledger->options.store, request->get_event.position, &ledger->scratch, &row)
            : store_event_find(ledger->options.store, request->get_event.principal,
                               request->get_event.sequence, &ledger->scratch, &row);
    if (result == ERR_NOT_FOUND) {
        ledger_fail(ledger, reply, FAILURE_NOT_FOUND, "nothing is booked there");
        return 0;
    }
    if (result < 0) {
        return result;
    }
    uint8_t *chain = arena_copy(&ledger->scratch, row.chain, HASH_BYTES);
    if (chain == NULL) {
        return ERR_TOO_LARGE;
    }
    reply->kind = REPLY_EVENT;
    memset(&reply->event, 0, sizeof(reply->event));
    reply->event.position = row.position;
    reply->event.principal = row.principal;
    reply->event.sequence = row.sequence;
    reply->event.booked_at = row.booked_at;
    reply->event.body = row.body;
    reply->event.signature = row.signature;
    reply->event.context = row.context;
    reply->event.outcome = row.outcome;
    reply->event.chain = (struct bytes){chain, HASH_BYTES};
    reply->event.key_no = row.key_no;
    reply->event.batch_sequence = row.batch.first_sequence;
    reply->event.batch_count = row.batch.count;
    return explain(ledger, &row, reply);
}

/* The caller's counters and ours, by name. */
static int add_counters(struct ledger *ledger, const struct metrics *other, struct reply *reply)
{
    static const struct metrics none;
    if (other == NULL) {
        other = &none;
    }
    const struct counter_view counters[] = {
#define X(name, documentation) {#name, ledger->metrics.name + other->name, documentation},
#include "base/metrics.def"
#undef X
    };
    struct counter_view *items = arena_alloc(&ledger->scratch, 1, sizeof(counters));
    if (items == NULL) {
        return ERR_TOO_LARGE;
    }
    memcpy(items, counters, sizeof(counters));
    reply->status.counters = items;
    reply->status.counters_count = sizeof(counters) / sizeof(counters[0]);
    return 0;
}

static int reply_status(struct ledger *ledger, const struct ledger_job *job, struct reply *reply)
{
    struct store_totals totals;
    struct store_figures figures = {0};
    int result = store_totals(ledger->options.store, &totals);
    if (result == 0) {
        result = store_figures(ledger->options.store, &figures);
    }
    if (result < 0) {
        return result;
    }
    ledger->metrics.wal_frames = figures.wal_frames_written;
    const struct programme *programme = ledger_programme_newest(ledger);
    reply->kind = REPLY_STATUS;
    memset(&reply->status, 0, sizeof(reply->status));
    reply->status.software = LOYALTY_VERSION;
    reply->status.programme_id = (struct bytes){ledger->programme_id, PROGRAMME_ID_BYTES};
    reply->status.programme_version = programme == NULL ? 0 : programme->version;
    reply->status.programme = programme == NULL ? NULL : programme->id;
    reply->status.position = ledger->head.position;
    reply->status.chain = (struct bytes){ledger->head.chain, HASH_BYTES};
    reply->status.now = ledger->options.world->wall_ms(ledger->options.world->context);
    reply->status.started_at = ledger->started_at;
    reply->status.live = ledger->head.live;
    reply->status.connections = job->connections;
    reply->status.engine_revision = ledger->head.engine_revision;
    reply->status.members = totals.members;
    reply->status.principals = totals.principals;
    reply->status.balanced = totals.balanced;
    reply->status.outstanding = totals.outstanding;
    reply->status.ticked_at = ledger->ticking.finished_at;
    return add_counters(ledger, job->metrics, reply);
}

static int reply_principals(struct ledger *ledger, struct reply *reply)
{
    const size_t count = ledger->principals_count;
    struct principal_view *items = arena_alloc(&ledger->scratch, count, sizeof(*items));
    if (items == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < count; i++) {
        const struct principal_row *row = &ledger->principals[i];
        items[i] = (struct principal_view){
            .principal = row->principal,
            .role = (uint32_t)row->role,
            .store = row->store[0] == '\0' ? NULL : row->store,
            .label = row->label,
            .key = {row->key, KEY_BYTES},
            .revoked = row->revoked,
            .next_sequence = row->next_sequence,
            .added = row->added,
            .key_no = row->key_no,
            .retired_at = row->retired_at,
        };
    }
    reply->kind = REPLY_PRINCIPALS;
    reply->principals.items = items;
    reply->principals.count = count;
    return 0;
}

static int reply_programme(struct ledger *ledger, const struct ledger_job *job, struct reply *reply)
{
    const uint32_t wanted = job->request->get_programme.version;
    const struct version *version =
        wanted == 0 ? versions_newest(&ledger->versions) : versions_find(&ledger->versions, wanted);
    struct event_row row;
    if (version == NULL) {
        ledger_fail(ledger, reply, FAILURE_NOT_FOUND, "the programme has no such version");
        return 0;
    }
    int result = store_event_read(ledger->options.store, version->position, &ledger->scratch, &row);
    if (result == 0) {
        result = wire_body_unpack(row.body, &ledger->scratch, &ledger->event, NULL);
    }
    if (result < 0) {
        return result;
    }
    reply->kind = REPLY_PROGRAMME;
    memset(&reply->programme, 0, sizeof(reply->programme));
    reply->programme.version = version->programme->version;
    reply->programme.effective = version->programme->effective;
    reply->programme.yaml = ledger->event.programme_change.yaml;
    reply->programme.position = version->position;
    return 0;
}

static int reply_findings(struct ledger *ledger, const struct findings *findings, struct reply *reply)
{
    struct finding_view *items = arena_alloc(&ledger->scratch, findings->count, sizeof(*items));
    if (items == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        items[i] = (struct finding_view){
            .warning = finding->warning,
            .line = (uint32_t)finding->line,
            .column = (uint32_t)finding->column,
            .path = finding->path,
            .text = finding->text,
        };
    }
    reply->kind = REPLY_PROGRAMME_CHECKED;
    reply->programme_checked.items = items;
    reply->programme_checked.count = findings->count;
    return 0;
}

static int reply_checked(struct ledger *ledger, const struct ledger_job *job, struct reply *reply)
{
    struct findings *findings = arena_alloc(&ledger->scratch, 1, sizeof(*findings));
    struct version version = {0};
    if (findings == NULL) {
        return ERR_TOO_LARGE;
    }
    const int result = ledger_load_draft(ledger, job->request->check_programme.yaml, findings, &version);
    version_fini(&version);
    if (result == ERR_FORMAT || result == 0) {
        return reply_findings(ledger, findings, reply);
    }
    if (result == ERR_TOO_LARGE) {
        ledger_fail(ledger, reply, FAILURE_TOO_LARGE, "the programme is larger than it may be");
        return 0;
    }
    return result;
}

static void end_backup(struct ledger *ledger)
{
    store_backup_end(ledger->backup);
    ledger->backup = NULL;
}

/* Some pages of the copy; the client asks until none is left. What fails is the copy, not the store. */
static int reply_backup(struct ledger *ledger, const struct ledger_job *job, struct reply *reply)
{
    const char *path = job->request->backup.path;
    CHECK(!ledger->in_transaction);
    int result = 0;
    if (ledger->backup != NULL && strcmp(ledger->backup_path, path) != 0) {
        end_backup(ledger);
    }
    if (ledger->backup == NULL) {
        snprintf(ledger->backup_path, sizeof(ledger->backup_path), "%s", path);
        result = store_backup_begin(ledger->options.store, path, &ledger->backup);
    }
    reply->kind = REPLY_BACKUP_STEP;
    if (result == 0) {
        result = store_backup_step(ledger->backup, BACKUP_STEP_PAGES, &reply->backup_step.left,
                                   &reply->backup_step.total);
    }
    if (result < 0 || reply->backup_step.left == 0) {
        end_backup(ledger);
    }
    if (result == ERR_EXISTS) {
        ledger_fail(ledger, reply, FAILURE_INVALID,
                    "there is such a file already: a backup never overwrites");
    } else if (result == ERR_FULL) {
        ledger_fail(ledger, reply, FAILURE_INVALID, "no space is left where the backup is to go");
    } else if (result < 0) {
        ledger_fail(ledger, reply, FAILURE_INVALID,
                    "the daemon cannot write there: choose a folder that is its own");
    }
    return 0;
}

int ledger_query(struct ledger *ledger, const struct ledger_job *job, struct reply *reply,
                 struct ledger_result *result)
{
    int status = 0;
    switch (job->request->kind) {
    case REQUEST_AUTHENTICATE:
        status = reply_ready(ledger, job, reply, result);
        break;
    case REQUEST_GET_MEMBER:
        status = ledger_reply_member(ledger, job, reply);
        break;
    case REQUEST_GET_VOUCHER:
        status = ledger_reply_voucher(ledger, job, reply);
        break;
    case REQUEST_GET_EVENT:
        status = reply_event(ledger, job, reply);
        break;
    case REQUEST_GET_STATUS:
        status = reply_status(ledger, job, reply);
        break;
    case REQUEST_GET_EXCEPTIONS:
        status = ledger_exceptions(ledger, job, reply);
        break;
    case REQUEST_GET_PRINCIPALS:
        status = reply_principals(ledger, reply);
        break;
    case REQUEST_GET_PROGRAMME:
        status = reply_programme(ledger, job, reply);
        break;
    case REQUEST_CHECK_PROGRAMME:
        status = reply_checked(ledger, job, reply);
        break;
    case REQUEST_BACKUP:
        status = reply_backup(ledger, job, reply);
        break;
    case REQUEST_QUOTE:
        status = ledger_quote(ledger, job, reply);
        break;
    case REQUEST_HELLO:
    case REQUEST_ENROL:
    case REQUEST_BOOK:
    case REQUEST_BOOK_BATCH:
    case REQUEST_SET_PROFILE:
    case REQUEST_GET_PROFILE:
        CHECK(false); /* not questions */
        break;
    }
    if (status == ERR_TOO_LARGE || status == ERR_RANGE || status == ERR_OVERFLOW) {
        ledger_fail(ledger, reply, FAILURE_TOO_LARGE, "the answer is larger than a frame");
        status = 0;
    }
    return status;
}
