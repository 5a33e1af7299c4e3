/* Accounts of points. Every movement debits one and credits another; all balances sum to zero. */
#ifndef LOYALTY_MODEL_ACCOUNT_H
#define LOYALTY_MODEL_ACCOUNT_H

#include <stdint.h>

/* X(name, number): the programme's own accounts. */
#define PROGRAMME_ACCOUNT_TABLE(X)                                                                           \
    X(ISSUED, 0)                                                                                             \
    X(REDEEMED, 1)                                                                                           \
    X(EXPIRED, 2)                                                                                            \
    X(RETURNED, 3)                                                                                           \
    X(ADJUSTED, 4)                                                                                           \
    X(FORGIVEN, 5)

enum programme_account {
#define X(name, number) PROGRAMME_##name = (number),
    PROGRAMME_ACCOUNT_TABLE(X)
#undef X
        PROGRAMME_ACCOUNTS = 6
};

/* A member's accounts. Available is negative while points are owed: the deficit is -available then. */
enum member_account { MEMBER_AVAILABLE = 0, MEMBER_PENDING = 1, MEMBER_RESERVED = 2, MEMBER_ACCOUNTS = 3 };

/* Accounts in one number, as in the log: member * 8 + account; member 0 is the programme. */
static inline uint64_t account_of_member(uint32_t member, enum member_account account)
{
    return (uint64_t)member << 3 | (uint64_t)account;
}

static inline uint64_t account_of_programme(enum programme_account account)
{
    return (uint64_t)account;
}

static inline uint32_t account_member(uint64_t code)
{
    return (uint32_t)(code >> 3);
}

static inline uint32_t account_number(uint64_t code)
{
    return (uint32_t)(code & 7);
}

#endif
