/* Till days: what a till has booked on a business date, and the end of its receipts in order. A till's
 * receipts come in rising order of their numbers, so the last number alone tells that one is new, without
 * looking for it among all that were ever booked; the others are strays and kept by key.
 *
 * Rows are kept here for the tills of late and written once a transaction. Right across a rollback as the
 * rest of `pending`: a slot is known only in the generation it was read in. */
#ifndef LOYALTY_STORE_TILL_H
#define LOYALTY_STORE_TILL_H

#include "base/error.h"
#include "base/limits.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TILL_SLOTS = 512 };

struct till_slot {
    uint32_t generation; /* known when this is the pending's own */
    bool dirty;
    bool stored; /* there is a row */
    int32_t business_date;
    char store[ID_BYTES_MAX + 1];
    char till[TILL_LABEL_BYTES_MAX + 1];
    char last_number[RECEIPT_NUMBER_BYTES_MAX + 1]; /* the highest receipt */
    uint64_t last_position;                         /* of it; 0: no receipt yet */
    uint64_t in_order;                              /* receipts that were the highest when they came */
    int64_t receipts;
    int64_t gross;
    int64_t points;
    uint64_t closed; /* position of the first close of the day; 0: open */
};

struct till_cache {
    size_t dirty_count;
    uint32_t dirty[TILL_SLOTS]; /* slots */
    struct till_slot slots[TILL_SLOTS];
};

/* The till day of this key; one that is new is all 0. Good until the next call. */
int till_find(struct store *store, const struct receipt_key *key, struct till_slot **ret_slot) MUST_CHECK;

/* The slot was changed and is written by the next till_flush. Inside a transaction. */
void till_changed(struct store *store, struct till_slot *slot);

int till_flush(struct store *store) MUST_CHECK;

/* What the event's row says of its receipt. */
struct receipt_link {
    bool in_order; /* it is the highest of its till day; else it stands by itself and the row says nothing */
    uint64_t earlier; /* position of the highest before it, 0: none */
};

/* Books the receipt of the event at `position`, whose row is still to be written; one that is booked already
 * is a failed CHECK. Inside a transaction. */
int receipt_take(struct store *store, const struct receipt_key *key, uint64_t position,
                 struct receipt_link *ret_link) MUST_CHECK;

/* Called when the transaction is rolled back, after the generation has moved. */
void till_drop(struct till_cache *cache);

#endif
