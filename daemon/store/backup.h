/* A copy of the store while it is in use: pages are copied on the store's own connection, some at a time,
 * between transactions; what is written meanwhile reaches the copy too. */
#ifndef LOYALTY_STORE_BACKUP_H
#define LOYALTY_STORE_BACKUP_H

#include "store/store.h"

struct store_backup; /* opaque, heap */

/* Begins a copy into a new file. ERR_EXISTS when there is one, ERR_PERMISSION when it cannot be made. */
int store_backup_begin(struct store *store, const char *path, struct store_backup **ret_backup) MUST_CHECK;

/* Copies up to `pages` pages more. `ret_left` and `ret_total` count pages; 0 left: the copy is whole and
 * synced. Not inside a transaction. ERR_FULL and ERR_IO are those of the copy: the store itself goes on. */
int store_backup_step(struct store_backup *backup, int pages, uint32_t *ret_left,
                      uint32_t *ret_total) MUST_CHECK;

/* Ends it; what is not whole is removed. Accepts NULL. */
void store_backup_end(struct store_backup *backup);

#endif
