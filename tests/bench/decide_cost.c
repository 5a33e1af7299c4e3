/* One basket of three lines, decoded, decided and encoded a fixed number of times: for
 * tests/bench/instructions, which counts what the functions named here execute. The member has bought before.
 */
#include "crypto/crypto.h"
#include "engine/engine.h"
#include "model/day.h"
#include "programme/load.h"
#include "wire/body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS = 100,
    PURCHASES_BEFORE = 5,
    TODAY = 20400,
    FILE_BYTES_MAX = 64 * 1024,
    ARENA_BYTES = 1024 * 1024
};

struct bench {
    const struct programme *programme;
    struct bytes body;
    struct arena arena;
    struct event event;
    struct member_state state;
    struct context context;
    struct decision decision;
};

void measured_decode(struct bench *bench);
void measured_decide(struct bench *bench);
void measured_encode(struct bench *bench);

static void need(int result, const char *what)
{
    if (result != 0) {
        fprintf(stderr, "decide_cost: %s: %s\n", what, error_text(result));
        exit(1);
    }
}

__attribute__((noinline)) void measured_decode(struct bench *bench)
{
    arena_reset(&bench->arena);
    need(wire_body_unpack(bench->body, &bench->arena, &bench->event, NULL), "decoding");
}

__attribute__((noinline)) void measured_decide(struct bench *bench)
{
    static const struct engine_place place = {.store = "store-0", .till = "t0"};
    struct shared_counter counters[COUNTERS_MAX];
    size_t count = 0;
    decision_clear(&bench->decision);
    need(engine_settle(bench->programme, &bench->state, &bench->context, &bench->decision.outcome),
         "settling");
    need(engine_counters(bench->programme, &place, &bench->event, &bench->context, counters, COUNTERS_MAX,
                         &count),
         "counters");
    engine_observe(bench->programme, &bench->event, &bench->state, counters, count, &bench->context);
    need(engine_decide(bench->programme, &place, &bench->event, &bench->context, NULL, &bench->decision),
         "deciding");
}

__attribute__((noinline)) void measured_encode(struct bench *bench)
{
    struct bytes context;
    struct bytes outcome;
    arena_reset(&bench->arena);
    need(wire_context_pack(&bench->context, &bench->arena, &context), "the context");
    need(wire_outcome_pack(&bench->decision.outcome, &bench->arena, &outcome), "the outcome");
}

static void *memory(size_t size)
{
    void *made = calloc(1, size);
    need(made == NULL ? ERR_NOMEM : 0, "memory");
    return made;
}

static void load(struct bench *bench, const char *path)
{
    static char text[FILE_BYTES_MAX];
    static struct findings findings;
    struct numbers *numbers = memory(sizeof(*numbers));
    struct arena arena;
    FILE *file = fopen(path, "r");
    need(file == NULL ? ERR_NOT_FOUND : 0, path);
    const size_t size = fread(text, 1, sizeof(text), file);
    fclose(file);
    arena_init(&arena, memory(PROGRAMME_ARENA_BYTES), PROGRAMME_ARENA_BYTES);
    need(programme_load((struct bytes){(const uint8_t *)text, size}, &arena, numbers, &bench->programme,
                        &findings),
         "the programme");
}

static void make_body(struct bench *bench)
{
    static uint8_t room[4096];
    static const uint8_t commitment[HASH_BYTES] = {1, 2, 3};
    static const struct line lines[3] = {
        {.sku = "4006381012345", .category = "lunch", .quantity = QUANTITY_DEFAULT, .gross = 890},
        {.sku = "4006381054321", .category = "coffee", .quantity = QUANTITY_DEFAULT, .gross = 320},
        {.sku = "4006381099999", .category = "groceries", .quantity = QUANTITY_DEFAULT, .gross = 1745},
    };
    static const struct tender tender = {.kind = TENDER_CARD, .amount = 2955};
    const struct event event = {.occurred_at = (int64_t)TODAY * DAY_MS + 12 * 3600000,
                                .kind = EVENT_PURCHASE,
                                .purchase = {.receipt = {.business_date = TODAY, .number = "000042"},
                                             .card = {commitment, HASH_BYTES},
                                             .lines = lines,
                                             .lines_count = 3,
                                             .tenders = &tender,
                                             .tenders_count = 1}};
    struct arena arena;
    arena_init(&arena, room, sizeof(room));
    need(wire_body_pack(&event, &arena, &bench->body), "the body");
}

/* The member's purchases before this one, a day each. */
static void age(struct bench *bench)
{
    member_state_clear(&bench->state, 0);
    const struct effect enrol = {.kind = EFFECT_ENROL, .member = 1};
    need(engine_apply(&bench->state, 1, &enrol), "enrolling");
    for (int i = 0; i < PURCHASES_BEFORE; i++) {
        const int32_t day = TODAY - PURCHASES_BEFORE + i;
        bench->context.day = bench->context.member_day = bench->context.booked_day = day;
        measured_decide(bench);
        for (size_t k = 0; k < bench->decision.outcome.effects_count; k++) {
            need(engine_apply(&bench->state, (uint64_t)i + 2, &bench->decision.outcome.effects[k]),
                 "applying");
        }
    }
}

int main(int count, char **arguments)
{
    static struct bench bench;
    need(count == 2 ? 0 : ERR_FORMAT, "usage: decide_cost PROGRAMME");
    need(crypto_init(), "libsodium");
    load(&bench, arguments[1]);
    make_body(&bench);
    arena_init(&bench.arena, memory(ARENA_BYTES), ARENA_BYTES);
    measured_decode(&bench);
    context_clear(&bench.context);
    bench.context.member = 1;
    bench.context.minute = 12 * 60;
    bench.context.random_size = sizeof(bench.context.random);
    age(&bench);
    bench.context.day = bench.context.member_day = bench.context.booked_day = TODAY;
    /* What came before is counted too, but always the same. */
    for (int i = 0; i < ROUNDS; i++) {
        measured_decode(&bench);
        measured_decide(&bench);
    }
    for (int i = 0; i < ROUNDS; i++) {
        measured_encode(&bench);
    }
    printf("%zu effects of a body of %zu bytes, %d rounds\n", bench.decision.outcome.effects_count,
           bench.body.size, ROUNDS);
    return bench.decision.outcome.code == CODE_ACCEPTED ? 0 : 1;
}
