/* The one door to libsodium: starting it, randomness, secret memory. Every function of daemon/crypto may be
 * called from any thread once crypto_init has returned 0. */
#ifndef LOYALTY_CRYPTO_CRYPTO_H
#define LOYALTY_CRYPTO_CRYPTO_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Before anything else of daemon/crypto; may be called again. ERR_IO when the system gives no randomness. */
int crypto_init(void) MUST_CHECK;

/* `random` of struct world: fills `ret_data` with `size` unpredictable bytes. `context` is not looked at. */
void crypto_world_random(void *context, void *ret_data, size_t size);

/* Overwrites a secret; the compiler does not take it away. */
void crypto_erase(void *data, size_t size);

/* Compares secrets in a time that does not depend on them. */
bool crypto_equal(const void *a, const void *b, size_t size);

/* Memory for the daemon's long-lived secrets: guarded, kept out of core dumps and, where the system's limit
 * allows, out of swap. NULL when there is none. crypto_secret_free erases it and accepts NULL. */
void *crypto_secret_new(size_t size);
void crypto_secret_free(void *secret);

#endif
