/* What tests of members do at a till; each must be accepted, and the house has its decision then. */
#ifndef LOYALTY_TESTS_LIB_COUNTER_H
#define LOYALTY_TESTS_LIB_COUNTER_H

#include "lib/house.h"

const struct outcome *counter_buy(struct house *house, uint32_t till, const char *number, const char *card,
                                  const char *category, int64_t gross);
void counter_adjust(struct house *house, uint32_t member, struct adjustment adjustment);
int64_t counter_available(struct house *house);
void counter_give_all_back(struct house *house, uint32_t till, const char *number, const char *original);
uint64_t counter_reserve(struct house *house, uint32_t till, const char *card, int64_t points);

#endif
