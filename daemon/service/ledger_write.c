/* The decided event becomes rows. Everything of it is written here, in the batch's transaction. */
#include "service/ledger_internal.h"

#include "base/check.h"
#include "crypto/chain.h"

#include <string.h>

int ledger_daemon_draft(struct ledger *ledger, const struct event *event, struct draft *ret_draft)
{
    const uint64_t sequence = ledger->principals_count == 0 ? 1 : ledger->principals[0].next_sequence;
    struct bytes body;
    int result = wire_body_pack(event, &ledger->scratch, &body);
    if (result < 0) {
        return result;
    }
    const size_t room = SIGN_EVENT_PREFIX_BYTES + body.size;
    uint8_t *signature = arena_alloc(&ledger->scratch, 1, SIGNATURE_BYTES);
    uint8_t *signed_bytes = arena_alloc(&ledger->scratch, 1, room);
    if (signature == NULL || signed_bytes == NULL) {
        return ERR_TOO_LARGE;
    }
    const struct sign_event message = {
        .programme_id = ledger->programme_id, .sequence = sequence, .body = body};
    result = sign_event(ledger->options.daemon_key, &message, signed_bytes, room, signature);
    if (result < 0) {
        return result;
    }
    *ret_draft = (struct draft){
        .sequence = sequence,
        .body = body,
        .signature = {signature, SIGNATURE_BYTES},
        .booked_at = ledger_booked_at(ledger, event),
        .event = event,
    };
    return 0;
}

/* Money that changed hands for goods: what the till's report counts. */
static int64_t purchase_gross(const struct purchase *purchase)
{
    int64_t sum = -purchase->basket_discount;
    for (size_t i = 0; i < purchase->lines_count; i++) {
        /* Cannot overflow: LINES_MAX lines of at most AMOUNT_MAX each. */
        sum += purchase->lines[i].voided ? 0 : purchase->lines[i].gross;
    }
    return sum;
}

static int64_t points_issued(const struct outcome *outcome)
{
    int64_t sum = 0;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_MOVE && effect->move.debit == account_of_programme(PROGRAMME_ISSUED)) {
            sum += effect->move.amount;
        }
    }
    return sum;
}

/* What happened, of an event that was understood. */
static const struct event *stated_by(const struct draft *draft)
{
    return draft->stated != NULL ? draft->stated : draft->event;
}

static int count_receipt(struct ledger *ledger, const struct draft *draft)
{
    const struct event *stated = stated_by(draft);
    const struct till_day day = {
        .key = draft->receipt,
        .gross = stated->kind == EVENT_PURCHASE ? purchase_gross(&stated->purchase) : -draft->returned,
        .points = points_issued(&ledger->decision->outcome),
    };
    return store_till_day_add(ledger->options.store, &day);
}

/* A return begins to wait for its purchase, or has waited; a purchase may be one that is waited for. */
static int follow_parked(struct ledger *ledger, const struct draft *draft)
{
    struct store *store = ledger->options.store;
    int result = 0;
    if (draft->parked.number != NULL && draft->event->kind == EVENT_RESUMED) {
        CHECK(ledger->parked_count > 0);
        ledger->parked_count--;
        return store_parked_end(store, &draft->parked, draft->event->resumed.position, draft->position);
    }
    if (draft->parked.number != NULL) {
        ledger->parked_count++;
        return store_parked_add(store, &draft->parked, draft->position);
    }
    if (stated_by(draft)->kind == EVENT_PURCHASE && ledger->parked_count > 0) {
        size_t count = 0;
        result = store_parked_find(store, &draft->receipt, &ledger->arrived[ledger->arrived_count],
                                   ARRIVED_MAX - ledger->arrived_count, &count);
        ledger->arrived_count += result == 0 ? count : 0;
    }
    return result;
}

/* Those of the event, and those it resolves. */
static int follow_exceptions(struct ledger *ledger, const struct draft *draft, const struct event_row *row)
{
    struct store *store = ledger->options.store;
    const struct outcome *outcome = &ledger->decision->outcome;
    int result = 0;
    if (outcome->code != CODE_ACCEPTED) {
        return ledger_is_lost(ledger, draft)
                   ? store_exception_write(store, row->position, 0, EXCEPTION_REFUSED, (int64_t)outcome->code)
                   : 0;
    }
    for (size_t i = 0; i < outcome->exceptions_count && result == 0; i++) {
        result = store_exception_write(store, row->position, (uint32_t)i,
                                       (uint32_t)outcome->exceptions[i].kind, outcome->exceptions[i].amount);
    }
    if (result == 0 && draft->event->kind == EVENT_RESOLVE) {
        result = store_exception_resolve(store, draft->event->resolve.position, draft->event->resolve.index,
                                         row->position);
    }
    if (result == 0 && draft->event->kind == EVENT_REBOOK) {
        result = store_exception_resolve(store, draft->event->rebook.position, 0, row->position);
        result = result == ERR_NOT_FOUND ? 0 : result; /* dismissed before, or none was noted */
    }
    return result;
}

static int write_rows(struct ledger *ledger, struct draft *draft, const struct event_row *row)
{
    struct store *store = ledger->options.store;
    const struct outcome *outcome = &ledger->decision->outcome;
    const struct store_applied applied = {
        .position = row->position, .booked_at = row->booked_at, .yaml = draft->yaml};
    int result = store_apply(store, &applied, outcome->effects, outcome->effects_count);
    if (result == 0) {
        result = store_event_write(store, row);
    }
    if (result == 0 && outcome->member != 0 && outcome->code == CODE_ACCEPTED) {
        result = store_member_touch(store, outcome->member, row->position);
    }
    if (result == 0 && outcome->code == CODE_ACCEPTED && draft->receipt.number != NULL) {
        result = count_receipt(ledger, draft);
    }
    if (result == 0 && outcome->code == CODE_ACCEPTED) {
        result = follow_parked(ledger, draft);
    }
    if (result == 0) {
        result = follow_exceptions(ledger, draft, row);
    }
    if (result == 0 && outcome->code == CODE_ACCEPTED && stated_by(draft)->kind == EVENT_DAY_CLOSE) {
        result = store_till_day_close(store, &draft->receipt, row->position);
    }
    if (result == 0 && outcome->code == CODE_ACCEPTED && draft->recorded == NULL) {
        result = ledger_write_beside(ledger, draft);
    }
    return result;
}

/* The ledger's own memory follows the effects. */
static int follow_effects(struct ledger *ledger, const struct draft *draft)
{
    const struct outcome *outcome = &ledger->decision->outcome;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        ledger_tick_follow(ledger, draft->position, effect);
        switch (effect->kind) {
        case EFFECT_ENROL:
            ledger->head.next_member = effect->member + 1;
            break;
        case EFFECT_PRINCIPAL: {
            CHECK(effect->principal.principal < PRINCIPALS_MAX);
            struct principal_row *row = &ledger->principals[effect->principal.principal];
            const int result = store_principal_read(ledger->options.store, effect->principal.principal, row);
            if (result < 0) {
                return result;
            }
            if (row->principal >= ledger->principals_count) {
                ledger->principals_count = row->principal + 1;
                ledger->head.next_principal = row->principal + 1;
            }
            break;
        }
        case EFFECT_LIVE:
            ledger->head.live = true;
            ledger->head.live_at = draft->booked_at;
            break;
        case EFFECT_REVISION:
            ledger->head.engine_revision = effect->revision.revision;
            break;
        case EFFECT_LOT:
        case EFFECT_MOVE:
        case EFFECT_METRIC:
        case EFFECT_LEVEL:
        case EFFECT_STAMPS:
        case EFFECT_VOUCHER:
        case EFFECT_VISIT:
        case EFFECT_INVITE:
        case EFFECT_PROGRAMME:
        case EFFECT_COUNTER:
        case EFFECT_NOTE:
        case EFFECT_VOUCHER_HOLD:
        case EFFECT_VOUCHER_END:
        case EFFECT_RESERVATION:
        case EFFECT_RESERVATION_END:
        case EFFECT_FLOOR:
        case EFFECT_RECEIPT:
        case EFFECT_ITEM:
        case EFFECT_MERGE:
        case EFFECT_HOUSEHOLD:
            break;
        }
    }
    ledger->principals[draft->principal].next_sequence = draft->sequence + 1;
    return 0;
}

/* The signature, or for an event of a batch what proves its place in that; `memory` holds it then. */
static struct bytes authenticator_of(const struct event_row *row,
                                     uint8_t memory[CHAIN_BATCH_AUTHENTICATOR_BYTES])
{
    if (row->batch.count == 0) {
        return row->signature;
    }
    CHECK(row->signature.size == SIGNATURE_BYTES);
    crypto_batch_authenticator(row->signature.data, (uint32_t)(row->sequence - row->batch.first_sequence),
                               row->batch.count, memory);
    return (struct bytes){memory, CHAIN_BATCH_AUTHENTICATOR_BYTES};
}

void ledger_chain(const struct ledger *ledger, const struct event_row *row, uint8_t ret_chain[HASH_BYTES])
{
    uint8_t authenticator[CHAIN_BATCH_AUTHENTICATOR_BYTES];
    const struct chain_leaf leaf = {
        .position = row->position,
        .booked_at = row->booked_at,
        .principal = row->principal,
        .key_no = row->key_no,
        .sequence = row->sequence,
        .body = row->body,
        .authenticator = authenticator_of(row, authenticator),
        .context = row->context,
        .outcome = row->outcome,
    };
    uint8_t hash[HASH_BYTES];
    crypto_leaf(&leaf, hash);
    crypto_link(ledger->head.chain, hash, ret_chain);
}

/* Packs what was decided and hashes all of it. */
static int complete_row(struct ledger *ledger, struct event_row *row)
{
    int result = wire_context_pack(&ledger->context, &ledger->scratch, &row->context);
    if (result == 0) {
        result = wire_outcome_pack(&ledger->decision->outcome, &ledger->scratch, &row->outcome);
    }
    if (result < 0) {
        return result;
    }
    ledger_chain(ledger, row, row->chain);
    return 0;
}

int ledger_write(struct ledger *ledger, struct draft *draft)
{
    struct outcome *outcome = &ledger->decision->outcome;
    struct event_row row = {
        .position = ledger->head.position + 1,
        .principal = draft->principal,
        .key_no = ledger->principals_count == 0 ? 1 : ledger->principals[draft->principal].key_no,
        .sequence = draft->sequence,
        .booked_at = draft->booked_at,
        .body = draft->body,
        .signature = draft->signature,
        .batch = draft->batch,
    };
    if (outcome->code == CODE_ACCEPTED && draft->receipt.number != NULL) {
        row.receipt = &draft->receipt;
    }
    if (row.batch.count > 0 && row.batch.first_position == 0) {
        row.batch.first_position = row.position;
    }
    CHECK(row.booked_at >= ledger->head.booked_at);
    int result = 0;
    if (draft->proved != NULL) {
        CHECK(draft->proved->position == row.position);
        row.context = draft->proved->context;
        row.outcome = draft->proved->outcome;
        memcpy(row.chain, draft->proved->chain, HASH_BYTES);
    } else {
        result = complete_row(ledger, &row);
    }
    if (result < 0) {
        return result;
    }
    draft->position = row.position;
    draft->outcome = row.outcome;
    draft->batch = row.batch;
    memcpy(draft->chain, row.chain, HASH_BYTES);
    result = write_rows(ledger, draft, &row);
    if (result < 0) {
        return result;
    }
    ledger->head.position = row.position;
    ledger->head.booked_at = row.booked_at;
    memcpy(ledger->head.chain, row.chain, HASH_BYTES);
    ledger->metrics.events_booked++;
    ledger->metrics.events_refused += outcome->code != CODE_ACCEPTED;
    return follow_effects(ledger, draft);
}
