/* Two stores of the same log, table by table: a stored one and one that a replay made. */
#ifndef LOYALTY_STORE_COMPARE_H
#define LOYALTY_STORE_COMPARE_H

#include "store/store.h"

/* The first row that differs. */
struct store_difference {
    const char *table; /* static */
    uint64_t position; /* of the event it belongs to: its own column, else the member's last event; 0: none */
    char text[512];    /* the row's key, the column, what is stored and what the replay gave */
};

/* Compares every table that the log gives. 0: all are equal; ERR_CORRUPT: ret_difference tells; else the
 * failure of a store. Neither may be in a transaction. Reads each table once from end to end. */
int store_compare(struct store *stored, struct store *replayed,
                  struct store_difference *ret_difference) MUST_CHECK;

#endif
