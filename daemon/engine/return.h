/* Returns and voids: what an event takes back of another one (RULES 11, 12). */
#ifndef LOYALTY_ENGINE_RETURN_H
#define LOYALTY_ENGINE_RETURN_H

#include "base/error.h"
#include "engine/engine.h"

/* Decide a return or a void by the policies of `programme`. Errors and `past` as of engine_decide. */
int return_decide(const struct programme *programme, const struct engine_place *place,
                  const struct goods_return *goods, const struct context *context,
                  const struct engine_past *past, struct decision *decision) MUST_CHECK;
int void_decide(const struct programme *programme, const struct event *event, const struct context *context,
                const struct engine_past *past, struct decision *decision) MUST_CHECK;

#endif
