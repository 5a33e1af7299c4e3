/* How many bare signature checks one core does a second: the floor under every signed purchase. */
#include "crypto/crypto.h"
#include "crypto/sign.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { BODY_BYTES = 170, ROUNDS = 20000 };

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(void)
{
    static const uint8_t seed[KEY_BYTES] = {1};
    static const uint8_t programme_id[PROGRAMME_ID_BYTES] = {2};
    uint8_t body[BODY_BYTES];
    uint8_t scratch[SIGN_EVENT_PREFIX_BYTES + BODY_BYTES];
    uint8_t signature[SIGNATURE_BYTES];
    struct key_pair pair;
    memset(body, 3, sizeof(body));
    if (crypto_init() != 0) {
        return 1;
    }
    key_pair_from_seed(seed, &pair);
    struct sign_event event = {programme_id, 7, 1, {body, sizeof(body)}};
    const double sign_start = seconds();
    for (int i = 0; i < ROUNDS; i++) {
        body[0] = (uint8_t)i;
        if (sign_event(&pair, &event, scratch, sizeof(scratch), signature) != 0) {
            return 1;
        }
    }
    const double check_start = seconds();
    for (int i = 0; i < ROUNDS; i++) {
        if (sign_event_check(pair.public_key, &event, scratch, sizeof(scratch), signature) != 0) {
            return 1;
        }
    }
    const double end = seconds();
    printf("sign   %8.0f a second\ncheck  %8.0f a second (%.1f microseconds)\n",
           ROUNDS / (check_start - sign_start), ROUNDS / (end - check_start),
           (end - check_start) / ROUNDS * 1e6);
    return 0;
}
