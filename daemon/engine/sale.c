#include "engine/sale.h"

#include "engine/give.h"
#include "engine/tiers.h"

int sale_open(struct sale *sale, const struct giving *giving, const char *activity)
{
    const struct receipt *receipt = &giving->purchase->receipt;
    const struct programme *programme = giving->programme;
    sale->programme = programme;
    sale->purchase = giving->purchase;
    sale->activity = activity;
    sale->occasions = 0;
    sale->amount = 1;
    sale->free = NULL;
    sale->context = giving->context;
    sale->store = receipt->store != NULL ? receipt->store : giving->place->store;
    sale->till = receipt->till != NULL ? receipt->till : giving->place->till;
    sale->member = giving->member;
    sale->level = tiers_standing(&programme->tiers, giving->context->decided_level);
    sale->bindings = giving->bindings;
    return basket_measure(programme, &programme->basis, giving->purchase, &sale->basket);
}
