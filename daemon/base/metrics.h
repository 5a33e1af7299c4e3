/* Counters. One `struct metrics` belongs to one thread; they are added up for display. */
#ifndef LOYALTY_BASE_METRICS_H
#define LOYALTY_BASE_METRICS_H

#include <stdint.h>

struct metrics {
#define X(name, documentation) uint64_t name;
#include "base/metrics.def"
#undef X
};

#endif
