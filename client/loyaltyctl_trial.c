#include "client/loyaltyctl_trial_internal.h"

#include "model/day.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int trial_open(struct trial *trial)
{
    *trial = (struct trial){.store = "shop", .till = "T1"};
    trial->context = calloc(1, sizeof(*trial->context));
    trial->decision = calloc(1, sizeof(*trial->decision));
    trial->numbers = calloc(1, sizeof(*trial->numbers));
    trial->findings = calloc(1, sizeof(*trial->findings));
    trial->holdings = calloc(1, sizeof(*trial->holdings));
    trial->past_outcome = calloc(1, sizeof(*trial->past_outcome));
    trial->memory = malloc(PROGRAMME_ARENA_BYTES);
    bool complete = trial->context != NULL && trial->decision != NULL && trial->numbers != NULL &&
                    trial->findings != NULL && trial->memory != NULL && trial->holdings != NULL &&
                    trial->past_outcome != NULL;
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
    for (size_t i = 0; i < TRIAL_CUSTOMERS_MAX; i++) {
        free(trial->customers[i]);
    }
    free(trial->memory);
    free(trial->past_outcome);
    free(trial->holdings);
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
        struct trial_counter *counter;
        const int err = find_counter(trial, &shared, &counter);
        counter->used += err == 0 ? effect->counter.amount : 0;
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
    for (size_t i = 0; i < trial->customers_count && err == 0; i++) {
        err = engine_apply(trial->customers[i], trial->position, effect);
    }
    return err;
}

static int apply_from(struct trial *trial, size_t first)
{
    const struct outcome *outcome = &trial->decision->outcome;
    int err = 0;
    for (size_t i = first; i < outcome->effects_count && err == 0; i++) {
        err = apply(trial, &outcome->effects[i]);
    }
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
    err = err != 0 ? err : engine_settle(trial->programme, state, context, &trial->decision->outcome);
    return err != 0 ? err : apply_from(trial, 0);
}

static void begin(struct trial *trial)
{
    memcpy(trial->accounts_before, trial->accounts, sizeof(trial->accounts));
    decision_clear(trial->decision);
    context_clear(trial->context);
    trial->position++;
}

int trial_settle(struct trial *trial, int customer, int32_t booked_day, int32_t minute)
{
    begin(trial);
    trial->programme = version_on(trial, booked_day);
    trial->context->day = booked_day;
    trial->context->member_day = booked_day;
    trial->context->booked_day = booked_day;
    trial->context->booked_at = (int64_t)booked_day * DAY_MS + (int64_t)minute * 60 * 1000;
    const int err = settle(trial, trial->customers[customer]);
    check_books(trial);
    return err;
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

int trial_book(struct trial *trial, int customer, const struct event *event, struct trial_time time)
{
    static struct member_state nobody;
    const bool known = customer >= 0 && (size_t)customer < trial->customers_count;
    struct member_state *state = known ? trial->customers[customer] : &nobody;
    struct context *context = trial->context;
    begin(trial);
    member_state_clear(&nobody, 0);
    place_in_time(trial, event, time);
    context->member = state->member;
    context->new_member = known || customer < 0 ? 0 : (uint32_t)trial->customers_count + 1;
    context->random_size = sizeof(context->random);
    for (size_t i = 0; i < context->random_size; i++) {
        context->random[i] = (uint8_t)(trial->position * 37 + i * 11 + 5);
    }
    int err = settle(trial, state);
    const size_t settled = trial->decision->outcome.effects_count;
    const struct engine_past *past = trial_gather(trial, event, state);
    err = err != 0 ? err : observe(trial, event, state);
    const struct engine_place place = {trial->store, trial->till};
    err = err != 0 ? err : engine_decide(trial->programme, &place, event, context, past, trial->decision);
    err = err != 0 ? err : apply_from(trial, settled);
    err = err != 0 ? err : trial_keep_reserved(trial, event);
    check_books(trial);
    const struct outcome *outcome = &trial->decision->outcome;
    if (err == 0 && outcome->code == CODE_ACCEPTED && outcome->member != 0) {
        check_balances(trial, trial->customers[outcome->member - 1], context->booked_day);
    }
    return err;
}

int trial_take(struct trial *trial, int customer, int64_t points)
{
    const struct member_state *state = trial->customers[customer];
    struct effect effect = {.kind = EFFECT_MOVE};
    effect.move.debit = account_of_member(state->member, MEMBER_AVAILABLE);
    effect.move.credit = account_of_programme(PROGRAMME_ADJUSTED);
    begin(trial);
    int err = 0;
    while (points > 0 && err == 0) {
        const struct lot *next = NULL;
        for (size_t i = 0; i < state->lots_count; i++) {
            const struct lot *lot = &state->lots[i];
            next = lot->due == 0 && (next == NULL || lot->until < next->until) ? lot : next;
        }
        effect.move.has_lot = next != NULL;
        effect.move.lot = next != NULL ? next->origin : (struct origin){0};
        effect.move.amount = next != NULL && next->left < points ? next->left : points;
        points -= effect.move.amount;
        err = apply(trial, &effect);
    }
    check_books(trial);
    return err;
}
