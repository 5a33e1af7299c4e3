#include "crypto/crypto.h"

#include <sodium.h>

int crypto_init(void)
{
    return sodium_init() < 0 ? ERR_IO : 0;
}

void crypto_world_random(void *context, void *ret_data, size_t size)
{
    (void)context;
    randombytes_buf(ret_data, size);
}

void crypto_erase(void *data, size_t size)
{
    sodium_memzero(data, size);
}

bool crypto_equal(const void *a, const void *b, size_t size)
{
    return sodium_memcmp(a, b, size) == 0;
}

void *crypto_secret_new(size_t size)
{
    return sodium_malloc(size);
}

void crypto_secret_free(void *secret)
{
    sodium_free(secret);
}
