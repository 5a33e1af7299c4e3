#include "service/outgoing.h"

#include "base/check.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct send_block) == SEND_BLOCK_BYTES, "a block is a page");

static size_t room_behind(const struct outgoing *outgoing)
{
    return outgoing->last == NULL ? 0 : sizeof(outgoing->last->data) - outgoing->last->end;
}

int outgoing_add(struct outgoing *outgoing, struct pool *pool, struct bytes bytes)
{
    const size_t room = room_behind(outgoing);
    const size_t beyond = bytes.size > room ? bytes.size - room : 0;
    const size_t piece = sizeof(((struct send_block *)0)->data);
    if ((beyond + piece - 1) / piece > pool_left(pool)) {
        return ERR_FULL;
    }
    size_t done = 0;
    while (done < bytes.size) {
        if (room_behind(outgoing) == 0) {
            struct send_block *block = pool_take(pool);
            CHECK(block != NULL);
            block->next = NULL;
            block->start = 0;
            block->end = 0;
            if (outgoing->last == NULL) {
                outgoing->first = block;
            } else {
                outgoing->last->next = block;
            }
            outgoing->last = block;
        }
        struct send_block *last = outgoing->last;
        const size_t left = bytes.size - done;
        const size_t step = left < room_behind(outgoing) ? left : room_behind(outgoing);
        memcpy(last->data + last->end, bytes.data + done, step);
        last->end += (uint32_t)step;
        done += step;
    }
    outgoing->bytes += bytes.size;
    return 0;
}

size_t outgoing_hand_out(struct outgoing *outgoing, struct bytes *ret_parts, size_t parts_max)
{
    CHECK(outgoing->sending == 0);
    size_t count = 0;
    for (struct send_block *block = outgoing->first; block != NULL && count < parts_max;
         block = block->next) {
        ret_parts[count] = (struct bytes){block->data + block->start, block->end - block->start};
        outgoing->sending += ret_parts[count++].size;
    }
    return count;
}

static void pop(struct outgoing *outgoing, struct pool *pool)
{
    struct send_block *block = outgoing->first;
    outgoing->first = block->next;
    if (outgoing->first == NULL) {
        outgoing->last = NULL;
    }
    pool_give(pool, block);
}

void outgoing_sent(struct outgoing *outgoing, struct pool *pool)
{
    CHECK(outgoing->sending > 0);
    CHECK(outgoing->sending <= outgoing->bytes);
    size_t left = outgoing->sending;
    while (left > 0) {
        struct send_block *block = outgoing->first;
        const size_t here = block->end - block->start;
        const size_t step = left < here ? left : here;
        block->start += (uint32_t)step;
        left -= step;
        if (block->start == block->end) {
            pop(outgoing, pool);
        }
    }
    outgoing->bytes -= outgoing->sending;
    outgoing->sending = 0;
}

void outgoing_drop(struct outgoing *outgoing, struct pool *pool)
{
    while (outgoing->first != NULL) {
        pop(outgoing, pool);
    }
    *outgoing = (struct outgoing){0};
}
