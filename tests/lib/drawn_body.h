/* Events drawn at random (lib/drawn.h): any that a body can hold, every kind, each value within its range and
 * at its ends often. */
#ifndef LOYALTY_TESTS_LIB_DRAWN_BODY_H
#define LOYALTY_TESTS_LIB_DRAWN_BODY_H

#include "model/event.h"

/* What it points to is good until the next call. */
struct event drawn_body_event(void);

#endif
