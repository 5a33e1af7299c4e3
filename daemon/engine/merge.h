/* Two members become one (RULES 17). */
#ifndef LOYALTY_ENGINE_MERGE_H
#define LOYALTY_ENGINE_MERGE_H

#include "base/error.h"
#include "model/context.h"
#include "model/decision.h"
#include "model/programme.h"

#include <stdbool.h>

/* What goes from the one to the other. */
struct merge_parts {
    bool points;
    bool levels; /* and metrics */
    bool stamps; /* and sets */
    bool rest;   /* vouchers, reservations of vouchers, counters, purchases */
};

/* Adds those parts of what the member of context->other has to what that of context->holdings has, with the
 * balances of the latter; from the former only points are taken away. */
int merge_parts_decide(const struct programme *programme, const struct context *context,
                       const struct merge_parts *parts, struct decision *decision) MUST_CHECK;

/* Decides a MERGE of the member of context->other into context->member; all holdings of both are there. What
 * one of them owes the other pays at once. Lots, vouchers and reservations keep their names; metrics, stamps
 * and counters add up; the higher level stays, or the one that the sum reaches. A stamp card that is complete
 * now gives what it gives, with codes of the context's random bytes. */
int merge_decide(const struct programme *programme, const struct context *context,
                 struct decision *decision) MUST_CHECK;

#endif
