/* Events about a booked purchase: what comes back, what is cancelled, and the end of a till's day. */
#include "service/ledger_internal.h"

#include "base/check.h"
#include "base/checked.h"
#include "engine/remains.h"

#include <string.h>

/* A purchase another event is about. */
struct about {
    struct engine_past past;
    struct receipt_fact *facts;
    size_t facts_count;
};

static bool is_about_goods(enum receipt_fact_kind kind)
{
    return kind == FACT_LINE || kind == FACT_VOIDED || kind == FACT_DECIDED;
}

/* The event that decided the purchase last: its context and outcome stand, the body is the purchase's. */
static int take_decision(struct ledger *ledger, struct about *about)
{
    uint64_t decided = about->past.position;
    uint32_t latest = 0;
    int64_t member = 0;
    for (size_t i = 0; i < about->facts_count; i++) {
        const struct receipt_fact *fact = &about->facts[i];
        if (fact->kind == FACT_DECIDED && fact->index >= latest) {
            latest = fact->index;
            decided = (uint64_t)fact->quantity;
            member = fact->amount;
        }
    }
    if (decided == about->past.position) {
        return 0;
    }
    struct engine_past later;
    int result = ledger_past(ledger, decided, &later);
    if (result < 0) {
        return result;
    }
    later.position = about->past.position;
    later.place = about->past.place;
    later.event = about->past.event;
    if (member == 0) {
        /* What that event did is somebody's; the purchase is nobody's. */
        struct outcome *nobody = arena_alloc(&ledger->scratch, 1, sizeof(*nobody));
        if (nobody == NULL) {
            return ERR_TOO_LARGE;
        }
        nobody->code = CODE_ACCEPTED;
        nobody->member = 0;
        nobody->effects_count = 0;
        nobody->programme_version = later.outcome->programme_version;
        later.outcome = nobody;
    }
    about->past = later;
    /* What was taken of it since is known of the deciding event. */
    size_t count = 0;
    for (size_t i = 0; i < about->facts_count; i++) {
        if (is_about_goods(about->facts[i].kind)) {
            about->facts[count++] = about->facts[i];
        }
    }
    size_t more;
    result = store_receipt_facts(ledger->options.store, decided, &about->facts[count],
                                 RECEIPT_FACTS_MAX - count, &more);
    about->facts_count = result == 0 ? count + more : count;
    return result;
}

/* ERR_NOT_FOUND where no purchase has this receipt. */
static int find_about(struct ledger *ledger, const struct receipt_key *key, struct about *ret_about)
{
    uint64_t position = 0;
    int result = store_receipt_find(ledger->options.store, key, &position);
    if (result < 0) {
        return result;
    }
    result = ledger_past(ledger, position, &ret_about->past);
    if (result < 0) {
        return result == ERR_NOT_FOUND ? ERR_CORRUPT : result;
    }
    if (ret_about->past.event->kind != EVENT_PURCHASE) {
        return ERR_NOT_FOUND;
    }
    ret_about->facts =
        arena_alloc(&ledger->scratch, RECEIPT_FACTS_MAX + FACTS_ROOM, sizeof(*ret_about->facts));
    if (ret_about->facts == NULL) {
        return ERR_TOO_LARGE;
    }
    result = store_receipt_facts(ledger->options.store, position, ret_about->facts, RECEIPT_FACTS_MAX,
                                 &ret_about->facts_count);
    return result < 0 ? result : take_decision(ledger, ret_about);
}

static void add_fact(struct context *context, struct receipt_fact *facts, const struct receipt_fact *more)
{
    for (size_t i = 0; i < context->facts_count; i++) {
        if (facts[i].kind == more->kind && facts[i].index == more->index) {
            facts[i].quantity += more->quantity;
            facts[i].amount += more->amount;
            return;
        }
    }
    facts[context->facts_count++] = *more;
}

int ledger_past_settled(struct ledger *ledger, const struct draft *draft, const struct member_work *work)
{
    struct context *context = &ledger->context;
    const struct outcome *outcome = &ledger->decision->outcome;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind == EFFECT_MOVE && effect->move.has_lot &&
            effect->move.credit == account_of_programme(PROGRAMME_EXPIRED) &&
            effect->move.lot.position == work->past->decided) {
            const struct receipt_fact fact = {
                .kind = FACT_EXPIRED, .index = effect->move.lot.index, .amount = effect->move.amount};
            add_fact(context, work->facts, &fact);
        }
    }
    bool closed = false;
    const bool voids = draft->event->kind == EVENT_VOID_RECEIPT;
    const int result = voids ? store_till_day_closed(ledger->options.store, &work->original, &closed) : 0;
    if (voids && result == 0 && (closed || context->day > work->original.business_date)) {
        const struct receipt_fact fact = {.kind = FACT_CLOSED, .quantity = 1};
        add_fact(context, work->facts, &fact);
    }
    return result == 0 && context->facts_count > RECEIPT_FACTS_MAX ? ERR_TOO_LARGE : result;
}

/* Fills the work's past and facts, and whose purchase it was. */
static int take_about(struct ledger *ledger, const struct receipt *original,
                      const struct principal_row *principal, struct engine_past *room,
                      struct member_work *work)
{
    struct about about;
    ledger_receipt_key(original, principal, &work->original);
    const int result = find_about(ledger, &work->original, &about);
    if (result < 0) {
        return result == ERR_NOT_FOUND ? 0 : result;
    }
    *room = about.past;
    work->past = room;
    work->facts = about.facts;
    struct context *context = &ledger->context;
    context->about = room->position;
    context->facts = about.facts;
    context->facts_count = about.facts_count;
    context->member = room->outcome->member;
    return ledger_owner(ledger, &context->member);
}

int ledger_find_adjusted(struct ledger *ledger, const struct adjustment *adjustment,
                         const struct principal_row *principal, struct engine_past *room,
                         struct member_work *work)
{
    struct context *context = &ledger->context;
    const uint32_t member = context->member;
    const int result = take_about(ledger, &adjustment->receipt, principal, room, work);
    if (result == 0 && work->past != NULL && context->member != member) {
        ledger_refuse(ledger, CODE_OTHERS_RECEIPT);
        context->about = 0;
        context->facts_count = 0;
    }
    context->member = member;
    work->takes = true;
    return result;
}

/* What came back is worth what it was sold for. */
static int64_t returned_gross(const struct outcome *outcome, const struct purchase *purchase)
{
    int64_t sum = 0;
    for (size_t i = 0; i < outcome->effects_count; i++) {
        const struct effect *effect = &outcome->effects[i];
        if (effect->kind != EFFECT_RECEIPT || effect->receipt.fact.kind != FACT_LINE) {
            continue;
        }
        const struct receipt_fact *fact = &effect->receipt.fact;
        const struct line *line = &purchase->lines[fact->index];
        int64_t part = 0;
        if (line->quantity > 0 &&
            checked_mul_div(line->gross, fact->quantity, line->quantity, ROUND_HALF_UP, &part) == 0) {
            sum += part;
        }
        sum += fact->amount;
    }
    return sum;
}

static int decide_return(struct ledger *ledger, struct draft *draft, const struct principal_row *principal)
{
    const struct goods_return *goods = &draft->event->goods_return;
    ledger_receipt_key(&goods->receipt, principal, &draft->receipt);
    struct engine_past past = {0};
    struct member_work work = {
        .store = draft->programme == NULL ? NULL : programme_store(draft->programme, draft->receipt.store),
        .place = {.store = draft->receipt.store, .till = draft->receipt.till},
        .takes = true};
    if (work.store == NULL) {
        ledger_refuse(ledger, CODE_UNKNOWN_STORE);
        return 0;
    }
    uint64_t position;
    int result = store_receipt_find(ledger->options.store, &draft->receipt, &position);
    if (result != ERR_NOT_FOUND) {
        ledger_refuse(ledger, CODE_DUPLICATE_RECEIPT);
        return result;
    }
    result = goods->has_original ? take_about(ledger, &goods->original, principal, &past, &work)
                                 : ledger_find_member(ledger, draft);
    result = result < 0 ? result : ledger_decide_for(ledger, draft, &work);
    const struct outcome *outcome = &ledger->decision->outcome;
    if (result == 0 && outcome->code == CODE_ACCEPTED && work.past != NULL) {
        draft->returned = returned_gross(outcome, &work.past->event->purchase);
    } else if (result == 0) {
        draft->returned = goods->amount;
    }
    for (size_t i = 0; result == 0 && i < outcome->exceptions_count; i++) {
        if (outcome->exceptions[i].kind == EXCEPTION_PARKED) {
            draft->parked = work.original;
        }
    }
    return result;
}

int ledger_decide_resumed(struct ledger *ledger, struct draft *draft)
{
    struct event_row row;
    struct engine_past past = {0};
    struct event *parked = arena_alloc(&ledger->scratch, 1, sizeof(*parked));
    decision_clear(ledger->decision);
    context_clear(&ledger->context);
    draft->programme = ledger_programme_at(ledger, draft->event->occurred_at);
    if (parked == NULL) {
        return ERR_TOO_LARGE;
    }
    int result =
        store_event_read(ledger->options.store, draft->event->resumed.position, &ledger->scratch, &row);
    result = result < 0 ? result : wire_body_unpack(row.body, &ledger->scratch, parked, NULL);
    const struct principal_row *principal = result < 0 ? NULL : ledger_principal(ledger, row.principal);
    result = result < 0 ? result : ledger_unwrap(ledger, parked, &principal);
    if (result < 0 || principal == NULL || parked->kind != EVENT_GOODS_RETURN || draft->programme == NULL) {
        return result == ERR_NOT_FOUND || result == 0 ? ERR_FORMAT : result;
    }
    /* The goods are long back. */
    struct goods_return *goods = &parked->goods_return;
    goods->done = true;
    struct member_work work = {.takes = true, .event = parked};
    struct receipt_key own;
    ledger_receipt_key(&goods->receipt, principal, &own);
    work.store = programme_store(draft->programme, own.store);
    work.place = (struct engine_place){.store = own.store, .till = own.till};
    result = take_about(ledger, &goods->original, principal, &past, &work);
    draft->parked = work.original;
    if (result == 0 && work.past == NULL) {
        return ERR_FORMAT;
    }
    result = result < 0 ? result : ledger_decide_for(ledger, draft, &work);
    if (result == ERR_TOO_LARGE || result == ERR_OVERFLOW) {
        ledger_refuse(ledger, CODE_LIMIT_EXCEEDED);
        result = 0;
    }
    return result;
}

int ledger_resume(struct ledger *ledger)
{
    int result = 0;
    for (size_t i = 0; i < ledger->arrived_count && result == 0; i++) {
        arena_reset(&ledger->scratch);
        const struct event event = {.occurred_at = ledger->head.booked_at,
                                    .kind = EVENT_RESUMED,
                                    .resumed.position = ledger->arrived[i]};
        struct draft draft;
        result = ledger_daemon_draft(ledger, &event, &draft);
        result = result < 0 ? result : ledger_decide_resumed(ledger, &draft);
        result = result < 0 ? result : ledger_begin(ledger);
        result = result < 0 ? result : ledger_write(ledger, &draft);
    }
    ledger->arrived_count = 0;
    return result == ERR_FORMAT ? ERR_CORRUPT : result;
}

static int decide_void(struct ledger *ledger, struct draft *draft, const struct principal_row *principal)
{
    struct engine_past past = {0};
    struct member_work work = {.takes = true};
    int result = take_about(ledger, &draft->event->void_receipt.receipt, principal, &past, &work);
    work.place = (struct engine_place){.store = work.original.store, .till = work.original.till};
    work.store = draft->programme == NULL ? NULL : programme_store(draft->programme, work.original.store);
    if (result == 0 && work.store == NULL) {
        ledger_refuse(ledger, CODE_UNKNOWN_STORE);
        return 0;
    }
    return result < 0 ? result : ledger_decide_for(ledger, draft, &work);
}

static void decide_day_close(struct ledger *ledger, struct draft *draft,
                             const struct principal_row *principal)
{
    ledger_receipt_key(&draft->event->day_close.day, principal, &draft->receipt);
    if (draft->programme == NULL || programme_store(draft->programme, draft->receipt.store) == NULL) {
        ledger_refuse(ledger, CODE_UNKNOWN_STORE);
    }
}

/* Adds who the purchase belongs to from here on. */
static int add_decided(struct ledger *ledger, const struct engine_past *past, uint32_t member)
{
    struct outcome *outcome = &ledger->decision->outcome;
    struct effect *effect = outcome_add(outcome, EFFECT_RECEIPT, 0);
    uint32_t times = 0;
    for (size_t i = 0; i < ledger->context.facts_count; i++) {
        times += ledger->context.facts[i].kind == FACT_DECIDED;
    }
    if (effect == NULL) {
        return ERR_TOO_LARGE;
    }
    effect->receipt.position = past->position;
    effect->receipt.fact = (struct receipt_fact){.kind = FACT_DECIDED,
                                                 .index = times + 1,
                                                 .quantity = (int64_t)ledger->head.position + 1,
                                                 .amount = member};
    return 0;
}

/* The purchase as the claim decides it: what is left of it, with the card that was shown now. What the till
 * had no member for it has settled by other means. */
static int make_claimed(struct ledger *ledger, const struct engine_past *past, struct bytes card,
                        struct event **ret_event)
{
    struct arena *arena = &ledger->scratch;
    struct event *event = arena_alloc(arena, 1, sizeof(*event));
    struct returned *returned = arena_alloc(arena, 1, sizeof(*returned));
    struct remains *remains = arena_alloc(arena, 1, sizeof(*remains));
    if (event == NULL || returned == NULL || remains == NULL) {
        return ERR_TOO_LARGE;
    }
    int result = returned_read(&past->event->purchase, &ledger->context, returned);
    result = result < 0 ? result : remains_make(&past->event->purchase, returned, remains);
    if (result == 0) {
        *event = *past->event;
        event->purchase = remains->purchase;
        event->purchase.card = card;
        event->purchase.redemptions_count = 0;
        event->purchase.free_units_count = 0;
        event->purchase.pay_with_points = NULL;
        *ret_event = event;
    }
    return result;
}

/* Whether a purchase without a member is not too old: operators may give it to somebody at any time. */
static bool is_claimable(const struct ledger *ledger, const struct draft *draft,
                         const struct principal_row *principal, const struct engine_past *past)
{
    const struct programme *programme = ledger_programme_newest(ledger);
    CHECK(past->event != NULL); /* with a past its event and outcome are there */
    CHECK(past->outcome != NULL);
    const int64_t age = draft->event->occurred_at - past->event->occurred_at;
    return past->outcome->member == 0 && context_fact(&ledger->context, FACT_VOIDED, 0).quantity == 0 &&
           (principal->role != ROLE_TERMINAL ||
            (programme != NULL && age <= ((int64_t)programme->claim_days + 1) * 24 * 60 * 60 * 1000 &&
             programme->claim_days > 0));
}

static int decide_claim(struct ledger *ledger, struct draft *draft, const struct principal_row *principal)
{
    struct engine_past past = {0};
    struct event *event = NULL;
    struct member_work work = {.takes = false};
    struct context *context = &ledger->context;
    int result = take_about(ledger, &draft->event->claim.receipt, principal, &past, &work);
    if (result < 0 || work.past == NULL) {
        ledger_refuse(ledger, CODE_UNKNOWN_RECEIPT);
        return result;
    }
    if (!is_claimable(ledger, draft, principal, &past)) {
        ledger_refuse(ledger, CODE_NOT_CLAIMABLE);
        return 0;
    }
    result = ledger_find_member(ledger, draft);
    if (result < 0) {
        return result;
    }
    struct draft then = *draft;
    then.programme = ledger_programme_at(ledger, past.event->occurred_at);
    const bool nobody = context->member == 0 &&
                        (context->new_member == 0 || then.programme == NULL || !then.programme->auto_enrol);
    if (nobody) {
        ledger_refuse(ledger, context->new_member == 0 ? CODE_CARD_MISSING : CODE_UNKNOWN_MEMBER);
        return 0;
    }
    result = make_claimed(ledger, &past, draft->event->claim.card, &event);
    if (result < 0) {
        return result;
    }
    then.event = event;
    work.place = past.place;
    work.store = programme_store(then.programme, past.place.store);
    result = ledger_decide_for(ledger, &then, &work);
    const struct outcome *outcome = &ledger->decision->outcome;
    return result == 0 && outcome->code == CODE_ACCEPTED ? add_decided(ledger, &past, outcome->member)
                                                         : result;
}

static int decide_unclaim(struct ledger *ledger, struct draft *draft, const struct principal_row *principal)
{
    struct engine_past past = {0};
    struct member_work work = {.takes = true};
    int result = take_about(ledger, &draft->event->unclaim.receipt, principal, &past, &work);
    if (result < 0 || work.past == NULL || draft->programme == NULL) {
        ledger_refuse(ledger, CODE_UNKNOWN_RECEIPT);
        return result;
    }
    CHECK(past.outcome != NULL); /* with a past its event and outcome are there */
    if (past.outcome->member == 0) {
        ledger_refuse(ledger, CODE_ALREADY_DONE);
        return 0;
    }
    work.place = past.place;
    work.store = programme_store(draft->programme, past.place.store);
    result = ledger_decide_for(ledger, draft, &work);
    return result == 0 && ledger->decision->outcome.code == CODE_ACCEPTED ? add_decided(ledger, &past, 0)
                                                                          : result;
}

int ledger_decide_about(struct ledger *ledger, struct draft *draft, const struct principal_row *principal)
{
    const enum event_kind kind = draft->event->kind;
    if (kind == EVENT_GOODS_RETURN) {
        return decide_return(ledger, draft, principal);
    }
    if (kind == EVENT_VOID_RECEIPT) {
        return decide_void(ledger, draft, principal);
    }
    if (kind == EVENT_CLAIM) {
        return decide_claim(ledger, draft, principal);
    }
    if (kind == EVENT_UNCLAIM) {
        return decide_unclaim(ledger, draft, principal);
    }
    CHECK(kind == EVENT_DAY_CLOSE);
    decide_day_close(ledger, draft, principal);
    return 0;
}
