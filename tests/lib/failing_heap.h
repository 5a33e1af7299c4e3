/* SQLite's own memory, failing on request. */
#ifndef LOYALTY_TESTS_LIB_FAILING_HEAP_H
#define LOYALTY_TESTS_LIB_FAILING_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/* Stands between SQLite and its allocator from here on. Before anything else is done with SQLite. */
void failing_heap_take(void);

/* The n-th allocation from now fails, and with `for_ever` all after it; 0: none does. Failures are counted
 * from here. */
void failing_heap_fault(uint64_t nth, bool for_ever);

/* Allocations that failed since the last fault was set. */
uint64_t failing_heap_failed(void);

/* While it rests none fails and none is counted. */
void failing_heap_rest(bool rests);

#endif
