/* A purchase, or an activity, with everything rules and their conditions may ask of it. */
#ifndef LOYALTY_ENGINE_SALE_H
#define LOYALTY_ENGINE_SALE_H

#include "base/error.h"
#include "engine/basket.h"
#include "engine/bindings.h"
#include "model/context.h"
#include "model/event.h"
#include "model/programme.h"

#include <stdint.h>

struct free_cards;
struct giving;

/* All pointers are borrowed for one decision. */
struct sale {
    const struct programme *programme;
    const struct purchase *purchase; /* of an activity: one without lines, with its code */
    const char *activity;            /* its code; NULL: a purchase */
    uint8_t occasions;               /* OCCASION_BIT of those it is; of what somebody does 0 */
    int64_t amount;                  /* of the activity, at least 1 */
    const struct context *context;
    const char *store; /* ids; where it was rung up */
    const char *till;
    uint32_t member;           /* 0: nobody; what is decided then is given to no one */
    int level;                 /* index of the level it is decided at, -1: none */
    struct bindings *bindings; /* NULL: every limit holds */
    struct basket basket;
    const struct free_cards *free; /* what stamp cards make free; NULL: nothing is sold */
};

/* The sale of what is given, with its basket measured; nothing of it free yet. `activity`: its code, "" of
 * what is none and sells nothing either, NULL: a purchase. Borrows all. Errors as of basket_measure. */
int sale_open(struct sale *sale, const struct giving *giving, const char *activity) MUST_CHECK;

#endif
