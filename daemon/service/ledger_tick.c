/* What falls due by itself. A round looks at every member once a day, some at a time, and books what fell due
 * for them: ticks. A reservation that times out has one of its own, soon after. Whoever is touched first is
 * settled by that event instead; nothing later differs. */
#include "service/ledger_internal.h"

#include "base/check.h"
#include "model/day.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLICE_MEMBERS = 256,             /* looked at between two batches */
    SLICE_EFFECTS = EFFECTS_MAX / 2, /* with as many the slice ends */
    SLICE_ALONE = 64,                /* likewise: events of one member each */
    SLICE_MS = 1000,                 /* while batches run, from one slice to the next */
    WAIT_MS_MAX = 60 * 1000,         /* a clock may be set, a day may begin */
    FULL_MS = 60 * 1000,             /* before anything is tried again on a full disk */
    NO_TIME_OUT = -1,
};
static_assert((int)SLICE_MEMBERS <= (int)TICK_MEMBERS_MAX, "a slice fits an event");

static int64_t monotonic_ms(const struct ledger *ledger)
{
    return ledger->options.world->monotonic_ms(ledger->options.world->context);
}

void ledger_tick_reset(struct ledger *ledger)
{
    struct ticking *ticking = &ledger->ticking;
    ticking->running = false;
    ticking->again = true;
    ticking->time_outs_count = 0;
    ticking->missed = INT64_MAX;
}

/* The index of a reservation's time-out, the newest first; or NO_TIME_OUT. */
static ptrdiff_t time_out_find(const struct ticking *ticking, uint64_t position)
{
    ptrdiff_t i = (ptrdiff_t)ticking->time_outs_count - 1;
    while (i >= 0 && ticking->time_outs[i].position != position) {
        i--;
    }
    return i;
}

static void time_out_remove(struct ticking *ticking, ptrdiff_t index)
{
    ticking->time_outs[index] = ticking->time_outs[--ticking->time_outs_count];
}

/* What finds no room is found by a round, when it is due. */
static void time_out_add(struct ticking *ticking, const struct time_out *time_out)
{
    if (ticking->time_outs_count < TIME_OUTS_MAX) {
        ticking->time_outs[ticking->time_outs_count++] = *time_out;
    } else if (time_out->until < ticking->missed) {
        ticking->missed = time_out->until;
    }
}

void ledger_tick_follow(struct ledger *ledger, uint64_t position, const struct effect *effect)
{
    struct ticking *ticking = &ledger->ticking;
    if (effect->kind == EFFECT_RESERVATION && effect->reservation.until != 0) {
        const uint64_t moved = effect->reservation.position; /* with the member who was merged */
        const ptrdiff_t index = moved != 0 ? time_out_find(ticking, moved) : NO_TIME_OUT;
        if (index != NO_TIME_OUT) {
            time_out_remove(ticking, index);
        }
        time_out_add(ticking, &(struct time_out){.until = effect->reservation.until,
                                                 .position = moved != 0 ? moved : position,
                                                 .member = effect->member});
    } else if (effect->kind == EFFECT_RESERVATION_END) {
        const ptrdiff_t index = time_out_find(ticking, effect->reservation_end.reservation);
        if (index != NO_TIME_OUT) {
            time_out_remove(ticking, index);
        }
    } else if (effect->kind == EFFECT_PROGRAMME) {
        ticking->again = true; /* it may have completed cards */
    }
}

static int64_t next_time_out(const struct ticking *ticking)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < ticking->time_outs_count; i++) {
        next = ticking->time_outs[i].until < next ? ticking->time_outs[i].until : next;
    }
    return next;
}

/* Of several members nothing is looked at but what falls due, so their context holds little: who came before.
 */
static int settle_each(struct ledger *ledger, struct draft *draft)
{
    struct context *context = &ledger->context;
    const struct event *event = draft->event;
    int result = ledger_place_in_time(ledger, draft, NULL);
    ledger->decision->outcome.programme_version = draft->programme->version;
    for (size_t i = 0; i < event->tick.members_count && result == 0; i++) {
        result = store_member_read(ledger->options.store, event->tick.members[i], ledger->state);
        if (result == 0) {
            context->settled[context->settled_count++] = ledger->state->last_position;
            result = ledger_add_day_starts(ledger, draft, draft->programme);
        }
        result = result == 0 ? ledger_settle(ledger, draft->programme) : result;
    }
    return result;
}

int ledger_decide_tick(struct ledger *ledger, struct draft *draft)
{
    const struct event *event = draft->event;
    decision_clear(ledger->decision);
    context_clear(&ledger->context);
    draft->programme = ledger_programme_at(ledger, draft->booked_at);
    CHECK(event->tick.members_count > 0);
    const size_t last = event->tick.members_count - 1;
    if (draft->programme == NULL || event->tick.members[last] >= ledger->head.next_member) {
        return ERR_FORMAT;
    }
    if (last > 0) {
        return settle_each(ledger, draft);
    }
    struct member_work work = {.place = {.store = "", .till = ""}};
    ledger->context.member = event->tick.members[0];
    return ledger_decide_for(ledger, draft, &work);
}

int ledger_book_tick(struct ledger *ledger, int64_t booked_at, const uint32_t *members, size_t count)
{
    const struct event event = {
        .occurred_at = booked_at, .kind = EVENT_TICK, .tick = {.members = members, .members_count = count}};
    struct draft draft;
    int result = ledger_daemon_draft(ledger, &event, &draft);
    if (result < 0) {
        return result;
    }
    draft.booked_at = booked_at;
    result = ledger_decide_tick(ledger, &draft);
    if (result == ERR_TOO_LARGE || result == ERR_OVERFLOW || result == ERR_RANGE) {
        return 0; /* what does not fit is said to whoever sends the member's next event */
    }
    if (result == ERR_FORMAT || result == ERR_NOT_FOUND) {
        return ERR_CORRUPT;
    }
    result = result < 0 ? result : ledger_begin(ledger);
    result = result < 0 ? result : ledger_write(ledger, &draft);
    ledger->metrics.ticks_booked += result == 0;
    return result;
}

/* A slice: members who are looked at, and of them those for whom something fell due. */
struct slice {
    struct draft draft; /* of nothing: when it is, under which programme */
    struct event event;
    size_t effects;              /* of them together */
    uint32_t due[SLICE_MEMBERS]; /* ascending */
    size_t due_count;
    uint32_t alone[SLICE_ALONE]; /* with an occasion, or a card that the programme has completed */
    size_t alone_count;
};

static int slice_begin(struct ledger *ledger, struct slice *slice)
{
    const int64_t now = ledger_now(ledger);
    slice->event = (struct event){.occurred_at = now, .kind = EVENT_TICK};
    slice->draft = (struct draft){
        .booked_at = now, .event = &slice->event, .programme = ledger_programme_at(ledger, now)};
    slice->effects = 0;
    slice->due_count = 0;
    slice->alone_count = 0;
    arena_reset(&ledger->scratch);
    context_clear(&ledger->context);
    return ledger_place_in_time(ledger, &slice->draft, NULL);
}

/* Reads the member, and whether anything is to be booked for it. */
static int slice_look(struct ledger *ledger, struct slice *slice, uint32_t member)
{
    struct outcome *outcome = &ledger->decision->outcome;
    const struct programme *programme = slice->draft.programme;
    CHECK(slice->due_count < SLICE_MEMBERS);
    decision_clear(ledger->decision);
    ledger->context.day_starts_count = 0;
    int result = store_member_read(ledger->options.store, member, ledger->state);
    if (result < 0) {
        return result == ERR_NOT_FOUND ? ERR_CORRUPT : result;
    }
    uint8_t occasions = 0;
    result = ledger_occasions(ledger, &slice->draft, &occasions);
    if (result < 0) {
        return result;
    }
    const bool alone = occasions != 0 || engine_completes(programme, ledger->state);
    if (alone && slice->alone_count < SLICE_ALONE) {
        slice->alone[slice->alone_count++] = member;
        return 0;
    }
    result = ledger_add_day_starts(ledger, &slice->draft, programme);
    result = result < 0 ? result : engine_settle(programme, ledger->state, &ledger->context, outcome);
    if (result == 0 && engine_fell_due(outcome->effects, outcome->effects_count)) {
        slice->due[slice->due_count++] = member;
        slice->effects += outcome->effects_count;
    }
    return result == ERR_TOO_LARGE || result == ERR_OVERFLOW ? 0 : result;
}

static int slice_book(struct ledger *ledger, const struct slice *slice)
{
    int result = 0;
    if (slice->due_count > 0) {
        arena_reset(&ledger->scratch);
        result = ledger_book_tick(ledger, slice->draft.booked_at, slice->due, slice->due_count);
    }
    for (size_t i = 0; i < slice->alone_count && result == 0; i++) {
        arena_reset(&ledger->scratch);
        result = ledger_book_tick(ledger, slice->draft.booked_at, &slice->alone[i], 1);
    }
    return result;
}

/* Reservations that were made before the daemon started, or found no room, are known from here on. */
static void note_time_outs(struct ledger *ledger, int64_t now)
{
    const struct member_state *state = ledger->state;
    for (size_t i = 0; i < state->reservations_count; i++) {
        const struct reservation *reservation = &state->reservations[i];
        if (reservation->until > now &&
            time_out_find(&ledger->ticking, reservation->position) == NO_TIME_OUT) {
            time_out_add(&ledger->ticking, &(struct time_out){.until = reservation->until,
                                                              .position = reservation->position,
                                                              .member = state->member});
        }
    }
}

/* The next members of the round. */
static int tick_round(struct ledger *ledger)
{
    struct ticking *ticking = &ledger->ticking;
    struct slice slice;
    int result = slice_begin(ledger, &slice);
    for (size_t i = 0; i < SLICE_MEMBERS && ticking->next < ledger->head.next_member && result == 0 &&
                       slice.effects < SLICE_EFFECTS && slice.alone_count < SLICE_ALONE;
         i++) {
        result = slice_look(ledger, &slice, ticking->next);
        note_time_outs(ledger, slice.draft.booked_at);
        ticking->next++;
    }
    if (ticking->next >= ledger->head.next_member) {
        ticking->running = false;
        ticking->finished_at = slice.draft.booked_at;
    }
    return result < 0 ? result : slice_book(ledger, &slice);
}

static int compare_members(const void *a, const void *b)
{
    const uint32_t member_a = *(const uint32_t *)a;
    const uint32_t member_b = *(const uint32_t *)b;
    return (member_a > member_b) - (member_a < member_b);
}

/* Those whose reservations are over by now. */
static int tick_time_outs(struct ledger *ledger)
{
    struct ticking *ticking = &ledger->ticking;
    uint32_t members[SLICE_MEMBERS];
    size_t count = 0;
    struct slice slice;
    int result = slice_begin(ledger, &slice);
    for (size_t i = ticking->time_outs_count; i-- > 0 && count < SLICE_MEMBERS;) {
        if (ticking->time_outs[i].until <= slice.draft.booked_at) {
            members[count++] = ticking->time_outs[i].member;
            time_out_remove(ticking, (ptrdiff_t)i);
        }
    }
    qsort(members, count, sizeof(members[0]), compare_members);
    for (size_t i = 0; i < count && result == 0; i++) {
        if (i == 0 || members[i] != members[i - 1]) {
            result = slice_look(ledger, &slice, members[i]);
        }
    }
    return result < 0 ? result : slice_book(ledger, &slice);
}

/* A round begins with the day, after a start, and where one was wanted in between. */
static int begin_round(struct ledger *ledger, int64_t now)
{
    struct ticking *ticking = &ledger->ticking;
    const bool wanted = ticking->again || now >= ticking->missed;
    if (!wanted && now >= ticking->looked_at && now < ticking->looked_at + WAIT_MS_MAX) {
        return 0;
    }
    const struct programme *programme = ledger_programme_at(ledger, now);
    struct zone *zone;
    struct civil_time time;
    ticking->looked_at = now;
    int result = zones_open(&ledger->zones, programme->zone, &zone);
    result = result < 0 ? result : civil_from_instant(zone, now, programme->day_starts, &time);
    if (result == 0 && (wanted || time.day != ticking->day)) {
        ticking->running = true;
        ticking->again = false;
        ticking->missed = INT64_MAX;
        ticking->next = 1;
        ticking->day = time.day;
    }
    return result;
}

/* Nothing is booked while history loads; nor by itself while single events are suspected of a crash. */
static bool may_tick(const struct ledger *ledger)
{
    return ledger->head.live && ledger->careful_left == 0 && ledger_programme_newest(ledger) != NULL &&
           ledger_clock_behind_ms(ledger) == 0 && monotonic_ms(ledger) >= ledger->ticking.not_before_ms;
}

static int end_slice(struct ledger *ledger, int result)
{
    result = ledger_end(ledger, result);
    if (result == ERR_FULL) {
        ledger->ticking.not_before_ms = monotonic_ms(ledger) + FULL_MS;
        return ledger_load(ledger);
    }
    return result;
}

int ledger_tick(struct ledger *ledger, bool busy, int64_t *ret_wait_ms)
{
    struct ticking *ticking = &ledger->ticking;
    const int64_t clock_ms = monotonic_ms(ledger);
    CHECK(!ledger->in_transaction);
    *ret_wait_ms = WAIT_MS_MAX;
    if ((busy && clock_ms - ticking->sliced_ms < SLICE_MS) || !may_tick(ledger)) {
        return 0;
    }
    const int64_t now = ledger_now(ledger);
    const bool over = next_time_out(ticking) <= now;
    bool round_ended = false;
    int result = !over && !ticking->running ? begin_round(ledger, now) : 0;
    if (result == 0 && over) {
        result = tick_time_outs(ledger);
    } else if (result == 0 && ticking->running) {
        result = tick_round(ledger);
        round_ended = !ticking->running;
    }
    ticking->sliced_ms = clock_ms;
    result = end_slice(ledger, result);
    if (result < 0) {
        return result;
    }
    if (round_ended) {
        store_shrink(ledger->options.store); /* it has read every member */
    }
    const int64_t left_ms = next_time_out(ticking) - ledger_now(ledger);
    *ret_wait_ms = over || ticking->running || left_ms <= 0 ? 0
                   : left_ms < WAIT_MS_MAX                  ? left_ms
                                                            : WAIT_MS_MAX;
    return 0;
}
