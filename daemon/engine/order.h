/* Sorting by indices, without recursion and without memory of its own. */
#ifndef LOYALTY_ENGINE_ORDER_H
#define LOYALTY_ENGINE_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* Negative, 0 or positive as `a` stands before, beside or behind `b`. */
typedef int order_compare(const void *context, uint16_t a, uint16_t b);

/* Sorts the indices ascending by `compare`, which must tell any two of them apart: the sort is not stable. */
void order_sort(uint16_t *order, size_t count, order_compare *compare, const void *context);

#endif
