/* The real world: the clocks of the system and libsodium's randomness. Everything else reads them through
 * struct world. */
#ifndef LOYALTY_SERVER_WORLD_H
#define LOYALTY_SERVER_WORLD_H

#include "base/world.h"

/* Valid for ever; from any thread. crypto_init must have been called before it is drawn from. */
const struct world *world_real(void);

#endif
