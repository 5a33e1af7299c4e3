/* Stamp cards: stamps given, cards completed, vouchers issued. */
#ifndef LOYALTY_ENGINE_STAMPS_H
#define LOYALTY_ENGINE_STAMPS_H

#include "base/error.h"
#include "engine/rule.h"
#include "engine/sale.h"
#include "model/decision.h"
#include "model/member_state.h"

#include <stdint.h>

/* The member's stamps of a card before the event, as the context has them. */
struct stamps stamps_before(const struct context *context, uint32_t card);

/* Gives the stamps of all cards in the order of the programme, each card's rules in the order of the file:
 * one STAMPS effect a rule, then the vouchers of the completions. Stamps owed are paid first; each `required`
 * complete the card, and what is over stays on it. Fills ret_after with one entry a card of the programme.
 * ERR_TOO_LARGE for more than VOUCHERS_PER_EVENT_MAX vouchers; ERR_CORRUPT when the context has not drawn
 * enough random bytes for them; ERR_OVERFLOW. */
int stamps_give(const struct sale *sale, const struct gift *gifts, struct decision *decision,
                struct stamps ret_after[CARDS_MAX]) MUST_CHECK;

#endif
