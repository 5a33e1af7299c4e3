/* A member's holdings as bytes: the column `holdings` of the table `member`. Not for other floors.
 *
 * The rows of model/holding.def in the order of (kind, key1, key2), one behind the other: the kind in a byte,
 * then those columns that the kind has, in the order key1, key2, amount, left, since, until, due. A column is
 * what it is more than the same column of the row before, when that is of the same kind, else what it is more
 * than 0; modulo 2^64, as a zigzag varint (7 bits a byte, the low ones first, the high bit on all but the
 * last byte, as short as can be). So what is alike in many lots takes a byte. A day that never comes is
 * DAY_NEVER.
 *
 * Not here, because SQL sums them or looks for them: balances and the last position are columns of their own,
 * so MEMBER has only since, until and due, and there is no BALANCE. A state has one such form: what does not
 * come out of holdings_pack is refused. Pure, any thread. */
#ifndef LOYALTY_STORE_HOLDINGS_H
#define LOYALTY_STORE_HOLDINGS_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "model/holding.h"

#include <stddef.h>
#include <stdint.h>

enum {
    HOLDINGS_COLUMNS = 7,
    HOLDINGS_ROW_BYTES_MAX = 1 + 10 * HOLDINGS_COLUMNS,
    HOLDINGS_ROWS_MAX = 2 * LOTS_MAX + METRIC_DAYS_MAX + 2 * VOUCHERS_MAX + RESERVATIONS_MAX +
                        MEMBER_COUNTERS_MAX + SET_ITEMS_MAX + LEVEL_HISTORY_MAX + 4 * CARDS_MAX +
                        HOLDING_KINDS,
    HOLDINGS_BYTES_MAX = HOLDINGS_ROWS_MAX * HOLDINGS_ROW_BYTES_MAX /* of a whole state */
};

/* Fills the first bytes of HOLDINGS_BYTES_MAX and returns how many they are. */
size_t holdings_pack(const struct member_state *state, uint8_t *ret_bytes);

/* Adds the rows to a state that was cleared; its balances and last position are 0 then. ERR_CORRUPT for bytes
 * that holdings_pack does not give; the state is to be cleared again. */
int holdings_unpack(struct bytes packed, struct member_state *state) MUST_CHECK;

/* Adds to `text` the first row that differs, its column, what is stored and what the log gives. */
void holdings_describe(struct bytes stored, struct bytes replayed, struct text *text);

#endif
