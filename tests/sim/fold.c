/* What the outcomes in the log add up to, told apart from how the daemon keeps it: points in accounts,
 * vouchers, reservations and what limits counted. Each outcome is looked at once, as long as the log grows.
 */
#include "sim/sim.h"

#include "model/programme.h"

#include <string.h>

enum {
    VOUCHERS_SEEN_MAX = 16384,
    RESERVATIONS_SEEN_MAX = 8192,
    MEMBERS_SEEN_MAX = 1024,
    COUNTERS_SEEN_MAX = 8192,
    SURVEYS_A_DAY = 1, /* of a member, as the programme says */
    CAKES_A_DAY = 3,
};

struct voucher_seen {
    struct origin origin;
    uint8_t code[VOUCHER_CODE_BYTES];
    uint64_t reservation; /* 0: free */
    bool open;
};

struct reservation_seen {
    uint64_t position;
    uint32_t member;
    int64_t points;
    int64_t until; /* 0: for ever */
    bool open;
};

struct counter_seen {
    uint32_t member;
    uint32_t limit;
    int32_t period;
    int64_t used;
};

/* Of the log up to `position`, where its chain was `chain`: after a power cut it may be another. */
static struct {
    uint64_t seed;
    uint64_t position;
    uint8_t chain[HASH_BYTES];
    struct voucher_seen vouchers[VOUCHERS_SEEN_MAX];
    size_t vouchers_count;
    struct reservation_seen reservations[RESERVATIONS_SEEN_MAX];
    size_t reservations_count;
    struct counter_seen counters[COUNTERS_SEEN_MAX];
    size_t counters_count;
    int64_t accounts[MEMBERS_SEEN_MAX][MEMBER_ACCOUNTS];
    uint32_t members_end; /* 1 more than the last member that has points */
    int64_t reserved;     /* of all members */
    int64_t held;         /* by reservations that stand */
    int64_t welcomes;
    int64_t cakes;
    int64_t party;
} fold;

static int64_t *account_seen(struct sim *sim, uint64_t code)
{
    const uint32_t member = account_member(code);
    SIM_CHECK(sim, member < MEMBERS_SEEN_MAX);
    SIM_CHECK(sim, account_number(code) < MEMBER_ACCOUNTS);
    fold.members_end = member >= fold.members_end ? member + 1 : fold.members_end;
    return &fold.accounts[member][account_number(code)];
}

static void see_move(struct sim *sim, const struct effect *effect)
{
    const uint64_t sides[] = {effect->move.debit, effect->move.credit};
    SIM_CHECK(sim, effect->move.amount > 0);
    for (size_t i = 0; i < ARRAY_COUNT(sides); i++) {
        if (account_member(sides[i]) != 0) {
            const int64_t amount = i == 0 ? -effect->move.amount : effect->move.amount;
            *account_seen(sim, sides[i]) += amount;
            fold.reserved += account_number(sides[i]) == MEMBER_RESERVED ? amount : 0;
        }
    }
}

static struct voucher_seen *voucher_of(const struct origin *origin)
{
    for (size_t i = 0; i < fold.vouchers_count; i++) {
        struct voucher_seen *voucher = &fold.vouchers[i];
        if (voucher->origin.position == origin->position && voucher->origin.index == origin->index) {
            return voucher;
        }
    }
    return NULL;
}

/* Vouchers and reservations that stand pass to another member. */
static bool moves_holdings(enum event_kind kind)
{
    return kind == EVENT_MERGE || kind == EVENT_HOUSEHOLD;
}

/* A code is given once; what comes back after a return had ended. */
static void see_voucher(struct sim *sim, const struct effect *effect, uint64_t position, enum event_kind kind)
{
    const bool back = effect->voucher.position != 0;
    const struct origin origin = {back ? effect->voucher.position : position, effect->voucher.index};
    struct voucher_seen *voucher = voucher_of(&origin);
    SIM_CHECK(sim, back == (voucher != NULL));
    if (back) {
        SIM_CHECK(sim, voucher->open == moves_holdings(kind));
        SIM_CHECK(sim, memcmp(voucher->code, effect->voucher.code, VOUCHER_CODE_BYTES) == 0);
    } else {
        SIM_CHECK(sim, fold.vouchers_count < VOUCHERS_SEEN_MAX);
        for (size_t i = 0; i < fold.vouchers_count; i++) {
            SIM_CHECK(sim, memcmp(fold.vouchers[i].code, effect->voucher.code, VOUCHER_CODE_BYTES) != 0);
        }
        voucher = &fold.vouchers[fold.vouchers_count++];
        voucher->origin = origin;
        memcpy(voucher->code, effect->voucher.code, VOUCHER_CODE_BYTES);
    }
    voucher->open = true;
    voucher->reservation = 0;
}

static void see_voucher_hold(struct sim *sim, const struct effect *effect, uint64_t position)
{
    struct voucher_seen *voucher = voucher_of(&effect->voucher_hold.voucher);
    const uint64_t reservation = effect->voucher_hold.reservation;
    SIM_CHECK(sim, voucher != NULL);
    SIM_CHECK(sim, voucher->open);
    SIM_CHECK(sim, (voucher->reservation == 0) == (reservation != 0));
    voucher->reservation = reservation == RESERVED_HERE ? position : reservation;
}

/* It is redeemed, has expired or was cancelled, once. */
static void see_voucher_end(struct sim *sim, const struct effect *effect)
{
    struct voucher_seen *voucher = voucher_of(&effect->voucher_end.voucher);
    SIM_CHECK(sim, voucher != NULL);
    SIM_CHECK(sim, voucher->open);
    SIM_CHECK(sim, memcmp(voucher->code, effect->voucher_end.code, VOUCHER_CODE_BYTES) == 0);
    voucher->open = false;
    voucher->reservation = 0;
    sim->redeemed += effect->voucher_end.end == VOUCHER_REDEEMED;
}

static struct reservation_seen *reservation_of(uint64_t position)
{
    for (size_t i = 0; i < fold.reservations_count; i++) {
        if (fold.reservations[i].position == position) {
            return &fold.reservations[i];
        }
    }
    return NULL;
}

static void see_reservation(struct sim *sim, const struct effect *effect, uint64_t position,
                            enum event_kind kind)
{
    SIM_CHECK(sim, moves_holdings(kind) == (effect->reservation.position != 0));
    if (moves_holdings(kind)) {
        struct reservation_seen *reservation = reservation_of(effect->reservation.position);
        SIM_CHECK(sim, reservation != NULL);
        SIM_CHECK(sim, reservation->open);
        SIM_CHECK(sim, reservation->points == effect->reservation.points);
        reservation->member = effect->member;
        return;
    }
    SIM_CHECK(sim, fold.reservations_count < RESERVATIONS_SEEN_MAX);
    SIM_CHECK(sim, effect->reservation.points >= 0);
    fold.reservations[fold.reservations_count++] =
        (struct reservation_seen){.position = position,
                                  .member = effect->member,
                                  .points = effect->reservation.points,
                                  .until = effect->reservation.until,
                                  .open = true};
    fold.held += effect->reservation.points;
}

/* Committed or released before its time is over, timed out when it is, and one of these once. */
static void see_reservation_end(struct sim *sim, const struct effect *effect, int64_t booked_at)
{
    struct reservation_seen *reservation = reservation_of(effect->reservation_end.reservation);
    const enum reservation_end end = effect->reservation_end.end;
    SIM_CHECK(sim, reservation != NULL);
    SIM_CHECK(sim, reservation->open);
    const bool over = reservation->until != 0 && reservation->until <= booked_at;
    SIM_CHECK(sim, over == (end == RESERVATION_TIMED_OUT));
    SIM_CHECK(sim, end >= RESERVATION_COMMITTED && end <= RESERVATION_TIMED_OUT);
    reservation->open = false;
    fold.held -= reservation->points;
    sim->reservations_ended[end]++;
}

static struct counter_seen *counter_of(struct sim *sim, const struct effect *effect)
{
    for (size_t i = 0; i < fold.counters_count; i++) {
        struct counter_seen *counter = &fold.counters[i];
        if (counter->member == effect->member && counter->limit == effect->counter.limit &&
            counter->period == effect->counter.period) {
            return counter;
        }
    }
    SIM_CHECK(sim, fold.counters_count < COUNTERS_SEEN_MAX);
    struct counter_seen *counter = &fold.counters[fold.counters_count++];
    *counter = (struct counter_seen){
        .member = effect->member, .limit = effect->counter.limit, .period = effect->counter.period};
    return counter;
}

/* Whatever profiles say, and whenever: once a year. */
static bool has_birthday(const struct effect *effect)
{
    for (size_t i = 0; i < fold.counters_count; i++) {
        const struct counter_seen *counter = &fold.counters[i];
        if (counter->member == effect->member && counter->limit == effect->counter.limit &&
            counter->used > 0) {
            return true;
        }
    }
    return false;
}

/* The programme has three limits that are nobody's, the welcomes of a rule, the cakes of a reward and the
 * points of a campaign, and two of each member a day. */
static void see_counter(struct sim *sim, const struct effect *effect, enum event_kind kind)
{
    const enum limit_owner owner = (enum limit_owner)(effect->counter.limit >> 24); /* limit_number() */
    const int64_t amount = effect->counter.amount;
    if (effect->member == 0) {
        fold.welcomes += owner == OWNER_RULE ? amount : 0;
        fold.cakes += owner == OWNER_REWARD ? amount : 0;
        fold.party += owner == OWNER_CAMPAIGN ? amount : 0;
        return;
    }
    if (kind == EVENT_TICK && effect->counter.limit == occasion_counter(OCCASION_BIRTHDAY) && amount > 0) {
        SIM_CHECK(sim, !has_birthday(effect)); /* no simulation takes a year */
        sim->birthdays++;
    }
    struct counter_seen *counter = counter_of(sim, effect);
    counter->used += amount;
    SIM_CHECK(sim, counter->used >= 0);
    const bool counts = kind == EVENT_PURCHASE || kind == EVENT_ACTIVITY || kind == EVENT_RESERVE;
    const int64_t max = owner == OWNER_RULE ? SURVEYS_A_DAY : owner == OWNER_REWARD ? CAKES_A_DAY : INT64_MAX;
    SIM_CHECK(sim, !counts || amount <= 0 || counter->used <= max);
}

static void see_effect(struct sim *sim, const struct effect *effect, const struct event_row *row,
                       enum event_kind kind)
{
    if (effect->kind == EFFECT_MOVE) {
        see_move(sim, effect);
    } else if (effect->kind == EFFECT_VOUCHER) {
        see_voucher(sim, effect, row->position, kind);
    } else if (effect->kind == EFFECT_VOUCHER_HOLD) {
        see_voucher_hold(sim, effect, row->position);
    } else if (effect->kind == EFFECT_VOUCHER_END) {
        see_voucher_end(sim, effect);
    } else if (effect->kind == EFFECT_RESERVATION) {
        see_reservation(sim, effect, row->position, kind);
    } else if (effect->kind == EFFECT_RESERVATION_END) {
        see_reservation_end(sim, effect, row->booked_at);
    } else if (effect->kind == EFFECT_COUNTER) {
        see_counter(sim, effect, kind);
    }
}

/* After each event. */
static void check_fold(struct sim *sim, const struct outcome *outcome, const struct event_row *row,
                       enum event_kind kind)
{
    const bool settles = outcome->code == CODE_ACCEPTED && outcome->member != 0 &&
                         (kind == EVENT_PURCHASE || kind == EVENT_ACTIVITY || kind == EVENT_RESERVE);
    SIM_CHECK(sim, fold.reserved == fold.held);
    SIM_CHECK(sim, fold.welcomes >= 0 && fold.welcomes <= WELCOMES_MAX);
    SIM_CHECK(sim, fold.cakes >= 0 && fold.cakes <= CAKES_MAX);
    SIM_CHECK(sim, fold.party >= 0 && fold.party <= PARTY_POINTS_MAX);
    for (size_t i = 0; i < fold.reservations_count; i++) {
        const struct reservation_seen *reservation = &fold.reservations[i];
        const bool over = reservation->until != 0 && reservation->until <= row->booked_at;
        SIM_CHECK(sim, !reservation->open || !over || !settles || reservation->member != outcome->member);
    }
    for (size_t i = 0; i < fold.vouchers_count; i++) {
        const struct voucher_seen *voucher = &fold.vouchers[i];
        if (voucher->open && voucher->reservation != 0) {
            const struct reservation_seen *reservation = reservation_of(voucher->reservation);
            SIM_CHECK(sim, reservation != NULL);
            SIM_CHECK(sim, reservation->open);
        }
    }
    for (uint32_t i = 0; i < fold.members_end; i++) {
        SIM_CHECK(sim, fold.accounts[i][MEMBER_PENDING] >= 0);
        SIM_CHECK(sim, fold.accounts[i][MEMBER_RESERVED] >= 0);
    }
}

static bool is_continued(struct sim *sim, const struct store_head *head)
{
    uint8_t chain[HASH_BYTES];
    if (fold.seed != sim->seed || fold.position <= sim->base_position || fold.position > head->position) {
        return false;
    }
    const int result = store_chain_read(sim->house.temporary.store, fold.position, chain);
    SIM_OK(sim, result);
    return memcmp(chain, fold.chain, sizeof(chain)) == 0;
}

void audit_outcomes(struct sim *sim)
{
    static struct outcome outcome;
    struct store *store = sim->house.temporary.store;
    struct store_head head;
    int result = store_head(store, &head);
    SIM_OK(sim, result);
    if (!is_continued(sim, &head)) {
        memset(&fold, 0, sizeof(fold));
        memset(sim->reservations_ended, 0, sizeof(sim->reservations_ended));
        sim->redeemed = 0;
        sim->birthdays = 0;
        fold.seed = sim->seed;
        fold.position = sim->base_position;
    }
    while (fold.position < head.position) {
        struct event_row row;
        struct event event = {.kind = EVENT_GENESIS};
        const char *field;
        arena_reset(&sim->scratch);
        result = store_event_read(store, ++fold.position, &sim->scratch, &row);
        SIM_OK(sim, result);
        result = wire_outcome_unpack(row.outcome, &sim->scratch, &outcome);
        SIM_OK(sim, result);
        const bool read = wire_body_unpack(row.body, &sim->scratch, &event, &field) == 0;
        for (size_t i = 0; i < outcome.effects_count; i++) {
            see_effect(sim, &outcome.effects[i], &row, read ? event.kind : EVENT_GENESIS);
        }
        check_fold(sim, &outcome, &row, read ? event.kind : EVENT_GENESIS);
        memcpy(fold.chain, row.chain, sizeof(fold.chain));
    }
    sim->welcomes = fold.welcomes;
    sim->party = fold.party;
}

/* A member's lots are his points: free and reserved together what is available, and pending what is. */
static void check_lots(struct sim *sim, const struct member_state *member)
{
    int64_t open = 0;
    int64_t pending = 0;
    int64_t reserved = 0;
    for (size_t i = 0; i < member->lots_count; i++) {
        const struct lot *lot = &member->lots[i];
        *(lot->due == 0 ? &open : &pending) += lot->left;
        SIM_CHECK(sim, lot->reserved >= 0 && lot->reserved <= lot->left);
        reserved += lot->reserved;
    }
    const int64_t *balances = member->balances;
    const int64_t free = balances[MEMBER_AVAILABLE] > 0 ? balances[MEMBER_AVAILABLE] : 0;
    SIM_CHECK(sim, open == free + balances[MEMBER_RESERVED]);
    SIM_CHECK(sim, reserved == balances[MEMBER_RESERVED]);
    SIM_CHECK(sim, pending == balances[MEMBER_PENDING]);
}

void audit_members(struct sim *sim)
{
    static struct member_state member;
    audit_outcomes(sim);
    for (uint32_t i = 1; i < fold.members_end; i++) {
        const int result = store_member_read(sim->house.temporary.store, i, &member);
        SIM_OK(sim, result);
        SIM_CHECK(sim, memcmp(member.balances, fold.accounts[i], sizeof(fold.accounts[i])) == 0);
        check_lots(sim, &member);
    }
}
