/* Decisions made again from a recorded context that may be anything its encoding can hold, as explain and
 * verify make them from a file somebody has damaged: an answer or a named error, the same each time, and an
 * outcome that can be recorded. */
#include "fuzz/fuzz.h"
#include "fuzz/shape.h"

#include "engine/engine.h"
#include "programme/load.h"
#include "wire/body.h"

#include <string.h>

enum { WIRE_BYTES = 4 * 1024 * 1024, CONTEXT_BYTES_MAX = 2048 };

static const struct programme *load(struct draw *draw)
{
    char *memory = fuzz_memory(0, SHAPE_TEXT_BYTES);
    struct findings *findings = fuzz_memory(1, sizeof(*findings));
    struct numbers *numbers = fuzz_memory(2, sizeof(*numbers));
    const struct programme *programme = NULL;
    struct arena arena;
    struct text text;
    text_init(&text, memory, SHAPE_TEXT_BYTES);
    shape_programme(draw, &text);
    memset(numbers, 0, sizeof(*numbers));
    arena_init(&arena, fuzz_memory(3, PROGRAMME_ARENA_BYTES), PROGRAMME_ARENA_BYTES);
    const struct bytes yaml = {(const uint8_t *)memory, text.used};
    return programme_load(yaml, &arena, numbers, &programme, findings) == 0 ? programme : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct decision decisions[2];
    static struct context context;
    static const struct engine_place place = {"shop", "T1"};
    struct draw draw = {data, size, 0};
    struct shape_event shape;
    struct arena arena;
    struct bytes packed[2];
    int err[2];
    /* The context stands first, so that it stays whole when the rest changes. */
    const size_t length = (size_t)draw_below(&draw, CONTEXT_BYTES_MAX);
    if (length > size - draw.at) {
        return -1;
    }
    arena_init(&arena, fuzz_memory(4, WIRE_BYTES), WIRE_BYTES);
    if (wire_context_unpack((struct bytes){data + draw.at, length}, &arena, &context) != 0) {
        return 0;
    }
    draw.at += length;
    const struct programme *programme = load(&draw);
    if (programme == NULL) {
        return -1;
    }
    shape_event(&draw, &shape);
    for (int i = 0; i < 2; i++) {
        decision_clear(&decisions[i]);
        err[i] = engine_decide(programme, &place, &shape.event, &context, NULL, &decisions[i]);
        CHECK(err[i] == 0 || err[i] == ERR_TOO_LARGE || err[i] == ERR_OVERFLOW || err[i] == ERR_CORRUPT);
        if (err[i] == 0) {
            CHECK(wire_outcome_pack(&decisions[i].outcome, &arena, &packed[i]) == 0);
        }
    }
    CHECK(err[0] == err[1]);
    CHECK(err[0] != 0 || bytes_equal(packed[0], packed[1]));
    return 0;
}
