#include "lib/failing_heap.h"

#include "lib/testing.h"

#include <sqlite3.h>

static struct {
    sqlite3_mem_methods system;
    uint64_t nth; /* allocation from now that fails, 0: none */
    bool for_ever;
    bool rests;
    uint64_t failed;
} heap;

static bool fails(void)
{
    if (heap.rests || heap.nth == 0 || --heap.nth > 0) {
        return false;
    }
    heap.nth = heap.for_ever;
    heap.failed++;
    return true;
}

static void *heap_malloc(int size)
{
    return fails() ? NULL : heap.system.xMalloc(size);
}

static void *heap_realloc(void *memory, int size)
{
    return fails() ? NULL : heap.system.xRealloc(memory, size);
}

void failing_heap_take(void)
{
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &heap.system), SQLITE_OK);
    sqlite3_mem_methods failing = heap.system;
    failing.xMalloc = heap_malloc;
    failing.xRealloc = heap_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &failing), SQLITE_OK);
}

void failing_heap_fault(uint64_t nth, bool for_ever)
{
    heap.nth = nth;
    heap.for_ever = for_ever;
    heap.failed = 0;
}

uint64_t failing_heap_failed(void)
{
    return heap.failed;
}

void failing_heap_rest(bool rests)
{
    heap.rests = rests;
}
