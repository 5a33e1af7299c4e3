#include "lib/shop.h"

#include "base/text.h"
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
    free(shop->numbers);
    free(shop->decision);
    free(shop->context);
}

void shop_empty(struct shop *shop)
{
    shop->position = 0;
    shop->customers_count = 0;
    shop->counters_count = 0;
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

static void apply(struct shop *shop, const struct effect *effect)
{
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

static void check_balances(const struct shop *shop, const struct member_state *state, int32_t booked_day)
{
    const struct outcome *outcome = &shop->decision->outcome;
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
    assert_true(state->last_position == shop->position || !any);
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
    const bool moves = event->kind == EVENT_ADJUSTMENT || event->kind == EVENT_TRANSFER;
    if (takes || moves || (state->member != 0 && (redeems || event->kind == EVENT_RESERVE))) {
        engine_holdings(state, takes, &holdings);
        context->holdings = &holdings;
    }
    if (other != NULL) {
        engine_holdings(other, false, &others);
        context->other = &others;
    }
    if (takes) {
        context->about = shop->past == NULL ? 0 : shop->past->position;
        context->facts = shop->facts;
        context->facts_count = shop->facts_count;
    }
}

int shop_book(struct shop *shop, int customer, const struct event *event, struct shop_time time)
{
    static struct member_state nobody;
    struct context *context = shop->context;
    struct outcome *outcome = &shop->decision->outcome;
    const bool known = customer >= 0 && (size_t)customer < shop->customers_count;
    struct member_state *state = known ? shop->customers[customer] : &nobody;
    decision_clear(shop->decision);
    member_state_clear(&nobody, 0);
    context_clear(context);
    context->day = time.day;
    context->member_day = time.day;
    context->minute = time.minute;
    context->offset = 0;
    context->booked_day = time.booked_day;
    context->member = state->member;
    context->new_member = known || customer < 0 ? 0 : (uint32_t)shop->customers_count + 1;
    context->random_size = sizeof(context->random);
    for (size_t i = 0; i < context->random_size; i++) {
        context->random[i] = (uint8_t)(shop->position * 37 + i * 11 + 5 + shop->salt);
    }
    shop->position++;
    settle(shop, state);
    struct member_state *other =
        event->kind == EVENT_TRANSFER ? shop->customers[event->transfer.to - 1] : NULL;
    if (other != NULL) {
        settle(shop, other);
    }
    shop->settled = outcome->effects_count;
    observe(shop, event, state);
    if (shop->profile != NULL && shop->programme->questions > 0) {
        engine_answers(shop->programme, shop->profile, context);
    }
    show_holdings(shop, event, state, other);
    const bool takes = is_about_receipt(event);
    const int err = engine_decide(shop->programme, &shop->place, event, context, takes ? shop->past : NULL,
                                  shop->decision);
    if (err != 0) {
        return err;
    }
    for (size_t i = shop->settled; i < outcome->effects_count; i++) {
        apply(shop, &outcome->effects[i]);
    }
    check_books(shop);
    if (outcome->code == CODE_ACCEPTED && outcome->member != 0) {
        check_balances(shop, shop->customers[outcome->member - 1], time.booked_day);
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

static void describe_effect(const struct effect *effect, struct text *text)
{
    text_add(text, "%s %u", effect_kind_name(effect->kind), effect->member);
    switch (effect->kind) {
    case EFFECT_LOT:
        text_add(text, " #%u %d..%d due %d", effect->lot.index, effect->lot.since, effect->lot.until,
                 effect->lot.due);
        break;
    case EFFECT_MOVE:
        text_add(text, " %llu>%llu %lld lot %d %llu.%u rule %u at %lld",
                 (unsigned long long)effect->move.debit, (unsigned long long)effect->move.credit,
                 (long long)effect->move.amount, effect->move.has_lot,
                 (unsigned long long)effect->move.lot.position, effect->move.lot.index, effect->move.rule,
                 (long long)effect->move.effective_at);
        break;
    case EFFECT_METRIC:
        text_add(text, " %u day %d %lld", effect->metric.metric, effect->metric.day,
                 (long long)effect->metric.amount);
        break;
    case EFFECT_LEVEL:
        text_add(text, " %u since %d until %d day %d held %u until %d", effect->level.level,
                 effect->level.since, effect->level.until, effect->level.day, effect->level.held,
                 effect->level.held_until);
        break;
    case EFFECT_STAMPS:
        text_add(text, " card %u %lld done %u now %lld of %lld since %d rule %u", effect->stamps.card,
                 (long long)effect->stamps.given, effect->stamps.completed, (long long)effect->stamps.count,
                 (long long)effect->stamps.required, effect->stamps.since, effect->stamps.rule);
        break;
    case EFFECT_VOUCHER: {
        char code[2 * VOUCHER_CODE_BYTES + 1];
        hex_encode(effect->voucher.code, VOUCHER_CODE_BYTES, code);
        text_add(text, " #%u %s reward %u card %u %d..%d", effect->voucher.index, code,
                 effect->voucher.reward, effect->voucher.card, effect->voucher.since, effect->voucher.until);
        break;
    }
    case EFFECT_VISIT:
        text_add(text, " day %d", effect->visit.day);
        break;
    case EFFECT_COUNTER:
        text_add(text, " %u period %d %s/%s %lld", effect->counter.limit, effect->counter.period,
                 effect->counter.store != NULL ? effect->counter.store : "",
                 effect->counter.scope != NULL ? effect->counter.scope : "-",
                 (long long)effect->counter.amount);
        break;
    case EFFECT_NOTE:
        text_add(text, " %u by %u", effect->note.note, effect->note.rule);
        break;
    case EFFECT_VOUCHER_HOLD:
        text_add(text, " %llu.%u by %llu", (unsigned long long)effect->voucher_hold.voucher.position,
                 effect->voucher_hold.voucher.index, (unsigned long long)effect->voucher_hold.reservation);
        break;
    case EFFECT_VOUCHER_END:
        text_add(text, " %llu.%u %s", (unsigned long long)effect->voucher_end.voucher.position,
                 effect->voucher_end.voucher.index, voucher_end_name(effect->voucher_end.end));
        break;
    case EFFECT_RESERVATION:
        text_add(text, " %lld points reward %u x %u until %lld", (long long)effect->reservation.points,
                 effect->reservation.reward, effect->reservation.units, (long long)effect->reservation.until);
        break;
    case EFFECT_RESERVATION_END:
        text_add(text, " %llu %s", (unsigned long long)effect->reservation_end.reservation,
                 reservation_end_name(effect->reservation_end.end));
        break;
    case EFFECT_FLOOR:
        text_add(text, " %u until %d", effect->floor.level, effect->floor.until);
        break;
    case EFFECT_RECEIPT:
        text_add(text, " %llu %s %u: %lld %lld", (unsigned long long)effect->receipt.position,
                 receipt_fact_name(effect->receipt.fact.kind), effect->receipt.fact.index,
                 (long long)effect->receipt.fact.quantity, (long long)effect->receipt.fact.amount);
        break;
    case EFFECT_ITEM:
        text_add(text, " card %u %llu %lld", effect->item.card, (unsigned long long)effect->item.item,
                 (long long)effect->item.amount);
        break;
    case EFFECT_MERGE:
        text_add(text, " into %u", effect->merge.into);
        break;
    case EFFECT_HOUSEHOLD:
        text_add(text, " %u", effect->household.household);
        break;
    case EFFECT_ENROL:
    case EFFECT_PRINCIPAL:
    case EFFECT_INVITE:
    case EFFECT_PROGRAMME:
    case EFFECT_LIVE:
    case EFFECT_REVISION:
        break;
    }
    text_add(text, "\n");
}

void shop_describe_outcome(const struct decision *decision, char *ret_text)
{
    const struct outcome *outcome = &decision->outcome;
    struct text text;
    text_init(&text, ret_text, SHOP_TEXT_BYTES);
    text_add(&text, "%s version %u member %u\n", outcome_code_name(outcome->code), outcome->programme_version,
             outcome->member);
    for (size_t i = 0; i < outcome->effects_count; i++) {
        describe_effect(&outcome->effects[i], &text);
    }
    if (outcome->has_balances) {
        const struct balances *balances = &outcome->balances;
        text_add(&text, "balances %lld %lld %lld level %u until %d qualifying %lld\n",
                 (long long)balances->accounts[0], (long long)balances->accounts[1],
                 (long long)balances->accounts[2], balances->level, balances->level_until,
                 (long long)balances->qualifying);
    }
    for (size_t i = 0; i < outcome->near_misses_count; i++) {
        const struct near_miss *miss = &outcome->near_misses[i];
        text_add(&text, "near %d %u %lld\n", (int)miss->reason, miss->number, (long long)miss->lacking);
    }
    for (size_t i = 0; i < outcome->exceptions_count; i++) {
        const struct exception *exception = &outcome->exceptions[i];
        text_add(&text, "exception %d %lld\n", (int)exception->kind, (long long)exception->amount);
    }
    for (size_t i = 0; i < decision->trace_count; i++) {
        const struct trace_line *line = &decision->trace[i];
        text_add(&text, "trace %d %u %d %lld %lld %lld %lld\n", (int)line->kind, line->number,
                 (int)line->reason, (long long)line->basis, (long long)line->factor, (long long)line->given,
                 (long long)line->lacking);
    }
    assert_false(text.cut);
}

void shop_describe_state(const struct member_state *state, char *ret_text)
{
    struct text text;
    text_init(&text, ret_text, SHOP_TEXT_BYTES);
    text_add(&text, "member %u: %lld %lld %lld level %u until %d, %u purchases, last %d\n", state->member,
             (long long)state->balances[0], (long long)state->balances[1], (long long)state->balances[2],
             state->level, state->level_until, state->purchases, state->last_purchase);
    for (size_t i = 0; i < state->lots_count; i++) {
        const struct lot *lot = &state->lots[i];
        text_add(&text, "lot %llu.%u %lld of %lld, %d..%d\n", (unsigned long long)lot->origin.position,
                 lot->origin.index, (long long)lot->left, (long long)lot->amount, lot->since, lot->until);
    }
    for (size_t i = 0; i < state->counters_count; i++) {
        const struct counter *counter = &state->counters[i];
        text_add(&text, "counter %u from %d: %lld\n", counter->limit, counter->period,
                 (long long)counter->used);
    }
    for (size_t i = 0; i < state->levels_count; i++) {
        text_add(&text, "level %u since %d\n", state->levels[i].level, state->levels[i].since);
    }
    for (size_t i = 0; i < state->stamps_count; i++) {
        const struct stamps *stamps = &state->stamps[i];
        text_add(&text, "stamps %u: %lld of %lld, %u done, since %d\n", stamps->card,
                 (long long)stamps->count, (long long)stamps->required, stamps->completed, stamps->since);
    }
    for (size_t i = 0; i < state->items_count; i++) {
        const struct set_item *item = &state->items[i];
        text_add(&text, "item %u %llu: %lld\n", item->card, (unsigned long long)item->item,
                 (long long)item->standing);
    }
    for (size_t i = 0; i < state->metric_days_count; i++) {
        const struct metric_day *day = &state->metric_days[i];
        text_add(&text, "metric %u day %d: %lld\n", day->metric, day->day, (long long)day->amount);
    }
    for (size_t i = 0; i < state->vouchers_count; i++) {
        const struct held_voucher *voucher = &state->vouchers[i];
        text_add(&text, "voucher %llu.%u reward %u %d..%d\n", (unsigned long long)voucher->origin.position,
                 voucher->origin.index, voucher->reward, voucher->since, voucher->until);
    }
    assert_false(text.cut);
}
