/* Events signed at once, for tests. */
#ifndef LOYALTY_TESTS_LIB_BATCH_H
#define LOYALTY_TESTS_LIB_BATCH_H

#include "crypto/sign.h"
#include "wire/message.h"

struct batch_signer {
    const struct key_pair *pair;
    const uint8_t *programme_id; /* PROGRAMME_ID_BYTES */
    uint32_t principal;
};

/* A BookBatch of these events (body, opening and locale of each), the first with this sequence, in the arena;
 * its id is the sequence. Fails the test where there is no room. */
struct request batch_of(const struct batch_signer *signer, uint64_t first_sequence,
                        const struct request_book *books, size_t count, struct arena *arena);

#endif
