/* Stamp cards: stamps given and cards completed. */
#ifndef LOYALTY_ENGINE_STAMPS_H
#define LOYALTY_ENGINE_STAMPS_H

#include "base/error.h"
#include "engine/earn.h"
#include "engine/sale.h"
#include "model/decision.h"
#include "model/member_state.h"

#include <stdbool.h>
#include <stdint.h>

/* The member's stamps of a card before the event, as the context has them. */
struct stamps stamps_before(const struct context *context, uint32_t card);

/* Stamps that complete the card in progress: the smaller of what is asked for now and what was promised when
 * its stamps were given. */
int64_t stamps_needed(const struct stamp_card *card, const struct stamps *stamps);

/* And how many of them are missing; 0 or less: the next unit is free. */
int64_t stamps_lacking(const struct stamp_card *card, const struct stamps *stamps);

/* Gives stamps of one card (an index) by hand, or takes them: below 0 they are owed. `ret_completed`: how
 * often it was completed. ERR_OVERFLOW, ERR_TOO_LARGE. */
int stamps_adjust(const struct sale *sale, size_t index, int64_t given, struct outcome *outcome,
                  uint32_t *ret_completed) MUST_CHECK;

/* Whether what is on the card completes it already: a version of the programme asks for fewer stamps than
 * were promised. Free units of the same purchase are known with one only. */
bool stamps_complete(const struct stamp_card *card, const struct stamps *stamps);

/* Completes such a card (an index); of a set what leaves it goes too. `ret_completed`: how often, 0 where it
 * is not complete. ERR_OVERFLOW, ERR_TOO_LARGE. */
int stamps_finish(const struct sale *sale, size_t index, struct outcome *outcome,
                  uint32_t *ret_completed) MUST_CHECK;

/* Adds what another member has of a card (an index) to what this one has: stamps, times it was completed, the
 * earlier first day, the better promise. `ret_completed`: how often the sum completed it. Errors as above. */
int stamps_join(const struct sale *sale, size_t index, const struct stamps *others, struct outcome *outcome,
                uint32_t *ret_completed) MUST_CHECK;

/* Gives the earned stamps of all cards in the order of the programme: one STAMPS effect an entry. Stamps owed
 * are paid first; each `required` complete the card, and what is over stays on it; a card that is completed
 * once at most keeps no more than that. What units free at once use up is one effect more. Of a set the items
 * are recorded too. Fills ret_after with one entry a card of the programme. ERR_OVERFLOW, ERR_TOO_LARGE. */
int stamps_give(const struct sale *sale, const struct earned *earned, struct decision *decision,
                struct stamps ret_after[CARDS_MAX]) MUST_CHECK;

#endif
