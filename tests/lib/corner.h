/* A corner shop for tests of what is about a receipt: one till, one card, purchases that come back. What is
 * booked is replayed when it closes: what was decided is decided again, and folds into the same rows. */
#ifndef LOYALTY_TESTS_LIB_CORNER_H
#define LOYALTY_TESTS_LIB_CORNER_H

#include "lib/house.h"

#define CORNER_HEAD                                                                                          \
    "programme: corner\n"                                                                                    \
    "version: 1\n"                                                                                           \
    "currency: EUR\n"                                                                                        \
    "zone: Europe/Tallinn\n"                                                                                 \
    "stores: [{id: cafe}, {id: shop}]\n"                                                                     \
    "locales: [en]\n"

#define CORNER_EURO                                                                                          \
    "rules:\n"                                                                                               \
    "  - {id: euro, spend: {give: 1, per: 1.00}}\n"

enum { CORNER_TILL = 2, CORNER_DAY_MS = 24 * 60 * 60 * 1000 };

/* Heap: corner_close frees it. */
struct house *corner_open(const char *yaml);
void corner_close(struct house *house);
const struct outcome *corner_buy(struct house *house, const char *number, const char *category,
                                 int64_t gross);
const struct outcome *corner_buy_units(struct house *house, const char *number, int64_t units, int64_t gross);
struct event corner_return(const struct house *house, const char *number, const char *original);
const struct outcome *corner_give_back(struct house *house, const char *number, const char *original,
                                       int64_t amount);
const struct outcome *corner_give_back_units(struct house *house, const char *number, const char *original,
                                             int64_t units);
const struct outcome *corner_give_all_back(struct house *house, const char *number, const char *original);
const struct outcome *corner_void(struct house *house, const char *original, bool done);
int64_t corner_available(const struct outcome *outcome);
void corner_assert_exception(const struct outcome *outcome, enum exception_kind kind, int64_t amount);

#endif
