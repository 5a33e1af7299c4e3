/* A shop for tests of the engine: customers whose states are folded from decisions, in the order the ledger
 * works, without a store. Every booking checks what must always hold. */
#ifndef LOYALTY_TESTS_LIB_SHOP_H
#define LOYALTY_TESTS_LIB_SHOP_H

#include "lib/testing.h"

#include "base/arena.h"
#include "engine/engine.h"
#include "model/numbers.h"

enum { SHOP_CUSTOMERS_MAX = 8, SHOP_TEXT_BYTES = 64 * 1024, SHOP_COUNTERS_MAX = 256 };

struct shop {
    const struct programme *programme; /* borrowed, or in `memory` */
    struct engine_place place;
    uint64_t position;
    size_t customers_count; /* those who were enrolled; customer i is member i + 1 */
    struct member_state *customers[SHOP_CUSTOMERS_MAX];
    int64_t accounts[PROGRAMME_ACCOUNTS];
    size_t counters_count;
    struct shop_counter {
        uint32_t limit;
        int32_t period;
        char scope[80];
        int64_t used;
    } counters[SHOP_COUNTERS_MAX]; /* of limits that are no member's */
    /* the purchase that returns and voids are about: set by the test; facts add up as they are booked */
    const struct engine_past *past;
    size_t facts_count;
    struct receipt_fact facts[RECEIPT_FACTS_MAX];
    uint32_t household;            /* of the event that is booked; 0: none */
    struct member_state *shared;   /* a customer as his household makes him */
    const struct profile *profile; /* everybody's; NULL: nobody's is known */
    struct context *context;       /* of the last event */
    struct decision *decision;     /* of the last event */
    size_t settled;                /* of its effects: what fell due with it */
    uint8_t salt;                  /* of what is drawn for vouchers */
    struct numbers *numbers;
    struct arena arena;
    void *memory;
};

/* When something happened, and when it came. */
struct shop_time {
    int32_t day;
    int32_t minute;
    int32_t booked_day;
};

/* Heap; the caller closes it. `programme` is borrowed, NULL when one is loaded later. */
void shop_open(struct shop *shop, const struct programme *programme);
void shop_close(struct shop *shop);

/* Loads a programme; what is missing of a file's head is added. Fails the test where it is not valid. */
void shop_load(struct shop *shop, const char *yaml);

/* Forgets all customers. */
void shop_empty(struct shop *shop);

/* Books an event as the ledger does: settles, observes, decides, applies. Customer -1: no card, or one nobody
 * has; a customer of an index nobody has yet is enrolled where the event does so. Returns what engine_decide
 * returned. */
int shop_book(struct shop *shop, int customer, const struct event *event, struct shop_time time);

/* Who has what was the customer's: another one where he was merged. */
int shop_owner(const struct shop *shop, int customer);

/* Only settles. Fills shop->decision with what fell due. */
void shop_settle(struct shop *shop, int customer, int32_t booked_day);

/* Takes points as a correction by hand would: from lots by expiry, then as a deficit. */
void shop_take(struct shop *shop, int customer, int64_t points);

/* The outcome, the trace and, where given, a state as text: the same text, the same bytes. `ret_text` holds
 * SHOP_TEXT_BYTES. */
void shop_describe_outcome(const struct decision *decision, char *ret_text);
void shop_describe_state(const struct member_state *state, char *ret_text);

#endif
