/* What an event means for a member: who it is, when and where it was, what fell due, what is earned. */
#include "service/ledger_internal.h"

#include "base/check.h"
#include "crypto/crypto.h"

#include <stdlib.h>
#include <string.h>

/* Whether operators do it: it happens nowhere, in the programme's zone, to members they name. */
static bool is_by_hand(const struct event *event)
{
    return event->kind == EVENT_ADJUSTMENT || event->kind == EVENT_TRANSFER || event->kind == EVENT_MERGE ||
           event->kind == EVENT_HOUSEHOLD || event->kind == EVENT_CARD_LINKED || event->kind == EVENT_ERASED;
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

/* Whose purchase without a card it is that shows a voucher, where the programme honours those: the owner's of
 * the first that can still be used. */
static int find_bearer(struct ledger *ledger, const struct draft *draft)
{
    const struct purchase *purchase = &draft->event->purchase;
    const bool bearer =
        draft->event->kind == EVENT_PURCHASE && purchase->card.size == 0 && draft->programme->bearer_vouchers;
    for (size_t i = 0; bearer && i < purchase->redemptions_count && ledger->context.member == 0; i++) {
        struct voucher_row row;
        const struct bytes code = purchase->redemptions[i].voucher;
        const int result =
            code.size == 0 ? ERR_NOT_FOUND : store_voucher_find(ledger->options.store, code.data, &row);
        if (result == 0 && row.end == 0) {
            ledger->context.member = row.member;
        } else if (result < 0 && result != ERR_NOT_FOUND) {
            return result;
        }
    }
    return 0;
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
        return find_bearer(ledger, draft);
    }
    const int result = store_card_find(ledger->options.store, draft->card_hash, &context->member);
    if (result == ERR_NOT_FOUND) {
        context->new_member = ledger->head.next_member;
        return 0;
    }
    return result;
}

/* In the store's zone what its conditions see, in the programme's what counts for
 * members. */
int ledger_place_in_time(struct ledger *ledger, const struct draft *draft, const struct store_place *store)
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

/* The instant a day starts: now as the zone says, of a replay as it was said then. */
static int find_day_start(const struct draft *draft, struct zone *zone, const struct programme *programme,
                          int32_t day, int64_t *ret_at)
{
    if (draft->recorded == NULL) {
        return civil_day_start(zone, day, programme->day_starts, ret_at);
    }
    for (size_t i = 0; i < draft->recorded->day_starts_count; i++) {
        if (draft->recorded->day_starts[i].day == day) {
            *ret_at = draft->recorded->day_starts[i].at;
            return 0;
        }
    }
    return ERR_FORMAT;
}

static int compare_starts(const void *a, const void *b)
{
    const struct day_start *start_a = a;
    const struct day_start *start_b = b;
    return (start_a->day > start_b->day) - (start_a->day < start_b->day);
}

/* Days of the state's that the context does not have yet. */
static int add_days(struct ledger *ledger, const struct draft *draft, const struct programme *programme,
                    const struct member_state *state)
{
    struct context *context = &ledger->context;
    struct zone *zone;
    size_t count;
    int result =
        engine_due(programme, state, context->booked_day, ledger->due_days, CONTEXT_DAY_STARTS_MAX, &count);
    if (result < 0 || count == 0) {
        return result;
    }
    result = zones_open(&ledger->zones, programme->zone, &zone);
    const size_t before = context->day_starts_count;
    for (size_t i = 0; i < count && result == 0; i++) {
        struct day_start start = {.day = ledger->due_days[i]};
        if (before > 0 &&
            bsearch(&start, context->day_starts, before, sizeof(start), compare_starts) != NULL) {
            continue;
        }
        result = context->day_starts_count == CONTEXT_DAY_STARTS_MAX
                     ? ERR_TOO_LARGE
                     : find_day_start(draft, zone, programme, start.day, &start.at);
        if (result == 0) {
            context->day_starts[context->day_starts_count++] = start;
        }
    }
    if (before > 0 && context->day_starts_count > before) {
        qsort(context->day_starts, context->day_starts_count, sizeof(context->day_starts[0]), compare_starts);
    }
    return result;
}

int ledger_add_day_starts(struct ledger *ledger, const struct draft *draft, const struct programme *programme)
{
    return add_days(ledger, draft, programme, ledger->state);
}

/* Folds the effects from `from` on into the state. */
static int fold(const struct ledger *ledger, struct member_state *state, size_t from)
{
    const struct outcome *outcome = &ledger->decision->outcome;
    int result = 0;
    for (size_t i = from; i < outcome->effects_count && result == 0; i++) {
        result = engine_apply(state, ledger->head.position + 1, &outcome->effects[i]);
    }
    return result;
}

static int settle(struct ledger *ledger, const struct programme *programme, struct member_state *state)
{
    struct outcome *outcome = &ledger->decision->outcome;
    const uint64_t previous = state->last_position;
    const size_t before = outcome->effects_count;
    int result = engine_settle(programme, state, &ledger->context, outcome);
    result = result == 0 ? fold(ledger, state, before) : result;
    const size_t settled = outcome->effects_count;
    result = result == 0 ? ledger_give_back(ledger, NULL, state, before) : result;
    result = result == 0 ? fold(ledger, state, settled) : result;
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
    const int result = fold(ledger, ledger->state, settled);
    return result == 0 && ledger->context.other != NULL ? fold(ledger, ledger->other, settled) : result;
}

/* What the event may take from its members goes into the context. */
static int show_holdings(struct ledger *ledger, const struct event *event, bool all)
{
    const bool merges = event->kind == EVENT_MERGE || event->kind == EVENT_HOUSEHOLD;
    const bool moves = merges || event->kind == EVENT_ADJUSTMENT || event->kind == EVENT_TRANSFER;
    if (!moves && (!all || ledger->context.member == 0)) {
        return 0;
    }
    struct member_state *holdings = arena_alloc(&ledger->scratch, 1, sizeof(*holdings));
    struct member_state *other = arena_alloc(&ledger->scratch, 1, sizeof(*other));
    if (holdings == NULL || other == NULL) {
        return ERR_TOO_LARGE;
    }
    engine_holdings(ledger->state, all || merges, holdings);
    ledger->context.holdings = holdings;
    if (event_second_member(event) != 0) {
        engine_holdings(ledger->other, merges, other);
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
        const struct effect *effect = &outcome->effects[i];
        vouchers += effect->kind == EFFECT_VOUCHER && effect->voucher.position == 0;
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

/* What the settlement, which is not written yet, gives back to a counter. */
static int64_t settled_counter(const struct outcome *outcome, const struct shared_counter *shared)
{
    int64_t sum = 0;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        const char *store =
            effect->kind == EFFECT_COUNTER && effect->counter.store != NULL ? effect->counter.store : "";
        if (effect->kind == EFFECT_COUNTER && effect->counter.scope != NULL &&
            effect->counter.limit == shared->limit && effect->counter.period == shared->period &&
            strcmp(effect->counter.scope, shared->scope) == 0 && strcmp(store, shared->store) == 0) {
            sum += effect->counter.amount; /* of at most EFFECTS_MAX reservations */
        }
    }
    return sum;
}

/* What the decision reads of the member and of the limits that are no member's. */
static int observe(struct ledger *ledger, const struct draft *draft, const struct engine_place *place)
{
    struct shared_counter *shared = ledger->shared;
    size_t count = 0;
    int result =
        draft->event->kind == EVENT_TICK ? ledger_occasions(ledger, draft, &ledger->context.occasions) : 0;
    result = result < 0 ? result
                        : engine_counters(draft->programme, place, draft->event, &ledger->context, shared,
                                          COUNTERS_MAX, &count);
    for (size_t i = 0; i < count && result == 0; i++) {
        const struct counter_key key = {.limit = shared[i].limit,
                                        .period = shared[i].period,
                                        .store = shared[i].store,
                                        .scope = shared[i].scope};
        result = store_counter_read(ledger->options.store, &key, &shared[i].used);
        shared[i].used += result == 0 ? settled_counter(&ledger->decision->outcome, &shared[i]) : 0;
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

int ledger_read_member(struct ledger *ledger, uint32_t member, uint32_t household, uint32_t *ret_household)
{
    const struct programme *newest = ledger_programme_newest(ledger);
    struct store *store = ledger->options.store;
    *ret_household = 0;
    int result = store_member_read(store, member, ledger->state);
    household = household != 0 || result < 0 ? household : ledger->state->household;
    if (result < 0 || household == 0 || household == member || newest == NULL) {
        return result;
    }
    struct member_state *own = arena_alloc(&ledger->scratch, 1, sizeof(*own));
    if (own == NULL) {
        return ERR_TOO_LARGE;
    }
    engine_holdings(ledger->state, true, own);
    result = store_member_read(store, household, ledger->household);
    result =
        result < 0 ? result : household_share(&newest->households, ledger->household, own, ledger->state);
    *ret_household = result == 0 ? household : 0;
    return result;
}

/* The members' holdings, as they are now. */
static int read_members(struct ledger *ledger, const struct draft *draft, const struct member_work *work)
{
    struct store *store = ledger->options.store;
    struct context *context = &ledger->context;
    const uint32_t member = context->member;
    const uint32_t other = event_second_member(draft->event);
    const bool as_it_is = other != 0 || draft->event->kind == EVENT_HOUSEHOLD;
    int result = 0;
    if (member == 0) {
        member_state_clear(ledger->state, as_it_is ? context->new_member : 0);
        ledger->state->enrolled = as_it_is ? context->member_day : 0;
    } else if (as_it_is) {
        result = store_member_read(store, member, ledger->state);
    } else {
        /* Of a release it is that of the reservation. */
        const uint32_t then = work->past != NULL ? work->past->context->household : context->household;
        result = ledger_read_member(ledger, member, then, &context->household);
    }
    if (result == 0 && other != 0) {
        result = store_member_read(store, other, ledger->other);
    }
    return result;
}

/* Whether a card that the programme has made complete is completed before the event: purchases and what is
 * decided like them do it themselves. */
static bool completes_first(const struct event *event)
{
    return event->kind != EVENT_PURCHASE && event->kind != EVENT_ACTIVITY && event->kind != EVENT_CLAIM &&
           event->kind != EVENT_TICK && event->kind != EVENT_RESUMED;
}

static int settle_members(struct ledger *ledger, const struct draft *draft, const struct member_work *work)
{
    /* Amounts by then, state by now: what falls due does so under the version in force. */
    const struct programme *programme = ledger_programme_on(ledger, ledger->context.booked_day);
    int result = ledger_add_day_starts(ledger, draft, programme);
    if (result == 0 && event_second_member(draft->event) != 0) {
        result = add_days(ledger, draft, programme, ledger->other);
    }
    if (result == 0) {
        result = ledger_settle(ledger, programme);
    }
    if (result == 0 && event_second_member(draft->event) != 0) {
        result = settle(ledger, programme, ledger->other);
    }
    if (result == 0 && completes_first(draft->event) && engine_completes(programme, ledger->state)) {
        ledger->completes = ledger->context.member;
    }
    if (result == 0 && work->past != NULL) {
        result = ledger_past_settled(ledger, draft, work);
    }
    return result == 0 ? show_holdings(ledger, draft->event, work->takes) : result;
}

int ledger_decide_for(struct ledger *ledger, struct draft *draft, const struct member_work *work)
{
    const struct outcome *outcome = &ledger->decision->outcome;
    int result = ledger_place_in_time(ledger, draft, work->store);
    result = result == 0 ? read_members(ledger, draft, work) : result;
    if (result < 0) {
        return result;
    }
    ledger->decision->outcome.programme_version = draft->programme->version;
    struct engine_past reserved;
    const struct engine_past *past = work->past;
    result = settle_members(ledger, draft, work);
    if (result == 0 && (past == NULL || draft->event->kind == EVENT_ADJUSTMENT)) {
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
        result = ledger_give_back(ledger, event, ledger->state, settled);
    }
    if (result == 0) {
        result = fold_decision(ledger, settled);
    }
    if (result == 0) {
        take_random(ledger, draft);
    }
    if (result == 0 && ledger->context.household != 0 && outcome->code == CODE_ACCEPTED) {
        result = household_own(&ledger_programme_newest(ledger)->households, ledger->household,
                               ledger->context.member, &ledger->decision->outcome);
    }
    return result;
}

/* Everything of a member's. */
int ledger_decide_member(struct ledger *ledger, struct draft *draft, const struct principal_row *principal)
{
    const struct event *event = draft->event;
    const struct outcome *outcome = &ledger->decision->outcome;
    struct engine_past past;
    struct member_work work = {.takes = false};
    int result = find_place(ledger, draft, principal, &work.store);
    if (result == 0 && outcome->code == CODE_ACCEPTED) {
        result = is_by_hand(event) ? ledger_name_members(ledger, draft) : ledger_find_member(ledger, draft);
    }
    const bool adjusts = event->kind == EVENT_ADJUSTMENT && event->adjustment.has_receipt;
    if (result == 0 && adjusts && outcome->code == CODE_ACCEPTED) {
        result = ledger_find_adjusted(ledger, &event->adjustment, principal, &past, &work);
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
