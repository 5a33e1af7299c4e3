/* Bodies with every field set, for tests of what they may hold. Not thread safe: memory is static. */
#ifndef LOYALTY_TESTS_LIB_FULL_BODY_H
#define LOYALTY_TESTS_LIB_FULL_BODY_H

#include "lib/schema_fill.h"
#include "wire/body.h"

#include "loyalty/event.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    FULL_ARENA_BYTES = 4 * 1024 * 1024,
    FULL_BODY_BYTES_MAX = 512 * 1024,
    PURCHASE = 16, /* number of the first kind */
};

extern uint8_t full_arena_memory[FULL_ARENA_BYTES]; /* bodies are unpacked in it */
extern uint8_t full_body_memory[FULL_BODY_BYTES_MAX];

/* What of a redemption, of paying with points and of a return cannot stand beside the rest. */
#define FULL_ALWAYS                                                                                          \
    {"Redemption.reward", FILL_SKIP, 0, NULL}, {"Redemption.reservation", FILL_SKIP, 0, NULL},               \
        {"Redemption.wallet", FILL_SKIP, 0, NULL}, {"PayWithPoints.max", FILL_SKIP, 0, NULL},                \
        {"Reserve.voucher", FILL_SKIP, 0, NULL}, {"Reserve.points", FILL_SKIP, 0, NULL},                     \
        {"Reserve.max", FILL_SKIP, 0, NULL}, {"Reserve.wallet", FILL_SKIP, 0, NULL},                         \
        {"PayWithPoints.wallet", FILL_SKIP, 0, NULL}, {"Genesis.currency", FILL_TEXT, 3, "EUR"},             \
        {"GoodsReturn.amount", FILL_SKIP, 0, NULL}, {"GoodsReturn.whole", FILL_SKIP, 0, NULL},               \
        {"ReturnPart.line", FILL_SKIP, 0, NULL}, {"Resolve.index", FILL_VALUE, 1, NULL},                     \
        {"Household.leaves", FILL_SKIP, 0, NULL},                                                            \
    {                                                                                                        \
        NULL, FILL_SKIP, 0, NULL                                                                             \
    }

/* The numbers of kinds may have gaps. */
bool full_is_kind(uint32_t kind);

/* A body of this kind with every field set, changed by at most two overrides (NULL: none); in
 * full_body_memory. */
struct bytes full_body(uint32_t kind, const struct fill_override *first, const struct fill_override *second);

/* Unpacks from memory of exactly the body's size. */
int full_unpack(struct bytes body, struct event *ret_event, const char **ret_field) MUST_CHECK;
int full_refusal(struct bytes body) MUST_CHECK;

#endif
