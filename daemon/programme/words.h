/* Parts of a programme in plain English, for operators: "at least 20.00, on tue, levels gold". Points are
 * "points" whatever the programme calls them. Ids stand for what they name. Nothing said means nothing to
 * say. Not for other floors. */
#ifndef LOYALTY_PROGRAMME_WORDS_H
#define LOYALTY_PROGRAMME_WORDS_H

#include "base/text.h"
#include "model/numbers.h"
#include "model/programme.h"

#include <stdint.h>

/* Whose parts are put into words, and where they are written. All borrowed. */
struct words {
    const struct programme *programme;
    const struct numbers *numbers; /* the programme was loaded with */
    struct text text;
};

/* Numbers: money with its decimals, points and thousandths with those they need. */
void words_money(struct words *words, int64_t amount);
void words_points(struct words *words, int64_t points); /* "90 points" */
void words_thousandths(struct words *words, int64_t value);
void words_minute(struct words *words, int32_t minute); /* of the day */

/* The forms. */
void words_texts(struct words *words, const struct texts *texts);
void words_selector(struct words *words, const struct selector *selector);
void words_selection(struct words *words, const struct selection *selection);
void words_condition(struct words *words, const struct condition *condition);
void words_term(struct words *words, const struct term *term);
/* `unit`: what `given` counts, such as "stamps"; NULL: points. */
void words_limits(struct words *words, const struct limits *limits, const char *unit);
void words_window(struct words *words, const struct window *window);
void words_goal(struct words *words, const struct goal *goal);
void words_basis(struct words *words, const struct basis *basis);
void words_award(struct words *words, const struct award *award);

#endif
