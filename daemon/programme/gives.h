/* What rules, cards, levels and milestones give at the end of an event. Not for other floors. */
#ifndef LOYALTY_PROGRAMME_GIVES_H
#define LOYALTY_PROGRAMME_GIVES_H

#include "programme/loader.h"

/* struct award: `reward`, `points`, `note`, at least one of them. The points' decimals are known. */
yaml_read_function read_award;

/* Nothing is given. */
#define NO_AWARD ((struct award){.reward = -1})

#endif
