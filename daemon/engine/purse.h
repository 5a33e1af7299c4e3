/* Points leaving a member, or changing hands within: which lots they come from and in which order (RULES 8).
 * A purse is a member's lots and accounts during one decision: each step sees what the one before left, and
 * adds its entries to the outcome.
 *
 * Everything given here is borrowed until the decision is made. ERR_TOO_LARGE when the outcome is full,
 * ERR_OVERFLOW; ERR_CORRUPT for holdings that do not add up, which only a context that was tampered with has.
 */
#ifndef LOYALTY_ENGINE_PURSE_H
#define LOYALTY_ENGINE_PURSE_H

#include "base/error.h"
#include "model/account.h"
#include "model/decision.h"
#include "model/member_state.h"
#include "model/programme.h"

#include <stdint.h>

struct purse {
    const struct programme *programme;
    uint32_t member;
    const struct member_state *holdings; /* NULL: of a member who has just joined, none */
    struct outcome *outcome;
    int64_t accounts[MEMBER_ACCOUNTS]; /* as they are now: available is below 0 while points are owed */
    int64_t left[LOTS_MAX];            /* of each lot of `holdings` */
    int64_t reserved[LOTS_MAX];        /* and of that */
    uint16_t order[LOTS_MAX];          /* lots in the order of spending; pending ones are not among them */
    size_t count;
};

/* The last valid day of a lot as things stand: of one that lasts while its member buys, by his last purchase.
 */
int32_t lot_until(const struct programme *programme, const struct member_state *state, const struct lot *lot);

void purse_open(struct purse *purse, const struct programme *programme, const struct member_state *holdings,
                struct outcome *outcome);

/* The purse of a member who joins with this event: there is nothing in it. */
void purse_open_new(struct purse *purse, const struct programme *programme, uint32_t member,
                    struct outcome *outcome);

/* What may be spent now: available, or 0 while points are owed. */
int64_t purse_available(const struct purse *purse);

/* Moves up to `amount` of available points, in the order of spending, to the programme's account; says how
 * much that was. `source`: SOURCE_OF, or 0. */
int purse_spend(struct purse *purse, int64_t amount, enum programme_account to, uint32_t source,
                int64_t *ret_spent) MUST_CHECK;

/* The same of one lot only, pending or not, never what is reserved. A lot that is not there gives 0. */
int purse_spend_lot(struct purse *purse, struct origin lot, int64_t amount, enum programme_account to,
                    uint32_t source, int64_t *ret_spent) MUST_CHECK;

/* The same, but only of lots whose last valid day is `until` or before. */
int purse_spend_until(struct purse *purse, int32_t until, int64_t amount, enum programme_account to,
                      uint32_t source, int64_t *ret_spent) MUST_CHECK;

/* The same of the lot this event opened under `index`, which holds `amount` at least and is not among the
 * holdings. */
int purse_spend_new(struct purse *purse, uint32_t index, int64_t amount, enum programme_account to,
                    uint32_t source) MUST_CHECK;

/* What no lot has: it becomes a deficit. ERR_CORRUPT while anything of the member's is free. */
int purse_owe(struct purse *purse, int64_t amount, enum programme_account to, uint32_t source) MUST_CHECK;

/* Pays up to `amount` of what another member owes, in the order of spending. */
int purse_pay(struct purse *purse, int64_t amount, uint32_t member, int64_t *ret_paid) MUST_CHECK;

/* As purse_owe, to any account. */
int purse_owe_to(struct purse *purse, int64_t amount, uint64_t to, uint32_t source) MUST_CHECK;

/* Moves up to `amount` of available points to reserved. */
int purse_reserve(struct purse *purse, int64_t amount, int64_t *ret_reserved) MUST_CHECK;

/* Spends up to `amount` of what is reserved, in the order of spending. */
int purse_spend_reserved(struct purse *purse, int64_t amount, enum programme_account to, uint32_t source,
                         int64_t *ret_spent) MUST_CHECK;

/* `amount` of what is reserved is free again, from the lot that would be spent last on; what is owed is paid
 * from it first. `at`: when, ms UTC; 0: with the event. */
int purse_release(struct purse *purse, int64_t amount, int64_t at) MUST_CHECK;

#endif
