/* What an event means for a member: who it is, when and where it was, what fell due, what is earned. */
#include "service/ledger_internal.h"

#include "base/check.h"
#include "crypto/crypto.h"

#include <stdlib.h>
#include <string.h>

/* Whether operators do it: it happens nowhere, in the programme's zone, to members they name. */
static bool is_by_hand(const struct event *event)
{
    return event->kind == EVENT_ADJUSTMENT || event->kind == EVENT_TRANSFER ||
           event->kind == EVENT_CARD_LINKED || event->kind == EVENT_ERASED;
}

void ledger_receipt_key(const struct receipt *receipt, const struct principal_row *principal,
                        struct receipt_key *ret_key)
{
    *ret_key = (struct receipt_key){
        .store = receipt->store != NULL ? receipt->store : principal->store,
        .business_date = receipt->business_date,
        .till = receipt->till != NULL ? receipt->till : principal->label,
        .number = receipt->number,
    };
}

int ledger_find_member(struct ledger *ledger, struct draft *draft)
{
    struct context *context = &ledger->context;
    if (draft->event->kind == EVENT_RELEASE) {
        return ledger_find_reserver(ledger, draft->event->release.reservation);
    }
    if (draft->recorded != NULL) {
        context->member = draft->recorded->member;
        context->new_member = draft->recorded->new_member;
        draft->card_opened = context->member != 0 || context->new_member != 0;
        /* A card is told from another only by what the log does not hold; the number it got must be the next.
         */
        return context->new_member == 0 || context->new_member == ledger->head.next_member ? 0 : ERR_FORMAT;
    }
    ledger_open_card(ledger, draft);
    if (!draft->card_opened) {
        return 0;
    }
    const int result = store_card_find(ledger->options.store, draft->card_hash, &context->member);
    if (result == ERR_NOT_FOUND) {
        context->new_member = ledger->head.next_member;
        return 0;
    }
    return result;
}

/* Civil times of the event: in the store's zone what its conditions see, in the programme's what counts for
 * members. */
static int place_in_time(struct ledger *ledger, const struct draft *draft, const struct store_place *store)
{
    struct context *context = &ledger->context;
    const struct programme *programme = draft->programme;
    const char *place_zone = store != NULL ? store->zone : programme->zone;
    const int32_t place_starts = store != NULL ? store->day_starts : programme->day_starts;
    struct zone *zone = NULL;
    struct civil_time time = {0};
    context->booked_at = draft->booked_at;
    if (draft->recorded != NULL) {
        /* Zones change their rules; what was true when it was booked stays so. */
        context->day = draft->recorded->day;
        context->minute = draft->recorded->minute;
        context->offset = draft->recorded->offset;
        context->member_day = draft->recorded->member_day;
        context->booked_day = draft->recorded->booked_day;
        return 0;
    }
    int result = zones_open(&ledger->zones, place_zone, &zone);
    if (result == 0) {
        result = civil_from_instant(zone, draft->event->occurred_at, place_starts, &time);
    }
    if (result < 0) {
        return result;
    }
    context->day = time.day;
    context->minute = time.minute;
    context->offset = time.offset_minutes;
    result = zones_open(&ledger->zones, programme->zone, &zone);
    if (result == 0) {
        result = civil_from_instant(zone, draft->event->occurred_at, programme->day_starts, &time);
    }
    if (result < 0) {
        return result;
    }
    context->member_day = time.day;
    result = civil_from_instant(zone, draft->booked_at, programme->day_starts, &time);
    if (result == 0) {
        context->booked_day = time.day;
    }
    return result;
}

static int compare_days(const void *a, const void *b)
{
    const int32_t day_a = *(const int32_t *)a;
    const int32_t day_b = *(const int32_t *)b;
    return (day_a > day_b) - (day_a < day_b);
}

/* Adds the days on which something of the other member's falls due, each once. */
static int merge_due_days(struct ledger *ledger, const struct draft *draft, int32_t *days, size_t *count)
{
    size_t more;
    const int result = engine_due(draft->programme, ledger->other, ledger->context.booked_day, &days[*count],
                                  CONTEXT_DAY_STARTS_MAX - *count, &more);
    if (result < 0 || more == 0) {
        return result;
    }
    qsort(days, *count + more, sizeof(days[0]), compare_days);
    size_t kept = 1;
    for (size_t i = 1; i < *count + more; i++) {
        if (days[i] != days[kept - 1]) {
            days[kept++] = days[i];
        }
    }
    *count = kept;
    return 0;
}

/* The instants at which the days start on which something falls due. */
static int find_day_starts(struct ledger *ledger, const struct draft *draft)
{
    struct context *context = &ledger->context;
    const struct programme *programme = draft->programme;
    int32_t *days = ledger->due_days;
    size_t count;
    int result =
        engine_due(programme, ledger->state, context->booked_day, days, CONTEXT_DAY_STARTS_MAX, &count);
    if (result == 0 && draft->event->kind == EVENT_TRANSFER) {
        result = merge_due_days(ledger, draft, days, &count);
    }
    if (result < 0 || count == 0) {
        return result;
    }
    if (draft->recorded != NULL) {
        memcpy(context->day_starts, draft->recorded->day_starts, count * sizeof(context->day_starts[0]));
        context->day_starts_count = count;
        return count == draft->recorded->day_starts_count ? 0 : ERR_FORMAT;
    }
    struct zone *zone;
    result = zones_open(&ledger->zones, programme->zone, &zone);
    for (size_t i = 0; i < count && result == 0; i++) {
        context->day_starts[i].day = days[i];
        result = civil_day_start(zone, days[i], programme->day_starts, &context->day_starts[i].at);
    }
    context->day_starts_count = count;
    return result;
}

static int settle(struct ledger *ledger, const struct programme *programme, struct member_state *state)
{
    struct outcome *outcome = &ledger->decision->outcome;
    const uint64_t previous = state->last_position;
    const size_t before = outcome->effects_count;
    int result = engine_settle(programme, state, &ledger->context, outcome);
    for (size_t i = before; i < outcome->effects_count && result == 0; i++) {
        result = engine_apply(state, ledger->head.position + 1, &outcome->effects[i]);
    }
    /* What falls due with an event is part of it: the member's last event is still the one before. */
    state->last_position = previous;
    return result;
}

int ledger_settle(struct ledger *ledger, const struct programme *programme)
{
    return settle(ledger, programme, ledger->state);
}

/* Folds what was decided behind the settlement into the state: what does not fit a member, such as one open
 * lot too many, is found here, before anything is written. */
static int fold_decision(struct ledger *ledger, size_t settled)
{
    const struct outcome *outcome = &ledger->decision->outcome;
    int result = 0;
    for (size_t i = settled; i < outcome->effects_count && result == 0; i++) {
        result = engine_apply(ledger->state, ledger->head.position + 1, &outcome->effects[i]);
        if (result == 0 && ledger->context.other != NULL) {
            result = engine_apply(ledger->other, ledger->head.position + 1, &outcome->effects[i]);
        }
    }
    return result;
}

/* What the event may take from its members goes into the context. */
static int show_holdings(struct ledger *ledger, const struct event *event, bool all)
{
    const bool moves = event->kind == EVENT_ADJUSTMENT || event->kind == EVENT_TRANSFER;
    if (!moves && (!all || ledger->context.member == 0)) {
        return 0;
    }
    struct member_state *holdings = arena_alloc(&ledger->scratch, 1, sizeof(*holdings));
    struct member_state *other = arena_alloc(&ledger->scratch, 1, sizeof(*other));
    if (holdings == NULL || other == NULL) {
        return ERR_TOO_LARGE;
    }
    engine_holdings(ledger->state, all, holdings);
    ledger->context.holdings = holdings;
    if (event->kind == EVENT_TRANSFER) {
        engine_holdings(ledger->other, false, other);
        ledger->context.other = other;
    }
    return 0;
}

/* Random bytes for voucher codes are drawn in bulk; a decision takes from the front what it needs. */
static void offer_random(struct ledger *ledger, const struct draft *draft)
{
    struct context *context = &ledger->context;
    if (draft->recorded != NULL) {
        /* All of it, used or not: a decision that came to a limit was offered more than is recorded. */
        memset(context->random, 0, sizeof(context->random));
        memcpy(context->random, draft->recorded->random, draft->recorded->random_size);
        context->random_size = sizeof(context->random);
        return;
    }
    if (LEDGER_RANDOM_BYTES - ledger->random_used < sizeof(context->random)) {
        const struct world *world = ledger->options.world;
        world->random(world->context, ledger->random, sizeof(ledger->random));
        ledger->random_used = 0;
    }
    memcpy(context->random, &ledger->random[ledger->random_used], sizeof(context->random));
    context->random_size = sizeof(context->random);
}

static void take_random(struct ledger *ledger, const struct draft *draft)
{
    const struct outcome *outcome = &ledger->decision->outcome;
    size_t vouchers = 0;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        vouchers += outcome->effects[i].kind == EFFECT_VOUCHER;
    }
    const size_t used = vouchers * VOUCHER_CODE_BYTES;
    CHECK(used <= ledger->context.random_size);
    if (draft->recorded != NULL) {
        ledger->context.random_size = used;
        return;
    }
    crypto_erase(&ledger->random[ledger->random_used], used);
    ledger->random_used += used;
    ledger->context.random_size = used;
}

/* What the decision reads of the member and of the limits that are no member's. */
static int observe(struct ledger *ledger, const struct draft *draft, const struct engine_place *place)
{
    struct shared_counter *shared = ledger->shared;
    size_t count;
    int result = engine_counters(draft->programme, place, draft->event, &ledger->context, shared,
                                 COUNTERS_MAX, &count);
    for (size_t i = 0; i < count && result == 0; i++) {
        const struct counter_key key = {.limit = shared[i].limit,
                                        .period = shared[i].period,
                                        .store = shared[i].store,
                                        .scope = shared[i].scope};
        result = store_counter_read(ledger->options.store, &key, &shared[i].used);
    }
    if (result == 0) {
        engine_observe(draft->programme, draft->event, ledger->state, shared, count, &ledger->context);
    }
    return result == 0 && draft->programme->questions > 0 ? ledger_ask_profile(ledger, draft) : result;
}

/* Where it happened, which the programme must know, and whether its receipt is new. Refuses what is not so.
 */
static int find_place(struct ledger *ledger, struct draft *draft, const struct principal_row *principal,
                      const struct store_place **ret_store)
{
    const struct event *event = draft->event;
    const char *store_id = principal->store;
    *ret_store = NULL;
    if (event->kind == EVENT_PURCHASE) {
        ledger_receipt_key(&event->purchase.receipt, principal, &draft->receipt);
        store_id = draft->receipt.store;
    }
    const struct programme *programme = draft->programme;
    const struct store_place *store = programme == NULL ? NULL : programme_store(programme, store_id);
    if (programme == NULL || (store == NULL && !is_by_hand(event))) {
        ledger_refuse(ledger, CODE_UNKNOWN_STORE);
        return 0;
    }
    *ret_store = is_by_hand(event) ? NULL : store;
    uint64_t position;
    const int result = event->kind == EVENT_PURCHASE
                           ? store_receipt_find(ledger->options.store, &draft->receipt, &position)
                           : ERR_NOT_FOUND;
    if (result == 0) {
        ledger_refuse(ledger, CODE_DUPLICATE_RECEIPT);
    }
    return result == ERR_NOT_FOUND ? 0 : result;
}

/* The members' holdings, as they are now. */
static int read_members(struct ledger *ledger, const struct draft *draft)
{
    struct store *store = ledger->options.store;
    const uint32_t member = ledger->context.member;
    int result = 0;
    if (member == 0) {
        member_state_clear(ledger->state, 0);
    } else {
        result = store_member_read(store, member, ledger->state);
    }
    if (result == 0 && draft->event->kind == EVENT_TRANSFER) {
        result = store_member_read(store, draft->event->transfer.to, ledger->other);
    }
    return result;
}

static int settle_members(struct ledger *ledger, const struct draft *draft, const struct member_work *work)
{
    int result = find_day_starts(ledger, draft);
    if (result == 0) {
        result = ledger_settle(ledger, draft->programme);
    }
    if (result == 0 && draft->event->kind == EVENT_TRANSFER) {
        result = settle(ledger, draft->programme, ledger->other);
    }
    if (result == 0 && work->past != NULL) {
        result = ledger_past_settled(ledger, draft, work);
    }
    return result == 0 ? show_holdings(ledger, draft->event, work->takes) : result;
}

int ledger_decide_for(struct ledger *ledger, struct draft *draft, const struct member_work *work)
{
    const struct outcome *outcome = &ledger->decision->outcome;
    int result = place_in_time(ledger, draft, work->store);
    result = result == 0 ? read_members(ledger, draft) : result;
    if (result < 0) {
        return result;
    }
    ledger->decision->outcome.programme_version = draft->programme->version;
    struct engine_past reserved;
    const struct engine_past *past = work->past;
    result = settle_members(ledger, draft, work);
    if (result == 0 && past == NULL) {
        result = ledger_gather(ledger, draft->event, &reserved, &past);
    }
    if (result < 0) {
        return result;
    }
    offer_random(ledger, draft);
    result = observe(ledger, draft, &work->place);
    if (result < 0) {
        return result;
    }
    const size_t settled = outcome->effects_count;
    const struct event *event = work->event != NULL ? work->event : draft->event;
    result = engine_decide(draft->programme, &work->place, event, &ledger->context, past, ledger->decision);
    if (result == 0) {
        result = fold_decision(ledger, settled);
    }
    if (result == 0) {
        take_random(ledger, draft);
    }
    return result;
}

/* Everything of a member's. */
int ledger_decide_member(struct ledger *ledger, struct draft *draft, const struct principal_row *principal)
{
    const struct event *event = draft->event;
    const struct outcome *outcome = &ledger->decision->outcome;
    struct member_work work = {.takes = false};
    int result = find_place(ledger, draft, principal, &work.store);
    if (result == 0 && outcome->code == CODE_ACCEPTED) {
        result = is_by_hand(event) ? ledger_name_members(ledger, draft) : ledger_find_member(ledger, draft);
    }
    if (result < 0 || outcome->code != CODE_ACCEPTED) {
        return result;
    }
    work.place = (struct engine_place){
        .store = work.store == NULL ? "" : work.store->id,
        .till = draft->receipt.till != NULL ? draft->receipt.till : principal->label,
    };
    return ledger_decide_for(ledger, draft, &work);
}
