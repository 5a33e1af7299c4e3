/* Replies of one connection on their way out: a chain of blocks from a bounded pool. What was handed to the
 * adapter stays where it is until it says that it is sent. */
#ifndef LOYALTY_SERVICE_OUTGOING_H
#define LOYALTY_SERVICE_OUTGOING_H

#include "base/bytes.h"
#include "base/error.h"
#include "service/pool.h"

#include <stddef.h>
#include <stdint.h>

enum { SEND_BLOCK_BYTES = 4096 };

struct send_block {
    struct send_block *next; /* the pool's while it is free */
    uint32_t start;          /* of the bytes not sent yet, in data */
    uint32_t end;
    uint8_t data[SEND_BLOCK_BYTES - 16];
};

/* All zero: nothing to send. */
struct outgoing {
    struct send_block *first;
    struct send_block *last;
    size_t bytes;   /* not sent yet */
    size_t sending; /* of them, handed out by outgoing_hand_out */
};

/* Appends a copy. ERR_FULL: the pool has no room for all of it, and nothing was appended. */
int outgoing_add(struct outgoing *outgoing, struct pool *pool, struct bytes bytes) MUST_CHECK;

/* Fills up to `parts_max` pieces, from the first on, and remembers how much. Nothing may be handed out at the
 * time. Returns the number of pieces; 0 when there is nothing to send. */
size_t outgoing_hand_out(struct outgoing *outgoing, struct bytes *ret_parts, size_t parts_max);

/* What was handed out is sent. */
void outgoing_sent(struct outgoing *outgoing, struct pool *pool);

/* Gives everything back, whether it was sent or not. */
void outgoing_drop(struct outgoing *outgoing, struct pool *pool);

#endif
