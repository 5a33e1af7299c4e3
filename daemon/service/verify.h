/* Signatures checked in groups, away from the loop. A group is filled on the loop's thread, run on any one,
 * and read on the loop's again. */
#ifndef LOYALTY_SERVICE_VERIFY_H
#define LOYALTY_SERVICE_VERIFY_H

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/sign.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VERIFY_ITEMS_MAX = 16, /* about a millisecond of work */
    VERIFY_SCRATCH_BYTES = SIGN_EVENT_PREFIX_BYTES + BODY_OPERATOR_BYTES_MAX,
};

enum verify_kind { VERIFY_EVENT, VERIFY_BATCH, VERIFY_AUTH, VERIFY_ENROL };

struct verify_item {
    enum verify_kind kind;
    uint64_t tag; /* of the filler */
    uint8_t key[KEY_BYTES];
    uint32_t key_no;                 /* of it; of events and `valid` changed to that of the key that fits */
    uint8_t previous_key[KEY_BYTES]; /* of events, key_no above 1: tried where `key` does not fit */
    const uint8_t *signature;        /* SIGNATURE_BYTES; held until the group has been read */
    uint32_t principal;
    uint64_t sequence; /* VERIFY_EVENT; VERIFY_BATCH: of its first event */
    uint32_t count;    /* VERIFY_BATCH */
    /* VERIFY_EVENT: at most BODY_OPERATOR_BYTES_MAX; VERIFY_BATCH: the events, as in struct request_batch;
     * held like the signature */
    struct bytes body;
    uint8_t challenge[HASH_BYTES];       /* VERIFY_AUTH: the challenge; VERIFY_ENROL: the hash of the code */
    uint8_t binding[SIGN_CHANNEL_BYTES]; /* VERIFY_AUTH: of the TLS session */
    bool bound;                          /* there is one */
    bool valid;                          /* set by verify_group_run */
};

struct verify_group {
    void *link;                  /* the pool's while it is free */
    uint32_t index;              /* below verify_groups_max: for the adapter's own records */
    const uint8_t *programme_id; /* held */
    uint32_t count;
    struct verify_item items[VERIFY_ITEMS_MAX];
    uint8_t scratch[VERIFY_SCRATCH_BYTES];
    uint8_t hashes[BATCH_EVENTS_MAX][HASH_BYTES]; /* of the bodies of a batch */
};

static_assert((int)SIGN_CHALLENGE_BYTES == (int)HASH_BYTES, "an item holds either");

/* Checks every signature of the group. Touches nothing but the group and what its items hold. */
void verify_group_run(struct verify_group *group);

#endif
