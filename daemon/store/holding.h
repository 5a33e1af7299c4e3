/* The kinds of rows in the table `holding`. */
#ifndef LOYALTY_STORE_HOLDING_H
#define LOYALTY_STORE_HOLDING_H

enum holding_kind {
#define HOLDING(name, number, key1, key2, amount, left, since, until, due) HOLDING_##name = (number),
#include "store/holding.def"
#undef HOLDING
    HOLDING_KINDS = 10
};

#endif
