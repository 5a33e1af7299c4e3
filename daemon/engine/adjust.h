/* What operators do by hand: adjustments, and points moved from one member to another (RULES 17). */
#ifndef LOYALTY_ENGINE_ADJUST_H
#define LOYALTY_ENGINE_ADJUST_H

#include "base/error.h"
#include "engine/engine.h"
#include "model/context.h"
#include "model/decision.h"
#include "model/event.h"
#include "model/programme.h"

/* Decides an ADJUSTMENT of context->member, whose holdings are context->holdings. All of it or nothing: where
 * a part cannot be done the decision is a refusal. `past`: the member's purchase whose receipt it names, NULL
 * where there is none; what the adjustment moves then counts as taken back from it. */
int adjustment_decide(const struct programme *programme, const struct adjustment *adjustment,
                      const struct context *context, const struct engine_past *past,
                      struct decision *decision) MUST_CHECK;

/* Decides a TRANSFER from context->member to the member of context->other: from available points, lot by lot,
 * the oldest first; what the receiver owes is paid by them. */
int transfer_decide(const struct programme *programme, int64_t points, const struct context *context,
                    struct decision *decision) MUST_CHECK;

#endif
