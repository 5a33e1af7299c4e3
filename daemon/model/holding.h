/* A member's holdings as rows: what the store packs into the member's row, and how a context records those
 * that a decision looked at. model/holding.def says what each column means in each kind of row. */
#ifndef LOYALTY_MODEL_HOLDING_H
#define LOYALTY_MODEL_HOLDING_H

#include "model/member_state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum holding_kind {
#define HOLDING(name, number, key1, key2, amount, left, since, until, due) HOLDING_##name = (number),
#include "model/holding.def"
#undef HOLDING
    HOLDING_KINDS = 17
};

/* Columns that mean nothing in a kind of row are 0; `until` is DAY_NEVER where the row has none. */
struct holding_row {
    enum holding_kind kind;
    int64_t key1;
    int64_t key2;
    int64_t amount;
    int64_t left;
    int64_t since;
    int64_t until;
    int64_t due;
};

/* Adds a row to a state that was cleared. Rows come in the order of (kind, key1, key2), the member's own
 * first. False when a value is out of its range, an array is full, or the row does not fit those before it.
 */
bool holding_add(struct member_state *state, const struct holding_row *row);

/* Whether the rows added are all of a whole: each voucher has its code. */
bool holdings_complete(const struct member_state *state);

/* Goes through the rows of a state in their order. Start with {0}. */
struct holding_cursor {
    uint32_t kind;
    size_t index;
};
bool holding_next(const struct member_state *state, struct holding_cursor *cursor,
                  struct holding_row *ret_row);

#endif
