#include "engine/order.h"

#include "base/check.h"

/* Lets the index at `root` sink to its place in the heap of the first `count`. */
static void sink(uint16_t *order, size_t root, size_t count, order_compare *compare, const void *context)
{
    while (2 * root + 1 < count) {
        size_t child = 2 * root + 1;
        if (child + 1 < count && compare(context, order[child], order[child + 1]) < 0) {
            child++;
        }
        if (compare(context, order[root], order[child]) >= 0) {
            return;
        }
        const uint16_t sinking = order[root];
        order[root] = order[child];
        order[child] = sinking;
        root = child;
    }
}

void order_sort(uint16_t *order, size_t count, order_compare *compare, const void *context)
{
    CHECK(count <= UINT16_MAX);
    for (size_t root = count / 2; root > 0; root--) {
        sink(order, root - 1, count, compare, context);
    }
    for (size_t end = count; end > 1; end--) {
        const uint16_t last = order[0];
        order[0] = order[end - 1];
        order[end - 1] = last;
        sink(order, 0, end - 1, compare, context);
    }
}
