#include "client/loyaltyctl_trial_internal.h"

#include "model/day.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct trial_engine trial_engine = {engine_settle, engine_decide};

int trial_open(struct trial *trial)
{
    *trial = (struct trial){.engine = &trial_engine, .store = "shop", .till = "T1"};
    trial->context = calloc(1, sizeof(*trial->context));
    trial->decision = calloc(1, sizeof(*trial->decision));
    trial->numbers = calloc(1, sizeof(*trial->numbers));
    trial->findings = calloc(1, sizeof(*trial->findings));
    trial->resumed = calloc(1, sizeof(*trial->resumed));
    trial->holdings = calloc(1, sizeof(*trial->holdings));
    trial->other = calloc(1, sizeof(*trial->other));
    trial->shared = calloc(1, sizeof(*trial->shared));
    trial->own = calloc(1, sizeof(*trial->own));
    trial->past_outcome = calloc(1, sizeof(*trial->past_outcome));
    trial->memory = malloc(PROGRAMME_ARENA_BYTES);
    bool complete = trial->context != NULL && trial->decision != NULL && trial->numbers != NULL &&
                    trial->findings != NULL && trial->memory != NULL && trial->holdings != NULL &&
                    trial->past_outcome != NULL && trial->other != NULL && trial->resumed != NULL &&
                    trial->shared != NULL && trial->own != NULL;
    for (size_t i = 0; i < TRIAL_CUSTOMERS_MAX; i++) {
        trial->customers[i] = calloc(1, sizeof(struct member_state));
        complete = complete && trial->customers[i] != NULL;
    }
    if (!complete) {
        return ERR_NOMEM;
    }
    trial_empty(trial);
    return 0;
}

void trial_close(struct trial *trial)
{
    trial_forget_receipts(trial);
    for (size_t i = 0; i < TRIAL_CUSTOMERS_MAX; i++) {
        free(trial->customers[i]);
    }
    free(trial->memory);
    free(trial->past_outcome);
    free(trial->own);
    free(trial->shared);
    free(trial->other);
    free(trial->holdings);
    free(trial->resumed);
    free(trial->findings);
    free(trial->numbers);
    free(trial->decision);
    free(trial->context);
}

void trial_empty(struct trial *trial)
{
    arena_init(&trial->arena, trial->memory, PROGRAMME_ARENA_BYTES);
    memset(trial->numbers, 0, sizeof(*trial->numbers));
    memset(trial->accounts, 0, sizeof(trial->accounts));
    memset(trial->accounts_before, 0, sizeof(trial->accounts_before));
    trial->versions_count = 0;
    trial->programme = NULL;
    trial->position = 0;
    trial->customers_count = 0;
    trial->counters_count = 0;
    trial->vouchers_count = 0;
    trial->reserved_count = 0;
    trial->household = 0;
    trial_forget_receipts(trial);
    memset(trial->profiles, 0, sizeof(trial->profiles));
    trial->broken = NULL;
    for (size_t i = 0; i < TRIAL_CUSTOMERS_MAX; i++) {
        member_state_clear(trial->customers[i], 0);
    }
    context_clear(trial->context);
    decision_clear(trial->decision);
}

int trial_load(struct trial *trial, struct bytes yaml)
{
    if (trial->versions_count == TRIAL_VERSIONS_MAX) {
        return ERR_TOO_LARGE;
    }
    const struct programme *programme;
    const int err = programme_load(yaml, &trial->arena, trial->numbers, &programme, trial->findings);
    if (err != 0) {
        return err;
    }
    trial->versions[trial->versions_count++] = programme;
    trial->programme = programme;
    trial->store = programme->stores[0].id;
    return 0;
}

/* The newest version in force on the day; before the first, that. */
static const struct programme *version_on(const struct trial *trial, int32_t day)
{
    const struct programme *found = trial->versions[0];
    for (size_t i = 1; i < trial->versions_count; i++) {
        found = trial->versions[i]->effective <= day ? trial->versions[i] : found;
    }
    return found;
}

static void breaks(struct trial *trial, bool holds, const char *what)
{
    if (!holds && trial->broken == NULL) {
        trial->broken = what;
    }
}

/* All that must hold after every event. */
static void check_books(struct trial *trial)
{
    int64_t sum = 0;
    for (size_t i = 0; i < PROGRAMME_ACCOUNTS; i++) {
        sum += trial->accounts[i];
    }
    for (size_t i = 0; i < trial->customers_count; i++) {
        breaks(trial, engine_state_holds(trial->customers[i]), "points in lots are not the balance");
        for (size_t account = 0; account < MEMBER_ACCOUNTS; account++) {
            sum += trial->customers[i]->balances[account];
        }
    }
    breaks(trial, sum == 0, "all accounts do not add up to nothing");
}

static void check_balances(struct trial *trial, const struct member_state *state, int32_t booked_day)
{
    const struct outcome *outcome = &trial->decision->outcome;
    breaks(trial,
           outcome->has_balances &&
               memcmp(outcome->balances.accounts, state->balances, sizeof(state->balances)) == 0 &&
               outcome->balances.level == state->level &&
               outcome->balances.level_until == state->level_until &&
               outcome->balances.qualifying == engine_qualifying(trial->programme, state, booked_day),
           "the balances told are not those held");
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        breaks(trial,
               effect->kind != EFFECT_VOUCHER || effect->voucher.position != 0 ||
                   memcmp(effect->voucher.code,
                          trial->context->random + effect->voucher.index * VOUCHER_CODE_BYTES,
                          VOUCHER_CODE_BYTES) == 0,
               "a voucher's code is not the one drawn for it");
    }
}

static int find_counter(struct trial *trial, const struct shared_counter *shared,
                        struct trial_counter **ret_counter)
{
    char name[sizeof(trial->counters[0].scope)];
    const int size = snprintf(name, sizeof(name), "%s/%s", shared->store, shared->scope);
    size_t i = 0;
    while (i < trial->counters_count &&
           (trial->counters[i].limit != shared->limit || trial->counters[i].period != shared->period ||
            strcmp(trial->counters[i].scope, name) != 0)) {
        i++;
    }
    if (i == TRIAL_COUNTERS_MAX || size >= (int)sizeof(name)) {
        return ERR_TOO_LARGE;
    }
    if (i == trial->counters_count) {
        trial->counters_count++;
        trial->counters[i] = (struct trial_counter){.limit = shared->limit, .period = shared->period};
        memcpy(trial->counters[i].scope, name, sizeof(name));
    }
    *ret_counter = &trial->counters[i];
    return 0;
}

static int observe(struct trial *trial, const struct event *event, const struct member_state *state)
{
    static struct shared_counter shared[COUNTERS_MAX];
    const struct engine_place place = {trial->store, trial->till};
    size_t count = 0;
    int err = engine_counters(trial->programme, &place, event, trial->context, shared, COUNTERS_MAX, &count);
    for (size_t i = 0; i < count && err == 0; i++) {
        struct trial_counter *counter;
        err = find_counter(trial, &shared[i], &counter);
        shared[i].used = err == 0 ? counter->used : 0;
    }
    if (err == 0) {
        engine_observe(trial->programme, event, state, shared, count, trial->context);
    }
    return err;
}

static int apply(struct trial *trial, const struct effect *effect)
{
    if (effect->kind == EFFECT_COUNTER && effect->counter.scope != NULL) {
        const struct shared_counter shared = {.limit = effect->counter.limit,
                                              .period = effect->counter.period,
                                              .store =
                                                  effect->counter.store != NULL ? effect->counter.store : "",
                                              .scope = effect->counter.scope};
        struct trial_counter *counter = NULL;
        const int err = find_counter(trial, &shared, &counter);
        if (err == 0) {
            counter->used += effect->counter.amount;
        }
        return err;
    }
    if (effect->kind == EFFECT_ENROL) {
        if (trial->customers_count == TRIAL_CUSTOMERS_MAX || effect->member != trial->customers_count + 1) {
            return ERR_TOO_LARGE;
        }
        trial->customers_count++;
        return engine_apply(trial->customers[effect->member - 1], trial->position, effect);
    }
    if (effect->kind == EFFECT_MOVE) {
        const uint64_t codes[] = {effect->move.debit, effect->move.credit};
        for (size_t i = 0; i < 2; i++) {
            if (account_member(codes[i]) == 0) {
                trial->accounts[account_number(codes[i])] +=
                    i == 0 ? -effect->move.amount : effect->move.amount;
            }
        }
    }
    int err = trial_keep(trial, effect);
    err = err != 0 ? err : trial_keep_facts(trial, effect);
    for (size_t i = 0; i < trial->customers_count && err == 0; i++) {
        err = engine_apply(trial->customers[i], trial->position, effect);
    }
    return err;
}

/* Of a household's, first on the customer as it makes him: what is whose is known when all is decided. */
static int apply_from(struct trial *trial, size_t first)
{
    const struct outcome *outcome = &trial->decision->outcome;
    int err = 0;
    for (size_t i = first; i < outcome->effects_count && err == 0; i++) {
        err = trial->household != 0 ? engine_apply(trial->shared, trial->position, &outcome->effects[i])
                                    : apply(trial, &outcome->effects[i]);
    }
    return err;
}

static int give_household(struct trial *trial)
{
    int err = trial->household != 0 ? trial_give_household(trial) : 0;
    if (err == 0 && trial->household != 0) {
        trial->household = 0;
        err = apply_from(trial, 0);
    }
    trial->household = 0;
    return err;
}

/* What fell due by the context's booked day, into the decision and the customer. */
static int settle(struct trial *trial, const struct member_state *state)
{
    static int32_t days[CONTEXT_DAY_STARTS_MAX];
    struct context *context = trial->context;
    size_t count = 0;
    int err = engine_due(trial->programme, state, context->booked_day, days, CONTEXT_DAY_STARTS_MAX, &count);
    context->day_starts_count = count;
    for (size_t i = 0; i < count && err == 0; i++) {
        context->day_starts[i] = (struct day_start){days[i], (int64_t)days[i] * DAY_MS};
    }
    const size_t before = trial->decision->outcome.effects_count;
    err = err != 0 ? err : trial->engine->settle(trial->programme, state, context, &trial->decision->outcome);
    return err != 0 ? err : apply_from(trial, before);
}

static void begin(struct trial *trial)
{
    memcpy(trial->accounts_before, trial->accounts, sizeof(trial->accounts));
    decision_clear(trial->decision);
    context_clear(trial->context);
    trial->position++;
}

/* A day starts when the shop says: what happens before belongs to the day before. */
static void place_in_time(struct trial *trial, const struct event *event, struct trial_time time)
{
    struct context *context = trial->context;
    const struct programme *programme = version_on(trial, time.day);
    const char *store = event->kind == EVENT_PURCHASE && event->purchase.receipt.store != NULL
                            ? event->purchase.receipt.store
                            : trial->store;
    const struct store_place *place = programme_store(programme, store);
    const int32_t starts = place != NULL ? place->day_starts : programme->day_starts;
    context->day = time.minute < starts ? time.day - 1 : time.day;
    context->member_day = time.minute < programme->day_starts ? time.day - 1 : time.day;
    context->booked_day = time.booked_day == time.day ? context->member_day : time.booked_day;
    context->minute = time.minute;
    context->booked_at = (int64_t)context->booked_day * DAY_MS + (int64_t)time.booked_minute * 60 * 1000;
    trial->programme = version_on(trial, context->member_day);
}

static void draw(struct trial *trial)
{
    struct context *context = trial->context;
    context->random_size = sizeof(context->random);
    for (size_t i = 0; i < context->random_size; i++) {
        context->random[i] = (uint8_t)(trial->position * 37 + i * 11 + 5);
    }
}

/* Whether what is held, and which booked event it is about, matters to it. */
static bool is_about_holdings(const struct event *event)
{
    return event->kind == EVENT_GOODS_RETURN || event->kind == EVENT_VOID_RECEIPT ||
           event->kind == EVENT_UNCLAIM || event->kind == EVENT_CLAIM || event->kind == EVENT_ADJUSTMENT ||
           event->kind == EVENT_TRANSFER || event->kind == EVENT_MERGE || event->kind == EVENT_HOUSEHOLD;
}

/* Decides `event`, which is what `booked` comes to, for a member whose state is settled. */
static int decide(struct trial *trial, const struct event *event, const struct event *booked,
                  struct trial_receipt *about, const struct member_state *state)
{
    const struct engine_place place = {trial->store, trial->till};
    struct context *context = trial->context;
    const size_t settled = trial->decision->outcome.effects_count;
    const struct engine_past *past = is_about_holdings(booked)
                                         ? trial_gather_receipt(trial, booked, about, state)
                                         : trial_gather(trial, event, state);
    int err = observe(trial, event, state);
    if (trial->programme->questions > 0 && state->member != 0) {
        engine_answers(trial->programme, &trial->profiles[state->member - 1], context);
    }
    err = err != 0 ? err
                   : trial->engine->decide(trial->programme, past != NULL ? &past->place : &place, event,
                                           context, past, trial->decision);
    return err != 0 ? err : apply_from(trial, settled);
}

static const struct programme *version_of(const void *versions, int32_t day)
{
    return version_on(versions, day);
}

/* What comes by itself on the context's day. */
static uint8_t occasions_of(const struct trial *trial, const struct member_state *state)
{
    const int32_t today = trial->context->booked_day;
    uint8_t occasions = 0;
    for (enum occasion occasion = OCCASION_NONE + 1; occasion < OCCASIONS && state->member != 0; occasion++) {
        const int32_t since = engine_occasion_since(occasion, today, version_of, trial);
        const int32_t first = engine_occasion_from(state, occasion, since, today);
        const bool is =
            first <= today && (occasion == OCCASION_BIRTHDAY
                                   ? engine_birthday(&trial->profiles[state->member - 1], first, today)
                                   : engine_anniversary(state, first, today));
        occasions = is ? occasions | OCCASION_BIT(occasion) : occasions;
    }
    return occasions;
}

/* Only an occasion gives anything; nobody shows a card and it is at no till. */
static int decide_tick(struct trial *trial, const struct event *tick, const struct member_state *state)
{
    const char *store = trial->store;
    const char *till = trial->till;
    trial->context->occasions = occasions_of(trial, state);
    if (trial->context->occasions == 0) {
        return 0;
    }
    trial->store = "";
    trial->till = "";
    draw(trial);
    const int err = decide(trial, tick, tick, NULL, state);
    trial->store = store;
    trial->till = till;
    return err;
}

int trial_settle(struct trial *trial, int customer, int32_t booked_day, int32_t minute)
{
    begin(trial);
    trial->programme = version_on(trial, booked_day);
    trial->context->day = booked_day;
    trial->context->member_day = booked_day;
    trial->context->booked_day = booked_day;
    trial->context->booked_at = (int64_t)booked_day * DAY_MS + (int64_t)minute * 60 * 1000;
    static const struct event tick = {.kind = EVENT_TICK};
    struct member_state *state = trial->customers[trial_owner(trial, customer)];
    trial->context->member = state->member;
    trial->household = trial_household_of(&tick, NULL, state);
    int err = trial_share(trial, trial->household, state, &state);
    err = err != 0 ? err : settle(trial, state);
    err = err != 0 ? err : decide_tick(trial, &tick, state);
    const int given = give_household(trial);
    err = err != 0 ? err : given;
    check_books(trial);
    return err;
}

/* What was decided becomes what is held. */
static int keep(struct trial *trial, struct trial_receipt *about, const struct event *event,
                struct trial_time time)
{
    int err = trial_keep_reserved(trial, event);
    err = err != 0 ? err : trial_keep_receipt(trial, about, event, time);
    err = err != 0 ? err : give_household(trial);
    check_books(trial);
    const struct outcome *outcome = &trial->decision->outcome;
    if (err == 0 && outcome->code == CODE_ACCEPTED && outcome->member != 0) {
        struct member_state *state = trial->customers[outcome->member - 1];
        err = trial_share(trial, trial->context->household, state, &state);
        check_balances(trial, state, trial->context->booked_day);
    }
    return err;
}

/* Settles whom the event is about, and decides it. */
static int settle_and_decide(struct trial *trial, struct member_state *state, const struct event *decided,
                             const struct event *event, struct trial_receipt *about)
{
    const uint32_t second = event_second_member(event);
    struct member_state *seen = state;
    trial->household = trial_household_of(event, about, state);
    trial->context->household = trial->household;
    int err = trial_share(trial, trial->household, state, &seen);
    err = err != 0 ? err : settle(trial, seen);
    if (err == 0 && second != 0) {
        err = settle(trial, trial->customers[second - 1]);
    }
    return err != 0 ? err : decide(trial, decided, event, about, seen);
}

static int book(struct trial *trial, int customer, const struct event *event, struct trial_time time)
{
    static struct member_state nobody;
    static struct trial_claimed claimed;
    struct context *context = trial->context;
    struct trial_receipt *about = trial_receipt_of(trial, event);
    const struct event *decided = event;
    begin(trial);
    place_in_time(trial, event, time);
    if (!trial_admit(trial, event, about, time, &claimed)) {
        return 0;
    }
    if (event->kind == EVENT_CLAIM) {
        const struct trial_time then = {about->time.day, about->time.minute, time.booked_day,
                                        time.booked_minute};
        decided = &claimed.event;
        place_in_time(trial, decided, then);
    }
    customer = trial_customer_of(trial, customer, event, about);
    const bool known = customer >= 0 && (size_t)customer < trial->customers_count;
    const bool founds = !known && event->kind == EVENT_HOUSEHOLD;
    struct member_state *state = known ? trial->customers[customer] : &nobody;
    member_state_clear(&nobody, 0);
    context->member = state->member;
    context->new_member = !founds && (known || customer < 0) ? 0 : (uint32_t)trial->customers_count + 1;
    if (founds) {
        nobody.member = context->new_member;
        nobody.enrolled = context->member_day;
    }
    draw(trial);
    int err = settle_and_decide(trial, state, decided, event, about);
    err = err != 0 ? err : keep(trial, about, event, time);
    trial->household = 0;
    return err;
}

/* Each return that waited for the purchase. The decision that is shown stays the purchase's. */
static int resume(struct trial *trial, const char *number, struct trial_time time)
{
    const struct trial_time now = {time.booked_day, time.booked_minute, time.booked_day, time.booked_minute};
    struct decision *shown = trial->decision;
    int64_t before[PROGRAMME_ACCOUNTS];
    int err = 0;
    memcpy(before, trial->accounts_before, sizeof(before));
    trial->decision = trial->resumed;
    for (size_t i = 0; i < trial->parked_count && err == 0; i++) {
        const struct event *parked = trial->parked[i];
        if (parked != NULL && strcmp(parked->goods_return.original.number, number) == 0) {
            trial->parked[i] = NULL;
            err = book(trial, -1, parked, now);
        }
    }
    trial->decision = shown;
    memcpy(trial->accounts_before, before, sizeof(before));
    return err;
}

int trial_book(struct trial *trial, int customer, const struct event *event, struct trial_time time)
{
    const int err = book(trial, customer, event, time);
    const bool arrived = err == 0 && event->kind == EVENT_PURCHASE &&
                         event->purchase.receipt.number[0] != '\0' &&
                         trial->decision->outcome.code == CODE_ACCEPTED;
    return arrived ? resume(trial, event->purchase.receipt.number, time) : err;
}
