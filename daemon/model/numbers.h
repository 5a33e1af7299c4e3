/* Stable numbers for the ids of a programme.
 *
 * The log names rules, levels, stamp cards, rewards, campaigns, milestones, notes and metrics by small
 * numbers. A number is given to an id of a kind when it first appears in any version, in the order of the
 * file, from 1 upwards in each kind, and is never given to another id, so that an effect booked years ago
 * still means the same. */
#ifndef LOYALTY_MODEL_NUMBERS_H
#define LOYALTY_MODEL_NUMBERS_H

#include "base/error.h"
#include "base/limits.h"

#include <stddef.h>
#include <stdint.h>

enum number_kind {
    NUMBER_RULE,
    NUMBER_LEVEL,
    NUMBER_CARD,
    NUMBER_REWARD,
    NUMBER_CAMPAIGN,
    NUMBER_MILESTONE,
    NUMBER_NOTE,
    NUMBER_METRIC, /* of a metric with a selector, from what it selects */
    NUMBER_KINDS
};

struct numbers {
    size_t count;
    uint32_t last[NUMBER_KINDS]; /* the highest number given in each kind */
    struct {
        enum number_kind kind;
        uint32_t number;
        char id[ID_BYTES_MAX + 1];
    } entries[NUMBERS_MAX];
};

/* The number of an id, a new one if it has none. ERR_TOO_LARGE when NUMBERS_MAX are given. */
int numbers_give(struct numbers *numbers, enum number_kind kind, const char *id,
                 uint32_t *ret_number) MUST_CHECK;

/* The number of an id, or 0 if it has none. */
uint32_t numbers_find(const struct numbers *numbers, enum number_kind kind, const char *id);

/* The id a number was given to, or NULL. */
const char *numbers_id(const struct numbers *numbers, enum number_kind kind, uint32_t number);

#endif
