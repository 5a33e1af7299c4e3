/* What a decided event gave its member, and what a purchase would give that is decided again. */
#ifndef LOYALTY_ENGINE_GAINS_H
#define LOYALTY_ENGINE_GAINS_H

#include "base/error.h"
#include "engine/bindings.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

enum { GAINS_METRICS_MAX = METRICS_MAX + 8 };

struct gains {
    int64_t points;     /* issued */
    int64_t qualifying; /* points */
    bool visit;
    size_t metrics_count;
    struct {
        uint32_t metric; /* any but the qualifying points */
        int64_t amount;
    } metrics[GAINS_METRICS_MAX];
    size_t cards_count;
    struct {
        uint32_t card; /* number */
        int64_t stamps;
    } cards[CARDS_MAX];
    size_t rewards_count;
    struct {
        uint32_t reward; /* number */
        uint32_t vouchers;
    } rewards[REWARDS_MAX]; /* given by rules, levels and milestones; those of cards go with the stamps */
    size_t milestones_count;
    struct gained_milestone {
        uint32_t counter; /* limit number */
        int32_t period;
    } milestones[MILESTONES_MAX]; /* reached, of those that are not reached again */
    size_t items_count;
    struct set_item items[SET_ITEMS_MAX]; /* of sets: put in, or (below 0) taken out with a complete card */
};

/* Makes it that of nothing given. Cheaper than zeroing all of it. */
void gains_clear(struct gains *gains);

/* What the event gave, by its recorded outcome. ERR_CORRUPT where no decision can have given it;
 * ERR_TOO_LARGE for articles of sets without room. */
int gains_recorded(const struct engine_past *past, struct gains *ret_gains) MUST_CHECK;

/* What `purchase` would have given in place of the past one: by the programme, the place, the level and the
 * context of then. `bindings`: what bound then. Uses the room behind what `decision` holds and leaves it as
 * it was. Errors as of engine_decide. */
int gains_again(const struct engine_past *past, const struct purchase *purchase, struct bindings *bindings,
                struct decision *decision, struct gains *ret_gains) MUST_CHECK;

/* Of one metric, card or reward; 0 where it is not among them. */
int64_t gains_metric(const struct gains *gains, uint32_t metric);
int64_t gains_stamps(const struct gains *gains, uint32_t card);
uint32_t gains_vouchers(const struct gains *gains, uint32_t reward);

/* Whether this one is among the milestones reached. */
bool gains_reached(const struct gains *gains, const struct gained_milestone *milestone);

/* Makes the stamps of a card so many. ERR_CORRUPT for more cards than there are. */
int gains_put_stamps(struct gains *gains, uint32_t card, int64_t stamps) MUST_CHECK;

/* Makes the vouchers of a reward at most so many, 0 where `most` is below. */
void gains_lose_vouchers(struct gains *gains, uint32_t reward, int64_t most);

/* Of one article or label of a set; 0 where it is not among them. */
int64_t gains_item(const struct gains *gains, uint32_t card, uint64_t item);

#endif
