/* What a log can be folded into, and how fast: the recorded outcomes applied in order, nothing decided again.
 *
 *   fold memory STORE          into the state of every member, in memory
 *   fold fresh STORE NEW       into a fresh database, with the events themselves
 *
 * STORE is a copy nobody else has open. Both check afterwards, untimed, that what they made is what is
 * stored. */
#include "engine/engine.h"
#include "store/compare.h"
#include "store/store.h"
#include "wire/body.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ARENA_BYTES = 4 * 1024 * 1024, SIGNATURES_BYTES = 1024, COMMIT_EVENTS = 1024, SAMPLE_EVERY = 97 };

/* An effect with the event it is of. */
struct change {
    uint64_t position;
    struct effect effect;
};

struct changes {
    struct change *items;
    uint32_t *order; /* indices, by member and then as they came */
    uint32_t *first; /* of each member, in `order`; one more at the end */
    size_t count;
    size_t room;
};

struct fold {
    struct store *stored;
    struct store *fresh;
    struct store_head head;
    struct arena arena;      /* of one event */
    struct arena signatures; /* of the event's batch */
    struct outcome *outcome;
    struct changes changes;
    struct principal_row *principals; /* of the fresh store, as far as they were asked for */
};

static void need(int result, const char *what)
{
    if (result != 0) {
        fprintf(stderr, "fold: %s: %s\n", what, error_text(result));
        exit(1);
    }
}

static void *memory(size_t count, size_t size)
{
    void *made = calloc(count, size);
    need(made == NULL ? ERR_NOMEM : 0, "memory");
    return made;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void unpack_outcome(struct fold *fold, const struct event_row *row)
{
    arena_reset(&fold->arena);
    need(wire_outcome_unpack(row->outcome, &fold->arena, fold->outcome), "an outcome");
}

static void each_event(struct fold *fold, store_event_each *each)
{
    need(store_events(fold->stored, 1, fold->head.position, &fold->signatures, each, fold), "the log");
}

static int collect(void *context, const struct event_row *row)
{
    struct fold *fold = context;
    struct changes *changes = &fold->changes;
    unpack_outcome(fold, row);
    for (size_t i = 0; i < fold->outcome->effects_count; i++) {
        const struct effect *effect = &fold->outcome->effects[i];
        if (effect->member == 0) {
            continue;
        }
        if (changes->count == changes->room) {
            changes->room = changes->room == 0 ? 1 << 20 : 2 * changes->room;
            changes->items = realloc(changes->items, changes->room * sizeof(changes->items[0]));
            need(changes->items == NULL ? ERR_NOMEM : 0, "memory");
        }
        changes->items[changes->count++] = (struct change){row->position, *effect};
    }
    return 0;
}

/* A counting sort: keeps the order of each member's. */
static void sort_by_member(struct changes *changes, uint32_t members)
{
    changes->first = memory(members + 2, sizeof(changes->first[0]));
    changes->order = memory(changes->count + 1, sizeof(changes->order[0]));
    for (size_t i = 0; i < changes->count; i++) {
        changes->first[changes->items[i].effect.member + 1]++;
    }
    for (uint32_t member = 1; member <= members + 1; member++) {
        changes->first[member] += changes->first[member - 1];
    }
    for (size_t i = 0; i < changes->count; i++) {
        changes->order[changes->first[changes->items[i].effect.member]++] = (uint32_t)i;
    }
    for (uint32_t member = members + 1; member > 0; member--) {
        changes->first[member] = changes->first[member - 1];
    }
}

static void fold_member(const struct changes *changes, uint32_t member, struct member_state *state)
{
    member_state_clear(state, 0);
    for (uint32_t i = changes->first[member]; i < changes->first[member + 1]; i++) {
        const struct change *change = &changes->items[changes->order[i]];
        need(engine_apply(state, change->position, &change->effect), "an effect");
    }
}

static void check_member(struct fold *fold, uint32_t member, const struct member_state *folded)
{
    static struct member_state stored;
    need(store_member_read(fold->stored, member, &stored), "a member");
    const bool same =
        memcmp(stored.balances, folded->balances, sizeof(stored.balances)) == 0 &&
        stored.level == folded->level && stored.purchases == folded->purchases &&
        stored.last_position == folded->last_position && stored.lots_count == folded->lots_count &&
        memcmp(stored.lots, folded->lots, stored.lots_count * sizeof(stored.lots[0])) == 0 &&
        stored.stamps_count == folded->stamps_count && stored.vouchers_count == folded->vouchers_count &&
        stored.metric_days_count == folded->metric_days_count;
    need(same ? 0 : ERR_CORRUPT, "a member folded otherwise than stored");
}

static void fold_memory(struct fold *fold)
{
    static struct member_state state;
    struct changes *changes = &fold->changes;
    const uint32_t members = fold->head.next_member - 1;
    int64_t outstanding = 0;
    const double start = seconds();
    each_event(fold, collect);
    sort_by_member(changes, members);
    for (uint32_t member = 1; member <= members; member++) {
        fold_member(changes, member, &state);
        outstanding += state.balances[MEMBER_AVAILABLE];
    }
    const double took = seconds() - start;
    for (uint32_t member = 1; member <= members; member += SAMPLE_EVERY) {
        fold_member(changes, member, &state);
        check_member(fold, member, &state);
    }
    printf("memory %8.0f events a second, %zu effects, %" PRId64 " points available\n",
           (double)fold->head.position / took, changes->count, outstanding);
    free(changes->items);
    free(changes->order);
    free(changes->first);
}

static struct till_day receipt_of(struct fold *fold, const struct event_row *row, const struct event *event)
{
    struct principal_row *till = &fold->principals[row->principal];
    if (till->principal != row->principal) {
        need(store_principal_read(fold->fresh, row->principal, till), "a principal");
    }
    const struct purchase *purchase = &event->purchase;
    struct till_day day = {
        .key = {.store = purchase->receipt.store != NULL ? purchase->receipt.store : till->store,
                .business_date = purchase->receipt.business_date,
                .till = purchase->receipt.till != NULL ? purchase->receipt.till : till->label,
                .number = purchase->receipt.number},
        .gross = -purchase->basket_discount};
    for (size_t i = 0; i < purchase->lines_count; i++) {
        day.gross += purchase->lines[i].voided ? 0 : purchase->lines[i].gross;
    }
    for (size_t i = 0; i < fold->outcome->effects_count; i++) {
        const struct effect *effect = &fold->outcome->effects[i];
        const bool issued =
            effect->kind == EFFECT_MOVE && effect->move.debit == account_of_programme(PROGRAMME_ISSUED);
        day.points += issued ? effect->move.amount : 0;
    }
    return day;
}

static void write_event(struct fold *fold, const struct event_row *row)
{
    struct event event;
    const struct outcome *outcome = fold->outcome;
    const bool accepted = outcome->code == CODE_ACCEPTED;
    struct store_applied applied = {.position = row->position, .booked_at = row->booked_at};
    need(wire_body_unpack(row->body, &fold->arena, &event, NULL), "a body");
    if (event.kind == EVENT_PROGRAMME_CHANGE) {
        applied.yaml = event.programme_change.yaml;
    }
    need(store_apply(fold->fresh, &applied, outcome->effects, outcome->effects_count), "effects");
    const bool is_purchase = event.kind == EVENT_PURCHASE && accepted;
    const struct till_day day = is_purchase ? receipt_of(fold, row, &event) : (struct till_day){0};
    struct event_row written = *row;
    written.receipt = is_purchase ? &day.key : NULL;
    need(store_event_write(fold->fresh, &written), "an event");
    if (outcome->member != 0 && accepted) {
        need(store_member_touch(fold->fresh, outcome->member, row->position), "a member");
    }
    for (size_t i = 0; i < outcome->exceptions_count; i++) {
        need(store_exception_write(fold->fresh, row->position, (uint32_t)i,
                                   (uint32_t)outcome->exceptions[i].kind, outcome->exceptions[i].amount),
             "an exception");
    }
    if (is_purchase) {
        need(store_till_day_add(fold->fresh, &day), "a till's day");
    }
}

static int fold_event(void *context, const struct event_row *row)
{
    struct fold *fold = context;
    bool done;
    if (row->position % COMMIT_EVENTS == 1) {
        need(store_begin(fold->fresh), "begin");
    }
    unpack_outcome(fold, row);
    write_event(fold, row);
    if (row->position % COMMIT_EVENTS == 0 || row->position == fold->head.position) {
        need(store_commit(fold->fresh), "commit");
        need(store_checkpoint(fold->fresh, false, &done), "checkpoint");
    }
    return 0;
}

static void fold_fresh(struct fold *fold, const char *path)
{
    const struct store_options options = {.path = path, .create = true, .scratch = true};
    struct store_difference difference = {.table = ""};
    need(store_open(&options, &fold->fresh, NULL), "the new store");
    const double start = seconds();
    each_event(fold, fold_event);
    const double took = seconds() - start;
    const int same = store_compare(fold->stored, fold->fresh, &difference);
    if (same != 0) {
        fprintf(stderr, "fold: %s at %" PRIu64 ": %s\n", difference.table, difference.position,
                difference.text);
    }
    need(same, "comparing");
    printf("fresh  %8.0f events a second\n", (double)fold->head.position / took);
    store_close(fold->fresh);
}

int main(int count, char **arguments)
{
    static struct fold fold;
    const bool fresh = count == 4 && strcmp(arguments[1], "fresh") == 0;
    if (!fresh && (count != 3 || strcmp(arguments[1], "memory") != 0)) {
        fprintf(stderr, "usage: fold memory STORE | fold fresh STORE NEW\n");
        return 2;
    }
    const struct store_options options = {.path = arguments[2]};
    store_one_thread();
    need(store_open(&options, &fold.stored, NULL), arguments[2]);
    need(store_head(fold.stored, &fold.head), "the head");
    arena_init(&fold.arena, memory(1, ARENA_BYTES), ARENA_BYTES);
    arena_init(&fold.signatures, memory(1, SIGNATURES_BYTES), SIGNATURES_BYTES);
    fold.outcome = memory(1, sizeof(*fold.outcome));
    fold.principals = memory(PRINCIPALS_MAX + 1, sizeof(*fold.principals));
    if (fresh) {
        fold_fresh(&fold, arguments[3]);
    } else {
        fold_memory(&fold);
    }
    store_close(fold.stored);
    return 0;
}
