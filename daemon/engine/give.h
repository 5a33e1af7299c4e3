/* What a purchase gives its member: the whole of RULES 0 from the basis on, without asking who it is. */
#ifndef LOYALTY_ENGINE_GIVE_H
#define LOYALTY_ENGINE_GIVE_H

#include "base/error.h"
#include "engine/bindings.h"
#include "engine/engine.h"

#include <stdbool.h>

struct giving {
    const struct programme *programme;
    const struct engine_place *place; /* where it was rung up, unless the receipt says */
    const struct purchase *purchase;
    const struct context *context;
    uint32_t member;
    struct bindings *bindings; /* NULL: every limit holds */
    bool redeems;              /* what it redeems is redeemed; else it is left alone */
    const struct engine_past *past;
};

/* Appends effects, balances, near misses and trace. Errors as of engine_decide. */
int give_purchase(const struct giving *giving, struct decision *decision) MUST_CHECK;

#endif
