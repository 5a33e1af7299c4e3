/* Between the two files that multiply: how points are shared among groups of lines, and what factors make of
 * them. Not for others. */
#ifndef LOYALTY_ENGINE_MULTIPLIER_INTERNAL_H
#define LOYALTY_ENGINE_MULTIPLIER_INTERNAL_H

#include "engine/multiplier.h"

#include <assert.h>

static_assert(MULTIPLIERS_MAX + 1 <= 64, "a set of multipliers is 64 bits");
enum { GROUPS_MAX = LINES_MAX + 1 };

__extension__ typedef __int128 wide;

/* What became of a multiplier. */
enum state {
    IN_FULL, /* its factor counts */
    CUT,     /* a limit cut it: it adds `flat` */
    OUT      /* another one took its place */
};

/* Lines that the same multipliers take. */
struct group {
    uint64_t takers;   /* bit of each multiplier */
    int64_t points[2]; /* to spend, and qualifying */
    int64_t weight;    /* of its lines for the rule at hand */
    int64_t rest;      /* of the sharing */
    wide factor;       /* of all its multipliers, over the common divisor: breaks ties */
};

struct work {
    const struct sale *sale;
    struct multipliers *multipliers;
    const struct rule *rules;
    enum state states[MULTIPLIERS_MAX + 1];
    int64_t flat[MULTIPLIERS_MAX + 1];
    wide divisor;
    size_t groups_count;
    struct group groups[GROUPS_MAX];
    uint16_t group_of[LINES_MAX]; /* of the purchase's lines */
};

/* Whether the multiplier counts for points to spend (0), or for qualifying ones (1). */
bool work_counts(const struct work *work, size_t i, int of);

/* The factor of a group after the first `count` multipliers, over the common divisor. ERR_OVERFLOW. */
int work_factor(const struct work *work, uint64_t takers, size_t count, int of, wide *ret_factor) MUST_CHECK;

/* Finds the common divisor and the groups, and shares the gifts of the base rules among them. ERR_OVERFLOW.
 */
int work_share(struct work *work, int32_t card, const struct gift *gifts) MUST_CHECK;

#endif
