#include "service/peers.h"

#include "base/check.h"

#include <string.h>

const struct peer_limits PEER_LIMITS_DEFAULT = {
#define X(name, period_ms, for_others, for_local, documentation) [PEER_LIMIT_##name] = (for_others),
    .others =
        {
#include "service/peer_limit.def"
        },
#undef X
#define X(name, period_ms, for_others, for_local, documentation) [PEER_LIMIT_##name] = (for_local),
    .local =
        {
#include "service/peer_limit.def"
        },
#undef X
    .wrong_codes = WRONG_CODES_DEFAULT,
};

static const int64_t periods_ms[PEER_LIMITS] = {
#define X(name, period_ms, for_others, for_local, documentation) [PEER_LIMIT_##name] = (period_ms),
#include "service/peer_limit.def"
#undef X
};

size_t peers_entries(uint32_t connections_max)
{
    return (size_t)connections_max + PEERS_REMEMBERED;
}

void peers_init(struct peers *peers, const struct peer_limits *limits, struct peer_entry *entries,
                struct peer_entry **heads, size_t count)
{
    CHECK(entries != NULL);
    CHECK(heads != NULL);
    CHECK(count > 0);
    *peers = (struct peers){.limits = *limits, .entries = entries, .heads = heads, .count = count};
}

/* FNV-1a. Who chooses many names to make them collide makes a look-up as long as the table at the worst. */
static struct peer_entry **head_of(struct peers *peers, const struct peer_name *name)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < PEER_NAME_BYTES; i++) {
        hash = (hash ^ name->bytes[i]) * 16777619u;
    }
    return &peers->heads[hash % peers->count];
}

static bool names_equal(const struct peer_name *a, const struct peer_name *b)
{
    return a->local == b->local && memcmp(a->bytes, b->bytes, PEER_NAME_BYTES) == 0;
}

/* Takes an entry from the list of those without a connection. */
static void unlink_idle(struct peers *peers, struct peer_entry *entry)
{
    if (entry->newer != NULL) {
        entry->newer->older = entry->older;
    } else {
        CHECK(peers->newest == entry);
        peers->newest = entry->older;
    }
    if (entry->older != NULL) {
        entry->older->newer = entry->newer;
    } else {
        CHECK(peers->oldest == entry);
        peers->oldest = entry->newer;
    }
    entry->newer = NULL;
    entry->older = NULL;
}

/* An entry nobody needs: a fresh one, or that of the peer who has been away for the longest time. */
static struct peer_entry *unused(struct peers *peers)
{
    if (peers->fresh < peers->count) {
        return &peers->entries[peers->fresh++];
    }
    struct peer_entry *entry = peers->oldest;
    CHECK(entry != NULL);
    unlink_idle(peers, entry);
    struct peer_entry **at = head_of(peers, &entry->name);
    while (*at != entry) {
        CHECK(*at != NULL);
        at = &(*at)->next;
    }
    *at = entry->next;
    return entry;
}

struct peer_entry *peers_enter(struct peers *peers, const struct peer_name *name)
{
    struct peer_entry *entry = *head_of(peers, name);
    while (entry != NULL && !names_equal(&entry->name, name)) {
        entry = entry->next;
    }
    if (entry == NULL) {
        entry = unused(peers);
        struct peer_entry **head = head_of(peers, name);
        *entry = (struct peer_entry){.name = *name, .next = *head};
        *head = entry;
    } else if (entry->connections == 0) {
        unlink_idle(peers, entry);
    }
    entry->connections++;
    return entry;
}

void peers_leave(struct peers *peers, struct peer_entry *entry)
{
    CHECK(entry->connections > 0);
    if (--entry->connections > 0) {
        return;
    }
    entry->older = peers->newest;
    if (peers->newest != NULL) {
        peers->newest->newer = entry;
    } else {
        peers->oldest = entry;
    }
    peers->newest = entry;
}

static struct bucket_rate rate_of(const struct peers *peers, const struct peer_entry *entry,
                                  enum peer_limit limit)
{
    const uint32_t *limits = entry->name.local ? peers->limits.local : peers->limits.others;
    return (struct bucket_rate){.limit = limits[limit], .period_ms = periods_ms[limit]};
}

bool peers_take(struct peers *peers, struct peer_entry *entry, enum peer_limit limit, int64_t count,
                int64_t now_ms)
{
    const struct bucket_rate rate = rate_of(peers, entry, limit);
    if (limit == PEER_LIMIT_connections) {
        return rate.limit == 0 || entry->connections <= rate.limit;
    }
    return bucket_take(&entry->buckets[limit], &rate, count, now_ms);
}

void peers_charge(struct peers *peers, struct peer_entry *entry, enum peer_limit limit, int64_t count,
                  int64_t now_ms)
{
    const struct bucket_rate rate = rate_of(peers, entry, limit);
    CHECK(limit != PEER_LIMIT_connections);
    bucket_drain(&entry->buckets[limit], &rate, count, now_ms);
}

bool peers_may(struct peers *peers, struct peer_entry *entry, enum peer_limit limit, int64_t now_ms)
{
    const struct bucket_rate rate = rate_of(peers, entry, limit);
    CHECK(limit != PEER_LIMIT_connections);
    const bool may = bucket_take(&entry->buckets[limit], &rate, 1, now_ms);
    if (may) {
        bucket_give(&entry->buckets[limit], &rate, 1);
    }
    return may;
}

static struct bucket_rate rate_of_codes(const struct peers *peers)
{
    return (struct bucket_rate){.limit = peers->limits.wrong_codes,
                                .period_ms = periods_ms[PEER_LIMIT_wrong_codes]};
}

bool peers_take_code(struct peers *peers, struct peer_entry *entry, int64_t now_ms)
{
    const struct bucket_rate all = rate_of_codes(peers);
    if (!bucket_take(&peers->wrong_codes, &all, 1, now_ms)) {
        return false;
    }
    if (entry != NULL && !peers_take(peers, entry, PEER_LIMIT_wrong_codes, 1, now_ms)) {
        bucket_give(&peers->wrong_codes, &all, 1);
        return false;
    }
    return true;
}

void peers_give_code(struct peers *peers, struct peer_entry *entry)
{
    const struct bucket_rate all = rate_of_codes(peers);
    bucket_give(&peers->wrong_codes, &all, 1);
    if (entry != NULL) {
        const struct bucket_rate own = rate_of(peers, entry, PEER_LIMIT_wrong_codes);
        bucket_give(&entry->buckets[PEER_LIMIT_wrong_codes], &own, 1);
    }
}
