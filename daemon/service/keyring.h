/* The principals as sessions need them: keys, role, and the connection that is theirs. Fed from the log's
 * principals at the start and from the ledger's results after, so it follows the log: a key is the current
 * one as soon as the results of the batch that booked it are in. */
#ifndef LOYALTY_SERVICE_KEYRING_H
#define LOYALTY_SERVICE_KEYRING_H

#include "base/limits.h"
#include "model/event.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct key_entry {
    uint8_t key[KEY_BYTES];
    uint8_t previous_key[KEY_BYTES]; /* number key_no - 1; not there while key_no is 1 */
    uint32_t key_no;                 /* of `key` */
    enum role role;
    bool known;
    bool revoked;
    uint32_t connection; /* that authenticated last, plus 1; 0: none */
};

struct keyring {
    struct key_entry entries[PRINCIPALS_MAX]; /* by principal; 0 is the daemon, who does not connect */
};

/* A zeroed keyring is an empty one. Rows replace what was known; the connection stays. */
void keyring_put(struct keyring *keyring, const struct principal_row *row);

/* NULL: no such principal, or the daemon. */
struct key_entry *keyring_find(struct keyring *keyring, uint32_t principal);

#endif
