/* Events drawn at random for a few members: effects such as the engine may decide, folded by engine_apply as
 * they are drawn, and the comparison of what a store reads back with what was folded. */
#ifndef LOYALTY_TESTS_LIB_DRAWN_H
#define LOYALTY_TESTS_LIB_DRAWN_H

#include "model/effect.h"
#include "model/member_state.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

enum { DRAWN_MEMBERS = 4, DRAWN_EFFECTS = 24 };

/* Members as folded, by number from 1. */
struct drawn_world {
    uint32_t enrolled;
    struct member_state states[DRAWN_MEMBERS + 1];
};

struct drawn_event {
    uint64_t position;
    struct effect effects[DRAWN_EFFECTS];
    size_t count;
};

/* LOYALTY_SEED of the environment, else `fallback`; prints it. */
uint64_t drawn_seed(uint64_t fallback);
void drawn_start(uint64_t seed);

/* A number below `below`. */
uint64_t drawn(uint64_t below);

/* Fills the effects of an event at `event->position` and folds them into the world. */
void drawn_event(struct drawn_world *world, struct drawn_event *event);

/* Whether a member is near a limit of member_state: time for a new world. */
bool drawn_is_full(const struct drawn_world *world);

/* The store's members are those of the world, field by field. */
void drawn_check(struct store *store, const struct drawn_world *world);

void drawn_copy(struct drawn_world *to, const struct drawn_world *from);

#endif
