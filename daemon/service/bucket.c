#include "service/bucket.h"

#include "base/check.h"

bool bucket_take(struct bucket *bucket, const struct bucket_rate *rate, int64_t count, int64_t now_ms)
{
    CHECK(rate->limit >= 0 && rate->limit <= BUCKET_LIMIT_MAX);
    CHECK(rate->period_ms > 0 && rate->period_ms <= BUCKET_PERIOD_MS_MAX);
    CHECK(count >= 0 && count <= BUCKET_LIMIT_MAX);
    if (rate->limit == 0) {
        return true;
    }
    const int64_t passed_ms = now_ms - bucket->at_ms;
    if (bucket->taken == 0 || passed_ms >= rate->period_ms) {
        bucket->taken = 0; /* a whole period brings everything back */
        bucket->at_ms = now_ms;
    } else if (passed_ms > 0) {
        const int64_t back = passed_ms * rate->limit;
        bucket->taken = bucket->taken > back ? bucket->taken - back : 0;
        bucket->at_ms = now_ms;
    }
    const int64_t wanted = count * rate->period_ms;
    if (bucket->taken + wanted > rate->limit * rate->period_ms) {
        return false;
    }
    bucket->taken += wanted;
    return true;
}

void bucket_drain(struct bucket *bucket, const struct bucket_rate *rate, int64_t count, int64_t now_ms)
{
    if (!bucket_take(bucket, rate, count, now_ms)) {
        bucket->taken = rate->limit * rate->period_ms;
    }
}

void bucket_give(struct bucket *bucket, const struct bucket_rate *rate, int64_t count)
{
    const int64_t given = count * rate->period_ms;
    bucket->taken = bucket->taken > given ? bucket->taken - given : 0;
}
