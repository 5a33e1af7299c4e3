#include "service/keyring.h"

#include "base/check.h"

#include <string.h>

void keyring_put(struct keyring *keyring, const struct principal_row *row)
{
    CHECK(row->principal < PRINCIPALS_MAX);
    struct key_entry *entry = &keyring->entries[row->principal];
    memcpy(entry->key, row->key, sizeof(entry->key));
    memcpy(entry->previous_key, row->previous_key, sizeof(entry->previous_key));
    entry->key_no = row->key_no;
    entry->role = row->role;
    entry->revoked = row->revoked;
    entry->known = true;
}

struct key_entry *keyring_find(struct keyring *keyring, uint32_t principal)
{
    if (principal == 0 || principal >= PRINCIPALS_MAX || !keyring->entries[principal].known) {
        return NULL;
    }
    return &keyring->entries[principal];
}
