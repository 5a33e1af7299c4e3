/* Structured data drawn from the bytes of an input: small changes of the input change little of what is
 * drawn. An input that has no more bytes gives zeros, so every input is a whole one. */
#ifndef LOYALTY_TESTS_FUZZ_DRAW_H
#define LOYALTY_TESTS_FUZZ_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct draw {
    const uint8_t *data; /* borrowed */
    size_t size;
    size_t at;
};

/* There are bytes left. */
bool draw_more(const struct draw *draw);

/* A number of 0..below-1; below at least 1. Takes as many bytes as `below` has. */
uint64_t draw_below(struct draw *draw, uint64_t below);

/* low..high, both included. */
int64_t draw_between(struct draw *draw, int64_t low, int64_t high);

/* The same, but most often near an end, near 0 or a power of ten: where mistakes are. */
int64_t draw_edge(struct draw *draw, int64_t low, int64_t high);

/* True once in `count` draws; never when there are no bytes left. */
bool draw_one_in(struct draw *draw, uint64_t count);

#endif
