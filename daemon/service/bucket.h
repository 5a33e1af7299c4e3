/* A token bucket: so much in a period, at once or spread over it. What was taken comes back evenly. */
#ifndef LOYALTY_SERVICE_BUCKET_H
#define LOYALTY_SERVICE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket_rate {
    int64_t limit;     /* tokens a period, up to BUCKET_LIMIT_MAX; 0: as many as wanted */
    int64_t period_ms; /* 1 to BUCKET_PERIOD_MS_MAX */
};

enum { BUCKET_LIMIT_MAX = 1000 * 1000 * 1000, BUCKET_PERIOD_MS_MAX = 60 * 60 * 1000 };

/* All zero: full. */
struct bucket {
    int64_t taken; /* tokens * period_ms that have not come back yet, as of */
    int64_t at_ms; /* monotonic */
};

/* Takes `count` tokens (0 to BUCKET_LIMIT_MAX); false and nothing when there are fewer. */
bool bucket_take(struct bucket *bucket, const struct bucket_rate *rate, int64_t count, int64_t now_ms);

/* Takes `count` tokens, or all there are when there are fewer. */
void bucket_drain(struct bucket *bucket, const struct bucket_rate *rate, int64_t count, int64_t now_ms);

/* Gives back what was taken for nothing. */
void bucket_give(struct bucket *bucket, const struct bucket_rate *rate, int64_t count);

#endif
