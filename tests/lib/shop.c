#include "lib/shop.h"

#include "base/text.h"
#include "engine/household.h"
#include "model/day.h"
#include "programme/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *new_memory(size_t size)
{
    void *memory = malloc(size);
    assert_non_null(memory);
    /* Not zeros: what the engine leaves out must not look like something it wrote. */
    memset(memory, 0xa5, size);
    return memory;
}

void shop_open(struct shop *shop, const struct programme *programme)
{
    *shop = (struct shop){.programme = programme, .place = {"shop", "T1"}};
    shop->context = new_memory(sizeof(*shop->context));
    shop->decision = new_memory(sizeof(*shop->decision));
    shop->numbers = new_memory(sizeof(*shop->numbers));
    shop->shared = new_memory(sizeof(*shop->shared));
    shop->memory = new_memory(PROGRAMME_ARENA_BYTES);
    for (size_t i = 0; i < SHOP_CUSTOMERS_MAX; i++) {
        shop->customers[i] = new_memory(sizeof(struct member_state));
    }
    shop_empty(shop);
}

void shop_close(struct shop *shop)
{
    for (size_t i = 0; i < SHOP_CUSTOMERS_MAX; i++) {
        free(shop->customers[i]);
    }
    free(shop->memory);
    free(shop->shared);
    free(shop->numbers);
    free(shop->decision);
    free(shop->context);
}

void shop_empty(struct shop *shop)
{
    shop->position = 0;
    shop->customers_count = 0;
    shop->counters_count = 0;
    shop->household = 0;
    memset(shop->accounts, 0, sizeof(shop->accounts));
    for (size_t i = 0; i < SHOP_CUSTOMERS_MAX; i++) {
        member_state_clear(shop->customers[i], 0);
    }
    decision_clear(shop->decision);
}

/* A top-level key of the YAML text. */
static bool has_key(const char *yaml, const char *key)
{
    const size_t size = strlen(key);
    for (const char *line = yaml; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, size) == 0 && line[size] == ':') {
            return true;
        }
    }
    return false;
}

void shop_load(struct shop *shop, const char *yaml)
{
    static const char *const head[][2] = {
        {"programme", "test"},      {"version", "1"},    {"currency", "EUR"},
        {"zone", "Europe/Tallinn"}, {"locales", "[en]"}, {"stores", "[{id: shop}, {id: web}]"},
    };
    char *text = new_memory(SHOP_TEXT_BYTES);
    struct findings *findings = new_memory(sizeof(*findings));
    struct text writer;
    text_init(&writer, text, SHOP_TEXT_BYTES);
    for (size_t i = 0; i < ARRAY_COUNT(head); i++) {
        if (!has_key(yaml, head[i][0])) {
            text_add(&writer, "%s: %s\n", head[i][0], head[i][1]);
        }
    }
    text_add(&writer, "%s", yaml);
    memset(shop->numbers, 0, sizeof(*shop->numbers));
    arena_init(&shop->arena, shop->memory, PROGRAMME_ARENA_BYTES);
    const struct bytes bytes = {(const uint8_t *)text, writer.used};
    const int err = programme_load(bytes, &shop->arena, shop->numbers, &shop->programme, findings);
    for (size_t i = 0; err != 0 && i < findings->count; i++) {
        print_error("%d: %s: %s\n", findings->items[i].line, findings->items[i].path,
                    findings->items[i].text);
    }
    free(findings);
    if (err != 0) {
        fail_msg("the programme does not load:\n%s", text);
    }
    free(text);
    shop_empty(shop);
}

/* All that must hold after every event. */
static void check_books(const struct shop *shop)
{
    int64_t sum = 0;
    for (size_t i = 0; i < PROGRAMME_ACCOUNTS; i++) {
        sum += shop->accounts[i];
    }
    for (size_t i = 0; i < shop->customers_count; i++) {
        assert_true(engine_state_holds(shop->customers[i]));
        for (size_t account = 0; account < MEMBER_ACCOUNTS; account++) {
            sum += shop->customers[i]->balances[account];
        }
    }
    assert_int_equal(sum, 0);
}

static struct shop_counter *find_counter(struct shop *shop, uint32_t limit, int32_t period, const char *store,
                                         const char *scope)
{
    char name[sizeof(shop->counters[0].scope)];
    snprintf(name, sizeof(name), "%s/%s", store != NULL ? store : "", scope);
    size_t i = 0;
    while (i < shop->counters_count &&
           (shop->counters[i].limit != limit || shop->counters[i].period != period ||
            strcmp(shop->counters[i].scope, name) != 0)) {
        i++;
    }
    if (i == shop->counters_count) {
        assert_true(i < SHOP_COUNTERS_MAX);
        shop->counters_count++;
        shop->counters[i] = (struct shop_counter){.limit = limit, .period = period};
        memcpy(shop->counters[i].scope, name, sizeof(name));
    }
    return &shop->counters[i];
}

static void observe(struct shop *shop, const struct event *event, const struct member_state *state)
{
    static struct shared_counter shared[COUNTERS_MAX];
    size_t count = 0;
    assert_int_equal(
        engine_counters(shop->programme, &shop->place, event, shop->context, shared, COUNTERS_MAX, &count),
        0);
    for (size_t i = 0; i < count; i++) {
        shared[i].used =
            find_counter(shop, shared[i].limit, shared[i].period, shared[i].store, shared[i].scope)->used;
    }
    engine_observe(shop->programme, event, state, shared, count, shop->context);
}

static void add_fact(struct shop *shop, const struct receipt_fact *more)
{
    for (size_t i = 0; i < shop->facts_count; i++) {
        struct receipt_fact *fact = &shop->facts[i];
        if (fact->kind == more->kind && fact->index == more->index) {
            fact->quantity += more->quantity;
            fact->amount += more->amount;
            return;
        }
    }
    assert_true(shop->facts_count < RECEIPT_FACTS_MAX);
    shop->facts[shop->facts_count++] = *more;
}

int shop_owner(const struct shop *shop, int customer)
{
    int owner = customer;
    while (owner >= 0 && (size_t)owner < shop->customers_count && shop->customers[owner]->merged != 0) {
        owner = (int)shop->customers[owner]->merged - 1;
    }
    return owner;
}

/* The customer as his household (0: none) makes him. Returns what household_share returned. */
static int share(struct shop *shop, uint32_t household, struct member_state *state,
                 struct member_state **ret_state)
{
    static struct member_state own;
    *ret_state = state;
    if (household == 0) {
        return 0;
    }
    engine_holdings(state, true, &own);
    *ret_state = shop->shared;
    return household_share(&shop->programme->households, shop->customers[household - 1], &own, shop->shared);
}

/* Of a household's, first on the customer as it makes him: what is whose is known when all is decided. */
static void apply(struct shop *shop, const struct effect *effect)
{
    if (shop->household != 0) {
        assert_int_equal(engine_apply(shop->shared, shop->position, effect), 0);
        return;
    }
    if (effect->kind == EFFECT_COUNTER && effect->counter.scope != NULL) {
        find_counter(shop, effect->counter.limit, effect->counter.period, effect->counter.store,
                     effect->counter.scope)
            ->used += effect->counter.amount;
        return;
    }
    if (effect->kind == EFFECT_ENROL) {
        assert_int_equal(effect->member, shop->customers_count + 1);
        shop->customers_count++;
        assert_true(shop->customers_count <= SHOP_CUSTOMERS_MAX);
        assert_int_equal(engine_apply(shop->customers[effect->member - 1], shop->position, effect), 0);
        return;
    }
    if (effect->kind == EFFECT_RECEIPT) {
        add_fact(shop, &effect->receipt.fact);
        return;
    }
    if (effect->kind == EFFECT_MOVE) {
        assert_true(effect->move.amount > 0 && effect->move.debit != effect->move.credit);
        const uint64_t codes[] = {effect->move.debit, effect->move.credit};
        for (size_t i = 0; i < 2; i++) {
            if (account_member(codes[i]) == 0) {
                shop->accounts[account_number(codes[i])] +=
                    i == 0 ? -effect->move.amount : effect->move.amount;
            }
        }
    }
    for (size_t i = 0; i < shop->customers_count; i++) {
        assert_int_equal(engine_apply(shop->customers[i], shop->position, effect), 0);
    }
}

static void find_day_starts(struct shop *shop, const struct member_state *state, int32_t booked_day)
{
    static int32_t days[CONTEXT_DAY_STARTS_MAX];
    size_t count = 0;
    assert_int_equal(engine_due(shop->programme, state, booked_day, days, CONTEXT_DAY_STARTS_MAX, &count), 0);
    shop->context->day_starts_count = count;
    for (size_t i = 0; i < count; i++) {
        shop->context->day_starts[i] = (struct day_start){days[i], (int64_t)days[i] * DAY_MS};
    }
}

void shop_settle(struct shop *shop, int customer, int32_t booked_day)
{
    struct member_state *state = shop->customers[customer];
    decision_clear(shop->decision);
    shop->context->booked_day = booked_day;
    find_day_starts(shop, state, booked_day);
    assert_int_equal(engine_settle(shop->programme, state, shop->context, &shop->decision->outcome), 0);
    shop->position++;
    for (size_t i = 0; i < shop->decision->outcome.effects_count; i++) {
        apply(shop, &shop->decision->outcome.effects[i]);
    }
    check_books(shop);
}

static void check_balances(struct shop *shop, int32_t booked_day)
{
    const struct outcome *outcome = &shop->decision->outcome;
    struct member_state *state = shop->customers[outcome->member - 1];
    assert_int_equal(share(shop, shop->context->household, state, &state), 0);
    assert_true(outcome->has_balances);
    assert_memory_equal(outcome->balances.accounts, state->balances, sizeof(state->balances));
    assert_int_equal(outcome->balances.level, state->level);
    assert_int_equal(outcome->balances.level_until, state->level_until);
    assert_int_equal(outcome->balances.qualifying, engine_qualifying(shop->programme, state, booked_day));
    /* What gives nothing leaves no trace on the member. */
    bool any = false;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        any = any || (effect->kind == EFFECT_MOVE
                          ? account_member(effect->move.debit) == state->member ||
                                account_member(effect->move.credit) == state->member
                          : effect->kind != EFFECT_RECEIPT && effect->member == state->member);
    }
    assert_true(shop->customers[outcome->member - 1]->last_position == shop->position || !any);
}

/* What fell due of a member's, behind what the outcome has. */
static void settle(struct shop *shop, const struct member_state *state)
{
    struct outcome *outcome = &shop->decision->outcome;
    const size_t before = outcome->effects_count;
    find_day_starts(shop, state, shop->context->booked_day);
    assert_int_equal(engine_settle(shop->programme, state, shop->context, outcome), 0);
    for (size_t i = before; i < outcome->effects_count; i++) {
        apply(shop, &outcome->effects[i]);
    }
}

static bool is_about_receipt(const struct event *event)
{
    return event->kind == EVENT_GOODS_RETURN || event->kind == EVENT_VOID_RECEIPT ||
           (event->kind == EVENT_ADJUSTMENT && event->adjustment.has_receipt);
}

/* What events that take something see. */
static void show_holdings(struct shop *shop, const struct event *event, const struct member_state *state,
                          const struct member_state *other)
{
    static struct member_state holdings;
    static struct member_state others;
    struct context *context = shop->context;
    const struct purchase *purchase = &event->purchase;
    const bool takes = is_about_receipt(event);
    const bool redeems = event->kind == EVENT_PURCHASE &&
                         (purchase->redemptions_count > 0 || purchase->pay_with_points != NULL);
    const bool merges = event->kind == EVENT_MERGE || event->kind == EVENT_HOUSEHOLD;
    const bool moves = merges || event->kind == EVENT_ADJUSTMENT || event->kind == EVENT_TRANSFER;
    if (takes || moves || (state->member != 0 && (redeems || event->kind == EVENT_RESERVE))) {
        engine_holdings(state, takes || merges, &holdings);
        context->holdings = &holdings;
    }
    if (other != NULL) {
        engine_holdings(other, merges, &others);
        context->other = &others;
    }
    if (takes) {
        context->about = shop->past == NULL ? 0 : shop->past->position;
        context->facts = shop->facts;
        context->facts_count = shop->facts_count;
    }
}

/* The household whose points an event of the customer's moves; 0: he has none. */
static uint32_t household_of(const struct shop *shop, const struct event *event,
                             const struct member_state *state)
{
    const bool about = is_about_receipt(event) && shop->past != NULL;
    const uint32_t then = about ? shop->past->context->household : 0;
    const uint32_t household = then != 0 ? then : state->household;
    return event->kind == EVENT_MERGE || event->kind == EVENT_HOUSEHOLD || event->kind == EVENT_TRANSFER ||
                   state->member == 0 || household == state->member
               ? 0
               : household;
}

/* What was decided becomes the household's as far as it is. */
static int give_household(struct shop *shop)
{
    struct outcome *outcome = &shop->decision->outcome;
    const struct member_state *household = shop->customers[shop->household - 1];
    shop->household = 0;
    const int err = household_own(&shop->programme->households, household, shop->context->member, outcome);
    for (size_t i = 0; i < outcome->effects_count && err == 0; i++) {
        apply(shop, &outcome->effects[i]);
    }
    return err;
}

static void begin_event(struct shop *shop, const struct member_state *state, uint32_t new_member,
                        struct shop_time time)
{
    struct context *context = shop->context;
    decision_clear(shop->decision);
    context_clear(context);
    context->day = time.day;
    context->member_day = time.day;
    context->minute = time.minute;
    context->offset = 0;
    context->booked_day = time.booked_day;
    context->member = state->member;
    context->new_member = new_member;
    context->random_size = sizeof(context->random);
    for (size_t i = 0; i < context->random_size; i++) {
        context->random[i] = (uint8_t)(shop->position * 37 + i * 11 + 5 + shop->salt);
    }
    shop->position++;
}

/* Decides for the customer, whose state, with what is shared, is `state`, and applies it. */
static int decide(struct shop *shop, const struct event *event, struct member_state *state)
{
    struct outcome *outcome = &shop->decision->outcome;
    settle(shop, state);
    const uint32_t second = event_second_member(event);
    struct member_state *other = second != 0 ? shop->customers[second - 1] : NULL;
    if (other != NULL) {
        settle(shop, other);
    }
    shop->settled = outcome->effects_count;
    observe(shop, event, state);
    if (shop->profile != NULL && shop->programme->questions > 0) {
        engine_answers(shop->programme, shop->profile, shop->context);
    }
    show_holdings(shop, event, state, other);
    const bool takes = is_about_receipt(event);
    const int err = engine_decide(shop->programme, &shop->place, event, shop->context,
                                  takes ? shop->past : NULL, shop->decision);
    for (size_t i = shop->settled; i < outcome->effects_count && err == 0; i++) {
        apply(shop, &outcome->effects[i]);
    }
    return err == 0 && shop->household != 0 ? give_household(shop) : err;
}

int shop_book(struct shop *shop, int customer, const struct event *event, struct shop_time time)
{
    static struct member_state nobody;
    const struct outcome *outcome = &shop->decision->outcome;
    const bool known = customer >= 0 && (size_t)customer < shop->customers_count;
    const bool founds = !known && event->kind == EVENT_HOUSEHOLD;
    const bool enrols = founds || (!known && customer >= 0);
    const uint32_t new_member = enrols ? (uint32_t)shop->customers_count + 1 : 0;
    struct member_state *state = known ? shop->customers[customer] : &nobody;
    member_state_clear(&nobody, 0);
    begin_event(shop, state, new_member, time);
    if (founds) {
        member_state_clear(&nobody, new_member);
        nobody.enrolled = time.day;
    }
    shop->household = household_of(shop, event, state);
    shop->context->household = shop->household;
    int err = share(shop, shop->household, state, &state);
    err = err != 0 ? err : decide(shop, event, state);
    shop->household = 0;
    if (err != 0) {
        return err;
    }
    check_books(shop);
    if (outcome->code == CODE_ACCEPTED && outcome->member != 0) {
        check_balances(shop, time.booked_day);
    }
    return 0;
}

void shop_take(struct shop *shop, int customer, int64_t points)
{
    struct member_state *state = shop->customers[customer];
    struct effect effect = {.kind = EFFECT_MOVE};
    effect.move.debit = account_of_member(state->member, MEMBER_AVAILABLE);
    effect.move.credit = account_of_programme(PROGRAMME_ADJUSTED);
    shop->position++;
    while (points > 0) {
        const struct lot *next = NULL;
        for (size_t i = 0; i < state->lots_count; i++) {
            const struct lot *lot = &state->lots[i];
            next = lot->due == 0 && (next == NULL || lot->until < next->until) ? lot : next;
        }
        effect.move.has_lot = next != NULL;
        effect.move.lot = next != NULL ? next->origin : (struct origin){0};
        effect.move.amount = next != NULL && next->left < points ? next->left : points;
        points -= effect.move.amount;
        apply(shop, &effect);
    }
    check_books(shop);
}
