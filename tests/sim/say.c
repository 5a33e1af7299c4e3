#include "sim/sim.h"

#include "crypto/card.h"
#include "crypto/invite.h"
#include "model/day.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const categories[] = {"lunch", "coffee", "cake", "tobacco"};

/* How often each kind is said among what its principal may say. Every kind there is has its arm, here and
 * below: what the protocol learns the tills of the simulator learn with it, or nothing is built. */
static unsigned weight_of(const struct till *till, enum event_kind kind)
{
    switch (kind) {
    case EVENT_PURCHASE:
        return 90;
    case EVENT_ENROLMENT:
    case EVENT_ACTIVITY:
    case EVENT_TRANSFER:
        return 6;
    case EVENT_ADJUSTMENT:
        return 20;
    case EVENT_GOODS_RETURN:
        return 20;
    case EVENT_VOID_RECEIPT:
        return 6;
    case EVENT_DAY_CLOSE:
        return 1;
    case EVENT_CLAIM:
        return 6;
    case EVENT_UNCLAIM:
        return 4;
    case EVENT_REBOOK:
        return 6;
    case EVENT_RESOLVE:
        return 4;
    case EVENT_RESERVE:
        return 25;
    case EVENT_RELEASE:
        return 8;
    case EVENT_INVITE:
        return 8;
    case EVENT_REVOKE:
    case EVENT_RETIRED:
    case EVENT_GO_LIVE:
        return 2;
    case EVENT_PROGRAMME_CHANGE:
    case EVENT_CARD_LINKED:
        return 3;
    case EVENT_ERASED:
    case EVENT_MERGE:
        return 1;
    case EVENT_HOUSEHOLD:
        return 4;
    case EVENT_KEY_ROTATED:
        return till->changes ? 0 : 2;
    case EVENT_GENESIS:
    case EVENT_PRINCIPAL_ADDED:
    case EVENT_ENGINE_REVISION:
    case EVENT_RESUMED:
    case EVENT_TICK:
        return 0; /* the daemon's own */
    }
    abort();
}

static enum event_kind draw_kind(struct sim *sim, const struct till *till)
{
    static const enum event_kind kinds[] = {
#define X(name, number) EVENT_##name,
        EVENT_KIND_TABLE(X)
#undef X
    };
    unsigned sum = 0;
    unsigned weights[ARRAY_COUNT(kinds)];
    /* Now and then what it may not. */
    const bool anything = sim_chance(sim, 2);
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        const bool may = anything || role_may_sign(till->role, kinds[i]);
        weights[i] = may ? weight_of(till, kinds[i]) : 0;
        sum += weights[i];
    }
    if (sum == 0) {
        return EVENT_KEY_ROTATED;
    }
    unsigned left = (unsigned)sim_below(sim, sum);
    size_t i = 0;
    while (left >= weights[i]) {
        left -= weights[i++];
    }
    return kinds[i];
}

/* The card, committed to; what the commitment lies in is valid until the next call. */
static struct bytes show_this_card(struct sim *sim, struct outbox_event *slot, const char *number)
{
    static uint8_t commitment[HASH_BYTES];
    struct card_number card;
    slot->card = number;
    const int normal = card_normalise(slot->card, strlen(slot->card), &card);
    SIM_OK(sim, normal);
    for (size_t i = 0; i < sizeof(slot->salt); i++) {
        slot->salt[i] = (uint8_t)sim_random(sim);
    }
    crypto_card_commitment(slot->salt, &card, commitment);
    return (struct bytes){commitment, sizeof(commitment)};
}

static struct bytes show_card(struct sim *sim, struct outbox_event *slot)
{
    return show_this_card(sim, slot, sim_card(sim));
}

/* What somebody was promised, kept or not; NULL: nobody was yet. */
static const struct promise *some_promise(struct sim *sim)
{
    const uint64_t count = sim->promises_count < PROMISES_MAX ? sim->promises_count : PROMISES_MAX;
    return count > 0 ? &sim->promises[sim_below(sim, count)] : NULL;
}

/* A name a reservation may have: of what was said lately, or somewhat off. */
static uint64_t some_position(struct sim *sim)
{
    return sim->base_position + 1 + sim_below(sim, 40 + sim->steps / 8);
}

static void say_reserve(struct sim *sim, struct outbox_event *slot, struct event *event)
{
    struct reserve *reserve = &event->reserve;
    const struct promise *promise = some_promise(sim);
    const bool voucher = promise != NULL && promise->reservation == 0 && sim_chance(sim, 50);
    reserve->card = show_this_card(
        sim, slot, promise != NULL && (voucher || sim_chance(sim, 70)) ? promise->card : sim_card(sim));
    reserve->units = voucher ? 1 : 1 + (uint32_t)sim_below(sim, 3);
    if (voucher) {
        reserve->voucher = (struct bytes){promise->code, sizeof(promise->code)};
    } else if (sim_chance(sim, 50)) {
        reserve->reward = sim_chance(sim, 90) ? "cake" : "unheard-of";
    } else {
        reserve->points = true;
        reserve->amount = (int64_t)sim_below(sim, 60);
    }
    if (sim_chance(sim, 50)) {
        reserve->has_timeout = true;
        reserve->timeout_minutes = (uint32_t)sim_below(sim, sim_chance(sim, 50) ? 3 : 20);
    }
}

static uint64_t some_reservation(struct sim *sim)
{
    const struct promise *promise = some_promise(sim);
    return promise != NULL && promise->reservation != 0 ? promise->reservation : some_position(sim);
}

/* What a customer uses: bought with points, reserved before, or a code nobody knows. */
static void say_redemptions(struct sim *sim, struct outbox_event *slot, struct purchase *purchase)
{
    const struct promise *promise = sim_chance(sim, 70) ? some_promise(sim) : NULL;
    static struct redemption redemptions[3];
    static struct pay_with_points pay;
    static const uint8_t code[VOUCHER_CODE_BYTES] = {7};
    purchase->redemptions = redemptions;
    purchase->redemptions_count = sim_below(sim, ARRAY_COUNT(redemptions) + 1);
    for (size_t i = 0; i < purchase->redemptions_count; i++) {
        redemptions[i] = (struct redemption){.units = 1 + (uint32_t)sim_below(sim, 3)};
        switch (sim_below(sim, 5)) {
        case 0:
            redemptions[i].voucher = (struct bytes){code, sizeof(code)};
            break;
        case 1:
        case 2:
            redemptions[i].reservation = some_position(sim);
            break;
        default:
            redemptions[i].reward = "cake";
            break;
        }
    }
    if (promise != NULL) {
        purchase->card = show_this_card(sim, slot, promise->card);
        purchase->redemptions_count += purchase->redemptions_count == 0;
        redemptions[0] = (struct redemption){.units = 1, .reservation = promise->reservation};
        if (promise->reservation == 0) {
            redemptions[0].voucher = (struct bytes){promise->code, sizeof(promise->code)};
        }
    }
    if (sim_chance(sim, 40)) {
        pay.points = sim_chance(sim, 50) ? 0 : 1 + (int64_t)sim_below(sim, 80);
        purchase->pay_with_points = &pay;
    }
    purchase->redeem_done = sim_chance(sim, 40);
}

/* From a coffee to a wedding, with and without a card; now and then what the ledger will refuse. */
static void say_purchase(struct sim *sim, const struct till *till, struct outbox_event *slot,
                         struct event *event)
{
    static struct line lines[400];
    static char number[32];
    if (sim_chance(sim, 60)) {
        event->purchase.card = show_card(sim, slot);
    }
    /* One in twenty receipts was booked before. */
    const uint64_t receipt =
        till->sold > 1 && sim_chance(sim, 5) ? 1 + sim_below(sim, till->sold - 1) : till->sold;
    snprintf(number, sizeof(number), "%llu", (unsigned long long)receipt);
    event->purchase.receipt = (struct receipt){.business_date = 20423, .number = number};
    event->purchase.lines_count = sim_below(sim, sim->knobs.lines_max + 1);
    event->purchase.lines = lines;
    for (size_t i = 0; i < event->purchase.lines_count; i++) {
        lines[i] = (struct line){
            .sku = "4711",
            .category = categories[sim_chance(sim, 50) ? i % 3 : sim_below(sim, ARRAY_COUNT(categories))],
            .quantity = 1000 * (int64_t)(1 + sim_below(sim, 3)),
            .gross = (int64_t)sim_below(sim, 5000)};
    }
    if (sim_chance(sim, sim->promises_count > 0 ? 35 : 15)) {
        say_redemptions(sim, slot, &event->purchase);
    }
}

/* One the till may have rung up, or never has. */
static struct receipt some_receipt(struct sim *sim, const struct till *till)
{
    static char original[32];
    snprintf(original, sizeof(original), "%llu", (unsigned long long)(1 + sim_below(sim, till->sold + 1)));
    return (struct receipt){.business_date = 20423, .number = original};
}

/* Somebody comes with a slip, or it was the wrong card. */
static void say_claim(struct sim *sim, struct till *till, struct outbox_event *slot, struct event *event)
{
    struct receipt receipt = some_receipt(sim, till);
    if (till->role != ROLE_TERMINAL) {
        receipt.store = "cafe";
        receipt.till = "till-1";
    }
    if (event->kind == EVENT_CLAIM) {
        event->claim.receipt = receipt;
        event->claim.card = show_card(sim, slot);
    } else {
        event->unclaim.receipt = receipt;
        event->unclaim.reason = "the wrong card";
    }
}

/* Something a till has said, refused or not, as it was or with another number. */
static void say_rebook(struct sim *sim, uint64_t *position, struct bytes *body)
{
    static uint8_t corrected[256];
    static char number[32];
    *position = some_position(sim);
    if (sim_chance(sim, 50)) {
        return;
    }
    snprintf(number, sizeof(number), "again-%llu", (unsigned long long)sim_below(sim, 1000));
    const struct line line = {.sku = "4711", .category = "lunch", .quantity = 1000, .gross = 800};
    const struct event event = {.occurred_at = sim->house.now,
                                .kind = EVENT_PURCHASE,
                                .purchase = {.receipt = {.business_date = 20423, .number = number},
                                             .lines = &line,
                                             .lines_count = 1}};
    struct bytes packed;
    arena_reset(&sim->scratch);
    const int result = wire_body_pack(&event, &sim->scratch, &packed);
    SIM_OK(sim, result);
    SIM_CHECK(sim, packed.size <= sizeof(corrected));
    memcpy(corrected, packed.data, packed.size);
    *body = (struct bytes){corrected, packed.size};
}

static void say_return(struct sim *sim, struct till *till, struct outbox_event *slot, struct event *event)
{
    static struct return_part parts[3];
    static char number[32];
    struct goods_return *goods = &event->goods_return;
    snprintf(number, sizeof(number), "%llu", (unsigned long long)till->sold);
    goods->receipt = (struct receipt){.business_date = 20423, .number = number};
    goods->done = sim_chance(sim, 70);
    goods->has_original = sim_chance(sim, 90);
    if (!goods->has_original) {
        goods->card = show_card(sim, slot);
    } else {
        goods->original = some_receipt(sim, till);
        goods->whole = sim_chance(sim, 30);
    }
    if (!goods->has_original || (!goods->whole && sim_chance(sim, 40))) {
        goods->amount = 1 + (int64_t)sim_below(sim, 8000);
    } else if (!goods->whole) {
        goods->parts = parts;
        goods->parts_count = 1 + sim_below(sim, ARRAY_COUNT(parts));
        for (size_t i = 0; i < goods->parts_count; i++) {
            parts[i] = (struct return_part){.line = (uint32_t)sim_below(sim, 4),
                                            .quantity = 1000 * (int64_t)sim_below(sim, 3)};
        }
    }
}

/* Somebody will come with the code, perhaps before it is booked. */
static void say_invite(struct sim *sim, struct till *till, struct event *event)
{
    static uint8_t hash[HASH_BYTES];
    static char label[32];
    char code[16];
    snprintf(code, sizeof(code), "S1MS-S1MS-%04llu", (unsigned long long)till->sold);
    snprintf(label, sizeof(label), "new-%llu", (unsigned long long)till->sold);
    const int result = invite_code_hash(code, hash);
    SIM_OK(sim, result);
    event->invite.code_hash = (struct bytes){hash, sizeof(hash)};
    event->invite.role = ROLE_TERMINAL;
    event->invite.store = "cafe";
    event->invite.label = label;
    event->invite.expires_at = sim->house.now + 24 * 3600 * 1000;
    if (sim->newcomers_count < NEWCOMERS_MAX && till->role == ROLE_ADMIN) {
        struct newcomer *newcomer = &sim->newcomers[sim->newcomers_count++];
        uint8_t seed[KEY_BYTES];
        memset(seed, 0x40 + (int)sim->newcomers_count, sizeof(seed));
        *newcomer = (struct newcomer){0};
        key_pair_from_seed(seed, &newcomer->till.keys[0]);
        memcpy(newcomer->code, code, sizeof(code));
    }
}

/* One of those who came, or nobody. */
static uint32_t some_newcomer(struct sim *sim)
{
    const uint32_t nobody = PRINCIPALS_MAX - 1;
    if (sim->newcomers_count == 0) {
        return nobody;
    }
    const uint32_t enrolled = sim->newcomers[sim_below(sim, sim->newcomers_count)].enrolled;
    return enrolled == 0 ? nobody : enrolled;
}

/* By hand, to one of the members there are or nearly are, sometimes more than he has. */
static void say_adjustment(struct sim *sim, const struct till *till, struct adjustment *adjustment)
{
    *adjustment = (struct adjustment){
        .member = 1 + (uint32_t)sim_below(sim, 8),
        .reason = "by hand",
        .points = (int64_t)sim_below(sim, 200) - 100,
        .may_owe = sim_chance(sim, 40),
        .until = sim_chance(sim, 50) ? -1 : 20423 + (int32_t)sim_below(sim, 30),
        .qualifying = sim_chance(sim, 30) ? (int64_t)sim_below(sim, 100) : 0,
        .level_until = -1,
    };
    if (sim_chance(sim, 30)) {
        adjustment->card = "lunch";
        adjustment->stamps = (int64_t)sim_below(sim, 14) - 6;
    }
    if (sim_chance(sim, 20)) {
        adjustment->reward = "free_lunch";
    }
    adjustment->has_receipt = sim_chance(sim, 40);
    if (adjustment->has_receipt) {
        adjustment->receipt = some_receipt(sim, till);
        adjustment->receipt.store = "cafe";
        adjustment->receipt.till = "till-1";
    }
}

static void say_rotation(struct sim *sim, struct till *till, struct event *event)
{
    static uint8_t proof[SIGNATURE_BYTES];
    const struct key_pair *next = &till->keys[1];
    sign_rotate(next, sim->house.programme_id, till->principal, proof);
    event->key_rotated.key = (struct bytes){next->public_key, KEY_BYTES};
    event->key_rotated.proof = (struct bytes){proof, sizeof(proof)};
    till->changes = true;
    till->rotation = till->sold;
}

static void fill_event(struct sim *sim, struct till *till, struct outbox_event *slot, struct event *event)
{
    *event = (struct event){.occurred_at = sim->house.now, .kind = draw_kind(sim, till)};
    switch (event->kind) {
    case EVENT_PURCHASE:
        say_purchase(sim, till, slot, event);
        break;
    case EVENT_ENROLMENT:
        event->enrolment.card = show_card(sim, slot);
        break;
    case EVENT_ACTIVITY:
        event->activity.card = show_card(sim, slot);
        event->activity.code = sim_chance(sim, 80) ? "survey" : "unheard-of";
        if (sim_chance(sim, 50)) {
            event->activity.code = "cycled";
            event->activity.amount = (int64_t)sim_below(sim, 90);
        }
        break;
    case EVENT_GOODS_RETURN:
        say_return(sim, till, slot, event);
        break;
    case EVENT_VOID_RECEIPT:
        event->void_receipt.receipt = some_receipt(sim, till);
        event->void_receipt.done = sim_chance(sim, 50);
        break;
    case EVENT_CLAIM:
    case EVENT_UNCLAIM:
        say_claim(sim, till, slot, event);
        break;
    case EVENT_REBOOK:
        say_rebook(sim, &event->rebook.position, &event->rebook.body);
        event->rebook.reason = "it happened";
        break;
    case EVENT_RESOLVE:
        event->resolve.position = 1 + sim_below(sim, 100);
        event->resolve.reason = "seen";
        break;
    case EVENT_DAY_CLOSE:
        event->day_close.day.business_date = 20423 + (int32_t)sim_below(sim, 2);
        break;
    case EVENT_RESERVE:
        say_reserve(sim, slot, event);
        break;
    case EVENT_RELEASE:
        event->release.reservation = some_reservation(sim);
        break;
    case EVENT_INVITE:
        say_invite(sim, till, event);
        break;
    case EVENT_REVOKE:
        event->revoke.principal = some_newcomer(sim);
        break;
    case EVENT_RETIRED:
        event->retired.principal = some_newcomer(sim);
        break;
    case EVENT_PROGRAMME_CHANGE:
        event->programme_change.yaml = sim_programme(++sim->programme_version);
        break;
    case EVENT_KEY_ROTATED:
        say_rotation(sim, till, event);
        break;
    case EVENT_ADJUSTMENT:
        say_adjustment(sim, till, &event->adjustment);
        break;
    case EVENT_HOUSEHOLD:
        event->household.member = 1 + (uint32_t)sim_below(sim, 8);
        event->household.leaves = sim_chance(sim, 30);
        event->household.household =
            event->household.leaves || sim_chance(sim, 20) ? 0 : 1 + (uint32_t)sim_below(sim, 12);
        break;
    case EVENT_MERGE:
        event->merge.from = 1 + (uint32_t)sim_below(sim, 8);
        event->merge.to = 1 + (uint32_t)sim_below(sim, 8);
        break;
    case EVENT_TRANSFER:
        event->transfer.from = 1 + (uint32_t)sim_below(sim, 8);
        event->transfer.to = 1 + (uint32_t)sim_below(sim, 8);
        event->transfer.points = 1 + (int64_t)sim_below(sim, 40);
        break;
    case EVENT_CARD_LINKED:
        event->card_linked.member = 1 + (uint32_t)sim_below(sim, 8);
        event->card_linked.card = show_card(sim, slot);
        break;
    case EVENT_ERASED:
        event->erased.member = 1 + (uint32_t)sim_below(sim, 8);
        break;
    case EVENT_GO_LIVE:
        break;
    case EVENT_GENESIS:
    case EVENT_PRINCIPAL_ADDED:
    case EVENT_ENGINE_REVISION:
    case EVENT_RESUMED:
    case EVENT_TICK:
        SIM_CHECK(sim, !"said by nobody but the daemon");
    }
}

void till_sign(struct sim *sim, struct till *till, uint64_t sequence)
{
    for (; sequence <= till->sold; sequence++) {
        struct outbox_event *slot = &till->outbox[sequence];
        const struct bytes body = {slot->body, slot->body_size};
        const bool changed = till->rotation != 0 && sequence > till->rotation;
        const struct sign_event message = {sim->house.programme_id, till->principal, sequence, body};
        const size_t room = SIGN_EVENT_PREFIX_BYTES + body.size;
        uint8_t *scratch = malloc(room);
        const int result = sign_event(&till->keys[changed], &message, scratch, room, slot->signature);
        free(scratch);
        SIM_OK(sim, result);
    }
}

void till_say(struct sim *sim, struct till *till)
{
    const uint64_t sequence = ++till->sold;
    struct outbox_event *slot = &till->outbox[sequence];
    struct event event;
    struct bytes body;
    fill_event(sim, till, slot, &event);
    slot->kind = event.kind;
    arena_reset(&sim->scratch);
    const int packed = wire_body_pack(&event, &sim->scratch, &body);
    SIM_OK(sim, packed);
    struct buffer buffer = {0};
    pipe_put(&buffer, body);
    if (event.kind != EVENT_KEY_ROTATED && sim_chance(sim, 3)) {
        buffer.data[sim_below(sim, buffer.size)] ^= 0x55; /* booked all the same, as malformed mostly */
    }
    slot->body = buffer.data;
    slot->body_size = buffer.size;
    till_sign(sim, till, sequence);
}

/* What a basket would give that nobody may ever ring up. */
static void ask_quote(struct sim *sim, const struct till *till, struct request *request)
{
    static uint8_t memory[256 * 1024]; /* what packing needs besides */
    static struct outbox_event slot;
    struct event event = {.occurred_at = sim->house.now, .kind = EVENT_PURCHASE};
    struct arena arena;
    arena_init(&arena, memory, sizeof(memory));
    slot = (struct outbox_event){.kind = EVENT_PURCHASE};
    say_purchase(sim, till, &slot, &event);
    request->kind = REQUEST_QUOTE;
    const int packed = wire_body_pack(&event, &arena, &request->quote.body);
    SIM_OK(sim, packed);
    if (slot.card != NULL) {
        request->quote.opening = (struct opening){{slot.salt, sizeof(slot.salt)}, slot.card};
    }
    request->quote.locale = "en";
}

void till_question(struct sim *sim, const struct till *till, struct request *ret_request)
{
    static const enum request_kind kinds[] = {
        REQUEST_GET_MEMBER,    REQUEST_GET_EVENT,       REQUEST_GET_STATUS,  REQUEST_GET_PRINCIPALS,
        REQUEST_GET_PROGRAMME, REQUEST_CHECK_PROGRAMME, REQUEST_SET_PROFILE, REQUEST_GET_PROFILE,
        REQUEST_GET_VOUCHER,   REQUEST_GET_EXCEPTIONS};
    *ret_request = (struct request){.kind = REQUEST_GET_MEMBER};
    if (till->role != ROLE_TERMINAL) {
        ret_request->kind = kinds[sim_below(sim, ARRAY_COUNT(kinds))];
    }
    if (till->role == ROLE_TERMINAL && sim_chance(sim, 30)) {
        ask_quote(sim, till, ret_request);
    } else if (ret_request->kind == REQUEST_GET_MEMBER) {
        ret_request->get_member.card = sim_card(sim);
    } else if (ret_request->kind == REQUEST_SET_PROFILE) {
        ret_request->set_profile.card = sim_card(sim);
        /* Around these days, so that birthdays come, and come again when they are changed. */
        const struct date birthday =
            date_from_day((int32_t)(sim->house.now / DAY_MS) - 1 + (int32_t)sim_below(sim, 4));
        ret_request->set_profile.profile =
            (struct profile){.name = "Somebody", .birth_month = birthday.month, .birth_day = birthday.day};
    } else if (ret_request->kind == REQUEST_GET_PROFILE) {
        ret_request->get_profile.card = sim_card(sim);
    } else if (ret_request->kind == REQUEST_GET_VOUCHER) {
        static const uint8_t nobodys[VOUCHER_CODE_BYTES] = {1};
        ret_request->get_voucher.code = (struct bytes){nobodys, sizeof(nobodys)};
    } else if (ret_request->kind == REQUEST_GET_EVENT) {
        ret_request->get_event.position = 1 + sim_below(sim, 300);
    } else if (ret_request->kind == REQUEST_CHECK_PROGRAMME) {
        ret_request->check_programme.yaml = sim_programme(1 + (uint32_t)sim_below(sim, 30));
    }
}

/* Without a default like the kinds of events: who adds a request lets the simulator send it, too. */
enum reply_kind answer_of(enum request_kind kind)
{
    switch (kind) {
    case REQUEST_HELLO:
        return REPLY_WELCOME;
    case REQUEST_AUTHENTICATE:
        return REPLY_READY;
    case REQUEST_ENROL:
        return REPLY_ENROLLED;
    case REQUEST_BOOK:
    case REQUEST_BOOK_BATCH:
        return REPLY_BOOKED;
    case REQUEST_GET_MEMBER:
        return REPLY_MEMBER;
    case REQUEST_GET_VOUCHER:
        return REPLY_VOUCHER;
    case REQUEST_GET_EVENT:
        return REPLY_EVENT;
    case REQUEST_GET_STATUS:
        return REPLY_STATUS;
    case REQUEST_GET_EXCEPTIONS:
        return REPLY_EXCEPTIONS;
    case REQUEST_GET_PRINCIPALS:
        return REPLY_PRINCIPALS;
    case REQUEST_GET_PROGRAMME:
        return REPLY_PROGRAMME;
    case REQUEST_CHECK_PROGRAMME:
        return REPLY_PROGRAMME_CHECKED;
    case REQUEST_BACKUP: /* not asked here: it would write to a disk outside (unit.test_store_fault) */
        return REPLY_BACKUP_STEP;
    case REQUEST_QUOTE:
        return REPLY_QUOTED;
    case REQUEST_SET_PROFILE:
    case REQUEST_GET_PROFILE:
        return REPLY_PROFILE;
    }
    abort();
}
