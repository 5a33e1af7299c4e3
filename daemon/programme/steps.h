/* The cells of a trace in columns, as a shop manager reads them: money in the currency, points with their
 * decimals, pieces, stamps. Nothing is added where there is nothing to say. */
#ifndef LOYALTY_PROGRAMME_STEPS_H
#define LOYALTY_PROGRAMME_STEPS_H

#include "base/text.h"
#include "model/decision.h"
#include "model/programme.h"

#include <stdint.h>

/* 12345 with two digits is 123.45. */
void step_decimal(struct text *text, int64_t value, int digits);

/* What the line looked at. */
void step_basis(const struct programme *programme, const struct trace_line *line, struct text *text);

/* Points or stamps, as the line counts. */
void step_amount(const struct programme *programme, const struct trace_line *line, int64_t amount,
                 struct text *text);

/* What was lacking. */
void step_lacking(const struct programme *programme, const struct trace_line *line, struct text *text);

/* Why it gave what it gave; static. */
const char *step_why(const struct trace_line *line);

#endif
